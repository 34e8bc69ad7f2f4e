//! Copies to the clipboard, and says so.

use super::Model;
use crate::app::{
    Effect,
    copy::{CopySource, Copyable},
    notice::NoticeLevel,
};
use crate::domain::{Key, outbox::PatchTarget};

impl Model {
    /// What can be copied from.
    pub fn copy_source(&self) -> CopySource<'_> {
        CopySource { board: &self.monitor.board, outbox: &self.outbox, api: &self.settings.api }
    }

    /// Copies one thing of a participant, of this key.
    pub(in crate::app) fn copy_item(&mut self, item: Copyable, target: &PatchTarget, key: Option<&Key>) -> Vec<Effect> {
        let text = item.text(self.copy_source(), target, key.map(Key::as_str));
        self.copy_text(item.label(), item.lacking(), text)
    }

    /// Copies the text. `lacking`: why there may be none.
    pub(in crate::app) fn copy_text(&mut self, label: &str, lacking: &str, text: Option<String>) -> Vec<Effect> {
        let Some(text) = text else {
            self.say(NoticeLevel::Info, format!("Nothing was copied: {lacking}."));
            return Vec::new();
        };
        let count = text.chars().count();
        self.copied(&format!("{label} ({count} {})", if count == 1 { "character" } else { "characters" }));
        vec![Effect::Copy(text)]
    }
}
