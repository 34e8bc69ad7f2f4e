//! Archy YAML. An action is a map with one member, its type; what follows it is the next item of its list, and its
//! outputs are lists named `actions` somewhere below it. After the end of an output the flow goes on behind the action.

use super::super::actions::{Class, classify};
use super::super::model::*;
use super::blank;
use crate::tree::{Kind as Node, Lines, NodeId, Tree};
use rustc_hash::FxHashMap;

/// The flow's own map, below the one root such as `inboundCall`.
pub fn root(tree: &Tree<'_>) -> Option<NodeId> {
    let root = tree.members(tree.root()).first()?.value;
    tree.any(root, &["tasks", "menus", "states", "bots", "startUpRef"]).map(|_| root)
}

/// The type and settings of an item of an action list.
fn typed<'a>(tree: &'a Tree<'_>, item: NodeId) -> Option<(&'a str, NodeId)> {
    match tree.members(item) {
        [one] => Some((&one.name, one.value)),
        _ => None,
    }
}

/// A list of actions that is still to be read, and how it is reached.
struct Work {
    list: NodeId,
    container: usize,
    within: Option<(usize, usize)>,
    /// What follows its last action.
    after: Option<usize>,
    /// The loop it runs in: the loop itself and what follows it.
    around: Option<(usize, Option<usize>)>,
}

struct Reader<'a, 't> {
    tree: &'a Tree<'t>,
    lines: &'a Lines,
    flow: Flow,
    sections: FxHashMap<String, usize>,
    work: Vec<Work>,
    /// Jumps and calls, by the container they name.
    jumps: Vec<(usize, String)>,
}

pub fn read(tree: &Tree<'_>, lines: &Lines) -> Option<Flow> {
    let root = root(tree)?;
    let flow = Flow {
        form: Form::Archy,
        name: tree.scalar_at(root, "name").unwrap_or_default().to_owned(),
        kind: tree.members(tree.root()).first()?.name.clone(),
        containers: Vec::new(),
        actions: Vec::new(),
        start: None,
        variables: Vec::new(),
        modules: Vec::new(),
        remarks: Vec::new(),
    };
    let mut reader = Reader { tree, lines, flow, sections: FxHashMap::default(), work: Vec::new(), jumps: Vec::new() };
    reader.variables(root);
    for section in ["menus", "tasks", "states", "bots"] {
        for item in tree.get(root, section).map(|list| tree.items(list)).unwrap_or_default() {
            if let Some((kind, node)) = typed(tree, *item) {
                reader.container(kind, node);
            }
        }
    }
    while let Some(work) = reader.work.pop() {
        reader.list(work);
    }
    reader.settle_jumps();
    let start = tree.scalar_at(root, "startUpRef").map(|text| (reference(text), text));
    let found = start.and_then(|(id, _)| reader.sections.get(id).copied());
    if let (Some((_, text)), None) = (start, found) {
        let at = tree.get(root, "startUpRef").map_or(0, |node| lines.line(tree.span(node).start));
        reader.flow.remarks.push(Remark { line: at, what: format!("startUpRef {text} names nothing in this file") });
    }
    reader.flow.start = reader.flow.containers.get(found.unwrap_or(0)).and_then(|container| container.start);
    Some(reader.flow)
}

/// The `refId` in a reference such as `/inboundCall/tasks/task[New Task 1_13]`.
fn reference(text: &str) -> &str {
    match (text.find('['), text.rfind(']')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text,
    }
}

impl Reader<'_, '_> {
    fn line(&self, node: NodeId) -> usize {
        self.lines.line(self.tree.span(node).start)
    }

    /// `variables:` lists items such as `stringVariable: {name, initialValue}`.
    fn variables(&mut self, holder: NodeId) {
        let tree = self.tree;
        for item in tree.get(holder, "variables").map(|list| tree.items(list)).unwrap_or_default() {
            let Some((_, variable)) = typed(tree, *item) else { continue };
            let Some(name) = tree.scalar_at(variable, "name") else { continue };
            let initial = tree.get(variable, "initialValue").map_or(Operand::Unset, |value| operand(tree, value));
            self.flow.variables.push(Variable {
                name: name.to_owned(),
                initial,
                container: None,
                type_name: String::new(),
                input: false,
                output: false,
            });
        }
    }

    fn container(&mut self, kind: &str, node: NodeId) {
        let tree = self.tree;
        let name = tree.scalar_at(node, "name").unwrap_or_default().to_owned();
        let id = tree.scalar_at(node, "refId").unwrap_or(&name).to_owned();
        let at = self.flow.containers.len();
        if self.sections.insert(id.clone(), at).is_some() {
            self.flow.remarks.push(Remark { line: self.line(node), what: format!("two parts have the refId {id}") });
        }
        self.flow.containers.push(Container { id: id.clone(), name: name.clone(), ..Container::default() });
        self.variables(node);
        if let Some(choices) = tree.get(node, "choices") {
            let mut menu = blank(node, id, name, kind.to_owned(), self.line(node), at);
            menu.kind = Kind::Menu;
            let index = self.flow.actions.len();
            self.flow.actions.push(menu);
            self.flow.containers[at].start = Some(index);
            for choice in tree.items(choices) {
                self.choice(at, index, *choice);
            }
        }
        if let Some(list) = tree.get(node, "actions") {
            self.work.push(Work { list, container: at, within: None, after: None, around: None });
        }
    }

    /// A menu choice is an action with a key.
    fn choice(&mut self, container: usize, menu: usize, item: NodeId) {
        let tree = self.tree;
        let Some((_, node)) = typed(tree, item) else { return };
        let name = tree.scalar_at(node, "name").unwrap_or_default();
        let digit = tree.scalar_at(node, "dtmf").map(|key| match key.strip_prefix("digit_").unwrap_or(key) {
            "star" => "*".to_owned(),
            "pound" => "#".to_owned(),
            key => key.to_owned(),
        });
        let label = match &digit {
            Some(digit) => format!("{digit}: {name}"),
            None => name.to_owned(),
        };
        let branch = self.flow.actions[menu].branches.len();
        let to = Some(self.flow.actions.len());
        self.flow.actions[menu].branches.push(Branch { label, digit, to, ..Branch::default() });
        self.action(item, container, Some((menu, branch)), None, None);
    }

    fn list(&mut self, work: Work) {
        let items: Vec<NodeId> =
            self.tree.items(work.list).iter().copied().filter(|item| typed(self.tree, *item).is_some()).collect();
        let base = self.flow.actions.len();
        let first = if items.is_empty() { work.after } else { Some(base) };
        match work.within {
            Some((action, branch)) => self.flow.actions[action].branches[branch].to = first,
            None => self.flow.containers[work.container].start = first,
        }
        let count = items.len();
        for (at, item) in items.into_iter().enumerate() {
            let next = if at + 1 < count { Some(base + at + 1) } else { work.after };
            self.action(item, work.container, work.within, next, work.around);
        }
    }

    /// Reads one action; its outputs are queued, so its siblings get consecutive places.
    fn action(
        &mut self,
        item: NodeId,
        container: usize,
        within: Option<(usize, usize)>,
        next: Option<usize>,
        around: Option<(usize, Option<usize>)>,
    ) {
        let tree = self.tree;
        let Some((type_name, node)) = typed(tree, item) else { return };
        let line = self.line(item);
        let name = tree.scalar_at(node, "name").unwrap_or_default().to_owned();
        let index = self.flow.actions.len();
        let mut action = blank(item, format!("L{line}"), name, type_name.to_owned(), line, container);
        let class = classify(type_name);
        action.within = within;
        action.kind = kind(tree, node, class, &action);
        action.next = match (class, around) {
            (Class::ExitLoop, Some((_, after))) => after,
            (Class::NextLoop, Some((head, _))) => Some(head),
            (Class::End | Class::EndTask, _) => None,
            _ => next,
        };
        if matches!(class, Class::Jump | Class::CallTask) {
            let target = tree.members(node).iter().find(|member| member.name.ends_with("Ref"));
            if let Some(target) = target.and_then(|member| tree.scalar(member.value)) {
                self.jumps.push((index, reference(target).to_owned()));
            }
        }
        self.flow.actions.push(action);
        let (follow, around) = match class {
            Class::Loop => (Some(index), Some((index, next))),
            _ => (next, around),
        };
        self.outputs(index, node, container, follow, around);
        if matches!(class, Class::Jump) && tree.get(node, "task").is_some() {
            // `menuTask` carries its task within: the one list found is where it leads.
            self.flow.actions[index].kind = Kind::Unknown;
        }
    }

    /// Finds the action lists below an action, however deep, without entering them.
    fn outputs(
        &mut self,
        index: usize,
        node: NodeId,
        container: usize,
        after: Option<usize>,
        around: Option<(usize, Option<usize>)>,
    ) {
        let tree = self.tree;
        let mut found = Vec::new();
        let mut walk: Vec<(NodeId, String, Option<Operand>)> = vec![(node, String::new(), None)];
        while let Some((node, label, when)) = walk.pop() {
            // A case and an intent are named by what they hold.
            let own = tree
                .get(node, "value")
                .filter(|_| tree.get(node, "actions").is_some())
                .map(|value| operand(tree, value));
            let named = tree.scalar_at(node, "name").filter(|_| label == "intent" || label == "slot");
            let label = match (&own, named) {
                (Some(value), _) => value.text().to_owned(),
                (None, Some(name)) => name.to_owned(),
                (None, None) => label,
            };
            let when = own.or(when);
            for member in tree.members(node) {
                if member.name == "actions" && matches!(tree.kind(member.value), Node::List(_)) {
                    found.push((member.value, label.clone(), when.clone()));
                    continue;
                }
                if matches!(tree.kind(member.value), Node::Map(_) | Node::List(_)) {
                    let label = match member.name.as_str() {
                        "outputs" | "evaluate" | "firstTrue" | "cases" | "intents" | "slots" => label.clone(),
                        name => name.to_owned(),
                    };
                    walk.push((member.value, label, when.clone()));
                }
            }
            for item in tree.items(node).iter().filter(|item| matches!(tree.kind(**item), Node::Map(_) | Node::List(_)))
            {
                walk.push((*item, label.clone(), when.clone()));
            }
        }
        found.sort_by_key(|(list, ..)| tree.span(*list).start);
        for (list, label, when) in found {
            let branch = self.flow.actions[index].branches.len();
            self.flow.actions[index].branches.push(Branch { label, when, to: after, ..Branch::default() });
            self.work.push(Work { list, container, within: Some((index, branch)), after, around });
        }
    }

    fn settle_jumps(&mut self) {
        for (at, id) in std::mem::take(&mut self.jumps) {
            let call = classify(&self.flow.actions[at].type_name) == Class::CallTask;
            match self.sections.get(&id) {
                Some(container) if call => {
                    self.flow.actions[at].kind = Kind::CallTask(Jump { container: Some(*container), ..Jump::default() })
                }
                Some(container) => {
                    self.flow.actions[at].kind = Kind::Jump(Jump::default());
                    self.flow.actions[at].next = self.flow.containers[*container].start;
                }
                None => {
                    let action = &mut self.flow.actions[at];
                    let what = format!("{} leads to {id}, which is not in this file", display_name(action));
                    action.next = None;
                    action.astray = Some(id);
                    let line = action.line;
                    self.flow.remarks.push(Remark { line, what });
                }
            }
        }
    }
}

fn kind(tree: &Tree<'_>, node: NodeId, class: Class, action: &Action) -> Kind {
    let value =
        |holder: NodeId, name: &str| tree.get(holder, name).map_or(Operand::Unset, |value| operand(tree, value));
    // A target is `var: Flow.X`, or the bare name.
    let target = |holder: NodeId, name: &str| {
        let found = tree.get(holder, name);
        found
            .and_then(|found| tree.scalar(found).or_else(|| tree.scalar_at(found, "var")))
            .unwrap_or_default()
            .to_owned()
    };
    let attributes = || {
        let list = tree.get(node, "attributes").map(|list| tree.items(list)).unwrap_or_default();
        list.iter().filter_map(|item| tree.get(*item, "attribute"))
    };
    match class {
        Class::SetData => {
            Kind::SetData(attributes().map(|it| Assign { key: value(it, "name"), value: value(it, "value") }).collect())
        }
        Class::GetData => Kind::GetData(
            attributes().map(|it| Fetch { key: value(it, "name"), into: target(it, "variable") }).collect(),
        ),
        Class::Update => {
            let list = tree.get(node, "statements").map(|list| tree.items(list)).unwrap_or_default();
            let statements = list
                .iter()
                .filter_map(|item| typed(tree, *item))
                .map(|(_, it)| (target(it, "variable"), value(it, "value")));
            Kind::Update(statements.collect())
        }
        Class::Decision => Kind::Decision(value(node, "condition")),
        Class::Switch => {
            let evaluate = tree.get(node, "evaluate");
            let first = evaluate.and_then(|evaluate| tree.members(evaluate).first());
            Kind::Switch(match first {
                Some(member) if member.name != "firstTrue" => {
                    let names = ["value", "expression", "on"];
                    tree.any(member.value, &names).map(|value| operand(tree, value))
                }
                _ => None,
            })
        }
        Class::Menu => Kind::Menu,
        Class::Collect => Kind::Collect(Some(target(node, "inputData")).filter(|name| !name.is_empty())),
        Class::Lookup | Class::TableLookup => Kind::Lookup(lookup(tree, node, action)),
        Class::Loop => {
            Kind::Loop(Loop { count: tree.get(node, "loopCount").map(|count| operand(tree, count)), index: None })
        }
        Class::Transfer => {
            let target = tree.members(node).iter().find(|member| member.name.starts_with("target"));
            Kind::Transfer(target.map(|target| destination(tree, target.value)).unwrap_or_default())
        }
        Class::End => Kind::End,
        Class::EndTask => Kind::EndTask(None),
        Class::ExitLoop | Class::NextLoop => Kind::Jump(Jump::default()),
        Class::Passive => Kind::Passive,
        _ => Kind::Unknown,
    }
}

/// `category: {X: {dataAction: {NAME: {successOutputs: {member: {var: …}}}}}}`; table lookups are built alike.
fn lookup(tree: &Tree<'_>, node: NodeId, action: &Action) -> Lookup {
    let mut name = None;
    let mut outputs = Vec::new();
    let below = ["category", "dataTable", "dataAction"].iter().filter_map(|name| tree.get(node, name));
    let mut work: Vec<NodeId> = below.collect();
    while let Some(node) = work.pop() {
        for member in tree.members(node) {
            match member.name.as_str() {
                "dataAction" | "dataTable" => name = tree.members(member.value).first().map(|named| named.name.clone()),
                "successOutputs" | "foundOutputs" => {
                    for output in tree.members(member.value) {
                        if let Some(into) = tree.scalar_at(output.value, "var") {
                            outputs.push((output.name.clone(), into.to_owned()));
                        }
                    }
                    continue;
                }
                _ => {}
            }
            work.push(member.value);
        }
    }
    Lookup { name: name.unwrap_or_else(|| action.name.clone()), outputs, ..Lookup::default() }
}

/// `lit: {name: …}`, `name: …`, `exp: …`: the first scalar that says where.
fn destination(tree: &Tree<'_>, node: NodeId) -> String {
    if let Some(text) = tree.scalar(node) {
        return text.to_owned();
    }
    let inner = tree.get(node, "lit").unwrap_or(node);
    let named = tree.any(inner, &["name", "exp", "id"]).and_then(|value| tree.scalar(value));
    named.or_else(|| tree.scalar(inner)).unwrap_or_default().to_owned()
}

/// `lit: x`, `exp: x`, `var: x`, `noValue: true`.
fn operand(tree: &Tree<'_>, node: NodeId) -> Operand {
    if let Some(literal) = tree.get(node, "lit") {
        return match tree.kind(literal) {
            Node::Null => Operand::Unset,
            _ => Operand::Literal(tree.scalar(literal).unwrap_or(tree.raw(literal)).to_owned()),
        };
    }
    match tree.any(node, &["exp", "var"]).and_then(|value| tree.scalar(value)) {
        Some(text) => Operand::expression(text),
        None => tree.scalar(node).map_or(Operand::Unset, |text| Operand::Literal(text.to_owned())),
    }
}
