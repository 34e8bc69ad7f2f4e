//! Attributes as they change: into the conversation, its history and the list of changes.

use super::Claims;
use crate::domain::{
    At, Attribute, Attributes, Change, ConversationId, History, HistoryEntry, HistoryLimits, Interner, Key, Moment,
    ParticipantId, Source, Value, history::Step,
};
use compact_str::CompactString;
use jiff::Timestamp;

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
    pub fn changed(&mut self, place: usize, attribute: &mut Attribute, new: Value) {
        let old = std::mem::replace(&mut attribute.value, new);
        attribute.changed = Moment::of(self.at.wall);
        self.record(place, &attribute.key, Some(old), Some(attribute.value.clone()));
    }

    pub fn vanished(&mut self, attribute: &Attribute) {
        self.record(0, &attribute.key, Some(attribute.value.clone()), None);
    }

    /// Adds one that came.
    pub fn added(&mut self, to: &mut Attributes, key: &str, value: Value, interner: &mut Interner) {
        let attribute = Attribute { key: interner.key(key), value, changed: Moment::of(self.at.wall) };
        self.record(to.len(), &attribute.key, None, Some(attribute.value.clone()));
        to.push(attribute);
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
    if whole && known.0.iter().any(|a| !told.iter().any(|(key, _)| a.key.as_str() == key)) {
        let (keep, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut known.0)
            .into_iter()
            .partition(|a: &Attribute| told.iter().any(|(key, _)| a.key.as_str() == key));
        known.0 = keep;
        gone.iter().for_each(|attribute| sink.vanished(attribute));
    }
    if known.0.is_empty() {
        known.0.reserve_exact(told.len());
    }
    for (i, (key, value)) in told.into_iter().enumerate() {
        // The wire keeps its order, so the key is nearly always where it was last time.
        let here = match known.0.get(i) {
            Some(a) if a.key.as_str() == key => Some(i),
            _ => known.0.iter().position(|a| a.key.as_str() == key),
        };
        match here {
            Some(i) if known.0[i].value == value => {}
            Some(i) => sink.changed(i, &mut known.0[i], value),
            None => sink.added(known, &key, value, interner),
        }
    }
}
