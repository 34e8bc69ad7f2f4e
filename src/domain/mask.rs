//! Personal data in a value, and how to mask it.
//!
//! A false alarm is worse than silence: a number counts only when its shape *and* its check digits say so, and never
//! when it is part of something longer (a UUID, an order number, a time). E-mail addresses and telephone numbers have
//! no check digits; they count only in forms that nothing else takes. Blanks, dashes, dots, underscores, characters that
//! cannot be seen, percent-encoding and digits of other scripts do not hide one (`plain`); [`RECOGNISED`] is the table.

mod digits;
mod names;
mod national;
mod plain;
mod table;

#[cfg(test)]
mod tests;

pub use table::{LIMITS, RECOGNISED, document};

use plain::Plain;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// What covers a letter or a digit.
pub const COVER: char = '•';

/// What kind of personal data a piece of text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonalKind {
    /// A payment card number: a known range, its length, and the Luhn digit.
    Card,
    /// A national identity or social security number.
    NationalId,
    /// An e-mail address.
    Email,
    /// A telephone number in international or North American writing.
    Phone,
}

impl PersonalKind {
    /// For messages: `a card number`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "a card number",
            Self::NationalId => "a national id",
            Self::Email => "an e-mail address",
            Self::Phone => "a telephone number",
        }
    }
}

/// Where in a text personal data stands, and of which kind it is.
pub type Personal = (Range<usize>, PersonalKind);

/// The first personal data in `value`, the gravest kind first.
pub fn looks_personal(value: &str) -> Option<PersonalKind> {
    find(value).into_iter().map(|(_, kind)| kind).min()
}

/// Masks personal data with `•`. Length in characters, separators and the last four digits of a card stay, so that
/// people who know the value recognise it. Borrowed when there is nothing to cover.
pub fn mask(value: &str) -> Cow<'_, str> {
    mask_with(value, COVER)
}

/// As [`mask`], with a cover of your choice (`*` in ASCII).
pub fn mask_with(value: &str, cover: char) -> Cow<'_, str> {
    self::cover(value, find(value), cover)
}

/// As [`mask_with`], of a value in which this was found.
pub fn cover(value: &str, found: Vec<Personal>, cover: char) -> Cow<'_, str> {
    if found.is_empty() {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() * 2);
    let mut from = 0;
    for (span, kind) in found {
        out.push_str(&value[from..span.start]);
        let text = &value[span.clone()];
        let kept = match kind {
            PersonalKind::Card => 4,
            PersonalKind::Phone => 2,
            PersonalKind::NationalId | PersonalKind::Email => 0,
        };
        let covered = text.chars().filter(|c| c.is_alphanumeric()).count().saturating_sub(kept);
        let mut seen = 0;
        for c in text.chars() {
            seen += usize::from(c.is_alphanumeric());
            out.push(if c.is_alphanumeric() && seen <= covered { cover } else { c });
        }
        from = span.end;
    }
    out.push_str(&value[from..]);
    Cow::Owned(out)
}

/// A name, covered whole: of each letter and digit a [`COVER`].
pub fn cover_all(name: &str, cover: char) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { cover } else { c }).collect()
}

/// The text with these names covered, wherever they stand in it: a whole name in any case and whatever stands between its words,
/// and each of its words of three letters or more as it is written, unless it is one that callers without a name get. Never a part
/// of a longer word. Borrowed when there is nothing to cover.
pub fn cover_names<'t>(text: &'t str, names: &[&str], cover: char) -> Cow<'t, str> {
    names::cover(text, names, cover)
}

/// Everything in `value` that is personal data, in order, without overlaps.
pub fn find(value: &str) -> Vec<Personal> {
    // The shortest of all has six digits, or a sign of an address. Most values end here.
    let bytes = value.as_bytes();
    let is_short = value.is_ascii() && digits::count(bytes) < 6;
    // Of escapes with a backslash only this one stands for other than blanks.
    let is_escaped = || memchr::memchr2(b'%', b'&', bytes).is_some() || value.contains("\\u");
    if is_short && memchr::memchr(b'@', bytes).is_none() && !is_escaped() {
        return Vec::new();
    }
    match Plain::of(value) {
        None => find_plain(value),
        Some(plain) => plain.places(find_plain(&plain.text)),
    }
}

/// As [`find`], of a text that holds no separator in disguise.
fn find_plain(value: &str) -> Vec<Personal> {
    let bytes = value.as_bytes();
    let has_at = memchr::memchr(b'@', bytes).is_some();
    if let Some(span) = national::whole(value) {
        return vec![(span, PersonalKind::NationalId)];
    }
    let mut found = digits::find(bytes);
    if has_at {
        for span in emails(value) {
            // A number that is part of an address belongs to the address.
            found.retain(|(other, _)| other.end <= span.start || other.start >= span.end);
            found.push((span, PersonalKind::Email));
        }
        found.sort_by_key(|(span, _)| span.start);
    }
    found
}

/// A mailbox.
static EMAIL: LazyLock<Option<regex::Regex>> =
    LazyLock::new(|| regex::Regex::new(r"[\p{L}\p{N}._%+-]{1,64} ?@ ?(?:[\p{L}\p{N}_-]{1,63}\.)+\p{L}{2,24}").ok());

/// One with blanks around its dots, where it ends as everybody knows: `thanks @dana . Great` is none. In small letters, and
/// without endings that are words.
static SPACED: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    let known = "(?:com|org|net|edu|gov|mil|info|biz|io|eu|uk|de|fr|nl|ca|au|jp|br|ch|ie|mx)";
    let pattern = r"[\p{L}\p{N}._%+-]+@[\p{L}\p{N}_-]+(?: ?\. ?[\p{L}\p{N}_-]+)*? ?\. ?".to_owned() + known + r"\b";
    regex::Regex::new(&pattern).ok()
});

/// One that is spelled out, letter by letter.
static SPELLED: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    let pattern = r"\b[\p{L}\p{N}] (?:[\p{L}\p{N}._%+-] )+@ [\p{L}\p{N}](?: [\p{L}\p{N}_-])+(?: \. [\p{L}\p{N}](?: [\p{L}\p{N}_-])+)+";
    regex::Regex::new(pattern).ok()
});

/// The mailboxes in it, the longer of two that overlap.
fn emails(value: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let patterns =
        [(&SPELLED, value.contains(" @ ")), (&SPACED, value.contains(" .") || value.contains(". ")), (&EMAIL, true)];
    for (pattern, _) in patterns.into_iter().filter(|(_, likely)| *likely) {
        for span in pattern.iter().flat_map(|pattern| pattern.find_iter(value)).map(|there| there.range()) {
            if is_mailbox(value, &span) && !found.iter().any(|other| other.start < span.end && span.start < other.end) {
                found.push(span);
            }
        }
    }
    found
}

/// An agent's SIP address and the user of a URL are not mailboxes; what goes on is something longer.
fn is_mailbox(value: &str, span: &Range<usize>) -> bool {
    let before = &value[..span.start];
    let token = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let other = token.ends_with("sip:") || token.ends_with("sips:") || token.contains("://");
    let goes_on = value[span.end..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '@' | ':' | '_' | '-'));
    !other && !goes_on
}
