//! Commands of the Timeline screen, and what is put on it.

use crate::app::{
    Effect, Model,
    call::CellSelection,
    keymap::Command,
    notice::NoticeLevel,
    popups::{FilterPrompt, Overlay},
    rows,
    screen::Screen,
    timeline::TimelineItem,
};
use crate::domain::{At, Change};

/// Notes a change that happened under our eyes.
pub(super) fn note(model: &mut Model, at: At, change: &Change) {
    let Change::Attribute { conversation, participant, key, old, new, source, first_sight: false, .. } = change else {
        return;
    };
    let Some(entry) = model.monitor.board.get(conversation.as_str()) else { return };
    let c = &entry.conversation;
    model.timeline.push(TimelineItem {
        seq: 0,
        at,
        conversation: conversation.clone(),
        from: rows::from(c).into_owned(),
        participant: participant.clone(),
        purpose: c.participant(participant.as_str()).map_or(String::new(), |p| p.purpose.as_str().to_owned()),
        key: key.clone(),
        old: old.clone(),
        new: new.clone(),
        source: *source,
    });
}

/// Every change of the selected key, on all calls; from the Timeline itself, of the selected change.
pub(super) fn of_key(model: &mut Model) {
    let key = match model.screen {
        Screen::Timeline => model.timeline.item().map(|item| item.key.clone()),
        _ => model.call.as_ref().and_then(|call| call.cell()).map(|cell| cell.key),
    };
    let Some(key) = key else { return };
    let came = model.screen != Screen::Timeline;
    model.timeline.only(key.as_str(), came);
    model.go_to(Screen::Timeline);
    model.touch();
}

/// Back to where one came from.
fn leave(model: &mut Model) {
    model.timeline.leave();
    model.go_back();
}

/// There and back.
pub(super) fn toggle(model: &mut Model) {
    match model.screen {
        Screen::Timeline => leave(model),
        _ => model.go_to(Screen::Timeline),
    }
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    let t = &mut model.timeline;
    let here = t.position().unwrap_or(0);
    match command {
        Command::Up => t.go(here.saturating_sub(1), page),
        Command::Down => t.go(here + 1, page),
        Command::PageUp => t.go(here.saturating_sub(page - 1), page),
        Command::PageDown => t.go(here + (page - 1).max(1), page),
        Command::First => t.go(0, page),
        Command::Last => t.go(usize::MAX, page),
        Command::Pause => t.pause(),
        Command::Filter => model.overlays.push(Overlay::Filter(FilterPrompt::new(model))),
        Command::ClearFilter => t.typed_filter(""),
        Command::Open => {
            if let Some(item) = t.item().cloned() {
                if model.monitor.board.get(item.conversation.as_str()).is_some() {
                    let selection = CellSelection { participant: item.participant, key: Some(item.key) };
                    model.go_to_call(item.conversation, Some(selection));
                } else {
                    model.say(NoticeLevel::Info, "This call is no longer listed.");
                }
            }
        }
        Command::Back if t.has_own_filter() => t.clear_own_filter(),
        Command::Back => leave(model),
        _ => {}
    }
    model.touch();
    Vec::new()
}
