//! Choosing what is watched while the program runs.

use crate::app::{
    Effect, Model,
    keymap::Command,
    notice::Level,
    overlay::Overlay,
    topics::{Listing, Row, Topics, Watched},
};
use crate::domain::{Conversation, ConversationId};
use rustc_hash::FxHashSet;

/// `t`: asks what there is.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.overlays.push(Overlay::Topics(Topics::waiting()));
    vec![Effect::ListTopics]
}

/// What there is to choose from has come.
pub(super) fn listed(model: &mut Model, listing: Listing) {
    let open = model.overlays.iter_mut().find_map(|o| match o {
        Overlay::Topics(topics) => Some(topics),
        _ => None,
    });
    if let Some(topics) = open {
        topics.listing = Some(listing);
    }
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Overlay::Topics(topics)) = model.overlays.last_mut() else { return Vec::new() };
    let last = topics.shown().len().saturating_sub(1);
    match command {
        Command::Up => topics.selected = topics.selected.saturating_sub(1),
        Command::Down => topics.selected = (topics.selected + 1).min(last),
        Command::Toggle => {
            if let Some(row) = topics.hand() {
                row.on = !row.on;
            }
        }
        Command::Accept => {
            let Some(Overlay::Topics(topics)) = model.overlays.pop() else { return Vec::new() };
            return take(model, &topics);
        }
        _ => drop(model.overlays.pop()),
    }
    Vec::new()
}

fn take(model: &mut Model, topics: &Topics) -> Vec<Effect> {
    let changes = topics.changes();
    if changes.is_empty() {
        return Vec::new();
    }
    for row in &changes {
        if let (Watched::Queue(id), true) = (&row.what, row.on) {
            model.monitor.board.names.learn_queue(id.clone(), &row.name);
        }
    }
    let (on, off): (Vec<&Row>, Vec<&Row>) = changes.iter().partition(|r| r.on);
    model.say(Level::Info, format!("{} more watched, {} given back.", on.len(), off.len()));
    model.settings.watching = topics.label();
    // Calls that nothing tells about any more would only stand there as they were.
    let left = |call: &Conversation| off.iter().any(|r| r.what.tells(&r.name, call)) && !topics.covers(call);
    let mut keep: FxHashSet<ConversationId> = model.calls.pinned.iter().cloned().collect();
    keep.extend(model.call.as_ref().map(|c| c.id.clone()));
    keep.extend(model.outbox.conversations().cloned());
    let gone = model.monitor.forget(|call| left(call) && !keep.contains(&call.id));
    let kept = model.monitor.board.iter().map(|e| &e.conversation).filter(|c| !c.is_over() && left(c));
    let kept: Vec<ConversationId> = kept.map(|c| c.id.clone()).collect();
    model.touch();
    let mut effects = vec![Effect::Watch(topics.to_send()), Effect::Forget(gone)];
    if !kept.is_empty() {
        effects.push(Effect::Follow(kept));
    }
    effects
}
