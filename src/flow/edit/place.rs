//! Where the new action goes, form by form, and which links change.

use super::super::model::{ActionKind, Flow, FlowFileForm, display_name};
use super::super::read::{platform_root, tutorial_start};
use super::write::{self, InsertionPoint, Style, archy, quoted};
use super::{EditRefusal, Means, SetData, TextChange, refused};
use crate::tree::{NodeId, Tree};
use std::collections::HashSet;

/// The changes to the text, and the id of the new action. In Archy's form the id is the line it will stand on.
pub fn changes(
    text: &str,
    tree: &Tree<'_>,
    flow: &Flow,
    wanted: &SetData<'_>,
    means: &Means,
    after: Option<usize>,
) -> Result<(Vec<TextChange>, String), EditRefusal> {
    let start = match (after, flow.start) {
        (Some(after), _) => after,
        (None, Some(start)) => start,
        (None, None) => return refused("the flow has no first action; name one with --after"),
    };
    let action = &flow.actions[start];
    let name = display_name(action);
    if matches!(action.kind, ActionKind::Menu) {
        return refused(format!(
            "{name} is a menu, and what follows depends on the choice; name another action with --after"
        ));
    }
    if after.is_some() {
        match action.kind {
            ActionKind::End | ActionKind::EndTask(_) | ActionKind::Transfer(_) => {
                return refused(format!("nothing runs behind {name}: it ends the flow or hands the call on"));
            }
            ActionKind::Jump(_) | ActionKind::ExitLoop(_) | ActionKind::NextLoop(_) => {
                return refused(format!("nothing runs behind {name}: it leads elsewhere"));
            }
            _ => {}
        }
    }
    match flow.form {
        FlowFileForm::Archy => yaml(text, tree, flow, (wanted, means), start, after.is_some()),
        FlowFileForm::Platform | FlowFileForm::Export | FlowFileForm::Tutorial => {
            json(text, tree, flow, (wanted, means), start, after.is_some())
        }
    }
}

fn yaml(
    text: &str,
    tree: &Tree<'_>,
    flow: &Flow,
    (wanted, means): (&SetData<'_>, &Means),
    at: usize,
    behind: bool,
) -> Result<(Vec<TextChange>, String), EditRefusal> {
    let action = &flow.actions[at];
    let name = display_name(action);
    if action.within.is_some_and(|(menu, _)| matches!(flow.actions[menu].kind, ActionKind::Menu)) {
        return refused(format!("{name} is a menu choice; insert into the task that it leads to"));
    }
    let span = tree.span(action.node);
    let line = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let lead = &text[line..span.start];
    let indent = lead.len() - lead.trim_start_matches(' ').len();
    if lead.trim() != "-" {
        return refused(format!("{name} stands inside […] or {{…}}; write its list in lines to edit it"));
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let item = archy(wanted, means, indent, newline);
    let (place, new) = if behind {
        match text[span.end..].find('\n') {
            _ if span.end > 0 && text.as_bytes()[span.end - 1] == b'\n' => (span.end, item),
            Some(rest) => (span.end + rest + 1, item),
            None => (text.len(), format!("{newline}{}", item.trim_end())),
        }
    } else {
        (line, item)
    };
    let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..place]).count();
    let line = if text[..place].ends_with('\n') || place == 0 { line } else { line + 1 };
    Ok((vec![(place..place, new)], format!("L{line}")))
}

fn json(
    text: &str,
    tree: &Tree<'_>,
    flow: &Flow,
    (wanted, means): (&SetData<'_>, &Means),
    at: usize,
    behind: bool,
) -> Result<(Vec<TextChange>, String), EditRefusal> {
    let action = &flow.actions[at];
    let platform = flow.form != FlowFileForm::Tutorial;
    let name = display_name(action);
    if tree.get(action.node, "id").is_none() {
        return refused(format!("{name} has no id, so nothing can be linked to it"));
    }
    if action.within.is_some_and(|(from, _)| matches!(flow.actions[from].kind, ActionKind::Menu))
        && platform
        && inline(tree, action.node)
    {
        return refused(format!("{name} is a menu choice; insert into the task that it leads to"));
    }
    let link_name = if platform { "nextAction" } else { "nextActionId" };
    // An entry that is marked by its type stays the entry: the new action goes behind it.
    let behind =
        behind || (!platform && tutorial_start(tree).is_none() && action.type_name.eq_ignore_ascii_case("start"));
    let entry = tutorial_entry(tree, flow);
    let behind = behind || entry == Some(at) && action.type_name.eq_ignore_ascii_case("start");
    let taken: HashSet<&str> = flow.actions.iter().map(|action| action.id.as_str()).collect();
    let id = if platform { platform_id(wanted, &action.id, &taken) } else { tutorial_id(wanted.key, &taken) };
    let style = Style::of(tree, text, action.node);
    let mut changes = Vec::new();
    let mut next = None;
    if behind {
        let names: [&str; 3] = ["nextAction", "nextActionId", "next"];
        let link = tree.members(action.node).find(|member| names.contains(&member.name));
        match link {
            Some(link) => {
                next = tree.scalar(link.value).filter(|next| !next.is_empty()).map(str::to_owned);
                changes.push((tree.span(link.value), quoted(&id)));
            }
            None => {
                let Some(last) = tree.members(action.node).last() else { return refused(format!("{name} is empty")) };
                let end = tree.span(last.value).end;
                changes.push((end..end, style.member(link_name, &quoted(&id))));
            }
        }
    } else {
        next = Some(action.id.clone());
        let pointer = if platform { task_start(tree, action.node) } else { tutorial_start(tree) };
        if let Some(pointer) = pointer {
            changes.push((tree.span(pointer), quoted(&id)));
        }
    }
    let mut tracking = None;
    if platform && let Some(root) = platform_root(tree) {
        let counter = tree.get(root, "nextTrackingNumber");
        let counted = counter.and_then(|counter| tree.raw(counter).parse::<u64>().ok());
        if let (Some(counter), Some(number)) = (counter, counted) {
            changes.push((tree.span(counter), (number + 1).to_string()));
        }
        let highest = || flow.actions.iter().filter_map(|action| action.tracking.map(u64::from)).max();
        tracking = counted.or_else(|| highest().map(|number| number + 1));
    }
    let place = InsertionPoint { id: id.clone(), tracking, next };
    let object = if platform {
        write::platform(&style, wanted, means, &place, &declared(tree))
    } else {
        write::tutorial(&style, wanted, &place)
    };
    let span = tree.span(action.node);
    let separator = style.separator(tree, text, action.node);
    // Two insertions at one byte would be put in either order: a link added to the action's end lies before its bracket.
    if behind {
        changes.push((span.end..span.end, format!("{separator}{object}")));
    } else {
        changes.push((span.start..span.start, format!("{object}{separator}")));
    }
    Ok((changes, id))
}

fn tutorial_entry(tree: &Tree<'_>, flow: &Flow) -> Option<usize> {
    if flow.form == FlowFileForm::Tutorial && tutorial_start(tree).is_some() { flow.start } else { None }
}

/// Whether an action stands within a menu choice rather than in an `actionList`.
fn inline(tree: &Tree<'_>, node: NodeId) -> bool {
    !lists(tree).any(|(_, list)| tree.items(list).any(|item| item == node))
}

/// The tasks of the platform's form with their lists of actions.
fn lists<'a>(tree: &'a Tree<'_>) -> impl Iterator<Item = (NodeId, NodeId)> + 'a {
    let tasks = platform_root(tree).and_then(|root| tree.get(root, "flowSequenceItemList"));
    let tasks = tasks.into_iter().flat_map(|list| tree.items(list));
    tasks.filter_map(|task| Some((task, tree.get(task, "actionList")?)))
}

/// The member that names the first action of the task an action stands in.
fn task_start(tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
    let (task, _) = lists(tree).find(|(_, list)| tree.items(*list).any(|item| item == node))?;
    tree.get(task, "startAction")
}

/// The variables that the file declares: name, id, type.
fn declared(tree: &Tree<'_>) -> Vec<(String, String, String)> {
    let Some(root) = platform_root(tree) else { return Vec::new() };
    let tasks = tree.get(root, "flowSequenceItemList").into_iter().flat_map(|list| tree.items(list));
    let lists = std::iter::once(root).chain(tasks).filter_map(|holder| tree.get(holder, "variables"));
    let all = lists.flat_map(|list| tree.items(list)).filter_map(|one| {
        let kind = match tree.scalar_at(one, "__type").unwrap_or_default() {
            "IntegerVariable" => "int",
            "BoolVariable" => "bln",
            "DecimalVariable" => "dec",
            "JsonVariable" => "jsn",
            _ => "str",
        };
        Some((tree.scalar_at(one, "name")?.to_owned(), tree.scalar_at(one, "id")?.to_owned(), kind.to_owned()))
    });
    all.collect()
}

/// The same request gives the same id, so that a repeated run gives the same file.
fn platform_id(wanted: &SetData<'_>, after: &str, taken: &HashSet<&str>) -> String {
    (0u32..)
        .map(|turn| {
            let name = format!("{after}\n{}\n{:?}\n{turn}", wanted.key, wanted.value);
            uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
        })
        .find(|id| !taken.contains(id.as_str()))
        .unwrap_or_default()
}

fn tutorial_id(key: &str, taken: &HashSet<&str>) -> String {
    let key: String = key.chars().map(|next| if next.is_alphanumeric() { next } else { '_' }).collect();
    (1u32..)
        .map(|turn| if turn == 1 { format!("set_{key}") } else { format!("set_{key}_{turn}") })
        .find(|id| !taken.contains(id.as_str()))
        .unwrap_or_default()
}
