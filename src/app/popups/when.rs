//! The condition under which drafts are sent.

use super::{Choice, CommandOutcome, Popup};
use crate::{
    app::{Model, editor::Editor, keymap::Command, notice::NoticeLevel},
    domain::{
        filter::{Filter, Mistake},
        outbox::Cell,
    },
};

/// The condition of a conditional edit.
#[derive(Debug)]
pub struct WhenPrompt {
    /// What is sent when it holds.
    pub cells: Vec<Cell>,
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

impl WhenPrompt {
    /// True, with the reason shown, while no condition can be judged.
    pub(in crate::app) fn is_down(model: &mut Model) -> bool {
        let down = !model.link.is_live();
        if down {
            model.say(NoticeLevel::Alarm, "The link is down: no condition can be judged. The draft stays.");
        }
        down
    }
}

impl Popup for WhenPrompt {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        // It may have gone down while the expression was typed.
        if Self::is_down(model) {
            return CommandOutcome::Stay;
        }
        match self.text.text().trim().parse::<Filter>() {
            Ok(filter) if !filter.is_empty() => return CommandOutcome::Take(Choice::Arm(filter, self.cells.clone())),
            Ok(_) => model.say(NoticeLevel::Info, "An expression is needed, such as ivr_choice or state:queue."),
            Err(mistake) => self.mistake = Some(mistake),
        }
        CommandOutcome::Stay
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.mistake = self.text.text().parse::<Filter>().err();
    }
}
