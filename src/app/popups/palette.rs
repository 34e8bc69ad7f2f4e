//! The command palette: every action, searched.

use super::{Outcome, Popup};
use crate::app::{
    Model,
    editor::Editor,
    keymap::{BINDINGS, Command, Scope},
};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    /// What is searched for.
    pub query: Editor,
    /// Indices into the table of actions, best first.
    pub found: Vec<usize>,
    /// Which of them is selected.
    pub selected: usize,
    /// Whose actions are offered.
    pub scopes: Vec<Scope>,
}

impl Palette {
    /// All actions of these scopes.
    pub(in crate::app) fn new(scopes: Vec<Scope>) -> Self {
        let mut palette = Self { query: Editor::new("", false), found: Vec::new(), selected: 0, scopes };
        palette.search();
        palette
    }

    /// Fuzzy search over what the actions are called and what they do.
    fn search(&mut self) {
        let query = self.query.text();
        let offered = |b: &crate::app::keymap::Binding| self.scopes.contains(&b.scope) && b.command != Command::Palette;
        let pattern = Pattern::parse(&query, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut scratch = Vec::new();
        let mut found: Vec<(u32, usize)> = BINDINGS
            .iter()
            .enumerate()
            .filter(|(_, b)| offered(b))
            .filter_map(|(i, b)| {
                let text = format!("{} {}", b.action, b.help);
                pattern.score(Utf32Str::new(&text, &mut scratch), &mut matcher).map(|score| (score, i))
            })
            .collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found = found.into_iter().map(|(_, i)| i).collect();
        self.selected = 0;
    }
}

impl Popup for Palette {
    fn command(&mut self, model: &mut Model, command: Command) -> Outcome {
        let last = self.found.len().saturating_sub(1);
        match command {
            Command::Up => self.selected = self.selected.checked_sub(1).unwrap_or(last),
            Command::Down => self.selected = (self.selected + 1) % self.found.len().max(1),
            Command::Accept => {
                let chosen = self.found.get(self.selected).map(|i| &BINDINGS[*i]);
                return match chosen.filter(|b| model.meets(b.when)) {
                    Some(binding) => Outcome::Run(binding.command),
                    None => Outcome::Close,
                };
            }
            _ => return Outcome::Close,
        }
        Outcome::Stay
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.query)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.search();
    }
}
