//! From links to nesting: which action follows the branches of another, and what needs a task of its own.

use std::collections::HashSet;

use super::plan::{Plan, StepKind};

/// How the actions of a plan are nested.
pub struct Layout {
    /// First actions of the tasks (or states), the flow's own first.
    pub tasks: Vec<usize>,
    /// For each action: where its branches come together again.
    pub joins: Vec<Option<usize>>,
}

impl Layout {
    /// Nests a plan. An action that more than one place leads to, and that is not where the branches of one owner come
    /// together, becomes the start of a task of its own; so does what a menu leads to.
    pub fn new(plan: &Plan) -> Self {
        let joins = joins(plan);
        let mut layout = Self { tasks: plan.start.into_iter().collect(), joins };
        loop {
            let mut walk = Walk { plan, layout: &layout, seen: HashSet::new(), found: Vec::new() };
            for task in &layout.tasks {
                walk.chain(Some(*task), None, true);
            }
            let found = walk.found;
            if found.is_empty() {
                return layout;
            }
            layout.tasks.extend(found);
        }
    }

    /// Whether an action begins a task.
    pub fn begins_task(&self, at: usize) -> bool {
        self.tasks.contains(&at)
    }
}

/// Goes through a layout as the writer will, and notes what is reached twice.
struct Walk<'a> {
    plan: &'a Plan,
    layout: &'a Layout,
    seen: HashSet<usize>,
    found: Vec<usize>,
}

impl Walk<'_> {
    fn chain(&mut self, mut at: Option<usize>, stop: Option<usize>, mut entry: bool) {
        while let Some(here) = at.filter(|here| Some(*here) != stop) {
            if self.layout.begins_task(here) && !std::mem::take(&mut entry) {
                return;
            }
            entry = false;
            if !self.seen.insert(here) {
                self.need_task(here);
                return;
            }
            let step = &self.plan.steps[here];
            if step.kind == StepKind::Menu {
                let targets: Vec<usize> = step.branches.iter().filter_map(|branch| branch.to).collect();
                // A choice that only ends or transfers is an action of the menu itself.
                targets.into_iter().filter(|to| !self.plan.steps[*to].kind.ends()).for_each(|to| self.need_task(to));
                return;
            }
            if step.kind.ends() {
                return;
            }
            if step.branches.is_empty() {
                at = step.next;
                continue;
            }
            let join = self.layout.joins[here];
            for branch in &step.branches {
                self.chain(branch.to.or(step.next), join.or(stop), false);
            }
            if join == stop {
                return;
            }
            at = join;
        }
    }

    fn need_task(&mut self, at: usize) {
        if !self.layout.begins_task(at) && !self.found.contains(&at) {
            self.found.push(at);
        }
    }
}

/// The immediate post-dominator of each action: the first action that every way from it passes. A menu and whatever ends
/// lead to the exit (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm, on the reversed graph).
fn joins(plan: &Plan) -> Vec<Option<usize>> {
    let exit = plan.steps.len();
    let forward: Vec<Vec<usize>> = (0..exit)
        .map(|at| {
            let to = if plan.steps[at].kind == StepKind::Menu { Vec::new() } else { plan.successors(at) };
            if to.is_empty() { vec![exit] } else { to }
        })
        .collect();
    let mut backward = vec![Vec::new(); exit + 1];
    for (from, list) in forward.iter().enumerate() {
        list.iter().for_each(|to| backward[*to].push(from));
    }
    let order = postorder(&backward, exit);
    let mut number = vec![usize::MAX; exit + 1];
    order.iter().enumerate().for_each(|(n, at)| number[*at] = n);
    let mut joins: Vec<Option<usize>> = vec![None; exit + 1];
    joins[exit] = Some(exit);
    let mut changed = true;
    while changed {
        changed = false;
        for at in order.iter().rev().copied().filter(|at| *at != exit) {
            let known = forward[at].iter().copied().filter(|to| joins[*to].is_some());
            let new = known.reduce(|a, b| meet(a, b, &joins, &number));
            if new.is_some() && joins[at] != new {
                joins[at] = new;
                changed = true;
            }
        }
    }
    joins.truncate(exit);
    joins.into_iter().map(|join| join.filter(|join| *join != exit)).collect()
}

fn meet(mut a: usize, mut b: usize, joins: &[Option<usize>], number: &[usize]) -> usize {
    while a != b {
        if number[a] < number[b] {
            a = joins[a].unwrap_or(b);
        } else {
            b = joins[b].unwrap_or(a);
        }
    }
    a
}

fn postorder(edges: &[Vec<usize>], from: usize) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    seen[from] = true;
    let (mut out, mut stack) = (Vec::new(), vec![(from, 0)]);
    while let Some((at, next)) = stack.last_mut() {
        match edges[*at].get(*next) {
            Some(to) => {
                *next += 1;
                if !std::mem::replace(&mut seen[*to], true) {
                    stack.push((*to, 0));
                }
            }
            None => {
                out.push(*at);
                stack.pop();
            }
        }
    }
    out
}
