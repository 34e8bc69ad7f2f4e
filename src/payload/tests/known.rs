//! What is known of a payload's keys: values that stand in it, and sources of those that are computed.

use super::*;

type Pairs = Vec<(String, String)>;

/// What is known of a payload's keys: values that stand in it, and sources of those that are computed.
fn told(text: &str) -> (PayloadForm, Pairs, Pairs) {
    let explained = explain(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let of = |computed: bool| {
        let pairs = explained.pairs.iter().filter(move |pair| (pair.was == Was::Expression) == computed);
        pairs.map(|pair| (pair.key.clone(), pair.value.clone())).collect::<Vec<_>>()
    };
    (explained.form.clone(), of(false), of(true))
}

fn listed(list: &[(&str, &str)]) -> Pairs {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_a_shell_fills_in_is_not_known() {
    let curl = r#"curl -X PATCH "https://api.mypurecloud.com/api/v2/conversations/1/participants/2/attributes" "#;
    for (body, known, computed) in [
        (r#"-d "{\"attributes\":{\"b\":\"$X\",\"c\":\"x\"}}""#, &[("c", "x")][..], &[("b", "$X")][..]),
        (r#"-d "{\"attributes\":{\"b\":\"${X:-y}\",\"c\":\"x\"}}""#, &[("c", "x")], &[("b", "${X:-y}")]),
        (r#"-d "{\"attributes\":{\"b\":\"$(date +%s)\",\"c\":\"x\"}}""#, &[("c", "x")], &[("b", "$(date +%s)")]),
        (r#"-d "{\"attributes\":{\"b\":\"`date`\",\"c\":\"\$5\"}}""#, &[("c", "$5")], &[("b", "`date`")]),
        (r#"-d "{\"attributes\":{\"$KEY\":\"v\",\"c\":\"x\"}}""#, &[("c", "x")], &[("$KEY", "v")]),
        (r#"-d '{"attributes":{"b":"$X"}}'"#, &[("b", "$X")], &[]),
        (r#"-d '{"attributes":{"b":"'"$X"'","c":"x"}}'"#, &[("c", "x")], &[("b", "$X")]),
        ("-d @- <<EOF\n{\"attributes\":{\"a\":\"$TIER\",\"b\":\"x\"}}\nEOF", &[("b", "x")], &[("a", "$TIER")]),
        ("-d @- <<'EOF'\n{\"attributes\":{\"a\":\"$TIER\"}}\nEOF", &[("a", "$TIER")], &[]),
    ] {
        let text = format!("{curl}{body}");
        assert_eq!(told(&text), (PayloadForm::Attributes, listed(known), listed(computed)), "{text}");
    }
    let power = "Invoke-RestMethod -Method Patch -Body \"{`\"attributes`\":{`\"a`\":`\"$tier`\",`\"b`\":`\"x`\"}}\"";
    assert_eq!(told(power), (PayloadForm::Attributes, listed(&[("b", "x")]), listed(&[("a", "$tier")])));
}

#[test]
fn programs_of_python_say_their_keys() {
    for text in [
        "attrs = {}\nattrs[\"tier\"] = \"gold\"\nbody = ParticipantAttributes(attributes=attrs)\n",
        "body = dict(attributes=dict(tier=\"gold\"))\napi.patch(cid, pid, body)\n",
        "body = {'attributes': {'tier': 'go' 'ld'}}\napi.patch(cid, pid, body)\n",
        "body = {'attributes': {'tier': \"\"\"gold\"\"\"}}\napi.patch(cid, pid, body)\n",
        "body = {'attributes': {'tier': r'gold'}}\napi.patch(cid, pid, body)\n",
    ] {
        assert_eq!(told(text), (PayloadForm::Attributes, listed(&[("tier", "gold")]), Vec::new()), "{text}");
    }
    let computed = "body = dict(attributes=dict(tier=tier, note=\"x\"))\napi.patch(cid, pid, body)\n";
    assert_eq!(told(computed).2, listed(&[("tier", "tier")]));
}

#[test]
fn actions_of_every_type_are_no_maps() {
    use crate::flow::model::FlowFileForm as In;
    let pair = r#"[{"variable":{"config":{"lit":{"text":"source","type":"str"}},"text":"source"},"expression":{"config":{"lit":{"text":"v","type":"str"}},"text":"v"}}]"#;
    let one = |kind: &str| format!(r#"{{"__type":"{kind}","id":"a-1","name":"M","trackingId":5,"variables":{pair}}}"#);
    assert_eq!(
        told(&one("SetConversationDataAction")),
        (PayloadForm::Flow(In::Platform), listed(&[("source", "v")]), Vec::new())
    );
    for kind in
        ["GetAttributesAction", "UpdateVariableAction", "CreateConversationAttributeAction", "TransferTaskAction"]
    {
        assert_eq!(told(&one(kind)), (PayloadForm::Flow(In::Platform), Vec::new(), Vec::new()), "{kind}");
        let findings = judge(&explain(&one(kind)).unwrap(), PayloadTarget::Api);
        assert!(findings.iter().any(|finding| finding.rule == "wrong-form" && finding.severity == Severity::Error));
    }
    let list = format!("[{},{}]", one("SetAttributesAction"), one("SetConversationDataAction"));
    assert_eq!(told(&list).1, listed(&[("source", "v"), ("source", "v")]));
    let yaml = "- setConversationData:\n    name: S\n    conversationId: {exp: Flow.C}\n    attributes:\n      - attribute: {name: {lit: tier}, value: {lit: gold}}\n";
    assert_eq!(told(yaml), (PayloadForm::Flow(In::Archy), listed(&[("tier", "gold")]), Vec::new()));
    let get = "- getParticipantData:\n    name: G\n    attributes:\n      - attribute: {name: {lit: tier}, variable: Flow.T}\n";
    assert_eq!(told(get), (PayloadForm::Flow(In::Archy), Vec::new(), Vec::new()));
}

#[test]
fn a_data_action_is_judged_by_where_it_goes() {
    let action = |url: &str, body: &str| {
        serde_json::json!({"name": "A", "config": {"request": {"requestUrlTemplate": url, "requestType": "POST",
            "requestTemplate": body}}, "contract": {}})
        .to_string()
    };
    let elsewhere = explain(&action("https://short.example/links", r#"{"long_url":"${input.url}"}"#)).unwrap();
    assert!(
        judge(&elsewhere, PayloadTarget::Any).iter().all(|finding| finding.severity == Severity::Info),
        "{elsewhere:?}"
    );
    let bare = action(
        "/api/v2/conversations/calls/${input.c}/participants/${input.p}/attributes",
        r#"{"attributes":{"tier":${input.tier},"fixed":"x"}}"#,
    );
    assert_eq!(told(&bare), (PayloadForm::DataAction, listed(&[("fixed", "x")]), listed(&[("tier", "${input.tier}")])));
}
