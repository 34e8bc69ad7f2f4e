//! Texts in quotes as PowerShell reads them.

use super::{BEGIN, END};
use super::{Hidden, Shell, computed, hide_from, quoted_parts};
use regex::Regex;
use std::sync::LazyLock;

/// A program of PowerShell with the JSON in its quotes as it is sent: `''` is one quote, and what double quotes fill in is hidden.
/// Nothing where there is none.
pub fn texts(text: &str) -> Option<Hidden> {
    static POWER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:Invoke-RestMethod|Invoke-WebRequest|ConvertTo-Json)\b").ok());
    if !POWER.as_ref().is_some_and(|power| power.is_match(text)) {
        return None;
    }
    let mut hidden = Hidden::default();
    let mut found = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let here = ["@'", "@\""]
            .into_iter()
            .find(|open| rest.starts_with(open) && rest[2..].trim_start_matches([' ', '\r']).starts_with('\n'));
        let read = match (here, character) {
            (Some(open), _) => here_string(rest, open, &mut hidden.sources),
            (None, '\'') => single(rest),
            (None, '"') => double(rest, &mut hidden.sources),
            _ => None,
        };
        match read {
            Some((inner, length)) if inner.trim_start().starts_with('{') => {
                found = true;
                hidden.text.push('\n');
                hidden.text.push_str(&quoted_parts(&inner));
                hidden.text.push('\n');
                rest = &rest[length..];
            }
            Some((_, length)) => {
                hidden.text.push_str(&rest[..length]);
                rest = &rest[length..];
            }
            None => {
                hidden.text.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    found.then_some(hidden)
}

fn here_string(rest: &str, open: &str, sources: &mut Vec<String>) -> Option<(String, usize)> {
    let begin = rest.find('\n')? + 1;
    let close = format!("\n{}@", &open[1..]);
    let end = begin - 1 + rest[begin - 1..].find(&close)?;
    let inner = rest.get(begin..end).unwrap_or_default();
    let text = if open == "@\"" { hide_from(inner, Shell::PowerShell, sources) } else { inner.to_owned() };
    Some((text, end + close.len()))
}

fn single(rest: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut at = 1;
    loop {
        let end = rest[at..].find('\'')? + at;
        out.push_str(&rest[at..end]);
        at = end + 1;
        if !rest[at..].starts_with('\'') {
            return Some((out, at));
        }
        out.push('\'');
        at += 1;
    }
}

fn double(rest: &str, sources: &mut Vec<String>) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut own: Vec<String> = Vec::new();
    let mut at = 1;
    loop {
        let inner = &rest[at..];
        let character = inner.chars().next()?;
        let next = inner[character.len_utf8()..].chars().next();
        match (character, next) {
            ('"', Some('"')) => {
                out.push('"');
                at += 2;
            }
            ('"', _) => {
                sources.append(&mut own);
                return Some((out, at + 1));
            }
            ('`', Some(escaped)) => {
                match escaped {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '0' => out.push('\0'),
                    '\n' => {}
                    other => out.push(other),
                }
                at += 1 + escaped.len_utf8();
            }
            _ => match computed(inner, Shell::PowerShell) {
                0 => {
                    out.push(character);
                    at += character.len_utf8();
                }
                length => {
                    out.push_str(&format!("{BEGIN}{}{END}", sources.len() + own.len()));
                    own.push(inner[..length].to_owned());
                    at += length;
                }
            },
        }
    }
}
