//! The state of the link, to and from its line.

use super::{LinkLine, Record, line::micros};
use crate::domain::{At, Link};
use std::time::Duration;

impl From<&Link> for Record {
    fn from(link: &Link) -> Self {
        let line = |state: &str| LinkLine {
            state: state.into(),
            reason: link.reason().map(str::to_owned),
            ..LinkLine::default()
        };
        Self::Link(match link {
            Link::Connecting => line("connecting"),
            Link::Live => line("live"),
            Link::Reconnecting { attempt, until, .. } => {
                LinkLine { attempt: Some(*attempt), when_us: Some(micros(until.mono)), ..line("reconnecting") }
            }
            Link::Gap { since } => LinkLine { when_us: Some(micros(since.mono)), ..line("gap") },
            Link::Offline { .. } => line("offline"),
            Link::SignedOut { .. } => line("signed-out"),
            Link::Closed => line("closed"),
        })
    }
}

impl LinkLine {
    /// The state as it was at the moment `at` of its line; a word of a newer program is taken for a loss.
    pub fn link(&self, at: At) -> Link {
        let reason = || self.reason.as_deref().unwrap_or_default().into();
        let when = || self.when_us.map_or(at, |us| moment(at, Duration::from_micros(us)));
        match self.state.as_str() {
            "connecting" => Link::Connecting,
            "live" => Link::Live,
            "gap" => Link::Gap { since: when() },
            "offline" => Link::Offline { reason: reason(), by: crate::domain::Barrier::Way },
            "signed-out" => Link::SignedOut { reason: reason() },
            "closed" => Link::Closed,
            _ => Link::Reconnecting { attempt: self.attempt.unwrap_or(1), until: when(), reason: reason() },
        }
    }
}

/// The moment `mono` on the clocks of which `at` is another moment.
fn moment(at: At, mono: Duration) -> At {
    let apart = |d: Duration| jiff::SignedDuration::try_from(d).unwrap_or_default();
    let wall = match mono.checked_sub(at.mono) {
        Some(later) => at.wall.checked_add(apart(later)),
        None => at.wall.checked_sub(apart(at.mono - mono)),
    };
    At { mono, wall: wall.unwrap_or(at.wall) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_comes_back() {
        let at = |ms| At::after("2026-11-21T03:00:00Z".parse().unwrap(), Duration::from_millis(ms));
        for link in [
            Link::Connecting,
            Link::Live,
            Link::Reconnecting { attempt: 3, until: at(900), reason: "reset".into() },
            Link::Gap { since: at(100) },
            Link::Offline { reason: "no such host".into(), by: crate::domain::Barrier::Way },
            Link::SignedOut { reason: "revoked".into() },
            Link::Closed,
        ] {
            let Record::Link(line) = Record::from(&link) else { panic!("{link:?}") };
            assert_eq!(line.link(at(500)), link);
        }
    }
}
