//! `sidetone lint` from outside.

use crate::support::{Program, assert_section};
use serde_json::{Value as Json, json};

fn rules(stdout: &str) -> Vec<(String, String)> {
    stdout
        .lines()
        .map(|line| {
            let finding: Json = serde_json::from_str(line).expect(line);
            assert_eq!(finding["type"], "finding");
            for field in ["rule", "severity", "message", "remedy", "path"] {
                assert!(finding[field].is_string(), "{field} in {line}");
            }
            (finding["rule"].as_str().unwrap().to_owned(), finding["severity"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn the_exit_code_says_whether_it_is_right() {
    let program = Program::new();
    for (payload, options, code) in [
        (r#"{"tier":"gold"}"#, &[][..], 0),
        (r#"{"tier":"gold"}"#, &["--for", "api"], 6),
        (r#"{"attributes":{"tier":"gold"}}"#, &["--for", "api"], 0),
        (r#"{"attributes":{"tier":"gold"}}"#, &["--for", "architect"], 6),
        (r#"{"data":{"tier":"gold"}}"#, &[], 6),
        (r#"{"data":{"tier":"gold"}}"#, &["--for", "cxone"], 0),
        (r#"{"tier":3}"#, &[], 6),
        (r#"{"ivr_choice":"1","IVR_Choice":"1"}"#, &[], 0),
        (r#"{"ivr_choice":"1","IVR_Choice":"1"}"#, &["--strict"], 6),
        ("{'tier':'gold'}", &[], 6),
        ("no-such-file.json", &[], 2),
    ] {
        let output = program.run(&[&["lint", payload], options].concat());
        assert_eq!(output.code, Some(code), "{payload} {options:?}: {}{}", output.stdout, output.stderr);
    }
}

#[test]
fn findings_are_objects_a_line() {
    let program = Program::new();
    let output = program.run(&["lint", r#"{"participantId":"p","data":{"tier":1}}"#, "--json"]);
    let found = rules(&output.stdout);
    for rule in ["wrapped-payload", "participant-id-in-body", "not-a-string"] {
        assert!(found.contains(&(rule.into(), "error".into())), "{found:?}");
    }
    assert!(output.stdout.contains("\"path\":\"/data/tier\""), "{}", output.stdout);
}

#[test]
fn fix_prints_the_right_form_alone() {
    let program = Program::new();
    let payload = r#"{"participantId":"p","data":{"tier":"gold","n":1,"vip":true,"gone":null}}"#;
    let flat = json!({"tier": "gold", "n": "1", "vip": "true"});
    for (target, right) in [("any", flat.clone()), ("architect", flat.clone()), ("api", json!({"attributes": flat}))] {
        let output = program.run(&["lint", payload, "--fix", "--for", target]);
        assert_eq!(serde_json::from_str::<Json>(&output.stdout).unwrap(), right, "{target}");
        assert!(output.stderr.contains("left out") && output.stderr.contains("/data/gone"), "{}", output.stderr);
        let again = program.run(&["lint", output.stdout.trim(), "--for", target]);
        assert_eq!(again.code, Some(0), "{}", again.stdout);
    }
}

#[test]
fn fix_never_prints_an_empty_map_for_a_full_one() {
    let program = Program::new();
    for payload in [
        r#"{"tier":null}"#,
        r#"{"attributes":{},"tier":"gold"}"#,
        r#"{"participants":[{"attributes":{"tier":"gold"}}]}"#,
        r#"{"__type":"SetAttributesAction","id":"a","variables":[{"variable":{"text":"\"tier\""},"expression":{"text":"Flow.Tier"}}]}"#,
    ] {
        for target in ["api", "any"] {
            let output = program.run(&["lint", payload, "--fix", "--for", target]);
            assert_eq!((output.code, output.stdout.as_str()), (Some(6), ""), "{payload}: {}", output.stderr);
            assert!(output.stderr.contains("nothing to print"), "{}", output.stderr);
        }
    }
    // What is empty is empty.
    assert_eq!(program.run(&["lint", "{}", "--fix"]).stdout.trim(), "{}");
}

#[test]
fn a_key_that_a_program_computes_is_told_as_one_and_never_printed() {
    let program = Program::new();
    for (text, computed) in [
        (
            "import requests\nrequests.patch(url, json={\"attributes\": {k: \"gold\", f\"k{i}\": \"x\", \"lit\": \"v\"}})",
            2,
        ),
        ("const body = {attributes: {[k]: \"gold\", lit: \"v\"}};", 1),
        ("const body = {attributes: {[\"lit\"]: \"v\", [`k${i}`]: \"gold\"}};", 1),
        ("body.attributes[key] = \"x\"\nbody.attributes[f\"k{i}\"] = \"x\"\nbody.attributes[\"lit\"] = \"v\"", 2),
        ("api.patch(c, p, dict(attributes={k: \"gold\", \"lit\": \"v\"}))", 1),
    ] {
        let file = program.home().join("program");
        std::fs::write(&file, text).expect("a file");
        let file = file.to_str().expect("a plain path");
        let output = program.run(&["lint", file, "--json"]);
        let found = rules(&output.stdout);
        let told = found.iter().filter(|(rule, _)| rule == "computed-key").count();
        assert_eq!(told, computed, "{text}: {}", output.stdout);
        let fixed = program.run(&["lint", file, "--fix"]);
        assert_eq!(fixed.stdout.trim(), r#"{"lit":"v"}"#, "{text}: {}", fixed.stderr);
        assert!(fixed.stderr.contains("its key is computed"), "{}", fixed.stderr);
    }
}

#[test]
fn of_a_key_that_a_flow_sets_to_several_values_none_is_printed() {
    let program = Program::new();
    let flow = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/flows/main-ivr.yaml");
    let fixed = program.run(&["lint", flow, "--fix"]);
    let printed: Json = serde_json::from_str(&fixed.stdout).expect("one map");
    let keys = program.run(&["flow", "keys", flow, "--json"]);
    let keys: Json = serde_json::from_str(&keys.stdout).expect("one object");
    let mut several = 0;
    for key in keys["keys"].as_array().expect("keys") {
        let set = key["set"].as_array().expect("uses");
        let values: std::collections::BTreeSet<_> = set.iter().map(|one| one["value"].to_string()).collect();
        if values.len() > 1 {
            several += 1;
            assert_eq!(printed[key["key"].as_str().expect("a key")], Json::Null, "{key}");
        }
    }
    assert!(several > 0 && fixed.stderr.contains("several values"), "{}", fixed.stderr);
}

#[test]
fn what_is_left_out_is_told_with_its_own_reason() {
    let text = r#"{"attributes":{"a":null,"b":{"c":1},"":"x","k":"v"},"version":3}"#;
    let fixed = Program::new().run(&["lint", text, "--fix"]);
    assert_eq!(fixed.stdout.trim(), r#"{"k":"v"}"#);
    for part in [
        "/attributes/a (a): it has no value",
        "/attributes/b (b): it holds an object",
        "/attributes/ (): its key has no name",
        "/version (version): it stands beside the attributes",
    ] {
        assert!(fixed.stderr.contains(part), "{part}: {}", fixed.stderr);
    }
    let inside = Program::new().run(&["lint", r#"{"attributes":{"participantId":"p","k":"v"}}"#, "--json"]);
    assert!(rules(&inside.stdout).contains(&("participant-id-in-body".into(), "warn".into())), "{}", inside.stdout);
}

#[test]
fn files_and_stdin_are_read() {
    use std::{io::Write, process::Stdio};
    let program = Program::new();
    let file = program.home().join("request.txt");
    std::fs::write(&file, "PATCH /api/v2/conversations/voice/1/participants/2\n{\"attributes\":{\"k\":\"v\"}}\n")
        .unwrap();
    let output = program.run(&["lint", file.to_str().unwrap(), "--json"]);
    let found = rules(&output.stdout);
    for rule in ["wrong-route", "no-such-route"] {
        assert!(found.contains(&(rule.into(), "error".into())), "{found:?}");
    }
    let mut child =
        program.command(&["lint", "-", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"tier={{lookup_result.tier}}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(
        rules(&String::from_utf8(output.stdout).unwrap()).contains(&("unresolved-template".into(), "error".into()))
    );
}

#[test]
fn hostile_text_is_harmless() {
    let output = Program::new().run(&["lint", "{\"k\\u001b[31m\":\"\\u001b]0;x\\u0007{{a}}\"}"]);
    assert!(!output.stdout.contains('\x1b') && !output.stdout.contains('\x07'), "{:?}", output.stdout);
}

#[test]
fn the_documentation_is_what_the_program_says() {
    use sidetone::payload::{RULES, claims::CLAIMS};
    let mut table = String::from("| rule | at most | finds |\n|---|---|---|\n");
    for rule in RULES {
        table.push_str(&format!("| `{}` | {} | {} |\n", rule.id, rule.severity.as_str(), rule.what));
    }
    assert_section("docs/lint.md", "lint-rules", &table);
    let mut table = String::from("| claim | rule | | what is known | instead |\n|---|---|---|---|---|\n");
    for claim in CLAIMS {
        table.push_str(&format!(
            "| {} | `{}` | {} | {} | {} |\n",
            claim.claim,
            claim.rule,
            claim.severity.as_str(),
            claim.answer,
            claim.remedy
        ));
    }
    assert_section("docs/lint.md", "lint-claims", &table);
    let output = Program::new().run(&["lint", r#"{"data":{"customer_tier":3}}"#, "--json"]);
    assert_section("docs/lint.md", "lint-json", &format!("```json\n{}```\n", output.stdout));
}
