//! Analytics queries over the conversations that are kept.

use serde_json::{Value, json};

use super::Ask;
use crate::sim::{
    render::analytics::{activity, details, in_queue, media_type, observation},
    reply::Reply,
    world::{Conversation, World},
};

/// Observations per metric; more are cut and marked `truncated`.
const MAX_OBSERVATIONS: usize = 100;

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let state = ask.app.lock();
    let world = &state.world;
    Ok(match (ask.method, segments) {
        ("POST", ["conversations", "details", "query"]) => {
            ask.need(&state, &["analytics:conversationDetail:view", "analytics:agentConversationDetail:view"])?;
            query(world, &ask.body()?)?
        }
        ("GET", ["conversations", id, "details"]) => {
            ask.need(&state, &["analytics:conversationDetail:view"])?;
            let found = uuid::Uuid::parse_str(id).ok().and_then(|id| world.conversation(id));
            Reply::ok(details(world, found.ok_or_else(|| Reply::status(404))?))
        }
        ("POST", ["queues", "observations", "query"]) => {
            ask.need(&state, &["analytics:queueObservation:view"])?;
            observations(world, &ask.body()?)?
        }
        ("POST", ["conversations", "activity", "query"]) => {
            ask.need(&state, &["analytics:queueObservation:view"])?;
            activities(ask, world, &ask.body()?)?
        }
        _ => return Err(Reply::status(404)),
    })
}

fn query(world: &World, body: &Value) -> Result<Reply, Reply> {
    let interval = body["interval"].as_str().and_then(interval).ok_or_else(|| {
        Reply::error(
            400,
            "bad.request",
            "interval is required, as in 2026-11-20T00:00:00.000Z/2026-11-21T00:00:00.000Z",
        )
    })?;
    let size = body["paging"]["pageSize"].as_u64().unwrap_or(25) as usize;
    let number = body["paging"]["pageNumber"].as_u64().unwrap_or(1) as usize;
    if !(1..=100).contains(&size) || number == 0 {
        return Err(Reply::error(400, "invalid.value", "pageSize lies between 1 and 100, pageNumber from 1"));
    }
    let filters = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let (by_conversation, by_segment) = (filters("conversationFilters"), filters("segmentFilters"));
    let wanted = |c: &&Conversation| {
        c.start < interval.1
            && c.end.is_none_or(|end| end >= interval.0)
            && by_conversation.iter().chain(&by_segment).all(|filter| fits(world, c, filter))
    };
    let mut found: Vec<&Conversation> = world.conversations().filter(wanted).collect();
    match body["orderBy"].as_str() {
        Some("conversationEnd") => found.sort_by_key(|c| c.end.unwrap_or(i64::MAX)),
        _ => found.sort_by_key(|c| c.start),
    }
    if body["order"].as_str() == Some("desc") {
        found.reverse();
    }
    let total = found.len();
    let page = found.into_iter().skip((number - 1).saturating_mul(size)).take(size);
    let conversations: Vec<Value> = page.map(|c| details(world, c)).collect();
    let mut out = json!({"totalHits": total});
    if !conversations.is_empty() {
        out["conversations"] = json!(conversations);
    }
    Ok(Reply::ok(out))
}

fn interval(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once('/')?;
    let read = |t: &str| t.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    Some((read(from)?, read(to)?))
}

/// Whether a conversation fits a filter of predicates and clauses, joined by and/or.
fn fits(world: &World, conversation: &Conversation, filter: &Value) -> bool {
    let list = |name: &str| filter[name].as_array().cloned().unwrap_or_default();
    let mut results: Vec<bool> = list("predicates").iter().map(|p| predicate(world, conversation, p)).collect();
    results.extend(list("clauses").iter().map(|clause| fits(world, conversation, clause)));
    if filter["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("or")) {
        results.is_empty() || results.contains(&true)
    } else {
        !results.contains(&false)
    }
}

fn predicate(world: &World, conversation: &Conversation, predicate: &Value) -> bool {
    let directory = world.directory();
    let people = &conversation.participants;
    let has: Vec<String> = match predicate["dimension"].as_str().unwrap_or_default() {
        "conversationEnd" => conversation.end.iter().map(i64::to_string).collect(),
        "conversationId" => vec![conversation.id.to_string()],
        "queueId" => conversation.queues.iter().map(|queue| directory.queues[*queue].to_string()).collect(),
        "userId" => conversation.users().map(|user| directory.users[user].to_string()).collect(),
        "flowId" => people.iter().filter_map(|p| p.flow).map(|flow| directory.flows[flow].to_string()).collect(),
        "flowName" => {
            people.iter().filter_map(|p| p.flow).map(|flow| world.scenario().flows[flow].name.clone()).collect()
        }
        "mediaType" => vec![media_type(conversation.media).to_owned()],
        "ani" | "addressFrom" => vec![conversation.from.clone()],
        "dnis" | "addressTo" => vec![conversation.to.clone()],
        "direction" | "originatingDirection" => vec!["inbound".to_owned()],
        "purpose" => people.iter().map(|p| p.purpose.clone()).collect(),
        "participantName" => people.iter().map(|p| p.name.clone()).collect(),
        "divisionId" => vec![directory.division.to_string()],
        _ => return false,
    };
    match predicate["operator"].as_str() {
        Some("exists") => !has.is_empty(),
        Some("notExists") => has.is_empty(),
        _ => predicate["value"].as_str().is_some_and(|value| has.iter().any(|h| h == value)),
    }
}

/// Ids of the queues that a filter names with `queueId` predicates; all if it names none.
fn queues_of(world: &World, filter: &Value) -> Vec<usize> {
    let mut ids = Vec::new();
    collect(filter, &mut ids);
    if ids.is_empty() {
        return (0..world.scenario().queues.len()).collect();
    }
    ids.iter().filter_map(|id| world.directory().queue(id)).collect()
}

fn collect(filter: &Value, ids: &mut Vec<String>) {
    for predicate in filter["predicates"].as_array().into_iter().flatten() {
        if predicate["dimension"] == "queueId" {
            ids.extend(predicate["value"].as_str().map(str::to_owned));
        }
    }
    filter["clauses"].as_array().into_iter().flatten().for_each(|clause| collect(clause, ids));
}

fn names<'a>(body: &'a Value, field: &str) -> Vec<&'a str> {
    body[field].as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn observations(world: &World, body: &Value) -> Result<Reply, Reply> {
    let metrics = names(body, "metrics");
    let detailed = names(body, "detailMetrics");
    if metrics.is_empty() || !body["filter"].is_object() {
        return Err(Reply::error(400, "bad.request", "filter and metrics are required"));
    }
    let mut results = Vec::new();
    for queue in queues_of(world, &body["filter"]) {
        for media in ["voice", "callback", "message", "email", "chat"] {
            let mut data = Vec::new();
            for metric in &metrics {
                let here: Vec<&Conversation> = world
                    .live()
                    .filter(|c| media_type(c.media) == media && in_queue(c, queue) == Some(metric))
                    .collect();
                if here.is_empty() {
                    continue;
                }
                let mut item = json!({"metric": metric, "stats": {"count": here.len()}});
                if detailed.contains(metric) {
                    let shown = here.iter().take(MAX_OBSERVATIONS).map(|c| observation(world, c));
                    item["observations"] = shown.collect();
                    item["truncated"] = json!(here.len() > MAX_OBSERVATIONS);
                }
                data.push(item);
            }
            if !data.is_empty() {
                let id = world.directory().queues[queue].to_string();
                results.push(json!({"group": {"queueId": id, "mediaType": media}, "data": data}));
            }
        }
    }
    Ok(Reply::ok(json!({"results": results})))
}

fn activities(ask: &Ask<'_>, world: &World, body: &Value) -> Result<Reply, Reply> {
    let (number, size) = ask.page(100)?;
    let metrics: Vec<String> = body["metrics"]
        .as_array()
        .map(|list| list.iter().filter_map(|m| m["metric"].as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    if metrics.is_empty() {
        return Err(Reply::error(400, "bad.request", "metrics are required"));
    }
    let queues = queues_of(world, &body["filter"]);
    let mut data = Vec::new();
    let mut entities = Vec::new();
    for metric in &metrics {
        let here: Vec<&Conversation> =
            world.live().filter(|c| queues.iter().any(|q| in_queue(c, *q) == Some(metric.as_str()))).collect();
        data.push(json!({"metric": metric, "count": here.len()}));
        entities.extend(here.iter().map(|c| activity(world, c, metric)));
    }
    let total = entities.len();
    let page: Vec<Value> = entities.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    let truncated = number.saturating_mul(size) < total;
    Ok(Reply::ok(json!({
        "results": [{"group": {}, "data": data, "truncated": truncated, "entities": page}],
        "entityIdDimension": "conversationId",
    })))
}
