//! What enters the board. Three shapes that mean different things and are kept apart.

use super::{
    Board, ConversationId, Delta, FlowFact, Media, ParticipantId, Purpose, QueueId, Source, State, UserId, Value,
};
use compact_str::CompactString;
use jiff::Timestamp;
use std::{collections::BTreeSet, time::Duration};

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

/// What an update tells of attributes, by what, and of whom.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldAttributes {
    /// By what it was observed.
    pub by: Source,
    /// Of each participant that it tells something of: its keys. Empty for a read, which tells what was so at some moment
    /// since it was asked for.
    pub participants: Vec<ToldParticipant>,
}

/// What an update tells of one participant's attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldParticipant {
    /// Whose.
    pub id: ParticipantId,
    /// A key that is not among these is not there.
    pub whole: bool,
    /// Keys and values.
    pub attributes: Vec<(CompactString, Value)>,
}

impl Update {
    /// What it tells of attributes. An event tells them at the moment at which it is heard. `board` is the one that it is
    /// going to be applied to.
    pub fn told(&self, board: &Board) -> ToldAttributes {
        let one = |id: &ParticipantId, attributes| vec![ToldParticipant { id: id.clone(), whole: false, attributes }];
        let (_, by) = self.subject();
        let states = |snapshot: &Snapshot| {
            let told = snapshot.participants.iter().filter_map(|p| Some((p, p.attributes.clone()?)));
            let whole = !snapshot.partial;
            told.map(|(p, attributes)| ToldParticipant { id: p.id.clone(), whole, attributes }).collect()
        };
        let participants = match self {
            Self::Stream(snapshot) => states(snapshot),
            Self::Delta(delta) => delta.whole(board).as_ref().map(states).unwrap_or_default(),
            Self::Event(event) => one(&event.participant, event.attributes.clone()),
            Self::Read { .. } | Self::Gone(_) | Self::Left { .. } | Self::Flow(_) => Vec::new(),
        };
        ToldAttributes { by, participants }
    }

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
