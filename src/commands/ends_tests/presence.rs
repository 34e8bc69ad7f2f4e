//! The ends that tell of presence: the screens, `watch` and `collect` report the same falls, each on the same call.

use super::observed;
use crate::{
    app::{
        Msg,
        testing::{Desk, noon},
    },
    commands::{
        follow::{Follow, FollowPlan, FollowStep, OutputForm},
        observer::{Ends, Observer},
    },
    domain::{
        At, FlowFact, FlowRun, FlowSource, Link, ParticipantSnapshot, Purpose, Snapshot, State, Update, Value,
        findings::{Finding, RuleId, Tuning},
        monitor::{Monitor, MonitorOptions, MonitorOutcome},
    },
    shell::PresenceFollower,
    testing::count,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::time::Duration;

/// Calls of the version that sets the key.
const BEFORE: usize = 40;

/// One call: times in milliseconds.
#[derive(Clone, Debug)]
struct PlannedCall {
    /// After the start of the one before.
    gap: u64,
    in_flow: u64,
    /// It is seen first when its flow is over.
    is_seen_late: bool,
    /// Events tell when a conversation began; here the legs alone do.
    tells_start: bool,
    /// The lookup failed: it has the keys of no version.
    has_failed: bool,
}

/// What comes to every end.
#[derive(Clone, Debug)]
enum Input {
    Link(Link),
    Update(Box<Update>),
    Time,
}

/// Rule, key and call of a fall.
type Told = (String, String, String);

fn wall(ms: u64) -> Timestamp {
    noon() + SignedDuration::from_millis(ms as i64)
}

fn at(ms: u64) -> At {
    At { mono: Duration::from_millis(100_000 + ms), wall: wall(ms) }
}

fn leg(purpose: &str, from: u64, to: Option<u64>) -> ParticipantSnapshot {
    ParticipantSnapshot {
        id: purpose.into(),
        purpose: Purpose::new(purpose),
        connected: Some(wall(from)),
        ended: to.map(wall),
        state: Some(State::new(if to.is_some() { "disconnected" } else { "connected" })),
        ..ParticipantSnapshot::default()
    }
}

impl PlannedCall {
    /// Its messages: in the flow, with its version, in the queue, over.
    fn inputs(&self, nth: usize, start: u64) -> Vec<(u64, Input)> {
        let id = format!("call-{nth:02}");
        let (left, over) = (start + self.in_flow, start + self.in_flow + 60_000);
        let version = if nth < BEFORE { "42.0" } else { "43.0" };
        let keys = match (self.has_failed, nth < BEFORE) {
            (true, _) => &["id"][..],
            (false, true) => &["id", "language", "tier"],
            (false, false) => &["id", "language"],
        };
        let seen = |legs: Vec<ParticipantSnapshot>| {
            let mut legs = legs;
            legs[0].attributes = Some(keys.iter().map(|key| ((*key).into(), Value::from("x"))).collect());
            let started = self.tells_start.then(|| wall(start));
            let seen = Snapshot { id: id.as_str().into(), started, participants: legs, ..Snapshot::default() };
            Input::Update(Box::new(Update::Stream(seen)))
        };
        let run = FlowRun {
            id: "f".into(),
            name: Some("MainIVR".into()),
            version: Some(version.into()),
            source: FlowSource::Analytics,
            participant: Some("ivr".into()),
        };
        let run = Input::Update(Box::new(Update::Flow(FlowFact { conversation: id.as_str().into(), run })));
        let queued = vec![leg("customer", start, None), leg("ivr", start, Some(left)), leg("acd", left, None)];
        let ended =
            vec![leg("customer", start, Some(over)), leg("ivr", start, Some(left)), leg("acd", left, Some(over))];
        let mut inputs = Vec::new();
        if !self.is_seen_late {
            inputs.push((start + 100, seen(vec![leg("customer", start, None), leg("ivr", start, None)])));
            inputs.push((start + 200, run.clone()));
        }
        inputs.push((left + 300, seen(queued)));
        if self.is_seen_late {
            inputs.push((left + 400, run));
        }
        inputs.push((over, seen(ended)));
        inputs
    }
}

/// Everything that comes, in order, and the time every second until no call is waited for.
fn inputs(calls: &[PlannedCall]) -> Vec<(At, Input)> {
    let (mut all, mut start) = (vec![(0, Input::Link(Link::Live))], 1_000);
    for (nth, call) in calls.iter().enumerate() {
        start += call.gap;
        all.extend(call.inputs(nth, start));
    }
    let until = start + crate::store::record::LONGEST as u64 + 90_000;
    all.extend((1..until / 1_000).map(|second| (second * 1_000, Input::Time)));
    all.sort_by_key(|(ms, _)| *ms);
    all.into_iter().map(|(ms, input)| (at(ms), input)).collect()
}

fn told(finding: &Finding) -> Told {
    let key = finding.key.as_ref().map(ToString::to_string).unwrap_or_default();
    (finding.rule.to_string(), key, finding.conversation.to_string())
}

fn screens(inputs: &[(At, Input)]) -> Vec<Told> {
    let (mut desk, mut told_here) = (Desk::new(80, 24), Vec::new());
    let mut follower = PresenceFollower::without_a_past(Tuning::default());
    for (at, input) in inputs {
        desk.at = *at;
        let msg = match input {
            Input::Link(link) => {
                follower.link(*at, link);
                Msg::Link(link.clone())
            }
            Input::Update(update) => Msg::Update(update.clone()),
            Input::Time => Msg::Time,
        };
        desk.tell(msg);
        for msg in follower.look(&desk.model, &desk.model.reports, *at, false) {
            if let Msg::Fallen(finding) = &msg {
                told_here.push(told(finding));
            }
            desk.tell(msg);
        }
    }
    told_here
}

fn collect(inputs: &[(At, Input)]) -> Vec<Told> {
    let (mut monitor, mut observer) = (Monitor::new(MonitorOptions::default()), observed::observer());
    let (ends, mut found) = (Ends::new(None, None, vec![None]), Vec::new());
    for (at, input) in inputs {
        let outcome: MonitorOutcome = match input {
            Input::Link(link) => {
                observer.link(*at, link, &ends);
                monitor.link(*at, link, &())
            }
            Input::Update(update) => monitor.update(*at, (**update).clone(), &()),
            Input::Time => monitor.time(*at, &()),
        };
        for report in outcome.reports() {
            found.extend(observer.report(&monitor, report, |_| Vec::new(), &ends));
        }
        if matches!(input, Input::Time) {
            found.extend(observer.time(&monitor, *at, &ends));
        }
    }
    found.iter().map(told).collect()
}

fn watch(inputs: &[(At, Input)]) -> Vec<Told> {
    let mut follow = Follow::new(FollowPlan::everything(OutputForm::Json));
    follow.keep_reports();
    let (mut observer, ends): (Observer, Ends) = (observed::observer(), Ends::new(None, None, vec![None]));
    for (at, input) in inputs {
        let step: FollowStep = match input {
            Input::Link(link) => {
                observer.link(*at, link, &ends);
                follow.link(*at, link, &())
            }
            Input::Update(update) => follow.apply(*at, (**update).clone(), &()),
            Input::Time => follow.tick(*at, &()),
        };
        observer.hand_on(&mut follow, *at, &ends);
        observer.forget(&step.gone);
    }
    let lines = String::from_utf8(std::mem::take(follow.output())).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let falls = lines.filter(|line| line["rule"] == RuleId::PresenceDrop.as_str());
    let text = |line: &Json, part: &str| line[part].as_str().unwrap_or_default().to_owned();
    falls.map(|line| (text(&line, "rule"), text(&line, "key"), text(&line, "conversationId"))).collect()
}

fn all_tell_the_same(calls: &[PlannedCall]) -> Vec<Told> {
    let inputs = inputs(calls);
    let collected = collect(&inputs);
    assert_eq!(screens(&inputs), collected, "the screens and collect");
    assert_eq!(watch(&inputs), collected, "watch and collect");
    collected
}

fn planned() -> impl Strategy<Value = PlannedCall> {
    let flags = (prop::bool::weighted(0.2), any::<bool>(), prop::bool::weighted(0.1));
    // Of calls that are seen late the short ones alone are judged.
    let in_flow = prop_oneof![500u64..1_200, 500u64..15_000];
    (100u64..6_000, in_flow, flags).prop_map(|(gap, in_flow, (is_seen_late, tells_start, has_failed))| PlannedCall {
        gap,
        in_flow,
        is_seen_late,
        tells_start,
        has_failed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: count("SIDETONE_FALLS", 12, 1_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_end_tells_the_same_falls_on_the_same_calls(calls in prop::collection::vec(planned(), BEFORE + 30..BEFORE + 50)) {
        let told = all_tell_the_same(&calls);
        prop_assert!(told.iter().any(|(_, key, _)| key == "tier"), "{:?}", told);
    }
}

/// The call that decides is one whose lookup failed; the fall is told on one that it is about.
#[test]
fn a_fall_is_told_by_every_end_on_a_call_that_had_the_other_keys() {
    let call = PlannedCall { gap: 2_000, in_flow: 3_000, is_seen_late: false, tells_start: true, has_failed: false };
    let mut calls = vec![call; BEFORE + 30];
    let decided = all_tell_the_same(&calls);
    assert_eq!(decided.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>(), ["tier"]);
    let nth: usize = decided[0].2.trim_start_matches("call-").parse().unwrap();
    calls[nth].has_failed = true;
    let moved = all_tell_the_same(&calls);
    assert_eq!(moved.iter().filter(|(_, key, _)| key == "tier").count(), 1);
    assert!(moved.iter().all(|(_, _, call)| *call != decided[0].2), "{moved:?}");
}
