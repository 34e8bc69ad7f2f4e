//! What is watched, and what could be.

use super::{Cursor, drawer, more_below, prompt};
use crate::{
    app::{Model, topics::Topics},
    domain::text::Align,
    ui::paint::{Paint, bit, count},
};
use ratatui::layout::Rect;

/// What is watched, and what could be.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, topics: &Topics) -> Cursor {
    let t = paint.theme;
    let shown = topics.shown();
    let rows = topics.listing.as_ref().map_or(&[][..], |l| &l.rows);
    let troubles = topics.listing.as_ref().map_or(&[][..], |l| &l.troubles);
    let inner = drawer(paint, model, "Topics", (count(rows.len()) + 4).clamp(8, 24));
    let cursor = prompt(paint, "/", &topics.query, inner.x, inner.y, inner.right());
    // The platform takes 1,000 topics a channel and 20 channels a client (api-facts 2.2).
    let picked = rows.iter().filter(|r| r.on).count();
    let words = format!("{picked} selected {} {} topics in use of 20,000", paint.glyphs.dot, model.usage.topics);
    paint.put(inner.x + 2, inner.y + 1, inner.right(), &words, t.quiet());
    let room = usize::from(inner.height).saturating_sub(3 + troubles.len());
    let skip = (topics.selected + 1).saturating_sub(room);
    more_below(paint, inner, shown.len().saturating_sub(skip + room));
    for (i, index) in shown.iter().enumerate().skip(skip).take(room) {
        let (y, item) = (inner.y + 3 + (i - skip) as u16, &rows[*index]);
        let (mark, style) = if item.on { (paint.glyphs.on, t.accent()) } else { (paint.glyphs.not, t.quiet()) };
        paint.put(inner.x + 2, y, inner.x + 3, mark, style);
        paint.cell(inner.x + 5, y, 6, item.what.kind(), Align::Left, t.quiet());
        let x = paint.put(inner.x + 12, y, inner.right(), &item.name, t.text());
        if item.on != item.was {
            let word = if item.on { "new" } else { "unsubscribed" };
            paint.put(x + 2, y, inner.right(), word, t.pending());
        }
        if i == topics.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(Rect { y, height: 1, width: inner.width.min(72), ..inner }, |s| t.selected(s));
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
