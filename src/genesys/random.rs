//! Randomness for jitter, seeded from outside so that the pure machines stay repeatable.

use std::time::Duration;

/// Good enough to spread retries, and for nothing else.
#[derive(Clone, Debug)]
pub struct Random(fastrand::Rng);

impl Random {
    /// A generator whose numbers follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A generator with a seed of its own.
    pub fn fresh() -> Self {
        Self(fastrand::Rng::new())
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// Anything from nothing up to `most`: full jitter.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.0.f64())
    }
}
