//! A run laid over the definition of the version that ran: which way each action took, and where a way to a setter was left.

use super::answer::{ActionName, PathStep};
use super::execution::{Executed, Run};
use crate::flow::model::{Action, ActionKind, Branch, Flow, Operand};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

#[cfg(test)]
thread_local! {
    /// Actions and entries that were looked at: work is counted, for time depends on the machine.
    pub(super) static VISITED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// One action or entry is looked at.
pub(super) fn visit() {
    #[cfg(test)]
    VISITED.with(|visited| visited.set(visited.get() + 1));
}

/// What an action does to the key in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    /// It sets exactly this key.
    Exactly,
    /// It sets a key that is known only in a run.
    Perhaps,
}

/// Whether the action sets `key`.
pub(super) fn setter(action: &Action, key: &str) -> Option<Setter> {
    let list = match &action.kind {
        ActionKind::SetData(list) => list,
        ActionKind::SetConversation(conversation) => &conversation.list,
        _ => return None,
    };
    if list.iter().any(|set| matches!(&set.key, Operand::Literal(literal) if literal == key)) {
        return Some(Setter::Exactly);
    }
    let computed = list.iter().any(|set| set.key.computed() || set.key.placeholder());
    computed.then_some(Setter::Perhaps)
}

/// Whether the action, which sets `key`, can have written this value: its own text, or one that is computed.
pub(super) fn can_write(action: &Action, key: &str, value: &str) -> bool {
    action.kind.sets().unwrap_or_default().iter().any(|set| match (&set.key, &set.value) {
        (Operand::Literal(own), text @ Operand::Literal(own_value)) if own == key => {
            own_value == value || text.placeholder()
        }
        (Operand::Literal(own), _) => own == key,
        _ => false,
    })
}

/// The keys that an action sets by name.
pub(super) fn named(action: &Action) -> impl Iterator<Item = &str> {
    let list = match &action.kind {
        ActionKind::SetData(list) => list.as_slice(),
        ActionKind::SetConversation(conversation) => &conversation.list,
        _ => &[],
    };
    list.iter().filter_map(|set| match &set.key {
        Operand::Literal(key) => Some(key.as_str()),
        _ => None,
    })
}

/// The flow's own actions of these setters, in the order of the file.
pub(super) fn setters(flow: &Flow, key: &str, wanted: Setter) -> Vec<usize> {
    let all = (0..flow.actions.len()).inspect(|_| visit());
    all.filter(|at| setter(&flow.actions[*at], key) == Some(wanted)).collect()
}

/// The name of an action.
pub(super) fn name(action: &Action) -> ActionName {
    ActionName {
        id: action.id.clone(),
        tracking_id: action.tracking.map(|number| number.to_string()),
        name: action.name.clone(),
        kind: action.type_name.to_string(),
    }
}

/// The actions of a flow by what a record calls them.
pub(super) struct Index<'f> {
    ids: FxHashMap<&'f str, usize>,
    numbers: FxHashMap<u32, usize>,
}

impl<'f> Index<'f> {
    pub(super) fn of(flow: &'f Flow) -> Self {
        let mut index = Self { ids: FxHashMap::default(), numbers: FxHashMap::default() };
        for (at, action) in flow.actions.iter().enumerate() {
            index.ids.entry(&action.id).or_insert(at);
            if let Some(number) = action.tracking {
                index.numbers.entry(number).or_insert(at);
            }
        }
        index
    }

    /// The action that an entry is of; `None` for one of another flow.
    pub(super) fn find(&self, executed: &Executed) -> Option<usize> {
        if executed.action_id.is_empty() {
            return self.numbers.get(&executed.tracking_id.as_deref()?.parse().ok()?).copied();
        }
        self.ids.get(executed.action_id.as_str()).copied()
    }
}

/// Why a record does not fit a definition, so that an action that is not in it may have been executed all the same: it holds
/// actions that the definition does not have, or what stands behind another output than the one that was taken.
pub(super) fn misfit(flow: &Flow, run: &Run) -> Option<&'static str> {
    let index = Index::of(flow);
    let mut last: FxHashMap<usize, &Executed> = FxHashMap::default();
    for executed in run.executed.iter().filter(|executed| executed.module.is_none()) {
        let Some(at) = index.find(executed) else {
            return Some("holds actions that the definition does not have");
        };
        if let Some((owner, branch)) = flow.actions[at].within
            && let Some(taken) = last.get(&owner).and_then(|taken| taken_index(taken, &flow.actions[owner]))
            && taken != branch
            && flow.actions[owner].branches[taken].to != flow.actions[owner].branches[branch].to
        {
            return Some("does not fit the definition");
        }
        last.insert(at, executed);
    }
    None
}

/// The index of the output that an executed action took, as the flow's definition knows it.
pub(super) fn taken_index(executed: &Executed, action: &Action) -> Option<usize> {
    let id = executed.output_id.as_str();
    let by_id = if id.is_empty() {
        None
    } else {
        let exactly = |branch: &Branch| branch.id == id || branch.alias.as_deref() == Some(id);
        action.branches.iter().position(exactly).or_else(|| {
            let plain = id.trim_matches('_').replace('_', "").to_lowercase();
            action.branches.iter().position(|branch| branch.id.to_lowercase() == plain)
        })
    };
    by_id.or_else(|| {
        let name = executed.output_name.as_str();
        action.branches.iter().position(|branch| !name.is_empty() && branch.is(name))
    })
}

/// The way to an action from the beginning of its container: the owners of its chain, outermost first.
pub(super) fn owners(flow: &Flow, at: usize) -> Vec<(usize, usize)> {
    let mut owners = Vec::new();
    let mut here = at;
    // A damaged file may own itself.
    while let Some(within) = flow.actions[here].within {
        visit();
        if owners.len() > flow.actions.len() {
            break;
        }
        owners.push(within);
        here = within.0;
    }
    owners.reverse();
    owners
}

/// Whether an output leads to `next` past nothing but what a record may leave out.
pub(super) fn arrives(flow: &Flow, output: &Branch, next: usize) -> bool {
    let mut here = output.to;
    for _ in 0..flow.containers.len() + 2 {
        match here {
            Some(at) if at == next => return true,
            Some(at) if passing(&flow.actions[at]) => {
                let action = &flow.actions[at];
                let jumps = match &action.kind {
                    ActionKind::Jump(jump) => jump.container.and_then(|container| flow.containers[container].start),
                    _ => None,
                };
                here = jumps.or(action.next);
            }
            _ => return false,
        }
    }
    false
}

/// Whether an action may be missing in a record, or stand there without being a step here.
pub(super) fn passing(action: &Action) -> bool {
    matches!(
        action.kind,
        ActionKind::Menu
            | ActionKind::Jump(_)
            | ActionKind::Loop(_)
            | ActionKind::NextLoop(_)
            | ActionKind::ExitLoop(_)
    )
}

/// Where a run left the way to a setter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WayOut<'r> {
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
    /// This action ran, and which of its outputs it took is not recorded.
    Untold {
        /// Index of the action.
        action: usize,
        /// Index of the output that leads on.
        needed: usize,
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
    /// What is not among the entries was not executed.
    complete: bool,
    /// By action: its outputs behind which something was executed, each with the first entry there.
    behind: FxHashMap<usize, Vec<(usize, &'r Executed)>>,
    executed: Vec<(usize, &'r Executed)>,
    by_action: FxHashMap<usize, Vec<&'r Executed>>,
    /// By container: its last entry.
    last_in: FxHashMap<usize, (usize, &'r Executed)>,
    /// By action, for each of its executions: the only output that leads to what was executed next.
    followed: FxHashMap<usize, Vec<Option<usize>>>,
}

impl<'r> Laid<'r> {
    pub(super) fn over(flow: &Flow, run: &'r Run) -> Self {
        let index = Index::of(flow);
        let own = run.executed.iter().filter(|executed| executed.module.is_none());
        let executed: Vec<_> = own.filter_map(|executed| Some((index.find(executed)?, executed))).collect();
        let mut by_action: FxHashMap<usize, Vec<&Executed>> = FxHashMap::default();
        let mut last_in = FxHashMap::default();
        let mut behind: FxHashMap<usize, Vec<(usize, &Executed)>> = FxHashMap::default();
        let mut followed: FxHashMap<usize, Vec<Option<usize>>> = FxHashMap::default();
        let all = &executed;
        for (place, (at, executed)) in all.iter().enumerate() {
            visit();
            let action = &flow.actions[*at];
            // Only a menu has no output of its own and never falls through: of other actions what ran next may stand behind several.
            if matches!(action.kind, ActionKind::Menu) {
                let next = all.get(place + 1).map(|(next, _)| *next);
                let leads = |branch: &usize| next.is_some_and(|next| arrives(flow, &action.branches[*branch], next));
                let mut leading = (0..action.branches.len()).filter(leads);
                let only = leading.next().filter(|_| leading.next().is_none());
                followed.entry(*at).or_default().push(only);
            }
            if let Some((owner, branch)) = flow.actions[*at].within {
                let known = behind.entry(owner).or_default();
                if known.iter().all(|(known, _)| *known != branch) {
                    known.push((branch, *executed));
                }
            }
            by_action.entry(*at).or_default().push(*executed);
            last_in.insert(flow.actions[*at].container, (*at, *executed));
        }
        let complete = run.gap().is_none() && misfit(flow, run).is_none();
        Self { complete, behind, executed, by_action, last_in, followed }
    }

    /// Whether an action was executed; `None` where that cannot be said.
    pub(super) fn was_executed(&self, at: usize, action: &Action) -> Option<bool> {
        let was = !self.of(at).is_empty() || self.behind.contains_key(&at);
        (was || self.complete && !passing(action)).then_some(was)
    }

    /// The only output of an action behind which something was executed, whatever is recorded of the action itself.
    pub(super) fn shown(&self, at: usize) -> Option<usize> {
        match self.behind.get(&at)?.as_slice() {
            [(only, _)] => Some(*only),
            _ => None,
        }
    }

    /// The output that an execution took: as recorded, else as shown. Of an action that was executed several times the latter says
    /// nothing of one of them.
    pub(super) fn output(&self, at: usize, executed: &Executed, action: &Action) -> Option<usize> {
        taken_index(executed, action)
            .or_else(|| self.shown(at).filter(|_| self.of(at).len() == 1))
            .or_else(|| self.followed(at, executed))
    }

    /// The output that an execution took, by what was executed next: a menu writes no output of its own.
    fn followed(&self, at: usize, executed: &Executed) -> Option<usize> {
        let place = self.of(at).iter().position(|one| std::ptr::eq(*one, executed))?;
        *self.followed.get(&at)?.get(place)?
    }

    /// The entries of the run in order, each with its action.
    pub(super) fn entries(&self) -> &[(usize, &'r Executed)] {
        &self.executed
    }

    /// When an action that was executed was left by one of its outputs: what ran next began then. The record has only when each began.
    pub(super) fn left_at(&self, executed: &Executed) -> Option<Timestamp> {
        if !executed.may_wait() {
            return executed.at;
        }
        let here = self.executed.iter().position(|(_, one)| std::ptr::eq(*one, executed));
        let next = here.and_then(|here| self.executed.get(here + 1)).and_then(|(_, next)| next.at);
        next.filter(|next| executed.at.is_none_or(|at| at <= *next)).or(executed.at)
    }

    /// What is not among the entries was not executed.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The executions of an action, first one first.
    pub(super) fn of(&self, at: usize) -> &[&'r Executed] {
        self.by_action.get(&at).map_or(&[], Vec::as_slice)
    }
}

/// Where a run left the way to a setter, and how many owners of its chain it passed.
type Leaving<'r> = (usize, WayOut<'r>);

/// The setter to which the run came nearest, the first of those alike, and where it left the way to it. Each action is looked
/// at a fixed number of times, however many setters there are.
pub(super) fn nearest<'r>(flow: &Flow, run: &Laid<'r>, setters: &[usize]) -> Option<(usize, Leaving<'r>)> {
    let depths = depths(flow);
    // By owner and output: what the nearest executed owner on the way there says.
    let mut known: FxHashMap<(usize, usize), Option<Leaving<'r>>> = FxHashMap::default();
    let mut best: Option<(usize, Leaving<'r>)> = None;
    for at in setters {
        let leaving = match run.of(*at).last() {
            Some(executed) => Some((usize::MAX, WayOut::Reached(executed))),
            None => {
                let (mut passed, mut here) = (Vec::new(), *at);
                let found = loop {
                    visit();
                    let Some(within) = flow.actions[here].within else { break None };
                    if let Some(found) = known.get(&within) {
                        break found.clone();
                    }
                    // A damaged file may own itself.
                    known.insert(within, None);
                    passed.push(within);
                    if let Some(found) = left_at(flow, run, within, depths[within.0]) {
                        break Some(found);
                    }
                    here = within.0;
                };
                passed.into_iter().for_each(|within| _ = known.insert(within, found.clone()));
                found
            }
        };
        let leaving = leaving.unwrap_or_else(|| (0, on_main_line(flow, run, *at)));
        if best.as_ref().is_none_or(|(_, (depth, _))| leaving.0 > *depth) {
            best = Some((*at, leaving));
        }
    }
    let (at, (depth, left)) = best?;
    // Only of the nearest is it asked how far the run went behind the output.
    let left = match left {
        WayOut::Stopped { action: Some(owner), executed: Some(from) } if depth > 0 => stop(flow, run, owner, at, from),
        other => other,
    };
    Some((at, (depth, left)))
}

/// How many owners each action has.
fn depths(flow: &Flow) -> Vec<usize> {
    let mut depths: Vec<Option<usize>> = vec![None; flow.actions.len()];
    for at in 0..flow.actions.len() {
        let (mut chain, mut here) = (Vec::new(), at);
        let base = loop {
            visit();
            if let Some(known) = depths[here] {
                break known + 1;
            }
            chain.push(here);
            // Until it is known, so that a chain that comes back to itself ends.
            depths[here] = Some(0);
            match flow.actions[here].within {
                Some((owner, _)) => here = owner,
                None => break 0,
            }
        };
        for (above, here) in chain.into_iter().rev().enumerate() {
            depths[here] = Some(base + above);
        }
    }
    depths.into_iter().map(Option::unwrap_or_default).collect()
}

/// What an owner says of a way behind its output, if it was executed and the record says which output it took.
fn left_at<'r>(flow: &Flow, run: &Laid<'r>, (owner, needed): (usize, usize), depth: usize) -> Option<Leaving<'r>> {
    let action = &flow.actions[owner];
    let executed = run.of(owner);
    if matches!(action.kind, ActionKind::Menu) {
        let here = || Some((depth + 1, WayOut::Stopped { action: Some(owner), executed: Some(*executed.last()?) }));
        return chosen(run, (owner, needed), action, depth).or_else(here);
    }
    let last = *executed.last()?;
    let went = |executed: &Executed| run.output(owner, executed, action) == Some(needed);
    if let Some(on_the_way) = executed.iter().copied().rfind(|executed| went(executed)) {
        // It went the right way here and did not come to the next owner or to the setter itself.
        return Some((depth + 1, WayOut::Stopped { action: Some(owner), executed: Some(on_the_way) }));
    }
    let label = match run.output(owner, last, action) {
        Some(branch) => action.branches[branch].label.clone(),
        None if !last.output_name.is_empty() => last.output_name.clone(),
        None if !last.output_id.is_empty() => last.output_id.clone(),
        None => return Some((depth, WayOut::Untold { action: owner, needed })),
    };
    Some((depth, WayOut::Turned { action: owner, needed, executed: last, taken: label }))
}

/// A menu has no entry of its own that names an output: what was chosen is known by what ran behind it.
fn chosen<'r>(run: &Laid<'r>, (menu, needed): (usize, usize), action: &Action, depth: usize) -> Option<Leaving<'r>> {
    let behind = run.behind.get(&menu)?;
    if let Some((_, executed)) = behind.iter().find(|(branch, _)| *branch == needed) {
        return Some((depth + 1, WayOut::Stopped { action: Some(menu), executed: Some(*executed) }));
    }
    let (branch, executed) = *behind.last()?;
    let taken = action.branches[branch].label.clone();
    Some((depth, WayOut::Turned { action: menu, needed, executed, taken }))
}

/// What the values on a call show of a run that is not recorded: actions of which one alone writes a value that is there.
pub(super) fn ran_by_value<'k>(
    flow: &Flow,
    attributes: impl Iterator<Item = (&'k str, &'k str)>,
) -> Vec<(usize, &'k str)> {
    let mut found = Vec::new();
    for (key, value) in attributes {
        let (mut writers, mut computed) = (Vec::new(), false);
        for (at, action) in flow.actions.iter().enumerate() {
            visit();
            computed |= setter(action, key) == Some(Setter::Perhaps);
            for set in action.kind.sets().unwrap_or_default() {
                match (&set.key, &set.value) {
                    (Operand::Literal(own), Operand::Literal(text)) if own == key => {
                        if text == value && !set.value.placeholder() {
                            writers.push(at);
                        }
                        computed |= set.value.placeholder();
                    }
                    (Operand::Literal(own), _) if own == key => computed = true,
                    _ => {}
                }
            }
        }
        if let ([only], false) = (writers.as_slice(), computed) {
            found.push((*only, key));
        }
    }
    found
}

/// An output that a run took although what sets the key is behind another.
pub(super) struct TurnedBy<'k> {
    /// The setter.
    pub(super) setter: usize,
    /// The action with both outputs, the one that leads to the setter and the one that was taken.
    pub(super) owner: (usize, usize, usize),
    /// The action that ran behind the latter, and the key whose value shows that.
    pub(super) witness: (usize, &'k str),
}

/// The first setter's turn, where each of the setters is behind another output than one that was taken.
pub(super) fn turned_by<'k>(flow: &Flow, ran: &[(usize, &'k str)], setters: &[usize]) -> Option<TurnedBy<'k>> {
    let mut first = None;
    for setter in setters {
        let turned = owners(flow, *setter).into_iter().rev().find_map(|(owner, needed)| {
            ran.iter().find_map(|witness| {
                let on_its_way = owners(flow, witness.0).into_iter().find(|(own, _)| *own == owner)?;
                let turned = TurnedBy { setter: *setter, owner: (owner, needed, on_its_way.1), witness: *witness };
                (on_its_way.1 != needed).then_some(turned)
            })
        })?;
        first.get_or_insert(turned);
    }
    first
}

/// Nothing on the way decides: the setter is on its container's main line, and the run ended before it, or never came to the
/// container.
fn on_main_line<'r>(flow: &Flow, run: &Laid<'r>, at: usize) -> WayOut<'r> {
    let last = run.last_in.get(&flow.actions[at].container);
    WayOut::Stopped { action: last.map(|(at, _)| *at), executed: last.map(|(_, executed)| *executed) }
}

/// The last executed action behind the output of `owner` that leads to the setter `at`.
fn stop<'r>(flow: &Flow, run: &Laid<'r>, owner: usize, at: usize, from: &'r Executed) -> WayOut<'r> {
    let branch = owners(flow, at).into_iter().find(|(here, _)| *here == owner).map(|(_, branch)| branch);
    let mut within: Vec<Option<bool>> = vec![None; flow.actions.len()];
    let mut is_within = |at: usize| {
        let (mut chain, mut here) = (Vec::new(), at);
        let found = loop {
            visit();
            if let Some(known) = within[here] {
                break known;
            }
            within[here] = Some(false);
            chain.push(here);
            match flow.actions[here].within {
                Some((above, by)) if above == owner => break Some(by) == branch,
                Some((above, _)) => here = above,
                None => break false,
            }
        };
        chain.into_iter().for_each(|here| within[here] = Some(found));
        found
    };
    match run.executed.iter().rfind(|(at, _)| is_within(*at)) {
        Some((at, executed)) => WayOut::Stopped { action: Some(*at), executed: Some(*executed) },
        None => WayOut::Stopped { action: Some(owner), executed: Some(from) },
    }
}

/// The way to a setter as steps: each owner with the output that leads on and the one that was taken, then the setter.
pub(super) fn steps(flow: &Flow, run: Option<&Laid<'_>>, at: usize) -> Vec<PathStep> {
    let mut list: Vec<(usize, Option<usize>)> =
        owners(flow, at).into_iter().map(|(at, needed)| (at, Some(needed))).collect();
    list.push((at, None));
    list.into_iter().map(|(here, needed)| step(flow, run, here, needed, at)).collect()
}

/// One step of the path to the setter `to`: an action, and the output that leads on.
pub(super) fn step(flow: &Flow, run: Option<&Laid<'_>>, at: usize, needed: Option<usize>, to: usize) -> PathStep {
    visit();
    let action = &flow.actions[at];
    let executed = run.and_then(|run| run.of(at).last().copied());
    let label = |branch: usize| action.branches[branch].label.clone();
    let taken = executed.and_then(|executed| match run.and_then(|run| run.output(at, executed, action)) {
        Some(branch) => Some(label(branch)),
        None => Some(executed.output_name.clone()).filter(|name| !name.is_empty()),
    });
    PathStep {
        action: name(action),
        needed: needed.map(label),
        taken,
        executed: run.and_then(|run| run.was_executed(at, action)),
        sets_key: at == to,
        time: executed.and_then(|executed| executed.at).map(super::answer::rfc3339),
    }
}
