//! The live organisation as one stream of what is to be known: the link, updates for a board, and what went wrong.
//!
//! Between the feed, which yields raw messages, and a board's owner: decodes, reads conversations when their topics
//! are subscribed, again after every gap and whenever the board asks for it, and polls for calls that no topic reaches.
//! Decides nothing about attributes.

pub mod edits;
mod poll;
mod reads;
pub mod targets;

use crate::{
    domain::{At, ConversationId, Link, Names, QueueId, Update},
    genesys::{
        Client, Error,
        client::Priority,
        feed::{self, FeedEvent, FeedHandle, FeedOptions, Rejection},
        topic::{Topic, TopicKind},
        wire::{Decoder, Frame},
    },
};
use poll::Poll;
use reads::Reads;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;
use targets::Targets;
use tokio::{sync::mpsc, task::JoinSet};

/// Queues in one observations query.
const QUEUES_PER_QUERY: usize = 50;

/// One thing that is now known.
#[derive(Debug)]
pub enum Heard {
    /// The link is now like this.
    Link(Link),
    /// Something for the board.
    Update(Update),
    /// A message that could not be understood; why.
    Malformed(String),
    /// The platform refused a topic.
    Refused(Topic, Rejection),
    /// A conversation could not be read; it is read again at the next occasion.
    Unread(ConversationId, Error),
    /// Calls could not be looked for: those that are there already are seen at their next event only.
    Unsearched(Error),
}

/// A running link with its reads. Ends when it is dropped.
pub struct Live {
    client: Client,
    feed: FeedHandle,
    events: mpsc::Receiver<FeedEvent>,
    decoder: Decoder,
    reads: Reads,
    searches: JoinSet<Result<Vec<ConversationId>, Error>>,
    poll: Poll,
    topics: Vec<Topic>,
    known: FxHashSet<ConversationId>,
    ready: VecDeque<(At, Heard)>,
}

impl Live {
    /// Connects to everything that `targets` names.
    pub fn start(client: Client, targets: &Targets, options: FeedOptions) -> Self {
        let topics = targets.topics();
        let (feed, events) = feed::start(client.clone(), topics.iter().cloned(), options);
        Self {
            poll: Poll::new(client.clone(), targets),
            reads: Reads::new(client.clone()),
            client,
            feed,
            events,
            decoder: Decoder::new(),
            searches: JoinSet::new(),
            topics,
            known: FxHashSet::default(),
            ready: VecDeque::new(),
        }
    }

    /// The client, for writes and for its budget.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The handle of the feed: retry now, usage, more topics.
    pub fn feed(&self) -> &FeedHandle {
        &self.feed
    }

    /// Asks for a read of this conversation, unless one is waiting already. `asked`: the board's revision now, or
    /// `None` to take it when the request leaves.
    pub fn read(&mut self, id: ConversationId, asked: Option<u64>, priority: Priority) {
        self.reads.want(id, asked, priority);
    }

    /// These conversations are no longer on the board: their own topics are given back.
    pub fn forget(&mut self, ids: &[ConversationId]) {
        for id in ids {
            self.known.remove(id);
            self.decoder.forget(id.as_str());
        }
        self.feed.remove(self.poll.forget(ids));
    }

    /// An event that is there already; `None` when there is none. `revision` tells the board's revision of a
    /// conversation. Answers to reads come from [`Self::next`] alone, so call that every so often.
    pub fn try_next(&mut self, revision: impl Fn(&ConversationId) -> u64) -> Option<(At, Heard)> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return Some(heard);
            }
            self.reads.dispatch(&revision);
            let event = self.events.try_recv().ok()?;
            if let Some(heard) = self.on_event(event) {
                return Some(heard);
            }
        }
    }

    /// The next thing that is known; `None` when the link has ended. Nothing is lost when this is dropped half way.
    pub async fn next(&mut self, revision: impl Fn(&ConversationId) -> u64) -> Option<(At, Heard)> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return Some(heard);
            }
            self.reads.dispatch(&revision);
            tokio::select! {
                // Answers first: a flood of events cannot keep them waiting.
                biased;
                done = self.reads.done() => return Some((self.client.clock().now(), self.on_read(done))),
                Some(found) = self.searches.join_next(), if !self.searches.is_empty() => {
                    match found {
                        Ok(Ok(ids)) => {
                            for id in ids.into_iter().filter(|id| !self.known.contains(id)) {
                                self.reads.want(id, None, Priority::Link);
                            }
                        }
                        Ok(Err(error)) => return Some((self.client.clock().now(), Heard::Unsearched(error))),
                        Err(error) => tracing::error!(%error, "a search for calls broke"),
                    }
                }
                found = self.poll.next() => match found {
                    Ok(found) => {
                        self.feed.add(found.topics);
                        self.feed.remove(found.over);
                        for id in found.read {
                            self.reads.want(id, None, Priority::Background);
                        }
                    }
                    Err(error) => return Some((self.client.clock().now(), Heard::Unsearched(error))),
                },
                event = self.events.recv() => {
                    if let Some(heard) = self.on_event(event?) {
                        return Some(heard);
                    }
                }
            }
        }
    }

    fn on_read(&mut self, done: Result<Update, (ConversationId, Error)>) -> Heard {
        match done {
            Ok(update) => {
                if let Update::Read { snapshot, .. } = &update {
                    // What the stream told before is overlaid now, so it must be told in full again.
                    self.decoder.forget(&snapshot.id);
                    let id = ConversationId::new(snapshot.id.as_str());
                    if snapshot.ended.is_some() {
                        self.poll.over(&id);
                    }
                    self.known.insert(id);
                }
                Heard::Update(update)
            }
            Err((id, error)) => Heard::Unread(id, error),
        }
    }

    fn on_event(&mut self, event: FeedEvent) -> Option<(At, Heard)> {
        match event {
            FeedEvent::Frame { raw, at } => self.on_frame(&raw).map(|heard| (at, heard)),
            FeedEvent::Binary { length, at } => {
                Some((at, Heard::Malformed(format!("a binary message of {length} bytes"))))
            }
            FeedEvent::Link { link, at } => {
                if matches!(link, Link::Gap { .. }) {
                    // Calls that began meanwhile are looked for again; those on the board are its owner's to ask for.
                    self.decoder.clear();
                    let topics = self.topics.clone();
                    self.search(&topics);
                }
                Some((at, Heard::Link(link)))
            }
            FeedEvent::Topics { accepted, rejected, at } => {
                self.search(&accepted);
                self.ready.extend(rejected.into_iter().map(|(topic, why)| (at, Heard::Refused(topic, why))));
                self.ready.pop_front()
            }
        }
    }

    fn on_frame(&mut self, raw: &str) -> Option<Heard> {
        match self.decoder.decode(raw.as_bytes()) {
            Frame::Conversation(snapshot) => Some(Heard::Update(Update::Stream(snapshot))),
            Frame::Delta(delta) => Some(Heard::Update(Update::Delta(delta))),
            Frame::Attributes(event) => Some(Heard::Update(Update::Event(event))),
            Frame::Malformed { reason } => Some(Heard::Malformed(reason)),
            Frame::Control(_) => None,
            Frame::Unknown { topic } => {
                tracing::debug!(%topic, "an event of a topic that is of no use");
                None
            }
        }
    }

    /// Looks for the calls that these topics will tell about.
    fn search(&mut self, topics: &[Topic]) {
        let mut queues = Vec::new();
        for topic in topics {
            match topic.kind() {
                TopicKind::Queue { id, .. } => queues.push(QueueId::new(id)),
                TopicKind::User { id, .. } if self.poll.is_me(id) => {
                    let client = self.client.clone();
                    self.searches.spawn(async move { client.my_conversations().await });
                }
                TopicKind::Attributes { conversation } => {
                    self.reads.want(ConversationId::new(conversation), None, Priority::Link);
                }
                _ => {}
            }
        }
        for chunk in queues.chunks(QUEUES_PER_QUERY) {
            let (client, chunk) = (self.client.clone(), chunk.to_vec());
            self.searches.spawn(async move { poll::in_queues(&client, &chunk).await });
        }
    }
}

/// Lends a board's names what discovery learned.
pub fn learn(names: &mut Names, targets: &Targets) {
    for (id, name) in &targets.queues {
        names.learn_queue(id.clone(), name);
    }
    for (id, name) in &targets.users {
        names.learn_user(id.clone(), name);
    }
}
