//! The Call screen: what is folded, what scrolls, what stands below, and the questions by their row.

use super::{Theme, draw, picture, shown};
use crate::app::{
    popups::Overlay,
    screen::Screen,
    settings::AppSettings,
    testing::{Desk, leg, truth},
};
use crate::domain::text;
use proptest::prelude::*;
use ratatui::buffer::Buffer;

const ID: &str = "f037aaaa-0000-4000-8000-0000000008ce";

/// Settings with the expectations of the demo.
pub(super) fn expecting() -> AppSettings {
    let text = include_str!("../../../assets/scenarios/default.expect.toml");
    AppSettings {
        org: "acme-prod".into(),
        expectations: crate::expectfile::parse(text).expect("expectations"),
        ..AppSettings::default()
    }
}

const FIRST: &[(&str, &str)] = &[("entry_point", "billing_number"), ("language", "en-US")];
const TIMED_OUT: &[(&str, &str)] = &[
    ("entry_point", "billing_number"),
    ("language", "en-US"),
    ("lookup_status", "timeout"),
    ("lookup_ms", "10000"),
    ("ivr_choice", "account_balance"),
    ("ivr_path", "main>billing"),
    ("account_status", "active"),
    ("auth_level", "knowledge"),
    ("business_hours", "open"),
    ("contract_type", "metering"),
    ("session_id", "sess_949126393310"),
];

/// A call that went through a flow, whose lookup timed out, and through a queue to an agent, under our eyes.
pub(super) fn journey(desk: &mut Desk, id: &str) {
    let customer = |attributes: &[(&str, &str)]| {
        leg("c", "customer", "Dana Whitlock", attributes).from("tel:+15550108861").there(0, None)
    };
    desk.call(id, 0, vec![customer(FIRST), leg("i", "ivr", "MainIVR", &[]).there(0, None)]);
    desk.wait(14_000);
    desk.call(id, 0, vec![customer(&TIMED_OUT[..4]), leg("i", "ivr", "MainIVR", &[]).there(0, None)]);
    desk.wait(10_000);
    let ivr = || leg("i", "ivr", "MainIVR", &[]).there(0, Some(24));
    let queue = |to| leg("q", "acd", "Billing", &[]).queue("q-billing").there(24, to);
    desk.call(id, 0, vec![customer(TIMED_OUT), ivr(), queue(None)]);
    desk.wait(28_000);
    let agent = |attributes: &[(&str, &str)]| leg("a", "agent", "Aoife Kearns", attributes).there(52, None);
    desk.call(id, 0, vec![customer(TIMED_OUT), ivr(), queue(Some(52)), agent(&[])]);
    desk.wait(9_000);
    desk.call(id, 0, vec![customer(TIMED_OUT), ivr(), queue(Some(52)), agent(&[("case_id", "CS-50746")])]);
    desk.wait(40_000);
    let mut last = TIMED_OUT.to_vec();
    last.push(("queue_position", "1"));
    desk.call(
        id,
        0,
        vec![
            customer(&last),
            ivr(),
            queue(Some(52)),
            agent(&[("case_id", "CS-50746"), ("wrap_hint", "billing_dispute")]),
        ],
    );
    desk.wait(3_000);
}

fn opened(width: u16, height: u16) -> Desk {
    let mut desk = Desk::with(width, height, expecting());
    journey(&mut desk, ID);
    desk.keys("<enter>");
    desk
}

#[test]
fn a_call_with_expectations_a_journey_and_changes() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = opened(width, height);
        desk.keys("/customer_tier<enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        for words in ["ivr, acd: no attributes", "Expected", "missing"] {
            assert!(shown.contains(words), "{width}x{height} {words}\n{shown}");
        }
        assert_eq!(shown.contains("Journey"), width >= 100, "{shown}");
        insta::assert_snapshot!(format!("journey-{width}x{height}"), shown);
    }
}

/// On a young call the panes below the matrix have room: then no note is cut.
#[test]
fn notes_of_expected_are_whole_where_there_is_room_for_them() {
    for (width, height) in [(120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, expecting());
        let there = [("customer_tier", "gold"), ("customer_ref", "HH-1"), ("language", "en-US")];
        let customer = leg("c", "customer", "Dana Whitlock", &there).from("tel:+15550108861").there(0, None);
        desk.call(ID, 8, vec![customer, leg("i", "ivr", "MainIVR", &[]).there(0, None)]);
        desk.keys("<enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let pane = shown.split("Expected").nth(1).and_then(|rest| rest.split("--\n").next()).unwrap_or_default();
        assert!(pane.contains("set by") && !pane.contains('…'), "{width}x{height}\n{shown}");
    }
}

#[test]
fn in_ascii_and_mono_it_says_the_same() {
    let mut desk = Desk::with(120, 36, AppSettings { ascii: true, ..expecting() });
    journey(&mut desk, ID);
    desk.keys("<enter>");
    let buf = draw(&mut desk, Theme::Mono);
    let words = picture(&buf);
    assert!(buf.content.iter().all(|c| c.symbol().is_ascii()), "{words}");
    assert!(words.contains("X missing") && words.contains("Journey") && words.contains("no attributes"), "{words}");
}

#[test]
fn the_selection_can_go_to_a_folded_participant_which_then_has_a_column() {
    let mut desk = opened(120, 36);
    let columns = |desk: &Desk| {
        desk.model.call.as_ref().unwrap().columns.iter().map(|c| c.participant.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(columns(&desk), ["c", "a"]);
    desk.keys("<right><right>");
    assert_eq!(columns(&desk), ["c", "a", "i"]);
    desk.keys("<right>");
    assert_eq!(columns(&desk), ["c", "a", "q"]);
    desk.keys("<left><left><left>");
    assert_eq!(columns(&desk), ["c", "a"]);
}

#[test]
fn keys_are_searched() {
    let mut desk = opened(120, 36);
    let key = |desk: &Desk| desk.model.call.as_ref().and_then(|c| c.cell()).map(|c| c.key.to_string());
    let before = key(&desk);
    desk.keys("/look");
    assert_eq!(key(&desk).as_deref(), Some("lookup_ms"));
    desk.keys("<esc>");
    assert_eq!(key(&desk), before);
    desk.keys("/look<enter>n");
    assert_eq!(key(&desk).as_deref(), Some("lookup_status"));
    desk.keys("n");
    assert_eq!(key(&desk).as_deref(), Some("lookup_ms"));
    desk.keys("N");
    assert_eq!(key(&desk).as_deref(), Some("lookup_status"));
    desk.keys("/nothing<enter>n");
    assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("nothing")));
}

#[test]
fn a_call_opened_from_a_filter_lands_on_its_key_even_where_nobody_carries_it() {
    for (filter, key) in
        [("lookup_status=timeout", "lookup_status"), ("!favourite", "favourite"), ("case_id?", "case_id")]
    {
        let mut desk = Desk::with(120, 36, AppSettings::default());
        journey(&mut desk, ID);
        desk.keys(&format!("/{filter}<enter><enter>"));
        let cell = desk.model.call.as_ref().and_then(|c| c.cell()).unwrap();
        assert_eq!(cell.key.as_str(), key);
        assert_eq!(cell.participant.as_str(), if key == "case_id" { "a" } else { "c" });
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains(&format!("▸ {key}")), "{shown}");
    }
}

/// The lines from the question's row to its end.
fn below(buf: &Buffer, from: &str) -> Vec<String> {
    let shown = picture(buf);
    shown.lines().skip_while(|l| !l.contains(from)).take(14).map(ToOwned::to_owned).collect()
}

#[test]
fn the_question_stands_by_its_row_and_the_table_goes_on_below_it() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = opened(width, height);
        desk.keys("/ivr_choice<enter>e!<enter>");
        let buf = draw(&mut desk, Theme::Terminal);
        let lines = below(&buf, "▸ ivr_choice");
        assert!(lines[1].contains("Send this change?"), "{lines:#?}");
        let column = |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count());
        let value = column(&lines[0], "account_balance!");
        let line = |word: &str| lines.iter().find(|l| l.trim_start().starts_with(word)).cloned().unwrap_or_default();
        assert!(value.is_some());
        assert_eq!(column(&line("now"), "account_balance"), value, "{lines:#?}");
        assert_eq!(column(&line("mine"), "account_balance!"), value, "{lines:#?}");
        let all = picture(&buf);
        assert!(all.contains("1 PATCH: 11 current attributes + 1 change"), "{all}");
        assert!(all.contains("No flow is running on this call"), "{all}");
        if width == 120 {
            assert!(all.contains("session_id"), "the table goes on\n{all}");
            insta::assert_snapshot!("question-120x36", all);
        }
    }
}

#[test]
fn a_conflict_is_kept_up_to_date_while_it_stands_and_what_it_shows_is_what_is_overwritten() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold"), ("note", "n")]);
    desk.keys("<enter>/tier<enter>e!");
    desk.customer(ID, &[("tier", "silver"), ("note", "n")]);
    desk.keys("<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))), "the question is the conflict");
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("tier changed since you started editing. Nothing was sent."), "{shown}");
    let theirs = |shown: &str| {
        shown.lines().find(|l| l.trim_start().starts_with("theirs")).map(ToOwned::to_owned).unwrap_or_default()
    };
    assert!(theirs(&shown).contains("silver"), "{shown}");
    insta::assert_snapshot!("conflict-120x36", shown);
    desk.wait(2_000);
    desk.customer(ID, &[("tier", "bronze"), ("note", "n")]);
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(theirs(&shown).contains("bronze"), "{shown}");
    desk.asked();
    desk.keys("m");
    desk.wait(150);
    let bodies = desk.serve(&truth(ID, &[("tier", "bronze"), ("note", "n")]));
    assert_eq!(bodies, [vec![("tier".to_owned(), "gold!".to_owned()), ("note".to_owned(), "n".to_owned())]]);
}

/// Beyond what has room beside one another.
#[test]
fn of_long_values_a_question_shows_where_they_differ() {
    let long = "the same words again and again, ".repeat(12);
    let (theirs, mine) = (format!("{long}THEIRS"), format!("{long}MINE"));
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::new(width, height);
        desk.customer(ID, &[("tier", &long), ("note", "n")]);
        desk.keys("<enter>/tier<enter>eMINE<enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let line = |shown: &str, word: &str| {
            shown.lines().find(|l| l.trim_start().starts_with(word)).map(ToOwned::to_owned).unwrap_or_default()
        };
        assert!(line(&shown, "mine").contains("MINE"), "{mine}\n{shown}");
        assert!(!line(&shown, "now").contains("MINE"), "{shown}");
        desk.keys("<esc>");
        desk.customer(ID, &[("tier", &theirs), ("note", "n")]);
        desk.keys("<enter><enter>");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))), "the question is the conflict");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(line(&shown, "theirs").contains("THEIRS"), "{shown}");
        assert!(line(&shown, "mine").contains("MINE"), "{shown}");
    }
}

#[test]
fn a_question_that_is_overtaken_becomes_the_conflict_and_escape_sends_nothing() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>e!<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
    desk.customer(ID, &[("tier", "silver")]);
    assert!(matches!(desk.model.overlays.as_slice(), [Overlay::Conflict(_)]), "{:?}", desk.model.overlays);
    desk.asked();
    desk.keys("<esc>");
    assert_eq!((desk.asked(), desk.model.screen), (Vec::new(), Screen::Call));
    desk.keys("<enter>");
    desk.keys("<enter><enter>");
    desk.keys("t");
    desk.wait(150);
    assert_eq!(desk.model.outbox.drafts().count(), 0, "theirs was kept");
}

#[test]
fn escape_on_set_to_empty_and_on_undo_leaves_nothing_behind() {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("<enter>x");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
    desk.keys("<esc>");
    assert_eq!(desk.model.outbox.drafts().count(), 0);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.customer(ID, &[("tier", "gold!")]);
    desk.keys("u");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))), "{:?}", desk.model.notice);
    desk.keys("<esc>");
    assert_eq!(desk.model.outbox.drafts().count(), 0);
}

fn cells(buf: &Buffer, x: u16, y: u16, width: u16) -> String {
    (x..(x + width).min(buf.area.right())).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned()
}

proptest! {
    /// A value is whole or marked as cut; a participant has a column, is counted at an edge, or is folded by name; a key has a row or
    /// is counted.
    #[test]
    fn nothing_is_cut_without_a_mark(
        width in prop::sample::select(vec![60u16, 80, 100, 120, 200]),
        height in prop::sample::select(vec![16u16, 24, 36, 60]),
        people in prop::collection::vec(prop::collection::btree_map("[a-z_]{1,30}", "[ -~é東]{1,70}", 0..24), 1..7),
        right in 0usize..7, down in 0usize..24,
    ) {
        let mut desk = Desk::new(width, height);
        let purposes = ["customer", "ivr", "acd", "agent", "agent", "external", "user"];
        let ids = ["p0", "p1", "p2", "p3", "p4", "p5", "p6"];
        let legs = people.iter().enumerate().map(|(i, map)| {
            let values: Vec<(&str, &str)> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            leg(ids[i], purposes[i], "Somebody With A Name", &values)
        });
        desk.call(ID, 60, legs.collect());
        desk.keys("<enter>");
        desk.keys(&"<right>".repeat(right));
        desk.keys(&"<down>".repeat(down));
        // What is fresh or found has a mark beside the value.
        desk.wait(20_000);
        let buf = draw(&mut desk, Theme::Terminal);
        let model = &desk.model;
        let call = model.call.as_ref().unwrap();
        let c = call.conversation(&model.monitor.board).unwrap();
        for (i, row) in call.rows.iter().enumerate().skip(call.scroll).take(usize::from(call.areas.table.height)) {
            let y = call.areas.table.y + (i - call.scroll) as u16;
            let key = cells(&buf, call.keys.x, y, call.keys.width);
            prop_assert!(key == row.key.as_str() || key.contains('…'), "{key:?} {:?}", row.key);
            for column in &call.columns {
                let Some(a) = c.participant(column.participant.as_str()).and_then(|p| p.attributes.get(row.key.as_str())) else { continue };
                let shown = cells(&buf, column.x, y, column.width);
                let whole = text::visible(a.value.as_str()).into_owned();
                // A wide letter takes two cells, of which the second is empty; spaces at begin and end are marked.
                let plain = |s: &str| s.replace([' ', '␠'], "");
                prop_assert!(plain(&shown).starts_with(&plain(&whole)) || shown.contains('…'), "{shown:?} {whole:?}");
            }
        }
        let all = picture(&buf);
        let below = (call.rows.len() + 1).saturating_sub(call.scroll + usize::from(call.areas.table.height));
        prop_assert!(below <= 1 || call.areas.more.is_none() || all.contains("more"), "{all}");
        prop_assert!(call.scroll == 0 || all.contains(&format!("↑ {} more", call.scroll)), "{all}");
        prop_assert!(call.hidden == 0 || all.contains(&format!("+{} ›", call.hidden)), "{all}");
        prop_assert!(call.first == 0 || all.contains(&format!("‹ {}", call.first)), "{all}");
        prop_assert_eq!(call.first + call.columns.len() + call.hidden + call.folded().count(), c.participants.len());
        let at = call.place_of_selection();
        prop_assert!(at.is_some() || call.cell().is_none(), "the selected cell is in sight: {all}");
    }
}

/// What the review of several drafts says, whole at the smallest size.
#[test]
fn the_question_for_several_drafts_says_what_each_patch_carries() {
    for (width, height) in [(60, 16), (80, 24), (120, 36)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<home><enter><down>e!<esc><down>e?<esc><esc>S");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("Send these 2 changes?"), "{width}:\n{shown}");
        let mut seen = shown.clone();
        for _ in 0..6 {
            desk.keys("<down>");
            seen.push_str(&picture(&draw(&mut desk, Theme::Terminal)));
        }
        assert!(seen.contains("1 PATCH: 2 current attributes + 2 changes"), "{width}:\n{seen}");
        assert!(seen.contains("MainIVR is running: it may write its own"), "{width}:\n{seen}");
        let running = seen.split("MainIVR is running").nth(1).unwrap_or_default();
        assert!(
            running.split_whitespace().take(16).collect::<Vec<_>>().join(" ").contains("when it ends"),
            "{running}"
        );
        for word in ["fresh map", "laid over"] {
            assert!(!seen.contains(word), "{width} {word}:\n{seen}");
        }
    }
}

fn columns_of(desk: &Desk) -> Vec<(String, u16, u16)> {
    let call = desk.model.call.as_ref().expect("a call");
    call.columns.iter().map(|c| (c.participant.as_str().to_owned(), c.x, c.width)).collect()
}

#[test]
fn the_selection_starts_on_a_participant_that_carries_something() {
    let mut desk = Desk::new(120, 36);
    let customer = leg("c", "customer", "Dana Whitlock", &[]).from("tel:+15550108861").there(0, None);
    let ivr = leg("i", "ivr", "MainIVR", &[("ivr_choice", "1"), ("lang", "en")]).there(0, None);
    desk.call(ID, 0, vec![customer, ivr, leg("q", "acd", "Billing", &[]).there(4, None)]);
    desk.keys("<enter>");
    let at = desk.model.call.as_ref().and_then(|c| c.cell()).expect("a cell");
    assert_eq!((at.participant.as_str(), at.key.as_str()), ("i", "ivr_choice"));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("customer, acd: no attributes"), "{shown}");
    // The caller can be gone to all the same.
    desk.keys("<right>");
    assert_eq!(desk.model.call.as_ref().and_then(|c| c.target()).unwrap().participant.as_str(), "c");
}

#[test]
fn no_column_changes_sides_when_a_key_is_added() {
    let legs = |agent: &[(&str, &str)], ivr: &[(&str, &str)]| {
        let customer =
            leg("c", "customer", "Dana Whitlock", &[("tier", "gold")]).from("tel:+15550108861").there(0, None);
        vec![customer, leg("i", "ivr", "MainIVR", ivr).there(0, None), leg("a", "agent", "Ada", agent).there(4, None)]
    };
    let mut desk = Desk::new(120, 36);
    desk.call(ID, 0, legs(&[("note", "calls back")], &[]));
    desk.keys("<enter><right><right>");
    let names = |desk: &Desk| columns_of(desk).into_iter().map(|(id, ..)| id).collect::<Vec<_>>();
    assert_eq!(names(&desk), ["c", "a", "i"]);
    desk.keys("avip<enter>yes");
    let before = columns_of(&desk);
    assert_eq!(names(&desk), ["c", "a", "i"], "in the editor");
    let long = "a note that is much longer than everything that stood there before it came";
    desk.call(ID, 0, legs(&[("note", long), ("a_new_key_that_is_long", "x")], &[]));
    desk.wait(500);
    assert_eq!(columns_of(&desk), before, "nothing moves while one edits");
    desk.keys("<esc>");
    assert_eq!(names(&desk), ["c", "a", "i"]);
    desk.call(ID, 0, legs(&[("note", long)], &[("vip", "yes")]));
    desk.wait(500);
    assert_eq!(names(&desk), ["c", "a", "i"], "who comes to have a key keeps the place");
    desk.keys("<left>");
    assert_eq!(names(&desk), ["c", "a", "i"]);
}

/// A note of sixty letters has one line where Expected can grow for it, and no pane is wider than its words while another one lacks room.
#[test]
fn expected_has_the_columns_that_its_notes_need() {
    let text = "[[expect]]\nkey = \"tier\"\nby = \"start\"\nnote = \"set by Set Customer Data after the lookup of the customer ended\"\n";
    for (width, height) in [(120, 36), (160, 48), (200, 60), (240, 60)] {
        let expectations = crate::expectfile::parse(text).expect("expectations");
        let mut desk = Desk::with(width, height, AppSettings { expectations, ..AppSettings::default() });
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let pane = shown.split("Expected").nth(1).and_then(|rest| rest.split("\n--").next()).unwrap_or_default();
        let whole = pane.lines().any(|line| line.contains("after the lookup of the customer ended"));
        assert_eq!(whole, width >= 200, "{width}\n{shown}");
        assert!(!pane.contains('…'), "{width}\n{shown}");
    }
}

/// Two values that differ in what is not seen.
#[test]
fn values_that_look_the_same_are_told_apart_in_the_cell_and_in_the_question() {
    for (theirs, shown) in [("gold ", "gold\u{2420}"), ("gold\u{e9}", "gold\u{e9}")] {
        let mut desk = Desk::new(120, 36);
        desk.customer(ID, &[("tier", "silver"), ("note", theirs)]);
        desk.keys("<enter>/tier<enter>e");
        desk.keys("<backspace><backspace><backspace><backspace><backspace><backspace>");
        desk.tell(crate::app::Msg::Paste(if theirs.ends_with(' ') { "gold" } else { "golde\u{301}" }.into()));
        desk.customer(ID, &[("tier", theirs), ("note", theirs)]);
        desk.keys("<enter>");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))));
        let picture = picture(&draw(&mut desk, Theme::Terminal));
        let line = |word: &str| {
            let line = picture.lines().find(|l| l.trim_start().starts_with(word)).unwrap_or_default();
            line.trim_start().trim_start_matches(word).trim().to_owned()
        };
        assert_ne!(line("theirs"), line("mine"), "{picture}");
        assert!(line("theirs").contains(shown), "{picture}");
        assert!(picture.lines().any(|l| l.contains("note") && l.contains(shown)), "{picture}");
    }
}

/// When a value was set is not known where it was there before anybody looked.
#[test]
fn a_value_of_first_sight_has_no_time_at_which_it_was_set() {
    let mut desk = Desk::new(200, 60);
    let id = ID;
    let customer = |greeting: &str| {
        vec![leg("c", "customer", "Dana", &[("tier", "gold"), ("greeting", greeting)]).from("tel:+15550102231")]
    };
    desk.call(id, 60, customer("hello"));
    desk.wait(9_000);
    desk.call(id, 60, customer("good day"));
    desk.wait(5_000).keys("<enter>/tier<enter>");
    let call = shown(&mut desk);
    assert!(call.contains("4 characters · there when first seen 1:00, unchanged >0:14"), "{call}");
    assert!(!call.contains("set 1:00"), "{call}");
    desk.keys("/greeting<enter>");
    let call = shown(&mut desk);
    assert!(call.contains("set 1:09, unchanged 0:05"), "{call}");
    desk.keys("m");
    let table = shown(&mut desk);
    let age = |key: &str| {
        let mut rows = table.lines().filter_map(|line| line.split('│').next());
        let row = rows.find(|row| row.contains(key) && row.contains("customer")).unwrap_or_default();
        row.split_whitespace().next_back().unwrap_or_default().to_owned()
    };
    assert_eq!((age(" tier "), age(" greeting ")), (">0:14".to_owned(), "0:05".to_owned()), "{table}");
}
