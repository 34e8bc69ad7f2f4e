//! The short lists: kept drafts, what to copy, a key's history, lost values, copying keys to another participant.

use crate::app::{
    Effect, Model,
    call::{CallScreen, CellSelection},
    copy::Copyable,
    notice::NoticeLevel,
    popups::{AddKey, CopyList, DraftList, HistoryList, LossList, Onto, OntoList, Overlay, PastValue},
};
use crate::domain::{
    Key, Source, Value,
    outbox::{Cell, Got, JournalEdit, PatchTarget},
};

/// `D`: everything typed and not sent, then what is being sent, over all calls.
pub(super) fn drafts(model: &mut Model, earlier: bool) {
    let drafts = model.outbox.drafts().map(|(cell, _)| cell);
    let cells: Vec<Cell> = drafts.chain(model.outbox.on_their_way()).collect();
    let others = model.outbox.others().to_vec();
    if cells.is_empty() && others.is_empty() {
        model.say(NoticeLevel::Info, "No unsent drafts.");
    } else {
        model.overlays.push(Overlay::Drafts(DraftList { cells, others, earlier, selected: 0 }));
    }
}

/// `Y`: what can be copied.
pub(super) fn copy(model: &mut Model) {
    let Some(call) = &model.call else { return };
    if let Some(target) = call.target() {
        let key = call.selection.as_ref().and_then(|h| h.key.clone());
        model.overlays.push(Overlay::Copying(CopyList { target, key, selected: 0 }));
    }
}

/// Copies one thing of the selected cell.
pub(super) fn copy_item(model: &mut Model, item: Copyable) -> Vec<Effect> {
    let Some(call) = &model.call else { return Vec::new() };
    let Some(target) = call.target() else { return Vec::new() };
    let key = call.selection.as_ref().and_then(|h| h.key.clone());
    model.copy_item(item, &target, key.as_ref())
}

/// `h`: the values that the cell had.
pub(super) fn history(model: &mut Model) {
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return };
    let Some(entry) = model.monitor.board.get(cell.conversation.as_str()) else { return };
    let mut values: Vec<PastValue> = Vec::new();
    for change in entry.history.of(&cell.participant, cell.key.as_str()) {
        if values.is_empty() {
            values.push(PastValue { since: None, value: change.old.clone(), by: "first seen" });
        }
        let by = match change.source {
            Source::You => "you",
            source => source.as_str(),
        };
        values.push(PastValue { since: Some(change.at), value: change.new.clone(), by });
    }
    if values.is_empty() {
        let there = entry.conversation.participant(cell.participant.as_str());
        let words = match there {
            Some(p) if p.attributes.get(cell.key.as_str()).is_none() => {
                format!("{} was never seen on {}.", cell.key, p.purpose.as_str())
            }
            _ => "It has not changed since it was first seen.".to_owned(),
        };
        model.say(NoticeLevel::Info, words);
        return;
    }
    let selected = values.len() - 1;
    model.overlays.push(Overlay::History(HistoryList { cell, values, selected }));
}

/// `L`: values that were lost while an edit of ours was under way.
pub(super) fn losses(model: &mut Model) {
    let losses = model.outbox.losses().to_vec();
    if losses.is_empty() {
        let words = model.no_losses();
        model.say(NoticeLevel::Info, words);
    } else {
        model.overlays.push(Overlay::Losses(LossList { losses, selected: 0 }));
    }
}

/// `C`: copies the selected key, or all, to another participant.
pub(super) fn onto(model: &mut Model) {
    if model.refuses_edits() {
        return;
    }
    let Some(call) = &model.call else { return };
    let (Some(from), Some(c)) = (call.target(), call.conversation(&model.monitor.board)) else { return };
    let Some(p) = c.participant(from.participant.as_str()) else { return };
    let all: Vec<(Key, Value)> = p.attributes.iter().map(|a| (a.key.clone(), a.value.to_value())).collect();
    let selected = call.selection.as_ref().and_then(|h| h.key.clone());
    let one: Vec<(Key, Value)> = all.iter().filter(|(k, _)| Some(k) == selected.as_ref()).cloned().collect();
    let others = || c.participants.iter().filter(|o| o.id != p.id);
    let mut rows = Vec::new();
    for (pairs, whole) in [(one, false), (all, true)] {
        for other in others().filter(|_| !pairs.is_empty()) {
            let target = PatchTarget { participant: other.id.clone(), ..from.clone() };
            rows.push(Onto { target, pairs: pairs.clone(), all: whole });
        }
    }
    if rows.is_empty() {
        let words = if others().next().is_none() {
            "The call has no other participant."
        } else {
            "This participant has no attributes."
        };
        model.say(NoticeLevel::Info, words);
        return;
    }
    model.overlays.push(Overlay::Onto(OntoList { from, rows, selected: 0 }));
}

/// Opens what a text that is in no cell was typed into.
pub(super) fn loose(model: &mut Model, other: &JournalEdit) {
    let target = other.cell.target();
    model.go_to_call(
        target.conversation.clone(),
        Some(CellSelection { participant: target.participant.clone(), key: None }),
    );
    // It is the one that is opened from now on.
    model.outbox.discard_other(other);
    model.outbox.keep_loose(&target, other.got, "");
    match other.got {
        Got::Pasted => super::bulk::open(model, target, &other.mine),
        _ => {
            model.outbox.keep_loose(&target, Got::Named, &other.mine);
            model.overlays.push(Overlay::AddKey(AddKey::new(target, &other.mine)));
        }
    }
}
