//! Presence by day as columns: what is set and what is missing, and days on which nothing was collected.

use crate::app::{
    Model,
    since::{DayRow, SinceReport},
};
use crate::ui::paint::{Paint, bit};
use ratatui::layout::Rect;

/// Columns of the scale.
const SCALE: u16 = 7;

/// The days that fit, the newest ones but for `back`.
fn fitting(report: &SinceReport, room: u16, each: u16, back: usize) -> &[DayRow] {
    let fit = usize::from(room / each.max(1)).max(1);
    let end = report.days.len().saturating_sub(back).max(fit.min(report.days.len()));
    &report.days[end.saturating_sub(fit)..end]
}

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, area: Rect) {
    let t = paint.theme;
    let g = paint.glyphs;
    let each = if area.width >= 100 { 8 } else { 6 };
    let bar = each - 3;
    let days = fitting(report, area.width.saturating_sub(SCALE), each, model.since.days_back);
    let title = [
        bit("Presence by day", t.strong()),
        bit(if days.len() < report.days.len() { "  < > other days" } else { "" }, t.quiet()),
    ];
    paint.bits(area.x, area.y, area.right(), &title);
    let none = format!("  {} not collected", g.absent);
    let legend = [
        bit(g.full, t.seen()),
        bit(" set  ", t.quiet()),
        bit(g.part, t.alarm()),
        bit(" missing", t.quiet()),
        bit(none, t.quiet()),
    ];
    paint.bits_right(area.x + 20, area.y, area.right(), &legend);
    // Below the columns: percent, day, calls.
    let tall = area.height.saturating_sub(5).clamp(2, 12);
    let top = area.y + 1;
    for (row, words) in [(0, "100 %"), (tall / 2, " 50 %"), (tall.saturating_sub(1), "  0 %")] {
        paint.put(area.x, top + row, area.x + SCALE, words, t.quiet());
    }
    for (i, day) in days.iter().enumerate() {
        let x = area.x + SCALE + each * i as u16;
        let below = top + tall;
        let date = day.day.get(8..).unwrap_or_default();
        paint.put(x, below + 1, x + each, &format!("{date:>3}"), t.quiet());
        let Some(share) = day.share else {
            paint.put(x + 1, below - 1, x + each, g.absent, t.quiet());
            paint.put(x, below, x + each, if paint.is_ascii() { "  -" } else { "  —" }, t.quiet());
            continue;
        };
        let Some(percent) = share.percent() else {
            paint.put(x, below, x + each, "  0", t.quiet());
            paint.put(x, below + 2, x + each, "  0", t.quiet());
            continue;
        };
        let good = (i64::from(tall) * percent / 100) as u16;
        // One missing call in a hundred is not to be overlooked, and neither is one present.
        let good = if percent < 95 { good.min(tall - 1) } else { tall };
        for row in 0..tall {
            let (mark, style) = if row < good { (g.full, t.seen()) } else { (g.part, t.alarm()) };
            for column in 0..bar {
                paint.put(x + column, below - 1 - row, x + each, mark, style);
            }
        }
        let style = if percent < 95 { t.alarm() } else { t.text() };
        paint.put(x, below, x + each, &format!("{percent:>3} %"), style);
        paint.put(x, below + 2, x + each, &short(share.calls), t.quiet());
    }
    let label = top + tall;
    if area.height > tall + 4 {
        versions(paint, model, report, days, Rect { y: label + 3, height: 1, ..area }, each);
    }
    paint.put(area.x, label + 1, area.x + SCALE, "day", t.quiet());
    paint.put(area.x, label + 2, area.x + SCALE, "calls", t.quiet());
}

/// Below the days: from which one on each version ran.
fn versions(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, days: &[DayRow], area: Rect, each: u16) {
    let t = paint.theme;
    paint.put(area.x, area.y, area.x + SCALE, "flow", t.quiet());
    let fell = report.fall().map(|(version, _)| version.version.clone());
    let began = |first: i64| {
        let time = jiff::Timestamp::from_millisecond(first).unwrap_or_default();
        let day = time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        days.iter().position(|d| d.day >= day)
    };
    let mut starts: Vec<(u16, &crate::app::since::VersionRow)> = Vec::new();
    for version in &report.versions {
        if let Some(at) = began(version.first) {
            starts.push((area.x + SCALE + each * at as u16, version));
        }
    }
    for (i, (x, version)) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(area.right(), |(next, _)| *next);
        let name = if version.version.is_empty() { "?".to_owned() } else { format!("v{}", version.version) };
        let since = super::short_moment(model, version.first);
        let bad = fell.as_ref() == Some(&version.version);
        let style = if bad { t.alarm() } else { t.strong() };
        let wall = if paint.is_ascii() { "|" } else { "├" };
        let mut at = paint.put(*x, area.y, end, wall, t.quiet());
        at = paint.put(at, area.y, end, &format!(" {name} "), style);
        if at + paint.width(&since) + 1 < end {
            at = paint.put(at, area.y, end, &format!("{since} "), if bad { t.alarm() } else { t.quiet() });
        }
        for x in at..end.saturating_sub(1) {
            paint.put(x, area.y, end, paint.glyphs.rule, t.quiet());
        }
    }
}

/// A number in four columns: `402`, `3104`, `15k`.
fn short(n: i64) -> String {
    match n {
        0..10_000 => format!("{n:>4}"),
        10_000..1_000_000 => format!("{:>3}k", n / 1000),
        _ => format!("{:>3}M", n / 1_000_000),
    }
}

/// On a low screen: one sparkline.
pub(super) fn brief(paint: &mut Paint<'_>, report: &SinceReport, area: Rect) {
    let t = paint.theme;
    let room = area.width.saturating_sub(30);
    let days = fitting(report, room, 1, 0);
    let mut bits = vec![bit("By day ", t.strong())];
    for day in days {
        let percent = day.share.and_then(|s| s.percent());
        bits.push(match percent {
            None => bit(paint.glyphs.absent, t.quiet()),
            Some(p) => {
                let level = (p * 7 / 100).clamp(0, 7) as usize;
                bit(paint.glyphs.bars[level], if p < 95 { t.alarm() } else { t.seen() })
            }
        });
    }
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        let words =
            format!("  {} to {}", first.day.get(5..).unwrap_or_default(), last.day.get(5..).unwrap_or_default());
        bits.push(bit(words, t.quiet()));
    }
    paint.bits(area.x, area.y, area.right(), &bits);
    if area.height > 1 {
        let words = format!("{} not collected", paint.glyphs.absent);
        paint.put(area.x + 7, area.y + 1, area.right(), &words, t.quiet());
    }
}
