//! What comes from outside: API writes, and the steering of tests.

use indexmap::IndexMap;
use uuid::Uuid;

use super::{Conversation, World, WorldChange, WorldJob};
use crate::sim::{Semantics, scenario::Media};

/// A write by the API that was accepted and waits to be applied.
#[derive(Debug, Clone)]
pub struct SubmittedEdit {
    /// The conversation.
    pub conversation: Uuid,
    /// The participant.
    pub participant: Uuid,
    /// What to write.
    pub values: IndexMap<String, String>,
    /// Overlay or replacement.
    pub semantics: Semantics,
}

/// A conversation placed by hand, without a story: nothing happens on it by itself.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The medium.
    pub media: Media,
    /// Dialled number.
    pub to: String,
    /// Name of the flow it is in, if any.
    pub flow: Option<String>,
    /// Name of the queue it is in, if any.
    pub queue: Option<String>,
    /// Whether an agent of that queue has answered.
    pub agent: bool,
    /// Attributes of the customer.
    pub attributes: Vec<(String, String)>,
    /// More attributes of the customer, with values that are JSON other than text.
    pub untyped: Vec<(String, String)>,
}

impl Default for Placed {
    fn default() -> Self {
        Self {
            media: Media::Call,
            to: "+15550100100".to_owned(),
            flow: None,
            queue: None,
            agent: false,
            attributes: Vec::new(),
            untyped: Vec::new(),
        }
    }
}

impl World {
    /// Takes a write that will be applied at `due`.
    pub fn submit(&mut self, edit: SubmittedEdit, due: i64) {
        self.sequence += 1;
        let number = self.sequence;
        self.edits.insert(number, edit);
        self.schedule(due, WorldJob::Edit { number });
    }

    pub(super) fn apply(&mut self, edit: SubmittedEdit, at: i64) -> Option<WorldChange> {
        let conversation = self.conversations.get_mut(&edit.conversation)?;
        let participant = conversation.participants.iter_mut().find(|p| p.id == edit.participant)?;
        let written = Self::write(participant, &edit.values, edit.semantics);
        Some(WorldChange { conversation: edit.conversation, at, attributes: vec![(edit.participant, written)] })
    }

    /// Writes at once on the newest participant of a purpose (or with that id), merging.
    pub fn set(
        &mut self,
        conversation: Uuid,
        on: &str,
        values: IndexMap<String, String>,
        at: i64,
    ) -> Option<WorldChange> {
        let found = self.conversations.get(&conversation)?;
        let index = find(found, on)?;
        let participant = found.participants[index].id;
        self.apply(SubmittedEdit { conversation, participant, values, semantics: Semantics::Merge }, at)
    }

    /// Takes keys away from a participant.
    pub fn remove(&mut self, conversation: Uuid, on: &str, keys: &[String], at: i64) -> Option<WorldChange> {
        let found = self.conversations.get_mut(&conversation)?;
        let index = find(found, on)?;
        let participant = &mut found.participants[index];
        for key in keys {
            participant.attributes.shift_remove(key);
        }
        participant.version += 1;
        Some(WorldChange { conversation, at, attributes: Vec::new() })
    }

    /// Places a conversation without a story.
    pub fn place(&mut self, placed: &Placed, at: i64) -> Option<Uuid> {
        if self.scenario.callers.is_empty() {
            return None;
        }
        let caller = self.rng.usize(0..self.scenario.callers.len());
        let id = self.add(placed.media, caller, &placed.to, at, None, 1.0);
        let flow = placed.flow.as_ref().and_then(|n| self.scenario.flows.iter().position(|f| f.name == *n));
        if let Some(flow) = flow {
            self.enter_flow(id, flow, at);
        }
        let queue = placed.queue.as_ref().and_then(|n| self.scenario.queues.iter().position(|q| q.name == *n));
        if let Some(queue) = queue {
            self.enter_queue(id, queue, at, "transfer");
            if placed.agent {
                self.answer(id, None, at);
            }
        }
        if let Some(customer) = self.conversations.get_mut(&id).and_then(|c| c.participants.first_mut()) {
            customer.attributes.extend(placed.attributes.iter().chain(&placed.untyped).cloned());
            customer.untyped.extend(placed.untyped.iter().map(|(key, _)| key.clone()));
        }
        Some(id)
    }

    /// Hands a conversation to the queue of this name; its agent leaves. `None` if there is no such queue or conversation.
    pub fn transfer(&mut self, conversation: Uuid, queue: &str, at: i64) -> Option<WorldChange> {
        self.conversations.get(&conversation)?;
        let queue = self.scenario.queues.iter().position(|known| known.name == queue)?;
        self.leave(conversation, "agent", "transfer", at);
        let attributes = self.enter_queue(conversation, queue, at, "transfer");
        Some(WorldChange { conversation, at, attributes })
    }

    /// Ends a conversation now; the notice is `None` if it has ended or is not known.
    pub fn hang_up(&mut self, conversation: Uuid, at: i64) -> Option<WorldChange> {
        self.end_all(conversation, at)
    }
}

fn find(conversation: &Conversation, on: &str) -> Option<usize> {
    if let Ok(id) = Uuid::parse_str(on) {
        return conversation.participants.iter().position(|p| p.id == id);
    }
    conversation.by_purpose(on)
}
