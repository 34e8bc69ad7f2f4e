//! Which values changed a moment ago, so that they can flash and then settle.

use crate::domain::{At, ConversationId, Key, ParticipantId};
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, time::Duration};

/// How long a change is drawn loud.
pub const FLASH: Duration = Duration::from_millis(2500);
/// How long a change is drawn as fresh at all.
pub const FRESH: Duration = Duration::from_secs(8);
/// Above this the oldest marks go first: nobody sees thousands of cells at once.
const LIMIT: usize = 20_000;

type FreshCell = (ConversationId, ParticipantId, Key);

/// Marks of fresh changes.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    since: FxHashMap<FreshCell, Duration>,
    order: VecDeque<(Duration, FreshCell)>,
}

/// How fresh a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// Since the change.
    pub age: Duration,
}

impl Age {
    /// Still to be drawn loud.
    pub fn flashes(self) -> bool {
        self.age < FLASH
    }
}

impl Fresh {
    /// Notes that this attribute changed now.
    pub fn mark(&mut self, at: At, conversation: &ConversationId, participant: &ParticipantId, key: &Key) {
        let cell = (conversation.clone(), participant.clone(), key.clone());
        self.since.insert(cell.clone(), at.mono);
        self.order.push_back((at.mono, cell));
        while self.order.len() > LIMIT {
            self.drop_oldest();
        }
    }

    /// How fresh this attribute is, if it is.
    pub fn of(&self, at: At, conversation: &ConversationId, participant: &ParticipantId, key: &Key) -> Option<Age> {
        if self.since.is_empty() {
            return None;
        }
        let since = self.since.get(&(conversation.clone(), participant.clone(), key.clone()))?;
        let age = at.mono.saturating_sub(*since);
        (age < FRESH).then_some(Age { age })
    }

    /// Forgets what has settled.
    pub fn settle(&mut self, at: At) {
        while self.order.front().is_some_and(|(since, _)| *since + FRESH <= at.mono) {
            self.drop_oldest();
        }
    }

    /// When a mark changes its look next.
    pub fn next_deadline(&self, at: At) -> Option<Duration> {
        let end = self.order.front().map(|(since, _)| *since + FRESH)?;
        // In order of time, so that of thousands only a few are looked at.
        let settled = self.order.partition_point(|(since, _)| *since + FLASH <= at.mono);
        let loud = self.order.get(settled).map(|(since, _)| *since + FLASH);
        Some(loud.map_or(end, |l| l.min(end)))
    }

    fn drop_oldest(&mut self) {
        if let Some((since, cell)) = self.order.pop_front()
            && self.since.get(&cell) == Some(&since)
        {
            self.since.remove(&cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_flash_then_settle() {
        let at = |ms| At::after(jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(ms));
        let (c, p, k) = (ConversationId::from("c"), ParticipantId::from("p"), Key::from("k"));
        let mut fresh = Fresh::default();
        fresh.mark(at(1000), &c, &p, &k);
        assert_eq!(fresh.next_deadline(at(1000)), Some(Duration::from_millis(3500)));
        assert!(fresh.of(at(3000), &c, &p, &k).is_some_and(Age::flashes));
        assert!(fresh.of(at(4000), &c, &p, &k).is_some_and(|a| !a.flashes()));
        assert_eq!(fresh.next_deadline(at(4000)), Some(Duration::from_millis(9000)));
        // A newer change keeps the mark when the older one would have settled.
        fresh.mark(at(5000), &c, &p, &k);
        fresh.settle(at(9000));
        assert!(fresh.of(at(9000), &c, &p, &k).is_some());
        fresh.settle(at(13_000));
        assert_eq!(fresh.next_deadline(at(13_000)), None);
    }
}
