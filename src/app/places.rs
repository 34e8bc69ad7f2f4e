//! Where the operator is and how they came there: Esc goes back to where one came from, with what was selected there.

use super::{call::CellSelection, keymap::Scope, screen::Screen};
use crate::domain::ConversationId;

/// A screen, with what was selected on it. Timeline, Diagnose and Flow keep their own selection.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// The Calls screen, at this call.
    Calls(Option<ConversationId>),
    /// A call, at this cell.
    Call(ConversationId, Option<CellSelection>),
    /// Another screen.
    Other(Screen),
}

/// What the keys are about: a place with what is selected there, and what lies over it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFocus {
    pub(in crate::app) place: Place,
    pub(in crate::app) overlays: usize,
    pub(in crate::app) scope: Option<Scope>,
}

impl Place {
    /// The screen that it is on.
    pub(in crate::app) fn screen(&self) -> Screen {
        match self {
            Self::Calls(_) => Screen::Calls,
            Self::Call(..) => Screen::Call,
            Self::Other(screen) => *screen,
        }
    }
}
