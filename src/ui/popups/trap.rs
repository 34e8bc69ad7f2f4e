//! What the next call is to be like.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::TrapPrompt},
    ui::paint::{Paint, bit},
};

/// What the next call is to be like.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &TrapPrompt) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Trap the next call", 4);
    let cursor = line(paint, "/", &prompt.text, inner.x + 1, inner.y + 1, inner.right());
    let x = inner.x + 1;
    match &prompt.mistake {
        Some(mistake) => {
            let pointer = format!("  {}", mistake.pointer(&prompt.text.text()));
            let bits = [bit(pointer, t.alarm()), bit(" ", t.text()), bit(mistake.message.as_str(), t.alarm())];
            paint.bits(x, inner.y + 2, inner.right(), &bits);
        }
        None => {
            let words = "from:0123   to:0199   queue:billing   flow:main   key=value   empty: any call";
            paint.put(x, inner.y + 3, inner.right(), words, t.quiet());
        }
    }
    cursor
}
