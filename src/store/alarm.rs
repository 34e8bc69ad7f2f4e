//! Telling early that the presence of a key has fallen: a sequential test of the calls of a new flow version against the
//! version before.
//!
//! With each call the logarithm of a likelihood ratio (Wald 1945) rises or falls: how much likelier is this call if presence
//! fell to 40 % of what it was than if it is as it was? The sum never falls below zero (Page 1954), so that a fall long after
//! the change of version is told as early as one right after it. The alarm is given when the sum passes `ln(1 / alpha)`.
//! Where nothing has fallen, it then takes at least `1 / alpha` calls on average until a false alarm (Lorden 1971).
//! The rate of the version before is itself an estimate; it enters as the lower end of its confidence interval, so that few
//! calls of the old version make the test slower rather than wrong.

/// Calls per false alarm, by default: a million.
pub(crate) const CALLS_PER_FALSE_ALARM: f64 = 1e6;

/// Calls of the old version that are needed before anything is said.
pub(super) const LEAST: u64 = 20;

/// A key that was on fewer calls than this has no presence to lose.
const LOWEST_RATE: f64 = 0.5;

/// What presence is taken to have fallen to, as a part of what it was.
const FALLEN: f64 = 0.4;

/// Counts of the version before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VersionBefore {
    /// Calls that passed the milestone.
    pub(crate) calls: u64,
    /// Those with the key.
    pub(crate) present: u64,
}

impl VersionBefore {
    /// The lower end of Wilson's interval at so many standard errors.
    fn rate(self, errors: f64) -> f64 {
        let n = self.calls.max(1) as f64;
        let p = self.present as f64 / n;
        let square = errors * errors;
        let middle = p + square / (2.0 * n);
        let width = errors * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
        ((middle - width) / (1.0 + square / n)).clamp(1e-6, 1.0 - 1e-6)
    }
}

/// The test for one key and one new version.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PresenceTest {
    gain_missing: f64,
    gain_present: f64,
    sum: f64,
    limit: f64,
    calls: u64,
    present: u64,
    told: bool,
}

impl PresenceTest {
    /// `None` when the version before says too little, or when the key was seldom there.
    pub(crate) fn new(before: VersionBefore, calls_per_false_alarm: f64) -> Option<Self> {
        Self::at(before, before.rate(1.0), calls_per_false_alarm)
    }

    /// The same against counts in which the longer calls may be too many, so that presence may look higher than it was: the
    /// lower end of the interval at two standard errors counts.
    pub(crate) fn cautious(before: VersionBefore, calls_per_false_alarm: f64) -> Option<Self> {
        Self::at(before, before.rate(2.0), calls_per_false_alarm)
    }

    fn at(before: VersionBefore, rate: f64, calls_per_false_alarm: f64) -> Option<Self> {
        (before.calls >= LEAST && before.rate(1.0) >= LOWEST_RATE).then(|| {
            let fallen = rate * FALLEN;
            Self {
                gain_missing: ((1.0 - fallen) / (1.0 - rate)).ln(),
                gain_present: (fallen / rate).ln(),
                sum: 0.0,
                limit: calls_per_false_alarm.ln(),
                calls: 0,
                present: 0,
                told: false,
            }
        })
    }

    /// Calls of the new version that were counted before, by another run of the program.
    pub(crate) fn counted(mut self, calls: u64, present: u64) -> Self {
        (self.calls, self.present) = (calls, present);
        self
    }

    /// One more call of the new version that passed the milestone. True once: when the alarm is to be given.
    pub(crate) fn observe(&mut self, present: bool) -> bool {
        self.calls += 1;
        self.present += u64::from(present);
        self.sum = (self.sum + if present { self.gain_present } else { self.gain_missing }).max(0.0);
        let alarm = self.sum >= self.limit && !self.told;
        self.told |= alarm;
        // It comes back down within as many calls as it took to rise: then presence is as it was, and may fall again.
        self.sum = self.sum.min(self.limit);
        self.told &= self.sum > 0.0;
        alarm
    }

    /// The alarm was given, and presence has not come back since.
    pub(crate) fn is_low(&self) -> bool {
        self.told
    }

    /// Calls of the new version so far, and those with the key.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.calls, self.present)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: VersionBefore = VersionBefore { calls: 10_000, present: 9_900 };

    /// Calls until the alarm; `None` when none was given within `most`.
    fn delay(before: VersionBefore, rate: f64, most: u64, rng: &mut fastrand::Rng) -> Option<u64> {
        let mut test = PresenceTest::new(before, CALLS_PER_FALSE_ALARM).unwrap();
        (1..=most).find(|_| test.observe(rng.f64() < rate))
    }

    fn median(before: VersionBefore, rate: f64) -> u64 {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut delays: Vec<u64> = (0..2_001).map(|_| delay(before, rate, 100_000, &mut rng).unwrap()).collect();
        delays.sort_unstable();
        delays[1_000]
    }

    #[test]
    fn a_key_that_vanished_is_told_by_the_fourth_call() {
        assert!(median(OLD, 0.0) <= 4, "{}", median(OLD, 0.0));
    }

    #[test]
    fn a_fall_from_99_to_40_in_100_is_told_by_the_eighth_call_at_the_median() {
        assert!(median(OLD, 0.4) <= 8, "{}", median(OLD, 0.4));
    }

    #[test]
    fn too_little_to_compare_with_gives_no_test() {
        assert!(PresenceTest::new(VersionBefore { calls: 19, present: 19 }, CALLS_PER_FALSE_ALARM).is_none());
        assert!(PresenceTest::new(VersionBefore { calls: 1_000, present: 400 }, CALLS_PER_FALSE_ALARM).is_none());
    }

    /// The theory: the sum rises by its mean step until it passes the limit, `ln(1 / alpha)` divided by that step, and a
    /// little more, for the last step overshoots.
    #[test]
    #[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
    fn delays_are_as_short_as_the_theory_says() {
        let full = std::env::var_os("SIDETONE_FULL").is_some();
        let series = if full { 1_000_000 } else { 2_000 };
        for (before, rate) in [(0.99, 0.0), (0.99, 0.2), (0.99, 0.4), (0.99, 0.6), (0.9, 0.0), (0.9, 0.36), (0.7, 0.0)]
        {
            let old = VersionBefore { calls: 10_000, present: (before * 10_000.0) as u64 };
            let test = PresenceTest::new(old, CALLS_PER_FALSE_ALARM).unwrap();
            let step = rate * test.gain_present + (1.0 - rate) * test.gain_missing;
            let theory = test.limit / step;
            let mut rng = fastrand::Rng::with_seed(11);
            let mut delays: Vec<u64> = (0..series).map(|_| delay(old, rate, 100_000, &mut rng).unwrap()).collect();
            delays.sort_unstable();
            let mean = delays.iter().sum::<u64>() as f64 / delays.len() as f64;
            let at = |share: usize| delays[delays.len() * share / 100];
            println!("from {before} to {rate}: theory {theory:.1}, mean {mean:.1}, median {}, 99th {}", at(50), at(99));
            assert!(mean >= theory - 0.5 && mean <= theory * 1.3 + 1.0, "{mean} of {theory}");
        }
    }

    /// The bound is on the mean of the calls until a false alarm, so in so many calls there are at most so many alarms:
    /// the mean of a Poisson count and five of its deviations above it. Full: 10⁶ series.
    #[test]
    #[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
    fn false_alarms_are_as_rare_as_promised() {
        let (series, length) = (u64::from(crate::testing::count("SIDETONE_SERIES", 2_000, 1_000_000)), 100_u64);
        let expected = (series * length) as f64 / CALLS_PER_FALSE_ALARM;
        let bound = expected + 5.0 * expected.sqrt();
        for (calls, rate) in [(10_000, 0.99), (1_000, 0.99), (1_000, 0.9), (10_000, 0.7)] {
            let mut rng = fastrand::Rng::with_seed(calls);
            let mut alarms = 0_u64;
            for _ in 0..series {
                // The old version is sampled too: its estimate is part of what can go wrong.
                let present = (calls as f64 * rate
                    + (rng.f64() - rng.f64()) * (calls as f64 * rate * (1.0 - rate)).sqrt())
                    as u64;
                let before = VersionBefore { calls, present: present.min(calls) };
                alarms += u64::from(delay(before, rate, length, &mut rng).is_some());
            }
            println!("{calls} calls of the old version at {rate}: {alarms} false alarms in {} calls", series * length);
            assert!(alarms as f64 <= bound, "{alarms} of at most {bound:.1} for {calls} calls at {rate}");
        }
    }
}
