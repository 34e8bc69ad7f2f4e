//! Lives of calls, one after the other: what a queue's conversations really send.
//!
//! A call begins with its customer and an IVR; blocks of keys are set at once, keys are added, single values change; it is
//! held, handed to a queue, to an agent, sometimes to another one; it ends, and another call begins in its place. A third
//! of the calls carry JSON, quotes, backslashes and line ends in their values. Each event tells the whole conversation, as
//! the platform's do, with a correlation id of its own, so that no two have the same text.
//!
//! By a seed the same lives come again, and of each event the lines are known that have to be told of it.

use super::event::QUEUE;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// One change that an event makes, as the reference client tells it: the fields of docs/ndjson.md that do not depend on
/// when and by whom it was observed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Change {
    /// A call began or ended.
    Conversation { conversation_id: String, change: String },
    /// A participant joined, was updated or left.
    Participant { conversation_id: String, participant_id: String, change: String, state: String },
    /// An attribute came or has another value.
    Attribute { conversation_id: String, participant_id: String, key: String, old: Option<String>, new: Option<String> },
}

/// An event and what it changes.
pub struct Told {
    /// The text of the message.
    pub text: String,
    /// In the order in which it has to be told.
    pub changes: Vec<Change>,
}

/// How large the calls are.
#[derive(Clone, Copy, Debug)]
pub enum Size {
    /// Bytes of an event, on average.
    Bytes(usize),
    /// Four participants from the start, with so many attributes each.
    Full(usize),
}

/// The events of many calls at a time, each in its turn.
pub struct Mix {
    random: fastrand::Rng,
    calls: Vec<Call>,
    size: Size,
    /// Events so far.
    count: u64,
    born: usize,
    /// Every event sets this key of the customer to its number.
    stamped: Option<&'static str>,
}

struct Call {
    id: String,
    number: usize,
    hostile: bool,
    participants: Vec<Participant>,
    /// Steps of its life so far.
    age: usize,
}

struct Participant {
    id: String,
    purpose: &'static str,
    name: String,
    state: &'static str,
    held: bool,
    connected: bool,
    ended: bool,
    attributes: Vec<(String, String)>,
}

impl Mix {
    /// So many calls at a time; `seed` decides everything that happens.
    pub fn new(seed: u64, calls: usize, size: Size) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        let calls = (0..calls).map(|_| Call::unborn()).collect();
        Self { random, calls, size, count: 0, born: 0, stamped: None }
    }

    /// Has every event set `key` of the customer to the event's number, in twelve digits.
    pub fn stamped(mut self, key: &'static str) -> Self {
        self.stamped = Some(key);
        self
    }

    /// The next event.
    pub fn next(&mut self) -> Told {
        let at = (self.count % self.calls.len() as u64) as usize;
        let mut call = std::mem::replace(&mut self.calls[at], Call::unborn());
        let mut changes = Vec::new();
        // Whoever comes first is somewhere in the middle of its life, so that not all calls end together.
        let first = self.count < self.calls.len() as u64;
        if call.participants.is_empty() || call.is_over() {
            call = self.begin();
            changes = call.first_sight();
            if first && matches!(self.size, Size::Bytes(_)) {
                let age = self.random.usize(0..LIFE - 2);
                (0..age).for_each(|_| drop(self.step(&mut call)));
                changes = call.first_sight();
            } else if first {
                call.age = self.random.usize(AGENT..LIFE - 1);
            }
        } else {
            changes.extend(self.step(&mut call));
        }
        if let Some(key) = self.stamped {
            changes.extend(call.set(0, key, format!("{:012}", self.count)));
            call.in_order(&mut changes);
        }
        let text = self.text(&call);
        self.calls[at] = call;
        self.count += 1;
        Told { text, changes }
    }

    fn begin(&mut self) -> Call {
        let number = self.born;
        self.born += 1;
        let id = |kind: u32| format!("{number:08x}-{kind:04x}-4a11-8f00-{number:012x}");
        let mut call = Call { id: id(0), number, hostile: number.is_multiple_of(3), participants: Vec::new(), age: 0 };
        match self.size {
            Size::Full(each) => {
                for (kind, (purpose, name)) in PEOPLE.into_iter().enumerate() {
                    call.join(id(kind as u32 + 1), purpose, name, "connected");
                    for key in 0..each {
                        let value = self.value(&call, key);
                        call.participants[kind].attributes.push((self.key(key, purpose), value));
                    }
                }
                call.age = AGENT;
            }
            Size::Bytes(_) => {
                call.join(id(1), "customer", "Caller", "connected");
                call.join(id(2), "ivr", "Main IVR", "connected");
                // A life is too short to reach a large size by what is set in it.
                let keys = match self.size {
                    Size::Bytes(size) => 4 + size.saturating_sub(4_000) / 36,
                    Size::Full(each) => each,
                };
                for key in 0..keys {
                    let value = self.value(&call, key);
                    call.participants[0].attributes.push((self.key(key, "customer"), value));
                }
                call.participants[1].attributes.push(("ivr_choice".to_owned(), "1".to_owned()));
            }
        }
        call
    }

    /// What happens next in the life of a call.
    fn step(&mut self, call: &mut Call) -> Vec<Change> {
        call.age += 1;
        let others = |call: &Call, purpose| call.participants.iter().rposition(|p| p.purpose == purpose && !p.ended);
        let id = |call: &Call| {
            let kind = call.participants.len() as u32 + 1;
            format!("{:08x}-{kind:04x}-4a11-8f00-{:012x}", call.number, call.number)
        };
        let mut changes = Vec::new();
        match call.age {
            QUEUE_AT => {
                changes.extend(others(call, "ivr").map(|ivr| call.leave(ivr)));
                changes.push(call.join(id(call), "acd", "Billing", "connected"));
            }
            ALERTING => changes.push(call.join(id(call), "agent", "Agent", "alerting")),
            AGENT => {
                changes.extend(others(call, "agent").map(|agent| call.state(agent, "connected")));
                changes.extend(others(call, "acd").map(|acd| call.leave(acd)));
            }
            HOLD | HOLD_AGAIN => changes.extend(call.hold(0, true)),
            RESUME | RESUME_AGAIN => changes.extend(call.hold(0, false)),
            TRANSFER if self.random.bool() => {
                changes.extend(others(call, "agent").map(|agent| call.leave(agent)));
                changes.push(call.join(id(call), "agent", "Second Agent", "connected"));
                let last = call.participants.len() - 1;
                changes.extend(call.set(last, "agent_note", "taken over".to_owned()));
            }
            age if age >= LIFE => {
                for at in 0..call.participants.len() {
                    if !call.participants[at].ended {
                        changes.push(call.leave(at));
                    }
                }
                changes.push(call.change("ended"));
            }
            age if age % 3 == 0 => {
                // What one Set Participant Data action does.
                for _ in 0..self.random.usize(3..=8) {
                    changes.extend(self.set(call, 0));
                }
            }
            // A note of whoever talks to the customer.
            age if age % 7 == 0 => {
                let last = call.participants.len() - 1;
                let note = self.value(call, age);
                changes.extend(call.set(last, "last_note", note));
            }
            _ => changes.extend(self.set(call, 0)),
        }
        call.in_order(&mut changes);
        changes
    }

    /// Adds a key or gives one another value.
    fn set(&mut self, call: &mut Call, participant: usize) -> Option<Change> {
        let most = match self.size {
            Size::Full(each) => each,
            // What is left of an event beside its participants, in halves: a call begins with few keys.
            Size::Bytes(size) => (size.saturating_sub(2_300) / 40).max(8),
        };
        let count = call.participants[participant].attributes.len();
        let grows = count < most && self.random.usize(0..3) > 0;
        let key = if grows { count } else { self.random.usize(0..count) };
        let value = self.value(call, key);
        let purpose = call.participants[participant].purpose;
        let name = match call.participants[participant].attributes.get(key) {
            Some((name, _)) => name.clone(),
            None => self.key(key, purpose),
        };
        call.set(participant, &name, value)
    }

    fn key(&self, n: usize, purpose: &str) -> String {
        match (self.size, KEYS.get(n)) {
            (Size::Full(_), _) => format!("{purpose}_{n:02}"),
            (_, Some(key)) => (*key).to_owned(),
            (_, None) => format!("attribute_{n:03}"),
        }
    }

    fn value(&mut self, call: &Call, key: usize) -> String {
        let n = self.random.u32(0..10_000);
        if call.hostile && n.is_multiple_of(2) {
            return match key % 5 {
                0 => format!(r#"{{"tier":"gold","n":{n},"path":["Main","Billing"]}}"#),
                1 => format!("{n} \"Old Mill\" Road\nSpringfield, MA 0{n:04}"),
                2 => format!(r"C:\calls\{n}\greeting.wav"),
                3 => format!("Rückruf gewünscht: {n}\r\n\t„bitte“ bis 17:00"),
                _ => format!(r#"said: \"{n}\""#),
            };
        }
        match key % 6 {
            0 => format!("value {n:04} of {:05}", call.number),
            1 => format!("{n:04}"),
            2 => format!("+1555010{n:04}"),
            3 => format!("2026-11-20T14:02:{:02}.{:03}Z", n % 60, n % 1000),
            4 => if n.is_multiple_of(2) { "true" } else { "false" }.to_owned(),
            _ => format!("menu-{n}/option-{}/retry-{}", n % 9, n % 3),
        }
    }

    /// The shape of `v2.routing.queues.{id}.conversations` (api: QueueConversationEventTopicConversation).
    fn text(&mut self, call: &Call) -> String {
        let mut out = String::with_capacity(6_000);
        // Writing to a String cannot fail.
        _ = write!(
            out,
            r#"{{"topicName":"v2.routing.queues.{QUEUE}.conversations","version":"2","eventBody":{{"id":"{}","maxParticipants":50,"participants":["#,
            call.id
        );
        for (at, participant) in call.participants.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            participant.text(call, &mut out);
        }
        let (a, b) = (self.random.u64(..), self.random.u64(..));
        _ = write!(
            out,
            r#"],"recordingState":"none","address":"tel:+13175550100","securePause":false,"divisions":[{{"division":{{"id":"2f7a1f4e-9d3b-4c6a-8e21-7c5b9a0d1e2f"}},"entities":[{{"id":"{QUEUE}"}}]}}]}},"metadata":{{"CorrelationId":"{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}"}}}}"#,
            a >> 32,
            a & 0xffff,
            (a >> 16) & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        );
        out
    }
}

/// When what happens in the life of a call, in events.
const QUEUE_AT: usize = 10;
const ALERTING: usize = 13;
const AGENT: usize = 14;
const HOLD: usize = 18;
const RESUME: usize = 20;
const TRANSFER: usize = 25;
const HOLD_AGAIN: usize = 31;
const RESUME_AGAIN: usize = 32;
const LIFE: usize = 40;

const PEOPLE: [(&str, &str); 4] = [("customer", "Caller"), ("ivr", "Main IVR"), ("acd", "Billing"), ("agent", "Agent")];

const KEYS: [&str; 12] = [
    "customerTier",
    "Billing_Address",
    "lastMenu",
    "callback_note",
    "context",
    "ivr.path",
    "AccountNumber",
    "language",
    "verified",
    "caseId",
    "survey_opt_in",
    "retry_count",
];

impl Call {
    fn unborn() -> Self {
        Self { id: String::new(), number: 0, hostile: false, participants: Vec::new(), age: 0 }
    }

    fn is_over(&self) -> bool {
        self.participants.iter().all(|p| p.ended)
    }

    fn first_sight(&self) -> Vec<Change> {
        let mut changes = vec![self.change("started")];
        for (at, participant) in self.participants.iter().enumerate() {
            changes.push(self.told(at, "joined"));
            changes.extend(participant.attributes.iter().map(|(key, value)| Change::Attribute {
                conversation_id: self.id.clone(),
                participant_id: participant.id.clone(),
                key: key.clone(),
                old: None,
                new: Some(value.clone()),
            }));
        }
        changes
    }

    fn change(&self, change: &str) -> Change {
        Change::Conversation { conversation_id: self.id.clone(), change: change.to_owned() }
    }

    fn told(&self, participant: usize, change: &str) -> Change {
        let participant = &self.participants[participant];
        Change::Participant {
            conversation_id: self.id.clone(),
            participant_id: participant.id.clone(),
            change: change.to_owned(),
            state: participant.state.to_owned(),
        }
    }

    fn join(&mut self, id: String, purpose: &'static str, name: &str, state: &'static str) -> Change {
        self.participants.push(Participant {
            id,
            purpose,
            name: name.to_owned(),
            state,
            held: false,
            connected: state == "connected",
            ended: false,
            attributes: Vec::new(),
        });
        self.told(self.participants.len() - 1, "joined")
    }

    fn state(&mut self, participant: usize, state: &'static str) -> Change {
        let of = &mut self.participants[participant];
        (of.state, of.connected) = (state, true);
        self.told(participant, "updated")
    }

    /// `None` when it is so: a call that begins in the middle of its life was never held.
    fn hold(&mut self, participant: usize, held: bool) -> Option<Change> {
        let before = std::mem::replace(&mut self.participants[participant].held, held);
        (before != held).then(|| self.told(participant, "updated"))
    }

    fn leave(&mut self, participant: usize) -> Change {
        let of = &mut self.participants[participant];
        (of.state, of.ended) = ("disconnected", true);
        self.told(participant, "left")
    }

    /// `None` when it has that value.
    fn set(&mut self, participant: usize, key: &str, value: String) -> Option<Change> {
        let of = &mut self.participants[participant];
        let old = match of.attributes.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) if *known == value => return None,
            Some((_, known)) => Some(std::mem::replace(known, value.clone())),
            None => {
                of.attributes.push((key.to_owned(), value.clone()));
                None
            }
        };
        Some(Change::Attribute {
            conversation_id: self.id.clone(),
            participant_id: of.id.clone(),
            key: key.to_owned(),
            old,
            new: Some(value),
        })
    }

    /// Brings changes into the order of the event, and of one key keeps the last: an event tells states, not steps.
    fn in_order(&self, changes: &mut Vec<Change>) {
        let place = |change: &Change| match change {
            Change::Conversation { change, .. } => (if change == "started" { 0 } else { usize::MAX }, 0),
            Change::Participant { participant_id, .. } => (1 + self.position(participant_id), 0),
            Change::Attribute { participant_id, key, .. } => {
                let at = self.position(participant_id);
                let keys = &self.participants[at].attributes;
                (1 + at, 1 + keys.iter().position(|(known, _)| known == key).unwrap_or_default())
            }
        };
        changes.sort_by_key(place);
        changes.dedup_by(|later, earlier| match (later, earlier) {
            (
                Change::Attribute { key, new, participant_id, .. },
                Change::Attribute { key: k, new: n, participant_id: p, .. },
            ) if key == k && participant_id == p => {
                *n = new.take();
                true
            }
            _ => false,
        });
        // There and back again is no change.
        changes.retain(|change| !matches!(change, Change::Attribute { old, new, .. } if old == new));
    }

    fn position(&self, participant: &str) -> usize {
        self.participants.iter().position(|p| p.id == participant).unwrap_or_default()
    }
}

impl Participant {
    fn text(&self, call: &Call, out: &mut String) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let Self { id, purpose, name, state, held, .. } = self;
        _ = write!(out, r#"{{"id":"{id}","#);
        if self.connected {
            out.push_str(r#""connectedTime":"2026-11-20T14:02:11.341Z","#);
        }
        if self.ended {
            out.push_str(r#""endTime":"2026-11-20T14:03:02.900Z","#);
        }
        _ = write!(
            out,
            r#""name":"{name}","queueId":"{QUEUE}","purpose":"{purpose}","address":"tel:+1555010{:04}","wrapupRequired":false,"wrapupExpected":false,"mediaRoles":["full"],"attributes":{{"#,
            call.number % 10_000
        );
        for (at, (key, value)) in self.attributes.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            _ = write!(out, "{comma}{}:{}", quoted(key), quoted(value));
        }
        _ = write!(
            out,
            r#"}},"calls":[{{"id":"{id}","state":"{state}","initialState":"connected","recording":false,"recordingState":"none","muted":false,"confined":false,"held":{held},"securePause":false,"direction":"inbound","provider":"Edge","afterCallWorkRequired":false}}]}}"#
        );
    }
}
