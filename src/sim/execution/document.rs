//! The downloaded document of a run, and the event that tells of it.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::path::{RanAction, Shape};
use crate::sim::{
    architect::{self, StepKind},
    ids::iso,
    render,
    world::{SimFlowRun, World},
};

/// A longer text is replaced by a marker.
const LONGEST: usize = 227;

/// The id of an action in the flow's configuration.
pub fn action_id(flow: Uuid, step: &RanAction) -> String {
    architect::action_id(flow, &step.action).to_string()
}

fn value(text: &str) -> Value {
    if text.chars().count() > LONGEST { json!({"valueIsTooLarge": true}) } else { json!(text) }
}

/// The tracking numbers of a configuration's actions, menus and their choices, by id.
fn numbers(world: &World, run: &SimFlowRun) -> HashMap<String, u64> {
    let mut found = HashMap::new();
    let configuration = render::flows::configuration(world, run.flow, run.version);
    let mut work = vec![&configuration];
    while let Some(value) = work.pop() {
        match value {
            Value::Array(list) => work.extend(list),
            Value::Object(map) => {
                if let (Some(id), Some(number)) = (value["id"].as_str(), value["trackingId"].as_u64()) {
                    found.insert(id.to_owned(), number);
                }
                work.extend(map.values());
            }
            _ => {}
        }
    }
    found
}

/// The kind of an entry for an action.
fn kind(step: &RanAction) -> &'static str {
    match step.shape {
        Shape::Bot => return "actionCallBotFlow",
        Shape::Switch => return "actionSwitch",
        Shape::Menu | Shape::Plain => {}
    }
    match &step.kind {
        StepKind::Set(_) => "actionSetParticipantData",
        StepKind::Get(_) => "actionGetParticipantData",
        StepKind::Data(..) => "actionCallData",
        StepKind::Decide(_) => "actionDecision",
        StepKind::Menu => "menuMenu",
        StepKind::Collect(_) => "actionCollectInput",
        StepKind::Queue(_) => "actionTransferToAcd",
        StepKind::Disconnect => "actionDisconnect",
        StepKind::Say => "actionPlayAudio",
    }
}

fn entry(world: &World, run: &SimFlowRun, steps: &[RanAction], number: usize, numbers: &HashMap<String, u64>) -> Value {
    let step = &steps[number];
    let flow = world.directory().flows[run.flow];
    let id = action_id(flow, step);
    let mut out = json!({
        "actionName": step.name,
        "dateTime": iso(step.at),
        "executionId": Uuid::new_v5(&run.id, &number.to_be_bytes()).to_string(),
        "trackingId": numbers.get(&id),
        "actionId": id,
    });
    if let Some(output) = step.output_id(flow) {
        out["outputPathId"] = json!(output);
    }
    if let Some((_, name)) = &step.case {
        out["outputPathName"] = json!(name);
    }
    match &step.kind {
        StepKind::Set(_) => {
            let attributes = step.set.iter().map(|(key, text)| json!({"inputName": key, "value": value(text)}));
            out["inputData"] = json!({"attributes": attributes.collect::<Vec<_>>()});
        }
        StepKind::Data(_, result) if step.output.as_deref() == Some("success") => {
            let prefix = format!("{result}.");
            let read = steps[number..].iter().flat_map(|later| &later.values);
            let outputs = read.filter_map(|(name, text)| Some((name.strip_prefix(&prefix)?, text)));
            let outputs: Vec<Value> =
                outputs.map(|(name, text)| json!({"outputName": name, "value": value(text)})).collect();
            out["outputData"] = json!({"successOutputs": outputs});
        }
        StepKind::Decide(_) => out["inputData"] = json!({"condition": step.output.as_deref() == Some("yes")}),
        StepKind::Queue(name) => {
            let queue = world.scenario().queues.iter().position(|queue| queue.name == *name);
            let id = queue.map(|queue| world.directory().queues[queue].to_string());
            out["inputData"] = json!({"targetQueue": {"id": id, "name": name}, "acdSkills": [], "priority": 0});
        }
        StepKind::Collect(variable) => {
            // What it took is known by what was set to it later on.
            let later = steps[number..].iter().flat_map(|later| &later.values);
            let digits = later.filter(|(name, _)| name == variable).map(|(_, text)| value(text)).next();
            out["outputData"] = json!({"inputData": digits});
            out["outputPathId"] = json!("__SUCCESS__");
        }
        StepKind::Menu if step.shape == Shape::Bot => {
            let variables = step.values.iter().map(|(name, text)| {
                let variable = architect::action_id(flow, &format!("variable {name}")).to_string();
                json!({"variableId": variable, "variableName": name, "value": value(text)})
            });
            out["outputVariables"] = variables.collect();
        }
        StepKind::Menu if step.shape == Shape::Menu => {
            let digit = step.output.as_deref().unwrap_or_default();
            let caller =
                json!({"audio": {"dtmf": {"value": digit, "valueIsRedacted": false}}, "dateTime": iso(step.at)});
            out["execution"] = json!([{"turn": {"fromParticipant": caller}}]);
        }
        _ => {}
    }
    json!({kind(step): out})
}

/// The whole document.
pub fn whole(world: &World, run: &SimFlowRun, steps: &[RanAction], truncated: bool) -> Value {
    let flow = &world.scenario().flows[run.flow];
    let id = world.directory().flows[run.flow];
    let version = &flow.versions[run.version].id;
    let variables = [
        json!({"variableId": "__CALL_ANI__", "variableName": "Call.Ani", "value": run.from}),
        json!({"variableId": "__CALL_CONVERSATION_ID__", "variableName": "Call.ConversationId",
            "value": run.conversation.to_string()}),
        json!({"variableId": "__FLOW_VERSION__", "variableName": "Flow.Version", "value": version}),
    ];
    let task = Uuid::new_v5(&run.id, b"task").to_string();
    let first = steps.first().map_or("", |step| step.action.as_str());
    let mut execution = vec![
        json!({"startedFlow": {"dateTime": iso(run.start), "languageTag": "en-us", "variables": variables}}),
        json!({"startedTask": {"dateTime": iso(run.start), "executionId": task, "taskName": "Start", "variables": [],
            "taskId": architect::action_id(id, &format!("task {first}")).to_string()}}),
    ];
    let numbers = numbers(world, run);
    execution.extend((0..steps.len()).map(|number| entry(world, run, steps, number, &numbers)));
    execution.push(json!({"endedTask": {"dateTime": iso(run.end), "outputVariables": []}}));
    execution.push(json!({"endedFlow": {"dateTime": iso(run.end), "flowExitReason": run.exit, "outputVariables": []}}));
    if truncated {
        execution.truncate(execution.len() / 2);
    }
    json!({"flow": {
        "conversationId": run.conversation.to_string(),
        "division": {"id": world.directory().division.to_string()},
        "startDateTime": iso(run.start),
        "endDateTime": iso(run.end),
        "execution": execution,
        "executionId": run.id.to_string(),
        "executionInfo": {"logLevel": "all", "characteristics": {"flowExecutionItems": true,
            "flowExecutionInputOutputs": true, "flowCommunications": true, "flowEventError": true,
            "flowEventWarning": true, "flowEventOther": true, "flowVariables": true, "flowNames": true}},
        "flowId": id.to_string(),
        "flowName": flow.name,
        "flowType": flow.kind.to_lowercase(),
        "flowVersion": version,
        "flowIsDebug": false,
        "isSecure": false,
        "isTruncated": truncated,
    }})
}

/// The event of a finished run.
pub fn event(world: &World, run: &SimFlowRun, steps: &[RanAction], uri: &str) -> Value {
    let flow = &world.scenario().flows[run.flow];
    let id = world.directory().flows[run.flow];
    let item = |(number, step): (usize, &RanAction)| {
        let mut out = json!({
            "objectType": kind(step),
            "objectId": action_id(id, step),
            "executionId": Uuid::new_v5(&run.id, &number.to_be_bytes()).to_string(),
            "startDateTime": iso(step.at),
        });
        if let Some(output) = step.output_id(id) {
            out["outputPathId"] = json!(output);
        }
        out
    };
    json!({
        "executionId": run.id.to_string(),
        "conversationId": run.conversation.to_string(),
        "divisionId": world.directory().division.to_string(),
        "startDateTime": iso(run.start),
        "endDateTime": iso(run.end),
        "endpoint": format!("/api/v2/flows/instances/{}", run.id),
        "errors": [],
        "warnings": [],
        "execution": steps.iter().enumerate().map(item).collect::<Vec<_>>(),
        "executionItemsTruncated": false,
        "flowExitReason": run.exit,
        "flowId": id.to_string(),
        "flowIsDebug": false,
        "flowType": flow.kind.to_lowercase(),
        "flowVersion": flow.versions[run.version].id,
        "executionHistoryUri": uri,
        "executionHistoryUriTtl": 3600,
    })
}
