//! The filter of the Since screen.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::SincePrompt},
    ui::paint::Paint,
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &SincePrompt) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Filter the history", 2);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let (words, style) = match &prompt.mistake {
        Some(mistake) => (mistake.as_str(), t.alarm()),
        None => ("flow:MainIVR   queue:Billing   on:agent   days:14", t.quiet()),
    };
    paint.put(inner.x + 2, inner.y + 1, inner.right(), words, style);
    cursor
}
