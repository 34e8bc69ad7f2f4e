//! The conversations of a board, in order of first sight.

use super::BoardEntry;
use crate::domain::ConversationId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Conversations by id. One event asks for the same one several times, so the one that was asked for last is looked at first.
#[derive(Debug, Default)]
pub(super) struct Entries {
    map: IndexMap<ConversationId, BoardEntry, FxBuildHasher>,
    /// The place of the one that was found last, as a guess.
    last: AtomicUsize,
}

impl Clone for Entries {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), last: AtomicUsize::new(0) }
    }
}

impl Entries {
    fn place(&self, id: &str) -> Option<usize> {
        let last = self.last.load(Ordering::Relaxed);
        if self.map.get_index(last).is_some_and(|(known, _)| known.as_str() == id) {
            return Some(last);
        }
        let place = self.map.get_index_of(id)?;
        self.last.store(place, Ordering::Relaxed);
        Some(place)
    }

    pub fn get(&self, id: &str) -> Option<&BoardEntry> {
        self.map.get_index(self.place(id)?).map(|(_, entry)| entry)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut BoardEntry> {
        let place = self.place(id)?;
        self.map.get_index_mut(place).map(|(_, entry)| entry)
    }

    pub fn has(&self, id: &str) -> bool {
        self.place(id).is_some()
    }

    pub fn insert(&mut self, id: ConversationId, entry: BoardEntry) {
        let length = self.map.len();
        if length == self.map.capacity() {
            // Entries are large: a table that doubles would be half empty.
            self.map.reserve_exact(length / 16 + 16);
        }
        self.map.insert(id, entry);
    }

    /// Keeps those for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&BoardEntry) -> bool) {
        self.map.retain(|_, entry| keep(entry));
    }

    pub fn last(&self) -> Option<&BoardEntry> {
        self.map.last().map(|(_, entry)| entry)
    }

    pub fn values(&self) -> indexmap::map::Values<'_, ConversationId, BoardEntry> {
        self.map.values()
    }

    pub fn values_mut(&mut self) -> indexmap::map::ValuesMut<'_, ConversationId, BoardEntry> {
        self.map.values_mut()
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{Board, ConversationId, HistoryLimits, Update, testing::*};

    #[test]
    fn who_was_asked_for_last_is_not_taken_for_another_when_some_have_gone() {
        let mut board = Board::new(HistoryLimits::default());
        for id in ["a", "b", "c"] {
            _ = board.apply(at(0), Update::Stream(snapshot(id, Vec::new())), &());
        }
        assert!(board.get("c").is_some());
        _ = board.retire(|entry| entry.conversation.id.as_str() == "a");
        let id = |id: &str| board.get(id).map(|entry| entry.conversation.id.clone());
        for known in ["c", "b", "c"] {
            assert_eq!(id(known), Some(ConversationId::from(known)));
        }
        assert_eq!(id("a"), None);
        assert_eq!(board.clone().get("c").map(|entry| &entry.conversation.id), id("c").as_ref());
    }
}
