//! Presence at the end of a monitor: the reports make a record of each call, and the judge is told of that. Every end that
//! knows of presence has one of these, so that all report the same falls. The example call may differ where
//! one end lets go of ended calls earlier than another.

use super::{Fall, PresenceJudge, PresenceWatch};
use crate::domain::{
    At, Board, ConversationId, Link,
    findings::{Finding, LostKey, Tuning},
    monitor::CallReport,
};
use crate::store::{
    record::{CallRecord, FlowVersion},
    seeds::FlowSeed,
    tracker::Tracker,
};

/// Keeps the records of an organization's calls and judges the presence of their keys.
pub(crate) struct PresenceEnd {
    tracker: Tracker,
    judge: PresenceJudge,
    is_live: bool,
    /// What the store knows is here: nothing is judged before.
    is_seeded: bool,
}

impl PresenceEnd {
    /// One that has seen nothing, and judges nothing until it was told of the past.
    pub(crate) fn new(tracker: Tracker, tuning: Tuning) -> Self {
        let judge = PresenceJudge::new(tracker.organization().to_owned(), tuning);
        Self { tracker, judge, is_live: false, is_seeded: false }
    }

    /// Begins with what a history store knows ([`PresenceWatch::seed`]).
    pub(crate) fn seed(&mut self, seeds: Vec<FlowSeed>) {
        self.is_seeded = true;
        self.judge.seed(seeds);
    }

    /// The link is now like this. Comes before what the monitor reports of it.
    pub(crate) fn link(&mut self, at: At, link: &Link) {
        let was_live = std::mem::replace(&mut self.is_live, link.is_live());
        if link.is_lost() {
            self.tracker.lost();
            self.judge.link(false, at);
        }
        if !was_live {
            self.begins(at);
        }
    }

    /// Of the calls that live already the short ones were not seen: those that start from now on are judged, if the link is live.
    pub(crate) fn begins(&mut self, at: At) {
        if self.is_live {
            self.judge.link(true, at);
        }
    }

    /// Whether there are more calls in the flows than can be listed at present.
    pub(crate) fn cut(&mut self, is_cut: bool, at: At) {
        self.judge.cut(is_cut, at);
    }

    /// Whether calls may be in the flows that could not be listed when they started.
    #[cfg(test)]
    pub(crate) fn is_cut(&self, at: At) -> bool {
        self.judge.is_cut(at)
    }

    /// Takes in what the monitor reported: the call's record if it is another one now, and the keys whose presence fell.
    pub(crate) fn observe(&mut self, report: &CallReport, board: &Board) -> Option<(CallRecord, Vec<Fall>)> {
        let entry = board.get(report.call.as_str())?;
        // The flow that the call came in through; a survey after it is another matter.
        let flow = entry.conversation.flows.first().map(|run| FlowVersion {
            id: run.id.as_str().to_owned(),
            name: run.name(&board.names).unwrap_or_default().to_owned(),
            version: run.version().unwrap_or_default().to_owned(),
        });
        let record = self.tracker.observe(report, entry, flow.as_ref(), &board.names)?;
        let falls = if self.is_seeded { self.judge.observe(&record, board, report.at) } else { Vec::new() };
        Some((record, falls))
    }

    /// Keys whose presence fell by time alone: calls that nobody waits for any longer are judged.
    pub(crate) fn time(&mut self, board: &Board, at: At) -> Vec<Fall> {
        self.judge.time(board, at)
    }

    /// Falls that go on while the call that they were reported on has gone, each on another call.
    pub(crate) fn moved(&mut self, board: &Board) -> Vec<Finding> {
        self.judge.moved(board)
    }

    /// The keys that are missing since a flow version, where they changed.
    pub(crate) fn lost_keys(&mut self) -> Option<Vec<LostKey>> {
        self.judge.lost_keys()
    }

    /// What is counted.
    pub(crate) fn watch(&self) -> &PresenceWatch {
        self.judge.watch()
    }

    /// What cannot be judged, in words; each once.
    pub(crate) fn remarks(&mut self) -> Vec<String> {
        self.judge.remarks()
    }

    /// The calls are not followed any more.
    pub(crate) fn forget(&mut self, gone: &[ConversationId]) {
        self.tracker.forget(gone);
        gone.iter().for_each(|id| self.judge.forget(id.as_str()));
    }
}
