//! The outputs of an action in Archy YAML: `outputs: {success: {actions}}`, intents, the cases of a switch, and whatever
//! else holds a list of actions.

use super::operand::of_type;
use super::typed;
use crate::flow::actions::Class;
use crate::flow::model::{Branch, Off, Operand};
use crate::tree::{NodeId, NodeKind, Tree};

/// One output and its actions, when it has any.
pub struct Output {
    pub branch: Branch,
    pub list: Option<NodeId>,
}

/// The outputs that the file writes, in its order; a switch's cases before its default.
pub fn of(tree: &Tree<'_>, node: NodeId, class: Class) -> Vec<Output> {
    let mut found = Vec::new();
    match (class, tree.get(node, "evaluate")) {
        (Class::Switch, Some(evaluate)) => switch(tree, evaluate, &mut found),
        _ => rest(tree, node, class, &mut found),
    }
    found
}

/// Whether an output, or an action, is switched off.
pub fn off(tree: &Tree<'_>, node: NodeId) -> Option<Off> {
    // In quotes it is a text, and means the same to whoever wrote it.
    let says =
        |name, what: &str| tree.scalar_at(node, name).is_some_and(|value| value.trim().eq_ignore_ascii_case(what));
    match says("disabled", "true") {
        true => Some(Off::Disabled),
        false => says("enabled", "false").then_some(Off::OutOfService),
    }
}

fn list(tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
    tree.get(node, "actions").filter(|list| tree.kind(*list) == NodeKind::List)
}

fn named(tree: &Tree<'_>, id: &str, node: NodeId) -> Output {
    let branch =
        Branch { id: id.to_owned(), label: id.to_owned(), written: true, off: off(tree, node), ..Branch::default() };
    Output { branch, list: list(tree, node) }
}

/// `firstTrue: {cases, default}` or `firstMatch: {string: {value, cases, default}}`.
fn switch(tree: &Tree<'_>, evaluate: NodeId, found: &mut Vec<Output>) {
    // With each style the name above it: of `firstMatch`, the type of what is compared.
    let mut work: Vec<(NodeId, &str)> = tree.members(evaluate).map(|member| (member.value, member.name)).collect();
    work.reverse();
    while let Some((style, type_name)) = work.pop() {
        let cases = tree.get(style, "cases").into_iter().flat_map(|list| tree.items(list));
        for (at, case) in cases.filter_map(|item| typed(tree, item)).map(|(_, case)| case).enumerate() {
            let when = tree.get(case, "value").map_or(Operand::Unset, |value| of_type(tree, value, type_name));
            let name = format!("Case {}", at + 1);
            let mut output = named(tree, &name.to_ascii_lowercase(), case);
            output.branch.label = if when.text().is_empty() { name.clone() } else { when.text().to_owned() };
            output.branch.alias = Some(tree.scalar_at(case, "name").map_or(name, str::to_owned));
            output.branch.when = Some(Box::new(when));
            found.push(output);
        }
        if let Some(default) = tree.get(style, "default") {
            found.push(named(tree, "default", default));
        }
        if tree.any(style, &["cases", "default"]).is_none() {
            let inner = tree.members(style).filter(|inner| inner.name != "value");
            work.extend(inner.map(|inner| (inner.value, inner.name)));
        }
    }
}

/// What `outputs` lists, and every other list `actions` below an action, however deep, without entering it.
fn rest(tree: &Tree<'_>, node: NodeId, class: Class, found: &mut Vec<Output>) {
    let mut work: Vec<(NodeId, &str, bool)> = Vec::new();
    for member in tree.members(node) {
        match member.name {
            "outputs" => work.extend(tree.members(member.value).map(|output| (output.value, output.name, true))),
            // A jump's own task is where it leads and no output.
            "task" | "menu" if class == Class::Jump => {}
            "actions" if tree.kind(member.value) == NodeKind::List => found.push(named(tree, "actions", node)),
            name => work.push((member.value, name, false)),
        }
    }
    while let Some((node, label, output)) = work.pop() {
        let value = tree.any(node, &["var", "noValue"]).is_some();
        if list(tree, node).is_some() || output && !value && tree.kind(node) != NodeKind::List {
            found.push(named(tree, label, node));
            continue;
        }
        work.extend(tree.members(node).map(|member| (member.value, member.name, false)));
        for (name, inner) in tree.items(node).filter_map(|item| typed(tree, item)) {
            // `intent: {name, actions}`: what an item holds names it.
            work.push((inner, tree.scalar_at(inner, "name").unwrap_or(name), output));
        }
    }
    // In the order of the file: what was put last came out first.
    found.reverse();
}
