//! What is said by the calls of the history store, and by what was found in it.

use super::{answers, call, shown, since::report};
use crate::app::{
    Effect, Msg,
    since::StoredCalls,
    testing::{Desk, leg},
};
use crate::domain::findings::{Finding, LostKey, RuleId, Severity};

#[test]
fn a_fall_is_of_its_flow_and_not_of_a_call() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.tell(Msg::Fallen(Box::new(Finding {
        rule: RuleId::PresenceDrop,
        severity: Severity::Error,
        conversation: answers::ID.into(),
        participant: None,
        key: Some("former_key".into()),
        message: "former_key is on 0 of 4 calls of MainIVR v43, and was on 146 of 146 of v42".into(),
        since: desk.at,
    })));
    desk.keys("d<home>");
    let diagnose = shown(&mut desk);
    assert!(diagnose.contains("former_key missing since MainIVR · noticed"), "{diagnose}");
    assert!(!diagnose.contains("sidetone since KEY") && diagnose.contains("H shows since when"), "{diagnose}");
    assert!(!diagnose.contains("One path of the new version"), "{diagnose}");
}

#[test]
fn missing_by_queue_is_of_the_fall_only() {
    let mut report = report();
    let mut old = report.missing[0].clone();
    (old.queue, old.call.version) = ("Technical".into(), "42".into());
    report.missing.push(old);
    assert_eq!(report.missing_by_queue(), [("Billing", 1)]);
    // Without a fall all of them count.
    report.first_missing = None;
    assert_eq!(report.missing_by_queue().len(), 2);
}

#[test]
fn a_filter_that_nothing_is_known_of_does_not_blame_the_key() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/customer_tier<enter>H");
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(Some(Box::new(report()))))));
    desk.keys("/ queue:Nope<enter>");
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(None))));
    let since = shown(&mut desk);
    assert!(since.contains("queue:Nope") && !since.contains("case-sensitive"), "{since}");
}

#[test]
fn a_key_that_calls_have_now_is_not_said_to_be_unknown_or_misspelt() {
    let mut desk = Desk::with(80, 24, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/language<enter>H");
    let asked = |desk: &mut Desk| {
        let question = desk.model.since.question.clone();
        desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(None))));
        desk.keys("");
        shown(desk)
    };
    let since = asked(&mut desk);
    let text = since.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("language is on this call, and was on no stored call with flow:MainIVR."), "{since}");
    assert!(!since.contains("case-sensitive") && !since.contains("never seen"), "{since}");
    assert!(!since.contains("open "), "there is nothing to open: {since}");
    desk.keys("<enter>");
    assert_eq!(desk.notice(), "There is no call to open.");
    // Another case of a key that calls have is a fair guess.
    desk.keys("<esc><esc><esc>:since Language<enter>");
    let since = asked(&mut desk);
    assert!(since.contains("No stored call had Language on customer."), "{since}");
    assert!(since.contains("Calls here have language: keys are case-sensitive."), "{since}");
    desk.keys("<esc>:since nonsense<enter>");
    let since = asked(&mut desk);
    assert!(since.contains("No stored call had nonsense") && !since.contains("case-sensitive"), "{since}");
}

/// What the history store does not have is said by what it has: a reason that is not so helps nobody.
#[test]
fn why_no_stored_call_has_a_key_is_said_by_what_is_stored() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        let asked = |desk: &mut Desk, calls: i64, flows: &[&str], queues: &[&str]| {
            let question = Box::new(desk.model.since.question.clone());
            desk.asked();
            desk.tell(Msg::SinceRead(question.clone(), Some(Ok(None))));
            assert_eq!(desk.asked(), [Effect::SinceStored((*question).clone())]);
            assert!(!shown(desk).contains("stored yet"), "nothing is known of that");
            desk.tell(Msg::SinceStored(question, StoredCalls { calls, flows: names(flows), queues: names(queues) }));
            words(&shown(desk))
        };
        // Set by a script, after the flow.
        desk.keys("<enter>/queue_position<enter>H");
        let since = asked(&mut desk, 1639, &["MainIVR"], &["Billing", "Sales"]);
        let first = "queue_position was on none of 1 639 stored calls with flow:MainIVR when their flow ended.";
        assert!(since.contains(first) && !since.contains("stored yet"), "{since}");
        assert!(since.contains("Here it appeared at 1:41, after the flow end (0:24)."), "{since}");
        // The conditions are met by no stored call.
        desk.keys("/<end> queue:Nope<enter>");
        let since = asked(&mut desk, 0, &["MainIVR"], &["Billing", "Sales"]);
        assert!(since.contains("No stored call of MainIVR was last in queue Nope."), "{since}");
        assert!(since.contains("Queues of stored calls: Billing, Sales."), "{since}");
        assert!(since.contains("queue_position is on this call now.") && !since.contains("stored yet"), "{since}");
        desk.keys("<esc>");
        let since = asked(&mut desk, 0, &["Mail Intake"], &[]);
        assert!(since.contains("No stored call ran MainIVR. Flows of stored calls: Mail Intake."), "{since}");
        // Really none.
        desk.keys("c").keys("<esc>");
        desk.tell(Msg::SinceStored(Box::new(desk.model.since.question.clone()), StoredCalls::default()));
        let since = words(&shown(&mut desk));
        assert!(since.contains("No call is stored yet. A call is, once its flow has ended in view."), "{since}");
    }
}

/// While a flow version lacks a key, each of its calls without it says so, and not the one alone by which it showed.
#[test]
fn each_call_of_a_version_that_lost_a_key_shows_it_as_missing() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        let legs = |key: &[(&str, &str)], from: &str, ended: bool| {
            let mut with = vec![("customer_tier", "gold"), ("customer_ref", "HH-1"), ("ivr_choice", "payment")];
            with.extend_from_slice(key);
            let customer = leg("c", "customer", "Dana", &with).from(from);
            let flow = leg("i", "ivr", "MainIVR", &[]);
            let flow = if ended { flow.left() } else { flow };
            vec![customer, flow, leg("q", "acd", "Billing", &[]).queue("q-billing")]
        };
        let has = [("former_key", "yes")];
        for (id, key, from, ended, version) in [
            ("lacks-1", &[][..], "tel:+15550104401", true, "43.0"),
            ("lacks-2", &[], "tel:+15550104402", true, "43.0"),
            ("has-it", &has, "tel:+15550104403", true, "43.0"),
            ("before", &[], "tel:+15550104404", true, "42.0"),
            ("in-flow", &[], "tel:+15550104405", false, "43.0"),
        ] {
            desk.call(id, 60, legs(key, from, ended));
            desk.runs(id, version);
        }
        desk.wait(2_000);
        let missing = |desk: &Desk| {
            let all = desk.model.monitor.examiner.all().filter(|f| f.rule == RuleId::Missing);
            let mut all: Vec<String> = all.map(|f| f.conversation.to_string()).collect();
            all.sort();
            all
        };
        assert_eq!(missing(&desk), [""; 0]);
        let lost = LostKey {
            key: "former_key".into(),
            on: "customer".into(),
            flow: "f-MainIVR".into(),
            flow_name: "MainIVR".into(),
            version: "43".into(),
            before: "42".into(),
            had: (249, 290),
            beside: vec!["customer_tier".into(), "customer_ref".into()],
        };
        desk.tell(Msg::LostKeys(vec![lost]));
        desk.wait(10);
        assert_eq!(missing(&desk), ["lacks-1", "lacks-2"]);
        let calls = shown(&mut desk);
        let row = calls.lines().find(|line| line.contains("010 4402")).unwrap_or_default();
        assert!(row.contains("✗ 1"), "{width}: {row}\n{calls}");
        desk.keys(":call lacks-2<enter>");
        let call = shown(&mut desk);
        assert!(call.lines().next().unwrap_or_default().contains("✗ 1 missing"), "{width}\n{call}");
        let row = call.lines().find(|line| line.contains("former_key")).unwrap_or_default();
        assert!(row.contains("✗ missing"), "{width}\n{call}");
        if height > 24 {
            assert!(call.contains("since MainIVR v43: 249"), "{width}\n{call}");
        }
        let first = desk.model.call.as_ref().map(|call| call.id.clone());
        desk.keys("]").wait(10);
        let other = desk.model.call.as_ref().map(|call| call.id.clone());
        assert!(
            other != first && other.is_some_and(|id| id.as_str() == "lacks-1"),
            "the next finding is of the other call"
        );
        // Presence has come back.
        desk.tell(Msg::LostKeys(Vec::new()));
        desk.wait(10);
        assert_eq!(missing(&desk), [""; 0]);
    }
}
