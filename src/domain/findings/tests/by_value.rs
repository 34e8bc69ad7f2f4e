use super::*;
use crate::domain::JsonKind;

/// The finding `rule` on the key and nothing else.
fn only(rule: &str, key: &str, value: &str) {
    assert_eq!(found_on(key, value), [format!("{rule} {key}@customer")], "{key} = {value:?}");
}

fn nothing(key: &str, value: &str) {
    assert_eq!(found_on(key, value), [] as [&str; 0], "{key} = {value:?}");
}

#[test]
fn unresolved_templates() {
    for value in [
        "{{lookup_result.tier}}",
        "Hello {{name}}!",
        "${customer.tier}",
        "undefined",
        "null",
        "NOT_SET",
        "NaN",
        "[object Object]",
        " undefined ",
        "tier: [object Object]",
        r#"{"tier":"{{tier}}"}"#,
    ] {
        only("unresolved-template", "k", value);
    }
    for value in [
        "gold",
        "undefined_behaviour",
        "nullable",
        "is undefined here",
        "not_set",
        "none",
        "{}",
        "{a}",
        "{ {a} }",
        "$5 {x}",
        "$",
        "{{}}",
        r#"{"a":{"b":{}}}"#,
        r#"{"a":{"b":{"c":1}}}"#,
        "{{unclosed",
        "a}}",
        "Nan",
    ] {
        nothing("k", value);
    }
    let mut desk = Desk::new();
    desk.event(0, customer(&[("k", "{{tier}}")]));
    assert_eq!(desk.message(RuleId::UnresolvedTemplate), "k holds \"{{tier}}\"");
    let changes = desk.event(1_000, customer(&[("k", "gold")]));
    assert!(matches!(&changes[..], [FindingChange::Gone(f)] if f.rule == RuleId::UnresolvedTemplate), "{changes:?}");
}

#[test]
fn wrapped_payloads() {
    only("wrapped-payload", "crm_payload", r#"{"attributes":{"customer_tier":"gold","customer_ref":"HH-4410027"}}"#);
    only("wrapped-payload", "x", r#"{"data": {"tier": "gold"}, "participantId": "p"}"#);
    only("wrapped-payload", "data", r#"{"tier":"gold"}"#);
    only("wrapped-payload", "attributes", r#"{"tier":"gold"}"#);
    only("wrapped-payload", r#"{"attributes":{"tier"#, "gold");
    for (key, value) in [
        ("cart", r#"{"items":[{"data":{"x":1}}]}"#),
        ("cart", r#"{"data":"text"}"#),
        ("cart", r#"{"metadata":{"x":1}}"#),
        ("data", "text"),
        ("data", "[1,2]"),
        ("attributes", "none"),
        ("cart", r#"["data",{"data":{}}]"#),
        ("cart", r#"{"data":{"#),
        ("key: with colon", "x"),
    ] {
        nothing(key, value);
    }
}

#[test]
fn values_that_are_not_strings() {
    for (kind, text, rules) in [
        (JsonKind::Number, "3", vec!["not-a-string k@customer"]),
        (JsonKind::Bool, "true", vec!["not-a-string k@customer"]),
        (JsonKind::Null, "null", vec!["not-a-string k@customer"]),
        (JsonKind::Nested, r#"{"a":"b"}"#, vec!["not-a-string k@customer"]),
        (JsonKind::Nested, r#"{"data":{"a":"b"}}"#, vec!["not-a-string k@customer", "wrapped-payload k@customer"]),
        (JsonKind::Text, "3", vec![]),
    ] {
        let mut desk = Desk::new();
        let mut event = customer(&[]);
        event.participants[0].attributes = Some(vec![("k".into(), Value::of_kind(text, kind))]);
        desk.event(0, event);
        assert_eq!(desk.found(), rules, "{kind:?}");
    }
}

#[test]
fn blanks() {
    only("blank", "k", "");
    only("blank", "k", "  \t");
    assert_eq!(found_on("context.page", ""), [] as [&str; 0], "the platform's own");
    // Blanking is how a value is removed: a key that had one is not reported.
    let mut desk = Desk::new();
    desk.event(0, customer(&[("k", "gold")]));
    desk.event(1_000, customer(&[("k", "")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
    // But a key that was blank from the first is, until it gets a value.
    let mut desk = Desk::new();
    desk.event(0, customer(&[]));
    desk.event(1_000, customer(&[("k", "")]));
    assert_eq!(desk.found(), ["blank k@customer"]);
    desk.event(2_000, customer(&[("k", "gold")]));
    assert_eq!(desk.found(), [] as [&str; 0]);
}

#[test]
fn limits_of_bot_flows_are_theirs_alone() {
    let long = "x".repeat(257);
    let keys: Vec<String> = (0..51).map(|i| format!("key{i}")).collect();
    let mut attributes: Vec<(&str, &str)> = keys.iter().map(|k| (k.as_str(), "v")).collect();
    attributes[0].1 = &long;
    let mut desk = Desk::new();
    desk.event(0, customer(&attributes));
    assert_eq!(desk.found(), [] as [&str; 0], "no bot, no limit");
    let mut desk = Desk::new();
    desk.event(0, snapshot("c", vec![participant("p1", "customer", &attributes), participant("b", "botflow", &[])]));
    assert_eq!(desk.found(), ["too-long key0@customer", "too-many @customer"]);
    let mut desk = Desk::new();
    desk.event(0, customer(&attributes));
    desk.event(
        1_000,
        snapshot("c", vec![participant("p1", "customer", &attributes), participant("b", "botflow", &[])]),
    );
    assert_eq!(desk.found(), ["too-long key0@customer", "too-many @customer"], "the bot joins later");
    attributes.pop();
    let fits = "é".repeat(256);
    attributes[0].1 = &fits;
    let mut desk = Desk::new();
    desk.event(0, snapshot("c", vec![participant("p1", "customer", &attributes), participant("b", "botflow", &[])]));
    assert_eq!(desk.found(), [] as [&str; 0], "characters count, not bytes");
}

#[test]
fn personal_data() {
    only("personal-data-in-clear", "card_number", "4111111111111111");
    only("personal-data-in-clear", "ssn", "219-09-9998");
    only("personal-data-in-clear", "payer_email", "dana.whitlock@example.com");
    only("personal-data-in-clear", "mobile", "+15550102231");
    for (key, value) in [
        ("order_number", "4111111111111111"),
        ("session_id", "sess_123456789012"),
        ("customer_ref", "HH-4410027"),
        ("context.email", "dana@example.com"),
        ("trace", "7c1e0c55-3c2d-4e57-8a55-1d2c3b4a5f42"),
        ("started", "2026-11-20T14:02:11.341Z"),
        ("balance", "1090.56"),
    ] {
        nothing(key, value);
    }
    let mut desk = Desk::new();
    desk.event(0, customer(&[("card_number", "4111 1111 1111 1111")]));
    let message = desk.message(RuleId::PersonalDataInClear);
    assert!(message.contains("a card number") && !message.contains("4111"), "{message}");
    assert!(message.contains("\"•••• •••• •••• 1111\""), "{message}");
    assert_eq!(desk.severity(RuleId::PersonalDataInClear), Some(Severity::Warn));
    let mut desk = Desk::new();
    desk.event(0, customer(&[("payer_email", "dana@example.com")]));
    assert_eq!(desk.severity(RuleId::PersonalDataInClear), Some(Severity::Info));
}

#[test]
fn what_the_call_shows_anyway_is_no_disclosure() {
    let mut desk = Desk::new();
    let mut event =
        customer(&[("ani", "+1 (555) 010-8861"), ("reply_to", "dana@example.com"), ("other", "+15550102231")]);
    event.participants[0].address = Some("tel:+15550108861".into());
    event.address = Some("Dana@example.com".into());
    desk.event(0, event);
    assert_eq!(desk.found(), ["personal-data-in-clear other@customer"]);
}

/// What a message shows is harmless and short, whatever the value.
#[test]
fn messages_are_harmless() {
    let value = format!("{{{{\u{1b}[31m\u{202e}{}}}}}", "x".repeat(150));
    let key = "k\u{1b}]0;owned\u{7}";
    let mut desk = Desk::new();
    desk.event(0, customer(&[(key, &value)]));
    assert!(!desk.found().is_empty());
    for finding in desk.examiner.all() {
        assert!(finding.message.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{:?}", finding.message);
        assert!(finding.message.chars().count() < 200);
    }
}

#[test]
fn rules_can_be_turned_off_and_weighed_and_keys_ignored() {
    let mut tuning = Tuning::default();
    tuning.switch(RuleId::UnresolvedTemplate, false);
    tuning.weigh(RuleId::WrappedPayload, Severity::Error);
    tuning.ignored_keys = vec!["debug_*".into(), "exact".into()];
    let mut desk = Desk::with(tuning, Vec::new());
    let wrapped = r#"{"data":{"a":1}}"#;
    desk.event(
        0,
        customer(&[("k", "{{x}}"), ("w", wrapped), ("debug_w", wrapped), ("exact", wrapped), ("exactly", wrapped)]),
    );
    assert_eq!(desk.found(), ["wrapped-payload exactly@customer", "wrapped-payload w@customer"]);
    assert_eq!(desk.severity(RuleId::WrappedPayload), Some(Severity::Error));
}
