//! The one engine under every end: the screens, `watch`, `check`, `collect`, `export`, `replay` and `set`.
//!
//! One stream of updates and connection states goes in, each with its time; changes, findings and alerts come out. What
//! was not observed is not judged: after a lost connection, missing messages or a partial first sight, the verdicts of a
//! call stand still until it was seen whole again.

use super::{
    Applied, At, Board, Change, Claims, Conversation, ConversationId, Freshness, HistoryLimits, Link, Source, Trap,
    Update,
    alert::{Alerts, Fired},
    expect::Expectation,
    filter::Filter,
    findings::{EditFact, Examiner, Finding, FindingChange, Observed, Tuning},
};
pub use scope::InScope;
use scope::Scope;
use std::time::Duration;

mod scope;
#[cfg(test)]
mod tests;

/// What a [`Monitor`] is made with.
#[derive(Clone, Debug, Default)]
pub struct MonitorOptions {
    /// How much history each call keeps.
    pub history: HistoryLimits,
    /// How the rules of findings are applied.
    pub tuning: Tuning,
    /// Keys that calls are expected to have.
    pub expectations: Vec<Expectation>,
    /// The alerts that are set from the start.
    pub alerts: Alerts,
    /// Which calls are reported: those that match, each whole from that moment to its end.
    pub filter: Filter,
    /// Only the next call that goes into this trap is reported.
    pub trap: Option<Trap>,
}

/// How long and how many ended calls are remembered, so that a late event does not look like a new call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Since anything was last observed of it.
    pub time: Duration,
    /// Ended calls at most; of more, those that were observed longest ago go first.
    pub count: usize,
}

impl Retention {
    /// For programs that run for days.
    pub const DEFAULT: Self = Self { time: Duration::from_secs(600), count: 2_000 };
}

/// What came of one update, or of time alone, on one call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallReport {
    /// The moment of the report.
    pub at: At,
    /// On which call.
    pub call: ConversationId,
    /// By what it was observed.
    pub source: Source,
    /// What changed, in the order of the contract.
    pub changes: Vec<Change>,
    /// What became of findings.
    pub findings: Vec<FindingChange>,
    /// The alerts that fired, if the call is in scope.
    pub alerts: Vec<Fired>,
    /// Whether the call is one to be reported.
    pub scope: InScope,
}

/// What came of one input.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct MonitorOutcome {
    /// What time alone had brought about before this input, each at its own moment.
    pub earlier: Vec<CallReport>,
    /// What the update brought about.
    pub report: Option<CallReport>,
    /// Conversations that have to be read before more can be said about them.
    pub reread: Vec<ConversationId>,
}

impl MonitorOutcome {
    /// Everything that happened, in order.
    pub fn reports(&self) -> impl Iterator<Item = &CallReport> {
        self.earlier.iter().chain(&self.report)
    }
}

/// Watches calls and judges them.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// The conversations.
    pub board: Board,
    /// The findings.
    pub examiner: Examiner,
    /// The alerts.
    pub alerts: Alerts,
    scope: Scope,
    /// The connection was live when it was last reported.
    is_live: bool,
    /// Something was missed, and it has not been asked for yet.
    missed: bool,
}

impl Monitor {
    /// One that has seen nothing.
    pub fn new(options: MonitorOptions) -> Self {
        Self {
            board: Board::new(options.history),
            examiner: Examiner::new(options.tuning, options.expectations),
            alerts: options.alerts,
            scope: Scope::new(options.filter, options.trap),
            is_live: false,
            missed: false,
        }
    }

    /// One that watches what is on this board, and expects nothing of it.
    pub fn on(board: Board) -> Self {
        Self { board, ..Self::default() }
    }

    /// Takes in an update. `operator`: whoever knows which observed values are this operator's own writes.
    pub fn update(&mut self, at: At, update: Update, operator: &dyn Claims) -> MonitorOutcome {
        let mut outcome = self.time_alone(at, operator);
        let (id, source) = update.subject();
        let Applied { changes, reread, unobserved } = self.board.apply(at, update, operator);
        outcome.reread.extend(reread);
        // A read may bring nothing new but that the call is known to be current.
        let edits = operator.edits(&id);
        if !changes.is_empty() || unobserved.is_some() || source == Source::Read || !edits.is_empty() {
            outcome.report = self.judge(at, &id, source, changes, unobserved, &edits);
        }
        outcome
    }

    /// Takes in a state of the connection. [`MonitorOutcome::reread`] names what was missed, the newest call first, once the
    /// connection is live again.
    pub fn link(&mut self, at: At, link: &Link, operator: &dyn Claims) -> MonitorOutcome {
        let mut outcome = self.time_alone(at, operator);
        let was_live = std::mem::replace(&mut self.is_live, link.is_live());
        if link.is_lost() || was_live && !self.is_live {
            self.board.mark_stale(at);
            self.missed = true;
        }
        if self.is_live && std::mem::take(&mut self.missed) {
            outcome.reread = self.unobserved().rev().cloned().collect();
        }
        outcome
    }

    /// Messages are missing here, in a recording: nothing is known of live calls until each was seen whole again.
    pub fn missed(&mut self, at: At, operator: &dyn Claims) -> MonitorOutcome {
        let outcome = self.time_alone(at, operator);
        self.board.mark_stale(at);
        outcome
    }

    /// Takes in that time has passed.
    pub fn time(&mut self, at: At, operator: &dyn Claims) -> MonitorOutcome {
        let mut outcome = self.time_alone(at, operator);
        let Self { board, examiner, alerts, scope, .. } = self;
        if !scope.is_timed() && !alerts.are_timed() {
            return outcome;
        }
        for entry in board.iter() {
            let in_scope = scope.look(entry, &board.names, at);
            match in_scope {
                InScope::No => continue,
                InScope::New => newly_in_scope(alerts, examiner, entry.conversation.id.as_str(), at),
                InScope::Yes => {}
            }
            alerts.time(entry, &board.names, at);
            let fired = alerts.take();
            if in_scope == InScope::New || !fired.is_empty() {
                outcome.earlier.push(CallReport {
                    at,
                    call: entry.conversation.id.clone(),
                    source: Source::Stream,
                    changes: Vec::new(),
                    findings: Vec::new(),
                    alerts: fired,
                    scope: in_scope,
                });
            }
        }
        outcome
    }

    /// When time alone will change something next, on the clock of [`At::mono`]; filters with an age in them aside.
    pub fn due(&self) -> Option<Duration> {
        self.examiner.due().map(|due| due.mono)
    }

    /// Something has to be asked as time passes, too.
    pub fn is_timed(&self) -> bool {
        self.scope.is_timed() || self.alerts.are_timed()
    }

    /// The call is one to be reported.
    pub fn is_in_scope(&self, id: &str) -> bool {
        self.scope.holds(id)
    }

    /// The live calls that are not observed: what is known of them may be wrong.
    pub fn unobserved(&self) -> impl DoubleEndedIterator<Item = &ConversationId> {
        let calls = self.board.iter().map(|e| &e.conversation);
        calls.filter(|c| !c.is_over() && c.freshness == Freshness::Stale).map(|c| &c.id)
    }

    /// Forgets ended calls beyond `limits`, unless `keep` says so; their ids.
    pub fn forget_ended(
        &mut self,
        at: At,
        limits: Retention,
        keep: impl Fn(&Conversation) -> bool,
    ) -> Vec<ConversationId> {
        let ended = |c: &Conversation| c.is_over() && !keep(c);
        // Somewhat fewer than allowed are left, so that not every end has to look at all calls.
        let excess = match self.board.ended().checked_sub(limits.count) {
            None | Some(0) => 0,
            Some(excess) => excess + limits.count / 4,
        };
        let oldest = (excess > 0).then(|| {
            let mut seen: Vec<Duration> =
                self.board.iter().map(|e| &e.conversation).filter(|c| ended(c)).map(|c| c.last_seen.mono).collect();
            seen.sort_unstable();
            seen.get(excess.min(seen.len()).saturating_sub(1)).copied()
        });
        let oldest = oldest.flatten();
        self.forget(|c| {
            ended(c)
                && (at.mono.saturating_sub(c.last_seen.mono) > limits.time
                    || oldest.is_some_and(|oldest| c.last_seen.mono <= oldest))
        })
    }

    /// Forgets the calls for which `gone` says so; their ids.
    pub fn forget(&mut self, gone: impl Fn(&Conversation) -> bool) -> Vec<ConversationId> {
        let ids = self.board.retire(|entry| gone(&entry.conversation));
        for id in &ids {
            self.examiner.forget(id.as_str());
            self.alerts.forget(id);
            self.scope.forget(id);
        }
        ids
    }

    /// What time alone brought about up to now, each at its own moment: what is found, and when, does not depend on how
    /// often this is asked.
    fn time_alone(&mut self, now: At, operator: &dyn Claims) -> MonitorOutcome {
        let mut outcome = MonitorOutcome::default();
        while let Some((due, id)) = self.examiner.due_call(now) {
            match self.judge(due, &id, Source::Stream, Vec::new(), None, &operator.edits(&id)) {
                Some(report) if report.findings.is_empty() && report.scope != InScope::New => {}
                Some(report) => outcome.earlier.push(report),
                None => self.examiner.forget(id.as_str()),
            }
        }
        outcome
    }

    /// `None` for a call that is not on the board.
    fn judge(
        &mut self,
        at: At,
        id: &ConversationId,
        source: Source,
        changes: Vec<Change>,
        unobserved: Option<At>,
        edits: &[EditFact],
    ) -> Option<CallReport> {
        let Self { board, examiner, alerts, scope, .. } = self;
        let entry = board.get(id.as_str())?;
        let findings = examiner.look(entry, &board.names, Observed { changes: &changes, unobserved, edits }, at);
        let in_scope = scope.look(entry, &board.names, at);
        match in_scope {
            InScope::No => {}
            InScope::New => newly_in_scope(alerts, examiner, id.as_str(), at),
            InScope::Yes => {
                for change in &findings {
                    if let FindingChange::Appeared(finding) = change {
                        fire_found(alerts, examiner, finding, at);
                    }
                }
            }
        }
        if in_scope != InScope::No && !alerts.is_empty() {
            alerts.changed(entry, &board.names, &changes, at);
        }
        Some(CallReport { at, call: id.clone(), source, changes, findings, alerts: alerts.take(), scope: in_scope })
    }
}

/// A call is reported from now on: what was found on it before counts as found now.
fn newly_in_scope(alerts: &mut Alerts, examiner: &Examiner, id: &str, at: At) {
    if !alerts.is_empty() {
        examiner.of(id).for_each(|finding| fire_found(alerts, examiner, &finding, at));
    }
}

/// A key that a flow version lost is missing on many calls at once, nobody said that it is expected, and the fall itself is told: no
/// alert.
fn fire_found(alerts: &mut Alerts, examiner: &Examiner, finding: &Finding, at: At) {
    if !examiner.is_lost(finding) {
        alerts.found(finding, at);
    }
}
