//! What a shell puts into a text before anybody sees it: `$TIER` in double quotes or in a here-document. Such parts are hidden
//! while the text is read as JSON, and their keys and values marked as computed.

pub mod powershell;

use super::{Explained, Was};
use regex::Regex;
use std::sync::LazyLock;

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `$name`, `${…}`, `$(…)`, backticks; a backslash takes the meaning away.
    Posix,
    /// `$name`, `$env:name`, `${…}`, `$(…)`; a backtick takes the meaning away.
    PowerShell,
}

/// Begins and ends what stands for a hidden part: a number. Neither is a character of any script.
pub const BEGIN: char = '\u{e000}';
/// The end of it.
pub const END: char = '\u{e001}';

/// A text whose computed parts are hidden.
#[derive(Debug, Default)]
pub struct Hidden {
    /// The text.
    pub text: String,
    /// What is hidden, as it was written.
    pub sources: Vec<String>,
}

/// Whether a text is a command of a shell, so far as that can be seen.
pub fn is_command(text: &str) -> bool {
    static COMMAND: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)(?:^|[\s;|&(])(?:curl|wget|xh|https?)\s+[-'\x22h]").ok());
    COMMAND.as_ref().is_some_and(|command| command.is_match(text))
}

/// Hides what a here-document without quotes computes (`<<EOF`, PowerShell's `@"`), and what stands between two texts in
/// single quotes (`'{"a":"'"$A"'"}'`).
pub fn documents(text: &str) -> Hidden {
    static HERE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<<-?[ \t]*[A-Za-z_]").ok());
    static BETWEEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"'(?:"(\$[^"']*)"|(\$\{?\w+\}?))'"#).ok());
    if let Some(begin) = HERE.as_ref().and_then(|here| here.find(text)) {
        return hide(text, begin.end(), Shell::Posix);
    }
    if let Some(begin) = text.find("@\"\n").or_else(|| text.find("@\"\r\n")) {
        return hide(text, begin, Shell::PowerShell);
    }
    let mut hidden = Hidden { text: text.to_owned(), sources: Vec::new() };
    if let Some(between) = BETWEEN.as_ref().filter(|_| text.contains("'{")) {
        let sources = &mut hidden.sources;
        hidden.text = between
            .replace_all(text, |found: &regex::Captures<'_>| {
                let source = found.get(1).or(found.get(2)).map_or("", |source| source.as_str());
                sources.push(source.to_owned());
                format!("{BEGIN}{}{END}", sources.len() - 1)
            })
            .into_owned();
    }
    hidden
}

/// Hides the computed parts of a text from this byte on.
pub fn hide(text: &str, from: usize, shell: Shell) -> Hidden {
    let mut hidden = Hidden { text: text[..from].to_owned(), sources: Vec::new() };
    let mut rest = &text[from..];
    while let Some(character) = rest.chars().next() {
        let escape = if shell == Shell::Posix { '\\' } else { '`' };
        let length = match character {
            _ if character == escape && rest[escape.len_utf8()..].starts_with('$') => {
                hidden.text.push('$');
                rest = &rest[escape.len_utf8() + 1..];
                continue;
            }
            _ if character == escape => {
                let pair: usize = rest.chars().take(2).map(char::len_utf8).sum();
                hidden.text.push_str(&rest[..pair]);
                rest = &rest[pair..];
                continue;
            }
            '$' => part(rest, shell),
            '`' => rest[1..].find('`').map_or(0, |end| end + 2),
            _ => 0,
        };
        if length == 0 {
            hidden.text.push(character);
            rest = &rest[character.len_utf8()..];
            continue;
        }
        hidden.text.push_str(&format!("{BEGIN}{}{END}", hidden.sources.len()));
        hidden.sources.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    hidden
}

/// Hides the computed parts of a here-document, or of a here-string of PowerShell; their sources go behind those there.
pub fn hide_from(text: &str, shell: Shell, sources: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let escape = if shell == Shell::Posix { '\\' } else { '`' };
        let next = rest[character.len_utf8()..].chars().next();
        if character == escape
            && let Some(next) =
                next.filter(|next| matches!(next, '$' | '`' | '\\' | '\n') && (shell == Shell::Posix || *next != '\\'))
        {
            if next != '\n' {
                out.push(next);
            }
            rest = &rest[character.len_utf8() + next.len_utf8()..];
            continue;
        }
        let length = computed(rest, shell);
        if length == 0 {
            out.push(character);
            rest = &rest[character.len_utf8()..];
            continue;
        }
        out.push_str(&format!("{BEGIN}{}{END}", sources.len()));
        sources.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    out
}

/// The text with quotes around hidden parts that stand where a value does: `{"n":⟨0⟩}`.
pub fn quoted_parts(text: &str) -> String {
    static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("([:\\[,]\\s*)(\u{e000}[0-9]+\u{e001})").ok());
    BARE.as_ref().map_or_else(|| text.to_owned(), |bare| bare.replace_all(text, "$1\"$2\"").into_owned())
}

/// The length of what the shell computes at the start of `text`; 0 where it computes nothing there.
pub fn computed(text: &str, shell: Shell) -> usize {
    match text.chars().next() {
        Some('$') => part(text, shell),
        Some('`') if shell == Shell::Posix => text[1..].find('`').map_or(0, |end| end + 2),
        _ => 0,
    }
}

/// The length of the computed part that `text` begins with; 0 where the sign means itself.
fn part(text: &str, shell: Shell) -> usize {
    let close = match text[1..].chars().next() {
        Some('{') => '}',
        Some('(') => ')',
        Some(c) if c.is_alphanumeric() || c == '_' => {
            let name = |c: char| c.is_alphanumeric() || c == '_' || shell == Shell::PowerShell && c == ':';
            return 1 + text[1..].find(|c| !name(c)).unwrap_or(text.len() - 1);
        }
        _ => return 0,
    };
    let open = if close == '}' { '{' } else { '(' };
    let mut depth = 0usize;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if character == open => depth += 1,
            _ if character == close && depth == 1 => return at + 1,
            _ if character == close => depth -= 1,
            _ => {}
        }
    }
    0
}

impl Hidden {
    /// Marks what holds a hidden part as computed, and shows its source again.
    pub fn mark(&self, explained: &mut Explained) {
        if self.sources.is_empty() {
            return;
        }
        for pair in &mut explained.pairs {
            if pair.key.contains(BEGIN) || pair.value.contains(BEGIN) {
                pair.was = Was::Expression;
                pair.key = self.shown(&pair.key);
                pair.value = self.shown(&pair.value);
                pair.path = self.shown(&pair.path);
            }
        }
        for (path, name) in &mut explained.beside {
            *path = self.shown(path);
            *name = self.shown(name);
        }
        explained.around = self.shown(&explained.around);
        explained.participant = explained.participant.take().map(|id| self.shown(&id));
    }

    /// The source that all of this text stands for.
    pub fn whole(&self, text: &str) -> Option<&str> {
        let number = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
        self.sources.get(number.parse::<usize>().ok()?).map(String::as_str)
    }

    /// The text with the sources of what is hidden in it.
    pub fn show(&self, text: &str) -> String {
        self.shown(text)
    }

    fn shown(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(begin) = rest.find(BEGIN) {
            out.push_str(&rest[..begin]);
            rest = &rest[begin + BEGIN.len_utf8()..];
            let Some(end) = rest.find(END) else { break };
            let source = rest[..end].parse().ok().and_then(|at: usize| self.sources.get(at));
            out.push_str(source.map_or("", String::as_str));
            rest = &rest[end + END.len_utf8()..];
        }
        out + rest
    }
}
