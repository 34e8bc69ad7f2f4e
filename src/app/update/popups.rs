//! The dispatcher of the popups: keys, pastes and commands go to the one on top, and what it says came of them is done here.

use super::{command_line, commit, drafts, edit, external, flow, lists, replay, since, views, when};
use crate::app::{
    Effect, Model,
    key::Key,
    keymap::{Binding, Command},
    notice::NoticeLevel,
    popups::{Choice, CommandOutcome, Overlay},
};

/// A command while a popup has the keyboard: what is to be done, and a command that it wants run on the screen.
pub(super) fn command(model: &mut Model, command: Command) -> (Vec<Effect>, Option<Command>) {
    let Some(mut overlay) = model.overlays.pop() else { return (Vec::new(), None) };
    let place = model.overlays.len();
    let outcome = overlay.popup().command(model, command);
    let stays = |model: &mut Model, overlay| model.overlays.insert(place.min(model.overlays.len()), overlay);
    let effects = match outcome {
        CommandOutcome::Stay => {
            stays(model, overlay);
            Vec::new()
        }
        CommandOutcome::Effects(effects) => {
            stays(model, overlay);
            effects
        }
        CommandOutcome::Open(other) => {
            stays(model, overlay);
            model.overlays.push(*other);
            Vec::new()
        }
        CommandOutcome::Become(other) => {
            model.overlays.push(*other);
            Vec::new()
        }
        CommandOutcome::Close => Vec::new(),
        CommandOutcome::Done(effects) => effects,
        CommandOutcome::Run(command) => return (Vec::new(), Some(command)),
        CommandOutcome::Ask(request) => command_line::ask(model, request),
        CommandOutcome::Go(call, selection) => {
            model.go_to_call(call, selection);
            Vec::new()
        }
        CommandOutcome::Take(choice) => take(model, choice),
        CommandOutcome::Use(choice) => {
            stays(model, overlay);
            take(model, choice)
        }
    };
    (effects, None)
}

/// What was taken from a popup takes effect.
fn take(model: &mut Model, choice: Choice) -> Vec<Effect> {
    match choice {
        Choice::Flow(name) => return flow::choose(model, name),
        Choice::View(name) => views::take(model, &name),
        Choice::Moment(step, call) => return replay::picked(model, step, call),
        Choice::Change(key) => return replay::seek_change(model, None, Some(&key), true),
        Choice::SinceKey(key) => {
            let question = crate::app::since::SinceQuestion { key, ..model.since.question.clone() };
            return since::ask(model, question);
        }
        Choice::Past(call) => return since::go_to(model, call),
        Choice::Since(question) => return since::ask(model, question),
        Choice::Sort(sort) => {
            model.calls.sort_by(sort);
            model.touch();
        }
        Choice::NewKey(cell) => return edit::new_key(model, cell),
        Choice::Drafts(target, values) => {
            drafts::make_drafts(model, &target, values);
        }
        Choice::Ask(cell) => return commit::ask(model, vec![cell]),
        Choice::Send { cells, sure, timing } => return commit::send(model, &cells, sure, timing),
        Choice::EditOutside => return external::value(model),
        Choice::Loose(other) => lists::loose(model, &other),
        Choice::Arm(filter, cells) => return when::arm(model, filter, &cells),
        Choice::Lookup(answer) => return flow::outcome(model, answer),
        Choice::Call(call, participant, key) => flow::go(model, call, participant, &key),
    }
    Vec::new()
}

/// A key that means nothing in a popup in which nothing is typed.
fn nothing_here(model: &mut Model, key: Key) {
    if model.asks_to_send() {
        answer_first(model);
        return;
    }
    let label = key.label(model.settings.ascii);
    model.say(NoticeLevel::Info, format!("{label} does nothing here."));
}

/// A key that means nothing on a question: what would answer it.
fn answer_first(model: &mut Model) {
    // A key that moves nothing here takes no answer back that was just given.
    if model.has_held_answer() {
        return;
    }
    let scopes = model.scopes();
    let is_answer = |binding: &Binding| scopes.first() == Some(&binding.scope) && !binding.hint.is_empty();
    let answers = model.keymap.rows(&scopes).filter(|(_, binding, _)| is_answer(binding) && model.meets(binding.when));
    let answers: Vec<String> = answers
        .filter_map(|(_, binding, keys)| {
            Some(format!("{} {}", keys.first()?.label(model.settings.ascii), binding.hint))
        })
        .collect();
    model.say(NoticeLevel::Info, format!("Answer first: {}.", answers.join(", ")));
}

/// A key that no binding takes: text, where text is typed; the number of a row in a list.
pub(super) fn typed(model: &mut Model, key: Key) -> Vec<Effect> {
    match model.overlays.last_mut() {
        Some(Overlay::Pick(pick)) if pick.query.is_none() => {
            if pick.select_numbered(key) {
                return self::command(model, Command::Accept).0;
            }
            if pick.select_lettered(key) {
                model.touch();
            } else {
                nothing_here(model, key);
            }
        }
        _ => {
            let Some(mut overlay) = model.overlays.pop() else { return Vec::new() };
            let is_taken = overlay.popup().key(model, key);
            model.overlays.push(overlay);
            if !is_taken {
                nothing_here(model, key);
            }
        }
    }
    Vec::new()
}

/// Pasted text; false where none is typed.
pub(super) fn paste(model: &mut Model, text: &str) -> bool {
    let Some(mut overlay) = model.overlays.pop() else { return false };
    let is_taken = overlay.popup().paste(model, text);
    model.overlays.push(overlay);
    is_taken
}
