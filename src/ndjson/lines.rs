//! The lines of changes. They are most of what `watch --json` does, and a serialiser takes five times the steps for them; what a
//! serialiser would write is the measure of their tests.

use super::{
    Cause, FlowFields, NdjsonLine, Stamp,
    string::{rest_of_string, string},
};
use std::ops::Range;

/// How a member begins: as a string, and as anything else.
#[derive(Clone, Copy)]
struct Member {
    text: &'static str,
    other: &'static str,
}

macro_rules! member {
    ($name:literal) => {
        Member { text: concat!(",\"", $name, "\":\""), other: concat!(",\"", $name, "\":") }
    };
}

/// Writes lines that follow one another in one buffer.
///
/// Several attributes of a participant mostly change at once, and nearly half of each of their lines says whose they are: that is
/// copied from the line before.
#[derive(Debug, Default)]
pub struct LineWriter<'a> {
    /// Of the last attribute line.
    head: Option<Head<'a>>,
}

/// What the line of an attribute begins with.
#[derive(Debug)]
struct Head<'a> {
    time: Stamp,
    /// The ids of the conversation and of the participant, and its role.
    owner: [&'a str; 3],
    /// Where it stands in the buffer.
    place: Range<usize>,
}

impl<'a> LineWriter<'a> {
    /// Appends the line. Nothing that was appended before may be gone from `out`.
    pub fn write(&mut self, out: &mut Vec<u8>, line: &NdjsonLine<'a>) {
        let NdjsonLine::Attribute { time, conversation_id, participant_id, purpose, .. } = *line else {
            return write(out, line);
        };
        let owner = [conversation_id, participant_id, purpose];
        match &self.head {
            Some(head) if head.owner == owner && head.time == time => out.extend_from_within(head.place.clone()),
            _ => {
                let start = out.len();
                whose(out, time, owner);
                self.head = Some(Head { time, owner, place: start..out.len() });
            }
        }
        rest_of_attribute(out, line);
    }
}

/// Begins the line of an attribute.
fn whose<'o>(out: &'o mut Vec<u8>, time: Stamp, [conversation, participant, purpose]: [&str; 3]) -> Object<'o> {
    Object::new(out, "attribute", time)
        .text(member!("conversationId"), conversation)
        .text(member!("participantId"), participant)
        .text(member!("purpose"), purpose)
}

/// What comes after the head of the line of an attribute.
fn rest_of_attribute(out: &mut Vec<u8>, line: &NdjsonLine<'_>) {
    let NdjsonLine::Attribute { key, old, new, source, event_time, .. } = *line else { return };
    let object = Object(out).text(member!("key"), key).maybe(member!("old"), old).maybe(member!("new"), new);
    object.word(member!("source"), source).known(member!("eventTime"), event_time.as_ref().map(Stamp::as_str)).end();
}

/// Appends the line to `out`.
pub(super) fn write(out: &mut Vec<u8>, line: &NdjsonLine<'_>) {
    match *line {
        NdjsonLine::Connection { time, state, reason } => {
            Object::new(out, "connection", time).text(member!("state"), state).maybe(member!("reason"), reason)
        }
        NdjsonLine::Conversation { time, conversation_id, change, media_type, address, queue_id, left, flow } => {
            let object = Object::new(out, "conversation", time).text(member!("conversationId"), conversation_id);
            let object = object.word(member!("change"), change).word(member!("mediaType"), media_type);
            let object = object.maybe(member!("address"), address).maybe(member!("queueId"), queue_id);
            object.list(member!("left"), left.0.iter().map(|name| name.as_str())).flow(flow)
        }
        NdjsonLine::Participant { time, conversation_id, participant_id, purpose, change, state } => {
            let object = Object::new(out, "participant", time).text(member!("conversationId"), conversation_id);
            let object = object.text(member!("participantId"), participant_id).text(member!("purpose"), purpose);
            object.word(member!("change"), change).text(member!("state"), state)
        }
        NdjsonLine::Attribute { time, conversation_id, participant_id, purpose, .. } => {
            whose(out, time, [conversation_id, participant_id, purpose]);
            return rest_of_attribute(out, line);
        }
        NdjsonLine::Finding {
            time,
            conversation_id,
            participant_id,
            rule,
            key,
            message,
            severity,
            remedy,
            flow,
            ref cause,
        } => {
            let object = Object::new(out, "finding", time).text(member!("conversationId"), conversation_id);
            let object = object
                .maybe(member!("participantId"), participant_id)
                .word(member!("rule"), rule)
                .maybe(member!("key"), key);
            let object = object
                .text(member!("message"), message)
                .word(member!("severity"), severity)
                .text(member!("remedy"), remedy)
                .flow(flow);
            match *cause {
                Some(Cause { cause, certainty, flow: _ }) => {
                    object.text(member!("cause"), cause).text(member!("certainty"), certainty)
                }
                None => object,
            }
        }
        NdjsonLine::Watchpoint { time, conversation_id, participant_id, key, on, message } => {
            let object = Object::new(out, "watchpoint", time).text(member!("conversationId"), conversation_id);
            let object = object.maybe(member!("participantId"), participant_id).maybe(member!("key"), key);
            object.word(member!("on"), on).text(member!("message"), message)
        }
    }
    .end();
}

/// An object that is being written.
struct Object<'o>(&'o mut Vec<u8>);

impl<'o> Object<'o> {
    fn new(out: &'o mut Vec<u8>, of: &'static str, time: Stamp) -> Self {
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(of.as_bytes());
        out.push(b'"');
        Self(out).word(member!("time"), time.as_str())
    }

    fn end(self) {
        self.0.extend_from_slice(b"}\n");
    }

    /// A word of ours: nothing in it needs an escape.
    fn word(self, member: Member, word: &str) -> Self {
        self.0.extend_from_slice(member.text.as_bytes());
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b'"');
        self
    }

    fn text(self, member: Member, text: &str) -> Self {
        self.0.extend_from_slice(member.text.as_bytes());
        rest_of_string(self.0, text);
        self
    }

    /// A text, or null.
    fn maybe(self, member: Member, text: Option<&str>) -> Self {
        if let Some(text) = text {
            return self.text(member, text);
        }
        self.0.extend_from_slice(member.other.as_bytes());
        self.0.extend_from_slice(b"null");
        self
    }

    /// A text, or nothing at all.
    fn known(self, member: Member, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(member, text),
            None => self,
        }
    }

    /// Texts, or nothing at all.
    fn list<'t>(self, member: Member, texts: impl ExactSizeIterator<Item = &'t str>) -> Self {
        if texts.len() == 0 {
            return self;
        }
        self.0.extend_from_slice(member.other.as_bytes());
        for (i, text) in texts.enumerate() {
            self.0.push(if i == 0 { b'[' } else { b',' });
            string(self.0, text);
        }
        self.0.push(b']');
        self
    }

    fn flow(self, flow: FlowFields<'_>) -> Self {
        let FlowFields { flow_id, flow_name, flow_version } = flow;
        self.known(member!("flowId"), flow_id)
            .known(member!("flowName"), flow_name)
            .known(member!("flowVersion"), flow_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndjson::{self, Texts};
    use compact_str::CompactString;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,20}",
            "[\\PC\\p{Cc}\\p{Cf}]{0,12}",
            "[ab\"\\\\\u{7f}\u{8}\u{c}\n\r\t\u{1}\u{202e}\u{200d}é😀]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn a_line_is_what_the_serialiser_makes_of_it(
            ids in prop::collection::vec(text(), 4),
            maybe in prop::collection::vec(prop::option::of(text()), 4),
            left in prop::collection::vec(text().prop_map(CompactString::from), 0..3),
            has_cause in any::<bool>(),
        ) {
            let time = Stamp::of(jiff::Timestamp::UNIX_EPOCH);
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| ids[i].as_str());
            let [e, f, g, _] = [0, 1, 2, 3].map(|i| maybe[i].as_deref());
            let flow = FlowFields { flow_id: e, flow_name: f, flow_version: g };
            let cause = has_cause.then_some(Cause { cause: c, certainty: d, flow: Some(flow) });
            let lines = [
                NdjsonLine::Connection { time, state: a, reason: e },
                NdjsonLine::Conversation {
                    time,
                    conversation_id: a,
                    change: "updated",
                    media_type: "call",
                    address: e,
                    queue_id: f,
                    left: Texts(&left),
                    flow,
                },
                NdjsonLine::Participant { time, conversation_id: a, participant_id: b, purpose: c, change: "left", state: d },
                NdjsonLine::Attribute {
                    time,
                    conversation_id: a,
                    participant_id: b,
                    purpose: c,
                    key: d,
                    old: e,
                    new: f,
                    source: "stream",
                    event_time: g.map(|_| time),
                },
                NdjsonLine::Finding {
                    time,
                    conversation_id: a,
                    participant_id: e,
                    rule: "missing",
                    key: f,
                    message: b,
                    severity: "info",
                    remedy: "do",
                    flow,
                    cause,
                },
                NdjsonLine::Watchpoint { time, conversation_id: a, participant_id: e, key: f, on: "key", message: b },
            ];
            for line in &lines {
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                write(&mut ours, line);
                ndjson::write(&mut theirs, line).unwrap();
                prop_assert_eq!(String::from_utf8(ours).unwrap(), String::from_utf8(theirs).unwrap());
            }
        }

        #[test]
        fn lines_that_follow_one_another_are_what_each_is_by_itself(
            whose in prop::collection::vec((0i64..2, 0usize..2, 0usize..2, 0usize..2, any::<bool>(), text()), 1..12),
        ) {
            let names = ["a\"", "b"];
            let (mut one_by_one, mut together, mut writer) = (Vec::new(), Vec::new(), LineWriter::default());
            for (time, conversation, participant, purpose, is_attribute, value) in &whose {
                let time = Stamp::of(jiff::Timestamp::from_second(*time).unwrap());
                let [conversation_id, participant_id, purpose] = [conversation, participant, purpose].map(|n| names[*n]);
                let line = match is_attribute {
                    true => NdjsonLine::Attribute {
                        time,
                        conversation_id,
                        participant_id,
                        purpose,
                        key: value,
                        old: None,
                        new: Some(value),
                        source: "stream",
                        event_time: None,
                    },
                    false => NdjsonLine::Participant {
                        time,
                        conversation_id,
                        participant_id,
                        purpose,
                        change: "left",
                        state: value,
                    },
                };
                write(&mut one_by_one, &line);
                writer.write(&mut together, &line);
            }
            prop_assert_eq!(String::from_utf8(together).unwrap(), String::from_utf8(one_by_one).unwrap());
        }
    }
}
