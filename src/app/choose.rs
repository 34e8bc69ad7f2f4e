//! Short lists from which one thing is taken. A list is what it was when it opened: nothing moves under the cursor.

use super::copy::Copyable;
use crate::domain::{
    At, Key, Value,
    outbox::{Cell, JournalEdit, Loss, Target},
};

/// A list over the screen.
#[derive(Debug)]
pub struct Choose {
    /// What is listed.
    pub what: ChoiceList,
    /// Which of it is selected.
    pub selected: usize,
}

/// What can be listed.
#[derive(Clone, Debug, PartialEq)]
pub enum ChoiceList {
    /// Everything typed and not sent, then what is being sent, over all calls.
    Drafts {
        /// The cells.
        cells: Vec<Cell>,
        /// Second texts for some of them.
        others: Vec<JournalEdit>,
        /// They were left by an earlier run.
        earlier: bool,
    },
    /// What of this participant, and of this key, can be copied.
    Copy(Target, Option<Key>),
    /// The values that a cell had, oldest first.
    History(Cell, Vec<Past>),
    /// Values that were lost while an edit of ours was under way.
    Losses(Vec<Loss>),
    /// Where keys of a participant can be copied to.
    Onto(Target, Vec<Onto>),
    /// Keys that were taken out of the map in the editor.
    Removed(Vec<(Cell, Value)>),
}

/// A value that a cell had.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Since when; `None` for what was there at first sight.
    pub since: Option<At>,
    /// The value; `None`: the key was absent.
    pub value: Option<Value>,
    /// By what it was observed, in a word.
    pub by: &'static str,
}

/// Keys of one participant, to be copied to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Onto {
    /// To whom.
    pub target: Target,
    /// Keys and values.
    pub pairs: Vec<(Key, Value)>,
    /// All keys that there are, rather than the selected one.
    pub all: bool,
}

impl ChoiceList {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Drafts { cells, others, .. } => cells.len() + others.len(),
            Self::Copy(..) => Copyable::ALL.len(),
            Self::History(_, values) => values.len(),
            Self::Losses(losses) => losses.len(),
            Self::Onto(_, rows) => rows.len(),
            Self::Removed(cells) => cells.len(),
        }
    }

    /// True without a row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a row off the list.
    pub(super) fn remove(&mut self, index: usize) {
        if index >= self.len() {
            return;
        }
        match self {
            Self::Drafts { cells, others, .. } => match index.checked_sub(cells.len()) {
                Some(other) => drop(others.remove(other)),
                None => drop(cells.remove(index)),
            },
            Self::Losses(losses) => drop(losses.remove(index)),
            Self::Removed(cells) => drop(cells.remove(index)),
            Self::Copy(..) | Self::History(..) | Self::Onto(..) => {}
        }
    }
}
