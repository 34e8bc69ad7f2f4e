//! The Flow screen: the keys that a flow sets, against what its live calls carry; and the flow run step by step.

mod show;
mod standing;
#[cfg(test)]
mod tests;

use crate::domain::Board;
use crate::flow::{
    self,
    keys::{Keys, keys},
    model::Flow,
};
use std::sync::Arc;

pub use show::{DemoStep, Outcome, Show, Waits};
pub use standing::{Counts, Row, Standing, rows, seen};

/// A flow's configuration, read.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What it does with participant data.
    pub keys: Arc<Keys>,
    /// The flow as the platform has it.
    pub flow: Arc<Flow>,
    /// The flow to run: a simulator may have a fuller one than it hands out.
    pub runs: Arc<Flow>,
    /// Running it places a call on the simulator.
    pub staged: bool,
}

impl PartialEq for Definition {
    /// The same reading, not an equal one.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.flow, &other.flow) && Arc::ptr_eq(&self.runs, &other.runs)
    }
}

impl Definition {
    /// Reads a configuration; `runs`: the definition that a simulator drives calls by.
    ///
    /// # Errors
    /// The text is no flow; why.
    pub fn read(text: &str, runs: Option<Arc<Flow>>) -> Result<Self, String> {
        let flow = Arc::new(flow::read(text).map_err(|e| format!("Its configuration is not understood: {e}"))?);
        // The keys are those of the flow that is run, so that both halves of the screen speak of one flow.
        let staged = runs.is_some();
        let runs = runs.unwrap_or_else(|| flow.clone());
        Ok(Self { keys: Arc::new(keys(if staged { &runs } else { &flow })), flow, runs, staged })
    }

    /// The flow that the keys are of.
    pub fn shown(&self) -> &Flow {
        if self.staged { &self.runs } else { &self.flow }
    }
}

/// What is known of the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reading {
    /// No flow was chosen.
    #[default]
    None,
    /// It was asked for.
    Asked,
    /// It cannot be had; why, and what to do.
    Failed(String),
    /// It is here.
    Here(Definition),
}

/// State of the Flow screen.
#[derive(Debug, Default)]
pub struct FlowScreen {
    /// Which flow.
    pub name: Option<String>,
    /// Its configuration.
    pub reading: Reading,
    /// One for each key that it sets.
    pub rows: Vec<Row>,
    /// Calls on the board that went through it, and how many are in it now.
    pub calls: (usize, usize),
    /// The key under the hand.
    pub hand: Option<String>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// The run, once one was begun.
    pub show: Option<Show>,
}

impl FlowScreen {
    /// The definition, once it is here.
    pub fn definition(&self) -> Option<&Definition> {
        match &self.reading {
            Reading::Here(definition) => Some(definition),
            _ => None,
        }
    }

    /// Brings the rows up to date.
    pub fn refresh(&mut self, board: &Board, page: usize) {
        let (Some(name), Reading::Here(definition)) = (&self.name, &self.reading) else {
            self.rows.clear();
            return;
        };
        let flow = standing::Flow { name, names: &board.names };
        let calls = seen(board, name);
        self.calls = (calls.len(), calls.iter().filter(|c| standing::inside(&c.conversation, flow)).count());
        self.rows = rows(&definition.keys, &calls, flow);
        if self.position().is_none() {
            self.hand = self.rows.first().map(|r| r.key.clone());
        }
        self.go(self.position().unwrap_or(0), page);
    }

    /// The row under the hand.
    pub fn position(&self) -> Option<usize> {
        let hand = self.hand.as_ref()?;
        self.rows.iter().position(|r| r.key == *hand)
    }

    /// The key under the hand.
    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.position()?)
    }

    /// Puts the hand on row `to`, or the last.
    pub fn go(&mut self, to: usize, page: usize) {
        let to = to.min(self.rows.len().saturating_sub(1));
        self.hand = self.rows.get(to).map(|r| r.key.clone());
        self.scroll = self.scroll.clamp((to + 1).saturating_sub(page), to);
    }
}
