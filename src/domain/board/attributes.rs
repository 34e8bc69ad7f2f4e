//! Attributes as they change: into the conversation, its history and the list of changes.

use super::Claims;
use crate::domain::{
    At, Attribute, Attributes, Change, ConversationId, History, HistoryEntry, HistoryLimits, Interner, Key, Moment,
    ParticipantId, Source, Value, history::Step,
};
use compact_str::CompactString;
use jiff::Timestamp;
use rustc_hash::FxHashSet;

/// Writes attribute changes into the history and the list of changes.
pub(super) struct Sink<'a> {
    pub at: At,
    pub source: Source,
    pub event_time: Option<Timestamp>,
    pub first_sight: bool,
    pub conversation: &'a ConversationId,
    pub participant: &'a ParticipantId,
    pub claims: &'a dyn Claims,
    pub history: &'a mut History,
    pub limits: HistoryLimits,
    pub changes: &'a mut Vec<Change>,
}

impl Sink<'_> {
    /// `place`: which of the participant's attributes it is.
    pub fn changed(&mut self, attributes: &mut Attributes, place: usize, new: Value) {
        let old = attributes.replace(place, (&new).into(), Moment::of(self.at.wall));
        if let Some(key) = attributes.key(place) {
            self.record(place, key, old, Some(new));
        }
    }

    pub fn vanished(&mut self, attribute: Attribute<'_>) {
        self.record(0, attribute.key, Some(attribute.value.to_value()), None);
    }

    /// Adds one that came.
    pub fn added(&mut self, to: &mut Attributes, key: &str, value: Value, interner: &mut Interner) {
        let (place, key) = (to.len(), interner.key(key));
        to.push(key.clone(), (&value).into(), Moment::of(self.at.wall));
        self.record(place, &key, None, Some(value));
    }

    fn record(&mut self, place: usize, key: &Key, old: Option<Value>, new: Option<Value>) {
        let ours = self.claims.is_ours(self.conversation, self.participant, key.as_str(), new.as_ref());
        let source = if ours { Source::You } else { self.source };
        // What was there when we came is in `Attribute::changed`; keeping it here too would double the memory.
        if !self.first_sight && self.limits.entries == 0 {
            let participant = self.participant.clone();
            self.history.pass(Step { at: self.at.mono, participant, key: key.clone(), old: old.clone() });
        } else if !self.first_sight {
            let entry = HistoryEntry {
                at: self.at,
                participant: self.participant.clone(),
                key: key.clone(),
                old: old.clone(),
                new: new.clone(),
                source,
                event_time: self.event_time.map(Moment::of),
            };
            self.history.push(entry, self.limits);
        }
        self.changes.push(Change::Attribute {
            conversation: self.conversation.clone(),
            participant: self.participant.clone(),
            key: key.clone(),
            place: place as u32,
            old,
            new,
            source,
            event_time: self.event_time,
            first_sight: self.first_sight,
        });
    }
}

/// Lays a map over what is known. `whole`: keys that it does not carry are gone.
pub(super) fn lay_over(
    known: &mut Attributes,
    told: Vec<(CompactString, Value)>,
    whole: bool,
    interner: &mut Interner,
    sink: &mut Sink<'_>,
) {
    if whole && !known.is_empty() {
        let keys: FxHashSet<&str> = told.iter().map(|(key, _)| key.as_str()).collect();
        let is_told = |place: &usize| known.key(*place).is_some_and(|key| keys.contains(key.as_str()));
        let gone: Vec<usize> = (0..known.len()).filter(|place| !is_told(place)).collect();
        take_away(known, &gone, sink);
    }
    // Of a call that is seen for the first time nothing is known, and no key stands twice in what is told.
    let is_new = known.is_empty();
    if is_new {
        known.expect(told.len(), told.iter().map(|(_, value)| value.as_str().len()).sum());
    }
    for (i, (key, value)) in told.into_iter().enumerate() {
        // The wire keeps its order, so the key is nearly always where it was last time.
        let here = match known.key(i) {
            Some(known) if known.as_str() == key => Some(i),
            _ if is_new => None,
            _ => known.place(&key),
        };
        match here {
            Some(i) if known.at(i).is_some_and(|known| known.value == value) => {}
            Some(i) => sink.changed(known, i, value),
            None => sink.added(known, &key, value, interner),
        }
    }
}

/// Those at these places, in ascending order, are no longer there.
pub(super) fn take_away(known: &mut Attributes, gone: &[usize], sink: &mut Sink<'_>) {
    gone.iter().filter_map(|place| known.at(*place)).for_each(|attribute| sink.vanished(attribute));
    gone.iter().rev().for_each(|place| known.remove(*place));
}
