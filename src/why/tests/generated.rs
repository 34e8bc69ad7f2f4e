//! Flows whose truth is known because a generator made them and ran them itself: no certain answer is
//! wrong, and work grows with the flow.

use super::*;

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

/// Over random flows and runs no answer that claims to be observed or executed is wrong, with every switch of the record on
/// and with inputs or names off; and a healthy key accuses nobody.
#[test]
#[allow(clippy::print_stdout, reason = "a failure is repeated by its seed")]
fn no_certain_answer_is_wrong() {
    let count = crate::testing::count("SIDETONE_RUNS", 100, 10_000);
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
        let flows = [GatheredRun {
            definition: Some(read(&definition(&list).to_string()).unwrap().into()),
            run: Some(run.into()),
            ..GatheredRun::default()
        }];
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        for (key, _) in &truth.sets {
            if !attributes.iter().any(|(known, _)| known == key) {
                attributes.push((key, "x"));
            }
        }
        let entry = entry([snapshot("c", vec![participant("p", "customer", &attributes)])]);
        for key in KEYS {
            let question = WhyQuestion { key: key.to_owned(), on: "customer".to_owned() };
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

/// How much is looked at for a flow, its run and a key.
fn visited(flow: &Value, entries: Vec<Value>) -> (usize, usize, WhyAnswer, std::time::Duration) {
    let definition = read(&flow.to_string()).unwrap();
    let run = execution::read(&document(entries)).unwrap();
    let size = definition.actions.len() + run.executed.len();
    let flows = [GatheredRun { definition: Some(definition.into()), run: Some(run.into()), ..GatheredRun::default() }];
    let entry = entry([snapshot("c", vec![participant("p", "customer", &[])])]);
    let question = WhyQuestion { key: "tier".to_owned(), on: "customer".to_owned() };
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
