//! Whether the platform still takes the token. Events need none once they are subscribed, so that a token which ends shows only
//! where something is asked for; one that nobody renews is asked about.

use super::{LinkEvent, Live};
use crate::genesys::{Error, ErrorKind};
use std::time::Duration;
use tokio::{
    task::{JoinError, JoinSet},
    time::{Interval, MissedTickBehavior},
};

/// Between two questions.
const EVERY: Duration = Duration::from_secs(15);

/// The questions about the token.
pub(super) struct TokenWatch {
    pub(super) due: Interval,
    pub(super) asking: JoinSet<Result<(), Error>>,
}

impl TokenWatch {
    pub(super) fn new() -> Self {
        let mut due = tokio::time::interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        due.reset();
        Self { due, asking: JoinSet::new() }
    }
}

impl Live {
    /// The platform does not accept the token any more.
    pub fn is_signed_out(&self) -> bool {
        self.is_signed_out
    }

    /// A token that has ended is replaced only by a person, so that nobody else would notice.
    pub(super) fn asks_for_token(&self) -> bool {
        self.is_live && !self.client.is_renewable()
    }

    /// Asks, unless an answer is awaited.
    pub(super) fn ask_for_token(&mut self) {
        if self.token.asking.is_empty() {
            let client = self.client.clone();
            self.token.asking.spawn(async move { client.check_token().await });
        }
    }

    /// The platform told whether the token is good.
    pub(super) fn on_token(&mut self, told: Result<Result<(), Error>, JoinError>) {
        match told {
            Ok(Ok(())) => self.is_signed_out = false,
            Ok(Err(error)) if *error.kind() == ErrorKind::SignIn => self.signed_out(&error),
            Ok(Err(error)) => tracing::info!(%error, "whether the token is good could not be asked"),
            Err(error) => tracing::error!(%error, "the question for the token broke"),
        }
    }

    /// A request was refused for want of a good token, and that may be all that shows it. Told once.
    pub(super) fn signed_out(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.is_signed_out, true) {
            let what = format!("the platform no longer accepts the sign-in; events continue for a while: {error}");
            self.ready.push_back((self.client.clock().now(), LinkEvent::Unsearched(what)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        genesys::{Auth, Client, Connection, discover::Discovered, feed::FeedOptions},
        live::targets::Targets,
    };

    fn live(auth: Auth) -> Live {
        let nowhere = Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", auth).unwrap();
        Live::start(Client::new(nowhere), &Targets(Discovered::default()), FeedOptions::default())
    }

    #[tokio::test]
    async fn a_token_that_ends_is_told_once_and_nothing_counts_as_seen_until_there_is_another() {
        let mut live = live(Auth::Token("sample".into()));
        live.is_live = true;
        assert!(live.asks_for_token() && live.sees_all());
        let refused = || Ok(Err(Error::new(ErrorKind::SignIn, "the access token", "it is refused")));
        live.on_token(refused());
        live.on_token(refused());
        assert!(!live.sees_all());
        let told: Vec<_> = live.ready.drain(..).collect();
        assert!(
            matches!(&told[..], [(_, LinkEvent::Unsearched(what))] if what.contains("no longer accepts") && what.contains("it is refused")),
            "{told:?}"
        );
        live.on_token(Ok(Err(Error::new(ErrorKind::Server, "GET", "a bad moment"))));
        assert!(!live.sees_all(), "that says nothing of it");
        live.on_token(Ok(Ok(())));
        assert!(live.sees_all());
    }

    /// The prompt shows this: it is not about a client and its secret.
    #[tokio::test]
    async fn of_a_token_that_was_given_it_is_said_where_to_put_another() {
        let live = live(Auth::Token("sample".into()));
        live.client().renew().await.unwrap();
        live.client().renew().await.unwrap_err();
        let why = live.client().signed_out().unwrap();
        assert!(why.contains("GENESYS_ACCESS_TOKEN"), "{why}");
    }

    #[tokio::test]
    async fn a_token_that_is_renewed_is_not_asked_about() {
        let mut renewed = live(Auth::ClientCredentials { id: "id".into(), secret: "sample".into() });
        renewed.is_live = true;
        assert!(!renewed.asks_for_token());
    }
}
