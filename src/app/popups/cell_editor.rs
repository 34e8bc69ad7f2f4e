//! The cell being edited. Every change goes to the outbox as a draft, so nothing typed can be lost.

use super::{Choice, CommandOutcome, Popup};
use crate::{
    app::{
        Model,
        editor::Editor,
        keymap::{Command, Scope},
        notice::NoticeLevel,
    },
    domain::outbox::{Base, Cell, EditState},
};

/// The cell being edited.
#[derive(Debug)]
pub struct CellEditor {
    /// Which cell.
    pub cell: Cell,
    /// What the operator saw there when the edit began.
    pub base: Base,
    /// The text.
    pub text: Editor,
}

impl CellEditor {
    /// An editor of this text, all of it selected.
    pub(in crate::app) fn new(cell: Cell, base: Base, text: &str) -> Self {
        Self { cell, base, text: Editor::new(text, true) }
    }

    /// The text is what was there: nothing to send. An absent key and an empty text are not the same.
    fn is_base(&self, text: &str) -> bool {
        let is_new = matches!(self.base, Base::Saw(None));
        self.base.value().is_some_and(|v| v.as_str() == text) || (is_new && text.is_empty())
    }

    fn accept(&self, model: &mut Model) -> CommandOutcome {
        let text = self.text.text();
        let view = model.outbox.view(&self.cell).filter(|v| v.mine == text);
        if let Some(EditState::Armed { .. }) = view.map(|v| v.state) {
            model.touch();
            model.say(NoticeLevel::Info, "Unchanged: it stays armed.");
            return CommandOutcome::Close;
        }
        if self.is_base(&text) && !matches!(self.base, Base::Saw(None)) {
            model.outbox.discard(&self.cell);
            model.touch();
            model.say(NoticeLevel::Info, "Unchanged: nothing to send.");
            return CommandOutcome::Close;
        }
        model.outbox.draft(&self.cell, self.base.clone(), text);
        CommandOutcome::Use(Choice::Ask(self.cell.clone()))
    }

    fn leave(&self, model: &mut Model) {
        let text = self.text.text();
        if self.is_base(&text) {
            model.outbox.discard(&self.cell);
        } else if text.is_empty() && model.outbox.view(&self.cell).is_some_and(|v| v.mine.is_empty()) {
            model.outbox.draft(&self.cell, self.base.clone(), text);
        }
        if model.outbox.view(&self.cell).is_some_and(|v| v.state == EditState::Draft) {
            let own = |command| model.keymap.key_for_in(Scope::Call, command).map(|k| k.label(model.settings.ascii));
            let own = |command| own(command).unwrap_or_default();
            let (level, words) = match &model.unkept.drafts {
                None => {
                    let (edit, discard) = (own(Command::Edit), own(Command::Discard));
                    let review = model.key_label(Command::Review);
                    let words = format!("Kept as a draft: {edit} edits it, {review} sends it, {discard} discards it.");
                    (NoticeLevel::Info, words)
                }
                Some(why) => {
                    (NoticeLevel::Alarm, format!("A draft in this program alone, as it cannot be kept on disk: {why}"))
                }
            };
            model.say(level, words);
        }
        model.touch();
    }
}

impl Popup for CellEditor {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Newline => {
                self.text.newline();
                self.edited(model);
                CommandOutcome::Stay
            }
            Command::Accept => self.accept(model),
            _ => {
                self.leave(model);
                CommandOutcome::Close
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    /// What is typed is a draft at once.
    fn edited(&mut self, model: &mut Model) {
        let text = self.text.text();
        let view = model.outbox.view(&self.cell);
        let same = view.as_ref().is_some_and(|v| v.mine == text);
        if matches!(view.map(|v| v.state), Some(EditState::Armed { .. } | EditState::Held { .. })) {
            if same {
                return;
            }
            model.say(NoticeLevel::Info, "No longer armed: what is typed is a draft.");
        }
        if self.is_base(&text) {
            model.outbox.discard(&self.cell);
        } else if text.is_empty() {
            // Cleared, to type something else: an empty value is one only when it is accepted or kept.
            model.outbox.begin_empty(&self.cell, self.base.clone());
        } else {
            model.outbox.draft(&self.cell, self.base.clone(), text);
        }
        model.touch();
    }
}
