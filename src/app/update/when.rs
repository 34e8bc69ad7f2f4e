//! Conditional edits: *when this expression holds on the call, send these*.

use super::feed;
use crate::app::{
    Effect, Model,
    call::CallScreen,
    editor::Editor,
    keymap::Command,
    notice::NoticeLevel,
    popups::{Overlay, WhenPrompt},
};
use crate::domain::{
    filter::Filter,
    outbox::{Cell, CommitOptions, EditState},
};

/// `w`: asks for the expression; on an edit that is armed, disarms it.
pub(super) fn begin(model: &mut Model) {
    if model.refuses_edits() {
        return;
    }
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return };
    let state = model.outbox.view(&cell).map(|v| v.state);
    if let Some(EditState::Armed { id }) = state {
        let n = model.outbox.disarm(id);
        model.touch();
        model.say(
            NoticeLevel::Info,
            if n == 1 {
                "Disarmed: it is a draft again.".into()
            } else {
                format!("Disarmed: {n} edits are drafts again.")
            },
        );
        return;
    }
    if WhenPrompt::is_down(model) {
        return;
    }
    let can = |s: &EditState| matches!(s, EditState::Draft | EditState::Failed(_));
    let marked: Vec<Cell> = model
        .outbox
        .drafts()
        .filter(|(c, v)| c.conversation == cell.conversation && v.marked && can(&v.state))
        .map(|(c, _)| c)
        .collect();
    let cells = if !marked.is_empty() {
        marked
    } else if state.as_ref().is_some_and(can) {
        vec![cell]
    } else {
        model.say(NoticeLevel::Info, "Type the value first: a condition is put on a draft.");
        return;
    };
    // What it waited for in an earlier run is a good guess.
    let before = cells.iter().find_map(|c| model.outbox.view(c)?.earlier?.when.clone()).unwrap_or_default();
    model.overlays.push(Overlay::When(WhenPrompt { cells, text: Editor::new(&before, false), mistake: None }));
}

/// Arms these drafts.
pub(super) fn arm(model: &mut Model, filter: Filter, cells: &[Cell]) -> Vec<Effect> {
    let words = filter.to_string();
    match model.outbox.arm(model.now, filter, cells, CommitOptions::default()) {
        Ok(_) => {
            let key = model.key_label(Command::When);
            model.say(NoticeLevel::Info, format!("Armed: sent once when {words} holds. {key} disarms."));
            model.touch();
            feed::fire(model, model.now)
        }
        Err(why) => {
            model.say(NoticeLevel::Alarm, format!("Not armed: {why}"));
            Vec::new()
        }
    }
}
