//! The name under which what is shown is saved.

use super::{CommandOutcome, Popup};
use crate::app::{Effect, Model, editor::Editor, keymap::Command, notice::NoticeLevel, views::CallsView};

/// The name of a view that is saved.
#[derive(Debug)]
pub struct SaveView {
    /// The name.
    pub text: Editor,
}

impl Default for SaveView {
    fn default() -> Self {
        Self { text: Editor::new("", false) }
    }
}

impl Popup for SaveView {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let name = self.text.text().trim().to_owned();
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            model.say(NoticeLevel::Info, "A view needs a name of at most 64 letters.");
            return CommandOutcome::Stay;
        }
        // The filter under it has been saved with the view, so it holds.
        model.close_filter();
        let view = CallsView::of(&model.calls, &name);
        let there = model.settings.views.iter_mut().find(|known| known.name == name);
        let word = match there {
            Some(known) => {
                *known = view.clone();
                "replaced"
            }
            None => {
                model.settings.views.push(view.clone());
                "saved"
            }
        };
        model.say(NoticeLevel::Done, format!("View {name} {word}: {}.", view.words()));
        CommandOutcome::Done(vec![Effect::SaveView(view)])
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }
}
