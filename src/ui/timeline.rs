//! The Timeline screen.

use super::{
    cell,
    paint::{Bits, Paint, bit},
    times,
};
use crate::app::{Model, fresh, layout, timeline::TimelineItem};
use crate::domain::{
    Source, Value,
    text::{Align, cut_in, key_label},
};
use ratatui::layout::Rect;

/// Columns: time, who calls, on whom, which key; the change takes the rest.
const TIME: u16 = 8;
const FROM: u16 = 17;
const ON: u16 = 9;
const KEY: u16 = 20;
const SOURCE: u16 = 7;
/// Columns of the end of a number.
const END: u16 = 9;
const GAP: u16 = 2;

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let areas = layout::timeline(model.size);
    let t = paint.theme;
    title(paint, model, areas.title);
    let columns = columns(areas.table);
    for (x, word) in
        [(columns[0], "time"), (columns[1], "from"), (columns[2], "on"), (columns[3], "key"), (columns[4], "change")]
    {
        paint.put(x, areas.heads.y, areas.heads.right(), word, t.quiet());
    }
    if areas.table.width >= 100 {
        let end = areas.table.right();
        paint.put(end.saturating_sub(SOURCE + 1), areas.heads.y, end, "seen by", t.quiet());
    }
    let timeline = &model.timeline;
    let page = usize::from(areas.table.height);
    for (y, seq) in timeline.rows.iter().skip(timeline.scroll).take(page).enumerate() {
        if let Some(item) = timeline.get(*seq) {
            row(paint, model, item, areas.table, areas.table.y + y as u16, &columns);
        }
    }
    if timeline.rows.is_empty() {
        let words = match timeline.filter_text.as_str() {
            "" => "Nothing has changed yet. Every change of an attribute appears here by itself.".to_owned(),
            filter => format!("None of {} changes matches `{filter}`.", timeline.len()),
        };
        let lines = paint.paragraph(&words, areas.table.width.saturating_sub(6));
        for (y, line) in (areas.table.y + 1..areas.table.bottom()).zip(&lines) {
            paint.put(areas.table.x + 3, y, areas.table.right(), line, t.quiet());
        }
    }
}

fn columns(table: Rect) -> [u16; 5] {
    let mut x = table.x + 3;
    let wide = table.width >= 100;
    // On a narrow screen a number is known by its end, and the change has what that leaves.
    let widths = [TIME, if wide { FROM } else { END }, ON, if wide { KEY + 4 } else { KEY - 2 }];
    let mut out = [x; 5];
    for (i, width) in widths.into_iter().enumerate() {
        x += width + GAP;
        out[i + 1] = x;
    }
    out
}

fn title(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let timeline = &model.timeline;
    let n = timeline.rows.len();
    let words = match timeline.filter_text.as_str() {
        "" => format!(" {n} changes"),
        _ => format!(" {n} of {} changes", timeline.len()),
    };
    let mut left: Bits<'_> = vec![bit("Timeline", t.strong()), bit(words, t.quiet())];
    if timeline.dropped > 0 {
        left.push(bit(format!(", {} older dropped", timeline.dropped), t.quiet()));
    }
    let dot = paint.glyphs.dot;
    if timeline.paused.is_some() {
        left.push(bit(format!(" {dot} "), t.quiet()));
        left.push(bit(format!("{} paused (+{})", paint.glyphs.pause, timeline.waiting()), t.warn()));
    } else if timeline.following {
        left.push(bit(format!(" {dot} following"), t.quiet()));
    } else {
        let newer = n.saturating_sub(timeline.position().unwrap_or(0) + 1);
        left.push(bit(format!(" {dot} {newer} newer below, end follows"), t.quiet()));
    }
    let x = paint.bits(area.x + 1, area.y, area.right(), &left);
    if !timeline.filter_text.is_empty() {
        let end = area.right().saturating_sub(1);
        let room = usize::from(end.saturating_sub(x + 2 + 7));
        let text = cut_in(&timeline.filter_text, room, paint.charset());
        paint.bits_right(x + 2, area.y, end, &[bit("filter ", t.quiet()), bit(text, t.text())]);
    }
}

fn row(paint: &mut Paint<'_>, model: &Model, item: &TimelineItem, table: Rect, y: u16, columns: &[u16; 5]) {
    let t = paint.theme;
    let age = model.now.mono.saturating_sub(item.at.mono);
    let loud = age < fresh::FLASH;
    let wide = table.width >= 100;
    let end = table.right().saturating_sub(if wide { SOURCE + 2 } else { 1 });
    let cells: [(&str, _); 4] = [
        (&times::time_of(model, item.at.wall), t.quiet()),
        (&super::calls::end_of_number(paint, &item.from, columns[2] - GAP - columns[1]), t.text()),
        (&item.purpose, t.quiet()),
        (&key_label(item.key.as_str()), t.text()),
    ];
    for (i, (text, style)) in cells.into_iter().enumerate() {
        let width = columns[i + 1] - GAP - columns[i];
        paint.cell(columns[i], y, width, text, Align::Left, style);
    }
    let room = usize::from(end.saturating_sub(columns[4] + 3));
    let text = |paint: &Paint<'_>, value: &Option<Value>, absent: &'static str| match value {
        None => (absent.to_owned(), true),
        Some(v) if v.as_str().is_empty() => ("(empty)".to_owned(), true),
        Some(v) => (cell::shown(model, paint, v.as_str()).into_owned(), false),
    };
    let (old, old_quiet) = text(paint, &item.old, "absent");
    let (new, new_quiet) = text(paint, &item.new, "absent");
    // What is now is worth more room than what was.
    let new_width = usize::from(paint.width(&new));
    // What was is cut last to a word that says anything.
    let least = usize::from(paint.width(&old)).min(8);
    let old = cut_in(&old, room.saturating_sub(new_width).max(room / 3).max(least), paint.charset());
    let new_style = match () {
        () if item.new.is_none() => t.alarm(),
        () if new_quiet => t.quiet(),
        () if loud => t.flash(),
        () => t.strong(),
    };
    let bits = [
        bit(old.as_ref(), if old_quiet { t.quiet() } else { t.text() }),
        bit(format!(" {} ", paint.glyphs.to), t.quiet()),
        bit(new, new_style),
    ];
    paint.bits(columns[4], y, end, &bits);
    if wide {
        let source = if item.source == Source::You { t.mine() } else { t.quiet() };
        paint.cell(end + 1, y, SOURCE, item.source.as_str(), Align::Left, source);
    } else if item.source == Source::You {
        paint.put(table.x, y, table.x + 1, paint.glyphs.seen, t.mine());
    }
    if model.timeline.selection == Some(item.seq) {
        paint.put(table.x + 1, y, table.x + 2, paint.glyphs.selection, t.text());
        paint.tint(Rect { y, height: 1, ..table }, |s| t.selected(s));
    }
}
