//! The attributes of a participant, packed: a large board holds a million of them, and most are looked at seldom.

use super::{JsonKind, Key, Moment, Value};
use std::fmt;

/// One attribute of one participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Verbatim key.
    pub key: &'a Key,
    /// Current value.
    pub value: ValueRef<'a>,
    /// When this value was first observed, to the millisecond; the moment of first sight for one that was there before us.
    pub changed: Moment,
}

/// A value where it is kept. Hostile text: never print it raw.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ValueRef<'a> {
    text: &'a str,
    kind: JsonKind,
}

impl<'a> ValueRef<'a> {
    /// Its text, as [`Value::as_str`].
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// What carried it on the wire.
    pub fn kind(self) -> JsonKind {
        self.kind
    }

    /// A copy of it.
    pub fn to_value(self) -> Value {
        Value::of_kind(self.text, self.kind)
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        Self { text: value.as_str(), kind: value.kind() }
    }
}

impl PartialEq<Value> for ValueRef<'_> {
    fn eq(&self, other: &Value) -> bool {
        (self.text, self.kind) == (other.as_str(), other.kind())
    }
}

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_value(), f)
    }
}

/// A participant's attributes in the order in which they were first seen. Keys are unique.
#[derive(Clone, Default)]
pub struct Attributes {
    cells: Vec<PackedAttribute>,
    /// The values, one after the other.
    texts: String,
    /// When the first one was seen.
    since: Moment,
}

/// All of an attribute but its text.
#[derive(Clone, Debug)]
struct PackedAttribute {
    key: Key,
    /// In milliseconds since that of the first one.
    changed: i32,
    /// Where its value ends among the others, and above that its kind.
    end: u32,
}

/// Bits of [`PackedAttribute::end`] that tell the end.
const END: u32 = 29;

/// What carries values, by the bits above the end.
const KINDS: [JsonKind; 5] = [JsonKind::Text, JsonKind::Number, JsonKind::Bool, JsonKind::Null, JsonKind::Nested];

impl PackedAttribute {
    fn end(&self) -> usize {
        (self.end & ((1 << END) - 1)) as usize
    }

    fn kind(&self) -> JsonKind {
        KINDS.get((self.end >> END) as usize).copied().unwrap_or_default()
    }
}

/// There are so many of these lists that none has room for more than a few to come.
const fn room(length: usize) -> usize {
    length / 8 + 1
}

impl Attributes {
    /// Makes room for so many, with so many bytes of values.
    pub(super) fn expect(&mut self, count: usize, bytes: usize) {
        self.cells.reserve_exact(count);
        self.texts.reserve_exact(bytes);
    }

    /// Adds one that came.
    pub(super) fn push(&mut self, key: Key, value: ValueRef<'_>, at: Moment) {
        if self.cells.is_empty() {
            self.since = at;
        }
        if self.cells.len() == self.cells.capacity() {
            self.cells.reserve_exact(room(self.cells.len()));
        }
        self.cells.push(PackedAttribute { key, changed: 0, end: self.texts.len() as u32 });
        self.put(self.cells.len() - 1, value, at);
    }

    /// Gives the one at this place another value. What it held.
    pub(super) fn replace(&mut self, place: usize, value: ValueRef<'_>, at: Moment) -> Option<Value> {
        let old = self.at(place)?.value.to_value();
        self.put(place, value, at);
        Some(old)
    }

    /// Takes the one at this place away.
    pub(super) fn remove(&mut self, place: usize) {
        if place < self.cells.len() {
            self.write(place, "");
            self.cells.remove(place);
        }
    }

    fn put(&mut self, place: usize, value: ValueRef<'_>, at: Moment) {
        self.write(place, value.text);
        let changed = at.milliseconds_since(self.since);
        let kind = KINDS.iter().position(|kind| *kind == value.kind).unwrap_or_default() as u32;
        let cell = &mut self.cells[place];
        (cell.changed, cell.end) = (changed, cell.end() as u32 | (kind << END));
    }

    /// Puts this text in the place of the one that is there.
    fn write(&mut self, place: usize, text: &str) {
        let old = self.range(place);
        // Nobody has so much: the platform takes a few kilobytes of a participant.
        let most = (1usize << END) - 1 - (self.texts.len() - old.len());
        let text = text.get(..most.min(text.len())).unwrap_or_default();
        let more = (old.len() + self.texts.capacity() - self.texts.len()).checked_sub(text.len());
        if more.is_none() {
            self.texts.reserve_exact(text.len() - old.len() + room(self.texts.len()));
        }
        let grown = text.len() as u32;
        let was = old.len() as u32;
        self.texts.replace_range(old, text);
        if grown != was {
            self.cells[place..].iter_mut().for_each(|cell| cell.end = cell.end + grown - was);
        }
    }

    /// Where the value of the one at this place is.
    fn range(&self, place: usize) -> std::ops::Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.cells[before].end());
        start..self.cells[place].end()
    }

    /// The one at this place.
    pub fn at(&self, place: usize) -> Option<Attribute<'_>> {
        let cell = self.cells.get(place)?;
        let text = self.texts.get(self.range(place))?;
        let changed = self.since.plus_milliseconds(cell.changed);
        Some(Attribute { key: &cell.key, value: ValueRef { text, kind: cell.kind() }, changed })
    }

    /// The key at this place.
    pub fn key(&self, place: usize) -> Option<&Key> {
        self.cells.get(place).map(|cell| &cell.key)
    }

    /// Where the attribute under exactly this key is.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.cells.iter().position(|cell| cell.key.as_str() == key)
    }

    /// The attribute under exactly this key.
    pub fn get(&self, key: &str) -> Option<Attribute<'_>> {
        self.place(key).and_then(|place| self.at(place))
    }

    /// The attribute under this key, which the board shares; most likely it is here.
    pub(super) fn of(&self, key: &Key, place: u32) -> Option<Attribute<'_>> {
        let is = |cell: &PackedAttribute| cell.key.place() == key.place();
        let here = Some(place as usize).filter(|place| self.cells.get(*place).is_some_and(is));
        let place = here.or_else(|| self.cells.iter().position(is)).or_else(|| self.place(key.as_str()))?;
        self.at(place)
    }

    /// The text under exactly this key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).map(|a| a.value.as_str())
    }

    /// All of them, in order of first sight.
    pub fn iter(&self) -> AttributesIter<'_> {
        AttributesIter { of: self, next: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Attributes {}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = Attribute<'a>;
    type IntoIter = AttributesIter<'a>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The attributes of a participant, one after the other.
#[derive(Clone, Debug)]
pub struct AttributesIter<'a> {
    of: &'a Attributes,
    next: usize,
}

impl<'a> Iterator for AttributesIter<'a> {
    type Item = Attribute<'a>;
    fn next(&mut self) -> Option<Self::Item> {
        let attribute = self.of.at(self.next)?;
        self.next += 1;
        Some(attribute)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.of.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for AttributesIter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::at;
    use proptest::prelude::*;

    /// What a plain list would hold.
    type Plain = Vec<(Key, Value, Moment)>;

    #[derive(Clone, Debug)]
    enum Act {
        Push(Value),
        Replace(usize, Value),
        Remove(usize),
    }

    fn value() -> impl Strategy<Value = Value> {
        let kind = prop::sample::select(KINDS.to_vec());
        ("[a-zü€\u{1F600}]{0,40}", kind).prop_map(|(text, kind)| Value::of_kind(text, kind))
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            3 => value().prop_map(Act::Push),
            3 => (any::<usize>(), value()).prop_map(|(place, value)| Act::Replace(place, value)),
            1 => any::<usize>().prop_map(Act::Remove),
        ]
    }

    proptest! {
        #[test]
        fn packed_they_are_as_a_plain_list_of_them(acts in prop::collection::vec(act(), 0..60)) {
            let (mut packed, mut plain) = (Attributes::default(), Plain::new());
            for (n, act) in acts.into_iter().enumerate() {
                let moment = Moment::of(at(n as u64).wall);
                match act {
                    Act::Push(value) => {
                        let key = Key::from(n.to_string().as_str());
                        packed.push(key.clone(), (&value).into(), moment);
                        plain.push((key, value, moment));
                    }
                    Act::Replace(place, value) if !plain.is_empty() => {
                        let place = place % plain.len();
                        let (_, known, changed) = &mut plain[place];
                        prop_assert_eq!(packed.replace(place, (&value).into(), moment), Some(known.clone()));
                        (*known, *changed) = (value, moment);
                    }
                    Act::Remove(place) if !plain.is_empty() => {
                        let place = place % plain.len();
                        packed.remove(place);
                        plain.remove(place);
                    }
                    Act::Replace(..) | Act::Remove(_) => {}
                }
                let held: Plain = packed.iter().map(|a| (a.key.clone(), a.value.to_value(), a.changed)).collect();
                prop_assert_eq!(&held, &plain);
                let bytes: usize = plain.iter().map(|(_, value, _)| value.as_str().len()).sum();
                prop_assert_eq!(packed.texts.len(), bytes);
            }
        }
    }

    #[test]
    fn attributes_that_come_leave_little_room_behind() {
        let mut attributes = Attributes::default();
        for n in 1..=100 {
            attributes.push(Key::from("k"), (&Value::text("0123456789")).into(), Moment::of(at(0).wall));
            assert!(attributes.cells.capacity() <= n + room(n), "{} of {n}", attributes.cells.capacity());
            assert!(attributes.texts.capacity() <= 10 * n + room(10 * n), "{} of {n}", attributes.texts.capacity());
        }
    }

    #[test]
    fn what_there_are_a_million_of_is_small() {
        assert_eq!((size_of::<PackedAttribute>(), size_of::<Attributes>()), (16, 56));
    }
}
