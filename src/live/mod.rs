//! The live organisation as one stream of what is to be known: the link, updates for a board, and what went wrong.
//!
//! Between the feed, which yields raw messages, and a board's owner: decodes, reads conversations when their topics
//! are subscribed, again after every gap and whenever the board asks for it, and polls for calls that no topic reaches.
//! Decides nothing about attributes.

mod away;
pub mod edits;
mod flows;
pub(crate) mod gather;
mod missing;
mod pushed;
mod reads;
pub mod recorded;
pub mod targets;
mod token;

use crate::{
    domain::{
        At, Board, ConversationId, EveryState, FlowFact, FlowSource, Link, Names, ParticipantSnapshot, Snapshot, Update,
    },
    genesys::{
        Client, Error, ErrorKind,
        client::{Priority, Reply},
        discover::{self, Discovered, Initial},
        feed::{self, FeedEvent, FeedHandle, FeedOptions, NewestState, Rejection},
        poll::{self, Poll, PollEvent},
        topic::Topic,
        wire::{self, Frame, Head},
    },
    recording::{Record, Recorder},
};
use away::Away;
use flows::FlowLookups;
use pushed::Pushed;
pub(crate) use pushed::is_asked_for_as_well;
use reads::Reads;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use targets::Targets;
use token::TokenWatch;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Interval, MissedTickBehavior},
};

/// Between two reads of conversations that are watched by id, one after the other: their topics tell attributes only,
/// so who joined or left is seen by reading.
const BY_ID_EVERY: Duration = Duration::from_secs(3);

/// What topics that were given back still tell is dropped for this long.
const LINGER: Duration = Duration::from_secs(60);

/// One thing that is now known.
#[derive(Debug)]
pub enum LinkEvent {
    /// The link is now like this.
    Link(Link),
    /// Something for the board.
    Update(Update),
    /// A message that could not be understood; why.
    Malformed(String),
    /// The platform refused a topic.
    Refused(Topic, Rejection),
    /// A conversation could not be read. It is read again later if the reason passes.
    Unread(ConversationId, Error),
    /// Calls could not be looked for; why, and what that means.
    Unsearched(String),
}

/// A running link with its reads. Ends when it is dropped.
pub struct Live {
    client: Client,
    feed: FeedHandle,
    events: mpsc::Receiver<FeedEvent>,
    reads: Reads,
    searches: JoinSet<Initial>,
    polled: Option<Poll>,
    /// There are more calls in the watched flows than could be listed.
    is_cut: bool,
    /// Calls that were there when the link came about could not be looked for.
    is_unsearched: bool,
    /// Calls in the watched flows cannot be looked for at present.
    is_unpolled: bool,
    /// Nor may they: a permission is missing.
    is_poll_refused: bool,
    /// The platform does not accept the token any more.
    is_signed_out: bool,
    pushed: Pushed,
    lookups: FlowLookups,
    away: Away,
    /// What comes after the update that is handed out now.
    later: VecDeque<(At, LinkEvent)>,
    flow_answers: JoinSet<Result<Vec<FlowFact>, Error>>,
    found: Discovered,
    by_id: VecDeque<ConversationId>,
    by_id_due: Interval,
    token: TokenWatch,
    /// Those that were read.
    known: FxHashSet<ConversationId>,
    /// Those that the stream told whole.
    told: FxHashSet<ConversationId>,
    /// Those that were read since their last event.
    read: FxHashSet<ConversationId>,
    ready: VecDeque<(At, LinkEvent)>,
    is_live: bool,
    /// Topics that were given back a moment ago: what they still tell is of no interest.
    given_back: FxHashMap<Topic, Duration>,
    /// Subscribed while the link was not live: what a read would show now could change before the first event.
    unsearched: Vec<Topic>,
    recorder: Option<Recorder>,
    /// What the owner wants to be told state by state; with a recorder, that is everything.
    every_state: EveryState,
    /// States that newer ones replaced before they were looked at, since that was asked last.
    skipped: FxHashMap<ConversationId, u64>,
}

impl Live {
    /// Connects to everything that `targets` names.
    pub fn start(client: Client, targets: &Targets, options: FeedOptions) -> Self {
        let found = targets.0.clone();
        let (feed, events) = feed::start(client.clone(), found.topics(), options);
        let polled = found
            .needs_polling()
            .then(|| poll::start(client.clone(), found.clone(), feed.clone(), poll::PollOptions::default()));
        let mut by_id_due = tokio::time::interval(BY_ID_EVERY);
        by_id_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        by_id_due.reset();
        Self {
            pushed: Pushed::ask(&client, &found),
            reads: Reads::new(client.clone()),
            client,
            feed,
            events,
            searches: JoinSet::new(),
            polled,
            is_cut: false,
            is_unsearched: false,
            is_unpolled: false,
            is_poll_refused: false,
            is_signed_out: false,
            lookups: FlowLookups::default(),
            away: Away::default(),
            later: VecDeque::new(),
            flow_answers: JoinSet::new(),
            by_id: found.conversations.iter().cloned().collect(),
            by_id_due,
            token: TokenWatch::new(),
            found,
            known: FxHashSet::default(),
            told: FxHashSet::default(),
            read: FxHashSet::default(),
            ready: VecDeque::new(),
            is_live: false,
            given_back: FxHashMap::default(),
            unsearched: Vec::new(),
            recorder: None,
            every_state: EveryState::default(),
            skipped: FxHashMap::default(),
        }
    }

    /// What is watched.
    pub fn watched(&self) -> &Discovered {
        &self.found
    }

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

    fn add(&mut self, topics: Vec<Topic>) {
        // One that was given back may still be subscribed, and then nothing says that it is told again; what it told meanwhile
        // was dropped, so that calls which began have to be looked for.
        let again: Vec<Topic> =
            topics.iter().filter(|topic| self.given_back.remove(*topic).is_some()).cloned().collect();
        self.feed.add(topics);
        self.unsearched.extend(again);
    }

    /// It takes a moment until the platform has heard of it, and what is under way arrives all the same.
    fn give_back(&mut self, topics: Vec<Topic>) {
        let now = self.client.clock().now().mono;
        self.given_back.retain(|_, when| now.saturating_sub(*when) < LINGER);
        self.given_back.extend(topics.iter().map(|topic| (topic.clone(), now)));
        self.feed.remove(topics);
    }

    /// A frame of a topic that was given back.
    fn is_given_back(&self, head: Option<Head<'_>>) -> bool {
        // An empty map costs nothing, and that is what it is nearly always.
        !self.given_back.is_empty() && head.is_some_and(|head| self.given_back.contains_key(&Topic::new(head.topic)))
    }

    /// The client, for writes and for its budget.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The handle of the feed: retry now, usage, more topics.
    pub fn feed(&self) -> &FeedHandle {
        &self.feed
    }

    /// How much of what the feed has is still to be asked for.
    pub fn waiting(&self) -> usize {
        self.ready.len() + self.later.len() + self.events.len()
    }

    /// There are more calls in the watched flows than could be listed.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether calls are still being looked for, or read for the first time.
    pub fn is_looking(&self) -> bool {
        let is_new = |id: &ConversationId| !self.known.contains(id) && !self.told.contains(id);
        !self.searches.is_empty() || !self.unsearched.is_empty() || self.reads.outstanding().any(is_new)
    }

    /// Whether everything that is watched is observed now: the link is live, every call could be looked for, and each was read or
    /// told whole.
    pub fn sees_all(&self) -> bool {
        let trouble = self.is_cut || self.is_unsearched || self.is_unpolled || self.is_signed_out;
        self.is_live && !trouble && !self.is_looking()
    }

    /// Flows alone are watched, and a permission to look for calls in them is missing: nothing can be seen.
    pub fn is_refused(&self) -> bool {
        let Discovered { queues, users, conversations, .. } = &self.found;
        self.is_poll_refused && queues.is_empty() && users.is_empty() && conversations.is_empty()
    }

    /// Of these conversations no state is to be skipped from now on; see [`FeedOptions::coalesce`].
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

    fn tell_every_state(&self) {
        // A recording holds everything that entered.
        let wanted = if self.recorder.is_some() { EveryState::OfAll } else { self.every_state.clone() };
        self.feed.every_state(Arc::new(wanted));
    }

    /// How many states of which conversations were skipped since this was asked last.
    pub fn take_skipped(&mut self) -> Vec<(ConversationId, u64)> {
        if self.skipped.is_empty() { Vec::new() } else { self.skipped.drain().collect() }
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
        for id in ids {
            self.known.remove(id);
            self.told.remove(id);
            self.read.remove(id);
            self.reads.forget(id);
            self.lookups.forget(id);
            self.away.ended(id);
        }
        let watched: FxHashSet<&ConversationId> = self.by_id.iter().collect();
        let gone: FxHashSet<&ConversationId> = ids.iter().filter(|id| !watched.contains(id)).collect();
        self.found.conversations.retain(|id| !gone.contains(id));
        self.give_back(gone.into_iter().flat_map(Topic::of_conversation).collect());
    }

    /// An event that is there already; `None` when there is none. Answers to reads come from [`Self::next`] alone, so
    /// call that every so often.
    pub fn try_next(&mut self, board: &Board) -> Option<(At, LinkEvent)> {
        loop {
            if let Some(heard) = self.later.pop_front().or_else(|| self.ready.pop_front()) {
                return Some(heard);
            }
            self.dispatch(board);
            let event = self.events.try_recv().ok()?;
            if let Some(heard) = self.on_event(event, board) {
                return Some(heard);
            }
        }
    }

    /// The next thing that is known; `None` when the link has ended. Nothing is lost when this is dropped half way.
    pub async fn next(&mut self, board: &Board) -> Option<(At, LinkEvent)> {
        loop {
            if let Some(heard) = self.later.pop_front().or_else(|| self.ready.pop_front()) {
                return Some(heard);
            }
            self.dispatch(board);
            self.look_up_flows();
            let flows_due = self.lookups.wake().map(|due| self.client.clock().instant(due));
            tokio::select! {
                // Answers first: a flood of events cannot keep them waiting.
                biased;
                done = self.reads.done() => {
                    if let Some(done) = done {
                        // One moment for the recorder and for whoever is told, or a replay differs by a millisecond.
                        let at = self.client.clock().now();
                        return Some((at, self.on_read(at, done)));
                    }
                }
                Some(initial) = self.searches.join_next(), if !self.searches.is_empty() => match initial {
                    Ok(initial) => self.on_search(initial),
                    Err(error) => tracing::error!(%error, "a search for calls broke"),
                },
                Some(offered) = self.pushed.asking.join_next(), if !self.pushed.asking.is_empty() => self.on_offered(offered),
                event = recv(&mut self.polled) => match event {
                    PollEvent::Look(id) => {
                        self.given_back.remove(&Topic::attributes(&id));
                        self.reads.listed(&id);
                        self.reads.want(id, None, Priority::Background);
                    }
                    PollEvent::Flow(fact) => self.on_fact(self.client.clock().now(), fact),
                    PollEvent::Trouble(error) => {
                        self.is_unpolled = true;
                        self.is_poll_refused = matches!(error.kind(), ErrorKind::Permission { .. });
                        self.is_signed_out |= *error.kind() == ErrorKind::SignIn;
                        let what = format!("calls that are in no queue are not found at present: {error}");
                        return Some((self.client.clock().now(), LinkEvent::Unsearched(what)));
                    }
                    PollEvent::Cut(false) => self.is_cut = false,
                    PollEvent::Cut(true) if std::mem::replace(&mut self.is_cut, true) => {}
                    PollEvent::Cut(true) => {
                        let what = "there are more calls in the watched flows than could be listed; the others are found when \
                                    they are in a watched queue"
                            .to_owned();
                        return Some((self.client.clock().now(), LinkEvent::Unsearched(what)));
                    }
                    PollEvent::Recovered => {
                        (self.is_unpolled, self.is_poll_refused) = (false, false);
                        tracing::info!("calls that are in no queue are found again");
                    }
                },
                Some(told) = self.flow_answers.join_next(), if !self.flow_answers.is_empty() => {
                    let told = told.unwrap_or_else(|error| {
                        tracing::error!(%error, "a question for flows broke");
                        Ok(Vec::new())
                    });
                    self.on_flows(told);
                }
                () = wait_until(flows_due), if flows_due.is_some() => {}
                Some(told) = self.token.asking.join_next(), if !self.token.asking.is_empty() => self.on_token(told),
                _ = self.token.due.tick(), if self.asks_for_token() => self.ask_for_token(),
                _ = self.by_id_due.tick(), if !self.by_id.is_empty() || !self.away.knows_none() => {
                    let now = self.client.clock().now().mono;
                    let away = self.away.next(now);
                    // While the link is down all are silent; they are read when it is back.
                    let silent = if away.is_none() && self.is_live { self.away.silent(now) } else { None };
                    for id in away.into_iter().chain(silent) {
                        self.reads.want(id, None, Priority::Background);
                    }
                    if let Some(id) = self.by_id.pop_front() {
                        self.reads.want(id.clone(), None, Priority::Background);
                        self.by_id.push_back(id);
                    }
                }
                event = self.events.recv() => {
                    if let Some(heard) = self.on_event(event?, board) {
                        return Some(heard);
                    }
                }
            }
        }
    }

    /// A read was answered with 404 or 410: a call that was there is over; one that nobody ever saw is told once.
    fn on_missing(&mut self, id: ConversationId, error: Error) -> LinkEvent {
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

    /// The call is over: it is read and followed no longer.
    fn end(&mut self, id: &ConversationId) {
        self.by_id.retain(|known| known != id);
        if let Some(poll) = &self.polled {
            poll.ended(id);
        }
        if self.away.ended(id) {
            self.give_back(Topic::of_conversation(id).to_vec());
        }
    }

    /// An event told who is there, and where.
    fn look_at_states(&mut self, snapshot: &Snapshot) {
        self.departure(snapshot);
        if snapshot.participants.iter().any(ParticipantSnapshot::is_flow) {
            self.lookups.saw(snapshot, self.client.clock().now().mono);
        }
    }

    /// A read told of it since its last event, and may have been older than what the board knows.
    fn was_read(&mut self, id: &ConversationId) -> bool {
        !self.read.is_empty() && self.read.remove(id)
    }

    /// Follows a call that has left everything that is watched, and no longer one that is back.
    fn departure(&mut self, snapshot: &Snapshot) {
        let Some(change) = self.away.saw(snapshot, &self.found) else { return };
        let at = self.client.clock().now();
        let topics = Topic::of_conversation(&snapshot.id).to_vec();
        match change.is_empty() {
            true => self.give_back(topics),
            false => self.add(topics),
        }
        let update = Update::Left { conversation: snapshot.id.clone(), left: change };
        self.later.push_back((at, LinkEvent::Update(update)));
    }

    /// Asks which flows calls are in, where that is due.
    fn look_up_flows(&mut self) {
        let ids = self.lookups.next(self.client.clock().now().mono);
        if !ids.is_empty() {
            let client = self.client.clone();
            self.flow_answers.spawn(async move { client.flows_of(&ids, Priority::Background).await });
        }
    }

    fn on_flows(&mut self, told: Result<Vec<FlowFact>, Error>) {
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
    fn on_fact(&mut self, at: At, fact: FlowFact) {
        self.lookups.heard(&fact);
        self.record(at, || recorded::flow(&fact));
        self.ready.push_back((at, LinkEvent::Update(Update::Flow(fact))));
    }

    fn on_search(&mut self, initial: Initial) {
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

    fn on_read(&mut self, at: At, done: Result<(Update, Reply), (ConversationId, Error)>) -> LinkEvent {
        self.record_reply(at, &done);
        match done {
            Ok((update, _)) => {
                self.is_signed_out = false;
                if let Update::Read { snapshot, .. } = &update {
                    self.lookups.saw(snapshot, self.client.clock().now().mono);
                    let id = snapshot.id.clone();
                    let over = snapshot.ended.is_some();
                    self.departure(snapshot);
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

    fn on_event(&mut self, event: FeedEvent, board: &Board) -> Option<(At, LinkEvent)> {
        match event {
            FeedEvent::Frame { raw, at } => {
                let head = wire::head(&raw);
                if self.is_given_back(head) {
                    return None;
                }
                let heard = self.on_frame(at, &raw, head, board);
                self.record(at, || Record::Frame(raw));
                heard.map(|heard| (at, heard))
            }
            FeedEvent::Newest(newest) => {
                let NewestState { conversation, raw, at, skipped } = newest.take()?;
                if skipped > 0 {
                    *self.skipped.entry(conversation).or_default() += u64::from(skipped);
                }
                self.on_event(FeedEvent::Frame { raw, at }, board)
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

    fn on_frame(&mut self, at: At, raw: &str, head: Option<Head<'_>>, board: &Board) -> Option<LinkEvent> {
        match wire::decode_headed(board, raw, head) {
            Frame::Conversation(snapshot) => {
                self.reads.back(&snapshot.id);
                if !snapshot.partial && !self.told.contains(&snapshot.id) {
                    self.told.insert(snapshot.id.clone());
                }
                self.look_at_states(&snapshot);
                self.away.heard(&snapshot.id, at.mono);
                Some(LinkEvent::Update(Update::Stream(snapshot)))
            }
            Frame::Flow(fact) => {
                // The metrics of a flow are a list like another.
                match fact.run.source {
                    FlowSource::Activity => self.reads.listed(&fact.conversation),
                    _ => self.reads.back(&fact.conversation),
                }
                self.told_of_flow(&fact);
                self.lookups.heard(&fact);
                Some(LinkEvent::Update(Update::Flow(fact)))
            }
            Frame::Delta(delta) => {
                self.away.heard(&delta.conversation, at.mono);
                if (delta.tells_states() || self.was_read(&delta.conversation))
                    && let Some(snapshot) = delta.states(board)
                {
                    self.look_at_states(&snapshot);
                }
                Some(LinkEvent::Update(Update::Delta(delta)))
            }
            Frame::Attributes(event) => {
                self.reads.back(&event.conversation);
                Some(LinkEvent::Update(Update::Event(event)))
            }
            Frame::Malformed { reason } => Some(LinkEvent::Malformed(reason)),
            Frame::Control(_) => None,
            Frame::Unknown { topic } => {
                tracing::debug!(%topic, "an event of a topic that is of no use");
                None
            }
        }
    }

    /// The part of what is watched that these topics tell about.
    fn part(&self, topics: &[Topic]) -> Discovered {
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
    fn search(&mut self) {
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
}

async fn wait_until(instant: Option<tokio::time::Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// The next event of a poll; never resolves without one.
async fn recv(polled: &mut Option<Poll>) -> PollEvent {
    match polled {
        Some(receiver) => match receiver.recv().await {
            Some(event) => event,
            None => {
                *polled = None;
                std::future::pending().await
            }
        },
        None => std::future::pending().await,
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

/// Lends a board's names what discovery learned.
pub fn learn(names: &mut Names, targets: &Targets) {
    targets.teach(names);
}
