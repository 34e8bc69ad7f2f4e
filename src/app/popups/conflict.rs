//! Two values for one cell: base, theirs, mine.

use super::{CellEditor, Choice, CommandOutcome, CommitQuestion, Popup};
use crate::{
    app::{Model, keymap::Command, notice::NoticeLevel},
    domain::outbox::{Base, Cell, Timing},
};

/// Two values for one cell: base, theirs, mine.
#[derive(Debug)]
pub struct ConflictQuestion {
    /// Which cell.
    pub cell: Cell,
}

impl ConflictQuestion {
    /// What the question showed as theirs counts as seen: the draft can be sent again. Its text.
    fn redraft(&self, model: &mut Model) -> Option<String> {
        let text = model.outbox.edit_again(&self.cell)?;
        let now = model.value_of(&self.cell);
        // The base of an edit that is there stays: it is made anew.
        model.outbox.discard(&self.cell);
        model.outbox.draft(&self.cell, Base::Saw(now), text.clone());
        Some(text)
    }
}

impl Popup for ConflictQuestion {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        let cell = &self.cell;
        model.touch();
        // What was said of it goes with the answer.
        let said = format!("{} ", cell.key);
        model.notice.take_if(|notice| notice.level == NoticeLevel::Alarm && notice.text.starts_with(&said));
        match command {
            Command::Theirs => {
                model.outbox.keep_theirs(model.now, cell);
                model.outbox.acknowledge(cell);
                let key = model.key_label(Command::Undo);
                model.say(NoticeLevel::Info, format!("Kept theirs. {key} brings your text back as a draft."));
            }
            Command::Mine => {
                self.redraft(model);
                let commit = CommitQuestion::new(model, vec![cell.clone()]);
                return match commit.doubt {
                    None => {
                        CommandOutcome::Take(Choice::Send { cells: commit.cells, sure: false, timing: Timing::Now })
                    }
                    // It asks twice, as any edit of something that has ended.
                    Some(_) => CommandOutcome::becomes(commit),
                };
            }
            Command::Edit => {
                if let Some(text) = self.redraft(model) {
                    let base = model.outbox.view(cell).map_or(Base::Any, |v| v.base);
                    let editor = CellEditor::new(cell.clone(), base, &text);
                    return CommandOutcome::becomes(editor);
                }
            }
            Command::EditOutside if self.redraft(model).is_some() => return CommandOutcome::Take(Choice::EditOutside),
            _ => {}
        }
        CommandOutcome::Close
    }
}
