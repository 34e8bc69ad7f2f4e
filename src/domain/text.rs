//! Hostile text made harmless, and measured.
//!
//! Keys, values, names and addresses come from callers. Whatever of them reaches a terminal goes through this module
//! first: what would control the terminal, reorder the line or take no room is drawn visibly, and what remains has one
//! width, whether a terminal adds up characters (`wcwidth`) or counts grapheme clusters.
//!
//! Nothing is allocated for plain ASCII that fits, and a long value costs what is shown of it, not what it holds.

mod apart;
mod chars;
mod lookalikes;
mod units;

#[cfg(test)]
mod tests;

use super::mask::COVER;
pub use apart::apart;
pub(crate) use lookalikes::latin;
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization as _, char::compose};
pub use units::{Unit, Units};

/// The bytes that can matter for one column: a base, its marks, and what is left out on the way (see [`Units`]).
const BYTES_PER_COLUMN: usize = 32;

/// With what marks are drawn, and whether the text itself may leave ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Charset {
    /// Symbols (`␛`, `⏎`, `…`) and any text.
    #[default]
    Unicode,
    /// ASCII marks (`^[`, `~`); text as it is. What `--ascii` means.
    AsciiMarks,
    /// ASCII marks, and everything else that is not ASCII escaped as `<U+00E9>`.
    AsciiOnly,
}

impl Charset {
    /// The mark of a cut; one column.
    pub fn ellipsis(self) -> &'static str {
        match self {
            Self::Unicode => "…",
            _ => "~",
        }
    }
}

/// On which side the room goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Align {
    /// Text first, room after it.
    #[default]
    Left,
    /// Room first: numbers and ages.
    Right,
}

/// The whole text, harmless, on one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_in(text, Charset::Unicode)
}

/// As [`visible`], with a choice of marks.
pub fn visible_in(text: &str, charset: Charset) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for unit in Units::new(text, charset) {
        out.push_str(&unit);
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// Harmless, but line feeds stay line feeds: for messages of several lines (a server's error body).
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| is_plain_byte(b) || b == b'\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(visible).collect::<Vec<_>>().join("\n"))
}

/// A key for people, with marks where two that look the same would be two: those of a value ([`marked`]), and more, as keys are names
/// and not words of people. Letters of another script that all look like Latin ones, and other dashes than `-`, are told by their code
/// points, too. What comes back is not harmless yet.
pub fn key_label(key: &str) -> Cow<'_, str> {
    ends_marked(letters_marked(key, Charset::Unicode, true), Charset::Unicode)
}

fn letters_marked(text: &str, charset: Charset, is_key: bool) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut alike = lookalikes::looks_like_others(text);
    if is_key {
        alike.extend(lookalikes::impostors(text));
        alike.extend(text.char_indices().filter(|(_, c)| matches!(c, '\u{2013}' | '\u{2014}')).map(|(at, _)| at));
    }
    if alike.is_empty() && text.nfc().eq(text.chars()) {
        return Cow::Borrowed(text);
    }
    let mut label = String::with_capacity(text.len() + 8);
    let mut before = None;
    for (at, c) in text.char_indices() {
        if before.is_some_and(|base| compose(base, c).is_some()) {
            label.push('\u{25cc}');
        }
        match alike.contains(&at) {
            true => label.push_str(&chars::code_point(c, charset)),
            false => label.push(c),
        }
        before = Some(c);
    }
    Cow::Owned(label)
}

/// A value for people, with marks where two that look the same would be two. Spaces at its begin and end are drawn (`gold␠`). A mark
/// that could be one letter with what it stands on is set apart from it, on a dotted circle (composed, NFC, and decomposed, NFD). A
/// character that looks like others is told by its code point (`lookalikes::looks_like_others`). What comes back is not harmless yet.
pub fn marked(value: &str, charset: Charset) -> Cow<'_, str> {
    ends_marked(letters_marked(value, charset, false), charset)
}

/// Draws the spaces at both ends.
fn ends_marked(label: Cow<'_, str>, charset: Charset) -> Cow<'_, str> {
    let text = label.trim_matches(' ');
    if text.len() == label.len() {
        return label;
    }
    let before = label.len() - label.trim_start_matches(' ').len();
    // Of spaces alone all are at the end.
    let (before, after) = if text.is_empty() { (0, label.len()) } else { (before, label.len() - before - text.len()) };
    let mark = if charset == Charset::Unicode { "␠" } else { "<U+0020>" };
    Cow::Owned(format!("{}{text}{}", mark.repeat(before.min(8)), mark.repeat(after.min(8))))
}

/// Columns that the harmless form of `text` takes.
pub fn width(text: &str) -> usize {
    width_in(text, Charset::Unicode)
}

/// As [`width`], with a choice of marks.
pub fn width_in(text: &str, charset: Charset) -> usize {
    if is_plain(text.as_bytes()) {
        return text.len();
    }
    Units::new(text, charset).map(|u| u.width).sum()
}

/// The harmless form in at most `columns`; what does not fit is cut before the last column, which shows an ellipsis.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    cut_in(text, columns, Charset::Unicode)
}

/// As [`cut`], with a choice of marks.
pub fn cut_in(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let plain = || is_plain(text.as_bytes()) || charset == Charset::Unicode && is_covered(text);
    if text.len() <= columns && plain() {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    push_cut(&mut out, text, columns, charset);
    Cow::Owned(out)
}

/// Appends [`cut_in`] to `out`; returns the columns it took.
pub fn push_cut(out: &mut String, text: &str, columns: usize, charset: Charset) -> usize {
    if columns == 0 {
        return 0;
    }
    let start = &text.as_bytes()[..text.len().min(columns.saturating_add(1))];
    if is_plain(start) {
        let fits = start.len() <= columns;
        out.push_str(&text[..if fits { start.len() } else { columns - 1 }]);
        if !fits {
            out.push_str(charset.ellipsis());
        }
        return start.len().min(columns);
    }
    let mut bound = text.len().min(columns.saturating_add(2).saturating_mul(BYTES_PER_COLUMN));
    while !text.is_char_boundary(bound) {
        bound -= 1;
    }
    let seen = &text[..bound];
    let (mut used, mut room) = (0, out.len());
    let mut used_at_room = 0;
    for unit in Units::new(seen, charset) {
        if used + unit.width > columns {
            out.truncate(room);
            out.push_str(charset.ellipsis());
            return used_at_room + 1;
        }
        out.push_str(&unit);
        used += unit.width;
        if used < columns {
            // The last place after which the ellipsis still fits.
            (room, used_at_room) = (out.len(), used);
        }
    }
    used
}

/// Cut and padded to exactly `columns`.
pub fn fit_in(text: &str, columns: usize, align: Align, charset: Charset) -> Cow<'_, str> {
    if text.len() == columns && is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(columns + 4);
    let used = push_cut(&mut out, text, columns, charset);
    let room = columns.saturating_sub(used);
    match align {
        Align::Left => out.extend(std::iter::repeat_n(' ', room)),
        Align::Right => out.insert_str(0, &" ".repeat(room)),
    }
    Cow::Owned(out)
}

/// Names in a few words.
pub fn few(names: &[&str]) -> String {
    match names {
        [first, second, rest @ ..] if rest.len() > 1 => format!("{first}, {second} and {} more", rest.len()),
        names => names.join(", "),
    }
}

/// An identifier in at most `columns`, cut in the middle (`7c1e…42`): ends differ more often than middles.
pub fn shorten_id(id: &str, columns: usize) -> Cow<'_, str> {
    shorten_id_in(id, columns, Charset::Unicode)
}

/// As [`shorten_id`], with a choice of marks.
pub fn shorten_id_in(id: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    if id.len() <= columns && is_plain(id.as_bytes()) {
        return Cow::Borrowed(id);
    }
    if columns < 4 || !is_plain(id.as_bytes()) {
        // Not an identifier of this platform: the ordinary cut will do.
        return cut_in(id, columns, charset);
    }
    let head = (columns - 1) * 2 / 3;
    let tail = columns - 1 - head;
    Cow::Owned(format!("{}{}{}", &id[..head], charset.ellipsis(), &id[id.len() - tail..]))
}

/// An id as it is told from these others: shortened where that is enough, else the whole of it.
pub fn tell_apart<'i, 'o>(
    id: &'i str,
    mut others: impl Iterator<Item = &'o str>,
    columns: usize,
    charset: Charset,
) -> Cow<'i, str> {
    let short = shorten_id_in(id, columns, charset);
    match others.any(|other| other != id && shorten_id_in(other, columns, charset) == short) {
        true => cut_in(id, usize::MAX, charset),
        false => short,
    }
}

/// Must not reach a terminal as it is: it would control it, reorder the line, or take no room.
pub fn is_hidden(c: char) -> bool {
    chars::is_hidden(c)
}

/// JSON whose texts hold no character that can control a terminal: each is escaped, so that a reader gets the same.
/// Line feeds stay, for within its texts JSON has none.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    let harmful = |c: char| c != '\n' && is_hidden(c);
    if !json.contains(harmful) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Every byte is a printable ASCII character, so that text and picture are one and the same.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|&b| is_plain_byte(b))
}

/// Printable ASCII and what covers personal data: each a picture of its own, one column wide.
fn is_covered(text: &str) -> bool {
    text.chars().all(|c| c == COVER || matches!(c, ' '..='~'))
}

/// How many bytes come before the first that is no printable ASCII character, or is a quote or a backslash.
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    // Without a way out of the loop it is done many bytes at a time.
    let is_plain = |chunk: &[u8; 16]| {
        chunk.iter().fold(true, |plain, b| plain & matches!(b, 0x20..=0x7e) & !matches!(b, b'"' | b'\\'))
    };
    let (chunks, _) = bytes.as_chunks::<16>();
    let mut at = 16 * chunks.iter().take_while(|chunk| is_plain(chunk)).count();
    while at < bytes.len() {
        // The last eight bytes reach back over some that were looked at.
        let start = at.min(bytes.len().saturating_sub(8));
        let Some(word) = bytes[start..].first_chunk::<8>() else { break };
        let odd = odd_bytes(u64::from_le_bytes(*word));
        if odd != 0 {
            return start + odd.trailing_zeros() as usize / 8;
        }
        at = start + 8;
    }
    at + bytes[at..].iter().take_while(|b| is_plain_byte(**b) && !matches!(b, b'"' | b'\\')).count()
}

/// The highest bit of each byte that is not written as it is; bits behind the first such byte may be wrong.
fn odd_bytes(word: u64) -> u64 {
    let of = |byte: u8| u64::from_ne_bytes([byte; 8]);
    let below = |byte: u8| (word ^ of(byte)).wrapping_sub(of(1));
    (below(b'"') | below(b'\\') | below(0x7f) | word.wrapping_sub(of(0x20)) | word) & of(0x80)
}

fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}
