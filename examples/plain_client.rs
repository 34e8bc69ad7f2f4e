//! The client that a good engineer would write in an afternoon: one thread, a websocket, typed structs, what was known in
//! hash maps, one line of JSON for each change. It shares no code with the crate and is what `sidetone watch --json` is
//! measured against (`cargo run --release --example flood -- throughput`).
//!
//! ```text
//! plain_client ws://127.0.0.1:8080/channels/1
//! ```

use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    io::{self, BufWriter, Write},
};
use tokio_tungstenite::tungstenite::{self, Message};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    topic_name: String,
    event_body: Option<Conversation>,
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
    #[serde(default)]
    participants: Vec<Participant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participant {
    id: String,
    #[serde(default)]
    end_time: Option<String>,
    #[serde(default)]
    attributes: HashMap<String, String>,
    #[serde(default)]
    calls: Vec<Leg>,
}

#[derive(Deserialize, Clone, PartialEq, Default)]
#[serde(default)]
struct Leg {
    state: String,
    held: bool,
}

/// What is known of each call, by participant.
pub type Calls = HashMap<String, HashMap<String, Known>>;

/// What is known of a participant.
#[derive(Default)]
pub struct Known {
    leg: Leg,
    ended: bool,
    attributes: HashMap<String, String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Line<'a> {
    Conversation {
        conversation_id: &'a str,
        change: &'a str,
    },
    Participant {
        conversation_id: &'a str,
        participant_id: &'a str,
        change: &'a str,
        state: &'a str,
    },
    Attribute {
        conversation_id: &'a str,
        participant_id: &'a str,
        key: &'a str,
        old: Option<&'a str>,
        new: Option<&'a str>,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: plain_client ws://…")?;
    follow(&url, &mut BufWriter::with_capacity(64 * 1024, io::stdout().lock()))
}

/// Prints every change until the socket is closed.
pub fn follow(url: &str, out: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let (mut socket, _) = tungstenite::connect(url)?;
    let mut calls = Calls::new();
    loop {
        let text = match socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(Message::Close(_)) | Err(tungstenite::Error::ConnectionClosed) => break,
            Ok(_) => {
                // The answer to a ping is sent with the next write.
                socket.flush()?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        one(out, &mut calls, &text)?;
    }
    out.flush()?;
    Ok(())
}

/// Takes in one message.
pub fn one(out: &mut impl Write, calls: &mut Calls, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let notification: Notification = serde_json::from_str(text)?;
    if notification.topic_name.ends_with(".conversations")
        && let Some(body) = notification.event_body
    {
        tell(out, calls, body)?;
    }
    Ok(())
}

/// Prints what is new in this state of a call, and takes it over.
fn tell(out: &mut impl Write, calls: &mut Calls, told: Conversation) -> io::Result<()> {
    let conversation_id = told.id.as_str();
    if !calls.contains_key(conversation_id) {
        print(out, &Line::Conversation { conversation_id, change: "started" })?;
        calls.insert(told.id.clone(), HashMap::new());
    }
    let Some(known) = calls.get_mut(conversation_id) else { return Ok(()) };
    let present: HashSet<&str> = told.participants.iter().map(|p| p.id.as_str()).collect();
    known.retain(|id, _| present.contains(id.as_str()));
    let over = told.participants.iter().all(|p| p.end_time.is_some());
    for participant in told.participants {
        let participant_id = participant.id.as_str();
        let leg = participant.calls.last().cloned().unwrap_or_default();
        let ended = participant.end_time.is_some();
        let change = match known.get(participant_id) {
            None => Some("joined"),
            Some(known) if ended && !known.ended => Some("left"),
            Some(known) if known.leg != leg => Some("updated"),
            Some(_) => None,
        };
        if let Some(change) = change {
            print(out, &Line::Participant { conversation_id, participant_id, change, state: &leg.state })?;
        }
        let before = known.entry(participant.id.clone()).or_default();
        for (key, old) in &before.attributes {
            if !participant.attributes.contains_key(key) {
                print(out, &Line::Attribute { conversation_id, participant_id, key, old: Some(old), new: None })?;
            }
        }
        for (key, new) in &participant.attributes {
            let old = before.attributes.get(key);
            if old != Some(new) {
                let old = old.map(String::as_str);
                print(out, &Line::Attribute { conversation_id, participant_id, key, old, new: Some(new) })?;
            }
        }
        *before = Known { leg, ended, attributes: participant.attributes };
    }
    if over {
        print(out, &Line::Conversation { conversation_id, change: "ended" })?;
        calls.remove(conversation_id);
    }
    Ok(())
}

fn print(out: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
