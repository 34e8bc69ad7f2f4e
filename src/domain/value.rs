//! Attribute keys and values.

use compact_str::CompactString;
use std::{borrow::Borrow, collections::HashSet, fmt, sync::Arc};

/// An attribute key, verbatim and case-sensitive, shared between all that carry it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

impl Key {
    /// A key of its own; the board shares equal keys through [`Interner`].
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
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
pub enum Kind {
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
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Value {
    text: CompactString,
    kind: Kind,
}

impl Value {
    /// A plain string value.
    pub fn text(text: impl Into<CompactString>) -> Self {
        Self { text: text.into(), kind: Kind::Text }
    }

    /// A value that was not a JSON string on the wire.
    pub fn of_kind(text: impl Into<CompactString>, kind: Kind) -> Self {
        Self { text: text.into(), kind }
    }

    /// The text of the value. For anything but [`Kind::Text`] it is the JSON as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What carried it on the wire.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Text => write!(f, "{:?}", self.text.as_str()),
            kind => write!(f, "{kind:?}({})", self.text),
        }
    }
}

/// Keeps one copy of each key.
#[derive(Default, Debug)]
pub struct Interner(HashSet<Key, rustc_hash::FxBuildHasher>);

impl Interner {
    /// The shared copy of `text`.
    pub fn key(&mut self, text: &str) -> Key {
        match self.0.get(text) {
            Some(key) => key.clone(),
            None => {
                let key = Key::new(text);
                self.0.insert(key.clone());
                key
            }
        }
    }
}
