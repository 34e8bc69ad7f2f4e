//! What a participant is, its attributes apart, borrowed from an event: for comparing with what is known, and for telling.

use super::{Address, Leg, Raw, Reference, Text, WireParticipant};
use crate::domain::{self, Media, Names, ParticipantId, ParticipantSnapshot, Purpose, QueueId, State, UserId};
use compact_str::CompactString;
use jiff::Timestamp;
use std::borrow::Cow;

/// What a participant is, its attributes apart.
pub struct ParticipantFacts<'a> {
    pub id: &'a str,
    purpose: &'a str,
    name: Option<&'a str>,
    address: Option<Cow<'a, str>>,
    dnis: Option<&'a str>,
    user: Option<Cow<'a, str>>,
    queue: Option<Cow<'a, str>>,
    queue_name: Option<&'a str>,
    connected: Option<Timestamp>,
    ended: Option<Timestamp>,
    state: Option<&'a str>,
    held: Option<bool>,
    media: Media,
}

impl ParticipantFacts<'_> {
    /// All of it is known of this participant, and its queue's name is. `None` when this is older than what is known, or
    /// may be.
    pub fn are_known(&self, known: &domain::Participant, names: &Names) -> Option<bool> {
        fn same<T: PartialEq + ?Sized>(told: Option<&T>, known: Option<&T>) -> bool {
            told.is_none() || told == known
        }
        if known.ended.is_some() && self.ended.is_none() {
            return None;
        }
        let is_named = || match (&known.queue_id, self.queue_name) {
            (Some(queue), Some(_)) => names.queue(queue).is_some(),
            _ => true,
        };
        let ids = same(self.user.as_deref(), known.user_id.as_ref().map(UserId::as_str))
            && same(self.queue.as_deref(), known.queue_id.as_ref().map(QueueId::as_str));
        Some(
            (self.purpose.is_empty() || self.purpose == known.purpose.as_str())
                && same(self.name, known.name.as_deref())
                && same(self.address.as_deref(), known.address.as_deref())
                && same(self.dnis, known.dnis.as_deref())
                && ids
                && same(self.connected.as_ref(), known.connected.as_ref())
                && same(self.ended.as_ref(), known.ended.as_ref())
                && same(self.state, Some(known.state.as_str()))
                && same(self.held.as_ref(), Some(&known.held))
                && (self.media == Media::Unknown || self.media == known.media)
                && is_named(),
        )
    }

    /// For the board.
    pub fn snapshot(&self) -> ParticipantSnapshot {
        ParticipantSnapshot {
            id: ParticipantId::new(self.id),
            purpose: Purpose::new(self.purpose),
            name: self.name.map(CompactString::new),
            address: self.address.as_deref().map(CompactString::new),
            dnis: self.dnis.map(CompactString::new),
            user_id: self.user.as_deref().map(UserId::new),
            queue_id: self.queue.as_deref().map(QueueId::new),
            queue_name: self.queue_name.map(CompactString::new),
            connected: self.connected,
            ended: self.ended,
            state: self.state.map(State::new),
            held: self.held,
            media: self.media,
            attributes: None,
        }
    }
}

impl WireParticipant<'_> {
    /// Everything but the attributes. `media` is that of the topic, where the topic names one.
    pub fn facts(&self, media: Option<Media>) -> ParticipantFacts<'_> {
        let leg = self.main_leg();
        ParticipantFacts {
            id: self.id.get().unwrap_or_default(),
            purpose: self.purpose.get().unwrap_or_default(),
            name: self.name.filled(),
            address: (self.address.filled().or(self.ani.filled()).map(Cow::Borrowed))
                .or_else(|| {
                    let address: Address<'_> = serde_json::from_str(leg.as_ref()?.1.own.0?).ok()?;
                    address.address_normalized.filled().map(|text| Cow::Owned(text.to_owned()))
                })
                .or_else(|| self.called_back()),
            dnis: self.dnis.filled(),
            user: self.user_id.filled().map(Cow::Borrowed).or_else(|| reference(self.user).map(Cow::Owned)),
            queue: self.queue_id.filled().map(Cow::Borrowed).or_else(|| reference(self.queue).map(Cow::Owned)),
            queue_name: self.queue_name.filled(),
            connected: self.connected_time.time(),
            ended: self.end_time.time(),
            state: leg.as_ref().and_then(|(_, leg)| leg.state.filled()).or(self.state.filled()),
            held: leg.as_ref().and_then(|(_, leg)| leg.held.0).or(self.held.0),
            media: media.or(leg.map(|(media, _)| media)).unwrap_or_default(),
        }
    }

    /// The number that a callback is for, in the form of other addresses: the customer's participant has no address of its
    /// own then.
    fn called_back(&self) -> Option<Cow<'_, str>> {
        if self.purpose.get() != Some("customer") {
            return None;
        }
        let number =
            self.callbacks.0.iter().rev().find_map(|leg| leg.callback_numbers.0.iter().find_map(Text::filled))?;
        Some(if number.contains(':') { Cow::Borrowed(number) } else { Cow::Owned(format!("tel:{number}")) })
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

fn reference(raw: Raw<'_>) -> Option<String> {
    let reference: Reference<'_> = serde_json::from_str(raw.0?).ok()?;
    reference.id.filled().map(str::to_owned)
}
