//! Writing attributes on the simulator.

use std::time::Duration;

use crate::support::sim::{Sim, assert_event, assert_model, attribute, quiet};
use serde_json::{Value, json};
use sidetone::sim::{Placed, Semantics, SimOptions};
use uuid::Uuid;

fn placed() -> Placed {
    Placed {
        queue: Some("Billing".into()),
        agent: true,
        attributes: vec![("kept".into(), "1".into())],
        ..Placed::default()
    }
}

async fn customer(sim: &Sim, conversation: Uuid) -> String {
    let answer = sim.get(&format!("/api/v2/conversations/{conversation}")).await;
    answer.body["participants"][0]["id"].as_str().unwrap().to_owned()
}

/// Reads until the customer's map fits.
async fn read_until(sim: &Sim, conversation: Uuid, fits: impl Fn(&Value) -> bool) -> Value {
    let read = async {
        loop {
            let answer = sim.get(&format!("/api/v2/conversations/{conversation}")).await;
            let map = answer.body["participants"][0]["attributes"].clone();
            if fits(&map) {
                return map;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), read).await.expect("the value in time")
}

#[tokio::test]
async fn a_patch_is_accepted_applied_later_and_announced_everywhere() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed()).unwrap();
    let user = sim.running.with_world(|w| {
        let agent = w.conversation(id).unwrap().participants.iter().find_map(|p| p.user).unwrap();
        w.directory().users[agent]
    });
    let queue = sim.running.queue_id("Billing").unwrap();
    let topics = [
        format!("v2.routing.queues.{queue}.conversations"),
        format!("v2.users.{user}.conversations"),
        format!("v2.routing.queues.{queue}.conversations.calls"),
        format!("v2.detail.events.conversation.{id}.attributes"),
    ];
    let (mut socket, _) = sim.listen(&topics).await;
    let path = format!("/api/v2/conversations/{id}/participants/{}/attributes", customer(&sim, id).await);
    let answer = sim.ask("PATCH", &path, Some(json!({"attributes": {"new": "x"}}))).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
    let mut seen = Vec::new();
    while seen.len() < topics.len() {
        let frame = socket.frame().await;
        assert_event(&frame);
        let topic = frame["topicName"].as_str().unwrap().to_owned();
        if topic == topics[3] {
            assert_eq!(frame["eventBody"]["attributes"], json!({"kept": "1", "new": "x"}));
        } else {
            assert_eq!(attribute(&frame["eventBody"], "customer", "new"), Some("x"));
            assert_eq!(attribute(&frame["eventBody"], "customer", "kept"), Some("1"));
        }
        seen.push(topic);
    }
    seen.sort();
    let mut expected = topics.to_vec();
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn media_families_answer_with_the_map() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed()).unwrap();
    let customer = customer(&sim, id).await;
    let path = |family: &str| format!("/api/v2/conversations/{family}/{id}/participants/{customer}/attributes");
    let body = json!({"attributes": {"a": "b"}});
    let answer = sim.ask("PATCH", &path("calls"), Some(body.clone())).await;
    assert_eq!((answer.status, answer.body), (202, body.clone()));
    assert_eq!(sim.ask("PATCH", &path("messages"), Some(body)).await.status, 404);
}

#[tokio::test]
async fn merging_keeps_other_keys_and_replacing_does_not() {
    for (semantics, kept) in [(Semantics::Merge, true), (Semantics::Replace, false)] {
        let sim = Sim::start(SimOptions { semantics, ..quiet() }).await;
        let id = sim.running.place(&placed()).unwrap();
        let path = format!("/api/v2/conversations/{id}/participants/{}/attributes", customer(&sim, id).await);
        sim.ask("PATCH", &path, Some(json!({"attributes": {"new": "x"}}))).await;
        let map = read_until(&sim, id, |map| map["new"] == "x").await;
        assert_eq!(map.get("kept").is_some(), kept, "{semantics:?}");
    }
}

#[tokio::test]
async fn bodies_are_judged() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed()).unwrap();
    let path = format!("/api/v2/conversations/{id}/participants/{}/attributes", customer(&sim, id).await);
    for body in [json!([1]), json!("text"), json!({"attributes": [1]}), json!({"attributes": {"a": null}})] {
        assert_eq!(sim.ask("PATCH", &path, Some(body.clone())).await.status, 400, "{body}");
    }
    let url = format!("{}{path}", sim.running.api_url);
    let raw = sim.http.patch(&url).bearer_auth(&sim.token).body("{}").send().await.unwrap();
    assert_eq!(raw.status(), 415);
    let json = ("content-type", "application/json");
    let raw = sim.http.patch(&url).bearer_auth(&sim.token).header(json.0, json.1).body("{nope").send().await.unwrap();
    assert_eq!(raw.status(), 400);
    let big = json!({"attributes": {"a": "x".repeat(600_000)}});
    let answer = sim.ask("PATCH", &path, Some(big)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body["message"].as_str().unwrap().contains("Maximum bytes"));
    sim.ask("PATCH", &path, Some(json!({"attributes": {"n": 3, "b": true}}))).await;
    let map = read_until(&sim, id, |map| map.get("n").is_some()).await;
    assert_eq!((map["n"].as_str(), map["b"].as_str()), (Some("3"), Some("true")));
    let nobody = format!("/api/v2/conversations/{id}/participants/{}/attributes", Uuid::nil());
    assert_eq!(sim.ask("PATCH", &nobody, Some(json!({"attributes": {}}))).await.status, 404);
}

#[tokio::test]
async fn a_voice_flow_writes_its_values_back_when_it_ends() {
    let scenario = r#"
        [organization]
        name = "Tiny"
        domain = "tiny.example"
        [[queue]]
        name = "Q"
        [[flow]]
        name = "F"
        [[caller]]
        name = "C"
        number = "+15550100001"
        [[story]]
        name = "voice"
        steps = [
          { at = 0, by = "api", set = { got = "old" } },
          { at = 0, do = "flow", name = "F" },
          { at = 0, set = { mine = "flow" } },
          { at = 0, do = "get", keys = ["got"] },
          { at = "50m", do = "queue", name = "Q" },
          { at = "1h", do = "end" },
        ]
        [[story]]
        name = "message"
        media = "message"
        steps = [
          { at = 0, do = "flow", name = "F" },
          { at = 0, set = { mine = "flow" } },
          { at = "50m", do = "queue", name = "Q" },
          { at = "1h", do = "end" },
        ]
    "#;
    let scenario = sidetone::sim::scenario::parse(scenario).unwrap();
    let sim = Sim::start(SimOptions { scenario, ..quiet() }).await;
    let voice = sim.running.begin("voice").unwrap();
    let message = sim.running.begin("message").unwrap();
    for id in [voice, message] {
        read_until(&sim, id, |map| map["mine"] == "flow").await;
        sim.running.set(id, "customer", [("mine", "edited"), ("got", "edited"), ("other", "edited")]);
        sim.running.hang_up(id);
    }
    let map = |id: Uuid| sim.running.rest(id).unwrap()["participants"][0]["attributes"].clone();
    assert_eq!(map(voice), json!({"got": "old", "mine": "flow", "other": "edited"}));
    // A message flow keeps no list.
    assert_eq!(map(message), json!({"mine": "edited", "got": "edited", "other": "edited"}));
}

#[tokio::test]
async fn the_participant_route_takes_attributes_in_the_tutorials_form_only() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed()).unwrap();
    let path = format!("/api/v2/conversations/{id}/participants/{}", customer(&sim, id).await);
    let body = json!({"attributes": {"new": "x"}});
    // The model of this route has no such member.
    for body in [body.clone(), json!({"held": true, "attributes": {}}), json!({"x": 1}), json!({})] {
        let answer = sim.ask("PATCH", &path, Some(body.clone())).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
    read_until(&sim, id, |map| map.get("new").is_none()).await;

    let sim = Sim::start(SimOptions { tutorial_routes: true, ..quiet() }).await;
    let id = sim.running.place(&placed()).unwrap();
    let path = format!("/api/v2/conversations/{id}/participants/{}", customer(&sim, id).await);
    assert_eq!(sim.ask("PATCH", &path, Some(body.clone())).await.status, 202);
    let map = read_until(&sim, id, |map| map["new"] == "x").await;
    assert!(map.get("kept").is_none(), "the whole map is replaced");
    sim.running.set(id, "customer", [("meanwhile", "1")]);
    assert_eq!(sim.ask("PATCH", &path, Some(body.clone())).await.status, 409);
    customer(&sim, id).await;
    assert_eq!(sim.ask("PATCH", &path, Some(body)).await.status, 202);
}

#[tokio::test]
async fn disconnecting_participants_ends_the_call() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed()).unwrap();
    let path = format!("/api/v2/conversations/{id}/participants/{}", customer(&sim, id).await);
    assert_eq!(sim.ask("PATCH", &path, Some(json!({"state": "disconnected"}))).await.status, 202);
    let answer = sim.get(&format!("/api/v2/conversations/{id}")).await;
    assert!(answer.body["endTime"].is_string());
    assert_eq!(attribute(&answer.body, "customer", "kept"), Some("1"));
}

/// What cannot mean anything is not answered as if it had been written.
#[tokio::test]
async fn a_body_without_attributes_and_a_key_without_a_name_are_refused() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&placed()).unwrap();
    let path = format!("/api/v2/conversations/{id}/participants/{}/attributes", customer(&sim, id).await);
    for body in [
        json!({"x": 1}),
        json!({"data": {"tier": "gold"}}),
        json!({"tier": "gold"}),
        json!({"attributes": {"": "x"}}),
        json!({"attributes": {"tier": "gold", "": ""}}),
        json!({"attributes": []}),
        json!({"attributes": {"tier": "gold"}, "participantId": "x"}),
        json!({}),
        json!([]),
    ] {
        let answer = sim.ask("PATCH", &path, Some(body.clone())).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_model("ErrorBody", &answer.body);
    }
    assert_eq!(sim.ask("PATCH", &path, Some(json!({"attributes": {}}))).await.status, 202);
}
