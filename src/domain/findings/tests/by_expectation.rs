use super::*;
use crate::domain::QueueId;
use crate::domain::expect::{Allowed, Milestone, ValueType};

fn tier() -> Expectation {
    Expectation::new("customer_tier")
}

/// The flow runs, then has ended and the call is in a queue.
fn in_flow(attributes: &[(&str, &str)]) -> Snapshot {
    snapshot("c", vec![participant("p1", "customer", attributes), participant("f", "ivr", &[])])
}

fn in_queue(attributes: &[(&str, &str)]) -> Snapshot {
    let queue = ParticipantSnapshot { queue_id: Some(QueueId::new("q")), ..participant("q", "acd", &[]) };
    snapshot("c", vec![participant("p1", "customer", attributes), gone("f", "ivr", &[]), queue])
}

#[test]
fn a_key_is_missing_when_its_milestone_is_past() {
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[]));
    desk.pass(60_000);
    assert_eq!(desk.found(), [] as [&str; 0], "the flow may still set it");
    desk.event(60_000, in_queue(&[]));
    assert_eq!(desk.found(), [] as [&str; 0], "events of one moment do not arrive in one");
    desk.pass(60_499);
    assert_eq!(desk.found(), [] as [&str; 0]);
    desk.pass(60_500);
    assert_eq!(desk.found(), ["missing customer_tier@customer"]);
    assert_eq!(desk.message(RuleId::Missing), "customer_tier is not on customer at flow end");
    assert_eq!(desk.severity(RuleId::Missing), Some(Severity::Error));
}

#[test]
fn a_key_that_is_there_in_time_is_neither_missing_nor_late() {
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[]));
    desk.event(60_000, in_queue(&[("customer_tier", "gold")]));
    desk.pass(120_000);
    assert_eq!(desk.found(), [] as [&str; 0]);
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[]));
    desk.event(60_000, in_queue(&[]));
    desk.event(60_400, in_queue(&[("customer_tier", "gold")]));
    desk.pass(120_000);
    assert_eq!(desk.found(), [] as [&str; 0], "within the grace");
}

#[test]
fn a_key_that_comes_later_is_late() {
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[]));
    desk.event(60_000, in_queue(&[]));
    desk.pass(62_000);
    let changes = desk.event(62_400, in_queue(&[("customer_tier", "gold")]));
    assert_eq!(desk.found(), ["late customer_tier@customer"]);
    assert_eq!(desk.message(RuleId::Late), "customer_tier came 2.4 s after flow end");
    assert_eq!(changes.len(), 2, "missing goes, late comes: {changes:?}");
    desk.event(90_000, in_queue(&[("customer_tier", "silver")]));
    assert_eq!(desk.message(RuleId::Late), "customer_tier came 2.4 s after flow end", "it stays what it was");
}

#[test]
fn what_was_past_before_the_first_look_is_judged_at_once_and_never_late() {
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_queue(&[]));
    assert_eq!(desk.found(), ["missing customer_tier@customer"]);
    desk.event(10_000, in_queue(&[("customer_tier", "gold")]));
    assert_eq!(desk.found(), [] as [&str; 0], "when it came relative to the milestone is not known");
}

#[test]
fn optional_keys_and_other_calls_are_not_missing() {
    let optional = Expectation { required: false, ..tier() };
    let elsewhere = Expectation { when: Some("queue:sales".parse().unwrap()), ..tier() };
    let mut desk = Desk::expecting(vec![optional, elsewhere]);
    desk.board.names.learn_queue(QueueId::new("q"), "Billing");
    desk.event(0, in_queue(&[]));
    desk.pass(10_000);
    assert_eq!(desk.found(), [] as [&str; 0]);
    let here = Expectation { when: Some("queue:billing".parse().unwrap()), ..tier() };
    let mut desk = Desk::expecting(vec![here]);
    desk.board.names.learn_queue(QueueId::new("q"), "Billing");
    desk.event(0, in_queue(&[]));
    assert_eq!(desk.found(), ["missing customer_tier@customer"]);
}

#[test]
fn nothing_is_missing_while_the_link_is_down() {
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[]));
    desk.event(60_000, in_queue(&[]));
    desk.board.mark_stale(ms(61_000));
    desk.pass(70_000);
    assert_eq!(desk.found(), [] as [&str; 0]);
    desk.event(80_000, in_queue(&[]));
    assert_eq!(desk.found(), ["missing customer_tier@customer"]);
}

#[test]
fn seconds_after_the_start() {
    let mut desk = Desk::expecting(vec![Expectation { by: Milestone::After(Duration::from_secs(10)), ..tier() }]);
    desk.event(5_000, in_flow(&[]));
    desk.pass(15_499);
    assert_eq!(desk.found(), [] as [&str; 0]);
    desk.pass(15_500);
    assert_eq!(desk.found(), ["missing customer_tier@customer"]);
}

#[test]
fn a_participant_that_is_not_there() {
    let mut desk = Desk::expecting(vec![Expectation { on: "agent".into(), by: Milestone::Queue, ..tier() }]);
    desk.event(0, in_queue(&[]));
    assert_eq!(desk.found(), ["missing customer_tier@"]);
    assert!(desk.message(RuleId::Missing).contains("no such participant"));
}

#[test]
fn a_key_on_the_wrong_participant_is_told_early() {
    let wrong = |queue: bool, on_customer: &[(&str, &str)]| {
        let ivr = [("customer_tier", "gold")];
        let flow = if queue { gone("f", "ivr", &ivr) } else { participant("f", "ivr", &ivr) };
        snapshot("c", vec![participant("p1", "customer", on_customer), flow])
    };
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[]));
    desk.event(4_000, wrong(false, &[]));
    assert_eq!(desk.found(), [] as [&str; 0], "it may come to the customer in the same moment");
    desk.pass(4_500);
    assert_eq!(desk.found(), ["wrong-participant customer_tier@ivr"]);
    assert_eq!(desk.severity(RuleId::WrongParticipant), Some(Severity::Warn));
    assert_eq!(desk.message(RuleId::WrongParticipant), "customer_tier is on ivr, not on customer");
    desk.event(40_000, wrong(true, &[]));
    desk.pass(41_000);
    assert_eq!(desk.found(), ["wrong-participant customer_tier@ivr"], "and not missing as well");
    assert_eq!(desk.severity(RuleId::WrongParticipant), Some(Severity::Error));
    desk.event(50_000, wrong(true, &[("customer_tier", "gold")]));
    assert_eq!(desk.found(), ["late customer_tier@customer"]);
}

/// Of two customers the one who is connected is the one whom scripts and flows read.
#[test]
fn a_key_on_the_other_of_two_customers_is_told() {
    let with = |first: ParticipantSnapshot, second: &[(&str, &str)]| {
        let flow = gone("f", "ivr", &[]);
        snapshot("c", vec![first, flow, participant("p2", "customer", second)])
    };
    let tiered = [("customer_tier", "gold")];
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, with(gone("p1", "customer", &tiered), &[]));
    desk.pass(10_000);
    assert_eq!(desk.found(), ["wrong-participant customer_tier@customer"]);
    let message = desk.message(RuleId::WrongParticipant);
    assert!(
        message.contains("is on the other customer") && message.contains("not on the one who is on the call"),
        "{message}"
    );
    desk.event(11_000, with(gone("p1", "customer", &tiered), &tiered));
    desk.pass(20_000);
    assert!(!desk.found().iter().any(|found| found.contains("wrong-participant")), "{:?}", desk.found());
}

/// While the caller is on the call, somebody who is put through takes nothing away.
#[test]
fn a_key_of_the_caller_is_where_it_belongs_while_a_second_customer_is_on_the_call() {
    let tiered = [("customer_tier", "gold")];
    let with = |first, second| snapshot("c", vec![first, gone("f", "ivr", &[]), second]);
    let caller = |attributes: &[(&str, &str)]| participant("p1", "customer", attributes);
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, with(caller(&tiered), participant("p2", "customer", &[])));
    desk.pass(10_000);
    assert_eq!(desk.severity(RuleId::WrongParticipant), Some(Severity::Info));
    let message = desk.message(RuleId::WrongParticipant);
    assert!(message.contains("is on the other customer, not on the one who joined later"), "{message}");
    desk.event(20_000, with(caller(&tiered), gone("p2", "customer", &[])));
    assert_eq!(desk.found(), [""; 0]);
    desk.event(30_000, with(gone("p1", "customer", &tiered), gone("p2", "customer", &[])));
    assert_eq!(desk.found(), [""; 0], "both left at the end");
    // What nobody has is missing on the caller.
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, with(caller(&[]), participant("p2", "customer", &[])));
    desk.pass(10_000);
    let missing = desk.examiner.of("c").next().and_then(|f| f.participant.clone());
    assert_eq!(missing.as_ref().map(ParticipantId::as_str), Some("p1"));
}

/// The caller has it, as other calls do; that the flow's participant has it too is nothing.
#[test]
fn the_habit_of_calls_holds_of_any_customer() {
    let tiered = [("customer_tier", "gold")];
    let mut desk = Desk::new();
    for id in ["a", "b", "d", "e"] {
        desk.event(0, snapshot(id, vec![participant("p1", "customer", &tiered)]));
    }
    let legs = ["p1", "p2"].map(|id| participant(id, "customer", if id == "p1" { &tiered } else { &[] }));
    desk.event(1_000, snapshot("c", [&legs[..], &[participant("f", "ivr", &tiered)]].concat()));
    desk.pass(10_000);
    assert_eq!(desk.found(), [""; 0]);
}

#[test]
fn a_key_on_both_or_expected_on_both_is_not_misplaced() {
    let both = vec![
        participant("p1", "customer", &[("customer_tier", "gold")]),
        participant("f", "ivr", &[("customer_tier", "gold")]),
    ];
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, snapshot("c", both));
    desk.pass(10_000);
    assert_eq!(desk.found(), [] as [&str; 0]);
    let on_ivr = Expectation { on: "ivr".into(), ..tier() };
    let mut desk = Desk::expecting(vec![Expectation { by: Milestone::End, ..tier() }, on_ivr]);
    desk.event(
        0,
        snapshot("c", vec![participant("p1", "customer", &[]), participant("f", "ivr", &[("customer_tier", "gold")])]),
    );
    desk.pass(10_000);
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn the_habit_of_calls_tells_the_wrong_participant_without_an_expectation() {
    let misplaced =
        || vec![participant("p1", "customer", &[("x", "1")]), participant("f", "ivr", &[("customer_tier", "gold")])];
    let mut desk = Desk::new();
    for id in ["a", "b", "d", "e"] {
        desk.event(0, snapshot(id, vec![participant("p1", "customer", &[("customer_tier", "gold")])]));
    }
    desk.event(1_000, snapshot("c", vec![participant("p1", "customer", &[("x", "1")]), participant("f", "ivr", &[])]));
    desk.event(2_000, snapshot("c", misplaced()));
    desk.pass(2_499);
    assert_eq!(desk.found(), [] as [&str; 0]);
    desk.pass(2_500);
    assert_eq!(desk.found(), ["wrong-participant customer_tier@ivr"]);
    assert_eq!(desk.severity(RuleId::WrongParticipant), Some(Severity::Warn));
    // Too few calls, or calls that carry it on both sides, are no habit.
    let mut desk = Desk::new();
    desk.event(0, snapshot("a", vec![participant("p1", "customer", &[("customer_tier", "gold")])]));
    for id in ["b", "d", "e"] {
        desk.event(0, snapshot(id, misplaced()));
    }
    desk.event(0, snapshot("c", misplaced()));
    desk.pass(10_000);
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn values_are_judged_after_the_milestone() {
    let one_of = Allowed { one_of: Some(vec!["gold".into(), "silver".into()]), ..Allowed::default() };
    let number = Allowed { kind: Some(ValueType::Number), ..Allowed::default() };
    let expectations = || {
        vec![
            Expectation { allowed: one_of.clone(), ..tier() },
            Expectation {
                allowed: number.clone(),
                required: false,
                note: Some("set by Lookup".into()),
                ..Expectation::new("balance")
            },
        ]
    };
    let wrong = [("customer_tier", "Gold"), ("balance", "lots")];
    let mut desk = Desk::expecting(expectations());
    desk.event(0, in_flow(&wrong));
    desk.pass(10_000);
    assert_eq!(desk.found(), [] as [&str; 0], "pending values before the milestone are none of our business");
    desk.event(20_000, in_queue(&wrong));
    desk.pass(30_000);
    assert_eq!(desk.found(), ["not-allowed-value customer_tier@customer", "wrong-type balance@customer"]);
    assert_eq!(desk.message(RuleId::NotAllowedValue), "customer_tier is \"Gold\", which is not allowed; \"gold\" is");
    assert_eq!(desk.message(RuleId::WrongType), "balance should be written as number, and is \"lots\" (set by Lookup)");
    desk.event(40_000, in_queue(&[("customer_tier", "gold"), ("balance", "12.50")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn an_expected_key_that_is_blank() {
    let mut desk = Desk::expecting(vec![tier()]);
    desk.event(0, in_flow(&[("customer_tier", "")]));
    assert_eq!(desk.found(), [] as [&str; 0], "not yet due");
    desk.event(20_000, in_queue(&[("customer_tier", "")]));
    desk.pass(30_000);
    assert_eq!(desk.found(), ["blank customer_tier@customer"]);
    assert_eq!(desk.severity(RuleId::Blank), Some(Severity::Error));
}

/// The same finding stays the same one, so that a screen does not flicker and a log does not repeat.
#[test]
fn findings_are_stable() {
    let mut desk = Desk::expecting(vec![tier(), Expectation::new("missing_too")]);
    desk.event(0, in_queue(&[("k", "{{x}}")]));
    let before: Vec<_> = desk.examiner.of("c").collect();
    for second in 1..20 {
        let beat = second.to_string();
        let changes = desk.event(second * 1_000, in_queue(&[("k", "{{x}}"), ("beat", &beat)]));
        assert_eq!(changes, [], "second {second}");
        desk.pass(second * 1_000 + 900);
    }
    let mut after: Vec<_> = desk.examiner.of("c").collect();
    after.sort_by_key(|f| before.iter().position(|b| b.identity() == f.identity()));
    assert_eq!(after, before, "the time of discovery stays");
    desk.examiner.forget("c");
    assert_eq!((desk.examiner.all().count(), desk.examiner.due()), (0, None));
}

/// It is there, in a payload that nothing has unpacked: a branch that was not taken is not to be looked for.
#[test]
fn a_key_within_a_payload_is_said_to_be_there() {
    for payload in [r#"{"data":{"customer_tier":"gold"}}"#, r#"{"customer_tier":"gold"}"#] {
        let mut desk = Desk::expecting(vec![tier()]);
        desk.event(0, snapshot("c", vec![participant("p1", "customer", &[("crm", payload)]), gone("f", "ivr", &[])]));
        desk.pass(10_000);
        let message = desk.message(RuleId::Missing);
        assert_eq!(message, "customer_tier is not on customer at flow end: it is within the value of crm", "{payload}");
    }
}
