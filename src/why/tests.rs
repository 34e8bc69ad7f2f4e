//! The reader on the platform's sample with each switch struck out, and the join against flows whose truth is known because
//! a generator made them and ran them itself.

use super::cause::FlowRun;
use super::*;
use crate::domain::testing::{entry, participant, snapshot};
use crate::flow::read;
use serde_json::{Value, json};

/// The official examples as they stand.
fn sample() -> Value {
    let all: Value = serde_json::from_str(include_str!("../../tests/genesys/examples.json")).unwrap();
    all["executionHistory"].clone()
}

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

/// All the keys that the sample sets, found by a plain walk over it.
fn walked(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| walked(value, found)),
        Value::Object(map) => {
            for (name, value) in map {
                if name == "actionSetParticipantData" {
                    let list = value.pointer("/inputData/attributes").and_then(Value::as_array);
                    found.extend(list.into_iter().flatten().map(|set| set["inputName"].as_str().unwrap().to_owned()));
                }
                walked(value, found);
            }
        }
        _ => {}
    }
}

fn keys(run: &execution::Run) -> Vec<String> {
    let sets = run.executed.iter().filter_map(|executed| executed.sets.as_ref()).flatten();
    sets.map(|set| set.key.clone()).collect()
}

#[test]
fn the_official_sample_is_read_as_it_stands() {
    let run = execution::read(&sample()).unwrap();
    let mut expected = Vec::new();
    walked(&sample(), &mut expected);
    assert!(!expected.is_empty());
    assert_eq!(keys(&run), expected);
    assert!(run.records_values && !run.truncated);
    let large = run.executed.iter().filter_map(|e| e.sets.as_ref()).flatten().find(|set| set.key == "history").unwrap();
    assert_eq!(large.value, execution::Recorded::Hidden, "a value that is too large is not one");
    let module = run.executed.iter().find(|executed| executed.module.is_some()).unwrap();
    assert_eq!(module.module.as_ref().unwrap().version, "3");
    assert!(run.executed.iter().all(|executed| executed.at.is_some()));
}

#[test]
fn the_sample_is_read_with_each_switch_off() {
    let whole = execution::read(&sample()).unwrap();
    let struck = |names: &[&str]| {
        let mut document = sample();
        strike(&mut document, names);
        execution::read(&document).unwrap()
    };
    let names = struck(&["actionName", "flowName", "taskName", "outputPathName", "variableName", "commonModule"]);
    assert_eq!(names.executed.len(), whole.executed.len());
    assert!(names.executed.iter().all(|executed| executed.name.is_empty() && !executed.action_id.is_empty()));
    assert_eq!(keys(&names), keys(&whole));
    let inputs = struck(&["inputData", "outputData", "executionInfo"]);
    assert!(!inputs.records_values && keys(&inputs).is_empty());
    assert_eq!(inputs.executed.len(), whole.executed.len());
    let variables = struck(&["variables", "outputVariables"]);
    assert!(variables.variables.is_empty() && variables.executed.iter().all(|executed| executed.wrote.is_empty()));
    let without = |run: &execution::Run| -> Vec<execution::Executed> {
        run.executed.iter().map(|one| execution::Executed { wrote: Vec::new(), ..one.clone() }).collect()
    };
    assert_eq!(without(&variables), without(&whole));
    assert!(struck(&["executionInfo"]).records_values, "recorded inputs tell it");
}

#[test]
fn unknown_entries_are_passed_over_and_other_documents_refused() {
    let mut document = sample();
    let list = document.pointer_mut("/flow/execution").unwrap().as_array_mut().unwrap();
    list.insert(0, json!({"eventNeverSeen": {"dateTime": "x", "execution": [{"actionNew": {"actionId": "n"}}]}}));
    list.insert(1, json!({}));
    list.insert(2, json!("text"));
    list.insert(3, json!({"actionOdd": null}));
    let run = execution::read(&document).unwrap();
    assert_eq!(run.executed.len(), execution::read(&sample()).unwrap().executed.len() + 1);
    for other in [json!({}), json!({"flow": {}}), json!([1]), json!({"flow": {"execution": {}}})] {
        assert!(execution::read(&other).is_err());
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

fn make(rng: &mut fastrand::Rng, depth: usize, next: &mut usize) -> Vec<Node> {
    let mut list = Vec::new();
    for _ in 0..rng.usize(0..4) {
        *next += 1;
        let id = *next;
        list.push(match rng.u8(0..10) {
            0..=3 => Node::Set(id, KEYS[rng.usize(0..KEYS.len())]),
            4..=6 if depth > 0 => Node::Decide(id, make(rng, depth - 1, next), make(rng, depth - 1, next)),
            7..=8 if depth > 0 => Node::Ask(id, std::array::from_fn(|_| make(rng, depth - 1, next))),
            9 if depth < 3 => Node::Leave(id),
            _ => Node::Set(id, "other"),
        });
        if matches!(list.last(), Some(Node::Leave(_))) {
            break;
        }
    }
    list
}

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

/// What happened in a made run.
#[derive(Default)]
struct Truth {
    entries: Vec<Value>,
    /// Key and number of the action that set it, in order.
    sets: Vec<(&'static str, usize)>,
    /// Number of a branching action and the output that it took.
    took: Vec<(usize, &'static str)>,
}

/// Runs the list; false when the run ended.
fn run(list: &[Node], rng: &mut fastrand::Rng, truth: &mut Truth) -> bool {
    for node in list {
        let mut entry = |kind: &str, n: usize, more: Value| {
            let at = format!(
                "2026-11-20T14:02:{:02}.{:03}Z",
                truth.entries.len() / 100 % 60,
                truth.entries.len() % 100 * 10
            );
            let mut body =
                json!({"actionId": id(n), "actionName": format!("Step {n}"), "trackingId": n, "dateTime": at});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            truth.entries.push(json!({kind: body}));
        };
        match node {
            Node::Set(n, key) => {
                entry(
                    "actionSetParticipantData",
                    *n,
                    json!({"inputData": {"attributes": [{"inputName": key, "value": "x"}]}}),
                );
                truth.sets.push((key, *n));
            }
            Node::Decide(n, yes, no) => {
                let side = rng.bool();
                entry("actionDecision", *n, json!({"outputPathId": if side { "__YES__" } else { "__NO__" }}));
                truth.took.push((*n, if side { "yes" } else { "no" }));
                if !run(if side { yes } else { no }, rng, truth) {
                    return false;
                }
            }
            Node::Ask(n, lists) => {
                let way = rng.usize(0..3);
                entry("actionCallData", *n, json!({"outputPathId": OUTPUTS[way]}));
                truth.took.push((*n, ["success", "failure", "timeout"][way]));
                if !run(&lists[way], rng, truth) {
                    return false;
                }
            }
            Node::Leave(n) => {
                entry("actionDisconnect", *n, json!({}));
                return false;
            }
        }
    }
    true
}

/// Whether the key may be set from here on, and whether the list may come to its end.
fn may_set(list: &[Node], key: &str) -> (bool, bool) {
    let mut found = false;
    for node in list {
        let lists: Vec<&Vec<Node>> = match node {
            Node::Set(_, own) => {
                found |= *own == key;
                continue;
            }
            Node::Leave(_) => return (found, false),
            Node::Decide(_, yes, no) => vec![yes, no],
            Node::Ask(_, lists) => lists.iter().collect(),
        };
        let each: Vec<(bool, bool)> = lists.into_iter().map(|list| may_set(list, key)).collect();
        found |= each.iter().any(|(sets, _)| *sets);
        if each.iter().all(|(_, ends)| !ends) {
            return (found, false);
        }
    }
    (found, true)
}

/// Whether `key` may be set once this action has taken this output.
fn onward(list: &[Node], number: usize, output: &str, key: &str) -> Option<(bool, bool)> {
    list.iter().enumerate().find_map(|(at, node)| {
        let place = |names: &[&str]| names.iter().position(|name| *name == output).unwrap();
        let (own, inner) = match node {
            Node::Decide(n, yes, no) if *n == number => {
                (Some(may_set([yes, no][place(&["yes", "no"])], key)), Vec::new())
            }
            Node::Ask(n, lists) if *n == number => {
                (Some(may_set(&lists[place(&["success", "failure", "timeout"])], key)), Vec::new())
            }
            Node::Decide(_, yes, no) => (None, vec![yes, no]),
            Node::Ask(_, lists) => (None, lists.iter().collect()),
            _ => (None, Vec::new()),
        };
        let within = inner.into_iter().find_map(|list| onward(list, number, output, key));
        let (sets, ends) = own.or(within)?;
        let (behind, on) = may_set(&list[at + 1..], key);
        Some((sets || ends && behind, ends && on))
    })
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

/// Over random flows and runs no answer that claims to be observed or executed is wrong, with every switch of the record on
/// and with inputs or names off; and a healthy key accuses nobody.
#[test]
#[allow(clippy::print_stdout, reason = "a failure is repeated by its seed")]
fn no_certain_answer_is_wrong() {
    let count = crate::testing::count("SIDETONE_RUNS", 300, 10_000);
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut certain = 0;
    for _ in 0..count {
        let mut next = 0;
        let list = make(&mut rng, 3, &mut next);
        let mut truth = Truth::default();
        run(&list, &mut rng, &mut truth);
        let mut document = document(truth.entries.clone());
        let flow = |document: &mut Value, member: &str, value: Value| document["flow"][member] = value;
        // What leaves no doubt, then what does.
        let (mut whole, mut outputs) = (true, true);
        match rng.u8(0..8) {
            0 => strike(&mut document, &["inputData"]),
            1 => strike(&mut document, &["actionName"]),
            2 => {
                outputs = false;
                strike(&mut document, &["outputPathId"]);
            }
            3 => {
                let cut = rng.usize(0..=truth.entries.len());
                flow(&mut document, "execution", Value::Array(truth.entries[..cut].to_vec()));
                if rng.bool() {
                    flow(&mut document, "isTruncated", json!(true));
                    whole = false;
                }
            }
            4 => {
                whole = false;
                let switches = json!({"flowExecutionItems": false});
                flow(&mut document, "executionInfo", json!({"logLevel": "base", "characteristics": switches}));
            }
            5 => {
                whole = false;
                flow(&mut document, "isSecure", json!(true));
            }
            _ => {}
        }
        let run = execution::read(&document).unwrap();
        let flows = [FlowRun {
            definition: Some(read(&definition(&list).to_string()).unwrap().into()),
            run: Some(run.into()),
            ..FlowRun::default()
        }];
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        for (key, _) in &truth.sets {
            if !attributes.iter().any(|(known, _)| known == key) {
                attributes.push((key, "x"));
            }
        }
        let entry = entry([snapshot("c", vec![participant("p", "customer", &attributes)])]);
        for key in KEYS {
            let question = Question { key: key.to_owned(), on: "customer".to_owned() };
            let call = KnownCall { conversation: &entry.conversation, changes: &[], flows: &flows };
            let answer = explain(&question, &call);
            let set_by: Vec<usize> = truth.sets.iter().filter(|(own, _)| *own == key).map(|(_, n)| *n).collect();
            let case = format!("seed {seed}: {key}: {answer:#?}\n{list:#?}\n{:?}", truth.entries);
            let tracked = answer.action.as_ref().and_then(|action| action.tracking_id.clone());
            let shown = |source| answer.evidence.iter().any(|one| one.source == source);
            match answer.certainty {
                Certainty::Executed => assert!(shown(answer::EvidenceSource::Execution), "no evidence: {case}"),
                Certainty::Observed => assert!(shown(answer::EvidenceSource::Read), "no evidence: {case}"),
                Certainty::Static | Certainty::Unknown => {}
            }
            match (set_by.last(), answer.verdict) {
                (Some(last), Verdict::Present) => {
                    let has_twin = attributes.iter().any(|(own, _)| *own != key && own.eq_ignore_ascii_case(key));
                    assert_eq!(answer.remedy.is_some(), has_twin, "a healthy key accuses nobody: {case}");
                    if answer.certainty <= Certainty::Executed {
                        assert_eq!(tracked.as_deref(), Some(last.to_string().as_str()), "{case}");
                    }
                }
                (Some(_), _) => panic!("it is there: {case}"),
                (None, Verdict::WrongCase) => {
                    assert!(
                        attributes.iter().any(|(known, _)| *known != key && known.eq_ignore_ascii_case(key)),
                        "{case}"
                    );
                }
                (None, Verdict::Missing) => {
                    let reached = |n: usize| truth.entries.iter().any(|entry| entry.to_string().contains(&id(n)));
                    for step in &answer.branch {
                        let n: usize = step.action.tracking_id.clone().unwrap().parse().unwrap();
                        assert!(step.executed.is_none_or(|executed| executed == reached(n)), "{case}");
                    }
                    if answer.cause.contains("no further") {
                        let last = truth.entries.last().unwrap().to_string();
                        let before = answer.cause.split(" and no further").next().unwrap();
                        let number = before.rsplit("(action ").next().unwrap().split(')').next().unwrap();
                        assert!(last.contains(&id(number.parse().unwrap())), "it was not the last: {case}");
                    }
                    if answer.certainty == Certainty::Executed {
                        assert!(whole, "the record is no proof: {case}");
                        certain += 1;
                        let number: usize = tracked.unwrap().parse().unwrap();
                        assert!(!truth.sets.iter().any(|(_, n)| *n == number), "it was reached: {case}");
                        for step in &answer.branch {
                            let n: usize = step.action.tracking_id.clone().unwrap().parse().unwrap();
                            let took: Vec<_> = truth.took.iter().filter(|(own, _)| *own == n).collect();
                            assert_eq!(step.executed, Some(reached(n)), "{case}");
                            let taken = step.taken.as_deref();
                            assert!(taken.is_none() || taken == took.last().map(|(_, way)| *way), "{case}");
                            if let Some(needed) = &step.needed {
                                assert!(onward(&list, n, needed, key).is_some_and(|(sets, _)| sets), "{case}");
                            }
                            // What led elsewhere led where the key is not set any more.
                            let is_turn = step.needed.is_some() && taken.is_some() && taken != step.needed.as_deref();
                            if let Some(taken) = taken.filter(|_| is_turn) {
                                assert!(answer.cause.contains(&format!(" {taken}")), "{case}");
                                let still = onward(&list, n, taken, key).is_some_and(|(sets, _)| sets);
                                assert!(!outputs || !still, "it led on to another setter: {case}");
                            }
                        }
                        if answer.cause.contains("took its output") {
                            let turned = answer.branch.iter().find(|step| {
                                step.taken.is_some() && step.taken != step.needed && step.needed.is_some()
                            });
                            assert!(turned.is_some(), "{case}");
                        }
                    } else {
                        let doubt = document != self::document(truth.entries.clone());
                        let is_static = answer.certainty == Certainty::Static;
                        assert!(doubt || is_static && !may_set(&list, key).0, "{case}");
                    }
                }
                (None, _) => panic!("it is missing: {case}"),
            }
        }
    }
    assert!(certain > count / 20, "only {certain} certain answers");
}

/// Without a record of the run nothing is claimed to have been executed.
#[test]
fn without_a_record_nothing_is_executed() {
    let mut next = 0;
    let list = vec![Node::Decide(1, vec![Node::Set(2, "tier")], Vec::new())];
    _ = &mut next;
    let flows =
        [FlowRun { definition: Some(read(&definition(&list).to_string()).unwrap().into()), ..FlowRun::default() }];
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[])])]);
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
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
            old: old.map(value),
            new: new.map(value),
            source: crate::domain::Source::Stream,
            event_time: None,
            first_sight: false,
        }
    };
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
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
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
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
        old: Some(crate::domain::Value::text(old)),
        new: Some(crate::domain::Value::text(new)),
        source: crate::domain::Source::Stream,
        event_time: None,
        first_sight: false,
    };
    let question = Question { key: "promise".to_owned(), on: "customer".to_owned() };
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
        assert!(answer.cause.contains("went back to its value before"), "{}", answer.cause);
        assert!(!answer.cause.contains("a flow that ends"), "{}", answer.cause);
    }
    let other = explained(Some(2), &[(at(1), change("none", "a")), (at(2), change("a", "b"))]);
    assert_eq!((other.verdict, other.remedy), (Verdict::Present, None));
}

/// How much is looked at for a flow, its run and a key.
fn visited(flow: &Value, entries: Vec<Value>) -> (usize, usize, WhyAnswer, std::time::Duration) {
    let definition = read(&flow.to_string()).unwrap();
    let run = execution::read(&document(entries)).unwrap();
    let size = definition.actions.len() + run.executed.len();
    let flows = [FlowRun { definition: Some(definition.into()), run: Some(run.into()), ..FlowRun::default() }];
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[])])]);
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
    steps::VISITED.set(0);
    let begun = std::time::Instant::now();
    let answer = explain(&question, &KnownCall { conversation: &entry.conversation, changes: &[], flows: &flows });
    (steps::VISITED.get(), size, answer, begun.elapsed())
}

/// Work grows with the flow and not with its square: counted, for time depends on the machine.
#[test]
#[allow(clippy::print_stdout, reason = "the figure is for docs/design/why.md")]
fn a_large_flow_is_looked_at_a_fixed_number_of_times() {
    let decided = |n: usize, way: &str| json!({"actionDecision": {"actionId": id(n), "outputPathId": way}});
    // A setter behind each of 2,500 decisions in a row, and a run that passed all of them by.
    let row: Vec<Node> =
        (0..2_500).map(|n| Node::Decide(2 * n, vec![Node::Set(2 * n + 1, "tier")], Vec::new())).collect();
    let passed: Vec<Value> = (0..2_500).map(|n| decided(2 * n, "__NO__")).collect();
    // Decisions within decisions, each with a setter, and a run that came down all of them but the last.
    const DEEP: usize = 60;
    let mut deep = vec![Node::Set(2 * DEEP, "tier")];
    for n in (0..DEEP).rev() {
        deep = vec![Node::Decide(2 * n, deep, vec![Node::Set(2 * n + 1, "tier")])];
    }
    let down: Vec<Value> =
        (0..DEEP).map(|n| decided(2 * n, if n + 1 < DEEP { "__YES__" } else { "__UNTOLD__" })).collect();
    for (name, list, entries) in [("row", row, passed), ("deep", deep, down)] {
        let (visited, size, answer, took) = visited(&definition(&list), entries);
        println!("{name}: {visited} looks at {size} actions and entries, in {took:?}");
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Executed), "{name}");
        assert!(visited <= 8 * size, "{name}: {visited} looks at {size} actions and entries");
    }
}

/// A flow whose lookup has the setter of `tier` behind its success.
fn lookup_flow() -> Vec<Node> {
    vec![Node::Ask(1, [vec![Node::Set(2, "tier")], Vec::new(), vec![Node::Set(3, "other")]]), Node::Leave(4)]
}

fn flow_run(list: &[Node], document: &Value) -> FlowRun {
    FlowRun {
        name: answer::FlowName { id: "f".to_owned(), name: "F".to_owned(), version: "3".to_owned() },
        definition: Some(read(&definition(list).to_string()).unwrap().into()),
        run: Some(execution::read(document).unwrap().into()),
        ..FlowRun::default()
    }
}

/// What is answered of `tier` on a customer with these attributes.
fn tier(attributes: &[(&str, &str)], flows: &[FlowRun]) -> WhyAnswer {
    let entry = entry([snapshot("c", vec![participant("p", "customer", attributes)])]);
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
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
fn a_record_that_lists_no_actions_proves_nothing() {
    let whole = tier(&[], &[flow_run(&lookup_flow(), &document(timed_out()))]);
    assert_eq!((whole.verdict, whole.certainty), (Verdict::Missing, Certainty::Executed));
    let info = |info: Value| {
        let mut document = document(timed_out());
        document["flow"]["executionInfo"] = info;
        document
    };
    let off = json!({"logLevel": "all", "characteristics": {"flowExecutionItems": false}});
    for document in [info(off), info(json!({"logLevel": "disabled"})), document(Vec::new())] {
        let answer = tier(&[], &[flow_run(&lookup_flow(), &document)]);
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static), "{document}");
        assert!(answer.branch.iter().all(|step| step.executed.is_none()), "{answer:#?}");
        assert!(answer.remedy.unwrap().contains("list its actions"), "{document}");
    }
}

#[test]
fn a_run_of_another_flow_that_could_not_be_read_leaves_a_doubt() {
    let first = || flow_run(&lookup_flow(), &document(timed_out()));
    let setter = [Node::Decide(1, vec![Node::Set(2, "tier")], Vec::new())];
    let harmless = [Node::Set(1, "other")];
    let mut cut = document(Vec::new());
    cut["flow"]["isTruncated"] = json!(true);
    let unread = |list: &[Node]| FlowRun { run: None, ..flow_run(list, &cut) };
    let undefined = FlowRun { definition: None, ..unread(&setter) };
    for second in [unread(&setter), flow_run(&setter, &cut), undefined] {
        let answer = tier(&[], &[first(), second]);
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static));
        assert!(answer.cause.contains("the record of the run of F"), "{}", answer.cause);
    }
    let answer = tier(&[], &[first(), unread(&harmless)]);
    assert_eq!(answer.certainty, Certainty::Executed, "that flow sets no such key");
}

#[test]
fn a_value_that_is_no_text_is_not_compared_and_one_that_is_not_set_is_said() {
    let flows = |value: Value| [flow_run(&lookup_flow(), &set_to(&value))];
    for (recorded, there) in [
        (json!({"raw": "5550123", "e164": "+13175550123", "uri": "tel:+13175550123"}), "tel:+13175550123"),
        (json!(120.5), "120.50"),
        (json!(true), "True"),
        (json!(["a", "b"]), "a,b"),
        (json!("2026-11-20T14:02:00Z"), "2026-11-20T14:02:00.000Z"),
    ] {
        let answer = tier(&[("tier", there)], &flows(recorded));
        assert_eq!((answer.verdict, answer.remedy), (Verdict::Present, None), "{there}");
    }
    let other = tier(&[("tier", "silver")], &flows(json!("gold")));
    assert_eq!((other.verdict, other.certainty), (Verdict::Overwritten, Certainty::Static), "on whom is not recorded");
    let null = tier(&[], &flows(Value::Null));
    assert_eq!((null.verdict, null.certainty), (Verdict::Missing, Certainty::Executed));
    assert!(null.cause.contains("ran with a value that is not set"), "{}", null.cause);
    let null = tier(&[("tier", "gold")], &flows(Value::Null));
    assert_eq!((null.verdict, null.certainty), (Verdict::Present, Certainty::Unknown), "{}", null.cause);
}

#[test]
fn behind_the_end_of_a_cut_record_nothing_is_said_of_actions() {
    let mut cut = document(timed_out()[..0].to_vec());
    cut["flow"]["execution"] = json!([{"actionPlayAudio": {"actionId": id(9)}}]);
    cut["flow"]["isTruncated"] = json!(true);
    let answer = tier(&[("tier", "gold")], &[flow_run(&lookup_flow(), &cut)]);
    assert_eq!(answer.verdict, Verdict::Present);
    assert!(!answer.branch.is_empty() && answer.branch.iter().all(|step| step.executed.is_none()), "{answer:#?}");
    let missing = tier(&[], &[flow_run(&lookup_flow(), &cut)]);
    assert_eq!(missing.certainty, Certainty::Static);
}

#[test]
fn an_output_that_is_not_recorded_is_inferred_from_what_ran_or_unknown() {
    let mut entries = timed_out();
    strike(&mut entries[0], &["outputPathId"]);
    let inferred = tier(&[], &[flow_run(&lookup_flow(), &document(entries.clone()))]);
    assert_eq!(inferred.certainty, Certainty::Executed);
    assert!(inferred.cause.contains("took its output timeout"), "{}", inferred.cause);
    entries.remove(1);
    let unknown = tier(&[], &[flow_run(&lookup_flow(), &document(entries))]);
    assert_eq!(unknown.certainty, Certainty::Static);
    assert!(unknown.cause.contains("is not recorded"), "{}", unknown.cause);
}

/// Two tasks: a menu's choice leads from the first to the second, in which the key is set.
fn menu_flow() -> Value {
    let literal = |text: &str| json!({"config": {"lit": {"text": text, "type": "str"}}, "text": text, "type": "str", "uiMetaData": {"mode": 1}});
    let set = |n: usize, key: &str| {
        json!({"__type": "SetAttributesAction", "id": id(n), "name": format!("Step {n}"), "trackingId": n,
            "variables": [{"variable": literal(key), "expression": literal("x")}]})
    };
    let jump =
        json!({"__type": "CallTaskAction", "id": id(2), "name": "Call", "trackingId": 2, "taskId": "t", "paths": []});
    let decide = json!({"__type": "DecisionAction", "id": id(1), "name": "Choice", "trackingId": 1,
        "expression": {"text": "Flow.X", "type": "bln", "uiMetaData": {"mode": 0}, "config": {"ref": {"text": "Flow.X", "type": "bln", "val": "v"}}},
        "paths": [path("__YES__", "Yes", Some(id(2))), path("__NO__", "No", Some(id(3)))]});
    json!({
        "name": "Made", "type": "inboundcall", "initialSequence": "s", "nextTrackingNumber": 999,
        "variables": [{"id": "v", "name": "Flow.X", "__type": "BoolVariable"}],
        "flowSequenceItemList": [
            {"__type": "Task", "id": "s", "name": "Start", "trackingId": 9999, "startAction": id(1), "actionList": [decide, jump, set(3, "other")]},
            {"__type": "Task", "id": "t", "name": "Billing", "trackingId": 9998, "startAction": id(4), "actionList": [set(4, "tier")]},
        ],
    })
}

#[test]
fn a_task_that_was_never_entered_names_what_led_elsewhere() {
    let definition = read(&menu_flow().to_string()).unwrap();
    let entries = vec![
        json!({"actionDecision": {"actionId": id(1), "outputPathId": "__NO__"}}),
        json!({"actionSetParticipantData": {"actionId": id(3), "inputData": {"attributes": [{"inputName": "other", "value": "x"}]}}}),
    ];
    let run = execution::read(&document(entries)).unwrap();
    let flows = [FlowRun { definition: Some(definition.into()), run: Some(run.into()), ..FlowRun::default() }];
    let answer = tier(&[("other", "x")], &flows);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Executed));
    assert!(answer.cause.contains("because Choice (action 1) took its output"), "{}", answer.cause);
    let path: Vec<&str> = answer.branch.iter().map(|step| step.action.name.as_str()).collect();
    assert_eq!(path, ["Choice", "Call", "Step 4"], "{answer:#?}");
    assert!(!answer.evidence.is_empty());
}

/// The sample's flow: a lookup, a menu, and a task with a decision before the setter of `priority`.
#[test]
fn a_menu_that_led_elsewhere_is_named_with_its_choice() {
    let definition = std::sync::Arc::new(read(include_str!("../../assets/flows/main-ivr.json")).unwrap());
    let entry_of = |name: &str, kind: &str, second: usize, more: Value| {
        let mut body = more;
        body["actionId"] = json!(definition.actions[definition.find(name).unwrap()].id);
        body["dateTime"] = json!(format!("2026-11-20T14:02:{second:02}.000Z"));
        json!({ kind: body })
    };
    let begin = |last: Vec<Value>| {
        let mut all = vec![
            entry_of("Welcome", "actionPlayAudio", 1, json!({})),
            entry_of("Find customer", "actionCallData", 2, json!({"outputPathId": "__SUCCESS__"})),
            entry_of("Keep tier", "actionSetParticipantData", 3, json!({"inputData": {"attributes": []}})),
            json!({"menuMenu": {"dateTime": "2026-11-20T14:02:04.000Z"}}),
        ];
        all.extend(last);
        document(all)
    };
    let asked = |document: &Value| {
        let flows = [FlowRun {
            definition: Some(std::sync::Arc::clone(&definition)),
            run: Some(execution::read(document).unwrap().into()),
            ..FlowRun::default()
        }];
        let mut call = snapshot("c", vec![participant("p", "customer", &[])]);
        call.started = Some("2026-11-20T14:02:00Z".parse().unwrap());
        let entry = entry([call]);
        let question = Question { key: "priority".to_owned(), on: "customer".to_owned() };
        explain(&question, &KnownCall { conversation: &entry.conversation, changes: &[], flows: &flows })
    };
    let goodbye = asked(&begin(vec![entry_of("Goodbye", "actionDisconnect", 7, json!({}))]));
    assert_eq!((goodbye.verdict, goodbye.certainty), (Verdict::Missing, Certainty::Executed));
    let told = "because Main Menu (action 25) took 9: Goodbye and the run went on to Goodbye (action 24) at 0:07.";
    assert!(goodbye.cause.ends_with(told), "{}", goodbye.cause);
    let path = |answer: &WhyAnswer| -> Vec<(String, Option<String>, Option<String>)> {
        let step = |step: &answer::PathStep| (step.action.name.clone(), step.needed.clone(), step.taken.clone());
        answer.branch.iter().map(step).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        path(&goodbye),
        [
            ("Main Menu".to_owned(), some("1: Billing"), some("9: Goodbye")),
            ("Gold caller?".to_owned(), some("yes"), None),
            ("Raise priority".to_owned(), None, None)
        ]
    );
    // Hung up in the menu, before the lookup, and ended by an error.
    let cut = |reason: &str, entries: &[Value]| {
        let mut whole = document(entries.to_vec());
        whole.pointer_mut("/flow/execution").unwrap().as_array_mut().unwrap().last_mut().unwrap()["endedFlow"]["flowExitReason"] =
            json!(reason);
        asked(&whole)
    };
    let all = begin(Vec::new())["flow"]["execution"].as_array().unwrap().clone();
    let menu = json!({"menuMenu": {"trackingId": 25, "dateTime": "2026-11-20T14:02:04.000Z"}});
    let hung = cut("DISCONNECT", &[all[0].clone(), all[1].clone(), all[2].clone(), menu]);
    assert_eq!((hung.verdict, hung.certainty), (Verdict::Missing, Certainty::Executed), "{}", hung.cause);
    assert!(
        hung.cause.contains("because the call was disconnected at 1:00, at Main Menu (action 25), before a choice was taken (DISCONNECT)"),
        "{}",
        hung.cause
    );
    let step = hung.branch.iter().find(|step| step.action.name == "Main Menu").unwrap();
    assert_eq!((step.executed, step.taken.as_deref()), (Some(true), None));
    let early = cut("DISCONNECT", &all[..1]);
    assert!(early.cause.contains("because the call was disconnected at 1:00, at Welcome"), "{}", early.cause);
    assert!(early.remedy.as_deref().is_some_and(|remedy| remedy.starts_with("nothing in the flow")), "{early:#?}");
    let mut lookup = all[1].clone();
    strike(&mut lookup, &["outputPathId"]);
    let failed = cut("FLOW_ERROR_DISCONNECT", &[all[0].clone(), lookup.clone()]);
    assert!(
        failed.cause.contains("because the flow ended with an error at 1:00, at Find customer"),
        "{}",
        failed.cause
    );
    assert!(failed.remedy.as_deref().is_some_and(|remedy| remedy.contains("look at why Find customer")), "{failed:#?}");
    // Which output it took need not be recorded, and the flow may have ended behind it.
    let untold = cut("DISCONNECT", &[all[0].clone(), lookup]);
    assert!(!untold.cause.contains("disconnected"), "{}", untold.cause);
    let evidence: Vec<&str> = goodbye.evidence.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(evidence, ["Main Menu (action 25) took 9: Goodbye: the run went on to Goodbye (action 24)"]);
    // In the task, the menu is on the path, and the decision is the cause.
    let silver = asked(&begin(vec![
        entry_of("Choice billing", "actionSetParticipantData", 6, json!({})),
        entry_of("Gold caller?", "actionDecision", 7, json!({"outputPathId": "__NO__"})),
        entry_of("To billing", "actionTransferToAcd", 8, json!({})),
    ]));
    assert!(silver.cause.contains("because Gold caller? (action 19) took its output no at 0:07"), "{}", silver.cause);
    assert_eq!(
        path(&silver)[..2],
        [("Main Menu".to_owned(), some("1: Billing"), None), ("Gold caller?".to_owned(), some("yes"), some("no"))]
    );
}

/// A setter to which no path leads is no cause.
#[test]
fn a_setter_that_nothing_leads_to_is_said_to_be_one() {
    let list = vec![Node::Decide(1, vec![Node::Leave(2)], vec![Node::Leave(3)]), Node::Set(4, "tier")];
    let entries = vec![
        json!({"actionDecision": {"actionId": id(1), "outputPathId": "__YES__"}}),
        json!({"actionDisconnect": {"actionId": id(2)}}),
    ];
    for flow in [
        flow_run(&list, &document(entries)),
        FlowRun { definition: flow_run(&list, &document(Vec::new())).definition, ..FlowRun::default() },
    ] {
        let answer = tier(&[], &[flow]);
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static));
        assert!(answer.cause.contains("no path of") && answer.cause.contains("leads to Step 4"), "{}", answer.cause);
    }
}

#[test]
fn the_version_before_is_named_where_it_set_the_key() {
    let before = read(&definition(&lookup_flow()).to_string()).unwrap();
    let now = read(&definition(&[Node::Leave(1)]).to_string()).unwrap();
    let name = answer::FlowName { id: "f".to_owned(), name: "F".to_owned(), version: "43".to_owned() };
    let flow = FlowRun { name, definition: Some(now.into()), ..FlowRun::default() };
    let plain = tier(&[], std::slice::from_ref(&flow));
    assert!(plain.cause.contains("no action of F v43 sets it"), "{}", plain.cause);
    let told = tier(&[], &[FlowRun { earlier: Some(("42".to_owned(), before.into())), ..flow }]);
    assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Static));
    let cause = "tier is not there: F v42 sets it by Step 2 (action 2); v43, which this call ran, does not.";
    assert_eq!(told.cause, cause);
    assert_eq!(told.evidence.len(), 2);
}

#[test]
fn a_value_that_one_action_alone_writes_tells_the_path_without_a_record() {
    let mut flow = definition(&lookup_flow());
    let actions = flow.pointer_mut("/flowSequenceItemList/0/actionList").unwrap().as_array_mut().unwrap();
    for action in actions.iter_mut().filter(|action| action["id"] == json!(id(3))) {
        action["variables"][0]["expression"]["config"]["lit"]["text"] = json!("timeout");
    }
    let flows = |running: bool| {
        [FlowRun { definition: Some(read(&flow.to_string()).unwrap().into()), running, ..FlowRun::default() }]
    };
    let told = tier(&[("other", "timeout")], &flows(false));
    assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Static));
    assert!(told.cause.contains("which took timeout: other has the value that only Step 3"), "{}", told.cause);
    let other = tier(&[("other", "somebody's")], &flows(false));
    assert!(other.cause.contains("which path the call took is not recorded"), "{}", other.cause);
    assert!(other.remedy.unwrap().contains("switch on execution data"));
    // In a flow that still runs what can no longer be reached will not come; the rest may.
    let running = tier(&[("other", "timeout")], &flows(true));
    assert!(running.cause.contains("which took timeout: other has the value that only Step 3"), "{}", running.cause);
    let running = tier(&[], &flows(true));
    assert!(running.cause.contains("still running") && running.remedy.is_none(), "{}", running.cause);
    for (why, part) in [
        (cause::NoRecord::Forbidden, "permission"),
        (cause::NoRecord::Unread, "ask again"),
        (cause::NoRecord::Late, "look again in a while"),
    ] {
        let [flow] = flows(false);
        let answer = tier(&[], &[FlowRun { no_record: why, ..flow }]);
        assert!(answer.remedy.as_deref().is_some_and(|remedy| remedy.contains(part)), "{answer:#?}");
    }
}

#[test]
fn of_a_key_that_no_recorded_action_set_it_is_said_that_none_did() {
    let answer = tier(&[("tier", "gold")], &[flow_run(&lookup_flow(), &document(timed_out()))]);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Present, Certainty::Static));
    assert!(answer.cause.contains("but did not by the record"), "{}", answer.cause);
}

#[test]
fn an_action_that_ran_and_whose_entry_does_not_list_the_key_was_not_passed_by() {
    let ran = |input: Value| {
        let mut entry = json!({"actionId": id(2)});
        if !input.is_null() {
            entry["inputData"] = input;
        }
        let entries = vec![
            json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}}),
            json!({"actionSetParticipantData": entry}),
            json!({"actionDisconnect": {"actionId": id(4)}}),
        ];
        [flow_run(&lookup_flow(), &document(entries))]
    };
    let other = json!({"attributes": [{"inputName": "other", "value": "x"}]});
    for input in [other, json!({"attributes": []}), json!({"valueIsTooLarge": true}), Value::Null] {
        let gone = tier(&[], &ran(input.clone()));
        assert_eq!((gone.verdict, gone.certainty), (Verdict::Missing, Certainty::Static), "{input}: {}", gone.cause);
        assert!(gone.cause.contains(" ran") && gone.cause.contains("not recorded"), "{input}: {}", gone.cause);
        let there = tier(&[("tier", "gold")], &ran(input.clone()));
        assert_eq!(there.verdict, Verdict::Present);
        assert!(!there.cause.contains("another program"), "{input}: {}", there.cause);
    }
}

/// Two choices of a menu, each with a task of its own.
const CHOICES: &str = "inboundCall:
  name: M
  startUpRef: \"/inboundCall/menus/menu[Main_1]\"
  menus:
    - menu:
        name: Main
        refId: Main_1
        choices:
          - menuTask:
              name: A
              dtmf: digit_1
              task:
                actions:
                  - setParticipantData:
                      name: Set choice
                      attributes:
                        - attribute: {name: {lit: choice}, value: {lit: new}}
          - menuTask:
              name: B
              dtmf: digit_2
              task:
                actions:
                  - setParticipantData:
                      name: Set tier
                      attributes:
                        - attribute: {name: {lit: tier}, value: {lit: gold}}
";

#[test]
fn without_a_record_a_value_shows_the_choice_in_a_menu() {
    let definition = std::sync::Arc::new(read(CHOICES).unwrap());
    for running in [false, true] {
        let flows = [FlowRun { definition: Some(std::sync::Arc::clone(&definition)), running, ..FlowRun::default() }];
        let told = tier(&[("choice", "new")], &flows);
        assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Static));
        let part =
            "is behind the output 2: B of Main, which took 1: A: choice has the value that only Set choice writes";
        assert!(told.cause.contains(part), "{}", told.cause);
        assert_eq!(told.branch.first().map(|step| step.action.name.as_str()), Some("Main"), "{told:#?}");
        let open = tier(&[("choice", "other")], &flows);
        assert!(!open.cause.contains("which took"), "{}", open.cause);
    }
    // What a called task sets comes before what stands behind the call.
    let mut flow = menu_flow();
    flow["flowSequenceItemList"][0]["actionList"][1]["nextAction"] = json!(id(3));
    let flows = [FlowRun { definition: Some(read(&flow.to_string()).unwrap().into()), ..FlowRun::default() }];
    let told = tier(&[("other", "x")], &flows);
    assert!(!told.cause.contains("which took"), "{}", told.cause);
}

#[test]
fn an_action_of_a_common_module_is_the_module_s() {
    let nested = json!([{"actionSetParticipantData": {"actionId": "m", "actionName": "Mod Set", "trackingId": 2,
        "inputData": {"attributes": [{"inputName": "tier", "value": "gold"}]}}}]);
    let call = json!({"commonModule": {"flowId": "mod", "flowName": "Mod", "flowVersion": "1.0"}});
    let entries = vec![
        json!({"actionCallCommonModule": {"actionId": "c", "inputData": call, "execution": nested}}),
        json!({"actionCallData": {"actionId": id(1), "outputPathId": "__TIMEOUT__"}}),
        json!({"actionDisconnect": {"actionId": id(4)}}),
    ];
    let flows = [flow_run(&lookup_flow(), &document(entries))];
    for (there, part) in
        [(&[("tier", "gold")][..], "Mod Set (action 2) of Mod v1 set it"), (&[], "set by Mod Set (action 2) of Mod v1")]
    {
        let told = tier(there, &flows);
        assert!(told.cause.contains(part), "{}", told.cause);
        assert_eq!(told.flow.as_ref().map(|flow| flow.name.as_str()), Some("Mod"), "{told:#?}");
        assert!(told.evidence.iter().any(|one| one.text.contains("of Mod v1")), "{told:#?}");
    }
}

#[test]
fn what_stands_in_a_cut_record_was_executed() {
    let mut cut = set_to(&json!("x"));
    cut["flow"]["isTruncated"] = json!(true);
    let told = tier(&[("tier", "x")], &[flow_run(&lookup_flow(), &cut)]);
    assert_eq!((told.verdict, told.certainty), (Verdict::Present, Certainty::Executed), "{}", told.cause);
    // Another action may have written it behind the cut.
    let mut more = lookup_flow();
    more.insert(1, Node::Set(9, "tier"));
    let told = tier(&[("tier", "x")], &[flow_run(&more, &cut)]);
    assert_eq!(told.certainty, Certainty::Static, "{}", told.cause);
}

#[test]
fn a_record_that_names_all_keys_needs_no_definition() {
    let undefined = |document: &Value| [FlowRun { definition: None, ..flow_run(&lookup_flow(), document) }];
    let told = tier(&[], &undefined(&document(timed_out())));
    assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Executed), "{}", told.cause);
    assert!(told.cause.contains("no action of the run of F v3 set it"), "{}", told.cause);
    let mut cut = document(timed_out());
    cut["flow"]["isTruncated"] = json!(true);
    assert_eq!(tier(&[], &undefined(&cut)).certainty, Certainty::Unknown);
}

#[test]
fn a_conversation_without_a_flow_is_said_to_have_none() {
    let told = tier(&[], &[]);
    assert!(told.cause.contains("no flow is known of this conversation"), "{}", told.cause);
    assert!(!told.remedy.unwrap().contains("doctor"));
    let call = entry([snapshot("c", vec![participant("p", "customer", &[]), participant("i", "ivr", &[])])]);
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
    let told = explain(&question, &KnownCall { conversation: &call.conversation, changes: &[], flows: &[] });
    assert!(told.remedy.unwrap().contains("doctor"));
}

#[test]
fn the_version_before_would_not_have_helped_on_another_path() {
    let before = || read(&definition(&lookup_flow()).to_string()).unwrap();
    let mut now = lookup_flow();
    let Node::Ask(_, lists) = &mut now[0] else { panic!() };
    lists[0].clear();
    let flow = |entries: Vec<Value>| FlowRun {
        earlier: Some(("2".to_owned(), before().into())),
        ..flow_run(&now, &document(entries))
    };
    let told = tier(&[], &[flow(timed_out())]);
    assert!(
        told.cause.contains(
            "v2 did by Step 2 (action 2), but not on the path that this call took: Step 1 (action 1) took timeout"
        ),
        "{}",
        told.cause
    );
    assert_eq!(told.certainty, Certainty::Static);
    let passed = vec![
        json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}}),
        json!({"actionDisconnect": {"actionId": id(4)}}),
    ];
    let told = tier(&[], &[flow(passed)]);
    assert!(
        told.cause.contains("F v2 sets it by Step 2 (action 2); v3, which this call ran, does not"),
        "{}",
        told.cause
    );
}

#[test]
fn a_key_of_several_words_is_quoted_and_an_empty_value_is_said() {
    let call = entry([snapshot("c", vec![participant("p", "customer", &[("tier", "")])])]);
    let ask = |key: &str| {
        let question = Question { key: key.to_owned(), on: "customer".to_owned() };
        explain(&question, &KnownCall { conversation: &call.conversation, changes: &[], flows: &[] }).cause
    };
    assert!(ask(" customer tier").starts_with("\" customer tier\" is not there"), "{}", ask(" customer tier"));
    assert!(ask("tier").ends_with("Its value is empty."), "{}", ask("tier"));
}

/// Seen: each was said to be executed, and a healthy call was accused.
#[test]
fn a_record_that_does_not_fit_the_definition_proves_nothing() {
    let without = |names: &[&str], entries: Vec<Value>| {
        let mut document = document(entries);
        strike(&mut document, names);
        document
    };
    let mut upper = document(timed_out());
    let mut two_kinds = document(timed_out());
    let mut stranger = document(timed_out());
    for entry in upper["flow"]["execution"].as_array_mut().unwrap() {
        for body in entry.as_object_mut().unwrap().values_mut().filter(|body| body.get("actionId").is_some()) {
            body["actionId"] = json!(body["actionId"].as_str().unwrap().replace('0', "A"));
        }
    }
    two_kinds["flow"]["execution"][1]["actionPlayAudio"] = json!({"actionId": id(3)});
    stranger["flow"]["execution"][1]["actionSetParticipantData"] = json!({"actionId": "zz", "trackingId": 3});
    let mut contradiction = document(timed_out());
    contradiction["flow"]["execution"][0]["actionCallData"]["outputPathId"] = json!("__SUCCESS__");
    for document in [without(&["actionId"], timed_out()), upper, two_kinds, stranger, contradiction] {
        let answer = tier(&[], &[flow_run(&lookup_flow(), &document)]);
        assert_eq!(answer.verdict, Verdict::Missing);
        assert!(answer.certainty > Certainty::Executed, "{}\n{document:#}", answer.cause);
        assert!(!answer.cause.contains("was never set: action"), "{}", answer.cause);
    }
    // The setter's own entry cannot be matched: it may have set what is there.
    let mut healthy = set_to(&json!("gold"));
    healthy["flow"]["execution"][1]["actionSetParticipantData"] = json!({});
    let answer = tier(&[("tier", "gold")], &[flow_run(&lookup_flow(), &healthy)]);
    assert!(!answer.cause.contains("did not by the record"), "{}", answer.cause);
    assert_eq!(answer.verdict, Verdict::Present);
}

#[test]
fn a_call_that_ended_before_the_setter_names_the_end() {
    let success = || vec![json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}})];
    let answer = tier(&[], &[flow_run(&lookup_flow(), &document(success()))]);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Executed), "{}", answer.cause);
    assert!(answer.cause.contains("the call was disconnected"), "{}", answer.cause);
    assert!(answer.remedy.unwrap().starts_with("nothing in the flow"));
    // By an output that leads past the setter the flow itself may have ended.
    let failure = vec![json!({"actionCallData": {"actionId": id(1), "outputPathId": "__FAILURE__"}})];
    let answer = tier(&[], &[flow_run(&lookup_flow(), &document(failure))]);
    assert!(!answer.cause.contains("the call was disconnected"), "{}", answer.cause);
}

#[test]
fn a_key_that_the_flow_sets_in_another_case_is_named() {
    let list = vec![Node::Decide(1, vec![Node::Set(2, "Tier")], Vec::new())];
    let run = document(vec![json!({"actionDecision": {"actionId": id(1), "outputPathId": "__NO__"}})]);
    let answer = tier(&[], &[flow_run(&list, &run)]);
    assert!(answer.cause.contains("sets \"Tier\": names are case-sensitive"), "{}", answer.cause);
    assert!(answer.remedy.unwrap().contains("spell the key the same way"));
}
