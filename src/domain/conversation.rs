//! Conversations and their participants, as far as a person who watches attributes needs them.

mod flows;

use super::{At, Attribute, Attributes, ConversationId, FlowRun, ParticipantId, QueueId, UserId};
use compact_str::CompactString;
use jiff::Timestamp;

/// What a conversation or a leg of it is carried by. Names as in `mediaType` of the NDJSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Media {
    /// A voice call.
    Call,
    /// A scheduled or waiting callback.
    Callback,
    /// Legacy web chat.
    Chat,
    /// An e-mail.
    Email,
    /// Messaging: web, SMS and the like.
    Message,
    /// Cobrowse session.
    Cobrowse,
    /// Screen share.
    Screenshare,
    /// Social expression.
    Social,
    /// Video.
    Video,
    /// Internal message.
    InternalMessage,
    /// Nothing said yet, or something newer than this program.
    #[default]
    Unknown,
}

impl Media {
    /// The word used in the NDJSON and in filters (`media:call`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Callback => "callback",
            Self::Chat => "chat",
            Self::Email => "email",
            Self::Message => "message",
            Self::Cobrowse => "cobrowse",
            Self::Screenshare => "screenshare",
            Self::Social => "social",
            Self::Video => "video",
            Self::InternalMessage => "internalmessage",
            Self::Unknown => "unknown",
        }
    }
}

/// The purposes that analytics lists (api-facts 2.5). In conversations the set is open.
pub(crate) const PURPOSES: [&str; 19] = [
    "acd",
    "agent",
    "api",
    "botflow",
    "campaign",
    "customer",
    "dialer",
    "external",
    "fax",
    "group",
    "inbound",
    "ivr",
    "manual",
    "outbound",
    "station",
    "user",
    "voicemail",
    "voicesurveyflow",
    "workflow",
];

/// A participant's role; an open vocabulary on the platform (api-facts 2.5), so text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Purpose(CompactString);

impl Purpose {
    /// The platform's word as it is.
    pub fn new(text: &str) -> Self {
        Self(CompactString::new(text))
    }

    /// `customer`, `ivr`, `acd`, `agent`, …
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether analytics lists it.
    pub fn is_listed(word: &str) -> bool {
        PURPOSES.contains(&word)
    }

    /// The caller's own participant; `external` is the far end of an outbound or consulted call.
    pub fn is_customer(&self) -> bool {
        self.0 == "customer"
    }

    /// A voice flow is talking: while such a participant is connected the flow may write attributes back when it ends.
    pub fn is_ivr(&self) -> bool {
        self.0 == "ivr"
    }
}

/// The state of a participant's main leg.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct State(CompactString);

impl State {
    /// The platform's word as it is.
    pub fn new(text: &str) -> Self {
        Self(CompactString::new(text))
    }

    /// `alerting`, `connected`, `disconnected`, `scheduled`, … or empty when nothing was said.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The leg is over.
    pub fn is_over(&self) -> bool {
        self.0 == "disconnected" || self.0 == "terminated"
    }
}

/// One participant of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Identity within the conversation; `PATCH …/participants/{id}/attributes` takes it.
    pub id: ParticipantId,
    /// Role.
    pub purpose: Purpose,
    /// Display name: the caller's, the queue's or the agent's; of an ivr participant often a place, not its flow.
    pub name: Option<CompactString>,
    /// Own address (`tel:+1…`, `sip:…`); for the customer, who is calling.
    pub address: Option<CompactString>,
    /// Number that was dialled; REST reads only.
    pub dnis: Option<CompactString>,
    /// The agent.
    pub user_id: Option<UserId>,
    /// The queue this leg belongs to.
    pub queue_id: Option<QueueId>,
    /// When the leg connected.
    pub connected: Option<Timestamp>,
    /// When it ended; `None` while it lives.
    pub ended: Option<Timestamp>,
    /// State of the main leg.
    pub state: State,
    /// The leg is on hold.
    pub held: bool,
    /// What carries the leg.
    pub media: Media,
    /// Its attributes.
    pub attributes: Attributes,
    /// When this program first saw it.
    pub first_seen: Timestamp,
}

impl Participant {
    /// Still part of the conversation: no end time and no leg that is over.
    pub fn is_connected(&self) -> bool {
        self.ended.is_none() && !self.state.is_over()
    }
}

/// How fresh what we hold of a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Freshness {
    /// The link is live and nothing was missed since the last whole state.
    #[default]
    Live,
    /// The link was down since, and it has not been re-read: values may have changed.
    Stale,
}

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Identity.
    pub id: ConversationId,
    /// Main medium.
    pub media: Media,
    /// Start: from a read, else the earliest connected time (api-facts 2.5).
    pub started: Option<Timestamp>,
    /// End: from a read, else when every participant has ended.
    pub ended: Option<Timestamp>,
    /// The address that was dialled, on the conversation itself.
    pub address: Option<CompactString>,
    /// Participants in the order of joining.
    pub participants: Vec<Participant>,
    /// The flows that it is known to have run, oldest first.
    pub flows: Vec<FlowRun>,
    /// Names of the watched queues and users that it left; empty while it is in one of them.
    pub left: Vec<CompactString>,
    /// How fresh this is.
    pub freshness: Freshness,
    /// When this program first saw it.
    pub first_seen: At,
    /// When anything about it was last observed.
    pub last_seen: At,
}

impl Conversation {
    /// The participant with this id.
    pub fn participant(&self, id: &str) -> Option<&Participant> {
        self.participants.iter().find(|p| p.id.as_str() == id)
    }

    /// The participant with this id: quicker than by its text.
    pub fn find(&self, id: &ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|p| p.id == *id)
    }

    /// Who called: the customer who joined first. One who joins later was put through, is consulted or is on another line.
    pub fn caller(&self) -> Option<&Participant> {
        self.participants.iter().find(|p| p.purpose.is_customer())
    }

    /// The customer whom the call is about, as [`Self::main`].
    pub fn customer(&self) -> Option<&Participant> {
        self.main("customer")
    }

    /// Of several with one purpose the one whom the call is about: the first that is on it still, else the one who left last.
    pub fn main(&self, purpose: &str) -> Option<&Participant> {
        let of_purpose = || self.participants.iter().filter(|p| p.purpose.as_str() == purpose);
        // Of those who left at one moment the first.
        of_purpose().find(|p| p.is_connected()).or_else(|| of_purpose().rev().max_by_key(|p| p.ended))
    }

    /// Of several with one purpose the one that has the key: with a value rather than empty, on the call still rather than not, the
    /// newest.
    pub fn carrier(&self, purpose: &str, key: &str) -> Option<(&Participant, Attribute<'_>)> {
        let of_purpose = self.participants.iter().filter(|p| p.purpose.as_str() == purpose);
        let carrying = of_purpose.filter_map(|p| p.attributes.get(key).map(|a| (p, a)));
        carrying.max_by_key(|(p, a)| (!a.value.as_str().trim().is_empty(), p.is_connected()))
    }

    /// The newest participant of the same purpose, if it is on the call still, or was longer, than this one.
    pub fn successor(&self, of: &Participant) -> Option<&Participant> {
        let newest = self.newest(of.purpose.as_str()).filter(|newest| newest.id != of.id)?;
        let is_longer = newest.is_connected() || newest.ended > of.ended;
        (!of.is_connected() && is_longer).then_some(newest)
    }

    /// Of several with one purpose the newest that is connected, else the newest (contract: `--participant P`).
    pub fn newest(&self, purpose: &str) -> Option<&Participant> {
        let mut of_purpose = self.participants.iter().rev().filter(|p| p.purpose.as_str() == purpose).peekable();
        let newest = of_purpose.peek().copied();
        of_purpose.find(|p| p.is_connected()).or(newest)
    }

    /// Resolves `P` of the contract: an id, else a purpose.
    pub fn resolve(&self, participant: &str) -> Option<&Participant> {
        self.participant(participant).or_else(|| self.newest(participant))
    }

    /// Who is calling (contract: `address` is the customer participant's own).
    pub fn from(&self) -> Option<&str> {
        self.caller().or(self.participants.first()).and_then(|p| p.address.as_deref())
    }

    /// The newest queue any leg was on.
    pub fn queue(&self) -> Option<&QueueId> {
        self.participants.iter().rev().find_map(|p| p.queue_id.as_ref())
    }

    /// The connected voice flow, if one is running: it may write its own values back when it ends (api-facts 3.4).
    pub fn running_flow(&self) -> Option<&Participant> {
        self.participants.iter().rev().find(|p| p.purpose.is_ivr() && p.is_connected())
    }

    /// What the running voice flow is called, where that is known. The name of its participant, often a place, is not taken for it.
    pub fn running_flow_name<'a>(&'a self, names: Option<&'a super::Names>) -> Option<&'a str> {
        let running = self.running_flow()?;
        let run = self.flow().filter(|run| run.participant.as_ref().is_none_or(|p| *p == running.id))?;
        run.name.as_deref().or_else(|| names.and_then(|names| run.name(names)))
    }

    /// True once it is over.
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}
