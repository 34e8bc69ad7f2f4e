use super::*;

const S: fn(u64) -> Duration = Duration::from_secs;

struct Rig {
    session: Session,
    now: Duration,
}

impl Rig {
    fn new() -> Self {
        Self { session: Session::new(SessionOptions::default(), 3), now: S(100) }
    }

    fn on(&mut self, event: SessionEvent) -> Vec<SessionAction> {
        let at = At::after(jiff::Timestamp::UNIX_EPOCH, self.now);
        self.session.on(event, at)
    }

    /// Ticks as the driver would, up to so much later; everything that came of it.
    fn wait(&mut self, by: Duration) -> Vec<SessionAction> {
        let (end, mut out) = (self.now + by, Vec::new());
        while self.now < end {
            let due = self.session.next_deadline(At::after(jiff::Timestamp::UNIX_EPOCH, self.now));
            self.now = due.max(self.now + Duration::from_millis(1)).min(end);
            out.extend(self.on(SessionEvent::Tick));
        }
        out
    }

    fn topics(names: std::ops::Range<usize>) -> Vec<Topic> {
        names.map(|n| Topic::new(format!("t{n}"))).collect()
    }

    /// Answers a connection's steps until it is open. Returns what the last step led to.
    fn open(&mut self, conn: Conn) -> Vec<SessionAction> {
        let channel = Channel { id: format!("ch{conn}"), uri: "wss://x".into() };
        self.on(SessionEvent::ChannelMade(conn, Ok(channel)));
        self.on(SessionEvent::SocketOpen(conn));
        self.on(SessionEvent::Subscribed(conn, Ok(Vec::new())))
    }

    fn live() -> Self {
        let mut rig = Self::new();
        rig.on(SessionEvent::Want(Self::topics(0..3)));
        let out = rig.open(1);
        let accepted = SessionAction::Topics { accepted: Self::topics(0..3), rejected: Vec::new() };
        assert_eq!(out, [accepted, SessionAction::Link(Link::Live), SessionAction::Deliver(1)]);
        rig
    }
}

fn failed(kind: FailureKind) -> StepFailure {
    StepFailure { kind, reason: "why".into(), wait: None, missing: vec!["a:b:c".into()] }
}

#[test]
fn channel_then_socket_then_topics() {
    let mut rig = Rig::new();
    let out = rig.on(SessionEvent::Want(Rig::topics(0..2)));
    assert_eq!(out, [SessionAction::CreateChannel(1), SessionAction::Link(Link::Connecting)]);
    let out = rig.on(SessionEvent::ChannelMade(1, Ok(Channel { id: "c".into(), uri: "wss://u".into() })));
    assert_eq!(out, [SessionAction::OpenSocket(1, "wss://u".into())]);
    let out = rig.on(SessionEvent::SocketOpen(1));
    let subscribe = SessionAction::Subscribe { conn: 1, channel: "c".into(), topics: Rig::topics(0..2), replace: true };
    assert_eq!(out, [subscribe]);
    let out = rig.on(SessionEvent::Subscribed(1, Ok(Vec::new())));
    let accepted = SessionAction::Topics { accepted: Rig::topics(0..2), rejected: Vec::new() };
    assert_eq!(out, [accepted, SessionAction::Link(Link::Live), SessionAction::Deliver(1)]);
}

/// A request that gets through after others did not ends a wait of the socket, and nothing else.
#[test]
fn the_socket_is_tried_at_once_when_the_platform_answers_again() {
    let mut rig = Rig::live();
    let mut conn = 1;
    rig.on(SessionEvent::SocketClosed(1, "gone".into()));
    // Until it waits.
    while rig.session.slots[0].owns(conn + 1) {
        conn += 1;
        rig.on(SessionEvent::SocketFailed(conn, failed(FailureKind::Passing)));
    }
    assert!(conn > 1);
    let out = rig.on(SessionEvent::Reachable);
    assert!(matches!(out[..], [SessionAction::OpenSocket(n, _), ..] if n == conn + 1), "{out:?}");
    assert_eq!(rig.on(SessionEvent::Reachable), [], "one try is under way");
    // A certificate that is wrong, or a stream that is blocked, is no better for it.
    rig.on(SessionEvent::SocketFailed(conn + 1, failed(FailureKind::Blocked)));
    assert_eq!(rig.on(SessionEvent::Reachable), []);
}

#[test]
fn the_first_retry_is_at_once_and_the_later_ones_wait_up_to_the_cap() {
    let mut rig = Rig::live();
    rig.wait(S(11));
    rig.on(SessionEvent::Received(1));
    let out = rig.on(SessionEvent::SocketClosed(1, "gone".into()));
    assert!(out.iter().any(|a| matches!(a, SessionAction::OpenSocket(2, _))), "at once: {out:?}");
    let mut longest = Duration::ZERO;
    for conn in 2..200 {
        let before = rig.now;
        rig.on(SessionEvent::SocketFailed(conn, failed(FailureKind::Passing)));
        while !rig.session.slots[0].owns(conn + 1) {
            rig.wait(Duration::from_millis(50));
        }
        let waited = rig.now - before;
        assert!(waited <= S(31), "{waited:?}");
        longest = longest.max(waited);
    }
    assert!(longest > S(20), "full jitter reaches towards the cap: {longest:?}");
}

/// That a kept channel has ended shows at its socket: a new one is made without a wait. After five good seconds a loss is a first one.
#[test]
fn a_kept_channel_that_has_ended_costs_no_wait() {
    let mut rig = Rig::live();
    let attempts = |out: &[SessionAction]| -> Vec<u32> {
        let of = |a: &SessionAction| {
            if let SessionAction::Link(Link::Reconnecting { attempt, .. }) = a { Some(*attempt) } else { None }
        };
        out.iter().filter_map(of).collect()
    };
    for conn in [1, 3, 5] {
        rig.wait(S(6));
        rig.on(SessionEvent::Received(conn));
        let out = rig.on(SessionEvent::SocketClosed(conn, "gone".into()));
        assert!(out.iter().any(|a| matches!(a, SessionAction::OpenSocket(n, _) if *n == conn + 1)), "{out:?}");
        assert_eq!(attempts(&out), [1]);
        let out = rig.on(SessionEvent::SocketFailed(conn + 1, failed(FailureKind::ChannelGone)));
        assert!(out.contains(&SessionAction::CreateChannel(conn + 2)), "at once: {out:?}");
        assert!(rig.open(conn + 2).contains(&SessionAction::Link(Link::Live)));
    }
    // One that was just made and has ended is no reason to hurry.
    rig.on(SessionEvent::SocketClosed(7, "gone".into()));
    rig.on(SessionEvent::SocketFailed(8, failed(FailureKind::ChannelGone)));
    let channel = Channel { id: "new".into(), uri: "wss://x".into() };
    rig.on(SessionEvent::ChannelMade(9, Ok(channel)));
    let out = rig.on(SessionEvent::SocketFailed(9, failed(FailureKind::ChannelGone)));
    assert!(!out.contains(&SessionAction::CreateChannel(10)), "{out:?}");
}

#[test]
fn silence_is_asked_about_and_then_given_up() {
    let mut rig = Rig::live();
    let out = rig.wait(S(15));
    assert_eq!(out, [SessionAction::Ping(1)]);
    rig.on(SessionEvent::Control(1, Control::Pong));
    assert_eq!(rig.wait(S(14)), []);
    rig.wait(S(1));
    let out = rig.wait(S(10));
    assert!(out.contains(&SessionAction::Close(1)), "{out:?}");
    let since = out.iter().find_map(|a| match a {
        SessionAction::Link(Link::Reconnecting { attempt, reason, .. }) => Some((*attempt, reason.clone())),
        _ => None,
    });
    assert_eq!(since.unwrap().0, 1);
    let out = rig.open(2);
    let Some(SessionAction::Link(Link::Gap { since })) =
        out.iter().find(|a| matches!(a, SessionAction::Link(Link::Gap { .. })))
    else {
        panic!("{out:?}")
    };
    assert_eq!(since.mono, S(115), "since the last thing that was heard");
}

#[test]
fn a_channel_is_replaced_before_its_end_without_a_gap() {
    let mut rig = Rig::live();
    let mut out = Vec::new();
    for _ in 0..23 * 360 {
        out.extend(rig.wait(S(10)));
        rig.on(SessionEvent::Received(1));
    }
    out.extend(rig.wait(S(10)));
    assert!(out.contains(&SessionAction::CreateChannel(2)), "{out:?}");
    assert!(!out.iter().any(|a| matches!(a, SessionAction::Link(_) | SessionAction::Close(_))), "{out:?}");
    rig.on(SessionEvent::Received(1));
    assert_eq!(rig.open(2), [accepted(), SessionAction::Ping(1)], "first the old one must have told everything");
    let out = rig.on(SessionEvent::Control(1, Control::Pong));
    assert_eq!(out, [SessionAction::Close(1), SessionAction::Abandon("ch1".into()), SessionAction::Deliver(2)]);
}

fn accepted() -> SessionAction {
    SessionAction::Topics { accepted: Rig::topics(0..3), rejected: Vec::new() }
}

#[test]
fn a_socket_that_fell_silent_before_the_move_leaves_a_gap() {
    let mut rig = Rig::live();
    let out = rig.on(SessionEvent::Control(1, Control::SocketClosing));
    assert_eq!(out, [SessionAction::CreateChannel(2)]);
    assert_eq!(rig.open(2), [accepted(), SessionAction::Ping(1)]);
    let out = rig.wait(S(11));
    let since = At::after(jiff::Timestamp::UNIX_EPOCH, S(100));
    let gap = [SessionAction::Link(Link::Gap { since }), SessionAction::Link(Link::Live)];
    let after = [SessionAction::Close(1), SessionAction::Abandon("ch1".into())];
    assert_eq!(out, [&after[..], &gap[..], &[SessionAction::Deliver(2)]].concat());
}

#[test]
fn a_socket_that_ends_while_its_successor_is_ready_is_followed_at_once() {
    let mut rig = Rig::live();
    rig.on(SessionEvent::Control(1, Control::SocketClosing));
    rig.open(2);
    let out = rig.on(SessionEvent::SocketClosed(1, "closed".into()));
    let since = At::after(jiff::Timestamp::UNIX_EPOCH, S(100));
    assert!(
        out.contains(&SessionAction::Link(Link::Gap { since })) && out.contains(&SessionAction::Deliver(2)),
        "{out:?}"
    );
    assert!(
        !out.iter().any(|a| matches!(a, SessionAction::OpenSocket(..) | SessionAction::CreateChannel(_))),
        "{out:?}"
    );
}

#[test]
fn topics_are_told_apart_when_a_request_is_refused_as_a_whole() {
    let mut rig = Rig::new();
    rig.on(SessionEvent::Want(Rig::topics(0..9)));
    let bad = Topic::new("t5");
    let mut todo = rig.on(SessionEvent::ChannelMade(1, Ok(Channel { id: "c".into(), uri: "u".into() })));
    let (mut rejected, mut accepted, mut requests) = (Vec::new(), 0, 0);
    while let Some(action) = todo.pop() {
        let more = match action {
            SessionAction::Subscribe { conn, topics, .. } => {
                requests += 1;
                let refused = topics.contains(&bad);
                rig.on(SessionEvent::Subscribed(
                    conn,
                    if refused { Err(failed(FailureKind::Refused)) } else { Ok(Vec::new()) },
                ))
            }
            SessionAction::OpenSocket(conn, _) => rig.on(SessionEvent::SocketOpen(conn)),
            SessionAction::Topics { accepted: yes, rejected: no } => {
                accepted += yes.len();
                rejected.extend(no);
                Vec::new()
            }
            _ => Vec::new(),
        };
        todo.extend(more);
        if todo.is_empty() {
            todo.extend(rig.wait(S(1)));
        }
    }
    assert_eq!(accepted, 8);
    assert_eq!(rejected.len(), 1);
    assert_eq!((&rejected[0].0, &rejected[0].1.missing[..]), (&bad, &["a:b:c".to_owned()][..]));
    assert!(requests < 20, "{requests}");
}

#[test]
fn a_stolen_channel_is_given_up_after_the_second_time() {
    let mut rig = Rig::live();
    let out = rig.on(SessionEvent::SocketClosed(1, "closed".into()));
    assert!(out.contains(&SessionAction::OpenSocket(2, "wss://x".into())), "the same channel first: {out:?}");
    rig.on(SessionEvent::SocketOpen(2));
    rig.on(SessionEvent::Subscribed(2, Ok(Vec::new())));
    rig.on(SessionEvent::SocketClosed(2, "closed".into()));
    let out = rig.wait(S(5));
    assert!(out.contains(&SessionAction::CreateChannel(3)), "{out:?}");
}

#[test]
fn more_topics_than_all_channels_hold_are_refused() {
    let mut rig = Rig::new();
    let out = rig.on(SessionEvent::Want(Rig::topics(0..20_001)));
    let refused = out.iter().find_map(|a| match a {
        SessionAction::Topics { rejected, .. } => Some(rejected),
        _ => None,
    });
    assert_eq!(refused.map(Vec::len), Some(1));
    assert!(refused.unwrap()[0].1.reason.contains("20000 topics"));
    assert_eq!(rig.session.usage().channels, 20);
    // One that is given back makes room.
    rig.on(SessionEvent::Unwant(Rig::topics(0..1)));
    let out = rig.on(SessionEvent::Want(Rig::topics(20_001..20_002)));
    assert!(!out.iter().any(|a| matches!(a, SessionAction::Topics { .. })), "{out:?}");
}

#[test]
fn topics_are_added_together_and_given_back_together() {
    let mut rig = Rig::live();
    for n in 3..6 {
        assert_eq!(rig.on(SessionEvent::Want(Rig::topics(n..n + 1))), []);
    }
    let out = rig.wait(S(1));
    assert_eq!(
        out,
        [SessionAction::Subscribe { conn: 1, channel: "ch1".into(), topics: Rig::topics(3..6), replace: false }]
    );
    rig.on(SessionEvent::Subscribed(1, Ok(Vec::new())));
    rig.on(SessionEvent::Unwant(Rig::topics(1..6)));
    let out = rig.wait(S(6));
    assert_eq!(
        out,
        [SessionAction::Subscribe { conn: 1, channel: "ch1".into(), topics: Rig::topics(0..1), replace: true }]
    );
}

#[test]
fn signing_out_stops_everything_until_someone_signs_in() {
    let mut rig = Rig::live();
    let out = rig.on(SessionEvent::Control(1, Control::TokenRevoked { reason: None }));
    assert!(out.contains(&SessionAction::RenewToken) && out.contains(&SessionAction::Close(1)), "{out:?}");
    assert_eq!(rig.wait(S(60)), []);
    let out = rig.on(SessionEvent::SignedOut("sign in again".into()));
    assert_eq!(out, [SessionAction::Link(Link::SignedOut { reason: "sign in again".into() })]);
    assert_eq!(rig.wait(S(600)), []);
    assert!(rig.on(SessionEvent::SignedIn).iter().any(|a| matches!(a, SessionAction::CreateChannel(_))));
}

/// The word comes on the socket alone, so the socket is there before the subscriptions.
#[test]
fn subscriptions_that_end_before_the_link_is_live_are_made_on_another_channel() {
    let mut rig = Rig::live();
    rig.on(SessionEvent::SocketClosed(1, "closed".into()));
    rig.on(SessionEvent::SocketOpen(2));
    let ended = Control::NoLongerSubscribed { channel: Some("ch1".into()), reason: None };
    let mut out = rig.on(SessionEvent::Control(2, ended));
    out.extend(rig.wait(S(5)));
    assert!(out.contains(&SessionAction::Close(2)) && out.contains(&SessionAction::CreateChannel(3)), "{out:?}");
    assert_eq!(rig.on(SessionEvent::Subscribed(2, Ok(Vec::new()))), [], "its answer means nothing any more");
}

#[test]
fn nothing_follows_the_end() {
    let mut rig = Rig::live();
    assert_eq!(
        rig.on(SessionEvent::Stop),
        [SessionAction::Close(1), SessionAction::Abandon("ch1".into()), SessionAction::Link(Link::Closed)]
    );
    assert_eq!(rig.wait(S(100)), []);
    assert_eq!(rig.on(SessionEvent::SocketClosed(1, "late".into())), []);
}

#[test]
fn slots_that_move_together_stay_within_the_channels() {
    let mut rig = Rig::new();
    rig.session.options.per_channel = 1;
    rig.on(SessionEvent::Want(Rig::topics(0..12)));
    (1..=12).for_each(|conn| drop(rig.open(conn)));
    assert_eq!(rig.session.usage().channels, 12);
    // All are of one age.
    rig.now += SessionOptions::default().channel_age;
    rig.session.last = Some(At::after(jiff::Timestamp::UNIX_EPOCH, rig.now));
    for conn in 1..=12 {
        rig.on(SessionEvent::Received(conn));
    }
    assert_eq!(rig.session.usage().channels, SessionOptions::default().channels);
}

#[test]
fn a_successor_that_goes_with_the_link_gives_its_channel_back() {
    let mut rig = Rig::live();
    rig.on(SessionEvent::Control(1, Control::SocketClosing));
    rig.on(SessionEvent::ChannelMade(2, Ok(Channel { id: "next".into(), uri: "wss://x".into() })));
    let out = rig.on(SessionEvent::SocketClosed(1, "gone".into()));
    assert!(out.contains(&SessionAction::Abandon("next".into())), "{out:?}");
}

/// What refuses sockets on the way must not use up the channels of the OAuth client: each is one of twenty for a day.
#[test]
fn a_socket_that_is_refused_on_the_way_uses_up_no_more_channels() {
    let channel = |id: &str| Channel { id: id.into(), uri: format!("wss://{id}") };
    let mut rig = Rig::new();
    rig.on(SessionEvent::Want(Rig::topics(0..2)));
    let mut out = rig.on(SessionEvent::ChannelMade(1, Ok(channel("a"))));
    for conn in 1..20 {
        let kind = if conn % 2 == 0 { FailureKind::Hopeless } else { FailureKind::Passing };
        out.extend(rig.on(SessionEvent::SocketFailed(conn, failed(kind))));
        while !rig.session.slots[0].owns(conn + 1) {
            out.extend(rig.wait(S(1)));
        }
    }
    assert!(out.contains(&SessionAction::OpenSocket(20, "wss://a".into())), "{out:?}");
    assert!(
        !out.iter().any(|action| matches!(action, SessionAction::CreateChannel(_) | SessionAction::Abandon(_))),
        "{out:?}"
    );
    // Nor must a link that has to move and cannot.
    let mut rig = Rig::live();
    let out = rig.on(SessionEvent::Control(1, Control::SocketClosing));
    assert!(out.contains(&SessionAction::CreateChannel(2)), "{out:?}");
    rig.on(SessionEvent::ChannelMade(2, Ok(channel("b"))));
    let mut out = Vec::new();
    for conn in 2..6 {
        out.extend(rig.on(SessionEvent::SocketFailed(conn, failed(FailureKind::Passing))));
        while !rig.session.slots[0].owns(conn + 1) {
            rig.on(SessionEvent::Received(1));
            out.extend(rig.wait(S(1)));
        }
    }
    assert!(out.contains(&SessionAction::OpenSocket(6, "wss://b".into())), "{out:?}");
    assert!(
        !out.iter().any(|action| matches!(action, SessionAction::CreateChannel(_) | SessionAction::Abandon(_))),
        "{out:?}"
    );
    assert_eq!(rig.session.usage().channels, 2);
}
