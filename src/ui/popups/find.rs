//! The search prompt, with how many keys match.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{Model, popups::Find},
    ui::paint::Paint,
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &Find) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Search the keys of this call", 2);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let text = prompt.text.text();
    let all = model.call.as_ref().map_or(0, |call| call.rows.len());
    let (words, style) = match model.call.as_ref().map_or(0, |call| call.matches(&text)) {
        _ if text.is_empty() => (format!("{all} keys"), t.quiet()),
        0 => ("No key of this call has this in it.".to_owned(), t.alarm()),
        n => (format!("{n} of {all} keys"), t.quiet()),
    };
    paint.put(inner.x + 2, inner.y + 1, inner.right(), &words, style);
    cursor
}
