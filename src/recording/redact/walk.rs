//! What to do with each string of what the platform sent, by where it stands.

use super::{
    json::{self, Leaf},
    words::{PATH_FIELDS, WORD_FIELDS},
};
use jiff::Timestamp;

/// What a string is, as far as that decides what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class<'a> {
    /// The value, or a part of the value, of the attribute with this key.
    Attribute(&'a str),
    /// The key of an attribute.
    AttributeKey,
    /// A name, an address, an id: personal unless known better.
    Personal,
    /// A path or a topic.
    Path,
    /// A message of a program or a server.
    Message,
}

/// Does what is to be done: collects originals, or replaces them.
pub(super) trait Sink {
    /// A string that is not kept anyway; what takes its place.
    fn text(&mut self, class: Class<'_>, text: &str) -> Option<String>;
    /// A number within an attribute's value.
    fn number(&mut self, key: &str, number: &str) -> Option<String>;
    /// The name of a member, which is structure and stays.
    fn member(&mut self, _name: &str) {}
    /// A moment, which stays unless times are to be moved.
    fn time(&mut self, _text: &str) -> Option<String> {
        None
    }
    /// A moment as a number since 1970, as [`Self::time`].
    fn moment(&mut self, _number: &str, _unit: Unit) -> Option<String> {
        None
    }
    /// Text that should have been JSON and is not.
    fn unreadable(&mut self, text: &str) -> Option<String>;
}

/// Walks a frame or a body; the text that takes its place.
pub(super) fn walk(text: &str, sink: &mut dyn Sink) -> Option<String> {
    let rewritten = json::rewrite(text, &mut |path, leaf| {
        let attribute = attribute(path);
        match (leaf, attribute) {
            // A nested value is not what the schema allows, but it is seen; names in it are structure.
            (Leaf::Key(key), Within::Map) => sink.text(Class::AttributeKey, key),
            (Leaf::Key(name), _) => {
                sink.member(name);
                None
            }
            (Leaf::Number(number), Within::Elsewhere | Within::Map) => {
                unit(path, number).and_then(|unit| sink.moment(number, unit))
            }
            (Leaf::Text(text), Within::Value(key)) => sink.text(Class::Attribute(key), text),
            (Leaf::Number(number), Within::Value(key)) => sink.number(key, number),
            (Leaf::Text(text), _) if is_time(path, text) => sink.time(text),
            (Leaf::Text(text), _) => {
                let class = classify(path, text)?;
                sink.text(class, text)
            }
        }
    });
    match rewritten {
        Some(rewritten) => Some(rewritten),
        None => sink.unreadable(text),
    }
}

enum Within<'a> {
    /// In no attribute map.
    Elsewhere,
    /// Directly in the map.
    Map,
    /// In the value of this key.
    Value(&'a str),
}

fn attribute(path: &[String]) -> Within<'_> {
    match path.iter().position(|name| name == "attributes") {
        None => Within::Elsewhere,
        Some(map) => path.get(map + 1).map_or(Within::Map, |key| Within::Value(key)),
    }
}

/// `None`: the string stays.
fn classify<'a>(path: &[String], text: &str) -> Option<Class<'a>> {
    let field = path.last().map_or("", String::as_str);
    if WORD_FIELDS.contains(&field) && is_word(text) {
        return None;
    }
    let is_topic = field == "id" && text.starts_with("v2.");
    if is_topic || PATH_FIELDS.contains(&field) || field.ends_with("Uri") {
        return Some(Class::Path);
    }
    if matches!(field, "message" | "messageWithParams" | "reason" | "error_description" | "rejectionReason") {
        return Some(Class::Message);
    }
    Some(Class::Personal)
}

/// A moment in a field for one.
fn is_time(path: &[String], text: &str) -> bool {
    path.last().is_some_and(|field| is_time_field(field)) && text.parse::<Timestamp>().is_ok()
}

fn is_time_field(field: &str) -> bool {
    field.ends_with("Time") || field.ends_with("Date") || matches!(field, "expires" | "dateCreated" | "dateModified")
}

/// What a moment counts since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

/// The years 2001 to 2100, in seconds.
const MOMENTS: std::ops::Range<u64> = 1_000_000_000..4_102_444_800;

/// Whether the number is a moment: one of milliseconds by its size alone, for nothing else that the platform sends is as large;
/// one of seconds by its field, too.
fn unit(path: &[String], number: &str) -> Option<Unit> {
    let whole: u64 = number.split_once('.').map_or(number, |(whole, _)| whole).parse().ok()?;
    if MOMENTS.contains(&(whole / 1_000)) {
        return Some(Unit::Milliseconds);
    }
    let names_one = |field: &String| is_time_field(field) || field.to_ascii_lowercase().ends_with("timestamp");
    (MOMENTS.contains(&whole) && path.last().is_some_and(names_one)).then_some(Unit::Seconds)
}

/// One word of the platform's vocabulary, as far as its shape tells.
fn is_word(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && text.chars().filter(char::is_ascii_digit).count() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Show(Vec<String>);

    impl Sink for Show {
        fn text(&mut self, class: Class<'_>, text: &str) -> Option<String> {
            self.0.push(format!("{class:?} {text}"));
            None
        }
        fn number(&mut self, key: &str, number: &str) -> Option<String> {
            self.0.push(format!("{key} {number}"));
            None
        }
        fn unreadable(&mut self, text: &str) -> Option<String> {
            self.0.push(format!("unreadable {text}"));
            None
        }
    }

    fn seen(text: &str) -> Vec<String> {
        let mut show = Show::default();
        walk(text, &mut show);
        show.0
    }

    #[test]
    fn place_decides() {
        let frame = r#"{"topicName":"v2.routing.queues.9a1f.conversations","version":"2","eventBody":{"id":"1f1c",
            "participants":[{"purpose":"customer","name":"Dana","connectedTime":"2026-11-20T14:02:11.341Z","held":false,
            "attributes":{"tier":"gold","n":5,"nested":{"a":["b"]},"none":null},"calls":[{"state":"connected","x":1}],
            "startTime":"not a time"}]},"metadata":{"CorrelationId":"7b7a"}}"#;
        assert_eq!(
            seen(frame),
            [
                "Path v2.routing.queues.9a1f.conversations",
                "Personal 1f1c",
                "Personal Dana",
                "AttributeKey tier",
                "Attribute(\"tier\") gold",
                "AttributeKey n",
                "n 5",
                "AttributeKey nested",
                "Attribute(\"nested\") b",
                "AttributeKey none",
                "Personal not a time",
                "Personal 7b7a",
            ]
        );
        assert_eq!(seen("{\"state\":\"Dana W.\",\"message\":\"no\"}"), ["Personal Dana W.", "Message no"]);
        assert_eq!(seen("{\"a\":"), ["unreadable {\"a\":"]);
    }

    #[test]
    fn a_moment_is_known_by_its_size_or_its_field() {
        let path = |field: &str| [field.to_owned()];
        for (field, number, expected) in [
            ("eventTime", "1795183411647", Some(Unit::Milliseconds)),
            ("participantStartTime", "1795183411647.25", Some(Unit::Milliseconds)),
            ("anything", "1795183411647", Some(Unit::Milliseconds)),
            ("connectedTime", "1795183411", Some(Unit::Seconds)),
            ("eventTimestamp", "1795183411", Some(Unit::Seconds)),
            ("count", "1795183411", None),
            ("eventTime", "5", None),
            ("eventTime", "-1795183411647", None),
            ("eventTime", "1e12", None),
        ] {
            assert_eq!(unit(&path(field), number), expected, "{field}: {number}");
        }
    }
}
