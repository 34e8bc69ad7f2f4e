//! The way of one call on one time axis: who took part from when to when, and when attributes of theirs changed.

use super::{At, BoardEntry, Conversation, HistoryEntry, Key, Moment, Participant, Source};
use jiff::Timestamp;
use std::time::Duration;

/// A change of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyChange {
    /// When: the platform's own time where it says one, else when it was observed.
    pub at: Timestamp,
    /// Of which key.
    pub key: Key,
    /// It is an edit of this operator.
    pub is_mine: bool,
}

/// A time in which somebody took part, or in which nobody looked; the end is `None` while that goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Option<Timestamp>,
}

/// One line of the picture: the legs of one participant, or of several with one purpose and name.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyLane {
    /// The purpose: `customer`, `ivr`, …
    pub purpose: String,
    /// The name of the flow, queue or person.
    pub name: Option<String>,
    /// When it took part, in the order of joining.
    pub spans: Vec<Span>,
    /// What changed, oldest first.
    pub marks: Vec<JourneyChange>,
}

impl JourneyLane {
    /// When it began.
    pub fn from(&self) -> Option<Timestamp> {
        self.spans.iter().map(|s| s.from).min()
    }

    /// When it ended; `None` while a part of it goes on.
    pub fn to(&self) -> Option<Timestamp> {
        self.spans.iter().map(|s| s.to).try_fold(None, |last, to| to.map(|to| last.max(Some(to)))).flatten()
    }
}

/// The whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    /// When the call began.
    pub from: Timestamp,
    /// When it ended, or now.
    pub to: Timestamp,
    /// It still goes on.
    pub is_live: bool,
    /// The lines, in the order of joining.
    pub lanes: Vec<JourneyLane>,
    /// When it was not observed, oldest first.
    pub gaps: Vec<Span>,
}

impl Journey {
    /// Of this call, as it is known `now`.
    pub fn of(entry: &BoardEntry, now: Timestamp) -> Self {
        let c = &entry.conversation;
        let from = began(c);
        let to = c.ended.unwrap_or(now).max(from);
        let mut lanes: Vec<JourneyLane> = Vec::new();
        for p in &c.participants {
            let name = p.name.as_deref().filter(|n| !n.is_empty());
            let known = lanes.iter_mut().position(|l| l.purpose == p.purpose.as_str() && l.name.as_deref() == name);
            let at = known.unwrap_or_else(|| {
                let (purpose, name) = (p.purpose.as_str().to_owned(), name.map(ToOwned::to_owned));
                lanes.push(JourneyLane { purpose, name, spans: Vec::new(), marks: Vec::new() });
                lanes.len() - 1
            });
            let lane = &mut lanes[at];
            lane.spans.push(span(c, p, from, to));
            let own = |h: &&HistoryEntry| h.participant == p.id;
            lane.marks.extend(entry.history.iter().filter(own).map(|h| JourneyChange {
                at: h.event_time.map_or(h.at.wall, Moment::timestamp).clamp(from, to),
                key: h.key.clone(),
                is_mine: h.source == Source::You,
            }));
            lane.marks.sort_by_key(|m| m.at);
        }
        let span = |start: At, end: Option<At>| {
            let start = start.wall.clamp(from, to);
            Span { from: start, to: end.map(|end| end.wall.clamp(start, to)) }
        };
        let gaps = entry.gaps().iter().map(|gap| span(gap.from, Some(gap.to)));
        let gaps = gaps.chain(entry.unobserved().map(|from| span(from, None))).collect();
        Self { from, to, is_live: !c.is_over(), lanes, gaps }
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        Duration::try_from(self.to.duration_since(self.from)).unwrap_or_default()
    }

    /// The column of a moment where the first of `width` columns is the begin and the last the end.
    pub fn column(&self, at: Timestamp, width: u16) -> u16 {
        let (last, length) = (f64::from(width.saturating_sub(1)), self.length().as_secs_f64());
        if length <= 0.0 {
            return 0;
        }
        let into = at.duration_since(self.from).as_secs_f64();
        // Within the width by construction.
        (into / length * last).round().clamp(0.0, last) as u16
    }

    /// Times for the axis: round ones, at least `apart` columns from one another.
    pub fn ticks(&self, width: u16, apart: u16) -> Vec<Duration> {
        const STEPS: [u64; 13] = [5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600];
        let most = u64::from((width / apart.max(1)).max(1));
        let length = self.length().as_secs();
        let step = STEPS.into_iter().find(|step| length / step < most).unwrap_or(86_400);
        (0..=length / step).map(|n| Duration::from_secs(n * step)).collect()
    }
}

/// When a call began: by a read, else its earliest leg, else when it was seen first.
fn began(c: &Conversation) -> Timestamp {
    let earliest = c.participants.iter().filter_map(|p| p.connected).min();
    c.started.or(earliest).unwrap_or(c.first_seen.wall)
}

fn span(c: &Conversation, p: &Participant, from: Timestamp, to: Timestamp) -> Span {
    let start = p.connected.unwrap_or(p.first_seen).clamp(from, to);
    let over = (!p.is_connected()).then_some(c.last_seen.wall);
    let end = p.ended.or(over).or(c.ended).map(|end| end.clamp(start, to));
    Span { from: start, to: end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{entry, participant, snapshot};
    use jiff::SignedDuration;
    use proptest::prelude::*;

    fn journey(seconds: i64) -> Journey {
        let from = Timestamp::UNIX_EPOCH;
        Journey {
            from,
            to: from + SignedDuration::from_secs(seconds),
            is_live: true,
            lanes: Vec::new(),
            gaps: Vec::new(),
        }
    }

    #[test]
    fn legs_of_one_purpose_and_name_share_a_line() {
        let people = vec![
            participant("c", "customer", &[("a", "1")]),
            participant("q", "acd", &[]),
            participant("r", "acd", &[]),
            participant("x", "agent", &[]),
        ];
        let entry = entry([snapshot("1", people)]);
        let found = Journey::of(&entry, entry.conversation.last_seen.wall + SignedDuration::from_secs(60));
        let lanes: Vec<_> = found.lanes.iter().map(|l| (l.purpose.as_str(), l.spans.len())).collect();
        assert_eq!(lanes, [("customer", 1), ("acd", 2), ("agent", 1)]);
        assert!(found.is_live);
    }

    #[test]
    fn the_axis_has_round_times() {
        let times = |length, width| journey(length).ticks(width, 10).iter().map(Duration::as_secs).collect::<Vec<_>>();
        assert_eq!(times(104, 50), [0, 30, 60, 90]);
        assert_eq!(times(12, 50), [0, 5, 10]);
        assert_eq!(times(0, 50), [0]);
        assert_eq!(times(100_000, 20), [0, 86_400]);
    }

    proptest! {
        #[test]
        fn columns_follow_time_and_stay_within(length in 0i64..100_000, width in 1u16..200, a in -10i64..100_100, b in -10i64..100_100) {
            let j = journey(length);
            let at = |s: i64| j.column(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(s), width);
            prop_assert!(at(a) < width && at(b) < width);
            prop_assert!(a > b || at(a) <= at(b));
            let ticks = j.ticks(width, 10);
            prop_assert!(ticks.windows(2).all(|w| w[0] < w[1]) && ticks.last().is_none_or(|t| t.as_secs() as i64 <= length));
        }
    }
}
