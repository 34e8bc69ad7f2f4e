//! Which outputs decide whether a key is set, how many calls took each, and what else is lost behind it.

use crate::flow::{
    keys::Keys,
    model::{Branch, Flow, display_name},
};
use crate::why::{GatheredRun, Leads, coverage::coverage, trunk};
use rustc_hash::FxHashMap;

/// An action whose outputs decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its name.
    pub action: String,
    /// Its outputs.
    pub outputs: Vec<OutputCount>,
    /// Recorded runs that came by and of which it is known which output they took.
    pub calls: usize,
    /// Recorded runs that came by and of which it is not known, or that took an output that this version does not have.
    pub unknown: usize,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputCount {
    /// What people read.
    pub label: String,
    /// Calls that took it.
    pub calls: usize,
    /// Whether it leads to an action that sets the key.
    pub leads: Leads,
    /// Other keys that another output of the action sets and this one does not, or less surely.
    pub loses: usize,
}

/// The decisions on the ways to a key, with the runs of all versions: another version has the same action under the same id.
pub(crate) fn decisions<'r>(
    flow: &Flow,
    keys: &Keys,
    key: &str,
    runs: impl Iterator<Item = &'r GatheredRun>,
) -> Vec<Decision> {
    // What was covered, by the id of an action; each version by its own definition.
    let mut versions: FxHashMap<(&str, &str), Vec<&GatheredRun>> = FxHashMap::default();
    for run in runs.filter(|run| run.run.is_some() && run.definition.is_some()) {
        versions.entry((run.name.id.as_str(), run.name.version.as_str())).or_default().push(run);
    }
    // By name beside the id: a simulator hands out its flows under other ids than those of the definition that is shown.
    let mut took: FxHashMap<&str, Vec<(&Branch, usize)>> = FxHashMap::default();
    let mut came: FxHashMap<&str, Came> = FxHashMap::default();
    for of_version in versions.values() {
        let Some(definition) = of_version.first().and_then(|run| run.definition.as_deref()) else { continue };
        let records = of_version.iter().filter_map(|run| run.run.as_deref());
        for covered in coverage(definition, &Keys::default(), records).actions {
            let action = &definition.actions[covered.action];
            let is_shown = flow.actions.iter().any(|own| own.id == action.id);
            let place = if is_shown { action.id.as_str() } else { display_name(action) };
            let came = came.entry(place).or_default();
            (came.by, came.known) = (came.by + covered.came, came.known + covered.told);
            let outputs = covered.outputs.iter().filter(|output| output.runs > 0);
            let outputs = outputs.map(|output| (&action.branches[output.branch], output.runs));
            took.entry(place).or_default().extend(outputs);
        }
    }
    let own = coverage(flow, keys, []);
    let lost = |at: usize, branch: usize| {
        let action = own.actions.iter().find(|one| one.action == at)?;
        let output = action.outputs.iter().find(|one| one.branch == branch)?;
        Some(output.loses.iter().filter(|lost| lost.key != key).count())
    };
    let decisions = trunk::deciding(flow, key).into_iter().map(|(at, leads)| {
        let action = &flow.actions[at];
        let places = [action.id.as_str(), display_name(action)];
        let taken = places.iter().find_map(|place| took.get(place)).map(Vec::as_slice).unwrap_or_default();
        let came = places.iter().find_map(|place| came.get(place)).copied().unwrap_or_default();
        let outputs = action.branches.iter().zip(leads).enumerate().filter(|(_, (branch, _))| branch.off.is_none());
        let outputs: Vec<OutputCount> = outputs
            .map(|(place, (branch, leads))| OutputCount {
                label: branch.label.clone(),
                calls: taken.iter().filter(|(taken, _)| is_same(branch, taken)).map(|(_, runs)| runs).sum(),
                leads,
                loses: lost(at, place).unwrap_or_default(),
            })
            .collect();
        let has = |taken: &Branch| action.branches.iter().any(|branch| is_same(branch, taken));
        // An output that is not one of this version's says nothing of these.
        let elsewhere: usize = taken.iter().filter(|(taken, _)| !has(taken)).map(|(_, runs)| runs).sum();
        let calls = came.known.saturating_sub(elsewhere);
        Decision { action: display_name(action).to_owned(), outputs, calls, unknown: came.by.saturating_sub(calls) }
    });
    decisions.collect()
}

/// Recorded runs that executed an action.
#[derive(Clone, Copy, Default)]
struct Came {
    /// All of them.
    by: usize,
    /// Those of which it is known which output they took.
    known: usize,
}

/// Whether two definitions of an action mean the same output: a menu's choice by its key, another output by one of its names.
fn is_same(own: &Branch, other: &Branch) -> bool {
    match (&own.digit, &other.digit) {
        (Some(own), Some(other)) => own == other,
        _ => own.is(&other.id) || own.is(&other.label),
    }
}
