//! What can go wrong, sorted by what the user can do about it.

use super::secure;
use std::{fmt, time::Duration};

/// The longest wait that a server's `Retry-After` is believed for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(180);

/// A request that did not succeed. Holds no secret: texts of the server are cleaned before they get here.
#[derive(Clone)]
pub struct Error(Box<Details>);

/// The parts of an [`Error`].
#[derive(Clone)]
pub struct Details {
    /// What the user can do.
    pub kind: ErrorKind,
    /// Method and path, or another short name of what was attempted.
    pub tried: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The platform's code: `missing.permissions`, ….
    pub code: Option<String>,
    /// The server's message, or what the network layer said.
    pub message: Option<String>,
    /// Correlation id, for the platform's support.
    pub correlation_id: Option<String>,
    /// How many times it was tried.
    pub attempts: u32,
    /// The request may have reached the server although no answer came back.
    pub maybe_done: bool,
    /// What was not reached, or what is in the way: host and port, where the failure is one of the network.
    pub place: Option<String>,
    /// What to do, where it is more than the kind says.
    pub remedy: Option<String>,
}

/// Kinds of failure, by remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Sign in, or correct the credentials.
    SignIn,
    /// Ask for a permission.
    Permission {
        /// The permissions the server named.
        missing: Vec<String>,
    },
    /// Wait: the rate limit.
    Wait {
        /// How long from the answer on, as far as the server said.
        after: Option<Duration>,
    },
    /// There is no such thing, or it is not visible to this token.
    NotFound,
    /// The server's state is not what the request assumed.
    Conflict,
    /// The payload is too large.
    TooLarge,
    /// The server does not accept the request as it is.
    Rejected,
    /// The answer is not what the platform documents.
    Malformed,
    /// The server was not reached, or the answer was lost.
    Network(Network),
    /// The server failed.
    Server,
    /// This program is set up wrongly.
    Setup,
}

/// Where on the way it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The host name has no address.
    Dns,
    /// The secure connection could not be made.
    Tls,
    /// Nobody answers at the address.
    Connect,
    /// The proxy refused.
    Proxy,
    /// No answer in time.
    Timeout,
    /// The connection broke.
    Lost,
}

impl Error {
    /// A failure of `kind` while trying `tried`.
    pub fn new(kind: ErrorKind, tried: impl Into<String>, message: impl Into<String>) -> Self {
        let message = clean(&message.into());
        Self(Box::new(Details {
            kind,
            tried: tried.into(),
            status: None,
            code: None,
            message: (!message.is_empty()).then_some(message),
            correlation_id: None,
            attempts: 1,
            maybe_done: false,
            place: None,
            remedy: None,
        }))
    }

    /// The same with a remedy of its own, in one sentence.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    pub(crate) fn from_details(mut details: Details) -> Self {
        details.message = details.message.map(|m| clean(&m)).filter(|m| !m.is_empty());
        details.code = details.code.map(|c| clean(&c));
        details.correlation_id = details.correlation_id.map(|c| clean(&c));
        Self(Box::new(details))
    }

    /// The same with the place where it failed before what the network layer or the server said.
    #[must_use]
    pub(crate) fn at(mut self, place: &str) -> Self {
        let message = self.0.message.take().map(|said| format!(": {said}")).unwrap_or_default();
        self.0.message = Some(format!("{place}{message}"));
        self
    }

    /// The same, of this host and port.
    #[must_use]
    pub(crate) fn reaching(mut self, place: impl Into<String>) -> Self {
        self.0.place = Some(place.into());
        self
    }

    /// The same without how often it was tried.
    #[must_use]
    pub(crate) fn of_one_try(mut self) -> Self {
        self.0.attempts = 1;
        self
    }

    /// The same of another request.
    #[must_use]
    pub(crate) fn trying(mut self, tried: &str) -> Self {
        self.0.tried = tried.to_owned();
        self
    }

    /// The same with what the network layer or the server said in other words.
    #[must_use]
    pub(crate) fn saying(mut self, words: impl FnOnce(&str) -> String) -> Self {
        self.0.message = self.0.message.take().map(|said| words(&said));
        self
    }

    /// What went wrong, without what to do about it.
    pub fn cause(&self) -> String {
        let remedy = self.remedy();
        let told = self.to_string();
        told.strip_suffix(&remedy).unwrap_or(&told).trim_end_matches([' ', '.']).to_owned()
    }

    /// Its parts.
    pub fn details(&self) -> &Details {
        &self.0
    }

    /// What the user can do.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Correlation id, where there was one.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// How many times it was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long to hold back before this is tried again, as far as the server asked for a wait: at most
    /// `LONGEST_WAIT`, for some are of minutes to hours (api-facts 5).
    pub fn wait(&self) -> Option<Duration> {
        match self.kind() {
            ErrorKind::Wait { after } => after.map(|after| after.min(LONGEST_WAIT)),
            _ => None,
        }
    }

    /// The same request may succeed later without anyone doing anything.
    pub fn is_passing(&self) -> bool {
        match self.0.kind {
            ErrorKind::Wait { .. } | ErrorKind::Server => true,
            // A proxy that refuses goes on refusing, and may lock the account of whoever asks again and again.
            ErrorKind::Network(network) => !matches!(network, Network::Tls | Network::Proxy),
            ErrorKind::Rejected => self.0.status == Some(408),
            _ => false,
        }
    }

    /// Exit code of the command-line contract.
    pub fn exit_code(&self) -> u8 {
        match self.0.kind {
            ErrorKind::SignIn | ErrorKind::Permission { .. } => 3,
            ErrorKind::NotFound => 4,
            ErrorKind::Conflict => 5,
            ErrorKind::Setup => 2,
            _ => 1,
        }
    }

    /// What to do about it, as one sentence.
    pub fn remedy(&self) -> String {
        if let Some(remedy) = &self.0.remedy {
            return remedy.clone();
        }
        match &self.0.kind {
            ErrorKind::SignIn => "Check the client id and secret, or sign in again with `sidetone login`.".into(),
            ErrorKind::Permission { missing } if missing.is_empty() => {
                UNNAMED_PERMISSION.into()
            }
            ErrorKind::Permission { missing } => format!("Ask an administrator for {}.", missing.join(" or ")),
            ErrorKind::Wait { after: Some(after) } => format!("Try again in {} s.", after.as_secs().max(1)),
            ErrorKind::Wait { after: None } => "Try again in a minute.".into(),
            ErrorKind::NotFound if self.0.status == Some(410) => {
                "The platform no longer keeps it: nothing can be read or changed there any more.".into()
            }
            ErrorKind::NotFound => "Check the id and the region; it may also be hidden from this token's divisions.".into(),
            ErrorKind::Conflict => "Read it again, and decide anew.".into(),
            ErrorKind::TooLarge => "Send less: shorten the values or leave keys out.".into(),
            ErrorKind::Rejected if self.0.status == Some(408) => {
                "Try again: the server, or a proxy in between, did not wait long enough for the request.".into()
            }
            ErrorKind::Rejected => "Correct the request; the message says what is wrong.".into(),
            ErrorKind::Malformed => "Check the address, and that no proxy or sign-in page answers in its place.".into(),
            ErrorKind::Network(Network::Dns) => "Check the region, the network and the name server.".into(),
            ErrorKind::Network(Network::Tls) if self.0.message.as_deref().is_some_and(secure::is_not_tls) => {
                secure::NOT_TLS.into()
            }
            ErrorKind::Network(Network::Tls) => {
                "Check the clock, and that the certificate of a company proxy is in the system's trust store.".into()
            }
            ErrorKind::Network(Network::Proxy) => "Set or check HTTPS_PROXY, with the proxy's name and password; the hosts api., login. and streaming. of the region must pass."
                    .into(),
            ErrorKind::Network(_) => "Check the network or the VPN, then try again.".into(),
            ErrorKind::Server if self.0.correlation_id.is_some() => {
                "Try again later; give the correlation id to the platform's support.".into()
            }
            ErrorKind::Server => "Try again later.".into(),
            ErrorKind::Setup => "Correct the configuration.".into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = &*self.0;
        if let (ErrorKind::Network(network), None) = (&d.kind, d.status) {
            let what = d.tried.split(" (").next().unwrap_or_default();
            write!(f, "{} ({what}", self.of_network(*network))?;
            if d.attempts > 1 {
                write!(f, ", {} tries", d.attempts)?;
            }
            return write!(f, "). {}", self.remedy());
        }
        write!(f, "{}: ", d.tried)?;
        match (d.status, &d.code) {
            (Some(status), Some(code)) => write!(f, "{status} {code}")?,
            (Some(status), None) => write!(f, "{status}")?,
            (None, _) => f.write_str(self.what())?,
        }
        if let Some(message) = &d.message {
            write!(f, ": {message}")?;
        }
        if let Some(id) = &d.correlation_id {
            write!(f, " (correlation id {id})")?;
        }
        if d.attempts > 1 {
            write!(f, " after {} tries", d.attempts)?;
        }
        write!(f, ". {}", self.remedy())
    }
}

impl Error {
    /// A failure on the way, the cause first.
    fn of_network(&self, network: Network) -> String {
        let said = without_number(self.0.message.as_deref().unwrap_or_default());
        let with = |words: String| if said.is_empty() { words } else { format!("{words}: {said}") };
        let Some(place) = &self.0.place else {
            // Its own words begin with the proxy.
            return if network == Network::Proxy && !said.is_empty() { said } else { with(self.what().to_owned()) };
        };
        match network {
            Network::Connect => unreached(place, &said),
            // What comes before the last of its causes only says that a name was looked up.
            Network::Dns => format!("no such host: {place} ({})", said.rsplit(": ").next().unwrap_or_default()),
            Network::Tls => with(format!("no secure connection to {place}")),
            Network::Timeout => match said.strip_prefix("it took ") {
                Some(rest) => format!("{place} took {rest}"),
                None => format!("no answer in time from {place}"),
            },
            Network::Lost => with(format!("the connection to {place} broke")),
            Network::Proxy => with(place.clone()),
        }
    }

    /// The failure in three words, for where there is no status.
    fn what(&self) -> &'static str {
        match self.0.kind {
            ErrorKind::SignIn => "not signed in",
            ErrorKind::Permission { .. } => "not permitted",
            ErrorKind::Wait { .. } => "rate limit reached",
            ErrorKind::NotFound => "not found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::TooLarge => "too large",
            ErrorKind::Rejected => "not accepted",
            ErrorKind::Malformed => "unexpected answer",
            ErrorKind::Network(Network::Dns) => "no such host",
            ErrorKind::Network(Network::Tls) => "no secure connection",
            ErrorKind::Network(Network::Connect) => "cannot connect",
            ErrorKind::Network(Network::Proxy) => "the proxy refused",
            ErrorKind::Network(Network::Timeout) => "no answer in time",
            ErrorKind::Network(Network::Lost) => "connection lost",
            ErrorKind::Server => "server failure",
            ErrorKind::Setup => "not set up",
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}

/// What to do where the platform refuses and names no permission.
pub(crate) const UNNAMED_PERMISSION: &str =
    "Ask an administrator for the permission; `sidetone doctor` lists what is needed.";

/// A host that cannot be connected to, in words; `said` by the system.
pub(crate) fn unreached(place: &str, said: &str) -> String {
    // The second is what Windows says.
    if ["onnection refused", "actively refused"].iter().any(|words| said.contains(words)) {
        return format!("{place} refuses connections");
    }
    match without_number(said) {
        said if said.is_empty() => format!("cannot connect to {place}"),
        said => format!("cannot connect to {place}: {said}"),
    }
}

/// The system's words without the number that it has for them.
fn without_number(said: &str) -> String {
    match said.rsplit_once(" (os error ") {
        Some((words, number)) if number.trim_end_matches(')').parse::<i32>().is_ok() => words.to_owned(),
        _ => said.to_owned(),
    }
}

/// The longest text of a server that is passed on.
const LONGEST: usize = 600;

/// Text of a server made fit to be shown: one line, no control or invisible formatting characters, not endless.
pub(crate) fn clean(text: &str) -> String {
    // A library names a page of its manual, which helps its users and not ours.
    let text = match text.split_once(": https://docs.rs/") {
        Some((before, after)) => {
            &format!("{before}{}", after.find(char::is_whitespace).map_or("", |end| &after[end..]))
        }
        None => text,
    };
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for c in text.trim().chars() {
        if out.len() >= LONGEST {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_format(c) => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out.trim_end_matches('.').to_owned()
}

/// Invisible characters that reorder or hide text.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// The permissions named in a text: words of the form `domain:entity:action`.
pub(crate) fn permissions_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '*' | '-'))) {
        let parts: Vec<&str> = word.trim_matches(':').split(':').collect();
        if parts.len() == 3
            && parts.iter().all(|p| !p.is_empty())
            && parts[0].starts_with(|c: char| c.is_ascii_alphabetic())
        {
            let permission = word.trim_matches(':').to_owned();
            if !found.contains(&permission) {
                found.push(permission);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_tried_what_came_back_and_what_to_do() {
        let error = Error::from_details(Details {
            kind: ErrorKind::Permission { missing: vec!["routing:queue:view".into()] },
            tried: "GET /api/v2/routing/queues".into(),
            status: Some(403),
            code: Some("missing.permissions".into()),
            message: Some("You are missing \u{1b}[31mit\u{202e}.\n".into()),
            correlation_id: Some("abc".into()),
            attempts: 1,
            maybe_done: false,
            place: None,
            remedy: None,
        });
        assert_eq!(
            error.to_string(),
            "GET /api/v2/routing/queues: 403 missing.permissions: You are missing \u{FFFD}[31mit\u{FFFD} \
             (correlation id abc). Ask an administrator for routing:queue:view."
        );
        assert_eq!(error.exit_code(), 3);
    }

    #[test]
    fn permissions_are_found_in_messages() {
        let text =
            "Missing the following permission(s): [routing:queue:view, analytics:queueObservation:view] at 10:22:33";
        assert_eq!(permissions_in(text), ["routing:queue:view", "analytics:queueObservation:view"]);
    }

    #[test]
    fn a_library_s_manual_is_no_part_of_a_reason() {
        let text =
            "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/#unexpected-eof";
        assert_eq!(clean(text), "peer closed connection without sending TLS close_notify");
        assert_eq!(
            clean(&format!("{text} (os error 1)")),
            "peer closed connection without sending TLS close_notify (os error 1)"
        );
    }

    #[test]
    fn what_is_in_the_way_comes_first_and_once() {
        let told = |network, tried: &str, said: &str| {
            let mut error = Error::new(ErrorKind::Network(network), tried, said).reaching("127.0.0.1:8123");
            error.0.attempts = 4;
            error.cause()
        };
        let refused = "Connection refused (os error 111)";
        for (network, tried, said, expected) in [
            (
                Network::Connect,
                "signing in with client credentials (POST /oauth/token)",
                refused,
                "127.0.0.1:8123 refuses connections (signing in with client credentials, 4 tries)",
            ),
            (
                Network::Connect,
                "GET /x",
                "No route to host (os error 113)",
                "cannot connect to 127.0.0.1:8123: No route to host (GET /x, 4 tries)",
            ),
            (
                Network::Timeout,
                "GET /x",
                "it took the connection and did not answer within 4 s",
                "127.0.0.1:8123 took the connection and did not answer within 4 s (GET /x, 4 tries)",
            ),
            (
                Network::Timeout,
                "GET /x",
                "operation timed out",
                "no answer in time from 127.0.0.1:8123 (GET /x, 4 tries)",
            ),
            (
                Network::Dns,
                "GET /x",
                "dns error: failed to lookup address information: Name or service not known",
                "no such host: 127.0.0.1:8123 (Name or service not known) (GET /x, 4 tries)",
            ),
            (
                Network::Lost,
                "GET /x",
                "connection closed before message completed",
                "the connection to 127.0.0.1:8123 broke: connection closed before message completed (GET /x, 4 tries)",
            ),
        ] {
            assert_eq!(told(network, tried, said), expected);
        }
    }

    #[test]
    fn long_texts_are_cut() {
        assert!(clean(&"x".repeat(5000)).len() < 700);
    }
}
