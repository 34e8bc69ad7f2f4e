//! `q`: ends the program, or first says what is not done and what becomes of it.

use crate::app::{
    AppExit, Effect, Model,
    popups::{Overlay, QuitQuestion},
};

/// Asks where something is not done. What could not be kept on disk is tried once more: the question says what came of it.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    if model.outbox.unsettled().is_empty() {
        model.outbox.forget_given_up();
        model.exit = Some(AppExit::Quit);
        return Vec::new();
    }
    model.overlays.push(Overlay::Quit(QuitQuestion));
    if model.unkept.drafts.is_some() { vec![Effect::Keep] } else { Vec::new() }
}
