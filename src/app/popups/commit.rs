//! The question before sending: what is about to be sent, and the answer.

use super::{Choice, CommandOutcome, Popup, step};
use crate::{
    app::{Model, keymap::Command},
    domain::outbox::{Cell, EditState, Refusal, Timing, Undo},
};

/// What is about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitQuestion {
    /// The cells, in the order of their participants.
    pub cells: Vec<Cell>,
    /// What asks for a second yes: the call or the participant has ended.
    pub doubt: Option<Refusal>,
    /// The first yes was said.
    pub sure: bool,
    /// Rows scrolled away.
    pub scroll: usize,
    /// The question made these drafts itself (set to empty, undo): cancelled, it leaves none behind.
    pub made: bool,
    /// It takes something back that was sent.
    pub undo: Option<Undo>,
}

impl CommitQuestion {
    /// The question that would send these.
    pub(in crate::app) fn new(model: &Model, cells: Vec<Cell>) -> Self {
        let doubt = model.outbox.doubt(&model.monitor.board, &cells);
        Self { cells, doubt, sure: false, scroll: 0, made: false, undo: None }
    }
}

impl Popup for CommitQuestion {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let timing = match command {
            Command::Accept => Timing::Now,
            Command::SendLater => Timing::WhenFlowEnds,
            Command::SendBoth => Timing::Both,
            Command::Up | Command::Down => {
                self.scroll = step(self.scroll, command == Command::Down, self.cells.len());
                return CommandOutcome::Stay;
            }
            _ => {
                for cell in self.cells.iter().filter(|_| self.made) {
                    if model.outbox.view(cell).is_some_and(|v| v.state == EditState::Draft) {
                        model.outbox.discard(cell);
                    }
                }
                model.touch();
                return CommandOutcome::Close;
            }
        };
        if self.doubt.is_some() && !self.sure {
            self.sure = true;
            return CommandOutcome::Stay;
        }
        CommandOutcome::Take(Choice::Send { cells: self.cells.clone(), sure: self.sure, timing })
    }
}
