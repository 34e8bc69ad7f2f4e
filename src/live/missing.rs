//! Conversations that the platform answered with 404 or 410: not read again before an event of their own tells of them, and each
//! time that it is so again, later. Lists that still name them change nothing for a while. Pure.

use crate::{domain::ConversationId, genesys::poll::GONE_FOR};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// From a 404 on, events of the call do not have it read before so long, by how many there were in a row: an event that is late
/// or of a call that cannot be read would else ask again and again.
const WAITS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(300),
];
/// More than so many are cleared of old ones.
const MANY: usize = 4_096;
/// Old.
const OLD: Duration = Duration::from_secs(3_600);

#[derive(Debug)]
struct MissingEntry {
    times: usize,
    since: Duration,
    /// It may be read once.
    open: bool,
}

/// The conversations that are not there.
#[derive(Debug, Default)]
pub(super) struct Missing(FxHashMap<ConversationId, MissingEntry>);

impl Missing {
    /// A read was answered so. True when it is the first time.
    pub(super) fn answered(&mut self, id: &ConversationId, now: Duration) -> bool {
        if self.0.len() > MANY {
            self.0.retain(|_, entry| entry.since + OLD > now);
        }
        let entry = self.0.entry(id.clone()).or_insert(MissingEntry { times: 0, since: now, open: false });
        entry.times += 1;
        (entry.since, entry.open) = (now, false);
        entry.times == 1
    }

    /// There is none, which is nearly always so.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An event of the call itself told of it.
    pub(super) fn event(&mut self, id: &ConversationId, now: Duration) {
        if let Some(entry) = self.0.get_mut(id) {
            let wait = WAITS[entry.times.clamp(1, WAITS.len()) - 1];
            entry.open |= entry.since + wait <= now;
        }
    }

    /// A list named it.
    pub(super) fn listed(&mut self, id: &ConversationId, now: Duration) {
        if let Some(entry) = self.0.get_mut(id) {
            entry.open |= entry.since + GONE_FOR <= now;
        }
    }

    /// It was read.
    pub(super) fn found(&mut self, id: &ConversationId) {
        self.0.remove(id);
    }

    /// It is not to be read now.
    pub(super) fn bars(&self, id: &ConversationId) -> bool {
        !self.0.is_empty() && self.0.get(id).is_some_and(|entry| !entry.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_events_bring_a_call_back_and_lists_after_a_while() {
        let s = Duration::from_secs;
        let id = ConversationId::new("c");
        let mut missing = Missing::default();
        assert!(!missing.bars(&id) && missing.answered(&id, s(0)) && missing.bars(&id));
        missing.listed(&id, s(30));
        assert!(missing.bars(&id), "a list names it still");
        missing.event(&id, s(1));
        assert!(!missing.bars(&id), "it is there after all");
        assert!(!missing.answered(&id, s(1)), "told before");
        missing.event(&id, s(10));
        assert!(missing.bars(&id), "asked for a moment ago");
        missing.event(&id, s(31));
        assert!(!missing.bars(&id));
        missing.found(&id);
        assert!(missing.answered(&id, s(40)));
        missing.listed(&id, s(40) + GONE_FOR);
        assert!(!missing.bars(&id));
    }

    #[test]
    fn a_call_with_many_events_that_cannot_be_read_is_asked_for_seldom() {
        let id = ConversationId::new("c");
        let mut missing = Missing::default();
        let mut reads = 0;
        for second in 0..3_600 {
            missing.event(&id, Duration::from_secs(second));
            if !missing.bars(&id) {
                reads += 1;
                missing.answered(&id, Duration::from_secs(second));
            }
        }
        assert!(reads <= 18, "{reads}");
    }
}
