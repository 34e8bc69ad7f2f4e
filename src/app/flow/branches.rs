//! Which outputs decide whether a key is set, how many calls took each, and what else is lost behind it.

use crate::flow::{
    keys::Keys,
    model::{Flow, display_name},
};
use crate::why::{FlowRun, coverage::coverage, trunk};
use rustc_hash::FxHashMap;

/// An action whose outputs decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its name.
    pub action: String,
    /// Its outputs.
    pub outputs: Vec<OutputCount>,
    /// Calls whose run is known and that came by.
    pub calls: usize,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputCount {
    /// What people read.
    pub label: String,
    /// Calls that took it.
    pub calls: usize,
    /// It leads to an action that sets the key.
    pub sets: bool,
    /// Other keys that another output of the action sets and this one does not, or less surely.
    pub loses: usize,
}

/// The decisions on the ways to a key, with the runs of all versions: another version has the same action under the same id.
pub(in crate::app) fn decisions<'r>(
    flow: &Flow,
    keys: &Keys,
    key: &str,
    runs: impl Iterator<Item = &'r FlowRun>,
) -> Vec<Decision> {
    // What was covered, by the id of an action and the label of its output; each version by its own definition.
    let mut versions: FxHashMap<(&str, &str), Vec<&FlowRun>> = FxHashMap::default();
    for run in runs.filter(|run| run.run.is_some() && run.definition.is_some()) {
        versions.entry((run.name.id.as_str(), run.name.version.as_str())).or_default().push(run);
    }
    // By name beside the id: a simulator hands out its flows under other ids than those of the definition that is shown.
    let mut took: FxHashMap<(&str, String), usize> = FxHashMap::default();
    let mut came: FxHashMap<&str, usize> = FxHashMap::default();
    let plain = |label: &str| label.to_lowercase();
    for of_version in versions.values() {
        let Some(definition) = of_version.first().and_then(|run| run.definition.as_deref()) else { continue };
        let records = of_version.iter().filter_map(|run| run.run.as_deref());
        for covered in coverage(definition, &Keys::default(), records).actions {
            let action = &definition.actions[covered.action];
            let is_shown = flow.actions.iter().any(|own| own.id == action.id);
            let place = if is_shown { action.id.as_str() } else { display_name(action) };
            *came.entry(place).or_default() += covered.told;
            for output in covered.outputs {
                *took.entry((place, plain(&action.branches[output.branch].label))).or_default() += output.runs;
            }
        }
    }
    let own = coverage(flow, keys, []);
    let lost = |at: usize, branch: usize| {
        let action = own.actions.iter().find(|one| one.action == at)?;
        let output = action.outputs.iter().find(|one| one.branch == branch)?;
        Some(output.loses.iter().filter(|lost| lost.key != key).count())
    };
    let decisions = trunk::deciding(flow, key).into_iter().map(|(at, sets)| {
        let action = &flow.actions[at];
        let outputs = action.branches.iter().zip(sets).enumerate().filter(|(_, (branch, _))| branch.off.is_none());
        let outputs = outputs.map(|(place, (branch, sets))| OutputCount {
            label: branch.label.clone(),
            calls: [action.id.as_str(), display_name(action)]
                .into_iter()
                .find_map(|place| took.get(&(place, plain(&branch.label))).copied())
                .unwrap_or_default(),
            sets,
            loses: lost(at, place).unwrap_or_default(),
        });
        let calls =
            came.get(action.id.as_str()).or_else(|| came.get(display_name(action))).copied().unwrap_or_default();
        Decision { action: display_name(action).to_owned(), outputs: outputs.collect(), calls }
    });
    decisions.collect()
}
