//! What the next call is to be like.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::TrapPrompt},
    ui::paint::Paint,
};
use ratatui::layout::Rect;

/// What the next call is to be like.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &TrapPrompt) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Trap the next call", 4);
    let cursor = line(paint, "/", &prompt.text, inner.x + 1, inner.y + 1, inner.right());
    let x = inner.x + 1;
    match &prompt.mistake {
        Some(mistake) => {
            let under = Rect { x: x + 2, y: inner.y + 2, width: inner.right().saturating_sub(x + 2), height: 2 };
            super::mistake(paint, mistake, &prompt.text.text(), under);
        }
        None => {
            let words = "from:0123  to:0199  queue:billing  key=value; empty: any call";
            paint.put(x, inner.y + 3, inner.right(), words, t.quiet());
        }
    }
    cursor
}
