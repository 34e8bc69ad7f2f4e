//! What the platform tells of the flows that a call ran: which versions, their definitions, the records of their runs.
//! What cannot be had is named, and the answer does without it.

use crate::{
    domain::{Conversation, ConversationId, plain_version},
    flow::{self, model::Flow},
    genesys::{
        Client, Error, ErrorKind,
        client::{FlowOfCall, Instance, Priority},
    },
    why::{
        answer::FlowName,
        cause::{Gathered, GatheredRun, NoRecord},
        execution::{self, Run},
    },
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long the rendering of records is waited for.
const JOB: Duration = Duration::from_secs(30);

/// Definitions that are kept; the largest take some megabytes.
const DEFINITIONS: usize = 16;
/// Records of runs that are kept.
const RUNS: usize = 64;

/// What does not change any more once it was read: definitions by flow and version, and records of runs that have ended. For as
/// long as the program runs and no longer: both hold what a company keeps to itself, records also what callers said.
#[derive(Debug, Default)]
pub(crate) struct GatherCache(Mutex<GatheredFlows>);

#[derive(Debug, Default)]
struct GatheredFlows {
    /// Flow, version as the platform writes it, definition; oldest first.
    definitions: VecDeque<(String, String, Arc<Flow>)>,
    runs: VecDeque<Arc<Run>>,
    /// Earlier versions that could not be read: flow and version.
    absent: VecDeque<(String, String)>,
}

impl GatherCache {
    fn kept(&self) -> std::sync::MutexGuard<'_, GatheredFlows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn definition(&self, flow: &str, version: &str) -> Option<Arc<Flow>> {
        let kept = self.kept();
        let mut all = kept.definitions.iter();
        all.find(|(id, known, _)| id == flow && known == version).map(|(.., definition)| Arc::clone(definition))
    }

    fn learn_definition(&self, flow: &str, version: &str, definition: &Arc<Flow>) {
        let mut kept = self.kept();
        if kept.definitions.len() >= DEFINITIONS {
            kept.definitions.pop_front();
        }
        kept.definitions.push_back((flow.to_owned(), version.to_owned(), Arc::clone(definition)));
    }

    fn run(&self, instance: &str) -> Option<Arc<Run>> {
        self.kept().runs.iter().find(|run| run.execution_id == instance).cloned()
    }

    fn learn_run(&self, run: &Arc<Run>) {
        // What still runs, and what was cut on its way into the record, may be told whole later.
        if run.ended.is_none() || run.truncated {
            return;
        }
        let mut kept = self.kept();
        if kept.runs.len() >= RUNS {
            kept.runs.pop_front();
        }
        kept.runs.push_back(Arc::clone(run));
    }
}

/// Reads the version before the one that ran, of each flow, at most one request a flow: a key that no action sets may have been
/// set by that one. What cannot be had is not told: the answer is good without it.
pub(crate) async fn earlier(client: &Client, known: &GatherCache, gathered: &mut Gathered) {
    for flow in gathered.flows.iter_mut().filter(|flow| flow.definition.is_some() && flow.earlier.is_none()) {
        // The platform counts versions in whole numbers and writes them with a decimal.
        let Some(before) = flow.name.version.parse::<u64>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n > 0)
        else {
            continue;
        };
        let key = (flow.name.id.clone(), format!("{before}.0"));
        if known.kept().absent.contains(&key) {
            continue;
        }
        let name = FlowName { version: before.to_string(), ..flow.name.clone() };
        match definition(client, known, &name, &key.1).await {
            Ok(definition) => flow.earlier = Some((before.to_string(), definition)),
            Err(_) => {
                let mut kept = known.kept();
                if kept.absent.len() >= DEFINITIONS {
                    kept.absent.pop_front();
                }
                kept.absent.push_back(key);
            }
        }
    }
}

/// The definition of a version, read when nothing else waits; `None` where it cannot be had.
pub(crate) async fn in_background(client: &Client, flow: &str, version: &str) -> Option<Arc<Flow>> {
    let body = client.version_configuration(flow, version, Priority::Background).await;
    let body = body.inspect_err(|error| tracing::info!(%error, "a flow's definition could not be read")).ok()?;
    // A large one takes a while.
    let read = move || flow::read(std::str::from_utf8(&body).ok()?).ok();
    tokio::task::spawn_blocking(read).await.ok()?.map(Arc::new)
}

/// Looks up everything that is not known yet. Without anything known: four requests for a call with one flow, two for each
/// further one, and one a second while a job runs; with the definitions known at most three, and with the records of ended
/// runs known, too, one.
pub(crate) async fn flows(client: &Client, known: &GatherCache, conversation: &Conversation) -> Gathered {
    let mut gathered = Gathered::default();
    let mut no_record = NoRecord::Missing;
    let instances = match client.flow_instances(&conversation.id).await {
        Ok(instances) => own(instances, &conversation.id, &mut gathered.notes),
        Err(error) => {
            gathered.notes.push(without("execution data", &error));
            no_record = of(&error);
            Vec::new()
        }
    };
    // Each flow with its version as the platform writes it, by which its configuration is asked for.
    let found: Vec<(GatheredRun, String)> = if instances.is_empty() {
        // Where the runs could not be asked for, nothing is known of why there would be none.
        if no_record == NoRecord::Missing && why_none(client, &mut gathered.notes).await {
            no_record = NoRecord::Late;
        }
        let told = by_analytics(client, &conversation.id, &mut gathered.notes).await.into_iter();
        let is_in_flow = !conversation.is_over() && conversation.running_flow().is_some();
        told.map(|flow| {
            let name = named(flow.id, flow.name, &flow.version);
            (
                GatheredRun { name, no_record, running: !flow.ended && is_in_flow, ..GatheredRun::default() },
                flow.version,
            )
        })
        .collect()
    } else {
        let (runs, no_record) = runs(client, known, &instances, &conversation.id, &mut gathered.notes).await;
        instances
            .into_iter()
            .map(|instance| {
                let run = runs.iter().find(|run| run.execution_id == instance.id).cloned();
                let running = instance.end_date_time.is_none() && run.as_ref().is_none_or(|run| run.ended.is_none());
                let name = named(instance.flow_id, instance.flow_name, &instance.flow_version);
                (GatheredRun { name, run, no_record, running, ..GatheredRun::default() }, instance.flow_version)
            })
            .collect()
    };
    for (mut flow, version) in found {
        match definition(client, known, &flow.name, &version).await {
            Ok(definition) => flow.definition = Some(definition),
            Err((why, kind)) => {
                flow.no_definition = kind;
                if !gathered.notes.contains(&why) {
                    gathered.notes.push(why);
                }
            }
        }
        gathered.flows.push(flow);
    }
    gathered
}

/// Those of this conversation: the platform was asked for no others.
fn own(mut instances: Vec<Instance>, conversation: &ConversationId, notes: &mut Vec<String>) -> Vec<Instance> {
    let all = instances.len();
    instances.retain(|one| one.conversation_id.is_empty() || one.conversation_id == conversation.as_str());
    match all - instances.len() {
        0 => {}
        1 => notes.push("the platform named a run of another conversation; it is passed over".to_owned()),
        n => notes.push(format!("the platform named {n} runs of other conversations; they are passed over")),
    }
    instances
}

/// Why a record is not that of this run; `None` where it is, as far as it says whose it is.
fn foreign(run: &Run, instance: &Instance, conversation: &ConversationId) -> Option<&'static str> {
    let differs = |record: &str, asked: &str| !record.is_empty() && !asked.is_empty() && record != asked;
    if differs(&run.conversation_id, conversation.as_str()) {
        Some("it is of another conversation")
    } else if differs(&run.flow_id, &instance.flow_id) {
        Some("it is of another flow")
    } else if differs(plain_version(&run.flow_version), plain_version(&instance.flow_version)) {
        Some("it is of another version of the flow")
    } else {
        None
    }
}

fn named(id: String, name: String, version: &str) -> FlowName {
    FlowName { id, name, version: plain_version(version).to_owned() }
}

/// Notes why no run is recorded, so that the answer does not look like the best there could be. Whether execution data is on.
async fn why_none(client: &Client, notes: &mut Vec<String>) -> bool {
    let on = client.records_executions().await;
    let is_on = matches!(on, Ok(Some(true)));
    match on {
        Ok(Some(false)) => notes.push(
            "execution data is off (Admin > Organization Settings > Execution Data): which way a call took through its flow is \
             not recorded"
                .to_owned(),
        ),
        Ok(_) => notes.push(crate::why::NO_RUN.to_owned()),
        Err(error) => notes.push(without("whether execution data is on", &error)),
    }
    is_on
}

async fn by_analytics(client: &Client, conversation: &ConversationId, notes: &mut Vec<String>) -> Vec<FlowOfCall> {
    match client.flows_of_call(conversation).await {
        Ok(flows) => flows,
        Err(error) => {
            notes.push(without("which flow the call ran", &error));
            Vec::new()
        }
    }
}

/// The records of these runs, as far as they can be had.
async fn runs(
    client: &Client,
    known: &GatherCache,
    instances: &[Instance],
    conversation: &ConversationId,
    notes: &mut Vec<String>,
) -> (Vec<Arc<Run>>, NoRecord) {
    let mut no_record = NoRecord::Unread;
    let mut found: Vec<Arc<Run>> = instances.iter().filter_map(|instance| known.run(&instance.id)).collect();
    let is_known = |instance: &&Instance| found.iter().any(|run| run.execution_id == instance.id);
    let new: Vec<String> = instances.iter().filter(|one| !is_known(one)).map(|one| one.id.clone()).collect();
    if !new.is_empty() {
        let mut read = match rendered(client, new, notes).await {
            Ok(read) => read,
            Err(why) => {
                no_record = why;
                Vec::new()
            }
        };
        read.retain(|run| {
            let instance = instances.iter().find(|instance| instance.id == run.execution_id);
            let why =
                instance.map_or(Some("it is of a run that was not asked for"), |one| foreign(run, one, conversation));
            if let Some(why) = why {
                notes.push(format!("one run's execution data is passed over: {why}"));
            }
            why.is_none()
        });
        let read: Vec<Arc<Run>> = read.into_iter().map(Arc::new).collect();
        read.iter().for_each(|run| known.learn_run(run));
        found.extend(read);
    }
    (found, no_record)
}

/// What a failure says of why there is no record.
fn of(error: &Error) -> NoRecord {
    match error.kind() {
        ErrorKind::Permission { .. } => NoRecord::Forbidden,
        _ => NoRecord::Unread,
    }
}

/// Has records rendered and fetches them.
async fn rendered(client: &Client, ids: Vec<String>, notes: &mut Vec<String>) -> Result<Vec<Run>, NoRecord> {
    let job = match client.start_execution_job(&ids).await {
        Ok(job) => client.wait_for_job(job, JOB).await,
        Err(error) => Err(error),
    };
    let job = match job {
        Ok(Some(job)) if job.job_state == "Success" => job,
        Ok(Some(_)) => {
            notes.push("the platform could not render the execution data".to_owned());
            return Err(NoRecord::Unread);
        }
        Ok(None) => {
            notes.push(format!("the platform did not render the execution data within {} s", JOB.as_secs()));
            return Err(NoRecord::Unread);
        }
        Err(error) => {
            notes.push(without("execution data", &error));
            return Err(of(&error));
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
    Ok(runs)
}

async fn definition(
    client: &Client,
    known: &GatherCache,
    name: &FlowName,
    version: &str,
) -> Result<Arc<Flow>, (String, NoRecord)> {
    if version.is_empty() {
        let why = format!("which version of {} the call ran is not known, so its actions are not looked at", name.name);
        return Err((why, NoRecord::NotAsked));
    }
    if let Some(definition) = known.definition(&name.id, version) {
        return Ok(definition);
    }
    let body = client.version_configuration(&name.id, version, Priority::Interactive).await;
    let body = body.map_err(|error| {
        let why = without(&format!("version {} of {}", name.version, name.name), &error);
        (why, if *error.kind() == ErrorKind::NotFound { NoRecord::Missing } else { of(&error) })
    })?;
    let broken = |why: String| (why, NoRecord::Unread);
    let text =
        String::from_utf8(body).map_err(|_| broken(format!("the configuration of {} is not text", name.name)))?;
    let definition = flow::read(&text)
        .map_err(|error| broken(format!("the configuration of {} cannot be read: {error}", name.name)))?;
    let definition = Arc::new(definition);
    known.learn_definition(&name.id, version, &definition);
    Ok(definition)
}

fn without(what: &str, error: &Error) -> String {
    match error.kind() {
        ErrorKind::Permission { .. } => format!("not permitted to read {what}: {error}"),
        _ => format!("{what} could not be read: {error}"),
    }
}

#[cfg(test)]
mod tests;
