//! The name under which what is shown is saved.

use super::{Cursor, drawer, prompt};
use crate::{
    app::{Model, popups::SaveView, views::CallsView},
    ui::paint::Paint,
};

/// The name under which what is shown is saved.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, popup: &SaveView) -> Cursor {
    let name = &popup.text;
    let t = paint.theme;
    let inner = drawer(paint, model, "Save as a view", 3);
    let cursor = prompt(paint, "name", name, inner.x, inner.y, inner.right());
    let typed = name.text();
    let there = model.settings.views.iter().any(|view| view.name == typed.trim());
    let (words, style) = match there {
        true => ("There is a view of this name: it is replaced.".to_owned(), t.warn()),
        false => (CallsView::of(&model.calls, "").words(), t.quiet()),
    };
    paint.put(inner.x + 5, inner.y + 1, inner.right(), &words, style);
    cursor
}
