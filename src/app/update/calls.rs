//! Commands of the Calls screen.

use super::{topics, trap};
use crate::app::{
    Effect, Model,
    call::Hand,
    keymap::Command,
    notice::Level,
    popups::{Columns, FilterPrompt, Overlay},
};
use crate::domain::{ConversationId, Participant, filter::Filter};

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    let here = model.calls.position().unwrap_or(0);
    match command {
        Command::Up => model.calls.go(here.saturating_sub(1), page),
        Command::Down => model.calls.go(here + 1, page),
        Command::PageUp => model.calls.go(here.saturating_sub(page - 1), page),
        Command::PageDown => model.calls.go(here + (page - 1).max(1), page),
        Command::First => model.calls.go(0, page),
        Command::Last => model.calls.go(usize::MAX, page),
        Command::Sort => {
            model.calls.sort = model.calls.sort.next();
            model.calls.reverse = false;
            model.stale = true;
        }
        Command::Reverse => {
            model.calls.reverse = !model.calls.reverse;
            model.stale = true;
        }
        Command::Open => {
            if let Some(id) = model.calls.selected.clone() {
                let hand = sought(model, &id);
                model.go_to_call(id, hand);
            }
        }
        Command::Filter => model.overlays.push(Overlay::Filter(FilterPrompt::new(model))),
        Command::Back => {
            model.calls.filter = Filter::default();
            model.calls.filter_text.clear();
            model.stale = true;
        }
        Command::Columns => model.overlays.push(Overlay::Columns(Columns::new(model))),
        Command::Trap => trap::toggle(model),
        Command::Topics => return topics::open(model),
        Command::Pin => pin(model),
        Command::Compare => super::compare::mark(model),
        _ => {}
    }
    Vec::new()
}

/// The key that the filter names first is what the operator looks for: on whoever carries it, else on the caller.
pub(super) fn sought(model: &Model, id: &ConversationId) -> Option<Hand> {
    let keys = model.calls.filter.keys();
    let call = &model.monitor.board.get(id.as_str())?.conversation;
    let key = *keys.first()?;
    let has = |p: &&Participant| p.attributes.get(key).is_some();
    let carrier = call.customer().filter(has).or_else(|| call.participants.iter().rev().find(has));
    let participant = carrier.or_else(|| call.customer())?;
    Some(Hand { participant: participant.id.clone(), key: Some(key.into()) })
}

fn pin(model: &mut Model) {
    let Some(id) = model.calls.selected.clone() else { return };
    let words = if model.calls.pinned.remove(&id) {
        "Unpinned: the call goes from the screen a while after it ends."
    } else {
        model.calls.pinned.insert(id);
        "Pinned: the call stays on the screen after it ends."
    };
    model.say(Level::Info, words);
}
