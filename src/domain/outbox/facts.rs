//! What the findings need to know of this operator's edits.

use super::{EditState, Outbox};
use crate::domain::{
    ConversationId,
    findings::{EditFact, Fate},
};

impl Outbox {
    /// The edits of a conversation that were sent and are still shown.
    pub fn facts(&self, conversation: &ConversationId) -> Vec<EditFact> {
        let targets = self.queues.keys().filter(|t| t.conversation == *conversation);
        let views = targets.flat_map(|t| self.views(t).into_iter().map(|view| (t.participant.clone(), view)));
        views
            .filter_map(|(participant, view)| {
                let state = if view.state == EditState::Draft { view.beneath.as_ref()? } else { &view.state };
                let fate = match state {
                    EditState::Checking { .. } | EditState::Sending { .. } | EditState::Waiting { .. } => Fate::Pending,
                    EditState::Accepted { .. } => Fate::Pending,
                    EditState::Seen { .. } => Fate::Seen,
                    EditState::Unseen(alarm) => {
                        let status = alarm.status.map_or_else(|| "answer lost".to_owned(), |s| s.to_string());
                        let id = alarm.correlation_id.as_deref().map(|id| format!(", correlation id {id}"));
                        Fate::Unseen { request: status + &id.unwrap_or_default() }
                    }
                    _ => return None,
                };
                Some(EditFact { participant, key: view.key.clone(), fate })
            })
            .collect()
    }
}
