//! The cells of a call: what is there now, and whether it may be edited.

use super::{Model, notice::NoticeLevel};
use crate::domain::{Value, outbox::Cell};

impl Model {
    /// The value on the board now.
    pub(crate) fn value_of(&self, cell: &Cell) -> Option<Value> {
        let entry = self.monitor.board.get(cell.conversation.as_str())?;
        let participant = entry.conversation.participant(cell.participant.as_str())?;
        participant.attributes.get(cell.key.as_str()).map(|a| a.value.to_value())
    }

    /// True, with the reason told, when nothing may be written.
    pub(super) fn refuses_edits(&mut self) -> bool {
        let Some(why) = self.outbox.policy().read_only.as_ref().map(|r| r.why.clone()) else { return false };
        self.say(NoticeLevel::Alarm, format!("Read-only ({why}): nothing can be edited here."));
        true
    }
}
