//! The Since screen: the verdict in one sentence, the calls at the fall, presence by day and by flow version.

mod days;
mod record;

use super::paint::{Bits, Paint, bit};
use crate::app::{
    Model, layout, rows,
    since::{CallRef, Reading, Share, SinceReport},
};
use crate::domain::text::{Align, fit_in, shorten_id_in};
use jiff::Timestamp;
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let body = layout::frame(model.size).body;
    let area = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    if let Some(call) = &model.since.call {
        record::draw(paint, call, area);
        return;
    }
    match &model.since.reading {
        Reading::Here(report) => report_of(paint, model, report, area, body),
        other => nothing(paint, model, other, area),
    }
}

/// Why there is nothing to see, and what to do.
fn nothing(paint: &mut Paint<'_>, model: &Model, reading: &Reading, area: Rect) {
    let t = paint.theme;
    let q = &model.since.question;
    let filter = q.filter();
    let of = if filter.is_empty() { String::new() } else { format!(" with {filter}") };
    let (first, rest, style) = match reading {
        Reading::None | Reading::Asked => ("Asking the history store".to_owned(), String::new(), t.strong()),
        Reading::NoStore => (
            "No history is kept yet.".to_owned(),
            "sidetone collect follows calls for days without a screen and keeps which keys were there, by flow version; \
             values only for keys that you name. [store] enabled = true in the configuration switches it on here."
                .to_owned(),
            t.strong(),
        ),
        Reading::Never => (
            format!("{} was never seen on {} of a call{of}.", q.key, q.on),
            "Keys are case-sensitive. c chooses another key, / changes the filter.".to_owned(),
            t.strong(),
        ),
        Reading::Failed(why) => ("The history store cannot be asked.".to_owned(), why.clone(), t.alarm()),
        Reading::Here(_) => return,
    };
    let width = area.width.saturating_sub(4).min(90);
    let mut y = area.y + area.height / 4;
    let lines = paint.paragraph(&first, width).into_iter().map(|l| (l, style));
    let rest = paint.paragraph(&rest, width).into_iter().map(|l| (l, t.quiet()));
    for (line, style) in lines.chain(rest).collect::<Vec<_>>() {
        if y < area.bottom() {
            paint.put(area.x + 2, y, area.right(), &line, style);
            y += 1;
        }
    }
}

fn report_of(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, area: Rect, body: Rect) {
    let mut y = area.y;
    for line in verdict(paint, model, report, area.width) {
        paint.line(area.x, y, area.right(), &line);
        y += 1;
    }
    if area.height >= 26 {
        y += 1;
    }
    let mut line = 0;
    for (label, call) in [("First missing", &report.first_missing), ("Last good", &report.last_present)] {
        if let Some(call) = call {
            witness(paint, model, label, call, Rect { y, height: 1, ..area }, line == model.since.selected);
            line += 1;
            y += 1;
        }
    }
    // From the bottom: the versions, as many as there are and as fit.
    let versions = report.versions.len().min(usize::from(area.height / 4).max(2)) as u16;
    let table = Rect { y: area.bottom().saturating_sub(versions + 1), height: versions + 1, ..area };
    let chart = Rect { y: y + 1, height: table.y.saturating_sub(y + 2), ..area };
    paint.rule(Rect { y, height: 1, ..body });
    if chart.height >= 6 {
        days::draw(paint, model, report, chart);
    } else if chart.height > 0 {
        days::brief(paint, report, chart);
    }
    paint.rule(Rect { y: table.y.saturating_sub(1), height: 1, ..body });
    by_version(paint, model, report, table, line);
}

/// `Present on 63 % of calls since v43, 99 % before.`
fn verdict<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport, width: u16) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let q = &model.since.question;
    let percent = |share: Share| share.percent().map_or("no calls".to_owned(), |p| format!("{p} %"));
    let mut bits = match report.fall() {
        Some((now, before)) => {
            let since = if now.version.is_empty() { "then".to_owned() } else { format!("v{}", now.version) };
            let before = before.map(|b| format!(" {} before.", percent(b.share))).unwrap_or_default();
            vec![
                bit(format!("{} Present on {} of calls since {since},", g.missing, percent(now.share)), t.alarm()),
                bit(before, t.strong()),
            ]
        }
        None if report.first_missing.is_some() => {
            vec![bit(
                format!("{} Present on {} of calls, and it has fallen.", g.missing, percent(report.share)),
                t.alarm(),
            )]
        }
        None if report.share.missing() == 0 => {
            vec![bit(format!("{} Present on every one of {} calls.", g.seen, report.share.calls), t.seen())]
        }
        None if let Some(waits) = &report.not_judged => {
            let of = format!("v{}: {} of {} so far, ", waits.version, waits.share.present, waits.share.calls);
            let until = Timestamp::from_millisecond(waits.until).unwrap_or_default();
            let until = until.to_zoned(model.settings.zone.clone()).strftime("%H:%M:%S").to_string();
            vec![
                bit(format!("Present on {} of calls. ", percent(report.share)), t.strong()),
                bit(format!("{of}not judged yet (by {until}): earlier calls are in the flow."), t.strong()),
            ]
        }
        None if report.too_few => {
            let words = format!("{} Present on {} of calls, ", g.seen, percent(report.share));
            vec![bit(words, t.strong()), bit("of the newest version too few to tell.", t.strong())]
        }
        None => {
            vec![bit(format!("{} Present on {} of calls, without a fall.", g.seen, percent(report.share)), t.strong())]
        }
    };
    let by = report.by.replace('-', " ");
    let flow = report.flow.as_deref().map(|f| format!(", flow {f}")).unwrap_or_default();
    let queue = q.queue.as_deref().map(|f| format!(", queue {f}")).unwrap_or_default();
    let days = q.days.map(|d| format!(", last {d} days")).unwrap_or_default();
    let facts = format!("{} on {}, by {by}{flow}{queue}{days}", q.key, q.on);
    if paint.bits_width(&bits) + paint.width(&facts) + 3 <= width {
        bits.push(bit(format!("   {facts}"), t.quiet()));
        return vec![bits];
    }
    vec![bits, vec![bit(facts, t.quiet())]]
}

/// One of the two calls at the fall.
fn witness(paint: &mut Paint<'_>, model: &Model, label: &str, call: &CallRef, area: Rect, selected: bool) {
    let t = paint.theme;
    let time = moment(model, call.started);
    let from = model.monitor.board.get(call.conversation.as_str()).map(|e| rows::from(&e.conversation).into_owned());
    let id = shorten_id_in(call.conversation.as_str(), 9, paint.charset()).into_owned();
    let mark = if selected { paint.glyphs.selection } else { " " };
    let version = if call.version.is_empty() { String::new() } else { format!("v{}  ", call.version) };
    let bits = [
        bit(format!("{mark} "), t.text()),
        bit(format!("{label:<15}"), t.quiet()),
        bit(format!("{time}  "), t.text()),
        bit(version, t.strong()),
        bit(from.map(|from| format!("{from}  ")).unwrap_or_default(), t.text()),
        bit(format!("call {id}"), t.quiet()),
    ];
    paint.line(area.x, area.y, area.right(), &bits);
    if selected {
        paint.tint(area, |s| t.selected(s));
    }
}

/// `Fri 27 Nov 09:14:06` in the operator's zone.
fn moment(model: &Model, milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    time.to_zoned(model.settings.zone.clone()).strftime("%a %d %b %H:%M:%S").to_string()
}

fn short_moment(model: &Model, milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    time.to_zoned(model.settings.zone.clone()).strftime("%d %b %H:%M").to_string()
}

/// The versions, the newest first.
fn by_version(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, area: Rect, first: usize) {
    let t = paint.theme;
    let wide = area.width >= 100;
    let share_width = if wide { 22 } else { 12 };
    let name_width = 20u16;
    let columns = |paint: &mut Paint<'_>, y: u16, cells: [&str; 4], style: Style| {
        let mut x = area.x + 2;
        paint.cell(x, y, name_width, cells[0], Align::Left, style);
        x += name_width;
        for text in &cells[1..] {
            paint.cell(x, y, 9, text, Align::Right, style);
            x += 9;
        }
        x + 2
    };
    paint.put(area.x, area.y, area.right(), "By flow version", t.strong());
    let heads = ["", "calls", "present", "missing"];
    let x = columns(paint, area.y, heads, t.quiet());
    paint.put(area.x, area.y, area.right(), "By flow version", t.strong());
    paint.put(x, area.y, area.right(), "share", t.quiet());
    if wide {
        paint.put(x + share_width + 8, area.y, area.right(), "first          last", t.quiet());
    }
    let rows = report.versions.iter().rev().take(usize::from(area.height.saturating_sub(1)));
    for (i, version) in rows.enumerate() {
        let y = area.y + 1 + i as u16;
        let name = match (version.flow.as_str(), version.version.as_str()) {
            (flow, "") => flow.to_owned(),
            (flow, v) if report.flow.is_some() || flow.is_empty() => format!("v{v}"),
            (flow, v) => format!("{flow} v{v}"),
        };
        let of = if version.organization.is_empty() { String::new() } else { format!(" {}", version.organization) };
        let name = format!("{name}{of}");
        let name = fit_in(&name, usize::from(name_width), Align::Left, paint.charset()).into_owned();
        let s = version.share;
        let counts = [s.calls.to_string(), s.present.to_string(), s.missing().to_string()];
        let x = columns(paint, y, [&name, &counts[0], &counts[1], &counts[2]], t.text());
        let after = share(paint, x, y, share_width, s);
        if wide {
            let times = format!("{}   {}", short_moment(model, version.first), short_moment(model, version.last));
            paint.put(after + 1, y, area.right(), &times, t.quiet());
        }
        if first + i == model.since.selected {
            paint.put(area.x, y, area.x + 1, paint.glyphs.selection, t.text());
            paint.tint(Rect { y, height: 1, ..area }, |s| t.selected(s));
        }
    }
}

/// A bar and its percent: what is good is a thin line, what is missing is marked. The column after it.
pub(super) fn share(paint: &mut Paint<'_>, x: u16, y: u16, width: u16, share: Share) -> u16 {
    let t = paint.theme;
    let g = paint.glyphs;
    let Some(percent) = share.percent() else {
        return paint.put(x, y, x + width + 7, "no calls", t.quiet());
    };
    let good = (i64::from(width) * percent / 100) as u16;
    let good = if percent < 100 { good.min(width.saturating_sub(1)) } else { width };
    let few = percent >= 90;
    for i in 0..width {
        let (mark, style) = match (i < good, few) {
            (true, _) => (g.lane, t.seen()),
            (false, true) => (g.rule, t.quiet()),
            (false, false) => (g.missing, t.alarm()),
        };
        paint.put(x + i, y, x + width, mark, style);
    }
    paint.put(x + width, y, x + width + 7, &format!(" {percent:>3} %"), t.text()) + 1
}
