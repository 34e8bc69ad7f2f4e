//! Reaching the organisation at the start: tried until it works, each failure as a state of the link. What waiting cannot mend (a
//! name that nothing has, a wrong configuration) ends the program.

use super::backend::{Connect, Connected};
use crate::{
    domain::{At, Link},
    genesys::{Clock, Error, ErrorKind, Network, client::NextTry},
};
use futures_util::future::BoxFuture;
use std::time::Duration;

/// The wait after the first round of tries failed; it doubles with every round.
const WAIT: Duration = Duration::from_secs(5);
/// The same where waiting will hardly help: a certificate, a proxy that refuses, a page in place of the platform.
const RARELY: Duration = Duration::from_secs(60);
/// The longest wait between two rounds.
const MOST: Duration = Duration::from_secs(40);

/// What is being tried, and how often it failed.
pub(super) struct Connecting {
    clock: Clock,
    connect: Connect,
    running: Option<BoxFuture<'static, anyhow::Result<Connected>>>,
    /// When the next round begins; `None`: when somebody asks for it.
    again: Option<Duration>,
    /// Rounds that failed; each has tried its requests several times.
    rounds: u32,
}

impl Connecting {
    /// Nothing is begun before it is waited for.
    pub(super) fn new(clock: Clock, connect: Connect) -> Self {
        Self { clock, connect, running: None, again: Some(Duration::ZERO), rounds: 0 }
    }

    /// The next round begins now; one that is under way goes on.
    pub(super) fn begin_now(&mut self) {
        self.again = Some(Duration::ZERO);
    }

    /// The end of a round. Can be dropped and called again.
    pub(super) async fn next(&mut self) -> anyhow::Result<Connected> {
        if self.running.is_none() {
            match self.again {
                Some(mono) => self.clock.sleep_until(mono).await,
                None => std::future::pending().await,
            }
            self.again = None;
        }
        let ended = self.running.get_or_insert_with(|| (self.connect)()).await;
        self.running = None;
        ended
    }

    /// A round failed: the state of the link, with `attempt` as the number of the next try.
    ///
    /// # Errors
    /// The failure, where another try would not help.
    pub(super) fn failed(&mut self, at: At, failure: anyhow::Error, attempt: u32) -> anyhow::Result<Link> {
        let Some(error) = failure.downcast_ref::<Error>() else { return Err(failure) };
        let reason = error.to_string().into();
        match error.kind() {
            // It is tried again after a sign-in.
            ErrorKind::SignIn => Ok(Link::SignedOut { reason }),
            // A proxy that refuses may lock the account of whoever asks again and again.
            ErrorKind::Network(Network::Tls | Network::Proxy) | ErrorKind::Malformed => {
                self.again = Some(at.mono + RARELY);
                Ok(Link::Offline { reason, by: crate::domain::Barrier::Way })
            }
            _ if error.is_passing() => {
                let wait = error.wait().unwrap_or(WAIT * (1 << self.rounds.min(3))).min(MOST);
                self.rounds += 1;
                let until = At { mono: at.mono + wait, ..at };
                self.again = Some(until.mono);
                Ok(Link::Reconnecting { attempt, until, reason })
            }
            _ => Err(failure),
        }
    }
}

/// The state of a link whose request failed and is tried again.
pub(super) fn retried(at: At, next: NextTry, attempt: u32) -> Link {
    let until = At { mono: at.mono + next.wait, ..at };
    Link::Reconnecting { attempt, until, reason: next.cause.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    fn refused() -> anyhow::Error {
        Error::new(ErrorKind::Network(Network::Connect), "reading queues", "Connection refused (os error 111)").into()
    }

    #[tokio::test]
    async fn a_failed_round_is_a_state_of_the_link_and_the_next_can_be_begun_at_once() {
        let begun = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&begun);
        let connect: Connect = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Err(refused()) })
        });
        let clock = Clock::start();
        let mut connecting = Connecting::new(clock, connect);
        let at = At { mono: clock.now().mono + Duration::from_secs(10_000), ..clock.now() };
        for round in 0..6u32 {
            let failure = connecting.next().await.err().expect("it failed");
            let link = connecting.failed(at, failure, round + 2).expect("it is tried again");
            let Link::Reconnecting { attempt, until, reason } = link else { panic!("{link:?}") };
            let wait = [5, 10, 20, 40, 40, 40][round as usize];
            assert_eq!((attempt, until.mono - at.mono), (round + 2, Duration::from_secs(wait)));
            assert!(reason.contains("Connection refused"), "{reason}");
            // The moment of the next round is hours away, unless somebody asks.
            connecting.begin_now();
        }
        assert_eq!(begun.load(Ordering::Relaxed), 6);
    }

    #[test]
    fn a_wrong_secret_waits_for_a_sign_in_and_a_wrong_name_ends_the_program() {
        let connect: Connect = Box::new(|| Box::pin(std::future::pending()));
        let mut connecting = Connecting::new(Clock::start(), connect);
        connecting.again = None;
        let at = Clock::start().now();
        let mut failed = |kind| connecting.failed(at, Error::new(kind, "reading queues", "no").into(), 2);
        assert!(matches!(failed(ErrorKind::SignIn), Ok(Link::SignedOut { .. })));
        assert!(matches!(failed(ErrorKind::Network(Network::Proxy)), Ok(Link::Offline { .. })));
        for kind in [ErrorKind::NotFound, ErrorKind::Setup, ErrorKind::Permission { missing: Vec::new() }] {
            assert!(failed(kind).is_err());
        }
        assert_eq!(connecting.again, Some(at.mono + RARELY), "it is tried rarely");
    }
}
