//! The selected cell, turned into an editor.

use super::Cursor;
use crate::{
    app::{Model, popups::CellEditor},
    domain::{
        outbox::Base,
        text::{self, Units},
    },
    ui::paint::{Bits, Paint, bit, count},
};
use ratatui::layout::Rect;

/// Lines of a value that are shown while it is edited.
const MOST_LINES: u16 = 8;
/// An editor is at least this wide.
const LEAST_WIDTH: u16 = 24;

/// The selected cell, turned into an editor. The table stays live around it.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, editor: &CellEditor) -> Cursor {
    let t = paint.theme;
    // The question before sending stands in its place.
    if model.asks_about_the_cell() {
        return None;
    }
    let call = model.call.as_ref()?;
    let place = call.place_of_selection()?;
    let table = call.areas.table;
    let lines = editor.text.lines();
    let widest = lines.iter().map(|l| paint.width(l)).max().unwrap_or(0);
    let room = table.right().saturating_sub(1).saturating_sub(place.x);
    // What is on the server meanwhile stands on the same row: below it would be read as the value of the next key.
    let meanwhile = meanwhile(paint, model, editor);
    let beside =
        meanwhile.as_ref().map_or(0, |bits| (paint.bits_width(bits) + 1).min(room.saturating_sub(LEAST_WIDTH)));
    let room = room - beside;
    let width = place.width.max(widest.saturating_add(2)).max(LEAST_WIDTH).min(room.max(place.width));
    let height = count(lines.len()).clamp(1, MOST_LINES).min(table.bottom().saturating_sub(place.y));
    let area = Rect { width, height, ..place };
    paint.clear(area);
    paint.tint(area, |s| s.patch(t.field()));
    let (row, _) = editor.text.cursor();
    let first = row.saturating_sub(usize::from(height) - 1);
    let mut cursor = None;
    for (i, line) in lines.iter().enumerate().skip(first).take(usize::from(height)) {
        let y = area.y + (i - first) as u16;
        let at = editor_line(paint, editor, i, line, Rect { y, height: 1, ..area });
        if i == row {
            cursor = Some((at, y));
        }
    }
    if let Some(bits) = meanwhile {
        let beside = Rect { x: area.right(), width: table.right().saturating_sub(area.right()), height: 1, ..area };
        paint.clear(beside);
        paint.line(beside.x + 1, beside.y, beside.right(), &bits);
    }
    cursor
}

/// One line of the text with the selection in it, scrolled so that the cursor is visible; the cursor's column.
fn editor_line(paint: &mut Paint<'_>, editor: &CellEditor, index: usize, line: &str, area: Rect) -> u16 {
    let t = paint.theme;
    let (row, column) = editor.text.cursor();
    let room = usize::from(area.width);
    let split = |chars: usize| line.char_indices().nth(chars).map_or(line.len(), |(i, _)| i);
    // A text may be wider than any screen.
    let before = if row == index { text::width_in(&line[..split(column)], paint.charset()) } else { 0 };
    let skip = (before + 1).saturating_sub(room);
    let selected = editor.text.selection().map(|(start, end)| {
        let from = if start.0 < index {
            0
        } else if start.0 == index {
            split(start.1)
        } else {
            line.len()
        };
        let to = if end.0 > index {
            line.len()
        } else if end.0 == index {
            split(end.1)
        } else {
            0
        };
        from..to
    });
    let pieces = match selected.filter(|s| s.start < s.end) {
        Some(s) => vec![(&line[..s.start], false), (&line[s.clone()], true), (&line[s.end..], false)],
        None => vec![(line, false)],
    };
    let (mut at, mut x) = (0, area.x);
    for (piece, selected) in pieces {
        for unit in Units::new(piece, paint.charset()) {
            if x >= area.right() {
                break;
            }
            let width = count(unit.width);
            if at >= skip && x + width <= area.right() {
                let style = if selected {
                    t.selected(t.field())
                } else if unit.is_drawn() {
                    t.field().patch(t.quiet())
                } else {
                    t.field()
                };
                paint.put(x, area.y, area.right(), &unit, style);
                x += width;
            }
            at += unit.width;
        }
    }
    area.x + count((before - skip).min(room.saturating_sub(1)))
}

/// What is on the server meanwhile, if it is not what the edit began with.
fn meanwhile<'a>(paint: &Paint<'_>, model: &'a Model, editor: &CellEditor) -> Option<Bits<'a>> {
    let t = paint.theme;
    let now = model.value_of(&editor.cell);
    let changed = match &editor.base {
        Base::Saw(saw) => *saw != now && !model.outbox.explains(&editor.cell, now.as_ref()),
        Base::Any => false,
    };
    if !changed {
        return None;
    }
    let value = now.map_or_else(|| "absent".to_owned(), |now| now.as_str().to_owned());
    Some(vec![bit(format!("{} now ", paint.glyphs.alarm), t.alarm()), bit(value, t.theirs())])
}
