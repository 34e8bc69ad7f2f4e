//! What is not done, counted: for the header, and for the question before the program ends.

use super::{EditState, Got, JournalEdit, Outbox, PatchTarget};
use crate::domain::ConversationId;

/// How much of it there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Typed and not sent.
    pub drafts: usize,
    /// Waiting for a flow to end.
    pub held: usize,
    /// Waiting for a condition.
    pub armed: usize,
    /// Committed, and no PATCH has left.
    pub waiting: usize,
    /// A PATCH has left, and the value was not seen yet.
    pub sending: usize,
    /// In conflict, failed, never appeared or overwritten, of this run or of an earlier one.
    pub alarms: usize,
    /// Those of the alarms that hold a text which is nowhere else: in conflict or failed.
    pub unsent: usize,
    /// Keys that vanished or were reverted during a write.
    pub reverted: usize,
}

impl Unsettled {
    /// There is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, state: &EditState) {
        match state {
            EditState::Draft => self.drafts += 1,
            EditState::Held { .. } => self.held += 1,
            EditState::Armed { .. } => self.armed += 1,
            state if state.has_left() => self.sending += 1,
            state if state.is_busy() => self.waiting += 1,
            state if state.needs_attention() => {
                self.alarms += 1;
                self.unsent += usize::from(matches!(state, EditState::Conflict { .. } | EditState::Failed(_)));
            }
            _ => {}
        }
    }
}

impl Outbox {
    /// What is not done.
    pub fn unsettled(&self) -> Unsettled {
        let alarms = self.others().iter().filter(|other| other.got.is_alarm()).count();
        let unsent = self.others().iter().filter(|other| other.got.has_unsent_text()).count();
        let is_draft = |other: &&JournalEdit| !other.got.is_alarm() && other.got != Got::GivenUp;
        let drafts = self.others().iter().filter(is_draft).count();
        let mut found = Unsettled { reverted: self.losses().len(), drafts, alarms, unsent, ..Unsettled::default() };
        for target in self.queues.keys() {
            self.count(target, &mut found);
        }
        found
    }

    /// The alarms on a conversation.
    pub fn alarms_on(&self, conversation: &ConversationId) -> usize {
        let is_one = |other: &&JournalEdit| other.got.is_alarm() && other.cell.conversation == *conversation;
        let alarms = self.others().iter().filter(is_one).count();
        let mut found = Unsettled { alarms, ..Unsettled::default() };
        for target in self.queues.keys().filter(|target| target.conversation == *conversation) {
            self.count(target, &mut found);
        }
        found.alarms
    }

    fn count(&self, target: &PatchTarget, found: &mut Unsettled) {
        for view in self.views(target) {
            match view.earlier {
                Some(earlier) if earlier.got.is_alarm() => {
                    found.alarms += 1;
                    found.unsent += usize::from(earlier.got.has_unsent_text());
                }
                _ => found.count(&view.state),
            }
            if let Some(beneath) = &view.beneath {
                found.count(beneath);
            }
        }
    }
}
