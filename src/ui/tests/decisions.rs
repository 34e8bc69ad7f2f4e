//! What decides whether a key is set, and which of its ways the recorded runs took.

use super::{answers, call, flow_calls::on_flow, shown};
use crate::app::{Msg, flow::Definition, testing::Desk, why::FoundFlows};
use crate::why::{Gathered, GatheredRun, Leads, answer::FlowName, execution};
use serde_json::json;

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
pub(super) fn pressed_one() -> Gathered {
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
    let flow =
        GatheredRun { name, definition: Some(definition.into()), run: Some(run.into()), ..GatheredRun::default() };
    Gathered { flows: vec![flow], notes: Vec::new() }
}

/// Moves the selection of the Flow screen to this key.
pub(super) fn select(desk: &mut Desk, key: &str) {
    desk.keys("<home>");
    while desk.model.flow.selection.as_deref() != Some(key) {
        let before = desk.model.flow.selection.clone();
        desk.keys("<down>");
        assert_ne!(before, desk.model.flow.selection, "{key} is in the list");
    }
}

#[test]
fn a_branch_that_decides_nothing_is_no_cause_and_menu_choices_are_counted() {
    let mut desk = Desk::with(120, 36, call::expecting());
    call::journey(&mut desk, answers::ID);
    on_flow(&mut desk, Definition::read(MENU, None).expect("a flow"));
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(pressed_one()))));
    select(&mut desk, "balance_due");
    let decisions = desk.model.flow.decisions.clone();
    let names: Vec<&str> = decisions.iter().map(|decision| decision.action.as_str()).collect();
    assert_eq!(names, ["Main Menu"], "the lookup leads to the menu whatever it answers");
    let taken: Vec<_> = decisions[0].outputs.iter().map(|output| (output.calls, output.leads)).collect();
    assert_eq!(taken, [(1, Leads::Surely), (0, Leads::Nowhere)]);
    select(&mut desk, "customer_tier");
    assert_eq!(desk.model.flow.decisions[0].action, "Find customer");
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
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(gathered.clone()))));
    desk.keys("<home>");
    select(&mut desk, "balance_due");
    let text = shown(&mut desk);
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
    desk.tell(Msg::Gathered(answers::ID.into(), Box::new(FoundFlows(gathered))));
    desk.keys("<down>");
    select(&mut desk, "balance_due");
    let text = shown(&mut desk);
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
