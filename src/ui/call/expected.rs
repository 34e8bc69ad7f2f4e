//! Expected: what is missing is spelled out with its cause, what is met is one line with its time.

use super::put;
use crate::app::call::{
    CallScreen,
    expected::{ExpectedKey, Group, KeyStatus},
};
use crate::domain::{BoardEntry, FlowRun, Names, expect::Milestone, findings::Severity, text};
use crate::ui::{
    paint::{Bit, Bits, Paint, bit, count},
    times,
};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, names: &Names, call: &CallScreen, entry: &BoardEntry, area: Rect) {
    // Notes are whole where all of them have room; else each is cut to one line, and what is wrong is not.
    let mut lines = all(paint, names, call, entry, area, true);
    if lines.len() > usize::from(area.height) {
        lines = all(paint, names, call, entry, area, false);
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    lines.extend(also(paint, call, area, room));
    put(paint, &lines, area, 0, None);
}

/// The other keys of the flow, in the rows that are left: a line each, or one after the other.
fn also<'a>(paint: &Paint<'_>, call: &CallScreen, area: Rect, room: usize) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let Some(group) = call.also.as_ref().filter(|_| room >= 3) else { return Vec::new() };
    let mut lines = vec![Vec::new(), vec![bit("Other keys of the flow", t.strong())]];
    if group.items.len() + lines.len() <= room {
        let keys = key_width(call, area)
            .max(count(group.items.iter().map(|i| text::width(i.key.as_str())).max().unwrap_or(0) + 2));
        lines.extend(group.items.iter().flat_map(|item| line(paint, call, item, keys, area.width, false)));
        lines.truncate(room);
        return lines;
    }
    let named = |wanted: fn(&KeyStatus) -> bool| -> Vec<&str> {
        group.items.iter().filter(|item| wanted(&item.standing)).map(|item| item.key.as_str()).collect()
    };
    let kinds = [
        (paint.glyphs.missing, t.alarm(), named(|s| s.is_bad())),
        (paint.glyphs.seen, t.seen(), named(|s| matches!(s, KeyStatus::Met(_)))),
        (paint.glyphs.absent, t.quiet(), named(|s| matches!(s, KeyStatus::Open | KeyStatus::Absent))),
    ];
    for (mark, style, keys) in kinds.into_iter().filter(|(.., keys)| !keys.is_empty()) {
        let left = room - lines.len();
        if left == 0 {
            break;
        }
        let said = paint.paragraph(&keys.join(", "), area.width.saturating_sub(2));
        let more = said.len() > left;
        for (i, text) in said.into_iter().take(left).enumerate() {
            let text = if more && i + 1 == left { format!("{text} {}", paint.charset().ellipsis()) } else { text };
            let head = if i == 0 { mark } else { " " };
            lines.push(vec![bit(format!("{head} "), style), bit(cut(paint, &text, area.width - 2), t.text())]);
        }
    }
    lines
}

fn all<'a>(
    paint: &Paint<'_>,
    names: &Names,
    call: &CallScreen,
    entry: &BoardEntry,
    area: Rect,
    whole: bool,
) -> Vec<Bits<'a>> {
    let keys = key_width(call, area);
    let mut lines: Vec<Bits<'_>> = Vec::new();
    for (n, group) in call.expected.iter().enumerate() {
        // Between groups an empty line, where there is room for all.
        let all: usize = call.expected.iter().map(|g| g.items.len() + 2).sum();
        if n > 0 && all <= usize::from(area.height) {
            lines.push(Vec::new());
        }
        lines.push(title(paint, names, entry, group, n == 0));
        for item in &group.items {
            lines.extend(line(paint, call, item, keys, area.width, whole));
        }
    }
    lines
}

pub(super) fn key_width(call: &CallScreen, area: Rect) -> u16 {
    let widest = call.expected.iter().flat_map(|g| &g.items).map(|i| text::width(i.key.as_str())).max().unwrap_or(0);
    count(widest).clamp(8, (area.width / 3).max(8)) + 2
}

/// `Expected at flow end 0:24, MainIVR v43`.
pub(super) fn title<'a>(paint: &Paint<'_>, names: &Names, entry: &BoardEntry, group: &Group, first: bool) -> Bits<'a> {
    let t = paint.theme;
    let c = &entry.conversation;
    let mut bits = Vec::new();
    let (head, when) = match group.by {
        None => ("Keys of the flow", String::new()),
        Some(by) => ("Expected", words(by)),
    };
    if first {
        bits.push(bit(head, t.strong()));
    }
    let when = if first { format!(" {when}") } else { when };
    let passed = match group.passed {
        Some(Some(after)) => format!(" {}", times::offset(after)),
        Some(None) => String::new(),
        None if group.by.is_some() => " (not yet reached)".to_owned(),
        None => " (it still runs)".to_owned(),
    };
    let flow = match group.by {
        Some(Milestone::FlowEnd) | None => {
            c.flow().map(|run| format!(", {}", flow_words(run, names))).unwrap_or_default()
        }
        _ => String::new(),
    };
    let style = if first { t.quiet() } else { t.strong() };
    let mut when = format!("{when}{passed}{flow}");
    if group.by.is_none() {
        when = when.trim_start_matches([',', ' ']).to_owned();
        when.insert(0, ' ');
    }
    bits.push(bit(when, style));
    bits
}

/// `MainIVR v43`.
pub(in crate::ui) fn flow_words(run: &FlowRun, names: &Names) -> String {
    let name = run.name(names).unwrap_or(run.id.as_str());
    match run.version() {
        Some(version) => format!("{name} v{version}"),
        None => name.to_owned(),
    }
}

fn words(by: Milestone) -> String {
    match by {
        Milestone::Start => "at start".to_owned(),
        Milestone::FlowEnd => "at flow end".to_owned(),
        Milestone::Queue => "at queue".to_owned(),
        Milestone::Agent => "at agent".to_owned(),
        Milestone::End => "at end".to_owned(),
        after @ Milestone::After(_) => format!("after {after}"),
    }
}

/// Mark and words for how the call stands to a key.
pub(super) fn standing<'a>(paint: &Paint<'_>, standing: &KeyStatus) -> (Bit<'a>, Style) {
    let t = paint.theme;
    let g = paint.glyphs;
    let (words, style) = match standing {
        KeyStatus::Missing => (format!("{} missing", g.missing), t.alarm()),
        KeyStatus::Elsewhere(on) => (format!("{} on {on}", g.alarm), t.warn()),
        KeyStatus::Wrong(rule, severity) => {
            let mark = if *severity == Severity::Error { g.missing } else { g.alarm };
            let style = if *severity == Severity::Error { t.alarm() } else { t.warn() };
            (format!("{mark} {}", rule.rule().short), style)
        }
        KeyStatus::Met(Some(after)) => (format!("{} {}", g.seen, times::offset(*after)), t.seen()),
        KeyStatus::Met(None) => (g.seen.to_owned(), t.seen()),
        KeyStatus::Open => (format!("{} not yet", g.absent), t.quiet()),
        KeyStatus::Absent => (format!("{} absent", g.absent), t.quiet()),
    };
    (bit(words, style), style)
}

/// One key: how it stands, and why or where it comes from.
pub(super) fn line<'a>(
    paint: &Paint<'_>,
    call: &CallScreen,
    item: &ExpectedKey,
    keys: u16,
    width: u16,
    whole: bool,
) -> Vec<Bits<'a>> {
    const STANDING: u16 = 11;
    let t = paint.theme;
    let here = call.selection.as_ref().is_some_and(|h| h.key.as_ref() == Some(&item.key));
    let key = text::fit_in(item.key.as_str(), usize::from(keys), text::Align::Left, paint.charset()).into_owned();
    let (mark, _) = standing(paint, &item.standing);
    let mark_width = paint.width(&mark.0).max(STANDING - 2);
    let mut head = vec![bit(key, if here { t.strong() } else { t.text() }), (mark.0.clone(), mark.1)];
    head.push(bit(" ".repeat(usize::from(mark_width + 2 - paint.width(&mark.0))), t.text()));
    let room = width.saturating_sub(keys + mark_width + 2);
    let cause = &item.cause;
    let why = cause.clone().or_else(|| item.note.clone()).unwrap_or_default();
    let style = if cause.is_some() { t.text() } else { t.quiet() };
    let bad = item.standing.is_bad();
    let mut lines: Vec<Bits<'a>> = Vec::new();
    // What is wrong is never cut, as long as it is not a story.
    let said = if bad || whole { paint.paragraph(&why, room) } else { vec![cut(paint, &why, room)] };
    let most = if bad || whole { 3 } else { 1 };
    let more = said.len() > most;
    for (i, mut text) in said.into_iter().take(most).enumerate() {
        if more && i + 1 == most {
            text = cut(paint, &format!("{text} {}", paint.charset().ellipsis()), room);
        }
        if i == 0 {
            head.push(bit(text, style));
        } else {
            let pad = " ".repeat(usize::from(keys + mark_width + 2));
            lines.push(vec![bit(pad, t.text()), bit(text, style)]);
        }
    }
    lines.insert(0, head);
    lines
}

fn cut(paint: &Paint<'_>, text: &str, room: u16) -> String {
    text::cut_in(text, usize::from(room), paint.charset()).into_owned()
}
