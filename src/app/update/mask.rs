//! Personal data masked, or shown.

use crate::app::{Model, notice::NoticeLevel};

/// Masks personal data, or shows it; what is so already is left as it is.
pub(super) fn mask(model: &mut Model, masks: bool) {
    let was = std::mem::replace(&mut model.settings.mask, masks);
    let words = match (masks, was) {
        (true, true) => "Already masked.",
        (false, false) => "Already unmasked.",
        (true, false) => "Personal data in values is masked; names and numbers of callers are not.",
        (false, true) => "Values are shown as they are: personal data is not masked.",
    };
    model.say(NoticeLevel::Info, words);
    model.touch();
}
