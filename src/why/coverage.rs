//! Which outputs of a flow's actions the calls took, how often, and what the others lose.

use super::execution::Run;
use super::steps;
use crate::flow::keys::Keys;
use crate::flow::losses::{Lost, losses};
use crate::flow::model::{ActionKind, Flow, Off};
use rustc_hash::{FxHashMap, FxHashSet};

/// What the runs of one version of a flow covered. What the record of a run that was cut does not show may have happened all
/// the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The actions with outputs, in the order of the flow's list.
    pub(crate) actions: Vec<ActionCovered>,
}

/// An action with outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActionCovered {
    /// Index into the flow's actions.
    pub(crate) action: usize,
    /// Runs in which it was executed and of which it is known which output it took.
    pub(crate) told: usize,
    /// Runs in which it was executed.
    pub(crate) came: usize,
    /// Its outputs, those that are switched off left out.
    pub(crate) outputs: Vec<OutputCovered>,
}

/// An output of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputCovered {
    /// Index among the action's branches.
    pub(crate) branch: usize,
    /// Runs that took it; one that came by several times may have taken several.
    pub(crate) runs: usize,
    /// The keys that this output loses (from the definition).
    pub(crate) loses: Vec<Lost>,
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
                OutputCovered { branch, runs: 0, loses }
            })
            .collect();
        if !outputs.is_empty() {
            place.insert(at, covered.actions.len());
            covered.actions.push(ActionCovered { action: at, told: 0, came: 0, outputs });
        }
    }
    for run in runs {
        let mut told: FxHashSet<usize> = FxHashSet::default();
        let laid = steps::Laid::over(flow, run);
        let taken = taken(flow, &laid);
        let mut by: FxHashSet<usize> = laid.entries().iter().map(|(at, _)| *at).collect();
        by.extend(taken.iter().map(|(at, _)| *at));
        for at in by {
            if let Some(own) = place.get(&at) {
                covered.actions[*own].came += 1;
            }
        }
        for (at, branch) in taken {
            let Some(own) = place.get(&at) else { continue };
            let own = &mut covered.actions[*own];
            let Some(output) = own.outputs.iter_mut().find(|output| output.branch == branch) else { continue };
            output.runs += 1;
            own.told += usize::from(told.insert(at));
        }
    }
    covered
}

/// The outputs that a run took: action and branch, each once.
fn taken(flow: &Flow, laid: &steps::Laid<'_>) -> FxHashSet<(usize, usize)> {
    let mut found = FxHashSet::default();
    for (at, executed) in laid.entries() {
        let (at, action) = (*at, &flow.actions[*at]);
        // A menu has no entry of its own with an output: the choice is known by the action that it holds.
        if let Some((menu, branch)) =
            action.within.filter(|(menu, _)| matches!(flow.actions[*menu].kind, ActionKind::Menu))
            && flow.actions[menu].branches[branch].to == Some(at)
        {
            found.insert((menu, branch));
        }
        if !action.branches.is_empty() {
            let is_menu = matches!(action.kind, ActionKind::Menu);
            let shown = || laid.shown(at).filter(|_| !is_menu);
            let output = laid.output(at, executed, action).or_else(shown);
            found.extend(output.map(|branch| (at, branch)));
        }
    }
    found
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

    /// Outputs that no run took: action and branch.
    fn never(found: &Coverage) -> Vec<(usize, usize)> {
        let all = found.actions.iter().flat_map(|one| one.outputs.iter().map(move |output| (one.action, output)));
        all.filter(|(_, output)| output.runs == 0).map(|(action, output)| (action, output.branch)).collect()
    }

    #[test]
    fn outputs_are_counted_by_runs() {
        let flow = read(FLOW).unwrap();
        let goodbye = flow.actions.iter().find(|action| action.name == "Goodbye").unwrap().id.clone();
        let runs = [
            run(&flow, &[("Find customer", "__SUCCESS__"), ("Gold caller?", "__YES__")], false),
            run(&flow, &[("Find customer", "__TIMEOUT__"), ("Find customer", "__SUCCESS__")], true),
            run(&flow, &[("Find customer", "__TIMEOUT__"), (&goodbye, ""), ("Gold caller?", "")], false),
            // Which output it took is not recorded, and shows in what follows.
            run(&flow, &[("Gold caller?", ""), ("Raise priority", "")], false),
        ];
        let found = coverage(&flow, &keys(&flow), &runs);
        let action = |name: &str| {
            let all = found.actions.iter();
            all.clone().find(|one| flow.actions[one.action].name == name && one.outputs.len() > 1).unwrap()
        };
        let outputs = |name: &str| {
            let action = action(name);
            let told = |one: &OutputCovered| {
                let label = flow.actions[action.action].branches[one.branch].label.clone();
                let loses: Vec<String> = one.loses.iter().map(|lost| lost.key.clone()).collect();
                (label, one.runs, loses.join(","))
            };
            action.outputs.iter().map(told).collect::<Vec<_>>()
        };
        let row = |label: &str, runs, loses: &str| (label.to_owned(), runs, loses.to_owned());
        assert_eq!(action("Find customer").told, 3);
        assert_eq!(
            outputs("Find customer"),
            [row("success", 2, ""), row("failure", 0, "customer_tier"), row("timeout", 2, "customer_tier")]
        );
        assert_eq!(outputs("Gold caller?"), [row("yes", 2, ""), row("no", 0, "priority")]);
        assert_eq!(action("Gold caller?").told, 2, "of one run it is not known which output it took");
        assert_eq!(outputs("Main Menu")[1], row("9: Goodbye", 1, "ivr_choice,priority"));
        let never = never(&found);
        assert!(never.contains(&(action("Gold caller?").action, 1)), "{never:?}");
        assert!(!never.contains(&(action("Find customer").action, 2)), "{never:?}");
    }

    #[test]
    fn without_runs_nothing_is_taken() {
        let flow = read(FLOW).unwrap();
        let found = coverage(&flow, &keys(&flow), []);
        assert_eq!(never(&found).len(), found.actions.iter().map(|one| one.outputs.len()).sum::<usize>());
    }
}
