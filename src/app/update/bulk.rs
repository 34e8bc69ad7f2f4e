//! `p`: a paste or a file of many values.

use crate::app::{
    Model,
    call::CallScreen,
    notice::NoticeLevel,
    popups::{Bulk, Overlay},
};
use crate::domain::outbox::{Got, PatchTarget};

/// `p`: on the selected participant.
pub(super) fn begin(model: &mut Model) {
    if model.refuses_edits() {
        return;
    }
    if let Some(target) = model.call.as_ref().and_then(CallScreen::target) {
        let text = model.outbox.loose(&target, Got::Pasted).unwrap_or_default().to_owned();
        open(model, target, &text);
    }
}

/// Opens it on this text.
pub(super) fn open(model: &mut Model, target: PatchTarget, text: &str) {
    model.outbox.keep_loose(&target, Got::Pasted, text);
    model.overlays.push(Overlay::Bulk(Bulk::new(target, text)));
}

/// A file that was asked for.
pub(super) fn loaded(model: &mut Model, path: &str, result: Result<String, String>) {
    let Some(Overlay::Bulk(bulk)) = model.overlays.last_mut() else { return };
    match result {
        Ok(text) => {
            *bulk = Bulk::new(bulk.target.clone(), &text);
            model.outbox.keep_loose(&bulk.target, Got::Pasted, &text);
            model.say(NoticeLevel::Info, format!("Read from {path}."));
        }
        Err(why) => model.say(NoticeLevel::Alarm, format!("{path} could not be read: {why}")),
    }
}
