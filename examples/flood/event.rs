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
    /// Attributes that it carries, all participants together.
    pub attributes: usize,
}

impl Event {
    /// The event of conversation `n`, its customer padded with attributes to at least `size` bytes of payload.
    pub fn new(n: usize, size: usize) -> Self {
        let mut attributes = 8;
        let payload = loop {
            let text = event(n, attributes).to_string();
            if text.len() >= size {
                break text;
            }
            attributes += 1;
        };
        Self::of(&payload, attributes + 3)
    }

    fn of(payload: &str, attributes: usize) -> Self {
        let marker = format!("\"{KEY}\":\"");
        let frame = frame(payload);
        let at =
            frame.len() - payload.len() + payload.find(&marker).expect("the template carries the key") + marker.len();
        Self { frame, at, attributes }
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

/// The shape of `v2.routing.queues.{id}.conversations` (api: QueueConversationEventTopicConversation).
fn event(n: usize, attributes: usize) -> Value {
    let id = |kind: u32| format!("{n:08x}-{kind:04x}-4a11-8f00-{n:012x}");
    let from = format!("tel:+1555010{:04}", n % 10_000);
    let mut map = Map::new();
    map.insert(KEY.into(), json!("0".repeat(DIGITS)));
    for i in 0..attributes {
        map.insert(format!("attribute_{i:02}"), json!(format!("value {i:02} of {n:05}")));
    }
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
                participant(2, "ivr", "Main IVR", json!({"ivr_choice": "1"}), "disconnected", true),
                participant(3, "acd", "Billing", json!({}), "disconnected", true),
                participant(4, "agent", "Agent", json!({"agent_note": "none"}), "connected", false)
            ],
            "divisions": [{"division": {"id": "2f7a1f4e-9d3b-4c6a-8e21-7c5b9a0d1e2f"}, "entities": [{"id": QUEUE}]}]
        },
        "metadata": {"CorrelationId": "7b7a1f4c-7f0f-4f8e-8f7b-1d2f3a4b5c6d"}
    })
}
