//! What an action of Archy YAML does, by its type and settings.

use super::operand::{of_type, operand};
use super::typed;
use crate::flow::actions::Class;
use crate::flow::model::*;
use crate::flow::read::mentioned::mentioned;
use crate::tree::{NodeId, NodeKind, Tree};

pub fn kind(tree: &Tree<'_>, node: NodeId, class: Class, action: &Action) -> ActionKind {
    let value = |name| of(tree, node, name);
    let attributes = || {
        let list = tree.get(node, "attributes").into_iter().flat_map(|list| tree.items(list));
        list.filter_map(|item| tree.get(item, "attribute").or_else(|| typed(tree, item).map(|(_, it)| it)))
    };
    let assigns = || {
        attributes()
            .map(|it| Assign { key: text(tree, it, "name"), value: text(tree, it, "value") })
            .collect::<Vec<_>>()
    };
    let fetches = || {
        attributes()
            .map(|it| Fetch { key: text(tree, it, "name"), into: target(tree, it, "variable") })
            .collect::<Vec<_>>()
    };
    match class {
        Class::SetData => ActionKind::SetData(assigns()),
        Class::GetData => ActionKind::GetData(fetches()),
        Class::SetConversation => ActionKind::SetConversation(Box::new(Conversation {
            conversation: value("conversationId"),
            participant: value("participantId"),
            list: assigns(),
        })),
        Class::GetConversation => ActionKind::GetConversation(Box::new(Conversation {
            conversation: value("conversationId"),
            participant: value("participantId"),
            list: fetches(),
        })),
        Class::Update => {
            let list = tree.get(node, "statements").into_iter().flat_map(|list| tree.items(list));
            let statements = list.filter_map(|item| typed(tree, item)).map(|(type_name, it)| {
                let none = || Operand::Template(String::new());
                let value = tree.get(it, "value").map_or_else(none, |value| of_type(tree, value, type_name));
                (target(tree, it, "variable"), value)
            });
            ActionKind::Update(statements.collect())
        }
        Class::ClearSlot => {
            let list = tree.any(node, &["slots", "slot"]).into_iter();
            let slots = list.flat_map(|list| match tree.kind(list) {
                NodeKind::List => tree.items(list).collect::<Vec<_>>(),
                _ => vec![list],
            });
            // Where one of them cannot be read, which ones it clears is not known.
            ActionKind::ClearSlot(slots.map(|slot| slot_name(tree, slot)).collect::<Option<_>>().unwrap_or_default())
        }
        Class::Decision => ActionKind::Decision(Box::new(value("condition"))),
        Class::Switch => ActionKind::Switch(on(tree, node).map(Box::new)),
        Class::Menu => ActionKind::Menu,
        Class::Collect => ActionKind::Collect(Box::new(Collect {
            into: Some(target(tree, node, "inputData")).filter(|name| !name.is_empty()),
            digits: tree.get(node, "digits").and_then(|digits| digit_count(tree, digits)),
        })),
        Class::Lookup | Class::TableLookup => ActionKind::Lookup(Box::new(lookup(tree, node, class, action))),
        Class::Loop => ActionKind::Loop(Box::new(Loop {
            count: tree.get(node, "loopCount").map(|count| operand(tree, count)),
            index: Some(target(tree, node, "currentIndex")).filter(|name| !name.is_empty()),
        })),
        Class::CallFlow => ActionKind::CallFlow(Box::new(called(tree, node))),
        Class::Transfer => {
            let target = tree.members(node).find(|member| member.name.starts_with("target"));
            ActionKind::Transfer(target.map(|target| destination(tree, target.value)).unwrap_or_default())
        }
        Class::End => ActionKind::End,
        Class::EndTask => {
            let path = tree.get(node, "outputPath");
            let path = path.and_then(|path| tree.scalar(path).or_else(|| tree.scalar_at(path, "name")));
            ActionKind::EndTask(path.map(way_out))
        }
        Class::Passive | Class::Elsewhere => ActionKind::Passive,
        Class::Ask => ActionKind::Ask,
        // Which loop, task or menu is settled later.
        Class::ExitLoop | Class::NextLoop | Class::Jump | Class::CallTask | Class::Unknown => ActionKind::Unknown,
    }
}

/// `exact: 4`, or `range: {min: 1, max: 12}`.
fn digit_count(tree: &Tree<'_>, digits: NodeId) -> Option<(u32, u32)> {
    let number = |holder, name| {
        let value = tree.get(holder, name)?;
        tree.scalar(value).or_else(|| tree.scalar_at(value, "lit"))?.trim().parse().ok()
    };
    if let Some(exact) = number(digits, "exact") {
        return Some((exact, exact));
    }
    let range = tree.get(digits, "range")?;
    number(range, "min").zip(number(range, "max"))
}

/// The id of a task's way out; files write `default` and `Default` for one.
pub fn way_out(name: &str) -> String {
    if name.eq_ignore_ascii_case("default") { "default".into() } else { name.to_owned() }
}

fn of(tree: &Tree<'_>, holder: NodeId, name: &str) -> Operand {
    tree.get(holder, name).map_or(Operand::Unset, |value| operand(tree, value))
}

/// A key or value of participant data: always a text.
fn text(tree: &Tree<'_>, holder: NodeId, name: &str) -> Operand {
    tree.get(holder, name).map_or(Operand::Unset, |value| of_type(tree, value, "string")).into_text()
}

/// A target is `var: Flow.X`, or the bare name.
fn target(tree: &Tree<'_>, holder: NodeId, name: &str) -> String {
    let found = tree.get(holder, name);
    let found = found.and_then(|found| {
        tree.scalar(found).or_else(|| tree.any(found, &["var", "ref"]).and_then(|it| tree.scalar(it)))
    });
    found.unwrap_or_default().to_owned()
}

/// What the cases of a switch are compared with; nothing where each is a condition of its own.
fn on(tree: &Tree<'_>, node: NodeId) -> Option<Operand> {
    let style = tree.members(tree.get(node, "evaluate")?).next()?;
    if style.name == "firstTrue" {
        return None;
    }
    let names = ["value", "expression", "on"];
    let found = tree.any(style.value, &names);
    // `firstMatch: {string: {value: …}}`
    let found = found.or_else(|| tree.any(tree.members(style.value).next()?.value, &names));
    found.map(|value| operand(tree, value))
}

/// `category: {X: {dataAction: {NAME: {inputs, successOutputs: {member: {var: …}}, failureOutputs}}}}`;
/// `dataTable: {NAME: {foundOutputs, failureOutputs}}`.
fn lookup(tree: &Tree<'_>, node: NodeId, class: Class, action: &Action) -> Lookup {
    let mut lookup = Lookup { table: class == Class::TableLookup, ..Lookup::default() };
    let mut work: Vec<(NodeId, bool)> = vec![(node, false)];
    while let Some((node, named)) = work.pop() {
        for member in tree.members(node) {
            if named && lookup.name.is_empty() {
                lookup.name = member.name.to_owned();
            }
            match member.name {
                "outputs" | "name" => {}
                "dataAction" | "dataTable" => work.push((member.value, true)),
                "successOutputs" | "foundOutputs" => lookup.outputs.extend(taken(tree, member.value)),
                "failureOutputs" => lookup.errors.extend(taken(tree, member.value)),
                "inputs" => lookup.inputs.extend(given(tree, member.value)),
                "lookupValue" => lookup.inputs.push(("key".into(), operand(tree, member.value))),
                _ if tree.kind(member.value) == NodeKind::Map => work.push((member.value, false)),
                _ => {}
            }
        }
    }
    if lookup.name.is_empty() {
        lookup.name.clone_from(&action.name);
    }
    lookup
}

/// `{member: {var: Flow.X}}`: those that a variable takes.
fn taken(tree: &Tree<'_>, node: NodeId) -> Vec<(String, String)> {
    let taken = |value| tree.any(value, &["var", "ref"]).and_then(|name| tree.scalar(name));
    tree.members(node).filter_map(|output| Some((output.name.to_owned(), taken(output.value)?.to_owned()))).collect()
}

fn given(tree: &Tree<'_>, node: NodeId) -> Vec<(String, Operand)> {
    let all = tree.members(node).map(|input| (input.name.to_owned(), operand(tree, input.value)));
    all.filter(|(_, value)| *value != Operand::Unset).collect()
}

/// The inputs of a task call.
pub fn inputs(tree: &Tree<'_>, node: NodeId) -> Vec<(String, Operand)> {
    tree.any(node, &["inputs", "taskInputs"]).map(|inputs| given(tree, inputs)).unwrap_or_default()
}

/// The outputs of a task call that variables take. Members of `outputs` that hold actions are ways on.
pub fn outputs(tree: &Tree<'_>, node: NodeId) -> Vec<(String, String)> {
    tree.any(node, &["taskOutputs", "outputs"]).map(|outputs| taken(tree, outputs)).unwrap_or_default()
}

/// `botFlow: {NAME: {ver_latestPublished: {inputs, outputs}}}`, `commonModule` alike.
fn called(tree: &Tree<'_>, node: NodeId) -> CallFlow {
    let mut call = CallFlow::default();
    let found = tree.members(node).find(|member| {
        (member.name.ends_with("Flow") || member.name.ends_with("odule")) && tree.only(member.value).is_some()
    });
    let Some(named) = found.and_then(|member| tree.only(member.value)) else { return call };
    call.name = named.name.to_owned();
    let version = tree.only(named.value).filter(|version| version.name.starts_with("ver_"));
    let settings = version.map_or(named.value, |version| version.value);
    call.inputs = tree.get(settings, "inputs").map(|inputs| given(tree, inputs)).unwrap_or_default();
    call.outputs = tree.get(settings, "outputs").map(|outputs| taken(tree, outputs)).unwrap_or_default();
    call
}

/// `lit: {name: …}`, `name: …`, `exp: …`: the first scalar that says where.
fn destination(tree: &Tree<'_>, node: NodeId) -> String {
    if let Some(text) = tree.scalar(node) {
        return text.to_owned();
    }
    if tree.any(node, &["noValue", "none"]).is_some() {
        return "NOT_SET".to_owned();
    }
    let inner = tree.get(node, "lit").unwrap_or(node);
    let named = tree.any(inner, &["name", "exp", "id"]).and_then(|value| tree.scalar(value));
    named.or_else(|| tree.scalar(inner)).unwrap_or_default().to_owned()
}

fn slot_name(tree: &Tree<'_>, slot: NodeId) -> Option<String> {
    let inner = |slot| typed(tree, slot).and_then(|(_, it)| tree.scalar_at(it, "name").or_else(|| tree.scalar(it)));
    let name = tree.scalar(slot).or_else(|| tree.scalar_at(slot, "name")).or_else(|| inner(slot))?;
    match name.trim() {
        "" => None,
        name if name.to_ascii_lowercase().starts_with("slot.") => Some(name.to_owned()),
        name => Some(format!("Slot.{name}")),
    }
}

/// The variables that an action writes: every `var:` in its settings, and the settings that name one plainly.
pub fn writes(tree: &Tree<'_>, node: NodeId, action: &Action) -> Vec<VariableWrite> {
    let plain = |variable: &str, from: &str| VariableWrite {
        variable: variable.to_owned(),
        from: from.to_owned(),
        when: WhenWritten::Done,
    };
    let fetched = |list: &[Fetch]| -> Vec<VariableWrite> {
        list.iter().filter(|it| !it.into.is_empty()).map(|it| plain(&it.into, it.key.text())).collect()
    };
    let mut found = match &action.kind {
        ActionKind::SetData(_) | ActionKind::SetConversation(_) | ActionKind::Decision(_) | ActionKind::Switch(_) => {
            return Vec::new();
        }
        ActionKind::GetData(list) => fetched(list),
        ActionKind::GetConversation(of) => fetched(&of.list),
        ActionKind::Update(list) => {
            let named = list.iter().filter(|(variable, _)| !variable.is_empty());
            named.map(|(variable, _)| plain(variable, "variable")).collect()
        }
        _ => marked(tree, node),
    };
    if let Some(slot) = tree.get(node, "slot").and_then(|slot| slot_name(tree, slot)) {
        found.push(plain(&slot, "slot"));
    }
    mentions(tree, node, &action.kind, &mut found);
    found
}

/// Every `var:` in the settings of an action.
fn marked(tree: &Tree<'_>, node: NodeId) -> Vec<VariableWrite> {
    let mut found = Vec::new();
    let mut work = vec![(node, "", WhenWritten::Done)];
    while let Some((node, from, when)) = work.pop() {
        if let Some(only) = tree.only(node)
            && only.name == "var"
            && let Some(variable) = tree.scalar(only.value)
        {
            found.push(VariableWrite { variable: variable.to_owned(), from: from.to_owned(), when });
            continue;
        }
        for member in tree.members(node) {
            if !leads(member.name) {
                let failed = member.name == "failureOutputs";
                work.push((member.value, member.name, if failed { WhenWritten::Failed } else { when }));
            }
        }
        for item in tree.items(node) {
            work.push((item, from, when));
        }
    }
    found.reverse();
    found
}

/// What an output leads to is no setting of its action.
fn leads(member: &str) -> bool {
    matches!(member, "actions" | "cases" | "default" | "task" | "choices")
}

/// The variables that an action mentions in a shape that is not read: as a plain text anywhere but where values are read, and as
/// a literal or an expression where targets stand.
fn mentions(tree: &Tree<'_>, node: NodeId, kind: &ActionKind, found: &mut Vec<VariableWrite>) {
    const READ: [&str; 9] = [
        "inputs",
        "taskInputs",
        "value",
        "condition",
        "lookupValue",
        "loopCount",
        "name",
        "conversationId",
        "participantId",
    ];
    let mut work = vec![(node, false)];
    while let Some((node, target)) = work.pop() {
        let read = |name: &str| !target && READ.contains(&name);
        for member in tree.members(node).filter(|member| !leads(member.name) && !read(member.name)) {
            match (member.name, tree.scalar(member.value)) {
                ("lit" | "exp" | "tts" | "text" | "prompt", Some(_)) if !target => {}
                (_, Some(text)) => mentioned(found, kind, text),
                (name, None) => work.push((member.value, target || is_target(name))),
            }
        }
        for item in tree.items(node) {
            match tree.scalar(item) {
                Some(text) => mentioned(found, kind, text),
                None => work.push((item, target)),
            }
        }
    }
}

/// Whether a setting of this name says where something goes.
fn is_target(name: &str) -> bool {
    ["utputs", "utput", "esult", "variable", "ndex", "nputData", "var"].iter().any(|end| name.ends_with(end))
}
