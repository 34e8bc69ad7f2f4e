//! When a read is taken for older than what was seen before it. The platform promises no read consistency (api-facts 3.4): an
//! answer may show less than an event that came before the request left.
//!
//! One rule for the board, which a read must not take back in time, and for the outbox, which must not send what an old read shows.

use std::time::Duration;

/// A read that disagrees with anything seen within this time is made again; for this long reads are repeated.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// A read that shows what is known to be earlier is made again when the newer value was seen within this time.
pub(super) const WINDOW: Duration = Duration::from_secs(30);
/// On a call on which something changes all the time, reads are repeated for this long in all.
pub(super) const LONGEST: Duration = Duration::from_secs(9);

/// A read that was asked for at `asked` and shows something else than what was first seen at `since` may be the older one.
/// `is_earlier`: what it shows is known to have been there before.
pub(super) fn may_be_older(since: Duration, asked: Duration, is_earlier: bool) -> bool {
    asked < since.saturating_add(PATIENCE) || (is_earlier && asked < since.saturating_add(WINDOW))
}

/// How long reads have shown something else than the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Disagreement {
    /// When the first of them was asked for.
    begun: Duration,
    /// When the first one was asked for that disagrees with the newest of what they disagree with.
    from: Duration,
    /// When that was seen.
    since: Duration,
    /// When the last of them was asked for.
    last: Duration,
}

impl Disagreement {
    /// The first one was asked for at `asked`, and disagrees with what was seen at `since`.
    pub(super) fn new(asked: Duration, since: Duration) -> Self {
        Self { begun: asked, from: asked, since, last: asked }
    }

    /// One more. True while it is to be made again; after that reads are believed.
    pub(super) fn lasts(&mut self, asked: Duration, since: Duration) -> bool {
        if asked > self.last.saturating_add(LONGEST) {
            // Of those long ago nobody knows any more what became.
            *self = Self::new(asked, since);
        }
        self.last = asked;
        if since > self.since {
            (self.from, self.since) = (asked, since);
        }
        asked < self.from.saturating_add(PATIENCE) && asked < self.begun.saturating_add(LONGEST)
    }
}
