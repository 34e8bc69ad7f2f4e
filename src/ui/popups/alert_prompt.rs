//! The expression of a new alert.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::AlertPrompt},
    ui::paint::{Paint, bit},
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &AlertPrompt) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Alert when a call starts matching", 2);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let y = inner.y + 1;
    match &prompt.mistake {
        Some(mistake) => {
            let pointer = mistake.pointer(&prompt.text.text());
            let bits = [bit(pointer, t.alarm()), bit(" ", t.text()), bit(mistake.message.as_str(), t.alarm())];
            paint.bits(inner.x + 2, y, inner.right(), &bits);
        }
        None => {
            let words = "key=value   !key   state:agent   queue:billing   age>2m   each call once";
            paint.put(inner.x + 2, y, inner.right(), words, t.quiet());
        }
    }
    cursor
}
