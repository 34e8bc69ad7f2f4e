//! Putting text on the screen. Everything, keys and values above all, goes through [`crate::domain::text`] on the way, so nothing that
//! controls a terminal arrives there and columns stay straight.

use super::theme::{ASCII, Glyphs, SYMBOLS, Theme};
use crate::domain::text::{self, Align, Charset};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::borrow::Cow;

/// Text with a style.
pub type Bit<'a> = (Cow<'a, str>, Style);

/// A line, piece by piece.
pub type Bits<'a> = Vec<Bit<'a>>;

/// Neither columns nor rows are counted beyond this: no terminal is so large, and four of these together are still a number of
/// columns.
const MOST: usize = 16_000;

/// So many columns or rows, at most [`MOST`].
pub fn count(n: usize) -> u16 {
    n.min(MOST) as u16
}

/// Text with a style.
pub fn bit<'a>(text: impl Into<Cow<'a, str>>, style: Style) -> Bit<'a> {
    (text.into(), style)
}

/// The brush: a buffer, the theme and the marks.
pub struct Paint<'b> {
    /// Where it is drawn.
    pub buf: &'b mut Buffer,
    /// Styles by meaning.
    pub theme: Theme,
    /// Marks by meaning.
    pub glyphs: &'static Glyphs,
    charset: Charset,
    /// The rule over the drawer that was drawn last, if one was.
    pub(super) drawer: Option<u16>,
}

impl<'b> Paint<'b> {
    /// A brush for this buffer.
    pub fn new(buf: &'b mut Buffer, theme: Theme, ascii: bool) -> Self {
        let (glyphs, charset) = if ascii { (&ASCII, Charset::AsciiMarks) } else { (&SYMBOLS, Charset::Unicode) };
        Self { buf, theme, glyphs, charset, drawer: None }
    }

    /// Marks of the chosen character set.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Draws with ASCII marks only.
    pub fn is_ascii(&self) -> bool {
        self.charset != Charset::Unicode
    }

    /// The harmless form of `text` in lines of at most `width` columns, at most `most` of them. Line feeds break lines and are shown.
    pub fn wrap(&self, text: &str, width: u16, most: usize) -> Vec<String> {
        let width = usize::from(width.max(1));
        let mut lines = Vec::new();
        let (mut line, mut used) = (String::new(), 0);
        for unit in text::Units::new(text, self.charset) {
            if used + unit.width > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
                if lines.len() == most {
                    return lines;
                }
            }
            line.push_str(&unit);
            used += unit.width;
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// `text` in lines of at most `width` columns, broken between words where that can be.
    pub fn paragraph(&self, text: &str, width: u16) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && self.width(&line) + 1 + self.width(word) > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            if self.width(&line) > width {
                let mut pieces = self.wrap(&line, width, 100);
                line = pieces.pop().unwrap_or_default();
                lines.append(&mut pieces);
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Columns that `text` takes.
    pub fn width(&self, text: &str) -> u16 {
        count(text::width_in(text, self.charset))
    }

    /// Puts `text` at `x`, cut before `end`; the column after it.
    pub fn put(&mut self, x: u16, y: u16, end: u16, text: &str, style: Style) -> u16 {
        if !self.has_row(y) || x >= end {
            return x;
        }
        let end = end.min(self.buf.area.right());
        let room = usize::from(end.saturating_sub(x));
        let shown = text::cut_in(text, room, self.charset);
        self.write(x, y, &shown, room, style)
    }

    /// Writes harmless text into `room` columns that are there; the column after it.
    fn write(&mut self, x: u16, y: u16, text: &str, room: usize, style: Style) -> u16 {
        if !text.is_ascii() {
            return self.buf.set_stringn(x, y, text, room, style).0;
        }
        // One byte, one column: most of every screen, and nothing to be looked up for it.
        let used = text.len().min(room);
        if used == 0 {
            return x;
        }
        let start = self.buf.index_of(x, y);
        for (at, cell) in self.buf.content[start..start + used].iter_mut().enumerate() {
            cell.set_symbol(&text[at..=at]).set_style(style);
        }
        x + used as u16
    }

    /// Puts `text` into exactly `width` columns.
    pub fn cell(&mut self, x: u16, y: u16, width: u16, text: &str, align: Align, style: Style) {
        if !self.has_row(y) {
            return;
        }
        let width = width.min(self.buf.area.right().saturating_sub(x));
        if width == 0 {
            return;
        }
        let shown = text::fit_in(text, usize::from(width), align, self.charset);
        self.write(x, y, &shown, usize::from(width), style);
    }

    /// Puts bits one after the other, cut before `end`; the column after them.
    pub fn bits(&mut self, x: u16, y: u16, end: u16, bits: &[Bit<'_>]) -> u16 {
        bits.iter().fold(x, |x, (text, style)| self.put(x, y, end, text, *style))
    }

    /// As [`Self::bits`], and what has no room at all is marked too.
    pub fn line(&mut self, x: u16, y: u16, end: u16, bits: &[Bit<'_>]) -> u16 {
        let after = self.bits(x, y, end, bits);
        let mut left = end.saturating_sub(x);
        let hidden = bits.iter().any(|(text, _)| {
            let nothing = left == 0 && !text.trim().is_empty();
            left = left.saturating_sub(self.width(text));
            nothing
        });
        if hidden && end > x && self.has_row(y) {
            let style = self.buf[(end - 1, y)].style();
            self.put(end - 1, y, end, self.charset.ellipsis(), style);
        }
        after
    }

    /// Columns that bits take.
    pub fn bits_width(&self, bits: &[Bit<'_>]) -> u16 {
        count(bits.iter().map(|(text, _)| usize::from(self.width(text))).sum())
    }

    /// Puts bits so that they end before `end`, if they begin at or after `from`; the column where they begin.
    pub fn bits_right(&mut self, from: u16, y: u16, end: u16, bits: &[Bit<'_>]) -> u16 {
        let x = end.saturating_sub(self.bits_width(bits));
        if x < from {
            return end;
        }
        self.bits(x, y, end, bits);
        x
    }

    /// A horizontal rule over the first row of `area`.
    pub fn rule(&mut self, area: Rect) {
        self.marks(area, self.glyphs.rule, self.theme.quiet());
    }

    /// One mark over the first row of `area`.
    pub fn marks(&mut self, area: Rect, mark: &str, style: Style) {
        if !self.has_row(area.y) {
            return;
        }
        for x in area.left()..area.right().min(self.buf.area.right()) {
            self.buf[(x, area.y)].set_symbol(mark).set_style(style);
        }
    }

    /// A vertical rule down the first column of `area`, joined to the rules above and below it.
    pub fn wall(&mut self, area: Rect) {
        let quiet = self.theme.quiet();
        for y in area.top()..area.bottom() {
            self.put(area.x, y, area.x + 1, self.glyphs.wall, quiet);
        }
        self.put(area.x, area.y.saturating_sub(1), area.x + 1, self.glyphs.tee_down, quiet);
        self.put(area.x, area.bottom(), area.x + 1, self.glyphs.tee_up, quiet);
    }

    /// Joins a rule along the first row of `area` to the walls that end on it.
    pub fn join_above(&mut self, area: Rect) {
        let Some(above) = area.y.checked_sub(1).filter(|y| self.has_row(*y)) else { return };
        for x in area.left()..area.right().min(self.buf.area.right()) {
            if self.buf[(x, above)].symbol() == self.glyphs.wall {
                self.put(x, area.y, x + 1, self.glyphs.tee_up, self.theme.quiet());
            }
        }
    }

    /// Blanks an area.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buf[(x, y)].reset();
            }
        }
        self.buf.set_style(area, self.theme.background());
    }

    /// Lays a style over an area.
    pub fn tint(&mut self, area: Rect, change: impl Fn(Style) -> Style) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                let cell = &mut self.buf[(x, y)];
                let style = change(cell.style());
                cell.set_style(style);
            }
        }
    }

    fn has_row(&self, y: u16) -> bool {
        (self.buf.area.top()..self.buf.area.bottom()).contains(&y)
    }
}
