//! A decoder with a memory: what the bytes of a conversation's previous event already told is not parsed again.
//!
//! Three steps, cheapest first. An event that differs from the previous one inside one attribute value only is found
//! without parsing ([`super::delta`]); otherwise a participant that is written the same is not parsed again; otherwise an
//! attribute map that is written the same is not built again. What is remembered to that end is in [`super::memory`].

use super::{
    Envelope, Frame,
    attributes::parse,
    attributes_event,
    conversation::{Body, Participant},
    delta, flow, malformed,
    memory::{Known, Map, Memory},
    scan::{Head, head},
    system,
};
use crate::{
    domain::{ConversationId, Media, ParticipantSnapshot, Snapshot},
    genesys::topic::TopicKind,
};
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// What the decoder remembers at most, in bytes: 10,000 conversations of four participants with 30 attributes each.
/// Conversations for which there is no room are decoded in full.
const MEMORY: usize = 32 << 20;
/// Refusals for each remembered conversation until the memory starts over, so that it does not stay with calls that have
/// gone silent.
const REFUSALS: usize = 8;

/// Decodes a stream of messages.
///
/// What the decoder leaves out is unchanged *as far as this stream told*. So whoever lays another source over the same
/// board, a REST read above all, must call [`Decoder::forget`] for that conversation, and so must whoever drops a frame
/// after decoding it or is asked by the board to read again (`Applied::reread`: the board did not take all of it).
/// Attributes events that pass through this decoder do so by themselves.
#[derive(Debug)]
pub struct Decoder {
    known: FxHashMap<ConversationId, Memory>,
    bytes: usize,
    limit: usize,
    /// Conversations that found no room since the memory started over.
    refused: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { known: FxHashMap::default(), bytes: 0, limit: MEMORY, refused: 0 }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ConversationEnvelope<'a> {
    #[serde(borrow)]
    event_body: Option<&'a RawValue>,
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
        match std::str::from_utf8(raw) {
            Ok(raw) => self.decode_text(raw),
            Err(_) => Frame::Malformed { reason: "it is not UTF-8 text".into() },
        }
    }

    /// Decodes one message that is known to be text, as [`Self::decode`].
    pub fn decode_text(&mut self, raw: &str) -> Frame {
        self.decode_headed(raw, head(raw))
    }

    /// Decodes one message whose [`head`] was looked at before, as [`Self::decode`].
    pub fn decode_headed(&mut self, raw: &str, head: Option<Head<'_>>) -> Frame {
        if let Some(head) = head {
            let kind = TopicKind::of(head.topic);
            if kind.is_conversation() {
                if kind.media().is_none()
                    && let Some(frame) = self.delta(raw, &head)
                {
                    return frame;
                }
                return match serde_json::from_str::<ConversationEnvelope<'_>>(raw) {
                    Ok(ConversationEnvelope { event_body: Some(body) }) => self.conversation(body.get(), kind.media()),
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
            (TopicKind::Flow { conversation }, Some(body)) => flow::event(body, conversation),
            (TopicKind::FlowMetrics { flow }, Some(body)) => flow::metric(body, flow),
            (TopicKind::Attributes { .. }, Some(body)) => {
                let frame = attributes_event(body, kind);
                if let Frame::Attributes(event) = &frame {
                    self.forget(event.conversation.as_str());
                }
                frame
            }
            (_, Some(body)) => self.conversation(body, kind.media()),
        }
    }

    /// Drops the memory of one conversation: its next event is decoded in full.
    pub fn forget(&mut self, conversation: &str) {
        self.take(conversation);
    }

    /// Drops all memory, as after a gap.
    pub fn clear(&mut self) {
        self.known.clear();
        self.bytes = 0;
        self.refused = 0;
    }

    fn take(&mut self, conversation: &str) -> Option<Memory> {
        let memory = self.known.remove(conversation)?;
        self.bytes -= memory.size();
        Some(memory)
    }

    fn delta(&mut self, raw: &str, head: &Head<'_>) -> Option<Frame> {
        let memory = self.known.get_mut(head.conversation?)?;
        delta::between(memory, raw.get(head.body?..delta::end_of_body(raw)?)?).map(Frame::Delta)
    }

    fn conversation(&mut self, raw: &str, media: Option<Media>) -> Frame {
        let body: Body<'_> = match serde_json::from_str(raw) {
            Ok(body) => body,
            Err(error) => return malformed("a conversation event", &error),
        };
        let Some(id) = body.id.filled() else {
            return Frame::Malformed { reason: "a conversation event: the conversation has no id".into() };
        };
        let mut snapshot = body.snapshot(media.is_some());
        // The legs of one medium are another model: they are read in full and leave nothing behind.
        let known = self.take(id).filter(|_| media.is_none());
        let compared = known.is_some();
        let mut known = match known {
            Some(memory) => {
                snapshot.id = memory.id.clone();
                memory.into_known()
            }
            None => Vec::new(),
        };
        let mut participants = Some(Vec::with_capacity(body.participants.0.len()));
        for (index, piece) in body.participants.0.iter().enumerate() {
            match participant(&mut known, index, piece.get(), place(raw, piece.get()).start, media) {
                Ok((participant, _)) if participant.id.as_str().is_empty() => {
                    return Frame::Malformed { reason: "a conversation event: a participant has no id".into() };
                }
                Ok((participant, known)) => {
                    snapshot.participants.push(participant);
                    match (known, &mut participants) {
                        (Some(known), Some(participants)) => participants.push(known),
                        _ => participants = None,
                    }
                }
                Err(error) => return malformed("a participant of a conversation event", &error),
            }
        }
        let ids = &snapshot.participants;
        let twice = ids.iter().enumerate().any(|(i, p)| ids[..i].iter().any(|q| q.id == p.id));
        if twice && compared {
            // Compared with the previous event, the second of two equal ids could not be told from the first.
            return self.conversation(raw, media);
        }
        if self.limit > 0
            && media.is_none()
            && !twice
            && !is_over(&snapshot)
            && let Some(participants) = participants
        {
            let memory = Memory::new(snapshot.id.clone(), raw, participants);
            if self.bytes + memory.size() > self.limit {
                self.refused += 1;
                if self.refused > REFUSALS * self.known.len() {
                    self.clear();
                }
            } else {
                self.bytes += memory.size();
                self.known.insert(memory.id.clone(), memory);
            }
        }
        Frame::Conversation(snapshot)
    }
}

fn is_over(snapshot: &Snapshot) -> bool {
    !snapshot.partial && !snapshot.participants.is_empty() && snapshot.participants.iter().all(|p| p.ended.is_some())
}

/// Decodes one participant that stands at `at` of its body, as far as it is not known; and what to remember of it, if it
/// can be. What was known of it is taken.
fn participant(
    known: &mut [Known],
    index: usize,
    raw: &str,
    at: usize,
    media: Option<Media>,
) -> Result<(ParticipantSnapshot, Option<Known>), serde_json::Error> {
    // Participants keep their place from event to event, so the same place is looked at first.
    let here = known.get(index).is_some_and(|known| known.is_written(raw)).then_some(index);
    if let Some(same) = here.or_else(|| known.iter().position(|known| known.is_written(raw))) {
        let known = std::mem::take(&mut known[same]);
        return Ok((known.as_before(), known.at(at)));
    }
    let wire: Participant<'_> = serde_json::from_str(raw)?;
    let mut snapshot = wire.snapshot(media);
    let before = known.iter_mut().find(|known| known.told.id == snapshot.id).map(std::mem::take);
    let mut map_before = None;
    if let Some(before) = before {
        // One text for all that know this participant.
        snapshot.id = before.told.id.clone();
        map_before = Some(before.into_map());
    }
    let Some(text) = wire.attributes else {
        let now = Known::new(&snapshot, raw, at, None);
        return Ok((snapshot, now));
    };
    let within = place(raw, text.get());
    let map = match map_before.filter(|map| map.is_written(text.get())) {
        Some(map) => map,
        None => {
            snapshot.attributes = parse(text)?;
            Map::new(text.get(), snapshot.attributes.as_deref().unwrap_or_default())
        }
    };
    let now = Known::new(&snapshot, raw, at, Some((within, map)));
    Ok((snapshot, now))
}

/// Where `part`, a slice of `whole`, stands in it.
fn place(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start + part.len()
}
