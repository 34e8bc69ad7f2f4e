//! What playing a recording changes, taken and put back.

use super::Model;
use crate::app::replay::PlaybackState;

impl PlaybackState {
    /// What there is now.
    pub fn of(model: &Model) -> Self {
        Self {
            monitor: model.monitor.clone(),
            timeline: model.timeline.clone(),
            fresh: model.fresh.clone(),
            link: model.link.clone(),
            rate: model.rate.clone(),
            bad_frames: model.bad_frames,
            claimed: model.replay.as_ref().map(|r| r.claimed.clone()).unwrap_or_default(),
        }
    }

    /// Puts this in the place of what there is. What the operator chose (the screen, the selection, the filter, the alerts) stays.
    pub(in crate::app) fn restore(self, model: &mut Model) {
        let names = std::mem::take(&mut model.monitor.board.names);
        let alerts = std::mem::take(&mut model.monitor.alerts);
        model.monitor = self.monitor;
        // A name that was learned later is no less right.
        model.monitor.board.names = names;
        model.monitor.alerts = alerts;
        model.timeline.go_back(self.timeline);
        model.fresh = self.fresh;
        model.link = self.link;
        model.rate = self.rate;
        model.bad_frames = self.bad_frames;
        if let Some(replay) = &mut model.replay {
            replay.claimed = self.claimed;
        }
        model.touch();
    }
}
