//! The Call screen: the matrix or the table, and around it what the call should carry, its journey, its changes and the selected key
//! in full, as far as there is room.

mod brief;
mod changes;
mod detail;
mod expected;
mod heads;
mod journey;
mod question;

pub(super) use expected::flow_words;

use super::{
    cell,
    paint::{Bits, Paint, bit},
    times,
};
use crate::app::{
    Model,
    call::{AGE, CallRow, CallScreen, CellSelection, Mode, PURPOSE, table_value},
    layout::Pane,
    rows,
};
use crate::domain::{
    BoardEntry, Conversation, Freshness, Participant,
    text::{self, Align},
};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let Some(call) = &model.call else { return };
    let areas = &call.areas;
    let Some(entry) = model.monitor.board.get(call.id.as_str()) else {
        let quiet = paint.theme.quiet();
        let (x, y) = (model.size.x + 3, model.size.y + 4);
        paint.put(x, y, model.size.right(), "This call is no longer known.", quiet);
        return;
    };
    let c = &entry.conversation;
    match call.mode {
        Mode::Matrix => matrix(paint, model, call, c),
        Mode::Table => table(paint, model, call, entry),
    }
    for pane in [areas.expected, areas.journey, areas.changes, areas.brief, areas.detail].into_iter().flatten() {
        rules(paint, pane);
    }
    if let Some(pane) = areas.detail {
        detail::draw(paint, model, call, entry, pane.area);
    }
    if let Some(pane) = areas.expected {
        expected::draw(paint, &model.monitor.board.names, call, entry, pane.area);
    }
    if let Some(pane) = areas.journey {
        journey::draw(paint, model, call, entry, pane.area);
    }
    if let Some(pane) = areas.changes {
        // Where the selected key has no pane of its own, this is where something is said of it.
        if areas.detail.is_none() && detail::has_something_to_say(paint, model, call, c) {
            detail::draw(paint, model, call, entry, pane.area);
        } else {
            changes::draw(paint, model, entry, pane.area);
        }
    }
    if let Some(pane) = areas.brief {
        brief::draw(paint, model, call, entry, pane.area);
    }
    question::draw(paint, model, call, entry);
}

fn rules(paint: &mut Paint<'_>, pane: Pane) {
    if pane.rule.area() > 0 {
        paint.rule(pane.rule);
        paint.join_above(pane.rule);
    }
    if pane.wall.area() > 0 {
        paint.wall(pane.wall);
    }
}

/// Lines into an area; what does not fit is marked, with the key that scrolls to it where there is one.
fn put(paint: &mut Paint<'_>, lines: &[Bits<'_>], area: Rect, scroll: usize, key: Option<&str>) {
    let scroll = scroll.min(lines.len().saturating_sub(1));
    let below = lines.len().saturating_sub(scroll + usize::from(area.height));
    let more = match key {
        _ if below == 0 => String::new(),
        Some(key) => format!("  {} {below} more: {key}", paint.glyphs.below),
        None => format!("  {} {below} more", paint.glyphs.below),
    };
    for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(scroll)) {
        // The last line is cut before the note, not by it.
        let end = if y + 1 == area.bottom() { area.right().saturating_sub(paint.width(&more)) } else { area.right() };
        paint.line(area.x, y, end, line);
    }
    if below > 0 && area.height > 0 {
        let quiet = paint.theme.quiet();
        paint.bits_right(area.x, area.bottom() - 1, area.right(), &[bit(more, quiet)]);
    }
}

/// A moment of the call, counted from its begin.
fn since_begin(c: &Conversation, moment: jiff::Timestamp) -> String {
    times::offset(rows::between(rows::began(c), moment))
}

/// A participant that is still there, else one that has left.
fn presence(paint: &Paint<'_>, p: &Participant) -> Style {
    if p.is_connected() { paint.theme.text() } else { paint.theme.quiet() }
}

/// How a value is drawn when nothing else is to say of it.
fn base(paint: &Paint<'_>, c: &Conversation) -> Style {
    if c.freshness == Freshness::Stale { paint.theme.stale() } else { paint.theme.text() }
}

/// The rows that are on the page, with the line of each: a question about a cell stands below its row, and the rows after it go on
/// below the question.
fn visible<'a>(paint: &Paint<'_>, model: &Model, call: &'a CallScreen) -> impl Iterator<Item = (u16, &'a CallRow)> {
    let table = call.areas.table;
    let gap = question::gap(paint, model, call);
    let here = call.position();
    call.rows.iter().enumerate().skip(call.scroll).filter_map(move |(i, row)| {
        let below = gap.filter(|_| here.is_some_and(|here| i > here)).unwrap_or(0);
        let y = u16::try_from(i - call.scroll).ok()?.checked_add(table.y)?.checked_add(below)?;
        (y < table.bottom()).then_some((y, row))
    })
}

fn matrix(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, c: &Conversation) {
    let t = paint.theme;
    heads::draw(paint, model.now.wall, call, c);
    let selection = call.selection.as_ref();
    let shown: Vec<(u16, &CallRow)> = visible(paint, model, call).collect();
    for (y, row) in &shown {
        let y = *y;
        let on_row = selection.is_some_and(|h| h.key.as_ref() == Some(&row.key));
        key(paint, call, row, on_row, y);
        for column in &call.columns {
            let Some(p) = c.participant(column.participant.as_str()) else { continue };
            let look = cell::look(paint, model, c, p, row.key.as_str(), base(paint, c));
            cell::draw(paint, column.x, y, column.width, &look);
            if on_row && selection.is_some_and(|h| h.participant == column.participant) {
                paint.tint(Rect { x: column.x, y, width: column.width, height: 1 }, |s| t.selected(s));
            }
        }
    }
    rest(paint, model, call, &shown);
}

/// The key of a row, and the mark of the selected one before it.
fn key(paint: &mut Paint<'_>, call: &CallScreen, row: &CallRow, on_row: bool, y: u16) {
    let t = paint.theme;
    let style = if on_row { t.strong() } else { t.text() };
    let left = call.areas.table.x;
    if on_row {
        paint.put(left + 1, y, left + 2, paint.glyphs.selection, t.text());
    }
    let x = if call.mode == Mode::Table { call.keys.x + PURPOSE + 2 } else { call.keys.x };
    paint.put(x, y, x + call.keys.width, &text::key_label(row.key.as_str()), style);
}

/// After the rows: the line that adds a key, and how many rows there are above and below.
fn rest(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, shown: &[(u16, &CallRow)]) {
    let t = paint.theme;
    let table = call.areas.table;
    let end = call.scroll + shown.len();
    let below = call.rows.len().saturating_sub(end);
    if let Some(more) = call.areas.more.filter(|_| below > 0) {
        paint.put(call.keys.x, more.y, more.right(), &format!("{} {below} more", paint.glyphs.below), t.quiet());
    }
    if below > 0 {
        return;
    }
    let gap = question::gap(paint, model, call).unwrap_or(0);
    let y = shown.last().map_or(table.y + gap, |(y, _)| y + 1);
    if y >= call.areas.more.unwrap_or(table).bottom() {
        return;
    }
    let here = call.selection.as_ref().is_some_and(|h| h.key.is_none());
    if here {
        paint.put(table.x + 1, y, table.x + 2, paint.glyphs.selection, t.text());
    }
    paint.put(call.keys.x, y, table.right(), "+ add a key", if here { t.strong() } else { t.quiet() });
}

fn table(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, entry: &BoardEntry) {
    let c = &entry.conversation;
    let t = paint.theme;
    let (areas, heads) = (&call.areas, call.areas.heads);
    let (value_x, value_width) = table_value(areas.table, call.keys.width);
    let key_x = call.keys.x + PURPOSE + 2;
    let count = if call.rows.len() == 1 { "1 attribute".to_owned() } else { format!("{} attributes", call.rows.len()) };
    let title = format!("{count} {} {}", paint.glyphs.dot, call.order.words());
    let mut title = vec![bit(title, t.quiet())];
    if c.freshness == Freshness::Stale {
        title.insert(0, bit(format!("{} stale, not read again yet  ", paint.glyphs.stale), t.stale()));
    }
    if call.scroll > 0 {
        title.push(bit(format!("  {} {} more", paint.glyphs.above, call.scroll), t.quiet()));
    }
    paint.bits(call.keys.x, heads.y, heads.right(), &title);
    for (x, word) in [(call.keys.x, "on"), (key_x, "key"), (value_x, "value")] {
        paint.put(x, heads.y + 1, heads.right(), word, t.quiet());
    }
    let age_x = areas.table.right().saturating_sub(AGE + 1);
    paint.cell(age_x, heads.y + 1, AGE, "age", Align::Right, t.quiet());
    let shown: Vec<(u16, &CallRow)> = visible(paint, model, call).collect();
    for (y, row) in &shown {
        let y = *y;
        let Some(p) = row.participant.as_ref().and_then(|p| c.participant(p.as_str())) else { continue };
        let on_row =
            call.selection.as_ref() == Some(&CellSelection { participant: p.id.clone(), key: Some(row.key.clone()) });
        key(paint, call, row, on_row, y);
        paint.put(call.keys.x, y, call.keys.x + PURPOSE, p.purpose.as_str(), t.quiet());
        let look = cell::look(paint, model, c, p, row.key.as_str(), base(paint, c));
        cell::draw(paint, value_x, y, value_width, &look);
        if let Some(a) = p.attributes.get(row.key.as_str()) {
            let age = rows::clock_age(rows::between(a.changed.timestamp(), model.now.wall));
            let age = if rows::was_there(entry, p, a) { format!(">{age}") } else { age };
            paint.cell(age_x, y, AGE, &age, Align::Right, t.quiet());
        }
        if on_row {
            paint.tint(Rect { x: value_x, y, width: value_width, height: 1 }, |s| t.selected(s));
        }
    }
    rest(paint, model, call, &shown);
}
