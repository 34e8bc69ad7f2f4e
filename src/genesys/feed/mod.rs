//! Drives a [`Session`](session::Session) over real requests and websockets, and yields what arrives.

mod driver;
mod newest;
mod socket;
mod spare;
mod taken;

use super::{
    Client, session,
    topic::Topic,
    wire::{Head, Outline, StreamMemory},
};
use crate::domain::{At, ConversationId, EveryState, Link};
pub use newest::{Newest, NewestState};
pub use session::{Rejection, SessionOptions, Usage};
pub use spare::give_back;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, watch};

/// What the feed yields, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedEvent {
    /// A message of the platform as it was received; decode it with [`super::wire::decode_outlined`]. Heartbeats and other
    /// messages about the link are dealt with here and not handed on.
    Frame {
        /// The text of the message.
        raw: String,
        /// How it is written, if it tells a whole conversation.
        outline: Outline,
        /// When it was received.
        at: At,
    },
    /// A conversation event as above, in a place where a newer one of its conversation may have replaced it: only with
    /// [`FeedOptions::coalesce`].
    Newest(Newest),
    /// A binary message that is not text: to be counted as malformed.
    Binary {
        /// Its length in bytes.
        length: usize,
        /// When it was received.
        at: At,
    },
    /// The link is now like this.
    Link {
        /// Its state.
        link: Link,
        /// Since when.
        at: At,
    },
    /// Topics were subscribed or refused. Conversations of newly subscribed topics should be read now.
    Topics {
        /// Subscribed.
        accepted: Vec<Topic>,
        /// Refused, one by one, with the permissions that are missing.
        rejected: Vec<(Topic, Rejection)>,
        /// When they were answered.
        at: At,
    },
}

/// How the feed behaves.
#[derive(Clone, Copy, Debug)]
pub struct FeedOptions {
    /// The rules of the link.
    pub session: session::SessionOptions,
    /// How many events may wait for the reader; beyond it, the socket is read no further.
    pub inbox: usize,
    /// Let the newest whole state of a conversation replace an older one that still waits for the reader; see
    /// [`FeedHandle::every_state`].
    pub coalesce: bool,
    /// For opening a socket.
    pub connect_timeout: Duration,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            session: session::SessionOptions::default(),
            // Few, because of many the oldest would have left the processor's caches before they are looked at; the socket
            // holds the rest.
            inbox: 128,
            coalesce: false,
            // As for the first answer of a server.
            connect_timeout: Duration::from_secs(8),
        }
    }
}

impl FeedOptions {
    /// For a reader that wants to know what is now and may fall behind. There is a place for each of many
    /// conversations, so that a flood of events of all of them does not stop the socket.
    pub fn newest() -> Self {
        Self { inbox: 16_384, coalesce: true, ..Self::default() }
    }
}

/// Steers a running feed. Cheap to clone. The feed ends when it is told to, or when its receiver is dropped.
#[derive(Clone, Debug)]
pub struct FeedHandle {
    events: mpsc::UnboundedSender<session::SessionEvent>,
    usage: watch::Receiver<Usage>,
    every_state: watch::Sender<Arc<EveryState>>,
    memory: SharedMemory,
}

/// How the stream wrote each conversation last. Several sockets may tell of one conversation, so they share it; nobody decides
/// anything by it, and it is held for as long as an event takes to outline.
#[derive(Clone, Debug, Default)]
struct SharedMemory(Arc<Mutex<StreamMemory>>);

impl SharedMemory {
    fn lock(&self) -> MutexGuard<'_, StreamMemory> {
        // What was left half done is held against nothing: its event has no number.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedHandle {
    /// Watches these topics too.
    pub fn add(&self, topics: impl IntoIterator<Item = Topic>) {
        self.say(session::SessionEvent::Want(topics.into_iter().collect()));
    }

    /// Gives topics back: of calls that ended, of queues no longer watched.
    pub fn remove(&self, topics: impl IntoIterator<Item = Topic>) {
        self.say(session::SessionEvent::Unwant(topics.into_iter().collect()));
    }

    /// Does not wait for the next try.
    pub fn retry_now(&self) {
        self.say(session::SessionEvent::RetryNow);
    }

    /// There is a good token again: [`Client::adopt`] was called.
    pub fn signed_in(&self) {
        self.say(session::SessionEvent::SignedIn);
    }

    /// Ends the feed; the last event is [`Link::Closed`].
    pub fn stop(&self) {
        self.say(session::SessionEvent::Stop);
    }

    /// Of these conversations no state is skipped from now on. Without [`FeedOptions::coalesce`] none ever is.
    pub fn every_state(&self, wanted: Arc<EveryState>) {
        self.every_state.send_replace(wanted);
    }

    /// Outlines a message that was handed on without, as [`FeedEvent::Newest`].
    pub fn outline(&self, raw: &str, head: &Head<'_>, outline: &mut Outline) {
        self.memory.lock().outline(raw, head, outline);
    }

    /// Nobody needs to know any more how these conversations were written.
    pub fn forget(&self, ids: &[ConversationId]) {
        let mut memory = self.memory.lock();
        ids.iter().for_each(|id| memory.forget(id.as_str()));
    }

    /// How many topics and channels are in use.
    pub fn usage(&self) -> Usage {
        *self.usage.borrow()
    }

    fn say(&self, event: session::SessionEvent) {
        // A feed that has ended needs no steering.
        let _ = self.events.send(event);
    }
}

/// Starts a feed of these topics on the present tokio runtime.
pub fn start(
    client: Client,
    topics: impl IntoIterator<Item = Topic>,
    options: FeedOptions,
) -> (FeedHandle, mpsc::Receiver<FeedEvent>) {
    let (out, receiver) = mpsc::channel(options.inbox.max(1));
    let (events, inbox) = mpsc::unbounded_channel();
    let (usage, usage_reader) = watch::channel(Usage::default());
    let first = session::SessionEvent::Want(topics.into_iter().collect());
    let (every_state, wanted) = watch::channel(Arc::default());
    let memory = SharedMemory::default();
    let driver = driver::FeedDriver::new(client, options, out, events.clone(), usage, wanted, memory.clone());
    tokio::spawn(driver.run(first, inbox));
    (FeedHandle { events, usage: usage_reader, every_state, memory }, receiver)
}
