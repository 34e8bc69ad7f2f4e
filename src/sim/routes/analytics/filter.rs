//! Whether a conversation, or one of its segments, passes a filter that was checked before.

use serde_json::Value;

use crate::sim::{
    render::{analytics::media_type, media},
    scenario::Media,
    world::{Conversation, Participant, World},
};

/// What a filter is applied to: one participant of a conversation, which is one segment here.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// The world it is in.
    pub world: &'a World,
    /// The conversation.
    pub conversation: &'a Conversation,
    /// The participant.
    pub participant: &'a Participant,
}

impl Segment<'_> {
    /// The values of a dimension; none for one that the simulator does not have.
    pub fn values(&self, dimension: &str) -> Vec<String> {
        let Self { world, conversation, participant } = self;
        let (directory, scenario) = (world.directory(), world.scenario());
        let call = conversation.media == Media::Call;
        let flow = participant.flow;
        let some = |value: Option<String>| value.into_iter().collect();
        match dimension {
            "queueId" => some(participant.queue.map(|queue| directory.queues[queue].to_string())),
            "userId" => some(participant.user.map(|user| directory.users[user].to_string())),
            "flowId" => some(flow.map(|flow| directory.flows[flow].to_string())),
            "flowName" => some(flow.map(|flow| scenario.flows[flow].name.clone())),
            "flowType" => some(flow.map(|flow| scenario.flows[flow].kind.clone())),
            "flowVersion" => some(flow.map(|flow| scenario.flows[flow].versions[participant.flow_version].id.clone())),
            "mediaType" => vec![media_type(conversation.media).to_owned()],
            "ani" => some(call.then(|| conversation.from.clone())),
            "dnis" | "sessionDnis" => some(call.then(|| conversation.to.clone())),
            "addressFrom" => some((conversation.media != Media::Callback).then(|| conversation.from.clone())),
            "addressTo" => some((conversation.media != Media::Callback).then(|| conversation.to.clone())),
            "callbackNumber" => some(
                (conversation.media == Media::Callback).then(|| media::callback_numbers(conversation)[0].to_owned()),
            ),
            "direction" => vec!["inbound".to_owned()],
            "purpose" => vec![participant.purpose.clone()],
            "participantName" => vec![participant.name.clone()],
            "provider" => vec![media::provider(conversation.media).to_owned()],
            "conversationId" => vec![conversation.id.to_string()],
            "sessionId" => vec![participant.communication.to_string()],
            "disconnectType" => some(participant.disconnect.map(str::to_owned)),
            "segmentEnd" => some(participant.end.map(|end| end.to_string())),
            _ => Vec::new(),
        }
    }
}

/// The values of a dimension of a whole conversation.
fn of_conversation(world: &World, conversation: &Conversation, dimension: &str) -> Vec<String> {
    match dimension {
        "conversationEnd" => conversation.end.iter().map(i64::to_string).collect(),
        "conversationStart" => vec![conversation.start.to_string()],
        "conversationId" => vec![conversation.id.to_string()],
        "conversationInitiator" => vec!["customer".to_owned()],
        "customerParticipation" => vec!["true".to_owned()],
        "divisionId" => vec![world.directory().division.to_string()],
        "originatingDirection" => vec!["inbound".to_owned()],
        _ => Vec::new(),
    }
}

/// Whether a filter of predicates and clauses holds, joined by and/or.
fn holds(filter: &Value, values: &dyn Fn(&str) -> Vec<String>) -> bool {
    let list = |name: &str| filter[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let predicates = list("predicates").iter().map(|predicate| predicate_holds(predicate, values));
    let mut results = predicates.chain(list("clauses").iter().map(|clause| holds(clause, values))).peekable();
    if filter["type"] == "or" { results.peek().is_none() || results.any(|r| r) } else { results.all(|r| r) }
}

fn predicate_holds(predicate: &Value, values: &dyn Fn(&str) -> Vec<String>) -> bool {
    if predicate["type"] == "property" {
        // A partner who tried one on the platform got nothing.
        return false;
    }
    let has = values(predicate["dimension"].as_str().unwrap_or_default());
    match predicate["operator"].as_str() {
        Some("exists") => !has.is_empty(),
        Some("notExists") => has.is_empty(),
        _ => predicate["value"].as_str().is_some_and(|value| has.iter().any(|h| h == value)),
    }
}

/// Whether a conversation passes a conversation filter.
pub fn conversation(world: &World, conversation: &Conversation, filter: &Value) -> bool {
    holds(filter, &|dimension| of_conversation(world, conversation, dimension))
}

/// Whether one of its segments passes a segment filter.
pub fn any_segment(world: &World, conversation: &Conversation, filter: &Value) -> bool {
    conversation.participants.iter().any(|participant| segment(Segment { world, conversation, participant }, filter))
}

/// Whether a segment passes a filter; `null` is none at all.
pub fn segment(segment: Segment<'_>, filter: &Value) -> bool {
    filter.is_null() || holds(filter, &|dimension| segment.values(dimension))
}
