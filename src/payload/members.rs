//! Members of a map as a program writes them.

use super::code::{self, Language};
use super::{Explained, Pair, Was, pointer, shapes};

/// The last bytes of what stands before a map: enough for what is looked for there.
pub fn tail(before: &str) -> &str {
    let mut from = before.len().saturating_sub(120);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    &before[from..]
}

/// Pairs whose value, or whose key, is code.
pub fn mark_code(explained: &mut Explained, literal: &code::Literal) {
    for pair in &mut explained.pairs {
        let below = format!("{}/", pair.path);
        if literal.computed.contains(&pair.path) {
            pair.was = Was::ComputedKey;
        } else if literal.code.iter().any(|path| *path == pair.path || path.starts_with(&below)) {
            pair.was = Was::Expression;
        }
    }
}

/// The pairs of a map of a program; nothing where it is none.
pub fn pairs_of(literal: &code::Literal) -> Option<Vec<Pair>> {
    let mut explained = shapes::json(&literal.json).ok()?;
    mark_code(&mut explained, literal);
    Some(explained.pairs)
}

/// The pair that a program sets with this source as its value; a key that is `Err` is computed.
pub fn set_pair(key: Result<String, String>, source: &str, language: Language) -> Pair {
    let whole = |literal: &code::Literal| literal.length == source.len() && !literal.names_only;
    let map = code::literal(source, language).filter(whole).map(|literal| literal.json);
    let list = || serde_json::from_str(source).is_ok_and(|value: serde_json::Value| value.is_array());
    let json = map.or_else(|| list().then(|| source.to_owned()));
    // PowerShell fills variables into double quotes.
    let filled = source.starts_with('"') && source.contains('$') && key.is_ok();
    let (was, value) = match json.map_or_else(|| code::scalar(source), Ok) {
        _ if filled => (Was::Expression, source.to_owned()),
        Ok(json) => match serde_json::from_str(&json) {
            Ok(serde_json::Value::String(text)) => (Was::Text, text),
            Ok(serde_json::Value::Bool(_)) => (Was::Bool, json),
            Ok(serde_json::Value::Null) => (Was::Null, json),
            Ok(serde_json::Value::Object(_) | serde_json::Value::Array(_)) => (Was::Nested, json),
            _ => (Was::Number, json),
        },
        Err(code) => (Was::Expression, code),
    };
    let (key, was) = match key {
        Ok(key) => (key, was),
        Err(source) => (format!("[{source}]"), Was::ComputedKey),
    };
    Pair { path: pointer("", &key), key, value, was }
}
