//! A list to take something from.

use super::{Cursor, drawer, more_below, prompt};
use crate::{
    app::{Model, popups::Pick},
    domain::text::Align,
    ui::paint::{Paint, count},
};
use ratatui::layout::Rect;

/// A list to take something from.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, pick: &Pick) -> Cursor {
    let t = paint.theme;
    let typing = u16::from(pick.query.is_some());
    let mut inner = drawer(paint, model, &pick.title, count(pick.len()).clamp(3, 16) + typing);
    let rows = usize::from(inner.height - typing.min(inner.height)).max(1);
    let skip = (pick.selected + 1).saturating_sub(rows);
    more_below(paint, inner, pick.choices.len().saturating_sub(skip + rows));
    let cursor = pick.query.as_ref().and_then(|query| prompt(paint, "/", query, inner.x, inner.y, inner.right()));
    inner.y += typing;
    if pick.choices.is_empty() {
        paint.put(inner.x + 2, inner.y, inner.right(), "No row has this text.", t.quiet());
    }
    for (i, (what, note, _)) in pick.choices.iter().enumerate().skip(skip).take(rows) {
        let y = inner.y + (i - skip) as u16;
        let row = Rect { y, height: 1, width: inner.width.min(96), ..inner };
        let half = row.width * 3 / 5;
        // What its key is: the first nine are one key away, while no text is typed.
        let number = if i < 9 && cursor.is_none() { (i + 1).to_string() } else { " ".to_owned() };
        paint.put(inner.x + 2, y, inner.x + 3, &number, t.strong());
        paint.cell(inner.x + 4, y, half.saturating_sub(5), what, Align::Left, t.text());
        paint.put(inner.x + half, y, row.right() - 1, note, t.quiet());
        if i == pick.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(row, |s| t.selected(s));
        }
    }
    cursor
}
