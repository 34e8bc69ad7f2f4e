//! What would be sent, before it is.

use super::{Cell, Outbox, PatchRequest, PatchTarget, WriteMode};
use crate::domain::{Board, JsonKind, Key, Value};
use compact_str::CompactString;

/// One PATCH that a commit of the drafts would send. The real one is built on a fresh read, so its untouched keys may
/// differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The request.
    pub request: PatchRequest,
    /// Key, value on the board now (`None`: absent), text to be sent.
    pub changes: Vec<(Key, Option<Value>, String)>,
    /// Untouched values that are not text: a merged PATCH leaves them out.
    pub non_text: Vec<(Key, Value)>,
    /// The name of the voice flow that is running and may overwrite the change when it ends; its id if it has no name.
    pub running_flow: Option<String>,
    /// The conversation is over.
    pub conversation_ended: bool,
    /// The participant has left.
    pub participant_ended: bool,
}

impl Outbox {
    /// What committing these cells would send: one request for each participant, in the order of the cells.
    pub fn preview(&self, board: &Board, cells: &[Cell]) -> Vec<Preview> {
        let mut targets: Vec<PatchTarget> = Vec::new();
        for cell in cells {
            if !targets.contains(&cell.target()) {
                targets.push(cell.target());
            }
        }
        targets.into_iter().filter_map(|target| self.preview_of(board, target, cells)).collect()
    }

    fn preview_of(&self, board: &Board, target: PatchTarget, cells: &[Cell]) -> Option<Preview> {
        let queue = self.queues.get(&target)?;
        let conversation = &board.get(target.conversation.as_str())?.conversation;
        let participant = conversation.participant(target.participant.as_str())?;
        let is_edited = |key: &Key| cells.iter().any(|cell| cell.key == *key && cell.target() == target);
        let mut body = super::PatchBody::default();
        if self.policy.mode == WriteMode::Merged {
            let there = participant.attributes.iter().filter(|a| a.value.kind() == JsonKind::Text || is_edited(a.key));
            body.extend(there.map(|a| (a.key.clone(), CompactString::new(a.value.as_str()))));
        }
        let mut changes = Vec::new();
        for cell in cells.iter().filter(|cell| cell.target() == target) {
            let Some(edit) = queue.edits.get(&cell.key) else { continue };
            body.insert(cell.key.clone(), CompactString::new(&edit.mine));
            let old = participant.attributes.get(cell.key.as_str()).map(|a| a.value.to_value());
            changes.push((cell.key.clone(), old, edit.mine.clone()));
        }
        let odd = participant.attributes.iter().filter(|a| a.value.kind() != JsonKind::Text && !is_edited(a.key));
        let non_text = match self.policy.mode {
            WriteMode::Merged => odd.map(|a| (a.key.clone(), a.value.to_value())).collect(),
            WriteMode::Changed => Vec::new(),
        };
        let running = conversation.running_flow().is_some();
        let flow = || conversation.running_flow_name(Some(&board.names)).unwrap_or("A flow").to_owned();
        Some(Preview {
            request: PatchRequest {
                route: self.policy.route,
                media: super::medium(conversation, participant),
                body,
                target,
            },
            changes,
            non_text,
            running_flow: running.then(flow),
            conversation_ended: conversation.is_over(),
            participant_ended: !participant.is_connected(),
        })
    }
}
