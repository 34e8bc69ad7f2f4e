//! Recording what comes in: begun and ended by one key, and never forgotten.

use crate::app::{Effect, Model, notice::NoticeLevel, recording::Recording};

/// `R`: begins or ends a recording.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if super::replay::refused(model, "there is nothing to record.") {
        return Vec::new();
    }
    vec![Effect::Record]
}

/// How it is going.
pub(super) fn going(model: &mut Model, recording: Option<Recording>) {
    let begins = model.recording.is_none();
    if let Some(recording) = recording.as_ref().filter(|_| begins) {
        let key = model.key_label(crate::app::keymap::Command::Record);
        let words = format!(
            "Recording into {}. It is exact and private: it holds customers' data. {key} ends it.",
            recording.file.display()
        );
        model.say(NoticeLevel::Info, words);
    }
    model.recording = recording;
}

/// It was closed.
pub(super) fn ended(model: &mut Model, words: String, failed: bool) {
    model.recording = None;
    model.say(if failed { NoticeLevel::Alarm } else { NoticeLevel::Done }, words);
}
