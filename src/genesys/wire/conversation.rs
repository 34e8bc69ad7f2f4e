//! Conversations as the platform writes them. One set of borrowed types reads all three models (api-facts 2.4, 2.5):
//! the conversation event, the media-suffixed event with flat participants, and the REST conversation.

mod facts;
mod fields;

pub use facts::ParticipantFacts;

use super::{
    attributes,
    lenient::{Flag, List, Raw, Text},
};
use crate::domain::{ConversationId, Media, ParticipantSnapshot, Snapshot};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A conversation whose participants are still text.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct ConversationBody<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub start_time: Text<'a>,
    #[serde(borrow)]
    pub end_time: Text<'a>,
    #[serde(borrow)]
    pub address: Text<'a>,
    #[serde(borrow)]
    pub participants: List<&'a RawValue>,
}

impl ConversationBody<'_> {
    /// Everything but the participants.
    pub fn snapshot(&self, partial: bool) -> Snapshot {
        Snapshot {
            id: ConversationId::new(self.id.get().unwrap_or_default()),
            started: self.start_time.time(),
            ended: self.end_time.time(),
            address: self.address.filled().map(CompactString::new),
            participants: Vec::with_capacity(self.participants.0.len()),
            partial,
            event: 0,
        }
    }
}

/// One participant, of whichever model.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct WireParticipant<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    purpose: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    ani: Text<'a>,
    #[serde(borrow)]
    dnis: Text<'a>,
    #[serde(borrow)]
    user_id: Text<'a>,
    #[serde(borrow)]
    user: Raw<'a>,
    #[serde(borrow)]
    queue_id: Text<'a>,
    #[serde(borrow)]
    queue_name: Text<'a>,
    #[serde(borrow)]
    queue: Raw<'a>,
    #[serde(borrow)]
    connected_time: Text<'a>,
    #[serde(borrow)]
    end_time: Text<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    held: Flag,
    #[serde(borrow)]
    attributes: Raw<'a>,
    #[serde(borrow)]
    calls: List<Leg<'a>>,
    #[serde(borrow)]
    callbacks: List<Leg<'a>>,
    #[serde(borrow)]
    chats: List<Leg<'a>>,
    #[serde(borrow, alias = "cobrowseSessions")]
    cobrowsesessions: List<Leg<'a>>,
    #[serde(borrow)]
    emails: List<Leg<'a>>,
    #[serde(borrow)]
    messages: List<Leg<'a>>,
    #[serde(borrow)]
    internal_messages: List<Leg<'a>>,
    #[serde(borrow)]
    screenshares: List<Leg<'a>>,
    #[serde(borrow)]
    social_expressions: List<Leg<'a>>,
    #[serde(borrow)]
    videos: List<Leg<'a>>,
}

/// One leg of a participant: a call, a message thread, a callback, …
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Leg<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    held: Flag,
    #[serde(borrow, rename = "self")]
    own: Raw<'a>,
    /// Of a callback: whom to call back.
    #[serde(borrow)]
    callback_numbers: List<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Address<'a> {
    #[serde(borrow)]
    address_normalized: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reference<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

/// Reads one participant with its attributes.
pub fn participant(raw: &RawValue, media: Option<Media>) -> Result<ParticipantSnapshot, serde_json::Error> {
    let wire: WireParticipant<'_> = serde_json::from_str(raw.get())?;
    let mut snapshot = wire.facts(media).snapshot();
    if let Some(raw) = wire.attributes.0 {
        snapshot.attributes = attributes::parse(raw)?;
    }
    Ok(snapshot)
}
