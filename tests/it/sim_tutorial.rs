//! Flows in the tutorials' form, and calls driven by them.

use crate::support::sim::{Sim, attribute, quiet};
use serde_json::{Value, json};
use sidetone::{
    flow::{
        input::{DataActionAnswer, Inputs},
        run::{End, Need, Run},
        sample,
    },
    sim::{
        Scenario, SimOptions,
        scenario::{Act, Story},
    },
};
use std::{collections::BTreeSet, sync::Arc};

fn tutorials() -> SimOptions {
    SimOptions { tutorial_routes: true, ..quiet() }
}

fn digits(digit: &str, answer: DataActionAnswer) -> Inputs {
    Inputs { digits: [digit.to_owned()].into(), lookups: vec![("Lookup".to_owned(), answer)], ..Inputs::default() }
}

#[tokio::test]
async fn the_official_form_has_no_actions_and_no_simulations() {
    let sim = Sim::start(quiet()).await;
    let path = format!("/api/v2/flows/{}", sim.running.flow_id("MainIVR").unwrap());
    assert!(sim.get(&path).await.body.get("actions").is_none());
    assert_eq!(sim.ask("PUT", &path, Some(json!({"actions": []}))).await.status, 404);
    assert_eq!(sim.ask("POST", "/api/v2/flows/simulations", Some(json!({}))).await.status, 405);
}

#[tokio::test]
async fn a_flow_is_read_put_and_simulated() {
    let sim = Sim::start(tutorials()).await;
    let id = sim.running.flow_id("MainIVR").unwrap().to_string();
    let path = format!("/api/v2/flows/{id}");
    let mut flow = sim.get(&path).await.body;
    assert_eq!(flow["version"], 1);
    flow["actions"][1]["settings"]["attributes"]["entry_point"] = json!("changed");
    let put = sim.ask("PUT", &path, Some(flow)).await;
    assert_eq!((put.status, put.body["version"].as_u64()), (200, Some(2)));
    let body = json!({"flowId": id, "input": {"digits": ["2"], "dataActions": {"Lookup": {"tier": "gold", "reference": "R1"}}}});
    let run = sim.ask("POST", "/api/v2/flows/simulations", Some(body)).await.body;
    assert_eq!(run["status"], "transferred");
    assert_eq!(run["attributes"]["entry_point"], "changed");
    assert_eq!(run["attributes"]["customer_tier"], "gold");
    assert_eq!(run["steps"][0]["actionId"], "start");
    let broken = sim.ask("PUT", &path, Some(json!({"name": "x"}))).await;
    assert_eq!(broken.status, 400);
    let endless = json!({"actions": [{"id": "a", "type": "setParticipantData", "nextActionId": "a",
        "settings": {"key": "k", "value": "v"}}]});
    let run = sim.ask("POST", "/api/v2/flows/simulations", Some(json!({"flow": endless}))).await.body;
    assert_eq!(run["status"], "cycle");
}

#[tokio::test]
async fn flows_without_a_definition_get_one_from_the_stories() {
    let mut scenario = quiet().scenario;
    scenario.flows.iter_mut().for_each(|flow| (flow.definition, flow.program) = (None, None));
    let sim = Sim::start(SimOptions { scenario, ..tutorials() }).await;
    let path = format!("/api/v2/flows/{}", sim.running.flow_id("Outage Line").unwrap());
    let flow = sim.get(&path).await.body;
    let actions = flow["actions"].as_array().unwrap();
    assert!(actions.iter().any(|action| action["settings"]["key"] == "outage_status"));
    assert!(!actions.iter().any(|action| action["type"] == "dataAction"), "the stories know of none");
    assert_eq!(sim.ask("PUT", &path, Some(flow)).await.status, 200);
}

/// Whatever the lookups answer and whatever is pressed: every demo flow comes to an end of its own, sets no placeholder,
/// and sets no key that calls of that flow never carry.
#[test]
fn every_flow_of_the_demo_can_be_shown_with_every_answer() {
    let scenario = Scenario::embedded();
    for flow in &scenario.flows {
        let program = Arc::new(flow.program.clone().unwrap_or_else(|| panic!("{} has no definition", flow.name)));
        let mut carried = BTreeSet::new();
        for story in scenario.stories.iter().filter(|story| enters(story, &scenario, &flow.name)) {
            for step in &story.steps {
                if let Act::Set(writing) = &step.act {
                    carried.extend(writing.values.iter().map(|(key, _)| key.clone()));
                }
            }
        }
        let mut set = BTreeSet::new();
        for digit in ["1", "2"] {
            for answer in 0..3 {
                let mut run = Run::new(program.clone(), Inputs::default());
                while run.step().is_some() {
                    let Some(End::Needs(need)) = run.end() else { continue };
                    let more = match need {
                        Need::Lookup { name, .. } => {
                            let answer = match answer {
                                0 => DataActionAnswer::Ok(sample::result(&program, name, || 0)),
                                1 => DataActionAnswer::Timeout,
                                _ => DataActionAnswer::Error,
                            };
                            Inputs { lookups: vec![(name.clone(), answer)], ..Inputs::default() }
                        }
                        Need::Digit { .. } => Inputs { digits: [digit.to_owned()].into(), ..Inputs::default() },
                        Need::Output { action, .. } => panic!("{}: {action} is not interpreted", flow.name),
                    };
                    run.answer(more);
                }
                assert!(run.end().is_some_and(End::complete), "{} {digit} {answer}: {:?}", flow.name, run.end());
                for (key, value) in run.attributes() {
                    assert!(value.text().is_some_and(|text| !text.contains("{{")), "{}: {key} = {value}", flow.name);
                    set.insert(key.to_owned());
                }
            }
        }
        assert!(set.len() >= 7, "{}: {set:?}", flow.name);
        let strange: Vec<_> = set.difference(&carried).collect();
        assert!(strange.is_empty(), "{}: {strange:?} are set by no story", flow.name);
    }
}

fn enters(story: &Story, scenario: &Scenario, flow: &str) -> bool {
    story.steps.iter().any(|step| matches!(step.act, Act::Flow(entered) if scenario.flows[entered].name == flow))
}

/// With the tutorials' routes calls follow the definitions, all of them.
#[tokio::test]
async fn calls_of_every_flow_are_driven_with_the_tutorials_routes() {
    let sim = Sim::start(SimOptions { speed: 100.0, ..tutorials() }).await;
    for (story, key) in [
        ("balance by phone menu", "lookup_status"),
        ("outage report", "outage_status"),
        ("web message", "topic"),
        ("e-mail request", "sla_minutes"),
        ("billing question", "entry_point"),
    ] {
        let id = sim.running.begin(story).unwrap();
        let mut value = None;
        for _ in 0..100 {
            value = sim
                .running
                .rest(id)
                .and_then(|call| Some(call["participants"][0]["attributes"][key].as_str()?.to_owned()));
            if value.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(value.is_some(), "{story}: {key}");
    }
}

#[tokio::test]
async fn a_call_is_stepped_through_a_flow_and_its_attributes_appear() {
    for (answer, status) in [
        (DataActionAnswer::Ok(json!({"tier": "gold", "reference": "R1"})), "ok"),
        (DataActionAnswer::Timeout, "timeout"),
        (DataActionAnswer::Error, "error"),
    ] {
        let sim = Sim::start(quiet()).await;
        let queue = sim.running.queue_id("Technical Support").unwrap();
        let (mut socket, _) = sim.listen(&[format!("v2.routing.queues.{queue}.conversations")]).await;
        let id = sim.running.begin_flow("MainIVR", digits("2", answer), None).unwrap();
        let mut steps = 0;
        while sim.running.step_flow(id).is_some() {
            steps += 1;
        }
        assert!(steps >= 6, "{steps}");
        let frame = socket.frame().await;
        assert_eq!(attribute(&frame["eventBody"], "customer", "lookup_status"), Some(status));
        assert_eq!(attribute(&frame["eventBody"], "customer", "customer_tier").is_some(), status == "ok");
        assert_eq!(attribute(&frame["eventBody"], "customer", "ivr_choice"), Some("technical"));
        let purposes: Vec<&str> = frame["eventBody"]["participants"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|p: &Value| p["purpose"].as_str())
            .collect();
        assert_eq!(purposes, ["customer", "ivr", "acd"]);
    }
}

#[tokio::test]
async fn calls_follow_the_flow_that_was_put() {
    let sim = Sim::start(SimOptions { speed: 50.0, ..tutorials() }).await;
    let path = format!("/api/v2/flows/{}", sim.running.flow_id("MainIVR").unwrap());
    let flow =
        json!({"actions": [{"id": "a", "type": "setParticipantData", "settings": {"key": "put_key", "value": "1"}}]});
    assert_eq!(sim.ask("PUT", &path, Some(flow)).await.status, 200);
    let id = sim.running.begin("billing question").unwrap();
    let queue = sim.running.queue_id("Billing").unwrap();
    let (mut socket, _) = sim.listen(&[format!("v2.routing.queues.{queue}.conversations")]).await;
    let frame = socket.until(|frame| frame["eventBody"]["id"] == id.to_string()).await;
    assert_eq!(attribute(&frame["eventBody"], "customer", "put_key"), Some("1"));
    assert_eq!(attribute(&frame["eventBody"], "customer", "ivr_choice"), None);
}
