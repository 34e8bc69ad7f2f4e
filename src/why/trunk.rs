//! A flow's path as one trunk: what a call went through in order, at each action with several outputs the one it took and those
//! it did not, and the actions that set keys on them. Without a record of the run: the ways to the actions that set one key.

use super::execution::Run;
use super::parting::{self, Leads};
use super::steps::{self, Laid, Setter};
use crate::flow::model::{ActionKind, Flow, display_name};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

/// What a line of the trunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrunkPart {
    /// An action.
    Action,
    /// An output of the action above.
    Output,
    /// A task, menu or state that the lines below are in.
    Container,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrunkLine {
    /// How many outputs it is behind.
    pub(crate) depth: usize,
    /// What it is.
    pub(crate) part: TrunkPart,
    /// Its name.
    pub(crate) name: String,
    /// The call went there; `None` where the run is not recorded.
    pub(crate) taken: Option<bool>,
    /// When the action ran.
    pub(crate) at: Option<Timestamp>,
    /// The keys that it sets by name.
    pub(crate) sets: Vec<String>,
    /// It sets the key in question.
    pub(crate) sets_key: bool,
    /// It is the only action that does.
    pub(crate) only: bool,
}

/// Lines at most: a flow that goes round and round has no end.
const MOST: usize = 400;

struct Builder<'f> {
    flow: &'f Flow,
    key: &'f str,
    /// The run; `None` where no record lists its actions.
    laid: Option<Laid<'f>>,
    /// The actions behind each output, in the order of the file.
    behind: FxHashMap<(usize, usize), Vec<usize>>,
    /// The actions that set the key, or from which on it is set.
    wanted: Vec<bool>,
    setters: usize,
    lines: Vec<TrunkLine>,
}

/// The trunk of a run of this flow, as far as it has to do with `key`.
pub(crate) fn trunk(flow: &Flow, run: Option<&Run>, key: &str) -> Vec<TrunkLine> {
    let setters = steps::setters(flow, key, Setter::Exactly);
    let mut wanted = vec![false; flow.actions.len()];
    let mut behind: FxHashMap<(usize, usize), Vec<usize>> = FxHashMap::default();
    for (at, action) in flow.actions.iter().enumerate() {
        if let Some(within) = action.within {
            behind.entry(within).or_default().push(at);
        }
    }
    for setter in &setters {
        let mut here = *setter;
        // A damaged file may own itself.
        while !std::mem::replace(&mut wanted[here], true) {
            let Some((owner, _)) = flow.actions[here].within else { break };
            here = owner;
        }
    }
    let laid = run.filter(|run| run.lists_actions).map(|run| Laid::over(flow, run));
    let mut builder = Builder { flow, key, laid, behind, wanted, setters: setters.len(), lines: Vec::new() };
    for container in order(flow, builder.laid.as_ref()) {
        builder.container(container);
    }
    builder.lines.truncate(MOST);
    builder.lines
}

/// The containers in the order in which the call came to them; after those, and without a record, in the order of the file.
fn order(flow: &Flow, laid: Option<&Laid<'_>>) -> Vec<usize> {
    let mut containers: Vec<usize> = (0..flow.containers.len()).collect();
    let first = |container: usize| {
        let entries = laid.into_iter().flat_map(Laid::entries);
        entries.filter(|(at, _)| flow.actions[*at].container == container).filter_map(|(_, one)| one.at).min()
    };
    let start = flow.start.map(|at| flow.actions[at].container);
    containers.sort_by_cached_key(|c| (first(*c).is_none(), first(*c), Some(*c) != start, *c));
    containers
}

impl Builder<'_> {
    fn container(&mut self, container: usize) {
        let flow = self.flow;
        let main: Vec<usize> = chain(flow, container);
        let before = self.lines.len();
        for at in main {
            self.action(at, 0);
        }
        if self.lines.len() > before && self.flow.containers.len() > 1 {
            // That nothing was executed is said only by a record that leaves nothing out.
            let taken = self.laid.as_ref().and_then(|laid| {
                let was = laid.entries().iter().any(|(at, _)| flow.actions[*at].container == container);
                (was || laid.is_complete()).then_some(was)
            });
            let name = flow.containers[container].name.clone();
            if !name.is_empty() {
                self.lines.insert(before, line(0, TrunkPart::Container, name, taken));
            }
        }
    }

    /// Whether a line is worth it: it was executed, or it is on the way to the key.
    fn shown(&self, at: usize) -> bool {
        self.wanted[at] || self.laid.as_ref().is_some_and(|laid| !laid.of(at).is_empty())
    }

    fn action(&mut self, at: usize, depth: usize) {
        if !self.shown(at) || self.lines.len() > MOST {
            return;
        }
        let flow = self.flow;
        let action = &flow.actions[at];
        let laid = self.laid.as_ref();
        let executed = laid.and_then(|laid| laid.of(at).last().copied());
        let was_executed = laid.and_then(|laid| laid.was_executed(at, action));
        // A menu has no entry of its own that names an output.
        let taken = match executed {
            Some(executed) => laid.and_then(|laid| laid.output(at, executed, action)),
            None => laid.and_then(|laid| laid.shown(at)),
        };
        let sets: Vec<String> = steps::named(action).map(ToOwned::to_owned).collect();
        let sets_key = sets.iter().any(|key| key == self.key);
        self.lines.push(TrunkLine {
            at: executed.and_then(|e| e.at),
            sets,
            sets_key,
            only: sets_key && self.setters == 1,
            ..line(depth, TrunkPart::Action, display_name(action).to_owned(), was_executed)
        });
        if action.branches.len() < 2 && !matches!(action.kind, ActionKind::Menu | ActionKind::Loop(_)) {
            return;
        }
        // When it took its output, where that was later than it began.
        let left = laid
            .zip(executed)
            .and_then(|(laid, executed)| laid.left_at(executed).filter(|left| Some(*left) != executed.at));
        for branch in 0..action.branches.len() {
            let behind = self.behind.get(&(at, branch)).cloned().unwrap_or_default();
            let went = match taken {
                Some(taken) => Some(taken == branch),
                // It ran and its output is not recorded, or whether it ran is not.
                None => was_executed.filter(|was| !was),
            };
            let worth = went == Some(true) || behind.iter().any(|at| self.shown(*at)) || executed.is_some();
            if !worth {
                continue;
            }
            let output = line(depth, TrunkPart::Output, action.branches[branch].label.clone(), went);
            self.lines.push(TrunkLine { at: left.filter(|_| went == Some(true)), ..output });
            let before = self.lines.len();
            for at in &behind {
                self.action(*at, depth + 1);
            }
            // Beside the key's own setter, what else an untaken way would have set.
            let none = self.lines.len() == before;
            if went == Some(false) && (none || behind.iter().any(|at| self.wanted[*at])) {
                let rest: Vec<usize> = behind.into_iter().filter(|at| !self.shown(*at)).collect();
                for at in rest {
                    let action = &flow.actions[at];
                    let sets: Vec<String> = steps::named(action).map(ToOwned::to_owned).collect();
                    if !sets.is_empty() {
                        let name = display_name(action).to_owned();
                        self.lines.push(TrunkLine { sets, ..line(depth + 1, TrunkPart::Action, name, Some(false)) });
                    }
                }
            }
        }
    }
}

fn line(depth: usize, part: TrunkPart, name: String, taken: Option<bool>) -> TrunkLine {
    TrunkLine { depth, part, name, taken, at: None, sets: Vec::new(), sets_key: false, only: false }
}

/// The actions of a container's main line, in the order in which they follow one another.
fn chain(flow: &Flow, container: usize) -> Vec<usize> {
    let mut seen = vec![false; flow.actions.len()];
    let mut list = Vec::new();
    let mut next = flow.containers[container].start;
    while let Some(at) = next.filter(|at| !seen[*at] && flow.actions[*at].container == container) {
        seen[at] = true;
        if flow.actions[at].within.is_none() {
            list.push(at);
        }
        next = flow.actions[at].next;
    }
    // What no `next` leads to, a jump may.
    let rest = (0..flow.actions.len()).filter(|at| !seen[*at] && flow.actions[*at].container == container);
    list.extend(rest.filter(|at| flow.actions[*at].within.is_none()));
    list
}

/// The actions with outputs that decide whether a key is set, outermost first: each with its outputs, and whether they lead to an
/// action that sets the key.
pub(crate) fn deciding(flow: &Flow, key: &str) -> Vec<(usize, Vec<Leads>)> {
    let mut found: Vec<(usize, Vec<Leads>)> = Vec::new();
    let mut seen = vec![false; flow.actions.len()];
    for setter in steps::setters(flow, key, Setter::Exactly) {
        let mut chain = Vec::new();
        let mut here = setter;
        while let Some((owner, _)) = flow.actions[here].within.filter(|_| chain.len() <= flow.actions.len()) {
            chain.push(owner);
            here = owner;
        }
        let new = chain.into_iter().rev().filter(|owner| !std::mem::replace(&mut seen[*owner], true));
        found.extend(new.map(|owner| (owner, Vec::new())));
    }
    // Behind another output a setter may stand further on: what leads to one either way decides nothing.
    let setters = steps::setters(flow, key, Setter::Exactly);
    for (at, sets) in &mut found {
        *sets = parting::outputs_to(flow, *at, &setters);
    }
    let decides = |(at, sets): &(usize, Vec<Leads>)| {
        let branches = &flow.actions[*at].branches;
        let open = || branches.iter().zip(sets).filter(|(branch, _)| branch.off.is_none()).map(|(_, sets)| *sets);
        open().any(|sets| sets != Leads::Nowhere) && open().any(|sets| sets == Leads::Nowhere)
    };
    found.retain(decides);
    found
}
