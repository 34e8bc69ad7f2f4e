//! A flow run before the eyes of a room: step by step, with the lookup's result chosen by hand.

use crate::domain::ConversationId;
use crate::flow::{
    input::{DataActionAnswer, Inputs},
    model::{ActionKind, Flow, display_name},
    run::{ActionRun, End, Need, Run},
    sample,
};
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc};

/// What a lookup is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupOutcome {
    /// It finds the caller.
    Ok,
    /// It answers with this.
    Given(Value),
    /// It takes too long.
    Timeout,
    /// It fails.
    Error,
}

impl LookupOutcome {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Given(_) => "as typed",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

/// What is to happen to the call on the simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemoStep {
    /// A call enters the flow of this name; one that was there is hung up.
    Begin(String),
    /// The flow set these on the customer.
    Set(Vec<(String, String)>),
    /// The flow handed the call to the queue of this name.
    Transfer(String),
    /// The call is over.
    End,
}

/// What the run waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The result of a lookup; its name.
    Lookup(String),
    /// A key press or entry: the menu, the choices.
    Digit(String, Vec<String>),
    /// The output to take: the action, its outputs.
    Output(String, Vec<String>),
}

/// A run.
#[derive(Clone, Debug)]
pub struct Show {
    run: Run,
    /// What was done so far.
    pub steps: Vec<ActionRun>,
    /// What the next lookup answers; `None`: it is asked.
    chosen: Option<LookupOutcome>,
    /// What each lookup answered, by the name of the action that asked, in order.
    pub outcomes: Vec<(String, LookupOutcome)>,
    /// The run places a call on the simulator.
    pub staged: bool,
    /// That call, once it is there.
    pub call: Option<ConversationId>,
}

impl Show {
    /// A run that has done nothing yet.
    pub fn new(flow: Arc<Flow>, staged: bool) -> Self {
        let run = Run::new(flow, Inputs::default());
        Self { run, steps: Vec::new(), chosen: None, outcomes: Vec::new(), staged, call: None }
    }

    /// The flow that is run.
    pub fn flow(&self) -> &Flow {
        self.run.flow()
    }

    /// How it ended; nothing while it goes on or waits.
    pub fn end(&self) -> Option<&End> {
        self.run.end().filter(|end| !matches!(end, End::Needs(_)))
    }

    /// The action that runs next.
    pub fn next(&self) -> Option<usize> {
        self.run.next_action()
    }

    /// What the next lookup will answer, where that was chosen beforehand.
    pub fn chosen(&self) -> Option<&LookupOutcome> {
        self.chosen.as_ref()
    }

    /// A result for the lookup that waits, or for the first one of the flow: something to begin typing from.
    pub fn example(&self) -> Value {
        let waits = match self.waits() {
            Some(Waits::Lookup(name)) => Some(name),
            _ => None,
        };
        let first = || {
            self.run.flow().actions.iter().find_map(|action| match &action.kind {
                ActionKind::Lookup(lookup) => Some(lookup.name.clone()),
                _ => None,
            })
        };
        let name = waits.or_else(first).unwrap_or_default();
        sample::result(self.run.flow(), &name, || 0)
    }

    /// What it waits for.
    pub fn waits(&self) -> Option<Waits> {
        match self.run.end()? {
            End::Needs(Need::Lookup { name, .. }) => Some(Waits::Lookup(name.clone())),
            End::Needs(Need::Digit { menu, choices }) => Some(Waits::Digit(menu.clone(), choices.clone())),
            End::Needs(Need::Output { action, outputs }) => Some(Waits::Output(action.clone(), outputs.clone())),
            _ => None,
        }
    }

    /// The attributes set so far, in order: key, value, and whether the last step set it.
    pub fn attributes(&self) -> Vec<(&str, String, bool)> {
        let last = self.steps.last();
        let fresh = |key: &str| last.is_some_and(|s| s.set.iter().any(|set| set.key.as_deref() == Some(key)));
        self.run.attributes().map(|(key, value)| (key, value.to_string(), fresh(key))).collect()
    }

    /// Runs one action, or finds out what the next one waits for. What is to happen on the simulator.
    pub fn step(&mut self) -> Vec<DemoStep> {
        match self.waits() {
            Some(Waits::Lookup(_)) => return self.look_up(LookupOutcome::Ok),
            Some(Waits::Digit(_, choices)) => {
                let first = choices.first().cloned().unwrap_or_else(|| "1".into());
                return self.press(&first);
            }
            Some(Waits::Output(_, outputs)) => {
                let first = outputs.first().cloned().unwrap_or_default();
                return self.choose(&first);
            }
            None => {}
        }
        let steps = self.advance();
        // A lookup whose result was chosen beforehand is not asked for.
        if matches!(self.waits(), Some(Waits::Lookup(_)))
            && let Some(outcome) = self.chosen.take()
        {
            return self.look_up(outcome);
        }
        steps
    }

    /// Chooses what the lookup that waits answers, and goes on; else what the next one answers.
    pub fn look_up(&mut self, outcome: LookupOutcome) -> Vec<DemoStep> {
        let Some(Waits::Lookup(name)) = self.waits() else {
            self.chosen = Some(outcome);
            return Vec::new();
        };
        let said = outcome.clone();
        let answer = match outcome {
            LookupOutcome::Ok => DataActionAnswer::Ok(sample::result(self.run.flow(), &name, || 0)),
            LookupOutcome::Given(result) => DataActionAnswer::Ok(result),
            LookupOutcome::Timeout => DataActionAnswer::Timeout,
            LookupOutcome::Error => DataActionAnswer::Error,
        };
        self.run.answer(Inputs { lookups: vec![(name, answer)], ..Inputs::default() });
        let before = self.steps.len();
        let steps = self.advance();
        if let Some(asked) = self.steps.get(before) {
            self.outcomes.push((display_name(&self.run.flow().actions[asked.action]).to_owned(), said));
        }
        steps
    }

    /// The action that waits for the answer of a lookup.
    pub fn asks(&self) -> Option<&str> {
        let at = self.run.waiting_action()?;
        Some(display_name(&self.run.flow().actions[at]))
    }

    /// Presses a key, or takes the output of that place, if the run waits for one.
    pub fn key(&mut self, key: char) -> Vec<DemoStep> {
        match self.waits() {
            Some(Waits::Digit(..)) => self.press(&key.to_string()),
            Some(Waits::Output(_, outputs)) => {
                let place = key.to_digit(10).and_then(|d| (d as usize).checked_sub(1));
                match place.and_then(|i| outputs.get(i)) {
                    Some(output) => self.choose(&output.clone()),
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    fn press(&mut self, digit: &str) -> Vec<DemoStep> {
        let Some(Waits::Digit(menu, choices)) = self.waits() else { return Vec::new() };
        // A key that the menu does not have would end the run; it is not pressed.
        if !choices.is_empty() && !self.has_choice(&menu, digit) {
            return Vec::new();
        }
        self.run.answer(Inputs { digits: VecDeque::from([digit.to_owned()]), ..Inputs::default() });
        self.advance()
    }

    fn has_choice(&self, menu: &str, digit: &str) -> bool {
        let flow = self.run.flow();
        let named = |a: &&crate::flow::model::Action| a.name == menu || a.type_name == menu || a.id == menu;
        let mut branches = flow.actions.iter().filter(named).flat_map(|a| &a.branches);
        branches.any(|b| b.digit.as_deref() == Some(digit) || b.label.eq_ignore_ascii_case(digit))
    }

    fn choose(&mut self, output: &str) -> Vec<DemoStep> {
        let Some(Waits::Output(action, _)) = self.waits() else { return Vec::new() };
        self.run.answer(Inputs { choose: vec![(action, output.to_owned())], ..Inputs::default() });
        self.advance()
    }

    fn advance(&mut self) -> Vec<DemoStep> {
        let Some(step) = self.run.step() else { return Vec::new() };
        if matches!(self.run.end(), Some(End::Needs(_) | End::Undecided(_))) {
            // It was not done; what it waits for is shown instead.
            return Vec::new();
        }
        let set: Vec<(String, String)> =
            step.set.iter().filter_map(|set| Some((set.key.clone()?, set.value.text()?))).collect();
        self.steps.push(step);
        if !self.staged {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if !set.is_empty() {
            steps.push(DemoStep::Set(set));
        }
        match self.end() {
            Some(End::Transferred(to)) => steps.push(DemoStep::Transfer(to.clone())),
            Some(_) => steps.push(DemoStep::End),
            None => {}
        }
        steps
    }
}
