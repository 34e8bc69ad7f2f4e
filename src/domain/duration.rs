//! Durations as people write them here: `500ms`, `10s`, `2m`, `1h`, and several in a row: `1h30m`.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// What is accepted, for error messages.
pub const FORMS: &str = "write a duration as 500ms, 10s, 2m or 1h";

/// Reads a duration. `None` for anything but numbers with units, largest first; see [`FORMS`].
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut below = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let amount: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        rest = &rest[letters..];
        if unit >= below {
            return None;
        }
        below = unit;
        total = total.checked_add(Duration::from_millis(amount.checked_mul(unit)?))?;
    }
    (below != u64::MAX).then_some(total)
}

/// Writes a duration so that [`parse`] reads the same one, down to milliseconds: `1m30s`.
pub struct DisplayDuration(pub Duration);

impl Display for DisplayDuration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis == 0 {
            return f.write_str("0s");
        }
        let parts = [
            (millis / 3_600_000, "h"),
            (millis / 60_000 % 60, "m"),
            (millis / 1_000 % 60, "s"),
            (millis % 1_000, "ms"),
        ];
        parts.iter().filter(|(amount, _)| *amount > 0).try_for_each(|(amount, unit)| write!(f, "{amount}{unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_the_command_line() {
        for (text, millis) in
            [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1h", 3_600_000), ("1h30m", 5_400_000), ("0s", 0)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "2 m",
            "1m1h",
            "1s1s",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(millis in 0u64..1_000_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&DisplayDuration(duration).to_string()), Some(duration));
        }
    }
}
