//! Whether a share has fallen: of so many calls so many had a key, and of others fewer.

/// Calls, and how many of them had the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// All of them.
    pub calls: u64,
    /// Those with the key.
    pub present: u64,
}

impl Presence {
    /// The counts, whichever way they are kept.
    pub fn new(calls: i64, present: i64) -> Self {
        let calls = calls.max(0) as u64;
        Self { calls, present: (present.max(0) as u64).min(calls) }
    }

    fn share(self) -> f64 {
        self.present as f64 / self.calls.max(1) as f64
    }
}

/// How likely chance alone may make a fall as large as one that is told: once in ten thousand.
const CHANCE: f64 = 1e-4;

/// Fewer calls may be too few to tell.
const FEW: u64 = 20;

/// A difference of shares that is worth a remark where it cannot be told from chance.
const WORTH_A_REMARK: f64 = 0.05;

/// The share fell, by more than chance explains: Fisher's exact test, which holds for few calls as well as for many.
pub fn has_fallen(before: Presence, after: Presence) -> bool {
    after.calls > 0 && after.share() < before.share() && chance(before, after) <= CHANCE
}

/// The share looks as if it had fallen, of calls that are too few to tell.
pub fn is_too_few_to_tell(before: Presence, after: Presence) -> bool {
    let looks = before.calls > 0 && after.calls > 0 && before.share() - after.share() > WORTH_A_REMARK;
    looks && is_few(before.calls.min(after.calls)) && !has_fallen(before, after)
}

/// So few calls may be too few to tell.
pub fn is_few(calls: u64) -> bool {
    calls < FEW
}

/// How likely it is that of the calls after so few or fewer have the key, if those with the key are dealt out by chance: the
/// lower tail of the hypergeometric distribution.
fn chance(before: Presence, after: Presence) -> f64 {
    let (all, with) = (before.calls + after.calls, before.present + after.present);
    let ln_choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let missing_before = before.calls - before.present;
    let ln = ln_choose(before.calls, before.present) + ln_choose(after.calls, after.present) - ln_choose(all, with);
    // From the observed number downwards each is a known multiple of the one before.
    let (mut term, mut sum) = (ln.exp(), 0.0);
    let (mut present_after, mut present_before) = (after.present, before.present);
    let (mut absent_after, mut absent_before) = (after.calls - after.present, missing_before);
    loop {
        sum += term;
        if present_after == 0 || absent_before == 0 || term < sum * 1e-12 {
            return sum.min(1.0);
        }
        let up = present_after as f64 * absent_before as f64;
        let down = (present_before + 1) as f64 * (absent_after + 1) as f64;
        term *= up / down;
        (present_after, absent_before) = (present_after - 1, absent_before - 1);
        (present_before, absent_after) = (present_before + 1, absent_after + 1);
    }
}

fn ln_factorial(n: u64) -> f64 {
    if n < 64 {
        return (2..=n).map(|k| (k as f64).ln()).sum();
    }
    // Stirling's series; its next term is below 1e-12 here.
    let x = n as f64;
    x * x.ln() - x + (std::f64::consts::TAU * x).ln() / 2.0 + 1.0 / (12.0 * x) - 1.0 / (360.0 * x * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(present: u64, calls: u64) -> Presence {
        Presence { calls, present }
    }

    /// Tables whose probability is known otherwise: binomial coefficients by hand, and R's `fisher.test`.
    #[test]
    fn the_chance_is_that_of_the_exact_test() {
        let near = |got: f64, wanted: f64| assert!((got / wanted - 1.0).abs() < 1e-6, "{got} for {wanted}");
        near(chance(of(1, 2), of(0, 26)), 2.0 / 28.0);
        near(chance(of(4, 5), of(0, 38)), 5.0 / 123_410.0);
        near(chance(of(3, 3), of(0, 3)), 1.0 / 20.0);
        // Lady tasting tea: 3 of 4 and 1 of 4.
        near(chance(of(3, 4), of(1, 4)), 17.0 / 70.0);
    }

    #[test]
    fn few_calls_are_no_evidence_and_many_are() {
        assert!(!has_fallen(of(1, 2), of(0, 26)) && is_too_few_to_tell(of(1, 2), of(0, 26)));
        // One call of few without the key: nothing can be said, that nothing fell neither.
        assert!(!has_fallen(of(144, 146), of(4, 5)) && is_too_few_to_tell(of(144, 146), of(4, 5)));
        assert!(!has_fallen(of(99, 100), of(1, 2)) && is_too_few_to_tell(of(99, 100), of(1, 2)));
        assert!(has_fallen(of(8, 11), of(0, 274)) && !is_too_few_to_tell(of(8, 11), of(0, 274)));
        assert!(has_fallen(of(24, 24), of(0, 8)));
        assert!(has_fallen(of(1_980_000, 2_000_000), of(800, 2_000)));
        assert!(!has_fallen(of(990, 1_000), of(985, 1_000)) && !is_too_few_to_tell(of(990, 1_000), of(985, 1_000)));
        assert!(!has_fallen(of(0, 0), of(0, 9)) && !has_fallen(of(5, 9), of(9, 9)));
    }
}
