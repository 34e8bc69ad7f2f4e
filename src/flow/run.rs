//! Runs a flow step by step, on this machine. The platform has no endpoint that simulates flows; what this cannot know it
//! keeps as unknown, and where that would decide the way it stops and says what to give it.

use super::input::Inputs;
use super::model::{Action, ContainerKind, Flow, display_name, own_variable};
use super::value::{Type, Val};
use frames::Frame;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::sync::Arc;

mod act;
mod asked;
mod data;
mod end;
mod frames;
mod modules;
mod values;
mod ways;

pub use end::{End, Need};

/// Steps after which a run ends when nothing else ends it: the platform's own limit of actions for one run, after which it
/// turns to its error handling (Resource Center, "Loop action").
pub const STEP_LIMIT: usize = 10_000;
/// How deep tasks may call each other.
const CALL_DEPTH: usize = 1_000;

/// What one action did.
#[derive(Clone, Debug)]
pub struct ActionRun {
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
    /// The value, or why it is unknown.
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

/// The variables and attributes at a moment.
type RunState = (FxHashMap<String, Val>, IndexMap<String, Val>);

/// A flow being run. [`Run::step`] until it gives nothing, then [`Run::end`].
#[derive(Clone, Debug)]
pub struct Run {
    /// The flow, with the modules that it may call at the end of its actions.
    flow: Arc<Flow>,
    /// Where other flows that it may call begin: containers by the names and ids of the flows, in small letters.
    modules: FxHashMap<String, usize>,
    inputs: Inputs,
    /// How many of the outputs and answers that were given under a name it has used up.
    used: FxHashMap<(GivenKind, String), usize>,
    at: Option<usize>,
    steps: usize,
    limit: usize,
    /// Variables of the flow and built-in ones, by their names in small letters.
    globals: FxHashMap<String, Val>,
    /// By name, the types that variables of it have, each with the container that declares it.
    types: FxHashMap<String, Vec<(Option<usize>, Type)>>,
    attributes: IndexMap<String, Val>,
    /// The flow's own line, and the calls on top of it.
    frames: Vec<Frame>,
    /// Grows whenever anything the way may depend on changes.
    version: u64,
    /// The version at which an action was last reached, by the calls it was reached through.
    seen: FxHashMap<(usize, usize), u64>,
    /// Actions since the version last changed.
    trail: Vec<usize>,
    /// What an in-queue task began its last pass with.
    pass: Option<RunState>,
    /// Why what the run shows may not be so.
    doubts: Vec<String>,
    /// Why any attribute may be another than it is shown: setters whose key or conversation is not known.
    strays: Vec<String>,
    /// Why those that were set before may have been set again, and others be there: flows that are not at hand, actions that are
    /// not interpreted.
    unseen: Vec<String>,
    /// Keys that the flow set, and whether that was after the last of these.
    set: FxHashMap<String, bool>,
    /// The menus that the caller came through, the one that is open last.
    menus: Vec<usize>,
    /// The conversation that the flow's first action on a named one names, as it is compared.
    conversation: Option<data::NamedData>,
    end: Option<End>,
}

/// What is given for an action from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum GivenKind {
    Answer,
    Output,
}

/// Where an action leads.
enum Go {
    To(Option<usize>),
    /// The container ends, by this way out.
    Out(Option<String>),
    End(End),
}

impl Run {
    /// Prepares a run.
    pub fn new(flow: Arc<Flow>, inputs: Inputs) -> Self {
        let (flow, modules) = modules::join(flow, &inputs.modules);
        let attributes = inputs.attributes.iter().map(|(key, value)| (key.clone(), Val::Text(value.clone()))).collect();
        let mut types: FxHashMap<String, Vec<(Option<usize>, Type)>> = FxHashMap::default();
        for one in &flow.variables {
            let kind = if one.collection { Type::List } else { Type::of(&one.type_name) };
            types.entry(one.name.to_lowercase()).or_default().push((one.container, kind));
        }
        let mut run = Self {
            at: flow.start,
            attributes,
            flow: flow.clone(),
            modules,
            inputs,
            used: FxHashMap::default(),
            steps: 0,
            limit: STEP_LIMIT,
            globals: FxHashMap::default(),
            types,
            frames: Vec::new(),
            version: 1,
            seen: FxHashMap::default(),
            trail: Vec::new(),
            pass: None,
            doubts: Vec::new(),
            strays: Vec::new(),
            unseen: Vec::new(),
            set: FxHashMap::default(),
            menus: Vec::new(),
            conversation: None,
            end: None,
        };
        for (name, value) in &run.inputs.variables {
            let value = run.given_as(None, name, value.clone());
            run.globals.insert(name.to_lowercase(), run.held(None, name, value));
        }
        for variable in flow.variables.iter().filter(|variable| variable.container.is_none()) {
            let name = variable.name.to_lowercase();
            if !run.globals.contains_key(&name) {
                let value = run.begins_with(variable);
                run.globals.insert(name, value);
            }
        }
        let container = flow.start.map_or(0, |start| flow.actions[start].container);
        let frame = run.first_frame(container);
        run.frames.push(frame);
        run.pass = Some((run.globals.clone(), run.attributes.clone()));
        let parts = flow.doubtful.iter().chain(&flow.unread);
        run.doubts.extend(parts.map(|one| format!("line {}: {}", one.line, one.what)));
        if let Some(doubt) = &flow.start_doubt {
            run.end = Some(End::Undecided(format!("where the flow begins is not known: {doubt}")));
        }
        if run.at.is_none() && run.end.is_none() {
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

    /// The flow; behind its own actions stand those of modules that it may call.
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

    /// The action that waits for an input.
    pub fn waiting_action(&self) -> Option<usize> {
        self.at.filter(|_| matches!(self.end, Some(End::Needs(_))))
    }

    /// The customer participant's attributes as they stand, in the order in which they were first set.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Val)> {
        self.attributes.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// A variable's value.
    pub fn variable(&self, name: &str) -> Val {
        self.lookup(name)
    }

    /// Why what the run shows is not certain; empty when it is.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = self.doubts.clone();
        doubts.extend(self.strays.iter().cloned());
        if self.strays.is_empty() {
            // With nothing set since, all that can be said of the end is what may have changed it.
            let open = !self.set.values().any(|sure| *sure);
            let unseen: Vec<String> = self.unseen.iter().filter(|why| open && !doubts.contains(why)).cloned().collect();
            doubts.extend(unseen);
            let keys = self.attributes.keys().filter_map(|key| Some((key, self.may_have_changed(key)?)));
            doubts.extend(keys.map(|(key, why)| format!("{key} may have been changed since it was set: {why}")));
        }
        let unknown = self.attributes.iter().filter(|(_, value)| value.is_unknown());
        doubts.extend(unknown.map(|(key, value)| format!("{key} is {value}")));
        let unset = self.attributes.iter().filter(|(_, value)| **value == Val::NotSet);
        doubts.extend(unset.map(|(key, _)| {
            format!("{key} gets a value that is not set; what the platform keeps then is not verified")
        }));
        if let Some(end) = self.end.as_ref().filter(|end| !end.complete()) {
            doubts.push(end.to_string());
        }
        doubts
    }

    /// Why an attribute that was not seen to be set may have been set all the same.
    pub fn may_have_set(&self) -> Option<String> {
        let unread = || self.flow.unread.first().map(|one| format!("line {}: {}", one.line, one.what));
        self.strays.first().or(self.unseen.first()).cloned().or_else(unread)
    }

    /// Why a key may have another value than it was last seen to be set to.
    pub fn may_have_changed(&self, key: &str) -> Option<&str> {
        let set = self.set.get(key).copied();
        let why = match set {
            Some(true) => None,
            Some(false) => self.strays.last().or(self.unseen.last()),
            // What was given from outside counts as what is there whenever it is read.
            None if self.attributes.contains_key(key) => self.strays.last(),
            None => self.strays.last().or(self.unseen.last()),
        };
        why.map(String::as_str)
    }

    /// Notes why what the run shows may not be so.
    fn doubt(&mut self, why: String) {
        doubt(&mut self.doubts, why);
    }

    /// From here on any attribute may be another than it is shown, until it is set again.
    fn stray(&mut self, why: String) {
        doubt(&mut self.strays, why);
        self.doubt_all();
    }

    /// From here on attributes may have been set by what is not seen here.
    fn unseen(&mut self, why: String) {
        doubt(&mut self.unseen, why);
        self.doubt_all();
    }

    fn doubt_all(&mut self) {
        self.set.values_mut().for_each(|sure| *sure = false);
        self.changed();
    }

    /// Gives what [`End::Needs`] asked for, on top of the inputs so far; the next step tries the same action again.
    pub fn answer(&mut self, more: Inputs) {
        self.inputs.digits.extend(more.digits);
        // The newest answer counts.
        self.inputs.lookups.retain(|(name, _)| more.lookups.iter().all(|(newer, _)| newer != name));
        self.inputs.lookups.extend(more.lookups);
        self.inputs.choose.retain(|(name, _)| more.choose.iter().all(|(newer, _)| newer != name));
        self.inputs.choose.extend(more.choose);
        for (name, value) in more.variables {
            let value = self.given_as(self.container(), &name, value);
            self.put(&name, value.clone());
            self.inputs.variables.push((name, value));
        }
        self.changed();
        if matches!(self.end, Some(End::Needs(_) | End::Undecided(_))) {
            self.end = None;
        }
    }

    /// Values given from outside that no variable of that name can hold, as sentences.
    pub fn wrong_inputs(&self) -> Vec<String> {
        let wrong = self.inputs.variables.iter().filter_map(|(name, value)| {
            let kinds = self.types.get(&name.to_lowercase())?;
            let fits = |(_, kind): &(Option<usize>, Type)| value.clone().typed(*kind).fits(*kind);
            let (_, first) = kinds.first().filter(|_| !kinds.iter().any(fits))?;
            Some(format!("{name} is {}, and {} is not", first.word(), value.brief()))
        });
        wrong.collect()
    }

    /// Variables of the flow's own that are given, and that it does not declare, as they were given.
    pub fn undeclared_inputs(&self) -> impl Iterator<Item = &str> {
        let own = self.inputs.variables.iter().map(|(name, _)| (name.as_str(), own_variable(name)));
        own.filter(|(_, own)| own.is_some_and(|own| !self.types.contains_key(&own.to_lowercase())))
            .map(|(name, _)| name)
    }

    /// Answers, outputs and modules that no action asks for, by name: likely misspelt.
    pub fn unknown_inputs(&self) -> Vec<String> {
        let names = self.inputs.lookups.iter().map(|(name, _)| name.as_str());
        let names = names.chain(self.inputs.choose.iter().map(|(name, _)| name.as_str()));
        let names = names.chain(self.inputs.modules.iter().map(|module| module.name.as_str()));
        let known = |name: &str| self.flow.actions.iter().any(|action| ways::named(action, name));
        names.filter(|name| !known(name)).map(str::to_owned).collect()
    }

    /// Answers and outputs that no action has taken, as sentences; those of names that no action has are told by
    /// [`Self::unknown_inputs`].
    pub fn left_over(&self) -> Vec<String> {
        let answers = self.inputs.lookups.iter().map(|(name, _)| (GivenKind::Answer, name));
        let outputs = self.inputs.choose.iter().map(|(name, _)| (GivenKind::Output, name));
        let mut count: IndexMap<(GivenKind, &str), usize> = IndexMap::new();
        answers.chain(outputs).for_each(|(what, name)| *count.entry((what, name.as_str())).or_default() += 1);
        let unknown = self.unknown_inputs();
        let left = count.into_iter().filter(|((_, name), _)| unknown.iter().all(|known| known != name));
        let left = left.filter_map(|((what, name), given)| {
            let used = self.used.get(&(what, name.to_owned())).copied().unwrap_or_default();
            let left = given.checked_sub(used).filter(|left| *left > 0)?;
            let word = match (what, left) {
                (GivenKind::Answer, 1) => "answer",
                (GivenKind::Answer, _) => "answers",
                (GivenKind::Output, 1) => "chosen output",
                (GivenKind::Output, _) => "chosen outputs",
            };
            Some(format!("{left} {word} for {name} {} not used", if left == 1 { "was" } else { "were" }))
        });
        left.collect()
    }

    /// Runs one action. `None` when the run has ended. A step that cannot be done is given once, with the reason, and the
    /// run has then ended with [`End::Needs`] or [`End::Undecided`].
    pub fn step(&mut self) -> Option<ActionRun> {
        if self.end.is_some() {
            return None;
        }
        let at = self.at?;
        if self.steps >= self.limit {
            self.end = Some(End::Limit(format!("the flow does not end within {} actions", self.limit)));
            return None;
        }
        let caller = self.caller();
        if self.seen.insert((at, caller), self.version) == Some(self.version) {
            self.end = Some(End::Cycle(self.circle(at)));
            return None;
        }
        self.trail.push(at);
        self.steps += 1;
        let mut step = ActionRun {
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
        // A task or flow that was called has not come back yet.
        let waits = matches!(go, Go::End(End::Needs(_) | End::Undecided(_)));
        if !waits && caller == self.caller() {
            self.perhaps_written(&flow.actions[at], &mut step);
        }
        match go {
            Go::To(Some(next)) => self.at = Some(next),
            Go::To(None) => self.back(None),
            Go::Out(way) => self.back(way),
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

    /// What the innermost task was called by, counted from 1; 0 for the flow's own line.
    fn caller(&self) -> usize {
        self.frames.last().and_then(|frame| frame.call).map_or(0, |call| call + 1)
    }

    /// The names on the way from an action to itself.
    fn circle(&self, at: usize) -> Vec<String> {
        let from = self.trail.iter().position(|earlier| *earlier == at).unwrap_or(0);
        let mut names: Vec<String> = self.trail[from..].iter().map(|at| self.name(*at)).collect();
        // A circle of hundreds is told by its beginning and its end.
        if names.len() > 12 {
            names.splice(6..names.len() - 5, ["…".to_owned()]);
        }
        names.push(self.name(at));
        names
    }

    fn changed(&mut self) {
        self.version += 1;
        self.trail.clear();
    }

    fn name(&self, at: usize) -> String {
        display_name(&self.flow.actions[at]).to_owned()
    }

    /// Whether the flow's own line is the task of an in-queue flow, which starts again when it ends.
    fn repeats(&self) -> bool {
        let container = self.frames.first().and_then(|frame| self.flow.containers.get(frame.container));
        container.is_some_and(|container| container.kind == ContainerKind::LoopTask)
    }
}

fn doubt(list: &mut Vec<String>, why: String) {
    if !list.contains(&why) {
        list.push(why);
    }
}

/// On behind an action.
fn on(action: &Action) -> Go {
    link(action, action.next, action.astray.as_ref())
}

/// On to where a link leads. One to what is not there is no end of the flow but a flaw in it.
fn link(from: &Action, to: Option<usize>, astray: Option<&String>) -> Go {
    match astray {
        Some(id) => Go::End(End::Astray { action: display_name(from).to_owned(), id: id.clone() }),
        None => Go::To(to),
    }
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
