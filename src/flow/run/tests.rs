use super::*;
use crate::flow::input::DataActionAnswer;
use crate::flow::read;

const FILES: [&str; 3] = [
    include_str!("../../../assets/flows/main-ivr.json"),
    include_str!("../../../assets/flows/main-ivr.yaml"),
    include_str!("../../../assets/flows/main-ivr-tutorial.json"),
];

fn run(text: &str, input: &str) -> (Run, Vec<ActionRun>) {
    let mut run = Run::new(Arc::new(read(text).unwrap()), Inputs::from_json(input).unwrap());
    let steps = std::iter::from_fn(|| run.step()).collect();
    (run, steps)
}

fn attributes(run: &Run) -> Vec<String> {
    run.attributes().map(|(key, value)| format!("{key}={value}")).collect()
}

#[test]
fn the_three_forms_of_one_flow_do_the_same() {
    for text in FILES {
        for (answer, expected) in [
            (
                r#"{"tier":"gold"}"#,
                vec![
                    "ivr_name=MainIVR",
                    "customer_tier=gold",
                    "lookup=ok",
                    "ivr_choice=account_balance",
                    "priority=high-gold",
                ],
            ),
            (
                r#"{"tier":"silver"}"#,
                vec!["ivr_name=MainIVR", "customer_tier=silver", "lookup=ok", "ivr_choice=account_balance"],
            ),
        ] {
            let (run, _) = run(text, &format!(r#"{{"digits":["1"],"dataActions":{{"Lookup":{answer}}}}}"#));
            assert_eq!(attributes(&run), expected, "{}", run.flow().form);
            assert_eq!(run.end(), Some(&End::Transferred("Billing".into())));
        }
        let (run, _) = run(text, r#"{"digits":["9"],"dataActions":{"Lookup":"timeout"},"language":"en"}"#);
        assert_eq!(attributes(&run), ["language=en", "ivr_name=MainIVR", "lookup=timeout"], "{}", run.flow().form);
        assert_eq!(run.end(), Some(&End::Disconnected));
        assert_eq!(run.variable("Flow.Language"), Val::Text("en".into()));
    }
}

#[test]
fn steps_tell_what_each_action_did() {
    let (_, steps) = run(FILES[1], r#"{"digits":["9"],"dataActions":{"Lookup":"error"}}"#);
    let told: Vec<(usize, Option<&str>, usize)> =
        steps.iter().map(|step| (step.number, step.output.as_deref(), step.set.len())).collect();
    assert_eq!(
        told,
        [
            (1, None, 0),
            (2, None, 0),
            (3, None, 1),
            (4, Some("failure"), 0),
            (5, None, 1),
            (6, None, 0),
            (7, Some("9: Goodbye"), 0),
            (8, None, 0)
        ]
    );
    assert_eq!(steps[4].set[0].key.as_deref(), Some("lookup"));
    assert_eq!(steps[1].notes, ["language is not there"]);
}

#[test]
fn it_waits_for_what_it_cannot_know_and_goes_on_when_given() {
    for text in FILES {
        let (mut run, _) = run(text, "{}");
        assert!(
            matches!(run.end(), Some(End::Needs(Need::Lookup { name, .. })) if name == "Lookup"),
            "{:?}",
            run.end()
        );
        let mut more = Inputs::default();
        more.lookups.push(("Lookup".into(), DataActionAnswer::Ok(serde_json::json!({}))));
        run.answer(more);
        while run.step().is_some() {}
        assert!(matches!(run.end(), Some(End::Needs(Need::Digit { .. }))), "{:?}", run.end());
        let tier = run.attributes().find(|(key, _)| *key == "customer_tier").unwrap().1;
        assert!(matches!(tier, Val::Unknown(why) if why.text().contains("tier")), "{tier:?}");
        let mut more = Inputs::default();
        more.digits.push_back("1".into());
        run.answer(more);
        while run.step().is_some() {}
        // The tier is unevaluated, so the decision on it is not taken.
        assert!(matches!(run.end(), Some(End::Undecided(_))), "{:?}", run.end());
        let mut more = Inputs::default();
        more.choose.push(("Gold caller?".into(), "no".into()));
        run.answer(more);
        while run.step().is_some() {}
        assert_eq!(run.end(), Some(&End::Transferred("Billing".into())));
    }
}

fn tutorial(actions: &str) -> String {
    format!(r#"{{"actions":[{actions}]}}"#)
}

#[test]
fn a_circle_is_named() {
    let (run, steps) = run(
        &tutorial(
            r#"{"id":"a","type":"start","nextActionId":"b"},
               {"id":"b","type":"setParticipantData","name":"B","settings":{"key":"k","value":"v"},"nextActionId":"c"},
               {"id":"c","type":"playPrompt","name":"C","nextActionId":"b"}"#,
        ),
        "{}",
    );
    assert_eq!(run.end(), Some(&End::Cycle(vec!["C".into(), "B".into(), "C".into()])));
    assert!(steps.len() <= 6);
    let (run, _) = super::tests::run(
        &tutorial(
            r#"{"id":"a","type":"setParticipantData","name":"A","settings":{"key":"k","value":"v"},"nextActionId":"a"}"#,
        ),
        "{}",
    );
    assert_eq!(run.end().unwrap().to_string(), "the flow runs in a circle and nothing changes in it: A → A");
}

#[test]
fn growing_state_ends_at_the_limit() {
    let text = "workflow:\n  name: W\n  startUpRef: /workflow/states/state[S]\n  variables:\n    - integerVariable: {name: Flow.N, initialValue: {exp: '0'}}\n  states:\n    - state:\n        name: S\n        refId: S\n        actions:\n          - updateData:\n              name: Count\n              statements:\n                - integer: {variable: Flow.N, value: {exp: Flow.N + 1}}\n          - changeState: {name: Again, targetStateRef: '/workflow/states/state[S]'}\n";
    let mut run = Run::new(Arc::new(read(text).unwrap()), Inputs::default()).limited(1_000);
    while run.step().is_some() {}
    assert!(matches!(run.end(), Some(End::Limit(_))), "{:?}", run.end());
    assert_eq!(run.variable("Flow.N"), Val::Number(500.0));
}

#[test]
fn loops_and_task_calls_come_back() {
    let text = "inboundCall:\n  name: L\n  startUpRef: /inboundCall/tasks/task[A]\n  variables:\n    - integerVariable: {name: Flow.N, initialValue: {exp: '0'}}\n  tasks:\n    - task:\n        name: A\n        refId: A\n        actions:\n          - callTask: {name: Call B, targetTaskRef: '/inboundCall/tasks/task[B]'}\n          - loop:\n              name: Thrice\n              loopCount: {lit: 3}\n              outputs:\n                loop:\n                  actions:\n                    - callTask: {name: Call B again, targetTaskRef: '/inboundCall/tasks/task[B]'}\n          - setParticipantData:\n              name: Done\n              attributes:\n                - attribute: {name: {lit: done}, value: {exp: ToString(Flow.N)}}\n          - disconnect: {name: End}\n    - task:\n        name: B\n        refId: B\n        actions:\n          - updateData:\n              name: Count\n              statements:\n                - integer: {variable: Flow.N, value: {exp: Flow.N + 1}}\n          - endTask: {name: Back}\n";
    let (run, _) = run(text, "{}");
    assert_eq!(run.end(), Some(&End::Disconnected));
    assert_eq!(attributes(&run), ["done=4"]);
    let keys = crate::flow::keys::keys(run.flow());
    assert_eq!(keys.by_key["done"].set[0].when, crate::flow::keys::SetWhen::Always);
}

#[test]
fn calls_without_end_are_told() {
    let text = "inboundCall:\n  name: L\n  startUpRef: /inboundCall/tasks/task[A]\n  tasks:\n    - task:\n        name: A\n        refId: A\n        actions:\n          - callTask: {name: Me, targetTaskRef: '/inboundCall/tasks/task[A]'}\n";
    let (run, _) = run(text, "{}");
    assert!(matches!(run.end(), Some(End::Cycle(_) | End::Limit(_))), "{:?}", run.end());
}

#[test]
fn unknown_actions_are_marked_and_asked_about() {
    let (passed, steps) =
        run(&tutorial(r#"{"id":"a","type":"sendFax","nextActionId":"b"},{"id":"b","type":"disconnect"}"#), "{}");
    assert!(!steps[0].interpreted);
    assert_eq!(passed.end(), Some(&End::Disconnected));
    let text = tutorial(
        r#"{"id":"a","type":"callBotFlow","name":"Bot","settings":{"outputs":{"left":"b","right":"c"}}},
           {"id":"b","type":"disconnect"},{"id":"c","type":"transferToQueue","settings":{"queue":"Q"}}"#,
    );
    let (asked, _) = run(&text, "{}");
    assert_eq!(
        asked.end(),
        Some(&End::Needs(Need::Output {
            action: "Bot".into(),
            outputs: vec!["left".into(), "right".into(), "none".into()]
        }))
    );
    let (chosen, _) = run(&text, r#"{"choose":{"Bot":"right"}}"#);
    assert_eq!(chosen.end(), Some(&End::Transferred("Q".into())));
    let (wrong, _) = run(&text, r#"{"choose":{"Bot":"up","Robot":"left"}}"#);
    assert!(wrong.end().unwrap().to_string().contains("it has left, right"));
    assert_eq!(wrong.unknown_inputs(), ["Robot"]);
}

#[test]
fn doubtful_values_are_remarked() {
    let text = "inboundCall:\n  name: L\n  tasks:\n    - task:\n        name: A\n        actions:\n          - setParticipantData:\n              name: S\n              attributes:\n                - attribute: {name: {lit: t}, value: {lit: '{{lookup.tier}}'}}\n                - attribute: {name: {lit: n}, value: {exp: '1 + 1'}}\n                - attribute: {name: {lit: u}, value: {exp: Flow.Nowhere}}\n                - attribute: {name: {lit: Key}, value: {lit: x}}\n          - getParticipantData:\n              name: G\n              attributes:\n                - attribute: {name: {lit: key}, variable: Flow.K}\n";
    let (run, steps) = run(text, "{}");
    assert!(attributes(&run)[1].contains("the number 2, which is no text"), "{:?}", attributes(&run));
    assert!(attributes(&run)[0].contains("{{lookup.tier}}") && attributes(&run)[0].contains("stays as it is"));
    assert!(matches!(run.attributes().nth(2).unwrap().1, Val::Unknown(_)));
    let notes = steps.iter().flat_map(|step| step.notes.clone()).collect::<Vec<_>>().join("\n");
    for part in ["ToString", "Key is, and keys are case-sensitive"] {
        assert!(notes.contains(part), "{notes}");
    }
}

/// Five thousand actions in a line: neither reading, nor listing, nor running may be quadratic or deep.
#[test]
fn large_flows_are_quick_and_safe() {
    let count = 5_000;
    let filler = "x".repeat(900);
    let actions: Vec<String> = (0..count)
        .map(|at| {
            let next = if at + 1 < count { format!(r#","nextActionId":"a{}""#, at + 1) } else { String::new() };
            format!(
                r#"{{"id":"a{at}","type":"{}","note":"{filler}","settings":{{"key":"k{at}","value":"v"}}{next}}}"#,
                if at % 2 == 0 { "setParticipantData" } else { "playPrompt" }
            )
        })
        .collect();
    let text = tutorial(&actions.join(","));
    assert!(text.len() > 5_000_000);
    let flow = Arc::new(read(&text).unwrap());
    let keys = crate::flow::keys::keys(&flow);
    assert_eq!(keys.by_key.len(), count / 2);
    let mut run = Run::new(flow, Inputs::default());
    let steps = std::iter::from_fn(|| run.step()).count();
    assert_eq!((steps, run.end()), (count, Some(&End::Finished)));
}

/// A call flow whose task has these actions, each line indented as an item of a list.
fn call_flow(actions: &str) -> String {
    let actions: String = actions.lines().map(|line| format!("          {line}\n")).collect();
    format!(
        "inboundCall:\n  name: X\n  startUpRef: \"/inboundCall/tasks/task[Main_1]\"\n  variables:\n    - stringVariable:\n        name: Flow.S\n        initialValue:\n          noValue: true\n    - queueVariable:\n        name: Flow.Q\n        initialValue:\n          noValue: true\n  tasks:\n    - task:\n        name: Main\n        refId: Main_1\n        actions:\n{actions}"
    )
}

fn set_key(key: &str, value: &str) -> String {
    format!(
        "- setParticipantData:\n    name: Set {key}\n    attributes:\n      - attribute:\n          name:\n            lit: {key}\n          value:\n            {value}\n"
    )
}

#[test]
fn to_what_is_not_set_nothing_is_transferred() {
    for target in [
        "transferToNumber:\n    name: T\n    targetNumber:\n      exp: Flow.S",
        "transferToAcd:\n    name: T\n    targetQueue:\n      noValue: true",
        "transferToAcd:\n    name: T\n    targetQueue:\n      exp: NOT_SET",
        "transferToAcd:\n    name: T\n    targetQueue:\n      exp: Flow.Q",
    ] {
        let failed = set_key("failed", "lit: y").replace('\n', "\n          ");
        let text =
            call_flow(&format!("- {target}\n    outputs:\n      failure:\n        actions:\n          {failed}"));
        let (run, _) = self::run(&text, "{}");
        let Some(End::Undecided(why)) = run.end() else { panic!("{target}: {:?}", run.end()) };
        assert!(why.contains("is not set") && why.contains("--choose 'T=failure'"), "{why}");
        let (run, _) = self::run(&text, r#"{"choose":{"T":"failure"}}"#);
        assert_eq!(attributes(&run), ["failed=y"], "{target}");
    }
    let unknown = call_flow("- transferToAcd:\n    name: T\n    targetQueue:\n      exp: Call.CurrentQueue");
    assert_eq!(self::run(&unknown, "{}").0.end(), Some(&End::Transferred("what Call.CurrentQueue holds".into())));
}

#[test]
fn an_answer_of_a_module_says_nothing_of_what_it_sets() {
    let call = "- callCommonModule:\n    name: CM\n    commonModule:\n      Mod:\n        ver_latestPublished:\n          outputs:\n            Common.Out:\n              var: Flow.S\n";
    let text = call_flow(&format!("{call}{}", set_key("z", "exp: Flow.S")));
    for (input, value) in [("{}", "unknown by CM"), (r#"{"dataActions":{"CM":{"Common.Out":"x"}}}"#, "x")] {
        let (run, _) = self::run(&text, input);
        assert_eq!(attributes(&run), [format!("z={value}")]);
        assert!(
            run.doubts().iter().any(|doubt| doubt.contains("Mod is another flow and not given")),
            "{:?}",
            run.doubts()
        );
        assert!(run.may_have_set().is_some() && run.may_have_changed("z").is_none());
    }
}

#[test]
fn whether_a_value_is_set_can_be_asked_by_the_constant() {
    for (condition, input, end) in [
        ("Flow.S == NOT_SET", "{}", "y"),
        ("Flow.S != NOT_SET", "{}", "n"),
        ("NOT_SET == Flow.S", r#"{"Flow.S":"x"}"#, "n"),
        ("Flow.S != NOT_SET and Flow.S != \"\"", r#"{"Flow.S":"x"}"#, "y"),
        ("Flow.Q == NOT_SET", "{}", "y"),
    ] {
        let (yes, no) = (set_key("k", "lit: \"y\""), set_key("k", "lit: \"n\""));
        let branch = |name: &str, set: &str| {
            format!("      \"{name}\":\n        actions:\n          {}\n", set.trim_end().replace('\n', "\n          "))
        };
        let text = call_flow(&format!(
            "- decision:\n    name: D\n    condition:\n      exp: '{condition}'\n    outputs:\n{}{}",
            branch("yes", &yes),
            branch("no", &no)
        ));
        let (run, _) = self::run(&text, input);
        assert_eq!((attributes(&run), run.doubts()), (vec![format!("k={end}")], vec![]), "{condition}");
    }
    let (run, _) = self::run(
        &call_flow(
            "- decision:\n    name: D\n    condition:\n      exp: 'Call.Ani == NOT_SET'\n    outputs:\n      \"yes\":\n        actions:\n          - disconnect:\n              name: E",
        ),
        "{}",
    );
    assert!(matches!(run.end(), Some(End::Undecided(_))), "{:?}", run.end());
}

#[test]
fn only_what_would_settle_a_way_is_asked_for() {
    let decision = |condition: &str| {
        call_flow(&format!(
            "- decision:\n    name: D\n    condition:\n      exp: '{condition}'\n    outputs:\n      \"yes\":\n        actions:\n          - disconnect:\n              name: E"
        ))
    };
    for (condition, input) in
        [("Right(\"abc\", 5) == \"x\"", false), ("Call.Ani == \"x\"", true), ("Right(Flow.S, 5) == \"x\"", false)]
    {
        let (run, _) = self::run(&decision(condition), r#"{"Flow.S":"abc"}"#);
        let Some(End::Undecided(why)) = run.end() else { panic!("{:?}", run.end()) };
        assert_eq!(why.contains("--input"), input, "{why}");
        assert!(why.contains("--choose 'D=…'"), "{why}");
    }
}

#[test]
fn a_menu_is_gone_back_to() {
    let text = include_str!("../../../tests/flows/menus.yaml");
    for (keys, set) in [
        (r#"["1","1"]"#, vec!["a=1"]),
        (r#"["1","9","2","1"]"#, vec!["b=1"]),
        (r#"["1","9","1","1"]"#, vec!["a=1"]),
        (r#"["0","0","2","1"]"#, vec!["b=1"]),
    ] {
        let (run, _) = self::run(text, &format!(r#"{{"digits":{keys}}}"#));
        assert_eq!(
            (attributes(&run), run.end()),
            (set.iter().map(|one| (*one).to_owned()).collect(), Some(&End::Finished)),
            "{keys}"
        );
        assert!(run.doubts().is_empty(), "{:?}", run.doubts());
    }
    let (run, _) = self::run(text, r#"{"digits":["9"]}"#);
    assert!(matches!(run.end(), Some(End::Undecided(_))), "{:?}", run.end());
}
