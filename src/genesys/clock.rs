//! The one clock that the client reads; the shell hands the same one to everything that stamps a moment.

use crate::domain::At;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Counts from its creation.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    /// The moment that the origin stands for, and how much faster than life time passes.
    replayed: Option<(At, f64)>,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { origin: Instant::now(), replayed: None }
    }

    /// A clock that stands at `begin` now and runs `speed` times as fast: for recordings.
    pub fn replaying(begin: At, speed: f64) -> Self {
        Self { origin: Instant::now(), replayed: Some((begin, speed)) }
    }

    /// Waits until this clock stands at `mono`.
    pub async fn sleep_until(&self, mono: Duration) {
        let left = mono.saturating_sub(self.now().mono).as_secs_f64();
        let speed = self.replayed.map_or(1.0, |(_, speed)| speed);
        tokio::time::sleep(Duration::try_from_secs_f64(left / speed).unwrap_or(Duration::MAX / 4)).await;
    }

    /// The present moment.
    pub fn now(&self) -> At {
        if let Some((begin, speed)) = self.replayed {
            let passed = Duration::try_from_secs_f64(self.origin.elapsed().as_secs_f64() * speed).unwrap_or_default();
            let wall = begin.wall.checked_add(jiff::SignedDuration::try_from(passed).unwrap_or_default());
            return At { mono: begin.mono + passed, wall: wall.unwrap_or(begin.wall) };
        }
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
