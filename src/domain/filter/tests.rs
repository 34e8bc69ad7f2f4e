use super::*;
use crate::domain::testing::{at, entry, participant, snapshot};
use crate::domain::{FlowRun, FlowSource, ParticipantSnapshot, QueueId, State};
use proptest::prelude::*;

/// A call in the queue Billing that came through MainIVR.
fn call() -> Conversation {
    let customer = ParticipantSnapshot {
        name: Some("Dana Müller".into()),
        address: Some("tel:+15550108861".into()),
        dnis: Some("tel:+13175550100".into()),
        queue_id: Some(QueueId::new("q-1")),
        ..participant(
            "p-customer",
            "customer",
            &[("customer_tier", "gold"), ("ivr_choice", "1"), ("Account Balance", "1,090.56"), ("note", "")],
        )
    };
    let ivr = ParticipantSnapshot {
        name: Some("MainIVR".into()),
        state: Some(State::new("disconnected")),
        ended: Some(at(30).wall),
        ..participant("p-ivr", "ivr", &[("customer_tier", "silver")])
    };
    let acd = ParticipantSnapshot { queue_id: Some(QueueId::new("q-1")), ..participant("p-acd", "acd", &[]) };
    let mut call = entry([snapshot("7c1e0c55-3c2d-4e57-8a55-1d2c3b4a5f42", vec![customer, ivr, acd])]).conversation;
    call.flows.push(FlowRun {
        id: "f-main".into(),
        name: Some("MainIVR".into()),
        version: Some("42.0".into()),
        source: FlowSource::Event,
        participant: Some("p-ivr".into()),
    });
    call
}

/// What is not known of a flow is neither so nor not so, unless the rest decides.
#[test]
fn an_unknown_flow_decides_nothing() {
    let verdict = |expression: &str, change: fn(&mut Conversation)| {
        let mut call = call();
        change(&mut call);
        let filter: Filter = expression.parse().unwrap();
        filter.verdict(CallFacts { conversation: &call, names: &names(), now: at(150) })
    };
    let unknown: fn(&mut Conversation) = |call| call.flows.clear();
    let no_version: fn(&mut Conversation) = |call| call.flows[0].version = None;
    let none: fn(&mut Conversation) = |call| {
        call.flows.clear();
        call.participants.retain(|p| !p.is_flow());
    };
    for (expression, change, verdict_is) in [
        ("flow:main", unknown, None),
        ("!flow:main", unknown, None),
        ("flow:main | gold", unknown, Some(true)),
        ("flow:main queue:sales", unknown, Some(false)),
        ("flow:main gold", unknown, None),
        ("flow:main", no_version, Some(true)),
        ("flow:main@42", no_version, None),
        ("flow:other@42", no_version, Some(false)),
        ("flow:main", none, Some(false)),
        ("!flow:main", none, Some(true)),
    ] {
        assert_eq!(verdict(expression, change), verdict_is, "{expression}");
    }
}

fn names() -> Names {
    let mut names = Names::default();
    names.learn_queue(QueueId::new("q-1"), "Billing Support");
    names
}

/// Whether the expression holds for [`call`] two minutes and a half into it.
fn judged(expression: &str) -> bool {
    let filter: Filter = expression.parse().unwrap_or_else(|m: Mistake| panic!("{expression}: {m}"));
    filter.holds(CallFacts { conversation: &call(), names: &names(), now: at(150) })
}

#[test]
fn what_holds() {
    for expression in [
        "",
        "gold",
        "GOLD",
        "8861",
        "5550108861",
        "\"555 010 8861\"",
        "\"(555) 010-8861\"",
        "dana",
        "MÜLLER",
        "mainivr",
        "billing",
        "customer_t",
        "3c2d",
        "customer_tier=gold",
        "customer_tier=silver",
        "customer_tier!=gold",
        "customer_tier!=silver",
        "!missing",
        "note=",
        "note=\"\"",
        "customer_tier?",
        "\"Account Balance\"?",
        "\"Account Balance\"=1,090.56",
        "customer_tier~^g",
        "customer_tier~^(gold|x y)$",
        "customer_tier~[|)]|gold",
        "queue:billing",
        "queue:\"billing support\"",
        "queue:q-1",
        "flow:main",
        "flow:MainIVR@42",
        "flow:MainIVR@42.0",
        "flow:f-main@42",
        "flow:F-MAIN",
        "state:queue",
        "state:QUEUE",
        "state:connected",
        "purpose:ivr",
        "media:call",
        "from:8861",
        "from:+1555",
        "from:\"+1 555 010\"",
        "to:0100",
        "id:7c1e",
        "id:p-acd",
        "ivr_choice>0",
        "ivr_choice>=1",
        "ivr_choice<10",
        "\"AND\" | gold",
        "age>2m",
        "age>=150s",
        "age<3m",
        "age<=2m30s",
        "gold queue:billing",
        "nothing | gold",
        "(nothing | gold) billing",
        "!(nothing)",
        "!queue:sales",
        "!ivr_choice=2",
    ] {
        assert!(judged(expression), "{expression}");
    }
}

#[test]
fn what_does_not_hold() {
    for expression in [
        "platinum",
        "customer_tier=Gold",
        "Customer_Tier=gold",
        "customer_tier=gol",
        "missing!=gold",
        "missing=",
        "missing?",
        "!customer_tier",
        "ivr_choice!=1",
        "note!=",
        "customer_tier~^old",
        "queue:sales",
        "queue:q",
        "flow:billing",
        "flow:main@41",
        "flow:p-ivr",
        "state:ended",
        "state:ivr",
        "state:disconnected",
        "purpose:agent",
        "media:email",
        "from:0100",
        "to:8861",
        "id:p-cust",
        "ivr_choice>1",
        "customer_tier>1",
        "age>150s",
        "age<2m",
        "gold nothing",
        "gold (nothing | none)",
        "!(gold)",
        "!customer_tier=gold",
        "\"555 010 8862\"",
        "customer_tier!=gold platinum",
    ] {
        assert!(!judged(expression), "{expression}");
    }
}

/// Two conditions may be met by different participants.
#[test]
fn a_call_is_judged_not_a_participant() {
    assert!(judged("customer_tier=gold customer_tier=silver"));
}

#[test]
fn mistakes_are_placed() {
    for (expression, span, words) in [
        ("gold |", 6..6, "missing"),
        ("| gold", 0..0, "missing"),
        ("a | | b", 4..4, "missing"),
        ("()", 1..1, "missing"),
        ("(gold", 0..1, "not closed"),
        ("gold)", 4..5, "closes nothing"),
        ("a \"gold", 2..3, "quote"),
        ("=gold", 0..1, "key is missing before ="),
        ("a ~x", 2..3, "no space before ~"),
        ("~x", 0..1, "key is missing before ~"),
        ("tier = gold", 5..6, "write tier=value"),
        ("tier==gold", 4..6, "write tier=gold"),
        ("a | tier=='gold'", 8..10, "write tier='gold'"),
        ("tier!==gold", 4..7, "write tier!=gold"),
        ("tier= gold", 5..6, "no space after ="),
        ("tier:gold", 0..9, "an attribute is written tier=gold"),
        ("gold AND silver", 5..8, "a space means and"),
        ("gold OR silver", 5..7, "write | for or"),
        ("NOT gold", 0..3, "write ! for not"),
        ("state:foo", 6..9, "not a state; try ivr, queue"),
        ("state:quue", 6..10, "did you mean queue?"),
        ("media:mail", 6..10, "did you mean email?"),
        ("tier>gold", 5..9, "compares numbers"),
        ("tier>", 5..5, "a number is missing"),
        ("!", 1..1, "key is missing after !"),
        ("!=x", 1..1, "key is missing after !"),
        ("customer_tier~", 14..14, "pattern is missing"),
        ("customer_tier~[", 14..15, "unclosed character class"),
        ("queue:", 6..6, "missing after queue:"),
        ("queu:billing", 0..4, "did you mean queue:"),
        ("form:+1", 0..4, "did you mean from:"),
        ("age>2", 4..5, "2m"),
        ("age>", 4..4, "2m"),
        ("\"age\">2m", 6..8, "compares numbers"),
    ] {
        let mistake = expression.parse::<Filter>().expect_err(expression);
        assert_eq!(mistake.span, span, "{expression}: {mistake}");
        assert!(mistake.message.contains(words), "{expression}: {mistake}");
    }
    let deep = "(".repeat(100_000);
    assert!(deep.parse::<Filter>().is_err());
    let deep = "!".repeat(100_000) + "a";
    assert!(deep.parse::<Filter>().is_err());
}

#[test]
fn the_caret_stands_under_the_mistake() {
    let expression = "\u{6f22} tier>gold";
    let mistake = expression.parse::<Filter>().unwrap_err();
    assert_eq!(mistake.pointer(expression), "        ^^^^");
    assert_eq!("gold |".parse::<Filter>().unwrap_err().pointer("gold |"), "      ^");
}

#[test]
fn addresses_are_words() {
    assert!("tel:+15550108861".parse::<Filter>().is_ok());
    assert!(judged("tel:+1555"));
    assert!("sip:someone@example.com".parse::<Filter>().is_ok());
}

#[test]
fn only_ages_depend_on_time() {
    let timed = |e: &str| e.parse::<Filter>().unwrap().depends_on_time();
    assert!(timed("gold (x | !(age<1m))"));
    assert!(!timed("gold | age?"));
}

#[test]
fn a_call_that_ended_keeps_its_age() {
    let mut call = call();
    call.ended = Some(at(60).wall);
    assert_eq!(age(&call, at(9_000)), Duration::from_secs(60));
    call.started = Some(at(100).wall);
    assert_eq!(age(&call, at(50)), Duration::ZERO);
}

/// Text of conditions, with and without quotes.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_.é-]{1,8}",
        prop::sample::select(vec!["\"to:x\"", "\"queu:x\"", "\"a?\"", "\"\"", "age", "\"!a\"", "\"a|b\""])
            .prop_map(String::from),
        "[ -~]{1,8}".prop_map(|s| format!("\"{}\"", s.replace('\\', "\\\\").replace('"', "\\\""))),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![
        word(),
        (word(), word()).prop_map(|(k, v)| format!("{k}={v}")),
        (word(), word()).prop_map(|(k, v)| format!("{k}!={v}")),
        (word(), "[a-z^$.|()*]{1,4}|\"[a-z |]{1,4}\"").prop_map(|(k, v)| format!("{k}~{v}")),
        word().prop_map(|k| format!("!{k}")),
        word().prop_map(|k| format!("{k}?")),
        (prop::sample::select(vec!["queue", "flow", "state", "purpose", "media", "from", "to", "id"]), word())
            .prop_map(|(f, v)| format!("{f}:{v}")),
        (
            prop::sample::select(vec![">", "<", ">=", "<="]),
            0u32..10_000,
            prop::sample::select(vec!["ms", "s", "m", "h"])
        )
            .prop_map(|(op, n, unit)| format!("age{op}{n}{unit}")),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    condition().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} | {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_displayed_means_the_same(expression in expression()) {
        if let Ok(filter) = expression.parse::<Filter>() {
            let shown = filter.to_string();
            let again = shown.parse::<Filter>();
            prop_assert_eq!(again.as_ref(), Ok(&filter), "{}", shown);
            prop_assert_eq!(again.unwrap().to_string(), shown);
        }
    }

    #[test]
    fn nothing_panics_and_mistakes_lie_within(expression in "[ -~é漢\u{202e}|()!=~?:<>\"]{0,24}") {
        match expression.parse::<Filter>() {
            Ok(filter) => {
                filter.holds(CallFacts { conversation: &call(), names: &names(), now: at(1) });
            }
            Err(mistake) => {
                prop_assert!(expression.get(mistake.span.clone()).is_some(), "{mistake:?}");
                prop_assert!(!mistake.pointer(&expression).is_empty());
            }
        }
    }

    #[test]
    fn words_are_found_whatever_their_case(hay in "[a-zA-Z0-9éÉ ]{0,20}", needle in "[a-zA-Z0-9éÉ]{1,3}") {
        let found = needle::Needle::new(&needle).is_in(&hay);
        prop_assert_eq!(found, hay.to_lowercase().contains(&needle.to_lowercase()));
    }
}

#[test]
fn patterns_of_everyday_fit_and_their_number_is_bounded() {
    assert!(r"id~^\w{36}$".parse::<Filter>().is_ok());
    let many = ["k~a"; 9].join(" ");
    let mistake = many.parse::<Filter>().unwrap_err();
    assert!(mistake.message.contains("8 patterns"), "{mistake}");
    assert!("x".repeat(4097).parse::<Filter>().is_err());
    assert!(r"k~\w{2000}".parse::<Filter>().is_err(), "what a pattern costs is bounded");
}

#[test]
fn a_flow_that_is_none_is_named() {
    let flows = [("f-1", "MainIVR"), ("f-2", "Billing überall")];
    for (text, expected) in [
        ("", &[][..]),
        ("flow:main gold", &[]),
        ("flow:F-2@42 | flow:ÜBERALL", &[]),
        ("flow:Maine | !flow:main@1", &["Maine"]),
        ("!flow:nosuch (flow:main | flow:\"other one\")", &["nosuch", "other one"]),
    ] {
        assert_eq!(text.parse::<Filter>().unwrap().unknown_flows(&flows), expected, "{text}");
    }
}

#[test]
fn what_was_meant_is_said_of_a_purpose_and_of_a_field_with_spaces() {
    let said = |expression: &str| expression.parse::<Filter>().unwrap_err().message;
    assert_eq!(said("purpose:agnet"), "not a purpose of the platform; did you mean agent? Else put it in quotes");
    assert_eq!(said("tier=gold purpose:cutsomer")[..29], *"not a purpose of the platform");
    for right in ["purpose:agent", "purpose:ag", "purpose:custom", "purpose:\"agnet\"", "purpose:somebody"] {
        assert!(right.parse::<Filter>().is_ok(), "{right}");
    }
    assert_eq!(said("state = agent"), "state is a field, not a key: write state:agent");
    assert_eq!(said("from>5"), "from is a field: from:5; a key of that name is written \"from\">5");
    assert_eq!(said("tier=gold | queue = Billing"), "queue is a field, not a key: write queue:Billing");
    assert_eq!(said("tier = gold"), "no space before =: write tier=value");
    assert!("on:cutsomer".parse::<ChangeFilter>().unwrap_err().message.contains("did you mean customer?"));
}
