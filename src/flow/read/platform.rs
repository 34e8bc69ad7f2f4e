//! The platform's `latestconfiguration` JSON. It has no official schema; what is read here is what independent parsers of
//! it agree on: tasks and menus in `flowSequenceItemList`, actions in `actionList`, links in `nextAction` and
//! `paths[].nextActionId`, and for participant data `variables[]`, where *set* has the attribute's name in `variable.text`
//! and its value in `expression.text`, and *get* has them the other way round.

use super::super::actions::{Class, classify};
use super::super::model::*;
use super::{blank, line, settle};
use crate::tree::{Kind as Node, Lines, NodeId, Tree};
use rustc_hash::FxHashMap;

/// The map that holds the flow: the document, or its `configuration` or `flow`.
pub fn root(tree: &Tree<'_>) -> Option<NodeId> {
    let candidates = [Some(tree.root()), tree.get(tree.root(), "configuration"), tree.get(tree.root(), "flow")];
    candidates.into_iter().flatten().find(|node| {
        tree.get(*node, "flowSequenceItemList").is_some_and(|list| matches!(tree.kind(list), Node::List(_)))
    })
}

/// One entry of `flowSequenceItemList`.
pub struct Task {
    /// The entry.
    pub node: NodeId,
    /// Its actions in `actionList`.
    pub actions: Vec<NodeId>,
}

/// The entries of the flow.
pub fn tasks(tree: &Tree<'_>) -> Vec<Task> {
    let list = root(tree).and_then(|root| tree.get(root, "flowSequenceItemList"));
    let items = list.map(|list| tree.items(list)).unwrap_or_default();
    let actions = |node| tree.get(node, "actionList").map(|list| tree.items(list).to_vec()).unwrap_or_default();
    items.iter().map(|node| Task { node: *node, actions: actions(*node) }).collect()
}

struct Reader<'a, 't> {
    tree: &'a Tree<'t>,
    lines: &'a Lines,
    flow: Flow,
    /// Which action has an id; which container.
    ids: FxHashMap<String, usize>,
    sections: FxHashMap<String, usize>,
    nodes: Vec<NodeId>,
}

pub fn read(tree: &Tree<'_>, lines: &Lines) -> Option<Flow> {
    let root = root(tree)?;
    let text = |name| tree.scalar_at(root, name).unwrap_or_default().to_owned();
    let flow = Flow {
        form: Form::Platform,
        name: text("name"),
        kind: text("type"),
        containers: Vec::new(),
        actions: Vec::new(),
        start: None,
        variables: Vec::new(),
        modules: Vec::new(),
        remarks: Vec::new(),
    };
    let mut reader =
        Reader { tree, lines, flow, ids: FxHashMap::default(), sections: FxHashMap::default(), nodes: Vec::new() };
    reader.variables(root);
    let tasks = tasks(tree);
    for (at, task) in tasks.iter().enumerate() {
        let field = |name| tree.scalar_at(task.node, name).unwrap_or_default().to_owned();
        let id = field("id");
        reader.sections.entry(id.clone()).or_insert(at);
        reader.flow.containers.push(Container { id, name: field("name"), ..Container::default() });
        reader.variables(task.node);
    }
    for (at, task) in tasks.iter().enumerate() {
        reader.task(at, task);
    }
    reader.links();
    let initial = tree.scalar_at(root, "initialSequence").and_then(|id| reader.sections.get(id).copied()).unwrap_or(0);
    reader.flow.start = reader.flow.containers.get(initial).and_then(|task| task.start);
    settle(&mut reader.flow);
    Some(reader.flow)
}

impl Reader<'_, '_> {
    fn remark(&mut self, node: NodeId, what: String) {
        self.flow.remarks.push(Remark { line: line(self.tree, self.lines, node), what });
    }

    /// `variables[]` of the flow or of a task. Actions have a list of that name too, of another shape.
    fn variables(&mut self, holder: NodeId) {
        let Some(list) = self.tree.get(holder, "variables") else { return };
        for item in self.tree.items(list) {
            let Some(name) = self.tree.scalar_at(*item, "name") else { continue };
            let initial = self.tree.any(*item, &["initialValue", "defaultValue"]);
            let initial = initial.map_or(Operand::Unset, |value| self.operand(value));
            self.flow.variables.push(Variable {
                name: name.into(),
                initial,
                container: None,
                type_name: String::new(),
                input: false,
                output: false,
            });
        }
    }

    fn task(&mut self, at: usize, task: &Task) {
        for node in &task.actions {
            self.action(at, *node);
        }
        let start = self.tree.scalar_at(task.node, "startAction").map(str::to_owned);
        self.flow.containers[at].start = match start {
            Some(id) if !self.ids.contains_key(&id) => {
                self.remark(task.node, format!("startAction {id} is no action of this flow"));
                self.flow.containers[at].astray = Some(id);
                None
            }
            Some(id) => self.ids.get(&id).copied(),
            None => task.actions.first().and_then(|_| self.flow.actions.len().checked_sub(task.actions.len())),
        };
        if let Some(choices) = self.tree.get(task.node, "menuChoiceList") {
            self.menu(at, task.node, choices);
        }
    }

    /// A menu stands in the list beside the tasks; its choices carry their actions within.
    fn menu(&mut self, at: usize, node: NodeId, choices: NodeId) {
        let container = &self.flow.containers[at];
        let menu = blank(
            node,
            container.id.clone(),
            container.name.clone(),
            self.tree.scalar_at(node, "__type").unwrap_or("Menu").into(),
            line(self.tree, self.lines, node),
            at,
        );
        let index = self.push(menu, node);
        self.flow.actions[index].kind = Kind::Menu;
        self.flow.containers[at].start = Some(index);
        for choice in self.tree.items(choices) {
            let Some(action) = self.tree.get(*choice, "action") else { continue };
            let to = self.action(at, action);
            let digit = self.tree.scalar_at(*choice, "digit").map(str::to_owned);
            let name = self.tree.any(*choice, &["name", "label"]).or(self.tree.get(action, "name"));
            let name = name.and_then(|name| self.tree.scalar(name)).unwrap_or_default();
            let label = match &digit {
                Some(digit) if name.is_empty() => digit.clone(),
                Some(digit) => format!("{digit}: {name}"),
                None => name.to_owned(),
            };
            self.flow.actions[index].branches.push(Branch { label, digit, to: Some(to), ..Branch::default() });
        }
    }

    fn push(&mut self, action: Action, node: NodeId) -> usize {
        let index = self.flow.actions.len();
        if self.ids.contains_key(&action.id) {
            self.remark(node, format!("two actions have the id {}", action.id));
        } else {
            self.ids.insert(action.id.clone(), index);
        }
        self.flow.actions.push(action);
        self.nodes.push(node);
        index
    }

    fn action(&mut self, container: usize, node: NodeId) -> usize {
        let tree = self.tree;
        let field = |name| tree.scalar_at(node, name).unwrap_or_default().to_owned();
        let type_name = tree.any(node, &["__type", "type"]).and_then(|value| tree.scalar(value)).unwrap_or_default();
        let at = line(tree, self.lines, node);
        let id = tree.scalar_at(node, "id").map_or_else(|| format!("L{at}"), str::to_owned);
        let mut action = blank(node, id, field("name"), type_name.to_owned(), at, container);
        action.tracking = tree.scalar_at(node, "trackingId").map(str::to_owned);
        action.kind = self.kind(node, classify(type_name), &action);
        self.push(action, node)
    }

    fn kind(&self, node: NodeId, class: Class, action: &Action) -> Kind {
        let tree = self.tree;
        let expression = || tree.get(node, "expression").map_or(Operand::Unset, |value| self.operand(value));
        let pairs = || {
            let list = tree.get(node, "variables").map(|list| tree.items(list)).unwrap_or_default();
            list.iter().map(|pair| (tree.get(*pair, "variable"), tree.get(*pair, "expression")))
        };
        let operand = |value: Option<NodeId>| value.map_or(Operand::Unset, |value| self.operand(value));
        let target = |value: Option<NodeId>| {
            value.and_then(|value| tree.scalar_at(value, "text")).unwrap_or_default().to_owned()
        };
        match class {
            Class::SetData => Kind::SetData(
                pairs().map(|(name, value)| Assign { key: operand(name), value: operand(value) }).collect(),
            ),
            Class::GetData => {
                Kind::GetData(pairs().map(|(into, key)| Fetch { key: operand(key), into: target(into) }).collect())
            }
            Class::Update => Kind::Update(pairs().map(|(name, value)| (target(name), operand(value))).collect()),
            Class::Decision => Kind::Decision(expression()),
            Class::Switch => Kind::Switch(match expression() {
                Operand::Unset => None,
                on => Some(on),
            }),
            Class::Menu => Kind::Menu,
            Class::Collect => {
                Kind::Collect(tree.any(node, &["resultData", "inputData"]).map(|value| target(Some(value))))
            }
            Class::Lookup | Class::TableLookup => Kind::Lookup(self.lookup(node, action)),
            Class::Loop => {
                Kind::Loop(Loop { count: tree.get(node, "loopCount").map(|count| self.operand(count)), index: None })
            }
            Class::EndTask => Kind::EndTask(None),
            Class::End => Kind::End,
            Class::Transfer => Kind::Transfer(self.destination(node)),
            Class::Passive => Kind::Passive,
            Class::Jump | Class::ExitLoop | Class::NextLoop => Kind::Jump(Jump::default()),
            // Which task is called is settled with the links.
            _ => Kind::Unknown,
        }
    }

    fn lookup(&self, node: NodeId, action: &Action) -> Lookup {
        let tree = self.tree;
        let name = tree.any(node, &["actionName", "datatableName"]).and_then(|name| tree.scalar(name));
        let outputs = tree.get(node, "outputs").map(|list| tree.items(list)).unwrap_or_default();
        let outputs = outputs.iter().filter_map(|output| {
            let into = tree.scalar_at(tree.get(*output, "value")?, "text")?;
            Some((tree.scalar_at(*output, "name")?.to_owned(), into.to_owned())).filter(|(_, into)| !into.is_empty())
        });
        Lookup { name: name.unwrap_or(&action.name).to_owned(), outputs: outputs.collect(), ..Lookup::default() }
    }

    /// Where a transfer goes: the text of the first member that says so.
    fn destination(&self, node: NodeId) -> String {
        let tree = self.tree;
        let queue = tree.get(node, "queues").and_then(|list| tree.items(list).first().copied());
        let names =
            ["transferTo", "group", "user", "externalNumber", "flowName", "transferTarget", "transferTargetGroup"];
        let found = queue.into_iter().chain(names.iter().filter_map(|name| tree.get(node, name)));
        found
            .filter_map(|value| tree.scalar(value).or_else(|| tree.scalar_at(value, "text")))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned()
    }

    /// A value object: `text` is the expression; without it, the literal in `config.lit`.
    fn operand(&self, node: NodeId) -> Operand {
        let tree = self.tree;
        match tree.kind(node) {
            Node::Map(_) => {}
            Node::Null => return Operand::Unset,
            _ => return tree.scalar(node).map_or(Operand::Unset, Operand::expression),
        }
        if let Some(text) = tree.scalar_at(node, "text") {
            return Operand::expression(text);
        }
        let literal = tree.get(node, "config").and_then(|config| tree.get(config, "lit"));
        let literal =
            literal.and_then(|literal| tree.any(literal, &["text", "val"])).and_then(|text| tree.scalar(text));
        literal.map_or(Operand::Unset, |text| Operand::Literal(text.to_owned()))
    }

    /// Links by id, once all ids are known.
    fn links(&mut self) {
        for at in 0..self.nodes.len() {
            let node = self.nodes[at];
            if matches!(self.flow.actions[at].kind, Kind::Menu) && !self.flow.actions[at].branches.is_empty() {
                continue;
            }
            let (next, astray) = self.link(at, self.tree.any(node, &["nextAction", "nextActionId"]));
            self.flow.actions[at].next = next;
            self.flow.actions[at].astray = astray;
            let mut paths = self.tree.get(node, "paths").map(|list| self.tree.items(list).to_vec()).unwrap_or_default();
            paths.extend(self.tree.get(node, "path"));
            let mut cases = self.tree.get(node, "cases").map(|list| self.tree.items(list)).unwrap_or_default().iter();
            let switch = matches!(self.flow.actions[at].kind, Kind::Switch(_));
            for path in paths {
                let output = self.tree.scalar_at(path, "outputId").unwrap_or_default();
                let named = output.starts_with("__");
                let label = match self.tree.scalar_at(path, "label") {
                    // `__YES__` is what the flow means; the label is what its author may have translated.
                    _ if named => output.trim_matches('_').to_ascii_lowercase(),
                    Some(label) => label.to_owned(),
                    None => output.to_owned(),
                };
                let when = if switch && !named && label != "default" {
                    cases.next().and_then(|case| self.tree.get(*case, "value")).map(|value| self.operand(value))
                } else {
                    None
                };
                let (to, astray) = self.link(at, self.tree.get(path, "nextActionId"));
                let digit = self.tree.scalar_at(path, "digit").map(str::to_owned);
                self.flow.actions[at].branches.push(Branch { label, when, digit, to, astray, ..Branch::default() });
            }
            self.jump(at, node);
        }
    }

    /// Where a link leads, or else the id that no action has.
    fn link(&mut self, from: usize, target: Option<NodeId>) -> (Option<usize>, Option<String>) {
        let Some(target) = target else { return (None, None) };
        let Some(id) = self.tree.scalar(target).filter(|id| !id.is_empty()) else { return (None, None) };
        match self.ids.get(id).copied() {
            Some(to) => {
                if to == from {
                    let what = format!("{} leads to itself", display_name(&self.flow.actions[from]));
                    self.remark(target, what);
                }
                (Some(to), None)
            }
            None => {
                let what = format!(
                    "{} leads to {id}, which is no action of this flow",
                    display_name(&self.flow.actions[from])
                );
                self.remark(target, what);
                (None, Some(id.to_owned()))
            }
        }
    }

    /// A jump or a task call names its container in a member that parsers do not agree on: any member that holds one's id.
    fn jump(&mut self, at: usize, node: NodeId) {
        let class = classify(&self.flow.actions[at].type_name);
        if !matches!(class, Class::Jump | Class::CallTask) {
            return;
        }
        let found = self.tree.members(node).iter().filter(|member| member.name != "id").find_map(|member| {
            let id = self
                .tree
                .scalar(member.value)
                .or_else(|| self.tree.any(member.value, &["id", "text"]).and_then(|value| self.tree.scalar(value)))?;
            self.sections.get(id).copied()
        });
        match (found, class) {
            (Some(container), Class::CallTask) => {
                self.flow.actions[at].kind = Kind::CallTask(Jump { container: Some(container), ..Jump::default() })
            }
            (Some(container), _) => {
                self.flow.actions[at].next = self.flow.containers[container].start;
                self.flow.actions[at].astray = self.flow.containers[container].astray.clone();
            }
            (None, _) => {
                self.flow.actions[at].kind = Kind::Unknown;
                let what = format!("{} names no task of this flow", display_name(&self.flow.actions[at]));
                self.remark(node, what);
            }
        }
    }
}
