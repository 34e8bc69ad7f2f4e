//! The Calls screen.

use super::{
    cell, diagnose,
    paint::{Bit, Paint, bit},
    times,
};
use crate::app::{
    Model,
    calls::{self, Column, Show, Sort},
    keymap::Command,
    layout, rows,
};
use crate::domain::{
    Conversation, Entry, Freshness, HistoryEntry,
    findings::Severity,
    text::{self, Align},
};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let areas = layout::calls(model.size);
    title(paint, model, areas.title);
    if model.calls.rows.is_empty() {
        empty(paint, model, areas.table);
    } else {
        heads(paint, model, areas.heads);
        for (y, id) in
            model.calls.rows.iter().skip(model.calls.scroll).take(usize::from(areas.table.height)).enumerate()
        {
            if let Some(entry) = model.monitor.board.get(id.as_str()) {
                row(paint, model, &entry.conversation, areas.table, areas.table.y + y as u16);
            }
        }
    }
    paint.rule(areas.strip_rule);
    if let Some(entry) = model.selected_call() {
        strip(paint, model, entry, areas.strip);
        if let Some(side) = areas.side {
            preview(paint, model, entry, side);
        }
    } else if let Some(side) = areas.side {
        paint.wall(side);
    }
}

fn title(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let ended = model.monitor.board.ended();
    let live = model.monitor.board.len() - ended;
    let mut words = format!(" {live} live");
    if ended > 0 {
        words.push_str(&format!(", {ended} ended"));
    }
    words.push_str(&format!(" {} {}", paint.glyphs.dot, model.calls.sort.words(model.calls.reverse)));
    let mut left = vec![bit("Calls", t.strong()), bit(words, t.quiet())];
    if model.trap.is_some() {
        left.push(bit(format!("   {} trap set: waiting", paint.glyphs.pending), t.pending()));
    }
    let x = paint.bits(area.x + 1, area.y, area.right(), &left);
    let page = usize::from(layout::calls(model.size).table.height);
    let above = model.calls.scroll;
    let below = model.calls.rows.len().saturating_sub(above + page);
    let mut right: Vec<Bit<'_>> = Vec::new();
    if !model.calls.filter_text.is_empty() {
        right.push(bit("filter ", t.quiet()));
        right.push(bit(model.calls.filter_text.as_str(), t.accent()));
        right.push(bit(format!("  {} of {}  ", model.calls.rows.len(), model.monitor.board.len()), t.quiet()));
    }
    if above > 0 {
        right.push(bit(format!("{} {above} above", paint.glyphs.above), t.quiet()));
    }
    if below > 0 {
        let gap = if above > 0 { "  " } else { "" };
        right.push(bit(format!("{gap}{} {below} below", paint.glyphs.below), t.quiet()));
    }
    paint.bits_right(x + 2, area.y, area.right().saturating_sub(1), &right);
}

fn heads(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let quiet = paint.theme.quiet();
    for column in &model.calls.columns {
        let (word, sort) = match column.show {
            Show::Age => ("age".into(), Sort::Age),
            Show::Media => ("media".into(), Sort::Media),
            Show::From => ("from".into(), Sort::From),
            Show::To => ("to / flow".into(), Sort::To),
            Show::At => ("at".into(), Sort::At),
            Show::Attribute(n) => {
                let key = model.calls.keys.get(n).map_or("", |k| k.as_str());
                (text::key_label(key), Sort::Attribute(n))
            }
        };
        let sorted = model.calls.sort == sort && sort != Sort::Age;
        let style = if sorted { paint.theme.strong() } else { quiet };
        paint.cell(column.x, area.y, column.width, &word, align(column.show), style);
    }
}

fn align(show: Show) -> Align {
    if show == Show::Age { Align::Right } else { Align::Left }
}

fn row(paint: &mut Paint<'_>, model: &Model, c: &Conversation, area: Rect, y: u16) {
    let t = paint.theme;
    let under_hand = model.calls.selected.as_ref() == Some(&c.id);
    let over = c.is_over();
    let base = if over { t.quiet() } else { t.text() };
    for column in &model.calls.columns {
        match column.show {
            Show::Attribute(n) => attribute(paint, model, c, *column, n, y, base),
            show => {
                let text = calls::fact(c, show, &model.monitor.board, model.now);
                paint.cell(column.x, y, column.width, &text, align(show), base);
            }
        }
    }
    let stale = c.freshness == Freshness::Stale;
    let drafted = model.outbox.has_draft(&c.id);
    let mark = if model.marked.as_ref() == Some(&c.id) {
        paint.glyphs.on
    } else if stale {
        paint.glyphs.stale
    } else if drafted {
        paint.glyphs.draft
    } else if !c.left.is_empty() {
        paint.glyphs.then
    } else if model.calls.pinned.contains(&c.id) {
        paint.glyphs.pin
    } else {
        " "
    };
    if mark != " " {
        paint.put(
            area.x,
            y,
            area.x + 1,
            mark,
            if stale {
                t.stale()
            } else if drafted {
                t.mine()
            } else {
                t.accent()
            },
        );
    }
    if let Some((count, worst)) = model.monitor.examiner.summary(c.id.as_str()).filter(|(_, w)| *w > Severity::Info) {
        let style = diagnose::severity(paint, worst);
        let words = format!("{} {count}", paint.glyphs.alarm);
        paint.bits_right(area.x, y, area.right().saturating_sub(1), &[bit(words, style)]);
    }
    if under_hand {
        paint.put(area.x + 1, y, area.x + 2, paint.glyphs.hand, t.text());
        paint.tint(Rect { y, height: 1, ..area }, |style| t.under_hand(style));
    }
}

fn attribute(paint: &mut Paint<'_>, model: &Model, c: &Conversation, column: Column, n: usize, y: u16, base: Style) {
    let t = paint.theme;
    let Some(key) = model.calls.keys.get(n) else { return };
    let Some(participant) = calls::value(c, key.as_str()).map(|(p, _)| p).or_else(|| c.customer()) else {
        paint.put(column.x, y, column.x + column.width, paint.glyphs.absent, t.quiet());
        return;
    };
    let mut look = cell::look(paint, model, c, participant, key.as_str(), base);
    // A row has no room for words; the mark says it.
    if let Some((_, word, _)) = &mut look.note {
        *word = "".into();
    }
    cell::draw(paint, column.x, y, column.width, &look);
}

fn empty(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let y = area.y + area.height / 3;
    let on = match model.settings.watching.as_str() {
        "" => String::new(),
        names => format!(" on {names}"),
    };
    let all = model.monitor.board.len();
    if all > 0 && !model.calls.filter_text.is_empty() {
        let filter = model.calls.filter_text.as_str();
        let words = match all {
            1 => format!("The one call here does not match `{filter}`. Esc clears the filter."),
            _ => format!("None of {all} calls matches `{filter}`. Esc clears the filter."),
        };
        let lines = paint.paragraph(&words, area.width.saturating_sub(4));
        for (y, line) in (y..area.bottom()).zip(&lines) {
            let x = area.x + area.width.saturating_sub(paint.width(line)) / 2;
            paint.put(x, y, area.right(), line, t.strong());
        }
        return;
    }
    let first = if model.link.is_live() { format!("No live calls{on}.") } else { "Not connected yet.".to_owned() };
    let key = |command| model.keymap.key_for(command).map(|k| k.label(model.settings.ascii)).unwrap_or_default();
    let second = if model.link.is_live() {
        let (topics, trap) = (key(Command::Topics), key(Command::Trap));
        format!("Waiting. {topics} chooses what is watched, {trap} traps the next call.")
    } else {
        "Calls appear here as soon as the link is up.".to_owned()
    };
    for (i, (text, style)) in [(first.as_str(), t.strong()), (second.as_str(), t.quiet())].into_iter().enumerate() {
        let x = area.x + area.width.saturating_sub(paint.width(text)) / 2;
        paint.put(x, y + i as u16, area.right(), text, style);
    }
}

/// The path of a call, and what changed last.
fn strip(paint: &mut Paint<'_>, model: &Model, entry: &Entry, area: Rect) {
    let t = paint.theme;
    let c = &entry.conversation;
    let mut path: Vec<Bit<'_>> = Vec::new();
    for (i, station) in rows::path(c, &model.monitor.board.names).into_iter().enumerate() {
        if i > 0 {
            path.push(bit(format!(" {} ", paint.glyphs.then), t.quiet()));
        }
        path.push(bit(station, t.text()));
    }
    let attributes: usize = c.participants.iter().map(|p| p.attributes.len()).sum();
    path.push(bit(format!("   {attributes} attributes"), t.quiet()));
    let end = area.right().saturating_sub(1);
    let x = paint.bits(area.x + 1, area.y, end, &path);
    let Some(last) = entry.history.iter().next_back() else {
        if area.height > 1 {
            paint.put(area.x + 1, area.y + 1, end, "no change since it was first seen", t.quiet());
        }
        return;
    };
    let bits = change(paint, model, last);
    if area.height > 1 {
        paint.bits(area.x + 1, area.y + 1, end, &bits);
    } else {
        paint.bits(x + 3, area.y, end, &bits);
    }
}

fn change<'a>(paint: &Paint<'_>, model: &Model, last: &'a HistoryEntry) -> Vec<Bit<'a>> {
    let t = paint.theme;
    let ago = rows::clock_age(model.now.mono.saturating_sub(last.at.mono));
    let mut bits = vec![
        bit("last change ", t.quiet()),
        bit(ago, t.text()),
        bit(" ago  ", t.quiet()),
        bit(last.key.as_str(), t.text()),
        bit(" ", t.text()),
    ];
    bits.extend(old_to_new(paint, last));
    bits
}

/// `old → new`, with words for what is not there.
pub(super) fn old_to_new<'a>(paint: &Paint<'_>, entry: &'a HistoryEntry) -> Vec<Bit<'a>> {
    let t = paint.theme;
    let old = match &entry.old {
        Some(v) => bit(short(v.as_str()), t.text()),
        None => bit("absent", t.quiet()),
    };
    let new = match &entry.new {
        Some(v) => bit(short(v.as_str()), t.strong()),
        None => bit("gone", t.alarm()),
    };
    vec![old, bit(format!(" {} ", paint.glyphs.to), t.quiet()), new]
}

/// The beginning of a value, for places that show several on one line.
fn short(text: &str) -> std::borrow::Cow<'_, str> {
    crate::domain::text::cut(text, 28)
}

/// The attributes of the call under the hand, beside the table of a wide terminal.
fn preview(paint: &mut Paint<'_>, model: &Model, entry: &Entry, area: Rect) {
    let t = paint.theme;
    paint.wall(area);
    let c = &entry.conversation;
    let (x, end) = (area.x + 2, area.right().saturating_sub(1));
    let mut y = area.y;
    let keys =
        c.participants.iter().flat_map(|p| &p.attributes).map(|a| paint.width(&text::key_label(a.key.as_str()))).max();
    let key_width = keys.unwrap_or(0).min(area.width / 2).max(8);
    for p in &c.participants {
        if y >= area.bottom() {
            break;
        }
        let name = p.name.as_deref().filter(|n| !n.is_empty() && !p.purpose.is_customer()).unwrap_or("");
        let style = if p.is_connected() { t.strong() } else { t.quiet() };
        let state = if p.is_connected() { p.state.as_str() } else { "left" };
        let joined = p.connected.map(|at| times::time_of(model, at)).unwrap_or_default();
        let head = [
            bit(p.purpose.as_str(), style),
            bit(" ", t.text()),
            bit(name, t.text()),
            bit(format!("  {state} {joined}"), t.quiet()),
        ];
        paint.bits(x, y, end, &head);
        y += 1;
        for a in &p.attributes {
            if y >= area.bottom() {
                break;
            }
            let fresh = model.fresh.of(model.now, &c.id, &p.id, &a.key);
            let style = match fresh {
                Some(age) if age.flashes() => t.flash(),
                Some(_) => t.fresh(),
                None => t.text(),
            };
            paint.cell(x, y, key_width, &text::key_label(a.key.as_str()), Align::Left, t.quiet());
            paint.put(x + key_width + 2, y, end, a.value.as_str(), style);
            y += 1;
        }
        if !p.attributes.is_empty() {
            y += 1;
        }
    }
}
