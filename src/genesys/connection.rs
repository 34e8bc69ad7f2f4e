//! Where to connect and as whom. Resolved by the program's configuration, handed over whole.

use super::{Error, ErrorKind};
use secrecy::SecretString;
use std::{fmt, net::IpAddr, sync::Arc};
use url::Url;

/// An organisation's addresses and the way to sign in.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Base address of the REST API.
    pub api_url: Url,
    /// Base address of the login service.
    pub login_url: Url,
    /// How to get a token.
    pub auth: Auth,
}

/// How to get a token.
#[derive(Clone)]
pub enum Auth {
    /// Nobody is signed in.
    SignedOut,
    /// An OAuth client's own id and secret; the token has no user.
    ClientCredentials {
        /// Id of the OAuth client.
        id: String,
        /// Its secret.
        secret: SecretString,
    },
    /// A ready access token; it cannot be renewed.
    Token(SecretString),
    /// Tokens of a sign-in in the browser.
    Pkce {
        /// Id of the OAuth client.
        client_id: String,
        /// What the sign-in gave.
        tokens: Tokens,
        /// Told about renewed tokens, to store them.
        renewed: Option<Renewed>,
    },
}

/// Told about renewed tokens, to store them.
pub type Renewed = Arc<dyn Fn(&Tokens) + Send + Sync>;

/// Tokens of a user.
#[derive(Clone)]
pub struct Tokens {
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where one was issued.
    pub refresh: Option<SecretString>,
    /// When the access token expires, where it was said.
    pub expires: Option<jiff::Timestamp>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens(refresh: {}, expires: {:?})", self.refresh.is_some(), self.expires)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut => f.write_str("SignedOut"),
            Self::ClientCredentials { id, .. } => write!(f, "ClientCredentials({id})"),
            Self::Token(_) => f.write_str("Token"),
            Self::Pkce { client_id, tokens, .. } => write!(f, "Pkce({client_id}, {tokens:?})"),
        }
    }
}

impl Connection {
    /// A connection to given addresses: a gateway, or a simulator on this machine.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] when an address is none, or is plain http to another machine.
    pub fn to_urls(api_url: &str, login_url: &str, auth: Auth) -> Result<Self, Error> {
        Ok(Self {
            api_url: address("the API address", api_url)?,
            login_url: address("the login address", login_url)?,
            auth,
        })
    }
}

/// Why [`Connection::to_urls`] would refuse this address; `None` when it would not.
pub fn flaw(text: &str) -> Option<String> {
    address("the address", text).err().and_then(|error| error.details().message.clone())
}

/// The address holds a name or a password, which is never ours to send or show.
pub fn has_user_info(text: &str) -> bool {
    match Url::parse(text) {
        Ok(url) => !url.username().is_empty() || url.password().is_some(),
        Err(_) => text.contains('@'),
    }
}

/// The address as it may be shown: without a name or a password in it.
pub fn shown(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}(hidden)@{host}")
        }
        None => text.to_owned(),
    }
}

fn address(what: &str, text: &str) -> Result<Url, Error> {
    let setup = |message: String| Error::new(ErrorKind::Setup, what, message);
    let url = Url::parse(text).map_err(|e| setup(format!("{:?} is not an address: {e}", shown(text))))?;
    if has_user_info(text) {
        return Err(setup("it holds a name or a password (before the @)".into()));
    }
    check(&url).map_err(setup)?;
    Ok(url)
}

/// Accepts https and wss anywhere, http and ws only on this machine.
pub(crate) fn check(url: &Url) -> Result<(), String> {
    let Some(host) = url.host_str() else { return Err("it names no host".into()) };
    match url.scheme() {
        "https" | "wss" => Ok(()),
        "http" | "ws" if is_loopback(host) => Ok(()),
        "http" | "ws" => {
            Err(format!("{host} would be reached without encryption; that is allowed for this machine only"))
        }
        other => Err(format!("{other} is not a protocol that the platform speaks")),
    }
}

/// Whether an address that the API gave may be opened: an API that is reached with encryption leads to no plain socket, and
/// one on another machine to none on this.
pub(crate) fn follows(api: &Url, given: &Url) -> Result<(), String> {
    let here = |url: &Url| url.host_str().is_some_and(is_loopback);
    if api.scheme() == "https" && !matches!(given.scheme(), "https" | "wss") {
        return Err("the API named an address without encryption, which is not opened".into());
    }
    if !here(api) && here(given) {
        return Err("the API named an address of this machine, which is not opened".into());
    }
    Ok(())
}

/// Host and port of an address, the port where it is not the usual one.
pub(crate) fn host_and_port(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    }
}

/// True for names and addresses of this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(api: &str) -> Result<Connection, Error> {
        Connection::to_urls(api, "https://login.mypurecloud.com", Auth::Token("t".into()))
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for fine in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9", "https://api.mypurecloud.com"] {
            assert!(connect(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://api.mypurecloud.com",
            "http://127.0.0.1.example.com",
            "ftp://localhost",
            "nonsense",
            "http://10.0.0.1",
        ] {
            assert_eq!(connect(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }

    #[test]
    fn an_address_that_the_api_gave_is_no_worse_than_its_own() {
        let follows = |api: &str, given: &str| follows(&api.parse().unwrap(), &given.parse().unwrap()).is_ok();
        let api = "https://api.mypurecloud.com";
        assert!(follows(api, "wss://streaming.mypurecloud.com/channels/1"));
        assert!(follows("http://127.0.0.1:8080", "ws://127.0.0.1:8080/channels/1"));
        assert!(follows("https://localhost:8443", "wss://localhost:8443/channels/1"));
        for given in [
            "ws://streaming.mypurecloud.com/",
            "ws://127.0.0.1/",
            "wss://127.0.0.1/",
            "wss://localhost/",
            "wss://[::1]/",
        ] {
            assert!(!follows(api, given), "{given}");
        }
        assert!(!follows("https://localhost:8443", "ws://localhost:8443/"));
    }

    #[test]
    fn a_name_or_a_password_in_an_address_is_refused_and_not_shown() {
        for text in ["https://ada:sesame@api.example.com", "https://sesame@api.example.com/x", "nonsense://a:sesame@"] {
            assert!(!format!("{:?}", connect(text).unwrap_err()).contains("sesame"), "{text}");
            assert!(has_user_info(text) && !shown(text).contains("sesame"), "{text}");
        }
        assert_eq!(shown("https://api.example.com"), "https://api.example.com");
    }

    #[test]
    fn debug_shows_no_secret() {
        let tokens = Tokens { access: "sesame-a".into(), refresh: Some("sesame-r".into()), expires: None };
        let all = [
            Auth::ClientCredentials { id: "id".into(), secret: "sesame-s".into() },
            Auth::Token("sesame-t".into()),
            Auth::Pkce { client_id: "id".into(), tokens, renewed: None },
        ];
        assert!(!format!("{all:?}").contains("sesame"));
    }
}
