//! What a proxy refused is not asked of it again for a while: whoever goes on asking with a password that is wrong gets the
//! account locked.

use super::{Client, Inner, proxy::Hop};
use crate::genesys::{Error, Kind, Network};
use std::{
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
pub(super) struct Barred(Mutex<Vec<Bar>>);

impl Barred {
    fn add(&self, proxy: &str, host: &str, error: &Error, now: Duration) {
        let said = error.details().message.as_deref().unwrap_or_default();
        let password = error.status() == Some(407) || said.contains("407");
        let (host, wait) = if password { (None, PASSWORD) } else { (Some(host.to_owned()), POLICY) };
        let bar = Bar { proxy: proxy.to_owned(), host, until: now + wait, error: error.clone() };
        let mut bars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bars.retain(|known| known.until > now && (known.proxy != bar.proxy || known.host != bar.host));
        bars.push(bar);
    }

    fn find(&self, proxy: &str, host: &str, now: Duration) -> Option<Error> {
        let bars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bars = || bars.iter().filter(|bar| bar.until > now && bar.proxy == proxy);
        bars().find(|bar| bar.host.as_deref().is_none_or(|barred| barred == host)).map(|bar| bar.error.clone())
    }
}

impl Inner {
    /// The proxy on the way to the host of `url`, if there is one.
    fn hop(&self, url: &Url) -> Option<(String, Hop)> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some((host.to_owned(), Hop::to(self.options.transport.proxy.as_ref(), host, port)?))
    }

    /// Why the host of `url` is not asked for at present: its proxy refused before.
    pub(super) fn barred(&self, url: &Url, tried: &str) -> Option<Error> {
        let (host, hop) = self.hop(url)?;
        let error = self.barred.find(hop.shown(), &host, self.clock.now().mono)?;
        Some(error.trying(tried))
    }

    /// Names the address that was not reached, or the proxy that is in the way. What a proxy refused is remembered.
    pub(super) fn located(&self, error: Error, url: &Url) -> Error {
        let address = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        match (error.kind(), self.hop(url)) {
            (Kind::Network(Network::Proxy), Some((host, hop))) => {
                let error = error.saying(refusal).at(&format!("the proxy {} on the way to {address}", hop.shown()));
                self.barred.add(hop.shown(), &host, &error, self.clock.now().mono);
                error
            }
            (Kind::Network(_), Some((_, hop))) => error.at(&format!("{address}, through the proxy {}", hop.shown())),
            (Kind::Network(_), None) => error.at(&address),
            (Kind::Malformed, Some((_, hop))) => error.at(&format!("through the proxy {}", hop.shown())),
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
    pub(crate) fn bar(&self, url: &Url, reason: &str) -> Error {
        self.inner.located(Error::new(Kind::Network(Network::Proxy), "the notification stream", reason), url)
    }

    /// A person wants to try now whatever was refused before.
    pub(crate) fn ask_proxies_again(&self) {
        self.inner.barred.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(said: &str) -> Error {
        Error::new(Kind::Network(Network::Proxy), "GET /x", said)
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
