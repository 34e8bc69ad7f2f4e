//! What people paste, read as what it sends.

use super::*;

/// Text as pasted, the form that it has, its pairs (code as its source) and whether nothing is wrong for the API.
type Pasted = (&'static str, PayloadForm, &'static [(&'static str, &'static str)], bool);

#[test]
fn what_people_paste_is_read_as_what_it_sends() {
    use PayloadForm::{Attributes, Conversation, Data, Flat, ParticipantData};
    const URL: &str = "https://api.mypurecloud.com/api/v2/conversations/c/participants/p/attributes";
    let cases: &[Pasted] = &[
        // Shells.
        (
            r#"curl -X PATCH "URL" -H "Content-Type: application/json" -d "{\"attributes\":{\"tier\":\"gold\"}}""#,
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (r#"curl -X PATCH "URL" -d "{\"tier\":\"gold\"}""#, Flat, &[("tier", "gold")], false),
        (
            r#"curl -X PATCH "URL" -d "{ \"attributes\": { \"note\": \"say \\\"hi\\\"\" } }""#,
            Attributes,
            &[("note", "say \"hi\"")],
            true,
        ),
        (
            "curl -X PATCH \\\n 'URL' \\\n -H 'Content-Type: application/json' \\\n --data-raw '{\"attributes\":{\"tier\":\"gold\"}}'",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (r#"curl -X PATCH URL --json '{"attributes":{"tier":"gold"}}'"#, Attributes, &[("tier", "gold")], true),
        (
            r#"curl.exe -X PATCH URL -d ^"{\^"attributes\^":{\^"tier\^":\^"gold\^"}}^""#,
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (
            "Invoke-RestMethod URL -Method Patch -Body \"{`\"attributes`\":{`\"tier`\":`\"gold`\"}}\"",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (r#"curl -X PATCH URL -d "{""attributes"":{""tier"":""gold""}}""#, Attributes, &[("tier", "gold")], true),
        (r#"{\"attributes\":{\"tier\":\"gold\"}}"#, Attributes, &[("tier", "gold")], true),
        ("{&quot;attributes&quot;:{&quot;tier&quot;:&quot;R&amp;D&quot;}}", Attributes, &[("tier", "R&D")], true),
        (
            "Headers:\n{\"Content-Type\":\"application/json\"}\nBody:\n{\"attributes\":{\"tier\":\"gold\"}}",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        // JavaScript.
        (
            "apiInstance.patchConversationParticipantAttributes(conversationId, participantId, { attributes: { customer_tier: 'gold', } })",
            Attributes,
            &[("customer_tier", "gold")],
            true,
        ),
        (
            "const body = {\n  attributes: {\n    customer_tier: tier, // from the CRM\n    'account id': `A-1`\n  }\n};\nawait api.patchConversationsCallParticipantAttributes(id, pid, body);",
            Attributes,
            &[("customer_tier", "tier"), ("account id", "A-1")],
            true,
        ),
        (
            "await fetch('URL', { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ attributes: { tier: \"gold\" } }) })",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (
            "axios.patch(`URL`, { attributes: { tier: 'gold' } }, { headers: { Authorization: `Bearer ${token}` } })",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (
            "const attributes = { tier: 'gold' };\nawait api.patchConversationParticipantAttributes(c, p, { attributes });",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (
            "const data = { tier: 'gold' };\napi.patchConversationParticipantAttributes(c, p, { attributes: data });",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        (
            "body.attributes['tier'] = 'gold';\nbody.attributes.count = 3;",
            Attributes,
            &[("tier", "gold"), ("count", "3")],
            false,
        ),
        (
            "api.patchConversationParticipantAttributes(c, p, { data: { tier: 'gold' } })",
            Data,
            &[("tier", "gold")],
            false,
        ),
        (
            "api.patchConversationParticipantAttributes(c, p, { participantId: p, data: { tier: 'gold' } })",
            ParticipantData,
            &[("tier", "gold")],
            false,
        ),
        ("api.patchConversationParticipantAttributes(c, p, { tier: 'gold' })", Flat, &[("tier", "gold")], false),
        (
            "api.patchConversationParticipant(c, p, { attributes: { tier: 'gold' } })",
            Attributes,
            &[("tier", "gold")],
            false,
        ),
        (
            "const { ConversationsApi } = require('purecloud-platform-client-v2');\nnew ConversationsApi().patchConversationParticipantAttributes(c, p, {attributes: {vip: true}});",
            Attributes,
            &[("vip", "true")],
            false,
        ),
        // Python.
        (
            "body = PureCloudPlatformClientV2.ParticipantAttributes()\nbody.attributes = {'tier': 'gold', 'count': '3'}\napi.patch_conversation_participant_attributes(cid, pid, body)",
            Attributes,
            &[("tier", "gold"), ("count", "3")],
            true,
        ),
        (
            "api_instance.patch_conversation_participant_attributes(cid, pid, {\"attributes\": {\"vip\": True}})",
            Attributes,
            &[("vip", "true")],
            false,
        ),
        (
            "requests.patch(url, headers={\"Authorization\": f\"Bearer {token}\"}, json={\"attributes\": {\"tier\": tier, 'n': str(n)}})",
            Attributes,
            &[("tier", "tier"), ("n", "str(n)")],
            true,
        ),
        (
            "attributes = {'tier': 'gold'}\nrequests.patch(url, data=json.dumps({'attributes': attributes}))",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
        ("payload = {'tier': 'gold'}\nrequests.patch(url, json=payload)", Flat, &[("tier", "gold")], false),
        ("body.attributes[\"tier\"] = None  # clear it\n", Attributes, &[("tier", "null")], false),
        // What is set behind a literal belongs to it, and the last value of a key counts.
        (
            "attrs = {'a': '1', 'b': '2'}\nattrs[\"c\"] = 3\nattrs['b'] = 'x'\nif attrs[\"d\"] == 4:\n    pass\nbody = {'attributes': attrs}\napi.patch_conversation_participant_attributes(cid, pid, body)",
            Attributes,
            &[("a", "1"), ("b", "x"), ("c", "3")],
            false,
        ),
        (
            "let attributes = { a: '1' };\nattributes['b'] = { c: 1 };\nattributes.d = tier;\napi.patchConversationParticipantAttributes(c, p, { attributes });",
            Attributes,
            &[("a", "1"), ("b", "{\"c\":1}"), ("d", "tier")],
            false,
        ),
        (
            "const body = { attributes: { a: '1' } };\nbody.attributes.b = 'x';\nbody[\"attributes\"][\"c\"] = 'y';\nawait fetch(url, { method: 'PATCH', body: JSON.stringify(body) });",
            Attributes,
            &[("a", "1"), ("b", "x"), ("c", "y")],
            true,
        ),
        ("body = ParticipantAttributes(attributes={'tier': 'gold'})", Attributes, &[("tier", "gold")], true),
        (
            "api.patch_conversation_participant(cid, pid, {'attributes': {'tier': 'gold'}})",
            Attributes,
            &[("tier", "gold")],
            false,
        ),
        // Other languages' literals that come for free.
        (
            "attributes.put(\"tier\", \"gold\");\nattributes.put(\"source\", channel);",
            Attributes,
            &[("tier", "gold"), ("source", "channel")],
            true,
        ),
        ("String body = \"{\\\"attributes\\\":{\\\"tier\\\":\\\"gold\\\"}}\";", Attributes, &[("tier", "gold")], true),
        // What the API answers.
        (
            r#"{"id":"c","participants":[{"id":"p","purpose":"customer","attributes":{"tier":"gold"}}]}"#,
            Conversation,
            &[],
            false,
        ),
        (
            r#"{"topicName":"v2.users.u.conversations","version":"2","eventBody":{"id":"c","participants":[]}}"#,
            Conversation,
            &[],
            false,
        ),
        // Posts.
        (
            "Send PATCH to /api/v2/conversations/{conversationId}/participants/{participantId}/attributes with\n{\"attributes\": {\"tier\": \"gold\"}}\nand it works.",
            Attributes,
            &[("tier", "gold")],
            true,
        ),
    ];
    for (text, form, pairs, right) in cases {
        let text = text.replace("URL", URL);
        let explained = explain(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(explained.form, *form, "{text}: {explained:?}");
        let read: Vec<(&str, &str)> = explained.pairs.iter().map(|pair| (&*pair.key, &*pair.value)).collect();
        assert_eq!(read, *pairs, "{text}");
        let found = found(&text, PayloadTarget::Api);
        assert_eq!(found.iter().all(|(_, severity)| *severity != "error"), *right, "{text}: {found:?}");
        // What cannot be known is never printed as if it were.
        let (flat, _) = explained.flat();
        for pair in explained.pairs.iter().filter(|pair| pair.was == Was::Expression) {
            assert!(!flat.contains_key(&pair.key), "{text}: {flat:?}");
        }
    }
}
