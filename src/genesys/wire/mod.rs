//! The platform's JSON, decoded into the vocabulary of the domain. Pure; never panics on any input.

pub mod attributes;
mod conversation;
mod cursor;
mod decoder;
mod difference;
mod flow;
mod lenient;
mod marks;
mod outline;
pub mod rest;
mod scan;
mod system;

pub use decoder::{Decoder, decode, decode_outlined};
pub use outline::{Outline, StreamMemory};
pub use scan::{Head, head};
pub use system::Control;

use super::topic::TopicKind;
use crate::domain::{AttributesEvent, ConversationId, Delta, FlowFact, ParticipantId, Snapshot};
use compact_str::CompactString;
use lenient::{Int, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One message of the notification socket, decoded.
#[derive(Clone, Debug, PartialEq)]
pub enum WireFrame {
    /// A conversation event: the state of a whole conversation, or of the legs of one medium (`snapshot.partial`).
    Conversation(Snapshot),
    /// The same, as its difference from what a board knows.
    Delta(Delta),
    /// The attributes detail event.
    Attributes(AttributesEvent),
    /// A conversation entered or left a flow.
    Flow(FlowFact),
    /// Something about the channel or the token, for the link.
    Control(Control),
    /// A well-formed event of a topic that this program has no use for.
    Unknown {
        /// Its topic.
        topic: CompactString,
    },
    /// Not what the platform documents. Counted and shown, never fatal.
    Malformed {
        /// What is wrong with it, in words; holds nothing of the frame's values.
        reason: String,
    },
}

fn malformed(what: &str, error: &serde_json::Error) -> WireFrame {
    // The error's own text may quote the input, so only its kind and place are told.
    let kind = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is not what the schema says",
        serde_json::error::Category::Io => "it cannot be read",
    };
    WireFrame::Malformed { reason: format!("{what}: {kind} (line {}, column {})", error.line(), error.column()) }
}

/// The envelope of every message, with the body still text.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    topic_name: Text<'a>,
    #[serde(borrow)]
    event_body: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AttributesBody<'a> {
    event_time: Int,
    #[serde(borrow)]
    conversation_id: Text<'a>,
    #[serde(borrow)]
    participant_id: Text<'a>,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
}

fn attributes_event(body: &str, topic: TopicKind<'_>) -> WireFrame {
    let body: AttributesBody<'_> = match serde_json::from_str(body) {
        Ok(body) => body,
        Err(error) => return malformed("an attributes event", &error),
    };
    let from_topic = match topic {
        TopicKind::Attributes { conversation } => Some(conversation),
        _ => None,
    };
    let (Some(conversation), Some(participant)) =
        (body.conversation_id.filled().or(from_topic), body.participant_id.filled())
    else {
        return WireFrame::Malformed {
            reason: "an attributes event: it names no conversation or no participant".into(),
        };
    };
    let attributes = match body.attributes.map(|raw| attributes::parse(raw.get())).transpose() {
        Ok(map) => map.flatten().unwrap_or_default(),
        Err(error) => return malformed("the attributes of an attributes event", &error),
    };
    WireFrame::Attributes(AttributesEvent {
        conversation: ConversationId::new(conversation),
        participant: ParticipantId::new(participant),
        event_time: body.event_time.0.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()),
        attributes,
    })
}

#[cfg(test)]
mod tests;
