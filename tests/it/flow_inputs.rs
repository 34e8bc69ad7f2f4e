//! Inputs of the kinds that real folders hold: what is no flow, what is damaged, what can be read two ways.

use crate::support::Program;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Json {
        serde_json::from_str(self.stdout.lines().last().unwrap_or_default())
            .unwrap_or_else(|_| panic!("{}", self.stderr))
    }
}

fn flow(command: &str, bytes: impl AsRef<[u8]>, args: &[&str]) -> Ran {
    let program = Program::new();
    let file: PathBuf = program.home().join("input");
    std::fs::write(&file, bytes).expect("written");
    let ran = program.run(&[&["flow", command, file.to_str().expect("plain")], args].concat());
    Ran { code: ran.code, stdout: ran.stdout, stderr: ran.stderr }
}

fn sample(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows").join(name);
    std::fs::read_to_string(file).expect(name)
}

/// A task of these actions.
fn task(actions: &str) -> String {
    format!(
        "inboundCall:\n  name: Y\n  startUpRef: /inboundCall/tasks/task[T_1]\n  tasks:\n    - task:\n        name: T\n        refId: T_1\n        actions:\n{actions}"
    )
}

#[test]
fn what_is_no_flow_is_told_what_it_is() {
    let cut = sample("17-export.i3InboundFlow");
    let cut = &cut[..cut.len() / 2 / 4 * 4];
    let list = format!("[{}]", sample("01-json-literal-mode.json"));
    let packed = base64::engine::general_purpose::STANDARD.encode("hello world, this is not a flow");
    for (input, said) in [
        (&b""[..], "there is nothing in it"),
        (b" \n\n", "there is nothing in it"),
        (b"\xff\xfei\0n\0", "UTF-16"),
        (b"\0\x80\xff", "not UTF-8"),
        (b"PK\x03\x04...", "archive"),
        (br#"{"openapi":"3.0.0","paths":{}}"#, "OpenAPI"),
        (b"openapi: 3.0.0\n", "OpenAPI"),
        (b"resource \"genesyscloud_flow\" \"x\" {\n}\n", "Terraform"),
        (b"# made by hand\nlocals {\n a = 1\n}\n", "Terraform"),
        (br#"{"name":"A","config":{"request":{}},"contract":{},"category":"c"}"#, "data action"),
        (b"Name,Description,Language\nHello,x,en-us\n", "CSV"),
        (packed.as_bytes(), "base64"),
        (cut.as_bytes(), "cut off"),
        (list.as_bytes(), "a flow's configuration"),
    ] {
        for command in ["keys", "simulate"] {
            let ran = flow(command, input, &[]);
            assert_eq!(ran.code, Some(2), "{said}: {}", ran.stdout);
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let yaml = task(
        "          - setParticipantData:\n              name: A\n              attributes:\n                - attribute: {name: {lit: k}, value: {lit: a}}\n              attributes:\n                - attribute: {name: {lit: k2}, value: {lit: b}}\n",
    );
    let json = sample("01-json-literal-mode.json").replacen("\"type\"", "\"name\": \"Other\", \"type\"", 1);
    for (input, said) in [(yaml, "line 13: attributes stands twice"), (json, "name stands twice")] {
        for args in [&["keys"][..], &["simulate"], &["set-data", "--key", "n", "--value", "v"]] {
            let ran = flow(args[0], &input, &args[1..]);
            assert_eq!(ran.code, Some(2), "{}", ran.stdout);
            assert!(ran.stderr.contains(said), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_pair_without_braces_never_loses_its_second_member() {
    let action = |list: &str| {
        task(&format!("          - setParticipantData:\n              name: S\n              attributes: {list}\n"))
    };
    let bare = flow("keys", action("[attribute: {name: {lit: k}, value: {lit: v}}]"), &["--json"]);
    assert_eq!(bare.code, Some(2), "{}", bare.stdout);
    assert!(bare.stderr.contains("without braces") && bare.stderr.contains("line 11"), "{}", bare.stderr);
    let whole = flow("keys", action("[{attribute: {name: {lit: k}, value: {lit: v}}}]"), &["--json"]);
    assert_eq!(whole.json()["keys"][0]["set"][0]["value"], "v");
}

#[test]
fn any_padding_of_an_export_is_read() {
    let export = sample("17-export.i3InboundFlow");
    let export = export.trim().trim_end_matches('=');
    let lines: Vec<String> =
        export.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    for input in [export.to_owned(), format!("{export}===="), lines.join("\r\n"), format!("\u{feff}{export}=\n\n")] {
        let ran = flow("keys", input, &["--json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.json()["keys"].as_array().map(Vec::len), Some(3));
    }
}

#[test]
fn a_module_that_the_file_carries_is_listed_and_run() {
    let text = sample("module-call.json");
    let keys = flow("keys", &text, &["--json"]).json();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "the module's keys are not the flow's own: {keys}");
    assert_eq!(keys["keys"][0]["key"], "found");
    let module = &keys["modules"][0];
    assert_eq!((&module["name"], &module["keys"][0]["key"]), (&json!("Contact Module"), &json!("contact_source")));
    assert_eq!(module["keys"][0]["set"][0]["value"], "Common.Source");
    let shown = flow("keys", &text, &[]).stdout;
    assert!(shown.contains("common module Contact Module\ncontact_source\n"), "{shown}");
    let ran = flow("simulate", &text, &["--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["attributes"], json!({"contact_source": "ivr", "found": "yes"}));
    let export = flow("keys", sidetone::flow::export::encode(&text), &["--json"]).json();
    assert_eq!(export["modules"][0]["keys"][0]["key"], "contact_source");
}

#[test]
fn what_the_platform_makes_of_no_value_is_not_certain() {
    let unset = |value: &str| {
        task(&format!(
            "          - setParticipantData:\n              name: A\n              attributes:\n                - attribute: {{name: {{lit: k}}, value: {{{value}}}}}\n          - disconnect:\n              name: D\n"
        ))
    };
    let ran = flow("simulate", unset("noValue: true"), &["--json"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert_eq!(ran.json()["certain"], false);
    assert_eq!(flow("simulate", unset("lit: x"), &["--json"]).code, Some(0));
}

#[test]
fn data_of_a_named_participant_are_not_certainly_the_customers() {
    let set = |participant: &str| {
        format!(
            "workflow:\n  name: W\n  startUpRef: /workflow/states/state[S_1]\n  states:\n    - state:\n        name: S\n        refId: S_1\n        actions:\n          - setConversationData:\n              name: A\n              conversationId: {{exp: Flow.conversationId}}\n              participantId: {{{participant}}}\n              attributes:\n                - attribute: {{name: {{lit: k}}, value: {{lit: v}}}}\n"
        )
    };
    let named = flow("simulate", set("lit: 8d3f"), &["--json"]);
    assert_eq!((named.code, &named.json()["certain"]), (Some(2), &json!(false)), "{}", named.stdout);
    assert_eq!(flow("simulate", set("noValue: true"), &["--json"]).code, Some(0));
}

#[test]
fn cases_of_a_switch_on_a_text_are_texts() {
    let text = task(
        "          - switch:\n              name: S\n              evaluate:\n                firstMatch:\n                  string:\n                    value: {exp: Call.Ani}\n                    cases:\n                      - case:\n                          value: {lit: 5}\n                          actions:\n                            - setParticipantData:\n                                name: A\n                                attributes:\n                                  - attribute: {name: {lit: k}, value: {lit: five}}\n          - disconnect:\n              name: D\n",
    );
    let ran = flow("simulate", text, &["--json", "--input", r#"{"Call.Ani":"5"}"#]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(ran.json()["attributes"], json!({"k": "five"}));
}

#[test]
fn an_attribute_without_a_name_and_an_action_without_attributes_are_told() {
    let text = task(
        "          - setParticipantData:\n              name: A\n              attributes:\n                - attribute: {name: {noValue: true}, value: {lit: v}}\n          - setParticipantData:\n              name: B\n",
    );
    let ran = flow("keys", &text, &[]);
    assert!(ran.stderr.contains("A has an attribute without a name"), "{}", ran.stderr);
    assert!(ran.stderr.contains("B names no attribute"), "{}", ran.stderr);
    assert!(ran.stdout.contains("(no name) = \"v\"") && !ran.stderr.contains("are computed"), "{}", ran.stderr);
}
