//! Keys and pastes: the overlay on top has them, else the screen.

use super::{
    call, calls, choose, diagnose, edit, export, flow, menus, quit, recording, replay, signin, timeline, views,
    watchpoint,
};
use crate::app::{
    Effect, Exit, Model,
    key::Key,
    keymap::{self, Command},
    model::Screen,
    notice::Level,
    overlay::Overlay,
};

/// A key press.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    if model.notice.as_ref().is_some_and(|n| n.was_seen(model.now)) {
        model.notice = None;
    }
    let scopes = keymap::scopes(model);
    match model.keymap.lookup(&scopes, key) {
        Some(binding) if (binding.when)(model) && !model.may_answer(binding.command) => {
            model.say(
                Level::Info,
                "That key came before the question could be read, so it was ignored. Press it again.",
            );
            Vec::new()
        }
        Some(binding) if (binding.when)(model) => command(model, binding.command),
        Some(_) => Vec::new(),
        None if model.overlays.is_empty() && model.screen == Screen::Flow => flow::typed(model, key),
        None => {
            menus::typed(model, key);
            Vec::new()
        }
    }
}

/// Pasted text goes where text is typed, and nowhere else.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if !menus::paste(model, text) {
        model.say(Level::Info, "Pasted text was ignored: nothing is being typed here.");
    }
    Vec::new()
}

/// Text that came as keys, all at once: text where text is typed, and nothing elsewhere.
pub(super) fn as_text(model: &mut Model, text: &str) -> Vec<Effect> {
    if !menus::paste(model, text) {
        let words = "Text arrived all at once: it was taken for a paste and ignored, as nothing is being typed here.";
        model.say(Level::Info, words);
    }
    Vec::new()
}

/// Does what a key, the palette or the mouse asked for.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Interrupt => model.exit = Some(Exit::Interrupted),
        Command::Suspend => return vec![Effect::Suspend],
        Command::Redraw => return vec![Effect::Redraw],
        _ if !model.overlays.is_empty() => return menus::command(model, command),
        Command::Quit => quit::ask(model),
        Command::Help => {
            let scopes = keymap::screen_scopes(model);
            model.overlays.push(Overlay::Help(crate::app::overlay::Help { scroll: 0, scopes }));
        }
        Command::Palette => menus::open_palette(model),
        Command::Diagnose => diagnose::open(model),
        Command::Timeline => timeline::toggle(model),
        Command::Review => return edit::review(model),
        Command::Drafts => choose::drafts(model, false),
        Command::Losses => choose::losses(model),
        Command::Flow => return flow::open(model),
        Command::Watchpoints => watchpoint::list(model),
        Command::WatchFilter => watchpoint::ask(model),
        Command::WatchMissed => watchpoint::missed(model),
        Command::Jump => watchpoint::jump(model),
        Command::Export => export::open(model),
        Command::Views => views::list(model),
        Command::SaveView => views::ask(model),
        Command::SignIn => signin::ask(model),
        Command::Record => return recording::toggle(model),
        Command::Play
        | Command::StepOn
        | Command::StepBack
        | Command::Faster
        | Command::Slower
        | Command::Later
        | Command::Earlier
        | Command::NextChange
        | Command::PreviousChange
        | Command::NextFinding
        | Command::PreviousFinding
        | Command::GoTo
        | Command::CallsOfRecording => return replay::command(model, command),
        Command::Topics if replay::refused(model, "what was watched then cannot be changed.") => {}
        Command::Mask => {
            model.settings.mask = !model.settings.mask;
            let words =
                if model.settings.mask { "Values that look personal are hidden." } else { "All values are shown." };
            model.say(Level::Info, words);
        }
        _ => match model.screen {
            Screen::Calls => return calls::command(model, command),
            Screen::Call => return call::command(model, command),
            Screen::Timeline => return timeline::command(model, command),
            Screen::Diagnose => return diagnose::command(model, command),
            Screen::Flow => return flow::command(model, command),
        },
    }
    Vec::new()
}
