//! Hostile values, ASCII, and how little is written for a change.

use super::{super::view, ID, Theme, draw, picture};
use crate::app::{
    settings::AppSettings,
    testing::{Desk, leg},
};

#[test]
fn ascii_and_mono_say_the_same_without_colour_or_symbols() {
    let settings = AppSettings { org: "acme".into(), ascii: true, ..AppSettings::default() };
    let mut desk = Desk::with(100, 30, settings);
    desk.customer(ID, &[("customer_tier", "gold"), ("note", "tab\there\u{1b}[31m")]);
    desk.wait(1000);
    desk.customer(ID, &[("customer_tier", "silver"), ("note", "tab\there\u{1b}[31m")]);
    desk.keys("<enter>e!<esc>");
    let buf = draw(&mut desk, Theme::Mono);
    assert!(buf.content.iter().all(|c| c.symbol().is_ascii()), "{}", picture(&buf));
    assert!(buf.content.iter().all(|c| c.style().fg.is_none_or(|c| c == ratatui::style::Color::Reset)));
    insta::assert_snapshot!("ascii-mono", picture(&buf));
}

/// Values with everything that hurts a terminal.
const HOSTILE: &[(&str, &str)] = &[
    ("esc", "\u{1b}[31mred\u{1b}]0;title\u{7}"),
    ("c1", "\u{9b}31m\u{85}"),
    ("bidi", "gold\u{202e}dlog\u{2066}"),
    ("zero", "a\u{200b}b\u{feff}c\u{e0041}"),
    ("wide", "東京支店 ｶﾞ 한국"),
    ("emoji", "👩\u{200d}👩\u{200d}👧 👍🏽 🇩🇪 ❤️"),
    ("marks", "Z\u{341}\u{341}\u{341}\u{341}\u{341}\u{341}algo"),
    ("lines", "one\ntwo\r\nthree\ttab"),
    ("\u{1b}[2Jkey", "v"),
];

#[test]
fn hostile_values_reach_no_cell_as_they_are() {
    let long = "x".repeat(100_000);
    let mut values = HOSTILE.to_vec();
    values.push(("long", &long));
    for keys in [
        "",
        "<enter>",
        "<enter>m",
        "<enter>e",
        "<enter><down><down>e<end>x",
        "<enter>ex<enter>",
        "<enter><end>e",
        "<enter>Y",
        "<enter>C",
        "<enter>ex<esc>D",
        "<enter>px\u{202e}=",
        "<enter>ex<esc>w",
        "?",
        "c",
        "/\u{202e}",
    ] {
        let mut desk = Desk::new(120, 36);
        desk.customer(ID, &values);
        desk.keys(keys);
        let buf = draw(&mut desk, Theme::Terminal);
        for cell in &buf.content {
            let bad = |c: char| {
                c.is_control()
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            };
            assert!(!cell.symbol().chars().any(bad), "{keys}: {:?}", cell.symbol());
        }
    }
}

/// What a terminal is sent for what happened since the last frame.
fn written(desk: &mut Desk, screen: &mut crate::shell::TerminalScreen) -> Vec<u8> {
    desk.model.prepare(desk.at);
    let mut out = Vec::new();
    screen.draw(&mut out, |buf| view(&desk.model, Theme::Terminal, buf)).unwrap();
    out
}

#[test]
fn one_changed_value_writes_fewer_than_100_bytes() {
    let tier = |desk: &mut Desk, tier: &str| {
        let legs = vec![
            leg("c", "customer", "Indianapolis IN", &[("customer_tier", tier), ("language", "en-US")])
                .from("tel:+15550102231"),
        ];
        desk.call("00000000-1111-4222-8333-444455556666", 40, legs);
    };
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let settings =
            AppSettings { columns: Some(vec!["customer_tier".into(), "language".into()]), ..AppSettings::default() };
        let mut desk = Desk::with(width, height, settings);
        let mut screen = crate::shell::TerminalScreen::new(width, height);
        tier(&mut desk, "gold");
        for n in 0..60 {
            desk.customer(&format!("{n:08}-1111-4222-8333-000000000000"), &[("customer_tier", "gold")]);
        }
        // Of the call under the cursor the details are shown, too, and its last change with them.
        // Without the changes of all calls beside them, which add a line.
        desk.wait(10_000).keys("<down>%%");
        assert!(written(&mut desk, &mut screen).len() > 1_000, "the first frame is all of it");
        tier(&mut desk, "platinum");
        let text = written(&mut desk, &mut screen);
        assert!(String::from_utf8_lossy(&text).contains("platinum"));
        assert!(text.len() < 100, "{} bytes at {width}x{height}: {:?}", text.len(), String::from_utf8_lossy(&text));
        assert!(written(&mut desk, &mut screen).is_empty(), "and nothing when nothing changed");
    }
}
