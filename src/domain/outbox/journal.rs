//! What must survive a crash: everything typed and not known to be done, and every alarm that nobody has dismissed.

use super::{
    Alarm, Base, Cell, Earlier, Got, JournalEdit, JournalLoss, JournalState, Loss, Outbox, RequestFailure, WriteId,
    drafts::GivenUp,
    participant_queue::{EditStage, Phase, QueuedEdit},
};
use crate::domain::{At, Value};
use std::time::Duration;

/// The write of a loss that an earlier run found: no write of this run has this number.
const EARLIER_WRITE: WriteId = WriteId(u64::MAX);

impl Outbox {
    /// What the journal has to hold now.
    pub fn journal(&self) -> JournalState {
        let mut edits: Vec<JournalEdit> = Vec::new();
        for (target, queue) in &self.queues {
            for (key, edit) in &queue.edits {
                let cell = Cell::new(target, key.clone());
                // The cell was cleared to type something else: that is not an empty value yet.
                if edit.mine.is_empty() && self.unfinished.as_ref() == Some(&cell) {
                    continue;
                }
                let Earlier { got, at, when, note } = match (&edit.stage, &edit.earlier) {
                    (EditStage::Draft, Some(earlier)) => earlier.clone(),
                    (stage, _) => {
                        let when = match stage {
                            EditStage::Armed(id) => self.armed.iter().find(|a| a.id == *id).map(|a| a.when.to_string()),
                            _ => None,
                        };
                        Earlier { got: got(stage), at: None, when, note: note(stage) }
                    }
                };
                edits.push(JournalEdit { cell, base: edit.base.clone(), mine: edit.mine.clone(), got, when, note, at });
            }
            let sent = queue.sent.iter().rev().map(|w| (w, Got::Accepted));
            let writes = queue.writing.iter().map(|w| (w, if w.attempts > 0 { Got::Sent } else { Got::Queued }));
            for (write, got) in writes.chain(sent) {
                for item in &write.items {
                    let (got, note) = match &item.phase {
                        Phase::Open => (got, None),
                        Phase::Unseen(alarm) => (Got::Unseen, Some(told(alarm))),
                        Phase::Overwritten { .. } => (Got::Overwritten, None),
                        // Until the answer is there it may have been there before, and nothing sent.
                        Phase::Seen { .. } if write.accepted_at().is_none() => (got, None),
                        // Something else was shown since, and no read has said yet whether that is there.
                        Phase::Seen { .. } if !item.is_mine(queue.last.get(&item.key)) => (Got::Overwritten, None),
                        Phase::Seen { .. } | Phase::Replaced => continue,
                    };
                    let (cell, base) = (Cell::new(target, item.key.clone()), item.base.clone());
                    let mine = item.mine.as_str().to_owned();
                    match edits.iter_mut().find(|e| e.cell == cell && e.mine == mine) {
                        // The same text again: that it had left before must not be forgotten.
                        Some(edit) if !edit.got.had_left() && got.had_left() => (edit.got, edit.note) = (got, note),
                        Some(_) => {}
                        None => edits.push(JournalEdit { cell, base, mine, got, when: None, note, at: None }),
                    }
                }
            }
        }
        edits.extend(self.others.iter().cloned());
        edits.extend(self.given_up.iter().rev().map(GivenUp::edit));
        let losses = self.losses.iter().map(|loss| JournalLoss {
            cell: loss.cell.clone(),
            theirs: loss.theirs.clone(),
            before: loss.before.clone(),
            ours: loss.ours.clone(),
            at: loss.at.wall,
        });
        JournalState { edits, losses: losses.collect() }
    }

    /// Takes the journal of an earlier run in: every edit comes back as a draft, every loss as one. Nothing is sent. A cell
    /// that has an edit already keeps it; a second text for it is offered beside it. How many edits came back.
    pub fn restore_journal(&mut self, state: JournalState) -> usize {
        let mut count = 0;
        for edit in state.edits {
            if edit.got.is_loose() || edit.got == Got::GivenUp {
                if !self.others.iter().any(|o| o.cell == edit.cell && o.mine == edit.mine) {
                    self.others.push(edit);
                }
                continue;
            }
            let queue = self.queues.entry(edit.cell.target()).or_default();
            // What left may have been applied: seeing it there is no foreign change.
            if edit.got.had_left() || edit.got == Got::Failed {
                queue.remember(&edit.cell.key, Some(Value::text(edit.mine.as_str())));
            }
            match queue.edits.get(&edit.cell.key) {
                Some(there) if there.mine == edit.mine => continue,
                Some(_) if self.others.iter().any(|o| o.cell == edit.cell && o.mine == edit.mine) => continue,
                Some(_) => self.others.push(edit),
                None => {
                    queue.edits.insert(edit.cell.key.clone(), as_draft(edit));
                }
            }
            count += 1;
        }
        for JournalLoss { cell, theirs, before, ours, at } in state.losses {
            let at = At { mono: Duration::ZERO, wall: at };
            let loss = Loss { cell, write: EARLIER_WRITE, theirs, before, ours, at };
            if !self.losses.iter().any(|told| told.covers(&loss)) {
                self.losses.push(loss);
            }
        }
        count
    }

    /// Second texts for cells that have a draft (what another program or an earlier edit left), and texts that are in no cell.
    pub fn others(&self) -> &[JournalEdit] {
        &self.others
    }

    /// Drops a second text.
    pub fn discard_other(&mut self, other: &JournalEdit) {
        self.others.retain(|o| o.cell != other.cell || o.mine != other.mine);
    }

    /// Makes a second text the draft of its cell; the draft that was there becomes a second text. False when what is there
    /// waits to be sent or is being sent.
    pub fn swap_other(&mut self, other: &JournalEdit) -> bool {
        let queue = self.queues.entry(other.cell.target()).or_default();
        let there = queue.edits.get(&other.cell.key);
        if there.is_some_and(|e| matches!(e.stage, EditStage::Held { .. } | EditStage::Armed(_) | EditStage::Queued)) {
            return false;
        }
        let there = there.map(|e| e.mine.clone());
        let journal = self.journal().edits;
        let before = there.and_then(|mine| journal.into_iter().find(|e| e.cell == other.cell && e.mine == mine));
        self.discard_other(other);
        self.others.extend(before);
        if let Some(queue) = self.queues.get_mut(&other.cell.target()) {
            queue.edits.insert(other.cell.key.clone(), as_draft(other.clone()));
        }
        true
    }
}

/// A text that something newer in its cell has taken the place of, as a second text.
pub(super) fn second(cell: Cell, base: Base, mine: &str, stage: &EditStage) -> JournalEdit {
    JournalEdit { cell, base, mine: mine.to_owned(), got: got(stage), when: None, note: note(stage), at: None }
}

fn as_draft(edit: JournalEdit) -> QueuedEdit {
    let JournalEdit { base, mine, got, when, note, at, .. } = edit;
    QueuedEdit { earlier: Some(Earlier { got, at, when, note }), ..QueuedEdit::draft(base, mine) }
}

fn got(stage: &EditStage) -> Got {
    match stage {
        EditStage::Draft => Got::Draft,
        EditStage::Held { .. } => Got::Held,
        EditStage::Armed(_) => Got::Armed,
        EditStage::Queued => Got::Queued,
        EditStage::Conflict { maybe_applied: true, .. } => Got::Sent,
        EditStage::Conflict { maybe_applied: false, .. } => Got::Conflict,
        EditStage::Failed(_) => Got::Failed,
    }
}

fn note(stage: &EditStage) -> Option<String> {
    let EditStage::Failed(RequestFailure { reason, status, correlation_id, .. }) = stage else { return None };
    Some(with_ids(reason.clone(), *status, correlation_id.as_deref()))
}

fn told(alarm: &Alarm) -> String {
    let answer = if alarm.status.is_some() { "accepted" } else { "the answer was lost" };
    with_ids(answer.to_owned(), alarm.status, alarm.correlation_id.as_deref())
}

fn with_ids(text: String, status: Option<u16>, correlation_id: Option<&str>) -> String {
    let status = status.map(|status| format!(", status {status}")).unwrap_or_default();
    let id = correlation_id.map(|id| format!(", correlation id {id}")).unwrap_or_default();
    format!("{text}{status}{id}")
}
