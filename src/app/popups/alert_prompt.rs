//! The expression of a new alert.

use super::{CommandOutcome, Popup};
use crate::{
    app::{Model, editor::Editor, keymap::Command, notice::NoticeLevel},
    domain::filter::{Filter, Mistake},
};

/// The expression of a new alert.
#[derive(Debug)]
pub struct AlertPrompt {
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

impl AlertPrompt {
    /// With the filter of the Calls screen to begin with.
    pub(in crate::app) fn new(model: &Model) -> Self {
        Self { text: Editor::new(&model.calls.filter_text, false), mistake: None }
    }
}

impl Popup for AlertPrompt {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        let text = self.text.text().trim().to_owned();
        match text.parse::<Filter>() {
            Ok(filter) if filter.is_empty() => {
                model.say(NoticeLevel::Info, "An empty expression holds for every call; type what is waited for.");
                CommandOutcome::Stay
            }
            Ok(filter) => {
                let now = model.now;
                model.monitor.alerts.add_filter(&text, filter, &model.monitor.board, now);
                model.say(NoticeLevel::Info, format!("Alert set: when a call starts matching {text}."));
                CommandOutcome::Close
            }
            Err(mistake) => {
                self.mistake = Some(mistake);
                CommandOutcome::Stay
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.mistake = self.text.text().parse::<Filter>().err();
    }
}
