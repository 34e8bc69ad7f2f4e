//! Execution data: what a flow did on a call, asked for as on the platform.

use std::time::Duration;

use crate::support::sim::{Sim, assert_event, assert_model, quiet};
use serde_json::{Value, json};
use sidetone::sim::SimOptions;

fn hurried(faults: &[&str]) -> SimOptions {
    SimOptions { speed: 100.0, faults: faults.iter().map(|spec| spec.parse().unwrap()).collect(), ..quiet() }
}

/// A call that follows the story until its flow has ended.
async fn played(sim: &Sim, story: &str) -> uuid::Uuid {
    let id = sim.running.begin(story).unwrap();
    let ended = || {
        let call = sim.running.rest(id).unwrap();
        let mut flows = call["participants"].as_array().unwrap().iter().filter(|p| p["purpose"] == "ivr");
        flows.any(|p| p["endTime"].is_string())
    };
    let wait = async {
        while !ended() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), wait).await.expect("the flow ends");
    id
}

async fn found(sim: &Sim, key: &str, value: &str) -> Vec<Value> {
    let body = json!({"query": [{"criteria": {"key": key, "operator": "eq", "value": value}}]});
    let answer = sim.ask("POST", "/api/v2/flows/instances/query?pageSize=200", Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_model("FlowResultEntityListing", &answer.body);
    answer.body["entities"].as_array().unwrap().clone()
}

/// The document of a run, by job and download.
async fn document(sim: &Sim, id: &str) -> Value {
    let job = sim.ask("POST", "/api/v2/flows/instances/jobs", Some(json!({"ids": [id]}))).await;
    assert_model("GetFlowExecutionDataJobResult", &job.body);
    let path = format!("/api/v2/flows/instances/jobs/{}", job.body["id"].as_str().unwrap());
    let done = sim.get(&path).await;
    assert_model("GetFlowExecutionDataJobResult", &done.body);
    assert_eq!(done.body["jobState"], "Success");
    let uri = done.body["entities"][0]["downloadUri"].as_str().unwrap().to_owned();
    // The address is signed; a token is not needed and another signature does not do.
    let text = sim.http.get(&uri).send().await.unwrap().text().await.unwrap();
    let forged = sim.http.get(format!("{}x", uri)).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    serde_json::from_str(&text).unwrap()
}

/// Kinds of the entries, in order.
fn kinds(document: &Value) -> Vec<&str> {
    let entries = document["flow"]["execution"].as_array().unwrap();
    entries.iter().map(|entry| entry.as_object().unwrap().keys().next().unwrap().as_str()).collect()
}

fn entry<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    let mut entries = document["flow"]["execution"].as_array().unwrap().iter();
    entries.find_map(|entry| entry.as_object().unwrap().values().find(|e| e["actionName"] == name))
}

#[tokio::test]
async fn a_run_is_found_and_tells_what_it_set() {
    let sim = Sim::start(hurried(&[])).await;
    let flow = sim.running.flow_id("MainIVR").unwrap();
    let (mut socket, _) = sim.listen(&[format!("v2.flows.instances.flow.{flow}")]).await;
    let id = played(&sim, "billing question").await;
    let frame = socket.frame().await;
    assert_event(&frame);
    assert_eq!(frame["eventBody"]["conversationId"], id.to_string());
    let runs = found(&sim, "ConversationId", &id.to_string()).await;
    assert_eq!(runs.len(), 1);
    assert_eq!((&runs[0]["flowVersion"], &runs[0]["flowName"]), (&json!("42.0"), &json!("MainIVR")));
    assert_eq!(runs[0]["id"], frame["eventBody"]["executionId"]);
    let document = document(&sim, runs[0]["id"].as_str().unwrap()).await;
    assert_eq!(document["flow"]["flowVersion"], "42.0");
    let kinds = kinds(&document);
    assert_eq!((kinds[0], kinds[1]), ("startedFlow", "startedTask"));
    assert_eq!(kinds[kinds.len() - 2..], ["endedTask", "endedFlow"]);
    assert!(kinds.contains(&"actionTransferToAcd"), "{kinds:?}");
    assert_eq!(entry(&document, "Find customer").unwrap()["outputPathId"], "__SUCCESS__");
    // What it says is what is on the call, and where the configuration has it.
    let customer = sim.running.rest(id).unwrap()["participants"][0]["attributes"].clone();
    let set = entry(&document, "Set Customer Data").unwrap();
    let tier = set["inputData"]["attributes"].as_array().unwrap().iter().find(|a| a["inputName"] == "customer_tier");
    assert_eq!(tier.unwrap()["value"], customer["customer_tier"]);
    let configuration = sim.get(&format!("/api/v2/flows/{flow}/versions/42.0/configuration")).await.body;
    let tasks = configuration["flowSequenceItemList"].as_array().unwrap().iter();
    let mut actions = tasks.flat_map(|task| task["actionList"].as_array().into_iter().flatten());
    let action = actions.find(|action| action["id"] == set["actionId"]).expect("the action is in the configuration");
    assert_eq!((&action["name"], &action["trackingId"]), (&set["actionName"], &set["trackingId"]));
}

#[tokio::test]
async fn a_lookup_that_timed_out_is_on_record() {
    let sim = Sim::start(hurried(&[])).await;
    let id = played(&sim, "lookup times out").await;
    let runs = found(&sim, "ConversationId", &id.to_string()).await;
    let document = document(&sim, runs[0]["id"].as_str().unwrap()).await;
    assert_eq!(entry(&document, "Find customer").unwrap()["outputPathId"], "__TIMEOUT__");
    assert!(entry(&document, "Set Customer Data").is_none());
    assert!(entry(&document, "Set Lookup Timeout").is_some());
}

#[tokio::test]
async fn execution_data_can_be_off_stale_late_cut_or_forbidden() {
    for (fault, runs) in
        [("execution-off", 0), ("execution-stale", 0), ("execution-late=1h", 0), ("execution-truncated", 1)]
    {
        let sim = Sim::start(hurried(&[fault])).await;
        let id = played(&sim, "lookup times out").await;
        let seen = found(&sim, "ConversationId", &id.to_string()).await;
        assert_eq!(seen.len(), runs, "{fault}");
        let setting = sim.get("/api/v2/flows/instances/settings/executiondata").await.body;
        assert_eq!(setting["enabled"], fault != "execution-off");
        if let Some(run) = seen.first() {
            let document = document(&sim, run["id"].as_str().unwrap()).await;
            assert_eq!(document["flow"]["isTruncated"], true);
            assert!(!kinds(&document).contains(&"endedFlow"));
        }
    }
    let sim = Sim::start(hurried(&["deny=architect:flowInstance:search"])).await;
    let body = json!({"query": []});
    assert_eq!(sim.ask("POST", "/api/v2/flows/instances/query", Some(body)).await.status, 403);
}

#[tokio::test]
async fn a_query_takes_no_nonsense() {
    let sim = Sim::start(quiet()).await;
    let criterion = |key: &str, operator: &str, value: &str| json!({"query": [{"and": [{"key": key, "operator": operator, "value": value}]}]});
    sim.running.begin("lookup times out").unwrap();
    assert_eq!(sim.ask("POST", "/api/v2/flows/instances/query", Some(json!({}))).await.status, 400);
    assert_eq!(
        sim.ask("POST", "/api/v2/flows/instances/query?pageSize=201", Some(json!({"query": []}))).await.status,
        400
    );
    assert_eq!(sim.ask("POST", "/api/v2/flows/instances/jobs", Some(json!({"ids": []}))).await.status, 400);
    let body = criterion("FlowStartDateTime", "gte", "2020-01-01T00:00:00.000Z");
    assert_eq!(sim.ask("POST", "/api/v2/flows/instances/query", Some(body)).await.status, 200);
}
