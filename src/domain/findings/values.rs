//! Rules that look at one value.

use super::notes::Notes;
use super::shown::{shown_key, shown_masked, shown_value};
use super::{RuleId, Severity, is_system_key};
use crate::domain::mask::{self, Personal, PersonalKind};
use crate::domain::{Attribute, Conversation, JsonKind, Participant, json};
use regex::Regex;
use std::sync::LazyLock;

/// What programs write where a value was missing. Whole values only: as a part of a sentence they are words.
const HOLES: [&str; 5] = ["undefined", "null", "NOT_SET", "NaN", "[object Object]"];

/// Characters that Set Participant Data of a bot flow takes.
const BOT_VALUE: usize = 256;

/// Keys of numbers that are long and mean no person. Their digits pass Luhn one time in ten.
const NUMBERED: [&str; 15] = [
    "order",
    "ticket",
    "case",
    "session",
    "conversation",
    "tracking",
    "invoice",
    "time",
    "uuid",
    "guid",
    "trace",
    "correlation",
    "interaction",
    "request",
    "reference",
];

static TEMPLATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{[^{}]{1,200}\}\}|\$\{[^{}]{1,200}\}").ok());

/// Examines one attribute. `has_value_before`: it had another value, so a blank is somebody's way to remove it.
pub(super) fn examine(
    call: &Conversation,
    participant: &Participant,
    attribute: Attribute<'_>,
    has_value_before: bool,
    notes: &mut Notes<'_>,
) {
    let (key, value) = (attribute.key.as_str(), attribute.value.as_str());
    let mut note = |rule, severity, message: String| {
        notes.add(rule, severity, Some(&participant.id), Some(attribute.key), message);
    };
    if attribute.value.kind() != JsonKind::Text {
        let kind = match attribute.value.kind() {
            JsonKind::Number => "a number",
            JsonKind::Bool => "true or false",
            JsonKind::Null => "null",
            JsonKind::Nested | JsonKind::Text => "an object or array",
        };
        note(RuleId::NotAString, None, format!("{} was sent as {kind}: {}", shown_key(key), shown_value(value)));
    } else if let Some(hole) = unresolved(value) {
        note(RuleId::UnresolvedTemplate, None, format!("{} holds {}", shown_key(key), shown_value(hole)));
    }
    if let Some(message) = wrapped(key, value) {
        note(RuleId::WrappedPayload, None, message);
    }
    if is_system_key(key) {
        // The platform's own data: as it is.
        return;
    }
    if value.trim().is_empty() && !has_value_before {
        let message = match value.chars().count() {
            0 => format!("{} is set to nothing", shown_key(key)),
            n => format!("{} is set to {n} space character{}", shown_key(key), if n == 1 { "" } else { "s" }),
        };
        note(RuleId::Blank, None, message);
    }
    if value.len() > BOT_VALUE && has_bot(call) {
        let length = value.chars().count();
        if length > BOT_VALUE {
            let message = format!("{} has {length} characters; a bot flow can write {BOT_VALUE}", shown_key(key));
            note(RuleId::TooLong, None, message);
        }
    }
    let found = mask::find(value);
    if let Some(kind) = personal(call, key, value, &found) {
        let severity = match kind {
            PersonalKind::Card | PersonalKind::NationalId => None,
            PersonalKind::Email | PersonalKind::Phone => Some(Severity::Info),
        };
        let message =
            format!("{} holds what looks like {}: {}", shown_key(key), kind.as_str(), shown_masked(value, found));
        note(RuleId::PersonalDataInClear, severity, message);
    }
}

/// A bot flow takes or took part.
pub(super) fn has_bot(call: &Conversation) -> bool {
    call.participants.iter().any(|p| p.purpose.as_str() == "botflow")
}

/// The part of the value that nobody filled in.
pub(crate) fn unresolved(value: &str) -> Option<&str> {
    let trimmed = value.trim();
    if HOLES.contains(&trimmed) {
        return Some(trimmed);
    }
    // Most values hold neither.
    memchr::memchr2(b'{', b'[', value.as_bytes())?;
    if (value.contains("{{") || value.contains("${"))
        && let Some(template) = TEMPLATE.as_ref().and_then(|template| template.find(value))
    {
        // `{{` also begins nothing else than a template; `${}` within a JSON text is a template all the same.
        return Some(template.as_str());
    }
    value.contains("[object Object]").then_some("[object Object]")
}

/// What is wrapped, if the value or the key is a wrapper.
fn wrapped(key: &str, value: &str) -> Option<String> {
    let is_wrapper = |name: &str| matches!(name, "data" | "attributes");
    // Names may be written with escapes.
    let may_wrap = value.trim_start().starts_with('{')
        && (is_wrapper(key) || ["data", "attributes", "\\"].iter().any(|part| value.contains(part)));
    if let Some(fields) = may_wrap.then(|| json::fields(value)).flatten() {
        if is_wrapper(key) {
            return Some(format!("{key} is a wrapper, not a key: its value is an object of {} keys", fields.len()));
        }
        let inner = fields.iter().find(|(name, shape)| is_wrapper(name) && *shape == json::Shape::Object)?;
        return Some(format!("{} holds a whole payload: its keys are under {} in the value", shown_key(key), inner.0));
    }
    let key_is_json = key.trim_start().starts_with('{') && key.contains(':');
    key_is_json.then(|| format!("the key itself is a payload: {}", shown_key(key)))
}

/// What kind of personal data was found here, unless the call shows it anyway.
fn personal(call: &Conversation, key: &str, value: &str, found: &[Personal]) -> Option<PersonalKind> {
    let kind = found.iter().map(|(_, kind)| *kind).min()?;
    match kind {
        PersonalKind::Card => {
            let key = key.to_ascii_lowercase();
            let numbered = NUMBERED.iter().any(|word| key.contains(word));
            return (!numbered).then_some(kind);
        }
        PersonalKind::NationalId => return Some(kind),
        PersonalKind::Email | PersonalKind::Phone => {}
    }
    let mut addresses = call
        .participants
        .iter()
        .flat_map(|p| [p.address.as_deref(), p.dnis.as_deref()])
        .chain([call.address.as_deref()])
        .flatten();
    let shown_anyway = match kind {
        PersonalKind::Phone => {
            let is_same = |a: &str| digits(a).eq(digits(value));
            addresses.any(is_same)
        }
        _ => addresses.any(|a| a.to_lowercase().contains(&value.trim().to_lowercase())),
    };
    (!shown_anyway).then_some(kind)
}

fn digits(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_digit)
}
