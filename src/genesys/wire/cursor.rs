//! A cursor over the JSON text of an event. It steps over the text once, borrows what it reads and allocates nothing.
//!
//! It reads what serde_json reads and gives up (`None`) on everything else, and on what is rare and would make it larger:
//! deep nesting above all. Whoever uses it then asks the full decoder, which tells what is wrong, if anything is.

use std::borrow::Cow;

/// Objects and lists within one another that are stepped over; serde_json's own limit is 128.
const DEEPEST: u32 = 64;

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// A string as it is written, without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted<'a> {
    pub raw: &'a str,
    /// A backslash stands in it.
    pub escaped: bool,
}

impl<'a> Cursor<'a> {
    /// At the beginning.
    pub fn new(text: &'a str) -> Self {
        Self::from(text, 0)
    }

    /// At this place, in bytes.
    pub fn from(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no white space.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Steps over `byte` if it comes next.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// As [`Self::take`]; `None` if it does not come next.
    #[inline]
    pub fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// Nothing but white space is left.
    pub fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Where it is, in bytes.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` to here.
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The text from `start` to `end`.
    pub fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// After an element: another one follows, or `end` closed the list.
    #[inline]
    pub fn goes_on(&mut self, end: u8) -> Option<bool> {
        if self.take(b',') {
            return Some(true);
        }
        self.expect(end)?;
        Some(false)
    }

    /// The next `length` bytes, if a character ends there.
    pub fn ahead(&self, length: usize) -> Option<&'a str> {
        self.text.get(self.at..self.at.checked_add(length)?)
    }

    /// Steps over the next `length` bytes, which were looked at.
    pub fn step(&mut self, length: usize) {
        self.at += length;
    }

    /// Steps over a string that stands for `text`. If it stands for another one, or is none, nothing is stepped over.
    #[inline]
    pub fn takes(&mut self, text: &str) -> bool {
        if self.peek() != Some(b'"') {
            return false;
        }
        let Some(raw) = self.text.as_bytes().get(self.at + 1..) else { return false };
        let text = text.as_bytes();
        let length = match raw.split_at_checked(text.len()) {
            Some((plain, [b'"', ..])) if is_plainly(plain, text) => text.len(),
            _ => match escaped_length(raw, text) {
                Some(length) => length,
                None => return false,
            },
        };
        self.at += length + 2;
        true
    }

    /// A string.
    #[inline]
    pub fn string(&mut self) -> Option<Quoted<'a>> {
        self.expect(b'"')?;
        let (start, mut escaped) = (self.at, false);
        loop {
            self.at += plain(self.rest());
            match self.rest() {
                [b'"', ..] => {
                    let raw = self.text.get(start..self.at)?;
                    self.at += 1;
                    return Some(Quoted { raw, escaped });
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
                [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|b| b.is_ascii_hexdigit()) => self.at += 6,
                _ => return None,
            }
            escaped = true;
        }
    }

    /// The key of a member, and the colon behind it.
    #[inline]
    pub fn key(&mut self) -> Option<Quoted<'a>> {
        let key = self.string()?;
        self.expect(b':')?;
        Some(key)
    }

    /// An object: `member` is told each key and steps over the value.
    #[inline]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Quoted<'a>) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Some(());
        }
        loop {
            let key = self.key()?;
            member(self, key)?;
            if !self.take(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// A list: `element` steps over each.
    #[inline]
    pub fn list(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Some(());
        }
        loop {
            element(self)?;
            if !self.take(b',') {
                return self.expect(b']');
            }
        }
    }

    /// Any value, as it is written.
    pub fn value(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip(DEEPEST)?;
        self.text.get(start..self.at)
    }

    fn skip(&mut self, depth: u32) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(|cursor, _| cursor.skip(deeper)),
            b'[' => self.list(|cursor| cursor.skip(deeper)),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    /// Steps over `word`, which comes next.
    pub fn word(&mut self, word: &str) -> Option<()> {
        self.peek()?;
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        if self.rest().first() == Some(&b'-') {
            self.at += 1;
        }
        match self.rest() {
            // No digit comes after a zero; if one does, what follows the number is not what has to follow.
            [b'0', ..] => self.at += 1,
            _ => self.digits()?,
        }
        if self.rest().first() == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let [b'e' | b'E', ..] = self.rest() {
            self.at += 1;
            if let [b'+' | b'-', ..] = self.rest() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let digits = self.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += digits;
        (digits > 0).then_some(())
    }
}

/// The two are equal and hold neither quote nor backslash nor control character. They are equally long.
#[inline]
fn is_plainly(raw: &[u8], text: &[u8]) -> bool {
    let same = |raw: &[u8; 8], text: &[u8; 8]| {
        let raw = u64::from_le_bytes(*raw);
        (raw ^ u64::from_le_bytes(*text)) | special(raw) == 0
    };
    // The last bytes may be looked at twice.
    if let (Some(raw_end), Some(text_end)) = (raw.last_chunk::<8>(), text.last_chunk::<8>()) {
        let (words, _) = raw.as_chunks::<8>();
        let (texts, _) = text.as_chunks::<8>();
        return words.iter().zip(texts).all(|(raw, text)| same(raw, text)) && same(raw_end, text_end);
    }
    match (ends(raw), ends(text)) {
        (Some(raw), Some(text)) => same(&raw, &text),
        _ => raw.iter().zip(text).all(|(raw, text)| raw == text && is_plain(*raw)),
    }
}

/// The first and the last four bytes of four to eight.
#[inline]
fn ends(bytes: &[u8]) -> Option<[u8; 8]> {
    let ([a, b, c, d], [e, f, g, h]) = (bytes.first_chunk::<4>()?, bytes.last_chunk::<4>()?);
    Some([*a, *b, *c, *d, *e, *f, *g, *h])
}

/// How long the string is, up to its quote, if it stands for `text`.
fn escaped_length(raw: &[u8], text: &[u8]) -> Option<usize> {
    let (mut at, mut rest) = (0, text);
    loop {
        let run = same(raw.get(at..)?, rest);
        at += run;
        rest = rest.get(run..)?;
        match raw.get(at)? {
            b'"' => return rest.is_empty().then_some(at),
            b'\\' => {
                let (character, length) = escape(raw.get(at..)?)?;
                rest = rest.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())?;
                at += length;
            }
            _ => return None,
        }
    }
}

/// How many bytes are equal and plain in both.
fn same(raw: &[u8], text: &[u8]) -> usize {
    let mut at = 0;
    while let (Some(raw), Some(text)) = (chunk(raw, at), chunk(text, at)) {
        let stop = (raw ^ text) | special(raw);
        if stop != 0 {
            return at + stop.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = raw.get(at..).unwrap_or_default().iter().zip(text.get(at..).unwrap_or_default());
    at + rest.take_while(|(raw, text)| raw == text && is_plain(**raw)).count()
}

#[inline]
fn chunk(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// No quote, no backslash, no control character.
const fn is_plain(byte: u8) -> bool {
    !matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// Not zero if one of the bytes is a quote, a backslash or a control character; then the lowest bit that is set is the
/// highest one of the first of them. A byte beyond ASCII is none of them, so that one look at the highest bits serves all.
#[inline]
const fn special(word: u64) -> u64 {
    let (quote, backslash) = (word ^ of(b'"'), word ^ of(b'\\'));
    let below = quote.wrapping_sub(of(1)) | backslash.wrapping_sub(of(1)) | word.wrapping_sub(of(0x20));
    below & !word & of(0x80)
}

/// How many bytes come before the first quote, backslash or control character.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    // Sixteen bytes at a time: most strings are short, and what finds a byte in long ones costs more to call.
    let (chunks, rest) = bytes.as_chunks::<16>();
    for (place, chunk) in chunks.iter().enumerate() {
        let both = u128::from_le_bytes(*chunk);
        let (first, second) = (special(both as u64), special((both >> 64) as u64));
        if first | second != 0 {
            let (skipped, stop) = if first != 0 { (0, first) } else { (8, second) };
            return 16 * place + skipped + stop.trailing_zeros() as usize / 8;
        }
    }
    16 * chunks.len() + rest.iter().take_while(|b| is_plain(**b)).count()
}

/// A word of which each byte is this one.
const fn of(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

impl<'a> Quoted<'a> {
    /// It stands for `text`; `None` at half of a surrogate pair, which no text holds.
    #[inline]
    pub fn is(self, text: &str) -> Option<bool> {
        if self.escaped { is_escaped(self.raw.as_bytes(), text.as_bytes()) } else { Some(self.raw == text) }
    }

    /// What it stands for; `None` as in [`Self::is`].
    pub fn text(self) -> Option<Cow<'a, str>> {
        if !self.escaped {
            return Some(Cow::Borrowed(self.raw));
        }
        let (mut rest, mut text) = (self.raw, String::with_capacity(self.raw.len()));
        while let Some(run) = memchr::memchr(b'\\', rest.as_bytes()) {
            let (character, length) = escape(&rest.as_bytes()[run..])?;
            text.push_str(&rest[..run]);
            text.push(character);
            rest = &rest[run + length..];
        }
        text.push_str(rest);
        Some(Cow::Owned(text))
    }
}

/// `raw`, in which escapes stand, stands for `text`.
fn is_escaped(mut raw: &[u8], mut text: &[u8]) -> Option<bool> {
    while let Some(run) = memchr::memchr(b'\\', raw) {
        let (character, length) = escape(&raw[run..])?;
        let rest = text.strip_prefix(&raw[..run]);
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())) else {
            return Some(false);
        };
        text = rest;
        raw = &raw[run + length..];
    }
    Some(raw == text)
}

/// The character that an escape stands for, and the bytes that it takes.
fn escape(raw: &[u8]) -> Option<(char, usize)> {
    let character = match raw {
        [_, b'u', ..] => return unicode(raw),
        [_, b'b', ..] => '\u{8}',
        [_, b'f', ..] => '\u{c}',
        [_, b'n', ..] => '\n',
        [_, b'r', ..] => '\r',
        [_, b't', ..] => '\t',
        [_, byte @ (b'"' | b'\\' | b'/'), ..] => char::from(*byte),
        _ => return None,
    };
    Some((character, 2))
}

/// The character of `\uXXXX`, or of two of them that are one, and how many bytes they take.
fn unicode(raw: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = raw.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    };
    let high = unit(0)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, 6));
    }
    let low = unit(6).filter(|low| (0xdc00..0xe000).contains(low)).filter(|_| high < 0xdc00)?;
    Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    fn whole(text: &str) -> Option<&str> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        cursor.is_at_end().then_some(value)
    }

    #[test]
    fn what_stops_a_string_is_found_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for at in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[at] = special;
                assert_eq!(plain(&bytes), at, "{special} at {at}");
            }
        }
        for byte in (0x20..=0xff).filter(|b| !b"\"\\".contains(b)) {
            assert_eq!(plain(&[byte; 19]), 19, "{byte}");
        }
    }

    #[test]
    fn what_is_too_deep_is_left_to_others() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(whole(&nested(60)).is_some());
        assert!(whole(&nested(100_000)).is_none());
    }

    proptest! {
        #[test]
        fn a_string_is_taken_if_it_stands_for_the_text(
            inner in r#"([ab]{1,9}|é|\\n|\\"|\\\\|\\/|\\u00[0-2][0-9a-f]|\\ud83d\\ude00|\\ud83d|\\x|[\n\x01]){0,6}"#,
            other in "[ab\"\n]{0,20}",
        ) {
            let string = format!("\"{inner}\"");
            let decoded = serde_json::from_str::<String>(&string).ok();
            for text in [Some(&inner), Some(&other), decoded.as_ref()].into_iter().flatten() {
                let is = decoded.as_ref() == Some(text);
                let raw = format!(" {string},");
                let mut cursor = Cursor::new(&raw);
                prop_assert_eq!(cursor.takes(text), is, "{} {}", raw, text);
                prop_assert_eq!(cursor.at(), if is { raw.len() - 1 } else { 1 });
            }
        }

        #[test]
        fn it_reads_what_serde_reads(text in r#"[{}\[\]":,\\a-fnut0-9eE+. \n\u{1}ü-]{0,12}"#) {
            let ours = whole(&text).is_some();
            prop_assert_eq!(ours, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn it_reads_strings_that_serde_reads(inner in r#"(\\["\\/bfnrtu]|\\u[dD][89a-fA-F][0-9]{2}|[0-9a-f"\\é\t]){0,6}"#) {
            let text = format!("\"{inner}\"");
            let ours = whole(&text).is_some();
            prop_assert_eq!(ours, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn a_string_is_compared_as_it_is_decoded(
            inner in r#"(\\["\\/bfnrt]|\\u00[0-9a-f]{2}|\\ud83d\\ude0[0-9]|\\ud83d|\\ude00|[a-c é]){0,6}"#,
            other in "[a-c é\n\"\\\\]{0,6}",
        ) {
            let text = format!("\"{inner}\"");
            let quoted = Cursor::new(&text).string().unwrap();
            match serde_json::from_str::<String>(&text) {
                Ok(decoded) => {
                    prop_assert_eq!(quoted.is(&decoded), Some(true));
                    let text = quoted.text();
                    prop_assert_eq!(text.as_deref(), Some(decoded.as_str()));
                    if let Some(is) = quoted.is(&other) {
                        prop_assert_eq!(is, decoded == other);
                    }
                }
                Err(_) => {
                    prop_assert_ne!(quoted.is(&other), Some(true));
                    prop_assert_eq!(quoted.text(), None);
                }
            }
        }
    }
}
