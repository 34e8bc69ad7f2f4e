//! What findings see in a value, as far as a replacement could lose it.

use jiff::civil::{Date, DateTime};

/// Two texts with equal facts give rise to equal findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    number: bool,
    date: bool,
    luhn: bool,
}

impl Facts {
    /// The facts of a text.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        let plain = text.trim_end_matches('Z');
        Self {
            number: text.parse::<f64>().is_ok(),
            date: plain.parse::<Date>().is_ok() || plain.parse::<DateTime>().is_ok() || is_time(text),
            luhn: is_card(text),
        }
    }
}

/// The text itself, a key for instance, holds what looks personal.
pub(super) fn is_personal(text: &str) -> bool {
    is_card(text) || text.contains('@') || text.chars().filter(char::is_ascii_digit).count() >= 7
}

fn is_time(text: &str) -> bool {
    matches!(text.len(), 5 | 8) && text.contains(':') && text.parse::<jiff::civil::Time>().is_ok()
}

/// 13 to 19 digits, blanks and dashes aside, whose check digit is right.
fn is_card(text: &str) -> bool {
    let mut digits = Vec::with_capacity(19);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => digits.push(u32::from(byte - b'0')),
            b' ' | b'-' => {}
            _ => return false,
        }
    }
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 1 { doubled(*d) } else { *d }).sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}
