//! What of a participant, and of a key, can be copied.

use crate::{
    app::{
        Model,
        copy::Copyable,
        keymap::Command,
        popups::{CommandOutcome, Popup, step},
    },
    domain::{Key, outbox::PatchTarget},
};

/// What of this participant, and of this key, can be copied.
#[derive(Debug)]
pub struct CopyList {
    /// Whose.
    pub target: PatchTarget,
    /// The key that was selected.
    pub key: Option<Key>,
    /// Which row is selected.
    pub selected: usize,
}

impl Popup for CopyList {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, Copyable::ALL.len());
                CommandOutcome::Stay
            }
            Command::Accept => {
                let item = Copyable::ALL[self.selected];
                CommandOutcome::Done(model.copy_item(item, &self.target, self.key.as_ref()))
            }
            _ => CommandOutcome::Close,
        }
    }
}
