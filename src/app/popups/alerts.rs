//! The list of alerts.

use super::{AlertPrompt, CommandOutcome, Popup, step};
use crate::app::{Model, call::CellSelection, keymap::Command, notice::NoticeLevel};

/// The list of alerts.
#[derive(Debug, Default)]
pub struct AlertList {
    /// Which one is selected.
    pub selected: usize,
}

impl Popup for AlertList {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let len = model.monitor.alerts.list.len();
        self.selected = self.selected.min(len.saturating_sub(1));
        match command {
            Command::Up | Command::Down => self.selected = step(self.selected, command == Command::Down, len),
            Command::Discard if self.selected < len => drop(model.monitor.alerts.list.remove(self.selected)),
            Command::Discard => {}
            Command::AlertOnMissed => model.watch_missed(),
            Command::AlertOnFilter => {
                return CommandOutcome::open(AlertPrompt::new(model));
            }
            Command::Accept => {
                let fired = model.monitor.alerts.list.get(self.selected).and_then(|w| w.last.clone());
                match fired {
                    Some(fired) if model.monitor.board.get(fired.call.as_str()).is_none() => {
                        model.say(NoticeLevel::Info, "This call is no longer listed.");
                        return CommandOutcome::Close;
                    }
                    Some(fired) => {
                        let selection =
                            fired.participant.map(|participant| CellSelection { participant, key: fired.key });
                        return CommandOutcome::Go(fired.call, selection);
                    }
                    None => model.say(NoticeLevel::Info, "It has not fired yet."),
                }
            }
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }
}

impl Model {
    /// Sets the one on missed milestones, or removes it.
    pub(in crate::app) fn watch_missed(&mut self) {
        let words = match (self.monitor.alerts.toggle_missed(), self.monitor.examiner.expectations().is_empty()) {
            (true, false) => "Alert set: when an expected key is missing at its milestone, or late.",
            (true, true) => "Set. No key is expected yet: --expect FILE says which calls should have.",
            (false, _) => "No alert any more on missed milestones.",
        };
        self.say(NoticeLevel::Info, words);
    }
}
