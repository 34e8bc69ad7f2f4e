//! What a lookup of a flow that is run answers, as JSON.

use super::{Choice, Outcome, Popup};
use crate::{
    app::{Model, editor::Editor, flow, keymap::Command},
    flow::input::Answer,
};

/// The answer of a lookup.
#[derive(Debug)]
pub struct AnswerPrompt {
    /// The text.
    pub text: Editor,
    /// Why it cannot be one.
    pub mistake: Option<String>,
}

impl Popup for AnswerPrompt {
    fn command(&mut self, _model: &mut Model, command: Command) -> Outcome {
        if command != Command::Accept {
            return Outcome::Close;
        }
        match Answer::parse(self.text.text().trim()) {
            Ok(Answer::Ok(result)) => Outcome::Take(Choice::Lookup(flow::Outcome::Given(result))),
            Ok(Answer::Timeout) => Outcome::Take(Choice::Lookup(flow::Outcome::Timeout)),
            Ok(Answer::Error) => Outcome::Take(Choice::Lookup(flow::Outcome::Error)),
            Ok(Answer::Found) => Outcome::Take(Choice::Lookup(flow::Outcome::Ok)),
            // A table that has no such row.
            Ok(Answer::NotFound) => Outcome::Take(Choice::Lookup(flow::Outcome::Given(serde_json::Value::Null))),
            Err(mistake) => {
                self.mistake = Some(mistake);
                Outcome::Stay
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.mistake = Answer::parse(self.text.text().trim()).err();
    }
}
