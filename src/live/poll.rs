//! Calls that no conversation topic tells: in a flow and in no queue yet, or watched by id. They are found and looked
//! at again by polling, at well under one request a second.

use super::targets::{FlowTarget, Targets};
use crate::{
    domain::{ConversationId, QueueId},
    genesys::{
        Client, Error, Topic,
        client::Priority,
        wire::rest::{DetailsConversation, DetailsParticipant},
    },
};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::{
    hash::{Hash, Hasher},
    time::Duration,
};
use tokio::task::JoinSet;

/// Between two looks for calls of flows.
const FLOWS_EVERY: Duration = Duration::from_millis(2_500);
/// Between two reads of one conversation that is watched by its id; longer with many.
const CALLS_EVERY: Duration = Duration::from_secs(5);
/// Of all conversations watched by id together, one read at most in this time.
const CALL_EVERY: Duration = Duration::from_millis(2_000);
/// How far back a call may have begun; more than a day of talking is not looked for.
const REACH: Duration = Duration::from_secs(24 * 3600);
/// Pages of active calls that one look reads at most.
const PAGES: u32 = 5;

/// What a look found.
#[derive(Default)]
pub(super) struct Found {
    pub topics: Vec<Topic>,
    pub over: Vec<Topic>,
    pub read: Vec<ConversationId>,
}

enum Look {
    Flows(Result<Vec<DetailsConversation>, Error>),
    Call,
}

pub(super) struct Poll {
    client: Client,
    me: Option<String>,
    flows: Vec<FlowTarget>,
    /// Calls found in flows, with a digest of their participants at the last look.
    calls: FxHashMap<ConversationId, u64>,
    /// Watched by id, read one after the other.
    by_id: Vec<ConversationId>,
    next_by_id: usize,
    looks: JoinSet<Look>,
}

impl Poll {
    pub(super) fn new(client: Client, targets: &Targets) -> Self {
        let mut poll = Self {
            client,
            me: targets.me.as_ref().map(ToString::to_string),
            flows: targets.flows.clone(),
            calls: FxHashMap::default(),
            by_id: targets.conversations.clone(),
            next_by_id: 0,
            looks: JoinSet::new(),
        };
        poll.look_at_flows(Duration::ZERO);
        poll.look_at_calls();
        poll
    }

    /// True for the user who is signed in.
    pub(super) fn is_me(&self, user: &str) -> bool {
        self.me.as_deref() == Some(user)
    }

    /// These calls are over; the topics that were theirs alone.
    pub(super) fn forget(&mut self, ids: &[ConversationId]) -> Vec<Topic> {
        let own = ids.iter().filter(|id| self.calls.remove(id.as_str()).is_some());
        own.map(Topic::attributes).collect()
    }

    /// This conversation has ended: there is nothing to look at any more.
    pub(super) fn over(&mut self, id: &ConversationId) {
        self.by_id.retain(|known| known != id);
    }

    /// The outcome of the next look; never resolves when nothing is polled.
    pub(super) async fn next(&mut self) -> Result<Found, Error> {
        loop {
            match self.looks.join_next().await {
                Some(Ok(Look::Flows(result))) => {
                    let patience = if result.is_ok() { FLOWS_EVERY } else { FLOWS_EVERY * 4 };
                    self.look_at_flows(patience);
                    return result.map(|active| self.compare(&active));
                }
                Some(Ok(Look::Call)) => {
                    self.look_at_calls();
                    self.next_by_id = (self.next_by_id + 1) % self.by_id.len().max(1);
                    let read = self.by_id.get(self.next_by_id).cloned().into_iter().collect();
                    return Ok(Found { read, ..Found::default() });
                }
                Some(Err(error)) => tracing::error!(%error, "a poll broke"),
                None => std::future::pending().await,
            }
        }
    }

    fn look_at_flows(&mut self, after: Duration) {
        if self.flows.is_empty() {
            return;
        }
        let client = self.client.clone();
        self.looks.spawn(async move {
            tokio::time::sleep(after).await;
            Look::Flows(active(&client).await)
        });
    }

    fn look_at_calls(&mut self) {
        let Ok(count) = u32::try_from(self.by_id.len()) else { return };
        if count == 0 {
            return;
        }
        let after = (CALLS_EVERY / count).max(CALL_EVERY);
        self.looks.spawn(async move {
            tokio::time::sleep(after).await;
            Look::Call
        });
    }

    /// What is new, what looks different, what is gone.
    fn compare(&mut self, active: &[DetailsConversation]) -> Found {
        let mut found = Found::default();
        let mut seen = FxHashSet::default();
        for call in active {
            let known = self.calls.contains_key(call.conversation_id.as_str());
            if call.conversation_id.is_empty() || !(known || self.flows.iter().any(|flow| flow.has(call))) {
                continue;
            }
            let id = ConversationId::new(call.conversation_id.as_str());
            let digest = digest(&call.participants);
            match self.calls.insert(id.clone(), digest) {
                // The read follows when the topic is subscribed.
                None => found.topics.push(Topic::attributes(&id)),
                Some(before) if before != digest => found.read.push(id.clone()),
                Some(_) => {}
            }
            seen.insert(id);
        }
        let gone: Vec<ConversationId> = self.calls.keys().filter(|id| !seen.contains(*id)).cloned().collect();
        for id in gone {
            self.calls.remove(&id);
            found.over.push(Topic::attributes(&id));
            // The last read tells the end.
            found.read.push(id);
        }
        found
    }
}

impl FlowTarget {
    fn has(&self, call: &DetailsConversation) -> bool {
        call.participants.iter().any(|p| {
            let named = p.purpose.as_deref() == Some("ivr") && p.participant_name.as_deref() == Some(&self.name);
            let flow = |s: &crate::genesys::wire::rest::DetailsSession| {
                s.flow.as_ref().is_some_and(|f| f.flow_id.as_deref() == Some(&self.id))
            };
            named || p.sessions.iter().any(flow)
        })
    }
}

fn digest(participants: &[DetailsParticipant]) -> u64 {
    let mut hasher = FxHasher::default();
    for p in participants {
        (&p.purpose, &p.participant_name, p.sessions.len()).hash(&mut hasher);
    }
    hasher.finish()
}

async fn active(client: &Client) -> Result<Vec<DetailsConversation>, Error> {
    let now = client.clock().now().wall;
    let start = now.checked_sub(REACH).unwrap_or(now);
    let end = now.checked_add(Duration::from_secs(60)).unwrap_or(now);
    let mut all = Vec::new();
    for page in 1..=PAGES {
        let details = client.active_details((start, end), page, Priority::Background).await?;
        let empty = details.conversations.is_empty();
        all.extend(details.conversations);
        if empty || details.total_hits.is_none_or(|hits| all.len() as u64 >= hits) {
            break;
        }
    }
    Ok(all)
}

/// Conversations that wait in these queues or are being talked to.
pub(super) async fn in_queues(client: &Client, queues: &[QueueId]) -> Result<Vec<ConversationId>, Error> {
    let mut ids = Vec::new();
    for data in client.queue_observations(queues).await?.results.into_iter().flat_map(|group| group.data) {
        if data.truncated == Some(true) {
            tracing::info!(
                "the platform told only some of the calls in a queue; the others come with their next event"
            );
        }
        for id in data.observations.into_iter().filter_map(|o| o.conversation_id).filter(|id| !id.is_empty()) {
            let id = ConversationId::new(id);
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    Ok(ids)
}
