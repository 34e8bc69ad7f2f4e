//! From the text of a message to what it means.
//!
//! A conversation event is read in one pass ([`super::difference`]). What is laid out in another way than the platform's
//! events, or is no JSON, goes to serde, which tells what is wrong with it.

use super::{
    Envelope, Frame, attributes_event,
    conversation::{self, ConversationBody},
    difference, flow, malformed,
    scan::{Head, head},
    system,
};
use crate::{
    domain::{Board, Media},
    genesys::topic::TopicKind,
};
use compact_str::CompactString;
use serde_json::value::RawValue;

/// Decodes one message on its own. Never panics; what cannot be understood is [`Frame::Malformed`].
pub fn decode(raw: &[u8]) -> Frame {
    match std::str::from_utf8(raw) {
        Ok(raw) => message(raw, head(raw), None),
        Err(_) => Frame::Malformed { reason: "it is not UTF-8 text".into() },
    }
}

/// Decodes one message for `board`, as [`decode`]: of a conversation that is on it, only what is not known is told, and
/// has to be applied before anything else of that conversation is.
pub fn decode_for(board: &Board, raw: &str) -> Frame {
    message(raw, head(raw), Some(board))
}

/// Decodes one message whose [`head`] was looked at before, as [`decode_for`].
pub fn decode_headed(board: &Board, raw: &str, head: Option<Head<'_>>) -> Frame {
    message(raw, head, Some(board))
}

fn message(raw: &str, head: Option<Head<'_>>, board: Option<&Board>) -> Frame {
    if let Some(head) = head {
        let kind = TopicKind::of(head.topic);
        if kind.is_conversation()
            && let Some(frame) = one_pass(raw, head, kind.media(), board)
        {
            return frame;
        }
    }
    by_serde(raw)
}

fn one_pass(raw: &str, head: Head<'_>, media: Option<Media>, board: Option<&Board>) -> Option<Frame> {
    // The legs of one medium are another model, and never the whole conversation.
    if media.is_none()
        && let Some(known) = board.zip(head.conversation).and_then(|(board, id)| board.known(id))
        && let Some(delta) = difference::from(raw, known)
    {
        return Some(Frame::Delta(delta));
    }
    difference::whole(raw, media).map(Frame::Conversation)
}

/// Decodes any message, in several passes.
pub(super) fn by_serde(raw: &str) -> Frame {
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
        (TopicKind::Attributes { .. }, Some(body)) => attributes_event(body, kind),
        (_, Some(body)) => conversation_event(body, kind.media()),
    }
}

fn conversation_event(raw: &str, media: Option<Media>) -> Frame {
    let body: ConversationBody<'_> = match serde_json::from_str(raw) {
        Ok(body) => body,
        Err(error) => return malformed("a conversation event", &error),
    };
    if body.id.filled().is_none() {
        return Frame::Malformed { reason: "a conversation event: the conversation has no id".into() };
    }
    let mut snapshot = body.snapshot(media.is_some());
    for piece in &body.participants.0 {
        match conversation::participant(piece, media) {
            Ok(participant) if participant.id.as_str().is_empty() => {
                return Frame::Malformed { reason: "a conversation event: a participant has no id".into() };
            }
            Ok(participant) => snapshot.participants.push(participant),
            Err(error) => return malformed("a participant of a conversation event", &error),
        }
    }
    Frame::Conversation(snapshot)
}
