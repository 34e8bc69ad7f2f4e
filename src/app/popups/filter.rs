//! The filter prompt. What is typed takes effect at once; while it cannot be understood, the filter before it holds.

use super::{CommandOutcome, Popup, SaveView};
use crate::{
    app::{Model, editor::Editor, keymap::Command, screen::Screen},
    domain::filter::{ChangeFilter, Filter, Mistake},
};

/// The filter prompt.
#[derive(Debug)]
pub struct FilterPrompt {
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
    /// What is filtered.
    pub of: Filtered,
    /// What held before, for Esc.
    before: String,
}

/// What a filter is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtered {
    /// The calls.
    Calls,
    /// The changes of the Timeline.
    Changes,
    /// The findings of Diagnose.
    Findings,
}

impl FilterPrompt {
    /// On the present filter of this screen.
    pub(in crate::app) fn new(model: &Model) -> Self {
        let (of, now) = match model.screen {
            Screen::Timeline => (Filtered::Changes, &model.timeline.filter_text),
            Screen::Diagnose => (Filtered::Findings, &model.diagnose.filter_text),
            _ => (Filtered::Calls, &model.calls.filter_text),
        };
        Self { text: Editor::new(now, false), mistake: None, of, before: now.clone() }
    }

    fn filter(&mut self, model: &mut Model, text: &str) {
        self.mistake = match self.of {
            Filtered::Calls => text.parse::<Filter>().err(),
            Filtered::Changes | Filtered::Findings => text.parse::<ChangeFilter>().err(),
        };
        // Not the part of it that could be read a key ago: nobody asked for that.
        let text = if self.mistake.is_some() { self.before.as_str() } else { text };
        match self.of {
            Filtered::Changes => model.timeline.typed_filter(text),
            Filtered::Findings => _ = model.diagnose.set_filter(text),
            Filtered::Calls => {
                model.calls.filter = text.parse().unwrap_or_default();
                model.calls.filter_text = text.trim().to_owned();
            }
        }
        model.touch();
    }
}

impl Popup for FilterPrompt {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Accept | Command::SaveView if self.mistake.is_some() => CommandOutcome::Stay,
            Command::Accept => CommandOutcome::Close,
            Command::SaveView if self.of != Filtered::Calls => {
                model.say(crate::app::notice::NoticeLevel::Info, "Views are of the Calls screen.");
                CommandOutcome::Stay
            }
            Command::SaveView => CommandOutcome::open(SaveView::default()),
            _ => {
                let before = self.before.clone();
                self.filter(model, &before);
                CommandOutcome::Close
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, model: &mut Model) {
        let text = self.text.text();
        self.filter(model, &text);
    }
}
