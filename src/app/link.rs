//! The connection as the operator sees it.

use std::time::Duration;

/// State of the live connection.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Link {
    /// First connection under way.
    #[default]
    Connecting,
    /// Events arrive as they happen.
    Live,
    /// Lost; the next attempt is at `until` (on the monotonic clock of [`crate::domain::At`]).
    Retrying {
        /// When the next attempt starts.
        until: Duration,
        /// Which attempt that will be, from 1.
        attempt: u32,
        /// What broke.
        reason: String,
    },
    /// Given up, or never possible.
    Offline {
        /// Why, and what to do.
        reason: String,
    },
}

impl Link {
    /// True while events arrive as they happen.
    pub fn is_live(&self) -> bool {
        *self == Self::Live
    }
}
