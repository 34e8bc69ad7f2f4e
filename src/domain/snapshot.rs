//! What an event or a read tells of a whole conversation.

use super::{ConversationId, Media, ParticipantId, Purpose, QueueId, State, UserId, Value};
use compact_str::CompactString;
use jiff::Timestamp;

/// The state of a whole conversation, as one event or one read tells it.
///
/// `None` means *this message does not say*, never *it is gone*: events lack fields that reads carry, and the
/// other way round (api-facts 2.5).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Snapshot {
    /// Identity; empty only in a default value.
    pub id: ConversationId,
    /// Start of the conversation; reads only.
    pub started: Option<Timestamp>,
    /// End of the conversation; reads only.
    pub ended: Option<Timestamp>,
    /// The dialled address.
    pub address: Option<CompactString>,
    /// Participants, all of them unless `partial`.
    pub participants: Vec<ParticipantSnapshot>,
    /// True when participants may be left out (a media-suffixed topic tells only the legs of its medium).
    pub partial: bool,
    /// The event that it is, by its number ([`super::KnownState::event`]); 0 for none.
    pub event: u64,
}

/// One participant within a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ParticipantSnapshot {
    /// Identity.
    pub id: ParticipantId,
    /// Role.
    pub purpose: Purpose,
    /// Display name.
    pub name: Option<CompactString>,
    /// Own address.
    pub address: Option<CompactString>,
    /// Dialled number; reads and media topics only.
    pub dnis: Option<CompactString>,
    /// The agent.
    pub user_id: Option<UserId>,
    /// The queue.
    pub queue_id: Option<QueueId>,
    /// The queue's name, where it is told beside the id (callbacks).
    pub queue_name: Option<CompactString>,
    /// When the leg connected.
    pub connected: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// State of the main leg, if a leg was told.
    pub state: Option<State>,
    /// On hold, if a leg was told.
    pub held: Option<bool>,
    /// Medium of the main leg.
    pub media: Media,
    /// The full attribute map, in wire order; `None` when the message carried no map at all.
    pub attributes: Option<Vec<(CompactString, Value)>>,
}

impl ParticipantSnapshot {
    /// It stands for a flow, as [`super::Participant::is_flow`].
    pub fn is_flow(&self) -> bool {
        self.purpose.is_flow()
    }
}
