//! Without a link: on every screen the state, the countdown and the reason are readable, and nothing looks as good as before.

use super::{ID, Theme, draw, picture};
use crate::app::{
    Msg,
    notice::NoticeLevel,
    recording::Recording,
    settings::{Band, Label},
    testing::{Desk, truth},
};
use crate::domain::{At, Link};
use ratatui::style::Color;
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];
const REASON: &str =
    "the connection was closed by the platform: 1006, and no answer came to 3 pings (wss://streaming.example)";

fn lose(desk: &mut Desk, attempt: u32) {
    let until = At { mono: desk.at.mono + Duration::from_secs(3), ..desk.at };
    desk.tell(Msg::Link(Link::Reconnecting { attempt, until, reason: REASON.into() }));
}

/// The words of the lines between the header and the content, without rules.
fn words(text: &str) -> String {
    let words = text.lines().skip(1).take(4).flat_map(str::split_whitespace).map(|word| word.trim_matches(['─', '━']));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn state_countdown_and_reason_are_whole_on_every_screen() {
    for (width, height) in SIZES {
        for keys in ["", "<enter>", "<end><enter>m", "<tab>", "d", "F", "<enter>W", "<enter>H", "<enter>e!"] {
            let mut desk = Desk::busy(width, height);
            desk.model.settings.org = "a-long-name-of-an-organisation".into();
            desk.keys(keys);
            lose(&mut desk, 5);
            let shown = picture(&draw(&mut desk, Theme::Terminal));
            let header = shown.lines().next().unwrap_or_default();
            assert!(header.contains("◐ reconnecting in 3 s (5th try)"), "{width} {keys}: {header}");
            assert!(words(&shown).contains(REASON), "{width} {keys}:\n{shown}");
            desk.tell(Msg::Link(Link::Live));
            let shown = picture(&draw(&mut desk, Theme::Terminal));
            assert!(!shown.contains("1006"), "{width} {keys}:\n{shown}");
        }
    }
    let mut desk = Desk::busy(120, 36);
    lose(&mut desk, 1);
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("reconnecting in 3 s  ctrl-r connects now"), "the key that does not wait\n{shown}");
    for (attempt, words) in [(2, "2nd"), (3, "3rd"), (11, "11th"), (21, "21st"), (112, "112th")] {
        let mut desk = Desk::busy(80, 24);
        lose(&mut desk, attempt);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains(&format!("({words} try)")), "{shown}");
    }
}

#[test]
fn alarms_and_the_state_have_room_before_the_way_here() {
    let mut desk = Desk::new(80, 24);
    desk.customer(ID, &[("tier", "{{lookup.tier}}")]);
    desk.keys("d<enter>");
    desk.tell(Msg::Link(Link::Offline {
        reason: "the certificate is not trusted".into(),
        by: crate::domain::Barrier::Way,
    }));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.lines().next().is_some_and(|line| line.contains("offline") && line.contains("+1 555")), "{shown}");
    assert!(words(&shown).contains("the certificate is not trusted"), "{shown}");
}

#[test]
fn good_news_does_not_outlive_the_link_and_bad_news_does() {
    let mut desk = Desk::busy(80, 24);
    desk.model.say(NoticeLevel::Done, "Seen: the value came back after 165 ms.");
    lose(&mut desk, 1);
    assert!(!picture(&draw(&mut desk, Theme::Terminal)).contains("Seen:"));
    desk.tell(Msg::Link(Link::Live));
    desk.model.say(NoticeLevel::Alarm, "Failed: 403. The draft is kept.");
    lose(&mut desk, 1);
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("Failed: 403"));
}

#[test]
fn on_a_stale_call_nothing_is_green() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.wait(240);
    desk.customer(ID, &[("tier", "gold!")]);
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("✓ seen"));
    lose(&mut desk, 1);
    let buf = draw(&mut desk, Theme::Terminal);
    assert!(picture(&buf).contains("seen"), "that it was seen is still so");
    let green = |x: u16, y: u16| matches!(buf[(x, y)].style().fg, Some(Color::Green));
    let cells = (4..12u16).flat_map(|y| (0..80u16).map(move |x| (x, y)));
    assert!(cells.into_iter().all(|(x, y)| !green(x, y)), "{}", picture(&buf));
}

#[test]
fn what_is_not_known_of_a_stale_call_is_not_said() {
    for (width, height) in SIZES {
        let mut desk = Desk::busy(width, height);
        desk.keys("<enter>e!<enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("Send this change?") && !shown.contains("stale"), "{width}:\n{shown}");
        lose(&mut desk, 5);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("last seen ") && shown.contains("The call is stale"), "{width}:\n{shown}");
        assert!(!shown.contains("No flow is running") && !shown.contains("is running:"), "{width}:\n{shown}");
        desk.keys("<esc><esc>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(!shown.contains("▶ live") && !shown.contains("▸ live"), "{width}:\n{shown}");
    }
}

#[test]
fn at_80_columns_the_number_of_the_try_goes_before_the_state_is_cut() {
    for (keys, attempt) in [("", 5), ("<enter>", 5), ("<enter>", 112), ("<enter>e!", 23)] {
        let mut desk = Desk::busy(80, 24);
        desk.model.settings.org = "a-long-name-of-an-organisation".into();
        desk.model.settings.production = Some(Label { word: "PRODUCTION".into(), band: Band::Red });
        desk.keys(keys);
        lose(&mut desk, attempt);
        desk.model.recording = Some(recording());
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let header = shown.lines().next().unwrap_or_default();
        assert!(header.contains("reconnecting") && header.contains("REC"), "{keys}: {header}");
        let right = header.split("reconnecting").nth(1).unwrap_or_default();
        assert!(!right.contains('…'), "{keys}: {header}");
        assert!(words(&shown).contains(REASON), "{keys}:\n{shown}");
    }
}

fn recording() -> Recording {
    Recording { file: "/tmp/a.sidetone".into(), bytes: 1_234_567, lost: 0 }
}

#[test]
fn without_a_network_at_the_start_the_reason_is_said_once() {
    for (width, height) in SIZES {
        let mut desk = Desk::new(width, height);
        lose(&mut desk, 2);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let text = shown.split("--\n").next().unwrap_or_default();
        assert_eq!(text.matches("1006").count(), 1, "{width}:\n{shown}");
        assert!(text.contains("Not connected:"), "{shown}");
        desk.keys("d");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(words(&shown).contains(REASON), "elsewhere it stands in the rule\n{shown}");
    }
}

/// The wire was out for a while: what changed in that time is known by its end only, and the Call screen says so for good.
#[test]
fn a_gap_stands_among_the_changes_and_on_the_journey() {
    for (width, height) in SIZES {
        let mut desk = Desk::new(width, height);
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>");
        desk.wait(5_000);
        lose(&mut desk, 1);
        desk.wait(15_000);
        let during = picture(&draw(&mut desk, Theme::Terminal));
        assert!(during.contains("◷ gap: 15 s not observed"), "{width}:\n{during}");
        desk.tell(Msg::Link(Link::Live));
        desk.customer(ID, &[("tier", "silver")]);
        desk.wait(3_000);
        desk.customer(ID, &[("tier", "bronze")]);
        let after = picture(&draw(&mut desk, Theme::Terminal));
        let changes = after.find("Changes").map_or("", |begin| &after[begin..]);
        let at = |words: &str| changes.lines().position(|line| line.contains(words));
        let (newest, came, gap) = (at("silver → bronze"), at("gold → silver"), at("◷ gap: 15 s not observed"));
        assert!(newest.is_some() && newest < came && came < gap, "{width}:\n{after}");
        if after.contains("Journey") {
            assert!(after.contains("░") && after.contains("░ not observed"), "{width}:\n{after}");
        }
    }
}
