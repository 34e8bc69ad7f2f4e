//! Rewrites the strings and numbers of a JSON text and leaves every other byte as it is: white space, order, duplicate
//! keys and the spelling of numbers all survive, because a copy must show the same faults as its original.

use crate::tree::{NodeId, NodeKind, parse_json};
use std::ops::Range;

/// Something of a JSON text that may be replaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leaf<'a> {
    /// The name of an object's member.
    Key(&'a str),
    /// A string value.
    Text(&'a str),
    /// A number, as written.
    Number(&'a str),
}

/// Sees a leaf and says what takes its place, `None` for no change.
pub(super) type Visit<'v> = dyn FnMut(&[String], Leaf<'_>) -> Option<String> + 'v;

/// Walks `json`. `visit` gets the names of the members that lead to the leaf, and the leaf; what it returns takes the
/// leaf's place (for a number: must be a number). `None` when the text is not JSON.
pub(super) fn rewrite(json: &str, visit: &mut Visit<'_>) -> Option<String> {
    let tree = parse_json(json).ok()?;
    let mut out = String::with_capacity(json.len());
    let (mut copied, mut path) = (0, Vec::new());
    let mut put = |span: Range<usize>, new: String| {
        out.push_str(&json[copied..span.start]);
        out.push_str(&new);
        copied = span.end;
    };
    // What is still to be visited, the next one last: a node, or the end of a member.
    let mut open = vec![Next::Node(tree.root())];
    while let Some(next) = open.pop() {
        match next {
            Next::Leave => drop(path.pop()),
            Next::Member(name, span, value) => {
                if let Some(new) = visit(&path, Leaf::Key(&name)) {
                    put(span, quoted(&new));
                }
                path.push(name);
                open.extend([Next::Leave, Next::Node(value)]);
            }
            Next::Node(id) => match tree.kind(id) {
                NodeKind::Map => {
                    let members = tree.members(id).map(|m| Next::Member(m.name.to_owned(), m.name_span, m.value));
                    let first = open.len();
                    open.extend(members);
                    open[first..].reverse();
                }
                NodeKind::List => {
                    let first = open.len();
                    open.extend(tree.items(id).map(Next::Node));
                    open[first..].reverse();
                }
                NodeKind::Text => {
                    if let Some(new) = tree.str(id).and_then(|text| visit(&path, Leaf::Text(text))) {
                        put(tree.span(id), quoted(&new));
                    }
                }
                NodeKind::Number => {
                    if let Some(new) = visit(&path, Leaf::Number(tree.raw(id))) {
                        put(tree.span(id), new);
                    }
                }
                NodeKind::Null | NodeKind::Bool(_) => {}
            },
        }
    }
    out.push_str(&json[copied..]);
    Some(out)
}

/// A step of the walk.
enum Next {
    Node(NodeId),
    /// A member: its name, where the name stands, its value.
    Member(String, Range<usize>, NodeId),
    /// The end of a member.
    Leave,
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_replaced_changes() {
        let json = " { \"a\" : [ 1.50e3 , \"x\\u0041\" , null ] , \"a\":true,\"b\":{} ,\"c\":-0 } ";
        assert_eq!(rewrite(json, &mut |_, _| None).unwrap(), json);
        let mut seen = Vec::new();
        let new = rewrite(json, &mut |path, leaf| {
            seen.push(format!("{} {leaf:?}", path.join(".")));
            match leaf {
                Leaf::Text(text) => Some(format!("<{text}\">")),
                Leaf::Number(_) => Some("7".into()),
                Leaf::Key(key) => (key == "b").then(|| "B".into()),
            }
        });
        let expected = " { \"a\" : [ 7 , \"<xA\\\">\" , null ] , \"a\":true,\"B\":{} ,\"c\":7 } ";
        assert_eq!(new.unwrap(), expected);
        assert_eq!(
            seen,
            [
                " Key(\"a\")",
                "a Number(\"1.50e3\")",
                "a Text(\"xA\")",
                " Key(\"a\")",
                " Key(\"b\")",
                " Key(\"c\")",
                "c Number(\"-0\")"
            ]
        );
    }

    #[test]
    fn what_is_not_json_is_not_touched() {
        for text in ["", "{", "{\"a\":}", "[1,]", "\"a", "\"\\x\"", "nul", "1 2", "{\"a\":1,}", "--1", "\"\n\"", "\"\\"]
        {
            assert_eq!(rewrite(text, &mut |_, _| None), None, "{text}");
        }
        assert_eq!(rewrite(&"[".repeat(100_000), &mut |_, _| None), None);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}\",:0-9a-z\\\\ .-]{0,24}") {
            let json = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            let ours = rewrite(&text, &mut |_, _| None);
            prop_assert_eq!(ours.is_some(), json);
            prop_assert!(ours.is_none_or(|ours| ours == text));
        }
    }
}
