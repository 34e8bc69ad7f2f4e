//! A recording on the screens: where it stands, where things happened in it, and what there is to go back to.

mod index;
mod moment;

use super::{fresh::Fresh, rate::Rate, timeline::Timeline};
use crate::domain::{At, Claimed, ConversationId, Key, Link, ParticipantId, monitor::Monitor};
use std::{fmt, str::FromStr};

pub use index::{CallMark, EventCollector, Index, IndexPart, IndexedEvent, TimelineMark};
pub use moment::Moment;

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// This many times as fast as it happened; above 0.
    Times(f64),
    /// As fast as possible.
    Max,
}

/// The speeds that keys go through; as fast as possible comes after the last.
const SPEEDS: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

impl Speed {
    /// The next one up.
    pub fn faster(self) -> Self {
        let Self::Times(x) = self else { return self };
        SPEEDS.into_iter().find(|s| *s > x).map_or(Self::Max, Self::Times)
    }

    /// The next one down.
    pub fn slower(self) -> Self {
        let most = SPEEDS[SPEEDS.len() - 1];
        match self {
            Self::Max => Self::Times(most),
            Self::Times(x) => Self::Times(SPEEDS.into_iter().rev().find(|s| *s < x).unwrap_or(x.min(SPEEDS[0]))),
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("max") {
            return Ok(Self::Max);
        }
        let number = text.trim_start_matches(['x', '×']).parse::<f64>().ok();
        number
            .filter(|x| x.is_finite() && *x > 0.0)
            .map(Self::Times)
            .ok_or_else(|| "a number above 0 (0.5, 1, 16), or max".to_owned())
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(x) => write!(f, "{x}"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// What is to be done with the recording.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Go on, or hold; a seek that is under way ends where it is.
    Toggle,
    /// Play at this speed.
    At(Speed),
    /// One message on, and hold.
    Step,
    /// One message back, and hold.
    Back,
    /// To the moment at which so many messages were taken in.
    ToStep(u64),
    /// To this moment.
    ToTime(At),
}

/// How the playing goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playing {
    /// Messages taken in so far.
    pub step: u64,
    /// Held.
    pub paused: bool,
    /// How fast.
    pub speed: Speed,
    /// On its way to another moment.
    pub seeking: bool,
    /// Nothing is left to be played.
    pub at_end: bool,
}

impl Default for Playing {
    fn default() -> Self {
        Self { step: 0, paused: false, speed: Speed::Times(1.0), seeking: false, at_end: false }
    }
}

/// What the selection goes to when a seek has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// The call.
    pub call: ConversationId,
    /// The cell, if there is one to go to.
    pub cell: Option<(ParticipantId, Key)>,
    /// The call is opened; else the selection goes to its row, unless a call is open already.
    pub open: bool,
    /// What is said then.
    pub words: String,
}

/// A recording being played.
#[derive(Debug)]
pub struct Replay {
    /// When recording began.
    pub began: At,
    /// How it goes.
    pub playing: Playing,
    /// Where things happened, as far as it has been read.
    pub index: Index,
    /// A copy without personal values.
    pub redacted: bool,
    /// The operator's own edits of then.
    pub claimed: Claimed,
    /// What to do when the seek that is under way arrives.
    pub arrival: Option<Arrival>,
}

impl Replay {
    /// A recording of which nothing was read yet.
    pub fn new(began: At, redacted: bool) -> Self {
        Self {
            began,
            playing: Playing::default(),
            index: Index::new(began),
            redacted,
            claimed: Claimed::default(),
            arrival: None,
        }
    }
}

/// What playing changes. An earlier one in its place, and the rest played again, is how to go back.
#[derive(Clone, Debug)]
pub struct PlaybackState {
    pub(in crate::app) monitor: Monitor,
    pub(in crate::app) timeline: Timeline,
    pub(in crate::app) fresh: Fresh,
    pub(in crate::app) link: Link,
    pub(in crate::app) rate: Rate,
    pub(in crate::app) bad_frames: u64,
    pub(in crate::app) claimed: Claimed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_factors_above_nothing_or_max() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("0.25".parse(), Ok(Speed::Times(0.25)));
        assert_eq!("×16".parse(), Ok(Speed::Times(16.0)));
        for wrong in ["0", "-1", "nan", "inf", "fast", ""] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_go_through_all_speeds_and_back() {
        let mut speed = Speed::Times(0.25);
        let up: Vec<String> = (0..12)
            .map(|_| {
                speed = speed.faster();
                speed.to_string()
            })
            .collect();
        assert_eq!(up, ["0.5", "1", "2", "4", "8", "16", "32", "64", "max", "max", "max", "max"]);
        assert_eq!(speed.slower(), Speed::Times(64.0));
        assert_eq!(Speed::Times(0.25).slower(), Speed::Times(0.25));
        assert_eq!((Speed::Times(3.0).faster(), Speed::Times(3.0).slower()), (Speed::Times(4.0), Speed::Times(2.0)));
        assert_eq!(Speed::Times(0.1).slower(), Speed::Times(0.1), "one that was asked for by --speed");
    }
}
