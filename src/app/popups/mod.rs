//! Popups: what lies over a screen. One file each, with its state and its keys; its picture is the file of the same name in
//! `ui::popups`.
//!
//! A popup knows the model and nothing of other popups, of screens or of who has the keyboard: it says what came of a command
//! as a `CommandOutcome`, and the one dispatcher (`update::popups`) does that.

mod add_key;
mod alert_prompt;
mod alerts;
mod answer;
mod bulk;
mod cell_editor;
mod choice;
mod columns;
pub mod command_line;
mod commit;
mod compare;
mod conflict;
mod expected;
mod export;
mod filter;
mod find;
mod go_to;
mod help;
mod lists;
mod overlay;
mod palette;
mod pick;
mod quit;
mod save_view;
mod sign_in;
mod since;
mod topics;
mod trap;
mod when;

pub use add_key::AddKey;
pub use alert_prompt::AlertPrompt;
pub use alerts::AlertList;
pub use answer::AnswerPrompt;
pub use bulk::Bulk;
pub use cell_editor::CellEditor;
pub use choice::Choice;
pub use columns::ColumnPicker;
pub use commit::CommitQuestion;
pub use conflict::ConflictQuestion;
pub use expected::ExpectedList;
pub use export::{Export, ExportField};
pub use filter::{FilterPrompt, Filtered};
pub use find::Find;
pub use go_to::GoTo;
pub use help::Help;
pub use lists::{CopyList, DraftList, HistoryList, LossList, Onto, OntoList, PastValue, RemovedList};
pub use overlay::Overlay;
pub use palette::CommandPalette;
pub use pick::Pick;
pub use quit::QuitQuestion;
pub use save_view::SaveView;
pub use since::SincePrompt;
pub use trap::TrapPrompt;
pub use when::WhenPrompt;

use super::{Effect, Model, call::CellSelection, editor::Editor, key::Key, keymap::Command};
use crate::domain::ConversationId;
use command_line::TypedRequest;

/// What came of a command.
#[derive(Debug)]
pub(super) enum CommandOutcome {
    /// The popup stays.
    Stay,
    /// The popup stays, and this is to be done.
    Effects(Vec<Effect>),
    /// The popup goes.
    Close,
    /// The popup stays under another one.
    Open(Box<Overlay>),
    /// Another popup takes its place.
    Become(Box<Overlay>),
    /// The popup goes, and this command is run on the screen.
    Run(Command),
    /// The popup goes, and this was asked for on the command line.
    Ask(TypedRequest),
    /// The popup goes, and so does the operator: into this call.
    Go(ConversationId, Option<CellSelection>),
    /// The popup goes, and this was taken from it.
    Take(Choice),
    /// The popup stays, and this was taken from it.
    Use(Choice),
    /// The popup goes, and this is to be done.
    Done(Vec<Effect>),
}

impl CommandOutcome {
    /// This popup stays, and another one opens over it.
    fn open(popup: impl Into<Overlay>) -> Self {
        Self::Open(Box::new(popup.into()))
    }

    /// Another popup takes the place of this one.
    fn becomes(popup: impl Into<Overlay>) -> Self {
        Self::Become(Box::new(popup.into()))
    }
}

/// A popup.
pub(super) trait Popup {
    /// A command while it has the keyboard.
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome;

    /// The text that is typed into it, if any is.
    fn text(&mut self) -> Option<&mut Editor> {
        None
    }

    /// The text has changed.
    fn edited(&mut self, _model: &mut Model) {}

    /// A key that no binding takes; false where it means nothing, because no text is typed.
    fn key(&mut self, model: &mut Model, key: Key) -> bool {
        let typed = self.text().map(|text| text.key(key));
        if typed == Some(true) {
            self.edited(model);
        }
        typed.is_some()
    }

    /// Pasted text; false where none is typed.
    fn paste(&mut self, model: &mut Model, pasted: &str) -> bool {
        let Some(text) = self.text() else { return false };
        text.paste(pasted);
        self.edited(model);
        true
    }
}

/// The row after a step in a list of so many.
fn step(selected: usize, down: bool, len: usize) -> usize {
    if down { (selected + 1).min(len.saturating_sub(1)) } else { selected.saturating_sub(1) }
}
