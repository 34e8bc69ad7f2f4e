//! A call with two customers: the caller, who has the data, and somebody who was put through or is consulted.

use super::{answers, call, shown};
use crate::app::{
    Msg,
    flow::Definition,
    screen::Screen,
    testing::{Desk, leg},
};
use crate::domain::filter::{CallFacts, Filter};

const ID: &str = "two-customers";

/// The caller has left the flow with keys that it sets; then the second customer joins, with none. A flow has a key of the caller, too.
fn joined(desk: &mut Desk) {
    let keys = [("ivr_name", "MainIVR"), ("customer_tier", "gold"), ("language", "en-US")];
    let caller = || leg("c1", "customer", "Dana Whitlock", &keys).from("tel:+15550104402");
    let flow = || leg("i", "ivr", "MainIVR", &[("customer_tier", "of the flow")]).left();
    let queue = || leg("q", "acd", "Billing", &[]).queue("q-billing");
    desk.call(ID, 60, vec![caller(), flow(), queue()]);
    desk.wait(2_000);
    let second = leg("c2", "customer", "Yuki Mori", &[]).from("tel:+15550107777");
    desk.call(ID, 60, vec![caller(), flow(), queue(), second]);
    desk.wait(2_000);
}

fn read(desk: &mut Desk) {
    let definition = Definition::read(include_str!("../../../assets/flows/main-ivr.json"), None).expect("a flow");
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
}

#[test]
fn the_caller_stays_the_caller_and_keeps_the_keys() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        joined(&mut desk);
        let calls = shown(&mut desk);
        assert!(calls.contains("010 4402") && !calls.contains("010 7777"), "{calls}");
        assert!(calls.contains("gold") && !calls.contains("of the flow"), "{calls}");
        let found: Vec<String> = desk.model.monitor.examiner.all().map(|f| f.message.to_string()).collect();
        let about_caller = found.iter().find(|f| f.contains("customer_tier is missing") || f.contains("on ivr"));
        assert_eq!(about_caller, None, "{found:?}");
        let board = &desk.model.monitor.board;
        let call = &board.iter().next().expect("the call").conversation;
        for (filter, holds) in [("from:4402", true), ("from:7777", false)] {
            let filter: Filter = filter.parse().expect("a filter");
            let facts = CallFacts { conversation: call, names: &board.names, now: desk.model.now };
            assert_eq!(filter.holds(facts), holds, "{filter:?}");
        }
    }
}

#[test]
fn the_keys_of_the_flow_are_met_by_the_caller() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::new(width, height);
        joined(&mut desk);
        read(&mut desk);
        desk.keys("<enter>").wait(10);
        let call = shown(&mut desk);
        assert!(!call.contains("⚠ on customer"), "{width}\n{call}");
        let items = || desk.model.call.as_ref().expect("a call").expected.iter().flat_map(|group| &group.items);
        let of = |key: &str| items().find(|item| item.key.as_str() == key).expect("a key of the flow");
        for key in ["ivr_name", "customer_tier"] {
            assert!(!of(key).standing.is_bad(), "{key}: {:?}", of(key));
            assert_eq!(of(key).participant.as_ref().map(|p| p.as_str()), Some("c1"), "{key}");
        }
        assert!(items().all(|item| item.participant.as_ref().is_none_or(|p| p.as_str() == "c1")));
        desk.keys(":why customer_tier<enter>");
        assert_eq!(desk.model.screen, Screen::Why);
        assert_eq!(desk.model.why.cell.as_ref().map(|cell| cell.participant.as_str()), Some("c1"));
        desk.keys("<esc>F");
        read(&mut desk);
        desk.keys("");
        let flow = shown(&mut desk);
        let row = flow.lines().find(|line| line.contains("ivr_name")).unwrap_or_default();
        assert!(row.contains("✓ 1") && !row.contains("wrong"), "{width}: {row}\n{flow}");
    }
}
