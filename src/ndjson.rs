//! The lines that other programs read: one JSON object each, stable names, fields in the order of docs/ndjson.md.
//!
//! The types are this boundary's own. Strings are written so that even a terminal that shows them raw is safe: what
//! would control it is escaped, which is the same JSON to a reader.

mod lines;
mod string;

use crate::domain::{
    At, Board, BoardEntry, Change, Conversation, ConversationChange, ConversationId, Names, Participant,
    ParticipantChange, Source, Value, alert::Fired, findings::Finding,
};
use compact_str::CompactString;
use jiff::{Timestamp, tz::TimeZone};
pub use lines::LineWriter;
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use string::Harmless;

/// A moment as RFC 3339 in UTC with milliseconds, made once for all lines of that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([u8; 24]);

impl Stamp {
    /// Milliseconds are cut off, not rounded: a time in a line never lies ahead.
    pub fn of(time: Timestamp) -> Self {
        let t = TimeZone::UTC.to_datetime(time);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        // Clocks outside of years 0 to 9999 are not worth a longer line.
        put(&mut text[0..4], u32::try_from(t.year()).unwrap_or(0));
        let two = |n: i8| u32::try_from(n).unwrap_or(0);
        put(&mut text[5..7], two(t.month()));
        put(&mut text[8..10], two(t.day()));
        put(&mut text[11..13], two(t.hour()));
        put(&mut text[14..16], two(t.minute()));
        put(&mut text[17..19], two(t.second()));
        put(&mut text[20..23], u32::try_from(t.subsec_nanosecond() / 1_000_000).unwrap_or(0));
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only digits are ever written into the ASCII pattern.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A list of texts.
#[derive(Clone, Copy)]
pub struct Texts<'a>(&'a [CompactString]);

#[cfg(test)]
impl Texts<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(CompactString::as_str))
    }
}

/// Members that tell a flow, each left out where it is not known.
#[derive(Clone, Copy, Default)]
#[cfg_attr(test, derive(Serialize))]
#[cfg_attr(test, serde(rename_all = "camelCase"))]
pub struct FlowFields<'a> {
    /// Its id.
    #[cfg_attr(test, serde(skip_serializing_if = "Option::is_none"))]
    flow_id: Option<&'a str>,
    /// Its name.
    #[cfg_attr(test, serde(skip_serializing_if = "Option::is_none"))]
    flow_name: Option<&'a str>,
    /// The version that ran, as the platform writes it.
    #[cfg_attr(test, serde(skip_serializing_if = "Option::is_none"))]
    flow_version: Option<&'a str>,
}

impl<'a> FlowFields<'a> {
    /// A flow that is known whole.
    pub fn new(id: &'a str, name: &'a str, version: &'a str) -> Self {
        let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Self { flow_id: some(id), flow_name: some(name), flow_version: some(version) }
    }

    fn of(call: &'a Conversation, names: &'a Names) -> Self {
        match call.flow() {
            Some(run) => {
                Self { flow_id: Some(run.id.as_str()), flow_name: run.name(names), flow_version: run.version() }
            }
            None => Self::default(),
        }
    }
}

/// One line of `watch --json` and `replay --headless --json`.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Serialize))]
#[cfg_attr(test, serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase"))]
pub enum NdjsonLine<'a> {
    /// The link's state changed.
    Connection {
        /// When the state began.
        time: Stamp,
        /// `live`, `connecting`, `reconnecting`, `gap` or `closed`.
        state: &'a str,
        /// Why, where there is something to say.
        reason: Option<&'a str>,
    },
    /// A conversation started, changed or ended.
    Conversation {
        /// When it was observed.
        time: Stamp,
        /// The conversation's id.
        conversation_id: &'a str,
        /// `started`, `updated` or `ended`.
        change: &'static str,
        /// Main medium.
        media_type: &'static str,
        /// The customer's own address: who is calling.
        address: Option<&'a str>,
        /// The newest queue.
        queue_id: Option<&'a str>,
        /// On `updated`: the watched queues and users that it left, while it is in none of them.
        #[cfg_attr(test, serde(skip_serializing_if = "Texts::is_empty"))]
        left: Texts<'a>,
        /// The newest flow that it is known to have run.
        #[cfg_attr(test, serde(flatten))]
        flow: FlowFields<'a>,
    },
    /// A participant joined, changed or left.
    Participant {
        /// When it was observed.
        time: Stamp,
        /// The id of its conversation.
        conversation_id: &'a str,
        /// The participant's id.
        participant_id: &'a str,
        /// Its role.
        purpose: &'a str,
        /// `joined`, `updated` or `left`.
        change: &'static str,
        /// State of its main leg.
        state: &'a str,
    },
    /// An attribute was set, changed or vanished.
    Attribute {
        /// When it was observed.
        time: Stamp,
        /// The id of its conversation.
        conversation_id: &'a str,
        /// The id of its participant.
        participant_id: &'a str,
        /// Its role.
        purpose: &'a str,
        /// The key, verbatim.
        key: &'a str,
        /// The value before; null when it was absent.
        old: Option<&'a str>,
        /// The value now; null when it vanished.
        new: Option<&'a str>,
        /// By what it was observed.
        source: &'static str,
        /// The platform's own time of the change, where it tells one.
        #[cfg_attr(test, serde(skip_serializing_if = "Option::is_none"))]
        event_time: Option<Stamp>,
    },
    /// Something is wrong with a call.
    Finding {
        /// When it was found.
        time: Stamp,
        /// The id of the conversation that it is about.
        conversation_id: &'a str,
        /// The id of the participant, where it is about one.
        participant_id: Option<&'a str>,
        /// The rule's name.
        rule: &'static str,
        /// The key, where it is about one.
        key: Option<&'a str>,
        /// What was seen.
        message: &'a str,
        /// `info`, `warn` or `error`.
        severity: &'static str,
        /// What to do.
        remedy: &'static str,
        /// The newest flow that the conversation is known to have run.
        #[cfg_attr(test, serde(flatten))]
        flow: FlowFields<'a>,
        /// Why, where it was looked up.
        #[cfg_attr(test, serde(flatten, skip_serializing_if = "Option::is_none"))]
        cause: Option<Cause<'a>>,
    },
    /// An alert fired.
    Watchpoint {
        /// When it fired.
        time: Stamp,
        /// The id of the conversation that it is about.
        conversation_id: &'a str,
        /// The id of the participant, where it is about one.
        participant_id: Option<&'a str>,
        /// The key, where it is about one.
        key: Option<&'a str>,
        /// What the alert is set on: `key`, `filter` or `missed`.
        on: &'static str,
        /// What happened.
        message: &'a str,
    },
}

/// Why the key of a finding is as it is.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Serialize))]
#[cfg_attr(test, serde(rename_all = "camelCase"))]
pub struct Cause<'a> {
    /// In one sentence.
    pub cause: &'a str,
    /// What it rests on: `observed`, `executed` or `static`.
    pub certainty: &'a str,
    /// The flow that it is about, with the version that the call ran; `None` where it is about none.
    #[cfg_attr(test, serde(skip))]
    pub flow: Option<FlowFields<'a>>,
}

impl NdjsonLine<'_> {
    /// Appends it to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        lines::write(out, self);
    }

    /// True for attribute lines, which `--count` counts.
    pub fn is_attribute(&self) -> bool {
        matches!(self, Self::Attribute { .. })
    }
}

/// The line of a change of this call. `None` when the call does not have the participant any more.
pub fn line<'a>(time: Stamp, call: &'a Conversation, names: &'a Names, change: &'a Change) -> Option<NdjsonLine<'a>> {
    match change {
        Change::Conversation { change, .. } => Some(conversation(time, call, names, *change)),
        Change::Participant { id, change, .. } => Some(participant(time, &call.id, call.find(id)?, *change)),
        Change::Attribute { participant, key, old, new, source, event_time, .. } => {
            let participant = call.find(participant)?;
            Some(NdjsonLine::Attribute {
                time,
                conversation_id: call.id.as_str(),
                participant_id: participant.id.as_str(),
                purpose: participant.purpose.as_str(),
                key: key.as_str(),
                old: old.as_ref().map(Value::as_str),
                new: new.as_ref().map(Value::as_str),
                source: source.as_str(),
                event_time: event_time.map(Stamp::of),
            })
        }
    }
}

/// The line of a finding, with what the board knows of its call.
pub fn finding<'a>(time: Stamp, board: &'a Board, finding: &'a Finding) -> NdjsonLine<'a> {
    finding_with(time, board, finding, None)
}

/// The line of a finding whose cause was looked up; the flow is that of the cause.
pub fn finding_with<'a>(
    time: Stamp,
    board: &'a Board,
    finding: &'a Finding,
    cause: Option<Cause<'a>>,
) -> NdjsonLine<'a> {
    let call = board.get(finding.conversation.as_str()).map(|entry| &entry.conversation);
    let known = || call.map(|call| FlowFields::of(call, &board.names)).unwrap_or_default();
    NdjsonLine::Finding {
        flow: cause.and_then(|cause| cause.flow).unwrap_or_else(known),
        time,
        conversation_id: finding.conversation.as_str(),
        participant_id: finding.participant.as_ref().map(|p| p.as_str()),
        rule: finding.rule.as_str(),
        key: finding.key.as_ref().map(|k| k.as_str()),
        message: &finding.message,
        severity: finding.severity.as_str(),
        remedy: finding.remedy(),
        cause,
    }
}

/// The line of a watchpoint that fired.
pub fn watchpoint(time: Stamp, fired: &Fired) -> NdjsonLine<'_> {
    NdjsonLine::Watchpoint {
        time,
        conversation_id: fired.call.as_str(),
        participant_id: fired.participant.as_ref().map(|p| p.as_str()),
        key: fired.key.as_ref().map(|k| k.as_str()),
        on: fired.by,
        message: &fired.words,
    }
}

/// The lines of a first sight of what the board already knows: for a reader who joins a call late.
pub fn first_sight<'a>(
    time: Stamp,
    entry: &'a BoardEntry,
    names: &'a Names,
    source: Source,
) -> impl Iterator<Item = NdjsonLine<'a>> {
    let call = &entry.conversation;
    let over = call.is_over().then(|| conversation(time, call, names, ConversationChange::Ended));
    std::iter::once(conversation(time, call, names, ConversationChange::Started))
        .chain(call.participants.iter().flat_map(move |who| {
            let attributes = who.attributes.iter().map(move |attribute| NdjsonLine::Attribute {
                time,
                conversation_id: call.id.as_str(),
                participant_id: who.id.as_str(),
                purpose: who.purpose.as_str(),
                key: attribute.key.as_str(),
                old: None,
                new: Some(attribute.value.as_str()),
                source: source.as_str(),
                event_time: None,
            });
            std::iter::once(participant(time, &call.id, who, ParticipantChange::Joined)).chain(attributes)
        }))
        .chain(over)
}

fn conversation<'a>(
    time: Stamp,
    call: &'a Conversation,
    names: &'a Names,
    change: ConversationChange,
) -> NdjsonLine<'a> {
    NdjsonLine::Conversation {
        time,
        conversation_id: call.id.as_str(),
        change: match change {
            ConversationChange::Started => "started",
            ConversationChange::Updated => "updated",
            ConversationChange::Ended => "ended",
        },
        media_type: call.media.as_str(),
        address: call.from(),
        queue_id: call.queue().map(|id| id.as_str()),
        left: Texts(if change == ConversationChange::Updated { &call.left } else { &[] }),
        flow: FlowFields::of(call, names),
    }
}

fn participant<'a>(
    time: Stamp,
    conversation: &'a ConversationId,
    participant: &'a Participant,
    change: ParticipantChange,
) -> NdjsonLine<'a> {
    NdjsonLine::Participant {
        time,
        conversation_id: conversation.as_str(),
        participant_id: participant.id.as_str(),
        purpose: participant.purpose.as_str(),
        change: match change {
            ParticipantChange::Joined => "joined",
            ParticipantChange::Updated => "updated",
            ParticipantChange::Left => "left",
        },
        state: participant.state.as_str(),
    }
}

/// The moment of an observation.
pub fn stamp(at: At) -> Stamp {
    Stamp::of(at.wall)
}

/// Appends one line to `out`. Nothing is allocated but what `out` itself needs.
pub fn write(out: &mut Vec<u8>, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    out.push(b'\n');
    Ok(())
}

/// As [`write()`], to any writer.
///
/// # Errors
/// Those of the writer.
pub fn print(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = Vec::new();
    write(&mut line, value)?;
    out.write_all(&line)
}

/// As [`print()`], for a value too large to make its line first: writes while it serialises. Whoever reads a line at a time
/// may see a part of it.
///
/// # Errors
/// Those of the writer.
pub fn stream(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HistoryLimits, ParticipantSnapshot, Purpose, Snapshot, State, Update, text::is_hidden};
    use proptest::prelude::*;
    use std::time::Duration;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn lines(board: &Board, changes: &[Change]) -> Vec<String> {
        let at = At::after(START, Duration::from_millis(1_234));
        let mut out = Vec::new();
        let call = &board.iter().next().expect("a call").conversation;
        for line in changes.iter().filter_map(|c| line(stamp(at), call, &board.names, c)) {
            line.write(&mut out);
        }
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    fn snapshot(value: &str) -> Snapshot {
        Snapshot {
            id: "c1".into(),
            participants: vec![ParticipantSnapshot {
                id: "p1".into(),
                purpose: Purpose::new("customer"),
                address: Some("tel:+15550100".into()),
                state: Some(State::new("connected")),
                attributes: Some(vec![("tier".into(), Value::text(value))]),
                ..ParticipantSnapshot::default()
            }],
            ..Snapshot::default()
        }
    }

    #[test]
    fn the_fields_and_their_order_are_those_of_the_contract() {
        let mut board = Board::new(HistoryLimits::default());
        let at = At::after(START, Duration::ZERO);
        let first = board.apply(at, Update::Stream(snapshot("gold")), &()).changes;
        assert_eq!(
            lines(&board, &first),
            [
                r#"{"type":"conversation","time":"1970-01-01T00:00:01.234Z","conversationId":"c1","change":"started","mediaType":"unknown","address":"tel:+15550100","queueId":null}"#,
                r#"{"type":"participant","time":"1970-01-01T00:00:01.234Z","conversationId":"c1","participantId":"p1","purpose":"customer","change":"joined","state":"connected"}"#,
                r#"{"type":"attribute","time":"1970-01-01T00:00:01.234Z","conversationId":"c1","participantId":"p1","purpose":"customer","key":"tier","old":null,"new":"gold","source":"stream"}"#,
            ]
        );
        let second = board.apply(at, Update::Stream(snapshot("silver")), &()).changes;
        assert_eq!(
            lines(&board, &second),
            [
                r#"{"type":"attribute","time":"1970-01-01T00:00:01.234Z","conversationId":"c1","participantId":"p1","purpose":"customer","key":"tier","old":"gold","new":"silver","source":"stream"}"#
            ]
        );
        let mut out = Vec::new();
        NdjsonLine::Connection { time: Stamp::of(START), state: "live", reason: None }.write(&mut out);
        assert_eq!(
            out,
            b"{\"type\":\"connection\",\"time\":\"1970-01-01T00:00:00.000Z\",\"state\":\"live\",\"reason\":null}\n"
        );
    }

    #[test]
    fn a_late_reader_gets_the_same_first_sight() {
        let mut board = Board::new(HistoryLimits::default());
        let at = At::after(START, Duration::from_millis(1_234));
        let changes = board.apply(at, Update::Stream(snapshot("gold")), &()).changes;
        let mut out = Vec::new();
        for line in first_sight(stamp(at), board.get("c1").unwrap(), &board.names, Source::Stream) {
            line.write(&mut out);
        }
        assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), lines(&board, &changes));
    }

    #[test]
    fn times_are_cut_to_milliseconds() {
        let text = |nanos: i32, second: i64| Stamp::of(Timestamp::new(second, nanos).unwrap()).as_str().to_owned();
        assert_eq!(text(999_999_999, 0), "1970-01-01T00:00:00.999Z");
        assert_eq!(text(1_000_000, 1_795_183_411), "2026-11-20T14:03:31.001Z");
    }

    proptest! {
        #[test]
        fn any_text_survives_and_none_of_it_controls_a_terminal(value in any::<String>()) {
            let mut out = Vec::new();
            write(&mut out, &value).unwrap();
            let text = String::from_utf8(out).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            prop_assert!(!line.chars().any(is_hidden), "{line:?}");
            prop_assert_eq!(serde_json::from_str::<String>(line).unwrap(), value);
        }

        #[test]
        fn any_time_reads_back(ms in 0i64..4_102_444_800_000) {
            let time = Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(Stamp::of(time).as_str().parse::<Timestamp>().unwrap(), time);
        }
    }
}
