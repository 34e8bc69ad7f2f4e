//! What is going on now: observations and activity, of queues and of flows.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{
    super::Ask,
    check::{self, bad},
    filter::{self, Segment},
};
use crate::sim::{
    render::analytics::{activity, flow_activity as entity, in_queue, observation},
    reply::Reply,
    world::{Conversation, Participant, World},
};

type Group = BTreeMap<String, String>;

/// The dimensions to group by, and each metric with whether details are wanted.
type Asked = (Vec<String>, Vec<(String, bool)>);

/// The first dimension values of a segment for each of the names.
fn group_of(segment: Segment<'_>, by: &[String]) -> Group {
    by.iter().filter_map(|name| Some((name.clone(), segment.values(name).into_iter().next()?))).collect()
}

/// Live segments with the metric that counts them.
fn in_queues<'a>(world: &'a World, metrics: &[String]) -> Vec<(String, Segment<'a>)> {
    let mut found = Vec::new();
    for conversation in world.live() {
        for queue in conversation.queues_now() {
            let Some(metric) = in_queue(conversation, queue) else { continue };
            let here = |p: &&Participant| p.is_live() && p.queue == Some(queue) && p.purpose != "customer";
            let agent = conversation.participants.iter().rev().filter(here).find(|p| p.connected.is_some());
            let Some(participant) = agent.or_else(|| conversation.participants.iter().rev().find(here)) else {
                continue;
            };
            if metrics.iter().any(|wanted| wanted == metric) {
                found.push((metric.to_owned(), Segment { world, conversation, participant }));
            }
        }
    }
    found
}

/// Live segments of running flows.
fn in_flows(world: &World) -> impl Iterator<Item = Segment<'_>> {
    world.live().filter_map(move |conversation| {
        let participant = conversation.running_flow()?;
        Some(Segment { world, conversation, participant })
    })
}

/// The oldest and the newest of a list that is too long, and whether it was.
fn cut<T>(mut list: Vec<T>, most: usize) -> (Vec<T>, bool) {
    if list.len() <= most {
        return (list, false);
    }
    let newest = list.split_off(list.len() - most / 2);
    list.truncate(most - most / 2);
    list.extend(newest);
    (list, true)
}

/// Results of an observation query: for each group and metric a number, and details where they were asked for.
fn observations(
    segments: Vec<(String, Segment<'_>)>,
    by: &[&str],
    detailed: &[String],
    most: usize,
    show: &dyn Fn(Segment<'_>) -> Value,
) -> Value {
    let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
    let mut groups: IndexMap<Group, IndexMap<String, Vec<Segment<'_>>>> = IndexMap::new();
    for (metric, segment) in segments {
        groups.entry(group_of(segment, &by)).or_default().entry(metric).or_default().push(segment);
    }
    let results = groups.into_iter().map(|(group, metrics)| {
        let data = metrics.into_iter().map(|(metric, here)| {
            let mut item = json!({"metric": metric, "stats": {"count": here.len()}});
            if detailed.contains(&metric) {
                let (shown, truncated) = cut(here, most);
                item["observations"] = shown.into_iter().map(show).collect();
                item["truncated"] = json!(truncated);
            }
            item
        });
        json!({"group": group, "data": data.collect::<Vec<_>>()})
    });
    json!({"results": results.collect::<Vec<_>>()})
}

fn observed(body: &Value, dimensions: &[&str], metrics: &[&str]) -> Result<(Vec<String>, Vec<String>), Reply> {
    check::members(body, "the query", &["filter", "metrics", "detailMetrics"])?;
    if body["filter"].is_null() {
        return Err(bad("filter is required"));
    }
    check::filter(&body["filter"], &[dimensions])?;
    let wanted = check::list_of(body, "metrics", metrics)?;
    if wanted.is_empty() {
        return Err(bad("metrics is required"));
    }
    Ok((wanted, check::list_of(body, "detailMetrics", metrics)?))
}

/// `POST /api/v2/analytics/queues/observations/query`.
pub fn queue_observations(ask: &Ask<'_>, world: &World, body: &Value) -> Result<Reply, Reply> {
    let (metrics, detailed) = observed(body, check::QUEUE_OBSERVATION, check::QUEUE_METRICS)?;
    let mut segments = in_queues(world, &metrics);
    segments.retain(|(_, segment)| filter::segment(*segment, &body["filter"]));
    let show = |segment: Segment<'_>| observation(world, segment.conversation);
    let most = ask.app.options.tuning.observations;
    Ok(Reply::ok(observations(segments, &["queueId", "mediaType"], &detailed, most, &show)))
}

/// `POST /api/v2/analytics/flows/observations/query`.
pub fn flow_observations(ask: &Ask<'_>, world: &World, body: &Value) -> Result<Reply, Reply> {
    let (_, detailed) = observed(body, check::FLOW_OBSERVATION, check::FLOW_METRICS)?;
    let segments = in_flows(world).filter(|segment| filter::segment(*segment, &body["filter"]));
    let segments = segments.map(|segment| ("oFlow".to_owned(), segment)).collect();
    let show = |segment: Segment<'_>| observation(world, segment.conversation);
    let most = ask.app.options.tuning.observations;
    Ok(Reply::ok(observations(segments, &["flowId", "mediaType"], &detailed, most, &show)))
}

/// An activity query, checked: the groups it asks for and which metrics with details.
fn asked(body: &Value, dimensions: &[&[&str]], metrics: &[&str]) -> Result<Asked, Reply> {
    check::members(body, "the query", &["metrics", "groupBy", "filter", "order"])?;
    let metrics = check::metrics(body, metrics)?;
    if !body["groupBy"].is_array() {
        return Err(bad("groupBy is required"));
    }
    let by = check::list_of(body, "groupBy", &dimensions.concat())?;
    check::one_of(body, "order", &["asc", "desc", "unordered"])?;
    if !body["filter"].is_null() {
        check::filter(&body["filter"], dimensions)?;
    }
    Ok((by, metrics))
}

/// Results of an activity query: each group with its numbers, and the entities of a page where details were asked for.
fn activities(
    ask: &Ask<'_>,
    body: &Value,
    by: &[String],
    metrics: &[(String, bool)],
    segments: Vec<(String, Segment<'_>)>,
    show: &dyn Fn(&str, Segment<'_>) -> Value,
) -> Result<Reply, Reply> {
    let (number, size) = ask.page(100)?;
    let mut groups: BTreeMap<Group, Vec<(String, Segment<'_>)>> = BTreeMap::new();
    for (metric, segment) in segments {
        groups.entry(group_of(segment, by)).or_default().push((metric, segment));
    }
    let mut results = Vec::new();
    for (group, here) in groups {
        let data: Vec<Value> = metrics
            .iter()
            .map(|(metric, details)| {
                let of: Vec<&Conversation> =
                    here.iter().filter(|(m, _)| m == metric).map(|(_, s)| s.conversation).collect();
                let mut item = json!({"metric": metric, "count": of.len()});
                if *details {
                    item["entityIds"] = of.iter().take(size).map(|c| json!(c.id.to_string())).collect();
                }
                item
            })
            .collect();
        let detailed: Vec<_> =
            here.into_iter().filter(|(metric, _)| metrics.iter().any(|(m, details)| m == metric && *details)).collect();
        let (detailed, mut truncated) = cut(detailed, ask.app.options.tuning.observations);
        let from = (number - 1).saturating_mul(size);
        truncated |= detailed.len() > from.saturating_add(size);
        let page = detailed.into_iter().skip(from).take(size);
        let mut result = json!({"group": group, "data": data, "truncated": truncated});
        if metrics.iter().any(|(_, details)| *details) {
            result["entities"] = page.map(|(metric, segment)| show(&metric, segment)).collect();
        }
        results.push(result);
    }
    if body["order"] == "desc" {
        results.reverse();
    }
    Ok(Reply::ok(json!({"results": results, "entityIdDimension": "conversationId"})))
}

/// `POST /api/v2/analytics/conversations/activity/query`.
pub fn conversation_activity(ask: &Ask<'_>, world: &World, body: &Value) -> Result<Reply, Reply> {
    let (by, metrics) = asked(body, &[check::ACTIVITY], check::ACTIVITY_METRICS)?;
    let names: Vec<String> = metrics.iter().map(|(name, _)| name.clone()).collect();
    let mut segments = in_queues(world, &names);
    segments.retain(|(_, segment)| filter::segment(*segment, &body["filter"]));
    activities(ask, body, &by, &metrics, segments, &|metric, segment| activity(world, segment.conversation, metric))
}

/// `POST /api/v2/analytics/flows/activity/query`: the live calls of flows.
pub fn flow_activity(ask: &Ask<'_>, world: &World, body: &Value) -> Result<Reply, Reply> {
    let (by, metrics) = asked(body, &[check::ACTIVITY, check::FLOW_ACTIVITY], check::FLOW_METRICS)?;
    let segments = in_flows(world).filter(|segment| filter::segment(*segment, &body["filter"]));
    let segments = segments.map(|segment| ("oFlow".to_owned(), segment)).collect();
    activities(ask, body, &by, &metrics, segments, &|_, segment| {
        entity(world, segment.conversation, segment.participant)
    })
}
