//! What a lookup of a flow that is run answers, as JSON.

use super::{Choice, CommandOutcome, Popup};
use crate::{
    app::{Model, editor::Editor, flow, keymap::Command},
    flow::input::DataActionAnswer,
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
    fn command(&mut self, _model: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        match DataActionAnswer::parse(self.text.text().trim()) {
            Ok(DataActionAnswer::Ok(result)) => {
                CommandOutcome::Take(Choice::Lookup(flow::LookupOutcome::Given(result)))
            }
            Ok(DataActionAnswer::Timeout) => CommandOutcome::Take(Choice::Lookup(flow::LookupOutcome::Timeout)),
            Ok(DataActionAnswer::Error) => CommandOutcome::Take(Choice::Lookup(flow::LookupOutcome::Error)),
            Ok(DataActionAnswer::Found) => CommandOutcome::Take(Choice::Lookup(flow::LookupOutcome::Ok)),
            // A table that has no such row.
            Ok(DataActionAnswer::NotFound) => {
                CommandOutcome::Take(Choice::Lookup(flow::LookupOutcome::Given(serde_json::Value::Null)))
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
        self.mistake = DataActionAnswer::parse(self.text.text().trim()).err();
    }
}
