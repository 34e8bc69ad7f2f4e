//! Flows in the form of tutorials in circulation: an `actions` list that can be put, and a simulation endpoint. The platform
//! has neither (api-facts 4.2): `PUT /flows/{id}` changes metadata there.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Ask;
use crate::{
    flow::{
        self,
        input::Inputs,
        model::{Flow, display_name},
        run::{ActionRun, Run},
    },
    sim::{render, reply::Reply, shared::SharedState, world::World},
};

/// Actions that a simulation runs at most.
const LIMIT: usize = 10_000;

/// `None`: not one of these routes.
pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Option<Result<Reply, Reply>> {
    match (ask.method, segments) {
        ("POST", ["simulations"]) => Some(simulate(ask)),
        ("GET", [id]) if *id != "divisionviews" => Some(get(ask, id)),
        ("PUT", [id]) => Some(put(ask, id)),
        _ => None,
    }
}

fn index(world: &World, id: &str) -> Result<usize, Reply> {
    let missing = || Reply::error(404, "architect.flow.not.found", "Could not find a flow with the given id.");
    world.directory().flow(id).ok_or_else(missing)
}

/// The definition of a flow: as it was put, as the scenario has it, or made from what the stories set in it.
fn definition(state: &SharedState, flow: usize) -> Value {
    let put = state.put_flows.get(&flow).map(|(_, value)| value.clone());
    let given = || state.world.scenario().flows[flow].definition.clone();
    put.or_else(given).unwrap_or_else(|| render::flows::tutorial(&state.world, flow))
}

fn whole(state: &SharedState, flow: usize) -> Value {
    let mut out = render::flows::flow(&state.world, flow);
    let definition = definition(state, flow);
    for field in ["actions", "startActionId"] {
        if let Some(value) = definition.get(field) {
            out[field] = value.clone();
        }
    }
    out["version"] = json!(state.put_flows.get(&flow).map_or(1, |(version, _)| *version));
    out
}

fn get(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let state = ask.app.lock();
    ask.need(&state, &["architect:flow:view"])?;
    let flow = index(&state.world, id)?;
    Ok(Reply::ok(whole(&state, flow)))
}

fn put(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let body = ask.body()?;
    let mut state = ask.app.lock();
    ask.need(&state, &["architect:flow:edit"])?;
    let flow = index(&state.world, id)?;
    if !body["actions"].is_array() {
        return Err(Reply::error(400, "bad.request", "actions is missing"));
    }
    let program = read(&body)?;
    let version = state.put_flows.get(&flow).map_or(1, |(version, _)| *version) + 1;
    state.put_flows.insert(flow, (version, body));
    state.world.define(flow, program);
    Ok(Reply::ok(whole(&state, flow)))
}

fn read(definition: &Value) -> Result<Flow, Reply> {
    let flow = flow::read(&definition.to_string());
    flow.map_err(|error| Reply::error(400, "bad.request", format!("The flow does not read: {error}")))
}

fn simulate(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let body = ask.body()?;
    let definition = match (&body["flow"], body["flowId"].as_str()) {
        (given @ Value::Object(_), _) => given.clone(),
        (_, Some(id)) => {
            let state = ask.app.lock();
            let flow = index(&state.world, id)?;
            definition(&state, flow)
        }
        _ => return Err(Reply::error(400, "bad.request", "flowId or flow is required")),
    };
    let inputs = match &body["input"] {
        Value::Null => Inputs::default(),
        input => Inputs::from_json(&input.to_string()).map_err(|error| Reply::error(400, "bad.request", error))?,
    };
    let mut run = Run::new(Arc::new(read(&definition)?), inputs).limited(LIMIT);
    let mut steps = Vec::new();
    while let Some(step) = run.step() {
        steps.push(told(run.flow(), &step));
    }
    let attributes: serde_json::Map<String, Value> =
        run.attributes().map(|(key, value)| (key.to_owned(), json!(value.to_string()))).collect();
    let end = run.end();
    Ok(Reply::ok(json!({
        "flowId": body.get("flowId"),
        "status": end.map(|end| end.word()),
        "message": end.map(ToString::to_string),
        "steps": steps,
        "attributes": attributes,
    })))
}

fn told(flow: &Flow, step: &ActionRun) -> Value {
    let action = &flow.actions[step.action];
    let set = step.set.iter().map(|set| (set.key.clone().unwrap_or_default(), json!(set.value.to_string())));
    json!({
        "number": step.number,
        "actionId": action.id,
        "name": display_name(action),
        "type": action.type_name,
        "output": step.output,
        "attributesSet": set.collect::<serde_json::Map<String, Value>>(),
        "notes": step.notes,
    })
}
