//! Everything that the simulator says fits the platform's published models, with no field of its own.

use std::collections::HashSet;

use crate::support::sim::{Sim, assert_event, assert_model, quiet};
use serde_json::{Value, json};
use sidetone::sim::{Placed, SimOptions, scenario::Media};

fn details() -> Value {
    json!({"interval": "2020-01-01T00:00:00.000Z/2040-01-01T00:00:00.000Z", "order": "desc", "orderBy": "conversationStart",
        "paging": {"pageSize": 100, "pageNumber": 1}})
}

#[tokio::test]
async fn every_response_fits_its_model() {
    let sim = Sim::start(SimOptions { calls: Some(40), speed: 20.0, ..SimOptions::default() }).await;
    let (channel, _) = sim.channel().await;
    let queue = sim.running.queue_id("Billing").unwrap();
    let flow = sim.running.flow_id("MainIVR").unwrap();
    let user = sim.running.user_id("Priya Nandal").unwrap();
    let topic = format!("v2.routing.queues.{queue}.conversations");
    let expand = "description,enforced,schema,visibility,transports,publicApiTemplateUriPaths,requiresPermissions,\
                  permissionDetails,topicParameters";
    let observation = json!({"filter": {"type": "or", "predicates": [{"type": "dimension", "dimension": "queueId",
        "value": queue.to_string()}]}, "metrics": ["oWaiting", "oInteracting"], "detailMetrics": ["oWaiting", "oInteracting"]});
    let activity =
        json!({"metrics": [{"metric": "oWaiting", "details": true}, {"metric": "oInteracting"}], "groupBy": []});
    let subscriptions = format!("/api/v2/notifications/channels/{channel}/subscriptions");
    let requests: Vec<(&str, String, Option<Value>, &str)> = vec![
        ("GET", "/api/v2/tokens/me".into(), None, "TokenInfo"),
        ("GET", "/api/v2/oauth/scopes".into(), None, "OAuthScopeListing"),
        ("GET", "/api/v2/authorization/subjects/me".into(), None, "AuthzSubject"),
        ("GET", "/api/v2/organizations/me".into(), None, "Organization"),
        ("GET", "/api/v2/users?pageSize=3&pageNumber=2".into(), None, "UserEntityListing"),
        ("GET", format!("/api/v2/users/{user}"), None, "User"),
        ("GET", "/api/v2/notifications/availabletopics".into(), None, "AvailableTopicEntityListing"),
        ("GET", format!("/api/v2/notifications/availabletopics?expand={expand}"), None, "AvailableTopicEntityListing"),
        ("GET", "/api/v2/notifications/channels".into(), None, "ChannelEntityListing"),
        ("POST", "/api/v2/notifications/channels".into(), None, "Channel"),
        ("POST", subscriptions.clone(), Some(json!([{"id": topic}])), "ChannelTopicEntityListing"),
        (
            "POST",
            format!("{subscriptions}?ignoreErrors=true"),
            Some(json!([{"id": "v2.nothing"}])),
            "ChannelTopicEntityListing",
        ),
        ("GET", subscriptions, None, "ChannelTopicEntityListing"),
        ("GET", "/api/v2/conversations".into(), None, "ConversationEntityListing"),
        ("GET", "/api/v2/conversations/calls".into(), None, "CallConversationEntityListing"),
        (
            "POST",
            "/api/v2/analytics/conversations/details/query".into(),
            Some(details()),
            "AnalyticsConversationQueryResponse",
        ),
        (
            "POST",
            "/api/v2/analytics/queues/observations/query".into(),
            Some(observation),
            "QueueObservationQueryResponse",
        ),
        (
            "POST",
            "/api/v2/analytics/conversations/activity/query?pageSize=10".into(),
            Some(activity),
            "ConversationActivityResponse",
        ),
        ("GET", "/api/v2/routing/queues?pageSize=2&pageNumber=2".into(), None, "QueueEntityListing"),
        ("GET", "/api/v2/routing/queues/divisionviews?name=*support".into(), None, "QueueEntityListing"),
        ("GET", "/api/v2/routing/queues/me".into(), None, "UserQueueEntityListing"),
        ("GET", format!("/api/v2/routing/queues/{queue}"), None, "Queue"),
        ("GET", "/api/v2/flows?type=inboundcall&sortBy=name&sortOrder=desc".into(), None, "FlowEntityListing"),
        ("GET", "/api/v2/flows/divisionviews".into(), None, "FlowDivisionViewEntityListing"),
        ("GET", format!("/api/v2/flows/{flow}"), None, "Flow"),
        ("GET", format!("/api/v2/flows/{flow}/versions"), None, "FlowVersionEntityListing"),
    ];
    for (method, path, body, model) in requests {
        let answer = sim.ask(method, &path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        assert_model(model, &answer.body);
        assert!(uuid::Uuid::parse_str(answer.headers["inin-correlation-id"].to_str().unwrap()).is_ok());
        assert_eq!(answer.headers["inin-ratelimit-allowed"], "300");
    }
    let token = sim.sign_in().await.body["access_token"].as_str().unwrap().to_owned();
    for (path, model) in [
        ("/api/v2/users/me", "UserMe"),
        ("/api/v2/conversations", "ConversationEntityListing"),
        ("/api/v2/routing/queues/me", "UserQueueEntityListing"),
        ("/api/v2/tokens/me", "TokenInfo"),
    ] {
        assert_model(model, &sim.ask_as(&token, "GET", path, None).await.body);
    }
}

#[tokio::test]
async fn conversations_of_every_medium_fit_both_rest_families() {
    let sim = Sim::start(quiet()).await;
    for (media, family, model) in [
        (Media::Call, Some("calls"), "CallConversation"),
        (Media::Callback, Some("callbacks"), "CallbackConversation"),
        (Media::Message, Some("messages"), "MessageConversation"),
        (Media::Email, Some("emails"), "EmailConversation"),
        (Media::Chat, None, ""),
    ] {
        let placed = Placed {
            media,
            flow: Some("MainIVR".into()),
            queue: Some("Billing".into()),
            agent: true,
            attributes: vec![("a".into(), "b".into())],
            ..Placed::default()
        };
        let id = sim.running.place(&placed).unwrap();
        for ended in [false, true] {
            if ended {
                sim.running.hang_up(id);
            }
            let answer = sim.get(&format!("/api/v2/conversations/{id}")).await;
            assert_model("Conversation", &answer.body);
            assert_eq!(answer.body["endTime"].is_string(), ended);
            let answer = sim.get(&format!("/api/v2/analytics/conversations/{id}/details")).await;
            assert_model("AnalyticsConversationWithoutAttributes", &answer.body);
            if let Some(family) = family {
                let answer = sim.get(&format!("/api/v2/conversations/{family}/{id}")).await;
                assert_model(model, &answer.body);
                assert_eq!(answer.body["participants"][0]["attributes"]["a"], "b");
            }
        }
        let wrong = if media == Media::Email { "calls" } else { "emails" };
        assert_eq!(sim.get(&format!("/api/v2/conversations/{wrong}/{id}")).await.status, 404);
    }
}

#[tokio::test]
async fn every_event_fits_its_topic() {
    let sim = Sim::start(SimOptions { calls: Some(40), speed: 30.0, ..SimOptions::default() }).await;
    let mut topics = Vec::new();
    let (queues, users, live) = sim.running.with_world(|world| {
        let live: Vec<uuid::Uuid> = world.live().map(|c| c.id).collect();
        (world.directory().queues.clone(), world.directory().users.clone(), live)
    });
    for suffix in ["", ".calls", ".callbacks", ".messages", ".emails"] {
        topics.extend(queues.iter().map(|id| format!("v2.routing.queues.{id}.conversations{suffix}")));
        topics.extend(users.iter().map(|id| format!("v2.users.{id}.conversations{suffix}")));
    }
    topics.extend(live.iter().map(|id| format!("v2.detail.events.conversation.{id}.attributes")));
    let (mut socket, _) = sim.listen(&topics).await;
    let mut seen = HashSet::new();
    let kinds = 11;
    for _ in 0..4000 {
        let frame = socket.frame().await;
        assert_event(&frame);
        let topic = frame["topicName"].as_str().unwrap();
        seen.insert(topic.split('.').filter(|part| part.len() != 36).collect::<Vec<_>>().join("."));
        if seen.len() == kinds {
            break;
        }
    }
    assert_eq!(seen.len(), kinds, "{seen:?}");
}

#[tokio::test]
async fn errors_fit_the_error_body() {
    let sim = Sim::start(quiet()).await;
    let nobody = uuid::Uuid::nil();
    for (method, path, body, status, code) in [
        ("GET", format!("/api/v2/conversations/{nobody}"), None, 404, "not.found"),
        ("GET", "/api/v2/conversations/nonsense".into(), None, 404, "not.found"),
        ("GET", format!("/api/v2/flows/{nobody}"), None, 404, "architect.flow.not.found"),
        ("GET", "/api/v2/users/me".into(), None, 400, "bad.request"),
        ("GET", "/api/v2/routing/queues?pageSize=1000".into(), None, 400, "invalid.value"),
        ("POST", "/api/v2/analytics/conversations/details/query".into(), Some(json!({})), 400, "bad.request"),
        ("GET", "/api/v2/nothing".into(), None, 404, "not.found"),
    ] {
        let answer = sim.ask(method, &path, body).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{path}");
        assert_model("ErrorBody", &answer.body);
        assert_eq!(answer.body["contextId"].as_str(), answer.headers["inin-correlation-id"].to_str().ok());
    }
    for (token, code) in [("wrong", "bad.credentials")] {
        let answer = sim.ask_as(token, "GET", "/api/v2/tokens/me", None).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some(code)));
        assert_model("ErrorBody", &answer.body);
    }
    let answer = sim.http.get(format!("{}/api/v2/tokens/me", sim.running.api_url)).send().await.unwrap();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["code"], "authentication.required");
}
