//! One budget for all requests of a token, pure: the platform counts 300 a minute (api-facts 5). Background work
//! leaves room, so that an edit never waits behind re-reads.

use crate::genesys::error::LONGEST_WAIT;
use std::{collections::VecDeque, time::Duration};

/// Requests a minute until the server says another number.
pub const DEFAULT_ALLOWED: u32 = 300;
const WINDOW: Duration = Duration::from_secs(60);

/// Who waits for a request, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A person waits: an edit and the reads that belong to it.
    Interactive,
    /// The link needs it: channels, subscriptions, first reads.
    Link,
    /// Re-reads and polling.
    Background,
}

impl Priority {
    /// The share of the budget that this priority may use up to, in percent.
    fn share(self) -> u32 {
        match self {
            Self::Interactive => 100,
            Self::Link => 90,
            Self::Background => 75,
        }
    }
}

/// How the budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Requests counted in the present minute: ours, or more when the server counted more.
    pub used: u32,
    /// Requests allowed a minute.
    pub allowed: u32,
    /// The server asked for a pause that lasts this much longer.
    pub pause: Option<Duration>,
}

/// The budget. Moments are on the clock that never jumps.
#[derive(Debug)]
pub struct Budget {
    allowed: u32,
    sent: VecDeque<Duration>,
    /// What the server counted: count, when it said so, and when its window ends.
    told: Option<(u32, Duration, Duration)>,
    paused_until: Duration,
    waiting: [u32; 3],
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            allowed: DEFAULT_ALLOWED,
            sent: VecDeque::new(),
            told: None,
            paused_until: Duration::ZERO,
            waiting: [0; 3],
        }
    }
}

impl Budget {
    /// Asks to send one request. `Ok`: counted as sent, go. `Err`: ask again after that long.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub fn ask(&mut self, priority: Priority, now: Duration) -> Result<(), Duration> {
        self.tidy(now);
        if now < self.paused_until {
            return Err(self.paused_until - now);
        }
        let used = self.used(now);
        let room = (u64::from(self.allowed) * u64::from(priority.share()) / 100).max(1);
        let ahead: u32 = self.waiting[..priority as usize].iter().sum();
        if u64::from(used) + u64::from(ahead) >= room {
            return Err(self.next_room(now));
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// Someone of this priority starts (+1) or stops (-1) waiting; those behind let them pass.
    pub fn waits(&mut self, priority: Priority, starts: bool) {
        let count = &mut self.waiting[priority as usize];
        *count = if starts { *count + 1 } else { count.saturating_sub(1) };
    }

    /// Learns from the headers `inin-ratelimit-{count,allowed,reset}` of an answer.
    pub fn learn(&mut self, count: Option<u32>, allowed: Option<u32>, reset: Option<Duration>, now: Duration) {
        if let Some(allowed) = allowed.filter(|a| *a > 0) {
            self.allowed = allowed;
        }
        if let (Some(count), Some(reset)) = (count, reset) {
            self.told = Some((count, now, now + reset.min(WINDOW)));
        }
    }

    /// The server asked for a pause. Returns how long it will be held to, at most [`LONGEST_WAIT`].
    pub fn pause(&mut self, wait: Duration, now: Duration) -> Duration {
        let wait = wait.min(LONGEST_WAIT);
        self.paused_until = self.paused_until.max(now + wait);
        wait
    }

    /// How it stands.
    pub fn stats(&self, now: Duration) -> Stats {
        let pause = self.paused_until.checked_sub(now).filter(|d| !d.is_zero());
        Stats { used: self.used(now), allowed: self.allowed, pause }
    }

    fn tidy(&mut self, now: Duration) {
        while self.sent.front().is_some_and(|sent| *sent + WINDOW <= now) {
            self.sent.pop_front();
        }
        self.told = self.told.filter(|(_, _, until)| now < *until);
    }

    fn used(&self, now: Duration) -> u32 {
        let since = |from: Duration| self.sent.iter().filter(|sent| **sent > from && **sent + WINDOW > now).count();
        let own = self.sent.iter().filter(|sent| **sent + WINDOW > now).count();
        let told = self.told.filter(|(_, _, until)| now < *until).map(|(count, at, _)| count as usize + since(at));
        u32::try_from(own.max(told.unwrap_or(0))).unwrap_or(u32::MAX)
    }

    /// When it is worth asking again.
    fn next_room(&self, now: Duration) -> Duration {
        let own = self.sent.front().map(|sent| *sent + WINDOW);
        let told = self.told.map(|(_, _, until)| until);
        let next = own.into_iter().chain(told).min().unwrap_or(now);
        next.saturating_sub(now).clamp(Duration::from_millis(20), Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn background_leaves_room_for_edits() {
        let mut budget = Budget::default();
        let taken = (0..400).filter(|_| budget.ask(Priority::Background, s(0)).is_ok()).count();
        assert_eq!(taken, 225);
        assert!(budget.ask(Priority::Interactive, s(0)).is_ok());
        assert!(budget.ask(Priority::Background, s(59)).is_err());
        assert!(budget.ask(Priority::Background, s(60)).is_ok());
    }

    #[test]
    fn those_who_wait_for_more_go_first() {
        let mut budget = Budget::default();
        budget.learn(None, Some(4), None, s(0));
        for _ in 0..2 {
            budget.ask(Priority::Interactive, s(0)).unwrap();
        }
        budget.waits(Priority::Interactive, true);
        assert!(budget.ask(Priority::Background, s(1)).is_err());
        budget.waits(Priority::Interactive, false);
        assert!(budget.ask(Priority::Background, s(1)).is_ok());
    }

    #[test]
    fn a_pause_holds_everyone_and_is_capped() {
        let mut budget = Budget::default();
        assert_eq!(budget.pause(s(3600), s(10)), LONGEST_WAIT);
        assert_eq!(budget.ask(Priority::Interactive, s(40)), Err(s(150)));
        assert_eq!(budget.stats(s(40)).pause, Some(s(150)));
        assert!(budget.ask(Priority::Interactive, s(190)).is_ok());
        assert_eq!(budget.stats(s(190)).pause, None);
    }

    #[test]
    fn any_limit_of_the_server_can_be_counted_with() {
        let mut budget = Budget::default();
        budget.learn(Some(u32::MAX), Some(u32::MAX), Some(s(20)), s(0));
        assert!(budget.ask(Priority::Link, s(1)).is_err());
        assert!(budget.ask(Priority::Link, s(30)).is_ok());
    }

    #[test]
    fn the_servers_count_includes_other_programs() {
        let mut budget = Budget::default();
        budget.learn(Some(299), Some(300), Some(s(20)), s(0));
        assert!(budget.ask(Priority::Interactive, s(1)).is_ok());
        assert!(budget.ask(Priority::Interactive, s(2)).is_err());
        assert_eq!(budget.stats(s(2)).used, 300);
        assert!(budget.ask(Priority::Interactive, s(20)).is_ok());
    }

    proptest! {
        /// No minute, wherever it starts, holds more requests than are allowed.
        #[test]
        fn never_more_than_allowed(steps in prop::collection::vec((0u64..2000, 0u8..3), 1..600), allowed in 5u32..60) {
            let mut budget = Budget::default();
            budget.learn(None, Some(allowed), None, s(0));
            let (mut now, mut sent) = (Duration::ZERO, Vec::new());
            for (step, priority) in steps {
                now += Duration::from_millis(step);
                let priority = [Priority::Interactive, Priority::Link, Priority::Background][priority as usize];
                if budget.ask(priority, now).is_ok() {
                    sent.push(now);
                }
            }
            for (i, first) in sent.iter().enumerate() {
                let within = sent[i..].iter().take_while(|t| **t < *first + WINDOW).count();
                prop_assert!(within <= allowed as usize);
            }
        }
    }
}
