//! The platform's `latestconfiguration` JSON. It has no official schema; what is read here is what real configurations and
//! exports have in common: tasks, states and menus in `flowSequenceItemList`, actions in `actionList`, links in `nextAction`
//! and `paths[].nextActionId`, values as objects whose `config` says what they are.

mod kind;
mod operand;
pub mod shape;

use super::super::actions::{self, Class};
use super::super::model::*;
use super::{ReadError, blank, is_passed_over, line, no_twin, settle, unwritten};
use crate::tree::{Lines, NodeId, NodeKind, Tree};
use operand::operand;
use rustc_hash::FxHashMap;

/// The map that holds the flow: the document, or its `configuration` or `flow`.
pub fn root(tree: &Tree<'_>) -> Option<NodeId> {
    let candidates = [Some(tree.root()), tree.get(tree.root(), "configuration"), tree.get(tree.root(), "flow")];
    candidates.into_iter().flatten().find(|node| is_flow(tree, *node))
}

fn is_flow(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.get(node, "flowSequenceItemList").is_some_and(|list| tree.kind(list) == NodeKind::List)
}

struct PlatformReader<'a, 't> {
    tree: &'a Tree<'t>,
    lines: &'a Lines,
    flow: Flow,
    /// The actions in the order of their ids, once all are read: a tenth of a map from those ids.
    ids: Vec<u32>,
    /// Which container has an id.
    sections: FxHashMap<String, usize>,
}

/// Reads the flow, and the common modules that stand within it.
///
/// # Errors
/// A member stands twice in an action, or a text in it is none.
pub fn read(tree: &Tree<'_>, lines: &Lines, form: FlowFileForm) -> Result<Option<Flow>, ReadError> {
    root(tree).map(|root| whole(tree, lines, form, root, MODULES)).transpose()
}

/// How deep modules may stand in modules.
const MODULES: usize = 16;

fn whole(tree: &Tree<'_>, lines: &Lines, form: FlowFileForm, root: NodeId, depth: usize) -> Result<Flow, ReadError> {
    let mut flow = sequences(tree, lines, form, root)?;
    if depth == 0 {
        return Ok(flow);
    }
    for item in tree.get(root, "commonModules").into_iter().flat_map(|list| tree.items(list)) {
        let Some(model) = tree.get(item, "model").filter(|model| is_flow(tree, *model)) else { continue };
        let inner = whole(tree, lines, form, model, depth - 1)?;
        let text = |name| tree.scalar_at(item, name).unwrap_or_default().to_owned();
        let name = tree.scalar_at(item, "name").map_or_else(|| inner.name.clone(), str::to_owned);
        flow.unread.extend(inner.unread.iter().cloned());
        flow.doubtful.extend(inner.doubtful.iter().cloned());
        let index = flow.modules.len();
        let calls: Vec<&str> = tree
            .get(item, "actionReferences")
            .into_iter()
            .flat_map(|list| tree.items(list))
            .filter_map(|id| tree.scalar(id))
            .collect();
        let id = text("id");
        for action in &mut flow.actions {
            if let ActionKind::CallFlow(call) = &mut action.kind
                && (calls.contains(&action.id.as_str())
                    || calls.is_empty() && (!id.is_empty() && call.id == id || call.name == name))
            {
                call.module = Some(index);
            }
        }
        flow.modules.push(Module { name, id, flow: inner });
    }
    Ok(flow)
}

fn sequences(tree: &Tree<'_>, lines: &Lines, form: FlowFileForm, root: NodeId) -> Result<Flow, ReadError> {
    let text = |name| tree.scalar_at(root, name).unwrap_or_default().to_owned();
    let flow = Flow::new(form, text("name"), text("type"));
    let mut reader = PlatformReader { tree, lines, flow, ids: Vec::new(), sections: FxHashMap::default() };
    reader.variables(root, None);
    let list = tree.get(root, "flowSequenceItemList");
    let items: Vec<NodeId> = list.into_iter().flat_map(|list| tree.items(list)).collect();
    for (at, node) in items.iter().enumerate() {
        reader.container(at, *node);
    }
    let mut nodes = Vec::new();
    for (at, node) in items.iter().enumerate() {
        reader.sequence(at, *node, &mut nodes)?;
    }
    reader.order();
    for (at, node) in items.iter().enumerate() {
        reader.start(at, *node);
    }
    for (at, node) in nodes.iter().enumerate() {
        reader.links(at, *node)?;
    }
    reader.lost_outputs();
    let initial = tree.scalar_at(root, "initialSequence").filter(|id| !id.is_empty());
    let found = initial.and_then(|id| reader.sections.get(id).copied());
    let parts = reader.flow.containers.len();
    reader.flow.start_doubt = match (initial, found) {
        (Some(id), None) => Some(format!("initialSequence {id} is not a task, menu or state of this flow")),
        (None, _) if parts > 1 => Some("the flow has several parts, and no initialSequence names the first".to_owned()),
        (None, _) if parts == 0 => Some("the flow has no task, menu or state".to_owned()),
        _ => items.get(found.unwrap_or(0)).and_then(|first| headless(tree, *first)),
    };
    if let Some(doubt) = &reader.flow.start_doubt {
        let what = if parts == 0 { doubt.clone() } else { format!("{doubt}; the first one is taken") };
        reader.remark(root, what);
    }
    reader.flow.start = reader.flow.containers.get(found.unwrap_or(0)).and_then(|task| task.start);
    let mut flow = reader.flow;
    // Of a large flow these are large, and the links are settled without them.
    drop((reader.ids, nodes));
    settle(&mut flow);
    Ok(flow)
}

/// Why it is not known where a task begins: it names no first action, and the order of its list means nothing.
fn headless(tree: &Tree<'_>, task: NodeId) -> Option<String> {
    let several = tree.get(task, "actionList").is_some_and(|list| tree.items(list).nth(1).is_some());
    let named = tree.scalar_at(task, "startAction").is_some_and(|id| !id.is_empty());
    let name = tree.scalar_at(task, "name").unwrap_or_default();
    (several && !named).then(|| format!("{name} has several actions, and no startAction names the first"))
}

impl<'t> PlatformReader<'_, 't> {
    fn remark(&mut self, node: NodeId, what: String) {
        self.remark_in(self.tree, node, what);
    }

    fn remark_in(&mut self, tree: &Tree<'_>, node: NodeId, what: String) {
        self.flow.remarks.push(Remark { line: line(tree, self.lines, node), what });
    }

    /// The tree of one action.
    fn open(&self, node: NodeId) -> Result<Tree<'t>, ReadError> {
        let own = self.tree.inside(node, is_passed_over).map_err(ReadError::Json)?;
        no_twin(&own, self.lines)?;
        Ok(own)
    }

    /// `variables[]` of the flow or of a task. Actions have a list of that name too, of another shape.
    fn variables(&mut self, holder: NodeId, container: Option<usize>) {
        let tree = self.tree;
        let Some(list) = tree.get(holder, "variables") else { return };
        for item in tree.items(list) {
            let Some(name) = tree.scalar_at(item, "name") else { continue };
            let initial = tree.any(item, &["initialValue", "defaultValue"]);
            let is = |name| is_true(tree, item, name);
            self.flow.variables.push(Variable {
                name: name.into(),
                initial: initial.map_or(Operand::Unset, |value| operand(tree, value)),
                container,
                type_name: tree.scalar_at(item, "__type").unwrap_or_default().to_owned(),
                collection: is("isCollection"),
                input: is("isInput"),
                output: is("isOutput"),
            });
        }
    }

    fn container(&mut self, at: usize, node: NodeId) {
        let tree = self.tree;
        let field = |name| tree.scalar_at(node, name).unwrap_or_default().to_owned();
        let kind = match tree.scalar_at(node, "__type").unwrap_or_default() {
            "LoopTask" => ContainerKind::LoopTask,
            "CommonModuleTask" => ContainerKind::Module,
            "Menu" => ContainerKind::Menu,
            state if state.ends_with("State") => ContainerKind::State,
            _ if tree.get(node, "menuChoiceList").is_some() => ContainerKind::Menu,
            _ => ContainerKind::Task,
        };
        let paths = tree.get(node, "paths").into_iter().flat_map(|list| tree.items(list)).filter_map(|path| {
            let id = output_id(tree.scalar_at(path, "outputId")?);
            Some(TaskPath { label: tree.scalar_at(path, "label").unwrap_or(&id).to_owned(), id })
        });
        let container =
            Container { id: field("id"), name: field("name"), kind, paths: paths.collect(), ..Container::default() };
        if *self.sections.entry(container.id.clone()).or_insert(at) != at && !container.id.is_empty() {
            self.flow.doubt(line(tree, self.lines, node), format!("two parts have the id {}", container.id));
        }
        self.flow.containers.push(container);
        self.variables(node, Some(at));
    }

    /// The actions of a task or state, or the choices of a menu.
    fn sequence(&mut self, at: usize, node: NodeId, nodes: &mut Vec<NodeId>) -> Result<(), ReadError> {
        let tree = self.tree;
        let first = self.flow.actions.len();
        for action in tree.get(node, "actionList").into_iter().flat_map(|list| tree.items(list)) {
            self.action(at, action, nodes)?;
        }
        self.flow.containers[at].start = (self.flow.actions.len() > first).then_some(first);
        if let Some(choices) = tree.get(node, "menuChoiceList") {
            self.menu(at, node, choices, nodes)?;
        }
        Ok(())
    }

    /// Puts the actions in the order of their ids; of those with one id, in the order of the file.
    fn order(&mut self) {
        let actions = &self.flow.actions;
        self.ids = (0..actions.len() as u32).collect();
        self.ids.sort_by(|one, other| actions[*one as usize].id.cmp(&actions[*other as usize].id));
        let twins = self.ids.windows(2).filter(|pair| actions[pair[0] as usize].id == actions[pair[1] as usize].id);
        let twins: Vec<u32> = twins.map(|pair| pair[1]).collect();
        for twin in twins {
            let action = &self.flow.actions[twin as usize];
            let what = format!("two actions have the id {}", action.id);
            self.flow.doubt(action.line, what);
        }
    }

    /// The first action with an id.
    fn of_id(&self, id: &str) -> Option<usize> {
        let at = |place: &u32| self.flow.actions[*place as usize].id.as_str();
        let first = self.ids.partition_point(|place| at(place) < id);
        self.ids.get(first).filter(|place| at(place) == id).map(|place| *place as usize)
    }

    /// The first action of a task, when it names one.
    fn start(&mut self, at: usize, node: NodeId) {
        let named = self.tree.scalar_at(node, "startAction").filter(|id| !id.is_empty());
        let menu = self.tree.get(node, "menuChoiceList").is_some();
        let Some(id) = named.filter(|_| !menu) else { return };
        let start = self.of_id(id);
        self.flow.containers[at].start = start;
        if start.is_none() {
            let at = line(self.tree, self.lines, node);
            self.flow.doubt(at, format!("startAction {id} is not an action of this flow"));
            self.flow.containers[at].astray = Some(id.to_owned());
        }
    }

    /// A menu stands in the list beside the tasks; its choices carry their actions within.
    fn menu(&mut self, at: usize, node: NodeId, choices: NodeId, nodes: &mut Vec<NodeId>) -> Result<(), ReadError> {
        let tree = self.tree;
        let container = &self.flow.containers[at];
        let type_name = tree.scalar_at(node, "__type").unwrap_or("Menu").to_owned();
        let at_line = line(tree, self.lines, node);
        let id = container.id.clone();
        let mut menu = blank(node, id, container.name.clone(), type_name, at_line, at);
        menu.tracking = tree.scalar_at(node, "trackingId").and_then(|number| number.parse().ok());
        menu.kind = ActionKind::Menu;
        let index = self.push(menu, node, nodes);
        self.flow.containers[at].start = Some(index);
        for choice in tree.items(choices) {
            let Some(action) = tree.get(choice, "action") else { continue };
            let to = self.action(at, action, nodes)?;
            let digit = tree.scalar_at(choice, "digit").filter(|digit| !digit.is_empty()).map(str::to_owned);
            let name = tree.any(choice, &["name", "label"]).or(tree.get(action, "name"));
            let name = name.and_then(|name| tree.scalar(name)).unwrap_or_default();
            self.flow.actions[index].branches.push(super::choice(
                tree.scalar_at(choice, "id").unwrap_or_default(),
                name,
                digit,
                to,
            ));
        }
        Ok(())
    }

    fn push(&mut self, action: Action, node: NodeId, nodes: &mut Vec<NodeId>) -> usize {
        let index = self.flow.actions.len();
        self.flow.actions.push(action);
        nodes.push(node);
        index
    }

    fn action(&mut self, container: usize, node: NodeId, nodes: &mut Vec<NodeId>) -> Result<usize, ReadError> {
        let own = self.open(node)?;
        let root = own.root();
        let name = own.scalar_at(root, "name").unwrap_or_default().to_owned();
        let type_name = own.any(root, &["__type", "type"]).and_then(|value| own.scalar(value)).unwrap_or_default();
        let at = line(&own, self.lines, root);
        let id = own.scalar_at(root, "id").map_or_else(|| format!("L{at}"), str::to_owned);
        let mut action = blank(node, id, name, type_name.to_owned(), at, container);
        action.tracking = own.scalar_at(root, "trackingId").and_then(|number| number.parse().ok());
        action.kind = kind::kind(&own, root, &action);
        action.writes = kind::writes(&own, root, &action);
        action.shrink();
        if is_true(&own, root, "disabled") || is_false(&own, root, "enabled") {
            self.flow.doubt(at, super::switched_off(&action));
        }
        if let Some(what) = shape::in_action(&own, &action) {
            self.flow.unread.push(Remark { line: at, what });
        }
        Ok(self.push(action, node, nodes))
    }

    /// Links by id, once all ids are known.
    fn links(&mut self, at: usize, node: NodeId) -> Result<(), ReadError> {
        // A menu's own links are its choices.
        if matches!(self.flow.actions[at].kind, ActionKind::Menu) && self.tree.get(node, "menuChoiceList").is_some() {
            return Ok(());
        }
        let own = self.open(node)?;
        let (tree, node) = (&own, own.root());
        let (next, astray) = self.link(tree, at, tree.any(node, &["nextAction", "nextActionId"]));
        self.flow.actions[at].next = next;
        self.flow.actions[at].astray = astray;
        let paths: Vec<NodeId> = tree
            .get(node, "paths")
            .into_iter()
            .flat_map(|list| tree.items(list))
            .chain(tree.get(node, "path"))
            .collect();
        self.odd_links(tree, at, &paths);
        let mut branches: Vec<Branch> = Vec::with_capacity(paths.len());
        for path in paths {
            branches.push(self.branch(tree, at, path));
        }
        if actions::classify(&self.flow.actions[at].type_name) == Class::Switch {
            branches = kind::cases(tree, node, branches);
        }
        let twice = |at: &usize| branches[..*at].iter().any(|branch| branch.id == branches[*at].id);
        if let Some(twice) = (0..branches.len()).find(twice) {
            let action = &self.flow.actions[at];
            let what = format!("{} has two outputs {}", display_name(action), branches[twice].label);
            self.flow.doubt(self.flow.actions[at].line, what);
        }
        self.flow.actions[at].branches = branches;
        self.jump(tree, at, node);
        unwritten(&mut self.flow, at);
        self.flow.actions[at].shrink();
        Ok(())
    }

    /// Notes links in shapes that are not read: ways on would be missing without a word.
    fn odd_links(&mut self, tree: &Tree<'_>, at: usize, paths: &[NodeId]) {
        let root = tree.root();
        let name = display_name(&self.flow.actions[at]);
        let list = tree.get(root, "paths").filter(|list| !matches!(tree.kind(*list), NodeKind::List | NodeKind::Null));
        let is_link = |name: &str| matches!(name, "nextAction" | "nextActionId");
        let mut links = [root].into_iter().chain(paths.iter().copied()).flat_map(|node| tree.members(node));
        let what = if list.is_some() {
            format!("paths of {name} is not a list")
        } else if paths.iter().any(|path| !matches!(tree.kind(*path), NodeKind::Map | NodeKind::Null)) {
            format!("an output of {name} is not a map")
        } else if links.any(|link| is_link(link.name) && !shape::is_plain(tree, link.value)) {
            format!("{name} leads on by what is not an id")
        } else if self.leads_elsewhere(tree, at, paths) {
            format!("{name} leads on by a name that is not read")
        } else if let Some(case) = pathless(tree, paths) {
            format!("the case {case} of {name} has no output")
        } else {
            return;
        };
        self.flow.unread.push(Remark { line: self.flow.actions[at].line, what });
    }

    /// Whether the id of another action stands in an action where no link is read.
    fn leads_elsewhere(&self, tree: &Tree<'_>, at: usize, paths: &[NodeId]) -> bool {
        let root = tree.root();
        let own = &self.flow.actions[at].id;
        let names = |name: &str, id: &str| {
            let name = name.to_ascii_lowercase();
            // Short ids may be words.
            let is_action = || self.of_id(id).is_some() && !self.sections.contains_key(id);
            (id.len() >= GUID || name.contains("next")) && id != own && is_action()
        };
        let mut work = vec![(root, "")];
        while let Some((node, name)) = work.pop() {
            let is_path = paths.contains(&node);
            for member in tree.members(node) {
                let read = match member.name {
                    "nextActionId" => node == root || is_path,
                    "id" | "nextAction" => node == root,
                    "uiMetaData" => true,
                    _ => false,
                };
                match tree.scalar(member.value) {
                    _ if read => {}
                    Some(id) if names(member.name, id) => return true,
                    Some(_) => {}
                    None => work.push((member.value, member.name)),
                }
            }
            for item in tree.items(node) {
                match tree.scalar(item) {
                    Some(id) if names(name, id) => return true,
                    Some(_) => {}
                    None => work.push((item, name)),
                }
            }
        }
        false
    }

    /// Actions whose outputs the file always lists, and does not, in a flow with actions that nothing leads to.
    fn lost_outputs(&mut self) {
        let bare = |action: &Action| {
            let class = action.spec.map(|spec| spec.class);
            let lists = matches!(class, Some(Class::Decision | Class::Switch | Class::Lookup | Class::TableLookup));
            lists && !action.branches.iter().any(|branch| branch.written)
        };
        if !self.flow.actions.iter().any(bare) {
            return;
        }
        let mut led_to = vec![false; self.flow.actions.len()];
        let starts = self.flow.containers.iter().filter_map(|part| part.start);
        let next =
            self.flow.actions.iter().flat_map(|action| {
                action.next.into_iter().chain(action.branches.iter().filter_map(|branch| branch.to))
            });
        starts.chain(next).for_each(|at| led_to[at] = true);
        if led_to.iter().all(|led| *led) {
            return;
        }
        for action in self.flow.actions.iter().filter(|action| bare(action)) {
            let what =
                format!("{} has no outputs that are read, and actions stand where none leads", display_name(action));
            self.flow.unread.push(Remark { line: action.line, what });
        }
    }

    fn branch(&mut self, tree: &Tree<'_>, at: usize, path: NodeId) -> Branch {
        let id = output_id(tree.scalar_at(path, "outputId").unwrap_or_default());
        let alias = tree.scalar_at(path, "label").filter(|label| !label.is_empty()).map(str::to_owned);
        let named = tree.scalar_at(path, "outputId").is_some_and(|id| id.starts_with("__"));
        let is = |name| is_true(tree, path, name);
        let off = match (is("disabled"), is("outOfService") || is_false(tree, path, "enabled")) {
            (_, true) => Some(Off::OutOfService),
            (true, _) => Some(Off::Disabled),
            _ => None,
        };
        let (to, astray) = self.link(tree, at, tree.get(path, "nextActionId"));
        // What the platform calls it says no more than the id.
        let alias = alias.filter(|alias| !named || !alias.eq_ignore_ascii_case(&id));
        Branch {
            default: false,
            // `__YES__` is what the flow means; the label is what its author may have translated or renamed.
            label: if named { id.clone() } else { alias.clone().unwrap_or_else(|| id.clone()) },
            id: if id.is_empty() { alias.clone().unwrap_or_default() } else { id },
            alias,
            digit: tree.scalar_at(path, "digit").map(str::to_owned),
            to,
            astray,
            written: true,
            off,
            when: None,
        }
    }

    /// Where a link leads, or else the id that no action has.
    fn link(&mut self, tree: &Tree<'_>, from: usize, target: Option<NodeId>) -> (Option<usize>, Option<String>) {
        let Some(target) = target else { return (None, None) };
        let Some(id) = tree.scalar(target).filter(|id| !id.is_empty()) else { return (None, None) };
        let name = display_name(&self.flow.actions[from]);
        match self.of_id(id) {
            Some(to) => {
                if to == from {
                    let what = format!("{name} leads to itself");
                    self.remark_in(tree, target, what);
                }
                (Some(to), None)
            }
            None => {
                let what = format!("{name} leads to {id}, which is not an action of this flow");
                self.flow.doubt(line(tree, self.lines, target), what);
                (None, Some(id.to_owned()))
            }
        }
    }

    /// A jump or a task call names its container; flows made by other programs do so in members of their own.
    fn jump(&mut self, tree: &Tree<'_>, at: usize, node: NodeId) {
        let class = actions::classify(&self.flow.actions[at].type_name);
        if !matches!(class, Class::Jump | Class::CallTask) {
            return;
        }
        let named = tree.any(node, &["taskReference", "menuReference", "stateReference"]);
        let named = named.and_then(|value| tree.scalar(value)).filter(|id| !id.is_empty());
        let any = || {
            tree.members(node).filter(|member| member.name != "id" && member.name != "nextAction").find_map(|member| {
                let inner = || tree.any(member.value, &["id", "text"]).and_then(|value| tree.scalar(value));
                self.sections.get(tree.scalar(member.value).or_else(inner)?).copied()
            })
        };
        let found = named.map_or_else(any, |id| self.sections.get(id).copied());
        let (inputs, outputs) = (kind::inputs(tree, node), kind::outputs(tree, node, "outputs"));
        let action = &mut self.flow.actions[at];
        match (found, named) {
            (Some(container), _) => {
                let jump = Jump::new(Some(container), inputs, outputs);
                let target = &self.flow.containers[container];
                if class == Class::CallTask {
                    action.kind = ActionKind::CallTask(jump);
                } else {
                    action.kind = ActionKind::Jump(jump);
                    action.next = target.start;
                    action.astray = target.astray.clone();
                }
            }
            (None, Some(id)) => {
                let what =
                    format!("{} leads to {id}, which is not a task, menu or state of this flow", display_name(action));
                action.kind = ActionKind::Jump(Jump::new(None, inputs, outputs));
                action.next = None;
                action.astray = Some(id.to_owned());
                self.flow.doubt(line(tree, self.lines, node), what);
            }
            (None, None) => {
                action.kind = ActionKind::Unknown;
                let what = format!("{} names no task, menu or state of this flow", display_name(action));
                self.flow.doubt(line(tree, self.lines, node), what);
            }
        }
    }
}

/// How long an id of the platform is.
const GUID: usize = 36;

/// The first case of a switch whose output is not among these.
fn pathless<'t>(tree: &'t Tree<'_>, paths: &[NodeId]) -> Option<&'t str> {
    let cases = tree.get(tree.root(), "cases").into_iter().flat_map(|list| tree.items(list));
    let is_there = |id: &str| paths.iter().any(|path| tree.scalar_at(*path, "outputId") == Some(id));
    let mut cases = cases.filter_map(|case| Some((case, tree.scalar_at(case, "referenceId")?)));
    let (case, id) = cases.find(|(_, id)| !is_there(id))?;
    Some(tree.scalar_at(case, "name").unwrap_or(id))
}

/// Whether a member says so; in quotes it is a text, and means the same to whoever wrote it.
fn is_true(tree: &Tree<'_>, node: NodeId, name: &str) -> bool {
    tree.scalar_at(node, name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

fn is_false(tree: &Tree<'_>, node: NodeId, name: &str) -> bool {
    tree.scalar_at(node, name).is_some_and(|value| value.trim().eq_ignore_ascii_case("false"))
}

/// `__NOT_FOUND__` is `notFound`; ids stay as they are.
fn output_id(id: &str) -> String {
    let Some(inner) = id.strip_prefix("__").and_then(|rest| rest.strip_suffix("__")) else { return id.to_owned() };
    let mut words = inner.split('_').map(str::to_ascii_lowercase);
    let mut out = words.next().unwrap_or_default();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
