//! A conversation event as its difference from what the board knows.

use super::{ConversationId, ParticipantSnapshot, Value};
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
}
