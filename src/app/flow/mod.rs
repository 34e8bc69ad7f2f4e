//! The Flow screen: the keys that a flow sets, against what its live calls carry; and the flow run step by step.

mod branches;
mod key_status;
mod show;
#[cfg(test)]
mod tests;

use crate::app::since::{KeyShare, VersionRow};
use crate::domain::Board;
use crate::flow::{
    self,
    diff::{Difference, KeyAccess, Surety, diff},
    keys::{Keys, keys},
    model::Flow,
};
use std::sync::Arc;

pub(crate) use branches::decisions;
pub use branches::{Decision, OutputCount};
pub use key_status::{FlowKeyRow, FlowKeyStatus, LiveCounts, rows, seen};
pub use show::{DemoStep, LookupOutcome, Show, Waits};

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
    /// The published version, as people write it.
    pub version: Option<String>,
    /// The version before it, and its number.
    pub before: Option<(String, Arc<Flow>)>,
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
    /// The text is not a flow; why.
    pub fn read(text: &str, runs: Option<Arc<Flow>>) -> Result<Self, String> {
        let flow = Arc::new(flow::read(text).map_err(|e| format!("Its configuration is not understood: {e}"))?);
        // The keys are those of the flow that is run, so that both halves of the screen speak of one flow.
        let staged = runs.is_some();
        let runs = runs.unwrap_or_else(|| flow.clone());
        let keys = Arc::new(keys(if staged { &runs } else { &flow }));
        Ok(Self { keys, flow, runs, staged, version: None, before: None })
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
    pub rows: Vec<FlowKeyRow>,
    /// Live calls that went through it, and how many of them are in it now.
    pub calls: (usize, usize),
    /// Ended calls that went through it and are still listed.
    pub ended: usize,
    /// The selected key.
    pub selection: Option<String>,
    /// The operator selected it, or a run did; else it is the first one, the worst.
    pub(super) moved: bool,
    /// Rows scrolled away.
    pub scroll: usize,
    /// The run, once one was begun.
    pub show: Option<Show>,
    /// Presence of its keys by version, where there is a history store.
    pub history: Option<FlowHistory>,
    /// The outputs that decide the selected key.
    pub decisions: Vec<Decision>,
    /// For which key, how many known runs and how many executed actions of them they were worked out.
    decided: Option<(String, usize, usize)>,
    /// What the published version does differently from the one before.
    pub changes: Vec<Difference>,
    /// The versions that the live calls run, with how many of them.
    pub live_versions: Vec<(String, usize)>,
    /// The newest version that a call was seen to run and for which the configuration was read again.
    pub(super) asked_for: Option<u64>,
    /// The keys that were set always before, and no longer are.
    pub lost: Vec<String>,
    /// The keys that the version before set, and this one nowhere.
    pub gone: Vec<String>,
}

/// Presence of a flow's keys by version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowHistory {
    /// The versions with their calls, the oldest first.
    pub versions: Vec<(String, i64)>,
    /// For each key its share in each of those versions.
    pub keys: Vec<(String, Vec<Option<KeyShare>>)>,
}

impl FlowHistory {
    /// Of what the store says of each key.
    pub fn new(keys: Vec<(String, Vec<VersionRow>)>) -> Self {
        let mut versions: Vec<(String, i64, i64)> = Vec::new();
        for row in keys.iter().flat_map(|(_, rows)| rows) {
            match versions.iter_mut().find(|(version, ..)| *version == row.version) {
                Some((_, calls, first)) => (*calls, *first) = (row.share.calls.max(*calls), row.first.min(*first)),
                None => versions.push((row.version.clone(), row.share.calls, row.first)),
            }
        }
        versions.sort_by_key(|(_, _, first)| *first);
        let share = |rows: &[VersionRow], version: &str| rows.iter().find(|r| r.version == version).map(|r| r.share);
        let keys = keys
            .into_iter()
            .map(|(key, rows)| (key, versions.iter().map(|(version, ..)| share(&rows, version)).collect()))
            .collect();
        Self { versions: versions.into_iter().map(|(version, calls, _)| (version, calls)).collect(), keys }
    }

    /// The shares of a key, one for each version.
    pub fn of(&self, key: &str) -> Option<&Vec<Option<KeyShare>>> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, shares)| shares)
    }
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
        let flow = key_status::NamedFlow { name, names: &board.names };
        let mut calls = seen(board, name);
        let all = calls.len();
        calls.retain(|entry| !entry.conversation.is_over());
        self.ended = all - calls.len();
        self.calls = (calls.len(), calls.iter().filter(|c| key_status::inside(&c.conversation, flow)).count());
        let gone = self.gone.iter().map(String::as_str);
        self.rows = rows(&definition.keys, gone, &self.lost, &calls, flow);
        // The worst first; a run sets the keys in the order of the configuration.
        if self.show.is_none() {
            self.rows.sort_by_key(|row| std::cmp::Reverse(row.trouble()));
        }
        // A key that this flow does not set was none to stay on.
        self.moved &= self.position().is_some();
        if self.position().is_none() || !self.moved && self.show.is_none() {
            self.selection = self.rows.first().map(|r| r.key.clone());
        }
        self.go(self.position().unwrap_or(0), page);
    }

    /// Counts the versions that the live calls of this flow run.
    pub(super) fn count_versions(&mut self, board: &Board) {
        self.live_versions.clear();
        let Some(name) = self.name.as_deref() else { return };
        for entry in board.iter().filter(|e| !e.conversation.is_over()) {
            let runs = entry.conversation.flows.iter().rev();
            let run = runs.clone().find(|run| run.name(&board.names) == Some(name));
            let Some(version) = run.and_then(|run| run.version()) else { continue };
            match self.live_versions.iter_mut().find(|(known, _)| known == version) {
                Some((_, calls)) => *calls += 1,
                None => self.live_versions.push((version.to_owned(), 1)),
            }
        }
        self.live_versions.sort();
    }

    /// The newest version that a call runs, where it is newer than the one that is shown: it was published since.
    pub(super) fn newer_version(&self) -> Option<u64> {
        let Reading::Here(definition) = &self.reading else { return None };
        let shown: u64 = definition.version.as_deref()?.parse().ok()?;
        let newest = self.live_versions.iter().filter_map(|(version, _)| version.parse().ok()).max()?;
        (newest > shown).then_some(newest)
    }

    /// Works out which outputs decide the selected key, if that is another one or more runs are known.
    pub(super) fn decide<'r>(&mut self, runs: impl Iterator<Item = &'r crate::why::GatheredRun> + Clone) {
        let Reading::Here(definition) = &self.reading else { return };
        let Some(key) = self.selection.clone() else { return };
        let known = runs.clone().filter_map(|run| run.run.as_deref());
        let (records, executed) = known.fold((0, 0), |(n, all), run| (n + 1, all + run.executed.len()));
        let stamp = Some((key.clone(), records, executed));
        if self.decided != stamp {
            self.decisions = decisions(definition.shown(), &definition.keys, &key, runs);
            self.decided = stamp;
        }
    }

    /// A definition is here: what it changed.
    pub(super) fn compare(&mut self) {
        self.decided = None;
        self.changes = match &self.reading {
            Reading::Here(Definition { before: Some((_, before)), flow, .. }) => diff(before, flow),
            _ => Vec::new(),
        };
        self.lost = self.changes.iter().filter(|d| d.is_loss()).map(|d| d.key.clone()).collect();
        let is_gone =
            |d: &&Difference| d.does == KeyAccess::Set && d.before != Surety::Never && d.after == Surety::Never;
        self.gone = self.changes.iter().filter(is_gone).map(|d| d.key.clone()).collect();
    }

    /// The selected row.
    pub fn position(&self) -> Option<usize> {
        let selection = self.selection.as_ref()?;
        self.rows.iter().position(|r| r.key == *selection)
    }

    /// The selected key.
    pub fn row(&self) -> Option<&FlowKeyRow> {
        self.rows.get(self.position()?)
    }

    /// Puts the selection on row `to`, or the last.
    pub fn go(&mut self, to: usize, page: usize) {
        let to = to.min(self.rows.len().saturating_sub(1));
        self.selection = self.rows.get(to).map(|r| r.key.clone());
        self.scroll = self.scroll.clamp((to + 1).saturating_sub(page), to);
    }
}
