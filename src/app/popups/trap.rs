//! What the next call is to be like, which is then waited for.

use super::{CommandOutcome, Popup};
use crate::{
    app::{Model, editor::Editor, keymap::Command, notice::NoticeLevel},
    domain::{
        Trap,
        filter::{Filter, Mistake},
        text,
    },
};

/// What the next call is to be like.
#[derive(Debug)]
pub struct TrapPrompt {
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

impl TrapPrompt {
    /// With the filter of the Calls screen to begin with.
    pub(in crate::app) fn new(model: &Model) -> Self {
        Self { text: Editor::new(&model.calls.filter_text, false), mistake: None }
    }
}

impl Popup for TrapPrompt {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        let words = self.text.text().trim().to_owned();
        let Ok(filter) = words.parse::<Filter>() else { return CommandOutcome::Stay };
        model.trap = Some(Trap::set(None, None, filter, model.now));
        let what = if words.is_empty() { "any call".to_owned() } else { text::cut(&words, 40).into_owned() };
        model.say(NoticeLevel::Info, format!("Waiting for the next call: {what}. It is opened when it comes."));
        CommandOutcome::Close
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.mistake = self.text.text().parse::<Filter>().err();
    }
}
