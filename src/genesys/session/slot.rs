//! One slot of the session: up to 1,000 topics, the connection that carries them, and the one it moves to.

use super::{
    Channel, Conn, Control, FailureKind, Rejection, SessionAction, SessionEvent, SessionOptions, StepFailure,
    TopicAnswer,
};
use crate::{
    domain::{At, Barrier},
    genesys::{Random, topic::Topic},
};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::BTreeSet, time::Duration};

/// One connection on its way.
#[derive(Debug)]
struct SlotConnection {
    id: Conn,
    phase: Phase,
    /// The channel it uses, once there is one.
    channel: Option<Channel>,
    /// The channel was made for an earlier connection.
    reuses: bool,
    /// Topics that the platform confirmed for this channel.
    confirmed: FxHashSet<Topic>,
    /// Topics of the subscription request that is out.
    asked: Option<(Vec<Topic>, bool)>,
    heard: At,
    pinged: Option<Duration>,
    /// Pings that were sent and not answered.
    unanswered: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Channel,
    Opening,
    /// The socket is open; what it carries is asked for. Only then, because the word that subscriptions ended is said on
    /// the socket alone: had it come before there was one, nobody would have heard it.
    Subscribing {
        since: Duration,
    },
    /// A successor that carries everything. It takes over when the one before it has answered a ping that was sent
    /// after that: then all that only the old one carried has arrived.
    Ready {
        since: At,
    },
    Open {
        since: Duration,
    },
}

/// A channel that may be used again after its socket was lost.
#[derive(Clone, Debug)]
pub(super) struct KeptChannel {
    channel: Channel,
    made: Duration,
    /// How often in a row its socket was taken away soon after it was opened.
    short_lives: u32,
}

/// Up to 1,000 topics and what carries them.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub topics: BTreeSet<Topic>,
    pub rejected: FxHashMap<Topic, Rejection>,
    primary: Option<SlotConnection>,
    /// What the slot moves to while the primary still works.
    successor: Option<SlotConnection>,
    pub channel: Option<KeptChannel>,
    /// The successor's channel, which becomes the slot's when it takes over.
    next_channel: Option<KeptChannel>,
    /// It must move: its socket will be closed, or its channel will end.
    moving: bool,
    move_at: Option<Duration>,
    /// When something was last heard of a link that was live and is not now.
    lost: Option<At>,
    /// Just back after this loss.
    pub gap: Option<At>,
    /// Just open: its frames count.
    pub deliver: Option<Conn>,
    pub attempt: u32,
    pub retry_at: Option<At>,
    pub tried_at: Option<At>,
    pub reason: CompactString,
    pub hopeless: bool,
    /// What makes it hopeless.
    pub barrier: Barrier,
    /// When the topics asked for and those confirmed are brought together.
    settle_at: Option<Duration>,
    /// How many topics are asked for at once, after a request was refused as a whole.
    chunk: Option<usize>,
    subscribe_failures: u32,
}

impl Slot {
    pub fn is_live(&self) -> bool {
        self.primary.as_ref().is_some_and(|c| matches!(c.phase, Phase::Open { .. }))
    }

    /// It has yet to connect for the first time, and nothing went wrong so far.
    pub fn is_new(&self) -> bool {
        self.attempt == 0 && !self.is_live()
    }

    pub fn channels(&self) -> usize {
        usize::from(self.primary.is_some() || self.channel.is_some())
            + usize::from(self.successor.is_some() || self.next_channel.is_some())
    }

    pub fn owns(&self, conn: Conn) -> bool {
        [&self.primary, &self.successor].into_iter().flatten().any(|c| c.id == conn)
    }

    pub fn want(&mut self, topic: Topic, at: At, options: &SessionOptions) {
        self.topics.insert(topic);
        self.settle(at.mono + options.settle);
    }

    pub fn unwant(&mut self, topic: &Topic, at: At, options: &SessionOptions) {
        self.topics.remove(topic);
        self.rejected.remove(topic);
        self.settle(at.mono + options.give_back);
    }

    fn settle(&mut self, when: Duration) {
        self.settle_at = Some(self.settle_at.map_or(when, |before| before.min(when)));
    }

    pub fn retry_now(&mut self, at: At) {
        self.hopeless = false;
        if self.primary.is_none() {
            self.retry_at = Some(at);
        }
    }

    /// The platform answers again: a wait for the network is over. What only a person can mend is not mended by that.
    pub fn reachable(&mut self, at: At) {
        if self.primary.is_none() && !self.hopeless {
            self.retry_at = Some(at);
        }
    }

    pub fn close(&mut self, out: &mut Vec<SessionAction>) {
        if self.successor.is_none()
            && let Some(kept) = self.next_channel.take()
        {
            out.push(SessionAction::Abandon(kept.channel.id));
        }
        for connection in [self.primary.take(), self.successor.take()].into_iter().flatten() {
            out.push(SessionAction::Close(connection.id));
            if let Some(channel) = connection.channel {
                out.push(SessionAction::Abandon(channel.id));
            }
        }
    }

    /// When something is due.
    pub fn deadline(&self, options: &SessionOptions) -> Option<Duration> {
        let pings = [&self.primary, &self.successor].into_iter().flatten().filter_map(|c| match (c.phase, c.pinged) {
            (Phase::Open { .. }, Some(pinged)) => Some(pinged + options.pong_within),
            (Phase::Open { .. }, None) => Some(c.heard.mono + options.ping_after),
            (Phase::Ready { since }, _) => Some(since.mono + options.pong_within),
            _ => None,
        });
        let retry =
            if self.primary.is_none() { Some(self.retry_at.map_or(Duration::ZERO, |at| at.mono)) } else { None };
        let idle = self.primary.as_ref().is_some_and(|c| c.asked.is_none() && matches!(c.phase, Phase::Open { .. }));
        let settle = self.settle_at.filter(|_| idle);
        let ages =
            self.channel.as_ref().filter(|_| idle && self.successor.is_none()).map(|k| k.made + options.channel_age);
        let moves = self.move_at.filter(|_| self.moving && self.successor.is_none());
        pings.chain(retry).chain(settle).chain(ages.filter(|_| !self.moving)).chain(moves).min()
    }

    /// The link is lost for a reason: no try is planned yet.
    pub fn lose(&mut self, reason: &str, at: At, out: &mut Vec<SessionAction>) {
        self.reason = reason.into();
        self.attempt = self.attempt.max(1);
        if let Some(connection) = self.primary.take() {
            if matches!(connection.phase, Phase::Open { .. }) {
                self.lost = Some(self.lost.map_or(connection.heard, |before| before.min(connection.heard)));
            }
            out.push(SessionAction::Close(connection.id));
        }
        self.drop_successor(out);
        self.moving = false;
        self.move_at = None;
        self.tried_at = Some(at);
        self.retry_at = None;
    }

    /// The computer slept: reconnect at once, and call everything since before it stale.
    pub fn slept(&mut self, reason: &str, at: At, before: At, out: &mut Vec<SessionAction>) {
        if self.is_live() {
            self.lose(reason, at, out);
            self.lost = self.lost.map(|lost| lost.min(before));
        }
        // A wait that was planned before the sleep is over.
        if self.primary.is_none() {
            self.retry_at = Some(at);
        }
    }

    /// Takes an event of one of its connections. Returns why a person must sign in, if so.
    pub fn on(
        &mut self,
        conn: Conn,
        event: SessionEvent,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        out: &mut Vec<SessionAction>,
    ) -> Option<CompactString> {
        let is_successor = self.successor.as_ref().is_some_and(|c| c.id == conn);
        let connection = if is_successor { self.successor.as_mut()? } else { self.primary.as_mut()? };
        let failure = match event {
            SessionEvent::ChannelMade(_, Ok(channel)) => {
                let kept = KeptChannel { channel: channel.clone(), made: at.mono, short_lives: 0 };
                if is_successor {
                    self.next_channel = Some(kept);
                } else {
                    self.channel = Some(kept);
                }
                connection.phase = Phase::Opening;
                out.push(SessionAction::OpenSocket(conn, channel.uri.clone()));
                connection.channel = Some(channel);
                return None;
            }
            SessionEvent::Subscribed(_, Ok(answers)) => {
                self.subscribed(is_successor, answers, at, options, out);
                return None;
            }
            SessionEvent::SocketOpen(_) => {
                connection.phase = Phase::Subscribing { since: at.mono };
                connection.heard = at;
                self.subscribe_more(is_successor, true, at, out);
                return None;
            }
            SessionEvent::Received(_)
            | SessionEvent::Control(_, Control::Heartbeat | Control::Pong | Control::Other) => {
                connection.heard = at;
                connection.pinged = None;
                if matches!(event, SessionEvent::Control(_, Control::Pong)) {
                    connection.unanswered = connection.unanswered.saturating_sub(1);
                    let answered = connection.unanswered == 0;
                    if answered && !is_successor && self.successor_is_ready() {
                        self.take_over(at, None, out);
                    }
                }
                return None;
            }
            SessionEvent::Control(_, control) => {
                connection.heard = at;
                self.control(is_successor, control, at, options, random, out);
                return None;
            }
            SessionEvent::ChannelMade(_, Err(failure)) | SessionEvent::SocketFailed(_, failure) => failure,
            SessionEvent::Subscribed(_, Err(failure)) => {
                self.subscribe_failed(is_successor, failure, at, options, random, out)?
            }
            SessionEvent::SocketClosed(_, reason) => {
                self.count_short_life(at, options);
                StepFailure { kind: FailureKind::Passing, reason, wait: None, missing: Vec::new() }
            }
            _ => return None,
        };
        if failure.kind == FailureKind::SignIn {
            return Some(failure.reason.into());
        }
        if is_successor {
            self.move_failed(failure.kind != FailureKind::ChannelGone, at, options, random, out);
        } else if self.successor_is_ready() {
            self.take_over(at, self.primary.as_ref().map(|c| c.heard), out);
        } else {
            self.failed(failure, at, options, random, out);
        }
        None
    }

    /// Whatever is due.
    pub fn advance(
        &mut self,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        next: &mut Conn,
        may_move: bool,
        out: &mut Vec<SessionAction>,
    ) {
        self.watch(at, options, random, out);
        if self.primary.is_none() {
            if self.retry_at.is_none_or(|retry| retry.mono <= at.mono) {
                self.connect(at, next, out);
            }
            return;
        }
        if !self.is_live() {
            return;
        }
        if self.channel.as_ref().is_some_and(|kept| kept.made + options.channel_age <= at.mono) {
            self.moving = true;
        }
        if self.moving && may_move && self.successor.is_none() && self.move_at.is_none_or(|when| when <= at.mono) {
            let mut connection = SlotConnection::new(next, at);
            connection.start(self.next_channel.as_ref(), out);
            self.successor = Some(connection);
        }
        if self.settle_at.is_some_and(|when| when <= at.mono) {
            self.bring_together(out);
        }
    }

    /// The watchdog: asks after silence, gives up after more.
    fn watch(&mut self, at: At, options: &SessionOptions, random: &mut Random, out: &mut Vec<SessionAction>) {
        let mut dead = [false; 2];
        for (connection, dead) in [&mut self.primary, &mut self.successor].into_iter().zip(&mut dead) {
            let Some(connection) = connection else { continue };
            if !matches!(connection.phase, Phase::Open { .. }) {
                continue;
            }
            match connection.pinged {
                Some(pinged) if pinged + options.pong_within <= at.mono => *dead = true,
                None if connection.heard.mono + options.ping_after <= at.mono => {
                    connection.pinged = Some(at.mono);
                    connection.unanswered += 1;
                    out.push(SessionAction::Ping(connection.id));
                }
                _ => {}
            }
        }
        if let Some(Phase::Ready { since }) = self.successor.as_ref().map(|c| c.phase)
            && (dead[0] || since.mono + options.pong_within <= at.mono)
        {
            // No answer: nobody knows what the old one did not carry any more.
            let heard = self.primary.as_ref().map_or(since, |c| c.heard);
            return self.take_over(at, Some(heard.min(since)), out);
        }
        if dead[1] {
            self.move_failed(true, at, options, random, out);
        }
        if dead[0] {
            let silent = (options.ping_after + options.pong_within).as_secs();
            let reason = format!("nothing was received for {silent} s, not even an answer to a ping");
            let failure = StepFailure { kind: FailureKind::Passing, reason, wait: None, missing: Vec::new() };
            self.failed(failure, at, options, random, out);
        }
    }

    fn connect(&mut self, at: At, next: &mut Conn, out: &mut Vec<SessionAction>) {
        self.retry_at = None;
        self.tried_at = Some(at);
        let mut connection = SlotConnection::new(next, at);
        connection.start(self.channel.as_ref(), out);
        self.primary = Some(connection);
    }

    fn connection(&mut self, successor: bool) -> Option<&mut SlotConnection> {
        if successor { self.successor.as_mut() } else { self.primary.as_mut() }
    }

    /// Asks for what is missing on a socket that was just opened; when nothing is, the connection is made. `first`: the
    /// request states the whole list, what was refused before included.
    fn subscribe_more(&mut self, successor: bool, first: bool, at: At, out: &mut Vec<SessionAction>) {
        let chunk = self.chunk;
        let again = first && chunk.is_none();
        let rejected = &self.rejected;
        let connection = if successor { &mut self.successor } else { &mut self.primary };
        let Some(connection) = connection else { return };
        let missing = |t: &&Topic| !connection.confirmed.contains(*t) && (again || !rejected.contains_key(*t));
        let topics: Vec<Topic> =
            self.topics.iter().filter(missing).take(chunk.unwrap_or(usize::MAX)).cloned().collect();
        match (&connection.channel, topics.is_empty()) {
            (Some(channel), false) => {
                connection.asked = Some((topics.clone(), first));
                out.push(SessionAction::Subscribe {
                    conn: connection.id,
                    channel: channel.id.clone(),
                    topics,
                    replace: first,
                });
            }
            _ if successor => {
                connection.phase = Phase::Ready { since: at };
                if let Some(primary) = &mut self.primary {
                    primary.unanswered += 1;
                    out.push(SessionAction::Ping(primary.id));
                }
            }
            _ => self.established(at),
        }
    }

    fn successor_is_ready(&self) -> bool {
        self.successor.as_ref().is_some_and(|c| matches!(c.phase, Phase::Ready { .. }))
    }

    /// The successor becomes the connection. `lost`: since when the old one may have failed to carry what it should.
    fn take_over(&mut self, at: At, lost: Option<At>, out: &mut Vec<SessionAction>) {
        let Some(connection) = self.successor.take() else { return };
        if let Some(old) = self.primary.replace(connection) {
            out.push(SessionAction::Close(old.id));
        }
        if let Some(old) = std::mem::replace(&mut self.channel, self.next_channel.take()) {
            out.push(SessionAction::Abandon(old.channel.id));
        }
        self.moving = false;
        self.move_at = None;
        self.lost = lost;
        self.established(at);
    }

    /// The primary carries everything: its frames count from now on.
    fn established(&mut self, at: At) {
        let Some(connection) = &mut self.primary else { return };
        connection.phase = Phase::Open { since: at.mono };
        connection.heard = at;
        connection.pinged = None;
        self.deliver = Some(connection.id);
        self.hopeless = false;
        self.gap = self.lost.take();
        self.settle_at = None;
        if self.out_of_step() {
            self.settle(at.mono);
        }
    }

    fn subscribed(
        &mut self,
        successor: bool,
        answers: Vec<TopicAnswer>,
        at: At,
        options: &SessionOptions,
        out: &mut Vec<SessionAction>,
    ) {
        self.subscribe_failures = 0;
        let Some(connection) = self.connection(successor) else { return };
        let Some((asked, replace)) = connection.asked.take() else { return };
        if replace {
            connection.confirmed.clear();
        }
        let refused: FxHashMap<Topic, Rejection> =
            answers.into_iter().filter_map(|answer| Some((answer.topic, answer.rejected?))).collect();
        let before = connection.confirmed.clone();
        connection.confirmed.extend(asked.iter().filter(|t| !refused.contains_key(*t)).cloned());
        let opening = matches!(connection.phase, Phase::Subscribing { .. });
        let accepted: Vec<Topic> =
            asked.iter().filter(|t| !refused.contains_key(*t) && !before.contains(*t)).cloned().collect();
        for topic in &accepted {
            self.rejected.remove(topic);
        }
        if let Some(chunk) = self.chunk {
            self.chunk = (chunk * 2 < options.per_channel).then_some(chunk * 2);
        }
        self.report(accepted, refused, out);
        if opening {
            self.subscribe_more(successor, false, at, out);
        } else if self.out_of_step() {
            self.settle(at.mono);
        }
    }

    /// Tells what is new about topics.
    fn report(&mut self, accepted: Vec<Topic>, refused: FxHashMap<Topic, Rejection>, out: &mut Vec<SessionAction>) {
        let mut rejected = Vec::new();
        for (topic, rejection) in refused {
            if self.topics.contains(&topic) && self.rejected.get(&topic) != Some(&rejection) {
                self.rejected.insert(topic.clone(), rejection.clone());
                rejected.push((topic, rejection));
            }
        }
        rejected.sort_by(|a, b| a.0.cmp(&b.0));
        if !accepted.is_empty() || !rejected.is_empty() {
            out.push(SessionAction::Topics { accepted, rejected });
        }
    }

    fn control(
        &mut self,
        successor: bool,
        control: Control,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        out: &mut Vec<SessionAction>,
    ) {
        match control {
            Control::SocketClosing if successor => {}
            Control::SocketClosing => self.moving = true,
            Control::SubscriptionsExpiring => {
                if let Some(connection) = self.connection(successor) {
                    connection.confirmed.clear();
                }
                self.settle(at.mono);
            }
            Control::NoLongerSubscribed { channel, reason } => {
                let own = self.connection(successor).and_then(|c| c.channel.as_ref()).map(|c| c.id.clone());
                if channel.is_some() && channel != own {
                    return;
                }
                let why = match reason.as_deref() {
                    Some("another_channel_subscribed") => "another program took over the subscriptions".into(),
                    Some(reason) => format!("the platform ended the subscriptions ({reason})"),
                    None => "the platform ended the subscriptions".to_owned(),
                };
                self.channel_gone(successor, why, at, options, random, out);
            }
            Control::Reply { result, .. } if result == "404" => {
                // It answers nothing that we asked; subscribing again shows whether the channel is still there.
                if let Some(connection) = self.connection(successor) {
                    connection.confirmed.clear();
                }
                self.settle(at.mono);
            }
            _ => {}
        }
    }

    /// Its channel is no good any more: a new one, at once unless that happens again and again.
    fn channel_gone(
        &mut self,
        successor: bool,
        reason: String,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        out: &mut Vec<SessionAction>,
    ) {
        if successor {
            self.move_failed(false, at, options, random, out);
        } else {
            let failure = StepFailure { kind: FailureKind::ChannelGone, reason, wait: None, missing: Vec::new() };
            self.failed(failure, at, options, random, out);
        }
    }

    /// A subscription request failed. Returns the failure if it is one of the connection.
    fn subscribe_failed(
        &mut self,
        successor: bool,
        failure: StepFailure,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        out: &mut Vec<SessionAction>,
    ) -> Option<StepFailure> {
        let connection = self.connection(successor)?;
        let (asked, replace) = connection.asked.take()?;
        let open = matches!(connection.phase, Phase::Open { .. });
        match failure.kind {
            // Refused as a whole: find out which topic it is, by halves.
            FailureKind::Refused if asked.len() > 1 => {
                self.chunk = Some((asked.len() / 2).max(1));
                if open {
                    self.settle(at.mono);
                } else {
                    self.subscribe_more(successor, replace, at, out);
                }
                None
            }
            FailureKind::Refused => {
                let rejection = Rejection { reason: failure.reason, missing: failure.missing };
                let refused = asked.into_iter().map(|topic| (topic, rejection.clone())).collect();
                self.report(Vec::new(), refused, out);
                if open {
                    self.settle(at.mono);
                } else {
                    self.chunk = Some(1);
                    self.subscribe_more(successor, replace, at, out);
                }
                None
            }
            // The socket works; the addition is asked for again.
            FailureKind::Passing | FailureKind::Hopeless | FailureKind::Denied if open => {
                self.subscribe_failures += 1;
                let wait = backoff(self.subscribe_failures, options, random).max(failure.wait.unwrap_or_default());
                self.settle_at = Some(at.mono + wait.max(options.settle));
                None
            }
            _ => Some(failure),
        }
    }

    /// The connection is lost, or did not come to be: plan the next try.
    pub fn failed(
        &mut self,
        failure: StepFailure,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        out: &mut Vec<SessionAction>,
    ) {
        let stable = self
            .primary
            .as_ref()
            .is_some_and(|c| matches!(c.phase, Phase::Open { since } if since + options.good_after <= at.mono));
        // A channel that was kept, and ended meanwhile: that is no failure of the way, and a new one is made at once.
        let ended = failure.kind == FailureKind::ChannelGone
            && self.primary.as_ref().is_some_and(|c| c.reuses && !matches!(c.phase, Phase::Open { .. }));
        let attempt = match (stable, ended) {
            (true, _) => 1,
            (_, true) => self.attempt.max(1),
            _ => self.attempt + 1,
        };
        self.lose(&failure.reason, at, out);
        self.attempt = attempt;
        if failure.kind == FailureKind::ChannelGone {
            self.channel = None;
        }
        let barrier = match failure.kind {
            FailureKind::Refused | FailureKind::Denied => Some(Barrier::Permission),
            FailureKind::Hopeless => Some(Barrier::Way),
            FailureKind::Blocked => Some(Barrier::Stream),
            FailureKind::Passing | FailureKind::SignIn | FailureKind::ChannelGone => None,
        };
        self.hopeless = barrier.is_some();
        self.barrier = barrier.unwrap_or_default();
        let wait = if self.hopeless {
            options.offline_retry
        } else if attempt == 1 || ended {
            Duration::ZERO
        } else {
            backoff(attempt - 1, options, random)
        };
        let wait = wait.max(failure.wait.unwrap_or_default());
        self.retry_at = Some(later(at, wait));
    }

    /// Nobody would take the topics off its channel otherwise, and it counts for a day.
    fn drop_successor(&mut self, out: &mut Vec<SessionAction>) {
        if let Some(connection) = self.successor.take() {
            out.push(SessionAction::Close(connection.id));
        }
        if let Some(kept) = self.next_channel.take() {
            out.push(SessionAction::Abandon(kept.channel.id));
        }
    }

    /// `keep`: the channel that was made for it is good for the next try.
    fn move_failed(
        &mut self,
        keep: bool,
        at: At,
        options: &SessionOptions,
        random: &mut Random,
        out: &mut Vec<SessionAction>,
    ) {
        match keep {
            true => out.extend(self.successor.take().map(|connection| SessionAction::Close(connection.id))),
            false => self.drop_successor(out),
        }
        self.move_at = Some(at.mono + options.backoff + backoff(3, options, random));
    }

    /// A channel whose socket is taken away again and again soon after opening has another owner.
    fn count_short_life(&mut self, at: At, options: &SessionOptions) {
        let Some(Phase::Open { since } | Phase::Subscribing { since }) = self.primary.as_ref().map(|c| c.phase) else {
            return;
        };
        let Some(kept) = &mut self.channel else { return };
        if since + options.stable_after > at.mono {
            kept.short_lives += 1;
            if kept.short_lives >= 2 {
                self.channel = None;
            }
        } else {
            kept.short_lives = 0;
        }
    }

    /// Topics that are wanted and neither confirmed nor refused, and topics that are confirmed and not wanted.
    fn difference(&self) -> (Vec<Topic>, bool) {
        let Some(connection) = &self.primary else { return (Vec::new(), false) };
        let missing = |t: &&Topic| !connection.confirmed.contains(*t) && !self.rejected.contains_key(*t);
        let missing = self.topics.iter().filter(missing).cloned().collect();
        (missing, connection.confirmed.iter().any(|t| !self.topics.contains(t)))
    }

    fn out_of_step(&self) -> bool {
        let (missing, surplus) = self.difference();
        !missing.is_empty() || surplus
    }

    /// Subscribes what is wanted, gives back what is not.
    fn bring_together(&mut self, out: &mut Vec<SessionAction>) {
        let (mut missing, surplus) = self.difference();
        if self.primary.as_ref().is_none_or(|c| c.asked.is_some()) {
            return;
        }
        self.settle_at = None;
        let (topics, replace) = if surplus && self.chunk.is_none() {
            let keep = |t: &&Topic| !self.rejected.contains_key(*t);
            (self.topics.iter().filter(keep).cloned().collect::<Vec<_>>(), true)
        } else if missing.is_empty() {
            return;
        } else {
            missing.truncate(self.chunk.unwrap_or(usize::MAX));
            (missing, false)
        };
        let Some(connection) = &mut self.primary else { return };
        let Some(channel) = &connection.channel else { return };
        connection.asked = Some((topics.clone(), replace));
        out.push(SessionAction::Subscribe { conn: connection.id, channel: channel.id.clone(), topics, replace });
    }
}

impl SlotConnection {
    fn new(next: &mut Conn, at: At) -> Self {
        let id = *next;
        *next += 1;
        Self {
            id,
            phase: Phase::Channel,
            channel: None,
            reuses: false,
            confirmed: FxHashSet::default(),
            asked: None,
            heard: at,
            pinged: None,
            unanswered: 0,
        }
    }

    /// Opens its socket on the channel that there is, or asks for one.
    fn start(&mut self, kept: Option<&KeptChannel>, out: &mut Vec<SessionAction>) {
        match kept {
            Some(kept) => {
                self.channel = Some(kept.channel.clone());
                self.reuses = true;
                self.phase = Phase::Opening;
                out.push(SessionAction::OpenSocket(self.id, kept.channel.uri.clone()));
            }
            None => out.push(SessionAction::CreateChannel(self.id)),
        }
    }
}

/// Full jitter, doubling up to the cap.
fn backoff(failures: u32, options: &SessionOptions, random: &mut Random) -> Duration {
    let most = options.backoff.saturating_mul(1 << failures.clamp(1, 16).saturating_sub(1)).min(options.backoff_cap);
    random.up_to(most)
}

fn later(at: At, wait: Duration) -> At {
    let wall = at.wall.checked_add(jiff::SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(at.wall);
    At { mono: at.mono + wait, wall }
}
