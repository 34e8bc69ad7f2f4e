//! What the platform tells of the flows that a call ran: which versions, their definitions, the records of their runs.
//! What cannot be had is named, and the answer goes on without it.

use crate::{
    domain::Conversation,
    flow::{self, model::Flow},
    genesys::{Client, Error, Kind, client::Instance},
    why::{
        answer::FlowName,
        cause::{FlowRun, Gathered},
        execution::{self, Run},
    },
};
use std::time::Duration;

/// How long the rendering of records is waited for.
const JOB: Duration = Duration::from_secs(30);

/// Looks up everything. At most five requests, three more for each flow version, and one a second while a job runs.
pub(crate) async fn flows(client: &Client, conversation: &Conversation) -> Gathered {
    let mut gathered = Gathered::default();
    let instances = match client.flow_instances(&conversation.id).await {
        Ok(instances) => instances,
        Err(error) => {
            gathered.notes.push(without("execution data", &error));
            Vec::new()
        }
    };
    if instances.is_empty() {
        // Why there is none, so that the answer does not look like the best there could be.
        match client.records_executions().await {
            Ok(Some(false)) => gathered.notes.push(
                "execution data is off (Admin > Organization Settings > Execution Data): which way a call took through its \
                 flow is not recorded"
                    .to_owned(),
            ),
            Ok(_) => gathered.notes.push(
                "no run of a flow is recorded for this call: the flow was not published since execution data was switched on, \
                 its log level is off, the record is not there yet, or the call is older than 10 days"
                    .to_owned(),
            ),
            Err(error) => gathered.notes.push(without("whether execution data is on", &error)),
        }
        match client.flows_of_call(&conversation.id).await {
            Ok(flows) => {
                for flow in flows {
                    let running = !flow.ended && !conversation.is_over() && conversation.running_flow().is_some();
                    let name = FlowName { id: flow.id, name: flow.name, version: flow.version };
                    gathered.flows.push(FlowRun { name, running, ..FlowRun::default() });
                }
            }
            Err(error) => gathered.notes.push(without("which flow the call ran", &error)),
        }
    } else {
        let runs = runs(client, &instances, &mut gathered.notes).await;
        for instance in instances {
            let run = runs.iter().find(|run| run.execution_id == instance.id).cloned();
            let running = instance.end_date_time.is_none() && run.as_ref().is_none_or(|run| run.ended.is_none());
            let name = FlowName { id: instance.flow_id, name: instance.flow_name, version: instance.flow_version };
            gathered.flows.push(FlowRun { name, run, running, ..FlowRun::default() });
        }
    }
    for place in 0..gathered.flows.len() {
        let name = gathered.flows[place].name.clone();
        let (before, rest) = gathered.flows.split_at_mut(place);
        let known = before.iter().find(|flow| flow.name.id == name.id && flow.name.version == name.version);
        rest[0].definition = match known.and_then(|flow| flow.definition.clone()) {
            Some(definition) => Some(definition),
            None => match definition(client, &name).await {
                Ok(definition) => Some(definition),
                Err(why) => {
                    gathered.notes.push(why);
                    None
                }
            },
        };
    }
    gathered
}

async fn runs(client: &Client, instances: &[Instance], notes: &mut Vec<String>) -> Vec<Run> {
    let ids: Vec<String> = instances.iter().map(|instance| instance.id.clone()).collect();
    let job = match client.start_execution_job(&ids).await {
        Ok(job) => client.wait_for_job(job, JOB).await,
        Err(error) => Err(error),
    };
    let job = match job {
        Ok(Some(job)) if job.job_state == "Success" => job,
        Ok(Some(_)) => {
            notes.push("the platform could not render the execution data".to_owned());
            return Vec::new();
        }
        Ok(None) => {
            notes.push(format!("the platform did not render the execution data within {} s", JOB.as_secs()));
            return Vec::new();
        }
        Err(error) => {
            notes.push(without("execution data", &error));
            return Vec::new();
        }
    };
    let mut runs = Vec::new();
    for entity in job.entities {
        let Some(address) = entity.download_uri.filter(|_| !entity.failed) else {
            notes.push("one run's execution data could not be rendered: it is gone, or not permitted".to_owned());
            continue;
        };
        let read = match client.execution_record(&address).await {
            Ok(body) => serde_json::from_slice(&body).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let run = read.and_then(|document| execution::read(&document).map_err(|error| error.to_string()));
        match run {
            // The record's own id is the instance's; where it is missing, the job's names it.
            Ok(run) => runs.push(Run { execution_id: entity.id, ..run }),
            Err(why) => notes.push(format!("one run's execution data could not be read: {why}")),
        }
    }
    runs
}

async fn definition(client: &Client, name: &FlowName) -> Result<Flow, String> {
    if name.version.is_empty() {
        return Err(format!(
            "which version of {} the call ran is not known, so its actions are not looked at",
            name.name
        ));
    }
    let body = client.version_configuration(&name.id, &name.version).await;
    let body = body.map_err(|error| without(&format!("version {} of {}", name.version, name.name), &error))?;
    let text = String::from_utf8(body).map_err(|_| format!("the configuration of {} is not text", name.name))?;
    flow::read(&text).map_err(|error| format!("the configuration of {} cannot be read: {error}", name.name))
}

fn without(what: &str, error: &Error) -> String {
    match error.kind() {
        Kind::Permission { .. } => format!("not permitted to read {what}: {error}"),
        _ => format!("{what} could not be read: {error}"),
    }
}
