//! The filter of the Since screen: by flow, queue, participant and days.

use super::{Choice, CommandOutcome, Popup};
use crate::app::{Model, editor::Editor, keymap::Command, since::SinceQuestion};

/// The prompt.
#[derive(Debug)]
pub struct SincePrompt {
    /// The conditions.
    pub text: Editor,
    /// What is wrong with them.
    pub mistake: Option<String>,
    question: SinceQuestion,
}

impl SincePrompt {
    /// On the present question.
    pub(in crate::app) fn new(question: &SinceQuestion) -> Self {
        Self { text: Editor::new(&question.filter(), false), mistake: None, question: question.clone() }
    }
}

impl Popup for SincePrompt {
    fn command(&mut self, _: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        match self.question.with_filter(&self.text.text()) {
            Ok(question) => CommandOutcome::Take(Choice::Since(question)),
            Err(mistake) => {
                self.mistake = Some(mistake);
                CommandOutcome::Stay
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, _: &mut Model) {
        self.mistake = self.question.with_filter(&self.text.text()).err();
    }
}
