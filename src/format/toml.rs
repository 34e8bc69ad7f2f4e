//! TOML: strings, keys and comments that hold any text and stay strings, keys and comments.

use crate::domain::text::{is_hidden, visible};
use ::toml::{Table, Value};
use serde::Serialize;
use std::{fmt::Write as _, io};

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

/// A key, in quotes where it needs them.
pub(crate) fn key(text: &str) -> String {
    let is_bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_bare { text.to_owned() } else { string(text) }
}

/// A whole file that holds this value: tables of tables under headings, whatever is inside of a list on one line.
///
/// # Errors
/// The value is not a table, or has a part that TOML cannot say.
pub(crate) fn document(value: &impl Serialize) -> io::Result<String> {
    let mut out = String::new();
    tables(&mut out, "", &Table::try_from(value).map_err(io::Error::other)?);
    Ok(out)
}

/// Plain values before the tables, for what follows a heading belongs to it.
fn tables(out: &mut String, path: &str, table: &Table) {
    for (name, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        out.extend([&key(name), " = ", &inline(value), "\n"]);
    }
    for (name, inner) in table.iter().filter_map(|(name, value)| Some((name, value.as_table()?))) {
        let path = if path.is_empty() { key(name) } else { format!("{path}.{}", key(name)) };
        out.extend([if out.is_empty() { "[" } else { "\n[" }, &path, "]\n"]);
        tables(out, &path, inner);
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(all) => format!("[{}]", all.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let members: Vec<String> = table.iter().map(|(name, v)| format!("{} = {}", key(name), inline(v))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        // Numbers, truths and dates have no text of anybody's.
        plain => plain.to_string(),
    }
}

/// One line that cannot end a comment.
pub(crate) fn comment(text: &str) -> String {
    visible(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tables_of_anything() -> impl Strategy<Value = Table> {
        let plain = prop_oneof![
            any::<String>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::Float),
        ];
        let value = plain.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Value::Table(members.into_iter().collect())),
            ]
        });
        prop::collection::btree_map(any::<String>(), value, 0..4).prop_map(|members| members.into_iter().collect())
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            let line = format!("k = {}\nl = {} # {}\n", string(&text), list([text.as_str(), "x"]), comment(&text));
            let table: Table = ::toml::from_str(&line).unwrap();
            prop_assert_eq!(table["k"].as_str(), Some(text.as_str()));
            prop_assert_eq!(table["l"][0].as_str(), Some(text.as_str()));
            prop_assert!(!line.contains(|c| c != '\n' && is_hidden(c)));
        }

        #[test]
        fn every_table_comes_back(table in tables_of_anything()) {
            let text = document(&table).unwrap();
            prop_assert_eq!(text.parse::<Table>().unwrap(), table, "{}", text);
            prop_assert!(!text.contains(|c| c != '\n' && is_hidden(c)));
        }
    }
}
