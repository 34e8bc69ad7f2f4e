//! What is opened in the operator's own editor, and what comes back.

use crate::domain::{
    Key,
    outbox::{Base, Cell, PatchTarget},
    text,
};
use crate::tree::{self, NodeKind};

/// A text for the external editor.
#[derive(Clone, Debug, PartialEq)]
pub enum External {
    /// One value, as plain text.
    Value {
        /// Which cell.
        cell: Cell,
        /// What the operator saw there.
        base: Base,
        /// The text.
        text: String,
    },
    /// All attributes of a participant, as JSON.
    Map {
        /// Whose.
        target: PatchTarget,
        /// Key, what was there, and the text: what was there, or a draft of it.
        shown: Vec<(Key, Base, String)>,
    },
}

impl External {
    /// What the file holds at first. JSON ends with a line feed; a value has none that is not its own.
    pub fn text(&self) -> String {
        match self {
            Self::Value { text, .. } => text.clone(),
            Self::Map { shown, .. } => {
                let members = shown.iter().map(|(k, _, text)| (k.as_str().to_owned(), text.as_str().into()));
                pretty(members.collect()) + "\n"
            }
        }
    }

    /// How the name of the file ends.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Value { .. } => ".txt",
            Self::Map { .. } => ".json",
        }
    }
}

/// A JSON object of texts, indented. No character of it controls a terminal that it is pasted into.
pub fn pretty(map: serde_json::Map<String, serde_json::Value>) -> String {
    text::harmless_json(&format!("{:#}", serde_json::Value::Object(map))).into_owned()
}

/// A value without the line break that most editors put at the end of a file, unless it ended with one before.
pub fn as_value(before: &str, after: &str) -> String {
    let text = if before.ends_with('\n') { after } else { after.strip_suffix('\n').unwrap_or(after) };
    let text = if text.len() < after.len() && !before.ends_with('\r') {
        text.strip_suffix('\r').unwrap_or(text)
    } else {
        text
    };
    text.to_owned()
}

/// The members of a JSON object of texts; numbers and booleans become texts.
///
/// # Errors
/// What is wrong: it is no such object, a member has no text, or occurs twice.
pub fn as_map(text: &str) -> Result<Vec<(String, String)>, String> {
    let tree = tree::parse_json(text).map_err(|e| e.to_string())?;
    if tree.kind(tree.root()) != NodeKind::Map {
        return Err("it is not a JSON object".into());
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for member in tree.members(tree.root()) {
        let Some(value) = tree.scalar(member.value) else {
            return Err(format!("{} holds no text", member.name));
        };
        if member.name.is_empty() {
            return Err("a key is empty".into());
        }
        if pairs.iter().any(|(name, _)| *name == member.name) {
            return Err(format!("{} occurs twice", member.name));
        }
        pairs.push((member.name.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_break_comes_or_goes_unasked() {
        for (before, after, value) in [
            ("gold", "gold\n", "gold"),
            ("gold", "gold\r\n", "gold"),
            ("gold", "silver", "silver"),
            ("gold", "a\n\n", "a\n"),
            ("a\n", "a\n", "a\n"),
            ("a\n", "a", "a"),
            ("", "\n", ""),
            ("a\r", "a\r\n", "a\r"),
        ] {
            assert_eq!(as_value(before, after), value, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_map_is_an_object_of_texts() {
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        assert_eq!(
            as_map(r#"{"a":"1","b":2.50,"c":true}"#),
            Ok(vec![pair("a", "1"), pair("b", "2.50"), pair("c", "true")])
        );
        for bad in ["", "[]", r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":"1","a":"2"}"#, r#"{"":"1"}"#, r#"{"a":"1""#] {
            assert!(as_map(bad).is_err(), "{bad}");
        }
    }
}
