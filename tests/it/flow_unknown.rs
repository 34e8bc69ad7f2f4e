//! What cannot be known of a flow is never shown as if it were: switched-off outputs, what is called and not at hand, other
//! conversations, inputs, shapes that are not read, files that are no flow.

use crate::support::{Output, Program};
use serde_json::Value as Json;

/// A call flow with one task of these actions, indented by ten.
pub(crate) fn call(actions: &str) -> String {
    format!(
        "inboundCall:\n  name: F\n  startUpRef: /inboundCall/tasks/task[A_1]\n  variables:\n    - stringVariable: {{name: Flow.O}}\n  tasks:\n    - task:\n        name: A\n        refId: A_1\n        actions:\n{actions}"
    )
}

/// A workflow with one state of these actions, and an input of this name.
fn workflow(input: &str, actions: &str) -> String {
    format!(
        "workflow:\n  name: W\n  startUpRef: /workflow/states/state[S_1]\n  variables:\n    - stringVariable:\n        name: {input}\n        isInput: true\n        initialValue: {{noValue: true}}\n  states:\n    - state:\n        name: S\n        refId: S_1\n        actions:\n{actions}"
    )
}

pub(crate) fn set(key: &str, value: &str) -> String {
    format!(
        "          - setParticipantData:\n              name: Set {key}\n              attributes:\n                - attribute: {{name: {{lit: {key}}}, value: {{{value}}}}}\n"
    )
}

fn get(key: &str) -> String {
    format!(
        "          - getParticipantData:\n              name: Get {key}\n              attributes:\n                - attribute: {{name: {{lit: {key}}}, variable: Flow.O}}\n"
    )
}

fn conversation(verb: &str, id: &str, attribute: &str) -> String {
    format!(
        "          - {verb}ConversationData:\n              name: {verb} it\n              conversationId: {{exp: {id}}}\n              participantId: {{noValue: true}}\n              attributes:\n                - attribute: {{name: {{lit: tier}}, {attribute}}}\n"
    )
}

/// Runs a command on a file of this text.
pub(crate) fn on(text: &str, args: &[&str]) -> Output {
    let program = Program::new();
    let file = program.home().join("flow");
    std::fs::write(&file, text).expect("a file");
    let file = file.to_str().expect("a plain path");
    program.run(&args.iter().map(|arg| if *arg == "FILE" { file } else { *arg }).collect::<Vec<_>>())
}

/// The last line of a run as JSON.
fn end(run: &Output) -> Json {
    let last = run.stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| panic!("{run:?}"))
}

pub(crate) fn simulated(text: &str, more: &[&str]) -> (Output, Json) {
    let mut args = vec!["flow", "simulate", "FILE", "--json"];
    args.extend(more);
    let run = on(text, &args);
    let end = end(&run);
    (run, end)
}

#[test]
fn a_switched_off_output_is_not_taken() {
    let decision = |path: &str| {
        format!(
            r#"{{"name":"F","type":"inboundcall","initialSequence":"t","flowSequenceItemList":[{{"id":"t","name":"T","__type":"Task","startAction":"d","actionList":[
            {{"__type":"DecisionAction","id":"d","name":"D","nextAction":"bye","expression":{{"config":{{"lit":{{"text":"true","type":"bln"}}}},"text":"true"}},
              "paths":[{{"outputId":"__YES__","nextActionId":"y",{path}}},{{"outputId":"__NO__"}}]}},
            {{"__type":"SetAttributesAction","id":"y","name":"Y","variables":[{{"variable":{{"config":{{"lit":{{"text":"y","type":"str"}}}},"text":"y"}},"expression":{{"config":{{"lit":{{"text":"1","type":"str"}}}},"text":"1"}}}}]}},
            {{"__type":"DisconnectAction","id":"bye","name":"Bye"}}]}}]}}"#
        )
    };
    for path in [r#""disabled":true"#, r#""outOfService":true"#] {
        let (run, end) = simulated(&decision(path), &[]);
        assert_eq!((run.code, &end["certain"]), (Some(2), &Json::Bool(false)), "{path}: {run:?}");
        assert!(end["message"].as_str().is_some_and(|told| told.contains("switched off")), "{end}");
        assert!(end["attributes"].as_object().is_some_and(serde_json::Map::is_empty), "{end}");
    }
    assert_eq!(simulated(&decision(r#""disabled":false"#), &[]).0.code, Some(0));
    let quoted = call(&format!(
        "          - decision:\n              name: D\n              condition: {{lit: true}}\n              outputs:\n                \"yes\":\n                  enabled: \"false\"\n                  actions:\n{}",
        set("y", "lit: one").replace("          ", "                  ")
    ));
    assert_eq!(simulated(&quoted, &[]).0.code, Some(2));
}

#[test]
fn what_another_flow_or_an_unknown_action_sets_is_not_known() {
    let bot = "          - callBotFlow:\n              name: Ask bot\n              botFlow: {Harbour Bot: {ver_latestPublished: {}}}\n";
    let unknown = "          - brandNewThing:\n              name: New\n";
    let after = "          - decision:\n              name: Still none\n              condition: {exp: Flow.O == \"none\"}\n              outputs:\n                \"yes\":\n                  actions:\n                    - disconnect: {name: Bye}\n";
    for passed in [bot, unknown] {
        let (run, told) = simulated(&call(&(set("order", "lit: none") + passed + &get("order") + after)), &[]);
        assert_eq!((run.code, told["outcome"].as_str()), (Some(2), Some("undecided")), "{run:?}");
        // What stands at the end was set before it, or is not known to be there at all.
        for before in
            [set("order", "lit: none") + passed, passed.to_owned() + &get("order") + &set("copy", "exp: Flow.O")]
        {
            let (run, told) = simulated(&call(&before), &[]);
            assert_eq!((run.code, &told["certain"]), (Some(2), &Json::Bool(false)), "{run:?}");
        }
        // What is set behind it is known again.
        let again = set("order", "lit: none") + passed + &set("order", "lit: seven") + &get("order");
        let (run, told) = simulated(&call(&again), &[]);
        assert_eq!((run.code, &told["certain"]), (Some(0), &Json::Bool(true)), "{run:?}");
        assert_eq!(told["attributes"]["order"], "seven");
        assert!(run.stdout.contains(r#""read":{"order":"seven"}"#), "{}", run.stdout);
        let program = Program::new();
        let expected = program.home().join("e.toml");
        std::fs::write(&expected, "[[expect]]\nkey = \"zz\"\non = \"customer\"\nby = \"flow-end\"\n").expect("a file");
        let run = on(&call(passed), &["flow", "simulate", "FILE", "--expect", expected.to_str().expect("a path")]);
        assert_eq!(run.code, Some(2), "a key that may be set is not missing: {run:?}");
    }
    let keys = on(&call(bot), &["flow", "keys", "FILE"]);
    assert!(keys.stderr.contains("Harbour Bot is called and not in this file"), "{}", keys.stderr);
}

#[test]
fn data_of_two_conversations_are_not_mixed() {
    let both = conversation("get", "Flow.conversationId", "variable: Flow.O")
        + &conversation("set", "Flow.other", "value: {lit: copied}");
    let text = workflow("Flow.conversationId", &both);
    let given = r#"{"tier":"gold","Flow.conversationId":"A","Flow.other":"B"}"#;
    let (run, told) = simulated(&text, &["--input", given]);
    assert_eq!((run.code, told["attributes"]["tier"].as_str()), (Some(0), Some("gold")), "{run:?}");
    let same = given.replace("\"B\"", "\"A\"");
    assert_eq!(simulated(&text, &["--input", &same]).1["attributes"]["tier"], "copied");
    let (run, told) = simulated(&text, &["--input", r#"{"tier":"gold","Flow.conversationId":"A"}"#]);
    assert_eq!((run.code, &told["certain"]), (Some(2), &Json::Bool(false)), "{run:?}");
    let none = conversation("set", "Flow.O", "value: {lit: x}");
    let (run, told) = simulated(&call(&none), &[]);
    assert_eq!((run.code, told["outcome"].as_str()), (Some(2), Some("undecided")), "{run:?}");
    let own = conversation("set", "Call.ConversationId", "value: {lit: x}");
    assert_eq!(simulated(&call(&own), &[]).0.code, Some(0));
    let (run, _) = simulated(&call(&own.replace("Call.ConversationId", "'\"11111111-0000\"'")), &[]);
    assert_eq!(run.code, Some(2), "a conversation that nobody knows: {run:?}");
}

#[test]
fn an_input_that_nobody_gave_is_not_unset() {
    let actions = format!(
        "          - decision:\n              name: Any ani\n              condition: {{exp: IsNotSetOrEmpty(Flow.ani)}}\n              outputs:\n                \"yes\":\n                  actions:\n                    - endWorkflow: {{name: Nobody}}\n{}",
        conversation("set", "Flow.conversationId", "value: {lit: x}")
    );
    let text = workflow("Flow.ani", &actions);
    let (run, told) = simulated(&text, &[]);
    assert_eq!((run.code, told["outcome"].as_str()), (Some(2), Some("undecided")), "{run:?}");
    assert!(told["message"].as_str().is_some_and(|told| told.contains("input of the flow")), "{told}");
    assert_eq!(simulated(&text, &["--input", r#"{"Flow.ani":null}"#]).0.code, Some(0), "given as not set");
}

#[test]
fn a_shape_that_is_not_read_is_told_and_nothing_is_certain() {
    let own = set("y", "lit: one");
    let deep = own.replace("          ", "                  ");
    let shapes = [
        // The output holds its actions itself.
        format!("          - decision:\n              name: D\n              condition: {{lit: true}}\n              outputs:\n                \"yes\":\n{deep}"),
        // `actions` is a map.
        "          - decision:\n              name: D\n              condition: {lit: true}\n              outputs:\n                \"yes\":\n                  actions:\n                    setParticipantData:\n                      name: S\n                      attributes:\n                        - attribute: {name: {lit: y}, value: {lit: one}}\n".to_owned(),
        // Two actions in one item.
        "          - setParticipantData:\n              name: S\n              attributes:\n                - attribute: {name: {lit: y}, value: {lit: one}}\n            disconnect: {name: D}\n".to_owned(),
        // Attributes without `attribute`.
        "          - setParticipantData:\n              name: S\n              attributes:\n                - name: {lit: y}\n                  value: {lit: one}\n".to_owned(),
        // No list of attributes where one belongs, and an output that the type does not have.
        "          - setParticipantData:\n              name: S\n              attribute:\n                - attribute: {name: {lit: y}, value: {lit: one}}\n".to_owned(),
        format!("          - decision:\n              name: D\n              condition: {{lit: true}}\n              outputs:\n                true:\n                  actions:\n{}", own.replace("          ", "                    ")),
        // A switch whose default holds its actions itself, and cases that are no list.
        format!("          - switch:\n              name: D\n              evaluate:\n                firstTrue:\n                  cases: []\n                  default:\n{}", own.replace("          ", "                    ")),
    ];
    for actions in &shapes {
        let text = call(actions);
        let keys = on(&text, &["flow", "keys", "FILE", "--json"]);
        let object: Json = serde_json::from_str(&keys.stdout).unwrap_or_else(|_| panic!("{keys:?}"));
        assert_eq!((keys.code, &object["certain"]), (Some(2), &Json::Bool(false)), "{text}\n{keys:?}");
        assert!(object["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{object}");
        assert!(object["remarks"].as_array().is_some_and(|remarks| !remarks.is_empty()), "{object}");
        assert_eq!(on(&text, &["flow", "simulate", "FILE"]).code, Some(2), "{text}");
        let set = on(&text, &["flow", "set-data", "FILE", "--key", "y", "--value", "two"]);
        assert_eq!(set.code, Some(2), "whether it is set already cannot be told: {set:?}");
        assert_eq!(on(&text, &["flow", "diff", "FILE", "FILE"]).code, Some(2));
    }
    for text in [
        "inqueueCall:\n  name: X\n  startUpTaskActions:\n    setParticipantData:\n      name: S\n      attributes:\n        - attribute: {name: {lit: k}, value: {lit: v}}\n",
        r#"{"name":"F","type":"inboundcall","initialSequence":"t","flowSequenceItemList":[{"id":"t","name":"T","__type":"Task","startAction":"s","actionList":[{"__type":"SetAttributesAction","id":"s","name":"S","variables":{"variable":{"text":"k"},"expression":{"text":"v"}}}]}]}"#,
        r#"{"name":"F","type":"inboundcall","initialSequence":"t","flowSequenceItemList":[{"id":"t","name":"T","__type":"Task","startAction":"s","actionList":[{"__type":"DecisionAction","id":"s","name":"S","inner":[{"__type":"SetAttributesAction","id":"q"}]}]}]}"#,
        r#"{"actions":[{"id":"1","type":"GetParticipantData","settings":{"attributeName":"tier","variable":"Flow.T"}}]}"#,
    ] {
        assert_eq!(on(text, &["flow", "keys", "FILE"]).code, Some(2), "{text}");
    }
}

#[test]
fn what_is_no_flow_is_no_success() {
    for (text, said) in [
        (r#"{"actions":["a","b"]}"#, "no flow"),
        (r#"{"name":"my-extension","version":"1.0","actions":[{"id":"a","title":"Run"}]}"#, "no flow"),
        (r#"{"type":"com.example","actions":[{"type":"Action.Submit","title":"x"}]}"#, "no flow"),
        ("apiVersion: v1\nkind: X\nspec:\n  tasks: []\n", "another program"),
        ("jobs:\n  tasks:\n    - task: {name: a}\n", "another program"),
        ("playbook:\n  tasks:\n    - name: x\n      apt: y\n", "no Archy flow"),
        (r#"{"inboundCall":{"name":"F","startUpRef":"/x","tasks":[]}}"#, "written as JSON"),
        (r#"{"name":"x","flowSequenceItemList":[]}"#, "no task, menu or state"),
        (r#"{"name":"x","initialSequence":"","flowSequenceItemList":[]}"#, "no task, menu or state"),
    ] {
        for verb in ["keys", "simulate"] {
            let told = on(text, &["flow", verb, "FILE"]);
            assert_eq!(told.code, Some(2), "{verb} {text}: {told:?}");
            assert!(format!("{}{}", told.stdout, told.stderr).contains(said), "{verb} {text}: {told:?}");
        }
    }
}

#[test]
fn what_is_printed_to_be_expected_is_judged() {
    let program = Program::new();
    let text = call(&set("tier", "lit: gold"));
    let file = program.home().join("flow");
    std::fs::write(&file, &text).expect("a file");
    let file = file.to_str().expect("a plain path");
    let printed = program.run(&["flow", "keys", file, "--expect"]).stdout;
    let expected = program.home().join("e.toml");
    let path = expected.to_str().expect("a plain path");
    for (wanted, code) in [
        (printed.clone(), 0),
        (printed.replace("gold", "silver"), 6),
        (printed.replace("flow:F", "flow:Other"), 2),
        (printed.replace("[[expect]]\n", "[[expect]]\nby = \"agent\"\n"), 2),
    ] {
        std::fs::write(&expected, &wanted).expect("a file");
        let run = program.run(&["flow", "simulate", file, "--expect", path]);
        assert_eq!(run.code, Some(code), "{wanted}\n{run:?}");
    }
}

#[test]
fn what_is_written_sees_only_the_variables_of_its_task() {
    let text = "inboundCall:\n  name: F\n  startUpRef: /inboundCall/tasks/task[A_1]\n  variables:\n    - stringVariable: {name: Flow.Tier}\n  tasks:\n    - task:\n        name: A\n        refId: A_1\n        actions:\n          - disconnect: {name: Bye}\n    - task:\n        name: B\n        refId: B_1\n        variables:\n          - stringVariable: {name: Task.D}\n        actions:\n          - disconnect: {name: Other}\n";
    for (value, code) in [("Task.D", 2), ("task.d", 2), ("flow.tier", 0), ("Flow.Nope", 2)] {
        let set = on(text, &["flow", "set-data", "FILE", "--key", "zz", "--value", value, "--diff"]);
        assert_eq!(set.code, Some(code), "{value}: {set:?}");
        assert!(code == 2 || set.stdout.contains("exp"), "an expression in any case: {}", set.stdout);
    }
    let marked = format!("\u{feff}{text}");
    let keys = on(&marked, &["flow", "keys", "FILE", "--json"]);
    assert!(keys.stdout.contains("\"flowType\":\"inboundCall\""), "{keys:?}");
    let set = on(&marked, &["flow", "set-data", "FILE", "--key", "zz", "--value", "v", "--output", "-"]);
    assert!(set.code == Some(0), "{set:?}");
}

#[test]
fn values_that_double_end_as_unknown() {
    let doubled = call(
        "          - updateData:\n              name: Begin\n              statements:\n                - string: {variable: Flow.O, value: {lit: ab}}\n          - loop:\n              name: Double\n              currentIndex: {noValue: true}\n              loopCount: {lit: 200}\n              outputs:\n                loop:\n                  actions:\n                    - updateData:\n                        name: Twice\n                        statements:\n                          - string: {variable: Flow.O, value: {exp: 'Append(Flow.O, Flow.O)'}}\n",
    );
    let listed = doubled
        .replace("stringVariable", "stringCollectionVariable")
        .replace("{lit: ab}", "{exp: 'MakeList(\"ab\")'}")
        .replace("Append(Flow.O, Flow.O)", "MakeList(Flow.O, Flow.O)");
    for text in [doubled + &set("big", "exp: Flow.O"), listed + &set("big", "exp: ToString(Count(Flow.O))")] {
        let run = on(&text, &["flow", "simulate", "FILE"]);
        assert_eq!(run.code, Some(2), "{:?}", run.stderr);
        assert!(run.stdout.contains("too large") && run.stdout.len() < 2_000_000, "{}", run.stdout.len());
    }
}

#[test]
fn modules_in_the_file_count_for_the_flow_that_calls_them() {
    let file = |key: &str| {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/flows/module-call.json"));
        text.expect("a sample").replace("mod_key", key)
    };
    let keys = on(&file("mod_key"), &["flow", "keys", "FILE", "--json"]);
    let object: Json = serde_json::from_str(&keys.stdout).unwrap_or_else(|_| panic!("{keys:?}"));
    let module = object["modules"][0]["keys"].as_array().expect("keys of the module");
    let set: Vec<&str> = module
        .iter()
        .filter(|key| key["set"].as_array().is_some_and(|list| !list.is_empty()))
        .filter_map(|key| key["key"].as_str())
        .collect();
    assert!(!set.is_empty(), "{object}");
    let never = object["readNeverSet"].as_array().expect("a list");
    assert!(set.iter().all(|key| never.iter().all(|one| one != key)), "{never:?}");
    let expected = on(&file("mod_key"), &["flow", "keys", "FILE", "--expect"]).stdout;
    assert!(set.iter().all(|key| expected.contains(&format!("key = {key:?}"))), "{expected}");
    let program = Program::new();
    let (before, after) = (program.home().join("a.json"), program.home().join("b.json"));
    let text = file("mod_key");
    std::fs::write(&before, &text).expect("a file");
    std::fs::write(&after, text.replace(set[0], "renamed_key")).expect("a file");
    let diff = program.run(&["flow", "diff", before.to_str().expect("a path"), after.to_str().expect("a path")]);
    assert!(diff.stdout.contains(set[0]) && diff.stdout.contains("renamed_key"), "{diff:?}");
}
