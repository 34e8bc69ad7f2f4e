//! Comparing calls and moments.

use crate::app::{Model, compare::Compare, keymap::Command, notice::NoticeLevel, popups::Overlay};

/// On the Calls screen: remembers the first call; on the second, opens the comparison.
pub(super) fn mark(model: &mut Model) {
    let Some(id) = model.calls.selected.clone() else { return };
    match model.marked.take() {
        Some(first) if first == id => model.say(NoticeLevel::Info, "No longer marked for comparison."),
        Some(first) if model.monitor.board.get(first.as_str()).is_some() => {
            model.notice = None;
            model.overlays.push(Overlay::Compare(Compare::calls(first, id)));
        }
        _ => {
            model.marked = Some(id);
            let key = model.key_label(Command::Compare);
            model.say(NoticeLevel::Info, format!("Marked. {key} on another call compares the two."));
        }
    }
}

/// On the Call screen: as it was against as it is.
pub(super) fn moments(model: &mut Model) {
    let Some(call) = &model.call else { return };
    let id = call.id.clone();
    if model.monitor.board.get(id.as_str()).is_none_or(|e| e.history.is_empty()) {
        model.say(NoticeLevel::Info, "Nothing has changed on this call since it was first seen.");
        return;
    }
    model.overlays.push(Overlay::Compare(Compare::moments(id)));
}
