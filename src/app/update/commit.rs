//! From a draft to the question before it is sent, and from the answer to the PATCH.

use super::edits;
use crate::app::{
    Effect, Model,
    keymap::Command,
    notice::NoticeLevel,
    popups::{CommitQuestion, ConflictQuestion, Overlay},
};
use crate::domain::outbox::{self, Base, Cell, EditState, EditView, NonText, Timing};

/// `S`: the marked drafts, else all.
pub(super) fn review(model: &mut Model) -> Vec<Effect> {
    if model.refuses_edits() {
        return Vec::new();
    }
    let (cells, gone): (Vec<Cell>, Vec<Cell>) = model.outbox.to_review().into_iter().partition(|c| {
        let entry = model.monitor.board.get(c.conversation.as_str());
        entry.is_some_and(|e| e.conversation.participant(c.participant.as_str()).is_some())
    });
    let key = model.key_label(Command::Drafts);
    if cells.is_empty() {
        let words = match gone.len() {
            0 => "No drafts to review.".to_owned(),
            _ => format!("The calls of these drafts are not here: {key} shows them."),
        };
        model.say(NoticeLevel::Info, words);
        return Vec::new();
    }
    if !gone.is_empty() {
        model.say(
            NoticeLevel::Info,
            format!("Without {} drafts of calls that are not here: {key} shows them.", gone.len()),
        );
    }
    model.overlays.push(Overlay::Commit(CommitQuestion::new(model, cells)));
    Vec::new()
}

/// Asks before sending, unless that is turned off and nothing speaks against it.
pub(super) fn ask(model: &mut Model, cells: Vec<Cell>) -> Vec<Effect> {
    if let [cell] = cells.as_slice()
        && has_changed(model, cell)
    {
        // Where the value has changed since the edit began, the question is the conflict.
        if matches!(model.overlays.last(), Some(Overlay::Editor(_))) {
            model.overlays.pop();
        }
        let theirs = model.value_of(cell);
        model.outbox.overtaken(cell, theirs);
        model.overlays.push(Overlay::Conflict(ConflictQuestion { cell: cell.clone() }));
        model.touch();
        return Vec::new();
    }
    let panel = CommitQuestion::new(model, cells);
    ask_with(model, panel)
}

/// What is there now is neither what the operator saw when the edit began nor what is to be sent.
fn has_changed(model: &Model, cell: &Cell) -> bool {
    // What our own write makes of it that is not decided yet is no change by others.
    let is_decided = |state: &EditState| matches!(state, EditState::Seen { .. }) || state.needs_attention();
    let is_plain = |v: &EditView<'_>| v.state == EditState::Draft && v.beneath.as_ref().is_none_or(is_decided);
    let Some(view) = model.outbox.view(cell).filter(is_plain) else { return false };
    let now = model.value_of(cell);
    let is_new = now.as_ref().is_some_and(|now| now.as_str() == view.mine);
    matches!(&view.base, Base::Saw(saw) if *saw != now) && !is_new
}

/// A question about one change that something has overtaken becomes the one about two values.
pub(super) fn overtaken(model: &mut Model) {
    let Some(Overlay::Commit(commit)) = model.overlays.last() else { return };
    let [cell] = commit.cells.as_slice() else { return };
    if commit.made || commit.undo.is_some() || !has_changed(model, cell) {
        return;
    }
    let cell = cell.clone();
    model.overlays.pop();
    if matches!(model.overlays.last(), Some(Overlay::Editor(_))) {
        model.overlays.pop();
    }
    let theirs = model.value_of(&cell);
    model.outbox.overtaken(&cell, theirs);
    model.overlays.push(Overlay::Conflict(ConflictQuestion { cell }));
}

pub(super) fn ask_with(model: &mut Model, panel: CommitQuestion) -> Vec<Effect> {
    let flow = panel.cells.iter().any(|c| {
        model.monitor.board.get(c.conversation.as_str()).is_some_and(|e| e.conversation.running_flow().is_some())
    });
    let must_ask = model.settings.confirm || flow || panel.doubt.is_some();
    if !must_ask {
        return send(model, &panel.cells, panel.sure, Timing::Now);
    }
    model.overlays.push(Overlay::Commit(panel));
    Vec::new()
}

/// Sends the drafts of these cells, `sure` although their call has ended; an editor under the question is done.
pub(super) fn send(model: &mut Model, cells: &[Cell], sure: bool, timing: Timing) -> Vec<Effect> {
    if matches!(model.overlays.last(), Some(Overlay::Editor(_))) {
        model.overlays.pop();
    }
    let non_text = if sure { NonText::Omit } else { NonText::Ask };
    let how = outbox::CommitOptions { timing, acknowledge_ended: sure, non_text };
    let done = model.outbox.commit(model.now, &model.monitor.board, cells, how);
    if let Some((cell, why)) = done.refused.first() {
        model.say(NoticeLevel::Alarm, format!("{}: {why}", cell.key));
    }
    model.touch();
    edits::effects(model, done.effects)
}
