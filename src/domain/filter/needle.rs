//! Case-insensitive search that does not allocate.

use regex::{Regex, RegexBuilder};

/// A text to look for, whatever its case.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    text: String,
    /// Only for text beyond ASCII, where folding case needs tables.
    folded: Option<Regex>,
    /// The digits of a text that is written like a telephone number.
    digits: Option<Vec<u8>>,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        // An escaped literal always compiles unless it is enormous; then it is compared byte by byte.
        let fold = || RegexBuilder::new(&regex::escape(text)).case_insensitive(true).build().ok();
        let folded = if text.is_ascii() { None } else { fold() };
        Self { text: text.to_owned(), folded, digits: phone_digits(text) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Somewhere in `hay`.
    pub(super) fn is_in(&self, hay: &str) -> bool {
        match &self.folded {
            Some(folded) => folded.is_match(hay),
            None => contains_ascii(hay.as_bytes(), self.text.as_bytes()),
        }
    }

    /// All of `hay`.
    pub(super) fn is(&self, hay: &str) -> bool {
        match &self.folded {
            Some(folded) => folded.find(hay).is_some_and(|m| m.range() == (0..hay.len())),
            None => self.text.eq_ignore_ascii_case(hay),
        }
    }

    /// Somewhere in an address; a number may be grouped differently than the platform writes it.
    pub(super) fn is_in_address(&self, address: &str) -> bool {
        self.is_in(address) || self.digits.as_ref().is_some_and(|digits| contains_digits(address.as_bytes(), digits))
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn contains_ascii(hay: &[u8], needle: &[u8]) -> bool {
    let Some(&first) = needle.first() else { return true };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let Some(last) = hay.len().checked_sub(needle.len()) else { return false };
    memchr::memchr2_iter(lower, upper, &hay[..=last]).any(|at| hay[at..at + needle.len()].eq_ignore_ascii_case(needle))
}

/// The digits of `+1 (555) 010-8861`; nothing for text that holds anything else, or for too little to tell by.
fn phone_digits(text: &str) -> Option<Vec<u8>> {
    let written = text.bytes().all(|b| b.is_ascii_digit() || b" +-().".contains(&b));
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    (written && digits.len() >= 4 && digits.len() < text.len()).then_some(digits)
}

fn contains_digits(address: &[u8], digits: &[u8]) -> bool {
    (0..address.len()).any(|from| {
        let mut there = address[from..].iter().filter(|b| b.is_ascii_digit());
        digits.iter().all(|digit| there.next() == Some(digit))
    })
}
