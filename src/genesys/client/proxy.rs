//! The way through a proxy, for the websocket: the HTTP client finds its own. Which hosts go through which proxy is decided by
//! the same rules for both (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, the system's settings).

use crate::genesys::{Error, ErrorKind, connection::is_loopback};
use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use secrecy::{ExposeSecret, SecretString};
use std::sync::OnceLock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What to do where a proxy is of a kind that cannot be used.
pub const REMEDY: &str = "name an http:// proxy in HTTPS_PROXY or ALL_PROXY (http://HOST:PORT: the traffic through it is encrypted all the \
                          same), or except the platform's hosts with NO_PROXY";

/// A proxy that is told rather than found.
#[derive(Clone)]
pub struct Proxy {
    /// Its address, which may hold a name and a password.
    url: SecretString,
    /// Hosts that are reached without it, as in `NO_PROXY`.
    except: String,
}

impl Proxy {
    /// A proxy for all hosts but these (as in `NO_PROXY`).
    pub fn new(url: &str, except: &str) -> Self {
        Self { url: url.into(), except: except.to_owned() }
    }

    /// As the HTTP client wants it.
    pub(super) fn of_http(&self) -> Result<reqwest::Proxy, Error> {
        let proxy = reqwest::Proxy::all(self.url.expose_secret())
            // The error would quote the address.
            .map_err(|_| Error::new(ErrorKind::Setup, "the proxy", "its address is not one"))?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&self.except)))
    }

    fn matcher(&self) -> Matcher {
        Matcher::builder().all(self.url.expose_secret()).no(self.except.as_str()).build()
    }
}

/// A proxy on the way to a host.
pub(crate) struct Hop {
    proxy: Intercept,
    /// Without name and password.
    shown: String,
}

/// Why there is no connection through the proxy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// The proxy cannot be reached, or does not speak as one; why. That may pass.
    Down(String),
    /// It answered with this status.
    Answered(u16),
    /// It is no proxy for this; why.
    Unfit(String),
}

impl Blocked {
    /// Another try will hardly help: a wrong password and a policy stay as they are.
    pub(crate) fn is_hopeless(&self) -> bool {
        match self {
            Self::Down(_) => false,
            Self::Answered(511) => true,
            Self::Answered(status) => (300..500).contains(status) && !matches!(status, 408 | 425 | 429),
            Self::Unfit(_) => true,
        }
    }
}

impl std::fmt::Display for Blocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Down(why) | Self::Unfit(why) => f.write_str(why),
            Self::Answered(407) => {
                f.write_str("407, proxy authorization required: it wants a name and a password, or others")
            }
            Self::Answered(status @ (300..400 | 511)) => {
                write!(f, "{status}: the network wants a sign-in of its own first; open a page in a browser to sign in")
            }
            Self::Answered(status) if self.is_hopeless() => write!(f, "{status}: it refused, by a policy"),
            Self::Answered(status) => write!(f, "{status}: it does not reach the host at present"),
        }
    }
}

impl Hop {
    /// The one on the way to this host; `None` when the way is direct. `told`: in place of the environment's.
    pub(super) fn to(told: Option<&Proxy>, host: &str, port: u16) -> Option<Self> {
        static FOUND: OnceLock<Matcher> = OnceLock::new();
        if is_loopback(host) {
            return None;
        }
        let target = target(host, port).ok()?;
        let proxy = match told {
            Some(told) => told.matcher().intercept(&target)?,
            None => FOUND.get_or_init(Matcher::from_system).intercept(&target)?,
        };
        let uri = proxy.uri();
        let shown = format!("{}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
        Some(Self { proxy, shown })
    }

    /// Its host and port.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// It can be asked with [`Self::tunnel`].
    pub(crate) fn is_plain(&self) -> bool {
        self.proxy.uri().scheme_str().is_none_or(|scheme| scheme == "http")
    }

    /// Why it cannot be used, if that is so. The HTTP library would speak with some of these, the notification stream with none: half a
    /// connection helps nobody.
    pub(crate) fn unusable(&self) -> Option<String> {
        let scheme = self.proxy.uri().scheme_str().filter(|_| !self.is_plain())?;
        Some(format!("the proxy {scheme}://{} cannot be used: {scheme}:// proxies are not supported", self.shown))
    }

    /// A connection to that host through the proxy (`CONNECT`). By hand, because the library's connector does not tell with which
    /// status a proxy refused, and that decides whether to ask again.
    pub(crate) async fn tunnel(&self, host: &str, port: u16) -> Result<TcpStream, Blocked> {
        let uri = self.proxy.uri();
        if let Some(reason) = self.unusable() {
            return Err(Blocked::Unfit(reason));
        }
        let down = |e: std::io::Error| Blocked::Down(e.to_string());
        let (at, by) = (uri.host().unwrap_or_default().trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
        let mut tcp = TcpStream::connect((at, by)).await.map_err(down)?;
        tcp.set_nodelay(true).map_err(down)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(auth) = self.proxy.basic_auth() {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(auth.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        tcp.write_all(&request).await.map_err(down)?;
        let mut head = Vec::new();
        // Byte by byte: what follows the head belongs to the tunnel.
        while !head.ends_with(b"\r\n\r\n") {
            match tcp.read_u8().await {
                Ok(byte) if head.len() < LONGEST_HEAD => head.push(byte),
                Ok(_) => break,
                Err(_) if head.is_empty() => {
                    return Err(Blocked::Down("it closed the connection without an answer".into()));
                }
                Err(_) => break,
            }
        }
        match status(&head) {
            Some(200..=299) => Ok(tcp),
            Some(status) => Err(Blocked::Answered(status)),
            None => Err(Blocked::Down("what it answers is not HTTP".into())),
        }
    }
}

/// The longest head of a proxy's answer.
const LONGEST_HEAD: usize = 16 << 10;

/// `HTTP/1.1 200 Connection established`
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|b| *b == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok().filter(|status| (100..600).contains(status))
}

fn target(host: &str, port: u16) -> Result<Uri, hyper::http::uri::InvalidUri> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("https://{host}:{port}").parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_exceptions_are_reached_directly() {
        let proxy = Proxy::new("http://user:sample-password@proxy.test:3128", "internal.test,10.0.0.0/8");
        for direct in ["127.0.0.1", "localhost", "::1", "api.internal.test", "internal.test", "10.1.2.3"] {
            assert!(Hop::to(Some(&proxy), direct, 443).is_none(), "{direct}");
        }
        let hop = Hop::to(Some(&proxy), "streaming.mypurecloud.com", 443).unwrap();
        assert_eq!(hop.shown, "proxy.test:3128");
    }

    #[test]
    fn kinds_of_proxies_that_cannot_be_used_are_named_without_their_passwords() {
        for (address, expected) in [
            ("socks5://user:sample-password@proxy.test:1080", Some("socks5://proxy.test:1080")),
            ("socks5h://proxy.test:1080", Some("socks5h://proxy.test:1080")),
            ("socks4://proxy.test:1080", Some("socks4://proxy.test:1080")),
            ("https://user:sample-password@proxy.test:8443", Some("https://proxy.test:8443")),
            ("http://proxy.test:3128", None),
            ("proxy.test:3128", None),
        ] {
            let hop = Hop::to(Some(&Proxy::new(address, "internal.test")), "api.mypurecloud.com", 443).unwrap();
            let why = hop.unusable();
            assert_eq!(why.is_some(), expected.is_some(), "{address}: {why:?}");
            let told = why.unwrap_or_default();
            assert!(told.contains(expected.unwrap_or_default()) && !told.contains("sample"), "{told}");
        }
    }

    #[test]
    fn what_a_proxy_answers() {
        let hopeless = |head: &str| match status(head.as_bytes()) {
            Some(status) => Blocked::Answered(status).is_hopeless(),
            None => Blocked::Down(String::new()).is_hopeless(),
        };
        for (head, expected) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n", true),
            ("HTTP/1.0 403 Forbidden\r\n", true),
            ("HTTP/1.1 302 Found\r\n", true),
            ("HTTP/1.1 511 Network Authentication Required\r\n", true),
            ("HTTP/1.1 502 Bad Gateway\r\n", false),
            ("HTTP/1.1 503\r\n", false),
            ("HTTP/1.1 429 Too Many Requests\r\n", false),
            ("SSH-2.0-OpenSSH\r\n", false),
            ("", false),
        ] {
            assert_eq!(hopeless(head), expected, "{head}");
        }
    }
}
