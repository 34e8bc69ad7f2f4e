//! From the text of a message to what it means.
//!
//! A conversation event is read in one pass ([`super::outline`], [`super::difference`]). What is laid out in another way than the platform's
//! events, or is no JSON, goes to serde, which tells what is wrong with it.

use super::{
    Envelope, Outline, StreamMemory, WireFrame, attributes_event,
    conversation::{self, ConversationBody},
    difference, flow, malformed,
    scan::{Head, head},
    system,
};
use crate::{
    domain::{Board, ConversationId, Media},
    genesys::topic::TopicKind,
};
use compact_str::CompactString;
use serde_json::value::RawValue;

/// Decodes one message on its own. Never panics; what cannot be understood is [`WireFrame::Malformed`].
pub fn decode(raw: &[u8]) -> WireFrame {
    match std::str::from_utf8(raw) {
        Ok(raw) => message(raw, head(raw), None),
        Err(_) => WireFrame::Malformed { reason: "it is not UTF-8 text".into() },
    }
}

/// Decodes one message whose [`head`] was looked at and which was outlined before, as [`Decoder::decode`].
pub fn decode_outlined(board: &Board, raw: &str, head: Option<Head<'_>>, outline: &Outline) -> WireFrame {
    message(raw, head, Some((board, outline)))
}

/// Outlines and decodes messages one after the other, where nobody reads ahead.
#[derive(Debug, Default)]
pub struct Decoder {
    memory: StreamMemory,
    outline: Outline,
}

impl Clone for Decoder {
    /// The copy remembers nothing: that costs one slow event each, and a copy would take as much as a part of the board.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Decoder {
    /// Decodes one message for `board`, as [`decode`]: of a conversation that is on it, only what is not known is told, and
    /// has to be applied before anything else of that conversation is.
    pub fn decode(&mut self, board: &Board, raw: &str) -> WireFrame {
        let head = head(raw);
        match &head {
            Some(head) => self.memory.outline(raw, head, &mut self.outline),
            None => self.outline.clear(),
        }
        decode_outlined(board, raw, head, &self.outline)
    }

    /// These conversations are no longer on the board.
    pub fn forget(&mut self, ids: &[ConversationId]) {
        ids.iter().for_each(|id| self.memory.forget(id.as_str()));
    }
}

fn message(raw: &str, head: Option<Head<'_>>, known: Option<(&Board, &Outline)>) -> WireFrame {
    if let Some(head) = head {
        // What was outlined tells a whole conversation.
        let is_outlined = known.is_some_and(|(_, outline)| outline.event != 0);
        let kind = (!is_outlined).then(|| TopicKind::of(head.topic));
        if kind.as_ref().is_none_or(TopicKind::is_conversation)
            && let Some(frame) = one_pass(raw, head, kind.and_then(|kind| kind.media()), known)
        {
            return frame;
        }
    }
    by_serde(raw)
}

fn one_pass(raw: &str, head: Head<'_>, media: Option<Media>, known: Option<(&Board, &Outline)>) -> Option<WireFrame> {
    // The legs of one medium are another model, and never the whole conversation.
    if media.is_none()
        && let (Some((board, outline)), Some(id)) = (known, head.conversation)
        && let Some(known) = board.known(id)
        && let Some(delta) = difference::from(raw, outline, known)
    {
        return Some(WireFrame::Delta(delta));
    }
    let mut snapshot = difference::whole(raw, media)?;
    if let Some((_, outline)) = known.filter(|(_, outline)| outline.is_as_written(&snapshot)) {
        snapshot.event = outline.event;
    }
    Some(WireFrame::Conversation(snapshot))
}

/// Decodes any message, in several passes.
pub(super) fn by_serde(raw: &str) -> WireFrame {
    let envelope: Envelope<'_> = match serde_json::from_str(raw) {
        Ok(envelope) => envelope,
        Err(error) => return malformed("a message", &error),
    };
    let Some(topic) = envelope.topic_name.filled() else { return system::without_topic(&envelope) };
    let kind = TopicKind::of(topic);
    let body = envelope.event_body.map(RawValue::get);
    if let Some(control) = system::control(kind, body) {
        return WireFrame::Control(control);
    }
    match (kind, body) {
        (TopicKind::Other, _) => WireFrame::Unknown { topic: CompactString::new(topic) },
        (_, None) => WireFrame::Malformed { reason: "an event: it has no body".into() },
        (TopicKind::Flow { conversation }, Some(body)) => flow::event(body, conversation),
        (TopicKind::FlowMetrics { flow }, Some(body)) => flow::metric(body, flow),
        (TopicKind::Attributes { .. }, Some(body)) => attributes_event(body, kind),
        (_, Some(body)) => conversation_event(body, kind.media()),
    }
}

fn conversation_event(raw: &str, media: Option<Media>) -> WireFrame {
    let body: ConversationBody<'_> = match serde_json::from_str(raw) {
        Ok(body) => body,
        Err(error) => return malformed("a conversation event", &error),
    };
    if body.id.filled().is_none() {
        return WireFrame::Malformed { reason: "a conversation event: the conversation has no id".into() };
    }
    let mut snapshot = body.snapshot(media.is_some());
    for piece in &body.participants.0 {
        match conversation::participant(piece, media) {
            Ok(participant) if participant.id.as_str().is_empty() => {
                return WireFrame::Malformed { reason: "a conversation event: a participant has no id".into() };
            }
            Ok(participant) => snapshot.participants.push(participant),
            Err(error) => return malformed("a participant of a conversation event", &error),
        }
    }
    WireFrame::Conversation(snapshot)
}
