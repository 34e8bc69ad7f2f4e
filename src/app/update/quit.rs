//! `q`: ends the program, or first says what is not done and what becomes of it.

use crate::app::{
    Exit, Model,
    popups::{Overlay, QuitQuestion},
};

/// Asks where something is not done.
pub(super) fn ask(model: &mut Model) {
    match model.outbox.unsettled() {
        nothing if nothing.is_empty() => model.exit = Some(Exit::Quit),
        _ => model.overlays.push(Overlay::Quit(QuitQuestion)),
    }
}
