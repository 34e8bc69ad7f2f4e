//! What a call's list of findings may hold, without looking through it.

use super::notes::Family;
use crate::domain::Key;

/// What a call may have findings of, so that the list is looked through only where it may have what is looked for: with that of every
/// event, most of the time would be spent on waiting for it to come from memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Families, a bit each.
    families: u8,
    /// Keys of which values were found, in 64 groups.
    keys: u64,
}

impl Held {
    /// This one is in the list.
    pub(super) fn note(&mut self, family: Family, key: Option<&Key>) {
        self.families |= 1 << family as u8;
        if let (Family::Values, Some(key)) = (family, key) {
            self.keys |= Self::group(key);
        }
    }

    /// There may be some of this family.
    pub(super) fn any_of(self, family: Family) -> bool {
        self.families & (1 << family as u8) != 0
    }

    /// Something may have been found of the value of this key.
    pub(super) fn value_of(self, key: &Key) -> bool {
        self.keys & Self::group(key) != 0
    }

    fn group(key: &Key) -> u64 {
        let text = key.as_str().as_bytes();
        let ends = text.iter().rev().take(3).chain(text.first());
        1 << (ends.fold(text.len(), |group, byte| group * 5 + usize::from(*byte)) % 64)
    }
}
