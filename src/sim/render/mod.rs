//! JSON in the platform's shapes, built by hand from its published models. The four families differ and share little:
//! REST conversation ([`rest`]), conversation events ([`event`]), the media families of both ([`media`]), analytics.

pub mod analytics;
pub mod catalog;
pub mod detail;
pub mod event;
pub mod flows;
pub mod media;
pub mod rest;

use serde_json::{Map, Value, json};

use super::{
    ids::iso,
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// An object without its null fields: the platform leaves out what it does not have.
fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, v)| !v.is_null()).collect()),
        other => other,
    }
}

fn time(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, |ms| Value::String(iso(ms)))
}

fn attributes(participant: &Participant) -> Value {
    let value = |key: &String, text: &String| match participant.untyped.contains(key) {
        true => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        false => Value::String(text.clone()),
    };
    let map: Map<String, Value> = participant.attributes.iter().map(|(k, v)| (k.clone(), value(k, v))).collect();
    Value::Object(map)
}

/// The name of the list that carries a participant's communications of a medium.
pub fn list_of(media: Media) -> &'static str {
    match media {
        Media::Call => "calls",
        Media::Callback => "callbacks",
        Media::Message => "messages",
        Media::Email => "emails",
        Media::Chat => "chats",
    }
}

fn displayable(address: &str) -> String {
    let number = address.strip_prefix("tel:").unwrap_or(address);
    match number.strip_prefix("+1") {
        Some(rest) if rest.len() == 10 && rest.is_ascii() => {
            format!("+1 {}-{}-{}", &rest[..3], &rest[3..6], &rest[6..])
        }
        _ => number.to_owned(),
    }
}

fn address(name: Option<&str>, of: &str) -> Value {
    compact(json!({
        "name": name,
        "nameRaw": name,
        "addressNormalized": of,
        "addressRaw": of,
        "addressDisplayable": displayable(of),
    }))
}

fn divisions(world: &World, conversation: &Conversation, with_uri: bool) -> Value {
    let uri = |kind: &str, id: &str| if with_uri { json!(format!("/api/v2/{kind}/{id}")) } else { Value::Null };
    let division = world.directory().division.to_string();
    let entities: Vec<Value> = conversation
        .queues
        .iter()
        .map(|queue| {
            let id = world.directory().queues[*queue].to_string();
            compact(json!({"id": id, "selfUri": uri("routing/queues", &id)}))
        })
        .collect();
    json!([{
        "division": compact(json!({"id": division, "selfUri": uri("authorization/divisions", &division)})),
        "entities": entities,
    }])
}

fn routing(world: &World, participant: &Participant) -> Value {
    match participant.queue {
        Some(queue) if participant.purpose == "acd" || participant.purpose == "agent" => json!({
            "queue": {"id": world.directory().queues[queue].to_string()},
            "priority": 0,
            "skills": [],
            "scoredAgents": [],
        }),
        _ => Value::Null,
    }
}

/// The communication object of one participant, in the fields that REST and events share.
fn communication(world: &World, conversation: &Conversation, participant: &Participant) -> Value {
    let agent = participant.purpose == "agent";
    let customer = &conversation.participants[0];
    let initial = if agent { "alerting" } else { "connected" };
    let (own, other) = if participant.id == customer.id {
        (address(Some(&customer.name), &conversation.from), address(None, &conversation.to))
    } else {
        (address(Some(&participant.name), &conversation.to), address(Some(&customer.name), &conversation.from))
    };
    let script = agent.then(|| world.directory().script.to_string());
    let common = json!({
        "id": participant.communication.to_string(),
        "state": participant.state(),
        "initialState": initial,
        "direction": "inbound",
        "held": participant.held,
        "disconnectType": participant.disconnect,
        "connectedTime": time(participant.connected),
        "disconnectedTime": time(participant.end),
        "scriptId": script,
        "afterCallWorkRequired": false,
    });
    let more = match conversation.media {
        Media::Call => json!({
            "recording": agent && participant.connected.is_some() && participant.is_live(),
            "recordingState": if agent && participant.state() == "connected" { "active" } else { "none" },
            "muted": participant.muted,
            "confined": false,
            "securePause": false,
            "self": own,
            "other": other,
            "provider": media::provider(conversation.media),
        }),
        Media::Callback => json!({
            "callbackNumbers": media::callback_numbers(conversation),
            "callbackUserName": customer.name,
            "externalCampaign": false,
            "skipEnabled": true,
            "timeoutSeconds": 0,
            "provider": "PureCloud Callback",
        }),
        Media::Message => json!({
            "type": "webmessaging",
            "fromAddress": other,
            "toAddress": own,
            "messages": [],
            "provider": "PureCloud Messaging",
        }),
        Media::Email => json!({
            "subject": "Your request",
            "messagesSent": 0,
            "autoGenerated": false,
            "draftAttachments": [],
            "spam": false,
            "provider": "PureCloud Email",
        }),
        Media::Chat => json!({"provider": "PureCloud Webchat v2"}),
    };
    let mut out = compact(common);
    if let (Value::Object(out), Value::Object(more)) = (&mut out, compact(more)) {
        out.extend(more);
    }
    out
}
