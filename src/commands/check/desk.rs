//! A board with an examiner, and what it found since it was last asked.

use crate::domain::{
    Applied, At, Board, Change, ConversationId, Freshness, HistoryLimits, Update,
    expect::Expectation,
    findings::{Examiner, Finding, FindingChange, Tuning},
    learn::Learner,
};
use std::time::Duration;

/// What `check` knows.
pub(super) struct Desk {
    pub board: Board,
    examiner: Examiner,
    /// Learns what calls carry, if asked to.
    pub learner: Option<Learner>,
    found: Vec<(At, Finding)>,
    /// The link was lost, and what was missed has not been asked for yet.
    missed: bool,
}

impl Desk {
    pub(super) fn new(tuning: Tuning, expectations: Vec<Expectation>, learn: bool) -> Self {
        Self {
            board: Board::new(HistoryLimits::NONE),
            examiner: Examiner::new(tuning, expectations),
            learner: learn.then(Learner::default),
            found: Vec::new(),
            missed: false,
        }
    }

    /// Takes in an update. Returns a conversation that has to be read before more can be said about it.
    pub(super) fn take(&mut self, at: At, update: Update) -> Option<ConversationId> {
        self.pass(at);
        // A read may bring nothing new but that the call is current again.
        let read = match &update {
            Update::Read { snapshot, .. } => Some(snapshot.id.clone()),
            _ => None,
        };
        let Applied { changes, reread } = self.board.apply(at, update, &());
        let id = changes.first().map(|change| change.conversation().clone());
        if let Some(id) = id.or(read) {
            self.look(&id, &changes, at);
        }
        reread
    }

    /// Judges what time alone has changed by now.
    pub(super) fn pass(&mut self, now: At) {
        while let Some((due, id)) = self.examiner.due_call(now) {
            if !self.look(&id, &[], due) {
                self.examiner.forget(id.as_str());
            }
        }
    }

    /// When time alone will change something next, on the clock of [`At::mono`].
    pub(super) fn due(&self) -> Option<Duration> {
        self.examiner.due().map(|due| due.mono)
    }

    /// The link is lost, or was: nothing is judged on what was observed before.
    pub(super) fn lost(&mut self) {
        self.board.mark_stale();
        self.missed = true;
    }

    /// The link is live: what has to be read again.
    pub(super) fn back(&mut self) -> Vec<ConversationId> {
        if std::mem::take(&mut self.missed) { self.stale().cloned().collect() } else { Vec::new() }
    }

    /// The calls that were not observed since the link was lost.
    pub(super) fn stale(&self) -> impl Iterator<Item = &ConversationId> {
        let calls = self.board.iter().map(|e| &e.conversation);
        calls.filter(|c| !c.is_over() && c.freshness == Freshness::Stale).map(|c| &c.id)
    }

    /// What was found, or got worse or better, since this was last asked.
    pub(super) fn found(&mut self) -> Vec<(At, Finding)> {
        std::mem::take(&mut self.found)
    }

    fn look(&mut self, id: &ConversationId, changes: &[Change], at: At) -> bool {
        let Some(entry) = self.board.get(id.as_str()) else { return false };
        if let Some(learner) = &mut self.learner {
            learner.look(&entry.conversation, at);
        }
        for change in self.examiner.look(entry, &self.board.names, changes, &[], at) {
            if let FindingChange::Appeared(finding) | FindingChange::Changed(finding) = change {
                self.found.push((at, finding));
            }
        }
        true
    }
}
