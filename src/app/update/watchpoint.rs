//! Setting watchpoints, and what happens when one fires.

use crate::app::{
    Effect, Model,
    call::{Call, Hand},
    editor::Editor,
    keymap::Command,
    notice::Level,
    overlay::{Overlay, WatchList, WatchPrompt},
};
use crate::domain::{alert::Fired, filter::Filter};

/// Something fired: the bell, a message, a notification of the terminal if that is wished.
pub(super) fn fired(model: &mut Model, fired: Option<Fired>) -> Vec<Effect> {
    // One message for what came at one moment: the last; all are in the list.
    let Some(Fired { words, .. }) = fired else { return Vec::new() };
    let key = model.keymap.key_for(Command::Jump).map(|k| k.label(model.settings.ascii)).unwrap_or_default();
    model.say(Level::Info, format!("Watchpoint: {words}. {key} goes there."));
    model.touch();
    let now = model.now;
    if !model.monitor.alerts.rings(now) {
        return Vec::new();
    }
    let mut effects = vec![Effect::Bell];
    if model.settings.notify {
        effects.push(Effect::Notify(words));
    }
    effects
}

/// Sets one on the key under the hand, or removes it.
pub(super) fn key(model: &mut Model) {
    let Some(cell) = model.call.as_ref().and_then(Call::cell) else { return };
    let words = if model.monitor.alerts.toggle_key(&cell.key) {
        format!("The bell rings when {} changes on any call.", cell.key)
    } else {
        format!("The bell no longer rings for {}.", cell.key)
    };
    model.say(Level::Info, words);
}

/// Sets the one on missed milestones, or removes it.
pub(super) fn missed(model: &mut Model) {
    let words = match (model.monitor.alerts.toggle_missed(), model.monitor.examiner.expectations().is_empty()) {
        (true, false) => "The bell rings when an expected key is missing at its milestone, or late.",
        (true, true) => "Set, but nothing is expected: --expect FILE says what calls should carry.",
        (false, _) => "The bell no longer rings for missed milestones.",
    };
    model.say(Level::Info, words);
}

/// Opens the list.
pub(super) fn list(model: &mut Model) {
    model.overlays.push(Overlay::Watchpoints(WatchList::default()));
}

/// Opens the prompt for an expression, on the filter of the Calls screen.
pub(super) fn ask(model: &mut Model) {
    let text = Editor::new(&model.calls.filter_text, false);
    model.overlays.push(Overlay::WatchPrompt(WatchPrompt { text, mistake: None }));
}

/// To what fired last.
pub(super) fn jump(model: &mut Model) {
    let Some(fired) = model.monitor.alerts.last.clone() else {
        model.say(Level::Info, "No watchpoint has fired.");
        return;
    };
    go(model, fired);
}

fn go(model: &mut Model, fired: Fired) {
    if model.monitor.board.get(fired.call.as_str()).is_none() {
        model.say(Level::Info, "This call is no longer on the board.");
        return;
    }
    let hand = fired.participant.map(|participant| Hand { participant, key: fired.key });
    model.go_to_call(fired.call, hand);
}

/// A command while the list has the keyboard.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Overlay::Watchpoints(list)) = model.overlays.last_mut() else { return Vec::new() };
    let last = model.monitor.alerts.list.len().saturating_sub(1);
    list.selected = list.selected.min(last);
    match command {
        Command::Up => list.selected = list.selected.saturating_sub(1),
        Command::Down => list.selected = (list.selected + 1).min(last),
        Command::Discard => {
            if list.selected < model.monitor.alerts.list.len() {
                model.monitor.alerts.list.remove(list.selected);
            }
        }
        Command::WatchMissed => missed(model),
        Command::WatchFilter => ask(model),
        Command::Accept => {
            let fired = model.monitor.alerts.list.get(list.selected).and_then(|w| w.last.clone());
            match fired {
                Some(fired) => {
                    model.overlays.pop();
                    go(model, fired);
                }
                None => model.say(Level::Info, "It has not fired yet."),
            }
        }
        _ => {
            model.overlays.pop();
        }
    }
    Vec::new()
}

/// A command while the expression is typed.
pub(super) fn prompt(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Overlay::WatchPrompt(prompt)) = model.overlays.last_mut() else { return Vec::new() };
    if command != Command::Accept {
        model.overlays.pop();
        return Vec::new();
    }
    let text = prompt.text.text().trim().to_owned();
    match text.parse::<Filter>() {
        Ok(filter) if filter.is_empty() => {
            model.say(Level::Info, "An empty expression holds for every call; type what is waited for.");
        }
        Ok(filter) => {
            model.overlays.pop();
            model.monitor.alerts.add_filter(&text, filter, &model.monitor.board, model.now);
            model.say(Level::Info, format!("The bell rings when a call comes to satisfy {text}."));
        }
        Err(mistake) => prompt.mistake = Some(mistake),
    }
    Vec::new()
}

/// Something was typed into the prompt.
pub(super) fn typed(model: &mut Model) {
    if let Some(Overlay::WatchPrompt(prompt)) = model.overlays.last_mut() {
        prompt.mistake = prompt.text.text().parse::<Filter>().err();
    }
}

#[cfg(test)]
mod tests;
