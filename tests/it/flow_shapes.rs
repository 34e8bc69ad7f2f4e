//! A configuration in a shape that is not read is told, and is certain in nothing; what is given from outside and fits nothing is
//! refused; what a key may not be set to is not surely set.

use crate::flow_unknown::{call, on, set, simulated};
use crate::support::{Program, count};
use serde_json::{Value as Json, json};

fn sample() -> Json {
    serde_json::from_str(include_str!("../flows/inbound-menu.json")).expect("JSON")
}

/// All maps with this `__type`, at any depth.
fn of_type<'j>(json: &'j mut Json, type_name: &str, found: &mut Vec<&'j mut Json>) {
    match json {
        Json::Array(list) => list.iter_mut().for_each(|one| of_type(one, type_name, found)),
        Json::Object(map) if map.get("__type").is_some_and(|own| own == type_name) => found.push(json),
        Json::Object(map) => map.values_mut().for_each(|one| of_type(one, type_name, found)),
        _ => {}
    }
}

/// The sample with one of its parts of a type changed.
fn changed(type_name: &str, change: impl Fn(&mut Json)) -> Json {
    let mut flow = sample();
    let mut found = Vec::new();
    of_type(&mut flow, type_name, &mut found);
    // The first setter of the sample ends a branch.
    let linked = |one: &Json| type_name != "SetAttributesAction" || one.get("nextAction").is_some();
    change(found.into_iter().find(|one| linked(one)).expect("the sample has one"));
    flow
}

fn rename(map: &mut Json, from: &str, to: &str) {
    let map = map.as_object_mut().expect("a map");
    let value = map.remove(from).expect("it is there");
    map.insert(to.into(), value);
}

/// Seen: each of them was read as certain, some with keys missing or unreachable. Each is asked for its keys as JSON, and of the
/// other commands by turns `SIDETONE_SHAPES` are asked: all four with `SIDETONE_FULL`.
#[test]
fn a_configuration_in_a_shape_that_is_not_read_is_told_and_not_certain() {
    assert_eq!(on(&sample().to_string(), &["flow", "keys", "FILE"]).code, Some(0));
    let items = |change: &dyn Fn(&mut Vec<Json>)| {
        let mut flow = sample();
        change(flow["flowSequenceItemList"].as_array_mut().expect("a list"));
        flow
    };
    let mut nested = sample();
    nested["flowSequenceItemList"] = json!([nested["flowSequenceItemList"]]);
    nested.as_object_mut().expect("a map").remove("initialSequence");
    let mut junk = sample();
    junk["variables"].as_array_mut().expect("a list").extend([json!("x"), Json::Null, json!(5)]);
    let mut strange = sample();
    strange["initialSequence"] = json!({"id": strange["initialSequence"]});
    let last = |list: &mut Vec<Json>, wrap: &dyn Fn(Json) -> Json| {
        let last = list.pop().expect("an item");
        list.push(wrap(last));
    };
    let task = |change: &dyn Fn(&mut Json)| changed("Task", change);
    let first_set = |change: &dyn Fn(&mut Json)| changed("SetAttributesAction", change);
    let pair = |change: &dyn Fn(&mut Json)| {
        let literal = |one: &Json| one["expression"]["config"].get("lit").is_some();
        let mut flow = sample();
        let mut found = Vec::new();
        of_type(&mut flow, "SetAttributesAction", &mut found);
        let mut pairs = found.into_iter().flat_map(|one| one["variables"].as_array_mut().expect("pairs"));
        change(pairs.find(|one| literal(one)).expect("a literal"));
        flow
    };
    let cases = [
        ("wrapped in a list", items(&|list| last(list, &|one| json!([one])))),
        ("a JSON text", items(&|list| last(list, &|one| json!(one.to_string())))),
        ("a list in the list", nested),
        ("an item that is null", items(&|list| list.push(Json::Null))),
        ("junk among the variables", junk),
        ("initialSequence an object", strange),
        ("choices a map", changed("Menu", |menu| menu["menuChoiceList"] = json!({"a": menu["menuChoiceList"]}))),
        ("choices by another name", changed("Menu", |menu| rename(menu, "menuChoiceList", "choices"))),
        ("a choice without action", changed("Menu", |menu| rename(&mut menu["menuChoiceList"][0], "action", "do"))),
        ("outputs by another name", changed("DecisionAction", |one| rename(one, "paths", "outputs"))),
        ("outputs of a switch by another name", changed("SwitchAction", |one| rename(one, "paths", "outputs"))),
        ("a switch without outputs", changed("SwitchAction", |one| one["paths"] = json!([]))),
        ("a decision without outputs", changed("DecisionAction", |one| one["paths"] = json!([]))),
        ("startAction of nothing", task(&|one| one["startAction"] = json!("zz"))),
        ("startAction an object", task(&|one| one["startAction"] = json!({"id": one["startAction"]}))),
        ("actionList null", task(&|one| one["actionList"] = Json::Null)),
        ("actionList a map", task(&|one| one["actionList"] = json!({}))),
        ("actionList a text", task(&|one| one["actionList"] = json!("x"))),
        ("actionList by another name", task(&|one| rename(one, "actionList", "actions"))),
        ("an action in a list", task(&|one| one["actionList"][0] = json!([one["actionList"][0]]))),
        ("nextAction an object", first_set(&|one| one["nextAction"] = json!({"id": one["nextAction"]}))),
        ("nextAction by another name", first_set(&|one| rename(one, "nextAction", "following"))),
        ("nextAction of nothing", first_set(&|one| one["nextAction"] = json!("zz"))),
        ("no type", first_set(&|one| _ = one.as_object_mut().expect("a map").remove("__type"))),
        ("a pair without a name", first_set(&|one| rename(&mut one["variables"][0], "variable", "key"))),
        (
            "a name in two ways",
            first_set(&|one| {
                one["variables"][0]["variable"]["config"] = json!({"lit": {"text": "a"}, "ref": {"text": "Flow.X"}});
            }),
        ),
        ("the config of a name by another name", pair(&|one| rename(&mut one["variable"]["config"], "lit", "literal"))),
        ("a config in a config", pair(&|one| one["variable"]["config"] = json!({"value": one["variable"]["config"]}))),
        (
            "the config of a value by another name",
            pair(&|one| rename(&mut one["expression"]["config"], "lit", "literal")),
        ),
        ("the expression by another name", pair(&|one| rename(one, "expression", "value"))),
        ("an expression in a list", pair(&|one| one["expression"] = json!([one["expression"]]))),
        ("a variable in a list", pair(&|one| one["variable"] = json!([one["variable"]]))),
        ("no variable", pair(&|one| one["variable"] = Json::Null)),
        (
            "a way out that is an object",
            changed("EndTaskAction", |one| one["pathReference"] = json!({"id": one["pathReference"]})),
        ),
        ("a name with a list for config", first_set(&|one| one["variables"][0]["variable"]["config"] = json!([1]))),
    ];
    let whole = sample().to_string();
    let asked = count("SIDETONE_SHAPES", 1, 4);
    for (i, (case, flow)) in cases.into_iter().enumerate() {
        let text = flow.to_string();
        let keys = on(&text, &["flow", "keys", "FILE", "--json"]);
        let told: Json = serde_json::from_str(&keys.stdout).unwrap_or_else(|_| panic!("{case}: {keys:?}"));
        assert_eq!((keys.code, &told["certain"]), (Some(2), &json!(false)), "{case}: {}", told["reasons"]);
        let mut reasons = told["reasons"].as_array().into_iter().flatten().filter_map(Json::as_str);
        assert!(reasons.any(|reason| reason.starts_with("line ")), "{case}: {told}");
        for turn in 0..asked {
            judged_uncertain((i + turn) % 4, case, &whole, &text);
        }
    }
}

/// The command of this turn reports nothing as certain of a flow that was `whole` before.
fn judged_uncertain(turn: usize, case: &str, whole: &str, text: &str) {
    match turn {
        0 => assert!(!on(text, &["flow", "keys", "FILE"]).stdout.contains(" unreachable "), "{case}"),
        1 => assert_eq!(on(text, &["flow", "keys", "FILE", "--expect"]).code, Some(2), "{case}"),
        2 => {
            let input = ["--input", r#"{"tier":"gold","Call.Ani":"+1"}"#, "--press", "1", "--press", "1"];
            let run = on(text, &[&["flow", "simulate", "FILE"][..], &input].concat());
            assert!(matches!(run.code, Some(1 | 2)), "{case}: {run:?}");
        }
        _ => {
            let program = Program::new();
            let [before, after] = ["before", "after"].map(|name| program.home().join(name));
            std::fs::write(&before, whole).expect("a file");
            std::fs::write(&after, text).expect("a file");
            let paths = [&before, &after].map(|path| path.to_str().expect("a plain path"));
            assert_eq!(program.run(&["flow", "diff", paths[0], paths[1]]).code, Some(2), "{case}");
        }
    }
}

#[test]
fn a_yaml_value_that_is_no_operand_is_told() {
    let good = call(&set("topic", "lit: billing"));
    assert_eq!(on(&good, &["flow", "keys", "FILE"]).code, Some(0));
    for (from, to) in [("lit: topic", "literal: topic"), ("lit: topic", "Lit: topic"), ("lit: billing", "literal: b")] {
        let keys = on(&good.replace(from, to), &["flow", "keys", "FILE"]);
        assert_eq!(keys.code, Some(2), "{to}: {keys:?}");
        assert!(keys.stderr.contains("neither `lit` nor `exp`"), "{}", keys.stderr);
    }
    let nameless = on(&call(&set("\"\"", "lit: x")), &["flow", "keys", "FILE"]);
    assert_eq!(nameless.code, Some(2), "{nameless:?}");
}

#[test]
fn whole_numbers_of_more_than_fifteen_digits_are_not_changed() {
    let with = |initial: &str, value: &str| {
        call(&set("k", value)).replace(
            "  variables:\n",
            &format!("  variables:\n    - integerVariable: {{name: Flow.N, initialValue: {{{initial}}}}}\n    - stringVariable: {{name: Flow.S}}\n"),
        )
    };
    let big = "9007199254740993";
    for (flow, more) in [
        (with("noValue: true", &format!("exp: ToString({big})")), vec![]),
        (with(&format!("lit: {big}"), "exp: ToString(Flow.N)"), vec![]),
        (with("noValue: true", "exp: ToString(Flow.N)"), vec!["--input".to_owned(), format!(r#"{{"Flow.N":{big}}}"#)]),
        (
            with("noValue: true", "exp: ToString(Flow.N)"),
            vec!["--input".to_owned(), format!(r#"{{"Flow.N":"{big}"}}"#)],
        ),
        (with("noValue: true", "exp: ToString(1234567890123456)"), vec![]),
        (with("noValue: true", "exp: ToString(999999999999999 + 999999999999999)"), vec![]),
        (with(&format!("lit: {big}"), "exp: 'ToString(Flow.N == 9007199254740992)'"), vec![]),
    ] {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let (run, end) = simulated(&flow, &more);
        match end["attributes"]["k"].as_str() {
            Some(kept) => assert_eq!((kept, run.code), (big, Some(0)), "{run:?}"),
            None => assert_eq!((&end["certain"], run.code), (&json!(false), Some(2)), "{run:?}"),
        }
    }
    let (run, end) = simulated(&with("noValue: true", "exp: ToString(123456789012345)"), &[]);
    assert_eq!((run.code, &end["attributes"]["k"]), (Some(0), &json!("123456789012345")), "{run:?}");
}

const MODULE: &str = "commonModule:\n  name: Mod\n  variables:\n    - stringVariable: {name: Common.Out, isOutput: true}\n  startUpTaskActions:\n    - updateData:\n        name: U\n        statements:\n          - string: {variable: Common.Out, value: {exp: Flow.O}}\n    - setParticipantData:\n        name: S\n        attributes:\n          - attribute: {name: {lit: mk}, value: {exp: Flow.O}}\n";

#[test]
fn a_module_does_not_see_the_variables_of_its_caller() {
    let program = Program::new();
    let file = |name: &str, text: &str| {
        let path = program.home().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain path").to_owned()
    };
    let flow = call(
        &("          - updateData:\n              name: V\n              statements:\n                - string: {variable: Flow.O, value: {lit: abc}}\n          - callCommonModule:\n              name: C\n              commonModule:\n                Mod:\n                  ver_latestPublished:\n                    outputs: {Common.Out: {var: Flow.R}}\n".to_owned()
            + &set("k", "exp: Flow.R")
            + &set("own", "exp: Flow.O")),
    )
    .replace("  variables:\n", "  variables:\n    - stringVariable: {name: Flow.R}\n");
    let (flow, module, other) = (file("f.yaml", &flow), file("m.yaml", MODULE), file("m2.yaml", MODULE));
    let run = program.run(&["flow", "simulate", &flow, "--module", &module, "--json"]);
    let end: Json = serde_json::from_str(run.stdout.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!((run.code, &end["attributes"]), (Some(2), &json!({"own": "abc"})), "{run:?}");
    assert!(end["unevaluated"]["k"].is_string() && end["unevaluated"]["mk"].is_string(), "{end}");
    let twice = program.run(&["flow", "simulate", &flow, "--module", &module, "--module", &other]);
    assert_eq!(twice.code, Some(2), "{twice:?}");
    assert!(twice.stderr.contains("is called Mod as well"), "{}", twice.stderr);
    let none = program.run(&["flow", "simulate", &flow, "--module", &flow]);
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.stderr.contains("only common modules and bots are called"), "{}", none.stderr);
}

const EXPECTED: &str =
    "[[expect]]\nkey = \"a\"\non = \"customer\"\nby = \"flow-end\"\nrequired = true\none_of = [\"1\"]\n";

#[test]
fn an_expectation_of_a_key_that_is_not_certain_is_no_failure() {
    let program = Program::new();
    let file = |name: &str, text: &str| {
        let path = program.home().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain path").to_owned()
    };
    let expected = file("expect.toml", EXPECTED);
    let judged = |flow: &str| {
        let flow = file("f.yaml", flow);
        program.run(&["flow", "simulate", &flow, "--expect", &expected])
    };
    let unset = judged(&call(&(set("a", "lit: \"1\"") + &set("a", "exp: NOT_SET"))));
    assert_eq!(unset.code, Some(2), "what the platform keeps is not verified: {unset:?}");
    let twice = set("a", "lit: \"2\"");
    let doubtful = call(&twice).replace("  variables:\n", "  variables:\n    - stringVariable: {name: Flow.O}\n");
    assert_eq!(judged(&doubtful).code, Some(2), "a variable that is declared twice");
    assert_eq!(judged(&call(&twice)).code, Some(6));
    assert_eq!(judged(&call(&set("a", "lit: \"1\""))).code, Some(0));
}

#[test]
fn what_may_not_be_set_is_not_surely_set() {
    let program = Program::new();
    let plain = call(&set("a", "lit: \"1\""));
    let before = program.home().join("before");
    std::fs::write(&before, &plain).expect("a file");
    assert!(!on(&plain, &["flow", "keys", "FILE", "--expect"]).stdout.contains("required = false"));
    for (value, lost) in [
        ("exp: 'If(Call.Ani == \"x\", \"1\", NOT_SET)'", true),
        ("exp: Flow.O", true),
        ("exp: 'If(Call.Ani == \"x\", \"1\", \"2\")'", false),
        ("exp: Call.Ani", false),
    ] {
        let after = call(&set("a", value));
        let expected = on(&after, &["flow", "keys", "FILE", "--expect"]);
        assert_eq!(expected.stdout.contains("required = false"), lost, "{value}: {}", expected.stdout);
        let path = program.home().join("after");
        std::fs::write(&path, &after).expect("a file");
        let paths = [&before, &path].map(|path| path.to_str().expect("a plain path"));
        let code = if lost { Some(6) } else { Some(0) };
        assert_eq!(program.run(&["flow", "diff", paths[0], paths[1]]).code, code, "{value}");
    }
    let written = "          - updateData:\n              name: V\n              statements:\n                - string: {variable: Flow.O, value: {lit: abc}}\n".to_owned();
    let written = on(&call(&(written + &set("a", "exp: Flow.O"))), &["flow", "keys", "FILE", "--expect"]);
    assert!(!written.stdout.contains("required = false"), "{}", written.stdout);
}

#[test]
fn a_choice_against_what_is_known_is_followed_and_not_certain() {
    let flow = |condition: &str| {
        call(&format!(
            "          - decision:\n              name: D\n              condition: {{exp: {condition}}}\n              outputs:\n                \"yes\":\n                  actions:\n          {}                \"no\":\n                  actions:\n          {}",
            set("y", "lit: \"1\"").replace('\n', "\n          ").trim_end_matches(' '),
            set("n", "lit: \"1\"").replace('\n', "\n          ").trim_end_matches(' '),
        ))
    };
    let (run, end) = simulated(&flow("true"), &["--choose", "D=no"]);
    assert_eq!((run.code, &end["certain"]), (Some(2), &json!(false)), "{run:?}");
    assert_eq!(end["attributes"]["n"], json!("1"), "it is followed: {run:?}");
    assert!(end["reasons"][0].as_str().is_some_and(|what| what.contains("contradicts what is known")), "{end}");
    for (condition, choice, key) in
        [("true", "D=yes", "y"), ("true", "D=__YES__", "y"), ("Call.Ani == \\\"x\\\"", "D=no", "n")]
    {
        let text = flow(condition).replace("{exp: Call.Ani == \\\"x\\\"}", "{exp: 'Call.Ani == \"x\"'}");
        let (run, end) = simulated(&text, &["--choose", choice]);
        assert_eq!((run.code, &end["attributes"][key]), (Some(0), &json!("1")), "{choice}: {run:?}");
    }
}

#[test]
fn an_input_that_the_flow_does_not_have_is_refused() {
    let flow = call(&set("k", "exp: Flow.O"));
    for name in ["Flow.Zz", "Task.O"] {
        let refused = on(&flow, &["flow", "simulate", "FILE", "--input", &format!(r#"{{"{name}":"z"}}"#)]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(&format!("no variable of this flow is called {name}")), "{}", refused.stderr);
    }
    for args in [["--input", r#"{"Flow.O":"a","Flow.O":"b"}"#], ["--data-action", r#"L={"t":"gold","t":"b"}"#]] {
        let refused = on(&flow, &["flow", "simulate", "FILE", args[0], args[1]]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("stands twice"), "{}", refused.stderr);
    }
    let (run, end) = simulated(&flow, &["--input", r#"{"flow.o":"b"}"#]);
    assert_eq!((run.code, &end["attributes"]["k"]), (Some(0), &json!("b")), "{run:?}");
}
