//! Reads of conversations: one for each at a time, a few together.

use crate::{
    domain::{ConversationId, Snapshot, Update},
    genesys::{Client, Error, client::Priority},
};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Reads on their way at the same time. The client's budget spreads them over time.
const TOGETHER: usize = 8;

struct Wanted {
    id: ConversationId,
    asked: Option<u64>,
    priority: Priority,
}

type Answer = (ConversationId, u64, Result<Snapshot, Error>);

pub(super) struct Reads {
    client: Client,
    queue: VecDeque<Wanted>,
    waiting: FxHashSet<ConversationId>,
    running: JoinSet<Answer>,
}

impl Reads {
    pub(super) fn new(client: Client) -> Self {
        Self { client, queue: VecDeque::new(), waiting: FxHashSet::default(), running: JoinSet::new() }
    }

    /// Queues a read. One that waits already serves this wish too; one that is on its way does not, because it may
    /// have left before what is to be settled.
    pub(super) fn want(&mut self, id: ConversationId, asked: Option<u64>, priority: Priority) {
        if self.waiting.insert(id.clone()) {
            let wanted = Wanted { id, asked, priority };
            // What someone waits for goes first.
            let place = self.queue.iter().position(|w| w.priority > wanted.priority).unwrap_or(self.queue.len());
            self.queue.insert(place, wanted);
        }
    }

    /// Lets reads leave as far as there is room.
    pub(super) fn dispatch(&mut self, revision: impl Fn(&ConversationId) -> u64) {
        while self.running.len() < TOGETHER {
            let Some(Wanted { id, asked, priority }) = self.queue.pop_front() else { return };
            self.waiting.remove(&id);
            let asked = asked.unwrap_or_else(|| revision(&id));
            let client = self.client.clone();
            self.running.spawn(async move {
                let answer = client.conversation(&id, priority).await;
                (id, asked, answer)
            });
        }
    }

    /// The next answer; never resolves while nothing is on its way.
    pub(super) async fn done(&mut self) -> Result<Update, (ConversationId, Error)> {
        loop {
            match self.running.join_next().await {
                Some(Ok((_, asked, Ok(snapshot)))) => return Ok(Update::Read { snapshot, asked }),
                Some(Ok((id, _, Err(error)))) => return Err((id, error)),
                Some(Err(error)) => tracing::error!(%error, "a read broke"),
                None => std::future::pending().await,
            }
        }
    }
}
