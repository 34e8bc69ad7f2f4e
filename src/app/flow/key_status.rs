//! The status of a key that its flow sets, on one call.

use crate::domain::{Board, BoardEntry, Conversation, ConversationId, Moment, Names, Participant, ParticipantId};
use crate::flow::keys::{Keys, SetWhen, Use};
use jiff::SignedDuration;

/// A change that is told this long after the flow's end still counts as the flow's: events of one moment arrive one by one.
const GRACE: SignedDuration = SignedDuration::from_secs(2);

/// How one call stands to one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowKeyStatus {
    /// The flow has ended and nothing like the key is there.
    Missing,
    /// It is on another participant; the purpose.
    Elsewhere(String, ParticipantId),
    /// The customer has a key that differs in case, spaces, hyphens or underscores only; which.
    Spelling(String, ParticipantId),
    /// It came after the flow had ended.
    Late,
    /// Not there, and the flow is still running.
    Waiting,
    /// The customer has it.
    Set,
}

impl FlowKeyStatus {
    /// Where the key is instead, as seen from the customer in question: `ivr`, `the other customer`.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Elsewhere(purpose, _) if purpose == "customer" => Some("the other customer"),
            Self::Elsewhere(purpose, _) => Some(purpose),
            _ => None,
        }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Elsewhere(..) => "wrong participant",
            Self::Spelling(..) => "other spelling",
            Self::Late => "late",
            Self::Waiting => "not yet",
            Self::Set => "set",
        }
    }
}

/// How many calls stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// On the customer in time.
    pub set: usize,
    /// On the customer after the flow.
    pub late: usize,
    /// Nowhere after the flow.
    pub missing: usize,
    /// On somebody else.
    pub elsewhere: usize,
    /// Spelt otherwise.
    pub spelling: usize,
    /// The flow is still running.
    pub waiting: usize,
}

impl LiveCounts {
    fn add(&mut self, status: &FlowKeyStatus) {
        *match status {
            FlowKeyStatus::Missing => &mut self.missing,
            FlowKeyStatus::Elsewhere(..) => &mut self.elsewhere,
            FlowKeyStatus::Spelling(..) => &mut self.spelling,
            FlowKeyStatus::Late => &mut self.late,
            FlowKeyStatus::Waiting => &mut self.waiting,
            FlowKeyStatus::Set => &mut self.set,
        } += 1;
    }

    /// Percent of the calls that carry it, of those that could; none when there are none.
    pub fn share(&self) -> Option<usize> {
        let carry = self.set + self.late;
        let all = carry + self.missing + self.elsewhere + self.spelling;
        (all > 0).then(|| carry * 100 / all)
    }
}

/// One key that the flow sets.
#[derive(Clone, Debug)]
pub struct FlowKeyRow {
    /// The key.
    pub key: String,
    /// Always, sometimes, or never by any way.
    pub when: SetWhen,
    /// The actions that set it.
    pub set: Vec<Use>,
    /// The version before set it more surely.
    pub lost: bool,
    /// The version before set it, and this one nowhere.
    pub gone: bool,
    /// How many calls stand how.
    pub counts: LiveCounts,
    /// Calls that do not carry it as the flow means it, the worst first, newest first among equals.
    pub lacking: Vec<(ConversationId, FlowKeyStatus)>,
}

impl FlowKeyRow {
    /// How bad it is, to put the worst first: the version lost it, calls lack it although they should have it, then those that have
    /// it wrong.
    pub(in crate::app) fn trouble(&self) -> (bool, usize, usize) {
        let n = self.counts;
        let missing = if self.is_expected() { n.missing } else { 0 };
        (self.gone, missing, n.elsewhere + n.spelling + n.late)
    }

    /// Calls should have it: what a flow sets on some paths only may well be absent, unless most calls have it.
    pub fn is_expected(&self) -> bool {
        self.when == SetWhen::Always || self.lost || self.gone || self.counts.share().is_some_and(|share| share >= 50)
    }
}

/// Calls on the board that are or were in the flow, newest first.
pub fn seen<'a>(board: &'a Board, flow: &str) -> Vec<&'a BoardEntry> {
    let went = |e: &&BoardEntry| e.conversation.flows.iter().any(|run| run.name(&board.names) == Some(flow));
    let mut calls: Vec<&BoardEntry> = board.iter().filter(went).collect();
    calls.sort_by_key(|e| std::cmp::Reverse(e.conversation.first_seen.mono));
    calls
}

fn legs<'a>(call: &'a Conversation, flow: NamedFlow<'a>) -> impl Iterator<Item = &'a Participant> {
    call.participants.iter().filter(move |p| call.flow_of(p).is_some_and(|run| run.name(flow.names) == Some(flow.name)))
}

/// A flow by its name.
#[derive(Clone, Copy)]
pub struct NamedFlow<'a> {
    /// Its name.
    pub name: &'a str,
    /// Names of flows.
    pub names: &'a Names,
}

/// The call is in the flow now.
pub(super) fn inside(call: &Conversation, flow: NamedFlow<'_>) -> bool {
    !call.is_over() && legs(call, flow).any(|p| p.is_connected())
}

/// The keys that the flow sets, in the order of its configuration, then those of `gone` that only the version before set. `lost`:
/// the version before set them more surely.
pub fn rows<'k>(
    keys: &'k Keys,
    gone: impl Iterator<Item = &'k str>,
    lost: &[String],
    calls: &[&BoardEntry],
    flow: NamedFlow<'_>,
) -> Vec<FlowKeyRow> {
    let set = keys.by_key.iter().filter(|(_, uses)| !uses.set.is_empty());
    let set = set.map(|(key, uses)| (key.as_str(), uses.set.as_slice()));
    let is_set = |key: &str| keys.by_key.iter().any(|(own, uses)| own == key && !uses.set.is_empty());
    let gone = gone.filter(|key| !is_set(key)).map(|key| (key, &[] as &[Use]));
    set.chain(gone)
        .map(|(key, set)| {
            let mut counts = LiveCounts::default();
            let mut lacking = Vec::new();
            for entry in calls {
                let status = key_status(entry, key, flow);
                counts.add(&status);
                if !matches!(status, FlowKeyStatus::Set) {
                    lacking.push((entry.conversation.id.clone(), status));
                }
            }
            lacking.sort_by(|a, b| a.1.cmp(&b.1));
            let when = set.iter().map(|u| u.when);
            let rank = |w: &SetWhen| match w {
                SetWhen::Always => 0,
                SetWhen::Conditional => 1,
                SetWhen::Never => 2,
            };
            let when = when.min_by_key(rank).unwrap_or(SetWhen::Never);
            let (lost, gone) = (lost.iter().any(|lost| lost == key), set.is_empty());
            FlowKeyRow { key: key.to_owned(), when, set: set.to_vec(), lost, gone, counts, lacking }
        })
        .collect()
}

/// The key without what people spell differently.
fn folded(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

fn key_status(entry: &BoardEntry, key: &str, flow: NamedFlow<'_>) -> FlowKeyStatus {
    let call = &entry.conversation;
    let elsewhere = |p: &Participant| FlowKeyStatus::Elsewhere(p.purpose.as_str().to_owned(), p.id.clone());
    match call.carrier("customer", key) {
        Some((carrier, _)) if call.successor(carrier).is_some() => return elsewhere(carrier),
        Some((carrier, _)) if late(entry, carrier, key, flow) => return FlowKeyStatus::Late,
        Some(_) => return FlowKeyStatus::Set,
        None => {}
    }
    let customer = call.customer();
    let others = || call.participants.iter().filter(|p| customer.is_none_or(|c| c.id != p.id));
    if let Some(p) = others().find(|p| p.attributes.get(key).is_some()) {
        return elsewhere(p);
    }
    let near = folded(key);
    for p in customer.into_iter().chain(others()) {
        if let Some(attribute) = p.attributes.iter().find(|a| folded(a.key.as_str()) == near) {
            return FlowKeyStatus::Spelling(attribute.key.to_string(), p.id.clone());
        }
    }
    if inside(call, flow) { FlowKeyStatus::Waiting } else { FlowKeyStatus::Missing }
}

/// The key appeared under our eyes on this customer after the flow's last leg had ended.
fn late(entry: &BoardEntry, carrier: &Participant, key: &str, flow: NamedFlow<'_>) -> bool {
    let call = &entry.conversation;
    if inside(call, flow) {
        return false;
    }
    let Some(ended) = legs(call, flow).filter_map(|p| p.ended).max() else { return false };
    let appeared = entry
        .history
        .iter()
        .find(|h| h.key.as_str() == key && h.participant == carrier.id && h.old.is_none() && h.new.is_some());
    appeared.is_some_and(|h| h.event_time.map_or(h.at.wall, Moment::timestamp).duration_since(ended) > GRACE)
}
