//! The lines of recording format 1. One JSON object a line; fields that a reader does not know are ignored, kinds that
//! it does not know are skipped and counted.

use crate::domain::At;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, time::Duration};

/// What `format` of the first line says.
pub const FORMAT: &str = "sidetone-recording";
/// The format that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always [`FORMAT`].
    pub format: String,
    /// Format version.
    pub version: u32,
    /// Version of the program that wrote it; information only.
    pub program: String,
    /// The wall clock when recording began.
    pub started: Timestamp,
    /// The monotonic clock at that moment, in microseconds of the times in the lines.
    #[serde(rename = "startedUs", default)]
    pub started_us: u64,
    /// What was watched, as the operator named it (`queue Billing`, `flow MainIVR`). Nothing secret.
    #[serde(default)]
    pub watched: Vec<String>,
    /// True for a copy whose personal values were replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// Keys whose values were left as they were in a redacted copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

impl Header {
    /// The header of a recording that begins at `at`.
    pub fn new(at: At, watched: Vec<String>) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            started: at.wall,
            started_us: micros(at.mono),
            watched,
            redacted: false,
            kept: Vec::new(),
        }
    }
}

/// One recorded event.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingLine {
    /// Position in the recording, from 1. A hole means that lines were lost; a [`Record::Lost`] says so as well.
    pub seq: u64,
    /// When it entered the loop. The monotonic part is kept to the microsecond.
    pub at: At,
    /// What entered.
    pub record: Record,
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A text frame of a notification channel, exactly as received.
    Frame(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// The link changed.
    Link(LinkLine),
    /// A read of this conversation left. Ties an answer to what was known when it was asked for.
    Ask {
        /// The conversation.
        conversation: String,
    },
    /// The answer to a request for reading.
    Reply {
        /// Method and path, without host: `GET /api/v2/conversations/…`.
        request: String,
        /// HTTP status; 0 when no answer came.
        status: u16,
        /// The body as received, or the error when no answer came.
        body: String,
    },
    /// A name was learned for an id.
    Name {
        /// `queue`, `user` or `flow`.
        of: String,
        /// The id.
        id: String,
        /// The name.
        name: String,
    },
    /// Which flow a call runs or ran, as a query told it.
    Flow {
        /// The conversation.
        conversation: String,
        /// The participant that stands for the flow; empty where that was not told.
        participant: String,
        /// The flow's id.
        id: String,
        /// Its name; empty where that was not told.
        name: String,
        /// Its version; empty where that was not told.
        version: String,
        /// `address`, `analytics`, `activity` or `event`.
        by: String,
    },
    /// An edit of this operator, at each of its steps.
    Edit(RecordedEdit),
    /// A key press in the UI, in the notation of the key table.
    Key(String),
    /// Pasted text.
    Paste(String),
    /// The terminal's size.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// Time was looked at: what time alone changes (ages, milestones) was judged at this moment.
    Tick,
    /// Lines that could not be recorded because the disk was too slow.
    Lost {
        /// How many.
        count: u64,
    },
    /// The recording was closed in order.
    End,
}

/// The state of the link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkLine {
    /// `connecting`, `live`, `reconnecting`, `gap`, `offline`, `signed-out` or `closed`.
    pub state: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// Which try comes next, while reconnecting.
    pub attempt: Option<u32>,
    /// While reconnecting: when the next try starts. For a gap: when something was last heard. In microseconds on the
    /// clock of the lines.
    pub when_us: Option<u64>,
}

/// A step of an edit: the request that left, or what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEdit {
    /// Ties the steps of one edit together.
    pub id: u64,
    /// `sent`, `accepted`, `confirmed`, `overwritten`, `conflict`, `failed`.
    pub step: String,
    /// The conversation.
    #[serde(rename = "conversationId")]
    pub conversation: String,
    /// The participant.
    #[serde(rename = "participantId")]
    pub participant: String,
    /// Keys and values that the operator asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String)>,
    /// HTTP status where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Free text: the server's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A line as it stands in the file: flat, so that neither side needs to buffer it.
#[derive(Serialize, Deserialize)]
struct Flat<'a> {
    seq: u64,
    us: u64,
    at: Timestamp,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(default, rename = "whenUs", skip_serializing_if = "Option::is_none")]
    when_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    #[serde(default, rename = "conversationId", skip_serializing_if = "Option::is_none")]
    conversation: Option<Cow<'a, str>>,
    #[serde(default, rename = "participantId", skip_serializing_if = "Option::is_none")]
    participant: Option<Cow<'a, str>>,
    #[serde(default, rename = "flowVersion", skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edit: Option<Cow<'a, RecordedEdit>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

impl<'a> Flat<'a> {
    fn new(line: &RecordingLine, kind: &'a str) -> Self {
        Self {
            seq: line.seq,
            us: micros(line.at.mono),
            at: line.at.wall,
            kind: Cow::Borrowed(kind),
            text: None,
            base64: None,
            state: None,
            reason: None,
            attempt: None,
            when_us: None,
            request: None,
            status: None,
            body: None,
            conversation: None,
            participant: None,
            version: None,
            of: None,
            id: None,
            name: None,
            edit: None,
            columns: None,
            rows: None,
            count: None,
        }
    }
}

/// Why a line is not one of format 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadLine {
    /// Not the JSON of a line.
    Malformed(String),
    /// A kind that this version does not know.
    UnknownKind(String),
}

impl RecordingLine {
    /// The line as JSON, without the newline.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let text = |s: &'_ String| Some(Cow::Owned::<str>(s.clone()));
        let flat = match &self.record {
            Record::Frame(frame) => Flat { text: Some(Cow::Borrowed(frame)), ..Flat::new(self, "frame") },
            Record::Binary(bytes) => {
                Flat { base64: Some(Cow::Owned(BASE64.encode(bytes))), ..Flat::new(self, "binary") }
            }
            Record::Link(link) => Flat {
                state: text(&link.state),
                reason: link.reason.as_ref().and_then(text),
                attempt: link.attempt,
                when_us: link.when_us,
                ..Flat::new(self, "link")
            },
            Record::Ask { conversation } => Flat { conversation: text(conversation), ..Flat::new(self, "ask") },
            Record::Reply { request, status, body } => Flat {
                request: Some(Cow::Borrowed(request)),
                status: Some(*status),
                body: Some(Cow::Borrowed(body)),
                ..Flat::new(self, "reply")
            },
            Record::Name { of, id, name } => {
                Flat { of: text(of), id: text(id), name: text(name), ..Flat::new(self, "name") }
            }
            Record::Flow { conversation, participant, id, name, version, by } => Flat {
                conversation: text(conversation),
                participant: text(participant),
                id: text(id),
                name: text(name),
                version: text(version),
                of: text(by),
                ..Flat::new(self, "flow")
            },
            Record::Edit(edit) => Flat { edit: Some(Cow::Borrowed(edit)), ..Flat::new(self, "edit") },
            Record::Key(key) => Flat { text: Some(Cow::Borrowed(key)), ..Flat::new(self, "key") },
            Record::Paste(pasted) => Flat { text: Some(Cow::Borrowed(pasted)), ..Flat::new(self, "paste") },
            Record::Size { columns, rows } => {
                Flat { columns: Some(*columns), rows: Some(*rows), ..Flat::new(self, "size") }
            }
            Record::Lost { count } => Flat { count: Some(*count), ..Flat::new(self, "lost") },
            Record::Tick => Flat::new(self, "tick"),
            Record::End => Flat::new(self, "end"),
        };
        serde_json::to_vec(&flat)
    }

    /// Reads a line, without its newline.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, BadLine> {
        let flat: Flat<'_> = serde_json::from_slice(json).map_err(|e| BadLine::Malformed(e.to_string()))?;
        let field = |name: &'static str, value: Option<Cow<'_, str>>| {
            value.map(Cow::into_owned).ok_or_else(|| BadLine::Malformed(format!("\"{name}\" is missing")))
        };
        let number = |name: &'static str, value: Option<u64>| {
            value.ok_or_else(|| BadLine::Malformed(format!("\"{name}\" is missing")))
        };
        let record = match &*flat.kind {
            "frame" => Record::Frame(field("text", flat.text)?),
            "binary" => {
                let text = field("base64", flat.base64)?;
                Record::Binary(BASE64.decode(text).map_err(|e| BadLine::Malformed(e.to_string()))?)
            }
            "link" => Record::Link(LinkLine {
                state: field("state", flat.state)?,
                reason: flat.reason.map(Cow::into_owned),
                attempt: flat.attempt,
                when_us: flat.when_us,
            }),
            "ask" => Record::Ask { conversation: field("conversationId", flat.conversation)? },
            "reply" => Record::Reply {
                request: field("request", flat.request)?,
                status: flat.status.unwrap_or(0),
                body: field("body", flat.body)?,
            },
            "name" => {
                Record::Name { of: field("of", flat.of)?, id: field("id", flat.id)?, name: field("name", flat.name)? }
            }
            "flow" => Record::Flow {
                conversation: field("conversationId", flat.conversation)?,
                participant: field("participantId", flat.participant)?,
                id: field("id", flat.id)?,
                name: field("name", flat.name)?,
                version: field("flowVersion", flat.version)?,
                by: field("of", flat.of)?,
            },
            "edit" => {
                let edit = flat.edit.ok_or_else(|| BadLine::Malformed("\"edit\" is missing".into()))?;
                Record::Edit(edit.into_owned())
            }
            "key" => Record::Key(field("text", flat.text)?),
            "paste" => Record::Paste(field("text", flat.text)?),
            "size" => Record::Size {
                columns: u16::try_from(number("columns", flat.columns.map(u64::from))?).unwrap_or(u16::MAX),
                rows: u16::try_from(number("rows", flat.rows.map(u64::from))?).unwrap_or(u16::MAX),
            },
            "lost" => Record::Lost { count: number("count", flat.count)? },
            "tick" => Record::Tick,
            "end" => Record::End,
            other => return Err(BadLine::UnknownKind(other.into())),
        };
        Ok(Self { seq: flat.seq, at: At { mono: Duration::from_micros(flat.us), wall: flat.at }, record })
    }
}

impl Record {
    /// About how much memory it takes, to bound what waits for the disk.
    pub(super) fn weight(&self) -> usize {
        64 + match self {
            Self::Frame(text) | Self::Key(text) | Self::Paste(text) => text.len(),
            Self::Binary(bytes) => bytes.len() * 4 / 3,
            Self::Reply { request, body, .. } => request.len() + body.len(),
            Self::Edit(edit) => edit.values.iter().map(|(k, v)| k.len() + v.len()).sum(),
            Self::Link(_)
            | Self::Ask { .. }
            | Self::Name { .. }
            | Self::Flow { .. }
            | Self::Size { .. }
            | Self::Lost { .. }
            | Self::Tick
            | Self::End => 64,
        }
    }
}

pub(super) fn micros(mono: Duration) -> u64 {
    u64::try_from(mono.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(us: u64) -> At {
        At::after("2026-11-21T03:00:00.25Z".parse().unwrap(), Duration::from_micros(us))
    }

    fn record() -> impl Strategy<Value = Record> {
        let text = any::<String>();
        prop_oneof![
            text.prop_map(Record::Frame),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Record::Binary),
            (text, proptest::option::of(text), any::<Option<u32>>(), any::<Option<u64>>()).prop_map(
                |(state, reason, attempt, when_us)| Record::Link(LinkLine { state, reason, attempt, when_us })
            ),
            text.prop_map(|conversation| Record::Ask { conversation }),
            (text, any::<u16>(), text).prop_map(|(request, status, body)| Record::Reply { request, status, body }),
            (text, text, text).prop_map(|(of, id, name)| Record::Name { of, id, name }),
            (text, text, text, text, text, text).prop_map(|(conversation, participant, id, name, version, by)| {
                Record::Flow { conversation, participant, id, name, version, by }
            }),
            (any::<u64>(), text, proptest::collection::vec((text, text), 0..3)).prop_map(|(id, step, values)| {
                Record::Edit(RecordedEdit { id, step, values, ..RecordedEdit::default() })
            }),
            text.prop_map(Record::Key),
            text.prop_map(Record::Paste),
            (any::<u16>(), any::<u16>()).prop_map(|(columns, rows)| Record::Size { columns, rows }),
            any::<u64>().prop_map(|count| Record::Lost { count }),
            Just(Record::Tick),
            Just(Record::End),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seq: u64, us in 0_u64..1 << 50, record in record()) {
            let line = RecordingLine { seq, at: at(us), record };
            let json = line.to_json().unwrap();
            prop_assert!(!json.contains(&b'\n'));
            prop_assert_eq!(RecordingLine::from_json(&json).unwrap(), line);
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_unknown_kinds_named() {
        let line = br#"{"seq":1,"us":2,"at":"2026-11-21T03:00:00Z","kind":"key","text":"j","more":{"a":1}}"#;
        assert_eq!(RecordingLine::from_json(line).unwrap().record, Record::Key("j".into()));
        let line = br#"{"seq":1,"us":2,"at":"2026-11-21T03:00:00Z","kind":"mouse"}"#;
        assert_eq!(RecordingLine::from_json(line), Err(BadLine::UnknownKind("mouse".into())));
        assert!(matches!(RecordingLine::from_json(b"{"), Err(BadLine::Malformed(_))));
        let line = br#"{"seq":1,"us":2,"at":"2026-11-21T03:00:00Z","kind":"frame"}"#;
        assert_eq!(RecordingLine::from_json(line), Err(BadLine::Malformed("\"text\" is missing".into())));
    }
}
