//! The REST client: one token, one budget, one policy of trying again, for all requests.

mod account;
pub(crate) mod answer;
mod barred;
mod conversations;
mod execution;
mod notifications;
pub mod proxy;
mod query;
mod rate_limit;
mod reach;
mod retry;
mod routing;
mod send;
pub(crate) mod token;
pub mod transport;

pub use answer::Reply;
pub use conversations::{PatchAnswer, PatchPath, PatchReply, patch_body};
pub use execution::{ExecutionJob, ExecutionLogLevel, FlowOfCall, Instance, Switches};
pub use query::PAGE_SIZE;
pub use rate_limit::{DEFAULT_ALLOWED, Priority, Stats};
pub use reach::Reach;
pub use retry::Limits;
pub use token::TokenEnd;

use super::{Clock, Connection, Error, ErrorKind, Network, Random};
use rate_limit::Budget;
use retry::Retry;
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use url::Url;

/// How the client behaves.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// How hosts are reached.
    pub transport: transport::TransportOptions,
    /// When requests are tried again.
    pub limits: Limits,
    /// OAuth scopes that a sign-in of a user asks for, in place of none; words with spaces between them.
    pub scope: Option<String>,
    /// Is told of each failure that is tried again.
    pub retrying: Option<Retrying>,
    /// The clock; the one that the rest of the program stamps moments with.
    pub clock: Clock,
}

/// Hears of a request that failed and is tried again.
#[derive(Clone)]
pub struct Retrying(pub Arc<dyn Fn(NextTry) + Send + Sync>);

/// A request that failed, and when it is tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct NextTry {
    /// Why it failed, without a full stop.
    pub cause: String,
    /// The number of the next try of this request: 2 after the first failure.
    pub tries: u32,
    /// How long from now it starts.
    pub wait: Duration,
}

impl std::fmt::Display for NextTry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.wait.as_millis().div_ceil(100) as f64 / 10.0;
        write!(f, "{}; try {} in {seconds} s", self.cause, self.tries)
    }
}

impl std::fmt::Debug for Retrying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Retrying")
    }
}

/// A client of one organisation. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    options: ClientOptions,
    clock: Clock,
    tls: OnceLock<ClientConfig>,
    http: Mutex<Vec<(String, reqwest::Client)>>,
    token: tokio::sync::Mutex<Option<token::Token>>,
    budget: Mutex<Budget>,
    random: Mutex<Random>,
    generation: AtomicU64,
    /// A client's secret that was given while running.
    secret: Mutex<Option<SecretString>>,
    /// Why a person must sign in, as the last try to get a token showed.
    signed_out: Mutex<Option<String>>,
    /// An answer of the API was heard.
    heard: AtomicBool,
    /// The last request did not get through; and how often one did after that.
    cut_off: AtomicBool,
    through_again: tokio::sync::watch::Sender<u64>,
    /// What proxies refused of late.
    barred: barred::Barred,
    /// Wakes requests that wait for their next try.
    hurry: tokio::sync::Notify,
    /// What must never leave in a text.
    secrets: Mutex<Vec<SecretString>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("connection", &self.inner.connection).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the usual behaviour. Nothing is sent, and no trust store read, before the first request.
    pub fn new(connection: Connection) -> Self {
        Self::with_options(connection, ClientOptions::default())
    }

    /// A client that behaves as told.
    pub fn with_options(connection: Connection, options: ClientOptions) -> Self {
        let inner = Inner {
            clock: options.clock,
            tls: OnceLock::new(),
            http: Mutex::default(),
            token: tokio::sync::Mutex::new(None),
            budget: Mutex::default(),
            random: Mutex::new(Random::fresh()),
            generation: AtomicU64::new(0),
            secret: Mutex::default(),
            signed_out: Mutex::default(),
            heard: AtomicBool::new(false),
            cut_off: AtomicBool::new(false),
            through_again: tokio::sync::watch::Sender::new(0),
            barred: barred::Barred::default(),
            hurry: tokio::sync::Notify::new(),
            secrets: Mutex::default(),
            connection,
            options,
        };
        if let super::Auth::ClientCredentials { secret, .. } = &inner.connection.auth {
            inner.remember_secret(secret);
        }
        Self { inner: Arc::new(inner) }
    }

    /// Where it connects to.
    pub fn connection(&self) -> &Connection {
        &self.inner.connection
    }

    /// The clock it stamps with.
    pub fn clock(&self) -> Clock {
        self.inner.clock
    }

    /// Requests that wait for their next try are tried now. A wait that the server asked for is kept.
    pub fn try_now(&self) {
        self.inner.hurry.notify_waiters();
    }

    /// Changes each time that a request is answered after others were not: whatever waits for the network need not wait any longer.
    pub(crate) fn through_again(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.through_again.subscribe()
    }

    /// How the request budget stands.
    pub fn stats(&self) -> Stats {
        self.inner.with_budget(|budget, now| budget.stats(now))
    }

    /// How it behaves, for a client beside it.
    pub(crate) fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    pub(crate) fn transport(&self) -> &transport::TransportOptions {
        &self.inner.options.transport
    }

    /// The proxy through which this host is reached, if any.
    pub(crate) fn proxy_for(&self, host: &str, port: u16) -> Option<proxy::Hop> {
        proxy::Hop::to(self.inner.options.transport.proxy.as_ref(), host, port)
    }

    /// The proxy on the way to the platform is of a kind that cannot be used: which, in words, without its password.
    pub fn unusable_proxy(&self) -> Option<String> {
        let connection = &self.inner.connection;
        [&connection.api_url, &connection.login_url].into_iter().find_map(|url| {
            let hop = self.proxy_for(url.host_str()?, url.port_or_known_default()?)?;
            hop.unusable()
        })
    }

    /// The TLS configuration, without a protocol preference (as websockets want it).
    pub(crate) fn tls(&self) -> Result<ClientConfig, Error> {
        self.inner.tls()
    }

    /// A text without the secrets that this client knows.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.inner.scrub(text)
    }
}

impl Inner {
    fn tls(&self) -> Result<ClientConfig, Error> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let built = transport::tls(&self.options.transport)?;
        Ok(self.tls.get_or_init(|| built).clone())
    }

    /// The HTTP client for the host of `url`, built at its first use.
    fn http(&self, url: &Url) -> Result<reqwest::Client, Error> {
        let host = url.host_str().unwrap_or_default();
        let mut built = self.http.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = built.iter().find(|(name, _)| name == host) {
            return Ok(client.clone());
        }
        let client = transport::http(&self.options.transport, &self.tls()?, host)?;
        built.push((host.to_owned(), client.clone()));
        Ok(client)
    }

    /// A request was answered, or not.
    fn got_through(&self, did: bool) {
        if self.cut_off.swap(!did, Ordering::Relaxed) && did {
            self.through_again.send_modify(|times| *times += 1);
        }
    }

    fn login_endpoint(&self, path: &str) -> Result<Url, Error> {
        endpoint(&self.connection.login_url, path)
    }

    fn retry(&self) -> Retry {
        Retry::start(self.options.limits, self.clock.now().mono)
    }

    /// How long to wait before this failure is tried again; `None` when it is not.
    fn again(&self, retry: &mut Retry, error: &Error, asked: Option<Duration>) -> Option<Duration> {
        // Who takes the connection and never says anything is as good as nobody.
        let silent = *error.kind() == ErrorKind::Network(Network::Timeout) && !self.heard.load(Ordering::Relaxed);
        let reached = error.status().is_some()
            || !matches!(error.kind(), ErrorKind::Network(Network::Dns | Network::Connect | Network::Timeout))
            || (error.details().maybe_done && !silent);
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = retry.again(asked, reached, self.clock.now().mono, &mut random)?;
        if let Some(Retrying(tell)) = &self.options.retrying {
            tell(NextTry { cause: error.clone().of_one_try().cause(), tries: retry.tries(), wait });
        }
        Some(wait)
    }

    /// Waits for the next try; `asked`: the server wants this wait.
    async fn rest(&self, wait: Duration, asked: bool) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.hurry.notified(), if !asked => {}
        }
    }

    fn with_budget<T>(&self, work: impl FnOnce(&mut Budget, Duration) -> T) -> T {
        work(&mut self.budget.lock().unwrap_or_else(PoisonError::into_inner), self.clock.now().mono)
    }

    fn signed_out(&self, why: Option<String>) {
        *self.signed_out.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed)
    }

    fn remember_secret(&self, secret: &SecretString) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if !secrets.iter().any(|known| known.expose_secret() == secret.expose_secret()) {
            // The last few are enough: an answer quotes what it was just sent.
            if secrets.len() >= 16 {
                secrets.remove(1);
            }
            secrets.push(secret.clone());
        }
    }

    fn scrub(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.iter().map(|s| s.expose_secret()).filter(|s| s.len() >= 4).fold(text.to_owned(), |text, secret| {
            if text.contains(secret) { text.replace(secret, "[secret]") } else { text }
        })
    }
}

/// What a server did that was never heard of.
fn unanswered(within: Duration) -> String {
    format!("it took the connection and did not answer within {} s", within.as_secs())
}

/// `path` below a base address that may have a path of its own (a gateway's).
fn endpoint(base: &Url, path: &str) -> Result<Url, Error> {
    let text = format!("{}/{}", base.as_str().trim_end_matches('/'), path.trim_start_matches('/'));
    // An id of one or two dots would lead to another route than the one that was meant.
    let path = path.split('?').next().unwrap_or_default();
    if path.split('/').any(|part| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")) {
        return Err(Error::new(ErrorKind::Setup, format!("the path {path:?}"), "an id cannot be one or two dots"));
    }
    Url::parse(&text).map_err(|e| Error::new(ErrorKind::Setup, "an address", e.to_string()))
}
