//! The attribute map as it stands on the wire: any kind of JSON value becomes a [`Value`] with its kind noted, wire
//! order is kept, and of a key that stands twice the last one counts.

use super::{
    cursor::{Cursor, Quoted},
    outline::Run,
};
use crate::domain::{AttributeDelta as Told, Attributes, JsonKind, Value, ValueRef};
use compact_str::CompactString;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, ops::Range};

/// An attribute map in wire order, keys unique.
pub type AttributeMap = Vec<(CompactString, Value)>;

/// Reads an attribute map. `None` when it is not an object.
pub fn parse(json: &str) -> Result<Option<AttributeMap>, serde_json::Error> {
    if !json.starts_with('{') {
        return Ok(None);
    }
    serde_json::from_str::<Wire>(json).map(|wire| Some(wire.0))
}

/// The value that a piece of valid JSON stands for.
pub fn value(json: &str) -> Value {
    match kind(json) {
        JsonKind::Text => Value::text(string(json)),
        kind => Value::of_kind(json, kind),
    }
}

/// What a piece of valid JSON is.
fn kind(json: &str) -> JsonKind {
    match json.as_bytes().first() {
        Some(b'"') => JsonKind::Text,
        Some(b'{' | b'[') => JsonKind::Nested,
        Some(b't' | b'f') => JsonKind::Bool,
        Some(b'n') => JsonKind::Null,
        _ => JsonKind::Number,
    }
}

/// Reads the attribute map at the cursor.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<AttributeMap> {
    let mut map = AttributeMap::new();
    cursor.object(|cursor, key| {
        let key = key.text()?;
        map.push((CompactString::new(key), read_value(cursor)?));
        Some(())
    })?;
    keep_last(&mut map);
    Some(map)
}

fn read_value(cursor: &mut Cursor<'_>) -> Option<Value> {
    if cursor.peek()? == b'"' {
        return Some(Value::text(cursor.string()?.text()?));
    }
    cursor.value().map(value)
}

/// What an attribute map says that is not known.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Values that differ and keys that are new, in the order of the map.
    pub told: Vec<Told>,
    /// Places of the known attributes that it does not have.
    pub gone: Vec<usize>,
}

/// Most attributes of a participant that a map is compared with; of more it is read whole.
const MOST: usize = 512;

/// What came of comparing an attribute map.
#[derive(Debug)]
pub(super) struct Compared {
    pub news: News,
    /// What is known stands in it in the known order, and before what is new.
    pub in_order: bool,
}

/// Compares the attribute map at the cursor with what is known. `None`, too, for a key that stands twice.
pub(super) fn compare(cursor: &mut Cursor<'_>, known: &Attributes) -> Option<Compared> {
    let mut map = Comparison::with(known)?;
    let mut count = 0;
    cursor.expect(b'{')?;
    let mut more = !cursor.take(b'}');
    while more {
        map.attribute(cursor)?;
        count += 1;
        more = cursor.goes_on(b'}')?;
    }
    Some(map.end(count))
}

/// As [`compare`] for a map of `count` attributes, all of which but these runs are as they are known.
pub(super) fn compare_runs(raw: &str, known: &Attributes, runs: &[Run], count: u32) -> Option<Compared> {
    let mut map = Comparison::with(known)?;
    let mut next = 0;
    for run in runs {
        map.as_before(next..run.first as usize)?;
        let mut cursor = Cursor::from(raw, run.start as usize);
        for nth in 0..run.count {
            if nth > 0 {
                cursor.expect(b',')?;
            }
            map.attribute(&mut cursor)?;
        }
        next = (run.first + run.count) as usize;
    }
    map.as_before(next..count as usize)?;
    Some(map.end(count as usize))
}

/// An attribute map that is compared with what is known.
struct Comparison<'k> {
    known: &'k Attributes,
    news: News,
    /// The known attributes that it has, by their places.
    seen: [u64; MOST / 64],
    /// The known attribute that is expected next.
    next: usize,
    in_order: bool,
}

impl<'k> Comparison<'k> {
    /// With these; `None` if they are too many.
    fn with(known: &'k Attributes) -> Option<Self> {
        (known.len() <= MOST).then(|| Self {
            known,
            news: News::default(),
            seen: [0; MOST / 64],
            next: 0,
            in_order: true,
        })
    }

    /// Reads an attribute.
    fn attribute(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        // The wire keeps its order, so the key is nearly always where it was last time.
        let place = match self.known.key(self.next) {
            Some(key) if cursor.takes(key.as_str()) => Ok(self.next),
            _ => find(cursor.string()?, self.known)?,
        };
        cursor.expect(b':')?;
        let told = &mut self.news.told;
        match place {
            Ok(place) => {
                if let Some(value) = other_value(cursor, self.known.at(place)?.value)? {
                    told.push(Told::Value { place, value });
                }
                self.as_before(place..place + 1)
            }
            Err(key) => {
                let is_known = |told: &Told| matches!(told, Told::New { key: known, .. } if *known == key);
                if told.iter().any(is_known) {
                    return None;
                }
                told.push(Told::New { key, value: read_value(cursor)? });
                self.next = self.known.len();
                Some(())
            }
        }
    }

    /// These are there; `None` for one that was there before, or that is not known.
    fn as_before(&mut self, places: Range<usize>) -> Option<()> {
        if places.is_empty() {
            return Some(());
        }
        self.in_order &= self.next <= places.start;
        self.next = places.end;
        for place in places {
            let (seen, bit) = (self.seen.get_mut(place / 64).filter(|_| place < self.known.len())?, 1 << (place % 64));
            if *seen & bit != 0 {
                return None;
            }
            *seen |= bit;
        }
        Some(())
    }

    /// It had `count` attributes.
    fn end(mut self, count: usize) -> Compared {
        let new = self.news.told.iter().filter(|told| matches!(told, Told::New { .. })).count();
        if count - new < self.known.len() {
            let is_gone = |place: &usize| self.seen[place / 64] & (1 << (place % 64)) == 0;
            self.news.gone.extend((0..self.known.len()).filter(is_gone));
        }
        Compared { news: self.news, in_order: self.in_order }
    }
}

/// The place of the attribute with this key, or the key if there is none.
fn find(key: Quoted<'_>, known: &Attributes) -> Option<Result<usize, CompactString>> {
    for place in 0..known.len() {
        if key.is(known.key(place)?.as_str())? {
            return Some(Ok(place));
        }
    }
    Some(Err(CompactString::new(key.text()?)))
}

/// The value at the cursor, if it is another one than this.
fn other_value(cursor: &mut Cursor<'_>, known: ValueRef<'_>) -> Option<Option<Value>> {
    let is_text = known.kind() == JsonKind::Text;
    if is_text && cursor.takes(known.as_str()) {
        return Some(None);
    }
    if cursor.peek()? == b'"' {
        return Some(Some(Value::text(cursor.string()?.text()?)));
    }
    let json = cursor.value()?;
    let same = known.kind() == kind(json) && known.as_str() == json;
    Some((!same).then(|| value(json)))
}

/// Decodes a JSON string, quotes included. A lone surrogate, which no Rust string can hold, becomes U+FFFD.
fn string(json: &str) -> CompactString {
    let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return CompactString::new(inner);
    }
    match serde_json::from_str::<Cow<'_, str>>(json) {
        Ok(text) => CompactString::new(text),
        Err(_) => serde_json::from_str::<Wtf8>(json)
            .map(|bytes| CompactString::from_utf8_lossy(&bytes.0))
            .unwrap_or_else(|_| CompactString::new(inner)),
    }
}

/// serde_json hands out strings with lone surrogates when bytes are asked for.
struct Wtf8(Vec<u8>);

impl<'de> Deserialize<'de> for Wtf8 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Bytes).map(Wtf8)
    }
}

struct Wire(AttributeMap);

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor).map(Self)
    }
}

struct MapVisitor;

impl<'de> Visitor<'de> for MapVisitor {
    type Value = AttributeMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<AttributeMap, A::Error> {
        let mut map = AttributeMap::new();
        while let Some((key, raw)) = access.next_entry::<Key<'de>, &'de RawValue>()? {
            map.push((CompactString::new(key.0), value(raw.get())));
        }
        keep_last(&mut map);
        Ok(map)
    }
}

/// A key: escapes decoded, lone surrogates made harmless.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Key)
    }
}

/// Of equal keys keeps the last value, at the place of the first.
fn keep_last(map: &mut AttributeMap) {
    // Maps are small; only a large one is worth a set.
    let doubled = if map.len() <= 16 {
        (1..map.len()).any(|i| map[..i].iter().any(|(key, _)| *key == map[i].0))
    } else {
        let mut seen = rustc_hash::FxHashSet::default();
        map.iter().any(|(key, _)| !seen.insert(key.as_str()))
    };
    if !doubled {
        return;
    }
    let mut places = rustc_hash::FxHashMap::<CompactString, usize>::default();
    let mut kept = AttributeMap::new();
    for (key, value) in map.drain(..) {
        match places.get(&key) {
            Some(&place) => {
                if let Some(slot) = kept.get_mut(place) {
                    slot.1 = value;
                }
            }
            None => {
                places.insert(key.clone(), kept.len());
                kept.push((key, value));
            }
        }
    }
    *map = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> AttributeMap {
        let map = parse(json).unwrap().unwrap();
        if let Some(read) = super::read(&mut Cursor::new(json)) {
            assert_eq!(read, map, "in one pass: {json}");
        }
        map
    }

    #[test]
    fn every_kind_is_kept_as_written() {
        let map = read(r#"{"s":"a","n":1.50,"b":false,"z":null,"o":{"a": [1]},"l":[1, 2],"e":"\u00e9\n"}"#);
        let kinds: Vec<_> = map.iter().map(|(k, v)| (k.as_str(), v.as_str(), v.kind())).collect();
        assert_eq!(
            kinds,
            [
                ("s", "a", JsonKind::Text),
                ("n", "1.50", JsonKind::Number),
                ("b", "false", JsonKind::Bool),
                ("z", "null", JsonKind::Null),
                ("o", r#"{"a": [1]}"#, JsonKind::Nested),
                ("l", "[1, 2]", JsonKind::Nested),
                ("e", "é\n", JsonKind::Text),
            ]
        );
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        let map = read(r#"{"a":"1","b":"2","a":"3"}"#);
        assert_eq!(map, [("a".into(), "3".into()), ("b".into(), "2".into())]);
        let many: Vec<String> = (0..40).map(|i| format!(r#""k{}":"{i}""#, i % 20)).collect();
        let map = read(&format!("{{{}}}", many.join(",")));
        assert_eq!(map.len(), 20);
        assert_eq!(map[3], ("k3".into(), "23".into()));
    }

    #[test]
    fn a_lone_surrogate_costs_a_character_not_the_frame() {
        let map = read(r#"{"a":"x\ud800y"}"#);
        assert!(map[0].1.as_str().starts_with('x') && map[0].1.as_str().ends_with('y'));
    }

    #[test]
    fn anything_but_an_object_is_no_map() {
        for json in ["[]", "null", "1", "\"{\""] {
            assert_eq!(parse(json).unwrap(), None);
        }
    }
}
