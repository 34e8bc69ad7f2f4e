//! A document as a tree that knows where each part stands in the text: one shape for JSON and YAML.
//!
//! The usual deserialisers drop what this program has to talk about: two members with one name, `1.0` against `1`, the
//! line of an action, the byte where a new one belongs. The nodes live in one list, so nothing here recurses and a
//! document nested a hundred thousand levels deep is as safe as a flat one.

mod json;
mod yaml;

pub use json::{JsonError, parse_json};
pub use yaml::{YamlError, parse_yaml};

use std::ops::Range;

/// One node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, or nothing at all in YAML.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, kept as it was written.
    Number,
    /// A string, unescaped.
    Text(String),
    /// A list.
    List(Vec<NodeId>),
    /// Members in the order of the text; a name may occur twice.
    Map(Vec<Member>),
}

/// One member of a [`Kind::Map`].
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name, unescaped.
    pub name: String,
    /// Where the name stands, quotes included.
    pub name_span: Range<usize>,
    /// The value.
    pub value: NodeId,
}

#[derive(Clone, Debug)]
struct Node {
    span: Range<usize>,
    kind: Kind,
}

/// A parsed document. Spans are byte ranges into the text it was parsed from.
#[derive(Clone, Debug)]
pub struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    root: NodeId,
}

impl<'t> Tree<'t> {
    /// The outermost value.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The text the tree was parsed from.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What the node is.
    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.nodes[id.0 as usize].kind
    }

    /// The bytes of the node, quotes and brackets included.
    pub fn span(&self, id: NodeId) -> Range<usize> {
        self.nodes[id.0 as usize].span.clone()
    }

    /// The node as it was written.
    pub fn raw(&self, id: NodeId) -> &'t str {
        &self.text[self.span(id)]
    }

    /// The first member with this name; `None` when there is none or the node is no map.
    pub fn get(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.members(id).iter().find(|member| member.name == name).map(|member| member.value)
    }

    /// The first of these names that is there.
    pub fn any(&self, id: NodeId, names: &[&str]) -> Option<NodeId> {
        names.iter().find_map(|name| self.get(id, name))
    }

    /// The members of a map; none for anything else.
    pub fn members(&self, id: NodeId) -> &[Member] {
        match self.kind(id) {
            Kind::Map(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match self.kind(id) {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string; `None` for anything else.
    pub fn str(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A string's text, or a number or boolean as it was written; `None` for null, lists and maps.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            Kind::Text(text) => Some(text),
            Kind::Number | Kind::Bool(_) => Some(self.raw(id)),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The scalar under a name.
    pub fn scalar_at(&self, id: NodeId, name: &str) -> Option<&str> {
        self.get(id, name).and_then(|value| self.scalar(value))
    }
}

/// Collects nodes while a parser walks the text.
#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    open: Vec<Open>,
    root: Option<NodeId>,
}

struct Open {
    id: NodeId,
    name: Option<(String, Range<usize>)>,
}

impl Builder {
    /// Adds a finished node to what is open, or makes it the root.
    fn add(&mut self, span: Range<usize>, kind: Kind) -> NodeId {
        // The parsers refuse texts above 1 GiB, so a node count fits.
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { span, kind });
        match self.open.last_mut() {
            None => self.root = self.root.or(Some(id)),
            Some(open) => match &mut self.nodes[open.id.0 as usize].kind {
                Kind::List(items) => items.push(id),
                Kind::Map(members) => {
                    if let Some((name, name_span)) = open.name.take() {
                        members.push(Member { name, name_span, value: id });
                    }
                }
                _ => {}
            },
        }
        id
    }

    /// Adds a list or map and keeps it open for children.
    fn enter(&mut self, at: usize, kind: Kind) {
        let id = self.add(at..at, kind);
        self.open.push(Open { id, name: None });
    }

    /// Closes what was opened last; `end` is the byte after it.
    fn leave(&mut self, end: usize) {
        if let Some(open) = self.open.pop() {
            self.nodes[open.id.0 as usize].span.end = end;
        }
    }

    /// Whether the next scalar is a member's name.
    fn wants_name(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.name.is_none() && matches!(self.nodes[open.id.0 as usize].kind, Kind::Map(_)))
    }

    fn name(&mut self, name: String, span: Range<usize>) {
        if let Some(open) = self.open.last_mut() {
            open.name = Some((name, span));
        }
    }

    fn finish(self, text: &str) -> Option<Tree<'_>> {
        let root = self.root?;
        Some(Tree { text, nodes: self.nodes, root })
    }
}

/// Largest text that is parsed.
const LIMIT: usize = 1 << 30;

/// Byte offsets of line starts, for telling people where something stands.
#[derive(Clone, Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// Finds the lines of a text.
    pub fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect())
    }

    /// The line, from 1, that a byte stands on.
    pub fn line(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte)
    }

    /// The byte where a line, from 1, starts.
    pub fn start(&self, line: usize) -> Option<usize> {
        self.0.get(line.checked_sub(1)?).copied()
    }
}
