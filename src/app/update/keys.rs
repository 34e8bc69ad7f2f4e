//! Keys and pastes: the overlay on top has them, else the screen.

use super::{
    alerts, call, calls, commit, diagnose, export, findings, flow, lists, mask, popups, quit, recording, replay,
    signin, since, timeline, views, why,
};
use crate::app::{
    AppExit, Effect, Model,
    key::{Code, Key},
    keymap::Command,
    model::question::{KeyAnswer, NoAnswer},
    notice::NoticeLevel,
    popups::{CommandPalette, Help, Overlay, SaveView},
    screen::Screen,
    signin::How,
};
use crate::domain::{At, Link};

/// A key press.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    if model.notice.as_ref().is_some_and(|n| n.was_seen(model.now)) {
        model.notice = None;
    }
    let last = model.read.key;
    let due = model.another_key(Some(key));
    let leaves = key.code == Code::Esc;
    let is_withdrawn = leaves && matches!(due, Some(Err(_)));
    let cancelled = due.and_then(Result::err).filter(|_| !leaves && last != Some(key));
    let mut effects = answered(model, due.filter(|due| due.is_ok() || !leaves));
    let scopes = model.scopes();
    // The next letter of a row's name that is being typed is no command.
    if let Some(Overlay::Pick(pick)) = model.overlays.last_mut()
        && pick.goes_on(key)
    {
        model.touch();
        return effects;
    }
    effects.extend(match model.keymap.lookup(&scopes, key) {
        Some(binding) if model.meets(binding.when) => match model.answers(binding.command) {
            KeyAnswer::Yes => command(model, binding.command),
            KeyAnswer::Later => Vec::new(),
            KeyAnswer::No(why) => {
                model.say(NoticeLevel::Info, why.words(model.settings.ascii));
                Vec::new()
            }
        },
        Some(binding) => {
            let why = match model.refuses_answer(binding.command) {
                Err(why @ NoAnswer::Crowded) => why.words(model.settings.ascii),
                _ => model.why_not(binding.when),
            };
            model.say(NoticeLevel::Info, why);
            Vec::new()
        }
        // What came with other keys is none of them.
        None if model.asks_to_send() && model.refuses_answer(Command::Accept) == Err(NoAnswer::Crowded) => {
            model.say(NoticeLevel::Info, NoAnswer::Crowded.words(model.settings.ascii));
            Vec::new()
        }
        None if !model.overlays.is_empty() => popups::typed(model, key),
        None if model.screen == Screen::Flow && flow::takes(model, key) => flow::typed(model, key),
        None => {
            let words = model.unused(key);
            model.say(NoticeLevel::Info, words);
            Vec::new()
        }
    });
    // That an answer was none is more than what the key after it would have meant.
    if let Some(why) = cancelled.filter(|_| model.exit.is_none() && is_asked(model)) {
        model.say(NoticeLevel::Info, why.words(model.settings.ascii));
    }
    if is_withdrawn {
        model.say(NoticeLevel::Info, "Withdrawn: nothing was sent.");
    }
    effects
}

/// A question that sends stands on top.
fn is_asked(model: &Model) -> bool {
    model.asks_to_send() || matches!(model.overlays.last(), Some(Overlay::When(_)))
}

/// Gives the answer that waited for whether another key follows, once none has.
pub(super) fn answer_due(model: &mut Model, at: At) -> Vec<Effect> {
    let due = model.answer_due(at.mono);
    answered(model, due)
}

/// Gives an answer that was waited for, or says why it is none.
fn answered(model: &mut Model, answer: Option<Result<Command, NoAnswer>>) -> Vec<Effect> {
    match answer {
        Some(Ok(command)) => {
            model.prepare(model.now);
            self::command(model, command)
        }
        Some(Err(why)) => {
            model.say(NoticeLevel::Info, why.words(model.settings.ascii));
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Pasted text goes where text is typed, and nowhere else.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let due = model.another_key(None);
    let effects = answered(model, due);
    if !popups::paste(model, text) {
        model.say(NoticeLevel::Info, "Pasted text was ignored: nothing is being typed here.");
    }
    effects
}

/// Text that came as keys, all at once: text where text is typed, and nothing elsewhere.
pub(super) fn as_text(model: &mut Model, text: &str) -> Vec<Effect> {
    let due = model.another_key(None);
    let effects = answered(model, due);
    if !popups::paste(model, text) {
        let words = "Text arrived all at once: it was taken for a paste and ignored, as nothing is being typed here.";
        model.say(NoticeLevel::Info, words);
    }
    effects
}

/// One key so often at once: text where text is typed, and elsewhere a key that was held down.
pub(super) fn repeated(model: &mut Model, key: Key, times: usize) -> Vec<Effect> {
    let text: String = key.typed().map(|c| std::iter::repeat_n(c, times).collect()).unwrap_or_default();
    let due = model.another_key(None);
    let mut effects = answered(model, due);
    if !text.is_empty() && popups::paste(model, &text) {
        return effects;
    }
    effects.extend((0..times).flat_map(|_| self::key(model, key)));
    effects
}

/// Reads the open call again, or the selected one; without a link, tries to connect.
fn reread(model: &mut Model) -> Vec<Effect> {
    match &model.link {
        Link::Live | Link::Gap { .. } | Link::Closed => {}
        Link::SignedOut { .. } if model.settings.sign_in != How::Nobody => {
            super::signin::ask(model);
            return Vec::new();
        }
        Link::Connecting | Link::Reconnecting { .. } | Link::Offline { .. } | Link::SignedOut { .. } => {
            model.say(NoticeLevel::Info, "Trying to connect now.");
            return vec![Effect::Reconnect];
        }
    }
    let id = match model.screen {
        Screen::Call => model.call.as_ref().map(|call| call.id.clone()),
        Screen::Timeline => model.timeline.item().map(|item| item.conversation.clone()),
        Screen::Diagnose => model.diagnose.finding().map(|finding| finding.conversation.clone()),
        Screen::Why => model.why.cell.as_ref().map(|cell| cell.conversation.clone()),
        Screen::Calls | Screen::Flow | Screen::Since => model.calls.selected.clone(),
    };
    let Some(conversation) = id else {
        model.say(NoticeLevel::Info, "No call is selected.");
        return Vec::new();
    };
    model.say(NoticeLevel::Info, "The call is being read again.");
    let asked = model.monitor.board.revision(conversation.as_str());
    vec![Effect::Read { conversation, asked, write: None }]
}

/// Does what a key, the palette or the mouse asked for.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Interrupt => model.exit = Some(AppExit::Interrupted),
        Command::Suspend => return vec![Effect::Suspend],
        Command::Redraw => return vec![Effect::Redraw],
        _ if !model.overlays.is_empty() => {
            return match popups::command(model, command) {
                (_, Some(wanted)) => self::command(model, wanted),
                (effects, None) => effects,
            };
        }
        Command::Quit => return quit::ask(model),
        Command::Help => {
            let scopes = model.screen_scopes();
            model.overlays.push(Overlay::Help(Help::new(scopes)));
        }
        Command::Palette => model.overlays.push(Overlay::Palette(CommandPalette::new(model.screen_scopes()))),
        Command::Diagnose => diagnose::open(model),
        Command::Timeline => timeline::toggle(model),
        Command::Reread => return reread(model),
        Command::KeyTimeline => timeline::of_key(model),
        Command::NextFinding => return findings::step(model, true),
        Command::PreviousFinding => return findings::step(model, false),
        Command::Mouse => {
            model.settings.mouse = !model.settings.mouse;
            let key = model.key_label(Command::Mouse);
            let words = match model.settings.mouse {
                true => "The mouse works the screens again.".to_owned(),
                false => {
                    format!("The mouse selects text now, as in any terminal. {key} lets it work the screens again.")
                }
            };
            model.say(NoticeLevel::Info, words);
            return vec![Effect::Mouse(model.settings.mouse)];
        }
        Command::Review => return commit::review(model),
        Command::Drafts => lists::drafts(model, false),
        Command::Losses => lists::losses(model),
        Command::Flow => return flow::open(model),
        Command::Why => why::open(model),
        Command::Since => return since::open(model),
        Command::Alerts => alerts::list(model),
        Command::AlertOnFilter => alerts::ask(model),
        Command::AlertOnMissed => model.watch_missed(),
        Command::Jump => alerts::jump(model),
        Command::Export => export::open(model),
        Command::Views => views::list(model),
        Command::SaveView => model.overlays.push(Overlay::SaveView(SaveView::default())),
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
        | Command::GoTo
        | Command::CallsOfRecording => return replay::command(model, command),
        Command::Topics if replay::refused(model, "what was watched then cannot be changed.") => {}
        Command::Mask => mask::mask(model, !model.settings.mask),
        _ => match model.screen {
            Screen::Calls => return calls::command(model, command),
            Screen::Call => return call::command(model, command),
            Screen::Timeline => return timeline::command(model, command),
            Screen::Diagnose => return diagnose::command(model, command),
            Screen::Flow => return flow::command(model, command),
            Screen::Why => return why::command(model, command),
            Screen::Since => return since::command(model, command),
        },
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
