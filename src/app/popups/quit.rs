//! The question before the program ends: something is not done.

use super::{CommandOutcome, Popup};
use crate::app::{AppExit, Model, keymap::Command};

/// Whether to end the program although something is not done.
#[derive(Debug)]
pub struct QuitQuestion;

impl Popup for QuitQuestion {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        model.outbox.forget_given_up();
        model.exit = Some(AppExit::Quit);
        CommandOutcome::Stay
    }
}
