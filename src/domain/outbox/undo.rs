//! What was sent, and how to take it back: a new edit, checked like any other.

use super::{
    AuditOutcome, Base, Cell, Loss, Outbox, PatchTarget, WriteId,
    participant_queue::{EditStage, QueuedEdit},
};
use crate::domain::{At, ConversationId, JsonKind, Key, Source, Value};
use std::{collections::VecDeque, time::Duration};

/// How many writes are remembered.
const MAX_LOG: usize = 500;

/// A write that was accepted: for the history of a cell, and for undo.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Which write.
    pub write: WriteId,
    /// When it was accepted.
    pub at: At,
    /// The participant that the PATCH was for.
    pub target: PatchTarget,
    /// Key, value before (`None`: absent), value sent.
    pub changes: Vec<(Key, Option<Value>, Value)>,
    /// The status of the answer; `None` when it was lost.
    pub status: Option<u16>,
    /// The platform's own id of the request.
    pub correlation_id: Option<String>,
    /// What became of it: at first [`AuditOutcome::Accepted`].
    pub outcome: AuditOutcome,
    /// How long after the PATCH left it was seen, and by what.
    pub seen: Option<(Duration, Source)>,
    /// It takes this write back.
    pub undoes: Option<WriteId>,
    /// It was taken back.
    pub undone: bool,
}

/// What was sent, oldest first, bounded.
pub(super) type Log = VecDeque<Sent>;

pub(super) fn remember(log: &mut Log, sent: Sent) {
    if let Some(undone) = sent.undoes {
        for before in log.iter_mut().filter(|s| s.write == undone) {
            before.undone = true;
        }
    }
    if log.len() == MAX_LOG {
        log.pop_front();
    }
    log.push_back(sent);
}

impl Sent {
    /// It can be taken back: it was not yet, and it is no taking back itself.
    pub fn is_undoable(&self) -> bool {
        !self.undone && self.undoes.is_none()
    }
}

/// Drafts that take a write back. Nothing is sent until they are committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// The write they take back.
    pub write: WriteId,
    /// When it was accepted.
    pub at: At,
    /// The drafts.
    pub cells: Vec<Cell>,
    /// Keys that were absent before. They are set to the empty text: there is no documented way to delete a key.
    pub blanked: Vec<Cell>,
    /// Cells left alone because something newer is typed there.
    pub busy: Vec<Cell>,
    /// Earlier writes of this conversation that can be taken back after this one.
    pub earlier: usize,
}

/// Why there is nothing to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoUndo {
    /// Nothing was sent, or all of it was taken back.
    Nothing,
    /// A write is still on its way: what is last is not known yet.
    OnItsWay,
}

impl Outbox {
    /// Accepted writes, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Sent> + ExactSizeIterator {
        self.log.iter()
    }

    /// Drafts that take back the last write of this conversation that was not taken back yet. Asked again before they are
    /// sent, it gives the same ones; after that, those of the write before.
    ///
    /// # Errors
    /// There is none, or it is not known yet which is the last.
    pub fn undo_last(&mut self, conversation: &ConversationId) -> Result<Undo, NoUndo> {
        let here = |target: &PatchTarget| target.conversation == *conversation;
        if self.queues.iter().any(|(target, queue)| here(target) && (queue.writing.is_some() || queue.has_queued())) {
            return Err(NoUndo::OnItsWay);
        }
        let mut open = self.log.iter().rev().filter(|s| here(&s.target) && s.is_undoable());
        let Sent { write, at, target, changes, .. } = open.next().ok_or(NoUndo::Nothing)?.clone();
        let earlier = open.count();
        let mut undo = Undo { write, at, cells: Vec::new(), blanked: Vec::new(), busy: Vec::new(), earlier };
        for (key, old, new) in changes {
            let cell = Cell::new(&target, key.clone());
            let queue = self.queues.entry(target.clone()).or_default();
            let typed = queue.edits.get(&key);
            if typed.is_some_and(|edit| edit.undoes != Some(write) || !matches!(edit.stage, EditStage::Draft)) {
                undo.busy.push(cell);
                continue;
            }
            // Nor is there a way to write a `null`.
            let old = old.filter(|old| old.kind() != JsonKind::Null);
            if old.is_none() {
                undo.blanked.push(cell.clone());
            }
            let text = old.map_or_else(String::new, |old| old.as_str().to_owned());
            let edit = QueuedEdit { undoes: Some(write), ..QueuedEdit::draft(Base::Saw(Some(new)), text) };
            queue.edits.insert(key, edit);
            undo.cells.push(cell);
        }
        self.queues.retain(|_, queue| !queue.is_idle());
        Ok(undo)
    }

    /// A draft that brings a value back that a write of ours may have cost: the cell, to be committed. `None` when
    /// something that is not sent is typed there: it stays.
    pub fn restore(&mut self, loss: &Loss) -> Option<Cell> {
        if self.has_text(&loss.cell) {
            return None;
        }
        self.draft(&loss.cell, Base::Saw(loss.ours.clone()), loss.theirs.as_str());
        self.dismiss_loss(&loss.cell);
        Some(loss.cell.clone())
    }
}
