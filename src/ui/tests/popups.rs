//! Pictures of what lies over the screens, and of what is asked.

use super::{ID, Theme, answers, call, changed, draw, picture, shown, since::report};
use crate::app::{
    Msg,
    popups::Overlay,
    screen::Screen,
    settings::AppSettings,
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
            Desk::with(width, height, AppSettings { expectations: expectations.clone(), ..AppSettings::default() });
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

#[test]
fn since_why_and_flow_take_their_argument() {
    let mut desk = Desk::busy(120, 36);
    desk.keys(":since contract_type<enter>");
    assert_eq!(desk.model.screen, Screen::Since, "{}", desk.mistake());
    assert_eq!(
        (desk.model.since.question.key.as_str(), desk.model.since.question.flow.as_deref()),
        ("contract_type", None)
    );
    desk.keys("<esc>:why account_id<enter>");
    assert_eq!(desk.model.screen, Screen::Why, "{}", desk.mistake());
    assert_eq!(desk.model.why.cell.as_ref().map(|cell| cell.key.to_string()).as_deref(), Some("account_id"));
    desk.keys("<esc>:flow mainivr<enter>");
    assert_eq!((desk.model.screen, desk.model.flow.name.as_deref()), (Screen::Flow, Some("MainIVR")));
    desk.keys("<esc>:flow nope<enter>");
    assert!(desk.mistake().contains("No flow here is called `nope`"), "{}", desk.mistake());
    desk.keys("<esc>:drafts now<enter>");
    assert_eq!(desk.mistake(), "drafts takes no argument.");
}

#[test]
fn every_key_that_is_typed_into_the_filter_of_a_list_is_text() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>H");
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(Some(Box::new(report()))))));
    desk.keys("c/q:lang?jk");
    let Some(Overlay::Pick(pick)) = desk.model.overlays.last() else { panic!("{:?}", desk.model.overlays) };
    assert_eq!((desk.model.overlays.len(), pick.choices.len()), (1, 0));
    let list = shown(&mut desk);
    assert!(list.contains("/ q:lang?jk") && list.contains("No row has this text."), "{list}");
    assert!(list.contains("esc all rows"), "{list}");
    desk.keys("<enter>");
    assert_eq!(desk.model.overlays.len(), 1, "there is nothing to select");
    desk.keys("<esc>/LANG<enter>");
    assert_eq!((desk.model.overlays.len(), desk.model.since.question.key.as_str()), (0, "language"));
    // Esc shows all rows, a second one closes the list.
    desk.keys("c/lang<esc>");
    let Some(Overlay::Pick(pick)) = desk.model.overlays.last() else { panic!() };
    assert!(pick.choices.len() > 1 && pick.choices[pick.selected].0 == "language");
    desk.keys("<esc>");
    assert!(desk.model.overlays.is_empty() && desk.model.screen == Screen::Since);
}

/// Which of several values was the last is not known: the list of losses has them all.
#[test]
fn every_value_that_may_have_been_lost_is_listed() {
    use crate::{
        app::msg::EarlierRuns,
        domain::{
            Value,
            outbox::{Cell, JournalLoss, JournalState},
        },
    };
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    let value = |text: &str| Value::from(text);
    let loss = JournalLoss {
        cell: Cell { conversation: ID.into(), participant: "c".into(), key: "tier".into() },
        theirs: value("silver"),
        before: vec![value("iron"), value("bronze")],
        ours: Some(value("gold")),
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    let state = JournalState { losses: vec![loss], ..JournalState::default() };
    desk.tell(Msg::Left(EarlierRuns { state, remarks: Vec::new() }));
    desk.keys("L");
    let shown = picture(&draw(&mut desk, Theme::Mono));
    assert!(shown.contains("silver or bronze or iron reverted to gold"), "{shown}");
}

/// The question before the end names a text that hangs on an alarm, and no line of it is cut.
#[test]
fn quitting_names_the_text_of_an_alarm_in_whole_lines() {
    use crate::app::testing::truth;
    for width in [80, 120] {
        let mut desk = Desk::with(width, 24, AppSettings { keeps: true, ..AppSettings::default() });
        desk.customer(ID, &[("lang", "en"), ("tier", "gold")]);
        desk.keys("<enter>e!<enter><enter>");
        desk.serve(&truth(ID, &[("lang", "fr"), ("tier", "gold")]));
        desk.keys("<down>e!<esc>q");
        let shown = picture(&draw(&mut desk, Theme::Mono));
        assert!(shown.contains("1 alarm with an unsent text") && shown.contains("kept until dismissed"), "{shown}");
        assert!(shown.contains("kept: offered again at the next start"), "{shown}");
    }
}
