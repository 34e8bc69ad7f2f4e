//! `sidetone why` from outside: the planted faults of the default scenario and their causes, over HTTP.

use crate::support::{Center, Output, side_by_side};
use serde_json::Value as Json;
use sidetone::flow::input::{DataActionAnswer, Inputs};
use sidetone::sim::Scenario;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A centre that plays the stories of the default scenario in a hurry.
fn centre(faults: &[&str]) -> Center {
    paced(faults, 200.0)
}

fn paced(faults: &[&str], speed: f64) -> Center {
    Center::with(faults, |options| {
        options.scenario = Scenario::embedded();
        options.speed = speed;
    })
}

/// Waits until one of these participants is as it should be.
fn until(centre: &Center, id: Uuid, fits: impl Fn(&Json) -> bool) {
    let begun = Instant::now();
    let there = || {
        let call = centre.sim.rest(id).expect("a call");
        call["participants"].as_array().expect("people").iter().any(&fits)
    };
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(180), "it does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A call that follows this story until it is over.
fn played(centre: &Center, story: &str) -> Uuid {
    let id = centre.sim.begin(story).expect("the story");
    is_over(centre, story, id);
    id
}

/// Calls that follow these stories, side by side, until they are over.
fn all_played<'s>(centre: &Center, stories: impl IntoIterator<Item = &'s str>) -> Vec<(&'s str, Uuid)> {
    let begin = |story| (story, centre.sim.begin(story).expect("the story"));
    let calls: Vec<(&str, Uuid)> = stories.into_iter().map(begin).collect();
    calls.iter().for_each(|(story, id)| is_over(centre, story, *id));
    calls
}

fn is_over(centre: &Center, story: &str, id: Uuid) {
    let over = || {
        let call = centre.sim.rest(id).expect("a call");
        call["participants"].as_array().expect("people").iter().all(|who| who["endTime"].is_string())
    };
    let begun = Instant::now();
    while !over() {
        assert!(begun.elapsed() < Duration::from_secs(180), "{story} does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn why(centre: &Center, id: Uuid, args: &[&str]) -> (Output, Vec<Json>) {
    let id = id.to_string();
    let output = centre.program().run(&[&["why", id.as_str()], args, &["--json"]].concat());
    let lines = output.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    (output, lines)
}

/// Story, key, then verdict, certainty and a part of the cause: with a record of the run, and without.
type Row = (&'static str, &'static str, [&'static str; 3], [&'static str; 3]);

/// One that is answered alike with a record of the run and without.
const fn alike(story: &'static str, key: &'static str, told: [&'static str; 3]) -> Row {
    (story, key, told, told)
}

const TIMES_OUT: [&str; 3] = ["missing", "executed", "because Find customer (action 12) took its output timeout"];
const BY_STATUS: [&str; 3] = [
    "missing",
    "static",
    "which took timeout: lookup_status has the value that only Set Lookup Timeout (action 15) writes",
];
const ON_IVR: [&str; 3] = ["wrong-participant", "observed", "is on ivr, not on customer"];
const ON_ANOTHER: [&str; 3] =
    ["wrong-participant", "observed", "is on another customer of this call, not on the newest one"];
const WRAPPED: [&str; 3] = ["missing", "observed", "within the value of crm_payload on customer"];
// One read cannot show that a key was there before; the screens, which have watched, say so.
const NOBODY_SETS: [&str; 3] = ["missing", "static", "no action of MainIVR v42 sets it"];

/// Every planted fault of the scenario, by story and key.
const PLANTED: &[Row] = &[
    ("lookup times out", "customer_tier", TIMES_OUT, BY_STATUS),
    ("lookup times out", "customer_ref", TIMES_OUT, BY_STATUS),
    alike("key on the flow's participant", "customer_tier", ON_IVR),
    alike("key on the flow's participant", "ivr_choice", ON_IVR),
    alike("handed over by another office", "customer_tier", ON_ANOTHER),
    alike("handed over by another office", "customer_ref", ON_ANOTHER),
    alike("handed over by another office", "ivr_choice", ON_ANOTHER),
    alike("two spellings of a key", "Customer_Tier", ["present", "unknown", "\"customer_tier\" is there beside it"]),
    alike("payload still in its wrapper", "customer_tier", WRAPPED),
    alike("payload still in its wrapper", "customer_ref", WRAPPED),
    alike(
        "payload still in its wrapper",
        "crm_payload",
        ["present", "unknown", "a whole payload, whose keys are under attributes"],
    ),
    alike("template never filled", "customer_tier", ["present", "static", "a template that nothing has filled in"]),
    alike("template never filled", "greeting_name", ["present", "unknown", "a template that nothing has filled in"]),
    alike("values lost on transfer", "auth_level", NOBODY_SETS),
    alike("values lost on transfer", "case_id", NOBODY_SETS),
    alike("values lost on transfer", "offer_code", NOBODY_SETS),
    alike("flow writes its own value back", "payment_promise", ["present", "static", "Set Payment Promise"]),
    // That a value is personal is no question of why it is there.
    alike("personal data in clear", "card_number", ["present", "unknown", "nothing read so far shows what set it"]),
    alike("personal data in clear", "payer_email", ["present", "unknown", "nothing read so far shows what set it"]),
];

/// Keys of planted faults that are there and are what they should be as far as one read shows.
const WELL: [&str; 3] = ["payment_promise", "card_number", "payer_email"];

#[test]
fn the_table_has_every_planted_fault() {
    let scenario = Scenario::embedded();
    for story in &scenario.stories {
        for plant in &story.plants {
            let key = plant.key.as_str();
            assert!(
                PLANTED.iter().any(|(name, own, ..)| *name == story.name && *own == key),
                "{}: {key} ({}) is not in the table",
                story.name,
                plant.rule
            );
        }
    }
}

#[test]
fn every_planted_fault_has_its_cause() {
    side_by_side([(&[][..], true), (&["execution-off"][..], false)], |(faults, recorded)| {
        let centre = centre(faults);
        let mut stories: Vec<&str> = PLANTED.iter().map(|(story, ..)| *story).collect();
        stories.dedup();
        side_by_side(all_played(&centre, stories), |(story, id)| {
            for (_, key, with, without) in PLANTED.iter().filter(|(planted, ..)| *planted == story) {
                let [verdict, certainty, part] = if recorded { with } else { without };
                let (output, answer) = why(&centre, id, &[key]);
                let answer = &answer[0];
                let told = format!("{story}, {key}, recorded {recorded}: {answer:#}");
                assert_eq!(
                    (answer["verdict"].as_str(), answer["certainty"].as_str()),
                    (Some(*verdict), Some(*certainty)),
                    "{told}"
                );
                assert!(answer["cause"].as_str().expect("a cause").contains(part), "{told}");
                assert_eq!(output.code, Some(if WELL.contains(key) { 0 } else { 6 }), "{told}");
            }
        });
    });
}

/// Stories in which nothing is wrong and a flow runs.
fn healthy() -> Vec<String> {
    let scenario = Scenario::embedded();
    let runs_flow = |story: &&sidetone::sim::scenario::Story| {
        story.steps.iter().any(|step| matches!(step.act, sidetone::sim::scenario::Act::Flow(_)))
    };
    let well =
        scenario.stories.iter().filter(|story| story.plants.is_empty() && story.name != "hostile and wide values");
    well.filter(runs_flow).map(|story| story.name.clone()).collect()
}

/// Whatever a healthy call carries is there, nothing is to be done about it, and its run done again here agrees.
#[test]
fn healthy_calls_accuse_nobody_and_agree_with_their_flow() {
    let stories = healthy();
    assert!(stories.len() >= 7, "{stories:?}");
    side_by_side([&[][..], &["execution-off"]], |faults: &[&str]| {
        let (centre, recorded) = (centre(faults), faults.is_empty());
        side_by_side(all_played(&centre, stories.iter().map(String::as_str)), |(story, id)| {
            let (output, answers) = why(&centre, id, &["--simulate"]);
            assert_eq!(output.code, Some(0), "{output:?}");
            let (simulations, answers): (Vec<Json>, Vec<Json>) =
                answers.into_iter().partition(|line| line.get("agrees").is_some());
            let there = answers.iter().filter(|answer| answer["verdict"] == "present").count();
            assert!(there > 5, "{story}: {there}");
            for answer in answers {
                // What a flow can set and this call's path does not is told without a remedy.
                assert_eq!(answer["remedy"], Json::Null, "{story}: {answer:#}");
                let cause = answer["cause"].as_str().expect("a cause");
                let in_passing = cause.contains("is not set on the path that this call took")
                    || !recorded
                        && ["which path the call took is not recorded", "which took"]
                            .iter()
                            .any(|it| cause.contains(it));
                assert!(answer["verdict"] == "present" || in_passing, "{story}: {answer:#}");
            }
            assert_eq!(simulations.len(), usize::from(faults.is_empty()), "{story}");
            for simulation in simulations {
                assert_eq!(simulation["agrees"], true, "{story}: {simulation:#}");
                assert!(simulation["values"].as_u64().expect("a count") >= 4, "{story}: {simulation:#}");
            }
        });
    });
}

#[test]
fn a_cold_answer_takes_few_requests() {
    for (faults, most) in [(&[][..], 8), (&["execution-off"], 8)] {
        let centre = centre(faults);
        let id = played(&centre, "lookup times out");
        let before = centre.sim.requests();
        let (output, _) = why(&centre, id, &["customer_tier"]);
        let asked = centre.sim.requests() - before;
        assert_eq!(output.code, Some(6));
        assert!((3..=most).contains(&asked), "{asked} requests");
    }
}

#[test]
fn a_run_done_again_here_agrees_with_its_record() {
    let centre = centre(&[]);
    // Driven by the flow's own definition, so that the record is of what it says.
    let customer = serde_json::json!({"tier": "gold", "reference": "HH-1", "status": "active", "contract": "metering", "region": "NW"});
    let account = serde_json::json!({"balance": "1.00", "invoice": "I-1", "method": "card", "lastDate": "2026-10-01"});
    for (lookup, tier) in [(DataActionAnswer::Ok(customer), "present"), (DataActionAnswer::Timeout, "missing")] {
        let inputs = Inputs {
            digits: ["1".to_owned()].into(),
            lookups: vec![("Lookup".into(), lookup), ("Account".into(), DataActionAnswer::Ok(account.clone()))],
            ..Inputs::default()
        };
        let id = centre.sim.begin_flow("MainIVR", inputs, Some(5)).expect("the flow");
        until(&centre, id, |who| who["purpose"] == "ivr" && who["endTime"].is_string());
        let (_, answer) = why(&centre, id, &["customer_tier", "--simulate"]);
        let answer = &answer[0];
        assert_eq!(answer["verdict"], tier, "{answer:#}");
        let simulation = &answer["simulation"];
        assert_eq!(simulation["agrees"], true, "{answer:#}");
        assert!(simulation["actions"].as_u64().expect("a count") >= 6, "{simulation:#}");
        assert!(simulation["values"].as_u64().expect("a count") >= 6, "{simulation:#}");
        let text = centre.program().run(&["why", &id.to_string(), "customer_tier", "--simulate"]);
        assert!(text.stdout.contains("agrees with the record"), "{}", text.stdout);
    }
    let off = self::centre(&["execution-off"]);
    let id = played(&off, "lookup times out");
    let (output, answer) = why(&off, id, &["customer_tier", "--simulate"]);
    assert!(answer[0].get("simulation").is_none());
    assert!(output.stderr.contains("was not simulated"), "{}", output.stderr);
}

/// A version that loses a key is published: its calls are answered by its own definition.
#[test]
fn a_version_that_lost_a_key_is_told_by_its_definition() {
    let centre = centre(&[]);
    assert!(centre.sim.publish("MainIVR"));
    let id = played(&centre, "billing question");
    let (_, answer) = why(&centre, id, &["contract_type"]);
    let answer = &answer[0];
    assert_eq!((&answer["verdict"], &answer["certainty"]), (&"missing".into(), &"static".into()), "{answer:#}");
    let told = "MainIVR v42 sets it by Set Contract Data (action 14); v43, which this call ran, does not";
    assert!(answer["cause"].as_str().expect("a cause").contains(told), "{answer:#}");
}

/// Of a call whose lookup timed out every key that this cost is told, though none was asked for; the caller's choice in a menu
/// is named across tasks.
#[test]
fn without_a_key_what_the_flow_can_set_is_told_too() {
    let centre = centre(&[]);
    let id = played(&centre, "lookup times out");
    let (output, answers) = why(&centre, id, &[]);
    assert_eq!(output.code, Some(0));
    let cause = |key: &str| {
        let answer = answers.iter().find(|answer| answer["key"] == key);
        answer.unwrap_or_else(|| panic!("{key} is not told: {}", output.stdout))["cause"].as_str().unwrap().to_owned()
    };
    for key in ["customer_tier", "customer_ref", "contract_type"] {
        assert!(
            cause(key).contains("took, because Find customer (action 12) took its output timeout"),
            "{}",
            cause(key)
        );
    }
    let text = centre.program().run(&["why", &id.to_string()]);
    assert!(text.stdout.contains("customer   customer_tier is not set on the path"), "{}", text.stdout);
    let id = played(&centre, "boiler support");
    let (_, answer) = why(&centre, id, &["balance_due"]);
    let told = answer[0]["cause"].as_str().expect("a cause");
    assert!(told.contains("because Main Menu (action 29) took 2: Technical and the run went on to"), "{told}");
    let names: Vec<&str> =
        answer[0]["branch"].as_array().expect("steps").iter().filter_map(|step| step["name"].as_str()).collect();
    assert_eq!(names, ["Main Menu", "Read account", "Set Billing Data"]);
}

#[test]
fn findings_carry_their_cause() {
    // Slow enough that the call still waits in the queue.
    let centre = paced(&[], 20.0);
    let id = centre.sim.begin("lookup times out").expect("the story");
    until(&centre, id, |who| who["purpose"] == "acd");
    let id = id.to_string();
    let program = centre.program();
    let file = program.home().join("expect.toml");
    std::fs::write(&file, "[[expect]]\nkey = \"customer_tier\"\n").expect("a file");
    let file = file.to_str().expect("a plain path");
    let (_, lines) = program.json(&["check", &id, "--expect", file, "--json"]);
    let finding =
        lines.iter().find(|line| line["key"] == "customer_tier" && line["rule"] == "missing").expect("it is missing");
    assert!(finding["cause"].as_str().is_some_and(|cause| cause.contains("took its output timeout")), "{finding:#}");
    assert_eq!((&finding["certainty"], &finding["flowVersion"]), (&"executed".into(), &"42".into()));
    let text = program.run(&["check", &id, "--expect", file]);
    assert!(text.stdout.contains("why: customer_tier was never set"), "{}", text.stdout);
}

#[test]
fn doctor_says_whether_runs_are_recorded() {
    for (faults, part) in [
        (&[][..], "execution level All"),
        (&["execution-off"], "execution data is off"),
        (&["deny=architect:flowInstance:search"], "architect:flowInstance:search"),
        (&["deny=architect:flowInstance:view"], "architect:flowInstance:view"),
    ] {
        let centre = centre(faults);
        let told = centre.program().run(&["doctor"]);
        let squeezed = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed.contains(part), "{}", told.stdout);
        assert_eq!(told.code, Some(0), "{}", told.stdout);
    }
}
