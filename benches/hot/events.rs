//! Events as the platform sends them, of a chosen size, with one value that changes.

use serde_json::{Map, Value, json};
use sidetone::{
    domain::{Applied, At, Board, Update},
    genesys::wire::{Decoder, WireFrame},
};
use std::{cell::RefCell, time::Duration};

/// The attribute that changes.
pub const KEY: &str = "ivr_choice";

/// A conversation event of at least `size` bytes; `value` is that of [`KEY`] on the customer.
pub fn event(n: usize, size: usize, value: &str) -> String {
    let mut attributes = 8;
    loop {
        let text = build(n, attributes, value).to_string();
        if text.len() >= size {
            return text;
        }
        attributes += 1;
    }
}

fn build(n: usize, attributes: usize, value: &str) -> Value {
    let id = |kind: u32| format!("{n:08x}-{kind:04x}-4a11-8f00-{n:012x}");
    let mut map: Map<String, Value> =
        (0..attributes).map(|i| (format!("attribute_{i:02}"), json!(format!("value {i:02} of {n:05}")))).collect();
    map.insert(KEY.into(), json!(value));
    let participant = |kind: u32, purpose: &str, attributes: Value, over: bool| {
        let state = if over { "disconnected" } else { "connected" };
        let mut participant = json!({
            "id": id(kind), "connectedTime": "2026-11-20T14:02:11.341Z", "name": purpose, "queueId": id(9),
            "purpose": purpose, "address": format!("tel:+1555010{:04}", n % 10_000), "wrapupRequired": false,
            "mediaRoles": ["full"], "attributes": attributes,
            "calls": [{
                "id": id(0x100 + kind), "state": state, "initialState": "connected", "recording": false,
                "recordingState": "none", "muted": false, "confined": false, "held": false, "securePause": false,
                "direction": "inbound", "provider": "Edge", "connectedTime": "2026-11-20T14:02:11.341Z",
                "afterCallWorkRequired": false
            }]
        });
        if over {
            participant["endTime"] = json!("2026-11-20T14:03:02.900Z");
        }
        participant
    };
    json!({
        "topicName": format!("v2.routing.queues.{}.conversations", id(9)),
        "version": "2",
        "eventBody": {
            "id": id(0), "maxParticipants": 50, "address": "tel:+13175550100", "recordingState": "none",
            "participants": [
                participant(1, "customer", Value::Object(map), false),
                participant(2, "ivr", json!({"ivr_language": "en-US"}), true),
                participant(3, "acd", json!({}), true),
                participant(4, "agent", json!({"agent_note": "none"}), false)
            ]
        },
        "metadata": {"CorrelationId": "7b7a1f4c-7f0f-4f8e-8f7b-1d2f3a4b5c6d"}
    })
}

/// A moment `ms` after the epoch of the benchmark.
pub fn at(ms: u64) -> At {
    At::after(jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(ms))
}

thread_local! {
    /// One for all boards: an event that another board took in means nothing to this one.
    static DECODER: RefCell<Decoder> = RefCell::default();
}

/// What the text of an event means to a board.
pub fn update(board: &Board, raw: &str) -> Update {
    match DECODER.with_borrow_mut(|decoder| decoder.decode(board, raw)) {
        WireFrame::Conversation(snapshot) => Update::Stream(snapshot),
        WireFrame::Delta(delta) => Update::Delta(delta),
        WireFrame::Attributes(event) => Update::Event(event),
        other => panic!("not an update: {other:?}"),
    }
}

/// Has a board take in an event.
pub fn take(board: &mut Board, ms: u64, raw: &str) -> Applied {
    let update = update(board, raw);
    board.apply(at(ms), update, &())
}

/// A board of `n` conversations.
pub fn board(n: usize, size: usize) -> Board {
    let mut board = Board::default();
    for i in 0..n {
        take(&mut board, 0, &event(i, size, "0"));
    }
    board
}
