//! A run is certain only where all that it rests on is: what variables hold, what attributes get, what is written in shapes that
//! are not read, what can mean two things.

use crate::flow_unknown::{call, on, set, simulated};
use crate::support::Program;
use serde_json::Value as Json;

/// A call flow with more variables, and these actions.
fn with(variables: &str, actions: &str) -> String {
    call(actions).replace(
        "    - stringVariable: {name: Flow.O}\n",
        &format!("    - stringVariable: {{name: Flow.O}}\n{variables}"),
    )
}

fn update(kind: &str, variable: &str, value: &str) -> String {
    format!(
        "          - updateData:\n              name: Put\n              statements:\n                - {kind}: {{variable: {variable}, value: {{{value}}}}}\n"
    )
}

/// Runs it, expects exit 2 and `certain: false`, and gives the reasons and the message as one text.
fn doubted(text: &str, args: &[&str]) -> String {
    let (run, end) = simulated(text, args);
    assert_eq!((run.code, &end["certain"]), (Some(2), &Json::Bool(false)), "{text}\n{run:?}");
    format!("{} {}", end["reasons"], end["message"])
}

fn certain(text: &str, args: &[&str]) -> Json {
    let (run, end) = simulated(text, args);
    assert_eq!((run.code, &end["certain"]), (Some(0), &Json::Bool(true)), "{text}\n{run:?}");
    end
}

#[test]
fn a_variable_never_certainly_holds_what_its_type_cannot() {
    let show = set("k", "exp: 'If(Flow.N == 3, \"three\", \"other\")'");
    let int = "    - integerVariable: {name: Flow.N}\n";
    let halves = with(int, &(update("integer", "Flow.N", "exp: 7/2") + &show));
    assert!(doubted(&halves, &[]).contains("3.5"));
    certain(&with(int, &(update("integer", "Flow.N", "exp: 6/2") + &show)), &[]);
    let text = with(
        "    - stringVariable: {name: Flow.N}\n",
        &(update("string", "Flow.N", "exp: 1 + 2") + &set("k", "exp: Flow.N")),
    );
    assert!(doubted(&text, &[]).contains("a text"));
    // In a task of its own another type.
    let list = with(
        "    - stringCollectionVariable: {name: Flow.N}\n",
        &(update("stringCollection", "Flow.N", "exp: '\"a\"'") + &set("k", "exp: ToString(Count(Flow.N))")),
    );
    assert!(doubted(&list, &[]).contains("a list"));
    let asked = with(
        int,
        &("          - callData:\n              name: Ask\n              category:\n                C:\n                  dataAction:\n                    A:\n                      successOutputs:\n                        n: {var: Flow.N}\n".to_owned()
            + &show),
    );
    for answer in ["A={\"n\":\"3\"}", "A={\"n\":3.5}", "A={\"n\":[3]}", "A={\"n\":true}"] {
        doubted(&asked, &["--data-action", answer]);
    }
    assert_eq!(certain(&asked, &["--data-action", "A={\"n\":3}"])["attributes"]["k"], "three");
}

#[test]
fn a_given_value_of_another_type_is_refused() {
    let text = with(
        "    - integerVariable: {name: Flow.N}\n    - booleanVariable: {name: Flow.B}\n    - dateTimeVariable: {name: Flow.T}\n",
        &set("k", "lit: v"),
    );
    for (input, right) in [
        (r#"{"Flow.N":"three"}"#, false),
        (r#"{"Flow.N":3.5}"#, false),
        (r#"{"flow.n":true}"#, false),
        (r#"{"Flow.B":"perhaps"}"#, false),
        (r#"{"Flow.T":"tomorrow"}"#, false),
        (r#"{"Flow.N":"3","Flow.B":"true","Flow.T":"2026-11-29T12:00:00Z"}"#, true),
        (r#"{"Flow.N":null}"#, true),
    ] {
        let run = on(&text, &["flow", "simulate", "FILE", "--input", input]);
        assert_eq!(run.code, Some(if right { 0 } else { 2 }), "{input}: {run:?}");
        assert!(right || run.stderr.contains("--input: ") && run.stdout.is_empty(), "{input}: {run:?}");
    }
}

#[test]
fn an_attribute_gets_a_text_or_nobody_knows_what() {
    for value in ["1 + 1", "1 == 1", "MakeList(1, 2)", "JsonParse(\"{\\\"a\\\":1}\")", "MakeDuration(0, 0, 1, 0)"] {
        let told = doubted(&call(&set("k", &format!("exp: '{value}'"))), &[]);
        assert!(told.contains("k is unknown") && told.contains("ToString"), "{value}: {told}");
    }
    certain(&call(&set("k", "exp: ToString(1 + 1)")), &[]);
    certain(&call(&set("k", "lit: 2")), &[]);
    let unnamed = doubted(&call(&set("\"\"", "lit: v")), &[]);
    assert!(unnamed.contains("names none"), "{unnamed}");
}

#[test]
fn what_is_mentioned_where_targets_stand_is_unknown_behind_it() {
    let known = update("string", "Flow.O", "lit: old");
    let show = set("k", "exp: Flow.O");
    for (action, args) in [
        (
            "          - callData:\n              name: Ask\n              category: {C: {dataAction: {A: {successOutputs: {x: Flow.O}}}}}\n",
            &["--data-action", "A={\"x\":\"new\"}"][..],
        ),
        (
            "          - callData:\n              name: Ask\n              category: {C: {dataAction: {A: {successOutputs: {x: {lit: Flow.O}}}}}}\n",
            &["--data-action", "A=timeout"],
        ),
        (
            "          - callBotFlow:\n              name: Bot\n              botFlow: {B: {ver_latestPublished: {outputs: {Slot.X: Flow.O}}}}\n",
            &["--data-action", "Bot={}"],
        ),
        (
            "          - updateData:\n              name: Map\n              statements: {string: {variable: Flow.O, value: {lit: new}}}\n",
            &[],
        ),
        (
            "          - updateData:\n              name: Literal\n              statements:\n                - string: {variable: {lit: Flow.O}, value: {lit: new}}\n",
            &[],
        ),
        (
            "          - getParticipantData:\n              name: Read\n              attributes:\n                - attribute: {name: {lit: a}, variable: {exp: Flow.O}}\n",
            &[],
        ),
        (
            "          - findQueue:\n              name: Find\n              findName: {lit: Q}\n              findResult: flow.o\n",
            &["--choose", "Find=found"],
        ),
    ] {
        let told = doubted(&call(&(known.clone() + action + &show)), args);
        assert!(told.contains("k is unknown by"), "{action}: {told}");
    }
    // What only reads it leaves it alone.
    for action in [
        "          - playAudio:\n              name: Say\n              audio: {exp: Flow.O}\n",
        "          - setScreenPop:\n              name: Pop\n              screenPopScript: {S: {inputs: {a: {exp: Flow.O}}}}\n",
        "          - sendResponse:\n              name: Send\n              messageBody: {exp: Flow.O}\n",
    ] {
        assert_eq!(certain(&call(&(known.clone() + action + &show)), &[])["attributes"]["k"], "old", "{action}");
    }
    // A plain text where a value stands is neither a literal nor an expression.
    doubted(&call(&(known + &set("k", "lit: x").replace("value: {lit: x}", "value: Flow.O"))), &[]);
}

#[test]
fn a_configuration_writes_what_its_update_mentions() {
    let flow = |update: &str| {
        format!(
            r#"{{"name":"F","type":"inboundcall","initialSequence":"t","variables":[{{"id":"v","name":"Flow.O","__type":"StringVariable","initialValue":{{"config":{{"lit":{{"text":"old","type":"str"}}}},"text":"old"}}}}],
            "flowSequenceItemList":[{{"id":"t","name":"T","__type":"Task","startAction":"u","actionList":[
            {{"__type":"UpdateVariableAction","id":"u","name":"U","nextAction":"s",{update}}},
            {{"__type":"SetAttributesAction","id":"s","name":"S","variables":[{{"variable":{{"config":{{"lit":{{"text":"k","type":"str"}}}},"text":"k"}},"expression":{{"config":{{"ref":{{"text":"Flow.O","val":"v"}}}},"text":"Flow.O"}}}}]}}]}}]}}"#
        )
    };
    let new = r#""expression":{"config":{"lit":{"text":"new","type":"str"}},"text":"new"}"#;
    for update in [
        format!(
            r#""variables":[{{"variable":{{"config":{{"lit":{{"text":"Flow.O","type":"str"}}}},"text":"Flow.O"}},{new}}}]"#
        ),
        format!(r#""statements":[{{"variable":"Flow.O",{new}}}]"#),
        format!(
            r#""variables":{{"variable":{{"config":{{"ref":{{"text":"Flow.O","val":"v"}}}},"text":"Flow.O"}},{new}}}"#
        ),
    ] {
        doubted(&flow(&update), &[]);
    }
    let read = format!(
        r#""variables":[{{"variable":{{"config":{{"ref":{{"text":"Flow.O","val":"v"}}}},"text":"Flow.O"}},{new}}}]"#
    );
    assert_eq!(certain(&flow(&read), &[])["attributes"]["k"], "new");
    // A list in a variable is one, whatever its items are.
    // A literal of another type is none of a text's.
    let number = flow(&read).replace(
        r#"{"config":{"ref":{"text":"Flow.O","val":"v"}},"text":"Flow.O"}}]}]}"#,
        r#"{"config":{"lit":{"text":"3","type":"int"}},"text":"3"}}]}]}"#,
    );
    assert!(doubted(&number, &[]).contains("the number 3"), "{number}");
    doubted(&flow(&read.replace(new, r#""expression":{"value":"new"}"#)), &[]);
    let list = read.replace(
        "\"config\":{\"lit\":{\"text\":\"new\",\"type\":\"str\"}},\"text\":\"new\"",
        r#""config":{"MakeList":{}},"text":"MakeList(\"a\")""#,
    );
    let list =
        flow(&list).replace(r#""__type":"StringVariable","#, r#""__type":"StringVariable","isCollection":true,"#);
    let told = doubted(&list, &[]);
    assert!(told.contains("it gets a list"), "{told}");
}

#[test]
fn slots_that_are_not_named_are_all_unknown() {
    let bot = |action: &str| {
        format!(
            "botFlow:\n  name: B\n  startUpRef: /botFlow/bots/bot[B_1]\n  variables:\n    - stringVariable: {{name: Slot.Size, initialValue: {{lit: small}}}}\n  bots:\n    - bot:\n        name: B\n        refId: B_1\n        actions:\n{action}{}          - exitBotFlow: {{name: Out}}\n",
            set("k", "exp: If(IsSet(Slot.Size), \"set\", \"gone\")")
                .replace("\"", "\\\"")
                .replace("exp: If", "exp: \"If")
                .replace("\\\"gone\\\")", "\\\"gone\\\")\"")
        )
    };
    for action in [
        "          - clearSlot: {name: Clear}\n",
        "          - clearSlot: {name: Clear, slots: [{a: b, c: d}]}\n",
        "          - askForSlot: {name: Ask, outputs: {}}\n",
    ] {
        doubted(&bot(action), &[]);
    }
    certain(&bot("          - clearSlot: {name: Clear, slots: [{slot: {name: Size}}]}\n"), &[]);
}

#[test]
fn what_stands_twice_can_mean_two_things() {
    let menu = |keys: [&str; 2]| {
        let choice =
            |key: &str, name: &str| format!("          - menuDisconnect: {{name: {name}, dtmf: digit_{key}}}\n");
        format!(
            "inboundCall:\n  name: F\n  startUpRef: /inboundCall/menus/menu[M_1]\n  menus:\n    - menu:\n        name: M\n        refId: M_1\n        choices:\n{}{}",
            choice(keys[0], "One"),
            choice(keys[1], "Two")
        )
    };
    let told = doubted(&menu(["1", "1"]), &["--press", "1"]);
    assert!(told.contains("lead different ways") || told.contains("have the key 1"), "{told}");
    certain(&menu(["1", "2"]), &["--press", "1"]);
    let twice = with("    - stringVariable: {name: flow.o, initialValue: {lit: b}}\n", &set("k", "lit: v"));
    assert!(doubted(&twice, &[]).contains("declared twice"));
    let parts = call(&set("k", "lit: v"))
        + "    - task:\n        name: B\n        refId: A_1\n        actions:\n          - disconnect: {name: End}\n";
    assert!(doubted(&parts, &[]).contains("refId"));
    let keys = on(&parts, &["flow", "keys", "FILE"]);
    assert_eq!(keys.code, Some(2), "{keys:?}");
    assert!(keys.stdout.contains("not certain"), "{}", keys.stdout);
    let tutorial = r#"{"actions":[{"id":"a","type":"setParticipantData","settings":{"key":"k","value":"v"},"nextActionId":"b"},
        {"id":"b","type":"disconnect"},{"id":"b","type":"playPrompt"}]}"#;
    doubted(tutorial, &[]);
    for (member, value) in [("enabled", "false"), ("enabled", "\"false\""), ("disabled", "true")] {
        let off = call(&set("k", "lit: v").replace(
            "              name: Set k\n",
            &format!("              name: Set k\n              {member}: {value}\n"),
        ));
        assert!(doubted(&off, &[]).contains("switched off"), "{member}: {value}");
    }
}

#[test]
fn links_in_an_odd_shape_are_not_passed_over() {
    let flow = |decision: &str| {
        format!(
            r#"{{"name":"F","type":"inboundcall","initialSequence":"t","flowSequenceItemList":[{{"id":"t","name":"T","__type":"Task","startAction":"d","actionList":[
            {{"__type":"DecisionAction","id":"d","name":"D","expression":{{"config":{{"lit":{{"text":"true","type":"bln"}}}},"text":"true"}},{decision}}},
            {{"__type":"SetAttributesAction","id":"s","name":"S","nextAction":"e","variables":[{{"variable":{{"config":{{"lit":{{"text":"k","type":"str"}}}},"text":"k"}},"expression":{{"config":{{"lit":{{"text":"v","type":"str"}}}},"text":"v"}}}}]}},
            {{"__type":"DisconnectAction","id":"e","name":"E"}}]}}]}}"#
        )
    };
    for decision in [
        r#""nextAction":"s","paths":{"yes":{"outputId":"__YES__","nextActionId":"e"}}"#,
        r#""nextAction":"s","paths":[{"outputId":"__YES__","nextAction":"e"}]"#,
        r#""next":"s","paths":[{"outputId":"__YES__"}]"#,
    ] {
        doubted(&flow(decision), &[]);
        assert_eq!(on(&flow(decision), &["flow", "keys", "FILE"]).code, Some(2), "{decision}");
    }
    certain(&flow(r#""nextAction":"s","paths":[{"outputId":"__YES__","nextActionId":"e"}]"#), &[]);
    let switch =
        flow(r#""switchStyle":2,"nextAction":"s","cases":[],"paths":[{"outputId":"__DEFAULT__","nextActionId":"e"}]"#);
    let cases =
        r#""cases":[{"referenceId":"r","value":{"config":{"lit":{"text":"true","type":"bln"}},"text":"true"}}]"#;
    let switch = switch.replace("DecisionAction", "SwitchAction").replace(r#""cases":[]"#, cases);
    doubted(&switch.replace(r#""paths":["#, r#""paths":[{"outputId":"r","nextActionId":"s"},"#), &[]);
}

/// Shapes that no file has shown, in which something stands that is not read.
#[test]
fn what_stands_in_an_odd_shape_is_not_taken_for_nothing() {
    let bye = "[{disconnect: {name: Bye}}]";
    let show = set("k", "exp: 'If(IsSet(Flow.O), \"set\", \"gone\")'");
    let known = update("string", "Flow.O", "lit: old");
    for action in [
        "loop: {name: L, loopCount: {lit: 2}, actions: [{updateData: {name: U, statements: [{string: {variable: Flow.O, value: {noValue: true}}}]}}]}".to_owned(),
        format!("decision: {{name: D, condition: {{lit: true}}, outputs: {{\"yes\": {{action: {bye}}}}}}}"),
        format!("switch: {{name: D, cases: [{{case: {{value: {{exp: 'true'}}, actions: {bye}}}}}]}}"),
        "switch: {name: D}".to_owned(),
        format!("playAudio: {{name: P, outputs: {{done: {{actions: {bye}}}}}}}"),
        "updateData: {name: U, statements: [{string: {variable: Flow.O, value: {literal: x}}}]}".to_owned(),
        "updateData: {name: U, statements: [{string: {variable: Flow.O}}]}".to_owned(),
        "updateData: {name: U, statements: [{string: {value: {lit: x}}}]}".to_owned(),
        "callTask: {name: C, targetTaskRef: '/inboundCall/tasks/task[B_1]', taskOutputs: [{output: {name: Task.Out, value: Flow.O}}]}".to_owned(),
        "setParticipantData: {name: S, attributes: [{attribute: {name: {lit: a}, value: {lit: b}}, other: {name: {lit: c}, value: {lit: d}}}]}".to_owned(),
        "setParticipantData: {name: S, attributes: [{attribute: {name: {lit: a}, value: {lit: [b, c]}}}]}".to_owned(),
        "setParticipantData: {name: S, attributes: [{attribute: {name: {exp: 1 + 1}, value: {lit: b}}}]}".to_owned(),
    ] {
        let task = "    - task:\n        name: B\n        refId: B_1\n        actions:\n          - endTask: {name: End}\n";
        doubted(&(call(&(known.clone() + "          - " + &action + "\n" + &show)) + task), &[]);
    }
    let collect = "          - collectInput: {name: C, input: {var: Flow.O}, digits: {exact: 1}}\n";
    doubted(&call(&(known + collect + &show)), &["--press", "1"]);
}

#[test]
fn what_a_given_module_leaves_open_the_run_does() {
    let program = Program::new();
    let module = program.home().join("module.yaml");
    let file = module.to_str().expect("a plain path");
    let text = "commonModule:\n  name: Mod\n  startUpTaskActions:\n".to_owned()
        + &set("m", "lit: v").replace("\n      ", "\n").replace("          - set", "    - set");
    let calls = call(
        "          - callCommonModule:\n              name: Call\n              commonModule: {Mod: {ver_latestPublished: {}}}\n",
    );
    std::fs::write(&module, &text).expect("a file");
    assert_eq!(certain(&calls, &["--module", file])["attributes"]["m"], "v");
    std::fs::write(
        &module,
        text.clone()
            + "    - decision: {name: D, condition: {lit: true}, outputs: {\"yes\": [{disconnect: {name: X}}]}}\n",
    )
    .expect("a file");
    assert!(doubted(&calls, &["--module", file]).contains("in the module Mod"));
}

#[test]
fn what_is_entered_is_what_is_collected() {
    let collect = |digits: &str| {
        with(
            "    - stringVariable: {name: Flow.D}\n",
            &(format!(
                "          - collectInput:\n              name: Enter\n              inputData: {{var: Flow.D}}\n              digits: {{{digits}}}\n"
            ) + &set("k", "exp: Flow.D")),
        )
    };
    for (digits, pressed, fits) in [
        ("exact: 4", "1234", true),
        ("exact: 4", "123", false),
        ("exact: 4", "12345", false),
        ("range: {min: 2, max: 3}", "12", true),
        ("range: {min: 2, max: 3}", "1", false),
        ("exact: 4", "abcd", false),
    ] {
        for choose in [&[][..], &["--choose", "Enter=success"]] {
            let args = [&["--press", pressed], choose].concat();
            if fits {
                assert_eq!(certain(&collect(digits), &args)["attributes"]["k"], pressed);
            } else {
                assert!(doubted(&collect(digits), &args).contains("collects"), "{digits} {pressed}");
            }
        }
    }
}

#[test]
fn ends_and_rounds_that_cannot_be_are_undecided() {
    let ends = |way: &str| {
        format!(
            "{}    - task:\n        name: B\n        refId: B_1\n        outputPaths:\n          - outputPath: {{name: Done}}\n        actions:\n          - endTask: {{name: Back, outputPath: {{name: {way}}}}}\n",
            call("          - callTask: {name: Call, targetTaskRef: '/inboundCall/tasks/task[B_1]'}\n")
        )
    };
    for right in ["Done", "default", "Default"] {
        certain(&ends(right), &[]);
    }
    assert!(doubted(&ends("Nope"), &[]).contains("no way out"));
    assert!(doubted(&ends("Done"), &["--choose", "Call=Nope"]).contains("no way out"));
    let looped = |count: &str| {
        call(&format!(
            "          - loop:\n              name: Round\n              loopCount: {{{count}}}\n              outputs: {{}}\n"
        ))
    };
    doubted(&looped("lit: -1"), &[]);
    doubted(&looped("exp: 0 - 2"), &[]);
    certain(&looped("lit: 0"), &[]);
}

#[test]
fn what_stands_beside_an_output_that_is_switched_off_is_not_always_set() {
    let decision = |more: &str| {
        let list =
            "actions: [{setParticipantData: {name: S, attributes: [{attribute: {name: {lit: k}, value: {lit: v}}}]}}]";
        call(&format!(
            "          - decision:\n              name: D\n              condition: {{exp: Flow.O == \"a\"}}\n              outputs:\n                \"yes\": {{{list}}}\n                \"no\": {{{more}, actions: [{{disconnect: {{name: Bye}}}}]}}\n"
        ))
    };
    for more in ["enabled: false", "disabled: \"true\""] {
        let keys = on(&decision(more), &["flow", "keys", "FILE", "--json"]);
        let keys: Json = serde_json::from_str(&keys.stdout).unwrap_or_else(|_| panic!("{keys:?}"));
        assert_eq!(keys["keys"][0]["set"][0]["when"], "conditional", "{more}: {keys}");
    }
    let text = r#"{"name":"F","type":"inboundcall","initialSequence":"t","flowSequenceItemList":[{"id":"t","name":"T","__type":"Task","startAction":"d","actionList":[
        {"__type":"DecisionAction","id":"d","name":"D","expression":{"config":{"lit":{"text":"true","type":"bln"}},"text":"true"},
         "paths":[{"outputId":"__YES__","disabled":"true"},{"outputId":"__NO__"}]}]}]}"#;
    doubted(text, &[]);
}

#[cfg(unix)]
#[test]
fn a_pipe_with_a_name_is_read_as_cat_reads_it() {
    let program = Program::new();
    let pipe = program.home().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for command in [&["flow", "keys"][..], &["lint"]] {
        let mut args = command.to_vec();
        args.push(pipe.to_str().expect("a plain path"));
        let mut child = program.command(&args);
        let child =
            child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("it starts");
        std::fs::write(&pipe, call(&set("tier", "lit: gold"))).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
    }
}

/// What ordinary flows are made of leaves no doubt: choices of a menu without a refId, a text that is not set, a queue that was
/// searched for.
#[test]
fn ordinary_flows_are_certain() {
    let program = Program::new();
    let choice = |name: &str, digit: u8| {
        format!(
            "          - menuTask:\n              name: {name}\n              dtmf: digit_{digit}\n              task:\n                actions:\n                  \
             - setParticipantData:\n                      name: Set {name}\n                      attributes:\n                        \
             - attribute: {{name: {{lit: topic}}, value: {{lit: {name}}}}}\n"
        )
    };
    let flow = format!(
        "inboundCall:\n  name: L\n  startUpRef: /inboundCall/tasks/task[A]\n  variables:\n    - stringVariable: {{name: Flow.Tier, initialValue: {{noValue: true}}}}\n  \
         tasks:\n    - task:\n        name: A\n        refId: A\n        actions:\n          - decision:\n              name: Gold\n              condition: {{exp: 'Flow.Tier == \"gold\"'}}\n              \
         outputs:\n                'no':\n                  actions:\n                    - jumpToMenu: {{name: Go, targetMenuRef: '/inboundCall/menus/menu[M]'}}\n  \
         menus:\n    - menu:\n        name: M\n        refId: M\n        choices:\n{}{}",
        choice("billing", 1),
        choice("hours", 2)
    );
    let file = program.home().join("ordinary.yaml");
    std::fs::write(&file, flow).expect("a file");
    let file = file.to_str().expect("a plain path");
    let keys = program.run(&["flow", "keys", file]);
    assert_eq!(keys.code, Some(0), "{} {}", keys.stdout, keys.stderr);
    let run = program.run(&["flow", "simulate", file, "--press", "2", "--json"]);
    assert_eq!(run.code, Some(0), "{} {}", run.stdout, run.stderr);
    assert!(run.stdout.contains("\"certain\":true"), "{}", run.stdout);
}
