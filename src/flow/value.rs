//! Values while a flow runs. A variable has a value, or is not set, or is [`Val::Unknown`] with the reason: then whatever
//! is computed from it is unknown too, unless it does not depend on it. Nothing is guessed.

use jiff::Timestamp;
use serde_json::Value as Json;
use std::fmt;

/// The largest whole number of [`DIGITS`] digits. Larger ones may not be exact as the 64-bit floats that numbers are computed with.
const EXACT: f64 = 999_999_999_999_999.0;

/// Largest text that is computed with, in bytes; a flow that doubles a text in a loop has to end somewhere. What the platform
/// allows is not verified.
const TEXT: usize = 1 << 20;
/// Most parts of a list or object, and how deep they may be packed into each other.
const PARTS: usize = 20_000;
const DEPTH: usize = 64;

/// A value in a running flow.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// `NOT_SET`.
    NotSet,
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Bool(bool),
    /// A duration in milliseconds.
    Duration(i64),
    /// A date and time.
    Time(Timestamp),
    /// A list or an object, as a data action returns them, or a number too large to compute with.
    Data(Json),
    /// Not known, and why.
    Unknown(Why),
}

/// Why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An action wrote it whose result was not given; its name.
    By(String),
    /// Anything else, as a clause.
    Because(String),
}

impl Why {
    /// The reason as it stands behind a colon or in brackets.
    pub fn text(&self) -> String {
        match self {
            Self::By(action) => format!("by {action}"),
            Self::Because(what) => what.clone(),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(action) => write!(f, "by {action}"),
            Self::Because(what) => f.write_str(what),
        }
    }
}

impl Val {
    /// Unknown for this reason.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(Why::Because(why.into()))
    }

    /// Unknown because this action wrote it.
    pub fn by(action: &str) -> Self {
        Self::Unknown(Why::By(action.to_owned()))
    }

    /// The value, unless it is larger than what is computed with here.
    #[must_use]
    pub fn bounded(self) -> Self {
        let fits = match &self {
            Self::Text(text) => text.len() <= TEXT,
            Self::Data(json) => fits(json, DEPTH, &mut PARTS.clone(), &mut TEXT.clone()),
            _ => true,
        };
        if fits { self } else { Self::unknown("it is too large to compute with here") }
    }

    /// Whether it is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// A computed number: rounding errors of the last digits are cut off, and what cannot be exact is unknown.
    pub fn number(number: f64) -> Self {
        if !number.is_finite() || number.abs() > EXACT {
            return Self::unknown("the number is too large, or has too many digits, to be exact here");
        }
        if number.fract() == 0.0 {
            // Never `-0`.
            return Self::Number(number + 0.0);
        }
        Self::Number(format!("{number:.14e}").parse().unwrap_or(number))
    }

    /// A value from JSON; `null` is not set.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::NotSet,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_f64() {
                Some(value) if value.abs() <= EXACT && digits(&value.to_string()) <= DIGITS => Self::Number(value),
                _ => Self::Data(json.clone()),
            },
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(_) | Json::Object(_) => Self::Data(json.clone()),
        }
    }

    /// The value as an element of a list; nothing for what JSON has no form for.
    pub fn to_json(&self) -> Option<Json> {
        match self {
            Self::NotSet => Some(Json::Null),
            Self::Text(text) => Some(text.as_str().into()),
            Self::Bool(value) => Some((*value).into()),
            Self::Number(number) if number.fract() == 0.0 => Some((*number as i64).into()),
            Self::Number(number) => Some((*number).into()),
            Self::Data(json) => Some(json.clone()),
            Self::Duration(_) | Self::Time(_) | Self::Unknown(_) => None,
        }
    }

    /// The text form, when it is certain: what `ToString` gives. The platform's text of a duration or a time is not
    /// verified, nor how many digits it writes of an endless fraction.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => {
                let text = number.to_string();
                let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                // Of a number that may have been rounded here, the last digits are not sure.
                (fraction == 0 || fraction <= 10 && digits(&text) <= 12).then_some(text)
            }
            Self::Bool(value) => Some(value.to_string()),
            Self::Data(Json::Number(number)) if number.is_i64() || number.is_u64() => Some(number.to_string()),
            Self::NotSet | Self::Duration(_) | Self::Time(_) | Self::Data(_) | Self::Unknown(_) => None,
        }
    }

    /// Whether a variable of this type can hold the value. What is not set, and what is not known, any can.
    pub fn fits(&self, kind: Type) -> bool {
        match (kind, self) {
            (_, Self::NotSet | Self::Unknown(_)) | (Type::Other, _) => true,
            (Type::Text, Self::Text(_))
            | (Type::Number, Self::Number(_))
            | (Type::Bool, Self::Bool(_))
            | (Type::Time, Self::Time(_))
            | (Type::Duration, Self::Duration(_))
            | (Type::Json, Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::Data(_))
            | (Type::List, Self::Data(Json::Array(_)))
            | (Type::Object, Self::Data(Json::Object(_))) => true,
            (Type::Integer, Self::Number(number)) => number.fract() == 0.0,
            (Type::Integer, Self::Data(Json::Number(number))) => number.is_i64() || number.is_u64(),
            (Type::Number, Self::Data(Json::Number(_))) => true,
            _ => false,
        }
    }

    /// The value for a sentence: one that is long is cut.
    pub fn brief(&self) -> String {
        const SHOWN: usize = 60;
        let text = self.to_string();
        match text.char_indices().nth(SHOWN) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }

    /// The member at a dotted path below this value.
    pub fn below(&self, path: &str) -> Self {
        let mut here = match self {
            Self::Data(json) => json,
            Self::Unknown(why) => return Self::Unknown(why.clone()),
            Self::NotSet => return Self::unknown(format!("{path} of a value that is not set")),
            other => return Self::unknown(format!("{other} has no member {path} here")),
        };
        let mut rest = path;
        loop {
            // A name of the result may have dots of its own: `userParams.key`.
            if let Some(found) = member(here, rest) {
                return Self::from_json(found);
            }
            let Some((part, after)) = rest.split_once('.') else { break };
            let Some(next) = member(here, part) else { break };
            (here, rest) = (next, after);
        }
        Self::unknown(format!("the result has no {path}"))
    }

    /// The value as a text literal means it where one of this type is wanted: `5` is a number for an integer variable.
    #[must_use]
    pub fn typed(self, kind: Type) -> Self {
        let Self::Text(text) = &self else { return self };
        let bare = text.trim();
        match kind {
            Type::Integer | Type::Number => match decimal(bare) {
                Some(number) if kind == Type::Number || number.is_nan() || number.fract() == 0.0 => {
                    Self::number(number)
                }
                _ => self,
            },
            Type::Bool if bare.eq_ignore_ascii_case("true") => Self::Bool(true),
            Type::Bool if bare.eq_ignore_ascii_case("false") => Self::Bool(false),
            Type::Time => bare.parse().map_or(self, Self::Time),
            Type::Duration => span(bare).or_else(|| iso(bare)).map_or(self, Self::Duration),
            Type::Json => serde_json::from_str(bare).map_or(self, |json| Self::from_json(&json)),
            Type::List => match serde_json::from_str(bare) {
                Ok(list @ Json::Array(_)) => Self::Data(list),
                _ => self,
            },
            Type::Object => match serde_json::from_str(bare) {
                Ok(object @ Json::Object(_)) => Self::Data(object),
                _ => Self::Data(serde_json::json!({ "name": text })),
            },
            Type::Bool | Type::Text | Type::Other => self,
        }
    }
}

/// What type of value a place wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// `str`, `string`, `stringVariable`.
    Text,
    /// `int`, `integerVariable`.
    Integer,
    /// `dec`, `decimalVariable`.
    Number,
    /// `bln`, `booleanVariable`.
    Bool,
    /// `dtm`, `dateTimeVariable`.
    Time,
    /// `dur`, `durationVariable`.
    Duration,
    /// `jsn`, `jsonVariable`.
    Json,
    /// `stringCollection` and any other list.
    List,
    /// A queue, a skill, a user and whatever else has members of its own.
    Object,
    /// Not said, or a type that takes anything.
    #[default]
    Other,
}

impl Type {
    /// Reads the word that a file has for it: `int`, `integer`, `IntegerVariable`, `integerVariable`.
    pub fn of(word: &str) -> Self {
        let word = word.to_ascii_lowercase();
        match word.strip_suffix("variable").unwrap_or(&word) {
            "str" | "string" => Self::Text,
            "int" | "integer" => Self::Integer,
            "dec" | "decimal" | "num" | "number" => Self::Number,
            "bln" | "bool" | "boolean" => Self::Bool,
            "dtm" | "datetime" => Self::Time,
            "dur" | "duration" => Self::Duration,
            "jsn" | "json" => Self::Json,
            "" | "any" => Self::Other,
            list if list.ends_with("collection") || list.ends_with("_coll") || list.ends_with("list") => Self::List,
            _ => Self::Object,
        }
    }

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Time => "a date and time",
            Self::Duration => "a duration",
            Self::Json => "JSON",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Other => "anything",
        }
    }
}

/// Most digits of a number that is computed with: what a 64-bit float keeps of any.
const DIGITS: usize = 15;

/// How many digits of a written number count: all but zeros before the first other one.
fn digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    mantissa.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count()
}

/// A written number; not a number where it has more digits than are computed with. Nothing where it is none.
pub fn decimal(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    Some(if digits(text) > DIGITS { f64::NAN } else { number })
}

/// Reads `P0D0H1M0S0F`, the platform's text of a duration; its last part is fractions whose unit is not verified.
fn span(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('P')?;
    let mut total = 0_i64;
    for (unit, length) in [('D', 86_400_000), ('H', 3_600_000), ('M', 60_000), ('S', 1_000), ('F', 0)] {
        let (number, after) = rest.split_once(unit)?;
        let number: i64 = number.parse().ok()?;
        if length == 0 && number != 0 {
            return None;
        }
        total = total.checked_add(number.checked_mul(length)?)?;
        rest = after;
    }
    rest.is_empty().then_some(total)
}

/// Reads a duration of ISO 8601 in days, hours, minutes and seconds: `PT2M`, `P1DT12H`, `PT1.5S`. Years, months and weeks have no
/// one length, or are no parts of the platform's durations.
fn iso(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('P')?;
    let (mut total, mut parts, mut in_time) = (0_f64, 0, false);
    for (unit, length) in [('D', 86_400_000.0), ('H', 3_600_000.0), ('M', 60_000.0), ('S', 1_000.0)] {
        if unit != 'D' && !in_time {
            let Some(time) = rest.strip_prefix('T') else { break };
            (rest, in_time) = (time, true);
        }
        let Some((number, after)) = rest.split_once(unit) else { continue };
        let digits = |c: char| c.is_ascii_digit() || c == '.' && unit == 'S';
        if number.is_empty() || !number.chars().all(digits) {
            continue;
        }
        total += number.parse::<f64>().ok()? * length;
        (rest, parts) = (after, parts + 1);
    }
    let whole = total.is_finite() && total.fract() == 0.0 && total < 1e15;
    (rest.is_empty() && parts > 0 && whole && !text.ends_with('T')).then_some(total as i64)
}

/// Whether a value stays within a depth, a number of parts and a number of bytes of text.
fn fits(json: &Json, depth: usize, parts: &mut usize, bytes: &mut usize) -> bool {
    let (Some(less), Some(deeper)) = (parts.checked_sub(1), depth.checked_sub(1)) else { return false };
    *parts = less;
    let mut text = |length: usize| bytes.checked_sub(length).map(|left| *bytes = left).is_some();
    match json {
        Json::String(own) => text(own.len()),
        Json::Array(items) => items.iter().all(|item| fits(item, deeper, parts, bytes)),
        Json::Object(members) => {
            members.keys().all(|name| text(name.len())) && members.values().all(|item| fits(item, deeper, parts, bytes))
        }
        _ => true,
    }
}

fn member<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    match json {
        Json::Array(items) => name.parse().ok().and_then(|index: usize| items.get(index)),
        _ => json.get(name),
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet => f.write_str("not set"),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Duration(milliseconds) => write!(f, "{} s", *milliseconds as f64 / 1_000.0),
            Self::Time(time) => write!(f, "{time}"),
            Self::Data(json) => write!(f, "{json}"),
            Self::Unknown(why @ Why::By(_)) => write!(f, "unknown {why}"),
            Self::Unknown(Why::Because(why)) => write!(f, "unknown: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_into_results() {
        let data =
            Val::Data(serde_json::json!({"customer": {"tier": "gold", "tags": ["x"]}, "records.id": "7", "n": null}));
        assert_eq!(data.below("customer.tier"), Val::Text("gold".into()));
        assert_eq!(data.below("customer.tags.0"), Val::Text("x".into()));
        assert_eq!(data.below("records.id"), Val::Text("7".into()));
        assert_eq!(data.below("n"), Val::NotSet);
        for missing in ["customer.nope", "customer.Tier", "customer.tier.x", ""] {
            assert!(data.below(missing).is_unknown(), "{missing}");
        }
        assert!(Val::Text("x".into()).below("id").is_unknown());
        assert_eq!(Val::by("Bot").below("id"), Val::by("Bot"));
    }

    #[test]
    fn literals_take_the_type_of_their_place() {
        for (text, kind, value) in [
            ("5", Type::Integer, Val::Number(5.0)),
            ("5.5", Type::Integer, Val::Text("5.5".into())),
            ("Support", Type::Object, Val::Data(serde_json::json!({"name": "Support"}))),
            ("1.50", Type::Number, Val::Number(1.5)),
            ("five", Type::Number, Val::Text("five".into())),
            ("True", Type::Bool, Val::Bool(true)),
            ("5", Type::Text, Val::Text("5".into())),
            ("P0D0H1M0S0F", Type::Duration, Val::Duration(60_000)),
            ("P1D0H0M1S5F", Type::Duration, Val::Text("P1D0H0M1S5F".into())),
            ("PT2M", Type::Duration, Val::Duration(120_000)),
            ("P1DT1H", Type::Duration, Val::Duration(90_000_000)),
            ("PT1.5S", Type::Duration, Val::Duration(1_500)),
            ("PT", Type::Duration, Val::Text("PT".into())),
            ("P1DT", Type::Duration, Val::Text("P1DT".into())),
            ("P2M", Type::Duration, Val::Text("P2M".into())),
            ("PT2M1H", Type::Duration, Val::Text("PT2M1H".into())),
            ("{\"a\":1}", Type::Json, Val::Data(serde_json::json!({"a": 1}))),
        ] {
            assert_eq!(Val::Text(text.into()).typed(kind), value, "{text}");
        }
        for (words, kind) in [
            (&["int", "integer", "IntegerVariable", "integerVariable"][..], Type::Integer),
            (&["dec", "decimalVariable"], Type::Number),
            (&["stringCollectionVariable", "stringCollection", "str_coll"], Type::List),
            (&["queueVariable", "que", "ExternalContactVariable"], Type::Object),
            (&["", "any"], Type::Other),
        ] {
            assert!(words.iter().all(|word| Type::of(word) == kind), "{words:?}");
        }
    }

    #[test]
    fn a_variable_holds_what_its_type_has() {
        let list = Val::Data(serde_json::json!(["a"]));
        let object = Val::Data(serde_json::json!({"id": "q"}));
        for (kind, holds, not) in [
            (Type::Integer, vec![Val::Number(3.0)], vec![Val::Number(3.5), Val::Text("3".into()), Val::Bool(true)]),
            (Type::Number, vec![Val::Number(3.5)], vec![Val::Text("3.5".into()), Val::Duration(1)]),
            (Type::Text, vec![Val::Text("3".into())], vec![Val::Number(3.0), list.clone(), object.clone()]),
            (Type::Bool, vec![Val::Bool(false)], vec![Val::Text("false".into()), Val::Number(0.0)]),
            (Type::List, vec![list.clone()], vec![object.clone(), Val::Text("a".into())]),
            (Type::Object, vec![object.clone()], vec![list.clone(), Val::Text("Support".into())]),
            (Type::Json, vec![list.clone(), object, Val::Text("a".into())], vec![Val::Duration(1)]),
            (Type::Other, vec![list, Val::Duration(1)], vec![]),
        ] {
            assert!(holds.iter().chain([&Val::NotSet, &Val::by("X")]).all(|value| value.fits(kind)), "{kind:?}");
            assert!(not.iter().all(|value| !value.fits(kind)), "{kind:?}");
        }
    }

    #[test]
    fn texts_are_given_only_where_they_are_certain() {
        for (value, text) in [
            (Val::number(0.1 + 0.2), Some("0.3")),
            (Val::number(1.0 / 3.0), None),
            (Val::number(-0.0), Some("0")),
            (Val::number(123_456_789.123_457), None),
            (Val::number(123_456_789_123_456.0), Some("123456789123456")),
            (Val::from_json(&serde_json::json!(123_456_789.123_456_78)), None),
            (Val::from_json(&serde_json::json!(12_345_678_901_234_567_890_u64)), Some("12345678901234567890")),
            (Val::Duration(1), None),
            (Val::NotSet, None),
        ] {
            assert_eq!(value.text().as_deref(), text, "{value}");
        }
        assert!(Val::number(1e300).is_unknown());
        assert!(decimal("123456789.1234567").is_some_and(f64::is_nan) && decimal("0.000000012345") == Some(1.2345e-8));
        assert_eq!(Val::by("Call Bot Flow").to_string(), "unknown by Call Bot Flow");
    }
}
