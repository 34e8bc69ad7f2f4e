//! What the Why screen says agrees with what is listed elsewhere, and with the run.

use super::{answers, call, decisions::pressed_one, shown};
use crate::app::{
    Msg,
    screen::Screen,
    testing::{Desk, Leg, leg},
    why::FoundFlows,
};
use crate::domain::findings::RuleId;
use crate::why::Gathered;

/// Asks why of the first finding of this rule that Diagnose lists.
fn why_of(desk: &mut Desk, rule: RuleId) -> String {
    desk.keys("d");
    let found = desk.model.diagnose.found().iter().find(|f| f.rule == rule).cloned();
    let found = found.unwrap_or_else(|| panic!("{rule}: {:?}", desk.model.diagnose.found()));
    desk.model.diagnose.select(&found);
    desk.keys("W");
    assert_eq!(desk.model.screen, Screen::Why);
    desk.tell(Msg::Gathered(found.conversation.clone(), Box::new(FoundFlows(Gathered::default()))));
    shown(desk)
}

/// A customer whose flow has ended with these attributes, in the queue.
fn legs(ivr: &[(&str, &str)], from: &str) -> Vec<Leg> {
    let customer = leg("c", "customer", "Dana Whitlock", &[("language", "en-US")]).from(from);
    vec![customer, leg("i", "ivr", "MainIVR", ivr).left(), leg("q", "acd", "Billing", &[]).queue("q-billing")]
}

#[test]
fn what_diagnose_lists_is_never_set_and_fine_in_why() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        desk.call("wrong-1", 60, legs(&[("customer_tier", "gold")], "tel:+15550104402"));
        desk.call("wrong-2", 50, legs(&[("customer_tier", "silver")], "tel:+15550104403"));
        desk.call("healthy", 40, legs(&[], "tel:+15550109027"));
        desk.wait(10_000);
        let why = why_of(&mut desk, RuleId::WrongParticipant);
        assert!(!why.contains("✓ set ") && why.contains("✗ wrong participant"), "{why}");
        assert!(why.contains("Fix") && why.contains("Address the PATCH to"), "{why}");
        let others = why.lines().find(|line| line.contains("Other calls")).unwrap_or_default();
        let other = others.contains("010 4402") != others.contains("010 4403");
        assert!(other && !others.contains("9027"), "{width}: only those on which the same was found\n{why}");
    }
}

#[test]
fn personal_data_and_a_key_that_vanished_keep_their_finding_in_why() {
    let mut desk = Desk::with(120, 36, call::expecting());
    desk.customer("card", &[("card_number", "4111 1111 1111 1111")]);
    desk.customer("other", &[("language", "en-US")]);
    desk.wait(1_000);
    let why = why_of(&mut desk, RuleId::PersonalDataInClear);
    assert!(why.contains("⚠ personal data") && why.contains("Keep a reference instead"), "{why}");
    let others = why.lines().find(|line| line.contains("Other calls")).unwrap_or_default();
    assert!(others.contains("this was found on no other live call"), "{why}");

    let mut desk = Desk::new(120, 36);
    let customer = |attributes: &[(&str, &str)]| leg("c", "customer", "Dana", attributes).from("tel:+15550102231");
    desk.call("lost", 60, vec![customer(&[("customer_ref", "HH-1"), ("language", "en-US")])]);
    desk.wait(10_000);
    let agent = || leg("a", "agent", "Ada Agent", &[]).queue("q-billing").there(10, None);
    desk.call("lost", 60, vec![customer(&[("customer_ref", "HH-1"), ("language", "en-US")]), agent()]);
    desk.wait(500);
    desk.call("lost", 60, vec![customer(&[("language", "en-US")]), agent()]);
    desk.wait(500);
    let why = why_of(&mut desk, RuleId::LostOnTransfer);
    assert!(why.contains("⚠ vanished") && why.contains("vanished on a transfer"), "{why}");
    assert!(!why.contains("no message names who removed it"), "{why}");
}

#[test]
fn a_value_that_goes_back_while_the_flow_runs_has_no_invented_cause() {
    let mut desk = Desk::new(120, 36);
    let at = |depth: &str| {
        let customer = leg("c", "customer", "Dana", &[("menu_depth", depth)]).from("tel:+15550102231").there(0, None);
        vec![customer, leg("i", "ivr", "MainIVR", &[]).there(0, None)]
    };
    for depth in ["1", "2", "3", "2"] {
        desk.call("walks", 0, at(depth));
        desk.wait(5_000);
    }
    desk.keys("<enter>/menu_depth<enter>W");
    desk.tell(Msg::Gathered("walks".into(), Box::new(FoundFlows(Gathered::default()))));
    let why = shown(&mut desk);
    assert!(!why.contains("writes the values that it kept") && !why.contains("⚠ replaced"), "{why}");
    assert!(why.contains("✓ set") && why.contains("and back at"), "{why}");
    assert!(why.contains("The record of its run of MainIVR is not available"), "{why}");
}

#[test]
fn the_menu_item_that_was_taken_is_shown_and_the_others_are_not() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/customer_tier<enter>W");
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(pressed_one()))));
    let why = shown(&mut desk);
    let line = |label: &str| why.lines().find(|line| line.contains(label)).unwrap_or_default().to_owned();
    assert!(line("╴ 1 ").contains(" taken") && !line("╴ 1 ").contains("not taken"), "{why}");
    assert!(line("╴ 2 ").contains("not taken"), "{why}");
}

#[test]
fn why_names_its_call_wherever_it_was_asked_from() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        desk.keys("W");
        assert_eq!(desk.model.screen, Screen::Why);
        let header = shown(&mut desk).lines().next().unwrap_or_default().to_owned();
        assert!(header.contains("+1 555 010 8861"), "{width}: {header}");
        desk.keys("<esc><enter>/customer_tier<enter>W");
        let header = shown(&mut desk).lines().next().unwrap_or_default().to_owned();
        assert_eq!(header.matches("+1 555 010 8861").count(), 1, "{width}: {header}");
    }
}

/// A key that is on somebody else is not missing for the reason for which this call lacks it.
#[test]
fn other_calls_of_why_lack_the_key_and_do_not_have_it_elsewhere() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        desk.call("elsewhere", 60, legs(&[("customer_tier", "gold")], "tel:+15550104402"));
        desk.call("lacks", 50, legs(&[], "tel:+15550104403"));
        desk.call("another-cause", 40, legs(&[], "tel:+15550107710"));
        desk.wait(10_000);
        // What is known of a call is what was asked for when it was looked at.
        desk.keys(":call another-cause<enter>").wait(10);
        desk.keys("<esc>:call f037aaaa<enter>/customer_tier<enter>W").wait(10);
        desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(answers::found("__TIMEOUT__")))));
        desk.tell(Msg::Gathered("another-cause".into(), Box::new(FoundFlows(answers::found("__FAILURE__")))));
        desk.wait(10);
        let why = shown(&mut desk);
        assert_eq!(desk.model.why.cell.as_ref().map(|cell| cell.conversation.as_str()), Some(answers::ID), "{why}");
        let others = why.lines().find(|line| line.contains("Other calls")).unwrap_or_default();
        assert!(others.contains("010 4403") && others.contains("lack it too"), "{width}: {others}");
        assert!(!others.contains("4402") && !others.contains("7710"), "{width}: {others}");
        assert!(!others.contains("+1 live") && !others.contains("+2"), "{width}: {others}");
    }
}
