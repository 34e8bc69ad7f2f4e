//! Archy YAML. An action is a map with one member, its type; what follows it is the next item of its list. Its outputs
//! carry lists of actions, and after the end of one the flow goes on behind the action.

mod kind;
mod operand;
mod outputs;

use super::super::actions::Class;
use super::super::model::*;
use super::{blank, choice, unwritten};
use crate::tree::{Lines, NodeId, Tree};
use rustc_hash::FxHashMap;

/// The flow's own map, below the one root such as `inboundCall`, and that root's name.
pub fn root<'a>(tree: &'a Tree<'_>) -> Option<(&'a str, NodeId)> {
    let starts = ["startUpRef", "startUpTaskActions"];
    let parts = ["tasks", "menus", "states", "bots"];
    let found = tree.members(tree.root()).find(|member| {
        tree.any(member.value, &starts).is_some()
            || tree.any(member.value, &parts).is_some() && super::other::is_root(member.name)
    });
    found.map(|member| (member.name, member.value))
}

/// The type and settings of an item of an action list.
fn typed<'a>(tree: &'a Tree<'_>, item: NodeId) -> Option<(&'a str, NodeId)> {
    tree.only(item).map(|member| (member.name, member.value))
}

/// A list of actions that is still to be read, and how it is reached.
struct Work {
    list: NodeId,
    container: usize,
    within: Option<(usize, usize)>,
    /// What follows its last action.
    after: Option<usize>,
    /// The innermost loop that it stands in.
    around: Option<usize>,
}

struct ArchyReader<'a, 't> {
    tree: &'a Tree<'t>,
    lines: &'a Lines,
    flow: Flow,
    /// Containers by their kind and `refId`, and by `refId` alone.
    sections: FxHashMap<String, usize>,
    work: Vec<Work>,
    /// Jumps and calls, by the reference they give.
    jumps: Vec<(usize, String)>,
}

pub fn read(tree: &Tree<'_>, lines: &Lines) -> Option<Flow> {
    let (kind, root) = root(tree)?;
    let name = tree.scalar_at(root, "name").unwrap_or_default();
    let flow = Flow::new(FlowFileForm::Archy, name.to_owned(), kind.to_owned());
    let mut reader =
        ArchyReader { tree, lines, flow, sections: FxHashMap::default(), work: Vec::new(), jumps: Vec::new() };
    for other in tree.members(tree.root()).filter(|member| member.value != root) {
        let what = format!("{} stands beside the flow {kind} and is not read", other.name);
        reader.flow.remarks.push(Remark { line: lines.line(other.name_span.start), what });
    }
    reader.variables(root, "variables", None);
    if let Some(list) = tree.get(root, "startUpTaskActions") {
        let queue = kind.to_ascii_lowercase().starts_with("inqueue");
        let at = reader.flow.containers.len();
        reader.flow.containers.push(Container {
            id: "startUpTaskActions".into(),
            name: if queue { "In-Queue Task".into() } else { "Start-Up Task".into() },
            kind: if queue { ContainerKind::LoopTask } else { ContainerKind::Module },
            ..Container::default()
        });
        reader.variables(root, "startUpTaskVariables", Some(at));
        reader.work.push(Work { list, container: at, within: None, after: None, around: None });
    }
    for section in ["menus", "tasks", "states", "bots"] {
        for item in tree.get(root, section).into_iter().flat_map(|list| tree.items(list)) {
            match typed(tree, item) {
                Some((kind, node)) => {
                    reader.container(kind, node);
                }
                None => reader.remark(item, format!("an item of {section} that is none")),
            }
        }
    }
    while let Some(work) = reader.work.pop() {
        reader.list(work);
    }
    reader.settle_jumps();
    reader.flow.start = reader.start(root);
    Some(reader.flow)
}

/// The `refId` in a reference such as `/inboundCall/tasks/task[New Task 1_13]` or `./tasks/task[start_1]`.
fn reference(text: &str) -> &str {
    match (text.find('['), text.rfind(']')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text,
    }
}

impl ArchyReader<'_, '_> {
    fn line(&self, node: NodeId) -> usize {
        self.lines.line(self.tree.span(node).start)
    }

    fn remark(&mut self, node: NodeId, what: String) {
        let line = self.line(node);
        self.flow.remarks.push(Remark { line, what });
    }

    fn start(&mut self, root: NodeId) -> Option<usize> {
        let given = self.tree.get(root, "startUpRef").filter(|node| self.tree.scalar(*node).is_some());
        let found = given.and_then(|node| self.section(self.tree.scalar(node)?));
        let named = given.map(|node| (node, self.tree.scalar(node).unwrap_or_default().to_owned()));
        let several = self.flow.containers.len() > 1 && self.tree.get(root, "startUpTaskActions").is_none();
        let doubt = match (named, found) {
            (Some((node, text)), None) => Some((node, format!("startUpRef {text} names nothing in this file"))),
            (None, _) if several => {
                Some((root, "the flow has several parts, and no startUpRef names the first".to_owned()))
            }
            _ => None,
        };
        if let Some((node, doubt)) = doubt {
            self.remark(node, format!("{doubt}; the first part is taken"));
            self.flow.start_doubt = Some(doubt);
        }
        self.flow.containers.get(found.unwrap_or(0)).and_then(|container| container.start)
    }

    /// The container that a reference names.
    fn section(&self, text: &str) -> Option<usize> {
        let id = reference(text);
        let kind = text.split('[').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let exact = self.sections.get(&format!("{kind}[{id}]")).or_else(|| self.sections.get(id));
        exact.copied().or_else(|| self.flow.containers.iter().position(|container| container.name == id))
    }

    /// `variables:` lists items such as `stringVariable: {name, initialValue}`.
    fn variables(&mut self, holder: NodeId, member: &str, container: Option<usize>) {
        let tree = self.tree;
        for item in tree.get(holder, member).into_iter().flat_map(|list| tree.items(list)) {
            let Some((type_name, variable)) = typed(tree, item) else { continue };
            let Some(name) = tree.scalar_at(variable, "name") else { continue };
            let initial = tree.get(variable, "initialValue");
            let is = |name| tree.scalar_at(variable, name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
            self.flow.variables.push(Variable {
                name: name.to_owned(),
                initial: initial.map_or(Operand::Unset, |value| operand::of_type(tree, value, type_name)),
                container,
                type_name: type_name.to_owned(),
                collection: false,
                input: is("isInput"),
                output: is("isOutput"),
            });
        }
    }

    fn container(&mut self, type_name: &str, node: NodeId) -> usize {
        let tree = self.tree;
        let name = tree.scalar_at(node, "name").unwrap_or_default().to_owned();
        let id = tree.scalar_at(node, "refId").unwrap_or(&name).to_owned();
        let at = self.flow.containers.len();
        // The task of a menu's choice has neither a name nor a refId: nothing can mean it.
        if self.sections.insert(format!("{type_name}[{id}]"), at).is_some() && !id.is_empty() {
            self.flow.doubt(self.line(node), format!("two parts have the refId {id}"));
        }
        self.sections.entry(id.clone()).or_insert(at);
        let choices = tree.get(node, "choices");
        let kind = match type_name {
            "menu" => ContainerKind::Menu,
            _ if choices.is_some() => ContainerKind::Menu,
            "state" | "bot" => ContainerKind::State,
            _ => ContainerKind::Task,
        };
        let own = tree.get(node, "outputPaths").into_iter().flat_map(|list| tree.items(list));
        let own = own.filter_map(|item| tree.scalar_at(typed(tree, item)?.1, "name"));
        let mut paths: Vec<TaskPath> =
            own.map(|name| TaskPath { id: kind::way_out(name), label: name.to_owned() }).collect();
        if kind == ContainerKind::Task && paths.iter().all(|path| path.id != "default") {
            paths.insert(0, TaskPath { id: "default".into(), label: "Default".into() });
        }
        self.flow.containers.push(Container {
            id: id.clone(),
            name: name.clone(),
            kind,
            paths,
            ..Container::default()
        });
        self.variables(node, "variables", Some(at));
        if kind == ContainerKind::Menu {
            let mut menu = blank(node, id, name, type_name.to_owned(), self.line(node), at);
            menu.kind = ActionKind::Menu;
            let index = self.flow.actions.len();
            self.flow.actions.push(menu);
            self.flow.containers[at].start = Some(index);
            // `./choices/menuTask[A_5]`: the choice with that refId.
            let default = tree.scalar_at(node, "defaultChildMenuRef").unwrap_or_default();
            let default = default.rsplit_once('[').and_then(|(_, id)| id.strip_suffix(']')).unwrap_or_default();
            for item in choices.into_iter().flat_map(|choices| tree.items(choices)) {
                self.choice(at, index, item, default);
            }
        }
        if let Some(list) = tree.get(node, "actions") {
            self.work.push(Work { list, container: at, within: None, after: None, around: None });
        }
        at
    }

    /// A menu choice is an action with a key; `default` is the refId of the menu's default choice.
    fn choice(&mut self, container: usize, menu: usize, item: NodeId, default: &str) {
        let tree = self.tree;
        let Some((_, node)) = typed(tree, item) else { return self.remark(item, "a choice that is none".into()) };
        let name = tree.scalar_at(node, "name").unwrap_or_default();
        let digit = tree.scalar_at(node, "dtmf").map(|key| match key.strip_prefix("digit_").unwrap_or(key) {
            "star" => "*".to_owned(),
            "pound" | "hash" => "#".to_owned(),
            key => key.to_owned(),
        });
        let branch = self.flow.actions[menu].branches.len();
        let to = self.flow.actions.len();
        let is_default = !default.is_empty() && tree.scalar_at(node, "refId") == Some(default);
        let made = choice("", name, digit.filter(|digit| digit != "none"), to);
        self.flow.actions[menu].branches.push(Branch { default: is_default, ..made });
        self.action(item, container, Some((menu, branch)), None, None);
    }

    fn list(&mut self, work: Work) {
        let tree = self.tree;
        // An item that is no action is told of with what else is not read.
        let items: Vec<NodeId> = tree.items(work.list).filter(|item| typed(tree, *item).is_some()).collect();
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
        around: Option<usize>,
    ) {
        let tree = self.tree;
        let Some((type_name, node)) = typed(tree, item) else { return };
        let line = self.line(item);
        let name = tree.scalar_at(node, "name").unwrap_or_default().to_owned();
        let index = self.flow.actions.len();
        let mut action = blank(item, format!("L{line}"), name, type_name.to_owned(), line, container);
        let class = action.spec.map_or(Class::Unknown, |spec| spec.class);
        action.within = within;
        action.kind = kind::kind(tree, node, class, &action);
        action.writes = kind::writes(tree, node, &action);
        action.next = next;
        if outputs::off(tree, node).is_some() {
            self.flow.doubt(line, super::switched_off(&action));
        }
        match (class, around) {
            (Class::ExitLoop, Some(head)) => {
                action.next = self.flow.actions[head].next;
                action.kind = ActionKind::ExitLoop(head);
            }
            (Class::NextLoop, Some(head)) => {
                action.next = Some(head);
                action.kind = ActionKind::NextLoop(head);
            }
            (Class::ExitLoop | Class::NextLoop, None) => {
                action.kind = ActionKind::Unknown;
                self.remark(item, format!("{} stands in no loop", display_name(&action)));
            }
            (Class::End | Class::EndTask, _) => action.next = None,
            _ => {}
        }
        self.flow.actions.push(action);
        if matches!(class, Class::Jump | Class::CallTask) {
            self.jump(index, class, node);
        }
        let (follow, around) = match class {
            Class::Loop => (Some(index), Some(index)),
            // Of a jump no output is known, and nothing follows.
            _ => (next, around),
        };
        for output in outputs::of(tree, node, class) {
            let branch = self.flow.actions[index].branches.len();
            self.flow.actions[index].branches.push(Branch { to: follow, ..output.branch });
            if let Some(list) = output.list {
                self.work.push(Work { list, container, within: Some((index, branch)), after: follow, around });
            }
        }
        if class != Class::CallTask {
            unwritten(&mut self.flow, index);
        }
        let action = &mut self.flow.actions[index];
        for branch in &mut action.branches {
            branch.to = branch.to.or(follow);
        }
        action.shrink();
    }

    /// A jump names its target, or carries it within: `menuTask: {task: {actions}}`.
    fn jump(&mut self, index: usize, class: Class, node: NodeId) {
        let tree = self.tree;
        let held = tree.members(node).find(|member| {
            matches!(member.name, "task" | "menu") && tree.any(member.value, &["actions", "choices"]).is_some()
        });
        if let Some(held) = held {
            let at = self.container(held.name, held.value);
            let container = &mut self.flow.containers[at];
            if container.name.is_empty() {
                container.name = self.flow.actions[index].name.clone();
            }
            self.jumps.push((index, format!("\0{at}")));
            return;
        }
        let target = tree.members(node).find(|member| member.name.ends_with("Ref"));
        match target.and_then(|member| tree.scalar(member.value)) {
            Some(target) => self.jumps.push((index, target.to_owned())),
            None => {
                let what = format!("{} names nothing that it leads to", display_name(&self.flow.actions[index]));
                self.flow.actions[index].next = self.flow.actions[index].next.filter(|_| class == Class::CallTask);
                self.remark(node, what);
            }
        }
    }

    fn settle_jumps(&mut self) {
        for (at, target) in std::mem::take(&mut self.jumps) {
            let found = match target.strip_prefix('\0') {
                Some(index) => index.parse().ok(),
                None => self.section(&target),
            };
            let call = self.flow.actions[at].spec.is_some_and(|spec| spec.class == Class::CallTask);
            let (node, line) = (self.flow.actions[at].node, self.flow.actions[at].line);
            let settings = typed(self.tree, node).map_or(node, |(_, settings)| settings);
            let jump = Jump::new(found, kind::inputs(self.tree, settings), kind::outputs(self.tree, settings));
            let Some(container) = found else {
                let id = reference(&target).to_owned();
                let action = &mut self.flow.actions[at];
                let what = format!("{} leads to {id}, which is not in this file", display_name(action));
                action.next = None;
                action.kind = ActionKind::Jump(jump);
                action.astray = Some(id);
                self.flow.remarks.push(Remark { line, what });
                continue;
            };
            if call {
                self.flow.actions[at].kind = ActionKind::CallTask(jump);
                unwritten(&mut self.flow, at);
                let next = self.flow.actions[at].next;
                self.flow.actions[at].branches.iter_mut().for_each(|branch| branch.to = branch.to.or(next));
            } else {
                self.flow.actions[at].kind = ActionKind::Jump(jump);
                self.flow.actions[at].next = self.flow.containers[container].start;
            }
        }
    }
}
