//! From a change in the world to frames on the topics that tell of it.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    channels::Channels,
    faults::Fate,
    ids::uuid,
    render::{self, media::Side},
    world::{Conversation, Notice, World},
};

/// One event frame: topic, version, body, correlation id.
pub fn frame(topic: &str, body: &Value, rng: &mut fastrand::Rng) -> Utf8Bytes {
    let envelope = json!({
        "topicName": topic,
        "version": "2",
        "eventBody": body,
        "metadata": {"CorrelationId": uuid(rng).to_string()},
    });
    envelope.to_string().into()
}

/// Frames of the control topic: no version, no metadata.
pub fn control(message: &str) -> Utf8Bytes {
    json!({"topicName": "channel.metadata", "eventBody": {"message": message}}).to_string().into()
}

/// Frames that a change makes, with their topics; only those that somebody connected wants.
pub fn frames(
    world: &World,
    notice: &Notice,
    channels: &Channels,
    rng: &mut fastrand::Rng,
) -> Vec<(String, Utf8Bytes)> {
    let Some(conversation) = world.conversation(notice.conversation) else { return Vec::new() };
    let mut out = Vec::new();
    let (whole, media) = topics(world, conversation);
    let wanted = |topics: Vec<String>| -> Vec<String> { topics.into_iter().filter(|t| channels.wanted(t)).collect() };
    let mut add = |topics: Vec<String>, build: &dyn Fn() -> Value, rng: &mut fastrand::Rng| {
        if topics.is_empty() {
            return;
        }
        let body = build();
        out.extend(topics.into_iter().map(|topic| (topic.clone(), frame(&topic, &body, rng))));
    };
    add(wanted(whole), &|| render::event::conversation(world, conversation), rng);
    add(wanted(media), &|| render::media::conversation(world, conversation, Side::Event), rng);
    for (participant, written) in &notice.attributes {
        let topic = format!("v2.detail.events.conversation.{}.attributes", conversation.id);
        let body =
            || render::event::attributes_update(conversation, *participant, written, notice.at).unwrap_or(Value::Null);
        add(wanted(vec![topic]), &body, rng);
    }
    out
}

/// The conversation topics of the queues and users that take part, plain and media-suffixed.
fn topics(world: &World, conversation: &Conversation) -> (Vec<String>, Vec<String>) {
    let directory = world.directory();
    let queues =
        conversation.queues.iter().map(|q| format!("v2.routing.queues.{}.conversations", directory.queues[*q]));
    let mut users: Vec<usize> = conversation.users().collect();
    users.sort_unstable();
    users.dedup();
    let users = users.into_iter().map(|user| format!("v2.users.{}.conversations", directory.users[user]));
    let whole: Vec<String> = queues.chain(users).collect();
    let suffix = render::list_of(conversation.media);
    let media = whole.iter().map(|topic| format!("{topic}.{suffix}")).collect();
    (whole, media)
}

/// Sends frames as the faults of the moment allow. What is overtaken comes back, to be sent a moment later.
pub fn send(
    channels: &mut Channels,
    frames: Vec<(String, Utf8Bytes)>,
    mut fate: impl FnMut() -> Fate,
) -> Vec<(String, Utf8Bytes)> {
    let mut overtaken = Vec::new();
    for (topic, frame) in frames {
        let fate = fate();
        if fate.overtaken {
            overtaken.push((topic, frame));
            continue;
        }
        for _ in 0..fate.copies {
            channels.publish(&topic, &frame, fate.late_ms);
        }
    }
    overtaken
}
