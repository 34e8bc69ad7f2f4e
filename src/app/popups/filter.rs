//! The filter prompt. What is typed takes effect at once, as far as it can be understood.

use super::{Outcome, Popup, SaveView};
use crate::{
    app::{Model, editor::Editor, keymap::Command, popups::Overlay},
    domain::filter::{Filter, Mistake},
};

/// The filter prompt.
#[derive(Debug)]
pub struct FilterPrompt {
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
    /// What held before, for Esc.
    before: (String, Filter),
}

impl FilterPrompt {
    /// On the present filter.
    pub(in crate::app) fn new(model: &Model) -> Self {
        let text = model.calls.filter_text.clone();
        Self { text: Editor::new(&text, false), mistake: None, before: (text, model.calls.filter.clone()) }
    }
}

impl Popup for FilterPrompt {
    fn command(&mut self, model: &mut Model, command: Command) -> Outcome {
        match command {
            Command::Accept | Command::SaveView if self.mistake.is_some() => Outcome::Stay,
            Command::Accept => Outcome::Close,
            Command::SaveView => Outcome::Open(Box::new(Overlay::SaveView(SaveView::default()))),
            _ => {
                (model.calls.filter_text, model.calls.filter) = self.before.clone();
                model.touch();
                Outcome::Close
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, model: &mut Model) {
        let text = self.text.text();
        match text.parse::<Filter>() {
            Ok(filter) => {
                self.mistake = None;
                model.calls.filter = filter;
                model.calls.filter_text = text.trim().to_owned();
                model.touch();
            }
            Err(mistake) => self.mistake = Some(mistake),
        }
    }
}
