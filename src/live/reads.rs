//! Reads of conversations: which are wanted ([`Rereads`]), those under way, and their answers.

use super::missing::Missing;
use crate::{
    domain::{Board, ConversationId, Snapshot, Update},
    genesys::{
        Client, Error, ErrorKind,
        client::{Priority, Reply},
        reread::Rereads,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;
use tokio::task::{self, JoinSet};

/// Which, the board's revision and the moment when the request left, and what came back.
type ReadAnswer = (ConversationId, u64, Duration, Result<(Snapshot, Reply), Error>);

pub(super) struct Reads {
    client: Client,
    order: Rereads,
    /// For each that waits: the board's revision if its owner named one, and the most urgent priority.
    waiting: FxHashMap<ConversationId, (Option<u64>, Priority)>,
    running: JoinSet<ReadAnswer>,
    /// What each task reads, for one that breaks tells nothing.
    tasks: FxHashMap<task::Id, ConversationId>,
    /// Reads under way that nobody wants to know about any more.
    unwanted: FxHashSet<ConversationId>,
    /// Answered with 404 or 410.
    missing: Missing,
}

impl Reads {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            order: Rereads::new(),
            waiting: FxHashMap::default(),
            running: JoinSet::new(),
            tasks: FxHashMap::default(),
            unwanted: FxHashSet::default(),
            missing: Missing::default(),
        }
    }

    /// A read is wanted. One that waits already serves this wish too.
    pub(super) fn want(&mut self, id: ConversationId, asked: Option<u64>, priority: Priority) {
        if self.missing.bars(&id) {
            return;
        }
        let (known, urgent) = self.waiting.entry(id.clone()).or_insert((asked, priority));
        *known = (*known).min(asked);
        *urgent = (*urgent).min(priority);
        self.unwanted.remove(&id);
        self.order.want(id);
    }

    /// The platform does not have it, or not any more. True when it says so for the first time.
    pub(super) fn gone(&mut self, id: &ConversationId) -> bool {
        self.waiting.remove(id);
        self.order.forget(id);
        self.missing.answered(id, self.client.clock().now().mono)
    }

    /// An event of its own told of it: it is there.
    pub(super) fn back(&mut self, id: &ConversationId) {
        if !self.missing.is_empty() {
            self.missing.event(id, self.client.clock().now().mono);
        }
    }

    /// A list named it, which may be a little behind.
    pub(super) fn listed(&mut self, id: &ConversationId) {
        self.missing.listed(id, self.client.clock().now().mono);
    }

    /// Those that wait for a read or are being read.
    pub(super) fn outstanding(&self) -> impl Iterator<Item = &ConversationId> {
        self.waiting.keys().chain(self.tasks.values().filter(|id| !self.unwanted.contains(*id)))
    }

    /// The operator has turned to this one: it is read before others that wait.
    pub(super) fn look(&mut self, id: &ConversationId) {
        self.order.look(id);
    }

    /// Nobody wants to know any more, not even what is under way.
    pub(super) fn forget(&mut self, id: &ConversationId) {
        if self.order.is_pending(id) {
            self.unwanted.insert(id.clone());
        }
        self.waiting.remove(id);
        self.order.forget(id);
    }

    /// Lets reads leave as far as there is room. `leaves` is told of each that takes its revision now.
    pub(super) fn dispatch(&mut self, board: &Board, mut leaves: impl FnMut(&ConversationId)) {
        if self.waiting.is_empty() {
            return;
        }
        while let Some(id) = self.order.next(self.client.clock().now().mono) {
            let (asked, priority) = self.waiting.remove(&id).unwrap_or((None, Priority::Background));
            let asked = asked.unwrap_or_else(|| {
                leaves(&id);
                board.revision(id.as_str())
            });
            let client = self.client.clone();
            self.start(id.clone(), async move {
                let left = client.clock().now().mono;
                let answer = client.read_conversation(&id, priority).await;
                (id, asked, left, answer)
            });
        }
    }

    fn start(&mut self, id: ConversationId, read: impl Future<Output = ReadAnswer> + Send + 'static) {
        let task = self.running.spawn(read);
        self.tasks.insert(task.id(), id);
    }

    /// The next answer, or `None` when it is time to look at [`Self::dispatch`] again.
    pub(super) async fn done(&mut self) -> Option<Result<(Update, Reply), (ConversationId, Error)>> {
        let clock = self.client.clock();
        let wake = async {
            match self.order.wake() {
                Some(at) => tokio::time::sleep(at.saturating_sub(clock.now().mono)).await,
                None => std::future::pending().await,
            }
        };
        let answer = tokio::select! {
            Some(answer) = self.running.join_next_with_id(), if !self.running.is_empty() => answer,
            () = wake => return None,
        };
        let answer = match answer {
            Ok((task, answer)) => {
                self.tasks.remove(&task);
                answer
            }
            Err(error) => {
                tracing::error!(%error, "a read broke");
                let id = self.tasks.remove(&error.id())?;
                self.order.done(&id, clock.now().mono);
                self.unwanted.remove(&id);
                let broken =
                    Error::new(ErrorKind::Malformed, format!("reading {id}"), "the request broke off unexpectedly");
                return Some(Err((id, broken)));
            }
        };
        if self.unwanted.remove(&answer.0) {
            self.order.done(&answer.0, clock.now().mono);
            return None;
        }
        match answer {
            (id, asked, left, Ok((snapshot, reply))) => {
                self.order.done(&id, clock.now().mono);
                self.missing.found(&id);
                Some(Ok((Update::Read { snapshot, asked, left }, reply)))
            }
            (id, _, _, Err(error)) => {
                if error.is_passing() {
                    self.order.failed(&id, error.wait(), clock.now().mono);
                    self.waiting.entry(id.clone()).or_insert((None, Priority::Background));
                } else {
                    self.order.done(&id, clock.now().mono);
                }
                Some(Err((id, error)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesys::{Auth, Connection};

    fn reads() -> Reads {
        let nowhere = Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", Auth::SignedOut).unwrap();
        Reads::new(Client::new(nowhere))
    }

    #[tokio::test]
    async fn what_the_operator_has_turned_to_is_read_first() {
        let mut reads = reads();
        let ids: Vec<_> = (0..9).map(|n| ConversationId::new(format!("c{n}"))).collect();
        for id in &ids {
            reads.want(id.clone(), None, Priority::Background);
        }
        reads.look(&ids[7]);
        assert_eq!(reads.order.next(Duration::ZERO), Some(ids[7].clone()));
        assert_eq!(reads.order.next(Duration::ZERO), Some(ids[0].clone()));
    }

    #[tokio::test]
    async fn an_answer_that_nobody_wants_any_more_is_dropped() {
        let mut reads = reads();
        let id = ConversationId::new("c1");
        for wanted_again in [false, true] {
            reads.want(id.clone(), None, Priority::Background);
            assert_eq!(reads.order.next(Duration::from_secs(60)), Some(id.clone()));
            let gone = Error::new(ErrorKind::NotFound, "GET", "");
            let answer = (id.clone(), 0, Duration::ZERO, Err(gone));
            reads.start(id.clone(), async { answer });
            reads.forget(&id);
            if wanted_again {
                reads.want(id.clone(), None, Priority::Background);
            }
            assert_eq!(reads.done().await.is_some(), wanted_again);
            assert!(!reads.order.is_pending(&id));
        }
    }

    #[tokio::test]
    async fn a_read_that_breaks_gives_its_place_back() {
        let mut reads = reads();
        let id = ConversationId::new("c1");
        reads.want(id.clone(), None, Priority::Background);
        assert_eq!(reads.order.next(Duration::ZERO), Some(id.clone()));
        reads.start(id.clone(), async { panic!("a defect") });
        let answer = reads.done().await;
        assert!(matches!(answer, Some(Err((told, _))) if told == id));
        assert_eq!(reads.order.backlog(), 0);
        assert!(reads.tasks.is_empty());
    }
}
