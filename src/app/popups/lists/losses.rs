//! Values that were lost while an edit of ours was under way.

use super::{copied, take_off};
use crate::{
    app::{
        Model,
        keymap::Command,
        notice::NoticeLevel,
        popups::{Choice, CommandOutcome, Popup, step},
    },
    domain::outbox::Loss,
};

/// Values that were lost while an edit of ours was under way.
#[derive(Debug)]
pub struct LossList {
    /// The values.
    pub losses: Vec<Loss>,
    /// Which one is selected.
    pub selected: usize,
}

impl LossList {
    /// Asks before the value is sent that brings the selected one back.
    fn restore(&self, model: &mut Model) -> CommandOutcome {
        let loss = &self.losses[self.selected];
        let Some(cell) = model.outbox.restore(loss) else {
            let key = model.key_label(Command::Drafts);
            let words =
                format!("What is typed for {} is not sent yet: decide that first, {key} lists it.", loss.cell.key);
            model.say(NoticeLevel::Alarm, words);
            return CommandOutcome::Close;
        };
        model.touch();
        CommandOutcome::Take(Choice::Ask(cell))
    }
}

impl Popup for LossList {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.losses.len());
            }
            Command::Accept if model.refuses_edits() => {}
            Command::Accept => return self.restore(model),
            Command::Copy => return copied(model, Some(self.losses[self.selected].theirs.as_str().to_owned())),
            Command::Discard => {
                model.outbox.dismiss_loss(&self.losses[self.selected].cell);
                if !take_off(&mut self.losses, &mut self.selected) {
                    return CommandOutcome::Close;
                }
            }
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }
}
