//! CSV for spreadsheets. Every cell is quoted. A spreadsheet takes a cell that begins like a formula for one, whoever wrote
//! it, and where `;` separates cells it takes the parts of one for cells; each such part gets an apostrophe in front.

use crate::domain::text::visible_lines;
use ::csv::{QuoteStyle, Writer, WriterBuilder};
use std::io::{self, Write};

/// Signs that begin a formula, or a command of older programs; with their wide and their small forms.
const SIGNS: [char; 17] = [
    '=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠', '｜', '％', '\u{fe66}', '\u{fe62}', '\u{fe63}', '\u{fe6b}',
    '\u{fe6a}',
];

/// A table being written.
pub(crate) struct Table<W: Write>(Writer<W>);

impl<W: Write> Table<W> {
    /// A table with these column names, written to `out`.
    pub(crate) fn to(out: W, header: &[&str]) -> io::Result<Self> {
        let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(out);
        writer.write_record(header)?;
        Ok(Self(writer))
    }

    /// One row; any text may be a cell.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
        let cells: Vec<String> = cells.into_iter().map(|text| cell(text.as_ref())).collect();
        Ok(self.0.write_record(&cells)?)
    }

    /// All of it is written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Table<Vec<u8>> {
    /// The text.
    pub(crate) fn finish(self) -> io::Result<String> {
        let bytes = self.0.into_inner().map_err(|e| io::Error::other(e.to_string()))?;
        // Only text was written.
        Ok(super::harmless(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Line feeds stay, other control characters are drawn, and what a spreadsheet would run is marked as text.
fn cell(text: &str) -> String {
    let text = visible_lines(text);
    let mut out = String::with_capacity(text.len() + 2);
    if text.starts_with(['\'', '\n']) {
        out.push('\'');
    }
    for part in text.split_inclusive([';', '\n']) {
        // Programs skip blanks and quotes before a formula.
        if part.trim_start_matches([' ', '"', '\u{3000}']).starts_with(SIGNS) {
            out.push('\'');
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_cell_is_a_formula() {
        for (text, shown) in [
            ("gold", "gold"),
            ("=1+1", "'=1+1"),
            ("\u{fe66}1+1", "'\u{fe66}1+1"),
            ("\u{fe63}1;\u{fe6b}x", "'\u{fe63}1;'\u{fe6b}x"),
            ("a;=1", "a;'=1"),
            ("a; =1;b", "a;' =1;b"),
            ("a\n+1", "a\n'+1"),
            ("x;\"=1", "x;'\"=1"),
            ("'x", "''x"),
            ("a=b; c-d", "a=b; c-d"),
        ] {
            assert_eq!(cell(text), shown, "{text}");
        }
    }
}
