//! Two calls, or two moments of one call, side by side.

use super::{Cursor, drawer, more_below};
use crate::app::{
    Model,
    compare::{Compare, Side},
    layout, rows,
};
use crate::domain::text::{self, Align};
use crate::ui::{
    cell,
    paint::{Bits, Paint, bit},
    times,
};
use ratatui::layout::Rect;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, compare: &Compare) -> Cursor {
    let t = paint.theme;
    let title = if compare.of_one_call() { "Compare two moments" } else { "Compare two calls" };
    let lines = compare.lines(&model.monitor.board);
    let differ = lines.iter().filter(|l| !l.is_same()).count();
    let count = match (differ, compare.only_differences) {
        (0, _) => "nothing differs".to_owned(),
        (n, true) => format!("{n} differ; tab shows all"),
        (n, false) => format!("{n} of {} differ", lines.len()),
    };
    let title = format!("{title}: {count}");
    let inner = drawer(paint, model, &title, layout::frame(model.size).body.height.saturating_sub(1));
    let c = columns(inner);
    paint.put(c.key, inner.y, c.left, "key", t.quiet());
    paint.put(c.left - 10, inner.y, c.left, "on", t.quiet());
    let heads = [(&compare.left, c.left), (&compare.right, c.right)];
    for (side, x) in heads {
        let bits = head(paint, model, side, !compare.of_one_call());
        paint.bits(x, inner.y, x + c.width, &bits);
    }
    let rows = usize::from(inner.height.saturating_sub(1)).max(1);
    let selected = compare.selected.min(lines.len().saturating_sub(1));
    let skip = (selected + 1).saturating_sub(rows);
    more_below(paint, inner, lines.len().saturating_sub(skip + rows));
    for (i, line) in lines.iter().enumerate().skip(skip).take(rows) {
        let y = inner.y + 1 + (i - skip) as u16;
        if y >= inner.bottom() {
            break;
        }
        let same = line.is_same();
        let mark = match (&line.left, &line.right) {
            _ if same => " ",
            (Some(_), Some(_)) => "~",
            (None, _) => "+",
            (_, None) => "-",
        };
        paint.put(inner.x + 2, y, inner.x + 3, mark, t.warn());
        let key = if same { t.quiet() } else { t.strong() };
        paint.cell(c.key, y, c.left - c.key - 11, &text::key_label(line.key.as_str()), Align::Left, key);
        paint.cell(c.left - 10, y, 9, &line.label, Align::Left, t.quiet());
        for (value, x, style) in [(&line.left, c.left, t.theirs()), (&line.right, c.right, t.mine())] {
            match value {
                Some(value) => {
                    let shown = cell::shown(model, paint, value);
                    let style = if same { t.quiet() } else { style };
                    let shown = if shown.is_empty() { "(empty)".into() } else { shown };
                    paint.put(x, y, x + c.width, &shown, style);
                }
                None => {
                    paint.put(x, y, x + 1, paint.glyphs.absent, t.quiet());
                }
            }
        }
        if i == selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(Rect { y, height: 1, ..inner }, |s| t.selected(s));
        }
    }
    if lines.is_empty() {
        paint.put(inner.x + 2, inner.y + 2, inner.right(), "nothing differs", t.quiet());
    }
    None
}

struct CompareColumns {
    key: u16,
    left: u16,
    right: u16,
    width: u16,
}

/// Key and participant on the left, then both values in equal shares.
fn columns(area: Rect) -> CompareColumns {
    let key = area.x + 4;
    let keys = (area.width / 3).clamp(26, 44);
    let width = area.width.saturating_sub(4 + keys) / 2;
    CompareColumns { key, left: key + keys, right: key + keys + width, width: width.saturating_sub(1) }
}

/// Which call, or which moment.
fn head<'a>(paint: &Paint<'_>, model: &'a Model, side: &Side, from: bool) -> Bits<'a> {
    let t = paint.theme;
    let Some(entry) = model.monitor.board.get(side.call.as_str()) else { return vec![bit("gone", t.quiet())] };
    let moment = match side.moment {
        None => "now".to_owned(),
        Some(at) => match entry.history.iter().rev().find(|h| h.at.mono <= at) {
            Some(change) => format!("at {}", times::time_of(model, change.at.wall)),
            None => "when it was seen first".to_owned(),
        },
    };
    if from {
        vec![bit(rows::from(&entry.conversation), t.strong()), bit(format!("  {moment}"), t.quiet())]
    } else {
        vec![bit(moment, t.strong())]
    }
}
