//! The filter prompt, with a caret under a mistake.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::FilterPrompt},
    ui::paint::{Paint, bit},
};
use ratatui::layout::Rect;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &FilterPrompt) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Filter", 2);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let x = inner.x + 2;
    let under = Rect { y: inner.y + 1, height: 1, ..inner };
    match &prompt.mistake {
        Some(mistake) => {
            let pointer = mistake.pointer(&prompt.text.text());
            paint.bits(
                x,
                under.y,
                under.right(),
                &[bit(pointer, t.alarm()), bit(" ", t.text()), bit(mistake.message.as_str(), t.alarm())],
            );
        }
        None => {
            let (shown, all) = (model.calls.rows.len(), model.monitor.board.len());
            let words = match prompt.text.text().trim() {
                "" => {
                    "gold   key=value   !key   key~regex   queue:billing   state:ivr   age>2m   | or   ( )".to_owned()
                }
                _ => format!("{shown} of {all} calls"),
            };
            paint.put(x, under.y, under.right(), &words, t.quiet());
        }
    }
    cursor
}
