//! What the platform tells.

use super::edits;
use crate::app::{
    Effect, Model,
    keymap::Command,
    msg::{EarlierRuns, ReadDone},
    notice::NoticeLevel,
};
use crate::domain::{
    At, Change, Claims, ConversationId, FlowSource, Link, Source, Update,
    editing::{self, Ingested},
    monitor::{CallReport, Monitor, MonitorOutcome, Retention},
    outbox::{Got, PatchOutcome, WriteId},
    text,
};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// Takes in an update.
pub(super) fn take(model: &mut Model, at: At, update: Update) -> Vec<Effect> {
    ingest(model, at, update, None)
}

/// Hands an update to the monitor and to the edits; `write`: the one for which it is the fresh read.
fn ingest(model: &mut Model, at: At, update: Update, write: Option<WriteId>) -> Vec<Effect> {
    let (id, by) = update.subject();
    let is_event = match &update {
        // What a query or a list told is none, and neither is what was concluded.
        Update::Flow(fact) => fact.run.source == FlowSource::Event,
        Update::Left { .. } => false,
        _ => by != Source::Read,
    };
    if is_event {
        model.rate.add(at, 1);
    }
    // A whole state may tell what is no change and moves a row all the same: an earlier beginning.
    if !matches!(update, Update::Delta(_)) {
        model.touch();
    }
    let reconnects = matches!(update, Update::Read { .. }).then(|| reached(model, at)).flatten();
    let Model { monitor, replay, outbox, .. } = model;
    let operator = replay.as_ref().map(|replay| &replay.claimed as &dyn Claims);
    let Ingested { outcome, effects: todo } = editing::ingest((monitor, outbox), at, update, write, operator);
    if outcome.report.is_some() {
        model.touch();
    }
    let changed = outcome.report.as_ref().is_some_and(|report| !report.changes.is_empty());
    let mut effects = reported(model, outcome);
    effects.extend(reconnects);
    if let Some(entry) = model.monitor.board.get(id.as_str())
        && let Some(queue) = entry.conversation.queue().filter(|q| model.monitor.board.names.queue(q).is_none())
    {
        effects.push(Effect::QueueName(queue.clone()));
    }
    effects.extend(edits::effects(model, todo));
    if changed {
        effects.extend(super::trap::look(model, at, &id));
    }
    effects.extend(fire(model, at));
    effects
}

/// Lets the monitor take something in, with whoever knows which values are this operator's own.
pub(super) fn monitored(
    model: &mut Model,
    take: impl FnOnce(&mut Monitor, &dyn Claims) -> MonitorOutcome,
) -> MonitorOutcome {
    let Model { monitor, replay, outbox, .. } = model;
    match replay {
        Some(replay) => take(monitor, &replay.claimed),
        None => take(monitor, outbox),
    }
}

/// Marks what the monitor reported, and asks for the reads that it needs.
pub(super) fn reported(model: &mut Model, outcome: MonitorOutcome) -> Vec<Effect> {
    let mut fired = None;
    for report in outcome.earlier.into_iter().chain(outcome.report) {
        let CallReport { at, call, changes, findings, alerts, .. } = &report;
        if !changes.is_empty() || !findings.is_empty() {
            model.touch();
        }
        for change in changes {
            if let Change::Attribute { conversation, participant, key, first_sight: false, .. } = change {
                model.fresh.mark(*at, conversation, participant, key);
                super::timeline::note(model, *at, change);
            }
        }
        if let Some(collector) = &mut model.collector {
            if let Some(entry) = model.monitor.board.get(call.as_str()) {
                collector.changed(*at, entry, &model.monitor.board.names, changes);
            }
            collector.found(*at, findings);
        }
        fired = alerts.last().cloned().or(fired);
        model.reports.push(report);
    }
    let mut effects = super::alerts::fired(model, fired);
    effects.extend(outcome.reread.into_iter().map(|conversation| {
        let asked = model.monitor.board.revision(conversation.as_str());
        Effect::Read { conversation, asked, write: None }
    }));
    effects
}

/// States that newer ones replaced before they were looked at. They arrived, so they count as events.
pub(super) fn coalesced(model: &mut Model, at: At, skipped: Vec<(ConversationId, u64)>) {
    for (conversation, states) in skipped {
        model.coalesced += states;
        model.rate.add(at, u32::try_from(states).unwrap_or(u32::MAX));
        model.monitor.board.skipped(conversation.as_str(), states);
    }
}

/// Drafts and alarms of an earlier run come back; their calls are read so that they can be looked at.
pub(super) fn left(model: &mut Model, left: EarlierRuns) -> Vec<Effect> {
    let EarlierRuns { state, remarks } = left;
    let edits = state.edits.iter().map(|e| &e.cell.conversation);
    let mut calls: Vec<ConversationId> =
        edits.chain(state.losses.iter().map(|l| &l.cell.conversation)).cloned().collect();
    calls.sort();
    calls.dedup();
    let reverted = state.losses.len();
    let loose = state.edits.iter().filter(|edit| edit.got.is_loose()).count();
    let given_up = state.edits.iter().filter(|edit| edit.got == Got::GivenUp).count();
    let count = model.outbox.restore_journal(state);
    let key = |command| model.key_label(command);
    let mut words = Vec::new();
    if count > 0 {
        let (drafts, are) = if count == 1 { ("draft", "is") } else { ("drafts", "are") };
        let review = key(Command::Review);
        let them = if count == 1 { "it" } else { "them" };
        words
            .push(format!("{count} {drafts} of an earlier run {are} back; nothing was sent. {review} reviews {them}."));
    }
    if loose > 0 {
        let texts = if loose == 1 { "1 text that was" } else { "Texts that were" };
        words.push(format!("{texts} typed in an earlier run and not staged: {} lists them.", key(Command::Drafts)));
    }
    if given_up > 0 {
        let texts = if given_up == 1 { "1 text was" } else { "Texts were" };
        words.push(format!("{texts} given up for theirs in an earlier run: {} lists it.", key(Command::Drafts)));
    }
    if reverted > 0 {
        let keys = if reverted == 1 { "key" } else { "keys" };
        words.push(format!(
            "{reverted} {keys} vanished or reverted in an earlier run: {} lists them.",
            key(Command::Losses)
        ));
    }
    let level = if remarks.is_empty() { NoticeLevel::Info } else { NoticeLevel::Alarm };
    let words = remarks.into_iter().chain(words).collect::<Vec<_>>().join("\n");
    if !words.is_empty() {
        model.say(level, words);
    }
    if count + loose + given_up > 0 {
        model.touch();
        super::lists::drafts(model, true);
    }
    calls.into_iter().map(|conversation| Effect::Read { conversation, asked: 0, write: None }).collect()
}

/// Sends conditional edits whose condition has come to hold.
pub(super) fn fire(model: &mut Model, at: At) -> Vec<Effect> {
    if model.outbox.armed().is_empty() {
        return Vec::new();
    }
    let fired = model.outbox.fire_due(at, &model.monitor.board);
    if let Some((cell, why)) = fired.refused.first() {
        model.say(NoticeLevel::Alarm, format!("{}: {why}", cell.key));
    }
    edits::effects(model, fired.effects)
}

/// The answer to a read: for the board, and for the write that waits for it.
pub(super) fn read(model: &mut Model, at: At, done: ReadDone) -> Vec<Effect> {
    match done.result {
        Ok(snapshot) => {
            ingest(model, at, Update::Read { snapshot, asked: done.asked, left: done.left.mono }, done.write)
        }
        Err(failure) => match done.write {
            Some(write) => {
                let todo = model.outbox.read_done(at, write, Err(failure));
                edits::effects(model, todo)
            }
            None => {
                let id = text::shorten_id(done.conversation.as_str(), 12).into_owned();
                model.say(NoticeLevel::Alarm, format!("Conversation {id} could not be read: {}", failure.reason));
                Vec::new()
            }
        },
    }
}

/// What came of a PATCH.
pub(super) fn patched(model: &mut Model, at: At, write: WriteId, outcome: PatchOutcome) -> Vec<Effect> {
    let reconnects = matches!(outcome, PatchOutcome::Accepted { .. }).then(|| reached(model, at)).flatten();
    let todo = model.outbox.patch_done(at, write, outcome);
    edits::effects(model, todo).into_iter().chain(reconnects).collect()
}

/// Calls that are over and still shown at most: on a busy day more end within minutes than anybody looks at.
const MOST_ENDED: usize = 1_000;

/// Not sooner after one try that a request brought about is the next one: where requests pass and the socket does not, its own waits
/// are longer for a reason.
const HURRY: Duration = Duration::from_secs(10);

/// The API has answered: a link that waits for its next try does not wait any longer.
fn reached(model: &mut Model, at: At) -> Option<Effect> {
    let Link::Reconnecting { until, .. } = &model.link else { return None };
    let is_waiting = until.mono > at.mono && model.replay.is_none();
    let is_due = model.hurried.is_none_or(|last| at.mono >= last + HURRY);
    (is_waiting && is_due).then(|| {
        model.hurried = Some(at.mono);
        Effect::Reconnect
    })
}

pub(super) fn bad_frame(model: &mut Model, at: At, reason: &str) -> Vec<Effect> {
    model.rate.add(at, 1);
    model.bad_frames += 1;
    model.say(
        NoticeLevel::Alarm,
        format!("A frame could not be read and was skipped ({} so far): {reason}", model.bad_frames),
    );
    Vec::new()
}

pub(super) fn link(model: &mut Model, at: At, link: Link) -> Vec<Effect> {
    let Model { monitor, replay, outbox, .. } = model;
    let operator = replay.as_ref().map(|replay| &replay.claimed as &dyn Claims);
    let Ingested { mut outcome, effects: todo } = editing::link((monitor, outbox), at, &link, operator);
    if model.link.is_live() && !link.is_live() {
        // What was good news while the link stood says nothing of now.
        if model.notice.as_ref().is_some_and(|notice| notice.level == NoticeLevel::Done) {
            model.notice = None;
        }
        model.touch();
    }
    let mut effects = edits::effects(model, todo);
    if matches!(link, Link::Gap { .. }) {
        if let Some(collector) = &mut model.collector {
            collector.note(at, crate::app::replay::IndexedEvent::Gap);
        }
        model.touch();
    }
    if let Link::SignedOut { reason } = &link {
        super::signin::open_by_itself(model, reason);
        model.sign_in_needed.get_or_insert_with(|| reason.to_string());
    }
    in_view_first(model, &mut outcome.reread);
    effects.extend(reported(model, outcome));
    model.link = link;
    effects
}

/// Of the calls to be read, what was looked at last comes first.
fn in_view_first(model: &Model, calls: &mut [ConversationId]) {
    let open = model.call.as_ref().map(|c| &c.id);
    let shown = open.into_iter().chain(&model.calls.selected).chain(&model.calls.rows);
    let mut place: FxHashMap<&ConversationId, usize> = FxHashMap::default();
    for (i, id) in shown.enumerate() {
        place.entry(id).or_insert(i);
    }
    calls.sort_by_key(|id| place.get(id).copied().unwrap_or(usize::MAX));
}

/// Time passed: edits go on, and calls that ended long enough ago are let go.
pub(super) fn time(model: &mut Model, at: At) -> Vec<Effect> {
    let todo = model.outbox.tick(at);
    let mut effects = edits::effects(model, todo);
    effects.extend(fire(model, at));
    let outcome = monitored(model, |monitor, operator| monitor.time(at, operator));
    effects.extend(reported(model, outcome));
    let Model { monitor, calls, call, outbox, settings, .. } = model;
    if monitor.board.ended() == 0 {
        return effects;
    }
    let open = call.as_ref().map(|c| &c.id);
    let unsent: Vec<ConversationId> = outbox.drafts().map(|(cell, _)| cell.conversation).collect();
    let limits = Retention { time: settings.keep_ended.max(Duration::from_secs(1)), count: MOST_ENDED };
    let gone = monitor
        .forget_ended(at, limits, |c| calls.pinned.contains(&c.id) || open == Some(&c.id) || unsent.contains(&c.id));
    if !gone.is_empty() {
        model.touch();
        effects.push(Effect::Forget(gone));
    }
    effects
}
