//! What comes from the connection.

use super::*;

#[test]
fn a_lost_link_makes_calls_stale_and_a_gap_reads_them_again() {
    use crate::domain::{Freshness, Link};
    let mut desk = Desk::busy(120, 36);
    desk.keys("<down><down>");
    let first = selection(&desk);
    desk.asked();
    desk.tell(Msg::Link(Link::Reconnecting { attempt: 1, until: desk.at, reason: "reset".into() }));
    assert!(desk.model.monitor.board.iter().all(|e| e.conversation.freshness == Freshness::Stale));
    desk.tell(Msg::Link(Link::Gap { since: desk.at }));
    desk.tell(Msg::Link(Link::Live));
    let asked = desk.asked();
    assert_eq!(asked.len(), 6);
    assert!(matches!(&asked[0], Effect::Read { conversation, .. } if conversation.as_str() == first));
}

#[test]
fn skipped_states_are_counted_and_none_is_skipped_where_it_would_matter() {
    use crate::domain::EveryState;
    let of = |ids: &[&str]| EveryState::Of(ids.iter().map(|id| (*id).into()).collect());
    let mut desk = on_call(&[("tier", "gold")]);
    assert_eq!(desk.model.every_state(), of(&[ID]), "the history is being looked at");
    desk.keys("e!<esc><esc>");
    assert_eq!((desk.model.screen, desk.model.every_state()), (Screen::Calls, of(&[ID])), "there is an edit");
    desk.keys("<enter><backspace><esc>");
    assert_eq!(desk.model.every_state(), of(&[]));
    let before = desk.model.rate.total();
    desk.tell(Msg::Coalesced(vec![(ID.into(), 12), ("gone".into(), 1)]));
    assert_eq!(desk.model.monitor.board.get(ID).map(|e| e.skipped), Some(12));
    assert_eq!((desk.model.coalesced, desk.model.rate.total() - before), (13, 13));
    desk.keys("ftier=gold<enter>");
    assert_eq!(desk.model.every_state(), EveryState::OfAll, "a trap must not miss its call");
}

#[test]
fn what_a_query_told_or_was_concluded_is_no_event() {
    use crate::domain::{FlowFact, FlowRun, FlowSource};
    let mut desk = on_call(&[("tier", "gold")]);
    let fact = |source| {
        let run = FlowRun { id: "f".into(), name: None, version: None, source, participant: None };
        Update::Flow(FlowFact { conversation: ID.into(), run })
    };
    let left = Update::Left { conversation: ID.into(), left: vec!["Support".into()] };
    for (update, counted) in
        [(fact(FlowSource::Activity), 0), (fact(FlowSource::Analytics), 0), (left, 0), (fact(FlowSource::Event), 1)]
    {
        let before = desk.model.rate.total();
        desk.tell(Msg::Update(Box::new(update.clone())));
        assert_eq!(desk.model.rate.total() - before, counted, "{update:?}");
    }
}

#[test]
fn a_request_that_is_answered_ends_the_wait_of_the_link() {
    let mut desk = on_call(&[("tier", "gold")]);
    let lose = |desk: &mut Desk, attempt: u32| {
        let until = At { mono: desk.at.mono + Duration::from_secs(20), ..desk.at };
        desk.tell(Msg::Link(Link::Reconnecting { attempt, until, reason: "connection refused".into() }));
        desk.asked();
    };
    lose(&mut desk, 3);
    desk.keys("e!<enter><enter>");
    let asked = desk.asked();
    let [Effect::Read { conversation, asked: revision, write }] = &asked[..] else { panic!("{asked:?}") };
    let result = Ok(truth(ID, &[("tier", "gold")]));
    let done = ReadDone { conversation: conversation.clone(), asked: *revision, left: desk.at, write: *write, result };
    desk.tell(Msg::Read(Box::new(done)));
    let asked = desk.asked();
    assert!(asked.contains(&Effect::Reconnect), "{asked:?}");
    let write = asked.iter().find_map(|e| if let Effect::Patch { write, .. } = e { Some(*write) } else { None });
    let accepted = || PatchOutcome::Accepted { status: 202, correlation_id: None };
    desk.tell(Msg::Patched(write.expect("the PATCH goes on"), Box::new(accepted())));
    assert!(!desk.asked().contains(&Effect::Reconnect), "it was tried just now");
    // The socket is what does not work: not each request is a reason to try it.
    lose(&mut desk, 4);
    desk.wait(11_000);
    lose(&mut desk, 5);
    desk.tell(Msg::Update(Box::new(Update::Read {
        snapshot: truth(ID, &[("tier", "gold!")]),
        asked: 9,
        left: desk.at.mono,
    })));
    assert!(desk.asked().contains(&Effect::Reconnect), "later it is");
}

#[test]
fn topics_are_picked_while_the_program_runs() {
    use crate::app::topics::{Listing, TopicRow, WatchTarget};
    let mut desk = Desk::busy(120, 36);
    let on_billing = |desk: &Desk| {
        let billing =
            |e: &&crate::domain::BoardEntry| e.conversation.queue().is_some_and(|q| q.as_str() == "q-billing");
        desk.model.monitor.board.iter().filter(billing).count()
    };
    assert!(on_billing(&desk) > 0);
    desk.keys("t");
    assert!(desk.effects.contains(&Effect::ListTopics));
    let row =
        |id: &str, name: &str, was| TopicRow { what: WatchTarget::Queue(id.into()), name: name.into(), on: was, was };
    let rows = vec![row("q-billing", "Billing", true), row("q-sales", "Sales", false)];
    desk.tell(Msg::Topics(Box::new(Listing { rows, ..Listing::default() })));
    desk.keys("sal<space>").keys("<backspace><backspace><backspace>bill<space><enter>");
    let Some(Effect::Watch(rows)) = desk.effects.iter().find(|e| matches!(e, Effect::Watch(_))) else { panic!() };
    let said: Vec<(&str, bool)> = rows.iter().map(|r| (r.name.as_str(), r.on)).collect();
    assert_eq!(said, [("Billing", false), ("Sales", true)]);
    assert_eq!(desk.model.settings.watching, "Sales", "an empty screen names what is watched now");
    assert_eq!(on_billing(&desk), 0, "calls that nothing tells about any more go from the screen");
    desk.effects.clear();
    desk.keys("t<esc>");
    assert!(!desk.effects.iter().any(|e| matches!(e, Effect::Watch(_))), "Esc changes nothing");
}
