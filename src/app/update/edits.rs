//! What the outbox asks for, done.

use crate::app::{Effect, Model, keymap::Command, notice::NoticeLevel, rows, screen::Screen};
use crate::domain::outbox::{self, Cell, Got, JournalEdit};

/// Requests go out, notices are shown.
pub(super) fn effects(model: &mut Model, todo: Vec<outbox::Effect>) -> Vec<Effect> {
    if !todo.is_empty() {
        model.touch();
    }
    let mut effects = Vec::new();
    for effect in todo {
        match effect {
            outbox::Effect::Read { write, conversation } => {
                let asked = model.monitor.board.revision(conversation.as_str());
                effects.push(Effect::Read { conversation, asked, write: Some(write) });
            }
            outbox::Effect::Patch { write, request, .. } => effects.push(Effect::Patch { write, request }),
            outbox::Effect::Audit(record) => effects.push(Effect::Audit(record)),
            outbox::Effect::Notice(notice) => say(model, notice),
        }
    }
    effects
}

fn say(model: &mut Model, notice: outbox::OutboxNotice) {
    use outbox::OutboxNotice as N;
    // Over another screen the call has to be named.
    let of = |cell: &Cell| match model.call.as_ref().filter(|_| model.screen == Screen::Call) {
        Some(call) if call.id == cell.conversation => (String::new(), "Enter on the cell shows both values."),
        _ => {
            let call = model.monitor.board.get(cell.conversation.as_str()).map(|entry| rows::from(&entry.conversation));
            let of = call.map(|from| format!(" of {from}")).unwrap_or_default();
            (of, "Open that call: Enter on the cell shows both values.")
        }
    };
    let (level, words) = match notice {
        N::Seen { after, .. } => {
            (NoticeLevel::Done, format!("Seen: the value came back after {} ms.", after.as_millis()))
        }
        // It stays in its cell until a key opens it: a question that opens by itself would take for its answer a key that was
        // meant for what stood there before.
        N::Conflict { cell, maybe_applied } => {
            let sent =
                if maybe_applied { "a try whose answer was lost may have been written" } else { "nothing was sent" };
            let (of, open) = of(&cell);
            let words = format!("{}{of} changed on the server since you started editing: {sent}. {open}", cell.key);
            (NoticeLevel::Alarm, words)
        }
        N::Failed { target, failure } => {
            let is_second = |other: &JournalEdit| other.got == Got::Failed && other.cell.target() == target;
            let kept = match model.outbox.others().iter().any(is_second) {
                true => {
                    format!("Its text is kept beside the newer one: {} lists both.", model.key_label(Command::Drafts))
                }
                false => "The draft is kept.".to_owned(),
            };
            (NoticeLevel::Alarm, format!("Failed: {}. {kept}", failure.reason.trim_end_matches('.')))
        }
        N::Unseen(cell) => {
            let (of, open) = of(&cell);
            (NoticeLevel::Alarm, format!("{}{of} was accepted but is not there. {open}", cell.key))
        }
        N::Overwritten(cell) => {
            let (of, open) = of(&cell);
            (NoticeLevel::Alarm, format!("{}{of} holds another value now. {open}", cell.key))
        }
        N::Lost(cell) => {
            let key = model.key_label(Command::Losses);
            let words = format!("{} lost its value while your edit was in progress. {key} restores it.", cell.key);
            (NoticeLevel::Alarm, words)
        }
        N::FlowEnded(_) => (NoticeLevel::Info, "The flow has ended: held edits are being sent.".into()),
        N::SentAgain(cell) => (NoticeLevel::Info, format!("The flow wrote {} back: yours is sent again.", cell.key)),
        N::Disarmed(n) => (NoticeLevel::Info, format!("The link is down: {n} conditional edits were disarmed.")),
        N::Fired { when, .. } => (NoticeLevel::Info, format!("Fired: {when}")),
    };
    // A failure stays until it was looked at: what went well beside it is in its cell.
    if level == NoticeLevel::Done && model.notice.as_ref().is_some_and(|shown| shown.level == NoticeLevel::Alarm) {
        return;
    }
    model.say(level, words);
}
