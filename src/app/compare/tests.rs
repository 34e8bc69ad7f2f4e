//! Comparing from the screens.

use crate::app::{popups::Overlay, screen::Screen, testing::Desk};

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn told(desk: &Desk) -> Vec<String> {
    let Some(Overlay::Compare(compare)) = desk.model.overlays.last() else { panic!("no comparison") };
    let or = |v: Option<String>| v.unwrap_or_else(|| "-".into());
    let lines = compare.lines(&desk.model.monitor.board).into_iter();
    lines.map(|l| format!("{}={}|{}", l.key, or(l.left), or(l.right))).collect()
}

#[test]
fn two_calls_are_marked_and_compared() {
    let mut desk = Desk::new(120, 36);
    desk.customer("one", &[("lang", "en"), ("tier", "gold")]);
    desk.customer("two", &[("lang", "en"), ("tier", "silver")]);
    desk.keys("v");
    let first = desk.model.marked.clone().unwrap();
    desk.keys("v");
    assert!(desk.model.marked.is_none(), "the same call again takes the mark back");
    desk.keys("v<down>");
    if desk.model.calls.selected.as_ref() == Some(&first) {
        desk.keys("<up>");
    }
    desk.keys("v");
    let lines = told(&desk);
    assert!(lines[0] == "tier=gold|silver" || lines[0] == "tier=silver|gold", "{lines:?}");
    assert_eq!(lines[1], "lang=en|en");
    desk.keys("<tab>");
    assert_eq!(told(&desk).len(), 1, "differences only");
    desk.keys("<enter>");
    assert_eq!(desk.model.screen, Screen::Call);
    assert_ne!(desk.model.call.as_ref().unwrap().id, first, "to the call on the right");
}

#[test]
fn a_call_is_compared_with_its_earlier_moments() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>v");
    assert!(desk.model.overlays.is_empty(), "one moment only");
    desk.wait(1_000).customer(ID, &[("tier", "silver")]);
    desk.wait(1_000).customer(ID, &[("tier", "silver"), ("vip", "yes")]);
    desk.wait(1_000).customer(ID, &[("tier", "bronze"), ("vip", "yes")]);
    desk.keys("v");
    assert_eq!(told(&desk), ["tier=gold|bronze", "vip=-|yes"]);
    desk.keys("<right>");
    assert_eq!(told(&desk), ["tier=silver|bronze", "vip=-|yes"]);
    desk.keys("<right>");
    assert_eq!(told(&desk), ["tier=silver|bronze"]);
    desk.keys("<right>");
    assert_eq!(told(&desk), ["tier=silver|bronze"], "the last moment is now");
    desk.keys("<left><left><left>");
    assert_eq!(told(&desk), ["tier=gold|bronze", "vip=-|yes"]);
    desk.keys("[");
    assert_eq!(told(&desk), ["tier=gold|silver", "vip=-|yes"], "the right side goes back");
    desk.keys("[");
    assert_eq!(told(&desk), ["tier=gold|silver"]);
    desk.keys("[[[");
    assert!(told(&desk).is_empty(), "both sides at the first sight");
    desk.keys("]]]]]");
    assert_eq!(told(&desk), ["tier=gold|bronze", "vip=-|yes"]);
}
