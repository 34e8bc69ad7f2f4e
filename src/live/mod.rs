//! The live organisation as one stream of what is to be known: the link, updates for a board, and what went wrong.
//!
//! Between the feed, which yields raw messages, and a board's owner: decodes, reads conversations when their topics
//! are subscribed, again after every gap and whenever the board asks for it, and polls for calls that no topic reaches.
//! Decides nothing about attributes.

mod asked;
mod away;
pub mod edits;
mod flows;
pub(crate) mod gather;
mod heard;
mod missing;
mod pushed;
mod reads;
pub mod recorded;
pub mod targets;
#[cfg(test)]
mod tests;
mod token;

use crate::{
    domain::{At, Board, ConversationId, EveryState, FlowFact, Link, Update},
    genesys::{
        Client, Error,
        discover::{Discovered, Initial},
        feed::{self, FeedEvent, FeedHandle, FeedOptions, Rejection},
        poll::{self, Poll, PollEvent},
        topic::Topic,
    },
    recording::Recorder,
};
pub use asked::find;
use away::Away;
use flows::FlowLookups;
use pushed::Pushed;
pub(crate) use pushed::is_asked_for_as_well;
use reads::Reads;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::VecDeque, time::Duration};
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

    /// How many states of which conversations were skipped since this was asked last.
    pub fn take_skipped(&mut self) -> Vec<(ConversationId, u64)> {
        if self.skipped.is_empty() { Vec::new() } else { self.skipped.drain().collect() }
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
                event = recv(&mut self.polled) => {
                    if let Some(heard) = self.on_poll(event) {
                        return Some(heard);
                    }
                }
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
                _ = self.by_id_due.tick(), if !self.by_id.is_empty() || !self.away.knows_none() => self.read_in_turn(board),
                event = self.events.recv() => {
                    if let Some(heard) = self.on_event(event?, board) {
                        return Some(heard);
                    }
                }
            }
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
