//! Channels that were taken away: where another program of the same OAuth client goes on making channels, each new one of
//! ours takes one of its away, and so on without end. Says so, and waits longer each time. Pure.

use crate::genesys::{
    session::{FailureKind, SessionEvent, StepFailure},
    topic::CHANNELS,
    wire::Control,
};
use std::time::Duration;

/// Before the next channel, by how many were taken away in a row.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(300),
];
/// A channel that was kept this long ends the row.
const CALM: Duration = Duration::from_secs(1_800);

/// The channels that were taken away.
#[derive(Debug, Default)]
pub(super) struct TakenChannels {
    times: usize,
    last: Option<Duration>,
    /// Of the last one it is still to be looked for the reason.
    pub(super) is_open: bool,
}

impl TakenChannels {
    /// Notes an event that says that a channel is gone.
    pub(super) fn hear(&mut self, event: &SessionEvent, now: Duration) {
        let gone = match event {
            SessionEvent::SocketFailed(_, failure) | SessionEvent::Subscribed(_, Err(failure)) => {
                failure.kind == FailureKind::ChannelGone
            }
            SessionEvent::Control(_, Control::NoLongerSubscribed { .. }) => true,
            _ => false,
        };
        if gone {
            let calm = self.last.is_none_or(|last| now.saturating_sub(last) > CALM);
            self.times = if calm { 1 } else { self.times + 1 };
            self.last = Some(now);
            self.is_open = true;
        }
    }

    /// So many channels of the OAuth client exist now: why no other is made at once, if they are all there can be.
    pub(super) fn verdict(used: usize, times: usize) -> Option<StepFailure> {
        let wait = WAITS[times.clamp(1, WAITS.len()) - 1];
        (used >= CHANNELS).then(|| StepFailure {
            kind: FailureKind::Passing,
            reason: format!(
                "{CHANNELS} channels of this OAuth client are in use, and another program took this one's place; close some, or \
                 use an OAuth client of its own"
            ),
            wait: Some(wait),
            missing: Vec::new(),
        })
    }

    /// How many in a row; the question is settled with that.
    pub(super) fn settle(&mut self) -> usize {
        self.is_open = false;
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_in_a_row_waits_longer_and_only_where_all_are_in_use() {
        let gone = || {
            let failure =
                StepFailure { kind: FailureKind::ChannelGone, reason: String::new(), wait: None, missing: Vec::new() };
            SessionEvent::SocketFailed(1, failure)
        };
        let mut taken = TakenChannels::default();
        let waits: Vec<u64> = (0..7)
            .map(|n| {
                taken.hear(&gone(), Duration::from_secs(n * 60));
                assert!(taken.is_open);
                let times = taken.settle();
                assert_eq!(TakenChannels::verdict(CHANNELS - 1, times), None);
                TakenChannels::verdict(CHANNELS, times).and_then(|failure| failure.wait).unwrap().as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 30, 60, 120, 300, 300, 300]);
        taken.hear(&gone(), Duration::from_secs(86_400));
        assert_eq!(taken.settle(), 1);
        taken.hear(&SessionEvent::Tick, Duration::from_secs(86_401));
        assert!(!taken.is_open);
    }
}
