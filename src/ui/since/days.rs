//! Presence by day as columns: what is set and what is missing, and days on which nothing was collected.

use crate::app::{
    Model,
    since::{DayRow, SinceReport},
};
use crate::domain::text::Align;
use crate::ui::paint::{Paint, bit, count};
use ratatui::{layout::Rect, style::Style};

/// Columns of the scale.
const SCALE: u16 = 7;

/// The days that fit, the newest ones but for `back`.
fn fitting(report: &SinceReport, room: u16, each: u16, back: usize) -> &[DayRow] {
    let fit = usize::from(room / each.max(1)).max(1);
    let end = report.days.len().saturating_sub(back).max(fit.min(report.days.len()));
    &report.days[end.saturating_sub(fit)..end]
}

/// Rows of the tallest columns.
const TALLEST: u16 = 26;
/// Below the columns: percent, day, flow, calls.
const BELOW: u16 = 4;
/// Columns of a percentage, which is as wide as the narrowest column.
const PERCENT: u16 = 5;

/// How many rows it takes of those that there are.
pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, area: Rect) -> u16 {
    let t = paint.theme;
    let g = paint.glyphs;
    // As wide as the days that there are allow.
    let room = area.width.saturating_sub(SCALE);
    let each = (room / count(report.days.len()).max(1)).clamp(PERCENT + 1, 12);
    let bar = each.saturating_sub(3).max(PERCENT);
    let days = fitting(report, room, each, model.since.days_back);
    let title = [
        bit("Presence by day", t.strong()),
        bit(if days.len() < report.days.len() { "  < > other days" } else { "" }, t.quiet()),
    ];
    paint.bits(area.x, area.y, area.right(), &title);
    let (part, style) = missing(paint, report.first_missing.is_some());
    let legend = [
        bit(g.full, t.seen()),
        bit(" set  ", t.quiet()),
        bit(part, style),
        bit(" missing  ", t.quiet()),
        bit(format!("{} not collected", g.absent), t.quiet()),
    ];
    paint.bits_right(area.x + 20, area.y, area.right(), &legend);
    // The columns do not touch the heading where there is room.
    let air = u16::from(area.height >= 11);
    let tall = area.height.saturating_sub(1 + air + BELOW).clamp(2, TALLEST);
    let top = area.y + 1 + air;
    for (row, words) in [(0, "100 %"), (tall / 2, " 50 %"), (tall.saturating_sub(1), "  0 %")] {
        paint.put(area.x, top + row, area.x + SCALE, words, t.quiet());
    }
    let below = top + tall;
    let fell = report.first_missing.as_ref().map(|call| day_of(call.started));
    for (i, day) in days.iter().enumerate() {
        let x = area.x + SCALE + each * i as u16;
        let put = |paint: &mut Paint<'_>, y: u16, text: &str, style| {
            paint.cell(x, y, bar, text, Align::Right, style);
        };
        put(paint, below + 1, day.day.get(8..).unwrap_or_default(), t.quiet());
        let Some(share) = day.share else {
            put(paint, below - 1, g.absent, t.quiet());
            put(paint, below, if paint.is_ascii() { "-" } else { "—" }, t.quiet());
            continue;
        };
        put(paint, below + 3, &short(share.calls), t.quiet());
        let Some(percent) = share.percent() else {
            continue;
        };
        let has_fallen = fell.as_ref().is_some_and(|fell| day.day >= *fell);
        let good = (i64::from(tall) * percent / 100) as u16;
        // One missing call in a hundred is not to be overlooked, and neither is one present.
        let good = if percent < 95 { good.min(tall - 1) } else { tall };
        for row in 0..tall {
            let (mark, style) = if row < good { (g.full, t.seen()) } else { missing(paint, has_fallen) };
            for column in 0..bar {
                paint.put(x + column, below - 1 - row, x + each, mark, style);
            }
        }
        let style = if percent < 95 && has_fallen { t.alarm() } else { t.text() };
        put(paint, below, &format!("{percent} %"), style);
    }
    paint.put(area.x, below + 1, area.x + SCALE, "day", t.quiet());
    versions(paint, model, report, days, Rect { y: below + 2, height: 1, ..area }, each);
    paint.put(area.x, below + 3, area.x + SCALE, "calls", t.quiet());
    (1 + air + tall + BELOW).min(area.height)
}

/// What is missing is an alarm only after a fall: of many keys it is right that not every call has them.
fn missing(paint: &Paint<'_>, has_fallen: bool) -> (&'static str, Style) {
    let g = paint.glyphs;
    match has_fallen {
        true => (g.part, paint.theme.alarm()),
        // Without a shade of its own the sign of an alarm is none.
        false if paint.is_ascii() => (g.bar_rest, paint.theme.quiet()),
        false => (g.part, paint.theme.quiet()),
    }
}

/// `2026-11-29`, in UTC as the days are.
fn day_of(milliseconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// Below the days: from which one on each version ran.
fn versions(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, days: &[DayRow], area: Rect, each: u16) {
    let t = paint.theme;
    paint.put(area.x, area.y, area.x + SCALE, "flow", t.quiet());
    let fell = report.fall().map(|(version, _)| version.version.clone());
    let began = |first: i64| {
        let day = day_of(first);
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

/// A number in four columns at most: `402`, `3104`, `15k`.
fn short(n: i64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{}k", n / 1000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// On a low screen: one sparkline.
pub(super) fn brief(paint: &mut Paint<'_>, report: &SinceReport, area: Rect) {
    let t = paint.theme;
    if area.height == 0 {
        return;
    }
    let room = area.width.saturating_sub(30);
    let days = fitting(report, room, 1, 0);
    let fell = report.first_missing.as_ref().map(|call| day_of(call.started));
    let mut bits = vec![bit("By day ", t.strong())];
    for day in days {
        let percent = day.share.and_then(|s| s.percent());
        bits.push(match percent {
            None => bit(paint.glyphs.absent, t.quiet()),
            Some(p) => {
                let level = (p * 7 / 100).clamp(0, 7) as usize;
                let has_fallen = fell.as_ref().is_some_and(|fell| day.day >= *fell);
                bit(paint.glyphs.bars[level], if p < 95 && has_fallen { t.alarm() } else { t.seen() })
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
