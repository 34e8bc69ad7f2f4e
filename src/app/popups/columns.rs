//! The column picker.

use super::{CommandOutcome, Popup, step};
use crate::{
    app::{Model, calls, editor::Editor, keymap::Command},
    domain::Key,
};

/// The column picker.
#[derive(Debug)]
pub struct ColumnPicker {
    /// Every key that some call carries, with how many calls do.
    pub keys: Vec<(Key, usize)>,
    /// The picked ones, in order.
    pub picked: Vec<Key>,
    /// Narrows the list.
    pub query: Editor,
    /// Which of the shown keys is selected.
    pub selected: usize,
}

impl ColumnPicker {
    /// With the present columns picked.
    pub(in crate::app) fn new(model: &Model) -> Self {
        let picked = model.calls.picked.clone().unwrap_or_else(|| model.calls.keys.clone());
        let mut keys = calls::keys_with_counts(&model.monitor.board);
        keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Self { keys, picked, query: Editor::new("", false), selected: 0 }
    }

    /// The keys that match what was typed.
    pub fn shown(&self) -> Vec<&(Key, usize)> {
        let query = self.query.text().to_lowercase();
        self.keys.iter().filter(|(k, _)| k.as_str().to_lowercase().contains(&query)).collect()
    }
}

impl Popup for ColumnPicker {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.shown().len());
                return CommandOutcome::Stay;
            }
            Command::Toggle => {
                if let Some(key) = self.shown().get(self.selected).map(|(k, _)| k.clone()) {
                    match self.picked.iter().position(|k| *k == key) {
                        Some(i) => drop(self.picked.remove(i)),
                        None => self.picked.push(key),
                    }
                }
                return CommandOutcome::Stay;
            }
            Command::Accept => model.calls.picked = Some(std::mem::take(&mut self.picked)),
            Command::Automatic => model.calls.choose_again(),
            _ => return CommandOutcome::Close,
        }
        model.touch();
        CommandOutcome::Close
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.query)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.selected = 0;
    }
}
