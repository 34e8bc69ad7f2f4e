//! `sidetone flow` from outside.

use crate::support::{Program, assert_section};
use serde_json::Value as Json;
use std::path::Path;

const FORMS: [&str; 3] = ["main-ivr.json", "main-ivr.yaml", "main-ivr-tutorial.json"];

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/flows").join(name).to_str().expect("a plain path").to_owned()
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn keys_are_listed_for_people_and_for_programs() {
    let program = Program::new();
    for form in FORMS {
        let told = program.run(&["flow", "keys", &sample(form)]);
        assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""), "{form}");
        assert!(told.stdout.contains("customer_tier") && told.stdout.contains("Keep tier"), "{}", told.stdout);
        let json: Json = serde_json::from_str(&program.run(&["flow", "keys", &sample(form), "--json"]).stdout).unwrap();
        assert_eq!(json["readNeverSet"], serde_json::json!(["language"]), "{form}");
        let names: Vec<&str> =
            json["keys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap()).collect();
        assert_eq!(names, ["language", "ivr_name", "customer_tier", "lookup", "ivr_choice", "priority"], "{form}");
        assert_eq!(json["keys"][1]["set"][0]["when"], "always");
    }
}

#[test]
fn a_flow_is_tested_by_the_expectations_made_from_it() {
    let program = Program::new();
    let file = sample("main-ivr.yaml");
    let expectations = program.home().join("expect.toml");
    std::fs::write(&expectations, program.run(&["flow", "keys", &file, "--expect"]).stdout).unwrap();
    let text = std::fs::read_to_string(&expectations).unwrap();
    let parsed = sidetone::expectfile::parse(&text).unwrap();
    let when = |e: &sidetone::domain::expect::Expectation| e.when.as_ref().map(ToString::to_string);
    assert!(
        parsed.iter().all(|e| when(e).as_deref() == Some("flow:MainIVR")),
        "calls of other flows owe nothing: {text}"
    );
    let expectations = expectations.to_str().unwrap();
    let run = |answer: &str, expect: &str| {
        program.run(&["flow", "simulate", &file, "--press", "1", "--data-action", answer, "--expect", expect, "--json"])
    };
    for answer in ["Lookup={\"tier\":\"gold\"}", "Lookup=timeout", "Lookup=error"] {
        let met = run(answer, expectations);
        // Without an answer the tier is not set, which no text equals.
        assert_eq!(met.code, Some(0), "{answer}: {}{}", met.stdout, met.stderr);
    }
    let strict = program.home().join("strict.toml");
    std::fs::write(&strict, "[[expect]]\nkey = \"lookup\"\none_of = [\"done\"]\n[[expect]]\nkey = \"Customer_Tier\"\n")
        .unwrap();
    let unmet = run("Lookup={\"tier\":\"gold\"}", strict.to_str().unwrap());
    assert_eq!(unmet.code, Some(6));
    let rules: Vec<String> = lines(&unmet.stdout)
        .iter()
        .filter(|line| line["type"] == "finding")
        .map(|line| line["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules, ["not-allowed-value", "case-mismatch"]);
}

#[test]
fn simulation_tells_steps_and_the_end() {
    for form in FORMS {
        let ran = Program::new().run(&[
            "flow",
            "simulate",
            &sample(form),
            "--input",
            r#"{"digits":["1"],"dataActions":{"Lookup":{"tier":"gold"}}}"#,
            "--json",
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let lines = lines(&ran.stdout);
        let end = lines.last().unwrap();
        assert_eq!(
            (&end["type"], &end["outcome"], &end["to"]),
            (&"end".into(), &"transferred".into(), &"Billing".into())
        );
        assert_eq!(end["attributes"]["priority"], "high-gold", "{form}");
        let set = lines.iter().find(|line| line["name"] == "Raise priority").unwrap();
        assert_eq!(set["set"], serde_json::json!({"priority": "high-gold"}));
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    let program = Program::new();
    let asked = program.run(&["flow", "simulate", &sample("main-ivr.json")]);
    assert_eq!(asked.code, Some(2));
    assert!(asked.stdout.contains("--data-action 'Lookup={…}'"), "{}", asked.stdout);
    let wrong = program.run(&["flow", "simulate", &sample("main-ivr.json"), "--data-action", "Lokup=timeout"]);
    assert!(wrong.stderr.contains("no action of this flow is called Lokup"), "{}", wrong.stderr);
}

#[test]
fn a_circle_ends_with_a_message() {
    let program = Program::new();
    let file = program.home().join("circle.json");
    std::fs::write(
        &file,
        r#"{"actions":[{"id":"a","name":"A","type":"playPrompt","nextActionId":"b"},{"id":"b","name":"B","type":"wait","nextActionId":"a"}]}"#,
    )
    .unwrap();
    let ran = program.run(&["flow", "simulate", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("runs in a circle") && ran.stdout.contains("A → B → A"), "{}", ran.stdout);
}

#[test]
fn a_link_to_nowhere_is_no_end_of_the_flow() {
    let program = Program::new();
    let platform = r#"{"name":"F","flowSequenceItemList":[{"id":"t","__type":"Task","startAction":"a","actionList":[
        {"id":"a","name":"A","__type":"DecisionAction","expression":{"text":"true"},"nextAction":"b","paths":[
            {"outputId":"__YES__","nextActionId":"gone"}]},
        {"id":"b","name":"B","__type":"DisconnectAction"}]}]}"#;
    let tutorial = r#"{"actions":[{"id":"a","name":"A","type":"playPrompt","nextActionId":"gone"}]}"#;
    let archy = "inboundCall:\n  name: L\n  tasks:\n    - task:\n        name: T\n        actions:\n          - jumpToTask:\n              \
                 name: A\n              targetTaskRef: /inboundCall/tasks/task[gone]\n";
    for text in [tutorial, platform, archy] {
        let file = program.home().join("flow");
        std::fs::write(&file, text).unwrap();
        let ran = program.run(&["flow", "simulate", file.to_str().unwrap()]);
        assert_eq!(ran.code, Some(1), "{text}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("A leads to gone, which is not an action of this flow"), "{}", ran.stdout);
        assert!(ran.stderr.contains("A leads to gone, which is no"), "{}", ran.stderr);
        let json = program.run(&["flow", "simulate", file.to_str().unwrap(), "--json"]);
        assert_eq!(lines(&json.stdout).last().unwrap()["outcome"], "astray");
    }
}

#[test]
fn nothing_of_a_file_controls_the_terminal() {
    let program = Program::new();
    let file = program.home().join("hostile.json");
    let hostile = "k\u{9b}31m\u{202e}\u{7f}é\\\"q";
    let flow = serde_json::json!({"name": hostile, "actions": [{"id": hostile, "name": hostile,
        "type": "setParticipantData", "settings": {"key": hostile, "value": hostile}}]});
    std::fs::write(&file, flow.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let clean = |text: &str| !text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}'));
    for args in [
        &["flow", "keys", file][..],
        &["flow", "keys", file, "--json"],
        &["flow", "keys", file, "--expect"],
        &["flow", "simulate", file],
        &["flow", "simulate", file, "--json"],
        &["flow", "set-data", file, "--key", "k", "--value", "v", "--json", "--output", "-"],
        &["lint", file, "--json"],
        &["lint", file, "--fix"],
        &["flow", "keys", "\u{1b}[31m"],
        &["replay", "\u{1b}[31m", "--headless"],
        &["get", "x", "--\u{1b}[31m"],
    ] {
        let ran = program.run(args);
        assert!(clean(&ran.stdout) && clean(&ran.stderr), "{args:?}: {:?} {:?}", ran.stdout, ran.stderr);
        assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty(), "{args:?}");
    }
    let expected: toml::Table = program.run(&["flow", "keys", file, "--expect"]).stdout.parse().unwrap();
    assert_eq!(expected["expect"][0]["key"].as_str(), Some(hostile));
    let keys = program.run(&["flow", "keys", file, "--json"]).stdout;
    assert_eq!(lines(&keys)[0]["keys"][0]["key"], hostile);
    program.configure("[profile.\"\\u001b[31m\"]\nregin = \"x\"\n");
    let told = program.run(&["config", "check"]);
    assert!(told.code == Some(2) && clean(&told.stderr), "{:?}", told.stderr);
    program.configure("[profile.\"\\u001b[31m\"]\nregion = \"us-east-1\"\n");
    let told = program.run(&["config", "check"]);
    assert!(told.code == Some(0) && clean(&told.stdout), "{:?}", told.stdout);
}

#[test]
fn set_data_changes_the_file_once() {
    let program = Program::new();
    for form in FORMS {
        let file = program.home().join(form);
        std::fs::copy(sample(form), &file).unwrap();
        let path = file.to_str().unwrap();
        let args = ["flow", "set-data", path, "--key", "campaign", "--value", "spring", "--after", "Mark start"];
        let before = std::fs::read_to_string(&file).unwrap();
        let shown = program.run(&[&args[..], &["--diff"]].concat());
        assert_eq!(shown.code, Some(0), "{}", shown.stderr);
        assert!(shown.stdout.starts_with("--- ") && shown.stdout.contains("campaign"), "{}", shown.stdout);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "a diff changes nothing");
        let done = program.run(&args);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert!(done.stderr.contains("no live flow was changed"), "{}", done.stderr);
        let after = std::fs::read_to_string(&file).unwrap();
        assert_ne!(after, before);
        let again = program.run(&args);
        assert_eq!(again.code, Some(0));
        assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
        let refused =
            program.run(&["flow", "set-data", path, "--key", "campaign", "--value", "autumn", "--after", "Mark start"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        let missing =
            program.run(&["flow", "set-data", path, "--key", "k", "--value", "v", "--after", "No Such Action"]);
        assert_eq!(missing.code, Some(4), "{}", missing.stderr);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    }
}

#[cfg(unix)]
#[test]
fn set_data_keeps_permissions_and_links() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let file = program.home().join("flow.yaml");
    std::fs::copy(sample("main-ivr.yaml"), &file).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let link = program.home().join("link.yaml");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let done = program.run(&["flow", "set-data", link.to_str().unwrap(), "--key", "k", "--value", "v"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&file).unwrap().contains("lit: k"));
}

#[test]
fn what_is_no_flow_is_said() {
    let program = Program::new();
    for (name, text, part) in [
        ("a.json", "{\"a\":1}", "flowSequenceItemList"),
        ("b.json", "{\"a\":", "not valid JSON: line 1"),
        ("c.yaml", "a: 1\n", "no Archy flow"),
        ("d.yaml", "a: [\n", "not valid YAML"),
        ("e.bin", "", "there is nothing in it"),
    ] {
        let file = program.home().join(name);
        std::fs::write(&file, text).unwrap();
        let output = program.run(&["flow", "keys", file.to_str().unwrap()]);
        assert_eq!(output.code, Some(2), "{name}");
        assert!(output.stderr.contains(part), "{name}: {}", output.stderr);
    }
    assert_eq!(program.run(&["flow", "keys", "no-such-file.yaml"]).code, Some(2));
}

#[test]
fn the_documentation_shows_what_the_program_prints() {
    let program = Program::new();
    let file = sample("main-ivr.yaml");
    let keys: Json = serde_json::from_str(&program.run(&["flow", "keys", &file, "--json"]).stdout).unwrap();
    let mut shown = keys.clone();
    shown["keys"] = serde_json::json!([keys["keys"][0], keys["keys"][2]]);
    let text = serde_json::to_string_pretty(&shown).unwrap();
    assert_section("docs/flows.md", "flow-keys-json", &format!("```json\n{text}\n```\n"));
    let ran = program.run(&[
        "flow",
        "simulate",
        &file,
        "--press",
        "9",
        "--data-action",
        "Lookup={\"tier\":\"gold\"}",
        "--json",
    ]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let shown = [lines[1], lines[3], lines[4], lines[lines.len() - 1]].join("\n");
    assert_section("docs/flows.md", "flow-simulate-json", &format!("```json\n{shown}\n```\n"));
}
