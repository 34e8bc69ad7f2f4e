//! Where a run turned away from what sets a key, across menus and tasks: the last executed action from which a setter could
//! still be reached, and the output that led where none can.

use super::answer::PathStep;
use super::execution::Executed;
use super::steps::{self, Laid, TurnedBy, visit};
use crate::flow::graph::may_continue;
use crate::flow::model::{Action, ActionKind, ContainerKind, Flow};
use std::collections::VecDeque;

/// The turn of a run.
#[derive(Clone, Debug)]
pub(super) struct TurnedAway<'r> {
    /// Place in the record of the last entry from which a setter could be reached.
    pub(super) at: usize,
    /// Index of the action whose output led elsewhere.
    pub(super) action: usize,
    /// Index of that output; `None` where the record does not write it, and several lead to what was executed next.
    pub(super) taken: Option<usize>,
    /// The record writes the output. Else what was executed next shows it.
    pub(super) written: bool,
    /// The action's own entry; a menu may have none.
    pub(super) executed: Option<&'r Executed>,
    /// What was executed next, with its index in the definition; `None` where the run ended with this action.
    pub(super) next: Option<(usize, &'r Executed)>,
    /// The setter that could still be reached by another output.
    pub(super) setter: usize,
}

/// Where an output leads; the task of an in-queue flow starts again at its end.
fn target(flow: &Flow, action: &Action, output: usize) -> Option<usize> {
    let container = &flow.containers[action.container];
    let again = container.start.filter(|_| container.kind == ContainerKind::LoopTask);
    action.branches[output].to.or(again)
}

/// What may run after an action without coming back from a task: a called task's end is looked at where it was called.
fn leads(flow: &Flow, at: usize) -> impl Iterator<Item = usize> {
    let action = &flow.actions[at];
    let container = &flow.containers[action.container];
    let goes_on = !matches!(action.kind, ActionKind::End | ActionKind::EndTask(_)) && action.astray.is_none();
    let called = match &action.kind {
        ActionKind::Jump(jump) | ActionKind::CallTask(jump) => {
            jump.container.and_then(|container| flow.containers[container].start)
        }
        _ => None,
    };
    // What a call comes back to is not known here: it may be what stands behind it.
    let may_continue = matches!(action.kind, ActionKind::CallTask(_)) || may_continue(action);
    let outputs = (0..action.branches.len()).filter(|output| action.branches[*output].astray.is_none());
    let outputs = outputs.filter_map(|output| target(flow, action, output));
    let again = container.start.filter(|_| container.kind == ContainerKind::LoopTask);
    let next = action.next.or(again).filter(|_| may_continue);
    // Which menu it leads back to is known in a run.
    let back = action.spec.is_some_and(|spec| matches!(spec.archy, "previousMenu" | "repeatMenu"));
    let menus = flow.containers.iter().filter(move |one| back && one.kind == ContainerKind::Menu);
    let menus = menus.filter_map(|menu| menu.start);
    called.into_iter().chain(outputs).chain(next).chain(menus).filter(move |_| goes_on)
}

/// Those of these actions to which some path leads from the start of the flow; all of them where it has none.
pub(super) fn on_a_path(flow: &Flow, mut setters: Vec<usize>) -> Vec<usize> {
    let Some(start) = flow.start.filter(|_| !setters.is_empty()) else { return setters };
    let mut seen = vec![false; flow.actions.len()];
    let mut work = vec![start];
    while let Some(at) = work.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            visit();
            work.extend(leads(flow, at));
        }
    }
    setters.retain(|at| seen[*at]);
    setters
}

/// For each action whether one of these can be reached from it, itself included.
fn reaches(flow: &Flow, setters: &[usize]) -> Vec<bool> {
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); flow.actions.len()];
    for at in 0..flow.actions.len() {
        visit();
        leads(flow, at).for_each(|to| back[to].push(at));
    }
    let mut can = vec![false; flow.actions.len()];
    let mut work = setters.to_vec();
    while let Some(at) = work.pop() {
        if !std::mem::replace(&mut can[at], true) {
            work.extend(&back[at]);
        }
    }
    can
}

/// Where the run turned away from the setters. `None` where it did not: it ended on the path to one of them, or what decided
/// shows neither by its output nor by what followed.
pub(super) fn parting<'r>(flow: &Flow, run: &Laid<'r>, setters: &[usize]) -> Option<TurnedAway<'r>> {
    let can = reaches(flow, setters);
    let entries = run.entries();
    let last = entries.iter().rposition(|(at, _)| can[*at])?;
    let (mut here, own) = entries[last];
    let next = entries.get(last + 1).copied();
    let mut executed = Some(own);
    // Through what a record may leave out: jumps, and menus whose choice shows in what follows.
    for _ in 0..=flow.actions.len() {
        visit();
        let action = &flow.actions[here];
        let recorded = executed.take();
        if action.branches.len() > 1 || matches!(action.kind, ActionKind::Menu) {
            let written = recorded.and_then(|one| steps::taken_index(one, action));
            let shown: Vec<usize> = match written.or_else(|| recorded.and_then(|one| run.output(here, one, action))) {
                Some(taken) => vec![taken],
                None => (0..action.branches.len())
                    .filter(|branch| next.is_some_and(|next| steps::arrives(flow, &action.branches[*branch], next.0)))
                    .collect(),
            };
            let first = *shown.first()?;
            let onward = |branch: usize| target(flow, action, branch);
            if shown.iter().any(|branch| onward(*branch).is_some_and(|to| can[to])) {
                // All of them lead on to the setter: it turned behind this one.
                here = onward(first).filter(|_| shown.len() == 1)?;
            } else {
                let other = (0..action.branches.len()).find(|branch| onward(*branch).is_some_and(|to| can[to]))?;
                let setter = path(flow, onward(other)?, |at| setters.contains(&at))?.last().copied()?.0;
                let taken = (shown.len() == 1).then_some(first);
                let written = written.is_some();
                return Some(TurnedAway { at: last, action: here, taken, written, executed: recorded, next, setter });
            }
        } else {
            if recorded.is_none() && !steps::passing(action) {
                return None;
            }
            here = action.next.filter(|to| can[*to])?;
        }
        // What follows would be recorded, and was not executed.
        if !steps::passing(&flow.actions[here]) {
            return None;
        }
    }
    None
}

/// Whether one of these can still be reached from an action; itself is one of them.
pub(super) fn can_reach(flow: &Flow, from: usize, setters: &[usize]) -> bool {
    reaches(flow, setters)[from]
}

/// What an output of an action means for the actions that set a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Each path behind it goes through one of them.
    Surely,
    /// One path does, another does not: that is decided further on.
    Perhaps,
    /// None does.
    Nowhere,
}

/// For each output of an action where it leads, seen from these setters.
pub(super) fn outputs_to(flow: &Flow, at: usize, setters: &[usize]) -> Vec<Leads> {
    let (can, passes) = (reaches(flow, setters), passes_by(flow, setters));
    let action = &flow.actions[at];
    let onward = |output: usize| target(flow, action, output).or(action.next);
    let leads = |output: usize| match onward(output) {
        Some(to) if can[to] && passes[to] => Leads::Perhaps,
        Some(to) if can[to] => Leads::Surely,
        _ => Leads::Nowhere,
    };
    (0..action.branches.len()).map(leads).collect()
}

/// For each action whether a path from it, itself included, comes to an end without one of these.
fn passes_by(flow: &Flow, setters: &[usize]) -> Vec<bool> {
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); flow.actions.len()];
    let mut work = Vec::new();
    for at in (0..flow.actions.len()).filter(|at| !setters.contains(at)) {
        visit();
        let action = &flow.actions[at];
        let mut ends = true;
        for to in leads(flow, at) {
            back[to].push(at);
            ends = false;
        }
        // An output that leads nowhere ends the container, and what follows is not known here.
        let open = |output: usize| target(flow, action, output).or(action.next).is_none();
        if ends || (0..action.branches.len()).any(open) {
            work.push(at);
        }
    }
    let mut passes = vec![false; flow.actions.len()];
    while let Some(at) = work.pop() {
        if !std::mem::replace(&mut passes[at], true) {
            work.extend(&back[at]);
        }
    }
    passes
}

/// The turn that a run took which went through an action that is known to have run, where no run that does goes through a setter
/// before or behind it.
pub(super) fn excluded<'k>(flow: &Flow, ran: &[(usize, &'k str)], setters: &[usize]) -> Option<TurnedBy<'k>> {
    if ran.is_empty() || setters.is_empty() {
        return None;
    }
    let to_setters = reaches(flow, setters);
    ran.iter().filter(|(witness, _)| !to_setters[*witness]).take(WITNESSES).find_map(|witness| {
        let to_witness = reaches(flow, &[witness.0]);
        // What a called task does comes before what stands behind the call.
        let within_call = |(at, action): (usize, &Action)| match &action.kind {
            ActionKind::CallTask(jump) => {
                let start = jump.container.and_then(|container| flow.containers[container].start);
                to_witness[at] && start.is_some_and(|start| to_setters[start])
            }
            _ => false,
        };
        if setters.iter().any(|setter| to_witness[*setter]) || flow.actions.iter().enumerate().any(within_call) {
            return None;
        }
        let mut turn = None;
        for (at, action) in flow.actions.iter().enumerate().filter(|(at, _)| to_setters[*at] && to_witness[*at]) {
            visit();
            let leads = |can: &[bool]| {
                let outputs = 0..action.branches.len();
                outputs.filter(|output| target(flow, action, *output).is_some_and(|to| can[to])).collect::<Vec<_>>()
            };
            let (there, away) = (leads(&to_witness), leads(&to_setters));
            let turns: Vec<usize> = there.into_iter().filter(|output| !away.contains(output)).collect();
            match (turns.as_slice(), away.first()) {
                ([], _) => {}
                ([taken], Some(needed)) if turn.is_none() => turn = Some((at, *needed, *taken)),
                // Which of several it was, the values do not show.
                _ => return None,
            }
        }
        let (at, needed, taken) = turn?;
        let from = target(flow, &flow.actions[at], needed)?;
        let setter = path(flow, from, |at| setters.contains(&at))?.last()?.0;
        Some(TurnedBy { setter, owner: (at, needed, taken), witness: *witness })
    })
}

/// Values that are looked at for what ran.
const WITNESSES: usize = 8;

/// The shortest path from an action to one that fits, both included: each with the output that leads on, where it is by one.
fn path(flow: &Flow, from: usize, fits: impl Fn(usize) -> bool) -> Option<Vec<(usize, Option<usize>)>> {
    let mut came: Vec<Option<usize>> = vec![None; flow.actions.len()];
    let mut queue = VecDeque::from([from]);
    came[from] = Some(from);
    let found = loop {
        let at = queue.pop_front()?;
        visit();
        if fits(at) {
            break at;
        }
        for to in leads(flow, at) {
            if came[to].is_none() {
                came[to] = Some(at);
                queue.push_back(to);
            }
        }
    };
    let mut list = vec![(found, None)];
    let mut here = found;
    while here != from {
        let before = came[here]?;
        let by = flow.actions[before].branches.iter().position(|branch| branch.to == Some(here));
        list.push((before, by));
        here = before;
    }
    list.reverse();
    Some(list)
}

/// The path to a setter through menus and tasks, as steps: the actions of which one output leads there and another does not, the
/// calls of tasks, then the setter behind its owners. It goes by `via`, an action and the output that it took instead, where
/// that is given.
pub(super) fn steps_through(
    flow: &Flow,
    run: Option<&Laid<'_>>,
    setter: usize,
    via: Option<(usize, Option<usize>)>,
) -> Vec<PathStep> {
    let can = reaches(flow, &[setter]);
    let leads_on = |at: usize, branch: usize| target(flow, &flow.actions[at], branch).is_some_and(|to| can[to]);
    let to = |from: Option<usize>, to: usize| from.and_then(|from| path(flow, from, |at| at == to)).unwrap_or_default();
    let mut list = Vec::new();
    match via {
        Some((turn, taken)) => {
            let action = &flow.actions[turn];
            let other = (0..action.branches.len()).find(|branch| Some(*branch) != taken && leads_on(turn, *branch));
            list.extend(to(flow.start, turn).into_iter().filter(|(at, _)| *at != turn));
            list.push((turn, other));
            list.extend(to(other.and_then(|other| target(flow, action, other)), setter));
        }
        None => list.extend(to(flow.start, setter)),
    }
    let owners = steps::owners(flow, setter);
    let turn = via.map(|(turn, _)| turn);
    let mut seen = vec![false; flow.actions.len()];
    list.retain_mut(|(at, by)| {
        if *at == setter || std::mem::replace(&mut seen[*at], true) {
            return false;
        }
        if let Some((_, branch)) = owners.iter().find(|(owner, _)| owner == at && turn != Some(*at)) {
            *by = Some(*branch);
            return true;
        }
        match by {
            _ if turn == Some(*at) => true,
            Some(needed) => {
                // Of several that lead on, the one that was taken.
                let executed = run.and_then(|run| Some((run, *run.of(*at).last()?)));
                let taken = executed.and_then(|(run, one)| run.output(*at, one, &flow.actions[*at]));
                if let Some(taken) = taken.filter(|taken| leads_on(*at, *taken)) {
                    *needed = taken;
                }
                (0..flow.actions[*at].branches.len()).any(|branch| !leads_on(*at, branch))
            }
            None => matches!(flow.actions[*at].kind, ActionKind::CallTask(_)),
        }
    });
    list.extend(owners.into_iter().filter(|(owner, _)| !seen[*owner]).map(|(owner, branch)| (owner, Some(branch))));
    list.push((setter, None));
    list.into_iter().map(|(at, needed)| steps::step(flow, run, at, needed, setter)).collect()
}
