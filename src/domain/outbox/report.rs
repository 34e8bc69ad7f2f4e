//! What became of a write, in full: what `set` prints and the detail pane tells.

use super::{
    Alarm, Cell, Context, Loss, Outbox, PatchBody, PatchTarget, RequestFailure, WriteId,
    participant_queue::{ParticipantQueue, Phase, QueueStep, QueuedKey, QueuedWrite},
};
use crate::domain::{Key, Source, Value};
use std::{collections::VecDeque, time::Duration};

/// How many reports of finished writes are kept.
const MAX_DONE: usize = 100;

/// Where a write stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Not accepted yet.
    Sending,
    /// Accepted; not, not yet, or not any more seen.
    Accepted,
    /// Every value was seen.
    Confirmed,
    /// An edited key had changed: nothing was sent, or nothing more where a PATCH had left before.
    Conflict,
    /// Not written.
    Failed,
}

/// A key whose value is not the one we sent, or not the one another had sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Overwritten {
    /// Which key.
    pub key: Key,
    /// The other's value; `None`: the key is absent.
    pub theirs: Option<Value>,
    /// Ours.
    pub ours: Value,
    /// True for an edited key that holds theirs now; false for an untouched key where our map put ours over theirs.
    pub edited: bool,
}

/// A key that does not hold what it was to hold before the write: what the operator saw, or what was required.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    /// Which key.
    pub key: Key,
    /// What it was to hold; `None`: absent, or not looked at.
    pub wanted: Option<Value>,
    /// What is there; `None`: absent.
    pub theirs: Option<Value>,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteReport {
    /// The write.
    pub write: WriteId,
    /// The participant that the PATCH was for.
    pub target: PatchTarget,
    /// What was asked for.
    pub requested: PatchBody,
    /// Where it stands.
    pub outcome: WriteOutcome,
    /// Nothing more is being waited for: no value is open and no read is wanted.
    pub settled: bool,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// PATCHes sent.
    pub attempts: u32,
    /// The platform's own id of the last request.
    pub correlation_id: Option<String>,
    /// By what the last value was seen.
    pub confirmed_by: Option<Source>,
    /// From the leaving of the PATCH to the last value seen.
    pub confirmed_after: Option<Duration>,
    /// What the last PATCH carried; empty when none was sent.
    pub body: PatchBody,
    /// Untouched keys that vanished.
    pub lost: Vec<Loss>,
    /// Values in place of ours, and newer values that our map was put over.
    pub overwritten: Vec<Overwritten>,
    /// Alarms: accepted and not there.
    pub unseen: Vec<(Key, Alarm)>,
    /// A PATCH of it may have been applied although its answer was lost.
    pub maybe_applied: bool,
    /// Keys that had changed, and conditions that did not hold.
    pub conflicts: Vec<Unmet>,
    /// Why it failed.
    pub failure: Option<RequestFailure>,
}

/// Reports of finished writes, oldest first, bounded.
pub(super) type Done = VecDeque<WriteReport>;

impl Outbox {
    /// What became of this write; `None` when it was never made or is long over.
    pub fn report(&self, write: WriteId) -> Option<WriteReport> {
        let live = self.queues.iter().find_map(|(target, queue)| {
            let found = queue.writing.iter().chain(&queue.sent).find(|w| w.id == write && !w.ghost)?;
            Some(found.report(target))
        });
        live.or_else(|| self.done.iter().rev().find(|r| r.write == write).cloned())
    }

    /// The write that carries this cell, or carried it last; `None` before the first one started.
    pub fn write_of(&self, cell: &Cell) -> Option<WriteId> {
        let queue = self.queues.get(&cell.target());
        let live = queue.into_iter().flat_map(|queue| queue.writing.iter().chain(&queue.sent));
        let live = live.filter(|w| !w.ghost && w.item(cell.key.as_str()).is_some()).map(|w| w.id);
        let done = self.done.iter().filter(|r| r.target == cell.target() && r.requested.contains_key(&cell.key));
        live.chain(done.map(|r| r.write)).max()
    }
}

impl QueuedWrite {
    pub(super) fn report(&self, target: &PatchTarget) -> WriteReport {
        let accepted = matches!(self.step, QueueStep::Accepted { .. });
        let live = || self.items.iter().filter(|i| !matches!(i.phase, Phase::Replaced));
        let confirmed = accepted && live().next().is_some() && live().all(QueuedKey::is_seen);
        let seen = self.items.iter().filter_map(|i| match i.phase {
            Phase::Seen { at, by } => Some((at.mono, by)),
            _ => None,
        });
        let last_seen = seen.max_by_key(|(at, _)| *at).filter(|_| confirmed);
        let edited = self.items.iter().filter_map(|i| match &i.phase {
            Phase::Overwritten { theirs, .. } => {
                let (key, theirs, ours) = (i.key.clone(), theirs.clone(), i.mine.clone());
                Some(Overwritten { key, theirs, ours, edited: true })
            }
            _ => None,
        });
        let put_back = self.losses.iter().filter_map(|loss| {
            let (key, theirs, ours) = (loss.cell.key.clone(), Some(loss.theirs.clone()), loss.ours.clone()?);
            Some(Overwritten { key, theirs, ours, edited: false })
        });
        WriteReport {
            write: self.id,
            target: target.clone(),
            requested: self.items.iter().map(|i| (i.key.clone(), i.mine.as_str().into())).collect(),
            outcome: match (accepted, confirmed) {
                (true, true) => WriteOutcome::Confirmed,
                (true, false) => WriteOutcome::Accepted,
                (false, _) => WriteOutcome::Sending,
            },
            settled: accepted && self.is_decided() && !self.is_doubtful(),
            status: self.status,
            attempts: self.attempts,
            correlation_id: self.correlation_id.clone(),
            confirmed_by: last_seen.map(|(_, by)| by),
            confirmed_after: last_seen.zip(self.last_sent).map(|((at, _), sent)| at.saturating_sub(sent)),
            body: self.body.clone(),
            lost: self.losses.iter().filter(|loss| loss.ours.is_none()).cloned().collect(),
            overwritten: edited.chain(put_back).collect(),
            unseen: self
                .items
                .iter()
                .filter_map(|i| match &i.phase {
                    Phase::Unseen(alarm) => Some((i.key.clone(), alarm.clone())),
                    _ => None,
                })
                .collect(),
            maybe_applied: self.maybe_applied,
            conflicts: Vec::new(),
            failure: None,
        }
    }
}

impl ParticipantQueue {
    /// Files the report of a write that leaves the queue.
    pub(super) fn file(report: WriteReport, context: &mut Context<'_>) {
        if context.done.len() == MAX_DONE {
            context.done.pop_front();
        }
        context.done.push_back(WriteReport { settled: true, ..report });
    }
}
