//! Conversation events of a chosen size, serialised once and then changed in place: the server must never be what is
//! measured.

use serde_json::{Map, Value, json};

/// The queue all of them are on.
pub const QUEUE: &str = "9a1f0c55-3c2d-4e57-8a55-1d2c3b4a5f60";
/// The attribute that changes with each event; its value is a decimal number of fixed width.
pub const KEY: &str = "flood_seq";
/// Width of that number.
pub const DIGITS: usize = 12;

/// One conversation's event as a websocket text frame, header included.
pub struct Event {
    frame: Vec<u8>,
    at: usize,
}

impl Event {
    /// The event of conversation `n`, its customer padded with attributes to at least `size` bytes of payload.
    pub fn new(n: usize, size: usize) -> Self {
        let mut attributes = 8;
        let payload = loop {
            let text = event(n, attributes, 0).to_string();
            if text.len() >= size {
                break text;
            }
            attributes += 1;
        };
        Self::of(&payload)
    }

    /// The event of conversation `n` with this many attributes on each of its four participants.
    pub fn with_attributes(n: usize, each: usize) -> Self {
        Self::of(&event(n, each.saturating_sub(1), each).to_string())
    }

    fn of(payload: &str) -> Self {
        let marker = format!("\"{KEY}\":\"");
        let frame = frame(payload);
        let at =
            frame.len() - payload.len() + payload.find(&marker).expect("the template carries the key") + marker.len();
        Self { frame, at }
    }

    /// Writes the frame with `seq` as the changed value to the end of `out`.
    pub fn append(&mut self, seq: u64, out: &mut Vec<u8>) {
        let mut rest = seq;
        for digit in self.frame[self.at..self.at + DIGITS].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&self.frame);
    }

    /// Bytes of payload.
    pub fn payload(&self) -> usize {
        self.frame.len() - header(self.frame.len()).len()
    }
}

/// Attributes that conversation events of this size carry, all participants together.
pub fn attributes_of(size: usize) -> usize {
    let mut attributes = 8;
    while event(0, attributes, 0).to_string().len() < size {
        attributes += 1;
    }
    attributes + 3
}

/// A text as an unmasked websocket frame.
pub fn frame(text: &str) -> Vec<u8> {
    let mut frame = header(text.len());
    frame.extend_from_slice(text.as_bytes());
    frame
}

fn header(len: usize) -> Vec<u8> {
    let mut header = vec![0x81];
    match len {
        0..=125 => header.push(len as u8),
        126..=0xffff => {
            header.push(126);
            header.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            header.push(127);
            header.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    header
}

/// Bytes of the attribute values of such a conversation.
pub fn bytes_of_values(n: usize, each: usize) -> usize {
    let event = event(n, each.saturating_sub(1), each);
    let participants = event["eventBody"]["participants"].as_array().into_iter().flatten();
    let values = participants.filter_map(|p| p["attributes"].as_object()).flat_map(Map::values);
    values.filter_map(Value::as_str).map(str::len).sum()
}

/// The shape of `v2.routing.queues.{id}.conversations` (api: QueueConversationEventTopicConversation).
fn event(n: usize, attributes: usize, others: usize) -> Value {
    let id = |kind: u32| format!("{n:08x}-{kind:04x}-4a11-8f00-{n:012x}");
    let from = format!("tel:+1555010{:04}", n % 10_000);
    let mut map = Map::new();
    map.insert(KEY.into(), json!("0".repeat(DIGITS)));
    for i in 0..attributes {
        map.insert(format!("attribute_{i:02}"), json!(format!("value {i:02} of {n:05}")));
    }
    let filled = |mut map: Map<String, Value>, prefix: &str| {
        for i in map.len()..others {
            map.insert(format!("{prefix}_{i:02}"), json!(format!("value {i:02} of {n:05}")));
        }
        Value::Object(map)
    };
    let one = |key: &str, value: &str| Map::from_iter([(key.to_owned(), json!(value))]);
    let call = |kind: u32, state: &str| {
        json!([{
            "id": id(0x100 + kind), "state": state, "initialState": "connected", "recording": false,
            "recordingState": "none", "muted": false, "confined": false, "held": false, "securePause": false,
            "direction": "inbound", "provider": "Edge", "connectedTime": "2026-11-20T14:02:11.341Z",
            "afterCallWorkRequired": false
        }])
    };
    let participant = |kind: u32, purpose: &str, name: &str, attributes: Value, state: &str, over: bool| {
        let mut participant = json!({
            "id": id(kind), "connectedTime": "2026-11-20T14:02:11.341Z", "name": name, "queueId": QUEUE,
            "purpose": purpose, "address": from, "wrapupRequired": false, "wrapupExpected": false,
            "mediaRoles": ["full"], "attributes": attributes, "calls": call(kind, state)
        });
        if over {
            participant["endTime"] = json!("2026-11-20T14:03:02.900Z");
        }
        participant
    };
    json!({
        "topicName": format!("v2.routing.queues.{QUEUE}.conversations"),
        "version": "2",
        "eventBody": {
            "id": id(0), "maxParticipants": 50, "address": "tel:+13175550100", "recordingState": "none",
            "securePause": false,
            "participants": [
                participant(1, "customer", "Caller", Value::Object(map), "connected", false),
                participant(2, "ivr", "Main IVR", filled(one("ivr_choice", "1"), "ivr"), "disconnected", true),
                participant(3, "acd", "Billing", filled(Map::new(), "acd"), "disconnected", true),
                participant(4, "agent", "Agent", filled(one("agent_note", "none"), "agent"), "connected", false)
            ],
            "divisions": [{"division": {"id": "2f7a1f4e-9d3b-4c6a-8e21-7c5b9a0d1e2f"}, "entities": [{"id": QUEUE}]}]
        },
        "metadata": {"CorrelationId": "7b7a1f4c-7f0f-4f8e-8f7b-1d2f3a4b5c6d"}
    })
}
