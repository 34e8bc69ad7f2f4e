//! Presence by flow version, the newest first.

use super::{grouped, select, short_moment};
use crate::app::{
    Model,
    since::{KeyShare, SinceReport, VersionRow},
};
use crate::domain::text::Align;
use crate::ui::paint::Paint;
use ratatui::layout::Rect;

/// Columns of a count, with the space before it.
const COUNT: u16 = 9;
/// Columns of a time, and between two.
const TIME: u16 = 12;

/// From the line of number `first` on.
pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, area: Rect, first: usize) {
    let t = paint.theme;
    let wide = area.width >= 100;
    let title = "By flow version";
    let shown: Vec<&VersionRow> =
        report.versions.iter().rev().take(usize::from(area.height.saturating_sub(1))).collect();
    let names = shown.iter().map(|version| paint.width(&name(report, version))).max().unwrap_or(0);
    let name_width = names.max(paint.width(title)).min(area.width / 3) + 1;
    let times = if wide { 2 * (TIME + 3) } else { 0 };
    let counts = area.x + 2 + name_width;
    let bar_at = counts + 3 * COUNT + 3;
    // Behind the bar its percent, then the times.
    let bar = area.right().saturating_sub(bar_at + 7 + times).min(60);
    let time_at = bar_at + bar + 10;
    paint.put(area.x, area.y, area.right(), title, t.strong());
    for (i, head) in ["calls", "present", "missing"].into_iter().enumerate() {
        paint.cell(counts + COUNT * i as u16, area.y, COUNT, head, Align::Right, t.quiet());
    }
    paint.put(bar_at, area.y, area.right(), "share", t.quiet());
    if wide {
        paint.put(time_at, area.y, area.right(), "first", t.quiet());
        paint.put(time_at + TIME + 3, area.y, area.right(), "last", t.quiet());
    }
    for (i, version) in shown.into_iter().enumerate() {
        let y = area.y + 1 + i as u16;
        let fell = report.is_after_fall(version);
        let style = if fell { t.alarm() } else { t.strong() };
        paint.cell(area.x + 2, y, name_width, &name(report, version), Align::Left, style);
        let s = version.share;
        for (i, n) in [s.calls, s.present, s.missing()].into_iter().enumerate() {
            let style = if fell && i == 2 { t.strong() } else { t.text() };
            paint.cell(counts + COUNT * i as u16, y, COUNT, &grouped(n), Align::Right, style);
        }
        share(paint, Rect { x: bar_at, y, width: bar, height: 1 }, s, fell);
        if wide {
            paint.put(time_at, y, area.right(), &short_moment(model, version.first), t.quiet());
            paint.put(time_at + TIME + 3, y, area.right(), &short_moment(model, version.last), t.quiet());
        }
        select(paint, model, first + i, Rect { y, height: 1, ..area });
    }
}

/// `v43`, with the flow where there are several, and the organization likewise.
fn name(report: &SinceReport, version: &VersionRow) -> String {
    let name = match (version.flow.as_str(), version.version.as_str()) {
        ("", "") => "flow not known".to_owned(),
        (flow, "") => flow.to_owned(),
        (flow, v) if report.flow.is_some() || flow.is_empty() => format!("v{v}"),
        (flow, v) => format!("{flow} v{v}"),
    };
    let of = if version.organization.is_empty() { String::new() } else { format!(" {}", version.organization) };
    format!("{name}{of}")
}

/// A bar and its percent. What is missing is an alarm only where presence fell: of many keys it is right that not every call has them.
pub(in crate::ui) fn share(paint: &mut Paint<'_>, area: Rect, share: KeyShare, fell: bool) {
    let (t, g) = (paint.theme, paint.glyphs);
    let Rect { x, y, width, .. } = area;
    let Some(percent) = share.percent() else {
        paint.put(x, y, x + width + 7, "no calls", t.quiet());
        return;
    };
    let good = (i64::from(width) * percent / 100) as u16;
    let good = if percent < 100 { good.min(width.saturating_sub(1)) } else { width };
    for i in 0..width {
        let (mark, style) = match (i < good, fell) {
            (true, _) => (g.lane, t.seen()),
            (false, false) => (g.bar_rest, t.quiet()),
            (false, true) => (g.missing, t.alarm()),
        };
        paint.put(x + i, y, x + width, mark, style);
    }
    paint.put(x + width, y, x + width + 7, &format!(" {percent:>3} %"), t.text());
}
