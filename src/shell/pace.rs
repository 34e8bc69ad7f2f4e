//! When a frame is drawn and when the feed is listened to.
//!
//! As long as little happens, everything is taken in as it comes. In a flood, what waits is taken in once for each frame,
//! right before it is drawn: what is drawn is then as new as it can be, and states that were replaced while they waited
//! cost nothing. Keys are drawn at once in either case.

use std::time::Duration;

/// Least time between two frames that events alone cause: about thirty a second.
const FRAME: Duration = Duration::from_millis(33);
/// More events than this between two frames are a flood.
const BURST: usize = 256;
/// A frame waits at most this long for what was there when it was due.
const SLICE: Duration = Duration::from_millis(25);
/// In a flood, in which something always comes before the time is up, time is told so often with a frame.
const TIME: Duration = Duration::from_millis(250);

/// What was drawn and taken in last.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Something changed since the last frame.
    dirty: bool,
    /// When the next frame may be drawn.
    due: Duration,
    /// Events taken in since the last frame.
    taken: usize,
    /// While catching up: until when, and how many events are still to be taken in.
    goal: Option<(Duration, usize)>,
    /// When the program was told of the time last.
    timed: Duration,
}

impl Pace {
    /// The picture changed; it may wait for the next frame.
    pub(super) fn changed(&mut self) {
        self.dirty = true;
    }

    /// The operator did something: the picture is not to wait.
    pub(super) fn hurry(&mut self) {
        self.dirty = true;
        self.due = Duration::ZERO;
    }

    /// This many events were taken in.
    pub(super) fn took(&mut self, events: usize) {
        self.dirty = true;
        self.taken += events;
        if let Some((_, left)) = &mut self.goal {
            *left = left.saturating_sub(events);
        }
    }

    /// The program was told of the time.
    pub(super) fn told_time(&mut self, now: Duration) {
        self.timed = now;
    }

    /// Whether the program is to be told of the time with this frame, for nothing else has told it lately.
    pub(super) fn tells_time(&mut self, now: Duration) -> bool {
        let tells = now >= self.timed + TIME;
        if tells {
            self.timed = now;
        }
        tells
    }

    /// Something changed that is not drawn yet.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// When the next frame is due.
    pub(super) fn due(&self) -> Duration {
        self.due
    }

    /// Whether to draw now. `waiting`: events that are there to be taken in; `None` where they do not pile up.
    pub(super) fn draws(&mut self, now: Duration, waiting: Option<usize>) -> bool {
        if !self.dirty || now < self.due {
            return false;
        }
        let hurried = self.due == Duration::ZERO;
        let Some(waiting) = waiting.filter(|waiting| *waiting > 0 && self.taken >= BURST && !hurried) else {
            return true;
        };
        let (until, left) = *self.goal.get_or_insert((now + SLICE, waiting));
        left == 0 || now >= until
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Duration) {
        *self = match self.goal {
            // What comes next is let be replaced from the first event on, until the frame after this one is due.
            Some(_) => Self { due: now + FRAME, dirty: true, taken: BURST, goal: None, timed: self.timed },
            None => Self { due: now + FRAME, timed: self.timed, ..Self::default() },
        };
    }

    /// Whether to take in events now, or to let them be replaced by newer ones until the next frame is due.
    pub(super) fn listens(&self, now: Duration, waiting: Option<usize>) -> bool {
        waiting.is_none() || self.taken < BURST || now >= self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_few_events_are_drawn_as_they_come_at_most_thirty_times_a_second() {
        let mut pace = Pace::default();
        assert!(!pace.draws(ms(1000), Some(0)), "nothing happened");
        pace.took(1);
        assert!(pace.draws(ms(1000), Some(5)));
        pace.drawn(ms(1000));
        pace.took(3);
        assert!(pace.listens(ms(1001), Some(5)));
        assert!(!pace.draws(ms(1032), Some(5)) && pace.draws(ms(1033), Some(5)));
    }

    #[test]
    fn in_a_flood_what_waits_is_taken_in_once_a_frame() {
        let mut pace = Pace::default();
        pace.took(1);
        pace.drawn(ms(1000));
        pace.took(BURST);
        assert!(!pace.listens(ms(1001), Some(100)), "the feed rests until the frame is due");
        assert!(pace.listens(ms(1001), None), "where nothing piles up, nothing is gained by resting");
        assert!(!pace.draws(ms(1033), Some(800)) && pace.listens(ms(1033), Some(800)));
        pace.took(512);
        assert!(!pace.draws(ms(1035), Some(700)));
        pace.took(288);
        assert!(pace.draws(ms(1036), Some(600)), "what was there when it was due is in; what came since waits");
        pace.drawn(ms(1036));
        assert_eq!(pace.due(), ms(1069));
        assert!(!pace.listens(ms(1037), Some(1)), "it is a flood still, as far as anybody knows");
        assert!(pace.is_dirty() && pace.draws(ms(1069), Some(0)), "and over when nothing waits at the next frame");
        pace.drawn(ms(1069));
        assert!(pace.listens(ms(1070), Some(1)) && !pace.is_dirty());
    }

    #[test]
    fn a_flood_does_not_stop_the_time() {
        let mut pace = Pace::default();
        let frames = (1_000..2_000).step_by(33);
        let told = frames.filter(|now| {
            pace.took(BURST);
            let tells = pace.tells_time(ms(*now));
            pace.drawn(ms(*now));
            tells
        });
        assert_eq!(told.count(), 4);
        pace.told_time(ms(2_000));
        assert!(!pace.tells_time(ms(2_100)) && pace.tells_time(ms(2_250)));
    }

    #[test]
    fn neither_keys_nor_a_flood_without_end_hold_up_the_frame() {
        let mut pace = Pace::default();
        pace.took(BURST);
        pace.hurry();
        assert!(pace.draws(ms(1), Some(10_000)));
        pace.drawn(ms(1));
        pace.took(BURST);
        assert!(!pace.draws(ms(40), Some(100_000)));
        pace.took(512);
        assert!(pace.draws(ms(65), Some(100_000)));
    }
}
