//! The name of a key to add.

use super::{Choice, CommandOutcome, Popup};
use crate::{
    app::{Model, editor::Editor, keymap::Command, notice::NoticeLevel},
    domain::{
        Key,
        outbox::{Cell, Got, PatchTarget},
    },
};

/// The name of a key to add.
#[derive(Debug)]
pub struct AddKey {
    /// The participant that is to have the key.
    pub target: PatchTarget,
    /// The name.
    pub text: Editor,
}

impl AddKey {
    /// Asks for the name of a key, beginning with this one.
    pub fn new(target: PatchTarget, name: &str) -> Self {
        Self { target, text: Editor::new(name, false) }
    }
}

impl Popup for AddKey {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let name = self.text.text();
        match command {
            Command::Accept if name.is_empty() => {
                model.say(NoticeLevel::Info, "A key needs a name.");
                CommandOutcome::Stay
            }
            Command::Accept => CommandOutcome::Take(Choice::NewKey(Cell::new(&self.target, Key::from(name.as_str())))),
            _ => {
                if !name.is_empty() {
                    let key = model.key_label(Command::Add);
                    model.say(NoticeLevel::Info, format!("The name is kept: {key} asks for it again."));
                }
                CommandOutcome::Close
            }
        }
    }

    fn edited(&mut self, model: &mut Model) {
        model.outbox.keep_loose(&self.target, Got::Named, &self.text.text());
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }
}
