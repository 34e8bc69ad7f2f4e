//! Event bodies that tell of steps in the life of a conversation: detail events, flow metrics, what users do.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{analytics::media_type, compact, media};
use crate::sim::{
    ids::iso,
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// The medium in the words of detail events.
pub fn detail_media(media: Media) -> &'static str {
    match media {
        Media::Call => "VOICE",
        Media::Callback => "CALLBACK",
        Media::Message => "MESSAGE",
        Media::Email => "EMAIL",
        Media::Chat => "CHAT",
    }
}

/// The suffix of the detail event of a participant that joins or leaves, such as `flow.start`, and its body.
pub fn event(
    world: &World,
    conversation: &Conversation,
    participant: &Participant,
    ended: bool,
    at: i64,
) -> Option<(String, Value)> {
    let (kind, more) = match participant.purpose.as_str() {
        "customer" => ("customer", customer(conversation, participant, ended)),
        "acd" => ("acd", acd(world, conversation, participant, ended)),
        "agent" => ("user", user(world, conversation, participant, ended)),
        _ if participant.flow.is_some() => ("flow", flow(world, participant, ended)),
        _ => return None,
    };
    let mut out = common(conversation, participant, kind, at);
    extend(&mut out, more);
    if ended {
        out["disconnectType"] = json!(participant.disconnect.unwrap_or("unknown").to_uppercase());
    }
    out["divisionId"] = json!(world.directory().division.to_string());
    Some((format!("{kind}.{}", if ended { "end" } else { "start" }), out))
}

fn extend(out: &mut Value, more: Value) {
    if let (Some(out), Value::Object(more)) = (out.as_object_mut(), compact(more)) {
        out.extend(more);
    }
}

fn common(conversation: &Conversation, participant: &Participant, kind: &str, at: i64) -> Value {
    let media = conversation.media;
    let (call, callback) = (media == Media::Call, media == Media::Callback);
    compact(json!({
        "eventTime": at,
        "conversationId": conversation.id.to_string(),
        "participantId": participant.id.to_string(),
        "sessionId": participant.communication.to_string(),
        "mediaType": detail_media(media),
        "provider": media::provider(media),
        "direction": "INBOUND",
        "ani": call.then_some(&conversation.from),
        "dnis": call.then_some(&conversation.to),
        "addressFrom": (!callback).then_some(&conversation.from),
        "addressTo": (!callback).then_some(&conversation.to),
        "messageType": (media == Media::Message).then_some("WEBMESSAGING"),
        "subject": (media == Media::Email).then_some("Your request"),
        // A flow is not called back.
        "callbackNumbers": (callback && kind != "flow").then(|| media::callback_numbers(conversation)),
        "callbackUserName": (callback && kind != "flow").then(|| conversation.participants[0].name.clone()),
    }))
}

fn duration(participant: &Participant) -> Option<i64> {
    Some(participant.end? - participant.connected?)
}

fn customer(_: &Conversation, participant: &Participant, ended: bool) -> Value {
    json!({"interactingDurationMs": duration(participant).filter(|_| ended)})
}

fn acd(world: &World, conversation: &Conversation, participant: &Participant, ended: bool) -> Value {
    let queue = participant.queue.map(|queue| world.directory().queues[queue].to_string());
    if !ended {
        return json!({"queueId": queue, "routingPriority": 0});
    }
    let later = conversation.participants.iter().skip_while(|p| p.id != participant.id);
    let agent = later.filter(|p| p.queue == participant.queue).find_map(|p| p.connected.and(p.user));
    let outcome = match (agent, conversation.end) {
        (Some(_), _) => "ANSWERED",
        (None, Some(_)) => "ABANDON",
        (None, None) => "FLOW_OUT",
    };
    json!({
        "queueId": queue,
        "routingPriority": 0,
        "acdOutcome": outcome,
        "answeredUserId": agent.map(|user| world.directory().users[user].to_string()),
        "requestedRoutings": ["STANDARD"],
        "usedRouting": agent.map(|_| "STANDARD"),
        "connectedDurationMs": duration(participant),
    })
}

fn user(world: &World, _: &Conversation, participant: &Participant, ended: bool) -> Value {
    let directory = world.directory();
    let alerting = participant.connected.map(|connected| connected - participant.start);
    json!({
        "userId": participant.user.map(|user| directory.users[user].to_string()),
        "queueId": participant.queue.map(|queue| directory.queues[queue].to_string()),
        "interactingDurationMs": duration(participant).filter(|_| ended),
        "alertingDurationMs": alerting.filter(|_| ended),
    })
}

fn flow(world: &World, participant: &Participant, ended: bool) -> Value {
    let Some(flow) = participant.flow else { return json!({}) };
    let known = &world.scenario().flows[flow];
    let transferred = participant.disconnect == Some("transfer");
    json!({
        "flowType": known.kind,
        "flowId": world.directory().flows[flow].to_string(),
        "flowVersion": known.versions[participant.flow_version].id,
        "connectedDurationMs": duration(participant).filter(|_| ended),
        "exitReason": ended.then_some(if transferred { "TRANSFER" } else { "DISCONNECT" }),
        "transferType": (ended && transferred).then_some("ACD"),
    })
}

/// The metrics of a flow when a conversation enters or leaves it: bodies of `v2.analytics.flow.{id}.metrics`.
pub fn flow_metrics(
    world: &World,
    conversation: &Conversation,
    participant: &Participant,
    ended: bool,
    at: i64,
) -> Vec<Value> {
    let Some(index) = participant.flow else { return Vec::new() };
    let flow = &world.scenario().flows[index];
    let customer = &conversation.participants[0];
    let hung_up = participant.disconnect.is_some_and(|how| how != "transfer");
    let metrics: &[&str] = match (ended, hung_up) {
        (false, _) => &["nFlow"],
        (true, false) => &["tFlow"],
        (true, true) => &["tFlow", "tFlowDisconnect"],
    };
    let call = conversation.media == Media::Call;
    let metric = |name: &&str| {
        compact(json!({
            "metric": name,
            "metricDate": iso(at),
            "value": if ended { duration(participant).unwrap_or(0) } else { 1 },
            "recordId": Uuid::new_v5(&participant.id, name.as_bytes()).to_string(),
            "conversationId": conversation.id.to_string(),
            "sessionId": participant.communication.to_string(),
            "flowId": world.directory().flows[index].to_string(),
            "flowName": flow.name,
            "flowType": flow.kind.to_lowercase(),
            "flowVersion": flow.versions[participant.flow_version].id,
            "startingLanguage": "en-us",
            "entryType": if call { "dnis" } else { "direct" },
            "entryReason": conversation.to,
            "exitReason": ended.then_some(if hung_up { "DISCONNECT" } else { "TRANSFER" }),
            "transferType": (ended && !hung_up).then_some("ACD"),
            "mediaType": media_type(conversation.media),
            "purpose": participant.purpose,
            "direction": "inbound",
            "originatingDirection": "inbound",
            "ani": call.then_some(&conversation.from),
            "dnis": call.then_some(&conversation.to),
            "sessionDnis": call.then_some(&conversation.to),
            "participantName": customer.name,
            "provider": media::provider(conversation.media),
            "peerId": customer.communication.to_string(),
            "divisionIds": [world.directory().division.to_string()],
            "interactionType": "contactCenter",
        }))
    };
    metrics.iter().map(metric).collect()
}

/// The presence that a user has, as `v2.users.{id}.presence` tells it.
pub fn presence(world: &World, user: usize) -> Value {
    let presence = world.presence(user);
    json!({
        "source": "PURECLOUD",
        "presenceDefinition": definition(world, presence.system_presence()),
        "primary": true,
        "message": "",
        "modifiedDate": iso(presence.since),
    })
}

fn definition(world: &World, system: &str) -> Value {
    let id = Uuid::new_v5(&world.directory().organization, system.as_bytes());
    json!({"id": id.to_string(), "systemPresence": system.to_uppercase().replace(' ', "_")})
}

/// The body of `v2.users.{id}.routingStatus`.
pub fn routing_status(world: &World, user: usize, at: i64) -> Value {
    json!({
        "id": world.directory().users[user].to_string(),
        "routingStatus": {"status": world.presence(user).routing_status(), "startTime": iso(at)},
    })
}

/// The body of `v2.users.{id}.activity`.
pub fn activity(world: &World, user: usize, at: i64) -> Value {
    let presence = world.presence(user);
    let queues = &world.scenario().users[user].queues;
    let active: Vec<String> = queues.iter().map(|queue| world.directory().queues[*queue].to_string()).collect();
    json!({
        "id": world.directory().users[user].to_string(),
        "routingStatus": {"status": presence.routing_status(), "startTime": iso(at)},
        "presence": {"presenceDefinition": definition(world, presence.system_presence()), "presenceMessage": "",
            "modifiedDate": iso(presence.since)},
        "activeQueueIds": active,
    })
}

/// The body of `v2.users.{id}.conversationsummary`.
pub fn summary(world: &World, user: usize) -> Value {
    let count = |media: Media| {
        let on = |p: &Participant| p.user == Some(user) && p.is_live() && p.connected.is_some();
        let active = world.live().filter(|c| c.media == media && c.participants.iter().any(on)).count();
        json!({"contactCenter": {"active": active, "acw": 0}, "enterprise": {"active": 0, "acw": 0}})
    };
    json!({
        "userId": world.directory().users[user].to_string(),
        "call": count(Media::Call),
        "callback": count(Media::Callback),
        "email": count(Media::Email),
        "message": count(Media::Message),
        "chat": count(Media::Chat),
    })
}

/// The body of `v2.routing.queues.{id}.users`: a member of the queue changed.
pub fn member(world: &World, queue: usize, user: usize) -> Value {
    let id = world.directory().users[user].to_string();
    json!({"id": id, "user": {"id": id}, "queueId": world.directory().queues[queue].to_string(), "joined": true})
}
