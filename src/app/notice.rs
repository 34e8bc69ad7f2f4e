//! Short messages to the operator: what was attempted, what happened, what to press.

use super::places::KeyFocus;
use crate::domain::At;
use std::time::Duration;

/// How long a message that needs no answer stays.
const STAY: Duration = Duration::from_secs(5);

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeLevel {
    /// Something went as wished.
    Done,
    /// Good to know.
    Info,
    /// A refusal or a failure.
    Alarm,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// How serious.
    pub level: NoticeLevel,
    /// The words.
    pub text: String,
    /// Since when it is shown.
    pub since: At,
    /// Where the key was pressed that it answers: what it says of keys holds there.
    pub(super) standing: Option<KeyFocus>,
}

impl Notice {
    /// When it disappears by itself; alarms stay until a key is pressed after half that time.
    pub fn until(&self) -> Option<Duration> {
        (self.level != NoticeLevel::Alarm).then_some(self.since.mono + STAY)
    }

    /// It goes once that is left of which it was said: what it says to press means something else here.
    pub(super) fn is_out_of_place(&self, here: &KeyFocus) -> bool {
        self.level != NoticeLevel::Alarm && self.standing.as_ref().is_some_and(|there| there != here)
    }

    /// Old enough that a key press may clear it.
    pub fn was_seen(&self, now: At) -> bool {
        now.mono >= self.since.mono + STAY / 5
    }
}
