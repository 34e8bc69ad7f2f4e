//! Flows as the simulator serves them, and the export that ships with the program.

use std::{collections::BTreeSet, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sidetone::sim::{Scenario, tables};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/flows").join(name);
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// An export, decoded without the program's own reader.
fn decoded(export: &str) -> Value {
    let text = String::from_utf8(STANDARD.decode(export).unwrap()).unwrap();
    assert!(text.starts_with("%7B"));
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { hex(rest.next().unwrap()) * 16 + hex(rest.next().unwrap()) } else { byte });
    }
    serde_json::from_slice(&bytes).unwrap()
}

/// Every literal key of a Set or Get action, by a walk over the tree that knows nothing else of flows.
fn keys(value: &Value, set: &mut BTreeSet<String>, got: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| keys(value, set, got)),
        Value::Object(map) => {
            let into = match map.get("__type").and_then(Value::as_str) {
                Some("SetAttributesAction") => Some(&mut *set),
                Some("GetAttributesAction") => Some(&mut *got),
                _ => None,
            };
            if let Some(into) = into {
                for pair in map["variables"].as_array().unwrap() {
                    into.insert(pair["variable"]["config"]["lit"]["text"].as_str().unwrap().to_owned());
                }
            }
            map.values().for_each(|value| keys(value, set, got));
        }
        _ => {}
    }
}

/// The keys of `setParticipantData` in Archy YAML, line by line.
fn yaml_keys(text: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let pairs = lines.windows(4).filter(|w| w[0] == "- attribute:" && w[1] == "name:" && w[3] == "value:");
    pairs.map(|w| w[2].trim_start_matches("lit: ").to_owned()).collect()
}

/// Types and names of the actions, task by task.
fn outline(configuration: &Value) -> Vec<(String, String)> {
    let tasks = configuration["flowSequenceItemList"].as_array().unwrap().iter();
    let actions = tasks.flat_map(|task| task["actionList"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    actions.map(|action| (text(&action["__type"]), text(&action["name"]))).collect()
}

#[test]
fn the_export_is_a_twin_of_the_other_samples() {
    let export = read("main-ivr.i3InboundFlow");
    assert_eq!(export, export.trim_end(), "an export is one line without an end");
    let configuration = decoded(&export);
    let short: Value = serde_json::from_str(&read("main-ivr-tutorial.json")).unwrap();
    let made = tables::configuration("MainIVR", "inboundcall", &short);
    assert_eq!(outline(&configuration), outline(&made));
    let (mut set, mut got) = (BTreeSet::new(), BTreeSet::new());
    keys(&configuration, &mut set, &mut got);
    assert_eq!(set, yaml_keys(&read("main-ivr.yaml")));
    assert_eq!(got.into_iter().collect::<Vec<_>>(), ["language"]);
    assert_eq!(decoded(&tables::export(&configuration)), configuration);
}

/// What the readers find in a served configuration is what a plain walk finds.
#[test]
fn served_configurations_are_read_as_they_are() {
    for flow in &Scenario::embedded().flows {
        let made = tables::configuration(&flow.name, &flow.kind, flow.definition.as_ref().unwrap());
        let (mut set, mut got) = (BTreeSet::new(), BTreeSet::new());
        keys(&made, &mut set, &mut got);
        let read = sidetone::flow::read(&made.to_string()).unwrap_or_else(|e| panic!("{}: {e}", flow.name));
        let uses = sidetone::flow::keys::keys(&read);
        let found = uses.by_key.iter().filter(|(_, uses)| !uses.set.is_empty());
        let found: BTreeSet<String> = found.map(|(key, _)| key.to_string()).collect();
        assert_eq!(found, set, "{}", flow.name);
    }
}
