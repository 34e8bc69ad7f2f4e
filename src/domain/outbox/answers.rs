//! What comes of a PATCH: it is accepted, put off, found to be a conflict, or given back to the operator.

use super::{
    AuditOutcome, Base, Cell, Context, Effect, JournalEdit, OutboxNotice, PatchBody, PatchOutcome, PatchTarget,
    RequestFailure, Sent, Unmet, Wait, WriteOutcome, WriteReport, journal,
    participant_queue::{EditStage, ParticipantQueue, QueueStep, QueuedEdit, QueuedKey, QueuedWrite, changes},
    send::{MAX_PAUSE, SETTLE_PAUSES},
    undo,
};
use crate::domain::{Key, Value};
use std::time::Duration;

/// After a 409 it is read and merged again this many times.
const MAX_CONFLICTS: u32 = 3;
/// First pause after a 409; doubles.
const CONFLICT_PAUSE: Duration = Duration::from_millis(200);
/// First pause when the server asks for patience without saying how much; doubles.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Pause before the read after a 404.
const MISSING_PAUSE: Duration = Duration::from_millis(200);

impl ParticipantQueue {
    pub(super) fn answered(&mut self, target: &PatchTarget, outcome: PatchOutcome, context: &mut Context<'_>) {
        let Some(mut write) = self.writing.take() else { return };
        let now = context.at.mono;
        let pause = |first: Duration, times: u32| first.saturating_mul(1 << times.min(10)).min(MAX_PAUSE);
        match outcome {
            PatchOutcome::Accepted { status, correlation_id } => {
                write.status = Some(status);
                write.correlation_id = correlation_id;
                self.accept(target, write, context);
            }
            PatchOutcome::Conflict(failure) => {
                write.conflicts += 1;
                let times = write.conflicts - 1;
                write.refused(failure);
                let often = times < MAX_CONFLICTS;
                let why = "the participant kept changing while it was written";
                self.put_off(target, write, often.then(|| pause(CONFLICT_PAUSE, times)), Wait::Conflict, why, context);
            }
            PatchOutcome::Busy { retry_after, failure } => {
                write.busy += 1;
                let times = write.busy - 1;
                write.refused(failure);
                let wait = retry_after.unwrap_or_else(|| pause(BUSY_PAUSE, times));
                self.put_off(target, write, Some(wait), Wait::Busy, "the server is too busy", context);
            }
            PatchOutcome::TooLarge { limit, failure } => {
                write.refused(failure);
                let failure = write.gives_up(&too_large(&write.body, limit), false);
                self.give_back(target, write, &failure, context);
            }
            PatchOutcome::Unknown(failure) => {
                write.correlation_id.clone_from(&failure.correlation_id);
                // What is found to be there later was not said to be done by this answer.
                write.status = None;
                write.refusal = Some(failure);
                write.lost_answers += 1;
                write.settle_reads = 1;
                write.maybe_applied = true;
                write.stray.push(write.body.clone());
                if write.items.iter().all(QueuedKey::is_seen) {
                    return self.accept(target, write, context);
                }
                write.step = QueueStep::Waiting { until: now + SETTLE_PAUSES[0], why: Wait::Settling };
                self.writing = Some(write);
            }
            PatchOutcome::Missing(failure) => {
                write.missing += 1;
                write.refused(failure);
                write.step = QueueStep::Waiting { until: now + MISSING_PAUSE, why: Wait::Missing };
                self.writing = Some(write);
            }
            PatchOutcome::Refused(failure) => {
                write.status = failure.status;
                write.correlation_id.clone_from(&failure.correlation_id);
                self.give_back(target, write, &failure, context);
            }
        }
    }

    /// The answer was "not now": reads and tries again after `wait`, where the limits allow one more try.
    pub(super) fn put_off(
        &mut self,
        target: &PatchTarget,
        mut write: QueuedWrite,
        wait: Option<Duration>,
        why: Wait,
        reason: &str,
        context: &mut Context<'_>,
    ) {
        match wait.and_then(|wait| context.at.mono.checked_add(wait)).filter(|until| write.may_try_at(*until)) {
            Some(until) => {
                write.step = QueueStep::Waiting { until, why };
                self.writing = Some(write);
            }
            None => {
                let failure = write.gives_up(reason, true);
                self.give_back(target, write, &failure, context);
            }
        }
    }

    /// Accepted, or found to be there although the answer was lost.
    pub(super) fn accept(&mut self, target: &PatchTarget, mut write: QueuedWrite, context: &mut Context<'_>) {
        write.step = QueueStep::Accepted { at: context.at };
        write.touched = context.at.mono;
        for older in &mut self.sent {
            older.hand_over(&write.items);
        }
        self.remember_sent(&write);
        context.audit(target, &write, &write.items, AuditOutcome::Accepted);
        let sent = Sent {
            write: write.id,
            at: context.at,
            target: target.clone(),
            changes: changes(&write.items),
            status: write.status,
            correlation_id: write.correlation_id.clone(),
            outcome: AuditOutcome::Accepted,
            seen: None,
            undoes: write.items.iter().find_map(|i| i.undoes),
            undone: false,
        };
        undo::remember(context.log, sent);
        let ambiguous = write.items.iter().any(|i| i.is_open() && i.is_mine(self.last.get(&i.key)));
        if ambiguous {
            // The board shows the value already: no frame need come, so a read decides.
            self.ask(context.at.mono);
        }
        let all_seen = write.is_decided();
        if all_seen && write.items.iter().any(QueuedKey::is_seen_by_read) {
            // That read came before it was accepted: what it shows of other keys was held against nothing.
            write.doubt = Some(context.at.mono);
        }
        self.sent.push(write);
        if all_seen {
            self.decided(target, self.sent.len() - 1, context);
        }
    }

    /// From now on, keys of this write may have held what it carries: a read that shows it may be an old one.
    fn remember_sent(&mut self, write: &QueuedWrite) {
        for item in &write.items {
            let mine = Some(item.mine.clone());
            let past = self.past.entry(item.key.clone()).or_default();
            if !past.contains(&mine) {
                past.push(mine);
            }
        }
    }

    /// It is given back. A try whose answer was lost may have been applied all the same.
    fn left_over(&mut self, write: &QueuedWrite, context: &Context<'_>) {
        if write.maybe_applied {
            self.remember_sent(write);
        }
        self.sent.extend(write.ghost(context.at));
        if write.first_sent.is_some() && !self.sent.is_empty() {
            // While this one was out, nothing could be said of earlier values of its keys.
            self.ask(context.at.mono);
        }
    }

    /// An edited key changed: nothing more is sent, every text of the write is kept.
    pub(super) fn conflict(
        &mut self,
        target: &PatchTarget,
        write: QueuedWrite,
        foreign: &[(Key, Option<Value>)],
        unmet: Vec<Unmet>,
        context: &mut Context<'_>,
    ) {
        context.audit(target, &write, &write.items, AuditOutcome::Conflict);
        let changed = |(key, theirs): &(Key, Option<Value>)| {
            let item = write.item(key.as_str()).filter(|item| !unmet.iter().any(|u| u.key == item.key))?;
            Some(Unmet { key: key.clone(), wanted: item.base.value().cloned(), theirs: theirs.clone() })
        };
        let conflicts = foreign.iter().filter_map(changed).chain(unmet.iter().cloned()).collect();
        Self::file(WriteReport { outcome: WriteOutcome::Conflict, conflicts, ..write.report(target) }, context);
        let maybe_applied = write.maybe_applied;
        self.left_over(&write, context);
        for item in write.items {
            let theirs = foreign.iter().find(|(key, _)| *key == item.key).map(|(_, theirs)| theirs.clone());
            if theirs.is_some() {
                let cell = Cell::new(target, item.key.clone());
                context.out.push(Effect::Notice(OutboxNotice::Conflict { cell, maybe_applied }));
            }
            let stage = theirs.map_or(EditStage::Draft, |theirs| EditStage::Conflict { theirs, maybe_applied });
            self.keep(target, item, stage, context);
        }
    }

    /// It failed: every text of the write is kept.
    pub(super) fn give_back(
        &mut self,
        target: &PatchTarget,
        write: QueuedWrite,
        failure: &RequestFailure,
        context: &mut Context<'_>,
    ) {
        context.audit(target, &write, &write.items, AuditOutcome::Failed);
        let failure = &match write.maybe_applied {
            true => {
                let what = failure.reason.trim_end_matches('.');
                let reason = format!("{what}; a try whose answer was lost may have been written");
                RequestFailure { reason, ..failure.clone() }
            }
            false => failure.clone(),
        };
        let failed = Some(failure.clone());
        Self::file(WriteReport { outcome: WriteOutcome::Failed, failure: failed, ..write.report(target) }, context);
        context.out.push(Effect::Notice(OutboxNotice::Failed { target: target.clone(), failure: failure.clone() }));
        self.left_over(&write, context);
        for item in write.items {
            self.keep(target, item, EditStage::Failed(failure.clone()), context);
        }
    }

    /// Makes an edit of an item again. Where the operator has typed something newer since, it is a second text of the cell; what was
    /// typed over the text on its way began, in truth, with what that one began with.
    fn keep(&mut self, target: &PatchTarget, item: QueuedKey, stage: EditStage, context: &mut Context<'_>) {
        let QueuedKey { key, base, mine, undoes, again, non_text, .. } = item;
        if let Some(newer) = self.edits.get_mut(&key) {
            if newer.base == Base::Saw(Some(mine.clone())) {
                newer.base = base.clone();
            }
            let second = journal::second(Cell::new(target, key.clone()), base.clone(), mine.as_str(), &stage);
            let is_known = |known: &JournalEdit| known.cell == second.cell && known.mine == second.mine;
            // One that only waited for another key of its write was typed over, and that is all.
            let is_alarm = !matches!(stage, EditStage::Draft);
            if is_alarm && newer.mine != mine.as_str() && !context.others.iter().any(is_known) {
                context.others.push(second);
            }
        }
        self.edits.entry(key).or_insert_with(|| QueuedEdit {
            base,
            mine: mine.as_str().to_owned(),
            marked: false,
            stage,
            undoes,
            again,
            non_text,
            earlier: None,
        });
    }
}

/// Names the biggest keys: what to shorten.
fn too_large(body: &PatchBody, limit: Option<u64>) -> String {
    let mut by_size: Vec<_> = body.iter().map(|(key, value)| (value.len(), key.as_str())).collect();
    by_size.sort_by(|a, b| b.cmp(a));
    let biggest: Vec<_> = by_size.iter().take(3).map(|(size, key)| format!("{key} ({size} bytes)")).collect();
    let limit = limit.map_or(String::new(), |limit| format!(", the limit is {limit} bytes"));
    format!("too large (413){limit}; the biggest keys are {}", biggest.join(", "))
}
