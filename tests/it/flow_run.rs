//! `sidetone flow simulate` on flows of the shapes that real files have.

use crate::support::{Program, assert_section};
use serde_json::{Value as Json, json};
use std::path::Path;

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows").join(name).to_str().expect("a plain path").to_owned()
}

/// One run: its exit code, its lines, and the last of type `end`.
struct Ran {
    code: Option<i32>,
    lines: Vec<Json>,
    end: Json,
    stderr: String,
}

impl Ran {
    /// Names of the actions in the order in which they ran.
    fn names(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| line["type"] == "step").map(|line| line["name"].as_str().unwrap()).collect()
    }

    fn attribute(&self, key: &str) -> &Json {
        &self.end["attributes"][key]
    }
}

fn simulate(file: &str, args: &[&str]) -> Ran {
    let ran = Program::new().run(&[&["flow", "simulate", file, "--json"], args].concat());
    let lines: Vec<Json> = ran.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let end = lines.iter().rfind(|line| line["type"] == "end").unwrap_or_else(|| panic!("{}", ran.stderr)).clone();
    Ran { code: ran.code, lines, end, stderr: ran.stderr }
}

/// Runs a flow that is written here.
fn simulate_text(text: &str, args: &[&str]) -> Ran {
    let program = Program::new();
    let file = program.home().join("flow.txt");
    std::fs::write(&file, text).unwrap();
    simulate(file.to_str().unwrap(), args)
}

/// An inbound call flow in YAML with one task of these actions, and these variables.
fn task(variables: &str, actions: &str) -> String {
    let indented = |text: &str, by: usize| -> String {
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{:by$}{line}\n", "")).collect()
    };
    format!(
        "inboundCall:\n  name: Made\n  startUpRef: /inboundCall/tasks/task[Main_10]\n  variables:\n{}  tasks:\n    - task:\n        \
         name: Main\n        refId: Main_10\n        actions:\n{}",
        indented(variables, 4),
        indented(actions, 10)
    )
}

fn set(key: &str, value: &str) -> String {
    format!(
        "- setParticipantData:\n    name: Set {key}\n    attributes:\n      - attribute: {{name: {{lit: {key}}}, value: {value}}}\n"
    )
}

#[test]
fn literals_and_reads_of_a_configuration_and_of_its_export() {
    for file in ["01-json-literal-mode.json", "17-export.i3InboundFlow"] {
        let ran = simulate(&sample(file), &["--input", r#"{"attributes":{"old_tier":"gold"}}"#]);
        assert_eq!(ran.code, Some(0), "{file}: {}", ran.stderr);
        assert_eq!(ran.end["attributes"], json!({"old_tier": "gold", "source": "web form", "tier": "gold"}), "{file}");
        assert_eq!((&ran.end["certain"], &ran.end["outcome"]), (&json!(true), &json!("disconnected")), "{file}");
    }
}

#[test]
fn jumps_stay_inside_the_flow() {
    let file = sample("03-jump-to-task-json.json");
    let one = simulate(&file, &["--press", "1"]);
    assert_eq!(one.code, Some(0), "{}", one.stderr);
    assert_eq!((one.attribute("topic"), &one.end["outcome"]), (&json!("billing"), &json!("disconnected")));
    assert_eq!(one.names(), ["Jump to Menu", "Main Menu", "Jump to Reusable Task", "Mark", "Bye"]);
    let two = simulate(&file, &["--press", "2", "--press", "1"]);
    assert_eq!(two.code, Some(0), "{}", two.stderr);
    assert_eq!(two.attribute("topic"), "billing");
    assert!(two.names().windows(3).any(|three| three == ["Sub-Menu", "More", "Task"]), "{:?}", two.names());
    assert_eq!(simulate(&file, &["--press", "2"]).code, Some(2), "the sub-menu asks for a key of its own");
}

#[test]
fn an_output_that_is_left_out_goes_on_below() {
    let file = sample("06-omitted-output.yaml");
    for output in ["open", "Holiday", "emergency"] {
        let ran = simulate(&file, &["--choose", &format!("Open?={output}")]);
        assert_eq!((ran.code, ran.attribute("hours")), (Some(0), &json!("open")), "{output}: {}", ran.stderr);
    }
    let closed = simulate(&file, &["--choose", "Open?=closed"]);
    assert_eq!((closed.code, closed.attribute("hours")), (Some(0), &Json::Null));
    let asked = simulate(&file, &[]);
    assert_eq!(asked.code, Some(2));
    let message = asked.end["message"].as_str().unwrap();
    for output in ["open", "closed", "holiday", "emergency"] {
        assert!(message.contains(output), "{message}");
    }
    let wrong = simulate(&file, &["--choose", "Open?=ajar"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.end["message"].as_str().unwrap().contains("has no output ajar"), "{}", wrong.end);
}

#[test]
fn what_an_uninterpreted_action_writes_is_unknown() {
    let file = sample("07-uninterpreted-output-var.yaml");
    let ran = simulate(&file, &[]);
    assert_eq!((ran.code, &ran.end["outcome"]), (Some(2), &json!("undecided")));
    assert!(ran.end["message"].as_str().unwrap().contains("unknown by Call Bot Flow"), "{}", ran.end);
    assert_eq!(ran.end["certain"], false);
    for (args, order) in [
        (["--choose", "Order known?=yes"], json!("none")),
        (["--input", r#"{"Flow.Order":"pizza"}"#], json!("pizza")),
        (["--input", r#"{"flow.order":null}"#], json!("none")),
        (["--data-action", r#"Call Bot Flow={"Slot.Order":"tea"}"#], json!("tea")),
        (["--data-action", r#"OrderBot={"Slot.Order":"tea"}"#], json!("tea")),
    ] {
        let settled = simulate(&file, &args);
        assert_eq!((settled.code, settled.attribute("order")), (Some(0), &order), "{args:?}: {}", settled.end);
    }
    // The way is settled, the value is not.
    let chosen = simulate(&file, &["--choose", "Order known?=no"]);
    assert_eq!((chosen.code, &chosen.end["certain"]), (Some(2), &json!(false)));
    assert_eq!(chosen.end["reasons"], json!(["order is unknown by Call Bot Flow"]));
    let told = Program::new().run(&["flow", "simulate", &file, "--choose", "Order known?=no"]);
    assert_eq!(told.stdout.lines().last(), Some("not certain: order is unknown by Call Bot Flow"), "{}", told.stdout);
}

#[test]
fn conversation_data_is_participant_data() {
    let ran = simulate(&sample("08-set-conversation-data.yaml"), &[]);
    assert_eq!((ran.code, ran.attribute("blocked")), (Some(0), &json!("True")), "{}", ran.stderr);
    let failed = simulate(&sample("08-set-conversation-data.yaml"), &["--choose", "Set Conversation Data=failure"]);
    assert_eq!((failed.code, failed.attribute("blocked")), (Some(0), &Json::Null));
}

#[test]
fn loops_are_left_and_gone_round() {
    let file = sample("10-yaml-loop-exit.yaml");
    let ran = simulate(&file, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.names(), ["Search", "Second one?", "Remember", "Exit Loop", "Found", "Disconnect"]);
    assert_eq!(ran.end["attributes"], json!({"found": "second"}));
    let later = simulate(&file, &["--choose", "Second one?=no"]);
    assert_eq!(later.names().iter().filter(|name| **name == "Next Loop").count(), 3, "{:?}", later.names());
    assert_eq!((later.attribute("after_next"), later.attribute("found")), (&Json::Null, &Json::Null));
    let indexes: Vec<&Json> = later
        .lines
        .iter()
        .filter(|line| line["name"] == "Search")
        .map(|line| &line["assigned"]["Task.Index"])
        .collect();
    assert_eq!(indexes, [&json!("0"), &json!("1"), &json!("2"), &Json::Null]);
}

/// The two forms of one flow run alike: what is set, where it ends, and how sure that is.
#[test]
fn twins_run_alike() {
    let support =
        |ran: &Ran| (ran.code, ran.end["outcome"].clone(), ran.end["attributes"].clone(), ran.end["certain"].clone());
    let ani = r#"{"Call.Ani":"tel:+15550100101"}"#;
    let cases: &[(&str, &str, &[&str])] = &[
        ("inbound-menu.json", "inbound-menu.yaml", &["--input", ani, "--press", "1", "--press", "9"]),
        ("inbound-menu.json", "inbound-menu.yaml", &["--input", ani, "--press", "1", "--press", "1"]),
        ("inbound-menu.json", "inbound-menu.yaml", &["--input", ani, "--press", "1", "--press", "3"]),
        (
            "inbound-menu.json",
            "inbound-menu.yaml",
            &[
                "--input",
                r#"{"Call.Ani":"x","tier":"gold"}"#,
                "--press",
                "1",
                "--press",
                "1",
                "--choose",
                "To support=failure",
            ],
        ),
        ("inbound-menu.json", "inbound-menu.yaml", &["--press", "1", "--press", "9"]),
        (
            "workflow.json",
            "workflow.yaml",
            &[
                "--data-action",
                r#"Branches={"City":"Kiel"}"#,
                "--data-action",
                r#"Get Interaction State={"state":"connected"}"#,
                "--data-action",
                r#"Get Interaction State={"state":"disconnected"}"#,
            ],
        ),
        (
            "workflow.json",
            "workflow.yaml",
            &["--data-action", "Branch lookup=notFound", "--data-action", "Get state=failure"],
        ),
        (
            "workflow.json",
            "workflow.yaml",
            &["--data-action", "Branch lookup=failure", "--choose", "Get state=success"],
        ),
        ("in-queue.i3InQueueFlow", "in-queue.yaml", &["--input", r#"{"Call.PositionInQueue":3}"#]),
        ("in-queue.i3InQueueFlow", "in-queue.yaml", &[]),
    ];
    for (json, yaml, args) in cases {
        let (one, two) = (simulate(&sample(json), args), simulate(&sample(yaml), args));
        assert_eq!(support(&one), support(&two), "{json} {args:?}\n{:?}\n{:?}", one.names(), two.names());
    }
}

#[test]
fn a_called_task_comes_back_by_its_way_out() {
    let input = r#"{"Call.Ani":"tel:+15550100101","tier":"gold"}"#;
    let file = sample("inbound-menu.json");
    let agreed = simulate(&file, &["--input", input, "--press", "1", "--press", "1"]);
    assert_eq!(agreed.code, Some(0), "{} {}", agreed.end, agreed.stderr);
    assert_eq!(
        agreed.end["attributes"],
        json!({"tier": "gold", "consent": "yes", "caller": "tel tel:+15550100101", "topic": "billing", "route": "gold"})
    );
    assert_eq!(agreed.end["outcome"], "transferred");
    let refused = simulate(&file, &["--input", input, "--press", "", "--press", "9"]);
    assert_eq!(refused.attribute("consent"), &Json::Null, "{:?}", refused.names());
    assert!(refused.names().contains(&"Not agreed"), "{:?}", refused.names());
    let failed = simulate(&file, &["--input", input, "--press", "1", "--press", "1", "--choose", "To support=failure"]);
    assert_eq!((failed.attribute("transfer_failed"), &failed.end["outcome"]), (&json!("true"), &json!("disconnected")));
    // Uninitialised is not unknown: the tier that nobody set is taken for not set.
    let unset = simulate(&file, &["--input", r#"{"Call.Ani":"x"}"#, "--press", "1", "--press", "9"]);
    assert_eq!((unset.attribute("tier"), unset.attribute("tier_source")), (&json!("standard"), &json!("default")));
}

#[test]
fn tables_and_data_actions_go_every_way() {
    let file = sample("workflow.yaml");
    let end = "Get Interaction State={\"state\":\"disconnected\"}";
    let found = simulate(&file, &["--data-action", "Branches={\"City\":\"Kiel\"}", "--data-action", end]);
    assert_eq!(found.code, Some(0), "{} {}", found.end, found.stderr);
    assert_eq!(found.end["attributes"], json!({"branch": "Kiel", "ended": "true"}));
    let missing = simulate(&file, &["--data-action", "Branch lookup=notFound", "--data-action", end]);
    assert_eq!(missing.end["attributes"], json!({"ended": "true"}));
    let blind = simulate(&file, &["--choose", "Branch lookup=found", "--data-action", end]);
    assert_eq!(blind.code, Some(2));
    assert_eq!(blind.end["reasons"], json!(["branch is unknown by Branch lookup"]));
    for failure in ["failure", "timeout"] {
        let given = format!("Get Interaction State={failure}");
        let failed = simulate(&file, &["--data-action", "Branches=failure", "--data-action", &given]);
        let states: Vec<&Json> = failed.lines.iter().filter(|line| line["name"] == "Get state").collect();
        // Its state stays not set, so that each round asks again.
        assert_eq!(states.len(), 5, "{:?}", failed.names());
        assert!(states.iter().all(|line| line["unevaluated"]["Flow.ErrorCode"] == "by Get state"), "{:?}", states[0]);
    }
    let asked = simulate(&file, &[]);
    assert_eq!(asked.code, Some(2));
    assert!(asked.end["message"].as_str().unwrap().contains("Branches=notFound"), "{}", asked.end);
}

#[test]
fn an_in_queue_task_starts_again_until_nothing_changes() {
    for file in ["in-queue.i3InQueueFlow", "in-queue.yaml"] {
        let ran = simulate(&sample(file), &["--input", r#"{"Call.PositionInQueue":3}"#]);
        assert_eq!((ran.code, &ran.end["outcome"]), (Some(0), &json!("repeats")), "{file}: {}", ran.end);
        assert_eq!(ran.end["attributes"], json!({"queue_position": "3", "queue_note": "say \"hello\""}));
        let blind = simulate(&sample(file), &[]);
        assert_eq!(blind.code, Some(2));
        assert!(
            blind.end["reasons"][0].as_str().unwrap().contains("Call.PositionInQueue is not given"),
            "{}",
            blind.end
        );
    }
}

#[test]
fn messages_bots_and_placeholders() {
    let input = r#"{"attributes":{"Context.FirstName":"Ada"},"State.Order":"tea"}"#;
    let ran = simulate(
        &sample("message.yaml"),
        &[
            "--input",
            input,
            "--choose",
            "Hours=open",
            "--data-action",
            r#"Find Queue={"findResult":{"name":"Orders"}}"#,
        ],
    );
    assert_eq!(ran.code, Some(0), "{} {}", ran.end, ran.stderr);
    assert_eq!((ran.attribute("order"), ran.attribute("visit_ada")), (&json!("tea"), &json!("1")));
    assert_eq!(ran.end["to"], "Orders");
    let bot =
        simulate(&sample("bot.yaml"), &["--choose", "Ask for Intent=Order", "--input", r#"{"Slot.Order":"tea"}"#]);
    assert_eq!((bot.code, bot.attribute("bot_order")), (Some(0), &json!("tea")), "{}", bot.end);
    let person = simulate(&sample("bot.yaml"), &["--choose", "Ask for Intent=Person", "--choose", "Sure?=yes"]);
    assert_eq!((person.code, person.attribute("wants_person")), (Some(0), &json!("true")), "{}", person.end);
    let off = simulate(&sample("bot.yaml"), &["--choose", "Ask for Intent=noIntent"]);
    assert_eq!(off.code, Some(2));
    assert!(off.end["message"].as_str().unwrap().contains("switched off"), "{}", off.end);
    let args = ["--choose", "Look up=success", "--choose", "Look up again=success"];
    let marked = simulate(&sample("placeholders.yaml"), &args);
    assert_eq!((marked.code, &marked.end["outcome"]), (Some(2), &json!("undecided")), "{}", marked.end);
    let given = r#"{"{{environment}}":"test","{{prefix}}":"hl"}"#;
    let known = simulate(&sample("placeholders.yaml"), &[&args[..], &["--input", given]].concat());
    assert_eq!(known.code, Some(0), "{} {}", known.end, known.stderr);
    assert_eq!(known.end["attributes"], json!({"looked_up": "test", "hl_run": "test"}));
}

#[test]
fn common_modules_run_where_they_are_given() {
    let caller = task(
        "- booleanVariable: {name: Flow.Found, initialValue: {noValue: true}}",
        &format!(
            "- callCommonModule:\n    name: Contact\n    commonModule:\n      Harbour Contact:\n        ver_latestPublished:\n          \
             inputs:\n            Common.number: {{exp: Call.Ani}}\n          outputs:\n            Common.found: {{var: Flow.Found}}\n\
             - decision:\n    name: There?\n    condition: {{exp: Flow.Found}}\n    outputs:\n      yes:\n        actions:\n{}",
            set("there", "{lit: y}").lines().map(|line| format!("          {line}\n")).collect::<String>()
        ),
    );
    let blind = simulate_text(&caller, &[]);
    assert_eq!(blind.code, Some(2));
    assert!(blind.end["message"].as_str().unwrap().contains("unknown by Contact"), "{}", blind.end);
    let module = sample("common-module.yaml");
    let args =
        ["--module", &module, "--data-action", r#"Find Contact={"found":true}"#, "--input", r#"{"Call.Ani":"x"}"#];
    let ran = simulate_text(&caller, &args);
    assert_eq!(ran.code, Some(0), "{} {}", ran.end, ran.stderr);
    assert_eq!(ran.end["attributes"], json!({"contact_found": "true", "there": "y"}));
    let unused = simulate(&sample("08-set-conversation-data.yaml"), &["--module", &module]);
    assert!(unused.stderr.contains("Harbour Contact"), "{}", unused.stderr);
}

#[test]
fn unknown_types_ask_where_they_branch_and_taint_what_they_write() {
    let text = task(
        "- stringVariable: {name: Flow.X, initialValue: {lit: a}}",
        &format!(
            "- conjureSpirit:\n    name: Conjure\n    result: {{var: Flow.X}}\n    outputs:\n      came:\n        actions:\n{}{}",
            set("came", "{lit: y}").lines().map(|line| format!("          {line}\n")).collect::<String>(),
            set("x", "{exp: Flow.X}")
        ),
    );
    let asked = simulate_text(&text, &[]);
    assert_eq!(asked.code, Some(2));
    let message = asked.end["message"].as_str().unwrap();
    assert!(message.contains("came") && message.contains("none"), "{message}");
    for output in ["none", "vanished"] {
        let ran = simulate_text(&text, &["--choose", &format!("Conjure={output}")]);
        assert_eq!((ran.code, ran.attribute("came")), (Some(2), &Json::Null), "{}", ran.end);
        let reasons = match output {
            "none" => json!(["x is unknown by Conjure"]),
            _ => json!(["what follows Conjure: the file writes came and not vanished", "x is unknown by Conjure"]),
        };
        assert_eq!(ran.end["reasons"], reasons);
    }
    let ran = simulate_text(&text, &["--choose", "Conjure=came", "--input", r#"{"Flow.X":"b"}"#]);
    assert_eq!(
        (ran.code, ran.attribute("came"), ran.attribute("x")),
        (Some(0), &json!("y"), &json!("b")),
        "{}",
        ran.end
    );
}

#[test]
fn what_does_not_depend_on_the_unknown_stays_known() {
    let text = task(
        "- stringVariable: {name: Flow.X, initialValue: {noValue: true}}\n- integerVariable: {name: Flow.N, initialValue: {lit: 2}}",
        &[
            "- callBotFlow:\n    name: Bot\n    intent: {var: Flow.X}\n".to_owned(),
            set("a", "{exp: 'If(true, \"a\", Flow.X)'}"),
            set("b", "{exp: 'ToString(false AND Flow.X == \"b\")'}"),
            set("c", "{exp: 'ToString(flow.n * 3 + 1)'}"),
        ]
        .concat(),
    );
    let ran = simulate_text(&text, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.end);
    assert_eq!(ran.end["attributes"], json!({"a": "a", "b": "false", "c": "7"}));
}

#[test]
fn expectations_are_missed_only_by_what_is_certain() {
    let program = Program::new();
    let expect = program.home().join("expect.toml");
    std::fs::write(&expect, "[[expect]]\nkey = \"order\"\none_of = [\"tea\"]\n").unwrap();
    let expect = expect.to_str().unwrap();
    let file = sample("07-uninterpreted-output-var.yaml");
    for (args, code) in [
        (["--choose", "Order known?=no"], 2),
        (["--choose", "Order known?=yes"], 6),
        (["--input", r#"{"Flow.Order":"tea"}"#], 0),
        (["--input", r#"{"Flow.Order":"coffee"}"#], 6),
    ] {
        let ran = simulate(&file, &[&args[..], &["--expect", expect]].concat());
        assert_eq!(ran.code, Some(code), "{args:?}: {:?}", ran.lines.last());
    }
    // A key of unknown name may be any key.
    let text = task("", &set("x", "{lit: y}").replace("{lit: x}", "{exp: Call.Ani}"));
    let hidden = simulate_text(&text, &["--expect", expect]);
    assert_eq!(hidden.code, Some(2), "{:?}", hidden.lines);
    assert_eq!(hidden.end["certain"], false);
}

#[test]
fn ten_thousand_actions_are_the_limit() {
    let text = task(
        "- integerVariable: {name: Flow.I, initialValue: {noValue: true}}",
        "- loop:\n    name: Long\n    currentIndex: {var: Flow.I}\n    loopCount: {lit: 1000000}\n    outputs:\n      loop:\n        actions:\n          - playAudio: {name: Hum}\n",
    );
    let ran = simulate_text(&text, &[]);
    assert_eq!((ran.code, &ran.end["outcome"]), (Some(1), &json!("limit")));
    assert!(ran.end["message"].as_str().unwrap().contains("10000"), "{}", ran.end);
    let indexes: Vec<String> = ran
        .lines
        .iter()
        .filter(|line| line["name"] == "Long")
        .take(3)
        .map(|line| line["assigned"]["Flow.I"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(indexes, ["0", "1", "2"]);
}

#[test]
fn tasks_have_variables_of_their_own() {
    let text = "inboundCall:\n  name: Own\n  startUpRef: /inboundCall/tasks/task[A]\n  tasks:\n    - task:\n        name: A\n        \
                refId: A\n        variables:\n          - stringVariable: {name: Task.X, initialValue: {lit: mine}}\n        actions:\n          \
                - callTask: {name: Call B, targetTaskRef: '/inboundCall/tasks/task[B]'}\n          - setParticipantData:\n              \
                name: Show\n              attributes:\n                - attribute: {name: {lit: x}, value: {exp: Task.X}}\n    - task:\n        \
                name: B\n        refId: B\n        variables:\n          - stringVariable: {name: Task.X, initialValue: {lit: theirs}}\n        \
                actions:\n          - setParticipantData:\n              name: Inner\n              attributes:\n                - attribute: \
                {name: {lit: inner}, value: {exp: Task.X}}\n          - updateData:\n              name: Change\n              statements:\n                \
                - string: {variable: Task.X, value: {lit: changed}}\n";
    let ran = simulate_text(text, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.end);
    assert_eq!(ran.end["attributes"], json!({"inner": "theirs", "x": "mine"}));
}

/// The table in the documentation is the one that the interpreter goes by.
#[test]
fn the_documentation_lists_what_becomes_of_every_type_of_action() {
    use sidetone::flow::actions::{Does, TYPES};
    let names = |does: Does| {
        let of = TYPES.iter().filter(|one| one.does == does);
        of.map(|one| format!("`{}`", one.archy)).collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "| | actions |\n|---|---|\n| interpreted | {} |\n| asked for: the outcome is given or the run stops | {} |\n| passed over: what they \
         write is unknown, and the rest is not looked at here | {} |\n| end the run | {} |\n",
        names(Does::Interpret),
        names(Does::Ask),
        names(Does::PassOver),
        names(Does::End)
    );
    assert_section("docs/flows.md", "flow-actions", &text);
    let functions: Vec<String> = sidetone::flow::expr::EVALUATED.iter().map(|name| format!("`{name}`")).collect();
    assert_section("docs/flows.md", "flow-functions", &format!("{}\n", functions.join(", ")));
}

/// Types with ten uses or more in the real files that were counted.
#[test]
fn all_common_types_are_known() {
    for name in [
        "DataAction",
        "UpdateVariableAction",
        "CommunicateAction",
        "DecisionAction",
        "PlayAudioAction",
        "TransferPureMatchAction",
        "DisconnectAction",
        "SendResponseAction",
        "EndWorkflowAction",
        "ClearSlotAction",
        "NextLoopAction",
        "ExitLoopAction",
        "EndTaskAction",
        "CallTaskAction",
        "AskForBooleanAction",
        "LoopAction",
        "AskForSlotAction",
        "WaitAction",
        "SwitchAction",
        "SetAttributesAction",
        "ExitBotFlowAction",
        "TransferTaskAction",
        "TransferMenuAction",
        "AddFlowMilestoneAction",
        "callData",
        "updateData",
        "communicate",
        "decision",
        "playAudio",
        "transferToAcd",
        "disconnect",
        "sendResponse",
        "endWorkflow",
        "clearSlot",
        "loopNext",
        "endTask",
        "callTask",
        "askForSlot",
        "setParticipantData",
        "exitBotFlow",
        "callBotFlow",
        "menuDisconnect",
    ] {
        assert!(sidetone::flow::actions::find(name).is_some(), "{name}");
    }
}
