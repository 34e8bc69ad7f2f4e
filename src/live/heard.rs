//! What a running link hears: events of the feed, answers to reads, searches and queries, each as what is known by it.

use super::{LinkEvent, Live, pushed, recorded};
use crate::{
    domain::{At, Board, ConversationId, FlowFact, FlowSource, Link, ToldCall, Update},
    genesys::{
        Error, ErrorKind,
        client::{Priority, Reply},
        discover::Initial,
        feed::{self, FeedEvent, NewestState},
        poll::PollEvent,
        topic::Topic,
        wire::{self, Head, WireFrame},
    },
    recording::Record,
};

impl Live {
    pub(super) fn on_event(&mut self, event: FeedEvent, board: &Board) -> Option<(At, LinkEvent)> {
        match event {
            FeedEvent::Frame { raw, outline, at } => {
                let head = outline.head(&raw);
                if self.is_given_back(head) {
                    return None;
                }
                let heard = self.on_frame(wire::decode_outlined(board, &raw, head, &outline), board);
                match &self.recorder {
                    Some(_) => self.record(at, || Record::Frame(raw)),
                    None => feed::give_back(raw, outline),
                }
                heard.map(|heard| (at, heard))
            }
            FeedEvent::Newest(newest) => {
                let NewestState { conversation, raw, mut outline, at, skipped } = newest.take()?;
                if skipped > 0 {
                    *self.skipped.entry(conversation).or_default() += u64::from(skipped);
                }
                if let Some(head) = wire::head(&raw) {
                    self.feed.outline(&raw, &head, &mut outline);
                }
                self.on_event(FeedEvent::Frame { raw, outline, at }, board)
            }
            FeedEvent::Binary { length, at } => {
                self.record(at, || Record::Binary(vec![0; length]));
                Some((at, LinkEvent::Malformed(format!("a binary message of {length} bytes"))))
            }
            FeedEvent::Link { link, at } => {
                self.is_live = link.is_live();
                self.still_pushed(&link);
                self.record(at, || Record::from(&link));
                if matches!(link, Link::Gap { .. }) {
                    // Calls that began meanwhile are looked for; those on the board are its owner's to ask for.
                    self.is_unsearched = false;
                    self.unsearched = self.found.topics();
                }
                self.search();
                Some((at, LinkEvent::Link(link)))
            }
            FeedEvent::Topics { accepted, rejected, at } => {
                self.unsearched.extend(accepted);
                self.search();
                for (topic, why) in rejected {
                    if pushed::is_asked_for_as_well(&topic) {
                        tracing::info!(%topic, reason = %why.reason, "refused");
                    } else {
                        self.ready.push_back((at, LinkEvent::Refused(topic, why)));
                    }
                }
                self.ready.pop_front()
            }
        }
    }

    fn on_frame(&mut self, frame: WireFrame, board: &Board) -> Option<LinkEvent> {
        match frame {
            WireFrame::Conversation(snapshot) => {
                self.reads.back(&snapshot.id);
                if !snapshot.partial && !self.told.contains(&snapshot.id) {
                    self.told.insert(snapshot.id.clone());
                }
                self.look_at_states(&(&snapshot).into());
                Some(LinkEvent::Update(Update::Stream(snapshot)))
            }
            WireFrame::Flow(fact) => {
                // The metrics of a flow are a list like another.
                match fact.run.source {
                    FlowSource::Activity => self.reads.listed(&fact.conversation),
                    _ => self.reads.back(&fact.conversation),
                }
                self.told_of_flow(&fact);
                self.lookups.heard(&fact);
                Some(LinkEvent::Update(Update::Flow(fact)))
            }
            WireFrame::Delta(delta) => {
                if (delta.tells_states() || self.was_read(&delta.conversation))
                    && let Some(told) = delta.told_call(board)
                {
                    self.look_at_states(&told);
                }
                Some(LinkEvent::Update(Update::Delta(delta)))
            }
            WireFrame::Attributes(event) => {
                self.reads.back(&event.conversation);
                Some(LinkEvent::Update(Update::Event(event)))
            }
            WireFrame::Malformed { reason } => Some(LinkEvent::Malformed(reason)),
            WireFrame::Control(_) => None,
            WireFrame::Unknown { topic } => {
                tracing::debug!(%topic, "an event of a topic that is of no use");
                None
            }
        }
    }

    /// A frame of a topic that was given back.
    pub(super) fn is_given_back(&self, head: Option<Head<'_>>) -> bool {
        // An empty map costs nothing, and that is what it is nearly always.
        !self.given_back.is_empty() && head.is_some_and(|head| self.given_back.contains_key(&Topic::new(head.topic)))
    }

    /// An event told who is there, and where.
    pub(super) fn look_at_states(&mut self, told: &ToldCall<'_>) {
        self.departure(told);
        if told.legs.iter().any(|leg| leg.purpose.is_flow()) {
            self.lookups.saw(told, self.client.clock().now().mono);
        }
    }

    /// A read told of it since its last event, and may have been older than what the board knows.
    pub(super) fn was_read(&mut self, id: &ConversationId) -> bool {
        !self.read.is_empty() && self.read.remove(id)
    }

    /// Follows a call that has left everything that is watched, and no longer one that is back.
    pub(super) fn departure(&mut self, told: &ToldCall<'_>) {
        let Some(change) = self.away.saw(told, &self.found) else { return };
        let at = self.client.clock().now();
        let topics = Topic::of_conversation(told.id).to_vec();
        match change.is_empty() {
            true => self.give_back(topics),
            false => self.add(topics),
        }
        let update = Update::Left { conversation: told.id.clone(), left: change };
        self.later.push_back((at, LinkEvent::Update(update)));
    }

    pub(super) fn on_read(&mut self, at: At, done: Result<(Update, Reply), (ConversationId, Error)>) -> LinkEvent {
        self.record_reply(at, &done);
        match done {
            Ok((update, _)) => {
                self.is_signed_out = false;
                if let Update::Read { snapshot, .. } = &update {
                    let told = ToldCall::from(snapshot);
                    self.lookups.saw(&told, self.client.clock().now().mono);
                    let id = snapshot.id.clone();
                    let over = snapshot.ended.is_some();
                    self.departure(&told);
                    self.away.heard(&id, at.mono);
                    self.read.insert(id.clone());
                    if over {
                        self.end(&id);
                    }
                    self.known.insert(id);
                }
                LinkEvent::Update(update)
            }
            Err((id, error)) if matches!(error.status(), Some(404 | 410)) => self.on_missing(id, error),
            Err((id, error)) => {
                self.is_signed_out |= *error.kind() == ErrorKind::SignIn;
                LinkEvent::Unread(id, error)
            }
        }
    }

    /// A read was answered with 404 or 410: a call that was there is over; one that nobody ever saw is told once.
    pub(super) fn on_missing(&mut self, id: ConversationId, error: Error) -> LinkEvent {
        let was_there = self.known.contains(&id) || self.told.contains(&id);
        if !was_there && self.found.conversations.contains(&id) {
            return LinkEvent::Unread(id, error);
        }
        self.end(&id);
        if let Some(poll) = &self.polled {
            poll.gone(&id);
        }
        if self.reads.gone(&id) && !was_there {
            let remedy = "It is over already, or in a division that this client may not see; it is not asked for again unless an \
                          event tells of it.";
            return LinkEvent::Unread(id, error.with_remedy(remedy));
        }
        LinkEvent::Update(Update::Gone(id))
    }

    pub(super) fn on_search(&mut self, initial: Initial) {
        self.is_unsearched |= initial.unsearched.is_some();
        for id in initial.conversations {
            // What is on the board is its owner's to ask for.
            if !self.known.contains(&id) {
                self.reads.want(id, None, Priority::Link);
            }
        }
        let at = self.client.clock().now();
        self.ready.extend(initial.notices.into_iter().map(|notice| (at, LinkEvent::Unsearched(notice))));
    }

    pub(super) fn on_flows(&mut self, told: Result<Vec<FlowFact>, Error>) {
        self.lookups.is_asking = false;
        let now = self.client.clock().now();
        match told {
            Ok(facts) => facts.into_iter().for_each(|fact| self.on_fact(now, fact)),
            Err(error) if matches!(error.kind(), ErrorKind::Permission { .. }) => {
                if self.lookups.refused(now.mono) {
                    let what = format!("the flows of calls are not known where no event names them: {error}");
                    self.ready.push_back((now, LinkEvent::Unsearched(what)));
                }
            }
            Err(error) if *error.kind() == ErrorKind::SignIn => {
                self.lookups.refused(now.mono);
                self.signed_out(&error);
            }
            Err(error) => tracing::warn!(%error, "the flows of calls could not be asked for"),
        }
    }

    /// A query told which flow a call is in.
    pub(super) fn on_fact(&mut self, at: At, fact: FlowFact) {
        self.lookups.heard(&fact);
        self.record(at, || recorded::flow(&fact));
        self.ready.push_back((at, LinkEvent::Update(Update::Flow(fact))));
    }

    /// What looking for calls in the watched flows came to.
    pub(super) fn on_poll(&mut self, event: PollEvent) -> Option<(At, LinkEvent)> {
        let now = self.client.clock().now();
        let what = match event {
            PollEvent::Look(id) => {
                self.given_back.remove(&Topic::attributes(&id));
                self.reads.listed(&id);
                self.reads.want(id, None, Priority::Background);
                return None;
            }
            PollEvent::Flow(fact) => {
                self.on_fact(now, fact);
                return None;
            }
            PollEvent::Trouble(error) => {
                self.is_unpolled = true;
                self.is_poll_refused = matches!(error.kind(), ErrorKind::Permission { .. });
                self.is_signed_out |= *error.kind() == ErrorKind::SignIn;
                format!("calls that are in no queue are not found at present: {error}")
            }
            PollEvent::Cut(is_cut) => {
                let was_cut = std::mem::replace(&mut self.is_cut, is_cut);
                if was_cut || !is_cut {
                    return None;
                }
                "there are more calls in the watched flows than could be listed; the others are found when they are in a watched queue"
                    .to_owned()
            }
            PollEvent::Recovered => {
                (self.is_unpolled, self.is_poll_refused) = (false, false);
                tracing::info!("calls that are in no queue are found again");
                return None;
            }
        };
        Some((now, LinkEvent::Unsearched(what)))
    }
}
