use super::*;
use crate::flow::input::Inputs;
use crate::flow::read;
use crate::flow::run::Run;
use std::sync::Arc;

const PLATFORM: &str = include_str!("../../../assets/flows/main-ivr.json");
const ARCHY: &str = include_str!("../../../assets/flows/main-ivr.yaml");
const TUTORIAL: &str = include_str!("../../../assets/flows/main-ivr-tutorial.json");

fn wanted<'a>(key: &'a str, value: &str, after: Option<&'a str>) -> SetData<'a> {
    SetData { key, value: super::value(value), after, again: false }
}

fn insert(text: &str, key: &str, value: &str, after: Option<&str>) -> String {
    match set_data(text, &wanted(key, value, after)) {
        Ok(EditOutcome::Inserted { text, .. }) => text,
        other => panic!("{key} after {after:?}: {other:?}"),
    }
}

fn refusal(text: &str, key: &str, value: &str, after: Option<&str>) -> String {
    match set_data(text, &wanted(key, value, after)) {
        Err(refusal) => refusal.to_string(),
        other => panic!("{key} after {after:?}: {other:?}"),
    }
}

/// Lines of the diff that take something away.
fn removed(old: &str, new: &str) -> Vec<String> {
    diff(old, new, "f").lines().skip(2).filter(|line| line.starts_with('-')).map(str::to_owned).collect()
}

fn final_attributes(text: &str, input: &str) -> Vec<String> {
    let mut run = Run::new(Arc::new(read(text).unwrap()), Inputs::from_json(input).unwrap());
    while run.step().is_some() {}
    assert!(run.end().unwrap().complete(), "{:?}", run.end());
    run.attributes().map(|(key, value)| format!("{key}={value}")).collect()
}

#[test]
fn the_new_action_runs_and_the_rest_is_untouched() {
    let input = r#"{"digits":["1"],"dataActions":{"Lookup":{"tier":"gold"}}}"#;
    for (text, links) in [(PLATFORM, 2), (ARCHY, 0), (TUTORIAL, 1)] {
        for after in ["Mark start", "Keep tier", "Find customer"] {
            if text == TUTORIAL && after == "Find customer" {
                // There, every output leads away, so nothing comes behind it.
                assert!(refusal(text, "campaign", "x", Some(after)).contains("would never run"));
                continue;
            }
            let new = insert(text, "campaign", "spring \"26\"", Some(after));
            assert!(final_attributes(&new, input).contains(&"campaign=spring \"26\"".to_owned()), "{after}\n{new}");
            let gone = removed(text, &new);
            // At most the link that changed and the tracking counter; a line that only gains a comma counts too.
            assert!(gone.len() <= links + 1, "{after}: {gone:?}");
            let again = set_data(&new, &wanted("campaign", "spring \"26\"", Some(after))).unwrap();
            assert!(matches!(again, EditOutcome::Already(_)), "{after}: {again:?}");
        }
    }
}

#[test]
fn archy_only_gains_lines() {
    for (key, value) in
        [("tier", "Flow.Tier"), ("a b", "no"), ("n", "1.50"), ("q", "\"a\\\"b\""), ("x", "Append(Flow.Tier, \": #\")")]
    {
        let new = insert(ARCHY, key, value, Some("Note timeout"));
        assert_eq!(removed(ARCHY, &new), Vec::<String>::new());
        assert_eq!(new.lines().count(), ARCHY.lines().count() + 8);
        let keys = keys(&read(&new).unwrap());
        assert_eq!(keys.by_key[key].set[0].value, Some(super::value(value)), "{new}");
        assert!(keys.by_key[key].set[0].path.ends_with("Find customer [timeout]"));
    }
}

#[test]
fn without_a_place_it_goes_to_the_start() {
    for text in [PLATFORM, ARCHY, TUTORIAL] {
        let new = insert(text, "first", "yes", None);
        let flow = read(&new).unwrap();
        assert_eq!(keys(&flow).by_key["first"].set[0].when, SetWhen::Always);
        assert_eq!(flow.remarks, []);
        assert!(matches!(set_data(&new, &wanted("first", "yes", None)).unwrap(), EditOutcome::Already(_)));
    }
}

/// The code in circulation looks up "the next action" after it has put the new one in, finds the new one, and links it to
/// itself.
#[test]
fn the_new_action_never_leads_to_itself() {
    let minimal =
        r#"{"actions":[{"id":"start","type":"start","nextActionId":"end"},{"id":"end","type":"disconnect"}]}"#;
    let new = insert(minimal, "ivr_choice", "1", Some("start"));
    assert_eq!(
        new,
        r#"{"actions":[{"id":"start","type":"start","nextActionId":"set_ivr_choice"},{"id":"set_ivr_choice","type":"setParticipantData","name":"Set Participant Data","settings":{"key":"ivr_choice","value":"1"},"nextActionId":"end"},{"id":"end","type":"disconnect"}]}"#
    );
    let flow = read(&new).unwrap();
    for (at, action) in flow.actions.iter().enumerate() {
        assert_ne!(action.next, Some(at));
    }
    assert_eq!(final_attributes(&new, "{}"), ["ivr_choice=1"]);
}

#[test]
fn an_action_without_a_link_gets_one() {
    let text = "{\n  \"actions\": [\n    {\n      \"id\": \"a\",\n      \"type\": \"playPrompt\"\n    }\n  ]\n}\n";
    let new = insert(text, "k", "v", Some("a"));
    assert_eq!(
        new,
        "{\n  \"actions\": [\n    {\n      \"id\": \"a\",\n      \"type\": \"playPrompt\",\n      \"nextActionId\": \"set_k\"\n    },\n    {\n      \"id\": \"set_k\",\n      \"type\": \"setParticipantData\",\n      \"name\": \"Set Participant Data\",\n      \"settings\": {\"key\": \"k\", \"value\": \"v\"}\n    }\n  ]\n}\n"
    );
}

#[test]
fn the_tracking_counter_moves_on() {
    let new = insert(PLATFORM, "campaign", "spring", Some("#12"));
    assert!(new.contains("\"nextTrackingNumber\": 29"));
    let flow = read(&new).unwrap();
    let at = flow.find("#28").unwrap();
    assert_eq!(flow.actions[at].type_name, "SetAttributesAction");
    assert_eq!(flow.actions[flow.find("Mark start").unwrap()].next, Some(at));
    assert_eq!(flow.actions[at].next, Some(flow.find("Find customer").unwrap()));
}

#[test]
fn line_ends_and_missing_last_newlines_are_kept() {
    let windows = ARCHY.replace('\n', "\r\n");
    let new = insert(&windows, "k", "v", Some("Mark start"));
    assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
    let open = "inboundCall:\n  name: W\n  states:\n    - state:\n        name: S\n        actions:\n          - playAudio:\n              name: P";
    let new = insert(open, "k", "v", Some("P"));
    assert!(new.starts_with(open) && new.ends_with("lit: v"), "{new}");
}

#[test]
fn it_refuses_with_reasons() {
    for text in [PLATFORM, ARCHY, TUTORIAL] {
        for (key, value, after, part) in [
            ("ivr_name", "Other", Some("Mark start"), "sets ivr_name to \"MainIVR\" there"),
            ("lookup", "maybe", Some("Mark start"), "is set already by"),
            ("Customer_Tier", "x", None, "differs from Customer_Tier only in case"),
            ("k", "v", Some("Nowhere at all"), "no action is called"),
            ("k", "v", Some("Mark stat"), "did you mean Mark start?"),
            ("k", "v", Some("To billing"), "nothing runs behind To billing"),
            ("k", "v", Some("Main Menu"), "is a menu"),
            ("", "v", None, "the key is empty"),
            (" k", "v", None, "begins or ends with a space"),
            ("{{k}}", "v", None, "placeholder"),
            ("k", "If(Flow.Tier", None, "is not a valid Architect expression"),
            ("k", "\"open", None, "never closed"),
            ("k", "NOT_SET", None, "NOT_SET is not a value"),
        ] {
            let told = refusal(text, key, value, after);
            assert!(told.contains(part), "{key} {value} {after:?}: {told}");
        }
    }
    for text in [PLATFORM, ARCHY] {
        assert!(refusal(text, "k", "{{lookup_result.tier}}", None).contains("does not resolve"));
        assert!(refusal(text, "k", "Flow.Tire", None).contains("the nearest is Flow.Tier"));
        assert!(refusal(text, "k", "v", Some("Goodbye")).contains("Goodbye"));
    }
    assert!(refusal(TUTORIAL, "k", "Append(a, b)", None).contains("no expressions"));
    assert!(matches!(set_data("nothing", &wanted("k", "v", None)), Err(EditRefusal::Read(_))));
}

#[test]
fn what_is_already_there_is_no_error() {
    for text in [PLATFORM, ARCHY, TUTORIAL] {
        let there = set_data(text, &wanted("ivr_name", "MainIVR", None)).unwrap();
        assert!(matches!(there, EditOutcome::Already(place) if place.starts_with("Mark start")));
    }
}

#[test]
fn values_are_read_as_typed() {
    for (text, operand) in [
        ("gold", Operand::Literal("gold".into())),
        ("42", Operand::Literal("42".into())),
        ("\"gold\"", Operand::Literal("gold".into())),
        ("Flow.Tier", Operand::Variable("Flow.Tier".into())),
        ("Append(\"a\", Flow.Tier)", Operand::Expression("Append(\"a\", Flow.Tier)".into())),
        ("call me (later)", Operand::Literal("call me (later)".into())),
        ("", Operand::Literal(String::new())),
    ] {
        assert_eq!(value(text), operand, "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Any text goes in as it is and comes out as it was, in every form.
    #[test]
    fn any_key_and_value_survive(key in "[^\\p{Cc}\\s{$][^\\p{Cc}{$]{0,12}[^\\p{Cc}\\s{$]", value in "[^{$]{0,24}") {
        for text in [PLATFORM, ARCHY, TUTORIAL] {
            let wanted = SetData { key: &key, value: Operand::Literal(value.clone()), after: Some("Mark start"), again: true };
            match set_data(text, &wanted) {
                Ok(EditOutcome::Inserted { text, id, .. }) => {
                    let flow = read(&text).unwrap();
                    let at = flow.find(&id).unwrap();
                    let ActionKind::SetData(list) = &flow.actions[at].kind else { panic!("{text}") };
                    proptest::prop_assert_eq!(list[0].key.text(), &key);
                    proptest::prop_assert_eq!(list[0].value.text(), &value);
                }
                other => proptest::prop_assert!(false, "{:?}", other),
            }
        }
    }
}

/// A flow of this kind with a variable of each type.
fn typed(root: &str, scope: &str) -> String {
    let variables: String = [
        ("string", "S"),
        ("integer", "N"),
        ("decimal", "D"),
        ("boolean", "B"),
        ("dateTime", "T"),
        ("duration", "U"),
        ("json", "J"),
        ("queue", "Q"),
        ("stringCollection", "L"),
    ]
    .iter()
    .map(|(kind, name)| {
        format!("    - {kind}Variable:\n        name: {scope}.{name}\n        initialValue:\n          noValue: true\n")
    })
    .collect();
    let actions = "- disconnect:\n            name: End\n";
    match root {
        "commonModule" => format!(
            "commonModule:\n  name: X\n  variables:\n{variables}  startUpTaskActions:\n    {}",
            actions.replace("        ", "    ")
        ),
        _ => format!(
            "{root}:\n  name: X\n  startUpRef: \"/{root}/states/state[Main_1]\"\n  variables:\n{variables}  states:\n    - state:\n        name: Main\n        refId: Main_1\n        actions:\n          {}",
            actions.replace("            name", "              name")
        ),
    }
}

#[test]
fn an_attribute_takes_texts_alone() {
    let flow = typed("inboundCall", "Flow");
    for (value, part) in [
        ("Flow.N", "ToString(Flow.N)"),
        ("Flow.D", "ToString(Flow.D)"),
        ("Flow.B", "ToString(Flow.B)"),
        ("flow.n", "ToString(flow.n)"),
        ("Flow.T", "a date and time"),
        ("Flow.U", "a duration"),
        ("Flow.J", "JSON"),
        ("Flow.Q", "an object"),
        ("Flow.L", "a list"),
        ("IsSet(Flow.S)", "true or false"),
        ("IsNotSetOrEmpty(Flow.S)", "true or false"),
        ("Contains(Flow.S, \"a\")", "true or false"),
        ("Flow.N + 1", "an integer"),
        ("Flow.N * 2", "a number"),
        ("ToInt(Flow.S)", "an integer"),
        ("Length(Flow.S)", "an integer"),
        ("Count(Flow.L)", "an integer"),
        ("MakeList(\"a\")", "a list"),
        ("Split(Flow.S, \",\")", "a list"),
        ("If(Flow.S == \"a\", 1, 2)", "a number"),
        ("If(Flow.S == \"a\", \"x\", 2)", "a number"),
        ("If(Flow.S == \"a\", Flow.S, Flow.B)", "true or false"),
        ("GetCurrentDateTimeUtc()", "a date and time"),
        ("MakeDuration(0, 0, 1, 0)", "a duration"),
        ("FindQueue(\"Sales\")", "an object"),
        ("ToPhoneNumber(Call.Ani)", "an object"),
        ("ToAudioTTS(\"hi\")", "an object"),
        ("Append()", "takes at least 1 argument"),
        ("If(Flow.B, \"a\")", "takes at least 3 arguments"),
        ("Append(\"a\", Replace(Flow.S, \"b\"))", "Replace takes at least 3"),
        ("Flow.S + 1", "+ does not apply to a text and a number"),
        ("Append(\"x\", Flow.S + Flow.N)", "+ does not apply to a text and an integer"),
        ("Left(1, 2)", "argument 1 of Left is a text"),
        ("Substring(Flow.S, \"a\", 1)", "argument 2 of Substring is a number"),
        ("Flow.Nope", "declares no variable Flow.Nope"),
        ("Flow.S.length", "declares no variable Flow.S.length"),
        ("Slot.X", "has no Slot.X"),
        ("Common.X", "has no Common.X"),
        ("Message.Message.body", "has no Message.Message.body"),
    ] {
        let told = refusal(&flow, "k", value, None);
        assert!(told.contains(part), "{value}: {told}");
    }
    for value in [
        "Flow.S",
        "ToString(Flow.N)",
        "Append(\"n \", ToString(Flow.N))",
        "Append(Flow.S, Flow.S)",
        "Flow.S + \"x\"",
        "If(Flow.B, Flow.S, \"none\")",
        "Left(Flow.S, 3)",
        "ToPhoneNumber(Call.Ani).e164",
        "GetAt(Flow.L, 0)",
        "Flow.L[0]",
        "GetJsonObjectProperty(Flow.J, \"tier\")",
        "Flow.Q.name",
        "Call.Ani",
    ] {
        insert(&flow, "k", value, None);
    }
    let Ok(EditOutcome::Inserted { notes, .. }) = set_data(&flow, &wanted("k", "Foo(Flow.S)", None)) else { panic!() };
    assert!(notes.iter().any(|note| note.contains("Foo is no function that is known here")), "{notes:?}");
}

#[test]
fn variables_belong_to_kinds_of_flows() {
    for (root, value, fits) in [
        ("inboundShortMessage", "Message.Message.senderAddress", true),
        ("inboundShortMessage", "Call.Ani", false),
        ("inboundShortMessage", "Common.X", false),
        ("inboundEmail", "Email.Message.subject", true),
        ("inboundEmail", "Call.Ani", false),
        ("digitalBotFlow", "Call.Ani", false),
        ("inboundCall", "Email.Message.subject", false),
    ] {
        let flow = typed(root, "Flow");
        match set_data(&flow, &wanted("k", value, None)) {
            Ok(EditOutcome::Inserted { .. }) => assert!(fits, "{root}: {value}"),
            Err(refusal) => assert!(!fits && refusal.to_string().contains(value), "{root}: {value}: {refusal}"),
            other => panic!("{other:?}"),
        }
    }
    let module = typed("commonModule", "Common");
    insert(&module, "k", "Common.S", None);
    assert!(refusal(&module, "k", "Common.Nope", None).contains("declares no variable Common.Nope"));
    assert!(refusal(&module, "k", "Common.N", None).contains("ToString(Common.N)"));
}
