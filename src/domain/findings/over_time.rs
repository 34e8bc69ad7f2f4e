//! Rules about what happened to a key: each looks at one change as it is observed.

use super::RuleId;
use super::notes::Notes;
use super::shown::{shown_delay, shown_key, shown_value};
use crate::domain::expect::{Milestones, Passed};
use crate::domain::{At, Conversation, Key, ParticipantId, Source, Value};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// What is remembered of the changes of one call. Kept here and not read from the history, which may be short.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// A list, because few keys of a call change under our eyes; in the order in which they first did.
    cells: Vec<ChangedCell>,
    /// Keys that vanished a moment ago.
    vanished: Vec<Vanished>,
}

/// What is remembered of one key that changed. There are dozens of them on each call, so it is small.
#[derive(Clone, Debug)]
struct ChangedCell {
    key: Key,
    /// The value before the last change, hashed.
    before: u64,
    /// When it changed last, in nanoseconds.
    at: u64,
    /// What most have none of.
    rare: Option<Box<RareTraces>>,
    /// Which of the call's participants it is on.
    participant: u16,
    /// Returns in a row to the value before.
    returns: u16,
}

/// What is remembered of a key that this operator wrote, or that changed while a flow was running.
#[derive(Clone, Debug, Default)]
struct RareTraces {
    /// Values that were replaced while a flow was running, hashed: the last ones, each in the place after the one before it.
    replaced: [u64; REPLACED],
    /// How many were replaced.
    count: u32,
    /// What fewer have.
    rarer: Option<Box<RarerTraces>>,
}

/// What is remembered of a key that this operator wrote, or to which a replaced value came back.
#[derive(Clone, Debug, Default)]
struct RarerTraces {
    /// The operator's own value, while it is there as far as was seen.
    ours: Option<Value>,
    /// From what and to what it changed last, if somebody else brought back a replaced value while a flow was running.
    last: Option<(Option<Value>, Option<Value>)>,
}

/// Of a key that has not changed yet.
const NEVER: u64 = u64::MAX;

/// Replaced values that are remembered of one key.
const REPLACED: usize = 8;

#[derive(Clone, Debug)]
struct Vanished {
    participant: ParticipantId,
    key: Key,
    old: Value,
    at: At,
}

/// One change of one attribute, as the board reported it.
pub(super) struct AttributeChange<'a> {
    pub participant: &'a ParticipantId,
    pub key: &'a Key,
    pub old: Option<&'a Value>,
    pub new: Option<&'a Value>,
    pub source: Source,
}

impl Trace {
    /// This key changed under our eyes before.
    pub(super) fn knows(&self, call: &Conversation, participant: &ParticipantId, key: &Key) -> bool {
        self.position(place(call, participant), key).is_some()
    }

    /// Looks at one change. The milestones know of everything up to and including this moment.
    pub(super) fn examine(
        &mut self,
        change: &AttributeChange<'_>,
        call: &Conversation,
        milestones: &Milestones,
        notes: &mut Notes<'_>,
    ) {
        after_end(change, milestones, notes);
        match (change.old, change.new) {
            (Some(old), None)
                if change.source != Source::You && !is_blank(old) && notes.is_within(notes.tuning().transfer) =>
            {
                self.gone(change, old, call, notes)
            }
            (None, Some(_)) => {
                self.vanished.retain(|v| v.participant != *change.participant || v.key != *change.key);
                notes.drop(RuleId::LostOnTransfer, change.participant, change.key);
            }
            _ => {}
        }
        let now = notes.now();
        let cell = self.cell(change, call);
        cell.flapping(change, notes);
        let ended = milestones
            .flow_ends()
            .last()
            .filter(|end| now.mono.checked_sub(end.mono).is_some_and(|since| since <= notes.tuning().write_back))
            .filter(|_| notes.is_within(notes.tuning().write_back));
        if change.source == Source::You {
            notes.drop(RuleId::Overwritten, change.participant, change.key);
            notes.drop(RuleId::FlowWroteBack, change.participant, change.key);
        } else if ended.is_some() && cell.is_write_back(change.new) {
            cell.take_ours(|_| true);
            write_back(change.participant, change.key, change.old, change.new, notes);
        } else if let (Some(end), Some(_)) = (ended, change.new)
            && cell.at().is_some_and(|at| at < end.mono)
            && cell.take_ours(|mine| Some(mine) != change.new).is_some()
        {
            write_back(change.participant, change.key, change.old, change.new, notes);
        } else if let Some(mine) = cell.take_ours(|mine| Some(mine) != change.new) {
            let now = match change.new {
                Some(new) => format!("now it is {}", shown_value(new.as_str())),
                None => "now it is gone".to_owned(),
            };
            let message =
                format!("{} was yours, {}; {now}", shown_key(change.key.as_str()), shown_value(mine.as_str()));
            notes.add(RuleId::Overwritten, None, Some(change.participant), Some(change.key), message);
        }
        cell.remember(change, now, milestones.flow_runs());
    }

    /// Keys are told apart by their places: the board shares them.
    fn position(&self, participant: u16, key: &Key) -> Option<usize> {
        self.cells.iter().position(|cell| cell.key.place() == key.place() && cell.participant == participant)
    }

    fn cell(&mut self, change: &AttributeChange<'_>, call: &Conversation) -> &mut ChangedCell {
        let participant = place(call, change.participant);
        let at = self.position(participant, change.key).unwrap_or_else(|| {
            if self.cells.len() == self.cells.capacity() {
                // There are as many of these lists as calls.
                self.cells.reserve_exact(self.cells.len() / 4 + 1);
            }
            let key = change.key.clone();
            self.cells.push(ChangedCell { key, before: 0, at: NEVER, rare: None, participant, returns: 0 });
            self.cells.len() - 1
        });
        &mut self.cells[at]
    }

    fn gone(&mut self, change: &AttributeChange<'_>, old: &Value, call: &Conversation, notes: &mut Notes<'_>) {
        let lost = Vanished {
            participant: change.participant.clone(),
            key: change.key.clone(),
            old: old.clone(),
            at: notes.now(),
        };
        if joined_lately(call, &lost, notes) {
            lost.note(notes);
            return;
        }
        let window = notes.tuning().transfer;
        self.vanished.retain(|v| lost.at.mono.saturating_sub(v.at.mono) <= window);
        self.vanished.push(lost);
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
    pub(super) fn flow_ended(&mut self, call: &Conversation, notes: &mut Notes<'_>) {
        let (now, same_moment) = (notes.now(), notes.tuning().same_moment);
        if !notes.is_within(same_moment) {
            return;
        }
        for cell in &self.cells {
            let is_of_now = cell.at().is_some_and(|at| at < now.mono && now.mono - at <= same_moment);
            let last = cell.rare.as_ref().and_then(|rare| rare.rarer.as_ref()?.last.as_ref()).filter(|_| is_of_now);
            let participant = call.participants.get(usize::from(cell.participant));
            if let (Some((old, new)), Some(participant)) = (last, participant) {
                write_back(&participant.id, &cell.key, old.as_ref(), new.as_ref(), notes);
            }
        }
    }
}

/// Which of the call's participants this is: they stay in the order in which they came.
fn place(call: &Conversation, participant: &ParticipantId) -> u16 {
    let place = call.participants.iter().position(|known| known.id == *participant);
    place.and_then(|place| u16::try_from(place).ok()).unwrap_or(u16::MAX)
}

impl ChangedCell {
    fn at(&self) -> Option<Duration> {
        (self.at != NEVER).then(|| Duration::from_nanos(self.at))
    }

    /// Forgets the operator's own value, if `is` holds for it.
    fn take_ours(&mut self, is: impl FnOnce(&Value) -> bool) -> Option<Value> {
        self.rare.as_mut()?.rarer.as_mut()?.ours.take_if(|mine| is(mine))
    }

    /// The value went back to one that was replaced while the flow was running.
    fn is_write_back(&self, new: Option<&Value>) -> bool {
        let Some(rare) = &self.rare else { return false };
        let replaced = &rare.replaced[..REPLACED.min(rare.count as usize)];
        !replaced.is_empty() && new.is_some_and(|v| !is_blank(v)) && replaced.contains(&hash(new))
    }

    fn remember(&mut self, change: &AttributeChange<'_>, now: At, flow_runs: bool) {
        self.before = hash(change.old);
        self.at = u64::try_from(now.mono.as_nanos()).unwrap_or(NEVER - 1);
        if change.source == Source::You {
            self.rare.get_or_insert_default().rarer.get_or_insert_default().ours = change.new.cloned();
        }
        if flow_runs {
            let rare = self.rare.get_or_insert_default();
            rare.replaced[rare.count as usize % REPLACED] = self.before;
            rare.count = rare.count.saturating_add(1);
        }
        let came_back = flow_runs && change.source != Source::You && self.is_write_back(change.new);
        let Some(rare) = &mut self.rare else { return };
        if came_back {
            rare.rarer.get_or_insert_default().last = Some((change.old.cloned(), change.new.cloned()));
        } else if let Some(rarer) = &mut rare.rarer {
            rarer.last = None;
        }
    }

    fn flapping(&mut self, change: &AttributeChange<'_>, notes: &mut Notes<'_>) {
        let (now, tuning) = (notes.now(), notes.tuning());
        let Some(at) = self.at() else { return };
        let paused = now.mono.saturating_sub(at) > tuning.flap_pause;
        let returned = hash(change.new) == self.before && at != now.mono;
        self.returns = if returned && !paused { self.returns.saturating_add(1) } else { 0 };
        if u32::from(self.returns) >= tuning.flap_returns {
            let shown = |v: Option<&Value>| v.map_or("absent".to_owned(), |v| shown_value(v.as_str()));
            let mut values = [shown(change.old), shown(change.new)];
            // In one order, whichever came last, so that the finding does not flap too.
            values.sort();
            let [one, other] = values;
            let message = format!("{} goes back and forth between {one} and {other}", shown_key(change.key.as_str()));
            notes.add(RuleId::Flapping, None, Some(change.participant), Some(change.key), message);
        }
    }
}

fn after_end(change: &AttributeChange<'_>, milestones: &Milestones, notes: &mut Notes<'_>) {
    // What a read tells may have happened at any time since the last one.
    if change.source == Source::Read {
        return;
    }
    let key = || shown_key(change.key.as_str());
    let message = match milestones.ended() {
        Some(Passed::At(end)) => {
            let since = notes.now().mono.saturating_sub(end.mono);
            (since > notes.tuning().after_end)
                .then(|| format!("{} changed {} after the call had ended", key(), shown_delay(since)))
        }
        Some(Passed::Before) => Some(format!("{} changed after the call had ended", key())),
        None => None,
    };
    if let Some(message) = message {
        notes.add(RuleId::SetAfterEnd, None, Some(change.participant), Some(change.key), message);
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

fn write_back(participant: &ParticipantId, key: &Key, old: Option<&Value>, new: Option<&Value>, notes: &mut Notes<'_>) {
    let shown = |v: Option<&Value>| v.map_or("absent".to_owned(), |v| shown_value(v.as_str()));
    let message =
        format!("{} was {} until the flow ended and made it {}", shown_key(key.as_str()), shown(old), shown(new));
    notes.add(RuleId::FlowWroteBack, None, Some(participant), Some(key), message);
}

fn is_blank(value: &Value) -> bool {
    value.as_str().trim().is_empty()
}

fn hash(value: Option<&Value>) -> u64 {
    let mut hasher = FxHasher::default();
    value.map(Value::as_str).hash(&mut hasher);
    hasher.finish()
}
