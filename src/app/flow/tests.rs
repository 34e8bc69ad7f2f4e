//! How calls stand to the keys of a flow, and a flow run by hand.

use super::{Definition, DemoStep, FlowKeyStatus, LookupOutcome, Reading};
use crate::app::{
    Effect, Msg,
    popups::Overlay,
    screen::Screen,
    testing::{Desk, leg},
};

const FLOW: &str = include_str!("../../../assets/flows/main-ivr.json");
const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn on_flow(staged: bool) -> Desk {
    let mut desk = Desk::busy(120, 36);
    desk.keys("F");
    let definition = Definition::read(FLOW, None).unwrap();
    let definition = Definition { staged, ..definition };
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
    desk.keys("");
    desk
}

fn key_status(desk: &Desk, key: &str, id: &str) -> Option<FlowKeyStatus> {
    let row = desk.model.flow.rows.iter().find(|r| r.key == key)?;
    row.lacking.iter().find(|(c, _)| c.as_str() == id).map(|(_, s)| s.clone())
}

fn steps(desk: &mut Desk) -> Vec<DemoStep> {
    let of = |e| match e {
        Effect::Demo(step) => Some(step),
        _ => None,
    };
    desk.asked().into_iter().filter_map(of).collect()
}

#[test]
fn the_screen_asks_for_the_flow_of_the_call_under_the_hand() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("F");
    assert_eq!(desk.model.screen, Screen::Flow);
    assert!(desk.asked().contains(&Effect::ReadFlow("MainIVR".into())));
    assert_eq!(desk.model.flow.reading, Reading::Asked);
    desk.tell(Msg::FlowRead("Other".into(), Err("late".into())));
    assert_eq!(desk.model.flow.reading, Reading::Asked, "the answer to another question is not taken");
    desk.tell(Msg::FlowRead("MainIVR".into(), Err("403 missing.permissions".into())));
    assert!(matches!(&desk.model.flow.reading, Reading::Failed(why) if why.contains("403")));
    desk.asked();
    desk.keys("<esc>F");
    assert!(desk.asked().contains(&Effect::ReadFlow("MainIVR".into())), "coming back tries again");
}

#[test]
fn calls_stand_to_a_key_in_six_ways() {
    let mut desk = on_flow(false);
    let over = |id: &str, customer: &[(&str, &str)], ivr: &[(&str, &str)], desk: &mut Desk| {
        let legs = vec![leg("c", "customer", "X", customer), leg("i", "ivr", "MainIVR", ivr).left()];
        desk.call(id, 60, legs);
    };
    over("missing", &[], &[], &mut desk);
    over("elsewhere", &[], &[("customer_tier", "gold")], &mut desk);
    over("spelling", &[("Customer-Tier", "gold")], &[], &mut desk);
    over("set", &[("customer_tier", "gold")], &[], &mut desk);
    over("late", &[], &[], &mut desk);
    desk.wait(10_000);
    over("late", &[("customer_tier", "gold")], &[], &mut desk);
    desk.call("waiting", 60, vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "MainIVR", &[])]);
    desk.keys("");
    let key = "customer_tier";
    assert_eq!(key_status(&desk, key, "missing"), Some(FlowKeyStatus::Missing));
    assert_eq!(key_status(&desk, key, "elsewhere"), Some(FlowKeyStatus::Elsewhere("ivr".into(), "i".into())));
    assert_eq!(key_status(&desk, key, "spelling"), Some(FlowKeyStatus::Spelling("Customer-Tier".into(), "c".into())));
    assert_eq!(key_status(&desk, key, "late"), Some(FlowKeyStatus::Late));
    assert_eq!(key_status(&desk, key, "waiting"), Some(FlowKeyStatus::Waiting));
    assert_eq!(key_status(&desk, key, "set"), None);
    let row = desk.model.flow.rows.iter().find(|r| r.key == key).unwrap();
    assert!(matches!(row.lacking[0].1, FlowKeyStatus::Missing), "the worst first");
    let all = row.counts;
    assert_eq!(all.set + all.late + all.missing + all.elsewhere + all.spelling + all.waiting, desk.model.flow.calls.0);
    assert_eq!(all.share(), Some((all.set + all.late) * 100 / (desk.model.flow.calls.0 - all.waiting)));
}

#[test]
fn enter_lists_the_calls_that_lack_the_key_and_jumps() {
    let mut desk = on_flow(false);
    let at = desk.model.flow.rows.iter().position(|r| r.key == "customer_tier").unwrap();
    desk.keys("<home>");
    for _ in 0..at {
        desk.keys("<down>");
    }
    desk.keys("<enter>");
    let Some(Overlay::Pick(pick)) = desk.model.overlays.last() else { panic!() };
    assert!(pick.title.contains("customer_tier"));
    assert!(pick.choices.iter().any(|(_, note, _)| note == "other spelling: Customer_Tier"), "{:?}", pick.choices);
    let call = desk.model.flow.rows[at].lacking[0].0.clone();
    desk.keys("<enter>");
    assert_eq!(desk.model.screen, Screen::Call);
    assert_eq!(desk.model.call.as_ref().unwrap().id, call);
}

#[test]
fn a_version_that_was_published_since_is_read_once() {
    let mut desk = on_flow(false);
    let Reading::Here(definition) = &mut desk.model.flow.reading else { panic!() };
    definition.version = Some("42".to_owned());
    let legs = || vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "MainIVR", &[])];
    desk.call(ID, 60, legs());
    let runs = |desk: &mut Desk, version: &str| {
        desk.runs(ID, version);
        desk.keys("<home>");
        desk.keys("<home>");
    };
    desk.asked();
    runs(&mut desk, "42.0");
    let again = Effect::ReadFlow("MainIVR".into());
    assert!(!desk.asked().contains(&again));
    runs(&mut desk, "43.0");
    assert!(desk.asked().contains(&again));
    desk.keys("<end>");
    assert!(!desk.asked().contains(&again), "asked for already");
}

#[test]
fn several_flows_are_offered() {
    let mut desk = Desk::busy(120, 36);
    desk.call(ID, 60, vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "Billing Self Service", &[])]);
    desk.keys("dFc<down><enter>");
    assert!(desk.asked().contains(&Effect::ReadFlow("Billing Self Service".into())));
}

#[test]
fn a_run_asks_for_the_lookup_and_shows_what_each_step_sets() {
    let mut desk = on_flow(true);
    desk.asked();
    desk.keys("<space>");
    assert_eq!(steps(&mut desk)[0], DemoStep::Begin("MainIVR".into()), "the call is there before anything is set");
    for _ in 0..20 {
        if desk.model.flow.show.as_ref().unwrap().waits().is_some() {
            break;
        }
        desk.keys("<space>");
    }
    let before = desk.model.flow.show.as_ref().unwrap().attributes().len();
    desk.asked();
    desk.keys("t");
    let show = desk.model.flow.show.as_ref().unwrap();
    assert_eq!(show.outcomes.last().map(|(_, answer)| answer), Some(&LookupOutcome::Timeout));
    assert_eq!(show.steps.last().unwrap().output.as_deref().map(str::to_lowercase), Some("timeout".into()));
    desk.keys("<space>");
    let show = desk.model.flow.show.as_ref().unwrap();
    assert!(show.attributes().len() > before, "{:?}", show.attributes());
    assert!(show.attributes().iter().any(|(_, value, fresh)| value == "timeout" && *fresh));
    assert!(
        steps(&mut desk).iter().any(|s| matches!(s, DemoStep::Set(set) if set.iter().any(|(_, v)| v == "timeout")))
    );
    // Restarted, it asks again; another answer, another way.
    desk.keys("r");
    assert_eq!(steps(&mut desk), [DemoStep::End, DemoStep::Begin("MainIVR".into())]);
    for _ in 0..40 {
        desk.keys("<space>");
    }
    let show = desk.model.flow.show.as_ref().unwrap();
    assert!(show.end().is_some_and(crate::flow::run::End::complete), "{:?}", show.end());
    assert!(show.attributes().iter().any(|(key, value, _)| *key == "customer_tier" && value == "gold"));
    let last = steps(&mut desk).pop();
    assert!(matches!(last, Some(DemoStep::End | DemoStep::Transfer(_))), "{last:?}");
    desk.keys("<esc>");
    assert!(desk.model.flow.show.is_none() && desk.model.screen == Screen::Flow);
}

#[test]
fn a_key_that_the_menu_does_not_have_is_not_pressed() {
    let mut desk = on_flow(false);
    desk.keys("o");
    for _ in 0..20 {
        match desk.model.flow.show.as_ref().unwrap().waits() {
            Some(super::Waits::Digit(..)) => break,
            _ => desk.keys("<space>"),
        };
    }
    desk.keys("7");
    let show = desk.model.flow.show.as_ref().unwrap();
    assert!(matches!(show.waits(), Some(super::Waits::Digit(..))), "{:?}", show.end());
    desk.keys("1");
    assert!(desk.model.flow.show.as_ref().unwrap().waits().is_none());
    assert_eq!(steps(&mut desk), [], "nothing is placed where there is no simulator");
}

#[test]
fn a_lookup_answers_what_is_typed() {
    let mut desk = on_flow(true);
    desk.keys("i");
    let Some(Overlay::Answer(prompt)) = desk.model.overlays.last() else { panic!() };
    assert_eq!(prompt.text.text(), r#"{"tier":"gold"}"#, "something to begin from");
    desk.keys("<backspace><enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Answer(p)) if p.mistake.is_some()), "no JSON");
    desk.keys("<esc>i");
    desk.model.overlays.iter_mut().for_each(|o| {
        if let Overlay::Answer(prompt) = o {
            prompt.text.replace("");
        }
    });
    desk.tell(Msg::Paste(r#"{"tier":"platinum"}"#.into()));
    desk.keys("<enter>");
    assert_eq!(desk.model.flow.show.as_ref().unwrap().chosen().map(LookupOutcome::word), Some("as typed"));
    for _ in 0..40 {
        desk.keys("<space>");
    }
    let show = desk.model.flow.show.as_ref().unwrap();
    assert!(show.attributes().iter().any(|(key, value, _)| *key == "customer_tier" && value == "platinum"));
    assert!(show.chosen().is_none(), "one answer for one lookup");
    assert!(
        steps(&mut desk).iter().any(|s| matches!(s, DemoStep::Set(set) if set.iter().any(|(_, v)| v == "platinum")))
    );
}

#[test]
fn what_is_no_flow_is_told() {
    assert!(Definition::read("{}", None).unwrap_err().contains("not understood"));
}
