//! What happened to the attributes of one conversation, newest last, bounded by count and by bytes.

use super::{At, Key, Moment, ParticipantId, Source, Value, suspect::WINDOW};
use std::{collections::VecDeque, time::Duration};

/// One change of one attribute that happened under our eyes. What was there at first sight is not in here.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// When it was observed.
    pub at: At,
    /// Whose attribute.
    pub participant: ParticipantId,
    /// The key that changed.
    pub key: Key,
    /// Before; `None` when absent.
    pub old: Option<Value>,
    /// After; `None` when it vanished.
    pub new: Option<Value>,
    /// By what it was observed.
    pub source: Source,
    /// The platform's own time of the change, where told.
    pub event_time: Option<Moment>,
}

impl HistoryEntry {
    fn bytes(&self) -> usize {
        let beyond = |v: &Option<Value>| v.as_ref().map_or(0, Value::beyond);
        size_of::<Self>() + beyond(&self.old) + beyond(&self.new)
    }
}

/// How much history one conversation may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimits {
    /// Entries at most; 0 for those who never look back.
    pub entries: usize,
    /// Bytes at most, values included.
    pub bytes: usize,
    /// Bytes at most of all conversations together: of many, each may hold less.
    pub together: usize,
}

/// What a conversation may hold however many there are: half a dozen changes.
const LEAST: usize = 1024;

impl HistoryLimits {
    /// No history is kept.
    pub const NONE: Self = Self { entries: 0, bytes: 0, together: 0 };

    /// The limits of each of so many conversations.
    pub(super) fn among(self, conversations: usize) -> Self {
        let share = (self.together / conversations.max(1)).max(LEAST);
        Self { bytes: self.bytes.min(share), ..self }
    }
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self { entries: 500, bytes: 256 * 1024, together: 10 << 20 }
    }
}

/// The history of one conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    entries: VecDeque<HistoryEntry>,
    bytes: usize,
    evicted: u64,
    /// The newest changes of those that are not kept.
    recent: Vec<Step>,
}

/// What is remembered of a change that is not kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub at: Duration,
    pub participant: ParticipantId,
    pub key: Key,
    /// Before; `None` when absent.
    pub old: Option<Value>,
}

/// So many changes that are not kept are remembered for a while.
const RECENT: usize = 6;

impl History {
    /// Adds an entry and lets the oldest go until the limits hold. The newest entry always stays.
    pub fn push(&mut self, entry: HistoryEntry, limits: HistoryLimits) {
        let bytes = entry.bytes();
        // Room is made first: a list that overflows by one entry doubles what it takes, for good.
        while self.entries.len() >= limits.entries || self.bytes + bytes > limits.bytes {
            let Some(gone) = self.entries.pop_front() else { break };
            self.bytes -= gone.bytes();
            self.evicted += 1;
        }
        self.bytes += bytes;
        if self.entries.len() == self.entries.capacity() {
            // Ten thousand lists get at once what they may ever hold, and no more: if each grew step by step, the room that
            // it left behind would be more than the room that it has.
            let held = self.entries.len();
            let most = limits.entries.min(limits.bytes / size_of::<HistoryEntry>());
            self.entries.reserve_exact((held / 2).max(16).min(most.saturating_sub(held)).max(1));
        }
        self.entries.push_back(entry);
    }

    /// A change that is not kept, but for a moment: what a key held is asked for by [`Self::held`].
    pub(super) fn pass(&mut self, step: Step) {
        self.evicted += 1;
        let is_old = |old: &&Step| step.at >= old.at.saturating_add(WINDOW);
        let old = self.recent.iter().take_while(is_old).count().max((self.recent.len() + 1).saturating_sub(RECENT));
        self.recent.drain(..old);
        self.recent.reserve_exact(1);
        self.recent.push(step);
    }

    /// When what this key holds now was first seen, and whether it held `value` before that; `None` where it did not change under our
    /// eyes, as far as that is remembered.
    pub(super) fn held(
        &self,
        participant: &ParticipantId,
        key: &str,
        value: Option<&Value>,
    ) -> Option<(Duration, bool)> {
        let kept = self.of(participant, key).map(|e| (e.at.mono, e.old.as_ref()));
        let recent = self.recent.iter().filter(|s| s.participant == *participant && s.key.as_str() == key);
        let steps = kept.chain(recent.map(|s| (s.at, s.old.as_ref())));
        // Every value that it held was replaced in one of them.
        steps.fold(None, |found: Option<(Duration, bool)>, (at, old)| {
            let (since, held) = found.unwrap_or_default();
            Some((since.max(at), held || old == value))
        })
    }

    /// Entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &HistoryEntry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// Entries of one key of one participant, oldest first.
    pub fn of<'a>(
        &'a self,
        participant: &'a ParticipantId,
        key: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a HistoryEntry> {
        self.entries.iter().filter(move |e| e.participant == *participant && e.key.as_str() == key)
    }

    /// How many entries are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing changed yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries were let go to stay within the limits: what is shown may not be all.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn entry(value: &str) -> HistoryEntry {
        HistoryEntry {
            at: At::after(Timestamp::UNIX_EPOCH, Duration::ZERO),
            participant: "p".into(),
            key: "k".into(),
            old: None,
            new: Some(value.into()),
            source: Source::Stream,
            event_time: None,
        }
    }

    #[test]
    fn many_conversations_share_what_few_may_hold() {
        let limits = HistoryLimits { entries: 500, bytes: 200_000, together: 1_000_000 };
        assert_eq!(limits.among(1), limits);
        assert_eq!(limits.among(100).bytes, 10_000);
        assert_eq!(limits.among(10_000).bytes, LEAST);
        let mut history = History::default();
        for n in 0..400 {
            history.push(entry(&n.to_string()), limits.among(100));
        }
        assert!(history.bytes <= 10_000);
        assert_eq!(history.evicted() + history.len() as u64, 400);
        assert_eq!(history.iter().next_back().and_then(|e| e.new.clone()), Some("399".into()));
    }

    proptest! {
        #[test]
        fn the_newest_stay_within_the_limits_and_no_room_is_taken_beyond(
            lengths in prop::collection::vec(0usize..400, 1..80),
            entries in 1usize..20,
            bytes in 0usize..4000,
        ) {
            let limits = HistoryLimits { entries, bytes, together: usize::MAX };
            let mut history = History::default();
            for (told, length) in lengths.iter().enumerate() {
                history.push(entry(&"x".repeat(*length)), limits);
                let held: usize = history.iter().map(HistoryEntry::bytes).sum();
                prop_assert!(history.len() == 1 || history.len() <= entries && held <= bytes);
                prop_assert_eq!(history.len() as u64 + history.evicted(), told as u64 + 1);
                prop_assert_eq!(history.iter().last().unwrap().new.as_ref().unwrap().as_str().len(), *length);
                prop_assert!(history.entries.capacity() <= entries);
            }
        }
    }
}
