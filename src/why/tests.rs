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
    assert_eq!(large.value, None, "a value that is too large is not one");
    let module = run.executed.iter().find(|executed| executed.module.is_some()).unwrap();
    assert_eq!(module.module.as_ref().unwrap().1, "3.0");
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

/// Whether `key` is set somewhere in the list.
fn sets(list: &[Node], key: &str) -> bool {
    list.iter().any(|node| match node {
        Node::Set(_, own) => *own == key,
        Node::Decide(_, yes, no) => sets(yes, key) || sets(no, key),
        Node::Ask(_, lists) => lists.iter().any(|list| sets(list, key)),
        Node::Leave(_) => false,
    })
}

/// Whether `key` is set behind the output of the action with this number.
fn behind(list: &[Node], number: usize, output: &str, key: &str) -> Option<bool> {
    list.iter().find_map(|node| match node {
        Node::Decide(n, yes, no) if *n == number => Some(sets(if output == "yes" { yes } else { no }, key)),
        Node::Ask(n, lists) if *n == number => {
            let place = ["success", "failure", "timeout"].iter().position(|name| *name == output).unwrap();
            Some(sets(&lists[place], key))
        }
        Node::Decide(_, yes, no) => behind(yes, number, output, key).or_else(|| behind(no, number, output, key)),
        Node::Ask(_, lists) => lists.iter().find_map(|list| behind(list, number, output, key)),
        _ => None,
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
        let mut document = json!({"flow": {"execution": truth.entries, "flowVersion": "3.0", "endDateTime": "2026-11-20T14:03:00.000Z"}});
        match rng.u8(0..3) {
            0 => strike(&mut document, &["inputData"]),
            1 => strike(&mut document, &["actionName"]),
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
            let call = Call { conversation: &entry.conversation, changes: &[], flows: &flows };
            let answer = explain(&question, &call);
            let set_by: Vec<usize> = truth.sets.iter().filter(|(own, _)| *own == key).map(|(_, n)| *n).collect();
            let case = format!("seed {seed}: {key}: {answer:#?}\n{list:#?}\n{:?}", truth.entries);
            let tracked = answer.action.as_ref().and_then(|action| action.tracking_id.clone());
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
                    if answer.certainty == Certainty::Executed {
                        certain += 1;
                        let number: usize = tracked.unwrap().parse().unwrap();
                        assert!(!truth.sets.iter().any(|(_, n)| *n == number), "it was reached: {case}");
                        for step in &answer.branch {
                            let n: usize = step.action.tracking_id.clone().unwrap().parse().unwrap();
                            let took: Vec<_> = truth.took.iter().filter(|(own, _)| *own == n).collect();
                            assert_eq!(
                                step.executed,
                                Some(truth.entries.iter().any(|entry| entry.to_string().contains(&id(n)))),
                                "{case}"
                            );
                            assert_eq!(step.taken.as_deref(), took.last().map(|(_, way)| *way), "{case}");
                            if let Some(needed) = &step.needed {
                                assert_eq!(behind(&list, n, needed, key), Some(true), "{case}");
                            }
                        }
                        if answer.cause.contains("took its output") {
                            let turned = answer.branch.iter().find(|step| {
                                step.taken.is_some() && step.taken != step.needed && step.needed.is_some()
                            });
                            assert!(turned.is_some(), "{case}");
                        }
                    } else {
                        assert!(answer.certainty == Certainty::Static && !sets(&list, key), "{case}");
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
    let call = Call { conversation: &entry.conversation, changes: &[], flows: &flows };
    let answer = explain(&question, &call);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static));
    assert!(answer.cause.contains("not on every path"), "{}", answer.cause);
    assert!(answer.branch.iter().all(|step| step.executed.is_none() && step.taken.is_none()));
    let nothing = explain(&question, &Call { conversation: &entry.conversation, changes: &[], flows: &[] });
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
        explain(&question, &Call { conversation: &entry.conversation, changes, flows: &[] })
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
    let answer = explain(&question, &Call { conversation: &entry.conversation, changes: &[], flows: &[] });
    assert_eq!((answer.verdict, answer.certainty), (Verdict::WrongParticipant, Certainty::Observed));
    assert_eq!(answer.cause, "tier is on ivr, not on customer.");
}

/// The stream showed a change and the value of before come back: the flow wrote what it had kept.
#[test]
fn a_value_that_was_put_back_is_said() {
    let at = |second: i64| jiff::Timestamp::from_second(1_795_000_000 + second).unwrap();
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[("promise", "none")])])]);
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
    let explained = |changes: &[(jiff::Timestamp, crate::domain::Change)]| {
        explain(&question, &Call { conversation: &entry.conversation, changes, flows: &[] })
    };
    let answer = explained(&[(at(1), change("none", "2026-12-01")), (at(2), change("2026-12-01", "none"))]);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Overwritten, Certainty::Observed));
    assert!(answer.cause.contains("reverted to its value before") && answer.remedy.is_some(), "{}", answer.cause);
    let other = explained(&[(at(1), change("none", "a")), (at(2), change("a", "b"))]);
    assert_eq!((other.verdict, other.remedy), (Verdict::Present, None));
}

/// How much is looked at for a flow, its run and a key.
fn visited(flow: &Value, entries: Vec<Value>) -> (usize, usize, Answer, std::time::Duration) {
    let definition = read(&flow.to_string()).unwrap();
    let run =
        execution::read(&json!({"flow": {"execution": entries, "endDateTime": "2026-11-20T14:03:00.000Z"}})).unwrap();
    let size = definition.actions.len() + run.executed.len();
    let flows = [FlowRun { definition: Some(definition.into()), run: Some(run.into()), ..FlowRun::default() }];
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[])])]);
    let question = Question { key: "tier".to_owned(), on: "customer".to_owned() };
    steps::VISITED.set(0);
    let begun = std::time::Instant::now();
    let answer = explain(&question, &Call { conversation: &entry.conversation, changes: &[], flows: &flows });
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
