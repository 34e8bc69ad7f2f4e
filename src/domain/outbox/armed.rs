//! Conditional edits: *when this expression holds on the call, send these*.

use super::{
    ArmId, Cell, CommitOptions, Committed, Effect, Outbox, OutboxNotice, Refusal, participant_queue::EditStage,
};
use crate::domain::{
    At, Board, ConversationId, Freshness,
    filter::{CallFacts, Filter},
};

/// A conditional edit that waits.
#[derive(Clone, Debug)]
pub struct Armed {
    /// Its id.
    pub id: ArmId,
    /// On which conversation.
    pub conversation: ConversationId,
    /// When it fires.
    pub when: Filter,
    /// How it is sent then.
    pub how: CommitOptions,
    /// Since when it waits.
    pub since: At,
}

impl Outbox {
    /// Arms the drafts in these cells, all of one conversation: they are sent, once, when `when` comes to hold. What the
    /// operator sees now is what the fresh read is compared with then. At once if it holds already: see [`Self::fire_due`].
    pub fn arm(&mut self, at: At, when: Filter, cells: &[Cell], how: CommitOptions) -> Result<ArmId, Refusal> {
        if let Some(read_only) = &self.policy.read_only {
            return Err(Refusal::ReadOnly(read_only.why.clone()));
        }
        let conversation = cells.first().ok_or(Refusal::NoDraft)?.conversation.clone();
        let ready = |cell: &Cell| {
            let edit = self.queues.get(&cell.target()).and_then(|queue| queue.edits.get(&cell.key));
            cell.conversation == conversation && edit.is_some_and(|e| !matches!(e.stage, EditStage::Conflict { .. }))
        };
        if !cells.iter().all(ready) {
            return Err(Refusal::NoDraft);
        }
        let id = ArmId(self.next_arm);
        self.next_arm += 1;
        for cell in cells {
            if let Some(edit) = self.edit_mut(cell) {
                edit.stage = EditStage::Armed(id);
                edit.earlier = None;
                edit.marked = false;
            }
        }
        self.armed.push(Armed { id, conversation, when, how, since: at });
        self.drop_empty_arms();
        Ok(id)
    }

    /// The conditional edits that wait, oldest first.
    pub fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// The cells that wait for this condition.
    pub fn armed_cells(&self, id: ArmId) -> Vec<Cell> {
        let edits = self.queues.iter().flat_map(|(target, queue)| queue.edits.iter().map(move |(k, e)| (target, k, e)));
        let of_id = edits.filter(|(_, _, edit)| matches!(edit.stage, EditStage::Armed(arm) if arm == id));
        of_id.map(|(target, key, _)| Cell::new(target, key.clone())).collect()
    }

    /// Makes drafts of what waits for this condition; how many.
    pub fn disarm(&mut self, id: ArmId) -> usize {
        let cells = self.armed_cells(id);
        for cell in &cells {
            if let Some(edit) = self.edit_mut(cell) {
                edit.stage = EditStage::Draft;
            }
        }
        self.armed.retain(|armed| armed.id != id);
        cells.len()
    }

    /// Fires what has come to hold. To be called after the board took something in, and on ticks while
    /// [`Filter::depends_on_time`] says so for anything armed.
    pub fn fire_due(&mut self, at: At, board: &Board) -> Committed {
        let mut committed = Committed::default();
        self.drop_empty_arms();
        let due: Vec<Armed> = self
            .armed
            .iter()
            .filter(|armed| {
                let call = board.get(armed.conversation.as_str());
                call.is_some_and(|call| {
                    let conversation = &call.conversation;
                    // What a row shows that was not read again since the link was lost may be over.
                    conversation.freshness != Freshness::Stale
                        && armed.when.holds(CallFacts { conversation, names: &board.names, now: at })
                })
            })
            .cloned()
            .collect();
        for armed in due {
            let cells = self.armed_cells(armed.id);
            self.disarm(armed.id);
            let fired = self.commit(at, board, &cells, armed.how);
            let when = armed.when.to_string();
            committed.effects.push(Effect::Notice(OutboxNotice::Fired { conversation: armed.conversation, when }));
            committed.effects.extend(fired.effects);
            committed.refused.extend(fired.refused);
        }
        committed
    }

    /// The link went down or came up. While it is down nothing can be judged, so conditional edits become drafts; and what the stream
    /// told before is not held against what reads say after it.
    #[must_use = "what is to be done must be done"]
    pub fn link(&mut self, live: bool) -> Vec<Effect> {
        if !live {
            self.queues.values_mut().for_each(|queue| queue.trail.lost_sight());
        }
        if live || self.armed.is_empty() {
            return Vec::new();
        }
        let ids: Vec<ArmId> = self.armed.iter().map(|armed| armed.id).collect();
        let count = ids.into_iter().map(|id| self.disarm(id)).sum();
        vec![Effect::Notice(OutboxNotice::Disarmed(count))]
    }

    /// A condition whose edits were all discarded or typed over waits for nothing.
    pub(super) fn drop_empty_arms(&mut self) {
        if !self.armed.is_empty() {
            let kept: Vec<ArmId> =
                self.armed.iter().map(|a| a.id).filter(|id| !self.armed_cells(*id).is_empty()).collect();
            self.armed.retain(|armed| kept.contains(&armed.id));
        }
    }
}
