//! What a board reports when something changed: the facts that screens, history and NDJSON are made of.

use super::{ConversationId, Key, ParticipantId, Value};
use jiff::Timestamp;

/// By what a change was observed (contract: `source`). It never claims *who* wrote: no payload names a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A conversation event.
    Stream,
    /// A REST read.
    Read,
    /// The attributes detail event.
    Event,
    /// This operator's own edit, seen again.
    You,
}

impl Source {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Read => "read",
            Self::Event => "event",
            Self::You => "you",
        }
    }
}

/// What happened to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConversationChange {
    /// First sight.
    Started,
    /// A fact about the conversation itself changed (medium, address, queue).
    Updated,
    /// It is over.
    Ended,
}

/// What happened to a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParticipantChange {
    /// First sight.
    Joined,
    /// A fact other than attributes changed (state, name, queue).
    Updated,
    /// It ended.
    Left,
}

/// One observed change. `time` of a change is the `At` handed to `Board::apply`.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Of a conversation.
    Conversation {
        /// The conversation.
        id: ConversationId,
        /// What changed.
        change: ConversationChange,
    },
    /// Of a participant.
    Participant {
        /// Of which conversation.
        conversation: ConversationId,
        /// The participant.
        id: ParticipantId,
        /// What changed.
        change: ParticipantChange,
    },
    /// Of an attribute.
    Attribute {
        /// Of which conversation.
        conversation: ConversationId,
        /// Of which participant.
        participant: ParticipantId,
        /// Which key.
        key: Key,
        /// Which of the participant's attributes it is now; 0 for one that vanished.
        place: u32,
        /// Value before; `None` when it was absent.
        old: Option<Value>,
        /// Value now; `None` when it vanished.
        new: Option<Value>,
        /// Observed by what.
        source: Source,
        /// The platform's own time of the change, where it tells one.
        event_time: Option<Timestamp>,
        /// True when this is part of the first sight of a participant, not a change that happened under our eyes.
        first_sight: bool,
    },
}

impl Change {}
