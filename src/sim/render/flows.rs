//! Flows, their versions and their configurations.

use serde_json::{Value, json};

use crate::sim::{
    architect::{self, Meta, Plan},
    ids::iso,
    scenario::{Act, Scenario, WrittenBy},
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
        "publishedVersion": version(world, index, world.published(index)),
        "savedVersion": version(world, index, world.published(index)),
        "checkedInVersion": version(world, index, world.published(index)),
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
                Act::Set(writing) if inside && writing.by == WrittenBy::Flow => {
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

/// The configuration of a version of a flow: of its definition, or of what the stories set in it.
pub fn configuration(world: &World, index: usize, version: usize) -> Value {
    let flow = &world.scenario().flows[index];
    let directory = world.directory();
    let position = |name: &str| world.scenario().queues.iter().position(|queue| queue.name == name);
    let queue = |name: &str| position(name).map(|at| directory.queues[at]);
    let meta = Meta {
        id: directory.flows[index],
        name: &flow.name,
        description: &flow.description,
        kind: &flow.kind,
        queue: &queue,
    };
    let made = || tutorial(world, index);
    let definition = flow.definition.clone().unwrap_or_else(made);
    architect::configuration(&Plan::without(&definition, &flow.versions[version].loses), &meta)
}

/// A version of a flow (model FlowVersion).
pub fn version(world: &World, index: usize, number: usize) -> Value {
    let version = &world.scenario().flows[index].versions[number];
    let id = world.directory().flows[index].to_string();
    let published = world.published_at(index, number);
    let mut out = json!({
        "id": version.id,
        "name": version.id,
        "commitVersion": version.id,
        "configurationVersion": version.id,
        "type": "PUBLISH",
        "secure": false,
        "debug": false,
        "configurationUri": format!("/api/v2/flows/{id}/versions/{}/configuration", version.id),
        "dateCreated": published,
        "dateCheckedIn": published,
        "dateSaved": published,
        "datePublished": iso(published),
        "supportedLanguages": [{"language": "en-us", "isDefault": true}],
        "selfUri": format!("/api/v2/flows/{id}/versions/{}", version.id),
    });
    if number < world.published(index) {
        out["datePublishedEnd"] = json!(iso(world.published_at(index, number + 1)));
    }
    out
}

/// The body of `v2.flows.{id}` after a version was published.
pub fn published(world: &World, index: usize) -> Value {
    let flow = &world.scenario().flows[index];
    let version = &flow.versions[world.published(index)];
    let short = json!({"id": version.id});
    json!({
        "id": world.directory().flows[index].to_string(),
        "name": flow.name,
        "description": flow.description,
        "deleted": false,
        "checkedInVersion": short,
        "savedVersion": short,
        "publishedVersion": short,
    })
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
