//! The demo's story in one piece: a new version of the scenario's flow loses a key; the alarm tells it, `why` explains it,
//! `since` finds it.

use super::{Collector, events, exported, wait_for, with_secrets};
use crate::support::Center;
use serde_json::{Value, json};
use sidetone::{
    flow::input::{DataActionAnswer, Inputs},
    sim::Scenario,
};
use uuid::Uuid;

/// Calls of the version before; the test behind the alarm wants twenty.
const BEFORE: usize = 24;
/// Calls of the new version; after so few of the old one it takes six to say that a key vanished.
const AFTER: usize = 8;

/// Places calls in the flow, waits until they are followed, and lets the flow run to its end on each.
fn through_the_flow(center: &Center, collector: &Collector, calls: usize) -> Vec<Uuid> {
    let seen = || collector.figure("sidetone_calls_seen_total", &[]);
    let before = seen().expect("a figure");
    let answer = DataActionAnswer::Ok(
        json!({"tier": "gold", "reference": "R1", "status": "ok", "contract": "full", "region": "N"}),
    );
    let inputs = || Inputs {
        digits: ["2".to_owned()].into(),
        lookups: vec![("Lookup".to_owned(), answer.clone())],
        ..Inputs::default()
    };
    let begin = |_| center.sim.begin_flow("MainIVR", inputs(), None).expect("a call");
    let placed: Vec<Uuid> = (0..calls).map(begin).collect();
    wait_for("the calls", || (seen()? >= before + calls as f64).then_some(()));
    for call in &placed {
        while center.sim.step_flow(*call).is_some() {}
    }
    placed
}

#[test]
fn a_version_that_loses_a_key_is_told_explained_and_found() {
    let center = Center::with(&[], |options| {
        options.scenario = Scenario::embedded();
        // What the scenario does by itself comes long after the test.
        options.speed = 0.001;
        options.tuning.rate_limit = 1_000_000;
    });
    let program = with_secrets(&center);
    program.configure("[hooks]\ncommand = [\"sh\", \"hook.sh\"]\non = [\"presence-drop\"]\n");
    let collector = Collector::start(&program, &["--flow", "MainIVR"]);
    through_the_flow(&center, &collector, BEFORE);
    let counted = |version: &str| collector.figure("sidetone_flow_calls", &[("flow", "MainIVR"), ("version", version)]);
    wait_for("the calls of the version before", || (counted("42")? >= BEFORE as f64).then_some(()));
    let with_key = [("version", "42"), ("key", "contract_type"), ("on", "customer")];
    assert_eq!(collector.figure("sidetone_flow_key_calls", &with_key), Some(BEFORE as f64));
    assert!(center.sim.publish("MainIVR"));
    let after = through_the_flow(&center, &collector, AFTER);
    let event = wait_for("the alarm", || events(&program).into_iter().next());
    assert_eq!((&event["type"], &event["rule"]), (&"presence-drop".into(), &"presence-drop".into()), "{event}");
    assert_eq!((&event["key"], &event["flowVersion"]), (&"contract_type".into(), &"43".into()), "{event}");
    let told = collector.told();
    assert!(
        told.contains("presence-drop: contract_type is on 0 of") && told.contains("and was on 24 of 24 of v42"),
        "{told}"
    );
    let found = || collector.figure("sidetone_findings_total", &[("rule", "presence-drop")]);
    wait_for("the finding's count", || (found()? == 1.0).then_some(()));
    wait_for("the calls of the new version", || (counted("43")? >= AFTER as f64).then_some(()));

    // Explained on the call that it is told on, while that is live.
    let shown = event["conversationId"].as_str().expect("a call");
    assert!(after.iter().any(|call| call.to_string() == shown));
    let (code, lines) = program.json(&["why", shown, "contract_type", "--json"]);
    assert_eq!((code, &lines[0]["verdict"]), (Some(6), &"missing".into()), "{lines:?}");
    assert_eq!(lines[0]["flow"]["name"], "MainIVR", "{lines:?}");
    assert!(lines[0]["flow"]["version"].as_str().is_some_and(|version| version.starts_with("43")), "{lines:?}");

    // And found in the history.
    assert_eq!(collector.stop(), Some(143));
    let (code, lines) = program.json(&["since", "contract_type", "--flow", "MainIVR", "--json"]);
    assert_eq!(code, Some(0));
    let answer: &Value = &lines[0];
    assert_eq!((&answer["present"], &answer["missing"]), (&BEFORE.into(), &AFTER.into()), "{answer}");
    assert_eq!(answer["firstMissing"]["flowVersion"], "43", "{answer}");
    assert_eq!(answer["lastPresent"]["flowVersion"], "42", "{answer}");
    let first = answer["firstMissing"]["conversationId"].as_str().expect("a call");
    assert!(after.iter().any(|call| call.to_string() == first), "{answer}");
}

/// A collector of queues sees a call first when its flow has let go of it: what the flow left counts, by the flow and version that
/// the platform tells of.
#[test]
fn calls_that_are_followed_by_their_queue_count_by_their_flow() {
    let center = Center::with(&[], |options| {
        options.scenario = Scenario::embedded();
        options.speed = 0.001;
        options.tuning.rate_limit = 1_000_000;
    });
    let program = center.program();
    let collector = Collector::start(&program, &["--all-queues"]);
    let answer = DataActionAnswer::Ok(
        json!({"tier": "gold", "reference": "R1", "status": "ok", "contract": "full", "region": "N"}),
    );
    for lookup in [answer.clone(), answer, DataActionAnswer::Timeout] {
        let inputs = Inputs {
            digits: ["2".to_owned()].into(),
            lookups: vec![("Lookup".to_owned(), lookup)],
            ..Inputs::default()
        };
        let call = center.sim.begin_flow("MainIVR", inputs, None).expect("a call");
        while center.sim.step_flow(call).is_some() {}
    }
    let of_flow = [("flow", "MainIVR"), ("version", "42")];
    wait_for("the calls", || (collector.figure("sidetone_flow_calls", &of_flow)? >= 3.0).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    let (code, lines) = program.json(&["since", "customer_tier", "--json"]);
    assert_eq!(code, Some(0));
    let answer = &lines[0];
    assert_eq!(
        (&answer["flow"], &answer["total"], &answer["present"]),
        (&"MainIVR".into(), &3.into(), &2.into()),
        "{answer}"
    );
    assert_eq!(answer["byVersion"][0]["flowVersion"], "42", "{answer}");
    for row in exported(&program, &[]) {
        let (start, end) = (&row["startPassed"], &row["flowEndPassed"]);
        assert!(start.is_empty() || end.is_empty() || start <= end, "{row:?}");
    }
    let lacks = program.run(&["since", "customer_tier", "--calls", "--json", "--days", "7"]);
    let lines: Vec<&str> = lacks.stdout.lines().collect();
    assert_eq!((lacks.code, lines.len()), (Some(0), 1), "{}", lacks.stdout);
    let line: Value = serde_json::from_str(lines[0]).expect("JSON");
    assert_eq!((&line["flowName"], &line["flowVersion"]), (&"MainIVR".into(), &"42".into()), "{line}");
    let page = program.run(&["since", "customer_tier", "--html"]);
    assert!(page.stdout.starts_with("<!DOCTYPE html>") && page.stdout.contains("class=\"has\""), "{}", page.stdout);
}
