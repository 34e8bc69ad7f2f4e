//! What enters the board. Three shapes that mean different things and are kept apart.

use super::{ConversationId, Delta, FlowFact, ParticipantId, Snapshot, Source, Value};
use compact_str::CompactString;
use jiff::Timestamp;
use std::{collections::BTreeSet, time::Duration};

/// `v2.detail.events.conversation.{id}.attributes`: some keys of one participant. Whether it is the delta or the full
/// map is UNKNOWN (api-facts 2.4), so it is laid over what is known and never removes a key.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributesEvent {
    /// The conversation.
    pub conversation: ConversationId,
    /// The participant.
    pub participant: ParticipantId,
    /// The platform's own time of the change: the only event that tells one.
    pub event_time: Option<Timestamp>,
    /// The keys it tells.
    pub attributes: Vec<(CompactString, Value)>,
}

/// What enters the board.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// A conversation event from the stream: whole state, no time of its own.
    Stream(Snapshot),
    /// A conversation event as its difference from what the board knows.
    Delta(Delta),
    /// The attributes detail event.
    Event(AttributesEvent),
    /// A read was answered with 404 or 410: the call is over, or hidden from this token.
    Gone(ConversationId),
    /// The call is in none of the queues and with none of the users that are watched; empty once it is back in one.
    Left {
        /// The call.
        conversation: ConversationId,
        /// Names of those that it left.
        left: Vec<CompactString>,
    },
    /// Which flow a call runs or ran, by whatever told it.
    Flow(FlowFact),
    /// The answer to a read that we asked for. `asked` is the board's revision of the conversation at that moment
    /// ([`super::Board::revision`]), so that events seen in between are not undone by an older answer.
    Read {
        /// What the server answered.
        snapshot: Snapshot,
        /// Revision when the request left.
        asked: u64,
        /// When the request left, on the clock of [`super::At::mono`]: the answer tells what was so at some moment
        /// since.
        left: Duration,
    },
}

impl Update {
    /// The conversation that it is about, and by what that was observed.
    pub fn subject(&self) -> (ConversationId, Source) {
        match self {
            Self::Stream(snapshot) => (snapshot.id.clone(), Source::Stream),
            Self::Delta(delta) => (delta.conversation.clone(), Source::Stream),
            Self::Event(event) => (event.conversation.clone(), Source::Event),
            Self::Gone(conversation) => (conversation.clone(), Source::Read),
            Self::Left { conversation, .. } => (conversation.clone(), Source::Event),
            Self::Flow(fact) => (fact.conversation.clone(), Source::Event),
            Self::Read { snapshot, .. } => (snapshot.id.clone(), Source::Read),
        }
    }
}

/// Of which conversations every state is to be told, however far behind the reader is. Of others, states that a newer
/// one replaced before they were looked at may be skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EveryState {
    /// Of all.
    OfAll,
    /// Of these.
    Of(BTreeSet<ConversationId>),
}

impl EveryState {
    /// Whether every state of this conversation is to be told.
    pub fn wants(&self, conversation: &str) -> bool {
        match self {
            Self::OfAll => true,
            Self::Of(conversations) => conversations.contains(conversation),
        }
    }
}

impl Default for EveryState {
    fn default() -> Self {
        Self::Of(BTreeSet::new())
    }
}
