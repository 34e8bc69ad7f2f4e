//! Pictures of the Diagnose screen.

use super::{ID, Theme, call, draw, picture};
use crate::app::{Msg, testing::Desk};

#[test]
fn diagnose() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.customer(ID, &[("tier", "{{lookup_result.tier}}"), ("card", "4111 1111 1111 1111")]);
        desk.wait(1_000).keys("d<down>");
        let buf = draw(&mut desk, Theme::Terminal);
        insta::assert_snapshot!(format!("diagnose-{width}x{height}"), picture(&buf));
    }
}

#[test]
fn findings_have_heads_and_no_sentence_is_cut_and_long_groups_are_folded() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, call::expecting());
        for i in 0..20 {
            desk.customer(&format!("c{i:02}"), &[("customer_tier", "{{lookup_result.tier}}"), ("note", "undefined")]);
        }
        desk.customer("c99", &[("crm_payload", "{\"attributes\":{\"customer_tier\":\"gold\"}}")]);
        desk.wait(1_000).keys("d");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let lines: Vec<&str> = shown.lines().collect();
        let heads: Vec<&str> = lines[3].split_whitespace().take(6).collect();
        let all: &[&str] = if width < 100 {
            &["from", "at", "key", "evidence", "since"]
        } else {
            &["from", "at", "on", "key", "evidence", "since"]
        };
        assert!(heads.starts_with(all), "{heads:?}");
        assert_eq!(shown.contains("unfold"), height < 60, "{shown}");
        assert!(shown.contains("Template") || shown.contains("template"), "{shown}");
        for line in lines[4..].iter().take_while(|line| !line.contains("───")) {
            assert!(!line.contains('…') || line.contains('"'), "{width}: a sentence is cut\n{line}");
        }
        for words in ["Evidence", "Impact", "Fix"] {
            assert!(shown.contains(words), "{words}\n{shown}");
        }
    }
}

/// A flow that lost a key is said first, whatever else there is, and `!` goes to its call.
#[test]
fn a_key_that_a_flow_lost_comes_first_and_is_an_alert() {
    use crate::domain::findings::{Finding, RuleId, Severity};
    let mut desk = Desk::with(120, 24, call::expecting());
    call::journey(&mut desk, super::answers::ID);
    for i in 0..20 {
        desk.customer(&format!("c{i:02}"), &[("customer_tier", "{{lookup_result.tier}}")]);
    }
    let finding = Finding {
        rule: RuleId::PresenceDrop,
        severity: Severity::Error,
        conversation: super::answers::ID.into(),
        participant: None,
        key: Some("contract_type".into()),
        message: "contract_type is on 0 of 4 calls of MainIVR v43, and was on 146 of 146 of v42".into(),
        since: desk.at,
    };
    desk.keys("d<down><down>");
    desk.tell(Msg::Fallen(Box::new(finding)));
    desk.wait(1_000);
    let shown = super::rows(&mut desk);
    assert!(shown[4].contains("Key missing since a new flow version"), "{}", shown.join("\n"));
    desk.keys("!");
    assert_eq!(desk.model.screen, crate::app::screen::Screen::Call);
    let cell = desk.model.call.as_ref().and_then(|call| call.cell()).expect("a cell");
    assert_eq!((cell.conversation.as_str(), cell.key.as_str()), (super::answers::ID, "contract_type"));
}

/// What a call had when it was seen first is older than this program: its age is said to be at least that.
#[test]
fn what_was_so_before_is_at_least_that_old() {
    for width in [80, 120, 200] {
        let mut desk = Desk::new(width, 36);
        desk.customer(ID, &[("tier", "{{lookup_result.tier}}"), ("greeting", "hello")]);
        desk.wait(60_000);
        desk.customer(ID, &[("tier", "{{lookup_result.tier}}"), ("greeting", "undefined")]);
        desk.wait(5_000).keys("d");
        let shown = super::rows(&mut desk);
        let age = |key: &str| {
            let table = shown.iter().map(|line| line.split('│').next().unwrap_or_default());
            let line = table.filter(|line| line.contains(" holds ")).find(|line| line.contains(key)).expect(key);
            line.split_whitespace().next_back().unwrap_or_default().to_owned()
        };
        assert_eq!((age("tier"), age("greeting")), (">1:05".to_owned(), "0:05".to_owned()), "{}", shown.join("\n"));
    }
}

/// Findings of calls that have ended are counted and listed apart, the selection does not follow them there, and words narrow the list.
#[test]
fn ended_calls_are_apart_and_a_filter_narrows_the_findings() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::new(width, height);
        for i in 0..4 {
            desk.customer(&format!("c{i:02}"), &[("customer_tier", "{{lookup_result.tier}}")]);
        }
        desk.customer("c99", &[("card", "4111 1111 1111 1111")]);
        desk.keys("d<home>").wait(10);
        let title = |desk: &mut Desk| super::rows(desk)[2].clone();
        assert!(
            title(&mut desk).contains("5 live calls") && title(&mut desk).contains("⚠ 5 warnings"),
            "{}",
            title(&mut desk)
        );
        // The call of the selected finding ends: the next one takes its place, and the ended one is counted apart.
        let before = (desk.model.diagnose.position(), desk.model.diagnose.finding().cloned().expect("a finding"));
        let over =
            vec![crate::app::testing::leg("c", "customer", "X", &[("customer_tier", "{{lookup_result.tier}}")]).left()];
        desk.call(before.1.conversation.as_str(), 60, over);
        desk.wait(10);
        let shown = super::rows(&mut desk).join("\n");
        assert!(title(&mut desk).contains("4 live calls") && title(&mut desk).contains("⚠ 4 warnings"), "{shown}");
        assert!(shown.contains("Ended  1 finding on 1 call that ended"), "{shown}");
        assert_eq!(desk.model.diagnose.position(), before.0, "the selection stays in its row\n{shown}");
        assert_ne!(desk.model.diagnose.finding().map(|f| f.conversation.clone()), Some(before.1.conversation.clone()));
        desk.keys("<end><enter>").wait(10);
        let shown = super::rows(&mut desk).join("\n");
        assert!(desk.model.diagnose.rows.len() >= 9, "{shown}");
        desk.keys("<enter><home>").wait(10);
        // Words and the grammar of calls; what is left out is said.
        desk.keys("/card<enter>").wait(10);
        let shown = super::rows(&mut desk).join("\n");
        assert_eq!(desk.model.diagnose.found().len(), 1, "{shown}");
        assert!(shown.contains("filter card, 4 not shown") && shown.contains("esc clear filter"), "{shown}");
        desk.keys("<esc>/key:customer_tier<enter>").wait(10);
        assert_eq!(desk.model.diagnose.found().len(), 4);
        desk.keys("<esc>/nonsense<enter>").wait(10);
        let shown = super::rows(&mut desk).join("\n");
        assert!(shown.contains("None of 5 findings matches `nonsense`."), "{shown}");
        desk.keys("<esc>").wait(10);
        assert_eq!((desk.model.screen, desk.model.diagnose.found().len()), (crate::app::screen::Screen::Diagnose, 5));
        desk.keys("<esc>");
        assert_eq!(desk.model.screen, crate::app::screen::Screen::Calls);
    }
}

/// The names of the rules are those of files and of the command line: a screen says what is wrong in words.
#[test]
fn no_screen_shows_the_name_of_a_rule() {
    use crate::domain::findings::{Finding, RULES, RuleId, Severity};
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, call::expecting());
        let id = super::answers::ID;
        call::journey(&mut desk, id);
        desk.customer(
            "c1",
            &[("customer_tier", "{{lookup_result.tier}}"), ("Language", "en"), ("language", "en"), ("x", "")],
        );
        desk.tell(Msg::Fallen(Box::new(Finding {
            rule: RuleId::PresenceDrop,
            severity: Severity::Error,
            conversation: id.into(),
            participant: None,
            key: Some("contract_type".into()),
            message: "contract_type is on 0 of 4 calls of MainIVR v43, and was on 146 of 146 of v42".into(),
            since: desk.at,
        })));
        let names: Vec<&str> = RULES.iter().map(|rule| rule.name).filter(|name| name.contains('-')).collect();
        let check = |desk: &mut Desk| {
            let shown = super::rows(desk).join("\n");
            for name in &names {
                assert!(!shown.contains(name), "{width}: {name}\n{shown}");
            }
            for word in ["KEY", "CONVERSATION", "✗ blank"] {
                assert!(!shown.contains(word), "{width}: {word}\n{shown}");
            }
            shown
        };
        desk.keys("d<home>").wait(10);
        for _ in 0..8 {
            check(&mut desk);
            desk.keys("<down>").wait(10);
        }
        desk.keys("<home><enter>").wait(10);
        let lost = check(&mut desk);
        assert!(lost.contains("contract_type on customer") && lost.contains("✗ missing"), "{width}\n{lost}");
        if height > 24 {
            assert!(lost.contains("Key missing since a new flow version"), "{width}\n{lost}");
            assert!(lost.contains("H shows since when"), "the keys of this screen: {width}\n{lost}");
        }
        desk.keys("<esc><esc>").wait(10);
        for keys in ["<home><enter>", "]", "]", "]"] {
            desk.keys(keys).wait(10);
            check(&mut desk);
        }
    }
}

/// The totals of the groups add up to those of the title, and a finding that is not as bad as its group says so.
#[test]
fn groups_count_by_severity_and_mark_what_is_milder() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, call::expecting());
        let legs = |from: &str, ended: bool| {
            let all = [("customer_ref", "HH-1"), ("ivr_choice", "payment")];
            let customer = crate::app::testing::leg("c", "customer", "Dana", &all).from(from);
            let flow = crate::app::testing::leg("i", "ivr", "MainIVR", &[("customer_tier", "gold")]);
            vec![customer, if ended { flow.left() } else { flow }]
        };
        desk.call("running", 50, legs("tel:+15550104402", false));
        desk.call("over-1", 60, legs("tel:+15550104403", true));
        desk.call("over-2", 70, legs("tel:+15550104404", true));
        desk.wait(10_000).keys("d").wait(10);
        let shown = super::rows(&mut desk);
        let all = shown.join("\n");
        assert!(shown[2].contains("✗ 2 errors") && shown[2].contains("⚠ 1 warning"), "{all}");
        assert!(all.contains("Key on the wrong participant  ✗ 2  ⚠ 1"), "{all}");
        let table: Vec<&str> = shown[4..].iter().filter_map(|line| line.split('│').next()).collect();
        let row = |from: &str| table.iter().find(|line| line.contains(from)).copied().unwrap_or_default();
        assert!(row("010 4402").contains("⚠ on ivr"), "{all}");
        assert!(row("010 4403").contains("on ivr") && !row("010 4403").contains('⚠'), "{all}");
    }
}
