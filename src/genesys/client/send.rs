//! Sending one request: token, budget, tries.

use super::{
    Client, Inner, Priority, answer, endpoint, token,
    transport::{self, BodyError},
};
use crate::genesys::{Auth, Details, Error, ErrorKind, Network, wire::rest};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// One request.
pub(super) struct ApiRequest {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    priority: Priority,
    /// Sending it twice may do harm.
    once: bool,
    /// The longest answer that is read, in bytes.
    limit: usize,
}

impl ApiRequest {
    pub fn new(method: Method, path: impl Into<String>, priority: Priority) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            priority,
            once: false,
            limit: transport::ANSWER_LIMIT,
        }
    }

    pub fn get(path: impl Into<String>, priority: Priority) -> Self {
        Self::new(Method::GET, path, priority)
    }

    pub fn query(mut self, key: &'static str, value: impl ToString) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self
    }

    /// An answer that was lost on the way is not a reason to send it again.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// An answer of up to this many bytes is read.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Method and path: what an error says was tried.
    fn tried(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Someone waits for the budget; dropped with the wait, also when the task is cancelled.
struct BudgetWait(Arc<Inner>, Priority);

impl Drop for BudgetWait {
    fn drop(&mut self) {
        self.0.with_budget(|budget, _| budget.waits(self.1, false));
    }
}

impl Client {
    /// Sends a request, and sends it again as long as it fails for passing reasons.
    pub(super) async fn send(&self, call: ApiRequest) -> Result<super::Reply, Error> {
        let tried = call.tried();
        let mut retry = self.inner.retry();
        let mut renewed = false;
        loop {
            self.admit(&call, &tried, retry.deadline(), retry.tries()).await?;
            let token = self.token().await?;
            let error = match self.attempt(&call, &tried, token.access.expose_secret(), retry.tries()).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            if matches!(error.kind(), ErrorKind::SignIn) && !renewed {
                renewed = true;
                tracing::debug!(%tried, "the token was refused, renewing it");
                // Where it cannot be renewed, the server's own words say more than ours.
                match self.replace(token.generation).await {
                    Ok(_) => continue,
                    Err(renewal) if renewal.is_passing() => return Err(renewal),
                    Err(_) if matches!(self.inner.connection.auth, Auth::Token(_)) => {
                        return Err(error.with_remedy(token::ANOTHER_TOKEN));
                    }
                    Err(_) => return Err(error),
                }
            }
            let asked = match error.kind() {
                ErrorKind::Wait { after } => {
                    let after = after.unwrap_or(Duration::from_secs(1));
                    self.inner.with_budget(|budget, now| budget.pause(after, now));
                    Some(after)
                }
                _ => None,
            };
            // Whoever writes reads and compares before sending the same again: an answer of any kind goes to them.
            let reached = error.details().maybe_done || error.status().is_some();
            if !error.is_passing() || (call.once && reached) {
                return Err(error);
            }
            let Some(wait) = self.inner.again(&mut retry, &error, asked) else { return Err(error) };
            tracing::debug!(%tried, %error, wait_ms = wait.as_millis() as u64, "trying again");
            self.inner.rest(wait, asked.is_some()).await;
        }
    }

    /// Sends a request and reads its answer as JSON. An answer that is none is asked for once more.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: impl Fn() -> ApiRequest) -> Result<T, Error> {
        self.parsed(call, |body| serde_json::from_slice(body).map_err(|e| rest::describe(&e)))
            .await
            .map(|(value, _)| value)
    }

    /// Sends a request and reads its answer with `parse`. An answer that cannot be read is asked for once more: a
    /// proxy's page or half an answer passes.
    pub(super) async fn parsed<T>(
        &self,
        call: impl Fn() -> ApiRequest,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<(T, super::Reply), Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let reply = self.send(call()).await?;
            match parse(&reply.body) {
                Ok(value) => return Ok((value, reply)),
                Err(_) if tries < 2 => {}
                Err(reason) => {
                    return Err(Error::from_details(Details {
                        kind: ErrorKind::Malformed,
                        tried: call().tried(),
                        status: Some(reply.status),
                        code: None,
                        message: Some(format!("the answer is not what the platform documents: {reason}")),
                        correlation_id: reply.correlation_id,
                        attempts: tries,
                        maybe_done: false,
                        place: None,
                        remedy: None,
                    }));
                }
            }
        }
    }

    /// Waits for the budget, but not beyond the time that the request has.
    async fn admit(&self, call: &ApiRequest, tried: &str, deadline: Duration, attempts: u32) -> Result<(), Error> {
        let mut waiting = None;
        loop {
            let Err(wait) = self.inner.with_budget(|budget, now| {
                // The one who asks does not wait for itself; those behind do.
                budget.ask(call.priority, now)
            }) else {
                return Ok(());
            };
            if self.inner.clock.now().mono + wait > deadline {
                return Err(Error::from_details(Details {
                    kind: ErrorKind::Wait { after: Some(wait) },
                    tried: tried.to_owned(),
                    status: None,
                    code: None,
                    message: Some("the request budget of this minute is used up".into()),
                    correlation_id: None,
                    attempts,
                    maybe_done: false,
                    place: None,
                    remedy: None,
                }));
            }
            waiting.get_or_insert_with(|| {
                self.inner.with_budget(|budget, _| budget.waits(call.priority, true));
                BudgetWait(Arc::clone(&self.inner), call.priority)
            });
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, call: &ApiRequest, tried: &str, token: &str, attempts: u32) -> Result<super::Reply, Error> {
        let inner = &self.inner;
        let url = endpoint(&inner.connection.api_url, &call.path)?;
        let address = url.clone();
        inner.way(&url, tried, attempts).await?;
        let mut request = inner.http(&url)?.request(call.method.clone(), url).bearer_auth(token);
        let first = (!call.once && !inner.heard.load(Ordering::Relaxed)).then_some(inner.options.limits.first_answer);
        if let Some(limit) = first {
            request = request.timeout(inner.options.transport.request_timeout.min(limit));
        }
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(body) = &call.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let broken = |e: &reqwest::Error, sent: bool| {
            let (network, maybe_done) = transport::classify(e);
            let message = match first {
                Some(limit) if network == Network::Timeout && maybe_done => super::unanswered(limit),
                _ => inner.scrub(&transport::chain(e)),
            };
            broken(tried, network, message, attempts, sent || maybe_done)
        };
        let sent = request.send().await;
        inner.got_through(sent.is_ok());
        let response = sent.map_err(|e| inner.located(broken(&e, false), &address))?;
        inner.heard.store(true, Ordering::Relaxed);
        let (status, headers) = (response.status(), response.headers().clone());
        let (count, allowed, reset) = answer::rate(&headers);
        inner.with_budget(|budget, now| budget.learn(count, allowed, reset, now));
        let body = match transport::body(response, call.limit).await {
            Ok(body) => body,
            // The status of a write says enough, and so does that of a refusal.
            Err(_) if call.once && status.is_success() => Vec::new(),
            Err(BodyError::TooLong(_)) if !status.is_success() => Vec::new(),
            Err(BodyError::TooLong(limit)) => {
                return Err(Error::from_details(Details {
                    kind: ErrorKind::Malformed,
                    tried: tried.to_owned(),
                    status: Some(status.as_u16()),
                    code: None,
                    message: Some(BodyError::too_long(limit)),
                    correlation_id: answer::correlation_id(&headers),
                    attempts,
                    maybe_done: true,
                    place: None,
                    remedy: None,
                }));
            }
            Err(BodyError::Broken(e)) => return Err(inner.located(broken(&e, true), &address)),
        };
        tracing::debug!(%tried, status = status.as_u16(), bytes = body.len(), "answered");
        if status.is_success() && answer::is_page(&headers, &body) {
            return Err(inner.located(answer::page(tried, status.as_u16(), attempts, None), &address));
        }
        if status.is_success() {
            let correlation_id = answer::correlation_id(&headers);
            return Ok(super::Reply { status: status.as_u16(), body, correlation_id, attempts });
        }
        let refusal = answer::refusal(tried, status.as_u16(), &headers, &body, attempts, &|text| inner.scrub(text));
        Err(inner.located(refusal, &address))
    }
}

fn broken(tried: &str, network: Network, message: String, attempts: u32, maybe_done: bool) -> Error {
    Error::from_details(Details {
        kind: ErrorKind::Network(network),
        tried: tried.to_owned(),
        status: None,
        code: None,
        message: Some(message),
        correlation_id: None,
        attempts,
        maybe_done,
        place: None,
        remedy: None,
    })
}
