//! What is said of a payload, and that what is right has nothing said against it.

mod known;
mod read;

use super::*;

fn found(text: &str, target: PayloadTarget) -> Vec<(&'static str, &'static str)> {
    judge(&explain(text).unwrap(), target).iter().map(|finding| (finding.rule, finding.severity.as_str())).collect()
}

fn worst(text: &str, target: PayloadTarget) -> Option<Severity> {
    judge(&explain(text).unwrap(), target).iter().map(|finding| finding.severity).max()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    explain(text).unwrap().pairs.into_iter().map(|pair| (pair.key, pair.value)).collect()
}

/// Payload, target, what must be said, what must not.
type Case = (&'static str, PayloadTarget, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn payloads_of_tutorials_and_threads_get_their_own_answer() {
    use PayloadTarget::{Any, Api, Architect, Cxone};
    const W: &str = "wrapped-payload";
    let cases: &[Case] = &[
        (r#"{"customer_tier":"gold"}"#, Any, &[("form", "info")], &[W, "not-a-string", "case-mismatch"]),
        (r#"{"customer_tier":"gold"}"#, Api, &[("wrong-form", "error")], &["form", W]),
        (r#"{"customer_tier":"gold"}"#, Architect, &[("form", "info")], &["wrong-form", W]),
        (r#"{"attributes":{"customer_tier":"gold"}}"#, Any, &[("form", "info")], &[W, "wrong-form"]),
        (r#"{"attributes":{"customer_tier":"gold"}}"#, Api, &[("form", "info")], &[W, "wrong-form"]),
        (r#"{"attributes":{"customer_tier":"gold"}}"#, Architect, &[("wrong-form", "error")], &[W]),
        (r#"{"data":{"customer_tier":"gold"}}"#, Any, &[(W, "error")], &["form", "participant-id-in-body"]),
        (
            r#"{"participantId":"p","data":{"k":"v"}}"#,
            Any,
            &[(W, "error"), ("participant-id-in-body", "error")],
            &["form", "beside-the-map"],
        ),
        (
            r#"{"participantId":"p","customer_tier":"gold"}"#,
            Any,
            &[("form", "info"), ("participant-id-in-body", "error")],
            &[W, "beside-the-map"],
        ),
        (r#"{"participantId":"p","attributes":{"k":"v"}}"#, Api, &[("participant-id-in-body", "error")], &[W]),
        (
            r#"{"attributes":{"tier":"{{lookup_result.tier}}"}}"#,
            Any,
            &[("unresolved-template", "error")],
            &[W, "template-namespace"],
        ),
        (r#"{"tier":"${tier}"}"#, Any, &[("unresolved-template", "error")], &[]),
        (r#"{"{{key}}":"v"}"#, Any, &[("unresolved-template", "error")], &["key-characters"]),
        (r#"{"attributes":{"count":42}}"#, Any, &[("not-a-string", "error")], &[W]),
        (r#"{"attributes":{"vip":true}}"#, Any, &[("not-a-string", "error")], &[]),
        (r#"{"attributes":{"vip":null}}"#, Any, &[("not-a-string", "error")], &["blank"]),
        (r#"{"attributes":{"address":{"city":"x"}}}"#, Any, &[("not-a-string", "error")], &[W]),
        (r#"{"attributes":{"data":{"k":"v"},"x":"y"}}"#, Any, &[(W, "error")], &[]),
        (r#"{"attributes":{"data":{"k":"v"}}}"#, Any, &[(W, "error")], &["not-a-string"]),
        (r#"{"IVR_Choice":"1"}"#, Any, &[("case-mismatch", "info")], &["near-miss"]),
        (r#"{"ivr_choice":"1","IVR_Choice":"2"}"#, Any, &[("case-mismatch", "warn")], &["duplicate-key"]),
        (r#"{"k":"1","k":"2"}"#, Any, &[("duplicate-key", "error")], &["case-mismatch"]),
        (
            r#"{"context.email":"a@b.c"}"#,
            Any,
            &[("dotted-key", "info"), ("system-prefix-edited", "warn")],
            &["key-characters"],
        ),
        (
            r#"{"Account Balance":"1"}"#,
            Any,
            &[("key-characters", "info")],
            &["dotted-key", "near-miss", "case-mismatch"],
        ),
        (r#"{" tier":"gold"}"#, Any, &[("near-miss", "warn")], &[]),
        ("{\"ti\u{200b}er\":\"gold\"}", Any, &[("near-miss", "warn")], &[]),
        (r#"{"":"x"}"#, Any, &[("empty-key", "error")], &[]),
        (r#"{"k":""}"#, Any, &[("blank", "info")], &["unresolved-template"]),
        (r#"{"k":"undefined"}"#, Any, &[("unresolved-template", "warn")], &[]),
        (r#"{"k":"[object Object]"}"#, Any, &[("unresolved-template", "warn")], &[]),
        ("{}", Any, &[("empty-payload", "warn")], &[]),
        (r#"{"attributes":{}}"#, Any, &[("empty-payload", "warn")], &[]),
        (r#"{"attributes":{"k":"v"},"version":1}"#, Any, &[("beside-the-map", "error")], &[W]),
        (r#""{\"k\":\"v\"}""#, Any, &[("double-encoded", "error")], &[]),
        (r#"{"k":"{\"data\": {\"a\":\"b\"}}"}"#, Any, &[(W, "warn")], &[]),
        (r#"{"data":{"k":1}}"#, Cxone, &[("unverified", "info"), (W, "info"), ("not-a-string", "info")], &[]),
        (
            r#"{"id":"a","type":"setParticipantData","settings":{"key":"tier","value":"{{lookup_result.tier}}"},"nextActionId":"b"}"#,
            Any,
            &[("tutorial-flow-action", "error"), ("unresolved-template", "error")],
            &[W, "not-a-string"],
        ),
        (
            r#"{"__type":"SetAttributesAction","id":"a","variables":[{"variable":{"text":"\"tier\""},"expression":{"text":"Flow.Tier"}}]}"#,
            Any,
            &[("form", "info")],
            &["tutorial-flow-action", "unresolved-template", "not-a-string"],
        ),
        (
            "- setParticipantData:\n    name: Set\n    attributes:\n      - attribute:\n          name:\n            lit: tier\n          value:\n            exp: Flow.Tier",
            Any,
            &[("form", "info")],
            &["tutorial-flow-action"],
        ),
    ];
    for (text, target, must, must_not) in cases {
        let found = found(text, *target);
        for one in *must {
            assert!(found.contains(one), "{text} for {target:?}: {one:?} is missing in {found:?}");
        }
        for rule in *must_not {
            assert!(!found.iter().any(|(id, _)| id == rule), "{text} for {target:?}: {rule} in {found:?}");
        }
    }
}

#[test]
fn a_participant_id_among_flat_keys_is_no_key() {
    let explained = explain(r#"{"participantId":"p","customer_tier":"gold"}"#).unwrap();
    let settable = explained.settable().unwrap();
    assert_eq!(settable.pairs, [("customer_tier".to_owned(), "gold".to_owned())]);
    assert!(settable.notes.iter().any(|note| note.contains("participantId p")), "{:?}", settable.notes);
    assert_eq!(explained.flat().0.keys().collect::<Vec<_>>(), ["customer_tier"]);
    // Within the body's own map it is a key like any other.
    assert_eq!(pairs(r#"{"attributes":{"participantId":"p"}}"#).len(), 1);
}

#[test]
fn what_is_right_has_no_more_than_information() {
    for (text, target) in [
        (
            r#"{"customer_tier":"gold","crm.caseId":"CS-1","204":"256 characters","note":"wait 5 s, analytics"}"#,
            PayloadTarget::Any,
        ),
        (r#"{"attributes":{"customer_tier":"gold","a b":"c"}}"#, PayloadTarget::Api),
        ("customer_tier=gold\nnote=a = b", PayloadTarget::Any),
        ("customer_tier,note\ngold,\"a, b\"", PayloadTarget::Any),
        ("PATCH /api/v2/conversations/1/participants/2/attributes\n{\"attributes\":{\"k\":\"v\"}}", PayloadTarget::Api),
    ] {
        assert_eq!(worst(text, target), Some(Severity::Info), "{text}: {:?}", found(text, target));
    }
}

#[test]
fn claims_are_answered_by_name() {
    let body = r#"{"attributes":{"k":"v"}}"#;
    for (text, rule, severity) in [
        ("PATCH /api/v2/conversations/1/participants/2\n", "wrong-route", "error"),
        (
            "curl -X PATCH 'https://api.mypurecloud.com/api/v2/conversations/1/participants/2' with\n",
            "wrong-route",
            "error",
        ),
        ("PATCH /api/v2/conversations/voice/1/participants/2/attributes\n", "no-such-route", "error"),
        ("POST /api/v2/attributes/attributes\n", "no-such-route", "error"),
        ("POST /api/v2/flows/simulations\n", "no-such-route", "error"),
        ("PUT /api/v2/flows/{flowId}\n", "flow-metadata-only", "error"),
        ("needs conversation:participant:write\n", "no-such-scope", "error"),
        ("expect 204 No Content\n", "accepted-not-204", "warn"),
        ("If-Match: 3\n", "no-locking", "warn"),
        ("returns 422\n", "no-422", "info"),
        ("values over 256 characters are cut\n", "length-limit", "info"),
        ("define it in Admin > Organization Settings first\n", "no-definition-needed", "info"),
        ("then wait 5 seconds\n", "delay-is-no-cure", "warn"),
        ("afterwards query analytics\n", "analytics-half-true", "info"),
        ("this replaces the entire map\n", "merge-unverified", "info"),
        ("keys must be identifiers\n", "key-characters", "info"),
        ("read it as {{interaction.k}}\n", "template-namespace", "info"),
        ("flow.data.set in a Run Script\n", "cxone-unverified", "info"),
    ] {
        let all = found(&format!("{text}{body}"), PayloadTarget::Any);
        assert!(all.contains(&(rule, severity)), "{text}: {all:?}");
        let others = all.iter().filter(|(id, severity)| *id != rule && *severity != "info").count();
        assert_eq!(others, 0, "{text}: {all:?}");
    }
    let prose = found("sending {} clears all attributes", PayloadTarget::Any);
    assert!(prose.contains(&("empty-does-not-clear", "info")), "{prose:?}");
}

#[test]
fn every_claim_can_be_told_from_its_own_text() {
    for claim in claims::CLAIMS {
        assert!(claim.answer.len() > 20 && !claim.remedy.is_empty(), "{}", claim.claim);
        assert!(
            claim.rule.chars().all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '-'),
            "{}",
            claim.rule
        );
    }
}

#[test]
fn findings_carry_pointers() {
    let all = judge(&explain(r#"{"attributes":{"a/b~c":1,"d":{"e":2}}}"#).unwrap(), PayloadTarget::Api);
    let paths: Vec<&str> = all.iter().filter(|one| one.rule == "not-a-string").map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["/attributes/a~1b~0c", "/attributes/d"]);
}

#[test]
fn values_keep_their_writing() {
    assert_eq!(
        pairs(r#"{"a":1.0,"b":12345678901234567890,"c":true,"d":"\u00e9"}"#),
        [("a", "1.0"), ("b", "12345678901234567890"), ("c", "true"), ("d", "é")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    assert_eq!(pairs("a=1=2\n# no\nb c = x\n")[1], ("b c".to_owned(), " x".to_owned()));
    assert_eq!(pairs("a;b\n1;\"x;y\"")[1], ("b".to_owned(), "x;y".to_owned()));
}

#[test]
fn what_can_be_set_is_given_and_the_rest_refused() {
    let Settable { pairs, notes } =
        explain(r#"{"participantId":"p","data":{"k":"v","n":1,"b":false}}"#).unwrap().settable().unwrap();
    assert_eq!(pairs, [("k", "v"), ("n", "1"), ("b", "false")].map(|(k, v)| (k.to_owned(), v.to_owned())));
    let notes = notes.join("\n");
    for part in ["wrapper \"data\"", "participantId p", "/data/n: 1 is sent as the text \"1\""] {
        assert!(notes.contains(part), "{notes}");
    }
    for (text, part) in [
        (r#"{"k":null}"#, "is null"),
        (r#"{"k":{"a":"b"},"l":"m"}"#, "an object or a list"),
        (r#"{"k":[1]}"#, "an object or a list"),
        (r#"{"k":"1","k":"2"}"#, "occurs twice"),
        (r#"{"attributes":{"k":"v"},"x":"y"}"#, "beside the attributes"),
        (r#"{"":"v"}"#, "the key is empty"),
        (r#"{"type":"setParticipantData","settings":{"key":"k","value":"v"}}"#, "a flow snippet"),
    ] {
        let problems = explain(text).unwrap().settable().unwrap_err().join("\n");
        assert!(problems.contains(part), "{text}: {problems}");
    }
}

#[test]
fn broken_json_gets_the_likely_cause() {
    for (text, part) in [
        ("{'k':'v'}", "not with '"),
        ("{\"k\":\"v\",}", "a comma stands before"),
        ("{\u{201c}k\u{201d}:\u{201c}v\u{201d}}", "typographic"),
        ("{\"k\": {{tier}}}", "placeholder"),
        ("{\"k\": \"v\" // note\n}", "no comments"),
        ("{\"k\": None}", "Python"),
        ("{\"k\": undefined}", "JavaScript"),
        ("{\"k\" \"v\"}", "line 1"),
        ("\"just text\"", "not an object"),
        ("[1,2]", "not a key with a value"),
        ("", "nothing"),
        ("hello there", "neither JSON"),
    ] {
        let error = explain(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// A Set Participant Data action of a real export whose operands are literals with a `config`.
const FLOW_ACTION: &str = r#"{"__type":"SetAttributesAction","id":"a-1","name":"Mark call","trackingId":10,"variables":[
 {"variable":{"config":{"lit":{"pos":1,"text":"source","type":"str"}},"text":"source","type":"str","uiMetaData":{"mode":1}},
  "expression":{"config":{"lit":{"pos":1,"text":"web form","type":"str"}},"text":"web form","type":"str","uiMetaData":{"mode":1}}}]}"#;

const DATA_ACTION: &str = r#"{"name":"Set tier","integrationType":"purecloud-data-actions","actionType":"custom","config":{"request":{
 "requestUrlTemplate":"/api/v2/conversations/${input.conversationId}/participants/${input.participantId}/attributes",
 "requestTemplate":"{\"attributes\":{\"tier\":\"${input.tier}\",\"origin\":\"ivr\"}}","requestType":"PATCH","headers":{}},
 "response":{"translationMap":{},"translationMapDefaults":{},"successTemplate":"${rawResult}"}},
 "contract":{"input":{"inputSchema":{"type":"object"}},"output":{"successSchema":{"type":"object"}}},"secure":false}"#;

#[test]
fn a_flow_s_action_is_no_body_for_the_api() {
    assert!(found(FLOW_ACTION, PayloadTarget::Api).contains(&("wrong-form", "error")));
    assert!(found(FLOW_ACTION, PayloadTarget::Architect).contains(&("form", "info")));
    assert!(found(FLOW_ACTION, PayloadTarget::Any).contains(&("form", "info")));
}

#[test]
fn an_exported_data_action_is_told_from_a_payload() {
    let explained = explain(DATA_ACTION).unwrap();
    assert_eq!(explained.form, PayloadForm::DataAction);
    assert_eq!(explained.pairs.iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>(), ["tier", "origin"]);
    assert_eq!(
        worst(DATA_ACTION, PayloadTarget::Any),
        Some(Severity::Info),
        "{:?}",
        found(DATA_ACTION, PayloadTarget::Any)
    );
    assert!(found(DATA_ACTION, PayloadTarget::Api).contains(&("wrong-form", "error")));
    assert!(explained.settable().unwrap_err().join("\n").contains("an exported data action"));
    let wrong = DATA_ACTION.replace("participantId}/attributes", "participantId}");
    assert!(
        found(&wrong, PayloadTarget::Any).contains(&("wrong-route", "error")),
        "{:?}",
        found(&wrong, PayloadTarget::Any)
    );
    let bare = DATA_ACTION.replace(r#"{\"attributes\":"#, "").replace(r#"\"ivr\"}}"#, r#"\"ivr\"}"#);
    assert!(
        found(&bare, PayloadTarget::Any).contains(&("beside-the-map", "error")),
        "{bare}: {:?}",
        found(&bare, PayloadTarget::Any)
    );
}

#[test]
fn the_agent_panel_s_keys_are_the_author_s() {
    let found = |value: &str| {
        found(
            &format!(r#"{{"attributes":{{"conversationDetails.participantData.Balance":"{value}"}}}}"#),
            PayloadTarget::Api,
        )
    };
    assert_eq!(found("number:12.5"), [("form", "info"), ("agent-panel", "info")]);
    assert_eq!(found("12.5"), [("form", "info"), ("agent-panel", "info")]);
    assert!(found("number:abc").contains(&("typed-value", "warn")));
    assert!(found("checkbox:maybe").contains(&("typed-value", "warn")));
}

#[test]
fn twins_in_two_normal_forms_are_told_apart() {
    let text = "{\"attributes\":{\"caf\u{e9}\":\"1\",\"cafe\u{301}\":\"2\"}}";
    let all = judge(&explain(text).unwrap(), PayloadTarget::Api);
    let twin = all.iter().find(|one| one.rule == "near-miss").unwrap_or_else(|| panic!("{all:?}"));
    assert!(twin.message.contains("NFC") && twin.message.contains("NFD"), "{}", twin.message);
    assert!(all.iter().all(|one| one.rule != "duplicate-key" && one.rule != "case-mismatch"), "{all:?}");
}

proptest::proptest! {
    #[test]
    fn never_panics(text in ".{0,80}") {
        if let Ok(explained) = explain(&text) {
            for target in [PayloadTarget::Api, PayloadTarget::Architect, PayloadTarget::Cxone, PayloadTarget::Any] {
                judge(&explained, target);
            }
        }
    }

    /// What `--fix` prints has no errors left, unless a value itself is at fault.
    #[test]
    fn the_fixed_form_is_right(map in proptest::collection::btree_map("[a-z]{1,8}", "[a-z0-9 ]{1,8}", 1..6), wrap in 0..5usize) {
        let inner = serde_json::to_value(&map).unwrap();
        let text = match wrap {
            0 => inner.to_string(),
            1 => serde_json::json!({"data": inner}).to_string(),
            2 => serde_json::json!({"participantId": "p", "data": inner}).to_string(),
            3 => serde_json::json!({"attributes": {"data": inner}}).to_string(),
            _ => serde_json::Value::from(inner.to_string()).to_string(),
        };
        let (flat, left_out) = explain(&text).unwrap().flat();
        proptest::prop_assert!(left_out.is_empty());
        proptest::prop_assert_eq!(serde_json::Value::Object(flat.clone()), inner);
        let fixed = serde_json::Value::Object(flat);
        proptest::prop_assert!(worst(&fixed.to_string(), PayloadTarget::Any) < Some(Severity::Error));
        let body = serde_json::json!({"attributes": fixed});
        proptest::prop_assert!(worst(&body.to_string(), PayloadTarget::Api) < Some(Severity::Error));
    }
}
