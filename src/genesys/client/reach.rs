//! Whether the servers can be reached at all, for diagnosis.

use super::{Client, answer, endpoint, transport};
use crate::genesys::{Details, Error, Kind};
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
    /// Asks a server for anything, without a token. Any answer is good.
    ///
    /// # Errors
    /// [`Kind::Network`] with where on the way it failed.
    pub async fn reach(&self, base: &Url) -> Result<Reach, Error> {
        let url = endpoint(base, "api/v2/tokens/me")?;
        let tried = format!("reaching {}", base.host_str().unwrap_or_default());
        let started = Instant::now();
        let sent = self.inner.http(base)?.get(url).send().await;
        let response = sent.map_err(|e| {
            let (network, _) = transport::classify(&e);
            Error::from_details(Details {
                kind: Kind::Network(network),
                tried,
                status: None,
                code: None,
                message: Some(transport::chain(&e)),
                correlation_id: None,
                attempts: 1,
                maybe_done: false,
                remedy: None,
            })
        })?;
        let ahead = answer::date(response.headers()).map(|date| date.duration_since(Timestamp::now()));
        Ok(Reach { took: started.elapsed(), ahead, http2: response.version() == reqwest::Version::HTTP_2 })
    }
}
