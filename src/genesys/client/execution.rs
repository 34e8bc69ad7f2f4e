//! Which flow versions a conversation ran, and the platform's record of the runs (flow execution data).

use super::{Client, Priority, conversations::segment, send::ApiRequest, transport};
use crate::{
    domain::ConversationId,
    genesys::{
        Details, Error, ErrorKind,
        connection::{check, follows},
    },
};
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A run of a flow, as the query for instances lists it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Instance {
    /// Its id, the same as the record's `executionId`.
    pub id: String,
    /// The conversation; empty when the platform does not say.
    pub conversation_id: String,
    /// The flow.
    pub flow_id: String,
    /// Its name.
    pub flow_name: String,
    /// The version that ran.
    pub flow_version: String,
    /// `inboundcall`, …
    pub flow_type: String,
    /// When it began; RFC 3339.
    pub start_date_time: String,
    /// When it ended; empty while it runs.
    pub end_date_time: Option<String>,
}

#[derive(Deserialize)]
struct Instances {
    #[serde(default)]
    entities: Vec<Instance>,
}

/// One record of a finished job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobEntity {
    /// The instance.
    pub id: String,
    /// Where the record is: a signed address, good for whoever has it, so a secret.
    pub download_uri: Option<SecretString>,
    /// It could not be rendered: not found, or not permitted.
    pub failed: bool,
}

/// A job that renders records.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecutionJob {
    /// Its id.
    pub id: String,
    /// `Registered`, `Running`, `Success` or `Failed`.
    pub job_state: String,
    /// Its records, once it has succeeded.
    pub entities: Vec<JobEntity>,
}

#[derive(Deserialize)]
struct EnabledSetting {
    enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultLevel {
    log_level_characteristics: Option<ExecutionLogLevel>,
}

/// How much of a run is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecutionLogLevel {
    /// `Disabled`, `Base`, `Notes`, `VerboseNotes` or `All`; empty when the platform does not say.
    pub level: String,
    /// Its switches.
    pub characteristics: Switches,
}

/// The switches of a log level that matter here; `None` where the platform does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Switches {
    /// Inputs and outputs of actions, and with them the keys that were set.
    pub execution_input_outputs: Option<bool>,
    /// Names of actions, tasks and the flow.
    pub names: Option<bool>,
}

/// A flow that a conversation ran, as analytics tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlowOfCall {
    /// The flow.
    pub id: String,
    /// Its name at that time.
    pub name: String,
    /// Its version; empty when analytics does not say.
    pub version: String,
    /// It has ended.
    pub ended: bool,
}

/// The longest record that is read.
const RECORD_LIMIT: usize = 16 * 1024 * 1024;

impl Client {
    /// The runs of the conversation that are recorded; none where execution data is off.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `architect:flowInstance:search`; others as for any request.
    pub async fn flow_instances(&self, conversation: &ConversationId) -> Result<Vec<Instance>, Error> {
        let criteria = json!({"key": "ConversationId", "operator": "eq", "value": conversation.as_str()});
        let body = json!({"query": [{"criteria": criteria}]});
        let call = || {
            ApiRequest::new(Method::POST, "/api/v2/flows/instances/query", Priority::Interactive)
                .query("pageSize", 200)
                .json(&body)
        };
        let mut found = self.json::<Instances>(call).await?.entities;
        found.sort_by(|a, b| a.start_date_time.cmp(&b.start_date_time));
        Ok(found)
    }

    /// Asks for the records of these instances to be rendered.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `architect:flowInstance:view`; others as for any request.
    pub async fn start_execution_job(&self, instances: &[String]) -> Result<ExecutionJob, Error> {
        let body = json!({ "ids": instances });
        self.json(|| ApiRequest::new(Method::POST, "/api/v2/flows/instances/jobs", Priority::Interactive).json(&body))
            .await
    }

    /// Asks for a run that nobody has, which shows whether records may be read.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `architect:flowInstance:view`; others as for any request.
    pub async fn may_read_runs(&self, nobody: &str) -> Result<(), Error> {
        let path = format!("/api/v2/flows/instances/{}", segment(nobody));
        match self.json::<Value>(|| ApiRequest::get(path.clone(), Priority::Interactive)).await {
            Err(error) if *error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// How the job stands.
    ///
    /// # Errors
    /// As for any request.
    pub async fn execution_job(&self, id: &str) -> Result<ExecutionJob, Error> {
        let path = format!("/api/v2/flows/instances/jobs/{}", segment(id));
        self.json(|| ApiRequest::get(path.clone(), Priority::Interactive)).await
    }

    /// Whether execution data is switched on for the organization; `None` when the platform does not say.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `architect:flowinstanceexecutiondata:view`; others as for any request.
    pub async fn records_executions(&self) -> Result<Option<bool>, Error> {
        let path = "/api/v2/flows/instances/settings/executiondata";
        self.json::<EnabledSetting>(|| ApiRequest::get(path, Priority::Interactive))
            .await
            .map(|setting| setting.enabled)
    }

    /// How much is recorded of the runs of flows that have no level of their own.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `architect:flowLogLevelDefault:view`; others as for any request.
    pub async fn execution_level(&self) -> Result<ExecutionLogLevel, Error> {
        let path = "/api/v2/flows/instances/settings/loglevels/default";
        let answer = self.json::<DefaultLevel>(|| ApiRequest::get(path, Priority::Interactive)).await?;
        Ok(answer.log_level_characteristics.unwrap_or_default())
    }

    /// Fetches a rendered record. The address is signed and on another host: it is asked without the token, it never
    /// appears in a log or an error, and it has to be encrypted unless the API itself is on this machine.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] for an address that is not to be trusted; a broken or foreign answer.
    pub async fn execution_record(&self, address: &SecretString) -> Result<Vec<u8>, Error> {
        use secrecy::ExposeSecret as _;
        const TRIED: &str = "GET the execution record";
        let failed = |kind: ErrorKind, why: &str, remedy: &str| Error::new(kind, TRIED, why).with_remedy(remedy);
        let refused = |why: &str| {
            failed(
                ErrorKind::Setup,
                why,
                "A record is fetched over https from where the platform says it is, and from nowhere else.",
            )
        };
        let url =
            Url::parse(address.expose_secret()).map_err(|_| refused("the platform gave an address that is not one"))?;
        let own = &self.inner.connection.api_url;
        check(&url).and_then(|()| follows(own, &url)).map_err(|why| refused(&why))?;
        self.inner.remember_secret(address);
        let response = self.inner.http(&url)?.get(url).send().await.map_err(|error| {
            let (network, _) = transport::classify(&error);
            Error::new(ErrorKind::Network(network), TRIED, "the host of the record could not be reached".to_owned())
        })?;
        let status = response.status();
        if !status.is_success() {
            let why = format!("the host of the record answered {}", status.as_u16());
            return Err(Error::from_details(Details {
                kind: if status.as_u16() == 403 { ErrorKind::NotFound } else { ErrorKind::Server },
                tried: TRIED.to_owned(),
                status: Some(status.as_u16()),
                code: None,
                message: Some(why),
                correlation_id: None,
                attempts: 1,
                maybe_done: false,
                place: None,
                remedy: None,
            }));
        }
        match transport::body(response, RECORD_LIMIT).await {
            Ok(body) => Ok(body),
            Err(transport::BodyError::TooLong(limit)) => Err(failed(
                ErrorKind::Malformed,
                &transport::BodyError::too_long(limit),
                "Look at this run in Architect's replay: a record of that size is not read here.",
            )),
            Err(transport::BodyError::Broken(_)) => {
                let why = "the download of the record broke off";
                Err(failed(ErrorKind::Network(crate::genesys::Network::Lost), why, "Ask again: it may pass."))
            }
        }
    }

    /// The configuration of one version of a flow, as it came.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `architect:flow:view`; others as for any request.
    pub async fn version_configuration(&self, flow: &str, version: &str, priority: Priority) -> Result<Vec<u8>, Error> {
        let path = format!("/api/v2/flows/{}/versions/{}/configuration", segment(flow), segment(version));
        let call = ApiRequest::get(path, priority).limit(transport::CONFIGURATION_LIMIT);
        self.send(call).await.map(|reply| reply.body)
    }

    /// The flows that the conversation ran, in order, as analytics tells them.
    ///
    /// # Errors
    /// [`ErrorKind::Permission`] without `analytics:conversationDetail:view`; others as for any request.
    pub async fn flows_of_call(&self, conversation: &ConversationId) -> Result<Vec<FlowOfCall>, Error> {
        let path = format!("/api/v2/analytics/conversations/{}/details", segment(conversation.as_str()));
        let details: Value = self.json(|| ApiRequest::get(path.clone(), Priority::Interactive)).await?;
        let mut flows: Vec<FlowOfCall> = Vec::new();
        let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        for session in list(&details, "participants").iter().flat_map(|participant| list(participant, "sessions")) {
            let text = |name: &str| session["flow"][name].as_str().unwrap_or_default().to_owned();
            let flow = FlowOfCall {
                id: text("flowId"),
                name: text("flowName"),
                version: text("flowVersion"),
                ended: session["flow"]["exitReason"].is_string(),
            };
            if !flow.id.is_empty() && !flows.contains(&flow) {
                flows.push(flow);
            }
        }
        Ok(flows)
    }

    /// Waits for the job, asking at most once a second and for at most `time`. `None` when it takes longer.
    ///
    /// # Errors
    /// As for any request.
    pub async fn wait_for_job(&self, mut job: ExecutionJob, time: Duration) -> Result<Option<ExecutionJob>, Error> {
        let deadline = self.inner.clock.now().mono + time;
        while matches!(job.job_state.as_str(), "Registered" | "Running") {
            if self.inner.clock.now().mono >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            job = self.execution_job(&job.id).await?;
        }
        Ok(Some(job))
    }
}
