//! Moments, in the operator's zone.

use crate::{app::Model, domain::At};

/// A moment.
pub(super) fn clock(model: &Model, at: At) -> String {
    time_of(model, at.wall)
}

/// A time of day.
pub(super) fn time_of(model: &Model, moment: jiff::Timestamp) -> String {
    let local = moment.to_zoned(model.settings.zone.clone());
    format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
}

/// A time of day, with its day unless that is today.
pub(super) fn moment_of(model: &Model, moment: jiff::Timestamp) -> String {
    let local = moment.to_zoned(model.settings.zone.clone());
    let today = model.now.wall.to_zoned(model.settings.zone.clone());
    let time = time_of(model, moment);
    if local.date() == today.date() { time } else { format!("{} {time}", local.date()) }
}

/// `0:04`, `12:31`, `1:02:03`.
pub(super) fn offset(time: std::time::Duration) -> String {
    let s = time.as_secs();
    match s {
        0..3600 => format!("{}:{:02}", s / 60, s % 60),
        _ => format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60),
    }
}
