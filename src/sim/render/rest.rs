//! `GET /api/v2/conversations/{id}`: the REST model (Conversation, Participant).

use serde_json::{Value, json};

use super::{attributes, communication, compact, divisions, list_of, routing, time};
use crate::sim::{
    ids::iso,
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// A conversation as REST shows it.
pub fn conversation(world: &World, conversation: &Conversation) -> Value {
    let id = conversation.id.to_string();
    let participants: Vec<Value> =
        conversation.participants.iter().map(|p| participant(world, conversation, p)).collect();
    let recording = conversation.participants.iter().any(|p| p.purpose == "agent" && p.state() == "connected");
    compact(json!({
        "id": id,
        "startTime": iso(conversation.start),
        "endTime": time(conversation.end),
        "address": conversation.to,
        "participants": participants,
        "maxParticipants": 50,
        "recordingState": if recording && conversation.media == Media::Call { "ACTIVE" } else { "NONE" },
        "divisions": divisions(world, conversation, true),
        "securePause": false,
        "selfUri": format!("/api/v2/conversations/{id}"),
    }))
}

fn participant(world: &World, conversation: &Conversation, participant: &Participant) -> Value {
    let directory = world.directory();
    let customer = participant.id == conversation.participants[0].id;
    let agent = participant.purpose == "agent";
    let user = participant.user.map(|user| directory.users[user].to_string());
    let mut out = compact(json!({
        "id": participant.id.to_string(),
        "startTime": iso(participant.start),
        "endTime": time(participant.end),
        "connectedTime": time(participant.connected),
        "name": participant.name,
        "userUri": user.as_ref().map(|id| format!("/api/v2/users/{id}")),
        "userId": user,
        "queueId": participant.queue.map(|queue| directory.queues[queue].to_string()),
        "queueName": participant.queue.map(|queue| &world.scenario().queues[queue].name),
        "purpose": participant.purpose,
        "address": participant.address,
        "ani": (customer && conversation.media != Media::Callback).then_some(&conversation.from),
        "aniName": customer.then_some(&participant.name),
        "dnis": (customer && conversation.media != Media::Callback).then_some(&conversation.to),
        "wrapupRequired": agent,
        "wrapupPrompt": agent.then_some("optional"),
        "mediaRoles": ["full"],
        "conversationRoutingData": routing(world, participant),
        "alertingTimeoutMs": agent.then_some(8000),
        "consultParticipantId": participant.consult.map(|id| id.to_string()),
        "attributes": attributes(participant),
    }));
    for list in ["calls", "callbacks", "chats", "cobrowsesessions", "emails", "messages", "screenshares", "videos"] {
        out[list] = json!([]);
    }
    let mut leg = communication(world, conversation, participant);
    if conversation.media != Media::Chat {
        leg["segments"] = json!([]);
    }
    out[list_of(conversation.media)] = json!([leg]);
    out
}
