//! What lies over a screen. The last overlay has the keyboard; without any, the screen has it.

use super::{editor::Editor, keymap::Scope};
use crate::domain::Key;

/// One layer over the screen.
#[derive(Debug)]
pub enum Overlay {
    /// The keys of this screen.
    Help(Help),
    /// Every action, searched.
    Palette(Palette),
    /// The column picker.
    Columns(Columns),
}

impl Overlay {
    /// Whose keys it takes.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Help(_) => Scope::Help,
            Self::Palette(_) => Scope::Palette,
            Self::Columns(_) => Scope::Columns,
        }
    }
}

/// The help overlay.
#[derive(Debug)]
pub struct Help {
    /// Rows scrolled away.
    pub scroll: usize,
    /// Whose keys are shown.
    pub scopes: Vec<Scope>,
}

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    /// What is searched for.
    pub query: Editor,
    /// Indices into the table of actions, best first.
    pub found: Vec<usize>,
    /// Which of them is under the hand.
    pub selected: usize,
    /// Whose actions are offered.
    pub scopes: Vec<Scope>,
}

/// The column picker.
#[derive(Debug)]
pub struct Columns {
    /// Every key that some call carries, with how many calls do.
    pub keys: Vec<(Key, usize)>,
    /// The picked ones, in order.
    pub picked: Vec<Key>,
    /// Narrows the list.
    pub query: Editor,
    /// Which of the shown keys is under the hand.
    pub selected: usize,
}

impl Columns {
    /// The keys that match what was typed.
    pub fn shown(&self) -> Vec<&(Key, usize)> {
        let query = self.query.text().to_lowercase();
        self.keys.iter().filter(|(k, _)| k.as_str().to_lowercase().contains(&query)).collect()
    }
}
