//! Markdown for tickets (GitHub's flavour). A text from outside is always code: there nothing is markup, and nothing becomes
//! a link, a mention or a reference by itself.

use crate::domain::text::visible;
use std::fmt::Write as _;

/// Characters of a text that are shown; the rest is counted.
const LONGEST: usize = 200;

/// A document being written.
#[derive(Default)]
pub(crate) struct MarkdownDocument(String);

/// A piece of a line: harmless once it is made.
pub(crate) struct Piece(String);

impl Piece {
    /// A text from outside.
    pub(crate) fn foreign(text: &str) -> Self {
        Self(code(text))
    }

    /// This program's own words.
    pub(crate) fn own(text: &str) -> Self {
        Self(plain(text))
    }

    /// This program's own word, stressed.
    pub(crate) fn strong(text: &str) -> Self {
        Self(format!("**{}**", plain(text)))
    }

    /// A number.
    pub(crate) fn number(number: usize) -> Self {
        Self(number.to_string())
    }
}

impl MarkdownDocument {
    /// A heading of this level.
    pub(crate) fn heading(&mut self, level: usize, pieces: &[Piece]) {
        let break_before = if self.0.is_empty() { "" } else { "\n" };
        _ = write!(self.0, "{break_before}{} ", "#".repeat(level));
        self.line(pieces);
        self.0.push('\n');
    }

    /// An item of a list.
    pub(crate) fn item(&mut self, pieces: &[Piece]) {
        self.0.push_str("- ");
        self.line(pieces);
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, pieces: &[Piece]) {
        self.0.push('\n');
        self.line(pieces);
    }

    /// The head of a table.
    pub(crate) fn columns(&mut self, names: &[Piece]) {
        self.row(names);
        self.0.push('|');
        names.iter().for_each(|_| self.0.push_str("---|"));
        self.0.push('\n');
    }

    /// A row of a table.
    pub(crate) fn row(&mut self, cells: &[Piece]) {
        self.0.push('|');
        for Piece(cell) in cells {
            _ = write!(self.0, " {cell} |");
        }
        self.0.push('\n');
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        super::harmless(self.0)
    }

    fn line(&mut self, pieces: &[Piece]) {
        let words: Vec<&str> = pieces.iter().map(|Piece(piece)| piece.as_str()).collect();
        self.0.push_str(&words.join(" "));
        self.0.push('\n');
    }
}

/// Plain text: nothing in it is taken for markup.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// A code span, cut when it is long: as many backticks around it as its text needs.
fn code(text: &str) -> String {
    let text = visible(text);
    let count = text.chars().count();
    let cut: String = text.chars().take(LONGEST).collect();
    let longest_run = cut.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest_run + 1);
    let room = if cut.starts_with(['`', ' ']) || cut.ends_with(['`', ' ']) || cut.is_empty() { " " } else { "" };
    // A pipe ends a cell even inside of code; escaped, it does not, and is shown alone.
    let cell = cut.replace('|', "\\|");
    let rest = if count > LONGEST { format!("… ({count} characters)") } else { String::new() };
    format!("{fence}{room}{cell}{room}{fence}{rest}")
}
