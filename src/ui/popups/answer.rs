//! What a lookup answers.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{
        Model,
        flow::{Show, Waits},
        popups::AnswerPrompt,
    },
    ui::paint::Paint,
};

/// The prompt for what a lookup answers.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &AnswerPrompt) -> Cursor {
    let t = paint.theme;
    let waits = model.flow.show.as_ref().and_then(Show::waits);
    let title = match waits {
        Some(Waits::Lookup(name)) => format!("{name} answers"),
        _ => "The next lookup answers".to_owned(),
    };
    let inner = drawer(paint, model, &title, 2);
    let cursor = line(paint, "", &prompt.text, inner.x, inner.y, inner.right());
    let y = inner.y + 1;
    match &prompt.mistake {
        Some(mistake) => paint.put(inner.x, y, inner.right(), mistake, t.alarm()),
        None => paint.put(inner.x, y, inner.right(), "JSON, or timeout, or error", t.quiet()),
    };
    cursor
}
