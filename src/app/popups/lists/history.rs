//! The values that a cell had.

use super::copied;
use crate::{
    app::{
        Model,
        keymap::Command,
        notice::NoticeLevel,
        popups::{Choice, CommandOutcome, Popup, step},
    },
    domain::{At, Value, outbox::Cell},
};

/// The values that a cell had, oldest first.
#[derive(Debug)]
pub struct HistoryList {
    /// Which cell.
    pub cell: Cell,
    /// The values.
    pub values: Vec<PastValue>,
    /// Which one is selected.
    pub selected: usize,
}

/// A value that a cell had.
#[derive(Debug)]
pub struct PastValue {
    /// Since when; `None` for what was there at first sight.
    pub since: Option<At>,
    /// The value; `None`: the key was absent.
    pub value: Option<Value>,
    /// By what it was observed, in a word.
    pub by: &'static str,
}

impl Popup for HistoryList {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let value = self.values.get(self.selected).and_then(|past| past.value.as_ref()).map(|v| v.as_str().to_owned());
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.values.len());
            }
            Command::Accept if model.refuses_edits() => {}
            Command::Accept => match value {
                Some(value) => {
                    let drafts = vec![(self.cell.key.clone(), None, value)];
                    return CommandOutcome::Take(Choice::Drafts(self.cell.target(), drafts));
                }
                None => {
                    let words = "It was absent then: no documented way deletes a key, only empties it.";
                    model.say(NoticeLevel::Info, words);
                }
            },
            Command::Copy => return copied(model, value),
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }
}
