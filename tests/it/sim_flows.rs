//! Flows as the simulator serves them, and the samples that ship with the program.

use std::{collections::BTreeSet, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sidetone::sim::{Scenario, tables};

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/flows").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(sample(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The configuration and the export are made from the short form; with UPDATE_DOCS they are written.
#[test]
fn the_samples_are_one_flow() {
    let short: Value = serde_json::from_str(&read("main-ivr-tutorial.json")).unwrap();
    let made = tables::configuration("MainIVR", "inboundcall", &short);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let pretty = serde_json::to_string_pretty(&made).unwrap() + "\n";
        std::fs::write(sample("main-ivr.json"), pretty).unwrap();
        std::fs::write(sample("main-ivr.i3InboundFlow"), tables::export(&made)).unwrap();
        return;
    }
    let shipped: Value = serde_json::from_str(&read("main-ivr.json")).unwrap();
    assert_eq!(shipped, made, "main-ivr.json is not what the short form says; run once with UPDATE_DOCS=1");
    let export = read("main-ivr.i3InboundFlow");
    assert_eq!(export, export.trim_end(), "an export is one line without an end");
    let text = String::from_utf8(STANDARD.decode(&export).unwrap()).unwrap();
    assert!(text.starts_with("%7B"));
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { hex(rest.next().unwrap()) * 16 + hex(rest.next().unwrap()) } else { byte });
    }
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), made);
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
    let pairs = lines.windows(4).filter(|w| w[0] == "- attribute:" && w[1] == "name:");
    pairs.filter(|w| w[3] == "value:").map(|w| w[2].trim_start_matches("lit: ").to_owned()).collect()
}

#[test]
fn the_samples_set_the_same_keys() {
    let (mut set, mut got) = (BTreeSet::new(), BTreeSet::new());
    keys(&serde_json::from_str(&read("main-ivr.json")).unwrap(), &mut set, &mut got);
    assert_eq!(set, yaml_keys(&read("main-ivr.yaml")));
    assert_eq!(got.into_iter().collect::<Vec<_>>(), ["language"]);
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

        assert_eq!(found, set, "{}", flow.name);
    }
}
