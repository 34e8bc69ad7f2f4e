//! The blocks of a program: braces, and lines that stand further in.

use crate::payload::sent;
use regex::Regex;
use std::sync::LazyLock;

/// A program whose texts and comments are blanks, byte for byte, with its brackets.
pub struct Blocks {
    pub mask: String,
    /// Each bracket that opens, and where it is closed.
    brackets: Vec<(usize, usize)>,
}

impl Blocks {
    pub fn of(text: &str) -> Self {
        let mask = masked(text);
        let mut brackets = Vec::new();
        let mut open = Vec::new();
        for (at, byte) in mask.bytes().enumerate() {
            match byte {
                b'(' | b'[' | b'{' => open.push(at),
                b')' | b']' | b'}' => brackets.extend(open.pop().map(|from| (from, at))),
                _ => {}
            }
        }
        brackets.extend(open.into_iter().map(|from| (from, mask.len())));
        brackets.sort_unstable();
        Self { mask, brackets }
    }

    /// The brackets around a byte, outermost first.
    pub fn enclosing(&self, at: usize) -> Vec<usize> {
        self.brackets.iter().filter(|(from, to)| *from < at && at <= *to).map(|(from, _)| *from).collect()
    }

    pub fn closing(&self, open: usize) -> Option<usize> {
        self.brackets.iter().find(|(from, _)| *from == open).map(|(_, to)| *to)
    }

    /// Whether a bracket opens a block and no map.
    pub fn is_block(&self, open: usize) -> bool {
        if !self.mask[open..].starts_with('{') {
            return false;
        }
        let before = self.mask[..open].trim_end();
        let map = before.ends_with(['(', ',', '=', ':', '[', '?', '|', '&', '!']) || before.ends_with("return");
        !map
    }

    pub fn line_start(&self, at: usize) -> usize {
        self.mask[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    pub fn line_end(&self, at: usize) -> usize {
        self.mask[at..].find('\n').map_or(self.mask.len(), |end| at + end)
    }

    /// The blocks that a byte stands in, outermost first: where their brace or the line above them begins.
    pub fn around(&self, at: usize) -> Vec<usize> {
        let stack = self.enclosing(at);
        let mut blocks: Vec<usize> = stack.iter().filter(|open| self.is_block(**open)).copied().collect();
        // Lines of one expression stand as its first line does.
        let inner = blocks.last().copied();
        let outermost = stack.iter().find(|open| !self.is_block(**open) && inner.is_none_or(|block| **open > block));
        let mut line = self.line_start(outermost.copied().unwrap_or(at));
        let indent = |from: usize| self.mask[from..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let mut depth = indent(line);
        while line > 0 && depth > 0 {
            let above = self.line_start(line - 1);
            let shown = self.mask[above..line].trim();
            line = above;
            if shown.is_empty() || shown.starts_with([')', ']', '}']) || indent(above) >= depth {
                continue;
            }
            depth = indent(above);
            if opens(shown) {
                blocks.push(above);
            }
        }
        blocks.sort_unstable();
        blocks
    }

    /// Whether a block may run several times, or later than it stands.
    pub fn repeats(&self, block: usize) -> bool {
        static REPEATS: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\b(?:for|foreach|while|def|function|func|fn|do|each|loop|class)\b|=>").ok());
        static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"\b(?:if|else|elif|elsif|try|catch|except|finally|with|switch|case|unless)\b").ok()
        });
        let header = self.header(block);
        let has = |sign: &LazyLock<Option<Regex>>| sign.as_ref().is_some_and(|sign| sign.is_match(header));
        has(&REPEATS) || !has(&PLAIN) && !header.trim().is_empty()
    }

    fn header(&self, block: usize) -> &str {
        let end = if self.mask[block..].starts_with('{') { block } else { self.line_end(block) };
        &self.mask[self.line_start(block)..end]
    }

    /// Where the function that this block is the body of is called.
    pub fn calls_of(&self, block: usize) -> Vec<usize> {
        static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"\b(?:def|function|func|fn)\s+(\w+)|\b(?:const|let|var)\s+(\w+)\s*=[^=].*=>").ok()
        });
        let found = NAME.as_ref().and_then(|name| name.captures(self.header(block)));
        let name = found.as_ref().and_then(|found| found.get(1).or(found.get(2)));
        let Some(name) = name else { return Vec::new() };
        let header = self.line_start(block)..=self.line_end(block);
        let call = Regex::new(&format!(r"\b{}\s*\(", regex::escape(name.as_str())));
        let calls = call.iter().flat_map(|call| call.find_iter(&self.mask)).map(|call| call.start());
        calls.filter(|at| !header.contains(at)).collect()
    }

    /// Whether a statement begins at a byte, but for the words that take something out or put something in.
    pub fn begins_statement(&self, at: usize) -> bool {
        let mut before = self.mask[..at].trim_end_matches([' ', '\t']);
        for word in ["Object.assign(", "delete", "del", "await", "const", "let", "var"] {
            before = before.strip_suffix(word).unwrap_or(before).trim_end_matches([' ', '\t']);
        }
        if !before.ends_with('\n') {
            // A call whose value nobody follows still is one statement: `change(attrs)`.
            return before.is_empty() || before.ends_with([';', '{', '}']);
        }
        // `if (x)` and its line below.
        let above = before.trim_end();
        let line = above[above.rfind('\n').map_or(0, |end| end + 1)..].trim();
        !opens(line)
    }

    /// Whether a name stands where a function has its parameters, or a loop its variable.
    pub fn is_parameter(&self, start: usize, end: usize) -> bool {
        static FUNCTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"(?:\bfunction\b[^(){}]*|\b(?:def|func|fn)\s+\w+\s*)\([^()]*$|\blambda\b[^:\n]*$").ok()
        });
        static LOOP: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\bfor(?:each)?\s*\(?\s*(?:const\s+|let\s+|var\s+)?$").ok());
        let before = &self.mask[..start];
        let from = before.char_indices().rev().nth(200).map_or(0, |(at, _)| at);
        let has = |sign: &LazyLock<Option<Regex>>| sign.as_ref().is_some_and(|sign| sign.is_match(&before[from..]));
        let behind = self.mask[end..].trim_start();
        if has(&FUNCTION)
            || behind.starts_with("=>")
            || has(&LOOP) && (behind.starts_with("of ") || behind.starts_with("in "))
        {
            return true;
        }
        let Some(open) = self.enclosing(start).last().copied().filter(|open| self.mask[*open..].starts_with('('))
        else {
            return false;
        };
        let Some(close) = self.closing(open) else { return false };
        self.mask.get(close + 1..).is_some_and(|behind| behind.trim_start().starts_with("=>"))
    }
}

/// Whether a line opens a block that has no brace.
fn opens(line: &str) -> bool {
    static OPENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:\}\s*)?(?:if|unless|while|for|foreach|def|class|else|elsif|elif|with|try|except|finally|begin|when|case)\b").ok()
    });
    !line.ends_with(['{', ';', '}', ','])
        && (line.ends_with(':') || line.ends_with(" do") || OPENS.as_ref().is_some_and(|opens| opens.is_match(line)))
}

/// The text with blanks in place of what stands in quotes and in comments; quotes of one line stay.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        let triple = ["\"\"\"", "'''"].into_iter().find(|quotes| rest.starts_with(quotes));
        let length = match character {
            _ if let Some(quotes) = triple => rest[3..].find(quotes).map_or(0, |end| end + 6),
            '"' | '\'' | '`' => {
                let line = if character == '`' { rest.len() } else { rest.find('\n').unwrap_or(rest.len()) };
                let before = text[..at].chars().next_back();
                // An apostrophe within a word opens nothing.
                let word = character == '\'' && before.is_some_and(char::is_alphanumeric);
                let length = crate::payload::code::quoted_length(&rest[..line]).filter(|_| !word).unwrap_or(0);
                if length > 1 {
                    out.push(character);
                    blank(&mut out, &rest[1..length - 1]);
                    out.push(character);
                    at += length;
                    continue;
                }
                0
            }
            '/' | '#' | '<' => sent::comment_length(text, at),
            _ => 0,
        };
        if length == 0 {
            out.push(character);
            at += character.len_utf8();
        } else {
            blank(&mut out, &rest[..length]);
            at += length;
        }
    }
    out
}

/// As many blanks, with its line ends.
fn blank(out: &mut String, text: &str) {
    out.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}
