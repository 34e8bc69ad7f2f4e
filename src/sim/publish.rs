//! From what happens in the world to frames on the topics that tell of it.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

use super::{
    AttributeEvents,
    channels::Channels,
    faults::Fate,
    ids::uuid,
    render::{self, media::Side},
    world::{Conversation, Happening, ParticipantAct, World, WorldChange},
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

/// Collects frames for the topics that somebody connected wants.
struct Frames<'a> {
    channels: &'a Channels,
    rng: &'a mut fastrand::Rng,
    out: Vec<(String, Utf8Bytes)>,
}

impl Frames<'_> {
    fn add(&mut self, topic: String, body: impl FnOnce() -> Value) {
        if self.channels.wanted(&topic) {
            let frame = frame(&topic, &body(), self.rng);
            self.out.push((topic, frame));
        }
    }

    /// The same body on several topics, built once.
    fn spread(&mut self, topics: Vec<String>, body: impl FnOnce() -> Value) {
        let topics: Vec<String> = topics.into_iter().filter(|topic| self.channels.wanted(topic)).collect();
        if topics.is_empty() {
            return;
        }
        let body = body();
        for topic in topics {
            let frame = frame(&topic, &body, self.rng);
            self.out.push((topic, frame));
        }
    }
}

/// Frames that a change makes, with their topics; only those that somebody connected wants.
pub fn frames(
    world: &mut World,
    happened: Vec<Happening>,
    notice: Option<&WorldChange>,
    channels: &Channels,
    attribute_events: AttributeEvents,
    rng: &mut fastrand::Rng,
) -> Vec<(String, Utf8Bytes)> {
    let left = notice.map(|notice| world.leave_topics(notice.conversation)).unwrap_or_default();
    let mut frames = Frames { channels, rng, out: Vec::new() };
    for happening in happened {
        match happening {
            Happening::Participant { conversation, participant, at, what } => {
                participant_frames(world, &mut frames, conversation, participant, at, what);
            }
            Happening::User { user, at } => {
                let id = world.directory().users[user];
                frames.add(format!("v2.users.{id}.presence"), || render::detail::presence(world, user));
                user_frames(world, &mut frames, user, at);
            }
            Happening::Published { flow } => {
                let id = world.directory().flows[flow];
                frames.add(format!("v2.flows.{id}"), || render::flows::published(world, flow));
            }
        }
    }
    if let Some(notice) = notice
        && let Some(conversation) = world.conversation(notice.conversation)
    {
        conversation_frames(world, &mut frames, conversation, &left, notice, attribute_events);
    }
    frames.out
}

fn conversation_frames(
    world: &World,
    frames: &mut Frames<'_>,
    conversation: &Conversation,
    left: &[usize],
    notice: &WorldChange,
    attribute_events: AttributeEvents,
) {
    let (whole, media) = topics(world, conversation, left);
    frames.spread(whole, || render::event::conversation(world, conversation));
    frames.spread(media, || render::media::conversation(world, conversation, Side::Event));
    for (participant, written) in &notice.attributes {
        let topic = format!("v2.detail.events.conversation.{}.attributes", conversation.id);
        let full = conversation.participant(*participant).map(|p| &p.attributes);
        let values = match attribute_events {
            AttributeEvents::Full => full.unwrap_or(written),
            AttributeEvents::Written => written,
        };
        let body = || render::event::attributes_update(conversation, *participant, values, notice.at);
        frames.add(topic, || body().unwrap_or(Value::Null));
    }
}

fn participant_frames(
    world: &World,
    frames: &mut Frames<'_>,
    conversation: Uuid,
    participant: Uuid,
    at: i64,
    what: ParticipantAct,
) {
    let Some(conversation) = world.conversation(conversation) else { return };
    let Some(participant) = conversation.participant(participant) else { return };
    if what != ParticipantAct::Answered {
        let ended = what == ParticipantAct::Left;
        if let Some((suffix, body)) = render::detail::event(world, conversation, participant, ended, at) {
            frames.add(format!("v2.detail.events.conversation.{}.{suffix}", conversation.id), || body);
        }
        if let Some(flow) = participant.flow {
            let topic = format!("v2.analytics.flow.{}.metrics", world.directory().flows[flow]);
            if frames.channels.wanted(&topic) {
                for body in render::detail::flow_metrics(world, conversation, participant, ended, at) {
                    frames.add(topic.clone(), || body);
                }
            }
        }
    }
    let talked = what == ParticipantAct::Answered || what == ParticipantAct::Left && participant.connected.is_some();
    if let Some(user) = participant.user.filter(|_| talked) {
        user_frames(world, frames, user, at);
    }
}

fn user_frames(world: &World, frames: &mut Frames<'_>, user: usize, at: i64) {
    let id = world.directory().users[user];
    frames.add(format!("v2.users.{id}.routingStatus"), || render::detail::routing_status(world, user, at));
    frames.add(format!("v2.users.{id}.activity"), || render::detail::activity(world, user, at));
    frames.add(format!("v2.users.{id}.conversationsummary"), || render::detail::summary(world, user));
    for queue in &world.scenario().users[user].queues {
        let topic = format!("v2.routing.queues.{}.users", world.directory().queues[*queue]);
        frames.add(topic, || render::detail::member(world, *queue, user));
    }
}

/// The conversation topics of the queues that it is in (and of those that it has just left), and of the users that take
/// part, plain and media-suffixed. After a transfer out of a queue its topic says nothing more of the conversation.
fn topics(world: &World, conversation: &Conversation, left: &[usize]) -> (Vec<String>, Vec<String>) {
    let directory = world.directory();
    let queues = conversation.queues_now();
    let queues = queues.iter().chain(left.iter().filter(|queue| !queues.contains(queue)));
    let queues = queues.map(|queue| format!("v2.routing.queues.{}.conversations", directory.queues[*queue]));
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
