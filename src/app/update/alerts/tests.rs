//! What fires, what does not, and where the jump leads.

use crate::app::{
    Effect,
    popups::Overlay,
    screen::Screen,
    settings::AppSettings,
    testing::{Desk, leg},
};

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";
const OTHER: &str = "7c1e0000-0000-4000-8000-000000000043";

fn rung(desk: &mut Desk) -> usize {
    desk.asked().iter().filter(|e| **e == Effect::Bell).count()
}

fn on_tier() -> Desk {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>b<esc>");
    desk.asked();
    desk
}

#[test]
fn a_key_rings_when_it_changes_on_any_call_and_the_jump_leads_there() {
    let mut desk = on_tier();
    desk.customer(ID, &[("tier", "gold"), ("lang", "en")]);
    desk.customer(OTHER, &[("tier", "silver")]);
    assert_eq!(rung(&mut desk), 0, "another key, and a first sight, are no change of it");
    desk.customer(OTHER, &[("tier", "gold")]);
    assert_eq!(rung(&mut desk), 1);
    desk.keys("!");
    assert_eq!(desk.model.screen, Screen::Call);
    let cell = desk.model.call.as_ref().and_then(|c| c.cell()).unwrap();
    assert_eq!((cell.conversation.as_str(), cell.key.as_str()), (OTHER, "tier"));
    desk.keys("b");
    desk.wait(5_000).customer(OTHER, &[("tier", "bronze")]);
    assert_eq!(rung(&mut desk), 0, "set twice, it is removed");
}

#[test]
fn the_bell_rings_once_a_second_at_most() {
    let mut desk = on_tier();
    for tier in ["a", "b", "c"] {
        desk.customer(ID, &[("tier", tier)]);
    }
    assert_eq!(rung(&mut desk), 1);
    assert_eq!(desk.model.monitor.alerts.list[0].count, 3, "all are counted");
    desk.wait(1_000).customer(ID, &[("tier", "d")]);
    assert_eq!(rung(&mut desk), 1);
}

#[test]
fn the_terminal_notifies_only_when_that_is_wished() {
    for notify in [false, true] {
        let mut desk = Desk::with(120, 36, AppSettings { notify, ..AppSettings::default() });
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>b");
        desk.customer(ID, &[("tier", "sesame")]);
        let told: Vec<Effect> = desk.asked().into_iter().filter(|e| matches!(e, Effect::Notify(_))).collect();
        assert_eq!(told.len(), usize::from(notify));
        assert!(!format!("{told:?}").contains("sesame"), "a caller's value is not sent around");
    }
}

#[test]
fn a_filter_fires_for_each_call_once_until_it_did_not_hold() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("Batier=gold<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Alerts(_))));
    desk.keys("<esc>");
    desk.customer(ID, &[("tier", "gold"), ("lang", "en")]);
    assert_eq!(rung(&mut desk), 0, "it held before");
    desk.customer(OTHER, &[("tier", "gold")]);
    assert_eq!(rung(&mut desk), 1, "a new call that satisfies it");
    desk.wait(2_000).customer(OTHER, &[("tier", "gold"), ("lang", "en")]);
    assert_eq!(rung(&mut desk), 0);
    desk.customer(OTHER, &[("tier", "silver")]);
    desk.customer(OTHER, &[("tier", "gold")]);
    assert_eq!(rung(&mut desk), 1);
    desk.keys("B<enter>");
    assert_eq!(desk.model.call.as_ref().unwrap().id.as_str(), OTHER);
    desk.keys("Bx<esc>");
    assert!(desk.model.monitor.alerts.list.is_empty());
}

#[test]
fn an_age_is_reached_by_waiting() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("Baage>2m<enter><esc>");
    assert_eq!(rung(&mut desk), 0);
    desk.wait(61_000);
    assert_eq!(rung(&mut desk), 1);
    desk.wait(2_000);
    assert_eq!(rung(&mut desk), 0);
}

#[test]
fn a_mistake_sets_nothing_and_an_empty_expression_neither() {
    let mut desk = Desk::new(120, 36);
    desk.keys("Batier~[<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::AlertPrompt(p)) if p.mistake.is_some()));
    desk.keys("<esc>a<enter>");
    assert!(desk.model.monitor.alerts.list.is_empty());
}

/// Nobody said that the key is expected, and the fall itself is told.
#[test]
fn a_key_that_a_flow_version_lost_rings_on_no_call() {
    use crate::{app::Msg, domain::findings::LostKey};
    let mut desk = Desk::new(120, 36);
    desk.keys("Bm<esc>");
    for id in [ID, OTHER] {
        desk.call(id, 60, vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "MainIVR", &[]).left()]);
    }
    let lost = LostKey {
        key: "contract_type".into(),
        on: "customer".into(),
        flow: "f-MainIVR".into(),
        flow_name: "MainIVR".into(),
        version: String::new(),
        before: "42".into(),
        had: (247, 290),
        beside: Vec::new(),
    };
    desk.tell(Msg::LostKeys(vec![lost]));
    desk.wait(60_000);
    assert_eq!(desk.model.monitor.examiner.all().count(), 2, "both calls lack it");
    assert_eq!(rung(&mut desk), 0);
}

#[test]
fn a_missed_milestone_rings() {
    let expectations = crate::expectfile::parse("[[expect]]\nkey = \"tier\"\nby = \"flow-end\"\n").unwrap();
    let mut desk = Desk::with(120, 36, AppSettings { expectations, ..AppSettings::default() });
    desk.keys("Bm<esc>");
    desk.call(ID, 60, vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "MainIVR", &[])]);
    assert_eq!(rung(&mut desk), 0);
    desk.call(ID, 60, vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "MainIVR", &[]).left()]);
    desk.wait(60_000);
    assert_eq!(rung(&mut desk), 1);
    desk.keys("!");
    assert_eq!(desk.model.call.as_ref().unwrap().id.as_str(), ID);
}
