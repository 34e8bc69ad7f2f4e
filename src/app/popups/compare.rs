//! Two calls, or two moments of one call, side by side.

use super::{CommandOutcome, Popup, step};
use crate::app::{Model, call::CellSelection, compare::Compare, keymap::Command, notice::NoticeLevel};

impl Popup for Compare {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let page = model.page();
        let board = &model.monitor.board;
        let lines = self.lines(board);
        let last = lines.len().saturating_sub(1);
        // Lines may have gone since one was selected.
        self.selected = self.selected.min(last);
        match command {
            Command::Up | Command::Down => self.selected = step(self.selected, command == Command::Down, lines.len()),
            Command::PageUp => self.selected = self.selected.saturating_sub(page),
            Command::PageDown => self.selected = (self.selected + page).min(last),
            Command::Left => self.turn(board, false, false),
            Command::Right => self.turn(board, false, true),
            Command::RightEarlier => self.turn(board, true, false),
            Command::RightLater => self.turn(board, true, true),
            Command::Toggle => {
                self.only_differences = !self.only_differences;
                self.selected = 0;
            }
            Command::Accept => {
                let cell = lines.get(self.selected).and_then(|line| match (&line.right_id, &line.left_id) {
                    (Some(p), _) => Some((self.right.call.clone(), p.clone(), line.key.clone())),
                    (None, Some(p)) => Some((self.left.call.clone(), p.clone(), line.key.clone())),
                    (None, None) => None,
                });
                let Some((call, participant, key)) = cell else { return CommandOutcome::Stay };
                if board.get(call.as_str()).is_none() {
                    model.say(NoticeLevel::Info, "This call is no longer listed.");
                    return CommandOutcome::Close;
                }
                return CommandOutcome::Go(call, Some(CellSelection { participant, key: Some(key) }));
            }
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }
}
