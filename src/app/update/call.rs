//! Commands of the Call screen.

use super::{bulk, edit, external, lists, when};
use crate::app::{
    Effect, Model,
    call::{CallScreen, Mode},
    copy::Copyable,
    keymap::Command,
    notice::NoticeLevel,
    popups::{Find, Overlay},
    screen::Screen,
};
use crate::domain::outbox::EditState;

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    let Some(call) = &mut model.call else { return Vec::new() };
    let here = call.position().unwrap_or(0);
    match command {
        Command::Up => call.go(here.saturating_sub(1), page),
        Command::Down => call.go(here + 1, page),
        Command::PageUp => call.go(here.saturating_sub(page - 1), page),
        Command::PageDown => call.go(here + (page - 1).max(1), page),
        Command::First => call.go(0, page),
        Command::Last => call.go(call.rows.len().saturating_sub(1), page),
        Command::Left if call.mode == Mode::Matrix => call.turn(-1),
        Command::Right if call.mode == Mode::Matrix => call.turn(1),
        Command::DetailDown => call.detail_scroll += 3,
        Command::DetailUp => call.detail_scroll = call.detail_scroll.saturating_sub(3),
        Command::Left | Command::Right => {
            let key = model.key_label(Command::Mode);
            model.say(NoticeLevel::Info, format!("Only one column of values: {key} puts participants side by side."));
        }
        Command::Sort if call.mode == Mode::Table => call.order = call.order.next(),
        Command::Sort => {
            let key = model.key_label(Command::Mode);
            model.say(
                NoticeLevel::Info,
                format!("The matrix is sorted by key: {key} shows the table, which can be sorted."),
            );
        }
        Command::Mode => {
            call.mode = if call.mode == Mode::Matrix { Mode::Table } else { Mode::Matrix };
            // In the table only keys that the participant has are rows.
            call.scroll = 0;
        }
        Command::Back => model.go_back(),
        Command::Search => {
            let find = Find::new(call);
            model.overlays.push(Overlay::Find(find));
        }
        Command::NextMatch => search(model, false),
        Command::PreviousMatch => search(model, true),
        Command::Edit => return edit::begin(model),
        Command::Compare => super::compare::moments(model),
        Command::AlertOnKey => super::alerts::key(model),
        Command::Add => edit::add_key(model),
        Command::Blank => return edit::blank(model),
        Command::Undo => return edit::undo(model),
        Command::Mark => mark(model),
        Command::Discard => discard(model),
        Command::Copy => return lists::copy_item(model, Copyable::Value),
        Command::CopyPair => return lists::copy_item(model, Copyable::Pair),
        Command::CopyId => return lists::copy_item(model, Copyable::Id),
        Command::CopyMap => return lists::copy_item(model, Copyable::Map),
        Command::CopyLink => return lists::copy_item(model, Copyable::Link),
        Command::CopyRequest => return lists::copy_item(model, Copyable::Request),
        Command::CopyRead => return lists::copy_item(model, Copyable::Read),
        Command::Paste => bulk::begin(model),
        Command::EditOutside => return external::value(model),
        Command::MapOutside => return external::map(model),
        Command::CopyMenu => lists::copy(model),
        Command::Onto => lists::onto(model),
        Command::History => lists::history(model),
        Command::When => when::begin(model),
        _ => {}
    }
    model.touch();
    Vec::new()
}

/// What the screen of a call would like to know: the definition of its flow, where nothing says what the call should carry. It is
/// asked for once.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    if model.screen != Screen::Call || model.replay.is_some() || !model.monitor.examiner.expectations().is_empty() {
        return None;
    }
    let board = &model.monitor.board;
    let flow = model.call.as_ref()?.conversation(board)?.flow()?.name(&board.names).filter(|f| !f.is_empty())?;
    if model.asked_flows.contains(flow) {
        return None;
    }
    let flow = flow.to_owned();
    model.asked_flows.insert(flow.clone());
    Some(Effect::ReadFlow(flow))
}

/// The next match of the search, or the one before.
fn search(model: &mut Model, back: bool) {
    let page = model.page();
    let Some(call) = &mut model.call else { return };
    let (text, rows) = (call.search.clone(), call.rows.len());
    if text.is_empty() || rows == 0 {
        model.say(NoticeLevel::Info, "Nothing is searched for: / searches the keys of this call.");
        return;
    }
    let here = call.position().unwrap_or(0).min(rows - 1);
    let from = if back { (here + rows - 1) % rows } else { (here + 1) % rows };
    match call.find(&text, from, back) {
        Some(to) => call.go(to, page),
        None => model.say(NoticeLevel::Info, format!("No key of this call has {text:?} in it.")),
    }
}

fn mark(model: &mut Model) {
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return };
    let on = model.outbox.toggle_mark(&cell);
    let key = model.key_label(Command::Review);
    model.say(
        NoticeLevel::Info,
        if on { format!("Marked: {key} reviews and sends the marked drafts.") } else { "Not marked.".into() },
    );
}

fn discard(model: &mut Model) {
    let Some(cell) = model.call.as_ref().and_then(CallScreen::cell) else { return };
    let Some(view) = model.outbox.view(&cell) else { return };
    match view.state {
        EditState::Unseen(_) | EditState::Overwritten { .. } => {
            model.outbox.acknowledge(&cell);
            model.say(NoticeLevel::Info, "Noted: the server's value stays.");
        }
        EditState::Armed { id } => {
            model.outbox.disarm(id);
            model.say(NoticeLevel::Info, "Disarmed: it is a draft again.");
        }
        _ if view.state.is_busy() => model.say(NoticeLevel::Info, "It is already being sent: undo it once it is seen."),
        _ => {
            let text = view.mine.to_owned();
            model.outbox.discard(&cell);
            let shown = crate::domain::text::cut(&text, 40).into_owned();
            model.say(NoticeLevel::Info, format!("Draft discarded: {shown}"));
        }
    }
}
