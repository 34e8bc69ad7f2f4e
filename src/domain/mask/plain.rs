//! A value as a reader takes it: digits of every script as digits, every blank as a blank, every dash as a dash, what
//! cannot be seen left out, and percent-encoding undone.

use std::ops::Range;
use std::sync::LazyLock;

/// The plain form of a value.
pub(super) struct Plain<'v> {
    /// The text that is looked at.
    pub text: String,
    value: &'v str,
}

impl<'v> Plain<'v> {
    /// The plain form; `None` when the value is its own.
    pub fn of(value: &'v str) -> Option<Self> {
        // Without a way out of the loop it is done many bytes at a time.
        if value.bytes().fold(true, |own, b| own & matches!(b, b' '..=b'~') & !matches!(b, b'%' | b'\\' | b'&')) {
            return None;
        }
        let mut text = String::with_capacity(value.len());
        text.extend(seen(value).map(|(c, _)| c));
        Some(Self { text, value })
    }

    /// The parts of the value that these parts of the text stand for, which are in order and do not overlap. Nearly always there are none, so
    /// where each byte came from is not kept.
    pub fn places<T>(&self, spans: Vec<(Range<usize>, T)>) -> Vec<(Range<usize>, T)> {
        let mut chars = seen(self.value);
        let (mut at, mut origin) = (0, 0..0);
        // Of the character that this byte is a part of.
        let mut origin_of = |byte: usize| {
            while at <= byte
                && let Some((c, from)) = chars.next()
            {
                at += c.len_utf8();
                origin = from;
            }
            origin.clone()
        };
        let place = |(span, what): (Range<usize>, T)| {
            (origin_of(span.start).start..origin_of(span.end.saturating_sub(1)).end, what)
        };
        spans.into_iter().map(place).collect()
    }
}

/// What is seen of the value, each character with the bytes that it stands for.
fn seen(value: &str) -> impl Iterator<Item = (char, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &value[at..];
            let c = rest.chars().next()?;
            let (c, length) = encoded(rest).unwrap_or((c, c.len_utf8()));
            let origin = at..at + length;
            at = origin.end;
            if let Some(seen) = seen_as(c) {
                return Some((seen, origin));
            }
        }
    })
}

/// The character that an escape at the start of the text stands for, and how many bytes that took.
fn encoded(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().first()? {
        b'%' => percent(text.as_bytes()),
        b'\\' => json(text),
        b'&' => entity(text),
        _ => None,
    }
}

/// `%XX`, up to four for one character, each of which may be encoded again: `%2520` is a blank.
fn percent(text: &[u8]) -> Option<(char, usize)> {
    let (mut bytes, mut at) = (Vec::with_capacity(4), 0);
    while bytes.len() < 4 && text.get(at) == Some(&b'%') {
        let pair = |at: usize| text.get(at..at + 2).and_then(hex);
        let mut byte = pair(at + 1)?;
        at += 3;
        while let Some(inner) = pair(at).filter(|_| byte == b'%') {
            byte = inner;
            at += 2;
        }
        bytes.push(byte);
        if let Ok(decoded) = std::str::from_utf8(&bytes) {
            return decoded.chars().next().map(|c| (c, at));
        }
    }
    None
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
}

/// `\u00a0`, or one of the short ones for blanks.
fn json(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().get(1)? {
        b't' | b'n' | b'r' => Some((' ', 2)),
        b'u' => {
            let digits = text.get(2..6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 6))
        }
        _ => None,
    }
}

/// `&nbsp;`, `&#32;`, `&#x20;`.
fn entity(text: &str) -> Option<(char, usize)> {
    let (name, _) = text.get(1..text.len().min(12)).or_else(|| text.get(1..))?.split_once(';')?;
    let decoded = match name {
        "nbsp" => ' ',
        "commat" => '@',
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    };
    Some((decoded, name.len() + 2))
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
        '\u{fe62}' | '\u{207a}' | '\u{208a}' | '\u{2795}' | '\u{fb29}' => '+',
        '\u{2070}' | '\u{2074}'..='\u{2079}' => digit(c as u32 - 0x2070),
        '\u{b9}' => '1',
        '\u{b2}' | '\u{b3}' => digit(c as u32 - 0xb0),
        '\u{2080}'..='\u{2089}' => digit(c as u32 - 0x2080),
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

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
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
        assert_eq!(
            plain.places(vec![(0..1, 'a'), (2..5, 'b'), (5..7, 'c')]),
            [(0..1, 'a'), (7..15, 'b'), (15..17, 'c')]
        );
        assert!(Plain::of("plain 4242").is_none());
        assert_eq!(Plain::of("50% 5%2 %zz %E2%80%93").unwrap().text, "50% 5%2 %zz -");
        let seen = |value: &str| Plain::of(value).unwrap().text;
        assert_eq!(seen("a%2520b%252520c%25zz%25"), "a b c%zz%");
        assert_eq!(seen(r"1\u00a02\t3\x\u12\ud800\"), r"1 2 3\x\u12\ud800\");
        assert_eq!(seen("1&nbsp;2&#32;3&#x20;4&#x110000;&amp;é;"), "1 2 3 4&#x110000;&amp;é;");
        assert_eq!(seen("\u{fe62}\u{b9}\u{b2}\u{2074}\u{2085}"), "+1245");
        for class in [&FORMATS, &SPACES, &DASHES, &CONNECTORS, &DIGITS] {
            assert!(!class.is_empty());
        }
        assert!(DIGITS.iter().all(|(start, end)| (*end as u32 - *start as u32 + 1).is_multiple_of(10)));
    }
}
