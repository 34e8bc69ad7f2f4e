//! Own texts that are on their way: what an edit begins with that is typed over one, and what on the server is explained by them.

use super::{
    Cell, EditState, Outbox,
    participant_queue::{ParticipantQueue, Phase, QueuedKey, QueuedWrite},
};
use crate::domain::{ConversationId, Value};

impl Outbox {
    /// What an edit of this cell begins with: the text of ours that is on its way there, else what is there.
    pub fn beginning(&self, cell: &Cell, there: Option<Value>) -> Option<Value> {
        let queue = self.queues.get(&cell.target());
        queue.and_then(|queue| queue.on_its_way(cell.key.as_str())).map(|item| item.mine.clone()).or(there)
    }

    /// While a text of ours is on its way to this cell: this value is one of ours, or what was there before. Nobody else wrote it.
    pub fn explains(&self, cell: &Cell, there: Option<&Value>) -> bool {
        self.queues.get(&cell.target()).is_some_and(|queue| {
            queue.on_its_way(cell.key.as_str()).is_some_and(|item| item.is_mine(there) || item.base.is(there))
                || queue.is_before_ours(cell.key.as_str(), there)
        })
    }

    /// Something of this conversation is committed, or was sent and is not seen yet.
    pub fn is_sending(&self, conversation: &ConversationId) -> bool {
        let mut targets = self.queues.keys().filter(|target| target.conversation == *conversation);
        targets.any(|target| {
            let mut states = self.views(target).into_iter().flat_map(|view| [Some(view.state), view.beneath]);
            states.any(|state| state.is_some_and(|state| state.is_busy()))
        })
    }

    /// Cells with a text that is on its way, and no newer one.
    pub fn on_their_way(&self) -> impl Iterator<Item = Cell> {
        self.queues.iter().flat_map(|(target, queue)| {
            let views = self.views(target).into_iter();
            let busy = views.filter(move |view| view.state.is_busy() && !queue.edits.contains_key(view.key));
            busy.map(move |view| Cell::new(target, view.key.clone()))
        })
    }
}

impl EditState {
    /// A PATCH with it has left.
    pub fn has_left(&self) -> bool {
        match self {
            Self::Sending { .. } | Self::Accepted { .. } => true,
            Self::Checking { attempts, .. } | Self::Waiting { attempts, .. } => *attempts > 0,
            _ => false,
        }
    }
}

impl ParticipantQueue {
    /// The newest text of ours for this key, while nothing says that it arrived.
    fn on_its_way(&self, key: &str) -> Option<&QueuedKey> {
        let writing = self.writing.as_ref().and_then(|write| write.item(key));
        writing.or_else(|| self.sent_item(key).map(|(_, item)| item)).filter(|item| item.is_open())
    }

    /// While a text of ours is on its way to this key: an earlier one of ours, or what was there before that. None of them may have
    /// been applied yet.
    pub(super) fn is_before_ours(&self, key: &str, there: Option<&Value>) -> bool {
        let is_earlier = |item: &QueuedKey| match item.phase {
            Phase::Seen { .. } => item.is_mine(there),
            Phase::Overwritten { .. } => false,
            Phase::Open | Phase::Unseen(_) | Phase::Replaced => {
                let was_seen = item.told == Some(super::AuditOutcome::Seen);
                item.is_mine(there) || (!was_seen && item.base.is(there))
            }
        };
        self.on_its_way(key).is_some() && self.sent.iter().filter_map(|write| write.item(key)).any(is_earlier)
    }

    /// A text that was given back to the operator, and that a try whose answer was lost may have written.
    pub(super) fn is_left_over(&self, key: &str, there: Option<&Value>) -> bool {
        let given_back = |write: &&QueuedWrite| write.ghost;
        self.sent.iter().filter(given_back).filter_map(|write| write.item(key)).any(|item| item.is_mine(there))
    }
}
