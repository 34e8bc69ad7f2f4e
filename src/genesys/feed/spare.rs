//! Buffers of messages that were read, for those that are to come: each is filled by the thread that reads the socket and looked
//! at by another one, and to allocate on one thread what another one frees is what an allocator is slowest at.

use crate::genesys::wire::Outline;
use std::sync::{Mutex, PoisonError};

/// Fewer than may wait for a reader: with events of large calls they take a megabyte.
const MOST: usize = 96;
/// Larger ones are rare, and not kept.
const LARGEST: usize = 16 * 1024;

static SPARE: Mutex<Vec<(String, Outline)>> = Mutex::new(Vec::new());

/// The text in a buffer of its own, and an outline that is still to be made.
pub(super) fn copy(text: &str) -> (String, Outline) {
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let (mut copy, outline) = spare.unwrap_or_default();
    copy.push_str(text);
    (copy, outline)
}

/// The message is not needed any more.
pub fn give_back(mut raw: String, mut outline: Outline) {
    raw.clear();
    outline.clear();
    let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    if spare.len() < MOST && raw.capacity() <= LARGEST {
        spare.push((raw, outline));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_buffers_are_kept_than_may_wait_and_what_was_in_them_is_gone() {
        (0..2 * MOST).for_each(|_| give_back("of another call".repeat(100), Outline::default()));
        give_back(String::with_capacity(LARGEST + 1), Outline::default());
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(spare.len() <= MOST && spare.iter().all(|(spare, _)| spare.is_empty() && spare.capacity() <= LARGEST));
        drop(spare);
        (0..MOST).for_each(|_| assert_eq!(copy("as it was read").0, "as it was read"));
    }
}
