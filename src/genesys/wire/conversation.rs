//! Conversations as the platform writes them. One set of borrowed types reads all three models (api-facts 2.4, 2.5):
//! the conversation event, the media-suffixed event with flat participants, and the REST conversation.

use super::{
    attributes,
    lenient::{Flag, List, Text},
};
use crate::domain::{
    ConversationId, Media, ParticipantId, ParticipantSnapshot, Purpose, QueueId, Snapshot, State, UserId,
};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A conversation whose participants are still text, so that those that did not change need not be parsed.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Body<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    start_time: Text<'a>,
    #[serde(borrow)]
    end_time: Text<'a>,
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    pub participants: List<&'a RawValue>,
}

impl Body<'_> {
    /// Everything but the participants.
    pub fn snapshot(&self, partial: bool) -> Snapshot {
        Snapshot {
            id: ConversationId::new(self.id.get().unwrap_or_default()),
            started: self.start_time.time(),
            ended: self.end_time.time(),
            address: self.address.filled().map(CompactString::new),
            participants: Vec::with_capacity(self.participants.0.len()),
            partial,
        }
    }
}

/// One participant, of whichever model.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Participant<'a> {
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
    user: Option<&'a RawValue>,
    #[serde(borrow)]
    queue_id: Text<'a>,
    #[serde(borrow)]
    queue_name: Text<'a>,
    #[serde(borrow)]
    queue: Option<&'a RawValue>,
    #[serde(borrow)]
    connected_time: Text<'a>,
    #[serde(borrow)]
    end_time: Text<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    held: Flag,
    #[serde(borrow)]
    pub attributes: Option<&'a RawValue>,
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
    own: Option<&'a RawValue>,
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

impl Participant<'_> {
    /// Everything but the attributes. `media` is that of the topic, where the topic names one.
    pub fn snapshot(&self, media: Option<Media>) -> ParticipantSnapshot {
        let leg = self.main_leg();
        let state = leg.as_ref().and_then(|(_, leg)| leg.state.filled()).or(self.state.filled());
        ParticipantSnapshot {
            id: ParticipantId::new(self.id.get().unwrap_or_default()),
            purpose: Purpose::new(self.purpose.get().unwrap_or_default()),
            name: self.name.filled().map(CompactString::new),
            address: self
                .address
                .filled()
                .or(self.ani.filled())
                .map(CompactString::new)
                .or_else(|| {
                    let own = leg.as_ref()?.1.own?;
                    let address: Address<'_> = serde_json::from_str(own.get()).ok()?;
                    address.address_normalized.filled().map(CompactString::new)
                })
                .or_else(|| self.called_back()),
            dnis: self.dnis.filled().map(CompactString::new),
            user_id: self.user_id.filled().map(UserId::new).or_else(|| reference(self.user).map(UserId::new)),
            queue_id: self.queue_id.filled().map(QueueId::new).or_else(|| reference(self.queue).map(QueueId::new)),
            queue_name: self.queue_name.filled().map(CompactString::new),
            connected: self.connected_time.time(),
            ended: self.end_time.time(),
            state: state.map(State::new),
            held: leg.as_ref().and_then(|(_, leg)| leg.held.0).or(self.held.0),
            media: media.or(leg.map(|(media, _)| media)).unwrap_or_default(),
            attributes: None,
        }
    }

    /// The number that a callback is for, in the form of other addresses: the customer's participant has no address of its
    /// own then.
    fn called_back(&self) -> Option<CompactString> {
        if self.purpose.get() != Some("customer") {
            return None;
        }
        let number =
            self.callbacks.0.iter().rev().find_map(|leg| leg.callback_numbers.0.iter().find_map(Text::filled))?;
        Some(if number.contains(':') { number.into() } else { format!("tel:{number}").into() })
    }

    /// The leg that tells the participant's state: a live one before one that is over, a callback before the call
    /// that it leads to; among equals the newest.
    fn main_leg(&self) -> Option<(Media, &Leg<'_>)> {
        let lists = [
            (Media::Callback, &self.callbacks),
            (Media::Call, &self.calls),
            (Media::Message, &self.messages),
            (Media::Email, &self.emails),
            (Media::Chat, &self.chats),
            (Media::InternalMessage, &self.internal_messages),
            (Media::Video, &self.videos),
            (Media::Social, &self.social_expressions),
            (Media::Cobrowse, &self.cobrowsesessions),
            (Media::Screenshare, &self.screenshares),
        ];
        let over = |leg: &Leg<'_>| matches!(leg.state.get(), Some("disconnected" | "terminated"));
        let legs = || lists.iter().flat_map(|(media, list)| list.0.iter().rev().map(move |leg| (*media, leg)));
        legs().find(|(_, leg)| !over(leg)).or_else(|| legs().next())
    }
}

fn reference(raw: Option<&RawValue>) -> Option<String> {
    let reference: Reference<'_> = serde_json::from_str(raw?.get()).ok()?;
    reference.id.filled().map(str::to_owned)
}

/// Reads one participant with its attributes.
pub fn participant(raw: &RawValue, media: Option<Media>) -> Result<ParticipantSnapshot, serde_json::Error> {
    let wire: Participant<'_> = serde_json::from_str(raw.get())?;
    let mut snapshot = wire.snapshot(media);
    if let Some(raw) = wire.attributes {
        snapshot.attributes = attributes::parse(raw)?;
    }
    Ok(snapshot)
}
