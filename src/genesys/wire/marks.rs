//! Participants that are written as before need not be read again: fingerprints tell.
//!
//! A layer that could be left out: without marks every participant is read. A fingerprint has 64 bits and depends on a number
//! drawn at each start, so two different texts have the same one once in 10¹⁹ cases, and nobody outside can look for a pair.

use super::cursor::Cursor;
use crate::domain::Mark;
use foldhash::quality::RandomState;
use std::{
    hash::{BuildHasher, Hasher},
    sync::LazyLock,
};

static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

fn print(text: &str) -> u64 {
    let mut hasher = SEED.build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// The mark of a participant that is written so.
pub(super) fn of(before: &str, after: &str) -> Option<Mark> {
    let length = |text: &str| u32::try_from(text.len()).ok();
    Some(Mark { lengths: (length(before)?, length(after)?), prints: (print(before), print(after)) })
}

/// Steps over what stands before the attribute map, if it is written as it was then.
pub(super) fn takes_before(mark: &Mark, cursor: &mut Cursor<'_>) -> Option<()> {
    takes(mark.lengths.0, mark.prints.0, cursor)
}

/// Steps over what stands after the attribute map, if it is written as it was then.
pub(super) fn takes_after(mark: &Mark, cursor: &mut Cursor<'_>) -> Option<()> {
    takes(mark.lengths.1, mark.prints.1, cursor)
}

fn takes(length: u32, expected: u64, cursor: &mut Cursor<'_>) -> Option<()> {
    let text = cursor.ahead(length as usize)?;
    (print(text) == expected).then(|| cursor.step(text.len()))
}
