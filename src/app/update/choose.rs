//! The short lists: kept drafts, what to copy, a key's history, lost values, copying keys to another participant.

use super::{
    commit,
    drafts::{key_of, make_drafts, refused},
};
use crate::app::{
    Effect, Model,
    call::{CallScreen, Hand},
    choose::{ChoiceList, Choose, Onto, Past},
    copy::Copyable,
    keymap::Command,
    notice::Level,
    popups::{AddKey, Overlay},
};
use crate::domain::{
    Key, Source, Value,
    outbox::{Base, Cell, EditState, Got, JournalEdit},
};

fn show(model: &mut Model, what: ChoiceList, selected: usize) {
    model.overlays.push(Overlay::Choose(Choose { what, selected }));
}

/// `D`: everything typed and not sent, then what is being sent, over all calls.
pub(super) fn drafts(model: &mut Model, earlier: bool) {
    let drafts = model.outbox.drafts().map(|(cell, _)| cell);
    let cells: Vec<Cell> = drafts.chain(model.outbox.on_their_way()).collect();
    let others = model.outbox.others().to_vec();
    if cells.is_empty() && others.is_empty() {
        model.say(Level::Info, "No unsent drafts.");
    } else {
        show(model, ChoiceList::Drafts { cells, others, earlier }, 0);
    }
}

/// `Y`: what can be copied.
pub(super) fn copy(model: &mut Model) {
    let Some(call) = &model.call else { return };
    if let Some(target) = call.target() {
        let key = call.selection.as_ref().and_then(|h| h.key.clone());
        show(model, ChoiceList::Copy(target, key), 0);
    }
}

/// Copies one thing of the selected cell.
pub(super) fn copy_item(model: &mut Model, item: Copyable) -> Vec<Effect> {
    let Some(call) = &model.call else { return Vec::new() };
    let Some(target) = call.target() else { return Vec::new() };
    let key = call.selection.as_ref().and_then(|h| h.key.clone());
    let text = item.text(model, &target, key.as_ref().map(Key::as_str));
    put(model, item.label(), item.lacking(), text)
}

/// Copies the text. `lacking`: why there may be none.
fn put(model: &mut Model, label: &str, lacking: &str, text: Option<String>) -> Vec<Effect> {
    let Some(text) = text else {
        model.say(Level::Info, format!("Nothing was copied: {lacking}."));
        return Vec::new();
    };
    let count = text.chars().count();
    model.copied(&format!("{label} ({count} {})", if count == 1 { "character" } else { "characters" }));
    vec![Effect::Copy(text)]
}

/// `h`: the values that the cell had.
pub(super) fn history(model: &mut Model) {
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return };
    let Some(entry) = model.monitor.board.get(cell.conversation.as_str()) else { return };
    let mut values: Vec<Past> = Vec::new();
    for change in entry.history.of(&cell.participant, cell.key.as_str()) {
        if values.is_empty() {
            values.push(Past { since: None, value: change.old.clone(), by: "first seen" });
        }
        let by = match change.source {
            Source::You => "you",
            source => source.as_str(),
        };
        values.push(Past { since: Some(change.at), value: change.new.clone(), by });
    }
    if values.is_empty() {
        let there = entry.conversation.participant(cell.participant.as_str());
        let words = match there {
            Some(p) if p.attributes.get(cell.key.as_str()).is_none() => {
                format!("{} was never seen on {}.", cell.key, p.purpose.as_str())
            }
            _ => "It has not changed since it was first seen.".to_owned(),
        };
        model.say(Level::Info, words);
        return;
    }
    let last = values.len() - 1;
    show(model, ChoiceList::History(cell, values), last);
}

/// `L`: values that were lost while an edit of ours was under way.
pub(super) fn losses(model: &mut Model) {
    let losses = model.outbox.losses().to_vec();
    if losses.is_empty() {
        let words = model.no_losses();
        model.say(Level::Info, words);
    } else {
        show(model, ChoiceList::Losses(losses), 0);
    }
}

/// `C`: copies the selected key, or all, to another participant.
pub(super) fn onto(model: &mut Model) {
    if refused(model) {
        return;
    }
    let Some(call) = &model.call else { return };
    let (Some(from), Some(c)) = (call.target(), call.conversation(&model.monitor.board)) else { return };
    let Some(p) = c.participant(from.participant.as_str()) else { return };
    let all: Vec<(Key, Value)> = p.attributes.iter().map(|a| (a.key.clone(), a.value.clone())).collect();
    let selected = call.selection.as_ref().and_then(|h| h.key.clone());
    let one: Vec<(Key, Value)> = all.iter().filter(|(k, _)| Some(k) == selected.as_ref()).cloned().collect();
    let others = || c.participants.iter().filter(|o| o.id != p.id);
    let mut rows = Vec::new();
    for (pairs, whole) in [(one, false), (all, true)] {
        for other in others().filter(|_| !pairs.is_empty()) {
            let target = crate::domain::outbox::Target { participant: other.id.clone(), ..from.clone() };
            rows.push(Onto { target, pairs: pairs.clone(), all: whole });
        }
    }
    if rows.is_empty() {
        let words = if others().next().is_none() {
            "The call has no other participant."
        } else {
            "This participant has no attributes."
        };
        model.say(Level::Info, words);
        return;
    }
    show(model, ChoiceList::Onto(from, rows), 0);
}

/// Keys that were taken out of the map: there is no way to delete one, but each can be blanked.
pub(super) fn removed(model: &mut Model, cells: Vec<(Cell, Value)>) {
    show(model, ChoiceList::Removed(cells), 0);
}

/// Commands in a list.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Overlay::Choose(list)) = model.overlays.last_mut() else { return Vec::new() };
    let last = list.what.len().saturating_sub(1);
    match command {
        Command::Up => list.selected = list.selected.saturating_sub(1),
        Command::Down => list.selected = (list.selected + 1).min(last),
        Command::Accept => return accept(model),
        Command::Copy => return copy_row(model),
        Command::Discard => discard(model),
        _ => {
            model.overlays.pop();
        }
    }
    Vec::new()
}

/// The list and what is selected in it, as far as it is still there.
fn taken(model: &Model) -> Option<(ChoiceList, usize)> {
    let Some(Overlay::Choose(list)) = model.overlays.last() else { return None };
    (list.selected < list.what.len()).then(|| (list.what.clone(), list.selected))
}

/// Takes the selected row off the list; the list goes with its last row.
fn off(model: &mut Model) {
    let Some(Overlay::Choose(list)) = model.overlays.last_mut() else { return };
    list.what.remove(list.selected);
    list.selected = list.selected.min(list.what.len().saturating_sub(1));
    if list.what.is_empty() {
        model.overlays.pop();
    }
}

fn accept(model: &mut Model) -> Vec<Effect> {
    let Some((what, i)) = taken(model) else { return Vec::new() };
    match what {
        ChoiceList::Drafts { cells, others, .. } => match cells.get(i) {
            Some(cell) => go_to(model, cell),
            None if others[i - cells.len()].got.is_loose() => loose(model, &others[i - cells.len()]),
            None => {
                swap(model, &others[i - cells.len()]);
                Vec::new()
            }
        },
        ChoiceList::Copy(target, key) => {
            model.overlays.pop();
            let item = Copyable::ALL[i];
            let text = item.text(model, &target, key.as_ref().map(Key::as_str));
            put(model, item.label(), item.lacking(), text)
        }
        ChoiceList::History(cell, values) => {
            restore(model, &cell, &values[i]);
            Vec::new()
        }
        ChoiceList::Losses(losses) => {
            if refused(model) {
                return Vec::new();
            }
            model.overlays.pop();
            let Some(cell) = model.outbox.restore(&losses[i]) else {
                let key = super::drafts::key_of(model, Command::Drafts);
                let words = format!(
                    "What is typed for {} is not sent yet: decide that first, {key} lists it.",
                    losses[i].cell.key
                );
                model.say(Level::Alarm, words);
                return Vec::new();
            };
            model.touch();
            commit::ask(model, vec![cell])
        }
        ChoiceList::Onto(_, rows) => {
            model.overlays.pop();
            let Onto { target, pairs, .. } = rows[i].clone();
            make_drafts(model, &target, pairs.into_iter().map(|(k, v)| (k, None, v.as_str().to_owned())).collect());
            Vec::new()
        }
        ChoiceList::Removed(cells) => {
            let (cell, was) = cells[i].clone();
            off(model);
            make_drafts(model, &cell.target(), vec![(cell.key, Some(Base::Saw(Some(was))), String::new())]);
            Vec::new()
        }
    }
}

/// Opens what a text that is in no cell was typed into.
fn loose(model: &mut Model, other: &JournalEdit) -> Vec<Effect> {
    let target = other.cell.target();
    let there = model.monitor.board.get(target.conversation.as_str());
    if there.and_then(|entry| entry.conversation.participant(target.participant.as_str())).is_none() {
        model.say(Level::Info, "Its call is not here: the text can be copied.");
        return Vec::new();
    }
    model.overlays.pop();
    model.go_to_call(target.conversation.clone(), Some(Hand { participant: target.participant.clone(), key: None }));
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
    Vec::new()
}

/// The second text takes the place of the draft, which is the second text from then on.
fn swap(model: &mut Model, other: &JournalEdit) {
    if model.outbox.swap_other(other) {
        let Some(Overlay::Choose(list)) = model.overlays.last_mut() else { return };
        if let ChoiceList::Drafts { cells, others, .. } = &mut list.what {
            if !cells.contains(&other.cell) {
                cells.push(other.cell.clone());
            }
            *others = model.outbox.others().to_vec();
            list.selected = cells.iter().position(|c| *c == other.cell).unwrap_or(0);
        }
        model.say(
            Level::Info,
            "This text is the draft now; the other one is listed as the second text. Nothing was sent.",
        );
    } else {
        model.say(Level::Info, "The draft of this cell waits to be sent: that comes first.");
    }
    model.touch();
}

/// Goes to the cell of a draft; a call that is not on the board is read.
fn go_to(model: &mut Model, cell: &Cell) -> Vec<Effect> {
    let id = &cell.conversation;
    let known = model
        .monitor
        .board
        .get(id.as_str())
        .is_some_and(|e| e.conversation.participant(cell.participant.as_str()).is_some());
    if known {
        model.overlays.pop();
        let selection = Hand { participant: cell.participant.clone(), key: Some(cell.key.clone()) };
        model.go_to_call(id.clone(), Some(selection));
        return Vec::new();
    }
    let copy = key_of(model, Command::Copy);
    model.say(
        Level::Info,
        format!("That call is not here: it is being read now, if it still exists. {copy} copies the text."),
    );
    vec![Effect::Read { conversation: id.clone(), asked: model.monitor.board.revision(id.as_str()), write: None }]
}

fn restore(model: &mut Model, cell: &Cell, past: &Past) {
    if refused(model) {
        return;
    }
    let Some(value) = &past.value else {
        model.say(Level::Info, "It was absent then: no documented way deletes a key, only empties it.");
        return;
    };
    model.overlays.pop();
    make_drafts(model, &cell.target(), vec![(cell.key.clone(), None, value.as_str().to_owned())]);
}

/// Copies what the selected row holds.
fn copy_row(model: &mut Model) -> Vec<Effect> {
    let Some((what, i)) = taken(model) else { return Vec::new() };
    let text = match what {
        ChoiceList::Drafts { cells, others, .. } => match cells.get(i) {
            Some(cell) => model.outbox.view(cell).map(|v| v.mine.to_owned()),
            None => Some(others[i - cells.len()].mine.clone()),
        },
        ChoiceList::History(_, values) => values[i].value.as_ref().map(|v| v.as_str().to_owned()),
        ChoiceList::Losses(losses) => Some(losses[i].theirs.as_str().to_owned()),
        ChoiceList::Copy(..) | ChoiceList::Onto(..) | ChoiceList::Removed(_) => None,
    };
    put(model, "the text", "this row has none", text)
}

/// Throws the draft away, or takes note of the loss, of the selected row.
fn discard(model: &mut Model) {
    match taken(model) {
        Some((ChoiceList::Drafts { cells, others, .. }, i)) if i >= cells.len() => {
            model.outbox.discard_other(&others[i - cells.len()]);
            off(model);
            model.touch();
        }
        Some((ChoiceList::Drafts { cells, .. }, i)) => {
            let state = model.outbox.view(&cells[i]).map(|v| v.state);
            match state {
                Some(EditState::Armed { id }) => {
                    model.outbox.disarm(id);
                    model.say(Level::Info, "Disarmed: it is a draft again.");
                }
                Some(state) if state.is_busy() => model.say(Level::Info, "It is already being sent."),
                _ => {
                    model.outbox.discard(&cells[i]);
                    off(model);
                }
            }
            model.touch();
        }
        Some((ChoiceList::Losses(losses), i)) => {
            model.outbox.dismiss_loss(&losses[i].cell);
            off(model);
        }
        _ => {}
    }
}
