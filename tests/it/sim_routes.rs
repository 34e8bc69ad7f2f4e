//! Every operation of the platform's published subset: served in its shape, or 404 by decision.

use std::collections::BTreeSet;

use crate::support::sim::{Sim, assert_model, quiet};
use serde_json::{Value, json};
use sidetone::sim::{Placed, SimOptions, SimTuning, tables};

fn operations() -> Vec<(String, String, u16, String)> {
    let schema: Value = serde_json::from_str(include_str!("../schemas/rest.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = schema["operations"].as_array().unwrap().iter();
    list.map(|o| (text(&o["method"]), text(&o["path"]), o["status"].as_u64().unwrap() as u16, text(&o["model"])))
        .collect()
}

/// `{}` for every id in a path.
fn shape(path: &str) -> String {
    let parts = path.trim_start_matches("/api/v2/").split('/');
    parts.map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// A body that an operation takes.
fn body(path: &str) -> Option<Value> {
    let flow = json!({"metrics": [{"metric": "oFlow", "details": true}], "groupBy": ["flowId"]});
    let interval = json!({"interval": "2020-01-01T00:00:00.000Z/2040-01-01T00:00:00.000Z"});
    Some(match path {
        _ if path.ends_with("/subscriptions") => json!([{"id": format!("v2.users.{}.presence", uuid::Uuid::nil())}]),
        _ if path.ends_with("/attributes") => json!({"attributes": {"a": "1"}}),
        _ if path.contains("/participants/") => json!({"muted": true}),
        _ if path.ends_with("/flows/instances/query") => json!({"query": []}),
        _ if path.ends_with("/flows/instances/jobs") => json!({"ids": [uuid::Uuid::nil().to_string()]}),
        _ if path.contains("/conversations/details/") => interval,
        _ if path.ends_with("/conversations/activity/query") => {
            json!({"metrics": [{"metric": "oWaiting", "details": true}], "groupBy": ["queueId"]})
        }
        _ if path.ends_with("/flows/activity/query") => flow,
        _ if path.contains("/observations/") => {
            let (metric, dimension) =
                if path.contains("/flows/") { ("oFlow", "flowId") } else { ("oWaiting", "queueId") };
            let predicate =
                json!({"type": "dimension", "dimension": dimension, "value": uuid::Uuid::nil().to_string()});
            json!({"filter": {"type": "or", "predicates": [predicate]}, "metrics": [metric], "detailMetrics": [metric]})
        }
        _ => return None,
    })
}

/// The id of a run of a flow that is on record.
async fn a_run(sim: &Sim) -> String {
    sim.running.begin("lookup times out").unwrap();
    let search = async {
        loop {
            let body = json!({"query": []});
            let found = sim.ask("POST", "/api/v2/flows/instances/query", Some(body)).await.body;
            if let Some(id) = found["entities"][0]["id"].as_str() {
                return id.to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(180), search).await.expect("a run")
}

#[tokio::test]
async fn every_published_operation_is_served_or_refused_by_decision() {
    let sim =
        Sim::start(SimOptions { speed: 100.0, tuning: SimTuning { rate_limit: 3000, ..quiet().tuning }, ..quiet() })
            .await;
    let placed = |media, queue: &str| Placed {
        media,
        flow: Some("MainIVR".into()),
        queue: Some(queue.into()).filter(|_| !queue.is_empty()),
        attributes: vec![("a".into(), "b".into())],
        ..Placed::default()
    };
    use sidetone::sim::scenario::Media;
    sim.running.place(&placed(Media::Call, "")).unwrap();
    let decided: Vec<_> = tables::decided().collect();
    let user = sim.sign_in().await.body["access_token"].as_str().unwrap().to_owned();
    let run = a_run(&sim).await;
    let render = sim.ask("POST", "/api/v2/flows/instances/jobs", Some(json!({"ids": [run]}))).await;
    let render = render.body["id"].as_str().unwrap().to_owned();
    let mut listed = BTreeSet::new();
    for (method, path, status, model) in operations() {
        if path == "/oauth/token" {
            continue;
        }
        let (shape, deletes) = (shape(&path), method == "DELETE" && path.ends_with("/tokens/me"));
        listed.insert((method.clone(), shape.clone()));
        let refused = decided.iter().find(|(m, p, _)| *m == method && *p == shape);
        let Some((_, _, refused)) = refused else { panic!("{method} {path} is not in the table") };
        let media = match () {
            () if path.contains("/callbacks/") => Media::Callback,
            () if path.contains("/emails/") => Media::Email,
            () if path.contains("/messages/") => Media::Message,
            () => Media::Call,
        };
        let call = sim.running.place(&placed(media, "Billing")).unwrap();
        let participant = sim.running.with_world(|world| world.conversation(call).unwrap().participants[0].id);
        let job = body("/conversations/details/")
            .map(|b| sim.ask("POST", "/api/v2/analytics/conversations/details/jobs", Some(b)));
        let job = job.unwrap().await.body["jobId"].as_str().unwrap().to_owned();
        let filled = [
            ("{conversationId}", call.to_string()),
            ("{participantId}", participant.to_string()),
            ("{channelId}", sim.channel().await.0),
            ("{userId}", sim.running.user_id("Mei Tanaka").unwrap().to_string()),
            ("{queueId}", sim.running.queue_id("Billing").unwrap().to_string()),
            ("{flowId}", sim.running.flow_id("MainIVR").unwrap().to_string()),
            ("{versionId}", "42.0".to_owned()),
            ("{jobId}", if path.contains("/flows/") { render.clone() } else { job }),
            ("{instanceId}", run.clone()),
            ("{flowExecutionId}", uuid::Uuid::nil().to_string()),
        ];
        let mut target = filled.iter().fold(path.clone(), |path, (name, id)| path.replace(name, id));
        match path.as_str() {
            "/api/v2/analytics/conversations/details" => target.push_str(&format!("?id={call}")),
            "/api/v2/flows/lookup" => target.push_str(&format!("?id={}", sim.running.flow_id("MainIVR").unwrap())),
            _ => {}
        }
        let own = sim.form(&[("grant_type", "client_credentials")], true).await;
        let own = own.body["access_token"].as_str().unwrap().to_owned();
        let token = if path.ends_with("/users/me") {
            &user
        } else if deletes {
            &own
        } else {
            &sim.token
        };
        let answer = sim.ask_as(token, &method, &target, body(&path).filter(|_| method != "GET")).await;
        if refused.is_some() {
            assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not.found")), "{method} {path}");
            continue;
        }
        // The success status of this one is not declared.
        let expected = if method == "DELETE" && path.ends_with("/subscriptions") { 204 } else { status };
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text);
        if !model.is_empty() && method != "HEAD" {
            assert_model(&model, &answer.body);
        }
        assert_eq!(answer.headers["inin-ratelimit-allowed"], "3000", "{method} {path}");
    }
    let extra: Vec<_> = decided
        .iter()
        .filter(|(m, p, _)| !listed.contains(&((*m).to_owned(), (*p).to_owned())))
        .map(|(_, p, _)| *p)
        .collect();
    assert_eq!(
        extra,
        [
            "users/search",
            "users/{}/queues",
            "conversations/callbacks",
            "conversations/emails",
            "conversations/messages"
        ],
        "beyond the subset"
    );
}

#[tokio::test]
async fn another_method_is_not_allowed_and_says_which_are() {
    let sim = Sim::start(quiet()).await;
    for (method, path, allow) in [
        ("POST", "/api/v2/routing/queues", "GET"),
        ("DELETE", "/api/v2/notifications/channels", "GET, POST"),
        ("GET", "/api/v2/analytics/conversations/details/query", "POST"),
    ] {
        let answer = sim.ask(method, path, None).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (405, Some("method.not.allowed")), "{method} {path}");
        assert_eq!(answer.headers["allow"], allow);
        assert_model("ErrorBody", &answer.body);
    }
}

#[tokio::test]
async fn every_answer_names_the_rate_limit() {
    let sim = Sim::start(SimOptions { faults: vec!["500=1".parse().unwrap()], ..quiet() }).await;
    let failed = sim.get("/api/v2/users").await;
    assert_eq!((failed.status, failed.headers["inin-ratelimit-allowed"].to_str().unwrap()), (500, "300"));
    for token in ["wrong", ""] {
        let answer = sim.ask_as(token, "GET", "/api/v2/users", None).await;
        assert_eq!(answer.status, 401);
        for name in ["inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset"] {
            assert!(answer.headers.contains_key(name), "{name}");
        }
    }
}
