//! Analytics answers: conversation details (never with attributes), queue observations, conversation activity.

use serde_json::{Value, json};

use super::{compact, time};
use crate::sim::{
    ids::iso,
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// The medium in the words of analytics.
pub fn media_type(media: Media) -> &'static str {
    match media {
        Media::Call => "voice",
        Media::Callback => "callback",
        Media::Message => "message",
        Media::Email => "email",
        Media::Chat => "chat",
    }
}

/// One conversation of a details query.
pub fn details(world: &World, conversation: &Conversation) -> Value {
    let participants: Vec<Value> =
        conversation.participants.iter().map(|p| participant(world, conversation, p)).collect();
    compact(json!({
        "conversationId": conversation.id.to_string(),
        "conversationStart": iso(conversation.start),
        "conversationEnd": time(conversation.end),
        "conversationInitiator": "customer",
        "customerParticipation": true,
        "divisionIds": [world.directory().division.to_string()],
        "originatingDirection": "inbound",
        "participants": participants,
    }))
}

fn participant(world: &World, conversation: &Conversation, participant: &Participant) -> Value {
    let directory = world.directory();
    let segment_type = match participant.purpose.as_str() {
        "ivr" | "workflow" => "ivr",
        "agent" if participant.connected.is_none() => "alert",
        _ => "interact",
    };
    let flow = participant.flow.map(|flow| {
        json!({
            "flowId": directory.flows[flow].to_string(),
            "flowName": world.scenario().flows[flow].name,
            "flowType": world.scenario().flows[flow].kind,
            "flowVersion": world.scenario().flows[flow].versions[participant.flow_version].id,
            "entryType": if conversation.media == Media::Call { "dnis" } else { "direct" },
            "entryReason": conversation.to,
        })
    });
    let segment = compact(json!({
        "segmentStart": iso(participant.start),
        "segmentEnd": time(participant.end),
        "segmentType": segment_type,
        "queueId": participant.queue.map(|queue| directory.queues[queue].to_string()),
        "conference": false,
    }));
    let session = compact(json!({
        "sessionId": participant.communication.to_string(),
        "mediaType": media_type(conversation.media),
        "direction": "inbound",
        "ani": (conversation.media == Media::Call).then_some(&conversation.from),
        "dnis": (conversation.media == Media::Call).then_some(&conversation.to),
        "addressFrom": (!matches!(conversation.media, Media::Call | Media::Callback)).then_some(&conversation.from),
        "addressTo": (!matches!(conversation.media, Media::Call | Media::Callback)).then_some(&conversation.to),
        "callbackNumbers": (conversation.media == Media::Callback)
            .then(|| super::media::callback_numbers(conversation)),
        "provider": super::media::provider(conversation.media),
        "flow": flow,
        "metrics": [],
        "segments": [segment],
    }));
    compact(json!({
        "participantId": participant.id.to_string(),
        "participantName": participant.name,
        "purpose": participant.purpose,
        "userId": participant.user.map(|user| directory.users[user].to_string()),
        "sessions": [session],
    }))
}

/// Whether a conversation waits in the queue, is with an agent of it, or neither.
pub fn in_queue(conversation: &Conversation, queue: usize) -> Option<&'static str> {
    let here = |p: &&Participant| p.is_live() && p.queue == Some(queue);
    let mut live = conversation.participants.iter().filter(here);
    if live.clone().any(|p| p.purpose == "agent" && p.connected.is_some()) {
        return Some("oInteracting");
    }
    live.any(|p| p.purpose == "acd").then_some("oWaiting")
}

/// One observation of a queue: a live conversation.
pub fn observation(world: &World, conversation: &Conversation) -> Value {
    let agent = conversation.participants.iter().rev().find(|p| p.purpose == "agent" && p.is_live());
    let subject = agent.unwrap_or(&conversation.participants[0]);
    compact(json!({
        "observationDate": iso(subject.connected.unwrap_or(subject.start)),
        "conversationId": conversation.id.to_string(),
        "sessionId": subject.communication.to_string(),
        "routingPriority": 0,
        "participantName": conversation.participants[0].name,
        "userId": agent.and_then(|a| a.user).map(|user| world.directory().users[user].to_string()),
        "direction": "inbound",
        "addressFrom": conversation.from,
        "addressTo": conversation.to,
        "ani": conversation.from,
        "dnis": conversation.to,
        "requestedRoutings": ["Standard"],
    }))
}

/// One entity of an activity query.
pub fn activity(world: &World, conversation: &Conversation, metric: &str) -> Value {
    let agent = conversation.participants.iter().rev().find(|p| p.purpose == "agent" && p.is_live());
    let subject = agent.unwrap_or(&conversation.participants[0]);
    let queue = conversation.participants[0].queue;
    compact(json!({
        "activityDate": iso(subject.connected.unwrap_or(subject.start)),
        "metric": metric,
        "conversationId": conversation.id.to_string(),
        "sessionId": subject.communication.to_string(),
        "mediaType": media_type(conversation.media),
        "direction": "inbound",
        "addressFrom": conversation.from,
        "addressTo": conversation.to,
        "ani": conversation.from,
        "dnis": conversation.to,
        "participantName": conversation.participants[0].name,
        "queueId": queue.map(|queue| world.directory().queues[queue].to_string()),
        "userId": agent.and_then(|a| a.user).map(|user| world.directory().users[user].to_string()),
        "routingPriority": 0,
    }))
}

/// One conversation of an asynchronous details job: the only one that carries attributes.
pub fn with_attributes(world: &World, conversation: &Conversation) -> Value {
    let mut out = details(world, conversation);
    if let Some(participants) = out["participants"].as_array_mut() {
        for (shown, participant) in participants.iter_mut().zip(&conversation.participants) {
            if !participant.attributes.is_empty() {
                shown["attributes"] = super::attributes(participant);
            }
        }
    }
    out
}

/// One entity of a flow activity query: a conversation in a flow.
pub fn flow_activity(world: &World, conversation: &Conversation, participant: &Participant) -> Value {
    let Some(flow) = participant.flow else { return Value::Null };
    let call = conversation.media == Media::Call;
    compact(json!({
        "activityDate": iso(participant.connected.unwrap_or(participant.start)),
        "metric": "oFlow",
        "conversationId": conversation.id.to_string(),
        "sessionId": participant.communication.to_string(),
        "flowId": world.directory().flows[flow].to_string(),
        "flowType": world.scenario().flows[flow].kind,
        "mediaType": media_type(conversation.media),
        "direction": "inbound",
        "ani": call.then_some(&conversation.from),
        "dnis": call.then_some(&conversation.to),
        "addressFrom": conversation.from,
        "addressTo": conversation.to,
        "participantName": conversation.participants[0].name,
    }))
}
