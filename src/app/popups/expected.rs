//! Keys that calls are expected to have.

use super::{CommandOutcome, Popup, step};
use crate::app::{
    Model,
    diagnose::{is_of, listed},
    keymap::Command,
    notice::NoticeLevel,
};

/// The list of expectations.
#[derive(Debug, Default)]
pub struct ExpectedList {
    /// Which one is selected.
    pub selected: usize,
}

impl Popup for ExpectedList {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let all = model.monitor.examiner.expectations();
        self.selected = self.selected.min(all.len().saturating_sub(1));
        match command {
            Command::Up | Command::Down => self.selected = step(self.selected, command == Command::Down, all.len()),
            Command::Accept => {
                let place = listed(&model.monitor.examiner).get(self.selected).copied();
                let Some(expectation) = place.and_then(|place| all.get(place)) else { return CommandOutcome::Stay };
                let found = model.diagnose.found().iter().find(|finding| is_of(finding, expectation)).cloned();
                match found {
                    Some(finding) => {
                        model.diagnose.select(&finding);
                        model.touch();
                        return CommandOutcome::Close;
                    }
                    None => {
                        model.say(
                            NoticeLevel::Info,
                            "Nothing was found by this expectation: the calls are as expected.",
                        );
                    }
                }
            }
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }
}
