//! From accepted to seen: what frames, reads and time say about values that were sent.

use super::{
    AbsenceCause, Alarm, AuditOutcome, Base, Cell, Context, Effect, Outbox, OutboxNotice, PatchTarget, ReadView, Route,
    Semantics,
    participant_queue::{EditStage, ParticipantQueue, Phase, QueueStep, QueuedEdit, QueuedKey, QueuedWrite},
    trail::Trust,
    types::ByKey,
};
use crate::domain::{At, Conversation, Key, Participant, Source, ToldAttributes, ToldParticipant, Value};
use std::time::Duration;

/// Pause before a read is repeated that shows older values than what was seen before it.
const OLDER_PAUSE: Duration = Duration::from_millis(150);
/// A flow that has ended writes its values back about now; they are looked for after this pause.
const WRITE_BACK: Duration = Duration::from_millis(500);

impl Outbox {
    /// The board has taken in an update of this conversation, which told this. To be called after each
    /// [`crate::domain::Board::apply`] that touched it.
    #[must_use = "what is to be done must be done"]
    pub fn observe(&mut self, at: At, conversation: &Conversation, told: &ToldAttributes) -> Vec<Effect> {
        if self.queues.is_empty() {
            return Vec::new();
        }
        let flow = conversation.running_flow().map(|p| p.id.clone());
        let over = conversation.is_over();
        let mut ended = false;
        let mut effects = self.with_queues(
            at,
            |target| target.conversation == conversation.id,
            |target, queue, context| {
                let Some(participant) = conversation.participant(target.participant.as_str()) else { return };
                queue.flow.clone_from(&flow);
                queue.ended = !participant.is_connected();
                if flow.is_none() {
                    ended |= queue.flow_over(over, context);
                }
                if let Some(told) = told.participants.iter().find(|p| p.id == participant.id) {
                    queue.told(participant, told, at);
                }
                // Most updates are about something else.
                let held = queue.last.iter().zip(&participant.attributes);
                let same = queue.last.len() == participant.attributes.len();
                if same && held.into_iter().all(|((key, value), a)| a.value == *value && key == a.key) {
                    return;
                }
                let now = participant.attributes.iter().map(|a| (a.key.clone(), a.value.to_value())).collect();
                queue.observe(target, now, told.by, context);
            },
        );
        if ended {
            effects.insert(0, Effect::Notice(OutboxNotice::FlowEnded(conversation.id.clone())));
        }
        effects
    }
}

impl ParticipantQueue {
    /// No flow runs any more: what was held leaves, and what it may write back is looked for. True if something was held.
    fn flow_over(&mut self, over: bool, context: &mut Context<'_>) -> bool {
        let mut held = false;
        for edit in self.edits.values_mut().filter(|e| matches!(e.stage, EditStage::Held { .. })) {
            held = true;
            edit.stage = match over {
                true => EditStage::Failed(super::RequestFailure::new(
                    "the conversation ended with the flow: send it again to write to an ended conversation",
                    true,
                )),
                false => EditStage::Queued,
            };
        }
        let mut look = false;
        for write in &mut self.sent {
            if write.flow.is_some() && write.flow_ended.is_none() {
                write.flow_ended = Some(context.at.mono);
                look |= write.items.iter().any(|i| i.again);
            }
        }
        if look {
            self.ask(context.at.mono + WRITE_BACK);
        }
        held
    }

    /// The stream told this of the participant, and the board took it for what is there. Also where that is nothing new: a read
    /// may have shown it before, and only now it is known to be what came last.
    fn told(&mut self, participant: &Participant, told: &ToldParticipant, at: At) {
        if self.trail.is_empty() {
            return;
        }
        let held = |key: &str| participant.attributes.get(key).map(|a| a.value);
        let taken = told.attributes.iter().filter(|(key, value)| held(key) == Some(value.into()));
        let by = if told.whole { Source::Stream } else { Source::Event };
        for (key, value) in taken {
            self.trail.note(&Key::new(key.as_str()), Some(value), at.mono, by);
        }
        if told.whole {
            let is_gone = |key: &str| held(key).is_none() && !told.attributes.iter().any(|(k, _)| k == key);
            self.trail.note_gone(is_gone, at.mono);
        }
    }

    fn observe(&mut self, target: &PatchTarget, now: ByKey<Value>, by: Source, context: &mut Context<'_>) {
        let last = std::mem::replace(&mut self.last, now);
        let gone: Vec<Key> = last.keys().filter(|key| !self.last.contains_key(*key)).cloned().collect();
        let news: Vec<(Key, Option<Value>)> = self
            .last
            .iter()
            .filter(|(key, value)| last.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), Some(value.clone())))
            .chain(gone.into_iter().map(|key| (key, None)))
            .collect();
        if news.is_empty() {
            return;
        }
        for (key, value) in &news {
            if by != Source::Read {
                for write in self.sent.iter_mut().chain(self.writing.as_mut()) {
                    write.suspect(key, value.as_ref(), |key| self.last.get(key), context.at.mono);
                }
            }
            self.evidence(key, value.as_ref(), by, context);
            if self.is_edited(key.as_str()) {
                self.remember(key, value.clone());
            }
        }
        if by == Source::Stream {
            // Ours may have been there already, on a map that could not be believed.
            for key in self.shown_and_open(&news) {
                let value = self.last.get(&key).cloned();
                self.evidence(&key, value.as_ref(), by, context);
            }
        }
        self.note_appeared(context.at.mono);
        if by != Source::Read {
            self.sent.iter_mut().chain(self.writing.as_mut()).for_each(|write| write.look_for_left_out(&self.last));
        }
        if let Some(write) = self.writing.take() {
            let waits = matches!(write.step, QueueStep::Waiting { .. } | QueueStep::Checking { .. });
            match waits && write.maybe_applied && write.items.iter().all(QueuedKey::is_seen) {
                true => self.accept(target, write, context),
                false => self.writing = Some(write),
            }
        }
        for index in 0..self.sent.len() {
            self.decided(target, index, context);
        }
    }

    /// The keys that hold a new value of ours which is not called seen, and that are not news.
    fn shown_and_open(&self, news: &[(Key, Option<Value>)]) -> Vec<Key> {
        let items = self.sent.iter().chain(&self.writing).flat_map(|write| &write.items);
        let open = items.filter(|item| {
            item.is_open() && item.is_mine(self.last.get(&item.key)) && !item.is_earlier(Some(&item.mine))
        });
        open.map(|item| item.key.clone()).filter(|key| !news.iter().any(|(new, _)| new == key)).collect()
    }

    /// One key is seen to hold a value. It may be a late frame.
    fn evidence(&mut self, key: &Key, value: Option<&Value>, by: Source, context: &mut Context<'_>) {
        let now = context.at.mono;
        let reads = context.policy.confirm_reads;
        // It may be a late frame from a while ago.
        let returned = reads && self.trail.is_doubtful(key);
        let mut ask = false;
        let (map, trail) = (&self.last, &self.trail);
        for write in self.sent.iter_mut().chain(self.writing.as_mut()) {
            let sent = write.first_sent.is_some();
            let from_before = reads && by == Source::Stream && write.is_ahead_of(map, trail, *context.semantics);
            match write.items.iter_mut().find(|i| i.key == *key) {
                Some(item) if sent => {
                    let mine = item.is_mine(value);
                    let proof = mine && !returned && !from_before && (!reads || !item.is_earlier(value));
                    match &item.phase {
                        Phase::Replaced => {}
                        Phase::Seen { .. } if mine => {}
                        // The read itself is judged: it may be an old one, which the board has taken in all the same.
                        _ if mine && reads && by == Source::Read => {}
                        Phase::Seen { .. } if reads => write.doubt = Some(now),
                        Phase::Seen { .. } if item.is_earlier(value) => {}
                        Phase::Seen { .. } => {
                            item.phase = Phase::Overwritten { theirs: value.cloned(), at: context.at };
                            write.touched = now;
                        }
                        _ if proof => {
                            item.phase = Phase::Seen { at: context.at, by };
                            write.touched = now;
                            // The event tells some keys: what became of the others is not in it.
                            if by == Source::Event {
                                write.doubt = Some(now);
                            }
                        }
                        _ if mine => ask = true,
                        Phase::Unseen(_) | Phase::Overwritten { .. } => ask = true,
                        Phase::Open => {}
                    }
                }
                Some(_) => {}
                None => {
                    if write.show(key, value, now) && by == Source::Stream {
                        write.show_rest(map, now);
                    }
                }
            }
        }
        if ask && reads {
            self.ask(now);
        }
    }

    /// A read: what it shows was so at some moment since it was asked for.
    pub(super) fn judge_read(
        &mut self,
        target: &PatchTarget,
        view: &ReadView,
        trust: Option<&Trust>,
        context: &mut Context<'_>,
    ) {
        let Some(map) = view.map(&target.participant) else {
            // Gone from the conversation: what the board knows of it is all there is.
            self.wants.retain(|moment| *moment > view.asked);
            return self.raise(target, context);
        };
        let there = |key: &Key| map.iter().find(|(k, _)| k == key.as_str()).map(|(_, v)| v);
        let now = context.at.mono;
        if matches!(trust, Some(Trust::Older | Trust::Doubtful(_))) {
            // It decides nothing; what it shows of others, and is not known to be old, was there once all the same.
            let news = &self.trail.not_earlier(map, view.asked);
            let known = map.iter().filter(|told| !news.contains(told));
            let known: Vec<_> = known.map(|(key, value)| (key.as_str(), value)).collect();
            for write in self.sent.iter_mut().chain(self.writing.as_mut()) {
                write.suspect_all(map, now);
                if write.first_sent.is_some_and(|sent| view.asked >= sent) {
                    write.contest(&known);
                }
                write.show_read(news, view.asked, true, now);
                // Whatever is wrong with it, the watch does not end before a read has decided.
                if write.first_sent.is_some() {
                    write.doubt = Some(now);
                }
            }
            self.failures = 0;
            return self.ask(now + OLDER_PAUSE);
        }
        let confirm = context.policy.confirm;
        let mut alarms = Vec::new();
        let mut again = Vec::new();
        let newer = self.sending();
        let edited: Vec<Key> =
            self.edits.keys().chain(self.writing.iter().flat_map(|w| &w.items).map(|i| &i.key)).cloned().collect();
        for write in self.sent.iter_mut().chain(self.writing.as_mut()) {
            write.show_read(map, view.asked, false, now);
            let Some(sent) = write.first_sent else { continue };
            if view.asked < sent {
                continue;
            }
            let deadline = write.accepted_at().map(|at| at.mono + confirm);
            let flow_ended = write.flow_ended;
            let accepted = write.accepted_at().is_some();
            for item in &mut write.items {
                let value = there(&item.key);
                let overwritten = Phase::Overwritten { theirs: value.cloned(), at: context.at };
                let late = deadline.is_some_and(|deadline| view.asked >= deadline);
                let phase = match &item.phase {
                    Phase::Replaced => continue,
                    Phase::Seen { .. } if item.is_mine(value) => continue,
                    _ if item.is_mine(value) => Phase::Seen { at: context.at, by: Source::Read },
                    // A newer value of ours is out: what is there may be that one.
                    _ if accepted && newer.contains(&item.key) => continue,
                    Phase::Seen { at, .. } if view.asked < at.mono => continue,
                    Phase::Seen { .. } | Phase::Open
                        if item.again
                            && !edited.contains(&item.key)
                            && flow_ended.is_some_and(|ended| view.asked >= ended) =>
                    {
                        item.again = false;
                        again.push((item.key.clone(), value.cloned(), item.mine.clone(), item.is_open()));
                        Phase::Replaced
                    }
                    Phase::Seen { .. } | Phase::Overwritten { .. } => overwritten,
                    Phase::Open if !late => continue,
                    Phase::Open | Phase::Unseen(_) if item.is_earlier(value) => {
                        alarms.push((write.id, item.key.clone()));
                        Phase::Unseen(Alarm {
                            write: write.id,
                            status: write.status,
                            correlation_id: write.correlation_id.clone(),
                            waited: now.saturating_sub(write.last_sent.unwrap_or(now)),
                            read: true,
                            read_back: value.cloned(),
                            causes: Vec::new(),
                        })
                    }
                    Phase::Open | Phase::Unseen(_) => overwritten,
                };
                item.phase = phase;
                write.touched = now;
            }
        }
        self.note_appeared(now);
        for (write, key) in alarms {
            let causes = self.causes(target, write, &key, view, context.policy.route);
            let items = self.sent.iter_mut().filter(|w| w.id == write).flat_map(|w| &mut w.items);
            for item in items.filter(|i| i.key == key) {
                if let Phase::Unseen(alarm) = &mut item.phase {
                    alarm.causes.clone_from(&causes);
                }
            }
        }
        for (key, theirs, mine, unseen) in again {
            context.out.push(Effect::Notice(OutboxNotice::SentAgain(Cell::new(target, key.clone()))));
            // No write of ours carries it any more: what earlier ones make of it is their story again.
            for write in self.sent.iter_mut().chain(self.writing.as_mut()) {
                write.take_back(&key, unseen);
            }
            let edit = QueuedEdit {
                stage: EditStage::Queued,
                ..QueuedEdit::draft(Base::Saw(theirs), mine.as_str().to_owned())
            };
            self.edits.entry(key).or_insert(edit);
        }
        for index in 0..self.sent.len() {
            self.decided(target, index, context);
        }
        let verified = |w: &&QueuedWrite| w.is_decided() && w.accepted_at().is_some_and(|at| view.asked >= at.mono);
        for shown in self.sent.iter().filter(verified).filter_map(|w| w.shows_semantics(map)) {
            // What was seen to vanish is not made up for by what stayed: somebody may have put that back.
            *context.semantics = if *context.semantics == Semantics::Replaces { Semantics::Replaces } else { shown };
        }
        self.find_losses(target, map, view.asked, context);
        self.wants.retain(|moment| *moment > view.asked);
        self.failures = 0;
    }

    /// Remembers when values of a write were first seen.
    fn note_appeared(&mut self, now: Duration) {
        for write in self.sent.iter_mut().chain(self.writing.as_mut()) {
            if write.items.iter().any(QueuedKey::is_seen) {
                write.appeared.get_or_insert(now);
                write.proven |= write.items.iter().any(|item| item.is_seen() && !item.is_earlier(Some(&item.mine)));
            }
        }
    }

    fn causes(
        &self,
        target: &PatchTarget,
        write: super::WriteId,
        key: &Key,
        view: &ReadView,
        route: Route,
    ) -> Vec<AbsenceCause> {
        let mut causes = Vec::new();
        let Some(write) = self.sent.iter().find(|w| w.id == write) else { return causes };
        if self.flow.is_some() {
            causes.push(AbsenceCause::FlowRunning);
        } else if write.flow_ended.is_some() {
            causes.push(AbsenceCause::FlowEnded);
        }
        if route == Route::Participant {
            causes.push(AbsenceCause::Route);
        }
        if write.status.is_none() {
            causes.push(AbsenceCause::AnswerLost);
        }
        if self.ended {
            causes.push(AbsenceCause::ParticipantEnded);
        }
        let others = view.participants.iter().filter(|(id, _)| *id != target.participant);
        for (id, _) in others.filter(|(_, map)| map.iter().any(|(k, _)| k == key.as_str())) {
            causes.push(AbsenceCause::OtherParticipant(id.clone()));
        }
        if route == Route::Participant {
            causes.push(AbsenceCause::Route);
        }
        causes.push(AbsenceCause::Slow);
        causes
    }

    /// Tells once what became of the values of a write, when nothing of it is open any more.
    pub(super) fn decided(&mut self, target: &PatchTarget, index: usize, context: &mut Context<'_>) {
        let Some(write) = self.sent.get_mut(index).filter(|w| w.is_decided()) else { return };
        let mut whole = true;
        for outcome in [AuditOutcome::Unseen, AuditOutcome::Overwritten, AuditOutcome::Seen] {
            let is_news = |item: &QueuedKey| item.outcome() == Some(outcome) && item.told != Some(outcome);
            let news: Vec<QueuedKey> = write.items.iter().filter(|i| is_news(i)).cloned().collect();
            if news.is_empty() {
                continue;
            }
            write.items.iter_mut().filter(|i| is_news(i)).for_each(|i| i.told = Some(outcome));
            context.audit(target, write, &news, outcome);
            let cell = |item: &QueuedKey| Cell::new(target, item.key.clone());
            match outcome {
                AuditOutcome::Unseen => context.tell(news.iter().map(|i| OutboxNotice::Unseen(cell(i)))),
                AuditOutcome::Overwritten => context.tell(news.iter().map(|i| OutboxNotice::Overwritten(cell(i)))),
                _ => {
                    let after = context.at.since(write.last_sent.unwrap_or(context.at.mono));
                    context.tell([OutboxNotice::Seen { write: write.id, target: target.clone(), after }]);
                    whole = write.is_whole(&self.last);
                }
            }
            // An edit that began before ours was seen began, in truth, from ours.
            for item in news.iter().filter(|i| i.is_seen()) {
                if let Some(edit) = self.edits.get_mut(&item.key).filter(|edit| edit.base == item.base) {
                    edit.base = Base::Saw(Some(item.mine.clone()));
                }
            }
            for sent in context.log.iter_mut().filter(|s| s.write == write.id) {
                let report = write.report(target);
                sent.outcome = outcome;
                sent.seen = report.confirmed_after.zip(report.confirmed_by);
            }
        }
        // The settling frame is compared whole.
        if !whole {
            write.doubt = Some(context.at.mono);
        }
    }
}
