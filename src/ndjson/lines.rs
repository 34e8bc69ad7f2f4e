//! The lines of changes. They are most of what `watch --json` does, and a serialiser takes five times the steps for them; what a
//! serialiser would write is the measure of their tests.

use super::{Cause, FlowFields, NdjsonLine, Stamp, string::string};

/// Appends the line to `out`.
pub(super) fn write(out: &mut Vec<u8>, line: &NdjsonLine<'_>) {
    match *line {
        NdjsonLine::Connection { time, state, reason } => {
            Object::new(out, "connection", time).text("state", state).maybe("reason", reason)
        }
        NdjsonLine::Conversation { time, conversation_id, change, media_type, address, queue_id, left, flow } => {
            let object = Object::new(out, "conversation", time).text("conversationId", conversation_id);
            let object = object.word("change", change).word("mediaType", media_type);
            let object = object.maybe("address", address).maybe("queueId", queue_id);
            object.list("left", left.0.iter().map(|name| name.as_str())).flow(flow)
        }
        NdjsonLine::Participant { time, conversation_id, participant_id, purpose, change, state } => {
            let object = Object::new(out, "participant", time).text("conversationId", conversation_id);
            let object = object.text("participantId", participant_id).text("purpose", purpose);
            object.word("change", change).text("state", state)
        }
        NdjsonLine::Attribute { time, conversation_id, participant_id, purpose, key, old, new, source, event_time } => {
            let object = Object::new(out, "attribute", time).text("conversationId", conversation_id);
            let object = object.text("participantId", participant_id).text("purpose", purpose).text("key", key);
            let object = object.maybe("old", old).maybe("new", new).word("source", source);
            object.known("eventTime", event_time.as_ref().map(Stamp::as_str))
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
            let object = Object::new(out, "finding", time).text("conversationId", conversation_id);
            let object = object.maybe("participantId", participant_id).word("rule", rule).maybe("key", key);
            let object = object.text("message", message).word("severity", severity).text("remedy", remedy).flow(flow);
            match *cause {
                Some(Cause { cause, certainty, flow: _ }) => object.text("cause", cause).text("certainty", certainty),
                None => object,
            }
        }
        NdjsonLine::Watchpoint { time, conversation_id, participant_id, key, on, message } => {
            let object = Object::new(out, "watchpoint", time).text("conversationId", conversation_id);
            let object = object.maybe("participantId", participant_id).maybe("key", key);
            object.word("on", on).text("message", message)
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
        Self(out).word("time", time.as_str())
    }

    fn end(self) {
        self.0.extend_from_slice(b"}\n");
    }

    fn name(&mut self, name: &'static str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// A word of ours: nothing in it needs an escape.
    fn word(mut self, name: &'static str, word: &str) -> Self {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b'"');
        self
    }

    fn text(mut self, name: &'static str, text: &str) -> Self {
        self.name(name);
        string(self.0, text);
        self
    }

    /// A text, or null.
    fn maybe(mut self, name: &'static str, text: Option<&str>) -> Self {
        if let Some(text) = text {
            return self.text(name, text);
        }
        self.name(name);
        self.0.extend_from_slice(b"null");
        self
    }

    /// A text, or nothing at all.
    fn known(self, name: &'static str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Texts, or nothing at all.
    fn list<'t>(mut self, name: &'static str, texts: impl ExactSizeIterator<Item = &'t str>) -> Self {
        if texts.len() == 0 {
            return self;
        }
        self.name(name);
        for (i, text) in texts.enumerate() {
            self.0.push(if i == 0 { b'[' } else { b',' });
            string(self.0, text);
        }
        self.0.push(b']');
        self
    }

    fn flow(self, flow: FlowFields<'_>) -> Self {
        let FlowFields { flow_id, flow_name, flow_version } = flow;
        self.known("flowId", flow_id).known("flowName", flow_name).known("flowVersion", flow_version)
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
    }
}
