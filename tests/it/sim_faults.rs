//! Each fault of the simulator does what it says.

use std::time::{Duration, Instant};

use crate::support::sim::{SOON, Sim, Socket, attribute, quiet};
use serde_json::json;
use sidetone::sim::{
    Placed, SimOptions,
    faults::{Junk, TimedFault},
};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

async fn with(faults: &[&str]) -> Sim {
    let faults = faults.iter().map(|spec| spec.parse().unwrap()).collect();
    Sim::start(SimOptions { faults, ..quiet() }).await
}

fn topic(sim: &Sim) -> Vec<String> {
    vec![format!("v2.routing.queues.{}.conversations", sim.running.queue_id("Billing").unwrap())]
}

fn place(sim: &Sim) -> Uuid {
    sim.running.place(&Placed { queue: Some("Billing".into()), ..Placed::default() }).unwrap()
}

#[tokio::test]
async fn sockets_close_reset_and_break() {
    let sim = with(&[]).await;
    for (event, orderly) in
        [(TimedFault::Close, true), (TimedFault::Reset, false), (TimedFault::Cut, false), (TimedFault::Steal, true)]
    {
        let (mut socket, _) = sim.listen(&[]).await;
        sim.running.happen(event.clone());
        let message = socket.message(SOON).await;
        assert_eq!(matches!(message, Some(Message::Close(_))), orderly, "{event:?}: {message:?}");
        while sim.running.connected() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn events_come_at_their_time() {
    let sim = with(&["close@2s"]).await;
    let (mut socket, _) = sim.listen(&[]).await;
    socket.ended().await;
    assert!(sim.running.elapsed_ms() >= 2_000);
}

#[tokio::test]
async fn a_stall_holds_everything_back() {
    let sim = with(&[]).await;
    let (mut socket, _) = sim.listen(&topic(&sim)).await;
    sim.running.happen(TimedFault::Stall(300));
    let start = Instant::now();
    place(&sim);
    socket.frame().await;
    assert!(start.elapsed() >= Duration::from_millis(290));
}

#[tokio::test]
async fn silence_sends_nothing_and_answers_nothing() {
    let sim = with(&["silence"]).await;
    let (mut socket, _) = sim.listen(&topic(&sim)).await;
    place(&sim);
    socket.send(json!({"message": "ping"})).await;
    assert!(socket.is_silent(Duration::from_millis(150)).await);
    sim.running.clear_faults();
    socket.send(json!({"message": "ping"})).await;
    assert_eq!(socket.frame().await["eventBody"]["message"], "pong");
}

#[tokio::test]
async fn a_close_is_announced() {
    let sim = with(&[]).await;
    let (mut socket, _) = sim.listen(&[]).await;
    sim.running.happen(TimedFault::SocketClosing(100));
    assert_eq!(socket.frame().await["topicName"], "v2.system.socket_closing");
    socket.ended().await;
}

#[tokio::test]
async fn sessions_are_revoked_and_channels_dropped() {
    let sim = with(&[]).await;
    let (mut socket, id) = sim.listen(&topic(&sim)).await;
    sim.running.happen(TimedFault::Unsubscribe);
    let frame = socket.frame().await;
    assert_eq!(frame["topicName"], format!("v2.system.no_longer_subscribed.{id}"));
    assert!(sim.running.topics().is_empty());
    sim.running.happen(TimedFault::Revoke);
    let frame = socket.frame().await;
    assert_eq!(frame["eventBody"]["systemTopicType"], "token_revoked");
    assert_eq!(sim.get("/api/v2/tokens/me").await.status, 401);
    sim.running.happen(TimedFault::DropChannels);
    socket.ended().await;
    let uri = format!("{}/channels/{id}", sim.running.api_url.replace("http", "ws"));
    assert_eq!(Socket::connect(&uri).await.err(), Some(401));
}

#[tokio::test]
async fn junk_frames() {
    let sim = with(&[]).await;
    let (mut socket, _) = sim.listen(&[]).await;
    for junk in [Junk::Text, Junk::Json, Junk::Big] {
        sim.running.happen(TimedFault::Junk(junk));
        let Some(Message::Text(text)) = socket.message(SOON).await else { panic!("no text") };
        let object = serde_json::from_str::<serde_json::Value>(&text).ok();
        assert!(object.is_none_or(|value| value.get("topicName").is_none()));
    }
    sim.running.happen(TimedFault::Junk(Junk::Binary));
    assert!(matches!(socket.message(SOON).await, Some(Message::Binary(_))));
}

#[tokio::test]
async fn events_are_lost_doubled_late_and_out_of_order() {
    let sim = with(&[]).await;
    let (mut socket, _) = sim.listen(&topic(&sim)).await;
    sim.running.add_fault("drop-frames=1".parse().unwrap());
    place(&sim);
    assert!(socket.is_silent(Duration::from_millis(60)).await);
    sim.running.clear_faults();

    sim.running.add_fault("duplicate".parse().unwrap());
    let id = place(&sim);
    for _ in 0..2 {
        assert_eq!(socket.frame().await["eventBody"]["id"], id.to_string());
    }
    sim.running.clear_faults();

    sim.running.add_fault("late=200ms".parse().unwrap());
    let start = Instant::now();
    place(&sim);
    socket.frame().await;
    assert!(start.elapsed() >= Duration::from_millis(190));
    sim.running.clear_faults();

    // Each is late by itself, however many there are.
    sim.running.add_fault("late=500ms".parse().unwrap());
    let start = Instant::now();
    let ids: Vec<String> = (0..40).map(|_| place(&sim).to_string()).collect();
    for id in &ids {
        assert_eq!(socket.frame().await["eventBody"]["id"], **id);
    }
    assert!(start.elapsed() < Duration::from_secs(15), "one after the other they take 20 s: {:?}", start.elapsed());
    sim.running.clear_faults();

    sim.running.add_fault("reorder".parse().unwrap());
    let overtaken = place(&sim);
    sim.running.clear_faults();
    let first = place(&sim);
    assert_eq!(socket.frame().await["eventBody"]["id"], first.to_string());
    assert_eq!(socket.frame().await["eventBody"]["id"], overtaken.to_string());
}

#[tokio::test]
async fn requests_fail_with_a_status_as_often_as_asked() {
    for (spec, status) in [("500=2", 500), ("503=2", 503), ("504=2", 504), ("401=2", 401), ("404=2", 404)] {
        let sim = with(&[spec]).await;
        for expected in [status, status, 200] {
            let answer = sim.get("/api/v2/tokens/me").await;
            assert_eq!(answer.status, expected, "{spec}");
            assert!(answer.headers.contains_key("inin-correlation-id"));
        }
    }
    let sim = with(&["409=1", "413=1"]).await;
    let id = place(&sim);
    let answer = sim.get(&format!("/api/v2/conversations/{id}")).await;
    let customer = answer.body["participants"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/conversations/{id}/participants/{customer}/attributes");
    assert_eq!(sim.ask("PATCH", &path, Some(json!({"attributes": {"a": "1"}}))).await.status, 409);
    assert_eq!(sim.ask("PATCH", &path, Some(json!({"attributes": {"a": "1"}}))).await.status, 202);
}

#[tokio::test]
async fn too_many_requests_with_and_without_a_time() {
    let sim = with(&["429=7"]).await;
    assert_eq!(sim.get("/api/v2/tokens/me").await.headers["retry-after"], "7");
    let sim = with(&["429=none"]).await;
    let answer = sim.get("/api/v2/tokens/me").await;
    assert_eq!(answer.status, 429);
    assert!(!answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn answers_come_late_half_or_not_at_all() {
    let sim = with(&["slow=200ms"]).await;
    let start = Instant::now();
    assert_eq!(sim.get("/api/v2/tokens/me").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(190));

    let sim = with(&["half=1"]).await;
    let half = sim.request(&sim.token, "GET", "/api/v2/tokens/me", None).send().await.unwrap();
    assert!(half.text().await.is_err());
    assert_eq!(sim.get("/api/v2/tokens/me").await.status, 200);

    let sim = with(&["invalid-json=1"]).await;
    let answer = sim.get("/api/v2/tokens/me").await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err());
}

#[tokio::test]
async fn a_lost_answer_is_not_a_lost_write() {
    let sim = with(&["no-answer=1,on=PATCH"]).await;
    let id = place(&sim);
    let answer = sim.get(&format!("/api/v2/conversations/{id}")).await;
    let customer = answer.body["participants"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/conversations/{id}/participants/{customer}/attributes");
    let body = json!({"attributes": {"a": "1"}});
    assert!(sim.request(&sim.token, "PATCH", &path, Some(body)).send().await.is_err());
    let written = async {
        while attribute(&sim.running.rest(id).unwrap(), "customer", "a") != Some("1") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, written).await.expect("it is written");
}

#[tokio::test]
async fn writes_are_lost_or_undone() {
    for (spec, after) in [("lose-patch", None), ("overwrite-back=100ms", Some("before"))] {
        let sim = with(&[spec]).await;
        let id = place(&sim);
        if after.is_some() {
            sim.running.set(id, "customer", [("a", "before")]);
        }
        let answer = sim.get(&format!("/api/v2/conversations/{id}")).await;
        let customer = answer.body["participants"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v2/conversations/{id}/participants/{customer}/attributes");
        let (mut socket, _) = sim.listen(&topic(&sim)).await;
        assert_eq!(sim.ask("PATCH", &path, Some(json!({"attributes": {"a": "1"}}))).await.status, 202);
        if after.is_some() {
            assert_eq!(attribute(&socket.frame().await["eventBody"], "customer", "a"), Some("1"));
            assert_eq!(attribute(&socket.frame().await["eventBody"], "customer", "a"), after);
        } else {
            assert!(socket.is_silent(Duration::from_millis(100)).await);
            assert_eq!(attribute(&sim.running.rest(id).unwrap(), "customer", "a"), None);
        }
    }
}

#[tokio::test]
async fn permissions_can_be_missing() {
    let sim = with(&["deny=routing:queue:view"]).await;
    let answer = sim.get("/api/v2/routing/queues").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.body["messageParams"]["permissions"], "[routing:queue:view]");
    let (id, _) = sim.channel().await;
    assert_eq!(sim.subscribe(&id, &topic(&sim)).await.status, 403);
}
