//! Which conversations are to be read, and in which order: the ones looked at most recently first, one request at a
//! time for each, a few at once in all. Pure; the client's budget spreads them over the minute.

use crate::domain::ConversationId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::VecDeque, time::Duration};

/// Reads under way at once.
const AT_ONCE: usize = 6;
/// After a read that failed for a passing reason, this long until the next one of the same conversation.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// After a read that was answered, this long until the next one of the same conversation; doubles with each that follows so soon.
/// Whoever asks again at once was told something that is older than what is known.
const AFTER_ANSWER: Duration = Duration::from_millis(150);
/// It doubles so often.
const DOUBLED: u32 = 3;
/// A read that is answered within this time of the end of its pause followed soon.
const SOON: Duration = Duration::from_secs(1);

/// Reads that are wanted and reads that are under way.
#[derive(Clone, Debug, Default)]
pub struct Rereads {
    /// When each was asked for (counted), and not before when it may be tried.
    wanted: FxHashMap<ConversationId, (u64, Duration)>,
    pending: FxHashSet<ConversationId>,
    /// When the operator last looked at each (counted): later is more urgent.
    looked: FxHashMap<ConversationId, u64>,
    /// Answered a moment ago, oldest first: when the next read of it may leave, and how many followed so soon.
    answered: VecDeque<Answered>,
    count: u64,
}

#[derive(Clone, Debug)]
struct Answered {
    id: ConversationId,
    at: Duration,
    row: u32,
}

impl Answered {
    /// No read of it leaves before.
    fn rests(&self) -> Duration {
        self.at + AFTER_ANSWER * (1 << self.row)
    }
}

impl Rereads {
    /// Nothing to read.
    pub fn new() -> Self {
        Self::default()
    }

    /// This one is to be read. While a read of it is under way, it is read once more after that. One that waits because
    /// it failed waits no longer: the client's budget holds everyone back for as long as the server asked. One that was read just now
    /// rests a little.
    pub fn want(&mut self, id: ConversationId) {
        self.count += 1;
        let from = self.answered.iter().rfind(|a| a.id == id).map_or(Duration::ZERO, Answered::rests);
        self.wanted.entry(id).or_insert((self.count, from)).1 = from;
    }

    /// The operator looks at this one.
    pub fn look(&mut self, id: &ConversationId) {
        self.count += 1;
        self.looked.insert(id.clone(), self.count);
    }

    /// This one is of no interest any more.
    pub fn forget(&mut self, id: &ConversationId) {
        self.wanted.remove(id);
        self.looked.remove(id);
    }

    /// How many are still to be read, those under way included.
    #[cfg(test)]
    pub fn backlog(&self) -> usize {
        self.wanted.len() + self.pending.iter().filter(|id| !self.wanted.contains_key(*id)).count()
    }

    /// A read of this one is under way.
    pub fn is_pending(&self, id: &ConversationId) -> bool {
        self.pending.contains(id)
    }

    /// The next one to read now, if a place is free. It counts as under way until [`Rereads::done`].
    pub fn next(&mut self, now: Duration) -> Option<ConversationId> {
        if self.pending.len() >= AT_ONCE {
            return None;
        }
        let ready = self.wanted.iter().filter(|(id, (_, from))| *from <= now && !self.pending.contains(*id));
        let id = ready
            .max_by_key(|(id, (asked, _))| (self.looked.get(*id).copied().unwrap_or(0), std::cmp::Reverse(*asked)))
            .map(|(id, _)| id.clone())?;
        self.wanted.remove(&id);
        self.pending.insert(id.clone());
        Some(id)
    }

    /// When [`Rereads::next`] may have something although it has nothing now; `None` when only an answer can change that.
    pub fn wake(&self) -> Option<Duration> {
        if self.pending.len() >= AT_ONCE {
            return None;
        }
        self.wanted.iter().filter(|(id, _)| !self.pending.contains(*id)).map(|(_, (_, from))| *from).min()
    }

    /// The read of this one was answered now.
    pub fn done(&mut self, id: &ConversationId, now: Duration) {
        self.pending.remove(id);
        let longest = AFTER_ANSWER * (2 << DOUBLED);
        while self.answered.front().is_some_and(|a| a.at + longest < now) {
            self.answered.pop_front();
        }
        let before = self.answered.iter().rfind(|a| a.id == *id);
        let row = before.filter(|a| now < a.rests() + SOON).map_or(0, |a| (a.row + 1).min(DOUBLED));
        self.answered.push_back(Answered { id: id.clone(), at: now, row });
    }

    /// The read of this one failed for a reason that passes, or after `wait`: it is tried again.
    pub fn failed(&mut self, id: &ConversationId, wait: Option<Duration>, now: Duration) {
        if self.pending.remove(id) {
            self.count += 1;
            let from = now.saturating_add(wait.unwrap_or(AFTER_FAILURE));
            self.wanted.entry(id.clone()).or_insert((self.count, from)).1 = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u8) -> ConversationId {
        ConversationId::new(format!("c{n}"))
    }

    #[test]
    fn looked_at_first_then_in_order() {
        let mut reads = Rereads::new();
        (0..4).for_each(|n| reads.want(id(n)));
        reads.look(&id(2));
        reads.look(&id(3));
        let order: Vec<_> = std::iter::from_fn(|| reads.next(Duration::ZERO)).collect();
        assert_eq!(order, [id(3), id(2), id(0), id(1)]);
    }

    #[test]
    fn a_failed_read_is_tried_again_later_and_a_doubled_wish_once_more() {
        let mut reads = Rereads::new();
        reads.want(id(1));
        assert_eq!(reads.next(Duration::ZERO), Some(id(1)));
        reads.want(id(1));
        assert_eq!(reads.next(Duration::ZERO), None);
        reads.done(&id(1), Duration::ZERO);
        assert_eq!(reads.next(Duration::ZERO), Some(id(1)));
        reads.failed(&id(1), Some(Duration::from_secs(9)), Duration::from_secs(1));
        assert_eq!(reads.next(Duration::from_secs(9)), None);
        assert_eq!(reads.wake(), Some(Duration::from_secs(10)));
        assert_eq!(reads.next(Duration::from_secs(10)), Some(id(1)));
        reads.done(&id(1), Duration::from_secs(10));
        assert_eq!(reads.backlog(), 0);
    }

    #[test]
    fn a_fresh_wish_ends_the_wait_after_a_failure() {
        let mut reads = Rereads::new();
        reads.want(id(1));
        reads.next(Duration::ZERO);
        reads.failed(&id(1), Some(Duration::MAX), Duration::from_secs(1));
        assert_eq!(reads.next(Duration::from_secs(3600)), None);
        reads.want(id(1));
        assert_eq!(reads.next(Duration::from_secs(3600)), Some(id(1)));
    }

    /// One that is asked for again whenever it was answered, because what it shows is older than what is known: for three seconds, as
    /// the board does.
    #[test]
    fn one_that_is_wanted_again_at_once_is_read_after_growing_pauses() {
        let (mut reads, mut now, mut left) = (Rereads::new(), Duration::ZERO, Vec::new());
        while now < Duration::from_secs(3) {
            reads.want(id(1));
            now = now.max(reads.wake().expect("it is wanted"));
            assert_eq!(reads.next(now), Some(id(1)));
            left.push(now.as_millis());
            now += Duration::from_millis(5);
            reads.done(&id(1), now);
        }
        assert_eq!(left, [0, 155, 460, 1065, 2270, 3475]);
        now += Duration::from_secs(10);
        reads.done(&id(2), now);
        reads.want(id(1));
        assert_eq!(reads.next(now), Some(id(1)), "it has rested");
        assert_eq!(reads.answered.len(), 1, "what was answered long ago is forgotten");
    }

    proptest! {
        /// Whatever is wanted is read after the last wish, never twice at once, and a few at a time.
        #[test]
        fn every_wish_is_fulfilled(steps in prop::collection::vec((0u8..4, 0u8..12), 0..300)) {
            let (mut reads, mut now) = (Rereads::new(), Duration::ZERO);
            let mut open: Vec<ConversationId> = Vec::new();
            let mut unread = FxHashSet::default();
            let step = |reads: &mut Rereads, open: &mut Vec<ConversationId>, now: Duration, kind: u8, n: u8, unread: &mut FxHashSet<ConversationId>| {
                match kind {
                    0 => { reads.want(id(n)); unread.insert(id(n)); }
                    1 => if let Some(next) = reads.next(now) {
                        assert!(!open.contains(&next));
                        unread.remove(&next);
                        open.push(next);
                        assert!(open.len() <= AT_ONCE);
                    },
                    2 => if !open.is_empty() { let done = open.remove(n as usize % open.len()); reads.done(&done, now); },
                    _ => if !open.is_empty() {
                        let failed = open.remove(n as usize % open.len());
                        reads.failed(&failed, None, now);
                        unread.insert(failed);
                    },
                }
            };
            for (kind, n) in steps {
                now += Duration::from_millis(100);
                step(&mut reads, &mut open, now, kind, n, &mut unread);
            }
            for _ in 0..200 {
                now += Duration::from_secs(1);
                step(&mut reads, &mut open, now, 1, 0, &mut unread);
                step(&mut reads, &mut open, now, 2, 0, &mut unread);
            }
            prop_assert!(unread.is_empty());
            prop_assert_eq!(reads.backlog(), 0);
        }
    }
}
