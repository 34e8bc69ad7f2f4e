//! The live organisation: what is heard becomes messages, what is wanted becomes requests.

use super::{choice, player::Player, recording};
use crate::{
    app::{
        Effect, Model, Msg,
        flow::Definition,
        model::Usage,
        msg::ReadDone,
        replay::{Play, Playing},
        settings::AppSettings,
        why::FoundFlows,
    },
    domain::{At, Conversation, ConversationId, EveryState, QueueId},
    flow::model::Flow,
    genesys::{
        self, Client, Clock, Error,
        client::{NextTry, Priority},
        discover::Discovered,
    },
    live::{
        LinkEvent, Live,
        edits::{self, EditDone},
        gather, recorded,
        targets::Targets,
    },
    recording::{Record, Summary},
};
use futures_util::future::BoxFuture;
use std::{collections::HashSet, path::Path, sync::Arc};
use tokio::sync::mpsc;

/// A link that was started, and what it watches.
pub struct Connected {
    /// The link with its reads.
    pub live: Live,
    /// What is watched.
    pub targets: Targets,
}

/// Begins to resolve names and to start the link.
pub type Connect = Box<dyn FnMut() -> BoxFuture<'static, anyhow::Result<Connected>> + Send>;

/// An organisation to be watched. The screen is up before `connect` is begun.
pub struct BackendSetup {
    /// The client, with the clock that stamps every moment.
    pub client: Client,
    /// A recording to be played instead of a link.
    pub player: Option<Player>,
    /// Resolves names and starts the link; begun again when the organisation was not reached.
    pub connect: Connect,
    /// Requests that failed and are tried again, where somebody reports them.
    pub failures: Option<mpsc::UnboundedReceiver<NextTry>>,
}

/// What came of a task, and what a recorder is told of it.
pub(super) struct TaskOutcome {
    pub msg: Msg,
    pub record: Option<Record>,
}

impl From<Msg> for TaskOutcome {
    fn from(msg: Msg) -> Self {
        Self { msg, record: None }
    }
}

type Task = BoxFuture<'static, TaskOutcome>;

/// The running side of a [`BackendSetup`].
pub(super) struct Backend {
    client: Client,
    live: Option<Live>,
    /// Queues whose names were asked for.
    asked: HashSet<QueueId>,
    /// Reads that were wanted before there was a link: the calls of kept drafts.
    early: Vec<(ConversationId, u64)>,
    /// What was read of flows and their runs, and does not change.
    known: Arc<gather::GatherCache>,
    player: Option<Player>,
}

impl Backend {
    pub(super) fn new(client: Client) -> Self {
        Self { client, live: None, asked: HashSet::new(), early: Vec::new(), known: Arc::default(), player: None }
    }

    /// Plays a recording on the screens of `model`: nothing is asked of anybody.
    pub(super) fn play(&mut self, mut player: Player, model: &mut Model, settings: AppSettings) {
        player.begin(model, settings);
        self.player = Some(player);
    }

    /// The present moment: that of the recording, where one is played.
    pub(super) fn now(&self) -> At {
        self.player.as_ref().map_or_else(|| self.client.clock().now(), Player::now)
    }

    /// The clock by which time passes; `None` while it stands still.
    pub(super) fn time(&self) -> Option<Clock> {
        self.player.as_ref().map_or_else(|| Some(self.client.clock()), Player::time)
    }

    /// The moment at which the program is told of the time.
    pub(super) fn tick(&mut self) -> At {
        match &mut self.player {
            Some(player) => player.tick(),
            None => self.client.clock().now(),
        }
    }

    /// There are more calls in the watched flows than could be listed.
    pub(super) fn is_cut(&self) -> bool {
        self.live.as_ref().is_some_and(Live::is_cut)
    }

    /// How the recording is being played, if one is.
    pub(super) fn playing(&self) -> Option<Playing> {
        self.player.as_ref().map(Player::playing)
    }

    /// Plays the recording otherwise.
    pub(super) fn steer(&mut self, play: Play) -> Option<Msg> {
        self.player.as_mut()?.play(play)
    }

    /// Records from now on, or no longer.
    pub(super) fn toggle_recording(&mut self, model: &Model, state: &Path) -> Msg {
        match &mut self.live {
            None => Msg::Failed("There is no link yet, so there is nothing to record.".into()),
            Some(live) if live.recording().is_some() => recording::stop(live),
            Some(live) => recording::start(live, model, state),
        }
    }

    /// How the recording is going, if there is one; it is closed when it can go on no longer.
    pub(super) fn recording(&mut self) -> Option<Msg> {
        recording::look(self.live.as_mut()?)
    }

    /// Closes the recording, if there is one.
    pub(super) fn close_recording(&mut self) -> Option<Summary> {
        self.live.as_mut()?.stop_recording()
    }

    /// Records what is made, if anything is and there is a recording.
    pub(super) fn record_some(&mut self, record: impl FnOnce() -> Option<Record>) {
        let is_recording = self.live.as_ref().is_some_and(|live| live.recording_path().is_some());
        if let Some(record) = is_recording.then(record).flatten() {
            self.record(|| record);
        }
    }

    /// Records what is made, if there is a recording.
    pub(super) fn record(&mut self, record: impl FnOnce() -> Record) {
        let at = self.client.clock().now();
        if let Some(live) = &mut self.live {
            live.record(at, record);
        }
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
        if self.player.is_some() {
            return Msg::Usage(Usage::default());
        }
        let stats = self.client.stats();
        let topics = self.live.as_ref().map_or(0, |l| l.feed().usage().topics);
        let paused_until = stats.pause.map(|pause| self.client.clock().now().mono + pause);
        Msg::Usage(Usage { topics, spent: stats.used, limit: stats.allowed, paused_until })
    }

    /// The link does not wait for its next try, and no request does.
    pub(super) fn try_now(&self) {
        self.client.try_now();
        if let Some(live) = &self.live {
            live.feed().retry_now();
        }
    }

    /// There is a good token again: the link need not wait.
    pub(super) fn signed_in(&self) {
        if let Some(live) = &self.live {
            live.feed().signed_in();
        }
    }

    /// The next thing that is known; for ever pending without a link.
    pub(super) async fn next(&mut self, model: &Model) -> (At, Msg) {
        if let Some(player) = &mut self.player {
            return player.next(&model.monitor.board).await;
        }
        if let Some(live) = self.live.as_mut()
            && let Some((at, heard)) = live.next(&model.monitor.board).await
        {
            return (at, message(heard, live.watched()));
        }
        self.live = None;
        std::future::pending().await
    }

    /// Something that is known already, if there is anything.
    pub(super) fn try_next(&mut self, model: &Model) -> Option<(At, Msg)> {
        if let Some(player) = &mut self.player {
            return player.try_next(&model.monitor.board);
        }
        let live = self.live.as_mut()?;
        let (at, heard) = live.try_next(&model.monitor.board)?;
        Some((at, message(heard, live.watched())))
    }

    /// Reads the configuration of a flow; `runs`: what a simulator drives its calls by.
    pub(super) fn read_flow(&self, name: String, runs: Option<Arc<Flow>>) -> BoxFuture<'static, Msg> {
        if self.player.is_some() {
            let why = "A recording does not hold the configuration of flows.".to_owned();
            return Box::pin(async move { Msg::FlowRead(name, Err(why)) });
        }
        let client = self.client.clone();
        Box::pin(async move {
            let result = configuration(&client, &name, runs).await;
            Msg::FlowRead(name, result)
        })
    }

    /// Finds out which flows this call ran.
    pub(super) fn gather(&self, conversation: Conversation) -> BoxFuture<'static, Msg> {
        let (client, known) = (self.client.clone(), Arc::clone(&self.known));
        Box::pin(async move {
            let mut found = gather::flows(&client, &known, &conversation).await;
            gather::earlier(&client, &known, &mut found).await;
            Msg::Gathered(conversation.id, Box::new(FoundFlows(found)))
        })
    }

    /// Begins what the program wants done.
    pub(super) fn perform(&mut self, effect: Effect) -> Option<Task> {
        if self.player.is_some() {
            return None;
        }
        let client = self.client.clone();
        match effect {
            Effect::Read { conversation, asked, write: Some(write) } => {
                self.record(|| recorded::ask(&conversation));
                Some(Box::pin(async move {
                    let done = edits::read(client, write, conversation.clone(), asked).await;
                    answered(done, conversation)
                }))
            }
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
            Effect::QueueName(id) => self.asked.insert(id.clone()).then(|| -> Task {
                Box::pin(async move {
                    // A name that cannot be had is no trouble: something else is shown.
                    let name = client.queue(id.as_str()).await.map(|q| q.name).unwrap_or_default();
                    let line = || Record::Name { of: "queue".into(), id: id.to_string(), name: name.clone() };
                    let record = (!name.is_empty()).then(line);
                    TaskOutcome { msg: Msg::QueueName(id, name), record }
                })
            }),
            Effect::ListTopics => {
                let found = self.live.as_ref().map(|l| l.watched().clone()).unwrap_or_default();
                Some(Box::pin(async move { Msg::Topics(Box::new(choice::list(&client, &found).await)).into() }))
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
            | Effect::DeleteView(_)
            | Effect::Remember(_)
            | Effect::Mouse(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Reconnect
            | Effect::Bell => None,
            Effect::ReadFlow(_)
            | Effect::Gather(_)
            | Effect::Since(_)
            | Effect::SinceStored(_)
            | Effect::HistoryCall(_)
            | Effect::FlowHistory(..)
            | Effect::Theme(_)
            | Effect::Demo(_)
            | Effect::Notify(_)
            | Effect::SignIn(_)
            | Effect::Play(_)
            | Effect::Record
            | Effect::Keep => None,
        }
    }
}

/// What is needed to read a flow's configuration.
const FLOW_VIEW: &str = "architect:flow:view";

async fn configuration(client: &Client, name: &str, runs: Option<Arc<Flow>>) -> Result<Definition, String> {
    let told = |error: Error| match error.kind() {
        genesys::ErrorKind::Permission { .. } => format!("{error} Reading a flow needs {FLOW_VIEW}."),
        _ => error.to_string(),
    };
    let flows = client.flows(Some(name)).await.map_err(told)?;
    let Some(flow) = flows.into_iter().find(|flow| flow.name == name) else {
        return Err(format!("No flow that this token may see has this name. Reading a flow needs {FLOW_VIEW}."));
    };
    let body = client.flow_configuration(&flow.id).await.map_err(told)?;
    let version = flow.published_version.as_ref().map(|version| version.id.clone());
    // Versions are counted in whole numbers. Without the one before, nothing is said of what changed.
    let number = version.as_deref().map(|v| v.strip_suffix(".0").unwrap_or(v)).and_then(|v| v.parse::<u32>().ok());
    let before = number.and_then(|number| number.checked_sub(1)).filter(|before| *before > 0);
    let before = match (before, &version) {
        (Some(before), Some(version)) => {
            let id = if version.ends_with(".0") { format!("{before}.0") } else { before.to_string() };
            client
                .version_configuration(&flow.id, &id, Priority::Interactive)
                .await
                .ok()
                .map(|body| (before.to_string(), body))
        }
        _ => None,
    };
    // A large flow takes a moment; the screen goes on.
    let read = tokio::task::spawn_blocking(move || {
        let text = String::from_utf8(body).map_err(|_| "Its configuration is not text.".to_owned())?;
        let mut definition = Definition::read(&text, runs)?;
        definition.version = number.map(|number| number.to_string()).or(version);
        definition.before = before.and_then(|(name, body)| {
            let text = String::from_utf8(body).ok()?;
            Some((name, Arc::new(crate::flow::read(&text).ok()?)))
        });
        Ok(definition)
    });
    read.await.map_err(|error| format!("Its configuration could not be read: {error}"))?
}

/// What a thing that is known means to the program.
fn message(heard: LinkEvent, watched: &Discovered) -> Msg {
    match heard {
        LinkEvent::Link(link) => Msg::Link(link),
        LinkEvent::Update(update) => Msg::Update(Box::new(update)),
        LinkEvent::Malformed(reason) => Msg::BadFrame(reason),
        LinkEvent::Refused(topic, why) => {
            let missing =
                if why.missing.is_empty() { String::new() } else { format!(" (missing: {})", why.missing.join(", ")) };
            Msg::Failed(format!("The platform refused {}: {}{missing} ({topic})", watched.describe(&topic), why.reason))
        }
        LinkEvent::Unread(id, error) => {
            let id = crate::domain::text::shorten_id(id.as_str(), 12).into_owned();
            Msg::Failed(format!("Conversation {id} could not be read: {error}"))
        }
        LinkEvent::Unsearched(error) => Msg::Failed(error),
    }
}

fn answered(done: EditDone, conversation: ConversationId) -> TaskOutcome {
    match done {
        EditDone::Read { write, left, revision, result, reply } => {
            let answer = match (&result, &reply) {
                (Err(error), _) => Some(Err(error)),
                (Ok(_), reply) => reply.as_ref().map(Ok),
            };
            let record = answer.map(|answer| recorded::answered(conversation.as_str(), answer));
            let result = result.map_err(|e| edits::failure(&e));
            let done = ReadDone { conversation, asked: revision, left, write: Some(write), result };
            TaskOutcome { msg: Msg::Read(Box::new(done)), record }
        }
        EditDone::Patched { write, outcome, .. } => Msg::Patched(write, Box::new(outcome)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesys::{Topic, feed::Rejection};

    #[test]
    fn a_refused_topic_is_told_by_the_name_of_what_it_is_about() {
        let watched = Discovered { queues: vec![("q-1".into(), "Support".into())], ..Discovered::default() };
        let why = Rejection { reason: "no".into(), missing: vec!["routing:queue:view".into()] };
        let Msg::Failed(told) = message(LinkEvent::Refused(Topic::queue(&"q-1".into()), why), &watched) else {
            panic!()
        };
        assert_eq!(
            told,
            "The platform refused queue Support: no (missing: routing:queue:view) (v2.routing.queues.q-1.conversations)"
        );
    }
}
