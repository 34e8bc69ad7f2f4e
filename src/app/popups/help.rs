//! The keys of a screen.

use super::{Outcome, Popup};
use crate::app::{
    Model,
    keymap::{BINDINGS, Command, Scope},
};

/// The help overlay.
#[derive(Debug)]
pub struct Help {
    /// Rows scrolled away.
    pub scroll: usize,
    /// Whose keys are shown.
    pub scopes: Vec<Scope>,
}

impl Popup for Help {
    fn command(&mut self, model: &mut Model, command: Command) -> Outcome {
        let page = model.page();
        self.scroll = match command {
            Command::Up => self.scroll.saturating_sub(1),
            Command::Down => self.scroll + 1,
            Command::PageUp => self.scroll.saturating_sub(page),
            Command::PageDown => self.scroll + page,
            _ => return Outcome::Close,
        };
        let rows = BINDINGS.iter().filter(|b| self.scopes.contains(&b.scope)).count();
        self.scroll = self.scroll.min(rows.saturating_sub(page / 2));
        Outcome::Stay
    }
}
