//! What a running link asks for: topics, reads, searches; and what it no longer does.

use super::{Live, pushed::Pushed, targets::Targets};
use crate::{
    domain::{Board, ConversationId, EveryState},
    genesys::{
        Client,
        client::Priority,
        discover::{self, Discovered, Initial},
        poll,
        topic::Topic,
    },
};
use rustc_hash::FxHashSet;
use std::{sync::Arc, time::Duration};

/// What topics that were given back still tell is dropped for this long.
const LINGER: Duration = Duration::from_secs(60);

impl Live {
    /// Watches something else from now on: `found` replaces what was watched.
    pub fn rewatch(&mut self, found: Discovered) {
        let before: FxHashSet<Topic> = self.found.topics().into_iter().collect();
        let after: FxHashSet<Topic> = found.topics().into_iter().collect();
        self.give_back(before.difference(&after).cloned().collect());
        self.add(found.topics().into_iter().filter(|t| !before.contains(t)).collect());
        if self.found.flows != found.flows || self.found.all_flows != found.all_flows {
            // The old poll ends with its receiver, and gives the topics of its calls back.
            self.is_cut = false;
            self.polled = found.needs_polling().then(|| {
                poll::start(self.client.clone(), found.clone(), self.feed.clone(), poll::PollOptions::default())
            });
            let old = self.pushed.take();
            self.give_back(old);
            self.pushed = Pushed::ask(&self.client, &found);
        }
        self.found = found;
        self.search();
    }

    /// Watches these conversations by their ids, too.
    pub fn follow(&mut self, ids: Vec<ConversationId>) {
        for id in ids {
            if !self.found.conversations.contains(&id) {
                self.add(Topic::of_conversation(&id).to_vec());
                self.by_id.push_back(id.clone());
                self.found.conversations.push(id);
            }
        }
    }

    pub(super) fn add(&mut self, topics: Vec<Topic>) {
        // One that was given back may still be subscribed, and then nothing says that it is told again; what it told meanwhile
        // was dropped, so that calls which began have to be looked for.
        let again: Vec<Topic> =
            topics.iter().filter(|topic| self.given_back.remove(*topic).is_some()).cloned().collect();
        self.feed.add(topics);
        self.unsearched.extend(again);
    }

    /// It takes a moment until the platform has heard of it, and what is under way arrives all the same.
    pub(super) fn give_back(&mut self, topics: Vec<Topic>) {
        let now = self.client.clock().now().mono;
        self.given_back.retain(|_, when| now.saturating_sub(*when) < LINGER);
        self.given_back.extend(topics.iter().map(|topic| (topic.clone(), now)));
        self.feed.remove(topics);
    }

    /// Of these conversations no state is to be skipped from now on; see [`FeedOptions::coalesce`](crate::genesys::feed::FeedOptions::coalesce).
    pub fn every_state(&mut self, wanted: EveryState) {
        if self.every_state != wanted {
            if let EveryState::Of(ids) = &wanted {
                // What the operator has just turned to is read first.
                ids.iter().filter(|id| !self.every_state.wants(id.as_str())).for_each(|id| self.reads.look(id));
            }
            self.every_state = wanted;
            self.tell_every_state();
        }
    }

    pub(super) fn tell_every_state(&self) {
        // A recording holds everything that entered.
        let wanted = if self.recorder.is_some() { EveryState::OfAll } else { self.every_state.clone() };
        self.feed.every_state(Arc::new(wanted));
    }

    /// Asks for a read of this conversation, unless one is waiting already. `asked`: the board's revision now, or
    /// `None` to take it when the request leaves.
    pub fn read(&mut self, id: ConversationId, asked: Option<u64>, priority: Priority) {
        if asked.is_some() {
            self.asked(&id);
        }
        self.reads.want(id, asked, priority);
    }

    /// These conversations are no longer on the board: answers that are under way are dropped, and their topics given
    /// back unless they are watched by their ids.
    pub fn forget(&mut self, ids: &[ConversationId]) {
        self.feed.forget(ids);
        // Nearly always none has topics of its own, and then nothing has to be looked up for each event that comes after.
        let mut gone: FxHashSet<&ConversationId> = FxHashSet::default();
        for id in ids {
            self.known.remove(id);
            self.told.remove(id);
            self.read.remove(id);
            self.reads.forget(id);
            self.lookups.forget(id);
            if self.away.ended(id) || self.polled.is_some() || self.found.conversations.contains(id) {
                gone.insert(id);
            }
        }
        for id in &self.by_id {
            gone.remove(id);
        }
        if gone.is_empty() {
            return;
        }
        self.found.conversations.retain(|id| !gone.contains(id));
        self.give_back(gone.into_iter().flat_map(Topic::of_conversation).collect());
    }

    /// The call is over: it is read and followed no longer.
    pub(super) fn end(&mut self, id: &ConversationId) {
        self.by_id.retain(|known| known != id);
        if let Some(poll) = &self.polled {
            poll.ended(id);
        }
        if self.away.ended(id) {
            self.give_back(Topic::of_conversation(id).to_vec());
        }
    }

    /// Asks which flows calls are in, where that is due.
    pub(super) fn look_up_flows(&mut self) {
        let ids = self.lookups.next(self.client.clock().now().mono);
        if !ids.is_empty() {
            let client = self.client.clone();
            self.flow_answers.spawn(async move { client.flows_of(&ids, Priority::Background).await });
        }
    }

    /// The part of what is watched that these topics tell about.
    pub(super) fn part(&self, topics: &[Topic]) -> Discovered {
        let accepted: FxHashSet<&str> = topics.iter().map(Topic::as_str).collect();
        let has = |topic: Topic| accepted.contains(topic.as_str());
        let found = &self.found;
        Discovered {
            queues: found.queues.iter().filter(|(id, _)| has(Topic::queue(id))).cloned().collect(),
            conversations: found.conversations.iter().filter(|id| has(Topic::attributes(id))).cloned().collect(),
            me: found.me && found.users.iter().any(|(id, _)| has(Topic::user(id))),
            ..Discovered::default()
        }
    }

    /// Looks for the calls that are there already, once their events arrive.
    pub(super) fn search(&mut self) {
        if !self.is_live || self.unsearched.is_empty() {
            return;
        }
        let topics = std::mem::take(&mut self.unsearched);
        let found = self.part(&topics);
        if !found.queues.is_empty() || !found.conversations.is_empty() || found.me {
            let client = self.client.clone();
            self.searches.spawn(async move { discover::initial(&client, &found).await });
        }
    }

    /// Reads one of the calls that are known by asking alone: watched by its id, away, or silent.
    pub(super) fn read_in_turn(&mut self, board: &Board) {
        let now = self.client.clock().now().mono;
        let away = self.away.next(now);
        // While the link is down all are silent; they are read when it is back.
        let silent = if away.is_none() && self.is_live {
            self.away.silent(now, |id| board.get(id.as_str())?.told_at())
        } else {
            None
        };
        for id in away.into_iter().chain(silent) {
            self.reads.want(id, None, Priority::Background);
        }
        if let Some(id) = self.by_id.pop_front() {
            self.reads.want(id.clone(), None, Priority::Background);
            self.by_id.push_back(id);
        }
    }
}

/// The calls that are there now on everything that `targets` names, with what could not be found out. Calls of users
/// other than the one who is signed in cannot be listed, so there are none of them here.
pub async fn find(client: &Client, targets: &Targets) -> Initial {
    let mut initial = discover::initial(client, &targets.0).await;
    if targets.needs_polling() {
        match poll::in_flows(client, &targets.0).await {
            Ok((ids, facts)) => {
                let known: FxHashSet<ConversationId> = initial.conversations.iter().cloned().collect();
                initial.conversations.extend(ids.into_iter().filter(|id| !known.contains(id)));
                initial.flows = facts;
            }
            Err(error) => {
                initial.notices.push(format!("Calls in flows could not be looked for. {error}"));
                initial.unsearched.get_or_insert(error);
            }
        }
    }
    initial
}
