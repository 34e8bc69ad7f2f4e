use super::*;
use crate::domain::{ParticipantSnapshot, Purpose, Snapshot, State, Value};
use jiff::Timestamp;

fn at(ms: u64) -> At {
    At::after(Timestamp::UNIX_EPOCH, Duration::from_millis(ms))
}

fn call(id: &str, attributes: &[(&str, &str)]) -> Update {
    Update::Stream(Snapshot {
        id: id.into(),
        participants: vec![ParticipantSnapshot {
            id: "p".into(),
            purpose: Purpose::new("customer"),
            address: Some("tel:+15550100".into()),
            state: Some(State::new("connected")),
            attributes: Some(attributes.iter().map(|(k, v)| ((*k).into(), Value::text(*v))).collect()),
            ..ParticipantSnapshot::default()
        }],
        ..Snapshot::default()
    })
}

fn plan() -> FollowPlan {
    FollowPlan::everything(OutputForm::Json)
}

fn lines(follow: &mut Follow) -> Vec<String> {
    let text = String::from_utf8(std::mem::take(follow.output())).unwrap();
    text.lines()
        .map(|line| {
            let json: serde_json::Value = serde_json::from_str(line).expect(line);
            let part = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
            match json["type"].as_str() {
                Some("attribute") => format!("{} {}={}", part("conversationId"), part("key"), part("new")),
                Some("connection") => part("state"),
                Some("watchpoint") => format!("{} {} rang: {}", part("conversationId"), part("on"), part("message")),
                Some("finding") => format!("{} {} {}", part("conversationId"), part("rule"), part("key")),
                _ => format!("{} {}", part("conversationId"), part("change")),
            }
        })
        .collect()
}

#[test]
fn a_first_sight_is_told_whole_and_then_only_changes() {
    let mut follow = Follow::new(plan());
    _ = follow.link(at(0), &Link::Live, &());
    _ = follow.apply(at(1), call("a", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), ["live", "a started", "a joined", "a k=1"]);
    _ = follow.apply(at(2), call("a", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), [""; 0]);
    _ = follow.apply(at(3), call("a", &[("k", "2")]), &());
    assert_eq!(lines(&mut follow), ["a k=2"]);
}

#[test]
fn the_count_ends_on_the_line_wanted_and_not_one_later() {
    let mut follow = Follow::new(FollowPlan { count: Some(3), ..plan() });
    assert!(!follow.apply(at(1), call("a", &[("k", "1"), ("l", "1")]), &()).done);
    assert!(follow.apply(at(2), call("b", &[("k", "1"), ("l", "1")]), &()).done);
    _ = follow.apply(at(3), call("c", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), ["a started", "a joined", "a k=1", "a l=1", "b started", "b joined", "b k=1"]);
    assert!(Follow::new(FollowPlan { count: Some(0), ..plan() }).is_done());
}

#[test]
fn until_ends_after_the_lines_that_led_to_it_and_at_once_when_already_so() {
    let until = Some("k=2".parse().unwrap());
    let mut follow = Follow::new(FollowPlan { until: until.clone(), ..plan() });
    assert!(!follow.apply(at(1), call("a", &[("k", "1")]), &()).done);
    assert!(follow.apply(at(2), call("a", &[("k", "2")]), &()).done);
    assert_eq!(lines(&mut follow).last().unwrap(), "a k=2");
    assert!(Follow::new(FollowPlan { until, ..plan() }).apply(at(1), call("a", &[("k", "2")]), &()).done);
}

#[test]
fn a_filter_tells_a_call_whole_from_the_moment_it_holds_to_its_end() {
    let mut follow = Follow::new(FollowPlan { filter: "tier=gold".parse().unwrap(), ..plan() });
    _ = follow.apply(at(1), call("a", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), [""; 0]);
    _ = follow.apply(at(2), call("a", &[("k", "1"), ("tier", "gold")]), &());
    assert_eq!(lines(&mut follow), ["a started", "a joined", "a k=1", "a tier=gold"]);
    _ = follow.apply(at(3), call("a", &[("k", "1"), ("tier", "silver")]), &());
    assert_eq!(lines(&mut follow), ["a tier=silver"]);
    _ = follow.apply(at(4), call("b", &[("tier", "silver")]), &());
    assert_eq!(lines(&mut follow), [""; 0]);
}

#[test]
fn until_looks_only_at_calls_that_the_filter_lets_through() {
    let mut follow =
        Follow::new(FollowPlan { filter: "tier=gold".parse().unwrap(), until: Some("k=2".parse().unwrap()), ..plan() });
    assert!(!follow.apply(at(1), call("a", &[("k", "2")]), &()).done);
    assert!(follow.apply(at(2), call("b", &[("tier", "gold"), ("k", "2")]), &()).done);
}

#[test]
fn an_age_comes_to_hold_by_time_alone() {
    let mut follow = Follow::new(FollowPlan { until: Some("age>2s".parse().unwrap()), ..plan() });
    assert!(!follow.apply(at(0), call("a", &[]), &()).done);
    assert!(!follow.tick(at(1_000), &()).done);
    assert!(follow.tick(at(2_001), &()).done);
    assert!(follow.tick_every() < Duration::from_secs(1));
}

#[test]
fn text_for_people_is_harmless_and_says_old_and_new() {
    let form = OutputForm::Text(Ansi { color: false, ascii: true }, TimeZone::UTC);
    let mut follow = Follow::new(FollowPlan { form, ..plan() });
    _ = follow.apply(at(1), call("a", &[("k", "\x1b[31mred"), ("blank", "")]), &());
    _ = follow.apply(at(2), call("a", &[("k", "2"), ("blank", "")]), &());
    let text = String::from_utf8(std::mem::take(follow.output())).unwrap();
    assert!(!text.contains('\x1b'), "{text}");
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "00:00:00.001  +15550100           call  a",
            "              customer  connected  k=^[[31mred  blank=(empty)",
            "00:00:00.001  +15550100           info blank: blank is set to nothing",
            "00:00:00.002  +15550100           customer  k  ^[[31mred -> 2  stream",
        ]
    );
}

#[test]
fn calls_that_ended_long_ago_are_forgotten() {
    let mut follow = Follow::new(plan());
    let ended = |id: &str| {
        let Update::Stream(mut snapshot) = call(id, &[]) else { unreachable!() };
        snapshot.participants[0].state = Some(State::new("disconnected"));
        snapshot.participants[0].ended = Some(Timestamp::UNIX_EPOCH);
        Update::Stream(snapshot)
    };
    _ = follow.apply(at(1), ended("a"), &());
    _ = follow.apply(at(2), call("b", &[]), &());
    _ = follow.tick(at(700_000), &());
    assert_eq!(follow.monitor.board.len(), 1);
}

#[test]
fn findings_follow_the_lines_that_led_to_them() {
    let mut follow = Follow::new(plan());
    _ = follow.apply(at(1), call("a", &[("k", "1")]), &());
    _ = follow.apply(at(2), call("a", &[("k", "{{tier}}")]), &());
    _ = follow.apply(at(3), call("a", &[("k", "{{tier}}"), ("l", "1")]), &());
    assert_eq!(lines(&mut follow)[3..], ["a k={{tier}}", "a unresolved-template k", "a l=1"]);
    // A call that a filter lets through late is told with what was found before.
    let mut follow = Follow::new(FollowPlan { filter: "l=1".parse().unwrap(), ..plan() });
    _ = follow.apply(at(1), call("a", &[("k", "{{tier}}")]), &());
    assert_eq!(lines(&mut follow), [""; 0]);
    _ = follow.apply(at(2), call("a", &[("k", "{{tier}}"), ("l", "1")]), &());
    assert_eq!(lines(&mut follow), ["a started", "a joined", "a k={{tier}}", "a l=1", "a unresolved-template k"]);
}

#[test]
fn a_finding_that_comes_of_time_has_its_own_moment() {
    let on_ivr = || {
        let Update::Stream(mut snapshot) = call("z", &[]) else { unreachable!() };
        let ivr =
            ParticipantSnapshot { id: "i".into(), purpose: Purpose::new("ivr"), ..snapshot.participants[0].clone() };
        snapshot
            .participants
            .push(ParticipantSnapshot { attributes: Some(vec![("tier".into(), Value::text("gold"))]), ..ivr });
        Update::Stream(snapshot)
    };
    // However often it is asked what time has brought.
    for ticks in [vec![], vec![700], vec![600, 900]] {
        let mut follow = Follow::new(plan());
        for id in ["a", "b", "c", "d"] {
            _ = follow.apply(at(1), call(id, &[("tier", "gold")]), &());
        }
        _ = follow.apply(at(2), call("z", &[]), &());
        _ = follow.apply(at(100), on_ivr(), &());
        assert_eq!(follow.due(), Some(Duration::from_millis(600)));
        for tick in ticks {
            _ = follow.tick(at(tick), &());
        }
        _ = follow.apply(at(1_000), call("a", &[("tier", "silver")]), &());
        let text = String::from_utf8(std::mem::take(follow.output())).unwrap();
        let found: Vec<&str> = text.lines().filter(|l| l.contains("\"finding\"")).collect();
        assert_eq!(found.len(), 1, "{text}");
        assert!(found[0].contains("wrong-participant") && found[0].contains("00:00:00.600Z"), "{}", found[0]);
    }
}

#[test]
fn a_trap_tells_the_next_fitting_call_alone() {
    let trap = Trap::set(Some("0100"), None, "k=1".parse().unwrap(), at(5_000));
    let mut follow = Follow::new(FollowPlan { filter: "k=1".parse().unwrap(), trap: Some(trap), ..plan() });
    _ = follow.apply(at(100), call("before", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), [""; 0], "it was there before the trap was set");
    _ = follow.apply(at(6_000), call("a", &[("k", "2")]), &());
    assert_eq!(lines(&mut follow), [""; 0]);
    _ = follow.apply(at(7_000), call("a", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), ["a started", "a joined", "a k=1"]);
    _ = follow.apply(at(8_000), call("b", &[("k", "1")]), &());
    assert_eq!(lines(&mut follow), [""; 0], "only the first");
}

fn ringing(set: impl FnOnce(&mut Alerts)) -> FollowPlan {
    let mut plan = plan();
    set(&mut plan.alerts);
    plan
}

#[test]
fn a_watched_key_rings_after_its_line_and_not_at_first_sight() {
    let mut follow = Follow::new(ringing(|w| _ = w.toggle_key(&"k".into())));
    _ = follow.apply(at(1), call("a", &[("k", "1"), ("l", "1")]), &());
    _ = follow.apply(at(2), call("a", &[("k", "1"), ("l", "2")]), &());
    assert_eq!(follow.rung(), None);
    lines(&mut follow);
    _ = follow.apply(at(3), call("a", &[("k", "2"), ("l", "2")]), &());
    assert_eq!(lines(&mut follow), ["a k=2", "a key rang: k changed"]);
    assert_eq!(follow.rung().as_deref(), Some("k changed"));
    _ = follow.apply(at(4), call("a", &[("k", "3"), ("l", "2")]), &());
    assert_eq!(lines(&mut follow), ["a k=3", "a key rang: k changed"], "every one is told");
    assert_eq!(follow.rung(), None, "the bell rings once a second at most");
    _ = follow.apply(at(1_100), call("a", &[("k", "4"), ("l", "2")]), &());
    assert!(follow.rung().is_some());
}

#[test]
fn an_expression_rings_once_for_a_call_at_first_sight_too_and_only_for_calls_that_are_told() {
    let mut follow = Follow::new(FollowPlan {
        filter: "l=1".parse().unwrap(),
        ..ringing(|w| w.watch_filter("k=2", "k=2".parse().unwrap()))
    });
    let rang = |follow: &mut Follow| lines(follow).into_iter().filter(|l| l.contains("rang")).count();
    _ = follow.apply(at(1), call("a", &[("k", "2")]), &());
    assert_eq!(rang(&mut follow), 0, "not told");
    _ = follow.apply(at(2), call("a", &[("k", "2"), ("l", "1")]), &());
    assert_eq!(rang(&mut follow), 1);
    _ = follow.apply(at(3), call("a", &[("k", "2"), ("l", "2")]), &());
    assert_eq!(rang(&mut follow), 0);
    _ = follow.apply(at(4), call("a", &[("k", "3")]), &());
    _ = follow.apply(at(5), call("a", &[("k", "2")]), &());
    assert_eq!(rang(&mut follow), 1);
}

#[test]
fn an_age_rings_when_its_time_has_come() {
    let mut follow = Follow::new(ringing(|w| w.watch_filter("age>2s", "age>2s".parse().unwrap())));
    _ = follow.apply(at(0), call("a", &[("k", "1")]), &());
    lines(&mut follow);
    assert!(follow.tick_every() < Duration::from_secs(1));
    _ = follow.tick(at(1_000), &());
    assert_eq!(lines(&mut follow), [""; 0]);
    _ = follow.tick(at(2_100), &());
    _ = follow.tick(at(2_200), &());
    assert_eq!(lines(&mut follow), ["a filter rang: a call matches age>2s"]);
}

#[test]
fn a_missed_milestone_is_a_finding_and_rings() {
    let expectations = crate::expectfile::parse("[[expect]]\nkey = \"tier\"\nby = \"2s\"\n").unwrap();
    let mut follow = Follow::new(FollowPlan { expectations, ..ringing(|w| _ = w.toggle_missed()) });
    _ = follow.apply(at(0), call("a", &[("k", "1")]), &());
    lines(&mut follow);
    let due = follow.due().expect("a milestone");
    assert!(due >= Duration::from_secs(2));
    _ = follow.tick(at(5_000), &());
    let told = lines(&mut follow);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("missing tier") && told[1].contains("missed rang"), "{told:?}");
}

#[test]
fn nothing_is_missing_while_the_link_is_down_and_it_is_judged_once_it_was_read() {
    let expectations = crate::expectfile::parse("[[expect]]\nkey = \"k\"\nby = \"2s\"\n").unwrap();
    let mut follow = Follow::new(FollowPlan { expectations, ..plan() });
    _ = follow.link(at(0), &Link::Live, &());
    _ = follow.apply(at(1), call("a", &[]), &());
    _ = follow.link(at(2), &Link::Reconnecting { attempt: 1, until: at(2), reason: "lost".into() }, &());
    _ = follow.tick(at(10_000), &());
    assert_eq!(lines(&mut follow), ["live", "a started", "a joined", "reconnecting"]);
    let Update::Stream(snapshot) = call("a", &[]) else { unreachable!() };
    let asked = follow.monitor.board.revision("a");
    _ = follow.apply(at(11_000), Update::Read { snapshot, asked, left: Duration::ZERO }, &());
    assert_eq!(lines(&mut follow), ["a missing k"]);
}

#[test]
fn calls_that_ended_long_ago_are_named_once_so_that_the_link_forgets_them_too() {
    let mut follow = Follow::new(plan());
    let Update::Stream(mut snapshot) = call("a", &[]) else { unreachable!() };
    snapshot.participants[0].state = Some(State::new("disconnected"));
    _ = follow.apply(at(1), Update::Stream(snapshot), &());
    _ = follow.apply(at(1), call("b", &[]), &());
    assert_eq!(follow.tick(at(590_000), &()).gone, []);
    assert_eq!(follow.tick(at(700_000), &()).gone, ["a".into()]);
    assert_eq!(follow.tick(at(800_000), &()).gone, []);
}

/// A day of calls that end: what is kept of them stays within its bounds, by time and by count. `SIDETONE_FULL` takes
/// 50,000 calls.
#[test]
fn ended_calls_are_forgotten_within_their_bounds() {
    let calls = u64::from(crate::testing::count("SIDETONE_ENDED", 1_500, 50_000));
    let filter = || "k=1".parse::<Filter>().unwrap();
    for (apart, most) in [(1_728, 700), (1, Retention::DEFAULT.count + 1)] {
        let mut alerts = Alerts::default();
        alerts.watch_filter("k=1", filter());
        let expectations = vec![Expectation::new("k")];
        let mut follow = Follow::new(FollowPlan { filter: filter(), alerts, expectations, ..plan() });
        let (mut gone, mut now) = (0, 0);
        for n in 0..calls {
            now += apart;
            let id = format!("c{n}");
            gone += follow.apply(at(now), call(&id, &[("k", "1"), ("blank", "")]), &()).gone.len();
            let Update::Stream(mut over) = call(&id, &[("k", "1"), ("blank", "")]) else { unreachable!() };
            over.participants[0].state = Some(State::new("disconnected"));
            over.participants[0].ended = Some(at(now).wall);
            gone += follow.apply(at(now), Update::Stream(over), &()).gone.len();
            gone += follow.tick(at(now), &()).gone.len();
            follow.output().clear();
            assert!(follow.monitor.board.len() <= most, "{} calls are kept after {n}", follow.monitor.board.len());
        }
        let kept = follow.monitor.board.len();
        assert_eq!(gone + kept, usize::try_from(calls).unwrap(), "every call is either kept or reported as gone");
        let judged: std::collections::BTreeSet<String> =
            follow.monitor.examiner.all().map(|f| f.conversation.to_string()).collect();
        assert!(judged.len() <= kept, "findings of {} calls are kept, and {kept} calls", judged.len());
        assert!((0..calls).filter(|n| follow.monitor.is_in_scope(&format!("c{n}"))).count() <= kept);
    }
}

/// A flow whose lookup sets the key on its success only: the other output says which way a call took.
const FLOW: &str = r#"inboundCall:
  name: Main
  startUpRef: /inboundCall/tasks/task[t]
  tasks:
    - task:
        name: Start
        refId: t
        actions:
          - callData:
              name: Find
              outputs:
                success:
                  actions:
                    - setParticipantData:
                        name: Set tier
                        attributes:
                          - attribute: {name: {lit: tier}, value: {lit: gold}}
                timeout:
                  actions:
                    - setParticipantData:
                        name: Note timeout
                        attributes:
                          - attribute: {name: {lit: lookup}, value: {lit: timeout}}
          - disconnect: {name: Bye}
"#;

/// Findings carry the cause that the definition shows, once that was read; what is to be read is handed out once for each version.
#[test]
fn findings_carry_the_cause_that_the_definition_shows() {
    use crate::domain::{FlowFact, FlowRun, FlowSource};
    let run = |id: &str, second: u64| {
        let expectations = crate::expectfile::parse("[[expect]]\nkey = \"tier\"\nby = \"2s\"\n").unwrap();
        let mut follow = Follow::new(FollowPlan { expectations, ..plan() });
        follow.tell_causes();
        _ = follow.apply(at(second), call(id, &[("lookup", "timeout")]), &());
        let run = FlowRun {
            id: "f".into(),
            name: Some("Main".into()),
            version: Some("42.0".into()),
            source: FlowSource::Analytics,
            participant: None,
        };
        _ = follow.apply(at(second), Update::Flow(FlowFact { conversation: id.into(), run }), &());
        _ = follow.apply(at(second + 1), call(id, &[("lookup", "timeout"), ("x", "1")]), &());
        follow
    };
    let finding = |follow: &mut Follow| -> serde_json::Value {
        follow.output().clear();
        _ = follow.tick(at(5_000), &());
        let text = String::from_utf8(std::mem::take(follow.output())).unwrap();
        let mut all = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        all.find(|line| line["type"] == "finding").expect("a finding")
    };
    let mut follow = run("a", 0);
    let version = follow.wanted().expect("the definition is wanted");
    assert_eq!((version.0.as_str(), version.1.as_str()), ("f", "42.0"));
    assert_eq!(follow.wanted(), None, "once");
    follow.learned(version, Some(std::sync::Arc::new(crate::flow::read(FLOW).unwrap())));
    let told = finding(&mut follow);
    let cause = told["cause"].as_str().unwrap_or_else(|| panic!("no cause: {told:#}"));
    assert!(cause.contains("which took timeout: lookup has the value that only Note timeout writes"), "{cause}");
    assert_eq!((&told["certainty"], &told["flowVersion"]), (&"static".into(), &"42".into()));
    let mut unread = run("a", 0);
    assert!(unread.wanted().is_some());
    assert_eq!(finding(&mut unread).get("cause"), None, "nothing is known of its flow");
}

/// When a try is announced and when it begins, the link tells of it; a reader is told once.
#[test]
fn each_try_to_connect_has_one_line() {
    let mut follow = Follow::new(plan());
    for (attempt, until) in [(1, 0), (2, 900), (2, 901), (3, 2_000), (3, 2_001)] {
        let link = Link::Reconnecting { attempt, until: at(until), reason: "refused".into() };
        _ = follow.link(at(until), &link, &());
    }
    assert_eq!(lines(&mut follow).len(), 3);
}
