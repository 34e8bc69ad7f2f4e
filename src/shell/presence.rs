//! The alarm on the screens: a key whose presence falls with a new version of a flow, told as `collect` tells it.

use super::HistorySource;
use crate::{
    app::{Model, Msg},
    domain::{At, ConversationId, Link, findings::Tuning, monitor::CallReport},
    store::{presence::PresenceEnd, record::Salt, seeds::FlowSeed, tracker::Tracker},
};
use std::sync::{Arc, mpsc};

/// Watches the presence of keys, beginning with what the history store knows.
pub(crate) struct PresenceFollower {
    end: PresenceEnd,
    /// What the store knows, until it is here.
    seeds: Option<mpsc::Receiver<Vec<FlowSeed>>>,
    /// Where calls of this session are kept.
    fed: Option<Arc<dyn HistorySource>>,
}

impl PresenceFollower {
    /// Asks the store, off the loop. Within a runtime.
    pub(super) fn start(history: Arc<dyn HistorySource>, tuning: Tuning) -> Self {
        let (seeds, read) = mpsc::channel();
        let fed = Some(Arc::clone(&history)).filter(|history| history.is_fed());
        tokio::task::spawn_blocking(move || {
            // Nobody hears it when the program has ended.
            _ = seeds.send(history.versions());
        });
        Self { end: end(tuning), seeds: Some(read), fed }
    }

    /// One with nothing to compare with.
    #[cfg(test)]
    pub(crate) fn without_a_past(tuning: Tuning) -> Self {
        let mut end = end(tuning);
        end.seed(Vec::new());
        Self { end, seeds: None, fed: None }
    }

    /// The link is now like this. Comes before what the monitor reported of it.
    pub(crate) fn link(&mut self, at: At, link: &Link) {
        self.end.link(at, link);
    }

    /// Looks at what the monitor reported with a message; what is to be told of it. `is_cut`: there are more calls in the flows
    /// than could be listed.
    pub(crate) fn look(&mut self, model: &Model, reports: &[CallReport], at: At, is_cut: bool) -> Vec<Msg> {
        let board = &model.monitor.board;
        self.end.cut(is_cut, at);
        if let Some(seeds) = self.seeds.as_ref().and_then(|read| read.try_recv().ok()) {
            self.seeds = None;
            self.end.seed(seeds);
            self.end.begins(at);
        }
        let mut falls = Vec::new();
        for report in reports {
            let Some((record, fallen)) = self.end.observe(report, board) else { continue };
            falls.extend(fallen);
            if let Some(fed) = &self.fed {
                fed.saw(record);
            }
        }
        falls.extend(self.end.time(board, at));
        let fallen = falls.into_iter().map(|(_, finding)| Msg::Fallen(Box::new(finding)));
        let moved = self.end.moved(board).into_iter().map(|finding| Msg::StillFallen(Box::new(finding)));
        fallen.chain(moved).chain(self.end.lost_keys().map(Msg::LostKeys)).collect()
    }

    /// The calls are not followed any more.
    pub(super) fn forget(&mut self, gone: &[ConversationId]) {
        self.end.forget(gone);
    }
}

/// The store is asked for one organization, which it does not name.
fn end(tuning: Tuning) -> PresenceEnd {
    PresenceEnd::new(Tracker::new("", Salt::UNSTORED, &[]), tuning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::Desk;

    /// As `collect` does, the screens wait while not all calls in the flows could be listed.
    #[test]
    fn the_screens_alarm_knows_that_the_list_of_calls_is_cut() {
        let desk = Desk::new(80, 24);
        let mut watched = PresenceFollower::without_a_past(Tuning::default());
        let at = desk.model.now;
        watched.look(&desk.model, &[], at, false);
        assert!(!watched.end.is_cut(at));
        watched.look(&desk.model, &[], at, true);
        assert!(watched.end.is_cut(at));
    }
}
