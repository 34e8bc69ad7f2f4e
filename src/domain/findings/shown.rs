//! Keys and values in messages: harmless, short, and masked where they look personal.

use crate::domain::{
    mask::{self, Personal},
    text,
};
use std::time::Duration;

/// Columns that a value may take in a message.
const VALUE_COLUMNS: usize = 48;
/// Bytes of a value in which personal data is looked for, to show it.
const LOOKED_AT: usize = VALUE_COLUMNS * 8;

/// Columns that a key may take in a message.
const KEY_COLUMNS: usize = 64;

/// A value in quotes: masked where it is personal data, cut, and harmless to print.
pub fn shown_value(value: &str) -> String {
    // What is cut away need not be masked, but a cut must not break what would be: look a little further than is shown.
    let end = (0..=value.len().min(LOOKED_AT)).rev().find(|&i| value.is_char_boundary(i)).unwrap_or(0);
    let beginning = &value[..end];
    shown(beginning, mask::find(beginning))
}

/// As [`shown_value`], of a value in which this was found.
pub(super) fn shown_masked(value: &str, found: Vec<Personal>) -> String {
    if value.len() > LOOKED_AT { shown_value(value) } else { shown(value, found) }
}

fn shown(value: &str, found: Vec<Personal>) -> String {
    format!("\"{}\"", text::cut(&mask::cover(value, found, mask::COVER), VALUE_COLUMNS))
}

/// A key for people, cut and harmless to print.
pub(super) fn shown_key(key: &str) -> String {
    text::cut(&text::key_label(key), KEY_COLUMNS).into_owned()
}

/// A delay for people: `240 ms`, `2.4 s`, `3 min`.
pub(super) fn shown_delay(delay: Duration) -> String {
    match delay.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..120_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms => format!("{} min", ms / 60_000),
    }
}
