//! What a link asks of whoever keeps the board that it is for.

use crate::domain::Board;

/// Whoever keeps a board.
pub trait RevisionSource {
    /// The board's revision of this conversation, as [`Board::revision`].
    fn revision(&self, id: &str) -> u64;
}

impl RevisionSource for Board {
    fn revision(&self, id: &str) -> u64 {
        Self::revision(self, id)
    }
}
