//! Keys that were taken out of the map in the editor: there is no way to delete one, but each can be blanked.

use super::take_off;
use crate::{
    app::{
        Model,
        keymap::Command,
        popups::{Choice, CommandOutcome, Popup, step},
    },
    domain::{
        Value,
        outbox::{Base, Cell},
    },
};

/// Keys that were taken out of the map in the editor.
#[derive(Debug)]
pub struct RemovedList {
    /// The cells, and what was there.
    pub cells: Vec<(Cell, Value)>,
    /// Which one is selected.
    pub selected: usize,
}

impl Popup for RemovedList {
    fn command(&mut self, _: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.cells.len());
                CommandOutcome::Stay
            }
            Command::Accept => {
                let (cell, was) = self.cells[self.selected].clone();
                let blank = vec![(cell.key.clone(), Some(Base::Saw(Some(was))), String::new())];
                let choice = Choice::Drafts(cell.target(), blank);
                if take_off(&mut self.cells, &mut self.selected) {
                    CommandOutcome::Use(choice)
                } else {
                    CommandOutcome::Take(choice)
                }
            }
            _ => CommandOutcome::Close,
        }
    }
}
