//! A value that is JSON: what it is, and the outermost names of an object.

use crate::tree::{NodeId, NodeKind, Tree, parse_json};

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// The shape of `text` if it is one JSON value (RFC 8259).
pub fn shape(text: &str) -> Option<Shape> {
    // Most values are plain words, which need no parser.
    let begins = |c: char| matches!(c, '{' | '[' | '"' | '-' | 't' | 'f' | 'n') || c.is_ascii_digit();
    if !text.trim_start().starts_with(begins) {
        return None;
    }
    let tree = parse_json(text).ok()?;
    Some(shape_of(&tree, tree.root()))
}

/// The outermost names of a JSON object, and the shapes of its values. `None` for anything else.
pub fn fields(text: &str) -> Option<Vec<(String, Shape)>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let tree = parse_json(text).ok()?;
    let fields = tree.members(tree.root()).map(|member| (member.name.to_owned(), shape_of(&tree, member.value)));
    Some(fields.collect())
}

/// The text is a JSON object that has this name, or whose outermost objects have.
pub fn has_name(text: &str, name: &str) -> bool {
    if !text.trim_start().starts_with('{') || !text.contains(name) {
        return false;
    }
    let Ok(tree) = parse_json(text) else { return false };
    let has = |id| matches!(tree.kind(id), NodeKind::Map) && tree.members(id).any(|member| member.name == name);
    has(tree.root()) || tree.members(tree.root()).any(|member| has(member.value))
}

fn shape_of(tree: &Tree<'_>, id: NodeId) -> Shape {
    match tree.kind(id) {
        NodeKind::Map => Shape::Object,
        NodeKind::List => Shape::Array,
        NodeKind::Text => Shape::Text,
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number => Shape::Scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_outermost_keys() {
        let text = r#" {"data": {"a": {"b": 1}}, "n" : -1.5e3, "t":"x\"y", "l":[1,{}], "e":{}, "z":null} "#;
        let found = fields(text).unwrap();
        let found: Vec<(&str, Shape)> = found.iter().map(|(name, shape)| (name.as_str(), *shape)).collect();
        let expected = [
            ("data", Shape::Object),
            ("n", Shape::Scalar),
            ("t", Shape::Text),
            ("l", Shape::Array),
            ("e", Shape::Object),
            ("z", Shape::Scalar),
        ];
        assert_eq!(found, expected);
        assert_eq!(fields("[{\"data\":{}}]"), None);
        assert_eq!(fields("{\"data\":{}} trailing"), None);
        assert_eq!(fields("{data:1}"), None);
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        assert_eq!(shape(&"[".repeat(1_000_000)), None);
        assert_eq!(shape(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))), Some(Shape::Array));
    }

    proptest! {
        /// The same verdict as the library that reads the wire.
        #[test]
        fn agrees_with_serde_json(text in r#"([\[\]{}:,"\\ \n]|[0-9]|-|\.|e|true|null|"[a-z]*"|"a":|\\u00e9){0,12}"#) {
            let strict = serde_json::from_str::<serde_json::Value>(&text);
            // Numbers beyond what a double holds are JSON all the same.
            let overflow = strict.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            prop_assert_eq!(shape(&text).is_some(), strict.is_ok() || overflow, "{:?}", strict);
        }
    }
}
