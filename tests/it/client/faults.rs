//! The fault matrix: each row is a test, and docs/faults.md is made from the rows.

use super::{
    requests::{call, placed},
    *,
};
use sidetone::{
    domain::{At, ConversationId},
    genesys::{
        ErrorKind, Network,
        client::{PatchPath, PatchReply, Priority},
    },
    sim::faults::{Junk, TimedFault},
};
use std::{
    fmt::Write as _,
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// What is lost with any gap, in the words of every row that has one.
const GAP: &str = "values that came and went inside the gap, calls that began and ended in it";
const NOTHING: &str = "nothing";

macro_rules! matrix {
    ($($name:ident: $fault:literal, $sees:literal, $lost:expr => $body:block)*) => {
        const MATRIX: &[[&str; 3]] = &[$([$fault, $sees, $lost]),*];
        $(#[tokio::test] async fn $name() $body)*
    };
}

matrix! {
    clean_close: "The socket is closed in good order",
    "reconnecting at once, gap, live; calls are stale until re-read", GAP => { survives(TimedFault::Close).await; }

    reset: "The connection is reset", "as above", GAP => { survives(TimedFault::Reset).await; }

    cut: "The connection is reset in the middle of a frame", "as above", GAP => { survives(TimedFault::Cut).await; }

    silence: "Silence without a close: no heartbeat, no answer to a ping",
    "after 25 s: reconnecting, with the reason; then gap, live", GAP => {
        let sim = start(&["silence@0s..1500ms"]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        let link = feed.until(|link| !link.is_live()).await;
        assert!(link.reason().is_some_and(|r| r.contains("nothing was received")), "{link:?}");
        feed.gap().await;
        // It may have come back within the silence, and be lost once more.
        until(async || sim.elapsed_ms() > 1500).await;
        still_works(&sim, &client, &mut feed).await;
    }

    stall: "A stall of 30 s in which nothing is read or written",
    "reconnecting after 25 s, gap, live", GAP => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.happen(TimedFault::Stall(1500));
        feed.gap().await;
        still_works(&sim, &client, &mut feed).await;
    }

    socket_closing: "The platform announces that it will close the socket",
    "nothing: the link moves to a new channel before the old one ends", NOTHING => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.happen(TimedFault::SocketClosing(400));
        until(async || client.channels().await.is_ok_and(|c| c.len() > 1) && sim.connected() == 1).await;
        still_works(&sim, &client, &mut feed).await;
        assert_eq!(feed.seen, [Link::Connecting, Link::Live], "no gap");
        assert_eq!(sim.connected(), 1);
    }

    stolen: "Another program connects to the same channel",
    "reconnecting, gap, live; if it is taken again, on a channel of our own", GAP => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        for _ in 0..3 {
            sim.happen(TimedFault::Steal);
            feed.gap().await;
        }
        still_works(&sim, &client, &mut feed).await;
        assert!(client.channels().await.unwrap().len() > 1, "a channel of our own");
    }

    channel_gone: "The channel has ended (404)", "reconnecting on a new channel, gap, live", GAP => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.happen(TimedFault::DropChannels);
        sim.happen(TimedFault::Close);
        feed.gap().await;
        still_works(&sim, &client, &mut feed).await;
    }

    unsubscribed: "The platform ends the subscriptions (no_longer_subscribed)",
    "reconnecting on a new channel, gap, live", GAP => { survives(TimedFault::Unsubscribe).await; }

    revoked: "The token is revoked; a new one can be had",
    "reconnecting, gap, live", GAP => { survives(TimedFault::Revoke).await; }

    revoked_for_good: "The token is revoked; no new one can be had",
    "signed out, with the reason, and a prompt to sign in; the screen and all drafts stay", "everything from then on, until signed in again" => {
        let sim = start(&[]).await;
        let token = SampleToken::of(&sim).await;
        let client = Client::with_options(token.connection(&sim), options());
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.happen(TimedFault::Revoke);
        let link = feed.until(|link| matches!(link, Link::SignedOut { .. })).await;
        assert!(!format!("{link:?}").contains(&token.0), "{link:?}");
    }

    token_ends: "401 in mid-session: the token has ended",
    "nothing: it is renewed and the request sent again", NOTHING => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.happen(TimedFault::ExpireTokens);
        still_works(&sim, &client, &mut feed).await;
        assert_eq!(feed.seen, [Link::Connecting, Link::Live]);
    }

    topic_refused: "403 on one topic",
    "a notice that names the topic and the missing permission; the others are live", "events of that topic" => {
        let sim = start(&["403=users"]).await;
        let client = client(&sim);
        let queue = Topic::queue(&sim.queue_id("Support").unwrap().to_string().as_str().into());
        let user = Topic::user(&sim.user_id("Kim Osei").unwrap().to_string().as_str().into());
        let mut feed = Watched::of(&client, [queue.clone(), user.clone()]);
        feed.live().await;
        assert_eq!(feed.accepted, [queue]);
        assert_eq!(feed.rejected[0].0, user);
        assert!(!feed.rejected[0].1.missing.is_empty(), "{:?}", feed.rejected);
        still_works(&sim, &client, &mut feed).await;
    }

    permission_missing: "403 on a request",
    "an error that names the permission to ask for", "that request" => {
        let sim = start(&["deny=routing:queue:view", "deny=routing:queue:search"]).await;
        let error = client(&sim).queues(None).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Permission { missing: vec!["routing:queue:view".into()] });
        assert_eq!(error.exit_code(), 3);
    }

    dns: "The host name is not found at the start",
    "reconnecting, with the name that was not found; live as soon as it is", NOTHING => {
        let sim = start(&[]).await;
        let (asked, mut options) = (Arc::new(AtomicU32::new(0)), options());
        let count = Arc::clone(&asked);
        options.transport.resolver = Some(Arc::new(move |name| {
            assert_eq!(name, "localhost");
            if count.fetch_add(1, Ordering::Relaxed) < 2 {
                return Err(io::Error::other("dns error: no such host"));
            }
            Ok(vec![[127, 0, 0, 1].into()])
        }));
        options.limits.tries = 2;
        let mut connection = connection(&sim);
        connection.api_url.set_host(Some("localhost")).unwrap();
        connection.login_url.set_host(Some("localhost")).unwrap();
        let client = Client::with_options(connection, options);
        let mut feed = Watched::support(&sim, &client);
        let link = feed.until(|link| link.reason().is_some()).await;
        assert!(link.reason().is_some_and(|r| r.contains("no such host")), "{link:?}");
        feed.live().await;
        still_works(&sim, &client, &mut feed).await;
    }

    tls: "The certificate is not trusted",
    "offline, with the reason and what to check; tried once a minute", "everything until it is put right" => {
        let port = super::tls::untrusted_server().await;
        let auth = Auth::Token("sample".into());
        let url = format!("https://localhost:{port}");
        let client = Client::with_options(Connection::to_urls(&url, &url, auth).unwrap(), options());
        let error = client.organization().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (&ErrorKind::Network(Network::Tls), 1), "{error}");
        let mut feed = Watched::of(&client, []);
        feed.until(|link| matches!(link, Link::Offline { .. })).await;
    }

    refused: "Nobody answers at the address",
    "an error after the tries; the link: reconnecting with the reason", "everything until it answers" => {
        let auth = Auth::Token("sample".into());
        let client = Client::with_options(
            Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", auth).unwrap(),
            ClientOptions { limits: Limits { tries: 3, ..options().limits }, ..options() },
        );
        let error = client.organization().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (&ErrorKind::Network(Network::Connect), 3));
    }

    conflict: "409 on a write",
    "a conflict: read again, compare, and decide; nothing was written", NOTHING => {
        let sim = start(&["409=1"]).await;
        let client = client(&sim);
        let (_, conversation, customer) = call(&sim, &client).await;
        let patch = || client.patch_attributes(&conversation, &customer, [("a", "1")], PatchPath::Attributes);
        assert_eq!(patch().await.unwrap_err().kind(), &ErrorKind::Conflict);
        assert!(matches!(patch().await, Ok(PatchReply::Answered(_))));
    }

    too_large: "413 on a write", "an error: send less; nothing was written", NOTHING => {
        let sim = start_tuned(&[], |tuning| tuning.body_bytes = 4096).await;
        let client = client(&sim);
        let (_, conversation, customer) = call(&sim, &client).await;
        let big = "x".repeat(5000);
        let patch = client.patch_attributes(&conversation, &customer, [("a", &big)], PatchPath::Attributes).await;
        assert_eq!(patch.unwrap_err().kind(), &ErrorKind::TooLarge);
    }

    answer_lost: "The answer to a write is lost",
    "the write counts as unknown and is settled by reading; it is not sent again", NOTHING => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let (_, conversation, customer) = call(&sim, &client).await;
        sim.add_fault("no-answer=1,on=PATCH".parse().unwrap());
        let before = sim.requests();
        let outcome = client.patch_attributes(&conversation, &customer, [("a", "1")], PatchPath::Attributes).await;
        assert!(matches!(&outcome, Ok(PatchReply::Unknown(error)) if error.details().maybe_done), "{outcome:?}");
        assert_eq!(sim.requests() - before, 1, "it was sent once");
        until(async || {
            let read = client.conversation(&conversation, Priority::Interactive).await.unwrap();
            value(&read, "a").as_deref() == Some("1")
        })
        .await;
    }

    too_many: "429 with Retry-After",
    "a countdown; all requests wait as long as the server asked, then continue", NOTHING => {
        let sim = start(&["429=1,on=/organizations"]).await;
        let client = client(&sim);
        let asked = client.clone();
        let request = tokio::spawn(async move { asked.organization().await });
        let pause = tokio::time::timeout(LONG, async {
            loop {
                if let Some(pause) = client.stats().pause {
                    return pause;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(pause.await.unwrap() <= Duration::from_secs(1));
        sim.clear_faults();
        assert!(request.await.unwrap().is_ok());
    }

    too_many_without: "429 without Retry-After", "the same; the wait is taken from the message, else it is a second", NOTHING => {
        let sim = start(&["429=none,on=/organizations"]).await;
        let client = client(&sim);
        let error = client.organization().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Wait { after: Some(Duration::from_secs(60)) });
        assert!(client.stats().pause.is_some());
    }

    too_many_long: "429 with a wait longer than a minute",
    "an error with the time to wait; the countdown stays", "that request" => {
        let sim = start(&["429=600,on=/organizations"]).await;
        let client = client(&sim);
        let error = client.organization().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Wait { after: Some(Duration::from_secs(600)) });
        let pause = client.stats().pause.unwrap();
        assert!(pause <= Duration::from_secs(180) && pause > Duration::from_secs(170), "{pause:?}");
    }

    bursts: "A burst of 500, 503 or 504",
    "nothing, or a pause: the request is tried again, at most ten times within a minute", NOTHING => {
        let sim = start(&[]).await;
        let client = client(&sim);
        for status in [500, 503, 504] {
            sim.add_fault(format!("{status}=3,on=/organizations").parse().unwrap());
            assert_eq!(client.organization().await.unwrap().name, "Fernhill Mutual");
        }
        assert!(sim.requests() >= 12);
    }

    burst_too_long: "A server failure that does not end",
    "an error with the correlation id", "that request" => {
        let sim = start(&["500=99,on=/organizations"]).await;
        let error = client(&sim).organization().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Server);
        assert!((2..=10).contains(&error.attempts()) && error.correlation_id().is_some(), "{error}");
    }

    link_through_a_burst: "A burst of 503 while the link comes back", "reconnecting a little longer", GAP => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.add_fault("503=3,on=/notifications".parse().unwrap());
        sim.happen(TimedFault::Reset);
        feed.gap().await;
        still_works(&sim, &client, &mut feed).await;
    }

    slow: "Answers come slowly", "nothing, or a timeout and another try", NOTHING => {
        let sim = start(&["slow=300ms,on=/organizations"]).await;
        assert!(client(&sim).organization().await.is_ok());
        let sim = start(&["slow=3s,on=/organizations"]).await;
        let client = Client::with_options(connection(&sim), ClientOptions {
            limits: Limits { tries: 2, ..options().limits },
            ..options()
        });
        let error = client.organization().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Network(Network::Timeout));
    }

    half: "An answer ends in the middle", "nothing: a read is tried again", NOTHING => {
        let sim = start(&["half=1,on=/organizations"]).await;
        assert!(client(&sim).organization().await.is_ok());
    }

    not_json: "200 with a body that is not JSON",
    "nothing if it passes; else an error that names the address as suspect", "that request" => {
        let sim = start(&["invalid-json=1,on=/organizations"]).await;
        assert!(client(&sim).organization().await.is_ok());
        let sim = start(&["invalid-json=99,on=/organizations"]).await;
        assert_eq!(client(&sim).organization().await.unwrap_err().kind(), &ErrorKind::Malformed);
    }

    junk: "Frames that are not events: not JSON, another shape, binary, a megabyte",
    "a counter", "those frames" => {
        let sim = start(&[]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        for junk in [Junk::Text, Junk::Json, Junk::Binary, Junk::Big] {
            sim.happen(TimedFault::Junk(junk));
        }
        let mut odd = 0;
        // The one of another shape looks like an answer to something that was never asked; the link looks into it.
        while odd < 3 {
            match feed.next().await {
                FeedEvent::Binary { .. } => odd += 1,
                FeedEvent::Frame { raw, .. } => match decode(raw.as_bytes()) {
                    WireFrame::Malformed { .. } | WireFrame::Unknown { .. } => odd += 1,
                    frame => panic!("{frame:?}"),
                },
                _ => {}
            }
        }
        still_works(&sim, &client, &mut feed).await;
        assert_eq!(feed.seen, [Link::Connecting, Link::Live]);
    }

    duplicated: "Events come twice", "nothing: the second changes nothing", NOTHING => {
        let sim = start(&["duplicate=1"]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.place(&placed()).unwrap();
        assert_eq!(feed.snapshot().await, feed.snapshot().await);
    }

    late: "Events come late or overtake each other",
    "an older value may show until the next event or read: conversation events carry no time", NOTHING => {
        let sim = start(&["late=150ms"]).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        let id = sim.place(&placed()).unwrap();
        assert_eq!(feed.snapshot().await.id.as_str(), id.to_string());
    }

    asleep: "The computer slept, or its clock was set forward by more than 15 s",
    "reconnecting at once, gap, live", GAP => {
        for (mono, wall) in [(3600, 3600), (1, 3600)] {
            let mut pure = Pure::live();
            let out = pure.step(session::SessionEvent::Tick, mono, wall);
            let slept = |action: &session::SessionAction| matches!(action, session::SessionAction::Link(Link::Reconnecting { reason, .. }) if reason.contains("slept"));
            assert!(out.iter().any(slept), "{out:?}");
            assert!(out.iter().any(|a| matches!(a, session::SessionAction::Close(_))), "{out:?}");
        }
    }

    clock_set_back: "The clock is set back", "nothing: deadlines do not use it", NOTHING => {
        let mut pure = Pure::live();
        assert_eq!(pure.step(session::SessionEvent::Tick, 1, -7200), []);
    }
}

/// A session that is live, by itself.
struct Pure {
    session: session::Session,
    mono: i64,
    wall: i64,
}

impl Pure {
    fn live() -> Self {
        let session = session::Session::new(session::SessionOptions::default(), 1);
        let mut pure = Self { session, mono: 0, wall: 0 };
        pure.step(session::SessionEvent::Want(vec![Topic::new("t")]), 0, 0);
        let channel = session::Channel { id: "c".into(), uri: "wss://x".into() };
        pure.step(session::SessionEvent::ChannelMade(1, Ok(channel)), 0, 0);
        pure.step(session::SessionEvent::SocketOpen(1), 0, 0);
        let out = pure.step(session::SessionEvent::Subscribed(1, Ok(Vec::new())), 0, 0);
        assert!(out.contains(&session::SessionAction::Link(Link::Live)), "{out:?}");
        pure
    }

    /// An event after so many seconds on both clocks.
    fn step(&mut self, event: session::SessionEvent, mono: i64, wall: i64) -> Vec<session::SessionAction> {
        self.mono += mono;
        self.wall += wall;
        let start = jiff::Timestamp::UNIX_EPOCH;
        let wall = start + jiff::SignedDuration::from_secs(self.wall + 1_000_000);
        self.session.on(event, At { mono: Duration::from_secs(self.mono.unsigned_abs()), wall })
    }
}

/// An access token of the simulator, handed over ready-made.
struct SampleToken(String);

impl SampleToken {
    async fn of(sim: &Running) -> Self {
        let url = format!("{}/oauth/token", sim.login_url);
        let tls = sidetone::genesys::client::transport::tls(&transport::TransportOptions::default()).expect("TLS");
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
        let answer = http
            .post(url)
            .basic_auth(&sim.client_id, Some(&sim.client_secret))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .expect("an answer");
        let answer: serde_json::Value = answer.json().await.expect("JSON");
        Self(answer["access_token"].as_str().expect("a token").to_owned())
    }

    fn connection(&self, sim: &Running) -> Connection {
        let auth = Auth::Token(self.0.as_str().into());
        Connection::to_urls(&sim.api_url, &sim.login_url, auth).expect("the addresses")
    }
}

/// Something happens to a live link: it comes back, says that there was a gap, and reading finds what was missed.
async fn survives(event: TimedFault) {
    let sim = start(&[]).await;
    let client = client(&sim);
    let mut feed = Watched::support(&sim, &client);
    feed.live().await;
    let id = sim.place(&placed()).unwrap();
    feed.snapshot().await;
    sim.happen(event);
    feed.until(|link| matches!(link, Link::Reconnecting { .. })).await;
    // Nobody is told of this one.
    sim.set(id, "customer", [("tier", "missed")]);
    feed.gap().await;
    let conversation = ConversationId::new(id.to_string());
    let read = client.conversation(&conversation, Priority::Background).await.unwrap();
    assert_eq!(value(&read, "tier").as_deref(), Some("missed"));
    still_works(&sim, &client, &mut feed).await;
}

/// A change is seen on the stream, and a read succeeds.
async fn still_works(sim: &Running, client: &Client, feed: &mut Watched) {
    let id = sim.place(&placed()).unwrap();
    sim.set(id, "customer", [("tier", "after")]);
    let wanted = id.to_string();
    tokio::time::timeout(LONG, async {
        loop {
            let snapshot = feed.snapshot().await;
            if snapshot.id.as_str() == wanted.as_str() && value(&snapshot, "tier").as_deref() == Some("after") {
                break;
            }
        }
    })
    .await
    .expect("the change is seen");
    client.conversation(&ConversationId::new(wanted), Priority::Interactive).await.expect("a read");
}

#[test]
fn the_documentation_lists_every_fault() {
    let mut table = String::from("| Fault | What the operator sees | What is lost |\n| --- | --- | --- |\n");
    for [fault, sees, lost] in MATRIX {
        let _ = writeln!(table, "| {fault} | {sees} | {lost} |");
    }
    crate::support::assert_section("docs/faults.md", "matrix", &table);
}
