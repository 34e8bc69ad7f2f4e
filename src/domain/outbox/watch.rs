//! The watch over accepted writes: when a read must decide, what untouched keys lost, when it is over.

use super::{
    AbsenceCause, Alarm, Cell, Context, Effect, Loss, OutboxNotice, PatchTarget, Policy, Route, Semantics, WriteId,
    is_sent,
    participant_queue::{ParticipantQueue, Phase, QueueStep, QueuedKey, QueuedWrite},
    trail::Trail,
    types::ByKey,
};
use crate::domain::{Key, Value};
use compact_str::CompactString;
use std::time::Duration;

/// Pause before a failed deciding read is tried again; doubles.
const READ_PAUSE: Duration = Duration::from_secs(1);
/// Pause between deciding reads of one participant; doubles up to the longest.
const SPACING: Duration = Duration::from_millis(200);
/// The longest pause between them.
const MAX_SPACING: Duration = Duration::from_secs(5);
/// How many values of one key are remembered during one write.
const MAX_SHOWN: usize = 8;
/// After this many failed reads the watch goes on without.
const MAX_READS: u32 = 5;

impl QueuedWrite {
    /// An untouched key is seen to hold something. True if that is new to this write.
    pub(super) fn show(&mut self, key: &Key, value: Option<&Value>, now: Duration) -> bool {
        if self.is_own(key.as_str()) {
            return false;
        }
        match value {
            Some(value)
                if self.body.get(key).is_some_and(|ours| is_sent(ours, value))
                // As we left it. Whether that is what another had is decided by what was shown before.
                && self.shown.contains_key(key) =>
            {
                self.doubt = Some(now);
            }
            Some(value) => {
                self.doubt = Some(now);
                return self.note(key.clone(), value, now);
            }
            None if self.shown.contains_key(key) || self.fresh.iter().any(|(k, _)| k == key.as_str()) => {
                self.doubt = Some(now);
            }
            None => {}
        }
        false
    }

    /// A map of the stream has something new to this write: what else it has otherwise than the fresh read is as new.
    pub(super) fn show_rest(&mut self, map: &ByKey<Value>, now: Duration) {
        let otherwise =
            |(key, value): &(&Key, &Value)| self.fresh.iter().any(|(k, v)| k == key.as_str() && v != *value);
        let rest: Vec<_> = map.iter().filter(otherwise).map(|(key, value)| (key.clone(), value.clone())).collect();
        for (key, value) in rest {
            self.show(&key, Some(&value), now);
        }
    }

    /// A read shows untouched keys. What was there after our write cannot be lost to it any more; an `older` read, or one that was
    /// asked for before our write was seen, may show what was there before.
    pub(super) fn show_read(&mut self, map: &[(CompactString, Value)], asked: Duration, older: bool, now: Duration) {
        let since = match self.step {
            QueueStep::Checking { since } if self.first_sent.is_none() => since,
            _ => Duration::ZERO,
        };
        let overtaken = older || self.seen_at().is_some_and(|seen| asked < seen);
        // One that only a newer write of ours replaced was never seen to be there, and of one that changes nothing that does not show:
        // either may still come.
        let is_past = self.is_decided() && self.proven && !self.echoed;
        if asked < since || (is_past && (!overtaken || self.is_in(map))) {
            return;
        }
        for (key, value) in map {
            let touched = self.is_own(key);
            let as_sent = self.body.get(key.as_str()).is_some_and(|ours| is_sent(ours, value));
            if !touched && !as_sent && self.note(key.as_str().into(), value, now) {
                self.doubt = Some(now);
            }
        }
    }

    /// Remembers a value that was shown, unless it is an old one. True if it is new.
    fn note(&mut self, key: Key, value: &Value, now: Duration) -> bool {
        if self.fresh.iter().any(|(k, v)| k == key.as_str() && v == value) {
            return false;
        }
        let values = self.shown.entry(key).or_default();
        if values.iter().any(|(v, _)| v == value) {
            return false;
        }
        if values.len() == MAX_SHOWN {
            values.remove(0);
        }
        values.push((value.clone(), now));
        true
    }

    /// A read that is not believed shows these values, which the keys held before.
    pub(super) fn contest(&mut self, known: &[(&str, &Value)]) {
        for (key, value) in known {
            if !self.is_own(key) && !self.fresh.iter().any(|(k, v)| k == key && v == *value) {
                let values = self.contested.entry(Key::new(*key)).or_default();
                if !values.contains(value) && values.len() < MAX_SHOWN {
                    values.push((*value).clone());
                }
            }
        }
    }

    /// A read that is not believed shows what it shows of untouched keys all the same: see [`Self::suspect`].
    pub(super) fn suspect_all(&mut self, map: &[(CompactString, Value)], now: Duration) {
        let there = |key: &Key| map.iter().find(|(k, _)| k == key.as_str()).map(|(_, value)| value);
        let shown: Vec<Key> = self.shown.keys().cloned().collect();
        shown.iter().for_each(|key| self.suspect(key, there(key), there, now));
    }

    /// The stream shows an untouched key, on this map. Where that is what this write makes of it, and all of the write is there, what
    /// the key held was lost, unless the message was a late one.
    pub(super) fn suspect<'a>(
        &mut self,
        key: &Key,
        value: Option<&Value>,
        there: impl Fn(&Key) -> Option<&'a Value>,
        now: Duration,
    ) {
        let as_left = match (value, self.body.get(key)) {
            (Some(value), Some(ours)) => is_sent(ours, value),
            (value, ours) => value.is_none() && ours.is_none(),
        };
        // One that newer ones replaced in all of its keys may still come.
        let is_replaced = self.items.iter().all(|item| matches!(item.phase, Phase::Replaced));
        let mut live = self.items.iter().filter(|item| is_replaced || !matches!(item.phase, Phase::Replaced));
        let is_there = live.all(|item| item.is_mine(there(&item.key)));
        if self.first_sent.is_none() || self.is_own(key.as_str()) || !as_left || !is_there {
            return;
        }
        let fresh = self.fresh.iter().filter(|(k, _)| k == key.as_str()).map(|(_, v)| v);
        let shown = self.shown.get(key).into_iter().flatten().map(|(v, _)| v);
        let held: Vec<Value> = fresh.chain(shown).filter(|v| Some(*v) != value).cloned().collect();
        if !held.is_empty() {
            let times = self.suspects.entry(key.clone()).or_default();
            if times.len() < MAX_SHOWN {
                times.push((held, now));
            }
        }
    }

    /// What became of the keys that the last PATCH left out tells how the server treats them. The first read that shows all of
    /// ours tells it: later on, others may have put back what vanished.
    pub(super) fn shows_semantics(&self, map: &[(CompactString, Value)]) -> Option<Semantics> {
        // Not there before: where it is seen, it was applied.
        let applied = self.items.iter().all(QueuedKey::is_seen) && self.is_new();
        if self.verified.is_some() || self.body.is_empty() || !self.stray.is_empty() || !applied {
            return None;
        }
        let mut left_out = self.left_out().peekable();
        left_out.peek()?;
        let there = |key: &str| map.iter().find(|(k, _)| k == key).map(|(_, v)| v);
        let (mut kept, mut gone) = (false, false);
        for (key, value) in left_out {
            kept |= there(key) == Some(value);
            gone |= there(key).is_none();
        }
        match (kept, gone) {
            (true, false) if !self.left_gone => Some(Semantics::Merges),
            (false, true) => Some(Semantics::Replaces),
            _ => None,
        }
    }

    /// It was applied, and some of what it left out is missing from this map.
    fn shows_removal<'a>(&self, there: impl Fn(&str) -> Option<&'a Value>) -> bool {
        self.items.iter().all(QueuedKey::is_seen) && self.left_out().any(|(key, _)| there(key).is_none())
    }

    /// What the last PATCH left out of what the fresh read showed.
    fn left_out(&self) -> impl Iterator<Item = &(CompactString, Value)> {
        self.fresh.iter().filter(|(key, _)| !self.body.contains_key(key.as_str()))
    }

    /// The board shows this after the stream told something. Once it has all of ours, what it lacks may have vanished with it.
    pub(super) fn look_for_left_out(&mut self, map: &ByKey<Value>) {
        if self.first_sent.is_some() && self.items.iter().all(QueuedKey::is_seen) {
            let is_gone = self.left_out().any(|(key, _)| !map.contains_key(key.as_str()));
            self.left_gone |= is_gone;
        }
    }

    /// The stream shows a map that lacks what this write carried along, has an earlier value of it, or has what a server that replaces
    /// would have removed: it may be from before the write, whatever else it shows.
    pub(super) fn is_ahead_of(&self, map: &ByKey<Value>, trail: &Trail, server: Semantics) -> bool {
        self.fresh.iter().filter(|(key, _)| !self.is_own(key)).any(|(key, value)| {
            let carried = self.body.contains_key(key.as_str());
            match map.get(key.as_str()) {
                None => carried || server == Semantics::Merges,
                Some(now) if now == value => !carried && server == Semantics::Replaces,
                Some(_) => trail.is_doubtful(&Key::new(key.as_str())),
            }
        })
    }

    /// The map holds every key that it held before the write, and nothing that was shown since is missing from it.
    pub(super) fn is_whole(&self, map: &ByKey<Value>) -> bool {
        let had = self.fresh.iter().map(|(k, _)| k.as_str());
        let mut had = had.chain(self.shown.keys().map(Key::as_str));
        had.all(|key| self.is_own(key) || map.contains_key(key))
    }
}

impl ParticipantQueue {
    /// Compares an authoritative map with what was shown, for every write whose own values are decided.
    pub(super) fn find_losses(
        &mut self,
        target: &PatchTarget,
        map: &[(CompactString, Value)],
        asked: Duration,
        context: &mut Context<'_>,
    ) {
        let there = |key: &str| map.iter().find(|(k, _)| k == key).map(|(_, v)| v);
        let sending = self.sending();
        for write in &mut self.sent {
            let accepted = write.accepted_at().map_or(Duration::ZERO, |at| at.mono);
            if !write.is_decided() {
                continue;
            }
            if asked < accepted {
                // It decides what became of ours, and not what that cost.
                if write.verified.is_none() {
                    write.doubt = Some(context.at.mono);
                }
                continue;
            }
            write.verified = Some(write.verified.map_or(asked, |v| v.max(asked)));
            let mut lost: Vec<(Key, Vec<Value>, Option<Value>)> = Vec::new();
            let fresh = |key: &str| write.fresh.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
            for (key, values) in &write.shown {
                let shown = values.iter().filter(|(_, at)| *at <= asked).map(|(v, _)| v.clone());
                match there(key.as_str()) {
                    None => lost.push((key.clone(), fresh(key.as_str()).into_iter().chain(shown).collect(), None)),
                    Some(now) if write.body.get(key).is_some_and(|ours| is_sent(ours, now)) => {
                        let values = fresh(key.as_str()).into_iter().chain(shown).filter(|v| v != now);
                        lost.push((key.clone(), values.collect(), Some(now.clone())));
                    }
                    Some(_) => {}
                }
            }
            // Somebody has written the key again since: something new, or what was shown of it before; that may have been a late message.
            let suspects = write.suspects.iter().flat_map(|(key, times)| times.iter().map(move |time| (key, time)));
            for (key, (held, at)) in suspects {
                let is_left = |now: &Value| write.body.get(key).is_some_and(|ours| is_sent(ours, now));
                let had = fresh(key.as_str());
                let is_other = |now: &Value| !held.contains(now) || had.as_ref().is_some_and(|had| had != now);
                if let Some(now) = there(key.as_str()).filter(|now| *at <= asked && !is_left(now) && is_other(now)) {
                    lost.push((key.clone(), held.iter().filter(|value| *value != now).cloned().collect(), None));
                }
            }
            write.suspects.retain(|_, times| {
                times.retain(|(_, at)| *at > asked);
                !times.is_empty()
            });
            // What a try did whose answer was lost may show after something was reported already.
            let had = if write.stray.is_empty() { &write.fresh } else { &write.read };
            for (key, theirs) in had {
                if !write.is_own(key) && !write.shown.contains_key(key.as_str()) && there(key).is_none() {
                    lost.push((key.as_str().into(), vec![theirs.clone()], None));
                }
            }
            // Where something that the PATCH left out is missing, all that it left out was removed, even what holds something again:
            // a late try of ours, or somebody else, has put it there since.
            if *context.semantics != Semantics::Merges && write.shows_removal(there) {
                for (key, theirs) in write.left_out() {
                    if !write.is_own(key) && there(key).is_some_and(|now| now != theirs) {
                        lost.push((key.as_str().into(), vec![theirs.clone()], None));
                    }
                }
            }
            // A try whose answer was lost was applied after all, over what the next try had read.
            for (key, ours) in write.stray.iter().flatten().filter(|(key, _)| !write.is_own(key.as_str())) {
                let read = write.read.iter().find(|(k, _)| k == key.as_str()).map(|(_, v)| v.clone());
                if let (Some(read), Some(now)) = (read, there(key.as_str()))
                    && is_sent(ours, now)
                    && !is_sent(ours, &read)
                {
                    lost.push((key.clone(), vec![read], Some(now.clone())));
                }
            }
            for (key, mut values, ours) in lost.into_iter().filter(|(key, _, _)| !sending.contains(key)) {
                let Some(theirs) = values.pop() else { continue };
                let contested = write.contested.get(&key).into_iter().flatten();
                let others: Vec<Value> = contested.filter(|v| **v != theirs && !values.contains(v)).cloned().collect();
                values.splice(0..0, others);
                // What was shown since this read was asked for is for the next one; so is what somebody wrote after the loss.
                let is_left = there(key.as_str()) == ours.as_ref();
                if let Some(shown) = write.shown.get_mut(&key) {
                    shown.retain(|(v, at)| *at > asked || !(is_left || theirs == *v || values.contains(v)));
                    if shown.is_empty() {
                        write.shown.shift_remove(&key);
                    }
                }
                if is_left {
                    write.fresh.retain(|(k, _)| k != key.as_str());
                }
                // Told once. What a lost try carried may still come over what is there now.
                if ours.is_none() {
                    write.read.retain(|(k, _)| k != key.as_str());
                }
                if let Some(ours) = &ours {
                    write.stray.iter_mut().for_each(|body| body.retain(|k, text| *k != key || !is_sent(text, ours)));
                }
                let cell = Cell::new(target, key);
                // Writes overlap: one report is enough, if it has every value that this one has.
                let loss = Loss { cell: cell.clone(), write: write.id, theirs, before: values, ours, at: context.at };
                if let Some(told) = context.losses.iter_mut().find(|told| told.covers(&loss)) {
                    told.at = context.at;
                    continue;
                }
                context.out.push(Effect::Notice(OutboxNotice::Lost(cell)));
                write.losses.push(loss.clone());
                context.losses.push(loss);
            }
        }
        // A try whose answer was lost may bring back what another one took.
        let is_back =
            |l: &Loss| l.at.mono < asked && l.before.is_empty() && there(l.cell.key.as_str()) == Some(&l.theirs);
        let back = context.losses.extract_if(.., |loss| loss.cell.target() == *target && is_back(loss));
        back.for_each(|loss| self.came_back(&loss, context.at.mono));
        for write in &mut self.sent {
            write.losses.retain(|loss| !is_back(loss));
        }
    }

    /// A value that was reported as lost is there again: another try brought it back, or the read that told of the loss was an old one,
    /// and the write is still to come.
    pub(super) fn came_back(&mut self, loss: &Loss, now: Duration) {
        for write in self.sent.iter_mut().filter(|write| write.id == loss.write) {
            write.note(loss.cell.key.clone(), &loss.theirs, now);
        }
    }

    pub(super) fn read_over(&mut self, write: WriteId) {
        if self.reading == Some(write) {
            self.reading = None;
        }
    }

    /// A deciding read failed: try again later, a few times.
    pub(super) fn read_missed(&mut self, context: &mut Context<'_>) {
        self.failures += 1;
        self.not_before = context.at.mono + READ_PAUSE * (1 << self.failures.min(5));
    }

    /// Asks for reads that are due, raises what cannot be read, and ends watches.
    pub(super) fn watch(&mut self, target: &PatchTarget, context: &mut Context<'_>) {
        let now = context.at.mono;
        let Policy { confirm, confirm_reads, settle, .. } = *context.policy;
        if confirm_reads {
            let overdue = self.sent.iter().filter(|w| !w.is_decided()).filter_map(|w| w.accepted_at());
            let overdue = overdue.map(|at| at.mono + confirm).filter(|deadline| *deadline <= now).max();
            let doubt = self.sent.iter().filter(|w| w.is_decided() && w.is_doubtful()).filter_map(|w| w.doubt).max();
            if let Some(since) = overdue.max(doubt) {
                self.ask(since);
            }
            if self.failures >= MAX_READS {
                self.wants.clear();
                self.failures = 0;
                self.raise(target, context);
            } else if let (Some(due), Some(write)) = (self.next_read(), self.sent.last())
                && due <= now
            {
                self.reading = Some(write.id);
                self.not_before = now + (SPACING * (1 << self.reads.min(5))).min(MAX_SPACING);
                self.reads += 1;
                context.read(write.id, target);
            }
        } else {
            // Nobody will read: what was asked for must not keep waking us.
            self.wants.clear();
            let overdue =
                |w: &QueuedWrite| w.accepted_at().is_some_and(|at| at.mono + confirm <= now) && !w.is_decided();
            let overdue = self.sent.iter().any(overdue);
            let doubtful = self.sent.iter().any(|w| w.is_decided() && w.is_doubtful());
            if overdue || doubtful {
                self.raise(target, context);
            }
        }
        let to_read = self.has_to_read();
        self.sent.retain(|write| {
            // Values of ours that were replaced by newer ones of ours are not waited for.
            let alarmed = write.items.iter().any(|i| !matches!(i.phase, Phase::Seen { .. } | Phase::Replaced));
            let flow_over = match (&write.flow, write.flow_ended) {
                (Some(_), Some(ended)) => context.at.since(ended) >= settle,
                (Some(_), None) => false,
                (None, _) => true,
            };
            let stays =
                alarmed || !flow_over || write.is_doubtful() || to_read || context.at.since(write.touched) < settle;
            if !stays && !write.ghost {
                Self::file(write.report(target), context);
            }
            stays
        });
        if self.sent.is_empty() {
            self.wants.clear();
            self.reading = None;
        }
    }

    /// A read that decides is out, or is going to be asked for.
    fn has_to_read(&self) -> bool {
        !self.wants.is_empty() || self.reading.is_some()
    }

    /// No read can decide: what the board shows has to.
    pub(super) fn raise(&mut self, target: &PatchTarget, context: &mut Context<'_>) {
        let now = context.at.mono;
        let map: Vec<_> = self.last.iter().map(|(k, v)| (CompactString::new(k.as_str()), v.clone())).collect();
        let confirm = context.policy.confirm;
        let not_read = if context.policy.confirm_reads { AbsenceCause::NotRead } else { AbsenceCause::StreamAlone };
        let route = (context.policy.route == Route::Participant).then_some(AbsenceCause::Route);
        let causes: Vec<AbsenceCause> = route.into_iter().chain([not_read, AbsenceCause::Slow]).collect();
        let overdue = |w: &QueuedWrite| w.accepted_at().is_some_and(|at| at.mono + confirm <= now);
        for write in self.sent.iter_mut().filter(|w| overdue(w)) {
            for item in write.items.iter_mut().filter(|i| i.is_open()) {
                let value = self.last.get(&item.key);
                item.phase = match item.is_earlier(value) || item.is_mine(value) {
                    false => Phase::Overwritten { theirs: value.cloned(), at: context.at },
                    true => Phase::Unseen(Alarm {
                        write: write.id,
                        status: write.status,
                        correlation_id: write.correlation_id.clone(),
                        waited: context.at.since(write.last_sent.unwrap_or(now)),
                        read: false,
                        read_back: value.cloned(),
                        causes: causes.clone(),
                    }),
                };
                write.touched = now;
            }
        }
        for index in 0..self.sent.len() {
            self.decided(target, index, context);
        }
        self.find_losses(target, &map, now, context);
    }

    pub(super) fn next_deadline(&self, policy: &Policy) -> Option<Duration> {
        let pause = self.writing.as_ref().and_then(|w| match w.step {
            QueueStep::Waiting { until, .. } => Some(until),
            _ => None,
        });
        let open = self.sent.iter().filter(|w| !w.is_decided());
        let confirm = open.filter_map(QueuedWrite::accepted_at).map(|at| at.mono + policy.confirm);
        let read = self.next_read();
        // An overdue write waits for its read, not for time.
        let confirm = confirm.filter(|_| !self.has_to_read());
        let settled = self.sent.iter().filter(|w| !self.has_to_read() && w.is_decided() && !w.is_doubtful());
        let settled =
            settled.filter(|w| w.items.iter().all(|i| matches!(i.phase, Phase::Seen { .. } | Phase::Replaced)));
        let over = settled.filter_map(|w| match (&w.flow, w.flow_ended) {
            (Some(_), None) => None,
            (_, ended) => Some(w.touched.max(ended.unwrap_or_default()) + policy.settle),
        });
        pause.into_iter().chain(confirm).chain(read).chain(over).min()
    }
}
