//! The hints, the notices above them, and what they may say.

use super::{ID, Theme, draw, flow_is_read, picture, rows};
use crate::{
    app::{
        Msg,
        keymap::BINDINGS,
        msg::EarlierRuns,
        testing::{Desk, truth},
    },
    domain::outbox::JournalEdit,
};

#[test]
fn several_things_that_are_said_at_the_start_stand_on_lines_of_their_own() {
    let mut desk = Desk::busy(120, 36);
    let remarks = vec!["One file of drafts is damaged.".to_owned(), "A second one is damaged.".to_owned()];
    let state = crate::domain::outbox::JournalState::default();
    desk.tell(crate::app::Msg::Left(crate::app::msg::EarlierRuns { state, remarks }));
    let shown = rows(&mut desk);
    let line = |words: &str| shown.iter().position(|line| line.contains(words)).expect("it is shown");
    assert_eq!(line("A second one is damaged."), line("One file of drafts is damaged.") + 1);
}

#[test]
fn hints_always_stand_and_a_notice_stands_whole_in_the_rule_above_them() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        let before = rows(&mut desk);
        let text = "The platform refused the subscription: it answered 403 missing permission \
            conversation:communication:view; ask an administrator for it, or choose other queues, and sign in again.";
        desk.model.say(crate::app::notice::NoticeLevel::Alarm, text);
        let after = rows(&mut desk);
        assert_eq!(before.last(), after.last(), "{width}: the hints stand");
        let lines = after.len() - 1 - before.iter().zip(&after).position(|(a, b)| a != b).expect("a notice");
        let shown = after[after.len() - 1 - lines..after.len() - 1].join(" ");
        let words: Vec<&str> = shown.split_whitespace().collect();
        for word in text.split_whitespace() {
            assert!(words.contains(&word), "{width}: {word} is cut\n{}", after.join("\n"));
        }
        let above = after.len() - 1 - lines;
        assert_eq!(before[..above], after[..above], "nothing else moves");
    }
}

#[test]
fn no_hint_is_cut() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        for keys in [
            "",
            "%",
            "s",
            "c",
            "/",
            "f",
            "t",
            "V",
            "?",
            "?/",
            ":",
            "B",
            "Ba",
            "X",
            "d",
            "F",
            "<tab>",
            "<tab>/",
            "v<down>v",
            "<enter>",
            "<enter>e",
            "<enter>x",
            "<enter>e!<enter>",
            "<enter>ak",
            "<enter>Y",
            "<enter>h",
            "<enter>C",
            "<enter>p",
            "<enter>e!<esc>w",
            "<enter>e!<esc>D",
        ] {
            let mut desk = Desk::busy(width, height);
            flow_is_read(&mut desk);
            desk.keys(keys);
            let footer = rows(&mut desk).last().cloned().unwrap_or_default();
            let scopes = desk.model.scopes();
            let hints: Vec<String> = desk
                .model
                .keymap
                .rows(&scopes)
                .filter(|(_, b, k)| !b.hint.is_empty() && !k.is_empty() && desk.model.meets(b.when))
                .map(|(i, b, k)| match b.pair {
                    true => {
                        let other = desk.model.keymap.keys(i + 1)[0].label(false);
                        format!("{} {other} {}", k[0].label(false), desk.model.hint(b))
                    }
                    false => format!("{} {}", k[0].label(false), desk.model.hint(b)),
                })
                .collect();
            for shown in footer.trim().split("  ") {
                assert!(hints.iter().any(|hint| hint == shown.trim()), "{width} {keys:?}: {shown:?} in {footer:?}");
            }
            assert!(!hints.is_empty() && !footer.trim().is_empty(), "{width} {keys:?}");
        }
    }
}

#[test]
fn a_copy_through_tmux_says_on_what_it_depends() {
    for (through, said) in [
        (None, "✓ Copied value (4 characters)."),
        (Some("tmux"), "· Copied value (4 characters), as far as tmux passes it on"),
        (Some("screen"), "· Copied value (4 characters), as far as screen and the terminal pass it on."),
    ] {
        let mut desk = Desk::new(120, 36);
        desk.model.settings.copies_through = through;
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>y");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains(said), "{shown}");
    }
}

#[test]
fn what_is_not_so_is_not_said() {
    let notice = |desk: &Desk| desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
    let mut desk = Desk::new(120, 36);
    desk.customer("c1", &[("tier", "gold")]);
    desk.keys("L");
    assert!(notice(&desk).contains("while an edit of yours was in progress"), "{}", notice(&desk));
    desk.keys("M");
    assert!(notice(&desk).contains("names and numbers of callers are not"), "{}", notice(&desk));
    // Nothing can be found without a connection.
    let mut desk = Desk::new(120, 36);
    desk.tell(Msg::Link(crate::domain::Link::Connecting));
    desk.keys("d");
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("Not connected") && !shown.contains("Nothing found on"), "{shown}");
}

/// A notice of two lines covers a row: what a key says has to be short.
#[test]
fn what_a_key_says_fits_in_the_line_of_the_notice_at_80_columns() {
    // Those that no action has say the same.
    let is_bound = |key: &char| BINDINGS.iter().any(|binding| binding.keys.contains(&key.to_string().as_str()));
    let unbound = ('!'..='~').filter(|key| !is_bound(key)).take(2);
    let keys: Vec<char> = ('!'..='~').filter(is_bound).chain(unbound).filter(|c| !matches!(c, '<' | '>')).collect();
    let mut long: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    for screen in
        ["", "<enter>", "<tab>", "d", "F", "<enter>W", "<enter>H", "<enter>e!<esc>", "<enter>c", "<enter>v", "B"]
    {
        for key in &keys {
            let mut desk = Desk::busy(80, 24);
            if screen == "F" {
                flow_is_read(&mut desk);
            }
            desk.keys(screen);
            desk.wait(6_000);
            let before = desk.model.notice.clone();
            desk.keys(&key.to_string());
            let Some(notice) = desk.model.notice.clone().filter(|notice| before.as_ref() != Some(notice)) else {
                continue;
            };
            let level = notice.level;
            for line in notice
                .text
                .lines()
                .filter(|line| line.chars().count() > 74 && level != crate::app::notice::NoticeLevel::Alarm)
            {
                long.insert(format!("{screen}{key}: {line}"));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// All lines of a notice look alike, the one in the rule too.
#[test]
fn the_lines_of_a_notice_are_of_one_style() {
    let mut desk = Desk::busy(80, 24);
    desk.model.say(crate::app::notice::NoticeLevel::Info, "word ".repeat(25).trim());
    let buf = draw(&mut desk, Theme::Terminal);
    let style = |y: u16| buf[(6, y)].style();
    assert_eq!((buf[(6, 21)].symbol().trim().is_empty(), buf[(6, 22)].symbol().trim().is_empty()), (false, false));
    assert_eq!(style(21), style(22));
}

#[test]
fn mask_masks_and_unmask_unmasks_however_often() {
    let mut desk = Desk::busy(120, 36);
    let start = desk.model.settings.mask;
    desk.keys("M");
    assert_eq!(desk.model.settings.mask, !start, "the key turns it round");
    for (typed, masks, said) in [
        (":unmask<enter>", false, "masked"),
        (":mask<enter>", true, "Personal data in values is masked"),
        (":mask<enter>", true, "Already masked."),
        (":unmask<enter>", false, "Values are shown as they are"),
        (":unmask<enter>", false, "Already unmasked."),
        (":privacy<enter>", true, "Personal data in values is masked"),
    ] {
        desk.keys(typed);
        assert_eq!(desk.model.settings.mask, masks, "{typed}");
        assert!(desk.notice().contains(said), "{typed}: {}", desk.notice());
    }
}

#[test]
fn what_was_undone_is_not_called_never_sent() {
    let mut desk = Desk::new(120, 36);
    let id = ID;
    desk.customer(id, &[("tier", "gold")]);
    desk.keys("<enter>u");
    assert_eq!(desk.notice(), "Nothing to undo: no edit of yours was sent.");
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(id, &[("tier", "gold")]));
    desk.wait(240);
    desk.customer(id, &[("tier", "gold!")]);
    desk.keys("u<enter>");
    desk.serve(&truth(id, &[("tier", "gold!")]));
    desk.wait(240);
    desk.customer(id, &[("tier", "gold")]);
    desk.keys("u");
    assert_eq!(desk.notice(), "Nothing more to undo.");
}

/// Enter goes to a draft, and makes one of a second text of its cell.
#[test]
fn the_list_of_drafts_says_what_enter_does_with_the_selected_text() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>e1<esc>");
    let mut state = desk.model.outbox.journal();
    state.edits.extend(state.edits.clone().into_iter().map(|edit| JournalEdit { mine: "gold2".into(), ..edit }));
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.tell(Msg::Left(EarlierRuns { state, remarks: Vec::new() }));
    let footer = |desk: &mut Desk| rows(desk).pop().expect("a footer");
    assert!(footer(&mut desk).contains("⏎ go there"), "{}", rows(&mut desk).join("\n"));
    desk.keys("j");
    assert!(footer(&mut desk).contains("⏎ make it the draft"), "{}", rows(&mut desk).join("\n"));
}

/// Where nothing may be written, no key is offered that would be refused.
#[test]
fn a_read_only_screen_offers_no_edits() {
    use crate::app::settings::AppSettings;
    use crate::domain::outbox::{Policy, ReadOnly};
    for read_only in [false, true] {
        let why = ReadOnly { why: "--read-only".into() };
        let policy = Policy { read_only: Some(why).filter(|_| read_only), ..Policy::default() };
        let mut desk = Desk::with(120, 36, AppSettings { policy, ..AppSettings::default() });
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>");
        let footer = rows(&mut desk).pop().expect("a footer");
        for hint in ["⏎ edit", "a add", "x set to empty"] {
            assert_eq!(footer.contains(hint), !read_only, "{footer}");
        }
        assert!(footer.contains("W why"), "{footer}");
    }
}
