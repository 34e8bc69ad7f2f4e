//! Filters of listings and analytics queries on the simulator: heeded, or refused with 400.

use crate::support::sim::{Sim, assert_model, quiet};
use serde_json::{Value, json};
use sidetone::sim::{Placed, SimOptions, SimTuning, scenario::Media};

fn names(answer: &Value) -> Vec<&str> {
    answer["entities"].as_array().unwrap().iter().map(|entity| entity["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn listings_heed_their_filters() {
    let sim = Sim::start(quiet()).await;
    let division = sim.running.with_world(|world| world.directory().division);
    let nil = uuid::Uuid::nil();
    let two = format!("id={}&id={}", sim.running.queue_id("Sales").unwrap(), sim.running.queue_id("Billing").unwrap());
    for (path, expected) in [
        (format!("routing/queues?divisionId={division}"), 7),
        (format!("routing/queues?divisionId={nil}"), 0),
        (format!("routing/queues?peerId={nil}"), 0),
        ("routing/queues?hasPeer=true".into(), 0),
        ("routing/queues?hasPeer=false".into(), 7),
        (format!("routing/queues?{two}"), 2),
        ("users?state=inactive".into(), 0),
        ("users?state=any".into(), 8),
        (format!("users?jabberId={nil}@x"), 0),
        ("flows?type=inboundcall".into(), 3),
        ("flows?lockedBy=x".into(), 0),
        ("flows?secure=published".into(), 0),
        ("flows?secure=any".into(), 5),
        ("flows?description=Sorts*".into(), 1),
        ("flows?nameOrDescription=*customer%20lookup".into(), 1),
        ("flows?publishedAfter=2040-01-01T00:00:00.000Z".into(), 0),
        ("flows?publishedBefore=2040-01-01T00:00:00.000Z".into(), 5),
        ("flows?publishVersionId=42.0".into(), 1),
        (format!("flows?divisionId={nil}"), 0),
    ] {
        let answer = sim.get(&format!("/api/v2/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.body["total"], expected, "{path}");
    }
    let up = sim.get("/api/v2/users?sortOrder=ascending").await.body;
    let down = sim.get("/api/v2/users?sortOrder=descending").await.body;
    let mut reversed = names(&down);
    reversed.reverse();
    assert_eq!(names(&up), reversed);
    assert_eq!(names(&up)[0], "Aoife Kearns");
    let jabber = up["entities"][2]["chat"]["jabberId"].as_str().unwrap();
    let found = sim.get(&format!("/api/v2/users?jabberId={jabber}")).await.body;
    assert_eq!(names(&found), [names(&up)[2]]);
}

#[tokio::test]
async fn what_a_listing_cannot_heed_is_refused() {
    let sim = Sim::start(quiet()).await;
    for path in [
        "routing/queues?sortOrder=up",
        "routing/queues?hasPeer=maybe",
        "routing/queues?expand=identityresolution",
        "routing/queues/divisionviews?pageNumber=6",
        "routing/queues/divisionviews?pageSize=101",
        "routing/queues/divisionviews?sortBy=size",
        "users?state=gone",
        "users?sortOrder=up",
        "users?expand=geolocation",
        "users?integrationPresenceSource=ZoomPhone",
        "flows?type=INBOUND",
        "flows?publishedAfter=yesterday",
        "flows?sortBy=size",
        "flows?includeSchemas=true",
        "flows/lookup",
        "conversations?pageSize=-1",
        "conversations?pageNumber=0",
        "conversations/calls?pageSize=x",
        "users/me?pageSize=0",
        "routing/queues/me?pageSize=-1",
        "notifications/channels?pageSize=-1",
        "tokens/me?preserveIdleTTL=maybe",
    ] {
        let answer = sim.get(&format!("/api/v2/{path}")).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert_model("ErrorBody", &answer.body);
    }
}

#[tokio::test]
async fn a_user_is_expanded() {
    let sim = Sim::start(quiet()).await;
    let token = sim.sign_in().await.body["access_token"].as_str().unwrap().to_owned();
    let path =
        "/api/v2/users/me?expand=presence,routingStatus,organization,station,conversationSummary&expand=groups,date";
    let me = sim.ask_as(&token, "GET", path, None).await;
    assert_model("UserMe", &me.body);
    assert_eq!(me.body["routingStatus"]["status"], "IDLE");
    assert_eq!(me.body["presence"]["presenceDefinition"]["systemPresence"], "ON_QUEUE");
    assert_eq!(me.body["organization"]["name"], "Halden Home Services");
    assert_eq!(sim.ask_as(&token, "GET", "/api/v2/users/me?expand=nonsense", None).await.status, 400);
}

#[tokio::test]
async fn analytics_takes_no_nonsense() {
    let sim = Sim::start(quiet()).await;
    let interval = "2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z";
    let filter = |predicate: Value| json!({"type": "and", "predicates": [predicate]});
    let predicate =
        |dimension: &str| json!({"type": "dimension", "dimension": dimension, "operator": "matches", "value": "x"});
    let details = [
        json!({}),
        json!({"interval": "yesterday"}),
        json!({"interval": "2026-01-02T00:00:00.000Z/2026-01-01T00:00:00.000Z"}),
        json!({"interval": interval, "order": "up"}),
        json!({"interval": interval, "orderBy": "name"}),
        json!({"interval": interval, "paging": {"pageSize": 101, "pageNumber": 1}}),
        json!({"interval": interval, "paging": {"pageSize": "10", "pageNumber": 1}}),
        json!({"interval": interval, "segmentFilters": [filter(predicate("colour"))]}),
        json!({"interval": interval, "segmentFilters": [filter(predicate("conversationEnd"))]}),
        json!({"interval": interval, "conversationFilters": [filter(predicate("queueId"))]}),
        json!({"interval": interval, "segmentFilters": [{"type": "xor", "predicates": []}]}),
        json!({"interval": interval, "segmentFilters": [filter(json!({"dimension": "queueId", "operator": "like", "value": "x"}))]}),
        json!({"interval": interval, "segmentFilters": [filter(json!({"dimension": "queueId"}))]}),
        json!({"interval": interval, "surveyFilters": [filter(predicate("x"))]}),
        // Filters that filter by nothing.
        json!({"interval": interval, "segmentFilters": [{"type": "and"}]}),
        json!({"interval": interval, "segmentFilters": [{"type": "and", "predicates": []}]}),
        json!({"interval": interval, "segmentFilters": [{"type": "or", "clauses": []}]}),
        json!({"interval": interval, "segmentFilters": [{"type": "and", "clauses": [{"type": "or"}]}]}),
        json!({"interval": interval, "conversationFilters": [{"type": "and", "predicates": [], "clauses": []}]}),
        json!({"interval": interval, "paging": {"pageSize": 0, "pageNumber": 1}}),
        json!({"interval": interval, "paging": {"pageSize": 10, "pageNumber": 0}}),
        // What nobody would apply: other members than the model's, and other shapes.
        json!({"interval": interval, "zzzFilters": [filter(predicate("conversationEnd"))]}),
        json!({"interval": interval, "segmentfilters": [filter(predicate("queueId"))]}),
        json!({"interval": interval, "segmentFilters": filter(predicate("queueId"))}),
        json!({"interval": interval, "surveyFilters": {}}),
        json!({"interval": interval, "paging": []}),
        json!({"interval": interval, "paging": {"pageSize": 10, "page": 1}}),
        json!({"interval": interval, "segmentFilters": [{"type": "and", "predicate": []}]}),
        json!({"interval": interval, "segmentFilters": [filter(json!({"dimension": "queueId", "valu": "x"}))]}),
    ];
    for body in details {
        for path in ["details/query", "details/jobs"] {
            if !body["paging"].is_null() && path == "details/jobs" {
                continue;
            }
            let answer = sim.ask("POST", &format!("/api/v2/analytics/conversations/{path}"), Some(body.clone())).await;
            assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text);
            assert_model("ErrorBody", &answer.body);
        }
    }
    let flows = [
        json!({"metrics": [{"metric": "oFlow"}]}),
        json!({"metrics": [], "groupBy": []}),
        json!({"metrics": [{"metric": "oWaiting"}], "groupBy": []}),
        json!({"metrics": [{"metric": "oFlow"}], "groupBy": ["colour"]}),
        json!({"metrics": [{"metric": "oFlow"}], "groupBy": [], "filter": filter(predicate("colour"))}),
        json!({"metrics": [{"metric": "oFlow"}], "groupBy": [], "order": "up"}),
        json!({"metrics": [{"metric": "oFlow"}], "groupBy": [], "filter": {"type": "and"}}),
        json!({"metrics": [{"metric": "oFlow"}], "groupBy": [], "interval": interval}),
        json!({"metrics": [{"metric": "oFlow", "detail": true}], "groupBy": []}),
    ];
    for body in flows {
        let answer = sim.ask("POST", "/api/v2/analytics/flows/activity/query", Some(body.clone())).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
    for (path, body) in [
        ("queues", json!({"metrics": ["oWaiting"]})),
        ("queues", json!({"metrics": ["oSomething"], "filter": {"type": "or"}})),
        ("queues", json!({"metrics": ["oWaiting"], "filter": filter(predicate("flowId"))})),
        ("flows", json!({"metrics": ["oWaiting"], "filter": {"type": "or"}})),
        ("flows", json!({"metrics": ["oFlow"], "filter": {"type": "or"}, "groupBy": ["zzz"]})),
        ("queues", json!({"metrics": ["oWaiting"], "filter": {"type": "or"}, "order": "zzz"})),
        (
            "queues",
            json!({"metrics": ["oWaiting"], "filter": {"type": "or"}, "interval": "2026-01-02T00:00:00.000Z/2026-01-01T00:00:00.000Z"}),
        ),
    ] {
        let answer = sim.ask("POST", &format!("/api/v2/analytics/{path}/observations/query"), Some(body.clone())).await;
        assert_eq!(answer.status, 400, "{path} {body}");
    }
}

fn in_flow(flow: &str) -> Placed {
    Placed { flow: Some(flow.into()), ..Placed::default() }
}

/// One request names the live calls of several flows, whatever else goes on.
#[tokio::test]
async fn the_calls_of_flows_are_found_at_once() {
    let sim = Sim::start(SimOptions { tuning: SimTuning { observations: 4, ..quiet().tuning }, ..quiet() }).await;
    let ivr: Vec<String> = (0..6).map(|_| sim.running.place(&in_flow("MainIVR")).unwrap().to_string()).collect();
    let outage = sim.running.place(&in_flow("Outage Line")).unwrap().to_string();
    sim.running.place(&in_flow("Billing Self Service")).unwrap();
    sim.running.place(&Placed { queue: Some("Billing".into()), ..in_flow("MainIVR") }).unwrap();
    let id = |name: &str| sim.running.flow_id(name).unwrap().to_string();
    let wanted = ["MainIVR", "Outage Line"]
        .map(id)
        .map(|id| json!({"type": "dimension", "dimension": "flowId", "operator": "matches", "value": id}));
    let filter = json!({"type": "or", "predicates": wanted});
    let body = json!({"metrics": [{"metric": "oFlow", "details": true}], "groupBy": ["flowId"], "filter": filter});
    let answer = sim.ask("POST", "/api/v2/analytics/flows/activity/query", Some(body)).await;
    assert_model("FlowActivityResponse", &answer.body);
    let results = answer.body["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "a flow without calls has no group");
    let of = |name: &str| results.iter().find(|result| result["group"]["flowId"] == id(name)).unwrap();
    assert_eq!((&of("MainIVR")["data"][0]["count"], &of("MainIVR")["truncated"]), (&json!(6), &json!(true)));
    let shown: Vec<&str> =
        of("MainIVR")["entities"].as_array().unwrap().iter().map(|e| e["conversationId"].as_str().unwrap()).collect();
    assert_eq!(shown, [&ivr[0], &ivr[1], &ivr[4], &ivr[5]], "the oldest and the newest");
    assert_eq!(of("Outage Line")["entities"][0]["conversationId"], outage);
    assert_eq!(of("Outage Line")["truncated"], false);

    let body = json!({"metrics": ["oFlow"], "detailMetrics": ["oFlow"], "filter": filter});
    let answer = sim.ask("POST", "/api/v2/analytics/flows/observations/query", Some(body)).await;
    assert_model("FlowObservationQueryResponse", &answer.body);
    assert_eq!(answer.body["results"].as_array().unwrap().len(), 2);

    let segments = json!([{"type": "and", "predicates": [
        {"dimension": "flowId", "value": id("Outage Line")}, {"dimension": "flowVersion", "value": "15.0"}]}]);
    let body = json!({"interval": "2020-01-01T00:00:00.000Z/2040-01-01T00:00:00.000Z", "segmentFilters": segments});
    let answer = sim.ask("POST", "/api/v2/analytics/conversations/details/query", Some(body)).await;
    assert_eq!(answer.body["totalHits"], 1);
    let session = &answer.body["conversations"][0]["participants"][1]["sessions"][0];
    assert_eq!(
        (&session["flow"]["flowName"], &session["flow"]["flowVersion"]),
        (&json!("Outage Line"), &json!("15.0"))
    );
}

#[tokio::test]
async fn only_a_job_tells_attributes() {
    let sim = Sim::start(quiet()).await;
    let placed =
        Placed { attributes: vec![("tier".into(), "gold".into())], queue: Some("Billing".into()), ..Placed::default() };
    let ids: Vec<String> = (0..3).map(|_| sim.running.place(&placed).unwrap().to_string()).collect();
    let body = json!({"interval": "2020-01-01T00:00:00.000Z/2040-01-01T00:00:00.000Z", "order": "asc"});
    let base = "/api/v2/analytics/conversations/details";
    let query = sim.ask("POST", &format!("{base}/query"), Some(body.clone())).await;
    assert!(!query.text.contains("gold"));
    let job = sim.ask("POST", &format!("{base}/jobs"), Some(body)).await;
    assert_eq!(job.status, 202);
    let path = format!("{base}/jobs/{}", job.body["jobId"].as_str().unwrap());
    assert_eq!(sim.get(&path).await.body["state"], "FULFILLED");
    let first = sim.get(&format!("{path}/results?pageSize=2")).await.body;
    assert_model("AnalyticsConversationAsyncQueryResponse", &first);
    assert_eq!(first["conversations"][0]["participants"][0]["attributes"]["tier"], "gold");
    let cursor = first["cursor"].as_str().unwrap();
    let second = sim.get(&format!("{path}/results?pageSize=2&cursor={cursor}")).await.body;
    assert_eq!(second["conversations"].as_array().unwrap().len(), 1);
    assert!(second.get("cursor").is_none());
    assert_eq!(sim.get(&format!("{path}/results?cursor=x")).await.status, 400);
    assert_eq!(sim.get(&format!("{base}/jobs/{}", uuid::Uuid::nil())).await.status, 404);
    let several = sim.get(&format!("{base}?id={}&id={},{}", ids[0], ids[1], uuid::Uuid::nil())).await.body;
    assert_eq!(several["conversations"].as_array().unwrap().len(), 2);
}

/// A callback's customer has no address; the number stands in the callback.
#[tokio::test]
async fn the_number_of_a_callback_stands_in_the_callback() {
    let sim = Sim::start(quiet()).await;
    let placed = Placed { media: Media::Callback, queue: Some("Callbacks".into()), ..Placed::default() };
    let id = sim.running.place(&placed).unwrap();
    let call = sim.get(&format!("/api/v2/conversations/{id}")).await.body;
    let customer = &call["participants"][0];
    assert!(customer.get("address").is_none() && customer.get("ani").is_none(), "{customer:#}");
    assert!(customer["callbacks"][0]["callbackNumbers"][0].as_str().unwrap().starts_with("+1555"));
    assert_eq!(customer["queueName"], "Callbacks");
}

#[tokio::test]
async fn a_search_for_users_takes_pages_that_there_can_be() {
    let sim = Sim::start(quiet()).await;
    let search = |paging: Value| {
        let mut body = json!({"query": []});
        body.as_object_mut().unwrap().extend(paging.as_object().unwrap().clone());
        body
    };
    for paging in [
        json!({"pageSize": 0}),
        json!({"pageSize": 101}),
        json!({"pageSize": -1}),
        json!({"pageSize": "25"}),
        json!({"pageNumber": 0}),
        json!({"pageNumber": 1.5}),
    ] {
        let answer = sim.ask("POST", "/api/v2/users/search", Some(search(paging.clone()))).await;
        assert_eq!(answer.status, 400, "{paging}: {}", answer.text);
    }
    let answer = sim.ask("POST", "/api/v2/users/search", Some(search(json!({"pageSize": 1, "pageNumber": 2})))).await;
    assert_eq!((answer.status, answer.body["pageNumber"].as_u64()), (200, Some(2)));
}
