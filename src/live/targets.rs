//! What is to be watched: names of the command line turned into ids.

use crate::{
    domain::ConversationId,
    genesys::{
        Client, Error,
        discover::{self, Discovered, Wanted},
    },
};
use std::ops::Deref;

/// Everything to watch, looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(pub Discovered);

impl Deref for Targets {
    type Target = Discovered;
    fn deref(&self) -> &Discovered {
        &self.0
    }
}

impl Targets {
    /// Looks up what is wanted.
    ///
    /// # Errors
    /// For a name that nothing has, with the nearest one; whatever a request can fail with.
    pub async fn resolve(client: &Client, wanted: &Wanted) -> Result<Self, Error> {
        discover::resolve(client, wanted).await.map(Self)
    }

    /// One conversation.
    pub fn conversation(id: ConversationId) -> Self {
        Self(Discovered { conversations: vec![id], ..Discovered::default() })
    }

    /// What is watched, one a line of a recording's header: what it is, and its name.
    pub fn lines(&self) -> Vec<String> {
        let queues = self.queues.iter().map(|(_, name)| format!("queue {name}"));
        let users = self.users.iter().map(|(_, name)| format!("user {name}"));
        let flows = self.flows.iter().map(|(_, name)| format!("flow {name}"));
        let conversations = self.conversations.iter().map(|id| format!("conversation {id}"));
        queues.chain(users).chain(flows).chain(conversations).collect()
    }

    /// What is watched, in a few words on one line.
    pub fn label(&self) -> String {
        let queues = self.queues.iter().map(|(_, name)| name.as_str());
        let names = queues
            .chain(self.users.iter().map(|(_, name)| name.as_str()))
            .chain(self.flows.iter().map(|(_, name)| name.as_str()))
            .chain(self.conversations.iter().map(ConversationId::as_str));
        let names: Vec<_> = names.map(crate::domain::text::visible).collect();
        crate::domain::text::few(&names.iter().map(AsRef::as_ref).collect::<Vec<_>>())
    }
}
