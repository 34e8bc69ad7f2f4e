//! The link to the notification service as a pure machine: events and moments go in, actions come out. It owns the
//! rules of staying connected (api-facts 2); the driver in `feed` owns sockets and requests.
//!
//! Topics are spread over slots of up to 1,000; each slot has one connection (a channel with its socket) and, while it
//! moves to a new channel, a second one. A connection is made in this order: channel, socket, subscriptions; it counts
//! as live, and its frames are handed on, when everything asked for is subscribed. What happened before is read by REST.

mod slot;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod tests;

use super::{Random, topic::Topic, wire::Control};
use crate::domain::{At, Link};
use compact_str::{CompactString, format_compact};
use rustc_hash::FxHashMap;
use slot::Slot;
use std::time::Duration;

/// Identity of one connection: a channel and its socket. Never used again.
pub type Conn = u64;

/// The times and sizes of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SessionOptions {
    /// Silence after which we ask whether anyone is there. The platform's heartbeat comes about every 30 s.
    pub ping_after: Duration,
    /// How long the answer may take before the connection is taken for dead.
    pub pong_within: Duration,
    /// Twice the mean wait before the second retry; it doubles with each.
    pub backoff: Duration,
    /// The longest wait before a retry.
    pub backoff_cap: Duration,
    /// A connection that lived this long was good: the next loss is a first one.
    pub good_after: Duration,
    /// A channel whose socket is taken away within this time, twice in a row, has another owner.
    pub stable_after: Duration,
    /// A channel is replaced at this age; the platform ends it at 24 h.
    pub channel_age: Duration,
    /// A step of either clock larger than this between two events means that the computer slept.
    pub jump: Duration,
    /// New topics are collected this long before they are subscribed together.
    pub settle: Duration,
    /// Topics given back are collected this long.
    pub give_back: Duration,
    /// Topics on one channel.
    pub per_channel: usize,
    /// Channels in all.
    pub channels: usize,
    /// Between two tries when waiting will hardly help.
    pub offline_retry: Duration,
}

impl Default for SessionOptions {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            ping_after: s(15),
            pong_within: s(10),
            backoff: s(1),
            backoff_cap: s(30),
            good_after: s(5),
            stable_after: s(10),
            channel_age: s(23 * 3600),
            jump: s(15),
            settle: Duration::from_millis(100),
            give_back: s(5),
            per_channel: super::topic::TOPICS_PER_CHANNEL,
            channels: super::topic::CHANNELS,
            offline_retry: s(60),
        }
    }
}

/// A channel as the platform made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Identity.
    pub id: String,
    /// Where to open the socket.
    pub uri: String,
}

/// The platform's word on one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicAnswer {
    /// The topic.
    pub topic: Topic,
    /// `None`: subscribed.
    pub rejected: Option<Rejection>,
}

/// Why a topic was refused.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rejection {
    /// In words.
    pub reason: String,
    /// The permissions that would have let it pass.
    pub missing: Vec<String>,
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// What it means for the link.
    pub kind: FailureKind,
    /// In words.
    pub reason: String,
    /// The server asked to wait this long.
    pub wait: Option<Duration>,
    /// Permissions that the server named.
    pub missing: Vec<String>,
}

/// What a failed step means for the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It may work the next time.
    Passing,
    /// The token is no good and cannot be renewed.
    SignIn,
    /// The channel is gone; a new one is needed.
    ChannelGone,
    /// The topics are not permitted, or not accepted.
    Refused,
    /// The platform refuses the channel: a permission is missing.
    Denied,
    /// Waiting will hardly help: the certificate or the address is wrong.
    Hopeless,
    /// The same of the socket, where requests pass.
    Blocked,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// These topics are wanted from now on.
    Want(Vec<Topic>),
    /// These topics are not wanted any more.
    Unwant(Vec<Topic>),
    /// A channel was made, or not.
    ChannelMade(Conn, Result<Channel, StepFailure>),
    /// A subscription request was answered.
    Subscribed(Conn, Result<Vec<TopicAnswer>, StepFailure>),
    /// The socket is open.
    SocketOpen(Conn),
    /// The socket could not be opened.
    SocketFailed(Conn, StepFailure),
    /// The socket ended by itself.
    SocketClosed(Conn, String),
    /// Something was received; said at least once a second while frames arrive.
    Received(Conn),
    /// A message about the link was received.
    Control(Conn, Control),
    /// Time passed.
    Tick,
    /// A person does not want to wait.
    RetryNow,
    /// A request got through after others did not.
    Reachable,
    /// There is a good token again.
    SignedIn,
    /// There is none, and only a person can get one.
    SignedOut(String),
    /// The end.
    Stop,
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "what is to be done must be done"]
pub enum SessionAction {
    /// Make a channel for this connection.
    CreateChannel(Conn),
    /// Subscribe on its channel.
    Subscribe {
        /// For which connection.
        conn: Conn,
        /// On which channel.
        channel: String,
        /// The topics.
        topics: Vec<Topic>,
        /// They are the whole list (PUT), not an addition (POST).
        replace: bool,
    },
    /// Open its socket.
    OpenSocket(Conn, String),
    /// Frames of this connection count from now on; hand them on.
    Deliver(Conn),
    /// Ask whether anyone is there.
    Ping(Conn),
    /// Close its socket, and answer nothing more for it.
    Close(Conn),
    /// Take the topics off a channel that is not used any more.
    Abandon(String),
    /// Get a new token, then say [`SessionEvent::SignedIn`] or [`SessionEvent::SignedOut`].
    RenewToken,
    /// Tell everyone how the link is.
    Link(Link),
    /// Topics were subscribed, or refused. What was read of a conversation before its topic was subscribed may have
    /// missed changes.
    Topics {
        /// Subscribed now.
        accepted: Vec<Topic>,
        /// Refused, one by one.
        rejected: Vec<(Topic, Rejection)>,
    },
}

/// How many topics and channels are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Usage {
    /// Topics wanted.
    pub topics: usize,
    /// Topics refused among them.
    pub rejected: usize,
    /// Channels in use.
    pub channels: usize,
    /// The most topics that can be wanted.
    pub limit: usize,
}

/// The machine.
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
    random: Random,
    slots: Vec<Slot>,
    home: FxHashMap<Topic, usize>,
    next: Conn,
    last: Option<At>,
    reported: Option<Link>,
    signed_out: Option<CompactString>,
    renewing: bool,
    stopped: bool,
}

impl Session {
    /// A machine that connects at its first event. `seed` decides the jitter.
    pub fn new(options: SessionOptions, seed: u64) -> Self {
        Self {
            options,
            random: Random::new(seed),
            slots: vec![Slot::default()],
            home: FxHashMap::default(),
            next: 1,
            last: None,
            reported: None,
            signed_out: None,
            renewing: false,
            stopped: false,
        }
    }

    /// Takes one event.
    #[must_use = "what is to be done must be done"]
    pub fn on(&mut self, event: SessionEvent, at: At) -> Vec<SessionAction> {
        let mut out = Vec::new();
        if self.stopped {
            return out;
        }
        self.wake(at, &mut out);
        match event {
            SessionEvent::Want(topics) => self.want(topics, at, &mut out),
            SessionEvent::Unwant(topics) => self.unwant(&topics, at),
            SessionEvent::Stop => self.stop(&mut out),
            SessionEvent::SignedIn => self.signed_in(at),
            SessionEvent::SignedOut(reason) => self.sign_out(&reason, at, &mut out),
            SessionEvent::RetryNow => self.slots.iter_mut().for_each(|slot| slot.retry_now(at)),
            SessionEvent::Reachable => self.slots.iter_mut().for_each(|slot| slot.reachable(at)),
            SessionEvent::Tick => {}
            SessionEvent::Control(_, Control::TokenRevoked { reason }) => {
                self.token_revoked(reason.as_deref(), at, &mut out)
            }
            other => self.slot_event(other, at, &mut out),
        }
        if !self.stopped {
            self.advance(at, &mut out);
        }
        self.report(at, &mut out);
        out
    }

    /// When [`SessionEvent::Tick`] is due next.
    pub fn next_deadline(&self, at: At) -> Duration {
        // Looking at the clocks often enough is what reveals that the computer slept.
        let watch = at.mono + self.options.jump / 3;
        if self.stopped || self.signed_out.is_some() || self.renewing {
            return watch;
        }
        self.slots.iter().filter_map(|slot| slot.deadline(&self.options)).fold(watch, Duration::min)
    }

    /// How many topics and channels are in use.
    pub fn usage(&self) -> Usage {
        Usage {
            topics: self.home.len(),
            rejected: self.slots.iter().map(|slot| slot.rejected.len()).sum(),
            channels: self.slots.iter().map(Slot::channels).sum(),
            limit: self.options.per_channel * self.options.channels,
        }
    }

    fn want(&mut self, topics: Vec<Topic>, at: At, out: &mut Vec<SessionAction>) {
        let mut refused = Vec::new();
        for topic in topics {
            if self.home.contains_key(&topic) {
                continue;
            }
            let room = self.slots.iter().position(|slot| slot.topics.len() < self.options.per_channel);
            let place = match room {
                Some(place) => place,
                None if self.slots.len() < self.options.channels => {
                    self.slots.push(Slot::default());
                    self.slots.len() - 1
                }
                None => {
                    let limit = self.usage().limit;
                    let reason = format!(
                        "{limit} topics are in use, which is all that {} channels can hold",
                        self.options.channels
                    );
                    refused.push((topic, Rejection { reason, missing: Vec::new() }));
                    continue;
                }
            };
            self.slots[place].want(topic.clone(), at, &self.options);
            self.home.insert(topic, place);
        }
        if !refused.is_empty() {
            out.push(SessionAction::Topics { accepted: Vec::new(), rejected: refused });
        }
    }

    fn unwant(&mut self, topics: &[Topic], at: At) {
        for topic in topics {
            if let Some(place) = self.home.remove(topic) {
                self.slots[place].unwant(topic, at, &self.options);
            }
        }
    }

    fn stop(&mut self, out: &mut Vec<SessionAction>) {
        self.stopped = true;
        for slot in &mut self.slots {
            slot.close(out);
        }
    }

    fn signed_in(&mut self, at: At) {
        if self.signed_out.take().is_some() {
            self.slots.iter_mut().for_each(|slot| slot.retry_now(at));
        }
        self.renewing = false;
    }

    fn sign_out(&mut self, reason: &str, at: At, out: &mut Vec<SessionAction>) {
        self.renewing = false;
        for slot in &mut self.slots {
            slot.lose("signed out", at, out);
            slot.channel = None;
        }
        self.signed_out = Some(reason.into());
    }

    fn token_revoked(&mut self, reason: Option<&str>, at: At, out: &mut Vec<SessionAction>) {
        if self.renewing || self.signed_out.is_some() {
            return;
        }
        let reason = match reason {
            Some(reason) => format!("the token was revoked ({reason})"),
            None => "the token was revoked".into(),
        };
        for slot in &mut self.slots {
            // Channels belong to the token.
            let failure =
                StepFailure { kind: FailureKind::ChannelGone, reason: reason.clone(), wait: None, missing: Vec::new() };
            slot.failed(failure, at, &self.options, &mut self.random, out);
        }
        self.renewing = true;
        out.push(SessionAction::RenewToken);
    }

    fn slot_event(&mut self, event: SessionEvent, at: At, out: &mut Vec<SessionAction>) {
        let conn = match &event {
            SessionEvent::ChannelMade(conn, _)
            | SessionEvent::Subscribed(conn, _)
            | SessionEvent::SocketOpen(conn)
            | SessionEvent::SocketFailed(conn, _)
            | SessionEvent::SocketClosed(conn, _)
            | SessionEvent::Received(conn)
            | SessionEvent::Control(conn, _) => *conn,
            _ => return,
        };
        // Events of connections that were given up come late, and mean nothing.
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.owns(conn)) else {
            if let SessionEvent::ChannelMade(_, Ok(channel)) = event {
                out.push(SessionAction::Abandon(channel.id));
            }
            return;
        };
        let sign_in = slot.on(conn, event, at, &self.options, &mut self.random, out);
        if let Some(reason) = sign_in {
            self.sign_out(&reason, at, out);
        }
    }

    /// Notices that the computer slept: then nobody knows what the sockets are worth.
    fn wake(&mut self, at: At, out: &mut Vec<SessionAction>) {
        if let Some(last) = self.last {
            let mono = at.mono.saturating_sub(last.mono);
            let wall = Duration::try_from(at.wall.duration_since(last.wall)).unwrap_or(Duration::ZERO);
            // Some systems stop the steady clock while asleep; then only the wall clock shows it. It may also have
            // been set, which cannot be told apart; being wrong costs one reconnection.
            if mono > self.options.jump || wall.saturating_sub(mono) > self.options.jump {
                let slept = mono.max(wall).as_secs();
                for slot in &mut self.slots {
                    slot.slept(&format_compact!("this computer slept or stalled for {slept} s"), at, last, out);
                }
            }
        }
        self.last = Some(at);
    }

    fn advance(&mut self, at: At, out: &mut Vec<SessionAction>) {
        if self.signed_out.is_some() || self.renewing {
            return;
        }
        let mut spare = self.options.channels.saturating_sub(self.slots.iter().map(Slot::channels).sum());
        for slot in &mut self.slots {
            let before = slot.channels();
            slot.advance(at, &self.options, &mut self.random, &mut self.next, spare > 0, out);
            spare = spare.saturating_sub(slot.channels().saturating_sub(before));
        }
    }

    /// Reports how the link is as a whole, when that changed.
    fn report(&mut self, at: At, out: &mut Vec<SessionAction>) {
        let link = self.link(at);
        // A gap is over for a slot when its link is back, whatever the others do.
        for slot in &mut self.slots {
            if let Some(since) = slot.gap.take() {
                out.push(SessionAction::Link(Link::Gap { since }));
                self.reported = None;
            }
        }
        if self.reported.as_ref() != Some(&link) {
            out.push(SessionAction::Link(link.clone()));
            self.reported = Some(link);
        }
        // Frames follow the word that they are live.
        for slot in &mut self.slots {
            if let Some(conn) = slot.deliver.take() {
                out.push(SessionAction::Deliver(conn));
            }
        }
    }

    fn link(&self, at: At) -> Link {
        if self.stopped {
            return Link::Closed;
        }
        if let Some(reason) = &self.signed_out {
            return Link::SignedOut { reason: reason.clone() };
        }
        // A slot that was just added for more topics does not make the others less live.
        let any_live = self.slots.iter().any(Slot::is_live);
        let down = self.slots.iter().filter(|slot| !(slot.is_live() || any_live && slot.is_new()));
        if down.clone().next().is_none() {
            return Link::Live;
        }
        if let Some(slot) = down.clone().find(|slot| slot.hopeless) {
            return Link::Offline { reason: slot.reason.clone(), by: slot.barrier };
        }
        match down.filter(|slot| slot.attempt > 0).max_by_key(|slot| slot.attempt) {
            Some(slot) => Link::Reconnecting {
                attempt: slot.attempt,
                until: slot.retry_at.or(slot.tried_at).unwrap_or(at),
                reason: slot.reason.clone(),
            },
            None => Link::Connecting,
        }
    }
}
