//! Judges the end of a simulated run by an expectation file: the call as the run leaves it, in the terms that live calls
//! are judged in.

use crate::{
    commands::ansi::{Ansi, Role},
    domain::{
        At, Board, FlowFact, FlowId, FlowRun, FlowSource, Media, ParticipantSnapshot, Purpose, QueueId, Snapshot,
        State, Update, Value,
        expect::{Expectation, Milestone, Wrong},
        filter::CallFacts,
    },
    flow::{
        run::{End, Run},
        value::Val,
    },
};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::{io::Write, time::Duration};

/// The rule of findings that say what cannot be told.
const UNEVALUATED: &str = "unevaluated";

/// One thing that is not as expected, or cannot be told.
pub struct FlowFinding {
    rule: &'static str,
    severity: &'static str,
    key: String,
    message: String,
    remedy: String,
}

impl FlowFinding {
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Whether it says that something cannot be told.
    pub fn is_undecided(&self) -> bool {
        self.rule == UNEVALUATED
    }

    pub fn json(&self) -> Json {
        json!({
            "type": "finding",
            "rule": self.rule,
            "severity": self.severity,
            "key": self.key,
            "message": self.message,
            "remedy": self.remedy,
        })
    }

    pub fn tell(&self, out: &mut impl Write, paint: Ansi) -> std::io::Result<()> {
        let role = if self.is_error() { Role::Bad } else { Role::Warning };
        writeln!(out, "{} {}", paint.own(role, self.rule), paint.foreign(Role::Name, &self.message))?;
        writeln!(out, "    {}", paint.foreign(Role::Quiet, &self.remedy))
    }
}

/// The findings, and how many expectations a simulated flow says nothing about.
pub fn judge(run: &Run, end: &End, expectations: &[Expectation]) -> (Vec<FlowFinding>, usize) {
    let now = At { mono: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
    let mut board = Board::default();
    board.apply(now, Update::Stream(snapshot(run, end)), &());
    let flow = FlowRun {
        id: FlowId::new("simulated-flow"),
        name: Some(run.flow().name.as_str().into()),
        version: None,
        source: FlowSource::Event,
        participant: Some("flow".into()),
    };
    board.apply(now, Update::Flow(FlowFact { conversation: CALL.into(), run: flow }), &());
    if let End::Transferred(to) = end {
        board.names.learn_queue(QueueId::new(to.as_str()), to);
    }
    let Some(entry) = board.get(CALL) else { return (Vec::new(), expectations.len()) };
    let facts = CallFacts { conversation: &entry.conversation, names: &board.names, now };
    let mut findings = Vec::new();
    let mut skipped = 0;
    for expectation in expectations {
        let past = match expectation.by {
            Milestone::Start | Milestone::FlowEnd => true,
            Milestone::Queue => matches!(end, End::Transferred(_)),
            _ => false,
        };
        let applies = expectation.when.as_ref().is_none_or(|filter| filter.holds(facts));
        if !past || !applies || expectation.on.as_str() != "customer" {
            skipped += 1;
            continue;
        }
        let found = one(run, expectation).map(|found| match uncertain(run, &found) {
            Some(why) => FlowFinding {
                rule: UNEVALUATED,
                severity: "warn",
                message: format!("{}, as far as is known here, but {why}", found.message),
                remedy: "settle what is not certain first".to_owned(),
                ..found
            },
            None => found,
        });
        findings.extend(found);
    }
    (findings, skipped)
}

/// Why a finding may not be so: the file is not certain, or the key is not.
fn uncertain(run: &Run, found: &FlowFinding) -> Option<String> {
    if !found.is_error() {
        return None;
    }
    let of_key = format!("{} ", found.key);
    let own = || run.doubts().into_iter().find(|doubt| doubt.starts_with(&of_key));
    run.flow().doubts().into_iter().next().or_else(own)
}

const CALL: &str = "simulation";

/// What a flow of this kind runs on.
fn media(kind: &str) -> Media {
    let kind = kind.to_ascii_lowercase();
    let of = [("call", Media::Call), ("email", Media::Email), ("chat", Media::Chat), ("message", Media::Message)];
    of.into_iter().find(|(word, _)| kind.contains(word)).map_or_else(Media::default, |(_, media)| media)
}

/// The call that the run leaves behind.
fn snapshot(run: &Run, end: &End) -> Snapshot {
    let customer = ParticipantSnapshot {
        id: "customer".into(),
        purpose: Purpose::new("customer"),
        media: media(&run.flow().kind),
        state: Some(State::new("connected")),
        connected: Some(Timestamp::UNIX_EPOCH),
        attributes: Some(
            run.attributes().filter_map(|(key, value)| Some((key.into(), Value::text(value.text()?)))).collect(),
        ),
        ..ParticipantSnapshot::default()
    };
    let flow = ParticipantSnapshot {
        id: "flow".into(),
        purpose: Purpose::new("ivr"),
        name: Some(run.flow().name.as_str().into()),
        state: Some(State::new("disconnected")),
        connected: Some(Timestamp::UNIX_EPOCH),
        ended: Some(Timestamp::UNIX_EPOCH),
        ..ParticipantSnapshot::default()
    };
    let mut participants = vec![customer, flow];
    if let End::Transferred(to) = end {
        participants.push(ParticipantSnapshot {
            id: "queue".into(),
            purpose: Purpose::new("acd"),
            name: Some(to.as_str().into()),
            queue_id: Some(QueueId::new(to.as_str())),
            state: Some(State::new("connected")),
            connected: Some(Timestamp::UNIX_EPOCH),
            ..ParticipantSnapshot::default()
        });
    }
    Snapshot { id: CALL.into(), participants, ..Snapshot::default() }
}

fn one(run: &Run, expectation: &Expectation) -> Option<FlowFinding> {
    let key = expectation.key.as_str();
    let finding = |rule, severity, message: String, remedy: &str| {
        let remedy = match &expectation.note {
            Some(from) => format!("{remedy} ({from})"),
            None => remedy.to_owned(),
        };
        Some(FlowFinding { rule, severity, key: key.to_owned(), message, remedy })
    };
    let found = run.attributes().find(|(name, _)| *name == key).map(|(_, value)| value);
    let Some(value) = found else {
        if !expectation.required {
            return None;
        }
        if let Some(why) = run.may_have_set() {
            return finding(
                UNEVALUATED,
                "warn",
                format!("{key} is not set as far as is known here, but {why}"),
                "give what is missing with --input, --data-action or --module",
            );
        }
        let twin = run.attributes().map(|(name, _)| name).find(|name| name.to_lowercase() == key.to_lowercase());
        return match twin {
            Some(twin) => finding(
                "case-mismatch",
                "error",
                format!("{key} is not set; {twin} is, and keys are case-sensitive"),
                "spell the key the same way everywhere",
            ),
            None => finding(
                "missing",
                "error",
                format!("{key} is not set when the flow ends"),
                "look at the path that was taken: 'sidetone flow keys' names the actions that set it",
            ),
        };
    };
    if let Some(why) = run.may_have_changed(key) {
        return finding(
            UNEVALUATED,
            "warn",
            format!("{key} is set, but may have been changed since: {why}"),
            "give what is missing with --input, --data-action or --module",
        );
    }
    let text = match value {
        Val::Unknown(_) => {
            return finding(
                UNEVALUATED,
                "warn",
                format!("{key} is set, to what is not known here: {value}"),
                "give what is missing with --input or --data-action",
            );
        }
        Val::NotSet => {
            return finding(
                "blank",
                "error",
                format!("{key} is set from a value that is not set"),
                "set the variable first",
            );
        }
        other => other.text().unwrap_or_else(|| other.to_string()),
    };
    match expectation.allowed.judge(text.as_str()) {
        Ok(()) => None,
        Err(Wrong::Blank) => finding("blank", "error", format!("{key} is empty"), "set it to what is expected"),
        Err(Wrong::Type(kind)) => finding(
            "wrong-type",
            "error",
            format!("{key} is {text:?}, which is not a {}", kind.as_str()),
            "correct its value",
        ),
        Err(Wrong::NotAllowed(near)) => {
            let near = near.map_or(String::new(), |near| format!("; {near:?} is"));
            finding(
                "not-allowed-value",
                "error",
                format!("{key} is {text:?}, which is not allowed{near}"),
                "correct its value",
            )
        }
        Err(Wrong::NoMatch(pattern)) => finding(
            "not-allowed-value",
            "error",
            format!("{key} is {text:?}, which does not match {pattern}"),
            "correct its value",
        ),
    }
}
