//! Finding the live calls of flows (api-facts 4), whatever the organisation's size. First choice is the flow activity query:
//! one request for all watched flows. Where it may not or cannot be asked: the flow observations query, then the details
//! query with the flows as a segment filter. For every flow there is only the details query.

use super::{
    Client, Error, ErrorKind,
    client::{PAGE_SIZE, Priority},
    discover::Discovered,
    wire::rest::FlowActivity,
};
use crate::domain::{ConversationId, FlowFact, FlowId, FlowRun, FlowSource};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;

/// Pages of one query that are looked through at most.
const PAGES: u32 = 10;
/// How far back active calls are looked for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// Each call once.
    pub calls: Vec<ConversationId>,
    /// Which flows they are in.
    pub facts: Vec<FlowFact>,
    /// Requests that it took.
    pub requests: u32,
    /// Flows of which there are more calls than could be listed.
    pub cut: Vec<FlowId>,
}

impl Listed {
    fn add(&mut self, facts: impl IntoIterator<Item = FlowFact>) {
        for fact in facts {
            if !self.calls.contains(&fact.conversation) {
                self.calls.push(fact.conversation.clone());
            }
            self.facts.push(fact);
        }
    }
}

/// Which of the queries are worth asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    no_activity: bool,
    no_observations: bool,
}

/// It will not be answered, now or later.
fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Permission { .. } | ErrorKind::NotFound | ErrorKind::Rejected)
}

/// The calls that are in one of the flows now.
///
/// # Errors
/// Of the last query that was tried.
pub(super) async fn now(client: &Client, found: &Discovered, ways: &mut Ways) -> Result<Listed, Error> {
    if found.all_flows {
        return ever(client, found).await;
    }
    let flows: Vec<FlowId> = found.flows.iter().map(|(id, _)| id.clone()).collect();
    if !ways.no_activity {
        match by_activity(client, &flows).await {
            Err(error) if is_refused(&error) => {
                tracing::info!(%error, "the flow activity query is not used");
                ways.no_activity = true;
            }
            other => return other,
        }
    }
    if !ways.no_observations {
        match by_observations(client, &flows).await {
            Err(error) if is_refused(&error) => ways.no_observations = true,
            other => return other,
        }
    }
    ever(client, found).await
}

/// The live calls that are or were in one of the flows.
///
/// # Errors
/// As for any request.
pub(super) async fn ever(client: &Client, found: &Discovered) -> Result<Listed, Error> {
    let flows: Vec<FlowId> = found.flows.iter().map(|(id, _)| id.clone()).collect();
    let filter: &[FlowId] = if found.all_flows { &[] } else { &flows };
    let mut listed = Listed::default();
    let mut seen = FxHashSet::default();
    for page in 1..=PAGES {
        let now = client.clock().now().wall;
        let details = client.active_details(interval(now), filter, page, Priority::Background).await?;
        listed.requests += 1;
        for call in details.conversations.iter().filter(|call| call.conversation_end.is_none()) {
            let facts: Vec<FlowFact> = call.flows().collect();
            let wanted = found.all_flows || facts.iter().any(|fact| filter.contains(&fact.run.id));
            if wanted && seen.insert(call.conversation_id.clone()) {
                listed.calls.push(ConversationId::new(call.conversation_id.as_str()));
                listed.facts.extend(facts);
            }
        }
        if details.conversations.len() < PAGE_SIZE as usize {
            return Ok(listed);
        }
    }
    listed.cut = flows;
    Ok(listed)
}

async fn by_activity(client: &Client, flows: &[FlowId]) -> Result<Listed, Error> {
    let mut listed = Listed { requests: 1, ..Listed::default() };
    let answer = client.flow_activity(flows, 1).await?;
    let mut more = in_activity(&answer, &mut listed);
    // A list that was cut is asked for by itself, page by page.
    for page in 1..=PAGES {
        if more.is_empty() {
            break;
        }
        let answer = client.flow_activity(&more, page).await?;
        listed.requests += 1;
        more = in_activity(&answer, &mut listed);
    }
    listed.cut = more;
    Ok(listed)
}

/// Takes over the calls of an answer. The flows whose lists are cut.
fn in_activity(answer: &FlowActivity, listed: &mut Listed) -> Vec<FlowId> {
    let mut cut = Vec::new();
    for group in &answer.results {
        let of_group = group.group.get("flowId").map(String::as_str);
        listed.add(group.entities.iter().filter(|entity| !entity.conversation_id.is_empty()).filter_map(|entity| {
            let flow = entity.flow_id.as_deref().or(of_group).filter(|id| !id.is_empty())?;
            Some(seen(&entity.conversation_id, flow))
        }));
        if let Some(flow) = of_group.filter(|_| group.truncated == Some(true)) {
            cut.push(FlowId::new(flow));
        }
    }
    cut
}

async fn by_observations(client: &Client, flows: &[FlowId]) -> Result<Listed, Error> {
    let mut listed = Listed { requests: 1, ..Listed::default() };
    let answer = client.flow_observations(flows).await?;
    for group in &answer.results {
        let Some(flow) = group.group.get("flowId") else { continue };
        for data in &group.data {
            let calls = data.observations.iter().filter_map(|seen| seen.conversation_id.as_deref());
            listed.add(calls.filter(|id| !id.is_empty()).map(|id| seen(id, flow)));
            if data.truncated == Some(true) {
                listed.cut.push(FlowId::new(flow.as_str()));
            }
        }
    }
    Ok(listed)
}

fn seen(conversation: &str, flow: &str) -> FlowFact {
    FlowFact {
        conversation: ConversationId::new(conversation),
        run: FlowRun {
            id: FlowId::new(flow),
            name: None,
            version: None,
            source: FlowSource::Activity,
            participant: None,
        },
    }
}

/// A little into the future, for a clock that is behind the platform's.
fn interval(now: Timestamp) -> (Timestamp, Timestamp) {
    let ahead = SignedDuration::from_mins(5);
    (now.checked_sub(LOOK_BACK).unwrap_or(now), now.checked_add(ahead).unwrap_or(now))
}
