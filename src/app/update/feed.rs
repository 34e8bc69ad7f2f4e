//! What the platform tells.

use crate::app::{Effect, Model, link::Link, notice::Level};
use crate::domain::{At, Change, Update};
use std::time::Duration;

/// Lays an update on the board and marks what changed.
pub(super) fn take(model: &mut Model, at: At, update: Update) -> Vec<Effect> {
    if !matches!(update, Update::Read { .. }) {
        model.rate.add(at, 1);
    }
    let applied = model.board.apply(at, update, &());
    if !applied.changes.is_empty() {
        model.stale = true;
    }
    for change in &applied.changes {
        if let Change::Attribute { conversation, participant, key, first_sight: false, .. } = change {
            model.fresh.mark(at, conversation, participant, key);
        }
    }
    let read = applied.reread.map(|conversation| {
        let asked = model.board.revision(conversation.as_str());
        Effect::Read { conversation, asked }
    });
    read.into_iter().collect()
}

pub(super) fn bad_frame(model: &mut Model, at: At, reason: &str) -> Vec<Effect> {
    model.rate.add(at, 1);
    model.bad_frames += 1;
    model.say(
        Level::Alarm,
        format!("A frame could not be read and was skipped ({} so far): {reason}", model.bad_frames),
    );
    Vec::new()
}

pub(super) fn link(model: &mut Model, link: Link) -> Vec<Effect> {
    if model.link.is_live() && !link.is_live() {
        model.board.mark_stale();
        model.stale = true;
    }
    model.link = link;
    Vec::new()
}

/// Lets go of calls that ended long enough ago.
pub(super) fn time(model: &mut Model, at: At) -> Vec<Effect> {
    let keep = model.settings.keep_ended;
    let pinned = &model.calls.pinned;
    let open = None::<&crate::domain::ConversationId>;
    let gone = model.board.retire(|entry| {
        let c = &entry.conversation;
        c.is_over()
            && at.mono.saturating_sub(c.last_seen.mono) > keep.max(Duration::from_secs(1))
            && !pinned.contains(&c.id)
            && open != Some(&c.id)
    });
    if gone.is_empty() {
        return Vec::new();
    }
    model.stale = true;
    vec![Effect::Forget(gone)]
}
