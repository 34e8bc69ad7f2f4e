//! An independent count: all in a configuration that looks like an action, a task, a menu or a variable, compared with what the
//! reader took. Whatever it did not take is noted, for a list of keys without it would look whole.

use super::{MODULES, is_flow};
use crate::flow::{
    actions::is_data,
    model::{Action, Operand, display_name},
    read::no_key,
};
use crate::tree::{NodeId, NodeKind, Tree};
use rustc_hash::FxHashSet;

/// Where something stands that is not read, and what.
type Odd<'a> = &'a mut dyn FnMut(NodeId, String);

/// What is not read of one action of a configuration, which is a tree of its own.
pub fn in_action(tree: &Tree<'_>, action: &Action) -> Option<String> {
    let (root, name) = (tree.root(), display_name(action));
    if tree.kind(root) != NodeKind::Map {
        return Some("an item of a list of actions is not an action".into());
    }
    if action.type_name.is_empty() {
        return Some(format!("{} has no type", if action.name.is_empty() { "an action" } else { name }));
    }
    let list = tree.get(root, "variables");
    if is_data(&action.type_name) {
        match list {
            Some(list) if tree.kind(list) == NodeKind::List => {}
            Some(_) => return Some(format!("variables of {name} is not a list")),
            None => return Some(no_key(action)),
        }
        let mut pairs = list.into_iter().flat_map(|list| tree.items(list));
        if pairs.any(|pair| tree.get(pair, "variable").is_none()) {
            return Some(format!("an item of the variables of {name} names no attribute"));
        }
        // Of a configuration, only a value in a shape that is not read is one.
        if action.kind.names().any(|key| matches!(key, Operand::Template(_))) {
            return Some(format!("the name of an attribute of {name} stands in a shape that is not read"));
        }
    }
    within(tree, name)
}

/// What the reader of a configuration passes over. `actions` are the nodes of those that it read.
pub fn whole(tree: &Tree<'_>, actions: &FxHashSet<NodeId>, odd: Odd<'_>) {
    let mut flows = super::root(tree).into_iter().collect::<Vec<_>>();
    let mut parts = FxHashSet::default();
    let mut depth = 0;
    let mut from = 0;
    while from < flows.len() && depth <= MODULES {
        let level = from..flows.len();
        from = level.end;
        depth += 1;
        for at in level {
            let root = flows[at];
            let modules = tree.get(root, "commonModules").into_iter().flat_map(|list| tree.items(list));
            flows.extend(modules.filter_map(|item| tree.get(item, "model")).filter(|model| is_flow(tree, *model)));
            variables(tree, root, odd);
            plain(tree, root, "initialSequence", odd);
            for item in tree.get(root, "flowSequenceItemList").into_iter().flat_map(|list| tree.items(list)) {
                part(tree, item, odd);
                if tree.kind(item) == NodeKind::Map {
                    parts.insert(item);
                }
            }
        }
    }
    for node in tree.all() {
        if let Some(link) = way_out(tree, node) {
            odd(link, "pathReference is not an id".into());
        }
        if !actions.contains(&node)
            && !parts.contains(&node)
            && let Some(what) = stray(tree, node).or_else(|| value(tree, node))
        {
            odd(node, what);
        }
    }
}

/// What stands within an action, which is a tree of its own, and is not read.
pub fn within(tree: &Tree<'_>, name: &str) -> Option<String> {
    if way_out(tree, tree.root()).is_some() {
        return Some(format!("the pathReference of {name} is not an id"));
    }
    let mut inner = tree.all().filter(|node| *node != tree.root());
    let odd = inner.find_map(|node| stray(tree, node).or_else(|| value(tree, node)))?;
    Some(format!("within {name}, {odd}"))
}

/// Something that looks like an action, a task, a menu or a state.
fn stray(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    match tree.kind(node) {
        NodeKind::Map => {}
        NodeKind::Text => {
            // Few texts are as long as the shortest action.
            let text = Some(tree.raw(node)).filter(|raw| raw.len() > 30 && raw.contains("__type"))?;
            let packed = text.trim_start_matches('"').trim_start().starts_with(['{', '[']);
            return packed.then(|| "a JSON text that holds parts of a flow stands where none is read".into());
        }
        _ => return None,
    }
    let type_name = tree.scalar_at(node, "__type");
    if let Some(name) = type_name.filter(|name| is_data(name) || name.to_ascii_lowercase().ends_with("action")) {
        return Some(format!("{name} stands where no action is read"));
    }
    let has = |name| tree.get(node, name).is_some();
    if let Some(list) = ["actionList", "menuChoiceList", "startAction"].into_iter().find(|name| has(name)) {
        return Some(format!("a map with {list} stands where no task, menu or state is read"));
    }
    let linked = has("trackingId") && (has("nextAction") || has("paths"));
    linked.then(|| "what looks like an action stands where none is read".into())
}

/// A value that says more than one thing, or says it in a shape that is not read.
fn value(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    if let Some(what) = assignment(tree, node) {
        return Some(what.into());
    }
    let config = tree.get(node, "config")?;
    // Other things than values may have a member of that name.
    if !["text", "uiMetaData", "type"].iter().any(|name| tree.get(node, name).is_some()) {
        return None;
    }
    let mut members = tree.members(config);
    let (is_map, one, more) = (tree.kind(config), members.next(), members.next());
    match (is_map, one) {
        (NodeKind::Null, _) | (NodeKind::Map, None) => None,
        (NodeKind::Map, Some(one)) if more.is_none() => {
            (!is_config(one.name)).then(|| format!("the config of a value is {}, which is not read", one.name))
        }
        _ => Some("the config of a value is not one map with one member".into()),
    }
}

/// Whether the one member of a `config` may be of a kind that is read: `lit`, `ref` and their like, or a function or operator. A name
/// that only resembles them is neither.
fn is_config(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let resembles = ["lit", "ref", "value", "config"].iter().any(|known| lower.starts_with(known));
    matches!(name, "lit" | "ref" | "sysref" | "emp" | "nul") || !resembles
}

/// A key and its value, one of which is not there or stands in a list.
fn assignment(tree: &Tree<'_>, node: NodeId) -> Option<&'static str> {
    let variable = tree.get(node, "variable")?;
    // A setting or a variable of another kind, which only mentions one.
    if ["key", "id", "__type", "config"].iter().any(|name| tree.get(node, name).is_some()) {
        return None;
    }
    let is_none = |node: NodeId| matches!(tree.kind(node), NodeKind::Null | NodeKind::List);
    if is_none(variable) {
        return Some("the variable of an assignment is no value");
    }
    tree.get(node, "expression")
        .is_none_or(is_none)
        .then_some("the expression of an assignment is not there or no value")
}

/// Where a task's end says by which of its paths it is left, in a shape that is not read.
fn way_out(tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
    tree.get(node, "pathReference").filter(|link| !is_plain(tree, *link))
}

/// Lists of a task, menu or state that are none.
fn part(tree: &Tree<'_>, node: NodeId, odd: Odd<'_>) {
    if tree.kind(node) != NodeKind::Map {
        odd(node, "an item of flowSequenceItemList is not a task, menu or state".into());
        return;
    }
    let name = tree.scalar_at(node, "name").unwrap_or_default();
    let is_list = |member| tree.get(node, member).is_some_and(|list| tree.kind(list) == NodeKind::List);
    let lists = ["actionList", "menuChoiceList"];
    for member in lists {
        let other = lists.into_iter().any(|other| other != member && is_list(other));
        let list = tree.get(node, member).filter(|_| !is_list(member));
        if let Some(list) = list.filter(|list| !(other && tree.kind(*list) == NodeKind::Null)) {
            odd(list, format!("{member} of {name} is not a list"));
        }
    }
    if lists.iter().all(|member| tree.get(node, member).is_none()) {
        odd(node, format!("{name} has neither an actionList nor a menuChoiceList"));
    }
    let choices = tree.get(node, "menuChoiceList").into_iter().flat_map(|list| tree.items(list));
    for choice in choices {
        if tree.get(choice, "action").is_none_or(|action| tree.kind(action) != NodeKind::Map) {
            odd(choice, format!("a choice of {name} holds no action that is read"));
        }
    }
    if let Some(list) = tree.get(node, "paths").filter(|list| !optional_list(tree, *list)) {
        odd(list, format!("paths of {name} is not a list"));
    }
    plain(tree, node, "startAction", odd);
    variables(tree, node, odd);
}

fn optional_list(tree: &Tree<'_>, node: NodeId) -> bool {
    matches!(tree.kind(node), NodeKind::List | NodeKind::Null)
}

/// A link that is not the id of something.
fn plain(tree: &Tree<'_>, node: NodeId, member: &str, odd: Odd<'_>) {
    if let Some(link) = tree.get(node, member).filter(|link| !is_plain(tree, *link)) {
        odd(link, format!("{member} is not an id"));
    }
}

/// Whether a link is an id, or none.
pub fn is_plain(tree: &Tree<'_>, link: NodeId) -> bool {
    !matches!(tree.kind(link), NodeKind::Map | NodeKind::List)
}

/// The list of variables of a flow, task or state, and what in it is none.
fn variables(tree: &Tree<'_>, holder: NodeId, odd: Odd<'_>) {
    let Some(list) = tree.get(holder, "variables") else { return };
    if !optional_list(tree, list) {
        odd(list, "variables is not a list".into());
    }
    for item in tree.items(list).filter(|item| tree.scalar_at(*item, "name").is_none()) {
        odd(item, "an item of variables is not a variable with a name".into());
    }
}
