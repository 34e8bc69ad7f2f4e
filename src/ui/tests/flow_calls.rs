//! What the Flow screen says of calls: how many, which lack a key, and which action set it.

use super::{answers, call, decisions::select, flow_is_read, shown, since::report};
use crate::app::{
    Effect, Msg,
    flow::{Definition, FlowHistory},
    screen::Screen,
    testing::{Desk, leg},
    why::FoundFlows,
};

/// The flow of the demo, with and without what its newest version lost.
pub(super) fn versions() -> Definition {
    let text = include_str!("../../../assets/flows/main-ivr.json");
    let before = text.replacen("\"customer_tier\"", "\"contract_type\"", 1);
    let mut definition = Definition::read(text, None).expect("a flow");
    definition.version = Some("43".into());
    definition.before = Some(("42".into(), std::sync::Arc::new(crate::flow::read(&before).expect("a flow"))));
    definition
}

pub(super) fn on_flow(desk: &mut Desk, definition: Definition) {
    desk.keys("F");
    desk.model.flow.name = Some("MainIVR".into());
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
    desk.keys("");
}

#[test]
fn ended_calls_are_counted_apart_from_live_ones() {
    let mut desk = Desk::new(120, 36);
    let through = |over: bool| {
        let customer = leg("c", "customer", "Dana", &[("language", "en-US")]).from("tel:+15550102231");
        let customer = if over { customer.left() } else { customer };
        vec![customer, leg("i", "ivr", "MainIVR", &[]).left()]
    };
    for i in 0..5 {
        desk.call(&format!("live-{i}"), 60, through(false));
    }
    for i in 0..3 {
        desk.call(&format!("over-{i}"), 60, through(false));
        desk.call(&format!("over-{i}"), 60, through(true));
    }
    desk.wait(1_000);
    desk.keys("d");
    let diagnose = shown(&mut desk);
    assert!(diagnose.contains("Diagnose 5 live calls, 3 ended"), "{diagnose}");
    on_flow(&mut desk, versions());
    let flow = shown(&mut desk);
    assert!(flow.contains("5 calls live, 0 in it now, 3 ended") && flow.contains("5 live calls"), "{flow}");
    let over = desk.model.flow.rows.iter().flat_map(|row| &row.lacking).filter(|(id, _)| id.as_str().contains("over"));
    assert_eq!(over.count(), 0);
}

#[test]
fn the_key_that_the_new_version_lost_comes_first_and_is_selected() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        on_flow(&mut desk, versions());
        let first = desk.model.flow.rows.first().map(|row| row.key.clone());
        assert_eq!(first.as_deref(), Some("contract_type"), "{width}");
        assert_eq!(desk.model.flow.selection, first, "{width}");
        let asked = desk.asked();
        assert!(
            asked
                .iter()
                .any(|e| matches!(e, Effect::FlowHistory(_, keys) if keys.contains(&"contract_type".to_owned()))),
            "{asked:?}"
        );
        let keys = vec![("contract_type".to_owned(), report().versions)];
        desk.tell(Msg::FlowHistory("MainIVR".into(), FlowHistory::new(keys)));
        let flow = shown(&mut desk);
        assert!(flow.contains("✗ never set") && flow.contains("is set nowhere in this version"), "{flow}");
        if width >= 120 {
            assert!(flow.contains("contract_type is set by no action of v43"), "{flow}");
        }
    }
}

#[test]
fn the_flow_screen_shows_the_flow_of_the_selected_call() {
    let mut desk = Desk::busy(120, 36);
    let other = "00000000-9999-4000-8000-000000000001";
    let legs = || vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "Billing Self Service", &[])];
    desk.call(other, 1, legs());
    desk.keys(":flow Billing Self Service<enter>");
    assert_eq!(desk.model.flow.name.as_deref(), Some("Billing Self Service"));
    desk.keys("<esc><home>");
    while desk.model.calls.selected.as_ref().is_some_and(|id| id.as_str() == other) {
        desk.keys("<down>");
    }
    desk.keys("F");
    assert_eq!((desk.model.screen, desk.model.flow.name.as_deref()), (Screen::Flow, Some("MainIVR")));
    desk.keys("<esc><enter>F");
    assert_eq!(desk.model.flow.name.as_deref(), Some("MainIVR"));
    // From a key it opens at that key, and asks the store again for what was stored since.
    flow_is_read(&mut desk);
    desk.keys("<esc>/customer_tier<enter>");
    desk.asked();
    desk.keys("F");
    assert_eq!(desk.model.flow.selection.as_deref(), Some("customer_tier"));
    let asks = |e: &Effect| matches!(e, Effect::FlowHistory(name, _) if name == "MainIVR");
    assert!(desk.asked().iter().any(asks));
    desk.keys("<esc>/account_id<enter>F");
    assert!(desk.model.flow.row().is_some(), "one that the flow does not set: its first");
}

#[test]
fn a_key_on_the_other_of_two_customers_is_said_to_be_there() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        on_flow(&mut desk, versions());
        let there = [("contract_type", "metering")];
        let legs = vec![
            leg("c1", "customer", "Dana Whitlock", &there).from("tel:+15550104402").left(),
            leg("i", "ivr", "MainIVR", &[]).left(),
            leg("c2", "customer", "Yuki Mori", &[]).from("tel:+15550104402"),
        ];
        desk.call("two-customers", 60, legs);
        select(&mut desk, "contract_type");
        if width > 80 {
            let flow = shown(&mut desk);
            assert!(flow.contains("on the other customer") && !flow.contains(" on customer"), "{flow}");
        }
        desk.keys("<enter>");
        let flow = shown(&mut desk);
        assert!(flow.contains("on the other customer") && !flow.contains("wrong participant: customer"), "{flow}");
    }
}

/// Of several actions that set a key none is named before it is known which one ran.
#[test]
fn the_action_that_set_a_key_is_the_one_that_ran() {
    let mut desk = Desk::with(200, 60, call::expecting());
    let customer =
        |attributes: &[(&str, &str)]| leg("c", "customer", "Dana", attributes).from("tel:+15550108861").there(0, None);
    desk.call(answers::ID, 0, vec![customer(&[]), leg("i", "ivr", "MainIVR", &[]).there(0, None)]);
    desk.wait(14_000);
    let queue = leg("q", "acd", "Billing", &[]).queue("q-billing").there(24, None);
    let legs = vec![customer(&[("lookup", "timeout")]), leg("i", "ivr", "MainIVR", &[]).there(0, Some(24)), queue];
    desk.call(answers::ID, 0, legs);
    desk.wait(14_000);
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(versions())));
    desk.keys("<enter>").wait(10);
    let by = |desk: &Desk| {
        let call = desk.model.call.as_ref().expect("a call");
        let items = call.also.as_ref().expect("keys of the flow").items.iter();
        items.clone().find(|item| item.key.as_str() == "lookup").expect("the key").note.clone()
    };
    assert_eq!(by(&desk), None);
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(answers::found("__TIMEOUT__")))));
    desk.wait(10);
    assert_eq!(by(&desk).as_deref(), Some("Note timeout"));
}
