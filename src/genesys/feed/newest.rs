//! What a reader that has fallen behind is spared: a state that a newer one of the same conversation has replaced.
//!
//! A conversation event tells the whole state, so of several that wait only the last is needed to know what is now. The
//! newest takes the place in the queue of the one that still waits there; how many it replaced is counted and told. The
//! order stays true: anything of the same conversation that is handed on by itself (its attributes event, or states
//! that are all wanted) closes the place, and the next state queues behind it.

use super::{FeedEvent, spare};
use crate::{
    domain::{At, ConversationId, EveryState},
    genesys::wire::{Head, Outline},
};
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{Notify, watch};

/// Bytes of frames that may wait; beyond it, the socket is read no further: the states of two thousand calls.
const MOST_BYTES: usize = 8 << 20;
/// Then it is read on once no more than this waits, so that the two sides do not wake each other for every frame.
const READ_ON: usize = MOST_BYTES * 3 / 4;
/// Places are remembered for this many conversations before those without a waiting frame are forgotten.
const PLACES: usize = 1024;

/// The place of a conversation in the queue: whoever takes from it finds the newest state.
#[derive(Clone, Debug)]
pub struct Newest(Arc<HeldPlace>);

#[derive(Debug)]
struct HeldPlace {
    frame: Mutex<Option<NewestState>>,
    level: Arc<Backlog>,
}

/// The newest state of a conversation, and how many it replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct NewestState {
    /// The conversation.
    pub conversation: ConversationId,
    /// The text of the message.
    pub raw: String,
    /// Room for its outline, which is made when it is taken: states before it may be replaced until then.
    pub outline: Outline,
    /// When it was received.
    pub at: At,
    /// Older states of this conversation, received and replaced while they waited.
    pub skipped: u32,
}

/// How much waits.
#[derive(Debug, Default)]
struct Backlog {
    bytes: AtomicUsize,
    room: Notify,
}

impl PartialEq for Newest {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Newest {
    /// Takes what waits here. Whoever was handed the place finds it filled once.
    pub fn take(&self) -> Option<NewestState> {
        let waiting = self.0.lock().take()?;
        let before = self.0.level.bytes.fetch_sub(waiting.raw.len(), Ordering::AcqRel);
        if before > READ_ON && before - waiting.raw.len() <= READ_ON {
            self.0.level.room.notify_one();
        }
        Some(waiting)
    }
}

impl NewestState {
    fn new(id: &str, raw: &str, at: At) -> Self {
        let (raw, outline) = spare::copy(raw);
        Self { conversation: ConversationId::new(id), raw, outline, at, skipped: 0 }
    }
}

/// A frame that is not outlined yet.
pub(super) fn frame(raw: &str, at: At) -> FeedEvent {
    let (raw, outline) = spare::copy(raw);
    FeedEvent::Frame { raw, outline, at }
}

impl HeldPlace {
    fn lock(&self) -> MutexGuard<'_, Option<NewestState>> {
        // Nothing in there can be left half done.
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sending side, one for each socket.
pub(super) struct Coalescer {
    wanted: watch::Receiver<Arc<EveryState>>,
    /// By conversation, and within it by topic: each topic tells states of its own.
    places: FxHashMap<CompactString, Vec<(CompactString, Newest)>>,
    level: Arc<Backlog>,
    prune_at: usize,
}

impl Coalescer {
    pub(super) fn new(wanted: watch::Receiver<Arc<EveryState>>) -> Self {
        Self { wanted, places: FxHashMap::default(), level: Arc::default(), prune_at: PLACES }
    }

    /// What is to be handed on for this conversation event; nothing when it took the place of one that waits.
    pub(super) fn state(&mut self, head: &Head<'_>, raw: &str, at: At) -> Option<FeedEvent> {
        let Some(id) = head.conversation else {
            self.places.clear();
            return Some(frame(raw, at));
        };
        if self.wanted.borrow().wants(id) {
            return Some(self.by_itself(head, raw, at));
        }
        let places = match self.places.get_mut(id) {
            Some(places) => places,
            None => {
                self.prune();
                self.places.entry(CompactString::new(id)).or_default()
            }
        };
        let bytes = &self.level.bytes;
        if let Some((_, newest)) = places.iter().find(|(topic, _)| topic == head.topic) {
            let mut frame = newest.0.lock();
            if let Some(waiting) = frame.as_mut() {
                bytes.fetch_add(raw.len(), Ordering::AcqRel);
                bytes.fetch_sub(waiting.raw.len(), Ordering::AcqRel);
                waiting.raw.clear();
                waiting.raw.push_str(raw);
                waiting.at = at;
                waiting.skipped = waiting.skipped.saturating_add(1);
                return None;
            }
            bytes.fetch_add(raw.len(), Ordering::AcqRel);
            *frame = Some(NewestState::new(id, raw, at));
            drop(frame);
            return Some(FeedEvent::Newest(newest.clone()));
        }
        bytes.fetch_add(raw.len(), Ordering::AcqRel);
        let frame = Mutex::new(Some(NewestState::new(id, raw, at)));
        let newest = Newest(Arc::new(HeldPlace { frame, level: Arc::clone(&self.level) }));
        places.push((CompactString::new(head.topic), newest.clone()));
        Some(FeedEvent::Newest(newest))
    }

    /// A frame that is handed on as it is. What comes later of its conversation comes after it.
    pub(super) fn by_itself(&mut self, head: &Head<'_>, raw: &str, at: At) -> FeedEvent {
        match head.conversation {
            Some(id) => drop(self.places.remove(id)),
            None => self.places.clear(),
        }
        frame(raw, at)
    }

    /// True while so much waits that the socket should not be read on.
    pub(super) fn is_full(&self) -> bool {
        self.level.bytes.load(Ordering::Acquire) > MOST_BYTES
    }

    /// Waits until the reader has taken enough.
    pub(super) async fn room(&self) {
        while self.level.bytes.load(Ordering::Acquire) > READ_ON {
            self.level.room.notified().await;
        }
    }

    fn prune(&mut self) {
        if self.places.len() >= self.prune_at {
            self.places.retain(|_, places| places.iter().any(|(_, newest)| newest.0.lock().is_some()));
            self.prune_at = PLACES.max(2 * self.places.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesys::wire::head;
    use jiff::Timestamp;
    use std::{collections::BTreeSet, time::Duration};

    fn at(ms: u64) -> At {
        At::after(Timestamp::UNIX_EPOCH, Duration::from_millis(ms))
    }

    struct Bench {
        coalescer: Coalescer,
        wanted: watch::Sender<Arc<EveryState>>,
        queue: Vec<FeedEvent>,
        now: u64,
    }

    impl Bench {
        fn new() -> Self {
            let (wanted, receiver) = watch::channel(Arc::default());
            Self { coalescer: Coalescer::new(receiver), wanted, queue: Vec::new(), now: 0 }
        }

        fn state(&mut self, topic: &str, id: &str, value: u32) {
            self.now += 1;
            let raw = format!(r#"{{"topicName":"{topic}","eventBody":{{"id":"{id}","value":{value}}}}}"#);
            let event = self.coalescer.state(&head(&raw).unwrap(), &raw, at(self.now));
            self.queue.extend(event);
        }

        fn attributes(&mut self, id: &str) {
            self.now += 1;
            let raw = format!(r#"{{"topicName":"attributes","eventBody":{{"conversationId":"{id}"}}}}"#);
            let event = self.coalescer.by_itself(&head(&raw).unwrap(), &raw, at(self.now));
            self.queue.push(event);
        }

        /// Everything that waits, as `id value skipped` or the word of what else it is.
        fn taken(&mut self) -> Vec<String> {
            let tell = |raw: &str| {
                raw.split(['{', '}', '"', ':', ',']).filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ")
            };
            let taken = self.queue.drain(..).map(|event| match event {
                FeedEvent::Newest(newest) => {
                    let waiting = newest.take().expect("a place that was handed on is filled");
                    assert!(newest.take().is_none());
                    format!("{} skipped {}", tell(&waiting.raw), waiting.skipped)
                }
                FeedEvent::Frame { raw, .. } => tell(&raw),
                other => panic!("{other:?}"),
            });
            taken.collect()
        }
    }

    #[test]
    fn the_newest_state_takes_the_place_of_the_one_that_waits() {
        let mut bench = Bench::new();
        for value in 1..=3 {
            bench.state("q", "a", value);
            bench.state("q", "b", value);
        }
        assert_eq!(
            bench.taken(),
            ["topicName q eventBody id a value 3 skipped 2", "topicName q eventBody id b value 3 skipped 2"]
        );
        assert_eq!(bench.coalescer.level.bytes.load(Ordering::Relaxed), 0);
        bench.state("q", "a", 4);
        assert_eq!(bench.taken(), ["topicName q eventBody id a value 4 skipped 0"], "taken is taken");
    }

    #[test]
    fn topics_do_not_speak_for_each_other() {
        let mut bench = Bench::new();
        bench.state("q", "a", 1);
        bench.state("q.calls", "a", 1);
        bench.state("q", "a", 2);
        assert_eq!(
            bench.taken(),
            ["topicName q eventBody id a value 2 skipped 1", "topicName q.calls eventBody id a value 1 skipped 0"]
        );
    }

    #[test]
    fn what_is_handed_on_by_itself_is_not_overtaken() {
        let mut bench = Bench::new();
        bench.state("q", "a", 1);
        bench.attributes("a");
        bench.state("q", "a", 2);
        bench.state("q", "a", 3);
        assert_eq!(
            bench.taken(),
            [
                "topicName q eventBody id a value 1 skipped 0",
                "topicName attributes eventBody conversationId a",
                "topicName q eventBody id a value 3 skipped 1"
            ]
        );
    }

    #[test]
    fn every_state_is_handed_on_where_that_is_wanted() {
        let mut bench = Bench::new();
        bench.state("q", "a", 1);
        bench.wanted.send_replace(Arc::new(EveryState::Of(BTreeSet::from(["a".into()]))));
        bench.state("q", "a", 2);
        bench.state("q", "a", 3);
        bench.state("q", "b", 1);
        bench.state("q", "b", 2);
        // No longer wanted, while the old place still waits at the front: what is newer must not go there.
        bench.wanted.send_replace(Arc::default());
        bench.state("q", "a", 4);
        bench.state("q", "a", 5);
        assert_eq!(
            bench.taken(),
            [
                "topicName q eventBody id a value 1 skipped 0",
                "topicName q eventBody id a value 2",
                "topicName q eventBody id a value 3",
                "topicName q eventBody id b value 2 skipped 1",
                "topicName q eventBody id a value 5 skipped 1"
            ]
        );
        bench.wanted.send_replace(Arc::new(EveryState::OfAll));
        bench.state("q", "c", 1);
        bench.state("q", "c", 2);
        assert_eq!(bench.taken().len(), 2);
    }

    #[tokio::test]
    async fn what_waits_is_bounded_by_bytes() {
        let mut bench = Bench::new();
        let raw =
            |id: &str| format!(r#"{{"topicName":"q","eventBody":{{"id":"{id}","x":"{}"}}}}"#, "x".repeat(MOST_BYTES));
        let raw = raw("a");
        let event = bench.coalescer.state(&head(&raw).unwrap(), &raw, at(1)).unwrap();
        assert!(bench.coalescer.is_full());
        let FeedEvent::Newest(newest) = event else { panic!("{event:?}") };
        let taken = async { newest.take() };
        let ((), taken) = tokio::join!(bench.coalescer.room(), taken);
        assert!(taken.is_some() && !bench.coalescer.is_full());
    }

    #[test]
    fn places_of_conversations_that_have_gone_are_forgotten() {
        let mut bench = Bench::new();
        for n in 0..3 * PLACES {
            bench.state("q", &n.to_string(), 1);
            bench.taken();
        }
        assert!(bench.coalescer.places.len() <= PLACES + 1, "{}", bench.coalescer.places.len());
    }
}
