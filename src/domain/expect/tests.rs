use super::*;
use crate::domain::testing::{at, entry, participant, snapshot};
use crate::domain::{At, ParticipantSnapshot, Snapshot, State};
use std::time::Duration;

fn over(id: &str, purpose: &str) -> ParticipantSnapshot {
    ParticipantSnapshot {
        state: Some(State::new("disconnected")),
        ended: Some(at(0).wall),
        ..participant(id, purpose, &[])
    }
}

fn alerting(id: &str) -> ParticipantSnapshot {
    ParticipantSnapshot { state: Some(State::new("alerting")), connected: None, ..participant(id, "agent", &[]) }
}

/// What is known after each of these events, one a second from second 10 on.
fn watched(events: Vec<Vec<ParticipantSnapshot>>) -> Milestones {
    let mut milestones = Milestones::default();
    let events: Vec<Snapshot> = events
        .into_iter()
        .map(|participants| Snapshot { started: Some(at(10).wall), ..snapshot("c", participants) })
        .collect();
    for seen in 1..=events.len() {
        let call = entry(events[..seen].iter().cloned()).conversation;
        milestones.observe(&call, at(9 + seen as u64));
    }
    milestones
}

#[test]
fn milestones_are_noted_when_they_are_seen() {
    let customer = || participant("c", "customer", &[]);
    let m = watched(vec![
        vec![customer(), participant("f", "ivr", &[])],
        vec![customer(), over("f", "ivr"), participant("q", "acd", &[])],
        vec![customer(), over("f", "ivr"), participant("q", "acd", &[]), alerting("a")],
        vec![customer(), over("f", "ivr"), over("q", "acd"), participant("a", "agent", &[])],
        vec![over("c", "customer"), over("f", "ivr"), over("q", "acd"), over("a", "agent")],
    ]);
    let passed = |milestone| m.passed(milestone, at(60));
    assert_eq!(passed(Milestone::Start), Some(Passed::At(at(10))));
    assert_eq!(passed(Milestone::FlowEnd), Some(Passed::At(at(11))));
    assert_eq!(passed(Milestone::Queue), Some(Passed::At(at(11))));
    assert_eq!(passed(Milestone::Agent), Some(Passed::At(at(13))));
    assert_eq!(passed(Milestone::End), Some(Passed::At(at(14))));
    assert_eq!(m.flow_ends(), [at(11)]);
}

#[test]
fn what_was_past_before_is_told_apart() {
    let m = watched(vec![vec![participant("c", "customer", &[]), over("f", "ivr"), participant("s", "ivr", &[])]]);
    assert_eq!(m.passed(Milestone::FlowEnd, at(11)), Some(Passed::Before));
    assert_eq!(m.passed(Milestone::Queue, at(11)), None);
    assert_eq!(m.flow_ends(), [] as [At; 0]);
}

#[test]
fn a_call_without_a_flow_never_passes_the_end_of_one() {
    let m = watched(vec![
        vec![participant("c", "customer", &[]), participant("a", "agent", &[])],
        vec![over("c", "customer"), over("a", "agent")],
    ]);
    assert_eq!(m.passed(Milestone::FlowEnd, at(60)), None);
    assert_eq!(m.passed(Milestone::Agent, at(60)), Some(Passed::Before));
}

#[test]
fn an_agent_who_did_not_answer_is_none() {
    let missed =
        ParticipantSnapshot { state: Some(State::new("disconnected")), ended: Some(at(1).wall), ..alerting("a") };
    let m = watched(vec![
        vec![participant("c", "customer", &[]), alerting("a")],
        vec![participant("c", "customer", &[]), missed],
    ]);
    assert_eq!(m.passed(Milestone::Agent, at(60)), None);
}

#[test]
fn seconds_pass_without_an_event() {
    let ten = Milestone::After(Duration::from_secs(10));
    let m = watched(vec![vec![participant("c", "customer", &[])]]);
    assert_eq!(m.due(ten), Some(at(20)));
    assert_eq!(m.passed(ten, at(19)), None);
    assert_eq!(m.passed(ten, at(25)), Some(Passed::At(at(20))));
    let ended = watched(vec![vec![participant("c", "customer", &[])], vec![over("c", "customer")]]);
    assert_eq!(ended.passed(ten, at(60)), None, "a call that ended before owes nothing");
}

#[test]
fn milestones_are_written_as_in_the_file() {
    for text in ["start", "flow-end", "queue", "agent", "end", "10s", "1m30s"] {
        assert_eq!(text.parse::<Milestone>().unwrap().to_string(), text);
    }
    assert!("flowend".parse::<Milestone>().unwrap_err().contains("flow-end"));
}

#[test]
fn types() {
    for (kind, right, wrong) in [
        (
            ValueType::Number,
            vec!["1", "-1.5", "1e3", "007"],
            vec!["", "one", "1,090.56", "NaN", "inf", "infinity", "0x1F", " 1"],
        ),
        (ValueType::Boolean, vec!["true", "False", "TRUE"], vec!["yes", "1", "t"]),
        (
            ValueType::Date,
            vec!["2026-11-20", "2026-11-20T14:02:11Z", "2026-11-20T14:02:11.341+01:00", "2026-11-20 14:02:11"],
            vec!["20.11.2026", "11/20/2026", "20261120", "today", "2026-13-01", ""],
        ),
        (ValueType::Json, vec!["{}", "[1, 2]", " {\"a\":1} "], vec!["1", "\"text\"", "{a:1}", "null"]),
    ] {
        for text in right {
            assert!(kind.fits(text), "{kind:?} {text}");
        }
        for text in wrong {
            assert!(!kind.fits(text), "{kind:?} {text}");
        }
    }
}

#[test]
fn values_are_judged() {
    let one_of = Allowed { one_of: Some(vec!["gold".into(), "silver".into()]), ..Allowed::default() };
    assert_eq!(one_of.judge("gold"), Ok(()));
    assert_eq!(one_of.judge("Gold "), Err(Wrong::NotAllowed(Some("gold".into()))));
    assert_eq!(one_of.judge("tin"), Err(Wrong::NotAllowed(None)));
    assert_eq!(one_of.judge(" "), Err(Wrong::Blank));
    let listed_blank = Allowed { one_of: Some(vec![String::new(), "x".into()]), ..Allowed::default() };
    assert_eq!(listed_blank.judge(""), Ok(()), "a blank that is allowed by name is no mistake");
    let country = Allowed { matches: Some(Regex::new("^[A-Z]{2}$").unwrap()), ..Allowed::default() };
    assert_eq!(country.judge("DE"), Ok(()));
    assert_eq!(country.judge("de"), Err(Wrong::NoMatch("^[A-Z]{2}$".into())));
    let number = Allowed { kind: Some(ValueType::Number), ..Allowed::default() };
    assert_eq!(number.judge("3"), Ok(()));
    assert_eq!(number.judge("three"), Err(Wrong::Type(ValueType::Number)));
    assert_eq!(Allowed::default().judge("anything"), Ok(()));
}
