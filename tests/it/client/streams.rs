//! The feed: what arrives, in which order, and how topics come and go.

use super::{requests::placed, *};

#[tokio::test]
async fn live_first_then_frames() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let mut feed = Watched::support(&sim, &client);
    feed.live().await;
    assert_eq!(feed.seen, [Link::Connecting, Link::Live]);
    let id = sim.place(&placed()).unwrap();
    let snapshot = feed.snapshot().await;
    assert_eq!(snapshot.id, id.to_string().as_str());
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
            let Frame::Attributes(event) = feed.decoder.decode(raw.as_bytes()) else { panic!("{raw}") };
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
