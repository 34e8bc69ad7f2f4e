//! Buffers of messages that were read, for those that are to come: each is filled by the thread that reads the socket and looked
//! at by another one, and to allocate on one thread what another one frees is what an allocator is slowest at.

use crate::genesys::wire::Outline;
use std::{
    cell::RefCell,
    sync::{Mutex, PoisonError},
};

/// A text and its outline, or room for them.
type EventBuffer = (String, Outline);

/// More than are looked at while the reader of the socket waits for room, or some would be made anew each time.
const MOST: usize = 96;
/// Larger ones are rare, and not kept.
const LARGEST: usize = 16 * 1024;
/// So many change hands at once: for each one alone the two threads would wait for one another.
const TOGETHER: usize = 16;

static SPARE: Mutex<Vec<EventBuffer>> = Mutex::new(Vec::new());

thread_local! {
    /// Taken from the others or to be added to them.
    static OWN: RefCell<Vec<EventBuffer>> = const { RefCell::new(Vec::new()) };
}

/// The text in a buffer of its own, and an outline that is still to be made.
pub(super) fn copy(text: &str) -> (String, Outline) {
    let spare = OWN.with_borrow_mut(|own| {
        if own.is_empty() {
            let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            let left = spare.len().saturating_sub(TOGETHER);
            own.extend(spare.drain(left..));
        }
        own.pop()
    });
    let (mut copy, outline) = spare.unwrap_or_default();
    // Not twice as much as is needed, which might be more than is kept.
    copy.reserve_exact(text.len());
    copy.push_str(text);
    (copy, outline)
}

/// The message is not needed any more.
pub fn give_back(mut raw: String, mut outline: Outline) {
    if raw.capacity() > LARGEST {
        return;
    }
    raw.clear();
    outline.clear();
    OWN.with_borrow_mut(|own| {
        own.push((raw, outline));
        if own.len() >= TOGETHER {
            let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MOST.saturating_sub(spare.len());
            spare.extend(own.drain(..).take(room));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_buffers_are_kept_than_may_wait_and_what_was_in_them_is_gone() {
        (0..2 * MOST).for_each(|_| give_back("of another call".repeat(100), Outline::default()));
        give_back(String::with_capacity(LARGEST + 1), Outline::default());
        let is_kept = |(spare, _): &EventBuffer| spare.is_empty() && spare.capacity() <= LARGEST;
        OWN.with_borrow(|own| assert!(own.len() < TOGETHER && own.iter().all(is_kept)));
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(spare.len() <= MOST && spare.iter().all(is_kept));
        drop(spare);
        (0..MOST).for_each(|_| assert_eq!(copy("as it was read").0, "as it was read"));
    }
}
