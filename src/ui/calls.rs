//! The Calls screen.

mod coverage;
mod strip;

use super::{
    cell, diagnose,
    paint::{Bits, Paint, bit},
};
use crate::app::{
    Model,
    calls::{self, Column, ColumnShows, Fixed, MARGIN, Sort},
    keymap::Command,
    popups::Overlay,
    signin::How,
};
use crate::domain::{Conversation, Freshness, Link, findings::Severity, text::Align};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let areas = model.calls.areas(model.size);
    title(paint, model, areas.title, areas.table);
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
        strip::draw(paint, model, entry, areas.strip);
    }
    if let Some(side) = areas.side {
        coverage::beside(paint, model, side);
    } else if let Some(below) = areas.below {
        coverage::below(paint, model, below);
    }
}

fn title(paint: &mut Paint<'_>, model: &Model, area: Rect, table: Rect) {
    let t = paint.theme;
    let dot = paint.glyphs.dot;
    let calls = &model.calls;
    let ended = model.monitor.board.ended();
    let live = model.monitor.board.len() - ended;
    let mut left = vec![bit("Calls", t.strong())];
    if calls.filter_text.is_empty() {
        left.push(bit(format!(" {live} live"), t.quiet()));
    } else {
        let shown = calls.rows.len() - usize::from(calls.mismatch);
        let of = if calls.hides_ended { live } else { model.monitor.board.len() };
        left.push(bit(format!(" {shown}"), t.text()));
        left.push(bit(format!(" of {of}"), t.quiet()));
    }
    if ended > 0 && !calls.hides_ended {
        left.push(bit(format!(", {ended} ended"), t.quiet()));
    }
    let arrow = if calls.reverse { paint.glyphs.descending } else { paint.glyphs.ascending };
    left.push(bit(format!(" {dot} by "), t.quiet()));
    left.push(bit(calls.sort.name().to_owned(), t.quiet()));
    left.push(bit(format!(" {arrow}"), t.quiet()));
    if ended > 0 && calls.hides_ended {
        left.push(bit(format!(" {dot} "), t.quiet()));
        left.push(bit(model.key_label(Command::HideEnded), t.strong()));
        left.push(bit(format!(" shows {ended} ended"), t.quiet()));
    }
    if model.trap.is_some() {
        left.push(bit(format!("   {} trap set: waiting", paint.glyphs.pending), t.pending()));
    }
    let x = paint.bits(area.x + 1, area.y, area.right(), &left);
    let above = calls.scroll;
    let below = calls.rows.len().saturating_sub(above + usize::from(table.height));
    let mut more: Bits<'_> = Vec::new();
    if above > 0 {
        more.push(bit(format!("  {} {above} above", paint.glyphs.above), t.quiet()));
    }
    if below > 0 {
        more.push(bit(format!("  {} {below} below", paint.glyphs.below), t.quiet()));
    }
    let end = area.right().saturating_sub(1);
    let room = end.saturating_sub(x + 2);
    if calls.filter_text.is_empty() {
        paint.bits_right(x + 2, area.y, end, &more);
        return;
    }
    // The filter is said in any case, as much of it as there is room for.
    let mut right = vec![bit("filter ", t.quiet()), bit(calls.filter_text.as_str(), t.text())];
    if paint.bits_width(&right) + paint.bits_width(&more) <= room {
        right.append(&mut more);
    } else if paint.bits_width(&right) > room {
        let text =
            crate::domain::text::cut_in(&calls.filter_text, usize::from(room.saturating_sub(7)), paint.charset());
        right[1] = bit(text.into_owned(), t.text());
    }
    paint.bits_right(x + 2, area.y, end, &right);
}

fn heads(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let calls = &model.calls;
    for column in &calls.columns {
        let sort = match column.show {
            ColumnShows::Fact(fixed) => Some(fixed.sort()),
            ColumnShows::Attribute(n) => calls.keys.get(n).cloned().map(Sort::Attribute),
        };
        let Some(sort) = sort else { continue };
        let name = sort.name();
        if sort != calls.sort {
            paint.cell(column.x, area.y, column.width, name, align(column.show), t.quiet());
            continue;
        }
        let arrow = if calls.reverse { paint.glyphs.descending } else { paint.glyphs.ascending };
        // The arrow stays where the name is cut.
        let room = usize::from(column.width.saturating_sub(2));
        let name = crate::domain::text::cut_in(name, room, paint.charset());
        paint.cell(column.x, area.y, column.width, &format!("{name} {arrow}"), align(column.show), t.strong());
    }
    let (left, right) = calls.more;
    if left > 0
        && let Some(first) = calls.columns.iter().find(|c| matches!(c.show, ColumnShows::Attribute(_)))
    {
        paint.put(first.x.saturating_sub(2), area.y, first.x, paint.glyphs.left, t.strong());
    }
    if right > 0 {
        let words = format!("+{right} {}", paint.glyphs.right);
        paint.bits_right(area.x, area.y, area.right(), &[bit(words, t.strong())]);
    }
}

fn align(show: ColumnShows) -> Align {
    if show == ColumnShows::Fact(Fixed::Age) { Align::Right } else { Align::Left }
}

fn row(paint: &mut Paint<'_>, model: &Model, c: &Conversation, area: Rect, y: u16) {
    let t = paint.theme;
    let selected = model.calls.selected.as_ref() == Some(&c.id);
    let stale = c.freshness == Freshness::Stale;
    let base = if c.is_over() || stale { t.quiet() } else { t.text() };
    for column in &model.calls.columns {
        match column.show {
            ColumnShows::Attribute(n) => attribute(paint, model, c, *column, n, y, base),
            ColumnShows::Fact(fixed) => {
                let text = calls::fact(c, fixed, &model.monitor.board, model.now);
                let text = match fixed {
                    Fixed::From => end_of_number(paint, &text, column.width),
                    _ => text,
                };
                let left = fixed == Fixed::At && !c.left.is_empty();
                let style = if left { t.warn() } else { base };
                paint.cell(column.x, y, column.width, &text, align(column.show), style);
            }
        }
    }
    let g = paint.glyphs;
    let mark = match () {
        () if model.marked.as_ref() == Some(&c.id) => Some((g.on, t.strong())),
        () if model.outbox.alarms_on(&c.id) > 0 => Some((g.missing, t.alarm())),
        () if model.outbox.has_draft(&c.id) => Some((g.draft, t.mine())),
        () if model.outbox.is_sending(&c.id) => Some((g.pending, t.pending())),
        () if stale => Some((g.stale, t.stale())),
        () if model.calls.pinned.contains(&c.id) => Some((g.pin, t.strong())),
        () => None,
    };
    // Where two marks compete, the selected row says the other one.
    if let Some((mark, style)) = mark {
        paint.put(area.x, y, area.x + 1, mark, style);
    }
    if let Some((count, worst)) = model.monitor.examiner.summary(c.id.as_str()).filter(|(_, w)| *w > Severity::Info) {
        let style = diagnose::severity(paint, worst);
        let words = format!("{} {count}", diagnose::mark(paint, worst));
        paint.bits_right(area.x, y, area.right().saturating_sub(1), &[bit(words, style)]);
    }
    if selected {
        paint.put(area.x + 1, y, area.x + MARGIN - 1, g.selection, t.text());
        paint.tint(Rect { y, height: 1, ..area }, |style| t.selected(style));
    }
}

/// A telephone number that has no room is known by its end; everything else is cut at its end.
pub(super) fn end_of_number<'a>(paint: &Paint<'_>, text: &'a str, width: u16) -> std::borrow::Cow<'a, str> {
    let number = text.starts_with('+') && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b' '));
    let mark = paint.charset().ellipsis();
    let room = usize::from(width.saturating_sub(paint.width(mark)));
    if !number || text.len() <= usize::from(width) {
        return std::borrow::Cow::Borrowed(text);
    }
    std::borrow::Cow::Owned(format!("{mark}{}", text[text.len() - room..].trim_start()))
}

fn attribute(paint: &mut Paint<'_>, model: &Model, c: &Conversation, column: Column, n: usize, y: u16, base: Style) {
    let t = paint.theme;
    let Some(key) = model.calls.keys.get(n) else { return };
    let Some(participant) = calls::value(c, key.as_str()).map(|(p, _)| p).or_else(|| c.customer()) else {
        paint.put(column.x, y, column.x + column.width, paint.glyphs.absent, t.quiet());
        return;
    };
    let look = cell::look(paint, model, c, participant, key.as_str(), base);
    cell::draw(paint, column.x, y, column.width, &look);
}

/// No calls are listed because there is no connection: the middle of the screen says why.
pub(super) fn says_why_not_connected(model: &Model) -> bool {
    let is_down = matches!(model.link, Link::Reconnecting { .. } | Link::Offline { .. } | Link::SignedOut { .. });
    is_down && model.calls.rows.is_empty() && !is_filtered_out(model)
}

/// There are calls, and the filter lets none of them through.
fn is_filtered_out(model: &Model) -> bool {
    let ended = if model.calls.hides_ended { model.monitor.board.ended() } else { 0 };
    model.monitor.board.len() > ended && !model.calls.filter_text.is_empty()
}

fn empty(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let y = area.y + area.height / 3;
    let on = match model.settings.watching.as_str() {
        "" => String::new(),
        names => format!(" on {names}"),
    };
    let ended = model.monitor.board.ended();
    let all = model.monitor.board.len() - if model.calls.hides_ended { ended } else { 0 };
    if is_filtered_out(model) {
        let filter = model.calls.filter_text.as_str();
        let esc = match model.overlays.last() {
            Some(Overlay::Filter(_)) => "Esc cancels.",
            _ => "Esc clears the filter.",
        };
        let words = match all {
            1 => format!("The one call here does not match `{filter}`. {esc}"),
            _ => format!("None of {all} calls matches `{filter}`. {esc}"),
        };
        let lines = paint.paragraph(&words, area.width.saturating_sub(4));
        for (y, line) in (y..area.bottom()).zip(&lines) {
            let x = area.x + area.width.saturating_sub(paint.width(line)) / 2;
            paint.put(x, y, area.right(), line, t.strong());
        }
        return;
    }
    let unreached = match &model.link {
        Link::Reconnecting { reason, until, attempt } => {
            let wait = until.mono.saturating_sub(model.now.mono).as_secs_f32().ceil() as u32;
            let when = if wait == 0 { "now".to_owned() } else { format!("in {wait} s") };
            Some((reason, format!("Trying again {when} (try {attempt}).")))
        }
        Link::Offline { reason, .. } => Some((reason, String::new())),
        Link::SignedOut { reason } => Some((reason, String::new())),
        Link::Connecting | Link::Live | Link::Gap { .. } | Link::Closed => None,
    };
    if let Some((reason, when)) = unreached {
        let sign_in = matches!(model.link, Link::SignedOut { .. }) && model.settings.sign_in != How::Nobody;
        let key = model.key_label(if sign_in { Command::SignIn } else { Command::Reread });
        let does = if sign_in { "signs in again" } else { "tries now" };
        let next = format!("{when} {key} {does}.");
        let wide = area.width.saturating_sub(8).min(100);
        let reason = format!("Not connected: {}.", reason.trim_end_matches('.'));
        let lines = [(reason, t.strong()), (next.trim_start().to_owned(), t.quiet())];
        let lines = lines.iter().flat_map(|(text, style)| paint.paragraph(text, wide).into_iter().map(|l| (l, *style)));
        let lines: Vec<(String, Style)> = lines.collect();
        for (y, (line, style)) in (y..area.bottom()).zip(&lines) {
            let x = area.x + area.width.saturating_sub(paint.width(line)) / 2;
            paint.put(x, y, area.right(), line, *style);
        }
        return;
    }
    let first = if model.link.is_live() { format!("No live calls{on}.") } else { "Not connected yet.".to_owned() };
    let second = if model.link.is_live() {
        let (topics, trap) = (model.key_label(Command::Topics), model.key_label(Command::Trap));
        let hidden = match ended {
            0 => String::new(),
            _ if model.calls.hides_ended => format!(" {} shows {ended} ended.", model.key_label(Command::HideEnded)),
            _ => String::new(),
        };
        format!("Waiting. {topics} chooses what is watched, {trap} traps the next call.{hidden}")
    } else {
        "Calls appear here as soon as the link is up.".to_owned()
    };
    let lines = [(first, t.strong()), (second, t.quiet())];
    let lines = lines.into_iter().flat_map(|(text, style)| {
        paint
            .paragraph(&text, area.width.saturating_sub(4))
            .into_iter()
            .map(move |line| (line, style))
            .collect::<Vec<_>>()
    });
    let lines: Vec<(String, Style)> = lines.collect();
    for (y, (line, style)) in (y..area.bottom()).zip(&lines) {
        let x = area.x + area.width.saturating_sub(paint.width(line)) / 2;
        paint.put(x, y, area.right(), line, *style);
    }
}
