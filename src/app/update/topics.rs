//! Choosing what is watched while the program runs.

use crate::app::{
    Effect, Model,
    keymap::Command,
    notice::Level,
    overlay::Overlay,
    topics::{Listing, Row, Topics, Watched},
};

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
            let (changes, rows) = (topics.changes(), topics.to_send());
            model.overlays.pop();
            return take(model, changes, rows);
        }
        _ => drop(model.overlays.pop()),
    }
    Vec::new()
}

fn take(model: &mut Model, changes: Vec<Row>, rows: Vec<Row>) -> Vec<Effect> {
    if changes.is_empty() {
        return Vec::new();
    }
    for row in &changes {
        if let (Watched::Queue(id), true) = (&row.what, row.on) {
            model.board.names.learn_queue(id.clone(), &row.name);
        }
    }
    let (on, off): (Vec<&Row>, Vec<&Row>) = changes.iter().partition(|r| r.on);
    model.say(Level::Info, format!("{} more watched, {} given back.", on.len(), off.len()));
    // Calls that nothing tells about any more would only grow stale.
    let left = |entry: &crate::domain::Entry| {
        let queue = entry.conversation.queue();
        off.iter().any(|r| matches!(&r.what, Watched::Queue(id) if Some(id) == queue))
    };
    let open = model.call.as_ref().map(|c| c.id.clone());
    let pinned = &model.calls.pinned;
    let keep = |id: &crate::domain::ConversationId| Some(id) == open.as_ref() || pinned.contains(id);
    let gone = model.board.retire(|entry| left(entry) && !keep(&entry.conversation.id));
    for id in &gone {
        model.examiner.forget(id.as_str());
    }
    model.touch();
    vec![Effect::Watch(rows), Effect::Forget(gone)]
}
