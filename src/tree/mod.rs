//! A document as a tree that knows where each part stands in the text: one shape for JSON and YAML.
//!
//! The usual deserialisers drop what this program has to talk about: two members with one name, `1.0` against `1`, the
//! line of an action, the byte where a new one belongs. The nodes live in one list, so nothing here recurses and a
//! document nested a hundred thousand levels deep is as safe as a flat one.

mod json;
mod yaml;

pub use json::{JsonError, parse_json, parse_json_outline, parse_json_without};
pub use yaml::{YamlError, parse_yaml};

use rustc_hash::FxHashMap;
use std::{borrow::Cow, ops::Range};

/// One node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`, or nothing at all in YAML.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, kept as it was written.
    Number,
    /// A string.
    Text,
    /// A list.
    List,
    /// Members in the order of the text; a name may occur twice.
    Map,
}

/// One member of a [`NodeKind::Map`].
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// The name, unescaped.
    pub name: &'a str,
    /// Where the name stands, quotes included.
    pub name_span: Range<usize>,
    /// The value.
    pub value: NodeId,
}

/// How a text comes out of the bytes it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decoding {
    /// As they are.
    Plain,
    /// Without the first and the last byte.
    Quoted,
    /// Unescaped, in a table.
    Apart,
}

/// A node and, in a map, the name before it: 20 bytes, so that a tree is not much larger than its text. A node's children
/// follow it; `next` is the place behind the last of them.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    next: u32,
    name: u32,
    /// `u16::MAX`: in the table of long names.
    name_len: u16,
    name_written: Decoding,
    kind: Packed,
}

/// [`NodeKind`] with what its text needs, in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    Null,
    True,
    False,
    Number,
    Text,
    Quoted,
    Apart,
    List,
    Map,
}

/// A parsed document. Spans are byte ranges into the text it was parsed from.
#[derive(Clone, Debug)]
pub struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    /// Texts that are not in the document as they are: with escapes, or over several lines.
    apart: FxHashMap<u32, Box<str>>,
    /// The same for names.
    names: FxHashMap<u32, Box<str>>,
    long: FxHashMap<u32, u32>,
}

/// The children of a list, in order.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    nodes: &'a [Node],
    at: u32,
    end: u32,
}

impl Iterator for Items<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.at >= self.end {
            return None;
        }
        let id = NodeId(self.at);
        self.at = self.nodes[self.at as usize].next;
        Some(id)
    }
}

impl<'t> Tree<'t> {
    /// The outermost value.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// All nodes, each before what is in it.
    pub fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The text the tree was parsed from.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What the node is.
    pub fn kind(&self, id: NodeId) -> NodeKind {
        match self.nodes[id.0 as usize].kind {
            Packed::Null => NodeKind::Null,
            Packed::True => NodeKind::Bool(true),
            Packed::False => NodeKind::Bool(false),
            Packed::Number => NodeKind::Number,
            Packed::Text | Packed::Quoted | Packed::Apart => NodeKind::Text,
            Packed::List => NodeKind::List,
            Packed::Map => NodeKind::Map,
        }
    }

    /// The bytes of the node, quotes and brackets included.
    pub fn span(&self, id: NodeId) -> Range<usize> {
        let node = &self.nodes[id.0 as usize];
        node.start as usize..node.end as usize
    }

    /// The node as it was written.
    pub fn raw(&self, id: NodeId) -> &'t str {
        &self.text[self.span(id)]
    }

    /// The first member with this name; `None` when there is none or the node is no map.
    pub fn get(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.members(id).find(|member| member.name == name).map(|member| member.value)
    }

    /// The first of these names that is there.
    pub fn any(&self, id: NodeId, names: &[&str]) -> Option<NodeId> {
        names.iter().find_map(|name| self.get(id, name))
    }

    /// The members of a map; none for anything else.
    pub fn members(&self, id: NodeId) -> impl Iterator<Item = Member<'_>> + Clone {
        self.children(id, Packed::Map).map(|value| {
            let (name, name_span) = self.name(value);
            Member { name, name_span, value }
        })
    }

    /// A member whose name another one of its map has already: the name, and the byte where it stands.
    pub fn twice(&self) -> Option<(&str, usize)> {
        // Small maps are compared name by name; that is nearly all of them.
        const FEW: usize = 16;
        let mut seen = rustc_hash::FxHashSet::default();
        for at in 0..self.nodes.len() as u32 {
            if self.nodes[at as usize].kind != Packed::Map {
                continue;
            }
            let members = || self.children(NodeId(at), Packed::Map);
            let found = if members().nth(FEW).is_none() {
                members().enumerate().find(|(count, one)| {
                    let name = self.name(*one).0;
                    members().take(*count).any(|other| self.name(other).0 == name)
                })
            } else {
                seen.clear();
                members().enumerate().find(|(_, one)| !seen.insert(self.name(*one).0))
            };
            if let Some((_, one)) = found {
                let (name, span) = self.name(one);
                return Some((name, span.start));
            }
        }
        None
    }

    /// The one member of a map that has one.
    pub fn only(&self, id: NodeId) -> Option<Member<'_>> {
        let mut members = self.members(id);
        members.next().filter(|_| members.next().is_none())
    }

    /// The items of a list; none for anything else.
    pub fn items(&self, id: NodeId) -> Items<'_> {
        self.children(id, Packed::List)
    }

    /// The nodes directly in a list or map.
    pub fn below(&self, id: NodeId) -> Items<'_> {
        let node = &self.nodes[id.0 as usize];
        Items { nodes: &self.nodes, at: id.0 + 1, end: node.next }
    }

    fn children(&self, id: NodeId, kind: Packed) -> Items<'_> {
        let node = &self.nodes[id.0 as usize];
        let end = if node.kind == kind { node.next } else { 0 };
        Items { nodes: &self.nodes, at: id.0 + 1, end }
    }

    fn name(&self, id: NodeId) -> (&str, Range<usize>) {
        let node = &self.nodes[id.0 as usize];
        let length = match node.name_len {
            u16::MAX => self.long.get(&id.0).copied().unwrap_or_default(),
            short => u32::from(short),
        };
        let span = node.name as usize..(node.name + length) as usize;
        let name = match node.name_written {
            Decoding::Plain => &self.text[span.clone()],
            Decoding::Quoted => &self.text[span.start + 1..span.end - 1],
            Decoding::Apart => self.names.get(&id.0).map_or("", |name| name),
        };
        (name, span)
    }

    /// The text of a string; `None` for anything else.
    pub fn str(&self, id: NodeId) -> Option<&str> {
        let node = &self.nodes[id.0 as usize];
        let span = self.span(id);
        match node.kind {
            Packed::Text => Some(&self.text[span]),
            Packed::Quoted => Some(&self.text[span.start + 1..span.end - 1]),
            Packed::Apart => self.apart.get(&id.0).map(|text| &**text),
            _ => None,
        }
    }

    /// A string's text, or a number or boolean as it was written; `None` for null, lists and maps.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            NodeKind::Text => self.str(id),
            NodeKind::Number | NodeKind::Bool(_) => Some(self.raw(id)),
            NodeKind::Null | NodeKind::List | NodeKind::Map => None,
        }
    }

    /// The scalar under a name.
    pub fn scalar_at(&self, id: NodeId, name: &str) -> Option<&str> {
        self.get(id, name).and_then(|value| self.scalar(value))
    }
}

/// What a parser adds to a tree.
enum TreePart<'a> {
    Null,
    Bool(bool),
    Number,
    Text(Cow<'a, str>),
    List,
    Map,
}

/// Collects nodes while a parser walks the text.
struct Builder<'t> {
    tree: Tree<'t>,
    open: Vec<u32>,
    /// The name of the member whose value comes next.
    name: Option<(Range<usize>, Decoding, Option<Box<str>>)>,
    /// Whether the root is there.
    begun: bool,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        let empty = || FxHashMap::default();
        let tree =
            Tree { text, nodes: Vec::new(), apart: FxHashMap::default(), names: empty(), long: FxHashMap::default() };
        Self { tree, open: Vec::new(), name: None, begun: false }
    }

    /// How a text that came out of these bytes can be had from them again.
    fn written(&self, text: &str, span: &Range<usize>) -> Decoding {
        let raw = &self.tree.text[span.clone()];
        match raw.get(1..raw.len().saturating_sub(1)) {
            _ if raw == text => Decoding::Plain,
            Some(inner) if inner == text => Decoding::Quoted,
            _ => Decoding::Apart,
        }
    }

    /// Adds a finished node to what is open, or makes it the root.
    fn add(&mut self, span: Range<usize>, part: TreePart<'_>) {
        if self.open.is_empty() && std::mem::replace(&mut self.begun, true) {
            return;
        }
        // The parsers refuse texts above 1 GiB, so places and counts fit.
        let id = self.tree.nodes.len() as u32;
        let kind = match part {
            TreePart::Null => Packed::Null,
            TreePart::Bool(true) => Packed::True,
            TreePart::Bool(false) => Packed::False,
            TreePart::Number => Packed::Number,
            TreePart::List => Packed::List,
            TreePart::Map => Packed::Map,
            TreePart::Text(text) => match self.written(&text, &span) {
                Decoding::Plain => Packed::Text,
                Decoding::Quoted => Packed::Quoted,
                Decoding::Apart => {
                    self.tree.apart.insert(id, text.into());
                    Packed::Apart
                }
            },
        };
        let (name, name_written, apart) = self.name.take().unwrap_or((0..0, Decoding::Plain, None));
        if let Some(apart) = apart {
            self.tree.names.insert(id, apart);
        }
        let name_len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        if name_len == u16::MAX {
            self.tree.long.insert(id, name.len() as u32);
        }
        self.tree.nodes.push(Node {
            start: span.start as u32,
            end: span.end as u32,
            next: id + 1,
            name: name.start as u32,
            name_len,
            name_written,
            kind,
        });
    }

    /// Adds a list or map and keeps it open for children.
    fn enter(&mut self, at: usize, part: TreePart<'_>) {
        let id = self.tree.nodes.len() as u32;
        self.add(at..at, part);
        self.open.push(id);
    }

    /// Closes what was opened last; `end` is the byte after it.
    fn leave(&mut self, end: usize) {
        if let Some(open) = self.open.pop() {
            let next = self.tree.nodes.len() as u32;
            if let Some(node) = self.tree.nodes.get_mut(open as usize) {
                node.end = end as u32;
                node.next = next;
            }
        }
    }

    /// Whether the next scalar is a member's name.
    fn wants_name(&self) -> bool {
        self.name.is_none() && self.open.last().is_some_and(|open| self.tree.nodes[*open as usize].kind == Packed::Map)
    }

    /// Whether what comes next is an item of a list of this name.
    fn stands_in_list(&self, name: &str) -> bool {
        let Some(open) = self.open.last() else { return false };
        self.tree.nodes[*open as usize].kind == Packed::List && self.tree.name(NodeId(*open)).0 == name
    }

    fn name(&mut self, name: &str, span: Range<usize>) {
        let written = self.written(name, &span);
        self.name = Some((span, written, (written == Decoding::Apart).then(|| name.into())));
    }

    /// Whether the member whose value comes next is to be left out; then its name is forgotten.
    fn skips(&mut self, skip: impl Fn(&str) -> bool) -> bool {
        let Some((span, Decoding::Quoted, _)) = &self.name else { return false };
        let skips = skip(&self.tree.text[span.start + 1..span.end - 1]);
        if skips {
            self.name = None;
        }
        skips
    }

    fn finish(self) -> Option<Tree<'t>> {
        (!self.tree.nodes.is_empty()).then_some(self.tree)
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
}
