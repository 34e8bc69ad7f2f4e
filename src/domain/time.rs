//! Time as an argument. Nothing below the shell reads a clock; everyone is given an [`At`].

use jiff::Timestamp;
use std::time::Duration;

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Time of a clock that never jumps, since the program (or the recording) started. Deadlines and delays use this.
    pub mono: Duration,
    /// The wall clock, for what people and other programs read. May jump.
    pub wall: Timestamp,
}

impl At {
    /// A moment `mono` after `start`: how tests and replays make time.
    pub fn after(start: Timestamp, mono: Duration) -> Self {
        let wall = start.checked_add(jiff::SignedDuration::try_from(mono).unwrap_or_default()).unwrap_or(start);
        Self { mono, wall }
    }

    /// How much time has passed since `then` on the clock that never jumps; zero for a moment to come.
    pub fn since(self, then: Duration) -> Duration {
        self.mono.saturating_sub(then)
    }

    /// The moment `later` after this one, on both clocks.
    pub fn plus(self, later: Duration) -> Self {
        let wall = Self::after(self.wall, later).wall;
        Self { mono: self.mono.saturating_add(later), wall }
    }
}

/// A moment of the wall clock in one word, to the microsecond: for what there is one of in every attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(i64);

impl Moment {
    /// That moment, its last digits cut off.
    pub fn of(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }

    /// As everyone else tells moments.
    pub fn timestamp(self) -> Timestamp {
        // Every one was made from a timestamp.
        Timestamp::from_microsecond(self.0).unwrap_or_default()
    }

    /// So many lie between the two; of more than three weeks the nearest that there is a number for.
    pub(super) fn milliseconds_since(self, earlier: Self) -> i32 {
        let since = self.0.saturating_sub(earlier.0) / 1_000;
        i32::try_from(since).unwrap_or(if since < 0 { i32::MIN } else { i32::MAX })
    }

    /// The moment so much later.
    pub(super) fn plus_milliseconds(self, later: i32) -> Self {
        Self(self.0.saturating_add(i64::from(later) * 1_000))
    }
}
