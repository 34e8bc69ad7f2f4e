//! A conversation as the simulated platform keeps it. How it looks on the wire is [`crate::sim::render`]'s business.

use indexmap::IndexMap;
use uuid::Uuid;

use crate::sim::scenario::Media;

/// A conversation, live or ended.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Its id.
    pub id: Uuid,
    /// The medium.
    pub media: Media,
    /// Index of the caller in the scenario.
    pub caller: usize,
    /// Caller's address as the platform shows it (`tel:+1555…`, an e-mail address, a messaging id).
    pub from: String,
    /// The dialled address.
    pub to: String,
    /// Start, ms since 1970.
    pub start: i64,
    /// End, when everybody has left.
    pub end: Option<i64>,
    /// Participants in order of joining; the first is the customer.
    pub participants: Vec<Participant>,
    /// Queues that the conversation has been in.
    pub queues: Vec<usize>,
    /// Queues whose topics told of it last: those that it has left since hear of it once more, and then no longer.
    pub told: Vec<usize>,
    /// What a voice flow keeps for itself while it runs (api-facts 3.4): it writes these back when it ends.
    pub flow_list: IndexMap<String, String>,
    /// The story it follows; `None` for one placed by hand.
    pub story: Option<usize>,
    /// How its offsets are stretched, so that two calls of one story differ.
    pub stretch: f64,
}

/// One participant.
#[derive(Debug, Clone)]
pub struct Participant {
    /// Its id.
    pub id: Uuid,
    /// Id of its communication (the call leg).
    pub communication: Uuid,
    /// Why it is there: customer, ivr, workflow, acd, agent…
    pub purpose: String,
    /// Display name.
    pub name: String,
    /// Address, where it has one.
    pub address: Option<String>,
    /// Index of the user.
    pub user: Option<usize>,
    /// Index of the queue.
    pub queue: Option<usize>,
    /// Index of the flow.
    pub flow: Option<usize>,
    /// Index of the flow's version that it runs.
    pub flow_version: usize,
    /// Joined, ms since 1970.
    pub start: i64,
    /// Connected.
    pub connected: Option<i64>,
    /// Left.
    pub end: Option<i64>,
    /// How it left.
    pub disconnect: Option<&'static str>,
    /// On hold.
    pub held: bool,
    /// Muted.
    pub muted: bool,
    /// The participant consulted for, on the second agent of a consult.
    pub consult: Option<Uuid>,
    /// Its attributes, in order of first writing.
    pub attributes: IndexMap<String, String>,
    /// Keys whose text is sent as the JSON that it is (`null`, `5`), until they are written.
    pub untyped: Vec<String>,
    /// Counts changes of this participant, for the tutorials' route that refuses a write after a change.
    pub version: u64,
}

impl Participant {
    /// The state of its communication, in the words of the platform.
    pub fn state(&self) -> &'static str {
        match (self.end, self.connected) {
            (Some(_), _) => "disconnected",
            (None, Some(_)) => "connected",
            (None, None) => "alerting",
        }
    }

    /// Whether it is still on the conversation.
    pub fn is_live(&self) -> bool {
        self.end.is_none()
    }

    /// Whether it is a running flow (voice `ivr`, message `workflow`, bot `botflow`).
    pub fn is_running_flow(&self) -> bool {
        self.is_live() && self.flow.is_some()
    }
}

impl Conversation {
    /// The newest participant of a purpose, live ones first.
    pub fn by_purpose(&self, purpose: &str) -> Option<usize> {
        let of = |p: &&Participant| p.purpose == purpose;
        let live = self.participants.iter().rev().find(|p| of(p) && p.is_live());
        let found = live.or_else(|| self.participants.iter().rev().find(of))?;
        self.participants.iter().position(|p| p.id == found.id)
    }

    /// The participant with this id.
    pub fn participant(&self, id: Uuid) -> Option<&Participant> {
        self.participants.iter().find(|p| p.id == id)
    }

    /// Whether a voice flow holds its own list at the moment.
    pub fn voice_flow_runs(&self) -> bool {
        self.media == Media::Call && self.participants.iter().any(Participant::is_running_flow)
    }

    /// Queues that somebody who is on the conversation belongs to.
    pub fn queues_now(&self) -> Vec<usize> {
        let mut here: Vec<usize> = Vec::new();
        for queue in self.participants[1..].iter().filter(|p| p.is_live()).filter_map(|p| p.queue) {
            if !here.contains(&queue) {
                here.push(queue);
            }
        }
        here
    }

    /// The participant of the flow that runs, if one does.
    pub fn running_flow(&self) -> Option<&Participant> {
        self.participants.iter().rev().find(|p| p.is_running_flow())
    }

    /// Users taking part now or before.
    pub fn users(&self) -> impl Iterator<Item = usize> + '_ {
        self.participants.iter().filter_map(|p| p.user)
    }
}
