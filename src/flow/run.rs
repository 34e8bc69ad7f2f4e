//! Runs a flow step by step, on this machine. The platform has no endpoint that simulates flows; what this cannot know it
//! marks as unevaluated, and where that would decide the way it stops and says what to give it.

use super::input::Inputs;
use super::model::{Action, Flow, Kind, display_name};
use super::value::Val;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::sync::Arc;

mod act;
mod end;
mod values;

pub use end::{End, Need};

/// Steps after which a run ends when nothing else ends it.
pub const STEP_LIMIT: usize = 100_000;
/// How deep tasks may call each other.
const CALL_DEPTH: usize = 1_000;

/// What one action did.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1.
    pub number: usize,
    /// Index into the flow's actions.
    pub action: usize,
    /// The output that was taken, where the action has outputs.
    pub output: Option<String>,
    /// Attributes set on the customer participant.
    pub set: Vec<SetAttribute>,
    /// Attributes read.
    pub read: Vec<ReadAttribute>,
    /// Variables set, by this action's own doing.
    pub assigned: Vec<(String, Val)>,
    /// False when the action is not interpreted here and was passed over.
    pub interpreted: bool,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// One attribute that was set.
#[derive(Clone, Debug)]
pub struct SetAttribute {
    /// The key; `None` when it could not be evaluated, then `value` says why.
    pub key: Option<String>,
    /// The value, or why it is unevaluated.
    pub value: Val,
    /// The value before.
    pub old: Option<Val>,
}

/// One attribute that was read.
#[derive(Clone, Debug)]
pub struct ReadAttribute {
    /// The key; `None` when it could not be evaluated.
    pub key: Option<String>,
    /// The variable that took it.
    pub into: String,
    /// What was found.
    pub value: Val,
}

/// A flow being run. [`Run::step`] until it gives nothing, then [`Run::end`].
#[derive(Clone, Debug)]
pub struct Run {
    flow: Arc<Flow>,
    inputs: Inputs,
    at: Option<usize>,
    steps: usize,
    limit: usize,
    variables: FxHashMap<String, Val>,
    attributes: IndexMap<String, Val>,
    calls: Vec<usize>,
    loops: FxHashMap<usize, u64>,
    /// Grows whenever anything the way may depend on changes.
    version: u64,
    /// The version at which an action was last reached, by the calls it was reached through.
    seen: FxHashMap<(usize, usize), u64>,
    /// Actions since the version last changed.
    trail: Vec<usize>,
    end: Option<End>,
}

/// Where an action leads.
enum Go {
    To(Option<usize>),
    End(End),
}

impl Run {
    /// Prepares a run.
    pub fn new(flow: Arc<Flow>, inputs: Inputs) -> Self {
        let mut run = Self {
            at: flow.start,
            attributes: inputs.attributes.iter().map(|(key, value)| (key.clone(), Val::Text(value.clone()))).collect(),
            flow: flow.clone(),
            inputs,
            steps: 0,
            limit: STEP_LIMIT,
            variables: FxHashMap::default(),
            calls: Vec::new(),
            loops: FxHashMap::default(),
            version: 1,
            seen: FxHashMap::default(),
            trail: Vec::new(),
            end: None,
        };
        for variable in &flow.variables {
            let value = run.value(&variable.initial);
            run.variables.insert(variable.name.clone(), value);
        }
        for (name, value) in &run.inputs.variables {
            run.variables.insert(name.clone(), value.clone());
        }
        if run.at.is_none() {
            let astray = flow.containers.iter().find_map(|container| container.astray.clone());
            run.end = Some(astray.map_or(End::Finished, |id| End::Astray { action: String::new(), id }));
        }
        run
    }

    /// The same with another limit of steps.
    #[must_use]
    pub fn limited(mut self, steps: usize) -> Self {
        self.limit = steps;
        self
    }

    /// The flow.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// How it ended; `None` while it goes on.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The action that runs next.
    pub fn next_action(&self) -> Option<usize> {
        self.at.filter(|_| self.end.is_none())
    }

    /// The customer participant's attributes as they stand, in the order in which they were first set.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Val)> {
        self.attributes.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// A variable's value.
    pub fn variable(&self, name: &str) -> Val {
        self.lookup(name)
    }

    /// Gives what [`End::Needs`] asked for, on top of the inputs so far; the next step tries the same action again.
    pub fn answer(&mut self, more: Inputs) {
        self.inputs.digits.extend(more.digits);
        // The newest answer counts.
        self.inputs.lookups.splice(0..0, more.lookups);
        self.inputs.choose.splice(0..0, more.choose);
        for (name, value) in more.variables {
            self.variables.insert(name, value);
        }
        self.changed();
        if matches!(self.end, Some(End::Needs(_) | End::Undecided(_))) {
            self.end = None;
        }
    }

    /// Answers of data actions and outputs that no action asked for, by name: likely misspelt.
    pub fn unknown_inputs(&self) -> Vec<String> {
        let named = |name: &str, action: &Action| {
            let lookup = matches!(&action.kind, Kind::Lookup(lookup) if lookup.name == name);
            lookup || action.id == name || action.name == name
        };
        let names =
            self.inputs.lookups.iter().map(|(name, _)| name).chain(self.inputs.choose.iter().map(|(name, _)| name));
        names.filter(|name| !self.flow.actions.iter().any(|action| named(name, action))).cloned().collect()
    }

    /// Runs one action. `None` when the run has ended. A step that cannot be done is given once, with the reason, and the
    /// run has then ended with [`End::Needs`] or [`End::Undecided`].
    pub fn step(&mut self) -> Option<Step> {
        if self.end.is_some() {
            return None;
        }
        let at = self.at?;
        if self.steps >= self.limit {
            self.end = Some(End::Limit(format!("the flow does not end within {} steps", self.limit)));
            return None;
        }
        let caller = self.calls.last().map_or(0, |call| call + 1);
        if self.seen.insert((at, caller), self.version) == Some(self.version) {
            let from = self.trail.iter().position(|earlier| *earlier == at).unwrap_or(0);
            let mut names: Vec<String> = self.trail[from..].iter().map(|at| self.name(*at)).collect();
            // A circle of hundreds is told by its beginning and its end.
            if names.len() > 12 {
                names.splice(6..names.len() - 5, ["…".to_owned()]);
            }
            names.push(self.name(at));
            self.end = Some(End::Cycle(names));
            return None;
        }
        self.trail.push(at);
        self.steps += 1;
        let mut step = Step {
            number: self.steps,
            action: at,
            output: None,
            set: Vec::new(),
            read: Vec::new(),
            assigned: Vec::new(),
            interpreted: true,
            notes: Vec::new(),
        };
        let flow = self.flow.clone();
        let go = self.act(at, &flow.actions[at], &mut step);
        match go {
            Go::To(Some(next)) => self.at = Some(next),
            Go::To(None) => self.back(),
            Go::End(end) => {
                if matches!(end, End::Needs(_) | End::Undecided(_)) {
                    // The action was not done; it may be tried again.
                    self.seen.remove(&(at, caller));
                    self.trail.pop();
                    self.steps -= 1;
                }
                self.end = Some(end);
            }
        }
        Some(step)
    }

    /// The end of a line: back to the caller, or the end.
    fn back(&mut self) {
        loop {
            match self.calls.pop() {
                None => {
                    self.end = Some(End::Finished);
                    return;
                }
                Some(call) => {
                    let action = &self.flow.actions[call];
                    let (next, astray) = match action.branches.as_slice() {
                        [only] => (only.to, &only.astray),
                        _ => (action.next, &action.astray),
                    };
                    if let Some(id) = astray {
                        self.end = Some(End::Astray { action: display_name(action).to_owned(), id: id.clone() });
                        return;
                    }
                    if next.is_some() {
                        self.at = next;
                        return;
                    }
                }
            }
        }
    }

    fn changed(&mut self) {
        self.version += 1;
        self.trail.clear();
    }

    fn name(&self, at: usize) -> String {
        display_name(&self.flow.actions[at]).to_owned()
    }
}

#[cfg(test)]
mod tests;
