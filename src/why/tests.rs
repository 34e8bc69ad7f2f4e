//! Why a key has its value or is missing: flows and records made here, and what is answered of them.

use super::cause::GatheredRun;
use super::*;
use crate::domain::testing::{entry, participant, snapshot};
use crate::flow::read;
use serde_json::{Value, json};

mod generated;
mod path;
mod record;
mod sample;

/// Every member of this name is struck out, at any depth.
fn strike(value: &mut Value, names: &[&str]) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| strike(value, names)),
        Value::Object(map) => {
            map.retain(|name, _| !names.contains(&name.as_str()));
            map.values_mut().for_each(|value| strike(value, names));
        }
        _ => {}
    }
}

/// A made flow: a list of actions, branches within.
#[derive(Clone, Debug)]
enum Node {
    Set(usize, &'static str),
    Decide(usize, Vec<Node>, Vec<Node>),
    Ask(usize, [Vec<Node>; 3]),
    Leave(usize),
}

/// The outputs of a data action, as a record of a run names them.
const OUTPUTS: [&str; 3] = ["__SUCCESS__", "__FAILURE__", "__TIMEOUT__"];

const KEYS: [&str; 3] = ["tier", "Tier", "route"];

fn id(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// The list in the platform's form: a chain by `nextAction`, branches by `paths`.
fn write(list: &[Node], out: &mut Vec<Value>) -> Option<String> {
    let literal = |text: &str| json!({"config": {"lit": {"text": text, "type": "str"}}, "text": text, "type": "str", "uiMetaData": {"mode": 1}});
    let number = |node: &Node| match node {
        Node::Set(n, _) | Node::Decide(n, ..) | Node::Ask(n, _) | Node::Leave(n) => *n,
    };
    for (i, node) in list.iter().enumerate() {
        let n = number(node);
        let mut action = match node {
            Node::Set(_, key) => {
                json!({"__type": "SetAttributesAction", "variables": [{"variable": literal(key), "expression": literal("x")}]})
            }
            Node::Decide(_, yes, no) => {
                let paths = [("__YES__", "Yes", yes), ("__NO__", "No", no)]
                    .map(|(id, label, list)| path(id, label, write(list, out)));
                json!({"__type": "DecisionAction", "expression": {"text": "Flow.X", "type": "bln", "uiMetaData": {"mode": 0}, "config": {"ref": {"text": "Flow.X", "type": "bln", "val": "v"}}}, "paths": paths})
            }
            Node::Ask(_, lists) => {
                let names = [("__SUCCESS__", "Success"), ("__FAILURE__", "Failure"), ("__TIMEOUT__", "Timeout")];
                let paths: Vec<Value> =
                    names.iter().zip(lists).map(|((id, label), list)| path(id, label, write(list, out))).collect();
                json!({"__type": "DataAction", "actionName": "Lookup", "paths": paths})
            }
            Node::Leave(_) => json!({"__type": "DisconnectAction"}),
        };
        action["id"] = json!(id(n));
        action["name"] = json!(format!("Step {n}"));
        action["trackingId"] = json!(n);
        if let Some(next) = list.get(i + 1) {
            action["nextAction"] = json!(id(number(next)));
        }
        out.push(action);
    }
    list.first().map(|node| id(number(node)))
}

fn path(id: &str, label: &str, next: Option<String>) -> Value {
    let mut path = json!({"outputId": id, "label": label});
    if let Some(next) = next {
        path["nextActionId"] = json!(next);
    }
    path
}

fn definition(list: &[Node]) -> Value {
    let mut actions = Vec::new();
    let start = write(list, &mut actions).unwrap_or_default();
    json!({
        "name": "Made", "type": "inboundcall", "initialSequence": "s", "nextTrackingNumber": 999,
        "variables": [{"id": "v", "name": "Flow.X", "__type": "BoolVariable"}],
        "flowSequenceItemList": [{"__type": "Task", "id": "s", "name": "Start", "trackingId": 9999, "startAction": start, "actionList": actions}],
    })
}

/// The record of a run of which nothing is left out.
fn document(mut entries: Vec<Value>) -> Value {
    entries.push(json!({"endedFlow": {"dateTime": "2026-11-20T14:03:00.000Z", "flowExitReason": "DISCONNECT"}}));
    json!({"flow": {"execution": entries, "flowVersion": "3.0", "endDateTime": "2026-11-20T14:03:00.000Z"}})
}

/// Without a record of the run nothing is claimed to have been executed.
#[test]
fn without_a_record_nothing_is_executed() {
    let mut next = 0;
    let list = vec![Node::Decide(1, vec![Node::Set(2, "tier")], Vec::new())];
    _ = &mut next;
    let flows = [GatheredRun {
        definition: Some(read(&definition(&list).to_string()).unwrap().into()),
        ..GatheredRun::default()
    }];
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[])])]);
    let question = WhyQuestion { key: "tier".to_owned(), on: "customer".to_owned() };
    let call = KnownCall { conversation: &entry.conversation, changes: &[], flows: &flows };
    let answer = explain(&question, &call);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static));
    assert!(answer.cause.contains("not on every path"), "{}", answer.cause);
    assert!(answer.branch.iter().all(|step| step.executed.is_none() && step.taken.is_none()));
    let nothing = explain(&question, &KnownCall { conversation: &entry.conversation, changes: &[], flows: &[] });
    assert_eq!((nothing.verdict, nothing.certainty), (Verdict::Missing, Certainty::Unknown));
}

#[test]
fn what_was_seen_to_vanish_or_lies_in_a_payload_is_said() {
    let at = |second: i64| jiff::Timestamp::from_second(1_795_000_000 + second).unwrap();
    let payload = r#"{"attributes":{"tier":"gold"}}"#;
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[("crm", payload)])])]);
    let change = |participant: &str, old: Option<&str>, new: Option<&str>| {
        let value = |text: &str| crate::domain::Value::text(text);
        crate::domain::Change::Attribute {
            conversation: "c".into(),
            participant: participant.into(),
            key: "tier".into(),
            place: 0,
            old: old.map(value),
            new: new.map(value),
            source: crate::domain::Source::Stream,
            event_time: None,
            first_sight: false,
        }
    };
    let question = WhyQuestion { key: "tier".to_owned(), on: "customer".to_owned() };
    let explained = |changes: &[(jiff::Timestamp, crate::domain::Change)]| {
        explain(&question, &KnownCall { conversation: &entry.conversation, changes, flows: &[] })
    };
    let inside = explained(&[]);
    assert_eq!((inside.verdict, inside.certainty), (Verdict::Missing, Certainty::Observed));
    assert!(inside.cause.contains("within the value of crm on customer"), "{}", inside.cause);
    // On another participant it is another key.
    let other = [(at(1), change("q", None, Some("x"))), (at(2), change("q", Some("x"), None))];
    assert_eq!(explained(&other).cause, inside.cause);
    let mut seen = vec![(at(1), change("p", None, Some("x"))), (at(2), change("p", Some("x"), None))];
    let gone = explained(&seen);
    assert_eq!((gone.verdict, gone.certainty), (Verdict::Missing, Certainty::Observed));
    assert!(gone.cause.contains("was there until 2026-11-18T"), "{}", gone.cause);
    let evidence: Vec<&str> = gone.evidence.iter().map(|evidence| evidence.text.as_str()).collect();
    assert_eq!(evidence, ["tier appeared on customer", "tier vanished from customer"]);
    seen.push((at(3), change("p", None, Some("y"))));
    assert!(!explained(&seen).cause.contains("vanished"), "it came again");
}

#[test]
fn a_key_on_another_participant_is_found_there() {
    let people = vec![participant("p", "customer", &[]), participant("q", "ivr", &[("tier", "gold")])];
    let entry = entry([snapshot("c", people)]);
    let question = WhyQuestion { key: "tier".to_owned(), on: "customer".to_owned() };
    let answer = explain(&question, &KnownCall { conversation: &entry.conversation, changes: &[], flows: &[] });
    assert_eq!((answer.verdict, answer.certainty), (Verdict::WrongParticipant, Certainty::Observed));
    assert_eq!(answer.cause, "tier is on ivr, not on customer.");
}

/// The stream showed a change and the value of before come back: only at the end of a flow it is the flow that wrote what it had kept.
#[test]
fn a_value_that_was_put_back_is_said() {
    let at = |second: i64| jiff::Timestamp::from_second(1_795_000_000 + second).unwrap();
    let change = |old: &str, new: &str| crate::domain::Change::Attribute {
        conversation: "c".into(),
        participant: "p".into(),
        key: "promise".into(),
        place: 0,
        old: Some(crate::domain::Value::text(old)),
        new: Some(crate::domain::Value::text(new)),
        source: crate::domain::Source::Stream,
        event_time: None,
        first_sight: false,
    };
    let question = WhyQuestion { key: "promise".to_owned(), on: "customer".to_owned() };
    let explained = |ended: Option<i64>, changes: &[(jiff::Timestamp, crate::domain::Change)]| {
        let mut ivr = participant("i", "ivr", &[]);
        if let Some(second) = ended {
            ivr.state = Some(crate::domain::State::new("disconnected"));
            ivr.ended = Some(at(second));
        }
        let entry = entry([snapshot("c", vec![participant("p", "customer", &[("promise", "none")]), ivr])]);
        explain(&question, &KnownCall { conversation: &entry.conversation, changes, flows: &[] })
    };
    let back = [(at(1), change("none", "2026-12-01")), (at(20), change("2026-12-01", "none"))];
    let answer = explained(Some(21), &back);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Overwritten, Certainty::Observed));
    assert!(answer.cause.contains("reverted to its value before") && answer.remedy.is_some(), "{}", answer.cause);
    for running in [None, Some(10), Some(40)] {
        let answer = explained(running, &back);
        assert_eq!((answer.verdict, &answer.remedy), (Verdict::Present, &None), "{running:?}: {}", answer.cause);
        assert!(answer.cause.contains("and back at"), "{}", answer.cause);
        assert!(!answer.cause.contains("a flow that ends"), "{}", answer.cause);
    }
    let other = explained(Some(2), &[(at(1), change("none", "a")), (at(2), change("a", "b"))]);
    assert_eq!((other.verdict, other.remedy), (Verdict::Present, None));
}

/// A flow whose lookup has the setter of `tier` behind its success.
fn lookup_flow() -> Vec<Node> {
    vec![Node::Ask(1, [vec![Node::Set(2, "tier")], Vec::new(), vec![Node::Set(3, "other")]]), Node::Leave(4)]
}

fn flow_run(list: &[Node], document: &Value) -> GatheredRun {
    GatheredRun {
        name: answer::FlowName { id: "f".to_owned(), name: "F".to_owned(), version: "3".to_owned() },
        definition: Some(read(&definition(list).to_string()).unwrap().into()),
        run: Some(execution::read(document).unwrap().into()),
        ..GatheredRun::default()
    }
}

/// What is answered of `tier` on a customer with these attributes.
fn tier(attributes: &[(&str, &str)], flows: &[GatheredRun]) -> WhyAnswer {
    let entry = entry([snapshot("c", vec![participant("p", "customer", attributes)])]);
    let question = WhyQuestion { key: "tier".to_owned(), on: "customer".to_owned() };
    explain(&question, &KnownCall { conversation: &entry.conversation, changes: &[], flows })
}

/// A run in which the lookup timed out.
fn timed_out() -> Vec<Value> {
    vec![
        json!({"actionCallData": {"actionId": id(1), "outputPathId": "__TIMEOUT__"}}),
        json!({"actionSetParticipantData": {"actionId": id(3), "inputData": {"attributes": [{"inputName": "other", "value": "x"}]}}}),
        json!({"actionDisconnect": {"actionId": id(4)}}),
    ]
}

/// A run in which the lookup succeeded and `tier` was set to this.
fn set_to(value: &Value) -> Value {
    let attributes = json!([{"inputName": "tier", "value": value}]);
    document(vec![
        json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}}),
        json!({"actionSetParticipantData": {"actionId": id(2), "inputData": {"attributes": attributes}}}),
        json!({"actionDisconnect": {"actionId": id(4)}}),
    ])
}

#[test]
fn a_conversation_without_a_flow_is_said_to_have_none() {
    let told = tier(&[], &[]);
    assert!(told.cause.contains("no flow is known of this conversation"), "{}", told.cause);
    assert!(!told.remedy.unwrap().contains("doctor"));
    let call = entry([snapshot("c", vec![participant("p", "customer", &[]), participant("i", "ivr", &[])])]);
    let question = WhyQuestion { key: "tier".to_owned(), on: "customer".to_owned() };
    let told = explain(&question, &KnownCall { conversation: &call.conversation, changes: &[], flows: &[] });
    assert!(told.remedy.unwrap().contains("doctor"));
}

#[test]
fn a_key_of_several_words_is_quoted_and_an_empty_value_is_said() {
    let call = entry([snapshot("c", vec![participant("p", "customer", &[("tier", "")])])]);
    let ask = |key: &str| {
        let question = WhyQuestion { key: key.to_owned(), on: "customer".to_owned() };
        explain(&question, &KnownCall { conversation: &call.conversation, changes: &[], flows: &[] }).cause
    };
    assert!(ask(" customer tier").starts_with("\" customer tier\" is not there"), "{}", ask(" customer tier"));
    assert!(ask("tier").ends_with("Its value is empty."), "{}", ask("tier"));
}

#[test]
fn a_key_that_the_flow_sets_in_another_case_is_named() {
    let list = vec![Node::Decide(1, vec![Node::Set(2, "Tier")], Vec::new())];
    let run = document(vec![json!({"actionDecision": {"actionId": id(1), "outputPathId": "__NO__"}})]);
    let answer = tier(&[], &[flow_run(&list, &run)]);
    assert!(answer.cause.contains("sets \"Tier\": names are case-sensitive"), "{}", answer.cause);
    assert!(answer.remedy.unwrap().contains("spell the key the same way"));
}
