//! Text as a sequence of units that are drawn whole or not at all.

use super::{Charset, chars};
use compact_str::CompactString;
use std::ops::Deref;
use unicode_segmentation::{Graphemes, UnicodeSegmentation};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Marks kept on one base. More is decoration or an attack, and terminals stop at different numbers.
const MARKS_KEPT: usize = 4;

/// A piece of harmless text that is not cut further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit<'a> {
    text: Text<'a>,
    /// Columns it takes; at least 1.
    pub width: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Text<'a> {
    Kept(&'a str),
    Drawn(CompactString),
}

impl Unit<'_> {
    /// It stands for a character that cannot be shown as it is; a screen may dim it.
    pub fn is_drawn(&self) -> bool {
        matches!(self.text, Text::Drawn(_))
    }
}

impl Deref for Unit<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        match &self.text {
            Text::Kept(text) => text,
            Text::Drawn(text) => text,
        }
    }
}

/// The units of a text.
///
/// A grapheme cluster whose characters add up to the cluster's width is one unit. A cluster that adds up to something
/// else is where terminals disagree (families of emoji, skin tones, a joiner between them): it is taken apart into
/// units that add up, and what joined it is drawn. The emoji variation selector changes the width on some terminals and
/// nothing else, so it is left out where it is ordinary (after a character that is not ASCII, in a keycap).
pub struct Units<'a> {
    charset: Charset,
    clusters: Graphemes<'a>,
    /// What is left of a cluster that was taken apart.
    rest: &'a str,
    /// `rest` follows a base of the same cluster rather than beginning one.
    inside: bool,
}

impl<'a> Units<'a> {
    /// The units of `text`.
    pub fn new(text: &'a str, charset: Charset) -> Self {
        Self { charset, clusters: text.graphemes(true), rest: "", inside: false }
    }

    fn drawn(&self, c: char) -> Unit<'a> {
        let text = chars::drawn(c, self.charset);
        // Every mark used is one column a character.
        let width = text.chars().count();
        Unit { text: Text::Drawn(text), width }
    }

    /// The next unit of `rest`, whose first character is `first`.
    fn take(&mut self, first: char) -> Unit<'a> {
        let inside = std::mem::replace(&mut self.inside, true);
        let mut end = first.len_utf8();
        let mut total = first.width().unwrap_or(0);
        let lone_flag = chars::is_regional(first) && !self.rest[end..].starts_with(chars::is_regional);
        let joins = total == 0 || (chars::is_mark(first) && (inside || !chars::is_emoji(first)));
        if joins || lone_flag || self.is_drawn(first) {
            self.rest = &self.rest[end..];
            return self.drawn(first);
        }
        let mut marks = 0;
        let mut rest_from = end;
        for c in self.rest[end..].chars() {
            let next = end + c.len_utf8();
            if matches!(c, '\u{fe0e}' | '\u{fe0f}') && is_ordinary_selector(&self.rest[..end], &self.rest[next..]) {
                rest_from = next;
                break;
            }
            let width = c.width().unwrap_or(0);
            marks += usize::from(width == 0);
            if self.is_drawn(c) || marks > MARKS_KEPT || self.rest[..next].width() != total + width {
                break;
            }
            (end, total, rest_from) = (next, total + width, next);
        }
        let text = &self.rest[..end];
        self.rest = &self.rest[rest_from..];
        Unit { text: Text::Kept(text), width: total }
    }

    fn is_drawn(&self, c: char) -> bool {
        chars::is_hidden(c) || (self.charset == Charset::AsciiOnly && !c.is_ascii())
    }
}

/// U+FE0E or U+FE0F where keyboards put it: after an emoji, or in a keycap.
fn is_ordinary_selector(before: &str, after: &str) -> bool {
    before.chars().next_back().is_some_and(|c| !c.is_ascii() && chars::is_emoji(c)) || after.starts_with('\u{20e3}')
}

impl<'a> Iterator for Units<'a> {
    type Item = Unit<'a>;

    fn next(&mut self) -> Option<Unit<'a>> {
        if self.rest.is_empty() {
            let cluster = self.clusters.next()?;
            if matches!(cluster.as_bytes(), [b' '..=b'~']) {
                return Some(Unit { text: Text::Kept(cluster), width: 1 });
            }
            (self.rest, self.inside) = (cluster, false);
        }
        let first = self.rest.chars().next()?;
        Some(self.take(first))
    }
}
