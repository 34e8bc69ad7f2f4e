//! A value as a reader takes it: digits of every script as digits, every blank as a blank, every dash as a dash, what
//! cannot be seen left out, and percent-encoding undone. Each byte knows where in the value it came from.

use std::ops::Range;
use std::sync::LazyLock;

/// The plain form of a value.
pub(super) struct Plain {
    /// The text that is looked at.
    pub text: String,
    /// For each byte of the text the bytes of the value that it stands for.
    origin: Vec<(usize, usize)>,
}

impl Plain {
    /// The plain form; `None` when the value is its own.
    pub fn of(value: &str) -> Option<Self> {
        // Without a way out of the loop it is done many bytes at a time.
        if value.bytes().fold(true, |own, b| own & matches!(b, b' '..=b'~') & (b != b'%')) {
            return None;
        }
        let mut plain = Self { text: String::with_capacity(value.len()), origin: Vec::with_capacity(value.len()) };
        let mut at = 0;
        while let Some(c) = value[at..].chars().next() {
            let (c, end) = match encoded(&value[at..]) {
                Some((decoded, length)) => (decoded, at + length),
                None => (c, at + c.len_utf8()),
            };
            if let Some(seen) = seen_as(c) {
                let before = plain.text.len();
                plain.text.push(seen);
                plain.origin.extend((before..plain.text.len()).map(|_| (at, end)));
            }
            at = end;
        }
        Some(plain)
    }

    /// The part of the value that a part of the text stands for.
    pub fn place(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.origin.get(span.start).map_or(0, |(start, _)| *start);
        let end = span.end.checked_sub(1).and_then(|last| self.origin.get(last)).map_or(start, |(_, end)| *end);
        start..end
    }
}

/// The character that `%XX` at the start of the text stands for, and how many bytes that took.
fn encoded(text: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::with_capacity(4);
    for part in text.as_bytes().chunks(3).take(4) {
        let [b'%', high, low] = part else { break };
        let digit = |b: u8| char::from(b).to_digit(16);
        bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
        if let Ok(decoded) = std::str::from_utf8(&bytes) {
            return decoded.chars().next().map(|c| (c, bytes.len() * 3));
        }
    }
    None
}

/// What the eye takes the character for; `None` for one that it does not see.
fn seen_as(c: char) -> Option<char> {
    Some(match c {
        '\t' | '\n' | '\r' => ' ',
        ' '..='~' => c,
        _ if c.is_control() => return None,
        // The wide forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{b7}' | '\u{2024}' | '\u{3002}' | '\u{ff61}' | '\u{fe52}' => '.',
        '\u{2212}' => '-',
        '\u{fe6b}' => '@',
        _ => {
            if within(&FORMATS, c).is_some() {
                return None;
            } else if within(&SPACES, c).is_some() {
                ' '
            } else if within(&DASHES, c).is_some() {
                '-'
            } else if within(&CONNECTORS, c).is_some() {
                '_'
            } else if let Some(start) = within(&DIGITS, c) {
                // Digits of a script stand in tens, from zero to nine.
                char::from(b'0' + ((c as u32 - start as u32) % 10) as u8)
            } else {
                c
            }
        }
    })
}

static FORMATS: LazyLock<Vec<(char, char)>> =
    LazyLock::new(|| ranges(r"[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Mn}]"));
static SPACES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"[\p{Zs}\p{Zl}\p{Zp}\u{2800}]"));
static DASHES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"\p{Pd}"));
static CONNECTORS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"\p{Pc}"));
static DIGITS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"\p{Nd}"));

/// The ranges of a character class, sorted.
fn ranges(class: &str) -> Vec<(char, char)> {
    match regex_syntax::parse(class).map(regex_syntax::hir::Hir::into_kind) {
        Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        _ => Vec::new(),
    }
}

/// The start of the range that holds the character.
fn within(ranges: &[(char, char)], c: char) -> Option<char> {
    let after = ranges.partition_point(|&(start, _)| start <= c);
    let (start, end) = *ranges.get(after.checked_sub(1)?)?;
    (c <= end).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_and_where_it_stood() {
        let plain = Plain::of("a\u{200b}%20\u{ff14}\u{2013}\u{663}é").unwrap();
        assert_eq!(plain.text, "a 4-3é");
        assert_eq!(plain.place(&(2..5)), 7..15);
        assert!(Plain::of("plain 4242").is_none());
        assert_eq!(Plain::of("50% 5%2 %zz %E2%80%93").unwrap().text, "50% 5%2 %zz -");
        for class in [&FORMATS, &SPACES, &DASHES, &CONNECTORS, &DIGITS] {
            assert!(!class.is_empty());
        }
        assert!(DIGITS.iter().all(|(start, end)| (*end as u32 - *start as u32 + 1).is_multiple_of(10)));
    }
}
