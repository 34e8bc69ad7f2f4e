//! What can be typed to say where in a recording to go.

use super::Replay;
use crate::domain::{At, duration};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use std::time::Duration;

/// Where to go.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// A moment.
    Time(At),
    /// The next change of this key, on any call.
    Key(String),
}

impl Moment {
    /// Reads `14:02:11`, `2026-11-20T14:02:11Z`, `+30s`, `-2m`, `50%`; anything else is a key, and so is what stands in
    /// quotes. `now`: from which moment `+` and `-` count.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str, replay: &Replay, now: At, zone: &TimeZone) -> Result<Self, String> {
        let text = text.trim();
        let (begin, end) = (replay.began, replay.index.end());
        if text.is_empty() {
            return Err("A time (14:02:11), a distance (+30s, -2m), a part (50%), or a key".into());
        }
        if let Some(key) = text.strip_prefix('"') {
            return Ok(Self::Key(key.strip_suffix('"').unwrap_or(key).to_owned()));
        }
        let within = |mono: Duration| Ok(Self::Time(begin.plus(mono.clamp(begin.mono, end.mono) - begin.mono)));
        if let Some(part) = text.strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok()) {
            if !(0.0..=100.0).contains(&part) {
                return Err("A part of the recording lies between 0% and 100%".into());
            }
            return within(begin.mono + (end.mono - begin.mono).mul_f64(part / 100.0));
        }
        if let Some(distance) = text.strip_prefix('+').and_then(duration::parse) {
            return within(now.mono.saturating_add(distance));
        }
        if let Some(distance) = text.strip_prefix('-').and_then(duration::parse) {
            return within(now.mono.saturating_sub(distance));
        }
        let wall = text.parse::<Timestamp>().ok().or_else(|| of_day(text, begin.wall, end.wall, zone));
        match wall {
            Some(wall) if wall < begin.wall || wall > end.wall => {
                let clock = |t: Timestamp| t.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
                Err(format!("The recording goes from {} to {}", clock(begin.wall), clock(end.wall)))
            }
            Some(wall) => {
                let passed = Duration::try_from(wall.duration_since(begin.wall)).unwrap_or_default();
                within(begin.mono + passed)
            }
            None => Ok(Self::Key(text.to_owned())),
        }
    }
}

/// A time of day, on the first day of the recording on which it lies within it.
fn of_day(text: &str, begin: Timestamp, end: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let looks_like = text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.');
    let time = looks_like.then(|| text.parse::<Time>().ok())??;
    let day = begin.to_zoned(zone.clone()).date();
    let on = |days: i64| {
        let date = day.checked_add(SignedDuration::from_hours(24 * days)).ok()?;
        Some(date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp())
    };
    // A minute is typed without its seconds: the one in which recording began counts from there.
    let first = on(0)?;
    if first < begin && begin.duration_since(first) < SignedDuration::from_secs(60) && text.matches(':').count() == 1 {
        return Some(begin);
    }
    (0..8).filter_map(on).find(|t| (begin..=end).contains(t)).or(Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay() -> Replay {
        let began = At { mono: Duration::from_secs(5), wall: "2026-11-20T23:59:00Z".parse().unwrap() };
        let mut replay = Replay::new(began, false);
        replay.index.add(super::super::IndexPart { end: began.plus(Duration::from_secs(200)), ..Default::default() });
        replay
    }

    #[test]
    fn times_distances_parts_and_keys() {
        let replay = replay();
        let now = replay.began.plus(Duration::from_secs(100));
        let parse = |text: &str| Moment::parse(text, &replay, now, &TimeZone::UTC);
        let at = |text: &str| match parse(text) {
            Ok(Moment::Time(at)) => (at.mono - replay.began.mono).as_secs(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!([at("+30s"), at("-1m"), at("50%"), at("0%"), at("100%")], [130, 40, 100, 0, 200]);
        assert_eq!([at("+1h"), at("-1h")], [200, 0], "no further than it goes");
        assert_eq!([at("23:59:30"), at("00:01"), at("23:59")], [30, 120, 0], "over midnight");
        assert_eq!(at("2026-11-21T00:00:10Z"), 70);
        assert_eq!(parse("customer_tier"), Ok(Moment::Key("customer_tier".into())));
        assert_eq!(parse("\"50%\""), Ok(Moment::Key("50%".into())));
        assert!(parse("12:00").unwrap_err().contains("23:59:00 to 00:02:20"));
        assert!(parse("120%").is_err() && parse(" ").is_err());
    }
}
