//! What the screens say is so: a verdict agrees with what is listed elsewhere, a cause with the run, a count with the calls.

use super::{Theme, answers, call, draw, picture, since::report};
use crate::app::{
    Msg,
    flow::{Definition, FlowHistory},
    popups::Overlay,
    screen::Screen,
    testing::{Desk, leg},
    why::Findings,
};
use crate::domain::findings::{Finding, RuleId, Severity};
use crate::why::{FlowRun, Gathered, Leads, answer::FlowName, execution};
use serde_json::json;

fn shown(desk: &mut Desk) -> String {
    let picture = picture(&draw(desk, Theme::Mono));
    picture.split("--\n").next().unwrap_or_default().to_owned()
}

fn notice(desk: &Desk) -> String {
    desk.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

fn mistake(desk: &Desk) -> String {
    match desk.model.overlays.last() {
        Some(Overlay::Palette(palette)) => palette.mistake.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// Asks why of the first finding of this rule that Diagnose lists.
fn why_of(desk: &mut Desk, rule: RuleId) -> String {
    desk.keys("d");
    let found = desk.model.diagnose.found().iter().find(|f| f.rule == rule).cloned();
    let found = found.unwrap_or_else(|| panic!("{rule}: {:?}", desk.model.diagnose.found()));
    desk.model.diagnose.select(&found);
    desk.keys("W");
    assert_eq!(desk.model.screen, Screen::Why);
    desk.tell(Msg::Gathered(found.conversation.clone(), Box::new(Findings(Gathered::default()))));
    shown(desk)
}

#[test]
fn what_diagnose_lists_is_never_set_and_fine_in_why() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        let legs = |ivr: &[(&str, &str)], from: &str| {
            let customer = leg("c", "customer", "Dana Whitlock", &[("language", "en-US")]).from(from);
            vec![customer, leg("i", "ivr", "MainIVR", ivr).left(), leg("q", "acd", "Billing", &[]).queue("q-billing")]
        };
        desk.call("wrong-1", 60, legs(&[("customer_tier", "gold")], "tel:+15550104402"));
        desk.call("wrong-2", 50, legs(&[("customer_tier", "silver")], "tel:+15550104403"));
        desk.call("healthy", 40, legs(&[], "tel:+15550109027"));
        desk.wait(10_000);
        let why = why_of(&mut desk, RuleId::WrongParticipant);
        assert!(!why.contains("✓ set ") && why.contains("✗ wrong participant"), "{why}");
        assert!(why.contains("Fix") && why.contains("Address the PATCH to"), "{why}");
        let others = why.lines().find(|line| line.contains("Other calls")).unwrap_or_default();
        let other = others.contains("010 4402") != others.contains("010 4403");
        assert!(other && !others.contains("9027"), "{width}: only those on which the same was found\n{why}");
    }
}

#[test]
fn personal_data_and_a_key_that_vanished_keep_their_finding_in_why() {
    let mut desk = Desk::with(120, 36, call::expecting());
    desk.customer("card", &[("card_number", "4111 1111 1111 1111")]);
    desk.customer("other", &[("language", "en-US")]);
    desk.wait(1_000);
    let why = why_of(&mut desk, RuleId::PersonalDataInClear);
    assert!(why.contains("⚠ personal data") && why.contains("Keep a reference instead"), "{why}");
    let others = why.lines().find(|line| line.contains("Other calls")).unwrap_or_default();
    assert!(others.contains("this was found on no other live call"), "{why}");

    let mut desk = Desk::new(120, 36);
    let customer = |attributes: &[(&str, &str)]| leg("c", "customer", "Dana", attributes).from("tel:+15550102231");
    desk.call("lost", 60, vec![customer(&[("customer_ref", "HH-1"), ("language", "en-US")])]);
    desk.wait(10_000);
    let agent = || leg("a", "agent", "Ada Agent", &[]).queue("q-billing").there(10, None);
    desk.call("lost", 60, vec![customer(&[("customer_ref", "HH-1"), ("language", "en-US")]), agent()]);
    desk.wait(500);
    desk.call("lost", 60, vec![customer(&[("language", "en-US")]), agent()]);
    desk.wait(500);
    let why = why_of(&mut desk, RuleId::LostOnTransfer);
    assert!(why.contains("⚠ vanished") && why.contains("vanished on a transfer"), "{why}");
    assert!(!why.contains("no message names who removed it"), "{why}");
}

#[test]
fn a_value_that_goes_back_while_the_flow_runs_has_no_invented_cause() {
    let mut desk = Desk::new(120, 36);
    let at = |depth: &str| {
        let customer = leg("c", "customer", "Dana", &[("menu_depth", depth)]).from("tel:+15550102231").there(0, None);
        vec![customer, leg("i", "ivr", "MainIVR", &[]).there(0, None)]
    };
    for depth in ["1", "2", "3", "2"] {
        desk.call("walks", 0, at(depth));
        desk.wait(5_000);
    }
    desk.keys("<enter>/menu_depth<enter>W");
    desk.tell(Msg::Gathered("walks".into(), Box::new(Findings(Gathered::default()))));
    let why = shown(&mut desk);
    assert!(!why.contains("writes the values that it kept") && !why.contains("⚠ replaced"), "{why}");
    assert!(why.contains("✓ set") && why.contains("went back to"), "{why}");
    assert!(why.contains("The record of its run of MainIVR is not available"), "{why}");
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
        assert!(notice(&desk).contains(said), "{typed}: {}", notice(&desk));
    }
}

/// The flow of the demo, with and without what its newest version lost.
fn versions() -> Definition {
    let text = include_str!("../../../assets/flows/main-ivr.json");
    let before = text.replacen("\"customer_tier\"", "\"contract_type\"", 1);
    let mut definition = Definition::read(text, None).expect("a flow");
    definition.version = Some("43".into());
    definition.before = Some(("42".into(), std::sync::Arc::new(crate::flow::read(&before).expect("a flow"))));
    definition
}

fn on_flow(desk: &mut Desk, definition: Definition) {
    desk.keys("F");
    desk.model.flow.name = Some("MainIVR".into());
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(definition)));
    desk.keys("");
}

#[test]
fn ended_calls_are_counted_apart_from_live_ones() {
    let mut desk = Desk::new(120, 36);
    let through = |over: bool| {
        let customer = leg("c", "customer", "Dana", &[("language", "en-US")]).from("tel:+15550102231");
        let customer = if over { customer.left() } else { customer };
        vec![customer, leg("i", "ivr", "MainIVR", &[]).left()]
    };
    for i in 0..5 {
        desk.call(&format!("live-{i}"), 60, through(false));
    }
    for i in 0..3 {
        desk.call(&format!("over-{i}"), 60, through(false));
        desk.call(&format!("over-{i}"), 60, through(true));
    }
    desk.wait(1_000);
    desk.keys("d");
    let diagnose = shown(&mut desk);
    assert!(diagnose.contains("Diagnose 5 live calls, 3 ended"), "{diagnose}");
    on_flow(&mut desk, versions());
    let flow = shown(&mut desk);
    assert!(flow.contains("5 calls live, 0 in it now, 3 ended") && flow.contains("5 live calls"), "{flow}");
    let over = desk.model.flow.rows.iter().flat_map(|row| &row.lacking).filter(|(id, _)| id.as_str().contains("over"));
    assert_eq!(over.count(), 0);
}

#[test]
fn the_key_that_the_new_version_lost_comes_first_and_is_selected() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        on_flow(&mut desk, versions());
        let first = desk.model.flow.rows.first().map(|row| row.key.clone());
        assert_eq!(first.as_deref(), Some("contract_type"), "{width}");
        assert_eq!(desk.model.flow.selection, first, "{width}");
        let asked = desk.asked();
        assert!(
            asked.iter().any(
                |e| matches!(e, crate::app::Effect::FlowHistory(_, keys) if keys.contains(&"contract_type".to_owned()))
            ),
            "{asked:?}"
        );
        let keys = vec![("contract_type".to_owned(), report().versions)];
        desk.tell(Msg::FlowHistory("MainIVR".into(), FlowHistory::new(keys)));
        let flow = shown(&mut desk);
        assert!(flow.contains("✗ never set") && flow.contains("is set nowhere in this version"), "{flow}");
        if width >= 120 {
            assert!(flow.contains("contract_type is set by no action of v43"), "{flow}");
        }
    }
}

/// A flow whose lookup decides nothing about the balance: every output of it leads to the menu, where the caller chooses.
const MENU: &str = r#"{ "name": "MainIVR", "type": "inboundcall", "startActionId": "lookup", "actions": [
    { "id": "lookup", "type": "dataAction", "name": "Find customer", "settings": { "dataAction": "Lookup",
      "resultVariable": "r", "onSuccess": "found", "onTimeout": "menu", "onError": "menu" } },
    { "id": "found", "type": "setParticipantData", "name": "Set Customer Data",
      "settings": { "attributes": { "customer_tier": "gold" } }, "nextActionId": "menu" },
    { "id": "menu", "type": "menu", "name": "Main Menu", "settings": { "choices": [
      { "digit": "1", "name": "Billing", "nextActionId": "billing" },
      { "digit": "2", "name": "Technical", "nextActionId": "technical" } ] } },
    { "id": "billing", "type": "setParticipantData", "name": "Set Menu Choice",
      "settings": { "attributes": { "ivr_choice": "billing", "balance_due": "1.00" } }, "nextActionId": "to_billing" },
    { "id": "technical", "type": "setParticipantData", "name": "Set Menu Choice",
      "settings": { "attributes": { "ivr_choice": "technical" } }, "nextActionId": "to_technical" },
    { "id": "to_billing", "type": "transferToAcd", "name": "To Billing", "settings": { "queue": "Billing" } },
    { "id": "to_technical", "type": "transferToAcd", "name": "To Support", "settings": { "queue": "Support" } } ] }"#;

/// A run of [`MENU`] in which the lookup timed out and the caller pressed 1. The menu's entry names no output.
fn pressed_one() -> Gathered {
    let definition = crate::flow::read(MENU).expect("a flow");
    let entry = |kind: &str, name: &str, id: &str, second: u32, output: &str| {
        let time = format!("2026-11-20T12:00:{second:02}.000Z");
        json!({kind: {"actionId": id, "actionName": name, "dateTime": time, "outputPathId": output}})
    };
    let document = json!({"flow": {
        "executionId": "e1", "conversationId": answers::ID, "flowId": "f1", "flowName": "MainIVR", "flowVersion": "43.0",
        "startDateTime": "2026-11-20T12:00:00.000Z", "endDateTime": "2026-11-20T12:00:24.000Z",
        "executionInfo": {"characteristics": {"flowExecutionInputOutputs": false}},
        "execution": [
            entry("actionCallData", "Find customer", "lookup", 1, "__TIMEOUT__"),
            entry("menuMenu", "Main Menu", "menu", 9, ""),
            entry("actionSetParticipantData", "Set Menu Choice", "billing", 12, ""),
            entry("actionTransferToAcd", "To Billing", "to_billing", 13, ""),
            json!({"endedFlow": {"dateTime": "2026-11-20T12:00:24.000Z", "flowExitReason": "TRANSFER"}}),
        ],
    }});
    let name = FlowName { id: "f1".into(), name: "MainIVR".into(), version: "43".into() };
    let run = execution::read(&document).expect("a record");
    let flow = FlowRun { name, definition: Some(definition.into()), run: Some(run.into()), ..FlowRun::default() };
    Gathered { flows: vec![flow], notes: Vec::new() }
}

#[test]
fn the_menu_item_that_was_taken_is_shown_and_the_others_are_not() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/customer_tier<enter>W");
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(Findings(pressed_one()))));
    let why = shown(&mut desk);
    let line = |label: &str| why.lines().find(|line| line.contains(label)).unwrap_or_default().to_owned();
    assert!(line("╴ 1 ").contains(" taken") && !line("╴ 1 ").contains("not taken"), "{why}");
    assert!(line("╴ 2 ").contains("not taken"), "{why}");
}

#[test]
fn a_branch_that_decides_nothing_is_no_cause_and_menu_choices_are_counted() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    on_flow(&mut desk, Definition::read(MENU, None).expect("a flow"));
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(Findings(pressed_one()))));
    let select = |desk: &mut Desk, key: &str| {
        desk.keys("<home>");
        while desk.model.flow.selection.as_deref() != Some(key) {
            let before = desk.model.flow.selection.clone();
            desk.keys("<down>");
            assert_ne!(before, desk.model.flow.selection, "{key} is in the list");
        }
        desk.model.flow.decisions.clone()
    };
    let decisions = select(&mut desk, "balance_due");
    let names: Vec<&str> = decisions.iter().map(|decision| decision.action.as_str()).collect();
    assert_eq!(names, ["Main Menu"], "the lookup leads to the menu whatever it answers");
    let taken: Vec<_> = decisions[0].outputs.iter().map(|output| (output.calls, output.leads)).collect();
    assert_eq!(taken, [(1, Leads::Surely), (0, Leads::Nowhere)]);
    assert_eq!(select(&mut desk, "customer_tier")[0].action, "Find customer");
}

#[test]
fn runs_of_a_definition_with_other_labels_are_counted_and_unknown_ways_are_not_called_untaken() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    // The platform's configuration calls the choice `1: Billing` and has ids of its own; that of the screen calls it `1`.
    let mut gathered = pressed_one();
    let mut own = crate::flow::read(MENU).expect("a flow");
    for action in &mut own.actions {
        action.branches.iter_mut().for_each(|branch| {
            if let Some(digit) = &branch.digit {
                (branch.label, branch.id) = (format!("{digit}: Choice"), format!("choice-{digit}"));
            }
        });
    }
    gathered.flows[0].definition = Some(own.into());
    on_flow(&mut desk, Definition::read(MENU, None).expect("a flow"));
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(Findings(gathered.clone()))));
    desk.keys("<home>");
    let select = |desk: &mut Desk, key: &str| {
        desk.keys("<home>");
        while desk.model.flow.selection.as_deref() != Some(key) {
            let before = desk.model.flow.selection.clone();
            desk.keys("<down>");
            assert_ne!(before, desk.model.flow.selection, "{key} is in the list");
        }
        shown(desk)
    };
    let text = select(&mut desk, "balance_due");
    let line = |text: &str, label: &str| {
        let line = text.lines().find(|line| line.contains(&format!("│ {label} ")) && line.contains("set"));
        line.unwrap_or_else(|| panic!("{label}\n{text}")).to_owned()
    };
    assert!(line(&text, "1").contains("1 ") && line(&text, "1").contains("✓ sets it"), "{text}");
    assert!(line(&text, "2").contains("does not set it, not taken"), "{text}");
    // A run whose menu is the last that is recorded: which choice was taken is not known, and none is called untaken.
    let run = gathered.flows[0].run.as_mut().expect("a run");
    let mut cut = crate::why::execution::Run::clone(run);
    cut.executed.truncate(2);
    (cut.truncated, cut.has_end) = (true, false);
    *run = cut.into();
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(Findings(gathered))));
    desk.keys("<down>");
    let text = select(&mut desk, "balance_due");
    assert!(text.contains("1 recorded run") && text.contains("the records do not say which"), "{text}");
    assert!(!text.contains("not taken") && !text.contains("never taken"), "{text}");
}

#[test]
fn an_output_behind_which_another_one_decides_is_not_said_to_set_the_key() {
    let flow =
        crate::flow::read(&MENU.replace("\"onTimeout\": \"menu\"", "\"onTimeout\": \"to_technical\"")).expect("a flow");
    let keys = crate::flow::keys::keys(&flow);
    let decisions = crate::app::flow::decisions(&flow, &keys, "balance_due", [].iter());
    let of = |name: &str| {
        let decision = decisions.iter().find(|decision| decision.action == name).expect("a decision");
        decision.outputs.iter().map(|output| output.leads).collect::<Vec<_>>()
    };
    assert_eq!(of("Main Menu"), [Leads::Surely, Leads::Nowhere]);
    let lookup = of("Find customer");
    assert!(!lookup.contains(&Leads::Surely), "the menu behind it decides: {lookup:?}");
    assert!(lookup.contains(&Leads::Perhaps) && lookup.contains(&Leads::Nowhere), "{lookup:?}");
}

#[test]
fn why_names_its_call_wherever_it_was_asked_from() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        desk.keys("W");
        assert_eq!(desk.model.screen, Screen::Why);
        let header = shown(&mut desk).lines().next().unwrap_or_default().to_owned();
        assert!(header.contains("+1 555 010 8861"), "{width}: {header}");
        desk.keys("<esc><enter>/customer_tier<enter>W");
        let header = shown(&mut desk).lines().next().unwrap_or_default().to_owned();
        assert_eq!(header.matches("+1 555 010 8861").count(), 1, "{width}: {header}");
    }
}

#[test]
fn a_fall_is_of_its_flow_and_not_of_a_call() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.tell(Msg::Fallen(Box::new(Finding {
        rule: RuleId::PresenceDrop,
        severity: Severity::Error,
        conversation: answers::ID.into(),
        participant: None,
        key: Some("former_key".into()),
        message: "former_key is on 0 of 4 calls of MainIVR v43, and was on 146 of 146 of v42".to_owned(),
        since: desk.at,
    })));
    desk.keys("d<home>");
    let diagnose = shown(&mut desk);
    assert!(diagnose.contains("former_key vanished with a new version of MainIVR since"), "{diagnose}");
    assert!(!diagnose.contains("sidetone since KEY") && diagnose.contains("H shows since when"), "{diagnose}");
    assert!(!diagnose.contains("One path of the new version"), "{diagnose}");
}

#[test]
fn a_selection_does_not_follow_an_ended_call_out_of_sight() {
    let mut desk = Desk::new(120, 24);
    let customer = |i: usize| leg("c", "customer", "Caller", &[]).from(&format!("tel:+1555010{i:04}"));
    for i in 0..40 {
        desk.call(&format!("call-{i:02}"), 60 + i as i64, vec![customer(i)]);
    }
    desk.keys("<home><down><down>");
    let (place, selected) = (desk.model.calls.position(), desk.model.calls.selected.clone().expect("one"));
    let i: usize = selected.as_str().trim_start_matches("call-").parse().expect("a number");
    desk.call(selected.as_str(), 60 + i as i64, vec![customer(i).left()]);
    desk.wait(10);
    let calls = &desk.model.calls;
    assert_eq!((calls.scroll, calls.position()), (0, place), "the live calls stay in sight");
    assert_ne!(calls.selected.as_ref(), Some(&selected));
    assert!(notice(&desk).contains("has ended"), "{}", notice(&desk));
    // Where its row is in sight, the selection keeps its call.
    let mut desk = Desk::new(120, 36);
    for i in 0..4 {
        desk.call(&format!("call-{i:02}"), 60 + i as i64, vec![customer(i)]);
    }
    desk.keys("<home>");
    let selected = desk.model.calls.selected.clone().expect("one");
    let i: usize = selected.as_str().trim_start_matches("call-").parse().expect("a number");
    desk.call(selected.as_str(), 60 + i as i64, vec![customer(i).left()]);
    desk.wait(10);
    assert_eq!(desk.model.calls.selected.as_ref(), Some(&selected));
}

#[test]
fn since_why_and_flow_take_their_argument() {
    let mut desk = Desk::busy(120, 36);
    desk.keys(":since contract_type<enter>");
    assert_eq!(desk.model.screen, Screen::Since, "{}", mistake(&desk));
    assert_eq!(
        (desk.model.since.question.key.as_str(), desk.model.since.question.flow.as_deref()),
        ("contract_type", None)
    );
    desk.keys("<esc>:why account_id<enter>");
    assert_eq!(desk.model.screen, Screen::Why, "{}", mistake(&desk));
    assert_eq!(desk.model.why.cell.as_ref().map(|cell| cell.key.to_string()).as_deref(), Some("account_id"));
    desk.keys("<esc>:flow mainivr<enter>");
    assert_eq!((desk.model.screen, desk.model.flow.name.as_deref()), (Screen::Flow, Some("MainIVR")));
    desk.keys("<esc>:flow nope<enter>");
    assert!(mistake(&desk).contains("No flow here is called `nope`"), "{}", mistake(&desk));
    desk.keys("<esc>:drafts now<enter>");
    assert_eq!(mistake(&desk), "drafts takes no argument.");
}

#[test]
fn missing_by_queue_is_of_the_fall_only() {
    let mut report = report();
    let mut old = report.missing[0].clone();
    (old.queue, old.call.version) = ("Technical".into(), "42".into());
    report.missing.push(old);
    assert_eq!(report.missing_by_queue(), [("Billing", 1)]);
    // Without a fall all of them count.
    report.first_missing = None;
    assert_eq!(report.missing_by_queue().len(), 2);
}

#[test]
fn a_filter_that_nothing_is_known_of_does_not_blame_the_key() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/customer_tier<enter>H");
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(Some(Box::new(report()))))));
    desk.keys("/ queue:Nope<enter>");
    let question = desk.model.since.question.clone();
    desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(None))));
    let since = shown(&mut desk);
    assert!(since.contains("queue:Nope") && !since.contains("case-sensitive"), "{since}");
}

#[test]
fn what_was_undone_is_not_called_never_sent() {
    use crate::app::testing::truth;
    let mut desk = Desk::new(120, 36);
    let id = answers::ID;
    desk.customer(id, &[("tier", "gold")]);
    desk.keys("<enter>u");
    assert_eq!(notice(&desk), "Nothing to undo: no edit of yours was sent.");
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(id, &[("tier", "gold")]));
    desk.wait(240);
    desk.customer(id, &[("tier", "gold!")]);
    desk.keys("u<enter>");
    desk.serve(&truth(id, &[("tier", "gold!")]));
    desk.wait(240);
    desk.customer(id, &[("tier", "gold")]);
    desk.keys("u");
    assert_eq!(notice(&desk), "Nothing more to undo.");
}

#[test]
fn a_key_that_calls_have_now_is_not_said_to_be_unknown_or_misspelt() {
    let mut desk = Desk::with(80, 24, call::expecting());
    call::journey(&mut desk, answers::ID);
    desk.keys("<enter>/language<enter>H");
    let asked = |desk: &mut Desk| {
        let question = desk.model.since.question.clone();
        desk.tell(Msg::SinceRead(Box::new(question), Some(Ok(None))));
        desk.keys("");
        shown(desk)
    };
    let since = asked(&mut desk);
    let text = since.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("language is on this call, and was on no stored call with flow:MainIVR."), "{since}");
    assert!(!since.contains("case-sensitive") && !since.contains("never seen"), "{since}");
    assert!(!since.contains("open "), "there is nothing to open: {since}");
    desk.keys("<enter>");
    assert_eq!(notice(&desk), "There is no call to open.");
    // Another case of a key that calls have is a fair guess.
    desk.keys("<esc><esc><esc>:since Language<enter>");
    let since = asked(&mut desk);
    assert!(since.contains("No stored call had Language on customer."), "{since}");
    assert!(since.contains("Calls here have language: keys are case-sensitive."), "{since}");
    desk.keys("<esc>:since nonsense<enter>");
    let since = asked(&mut desk);
    assert!(since.contains("No stored call had nonsense") && !since.contains("case-sensitive"), "{since}");
}

#[test]
fn the_flow_screen_shows_the_flow_of_the_selected_call() {
    let mut desk = Desk::busy(120, 36);
    let other = "00000000-9999-4000-8000-000000000001";
    let legs = || vec![leg("c", "customer", "X", &[]), leg("i", "ivr", "Billing Self Service", &[])];
    desk.call(other, 1, legs());
    desk.keys(":flow Billing Self Service<enter>");
    assert_eq!(desk.model.flow.name.as_deref(), Some("Billing Self Service"));
    desk.keys("<esc><home>");
    while desk.model.calls.selected.as_ref().is_some_and(|id| id.as_str() == other) {
        desk.keys("<down>");
    }
    desk.keys("F");
    assert_eq!((desk.model.screen, desk.model.flow.name.as_deref()), (Screen::Flow, Some("MainIVR")));
    desk.keys("<esc><enter>F");
    assert_eq!(desk.model.flow.name.as_deref(), Some("MainIVR"));
    // From a key it opens at that key, and asks the store again for what was stored since.
    super::flow_is_read(&mut desk);
    desk.keys("<esc>/customer_tier<enter>");
    desk.asked();
    desk.keys("F");
    assert_eq!(desk.model.flow.selection.as_deref(), Some("customer_tier"));
    let asks = |e: &crate::app::Effect| matches!(e, crate::app::Effect::FlowHistory(name, _) if name == "MainIVR");
    assert!(desk.asked().iter().any(asks));
    desk.keys("<esc>/account_id<enter>F");
    assert!(desk.model.flow.row().is_some(), "one that the flow does not set: its first");
}

#[test]
fn a_key_on_the_other_of_two_customers_is_said_to_be_there() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        on_flow(&mut desk, versions());
        let there = [("contract_type", "metering")];
        let legs = vec![
            leg("c1", "customer", "Dana Whitlock", &there).from("tel:+15550104402").left(),
            leg("i", "ivr", "MainIVR", &[]).left(),
            leg("c2", "customer", "Yuki Mori", &[]).from("tel:+15550104402"),
        ];
        desk.call("two-customers", 60, legs);
        desk.keys("<home>");
        while desk.model.flow.selection.as_deref() != Some("contract_type") {
            desk.keys("<down>");
        }
        if width > 80 {
            let flow = shown(&mut desk);
            assert!(flow.contains("on the other customer") && !flow.contains(" on customer"), "{flow}");
        }
        desk.keys("<enter>");
        let flow = shown(&mut desk);
        assert!(flow.contains("on the other customer") && !flow.contains("wrong participant: customer"), "{flow}");
    }
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

/// What the history store does not have is said by what it has: a reason that is not so helps nobody.
#[test]
fn why_no_stored_call_has_a_key_is_said_by_what_is_stored() {
    use crate::app::{Effect, since::StoredCalls};
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        call::journey(&mut desk, answers::ID);
        let asked = |desk: &mut Desk, calls: i64, flows: &[&str], queues: &[&str]| {
            let question = Box::new(desk.model.since.question.clone());
            desk.asked();
            desk.tell(Msg::SinceRead(question.clone(), Some(Ok(None))));
            assert_eq!(desk.asked(), [Effect::SinceStored((*question).clone())]);
            assert!(!shown(desk).contains("stored yet"), "nothing is known of that");
            desk.tell(Msg::SinceStored(question, StoredCalls { calls, flows: names(flows), queues: names(queues) }));
            words(&shown(desk))
        };
        // Set by a script, after the flow.
        desk.keys("<enter>/queue_position<enter>H");
        let since = asked(&mut desk, 1639, &["MainIVR"], &["Billing", "Sales"]);
        let first = "queue_position was on none of 1 639 stored calls with flow:MainIVR when their flow ended.";
        assert!(since.contains(first) && !since.contains("stored yet"), "{since}");
        assert!(since.contains("Here it appeared at 1:41, after the flow end (0:24)."), "{since}");
        // The conditions are met by no stored call.
        desk.keys("/<end> queue:Nope<enter>");
        let since = asked(&mut desk, 0, &["MainIVR"], &["Billing", "Sales"]);
        assert!(since.contains("No stored call of MainIVR was last in queue Nope."), "{since}");
        assert!(since.contains("Queues of stored calls: Billing, Sales."), "{since}");
        assert!(since.contains("queue_position is on this call now.") && !since.contains("stored yet"), "{since}");
        desk.keys("<esc>");
        let since = asked(&mut desk, 0, &["Mail Intake"], &[]);
        assert!(since.contains("No stored call ran MainIVR. Flows of stored calls: Mail Intake."), "{since}");
        // Really none.
        desk.keys("c").keys("<esc>");
        desk.tell(Msg::SinceStored(Box::new(desk.model.since.question.clone()), StoredCalls::default()));
        let since = words(&shown(&mut desk));
        assert!(since.contains("No call is stored yet. A call is, once its flow has ended in view."), "{since}");
    }
}

/// A key that is on somebody else is not missing for the reason for which this call lacks it.
#[test]
fn other_calls_of_why_lack_the_key_and_do_not_have_it_elsewhere() {
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        let legs = |ivr: &[(&str, &str)], from: &str| {
            let customer = leg("c", "customer", "Dana Whitlock", &[("language", "en-US")]).from(from);
            vec![customer, leg("i", "ivr", "MainIVR", ivr).left(), leg("q", "acd", "Billing", &[]).queue("q-billing")]
        };
        call::journey(&mut desk, answers::ID);
        desk.call("elsewhere", 60, legs(&[("customer_tier", "gold")], "tel:+15550104402"));
        desk.call("lacks", 50, legs(&[], "tel:+15550104403"));
        desk.call("another-cause", 40, legs(&[], "tel:+15550107710"));
        desk.wait(10_000);
        // What is known of a call is what was asked for when it was looked at.
        desk.keys(":call another-cause<enter>").wait(10);
        desk.keys("<esc>:call f037aaaa<enter>/customer_tier<enter>W").wait(10);
        desk.tell(Msg::Gathered(answers::ID.into(), Box::new(Findings(answers::found("__TIMEOUT__")))));
        desk.tell(Msg::Gathered("another-cause".into(), Box::new(Findings(answers::found("__FAILURE__")))));
        desk.wait(10);
        let why = shown(&mut desk);
        assert_eq!(desk.model.why.cell.as_ref().map(|cell| cell.conversation.as_str()), Some(answers::ID), "{why}");
        let others = why.lines().find(|line| line.contains("Other calls")).unwrap_or_default();
        assert!(others.contains("010 4403") && others.contains("lack it too"), "{width}: {others}");
        assert!(!others.contains("4402") && !others.contains("7710"), "{width}: {others}");
        assert!(!others.contains("+1 live") && !others.contains("+2"), "{width}: {others}");
    }
}

/// When a value was set is not known where it was there before anybody looked.
#[test]
fn a_value_of_first_sight_has_no_time_at_which_it_was_set() {
    let mut desk = Desk::new(200, 60);
    let id = answers::ID;
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

/// While a flow version lacks a key, each of its calls without it says so, and not the one alone by which it showed.
#[test]
fn each_call_of_a_version_that_lost_a_key_shows_it_as_missing() {
    use crate::domain::{FlowFact, FlowRun, FlowSource, Update, findings::LostKey};
    for (width, height) in answers::SIZES {
        let mut desk = Desk::with(width, height, call::expecting());
        let legs = |key: &[(&str, &str)], from: &str, ended: bool| {
            let mut with = vec![("customer_tier", "gold"), ("customer_ref", "HH-1"), ("ivr_choice", "payment")];
            with.extend_from_slice(key);
            let customer = leg("c", "customer", "Dana", &with).from(from);
            let flow = leg("i", "ivr", "MainIVR", &[]);
            let flow = if ended { flow.left() } else { flow };
            vec![customer, flow, leg("q", "acd", "Billing", &[]).queue("q-billing")]
        };
        let has = [("former_key", "yes")];
        for (id, key, from, ended, version) in [
            ("lacks-1", &[][..], "tel:+15550104401", true, "43.0"),
            ("lacks-2", &[], "tel:+15550104402", true, "43.0"),
            ("has-it", &has, "tel:+15550104403", true, "43.0"),
            ("before", &[], "tel:+15550104404", true, "42.0"),
            ("in-flow", &[], "tel:+15550104405", false, "43.0"),
        ] {
            desk.call(id, 60, legs(key, from, ended));
            let run = FlowRun {
                id: "f-MainIVR".into(),
                name: Some("MainIVR".into()),
                version: Some(version.into()),
                source: FlowSource::Event,
                participant: Some("i".into()),
            };
            desk.tell(Msg::Update(Box::new(Update::Flow(FlowFact { conversation: id.into(), run }))));
        }
        desk.wait(2_000);
        let missing = |desk: &Desk| {
            let all = desk.model.monitor.examiner.all().filter(|f| f.rule == RuleId::Missing);
            let mut all: Vec<String> = all.map(|f| f.conversation.to_string()).collect();
            all.sort();
            all
        };
        assert_eq!(missing(&desk), [""; 0]);
        let lost = LostKey {
            key: "former_key".into(),
            on: "customer".into(),
            flow: "f-MainIVR".into(),
            flow_name: "MainIVR".into(),
            version: "43".into(),
            before: "42".into(),
            had: (249, 290),
        };
        desk.tell(Msg::LostKeys(vec![lost]));
        desk.wait(10);
        assert_eq!(missing(&desk), ["lacks-1", "lacks-2"]);
        let calls = shown(&mut desk);
        let row = calls.lines().find(|line| line.contains("010 4402")).unwrap_or_default();
        assert!(row.contains("✗ 1"), "{width}: {row}\n{calls}");
        desk.keys(":call lacks-2<enter>");
        let call = shown(&mut desk);
        assert!(call.lines().next().unwrap_or_default().contains("✗ 1 missing"), "{width}\n{call}");
        let row = call.lines().find(|line| line.contains("former_key")).unwrap_or_default();
        assert!(row.contains("✗ missing"), "{width}\n{call}");
        if height > 24 {
            assert!(call.contains("since MainIVR v43: 249"), "{width}\n{call}");
        }
        let first = desk.model.call.as_ref().map(|call| call.id.clone());
        desk.keys("]").wait(10);
        let other = desk.model.call.as_ref().map(|call| call.id.clone());
        assert!(
            other != first && other.is_some_and(|id| id.as_str() == "lacks-1"),
            "the next finding is of the other call"
        );
        // Presence has come back.
        desk.tell(Msg::LostKeys(Vec::new()));
        desk.wait(10);
        assert_eq!(missing(&desk), [""; 0]);
    }
}

/// Of several actions that set a key none is named before it is known which one ran.
#[test]
fn the_action_that_set_a_key_is_the_one_that_ran() {
    let mut desk = Desk::with(200, 60, call::expecting());
    let customer =
        |attributes: &[(&str, &str)]| leg("c", "customer", "Dana", attributes).from("tel:+15550108861").there(0, None);
    desk.call(answers::ID, 0, vec![customer(&[]), leg("i", "ivr", "MainIVR", &[]).there(0, None)]);
    desk.wait(14_000);
    let queue = leg("q", "acd", "Billing", &[]).queue("q-billing").there(24, None);
    let legs = vec![customer(&[("lookup", "timeout")]), leg("i", "ivr", "MainIVR", &[]).there(0, Some(24)), queue];
    desk.call(answers::ID, 0, legs);
    desk.wait(14_000);
    desk.tell(Msg::FlowRead("MainIVR".into(), Ok(versions())));
    desk.keys("<enter>").wait(10);
    let by = |desk: &Desk| {
        let call = desk.model.call.as_ref().expect("a call");
        let items = call.also.as_ref().expect("keys of the flow").items.iter();
        items.clone().find(|item| item.key.as_str() == "lookup").expect("the key").note.clone()
    };
    assert_eq!(by(&desk), None);
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(Findings(answers::found("__TIMEOUT__")))));
    desk.wait(10);
    assert_eq!(by(&desk).as_deref(), Some("Note timeout"));
}
