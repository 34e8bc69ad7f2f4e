//! The Diagnose screen.

use super::{
    paint::{Bits, Paint, bit},
    times,
};
use crate::app::{
    Model,
    diagnose::{DiagnoseRow, FindingIdentity, Selected},
    keymap::{Command, Scope},
    layout, rows,
};
use crate::domain::{
    BoardEntry, Link,
    findings::{Finding, RuleId, Severity},
    text::{Align, cut_in},
};
use ratatui::{layout::Rect, style::Style};
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;

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
    let count = |s: Severity| d.live().iter().filter(|f| f.severity == s).count();
    let mut title = vec![bit("Diagnose", t.strong())];
    let ended = model.monitor.board.ended();
    let live = model.monitor.board.len().saturating_sub(ended);
    let over = if ended > 0 { format!(", {ended} ended") } else { String::new() };
    title.push(bit(format!(" {live} live {}{over}", if live == 1 { "call" } else { "calls" }), t.quiet()));
    for s in [Severity::Error, Severity::Warn, Severity::Info] {
        let n = count(s);
        if n > 0 {
            let style = severity(paint, s);
            title.extend([bit("   ", t.text()), bit(format!("{} {n} {}", mark(paint, s), words(s, n)), style)]);
        }
    }
    let x = paint.bits(areas.title.x + 1, areas.title.y, areas.title.right(), &title);
    note(paint, model, Rect { x: x + 2, width: areas.title.right().saturating_sub(x + 3), ..areas.title });
    if d.rows.is_empty() {
        empty(paint, model, areas.table);
    }
    let columns = columns(paint, model, areas.table);
    if !d.rows.is_empty() {
        heads(paint, &columns, areas.heads.y);
    }
    // A finding that is not as bad as its group's mark says has one of its own.
    let worst_of = |row: &DiagnoseRow| match row {
        DiagnoseRow::Rule { counts, .. } => counts.first().map(|(severity, _)| *severity),
        _ => None,
    };
    let mut worst = d.rows.iter().take(d.scroll).rev().find_map(worst_of);
    for (y, row) in d.rows.iter().skip(d.scroll).take(usize::from(areas.table.height)).enumerate() {
        let y = areas.table.y + y as u16;
        match row {
            DiagnoseRow::Rule { rule, counts } => {
                worst = worst_of(row);
                heading(paint, *rule, counts, areas.table, y);
            }
            DiagnoseRow::Finding(finding) => {
                let is_marked = worst.is_some_and(|worst| worst != finding.severity);
                line(paint, model, (finding, is_marked), &columns, areas.table, y);
            }
            DiagnoseRow::Ended { count, open } => {
                ended_heading(paint, model, (*count, ended), *open, areas.table, y);
                if d.selected == Some(Selected::Ended) {
                    selected(paint, areas.table, y);
                }
            }
            DiagnoseRow::Folded { rule, count, first } => {
                folded(paint, model, *count, first.as_str(), areas.table, y);
                if d.selected == Some(Selected::Folded(*rule)) {
                    selected(paint, areas.table, y);
                }
            }
        }
    }
    if areas.beside {
        paint.wall(areas.detail);
    } else {
        paint.rule(areas.detail);
    }
    detail(paint, model, layout::inside(areas.detail, areas.beside));
}

/// What is filtered, or by how many expectations the calls are judged, as far as there is room for it.
fn note(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let d = &model.diagnose;
    let expected = match model.monitor.examiner.expectations().len() {
        0 => "no expectations given".to_owned(),
        1 => "1 expectation".to_owned(),
        n => format!("{n} expectations"),
    };
    let notes = match d.filter_text.as_str() {
        "" => vec![expected],
        filter => vec![format!("filter {filter}, {} not shown", d.hidden()), format!("filter {filter}")],
    };
    let fitting = notes.iter().find(|note| paint.width(note) <= area.width).cloned();
    // That something is filtered is said whatever the room.
    let cut = || cut_in(notes.last()?, usize::from(area.width), paint.charset()).into_owned().into();
    let shown: Option<String> = if d.filter_text.is_empty() { fitting } else { fitting.or_else(cut) };
    if let Some(note) = shown {
        paint.bits_right(area.x, area.y, area.right(), &[bit(note, paint.theme.quiet())]);
    }
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
    let found = match model.diagnose.filter_text.as_str() {
        "" => format!("Nothing found on {calls} {}.", if calls == 1 { "call" } else { "calls" }),
        filter => format!("None of {} findings matches `{filter}`. Esc clears the filter.", model.diagnose.hidden()),
    };
    let connected = model.replay.is_some() || matches!(model.link, Link::Live | Link::Gap { .. } | Link::Closed);
    let first = if calls > 0 || connected { found } else { "Not connected: nothing can be found yet.".to_owned() };
    let second = if !model.diagnose.filter_text.is_empty() {
        ""
    } else if model.monitor.examiner.expectations().is_empty() {
        "Missing keys are found when --expect FILE says which keys calls should have."
    } else {
        "Findings appear here by themselves."
    };
    let y = area.y + area.height / 3;
    for (i, (text, style)) in [(first.as_str(), t.strong()), (second, t.quiet())].into_iter().enumerate() {
        let x = area.x + area.width.saturating_sub(paint.width(text)) / 2;
        paint.put(x, y + i as u16, area.right(), text, style);
    }
}

/// The mark of the worst, the title, and how many there are; of several severities, of each with its mark.
fn heading(paint: &mut Paint<'_>, rule: RuleId, counts: &[(Severity, usize)], area: Rect, y: u16) {
    let t = paint.theme;
    let Some((worst, _)) = counts.first() else { return };
    let mut bits = vec![
        bit(mark(paint, *worst), severity(paint, *worst)),
        bit(" ", t.text()),
        bit(capital(rule.rule().title), t.strong()),
    ];
    for (of, n) in counts {
        let mark = if counts.len() > 1 { format!("{} ", mark(paint, *of)) } else { String::new() };
        bits.push(bit(format!("  {mark}{n}"), severity(paint, *of)));
    }
    paint.bits(area.x + 1, y, area.right().saturating_sub(1), &bits);
}

/// The line above the findings of ended calls.
fn ended_heading(paint: &mut Paint<'_>, model: &Model, (count, calls): (usize, usize), open: bool, area: Rect, y: u16) {
    let t = paint.theme;
    let key = model.keymap.key_for_in(Scope::Diagnose, Command::Open);
    let key = key.map(|key| key.label(model.settings.ascii)).unwrap_or_default();
    let findings = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
    let calls = if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
    let bits = [
        bit("Ended", t.quiet()),
        bit(format!("  {findings} on {calls} that ended   "), t.quiet()),
        bit(key, t.strong()),
        bit(if open { " hide" } else { " show" }, t.quiet()),
    ];
    paint.bits(area.x + 3, y, area.right().saturating_sub(1), &bits);
}

/// A title as a heading.
pub(super) fn capital(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Where the columns of the findings begin, and how wide they are.
struct FindingColumns {
    from: (u16, u16),
    at: (u16, u16),
    on: Option<(u16, u16)>,
    key: (u16, u16),
    evidence: u16,
    /// Where the ages end.
    end: u16,
    /// Callers of whom several calls are in sight.
    twice: FxHashSet<String>,
}

/// Callers of whom several calls are among these rows.
fn callers_twice<'r>(model: &Model, rows: impl Iterator<Item = &'r DiagnoseRow>) -> FxHashSet<String> {
    let mut calls: FxHashMap<String, &str> = FxHashMap::default();
    let mut twice = FxHashSet::default();
    for finding in rows.filter_map(DiagnoseRow::finding) {
        let Some(entry) = model.monitor.board.get(finding.conversation.as_str()) else { continue };
        let from = rows::from(&entry.conversation).into_owned();
        let call = finding.conversation.as_str();
        if *calls.entry(from.clone()).or_insert(call) != call {
            twice.insert(from);
        }
    }
    twice
}

/// Of all findings, not of those in sight: nothing jumps in scrolling.
fn columns(paint: &Paint<'_>, model: &Model, table: Rect) -> FindingColumns {
    let diagnose = &model.diagnose;
    let in_sight = diagnose.rows.iter().skip(diagnose.scroll).take(usize::from(table.height));
    let twice = callers_twice(model, in_sight);
    let of = |finding: &Finding| finding.key.as_ref().map_or(0, |key| paint.width(key.as_str()));
    let longest = diagnose.found().iter().map(of).max().unwrap_or(0);
    let key = longest.clamp(12, (table.width / 4).clamp(12, 28));
    let from = (table.x + 3, 16);
    let at = (from.0 + 18, 10);
    let on = (table.width >= 100).then_some((at.0 + 12, 9));
    let key = (on.unwrap_or(at).0 + on.unwrap_or(at).1 + 2, key);
    FindingColumns { from, at, on, key, evidence: key.0 + key.1 + 2, end: table.right().saturating_sub(1), twice }
}

fn heads(paint: &mut Paint<'_>, columns: &FindingColumns, y: u16) {
    let quiet = paint.theme.quiet();
    for ((x, width), head) in [(columns.from, "from"), (columns.at, "at"), (columns.key, "key")] {
        paint.cell(x, y, width, head, Align::Left, quiet);
    }
    if let Some((x, width)) = columns.on {
        paint.cell(x, y, width, "on", Align::Left, quiet);
    }
    let end = paint.bits_right(columns.evidence, y, columns.end, &[bit("since", quiet)]);
    paint.put(columns.evidence, y, end.saturating_sub(1), "evidence", quiet);
}

fn line(
    paint: &mut Paint<'_>,
    model: &Model,
    (finding, is_marked): (&Finding, bool),
    columns: &FindingColumns,
    area: Rect,
    y: u16,
) {
    let t = paint.theme;
    let entry = model.monitor.board.get(finding.conversation.as_str());
    let (from, at) = match entry {
        Some(e) => match flow_of(model, finding, e) {
            Some(flow) => (flow.into(), "flow".into()),
            None => (rows::from(&e.conversation), rows::at(&e.conversation, model.now)),
        },
        None => ("gone".into(), "".into()),
    };
    // Several calls of one number are told apart by the beginning of their id.
    let from = match entry.filter(|_| columns.twice.contains(&*from)) {
        Some(e) => {
            let id: String = e.conversation.id.as_str().chars().take(4).collect();
            let room = usize::from(columns.from.1 - 5);
            // Of a number its last groups.
            let fits = |text: &str| text.len() <= room;
            let number =
                from.match_indices(' ').map(|(i, _)| &from[i + 1..]).find(|end| from.starts_with('+') && fits(end));
            let name = number.map_or_else(|| cut_in(&from, room, paint.charset()).into_owned(), str::to_owned);
            format!("{name} {id}").into()
        }
        None => from,
    };
    let on = finding.participant.as_ref().zip(entry);
    let on = on.and_then(|(id, e)| e.conversation.participant(id.as_str())).map_or("", |p| p.purpose.as_str());
    let key = finding.key.as_ref().map_or("", |k| k.as_str());
    paint.cell(columns.from.0, y, columns.from.1, &from, Align::Left, t.text());
    paint.cell(columns.at.0, y, columns.at.1, &at, Align::Left, t.quiet());
    if let Some((x, width)) = columns.on {
        paint.cell(x, y, width, on, Align::Left, t.quiet());
    }
    paint.cell(columns.key.0, y, columns.key.1, key, Align::Left, t.strong());
    let since = rows::clock_age(rows::between(finding.since.wall, model.now.wall));
    // It was so already when the call was seen first: it is at least that old.
    let since = if entry.is_some_and(|e| was_so_before(e, finding)) { format!(">{since}") } else { since };
    let end = paint.bits_right(columns.evidence, y, columns.end, &[bit(since, t.quiet())]).saturating_sub(2);
    let own = if is_marked { format!("{} ", mark(paint, finding.severity)) } else { String::new() };
    let x = paint.put(columns.evidence, y, end, &own, severity(paint, finding.severity));
    let room = end.saturating_sub(x);
    let message = model.cause(finding).map_or(&*finding.message, |cause| &cause.words);
    paint.put(x, y, end, evidence(paint, message, key, room), t.text());
    let here = Selected::Finding(FindingIdentity::of(finding));
    if model.diagnose.selected.as_ref() == Some(&here) {
        selected(paint, area, y);
    }
}

/// The flow that a finding is about, where it is about one and not about the call by which it showed.
fn flow_of(model: &Model, finding: &Finding, entry: &BoardEntry) -> Option<String> {
    let run = entry.conversation.flow().filter(|_| finding.rule == RuleId::PresenceDrop)?;
    let version = run.version().map(|version| format!(" v{version}")).unwrap_or_default();
    Some(format!("{}{version}", run.name(&model.monitor.board.names)?))
}

/// What to do about a key that a flow lost, by the keys of this screen.
pub(super) fn after_fall(model: &Model, scope: Scope) -> String {
    let key = |command| {
        let key = model.keymap.key_for_in(scope, command).or_else(|| model.keymap.key_for(command));
        key.map(|key| key.label(model.settings.ascii)).unwrap_or_default()
    };
    format!(
        "{} shows since when it is missing and the first call without it, {} why a call lacks it, {} what the new version changed.",
        key(Command::Since),
        key(Command::Why),
        key(Command::Flow)
    )
}

/// How long after the first look at a call what is found on it was so before.
const AT_FIRST: Duration = Duration::from_secs(1);

/// Whether the call was older when it was seen first, and this was found then.
fn was_so_before(entry: &BoardEntry, finding: &Finding) -> bool {
    let c = &entry.conversation;
    let older = rows::between(rows::began(c), c.first_seen.wall) > 3 * AT_FIRST;
    older && finding.since.mono.saturating_sub(c.first_seen.mono) <= AT_FIRST
}

/// The line that stands for the rest of a rule.
fn folded(paint: &mut Paint<'_>, model: &Model, count: usize, first: &str, area: Rect, y: u16) {
    let t = paint.theme;
    let from = model.monitor.board.get(first).map(|entry| rows::from(&entry.conversation));
    let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let words = format!("{}{others}", from.unwrap_or_default());
    let key = model.keymap.key_for_in(Scope::Diagnose, Command::Open);
    let key = key.map(|key| key.label(model.settings.ascii)).unwrap_or_default();
    let bits =
        [bit(format!("{} {words}   ", paint.glyphs.below), t.quiet()), bit(key, t.strong()), bit(" unfold", t.quiet())];
    paint.bits(area.x + 3, y, area.right().saturating_sub(1), &bits);
}

fn selected(paint: &mut Paint<'_>, area: Rect, y: u16) {
    let t = paint.theme;
    paint.put(area.x + 1, y, area.x + 2, paint.glyphs.selection, t.text());
    paint.tint(Rect { y, height: 1, ..area }, |style| t.selected(style));
}

/// As much of a message as has room without being cut in a sentence: without the key, which stands beside it, then without what stands
/// in brackets at its end, then its first clause. The whole of it stands below.
fn evidence<'a>(paint: &Paint<'_>, message: &'a str, key: &str, room: u16) -> &'a str {
    let fits = |text: &str| paint.width(text) <= room;
    let rest = without_key(message, key);
    let rest = rest.strip_prefix("is ").unwrap_or(rest);
    let without = |text: &'a str, at: &str| text.find(at).map(|i| &text[..i]).filter(|text| fits(text));
    if fits(rest) {
        return rest;
    }
    [" (", ": ", ", ", " at "].into_iter().find_map(|end| without(rest, end)).unwrap_or(rest)
}

/// A message without the key that it begins with, where that stands beside it.
pub(super) fn without_key<'a>(message: &'a str, key: &str) -> &'a str {
    message.strip_prefix(key).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(message)
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
    let t = paint.theme;
    let Some(finding) = model.diagnose.finding() else {
        let words = match model.diagnose.selected {
            Some(Selected::Folded(_)) => "More findings like those above are folded.",
            Some(Selected::Ended) => "What was found on calls that have ended since.",
            _ => "",
        };
        paint.put(area.x, area.y, area.right(), words, t.quiet());
        return;
    };
    let rule = finding.rule.rule();
    let mut lines: Vec<Bits<'_>> = Vec::new();
    let entry = model.monitor.board.get(finding.conversation.as_str());
    let style = severity(paint, finding.severity);
    let of = entry.and_then(|entry| flow_of(model, finding, entry));
    // A rule without a key says by its title what it is about.
    let what = match (&finding.key, &of) {
        (Some(key), Some(flow)) if finding.rule == RuleId::PresenceDrop => format!("{key} missing since {flow}"),
        (Some(key), _) => format!("{key} {}", rule.short),
        (None, _) => capital(rule.title),
    };
    let mut head = vec![bit(format!("{} {what}", mark(paint, finding.severity)), style)];
    let participant = finding.participant.as_ref().zip(entry);
    let who = participant.and_then(|(p, e)| e.conversation.participant(p.as_str()));
    head.extend(who.map(|who| bit(format!(" {} {}", paint.glyphs.dot, who.purpose.as_str()), t.text())));
    if let Some(entry) = entry.filter(|_| finding.rule != RuleId::PresenceDrop || of.is_none()) {
        head.push(bit(if who.is_some() || of.is_some() { " of " } else { " on " }, t.quiet()));
        head.push(bit(of.map_or_else(|| rows::from(&entry.conversation), Into::into), t.strong()));
    }
    let earlier = if entry.is_some_and(|e| was_so_before(e, finding)) { " or before" } else { "" };
    let noticed = format!("{} noticed", paint.glyphs.dot);
    let since = if finding.rule == RuleId::PresenceDrop { noticed.as_str() } else { "since" };
    head.push(bit(format!(" {since} {}{earlier}", times::time_of(model, finding.since.wall)), t.quiet()));
    // On whom and since when go to lines of their own before anything is cut.
    let mut since = None;
    if paint.bits_width(&head) > area.width {
        since = head.pop();
    }
    let who = if paint.bits_width(&head) > area.width { head.split_off(1) } else { Vec::new() };
    lines.push(head);
    let rest: Bits<'_> = who.into_iter().chain(since).collect();
    if !rest.is_empty() {
        lines.push(std::iter::once(bit(" ", t.text())).chain(rest).collect());
    }
    let mut below: Vec<Vec<Bits<'_>>> = Vec::new();
    let cause = model.cause(finding);
    let is_fall = finding.rule == RuleId::PresenceDrop || model.monitor.examiner.is_lost(finding);
    let fall = is_fall.then(|| after_fall(model, Scope::Diagnose));
    let remedy = cause.and_then(|cause| cause.remedy.as_deref()).map(|remedy| format!("{}.", capital(remedy)));
    let sections = [
        Some(("Evidence", &*finding.message, t.text())),
        cause.map(|cause| ("Cause", cause.words.as_str(), t.strong())),
        Some(("Impact", rule.why, t.text())),
        Some(("Fix", remedy.as_deref().or(fall.as_deref()).unwrap_or(rule.remedy), t.text())),
        Some(("Source", rule.source, t.quiet())),
    ]
    .into_iter()
    .flatten();
    for (title, text, style) in sections {
        let mut section = Vec::new();
        for (i, line) in paint.paragraph(text, area.width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = format!("{:<1$}", if i == 0 { title } else { "" }, usize::from(LABEL));
            section.push(vec![bit(label, t.strong()), bit(line, style)]);
        }
        below.push(section);
    }
    // Where a rule comes from gives way before anything is cut.
    if lines.len() + below.iter().map(Vec::len).sum::<usize>() > usize::from(area.height) {
        below.pop();
    }
    lines.extend(below.into_iter().flatten());
    // Air below the head, where there is room.
    if lines.len() < usize::from(area.height) {
        lines.insert(1, Vec::new());
    }
    for (y, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        paint.bits(area.x, area.y + y as u16, area.right(), line);
    }
}
