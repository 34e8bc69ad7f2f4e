//! What a program, a shell or a data action does to a payload on its way, where that is not followed: it is unknown and never
//! given as known.

use super::*;

const URL: &str = "https://api.mypurecloud.com/api/v2/conversations/c/participants/p/attributes";
const HEAD: &str = "curl -X PATCH -H 'Content-Type: application/json'";

/// Pairs that are known, keys or pairs that are computed, and the rules that object.
type Known = (Vec<String>, Vec<String>, Vec<&'static str>);

/// What is known (`key=value`), what is computed, and the rules of the errors; a refusal is its message alone.
fn read(text: &str) -> Result<Known, String> {
    let explained = explain(text).map_err(|error| error.to_string())?;
    let errors = judge(&explained, PayloadTarget::Api);
    let errors = errors.iter().filter(|one| one.severity == Severity::Error).map(|one| one.rule).collect();
    let (known, computed): (Vec<&Pair>, Vec<&Pair>) =
        explained.pairs.iter().partition(|pair| !matches!(pair.was, Was::Expression | Was::ComputedKey));
    let known = known.iter().map(|pair| format!("{}={}", pair.key, pair.value)).collect();
    Ok((known, computed.iter().map(|pair| pair.key.clone()).collect(), errors))
}

/// Checks each text; all that differ are listed at once.
fn check(cases: &[(&str, &[&str], &[&str])]) {
    let mut wrong = String::new();
    for (text, known, computed) in cases {
        let found = read(text);
        let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        if found != Ok((own(known), own(computed), Vec::new())) {
            wrong += &format!("{text}\n  {found:?}\n  instead of known {known:?}, computed {computed:?}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn an_object_is_known_as_far_as_its_program_is_followed() {
    const FETCH: &str = "fetch(u, {method: \"PATCH\", body: JSON.stringify({attributes: attrs})})";
    const PATCH: &str = "requests.patch(url, json={\"attributes\": attrs})";
    let js = |lines: &str| lines.replace("SEND", FETCH);
    let py = |lines: &str| format!("attrs = {{\"tier\": \"old\"}}\n{}", lines.replace("SEND", PATCH));
    let cases: Vec<(String, &[&str], &[&str])> = vec![
        // On one way only.
        (js("let attrs = {tier: \"gold\"};\nif (x) attrs.tier = \"silver\";\nSEND"), &[], &["tier"]),
        (js("let attrs = {tier: \"gold\"};\nif (x)\n  attrs.tier = \"silver\";\nSEND"), &[], &["tier"]),
        (js("let attrs = {tier: \"gold\", b: \"1\"};\nif (x) { attrs.tier = \"silver\"; }\nSEND"), &["b=1"], &["tier"]),
        (py("if vip:\n    attrs[\"tier\"] = \"x\"\nSEND"), &[], &["tier"]),
        (py("if vip: attrs[\"tier\"] = \"x\"\nSEND"), &[], &["tier"]),
        (py("def late():\n    attrs[\"tier\"] = \"x\"\nSEND"), &[], &["tier"]),
        (py("for n in names:\n    attrs[n] = \"x\"\nSEND"), &[], &["tier", "[n]"]),
        (py("vip and attrs.update({\"tier\": \"x\"})\nSEND"), &[], &["tier"]),
        // Behind the sending.
        (py("SEND\nattrs[\"tier\"] = \"later\""), &["tier=old"], &[]),
        (js("const attrs = {tier: \"gold\"};\nSEND;\nattrs.tier = \"later\";"), &["tier=gold"], &[]),
        (py("SEND\nattrs[\"tier\"] = \"later\"\nSEND"), &[], &["tier"]),
        (
            "def send():\n    requests.patch(url, json={\"attributes\": attrs})\nattrs = {\"tier\": \"old\"}\nattrs[\"tier\"] = \"x\"\nsend()".into(),
            &["tier=x"],
            &[],
        ),
        // By another name.
        (js("const attrs = {tier: \"gold\"};\nconst other = attrs;\nother.tier = \"x\";\nSEND"), &["tier=x"], &[]),
        (js("const attrs = {tier: \"gold\"};\nconst other = attrs;\nif (y) other.tier = \"x\";\nSEND"), &[], &["tier"]),
        (
            "const tpl = {attributes: {tier: \"old\"}};\nconst body = JSON.parse(JSON.stringify(tpl)); body.attributes.tier = \"new\";\nfetch(u, {method: 'PATCH', body: JSON.stringify(body)})".into(),
            &[],
            &["tier"],
        ),
        // A parameter of the same name.
        (
            "function f(attrs) { return {attributes: attrs}; }\nconst attrs = {tier: \"gold\"};\nf({tier: \"silver\"});".into(),
            &[],
            &["tier"],
        ),
        (
            "def f(c, attrs):\n    requests.patch(url, json={\"attributes\": attrs})\nattrs = {\"tier\": \"gold\"}\nf(c, {\"tier\": \"x\"})".into(),
            &[],
            &["tier"],
        ),
        // Calls and operators.
        (py("attrs[\"tier\"] += \"x\"\nSEND"), &[], &["tier"]),
        (py("change(attrs)\nSEND"), &[], &["tier", "...change(attrs)"]),
        (py("attrs.setdefault(\"n\", \"y\")\nSEND"), &[], &["tier", "...attrs.setdefault(\"n\", \"y\")"]),
        (py("attrs.clear()\nattrs[\"n\"] = \"1\"\nSEND"), &["n=1"], &["tier", "...attrs.clear()"]),
        (py("attrs |= more\nSEND"), &[], &["tier", "...more"]),
        (py("if vip:\n    del attrs[\"tier\"]\nSEND"), &[], &["tier"]),
        (py("if vip:\n    attrs = {\"tier\": \"x\"}\nSEND"), &[], &["tier"]),
        (py("attrs = clean(attrs)\nSEND"), &[], &["tier"]),
        // The map within a body.
        (
            "payload = {\"attributes\": {\"tier\": \"old\"}}\npayload[\"attributes\"] = {\"tier\": \"silver\"}\nrequests.patch(url, json=payload)".into(),
            &["tier=silver"],
            &[],
        ),
        (
            "attrs = {\"tier\": \"old\"}\npayload = {\"attributes\": attrs}\npayload[\"attributes\"] = {\"tier\": \"silver\"}\nrequests.patch(url, json=payload)".into(),
            &["tier=silver"],
            &[],
        ),
        (
            "const body = {attributes: {tier: \"gold\"}};\nbody.attributes = {tier: \"silver\"};\nfetch(u, {method: 'PATCH', body: JSON.stringify(body)})".into(),
            &["tier=silver"],
            &[],
        ),
        (
            "const body = {attributes: {tier: \"gold\"}};\nfor (const k of Object.keys(body.attributes)) body.attributes[k] = body.attributes[k].toUpperCase();\nfetch(u, {method: 'PATCH', body: JSON.stringify(body)})".into(),
            &[],
            &["tier", "[k]"],
        ),
        // The text that was made of it.
        (
            "body = {\"attributes\": {\"tier\": \"gold\"}}\nrequests.patch(url, data=json.dumps(body).replace('gold', 'silver'))".into(),
            &[],
            &["tier"],
        ),
        (
            "const b = JSON.stringify({attributes: {tier: \"gold\"}});\nfetch(u, {method: 'PATCH', body: b.replace('gold', 'silver')})".into(),
            &[],
            &["tier"],
        ),
        // What reads it changes nothing.
        (js("const attrs = {tier: \"gold\"};\nconsole.log(attrs, attrs.tier);\nif (attrs.tier === 'x') stop();\nSEND"), &["tier=gold"], &[]),
        (js("const attrs = {tier: \"gold\"};\ntry {\n  await SEND;\n} catch (e) { fail(e); }"), &["tier=gold"], &[]),
        (py("attrs[\"n\"] = \"1\"\nprint(attrs)\nSEND"), &["tier=old", "n=1"], &[]),
        (
            "async function main() {\n  const attrs = {tier: \"gold\"};\n  attrs.n = '1';\n  await SEND;\n}".replace("SEND", FETCH),
            &["tier=gold", "n=1"],
            &[],
        ),
        // PowerShell.
        (
            "$h=@{attributes=@{tier='gold'}}\n$h.attributes.tier='silver'\nInvoke-RestMethod -Method Patch -Uri $u -ContentType application/json -Body ($h|ConvertTo-Json)".into(),
            &["tier=silver"],
            &[],
        ),
        (
            "$h=@{attributes=@{tier='gold'}}\nif ($x) { $h.attributes.tier='silver' }\nInvoke-RestMethod -Method Patch -Uri $u -ContentType application/json -Body ($h|ConvertTo-Json)".into(),
            &[],
            &["tier"],
        ),
        // Comments of a page.
        (
            "<script>const b = {attributes: {a: \"1\"}};</script> <!-- {attributes: {a: \"old\"}} -->".into(),
            &["a=1"],
            &[],
        ),
        ("\"\"\"\nExample of a docstring\n\"\"\"\nrequests.patch(url, json={\"attributes\": {\"a\": \"1\"}})".into(), &["a=1"], &[]),
        ("\"use strict\";\nfetch(u, {method: 'PATCH', body: JSON.stringify({attributes: {a: '1'}})})".into(), &["a=1"], &[]),
    ];
    let cases: Vec<(&str, &[&str], &[&str])> =
        cases.iter().map(|(text, known, computed)| (&**text, *known, *computed)).collect();
    check(&cases);
}

#[test]
fn what_is_no_json_when_it_is_sent_is_an_error() {
    let mut wrong = String::new();
    for (text, rule) in [
        ("$.ajax({type: \"PATCH\", url: u, data: {attributes: {a: \"1\"}}})", "not-as-json"),
        ("const d = {attributes: {a: \"1\"}};\n$.ajax({type: \"PATCH\", url: u, data: d})", "not-as-json"),
        ("requests.patch(url, params={\"attributes\": {\"a\": \"1\"}})", "not-as-json"),
        ("axios.patch(url, null, {params: {attributes: {a: '1'}}})", "not-as-json"),
        ("const b = {attributes: {a: \"1\"}};\nfetch(u, {method: \"PATCH\", body: `${b}`})", "not-as-json"),
        ("const b = {attributes: {a: \"1\"}};\nfetch(u, {method: \"PATCH\", body: b.toString()})", "not-as-json"),
        ("const b = {attributes: {a: \"1\"}};\nfetch(u, {method: \"PATCH\", body: String(b)})", "not-as-json"),
        (
            "const b = new URLSearchParams({attributes: {a: \"1\"}});\nfetch(u, {method: \"PATCH\", body: b})",
            "not-as-json",
        ),
        (
            "const b = {attributes: {a: \"1\"}};\nfetch(u, {method: \"PATCH\", body: new URLSearchParams(b)})",
            "not-as-json",
        ),
        (
            "$h=@{attributes=@{a='1'}}\nInvoke-RestMethod -Method Patch -Uri $u -Body ($h|ConvertTo-Json|ConvertTo-Json)",
            "double-encoded",
        ),
        (
            "$b=@{attributes=@{a='1'}} | ConvertTo-Json -Depth 4\nInvoke-RestMethod -Method Patch -Uri $u -Body ($b | ConvertTo-Json)",
            "double-encoded",
        ),
        (
            "Invoke-RestMethod -Uri https://h/x -ContentType application/json -Body '{\"attributes\":{\"a\":\"1\"}}'",
            "wrong-method",
        ),
    ] {
        let found = read(text);
        let right = found.as_ref().is_ok_and(|(known, _, errors)| *known == ["a=1"] && *errors == [rule]);
        if !right {
            wrong += &format!("{text}\n  {found:?}\n  instead of {rule}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn powershell_s_own_quotes_are_read() {
    let call =
        |body: &str| format!("Invoke-RestMethod -Method Patch -Uri {URL} -ContentType application/json -Body {body}");
    let texts = [
        call(r#"'{"attributes":{"a":"it''s"}}'"#),
        format!("$b = '{{\"attributes\":{{\"a\":\"it''s\"}}}}'\n{}", call("$b")),
        call("@'\n{\"attributes\":{\"a\":\"it's\"}}\n'@"),
    ];
    let cases: Vec<(&str, &[&str], &[&str])> = texts.iter().map(|text| (&**text, &["a=it's"][..], &[][..])).collect();
    check(&cases);
    check(&[
        (&call("@'\n{\"attributes\":{\"a\":\"it''s\"}}\n'@"), &["a=it''s"], &[]),
        (&call(r#""{""attributes"":{""a"":""$t"",""b"":""2""}}""#), &["b=2"], &["a"]),
        (&call("\"{`\"attributes`\":{`\"a`\":`\"x`$t`\",`\"n`\":$n}}\""), &["a=x$t"], &["n"]),
    ]);
}

#[test]
fn a_shell_sends_what_it_makes_of_it() {
    let pipe = |first: &str, option: &str| format!("{first} | {HEAD} {URL} {option}");
    let mut wrong = String::new();
    let body = r#"{"attributes":{"a":"1"}}"#;
    for (text, known) in [
        (pipe(r#"printf '{"attributes":{"a":"x\ny"}}'"#, "-d @-"), "a=xy"),
        (pipe(r#"printf '{"attributes":{"a":"100%%"}}'"#, "-d @-"), "a=100%"),
        (pipe(r#"printf '{"attributes":{"a":"x\\ny"}}'"#, "-d @-"), "a=x\ny"),
        (pipe(r#"printf '{"attributes":{"a":"%s"}}' 7"#, "-d @-"), "a=7"),
        (pipe(r#"echo '{"attributes":{"a":"say echo hi"}}'"#, "-d @-"), "a=say echo hi"),
        (format!("{HEAD} {URL} -d @- <<'EOF'\n{{\"attributes\":{{\"a\":\"x\ny\"}}}}\nEOF"), "a=xy"),
        (format!("BODY='{body}'\n{HEAD} {URL} -d $BODY"), "a=1"),
        (format!("{HEAD} {URL} -d '{body}' --next -X GET https://h/x"), "a=1"),
    ] {
        let found = read(&text);
        if found != Ok((vec![known.to_owned()], vec![], vec![])) {
            wrong += &format!("{text}\n  {found:?}\n  instead of {known}\n");
        }
    }
    for (text, part) in [
        (pipe(r#"printf '{"attributes":{"a":"x\ny"}}'"#, "--data-binary @-"), "not JSON"),
        (pipe(r#"echo -e '{"attributes":{"a":"x\ty"}}'"#, "-d @-"), "not JSON"),
        (pipe(r#"printf '{"attributes":{"a":"\q"}}'"#, "-d @-"), "stdin"),
        (pipe(r#"echo '{"attributes":{"a":"1"}}' | sed s/1/2/"#, "-d @-"), "stdin"),
        (pipe(r#"echo '{"attributes":{"a":"1"}}' | tee x"#, "-d @-"), "stdin"),
        (format!("BODY='{{\"attributes\":{{\"a\":\"1 2\"}}}}'; {HEAD} {URL} -d $BODY"), "\"$BODY\""),
        (format!("BODY='{{\"attributes\": {{\"a\":\"1\"}}}}'\n{HEAD} {URL} -d ${{BODY}}"), "\"${BODY}\""),
        (format!(r#"{HEAD} {URL} -d {{\"attributes\":{{\"a\":\"1\",\"b\":\"2\"}}}}"#), "braces"),
        (format!("{HEAD} {URL} -d '$BODY'"), "fills nothing in"),
        (format!("{HEAD} {URL} -d ~/b.json"), "-d @"),
        (format!("{HEAD} {URL} -d attributes=1"), "form"),
    ] {
        let found = read(&text);
        if !found.as_ref().is_err_and(|told| told.contains(part)) {
            wrong += &format!("{text}\n  {found:?}\n  instead of {part}\n");
        }
    }
    let filled = pipe(r#"printf '{"attributes":{"a":"%s","b":"x"}}' "$T""#, "-d @-");
    let two = format!("{HEAD} {URL} -d '{body}' --next -X PATCH {URL} -d '{{\"attributes\":{{\"b\":\"2\"}}}}'");
    assert!(wrong.is_empty(), "\n{wrong}");
    check(&[(&filled, &["b=x"], &["a"])]);
    assert_eq!(read(&two).map(|(_, _, errors)| errors), Ok(vec!["several-payloads"]));
}

#[test]
fn a_data_action_is_judged_as_the_request_that_it_is() {
    let action = |kind: &str, headers: serde_json::Value, template: &str| {
        serde_json::json!({"name": "A", "config": {"request": {
            "requestUrlTemplate": "/api/v2/conversations/${input.c}/participants/${input.p}/attributes",
            "requestType": kind, "headers": headers, "requestTemplate": template}},
            "contract": {"input": {"inputSchema": {"type": "object", "properties": {
                "t": {"type": "string"}, "n": {"type": "integer"}}}}}})
        .to_string()
    };
    let none = || serde_json::json!({});
    let form = serde_json::json!({"Content-Type": "application/x-www-form-urlencoded"});
    let good = r#"{"attributes":{"tier":"${input.t}"}}"#;
    let mut wrong = String::new();
    for (text, rules) in [
        (action("PATCH", none(), good), &[][..]),
        (action("PATCH", serde_json::json!({"Content-Type": "application/json; charset=utf-8"}), good), &[]),
        (action("PUT", none(), good), &["wrong-method"]),
        (action("POST", none(), good), &["wrong-method"]),
        (action("PATCH", form, good), &["content-type"]),
        (action("PATCH", none(), r#"{"attributes":{"tier":${input.n}}}"#), &["not-a-string"]),
        (action("PATCH", none(), r#"{"attributes":{"tier":${input.t}}}"#), &["not-json"]),
        (action("PATCH", none(), r#"{"attributes":{"tier":"${input.t}",}}"#), &["not-json"]),
        (action("PATCH", none(), r#"{"attributes":{"tier":"x"}} x"#), &["not-json"]),
        (action("PATCH", none(), ""), &["not-json"]),
        (action("PATCH", none(), r#"{"attributes":"${input.t}"}"#), &["double-encoded"]),
        (action("PATCH", none(), "#set($a = 1)\n{\"attributes\":{#if($a)\"tier\":\"x\"#end}}"), &[]),
        (action("PATCH", none(), "${input.rawRequest}"), &[]),
    ] {
        let explained = explain(&text).unwrap();
        let found = judge(&explained, PayloadTarget::Any);
        let errors: Vec<&str> =
            found.iter().filter(|one| one.severity == Severity::Error).map(|one| one.rule).collect();
        if errors != rules {
            wrong += &format!("{text}\n  {errors:?} instead of {rules:?}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    for unknown in ["#if($a){\"attributes\":{}}#end", "${input.rawRequest}"] {
        let explained = explain(&action("PATCH", none(), unknown)).unwrap();
        assert!(
            judge(&explained, PayloadTarget::Any).iter().any(|one| one.message.contains("not known")),
            "{explained:?}"
        );
    }
}
