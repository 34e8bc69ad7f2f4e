//! What is said of requests that fail and are tried again: by profile where there are several, and of a failure that goes on less
//! and less often.

use crate::{
    commands::note,
    genesys::{
        Clock,
        client::{NextTry, Retrying},
    },
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Between two times of saying the same: at first, and at most.
const FIRST: Duration = Duration::from_secs(5);
const LAST: Duration = Duration::from_secs(600);

/// Says each failure, with the profile's name if it is one of several.
pub(super) fn report(profile: Option<&str>, of_several: bool) -> Retrying {
    let of = profile.filter(|_| of_several).map(|name| format!("{name}: ")).unwrap_or_default();
    let (clock, said) = (Clock::start(), Mutex::new(Said::default()));
    Retrying(Arc::new(move |next: NextTry| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_due(&next.cause, clock.now().mono) {
            note(format_args!("{of}{next}"));
        }
    }))
}

/// What was said last.
#[derive(Debug, Default)]
struct Said {
    cause: String,
    /// When it was said, and when it failed last.
    at: Duration,
    failed: Duration,
    /// How long it is not said again.
    pause: Duration,
}

impl Said {
    /// Whether a failure of this cause is to be said now.
    fn is_due(&mut self, cause: &str, now: Duration) -> bool {
        let is_over = now.saturating_sub(self.failed) > LAST;
        self.failed = now;
        if self.cause != cause || is_over {
            *self = Self { cause: cause.to_owned(), at: now, failed: now, pause: FIRST };
            return true;
        }
        let is_due = now >= self.at + self.pause;
        if is_due {
            self.at = now;
            self.pause = (self.pause * 2).min(LAST);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_goes_on_is_said_less_and_less_often() {
        let mut said = Said::default();
        let second = Duration::from_secs;
        // A day on which every third second fails.
        let times: Vec<u64> = (0..28_800).map(|n| n * 3).filter(|at| said.is_due("refused", second(*at))).collect();
        assert_eq!(times[..5], [0, 6, 18, 39, 81]);
        assert!(times.len() < 160, "{}", times.len());
        assert!(said.is_due("no such name", second(86_401)), "another cause is news");
        assert!(!said.is_due("no such name", second(86_402)));
        assert!(said.is_due("no such name", second(86_402 + 601)), "it had been well in between");
    }
}
