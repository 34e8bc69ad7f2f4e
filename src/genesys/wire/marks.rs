//! Participants and attributes that are written as before need not be read again: fingerprints tell.
//!
//! A layer that could be left out: without marks every participant is read. A fingerprint has 64 bits and depends on a number
//! drawn at each start, so two different texts have the same one once in 10¹⁹ cases, and nobody outside can look for a pair.

use super::cursor::Cursor;
use crate::domain::{Block, ParticipantMark};
use foldhash::quality::RandomState;
use std::{
    hash::{BuildHasher, Hasher},
    sync::LazyLock,
};

static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

fn fingerprint(text: &str) -> u64 {
    let mut hasher = SEED.build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Attributes of which one fingerprint is kept. More of them would take less memory, and more steps where one has changed.
pub(super) const BLOCK: usize = 4;

/// The mark of a participant that is written so.
pub(super) fn of(before: &str, after: &str, blocks: Box<[Block]>) -> Option<ParticipantMark> {
    let length = |text: &str| u32::try_from(text.len()).ok();
    Some(ParticipantMark {
        lengths: (length(before)?, length(after)?),
        fingerprints: (fingerprint(before), fingerprint(after)),
        blocks,
    })
}

/// Steps over what stands before the attribute map, if it is written as it was then.
pub(super) fn takes_before(mark: &ParticipantMark, cursor: &mut Cursor<'_>) -> Option<()> {
    takes(mark.lengths.0, mark.fingerprints.0, cursor)
}

/// Steps over what stands after the attribute map, if it is written as it was then.
pub(super) fn takes_after(mark: &ParticipantMark, cursor: &mut Cursor<'_>) -> Option<()> {
    takes(mark.lengths.1, mark.fingerprints.1, cursor)
}

fn takes(length: u32, expected: u64, cursor: &mut Cursor<'_>) -> Option<()> {
    let text = cursor.ahead(length as usize)?;
    (fingerprint(text) == expected).then(|| cursor.step(text.len()))
}

/// A piece of an event that is written so.
pub(super) fn block(text: &str) -> Option<Block> {
    Some(Block { fingerprint: fingerprint(text), length: u32::try_from(text.len()).ok()? })
}

/// Steps over the next piece, if it is written as this one was.
pub(super) fn takes_block(block: Block, cursor: &mut Cursor<'_>) -> Option<()> {
    takes(block.length, block.fingerprint, cursor)
}

/// How an attribute map is written, beside how it was.
pub(super) struct Blocks<'b> {
    before: &'b [Block],
    /// From the first that differs on; what comes before it included.
    now: Option<Vec<Block>>,
    count: usize,
}

impl<'b> Blocks<'b> {
    pub fn new(before: &'b [Block]) -> Self {
        Self { before, now: None, count: 0 }
    }

    /// Steps over the attributes of the next block, if they are written as they were then.
    pub fn takes(&self, cursor: &mut Cursor<'_>) -> Option<Block> {
        let block = self.before.get(self.count)?;
        takes_block(*block, cursor)?;
        Some(*block)
    }

    /// The next block is this.
    pub fn push(&mut self, block: Block) {
        match &mut self.now {
            Some(now) => now.push(block),
            None if self.before.get(self.count) == Some(&block) => {}
            None => {
                let mut now = Vec::with_capacity(self.before.len().max(self.count + 1));
                now.extend_from_slice(self.before.get(..self.count).unwrap_or_default());
                now.push(block);
                self.now = Some(now);
            }
        }
        self.count += 1;
    }

    /// The next block is written so.
    pub fn read(&mut self, text: &str) -> Option<()> {
        self.push(block(text)?);
        Some(())
    }

    /// All of them, if they differ from what was before. Of attributes that are not in the known order there are none.
    pub fn differing(self, in_order: bool) -> Option<Box<[Block]>> {
        match self.now {
            _ if !in_order => (!self.before.is_empty()).then(Box::default),
            Some(now) => Some(now.into_boxed_slice()),
            None => self.before.get(..self.count).filter(|now| now.len() < self.before.len()).map(Box::from),
        }
    }
}
