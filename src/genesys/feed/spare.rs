//! Buffers of messages that were read, for those that are to come: each is filled by the thread that reads the socket and looked
//! at by another one, and to allocate on one thread what another one frees is what an allocator is slowest at.

use std::sync::{Mutex, PoisonError};

/// Fewer than may wait for a reader: with events of large calls they take a megabyte.
const MOST: usize = 96;
/// Larger ones are rare, and not kept.
const LARGEST: usize = 16 * 1024;

static SPARE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The text in a buffer of its own.
pub(super) fn copy(text: &str) -> String {
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut copy = spare.unwrap_or_default();
    copy.push_str(text);
    copy
}

/// The message is not needed any more.
pub fn give_back(mut raw: String) {
    raw.clear();
    let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    if spare.len() < MOST && raw.capacity() <= LARGEST {
        spare.push(raw);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_buffers_are_kept_than_may_wait_and_what_was_in_them_is_gone() {
        (0..2 * MOST).for_each(|_| give_back("of another call".repeat(100)));
        give_back(String::with_capacity(LARGEST + 1));
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(spare.len() <= MOST && spare.iter().all(|spare| spare.is_empty() && spare.capacity() <= LARGEST));
        drop(spare);
        (0..MOST).for_each(|_| assert_eq!(copy("as it was read"), "as it was read"));
    }
}
