//! The strings of all JSON lines: what could control a terminal that shows them raw is escaped, which is the same JSON to a reader.

use crate::domain::text::{is_hidden, plain_run};
use serde_json::ser::{CompactFormatter, Formatter};
use std::io::{self, Write};

/// Appends a string.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    rest_of_string(out, text);
}

/// Appends a string whose first quote is there.
pub(super) fn rest_of_string(out: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    loop {
        let run = plain_run(rest.as_bytes());
        let (plain, more) = rest.split_at_checked(run).unwrap_or((rest, ""));
        out.extend_from_slice(plain.as_bytes());
        let mut characters = more.chars();
        let Some(c) = characters.next() else { break };
        rest = characters.as_str();
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if is_hidden(c) => escape(out, c),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// A character by its number.
fn escape(out: &mut Vec<u8>, c: char) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(b"\\u");
        out.extend([12, 8, 4, 0].map(|shift| DIGITS[usize::from(*unit >> shift & 0xf)]));
    }
}

/// Compact JSON whose strings are as [`string`] writes them, for what a serialiser writes.
pub(super) struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if plain_run(fragment.as_bytes()) == fragment.len() {
            return writer.write_all(fragment.as_bytes());
        }
        // A fragment has nothing that JSON itself escapes: the quotes are all that there is more of.
        let mut quoted = Vec::with_capacity(fragment.len() + 16);
        string(&mut quoted, fragment);
        writer.write_all(&quoted[1..quoted.len() - 1])
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        CompactFormatter.write_raw_fragment(writer, fragment)
    }
}
