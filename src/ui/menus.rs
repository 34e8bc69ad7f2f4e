//! Help, palette and pickers.

use super::paint::{Paint, bit};
use crate::app::{
    Model,
    editor::Editor,
    keymap::BINDINGS,
    layout,
    overlay::{Columns, Help, Palette},
};
use crate::domain::text::Align;
use ratatui::layout::Rect;

type Cursor = Option<(u16, u16)>;

/// A panel between two rules, cleared; the area inside.
fn panel(paint: &mut Paint<'_>, model: &Model, title: &str, width: u16, height: u16) -> Rect {
    let body = layout::frame(model.size).body;
    let outer = layout::panel(body, width, height.saturating_add(2));
    paint.clear(outer);
    paint.rule(outer);
    let bottom = Rect { y: outer.bottom().saturating_sub(1), height: 1, ..outer };
    paint.rule(bottom);
    let strong = paint.theme.strong();
    paint.put(outer.x + 2, outer.y, outer.right(), &format!(" {title} "), strong);
    Rect {
        x: outer.x + 2,
        y: outer.y + 1,
        width: outer.width.saturating_sub(4),
        height: outer.height.saturating_sub(2),
    }
}

/// The keys of this screen.
pub(super) fn help(paint: &mut Paint<'_>, model: &Model, help: &Help) -> Cursor {
    let t = paint.theme;
    let mut lines = Vec::new();
    for scope in &help.scopes {
        lines.push((scope.title(), String::new(), ""));
        for (_, binding, keys) in model.keymap.rows(std::slice::from_ref(scope)) {
            let keys: Vec<String> = keys.iter().map(|k| k.label(model.settings.ascii)).collect();
            lines.push(("", keys.join("  "), binding.help));
        }
        lines.push(("", String::new(), ""));
    }
    lines.pop();
    let inner = panel(paint, model, "Keys", 72, lines.len() as u16);
    for (y, (head, keys, text)) in lines.iter().skip(help.scroll).take(usize::from(inner.height)).enumerate() {
        let y = inner.y + y as u16;
        if !head.is_empty() {
            paint.put(inner.x, y, inner.right(), head, t.quiet());
            continue;
        }
        paint.cell(inner.x, y, 18, keys, Align::Right, t.strong());
        paint.put(inner.x + 20, y, inner.right(), text, t.text());
    }
    None
}

/// A line being typed; the cursor's place.
pub(super) fn prompt(paint: &mut Paint<'_>, mark: &str, editor: &Editor, x: u16, y: u16, end: u16) -> Cursor {
    let t = paint.theme;
    let x = paint.bits(x, y, end, &[bit(mark, t.accent()), bit(" ", t.text())]);
    let text = editor.text();
    let before = paint.width(&text[..editor.offset().min(text.len())]);
    let room = end.saturating_sub(x + 1);
    let skip = before.saturating_sub(room);
    let mut skipped = 0;
    let shown: String = crate::domain::text::Units::new(&text, paint.charset())
        .skip_while(|unit| {
            let hide = skipped < skip;
            skipped += unit.width as u16;
            hide
        })
        .map(|unit| unit.to_string())
        .collect();
    paint.put(x, y, end, &shown, t.text());
    Some((x + before - skip, y))
}

/// Every action, searched.
pub(super) fn palette(paint: &mut Paint<'_>, model: &Model, palette: &Palette) -> Cursor {
    let t = paint.theme;
    let inner = panel(paint, model, "Command", 72, 16);
    let cursor = prompt(paint, ":", &palette.query, inner.x, inner.y, inner.right());
    let rows = inner.height.saturating_sub(2);
    let skip = (palette.selected + 1).saturating_sub(usize::from(rows));
    for (i, index) in palette.found.iter().enumerate().skip(skip).take(usize::from(rows)) {
        let y = inner.y + 2 + (i - skip) as u16;
        let binding = &BINDINGS[*index];
        let possible = (binding.when)(model);
        let style = if possible { t.text() } else { t.quiet() };
        let keys: Vec<String> = model.keymap.keys(*index).iter().map(|k| k.label(model.settings.ascii)).collect();
        paint.cell(inner.x + 2, y, 14, binding.action, Align::Left, if possible { t.strong() } else { t.quiet() });
        paint.put(inner.x + 17, y, inner.right().saturating_sub(14), binding.help, style);
        paint.bits_right(inner.x + 18, y, inner.right(), &[bit(keys.join(" "), t.quiet())]);
        if i == palette.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.hand, t.text());
            paint.tint(Rect { y, height: 1, ..inner }, |s| t.under_hand(s));
        }
    }
    if palette.found.is_empty() {
        paint.put(inner.x + 2, inner.y + 2, inner.right(), "no such action", t.quiet());
    }
    cursor
}

/// The column picker.
pub(super) fn columns(paint: &mut Paint<'_>, model: &Model, columns: &Columns) -> Cursor {
    let t = paint.theme;
    let shown = columns.shown();
    let inner = panel(paint, model, "Columns", 60, (columns.keys.len() as u16).saturating_add(2).clamp(6, 24));
    let cursor = prompt(paint, "/", &columns.query, inner.x, inner.y, inner.right());
    let rows = inner.height.saturating_sub(2);
    let skip = (columns.selected + 1).saturating_sub(usize::from(rows));
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
        paint.put(inner.x + 7, y, inner.right().saturating_sub(10), key.as_str(), t.text());
        paint.bits_right(inner.x + 8, y, inner.right(), &[bit(format!("{calls} calls"), t.quiet())]);
        if i == columns.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.hand, t.text());
            paint.tint(Rect { y, height: 1, ..inner }, |s| t.under_hand(s));
        }
    }
    if shown.is_empty() {
        paint.put(inner.x + 2, inner.y + 2, inner.right(), "no call carries such a key", t.quiet());
    }
    cursor
}
