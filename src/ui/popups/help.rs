//! The keys of a screen.

use super::{Cursor, drawer};
use crate::{
    app::{Model, layout, overlay::Help},
    domain::text::Align,
    ui::paint::{Paint, bit},
};

/// A column of the help is at least this wide.
const HELP_WIDTH: u16 = 66;

/// The keys of this screen.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, help: &Help) -> Cursor {
    let t = paint.theme;
    let mut lines: Vec<(&str, String, &str)> = Vec::new();
    for scope in &help.scopes {
        lines.push((scope.title(), String::new(), ""));
        for (_, binding, keys) in model.keymap.rows(std::slice::from_ref(scope)) {
            let keys: Vec<String> = keys.iter().map(|k| k.label(model.settings.ascii)).collect();
            lines.push(("", keys.join("  "), binding.help));
        }
        lines.push(("", String::new(), ""));
    }
    lines.pop();
    let body = layout::frame(model.size).body;
    let columns = usize::from(body.width / HELP_WIDTH).clamp(1, 3);
    let per_column = lines.len().div_ceil(columns);
    let inner = drawer(paint, model, "Keys", u16::try_from(per_column).unwrap_or(u16::MAX));
    // Without room for all, one column scrolls.
    let (columns, per_column) = match per_column <= usize::from(inner.height) {
        true => (columns, per_column),
        false => (columns, usize::from(inner.height)),
    };
    let scroll = help.scroll.min(lines.len().saturating_sub(per_column * columns));
    for (i, (head, keys, text)) in lines.iter().skip(scroll).take(per_column * columns).enumerate() {
        let y = inner.y + (i % per_column) as u16;
        let x = inner.x + (i / per_column) as u16 * (inner.width / columns as u16);
        let end = x + inner.width / columns as u16 - 2;
        if !head.is_empty() {
            paint.put(x, y, end, head, t.quiet());
            continue;
        }
        paint.cell(x, y, 16, keys, Align::Right, t.strong());
        paint.put(x + 18, y, end, text, t.text());
    }
    let below = lines.len().saturating_sub(scroll + per_column * columns);
    if below > 0 {
        let more = format!(" {} {below} more ", paint.glyphs.below);
        paint.bits_right(inner.x, inner.y - 1, inner.right(), &[bit(more, t.quiet())]);
    }
    None
}
