//! One word for one thing, and no word cut where it matters.

use super::{Theme, answers, call, draw, picture, rows};
use crate::app::{
    Msg,
    settings::AppSettings,
    testing::{Desk, leg},
    why::FoundFlows,
};

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

/// Every line of the palette, scrolled to its end.
#[test]
fn no_line_of_the_palette_is_cut() {
    for (width, height) in [(80, 24), (120, 36)] {
        for before in ["", "<enter>"] {
            let mut desk = Desk::busy(width, height);
            desk.keys(before);
            desk.keys(":");
            for _ in 0..100 {
                let shown = rows(&mut desk);
                let from = shown.iter().position(|line| line.starts_with("─ Command")).expect("the palette");
                for line in &shown[from..] {
                    assert!(!line.replace("KEY…", "").contains('…'), "{width}: {line}");
                }
                desk.keys("<down>");
            }
        }
    }
}

#[test]
fn what_is_wrong_and_what_may_be_typed_is_whole_at_80_columns() {
    for keys in [":sort bogus<enter>", "/", "<tab>/", "f", "<enter>p"] {
        let mut desk = Desk::busy(80, 24);
        desk.keys(keys);
        let shown = rows(&mut desk);
        let from = shown.iter().rposition(|line| line.starts_with("─ ")).expect("a drawer");
        assert!(!shown[from..].join("\n").contains('…'), "{keys}: {}", shown[from..].join("\n"));
    }
}

/// What is not there is `absent`, in every place that says it.
#[test]
fn one_word_says_that_a_value_is_not_there() {
    let mut desk = Desk::new(80, 24);
    desk.customer(ID, &[("tier", "gold")]);
    desk.wait(1_000);
    desk.customer(ID, &[("tier", "gold"), ("workaround", "searched_by_phone")]);
    desk.keys("<tab>");
    let timeline = rows(&mut desk).join("\n");
    assert!(timeline.contains("absent → "), "{timeline}");
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.wait(1_000);
    desk.customer(ID, &[("tier", "gold"), ("note", "x")]);
    desk.keys("<enter>");
    let changes = rows(&mut desk).join("\n");
    assert!(changes.contains("absent → x") && !changes.contains("— →"), "{changes}");
    desk.keys("anew_key<enter>v<enter>");
    let question = rows(&mut desk).join("\n");
    assert!(question.contains("now") && question.contains("absent") && !question.contains("not set"), "{question}");
}

/// The value on the call is `now`, the typed one is `mine`: in the question and in the list of drafts.
#[test]
fn what_is_there_is_now_and_what_was_typed_is_mine() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>e!<enter>");
    let question = rows(&mut desk).join("\n");
    assert!(question.contains("mine") && question.contains("now") && !question.contains(" new "), "{question}");
    desk.keys("<esc><esc>D");
    let drafts = rows(&mut desk).join("\n");
    assert!(drafts.contains("now  gold") && !drafts.contains("there now"), "{drafts}");
}

#[test]
fn in_ascii_one_sign_does_not_mean_two_things_on_one_screen() {
    let mut settings = call::expecting();
    settings.ascii = true;
    let mut desk = Desk::with(120, 24, settings);
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/customer_tier<enter>W");
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(answers::found("__TIMEOUT__")))));
    let shown = picture(&draw(&mut desk, Theme::Mono));
    assert!(shown.contains("( ) observed") && shown.contains("(x) executed"), "{shown}");
    assert!(
        shown.contains("_ 3 more") && !shown.contains("v 3 more"),
        "more below is not the sign of what is set\n{shown}"
    );
}

#[test]
fn the_number_of_a_call_is_told_apart_where_it_is_there_twice() {
    for width in [80, 120, 200] {
        let settings = AppSettings { org: "acme".into(), ..call::expecting() };
        let mut desk = Desk::with(width, 36, settings);
        for id in ["aaaa0000-0000-4000-8000-000000000001", "bbbb0000-0000-4000-8000-000000000002"] {
            desk.customer(id, &[("customer_tier", "{{lookup.tier}}")]);
        }
        let other = leg("c", "customer", "Ada", &[("customer_tier", "{{lookup.tier}}")]).from("tel:+15550109999");
        desk.call("cccc0000-0000-4000-8000-000000000003", 60, vec![other]);
        desk.wait(1_000).keys("d");
        let shown = rows(&mut desk).join("\n");
        assert!(shown.contains("2231 aaaa") && shown.contains("2231 bbbb"), "{shown}");
        assert!(shown.contains("+1 555 010 9999") && !shown.contains("cccc"), "{shown}");
    }
}

/// How much more there is stands beside the last line, not on it.
#[test]
fn the_note_of_what_is_below_covers_no_text() {
    for (width, height) in [(80, 24), (100, 30), (120, 36)] {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        desk.keys("<enter>/customer_tier<enter>");
        for _ in 0..6 {
            let shown = rows(&mut desk);
            for line in shown.iter().filter(|line| line.contains(" more") && line.contains('↓')) {
                let before = line.split('↓').next().unwrap_or_default();
                assert!(before.trim().is_empty() || before.ends_with("  "), "{width}: {line}");
            }
            desk.keys("<down>");
        }
    }
}
