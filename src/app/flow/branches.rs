//! Which outputs decide whether a key is set, and how many calls took each.

use crate::flow::model::{Flow, display_name};
use crate::why::{FlowRun, trunk};

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
}

/// The decisions on the ways to a key, with the runs of the version that this is.
pub(in crate::app) fn decisions<'r>(
    flow: &Flow,
    key: &str,
    runs: impl Iterator<Item = &'r FlowRun> + Clone,
) -> Vec<Decision> {
    let decisions = trunk::deciding(flow, key).into_iter().map(|(at, sets)| {
        let action = &flow.actions[at];
        let mut outputs: Vec<OutputCount> = action
            .branches
            .iter()
            .zip(sets)
            .filter(|(branch, _)| branch.off.is_none())
            .map(|(branch, sets)| OutputCount { label: branch.label.clone(), calls: 0, sets })
            .collect();
        let mut calls = 0;
        for run in runs.clone() {
            // Another version has other actions behind the same names.
            let (Some(record), Some(definition)) = (&run.run, &run.definition) else { continue };
            let own = definition.actions.iter().position(|other| other.id == action.id);
            let taken = own.and_then(|own| {
                trunk::output_taken(definition, record, own)
                    .map(|branch| definition.actions[own].branches[branch].label.clone())
            });
            if let Some(output) = taken.and_then(|label| outputs.iter_mut().find(|o| o.label == label)) {
                output.calls += 1;
                calls += 1;
            }
        }
        Decision { action: display_name(action).to_owned(), outputs, calls }
    });
    decisions.collect()
}
