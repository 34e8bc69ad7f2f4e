//! Trapping the next call: `f` asks for a condition and waits; the call that fits is opened when it comes.

use crate::app::{
    Effect, Model,
    editor::Editor,
    keymap::Command,
    notice::Level,
    overlay::{FilterPrompt, Overlay},
};
use crate::domain::{At, ConversationId, Trap, filter::Filter, text};

/// `f`: asks what to wait for, or stops waiting.
pub(super) fn toggle(model: &mut Model) {
    if model.trap.take().is_some() {
        model.say(Level::Info, "No longer waiting for the next call.");
        return;
    }
    let text = model.calls.filter_text.clone();
    let before = (text.clone(), Filter::default());
    model.overlays.push(Overlay::Trap(FilterPrompt { text: Editor::new(&text, false), mistake: None, before }));
}

/// Looks at what was typed.
pub(super) fn typed(prompt: &mut FilterPrompt) {
    prompt.mistake = prompt.text.text().parse::<Filter>().err();
}

/// A command while the prompt has the keyboard.
pub(super) fn command(model: &mut Model, command: Command) {
    let Some(Overlay::Trap(prompt)) = model.overlays.last() else { return };
    if command != Command::Accept {
        model.overlays.pop();
        return;
    }
    let words = prompt.text.text().trim().to_owned();
    if let Ok(filter) = words.parse::<Filter>() {
        model.overlays.pop();
        model.trap = Some(Trap::set(None, None, filter, model.now));
        let what = if words.is_empty() { "any call".to_owned() } else { text::cut(&words, 40).into_owned() };
        model.say(Level::Info, format!("Waiting for the next call: {what}. It is opened when it comes."));
    }
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
        model.say(Level::Done, "This is the call that was waited for. It is pinned.");
    } else {
        // What is being typed is not taken away from under the hand.
        model.calls.selected = Some(id.clone());
        model.say(Level::Done, "The call that was waited for is here: it is pinned, under the hand in Calls.");
    }
    vec![Effect::Bell]
}
