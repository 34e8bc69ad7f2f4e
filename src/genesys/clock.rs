//! The one clock that the client reads; the shell hands the same one to everything that stamps a moment.

use crate::domain::At;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Counts from its creation.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The present moment.
    pub fn now(&self) -> At {
        At { mono: self.origin.elapsed(), wall: Timestamp::now() }
    }

    /// The moment on tokio's clock at which `mono` is reached.
    pub(crate) fn instant(&self, mono: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.origin + mono)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::start()
    }
}
