use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::*;
use crate::sim::Scenario;

const TUTORIAL: &str = include_str!("../../../assets/flows/main-ivr-tutorial.json");

fn written(definition: &Value, kind: &str) -> Value {
    let queue = |name: &str| Some(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()));
    let meta = Meta { id: Uuid::from_u128(7), name: "F", description: "", kind, queue: &queue };
    configuration(&Plan::read(definition), &meta)
}

fn actions(configuration: &Value) -> Vec<&Value> {
    let list = configuration["flowSequenceItemList"].as_array().unwrap();
    list.iter().flat_map(|item| item["actionList"].as_array().into_iter().flatten()).collect()
}

/// Every action is referenced exactly once, by a start, a next or a path, as in all real files; every reference leads to
/// one; tracking numbers and ids do not repeat.
fn assert_sound(configuration: &Value) {
    let all = actions(configuration);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let sequences = configuration["flowSequenceItemList"].as_array().unwrap();
    let starts = sequences.iter().filter_map(|item| item["startAction"].as_str());
    let nexts = all.iter().filter_map(|action| action["nextAction"].as_str());
    let paths = all.iter().flat_map(|action| action["paths"].as_array().into_iter().flatten());
    let paths = paths.filter_map(|path| path["nextActionId"].as_str());
    for id in starts.chain(nexts).chain(paths).filter(|id| !id.is_empty()) {
        *counts.entry(id).or_default() += 1;
    }
    for action in &all {
        let count = counts.remove(action["id"].as_str().unwrap());
        assert_eq!(count, Some(1), "{action:#}");
    }
    assert!(counts.is_empty(), "links to nothing: {counts:?}");
    let numbers: BTreeSet<u64> = all.iter().map(|action| action["trackingId"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), all.len());
    assert!(numbers.iter().all(|number| *number < configuration["nextTrackingNumber"].as_u64().unwrap()));
    let ids: BTreeSet<&str> = sequences.iter().filter_map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), sequences.len());
    assert!(ids.contains(configuration["initialSequence"].as_str().unwrap()));
    for action in &all {
        for name in ["taskReference", "menuReference", "stateReference"] {
            assert!(action[name].as_str().is_none_or(|id| ids.contains(id)), "{action:#}");
        }
    }
}

/// An operand has one way of saying what it is, and a literal shows itself without quotes.
fn assert_operands(value: &Value) {
    match value {
        Value::Array(list) => list.iter().for_each(assert_operands),
        Value::Object(map) => {
            if let Some(Value::Object(config)) = map.get("config") {
                assert_eq!(config.len(), 1, "{value}");
                if let Some(literal) = config.get("lit") {
                    assert_eq!(literal["text"], map["text"], "{value}");
                    assert_eq!(map["uiMetaData"]["mode"], 1, "{value}");
                }
            }
            map.values().for_each(assert_operands);
        }
        _ => {}
    }
}

#[test]
fn every_flow_of_the_built_in_scenarios_is_sound() {
    for scenario in [Scenario::embedded(), Scenario::clean()] {
        for flow in &scenario.flows {
            for version in &flow.versions {
                let Some(definition) = &flow.definition else { continue };
                let meta = Meta {
                    id: Uuid::from_u128(9),
                    name: &flow.name,
                    description: &flow.description,
                    kind: &flow.kind,
                    queue: &|_| None,
                };
                let out = configuration(&Plan::without(definition, &version.loses), &meta);
                assert_sound(&out);
                assert_operands(&out);
                for key in &version.loses {
                    assert!(!out.to_string().contains(&format!("\"{key}\"")), "{key} is still set");
                }
            }
        }
    }
}

#[test]
fn branches_come_together_behind_their_owner() {
    let out = written(&serde_json::from_str(TUTORIAL).unwrap(), "inboundcall");
    assert_sound(&out);
    let find = |name: &str| actions(&out).into_iter().find(|action| action["name"] == name).unwrap().clone();
    let lookup = find("Find customer");
    assert_eq!(lookup["nextAction"], find("To Main Menu")["id"]);
    for (output, first) in
        [("__SUCCESS__", "Keep tier"), ("__FAILURE__", "Note failure"), ("__TIMEOUT__", "Note timeout")]
    {
        let path = lookup["paths"].as_array().unwrap().iter().find(|path| path["outputId"] == output).unwrap();
        assert_eq!(path["nextActionId"], find(first)["id"], "{output}");
    }
    assert!(find("Note failure").get("nextAction").is_none());
    let menu = out["flowSequenceItemList"].as_array().unwrap().iter().find(|item| item["__type"] == "Menu").unwrap();
    assert_eq!(menu["menuChoiceList"][0]["digit"], 1);
}

#[test]
fn what_two_places_lead_to_becomes_a_task() {
    let definition = json!({"startActionId": "a", "actions": [
        {"id": "a", "type": "decision", "name": "A", "settings": {"expression": "x.y == '1'", "trueActionId": "b", "falseActionId": "c"}},
        {"id": "b", "type": "decision", "name": "B", "settings": {"expression": "x.y == '2'", "trueActionId": "d", "falseActionId": "e"}},
        {"id": "c", "type": "setParticipantData", "name": "C", "settings": {"key": "k", "value": "v"}, "nextActionId": "e"},
        {"id": "d", "type": "disconnect", "name": "D"},
        {"id": "e", "type": "transferToAcd", "name": "E", "settings": {"queue": "Q"}}]});
    let out = written(&definition, "inboundcall");
    assert_sound(&out);
    let tasks = out["flowSequenceItemList"].as_array().unwrap().len();
    assert_eq!(tasks, 2, "the transfer is reached from two branches that do not come together");
    assert_eq!(actions(&out).iter().filter(|action| action["__type"] == "TransferTaskAction").count(), 2);
}

#[test]
fn a_ring_comes_to_an_end() {
    let definition = json!({"actions": [
        {"id": "a", "type": "setParticipantData", "name": "A", "settings": {"key": "k", "value": "x {{r.m}}"}, "nextActionId": "b"},
        {"id": "b", "type": "dataAction", "name": "B", "settings": {"dataAction": "D", "resultVariable": "r"}, "nextActionId": "a"}]});
    assert_sound(&written(&definition, "workflow"));
}

#[test]
fn an_export_is_its_configuration_encoded() {
    let value = json!({"name": "é \"x\" (1)"});
    let text = String::from_utf8(STANDARD.decode(export(&value)).unwrap()).unwrap();
    assert_eq!(text, "%7B%22name%22%3A%22%C3%A9%20%5C%22x%5C%22%20(1)%22%7D");
}
