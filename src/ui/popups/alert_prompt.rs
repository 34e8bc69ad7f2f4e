//! The expression of a new alert.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::AlertPrompt},
    ui::paint::Paint,
};
use ratatui::layout::Rect;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &AlertPrompt) -> Cursor {
    let t = paint.theme;
    let room = model.size.width.saturating_sub(8);
    let long = prompt
        .mistake
        .as_ref()
        .is_some_and(|m| paint.width(&m.pointer(&prompt.text.text())) + paint.width(&m.message) > room);
    let height = if long { 3 } else { 2 };
    let inner = drawer(paint, model, "Alert when a call starts matching", height);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let y = inner.y + 1;
    match &prompt.mistake {
        Some(mistake) => {
            let under = Rect { x: inner.x + 2, y, width: inner.width.saturating_sub(2), height: height - 1 };
            super::mistake(paint, mistake, &prompt.text.text(), under);
        }
        None => {
            let words = "key=value   !key   state:agent   queue:billing   age>2m   each call once";
            paint.put(inner.x + 2, y, inner.right(), words, t.quiet());
        }
    }
    cursor
}
