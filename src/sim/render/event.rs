//! Event bodies of `v2.users.{id}.conversations` and `v2.routing.queues.{id}.conversations` (field for field the same),
//! and of `v2.detail.events.conversation.{id}.attributes`. No start time, no queue name, no end time of the whole.

use indexmap::IndexMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{attributes, communication, compact, divisions, list_of, routing, time};
use crate::sim::{
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// A whole conversation as an event tells it.
pub fn conversation(world: &World, conversation: &Conversation) -> Value {
    let participants: Vec<Value> =
        conversation.participants.iter().map(|p| participant(world, conversation, p)).collect();
    let recording = conversation.participants.iter().any(|p| p.purpose == "agent" && p.state() == "connected");
    json!({
        "id": conversation.id.to_string(),
        "maxParticipants": 50,
        "participants": participants,
        "recordingState": if recording && conversation.media == Media::Call { "active" } else { "none" },
        "address": conversation.to,
        "securePause": false,
        "divisions": divisions(world, conversation, false),
    })
}

fn participant(world: &World, conversation: &Conversation, participant: &Participant) -> Value {
    let directory = world.directory();
    let agent = participant.purpose == "agent";
    let mut out = compact(json!({
        "id": participant.id.to_string(),
        "connectedTime": time(participant.connected),
        "endTime": time(participant.end),
        "userId": participant.user.map(|user| directory.users[user].to_string()),
        "name": participant.name,
        "queueId": participant.queue.map(|queue| directory.queues[queue].to_string()),
        "purpose": participant.purpose,
        "consultParticipantId": participant.consult.map(|id| id.to_string()),
        "address": participant.address,
        "wrapupRequired": agent,
        "wrapupExpected": agent,
        "wrapupPrompt": agent.then_some("optional"),
        "conversationRoutingData": routing(world, participant),
        "alertingTimeoutMs": agent.then_some(8000),
        "mediaRoles": ["full"],
        "attributes": attributes(participant),
    }));
    let workflow = participant.flow.filter(|_| participant.purpose == "workflow");
    if let Some(flow) = workflow {
        out["workflow"] = json!({"workflowId": directory.flows[flow].to_string()});
    }
    out[list_of(conversation.media)] = json!([communication(world, conversation, participant)]);
    out
}

/// The attributes detail event. Whether the platform sends what was written or the whole map is not documented; the
/// caller decides which of the two `values` are.
pub fn attributes_update(
    conversation: &Conversation,
    participant: Uuid,
    values: &IndexMap<String, String>,
    at: i64,
) -> Option<Value> {
    let participant = conversation.participant(participant)?;
    let media = super::detail::detail_media(conversation.media);
    Some(json!({
        "eventTime": at,
        "conversationId": conversation.id.to_string(),
        "participantId": participant.id.to_string(),
        "attributes": values,
        "communications": [{"id": participant.communication.to_string(), "mediaType": media}],
        "participantStartTime": participant.start,
    }))
}
