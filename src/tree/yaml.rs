//! YAML to a [`Tree`], from saphyr-parser's events, which come without recursion and with places.
//!
//! Anchors and aliases are refused: flow files have none, and following them lets a small text grow without bound.

use super::{Builder, LIMIT, Tree, TreePart};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};
use std::{borrow::Cow, fmt, ops::Range};

/// Why a text is no YAML that can be read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Line from 1; 0 when the whole text is meant.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.what),
            line => write!(f, "line {line}, column {}: {}", self.column, self.what),
        }
    }
}

impl std::error::Error for YamlError {}

fn error(mark: &Marker, what: impl Into<String>) -> YamlError {
    YamlError { line: mark.line(), column: mark.col() + 1, what: what.into() }
}

/// Parses one YAML document of any depth.
pub fn parse_yaml(text: &str) -> Result<Tree<'_>, YamlError> {
    let whole = |what: &str| YamlError { line: 0, column: 0, what: what.into() };
    if text.len() > LIMIT {
        return Err(whole("larger than 1 GiB"));
    }
    let masked = mask(text);
    let places = Places::of(&masked.text);
    let mut builder = Builder::new(text);
    let mut documents = 0;
    // The byte after the last thing that was written: block collections end there.
    let mut end = 0;
    // Inside a list or map that serves as a member's name: how deep, and where it began.
    let mut name: Option<(usize, usize)> = None;
    let mut brackets = Brackets::default();
    for event in Parser::new_from_str(&masked.text) {
        let (event, span) = event.map_err(|fault| error(fault.marker(), fault.info()))?;
        let bytes = places.bytes(&span);
        brackets.check(&event, &masked.text, &bytes, &span)?;
        if let Some((depth, start)) = &mut name {
            match event {
                Event::MappingStart(..) | Event::SequenceStart(..) => *depth += 1,
                Event::MappingEnd | Event::SequenceEnd => *depth -= 1,
                _ => {}
            }
            end = end.max(bytes.end);
            if *depth == 0 {
                builder.name(&text[*start..end], *start..end);
                name = None;
            }
            continue;
        }
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(error(&span.start, "a second document begins here; give one flow a file"));
                }
            }
            Event::Alias(_) => return Err(error(&span.start, "anchors and aliases are not read")),
            Event::MappingStart(..) | Event::SequenceStart(..) if builder.wants_name() => name = Some((1, bytes.start)),
            Event::MappingStart(..) => builder.enter(bytes.start, TreePart::Map),
            Event::SequenceStart(..) => builder.enter(bytes.start, TreePart::List),
            Event::MappingEnd | Event::SequenceEnd => {
                // A closing bracket has a place of its own; the end of a block has none.
                end = if bytes.is_empty() { end } else { bytes.end };
                builder.leave(end);
            }
            Event::Scalar(_, _, _, Some(tag)) => {
                return Err(error(
                    &span.start,
                    format!("the tag !{} is not read; put the text into quotes", tag.suffix),
                ));
            }
            Event::Scalar(value, style, ..) => {
                let value = masked.undo(value);
                // An absent value is an empty scalar placed at whatever comes next.
                let absent = value.is_empty() && style == ScalarStyle::Plain;
                let bytes = if absent { end..end } else { bytes };
                end = end.max(bytes.end);
                if builder.wants_name() {
                    builder.name(&value, bytes);
                } else {
                    builder.add(bytes, resolve(value, style));
                }
            }
        }
    }
    builder.finish().ok_or_else(|| whole("there is nothing"))
}

/// The brackets that are open, to see that what the parser opens with one it closes with its like.
///
/// saphyr-parser 0.0.6 ends a pair without braces in a list (`[a: {b: 1, c: 2}]`) at the first comma within its value, so
/// that the rest of the value stands elsewhere or nowhere. What it says then cannot be put right; it can be seen.
#[derive(Default)]
struct Brackets(Vec<(Option<u8>, Marker)>);

impl Brackets {
    fn check(&mut self, event: &Event<'_>, text: &str, bytes: &Range<usize>, span: &Span) -> Result<(), YamlError> {
        let written = text.as_bytes().get(bytes.start).copied().filter(|_| !bytes.is_empty());
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                self.0.push((written.filter(|byte| b"{[".contains(byte)), span.start));
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let (opened, at) = self.0.pop().unwrap_or((None, span.start));
                let closed = written.filter(|byte| b"}]".contains(byte));
                let right =
                    matches!((opened, closed), (None, None) | (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
                if !right {
                    return Err(error(
                        &at,
                        "this stands in a list in brackets, in a pair without braces of its own, which is not read here: write \
                         `[{name: {…}}]` for `[name: {…}]`",
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a scalar means in YAML's core schema.
fn resolve(value: Cow<'_, str>, style: ScalarStyle) -> TreePart<'_> {
    if style != ScalarStyle::Plain {
        return TreePart::Text(value);
    }
    match &*value {
        "" | "~" | "null" | "Null" | "NULL" => TreePart::Null,
        "true" | "True" | "TRUE" => TreePart::Bool(true),
        "false" | "False" | "FALSE" => TreePart::Bool(false),
        text if number(text) => TreePart::Number,
        _ => TreePart::Text(value),
    }
}

/// The text with its placeholders (`{{x}}`), which no YAML reader takes, under characters that one does.
struct Masked<'t> {
    text: Cow<'t, str>,
    marks: Option<(char, char)>,
}

/// Puts a character of two bytes in the place of each `{{` and `}}` of a placeholder, so that all places stay as they are.
fn mask(text: &str) -> Masked<'_> {
    let plain = Masked { text: Cow::Borrowed(text), marks: None };
    if !text.contains("{{") {
        return plain;
    }
    // Letters of two bytes that the text does not have.
    let used: std::collections::HashSet<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    let mut free = ('\u{180}'..='\u{24f}').filter(|c| !used.contains(c));
    let (Some(open), Some(close)) = (free.next(), free.next()) else { return plain };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let inner = &rest[at + 2..];
        let end = inner.find(['{', '}', '\n']).filter(|end| inner[*end..].starts_with("}}"));
        match end {
            Some(end) => {
                out.push_str(&rest[..at]);
                out.push(open);
                out.push_str(&inner[..end]);
                out.push(close);
                rest = &inner[end + 2..];
            }
            None => {
                out.push_str(&rest[..at + 1]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    Masked { text: Cow::Owned(out), marks: Some((open, close)) }
}

impl Masked<'_> {
    fn undo<'v>(&self, value: Cow<'v, str>) -> Cow<'v, str> {
        match self.marks {
            Some((open, close)) if value.contains(open) => Cow::Owned(value.replace(open, "{{").replace(close, "}}")),
            _ => value,
        }
    }
}

/// Decimal integers and decimals: what flows hold. `inf`, `nan` and hexadecimal stay text.
fn number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

/// From the parser's character counts to bytes; nothing to convert in plain ASCII.
struct Places(Option<Vec<u32>>);

impl Places {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self(None);
        }
        Self(Some(text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect()))
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let byte = |index: usize| match &self.0 {
            None => index,
            Some(table) => table.get(index).or(table.last()).map_or(0, |at| *at as usize),
        };
        byte(span.start.index())..byte(span.end.index())
    }
}

#[cfg(test)]
mod tests {
    use super::super::NodeKind;
    use super::*;

    #[test]
    fn places_are_bytes_whatever_the_script() {
        let text = "名: \"ü\"\nlist:\n  - a\n  - {k: 1, l: [x, y]}\nempty:\nlast: ~\n";
        let tree = parse_yaml(text).unwrap();
        let members: Vec<_> = tree.members(tree.root()).collect();
        assert_eq!(members.iter().map(|member| member.name).collect::<Vec<_>>(), ["名", "list", "empty", "last"]);
        for member in &members {
            assert_eq!(&text[member.name_span.clone()], member.name);
        }
        assert_eq!(tree.raw(members[0].value), "\"ü\"");
        let items: Vec<_> = tree.items(members[1].value).collect();
        assert_eq!(tree.raw(items[1]), "{k: 1, l: [x, y]}");
        assert_eq!(tree.raw(members[1].value), "- a\n  - {k: 1, l: [x, y]}");
        assert_eq!(tree.kind(members[2].value), NodeKind::Null);
        assert_eq!(tree.scalar_at(items[1], "k"), Some("1"));
    }

    #[test]
    fn placeholders_as_names_are_kept_as_written() {
        let text = "a:\n  {{x}}:\n    b: {{y}}\n  {{x}}-ü: \"\\t{{z}}\"\n  ${x}-l: [{{u}}]\n  m: {a: {b: {c: 1}}}\n";
        let tree = parse_yaml(text).unwrap();
        let inner = tree.get(tree.root(), "a").unwrap();
        let members: Vec<_> = tree.members(inner).collect();
        assert_eq!(members.iter().map(|member| member.name).collect::<Vec<_>>(), ["{{x}}", "{{x}}-ü", "${x}-l", "m"]);
        assert_eq!(tree.scalar_at(members[0].value, "b"), Some("{{y}}"));
        assert_eq!(tree.str(members[1].value), Some("\t{{z}}"));
        assert_eq!(tree.raw(members[1].value), "\"\\t{{z}}\"");
        assert_eq!(tree.items(members[2].value).next().and_then(|one| tree.str(one)), Some("{{u}}"));
        assert_eq!(tree.raw(members[3].value), "{a: {b: {c: 1}}}");
    }

    #[test]
    fn a_pair_without_braces_is_read_whole_or_refused() {
        // What each of these is, with the braces that may be left out.
        for (short, long) in [
            ("[a: 1]", "[{a: 1}]"),
            ("[a: {b: 1}]", "[{a: {b: 1}}]"),
            ("[a: 1, b: 2]", "[{a: 1}, {b: 2}]"),
            ("[a: {b: 1}, c: {d: 2}]", "[{a: {b: 1}}, {c: {d: 2}}]"),
            ("[a: [1, 2], b: 3]", "[{a: [1, 2]}, {b: 3}]"),
            ("[{a: 1, b: 2}, c: 3]", "[{a: 1, b: 2}, {c: 3}]"),
            ("[a: {b: 1, c: 2}]", "[{a: {b: 1, c: 2}}]"),
            ("[a: {b: {c: 1, d: 2}}]", "[{a: {b: {c: 1, d: 2}}}]"),
            ("[a: {b: [1, 2], c: 3}, d: 4]", "[{a: {b: [1, 2], c: 3}}, {d: 4}]"),
            ("[a: 1, b: {c: 2, d: 3}]", "[{a: 1}, {b: {c: 2, d: 3}}]"),
            ("{x: [a: {b: 1, c: 2}], y: 3}", "{x: [{a: {b: 1, c: 2}}], y: 3}"),
            ("[[a: {b: 1, c: 2}], {d: 4}]", "[[{a: {b: 1, c: 2}}], {d: 4}]"),
            ("[a: {b: 1, c: 2, d: 3}, e: {f: 1, g: 2}]", "[{a: {b: 1, c: 2, d: 3}}, {e: {f: 1, g: 2}}]"),
            ("[{a: {b: 1, c: 2}}, {d: [1, {e: 2, f: 3}]}]", "[{a: {b: 1, c: 2}}, {d: [1, {e: 2, f: 3}]}]"),
        ] {
            for (before, after) in [("", "\n"), ("k: ", "\n"), ("- ", "\n- x\n")] {
                let (short, long) = (format!("{before}{short}{after}"), format!("{before}{long}{after}"));
                let long = parse_yaml(&long).unwrap();
                match parse_yaml(&short) {
                    Ok(tree) => assert_eq!(outline(&tree), outline(&long), "{short}"),
                    Err(fault) => assert!(fault.what.contains("without braces"), "{short}: {fault}"),
                }
            }
        }
    }

    fn outline(tree: &Tree<'_>) -> String {
        fn of(tree: &Tree<'_>, node: super::super::NodeId) -> String {
            let members = tree.members(node).map(|member| format!("{}: {}", member.name, of(tree, member.value)));
            let items = tree.items(node).map(|item| of(tree, item));
            match tree.kind(node) {
                NodeKind::Map => format!("{{{}}}", members.collect::<Vec<_>>().join(", ")),
                NodeKind::List => format!("[{}]", items.collect::<Vec<_>>().join(", ")),
                _ => tree.scalar(node).unwrap_or("~").to_owned(),
            }
        }
        of(tree, tree.root())
    }

    #[test]
    fn refuses_with_a_line() {
        for (text, line) in [
            ("a: [1\n", 2),
            ("a: 1\n b: 2\n", 2),
            ("a: &x 1\nb: *x\n", 2),
            ("a: 1\n---\nb: 2\n", 2),
            ("a:\n  exp: !x y\n", 2),
            ("", 0),
        ] {
            let fault = parse_yaml(text).unwrap_err();
            assert_eq!(fault.line, line, "{text:?}: {fault}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let text = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
        // Deep or refused, but never a crash.
        let _ = parse_yaml(&text);
        let mut block = String::new();
        for depth in 0..2_000 {
            block.push_str(&" ".repeat(depth));
            block.push_str("a:\n");
        }
        let tree = parse_yaml(&block).unwrap();
        assert!(tree.only(tree.root()).is_some());
    }
}
