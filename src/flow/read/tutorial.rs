//! The plain JSON of tutorials: a list `actions`, each with `id`, `type`, `settings` and `nextActionId`. No platform form,
//! so no specification either: branches are read wherever such texts put them.

use super::super::actions::{Class, classify};
use super::super::model::*;
use super::{blank, line, settle};
use crate::tree::{Lines, NodeId, NodeKind, Tree};
use rustc_hash::FxHashMap;

/// The map that holds the flow: the document or its `flow`; for a bare list of actions, the list.
pub fn root(tree: &Tree<'_>) -> Option<NodeId> {
    let root = tree.root();
    if tree.kind(root) == NodeKind::List {
        let first = tree.items(root).next()?;
        return (tree.get(first, "type").is_some() && tree.get(first, "id").is_some()).then_some(root);
    }
    [Some(root), tree.get(root, "flow")].into_iter().flatten().find(|node| {
        let list = tree.get(*node, "actions").filter(|list| tree.kind(*list) == NodeKind::List);
        // Much JSON has a list of that name.
        list.is_some_and(|list| {
            let known = |item| tree.scalar_at(item, "type").is_some_and(|name| classify(name) != Class::Unknown);
            tree.items(list).any(known)
        })
    })
}

/// The actions, in the order of the file.
pub fn actions(tree: &Tree<'_>) -> Vec<NodeId> {
    let Some(root) = root(tree) else { return Vec::new() };
    match tree.kind(root) {
        NodeKind::List => tree.items(root).collect(),
        _ => tree.get(root, "actions").into_iter().flat_map(|list| tree.items(list)).collect(),
    }
}

/// The member that names the first action, when the file has one.
pub fn start(tree: &Tree<'_>) -> Option<NodeId> {
    tree.any(root(tree)?, &["startActionId", "startAction", "initialActionId", "initialAction", "entryActionId"])
}

/// Members that hold a link by themselves, and the output they stand for.
const LINKS: &[(&str, &str)] = &[
    ("trueActionId", "yes"),
    ("yesActionId", "yes"),
    ("onTrue", "yes"),
    ("falseActionId", "no"),
    ("noActionId", "no"),
    ("onFalse", "no"),
    ("onSuccess", "success"),
    ("successActionId", "success"),
    ("onTimeout", "timeout"),
    ("timeoutActionId", "timeout"),
    ("onError", "failure"),
    ("onFailure", "failure"),
    ("errorActionId", "failure"),
    ("failureActionId", "failure"),
    ("defaultActionId", "default"),
    ("onDefault", "default"),
];

/// Members that hold several links: a list of maps, or a map from output to target.
const SETS: &[&str] = &["choices", "options", "branches", "paths", "outputs", "cases", "outcomes", "transitions"];

pub fn read(tree: &Tree<'_>, lines: &Lines) -> Option<Flow> {
    let root = root(tree)?;
    let text = |name| tree.scalar_at(root, name).unwrap_or_default().to_owned();
    let mut flow = Flow::new(FlowFileForm::Tutorial, text("name"), text("type"));
    flow.containers.push(Container::default());
    let nodes = actions(tree);
    let mut ids: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, node) in nodes.iter().enumerate() {
        let line = line(tree, lines, *node);
        let field = |name| tree.scalar_at(*node, name).unwrap_or_default().to_owned();
        let id = tree.scalar_at(*node, "id");
        if let Some(id) = id
            && ids.insert(id, at).is_some()
        {
            flow.doubt(line, format!("two actions have the id {id}"));
        }
        let id = id.map_or_else(|| format!("L{line}"), str::to_owned);
        let mut action = blank(*node, id, field("name"), field("type"), line, 0);
        action.kind = kind(tree, *node, &action);
        flow.actions.push(action);
    }
    for (at, node) in nodes.iter().enumerate() {
        let mut links = Links { tree, lines, ids: &ids, flow: &mut flow, from: at };
        if let Some(target) = tree.any(*node, &["nextActionId", "nextAction", "next"]) {
            let (next, astray) = links.target(target);
            links.flow.actions[at].next = next;
            links.flow.actions[at].astray = astray;
        }
        let settings = tree.get(*node, "settings");
        for holder in [Some(*node), settings].into_iter().flatten() {
            links.branches(holder);
        }
    }
    let given = start(tree).and_then(|start| tree.scalar(start)).filter(|id| !id.is_empty());
    let named = given.and_then(|id| ids.get(id).copied());
    if let (Some(id), None) = (given, named) {
        flow.start_doubt = Some(format!("the flow begins with {id}, which is not an action of it"));
    }
    let typed = || flow.actions.iter().position(|action| action.type_name.eq_ignore_ascii_case("start"));
    flow.start = named.or_else(typed).or((!flow.actions.is_empty()).then_some(0));
    flow.containers[0].start = flow.start;
    settle(&mut flow);
    Some(flow)
}

fn kind(tree: &Tree<'_>, node: NodeId, action: &Action) -> ActionKind {
    let settings = tree.get(node, "settings").unwrap_or(node);
    let setting = |names: &[&str]| tree.any(settings, names).or_else(|| tree.any(node, names));
    let text = |names: &[&str]| setting(names).and_then(|value| tree.scalar(value)).unwrap_or_default().to_owned();
    let value = |names: &[&str]| setting(names).map_or(Operand::Unset, |value| operand(tree, value));
    let condition = || match setting(&["expression", "condition"]) {
        Some(value) => Operand::Expression(tree.scalar(value).unwrap_or_default().to_owned()),
        None => Operand::Unset,
    };
    // Several keys at once: a map, or a list of `key`, `value`.
    let many = || {
        let holder = setting(&["attributes", "data", "participantData", "variables"]);
        let members = holder.into_iter().flat_map(|holder| tree.members(holder));
        let items = holder.into_iter().flat_map(|holder| tree.items(holder));
        let members = members.map(|member| (Operand::Literal(member.name.to_owned()), operand(tree, member.value)));
        let items = items.filter_map(|item| {
            let value = tree.get(item, "value").map_or(Operand::Unset, |value| operand(tree, value));
            Some((operand(tree, tree.any(item, &["key", "name"])?), value))
        });
        members.chain(items).collect::<Vec<_>>()
    };
    match classify(&action.type_name) {
        Class::SetData | Class::SetConversation => {
            let one = setting(&["key", "name", "attribute"]).filter(|_| setting(&["value", "expression"]).is_some());
            let value = match setting(&["value"]) {
                Some(value) => operand(tree, value),
                None => condition(),
            };
            let one = one.map(|key| Assign { key: operand(tree, key), value });
            ActionKind::SetData(
                one.into_iter().chain(many().into_iter().map(|(key, value)| Assign { key, value })).collect(),
            )
        }
        Class::GetData | Class::GetConversation => {
            let one = setting(&["key", "attribute"]).map(|key| Fetch {
                key: operand(tree, key),
                into: text(&["variable", "target", "assignTo", "resultVariable", "output"]),
            });
            let many = many().into_iter().map(|(key, into)| Fetch { key, into: into.text().to_owned() });
            ActionKind::GetData(one.into_iter().chain(many).collect())
        }
        Class::Update => {
            let one = setting(&["variable", "name", "key"]).and_then(|name| tree.scalar(name));
            let one = one.map(|name| (name.to_owned(), value(&["value", "expression"])));
            let many = many().into_iter().map(|(name, value)| (name.text().to_owned(), value));
            ActionKind::Update(one.into_iter().chain(many).collect())
        }
        Class::Decision => ActionKind::Decision(Box::new(condition())),
        Class::Switch => ActionKind::Switch(
            setting(&["expression", "variable", "on"])
                .map(|on| Box::new(Operand::Expression(tree.scalar(on).unwrap_or_default().to_owned()))),
        ),
        Class::Menu => ActionKind::Menu,
        Class::Collect => {
            let into = Some(text(&["variable", "resultVariable", "assignTo", "output"])).filter(|v| !v.is_empty());
            ActionKind::Collect(Box::new(Collect { into, digits: None }))
        }
        Class::Lookup | Class::TableLookup => {
            let name = text(&["dataAction", "dataActionName", "actionName", "name"]);
            let whole = Some(text(&["resultVariable", "assignTo", "output", "outputVariable", "variable"]));
            let name = [name, action.name.clone(), action.id.clone()].into_iter().find(|name| !name.is_empty());
            ActionKind::Lookup(Box::new(Lookup {
                name: name.unwrap_or_default(),
                outputs: Vec::new(),
                whole: whole.filter(|whole| !whole.is_empty()),
                ..Lookup::default()
            }))
        }
        Class::Loop => ActionKind::Loop(Box::new(Loop { count: Some(value(&["count", "loopCount"])), index: None })),
        Class::Transfer => {
            ActionKind::Transfer(text(&["queue", "queueName", "queueId", "target", "destination", "flow", "user"]))
        }
        Class::End => ActionKind::End,
        Class::EndTask => ActionKind::EndTask(None),
        Class::Jump | Class::ExitLoop | Class::NextLoop => ActionKind::Jump(Jump::default()),
        Class::Passive | Class::Elsewhere => ActionKind::Passive,
        Class::Ask => ActionKind::Ask,
        _ => ActionKind::Unknown,
    }
}

/// A value as tutorials write one: plain text, or text with a placeholder in it.
fn operand(tree: &Tree<'_>, node: NodeId) -> Operand {
    match tree.kind(node) {
        NodeKind::Null => Operand::Unset,
        _ => match tree.scalar(node).unwrap_or(tree.raw(node)) {
            text if text.contains("{{") || text.contains("${") => Operand::Template(text.to_owned()),
            text => Operand::Literal(text.to_owned()),
        },
    }
}

struct Links<'a, 't> {
    tree: &'a Tree<'t>,
    lines: &'a Lines,
    ids: &'a FxHashMap<&'a str, usize>,
    flow: &'a mut Flow,
    from: usize,
}

impl Links<'_, '_> {
    /// Where a link leads, or else the id that no action has.
    fn target(&mut self, node: NodeId) -> (Option<usize>, Option<String>) {
        let Some(id) = self.tree.scalar(node).filter(|id| !id.is_empty()) else { return (None, None) };
        let name = display_name(&self.flow.actions[self.from]).to_owned();
        let found = self.ids.get(id).copied();
        let what = match found {
            Some(to) if to == self.from => format!("{name} leads to itself"),
            Some(_) => return (found, None),
            None => format!("{name} leads to {id}, which is not an action of this flow"),
        };
        self.flow.remarks.push(Remark { line: line(self.tree, self.lines, node), what });
        (found, found.is_none().then(|| id.to_owned()))
    }

    fn push(&mut self, label: &str, when: Option<Operand>, target: NodeId) {
        let (to, astray) = self.target(target);
        let menu = matches!(self.flow.actions[self.from].kind, ActionKind::Menu);
        let digit = Some(label.to_owned()).filter(|_| menu);
        self.flow.actions[self.from].branches.push(Branch {
            id: label.to_owned(),
            label: label.to_owned(),
            when: when.map(Box::new),
            digit,
            to,
            astray,
            written: true,
            ..Branch::default()
        });
    }

    fn branches(&mut self, holder: NodeId) {
        let tree = self.tree;
        for (name, label) in LINKS {
            if let Some(target) = tree.get(holder, name).filter(|target| tree.scalar(*target).is_some()) {
                self.push(label, None, target);
            }
        }
        for set in SETS.iter().filter_map(|name| tree.get(holder, name)) {
            for member in tree.members(set) {
                let target = match tree.kind(member.value) {
                    NodeKind::Map => tree.any(member.value, &["nextActionId", "actionId", "target"]),
                    _ => Some(member.value),
                };
                let known = target.and_then(|target| tree.scalar(target)).is_some_and(|id| self.ids.contains_key(id));
                if let Some(target) = target.filter(|_| known) {
                    self.push(&output(member.name), Some(Operand::Literal(member.name.to_owned())), target);
                }
            }
            for item in tree.items(set) {
                let Some(target) = tree.any(item, &["nextActionId", "actionId", "target", "next"]) else { continue };
                let label = tree.any(item, &["digit", "key", "label", "name", "output", "outcome", "value", "when"]);
                let label = label.and_then(|label| tree.scalar(label)).unwrap_or_default().to_owned();
                let when = tree.any(item, &["value", "when", "condition"]).map(|value| operand(tree, value));
                self.push(&output(&label), when, target);
            }
        }
    }
}

/// The one word for each output, whatever the tutorial calls it.
fn output(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "true" | "yes" => "yes".into(),
        "false" | "no" => "no".into(),
        "success" | "ok" => "success".into(),
        "error" | "failure" | "failed" => "failure".into(),
        "timeout" => "timeout".into(),
        "default" | "otherwise" | "else" => "default".into(),
        _ => name.to_owned(),
    }
}
