//! Seeded ids of what is not a conversation.

use uuid::Uuid;

use crate::sim::{ids::uuid, scenario::Scenario};

/// Ids of the organisation and its objects, by index in the scenario.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The organisation.
    pub organization: Uuid,
    /// Its only division.
    pub division: Uuid,
    /// Queues.
    pub queues: Vec<Uuid>,
    /// Users.
    pub users: Vec<Uuid>,
    /// Flows.
    pub flows: Vec<Uuid>,
    /// The agents' script.
    pub script: Uuid,
}

impl Directory {
    pub(super) fn new(scenario: &Scenario, rng: &mut fastrand::Rng) -> Self {
        Self {
            organization: uuid(rng),
            division: uuid(rng),
            queues: scenario.queues.iter().map(|_| uuid(rng)).collect(),
            users: scenario.users.iter().map(|_| uuid(rng)).collect(),
            flows: scenario.flows.iter().map(|_| uuid(rng)).collect(),
            script: uuid(rng),
        }
    }

    /// Index of the queue with this id.
    pub fn queue(&self, id: &str) -> Option<usize> {
        index(&self.queues, id)
    }

    /// Index of the user with this id.
    pub fn user(&self, id: &str) -> Option<usize> {
        index(&self.users, id)
    }

    /// Index of the flow with this id.
    pub fn flow(&self, id: &str) -> Option<usize> {
        index(&self.flows, id)
    }
}

fn index(ids: &[Uuid], id: &str) -> Option<usize> {
    let id = Uuid::parse_str(id).ok()?;
    ids.iter().position(|known| *known == id)
}
