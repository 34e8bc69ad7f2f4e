//! The platform's record of one run of a flow ("flow execution data"), as it is downloaded.
//!
//! There is no official schema; the shape is that of the platform's help pages and of one real document (flow execution
//! data, 2026-11). So the reader is lenient: entries of unknown kinds are passed over, names may be missing (then ids
//! stand), values may be missing or replaced by a marker. Nothing here is required but the list of entries.

use super::answer::FlowName;
use crate::domain::plain_version;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// One run of a flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    /// The run's id, the same as the instance's.
    pub(crate) execution_id: String,
    /// The conversation.
    pub(crate) conversation_id: String,
    /// The flow.
    pub(crate) flow_id: String,
    /// The flow's name; empty when names are not recorded.
    pub(crate) flow_name: String,
    /// The version, as the platform writes it: `13.0`.
    pub(crate) flow_version: String,
    /// `inboundcall`, `inqueuecall`, …
    pub(crate) flow_type: String,
    /// When it began.
    pub(crate) started: Option<Timestamp>,
    /// When it ended; `None` while it runs.
    pub(crate) ended: Option<Timestamp>,
    /// Inputs and outputs of actions are recorded, and with them the keys that were set.
    pub(crate) records_values: bool,
    /// The record was cut: an action that is not in it may have been executed all the same.
    pub(crate) truncated: bool,
    /// The flow is secure: what the record of one leaves out is not known (flow execution data, 2).
    pub(crate) secure: bool,
    /// Its actions are recorded: the switch for them is on, and there is at least one.
    pub(crate) lists_actions: bool,
    /// It holds entries that are not one map of one kind: what they are of is not known.
    pub(crate) has_odd_entries: bool,
    /// It shows the flow's end: nothing came after its last action.
    pub(crate) has_end: bool,
    /// Why the flow ended, as its end says it: `TRANSFER`, `DISCONNECT`; empty where that is not recorded.
    pub(crate) exit_reason: String,
    /// What was executed, in order, that of called modules and tasks included.
    pub(crate) executed: Vec<Executed>,
    /// What variables the flow began with, built-in ones included, by their names; values that are recorded.
    pub(crate) variables: Vec<(String, Value)>,
}

impl Run {
    /// Why an action that is not in the record may have been executed all the same; `None` where it was not.
    pub(crate) fn gap(&self) -> Option<&'static str> {
        if !self.lists_actions {
            Some("does not list actions")
        } else if self.truncated {
            Some("was cut")
        } else if self.has_odd_entries {
            Some("holds entries that cannot be read")
        } else if self.secure {
            Some("is that of a secure flow, which leaves things out")
        } else if self.ended.is_none() && !self.has_end {
            Some("has no end yet")
        } else if !self.has_end {
            Some("does not show how the flow ended")
        } else {
            None
        }
    }
}

/// Whether the record shows the end of the flow: by its own entry, or, in a run that has ended, by a last action that ends it.
fn has_end(entries: &[Value], run: &Run) -> bool {
    let ends =
        |executed: &Executed| ["actionDisconnect", "actionTransfer"].iter().any(|kind| executed.kind.starts_with(kind));
    entries.iter().any(|entry| entry.get("endedFlow").is_some())
        || run.ended.is_some() && run.executed.last().is_some_and(ends)
}

impl Run {
    /// The flow ended without an action that ends it, by what its end says: the call was disconnected, or there was an error.
    pub(crate) fn cut_short(&self) -> Option<CutShort> {
        let last = self.executed.iter().rfind(|executed| executed.module.is_none())?;
        let ends = ["Disconnect", "Transfer", "End", "Exit", "JumpTo"].iter().any(|word| last.kind.contains(word));
        let reason = self.exit_reason.to_ascii_uppercase();
        match () {
            () if !self.has_end => None,
            () if reason.contains("ERROR") => Some(CutShort::Error),
            () if !ends && reason.contains("DISCONNECT") => Some(CutShort::Disconnected),
            () => None,
        }
    }
}

/// How a flow ended before it came to its own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutShort {
    /// The call was disconnected: mostly, the caller hung up.
    Disconnected,
    /// An error of the flow.
    Error,
}

/// One action that was executed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Executed {
    /// The kind of entry: `actionSetParticipantData`.
    pub(crate) kind: String,
    /// The action's id, as in the flow's configuration.
    pub(crate) action_id: String,
    /// The number that Architect shows beside it.
    pub(crate) tracking_id: Option<String>,
    /// Its name; empty when names are not recorded.
    pub(crate) name: String,
    /// When it began, by the platform's clock.
    pub(crate) at: Option<Timestamp>,
    /// The output that it took, as the platform names it: `__TIMEOUT__`, a case's id; empty when it has none.
    pub(crate) output_id: String,
    /// That output's name.
    pub(crate) output_name: String,
    /// What a Set Participant Data or Set Conversation Data set; `None` when inputs are not recorded.
    pub(crate) sets: Option<Vec<Set>>,
    /// What another system or a table answered, by the names of its outputs; `None` when that is not recorded.
    pub(crate) answer: Option<Map<String, Value>>,
    /// Variables that it wrote, by their names.
    pub(crate) wrote: Vec<(String, Value)>,
    /// Attributes that it read; those that were not there have no value.
    pub(crate) read: Vec<Set>,
    /// What the caller entered.
    pub(crate) digits: Option<String>,
    /// The common module that it is part of; `None` for the flow's own actions.
    pub(crate) module: Option<FlowName>,
}

impl Executed {
    /// It may wait for something before it takes an output: a decision does not.
    pub(crate) fn may_wait(&self) -> bool {
        !["Decision", "Switch", "Evaluate"].iter().any(|kind| self.kind.contains(kind))
    }
}

/// One attribute that was set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Set {
    /// The key.
    pub(crate) key: String,
    /// What it was set to.
    pub(crate) value: Recorded,
}

/// A value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// A text.
    Text(String),
    /// A number, a list, a telephone number with its parts: JSON of the variable's type. As which text the platform writes it
    /// into an attribute is not known.
    Typed(String),
    /// NOT_SET.
    NotSet,
    /// It is left out: too large, deferred or redacted.
    Hidden,
}

impl Recorded {
    /// The value's own text, that of JSON where it is none; `None` for no value and for one that was left out.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Typed(text) => Some(text),
            Self::NotSet | Self::Hidden => None,
        }
    }
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotAnExecution(pub(crate) String);

impl std::fmt::Display for NotAnExecution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not flow execution data: {}", self.0)
    }
}

impl std::error::Error for NotAnExecution {}

/// How deep modules and tasks may call one another before the rest is passed over.
const DEPTH: usize = 64;

/// Reads a downloaded document.
pub(crate) fn read(document: &Value) -> Result<Run, NotAnExecution> {
    let flow = document.get("flow").and_then(Value::as_object);
    let flow = flow.ok_or_else(|| NotAnExecution("it has no member \"flow\"".to_owned()))?;
    let entries = flow.get("execution").and_then(Value::as_array);
    let entries = entries.ok_or_else(|| NotAnExecution("its flow has no list \"execution\"".to_owned()))?;
    let mut run = Run {
        execution_id: text(flow, "executionId"),
        conversation_id: text(flow, "conversationId"),
        flow_id: text(flow, "flowId"),
        flow_name: text(flow, "flowName"),
        flow_version: text(flow, "flowVersion"),
        flow_type: text(flow, "flowType"),
        started: time(flow, "startDateTime"),
        ended: time(flow, "endDateTime"),
        records_values: records_values(flow),
        truncated: flow.get("isTruncated") == Some(&Value::Bool(true)),
        secure: flow.get("isSecure") == Some(&Value::Bool(true)),
        lists_actions: false,
        has_odd_entries: false,
        has_end: false,
        exit_reason: entries
            .iter()
            .filter_map(|entry| entry.get("endedFlow")?.get("flowExitReason")?.as_str())
            .next_back()
            .unwrap_or_default()
            .to_owned(),
        executed: Vec::new(),
        variables: entries
            .iter()
            .filter_map(|entry| entry.get("startedFlow"))
            .flat_map(|started| named(started.get("variables"), "variableName"))
            .collect(),
    };
    walk(entries, None, 0, &mut run.executed);
    run.has_odd_entries = has_odd(entries, 0);
    run.has_end = has_end(entries, &run);
    run.lists_actions = !run.executed.is_empty() && lists_actions(flow);
    Ok(run)
}

/// The level and its switch tell it; where they are missing, the list itself does.
fn lists_actions(flow: &Map<String, Value>) -> bool {
    let Some(info) = flow.get("executionInfo") else { return true };
    let off = info.get("logLevel").and_then(Value::as_str).is_some_and(|level| level.eq_ignore_ascii_case("disabled"));
    let switch = info.pointer("/characteristics/flowExecutionItems").and_then(Value::as_bool);
    switch.unwrap_or(!off)
}

/// The switch tells it; where it is missing, any recorded input does.
fn records_values(flow: &Map<String, Value>) -> bool {
    let switch = flow.get("executionInfo").and_then(|info| info.pointer("/characteristics/flowExecutionInputOutputs"));
    match switch.and_then(Value::as_bool) {
        Some(on) => on,
        None => flow.get("execution").is_some_and(|entries| holds(entries, "inputData", 0)),
    }
}

fn holds(value: &Value, member: &str, depth: usize) -> bool {
    match value {
        _ if depth > DEPTH => false,
        Value::Array(list) => list.iter().any(|value| holds(value, member, depth + 1)),
        Value::Object(map) => map.contains_key(member) || map.values().any(|value| holds(value, member, depth + 1)),
        _ => false,
    }
}

/// Whether an entry, at any depth, is not a map with one member, its kind.
fn has_odd(entries: &[Value], depth: usize) -> bool {
    let odd = |entry: &Value| match entry.as_object().map(|entry| (entry.len(), entry.values().next())) {
        Some((1, Some(Value::Object(body)))) => {
            let nested = body.get("execution").and_then(Value::as_array).filter(|_| depth < DEPTH);
            nested.is_some_and(|nested| has_odd(nested, depth + 1))
        }
        _ => true,
    };
    entries.iter().any(odd)
}

fn walk(entries: &[Value], module: Option<&FlowName>, depth: usize, out: &mut Vec<Executed>) {
    for entry in entries {
        // Each entry is an object with one member: its kind.
        let Some((kind, body)) = entry.as_object().and_then(|entry| entry.iter().next()) else { continue };
        let Some(body) = body.as_object() else { continue };
        // A menu that names itself is a step as well.
        let menu = kind == "menuMenu" && ["actionId", "menuId", "trackingId"].iter().any(|id| body.contains_key(*id));
        if kind.starts_with("action") || menu {
            out.push(action(kind, body, module));
        }
        let Some(nested) = body.get("execution").and_then(Value::as_array) else { continue };
        if depth >= DEPTH {
            continue;
        }
        let called = body.get("inputData").and_then(|input| input.get("commonModule")).and_then(Value::as_object);
        let called = called.map(|module| FlowName {
            id: text(module, "flowId"),
            name: text(module, "flowName"),
            version: plain_version(&text(module, "flowVersion")).to_owned(),
        });
        let called = called.or_else(|| (kind == "actionCallCommonModule").then(Default::default));
        walk(nested, called.as_ref().or(module), depth + 1, out);
    }
}

fn action(kind: &str, body: &Map<String, Value>, module: Option<&FlowName>) -> Executed {
    let sets_data = matches!(kind, "actionSetParticipantData" | "actionSetConversationData");
    let list = body.get("inputData").and_then(|input| input.get("attributes")).and_then(Value::as_array);
    Executed {
        kind: kind.to_owned(),
        action_id: Some(text(body, "actionId")).filter(|id| !id.is_empty()).unwrap_or_else(|| text(body, "menuId")),
        tracking_id: number(body, "trackingId"),
        name: Some(text(body, "actionName")).filter(|name| !name.is_empty()).unwrap_or_else(|| text(body, "menuName")),
        at: time(body, "dateTime"),
        output_id: text(body, "outputPathId"),
        output_name: text(body, "outputPathName"),
        sets: list.filter(|_| sets_data).map(|list| list.iter().filter_map(|one| set(one, "inputName")).collect()),
        answer: ["successOutputs", "foundOutputs", "outputs"]
            .iter()
            .find_map(|name| body.get("outputData")?.get(name))
            .map(|list| named(Some(list), "outputName").collect()),
        wrote: ["outputVariables", "statements"]
            .iter()
            .flat_map(|name| named(body.get(*name), "variableName"))
            .collect(),
        read: body
            .get("outputData")
            .and_then(|output| output.get("attributes")?.as_array())
            .map(|list| list.iter().filter_map(|one| set(one, "outputName")).collect())
            .unwrap_or_default(),
        digits: body.get("outputData").and_then(|output| output.get("inputData")?.as_str()).map(str::to_owned),
        module: module.cloned(),
    }
}

fn set(attribute: &Value, name: &str) -> Option<Set> {
    let attribute = attribute.as_object()?;
    let key = attribute.get(name).and_then(Value::as_str)?.to_owned();
    let value = match attribute.get("value") {
        None => Recorded::Hidden,
        Some(Value::Null) => Recorded::NotSet,
        Some(value) if !recorded(value) => Recorded::Hidden,
        Some(Value::String(text)) => Recorded::Text(text.clone()),
        Some(other) => Recorded::Typed(other.to_string()),
    };
    Some(Set { key, value })
}

/// Whether a value is one, and no marker of one that was left out.
fn recorded(value: &Value) -> bool {
    let marks = ["valueIsTooLarge", "valueIsDeferred", "valueIsRedacted"];
    value.as_object().is_none_or(|map| marks.iter().all(|mark| !map.contains_key(*mark)))
}

/// Names and values of a list; what is not recorded is left out.
fn named<'v>(list: Option<&'v Value>, name: &'static str) -> impl Iterator<Item = (String, Value)> + 'v {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(move |one| {
        let value = one.get("value").filter(|value| recorded(value))?;
        Some((one.get(name)?.as_str()?.to_owned(), value.clone()))
    })
}

fn text(map: &Map<String, Value>, member: &str) -> String {
    map.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(map: &Map<String, Value>, member: &str) -> Option<String> {
    match map.get(member)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn time(map: &Map<String, Value>, member: &str) -> Option<Timestamp> {
    map.get(member).and_then(Value::as_str)?.parse().ok()
}
