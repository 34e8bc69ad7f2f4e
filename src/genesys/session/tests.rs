use super::*;

const S: fn(u64) -> Duration = Duration::from_secs;

struct Rig {
    session: Session,
    now: Duration,
}

impl Rig {
    fn new() -> Self {
        Self { session: Session::new(Options::default(), 3), now: S(100) }
    }

    fn on(&mut self, event: Event) -> Vec<Action> {
        let at = At::after(jiff::Timestamp::UNIX_EPOCH, self.now);
        self.session.on(event, at)
    }

    /// Ticks as the driver would, up to so much later; everything that came of it.
    fn wait(&mut self, by: Duration) -> Vec<Action> {
        let (end, mut out) = (self.now + by, Vec::new());
        while self.now < end {
            let due = self.session.next_deadline(At::after(jiff::Timestamp::UNIX_EPOCH, self.now));
            self.now = due.max(self.now + Duration::from_millis(1)).min(end);
            out.extend(self.on(Event::Tick));
        }
        out
    }

    fn topics(names: std::ops::Range<usize>) -> Vec<Topic> {
        names.map(|n| Topic::new(format!("t{n}"))).collect()
    }

    /// Answers a connection's steps until it is open. Returns what the last step led to.
    fn open(&mut self, conn: Conn) -> Vec<Action> {
        let channel = Channel { id: format!("ch{conn}"), uri: "wss://x".into() };
        self.on(Event::ChannelMade(conn, Ok(channel)));
        self.on(Event::SocketOpen(conn));
        self.on(Event::Subscribed(conn, Ok(Vec::new())))
    }

    fn live() -> Self {
        let mut rig = Self::new();
        rig.on(Event::Want(Self::topics(0..3)));
        let out = rig.open(1);
        let accepted = Action::Topics { accepted: Self::topics(0..3), rejected: Vec::new() };
        assert_eq!(out, [accepted, Action::Link(Link::Live), Action::Deliver(1)]);
        rig
    }
}

fn failed(kind: FailureKind) -> Failure {
    Failure { kind, reason: "why".into(), wait: None, missing: vec!["a:b:c".into()] }
}

#[test]
fn channel_then_socket_then_topics() {
    let mut rig = Rig::new();
    let out = rig.on(Event::Want(Rig::topics(0..2)));
    assert_eq!(out, [Action::CreateChannel(1), Action::Link(Link::Connecting)]);
    let out = rig.on(Event::ChannelMade(1, Ok(Channel { id: "c".into(), uri: "wss://u".into() })));
    assert_eq!(out, [Action::OpenSocket(1, "wss://u".into())]);
    let out = rig.on(Event::SocketOpen(1));
    let subscribe = Action::Subscribe { conn: 1, channel: "c".into(), topics: Rig::topics(0..2), replace: true };
    assert_eq!(out, [subscribe]);
    let out = rig.on(Event::Subscribed(1, Ok(Vec::new())));
    let accepted = Action::Topics { accepted: Rig::topics(0..2), rejected: Vec::new() };
    assert_eq!(out, [accepted, Action::Link(Link::Live), Action::Deliver(1)]);
}

#[test]
fn the_first_retry_is_at_once_and_the_later_ones_wait_up_to_the_cap() {
    let mut rig = Rig::live();
    rig.wait(S(11));
    rig.on(Event::Heard(1));
    let out = rig.on(Event::SocketClosed(1, "gone".into()));
    assert!(out.iter().any(|a| matches!(a, Action::OpenSocket(2, _))), "at once: {out:?}");
    let mut longest = Duration::ZERO;
    for conn in 2..200 {
        let before = rig.now;
        rig.on(Event::SocketFailed(conn, failed(FailureKind::Passing)));
        while !rig.session.slots[0].owns(conn + 1) {
            rig.wait(Duration::from_millis(50));
        }
        let waited = rig.now - before;
        assert!(waited <= S(31), "{waited:?}");
        longest = longest.max(waited);
    }
    assert!(longest > S(20), "full jitter reaches towards the cap: {longest:?}");
}

#[test]
fn silence_is_asked_about_and_then_given_up() {
    let mut rig = Rig::live();
    let out = rig.wait(S(15));
    assert_eq!(out, [Action::Ping(1)]);
    rig.on(Event::Control(1, Control::Pong));
    assert_eq!(rig.wait(S(14)), []);
    rig.wait(S(1));
    let out = rig.wait(S(10));
    assert!(out.contains(&Action::Close(1)), "{out:?}");
    let since = out.iter().find_map(|a| match a {
        Action::Link(Link::Reconnecting { attempt, reason, .. }) => Some((*attempt, reason.clone())),
        _ => None,
    });
    assert_eq!(since.unwrap().0, 1);
    let out = rig.open(2);
    let Some(Action::Link(Link::Gap { since })) = out.iter().find(|a| matches!(a, Action::Link(Link::Gap { .. })))
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
        rig.on(Event::Heard(1));
    }
    out.extend(rig.wait(S(10)));
    assert!(out.contains(&Action::CreateChannel(2)), "{out:?}");
    assert!(!out.iter().any(|a| matches!(a, Action::Link(_) | Action::Close(_))), "{out:?}");
    rig.on(Event::Heard(1));
    assert_eq!(rig.open(2), [accepted(), Action::Ping(1)], "first the old one must have told everything");
    let out = rig.on(Event::Control(1, Control::Pong));
    assert_eq!(out, [Action::Close(1), Action::Abandon("ch1".into()), Action::Deliver(2)]);
}

fn accepted() -> Action {
    Action::Topics { accepted: Rig::topics(0..3), rejected: Vec::new() }
}

#[test]
fn a_socket_that_fell_silent_before_the_move_leaves_a_gap() {
    let mut rig = Rig::live();
    let out = rig.on(Event::Control(1, Control::SocketClosing));
    assert_eq!(out, [Action::CreateChannel(2)]);
    assert_eq!(rig.open(2), [accepted(), Action::Ping(1)]);
    let out = rig.wait(S(11));
    let since = At::after(jiff::Timestamp::UNIX_EPOCH, S(100));
    let gap = [Action::Link(Link::Gap { since }), Action::Link(Link::Live)];
    let after = [Action::Close(1), Action::Abandon("ch1".into())];
    assert_eq!(out, [&after[..], &gap[..], &[Action::Deliver(2)]].concat());
}

#[test]
fn a_socket_that_ends_while_its_successor_is_ready_is_followed_at_once() {
    let mut rig = Rig::live();
    rig.on(Event::Control(1, Control::SocketClosing));
    rig.open(2);
    let out = rig.on(Event::SocketClosed(1, "closed".into()));
    let since = At::after(jiff::Timestamp::UNIX_EPOCH, S(100));
    assert!(out.contains(&Action::Link(Link::Gap { since })) && out.contains(&Action::Deliver(2)), "{out:?}");
    assert!(!out.iter().any(|a| matches!(a, Action::OpenSocket(..) | Action::CreateChannel(_))), "{out:?}");
}

#[test]
fn topics_are_told_apart_when_a_request_is_refused_as_a_whole() {
    let mut rig = Rig::new();
    rig.on(Event::Want(Rig::topics(0..9)));
    let bad = Topic::new("t5");
    let mut todo = rig.on(Event::ChannelMade(1, Ok(Channel { id: "c".into(), uri: "u".into() })));
    let (mut rejected, mut accepted, mut requests) = (Vec::new(), 0, 0);
    while let Some(action) = todo.pop() {
        let more = match action {
            Action::Subscribe { conn, topics, .. } => {
                requests += 1;
                let refused = topics.contains(&bad);
                rig.on(Event::Subscribed(
                    conn,
                    if refused { Err(failed(FailureKind::Refused)) } else { Ok(Vec::new()) },
                ))
            }
            Action::OpenSocket(conn, _) => rig.on(Event::SocketOpen(conn)),
            Action::Topics { accepted: yes, rejected: no } => {
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
    let out = rig.on(Event::SocketClosed(1, "closed".into()));
    assert!(out.contains(&Action::OpenSocket(2, "wss://x".into())), "the same channel first: {out:?}");
    rig.on(Event::SocketOpen(2));
    rig.on(Event::Subscribed(2, Ok(Vec::new())));
    rig.on(Event::SocketClosed(2, "closed".into()));
    let out = rig.wait(S(5));
    assert!(out.contains(&Action::CreateChannel(3)), "{out:?}");
}

#[test]
fn more_topics_than_all_channels_hold_are_refused() {
    let mut rig = Rig::new();
    let out = rig.on(Event::Want(Rig::topics(0..20_001)));
    let refused = out.iter().find_map(|a| match a {
        Action::Topics { rejected, .. } => Some(rejected),
        _ => None,
    });
    assert_eq!(refused.map(Vec::len), Some(1));
    assert!(refused.unwrap()[0].1.reason.contains("20000 topics"));
    assert_eq!(rig.session.usage().channels, 20);
    // One that is given back makes room.
    rig.on(Event::Unwant(Rig::topics(0..1)));
    let out = rig.on(Event::Want(Rig::topics(20_001..20_002)));
    assert!(!out.iter().any(|a| matches!(a, Action::Topics { .. })), "{out:?}");
}

#[test]
fn topics_are_added_together_and_given_back_together() {
    let mut rig = Rig::live();
    for n in 3..6 {
        assert_eq!(rig.on(Event::Want(Rig::topics(n..n + 1))), []);
    }
    let out = rig.wait(S(1));
    assert_eq!(out, [Action::Subscribe { conn: 1, channel: "ch1".into(), topics: Rig::topics(3..6), replace: false }]);
    rig.on(Event::Subscribed(1, Ok(Vec::new())));
    rig.on(Event::Unwant(Rig::topics(1..6)));
    let out = rig.wait(S(6));
    assert_eq!(out, [Action::Subscribe { conn: 1, channel: "ch1".into(), topics: Rig::topics(0..1), replace: true }]);
}

#[test]
fn signing_out_stops_everything_until_someone_signs_in() {
    let mut rig = Rig::live();
    let out = rig.on(Event::Control(1, Control::TokenRevoked { reason: None }));
    assert!(out.contains(&Action::RenewToken) && out.contains(&Action::Close(1)), "{out:?}");
    assert_eq!(rig.wait(S(60)), []);
    let out = rig.on(Event::SignedOut("sign in again".into()));
    assert_eq!(out, [Action::Link(Link::SignedOut { reason: "sign in again".into() })]);
    assert_eq!(rig.wait(S(600)), []);
    assert!(rig.on(Event::SignedIn).iter().any(|a| matches!(a, Action::CreateChannel(_))));
}

/// The word comes on the socket alone, so the socket is there before the subscriptions.
#[test]
fn subscriptions_that_end_before_the_link_is_live_are_made_on_another_channel() {
    let mut rig = Rig::live();
    rig.on(Event::SocketClosed(1, "closed".into()));
    rig.on(Event::SocketOpen(2));
    let ended = Control::NoLongerSubscribed { channel: Some("ch1".into()), reason: None };
    let mut out = rig.on(Event::Control(2, ended));
    out.extend(rig.wait(S(5)));
    assert!(out.contains(&Action::Close(2)) && out.contains(&Action::CreateChannel(3)), "{out:?}");
    assert_eq!(rig.on(Event::Subscribed(2, Ok(Vec::new()))), [], "its answer means nothing any more");
}

#[test]
fn nothing_follows_the_end() {
    let mut rig = Rig::live();
    assert_eq!(rig.on(Event::Stop), [Action::Close(1), Action::Abandon("ch1".into()), Action::Link(Link::Closed)]);
    assert_eq!(rig.wait(S(100)), []);
    assert_eq!(rig.on(Event::SocketClosed(1, "late".into())), []);
}

#[test]
fn slots_that_move_together_stay_within_the_channels() {
    let mut rig = Rig::new();
    rig.session.options.per_channel = 1;
    rig.on(Event::Want(Rig::topics(0..12)));
    (1..=12).for_each(|conn| drop(rig.open(conn)));
    assert_eq!(rig.session.usage().channels, 12);
    // All are of one age.
    rig.now += Options::default().channel_age;
    rig.session.last = Some(At::after(jiff::Timestamp::UNIX_EPOCH, rig.now));
    for conn in 1..=12 {
        rig.on(Event::Heard(conn));
    }
    assert_eq!(rig.session.usage().channels, Options::default().channels);
}

#[test]
fn a_successor_that_goes_with_the_link_gives_its_channel_back() {
    let mut rig = Rig::live();
    rig.on(Event::Control(1, Control::SocketClosing));
    rig.on(Event::ChannelMade(2, Ok(Channel { id: "next".into(), uri: "wss://x".into() })));
    let out = rig.on(Event::SocketClosed(1, "gone".into()));
    assert!(out.contains(&Action::Abandon("next".into())), "{out:?}");
}

/// What refuses sockets on the way must not use up the channels of the OAuth client: each is one of twenty for a day.
#[test]
fn a_socket_that_is_refused_on_the_way_uses_up_no_more_channels() {
    let channel = |id: &str| Channel { id: id.into(), uri: format!("wss://{id}") };
    let mut rig = Rig::new();
    rig.on(Event::Want(Rig::topics(0..2)));
    let mut out = rig.on(Event::ChannelMade(1, Ok(channel("a"))));
    for conn in 1..20 {
        let kind = if conn % 2 == 0 { FailureKind::Hopeless } else { FailureKind::Passing };
        out.extend(rig.on(Event::SocketFailed(conn, failed(kind))));
        while !rig.session.slots[0].owns(conn + 1) {
            out.extend(rig.wait(S(1)));
        }
    }
    assert!(out.contains(&Action::OpenSocket(20, "wss://a".into())), "{out:?}");
    assert!(!out.iter().any(|action| matches!(action, Action::CreateChannel(_) | Action::Abandon(_))), "{out:?}");
    // Nor must a link that has to move and cannot.
    let mut rig = Rig::live();
    let out = rig.on(Event::Control(1, Control::SocketClosing));
    assert!(out.contains(&Action::CreateChannel(2)), "{out:?}");
    rig.on(Event::ChannelMade(2, Ok(channel("b"))));
    let mut out = Vec::new();
    for conn in 2..6 {
        out.extend(rig.on(Event::SocketFailed(conn, failed(FailureKind::Passing))));
        while !rig.session.slots[0].owns(conn + 1) {
            rig.on(Event::Heard(1));
            out.extend(rig.wait(S(1)));
        }
    }
    assert!(out.contains(&Action::OpenSocket(6, "wss://b".into())), "{out:?}");
    assert!(!out.iter().any(|action| matches!(action, Action::CreateChannel(_) | Action::Abandon(_))), "{out:?}");
    assert_eq!(rig.session.usage().channels, 2);
}
