//! A search among the keys of a call. The selection follows what is typed.

use super::{CommandOutcome, Popup};
use crate::app::{
    Model,
    call::{CallScreen, CellSelection},
    editor::Editor,
    keymap::Command,
};

/// The search prompt.
#[derive(Debug)]
pub struct Find {
    /// What is searched for.
    pub text: Editor,
    /// Where the selection was before, for Esc.
    before: Option<CellSelection>,
    /// The row that it was on.
    from: usize,
}

impl Find {
    /// A search from the selected row on.
    pub(in crate::app) fn new(call: &CallScreen) -> Self {
        Self { text: Editor::new("", false), before: call.selection.clone(), from: call.position().unwrap_or(0) }
    }

    fn step(&self, model: &mut Model, back: bool) {
        let page = model.page();
        let text = self.text.text();
        let Some(call) = &mut model.call else { return };
        let rows = call.rows.len();
        if text.is_empty() || rows == 0 {
            return;
        }
        let here = call.position().unwrap_or(0).min(rows - 1);
        let from = if back { (here + rows - 1) % rows } else { (here + 1) % rows };
        if let Some(to) = call.find(&text, from, back) {
            call.go(to, page);
        }
        model.touch();
    }
}

impl Popup for Find {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Accept => {
                if let Some(call) = &mut model.call {
                    call.search = self.text.text();
                }
                CommandOutcome::Close
            }
            Command::Down | Command::Up => {
                self.step(model, command == Command::Up);
                CommandOutcome::Stay
            }
            _ => {
                if let Some(call) = &mut model.call {
                    call.selection = self.before.take();
                }
                model.touch();
                CommandOutcome::Close
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, model: &mut Model) {
        let page = model.page();
        let text = self.text.text();
        let Some(call) = &mut model.call else { return };
        let rows = call.rows.len();
        if rows > 0 {
            let to = call.find(&text, self.from.min(rows - 1), false);
            call.go(to.unwrap_or(self.from), page);
        }
        model.touch();
    }
}
