//! From the first letter typed in a cell to the PATCH: editor, new keys, undo.

use super::{commit::ask_with, drafts::beginning};
use crate::app::{
    Effect, Model,
    call::{CallScreen, CellSelection},
    keymap::Command,
    notice::NoticeLevel,
    popups::{AddKey, CellEditor, CommitQuestion, ConflictQuestion, Overlay},
};
use crate::domain::{
    ConversationId,
    outbox::{Base, Cell, EditState, Got, NoUndo},
};

/// `e` or Enter on a cell: the editor, or what has to be decided first.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    if model.refuses_edits() {
        return Vec::new();
    }
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else {
        add_key(model);
        return Vec::new();
    };
    let state = model.outbox.view(&cell).map(|v| (v.state.clone(), v.base.clone(), v.mine.to_owned()));
    match state {
        Some((EditState::Conflict { .. } | EditState::Overwritten { .. } | EditState::Unseen(_), ..)) => {
            model.overlays.push(Overlay::Conflict(ConflictQuestion { cell }));
        }
        Some((
            EditState::Draft
            | EditState::Failed(_)
            | EditState::Held { .. }
            | EditState::Armed { .. }
            | EditState::Queued,
            base,
            mine,
        )) => open(model, cell, base, &mine),
        _ => {
            let seen = beginning(model, &cell);
            let text = seen.as_ref().map(|v| v.as_str().to_owned()).unwrap_or_default();
            open(model, cell, Base::Saw(seen), &text);
        }
    }
    Vec::new()
}

fn open(model: &mut Model, cell: Cell, base: Base, text: &str) {
    model.overlays.push(Overlay::Editor(CellEditor::new(cell, base, text)));
    model.touch();
}

/// `a`: asks for the name of a key.
pub(super) fn add_key(model: &mut Model) {
    if model.refuses_edits() {
        return;
    }
    if let Some(target) = model.call.as_ref().and_then(CallScreen::target) {
        let name = model.outbox.loose(&target, Got::Named).unwrap_or_default().to_owned();
        model.overlays.push(Overlay::AddKey(AddKey::new(target, &name)));
    }
}

/// A key that was named: its row, and the editor in it.
pub(super) fn new_key(model: &mut Model, cell: Cell) -> Vec<Effect> {
    if let Some(call) = &mut model.call {
        call.selection = Some(CellSelection { participant: cell.participant.clone(), key: Some(cell.key.clone()) });
    }
    if model.value_of(&cell).is_none() && model.outbox.view(&cell).is_none() {
        // The row has to be there for the editor to stand in.
        model.outbox.begin_empty(&cell, Base::Saw(None));
    }
    model.touch();
    let now = model.now;
    model.prepare(now);
    begin(model)
}

/// `x`: an empty value; the platform documents no way to delete a key.
pub(super) fn blank(model: &mut Model) -> Vec<Effect> {
    if model.refuses_edits() {
        return Vec::new();
    }
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return Vec::new() };
    let Some(now) = beginning(model, &cell) else {
        model.say(NoticeLevel::Info, "Nothing to set to empty: the key is absent here.");
        return Vec::new();
    };
    if now.as_str().is_empty() {
        model.say(NoticeLevel::Info, "It is empty already.");
        return Vec::new();
    }
    if model.outbox.has_text(&cell) {
        let key = model.key_label(Command::Discard);
        model.say(
            NoticeLevel::Alarm,
            format!("A draft is here: {key} discards it, then the value can be set to empty."),
        );
        return Vec::new();
    }
    model.outbox.draft(&cell, Base::Saw(Some(now)), "");
    model.touch();
    let panel = CommitQuestion { made: true, ..CommitQuestion::new(model, vec![cell]) };
    ask_with(model, panel)
}

/// `u`: takes a write back by a new edit that is checked like any other: the last one of this call that was not taken back
/// yet, and when there is none left here, the last one on any call.
pub(super) fn undo(model: &mut Model) -> Vec<Effect> {
    if model.refuses_edits() {
        return Vec::new();
    }
    let Some(here) = model.call.as_ref().map(|c| c.id.clone()) else { return Vec::new() };
    if let Some((cell, text)) = model.outbox.take_given_up(&here) {
        let now = model.value_of(&cell);
        model.outbox.draft(&cell, Base::Saw(now), text);
        model.touch();
        let key = model.key_label(Command::Review);
        model.say(
            NoticeLevel::Info,
            format!("Your text for {} is a draft again: {key} reviews and sends it.", cell.key),
        );
        return Vec::new();
    }
    let elsewhere = |model: &Model| {
        let known = |id: &ConversationId| model.monitor.board.get(id.as_str()).is_some();
        let last = model.outbox.log().rev().find(|s| s.is_undoable() && known(&s.target.conversation));
        last.map(|s| s.target.conversation.clone())
    };
    let undo = match model.outbox.undo_last(&here) {
        Err(NoUndo::Nothing) => match elsewhere(model) {
            Some(id) => model.outbox.undo_last(&id),
            None => Err(NoUndo::Nothing),
        },
        other => other,
    };
    let undo = match undo {
        Ok(undo) => undo,
        Err(NoUndo::Nothing) => {
            let words = model.nothing_to_undo();
            model.say(NoticeLevel::Info, words);
            return Vec::new();
        }
        Err(NoUndo::OnItsWay) => {
            model.say(NoticeLevel::Info, "An edit is still being sent: it can be undone once it is answered.");
            return Vec::new();
        }
    };
    model.touch();
    if undo.cells.is_empty() {
        model.say(NoticeLevel::Info, "A newer draft is there: send or discard it first.");
        return Vec::new();
    }
    let panel = CommitQuestion { undo: Some(undo.clone()), made: true, ..CommitQuestion::new(model, undo.cells) };
    ask_with(model, panel)
}
