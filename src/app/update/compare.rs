//! Comparing calls and moments.

use crate::app::{Effect, Model, call::Hand, compare::Compare, keymap::Command, notice::Level, overlay::Overlay};

/// On the Calls screen: remembers the first call; on the second, opens the comparison.
pub(super) fn mark(model: &mut Model) {
    let Some(id) = model.calls.selected.clone() else { return };
    match model.marked.take() {
        Some(first) if first == id => model.say(Level::Info, "No longer marked for comparison."),
        Some(first) if model.monitor.board.get(first.as_str()).is_some() => {
            model.notice = None;
            model.overlays.push(Overlay::Compare(Compare::calls(first, id)));
        }
        _ => {
            model.marked = Some(id);
            let key = model.keymap.key_for(Command::Compare).map(|k| k.label(model.settings.ascii)).unwrap_or_default();
            model.say(Level::Info, format!("Marked. {key} on another call compares the two."));
        }
    }
}

/// On the Call screen: as it was against as it is.
pub(super) fn moments(model: &mut Model) {
    let Some(call) = &model.call else { return };
    let id = call.id.clone();
    if model.monitor.board.get(id.as_str()).is_none_or(|e| e.history.is_empty()) {
        model.say(Level::Info, "Nothing has changed on this call since it was seen first: there is one moment only.");
        return;
    }
    model.overlays.push(Overlay::Compare(Compare::moments(id)));
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    let Some(Overlay::Compare(compare)) = model.overlays.last_mut() else { return Vec::new() };
    let lines = compare.lines(&model.monitor.board);
    let last = lines.len().saturating_sub(1);
    // Lines may have gone since the hand was put there.
    compare.selected = compare.selected.min(last);
    match command {
        Command::Up => compare.selected = compare.selected.saturating_sub(1),
        Command::Down => compare.selected = (compare.selected + 1).min(last),
        Command::PageUp => compare.selected = compare.selected.saturating_sub(page),
        Command::PageDown => compare.selected = (compare.selected + page).min(last),
        Command::Left => compare.turn(&model.monitor.board, false, false),
        Command::Right => compare.turn(&model.monitor.board, false, true),
        Command::RightEarlier => compare.turn(&model.monitor.board, true, false),
        Command::RightLater => compare.turn(&model.monitor.board, true, true),
        Command::Toggle => {
            compare.only_differences = !compare.only_differences;
            compare.selected = 0;
        }
        Command::Accept => {
            let line = lines.get(compare.selected);
            let hand = line.and_then(|line| match (&line.right_id, &line.left_id) {
                (Some(p), _) => Some((compare.right.call.clone(), p.clone(), line.key.clone())),
                (None, Some(p)) => Some((compare.left.call.clone(), p.clone(), line.key.clone())),
                (None, None) => None,
            });
            let Some((call, participant, key)) = hand else { return Vec::new() };
            model.overlays.pop();
            if model.monitor.board.get(call.as_str()).is_none() {
                model.say(Level::Info, "This call is no longer on the board.");
                return Vec::new();
            }
            model.go_to_call(call, Some(Hand { participant, key: Some(key) }));
        }
        _ => {
            model.overlays.pop();
        }
    }
    Vec::new()
}
