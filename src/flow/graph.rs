//! Where each action of a flow can lead, and what follows from that: what runs always, and what runs only behind a transfer
//! that failed.

use super::model::{Action, ActionKind, Flow, Jump};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// When an action runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetWhen {
    /// On every way from the start to an end.
    Always,
    /// On some ways.
    Conditional,
    /// Nothing leads to it.
    Never,
}

impl SetWhen {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Conditional => "conditional",
            Self::Never => "unreachable",
        }
    }
}

/// Where each action can lead. Behind the actions stand the end of the flow and the ends of its containers, by their ways
/// out: a called task leads back behind every call of it, which is more ways than there are, so that "always" is never said
/// too often.
pub(super) struct Graph {
    pub(super) start: Option<usize>,
    /// Actions; the place behind them is the end of the flow.
    pub(super) count: usize,
    pub(super) edges: Vec<Vec<usize>>,
    /// Where outputs lead: the action, the output, the place.
    pub(super) outputs: Vec<(usize, usize, usize)>,
    /// Edges that are taken only when a transfer fails.
    failing: Vec<(usize, usize)>,
}

impl Graph {
    pub(super) fn of(flow: &Flow) -> Self {
        let count = flow.actions.len();
        let edges = vec![Vec::new(); count + 1];
        let mut graph = Self { start: flow.start, count, edges, outputs: Vec::new(), failing: Vec::new() };
        let mut ends = Ends::of(flow);
        for at in 0..count {
            graph.leads(flow, at, &mut ends);
        }
        // The ends lead on, and may ask for further ends while they do.
        let mut done = 0;
        while let Some((container, path)) = ends.asked.get(done).cloned() {
            let mut to = ends.returns(flow, container, &path, count);
            to.sort_unstable();
            to.dedup();
            graph.edges.push(to);
            done += 1;
        }
        graph
    }

    fn leads(&mut self, flow: &Flow, at: usize, ends: &mut Ends) {
        let action = &flow.actions[at];
        let end = self.count;
        let mut to: Vec<usize> = Vec::new();
        let goes =
            |to: Option<usize>, ends: &mut Ends| to.unwrap_or_else(|| ends.of_path(action.container, "default", end));
        match &action.kind {
            ActionKind::End => to.push(end),
            ActionKind::EndTask(path) => {
                let path = path.as_deref().unwrap_or("default");
                to.push(ends.of_path(action.container, path, end));
            }
            ActionKind::Jump(_) if action.astray.is_some() => to.push(end),
            ActionKind::Jump(Jump { container: Some(container), .. }) => {
                to.push(flow.containers[*container].start.unwrap_or_else(|| ends.of_path(*container, "default", end)));
            }
            ActionKind::CallTask(Jump { container: Some(container), .. }) => {
                to.push(flow.containers[*container].start.unwrap_or_else(|| ends.of_path(*container, "default", end)));
            }
            kind => {
                // A caller may also press nothing, and hang up.
                if matches!(kind, ActionKind::Transfer(_) | ActionKind::Menu) {
                    to.push(end);
                }
                if may_continue(action) {
                    to.push(goes(action.next, ends));
                }
                for (index, branch) in action.branches.iter().enumerate().filter(|(_, branch)| branch.off.is_none()) {
                    let target = if branch.astray.is_some() { end } else { goes(branch.to, ends) };
                    if matches!(kind, ActionKind::Transfer(_)) {
                        self.failing.push((at, target));
                    }
                    self.outputs.push((at, index, target));
                    to.push(target);
                }
            }
        }
        self.edges[at] = to;
    }

    /// For each action whether every way from the start to an end passes it, in time linear in the size of the flow.
    ///
    /// One way is found first; an action on all ways must be on it. Then the way is swept: `far` is the furthest place on
    /// it that can be reached without passing the place at hand, and a place that is never overleapt is on every way.
    pub(super) fn when(&self) -> Vec<SetWhen> {
        let end = self.count;
        let mut answer = vec![SetWhen::Never; self.count];
        let Some(start) = self.start else { return answer };
        let mut from = vec![usize::MAX; self.edges.len()];
        let mut queue = VecDeque::from([start]);
        from[start] = start;
        while let Some(at) = queue.pop_front() {
            for &to in &self.edges[at] {
                if from[to] == usize::MAX {
                    from[to] = at;
                    queue.push_back(to);
                }
            }
        }
        for at in 0..self.count {
            if from[at] != usize::MAX {
                answer[at] = SetWhen::Conditional;
            }
        }
        if from[end] == usize::MAX {
            return answer;
        }
        let mut way = vec![end];
        while way[way.len() - 1] != start {
            way.push(from[way[way.len() - 1]]);
        }
        way.reverse();
        let mut place = vec![usize::MAX; self.edges.len()];
        way.iter().enumerate().for_each(|(index, at)| place[*at] = index);
        let mut seen = vec![false; self.edges.len()];
        let mut far = 0;
        for (index, &at) in way.iter().enumerate() {
            if far <= index && at < self.count {
                answer[at] = SetWhen::Always;
            }
            let mut work = vec![at];
            while let Some(at) = work.pop() {
                for &to in &self.edges[at] {
                    if place[to] != usize::MAX {
                        far = far.max(place[to]);
                    } else if !std::mem::replace(&mut seen[to], true) {
                        work.push(to);
                    }
                }
            }
        }
        answer
    }

    /// Whether every way from the start to an end passes one of the actions for which `passes` says so.
    pub(super) fn all_pass(&self, passes: &[bool]) -> bool {
        let Some(start) = self.start.filter(|start| !passes[*start]) else { return self.start.is_some() };
        let mut seen = vec![false; self.edges.len()];
        seen[start] = true;
        let mut work = vec![start];
        while let Some(at) = work.pop() {
            for &to in &self.edges[at] {
                if to == self.count {
                    return false;
                }
                let passed = to < self.count && passes[to];
                if !passed && !std::mem::replace(&mut seen[to], true) {
                    work.push(to);
                }
            }
        }
        true
    }

    /// For each action that runs only when a transfer fails, the transfer. One that also runs otherwise has none.
    pub(super) fn behind(&self, flow: &Flow, when: &[SetWhen]) -> Vec<Option<usize>> {
        let mut behind = vec![None; self.edges.len()];
        let Some(start) = self.start.filter(|_| !self.failing.is_empty()) else { return behind };
        let mut seen = vec![false; self.edges.len()];
        seen[start] = true;
        let mut work = vec![start];
        while let Some(at) = work.pop() {
            let transfer = at < self.count && matches!(flow.actions[at].kind, ActionKind::Transfer(_));
            for &to in self.edges[at].iter().filter(|_| !transfer) {
                if !std::mem::replace(&mut seen[to], true) {
                    work.push(to);
                }
            }
        }
        // What is left and can be reached: from the transfers that can fail.
        // In the order of the file, so that one flow has one answer in all its forms.
        let mut failing = self.failing.clone();
        failing.sort_by_key(|(transfer, _)| flow.actions[*transfer].node);
        for (transfer, to) in failing {
            if when[transfer] == SetWhen::Never {
                continue;
            }
            let mut work = vec![to];
            while let Some(at) = work.pop() {
                if at == self.count || seen[at] || behind[at].is_some() {
                    continue;
                }
                behind[at] = Some(transfer);
                work.extend(&self.edges[at]);
            }
        }
        behind.truncate(self.count);
        behind
    }
}

/// The ends of containers, by the ways out that actions leave them by.
struct Ends {
    /// The calls of each container.
    calls: Vec<Vec<usize>>,
    /// The containers that jump to each.
    jumps: Vec<Vec<usize>>,
    first: Option<usize>,
    index: FxHashMap<(usize, String), usize>,
    asked: Vec<(usize, String)>,
}

impl Ends {
    fn of(flow: &Flow) -> Self {
        let mut calls = vec![Vec::new(); flow.containers.len()];
        let mut jumps = vec![Vec::new(); flow.containers.len()];
        for (at, action) in flow.actions.iter().enumerate() {
            match (&action.kind, action.next) {
                (ActionKind::CallTask(Jump { container: Some(container), .. }), _) => calls[*container].push(at),
                (ActionKind::Jump(Jump { container: Some(container), .. }), _) => {
                    jumps[*container].push(action.container)
                }
                (ActionKind::Jump(_), Some(to)) if flow.actions[to].container != action.container => {
                    jumps[flow.actions[to].container].push(action.container);
                }
                _ => {}
            }
        }
        for list in &mut jumps {
            list.sort_unstable();
            list.dedup();
        }
        let first = flow.start.map(|start| flow.actions[start].container);
        Self { calls, jumps, first, index: FxHashMap::default(), asked: Vec::new() }
    }

    /// The node for the end of a container by a way out.
    fn of_path(&mut self, container: usize, path: &str, end: usize) -> usize {
        let next = end + 1 + self.asked.len();
        let key = (container, path.to_owned());
        if let Some(there) = self.index.get(&key) {
            return *there;
        }
        self.index.insert(key.clone(), next);
        self.asked.push(key);
        next
    }

    /// Where the end of a container leads.
    fn returns(&mut self, flow: &Flow, container: usize, path: &str, end: usize) -> Vec<usize> {
        let mut to = Vec::new();
        for call in self.calls[container].clone() {
            let action = &flow.actions[call];
            let branch = action.branches.iter().find(|branch| branch.is(path) && branch.off.is_none());
            let target = branch.map_or(action.next, |branch| branch.to);
            to.push(target.unwrap_or_else(|| self.of_path(action.container, "default", end)));
        }
        for from in self.jumps[container].clone() {
            to.push(self.of_path(from, path, end));
        }
        // Of a task that is only called, every end is a return.
        if self.first == Some(container) || self.calls[container].is_empty() || !self.jumps[container].is_empty() {
            to.push(end);
        }
        to
    }
}

/// Whether a flow may go on behind an action without taking one of its outputs. What the platform does where an output that is
/// switched off holds is not verified: it may just go on.
pub(crate) fn may_continue(action: &Action) -> bool {
    let off = action.branches.iter().any(|branch| branch.off.is_some());
    !matches!(action.kind, ActionKind::Transfer(_)) && (off || !decided(action))
}

/// Whether the outputs are all the ways on, so that the action never just goes on.
fn decided(action: &Action) -> bool {
    match &action.kind {
        ActionKind::Decision(_) => covers(action, &["yes", "no"]),
        ActionKind::Switch(_) => covers(action, &["default"]),
        ActionKind::Lookup(lookup) if lookup.table => covers(action, &["found", "notFound", "failure"]),
        ActionKind::Lookup(_) => covers(action, &["success", "failure", "timeout"]),
        ActionKind::Collect(_) | ActionKind::SetConversation(_) => covers(action, &["success", "failure"]),
        ActionKind::Menu => !action.branches.is_empty(),
        ActionKind::Ask => {
            let archy = action.spec.map_or("", |spec| spec.archy);
            (archy.starts_with("evaluate") || archy.starts_with("find") || archy == "getExternalContact")
                && action.spec.is_some_and(|spec| covers(action, spec.outputs))
        }
        _ => false,
    }
}

/// Whether these outputs are all there, so that the action never just goes on.
fn covers(action: &Action, ids: &[&str]) -> bool {
    !ids.is_empty() && ids.iter().all(|id| action.branches.iter().any(|branch| branch.id == *id))
}
