//! Attribute keys and values.

use super::{QueueId, UserId};
use compact_str::CompactString;
use rustc_hash::FxHashSet;
use std::{borrow::Borrow, fmt, hash::Hash, sync::Arc};

/// An attribute key, verbatim and case-sensitive, shared between all that carry it.
///
/// A board holds a million of them and few different ones, so each takes one word; what it points to is shared.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<Box<str>>);

impl Key {
    /// A key of its own; the board shares equal keys through [`Interner`].
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(text.into()))
    }

    /// Where its text is: the same for all that share it, and for no other key while one of them is there.
    pub(super) fn place(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The key as it was written on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// What the wire carried for a value. The schema allows strings only; the rest is a finding (`not-a-string`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum JsonKind {
    /// A JSON string, as the schema demands.
    #[default]
    Text,
    /// A JSON number; the text is the number as written.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`; the text is `null`.
    Null,
    /// An object or an array; the text is the JSON as written.
    Nested,
}

/// An attribute value: its text, and what kind of JSON carried it. Hostile text: never print it raw.
///
/// Nearly all are strings and most are short: those take the three words of their text and nothing on the heap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value(Inner);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Text(CompactString),
    /// Never of [`JsonKind::Text`].
    Other(Box<(CompactString, JsonKind)>),
}

impl Default for Value {
    fn default() -> Self {
        Self(Inner::Text(CompactString::default()))
    }
}

impl Value {
    /// A plain string value.
    pub fn text(text: impl Into<CompactString>) -> Self {
        Self(Inner::Text(text.into()))
    }

    /// A value that was not a JSON string on the wire.
    pub fn of_kind(text: impl Into<CompactString>, kind: JsonKind) -> Self {
        match kind {
            JsonKind::Text => Self::text(text),
            kind => Self(Inner::Other(Box::new((text.into(), kind)))),
        }
    }

    /// The text of the value. For anything but [`JsonKind::Text`] it is the JSON as written.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Inner::Text(text) => text,
            Inner::Other(other) => &other.0,
        }
    }

    /// Bytes that it takes beyond its own three words; none, if it is a string of up to 24 bytes.
    pub fn beyond(&self) -> usize {
        let heap = |text: &CompactString| if text.is_heap_allocated() { text.capacity() } else { 0 };
        match &self.0 {
            Inner::Text(text) => heap(text),
            Inner::Other(other) => size_of_val(&**other) + heap(&other.0),
        }
    }

    /// What carried it on the wire.
    pub fn kind(&self) -> JsonKind {
        match &self.0 {
            Inner::Text(_) => JsonKind::Text,
            Inner::Other(other) => other.1,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            JsonKind::Text => write!(f, "{:?}", self.as_str()),
            kind => write!(f, "{kind:?}({})", self.as_str()),
        }
    }
}

/// Keeps one copy of each key, and of the id of each queue and user that calls name.
#[derive(Clone, Default, Debug)]
pub struct Interner {
    keys: FxHashSet<Key>,
    queues: FxHashSet<QueueId>,
    users: FxHashSet<UserId>,
}

impl Interner {
    /// The shared copy of `text`.
    pub fn key(&mut self, text: &str) -> Key {
        shared(&mut self.keys, text, Key::new)
    }

    /// The shared copy of the queue's id.
    pub fn queue(&mut self, id: &QueueId) -> QueueId {
        shared(&mut self.queues, id.as_str(), |_| id.clone())
    }

    /// The shared copy of the user's id.
    pub fn user(&mut self, id: &UserId) -> UserId {
        shared(&mut self.users, id.as_str(), |_| id.clone())
    }
}

/// The copy of `text` that is known; `new` makes one of a text that is not.
fn shared<'t, T: Clone + Eq + Hash + Borrow<str>>(
    known: &mut FxHashSet<T>,
    text: &'t str,
    new: impl FnOnce(&'t str) -> T,
) -> T {
    match known.get(text) {
        Some(copy) => copy.clone(),
        None => {
            let copy = new(text);
            known.insert(copy.clone());
            copy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_are_a_million_of_is_small() {
        assert_eq!((size_of::<Key>(), size_of::<Value>(), size_of::<Option<Value>>()), (8, 24, 24));
        assert_eq!(size_of::<crate::domain::HistoryEntry>(), 136);
    }

    #[test]
    fn a_short_string_takes_nothing_beyond_itself() {
        assert_eq!((Value::text("").beyond(), Value::text("x".repeat(24)).beyond()), (0, 0));
        assert!((25..=32).contains(&Value::text("x".repeat(25)).beyond()));
        assert!(Value::of_kind("1", JsonKind::Number).beyond() >= 24);
    }
}
