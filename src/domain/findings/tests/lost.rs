//! Keys that a flow version lost, on each call.

use super::*;
use crate::domain::{FlowFact, FlowRun, FlowSource};

fn lost(key: &str, beside: &[&str]) -> LostKey {
    LostKey {
        key: key.into(),
        on: "customer".into(),
        flow: "f-main".into(),
        flow_name: "MainIVR".into(),
        version: "43".into(),
        before: "42".into(),
        had: (247, 290),
        beside: beside.iter().map(ToString::to_string).collect(),
    }
}

/// A call of the new version that has left its flow with these keys.
fn of_new_version(attributes: &[(&str, &str)], lost: Vec<LostKey>) -> Desk {
    let mut desk = Desk::new();
    desk.event(0, snapshot("c", vec![participant("p1", "customer", attributes), gone("f", "ivr", &[])]));
    let run = FlowRun {
        id: "f-main".into(),
        name: Some("MainIVR".into()),
        version: Some("43.0".into()),
        source: FlowSource::Event,
        participant: Some("f".into()),
    };
    desk.board.apply(ms(10), Update::Flow(FlowFact { conversation: "c".into(), run }), &());
    desk.examiner.set_lost(lost, ms(1_000));
    desk.pass(60_000);
    desk
}

#[test]
fn a_call_that_lacks_other_keys_too_is_not_held_against_the_version() {
    let contract = || lost("contract_type", &["customer_ref", "customer_tier"]);
    let looked_up = [("customer_tier", "gold"), ("customer_ref", "C-1")];
    assert_eq!(of_new_version(&looked_up, vec![contract()]).found(), ["missing contract_type@customer"]);
    // Its lookup timed out: without it the version before set none of the three.
    let timed_out = [("lookup_status", "timeout")];
    assert_eq!(of_new_version(&timed_out, vec![contract()]).found(), [""; 0]);
    // Both were lost with the version: that one is missing says nothing about the other.
    let both = vec![contract(), lost("customer_tier", &["customer_ref", "contract_type"])];
    let found = of_new_version(&[("customer_ref", "C-1")], both).found();
    assert_eq!(found, ["missing contract_type@customer", "missing customer_tier@customer"]);
}
