//! Every action, searched.

use super::{Cursor, drawer, prompt};
use crate::{
    app::{Model, keymap::BINDINGS, overlay::Palette},
    domain::text::Align,
    ui::paint::{Paint, bit},
};
use ratatui::layout::Rect;

/// Every action, searched.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, palette: &Palette) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Command", 14);
    let cursor = prompt(paint, ":", &palette.query, inner.x, inner.y, inner.right());
    let rows = inner.height.saturating_sub(2);
    let skip = (palette.selected + 1).saturating_sub(usize::from(rows));
    for (i, index) in palette.found.iter().enumerate().skip(skip).take(usize::from(rows)) {
        let y = inner.y + 2 + (i - skip) as u16;
        let binding = &BINDINGS[*index];
        let possible = model.meets(binding.when);
        let style = if possible { t.text() } else { t.quiet() };
        let keys: Vec<String> = model.keymap.keys(*index).iter().map(|k| k.label(model.settings.ascii)).collect();
        paint.cell(inner.x + 2, y, 14, binding.action, Align::Left, if possible { t.strong() } else { t.quiet() });
        paint.put(inner.x + 17, y, inner.x + 82.min(inner.width.saturating_sub(12)), binding.help, style);
        let row = Rect { y, height: 1, width: inner.width.min(96), ..inner };
        paint.bits_right(inner.x + 18, y, row.right() - 1, &[bit(keys.join(" "), t.quiet())]);
        if i == palette.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.hand, t.text());
            paint.tint(row, |s| t.under_hand(s));
        }
    }
    if palette.found.is_empty() {
        paint.put(inner.x + 2, inner.y + 2, inner.right(), "no such action", t.quiet());
    }
    cursor
}
