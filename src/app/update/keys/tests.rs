//! No key is silent, and Esc clears a filter before it leaves.

use crate::app::{keymap::Scope, screen::Screen, testing::Desk};

/// How each screen is come to from Calls.
const WAYS: [&str; 7] = ["", "<enter>", "<tab>", "d", "F", "<enter>W", "<enter>H"];

#[test]
fn a_key_that_does_nothing_here_says_what_it_is_for() {
    for (way, key, said) in [
        ("", "x", "x works on the Call screen: set the value to empty."),
        ("", "T", "T works on the Call and Timeline screens: every change of this key, on all calls."),
        ("", "<space>", "space works on the Call screen: mark a draft for the next review."),
        ("", ",", ", works while a recording is played: previous message, and pause."),
        (
            "<enter>W",
            "/",
            "/ works on the Calls, Timeline, Diagnose and Since screens: show only the calls that match a filter.",
        ),
        ("d", "s", "s works on the Calls and Call screens: choose the column to sort by."),
        ("<tab>", "e", "e works on the Call and Why screens: edit the selected value."),
        ("F", "1", "1 does nothing here: ? shows the keys of this screen."),
        ("<enter>", "s", "The matrix is sorted by key: m shows the table, which can be sorted."),
        ("<enter>m", "<left>", "Only one column of values: m puts participants side by side."),
    ] {
        let mut desk = Desk::busy(120, 36);
        desk.keys(way);
        desk.model.notice = None;
        desk.keys(key);
        assert_eq!(desk.notice(), said, "{way} {key}");
    }
}

#[test]
fn on_no_screen_is_a_key_silent_that_is_not_bound_there() {
    for way in WAYS {
        let mut desk = Desk::busy(120, 36);
        desk.keys(way);
        for key in (' '..='~').filter(|c| !matches!(c, '<' | '>')) {
            let scopes = desk.model.screen_scopes();
            let pressed = if key == ' ' { "space".to_owned() } else { key.to_string() };
            if desk.model.keymap.lookup(&scopes, pressed.parse().unwrap()).is_some() {
                continue;
            }
            let screen = desk.model.screen;
            desk.model.notice = None;
            desk.keys(&if key == ' ' { "<space>".to_owned() } else { key.to_string() });
            assert!(!desk.notice().is_empty(), "{way} {key:?}");
            assert_eq!((desk.model.screen, desk.model.overlays.len()), (screen, 0), "{way} {key:?}: it does nothing");
        }
    }
}

#[test]
fn a_list_says_so_too() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("s");
    desk.model.notice = None;
    desk.keys("w");
    assert_eq!(desk.notice(), "w does nothing here.");
}

#[test]
fn esc_clears_the_filter_of_the_timeline_before_it_leaves() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<tab>/key:tier<enter>");
    assert_eq!(desk.model.hint(esc(&desk)), "all changes");
    desk.keys("<esc>");
    assert_eq!((desk.model.screen, desk.model.timeline.filter_text.as_str()), (Screen::Timeline, ""));
    assert_eq!(desk.model.hint(esc(&desk)), "back");
    desk.keys("<esc>");
    assert_eq!(desk.model.screen, Screen::Calls);
}

fn esc(desk: &Desk) -> &'static crate::app::keymap::Binding {
    desk.model.keymap.lookup(&[Scope::Timeline], "esc".parse().unwrap()).unwrap()
}

#[test]
fn changes_of_a_key_that_one_came_for_are_left_with_the_screen_and_typed_ones_are_cleared() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<enter>T");
    assert!(desk.model.timeline.filter_text.starts_with("key:"));
    desk.keys("<esc>");
    assert_eq!((desk.model.screen, desk.model.timeline.filter_text.as_str()), (Screen::Call, ""));
    desk.keys("T/new~^g<enter><esc>");
    assert_eq!((desk.model.screen, desk.model.timeline.filter_text.as_str()), (Screen::Timeline, ""));
    desk.keys("<esc>");
    assert_eq!(desk.model.screen, Screen::Call);
}

#[test]
fn esc_clears_the_filter_of_since_before_it_leaves() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<enter>H");
    let opened = desk.model.since.question.clone();
    desk.keys("/ days:7<enter>");
    assert_eq!(desk.model.since.question.days, Some(7));
    desk.keys("<esc>");
    assert_eq!((desk.model.screen, &desk.model.since.question), (Screen::Since, &opened));
    desk.keys("<esc>");
    assert_eq!(desk.model.screen, Screen::Call);
}
