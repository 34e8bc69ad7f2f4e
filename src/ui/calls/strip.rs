//! What stands below the calls: the path of the selected one, what is wrong with it, what changed last.

use super::super::{
    cell, diagnose,
    paint::{Bit, Bits, Paint, bit},
};
use crate::app::{Model, keymap::Command, rows};
use crate::domain::{
    BoardEntry, HistoryEntry,
    findings::{Finding, RuleId, Severity},
    text,
};
use ratatui::layout::Rect;
use std::{borrow::Cow, cmp::Reverse};

/// Nothing in a line is cut in the middle of a fact: a fact that has no room is left out.
fn facts(paint: &mut Paint<'_>, x: u16, y: u16, end: u16, facts: Vec<Bits<'_>>) -> u16 {
    facts.into_iter().fold(x, |x, fact| {
        let gap = 3;
        if x + gap + paint.bits_width(&fact) <= end { paint.bits(x + gap, y, end, &fact) } else { x }
    })
}

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, entry: &BoardEntry, area: Rect) {
    let end = area.right().saturating_sub(1);
    let path = path(paint, model, entry);
    let x = paint.bits(area.x + 1, area.y, end, &path);
    let mismatch: Vec<Bits<'_>> = if model.calls.mismatch { mismatch(paint) } else { Vec::new() };
    let found = findings(model, entry);
    let last = entry.history.iter().next_back();
    if area.height == 1 {
        let finding = found.first().map(|f| vec![finding_head(paint, f)]);
        let changed = last.map(|last| change(paint, model, last));
        facts(paint, x, area.y, end, mismatch.into_iter().chain(finding).chain(changed).collect());
        return;
    }
    let counts = attributes(paint, entry);
    facts(paint, x, area.y, end, mismatch.into_iter().chain([counts]).collect());
    let last_row = area.bottom() - 1;
    let mut y = area.y + 1;
    for finding in found {
        if y >= last_row {
            break;
        }
        finding_line(paint, model, &finding, Rect { y, ..area });
        y += 1;
    }
    let line = match last {
        Some(last) => change(paint, model, last),
        None => vec![bit("no change since it was first seen", paint.theme.quiet())],
    };
    paint.bits(area.x + 1, y, end, &line);
}

/// The stations of the call.
fn path<'a>(paint: &Paint<'_>, model: &'a Model, entry: &'a BoardEntry) -> Bits<'a> {
    let t = paint.theme;
    let mut path: Bits<'_> = Vec::new();
    for (i, station) in rows::path(&entry.conversation, &model.monitor.board.names).into_iter().enumerate() {
        if i > 0 {
            path.push(bit(format!(" {} ", paint.glyphs.then), t.quiet()));
        }
        path.push(bit(station, if i == 0 { t.strong() } else { t.text() }));
    }
    path
}

/// How many attributes on whom.
fn attributes<'a>(paint: &Paint<'_>, entry: &'a BoardEntry) -> Bits<'a> {
    let t = paint.theme;
    let mut bits = Vec::new();
    for p in entry.conversation.participants.iter().filter(|p| !p.attributes.is_empty()) {
        let n = p.attributes.len();
        let words = match bits.is_empty() {
            true => format!("{n} {} on ", if n == 1 { "attribute" } else { "attributes" }),
            false => format!(", {n} on "),
        };
        bits.push(bit(words, t.quiet()));
        bits.push(bit(p.purpose.as_str(), t.text()));
    }
    if bits.is_empty() {
        bits.push(bit("no attributes", t.quiet()));
    }
    bits
}

fn mismatch<'a>(paint: &Paint<'_>) -> Vec<Bits<'a>> {
    let t = paint.theme;
    vec![
        vec![bit(format!("{} no longer matches", paint.glyphs.alarm), t.warn())],
        vec![bit("it stays until you move", t.quiet())],
    ]
}

/// Findings worth a line, the worst first.
fn findings(model: &Model, entry: &BoardEntry) -> Vec<Finding> {
    let of = model.monitor.examiner.of(entry.conversation.id.as_str());
    let mut found: Vec<Finding> = of.filter(|f| f.severity > Severity::Info).collect();
    found.sort_by_key(|f| Reverse(f.severity));
    found
}

fn finding_head(paint: &Paint<'_>, finding: &Finding) -> Bit<'static> {
    let key = finding.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
    // Of what is missing the word says enough, of the rest the message does.
    let word = if finding.rule == RuleId::Missing { " missing" } else { "" };
    let words = format!("{}{key}{word}", diagnose::mark(paint, finding.severity));
    bit(words, diagnose::severity(paint, finding.severity))
}

fn finding_line(paint: &mut Paint<'_>, model: &Model, finding: &Finding, area: Rect) {
    let t = paint.theme;
    let end = area.right().saturating_sub(1);
    let x = paint.bits(area.x + 1, area.y, end, &[finding_head(paint, finding), bit(" ", t.text())]);
    let key = model.key_label(Command::Diagnose);
    let hint = [bit(key, t.strong()), bit(" diagnose", t.quiet())];
    let room = end.saturating_sub(x);
    let message = match (model.cause(finding), &finding.key) {
        (Some(cause), _) => format!("at flow end: {}", cause.words),
        (None, Some(key)) => {
            let rest = diagnose::without_key(&finding.message, key.as_str());
            let said = if finding.rule == RuleId::Missing { ["is missing ", "is "].as_slice() } else { &[] };
            said.iter().find_map(|said| rest.strip_prefix(said)).unwrap_or(rest).to_owned()
        }
        (None, None) => finding.message.to_string(),
    };
    let message = text::cut_in(&message, usize::from(room), paint.charset());
    let x = paint.put(x, area.y, end, &message, t.text());
    facts(paint, x, area.y, end, vec![hint.to_vec()]);
}

fn change<'a>(paint: &Paint<'_>, model: &Model, last: &'a HistoryEntry) -> Bits<'a> {
    let t = paint.theme;
    let ago = rows::clock_age(model.now.mono.saturating_sub(last.at.mono));
    let mut bits = vec![
        bit("last change ", t.quiet()),
        bit(ago, t.text()),
        bit(" ago  ", t.quiet()),
        bit(last.key.as_str(), t.text()),
        bit(" ", t.text()),
    ];
    bits.extend(old_to_new(paint, model, last));
    bits
}

/// `old → new`, with words for what is not there.
fn old_to_new<'a>(paint: &Paint<'_>, model: &Model, entry: &'a HistoryEntry) -> Bits<'a> {
    let t = paint.theme;
    let old = match &entry.old {
        Some(v) => bit(short(cell::shown(model, paint, v.as_str())), t.text()),
        None => bit("absent", t.quiet()),
    };
    let new = match &entry.new {
        Some(v) => bit(short(cell::shown(model, paint, v.as_str())), t.strong()),
        None => bit("absent", t.alarm()),
    };
    vec![old, bit(format!(" {} ", paint.glyphs.to), t.quiet()), new]
}

/// The beginning of a value, for places that show several on one line.
fn short(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed("") => Cow::Borrowed("(empty)"),
        Cow::Borrowed(text) => text::cut(text, 28),
        Cow::Owned(text) => Cow::Owned(text::cut(&text, 28).into_owned()),
    }
}
