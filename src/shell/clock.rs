//! The two clocks of [`At`].

use crate::domain::At;
use std::time::{Duration, Instant};

/// Reads both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    /// The monotonic clock starts now.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// This moment.
    pub(super) fn now(self) -> At {
        At { mono: self.0.elapsed(), wall: jiff::Timestamp::now() }
    }

    /// Waits until then; for ever without a moment.
    pub(super) async fn sleep_until(self, mono: Option<Duration>) {
        match mono {
            Some(mono) => tokio::time::sleep_until((self.0 + mono).into()).await,
            None => std::future::pending().await,
        }
    }
}
