//! What commands and programs send, which may differ from what they show.

use super::*;

const URL: &str = "https://api.mypurecloud.com/api/v2/conversations/c/participants/p/attributes";
const HEAD: &str = "curl -X PATCH -H 'Content-Type: application/json'";

type Pairs = Vec<(String, String)>;

/// Keys and values that are known, and the rules that speak of an error.
fn read(text: &str) -> Result<(Pairs, Vec<&'static str>), String> {
    let explained = explain(text).map_err(|error| error.to_string())?;
    let errors = judge(&explained, PayloadTarget::Api);
    let errors = errors.iter().filter(|one| one.severity == Severity::Error).map(|one| one.rule).collect();
    let known = explained.pairs.iter().filter(|pair| pair.was == Was::Text);
    Ok((known.map(|pair| (pair.key.clone(), pair.value.clone())).collect(), errors))
}

fn pairs(list: &[(&str, &str)]) -> Pairs {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_command_sends_what_its_shell_makes_of_it() {
    for (body, known) in [
        (r#"-d '{"attributes":{"a":"it'\''s"}}'"#, &[("a", "it's")][..]),
        (r#"-d '{"attributes":{"a":"it'"'"'s"}}'"#, &[("a", "it's")]),
        (r#"-d $'{"attributes":{"a":"it\'s \\"x\\""}}'"#, &[("a", "it's \"x\"")]),
        (r#"-d $'{\n\t"attributes":{"a":"\u00e9\x41"}}'"#, &[("a", "éA")]),
        (r#"-d "{\"attributes\":{\"a\":\"C:\\\\temp\"}}""#, &[("a", "C:\\temp")]),
        (r#"-d "{\"attributes\":{\"a\":\"b\\\"c\"}}""#, &[("a", "b\"c")]),
        (r#"-d '{"attributes":{"a":"$X \n"}}'"#, &[("a", "$X \n")]),
        (r#"-d "{\"attributes\":{\"a\":\"$X\",\"b\":\"x\"}}""#, &[("b", "x")]),
        (r#"-d "{\"attributes\":{\"a\":$N,\"b\":\"x\"}}""#, &[("b", "x")]),
        (r#"-d'{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
        (r#"--data '{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
        (r#"--data-raw '{"attributes":{"a":"@x"}}'"#, &[("a", "@x")]),
        (r#"--data-binary '{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
        (r#"--data-ascii '{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
        (r#"--json '{"attributes":' --json '{"a":"1"}}'"#, &[("a", "1")]),
        (r#"-sSd '{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
        ("--data '{\n  \"attributes\": {\n    \"a\": \"1\"\n  }\n}'", &[("a", "1")]),
        (r#"-d {'"attributes"':{'"a"':'"1"'}}"#, &[("a", "1")]),
        (r#"-d \{\"attributes\":\{\"a\":\"1\"\}\}"#, &[("a", "1")]),
        ("-d @- <<'EOF'\n{\"attributes\":{\"a\":\"$X\"}}\nEOF", &[("a", "$X")]),
        ("-d @- <<EOF\n{\"attributes\":{\"a\":\"C:\\\\\\\\t\",\"b\":\"$X\"}}\nEOF\n", &[("a", "C:\\t")]),
        ("-d @- <<-END\n\t{\"attributes\":{\"a\":\"1\"}}\n\tEND\n", &[("a", "1")]),
        (r#"-d @- <<< '{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
        ("-d \"$(cat <<EOF\n{\"attributes\":{\"a\":\"1\",\"b\":\"$X\"}}\nEOF\n)\"", &[("a", "1")]),
        (r#"-d "$BODY"; BODY='{"attributes":{"a":"1"}}'"#, &[("a", "1")]),
    ] {
        for order in
            [format!("{HEAD} {URL} {body}"), format!("{HEAD} {body}").replace(HEAD, &format!("{HEAD} '{URL}'"))]
        {
            assert_eq!(read(&order), Ok((pairs(known), vec![])), "{order}");
        }
    }
    for text in [
        format!("run `{HEAD} {URL} -d '{{\"attributes\":{{\"a\":\"1\"}}}}'` then"),
        format!("sudo /usr/bin/{HEAD} {URL} -d '{{\"attributes\":{{\"a\":\"1\"}}}}'"),
        format!(
            "PS C:\\> curl.exe -X PATCH {URL} -H 'Content-Type: application/json' -d '{{\\\"attributes\\\":{{\\\"a\\\":\\\"1\\\"}}}}'"
        ),
        format!("BODY='{{\"attributes\":{{\"a\":\"1\"}}}}'\n{HEAD} -d \"$BODY\" {URL}"),
        format!("echo '{{\"attributes\":{{\"a\":\"1\"}}}}' | {HEAD} -d @- {URL}"),
        format!("printf '%s' '{{\"attributes\":{{\"a\":\"1\"}}}}' | {HEAD} -d @- {URL}"),
        format!("cat <<'EOF' | {HEAD} -d @- {URL}\n{{\"attributes\":{{\"a\":\"1\"}}}}\nEOF"),
        format!(
            "$ curl {URL} \\\n  -X PATCH \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"attributes\":{{\"a\":\"1\"}}}}'"
        ),
        format!(
            "wget --method=PATCH --header='Content-Type: application/json' --body-data='{{\"attributes\":{{\"a\":\"1\"}}}}' {URL}"
        ),
        // The command prompt, as browsers copy it and by hand.
        format!(
            "curl ^\"{URL}^\" ^\n  -X ^\"PATCH^\" ^\n  -H ^\"content-type: application/json^\" ^\n  --data-raw ^\"^{{^\\^\"attributes^\\^\":^{{^\\^\"a^\\^\":^\\^\"1^\\^\"^}}^}}^\""
        ),
        format!(
            "curl -X PATCH \"{URL}\" ^\n -H \"Content-Type: application/json\" ^\n -d \"{{\\\"attributes\\\":{{\\\"a\\\":\\\"1\\\"}}}}\""
        ),
    ] {
        assert_eq!(read(&text), Ok((pairs(&[("a", "1")]), vec![])), "{text}");
    }
}

#[test]
fn a_command_that_sends_no_json_is_an_error_with_its_cause() {
    for (body, part) in [
        (r#"-d "{'attributes':{'a':'1'}}""#, "{'attributes'"),
        (r#"-d '{"attributes": {"a": "x", "b": 'y'}}'"#, "\"b\": y"),
        (r#"-d {"attributes":{"a":"1"}}"#, "{attributes:{a:1}}"),
        (r#"-d {"attributes":{"a":"1","b":"2"}}"#, "braces"),
        (r#"-d "{"attributes":{"a":"1"}}""#, "{attributes:{a:1}}"),
        (r#"-d '{\"attributes\":{\"a\":\"1\"}}'"#, "backslashes"),
        (r#"-d '{"attributes":{"a":"1"}}' -d '{"attributes":{"b":"2"}}'"#, "joins the 2 bodies with &"),
        ("-d @body.json", "in the file body.json"),
        ("--data-binary @/tmp/x.json", "/tmp/x.json"),
        ("--json @b.json", "b.json"),
        ("-T body.json", "body.json"),
        ("-d @-", "stdin"),
        ("–d '{\"attributes\":{\"a\":\"1\"}}'", "not a hyphen"),
        (r#"-d "`cat body.json`""#, "`cat body.json`"),
        (r#"-d "$BODY""#, "$BODY"),
        (r#"-d "$(jq -n '{}')""#, "jq"),
        ("-d attributes=1", "not JSON"),
        (r#"--data='{"attributes":{"a":"1"}}'"#, "two words"),
        (r#"--data-urlencode '{"attributes":{"a":"1"}}'"#, "form"),
        (r#"-F 'attributes={"a":"1"}'"#, "multipart"),
        (r#"-G -d '{"attributes":{"a":"1"}}'"#, "address"),
        (r#"-d '{"attributes":{"a":"it's"}}'"#, "never closed"),
    ] {
        let text = format!("{HEAD} {body} {URL}");
        let told = read(&text).expect_err(&text);
        assert!(told.contains(part), "{text}: {told}");
    }
    let cmd = format!("curl -X PATCH {URL} ^\n -d '{{\"attributes\":{{\"a\":\"1\"}}}}'");
    assert!(read(&cmd).is_err(), "the command prompt knows no single quotes");
}

#[test]
fn attributes_are_taken_by_patch_alone() {
    let body = r#"-H 'Content-Type: application/json' -d '{"attributes":{"a":"1"}}'"#;
    for (text, error) in [
        (format!("curl -X PATCH {URL} {body}"), false),
        (format!("curl -XPATCH {URL} {body}"), false),
        (format!("curl --request PATCH {URL} {body}"), false),
        (format!("curl -X PUT {URL} {body}"), true),
        (format!("curl -X POST u {body}"), true),
        (format!("curl {URL} {body}"), true),
        (format!("curl {URL} --json '{{\"attributes\":{{\"a\":\"1\"}}}}'"), true),
        (format!("requests.put(\"{URL}\", json={{\"attributes\": {{\"a\": \"1\"}}}})"), true),
        (
            format!(
                "requests.post(login, data={{\"grant_type\": \"x\"}})\nrequests.patch(\"{URL}\", json={{\"attributes\": {{\"a\": \"1\"}}}})"
            ),
            false,
        ),
        (format!("fetch('{URL}', {{method: 'PUT', body: JSON.stringify({{attributes: {{a: '1'}}}})}})"), true),
        (format!("fetch('{URL}', {{body: JSON.stringify({{attributes: {{a: '1'}}}})}})"), true),
        (format!("axios.post('{URL}', {{attributes: {{a: '1'}}}})"), true),
        (
            "PUT /api/v2/conversations/c/participants/p/attributes HTTP/1.1\n\n{\"attributes\":{\"a\":\"1\"}}".into(),
            true,
        ),
        (
            "PATCH /api/v2/conversations/c/participants/p/attributes HTTP/1.1\n\n{\"attributes\":{\"a\":\"1\"}}".into(),
            false,
        ),
    ] {
        let (known, errors) = read(&text).unwrap_or_else(|told| panic!("{text}: {told}"));
        assert_eq!((known, errors.contains(&"wrong-method")), (pairs(&[("a", "1")]), error), "{text}: {errors:?}");
    }
    // Without a header it is a form, which is a warning.
    let plain = explain(&format!("curl -X PATCH {URL} -d '{{\"attributes\":{{\"a\":\"1\"}}}}'")).unwrap();
    assert!(
        judge(&plain, PayloadTarget::Api)
            .iter()
            .any(|one| one.rule == "content-type" && one.severity == Severity::Warn)
    );
}

#[test]
fn a_program_s_comments_are_no_payload() {
    for text in [
        "// {attributes: {old: \"x\"}}\nconst body = {attributes: {tier: \"gold\"}}",
        "/* {attributes: {old: \"x\"}} */\nconst body = {attributes: {tier: \"gold\"}}",
        "/*\n * {\"attributes\": {\"old\": \"x\"}}\n */\nfetch(url, {method: 'PATCH', body: JSON.stringify({attributes: {tier: 'gold'}})})",
        "# body = {\"attributes\": {\"old\": \"x\"}}\nbody = {\"attributes\": {\"tier\": \"gold\"}}\n",
        "x = 1  # was {\"attributes\": {\"old\": \"x\"}}\nrequests.patch(url, json={\"attributes\": {\"tier\": \"gold\"}})",
        "def send():\n    \"\"\"\n    {\"attributes\": {\"old\": \"x\"}}\n    \"\"\"\n    requests.patch(url, json={\"attributes\": {\"tier\": \"gold\"}})",
        "fetch(\"https://host/x\", {method: \"PATCH\", body: JSON.stringify({attributes: {tier: \"gold\"}})})",
        "const old = {attributes: {tier: \"x\"}};\nconst body = {attributes: {tier: \"gold\"}};\napi.patch(c, p, body);",
        "let body = {attributes: {tier: \"x\"}};\nbody = {attributes: {tier: \"gold\"}};\napi.patch(c, p, body);",
    ] {
        assert_eq!(read(text), Ok((pairs(&[("tier", "gold")]), vec![])), "{text}");
    }
    let commands = format!(
        "# curl -X PATCH {URL} -d '{{\"attributes\":{{\"old\":\"x\"}}}}'\n{HEAD} {URL} -d '{{\"attributes\":{{\"tier\":\"gold\"}}}}'"
    );
    assert_eq!(read(&commands), Ok((pairs(&[("tier", "gold")]), vec![])));
    let only = "const body = build(x); // {attributes: {old: \"x\"}}";
    assert!(read(only).is_err(), "{:?}", read(only));
    assert_eq!(read("# {\"attributes\": {\"old\": \"x\"}}"), Ok((pairs(&[("old", "x")]), vec![])));
}

#[test]
fn several_payloads_are_not_one() {
    for text in [
        "api.patch(c, p, {attributes: {a: '1'}}); api.patch(c, q, {attributes: {b: '2'}});",
        "curl -X PATCH u -d '{\"attributes\":{\"a\":\"1\"}}'\ncurl -X PATCH u -d '{\"attributes\":{\"b\":\"2\"}}'",
        "instead of\n{\"attributes\":{\"a\":\"1\"}}\nsend\n{\"attributes\":{\"a\":\"2\"}}",
    ] {
        assert_eq!(read(text).map(|(_, errors)| errors), Ok(vec!["several-payloads"]), "{text}");
        assert!(explain(text).unwrap().settable().is_err());
    }
}

#[test]
fn json_is_made_once() {
    for (text, rule) in [
        ("requests.patch(url, data=json.dumps(json.dumps({\"attributes\": {\"a\": \"1\"}})))", "double-encoded"),
        ("requests.patch(url, json=json.dumps({\"attributes\": {\"a\": \"1\"}}))", "double-encoded"),
        ("body = json.dumps({\"attributes\": {\"a\": \"1\"}})\nrequests.patch(url, json=body)", "double-encoded"),
        (
            "body = {\"attributes\": {\"a\": \"1\"}}\ntext = json.dumps(body)\nrequests.patch(url, json=text)",
            "double-encoded",
        ),
        ("requests.patch(url, json='{\"attributes\": {\"a\": \"1\"}}')", "double-encoded"),
        (
            "fetch(url, {method: 'PATCH', body: JSON.stringify(JSON.stringify({attributes: {a: '1'}}))})",
            "double-encoded",
        ),
        (
            "const b = JSON.stringify({attributes: {a: '1'}});\nfetch(url, {method: 'PATCH', body: JSON.stringify(b)})",
            "double-encoded",
        ),
        ("axios.patch(url, {attributes: JSON.stringify({a: '1'})})", "double-encoded"),
        ("requests.patch(url, json={\"attributes\": json.dumps({\"a\": \"1\"})})", "double-encoded"),
        ("attrs = json.dumps({\"a\": \"1\"})\nrequests.patch(url, json={\"attributes\": attrs})", "double-encoded"),
        ("{\"attributes\":\"{\\\"a\\\":\\\"1\\\"}\"}", "double-encoded"),
        ("{\"attributes\":{\"attributes\":\"{\\\"a\\\":\\\"1\\\"}\"}}", "double-encoded"),
        ("requests.patch(url, data={\"attributes\": {\"a\": \"1\"}})", "not-as-json"),
        ("body = {\"attributes\": {\"a\": \"1\"}}\nrequests.patch(url, data=body)", "not-as-json"),
        ("fetch(url, {method: \"PATCH\", body: {attributes: {a: \"1\"}}})", "not-as-json"),
        ("const body = {attributes: {a: \"1\"}};\nfetch(url, {method: \"PATCH\", body: body})", "not-as-json"),
        ("requests.patch(url, data=str({\"attributes\": {\"a\": \"1\"}}))", "not-as-json"),
        ("Invoke-RestMethod -Method Patch -Uri $u -Body @{ attributes = @{ a = '1' } }", "not-as-json"),
        ("requests.patch(url, data=\"{'attributes': {'a': '1'}}\")", "not-json"),
        ("fetch(url, {method: 'PATCH', body: '{attributes: {a: \"1\"}}'})", "not-json"),
    ] {
        let (known, errors) = read(text).unwrap_or_else(|told| panic!("{text}: {told}"));
        assert_eq!((known, errors), (pairs(&[("a", "1")]), vec![rule]), "{text}");
    }
    for text in [
        "requests.patch(url, data=json.dumps({\"attributes\": {\"a\": \"1\"}}))",
        "requests.patch(url, json={\"attributes\": {\"a\": \"1\"}})",
        "body = {\"attributes\": {\"a\": \"1\"}}\nrequests.patch(url, headers=h, data=json.dumps(body))",
        "requests.patch(url, data='{\"attributes\": {\"a\": \"1\"}}', headers=h)",
        "requests.patch(url, data=b'{\"attributes\": {\"a\": \"1\"}}')",
        "requests.request('PATCH', url, data=json.dumps({\"attributes\": {\"a\": \"1\"}}))",
        "payload = {\"attributes\": {\"a\": \"1\"}}\npayload = json.dumps(payload)\nrequests.patch(url, data=payload)",
        "body := platformclientv2.Participantattributes{Attributes: &map[string]string{\"a\": \"1\"}}",
        "httpx.patch(url, content=json.dumps({\"attributes\": {\"a\": \"1\"}}))",
        "const body = {attributes: {a: \"1\"}};\nfetch(url, {method: \"PATCH\", body: JSON.stringify(body)})",
        "fetch(url, {method: \"PATCH\", body: '{\"attributes\":{\"a\":\"1\"}}'})",
        "request({method: 'PATCH', url, json: true, body: {attributes: {a: '1'}}})",
        "got.patch(url, {json: {attributes: {a: '1'}}})",
        "axios({method: 'patch', url, data: {attributes: {a: '1'}}})",
        "xhr.open('PATCH', url); xhr.send(JSON.stringify({attributes: {a: '1'}})); // XMLHttpRequest",
        "$.ajax({type: 'PATCH', url: url, data: JSON.stringify({attributes: {a: '1'}}), contentType: 'application/json'})",
        "const attrs = {}; attrs[\"a\"] = \"1\";\napi.patchConversationParticipantAttributes(c, p, {attributes: attrs});",
        "$body = @{ attributes = @{ a = '1' } } | ConvertTo-Json\nInvoke-RestMethod -Method Patch -Uri $u -Body $body",
        "payload = {\"attributes\": {}}\npayload[\"attributes\"][\"a\"] = \"1\"\nrequests.patch(url, json=payload)",
        "payload = {}\npayload[\"attributes\"] = {\"a\": \"1\"}\nrequests.patch(url, json=payload)",
        "payload = {\"attributes\": {}}\npayload[\"attributes\"].update({\"a\": \"1\"})\nrequests.patch(url, json=payload)",
        "const attrs = {b: '2'};\nObject.assign(attrs, {a: '1'});\ndelete attrs.b;\napi.patch(c, p, {attributes: attrs});",
        "attrs = {'a': '1', 'b': '2'}\nattrs.pop('b')\nrequests.patch(url, json={'attributes': attrs})",
        "http PATCH :/api attributes:='{\"a\":\"1\"}'",
    ] {
        assert_eq!(read(text), Ok((pairs(&[("a", "1")]), vec![])), "{text}");
    }
}

#[test]
fn a_text_that_is_put_together_is_known_in_parts() {
    for (text, known, computed) in [
        (
            "fetch(url, {method: 'PATCH', body: '{\"attributes\":{\"tier\":\"' + tier + '\",\"b\":\"x\"}}'})",
            &[("b", "x")][..],
            &["tier"][..],
        ),
        ("const body = \"{\\\"attributes\\\":{\\\"tier\\\":\\\"\" + tier + \"\\\"}}\";", &[], &["tier"]),
        ("String body = \"{\\\"attributes\\\":\" +\n    \"{\\\"b\\\":\\\"x\\\"}}\";", &[("b", "x")], &[]),
        ("const body = `{\"attributes\":{\"tier\":\"${tier}\",\"b\":\"x\"}}`;", &[("b", "x")], &["tier"]),
        (
            "body = f'{{\"attributes\": {{\"tier\": \"{tier}\", \"b\": \"x\"}}}}'\nrequests.patch(url, data=body)",
            &[("b", "x")],
            &["tier"],
        ),
        (
            "body = '{\"attributes\": {\"tier\": \"%s\", \"b\": \"x\"}}' % tier\nrequests.patch(url, data=body)",
            &[("b", "x")],
            &["tier"],
        ),
        (
            "body = '{{\"attributes\": {{\"tier\": \"{}\", \"b\": \"x\"}}}}'.format(tier)\nrequests.patch(url, data=body)",
            &[("b", "x")],
            &["tier"],
        ),
        ("body = ('{\"attributes\": '\n        '{\"b\": \"x\"}}')\nrequests.patch(url, data=body)", &[("b", "x")], &[]),
        (
            "body = '{\"attributes\": {\"tier\": \"TIER\"}}'.replace('TIER', tier)\nrequests.patch(url, data=body)",
            &[],
            &["tier"],
        ),
        ("String body = String.format(\"{\\\"attributes\\\":{\\\"tier\\\":\\\"%s\\\"}}\", tier);", &[], &["tier"]),
        ("var body = $\"{{\\\"attributes\\\":{{\\\"tier\\\":\\\"{tier}\\\"}}}}\";", &[], &["tier"]),
        ("<?php $body = \"{\\\"attributes\\\":{\\\"tier\\\":\\\"$tier\\\"}}\";", &[], &["tier"]),
        (
            "attrs = {'tier': 'x'}\nattrs = clean(attrs)\nrequests.patch(url, json={'attributes': attrs})",
            &[],
            &["tier"],
        ),
        ("CURLOPT_POSTFIELDS => \"{\\\"attributes\\\":{\\\"tier\\\":\\\"$tier\\\"}}\",", &[], &["tier"]),
        ("body = \"{\\\"attributes\\\":{\\\"tier\\\":\\\"#{tier}\\\"}}\"", &[], &["tier"]),
        ("const k = {attributes: {a: '\\x41\\u{1F600}\\ud83d\\ude00', tier: '\\d'}}", &[("a", "A😀😀")], &["tier"]),
    ] {
        let (found, errors) = read(text).unwrap_or_else(|told| panic!("{text}: {told}"));
        assert_eq!((found, errors), (pairs(known), vec![]), "{text}");
        let explained = explain(text).unwrap();
        let unknown: Vec<&str> =
            explained.pairs.iter().filter(|pair| pair.was == Was::Expression).map(|pair| &*pair.key).collect();
        assert_eq!(unknown, computed, "{text}");
    }
}

#[test]
fn lines_of_a_program_are_no_pairs() {
    for text in [
        "curl attributes=1 u",
        "$body = ['attributes' => ['tier' => 'gold']];",
        "const x = 5",
        "body = { \"attributes\" => { \"tier\" => \"gold\" } }",
        "tiers[\"a\"] = \"gold\"",
        "f(x=1",
    ] {
        assert!(explain(text).is_err(), "{text}: {:?}", explain(text));
    }
    assert_eq!(
        read("Balance (EUR)=3\nb c = x").map(|(known, _)| known),
        Ok(pairs(&[("Balance (EUR)", "3"), ("b c", " x")]))
    );
    let literal = read("a={{x}}\nb=[object Object]").map(|(known, _)| known);
    assert_eq!(literal, Ok(pairs(&[("a", "{{x}}"), ("b", "[object Object]")])));
}

#[test]
fn names_and_values_of_yaml_are_maps() {
    let bare = "- setParticipantData:\n    attributes:\n      - attribute:\n          name: a\n          value: b";
    let explained = explain(bare).unwrap();
    let told = judge(&explained, PayloadTarget::Architect);
    let errors: Vec<_> =
        told.iter().filter(|one| one.severity == Severity::Error).map(|one| (one.rule, one.message.as_str())).collect();
    assert!(errors.len() == 2 && errors.iter().all(|(rule, _)| *rule == "unread-part"), "{told:?}");
    assert!(
        errors[0].1.starts_with("line 4: the name a") && errors[1].1.starts_with("line 5: the value b"),
        "{errors:?}"
    );
    let missing = "- setParticipantData:\n    attributes:\n      - attribute:\n          name:\n            lit: a";
    assert_eq!(explain(missing).unwrap().pairs[0].path, "/1");
}
