//! The media families: `GET /api/v2/conversations/{calls|callbacks|emails|messages}/{id}` and the media-suffixed topics.
//! Their participants are flat: state, direction, `user`, `queue` and `startTime` at the top, no list of communications.

use serde_json::{Value, json};

use super::{attributes, compact, divisions, routing, time};
use crate::sim::{
    ids::iso,
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// The service that carries a medium.
pub fn provider(media: Media) -> &'static str {
    match media {
        Media::Call => "Edge",
        Media::Callback => "PureCloud Callback",
        Media::Message => "PureCloud Messaging",
        Media::Email => "PureCloud Email",
        Media::Chat => "PureCloud Webchat v2",
    }
}

/// The numbers that a callback would dial.
pub fn callback_numbers(conversation: &Conversation) -> [&str; 1] {
    [conversation.from.trim_start_matches("tel:")]
}

/// Which of the two look-alikes is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The answer to a GET.
    Rest,
    /// The body of an event.
    Event,
}

/// A conversation as its media family shows it.
pub fn conversation(world: &World, conversation: &Conversation, side: Side) -> Value {
    let id = conversation.id.to_string();
    let participants: Vec<Value> =
        conversation.participants.iter().map(|p| participant(world, conversation, p, side)).collect();
    let call = conversation.media == Media::Call;
    let recording = conversation.participants.iter().any(|p| p.purpose == "agent" && p.state() == "connected");
    let rest = side == Side::Rest;
    compact(json!({
        "id": id,
        "participants": participants,
        "otherMediaUris": [],
        "address": (!rest).then_some(&conversation.to),
        "divisions": divisions(world, conversation, rest),
        "recordingState": call.then_some(if recording { "active" } else { "none" }),
        "securePause": call.then_some(false),
        "maxParticipants": call.then_some(50),
        "selfUri": rest.then(|| format!("/api/v2/conversations/{}/{id}", super::list_of(conversation.media))),
    }))
}

fn participant(world: &World, conversation: &Conversation, participant: &Participant, side: Side) -> Value {
    let directory = world.directory();
    let agent = participant.purpose == "agent";
    let rest = side == Side::Rest;
    let reference = |kind: &str, id: String| {
        let uri = rest.then(|| format!("/api/v2/{kind}/{id}"));
        compact(json!({"id": id, "selfUri": uri}))
    };
    let script = agent.then(|| {
        let id = directory.script.to_string();
        if rest { compact(json!({"id": id, "selfUri": format!("/api/v2/scripts/{id}")})) } else { json!({"id": id}) }
    });
    let common = json!({
        "id": participant.id.to_string(),
        "name": participant.name,
        "address": participant.address,
        "startTime": iso(participant.start),
        "connectedTime": time(participant.connected),
        "endTime": time(participant.end),
        "purpose": participant.purpose,
        "state": participant.state(),
        "initialState": (!rest).then_some(if agent { "alerting" } else { "connected" }),
        "direction": "inbound",
        "disconnectType": participant.disconnect,
        "held": participant.held,
        "wrapupRequired": agent,
        "wrapupPrompt": agent.then_some("optional"),
        "mediaRoles": ["full"],
        "user": participant.user.map(|user| reference("users", directory.users[user].to_string())),
        "queue": participant.queue.map(|queue| reference("routing/queues", directory.queues[queue].to_string())),
        "script": script,
        "attributes": attributes(participant),
        "alertingTimeoutMs": agent.then_some(8000),
        "conversationRoutingData": routing(world, participant),
    });
    let more = match conversation.media {
        Media::Call => json!({
            "provider": "Edge",
            "muted": participant.muted,
            "confined": false,
            "recording": agent && participant.state() == "connected",
            "recordingState": if agent && participant.state() == "connected" { "active" } else { "none" },
            "securePause": false,
            "ani": conversation.from,
            "dnis": conversation.to,
            "consultParticipantId": participant.consult.map(|id| id.to_string()),
        }),
        Media::Callback => json!({
            "provider": "PureCloud Callback",
            "callbackNumbers": callback_numbers(conversation),
            "callbackUserName": conversation.participants[0].name,
            "externalCampaign": false,
            "skipEnabled": true,
            "timeoutSeconds": 0,
        }),
        Media::Message => json!({"provider": "PureCloud Messaging", "type": "webmessaging", "messages": []}),
        Media::Email => json!({
            "provider": "PureCloud Email",
            "subject": "Your request",
            "messagesSent": 0,
            "autoGenerated": false,
            "draftAttachments": [],
            "spam": false,
        }),
        Media::Chat => json!({"provider": "PureCloud Webchat v2"}),
    };
    let mut out = compact(common);
    if let (Value::Object(out), Value::Object(more)) = (&mut out, compact(more)) {
        out.extend(more);
    }
    out
}
