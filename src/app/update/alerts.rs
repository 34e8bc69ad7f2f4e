//! Setting alerts, and what happens when one fires.

use crate::app::{
    Effect, Model,
    call::{CallScreen, CellSelection},
    keymap::Command,
    notice::NoticeLevel,
    popups::{AlertList, AlertPrompt, Overlay},
};
use crate::domain::alert::Fired;

/// Something fired: the bell, a message, a notification of the terminal if that is wished.
pub(super) fn fired(model: &mut Model, fired: Option<Fired>) -> Vec<Effect> {
    // One message for what came at one moment: the last; all are in the list.
    let Some(Fired { words, .. }) = fired else { return Vec::new() };
    let key = model.key_label(Command::Jump);
    model.say(NoticeLevel::Info, format!("Alert: {words}. {key} goes there."));
    model.touch();
    let now = model.now;
    if !model.monitor.alerts.rings(now) {
        return Vec::new();
    }
    let mut effects = vec![Effect::Bell];
    if model.settings.notify {
        effects.push(Effect::Notify(words));
    }
    effects
}

/// Sets one on the selected key, or removes it.
pub(super) fn key(model: &mut Model) {
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return };
    let words = if model.monitor.alerts.toggle_key(&cell.key) {
        format!("Alert set: when {} changes on any call.", cell.key)
    } else {
        format!("No alert any more on {}.", cell.key)
    };
    model.say(NoticeLevel::Info, words);
}

/// Opens the list.
pub(super) fn list(model: &mut Model) {
    model.overlays.push(Overlay::Alerts(AlertList::default()));
}

/// Opens the prompt for an expression, on the filter of the Calls screen.
pub(super) fn ask(model: &mut Model) {
    model.overlays.push(Overlay::AlertPrompt(AlertPrompt::new(model)));
}

/// To what fired last.
pub(super) fn jump(model: &mut Model) {
    let Some(fired) = model.monitor.alerts.last.clone() else {
        model.say(NoticeLevel::Info, "No alert has fired yet.");
        return;
    };
    go(model, fired);
}

fn go(model: &mut Model, fired: Fired) {
    if model.monitor.board.get(fired.call.as_str()).is_none() {
        model.say(NoticeLevel::Info, "This call is no longer listed.");
        return;
    }
    let selection = fired.participant.map(|participant| CellSelection { participant, key: fired.key });
    model.go_to_call(fired.call, selection);
}

#[cfg(test)]
mod tests;
