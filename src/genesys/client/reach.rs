//! Whether the servers can be reached at all, for diagnosis.

use super::{Client, answer, endpoint, transport, unanswered};
use crate::genesys::{Details, Error, ErrorKind, Network};
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use url::Url;

/// What one unauthenticated request showed.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// From sending to the answer, the making of the connection included.
    pub took: Duration,
    /// How far the server's clock is ahead of ours, to about a second; `None` when it told no time.
    pub ahead: Option<SignedDuration>,
    /// The request went over HTTP/2.
    pub http2: bool,
}

impl Client {
    /// Asks a server for something that it has, without a token: `api/v2/tokens/me` of the REST API, `oauth/token` of the
    /// login service. Any answer of the platform is good.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] with where on the way it failed; [`ErrorKind::Malformed`] when something else answers in its place.
    pub async fn reach(&self, base: &Url, path: &str) -> Result<Reach, Error> {
        let mut retry = self.inner.retry();
        loop {
            match self.reached(base, path, retry.tries()).await {
                Err(error) if error.is_passing() => match self.inner.again(&mut retry, &error, None) {
                    Some(wait) => self.inner.rest(wait, false).await,
                    None => return Err(error),
                },
                answered => return answered,
            }
        }
    }

    async fn reached(&self, base: &Url, path: &str, attempts: u32) -> Result<Reach, Error> {
        let url = endpoint(base, path)?;
        let tried = format!("GET /{path}");
        self.inner.way(base, &tried, attempts).await?;
        let started = Instant::now();
        let limit = self.inner.options.limits.first_answer.min(self.inner.options.transport.request_timeout);
        let sent = self.inner.http(base)?.get(url).timeout(limit).send().await;
        let response = sent.map_err(|e| {
            let (network, maybe_done) = transport::classify(&e);
            let silent = network == Network::Timeout && maybe_done;
            let error = Error::from_details(Details {
                kind: ErrorKind::Network(network),
                tried: tried.clone(),
                status: None,
                code: None,
                message: Some(if silent { unanswered(limit) } else { transport::chain(&e) }),
                correlation_id: None,
                attempts,
                maybe_done: false,
                place: None,
                remedy: None,
            });
            self.inner.located(error, base)
        })?;
        let status = response.status().as_u16();
        if status == 407 {
            let refused = Error::new(ErrorKind::Network(Network::Proxy), tried, "407");
            return Err(self.inner.located(refused, base));
        }
        // A portal leads to a page of its own; the platform's hosts lead to hosts of theirs.
        let elsewhere =
            response.headers().get("location").and_then(|to| to.to_str().ok()).and_then(|to| base.join(to).ok());
        let astray = elsewhere.is_some_and(|to| to.host_str() != base.host_str());
        let page = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let page = page.is_some_and(|kind| kind.starts_with("text/html"));
        if status == 511 || astray || (page && path.starts_with("api/")) {
            return Err(self.inner.located(answer::page(&tried, status, attempts, None), base));
        }
        let ahead = answer::date(response.headers()).map(|date| date.duration_since(Timestamp::now()));
        Ok(Reach { took: started.elapsed(), ahead, http2: response.version() == reqwest::Version::HTTP_2 })
    }
}
