//! Nothing is cut, and nothing is said that is not so, in what one types into and in what is counted.

use super::shown;
use crate::app::{Msg, keymap::BINDINGS, layout, screen::Screen, settings::AppSettings, testing::Desk};
use crate::domain::{At, Link};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

/// Expects `tier` of every call: gold, or at least something.
fn expecting() -> AppSettings {
    let text = "[[expect]]\nkey = \"tier\"\nby = \"start\"\none_of = [\"gold\"]\n\
                [[expect]]\nkey = \"reference\"\nby = \"agent\"\n";
    AppSettings { expectations: crate::expectfile::parse(text).expect("expectations"), ..AppSettings::default() }
}

#[test]
fn the_share_of_a_key_is_that_of_its_bar_and_no_word_of_it_is_cut() {
    for (width, height) in SIZES {
        let mut desk = Desk::with(width, height, expecting());
        for i in 0..24 {
            let id = format!("c{i:02}");
            let tier = [("tier", "gold"), ("tier", "brass"), ("language", "en-US"), ("tier", "gold")][i % 4];
            let call = format!("call-{i}");
            let all = [tier, ("reference", call.as_str()), ("language", "de-DE")];
            desk.customer(&id, if i % 3 == 0 { &all } else { &all[..1] });
        }
        desk.wait(4_000);
        if desk.model.calls.areas(desk.model.size).coverage().is_none() {
            desk.keys("%");
        }
        let text = shown(&mut desk);
        assert!(text.contains(" Coverage of 24 live calls"), "{text}");
        assert!(!text.contains("─Coverage"), "{text}");
        assert!(desk.model.calls.keys.len() >= 3, "{:?}", desk.model.calls.keys);
        for (key, tally) in desk.model.calls.keys.iter().zip(&desk.model.calls.coverage.tallies) {
            let all = tally.set + tally.wrong + tally.missing + tally.rest;
            assert_eq!(all, 24, "{key}");
            let percent = format!("{} %", tally.set * 100 / all);
            assert_eq!(tally.percent(), Some(tally.set * 100 / all), "{key}");
            assert!(text.contains(&percent), "{key} {percent}\n{text}");
            for (count, word) in
                [(tally.set, "set"), (tally.wrong, "wrong"), (tally.missing, "missing"), (tally.rest, "absent")]
            {
                // Beside the table the legend above has the words, and the counts its marks.
                let is_there = count == 0 || width >= 160 || text.contains(&format!("{count} {word}"));
                assert!(is_there, "{width}: {key}: {count} {word}\n{text}");
            }
        }
    }
}

#[test]
fn no_line_of_the_command_line_and_no_example_is_cut() {
    for screen in ["", "<enter>", "<tab>", "d", "F"] {
        let mut desk = Desk::busy(80, 24);
        desk.keys(screen).keys(":");
        // A page is eleven rows.
        for _ in 0..BINDINGS.len().div_ceil(10) {
            let text = shown(&mut desk);
            let rows = text.lines().skip_while(|line| !line.contains("─ Command")).skip(1);
            for line in rows.take_while(|line| !line.contains("───")) {
                let help: String = line.chars().skip(28).collect();
                assert!(!help.contains('…'), "{line}");
            }
            desk.keys(&"<down>".repeat(10));
        }
    }
    let mut desk = Desk::busy(80, 24);
    desk.keys("f");
    assert!(shown(&mut desk).contains("empty: any call"), "{}", shown(&mut desk));
    // What is wrong is never cut either.
    for open in ["f", "/", ":alert-filter<enter>"] {
        for wrong in ["customer_reference_number=gold AND another_of_the_long_keys=silver", "state:foo", "tier==gold"] {
            let mut desk = Desk::busy(80, 24);
            desk.keys(open).keys(wrong);
            let text = shown(&mut desk);
            let mistake = wrong.parse::<crate::domain::filter::Filter>().expect_err(wrong).message;
            let last = mistake.split_whitespace().last().unwrap_or_default();
            assert!(text.contains(last), "{open} {wrong}: {mistake}\n{text}");
        }
    }
}

#[test]
fn a_filter_that_cannot_be_read_leaves_the_one_before_it() {
    for typed in ["state:foo", "bronze AND gold", "state:"] {
        let mut desk = Desk::busy(80, 24);
        let all = desk.wait(1).model.calls.rows.len();
        desk.keys("/").keys(typed);
        assert_eq!((desk.model.calls.filter_text.as_str(), desk.model.calls.rows.len()), ("", all), "{typed}");
        let text = shown(&mut desk);
        assert!(!text.lines().nth(2).unwrap_or_default().contains("filter "), "{text}");
        desk.keys("<esc>/gold<enter>");
        let gold = desk.model.calls.rows.len();
        desk.keys("/<ctrl-u>").keys(typed);
        assert_eq!((desk.model.calls.filter_text.as_str(), desk.model.calls.rows.len()), ("gold", gold), "{typed}");
        desk.keys("<esc>");
        assert_eq!(desk.model.calls.filter_text, "gold");
    }
    // Of changes as well.
    let mut desk = Desk::busy(120, 36);
    desk.keys("<tab>/key:note<enter>/<ctrl-u>on:cutsomer");
    assert_eq!(desk.model.timeline.filter_text, "key:note");
    desk.keys("<esc>");
    assert_eq!((desk.model.timeline.filter_text.as_str(), desk.model.screen), ("key:note", Screen::Timeline));
    // While it is typed Esc cancels, afterwards it clears.
    let mut desk = Desk::busy(80, 24);
    desk.keys("/nobody");
    let text = shown(&mut desk);
    assert!(text.contains("matches `nobody`. Esc cancels."), "{text}");
    desk.keys("<enter>");
    assert!(shown(&mut desk).contains("Esc clears the filter."));
}

#[test]
fn a_key_that_does_not_apply_says_why() {
    let mut desk = Desk::with(120, 36, expecting());
    desk.customer("c1", &[("tier", "gold")]);
    desk.wait(4_000);
    for key in ["W", "H"] {
        desk.keys(key);
        assert_eq!(desk.model.screen, Screen::Calls);
        assert!(desk.notice().starts_with("No expected key is missing here"), "{key}: {}", desk.notice());
    }
    let mut desk = Desk::busy(120, 36);
    desk.keys("W");
    assert!(desk.notice().starts_with("No keys are expected here"), "{}", desk.notice());
    // Where one is missing it is the one in question.
    let mut desk = Desk::with(120, 36, expecting());
    desk.customer("c1", &[("language", "en-US")]);
    desk.wait(4_000).keys("W");
    assert_eq!(desk.model.screen, Screen::Why);
    // Nothing to copy: why.
    let mut desk = Desk::busy(120, 36);
    desk.keys("<home><enter>Y<down><down><down><down><down>");
    let text = shown(&mut desk);
    assert!(text.contains("nothing was edited on this participant"), "{text}");
    desk.keys("<enter>");
    assert_eq!(desk.notice(), "Nothing was copied: nothing was edited on this participant.");
}

#[test]
fn why_says_nothing_before_it_has_read() {
    for (width, height) in SIZES {
        let mut desk = Desk::busy(width, height);
        desk.keys("<home><enter><down>W");
        assert_eq!(desk.model.screen, Screen::Why);
        let text = shown(&mut desk);
        assert!(text.contains("reading…") && text.contains("being read"), "{text}");
        for words in ["is not known", "nothing read so far", "Nothing read so far", "◉"] {
            assert!(!text.contains(words), "{width}: {words}\n{text}");
        }
    }
}

#[test]
fn unsent_drafts_stay_in_sight_while_there_is_no_link() {
    let mut desk = Desk::busy(80, 24);
    desk.keys("<home><enter><down>e!<esc><esc>");
    let until = At { mono: desk.at.mono + std::time::Duration::from_secs(12), ..desk.at };
    let reason = "127.0.0.1:8123 refuses connections".into();
    desk.tell(Msg::Link(Link::Reconnecting { attempt: 7, until, reason }));
    for keys in ["", "<enter>"] {
        desk.keys(keys);
        let header = shown(&mut desk).lines().next().unwrap_or_default().to_owned();
        assert!(header.contains("unsent") && header.contains("reconnecting"), "{header}");
    }
    let area = layout::frame(desk.model.size).header;
    assert_eq!(area.width, 80);
}

#[test]
fn the_answer_is_one_key_away_on_a_small_screen() {
    let mut desk = Desk::busy(80, 24);
    let footer = |desk: &mut Desk| shown(desk).lines().last().unwrap_or_default().to_owned();
    assert!(footer(&mut desk).contains("W why"), "{}", footer(&mut desk));
    desk.keys("<home><enter><down>");
    assert!(footer(&mut desk).contains("W why"), "{}", footer(&mut desk));
}
