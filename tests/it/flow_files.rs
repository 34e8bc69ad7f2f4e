//! Flow files of real shapes: what is listed, checked and changed. The oracles read the files without the program's readers.

use crate::support::Program;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use sidetone::flow::{
    input::{DataActionAnswer, Inputs},
    keys::{SetWhen, keys},
    model::Operand,
    read,
    run::Run,
    value::Val,
};
use std::{collections::BTreeSet, path::Path, sync::Arc};

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows").join(name).to_str().expect("a plain path").to_owned()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).expect(name)
}

fn listed(program: &Program, name: &str) -> Json {
    let ran = program.run(&["flow", "keys", &file(name), "--json"]);
    assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect(name)
}

/// Each use as `[op, kind of key, key, kind of value, value]`, sorted.
fn uses(json: &Json) -> Vec<[String; 6]> {
    let mut all = Vec::new();
    let mut add = |key: &Json, kind: &str, op: &str, one: &Json| {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let api = if one.get("conversation").is_some() { "conversation" } else { "participant" };
        let (how, value) = match one.get("into") {
            Some(into) => ("variable".to_owned(), text(into)),
            None => (text(&one["kind"]), text(&one["value"])),
        };
        all.push([op.into(), api.into(), kind.into(), text(key), how, value]);
    };
    for key in json["keys"].as_array().expect("keys") {
        for (op, member) in [("set", "set"), ("get", "read")] {
            key[member].as_array().expect("uses").iter().for_each(|one| add(&key["key"], "literal", op, one));
        }
    }
    for one in json["computed"].as_array().expect("computed") {
        let op = if one.get("into").is_some() { "get" } else { "set" };
        add(&one["key"], one["keyHow"].as_str().expect("how"), op, one);
    }
    all.sort();
    all
}

#[test]
fn each_sample_has_its_keys_and_twins_agree() {
    let program = Program::new();
    let expected: Json = serde_json::from_str(&text("expected-keys.json")).expect("JSON");
    let mut twins: std::collections::BTreeMap<String, Vec<[String; 6]>> = std::collections::BTreeMap::new();
    for (name, right) in expected.as_object().expect("a map").iter().filter(|(name, _)| *name != "_") {
        let found = listed(&program, name);
        assert_eq!(found["flowType"], right["type"], "{name}");
        let mut wanted: Vec<[String; 6]> = serde_json::from_value(right["uses"].clone()).expect("uses");
        wanted.sort();
        let found = uses(&found);
        assert_eq!(found, wanted, "{name}");
        let stem = name.split('.').next().expect("a stem").to_owned();
        let twin = twins.entry(stem).or_insert_with(|| found.clone());
        assert_eq!(*twin, found, "{name} and its twin");
    }
}

fn one_use<'a>(json: &'a Json, key: &str, member: &str) -> &'a Json {
    let found = json["keys"].as_array().expect("keys").iter().find(|one| one["key"] == key).expect(key);
    assert_eq!(found[member].as_array().expect("uses").len(), 1, "{found}");
    &found[member][0]
}

#[test]
fn a_configuration_and_its_export_are_read_by_config() {
    let program = Program::new();
    for name in ["01-json-literal-mode.json", "17-export.i3InboundFlow"] {
        let json = listed(&program, name);
        assert_eq!(json["keys"].as_array().expect("keys").len(), 3, "{name}");
        let old = one_use(&json, "old_tier", "read");
        assert_eq!((&old["when"], &old["into"]), (&json!("always"), &json!("Task.Tier")), "{name}");
        let source = one_use(&json, "source", "set");
        assert_eq!(
            (&source["when"], &source["how"], &source["value"]),
            (&json!("always"), &json!("literal"), &json!("web form")),
            "{name}"
        );
        let tier = one_use(&json, "tier", "set");
        assert_eq!(
            (&tier["when"], &tier["how"], &tier["value"]),
            (&json!("always"), &json!("expression"), &json!("Task.Tier"))
        );
        assert_eq!(json["computed"], json!([]), "nothing that only a run can tell");
        let expect: toml::Table = program.run(&["flow", "keys", &file(name), "--expect"]).stdout.parse().expect("TOML");
        let keys: Vec<&str> =
            expect["expect"].as_array().expect("a list").iter().map(|one| one["key"].as_str().expect("key")).collect();
        assert_eq!(keys, ["source", "tier"]);
        let copy = program.home().join(name);
        std::fs::copy(file(name), &copy).expect("copied");
        let refused =
            program.run(&["flow", "set-data", copy.to_str().expect("plain"), "--key", "source", "--value", "other"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stdout);
        assert!(refused.stderr.contains("sets source"), "{}", refused.stderr);
        assert_eq!(std::fs::read(&copy).expect("read"), std::fs::read(file(name)).expect("read"));
    }
}

#[test]
fn jumps_queues_and_conversation_data_are_followed() {
    let program = Program::new();
    let topic = listed(&program, "03-jump-to-task-json.json");
    assert_eq!(one_use(&topic, "topic", "set")["when"], "conditional");
    let queued = listed(&program, "05-startup-task-actions.yaml");
    let queued = one_use(&queued, "queued_in", "set");
    assert_eq!(
        (&queued["when"], &queued["how"], &queued["value"]),
        (&json!("always"), &json!("expression"), &json!("Call.CurrentQueue.name"))
    );
    let blocked = listed(&program, "08-set-conversation-data.yaml");
    let blocked = one_use(&blocked, "blocked", "set");
    assert_eq!(
        (&blocked["when"], &blocked["how"], &blocked["value"], &blocked["conversation"]),
        (&json!("always"), &json!("literal"), &json!("True"), &json!("Flow.conversationId"))
    );
}

#[test]
fn remarks_say_what_the_list_does_not() {
    let program = Program::new();
    let remarks = |name: &str| listed(&program, name)["remarks"].to_string();
    assert!(remarks("inbound-menu.json").contains("only if the transfer fails"));
    assert!(remarks("inbound-menu.yaml").contains("only if the transfer fails"));
    assert!(remarks("placeholders.yaml").contains("known only after its placeholder is substituted"));
    let home = program.home();
    let flow = "inboundCall:\n  name: R\n  startUpRef: ./tasks/task[T_1]\n  tasks:\n    - task:\n        name: T\n        refId: T_1\n        actions:\n          - setParticipantData:\n              attributes:\n                - attribute: {name: {exp: 'Append(\"a\", Flow.B)'}, value: {lit: 1}}\n          - brandNewAction: {name: X}\n          - setSecuredData: {name: S}\n          - createConversationAttribute: {name: C}\n";
    let path = home.join("r.yaml");
    std::fs::write(&path, flow).expect("written");
    let ran = program.run(&["flow", "keys", path.to_str().expect("plain")]);
    for part in
        ["all keys of this flow are computed", "brandNewAction is not understood", "secured data", "custom attributes"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

#[test]
fn what_is_no_flow_is_told_what_it_is() {
    let program = Program::new();
    for (name, part) in [
        ("11-flow-action-for-api.json", "one action of a flow"),
        ("12-ivr-participant-name.json", "a conversation"),
        ("18-callback-live.json", "a conversation"),
    ] {
        let ran = program.run(&["flow", "keys", &file(name)]);
        assert_eq!(ran.code, Some(2), "{name}");
        assert!(ran.stderr.contains(part), "{name}: {}", ran.stderr);
    }
}

/// The literal keys of a configuration, by a walk over its sequences.
fn walk_json(text: &str) -> BTreeSet<(&'static str, String)> {
    fn walk(value: &Json, found: &mut BTreeSet<(&'static str, String)>) {
        let op = match value["__type"].as_str() {
            Some("SetAttributesAction" | "SetConversationDataAction") => Some("set"),
            Some("GetAttributesAction") => Some("get"),
            _ => None,
        };
        if let Some(op) = op {
            for pair in value["variables"].as_array().into_iter().flatten() {
                if let Some(name) = pair["variable"]["config"]["lit"]["text"].as_str() {
                    found.insert((op, name.to_owned()));
                }
            }
        }
        match value {
            Json::Object(members) => members.values().for_each(|inner| walk(inner, found)),
            Json::Array(items) => items.iter().for_each(|inner| walk(inner, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    let whole: Json = serde_json::from_str(text).expect("JSON");
    walk(&whole["flowSequenceItemList"], &mut found);
    found
}

/// The literal keys of Archy YAML in block style, line by line.
fn walk_yaml(text: &str) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    let mut op = None;
    let mut name = false;
    for line in text.lines().map(str::trim) {
        match line {
            "- setParticipantData:" | "- setConversationData:" => op = Some("set"),
            "- getParticipantData:" | "- getConversationData:" => op = Some("get"),
            "name:" => name = op.is_some(),
            _ => {
                if let (Some(op), true, Some(key)) = (op, name, line.strip_prefix("lit: ")) {
                    found.insert((op, key.trim_matches('"').to_owned()));
                }
                name = false;
            }
        }
    }
    found
}

/// What an export holds, decoded here.
fn unpack(export: &str) -> String {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.decode(export.trim()).expect("base64");
    let packed = String::from_utf8(packed).expect("ASCII");
    let mut bytes = Vec::new();
    let mut parts = packed.split('%');
    bytes.extend(parts.next().expect("a part").bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("hex"));
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .filter(|name| !["expected-keys.json", "11-", "12-", "18-"].iter().any(|other| name.starts_with(other)))
        .collect();
    names.sort();
    names
}

#[test]
fn a_plain_walk_over_each_file_finds_the_same_keys() {
    for name in samples() {
        let text = text(&name);
        let walked = match &name {
            yaml if yaml.ends_with(".yaml") => walk_yaml(&text),
            export if export.contains(".i3") => walk_json(&unpack(&text)),
            _ => walk_json(&text),
        };
        let found = keys(&read(&text).expect(&name));
        let mut ours = BTreeSet::new();
        for (key, uses) in &found.by_key {
            ours.extend((!uses.set.is_empty()).then(|| ("set", key.clone())));
            ours.extend((!uses.read.is_empty()).then(|| ("get", key.clone())));
        }
        assert_eq!(ours, walked, "{name}");
    }
}

/// Takes out of a configuration what the edit may change: the one new action, the link to it, the counter.
fn undo(mut new: Json, id: &str) -> (Json, Json) {
    let counter = new["nextTrackingNumber"].as_u64();
    if let Some(counter) = counter {
        new["nextTrackingNumber"] = json!(counter - 1);
    }
    let mut added = Json::Null;
    for sequence in new["flowSequenceItemList"].as_array_mut().expect("sequences") {
        let Some(list) = sequence.get_mut("actionList").and_then(Json::as_array_mut) else { continue };
        if let Some(at) = list.iter().position(|action| action["id"] == id) {
            added = list.remove(at);
            let next = added.get("nextAction").cloned();
            for action in list.iter_mut().filter(|action| action.get("nextAction").is_some_and(|next| next == id)) {
                match &next {
                    Some(next) => action["nextAction"] = next.clone(),
                    None => drop(action.as_object_mut().expect("a map").shift_remove("nextAction")),
                }
            }
            if sequence.get("startAction").is_some_and(|start| start == id) {
                sequence["startAction"] = next.expect("a first action leads on");
            }
        }
    }
    (new, added)
}

#[test]
fn every_sample_survives_set_data_with_only_the_intended_changes() {
    let program = Program::new();
    for name in samples() {
        let old = text(&name);
        let flow = read(&old).expect(&name);
        let work = matches!(flow.kind.as_str(), "workflow" | "workitem");
        let starts_at_menu = flow.start.is_some_and(|at| flow.actions[at].type_name.eq_ignore_ascii_case("menu"));
        let setters = keys(&flow)
            .by_key
            .into_values()
            .flat_map(|uses| uses.set)
            .filter(|one| one.when != SetWhen::Never)
            .map(|one| one.action);
        let mut places: Vec<Option<String>> = setters
            .map(|at| &flow.actions[at].id)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|id| Some(id.clone()))
            .collect();
        places.extend((!starts_at_menu).then_some(None));
        for place in places {
            let copy = program.home().join(&name);
            std::fs::write(&copy, &old).expect("written");
            let mut args = vec![
                "flow",
                "set-data",
                copy.to_str().expect("plain"),
                "--key",
                "new key",
                "--value",
                "a: \"b\"",
                "--json",
            ];
            args.extend(place.iter().flat_map(|place| ["--after", place]));
            let ran = program.run(&args);
            assert_eq!(ran.code, Some(0), "{name} {place:?}: {}", ran.stderr);
            let outcome: Json = serde_json::from_str(&ran.stdout).expect("JSON");
            let id = outcome["action"].as_str().expect("an id");
            let new = std::fs::read_to_string(&copy).expect("read");
            if name.ends_with(".yaml") {
                let added: Vec<&str> = {
                    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
                    let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
                    let more = after.len() - before.len();
                    assert_eq!(&after[same + more..], &before[same..], "{name} {place:?}");
                    after[same..same + more].to_vec()
                };
                assert_eq!(added.len(), if work { 12 } else { 8 }, "{name}: {added:#?}");
                continue;
            }
            let export = name.contains(".i3");
            let json = |text: &str| -> Json {
                let held = if export { unpack(text) } else { text.to_owned() };
                serde_json::from_str(&held).expect("JSON")
            };
            let (undone, added) = undo(json(&new), id);
            // As text, so that the order of members counts too.
            let wanted = json(&old);
            if wanted.get("nextTrackingNumber").is_some() {
                assert_eq!(undone.to_string(), wanted.to_string(), "{name} {place:?}");
                assert_eq!(added["trackingId"], wanted["nextTrackingNumber"], "{name}");
            }
            assert_eq!(added["__type"], if work { "SetConversationDataAction" } else { "SetAttributesAction" });
            assert_eq!(added["variables"][0]["variable"]["config"]["lit"]["text"], "new key");
            assert_eq!(added["variables"][0]["expression"]["config"]["lit"]["text"], "a: \"b\"");
            assert_eq!(id.len(), 36, "a UUID: {id}");
        }
    }
}

/// A flow as a tree, which is written in both forms.
#[derive(Clone, Debug)]
enum Node {
    Set(u8, String),
    Get(u8),
    Play,
    Decide(Vec<Node>, Option<Vec<Node>>),
    Ask(Option<Vec<Node>>, Option<Vec<Node>>, Option<Vec<Node>>),
    Loop(Vec<Node>),
    Switch(Vec<Vec<Node>>, Option<Vec<Node>>),
    Transfer(Option<Vec<Node>>),
    Disconnect,
    ExitLoop,
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let leaf = prop_oneof![
        4 => (0..6u8, "[a-z]{1,4}( \"[a-z]\")?").prop_map(|(key, value)| Node::Set(key, value)),
        1 => (0..6u8).prop_map(Node::Get),
        1 => Just(Node::Play),
        1 => Just(Node::Disconnect),
    ];
    let node = leaf.prop_recursive(4, 40, 4, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..4);
        let maybe = || prop::option::of(prop::collection::vec(inner.clone(), 0..3));
        prop_oneof![
            (list(), maybe()).prop_map(|(yes, no)| Node::Decide(yes, no)),
            (maybe(), maybe(), maybe()).prop_map(|(a, b, c)| Node::Ask(a, b, c)),
            (list(), any::<bool>()).prop_map(|(mut body, exit)| {
                body.extend(exit.then_some(Node::ExitLoop));
                Node::Loop(body)
            }),
            (prop::collection::vec(prop::collection::vec(inner.clone(), 0..3), 1..3), maybe())
                .prop_map(|(cases, default)| Node::Switch(cases, default)),
            maybe().prop_map(Node::Transfer),
        ]
    });
    prop::collection::vec(node, 1..6)
}

fn value_object(text: &str) -> Json {
    json!({"config": {"lit": {"pos": 1, "text": text, "type": "str"}}, "text": text, "type": "str", "uiMetaData": {"mode": 1}})
}

fn source(text: &str) -> Json {
    json!({"config": {"==": {"pos": 1, "operands": [], "type": "bln"}}, "text": text, "type": "bln", "uiMetaData": {"mode": 0}})
}

#[derive(Default)]
struct Writer {
    actions: Vec<Json>,
    count: usize,
}

impl Writer {
    /// Writes a chain and gives the id of its first action.
    fn json(&mut self, list: &[Node]) -> Option<String> {
        let ids: Vec<String> = list.iter().map(|_| self.id()).collect();
        for (at, node) in list.iter().enumerate() {
            let mut action = json!({"id": ids[at], "name": ids[at]});
            if let Some(next) = ids.get(at + 1) {
                action["nextAction"] = json!(next);
            }
            let place = self.actions.len();
            self.actions.push(Json::Null);
            self.fill(node, &mut action);
            self.actions[place] = action;
        }
        ids.first().cloned()
    }

    fn id(&mut self) -> String {
        self.count += 1;
        format!("a{}", self.count)
    }

    fn path(&mut self, id: &str, list: Option<&Vec<Node>>) -> Json {
        let mut path = json!({"outputId": id, "label": "Renamed"});
        if let Some(first) = list.and_then(|list| self.json(list)) {
            path["nextActionId"] = json!(first);
        }
        path
    }

    fn fill(&mut self, node: &Node, action: &mut Json) {
        match node {
            Node::Set(key, value) => {
                action["__type"] = json!("SetAttributesAction");
                action["variables"] =
                    json!([{"variable": value_object(&format!("k{key}")), "expression": value_object(value)}]);
            }
            Node::Get(key) => {
                let target = json!({"config": {"ref": {"text": "Flow.X", "val": "x"}}, "text": "Flow.X", "uiMetaData": {"mode": 2}});
                action["__type"] = json!("GetAttributesAction");
                action["variables"] = json!([{"variable": value_object(&format!("k{key}")), "expression": target}]);
            }
            Node::Play => action["__type"] = json!("PlayAudioAction"),
            Node::Disconnect => action["__type"] = json!("DisconnectAction"),
            Node::ExitLoop => action["__type"] = json!("ExitLoopAction"),
            Node::Decide(yes, no) => {
                action["__type"] = json!("DecisionAction");
                action["expression"] = source("Flow.A == 1");
                action["paths"] = json!([self.path("__YES__", Some(yes)), self.path("__NO__", no.as_ref())]);
            }
            Node::Ask(success, failure, timeout) => {
                action["__type"] = json!("DataAction");
                action["actionName"] = json!("Find");
                action["paths"] = json!([
                    self.path("__SUCCESS__", success.as_ref()),
                    self.path("__FAILURE__", failure.as_ref()),
                    self.path("__TIMEOUT__", timeout.as_ref())
                ]);
            }
            Node::Loop(body) => {
                action["__type"] = json!("LoopAction");
                action["path"] = self.path("__LOOP__", Some(body));
            }
            Node::Switch(cases, default) => {
                action["__type"] = json!("SwitchAction");
                action["switchStyle"] = json!(0);
                let name = |at: usize| format!("case-{at}");
                action["cases"] = (0..cases.len())
                    .map(
                        |at| json!({"name": "C", "referenceId": name(at), "value": source(&format!("Flow.A == {at}"))}),
                    )
                    .collect();
                let mut paths: Vec<Json> =
                    cases.iter().enumerate().map(|(at, case)| self.path(&name(at), Some(case))).collect();
                paths.push(self.path("__DEFAULT__", default.as_ref()));
                action["paths"] = json!(paths);
            }
            Node::Transfer(failure) => {
                action["__type"] = json!("TransferPureMatchAction");
                action["paths"] = json!([self.path("__FAILURE__", failure.as_ref())]);
            }
        }
    }
}

fn yaml(list: &[Node], indent: usize, count: &mut usize, out: &mut String) {
    let names: Vec<usize> = list
        .iter()
        .map(|_| {
            *count += 1;
            *count
        })
        .collect();
    let line = |indent: usize, text: String, out: &mut String| {
        out.push_str(&" ".repeat(indent));
        out.push_str(&text);
        out.push('\n');
    };
    for (node, name) in list.iter().zip(names) {
        let kind = match node {
            Node::Set(..) => "setParticipantData",
            Node::Get(_) => "getParticipantData",
            Node::Play => "playAudio",
            Node::Disconnect => "disconnect",
            Node::ExitLoop => "loopExit",
            Node::Decide(..) => "decision",
            Node::Ask(..) => "callData",
            Node::Loop(_) => "loop",
            Node::Switch(..) => "switch",
            Node::Transfer(_) => "transferToAcd",
        };
        line(indent, format!("- {kind}:"), out);
        let inner = indent + 4;
        line(inner, format!("name: a{name}"), out);
        let mut outputs: Vec<(&str, &Vec<Node>)> = Vec::new();
        match node {
            Node::Set(key, value) => {
                line(
                    inner,
                    format!(
                        "attributes: [{{attribute: {{name: {{lit: k{key}}}, value: {{lit: {}}}}}}}]",
                        Json::from(value.as_str())
                    ),
                    out,
                );
            }
            Node::Get(key) => {
                line(inner, format!("attributes: [{{attribute: {{name: {{lit: k{key}}}, variable: Flow.X}}}}]"), out);
            }
            Node::Decide(yes, no) => {
                line(inner, "condition: {exp: Flow.A == 1}".into(), out);
                outputs.push(("yes", yes));
                outputs.extend(no.iter().map(|list| ("no", list)));
            }
            Node::Ask(success, failure, timeout) => {
                let all = [("success", success), ("failure", failure), ("timeout", timeout)];
                outputs.extend(all.into_iter().filter_map(|(name, list)| Some((name, list.as_ref()?))));
            }
            Node::Loop(body) => outputs.push(("loop", body)),
            Node::Transfer(failure) => outputs.extend(failure.iter().map(|list| ("failure", list))),
            Node::Switch(cases, default) => {
                line(inner, "evaluate:".into(), out);
                line(inner + 2, "firstTrue:".into(), out);
                line(inner + 4, "cases:".into(), out);
                for (at, case) in cases.iter().enumerate() {
                    line(inner + 6, "- case:".into(), out);
                    line(inner + 10, format!("value: {{exp: Flow.A == {at}}}"), out);
                    if !case.is_empty() {
                        line(inner + 10, "actions:".into(), out);
                        yaml(case, inner + 12, count, out);
                    }
                }
                if let Some(default) = default {
                    line(inner + 4, "default:".into(), out);
                    if !default.is_empty() {
                        line(inner + 6, "actions:".into(), out);
                        yaml(default, inner + 8, count, out);
                    }
                }
            }
            Node::Play | Node::Disconnect | Node::ExitLoop => {}
        }
        outputs.retain(|(_, list)| !list.is_empty());
        if !outputs.is_empty() {
            line(inner, "outputs:".into(), out);
        }
        for (name, list) in outputs {
            line(inner + 2, format!("{name}:"), out);
            line(inner + 4, "actions:".into(), out);
            yaml(list, inner + 6, count, out);
        }
    }
}

/// What is said of each key: how it is used, by which action, where, when, and whether only behind a failed transfer.
fn said(text: &str) -> BTreeSet<String> {
    let flow = read(text).expect(text);
    let found = keys(&flow);
    let mut all = BTreeSet::new();
    for (key, uses) in &found.by_key {
        for one in uses.set.iter().chain(&uses.read) {
            let action = &flow.actions[one.action];
            let value = one.value.as_ref().map(Operand::text);
            let behind = one.behind.map(|at| &flow.actions[at].name);
            all.insert(format!(
                "{key} {value:?} {:?} {} {} {} {behind:?}",
                one.into,
                action.name,
                one.path,
                one.when.word()
            ));
        }
    }
    all
}

/// What a run does: the actions in their order, the outputs taken, what is set and read, and how it ends.
fn ran(text: &str, inputs: &Inputs) -> Vec<String> {
    let flow = Arc::new(read(text).expect(text));
    let mut run = Run::new(Arc::clone(&flow), inputs.clone()).limited(300);
    let mut all = Vec::new();
    while let Some(step) = run.step() {
        let set: Vec<_> = step.set.iter().map(|set| format!("{:?}={}", set.key, set.value)).collect();
        let got: Vec<_> = step.read.iter().map(|read| format!("{:?}={}", read.key, read.value)).collect();
        all.push(format!("{} {:?} {set:?} {got:?}", flow.actions[step.action].name, step.output));
    }
    all.extend(run.attributes().map(|(key, value)| format!("{key}: {value}")));
    all.push(format!("{} {}", run.end().expect("an end").word(), run.doubts().is_empty()));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::count("SIDETONE_FLOWS", 20, 4_000) as u32))]

    #[test]
    fn a_flow_says_and_does_the_same_in_both_forms(list in nodes(), given in 0..3u8, answer in 0..4usize, fail in any::<u64>()) {
        let mut writer = Writer::default();
        let start = writer.json(&list);
        let name = |action: &Json| action["name"].as_str().expect("a name").to_owned();
        let mut inputs = Inputs::default();
        // Given or not: what is not known must stay so in both.
        inputs.variables.extend((given < 2).then(|| ("Flow.A".to_owned(), Val::number(f64::from(given)))));
        let answers = [DataActionAnswer::Ok(json!({"a": 1})), DataActionAnswer::Timeout, DataActionAnswer::Error];
        for (at, action) in writer.actions.iter().enumerate() {
            match action["__type"].as_str() {
                Some("DataAction") => inputs.lookups.extend(answers.get(answer).map(|it| (name(action), it.clone()))),
                Some("TransferPureMatchAction") if fail >> (at % 64) & 1 == 1 => {
                    inputs.choose.push((name(action), "failure".into()));
                }
                _ => {}
            }
        }
        let task = json!({"__type": "Task", "id": "t", "name": "Main", "startAction": start, "actionList": writer.actions});
        let json = json!({"name": "P", "type": "inboundcall", "initialSequence": "t", "flowSequenceItemList": [task]}).to_string();
        let mut archy = String::from(
            "inboundCall:\n  name: P\n  startUpRef: /inboundCall/tasks/task[Main_1]\n  tasks:\n    - task:\n        name: Main\n        refId: Main_1\n        actions:\n",
        );
        yaml(&list, 10, &mut 0, &mut archy);
        prop_assert_eq!(said(&json), said(&archy), "{}\n{}", json, archy);
        let export = sidetone::flow::export::encode(&json);
        prop_assert_eq!(said(&json), said(&export));
        prop_assert_eq!(ran(&json, &inputs), ran(&archy, &inputs), "{}\n{}", json, archy);
    }
}
