//! Reads that are older than what events told: they decide nothing, are no news, and are made again.

use super::{BoardEntry, Claims, DisbelievedValue};
use crate::domain::{
    Key, Participant, ParticipantId, ParticipantSnapshot, Snapshot, Value, ValueRef,
    suspect::{Disagreement, PATIENCE, WINDOW, may_be_older},
};
use compact_str::CompactString;
use std::time::Duration;

/// How many values that were not believed are remembered of a call.
const MAX_DISBELIEVED: usize = 64;

impl BoardEntry {
    /// Remembers what this read shows otherwise: it was asked for at `asked` and is not believed.
    pub(super) fn disbelieve(&mut self, read: &Snapshot, asked: Duration) {
        self.disbelieved.retain(|known| known.asked.saturating_add(PATIENCE) > asked);
        for told in &read.participants {
            let known = self.conversation.participant(told.id.as_str()).zip(told.attributes.as_ref());
            for (key, value) in known.into_iter().flat_map(|(known, map)| differences(known, map)) {
                let Some(value) = value else { continue };
                let is_this =
                    |d: &&mut DisbelievedValue| d.participant == told.id && d.key.as_str() == key && d.value == *value;
                if let Some(known) = self.disbelieved.iter_mut().find(is_this) {
                    (known.asked, known.again) = (asked, true);
                } else if self.disbelieved.len() < MAX_DISBELIEVED {
                    let (participant, key, value) = (told.id.clone(), Key::new(key), value.clone());
                    self.disbelieved.push(DisbelievedValue { participant, key, value, asked, again: false });
                }
            }
        }
    }

    /// Whether this read, which left at `asked`, shows something earlier than what was seen before, or may: then it is to be made
    /// again. For a while only: what reads say again and again is so, as far as anybody can tell.
    pub(super) fn is_older(&mut self, read: &Snapshot, asked: Duration, claims: &dyn Claims) -> bool {
        let attributes = read.participants.iter().flat_map(|told| self.newer_attributes(told, asked, claims)).max();
        let Some(since) = attributes.max(self.newer_state(read, asked)) else {
            self.disagreement = None;
            return false;
        };
        let disagreement = self.disagreement.get_or_insert_with(|| Box::new(Disagreement::new(asked, since)));
        let lasts = disagreement.lasts(asked, since);
        if !lasts {
            self.disagreement = None;
        }
        lasts
    }

    /// The attributes that this participant of a read has otherwise, and older, or that may be: see [`Self::newer_value`].
    fn newer_attributes<'a>(
        &'a self,
        told: &'a ParticipantSnapshot,
        asked: Duration,
        claims: &'a dyn Claims,
    ) -> impl Iterator<Item = Duration> + 'a {
        let known = self.conversation.participant(told.id.as_str()).zip(told.attributes.as_ref());
        let others = known.into_iter().flat_map(|(known, map)| differences(known, map));
        others.filter_map(move |(key, value)| self.newer_value(&told.id, key, value, asked, claims))
    }

    /// When the value of this key was first seen, if it is newer than `value` of a read, or may be.
    fn newer_value(
        &self,
        participant: &ParticipantId,
        key: &str,
        value: Option<&Value>,
        asked: Duration,
        claims: &dyn Claims,
    ) -> Option<Duration> {
        let (since, held) = self.history.held(participant, key, value)?;
        // Most keys vanish with nobody: an old read is what lacks one more often.
        let is_earlier = held || value.is_none();
        let ours = || claims.is_ours(&self.conversation.id, participant, key, value);
        // A value of ours that was there before may come from an old read, unless that were older than reads are.
        let is_ours = value.is_some() && (!is_earlier || asked >= since.saturating_add(PATIENCE)) && ours();
        (may_be_older(since, asked, is_earlier) && !is_ours).then_some(since)
    }

    /// When events last told who is there, if this read says otherwise.
    fn newer_state(&self, read: &Snapshot, asked: Duration) -> Option<Duration> {
        // What has ended is no older than anything.
        let told = self.told_states.filter(|_| read.ended.is_none() && !read.partial)?;
        let soon = |window: Duration| asked < told.saturating_add(window);
        let differs = || {
            read.participants.iter().any(|told| {
                self.conversation.participant(told.id.as_str()).is_some_and(|known| is_elsewhere(known, told))
            })
        };
        ((soon(WINDOW) && self.is_late(read)) || (soon(PATIENCE) && differs())).then_some(told)
    }
}

/// The keys that a read has otherwise, each with its value there.
fn differences<'a>(
    known: &'a Participant,
    map: &'a [(CompactString, Value)],
) -> impl Iterator<Item = (&'a str, Option<&'a Value>)> {
    let of = |key: &str| map.iter().find(|(told, _)| told == key).map(|(_, value)| value);
    let here = known.attributes.iter().map(move |a| (a.key.as_str(), of(a.key.as_str()), Some(a.value)));
    let more = map.iter().filter(|(key, _)| known.attributes.get(key).is_none());
    let more = more.map(|(key, value)| (key.as_str(), Some(value), None));
    here.chain(more).filter(|(_, told, known)| told.map(ValueRef::from) != *known).map(|(key, told, _)| (key, told))
}

/// The participant is told in another state or place.
fn is_elsewhere(known: &Participant, told: &ParticipantSnapshot) -> bool {
    fn differs<T: PartialEq>(told: Option<&T>, known: Option<&T>) -> bool {
        told.is_some() && told != known
    }
    differs(told.state.as_ref(), Some(&known.state))
        || differs(told.held.as_ref(), Some(&known.held))
        || differs(told.queue_id.as_ref(), known.queue_id.as_ref())
        || differs(told.user_id.as_ref(), known.user_id.as_ref())
}
