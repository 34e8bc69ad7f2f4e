//! The filter of the Since screen: by flow, queue, participant and days.

use super::{Choice, CommandOutcome, Popup};
use crate::app::{
    Model,
    editor::Editor,
    keymap::Command,
    since::{KnownNames, SinceQuestion},
};

/// The prompt.
#[derive(Debug)]
pub struct SincePrompt {
    /// The conditions.
    pub text: Editor,
    /// What is wrong with them.
    pub mistake: Option<String>,
    /// What is said of the condition that is being typed.
    pub remark: Option<String>,
    question: SinceQuestion,
    known: KnownNames,
}

impl SincePrompt {
    /// On the present question; the next condition can be typed at once.
    pub(in crate::app) fn new(question: &SinceQuestion, known: KnownNames) -> Self {
        let mut text = question.filter();
        if !text.is_empty() {
            text.push(' ');
        }
        let text = Editor::new(&text, false);
        Self { text, mistake: None, remark: None, question: question.clone(), known }
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
        let text = self.text.text();
        self.mistake = self.question.with_filter(&text).err();
        self.remark = self.known.remark(&text);
    }
}
