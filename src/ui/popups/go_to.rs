//! Where in a recording to go.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::GoTo},
    ui::paint::Paint,
};

/// Where to go.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &GoTo) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Go to", 2);
    let cursor = line(paint, paint.glyphs.selection, &prompt.text, inner.x, inner.y, inner.right());
    let (words, style) = match &prompt.mistake {
        Some(mistake) => (mistake.as_str(), t.alarm()),
        None => ("14:02:11   +30s   -2m   50%   or a key: its next change on any call", t.quiet()),
    };
    paint.put(inner.x + 2, inner.y + 1, inner.right(), words, style);
    cursor
}
