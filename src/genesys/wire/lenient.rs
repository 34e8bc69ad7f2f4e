//! Field types that accept what the schema promises and shrug at anything else: one field of an unexpected kind must
//! not cost a whole event.

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// Text, borrowed from the message where it has no escapes. Missing, `null` or of another kind: `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text, if there was any.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text unless it is missing or empty.
    pub fn filled(&self) -> Option<&str> {
        self.get().filter(|t| !t.is_empty())
    }

    /// The text as a point in time; `None` when it is not one.
    pub fn time(&self) -> Option<Timestamp> {
        self.get()?.parse().ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shrug(TextSlot)).map(Self)
    }
}

/// `true` or `false`; anything else is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shrug(FlagSlot)).map(Self)
    }
}

/// A whole number; anything else is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Int(pub Option<i64>);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shrug(IntSlot)).map(Self)
    }
}

/// A value that is still text; `null` is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw<'a>(pub Option<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<&'a RawValue>::deserialize(deserializer).map(|raw| Self(raw.map(RawValue::get)))
    }
}

/// A list; anything but an array is an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData)).map(Self)
    }
}

/// What one kind of field takes; everything it does not take is `None`.
trait Slot<'de>: Sized {
    type Out;
    fn borrowed(self, _: &'de str) -> Option<Self::Out> {
        None
    }
    fn owned(self, _: &str) -> Option<Self::Out> {
        None
    }
    fn boolean(self, _: bool) -> Option<Self::Out> {
        None
    }
    fn int(self, _: i64) -> Option<Self::Out> {
        None
    }
}

struct TextSlot;
impl<'de> Slot<'de> for TextSlot {
    type Out = Cow<'de, str>;
    fn borrowed(self, text: &'de str) -> Option<Self::Out> {
        Some(Cow::Borrowed(text))
    }
    fn owned(self, text: &str) -> Option<Self::Out> {
        Some(Cow::Owned(text.to_owned()))
    }
}

struct FlagSlot;
impl Slot<'_> for FlagSlot {
    type Out = bool;
    fn boolean(self, value: bool) -> Option<bool> {
        Some(value)
    }
}

struct IntSlot;
impl Slot<'_> for IntSlot {
    type Out = i64;
    fn int(self, value: i64) -> Option<i64> {
        Some(value)
    }
}

struct Shrug<S>(S);

impl<'de, S: Slot<'de>> Visitor<'de> for Shrug<S> {
    type Value = Option<S::Out>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(self.0.borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.owned(text))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.0.boolean(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.0.int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).ok().and_then(|v| self.0.int(v)))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Probe<'a> {
        #[serde(borrow)]
        text: Text<'a>,
        flag: Flag,
        int: Int,
        #[serde(borrow)]
        list: List<Text<'a>>,
    }

    #[test]
    fn takes_what_fits_and_shrugs_at_the_rest() {
        let probe: Probe = serde_json::from_str(r#"{"text":"a\nb","flag":true,"int":7,"list":["x",null]}"#).unwrap();
        assert_eq!(probe.text.get(), Some("a\nb"));
        assert_eq!((probe.flag.0, probe.int.0, probe.list.0.len()), (Some(true), Some(7), 2));
        for odd in ["1", "1.5", "-1", "null", "{}", "{\"a\":[1]}", "[[]]", "\"\"", "true", "1e400"] {
            let json = format!(r#"{{"text":{odd},"flag":{odd},"int":{odd},"list":{odd}}}"#);
            let read = serde_json::from_str::<Probe>(&json);
            assert_eq!(read.is_ok(), odd != "1e400", "{odd}");
        }
    }

    #[test]
    fn both_spellings_of_an_offset_are_times() {
        for time in ["2026-11-20T14:02:11.341Z", "2026-11-20T14:02:11.341+0000", "2026-11-20T14:02:11.341+00:00"] {
            let text = Text(Some(time.into()));
            assert_eq!(text.time().map(|t| t.to_string()).as_deref(), Some("2026-11-20T14:02:11.341Z"), "{time}");
        }
        assert_eq!(Text(Some("yesterday".into())).time(), None);
    }
}
