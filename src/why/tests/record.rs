//! What a record of a run proves, and what it does not.

use super::*;

#[test]
fn a_record_that_lists_no_actions_proves_nothing() {
    let whole = tier(&[], &[flow_run(&lookup_flow(), &document(timed_out()))]);
    assert_eq!((whole.verdict, whole.certainty), (Verdict::Missing, Certainty::Executed));
    let info = |info: Value| {
        let mut document = document(timed_out());
        document["flow"]["executionInfo"] = info;
        document
    };
    let off = json!({"logLevel": "all", "characteristics": {"flowExecutionItems": false}});
    for document in [info(off), info(json!({"logLevel": "disabled"})), document(Vec::new())] {
        let answer = tier(&[], &[flow_run(&lookup_flow(), &document)]);
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static), "{document}");
        assert!(answer.branch.iter().all(|step| step.executed.is_none()), "{answer:#?}");
        assert!(answer.remedy.unwrap().contains("list its actions"), "{document}");
    }
}

#[test]
fn a_run_of_another_flow_that_could_not_be_read_leaves_a_doubt() {
    let first = || flow_run(&lookup_flow(), &document(timed_out()));
    let setter = [Node::Decide(1, vec![Node::Set(2, "tier")], Vec::new())];
    let harmless = [Node::Set(1, "other")];
    let mut cut = document(Vec::new());
    cut["flow"]["isTruncated"] = json!(true);
    let unread = |list: &[Node]| GatheredRun { run: None, ..flow_run(list, &cut) };
    let undefined = GatheredRun { definition: None, ..unread(&setter) };
    for second in [unread(&setter), flow_run(&setter, &cut), undefined] {
        let answer = tier(&[], &[first(), second]);
        assert_eq!((answer.verdict, answer.certainty), (Verdict::Missing, Certainty::Static));
        assert!(answer.cause.contains("the record of the run of F"), "{}", answer.cause);
    }
    let answer = tier(&[], &[first(), unread(&harmless)]);
    assert_eq!(answer.certainty, Certainty::Executed, "that flow sets no such key");
}

#[test]
fn a_value_that_is_no_text_is_not_compared_and_one_that_is_not_set_is_said() {
    let flows = |value: Value| [flow_run(&lookup_flow(), &set_to(&value))];
    for (recorded, there) in [
        (json!({"raw": "5550123", "e164": "+13175550123", "uri": "tel:+13175550123"}), "tel:+13175550123"),
        (json!(120.5), "120.50"),
        (json!(true), "True"),
        (json!(["a", "b"]), "a,b"),
        (json!("2026-11-20T14:02:00Z"), "2026-11-20T14:02:00.000Z"),
    ] {
        let answer = tier(&[("tier", there)], &flows(recorded));
        assert_eq!((answer.verdict, answer.remedy), (Verdict::Present, None), "{there}");
    }
    let other = tier(&[("tier", "silver")], &flows(json!("gold")));
    assert_eq!((other.verdict, other.certainty), (Verdict::Overwritten, Certainty::Static), "on whom is not recorded");
    let null = tier(&[], &flows(Value::Null));
    assert_eq!((null.verdict, null.certainty), (Verdict::Missing, Certainty::Executed));
    assert!(null.cause.contains("ran with a value that is not set"), "{}", null.cause);
    let null = tier(&[("tier", "gold")], &flows(Value::Null));
    assert_eq!((null.verdict, null.certainty), (Verdict::Present, Certainty::Unknown), "{}", null.cause);
}

#[test]
fn behind_the_end_of_a_cut_record_nothing_is_said_of_actions() {
    let mut cut = document(timed_out()[..0].to_vec());
    cut["flow"]["execution"] = json!([{"actionPlayAudio": {"actionId": id(9)}}]);
    cut["flow"]["isTruncated"] = json!(true);
    let answer = tier(&[("tier", "gold")], &[flow_run(&lookup_flow(), &cut)]);
    assert_eq!(answer.verdict, Verdict::Present);
    assert!(!answer.branch.is_empty() && answer.branch.iter().all(|step| step.executed.is_none()), "{answer:#?}");
    let missing = tier(&[], &[flow_run(&lookup_flow(), &cut)]);
    assert_eq!(missing.certainty, Certainty::Static);
}

#[test]
fn an_output_that_is_not_recorded_is_inferred_from_what_ran_or_unknown() {
    let mut entries = timed_out();
    strike(&mut entries[0], &["outputPathId"]);
    let inferred = tier(&[], &[flow_run(&lookup_flow(), &document(entries.clone()))]);
    assert_eq!(inferred.certainty, Certainty::Executed);
    assert!(inferred.cause.contains("took its output timeout"), "{}", inferred.cause);
    entries.remove(1);
    let unknown = tier(&[], &[flow_run(&lookup_flow(), &document(entries))]);
    assert_eq!(unknown.certainty, Certainty::Static);
    assert!(unknown.cause.contains("is not recorded"), "{}", unknown.cause);
}

#[test]
fn of_a_key_that_no_recorded_action_set_it_is_said_that_none_did() {
    let answer = tier(&[("tier", "gold")], &[flow_run(&lookup_flow(), &document(timed_out()))]);
    assert_eq!((answer.verdict, answer.certainty), (Verdict::Present, Certainty::Static));
    assert!(answer.cause.contains("but did not by the record"), "{}", answer.cause);
}

#[test]
fn an_action_that_ran_and_whose_entry_does_not_list_the_key_was_not_passed_by() {
    let ran = |input: Value| {
        let mut entry = json!({"actionId": id(2)});
        if !input.is_null() {
            entry["inputData"] = input;
        }
        let entries = vec![
            json!({"actionCallData": {"actionId": id(1), "outputPathId": "__SUCCESS__"}}),
            json!({"actionSetParticipantData": entry}),
            json!({"actionDisconnect": {"actionId": id(4)}}),
        ];
        [flow_run(&lookup_flow(), &document(entries))]
    };
    let other = json!({"attributes": [{"inputName": "other", "value": "x"}]});
    for input in [other, json!({"attributes": []}), json!({"valueIsTooLarge": true}), Value::Null] {
        let gone = tier(&[], &ran(input.clone()));
        assert_eq!((gone.verdict, gone.certainty), (Verdict::Missing, Certainty::Static), "{input}: {}", gone.cause);
        assert!(gone.cause.contains(" ran") && gone.cause.contains("not recorded"), "{input}: {}", gone.cause);
        let there = tier(&[("tier", "gold")], &ran(input.clone()));
        assert_eq!(there.verdict, Verdict::Present);
        assert!(!there.cause.contains("another program"), "{input}: {}", there.cause);
    }
}

#[test]
fn an_action_of_a_common_module_is_the_module_s() {
    let nested = json!([{"actionSetParticipantData": {"actionId": "m", "actionName": "Mod Set", "trackingId": 2,
        "inputData": {"attributes": [{"inputName": "tier", "value": "gold"}]}}}]);
    let call = json!({"commonModule": {"flowId": "mod", "flowName": "Mod", "flowVersion": "1.0"}});
    let entries = vec![
        json!({"actionCallCommonModule": {"actionId": "c", "inputData": call, "execution": nested}}),
        json!({"actionCallData": {"actionId": id(1), "outputPathId": "__TIMEOUT__"}}),
        json!({"actionDisconnect": {"actionId": id(4)}}),
    ];
    let flows = [flow_run(&lookup_flow(), &document(entries))];
    for (there, part) in
        [(&[("tier", "gold")][..], "Mod Set (action 2) of Mod v1 set it"), (&[], "set by Mod Set (action 2) of Mod v1")]
    {
        let told = tier(there, &flows);
        assert!(told.cause.contains(part), "{}", told.cause);
        assert_eq!(told.flow.as_ref().map(|flow| flow.name.as_str()), Some("Mod"), "{told:#?}");
        assert!(told.evidence.iter().any(|one| one.text.contains("of Mod v1")), "{told:#?}");
    }
}

#[test]
fn what_stands_in_a_cut_record_was_executed() {
    let mut cut = set_to(&json!("x"));
    cut["flow"]["isTruncated"] = json!(true);
    let told = tier(&[("tier", "x")], &[flow_run(&lookup_flow(), &cut)]);
    assert_eq!((told.verdict, told.certainty), (Verdict::Present, Certainty::Executed), "{}", told.cause);
    // Another action may have written it behind the cut.
    let mut more = lookup_flow();
    more.insert(1, Node::Set(9, "tier"));
    let told = tier(&[("tier", "x")], &[flow_run(&more, &cut)]);
    assert_eq!(told.certainty, Certainty::Static, "{}", told.cause);
}

#[test]
fn a_record_that_names_all_keys_needs_no_definition() {
    let undefined = |document: &Value| [GatheredRun { definition: None, ..flow_run(&lookup_flow(), document) }];
    let told = tier(&[], &undefined(&document(timed_out())));
    assert_eq!((told.verdict, told.certainty), (Verdict::Missing, Certainty::Executed), "{}", told.cause);
    assert!(told.cause.contains("no action of the run of F v3 set it"), "{}", told.cause);
    let mut cut = document(timed_out());
    cut["flow"]["isTruncated"] = json!(true);
    assert_eq!(tier(&[], &undefined(&cut)).certainty, Certainty::Unknown);
}

/// Seen: each was said to be executed, and a healthy call was accused.
#[test]
fn a_record_that_does_not_fit_the_definition_proves_nothing() {
    let without = |names: &[&str], entries: Vec<Value>| {
        let mut document = document(entries);
        strike(&mut document, names);
        document
    };
    let mut upper = document(timed_out());
    let mut two_kinds = document(timed_out());
    let mut stranger = document(timed_out());
    for entry in upper["flow"]["execution"].as_array_mut().unwrap() {
        for body in entry.as_object_mut().unwrap().values_mut().filter(|body| body.get("actionId").is_some()) {
            body["actionId"] = json!(body["actionId"].as_str().unwrap().replace('0', "A"));
        }
    }
    two_kinds["flow"]["execution"][1]["actionPlayAudio"] = json!({"actionId": id(3)});
    stranger["flow"]["execution"][1]["actionSetParticipantData"] = json!({"actionId": "zz", "trackingId": 3});
    let mut contradiction = document(timed_out());
    contradiction["flow"]["execution"][0]["actionCallData"]["outputPathId"] = json!("__SUCCESS__");
    for document in [without(&["actionId"], timed_out()), upper, two_kinds, stranger, contradiction] {
        let answer = tier(&[], &[flow_run(&lookup_flow(), &document)]);
        assert_eq!(answer.verdict, Verdict::Missing);
        assert!(answer.certainty > Certainty::Executed, "{}\n{document:#}", answer.cause);
        assert!(!answer.cause.contains("was never set: action"), "{}", answer.cause);
    }
    // The setter's own entry cannot be matched: it may have set what is there.
    let mut healthy = set_to(&json!("gold"));
    healthy["flow"]["execution"][1]["actionSetParticipantData"] = json!({});
    let answer = tier(&[("tier", "gold")], &[flow_run(&lookup_flow(), &healthy)]);
    assert!(!answer.cause.contains("did not by the record"), "{}", answer.cause);
    assert_eq!(answer.verdict, Verdict::Present);
}
