//! Moving moments.

use jiff::{SignedDuration, Timestamp};

/// The time moved, with as many digits of a second as before; `None` where the text is no moment.
pub(super) fn shifted(text: &str, by: SignedDuration) -> Option<String> {
    let time = text.parse::<Timestamp>().ok()?.checked_add(by).ok()?;
    let digits = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    Some(format!("{time:.digits$}"))
}
