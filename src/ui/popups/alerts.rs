//! The list of alerts.

use super::{Cursor, drawer, more_below};
use crate::{
    app::{Model, popups::AlertList},
    domain::text::Align,
    ui::{paint::Paint, times},
};
use ratatui::layout::Rect;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &AlertList) -> Cursor {
    let t = paint.theme;
    let all = &model.monitor.alerts.list;
    let inner = drawer(paint, model, "Alerts", u16::try_from(all.len()).unwrap_or(u16::MAX).clamp(4, 16));
    let rows = usize::from(inner.height).max(1);
    let selected = list.selected.min(all.len().saturating_sub(1));
    let skip = (selected + 1).saturating_sub(rows);
    more_below(paint, inner, all.len().saturating_sub(skip + rows));
    for (i, watch) in all.iter().enumerate().skip(skip).take(rows) {
        let y = inner.y + (i - skip) as u16;
        let row = Rect { y, height: 1, width: inner.width.min(110), ..inner };
        let half = row.width * 3 / 5;
        paint.cell(inner.x + 2, y, half.saturating_sub(3), &watch.words(), Align::Left, t.text());
        let note = match &watch.last {
            None => "has not fired".to_owned(),
            Some(last) if watch.count == 1 => format!("fired at {}", times::clock(model, last.at)),
            Some(last) => format!("fired {} times, last at {}", watch.count, times::clock(model, last.at)),
        };
        paint.put(inner.x + half, y, row.right() - 1, &note, if watch.count > 0 { t.fresh() } else { t.quiet() });
        if i == selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(row, |s| t.selected(s));
        }
    }
    if all.is_empty() {
        let key = "b on a key of a call, a for a filter, m for missed milestones.";
        paint.put(inner.x + 2, inner.y, inner.right(), "No alerts yet.", t.strong());
        paint.put(inner.x + 2, inner.y + 1, inner.right(), key, t.quiet());
    }
    None
}
