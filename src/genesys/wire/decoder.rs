//! A decoder with a memory: a participant whose bytes are those of its conversation's previous event is not parsed
//! again, and an attribute map whose bytes are the same is not built again.

use super::{
    Envelope, Frame,
    attributes::parse,
    attributes_event,
    conversation::{Body, Participant},
    malformed,
    scan::head,
    system,
};
use crate::{
    domain::{Media, ParticipantSnapshot, Snapshot},
    genesys::topic::TopicKind,
};
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// What the decoder remembers at most, in bytes of JSON; beyond it, it starts over.
const MEMORY: usize = 32 << 20;

/// Decodes a stream of messages.
///
/// A participant of a conversation event whose attribute map has exactly the bytes of the previous event's comes with
/// `attributes: None`: unchanged *as far as this stream told*. So whoever lays another source over the same board, a
/// REST read above all, must call [`Decoder::forget`] for that conversation; attributes events that pass through
/// this decoder do so by themselves.
#[derive(Debug)]
pub struct Decoder {
    known: FxHashMap<CompactString, Vec<Known>>,
    bytes: usize,
    limit: usize,
}

/// One participant as its conversation's last event told it.
#[derive(Debug)]
struct Known {
    raw: Box<str>,
    media: Option<Media>,
    /// Where the attribute map stands in `raw`.
    attributes: Option<Range<usize>>,
    /// Decoded, without the attributes.
    snapshot: ParticipantSnapshot,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { known: FxHashMap::default(), bytes: 0, limit: MEMORY }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ConversationEnvelope<'a> {
    #[serde(borrow)]
    event_body: Option<Body<'a>>,
}

impl Decoder {
    /// A decoder that remembers what it saw.
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder that decodes every frame in full.
    pub fn without_memory() -> Self {
        Self { limit: 0, ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn with_limit(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Decodes one message. Never panics; what cannot be understood is [`Frame::Malformed`].
    pub fn decode(&mut self, raw: &[u8]) -> Frame {
        let Ok(raw) = std::str::from_utf8(raw) else {
            return Frame::Malformed { reason: "it is not UTF-8 text".into() };
        };
        if let Some(head) = head(raw) {
            let kind = TopicKind::of(head.topic);
            if kind.is_conversation() {
                return match serde_json::from_str::<ConversationEnvelope<'_>>(raw) {
                    Ok(ConversationEnvelope { event_body: Some(body) }) => self.conversation(&body, kind.media()),
                    Ok(_) => Frame::Malformed { reason: "a conversation event: it has no body".into() },
                    Err(error) => malformed("a conversation event", &error),
                };
            }
        }
        let envelope: Envelope<'_> = match serde_json::from_str(raw) {
            Ok(envelope) => envelope,
            Err(error) => return malformed("a message", &error),
        };
        let Some(topic) = envelope.topic_name.filled() else { return system::without_topic(&envelope) };
        let kind = TopicKind::of(topic);
        let body = envelope.event_body.map(RawValue::get);
        if let Some(control) = system::control(kind, body) {
            return Frame::Control(control);
        }
        match (kind, body) {
            (TopicKind::Other, _) => Frame::Unknown { topic: CompactString::new(topic) },
            (_, None) => Frame::Malformed { reason: "an event: it has no body".into() },
            (TopicKind::Attributes { .. }, Some(body)) => {
                let frame = attributes_event(body, kind);
                if let Frame::Attributes(event) = &frame {
                    self.forget(event.conversation.as_str());
                }
                frame
            }
            (_, Some(body)) => match serde_json::from_str(body) {
                Ok(body) => self.conversation(&body, kind.media()),
                Err(error) => malformed("a conversation event", &error),
            },
        }
    }

    /// Drops the memory of one conversation: its next event is decoded in full.
    pub fn forget(&mut self, conversation: &str) {
        if let Some(gone) = self.known.remove(conversation) {
            self.bytes -= gone.iter().map(|known| known.raw.len()).sum::<usize>();
        }
    }

    /// Drops all memory, as after a gap.
    pub fn clear(&mut self) {
        self.known.clear();
        self.bytes = 0;
    }

    fn conversation(&mut self, body: &Body<'_>, media: Option<Media>) -> Frame {
        let Some(id) = body.id.filled() else {
            return Frame::Malformed { reason: "a conversation event: the conversation has no id".into() };
        };
        let mut snapshot = body.snapshot(media.is_some());
        let mut known = self.known.remove(id).unwrap_or_default();
        self.bytes -= known.iter().map(|k| k.raw.len()).sum::<usize>();
        for (index, raw) in body.participants.0.iter().enumerate() {
            match participant(&mut known, index, raw, media) {
                Ok(participant) if participant.id.is_empty() => {
                    return Frame::Malformed { reason: "a conversation event: a participant has no id".into() };
                }
                Ok(participant) => snapshot.participants.push(participant),
                Err(error) => return malformed("a participant of a conversation event", &error),
            }
        }
        if media.is_none() {
            known.retain(|known| snapshot.participants.iter().any(|p| p.id == known.snapshot.id));
        }
        if self.limit > 0 && !is_over(&snapshot) {
            self.bytes += known.iter().map(|k| k.raw.len()).sum::<usize>();
            if self.bytes > self.limit {
                self.clear();
            } else {
                self.known.insert(CompactString::new(id), known);
            }
        }
        Frame::Conversation(snapshot)
    }
}

fn is_over(snapshot: &Snapshot) -> bool {
    !snapshot.partial && !snapshot.participants.is_empty() && snapshot.participants.iter().all(|p| p.ended.is_some())
}

/// Decodes one participant, or takes it from what is known, and remembers it.
fn participant(
    known: &mut Vec<Known>,
    index: usize,
    raw: &RawValue,
    media: Option<Media>,
) -> Result<ParticipantSnapshot, serde_json::Error> {
    let same = |known: &Known| *known.raw == *raw.get() && known.media == media;
    // Participants keep their place from event to event, so the same place is looked at first.
    if let Some(known) = known.get(index).filter(|k| same(k)).or_else(|| known.iter().find(|k| same(k))) {
        return Ok(known.snapshot.clone());
    }
    let wire: Participant<'_> = serde_json::from_str(raw.get())?;
    let mut snapshot = wire.snapshot(media);
    let attributes = wire.attributes.map(|map| place(raw.get(), map.get()));
    let place_of = known.iter().position(|k| k.snapshot.id == snapshot.id);
    let before = place_of.and_then(|place| known.get(place)).and_then(|k| k.raw.get(k.attributes.clone()?));
    let unchanged = before.is_some() && before == wire.attributes.map(RawValue::get);
    let now = Known { raw: raw.get().into(), media, attributes, snapshot: snapshot.clone() };
    if !unchanged && let Some(map) = wire.attributes {
        snapshot.attributes = parse(map)?;
    }
    match place_of.and_then(|place| known.get_mut(place)) {
        Some(slot) => *slot = now,
        None => known.push(now),
    }
    Ok(snapshot)
}

/// Where `part`, a slice of `whole`, stands in it.
fn place(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start + part.len()
}
