//! The operator's own editor: `E` for the value, Ctrl-E for the whole map. What differs on return becomes drafts.

use super::{
    bulk,
    drafts::{beginning, make_drafts},
};
use crate::app::{
    Effect, Model,
    call::CallScreen,
    external::{External, as_map, as_value},
    notice::NoticeLevel,
    popups::{ConflictQuestion, Overlay, RemovedList},
};
use crate::domain::{
    Key, Value,
    outbox::{Base, Cell, EditState, PatchTarget},
};

/// Base and text that an edit of this cell begins with: those of a draft, else what is on its way or there.
fn base_and_text(model: &Model, cell: &Cell) -> (Base, String) {
    let unsent = |s: &EditState| {
        matches!(s, EditState::Draft | EditState::Failed(_) | EditState::Held { .. } | EditState::Armed { .. })
    };
    match model.outbox.view(cell) {
        Some(view) if unsent(&view.state) => (view.base.clone(), view.mine.to_owned()),
        _ => {
            let seen = beginning(model, cell);
            let text = seen.as_ref().map(|v| v.as_str().to_owned()).unwrap_or_default();
            (Base::Saw(seen), text)
        }
    }
}

/// `E`: the selected value.
pub(super) fn value(model: &mut Model) -> Vec<Effect> {
    if model.refuses_edits() {
        return Vec::new();
    }
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return Vec::new() };
    let undecided =
        |s: &EditState| matches!(s, EditState::Conflict { .. } | EditState::Overwritten { .. } | EditState::Unseen(_));
    if model.outbox.view(&cell).is_some_and(|v| undecided(&v.state)) {
        model.overlays.push(Overlay::Conflict(ConflictQuestion { cell }));
        return Vec::new();
    }
    let (base, text) = base_and_text(model, &cell);
    vec![Effect::Edit(Box::new(External::Value { cell, base, text }))]
}

/// Ctrl-E: the whole map of the selected participant, drafts laid over it.
pub(super) fn map(model: &mut Model) -> Vec<Effect> {
    if model.refuses_edits() {
        return Vec::new();
    }
    let Some(target) = model.call.as_ref().and_then(CallScreen::target) else { return Vec::new() };
    let entry = model.monitor.board.get(target.conversation.as_str());
    let Some(p) = entry.and_then(|e| e.conversation.participant(target.participant.as_str())) else {
        return Vec::new();
    };
    let mut keys: Vec<Key> = p.attributes.iter().map(|a| a.key.clone()).collect();
    for view in model.outbox.views(&target) {
        if view.state.is_pending() && !keys.contains(view.key) {
            keys.push(view.key.clone());
        }
    }
    let of = |key: Key| {
        let (base, text) = base_and_text(model, &Cell::new(&target, key.clone()));
        (key, base, text)
    };
    let shown = keys.into_iter().map(of).collect();
    vec![Effect::Edit(Box::new(External::Map { target, shown }))]
}

/// The editor has ended.
pub(super) fn edited(model: &mut Model, external: External, result: Result<String, String>) -> Vec<Effect> {
    let before = external.text();
    match (external, result) {
        (_, Err(why)) => model.say(NoticeLevel::Alarm, format!("{why}. Nothing was changed.")),
        (_, Ok(after)) if after == before => model.say(NoticeLevel::Info, "Unchanged."),
        (External::Value { cell, base, text }, Ok(after)) => {
            let after = as_value(&text, &after);
            if after == text {
                model.say(NoticeLevel::Info, "Unchanged.");
            } else {
                make_drafts(model, &cell.target(), vec![(cell.key, Some(base), after)]);
            }
        }
        (External::Map { .. }, Ok(after)) if after.trim().is_empty() => {
            model.say(NoticeLevel::Info, "The file came back empty: nothing was changed.");
        }
        (External::Map { target, shown }, Ok(after)) => match as_map(&after) {
            Ok(pairs) => differences(model, &target, &shown, pairs),
            Err(why) => {
                bulk::open(model, target, &after);
                model.say(NoticeLevel::Alarm, format!("Not staged: {why}. The text is here; correct it or leave it."));
            }
        },
    }
    Vec::new()
}

fn differences(model: &mut Model, target: &PatchTarget, shown: &[(Key, Base, String)], pairs: Vec<(String, String)>) {
    let removed: Vec<(Cell, Value)> = shown
        .iter()
        .filter(|(key, ..)| !pairs.iter().any(|(k, _)| k == key.as_str()))
        .filter_map(|(key, base, _)| Some((Cell::new(target, key.clone()), base.value()?.clone())))
        .filter(|(_, was)| !was.as_str().is_empty())
        .collect();
    let mut texts = Vec::new();
    for (name, text) in pairs {
        match shown.iter().find(|(key, ..)| key.as_str() == name) {
            Some((_, _, before)) if *before == text => {}
            Some((key, base, _)) => texts.push((key.clone(), Some(base.clone()), text)),
            None => texts.push((Key::from(name.as_str()), Some(Base::Saw(None)), text)),
        }
    }
    if texts.is_empty() && removed.is_empty() {
        model.say(NoticeLevel::Info, "No value differs.");
        return;
    }
    if !texts.is_empty() {
        make_drafts(model, target, texts);
    }
    if !removed.is_empty() {
        model.overlays.push(Overlay::Removed(RemovedList { cells: removed, selected: 0 }));
    }
}
