//! Trapping the next call: `f` asks for a condition and waits; the call that fits is opened when it comes.

use crate::app::{
    Effect, Model,
    notice::NoticeLevel,
    popups::{Overlay, TrapPrompt},
};
use crate::domain::{At, ConversationId};

/// `f`: asks what to wait for, or stops waiting.
pub(super) fn toggle(model: &mut Model) {
    if model.trap.take().is_some() {
        model.say(NoticeLevel::Info, "No longer waiting for the next call.");
        return;
    }
    model.overlays.push(Overlay::Trap(TrapPrompt::new(model)));
}

/// Looks at a call that changed; opens it if it is the one that was waited for.
pub(super) fn look(model: &mut Model, at: At, id: &ConversationId) -> Vec<Effect> {
    let Some(trap) = &mut model.trap else { return Vec::new() };
    let Some(entry) = model.monitor.board.get(id.as_str()) else { return Vec::new() };
    if !trap.look(&entry.conversation, &model.monitor.board.names, at) {
        return Vec::new();
    }
    model.trap = None;
    model.calls.pinned.insert(id.clone());
    if model.overlays.is_empty() {
        model.go_to_call(id.clone(), None);
        model.say(NoticeLevel::Done, "This is the call that was waited for. It is pinned.");
    } else {
        // What is being typed is not taken away.
        model.calls.selected = Some(id.clone());
        model.say(NoticeLevel::Done, "Caught a call: it is pinned and selected in Calls.");
    }
    vec![Effect::Bell]
}
