//! The task that performs what the session asks for.

use super::{FeedEvent, FeedOptions, Rejection, SharedMemory, Usage, newest::Coalescer, socket, taken::TakenChannels};
use crate::domain::EveryState;
use crate::genesys::{
    Client, Error, ErrorKind, Network, Random,
    error::clean,
    session::{Channel, Conn, FailureKind, Session, SessionAction, SessionEvent, StepFailure, TopicAnswer},
    topic::{CHANNELS, Topic},
    wire::rest::ChannelTopic,
};
use rustc_hash::FxHashMap;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

pub struct FeedDriver {
    client: Client,
    options: FeedOptions,
    session: Session,
    out: mpsc::Sender<FeedEvent>,
    events: mpsc::UnboundedSender<SessionEvent>,
    usage: watch::Sender<Usage>,
    every_state: watch::Receiver<Arc<EveryState>>,
    memory: SharedMemory,
    sockets: FxHashMap<Conn, socket::Socket>,
    tasks: JoinSet<()>,
    /// What waits for room in the reader's inbox. The driver itself never waits: it has clocks to watch.
    pending: VecDeque<Pending>,
    taken: TakenChannels,
    /// The ids of the channels that were made last, by their addresses.
    channels: VecDeque<Channel>,
}

/// In order: frames are handed on only after the word that they are live.
enum Pending {
    Tell(FeedEvent),
    Deliver(Conn),
}

impl FeedDriver {
    pub fn new(
        client: Client,
        options: FeedOptions,
        out: mpsc::Sender<FeedEvent>,
        events: mpsc::UnboundedSender<SessionEvent>,
        usage: watch::Sender<Usage>,
        every_state: watch::Receiver<Arc<EveryState>>,
        memory: SharedMemory,
    ) -> Self {
        let session = Session::new(options.session, Random::fresh().number());
        Self {
            client,
            options,
            session,
            out,
            events,
            usage,
            every_state,
            memory,
            sockets: FxHashMap::default(),
            tasks: JoinSet::new(),
            pending: VecDeque::new(),
            taken: TakenChannels::default(),
            channels: VecDeque::new(),
        }
    }

    /// Runs until told to stop, or until nobody reads. All tasks end with it.
    pub async fn run(mut self, first: SessionEvent, mut inbox: mpsc::UnboundedReceiver<SessionEvent>) {
        let clock = self.client.clock();
        let out = self.out.clone();
        let mut through_again = self.client.through_again();
        let mut stopping = self.step(first);
        while !stopping {
            let due = clock.instant(self.session.next_deadline(clock.now()));
            let event = tokio::select! {
                biased;
                () = self.out.closed() => SessionEvent::Stop,
                event = inbox.recv() => event.unwrap_or(SessionEvent::Stop),
                room = out.reserve(), if !self.pending.is_empty() => {
                    if let Ok(room) = room {
                        self.hand_out(room);
                    }
                    continue;
                }
                () = tokio::time::sleep_until(due) => SessionEvent::Tick,
                Ok(()) = through_again.changed() => SessionEvent::Reachable,
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    if let Err(error) = ended && error.is_panic() {
                        tracing::error!("a task of the feed panicked");
                    }
                    continue;
                }
            };
            for conn in self.heard() {
                stopping |= self.step(SessionEvent::Received(conn));
            }
            stopping |= self.step(event);
        }
        while let Some(pending) = self.pending.pop_front() {
            // A reader that does not read cannot be told.
            if let Pending::Tell(event) = pending {
                let _ = self.out.try_send(event);
            }
        }
        // Letting the server know frees the channels for others; nobody waits long for it.
        let farewell = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), farewell).await;
    }

    /// Connections that something arrived on since the last look, or that wait for our own reader.
    fn heard(&self) -> Vec<Conn> {
        let lively = |socket: &socket::Socket| {
            socket.pulse.heard.swap(false, Ordering::Relaxed) || socket.pulse.blocked.load(Ordering::Relaxed)
        };
        self.sockets.iter().filter(|(_, socket)| lively(socket)).map(|(conn, _)| *conn).collect()
    }

    /// One event and all that follows from it. True when the feed has ended.
    fn step(&mut self, event: SessionEvent) -> bool {
        let at = self.client.clock().now();
        let stop = matches!(event, SessionEvent::Stop);
        self.taken.hear(&event, at.mono);
        if let SessionEvent::ChannelMade(_, Ok(channel)) = &event {
            self.channels.truncate(CHANNELS);
            self.channels.push_front(channel.clone());
        }
        if matches!(event, SessionEvent::RetryNow) {
            self.client.ask_proxies_again();
        }
        for action in self.session.on(event, at) {
            match action {
                SessionAction::CreateChannel(conn) => self.create_channel(conn),
                SessionAction::Subscribe { conn, channel, topics, replace } => {
                    self.subscribe(conn, channel, topics, replace)
                }
                SessionAction::OpenSocket(conn, uri) => self.open(conn, uri),
                SessionAction::Deliver(conn) => self.pending.push_back(Pending::Deliver(conn)),
                SessionAction::Ping(conn) => {
                    if let Some(socket) = self.sockets.get(&conn) {
                        socket.ping();
                    }
                }
                SessionAction::Close(conn) => drop(self.sockets.remove(&conn)),
                SessionAction::Abandon(channel) => self.abandon(channel),
                SessionAction::RenewToken => self.renew(),
                SessionAction::Link(link) => self.tell(FeedEvent::Link { link, at }),
                SessionAction::Topics { accepted, rejected } => self.tell(FeedEvent::Topics { accepted, rejected, at }),
            }
        }
        let usage = self.session.usage();
        self.usage.send_if_modified(|known| std::mem::replace(known, usage) != usage);
        stop
    }

    fn tell(&mut self, event: FeedEvent) {
        self.pending.push_back(Pending::Tell(event));
    }

    /// Hands out what waits, as far as one place in the inbox allows.
    fn hand_out(&mut self, room: mpsc::Permit<'_, FeedEvent>) {
        let mut room = Some(room);
        while let Some(next) = self.pending.pop_front() {
            match next {
                Pending::Deliver(conn) => {
                    if let Some(socket) = self.sockets.get_mut(&conn) {
                        socket.deliver();
                    }
                }
                Pending::Tell(event) => match room.take() {
                    Some(room) => room.send(event),
                    None => return self.pending.push_front(Pending::Tell(event)),
                },
            }
        }
    }

    fn create_channel(&mut self, conn: Conn) {
        let (client, events) = (self.client.clone(), self.events.clone());
        let taken = self.taken.is_open.then(|| self.taken.settle());
        self.tasks.spawn(async move {
            if let Some(times) = taken
                && let Ok(used) = client.channels_of_client().await
                && let Some(failure) = TakenChannels::verdict(used, times)
            {
                let _ = events.send(SessionEvent::ChannelMade(conn, Err(failure)));
                return;
            }
            let made = match client.create_channel().await {
                Ok(channel) => Ok(Channel { id: channel.id, uri: channel.connect_uri }),
                Err(error) => Err(failure(&error)),
            };
            let _ = events.send(SessionEvent::ChannelMade(conn, made));
        });
    }

    fn subscribe(&mut self, conn: Conn, channel: String, topics: Vec<Topic>, replace: bool) {
        let (client, events) = (self.client.clone(), self.events.clone());
        self.tasks.spawn(async move {
            let answer = match client.subscribe(&channel, &topics, replace).await {
                Ok(answers) => Ok(answers.into_iter().map(topic_answer).collect()),
                Err(error) => {
                    let mut failure = failure(&error);
                    match error.kind() {
                        ErrorKind::NotFound => failure.kind = FailureKind::ChannelGone,
                        ErrorKind::Permission { .. } | ErrorKind::Rejected => failure.kind = FailureKind::Refused,
                        _ => {}
                    }
                    Err(failure)
                }
            };
            let _ = events.send(SessionEvent::Subscribed(conn, answer));
        });
    }

    fn open(&mut self, conn: Conn, uri: String) {
        let known = self.channels.iter().find(|channel| channel.uri == uri).cloned();
        let channel = known.unwrap_or(Channel { id: String::new(), uri });
        let (socket, task) = socket::open(
            conn,
            channel,
            self.client.clone(),
            self.options.connect_timeout,
            self.events.clone(),
            socket::Outlet {
                out: self.out.clone(),
                coalescer: self.options.coalesce.then(|| Coalescer::new(self.every_state.clone())),
                memory: self.memory.clone(),
            },
        );
        self.sockets.insert(conn, socket);
        self.tasks.spawn(task);
    }

    fn abandon(&mut self, channel: String) {
        let client = self.client.clone();
        self.tasks.spawn(async move {
            if let Err(error) = client.unsubscribe_all(&channel).await {
                tracing::debug!(%error, "a channel that is not used any more keeps its topics until it expires");
            }
        });
    }

    fn renew(&mut self) {
        let (client, events) = (self.client.clone(), self.events.clone());
        self.tasks.spawn(async move {
            let event = match client.renew().await {
                Err(error) if *error.kind() == ErrorKind::SignIn => SessionEvent::SignedOut(error.to_string()),
                // Another failure shows again at the next request, which waits and retries as usual.
                _ => SessionEvent::SignedIn,
            };
            let _ = events.send(event);
        });
    }
}

/// The platform's words go to terminals, so they are cleaned here.
fn topic_answer(answer: ChannelTopic) -> TopicAnswer {
    let missing: Vec<String> = answer.missing_permissions.iter().map(|text| clean(text)).collect();
    let rejected = answer.is_rejected().then(|| {
        let reason = answer.rejection_reason.as_deref().map(clean);
        let reason = match (reason, &missing[..]) {
            (Some(reason), _) if !reason.is_empty() => reason,
            (_, []) => "the platform refused it without a reason".to_owned(),
            (_, missing) => format!("missing {}", missing.join(", ")),
        };
        Rejection { reason, missing: missing.clone() }
    });
    TopicAnswer { topic: Topic::new(clean(&answer.id)), rejected }
}

/// What a failed request means for the link.
pub fn failure(error: &Error) -> StepFailure {
    let (kind, missing) = match error.kind() {
        ErrorKind::SignIn => (FailureKind::SignIn, Vec::new()),
        ErrorKind::Permission { missing } => (FailureKind::Denied, missing.clone()),
        ErrorKind::Network(Network::Tls | Network::Proxy)
        | ErrorKind::Setup
        | ErrorKind::Malformed
        | ErrorKind::NotFound => (FailureKind::Hopeless, Vec::new()),
        _ => (FailureKind::Passing, Vec::new()),
    };
    StepFailure { kind, reason: error.to_string(), wait: error.wait(), missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_says_of_a_topic_controls_no_terminal() {
        let answer = serde_json::from_value(serde_json::json!({
            "id": "v2.users.u\u{1b}[2J.conversations",
            "state": "Rejected",
            "missingPermissions": ["a:b:\u{9b}31mc"],
        }));
        let TopicAnswer { topic, rejected } = topic_answer(answer.unwrap());
        let Rejection { reason, missing } = rejected.unwrap();
        for text in [topic.as_str(), &reason, &missing[0]] {
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}
