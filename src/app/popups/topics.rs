//! Which queues, users and flows are watched, chosen while the program runs.

use super::{CommandOutcome, Popup, step};
use crate::{
    app::{
        Effect, Model,
        editor::Editor,
        keymap::Command,
        notice::NoticeLevel,
        topics::{TopicRow, Topics, WatchTarget},
    },
    domain::{Conversation, ConversationId},
};
use rustc_hash::FxHashSet;

impl Popup for Topics {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.shown().len());
            }
            Command::Toggle => {
                if let Some(row) = self.selection() {
                    row.on = !row.on;
                }
            }
            Command::Accept => return CommandOutcome::Done(take(model, self)),
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.query)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.selected = 0;
    }
}

/// What was chosen is watched from now on, and what was not no longer.
fn take(model: &mut Model, topics: &Topics) -> Vec<Effect> {
    let changes = topics.changes();
    if changes.is_empty() {
        return Vec::new();
    }
    for row in &changes {
        if let (WatchTarget::Queue(id), true) = (&row.what, row.on) {
            model.monitor.board.names.learn_queue(id.clone(), &row.name);
        }
    }
    let (on, off): (Vec<&TopicRow>, Vec<&TopicRow>) = changes.iter().partition(|r| r.on);
    model.say(NoticeLevel::Info, format!("{} more watched, {} unsubscribed.", on.len(), off.len()));
    model.settings.watching = topics.label();
    // Calls that nothing tells about any more would only stand there as they were.
    let left = |call: &Conversation| off.iter().any(|r| r.what.tells(call)) && !topics.covers(call);
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
