//! Scripts of keys and events, and what comes of them.

mod calls;
mod edits;
mod kept;
mod updates;

use crate::app::{
    AppExit, Effect, Msg,
    keymap::Command,
    msg::{EarlierRuns, ReadDone},
    popups::Overlay,
    screen::Screen,
    settings::AppSettings,
    testing::{Desk, leg, truth},
};
use crate::domain::{
    At, Link, Update,
    outbox::{Base, Cell, EditState, Got, JournalLoss, JournalState, PatchOutcome, Policy, ReadOnly, Unsettled},
};
use std::time::Duration;

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn on_call(attributes: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, attributes);
    desk.keys("<enter>");
    desk
}

fn state(desk: &Desk) -> Option<EditState> {
    let cell = desk.model.call.as_ref()?.cell()?;
    desk.model.outbox.view(&cell).map(|v| v.state)
}

fn selection(desk: &Desk) -> String {
    desk.model.calls.selected.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn the_timeline_leads_to_the_key() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<tab>");
    desk.customer(ID, &[("tier", "gold")]);
    desk.customer(ID, &[("tier", "silver"), ("vip", "yes")]);
    desk.keys("<up><enter>");
    assert_eq!(desk.model.screen, Screen::Call);
    let cell = desk.model.call.as_ref().and_then(|c| c.cell());
    assert_eq!(cell.map(|c| (c.conversation.to_string(), c.key.to_string())), Some((ID.into(), "tier".into())));
}

#[test]
fn the_palette_finds_and_does() {
    let mut desk = Desk::busy(120, 36);
    desk.keys(":pin<enter>");
    assert_eq!(desk.model.calls.pinned.len(), 1);
    desk.keys(":zzzz<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Palette(p)) if p.mistake.is_some()), "it says so");
}

#[test]
fn a_dialog_drops_an_older_notice() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("S");
    assert!(desk.model.notice.is_some());
    desk.keys("a");
    assert_eq!(desk.model.notice, None);
}

#[test]
fn a_key_that_does_not_apply_says_why() {
    let mut desk = Desk::busy(120, 36);
    for (keys, why) in [("S", "No drafts to review."), ("D", "No unsent drafts."), ("!", "No alert has fired yet.")] {
        desk.keys(keys);
        assert_eq!(desk.notice(), why, "{keys}");
    }
}

#[test]
fn every_command_does_something_somewhere_without_a_call() {
    for binding in crate::app::keymap::BINDINGS {
        for screen in [Screen::Calls, Screen::Call] {
            let mut desk = Desk::new(80, 24);
            desk.model.screen = screen;
            super::keys::command(&mut desk.model, binding.command);
            desk.model.prepare(desk.at);
        }
    }
    assert!(crate::app::keymap::BINDINGS.iter().any(|b| b.command == Command::Quit));
}

#[test]
fn a_missing_key_has_a_row_and_diagnose_jumps_to_it() {
    let expectations =
        crate::expectfile::parse("[[expect]]\nkey = \"customer_tier\"\nby = \"start\"\n").expect("an expectation file");
    let mut desk = Desk::with(120, 36, AppSettings { expectations, ..AppSettings::default() });
    desk.customer(ID, &[("lang", "en")]);
    desk.wait(2_000);
    assert_eq!(desk.model.monitor.examiner.summary(ID).map(|(n, _)| n), Some(1), "found when its time was over");
    desk.keys("d");
    assert_eq!(desk.model.screen, Screen::Diagnose);
    assert_eq!(desk.model.diagnose.finding().map(|f| f.rule.as_str()), Some("missing"));
    desk.keys("<enter>");
    let call = desk.model.call.as_ref().expect("the call is open");
    let keys: Vec<&str> = call.rows.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(keys, ["customer_tier", "lang"]);
    assert_eq!(call.cell().map(|c| c.key.to_string()).as_deref(), Some("customer_tier"), "the selection is on the gap");
    desk.customer(ID, &[("lang", "en"), ("customer_tier", "gold")]);
    desk.keys("<esc>d");
    assert!(desk.model.diagnose.finding().is_none_or(|f| f.rule.as_str() != "missing"), "no longer missing");
}

#[test]
fn the_hand_steps_over_headings_and_stays_on_its_finding() {
    let mut desk = Desk::new(120, 36);
    for i in 0..3 {
        desk.customer(&format!("{i}{}", &ID[1..]), &[("tier", "{{lookup.tier}}"), ("note", "[object Object]")]);
    }
    desk.keys("d");
    let first = desk.model.diagnose.selected.clone();
    assert!(first.is_some());
    desk.keys("<down><down>");
    let third = desk.model.diagnose.selected.clone();
    desk.customer(&format!("9{}", &ID[1..]), &[("tier", "{{lookup.tier}}")]);
    desk.model.prepare(desk.at);
    assert_eq!(desk.model.diagnose.selected, third, "a new finding does not move the selection");
    desk.keys("<up><up>");
    assert_eq!(desk.model.diagnose.selected, first);
    desk.keys("<home>");
    assert_eq!(desk.model.diagnose.position(), Some(1), "the heading itself is not taken");
    desk.keys("<up>");
    assert_eq!(desk.model.diagnose.position(), Some(1));
}
