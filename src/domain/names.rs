//! Names for ids: people read queues and agents by name, never by id.

use super::{FlowId, QueueId, UserId};
use compact_str::CompactString;
use std::collections::HashMap;

/// What is known of names. Fed by discovery and by reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    queues: HashMap<QueueId, CompactString>,
    users: HashMap<UserId, CompactString>,
    flows: HashMap<FlowId, CompactString>,
    revision: u64,
}

impl Names {
    /// Remembers a queue's name.
    pub fn learn_queue(&mut self, id: QueueId, name: &str) {
        self.queues.insert(id, CompactString::new(name));
        self.revision += 1;
    }

    /// Remembers a user's name.
    pub fn learn_user(&mut self, id: UserId, name: &str) {
        self.users.insert(id, CompactString::new(name));
        self.revision += 1;
    }

    /// Remembers a flow's name.
    pub fn learn_flow(&mut self, id: FlowId, name: &str) {
        if self.flow(&id) != Some(name) {
            self.flows.insert(id, CompactString::new(name));
            self.revision += 1;
        }
    }

    /// Grows with everything that is learned.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The queue's name, if known.
    pub fn queue(&self, id: &QueueId) -> Option<&str> {
        self.queues.get(id).map(CompactString::as_str)
    }

    /// The flow's name, if known.
    pub fn flow(&self, id: &FlowId) -> Option<&str> {
        self.flows.get(id).map(CompactString::as_str)
    }

    /// The flow that has this id, and its name.
    pub(super) fn flow_by_id(&self, id: &str) -> Option<(&FlowId, &str)> {
        self.flows.get_key_value(id).map(|(id, name)| (id, name.as_str()))
    }

    /// All known flows.
    pub fn flows(&self) -> impl Iterator<Item = (&FlowId, &str)> {
        self.flows.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// All known users.
    pub fn users(&self) -> impl Iterator<Item = (&UserId, &str)> {
        self.users.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// All known queues.
    pub fn queues(&self) -> impl Iterator<Item = (&QueueId, &str)> {
        self.queues.iter().map(|(id, name)| (id, name.as_str()))
    }
}
