//! Flows: the list, one of them, its configuration.

use serde_json::{Value, json};

use super::{Ask, catalog::matches};
use crate::sim::{
    render::{catalog::page, flows},
    reply::Reply,
};

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    if ask.app.options.tutorial_routes
        && let Some(answer) = super::tutorial::route(ask, segments)
    {
        return answer;
    }
    let state = ask.app.lock();
    let world = &state.world;
    let missing = || Reply::error(404, "architect.flow.not.found", "Could not find a flow with the given id.");
    let view = || ask.need(&state, &["architect:flow:view"]);
    match (ask.method, segments) {
        ("GET", [] | ["divisionviews"]) => {
            if segments.is_empty() {
                view()?;
            } else {
                ask.need(&state, &["architect:flow:search"])?;
            }
            let (number, size) = ask.page(100)?;
            let text = |name: &str| ask.query.get(name).map(String::as_str);
            let kinds: Option<Vec<String>> = text("type").map(|t| t.split(',').map(str::to_uppercase).collect());
            let ids: Option<Vec<&str>> = text("id").map(|ids| ids.split(',').collect());
            let mut entities: Vec<Value> = (0..world.scenario().flows.len())
                .filter(|index| {
                    let flow = &world.scenario().flows[*index];
                    let id = world.directory().flows[*index].to_string();
                    kinds.as_ref().is_none_or(|kinds| kinds.contains(&flow.kind))
                        && ids.as_ref().is_none_or(|ids| ids.contains(&id.as_str()))
                        && text("name").is_none_or(|pattern| matches(pattern, &flow.name))
                })
                .map(|index| flows::flow(world, index))
                .collect();
            if text("sortBy") == Some("name") {
                entities.sort_by_key(|flow| flow["name"].as_str().unwrap_or_default().to_lowercase());
            } else {
                entities.sort_by_key(|flow| flow["id"].as_str().unwrap_or_default().to_owned());
            }
            if text("sortOrder").is_some_and(|order| order.starts_with("desc")) {
                entities.reverse();
            }
            if !segments.is_empty() {
                entities.iter_mut().for_each(division_view);
            }
            Ok(Reply::ok(page(entities, number, size, ask.path)))
        }
        ("GET", [id]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            Ok(Reply::ok(flows::flow(world, index)))
        }
        ("GET", [id, "latestconfiguration"] | [id, "versions", "1.0", "configuration"]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            Ok(Reply::ok(flows::configuration(world, index)))
        }
        ("GET", [id, "versions"]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            let version = flows::flow(world, index)["publishedVersion"].clone();
            Ok(Reply::ok(page(vec![version], 1, 25, ask.path)))
        }
        _ => Err(Reply::status(404)),
    }
}

/// Leaves what the smaller model of `divisionviews` has.
fn division_view(flow: &mut Value) {
    let mut small = json!({});
    for field in ["id", "name", "division", "type", "description", "publishedVersion", "selfUri"] {
        small[field] = flow[field].clone();
    }
    *flow = small;
}
