//! JSON that a program writes as a text: in quotes, put together with `+`, as a template or a format. What it puts in is
//! hidden, so that the rest can be read as JSON.

use super::code::Language;
use super::shell::{BEGIN, END, Hidden};
use regex::Regex;
use std::sync::LazyLock;

/// A text as a program writes it.
#[derive(Debug)]
pub struct Joined {
    /// What it holds; computed parts are hidden.
    pub text: Hidden,
    /// Bytes of the source that it takes, letters before its first quote included.
    pub span: std::ops::Range<usize>,
    /// A function changes it afterwards, so that none of it is known.
    pub changed: bool,
}

/// How a text in quotes is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Escapes as in C.
    Plain,
    /// As it stands.
    Raw,
    /// As it stands; a doubled quote is one.
    Verbatim,
    /// `${…}` is computed.
    Template,
    /// `{…}` is computed, and a doubled brace is one.
    Format,
    /// `$name` and `${…}` are computed.
    Dollar,
}

/// The text whose first quote stands at this byte.
pub fn at(program: &str, quote: usize, language: Language) -> Option<Joined> {
    let prefix = prefix(&program[..quote]);
    let start = quote - prefix.len();
    let mut text = Hidden::default();
    let mut at = start;
    loop {
        let (length, more) = literal(&program[at..], &mut text, program)?;
        at += length;
        text = more;
        let rest = &program[at..];
        let next = rest.trim_start();
        let skipped = rest.len() - next.len();
        if next.starts_with('+') && !next.starts_with("++") && !next.starts_with("+=") {
            at += skipped + 1;
            at = operands(program, at, &mut text);
            if literal_begins(&program[at..]) {
                continue;
            }
        } else if language == Language::Python && literal_begins(next) {
            at += skipped;
            continue;
        }
        break;
    }
    let mut rest = &program[at..];
    let mut changed = false;
    if language == Language::Python && rest.trim_start().starts_with('%') {
        text = formatted(text);
        rest = "";
    } else if rest.starts_with(".format(") || rest.starts_with(".formatted(") || wrapped_in_format(&program[..start]) {
        text = if program.contains("String.format") || rest.starts_with(".formatted(") {
            formatted(text)
        } else {
            braced(text)
        };
        rest = "";
    }
    if let Some(call) = rest.strip_prefix('.') {
        let name: String = call.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let harmless = [
            "encode",
            "trim",
            "strip",
            "getBytes",
            "to_string",
            "to_owned",
            "into",
            "toString",
            "strip_indent",
            "trimIndent",
            "dedent",
        ];
        changed = !harmless.contains(&name.as_str());
    }
    Some(Joined { text, span: start..at, changed })
}

/// The letters before a quote that say how the text is written.
fn prefix(before: &str) -> &str {
    static PREFIX: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:^|[^\w$@])((?:[rRbBuUfF]{1,2}|[$@]{1,2}))$").ok());
    let found = PREFIX.as_ref().and_then(|prefix| prefix.captures(before)).and_then(|found| found.get(1));
    found.map_or("", |found| found.as_str())
}

fn literal_begins(text: &str) -> bool {
    static BEGINS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^(?:[rRbBuUfF]{0,2}|[$@]{0,2})["'`]"#).ok());
    BEGINS.as_ref().is_some_and(|begins| begins.is_match(text))
}

/// What stands between a `+` and the next text: each operand is computed. Ends at that text, or behind the last operand.
fn operands(program: &str, mut at: usize, text: &mut Hidden) -> usize {
    loop {
        at += program[at..].len() - program[at..].trim_start().len();
        if literal_begins(&program[at..]) {
            return at;
        }
        let end = super::code::operand_end(&program[at..]);
        let source = program[at..at + end].trim();
        if source.is_empty() {
            return at;
        }
        hide(text, source);
        at += end;
        let rest = &program[at..];
        let next = rest.trim_start();
        if !next.starts_with('+') || next.starts_with("++") {
            return at;
        }
        at += rest.len() - next.len() + 1;
    }
}

fn hide(text: &mut Hidden, source: &str) {
    text.text.push_str(&format!("{BEGIN}{}{END}", text.sources.len()));
    text.sources.push(source.to_owned());
}

/// One text in quotes, letters before it included: its length, and what was there with it behind.
fn literal(source: &str, before: &mut Hidden, program: &str) -> Option<(usize, Hidden)> {
    let mut out = std::mem::take(before);
    let quote_at = source.find(['"', '\'', '`'])?;
    let letters = source[..quote_at].to_lowercase();
    let rest = &source[quote_at..];
    let quote = rest.chars().next()?;
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let close = if quote != '`' && rest.starts_with(&triple) { triple } else { quote.to_string() };
    let php = ["<?php", "CURLOPT_"].iter().any(|sign| program.contains(sign)) || fills_in(program);
    let style = match letters.as_str() {
        "$@" | "@$" | "$" => Style::Format,
        "@" => Style::Verbatim,
        _ if letters.contains('f') => Style::Format,
        _ if letters.contains('r') => Style::Raw,
        _ if quote == '`' => Style::Template,
        _ if php && quote == '"' => Style::Dollar,
        _ => Style::Plain,
    };
    let mut at = close.len();
    loop {
        let inner = &rest[at..];
        if style == Style::Verbatim && inner.starts_with("\"\"") {
            out.text.push('"');
            at += 2;
            continue;
        }
        if inner.starts_with(&close) {
            return Some((quote_at + at + close.len(), out));
        }
        let character = inner.chars().next()?;
        let computed = match (style, character) {
            (Style::Template, '$') if inner.starts_with("${") => braces(&inner[1..]).map(|length| length + 1),
            (Style::Format, '{') if !inner.starts_with("{{") => braces(inner),
            (Style::Dollar, '$') => {
                Some(super::shell::computed(inner, super::shell::Shell::Posix)).filter(|length| *length > 0)
            }
            (Style::Plain, '#') if quote == '"' && inner.starts_with("#{") => {
                braces(&inner[1..]).map(|length| length + 1)
            }
            (Style::Dollar, '{') if inner.starts_with("{$") => braces(inner),
            _ => None,
        };
        if let Some(length) = computed {
            hide(&mut out, &inner[..length]);
            at += length;
            continue;
        }
        if style == Style::Format && (inner.starts_with("{{") || inner.starts_with("}}")) {
            out.text.push(character);
            at += 2;
            continue;
        }
        if character == '\\' && !matches!(style, Style::Raw | Style::Verbatim) {
            let (escaped, length) = super::code::escape(inner)?;
            out.text.extend(escaped);
            at += length;
            continue;
        }
        if character == '\n' && close.len() == 1 && !matches!(style, Style::Template | Style::Verbatim) {
            return None;
        }
        out.text.push(character);
        at += character.len_utf8();
    }
}

/// Whether a program is in PHP, Perl or Kotlin, which fill variables into texts.
fn fills_in(program: &str) -> bool {
    static PHP: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)^\s*(?:\$\w+|(?:my|val)\s+\$?\w+)\s*=").ok());
    PHP.as_ref().is_some_and(|php| php.is_match(program))
}

/// The length of the part in braces at the start.
fn braces(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn wrapped_in_format(before: &str) -> bool {
    before.trim_end().ends_with("String.format(") || before.trim_end().ends_with("Sprintf(")
}

/// `%s` and the like are computed.
fn formatted(text: Hidden) -> Hidden {
    static PLACE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"%(?:\(\w+\))?[-+ 0#]*\d*(?:\.\d+)?[sdifrvqx]").ok());
    hidden_by(text, &PLACE, |text| text.replace("%%", "%"))
}

/// `{}`, `{0}`, `{name}` are computed, and doubled braces are one.
fn braced(text: Hidden) -> Hidden {
    static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{[\w.\[\]!:]*\}").ok());
    // Doubled ones first, as signs that nobody writes.
    let mut text = text;
    text.text = text.text.replace("{{", "\u{e002}").replace("}}", "\u{e003}");
    hidden_by(text, &PLACE, |text| text.replace('\u{e002}', "{").replace('\u{e003}', "}"))
}

fn hidden_by(mut text: Hidden, place: &LazyLock<Option<Regex>>, plain: fn(&str) -> String) -> Hidden {
    let Some(place) = place.as_ref() else { return text };
    let sources = &mut text.sources;
    let shown = place.replace_all(&text.text, |found: &regex::Captures<'_>| {
        sources.push(found[0].to_owned());
        format!("{BEGIN}{}{END}", sources.len() - 1)
    });
    text.text = plain(&shown);
    text
}
