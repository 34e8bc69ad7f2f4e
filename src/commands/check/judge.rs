//! A monitor, and what it found since it was last asked.

use crate::domain::{
    At, ConversationId, HistoryLimits, Link, Update,
    expect::Expectation,
    findings::{Finding, FindingChange, Tuning},
    learn::Learner,
    monitor::{Monitor, MonitorOptions, MonitorOutcome},
};

/// What `check` knows.
pub(in crate::commands) struct Judge {
    pub(in crate::commands) monitor: Monitor,
    /// Learns what calls carry, if asked to.
    pub(super) learner: Option<Learner>,
    found: Vec<(At, Finding)>,
}

impl Judge {
    pub(in crate::commands) fn new(tuning: Tuning, expectations: Vec<Expectation>, learn: bool) -> Self {
        let history = HistoryLimits::NONE;
        Self {
            monitor: Monitor::new(MonitorOptions { history, tuning, expectations, ..MonitorOptions::default() }),
            learner: learn.then(Learner::default),
            found: Vec::new(),
        }
    }

    /// Takes in an update. Returns the conversations that have to be read before more can be said about them.
    pub(in crate::commands) fn take(&mut self, at: At, update: Update) -> Vec<ConversationId> {
        let outcome = self.monitor.update(at, update, &());
        self.note(outcome)
    }

    /// Judges what time alone has changed by now.
    pub(in crate::commands) fn pass(&mut self, now: At) {
        let outcome = self.monitor.time(now, &());
        self.note(outcome);
    }

    /// Takes in a state of the connection. Returns what has to be read because it was missed.
    pub(in crate::commands) fn link(&mut self, at: At, link: &Link) -> Vec<ConversationId> {
        let outcome = self.monitor.link(at, link, &());
        self.note(outcome)
    }

    /// What was found, or got worse or better, since this was last asked.
    pub(in crate::commands) fn found(&mut self) -> Vec<(At, Finding)> {
        std::mem::take(&mut self.found)
    }

    fn note(&mut self, outcome: MonitorOutcome) -> Vec<ConversationId> {
        for report in outcome.earlier.into_iter().chain(outcome.report) {
            if let (Some(learner), Some(entry)) = (&mut self.learner, self.monitor.board.get(report.call.as_str())) {
                learner.look(&entry.conversation, report.at);
            }
            for change in report.findings {
                if let FindingChange::Appeared(finding) | FindingChange::Changed(finding) = change {
                    self.found.push((report.at, finding));
                }
            }
        }
        outcome.reread
    }
}
