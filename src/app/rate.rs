//! Events per second, now and over the last moments.

use crate::domain::At;

/// Seconds of memory.
const SECONDS: usize = 16;
/// Seconds over which "now" is averaged.
const NOW: usize = 4;

/// Counts per second of the monotonic clock.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    counts: [u32; SECONDS],
    newest: u64,
    total: u64,
}

impl Rate {
    /// Counts `n` events at `at`.
    pub fn add(&mut self, at: At, n: u32) {
        let second = at.mono.as_secs();
        if second > self.newest {
            for s in (self.newest + 1..=second).take(SECONDS) {
                self.counts[s as usize % SECONDS] = 0;
            }
            self.newest = second;
        }
        if self.newest - second < SECONDS as u64 {
            self.counts[second as usize % SECONDS] += n;
        }
        self.total += u64::from(n);
    }

    /// All events ever counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Counts of the last whole seconds before `at`, oldest first.
    pub fn recent(&self, at: At) -> [u32; SECONDS - 1] {
        let now = at.mono.as_secs();
        std::array::from_fn(|i| {
            let back = (SECONDS - 1 - i) as u64;
            match now.checked_sub(back) {
                Some(second) if second <= self.newest && self.newest - second < SECONDS as u64 => {
                    self.counts[second as usize % SECONDS]
                }
                _ => 0,
            }
        })
    }

    /// Events per second over the last whole seconds.
    pub fn now(&self, at: At) -> u32 {
        let recent = self.recent(at);
        let sum: u32 = recent[recent.len() - NOW..].iter().sum();
        sum.div_ceil(NOW as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(second: u64) -> At {
        At::after(jiff::Timestamp::UNIX_EPOCH, Duration::from_secs(second))
    }

    #[test]
    fn counts_by_second_and_forgets() {
        let mut rate = Rate::default();
        rate.add(at(0), 4);
        rate.add(at(1), 8);
        assert_eq!(rate.now(at(2)), 3);
        assert_eq!(rate.recent(at(2))[13..], [4, 8]);
        assert_eq!(rate.now(at(40)), 0);
        rate.add(at(40), 1);
        assert_eq!(rate.recent(at(41)).iter().sum::<u32>(), 1);
        assert_eq!(rate.total(), 13);
    }

    #[test]
    fn a_late_count_is_put_where_it_belongs() {
        let mut rate = Rate::default();
        rate.add(at(30), 1);
        rate.add(at(29), 1);
        rate.add(at(2), 1);
        assert_eq!(rate.recent(at(31)).iter().sum::<u32>(), 2);
    }
}
