//! What a proxy refused is not asked of it again for a while: whoever goes on asking with a password that is wrong gets the
//! account locked.

use super::{
    Client, Inner,
    proxy::{Blocked, Hop},
};
use crate::genesys::{Details, Error, ErrorKind, Network, connection::host_and_port};
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// After a password that was refused, or one that is missing: the settings have to change first.
const PASSWORD: Duration = Duration::from_secs(3_600);
/// After another refusal: a policy, or a host that the proxy itself does not reach.
const POLICY: Duration = Duration::from_secs(30);

/// A way that a proxy refused.
struct Bar {
    proxy: String,
    /// `None`: every host.
    host: Option<String>,
    until: Duration,
    error: Error,
}

/// All that proxies refused of late.
#[derive(Default)]
pub(super) struct Barred {
    bars: Mutex<Vec<Bar>>,
    /// Proxies and hosts between which there was a way.
    passed: Mutex<HashSet<(String, String)>>,
}

impl Barred {
    fn add(&self, proxy: &str, host: &str, error: &Error, now: Duration) {
        let said = error.details().message.as_deref().unwrap_or_default();
        let password = error.status() == Some(407) || said.contains("407, proxy");
        let (host, wait) = if password { (None, PASSWORD) } else { (Some(host.to_owned()), POLICY) };
        let bar = Bar { proxy: proxy.to_owned(), host, until: now + wait, error: error.clone() };
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        bars.retain(|known| known.until > now && (known.proxy != bar.proxy || known.host != bar.host));
        bars.push(bar);
    }

    fn find(&self, proxy: &str, host: &str, now: Duration) -> Option<Error> {
        let bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bars = || bars.iter().filter(|bar| bar.until > now && bar.proxy == proxy);
        bars().find(|bar| bar.host.as_deref().is_none_or(|barred| barred == host)).map(|bar| bar.error.clone())
    }

    fn pair(proxy: &str, host: &str) -> (String, String) {
        (proxy.to_owned(), host.to_owned())
    }

    fn has_passed(&self, proxy: &str, host: &str) -> bool {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).contains(&Self::pair(proxy, host))
    }

    fn passed(&self, proxy: &str, host: &str, did: bool) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        match did {
            true => passed.insert(Self::pair(proxy, host)),
            false => passed.remove(&Self::pair(proxy, host)),
        };
    }
}

impl Inner {
    /// The proxy on the way to the host of `url`, if there is one.
    fn hop(&self, url: &Url) -> Option<(String, Hop)> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some((host.to_owned(), Hop::to(self.options.transport.proxy.as_ref(), host, port)?))
    }

    /// Makes sure that the proxy on the way to the host of `url` lets connections through, if there is one: once for each host,
    /// and again after a failure. The HTTP library would say only that it does not.
    pub(super) async fn way(&self, url: &Url, tried: &str, attempts: u32) -> Result<(), Error> {
        if let Some(error) = self.barred(url, tried) {
            return Err(error);
        }
        let Some((host, hop)) = self.hop(url) else { return Ok(()) };
        if !hop.is_plain() || self.barred.has_passed(hop.shown(), &host) {
            return Ok(());
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let asked = tokio::time::timeout(self.options.transport.connect_timeout, hop.tunnel(&host, port)).await;
        let Err(blocked) = asked.unwrap_or_else(|_| Err(Blocked::Down("no answer in time".into()))) else {
            self.barred.passed(hop.shown(), &host, true);
            return Ok(());
        };
        Err(self.blocked(&blocked, url, tried, attempts))
    }

    /// A proxy that is in the way, as an error of what was tried.
    fn blocked(&self, blocked: &Blocked, url: &Url, tried: &str, attempts: u32) -> Error {
        let network = if blocked.is_hopeless() { Network::Proxy } else { Network::Connect };
        let remedy = "Check HTTPS_PROXY, and that the proxy is running and reaches the internet.".to_owned();
        let error = Error::from_details(Details {
            kind: ErrorKind::Network(network),
            tried: tried.to_owned(),
            status: None,
            code: None,
            message: Some(blocked.to_string()),
            correlation_id: None,
            attempts,
            maybe_done: false,
            place: None,
            remedy: (network == Network::Connect).then_some(remedy),
        });
        match (blocked, self.hop(url)) {
            (Blocked::Down(_), Some((_, hop))) => {
                error.at(&format!("the proxy {} on the way to {} cannot be reached", hop.shown(), host_and_port(url)))
            }
            (Blocked::Answered(_), Some((_, hop))) if network == Network::Connect => {
                error.at(&format!("the proxy {} on the way to {}", hop.shown(), host_and_port(url)))
            }
            _ => self.located(error, url),
        }
    }

    /// Why the host of `url` is not asked for at present: its proxy refused before.
    pub(super) fn barred(&self, url: &Url, tried: &str) -> Option<Error> {
        let (host, hop) = self.hop(url)?;
        let error = self.barred.find(hop.shown(), &host, self.clock.now().mono)?;
        Some(error.trying(tried))
    }

    /// Names the address that was not reached, or the proxy that is in the way. What a proxy refused is remembered.
    pub(super) fn located(&self, error: Error, url: &Url) -> Error {
        let (address, hop) = (host_and_port(url), self.hop(url));
        if let (ErrorKind::Network(_), Some((host, hop))) = (error.kind(), &hop) {
            self.barred.passed(hop.shown(), host, false);
        }
        match (error.kind(), hop) {
            (ErrorKind::Network(Network::Proxy), Some((host, hop))) => {
                let error = error.saying(refusal).at(&format!("the proxy {} on the way to {address}", hop.shown()));
                self.barred.add(hop.shown(), &host, &error, self.clock.now().mono);
                error
            }
            (ErrorKind::Network(_), Some((_, hop))) => {
                error.reaching(format!("{address}, through the proxy {}", hop.shown()))
            }
            // Nothing is set, and something on the way asks all the same.
            (ErrorKind::Network(Network::Proxy), None) => error.saying(refusal).reaching(address),
            (ErrorKind::Network(_), None) => error.reaching(address),
            (ErrorKind::Malformed, Some((_, hop))) => {
                error.at(&format!("{address}, through the proxy {}", hop.shown()))
            }
            (ErrorKind::Malformed, None) => error.at(&address),
            // A front before the platform, or something else in its place.
            (ErrorKind::Server, hop) if error.correlation_id().is_none() => match hop {
                Some((_, hop)) => error.at(&format!("{address}, through the proxy {}", hop.shown())),
                None => error.at(&address),
            },
            _ => error,
        }
    }
}

/// The refusal in words: the HTTP library names two kinds and no status.
pub(super) fn refusal(said: &str) -> String {
    if said.contains("authorization") || said == "407" {
        "407, proxy authorization required: it wants a name and a password, or others".to_owned()
    } else if said.contains("unsuccessful") {
        "it refused, by a policy or because it cannot reach the host itself".to_owned()
    } else {
        said.to_owned()
    }
}

impl Client {
    /// As [`Self::proxy_for`], with why the proxy is not asked at present.
    pub(crate) fn barred(&self, url: &Url) -> Option<Error> {
        self.inner.barred(url, "the notification stream")
    }

    /// A proxy did not let the notification stream through.
    pub(crate) fn bar(&self, url: &Url, blocked: &Blocked) -> Error {
        self.inner.blocked(blocked, url, "the notification stream", 1)
    }

    /// A person wants to try now whatever was refused before.
    pub(crate) fn ask_proxies_again(&self) {
        self.inner.barred.bars.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(said: &str) -> Error {
        Error::new(ErrorKind::Network(Network::Proxy), "GET /x", said)
    }

    #[test]
    fn a_password_bars_every_host_for_an_hour_and_a_policy_one_host_for_a_moment() {
        let s = Duration::from_secs;
        let barred = Barred::default();
        barred.add("p:1", "api.test", &refused(&refusal("tunnel error: unsuccessful")), s(0));
        assert!(barred.find("p:1", "api.test", s(29)).is_some());
        assert!(barred.find("p:1", "login.test", s(1)).is_none() && barred.find("q:1", "api.test", s(1)).is_none());
        assert!(barred.find("p:1", "api.test", s(30)).is_none());
        barred.add("p:1", "api.test", &refused(&refusal("tunnel error: proxy authorization required")), s(40));
        assert!(barred.find("p:1", "login.test", s(3_639)).is_some());
        assert!(barred.find("p:1", "login.test", s(3_640)).is_none());
    }
}
