//! One participant's edits: what waits, the one write that is out, and what was accepted and is being watched.

use super::{
    Alarm, AuditOutcome, Base, Loss, NonText, PatchBody, RequestFailure, Wait, WriteId, is_sent,
    trail::{Contradiction, PATIENCE, Trail, Trust},
    types::ByKey,
};
use crate::domain::{At, Key, Media, ParticipantId, Source, Value};
use compact_str::CompactString;
use std::time::Duration;

/// How many earlier values of a cell are remembered to recognise late frames.
const PAST: usize = 16;

/// An edit that is not part of a write.
#[derive(Clone, Debug)]
pub(super) struct QueuedEdit {
    pub base: Base,
    pub mine: String,
    pub marked: bool,
    pub stage: EditStage,
    /// The write that this one takes back.
    pub undoes: Option<WriteId>,
    /// Send again when the flow has ended and wrote back.
    pub again: bool,
    /// What becomes of untouched values that are not text.
    pub non_text: NonText,
    /// It was left by an earlier run, and nobody has touched it since.
    pub earlier: Option<super::Earlier>,
}

impl QueuedEdit {
    pub(super) fn draft(base: Base, mine: String) -> Self {
        Self {
            base,
            mine,
            marked: false,
            stage: EditStage::Draft,
            undoes: None,
            again: false,
            non_text: NonText::Ask,
            earlier: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum EditStage {
    Draft,
    Held { flow: ParticipantId },
    Armed(super::ArmId),
    Queued,
    Conflict { theirs: Option<Value>, maybe_applied: bool },
    Failed(RequestFailure),
}

/// One key of a write.
#[derive(Clone, Debug)]
pub(super) struct QueuedKey {
    pub key: Key,
    pub base: Base,
    pub mine: Value,
    pub undoes: Option<WriteId>,
    pub again: bool,
    pub non_text: NonText,
    /// Values that the key is known to have had before: a frame that carries one of them may be late.
    pub earlier: Vec<Option<Value>>,
    pub phase: Phase,
    /// What was told of it last.
    pub told: Option<AuditOutcome>,
}

/// What is known of the value of an item.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Not seen yet.
    Open,
    /// It was there.
    Seen { at: At, by: Source },
    /// It is not there after the confirmation time.
    Unseen(Alarm),
    /// Another value is there.
    Overwritten { theirs: Option<Value>, at: At },
    /// A newer write of ours carries the key.
    Replaced,
}

impl QueuedKey {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    pub(super) fn is_seen(&self) -> bool {
        matches!(self.phase, Phase::Seen { .. })
    }

    pub(super) fn is_seen_by_read(&self) -> bool {
        matches!(self.phase, Phase::Seen { by: Source::Read, .. })
    }

    /// What there is to tell of it.
    pub(super) fn outcome(&self) -> Option<AuditOutcome> {
        match self.phase {
            Phase::Open | Phase::Replaced => None,
            Phase::Seen { .. } => Some(AuditOutcome::Seen),
            Phase::Unseen(_) => Some(AuditOutcome::Unseen),
            Phase::Overwritten { .. } => Some(AuditOutcome::Overwritten),
        }
    }

    /// The value may be one from before the write.
    pub(super) fn is_earlier(&self, value: Option<&Value>) -> bool {
        self.base.is(value) || self.earlier.iter().any(|v| v.as_ref() == value)
    }

    /// The value is the one wanted: a text, as only texts are ever sent. The text "null" is not the JSON `null`.
    pub(super) fn is_mine(&self, value: Option<&Value>) -> bool {
        value == Some(&self.mine)
    }
}

/// Key, value before, value wanted.
pub(super) fn changes(items: &[QueuedKey]) -> Vec<(Key, Option<Value>, Value)> {
    items.iter().map(|i| (i.key.clone(), i.base.value().cloned(), i.mine.clone())).collect()
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum QueueStep {
    /// The fresh read was asked for at this moment.
    Checking { since: Duration },
    /// Pause before the next fresh read.
    Waiting { until: Duration, why: Wait },
    /// The PATCH is out.
    Sending,
    /// 2xx, or found to be there.
    Accepted { at: At },
}

/// One write.
#[derive(Clone, Debug)]
pub(super) struct QueuedWrite {
    pub id: WriteId,
    pub items: Vec<QueuedKey>,
    pub step: QueueStep,
    /// PATCHes that left.
    pub attempts: u32,
    /// 409 answers.
    pub conflicts: u32,
    /// "Not now" answers.
    pub busy: u32,
    /// Answers lost.
    pub lost_answers: u32,
    /// Reads since the answer was lost.
    pub settle_reads: u32,
    /// Answers that there is no such participant, although a read had just shown it.
    pub missing: u32,
    /// Keys of which reads kept showing older values than the stream, since this write was begun.
    pub distrusted: Vec<Key>,
    /// What must hold on the participant before every PATCH.
    pub conditions: Vec<(Key, Option<Value>)>,
    /// Whether a PATCH of this write may have been applied.
    pub maybe_applied: bool,
    pub status: Option<u16>,
    pub correlation_id: Option<String>,
    /// The last answer that was no success.
    pub refusal: Option<RequestFailure>,
    /// What the last PATCH carried.
    pub body: PatchBody,
    /// What earlier PATCHes carried whose answers were lost: they may be applied late.
    pub stray: Vec<PatchBody>,
    /// The map of the last fresh read.
    pub fresh: Vec<(CompactString, Value)>,
    /// The same, whatever was reported of it since.
    pub read: Vec<(CompactString, Value)>,
    pub first_sent: Option<Duration>,
    pub last_sent: Option<Duration>,
    /// Values of untouched keys that were shown since the fresh read was asked for and differ from it, in order of
    /// first sight: one that comes again may be a late frame.
    pub shown: ByKey<Vec<(Value, Duration)>>,
    /// What reads that were not believed showed of untouched keys since the write left, and the key is known to have held before. Should
    /// it be lost, it may have been that.
    pub contested: ByKey<Vec<Value>>,
    /// Untouched keys that the stream showed as this write leaves them, after something else, with all of its values there: what
    /// they held, and when that was seen, each time. Should they hold something else again before a read decides, it was lost all the same.
    pub suspects: ByKey<Vec<(Vec<Value>, Duration)>>,
    /// Keys untouched by this write that a newer write of ours carries: what becomes of them is its story.
    pub taken: Vec<Key>,
    /// What the fresh read showed of those.
    pub handed: Vec<(CompactString, Value)>,
    /// When something was seen that only a read can decide.
    pub doubt: Option<Duration>,
    /// When the read that decided was asked for.
    pub verified: Option<Duration>,
    /// When it last mattered; the watch ends some time after that.
    pub touched: Duration,
    /// The voice flow that was running when the PATCH left.
    pub flow: Option<ParticipantId>,
    /// When that flow was first seen to have ended.
    pub flow_ended: Option<Duration>,
    pub losses: Vec<Loss>,
    /// When any of its values was first seen.
    pub appeared: Option<Duration>,
    /// One of them was that had not been there before: it was applied.
    pub proven: bool,
    /// Before any of them was, a newer write of ours left that carries all of them: that they are seen does not show that this one
    /// was applied.
    pub echoed: bool,
    /// Keys that it left out were missing when its values were first seen.
    pub left_gone: bool,
    /// It was given back to the operator although a PATCH of it may still be applied: only its costs are watched.
    pub ghost: bool,
}

impl QueuedWrite {
    pub(super) fn new(id: WriteId, items: Vec<QueuedKey>, at: At) -> Self {
        Self {
            id,
            items,
            step: QueueStep::Checking { since: at.mono },
            attempts: 0,
            conflicts: 0,
            busy: 0,
            lost_answers: 0,
            settle_reads: 0,
            missing: 0,
            distrusted: Vec::new(),
            conditions: Vec::new(),
            maybe_applied: false,
            status: None,
            refusal: None,
            correlation_id: None,
            body: PatchBody::default(),
            stray: Vec::new(),
            fresh: Vec::new(),
            read: Vec::new(),
            first_sent: None,
            last_sent: None,
            shown: ByKey::default(),
            suspects: ByKey::default(),
            contested: ByKey::default(),
            taken: Vec::new(),
            handed: Vec::new(),
            doubt: None,
            verified: None,
            touched: at.mono,
            flow: None,
            flow_ended: None,
            losses: Vec::new(),
            appeared: None,
            proven: false,
            echoed: false,
            left_gone: false,
            ghost: false,
        }
    }

    pub(super) fn item(&self, key: &str) -> Option<&QueuedKey> {
        self.items.iter().find(|i| i.key.as_str() == key)
    }

    /// A newer write of ours carries these keys now.
    pub(super) fn hand_over(&mut self, newer: &[QueuedKey]) {
        for QueuedKey { key, .. } in newer {
            match self.items.iter_mut().find(|i| i.key == *key) {
                Some(old) => old.phase = Phase::Replaced,
                None => {
                    self.shown.shift_remove(key);
                    self.suspects.shift_remove(key);
                    self.handed.extend(self.fresh.extract_if(.., |(k, _)| k == key.as_str()));
                    self.taken.push(key.clone());
                }
            }
        }
    }

    /// The newer write does not carry it any more, and was never seen to be there if `unseen`: what became of the key is this write's
    /// story again.
    pub(super) fn take_back(&mut self, key: &Key, unseen: bool) {
        self.taken.retain(|taken| taken != key);
        let handed = self.handed.extract_if(.., |(k, _)| k == key.as_str());
        self.fresh.extend(handed.filter(|_| unseen));
    }

    /// What is left to watch of a write that is given back.
    pub(super) fn ghost(&self, at: At) -> Option<Self> {
        let mut ghost = self.maybe_applied.then(|| self.clone())?;
        ghost.ghost = true;
        // A last try that was refused was not applied; the one before it, whose answer was lost, may be.
        if let Some(lost) = ghost.stray.last() {
            ghost.body.clone_from(lost);
        }
        ghost.step = QueueStep::Accepted { at };
        ghost.touched = at.mono;
        ghost.items.iter_mut().for_each(|i| i.phase = Phase::Replaced);
        Some(ghost)
    }

    /// What becomes of this key is not for this write to say: it carries it, or a newer one of ours does.
    pub(super) fn is_own(&self, key: &str) -> bool {
        self.item(key).is_some() || self.taken.iter().any(|k| k.as_str() == key)
    }

    /// It shows that it was applied: all of it is there, and some of it was not there before. Not where another value took the
    /// place of one of its own: a map with ours may then be older.
    pub(super) fn is_shown_by(&self, map: &[(CompactString, Value)]) -> bool {
        let mut open = self.items.iter().filter(|item| !matches!(item.phase, Phase::Replaced));
        let overwritten = self.items.iter().any(|item| matches!(item.phase, Phase::Overwritten { .. }));
        !overwritten && !self.echoed && self.is_in(map) && open.any(|item| !item.is_earlier(Some(&item.mine)))
    }

    /// Everything of it is there that no newer write of ours replaced, and there is some of that.
    pub(super) fn is_in(&self, map: &[(CompactString, Value)]) -> bool {
        let there = |item: &QueuedKey| map.iter().find(|(key, _)| key == item.key.as_str()).map(|(_, value)| value);
        let mut live = self.items.iter().filter(|item| !matches!(item.phase, Phase::Replaced)).peekable();
        live.peek().is_some() && live.all(|item| item.is_mine(there(item)))
    }

    /// Some of it was not there before: where it is seen, it was applied.
    pub(super) fn is_new(&self) -> bool {
        !self.echoed && self.items.iter().any(|item| !item.is_earlier(Some(&item.mine)))
    }

    /// When the last value of it was seen.
    pub(super) fn seen_at(&self) -> Option<Duration> {
        let seen = self.items.iter().filter_map(|item| match item.phase {
            Phase::Seen { at, .. } => Some(at.mono),
            _ => None,
        });
        seen.max()
    }

    /// Nothing is open any more.
    pub(super) fn is_decided(&self) -> bool {
        self.items.iter().all(|i| !i.is_open())
    }

    /// Something was seen that a later read has not decided yet.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubt.is_some_and(|doubt| self.verified.is_none_or(|verified| verified < doubt))
    }

    pub(super) fn accepted_at(&self) -> Option<At> {
        match self.step {
            QueueStep::Accepted { at } => Some(at),
            _ => None,
        }
    }
}

/// Everything about one participant.
#[derive(Clone, Debug, Default)]
pub(super) struct ParticipantQueue {
    pub edits: ByKey<QueuedEdit>,
    pub writing: Option<QueuedWrite>,
    /// Accepted writes, oldest first.
    pub sent: Vec<QueuedWrite>,
    /// The participant's medium.
    pub media: Media,
    /// The voice flow that runs on the conversation.
    pub flow: Option<ParticipantId>,
    /// The participant has left.
    pub ended: bool,
    /// The map as last observed.
    pub last: ByKey<Value>,
    /// What every key was seen to hold since the first commit, to recognise reads that are older.
    pub trail: Trail,
    /// What the next write requires.
    pub conditions: Vec<(Key, Option<Value>)>,
    /// What edited keys were seen to hold.
    pub past: ByKey<Vec<Option<Value>>>,
    /// Moments after which a read has to be asked for, to decide what was seen by then.
    pub wants: Vec<Duration>,
    /// No deciding read is asked for before: the pauses between them grow, since a busy call has news all the time.
    pub not_before: Duration,
    /// Deciding reads asked for.
    pub reads: u32,
    /// Deciding reads that failed in a row.
    pub failures: u32,
    /// The write for which a deciding read is out.
    pub reading: Option<WriteId>,
}

impl ParticipantQueue {
    /// The newest accepted write that carries this key, and the item.
    pub(super) fn sent_item(&self, key: &str) -> Option<(&QueuedWrite, &QueuedKey)> {
        self.sent.iter().rev().find_map(|w| w.item(key).map(|i| (w, i)))
    }

    /// Somebody edits this key here.
    pub(super) fn is_edited(&self, key: &str) -> bool {
        self.edits.contains_key(key)
            || self.writing.iter().chain(&self.sent).any(|w| w.items.iter().any(|i| i.key.as_str() == key))
    }

    /// Remembers that the key held this value.
    pub(super) fn remember(&mut self, key: &Key, value: Option<Value>) {
        let past = self.past.entry(key.clone()).or_default();
        if past.last() != Some(&value) {
            if past.len() == PAST {
                past.remove(0);
            }
            past.push(value);
        }
    }

    /// The keys of a write of which a PATCH is out or may have been applied: newer values than anything accepted. One that was
    /// refused and waits to be sent again explains nothing that is there.
    pub(super) fn sending(&self) -> Vec<Key> {
        let write = self.writing.iter().filter(|w| w.step == QueueStep::Sending || w.maybe_applied);
        write.flat_map(|w| &w.items).map(|i| i.key.clone()).collect()
    }

    /// Whether a read may be taken for what is there.
    pub(super) fn trust(&mut self, map: &[(CompactString, Value)], asked: Duration) -> Trust {
        if self.trail.is_empty() && self.writing.is_none() && self.sent.is_empty() {
            // The commit takes over what the board has seen by then; this read may be older than that.
            return Trust::Fresh;
        }
        let edited: Vec<&Key> = self.writing.iter().chain(&self.sent).flat_map(|w| &w.items).map(|i| &i.key).collect();
        let sent = |w: &&QueuedWrite| w.first_sent.is_some_and(|sent| sent <= asked);
        let sent: Vec<&QueuedWrite> = self.writing.iter().chain(&self.sent).filter(sent).collect();
        let is_edit = |c: &Contradiction<'_>| {
            let mut items = sent.iter().flat_map(|w| w.items.iter().map(|item| (w.ghost, item)));
            // A value that was there before may come from an old read, unless that were older than reads are. So may one that a lost
            // try can have brought long since.
            let is_late = asked >= c.since + PATIENCE;
            let is_ours = |item: &QueuedKey| item.key.as_str() == c.key && item.is_mine(c.value);
            let is_news = |ghost: bool, item: &QueuedKey| c.is_new && !ghost && !item.is_earlier(c.value);
            !c.agrees && items.any(|(ghost, item)| is_ours(item) && (is_late || is_news(ghost, item)))
        };
        // The first read that shows our write is from after it: what else that write did is in it, too.
        let applied: Vec<&&QueuedWrite> = sent.iter().filter(|w| w.verified.is_none() && w.is_shown_by(map)).collect();
        let is_cost = |c: &Contradiction<'_>| {
            let before = |appeared| c.since < appeared || (c.agrees && c.since == appeared);
            let mut writes = applied.iter().filter(|w| w.appeared.is_none_or(before));
            writes.any(|w| match (c.value, w.body.get(c.key)) {
                (Some(value), Some(text)) => is_sent(text, value),
                (value, text) => value.is_none() && text.is_none(),
            })
        };
        // That an edited key was changed is no reason to wait: it is a conflict, or overwritten.
        let is_asked_for = |c: &Contradiction<'_>| c.is_retold && edited.iter().any(|key| key.as_str() == c.key);
        let trust = self.trail.judge(map, asked, |c| is_asked_for(c) || is_edit(c) || is_cost(c));
        if let (Trust::Stubborn(keys), Some(write)) = (&trust, &mut self.writing) {
            write.distrusted.extend(keys.iter().cloned());
        }
        trust
    }

    pub(super) fn is_idle(&self) -> bool {
        self.edits.is_empty() && self.writing.is_none() && self.sent.is_empty()
    }

    /// Wants a read that is asked for at `moment` or later.
    pub(super) fn ask(&mut self, moment: Duration) {
        if !self.wants.contains(&moment) {
            self.wants.push(moment);
        }
    }

    /// When the next deciding read is due.
    pub(super) fn next_read(&self) -> Option<Duration> {
        let wanted = self.wants.iter().min().filter(|_| self.reading.is_none())?;
        Some(self.not_before.max(*wanted))
    }
}
