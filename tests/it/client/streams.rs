//! The feed: what arrives, in which order, and how topics come and go.

use super::{requests::placed, *};
use sidetone::{
    domain::{Board, ConversationId, EveryState, Update},
    genesys::discover::Discovered,
    live::{LinkEvent, Live, targets::Targets},
};
use std::{collections::BTreeSet, sync::Arc};

#[tokio::test]
async fn live_first_then_frames() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let mut feed = Watched::support(&sim, &client);
    feed.live().await;
    assert_eq!(feed.seen, [Link::Connecting, Link::Live]);
    let id = sim.place(&placed()).unwrap();
    let snapshot = feed.snapshot().await;
    assert_eq!(snapshot.id.as_str(), id.to_string());
    assert_eq!(value(&snapshot, "tier").as_deref(), Some("gold"));
    sim.set(id, "customer", [("tier", "silver")]);
    assert_eq!(value(&feed.snapshot().await, "tier").as_deref(), Some("silver"));
    feed.handle.stop();
    feed.until(|link| *link == Link::Closed).await;
    sim.shutdown().await;
}

#[tokio::test]
async fn topics_come_and_go_while_running() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let id = sim.place(&placed()).unwrap();
    let mut feed = Watched::of(&client, []);
    feed.live().await;
    let topic = Topic::attributes(&id.to_string().as_str().into());
    feed.handle.add([topic.clone()]);
    loop {
        if let FeedEvent::Topics { accepted, .. } = feed.next().await {
            assert_eq!(accepted, std::slice::from_ref(&topic));
            break;
        }
    }
    sim.set(id, "customer", [("tier", "silver")]);
    loop {
        if let FeedEvent::Frame { raw, .. } = feed.next().await {
            let WireFrame::Attributes(event) = decode(raw.as_bytes()) else { panic!("{raw}") };
            assert!(event.attributes.contains(&("tier".into(), "silver".into())));
            break;
        }
    }
    feed.handle.remove([topic]);
    tokio::time::timeout(LONG, async {
        while !sim.topics().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the topic is given back");
    assert_eq!(feed.handle.usage().topics, 0);
}

#[tokio::test]
async fn nothing_of_the_feed_is_left_when_nobody_reads() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let mut feed = Watched::support(&sim, &client);
    feed.live().await;
    assert_eq!(sim.connected(), 1);
    drop(feed);
    tokio::time::timeout(LONG, async {
        while sim.connected() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the socket is closed");
}

#[tokio::test]
async fn many_topics_are_spread_over_channels() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let topics = (0..2100u128).map(|n| Topic::attributes(&uuid::Uuid::from_u128(n).to_string().as_str().into()));
    let mut feed = Watched::of(&client, topics);
    feed.live().await;
    while feed.accepted.len() < 2100 {
        feed.next().await;
    }
    assert_eq!(feed.rejected, []);
    assert_eq!(feed.handle.usage().channels, 3);
    assert_eq!(sim.topics().len(), 2100);
}

/// Values of `tier` in the order in which a reader that takes its time is told them, and how many states it was spared.
async fn told_slowly(coalesce: bool, every_state: bool) -> (Vec<String>, u32) {
    const STATES: u32 = 60;
    let sim = start(&[]).await;
    let client = client(&sim);
    let topic = Topic::queue(&sim.queue_id("Support").expect("the queue").to_string().as_str().into());
    let mut feed = Watched::with(&client, [topic], FeedOptions { coalesce, ..feed_options() });
    feed.live().await;
    let id = sim.place(&placed()).unwrap();
    if every_state {
        let wanted = EveryState::Of(BTreeSet::from([id.to_string().as_str().into()]));
        feed.handle.every_state(Arc::new(wanted));
    }
    for n in 1..STATES {
        sim.set(id, "customer", [("tier", n.to_string())]);
    }
    let (mut values, mut skipped) = (Vec::new(), 0);
    while values.len() as u32 + skipped < STATES {
        let raw = match feed.next().await {
            FeedEvent::Frame { raw, .. } => raw,
            FeedEvent::Newest(newest) => {
                let waiting = newest.take().expect("a place that was handed on is filled");
                skipped += waiting.skipped;
                waiting.raw
            }
            _ => continue,
        };
        let WireFrame::Conversation(snapshot) = decode(raw.as_bytes()) else { continue };
        values.extend(value(&snapshot, "tier"));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sim.shutdown().await;
    (values, skipped)
}

#[tokio::test]
async fn a_reader_that_falls_behind_finds_the_newest_state_and_how_many_it_replaced() {
    let (values, skipped) = told_slowly(true, false).await;
    assert_eq!(values.last().map(String::as_str), Some("59"));
    assert!(skipped > 0, "{values:?}");
    let numbers: Vec<u32> = values.iter().filter_map(|v| v.parse().ok()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[tokio::test]
async fn every_state_is_told_to_those_who_want_them_all() {
    let all: Vec<String> = std::iter::once("gold".to_owned()).chain((1..60).map(|n| n.to_string())).collect();
    for (coalesce, every_state) in [(false, false), (true, true)] {
        assert_eq!(told_slowly(coalesce, every_state).await, (all.clone(), 0));
    }
}

#[tokio::test]
async fn what_was_given_back_tells_nothing_more_unless_it_is_followed_by_its_id() {
    let sim = start(&[]).await;
    let id = sim.place(&placed()).unwrap();
    let conversation = ConversationId::new(id.to_string());
    let queue = sim.queue_id("Support").expect("the queue").to_string();
    let found = Discovered { queues: vec![(queue.as_str().into(), "Support".into())], ..Discovered::default() };
    let mut options = feed_options();
    // The platform goes on telling for longer than this test takes.
    options.session.give_back = LONG;
    let mut live = Live::start(client(&sim), &Targets(found), options);
    heard(&mut live, LONG).await.expect("the call");
    live.rewatch(Discovered::default());
    live.forget(std::slice::from_ref(&conversation));
    sim.set(id, "customer", [("tier", "silver")]);
    assert_eq!(heard(&mut live, Duration::from_millis(300)).await, None);
    live.follow(vec![conversation]);
    let Some(Update::Read { snapshot, .. }) = heard(&mut live, LONG).await else { panic!("a read") };
    assert_eq!(value(&snapshot, "tier").as_deref(), Some("silver"));
}

/// The next update within this time.
async fn heard(live: &mut Live, within: Duration) -> Option<Update> {
    let update = async {
        loop {
            if let Some((_, LinkEvent::Update(update))) = live.next(&Board::default()).await {
                return update;
            }
        }
    };
    tokio::time::timeout(within, update).await.ok()
}

/// With twenty others of the same OAuth client the channel is taken away: that is the reason that is told.
#[tokio::test]
async fn the_limit_of_channels_is_the_reason_where_another_program_took_one() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let mut feed = Watched::support(&sim, &client);
    feed.live().await;
    let mut others = Vec::new();
    for _ in 0..20 {
        let mut other = Watched::support(&sim, &client);
        other.live().await;
        others.push(other);
    }
    let link = feed.until(|link| link.reason().is_some_and(|why| why.contains("20 channels"))).await;
    let reason = link.reason().unwrap();
    assert!(reason.contains("20 channels of this OAuth client are in use") && !link.is_live(), "{link:?}");
    // It comes back when others have gone.
    others.iter().for_each(|other| other.handle.stop());
    feed.live().await;
}

/// A host that answers every handshake so, and how often it did.
async fn refusing(answer: &'static str) -> (String, Arc<std::sync::atomic::AtomicUsize>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://127.0.0.1:{}", listener.local_addr().expect("an address").port());
    let asked = Arc::<std::sync::atomic::AtomicUsize>::default();
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match tcp.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            _ = tcp.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

/// A proxy or a portal before the streaming host is told as such, with the host, and uses up no channels.
#[tokio::test]
async fn a_blocked_stream_is_told_with_its_host_and_uses_up_no_channels() {
    const PAGE: &str = "content-type: text/html\r\ncontent-length: 13\r\nconnection: close\r\n\r\n<html>Blocked";
    const BARE: &str = "content-length: 0\r\nconnection: close\r\n\r\n";
    for (status, rest, words) in [
        ("403 Forbidden", PAGE, "web page"),
        ("407 Proxy Authentication Required", PAGE, "wants a name and a password"),
        ("511 Network Authentication Required", PAGE, "web page"),
        ("200 OK", PAGE, "web page"),
        ("302 Found", "location: http://portal.test/\r\ncontent-length: 0\r\n\r\n", "web page"),
        ("503 Service Unavailable", PAGE, "web page"),
        ("403 Forbidden", BARE, "although its channel is there"),
        ("401 Unauthorized", BARE, "although its channel is there"),
    ] {
        let (url, asked) = refusing(Box::leak(format!("HTTP/1.1 {status}\r\n{rest}").into_boxed_str())).await;
        let sim = start_with(&[], |options| options.stream_url = Some(url)).await;
        let client = client(&sim);
        let mut feed = Watched::support(&sim, &client);
        let link = feed.until(|link| link.reason().is_some()).await;
        let reason = link.reason().unwrap();
        assert!(reason.contains(words) && reason.contains("127.0.0.1"), "{status}: {reason}");
        let seen = || asked.load(std::sync::atomic::Ordering::Relaxed);
        if status.starts_with("407") {
            assert!(matches!(link, Link::Offline { .. }), "{link:?}");
            assert_eq!(seen(), 1, "an account may be locked by the next");
        }
        until(async || seen() >= 3).await;
        assert_eq!(client.channels_of_client().await.unwrap(), 1, "{status}");
    }
}
