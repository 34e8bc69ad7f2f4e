//! The way through a proxy, for the websocket: the HTTP client finds its own. Which hosts go through which proxy is decided by
//! the same rules for both (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, the system's settings).

use crate::genesys::{Error, Kind, connection::is_loopback};
use hyper::Uri;
use hyper_util::client::{
    legacy::connect::{HttpConnector, proxy::Tunnel},
    proxy::matcher::{Intercept, Matcher},
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::OnceLock;
use tokio::net::TcpStream;
use tower_service::Service;

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
            .map_err(|_| Error::new(Kind::Setup, "the proxy", "its address is not one"))?;
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

/// Why the proxy does not let a connection through, in the words of the HTTP library.
pub(crate) struct Refused {
    pub(crate) reason: String,
    /// Another try will hardly help.
    pub(crate) hopeless: bool,
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

    /// A connection to that host through the proxy (`CONNECT`).
    pub(crate) async fn tunnel(&self, host: &str, port: u16) -> Result<TcpStream, Refused> {
        let uri = self.proxy.uri().clone();
        if uri.scheme_str().is_some_and(|scheme| scheme != "http") {
            let scheme = uri.scheme_str().unwrap_or_default();
            let reason = format!(
                "the notification stream cannot go through the {scheme} proxy {}; an http:// proxy is needed",
                self.shown
            );
            return Err(Refused { reason, hopeless: true });
        }
        let refused = |e: &dyn std::fmt::Display| {
            let reason = e.to_string();
            // A wrong password and a policy stay as they are.
            let hopeless = reason.contains("authorization") || reason.contains("unsuccessful");
            Refused { reason, hopeless }
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut tunnel = Tunnel::new(uri, connector);
        if let Some(auth) = self.proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let target = target(host, port).map_err(|e| refused(&e))?;
        tunnel.call(target).await.map(hyper_util::rt::TokioIo::into_inner).map_err(|e| refused(&e))
    }
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
}
