//! The live organisation: what arrives becomes messages, what is wanted becomes requests.

use crate::{
    app::{Effect, Msg, msg::ReadDone},
    domain::{
        ConversationId, QueueId, Update,
        outbox::{Failure, PatchOutcome, PatchRequest, Route, WriteId},
    },
    genesys::{
        Client, Error, Kind,
        client::{self, Priority},
        feed::{FeedEvent, FeedHandle},
        topic::{Topic, TopicKind},
        wire::{Decoder, Frame},
    },
};
use futures_util::future::BoxFuture;
use std::collections::HashSet;
use tokio::sync::mpsc;

/// A feed that was started, and what is known of the organisation so far.
#[derive(Debug)]
pub struct Connected {
    /// Steers the feed.
    pub feed: FeedHandle,
    /// What it yields.
    pub events: mpsc::Receiver<FeedEvent>,
    /// Names of queues.
    pub queues: Vec<(QueueId, String)>,
    /// Conversations to be read at once.
    pub conversations: Vec<ConversationId>,
}

/// An organisation to be watched. The screen is up before `connect` is begun.
pub struct Connection {
    /// The client, with the clock that stamps every moment.
    pub client: Client,
    /// Resolves names and starts the feed.
    pub connect: BoxFuture<'static, anyhow::Result<Connected>>,
}

/// The running side of a [`Connection`].
pub(super) struct Live {
    client: Client,
    decoder: Decoder,
    feed: Option<FeedHandle>,
    /// Queues whose names were asked for.
    asked: HashSet<QueueId>,
}

impl Live {
    pub(super) fn new(client: Client) -> Self {
        Self { client, decoder: Decoder::new(), feed: None, asked: HashSet::new() }
    }

    pub(super) fn started(&mut self, feed: FeedHandle) {
        self.feed = Some(feed);
    }

    /// Topics and requests in use now.
    pub(super) fn usage(&self) -> Msg {
        let stats = self.client.stats();
        let topics = self.feed.as_ref().map_or(0, |f| f.usage().topics);
        Msg::Usage { topics, spent: stats.used, limit: stats.allowed }
    }

    /// What an event of the feed means to the program, and what is to be asked because of it.
    pub(super) fn take(&mut self, event: FeedEvent) -> (Option<Msg>, Option<BoxFuture<'static, Msg>>) {
        match event {
            FeedEvent::Frame { raw, .. } => {
                let update = match self.decoder.decode(raw.as_bytes()) {
                    Frame::Conversation(snapshot) => Update::Stream(snapshot),
                    Frame::Delta(delta) => Update::Delta(delta),
                    Frame::Attributes(event) => Update::Event(event),
                    Frame::Malformed { reason } => return (Some(Msg::BadFrame(reason)), None),
                    Frame::Control(_) | Frame::Unknown { .. } => return (None, None),
                };
                (Some(Msg::Update(Box::new(update))), None)
            }
            FeedEvent::Binary { length, .. } => (Some(Msg::BadFrame(format!("it is binary ({length} bytes)"))), None),
            FeedEvent::Link { link, .. } => (Some(Msg::Link(link)), None),
            FeedEvent::Topics { accepted, rejected, .. } => {
                let refused = rejected.first().map(|(topic, why)| {
                    let more =
                        if rejected.len() > 1 { format!(" (and {} more)", rejected.len() - 1) } else { String::new() };
                    Msg::Failed(format!("The platform refused {}{more}: {why:?}", topic.as_str()))
                });
                (refused, self.look(&accepted))
            }
        }
    }

    /// Looks for the conversations that are on newly subscribed queues: events tell them only when they change.
    fn look(&self, topics: &[Topic]) -> Option<BoxFuture<'static, Msg>> {
        let mut queues: Vec<QueueId> = Vec::new();
        for topic in topics {
            if let TopicKind::Queue { id, .. } = topic.kind() {
                queues.push(QueueId::new(id));
            }
        }
        if queues.is_empty() {
            return None;
        }
        let client = self.client.clone();
        Some(Box::pin(async move {
            match client.queue_observations(&queues).await {
                Ok(found) => {
                    let rows = found.results.iter().flat_map(|g| &g.data).flat_map(|d| &d.observations);
                    let mut ids: Vec<ConversationId> =
                        rows.filter_map(|o| o.conversation_id.as_deref()).map(ConversationId::new).collect();
                    ids.sort();
                    ids.dedup();
                    Msg::Found(ids)
                }
                Err(error) => Msg::Failed(format!("Calls that are on already could not be looked for: {error}")),
            }
        }))
    }

    /// Begins what the program wants done.
    pub(super) fn perform(&mut self, effect: Effect) -> Option<BoxFuture<'static, Msg>> {
        let client = self.client.clone();
        match effect {
            Effect::Read { conversation, asked, write } => Some(Box::pin(read(client, conversation, asked, write))),
            Effect::Patch { write, request } => Some(Box::pin(patch(client, write, request))),
            Effect::QueueName(id) => self.asked.insert(id.clone()).then(|| -> BoxFuture<'static, Msg> {
                Box::pin(async move {
                    // A name that cannot be had is no trouble: the id is shown.
                    let name = client.queue(id.as_str()).await.ok().map(|q| q.name).unwrap_or_default();
                    Msg::QueueName(id, name)
                })
            }),
            Effect::Forget(ids) => {
                for id in ids {
                    self.decoder.forget(id.as_str());
                    if let Some(feed) = &self.feed {
                        feed.remove([Topic::attributes(&id)]);
                    }
                }
                None
            }
            _ => None,
        }
    }
}

async fn read(client: Client, conversation: ConversationId, asked: u64, write: Option<WriteId>) -> Msg {
    let priority = if write.is_some() { Priority::Interactive } else { Priority::Link };
    let left = client.clock().now();
    let result = client.conversation(&conversation, priority).await.map_err(|e| failure(&e));
    Msg::Read(Box::new(ReadDone { conversation, asked, left, write, result }))
}

async fn patch(client: Client, write: WriteId, request: PatchRequest) -> Msg {
    let route = match request.route {
        Route::Attributes => client::Route::Attributes,
        Route::Participant => client::Route::Participant,
        Route::Media => client::Route::Media(request.media),
    };
    let target = &request.target;
    let body = request.body.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let answer = client.patch_attributes(&target.conversation, &target.participant, body, route).await;
    Msg::Patched(write, Box::new(outcome(answer)))
}

/// The client's answer in the words of the outbox.
fn outcome(answer: Result<client::PatchOutcome, Error>) -> PatchOutcome {
    match answer {
        Ok(client::PatchOutcome::Answered(answer)) => {
            PatchOutcome::Accepted { status: answer.status, correlation_id: answer.correlation_id }
        }
        Ok(client::PatchOutcome::Unknown(error)) => PatchOutcome::Unknown(failure(&error)),
        Err(error) => {
            let correlation_id = error.details().correlation_id.clone();
            match &error.details().kind {
                Kind::Conflict => PatchOutcome::Conflict { correlation_id },
                Kind::TooLarge => PatchOutcome::TooLarge { limit: None, correlation_id },
                Kind::Wait { after } => {
                    PatchOutcome::Busy { status: error.status().unwrap_or(429), retry_after: *after, correlation_id }
                }
                _ => PatchOutcome::Refused(failure(&error)),
            }
        }
    }
}

fn failure(error: &Error) -> Failure {
    let details = error.details();
    Failure {
        reason: error.to_string(),
        status: details.status,
        code: details.code.clone(),
        correlation_id: details.correlation_id.clone(),
        retryable: matches!(details.kind, Kind::Wait { .. } | Kind::Network(_) | Kind::Server),
    }
}
