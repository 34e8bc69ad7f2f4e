//! Randomness for jitter, seeded from outside so that the pure machines stay repeatable.

use std::time::Duration;

/// A small generator (SplitMix64); good enough to spread retries, and for nothing else.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator whose numbers follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator with a seed of its own.
    pub fn fresh() -> Self {
        Self(uuid::Uuid::new_v4().as_u64_pair().0)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Anything from nothing up to `most`: full jitter.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let share = (self.number() >> 11) as f64 / (1u64 << 53) as f64;
        most.mul_f64(share)
    }
}
