//! Each rule: what must fire, and what must not.

mod by_expectation;
mod by_key;
mod by_time;
mod by_value;
mod docs;
mod lost;

use super::*;
use crate::domain::expect::Expectation;
use crate::domain::testing::{at, participant, snapshot, start};
use crate::domain::{
    Board, Claims, ConversationId, Key, ParticipantId, ParticipantSnapshot, Snapshot, State, Update, Value,
};
use std::time::Duration;

/// A board and its examiner, fed by hand.
pub(super) struct Desk {
    board: Board,
    examiner: Examiner,
    edits: Vec<EditFact>,
}

/// Claims one value.
struct Mine(&'static str);

impl Claims for Mine {
    fn is_ours(&self, _: &ConversationId, _: &ParticipantId, _: &str, new: Option<&Value>) -> bool {
        !self.0.is_empty() && new.is_some_and(|v| v.as_str() == self.0)
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(Tuning::default(), Vec::new())
    }

    pub(super) fn expecting(expectations: Vec<Expectation>) -> Self {
        Self::with(Tuning::default(), expectations)
    }

    pub(super) fn with(tuning: Tuning, expectations: Vec<Expectation>) -> Self {
        Self { board: Board::default(), examiner: Examiner::new(tuning, expectations), edits: Vec::new() }
    }

    /// Takes in an event `millis` after the start; what it does to findings.
    pub(super) fn event(&mut self, millis: u64, snapshot: Snapshot) -> Vec<FindingChange> {
        self.event_claimed(millis, snapshot, "")
    }

    /// As [`Self::event`]; the value `mine` is the operator's own.
    pub(super) fn event_claimed(&mut self, millis: u64, snapshot: Snapshot, mine: &'static str) -> Vec<FindingChange> {
        let at = ms(millis);
        let id = snapshot.id.clone();
        let applied = self.board.apply(at, Update::Stream(snapshot), &Mine(mine));
        let entry = self.board.get(id.as_str()).unwrap();
        let observed = Observed { changes: &applied.changes, unobserved: applied.unobserved, edits: &self.edits };
        self.examiner.look(entry, &self.board.names, observed, at)
    }

    /// Lets time pass, as the shell does: looks again at each moment that the examiner asks for.
    pub(super) fn pass(&mut self, until: u64) {
        while let Some((now, id)) = self.examiner.due_call(ms(until)) {
            let entry = self.board.get(id.as_str()).unwrap();
            self.examiner.look(entry, &self.board.names, Observed { edits: &self.edits, ..Observed::default() }, now);
            assert_ne!(self.examiner.due(), Some(now), "a look settles what was due");
        }
    }

    /// What is found on call `c`, as `rule key@purpose`, sorted.
    pub(super) fn found(&self) -> Vec<String> {
        let call = &self.board.get("c").unwrap().conversation;
        let mut found: Vec<String> = self
            .examiner
            .of("c")
            .map(|f| {
                let purpose = f.participant.as_ref().and_then(|p| call.participant(p.as_str()));
                let key = f.key.as_ref().map_or("", Key::as_str);
                format!("{} {key}@{}", f.rule, purpose.map_or("", |p| p.purpose.as_str()))
            })
            .collect();
        found.sort();
        found
    }

    pub(super) fn message(&self, rule: RuleId) -> String {
        self.examiner.of("c").find(|f| f.rule == rule).map(|f| f.message.to_string()).unwrap_or_default()
    }

    pub(super) fn severity(&self, rule: RuleId) -> Option<Severity> {
        self.examiner.of("c").find(|f| f.rule == rule).map(|f| f.severity)
    }
}

pub(super) fn ms(millis: u64) -> At {
    At::after(start(), Duration::from_millis(millis))
}

/// One customer with these attributes, on call `c`.
pub(super) fn customer(attributes: &[(&str, &str)]) -> Snapshot {
    snapshot("c", vec![participant("p1", "customer", attributes)])
}

/// A participant that has left.
pub(super) fn gone(id: &str, purpose: &str, attributes: &[(&str, &str)]) -> ParticipantSnapshot {
    ParticipantSnapshot {
        state: Some(State::new("disconnected")),
        ended: Some(at(1).wall),
        ..participant(id, purpose, attributes)
    }
}

/// What is found on a customer with one attribute.
pub(super) fn found_on(key: &str, value: &str) -> Vec<String> {
    let mut desk = Desk::new();
    desk.event(0, customer(&[(key, value)]));
    desk.found()
}
