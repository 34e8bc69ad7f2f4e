//! Pictures of the screens that answer why.

use super::{Theme, call, draw, picture, since::report};
use crate::app::{
    Effect, Msg,
    flow::{Definition, FlowHistory},
    screen::Screen,
    testing::Desk,
    why::FoundFlows,
};
use crate::why::{Gathered, GatheredRun, answer::FlowName, execution};
use serde_json::json;

pub(super) const ID: &str = "f037aaaa-0000-4000-8000-0000000008ce";
pub(super) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

/// What the platform says of a call whose lookup took this output.
pub(super) fn found(output: &str) -> Gathered {
    let action = |kind: &str, number: u32, id: &str, name: &str, second: u32, output: &str| {
        let time = format!("2026-11-20T12:00:{second:02}.000Z");
        let body = json!({"actionId": id, "actionName": name, "trackingId": number, "dateTime": time,
            "outputPathId": output, "outputPathName": ""});
        json!({kind: body})
    };
    let status = if output == "__TIMEOUT__" {
        ("db2404fb-9755-5132-b545-c5bd1aa70c8f", "Note timeout", 16)
    } else {
        ("a3ef4095-1a2e-57f3-b5ce-5088a484872f", "Keep tier", 14)
    };
    let document = json!({"flow": {
        "executionId": "e1", "conversationId": ID, "flowId": "f1", "flowName": "MainIVR", "flowVersion": "43.0",
        "startDateTime": "2026-11-20T12:00:00.000Z", "endDateTime": "2026-11-20T12:00:24.000Z",
        "executionInfo": {"characteristics": {"flowExecutionInputOutputs": false}},
        "execution": [
            action("actionPlayAudio", 10, "f60cb5be-2718-5747-9362-e21b35f694ec", "Welcome", 0, ""),
            action("actionSetParticipantData", 12, "0b828e05-f09c-5526-ab72-24a746dfdd1c", "Mark start", 1, ""),
            action("actionCallData", 13, "7918b27c-9f45-5cb2-8a17-caabec6f0b5b", "Find customer", 4, output),
            action("actionSetParticipantData", status.2, status.0, status.1, 14, ""),
            action("actionJumpToMenu", 17, "4c6b3f36-4e69-5e98-a41d-529f11896399", "To Main Menu", 15, ""),
            json!({"endedFlow": {"dateTime": "2026-11-20T12:00:24.000Z", "flowExitReason": "DISCONNECT"}}),
        ],
    }});
    let definition = crate::flow::read(include_str!("../../../assets/flows/main-ivr.json")).expect("a flow");
    let name = FlowName { id: "f1".into(), name: "MainIVR".into(), version: "43".into() };
    let run = execution::read(&document).expect("a record");
    Gathered {
        flows: vec![GatheredRun {
            name,
            definition: Some(definition.into()),
            run: Some(run.into()),
            ..GatheredRun::default()
        }],
        notes: Vec::new(),
    }
}

fn asked(width: u16, height: u16) -> Desk {
    let mut desk = Desk::with(width, height, call::expecting());
    call::journey(&mut desk, ID);
    desk.keys("<enter>/customer_tier<enter>W");
    assert_eq!(desk.model.screen, Screen::Why);
    desk
}

#[test]
fn why_a_key_is_missing() {
    for (width, height) in SIZES {
        let mut desk = asked(width, height);
        let gathers = desk.asked().into_iter().filter(|e| matches!(e, Effect::Gather(_))).count();
        assert_eq!(gathers, 1, "asked for once, by the Call screen and this one together");
        let waiting = picture(&draw(&mut desk, Theme::Terminal));
        assert!(waiting.contains("reading what the flow did"), "{waiting}");
        desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(found("__TIMEOUT__")))));
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        for words in [
            "customer_tier was never set",
            "Find customer",
            "Fix",
            "executed",
            "Other keys",
            "Path through MainIVR v43",
        ] {
            assert!(shown.contains(words), "{words}\n{shown}");
        }
        let path = shown.split("Path through").nth(1).unwrap_or_default();
        let output = path.lines().find(|line| line.contains("╴ timeout") && line.contains(" taken"));
        assert!(output.is_some_and(|line| !line.contains("not taken")), "the branch taken is in sight\n{shown}");
        assert!(!shown.contains("2026-11-20T"), "times are counted from the begin of the call\n{shown}");
        desk.keys("s");
        let simulated = picture(&draw(&mut desk, Theme::Terminal));
        insta::assert_snapshot!(format!("why-{width}x{height}"), simulated);
    }
}

#[test]
fn its_first_line_stands_in_expected() {
    let mut desk = asked(120, 36);
    desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(found("__TIMEOUT__")))));
    desk.keys("<esc>");
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("Find customer timed out"), "{shown}");
}

#[test]
fn without_anything_from_the_platform_it_answers_by_what_was_seen() {
    let mut desk = asked(120, 36);
    let notes = vec!["execution data is off".to_owned()];
    desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(Gathered { flows: Vec::new(), notes }))));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(
        shown.contains("which flow the call ran is not known") && shown.contains("execution data is off"),
        "{shown}"
    );
    desk.keys("s");
    assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("Nothing to simulate")));
    // It asks again a few times while nothing is recorded, and then leaves it.
    desk.asked();
    for _ in 0..60 {
        desk.wait(2_000);
        desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(Gathered::default()))));
    }
    let again = desk.asked().into_iter().filter(|e| matches!(e, Effect::Gather(_))).count();
    assert_eq!(again, 4);
}

#[test]
fn from_why_the_key_is_set_and_escape_leads_back() {
    let mut desk = asked(120, 36);
    desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(found("__TIMEOUT__")))));
    desk.keys("egold");
    assert_eq!(desk.model.editor().map(|e| e.text.text()), Some("gold".to_owned()));
    desk.keys("<esc><esc>");
    assert_eq!(desk.model.screen, Screen::Why);
    desk.keys("<esc>");
    assert_eq!(desk.model.screen, Screen::Call);
    desk.keys("<esc>");
    assert_eq!(desk.model.screen, Screen::Calls);
    desk.keys("W");
    assert_eq!(desk.model.why.cell.as_ref().map(|c| c.key.to_string()).as_deref(), Some("customer_tier"));
}

#[test]
fn a_flow_with_its_history_its_branches_and_what_changed() {
    for (width, height) in SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, ID);
        let mut definition =
            Definition::read(include_str!("../../../assets/flows/main-ivr.json"), None).expect("a flow");
        // The version before set the tier whatever the lookup answered.
        let before =
            include_str!("../../../assets/flows/main-ivr.json").replacen("\"customer_tier\"", "\"former_key\"", 1);
        definition.version = Some("43".into());
        definition.before = Some(("42".into(), std::sync::Arc::new(crate::flow::read(&before).expect("a flow"))));
        desk.keys("F");
        desk.asked();
        desk.model.flow.name = Some("MainIVR".into());
        desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
        let asked = desk.asked();
        assert!(asked.iter().any(|e| matches!(e, Effect::FlowHistory(flow, keys) if flow == "MainIVR" && keys.contains(&"customer_tier".to_owned()))), "{asked:?}");
        assert!(asked.iter().any(|e| matches!(e, Effect::Gather(_))), "the runs of its calls are looked up: {asked:?}");
        let keys = vec![("customer_tier".to_owned(), report().versions), ("language".to_owned(), Vec::new())];
        desk.tell(Msg::FlowHistory("MainIVR".into(), FlowHistory::new(keys)));
        desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(found("__TIMEOUT__")))));
        desk.keys("<home>");
        while desk.model.flow.selection.as_deref() != Some("customer_tier") {
            let before = desk.model.flow.selection.clone();
            desk.keys("<down>");
            assert_ne!(before, desk.model.flow.selection, "the key is in the list");
        }
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        for words in ["v43 published", "Branches that decide customer_tier", "63 %", "does not set it", "1 missing"] {
            assert!(shown.contains(words), "{width}x{height} {words}\n{shown}");
        }
        insta::assert_snapshot!(format!("flow-{width}x{height}"), shown);
    }
}

#[test]
fn a_walkthrough_says_at_its_end_what_was_never_set_and_why() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, ID);
    let definition = Definition::read(include_str!("../../../assets/flows/main-ivr.json"), None).expect("a flow");
    desk.keys("F");
    desk.model.flow.name = Some("MainIVR".into());
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
    desk.keys("t");
    for _ in 0..20 {
        desk.keys("<space>");
    }
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(
        shown.contains("customer_tier never set") || desk.model.flow.show.as_ref().is_some_and(|s| s.end().is_none()),
        "{shown}"
    );
    if desk.model.flow.show.as_ref().is_some_and(|s| s.end().is_some()) {
        assert!(shown.contains("Find customer timed out"), "{shown}");
    }
}

#[test]
fn a_cause_that_was_found_is_known_on_every_screen() {
    let mut desk = asked(120, 36);
    desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(found("__TIMEOUT__")))));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("took its output timeout at 0:14"), "when it ended, not when it began\n{shown}");
    desk.keys("d");
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("Find customer timed out") && shown.contains("Cause"), "{shown}");
    desk.keys("<esc><esc><esc>");
    assert_eq!(desk.model.screen, Screen::Calls);
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("Find customer timed out"), "{shown}");
    desk.keys("]");
    let notice = desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
    assert!(notice.contains("missing: Find customer timed out"), "{notice}");
}

#[test]
fn runs_are_counted_where_the_definition_that_is_shown_has_other_ids() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, ID);
    let text = include_str!("../../../assets/flows/main-ivr.json").replace("7918b27c-9f45", "7918b27c-0000");
    let definition = Definition::read(&text, None).expect("a flow");
    desk.keys("F");
    desk.model.flow.name = Some("MainIVR".into());
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
    desk.model.prepare(desk.at);
    assert_eq!(desk.model.flow.position(), Some(0));
    let row = desk.model.flow.row().expect("a row");
    assert!(row.counts.missing > 0, "the worst is first and selected: {row:?}");
    while desk.model.flow.selection.as_deref() != Some("customer_tier") {
        let before = desk.model.flow.selection.clone();
        desk.keys("<down>");
        assert_ne!(before, desk.model.flow.selection, "the key is in the list");
    }
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("no run is known yet"), "{shown}");
    desk.tell(Msg::Gathered(ID.into(), Box::new(FoundFlows(found("__TIMEOUT__")))));
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("1 recorded run"), "{shown}");
}
