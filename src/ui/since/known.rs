//! What is known of the calls without the key: what the flow does differently since the fall, the queues, the hours, the newest.

use super::{moment, short_moment};
use crate::app::{Model, since::SinceReport};
use crate::flow::diff::{KeyAccess, diff};
use crate::ui::paint::{Bits, Paint, bit};
use jiff::Timestamp;

/// Columns of the labels.
const LABEL: usize = 18;

/// What changed in the flow, and the calls without the key by queue and by hour.
pub(super) fn facts<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport, width: u16) -> Vec<Bits<'a>> {
    let mut lines = changed(paint, model, report, width);
    if !report.missing.is_empty() {
        lines.push(by_queue(paint, report, width));
        lines.extend(by_hour(paint, model, report));
    }
    lines
}

/// The newest calls without the key, in so many rows; nothing where that is no list.
pub(super) fn newest<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport, rows: usize) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let mut lines = Vec::new();
    if rows < 4 || report.missing.is_empty() {
        return lines;
    }
    lines.push(Vec::new());
    lines.push(vec![bit(format!("Newest calls without {}", model.since.question.key), t.strong())]);
    for row in report.missing.iter().take(rows - 2) {
        let version = if row.call.version.is_empty() { String::new() } else { format!("v{}", row.call.version) };
        let queue = if row.queue.is_empty() { "no queue" } else { &row.queue };
        let id = super::apart(paint, report, &row.call);
        lines.push(vec![
            bit(format!("{}  ", moment(model, row.call.started)), t.text()),
            bit(format!("{version:<5}"), t.text()),
            bit(format!("{queue:<22}"), t.text()),
            bit(format!("call {id}"), t.quiet()),
        ]);
    }
    lines
}

/// `v42 → v43  ⚠ Set Contract no longer sets it: always → never`.
fn changed<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport, width: u16) -> Vec<Bits<'a>> {
    let (t, g) = (paint.theme, paint.glyphs);
    let Some((fallen, Some(_))) = report.fall() else { return Vec::new() };
    let definition = model.definitions.get(&fallen.flow).and_then(|read| read.as_ref().ok());
    let Some(definition) = definition.filter(|d| d.version.as_deref() == Some(&fallen.version)) else {
        return Vec::new();
    };
    let Some((before, flow)) = &definition.before else { return Vec::new() };
    let key = &model.since.question.key;
    let label = format!("v{before} {} v{}", g.to, fallen.version);
    let label = bit(format!("{label:<LABEL$}"), t.strong());
    let differs = diff(flow, &definition.flow).into_iter().find(|d| d.key == *key && d.does == KeyAccess::Set);
    let Some(differs) = differs else {
        return vec![vec![label, bit("the flow sets the key on the same paths as before", t.quiet())]];
    };
    let mut words = String::new();
    let gone: Vec<&str> = differs.gone.iter().map(|place| place.action.as_str()).collect();
    if let [first, rest @ ..] = gone.as_slice() {
        let others = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        words = format!("{first}{others} no longer set{} {key}", if rest.is_empty() { "s" } else { "" });
    }
    let surety = format!("{} {} {}", differs.before.word(), g.to, differs.after.word());
    let words = match (words.is_empty(), differs.before == differs.after) {
        (true, _) => format!("{key} is set on other paths: {surety}"),
        (false, true) => words,
        (false, false) => format!("{words}: {surety}"),
    };
    let room = width.saturating_sub(LABEL as u16 + 2);
    let paragraph = paint.paragraph(&words, room);
    let lines = paragraph.into_iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { label.clone() } else { bit(" ".repeat(LABEL), t.text()) };
        let mark = if i == 0 { format!("{} ", g.alarm) } else { "  ".to_owned() };
        vec![head, bit(mark, t.warn()), bit(line, t.text())]
    });
    lines.collect()
}

/// `Missing by queue  Billing 812   Technical Support 467`.
fn by_queue<'a>(paint: &Paint<'_>, report: &SinceReport, width: u16) -> Bits<'a> {
    let t = paint.theme;
    let queues = report.missing_by_queue();
    let mut bits = vec![bit(format!("{:<LABEL$}", "Missing by queue"), t.strong())];
    for (i, (name, n)) in queues.iter().enumerate() {
        let name = if name.is_empty() { "no queue" } else { name };
        let more = [bit(format!("{name} "), t.quiet()), bit(format!("{n}   "), t.text())];
        let rest = format!("+{} more", queues.len() - i);
        let keep = if i + 1 == queues.len() { 0 } else { paint.width(&rest) };
        if paint.bits_width(&bits) + paint.bits_width(&more) + keep > width {
            bits.push(bit(rest, t.quiet()));
            return bits;
        }
        bits.extend(more);
    }
    bits
}

/// Calls without the key by the hour of their start, on the day of the fall; without one, on the day of the newest.
fn by_hour<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport) -> Option<Bits<'a>> {
    let t = paint.theme;
    let local = |time: i64| Timestamp::from_millisecond(time).unwrap_or_default().to_zoned(model.settings.zone.clone());
    let at = report.first_missing.as_ref().or(report.missing.first().map(|row| &row.call))?;
    let day = local(at.started).date();
    let mut hours = [0usize; 24];
    for row in report.missing_since().map(|row| local(row.call.started)).filter(|time| time.date() == day) {
        hours[usize::from(row.hour().unsigned_abs()).min(23)] += 1;
    }
    let most = *hours.iter().max()?;
    if most == 0 {
        return None;
    }
    let bar = |n: usize| match n {
        0 => " ",
        n => paint.glyphs.bars[(n * 7).div_ceil(most).min(7)],
    };
    let date = short_moment(model, at.started);
    let label = format!("By hour, {}", date.get(..6).unwrap_or_default());
    let bars: String = hours.into_iter().map(bar).collect();
    Some(vec![
        bit(format!("{label:<LABEL$}"), t.strong()),
        bit("00 ", t.quiet()),
        bit(bars, t.text()),
        bit(format!(" 23   at most {most} in an hour"), t.quiet()),
    ])
}
