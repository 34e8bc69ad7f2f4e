//! Execution data: what a flow did on a call, as the platform records it where that is switched on (a log level, republished
//! flows). A run is recorded when its flow ends and what it wrote fits its definition; a run that does not fit has no record,
//! as if its flow had not been republished. The documents name no participant, as the platform's do not.

mod document;
mod path;

use std::collections::VecDeque;

use indexmap::IndexMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    architect::Plan,
    ids::iso,
    world::{SimFlowRun, World},
};

/// Runs that are kept.
const MAX_RUNS: usize = 2_000;
/// Jobs that are kept.
const MAX_JOBS: usize = 100;
/// Runs are kept for ten days.
const KEPT_MS: i64 = 10 * 86_400_000;
/// At most so many runs for a query, whatever its page size.
pub const MAX_RESULTS: usize = 200;

/// A recorded run.
pub struct Instance {
    /// What ran.
    pub run: SimFlowRun,
    steps: Vec<path::RanAction>,
    /// From when it can be found, ms since 1970.
    visible: i64,
}

/// Recorded runs and the jobs that render them.
#[derive(Default)]
pub struct Executions {
    instances: VecDeque<Instance>,
    jobs: IndexMap<Uuid, Vec<Uuid>>,
}

impl Executions {
    /// Records a run if it fits its definition. It can be found from `visible` on.
    pub fn record(&mut self, world: &World, run: SimFlowRun, visible: i64) -> Option<&Instance> {
        let flow = &world.scenario().flows[run.flow];
        let plan = Plan::without(flow.definition.as_ref()?, &flow.versions[run.version].loses);
        let voice = flow.kind.to_lowercase().contains("call");
        let steps = path::taken(&plan, &run, voice)?;
        if self.instances.len() >= MAX_RUNS {
            self.instances.pop_front();
        }
        self.instances.push_back(Instance { run, steps, visible });
        self.instances.back()
    }

    /// Runs that can be found at `at`, newest last.
    pub fn visible(&self, at: i64) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(move |i| i.visible <= at && i.run.end + KEPT_MS > at)
    }

    /// The run with this id.
    pub fn get(&self, id: Uuid, at: i64) -> Option<&Instance> {
        self.visible(at).find(|instance| instance.run.id == id)
    }

    /// Starts a job for these runs.
    pub fn start(&mut self, id: Uuid, runs: Vec<Uuid>) {
        if self.jobs.len() >= MAX_JOBS {
            self.jobs.shift_remove_index(0);
        }
        self.jobs.insert(id, runs);
    }

    /// The runs of a job.
    pub fn job(&self, id: Uuid) -> Option<&[Uuid]> {
        self.jobs.get(&id).map(Vec::as_slice)
    }
}

impl Instance {
    /// The entity of a query (model FlowExecutionDataQueryResult).
    pub fn entity(&self, world: &World) -> Value {
        let flow = &world.scenario().flows[self.run.flow];
        json!({
            "id": self.run.id.to_string(),
            "startDateTime": iso(self.run.start),
            "endDateTime": iso(self.run.end),
            "flowId": world.directory().flows[self.run.flow].to_string(),
            "flowVersion": flow.versions[self.run.version].id,
            "conversationId": self.run.conversation.to_string(),
            "flowType": flow.kind.to_lowercase(),
            "flowErrorReason": "NONE",
            "flowWarningReason": "NONE",
            "flowName": flow.name,
            "selfUri": format!("/api/v2/flows/instances/{}", self.run.id),
        })
    }

    /// The document that is downloaded; a truncated one lacks its second half.
    pub fn document(&self, world: &World, truncated: bool) -> Value {
        document::whole(world, &self.run, &self.steps, truncated)
    }

    /// The body of `v2.flows.instances.flow.{id}`: the path without names and values.
    pub fn event(&self, world: &World, uri: &str) -> Value {
        document::event(world, &self.run, &self.steps, uri)
    }

    /// Ids of the actions that ran, with the output that was taken.
    pub fn actions(&self, world: &World) -> Vec<(String, Option<String>)> {
        let flow = world.directory().flows[self.run.flow];
        self.steps.iter().map(|step| (document::action_id(flow, step), step.output_id(flow))).collect()
    }
}
