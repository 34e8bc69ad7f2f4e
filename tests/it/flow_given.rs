//! What is given to a run from outside: answers and the members that are awaited, durations, outputs of unknown actions, an entry
//! that was not made, targets with a placeholder.

use crate::flow_unknown::{call, on, set, simulated};
use serde_json::Value as Json;

/// A data action of this name that asks `asked` and takes its member `tier` into `Flow.O`, then sets `key` to that.
fn ask(name: &str, asked: &str, key: &str) -> String {
    format!(
        "          - callData:\n              name: {name}\n              category:\n                C:\n                  dataAction:\n                    {asked}:\n                      successOutputs:\n                        tier: {{var: Flow.O}}\n{}",
        set(key, "exp: Flow.O")
    )
}

#[test]
fn an_answer_with_no_member_that_is_awaited_says_which_are() {
    let flow = call(&ask("Find", "Lookup", "tier"));
    let (run, told) = simulated(&flow, &["--data-action", r#"Lookup={"tierr":"gold"}"#]);
    assert_eq!((run.code, &told["certain"]), (Some(2), &Json::Bool(false)), "{run:?}");
    let reasons = told["reasons"].to_string();
    assert!(reasons.contains("the answer given for Find has none of the members that it awaits: tier"), "{reasons}");
    // By the member, or by the variable that takes it.
    for member in ["tier", "Flow.O"] {
        let (run, told) = simulated(&flow, &["--data-action", &format!(r#"Lookup={{"{member}":"gold","more":1}}"#)]);
        assert_eq!((run.code, told["attributes"]["tier"].as_str()), (Some(0), Some("gold")), "{run:?}");
    }
    // A search: its result's name in the file, or the variable.
    let find = "          - findQueue:\n              name: Find queue\n              findName: {exp: '\"Billing\"'}\n              findResult: {var: Flow.O}\n";
    let flow = call(&(find.to_owned() + &set("queue", "exp: Flow.O")));
    let (run, told) = simulated(&flow, &["--data-action", r#"Find queue={"id":"q"}"#]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(told["reasons"].to_string().contains("awaits: findResult"), "{told}");
    let (_, told) = simulated(&flow, &["--data-action", r#"Find queue={"Flow.O":"Billing"}"#]);
    assert_eq!(told["attributes"]["queue"], "Billing");
}

#[test]
fn answers_under_one_name_go_one_to_each_action_and_what_is_left_is_said() {
    let flow = call(&(ask("A", "Get", "k1") + &ask("B", "Get", "k2")));
    let answer = |tier: u8| format!(r#"Get={{"tier":"{tier}"}}"#);
    let given =
        |count: u8| -> Vec<String> { (1..=count).flat_map(|n| ["--data-action".to_owned(), answer(n)]).collect() };
    let ran = |count: u8| {
        let given = given(count);
        simulated(&flow, &given.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for (count, keys, left) in
        [(1, ["1", "1"], None), (2, ["1", "2"], None), (4, ["1", "2"], Some("2 answers for Get"))]
    {
        let (run, told) = ran(count);
        assert_eq!((&told["attributes"]["k1"], &told["attributes"]["k2"]), (&keys[0].into(), &keys[1].into()));
        assert_eq!((run.code, run.stderr.contains("not used")), (Some(0), left.is_some()), "{run:?}");
        assert!(left.is_none_or(|left| run.stderr.contains(left)), "{}", run.stderr);
    }
    // An action's own name comes before that of what it asks.
    let (_, told) = simulated(&flow, &["--data-action", r#"B={"tier":"own"}"#, "--data-action", &answer(7)]);
    assert_eq!((&told["attributes"]["k1"], &told["attributes"]["k2"]), (&"7".into(), &"own".into()));
    let typo = simulated(&flow, &["--data-action", &answer(1), "--data-action", "Gett=timeout"]).0;
    assert!(
        typo.stderr.contains("no action of this flow is called Gett") && !typo.stderr.contains("not used"),
        "{typo:?}"
    );
}

#[test]
fn a_duration_is_given_in_the_platforms_form_or_that_of_iso_8601() {
    let long = format!(
        "          - decision:\n              name: Long?\n              condition: {{exp: 'Call.EstimatedWaitTime > MakeDuration(0,0,5,0)'}}\n              outputs:\n                \"yes\":\n                  actions:\n        {}",
        set("wait", "lit: long").replace('\n', "\n        ").trim_end()
    ) + "\n"
        + &set("end", "lit: here");
    for (given, is_long) in
        [("PT2M", false), ("P0D0H2M0S0F", false), ("PT5M0.5S", true), ("P1D", true), ("P0D1H0M0S0F", true)]
    {
        let input = format!(r#"{{"Call.EstimatedWaitTime":"{given}"}}"#);
        let (run, told) = simulated(&call(&long), &["--input", &input]);
        assert_eq!((run.code, told["attributes"].get("wait").is_some()), (Some(0), is_long), "{given}: {run:?}");
    }
    let (run, _) = simulated(&call(&long), &["--input", r#"{"Call.EstimatedWaitTime":"2 minutes"}"#]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn a_transfer_to_a_placeholder_is_marked() {
    let flow = call(
        "          - transferToAcd:\n              name: T\n              targetQueue: {lit: {name: '{{queue}}'}}\n              priority: {lit: 0}\n",
    );
    let (run, told) = simulated(&flow, &[]);
    assert_eq!(run.code, Some(0), "where it goes decides about no key: {run:?}");
    let message = told["message"].as_str().expect("a message");
    assert!(message.contains("{{queue}}, which is known only after substitution"), "{message}");
    let (_, told) = simulated(&flow, &["--input", r#"{"{{queue}}":"Billing"}"#]);
    assert_eq!((&told["to"], &told["message"]), (&"Billing".into(), &"the call is transferred to Billing".into()));
}

/// An output says which way an unknown action went, and nothing of what it set.
#[test]
fn a_chosen_output_of_an_unknown_action_says_nothing_of_keys() {
    let flow = call(
        &(set("order", "lit: none")
            + "          - brandNewThing:\n              name: New\n              outputs:\n                done:\n                  actions:\n                    - playAudio: {name: P}\n"
            + &set("late", "lit: x")),
    );
    let (run, told) = simulated(&flow, &["--choose", "New=done"]);
    assert_eq!((run.code, &told["certain"]), (Some(2), &Json::Bool(false)), "{run:?}");
    let reasons = told["reasons"].to_string();
    assert!(reasons.contains("order may have been changed") && !reasons.contains("late may"), "{reasons}");
    let (run, told) = simulated(&flow, &["--choose", "New=done", "--data-action", "New={}"]);
    assert_eq!((run.code, &told["certain"]), (Some(0), &Json::Bool(true)), "{run:?}");
}

#[test]
fn no_entry_at_a_menu_takes_its_default_choice() {
    let menu = |default: &str| {
        let choice = |name: &str, digit: u8| {
            format!(
                "          - menuTask:\n              name: {name}\n              dtmf: digit_{digit}\n              refId: {name}_5\n              task:\n                actions:\n                  - setParticipantData:\n                      name: S\n                      attributes:\n                        - attribute: {{name: {{lit: topic}}, value: {{lit: {name}}}}}\n"
            )
        };
        format!(
            "inboundCall:\n  name: M\n  startUpRef: /inboundCall/menus/menu[Main_1]\n  menus:\n    - menu:\n        name: Main\n        refId: Main_1\n{default}        choices:\n{}{}",
            choice("A", 1),
            choice("B", 2)
        )
    };
    let with = menu("        defaultChildMenuRef: ./choices/menuTask[B_5]\n");
    let (run, told) = simulated(&with, &["--press", ""]);
    assert_eq!((run.code, told["attributes"]["topic"].as_str()), (Some(0), Some("B")), "{run:?}");
    let (run, told) = simulated(&menu(""), &["--press", ""]);
    let message = told["message"].as_str().expect("a message");
    assert_eq!(run.code, Some(2));
    assert!(message.contains("nothing was entered, and no default choice is read of it"), "{message}");
    assert!(on(&with, &["flow", "keys", "FILE"]).stdout.contains("topic"));
}
