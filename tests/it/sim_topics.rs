//! Topics beside those of conversations: detail events, flow metrics, what users do, published flows.

use std::time::Duration;

use crate::support::sim::{Sim, assert_event, quiet};
use serde_json::{Value, json};
use sidetone::sim::{AttributeEvents, Placed, SimOptions};

fn detail(id: uuid::Uuid, event: &str) -> String {
    format!("v2.detail.events.conversation.{id}.{event}")
}

fn placed(flow: &str) -> Placed {
    Placed { flow: Some(flow.into()), ..Placed::default() }
}

#[tokio::test]
async fn detail_events_tell_the_life_of_a_call() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed("MainIVR")).unwrap();
    let names = ["flow.end", "acd.start", "acd.end", "user.start", "user.end", "customer.end"];
    let topics: Vec<String> = names.iter().map(|name| detail(id, name)).collect();
    let (mut socket, _) = sim.listen(&topics).await;
    assert!(sim.running.transfer(id, "Billing"));
    let flow = socket.frame().await;
    assert_event(&flow);
    let body = &flow["eventBody"];
    assert_eq!(body["flowId"], sim.running.flow_id("MainIVR").unwrap().to_string());
    assert_eq!((&body["flowVersion"], &body["flowType"]), (&json!("42.0"), &json!("INBOUNDCALL")));
    assert_eq!((&body["exitReason"], &body["transferType"]), (&json!("TRANSFER"), &json!("ACD")));
    let acd = socket.frame().await;
    assert_event(&acd);
    assert_eq!(acd["eventBody"]["queueId"], sim.running.queue_id("Billing").unwrap().to_string());
    sim.running.hang_up(id);
    let mut seen = vec![flow["topicName"].clone(), acd["topicName"].clone()];
    for _ in 0..2 {
        let frame = socket.frame().await;
        assert_event(&frame);
        if frame["topicName"] == detail(id, "acd.end") {
            assert_eq!(frame["eventBody"]["acdOutcome"], "ABANDON");
        }
        seen.push(frame["topicName"].clone());
    }
    assert!(seen.contains(&json!(detail(id, "customer.end"))), "{seen:?}");
}

#[tokio::test]
async fn a_flow_tells_who_enters_and_leaves_it() {
    let sim = Sim::start(quiet()).await;
    let topic = format!("v2.analytics.flow.{}.metrics", sim.running.flow_id("MainIVR").unwrap());
    let (mut socket, _) = sim.listen(std::slice::from_ref(&topic)).await;
    let id = sim.running.place(&placed("MainIVR")).unwrap();
    sim.running.place(&placed("Outage Line")).unwrap();
    let frame = socket.frame().await;
    assert_event(&frame);
    assert_eq!(frame["topicName"], topic);
    let body = &frame["eventBody"];
    assert_eq!((&body["metric"], &body["conversationId"]), (&json!("nFlow"), &json!(id.to_string())));
    assert_eq!((&body["flowVersion"], &body["flowName"]), (&json!("42.0"), &json!("MainIVR")));
    sim.running.hang_up(id);
    for metric in ["tFlow", "tFlowDisconnect"] {
        let frame = socket.frame().await;
        assert_event(&frame);
        assert_eq!(frame["eventBody"]["metric"], metric);
    }
}

/// What agents do while calls come and go: status, presence, membership, summary.
#[tokio::test]
async fn users_and_queue_members_are_told_of() {
    let sim = Sim::start(SimOptions { calls: Some(40), speed: 60.0, ..SimOptions::default() }).await;
    let (users, queues) = sim.running.with_world(|w| (w.directory().users.clone(), w.directory().queues.clone()));
    let mut topics = Vec::new();
    for name in ["presence", "routingStatus", "activity", "conversationsummary"] {
        topics.extend(users.iter().map(|id| format!("v2.users.{id}.{name}")));
    }
    topics.extend(queues.iter().map(|id| format!("v2.routing.queues.{id}.users")));
    let (mut socket, _) = sim.listen(&topics).await;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 5 {
        let frame = socket.frame().await;
        assert_event(&frame);
        seen.insert(frame["topicName"].as_str().unwrap().rsplit('.').next().unwrap().to_owned());
    }
}

#[tokio::test]
async fn a_published_version_is_told_and_served() {
    let sim = Sim::start(quiet()).await;
    let flow = sim.running.flow_id("MainIVR").unwrap();
    let (mut socket, _) = sim.listen(&[format!("v2.flows.{flow}")]).await;
    let path = format!("/api/v2/flows/{flow}");
    let before = sim.get(&format!("{path}/latestconfiguration")).await.body;
    assert_eq!(sim.get(&format!("{path}/versions/43.0")).await.status, 404);
    let old = sim.running.place(&placed("MainIVR")).unwrap();
    assert!(sim.running.publish("MainIVR"));
    let frame = socket.frame().await;
    assert_event(&frame);
    assert_eq!(frame["eventBody"]["publishedVersion"]["id"], "43.0");
    let versions = sim.get(&format!("{path}/versions")).await.body;
    let ids: Vec<&Value> = versions["entities"].as_array().unwrap().iter().map(|version| &version["id"]).collect();
    assert_eq!(ids, ["43.0", "42.0"]);
    let after = sim.get(&format!("{path}/latestconfiguration")).await.body;
    let of = |version: &str| format!("{path}/versions/{version}/configuration");
    assert_eq!(sim.get(&of("42.0")).await.body, before);
    assert_eq!(sim.get(&of("43.0")).await.body, after);
    assert!(before.to_string().contains("contract_type") && !after.to_string().contains("\"contract_type\""));
    assert_eq!(sim.get(&path).await.body["publishedVersion"]["id"], "43.0");
    // Calls keep the version that they entered.
    let new = sim.running.place(&placed("MainIVR")).unwrap();
    for (id, version) in [(old, "42.0"), (new, "43.0")] {
        let details = sim.get(&format!("/api/v2/analytics/conversations/{id}/details")).await.body;
        assert_eq!(details["participants"][1]["sessions"][0]["flow"]["flowVersion"], version);
    }
}

/// Calls look like real ones: the flow's participant is named after the place of the dialled number.
#[tokio::test]
async fn the_flow_of_a_call_cannot_be_read_from_a_name() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed("MainIVR")).unwrap();
    let call = sim.get(&format!("/api/v2/conversations/{id}")).await.body;
    let ivr = &call["participants"][1];
    assert_eq!((&ivr["purpose"], &ivr["name"]), (&json!("ivr"), &json!("Chicago IL")));
    let flow = sim.running.flow_id("MainIVR").unwrap();
    assert_eq!(ivr["address"], format!("sip:{flow}@127.0.0.1;language=en-US;user=ivr"));
}

/// After a transfer out of a queue, the topic of that queue reports the transfer and nothing more.
#[tokio::test]
async fn a_queue_falls_silent_after_a_transfer_out() {
    let sim = Sim::start(quiet()).await;
    let topic = format!("v2.routing.queues.{}.conversations", sim.running.queue_id("Sales").unwrap());
    let (mut socket, _) = sim.listen(&[topic]).await;
    let id = sim.running.place(&Placed { queue: Some("Sales".into()), ..Placed::default() }).unwrap();
    socket.frame().await;
    sim.running.transfer(id, "Retention");
    let last = socket.frame().await;
    let queue = sim.running.queue_id("Retention").unwrap().to_string();
    assert_eq!(last["eventBody"]["participants"][0]["queueId"], queue);
    sim.running.set(id, "customer", [("later", "1")]);
    sim.running.hang_up(id);
    assert!(socket.is_silent(Duration::from_millis(80)).await);
}

#[tokio::test]
async fn the_attributes_event_holds_the_whole_map_or_what_was_written() {
    for (form, expected) in
        [(AttributeEvents::Full, json!({"kept": "1", "new": "x"})), (AttributeEvents::Written, json!({"new": "x"}))]
    {
        let sim = Sim::start(SimOptions { attribute_events: form, ..quiet() }).await;
        let attributes = vec![("kept".to_owned(), "1".to_owned())];
        let id = sim.running.place(&Placed { attributes, ..Placed::default() }).unwrap();
        let (mut socket, _) = sim.listen(&[detail(id, "attributes")]).await;
        sim.running.set(id, "customer", [("new", "x")]);
        let frame = socket.frame().await;
        assert_event(&frame);
        assert_eq!(frame["eventBody"]["attributes"], expected, "{form:?}");
    }
}

/// A second customer comes as an external party whose purpose changes in place.
#[tokio::test]
async fn a_call_can_have_two_customers() {
    let sim = Sim::start(SimOptions { speed: 200.0, ..quiet() }).await;
    let id = sim.running.begin("handed over by another office").unwrap();
    let customers = || {
        let call = sim.running.rest(id).unwrap();
        call["participants"].as_array().unwrap().iter().filter(|p| p["purpose"] == "customer").count()
    };
    let two = async {
        while customers() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), two).await.expect("a second customer");
}
