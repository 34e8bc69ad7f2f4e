//! Execution data: settings, the query, jobs, and the document behind a signed address.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};
use uuid::Uuid;

use super::Ask;
use crate::sim::{
    execution::{Instance, MAX_RESULTS},
    ids::{iso, uuid},
    render::catalog::page,
    reply::Reply,
    shared::{App, SharedState},
    world::World,
};

/// Ids of one job at most. The platform gives no number.
const MAX_IDS: usize = 100;

/// Criteria that the simulator can judge; the platform knows more.
const CRITERIA: &[(&str, &str)] = &[
    ("FlowStartDateTime", "dateTime"),
    ("FlowEndDateTime", "dateTime"),
    ("ConversationId", "guid"),
    ("FlowType", "string"),
    ("FlowId", "guid"),
    ("FlowActionId", "guid"),
    ("FlowActionIdOutputPathId", "string"),
];

/// Switches of a log level, with the first level that has each on.
const SWITCHES: [(&str, usize); 8] = [
    ("executionItems", 1),
    ("executionInputOutputs", 4),
    ("communications", 3),
    ("eventError", 1),
    ("eventWarning", 1),
    ("eventOther", 1),
    ("variables", 2),
    ("names", 1),
];

const LEVELS: [&str; 5] = ["Disabled", "Base", "Notes", "VerboseNotes", "All"];

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let mut state = ask.app.lock();
    Ok(match (ask.method, segments) {
        ("GET", ["instances", "settings", "executiondata"]) => {
            ask.need(&state, &["architect:flowinstanceexecutiondata:view"])?;
            let enabled = !state.faults.execution(ask.app.elapsed()).off;
            Reply::ok(json!({"id": "executiondata", "enabled": enabled, "dateModified": modified(&state.world),
                "selfUri": "/api/v2/flows/instances/settings/executiondata"}))
        }
        ("GET", ["instances", "settings", "loglevels", "default"]) => {
            ask.need(&state, &["architect:flowLogLevelDefault:view"])?;
            Reply::ok(json!({"logLevelCharacteristics": level(4), "dateModified": modified(&state.world),
                "selfUri": "/api/v2/flows/instances/settings/loglevels/default"}))
        }
        ("GET", ["instances", "settings", "loglevels", "characteristics"]) => {
            ask.need(&state, &["architect:flowLogLevel:view", "architect:flowLogLevelDefault:view"])?;
            let switches = SWITCHES.iter().map(|(name, from)| json!({"id": name, "minimumLevel": LEVELS[*from]}));
            let levels: Vec<Value> = (0..LEVELS.len()).map(level).collect();
            Reply::ok(json!({"logLevels": levels, "characteristics": switches.collect::<Vec<_>>()}))
        }
        ("GET", ["instances", "settings", "loglevels"]) => {
            ask.need(&state, &["architect:flowLogLevel:view"])?;
            ask.need(&state, &["architect:flow:search"])?;
            let (number, size) = ask.page(100)?;
            // No flow has a level of its own: the default applies to all.
            Reply::ok(page(Vec::new(), number, size, ask.path))
        }
        ("GET", [id, "instances", "settings", "loglevels"]) => {
            ask.need(&state, &["architect:flowLogLevel:view"])?;
            let missing = || Reply::error(404, "architect.flow.not.found", "Could not find a flow with the given id.");
            let index = state.world.directory().flow(id).ok_or_else(missing)?;
            let flow = &state.world.scenario().flows[index];
            Reply::ok(json!({"id": id, "name": flow.name, "type": flow.kind.to_lowercase(),
                "logLevelCharacteristics": level(4), "dateModified": modified(&state.world),
                "selfUri": format!("/api/v2/flows/{id}/instances/settings/loglevels")}))
        }
        ("GET", ["instances", "querycapabilities"]) => {
            ask.need(&state, &["architect:flowInstance:search"])?;
            let criteria = CRITERIA.iter().map(|(key, kind)| {
                let operators: &[&str] = if *kind == "dateTime" { &["gt", "gte", "lt", "lte"] } else { &["eq"] };
                json!({"criteriaKey": key, "dataType": kind, "operators": operators})
            });
            Reply::ok(json!({"criteria": criteria.collect::<Vec<_>>()}))
        }
        ("POST", ["instances", "query"]) => {
            ask.need(&state, &["architect:flowInstance:search"])?;
            query(ask, &state, &ask.body()?)?
        }
        ("POST", ["instances", "jobs"]) => {
            ask.need(&state, &["architect:flowInstance:view"])?;
            start(&mut state, &ask.body()?)?
        }
        ("GET", ["instances", "jobs", id]) => {
            ask.need(&state, &["architect:flowInstance:view"])?;
            let id = Uuid::parse_str(id).map_err(|_| Reply::status(404))?;
            let ids = state.executions.job(id).ok_or_else(|| Reply::status(404))?.to_vec();
            result(ask, &state, id, &ids)
        }
        ("GET", ["instances", id]) => {
            ask.need(&state, &["architect:flowInstance:view"])?;
            let id = Uuid::parse_str(id).map_err(|_| Reply::status(404))?;
            state.executions.get(id, ask.now).ok_or_else(|| Reply::status(404))?;
            result(ask, &state, id, &[id])
        }
        _ => return Err(Reply::status(404)),
    })
}

fn modified(world: &World) -> String {
    iso(world.published_at(0, 0))
}

fn level(number: usize) -> Value {
    let switches = SWITCHES.iter().map(|(name, from)| ((*name).to_owned(), json!(number >= *from)));
    json!({"level": LEVELS[number], "characteristics": switches.collect::<serde_json::Map<_, _>>()})
}

fn bad(message: impl Into<String>) -> Reply {
    Reply::error(400, "bad.request", message)
}

/// Whether a run meets one criterion.
fn meets(world: &World, instance: &Instance, item: &Value) -> Result<bool, Reply> {
    let (key, operator) = (item["key"].as_str().unwrap_or_default(), item["operator"].as_str().unwrap_or_default());
    let value = item["value"].as_str().ok_or_else(|| bad("a criterion has a value"))?;
    if !CRITERIA.iter().any(|(known, _)| *known == key) {
        return Err(bad(format!("the simulator cannot judge the criterion [{key}]")));
    }
    let entity = instance.entity(world);
    let text = |name: &str| entity[name].as_str().unwrap_or_default().to_owned();
    if key.ends_with("DateTime") {
        let wrong = || bad(format!("[{value}] is not a date"));
        let wanted = value.parse().map(jiff::Timestamp::as_millisecond).map_err(|_| wrong())?;
        let is = if key == "FlowStartDateTime" { instance.run.start } else { instance.run.end };
        return Ok(match operator {
            "gt" => is > wanted,
            "gte" => is >= wanted,
            "lt" => is < wanted,
            "lte" => is <= wanted,
            _ => return Err(bad(format!("operator [{operator}] does not go with [{key}]"))),
        });
    }
    if operator != "eq" {
        return Err(bad(format!("operator [{operator}] does not go with [{key}]")));
    }
    Ok(match key {
        "ConversationId" => text("conversationId") == value,
        "FlowType" => text("flowType") == value.to_lowercase(),
        "FlowId" => text("flowId") == value,
        "FlowActionId" => instance.actions(world).iter().any(|(id, _)| id == value),
        _ => instance
            .actions(world)
            .iter()
            .any(|(id, output)| output.as_ref().is_some_and(|o| format!("{id}{o}") == value)),
    })
}

fn query(ask: &Ask<'_>, state: &SharedState, body: &Value) -> Result<Reply, Reply> {
    let groups = body["query"].as_array().ok_or_else(|| bad("query is required"))?;
    ask.refuse(&["indexOnly"])?;
    let size = match ask.query.get("pageSize") {
        None => 50,
        Some(text) => text.parse::<usize>().ok().filter(|n| (1..=MAX_RESULTS).contains(n)).ok_or_else(|| {
            bad(format!("Value [{text}] is not valid for field type [pageSize]. Allowable values are: 1-{MAX_RESULTS}"))
        })?,
    };
    let mut found = Vec::new();
    if !state.faults.execution(ask.app.elapsed()).off {
        'instances: for instance in state.executions.visible(ask.now) {
            for group in groups {
                if !holds(&state.world, instance, group)? {
                    continue 'instances;
                }
            }
            found.push(instance.entity(&state.world));
        }
    }
    let total = found.len().min(MAX_RESULTS);
    let entities: Vec<Value> = found.into_iter().take(size).collect();
    // There is no next page.
    Ok(Reply::ok(json!({"entities": entities, "pageSize": size, "pageNumber": 1, "total": total, "pageCount": 1})))
}

fn holds(world: &World, instance: &Instance, group: &Value) -> Result<bool, Reply> {
    let list = |name: &str| group[name].as_array().map(Vec::as_slice).unwrap_or_default();
    if group["criteria"].is_object() {
        return meets(world, instance, &group["criteria"]);
    }
    for item in list("and") {
        if !meets(world, instance, item)? {
            return Ok(false);
        }
    }
    for item in list("not") {
        if meets(world, instance, item)? {
            return Ok(false);
        }
    }
    let any = list("or");
    let mut one = any.is_empty();
    for item in any {
        one |= meets(world, instance, item)?;
    }
    Ok(one)
}

fn start(state: &mut SharedState, body: &Value) -> Result<Reply, Reply> {
    let ids = body["ids"].as_array().filter(|ids| (1..=MAX_IDS).contains(&ids.len()));
    let ids = ids.ok_or_else(|| bad(format!("ids is required, at most {MAX_IDS} of them")))?;
    let read = |id: &Value| id.as_str().and_then(|id| Uuid::parse_str(id).ok());
    let ids = ids.iter().map(read).collect::<Option<Vec<_>>>().ok_or_else(|| bad("an id is not a UUID"))?;
    let id = uuid(&mut state.rng);
    state.executions.start(id, ids);
    Ok(Reply::ok(json!({"id": id.to_string(), "entities": [], "jobState": "Running",
        "selfUri": format!("/api/v2/flows/instances/jobs/{id}")})))
}

fn result(ask: &Ask<'_>, state: &SharedState, job: Uuid, ids: &[Uuid]) -> Reply {
    let host = ask.host.as_deref().unwrap_or(&ask.app.base);
    let entities = ids.iter().map(|id| match state.executions.get(*id, ask.now) {
        Some(_) => json!({"id": id.to_string(), "downloadUri": state.document_address(host, *id), "failed": false,
            "statusCode": "200"}),
        None => json!({"id": id.to_string(), "failed": true, "statusCode": "404"}),
    });
    Reply::ok(json!({"id": job.to_string(), "entities": entities.collect::<Vec<_>>(), "jobState": "Success",
        "selfUri": format!("/api/v2/flows/instances/jobs/{job}")}))
}

/// `GET /renderedExecutionData/{id}/renderedData.json`: no token, the signature is enough.
pub(super) fn download(app: &Arc<App>, path: &str, query: &HashMap<String, String>) -> Reply {
    let id = path.strip_prefix("/renderedExecutionData/").and_then(|rest| rest.strip_suffix("/renderedData.json"));
    let state = app.lock();
    let Some(id) = id.and_then(|id| Uuid::parse_str(id).ok()) else { return Reply::status(404) };
    if query.get("Signature").is_none_or(|given| *given != state.signature(id)) {
        return Reply::status(403);
    }
    let truncated = state.faults.execution(app.elapsed()).truncated;
    match state.executions.get(id, app.now()) {
        Some(instance) => Reply::ok(instance.document(&state.world, truncated)),
        None => Reply::status(404),
    }
}
