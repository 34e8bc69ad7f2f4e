use super::*;

fn with_flow(attributes: &[(&str, &str)]) -> Snapshot {
    snapshot("c", vec![participant("p1", "customer", attributes), participant("f", "ivr", &[])])
}

fn flow_over(attributes: &[(&str, &str)]) -> Snapshot {
    snapshot("c", vec![participant("p1", "customer", attributes), gone("f", "ivr", &[]), participant("q", "acd", &[])])
}

#[test]
fn a_flow_writes_its_own_value_back() {
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[]));
    desk.event(3_000, with_flow(&[("promise", "none")]));
    desk.event(15_000, with_flow(&[("promise", "2026-12-01")]));
    desk.event(40_000, flow_over(&[("promise", "none")]));
    assert_eq!(desk.found(), ["flow-wrote-back promise@customer"]);
    assert_eq!(
        desk.message(RuleId::FlowWroteBack),
        "promise was \"2026-12-01\" until the flow ended and made it \"none\""
    );
    desk.event(50_000, flow_over(&[("promise", "x")]));
    assert_eq!(desk.found(), ["flow-wrote-back promise@customer"], "what happened stays told");
    desk.event_claimed(60_000, flow_over(&[("promise", "mine")]), "mine");
    assert_eq!(desk.found(), [] as [&str; 0], "until the operator has set it right");
}

#[test]
fn the_two_events_of_one_moment_may_come_in_any_order() {
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[("promise", "none")]));
    desk.event(15_000, with_flow(&[("promise", "2026-12-01")]));
    desk.event(39_990, with_flow(&[("promise", "none")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
    desk.event(40_000, flow_over(&[("promise", "none")]));
    assert_eq!(desk.found(), ["flow-wrote-back promise@customer"]);
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[("promise", "none")]));
    desk.event(15_000, with_flow(&[("promise", "2026-12-01")]));
    desk.event(40_000, flow_over(&[("promise", "2026-12-01")]));
    desk.event(40_900, flow_over(&[("promise", "none")]));
    assert_eq!(desk.found(), ["flow-wrote-back promise@customer"]);
}

#[test]
fn a_flow_that_goes_on_or_sets_something_new_has_not_written_back() {
    // The flow's own ups and downs while it runs.
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[("depth", "1")]));
    desk.event(5_000, with_flow(&[("depth", "2")]));
    desk.event(10_000, with_flow(&[("depth", "1")]));
    desk.event(12_000, flow_over(&[("depth", "1")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
    // A last value at the end that was never there before.
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[("step", "a")]));
    desk.event(5_000, with_flow(&[("step", "b")]));
    desk.event(10_000, flow_over(&[("step", "done")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
    // A value that returns long after the end.
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[("step", "a")]));
    desk.event(5_000, with_flow(&[("step", "b")]));
    desk.event(10_000, flow_over(&[("step", "b")]));
    desk.event(14_000, flow_over(&[("step", "a")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn a_flow_replaces_the_operators_edit() {
    let mut desk = Desk::new();
    desk.event(0, with_flow(&[]));
    desk.event_claimed(5_000, with_flow(&[("tier", "gold")]), "gold");
    desk.event(10_000, flow_over(&[("tier", "bronze")]));
    assert_eq!(desk.found(), ["flow-wrote-back tier@customer"], "and not overwritten as well");
}

#[test]
fn the_operators_value_is_replaced() {
    let mut desk = Desk::new();
    desk.event(0, customer(&[("tier", "silver")]));
    desk.event_claimed(1_000, customer(&[("tier", "gold")]), "gold");
    assert_eq!(desk.found(), [] as [&str; 0]);
    desk.event(2_000, customer(&[("tier", "bronze")]));
    assert_eq!(desk.found(), ["overwritten tier@customer"]);
    assert_eq!(desk.message(RuleId::Overwritten), "tier was yours, \"gold\"; now it is \"bronze\"");
    desk.event(3_000, customer(&[("tier", "tin")]));
    assert_eq!(desk.found(), ["overwritten tier@customer"]);
    desk.event_claimed(4_000, customer(&[("tier", "gold")]), "gold");
    assert_eq!(desk.found(), [] as [&str; 0]);
    // Values of others that change are everyday life.
    let mut desk = Desk::new();
    for (second, value) in ["pending", "running", "ok"].iter().enumerate() {
        desk.event(second as u64 * 1_000, customer(&[("status", value)]));
    }
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn flapping() {
    let run = |values: &[&str], pause: u64| {
        let mut desk = Desk::new();
        for (i, value) in values.iter().enumerate() {
            desk.event(i as u64 * pause, customer(&[("k", value)]));
        }
        desk.found()
    };
    assert_eq!(run(&["a", "b", "a", "b", "a", "b"], 500), ["flapping k@customer"]);
    assert_eq!(run(&["a", "b", "a", "b", "a"], 500), [] as [&str; 0], "three returns are not four");
    assert_eq!(run(&["a", "b", "a", "b", "a", "b", "a", "b"], 2_000), [] as [&str; 0], "slowly, as moods do");
    assert_eq!(run(&["1", "2", "3", "4", "5", "6", "7", "8"], 100), [] as [&str; 0], "a counter");
    assert_eq!(run(&["a", "b", "c", "a", "b", "c", "a", "b", "c"], 100), [] as [&str; 0], "a round of steps");
    let mut desk = Desk::new();
    let mut told = Vec::new();
    for i in 0..12 {
        told.extend(desk.event(i * 200, customer(&[("k", if i % 2 == 0 { "a" } else { "b" })])));
    }
    assert_eq!(told.len(), 1, "told once: {told:?}");
}

fn agent_call(attributes: &[(&str, &str)], second: bool) -> Snapshot {
    let mut people = vec![participant("p1", "customer", attributes)];
    if second {
        people.extend([gone("a1", "agent", &[]), participant("q2", "acd", &[])]);
    } else {
        people.push(participant("a1", "agent", &[]));
    }
    snapshot("c", people)
}

#[test]
fn lost_on_transfer() {
    let all = [("case_id", "CS-1"), ("tier", "gold")];
    let kept = [("tier", "gold")];
    // After, with and before the join.
    for (lost_at, joined_at) in [(60_200, 60_000), (60_000, 60_000), (60_000, 61_000)] {
        let mut desk = Desk::new();
        desk.event(0, agent_call(&all, false));
        if lost_at < joined_at {
            desk.event(lost_at, agent_call(&kept, false));
            assert_eq!(desk.found(), [] as [&str; 0]);
        } else if lost_at > joined_at {
            desk.event(joined_at, agent_call(&all, true));
        }
        desk.event(lost_at.max(joined_at), agent_call(&kept, true));
        assert_eq!(desk.found(), ["lost-on-transfer case_id@customer"], "{lost_at} {joined_at}");
        assert_eq!(desk.message(RuleId::LostOnTransfer), "case_id vanished on a transfer; it was \"CS-1\"");
        desk.event(70_000, agent_call(&all, true));
        assert_eq!(desk.found(), [] as [&str; 0], "it came back");
    }
}

#[test]
fn keys_that_go_otherwise_are_not_lost_on_transfer() {
    let all = [("case_id", "CS-1"), ("tier", "gold")];
    let kept = [("tier", "gold")];
    // Without a transfer, long after one, and blanked rather than gone.
    let mut desk = Desk::new();
    desk.event(0, agent_call(&all, false));
    desk.event(30_000, agent_call(&kept, false));
    desk.event(60_000, agent_call(&kept, true));
    assert_eq!(desk.found(), [] as [&str; 0]);
    let mut desk = Desk::new();
    desk.event(0, agent_call(&all, false));
    desk.event(60_000, agent_call(&all, true));
    desk.event(64_000, agent_call(&kept, true));
    assert_eq!(desk.found(), [] as [&str; 0]);
    let mut desk = Desk::new();
    desk.event(0, agent_call(&all, false));
    desk.event(60_000, agent_call(&[("case_id", ""), ("tier", "gold")], true));
    assert_eq!(desk.found(), [] as [&str; 0]);
    // The first sight of a call with all its participants is no transfer.
    let mut desk = Desk::new();
    desk.event(0, agent_call(&all, true));
    desk.event(1_000, agent_call(&kept, true));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn set_after_the_end() {
    let over = |attributes: &[(&str, &str)]| snapshot("c", vec![gone("p1", "customer", attributes)]);
    let mut desk = Desk::new();
    desk.event(0, customer(&[("k", "1")]));
    desk.event(10_000, over(&[("k", "2")]));
    desk.event(10_800, over(&[("k", "3")]));
    assert_eq!(desk.found(), [] as [&str; 0], "the last write of a flow comes with the end");
    desk.event(13_000, over(&[("k", "4")]));
    assert_eq!(desk.found(), ["set-after-end k@customer"]);
    assert_eq!(desk.message(RuleId::SetAfterEnd), "k changed 3.0 s after the call had ended");
    let mut desk = Desk::new();
    desk.event(0, over(&[("k", "1")]));
    assert_eq!(desk.found(), [] as [&str; 0], "first sight is no change");
    desk.event(1_000, over(&[("k", "2")]));
    assert_eq!(desk.found(), ["set-after-end k@customer"]);
}

fn edit(key: &str, fate: Fate) -> EditFact {
    EditFact { participant: ParticipantId::new("p1"), key: Key::new(key), fate }
}

#[test]
fn edits() {
    let mut desk = Desk::new();
    desk.edits = vec![edit("tier", Fate::Pending), edit("context.email", Fate::Seen), edit("choice", Fate::Seen)];
    desk.event(0, customer(&[]));
    assert_eq!(desk.found(), ["system-prefix-edited context.email@customer"]);
    desk.edits = vec![edit("tier", Fate::Unseen { request: "202, correlation id 7f".into() })];
    desk.event(1_000, customer(&[]));
    assert_eq!(desk.found(), ["accepted-but-unseen tier@customer"]);
    assert!(desk.message(RuleId::AcceptedButUnseen).contains("correlation id 7f"));
    assert_eq!(desk.severity(RuleId::AcceptedButUnseen), Some(Severity::Error));
    desk.edits.clear();
    desk.event(2_000, customer(&[]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn edits_during_a_voice_flow_are_marked_until_it_ends() {
    let mut desk = Desk::new();
    desk.edits = vec![edit("tier", Fate::Seen)];
    desk.event(0, with_flow(&[]));
    assert_eq!(desk.found(), ["edited-during-voice-flow tier@customer"]);
    assert_eq!(desk.severity(RuleId::EditedDuringVoiceFlow), Some(Severity::Info));
    desk.event(1_000, flow_over(&[]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}
