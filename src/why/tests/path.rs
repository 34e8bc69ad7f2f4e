//! Where the path parted from the setter: tasks, menus, setters to which nothing leads, the version before.

use super::*;

/// Two tasks: a menu's choice leads from the first to the second, in which the key is set.
fn menu_flow() -> Value {
    let literal = |text: &str| json!({"config": {"lit": {"text": text, "type": "str"}}, "text": text, "type": "str", "uiMetaData": {"mode": 1}});
    let set = |n: usize, key: &str| {
        json!({"__type": "SetAttributesAction", "id": id(n), "name": format!("Step {n}"), "trackingId": n,
            "variables": [{"variable": literal(key), "expression": literal("x")}]})
    };
    let jump =
        json!({"__type": "CallTaskAction", "id": id(2), "name": "Call", "trackingId": 2, "taskId": "t", "paths": []});
    let decide = json!({"__type": "DecisionAction", "id": id(1), "name": "Choice", "trackingId": 1,
        "expression": {"text": "Flow.X", "type": "bln", "uiMetaData": {"mode": 0}, "config": {"ref": {"text": "Flow.X", "type": "bln", "val": "v"}}},
        "paths": [path("__YES__", "Yes", Some(id(2))), path("__NO__", "No", Some(id(3)))]});
    json!({
        "name": "Made", "type": "inboundcall", "initialSequence": "s", "nextTrackingNumber": 999,
        "variables": [{"id": "v", "name": "Flow.X", "__type": "BoolVariable"}],
        "flowSequenceItemList": [
            {"__type": "Task", "id": "s", "name": "Start", "trackingId": 9999, "startAction": id(1), "actionList": [decide, jump, set(3, "other")]},
            {"__type": "Task", "id": "t", "name": "Billing", "trackingId": 9998, "startAction": id(4), "actionList": [set(4, "tier")]},
        ],
    })
}

#[test]
fn a_task_that_was_never_entered_names_what_led_elsewhere() {
    let definition = read(&menu_flow().to_string()).unwrap();
    let entries = vec![
        json!({"actionDecision": {"actionId": id(1), "outputPathId": "__NO__"}}),
        json!({"actionSetParticipantData": {"actionId": id(3), "inputData": {"attributes": [{"inputName": "other", "value": "x"}]}}}),
    ];
    let run = execution::read(&document(entries)).unwrap();
    let flows = [GatheredRun { definition: Some(definition.into()), run: Some(run.into()), ..GatheredRun::default() }];
    let answer = tier(&[("other", "x")], &flows);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Executed));
    assert!(answer.cause.contains("because Choice (action 1) took its output"), "{}", answer.cause);
    let path: Vec<&str> = answer.branch.iter().map(|step| step.action.name.as_str()).collect();
    assert_eq!(path, ["Choice", "Call", "Step 4"], "{answer:#?}");
    assert!(!answer.evidence.is_empty());
}

/// The sample's flow: a lookup, a menu, and a task with a decision before the setter of `priority`.
#[test]
fn a_menu_that_led_elsewhere_is_named_with_its_choice() {
    let definition = std::sync::Arc::new(read(include_str!("../../../assets/flows/main-ivr.json")).unwrap());
    let entry_of = |name: &str, kind: &str, second: usize, more: Value| {
        let mut body = more;
        body["actionId"] = json!(definition.actions[definition.find(name).unwrap()].id);
        body["dateTime"] = json!(format!("2026-11-20T14:02:{second:02}.000Z"));
        json!({ kind: body })
    };
    let begin = |last: Vec<Value>| {
        let mut all = vec![
            entry_of("Welcome", "actionPlayAudio", 1, json!({})),
            entry_of("Find customer", "actionCallData", 2, json!({"outputPathId": "__SUCCESS__"})),
            entry_of("Keep tier", "actionSetParticipantData", 3, json!({"inputData": {"attributes": []}})),
            json!({"menuMenu": {"dateTime": "2026-11-20T14:02:04.000Z"}}),
        ];
        all.extend(last);
        document(all)
    };
    let asked = |document: &Value| {
        let flows = [GatheredRun {
            definition: Some(std::sync::Arc::clone(&definition)),
            run: Some(execution::read(document).unwrap().into()),
            ..GatheredRun::default()
        }];
        let mut call = snapshot("c", vec![participant("p", "customer", &[])]);
        call.started = Some("2026-11-20T14:02:00Z".parse().unwrap());
        let entry = entry([call]);
        let question = WhyQuestion { key: "priority".to_owned(), on: "customer".to_owned() };
        explain(&question, &KnownCall { conversation: &entry.conversation, changes: &[], flows: &flows })
    };
    let goodbye = asked(&begin(vec![entry_of("Goodbye", "actionDisconnect", 7, json!({}))]));
    assert_eq!((goodbye.verdict, goodbye.certainty), (Verdict::Missing, Certainty::Executed));
    let told = "because Main Menu (action 25) took 9: Goodbye and the run went on to Goodbye (action 24) at 0:07.";
    assert!(goodbye.cause.ends_with(told), "{}", goodbye.cause);
    let path = |answer: &WhyAnswer| -> Vec<(String, Option<String>, Option<String>)> {
        let step = |step: &answer::PathStep| (step.action.name.clone(), step.needed.clone(), step.taken.clone());
        answer.branch.iter().map(step).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        path(&goodbye),
        [
            ("Main Menu".to_owned(), some("1: Billing"), some("9: Goodbye")),
            ("Gold caller?".to_owned(), some("yes"), None),
            ("Raise priority".to_owned(), None, None)
        ]
    );
    // Hung up in the menu, before the lookup, and ended by an error.
    let cut = |reason: &str, entries: &[Value]| {
        let mut whole = document(entries.to_vec());
        whole.pointer_mut("/flow/execution").unwrap().as_array_mut().unwrap().last_mut().unwrap()["endedFlow"]["flowExitReason"] =
            json!(reason);
        asked(&whole)
    };
    let all = begin(Vec::new())["flow"]["execution"].as_array().unwrap().clone();
    let menu = json!({"menuMenu": {"trackingId": 25, "dateTime": "2026-11-20T14:02:04.000Z"}});
    let hung = cut("DISCONNECT", &[all[0].clone(), all[1].clone(), all[2].clone(), menu]);
    assert_eq!((hung.verdict, hung.certainty), (Verdict::Missing, Certainty::Executed), "{}", hung.cause);
    assert!(
        hung.cause.contains("because the call was disconnected at 1:00, at Main Menu (action 25), before a choice was taken (DISCONNECT)"),
        "{}",
        hung.cause
    );
    let step = hung.branch.iter().find(|step| step.action.name == "Main Menu").unwrap();
    assert_eq!((step.executed, step.taken.as_deref()), (Some(true), None));
    let early = cut("DISCONNECT", &all[..1]);
    assert!(early.cause.contains("because the call was disconnected at 1:00, at Welcome"), "{}", early.cause);
    assert!(early.remedy.as_deref().is_some_and(|remedy| remedy.starts_with("nothing in the flow")), "{early:#?}");
    let mut lookup = all[1].clone();
    strike(&mut lookup, &["outputPathId"]);
    let failed = cut("FLOW_ERROR_DISCONNECT", &[all[0].clone(), lookup.clone()]);
    assert!(
        failed.cause.contains("because the flow ended with an error at 1:00, at Find customer"),
        "{}",
        failed.cause
    );
    assert!(failed.remedy.as_deref().is_some_and(|remedy| remedy.contains("look at why Find customer")), "{failed:#?}");
    // Which output it took need not be recorded, and the flow may have ended behind it.
    let untold = cut("DISCONNECT", &[all[0].clone(), lookup]);
    assert!(!untold.cause.contains("disconnected"), "{}", untold.cause);
    let evidence: Vec<&str> = goodbye.evidence.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(evidence, ["Main Menu (action 25) took 9: Goodbye: the run went on to Goodbye (action 24)"]);
    // In the task, the menu is on the path, and the decision is the cause.
    let silver = asked(&begin(vec![
        entry_of("Choice billing", "actionSetParticipantData", 6, json!({})),
        entry_of("Gold caller?", "actionDecision", 7, json!({"outputPathId": "__NO__"})),
        entry_of("To billing", "actionTransferToAcd", 8, json!({})),
    ]));
    assert!(silver.cause.contains("because Gold caller? (action 19) took its output no at 0:07"), "{}", silver.cause);
    assert_eq!(
        path(&silver)[..2],
        [("Main Menu".to_owned(), some("1: Billing"), None), ("Gold caller?".to_owned(), some("yes"), some("no"))]
    );
}

/// A setter to which no path leads is no cause.
#[test]
fn a_setter_that_nothing_leads_to_is_said_to_be_one() {
    let list = vec![Node::Decide(1, vec![Node::Leave(2)], vec![Node::Leave(3)]), Node::Set(4, "tier")];
    let entries = vec![
        json!({"actionDecision": {"actionId": id(1), "outputPathId": "__YES__"}}),
        json!({"actionDisconnect": {"actionId": id(2)}}),
    ];
    for flow in [
        flow_run(&list, &document(entries)),
        GatheredRun { definition: flow_run(&list, &document(Vec::new())).definition, ..GatheredRun::default() },
    ] {
        let answer = tier(&[], &[flow]);
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static));
        assert!(answer.cause.contains("no path of") && answer.cause.contains("leads to Step 4"), "{}", answer.cause);
    }
}

#[test]
fn the_version_before_is_named_where_it_set_the_key() {
    let before = read(&definition(&lookup_flow()).to_string()).unwrap();
    let now = read(&definition(&[Node::Leave(1)]).to_string()).unwrap();
    let name = answer::FlowName { id: "f".to_owned(), name: "F".to_owned(), version: "43".to_owned() };
    let flow = GatheredRun { name, definition: Some(now.into()), ..GatheredRun::default() };
    let plain = tier(&[], std::slice::from_ref(&flow));
    assert!(plain.cause.contains("no action of F v43 sets it"), "{}", plain.cause);
    let told = tier(&[], &[GatheredRun { earlier: Some(("42".to_owned(), before.into())), ..flow }]);
    assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Static));
    let cause = "tier is not there: F v42 sets it by Step 2 (action 2); v43, which this call ran, does not.";
    assert_eq!(told.cause, cause);
    assert_eq!(told.evidence.len(), 2);
}

#[test]
fn a_value_that_one_action_alone_writes_tells_the_path_without_a_record() {
    let mut flow = definition(&lookup_flow());
    let actions = flow.pointer_mut("/flowSequenceItemList/0/actionList").unwrap().as_array_mut().unwrap();
    for action in actions.iter_mut().filter(|action| action["id"] == json!(id(3))) {
        action["variables"][0]["expression"]["config"]["lit"]["text"] = json!("timeout");
    }
    let flows = |running: bool| {
        [GatheredRun { definition: Some(read(&flow.to_string()).unwrap().into()), running, ..GatheredRun::default() }]
    };
    let told = tier(&[("other", "timeout")], &flows(false));
    assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Static));
    assert!(told.cause.contains("which took timeout: other has the value that only Step 3"), "{}", told.cause);
    let other = tier(&[("other", "somebody's")], &flows(false));
    assert!(other.cause.contains("which path the call took is not recorded"), "{}", other.cause);
    assert!(other.remedy.unwrap().contains("switch on execution data"));
    // In a flow that still runs what can no longer be reached will not come; the rest may.
    let running = tier(&[("other", "timeout")], &flows(true));
    assert!(running.cause.contains("which took timeout: other has the value that only Step 3"), "{}", running.cause);
    let running = tier(&[], &flows(true));
    assert!(running.cause.contains("still running") && running.remedy.is_none(), "{}", running.cause);
    for (why, part) in [
        (cause::NoRecord::Forbidden, "permission"),
        (cause::NoRecord::Unread, "ask again"),
        (cause::NoRecord::Late, "look again in a while"),
    ] {
        let [flow] = flows(false);
        let answer = tier(&[], &[GatheredRun { no_record: why, ..flow }]);
        assert!(answer.remedy.as_deref().is_some_and(|remedy| remedy.contains(part)), "{answer:#?}");
    }
}

/// Two choices of a menu, each with a task of its own.
const CHOICES: &str = "inboundCall:
  name: M
  startUpRef: \"/inboundCall/menus/menu[Main_1]\"
  menus:
    - menu:
        name: Main
        refId: Main_1
        choices:
          - menuTask:
              name: A
              dtmf: digit_1
              task:
                actions:
                  - setParticipantData:
                      name: Set choice
                      attributes:
                        - attribute: {name: {lit: choice}, value: {lit: new}}
          - menuTask:
              name: B
              dtmf: digit_2
              task:
                actions:
                  - setParticipantData:
                      name: Set tier
                      attributes:
                        - attribute: {name: {lit: tier}, value: {lit: gold}}
";

#[test]
fn without_a_record_a_value_shows_the_choice_in_a_menu() {
    let definition = std::sync::Arc::new(read(CHOICES).unwrap());
    for running in [false, true] {
        let flows =
            [GatheredRun { definition: Some(std::sync::Arc::clone(&definition)), running, ..GatheredRun::default() }];
        let told = tier(&[("choice", "new")], &flows);
        assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Static));
        let part =
            "is behind the output 2: B of Main, which took 1: A: choice has the value that only Set choice writes";
        assert!(told.cause.contains(part), "{}", told.cause);
        assert_eq!(told.branch.first().map(|step| step.action.name.as_str()), Some("Main"), "{told:#?}");
        let open = tier(&[("choice", "other")], &flows);
        assert!(!open.cause.contains("which took"), "{}", open.cause);
    }
    // What a called task sets comes before what stands behind the call.
    let mut flow = menu_flow();
    flow["flowSequenceItemList"][0]["actionList"][1]["nextAction"] = json!(id(3));
    let flows = [GatheredRun { definition: Some(read(&flow.to_string()).unwrap().into()), ..GatheredRun::default() }];
    let told = tier(&[("other", "x")], &flows);
    assert!(!told.cause.contains("which took"), "{}", told.cause);
}

#[test]
fn the_version_before_would_not_have_helped_on_another_path() {
    let before = || read(&definition(&lookup_flow()).to_string()).unwrap();
    let mut now = lookup_flow();
    let Node::Ask(_, lists) = &mut now[0] else { panic!() };
    lists[0].clear();
    let flow = |entries: Vec<Value>| GatheredRun {
        earlier: Some(("2".to_owned(), before().into())),
        ..flow_run(&now, &document(entries))
    };
    let told = tier(&[], &[flow(timed_out())]);
    assert!(
        told.cause.contains(
            "v2 did by Step 2 (action 2), but not on the path that this call took: Step 1 (action 1) took timeout"
        ),
        "{}",
        told.cause
    );
    assert_eq!(told.certainty, Certainty::Static);
    let passed = vec![
        json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}}),
        json!({"actionDisconnect": {"actionId": id(4)}}),
    ];
    let told = tier(&[], &[flow(passed)]);
    assert!(
        told.cause.contains("F v2 sets it by Step 2 (action 2); v3, which this call ran, does not"),
        "{}",
        told.cause
    );
}

#[test]
fn a_call_that_ended_before_the_setter_names_the_end() {
    let success = || vec![json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}})];
    let answer = tier(&[], &[flow_run(&lookup_flow(), &document(success()))]);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Executed), "{}", answer.cause);
    assert!(answer.cause.contains("the call was disconnected"), "{}", answer.cause);
    assert!(answer.remedy.unwrap().starts_with("nothing in the flow"));
    // By an output that leads past the setter the flow itself may have ended.
    let failure = vec![json!({"actionCallData": {"actionId": id(1), "outputPathId": "__FAILURE__"}})];
    let answer = tier(&[], &[flow_run(&lookup_flow(), &document(failure))]);
    assert!(!answer.cause.contains("the call was disconnected"), "{}", answer.cause);
}
