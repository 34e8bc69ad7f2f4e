//! Conversations: reading them, and writing attributes.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Ask;
use crate::sim::{
    Semantics,
    faults::Broken,
    render::{self, media::Side},
    reply::Reply,
    scenario::Media,
    shared::SharedState,
    world::{Conversation, Participant, SubmittedEdit},
};

/// Versions that are remembered for the tutorials' conflict; beyond it all are forgotten, which refuses nothing.
const MAX_LAST_READ: usize = 100_000;
/// Conversations whose answers are remembered for old reads; beyond it all are forgotten.
const MAX_READS: usize = 1_000;

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let mut state = ask.app.lock();
    match (ask.method, segments) {
        ("GET", []) => {
            let mine = |c: &&Conversation| ask.holder.user.is_some_and(|user| takes_part(c, user));
            let wanted = ask.query.get("communicationType").cloned();
            let entities = state
                .world
                .live()
                .filter(mine)
                .filter(|c| wanted.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(communication_type(c.media))))
                .map(|c| render::rest::conversation(&state.world, c))
                .collect();
            Ok(Reply::ok(render::catalog::page(entities, 1, 100, ask.path)))
        }
        ("GET", [family]) if family_media(family).is_some() => {
            let media = family_media(family).flatten();
            let mine = |c: &&Conversation| ask.holder.user.is_some_and(|user| takes_part(c, user));
            let live = state.world.live().filter(mine).filter(|c| Some(c.media) == media);
            let entities = live.map(|c| render::media::conversation(&state.world, c, Side::Rest)).collect();
            Ok(Reply::ok(render::catalog::page(entities, 1, 100, ask.path)))
        }
        ("GET", [id]) => {
            ask.need(&state, &["conversation:communication:view"])?;
            let conversation = known(&state, id)?;
            let versions: Vec<(Uuid, u64)> = conversation.participants.iter().map(|p| (p.id, p.version)).collect();
            let read = conversation.id;
            let body = render::rest::conversation(&state.world, conversation);
            let body = answer(&mut state.reads, read, body, ask.broken.contains(&Broken::OldRead));
            if ask.app.options.tutorial_routes {
                if state.last_read.len() > MAX_LAST_READ {
                    state.last_read.clear();
                }
                for (participant, version) in versions {
                    state.last_read.insert((ask.token.clone(), participant), version);
                }
            }
            Ok(Reply::ok(body))
        }
        ("GET", [family, id]) => {
            let media = family_media(family).ok_or_else(|| Reply::status(404))?;
            let conversation = known(&state, id)?;
            if Some(conversation.media) != media {
                return Err(Reply::status(404));
            }
            Ok(Reply::ok(render::media::conversation(&state.world, conversation, Side::Rest)))
        }
        ("PATCH", [id, "participants", participant, "attributes"]) => {
            write_attributes(ask, &mut state, id, participant, None)
        }
        ("PATCH", [family, id, "participants", participant, "attributes"]) => {
            let media = family_media(family).ok_or_else(|| Reply::status(404))?;
            write_attributes(ask, &mut state, id, participant, Some(media))
        }
        ("PATCH", [id, "participants", participant]) => write_participant(ask, &mut state, id, participant),
        ("PATCH", [family, id, "participants", participant]) => {
            let media = family_media(family).ok_or_else(|| Reply::status(404))?;
            if Some(known(&state, id)?.media) != media {
                return Err(Reply::status(404));
            }
            write_participant(ask, &mut state, id, participant)
        }
        _ => Err(Reply::status(404)),
    }
}

/// What a read is answered with: what is there, or where it is an `old` one, what reads told before that changed.
fn answer(reads: &mut HashMap<Uuid, [Value; 2]>, id: Uuid, body: Value, old: bool) -> Value {
    if reads.len() > MAX_READS {
        reads.clear();
    }
    let [last, before] = reads.entry(id).or_insert_with(|| [body.clone(), body.clone()]);
    if *last != body {
        *before = std::mem::replace(last, body.clone());
    }
    if old { before.clone() } else { body }
}

/// `Some(None)`: a family that exists and never has conversations here.
fn family_media(family: &str) -> Option<Option<Media>> {
    Some(Some(match family {
        "calls" => Media::Call,
        "callbacks" => Media::Callback,
        "emails" => Media::Email,
        "messages" => Media::Message,
        "cobrowsesessions" => return Some(None),
        _ => return None,
    }))
}

fn communication_type(media: Media) -> &'static str {
    match media {
        Media::Call => "Call",
        Media::Callback => "Callback",
        Media::Message => "Message",
        Media::Email => "Email",
        Media::Chat => "Chat",
    }
}

fn takes_part(conversation: &Conversation, user: usize) -> bool {
    conversation.participants.iter().any(|p| p.user == Some(user) && p.is_live())
}

fn known<'a>(state: &'a SharedState, id: &str) -> Result<&'a Conversation, Reply> {
    let found = Uuid::parse_str(id).ok().and_then(|id| state.world.conversation(id));
    found.ok_or_else(|| Reply::error(404, "not.found", "The requested resource was not found."))
}

fn participant<'a>(conversation: &'a Conversation, id: &str) -> Result<&'a Participant, Reply> {
    let found = Uuid::parse_str(id).ok().and_then(|id| conversation.participant(id));
    found.ok_or_else(|| Reply::error(404, "not.found", "The requested resource was not found."))
}

/// The map of an attributes body. Numbers and booleans become text: an official tutorial sends a boolean, the schema
/// says text, what the server does is not documented (api-facts 3.4). Null and nested values are refused; what the
/// platform does with them is not documented either. So it is with a body that has other members than `attributes`, or none, and with a
/// key without a name: none can mean anything, and 202 would say that something was written. Unverified.
fn values_of(body: &Value) -> Result<IndexMap<String, String>, Reply> {
    let Some(object) = body.as_object() else { return Err(Reply::status(400)) };
    if let Some(name) = object.keys().find(|name| *name != "attributes") {
        return Err(unrecognized(name, &["attributes"]));
    }
    let map = match object.get("attributes") {
        Some(Value::Object(map)) => map,
        Some(Value::Null) => return Ok(IndexMap::new()),
        Some(_) => return Err(Reply::status(400)),
        None => return Err(nothing()),
    };
    map.iter()
        .map(|(key, value)| match value {
            _ if key.is_empty() => Err(Reply::error(400, "invalid.value", "The name of an attribute is empty.")),
            Value::String(text) => Ok((key.clone(), text.clone())),
            Value::Number(_) | Value::Bool(_) => Ok((key.clone(), value.to_string())),
            _ => Err(Reply::error(
                400,
                "invalid.value",
                format!("Value [{value}] is not valid for field type [String]. Allowable values are: text"),
            )),
        })
        .collect()
}

/// 400 for a member that the model does not have.
fn unrecognized(name: &str, known: &[&str]) -> Reply {
    Reply::error(400, "bad.request", format!("Unrecognized field [{name}]. Known are: {}", known.join(", ")))
}

fn nothing() -> Reply {
    Reply::error(400, "bad.request", "The request names nothing that can be changed.")
}

fn write_attributes(
    ask: &Ask<'_>,
    state: &mut SharedState,
    id: &str,
    participant_id: &str,
    family: Option<Option<Media>>,
) -> Result<Reply, Reply> {
    let conversation = known(state, id)?;
    if family.is_some_and(|media| media != Some(conversation.media)) {
        return Err(Reply::status(404));
    }
    let conversation_id = conversation.id;
    let participant = participant(conversation, participant_id)?;
    let participant_id = participant.id;
    let values = values_of(&ask.body()?)?;
    let semantics = ask.app.options.semantics;
    submit(ask, state, conversation_id, participant_id, &values, semantics);
    if family.is_some() {
        return Ok(Reply::with(hyper::StatusCode::ACCEPTED, Some(json!({"attributes": values}))));
    }
    Ok(Reply::empty(202))
}

/// Accepts a write: it is applied a moment later, unless a fault loses it.
fn submit(
    ask: &Ask<'_>,
    state: &mut SharedState,
    conversation: Uuid,
    participant: Uuid,
    values: &IndexMap<String, String>,
    semantics: Semantics,
) {
    if ask.broken.contains(&Broken::LosePatch) {
        return;
    }
    let due = ask.now + ask.app.options.tuning.apply_ms;
    let before = state.world.conversation(conversation).and_then(|c| c.participant(participant));
    let undo: IndexMap<String, String> = values
        .keys()
        .map(|key| {
            let old = before.and_then(|p| p.attributes.get(key).cloned());
            (key.clone(), old.unwrap_or_else(|| "overwritten".to_owned()))
        })
        .collect();
    state.world.submit(SubmittedEdit { conversation, participant, values: values.clone(), semantics }, due);
    for fault in ask.broken {
        if let Broken::OverwriteBack(ms) = fault {
            let edit = SubmittedEdit { conversation, participant, values: undo.clone(), semantics: Semantics::Merge };
            state.world.submit(edit, due + i64::try_from(*ms).unwrap_or(i64::MAX / 2));
        }
    }
    ask.app.wake.notify_one();
}

/// States that a participant can be asked to take.
const STATES: &[&str] = &[
    "alerting",
    "dialing",
    "contacting",
    "offering",
    "connected",
    "disconnected",
    "terminated",
    "converting",
    "uploading",
    "transmitting",
    "parked",
    "none",
];

/// The members of a MediaParticipantRequest.
const PARTICIPANT: &[&str] =
    &["wrapup", "state", "recording", "muted", "confined", "held", "wrapupSkipped", "resumeTime"];

/// 400 for a body that is no MediaParticipantRequest: a member of another type, one that it does not have, or none. `attributes` is
/// not one of its members, although tutorials send it. What the platform does then is not documented; unverified.
fn check_participant(body: &Value) -> Result<(), Reply> {
    let wrong = |name: &str| {
        let text = format!("Value [{}] is not valid for field type [{name}].", body[name]);
        Err(Reply::error(400, "invalid.value", text))
    };
    let Some(members) = body.as_object() else { return Err(Reply::status(400)) };
    if let Some(name) = members.keys().find(|name| !PARTICIPANT.contains(&name.as_str())) {
        return Err(unrecognized(name, PARTICIPANT));
    }
    for (name, value) in members {
        let fits = match name.as_str() {
            "state" => value.as_str().is_some_and(|state| STATES.contains(&state)),
            "recording" | "muted" | "confined" | "held" | "wrapupSkipped" => value.is_boolean(),
            "wrapup" => is_wrapup(value),
            _ => value.as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()),
        };
        if !fits {
            return wrong(name);
        }
    }
    if members.is_empty() { Err(nothing()) } else { Ok(()) }
}

/// A WrapupInput: each member of its own type, and no other.
fn is_wrapup(value: &Value) -> bool {
    let fits = |(name, value): (&String, &Value)| match name.as_str() {
        "code" | "name" | "notes" => value.is_string(),
        "tags" => value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string)),
        "durationSeconds" => value.is_i64(),
        "endTime" => value.as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()),
        "provisional" | "disableEndTimeUpdates" => value.is_boolean(),
        _ => false,
    };
    value.as_object().is_some_and(|members| members.iter().all(fits))
}

/// `PATCH …/participants/{id}` (MediaParticipantRequest). Attributes in it are refused, unless the tutorials' form is on:
/// then they replace the whole map, and a participant that has changed since it was read is a conflict.
fn write_participant(ask: &Ask<'_>, state: &mut SharedState, id: &str, participant_id: &str) -> Result<Reply, Reply> {
    ask.need(
        state,
        &["conversation:participant:wrapup", "conversation:call:record", "conversation:communication:disconnect"],
    )?;
    let body = ask.body()?;
    if !body.is_object() {
        return Err(Reply::status(400));
    }
    let conversation = known(state, id)?;
    let conversation_id = conversation.id;
    let participant = participant(conversation, participant_id)?;
    let (participant_id, version) = (participant.id, participant.version);
    if ask.app.options.tutorial_routes && body.get("attributes").is_some() {
        let read = state.last_read.get(&(ask.token.clone(), participant_id));
        if read.is_some_and(|read| *read != version) {
            return Err(Reply::status(409));
        }
        // What else stands beside them in tutorials is passed over.
        let values = values_of(&json!({"attributes": body["attributes"]}))?;
        submit(ask, state, conversation_id, participant_id, &values, Semantics::Replace);
        return Ok(Reply::empty(202));
    }
    check_participant(&body)?;
    let patch = |name: &str| body[name].as_bool();
    let notice = match body["state"].as_str() {
        Some("disconnected") => state.world.disconnect(conversation_id, participant_id, ask.now),
        Some("connected") => state.world.pick_up(conversation_id, participant_id, ask.now),
        _ => state.world.control(conversation_id, participant_id, patch("held"), patch("muted"), ask.now),
    };
    if let Some(notice) = notice {
        ask.app.tell(state, Some(&notice));
    }
    Ok(Reply::empty(202))
}
