//! A list to take something from.

use super::{Choice, CommandOutcome, Popup, step};
use crate::app::{
    Effect, Model,
    editor::Editor,
    key::{Code, Key},
    keymap::Command,
    notice::NoticeLevel,
};

/// A list to take something from.
#[derive(Debug)]
pub struct Pick {
    /// What the list is of.
    pub title: String,
    /// What is shown, what is noted beside it, and what taking it means.
    pub choices: Vec<(String, String, Choice)>,
    /// Which one is selected.
    pub selected: usize,
    /// What the rows that are shown have in them, while it is typed.
    pub query: Option<Editor>,
    /// All rows, while some of them are filtered out.
    all: Vec<(String, String, Choice)>,
    /// The beginning of a row, as far as it was typed.
    typed: String,
}

impl Pick {
    /// A list with this row selected.
    pub(in crate::app) fn new(
        title: impl Into<String>,
        choices: Vec<(String, String, Choice)>,
        selected: usize,
    ) -> Self {
        Self { title: title.into(), choices, selected, query: None, all: Vec::new(), typed: String::new() }
    }

    /// How many rows there are, those that are filtered out included.
    pub(crate) fn len(&self) -> usize {
        self.all.len().max(self.choices.len())
    }

    /// Shows the rows with what was typed in their label or their note; the selected one stays so where it is among them.
    fn narrow(&mut self) {
        let typed = self.query.as_ref().map(|query| query.text().to_lowercase()).unwrap_or_default();
        let selected = self.choices.get(self.selected).cloned();
        let has = |text: &str| text.to_lowercase().contains(&typed);
        self.choices = self.all.iter().filter(|(label, note, _)| has(label) || has(note)).cloned().collect();
        self.selected = self.choices.iter().position(|row| Some(row) == selected.as_ref()).unwrap_or(0);
    }

    /// Shows all rows again.
    fn show_all(&mut self) {
        self.query = None;
        let selected = self.choices.get(self.selected).cloned();
        self.choices = std::mem::take(&mut self.all);
        self.selected = self.choices.iter().position(|row| Some(row) == selected.as_ref()).unwrap_or(0);
    }

    /// The list is one of views.
    pub(in crate::app) fn of_views(&self) -> bool {
        matches!(self.choices.get(self.selected), Some((_, _, Choice::View(_))))
    }

    /// Selects the row of this number, 1 to 9; false where there is none.
    pub(in crate::app) fn select_numbered(&mut self, key: Key) -> bool {
        let Code::Char(digit @ '1'..='9') = key.code else { return false };
        let row = digit as usize - '1' as usize;
        let there = !key.ctrl && !key.alt && row < self.choices.len();
        if there {
            self.selected = row;
        }
        there
    }

    /// Whether the label of a row begins with this, in any case.
    fn begins(&self, row: usize, text: &str) -> bool {
        self.choices.get(row).is_some_and(|(label, ..)| label.to_lowercase().starts_with(&text.to_lowercase()))
    }

    /// Selects the first row that begins with what was typed and this letter; false where nothing was typed or none does.
    pub(in crate::app) fn goes_on(&mut self, key: Key) -> bool {
        let Code::Char(letter) = key.code else { return false };
        if key.ctrl || key.alt || self.typed.is_empty() {
            return false;
        }
        let typed = format!("{}{letter}", self.typed);
        let found = (0..self.choices.len()).find(|row| self.begins(*row, &typed));
        if let Some(row) = found {
            (self.selected, self.typed) = (row, typed);
        }
        found.is_some()
    }

    /// Selects the next row that begins with this letter; false where there is none.
    pub(in crate::app) fn select_lettered(&mut self, key: Key) -> bool {
        let Code::Char(letter) = key.code else { return false };
        if key.ctrl || key.alt {
            return false;
        }
        let mut rows = (self.selected + 1..self.choices.len()).chain(0..=self.selected);
        let found = rows.find(|row| self.begins(*row, &letter.to_string()));
        self.selected = found.unwrap_or(self.selected);
        self.typed = if found.is_some() { letter.to_string() } else { String::new() };
        found.is_some()
    }

    /// Takes the selected view out of those that are kept.
    fn delete_view(&mut self, model: &mut Model) -> CommandOutcome {
        let Some((_, _, Choice::View(name))) = self.choices.get(self.selected).cloned() else {
            return CommandOutcome::Stay;
        };
        let Some(place) = model.settings.views.iter().position(|view| view.name == name) else {
            return CommandOutcome::Stay;
        };
        if model.settings.views[place].configured {
            model.say(
                NoticeLevel::Info,
                format!("View {name} is one of the configuration file: it can be removed there."),
            );
            return CommandOutcome::Stay;
        }
        model.settings.views.remove(place);
        self.choices.remove(self.selected);
        self.selected = self.selected.min(self.choices.len().saturating_sub(1));
        model.say(NoticeLevel::Done, format!("View {name} deleted."));
        let effects = vec![Effect::DeleteView(name)];
        if self.choices.is_empty() { CommandOutcome::Done(effects) } else { CommandOutcome::Effects(effects) }
    }
}

impl Popup for Pick {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.typed.clear();
                self.selected = step(self.selected, command == Command::Down, self.choices.len());
                CommandOutcome::Stay
            }
            Command::Accept => match self.choices.get(self.selected) {
                Some((_, _, choice)) => CommandOutcome::Take(choice.clone()),
                None => CommandOutcome::Stay,
            },
            Command::Filter => {
                self.typed.clear();
                (self.query, self.all) = (Some(Editor::new("", false)), self.choices.clone());
                CommandOutcome::Stay
            }
            Command::Back if self.query.is_some() => {
                self.show_all();
                CommandOutcome::Stay
            }
            Command::Discard => self.delete_view(model),
            _ => CommandOutcome::Close,
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        self.query.as_mut()
    }

    fn edited(&mut self, _: &mut Model) {
        self.narrow();
    }
}
