//! What a query may contain, by the platform's published models; anything else is a 400.

use serde_json::Value;

use crate::sim::reply::Reply;

/// Dimensions of `conversationFilters`.
pub const CONVERSATION: &[&str] = &[
    "accessAttribute",
    "conversationEnd",
    "conversationId",
    "conversationInitiator",
    "conversationStart",
    "customerParticipation",
    "divisionId",
    "externalTag",
    "mediaStatsMinConversationMos",
    "originatingDirection",
    "originatingSocialMediaPublic",
];

/// Dimensions of `segmentFilters`.
pub const SEGMENT: &[&str] = &[
    "addressFrom",
    "addressTo",
    "agentAssistantId",
    "agentOwned",
    "ani",
    "authenticated",
    "bargedParticipantId",
    "callbackNumber",
    "callbackScheduledTime",
    "canonicalExternalContactId",
    "cleared",
    "coachedParticipantId",
    "conference",
    "deliveryPushed",
    "deliveryStatus",
    "destinationAddress",
    "destinationConversationId",
    "detectedSpeechEnd",
    "detectedSpeechStart",
    "direction",
    "disconnectType",
    "dnis",
    "edgeId",
    "engagementSource",
    "errorCode",
    "exitReason",
    "extendedDeliveryStatus",
    "externalContactId",
    "externalOrganizationId",
    "flaggedReason",
    "flowId",
    "flowName",
    "flowOutType",
    "flowOutcome",
    "flowOutcomeId",
    "flowOutcomeValue",
    "flowVersion",
    "groupId",
    "journeyActionId",
    "journeyActionMapId",
    "journeyCustomerId",
    "journeyCustomerIdType",
    "journeyCustomerSessionId",
    "mediaCount",
    "mediaType",
    "messageType",
    "monitoredParticipantId",
    "outboundCampaignId",
    "outboundContactId",
    "outboundContactListId",
    "participantName",
    "protocolCallId",
    "provider",
    "purpose",
    "queueId",
    "recording",
    "remote",
    "remoteNameDisplayable",
    "requestedLanguageId",
    "requestedRouting",
    "requestedRoutingSkillId",
    "scoredAgentId",
    "screenMonitoredUserId",
    "screenRecording",
    "scriptId",
    "segmentEnd",
    "segmentType",
    "sessionDnis",
    "sipResponseCode",
    "skillExpressionId",
    "snippetRecording",
    "subject",
    "teamId",
    "transferTargetAddress",
    "transferTargetName",
    "transferType",
    "usedRouting",
    "userId",
    "wrapUpCode",
    "wrapUpNote",
];

/// Dimensions of a conversation activity query; one of flows knows two more.
pub const ACTIVITY: &[&str] = &[
    "activeRouting",
    "addressFrom",
    "addressTo",
    "agentScore",
    "ani",
    "conversationId",
    "convertedFrom",
    "convertedTo",
    "direction",
    "dnis",
    "mediaType",
    "participantName",
    "queueId",
    "requestedLanguageId",
    "requestedRouting",
    "requestedRoutingSkillId",
    "routingPriority",
    "scoredAgentId",
    "sessionId",
    "teamId",
    "usedRouting",
    "userId",
];

/// Dimensions of a flow activity query beyond those.
pub const FLOW_ACTIVITY: &[&str] = &["flowId", "flowType"];

/// Dimensions of a queue observation query.
pub const QUEUE_OBSERVATION: &[&str] = &["mediaType", "queueId"];

/// Dimensions of a flow observation query.
pub const FLOW_OBSERVATION: &[&str] = &["flowId", "mediaType"];

/// Metrics of a queue observation query.
pub const QUEUE_METRICS: &[&str] = &[
    "oActiveUsers",
    "oAlerting",
    "oInteracting",
    "oLongestInteracting",
    "oLongestWaiting",
    "oMemberUsers",
    "oOffQueueUsers",
    "oOnQueueUsers",
    "oUserPresences",
    "oUserRoutingStatuses",
    "oWaiting",
];

/// Metrics of a conversation activity query.
pub const ACTIVITY_METRICS: &[&str] =
    &["oAlerting", "oInteracting", "oLongestInteracting", "oLongestWaiting", "oWaiting"];

/// Metrics of flows.
pub const FLOW_METRICS: &[&str] = &["oFlow"];

pub(super) fn bad(message: impl Into<String>) -> Reply {
    Reply::error(400, "bad.request", message)
}

/// An object, and no other members than these: one that the platform's model does not have would be a filter or an order that
/// nobody applies.
pub fn members(object: &Value, what: &str, known: &[&str]) -> Result<(), Reply> {
    let Some(object) = object.as_object() else { return Err(bad(format!("{what} is an object"))) };
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(bad(format!("Unrecognized field [{name}] in {what}. Known are: {}", known.join(", ")))),
        None => Ok(()),
    }
}

/// The filters under a name: a list, or nothing.
pub fn filters<'v>(body: &'v Value, name: &str) -> Result<&'v [Value], Reply> {
    match &body[name] {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        _ => Err(bad(format!("[{name}] is a list"))),
    }
}

/// A member that, if it is there, is one of these.
pub fn one_of(body: &Value, name: &str, allowed: &[&str]) -> Result<(), Reply> {
    match &body[name] {
        Value::Null => Ok(()),
        Value::String(given) if allowed.contains(&given.as_str()) => Ok(()),
        other => {
            Err(bad(format!("Invalid value [{other}] for [{name}]. Allowable values are: {}", allowed.join(", "))))
        }
    }
}

/// A list of names, each one of these.
pub fn list_of(body: &Value, name: &str, allowed: &[&str]) -> Result<Vec<String>, Reply> {
    let Some(list) = body[name].as_array() else {
        return if body[name].is_null() { Ok(Vec::new()) } else { Err(bad(format!("[{name}] is a list"))) };
    };
    let read = |item: &Value| match item.as_str().filter(|given| allowed.contains(given)) {
        Some(given) => Ok(given.to_owned()),
        None => Err(bad(format!("Invalid value [{item}] in [{name}]"))),
    };
    list.iter().map(read).collect()
}

/// `metrics` of an activity query: the names, and whether details were asked for.
pub fn metrics(body: &Value, allowed: &[&str]) -> Result<Vec<(String, bool)>, Reply> {
    let list = body["metrics"].as_array().filter(|list| !list.is_empty()).ok_or_else(|| bad("metrics is required"))?;
    let read = |item: &Value| {
        members(item, "a metric", &["metric", "details"])?;
        match item["metric"].as_str().filter(|given| allowed.contains(given)) {
            Some(given) => Ok((given.to_owned(), item["details"] == true)),
            None => Err(bad(format!("Invalid metric [{}]", item["metric"]))),
        }
    };
    list.iter().map(read).collect()
}

/// A filter of predicates and clauses, whose dimensions are these.
pub fn filter(filter: &Value, allowed: &[&[&str]]) -> Result<(), Reply> {
    members(filter, "a filter", &["type", "clauses", "predicates"])?;
    if filter["type"].is_null() {
        return Err(bad("a filter needs its type: and, or"));
    }
    one_of(filter, "type", &["and", "or"])?;
    // A filter that filters by nothing, and a list of nothing, would let everything through or nothing. What the platform makes of
    // them is not documented; refused, as it refuses other filters that it cannot apply. Unverified.
    for name in ["predicates", "clauses"] {
        match &filter[name] {
            Value::Null => {}
            Value::Array(list) if list.is_empty() => return Err(bad(format!("[{name}] is empty"))),
            Value::Array(_) => {}
            _ => return Err(bad(format!("[{name}] is a list"))),
        }
    }
    if filter["predicates"].is_null() && filter["clauses"].is_null() {
        return Err(bad("a filter needs predicates or clauses"));
    }
    for predicate in filter["predicates"].as_array().into_iter().flatten() {
        self::predicate(predicate, allowed)?;
    }
    for clause in filter["clauses"].as_array().into_iter().flatten() {
        self::filter(clause, allowed)?;
    }
    Ok(())
}

fn predicate(predicate: &Value, allowed: &[&[&str]]) -> Result<(), Reply> {
    const KNOWN: &[&str] = &["type", "dimension", "propertyType", "property", "metric", "operator", "value", "range"];
    members(predicate, "a predicate", KNOWN)?;
    one_of(predicate, "type", &["dimension", "property", "metric"])?;
    one_of(predicate, "operator", &["matches", "exists", "notExists"])?;
    match predicate["type"].as_str() {
        Some("metric") => return Err(bad("the simulator computes no metrics to filter by")),
        Some("property") => return Ok(()),
        _ => {}
    }
    let dimension = predicate["dimension"].as_str().unwrap_or_default();
    if !allowed.iter().any(|list| list.contains(&dimension)) {
        return Err(bad(format!("Invalid dimension [{dimension}]")));
    }
    let exists = matches!(predicate["operator"].as_str(), Some("exists" | "notExists"));
    if !exists && predicate["value"].as_str().is_none() && !predicate["range"].is_object() {
        return Err(bad(format!("the predicate on [{dimension}] has no value")));
    }
    if predicate["range"].is_object() {
        return Err(bad("the simulator filters by no ranges"));
    }
    Ok(())
}

/// The two ends of an interval, ms since 1970; the second lies after the first.
pub fn interval(body: &Value) -> Result<(i64, i64), Reply> {
    let text = body["interval"].as_str().unwrap_or_default();
    let read = |t: &str| t.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    let ends = text.split_once('/').and_then(|(from, to)| Some((read(from)?, read(to)?)));
    match ends {
        Some((from, to)) if from < to => Ok((from, to)),
        Some(_) => Err(bad(format!("interval [{text}] ends before it begins"))),
        None => Err(bad("interval is required, as in 2026-11-20T00:00:00.000Z/2026-11-21T00:00:00.000Z")),
    }
}
