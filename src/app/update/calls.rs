//! Commands of the Calls screen.

use super::{topics, trap};
use crate::app::{
    Effect, Model,
    call::CellSelection,
    calls::{Sort, keys_with_counts, value},
    keymap::Command,
    layout::PaneShown,
    notice::NoticeLevel,
    popups::{Choice, ColumnPicker, FilterPrompt, Overlay, Pick},
};
use crate::domain::{ConversationId, Key, filter::Filter};

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    if model.calls.coverage.focus {
        coverage(model, command);
        return Vec::new();
    }
    // Whatever the selection leaves may go, if it no longer matches.
    model.touch();
    let page = model.page();
    let here = model.calls.position().unwrap_or(0);
    match command {
        Command::Up => model.calls.go(here.saturating_sub(1), page),
        Command::Down => model.calls.go(here + 1, page),
        Command::PageUp => model.calls.go(here.saturating_sub(page - 1), page),
        Command::PageDown => model.calls.go(here + (page - 1).max(1), page),
        Command::First => model.calls.go(0, page),
        Command::Last => model.calls.go(usize::MAX, page),
        Command::Sort => sort(model),
        Command::Reverse => model.calls.reverse = !model.calls.reverse,
        Command::HideEnded => model.calls.hides_ended = !model.calls.hides_ended,
        Command::Left => model.calls.scroll_columns(false),
        Command::Right => model.calls.scroll_columns(true),
        Command::Coverage => open_coverage(model),
        Command::Open => {
            if let Some(id) = model.calls.selected.clone() {
                let selection = sought(model, &id);
                model.go_to_call(id, selection);
            }
        }
        Command::Filter => model.overlays.push(Overlay::Filter(FilterPrompt::new(model))),
        Command::Back => {
            model.calls.filter = Filter::default();
            model.calls.filter_text.clear();
        }
        Command::Columns => model.overlays.push(Overlay::Columns(ColumnPicker::new(model))),
        Command::Trap => trap::toggle(model),
        Command::Topics => return topics::open(model),
        Command::CopyId => {
            let Some(id) = model.calls.selected.clone() else { return Vec::new() };
            model.copied(&format!("the id {id}"));
            return vec![Effect::Copy(id.to_string())];
        }
        Command::Pin => pin(model),
        Command::Compare => super::compare::mark(model),
        _ => {}
    }
    Vec::new()
}

/// The key that the filter names first is what the operator looks for: on whoever carries it, else on the caller.
pub(super) fn sought(model: &Model, id: &ConversationId) -> Option<CellSelection> {
    let keys = model.calls.filter.keys();
    let call = &model.monitor.board.get(id.as_str())?.conversation;
    let key = *keys.first()?;
    let participant = value(call, key).map(|(carrier, _)| carrier).or_else(|| call.customer())?;
    Some(CellSelection { participant: participant.id.clone(), key: Some(key.into()) })
}

/// The list of what can be sorted by: facts, the columns shown, then all other keys.
fn sort(model: &mut Model) {
    let calls = &model.calls;
    let shown = calls.keys.iter().cloned();
    let mut others: Vec<Key> = keys_with_counts(&model.monitor.board).into_iter().map(|(key, _)| key).collect();
    others.retain(|key| !calls.keys.contains(key));
    others.sort();
    let sorts: Vec<Sort> = Sort::FACTS.into_iter().chain(shown.chain(others).map(Sort::Attribute)).collect();
    let selected = sorts.iter().position(|sort| *sort == calls.sort).unwrap_or(0);
    let choice = |sort: Sort| {
        let note = match &sort {
            now if *now == calls.sort => "sorted by this; again: reverse",
            Sort::Attribute(_) => "attribute",
            _ => "",
        };
        (sort.name().to_owned(), note.to_owned(), Choice::Sort(sort))
    };
    let choices = sorts.into_iter().map(choice).collect();
    model.overlays.push(Overlay::Pick(Pick::new("Sort by", choices, selected)));
}

/// Closed, it is opened; open, it gets the keyboard.
fn open_coverage(model: &mut Model) {
    if model.calls.keys.is_empty() {
        let columns = model.key_label(Command::Columns);
        model.say(NoticeLevel::Info, format!("No attribute columns are shown: {columns} chooses them."));
        return;
    }
    model.calls.coverage.open =
        if model.calls.areas(model.size).side.is_some() { PaneShown::Auto } else { PaneShown::Open };
    model.calls.coverage.focus = true;
}

/// The commands of the coverage.
fn coverage(model: &mut Model, command: Command) {
    let last = model.calls.keys.len().saturating_sub(1);
    let beside = model.calls.areas(model.size).side.is_some();
    let coverage = &mut model.calls.coverage;
    match command {
        Command::Up | Command::PageUp => coverage.selected = coverage.selected.saturating_sub(1),
        Command::Down | Command::PageDown => coverage.selected = (coverage.selected + 1).min(last),
        Command::First => coverage.selected = 0,
        Command::Last => coverage.selected = last,
        // Beside the calls it takes no room from them; below them it does.
        Command::Back if beside => coverage.focus = false,
        Command::Back | Command::Coverage => (coverage.focus, coverage.open) = (false, PaneShown::Closed),
        Command::Accept | Command::Open => {
            let Some(text) = model.calls.filter_of_bar() else { return };
            let Ok(filter) = text.parse() else { return };
            model.calls.filter = filter;
            model.calls.filter_text = text;
        }
        _ => {}
    }
    model.touch();
}

fn pin(model: &mut Model) {
    let Some(id) = model.calls.selected.clone() else { return };
    let words = if model.calls.pinned.remove(&id) {
        "Unpinned: the call goes from the screen a while after it ends."
    } else {
        model.calls.pinned.insert(id);
        "Pinned: the call stays on the screen after it ends."
    };
    model.say(NoticeLevel::Info, words);
}
