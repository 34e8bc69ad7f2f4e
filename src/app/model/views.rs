//! How the Calls screen looks, kept for the next start.

use super::Model;
use crate::app::views::CallsView;

impl Model {
    /// How the Calls screen looks, if that is to be kept for the next start and is not yet.
    ///
    /// While something lies over the screen it is not settled: a filter that is being typed is none yet.
    pub(in crate::app) fn remember(&mut self) -> Option<CallsView> {
        if !self.settings.keeps || self.replay.is_some() || !self.overlays.is_empty() {
            return None;
        }
        let mut view = CallsView::of(&self.calls, "");
        // What the configuration says is not remembered: it may be changed there.
        view.columns = view.columns.filter(|columns| Some(columns) != self.settings.columns.as_ref());
        if *self.remembered.get_or_insert_with(|| view.clone()) == view {
            return None;
        }
        self.remembered = Some(view.clone());
        Some(view)
    }

    /// Shows the Calls screen as this view says; false when its filter cannot be understood, and then nothing changes.
    pub fn show_view(&mut self, view: &CallsView) -> bool {
        let shown = view.apply(&mut self.calls);
        self.touch();
        shown
    }
}
