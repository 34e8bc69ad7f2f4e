//! The simulator's channels, subscriptions and sockets.

use std::time::Duration;

use crate::support::sim::{Sim, Socket, assert_event, quiet};
use serde_json::json;
use sidetone::sim::{Placed, SimOptions, SimTuning};

fn queue_topic(sim: &Sim) -> String {
    format!("v2.routing.queues.{}.conversations", sim.running.queue_id("Billing").unwrap())
}

fn placed() -> Placed {
    Placed { queue: Some("Billing".into()), ..Placed::default() }
}

#[tokio::test]
async fn post_adds_put_replaces_delete_empties() {
    let sim = Sim::start(quiet()).await;
    let (id, _) = sim.channel().await;
    let path = format!("/api/v2/notifications/channels/{id}/subscriptions");
    let other = format!("v2.users.{}.conversations", sim.running.user_id("Mei Tanaka").unwrap());
    sim.subscribe(&id, &[queue_topic(&sim)]).await;
    let both = sim.subscribe(&id, std::slice::from_ref(&other)).await;
    assert_eq!(both.body["entities"].as_array().unwrap().len(), 2);
    let one = sim.ask("PUT", &path, Some(json!([{"id": other}]))).await;
    assert_eq!(one.body["entities"][0]["state"], "Permitted");
    assert_eq!(sim.get(&path).await.body["entities"].as_array().unwrap().len(), 1);
    assert_eq!(sim.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(sim.get(&path).await.body["entities"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_refused_topic_fails_the_request_or_is_listed() {
    let sim = Sim::start(quiet()).await;
    sim.running.add_fault("403=.users.".parse().unwrap());
    let (id, _) = sim.channel().await;
    let refused = format!("v2.users.{}.conversations", sim.running.user_id("Mei Tanaka").unwrap());
    let answer = sim.subscribe(&id, &[queue_topic(&sim), refused.clone()]).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (403, Some("missing.any.permissions")));
    assert!(answer.body["message"].as_str().unwrap().contains("conversation:communication:view"));
    let path = format!("/api/v2/notifications/channels/{id}/subscriptions?ignoreErrors=true");
    let body = json!([{"id": queue_topic(&sim)}, {"id": refused}, {"id": "v2.nonsense"}]);
    let answer = sim.ask("POST", &path, Some(body)).await;
    let entities = answer.body["entities"].as_array().unwrap();
    assert_eq!(entities[0]["state"], "Permitted");
    assert_eq!(entities[1]["missingPermissions"], json!(["conversation:communication:view"]));
    assert_eq!(entities[2]["state"], "Rejected");
    let answer = sim.subscribe(&id, &["v2.nonsense".into()]).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("notification.invalid.topic")));
}

#[tokio::test]
async fn a_thousand_topics_and_no_more() {
    let sim = Sim::start(quiet()).await;
    let (id, _) = sim.channel().await;
    let topics: Vec<String> = (0..1001).map(|i| format!("v2.users.{}.presence", uuid::Uuid::from_u128(i))).collect();
    assert_eq!(sim.subscribe(&id, &topics[..1000]).await.status, 200);
    let answer = sim.subscribe(&id, &topics[1000..]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["code"], "notification.subscription.too.many.subscriptions");
}

#[tokio::test]
async fn the_twenty_first_channel_evicts_the_oldest() {
    let sim = Sim::start(quiet()).await;
    let (first, _) = sim.channel().await;
    let path = format!("/api/v2/notifications/channels/{first}");
    for _ in 0..19 {
        sim.channel().await;
    }
    assert_eq!(sim.ask("HEAD", &path, None).await.status, 200);
    sim.channel().await;
    assert_eq!(sim.ask("HEAD", &path, None).await.status, 404);
    let listed = sim.get("/api/v2/notifications/channels").await;
    assert_eq!(listed.body["entities"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn heartbeats_and_pongs() {
    let tuning = SimTuning { heartbeat_ms: 40, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    let (mut socket, _) = sim.listen(&[]).await;
    let beat = socket.frame().await;
    assert_event(&beat);
    assert_eq!(beat, json!({"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}));
    socket.send(json!({"message": "ping"})).await;
    let pong = socket.until(|frame| frame["eventBody"]["message"] == "pong").await;
    assert_event(&pong);
}

#[tokio::test]
async fn subscribing_over_the_socket() {
    let sim = Sim::start(quiet()).await;
    let (mut socket, _) = sim.listen(&[]).await;
    socket.send(json!({"message": "subscribe", "topics": [queue_topic(&sim)], "correlationId": "c-1"})).await;
    assert_eq!(socket.frame().await, json!({"result": "200", "status": "subscribed", "correlationId": "c-1"}));
    sim.running.place(&placed()).unwrap();
    assert_eq!(socket.frame().await["topicName"].as_str().unwrap(), queue_topic(&sim));
    socket.send(json!({"message": "subscribe", "topics": ["v2.nonsense"]})).await;
    assert_eq!(socket.frame().await["result"], "400");
}

#[tokio::test]
async fn a_second_socket_takes_the_channel() {
    let sim = Sim::start(quiet()).await;
    let (id, uri) = sim.channel().await;
    sim.subscribe(&id, &[queue_topic(&sim)]).await;
    let mut first = Socket::connect(&uri).await.unwrap();
    let mut second = Socket::connect(&uri).await.unwrap();
    first.ended().await;
    sim.running.place(&placed()).unwrap();
    assert_eq!(second.frame().await["topicName"].as_str().unwrap(), queue_topic(&sim));
}

#[tokio::test]
async fn nothing_is_kept_while_no_socket_is_there() {
    let sim = Sim::start(quiet()).await;
    let (id, uri) = sim.channel().await;
    sim.subscribe(&id, &[queue_topic(&sim)]).await;
    let lost = sim.running.place(&placed()).unwrap();
    let mut socket = Socket::connect(&uri).await.unwrap();
    assert!(socket.is_silent(Duration::from_millis(50)).await);
    let seen = sim.running.place(&placed()).unwrap();
    let frame = socket.frame().await;
    assert_eq!(frame["eventBody"]["id"], seen.to_string());
    assert_ne!(seen, lost);
}

#[tokio::test]
async fn an_ended_channel_is_refused_at_the_handshake() {
    let tuning = SimTuning { channel_s: 0, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    let (id, uri) = sim.channel().await;
    assert_eq!(Socket::connect(&uri).await.err(), Some(401));
    assert_eq!(sim.ask("HEAD", &format!("/api/v2/notifications/channels/{id}"), None).await.status, 404);
}

#[tokio::test]
async fn a_socket_ends_with_its_channel() {
    let tuning = SimTuning { channel_s: 1, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    let (mut socket, _) = sim.listen(&[]).await;
    socket.ended().await;
    assert_eq!(sim.running.connected(), 0);
}

#[tokio::test]
async fn shutting_down_ends_every_task() {
    let sim = Sim::start(quiet()).await;
    let (mut socket, _) = sim.listen(&[]).await;
    let Sim { running, .. } = sim;
    tokio::time::timeout(Duration::from_secs(180), running.shutdown()).await.unwrap();
    socket.ended().await;
}
