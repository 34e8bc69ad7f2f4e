//! The live organisation: what is heard becomes messages, what is wanted becomes requests.

use super::{choice, player::Player};
use crate::{
    app::{Effect, Model, Msg, flow::Definition, model::Usage, msg::ReadDone},
    domain::{At, ConversationId, EveryState, QueueId},
    flow::model::Flow,
    genesys::{self, Client, Error, client::Priority},
    live::{
        Heard, Live,
        edits::{self, Done},
        targets::Targets,
    },
};
use futures_util::future::BoxFuture;
use std::{collections::HashSet, sync::Arc};

/// A link that was started, and what it watches.
pub struct Connected {
    /// The link with its reads.
    pub live: Live,
    /// What is watched.
    pub targets: Targets,
}

/// An organisation to be watched. The screen is up before `connect` is begun.
pub struct Connection {
    /// The client, with the clock that stamps every moment.
    pub client: Client,
    /// A recording to be played instead of a link.
    pub player: Option<Player>,
    /// Resolves names and starts the link.
    pub connect: BoxFuture<'static, anyhow::Result<Connected>>,
}

/// The running side of a [`Connection`].
pub(super) struct Wire {
    client: Client,
    live: Option<Live>,
    /// Queues whose names were asked for.
    asked: HashSet<QueueId>,
    /// Reads that were wanted before there was a link: the calls of kept drafts.
    early: Vec<(ConversationId, u64)>,
    player: Option<Player>,
}

impl Wire {
    pub(super) fn new(client: Client) -> Self {
        Self { client, live: None, asked: HashSet::new(), early: Vec::new(), player: None }
    }

    /// Plays a recording: nothing is asked of anybody.
    pub(super) fn play(&mut self, player: Player) {
        self.player = Some(player);
    }

    pub(super) fn started(&mut self, mut live: Live) {
        for (conversation, asked) in self.early.drain(..) {
            live.read(conversation, Some(asked), Priority::Link);
        }
        self.live = Some(live);
    }

    /// How many events are there to be taken in; `None` where they do not pile up.
    pub(super) fn waiting(&self) -> Option<usize> {
        self.live.as_ref().filter(|_| self.player.is_none()).map(Live::waiting)
    }

    /// Of these conversations every state is to be told from now on.
    pub(super) fn every_state(&mut self, wanted: EveryState) {
        if let Some(live) = &mut self.live {
            live.every_state(wanted);
        }
    }

    /// What was skipped since this was asked last.
    pub(super) fn skipped(&mut self) -> Option<Msg> {
        let skipped = self.live.as_mut()?.take_skipped();
        (!skipped.is_empty()).then_some(Msg::Coalesced(skipped))
    }

    /// Topics and requests in use now.
    pub(super) fn usage(&self) -> Msg {
        let stats = self.client.stats();
        let topics = self.live.as_ref().map_or(0, |l| l.feed().usage().topics);
        let paused_until = stats.pause.map(|pause| self.client.clock().now().mono + pause);
        Msg::Usage(Usage { topics, spent: stats.used, limit: stats.allowed, paused_until })
    }

    /// There is a good token again: the link need not wait.
    pub(super) fn signed_in(&self) {
        if let Some(live) = &self.live {
            live.feed().signed_in();
        }
    }

    /// The next thing that is known; for ever pending without a link.
    pub(super) async fn next(&mut self, model: &Model) -> (At, Heard) {
        if let Some(player) = &mut self.player {
            return player.next(&model.board).await;
        }
        let revision = |id: &ConversationId| model.board.revision(id.as_str());
        if let Some(live) = self.live.as_mut()
            && let Some(heard) = live.next(revision).await
        {
            return heard;
        }
        self.live = None;
        std::future::pending().await
    }

    /// Something that is known already, if there is anything.
    pub(super) fn try_next(&mut self, model: &Model) -> Option<(At, Heard)> {
        if let Some(player) = &mut self.player {
            return player.try_next(&model.board);
        }
        self.live.as_mut()?.try_next(|id| model.board.revision(id.as_str()))
    }

    /// Reads the configuration of a flow; `runs`: what a simulator drives its calls by.
    pub(super) fn read_flow(&self, name: String, runs: Option<Arc<Flow>>) -> BoxFuture<'static, Msg> {
        let client = self.client.clone();
        Box::pin(async move {
            let result = configuration(&client, &name, runs).await;
            Msg::FlowRead(name, result)
        })
    }

    /// Begins what the program wants done.
    pub(super) fn perform(&mut self, effect: Effect) -> Option<BoxFuture<'static, Msg>> {
        if self.player.is_some() {
            return None;
        }
        let client = self.client.clone();
        match effect {
            Effect::Read { conversation, asked, write: Some(write) } => Some(Box::pin(async move {
                let done = edits::read(client, write, conversation.clone(), asked).await;
                answered(done, conversation)
            })),
            Effect::Read { conversation, asked, write: None } => {
                match self.live.as_mut() {
                    Some(live) => live.read(conversation, Some(asked), Priority::Link),
                    None if self.player.is_none() => self.early.push((conversation, asked)),
                    None => {}
                }
                None
            }
            Effect::Patch { write, request } => {
                let conversation = request.target.conversation.clone();
                Some(Box::pin(async move { answered(edits::patch(client, write, request).await, conversation) }))
            }
            Effect::QueueName(id) => self.asked.insert(id.clone()).then(|| -> BoxFuture<'static, Msg> {
                Box::pin(async move {
                    // A name that cannot be had is no trouble: something else is shown.
                    let name = client.queue(id.as_str()).await.map(|q| q.name).unwrap_or_default();
                    Msg::QueueName(id, name)
                })
            }),
            Effect::ListTopics => {
                let found = self.live.as_ref().map(|l| l.watched().clone()).unwrap_or_default();
                Some(Box::pin(async move { Msg::Topics(Box::new(choice::list(&client, &found).await)) }))
            }
            Effect::Watch(rows) => {
                let live = self.live.as_mut()?;
                live.rewatch(choice::changed(live.watched(), rows));
                None
            }
            Effect::Follow(ids) => {
                self.live.as_mut()?.follow(ids);
                None
            }
            Effect::Forget(ids) => {
                self.live.as_mut()?.forget(&ids);
                None
            }
            Effect::Audit(_)
            | Effect::Copy(_)
            | Effect::Edit(_)
            | Effect::Load(_)
            | Effect::Export(_)
            | Effect::SaveView(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Bell => None,
            Effect::ReadFlow(_) | Effect::Stage(_) | Effect::Notify(_) | Effect::SignIn(_) => None,
        }
    }
}

/// What is needed to read a flow's configuration.
const FLOW_VIEW: &str = "architect:flow:view";

async fn configuration(client: &Client, name: &str, runs: Option<Arc<Flow>>) -> Result<Definition, String> {
    let told = |error: Error| match error.kind() {
        genesys::Kind::Permission { .. } => format!("{error} Reading a flow needs {FLOW_VIEW}."),
        _ => error.to_string(),
    };
    let flows = client.flows(Some(name)).await.map_err(told)?;
    let Some(flow) = flows.into_iter().find(|flow| flow.name == name) else {
        return Err(format!("No flow that this token may see has this name. Reading a flow needs {FLOW_VIEW}."));
    };
    let body = client.flow_configuration(&flow.id).await.map_err(told)?;
    // A large flow takes a moment; the screen goes on.
    let read = tokio::task::spawn_blocking(move || {
        let text = String::from_utf8(body).map_err(|_| "Its configuration is not text.".to_owned())?;
        Definition::read(&text, runs)
    });
    read.await.map_err(|error| format!("Its configuration could not be read: {error}"))?
}

/// What a thing that is known means to the program.
pub(super) fn message(heard: Heard) -> Msg {
    match heard {
        Heard::Link(link) => Msg::Link(link),
        Heard::Update(update) => Msg::Update(Box::new(update)),
        Heard::Malformed(reason) => Msg::BadFrame(reason),
        Heard::Refused(topic, why) => {
            let missing =
                if why.missing.is_empty() { String::new() } else { format!(" (missing: {})", why.missing.join(", ")) };
            Msg::Failed(format!("The platform refused {}: {}{missing}", topic.as_str(), why.reason))
        }
        Heard::Unread(id, error) => {
            let id = crate::domain::text::shorten_id(id.as_str(), 12).into_owned();
            Msg::Failed(format!("Conversation {id} could not be read: {error}"))
        }
        Heard::Unsearched(error) => Msg::Failed(format!("Calls that are on already could not be looked for: {error}")),
    }
}

fn answered(done: Done, conversation: ConversationId) -> Msg {
    match done {
        Done::Read { write, left, revision, result } => {
            let result = result.map_err(|e| edits::failure(&e));
            Msg::Read(Box::new(ReadDone { conversation, asked: revision, left, write: Some(write), result }))
        }
        Done::Patched { write, outcome, .. } => Msg::Patched(write, Box::new(outcome)),
    }
}
