//! Where keys of a participant can be copied to.

use crate::{
    app::{
        Model,
        keymap::Command,
        popups::{Choice, CommandOutcome, Popup, step},
    },
    domain::{Key, Value, outbox::PatchTarget},
};

/// Where keys of a participant can be copied to.
#[derive(Debug)]
pub struct OntoList {
    /// Whose keys.
    pub from: PatchTarget,
    /// To whom, and which.
    pub rows: Vec<Onto>,
    /// Which row is selected.
    pub selected: usize,
}

/// Keys of one participant, to be copied to another.
#[derive(Debug)]
pub struct Onto {
    /// The participant that is to have the values.
    pub target: PatchTarget,
    /// Keys and values.
    pub pairs: Vec<(Key, Value)>,
    /// All keys that there are, rather than the selected one.
    pub all: bool,
}

impl Popup for OntoList {
    fn command(&mut self, _: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.rows.len());
                CommandOutcome::Stay
            }
            Command::Accept => {
                let Onto { target, pairs, .. } = &self.rows[self.selected];
                let drafts = pairs.iter().map(|(key, value)| (key.clone(), None, value.as_str().to_owned()));
                CommandOutcome::Take(Choice::Drafts(target.clone(), drafts.collect()))
            }
            _ => CommandOutcome::Close,
        }
    }
}
