//! What a reader of the list of keys should know about a flow besides its keys.

use super::super::actions::Class;
use super::super::model::{ActionKind, Flow, Off, Operand, Remark, display_name};
use indexmap::IndexMap;
use rustc_hash::FxHashSet;

/// Adds what the whole flow shows.
pub fn add(flow: &mut Flow) {
    doubtful(flow);
    let mut found = Vec::new();
    unknown_types(flow, &mut found);
    for action in &flow.actions {
        let mut remark = |what: String| found.push(Remark { line: action.line, what });
        let name = display_name(action);
        match action.spec.map(|spec| (spec.class, spec.archy)) {
            Some((Class::Elsewhere, archy)) if archy.contains("Secured") => remark(format!(
                "{name} works on secured data, a store of its own: those are no participant data and not listed"
            )),
            Some((Class::Elsewhere, _)) => remark(format!(
                "{name} works on the conversation's custom attributes: those are no participant data and not listed"
            )),
            _ => {}
        }
        if action.branches.iter().any(|branch| branch.off == Some(Off::Disabled)) {
            remark(format!(
                "{name} has a disabled output: no path takes it; what the platform does where its condition is met is not verified"
            ));
        }
        let keys = keys(&action.kind);
        if keys.is_empty() && action.spec.is_some_and(|spec| DATA.contains(&spec.class)) {
            remark(format!("{name} names no attribute that is read here, so none of it is listed"));
        }
        for key in keys {
            if matches!(key, Operand::Unset) {
                remark(format!("{name} has an attribute without a name"));
            }
            if key.placeholder() && !matches!(key, Operand::Template(_)) {
                remark(format!("the key {} in {name} is known only after its placeholder is substituted", key.text()));
            }
        }
    }
    flow.remarks.append(&mut found);
}

/// Notes variables that are declared twice, and keys of a menu that lead two ways.
fn doubtful(flow: &mut Flow) {
    let mut names = FxHashSet::default();
    let mut found = Vec::new();
    for variable in &flow.variables {
        if !names.insert((variable.container, variable.name.to_lowercase())) {
            let line =
                variable.container.and_then(|at| flow.containers[at].start).map_or(1, |at| flow.actions[at].line);
            found.push((line, format!("the variable {} is declared twice", variable.name)));
        }
    }
    for action in &flow.actions {
        if action.kind.names().any(|key| matches!(key, Operand::Literal(name) if name.trim().is_empty())) {
            found.push((action.line, format!("{} has an attribute without a name", display_name(action))));
        }
        let keys = || action.branches.iter().filter_map(|branch| branch.digit.as_ref());
        for (at, key) in keys().enumerate() {
            if keys().take(at).any(|other| other == key) {
                found.push((action.line, format!("two choices of {} have the key {key}", display_name(action))));
            }
        }
    }
    found.extend(wrong_ways_out(flow));
    for (line, what) in found {
        flow.doubt(line, what);
    }
}

/// Called tasks that end by a way out which they do not have: where their callers go on is not known.
fn wrong_ways_out(flow: &Flow) -> Vec<(usize, String)> {
    let called: FxHashSet<usize> = flow
        .actions
        .iter()
        .filter_map(|action| match &action.kind {
            ActionKind::CallTask(jump) => jump.container,
            _ => None,
        })
        .collect();
    let wrong = flow.actions.iter().filter_map(|action| {
        let ActionKind::EndTask(Some(way)) = &action.kind else { return None };
        let task = &flow.containers[action.container];
        let is = |own: &str| own.eq_ignore_ascii_case(way);
        let has = is("default") || task.paths.iter().any(|path| is(&path.id) || is(&path.label));
        let wrong = called.contains(&action.container) && !has;
        wrong.then(|| (action.line, format!("{} ends by {way}, which is no way out of it", task.name)))
    });
    wrong.collect()
}

/// Types whose actions have attributes.
const DATA: [Class; 4] = [Class::SetData, Class::GetData, Class::SetConversation, Class::GetConversation];

/// The attribute names in an action.
fn keys(kind: &ActionKind) -> Vec<&Operand> {
    match kind {
        ActionKind::SetData(list) => list.iter().map(|it| &it.key).collect(),
        ActionKind::SetConversation(it) => it.list.iter().map(|it| &it.key).collect(),
        ActionKind::GetData(list) => list.iter().map(|it| &it.key).collect(),
        ActionKind::GetConversation(it) => it.list.iter().map(|it| &it.key).collect(),
        _ => Vec::new(),
    }
}

/// One remark for each type that is not known, however often it occurs.
fn unknown_types(flow: &Flow, found: &mut Vec<Remark>) {
    let mut types: IndexMap<&str, (usize, usize)> = IndexMap::new();
    for action in flow.actions.iter().filter(|action| action.spec.is_none()) {
        types.entry(&action.type_name).or_insert((action.line, 0)).1 += 1;
    }
    for (name, (line, count)) in types {
        let name = if name.is_empty() { "without a type" } else { name };
        let what = match count {
            1 => format!("an action {name} is not understood: whether it touches participant data is not known"),
            _ => format!("{count} actions {name} are not understood: whether they touch participant data is not known"),
        };
        found.push(Remark { line, what });
    }
}
