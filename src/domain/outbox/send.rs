//! From committed to sent: the fresh read, the comparison, the merge and the PATCH. What comes of that is in `answers`.

use super::{
    AuditOutcome, AuditRecord, Base, Context, Effect, Loss, NonText, Outbox, OutboxNotice, PatchBody, PatchOutcome,
    PatchRequest, PatchTarget, ReadView, Refusal, RequestFailure, Semantics, Unmet, Wait, WriteId, WriteMode, is_same,
    is_sent, key_list,
    participant_queue::{EditStage, ParticipantQueue, Phase, QueueStep, QueuedKey, QueuedWrite, changes},
    trail::{PATIENCE, Trust},
};
use crate::domain::{At, JsonKind, Key, Value};
use compact_str::CompactString;
use std::time::Duration;

/// No pause that the server did not ask for is longer.
pub(super) const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Pause before a fresh read is repeated because it shows older values than what was seen before it.
const OLDER_PAUSE: Duration = Duration::from_millis(150);
/// So many 404 while reads show the participant are believed.
const MAX_MISSING: u32 = 2;
/// A write is tried this many times in all (contract).
const MAX_TRIES: u32 = 10;
/// The last try leaves within this time of the first; a second one at least (contract).
const MAX_TRYING: Duration = Duration::from_secs(60);
/// Pauses before each of the reads that look for a write whose answer was lost.
pub(super) const SETTLE_PAUSES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_millis(1000), Duration::from_millis(3000)];
/// A write whose answer was lost and that no read shows is sent again this many times.
const MAX_RESENDS: u32 = 3;

impl Outbox {
    /// The answer to an [`Effect::Read`].
    #[must_use = "what is to be done must be done"]
    pub fn read_done(&mut self, at: At, write: WriteId, result: Result<&ReadView, RequestFailure>) -> Vec<Effect> {
        match result {
            Ok(view) => {
                self.forget_returned(at, view);
                let answer = self.with_queues(
                    at,
                    |target| target.conversation == view.conversation,
                    |target, queue, context| {
                        queue.read_over(write);
                        let trust = view.map(&target.participant).map(|map| queue.trust(map, view.asked));
                        queue.judge_read(target, view, trust.as_ref(), context);
                        if queue.is_checking(write) {
                            queue.check(target, view, trust.as_ref(), context);
                        }
                    },
                );
                // An answer about another conversation than asked for is as good as none.
                let astray = |(target, queue): (&PatchTarget, &ParticipantQueue)| {
                    target.conversation != view.conversation
                        && (queue.reading == Some(write) || queue.is_checking(write))
                };
                if !self.queues.iter().any(astray) {
                    return answer;
                }
                let failure = RequestFailure::new("the answer was about another conversation", true);
                [answer, self.read_failed(at, write, &failure)].concat()
            }
            Err(failure) => self.read_failed(at, write, &failure),
        }
    }

    /// A read that the outbox did not ask for: after a gap, or because the board wanted one. It tells as much.
    #[must_use = "what is to be done must be done"]
    pub fn read_seen(&mut self, at: At, view: &ReadView) -> Vec<Effect> {
        self.forget_returned(at, view);
        self.with_queues(
            at,
            |target| target.conversation == view.conversation,
            |target, queue, context| {
                let trust = view.map(&target.participant).map(|map| queue.trust(map, view.asked));
                queue.judge_read(target, view, trust.as_ref(), context);
            },
        )
    }

    /// A value that was reported as lost and that a read shows again long after is not lost, whatever is watched still.
    fn forget_returned(&mut self, at: At, view: &ReadView) {
        let read_age = at.since(view.asked);
        let is_back = |loss: &Loss| {
            let map = view.map(&loss.cell.participant).filter(|_| loss.cell.conversation == view.conversation);
            let there = map.and_then(|map| map.iter().find(|(key, _)| key == loss.cell.key.as_str()));
            // By the wall clock, as an earlier run may have found it.
            let age = Duration::try_from(at.wall.duration_since(loss.at.wall)).unwrap_or_default();
            age >= read_age + PATIENCE
                && loss.before.is_empty()
                && there.is_some_and(|(_, value)| *value == loss.theirs)
        };
        for loss in self.losses.extract_if(.., |loss| is_back(loss)) {
            let queue = self.queues.iter_mut().find(|(target, _)| loss.cell.target() == **target);
            if let Some((_, queue)) = queue {
                queue.came_back(&loss, at.mono);
            }
        }
    }

    fn read_failed(&mut self, at: At, write: WriteId, failure: &RequestFailure) -> Vec<Effect> {
        self.with_queues(
            at,
            |_| true,
            |target, queue, context| {
                if queue.reading == Some(write) {
                    queue.reading = None;
                    queue.read_missed(context);
                }
                if queue.is_checking(write) {
                    queue.check_failed(target, failure, context);
                }
            },
        )
    }

    /// The answer to an [`Effect::Patch`].
    #[must_use = "what is to be done must be done"]
    pub fn patch_done(&mut self, at: At, write: WriteId, outcome: PatchOutcome) -> Vec<Effect> {
        self.with_queues(
            at,
            |_| true,
            |target, queue, context| {
                if queue.writing.as_ref().is_some_and(|w| w.id == write && w.step == QueueStep::Sending) {
                    queue.answered(target, outcome.clone(), context);
                }
            },
        )
    }
}

impl ParticipantQueue {
    /// Starts whatever is due: a new write, the next try, a read that decides, the end of a watch.
    pub(super) fn advance(&mut self, target: &PatchTarget, context: &mut Context<'_>) {
        if let Some(write) = &mut self.writing
            && let QueueStep::Waiting { until, .. } = write.step
            && until <= context.at.mono
        {
            write.step = QueueStep::Checking { since: context.at.mono };
            context.read(write.id, target);
        }
        if self.writing.is_none() && self.has_queued() {
            self.start(target, context);
        }
        self.watch(target, context);
    }

    fn start(&mut self, target: &PatchTarget, context: &mut Context<'_>) {
        let id = WriteId(*context.next_write);
        *context.next_write += 1;
        let mut items = Vec::new();
        let (past, trail) = (&self.past, &self.trail);
        let earlier = |key: &Key| {
            let mut earlier = past.get(key).cloned().unwrap_or_default();
            for value in trail.held(key) {
                if !earlier.contains(value) {
                    earlier.push(value.clone());
                }
            }
            earlier
        };
        self.edits.retain(|key, edit| {
            let queued = matches!(edit.stage, EditStage::Queued);
            if queued {
                items.push(QueuedKey {
                    key: key.clone(),
                    base: edit.base.clone(),
                    mine: Value::text(edit.mine.as_str()),
                    undoes: edit.undoes,
                    again: edit.again,
                    non_text: edit.non_text,
                    earlier: earlier(key),
                    phase: Phase::Open,
                    told: None,
                });
            }
            !queued
        });
        let conditions = std::mem::take(&mut self.conditions);
        self.writing = Some(QueuedWrite { conditions, ..QueuedWrite::new(id, items, context.at) });
        context.read(id, target);
    }

    pub(super) fn is_checking(&self, write: WriteId) -> bool {
        self.writing.as_ref().is_some_and(|w| w.id == write && matches!(w.step, QueueStep::Checking { .. }))
    }

    /// The fresh read is here: compare it with what the operator saw, and send or stop.
    fn check(&mut self, target: &PatchTarget, view: &ReadView, trust: Option<&Trust>, context: &mut Context<'_>) {
        let Some(mut write) = self.writing.take() else { return };
        if let QueueStep::Checking { since } = write.step
            && view.asked < since
        {
            // Asked too early to count as fresh.
            context.read(write.id, target);
            self.writing = Some(write);
            return;
        }
        let (Some(map), Some(trust)) = (view.map(&target.participant), trust) else {
            let gone = write.gives_up("the conversation has no such participant any more", false);
            return self.give_back(target, write, &gone, context);
        };
        if write.missing >= MAX_MISSING {
            let failure = write.gives_up("the participant was read just before and just after", false);
            return self.give_back(target, write, &failure, context);
        }
        let merged = context.policy.mode == WriteMode::Merged;
        // An edited key is compared with what the operator saw.
        let is_older = match trust {
            Trust::Older => true,
            Trust::Doubtful(keys) => keys.iter().any(|key| write.item(key.as_str()).is_none()),
            Trust::Fresh | Trust::Stubborn(_) => false,
        };
        if is_older {
            write.step = QueueStep::Waiting { until: context.at.mono + OLDER_PAUSE, why: Wait::Older };
            self.writing = Some(write);
            return;
        }
        let theirs = |item: &QueuedKey| map.iter().find(|(k, _)| k == item.key.as_str()).map(|(_, v)| v);
        if write.maybe_applied && write.items.iter().all(|item| item.is_mine(theirs(item)) || !item.is_open()) {
            return self.accept(target, write, context);
        }
        let foreign: Vec<_> = write
            .items
            .iter()
            .filter(|item| !self.expects(item, theirs(item)))
            .map(|item| (item.key.clone(), theirs(item).cloned()))
            .collect();
        let there = |key: &Key| map.iter().find(|(k, _)| k == key.as_str()).map(|(_, v)| v);
        let unmet: Vec<_> = write
            .conditions
            .iter()
            .filter(|(key, wanted)| !is_same(wanted.as_ref(), there(key)))
            .map(|(key, wanted)| Unmet { key: key.clone(), wanted: wanted.clone(), theirs: there(key).cloned() })
            .collect();
        if !foreign.is_empty() || !unmet.is_empty() {
            return self.conflict(target, write, &foreign, unmet, context);
        }
        if merged && let Some(key) = write.distrusted.iter().find(|key| !write.is_own(key.as_str())) {
            let reason = format!(
                "{} was seen with a newer value than {} s of reads show, and a merged PATCH would put the older one back: \
                 nothing was sent; look at it, and send again if it is right",
                key_list(std::slice::from_ref(key)),
                PATIENCE.as_secs()
            );
            return self.give_back(target, write, &RequestFailure::new(reason, true), context);
        }
        write.distrusted.clear();
        if write.maybe_applied {
            // An answer was lost and the value is not there: it may still come.
            if let Some(pause) = SETTLE_PAUSES.get(write.settle_reads as usize) {
                write.settle_reads += 1;
                write.step = QueueStep::Waiting { until: context.at.mono + *pause, why: Wait::Settling };
                self.writing = Some(write);
                return;
            }
            if write.lost_answers > MAX_RESENDS || !write.may_try_at(context.at.mono) {
                let failure = write.gives_up("no read shows the value", true);
                return self.give_back(target, write, &failure, context);
            }
        } else {
            // What was shown before this read was asked for is in it.
            for (key, values) in &mut write.shown {
                values.retain(|(value, at)| *at >= view.asked && !self.trail.is_earlier(key.as_str(), value));
            }
        }
        for item in &mut write.items {
            let seen = map.iter().find(|(k, _)| k == item.key.as_str()).map(|(_, v)| v.clone());
            if item.base == Base::Any {
                item.base = Base::Saw(seen.clone());
            }
            if !item.earlier.contains(&seen) {
                item.earlier.push(seen);
            }
        }
        if write.maybe_applied {
            // What is gone since the try before may have gone with it.
            let is_gone = |key: &str| !write.is_own(key) && !map.iter().any(|(there, _)| there == key);
            let gone: Vec<_> = write.fresh.iter().filter(|(key, _)| is_gone(key)).cloned().collect();
            for (key, value) in gone {
                write.shown.entry(Key::new(key.as_str())).or_default().push((value, context.at.mono));
            }
        }
        write.fresh = map.to_vec();
        write.read.clone_from(&write.fresh);
        let non_text = write.non_text();
        if merged && non_text == NonText::Ask && *context.semantics != Semantics::Merges {
            let keys = write.untouched_non_text();
            if !keys.is_empty() {
                let reason = format!("nothing was sent: {}", Refusal::NotText(keys));
                return self.give_back(target, write, &RequestFailure::new(reason, false), context);
            }
        }
        write.body = self.body(&mut write, context.policy.mode);
        let body = &write.body;
        let (taken, fresh) = (&write.taken, &write.fresh);
        write.shown.retain(|key, values| {
            let sent = |v: &Value| body.get(key).is_some_and(|ours| is_sent(ours, v));
            let read = |v: &Value| fresh.iter().any(|(k, there)| k == key.as_str() && there == v);
            // What was seen before what the read shows was replaced by that, not by this write.
            if let Some(newest) = values.iter().rposition(|(v, _)| read(v)) {
                values.drain(..=newest);
            }
            values.retain(|(v, _)| !sent(v) && !read(v));
            !taken.contains(key) && !values.is_empty()
        });
        if write.shown.is_empty() {
            write.doubt = None;
        }
        write.contest(&self.trail.may_be_newer_than(view.asked));
        self.send(target, write, context);
    }

    /// The value is what the operator saw, what is wanted anyway, or what our own writes explain.
    fn expects(&self, item: &QueuedKey, there: Option<&Value>) -> bool {
        if item.base == Base::Any || item.base.is(there) || item.is_mine(there) {
            return true;
        }
        self.sent.iter().filter_map(|w| w.item(item.key.as_str())).any(|ours| match ours.phase {
            // Not applied yet, or just applied.
            Phase::Open | Phase::Unseen(_) => ours.is_mine(there) || ours.base.is(there),
            // The edit began before ours was seen.
            Phase::Seen { .. } => ours.is_mine(there) && ours.base == item.base,
            Phase::Overwritten { .. } | Phase::Replaced => false,
        }) || self.is_before_ours(item.key.as_str(), there)
            || self.is_left_over(item.key.as_str(), there)
    }

    /// What to send: the edits, over the fresh map in merged mode. Values of ours that were accepted and are not applied
    /// yet are laid over it too, or the map would take them back.
    fn body(&self, write: &mut QueuedWrite, mode: WriteMode) -> PatchBody {
        let mut body = PatchBody::default();
        if mode == WriteMode::Merged {
            let text = |v: &Value| CompactString::new(v.as_str());
            let converts = write.non_text() == NonText::Convert;
            let carried = write.fresh.iter().filter(|(k, v)| {
                // A key that is edited keeps its place.
                converts || v.kind() == JsonKind::Text || write.item(k).is_some()
            });
            body.extend(carried.map(|(k, v)| (k.as_str().into(), text(v))));
            for item in self.sent.iter().flat_map(|w| &w.items).filter(|item| item.is_open()) {
                let there = write.fresh.iter().find(|(k, _)| k == item.key.as_str()).map(|(_, v)| v);
                if item.base.is(there) || self.is_before_ours(item.key.as_str(), there) {
                    body.insert(item.key.clone(), text(&item.mine));
                    write.taken.push(item.key.clone());
                }
            }
        }
        for item in &write.items {
            body.insert(item.key.clone(), CompactString::new(item.mine.as_str()));
        }
        body
    }

    fn send(&mut self, target: &PatchTarget, mut write: QueuedWrite, context: &mut Context<'_>) {
        write.attempts += 1;
        write.settle_reads = 0;
        write.step = QueueStep::Sending;
        write.first_sent.get_or_insert(context.at.mono);
        write.last_sent = Some(context.at.mono);
        write.flow = self.flow.clone();
        for earlier in self.sent.iter_mut().filter(|w| w.appeared.is_none()) {
            let carries = |item: &QueuedKey| {
                let is_replaced = matches!(item.phase, Phase::Replaced) || write.item(item.key.as_str()).is_some();
                is_replaced || write.body.get(&item.key).is_some_and(|text| is_sent(text, &item.mine))
            };
            earlier.echoed |= earlier.items.iter().all(carries);
        }
        context.audit(target, &write, &write.items, AuditOutcome::Sent);
        let request = PatchRequest {
            target: target.clone(),
            route: context.policy.route,
            media: self.media,
            body: write.body.clone(),
        };
        context.out.push(Effect::Patch { write: write.id, request, attempt: write.attempts });
        self.writing = Some(write);
    }

    fn check_failed(&mut self, target: &PatchTarget, failure: &RequestFailure, context: &mut Context<'_>) {
        let Some(mut write) = self.writing.take() else { return };
        if failure.retryable
            && write.maybe_applied
            && let Some(pause) = SETTLE_PAUSES.get(write.settle_reads as usize)
        {
            write.settle_reads += 1;
            write.step = QueueStep::Waiting { until: context.at.mono + *pause, why: Wait::Settling };
            self.writing = Some(write);
            return;
        }
        let which = match (write.attempts, write.maybe_applied) {
            (0, _) => "the read before the write failed, nothing was sent",
            (_, false) => "the read before the next try failed, nothing was written",
            (_, true) => "the read after a lost answer failed",
        };
        let reason = format!("{which}: {}", failure.reason);
        self.give_back(target, write, &RequestFailure { reason, ..failure.clone() }, context);
    }
}

impl Context<'_> {
    pub(super) fn read(&mut self, write: WriteId, target: &PatchTarget) {
        self.out.push(Effect::Read { write, conversation: target.conversation.clone() });
    }

    pub(super) fn tell(&mut self, notices: impl IntoIterator<Item = OutboxNotice>) {
        self.out.extend(notices.into_iter().map(Effect::Notice));
    }

    pub(super) fn audit(
        &mut self,
        target: &PatchTarget,
        write: &QueuedWrite,
        items: &[QueuedKey],
        outcome: AuditOutcome,
    ) {
        self.out.push(Effect::Audit(AuditRecord {
            time: self.at.wall,
            write: write.id,
            target: target.clone(),
            changes: changes(items),
            outcome,
            attempts: write.attempts,
            status: write.status,
            correlation_id: write.correlation_id.clone(),
        }));
    }
}

impl QueuedWrite {
    /// The strictest of what was asked for.
    fn non_text(&self) -> NonText {
        self.items.iter().map(|item| item.non_text).min().unwrap_or_default()
    }

    /// Untouched keys of the fresh read whose values are not text.
    fn untouched_non_text(&self) -> Vec<Key> {
        let odd = self.fresh.iter().filter(|(key, value)| value.kind() != JsonKind::Text && self.item(key).is_none());
        odd.map(|(key, _)| Key::new(key.as_str())).collect()
    }

    /// Keeps an answer that was no success.
    pub(super) fn refused(&mut self, failure: RequestFailure) {
        self.status = failure.status;
        self.correlation_id.clone_from(&failure.correlation_id);
        self.refusal = Some(failure);
    }

    /// One more try may leave then.
    pub(super) fn may_try_at(&self, moment: Duration) -> bool {
        let trying = moment.saturating_sub(self.first_sent.unwrap_or(moment));
        let second = self.attempts <= 1 && trying <= MAX_TRYING + MAX_PAUSE;
        self.attempts < MAX_TRIES && (second || trying <= MAX_TRYING)
    }

    /// Why no more is tried, with what came back last.
    pub(super) fn gives_up(&self, reason: &str, retryable: bool) -> RequestFailure {
        match &self.refusal {
            Some(last) => RequestFailure { reason: format!("{reason}; {}", last.reason), retryable, ..last.clone() },
            None => RequestFailure::new(reason, retryable),
        }
    }
}
