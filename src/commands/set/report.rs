//! What became of a `set`, as JSON and for people.

use super::{SetRequest, exit_of, print};
use crate::{
    commands::{
        ansi::{Ansi, Role},
        note,
    },
    domain::{
        ConversationId, JsonKind, Key, ParticipantId, Source, Value,
        outbox::{PatchBody, WriteOutcome, WriteReport},
        text,
    },
    exit::Exit,
    ndjson,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// An outcome, ready to be printed.
#[derive(Debug)]
pub(super) struct SetReport {
    output: Output,
    /// To whom: purpose and id.
    pub who: Option<String>,
    /// A signal broke it off.
    pub interrupted: bool,
    /// Key, value before, value wanted: for people.
    changes: Vec<(String, Option<String>, String)>,
    /// What else the operator has to know.
    pub warnings: Vec<String>,
    /// How the program ends.
    pub exit: Exit,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    conversation_id: String,
    participant_id: Option<String>,
    requested: ReportMap,
    outcome: &'static str,
    status: Option<u16>,
    attempts: u32,
    correlation_id: Option<String>,
    confirmed_by: Option<&'static str>,
    confirm_ms: Option<u64>,
    body: Option<BodyOutput>,
    lost: Vec<String>,
    overwritten: Vec<Overwritten>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<KeyConflict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct BodyOutput {
    attributes: ReportMap,
}

#[derive(Debug, Serialize)]
struct Overwritten {
    key: String,
    theirs: Option<String>,
    ours: String,
}

/// A key that did not have the value it was to have.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyConflict {
    pub key: String,
    pub expected: Option<String>,
    pub theirs: Option<String>,
    /// What JSON it is, where it is no text. The JSON null has no text; a key that is not there has neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theirs_kind: Option<&'static str>,
}

impl KeyConflict {
    pub(super) fn new(key: &str, expected: Option<String>, theirs: Option<&Value>) -> Self {
        let kind = theirs.and_then(|v| match v.kind() {
            JsonKind::Text => None,
            JsonKind::Number => Some("number"),
            JsonKind::Bool => Some("boolean"),
            JsonKind::Null => Some("null"),
            JsonKind::Nested => Some("json"),
        });
        let text = theirs.filter(|v| v.kind() != JsonKind::Null).map(|v| v.as_str().to_owned());
        Self { key: key.to_owned(), expected, theirs: text, theirs_kind: kind }
    }
}

/// Keys and values in their order.
#[derive(Debug)]
struct ReportMap(Vec<(String, String)>);

impl Serialize for ReportMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl From<&PatchBody> for ReportMap {
    fn from(body: &PatchBody) -> Self {
        Self(body.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_string())).collect())
    }
}

impl SetReport {
    fn new(
        id: &ConversationId,
        participant: Option<&ParticipantId>,
        request: &SetRequest,
        outcome: &'static str,
    ) -> Self {
        Self {
            output: Output {
                conversation_id: id.to_string(),
                participant_id: participant.map(ToString::to_string),
                requested: ReportMap(request.pairs.clone()),
                outcome,
                status: None,
                attempts: 0,
                correlation_id: None,
                confirmed_by: None,
                confirm_ms: None,
                body: None,
                lost: Vec::new(),
                overwritten: Vec::new(),
                conflicts: Vec::new(),
                error: None,
            },
            who: None,
            interrupted: false,
            changes: Vec::new(),
            warnings: Vec::new(),
            exit: Exit::Done,
        }
    }

    /// Nothing came of it.
    pub(super) fn failed(id: &ConversationId, request: &SetRequest, error: &anyhow::Error) -> Self {
        let mut report = Self::new(id, None, request, "failed");
        report.output.error = Some(format!("{error:#}"));
        report.exit = Exit::of(error);
        report
    }

    /// Nothing was sent, on purpose.
    pub(super) fn dry_run(
        id: &ConversationId,
        participant: &ParticipantId,
        request: &SetRequest,
        body: &PatchBody,
        changes: Vec<(String, Option<String>, String)>,
    ) -> Self {
        let mut report = Self::new(id, Some(participant), request, "dry-run");
        report.output.body = Some(BodyOutput { attributes: body.into() });
        report.changes = changes;
        report
    }

    /// A condition does not hold.
    pub(super) fn conflict(
        id: &ConversationId,
        participant: &ParticipantId,
        request: &SetRequest,
        conflicts: Vec<KeyConflict>,
    ) -> Self {
        let mut report = Self::new(id, Some(participant), request, "conflict");
        report.output.conflicts = conflicts;
        report.exit = Exit::Conflict;
        report
    }

    /// What the outbox tells of a write.
    pub(super) fn of_write(request: &SetRequest, write: &WriteReport, before: impl Fn(&Key) -> Option<String>) -> Self {
        let word = match write.outcome {
            WriteOutcome::Confirmed => "confirmed",
            WriteOutcome::Accepted => "accepted",
            WriteOutcome::Conflict => "conflict",
            // Whether it was written nobody can say.
            WriteOutcome::Failed if write.maybe_applied => "unknown",
            WriteOutcome::Sending if write.attempts > 0 => "unknown",
            WriteOutcome::Failed | WriteOutcome::Sending => "failed",
        };
        let mut report = Self::new(&write.target.conversation, Some(&write.target.participant), request, word);
        let output = &mut report.output;
        output.status = write.status;
        output.attempts = write.attempts;
        output.correlation_id.clone_from(&write.correlation_id);
        output.confirmed_by = write.confirmed_by.map(|by| if by == Source::Read { "read" } else { "stream" });
        output.confirm_ms = write.confirmed_after.and_then(|d| u64::try_from(d.as_millis()).ok());
        output.body = (!write.body.is_empty()).then(|| BodyOutput { attributes: (&write.body).into() });
        output.lost = write.lost.iter().map(|loss| loss.cell.key.to_string()).collect();
        let value = |v: &Option<Value>| v.as_ref().map(|v| v.as_str().to_owned());
        output.overwritten = write
            .overwritten
            .iter()
            .map(|o| Overwritten { key: o.key.to_string(), theirs: value(&o.theirs), ours: o.ours.as_str().to_owned() })
            .collect();
        output.conflicts = write
            .conflicts
            .iter()
            .map(|c| KeyConflict::new(c.key.as_str(), value(&c.wanted), c.theirs.as_ref()))
            .collect();
        output.error = write.failure.as_ref().map(|failure| failure.reason.clone());
        if write.outcome != WriteOutcome::Conflict {
            report.changes = write.requested.iter().map(|(k, v)| (k.to_string(), before(k), v.to_string())).collect();
        }
        report.exit = exit_of(write.outcome);
        report.warn(write);
        report
    }

    fn warn(&mut self, write: &WriteReport) {
        let shown = |text: &str| format!("{:?}", text::cut(text, 60));
        for loss in &write.lost {
            let (key, was) = (shown(loss.cell.key.as_str()), shown(loss.theirs.as_str()));
            self.warnings.push(format!("{key} was not touched and has vanished; it was {was}"));
        }
        for over in write.overwritten.iter().filter(|o| !o.edited) {
            let theirs = over.theirs.as_ref().map_or_else(|| "nothing".to_owned(), |v| shown(v.as_str()));
            let (key, ours) = (shown(over.key.as_str()), shown(over.ours.as_str()));
            self.warnings.push(format!(
                "{key} was not edited, but this PATCH of all attributes set it to {ours} again, over {theirs}"
            ));
        }
        for (key, alarm) in &write.unseen {
            let causes: Vec<String> = alarm.causes.iter().map(|c| c.text()).collect();
            let status = alarm.status.map_or_else(|| "its answer was lost".to_owned(), |s| format!("PATCH {s}"));
            let id = alarm.correlation_id.as_deref().map(|id| format!(", correlation id {id}")).unwrap_or_default();
            self.warnings.push(format!(
                "{} was accepted ({status}{id}) but not seen within {} ms; {}",
                shown(key.as_str()),
                alarm.waited.as_millis(),
                causes.join("; ")
            ));
        }
    }

    /// Keys that did not hold what was expected.
    pub(super) fn conflicts(&self) -> &[KeyConflict] {
        &self.output.conflicts
    }

    /// Why it failed, if it did.
    pub(super) fn error(&self) -> Option<&str> {
        self.output.error.as_deref()
    }

    /// Prints it. For people a failure is an error like any other, and goes to stderr.
    pub(super) fn print(&self, json: bool, paint: Ansi) -> anyhow::Result<()> {
        let mut out = Vec::new();
        if json {
            ndjson::write(&mut out, &self.output)?;
        } else if matches!(self.output.outcome, "failed" | "unknown") && !self.interrupted {
            note(self.output.error.as_deref().unwrap_or("the write failed"));
        } else {
            out = self.human(paint).into_bytes();
        }
        let Err(error) = print(&out) else { return Ok(()) };
        // The reader has seen enough.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Err(error.into());
        }
        let exit = if self.exit == Exit::Done { Exit::Failed } else { self.exit };
        Err(exit.because(format!("cannot write to stdout: {error}; {}", self.fate())).into())
    }

    /// What became of the change, for when stdout does not take it.
    fn fate(&self) -> &'static str {
        match self.output.outcome {
            "confirmed" => "the change was sent and seen",
            "accepted" => "the change was sent and accepted, and not seen yet",
            "unknown" => "the change was sent, and its outcome is unknown",
            _ => "nothing was changed",
        }
    }

    fn human(&self, paint: Ansi) -> String {
        let output = &self.output;
        let value = |v: Option<&str>| match v {
            None => paint.own(Role::Quiet, paint.absent()).into_owned(),
            Some("") => paint.own(Role::Quiet, "(empty)").into_owned(),
            Some(v) => text::visible_in(&text::marked(v, paint.charset()), paint.charset()).into_owned(),
        };
        let mut lines = String::new();
        for (key, old, new) in &self.changes {
            lines += &format!(
                "{}  {} {} {}\n",
                paint.foreign(Role::Name, key),
                value(old.as_deref()),
                paint.arrow(),
                paint.own(Role::Fresh, &value(Some(new)))
            );
        }
        for c in &output.conflicts {
            lines += &format!(
                "{}  expected {}, found {}\n",
                paint.foreign(Role::Name, &c.key),
                value(c.expected.as_deref()),
                match c.theirs_kind {
                    None => value(c.theirs.as_deref()),
                    Some("null") => "the JSON null".to_owned(),
                    Some(kind) => format!("{} ({kind}, not text)", value(c.theirs.as_deref())),
                }
            );
        }
        for o in &output.overwritten {
            lines += &format!(
                "{}  sent {}, found {}\n",
                paint.foreign(Role::Name, &o.key),
                value(Some(&o.ours)),
                value(o.theirs.as_deref())
            );
        }
        let sent = match (output.status, output.attempts) {
            (Some(status), _) => format!("PATCH {status}"),
            (None, 0) => "nothing was sent".to_owned(),
            (None, _) => "PATCH without an answer".to_owned(),
        };
        let (role, said) = match output.outcome {
            "confirmed" => (
                Role::Good,
                format!(
                    "seen {} after {} ms",
                    if output.confirmed_by == Some("read") { "in a read" } else { "on the stream" },
                    output.confirm_ms.unwrap_or_default()
                ),
            ),
            "accepted" if self.interrupted => (Role::Warning, "interrupted: accepted, not seen yet".to_owned()),
            "unknown" => (Role::Bad, "interrupted: sent, outcome unknown".to_owned()),
            "failed" => (Role::Bad, "interrupted".to_owned()),
            "accepted" => (Role::Bad, "accepted, but not there".to_owned()),
            "conflict" if output.attempts > 0 => (Role::Bad, "conflict: not sent again".to_owned()),
            "conflict" => (Role::Bad, "conflict: not sent".to_owned()),
            _ => (Role::Warning, "dry run".to_owned()),
        };
        let tries = if output.attempts > 1 { format!(", {} tries", output.attempts) } else { String::new() };
        let id = output.correlation_id.as_deref().map(|id| format!(", correlation id {id}")).unwrap_or_default();
        let who = self.who.as_deref().map(|who| format!(", {who}")).unwrap_or_default();
        lines += &format!(
            "{} ({})\n",
            paint.foreign(role, &said),
            paint.foreign(Role::Quiet, &format!("{sent}{tries}{id}{who}"))
        );
        lines
    }
}
