//! Help, palette and pickers.

use super::paint::{Paint, bit};
use crate::app::topics::Topics;
use crate::app::views::View;
use crate::app::{
    Model,
    editor::Editor,
    keymap::BINDINGS,
    layout,
    overlay::{Columns, Help, Palette, Pick},
};
use crate::domain::text::Align;
use ratatui::layout::Rect;

/// Where the terminal's cursor is to be shown.
pub(super) type Cursor = Option<(u16, u16)>;

/// A drawer over the lower part of the screen, under a rule with a title, as high as what is in it; the area inside.
pub(super) fn drawer(paint: &mut Paint<'_>, model: &Model, title: &str, height: u16) -> Rect {
    let frame = layout::frame(model.size);
    let height = height.saturating_add(1).min(frame.body.height);
    let outer = Rect { y: frame.body.bottom() - height, height, ..frame.body };
    paint.clear(outer);
    paint.rule(frame.foot_rule);
    paint.rule(outer);
    paint.join_above(outer);
    let strong = paint.theme.strong();
    paint.put(outer.x + 1, outer.y, outer.right(), &format!(" {title} "), strong);
    Rect {
        x: outer.x + 2,
        y: outer.y + 1,
        width: outer.width.saturating_sub(4),
        height: outer.height.saturating_sub(1),
    }
}

/// The keys of this screen.
pub(super) fn help(paint: &mut Paint<'_>, model: &Model, help: &Help) -> Cursor {
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

/// A column of the help is at least this wide.
const HELP_WIDTH: u16 = 66;

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
    let inner = drawer(paint, model, "Command", 14);
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

/// The column picker.
pub(super) fn columns(paint: &mut Paint<'_>, model: &Model, columns: &Columns) -> Cursor {
    let t = paint.theme;
    let shown = columns.shown();
    let inner = drawer(paint, model, "Columns", (columns.keys.len() as u16).saturating_add(2).clamp(6, 20));
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
        paint.put(inner.x + 7, y, inner.x + 60.min(inner.width), key.as_str(), t.text());
        let row = Rect { y, height: 1, width: inner.width.min(72), ..inner };
        paint.bits_right(inner.x + 8, y, row.right() - 1, &[bit(format!("{calls} calls"), t.quiet())]);
        if i == columns.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.hand, t.text());
            paint.tint(row, |s| t.under_hand(s));
        }
    }
    if shown.is_empty() {
        paint.put(inner.x + 2, inner.y + 2, inner.right(), "no call carries such a key", t.quiet());
    }
    cursor
}

/// What is watched, and what could be.
pub(super) fn topics(paint: &mut Paint<'_>, model: &Model, topics: &Topics) -> Cursor {
    let t = paint.theme;
    let shown = topics.shown();
    let rows = topics.listing.as_ref().map_or(&[][..], |l| &l.rows);
    let troubles = topics.listing.as_ref().map_or(&[][..], |l| &l.troubles);
    let inner = drawer(paint, model, "Topics", (rows.len() as u16).saturating_add(4).clamp(8, 24));
    let cursor = prompt(paint, "/", &topics.query, inner.x, inner.y, inner.right());
    // The platform takes 1,000 topics a channel and 20 channels a client (api-facts 2.2).
    let picked = rows.iter().filter(|r| r.on).count();
    let words = format!("{picked} picked {} {} topics in use of 20,000", paint.glyphs.dot, model.usage.topics);
    paint.put(inner.x + 2, inner.y + 1, inner.right(), &words, t.quiet());
    let room = usize::from(inner.height).saturating_sub(3 + troubles.len());
    let skip = (topics.selected + 1).saturating_sub(room);
    for (i, index) in shown.iter().enumerate().skip(skip).take(room) {
        let (y, item) = (inner.y + 3 + (i - skip) as u16, &rows[*index]);
        let (mark, style) = if item.on { (paint.glyphs.on, t.accent()) } else { (paint.glyphs.not, t.quiet()) };
        paint.put(inner.x + 2, y, inner.x + 3, mark, style);
        paint.cell(inner.x + 5, y, 6, item.what.kind(), Align::Left, t.quiet());
        let x = paint.put(inner.x + 12, y, inner.right(), &item.name, t.text());
        if item.on != item.was {
            let word = if item.on { "new" } else { "given back" };
            paint.put(x + 2, y, inner.right(), word, t.pending());
        }
        if i == topics.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.hand, t.text());
            paint.tint(Rect { y, height: 1, width: inner.width.min(72), ..inner }, |s| t.under_hand(s));
        }
    }
    let note = match &topics.listing {
        None => "reading what there is",
        Some(_) if shown.is_empty() => "nothing of that name",
        Some(_) => "",
    };
    paint.put(inner.x + 2, inner.y + 3, inner.right(), note, t.quiet());
    for (i, trouble) in troubles.iter().enumerate() {
        let y = inner.bottom().saturating_sub((troubles.len() - i) as u16);
        let bits = [bit(paint.glyphs.alarm, t.warn()), bit(" ", t.text()), bit(trouble.as_str(), t.warn())];
        paint.bits(inner.x + 2, y, inner.right(), &bits);
    }
    cursor
}

/// A list to take something from.
pub(super) fn pick(paint: &mut Paint<'_>, model: &Model, pick: &Pick) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, &pick.title, (pick.choices.len() as u16).clamp(3, 16));
    let rows = usize::from(inner.height).max(1);
    let skip = (pick.selected + 1).saturating_sub(rows);
    for (i, (what, note, _)) in pick.choices.iter().enumerate().skip(skip).take(rows) {
        let y = inner.y + (i - skip) as u16;
        let row = Rect { y, height: 1, width: inner.width.min(96), ..inner };
        let half = row.width * 3 / 5;
        paint.cell(inner.x + 2, y, half.saturating_sub(3), what, Align::Left, t.text());
        paint.put(inner.x + half, y, row.right() - 1, note, t.quiet());
        if i == pick.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.hand, t.text());
            paint.tint(row, |s| t.under_hand(s));
        }
    }
    None
}

/// The name under which what is shown is saved.
pub(super) fn save_view(paint: &mut Paint<'_>, model: &Model, name: &Editor) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Save as a view", 3);
    let cursor = prompt(paint, "name", name, inner.x, inner.y, inner.right());
    let typed = name.text();
    let there = model.settings.views.iter().any(|view| view.name == typed.trim());
    let (words, style) = match there {
        true => ("There is a view of this name: it is replaced.".to_owned(), t.warn()),
        false => (View::of(model, "").words(), t.quiet()),
    };
    paint.put(inner.x + 5, inner.y + 1, inner.right(), &words, style);
    cursor
}
