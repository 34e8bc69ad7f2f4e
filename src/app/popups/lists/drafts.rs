//! Everything typed and not sent, then what is being sent, over all calls.

use super::copied;
use crate::{
    app::{
        Effect, Model,
        call::CellSelection,
        keymap::Command,
        notice::NoticeLevel,
        popups::{Choice, CommandOutcome, Popup, step},
    },
    domain::outbox::{Cell, EditState, JournalEdit},
};

/// Everything typed and not sent, then what is being sent, over all calls.
#[derive(Debug)]
pub struct DraftList {
    /// The cells.
    pub cells: Vec<Cell>,
    /// Second texts for some of them.
    pub others: Vec<JournalEdit>,
    /// They were left by an earlier run.
    pub earlier: bool,
    /// Which row is selected.
    pub selected: usize,
}

/// What is selected.
enum Selected {
    Cell(Cell),
    Other(JournalEdit),
}

impl DraftList {
    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.cells.len() + self.others.len()
    }

    /// The second text of this row.
    pub(crate) fn other(&self, row: usize) -> Option<&JournalEdit> {
        self.others.get(row.checked_sub(self.cells.len())?)
    }

    /// What Enter does with the selected row, for the footer.
    pub(crate) fn accept_hint(&self) -> &'static str {
        match self.other(self.selected) {
            Some(other) if other.got.is_loose() => "continue with it",
            Some(_) => "make it the draft",
            None => "go there",
        }
    }

    fn selected(&self) -> Option<Selected> {
        match self.cells.get(self.selected) {
            Some(cell) => Some(Selected::Cell(cell.clone())),
            None => self.other(self.selected).cloned().map(Selected::Other),
        }
    }

    /// The second text takes the place of the draft, which is the second text from then on.
    fn swap(&mut self, model: &mut Model, other: &JournalEdit) {
        if model.outbox.swap_other(other) {
            if !self.cells.contains(&other.cell) {
                self.cells.push(other.cell.clone());
            }
            self.others = model.outbox.others().to_vec();
            self.selected = self.cells.iter().position(|c| *c == other.cell).unwrap_or(0);
            let words = match self.others.iter().any(|second| second.cell == other.cell) {
                true => "This text is the draft now; the other one is listed as the second text. Nothing was sent.",
                false => "This text is the draft now. Nothing was sent.",
            };
            model.say(NoticeLevel::Info, words);
        } else {
            model.say(NoticeLevel::Info, "The draft of this cell waits to be sent: that comes first.");
        }
        model.touch();
    }

    /// Throws the selected text away; a conditional edit is disarmed first.
    fn discard(&mut self, model: &mut Model) -> CommandOutcome {
        model.touch();
        match self.selected() {
            None => return CommandOutcome::Stay,
            Some(Selected::Other(other)) => model.outbox.discard_other(&other),
            Some(Selected::Cell(cell)) => match model.outbox.view(&cell).map(|v| v.state) {
                Some(EditState::Armed { id }) => {
                    model.outbox.disarm(id);
                    model.say(NoticeLevel::Info, "Disarmed: it is a draft again.");
                    return CommandOutcome::Stay;
                }
                Some(state) if state.is_busy() => {
                    model.say(NoticeLevel::Info, "It is already being sent.");
                    return CommandOutcome::Stay;
                }
                _ => drop(model.outbox.discard(&cell)),
            },
        }
        match self.selected.checked_sub(self.cells.len()) {
            Some(other) => drop(self.others.remove(other)),
            None => drop(self.cells.remove(self.selected)),
        }
        self.selected = self.selected.min(self.rows().saturating_sub(1));
        if self.rows() == 0 { CommandOutcome::Close } else { CommandOutcome::Stay }
    }
}

/// Goes to the cell of a draft; a call that is not on the board is read.
fn go_to(model: &mut Model, cell: &Cell) -> CommandOutcome {
    let id = &cell.conversation;
    let there = model.monitor.board.get(id.as_str());
    if there.is_some_and(|e| e.conversation.participant(cell.participant.as_str()).is_some()) {
        let selection = CellSelection { participant: cell.participant.clone(), key: Some(cell.key.clone()) };
        return CommandOutcome::Go(id.clone(), Some(selection));
    }
    let copy = model.key_label(Command::Copy);
    model.say(
        NoticeLevel::Info,
        format!("That call is not here: it is being read now, if it still exists. {copy} copies the text."),
    );
    let asked = model.monitor.board.revision(id.as_str());
    CommandOutcome::Effects(vec![Effect::Read { conversation: id.clone(), asked, write: None }])
}

/// Opens what a text that is in no cell was typed into.
fn open_loose(model: &mut Model, other: JournalEdit) -> CommandOutcome {
    let there = model.monitor.board.get(other.cell.conversation.as_str());
    if there.and_then(|entry| entry.conversation.participant(other.cell.participant.as_str())).is_none() {
        model.say(NoticeLevel::Info, "Its call is not here: the text can be copied.");
        return CommandOutcome::Stay;
    }
    CommandOutcome::Take(Choice::Loose(other))
}

impl Popup for DraftList {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.rows());
            }
            Command::Accept => match self.selected() {
                Some(Selected::Cell(cell)) => return go_to(model, &cell),
                Some(Selected::Other(other)) if other.got.is_loose() => return open_loose(model, other),
                Some(Selected::Other(other)) => self.swap(model, &other),
                None => {}
            },
            Command::Copy => {
                let text = match self.selected() {
                    Some(Selected::Cell(cell)) => model.outbox.view(&cell).map(|v| v.mine.to_owned()),
                    Some(Selected::Other(other)) => Some(other.mine),
                    None => return CommandOutcome::Stay,
                };
                return copied(model, text);
            }
            Command::Discard => return self.discard(model),
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }
}
