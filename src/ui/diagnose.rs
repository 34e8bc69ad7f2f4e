//! The Diagnose screen.

use super::{
    paint::{Bit, Paint, bit},
    times,
};
use crate::app::{
    Model,
    diagnose::{Diagnose, Place, Row},
    layout, rows,
};
use crate::domain::{
    findings::{Finding, RuleId, Severity},
    text::Align,
};
use ratatui::{layout::Rect, style::Style};

/// The style of a severity.
pub(super) fn severity(paint: &Paint<'_>, severity: Severity) -> Style {
    match severity {
        Severity::Error => paint.theme.alarm(),
        Severity::Warn => paint.theme.warn(),
        Severity::Info => paint.theme.quiet(),
    }
}

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let areas = layout::diagnose(model.size);
    let t = paint.theme;
    let d = &model.diagnose;
    let count = |s: Severity| {
        let of = |r: &&Row| matches!(r, Row::Finding(f) if f.severity == s);
        d.rows.iter().filter(of).count()
    };
    let mut title = vec![bit("Diagnose", t.strong())];
    for s in [Severity::Error, Severity::Warn, Severity::Info] {
        let n = count(s);
        if n > 0 {
            title.push(bit(format!("   {n} "), t.text()));
            title.push(bit(words(s, n), severity(paint, s)));
        }
    }
    let expected = model.monitor.examiner.expectations().len();
    let note = match expected {
        0 => "no expectations given".to_owned(),
        1 => "1 expectation".to_owned(),
        n => format!("{n} expectations"),
    };
    let x = paint.bits(areas.title.x + 1, areas.title.y, areas.title.right(), &title);
    paint.bits_right(x + 2, areas.title.y, areas.title.right().saturating_sub(1), &[bit(note, t.quiet())]);
    if d.rows.is_empty() {
        empty(paint, model, areas.table);
    }
    let keys = key_columns(paint, d, areas.table.width);
    for (y, row) in d.rows.iter().skip(d.scroll).take(usize::from(areas.table.height)).enumerate() {
        let y = areas.table.y + y as u16;
        match row {
            Row::Rule { rule, count, worst } => heading(paint, *rule, *count, *worst, areas.table, y),
            Row::Finding(finding) => line(paint, model, finding, keys, areas.table, y),
        }
    }
    if areas.beside {
        paint.wall(areas.detail);
    } else {
        paint.rule(areas.detail);
    }
    detail(paint, model, layout::inside(areas.detail, areas.beside));
}

fn words(severity: Severity, n: usize) -> &'static str {
    match (severity, n) {
        (Severity::Error, 1) => "error",
        (Severity::Error, _) => "errors",
        (Severity::Warn, 1) => "warning",
        (Severity::Warn, _) => "warnings",
        (Severity::Info, _) => "info",
    }
}

fn empty(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let calls = model.monitor.board.len();
    let first = format!("Nothing found on {calls} {}.", if calls == 1 { "call" } else { "calls" });
    let second = if model.monitor.examiner.expectations().is_empty() {
        "Missing keys are found when --expect FILE says what calls should carry."
    } else {
        "Findings appear here by themselves."
    };
    let y = area.y + area.height / 3;
    for (i, (text, style)) in [(first.as_str(), t.strong()), (second, t.quiet())].into_iter().enumerate() {
        let x = area.x + area.width.saturating_sub(paint.width(text)) / 2;
        paint.put(x, y + i as u16, area.right(), text, style);
    }
}

fn heading(paint: &mut Paint<'_>, rule: RuleId, count: usize, worst: Severity, area: Rect, y: u16) {
    let t = paint.theme;
    let style = severity(paint, worst);
    let bits = [
        bit(mark(paint, worst), style),
        bit(" ", t.text()),
        bit(rule.rule().title, t.strong()),
        bit(format!("  {count}"), style),
        bit(format!("  {}", rule.as_str()), t.quiet()),
    ];
    paint.bits(area.x + 1, y, area.right().saturating_sub(1), &bits);
}

/// What the keys take, so that what was seen has the rest. Of all rows, not of those in sight: nothing jumps in scrolling.
fn key_columns(paint: &Paint<'_>, diagnose: &Diagnose, width: u16) -> u16 {
    let of = |row: &Row| match row {
        Row::Finding(finding) => finding.key.as_ref().map_or(0, |key| paint.width(key.as_str())),
        Row::Rule { .. } => 0,
    };
    let longest = diagnose.rows.iter().map(of).max().unwrap_or(0);
    longest.clamp(12, (width / 4).clamp(12, 28))
}

fn line(paint: &mut Paint<'_>, model: &Model, finding: &Finding, room: u16, area: Rect, y: u16) {
    let t = paint.theme;
    let here = model.diagnose.hand.as_ref().is_some_and(|h| *h == Place::of(finding));
    let end = area.right().saturating_sub(1);
    let entry = model.monitor.board.get(finding.conversation.as_str());
    let (from, at) = match entry {
        Some(e) => (rows::from(&e.conversation), rows::at(&e.conversation, model.now)),
        None => ("gone".into(), "".into()),
    };
    let on = finding.participant.as_ref().zip(entry);
    let on = on.and_then(|(id, e)| e.conversation.participant(id.as_str())).map_or("", |p| p.purpose.as_str());
    let key = finding.key.as_ref().map_or("", |k| k.as_str());
    let mut x = area.x + 3;
    paint.cell(x, y, 16, &from, Align::Left, t.text());
    x += 18;
    paint.cell(x, y, 10, &at, Align::Left, t.quiet());
    x += 12;
    if area.width >= 100 {
        paint.cell(x, y, 9, on, Align::Left, t.quiet());
        x += 11;
    }
    paint.cell(x, y, room, key, Align::Left, t.strong());
    x += room + 2;
    let since = rows::clock_age(rows::between(finding.since.wall, model.now.wall));
    let end = paint.bits_right(x + 12, y, end, &[bit(since, t.quiet())]).saturating_sub(2);
    paint.put(x, y, end, &finding.message, t.text());
    if here {
        paint.put(area.x + 1, y, area.x + 2, paint.glyphs.hand, t.text());
        paint.tint(Rect { y, height: 1, ..area }, |style| t.under_hand(style));
    }
}

/// The mark of a severity: no meaning by colour alone.
pub(super) fn mark(paint: &Paint<'_>, severity: Severity) -> &'static str {
    match severity {
        Severity::Error => paint.glyphs.missing,
        Severity::Warn => paint.glyphs.alarm,
        Severity::Info => paint.glyphs.dot,
    }
}

/// Columns of the labels.
const LABEL: u16 = 11;

/// What was found: evidence, impact, fix.
fn detail(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let Some(finding) = model.diagnose.finding() else { return };
    let t = paint.theme;
    let rule = finding.rule.rule();
    let mut lines: Vec<Vec<Bit<'_>>> = Vec::new();
    let entry = model.monitor.board.get(finding.conversation.as_str());
    let style = severity(paint, finding.severity);
    let key = finding.key.as_ref().map_or_else(String::new, |key| format!("{key} "));
    let mut head = vec![bit(format!("{} {key}{}", mark(paint, finding.severity), finding.rule.as_str()), style)];
    let participant = finding.participant.as_ref().zip(entry);
    if let Some(who) = participant.and_then(|(p, e)| e.conversation.participant(p.as_str())) {
        head.push(bit(" on ", t.quiet()));
        head.push(bit(who.purpose.as_str(), t.text()));
    }
    if let Some(entry) = entry {
        head.push(bit(" of ", t.quiet()));
        head.push(bit(rows::from(&entry.conversation), t.strong()));
    }
    head.push(bit(format!(" since {}", times::time_of(model, finding.since.wall)), t.quiet()));
    lines.push(head);
    let sections = [
        ("Evidence", finding.message.as_str(), t.text()),
        ("Impact", rule.why, t.text()),
        ("Fix", rule.remedy, t.text()),
        ("Source", rule.source, t.quiet()),
    ];
    for (title, text, style) in sections {
        for (i, line) in paint.paragraph(text, area.width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = format!("{:<1$}", if i == 0 { title } else { "" }, usize::from(LABEL));
            lines.push(vec![bit(label, t.strong()), bit(line, style)]);
        }
    }
    // Air below the head, where there is room.
    if lines.len() < usize::from(area.height) {
        lines.insert(1, Vec::new());
    }
    for (y, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        paint.bits(area.x, area.y + y as u16, area.right(), line);
    }
}
