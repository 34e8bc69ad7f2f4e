//! Several drafts at a time: what a paste, a copy between participants and the external editor have in common.

use crate::app::{Model, keymap::Command, notice::NoticeLevel};
use crate::domain::{
    Key, Value,
    outbox::{Base, Cell, EditState, PatchTarget},
};

/// What an edit of this cell begins with: what is on its way there, or the value on the board.
pub(super) fn beginning(model: &Model, cell: &Cell) -> Option<Value> {
    model.outbox.beginning(cell, model.value_of(cell))
}

/// The text is what was there: nothing to send. An absent key and an empty text are not the same, unless it is an empty
/// text that nobody asked for.
fn is_there(base: &Base, text: &str) -> bool {
    base.value().is_some_and(|v| v.as_str() == text)
}

fn is_now(model: &Model, cell: &Cell, text: &str) -> bool {
    model.value_of(cell).is_some_and(|v| v.as_str() == text)
}

/// Makes marked drafts of these texts and tells how many. `base` of a text: what the operator saw, `None` for what is
/// there now. Nothing is sent.
pub(super) fn make_drafts(model: &mut Model, target: &PatchTarget, texts: Vec<(Key, Option<Base>, String)>) -> usize {
    let (mut drafts, mut same) = (0, 0);
    for (key, base, text) in texts {
        let cell = Cell::new(target, key);
        let view = model.outbox.view(&cell).map(|v| (v.state.is_busy(), v.base.clone(), v.state.clone()));
        let (busy, base) = match view {
            // What waits for its moment is not undone by a paste of what is there anyway.
            Some((.., EditState::Armed { .. } | EditState::Held { .. })) if is_now(model, &cell, &text) => {
                same += 1;
                continue;
            }
            Some((
                busy,
                old,
                EditState::Draft | EditState::Failed(_) | EditState::Held { .. } | EditState::Armed { .. },
            )) => (busy, old),
            Some((busy, ..)) => (busy, base.unwrap_or_else(|| Base::Saw(beginning(model, &cell)))),
            None => (false, base.unwrap_or_else(|| Base::Saw(beginning(model, &cell)))),
        };
        if !busy && is_there(&base, &text) {
            model.outbox.discard(&cell);
            same += 1;
            continue;
        }
        model.outbox.draft(&cell, base, text);
        if model.outbox.view(&cell).is_some_and(|v| !v.marked) {
            model.outbox.toggle_mark(&cell);
        }
        drafts += 1;
    }
    model.touch();
    let entry = model.monitor.board.get(target.conversation.as_str());
    let p = entry.and_then(|e| e.conversation.participant(target.participant.as_str()));
    let on = p.map(|p| p.purpose.as_str().to_owned()).unwrap_or_default();
    let unchanged = match same {
        0 => String::new(),
        1 => " One is there already.".to_owned(),
        n => format!(" {n} are there already."),
    };
    let key = model.key_label(Command::Review);
    match drafts {
        0 => model.say(NoticeLevel::Info, "Nothing to change: every value is there already."),
        1 => model.say(NoticeLevel::Info, format!("1 draft on {on}, marked: {key} reviews and sends it.{unchanged}")),
        n => model
            .say(NoticeLevel::Info, format!("{n} drafts on {on}, marked: {key} reviews and sends them.{unchanged}")),
    }
    drafts
}
