//! What was sent, and how to take it back: a new edit, checked like any other.

use super::{AuditOutcome, Base, Cell, Loss, Outbox, Target, WriteId, lane::Edit};
use crate::domain::{At, ConversationId, Key, Source, Value};
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
    /// To whom.
    pub target: Target,
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

/// Drafts that take a write back. Nothing is sent until they are committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// The write they take back.
    pub write: WriteId,
    /// The drafts.
    pub cells: Vec<Cell>,
    /// Keys that were absent before. They are set to the empty text: there is no documented way to delete a key.
    pub blanked: Vec<Cell>,
    /// Cells left alone because something newer is typed or on its way there.
    pub busy: Vec<Cell>,
}

impl Outbox {
    /// Accepted writes, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Sent> + ExactSizeIterator {
        self.log.iter()
    }

    /// Drafts that take back the last write of this conversation that was not taken back yet; `None` without one.
    pub fn undo_last(&mut self, conversation: &ConversationId) -> Option<Undo> {
        let last = self.log.iter().rev();
        let last = last.filter(|s| s.target.conversation == *conversation && !s.undone && s.undoes.is_none());
        let Sent { write, target, changes, .. } = last.take(1).next()?.clone();
        let mut undo = Undo { write, cells: Vec::new(), blanked: Vec::new(), busy: Vec::new() };
        for (key, old, new) in changes {
            let cell = Cell::new(&target, key.clone());
            let lane = self.lanes.entry(target.clone()).or_default();
            let busy =
                lane.edits.contains_key(&key) || lane.writing.as_ref().is_some_and(|w| w.item(key.as_str()).is_some());
            if busy {
                undo.busy.push(cell);
                continue;
            }
            if old.is_none() {
                undo.blanked.push(cell.clone());
            }
            let text = old.map_or_else(String::new, |old| old.as_str().to_owned());
            let edit = Edit { undoes: Some(write), ..Edit::draft(Base::Saw(Some(new)), text) };
            lane.edits.insert(key, edit);
            undo.cells.push(cell);
        }
        self.lanes.retain(|_, lane| !lane.is_idle());
        Some(undo)
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
