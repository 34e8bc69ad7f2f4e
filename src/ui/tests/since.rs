//! Pictures of the Since screen.

use super::{
    Theme,
    answers::{ID, SIZES},
    call, draw, picture, rows,
};
use crate::app::{
    Effect, Msg,
    flow::Definition,
    screen::Screen,
    settings::AppSettings,
    since::{CallRef, DayRow, HistoryCall, KeyShare, MissingRow, SinceReport, SinceState, VersionRow},
    testing::{Desk, leg},
};

fn day(day: &str, calls: Option<(i64, i64)>) -> DayRow {
    DayRow { day: day.into(), share: calls.map(|(calls, present)| KeyShare { calls, present }) }
}

pub(super) fn report() -> SinceReport {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let version = |version: &str, calls, present, first: &str, last: &str| VersionRow {
        organization: String::new(),
        flow: "MainIVR".into(),
        version: version.into(),
        share: KeyShare { calls, present },
        first: at(first),
        last: at(last),
    };
    let call = |id: &str, time: &str, version: &str| CallRef {
        conversation: id.into(),
        started: at(time),
        version: version.into(),
    };
    let mut days: Vec<DayRow> = (6..=11).map(|n| day(&format!("2026-11-{n:02}"), Some((3100 + n, 3080 + n)))).collect();
    days.push(day("2026-11-12", None));
    days.extend((13..=16).map(|n| day(&format!("2026-11-{n:02}"), Some((3200 + n, 3180 + n)))));
    days.extend([
        day("2026-11-17", Some((3388, 2405))),
        day("2026-11-18", Some((1311, 812))),
        day("2026-11-19", Some((0, 0))),
    ]);
    days.push(day("2026-11-20", Some((402, 245))));
    SinceReport {
        flow: Some("MainIVR".into()),
        by: "flow-end".into(),
        share: KeyShare { calls: 35_222, present: 33_397 },
        versions: vec![
            version("41", 15_905, 15_783, "2026-11-06T00:00:00Z", "2026-11-11T08:29:00Z"),
            version("42", 15_114, 14_966, "2026-11-11T08:30:00Z", "2026-11-17T09:09:00Z"),
            version("43", 4_203, 2_648, "2026-11-17T09:10:00Z", "2026-11-20T11:18:00Z"),
        ],
        days,
        first_missing: Some(call("3b1c0000-0000-4000-8000-00000000090e", "2026-11-17T09:14:06Z", "43")),
        last_present: Some(call("a9020000-0000-4000-8000-0000000007d1", "2026-11-17T09:09:51Z", "42")),
        too_few: false,
        not_judged: None,
        missing: vec![MissingRow {
            call: call("5f2a0000-0000-4000-8000-000000000911", "2026-11-20T11:02:31Z", "43"),
            flow: "MainIVR".into(),
            queue: "Billing".into(),
        }],
    }
}

#[test]
fn since_when_a_key_is_missing() {
    for (width, height) in SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, ID);
        desk.keys("<enter>/customer_tier<enter>H");
        let question = desk.asked().into_iter().find_map(|e| match e {
            Effect::Since(question) => Some(question),
            _ => None,
        });
        let question = question.expect("the store is asked");
        assert_eq!((question.key.as_str(), question.flow.as_deref()), ("customer_tier", Some("MainIVR")));
        desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(Some(Box::new(report()))))));
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        for words in
            ["Present on 63 % of calls since v43,", "99 % before.", "First missing", "Last good", "not collected"]
        {
            assert!(shown.contains(words), "{words}\n{shown}");
        }
        insta::assert_snapshot!(format!("since-{width}x{height}"), shown);
    }
}

#[test]
fn without_a_store_it_says_how_to_begin_one_and_a_call_of_the_past_is_read_only() {
    let mut desk = Desk::with(100, 30, AppSettings::default());
    call::journey(&mut desk, ID);
    desk.keys("<enter>H");
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question.clone()), None));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("No history is kept yet.") && shown.contains("sidetone collect"), "{shown}");
    desk.tell(Msg::SinceRead(Box::new(question.clone()), Some(Ok(None))));
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("on no stored call"));
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(Some(Box::new(report()))))));
    desk.asked();
    desk.keys("<enter>");
    assert_eq!(desk.asked(), [Effect::HistoryCall("3b1c0000-0000-4000-8000-00000000090e".into())]);
    let call = HistoryCall {
        conversation: "3b1c0000-0000-4000-8000-00000000090e".into(),
        facts: vec![("medium".into(), "call".into()), ("flow".into(), "MainIVR v43".into())],
        milestones: vec![("start".into(), 0), ("flow-end".into(), 24_000)],
        keys: vec![("lookup_status".into(), "customer".into(), "text (set at flow end; its value is not kept)".into())],
        incomplete: false,
    };
    desk.tell(Msg::HistoryCall(Ok(Some(call))));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("HISTORY") && shown.contains("read-only") && shown.contains("flow end 0:24"), "{shown}");
    insta::assert_snapshot!("history-call-100x30", shown);
    desk.keys("<esc>");
    assert!(desk.model.since.call.is_none() && desk.model.screen == Screen::Since);
    // The third line is the newest version: its calls without the key are listed, and opened.
    desk.keys("<down><down><enter>");
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("Calls without"));
    desk.asked();
    desk.keys("<enter>");
    assert_eq!(desk.asked(), [Effect::HistoryCall("5f2a0000-0000-4000-8000-000000000911".into())]);
    desk.keys("/");
    desk.keys("<end> days:3<enter>");
    assert_eq!(desk.model.since.question.days, Some(3));
    assert_eq!(desk.model.since.reading, SinceState::Asked);
    desk.keys("<esc>");
    assert_eq!((desk.model.screen, desk.model.since.question.days), (Screen::Since, None), "the filter goes first");
    desk.keys("<esc>");
    assert_eq!(desk.model.screen, Screen::Call);
}

/// The screen on a key of a call, with this answer.
fn answered(desk: &mut Desk, answer: SinceReport) -> String {
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(Some(Box::new(answer))))));
    rows(desk).join("\n")
}

fn opened(width: u16, height: u16) -> Desk {
    let mut desk = Desk::with(width, height, call::expecting());
    call::journey(&mut desk, ID);
    desk.keys("<enter>/customer_tier<enter>H");
    desk
}

fn version(number: &str, calls: i64, present: i64, first: &str) -> VersionRow {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    VersionRow {
        organization: String::new(),
        flow: "MainIVR".into(),
        version: number.into(),
        share: KeyShare { calls, present },
        first: at(first),
        last: at(first) + 60_000,
    }
}

/// Where nothing fell, or nothing can be told, nothing is green and nothing is red.
#[test]
fn few_calls_of_a_new_version_are_no_fall_and_no_all_clear() {
    let few = SinceReport {
        share: KeyShare { calls: 151, present: 148 },
        versions: vec![version("42", 146, 144, "2026-11-13T08:00:00Z"), version("43", 5, 4, "2026-11-20T11:00:00Z")],
        days: vec![day("2026-11-19", Some((24, 24))), day("2026-11-20", Some((8, 7)))],
        first_missing: None,
        last_present: None,
        ..report()
    };
    for (width, height) in SIZES {
        let mut desk = opened(width, height);
        let shown = answered(&mut desk, few.clone());
        assert!(shown.contains("Present on 99 % of calls up to v42;"), "{shown}");
        assert!(shown.contains("v43: 4 of 5, too few calls to tell."), "{shown}");
        assert!(!shown.contains('✓') && !shown.contains('✗'), "{shown}");
        let styled = picture(&draw(&mut desk, Theme::Terminal));
        assert!(!styled.lines().any(|line| line.contains(" red")), "{styled}");
    }
    // A key that many calls rightly lack.
    let mut desk = opened(120, 36);
    let conditional = SinceReport {
        share: KeyShare { calls: 300, present: 60 },
        versions: vec![version("42", 200, 40, "2026-11-13T08:00:00Z"), version("43", 100, 20, "2026-11-19T11:00:00Z")],
        days: vec![day("2026-11-19", Some((200, 40))), day("2026-11-20", Some((100, 20)))],
        ..few
    };
    let shown = answered(&mut desk, conditional);
    assert!(shown.contains("No drop: present on 20 % of calls."), "{shown}");
    let styled = picture(&draw(&mut desk, Theme::Terminal));
    assert!(!styled.lines().any(|line| line.contains(" red")), "{styled}");
}

/// The call that the question came from lacks the key, and does not count: that is said, and Enter lists it.
#[test]
fn calls_that_do_not_count_are_named_where_the_answer_would_deny_them() {
    for (width, height) in SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        // Its flow was over when it was seen first.
        let customer = leg("c", "customer", "Indianapolis IN", &[("language", "en-US")]).from("tel:+15550102790");
        let legs =
            vec![customer, leg("i", "ivr", "MainIVR", &[]).left(), leg("q", "acd", "Billing", &[]).queue("q-billing")];
        desk.call(ID, 60, legs);
        desk.keys("<enter>/customer_tier<enter>H");
        let answer = SinceReport {
            share: KeyShare { calls: 145, present: 145 },
            versions: vec![version("42", 145, 145, "2026-11-13T08:00:00Z")],
            first_missing: None,
            last_present: None,
            missing: Vec::new(),
            ..report()
        };
        let shown = answered(&mut desk, answer);
        assert!(shown.contains("Present on every one of 145 calls."), "{shown}");
        assert!(shown.contains("this call lacks it: not watched at flow end"), "{shown}");
        assert!(!shown.contains('✓'), "{shown}");
        desk.keys("<enter>");
        let listed = rows(&mut desk).join("\n");
        assert!(listed.contains("Calls without customer_tier") && listed.contains("live, not counted"), "{listed}");
        desk.keys("<enter>");
        assert_eq!(desk.model.screen, Screen::Call);
        // Of the version none is known: this one's version is not told.
        desk.keys("<esc><down><enter>");
        let notice = desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
        assert_eq!(notice, "No call of v42 that is counted lacks customer_tier.");
    }
}

#[test]
fn numbers_stand_below_one_another_and_the_chart_apart_from_its_heading() {
    for (width, height) in [(120, 36), (200, 60)] {
        let mut desk = opened(width, height);
        answered(&mut desk, report());
        let lines = rows(&mut desk);
        let at = |words: &str| lines.iter().position(|line| line.contains(words)).expect(words);
        let end = |line: &str| line.trim_end().chars().count();
        let below = at("100 %");
        assert!(lines[below - 1].trim().is_empty(), "air below the heading\n{}", lines.join("\n"));
        let calls = at(" calls  ");
        let day = (below..calls).find(|i| lines[*i].starts_with(" day")).unwrap();
        assert_eq!(end(&lines[day]), end(&lines[calls]), "{}", lines.join("\n"));
        let heads = at("By flow version");
        for word in ["calls", "present", "missing"] {
            let column = lines[heads].find(word).unwrap() + word.len();
            let chars: Vec<char> = lines[heads + 1].chars().collect();
            assert!(chars[column - 1].is_ascii_digit() && chars[column] == ' ', "{word}\n{}", lines.join("\n"));
        }
        let first = lines[heads].find("first").unwrap();
        let day = lines[heads + 1].chars().skip(lines[heads][..first].chars().count()).take(6).collect::<String>();
        assert_eq!(day, "17 Nov", "{}", lines.join("\n"));
        // No more than a few rows are left over.
        let empty = lines.iter().filter(|line| line.trim().is_empty()).count();
        assert!(empty <= usize::from(height) / 4, "{empty} empty rows\n{}", lines.join("\n"));
    }
}

#[test]
fn what_changed_in_the_flow_and_the_queues_stand_below_the_versions() {
    let mut desk = opened(120, 36);
    desk.asked();
    answered(&mut desk, report());
    assert!(desk.asked().contains(&Effect::ReadFlow("MainIVR".into())), "the versions are compared");
    let text = include_str!("../../../assets/flows/main-ivr.json");
    let mut definition = Definition::read(text, None).expect("a flow");
    let before = text.replacen("\"customer_tier\"", "\"former_key\"", 1);
    definition.version = Some("43".into());
    definition.before = Some(("42".into(), std::sync::Arc::new(crate::flow::read(&before).expect("a flow"))));
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
    desk.model.prepare(desk.at);
    let shown = rows(&mut desk).join("\n");
    assert!(shown.contains("v42 → v43"), "{shown}");
    assert!(shown.contains("Missing by queue") && shown.contains("Billing 1"), "{shown}");
    assert!(shown.contains("4 min after the first call of v43"), "{shown}");
    assert!(shown.contains("4 min before it"), "{shown}");
}

#[test]
fn a_filter_can_be_typed_on_at_once_and_is_judged_while_it_is() {
    let mut desk = opened(120, 36);
    answered(&mut desk, report());
    desk.keys("/");
    let text = |desk: &Desk| match desk.model.overlays.last() {
        Some(crate::app::popups::Overlay::Since(prompt)) => prompt.text.text(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&desk), "flow:MainIVR ");
    let footer = rows(&mut desk).last().cloned().unwrap_or_default();
    assert!(!footer.contains("view"), "there is no view here: {footer}");
    desk.keys("queue:Bil");
    assert!(rows(&mut desk).join("\n").contains("queue: Billing"));
    desk.keys("x");
    assert!(rows(&mut desk).join("\n").contains("No queue seen so far begins with bilx"));
    desk.keys("<esc>/<backspace>queue:Billing");
    assert!(rows(&mut desk).join("\n").contains("write a space before queue:"));
    desk.keys("<enter>");
    assert!(!desk.model.overlays.is_empty(), "what is wrong is not asked");
}

#[test]
fn a_key_is_chosen_by_typing_the_beginning_of_its_name() {
    let mut desk = opened(120, 36);
    answered(&mut desk, report());
    let selected = |desk: &Desk| match desk.model.overlays.last() {
        Some(crate::app::popups::Overlay::Pick(pick)) => pick.choices[pick.selected].0.clone(),
        other => panic!("{other:?}"),
    };
    desk.keys("cauth_l");
    assert_eq!(selected(&desk), "auth_level", "a letter that is a key elsewhere in the list goes on with the name");
    desk.keys("<down>i");
    assert!(selected(&desk).starts_with('i'), "{}", selected(&desk));
}
