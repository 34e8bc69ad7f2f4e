//! Pictures of what lies over the screens, and of what is asked.

use super::{ID, Theme, changed, draw, picture};
use crate::app::{
    Msg,
    settings::Settings,
    testing::{Desk, leg},
};

#[test]
fn a_call_and_what_lies_over_it() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<end><enter><down>");
        insta::assert_snapshot!(format!("call-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
    for (name, keys) in [
        ("editor", "<home><enter><down>e!"),
        ("commit", "<home><enter><down>e!<enter>"),
        ("draft", "<home><enter><down>e!<esc><down>"),
        ("add", "<home><enter>aCustomer_tier"),
        ("table", "<end><enter>m"),
        ("copy-menu", "<home><enter>Y<down>"),
        ("drafts", "<home><enter><down>e!<esc><down>e?<esc><esc>D<down>"),
        ("copy-keys", "<end><enter>C"),
        ("when", "<home><enter><down>e!<esc>wstate:queue tier~["),
        ("armed", "<home><enter><down>e!<esc>wlookup?<enter>"),
        ("paste", "<home><enter>p{\"customer_tier\":\"gold\",\"Account_id\":118822,\"note\":null}"),
        ("help", "?"),
        ("palette", ":so"),
        ("columns", "c"),
        ("filter", "/state:ivr tier~["),
        ("empty", "/nobody<enter>"),
        ("timeline-empty", "<tab>"),
    ] {
        let mut desk = Desk::busy(100, 30);
        desk.keys(keys);
        insta::assert_snapshot!(name, picture(&draw(&mut desk, Theme::Terminal)));
    }
}

#[test]
fn expectations() {
    let expectations = crate::expectfile::parse(
        "[[expect]]\nkey = \"tier\"\nby = \"start\"\none_of = [\"gold\", \"silver\"]\nwhen = \"queue:billing\"\nnote = \"set by MainIVR\"\n\
         [[expect]]\nkey = \"case_id\"\non = \"agent\"\nby = \"10s\"\nrequired = false\n\
         [[expect]]\nkey = \"never\"\nby = \"start\"\n",
    );
    let expectations = expectations.unwrap();
    for (width, height) in [(80, 24), (120, 36)] {
        let mut desk =
            Desk::with(width, height, Settings { expectations: expectations.clone(), ..Settings::default() });
        desk.customer(ID, &[("tier", "gold")]);
        desk.wait(2_000);
        desk.keys("de");
        insta::assert_snapshot!(format!("expected-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
        desk.keys("<enter>");
        assert!(desk.model.overlays.is_empty());
        assert_eq!(desk.model.diagnose.finding().unwrap().key.as_ref().unwrap().as_str(), "never");
    }
    let mut desk = Desk::new(80, 24);
    desk.keys("de");
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("check --learn"));
}

#[test]
fn comparisons_and_bells() {
    for (name, keys) in
        [("calls", "v<down>v<down>"), ("moments", "<home><enter>v"), ("bells", "<home><enter>b<down>bB<down>")]
    {
        let mut desk = Desk::busy(100, 30);
        changed(&mut desk);
        if name == "bells" {
            desk.keys(keys);
            desk.wait(1_000);
            let attributes = [("customer_tier", "gold"), ("language", "en-GB"), ("vip", "yes")];
            desk.call(
                "00000000-1111-4222-8333-444455556666",
                40,
                vec![
                    leg("c", "customer", "Indianapolis IN", &attributes).from("tel:+15550102231"),
                    leg("i", "ivr", "MainIVR", &[("ivr_choice", "1")]),
                ],
            );
        } else {
            desk.keys(keys);
        }
        insta::assert_snapshot!(format!("compare-{name}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}

#[test]
fn writing_to_what_has_ended_is_asked_twice_and_says_why() {
    let mut desk = Desk::new(120, 36);
    let customer = leg("c", "customer", "Indianapolis IN", &[("tier", "gold")]).from("tel:+15550102231");
    desk.call(ID, 60, vec![customer.left()]);
    desk.keys("<enter>e!<enter>");
    let once = picture(&draw(&mut desk, Theme::Terminal));
    assert!(once.contains("analytics will not see") && !once.contains("Press once more"), "{once}");
    desk.keys("<enter>");
    let twice = picture(&draw(&mut desk, Theme::Terminal));
    assert!(twice.contains("Press once more"), "{twice}");
    assert_eq!(desk.asked(), []);
}

#[test]
fn a_prompt_shows_the_end_of_what_is_longer_than_any_screen() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("/");
    desk.tell(Msg::Paste(format!("{}THE-END", "xy".repeat(50_000))));
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("THE-END"));
}

#[test]
fn what_is_on_the_server_meanwhile_stands_on_the_row_that_is_edited() {
    for width in [80, 120, 200] {
        let mut desk = Desk::new(width, 24);
        desk.customer("c1", &[("bidi_note", "one"), ("case_id", "CS-17878")]);
        desk.keys("<enter>/bidi_note<enter>e");
        desk.customer("c1", &[("bidi_note", "THEIRS"), ("case_id", "CS-17878")]);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let line = |key: &str| shown.lines().find(|line| line.contains(key)).unwrap_or_default().to_owned();
        assert!(line("bidi_note").contains("now THEIRS"), "{shown}");
        assert!(line("case_id").contains("CS-17878"), "{shown}");
    }
}
