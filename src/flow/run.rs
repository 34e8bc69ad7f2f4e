//! Runs a flow step by step, on this machine. The platform has no endpoint that simulates flows; what this cannot know it
//! marks as unevaluated, and where that would decide the way it stops and says what to give it.

use super::expr;
use super::input::{Answer, Inputs};
use super::model::{Action, Branch, Flow, Form, Kind, Lookup, Operand, display_name};
use super::value::{Val, eval};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::{fmt, sync::Arc};

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

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// A disconnect or an end of the flow.
    Disconnected,
    /// Handed on, to this.
    Transferred(String),
    /// The last action of the line.
    Finished,
    /// The same actions again with nothing changed in between: it would go on for ever. The names in order.
    Cycle(Vec<String>),
    /// [`STEP_LIMIT`] or the depth of calls was reached.
    Limit(String),
    /// It cannot go on without something from outside.
    Needs(Need),
    /// A value that decides is unevaluated.
    Undecided(String),
}

/// What a run waits for. [`Run::answer`] gives it and the run goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// The answer of a data action of this name.
    Lookup {
        /// The data action's name.
        name: String,
        /// The flow's action.
        action: String,
    },
    /// A key press: the menu and its choices.
    Digit {
        /// The menu's name.
        menu: String,
        /// Its choices.
        choices: Vec<String>,
    },
    /// The output to take of an action that is not interpreted.
    Output {
        /// The action's name.
        action: String,
        /// Its outputs.
        outputs: Vec<String>,
    },
}

impl End {
    /// The stable word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Transferred(_) => "transferred",
            Self::Finished => "finished",
            Self::Cycle(_) => "cycle",
            Self::Limit(_) => "limit",
            Self::Needs(_) => "needs-input",
            Self::Undecided(_) => "undecided",
        }
    }

    /// Whether the flow came to an end of its own.
    pub fn complete(&self) -> bool {
        matches!(self, Self::Disconnected | Self::Transferred(_) | Self::Finished)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected => f.write_str("the call is disconnected"),
            Self::Transferred(to) if to.is_empty() => f.write_str("the call is transferred"),
            Self::Transferred(to) => write!(f, "the call is transferred to {to}"),
            Self::Finished => f.write_str("the flow has no next action"),
            Self::Cycle(names) => {
                write!(f, "the flow runs in a circle and nothing changes on the way: {}", names.join(" → "))
            }
            Self::Limit(what) => f.write_str(what),
            Self::Needs(Need::Lookup { name, action }) => write!(
                f,
                "the answer of the data action {name} (in {action}) is needed: --data-action '{name}={{…}}', '{name}=timeout' or '{name}=error'"
            ),
            Self::Needs(Need::Digit { menu, choices }) if choices.is_empty() => {
                write!(f, "what the caller enters at {menu} is needed: --press KEYS")
            }
            Self::Needs(Need::Digit { menu, choices }) => {
                write!(f, "a key press is needed at {menu}: --press KEY, one of {}", choices.join(", "))
            }
            Self::Needs(Need::Output { action, outputs }) => write!(
                f,
                "{action} is not interpreted here, so the output to take is needed: --choose '{action}=…', one of {}",
                outputs.join(", ")
            ),
            Self::Undecided(what) => f.write_str(what),
        }
    }
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
            run.end = Some(End::Finished);
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
                    let next = match action.branches.as_slice() {
                        [only] => only.to,
                        _ => action.next,
                    };
                    if next.is_some() {
                        self.at = next;
                        return;
                    }
                }
            }
        }
    }

    fn act(&mut self, at: usize, action: &Action, step: &mut Step) -> Go {
        if let Some((_, output)) =
            self.inputs.choose.iter().find(|(name, _)| *name == action.id || *name == action.name)
        {
            let output = output.clone();
            match find(action, &[&output]) {
                Some(branch) => return self.take(branch, step),
                None if matches!(action.kind, Kind::Menu) => {}
                // An output that leads nowhere of its own: the flow goes on behind the action.
                None if usual(&action.kind).contains(&output.as_str()) => {
                    step.output = Some(output);
                    return Go::To(action.next);
                }
                None => {
                    let outputs: Vec<&str> = action.branches.iter().map(|branch| branch.label.as_str()).collect();
                    let what = format!("{} has no output {output}; it has {}", display_name(action), or_none(&outputs));
                    return Go::End(End::Undecided(what));
                }
            }
        }
        match &action.kind {
            Kind::SetData(list) => {
                for assign in list {
                    self.set(&assign.key, &assign.value, step);
                }
                Go::To(action.next)
            }
            Kind::GetData(list) => {
                for fetch in list {
                    self.get(&fetch.key, &fetch.into, step);
                }
                Go::To(action.next)
            }
            Kind::Update(list) => {
                for (name, value) in list {
                    let value = self.value(value);
                    self.assign(name, value, step);
                }
                Go::To(action.next)
            }
            Kind::Decision(condition) => self.decide(action, condition, step),
            Kind::Switch(on) => self.switch(action, on.as_ref(), step),
            Kind::Menu => self.menu(action, step),
            Kind::Collect(into) => self.collect(action, into.as_deref(), step),
            Kind::Lookup(lookup) => self.look_up(action, lookup, step),
            Kind::Loop(count) => self.round(at, action, count.as_ref(), step),
            Kind::CallTask(container) => {
                if self.calls.len() >= CALL_DEPTH {
                    return Go::End(End::Limit(format!("tasks call each other more than {CALL_DEPTH} deep")));
                }
                self.calls.push(at);
                Go::To(self.flow.containers[*container].start)
            }
            Kind::EndTask => Go::To(None),
            Kind::Transfer(to) => Go::End(End::Transferred(to.clone())),
            Kind::End => Go::End(End::Disconnected),
            Kind::Jump | Kind::Passive => Go::To(action.next),
            Kind::Unknown => {
                step.interpreted = false;
                match action.branches.as_slice() {
                    [] => {
                        step.notes.push(format!("{} is not interpreted here; passed over", action.type_name));
                        Go::To(action.next)
                    }
                    branches => {
                        let outputs = branches.iter().map(|branch| branch.label.clone()).collect();
                        Go::End(End::Needs(Need::Output { action: display_name(action).to_owned(), outputs }))
                    }
                }
            }
        }
    }

    fn take(&mut self, branch: &Branch, step: &mut Step) -> Go {
        step.output = Some(branch.label.clone());
        Go::To(branch.to)
    }

    /// Takes one of these outputs; without it the flow goes on behind the action.
    fn output(&mut self, action: &Action, labels: &[&str], step: &mut Step) -> Go {
        match find(action, labels) {
            Some(branch) => self.take(branch, step),
            None => {
                step.output = Some(labels[0].to_owned());
                Go::To(action.next)
            }
        }
    }

    fn decide(&mut self, action: &Action, condition: &Operand, step: &mut Step) -> Go {
        match self.value(condition) {
            Val::Bool(true) => self.output(action, &["yes", "true"], step),
            Val::Bool(false) => self.output(action, &["no", "false"], step),
            other => Go::End(self.undecided(action, condition, &other)),
        }
    }

    fn undecided(&self, action: &Action, on: &Operand, value: &Val) -> End {
        let name = display_name(action);
        let why = match value {
            Val::Unknown(why) => why.clone(),
            other => format!("its value is {other}"),
        };
        End::Undecided(format!(
            "{name} cannot be decided: {} ({why}); give the value with --input, or --choose '{name}=…'",
            on.text()
        ))
    }

    fn switch(&mut self, action: &Action, on: Option<&Operand>, step: &mut Step) -> Go {
        let value = on.map(|on| self.value(on));
        if let (Some(value @ Val::Unknown(_)), Some(on)) = (&value, on) {
            return Go::End(self.undecided(action, on, value));
        }
        for branch in &action.branches {
            let Some(when) = &branch.when else { continue };
            let case = self.value(when);
            let holds = match (&value, &case) {
                (Some(value), case) => value.text().is_some() && value.text() == case.text(),
                (None, Val::Bool(holds)) => *holds,
                (None, other) => return Go::End(self.undecided(action, when, other)),
            };
            if holds {
                return self.take(branch, step);
            }
        }
        self.output(action, &["default"], step)
    }

    fn menu(&mut self, action: &Action, step: &mut Step) -> Go {
        let choices = || action.branches.iter().map(|branch| branch.label.clone()).collect::<Vec<_>>();
        let chosen = self.inputs.choose.iter().find(|(name, _)| *name == action.id || *name == action.name);
        let digit = match chosen {
            Some((_, digit)) => digit.clone(),
            None => match self.inputs.digits.pop_front() {
                Some(digit) => digit,
                None => {
                    let menu = display_name(action).to_owned();
                    return Go::End(End::Needs(Need::Digit { menu, choices: choices() }));
                }
            },
        };
        self.changed();
        let found = action.branches.iter().find(|branch| branch.digit.as_deref() == Some(digit.as_str()));
        match found.or_else(|| find(action, &[&digit])) {
            Some(branch) => self.take(branch, step),
            None => Go::End(End::Undecided(format!(
                "{} has no choice {digit}; it has {}",
                display_name(action),
                or_none(&choices())
            ))),
        }
    }

    fn collect(&mut self, action: &Action, into: Option<&str>, step: &mut Step) -> Go {
        let Some(digits) = self.inputs.digits.pop_front() else {
            let menu = display_name(action).to_owned();
            return Go::End(End::Needs(Need::Digit { menu, choices: Vec::new() }));
        };
        self.changed();
        if let Some(name) = into {
            self.assign(name, Val::Text(digits), step);
        }
        self.output(action, &["success"], step)
    }

    fn look_up(&mut self, action: &Action, lookup: &Lookup, step: &mut Step) -> Go {
        let names = [&lookup.name, &action.name, &action.id];
        let answer =
            self.inputs.lookups.iter().find(|(name, _)| names.contains(&name)).map(|(_, answer)| answer.clone());
        match answer {
            None => {
                let action = display_name(action).to_owned();
                Go::End(End::Needs(Need::Lookup { name: lookup.name.clone(), action }))
            }
            Some(Answer::Timeout) => self.output(action, &["timeout", "failure"], step),
            Some(Answer::Error) => self.output(action, &["failure", "error"], step),
            Some(Answer::Ok(json)) => {
                let result = Val::Data(json.clone());
                for (member, into) in &lookup.outputs {
                    let value = json.get(member).map_or_else(|| result.below(member), Val::from_json);
                    self.assign(into, value, step);
                }
                if let Some(whole) = &lookup.whole {
                    self.assign(whole, Val::from_json(&json), step);
                }
                self.output(action, &["success", "found"], step)
            }
        }
    }

    fn round(&mut self, at: usize, action: &Action, count: Option<&Operand>, step: &mut Step) -> Go {
        let Some(branch) = action.branches.first() else { return Go::To(action.next) };
        let rounds = match count.map(|count| (self.value(count), count)) {
            Some((Val::Number(rounds), _)) => rounds,
            Some((Val::Text(text), _)) if text.parse::<f64>().is_ok() => text.parse().unwrap_or_default(),
            Some((other, count)) => return Go::End(self.undecided(action, count, &other)),
            None => return Go::End(End::Undecided(format!("{} has no count", display_name(action)))),
        };
        let done = self.loops.entry(at).or_default();
        let again = (*done as f64) < rounds;
        *done = if again { *done + 1 } else { 0 };
        self.changed();
        if again { self.take(branch, step) } else { Go::To(action.next) }
    }

    fn set(&mut self, key: &Operand, value: &Operand, step: &mut Step) {
        let value = self.value(value);
        let (key, value) = match self.value(key).text() {
            Some(key) => (Some(key), value),
            None => (None, Val::Unknown(format!("the key {} is unevaluated", key.text()))),
        };
        match &value {
            Val::NotSet => {
                step.notes.push("a value that is not set; what the platform keeps then is not verified".into())
            }
            Val::Number(_) | Val::Bool(_) => {
                step.notes.push("not a text; participant data are texts, so use ToString(…)".into());
            }
            Val::Text(text) if text.contains("{{") || text.contains("${") => {
                step.notes.push("the placeholder is plain text to the platform and stays as it is".into());
            }
            _ => {}
        }
        let mut old = None;
        if let Some(key) = &key {
            old = self.attributes.insert(key.clone(), value.clone());
            if old.as_ref() != Some(&value) {
                self.changed();
            }
        }
        step.set.push(SetAttribute { key, value, old });
    }

    fn get(&mut self, key: &Operand, into: &str, step: &mut Step) {
        let key_text = self.value(key).text();
        let value = match &key_text {
            None => Val::Unknown(format!("the key {} is unevaluated", key.text())),
            Some(key) => self.attributes.get(key).cloned().unwrap_or_else(|| {
                let other = self.attributes.keys().find(|other| other.to_lowercase() == key.to_lowercase());
                step.notes.push(match other {
                    Some(other) => format!("{key} is not there; {other} is, and keys are case-sensitive"),
                    None => format!("{key} is not there"),
                });
                Val::NotSet
            }),
        };
        if !into.is_empty() && self.variables.insert(into.to_owned(), value.clone()).as_ref() != Some(&value) {
            self.changed();
        }
        step.read.push(ReadAttribute { key: key_text, into: into.to_owned(), value });
    }

    fn assign(&mut self, name: &str, value: Val, step: &mut Step) {
        if self.variables.insert(name.to_owned(), value.clone()).as_ref() != Some(&value) {
            self.changed();
        }
        step.assigned.push((name.to_owned(), value));
    }

    fn changed(&mut self) {
        self.version += 1;
        self.trail.clear();
    }

    fn name(&self, at: usize) -> String {
        display_name(&self.flow.actions[at]).to_owned()
    }

    fn value(&self, operand: &Operand) -> Val {
        match operand {
            Operand::Unset => Val::NotSet,
            Operand::Literal(text) => Val::Text(text.clone()),
            Operand::Template(text) => self.template(text),
            Operand::Expression(text) => {
                let adapted = if self.flow.form == Form::Tutorial { adapt(text) } else { text.clone() };
                match expr::parse(&adapted) {
                    Ok(parsed) => eval(&parsed, &|name| self.lookup(name)),
                    Err(error) => Val::Unknown(format!("{text} is no expression: {error}")),
                }
            }
        }
    }

    fn lookup(&self, name: &str) -> Val {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        let dots = name.match_indices('.').map(|(at, _)| at).rev();
        for at in dots {
            if let Some(value) = self.variables.get(&name[..at]) {
                return value.below(&name[at + 1..]);
            }
        }
        // Only the tutorials' form lets an attribute be read by its bare name.
        if self.flow.form == Form::Tutorial
            && let Some(value) = self.attributes.get(name)
        {
            return value.clone();
        }
        Val::Unknown(format!("{name} has no value here"))
    }

    /// `high-{{lookup_result.tier}}`: each placeholder replaced by its value.
    fn template(&self, text: &str) -> Val {
        let mut out = String::new();
        let mut rest = text;
        loop {
            let (open, close) = match (rest.find("{{"), rest.find("${")) {
                (Some(double), Some(dollar)) if dollar < double => (dollar, "}"),
                (Some(double), _) => (double, "}}"),
                (None, Some(dollar)) => (dollar, "}"),
                (None, None) => break,
            };
            out.push_str(&rest[..open]);
            let Some(end) = rest[open + 2..].find(close) else {
                return Val::Unknown(format!("the placeholder in {text} is never closed"));
            };
            let name = rest[open + 2..open + 2 + end].trim();
            let value = self.lookup(name);
            match (value.text(), value) {
                (Some(value), _) => out.push_str(&value),
                (None, Val::Unknown(why)) => return Val::Unknown(why),
                (None, other) => return Val::Unknown(format!("{name} is {other}")),
            }
            rest = &rest[open + 2 + end + close.len()..];
        }
        out.push_str(rest);
        Val::Text(out)
    }
}

/// The outputs that actions of a kind have whether a file spells them out or not.
fn usual(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Decision(_) => &["yes", "no"],
        Kind::Switch(_) => &["default"],
        Kind::Lookup(_) => &["success", "failure", "timeout"],
        Kind::Collect(_) | Kind::Transfer(_) => &["success", "failure"],
        _ => &[],
    }
}

fn find<'a>(action: &'a Action, labels: &[&str]) -> Option<&'a Branch> {
    labels.iter().find_map(|label| action.branches.iter().find(|branch| branch.label.eq_ignore_ascii_case(label)))
}

fn or_none<T: AsRef<str>>(list: &[T]) -> String {
    if list.is_empty() { "none".into() } else { list.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ") }
}

/// Tutorials write conditions as JavaScript does; the same in Architect's spelling.
fn adapt(text: &str) -> String {
    let text = text.replace("===", "==").replace("!==", "!=").replace("{{", "").replace("}}", "");
    if text.contains('"') { text } else { text.replace('\'', "\"") }
}

#[cfg(test)]
mod tests;
