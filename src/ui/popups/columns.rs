//! The column picker.

use super::{Cursor, drawer, more_below, prompt};
use crate::{
    app::{Model, popups::ColumnPicker},
    domain::text::Align,
    ui::paint::{Paint, bit, count},
};
use ratatui::layout::Rect;

/// The column picker.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, columns: &ColumnPicker) -> Cursor {
    let t = paint.theme;
    let shown = columns.shown();
    let inner = drawer(paint, model, "Columns", (count(columns.keys.len()) + 2).clamp(6, 20));
    let cursor = prompt(paint, "/", &columns.query, inner.x, inner.y, inner.right());
    let rows = inner.height.saturating_sub(2);
    let skip = (columns.selected + 1).saturating_sub(usize::from(rows));
    more_below(paint, inner, shown.len().saturating_sub(skip + usize::from(rows)));
    for (i, (key, calls)) in shown.iter().enumerate().skip(skip).take(usize::from(rows)) {
        let y = inner.y + 2 + (i - skip) as u16;
        let place = columns.picked.iter().position(|k| k == key);
        let (mark, style) = match place {
            Some(_) => (paint.glyphs.on, t.accent()),
            None => (paint.glyphs.not, t.quiet()),
        };
        let number = place.map(|p| (p + 1).to_string()).unwrap_or_default();
        paint.put(inner.x + 2, y, inner.x + 3, mark, style);
        paint.cell(inner.x + 4, y, 2, &number, Align::Right, style);
        paint.put(inner.x + 7, y, inner.x + 60.min(inner.width), key.as_str(), t.text());
        let row = Rect { y, height: 1, width: inner.width.min(72), ..inner };
        paint.bits_right(inner.x + 8, y, row.right() - 1, &[bit(format!("{calls} calls"), t.quiet())]);
        if i == columns.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(row, |s| t.selected(s));
        }
    }
    if shown.is_empty() {
        paint.put(inner.x + 2, inner.y + 2, inner.right(), "no call has such a key", t.quiet());
    }
    cursor
}
