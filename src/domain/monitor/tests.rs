//! What is reported, and what is not for want of having been observed.

use super::*;
use crate::domain::expect::{Expectation, Milestone};
use crate::domain::testing::{participant, snapshot, start};
use crate::domain::{AttributesEvent, Snapshot, State};

fn ms(millis: u64) -> At {
    At::after(start(), Duration::from_millis(millis))
}

fn expecting(expectation: Expectation) -> Monitor {
    Monitor::new(MonitorOptions { expectations: vec![expectation], ..MonitorOptions::default() })
}

fn tier() -> Expectation {
    Expectation::new("customer_tier")
}

fn lost() -> Link {
    Link::Reconnecting { attempt: 1, until: ms(0), reason: "lost".into() }
}

fn in_flow(attributes: &[(&str, &str)]) -> Update {
    Update::Stream(snapshot("c", vec![participant("p1", "customer", attributes), participant("p2", "ivr", &[])]))
}

fn in_queue(attributes: &[(&str, &str)]) -> Update {
    let mut flow = participant("p2", "ivr", &[]);
    (flow.state, flow.ended) = (Some(State::new("disconnected")), Some(start()));
    let legs = vec![participant("p1", "customer", attributes), flow, participant("p3", "acd", &[])];
    Update::Stream(snapshot("c", legs))
}

/// What appeared, changed (`~`) or went (`-`), as `seconds rule key`.
fn found(outcome: &MonitorOutcome) -> Vec<String> {
    let of = |report: &CallReport| {
        let seconds = report.at.mono.as_secs_f64();
        let words = report.findings.iter().map(move |change| {
            let (sign, f) = match change {
                FindingChange::Appeared(f) => ("", f),
                FindingChange::Changed(f) => ("~", f),
                FindingChange::Gone(f) => ("-", f),
            };
            format!("{seconds} {sign}{} {}", f.rule, f.key.as_ref().map_or("", |k| k.as_str()))
        });
        words.collect::<Vec<_>>()
    };
    outcome.reports().flat_map(of).collect()
}

#[test]
fn what_time_brings_has_its_own_moment_whenever_it_is_asked() {
    for asked in [None, Some(60_600), Some(90_000)] {
        let mut monitor = expecting(tier());
        _ = monitor.update(ms(0), in_flow(&[]), &());
        assert_eq!(found(&monitor.update(ms(60_000), in_queue(&[]), &())), [""; 0]);
        assert_eq!(monitor.due(), Some(Duration::from_millis(60_500)));
        let mut told = Vec::new();
        if let Some(asked) = asked {
            told.extend(found(&monitor.time(ms(asked), &())));
        }
        told.extend(found(&monitor.update(ms(100_000), in_queue(&[("other", "1")]), &())));
        assert_eq!(told, ["60.5 missing customer_tier"]);
    }
}

#[test]
fn a_verdict_that_falls_into_a_lost_connection_is_not_made() {
    let mut monitor = expecting(tier());
    _ = monitor.link(ms(0), &Link::Live, &());
    _ = monitor.update(ms(0), in_flow(&[]), &());
    _ = monitor.update(ms(60_000), in_queue(&[]), &());
    assert_eq!(found(&monitor.link(ms(60_200), &lost(), &())), [""; 0]);
    assert_eq!(found(&monitor.time(ms(70_000), &())), [""; 0]);
    let live = monitor.link(ms(80_000), &Link::Live, &());
    assert_eq!(live.reread, [ConversationId::from("c")]);
    assert_eq!(
        found(&monitor.update(ms(80_100), in_queue(&[("customer_tier", "gold")]), &())),
        [""; 0],
        "nor is it late"
    );
    assert_eq!(monitor.unobserved().count(), 0);
}

#[test]
fn a_verdict_that_was_due_before_the_connection_was_lost_is_made() {
    let mut monitor = expecting(tier());
    _ = monitor.update(ms(0), in_flow(&[]), &());
    _ = monitor.update(ms(60_000), in_queue(&[]), &());
    assert_eq!(found(&monitor.link(ms(60_900), &lost(), &())), ["60.5 missing customer_tier"]);
    assert_eq!(found(&monitor.time(ms(70_000), &())), [""; 0], "and it stands while nothing is observed");
    assert_eq!(monitor.examiner.of("c").count(), 1);
    let back = monitor.update(ms(80_000), in_queue(&[("customer_tier", "gold")]), &());
    assert_eq!(
        found(&back),
        ["80 late customer_tier", "80 -missing customer_tier"],
        "it was missing when that was seen last"
    );
}

#[test]
fn missing_messages_are_a_gap_too() {
    let mut monitor = expecting(tier());
    _ = monitor.update(ms(0), in_flow(&[]), &());
    _ = monitor.update(ms(60_000), in_queue(&[]), &());
    _ = monitor.missed(ms(60_100), &());
    assert_eq!(found(&monitor.time(ms(70_000), &())), [""; 0]);
    assert_eq!(found(&monitor.update(ms(70_000), in_queue(&[]), &())), ["70 missing customer_tier"]);
}

#[test]
fn a_call_of_which_a_leg_alone_was_told_is_not_judged() {
    let mut monitor = expecting(Expectation { by: Milestone::Start, ..tier() });
    let leg = Snapshot { partial: true, ..snapshot("c", vec![participant("p3", "agent", &[])]) };
    let outcome = monitor.update(ms(0), Update::Stream(leg), &());
    assert_eq!(outcome.reread, [ConversationId::from("c")]);
    assert_eq!(found(&monitor.time(ms(10_000), &())), [""; 0]);
    let whole = snapshot("c", vec![participant("p1", "customer", &[]), participant("p3", "agent", &[])]);
    let asked = monitor.board.revision("c");
    let read = Update::Read { snapshot: whole, asked, left: Duration::from_secs(10) };
    let told = found(&monitor.update(ms(11_000), read, &()));
    assert_eq!(told, ["11 missing customer_tier"]);
}

#[test]
fn some_keys_told_after_a_gap_do_not_make_the_rest_observed() {
    let mut monitor = expecting(tier());
    _ = monitor.update(ms(0), in_flow(&[]), &());
    _ = monitor.update(ms(60_000), in_queue(&[]), &());
    _ = monitor.link(ms(60_100), &lost(), &());
    _ = monitor.link(ms(70_000), &Link::Live, &());
    let attributes = vec![("other".into(), "1".into())];
    let event = AttributesEvent { conversation: "c".into(), participant: "p1".into(), event_time: None, attributes };
    assert_eq!(found(&monitor.update(ms(70_000), Update::Event(event), &())), [""; 0]);
    assert_eq!(monitor.unobserved().count(), 1);
}

#[test]
fn a_key_that_vanished_in_the_dark_is_not_put_down_to_a_transfer() {
    let agent = |attributes: &[(&str, &str)]| {
        Update::Stream(snapshot("c", vec![participant("p1", "customer", attributes), participant("p4", "agent", &[])]))
    };
    for dark in [false, true] {
        let mut monitor = Monitor::default();
        let alone = Update::Stream(snapshot("c", vec![participant("p1", "customer", &[("tier", "gold")])]));
        _ = monitor.update(ms(0), alone, &());
        if dark {
            _ = monitor.link(ms(10_000), &lost(), &());
        }
        let told = found(&monitor.update(ms(90_000), agent(&[]), &()));
        assert_eq!(told.iter().any(|t| t.contains("lost-on-transfer")), !dark, "{told:?}");
    }
}

#[test]
fn a_filter_and_its_alerts_concern_the_calls_that_are_told() {
    let mut alerts = Alerts::default();
    alerts.toggle_key(&"tier".into());
    let filter = "lang=de".parse().unwrap();
    let mut monitor = Monitor::new(MonitorOptions { alerts, filter, ..MonitorOptions::default() });
    let told = |outcome: MonitorOutcome| outcome.report.map(|r| (r.scope, r.alerts.len()));
    assert_eq!(told(monitor.update(ms(0), in_flow(&[("tier", "a")]), &())), Some((InScope::No, 0)));
    assert_eq!(told(monitor.update(ms(1), in_flow(&[("tier", "b")]), &())), Some((InScope::No, 0)));
    let german = [("tier", "b"), ("lang", "de")];
    assert_eq!(told(monitor.update(ms(2), in_flow(&german), &())), Some((InScope::New, 0)));
    assert_eq!(told(monitor.update(ms(3), in_flow(&[("tier", "c")]), &())), Some((InScope::Yes, 1)));
}

#[test]
fn ended_calls_are_forgotten_by_time_and_by_count_and_live_ones_never() {
    let ended = |n: u64| {
        let mut customer = participant("p1", "customer", &[("k", "v")]);
        (customer.state, customer.ended) = (Some(State::new("disconnected")), Some(start()));
        Update::Stream(snapshot(&format!("c{n}"), vec![customer]))
    };
    let limits = Retention { time: Duration::from_secs(60), count: 100 };
    let mut monitor = Monitor::default();
    _ = monitor.update(ms(0), in_flow(&[]), &());
    for n in 0..1_000 {
        _ = monitor.update(ms(n), ended(n), &());
        monitor.forget_ended(ms(n), limits, |c| c.id.as_str() == "c3");
        assert!(monitor.board.ended() <= 101 && monitor.board.len() <= 102, "{n}: {}", monitor.board.ended());
    }
    assert!(
        monitor.board.get("c").is_some() && monitor.board.get("c3").is_some() && monitor.board.get("c999").is_some()
    );
    assert!(monitor.board.ended() > 70, "the newest stay");
    let gone = monitor.forget_ended(ms(62_000), limits, |_| false);
    assert_eq!((gone.len(), monitor.board.len()), (monitor.board.ended() + gone.len(), 1));
    assert_eq!(monitor.examiner.all().filter(|f| f.conversation.as_str() != "c").count(), 0);
}
