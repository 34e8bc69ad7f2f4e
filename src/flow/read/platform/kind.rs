//! What an action of the platform's JSON does, by its type and settings.

use super::operand::{operand, variable};
use super::output_id;
use crate::flow::actions::{self, Class};
use crate::flow::model::*;
use crate::flow::read::mentioned::mentioned;
use crate::tree::{NodeId, NodeKind, Tree};

pub fn kind(tree: &Tree<'_>, node: NodeId, action: &Action) -> ActionKind {
    let value = |name| tree.get(node, name).map_or(Operand::Unset, |value| operand(tree, value));
    let list = |name| tree.get(node, name).into_iter().flat_map(|list| tree.items(list)).collect::<Vec<NodeId>>();
    let of = |pair: NodeId, name| tree.get(pair, name).map_or(Operand::Unset, |value| operand(tree, value));
    // In both, `variable` is the attribute's name; `expression` is the value, or the variable that takes it.
    let assigns = || {
        let pairs = list("variables").into_iter();
        pairs.map(|pair| Assign { key: of(pair, "variable").into_text(), value: of(pair, "expression") }).collect()
    };
    let fetches = || {
        let pairs = list("variables").into_iter();
        pairs
            .map(|pair| Fetch { key: of(pair, "variable").into_text(), into: target(tree, pair, "expression") })
            .collect()
    };
    match action.spec.map_or(Class::Unknown, |spec| spec.class) {
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
        Class::Update => ActionKind::Update(
            list("variables")
                .into_iter()
                .map(|pair| (target(tree, pair, "variable"), of(pair, "expression")))
                .collect(),
        ),
        // Where one of them cannot be read, which ones it clears is not known.
        Class::ClearSlot => ActionKind::ClearSlot(
            list("slots").into_iter().map(|slot| slot_name(tree, slot)).collect::<Option<_>>().unwrap_or_default(),
        ),
        Class::Decision => ActionKind::Decision(Box::new(value("expression"))),
        Class::Switch => ActionKind::Switch(match (value("expression"), tree.scalar_at(node, "switchStyle")) {
            (_, Some("0")) | (Operand::Unset, _) => None,
            // How another style compares is not known.
            (_, Some(style)) if style != "1" => Some(Box::new(Operand::Template(format!("a switch of style {style}")))),
            (on, _) => Some(Box::new(on)),
        }),
        Class::Menu => ActionKind::Menu,
        Class::Collect => {
            let data = tree.any(node, &["resultData", "inputData"]);
            let count = |name| value(name).text().trim().parse::<u32>().ok();
            let digits = count("numberOfDigitsMin").zip(count("numberOfDigitsMax"));
            ActionKind::Collect(Box::new(Collect { into: data.and_then(|value| variable(tree, value)), digits }))
        }
        Class::Lookup | Class::TableLookup => ActionKind::Lookup(Box::new(lookup(tree, node, action))),
        Class::Loop => ActionKind::Loop(Box::new(Loop {
            count: tree.get(node, "loopCount").map(|count| operand(tree, count)),
            index: tree.get(node, "currentIndex").and_then(|index| variable(tree, index)),
        })),
        Class::CallFlow => ActionKind::CallFlow(Box::new(CallFlow {
            name: tree.scalar_at(node, "flowName").unwrap_or_default().to_owned(),
            id: tree.scalar_at(node, "flowId").unwrap_or_default().to_owned(),
            module: None,
            inputs: inputs(tree, node),
            outputs: outputs(tree, node, "outputs"),
        })),
        Class::EndTask => {
            let path = tree.any(node, &["pathReference", "pathName"]).and_then(|path| tree.scalar(path));
            ActionKind::EndTask(path.filter(|path| !path.is_empty()).map(output_id))
        }
        Class::End => ActionKind::End,
        Class::Transfer => ActionKind::Transfer(destination(tree, node)),
        Class::Passive | Class::Elsewhere => ActionKind::Passive,
        Class::Ask => ActionKind::Ask,
        // Which loop, task or menu is settled with the links.
        Class::ExitLoop => ActionKind::ExitLoop(usize::MAX),
        Class::NextLoop => ActionKind::NextLoop(usize::MAX),
        Class::Jump | Class::CallTask | Class::Unknown => ActionKind::Unknown,
    }
}

/// The variables that an action writes.
pub fn writes(tree: &Tree<'_>, node: NodeId, action: &Action) -> Vec<VariableWrite> {
    let class = action.spec.map_or(Class::Unknown, |spec| spec.class);
    // What a Set names is its value, whatever mode the editor has it in.
    if matches!(class, Class::SetData | Class::SetConversation | Class::Decision | Class::Switch | Class::Menu) {
        return Vec::new();
    }
    let mut writes = super::operand::writes(tree, node);
    let slot = tree.any(node, &["selectedSlot", "slot"]).and_then(|slot| slot_name(tree, slot));
    if let Some(variable) = slot.filter(|slot| writes.iter().all(|write| write.variable != *slot)) {
        writes.push(VariableWrite { variable, from: "slot".into(), when: WhenWritten::Done });
    }
    super::operand::mentions(tree, node, &mut |text| mentioned(&mut writes, &action.kind, text));
    writes
}

/// A slot's variable: the slot stands as a name, as a value object or as `{name}`.
fn slot_name(tree: &Tree<'_>, slot: NodeId) -> Option<String> {
    let name =
        tree.scalar(slot).or_else(|| tree.any(slot, &["name", "slotName", "text"]).and_then(|it| tree.scalar(it)))?;
    let name = name.trim();
    match name {
        "" => None,
        name if name.to_ascii_lowercase().starts_with("slot.") => Some(name.to_owned()),
        name => Some(format!("Slot.{name}")),
    }
}

fn target(tree: &Tree<'_>, holder: NodeId, name: &str) -> String {
    let value = tree.get(holder, name);
    value.and_then(|value| variable(tree, value)).unwrap_or_default()
}

/// `inputs[] {name, value}`.
pub fn inputs(tree: &Tree<'_>, node: NodeId) -> Vec<(String, Operand)> {
    let list = tree.get(node, "inputs").into_iter().flat_map(|list| tree.items(list));
    list.filter_map(|one| Some((tree.scalar_at(one, "name")?.to_owned(), operand(tree, tree.get(one, "value")?))))
        .filter(|(_, value)| *value != Operand::Unset)
        .collect()
}

/// `outputs[]` or `errorBindings[] {name, value}`: those that a variable takes.
pub fn outputs(tree: &Tree<'_>, node: NodeId, member: &str) -> Vec<(String, String)> {
    let list = tree.get(node, member).into_iter().flat_map(|list| tree.items(list));
    list.filter_map(|one| Some((tree.scalar_at(one, "name")?.to_owned(), variable(tree, tree.get(one, "value")?)?)))
        .collect()
}

fn lookup(tree: &Tree<'_>, node: NodeId, action: &Action) -> Lookup {
    let table = actions::classify(&action.type_name) == Class::TableLookup;
    let name = tree.any(node, &["actionName", "datatableName"]).and_then(|name| tree.scalar(name));
    let key = tree.get(node, "lookupKeyValue").map(|value| ("key".to_owned(), operand(tree, value)));
    Lookup {
        name: name.filter(|name| !name.is_empty()).unwrap_or(&action.name).to_owned(),
        table,
        inputs: inputs(tree, node).into_iter().chain(key).collect(),
        outputs: outputs(tree, node, "outputs"),
        errors: outputs(tree, node, "errorBindings"),
        whole: None,
    }
}

/// Where a transfer goes: the text of the first member that says so.
fn destination(tree: &Tree<'_>, node: NodeId) -> String {
    let queue = tree.get(node, "queues").and_then(|list| tree.items(list).next());
    let names = [
        "queue",
        "transferTo",
        "group",
        "user",
        "externalNumber",
        "flowName",
        "transferTarget",
        "transferTargetGroup",
        "voicemailTarget",
    ];
    let found = queue.into_iter().chain(names.iter().filter_map(|name| tree.get(node, name)));
    found
        .filter_map(|value| match tree.kind(value) {
            NodeKind::Map => Some(match operand(tree, value) {
                Operand::NotSet => "NOT_SET".to_owned(),
                other => other.text().to_owned(),
            }),
            _ => tree.scalar(value).map(str::to_owned),
        })
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The outputs of a switch in the order of its cases, which is the order in which they are tried.
pub fn cases(tree: &Tree<'_>, node: NodeId, mut paths: Vec<Branch>) -> Vec<Branch> {
    let mut out = Vec::with_capacity(paths.len());
    let cases: Vec<NodeId> = tree.get(node, "cases").into_iter().flat_map(|list| tree.items(list)).collect();
    for (at, case) in cases.into_iter().enumerate() {
        let reference = tree.scalar_at(case, "referenceId");
        let own = reference.and_then(|id| paths.iter().position(|path| path.id == id));
        // Without a reference, the first path that is left and is no default.
        let own = own.or_else(|| paths.iter().position(|path| path.id != "default").filter(|_| reference.is_none()));
        let mut branch = match own {
            Some(own) => paths.remove(own),
            None => {
                Branch { id: reference.map_or_else(|| format!("case {}", at + 1), str::to_owned), ..Branch::default() }
            }
        };
        let when = tree.get(case, "value").map_or(Operand::Unset, |value| operand(tree, value));
        branch.alias = Some(tree.scalar_at(case, "name").map_or_else(|| format!("Case {}", at + 1), str::to_owned));
        if !when.text().is_empty() {
            branch.label = when.text().to_owned();
        }
        branch.when = Some(Box::new(when));
        out.push(branch);
    }
    out.append(&mut paths);
    out
}
