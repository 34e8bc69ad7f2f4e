//! Common modules beside the flow that calls them: their actions are put behind its own, so that one run goes through all.

use crate::flow::model::{ActionKind, Flow, Remark};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The flow with the modules that its file carries and those that are given, and where each begins: containers by the
/// modules' names and ids in small letters. A module that is given counts before one that is carried.
pub(super) fn join(flow: Arc<Flow>, given: &[Arc<Flow>]) -> (Arc<Flow>, FxHashMap<String, usize>) {
    let mut starts = FxHashMap::default();
    if flow.modules.is_empty() && given.is_empty() {
        return (flow, starts);
    }
    let mut joined = (*flow).clone();
    carried(&flow, &mut joined, &mut starts);
    for module in given {
        carried(module, &mut joined, &mut starts);
        let within = |what: &str| format!("{what} (in the module {})", module.name);
        let parts = module.doubtful.iter().chain(&module.unread);
        joined.doubtful.extend(parts.map(|one| Remark { line: one.line, what: within(&one.what) }));
        joined.doubtful.extend(module.start_doubt.iter().map(|doubt| Remark { line: 1, what: within(doubt) }));
        if let Some(start) = append(&mut joined, module) {
            starts.insert(module.name.to_lowercase(), start);
        }
    }
    (Arc::new(joined), starts)
}

fn carried(flow: &Flow, joined: &mut Flow, starts: &mut FxHashMap<String, usize>) {
    for module in &flow.modules {
        carried(&module.flow, joined, starts);
        let Some(start) = append(joined, &module.flow) else { continue };
        for name in [&module.name, &module.id, &module.flow.name] {
            if !name.is_empty() {
                starts.insert(name.to_lowercase(), start);
            }
        }
    }
}

/// Puts a flow behind another; the container it begins in.
fn append(joined: &mut Flow, part: &Flow) -> Option<usize> {
    let (actions, containers) = (joined.actions.len(), joined.containers.len());
    let start = containers + part.start.map_or(0, |start| part.actions[start].container);
    if part.containers.is_empty() {
        return None;
    }
    let move_action = |at: &mut Option<usize>| *at = at.map(|at| at + actions);
    for container in &part.containers {
        let mut container = container.clone();
        move_action(&mut container.start);
        joined.containers.push(container);
    }
    for variable in &part.variables {
        let mut variable = variable.clone();
        variable.container = Some(variable.container.map_or(start, |at| at + containers));
        joined.variables.push(variable);
    }
    for action in &part.actions {
        let mut action = action.clone();
        action.container += containers;
        action.within = action.within.map(|(at, branch)| (at + actions, branch));
        move_action(&mut action.next);
        action.branches.iter_mut().for_each(|branch| move_action(&mut branch.to));
        match &mut action.kind {
            ActionKind::ExitLoop(at) | ActionKind::NextLoop(at) => *at += actions,
            ActionKind::Jump(jump) | ActionKind::CallTask(jump) => {
                jump.container = jump.container.map(|at| at + containers)
            }
            _ => {}
        }
        joined.actions.push(action);
    }
    Some(start)
}
