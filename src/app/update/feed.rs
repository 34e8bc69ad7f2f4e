//! What the platform tells.

use crate::app::{Effect, Model, call::Call, keymap::Command, msg::ReadDone, notice::Level, overlay::Overlay};
use crate::domain::{
    At, Change, ConversationId, Link, Source, Update,
    outbox::{self, JournalState, PatchOutcome, ReadView, WriteId},
    text,
};
use std::time::Duration;

/// Takes in an update. A read that the board or the link asked for tells the edits as much as one of their own.
pub(super) fn take(model: &mut Model, at: At, update: Update) -> Vec<Effect> {
    let view = match &update {
        Update::Read { snapshot, left, .. } if model.outbox.concerns(snapshot.id.as_str()) => {
            Some(ReadView::of(*left, snapshot))
        }
        _ => None,
    };
    let mut effects = lay(model, at, update);
    if let Some(view) = view {
        let todo = model.outbox.read_seen(at, &view);
        effects.extend(edits(model, todo));
    }
    effects
}

/// Lays an update on the board, marks what changed and lets the edits look at it.
fn lay(model: &mut Model, at: At, update: Update) -> Vec<Effect> {
    let (id, by) = match &update {
        Update::Stream(snapshot) => (snapshot.id.clone(), Source::Stream),
        Update::Delta(delta) => (delta.conversation.clone(), Source::Stream),
        Update::Event(event) => (event.conversation.clone(), Source::Event),
        Update::Read { snapshot, .. } => (snapshot.id.clone(), Source::Read),
    };
    if by != Source::Read {
        model.rate.add(at, 1);
    }
    // A whole state may tell what is no change and moves a row all the same: an earlier beginning.
    let whole = !matches!(update, Update::Delta(_));
    // What came of time alone by now was so before this update.
    super::diagnose::time(model, at);
    let applied = match &model.replay {
        Some(replay) => model.board.apply(at, update, &replay.claimed),
        None => model.board.apply(at, update, &model.outbox),
    };
    if whole || !applied.changes.is_empty() {
        model.touch();
    }
    for change in &applied.changes {
        if let Change::Attribute { conversation, participant, key, first_sight: false, .. } = change {
            model.fresh.mark(at, conversation, participant, key);
            super::timeline::note(model, at, change);
        }
    }
    let mut effects = Vec::new();
    super::diagnose::examine(model, at, &id, &applied.changes);
    if let Some(entry) = model.board.get(id.as_str()) {
        if let Some(witness) = &mut model.witness {
            witness.changed(at, entry, &model.board.names, &applied.changes);
        }
        model.watchpoints.changed(entry, &model.board.names, &applied.changes, at);
        if let Some(queue) = entry.conversation.queue().filter(|q| model.board.names.queue(q).is_none()) {
            effects.push(Effect::QueueName(queue.clone()));
        }
        let todo = model.outbox.observe(at, &entry.conversation, by);
        effects.extend(edits(model, todo));
    }
    if !applied.changes.is_empty() {
        effects.extend(super::trap::look(model, at, &id));
    }
    effects.extend(super::watchpoint::fired(model));
    effects.extend(fire(model, at));
    effects.extend(applied.reread.map(|conversation| {
        let asked = model.board.revision(conversation.as_str());
        Effect::Read { conversation, asked, write: None }
    }));
    effects
}

/// States that newer ones replaced before they were looked at. They arrived, so they count as events.
pub(super) fn coalesced(model: &mut Model, at: At, skipped: Vec<(ConversationId, u64)>) {
    for (conversation, states) in skipped {
        model.coalesced += states;
        model.rate.add(at, u32::try_from(states).unwrap_or(u32::MAX));
        model.board.skipped(conversation.as_str(), states);
    }
}

/// Drafts of an earlier run come back; their calls are read so that they can be looked at.
pub(super) fn left(model: &mut Model, left: JournalState) -> Vec<Effect> {
    let mut calls: Vec<ConversationId> = left.edits.iter().map(|e| e.cell.conversation.clone()).collect();
    calls.sort();
    calls.dedup();
    let count = model.outbox.restore_journal(left);
    if count > 0 {
        let key = model.keymap.key_for(Command::Review).map(|k| k.label(model.settings.ascii)).unwrap_or_default();
        let (drafts, are) = if count == 1 { ("draft", "is") } else { ("drafts", "are") };
        model.say(
            Level::Info,
            format!("{count} {drafts} of an earlier run {are} back; nothing was sent. {key} reviews them."),
        );
        model.touch();
        super::choose::drafts(model, true);
    }
    calls.into_iter().map(|conversation| Effect::Read { conversation, asked: 0, write: None }).collect()
}

/// Sends conditional edits whose condition has come to hold.
pub(super) fn fire(model: &mut Model, at: At) -> Vec<Effect> {
    if model.outbox.armed().is_empty() {
        return Vec::new();
    }
    let fired = model.outbox.fire_due(at, &model.board);
    if let Some((cell, why)) = fired.refused.first() {
        model.say(Level::Alarm, format!("{}: {why}", cell.key));
    }
    edits(model, fired.effects)
}

/// The answer to a read: for the board, and for the write that waits for it.
pub(super) fn read(model: &mut Model, at: At, done: ReadDone) -> Vec<Effect> {
    match done.result {
        Ok(snapshot) => {
            let left = done.left.mono;
            let view = ReadView::of(left, &snapshot);
            let mut effects = lay(model, at, Update::Read { snapshot, asked: done.asked, left });
            let todo = match done.write {
                Some(write) => model.outbox.read_done(at, write, Ok(&view)),
                None => model.outbox.read_seen(at, &view),
            };
            effects.extend(edits(model, todo));
            effects
        }
        Err(failure) => match done.write {
            Some(write) => {
                let todo = model.outbox.read_done(at, write, Err(failure));
                edits(model, todo)
            }
            None => {
                let id = text::shorten_id(done.conversation.as_str(), 12).into_owned();
                model.say(Level::Alarm, format!("Conversation {id} could not be read: {}", failure.reason));
                Vec::new()
            }
        },
    }
}

/// What came of a PATCH.
pub(super) fn patched(model: &mut Model, at: At, write: WriteId, outcome: PatchOutcome) -> Vec<Effect> {
    let todo = model.outbox.patch_done(at, write, outcome);
    edits(model, todo)
}

/// What the outbox asks for: requests go out, notices are told.
pub(super) fn edits(model: &mut Model, todo: Vec<outbox::Effect>) -> Vec<Effect> {
    if !todo.is_empty() {
        model.touch();
    }
    let mut effects = Vec::new();
    for effect in todo {
        match effect {
            outbox::Effect::Read { write, conversation } => {
                let asked = model.board.revision(conversation.as_str());
                effects.push(Effect::Read { conversation, asked, write: Some(write) });
            }
            outbox::Effect::Patch { write, request, .. } => effects.push(Effect::Patch { write, request }),
            outbox::Effect::Audit(record) => effects.push(Effect::Audit(record)),
            outbox::Effect::Notice(notice) => tell(model, notice),
        }
    }
    effects
}

fn tell(model: &mut Model, notice: outbox::Notice) {
    use outbox::Notice as N;
    let open = "Enter on the cell shows both values.";
    let (level, words) = match notice {
        N::Seen { after, .. } => (Level::Done, format!("Seen: the value came back after {} ms.", after.as_millis())),
        N::Conflict { cell, maybe_applied } => {
            let ours = model.overlays.is_empty();
            let sent =
                if maybe_applied { "a try whose answer was lost may have been written" } else { "nothing was sent" };
            let words = format!("{} changed on the server meanwhile: {sent}. {open}", cell.key);
            if ours && model.call.as_ref().and_then(Call::cell).as_ref() == Some(&cell) {
                model.overlays.push(Overlay::Conflict(cell));
            }
            (Level::Alarm, words)
        }
        N::Failed { failure, .. } => (Level::Alarm, format!("Failed: {}. The draft is kept.", failure.reason)),
        N::Unseen(cell) => (Level::Alarm, format!("{} was accepted but is not there. {open}", cell.key)),
        N::Overwritten(cell) => (Level::Alarm, format!("{} holds another value now. {open}", cell.key)),
        N::Lost(cell) => {
            let key = super::stage::key_of(model, Command::Losses);
            let words = format!("{} lost its value while an edit of yours was under way. {key} restores it.", cell.key);
            (Level::Alarm, words)
        }
        N::FlowEnded(_) => (Level::Info, "The flow has ended: held edits leave now.".into()),
        N::SentAgain(cell) => (Level::Info, format!("The flow wrote {} back: yours is sent again.", cell.key)),
        N::Disarmed(n) => (Level::Info, format!("The link is down: {n} conditional edits were disarmed.")),
        N::Fired { when, .. } => (Level::Info, format!("Fired: {when}")),
    };
    model.say(level, words);
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
    let mut effects = Vec::new();
    if model.link.is_live() && !link.is_live() {
        model.board.mark_stale();
        let todo = model.outbox.link(false);
        effects = edits(model, todo);
        model.touch();
    }
    if matches!(link, Link::Gap { .. }) {
        if let Some(witness) = &mut model.witness {
            witness.note(model.now, crate::app::replay::What::Gap);
        }
        model.board.mark_stale();
        model.touch();
        effects.extend(reread(model));
    }
    if let Link::SignedOut { reason } = &link {
        super::signin::open(model, reason);
        model.sign_in_needed.get_or_insert_with(|| reason.to_string());
    }
    model.link = link;
    effects
}

/// Everything that is live is read again after a gap, what was looked at last first.
fn reread(model: &Model) -> Vec<Effect> {
    let open = model.call.as_ref().map(|c| &c.id);
    let under_hand = model.calls.selected.as_ref();
    let first = open.into_iter().chain(under_hand);
    let live = model.board.iter().filter(|e| !e.conversation.is_over()).map(|e| &e.conversation.id);
    let mut ids: Vec<&ConversationId> = Vec::new();
    for id in first.chain(&model.calls.rows).chain(live) {
        if !ids.contains(&id) && model.board.get(id.as_str()).is_some_and(|e| !e.conversation.is_over()) {
            ids.push(id);
        }
    }
    let read = |id: &ConversationId| Effect::Read {
        conversation: id.clone(),
        asked: model.board.revision(id.as_str()),
        write: None,
    };
    ids.into_iter().map(read).collect()
}

/// Time passed: edits go on, and calls that ended long enough ago are let go.
pub(super) fn time(model: &mut Model, at: At) -> Vec<Effect> {
    let todo = model.outbox.tick(at);
    let mut effects = edits(model, todo);
    effects.extend(fire(model, at));
    super::diagnose::time(model, at);
    model.watchpoints.time(&model.board, at);
    effects.extend(super::watchpoint::fired(model));
    let keep = model.settings.keep_ended;
    let pinned = &model.calls.pinned;
    let open = model.call.as_ref().map(|c| &c.id);
    let unsent: Vec<ConversationId> = model.outbox.drafts().map(|(cell, _)| cell.conversation).collect();
    let gone = model.board.retire(|entry| {
        let c = &entry.conversation;
        c.is_over()
            && at.mono.saturating_sub(c.last_seen.mono) > keep.max(Duration::from_secs(1))
            && !pinned.contains(&c.id)
            && open != Some(&c.id)
            && !unsent.contains(&c.id)
    });
    if !gone.is_empty() {
        for id in &gone {
            model.examiner.forget(id.as_str());
            model.watchpoints.forget(id);
        }
        model.touch();
        effects.push(Effect::Forget(gone));
    }
    effects
}
