//! Conversation details: the query, several by id, and asynchronous jobs, which alone carry attributes.

use serde_json::{Value, json};

use super::{
    super::Ask,
    check::{self, bad},
    filter,
};
use crate::sim::{
    ids::{iso, uuid},
    jobs::{Jobs, QueryJob},
    render::analytics,
    reply::Reply,
    shared::SharedState,
    world::{Conversation, World},
};

/// Ids of one request at most.
const MAX_IDS: usize = 100;
/// Members that the query and the job have in common.
const COMMON: &[&str] = &[
    "conversationFilters",
    "segmentFilters",
    "evaluationFilters",
    "surveyFilters",
    "resolutionFilters",
    "order",
    "orderBy",
    "interval",
];

/// The conversations that a body asks for, in its order. `more`: what it may have beside [`COMMON`].
fn found<'a>(world: &'a World, body: &Value, more: &[&str]) -> Result<Vec<&'a Conversation>, Reply> {
    check::members(body, "the query", &[COMMON, more].concat())?;
    let interval = check::interval(body)?;
    check::one_of(body, "order", &["asc", "desc", "unordered"])?;
    check::one_of(body, "orderBy", &["conversationStart", "conversationEnd", "segmentStart", "segmentEnd"])?;
    for name in ["evaluationFilters", "surveyFilters", "resolutionFilters", "aggregations"] {
        if !check::filters(body, name)?.is_empty() {
            return Err(bad(format!("the simulator has nothing for [{name}]")));
        }
    }
    let (conversation, segment) =
        (check::filters(body, "conversationFilters")?, check::filters(body, "segmentFilters")?);
    conversation.iter().try_for_each(|filter| check::filter(filter, &[check::CONVERSATION]))?;
    segment.iter().try_for_each(|filter| check::filter(filter, &[check::SEGMENT]))?;
    let wanted = |c: &&Conversation| {
        c.start < interval.1
            && c.end.is_none_or(|end| end >= interval.0)
            && conversation.iter().all(|filter| filter::conversation(world, c, filter))
            && segment.iter().all(|filter| filter::any_segment(world, c, filter))
    };
    let mut found: Vec<&Conversation> = world.conversations().filter(wanted).collect();
    match body["orderBy"].as_str() {
        Some("conversationEnd" | "segmentEnd") => found.sort_by_key(|c| c.end.unwrap_or(i64::MAX)),
        _ => found.sort_by_key(|c| c.start),
    }
    if body["order"] == "desc" {
        found.reverse();
    }
    Ok(found)
}

/// `POST …/details/query`.
pub fn query(world: &World, body: &Value) -> Result<Reply, Reply> {
    let paging = &body["paging"];
    if !paging.is_null() {
        check::members(paging, "paging", &["pageSize", "pageNumber"])?;
    }
    let number = |name: &str, default: u64| match &paging[name] {
        Value::Null => Some(default),
        value => value.as_u64(),
    };
    let (size, page) = (number("pageSize", 25), number("pageNumber", 1));
    let (Some(size @ 1..=100), Some(page @ 1..)) = (size, page) else {
        return Err(bad("pageSize lies between 1 and 100, pageNumber from 1"));
    };
    let found = found(world, body, &["aggregations", "paging"])?;
    let total = found.len();
    let (size, page) = (size as usize, page as usize);
    let shown = found.into_iter().skip((page - 1).saturating_mul(size)).take(size);
    let conversations: Vec<Value> = shown.map(|c| analytics::details(world, c)).collect();
    let mut out = json!({"totalHits": total});
    if !conversations.is_empty() {
        out["conversations"] = json!(conversations);
    }
    Ok(Reply::ok(out))
}

/// `GET …/details?id=…`: several at once; ids that nobody has are left out.
pub fn several(world: &World, ids: &[String]) -> Result<Reply, Reply> {
    if ids.is_empty() || ids.len() > MAX_IDS {
        return Err(bad(format!("id is required, at most {MAX_IDS} of them")));
    }
    let known = |id: &String| uuid::Uuid::parse_str(id).ok().and_then(|id| world.conversation(id));
    let conversations: Vec<Value> = ids.iter().filter_map(known).map(|c| analytics::details(world, c)).collect();
    Ok(Reply::ok(json!({"conversations": conversations})))
}

/// `POST …/details/jobs`.
pub fn start(state: &mut SharedState, body: &Value, now: i64) -> Result<Reply, Reply> {
    let limit = match &body["limit"] {
        Value::Null => usize::MAX,
        value => value.as_u64().filter(|n| *n > 0).ok_or_else(|| bad("limit is a number above 0"))? as usize,
    };
    let found = found(&state.world, body, &["limit", "startOfDayIntervalMatching"])?;
    let conversations = found.into_iter().take(limit).map(|c| analytics::with_attributes(&state.world, c)).collect();
    let id = uuid(&mut state.rng).to_string();
    state.jobs.add(QueryJob { id: id.clone(), submitted: now, conversations });
    Ok(Reply::with(hyper::StatusCode::ACCEPTED, Some(json!({"jobId": id}))))
}

/// `GET …/details/jobs/{id}`.
pub fn status(jobs: &Jobs, id: &str) -> Result<Reply, Reply> {
    let job = jobs.get(id).ok_or_else(|| Reply::status(404))?;
    Ok(Reply::ok(json!({
        "state": "FULFILLED",
        "submissionDate": iso(job.submitted),
        "completionDate": iso(job.submitted),
        "expirationDate": iso(job.submitted + 86_400_000),
    })))
}

/// `GET …/details/jobs/{id}/results`.
pub fn results(ask: &Ask<'_>, jobs: &Jobs, id: &str) -> Result<Reply, Reply> {
    let job = jobs.get(id).ok_or_else(|| Reply::status(404))?;
    let (_, size) = ask.page(10_000)?;
    let from = match ask.query.get("cursor") {
        None => 0,
        Some(cursor) => {
            cursor.parse::<usize>().map_err(|_| bad(format!("cursor [{cursor}] is not one of this job's")))?
        }
    };
    let to = from.saturating_add(size).min(job.conversations.len());
    let page = job.conversations.get(from..to).unwrap_or_default();
    let mut out = json!({"conversations": page, "dataAvailabilityDate": iso(job.submitted)});
    if to < job.conversations.len() {
        out["cursor"] = json!(to.to_string());
    }
    Ok(Reply::ok(out))
}
