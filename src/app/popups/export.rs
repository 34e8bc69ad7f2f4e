//! What is handed on, how, and where to.

use super::{CommandOutcome, Popup};
use crate::app::{
    Effect, Model,
    export::{Export, ExportField, Goal},
    key::{Code, Key},
    keymap::Command,
    notice::NoticeLevel,
};

impl Popup for Export {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up => self.go(false),
            Command::Down => self.go(true),
            Command::Left | Command::Right if self.line == ExportField::File => {
                let code = if command == Command::Right { Code::Right } else { Code::Left };
                self.path.key(Key::plain(code));
            }
            Command::Left | Command::Right => self.turn(command == Command::Right),
            Command::Accept => {
                let path = self.path.text().trim().to_owned();
                if path.is_empty() {
                    self.line = ExportField::File;
                    model.say(NoticeLevel::Info, "The file needs a name.");
                    return CommandOutcome::Stay;
                }
                let goal = Goal::File { path, replace: self.exists.is_some() };
                return CommandOutcome::Effects(vec![Effect::Export(self.plan(goal))]);
            }
            Command::Copy => return CommandOutcome::Effects(vec![Effect::Export(self.plan(Goal::Clipboard))]),
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }

    /// Typed into the name, where that is selected; else a space turns.
    fn key(&mut self, _model: &mut Model, key: Key) -> bool {
        if self.line != ExportField::File {
            let turns = key.code == Code::Char(' ');
            if turns {
                self.turn(true);
            }
            return turns;
        }
        if self.path.key(key) {
            self.typed();
        }
        true
    }

    fn paste(&mut self, _model: &mut Model, pasted: &str) -> bool {
        self.path.paste(pasted);
        self.typed();
        true
    }
}
