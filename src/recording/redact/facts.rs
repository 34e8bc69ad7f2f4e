//! What findings see in a value, as far as a replacement could lose it.

use crate::domain::mask::{self, PersonalKind};
use jiff::civil::{Date, DateTime, Time};
use std::ops::Range;

/// Two texts of the same shape with equal facts give rise to equal findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShapeFacts {
    number: bool,
    date: bool,
    american: bool,
    personal: Vec<(Range<usize>, PersonalKind)>,
}

impl ShapeFacts {
    /// The facts of a text.
    pub(super) fn of(text: &str) -> Self {
        let trimmed = text.trim();
        let plain = trimmed.trim_end_matches('Z');
        Self {
            number: trimmed.parse::<f64>().is_ok(),
            date: plain.parse::<Date>().is_ok() || plain.parse::<DateTime>().is_ok() || is_time(plain),
            american: is_american(trimmed),
            personal: mask::find(text),
        }
    }
}

/// The text, a key for instance, is itself personal.
pub(super) fn is_personal(text: &str) -> bool {
    mask::looks_personal(text).is_some()
}

fn is_time(text: &str) -> bool {
    matches!(text.len(), 5 | 8) && text.contains(':') && text.parse::<Time>().is_ok()
}

/// Ten digits that are a telephone number however they are grouped.
fn is_american(text: &str) -> bool {
    let from_two = |i: usize| matches!(text.as_bytes().get(i), Some(b'2'..=b'9'));
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit()) && from_two(0) && from_two(3)
}
