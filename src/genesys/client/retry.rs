//! When a request that failed for a passing reason is tried again, pure: at least once, at most ten tries, all within
//! a minute (contract), with full jitter.

use crate::genesys::Random;
use std::time::Duration;

/// The limits of trying again.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tries in all, the first included.
    pub tries: u32,
    /// From the start of the first try to the start of the last.
    pub total: Duration,
    /// Mean wait before the second try is half of this; it doubles with every try.
    pub base: Duration,
    /// The longest wait between two tries, unless the server asks for a longer one.
    pub cap: Duration,
    /// Tries in all while nobody answers (no connection comes about, or it is taken and nothing was ever heard), and the time within
    /// which the last one starts: for commands behind which somebody waits. `None`: as for any other failure.
    pub unreached: Option<(u32, Duration)>,
    /// As long as nothing was heard of a server, an answer is waited for so long: one that takes the connection and says
    /// nothing would else keep people waiting without a word.
    pub first_answer: Duration,
}

impl Limits {
    /// For a command that ends: where nobody answers it says so after at most three tries, and within ten seconds; where a failure
    /// is answered, after five.
    pub fn one_shot() -> Self {
        Self {
            tries: 5,
            unreached: Some((3, Duration::from_secs(8))),
            first_answer: Duration::from_secs(4),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tries: 10,
            total: Duration::from_secs(60),
            base: Duration::from_millis(500),
            cap: Duration::from_secs(8),
            unreached: None,
            first_answer: Duration::from_secs(8),
        }
    }
}

/// Counts the tries of one request.
#[derive(Debug)]
pub struct Retry {
    limits: Limits,
    started: Duration,
    until: Duration,
    tries: u32,
}

impl Retry {
    /// The first try starts now.
    pub fn start(limits: Limits, now: Duration) -> Self {
        Self { limits, started: now, until: now + limits.total, tries: 1 }
    }

    /// Tries so far.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// When the last try must have started.
    pub fn deadline(&self) -> Duration {
        self.until
    }

    /// A try failed for a passing reason, and the server may have said how long to wait: how long until the next try,
    /// or `None` when it is over. `reached`: there was a connection.
    pub fn again(
        &mut self,
        asked: Option<Duration>,
        reached: bool,
        now: Duration,
        random: &mut Random,
    ) -> Option<Duration> {
        if let Some((tries, total)) = self.limits.unreached.filter(|_| !reached)
            && (self.tries >= tries || now >= self.started + total)
        {
            return None;
        }
        if self.tries >= self.limits.tries.max(2) {
            return None;
        }
        let most = self.limits.base.saturating_mul(1 << self.tries.min(16).saturating_sub(1)).min(self.limits.cap);
        // Never at once: half of the wait is certain, the other half spreads the crowd.
        let wait = asked.unwrap_or(Duration::ZERO).max(most / 4 + random.up_to(most * 3 / 4));
        let next = now.saturating_add(wait);
        if next > self.until {
            // Once at least, also where the server asks for the whole minute that its limit counts in.
            if self.tries > 1 || wait > self.limits.total {
                return None;
            }
            self.until = next;
        }
        self.tries += 1;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ten_tries_within_a_minute(seed: u64, took in 0u64..3000, asked in prop::option::of(0u64..20)) {
            let (mut random, mut now) = (Random::new(seed), Duration::from_secs(1000));
            let mut retry = Retry::start(Limits::default(), now);
            let mut tries = 1;
            loop {
                now += Duration::from_millis(took);
                match retry.again(asked.map(Duration::from_secs), true, now, &mut random) {
                    Some(wait) => { now += wait; tries += 1; }
                    None => break,
                }
                prop_assert!(now <= Duration::from_secs(1060));
            }
            prop_assert!((2..=10).contains(&tries));
            prop_assert_eq!(tries, retry.tries());
        }
    }

    #[test]
    fn a_pause_longer_than_the_minute_is_not_waited_for() {
        let mut retry = Retry::start(Limits::default(), Duration::ZERO);
        assert_eq!(retry.again(Some(Duration::from_secs(61)), true, Duration::ZERO, &mut Random::new(1)), None);
        let (minute, late) = (Duration::from_secs(60), Duration::from_millis(200));
        assert_eq!(retry.again(Some(minute), true, late, &mut Random::new(1)), Some(minute), "once at least");
        assert_eq!(retry.deadline(), minute + late);
        assert_eq!(retry.again(Some(minute), true, minute + late, &mut Random::new(1)), None);
        let mut retry = Retry::start(Limits::default(), Duration::ZERO);
        assert_eq!(retry.again(Some(Duration::MAX), true, Duration::from_secs(1), &mut Random::new(1)), None);
    }

    /// A web page in place of the sign-in, or a server that fails: five tries of a command that ends.
    #[test]
    fn a_command_that_ends_does_not_ask_a_server_that_fails_ten_times() {
        for seed in 0..200 {
            let (mut random, mut now) = (Random::new(seed), Duration::ZERO);
            let mut retry = Retry::start(Limits::one_shot(), now);
            while let Some(wait) = retry.again(None, true, now, &mut random) {
                now += wait;
            }
            assert!(retry.tries() == 5 && now < Duration::from_secs(8), "{now:?}");
        }
    }

    /// Nobody answers: three tries in less than three seconds; a name server that keeps one waiting: within ten.
    #[test]
    fn a_command_that_ends_does_not_wait_long_for_a_connection() {
        for (took, most, tries) in [(0, 3, 3), (2_500, 10, 3), (4_000, 10, 2)] {
            let took = Duration::from_millis(took);
            for seed in 0..200 {
                let (mut random, mut now) = (Random::new(seed), Duration::ZERO);
                let mut retry = Retry::start(Limits::one_shot(), now);
                loop {
                    now += took;
                    match retry.again(None, false, now, &mut random) {
                        Some(wait) => now += wait,
                        None => break,
                    }
                }
                assert!(retry.tries() == tries && now < Duration::from_secs(most), "{now:?}");
            }
        }
    }
}
