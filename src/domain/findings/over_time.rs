//! Rules about what happened to a key: each looks at one change as it is observed.

use super::RuleId;
use super::examiner::Notes;
use super::shown::{shown_delay, shown_key, shown_value};
use crate::domain::expect::{Milestones, Passed, is_flow};
use crate::domain::{At, Conversation, Entry, HistoryEntry, Key, Participant, ParticipantId, Source, Value};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// The end of a flow and what it writes come in two events; the second may be first by this much.
const SAME_MOMENT: Duration = Duration::from_millis(50);

/// What is remembered of the changes of one call.
#[derive(Debug, Default)]
pub(super) struct Trace {
    flaps: FxHashMap<(ParticipantId, Key), Flap>,
    /// Keys that carry the operator's own value, as far as was seen.
    ours: FxHashMap<(ParticipantId, Key), Value>,
    /// Keys that vanished a moment ago.
    vanished: Vec<Vanished>,
}

#[derive(Clone, Copy, Debug)]
struct Flap {
    /// The value before the last change, hashed.
    before: u64,
    returns: u32,
    at: At,
}

#[derive(Debug)]
struct Vanished {
    participant: ParticipantId,
    key: Key,
    old: Value,
    at: At,
}

/// One change of one attribute, as the board reported it.
pub(super) struct Change<'a> {
    pub participant: &'a ParticipantId,
    pub key: &'a Key,
    pub old: Option<&'a Value>,
    pub new: Option<&'a Value>,
    pub source: Source,
}

impl Change<'_> {
    fn cell(&self) -> (ParticipantId, Key) {
        (self.participant.clone(), self.key.clone())
    }
}

impl Trace {
    /// Looks at one change. The milestones know of everything up to and including this moment.
    pub(super) fn examine(
        &mut self,
        change: &Change<'_>,
        entry: &Entry,
        milestones: &Milestones,
        notes: &mut Notes<'_>,
    ) {
        self.flapping(change, notes);
        self.after_end(change, milestones, notes);
        let call = &entry.conversation;
        match (change.old, change.new) {
            (Some(old), None) if change.source != Source::You && !is_blank(old) => {
                let lost = Vanished {
                    participant: change.participant.clone(),
                    key: change.key.clone(),
                    old: old.clone(),
                    at: notes.now(),
                };
                if joined_lately(call, &lost, notes) {
                    lost.note(notes);
                } else {
                    let window = notes.tuning().transfer;
                    self.vanished.retain(|v| lost.at.mono.saturating_sub(v.at.mono) <= window);
                    self.vanished.push(lost);
                }
            }
            (None, Some(_)) => {
                self.vanished.retain(|v| v.participant != *change.participant || v.key != *change.key);
                notes.drop(RuleId::LostOnTransfer, change.participant, change.key);
            }
            _ => {}
        }
        if change.source == Source::You {
            if let Some(new) = change.new {
                self.ours.insert(change.cell(), new.clone());
            }
            notes.drop(RuleId::Overwritten, change.participant, change.key);
            notes.drop(RuleId::FlowWroteBack, change.participant, change.key);
            return;
        }
        let mine = self.ours.remove(&change.cell()).filter(|mine| Some(mine) != change.new);
        let flow_end = milestones.flow_ends().iter().rev().find(|end| {
            let since = notes.now().mono.checked_sub(end.mono);
            since.is_some_and(|since| since <= notes.tuning().write_back)
        });
        if let Some(end) = flow_end {
            let now = notes.now();
            if write_back(change.participant, change.key, change.new, entry, *end, now, mine.as_ref(), notes) {
                return;
            }
        }
        if let Some(mine) = mine {
            let now = match change.new {
                Some(new) => format!("now it is {}", shown_value(new.as_str())),
                None => "now it is gone".to_owned(),
            };
            let message =
                format!("{} was yours, {}; {now}", shown_key(change.key.as_str()), shown_value(mine.as_str()));
            notes.add(RuleId::Overwritten, None, Some(change.participant), Some(change.key), message);
        }
    }

    fn flapping(&mut self, change: &Change<'_>, notes: &mut Notes<'_>) {
        let (now, tuning) = (notes.now(), notes.tuning());
        let before = hash(change.old);
        let after = hash(change.new);
        let fresh = Flap { before, returns: 0, at: now };
        let flap = self.flaps.entry(change.cell()).or_insert(fresh);
        let paused = now.mono.saturating_sub(flap.at.mono) > tuning.flap_pause;
        let returned = after == flap.before && after != before && flap.at != now;
        flap.returns = if returned && !paused { flap.returns + 1 } else { 0 };
        (flap.before, flap.at) = (before, now);
        if flap.returns >= tuning.flap_returns {
            let value = |v: Option<&Value>| v.map_or("absent".to_owned(), |v| shown_value(v.as_str()));
            let message = format!(
                "{} goes back and forth between {} and {}",
                shown_key(change.key.as_str()),
                // In one order, whichever came last, so that the finding does not flap too.
                value(change.old.min_by_text(change.new)),
                value(change.old.max_by_text(change.new)),
            );
            notes.add(RuleId::Flapping, None, Some(change.participant), Some(change.key), message);
        }
    }

    fn after_end(&self, change: &Change<'_>, milestones: &Milestones, notes: &mut Notes<'_>) {
        // What a read tells may have happened at any time since the last one.
        if change.source == Source::Read {
            return;
        }
        let key = shown_key(change.key.as_str());
        let message = match milestones.ended() {
            Some(Passed::At(end)) => {
                let since = notes.now().mono.saturating_sub(end.mono);
                (since > notes.tuning().after_end)
                    .then(|| format!("{key} changed {} after the call had ended", shown_delay(since)))
            }
            Some(Passed::Before) => Some(format!("{key} changed after the call had ended")),
            None => None,
        };
        if let Some(message) = message {
            notes.add(RuleId::SetAfterEnd, None, Some(change.participant), Some(change.key), message);
        }
    }

    /// A participant joined: what vanished just before went with the transfer.
    pub(super) fn joined(&mut self, notes: &mut Notes<'_>) {
        let (now, transfer) = (notes.now(), notes.tuning().transfer);
        for lost in self.vanished.drain(..) {
            if now.mono.saturating_sub(lost.at.mono) <= transfer {
                lost.note(notes);
            }
        }
    }

    /// A flow has just ended: what changed a moment ago may have been its doing.
    pub(super) fn flow_ended(&mut self, entry: &Entry, notes: &mut Notes<'_>) {
        let now = notes.now();
        let recent = |e: &&HistoryEntry| e.at != now && now.mono.saturating_sub(e.at.mono) <= SAME_MOMENT;
        for change in entry.history.iter().rev().take_while(recent).filter(|e| e.source != Source::You) {
            write_back(&change.participant, &change.key, change.new.as_ref(), entry, now, change.at, None, notes);
        }
    }
}

impl Vanished {
    fn note(&self, notes: &mut Notes<'_>) {
        let message = format!(
            "{} vanished on a transfer; it was {}",
            shown_key(self.key.as_str()),
            shown_value(self.old.as_str())
        );
        notes.add(RuleId::LostOnTransfer, None, Some(&self.participant), Some(&self.key), message);
    }
}

/// Another participant than the one that lost the key joined close to that moment, and not at first sight of the call.
fn joined_lately(call: &Conversation, lost: &Vanished, notes: &Notes<'_>) -> bool {
    let window = notes.tuning().transfer;
    call.participants.iter().any(|p| {
        let since = Duration::try_from(lost.at.wall.duration_since(p.first_seen));
        p.id != lost.participant && p.first_seen != call.first_seen.wall && since.is_ok_and(|since| since <= window)
    })
}

/// Notes a change at `at` to `new` as the doing of the flow that ended at `end`: the value went back to what it was
/// before somebody changed it while the flow was running, or took the place of the operator's edit.
#[expect(clippy::too_many_arguments, reason = "one change in its parts: history and board name them differently")]
fn write_back(
    participant: &ParticipantId,
    key: &Key,
    new: Option<&Value>,
    entry: &Entry,
    end: At,
    at: At,
    mine: Option<&Value>,
    notes: &mut Notes<'_>,
) -> bool {
    let Some(new) = new.filter(|v| !is_blank(v)) else { return false };
    let flows: Vec<&Participant> = entry.conversation.participants.iter().filter(|p| is_flow(p)).collect();
    let between = |e: &&HistoryEntry| {
        e.at.mono < at.mono && e.at.mono < end.mono && flows.iter().any(|f| f.first_seen <= e.at.wall)
    };
    let replaced = entry.history.of(participant, key.as_str()).filter(between).find(|e| {
        let put_back = e.old.as_ref() == Some(new);
        let ours = e.source == Source::You && mine.is_some();
        e.new.as_ref() != Some(new) && (put_back || ours)
    });
    let Some(replaced) = replaced.and_then(|e| e.new.as_ref()) else { return false };
    let message = format!(
        "{} was {} until the flow ended and made it {}",
        shown_key(key.as_str()),
        shown_value(replaced.as_str()),
        shown_value(new.as_str())
    );
    notes.add(RuleId::FlowWroteBack, None, Some(participant), Some(key), message);
    true
}

fn is_blank(value: &Value) -> bool {
    value.as_str().trim().is_empty()
}

fn hash(value: Option<&Value>) -> u64 {
    let mut hasher = FxHasher::default();
    value.map(Value::as_str).hash(&mut hasher);
    hasher.finish()
}

trait ByText: Copy {
    fn min_by_text(self, other: Self) -> Self;
    fn max_by_text(self, other: Self) -> Self;
}

impl ByText for Option<&Value> {
    fn min_by_text(self, other: Self) -> Self {
        if self.map(Value::as_str) <= other.map(Value::as_str) { self } else { other }
    }

    fn max_by_text(self, other: Self) -> Self {
        if self.map(Value::as_str) <= other.map(Value::as_str) { other } else { self }
    }
}
