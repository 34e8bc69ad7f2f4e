//! Which outputs of a flow's actions the calls took, how often, and what the others lose.

use super::execution::Run;
use super::steps;
use crate::flow::keys::Keys;
use crate::flow::losses::{Lost, losses};
use crate::flow::model::{Flow, Kind, Off};
use rustc_hash::FxHashMap;

/// What the runs of one version of a flow covered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// Runs that were looked at.
    pub(crate) runs: usize,
    /// Of these, those whose record was cut: what they did not show they may have done.
    pub(crate) cut: usize,
    /// The actions with outputs, in the order of the flow's list.
    pub(crate) actions: Vec<ActionCovered>,
}

/// An action with outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActionCovered {
    /// Index into the flow's actions.
    pub(crate) action: usize,
    /// Runs in which it was executed.
    pub(crate) runs: usize,
    /// Times that it was executed.
    pub(crate) times: usize,
    /// Times for which the record does not say which output it took.
    pub(crate) untold: usize,
    /// Its outputs, those that are switched off left out.
    pub(crate) outputs: Vec<OutputCovered>,
}

/// An output of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputCovered {
    /// Index among the action's branches.
    pub(crate) branch: usize,
    /// Runs that took it.
    pub(crate) runs: usize,
    /// Times that it was taken.
    pub(crate) times: usize,
    /// The keys that this output loses (from the definition).
    pub(crate) loses: Vec<Lost>,
}

impl Coverage {
    /// Outputs that no run took, with their actions.
    pub(crate) fn never(&self) -> impl Iterator<Item = (&ActionCovered, &OutputCovered)> {
        let all = self.actions.iter().flat_map(|action| action.outputs.iter().map(move |output| (action, output)));
        all.filter(|(_, output)| output.times == 0)
    }
}

/// Lays the runs of this version over its definition. What runs of other versions did must not be among them.
pub(crate) fn coverage<'r>(flow: &Flow, keys: &Keys, runs: impl IntoIterator<Item = &'r Run>) -> Coverage {
    let mut lost: FxHashMap<(usize, usize), Vec<Lost>> =
        losses(flow, keys).into_iter().map(|one| ((one.action, one.branch), one.keys)).collect();
    let mut covered = Coverage::default();
    let mut place: FxHashMap<usize, usize> = FxHashMap::default();
    for (at, action) in flow.actions.iter().enumerate() {
        let outputs: Vec<OutputCovered> = (0..action.branches.len())
            .filter(|branch| action.branches[*branch].off != Some(Off::OutOfService))
            .map(|branch| {
                let loses = lost.remove(&(at, branch)).unwrap_or_default();
                OutputCovered { branch, runs: 0, times: 0, loses }
            })
            .collect();
        if !outputs.is_empty() {
            place.insert(at, covered.actions.len());
            covered.actions.push(ActionCovered { action: at, runs: 0, times: 0, untold: 0, outputs });
        }
    }
    let index = steps::Index::of(flow);
    for run in runs {
        covered.runs += 1;
        covered.cut += usize::from(run.truncated);
        let mut seen: FxHashMap<(usize, Option<usize>), usize> = FxHashMap::default();
        for executed in run.executed.iter().filter(|executed| executed.module.is_none()) {
            let Some(at) = index.find(executed) else { continue };
            let action = &flow.actions[at];
            // A menu has no entry of its own with an output: the choice is known by the action that it holds.
            if let Some((menu, branch)) =
                action.within.filter(|(menu, _)| matches!(flow.actions[*menu].kind, Kind::Menu))
                && flow.actions[menu].branches[branch].to == Some(at)
            {
                *seen.entry((menu, Some(branch))).or_default() += 1;
            }
            if !action.branches.is_empty() && !matches!(action.kind, Kind::Menu) {
                let taken = steps::taken_index(executed, action);
                *seen.entry((at, taken)).or_default() += 1;
            }
        }
        let mut actions: FxHashMap<usize, usize> = FxHashMap::default();
        for ((at, branch), times) in seen {
            let Some(own) = place.get(&at) else { continue };
            *actions.entry(*own).or_default() += times;
            let own = &mut covered.actions[*own];
            match branch.and_then(|branch| own.outputs.iter_mut().find(|output| output.branch == branch)) {
                Some(output) => {
                    output.runs += 1;
                    output.times += times;
                }
                None => own.untold += times,
            }
        }
        for (own, times) in actions {
            covered.actions[own].runs += 1;
            covered.actions[own].times += times;
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::super::execution::read as record;
    use super::*;
    use crate::flow::{keys::keys, read};
    use serde_json::{Value, json};

    const FLOW: &str = include_str!("../../assets/flows/main-ivr.json");

    fn run(flow: &Flow, list: &[(&str, &str)], cut: bool) -> Run {
        let entries: Vec<Value> = list
            .iter()
            .map(|(name, output)| {
                let action = &flow.actions[flow.find(name).unwrap()];
                json!({"actionWhatever": {"actionId": action.id, "outputPathId": output}})
            })
            .collect();
        record(&json!({"flow": {"execution": entries, "isTruncated": cut}})).unwrap()
    }

    #[test]
    fn outputs_are_counted_by_runs_and_by_times() {
        let flow = read(FLOW).unwrap();
        let goodbye = flow.actions.iter().find(|action| action.name == "Goodbye").unwrap().id.clone();
        let runs = [
            run(&flow, &[("Find customer", "__SUCCESS__"), ("Gold caller?", "__YES__")], false),
            run(&flow, &[("Find customer", "__TIMEOUT__"), ("Find customer", "__SUCCESS__")], true),
            run(&flow, &[("Find customer", "__TIMEOUT__"), (&goodbye, ""), ("Gold caller?", "")], false),
        ];
        let found = coverage(&flow, &keys(&flow), &runs);
        assert_eq!((found.runs, found.cut), (3, 1));
        let action = |name: &str| {
            let all = found.actions.iter();
            all.clone().find(|one| flow.actions[one.action].name == name && one.outputs.len() > 1).unwrap()
        };
        let outputs = |name: &str| {
            let action = action(name);
            let told = |one: &OutputCovered| {
                let label = flow.actions[action.action].branches[one.branch].label.clone();
                let loses: Vec<String> = one.loses.iter().map(|lost| lost.key.clone()).collect();
                (label, one.runs, one.times, loses.join(","))
            };
            action.outputs.iter().map(told).collect::<Vec<_>>()
        };
        let row = |label: &str, runs, times, loses: &str| (label.to_owned(), runs, times, loses.to_owned());
        assert_eq!((action("Find customer").runs, action("Find customer").times), (3, 4));
        assert_eq!(
            outputs("Find customer"),
            [row("success", 2, 2, ""), row("failure", 0, 0, "customer_tier"), row("timeout", 2, 2, "customer_tier")]
        );
        assert_eq!(outputs("Gold caller?"), [row("yes", 1, 1, ""), row("no", 0, 0, "priority")]);
        assert_eq!(action("Gold caller?").untold, 1, "which output it took is not recorded");
        assert_eq!(outputs("Main Menu")[1], row("9: Goodbye", 1, 1, "ivr_choice,priority"));
        let never: Vec<_> = found.never().map(|(action, one)| (action.action, one.branch)).collect();
        assert!(never.contains(&(action("Gold caller?").action, 1)), "{never:?}");
        assert!(!never.contains(&(action("Find customer").action, 2)), "{never:?}");
    }

    #[test]
    fn without_runs_nothing_is_taken() {
        let flow = read(FLOW).unwrap();
        let found = coverage(&flow, &keys(&flow), []);
        assert_eq!(found.never().count(), found.actions.iter().map(|one| one.outputs.len()).sum::<usize>());
    }
}
