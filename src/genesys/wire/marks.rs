//! Fingerprints of how an event is written: what is written as before need not be read again.
//!
//! A fingerprint has 64 bits and depends on a number drawn at each start, so two different texts have the same one once in
//! 10¹⁹ cases, and nobody outside can look for a pair.

use super::cursor::Cursor;
use foldhash::quality::RandomState;
use std::{
    hash::{BuildHasher, Hasher},
    sync::LazyLock,
};

static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Of a text.
pub(super) fn fingerprint(text: &str) -> u64 {
    let mut hasher = SEED.build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// How a piece of an event is written. In words of four bytes, for there are many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// In bytes.
    pub length: u32,
    fingerprint: [u32; 2],
}

impl Mark {
    /// Of a piece that is written so.
    pub fn of(text: &str) -> Option<Self> {
        let of = fingerprint(text);
        Some(Self { length: u32::try_from(text.len()).ok()?, fingerprint: [(of >> 32) as u32, of as u32] })
    }

    /// Steps over the next piece, if it is written as this one was.
    pub fn takes(self, cursor: &mut Cursor<'_>) -> bool {
        let Some(text) = cursor.ahead(self.length as usize) else { return false };
        let same = Self::of(text) == Some(self);
        cursor.step(if same { text.len() } else { 0 });
        same
    }
}
