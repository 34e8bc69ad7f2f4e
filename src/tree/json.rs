//! JSON to a [`Tree`]. serde_json judges the text, so every refusal is the library's; what remains is to walk a text that
//! is known to be right and note where things stand.

use super::{Builder, LIMIT, NodeId, Tree, TreePart};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, ops::Range};

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Line from 1; 0 when the whole text is meant.
    pub line: usize,
    /// Column from 1, in bytes.
    pub column: usize,
    /// What is wrong, in the parser's words.
    pub what: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.what),
            line => write!(f, "line {line}, column {}: {}", self.column, self.what),
        }
    }
}

impl std::error::Error for JsonError {}

/// Parses a JSON text of any depth. A byte order mark is passed over.
pub fn parse_json(text: &str) -> Result<Tree<'_>, JsonError> {
    parse_json_without(text, |_, _| false)
}

/// As [`parse_json`], without the members that `skip` names: of their name and the first byte of their value, which is a
/// list or a map. Places in the text stay what they are.
pub fn parse_json_without(text: &str, skip: impl Fn(&str, u8) -> bool) -> Result<Tree<'_>, JsonError> {
    parse(text, skip, None)
}

/// As [`parse_json_without`], and the maps in lists of the name `closed` get no members: a document that is mostly a list of
/// like things is read one thing at a time, by [`Tree::inside`].
pub fn parse_json_outline<'t>(
    text: &'t str,
    skip: impl Fn(&str, u8) -> bool,
    closed: &str,
) -> Result<Tree<'t>, JsonError> {
    parse(text, skip, Some(closed))
}

impl<'t> Tree<'t> {
    /// The tree of one map or list of a JSON text, whether this tree has its members or not. Places are those in the whole
    /// text.
    ///
    /// # Errors
    /// A text in it is half of a surrogate pair.
    pub fn inside(&self, node: NodeId, skip: impl Fn(&str, u8) -> bool) -> Result<Tree<'t>, JsonError> {
        let mut builder = Builder::new(self.text);
        walk(self.text, self.span(node), &mut builder, skip, None)?;
        builder.finish().ok_or_else(nothing)
    }
}

fn nothing() -> JsonError {
    JsonError { line: 0, column: 0, what: "there is nothing".into() }
}

fn parse<'t>(text: &'t str, skip: impl Fn(&str, u8) -> bool, closed: Option<&str>) -> Result<Tree<'t>, JsonError> {
    if text.len() > LIMIT {
        return Err(JsonError { line: 0, column: 0, what: "larger than 1 GiB".into() });
    }
    let body = text.trim_start_matches('\u{feff}');
    // RawValue is checked without recursion, whatever the depth.
    if let Err(error) = serde_json::from_str::<&RawValue>(body) {
        return Err(JsonError { line: error.line(), column: error.column(), what: first_part(&error) });
    }
    let mut builder = Builder::new(text);
    walk(text, text.len() - body.len()..text.len(), &mut builder, skip, closed)?;
    builder.finish().ok_or_else(nothing)
}

/// Walks a part of a text that is known to be JSON.
fn walk(
    text: &str,
    part: Range<usize>,
    builder: &mut Builder<'_>,
    skip: impl Fn(&str, u8) -> bool,
    closed: Option<&str>,
) -> Result<(), JsonError> {
    let bytes = &text.as_bytes()[..part.end];
    let mut at = part.start;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'{' | b'[' if builder.skips(|name| skip(name, byte)) => at = collection_end(bytes, at),
            b'{' if closed.is_some_and(|name| builder.stands_in_list(name)) => {
                at = collection_end(bytes, at);
                builder.add(start..at, TreePart::Map);
            }
            b'{' => builder.enter(start, TreePart::Map),
            b'[' => builder.enter(start, TreePart::List),
            b'}' | b']' => builder.leave(at),
            b'"' => {
                at = string_end(bytes, at);
                // What the first check lets through and this one refuses is half of a surrogate pair.
                let string: Cow<'_, str> = unescape(&text[start..at]).map_err(|error| {
                    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
                    let line = 1 + memchr::memchr_iter(b'\n', &bytes[..start]).count();
                    JsonError { line, column: start - line_start + 1, what: first_part(&error) }
                })?;
                if builder.wants_name() {
                    builder.name(&string, start..at);
                } else {
                    builder.add(start..at, TreePart::Text(string));
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {}
            _ => {
                at = bytes[at..]
                    .iter()
                    .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
                    .map_or(bytes.len(), |length| at + length);
                let kind = match byte {
                    b't' => TreePart::Bool(true),
                    b'f' => TreePart::Bool(false),
                    b'n' => TreePart::Null,
                    _ => TreePart::Number,
                };
                builder.add(start..at, kind);
            }
        }
    }
    Ok(())
}

/// What a string in quotes says.
fn unescape(quoted: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if quoted.contains('\\') {
        serde_json::from_str::<String>(quoted).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default()))
    }
}

/// The byte after the closing quote; `at` is the byte after the opening one.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match memchr::memchr2(b'"', b'\\', &bytes[at..]) {
            None => return bytes.len(),
            Some(found) if bytes[at + found] == b'"' => return at + found + 1,
            Some(found) => at = (at + found + 2).min(bytes.len()),
        }
    }
}

/// The byte after the bracket that closes a list or map; `at` is the byte after the one that opens it.
fn collection_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 1usize;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(bytes, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    at
}

/// The library's message without the place, which is told apart.
fn first_part(error: &serde_json::Error) -> String {
    let what = error.to_string();
    what.split(" at line ").next().unwrap_or(&what).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::NodeKind;
    use super::*;

    #[test]
    fn keeps_order_doubles_and_places() {
        let text = "\u{feff}{ \"a\" : [1.0, \"x\\n\"], \"a\":{}, \"b\":null,\"c\":true }";
        let tree = parse_json(text).unwrap();
        let members: Vec<_> = tree.members(tree.root()).collect();
        assert_eq!(members.iter().map(|member| member.name).collect::<Vec<_>>(), ["a", "a", "b", "c"]);
        let list: Vec<_> = tree.items(members[0].value).collect();
        assert_eq!(tree.raw(list[0]), "1.0");
        assert_eq!(tree.str(list[1]), Some("x\n"));
        assert_eq!(tree.raw(list[1]), "\"x\\n\"");
        assert_eq!(&text[members[1].name_span.clone()], "\"a\"");
        assert_eq!(tree.raw(members[1].value), "{}");
        assert_eq!(tree.kind(members[2].value), NodeKind::Null);
        assert_eq!(tree.kind(members[3].value), NodeKind::Bool(true));
    }

    #[test]
    fn members_can_be_left_out() {
        let text = r#"{"a":{"pos":{"x":["}]\\",{"pos":1}]},"b":1},"pos":2,"l":[{"pos":[{}]},3]}"#;
        let tree = parse_json_without(text, |name, first| name == "pos" && first == b'{').unwrap();
        let names: Vec<_> = tree.members(tree.root()).map(|member| member.name).collect();
        assert_eq!(names, ["a", "pos", "l"]);
        let a = tree.get(tree.root(), "a").unwrap();
        assert_eq!(tree.members(a).map(|member| tree.raw(member.value)).collect::<Vec<_>>(), ["1"]);
        let list: Vec<_> = tree.items(tree.get(tree.root(), "l").unwrap()).collect();
        assert_eq!(tree.raw(list[0]), r#"{"pos":[{}]}"#);
        assert!(tree.get(list[0], "pos").is_some(), "a list is not what was named");
    }

    #[test]
    fn an_outline_is_opened_one_map_at_a_time() {
        let text = r#"{"list":[{"a":{"b":"x"},"l":[{"c":1}]},2,{}],"other":[{"d":"\u0041"}],"list2":{"list":[]}}"#;
        let whole = parse_json(text).unwrap();
        let outline = parse_json_outline(text, |_, _| false, "list").unwrap();
        let list = outline.get(outline.root(), "list").unwrap();
        let items: Vec<_> = outline.items(list).collect();
        assert_eq!(items.len(), 3);
        assert_eq!(outline.kind(items[0]), NodeKind::Map);
        assert_eq!(outline.members(items[0]).count(), 0, "it is closed");
        let inner = outline.inside(items[0], |_, _| false).unwrap();
        let b = inner.get(inner.get(inner.root(), "a").unwrap(), "b").unwrap();
        assert_eq!(inner.str(b), Some("x"));
        assert_eq!(inner.raw(inner.root()), outline.raw(items[0]));
        assert_eq!(&text[inner.span(b)], "\"x\"", "places are those of the whole text");
        let other = outline.get(outline.root(), "other").unwrap();
        let d = outline.get(outline.items(other).next().unwrap(), "d").unwrap();
        assert_eq!(outline.str(d), Some("A"), "other lists are open");
        let first = whole.items(whole.get(whole.root(), "list").unwrap()).next().unwrap();
        let again = whole.inside(first, |name, _| name == "a").unwrap();
        assert_eq!(again.members(again.root()).map(|member| member.name).collect::<Vec<_>>(), ["l"]);
        let broken = parse_json_outline(r#"{"list":[{"a":"\ud800"}]}"#, |_, _| false, "list").unwrap();
        let item = broken.items(broken.get(broken.root(), "list").unwrap()).next().unwrap();
        assert!(broken.inside(item, |_, _| false).is_err());
    }

    #[test]
    fn refuses_what_is_no_json_and_says_where() {
        for (text, line) in
            [("{\n'a':1}", 2), ("{\"a\":1,}", 1), ("", 1), ("{} {}", 1), ("[\n\n\"\\ud800\"]", 3), ("NaN", 1)]
        {
            let error = parse_json(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let text = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let tree = parse_json(&text).unwrap();
        assert_eq!(tree.span(tree.root()), 0..text.len());
    }
}
