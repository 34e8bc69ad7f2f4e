//! What a file leaves open is said, and is no success.

use crate::support::{Output, Program};
use serde_json::Value as Json;

const ARCHY: &str = "inboundCall:\n  name: F\n  startUpRef: /inboundCall/tasks/task[Gone_1]\n  tasks:\n    - task:\n        name: A\n        refId: A_1\n        actions:\n          - setParticipantData:\n              name: Set\n              attributes:\n                - attribute: {name: {lit: tier}, value: {lit: gold}}\n          - disconnect: {name: End}\n    - task:\n        name: B\n        refId: B_1\n        actions:\n          - disconnect: {name: Other end}\n";
const TUTORIAL: &str = r#"{"startActionId":"gone","actions":[
    {"id":"a","type":"setParticipantData","settings":{"key":"tier","value":"gold"},"nextActionId":"b"},{"id":"b","type":"disconnect"}]}"#;

fn platform(initial: &str) -> String {
    let task = |id: &str, actions: &str| {
        format!(r#"{{"id":"{id}","name":"{id}","__type":"Task","startAction":"{id}1","actionList":[{actions}]}}"#)
    };
    let set = r#"{"id":"t1","name":"Set","__type":"SetAttributesAction","variables":[{"variable":{"config":{"lit":{"text":"tier","type":"str"}},"text":"tier"},"expression":{"config":{"lit":{"text":"gold","type":"str"}},"text":"gold"}}]}"#;
    let end = r#"{"id":"u1","name":"End","__type":"DisconnectAction"}"#;
    format!(r#"{{"name":"F",{initial}"flowSequenceItemList":[{},{}]}}"#, task("t", set), task("u", end))
}

fn ran(program: &Program, text: &str, args: &[&str]) -> Output {
    let file = program.home().join("flow");
    std::fs::write(&file, text).expect("a file");
    let file = file.to_str().expect("a plain path");
    program.run(&args.iter().map(|arg| if *arg == "FILE" { file } else { *arg }).collect::<Vec<_>>())
}

#[test]
fn a_beginning_that_the_file_does_not_have_is_no_success() {
    let program = Program::new();
    let named = platform(r#""initialSequence":"gone","#);
    // The order of a list of actions means nothing.
    let headless = platform(r#""initialSequence":"t","#).replace(r#""startAction":"t1","#, "").replace(
        r#"{"id":"t1","#,
        r#"{"id":"t0","name":"Other","__type":"DisconnectAction"},{"id":"t1","nextAction":"t0","#,
    );
    for text in [ARCHY, TUTORIAL, named.as_str(), platform("").as_str(), headless.as_str()] {
        let keys = ran(&program, text, &["flow", "keys", "FILE"]);
        assert_eq!(keys.code, Some(2), "{text}\n{keys:?}");
        assert!(keys.stdout.contains("not certain") && keys.stdout.contains("tier"), "{}", keys.stdout);
        let json = ran(&program, text, &["flow", "keys", "FILE", "--json"]);
        let json: Json = serde_json::from_str(&json.stdout).expect("one object");
        assert_eq!((&json["certain"], json["reasons"].as_array().map(Vec::len)), (&false.into(), Some(1)));
        for args in [
            &["flow", "keys", "FILE", "--expect"][..],
            &["flow", "diff", "FILE", "FILE"],
            &["flow", "simulate", "FILE"],
            &["flow", "set-data", "FILE", "--key", "k", "--value", "v"],
        ] {
            let refused = ran(&program, text, args);
            assert_eq!(refused.code, Some(2), "{args:?}: {refused:?}");
        }
    }
    let whole = platform(r#""initialSequence":"t","#);
    assert_eq!(ran(&program, &whole, &["flow", "keys", "FILE"]).code, Some(0));
    assert_eq!(ran(&program, &whole, &["flow", "simulate", "FILE"]).code, Some(0));
}

#[test]
fn a_table_that_has_no_timeout_does_not_take_its_failure() {
    let program = Program::new();
    let text = "inboundCall:\n  name: F\n  startUpRef: /inboundCall/tasks/task[A_1]\n  tasks:\n    - task:\n        name: A\n        refId: A_1\n        actions:\n          - dataTableLookup:\n              name: Look\n              lookupValue: {exp: Call.Ani}\n              dataTable:\n                Prices:\n                  foundOutputs: {}\n              outputs:\n                failure:\n                  actions:\n                    - setParticipantData:\n                        name: Failed\n                        attributes:\n                          - attribute: {name: {lit: table}, value: {lit: failed}}\n          - disconnect: {name: End}\n";
    let told = |answer: &str| ran(&program, text, &["flow", "simulate", "FILE", "--data-action", answer]);
    let timeout = told("Prices=timeout");
    assert_eq!(timeout.code, Some(2));
    assert!(timeout.stdout.contains("no output timeout; it has"), "{}", timeout.stdout);
    assert!(!timeout.stdout.contains("table = "), "{}", timeout.stdout);
    let failure = told("Prices=failure");
    assert_eq!(failure.code, Some(0), "{failure:?}");
    assert!(failure.stdout.contains("set table = failed"), "{}", failure.stdout);
}

#[test]
fn keys_of_modules_in_the_file_are_not_set_twice() {
    let program = Program::new();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/flows/module-call.json"))
        .expect("it is there");
    let keys = ran(&program, &text, &["flow", "keys", "FILE", "--json"]);
    let keys: Json = serde_json::from_str(&keys.stdout).expect("one object");
    let own: Vec<&str> = keys["keys"].as_array().into_iter().flatten().filter_map(|key| key["key"].as_str()).collect();
    let module = &keys["modules"][0];
    let set = module["keys"].as_array().expect("keys").iter().find(|key| {
        let name = key["key"].as_str().unwrap_or_default();
        !key["set"].as_array().expect("uses").is_empty() && !own.contains(&name)
    });
    let key = set.expect("the module sets a key of its own")["key"].as_str().expect("its name");
    let set = |key: &str, more: &[&str]| {
        let args = [&["flow", "set-data", "FILE", "--key", key, "--value", "another value", "--diff"], more].concat();
        ran(&program, &text, &args)
    };
    let refused = set(key, &[]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("by the common module"), "{}", refused.stderr);
    assert_eq!(set(&key.to_uppercase(), &[]).code, Some(2), "in another case");
    let again = set(key, &["--again"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stderr.contains("sets"), "{}", again.stderr);
}

#[test]
fn an_export_in_quotes_is_read_and_stays_in_quotes() {
    let program = Program::new();
    let export = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/flows/main-ivr.i3InboundFlow"))
        .expect("it is there");
    let quoted = format!("{}\n", serde_json::to_string(export.trim()).expect("a text"));
    let bare = ran(&program, &export, &["flow", "keys", "FILE", "--json"]);
    let read = ran(&program, &quoted, &["flow", "keys", "FILE", "--json"]);
    assert_eq!((read.code, &read.stdout), (Some(0), &bare.stdout));
    let edited = ran(&program, &quoted, &["flow", "set-data", "FILE", "--key", "k", "--value", "v", "--output", "-"]);
    assert_eq!(edited.code, Some(0), "{edited:?}");
    let inner: String = serde_json::from_str(&edited.stdout).expect("a text in quotes");
    let again = ran(&program, &inner, &["flow", "keys", "FILE"]);
    assert!(again.stdout.contains("\nk\n"), "{}", again.stdout);
    let json = ran(&program, r#""{\"actions\":[]}""#, &["flow", "keys", "FILE"]);
    assert!(json.stderr.contains("packed into a JSON text"), "{}", json.stderr);
}

#[test]
fn the_json_sample_is_what_the_export_holds() {
    let read = |name: &str| {
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/flows").join(name))
            .expect("it is there")
    };
    let json: Json = serde_json::from_str(&read("main-ivr.json")).expect("JSON");
    assert_eq!(sidetone::sim::tables::export(&json).len(), read("main-ivr.i3InboundFlow").trim().len());
    let made: Json = serde_json::from_str(&read("main-ivr-tutorial.json")).expect("JSON");
    let made = sidetone::sim::tables::configuration("MainIVR", "inboundcall", &made);
    let names =
        |flow: &Json| flow.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names(&json), names(&made), "all members that a configuration has");
}
