//! A run laid over the definition of the version that ran: which way each action took, and where a way to a setter was left.

use super::answer::{ActionName, Step};
use super::execution::{Executed, Run};
use crate::flow::model::{Action, Branch, Flow, Kind, Operand};
use rustc_hash::FxHashMap;

/// What an action does to the key in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    /// It sets exactly this key.
    Exactly,
    /// It sets a key that only a run can tell.
    Perhaps,
}

/// Whether the action sets `key`.
pub(super) fn setter(action: &Action, key: &str) -> Option<Setter> {
    let list = match &action.kind {
        Kind::SetData(list) => list,
        Kind::SetConversation(conversation) => &conversation.list,
        _ => return None,
    };
    if list.iter().any(|set| matches!(&set.key, Operand::Literal(literal) if literal == key)) {
        return Some(Setter::Exactly);
    }
    let computed = list.iter().any(|set| set.key.computed() || set.key.placeholder());
    computed.then_some(Setter::Perhaps)
}

/// The flow's own actions of these setters, in the order of the file.
pub(super) fn setters(flow: &Flow, key: &str, wanted: Setter) -> Vec<usize> {
    (0..flow.actions.len()).filter(|at| setter(&flow.actions[*at], key) == Some(wanted)).collect()
}

/// The name of an action.
pub(super) fn name(action: &Action) -> ActionName {
    ActionName {
        id: action.id.clone(),
        tracking_id: action.tracking.clone(),
        name: action.name.clone(),
        kind: action.type_name.clone(),
    }
}

/// The executed entries of the flow's own action, first one first.
fn executions<'r>(run: &'r Run, action: &'r Action) -> impl Iterator<Item = &'r Executed> {
    run.executed.iter().filter(move |executed| executed.module.is_none() && is(executed, action))
}

fn is(executed: &Executed, action: &Action) -> bool {
    if executed.action_id.is_empty() {
        return executed.tracking_id.is_some() && executed.tracking_id == action.tracking;
    }
    executed.action_id == action.id
}

/// The actions of a flow by what a record calls them.
pub(super) struct Index<'f> {
    ids: FxHashMap<&'f str, usize>,
    numbers: FxHashMap<&'f str, usize>,
}

impl<'f> Index<'f> {
    pub(super) fn of(flow: &'f Flow) -> Self {
        let mut index = Self { ids: FxHashMap::default(), numbers: FxHashMap::default() };
        for (at, action) in flow.actions.iter().enumerate() {
            index.ids.entry(&action.id).or_insert(at);
            if let Some(number) = &action.tracking {
                index.numbers.entry(number).or_insert(at);
            }
        }
        index
    }

    /// The action that an entry is of; `None` for one of another flow.
    pub(super) fn find(&self, executed: &Executed) -> Option<usize> {
        if executed.action_id.is_empty() {
            return self.numbers.get(executed.tracking_id.as_deref()?).copied();
        }
        self.ids.get(executed.action_id.as_str()).copied()
    }
}

/// The output that an executed action took, as the flow's definition knows it.
pub(super) fn taken<'f>(executed: &Executed, action: &'f Action) -> Option<&'f Branch> {
    taken_index(executed, action).map(|at| &action.branches[at])
}

/// Its index.
pub(super) fn taken_index(executed: &Executed, action: &Action) -> Option<usize> {
    let id = executed.output_id.as_str();
    let plain = id.trim_matches('_').replace('_', "").to_lowercase();
    let by_id = action.branches.iter().position(|branch| {
        !id.is_empty() && (branch.id == id || branch.id.to_lowercase() == plain || branch.alias.as_deref() == Some(id))
    });
    by_id.or_else(|| {
        let name = executed.output_name.as_str();
        action.branches.iter().position(|branch| !name.is_empty() && branch.is(name))
    })
}

/// The way to an action from the beginning of its container: the owners of its chain, outermost first.
fn owners(flow: &Flow, at: usize) -> Vec<(usize, usize)> {
    let mut owners = Vec::new();
    let mut here = at;
    // A damaged file may own itself.
    while let Some(within) = flow.actions[here].within {
        if owners.len() > flow.actions.len() {
            break;
        }
        owners.push(within);
        here = within.0;
    }
    owners.reverse();
    owners
}

/// Where a run left the way to a setter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Left<'r> {
    /// It reached it.
    Reached(&'r Executed),
    /// This action took another output than the one that leads to the setter.
    Turned {
        /// Index of the action.
        action: usize,
        /// Index of the output that leads on.
        needed: usize,
        /// What was executed.
        executed: &'r Executed,
        /// Label of the output that was taken.
        taken: String,
    },
    /// This action was the last on the way that was executed, and the setter is behind it.
    Stopped {
        /// Index of the action; `None` when nothing on the way was executed.
        action: Option<usize>,
        /// What was executed.
        executed: Option<&'r Executed>,
    },
}

/// A run's own entries, each with its action of the definition.
pub(super) struct Laid<'r> {
    executed: Vec<(usize, &'r Executed)>,
    by_action: FxHashMap<usize, Vec<&'r Executed>>,
}

impl<'r> Laid<'r> {
    pub(super) fn over(flow: &Flow, run: &'r Run) -> Self {
        let index = Index::of(flow);
        let own = run.executed.iter().filter(|executed| executed.module.is_none());
        let executed: Vec<_> = own.filter_map(|executed| Some((index.find(executed)?, executed))).collect();
        let mut by_action: FxHashMap<usize, Vec<&Executed>> = FxHashMap::default();
        for (at, executed) in &executed {
            by_action.entry(*at).or_default().push(executed);
        }
        Self { executed, by_action }
    }

    /// The executions of an action, first one first.
    pub(super) fn of(&self, at: usize) -> &[&'r Executed] {
        self.by_action.get(&at).map_or(&[], Vec::as_slice)
    }
}

/// How far along the way the run came, to compare ways: the number of owners passed.
pub(super) fn left<'r>(flow: &Flow, run: &Laid<'r>, at: usize) -> (usize, Left<'r>) {
    if let Some(executed) = run.of(at).last() {
        return (usize::MAX, Left::Reached(executed));
    }
    let owners = owners(flow, at);
    for (depth, (owner, needed)) in owners.iter().enumerate().rev() {
        let action = &flow.actions[*owner];
        let executed = run.of(*owner);
        let Some(last) = executed.last() else { continue };
        let went = |executed: &Executed| {
            taken(executed, action).is_some_and(|branch| branch.id == action.branches[*needed].id)
        };
        if let Some(on_the_way) = executed.iter().rfind(|executed| went(executed)) {
            // It went the right way here and did not come to the next owner or to the setter itself.
            let stop = stop(flow, run, *owner, *needed, on_the_way);
            return (depth + 1, stop);
        }
        let label = match taken(last, action) {
            Some(branch) => branch.label.clone(),
            None if !last.output_name.is_empty() => last.output_name.clone(),
            None if !last.output_id.is_empty() => last.output_id.clone(),
            None => continue,
        };
        return (depth, Left::Turned { action: *owner, needed: *needed, executed: last, taken: label });
    }
    // Nothing on the way decides: the setter is on its container's main line, and the run ended before it, or never came to
    // the container.
    let container = flow.actions[at].container;
    let last = run.executed.iter().rfind(|(at, _)| flow.actions[*at].container == container);
    (0, Left::Stopped { action: last.map(|(at, _)| *at), executed: last.map(|(_, executed)| *executed) })
}

/// The last executed action behind an output that was taken.
fn stop<'r>(flow: &Flow, run: &Laid<'r>, owner: usize, branch: usize, from: &'r Executed) -> Left<'r> {
    let within = |mut at: usize| {
        for _ in 0..=flow.actions.len() {
            match flow.actions[at].within {
                Some(found) if found == (owner, branch) => return true,
                Some((outer, _)) => at = outer,
                None => return false,
            }
        }
        false
    };
    match run.executed.iter().rfind(|(at, _)| within(*at)) {
        Some((at, executed)) => Left::Stopped { action: Some(*at), executed: Some(*executed) },
        None => Left::Stopped { action: Some(owner), executed: Some(from) },
    }
}

/// The way to a setter as steps: each owner with the output that leads on and the one that was taken, then the setter.
pub(super) fn steps(flow: &Flow, run: Option<&Run>, at: usize) -> Vec<Step> {
    let mut list: Vec<(usize, Option<usize>)> =
        owners(flow, at).into_iter().map(|(at, needed)| (at, Some(needed))).collect();
    list.push((at, None));
    list.into_iter()
        .map(|(here, needed)| {
            let action = &flow.actions[here];
            let executed = run.map(|run| executions(run, action).last());
            let label = |executed: &Executed| match taken(executed, action) {
                Some(branch) => Some(branch.label.clone()),
                None => Some(executed.output_name.clone()).filter(|name| !name.is_empty()),
            };
            Step {
                action: name(action),
                needed: needed.map(|needed| action.branches[needed].label.clone()),
                taken: executed.flatten().and_then(label),
                executed: executed.map(|executed| executed.is_some()),
                sets_key: here == at,
                time: executed.flatten().and_then(|executed| executed.at).map(super::answer::rfc3339),
            }
        })
        .collect()
}
