//! TOML: strings and comments that hold any text and stay strings and comments.

use crate::domain::text::{is_hidden, visible};
use std::fmt::Write as _;

/// A string. Characters that could control a terminal or reorder a line are escaped, so that a reader gets the same text.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => {
                _ = match c as u32 {
                    code @ ..=0xffff => write!(out, "\\u{code:04X}"),
                    code => write!(out, "\\U{code:08X}"),
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A list of strings.
pub(crate) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(string).collect();
    format!("[{}]", texts.join(", "))
}

/// One line that cannot end a comment.
pub(crate) fn comment(text: &str) -> String {
    visible(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            let line = format!("k = {}\nl = {} # {}\n", string(&text), list([text.as_str(), "x"]), comment(&text));
            let table: ::toml::Table = ::toml::from_str(&line).unwrap();
            prop_assert_eq!(table["k"].as_str(), Some(text.as_str()));
            prop_assert_eq!(table["l"][0].as_str(), Some(text.as_str()));
            prop_assert!(!line.contains(|c| c != '\n' && is_hidden(c)));
        }
    }
}
