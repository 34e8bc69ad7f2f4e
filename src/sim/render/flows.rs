//! Flows and their configuration. The configuration's shape is not published; this is the one that independent parsers
//! agree on (api-facts 4.1), written from what the scenario's stories set and read in each flow.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::sim::{
    scenario::{Act, Scenario, Writer},
    world::World,
};

/// A flow by its index (model Flow).
pub fn flow(world: &World, index: usize) -> Value {
    let flow = &world.scenario().flows[index];
    let id = world.directory().flows[index].to_string();
    let division = world.directory().division.to_string();
    json!({
        "id": id,
        "name": flow.name,
        "division": {"id": division, "name": "Home", "selfUri": format!("/api/v2/authorization/divisions/{division}")},
        "description": flow.description,
        "type": flow.kind,
        "active": true,
        "system": false,
        "deleted": false,
        "publishedVersion": {
            "id": "1.0",
            "name": "1.0",
            "commitVersion": "1.0",
            "configurationVersion": "1.0",
            "type": "PUBLISH",
            "secure": false,
            "debug": false,
            "selfUri": format!("/api/v2/flows/{id}/versions/1.0"),
        },
        "virtualAgentEnabled": false,
        "selfUri": format!("/api/v2/flows/{id}"),
    })
}

/// What a flow does with participant data, in order and without repetition.
enum Doing {
    Set(String, Vec<(String, String)>),
    Get(Vec<String>),
}

fn doings(scenario: &Scenario, flow: usize) -> Vec<Doing> {
    let mut out: Vec<Doing> = Vec::new();
    for story in &scenario.stories {
        let mut inside = false;
        for step in &story.steps {
            match &step.act {
                Act::Flow(entered) => inside = *entered == flow,
                Act::Queue(_) | Act::Transfer(_) | Act::Leave(_) | Act::End => inside = false,
                Act::Set(writing) if inside && writing.by == Writer::Flow => {
                    let same = out.iter_mut().find_map(|doing| match doing {
                        Doing::Set(name, values) if *name == writing.action => Some(values),
                        _ => None,
                    });
                    let new = writing.values.iter().map(|(k, v)| (k.clone(), v.clone()));
                    match same {
                        Some(values) => {
                            for (key, value) in new {
                                if !values.iter().any(|(known, _)| *known == key) {
                                    values.push((key, value));
                                }
                            }
                        }
                        None => out.push(Doing::Set(writing.action.clone(), new.collect())),
                    }
                }
                Act::Get(keys)
                    if inside && !out.iter().any(|doing| matches!(doing, Doing::Get(known) if known == keys)) =>
                {
                    out.push(Doing::Get(keys.clone()));
                }
                _ => {}
            }
        }
    }
    out
}

/// `latestconfiguration` of a flow.
pub fn configuration(world: &World, index: usize) -> Value {
    let flow = &world.scenario().flows[index];
    let base = world.directory().flows[index];
    let id = |part: &str| Uuid::new_v5(&base, part.as_bytes()).to_string();
    let doings = doings(world.scenario(), index);
    let mut actions = Vec::new();
    for (i, doing) in doings.iter().enumerate() {
        let next = if i + 1 < doings.len() { id(&format!("action{}", i + 1)) } else { id("end") };
        let mut action = json!({"id": id(&format!("action{i}")), "trackingId": 10 + i, "nextAction": next});
        match doing {
            Doing::Set(name, values) => {
                action["__type"] = json!("SetAttributesAction");
                action["name"] = json!(name);
                action["variables"] = values.iter().map(|(key, value)| assignment(key, value)).collect();
            }
            Doing::Get(keys) => {
                action["__type"] = json!("GetAttributesAction");
                action["name"] = json!("Get Participant Data");
                action["variables"] = keys
                    .iter()
                    .map(|key| json!({"expression": literal(key), "variable": reference(&format!("Flow.{}", word(key)))}))
                    .collect();
            }
        }
        actions.push(action);
    }
    let start = actions.first().and_then(|a| a["id"].as_str()).unwrap_or_default().to_owned();
    actions.push(
        json!({"__type": "DisconnectAction", "id": id("end"), "name": "Disconnect", "trackingId": 10 + doings.len()}),
    );
    json!({
        "name": flow.name,
        "type": flow.kind.to_ascii_lowercase(),
        "description": flow.description,
        "initialSequence": id("start"),
        "nextTrackingNumber": 20 + doings.len(),
        "variables": [],
        "manifest": {},
        "flowSequenceItemList": [{
            "__type": "Task",
            "id": id("start"),
            "name": "Start",
            "trackingId": 1,
            "startAction": if start.is_empty() { id("end") } else { start },
            "actionList": actions,
        }],
    })
}

fn assignment(key: &str, template: &str) -> Value {
    // A value that differs from call to call comes from a variable of the flow, anything else is a literal.
    let value = if template.contains("%{") { reference(&format!("Flow.{}", word(key))) } else { literal(template) };
    json!({"variable": literal(key), "expression": value})
}

fn literal(text: &str) -> Value {
    let quoted = Value::String(text.to_owned()).to_string();
    json!({"text": quoted, "type": "str", "config": {"lit": {"text": text}}})
}

fn reference(name: &str) -> Value {
    json!({"text": name, "type": "str", "config": {"ref": name}, "metaData": {"references": [{"name": name}]}})
}

fn word(key: &str) -> String {
    key.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

/// A flow in the plain form of tutorials, made from what the stories set in it.
pub fn tutorial(world: &World, index: usize) -> Value {
    let flow = &world.scenario().flows[index];
    let mut actions = vec![json!({"id": "start", "type": "start", "name": "Start"})];
    for doing in doings(world.scenario(), index) {
        match doing {
            Doing::Set(name, values) => {
                for (key, value) in values {
                    let value = if value.contains("%{") { format!("{{{{flow.{}}}}}", word(&key)) } else { value };
                    let settings = json!({"key": key, "value": value});
                    actions.push(json!({"type": "setParticipantData", "name": name, "settings": settings}));
                }
            }
            Doing::Get(keys) => {
                for key in keys {
                    let settings = json!({"key": key, "variable": format!("Flow.{}", word(&key))});
                    actions.push(json!({"type": "getParticipantData", "name": "Get", "settings": settings}));
                }
            }
        }
    }
    actions.push(json!({"type": "disconnect", "name": "Disconnect"}));
    let last = actions.len() - 1;
    for (i, action) in actions.iter_mut().enumerate() {
        if i > 0 {
            action["id"] = json!(format!("action_{i}"));
        }
        if i < last {
            action["nextActionId"] = json!(format!("action_{}", i + 1));
        }
    }
    json!({
        "name": flow.name,
        "type": flow.kind.to_ascii_lowercase(),
        "startActionId": "start",
        "actions": actions,
    })
}
