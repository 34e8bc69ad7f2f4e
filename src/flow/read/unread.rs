//! What stands in a file in a shape that no reader takes, so that a list of its keys would lack something without a word.
//! This looks at the document by itself, whatever the readers made of it.

use super::super::actions::{self, Class, is_data};
use super::super::model::{Action, ActionKind, Flow, FlowFileForm, Remark, display_name};
use super::{no_key, platform::shape};
use crate::tree::{Lines, NodeId, NodeKind, Tree};
use rustc_hash::FxHashSet;

/// Notes what was not read. Parts of the actions of a configuration are noted as they are read ([`shape::in_action`]).
pub fn add(flow: &mut Flow, tree: &Tree<'_>, lines: &Lines) {
    let mut read = FxHashSet::default();
    nodes(flow, &mut read);
    let mut found = Vec::new();
    match flow.form {
        FlowFileForm::Archy => {
            let strays = tree.all().filter(|node| tree.kind(*node) == NodeKind::Map && !read.contains(node));
            let strays = strays.filter_map(|node| {
                let of_map = |value| tree.kind(value) == NodeKind::Map;
                let member = tree.members(node).find(|member| of_map(member.value) && is_data(member.name))?;
                Some((node, member.name))
            });
            for (node, name) in strays {
                let line = lines.line(tree.span(node).start);
                found.push(Remark { line, what: format!("{name} stands where no action is read") });
            }
        }
        FlowFileForm::Platform | FlowFileForm::Export => shape::whole(tree, &read, &mut |node, what| {
            found.push(Remark { line: lines.line(tree.span(node).start), what });
        }),
        FlowFileForm::Tutorial => {}
    }
    match flow.form {
        FlowFileForm::Archy => archy(flow, tree, lines, &mut found),
        FlowFileForm::Tutorial => {
            for action in flow.actions.iter().filter(|action| is_data(&action.type_name) && keys(action) == 0) {
                found.push(Remark { line: action.line, what: no_key(action) });
            }
        }
        FlowFileForm::Platform | FlowFileForm::Export => {}
    }
    flow.unread.append(&mut found);
    flow.unread.sort_by_key(|one| one.line);
    flow.unread.dedup();
    flow.remarks.extend(flow.unread.iter().cloned());
}

/// Whether the outputs of an action follow from its type alone.
fn has_own_outputs(action: &Action) -> bool {
    let class = action.spec.map(|spec| spec.class);
    matches!(
        class,
        Some(Class::Decision | Class::Lookup | Class::TableLookup | Class::SetConversation | Class::GetConversation)
    )
}

fn nodes(flow: &Flow, read: &mut FxHashSet<NodeId>) {
    read.extend(flow.actions.iter().map(|action| action.node));
    flow.modules.iter().for_each(|module| nodes(&module.flow, read));
}

fn keys(action: &Action) -> usize {
    match &action.kind {
        ActionKind::SetData(list) => list.len(),
        ActionKind::GetData(list) => list.len(),
        ActionKind::SetConversation(of) => of.list.len(),
        ActionKind::GetConversation(of) => of.list.len(),
        _ => 0,
    }
}

/// The lists of an Archy file that are none: an output that holds its actions itself, `actions` or `attributes` as a map.
fn archy(flow: &Flow, tree: &Tree<'_>, lines: &Lines, found: &mut Vec<Remark>) {
    let mut odd = |node: NodeId, what: String| {
        found.push(Remark { line: lines.line(tree.span(node).start), what });
    };
    // Nothing at all, and an empty map, stand for an empty list.
    let is_list = |node: NodeId| match tree.kind(node) {
        NodeKind::List | NodeKind::Null => true,
        _ => tree.below(node).next().is_none() && tree.kind(node) == NodeKind::Map,
    };
    let known: FxHashSet<NodeId> = flow.actions.iter().map(|action| action.node).collect();
    for node in tree.all() {
        // A list of actions that nothing reads.
        if let Some(item) = tree.items(node).find(|item| !known.contains(item) && exact_type(tree, *item)) {
            odd(item, "a list of actions stands where none is read".into());
        }
        for member in tree.members(node) {
            let list = matches!(member.name, "actions" | "startUpTaskActions" | "cases");
            if list && !is_list(member.value) {
                odd(member.value, format!("{} is not a list", member.name));
            }
            // A switch's default and an output hold `actions`, not the actions themselves.
            let holds = |value: NodeId| tree.items(value).any(|item| known_type(tree, item));
            if matches!(member.name, "default" | "loop") && holds(member.value) {
                odd(member.value, format!("{} holds its actions without `actions:`", member.name));
            }
            if member.name == "outputs" {
                for output in tree.members(member.value).filter(|output| holds(output.value)) {
                    odd(output.value, format!("the output {} holds its actions without `actions:`", output.name));
                }
            }
        }
        for (part, value) in operands(tree, node) {
            if !OPERAND.iter().any(|name| tree.get(value, name).is_some()) {
                odd(value, format!("{part} is neither `lit` nor `exp` nor anything else that a value is"));
            }
        }
        if tree.get(node, "lit").is_some() && tree.get(node, "exp").is_some() {
            odd(node, "a value that is both `lit` and `exp`".into());
        }
        // An item of a list of actions that is none.
        if let Some(list) = tree.get(node, "actions").or(tree.get(node, "startUpTaskActions")) {
            for item in tree.items(list).filter(|item| tree.only(*item).is_none() && !known.contains(item)) {
                odd(item, "this item of a list of actions is not an action: it has not one type".into());
            }
        }
    }
    for action in flow.actions.iter().filter(|action| has_own_outputs(action)) {
        let known = action.spec.map_or(&[][..], |spec| spec.outputs);
        let outputs = tree.only(action.node).and_then(|settings| tree.get(settings.value, "outputs"));
        let written = outputs.into_iter().flat_map(|outputs| tree.members(outputs));
        for output in written.filter(|output| !known.iter().any(|one| one.eq_ignore_ascii_case(output.name))) {
            odd(output.value, format!("{} has no output {}", action.type_name, output.name));
        }
    }
    for action in flow.actions.iter().filter(|action| is_data(&action.type_name)) {
        let Some(settings) = tree.only(action.node) else { continue };
        let Some(list) = tree.get(settings.value, "attributes") else {
            odd(action.node, no_key(action));
            continue;
        };
        if tree.kind(list) != NodeKind::Null && (!is_list(list) || tree.items(list).count() > keys(action)) {
            odd(list, format!("attributes of {} are not all a list of `attribute:`", display_name(action)));
        }
        for item in tree.items(list).filter_map(|item| tree.only(item)) {
            let operands = ["name", "value"].into_iter().filter_map(|part| Some((part, tree.get(item.value, part)?)));
            for (part, bare) in operands.filter(|(_, node)| tree.scalar(*node).is_some_and(|text| !text.is_empty())) {
                let (text, name) = (tree.raw(bare), display_name(action));
                odd(bare, format!("the {part} {text} of an attribute of {name} is not a map with `lit` or `exp`"));
            }
        }
        if tree.items(list).any(|item| tree.only(item).is_none()) {
            odd(list, format!("an item of the attributes of {} is not one `attribute:`", display_name(action)));
        }
    }
    // A loop's rounds, an output's actions: never the action's own.
    let own = |class| !matches!(class, Class::Jump | Class::Menu | Class::Unknown);
    for action in flow.actions.iter().filter(|action| action.spec.is_some_and(|spec| own(spec.class))) {
        let Some(settings) = tree.only(action.node) else { continue };
        if let Some(list) = tree.get(settings.value, "actions") {
            odd(list, format!("{} holds actions that are none of its outputs'", display_name(action)));
        }
    }
}

/// What a map that is a value has.
const OPERAND: [&str; 10] = ["lit", "exp", "var", "ref", "tts", "text", "prompt", "name", "noValue", "none"];

/// Members of a map that are values, each a map that is not empty, with what to call it.
fn operands<'t>(tree: &'t Tree<'_>, node: NodeId) -> impl Iterator<Item = (&'t str, NodeId)> {
    let named = ["value", "condition", "initialValue", "loopCount", "lookupValue", "conversationId", "participantId"];
    let own = tree.members(node).filter(move |member| named.contains(&member.name));
    let inputs = tree.get(node, "inputs").into_iter().flat_map(|inputs| tree.members(inputs));
    let attribute = tree.get(node, "attribute").and_then(|attribute| tree.get(attribute, "name"));
    let all = own.chain(inputs).map(|member| (member.name, member.value));
    let all = all.chain(attribute.map(|name| ("the name of an attribute", name)));
    all.filter(|(_, value)| tree.kind(*value) == NodeKind::Map && tree.members(*value).next().is_some())
}

/// Whether an item is an action by the very name of its type.
fn exact_type(tree: &Tree<'_>, item: NodeId) -> bool {
    tree.only(item).is_some_and(|member| {
        let exact = |spec: &actions::ActionType| spec.archy == member.name && spec.class != Class::Menu;
        actions::find(member.name).is_some_and(exact) && tree.kind(member.value) == NodeKind::Map
    })
}

/// Whether an item looks like an action of a known type.
fn known_type(tree: &Tree<'_>, item: NodeId) -> bool {
    tree.only(item)
        .is_some_and(|member| actions::find(member.name).is_some() && tree.kind(member.value) == NodeKind::Map)
}
