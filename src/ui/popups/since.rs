//! The filter of the Since screen.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::SincePrompt},
    domain::text::cut_in,
    ui::paint::Paint,
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &SincePrompt) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Filter the history", 2);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let (words, style) = match (&prompt.remark, &prompt.mistake) {
        // Half of a name is no mistake yet.
        (Some(remark), _) => (remark.as_str(), t.text()),
        (None, Some(mistake)) => (mistake.as_str(), t.alarm()),
        (None, None) => ("for example  flow:NAME   queue:NAME   on:agent   days:14", t.quiet()),
    };
    let words = cut_in(words, usize::from(inner.width.saturating_sub(2)), paint.charset()).into_owned();
    paint.put(inner.x + 2, inner.y + 1, inner.right(), &words, style);
    cursor
}
