//! A conversation event as its difference from what the board knows.

use super::{Board, Conversation, ConversationId, Participant, ParticipantSnapshot, Snapshot, Value};
use compact_str::CompactString;

/// A conversation event as its difference from what the board knows, of which it tells all participants: most of an
/// event repeats what is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// The conversation.
    pub conversation: ConversationId,
    /// What it differs from: [`super::KnownState::base`]. It means nothing on top of anything else.
    pub base: u64,
    /// The event that the conversation is as told by, once this is applied: [`super::KnownState::event`].
    pub event: u64,
    /// The known participants whose attribute maps it tells, by their places: a bit each, of the first 64.
    pub maps: u64,
    /// Known participants of whom something is new, in the order of the event.
    pub participants: Vec<ParticipantDelta>,
    /// Participants who are not known, after those.
    pub joined: Vec<ParticipantSnapshot>,
}

/// What is new about a known participant.
#[derive(Clone, Debug, PartialEq)]
pub struct ParticipantDelta {
    /// Which of the conversation's participants.
    pub place: usize,
    /// What it is, its attributes apart; `None` when that is known.
    pub facts: Option<Box<ParticipantSnapshot>>,
    /// Attributes with another value and new ones, in the order of the event.
    pub attributes: Vec<AttributeDelta>,
    /// Places of the known attributes that it no longer has, in ascending order.
    pub gone: Vec<usize>,
}

/// What is new about an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeDelta {
    /// It has another value.
    Value {
        /// Which of the participant's attributes.
        place: usize,
        /// Its value now.
        value: Value,
    },
    /// It came.
    New {
        /// Its key.
        key: CompactString,
        /// Its value.
        value: Value,
    },
}

impl Delta {
    /// It tells more than attributes: who is there, or where.
    pub fn tells_states(&self) -> bool {
        !self.joined.is_empty() || self.participants.iter().any(|told| told.facts.is_some())
    }

    /// The event that it stands for, with what is known filled in; `None` on any board but the one that it was compared with,
    /// before it is applied to that.
    pub fn whole(&self, board: &Board) -> Option<Snapshot> {
        self.snapshot(board, |place| place < 64 && self.maps & (1 << place) != 0)
    }

    /// As [`Self::whole`], without any attributes.
    pub fn states(&self, board: &Board) -> Option<Snapshot> {
        self.snapshot(board, |_| false)
    }

    fn snapshot(&self, board: &Board, has_map: impl Fn(usize) -> bool) -> Option<Snapshot> {
        let known = board.known(self.conversation.as_str()).filter(|known| known.base == self.base)?;
        let Conversation { participants, .. } = known.conversation;
        let mut whole: Vec<ParticipantSnapshot> = Vec::with_capacity(participants.len() + self.joined.len());
        for (place, participant) in participants.iter().enumerate() {
            let news = self.participants.iter().find(|told| told.place == place);
            whole.push(told_again(participant, news, has_map(place)));
        }
        whole.extend(self.joined.iter().cloned());
        Some(Snapshot { id: self.conversation.clone(), participants: whole, ..Snapshot::default() })
    }
}

fn told_again(known: &Participant, news: Option<&ParticipantDelta>, has_map: bool) -> ParticipantSnapshot {
    let facts = news.and_then(|news| news.facts.as_deref()).cloned().unwrap_or_else(|| ParticipantSnapshot {
        id: known.id.clone(),
        purpose: known.purpose.clone(),
        user_id: known.user_id.clone(),
        queue_id: known.queue_id.clone(),
        connected: known.connected,
        ended: known.ended,
        state: Some(known.state.clone()),
        held: Some(known.held),
        media: known.media,
        ..ParticipantSnapshot::default()
    });
    ParticipantSnapshot { attributes: has_map.then(|| map(known, news)), ..facts }
}

fn map(known: &Participant, news: Option<&ParticipantDelta>) -> Vec<(CompactString, Value)> {
    let mut map: Vec<(CompactString, Value)> =
        known.attributes.iter().map(|a| (CompactString::new(a.key.as_str()), a.value.clone())).collect();
    let Some(news) = news else { return map };
    for told in &news.attributes {
        match told {
            AttributeDelta::Value { place, value } => {
                if let Some(slot) = map.get_mut(*place) {
                    slot.1 = value.clone();
                }
            }
            AttributeDelta::New { key, value } => map.push((key.clone(), value.clone())),
        }
    }
    for place in news.gone.iter().rev().filter(|place| **place < known.attributes.len()) {
        map.remove(*place);
    }
    map
}
