//! The Call screen: the matrix or the table, and the cell under the hand in full.

use super::{
    cell, diagnose,
    paint::{Bit, Paint, bit},
    times,
};
use crate::app::{
    Model,
    call::{AGE, Call, Hand, Mode, PURPOSE, Row, table_value},
    copy,
    diagnose::Diagnose,
    layout, rows,
};
use crate::domain::{
    Conversation, Entry, Freshness, HistoryEntry, Kind, Participant, Source,
    outbox::{Cell, EditState, EditView, Sent},
    text::Align,
};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let Some(call) = &model.call else { return };
    let areas = layout::call(model.size);
    if areas.beside {
        paint.wall(areas.detail);
    } else {
        paint.rule(areas.detail);
    }
    let Some(entry) = model.monitor.board.get(call.id.as_str()) else {
        let quiet = paint.theme.quiet();
        paint.put(areas.table.x + 3, areas.table.y + 1, areas.table.right(), "This call is no longer known.", quiet);
        return;
    };
    let c = &entry.conversation;
    match call.mode {
        Mode::Matrix => matrix(paint, model, call, c, &areas),
        Mode::Table => table(paint, model, call, c, &areas),
    }
    detail(paint, model, call, entry, layout::inside(areas.detail, areas.beside));
}

/// A participant that is still there, else one that has left.
fn presence(paint: &Paint<'_>, p: &Participant) -> Style {
    if p.is_connected() { paint.theme.text() } else { paint.theme.quiet() }
}

/// How a value is drawn when nothing else is to say of it.
fn base(paint: &Paint<'_>, c: &Conversation, p: &Participant) -> Style {
    if c.freshness == Freshness::Stale { paint.theme.stale() } else { presence(paint, p) }
}

fn matrix(paint: &mut Paint<'_>, model: &Model, call: &Call, c: &Conversation, areas: &layout::Call) {
    let t = paint.theme;
    let heads = areas.heads;
    let count: usize = c.participants.iter().map(|p| p.attributes.len()).sum();
    // The heads of the columns leave room for a word or two: that the values are old goes before their number.
    let (words, style) = match c.freshness {
        Freshness::Stale => (format!("{} stale", paint.glyphs.stale), t.stale()),
        Freshness::Live => (format!("{count} attributes"), t.quiet()),
    };
    paint.put(call.keys.x, heads.y, call.keys.x + call.keys.width, &words, style);
    let hand = call.hand.as_ref();
    for column in &call.columns {
        let Some(p) = c.participant(column.participant.as_str()) else { continue };
        let end = column.x + column.width;
        let here = hand.is_some_and(|h| h.participant == column.participant);
        let style = if here { t.strong() } else { presence(paint, p) };
        paint.put(column.x, heads.y, end, p.purpose.as_str(), style);
        let below = match p.name.as_deref().filter(|n| !n.is_empty() && !p.purpose.is_customer()) {
            Some(name) => name,
            None if p.is_connected() => p.state.as_str(),
            None => "left",
        };
        paint.put(column.x, heads.y + 1, end, below, t.quiet());
    }
    if call.hidden > 0 {
        let more = format!("+{} {}", call.hidden, paint.glyphs.to);
        paint.bits_right(heads.x, heads.y, heads.right(), &[bit(more, t.quiet())]);
    }
    if call.first > 0 {
        paint.put(
            call.keys.x,
            heads.y + 1,
            call.keys.x + call.keys.width,
            &format!("{} more to the left", call.first),
            t.quiet(),
        );
    }
    let page = usize::from(areas.table.height);
    for (y, row) in call.rows.iter().enumerate().skip(call.scroll).take(page) {
        let y = areas.table.y + (y - call.scroll) as u16;
        let on_row = hand.is_some_and(|h| h.key.as_ref() == Some(&row.key));
        key(paint, call, row, on_row, areas.table, y);
        for column in &call.columns {
            let Some(p) = c.participant(column.participant.as_str()) else { continue };
            let look = cell::look(paint, model, c, p, row.key.as_str(), base(paint, c, p));
            cell::draw(paint, column.x, y, column.width, &look);
            if on_row && hand.is_some_and(|h| h.participant == column.participant) {
                paint.tint(Rect { x: column.x, y, width: column.width, height: 1 }, |s| t.under_hand(s));
            }
        }
    }
    add_line(paint, call, areas.table);
}

/// The key of a row, and the hand before it.
fn key(paint: &mut Paint<'_>, call: &Call, row: &Row, on_row: bool, table: Rect, y: u16) {
    let t = paint.theme;
    let style = if on_row { t.strong() } else { t.text() };
    if on_row {
        paint.put(table.x + 1, y, table.x + 2, paint.glyphs.hand, t.accent());
    }
    let x = if call.mode == Mode::Table { call.keys.x + PURPOSE + 2 } else { call.keys.x };
    paint.put(x, y, x + call.keys.width, row.key.as_str(), style);
}

fn add_line(paint: &mut Paint<'_>, call: &Call, table: Rect) {
    let t = paint.theme;
    let Some(y) = call.rows.len().checked_sub(call.scroll).map(|y| y as u16).filter(|y| *y < table.height) else {
        return;
    };
    let y = table.y + y;
    let here = call.hand.as_ref().is_some_and(|h| h.key.is_none());
    if here {
        paint.put(table.x + 1, y, table.x + 2, paint.glyphs.hand, t.accent());
    }
    paint.put(call.keys.x, y, table.right(), "+ add a key", if here { t.strong() } else { t.quiet() });
}

fn table(paint: &mut Paint<'_>, model: &Model, call: &Call, c: &Conversation, areas: &layout::Call) {
    let t = paint.theme;
    let heads = areas.heads;
    let (value_x, value_width) = table_value(areas.table, call.keys.width);
    let key_x = call.keys.x + PURPOSE + 2;
    let title = format!("{} attributes {} {}", call.rows.len(), paint.glyphs.dot, call.order.words());
    let mut title = vec![bit(title, t.quiet())];
    if c.freshness == Freshness::Stale {
        title.insert(0, bit(format!("{} stale, not re-read yet  ", paint.glyphs.stale), t.stale()));
    }
    paint.bits(call.keys.x, heads.y, heads.right(), &title);
    for (x, word) in [(call.keys.x, "on"), (key_x, "key"), (value_x, "value")] {
        paint.put(x, heads.y + 1, heads.right(), word, t.quiet());
    }
    paint.cell(areas.table.right().saturating_sub(AGE + 1), heads.y + 1, AGE, "age", Align::Right, t.quiet());
    let page = usize::from(areas.table.height);
    for (i, row) in call.rows.iter().enumerate().skip(call.scroll).take(page) {
        let y = areas.table.y + (i - call.scroll) as u16;
        let Some(p) = row.participant.as_ref().and_then(|p| c.participant(p.as_str())) else { continue };
        let on_row = call.hand.as_ref() == Some(&Hand { participant: p.id.clone(), key: Some(row.key.clone()) });
        key(paint, call, row, on_row, areas.table, y);
        paint.put(call.keys.x, y, call.keys.x + PURPOSE, p.purpose.as_str(), t.quiet());
        let look = cell::look(paint, model, c, p, row.key.as_str(), base(paint, c, p));
        cell::draw(paint, value_x, y, value_width, &look);
        if let Some(a) = p.attributes.get(row.key.as_str()) {
            let age = rows::clock_age(rows::between(a.changed.timestamp(), model.now.wall));
            paint.cell(areas.table.right().saturating_sub(AGE + 1), y, AGE, &age, Align::Right, t.quiet());
        }
        if on_row {
            paint.tint(Rect { x: value_x, y, width: value_width, height: 1 }, |s| t.under_hand(s));
        }
    }
    add_line(paint, call, areas.table);
}

type Lines<'a> = Vec<Vec<Bit<'a>>>;

/// The cell under the hand in full: value, edit, history.
fn detail(paint: &mut Paint<'_>, model: &Model, call: &Call, entry: &Entry, area: Rect) {
    let t = paint.theme;
    let Some(hand) = &call.hand else { return };
    let c = &entry.conversation;
    let Some(p) = c.participant(hand.participant.as_str()) else { return };
    let mut lines: Lines<'_> = Vec::new();
    match &hand.key {
        Some(key) => {
            let cell = Cell { conversation: c.id.clone(), participant: p.id.clone(), key: key.clone() };
            lines.push(vec![
                bit(key.as_str(), t.strong()),
                bit(" on ", t.quiet()),
                bit(p.purpose.as_str(), t.text()),
                bit(name_of(p), t.quiet()),
            ]);
            value(paint, model, p, key.as_str(), area.width, &mut lines);
            if let Some(view) = model.outbox.view(&cell) {
                lines.push(Vec::new());
                edit(paint, model, &cell, &view, area.width, &mut lines);
            }
            findings(paint, model, &cell, area.width, &mut lines);
            lines.push(Vec::new());
            history(paint, model, entry, p, key.as_str(), &mut lines);
        }
        None => participant(paint, model, p, &mut lines),
    }
    let scroll = call.detail_scroll.min(lines.len().saturating_sub(1));
    for (y, line) in lines.iter().skip(scroll).take(usize::from(area.height)).enumerate() {
        paint.bits(area.x, area.y + y as u16, area.right(), line);
    }
    let below = lines.len().saturating_sub(scroll + usize::from(area.height));
    if below > 0 {
        let y = area.bottom().saturating_sub(1);
        let more = format!(" {} {below} more: J", paint.glyphs.below);
        paint.bits_right(area.x, y, area.right(), &[bit(more, t.quiet())]);
    }
}

/// What is wrong with the cell, and what to do about it.
fn findings<'a>(paint: &Paint<'_>, model: &'a Model, cell: &Cell, width: u16, lines: &mut Lines<'a>) {
    let t = paint.theme;
    let found = Diagnose::of_cell(model, cell.conversation.as_str(), cell.participant.as_str(), cell.key.as_str());
    for finding in found {
        lines.push(Vec::new());
        let style = diagnose::severity(paint, finding.severity);
        let head =
            [bit(diagnose::mark(paint, finding.severity), style), bit(" ", style), bit(finding.rule.as_str(), style)];
        lines.push(head.to_vec());
        lines.extend(paint.paragraph(&finding.message, width).into_iter().map(|l| vec![bit(l, t.text())]));
        lines.extend(paint.paragraph(finding.remedy(), width).into_iter().map(|l| vec![bit(l, t.quiet())]));
    }
}

fn name_of(p: &Participant) -> String {
    match p.name.as_deref() {
        Some(name) if !name.is_empty() => format!(" {name}"),
        _ => String::new(),
    }
}

fn value<'a>(paint: &Paint<'_>, model: &'a Model, p: &'a Participant, key: &str, width: u16, lines: &mut Lines<'a>) {
    let t = paint.theme;
    let Some(a) = p.attributes.get(key) else {
        lines.push(vec![bit("absent here", t.quiet())]);
        return;
    };
    let text = cell::shown(model, paint, a.value.as_str());
    if a.value.as_str().is_empty() {
        lines.push(vec![bit("(blank)", t.quiet())]);
    }
    lines.extend(paint.wrap(&text, width, 400).into_iter().map(|l| vec![bit(l, t.text())]));
    let kind = match a.value.kind() {
        Kind::Text => "",
        Kind::Number => "a number on the wire, not a string",
        Kind::Bool => "a boolean on the wire, not a string",
        Kind::Null => "null on the wire, not a string",
        Kind::Nested => "nested JSON on the wire, not a string",
    };
    let chars = a.value.as_str().chars().count();
    let unit = if chars == 1 { "character" } else { "characters" };
    let seen = times::time_of(model, a.changed.timestamp());
    let dot = paint.glyphs.dot;
    let mut facts = vec![bit(format!("{chars} {unit} {dot} since {seen}"), t.quiet())];
    if model.monitor.alerts.on_key(key) {
        facts.push(bit(format!(" {dot} alert set"), t.accent()));
    }
    if !kind.is_empty() {
        facts.push(bit(format!(" {dot} {kind}"), t.alarm()));
    }
    lines.push(facts);
}

/// A value after a word in a column of its own, over as many lines as it needs.
fn labelled<'a>(paint: &Paint<'_>, label: &'static str, text: &str, style: Style, width: u16, lines: &mut Lines<'a>) {
    const COLUMN: u16 = 8;
    let quiet = paint.theme.quiet();
    let text = if text.is_empty() { "(blank)" } else { text };
    let column = usize::from(COLUMN);
    for (i, line) in paint.wrap(text, width.saturating_sub(COLUMN), 100).into_iter().enumerate() {
        let head = if i == 0 { format!("{label:column$}") } else { " ".repeat(column) };
        lines.push(vec![bit(head, quiet), bit(line, style)]);
    }
}

/// A read that takes longer than this is worth a word.
const LONG: std::time::Duration = std::time::Duration::from_secs(2);

/// What is being done to the cell.
fn edit<'a>(paint: &Paint<'_>, model: &Model, cell: &Cell, view: &EditView<'a>, width: u16, lines: &mut Lines<'a>) {
    let t = paint.theme;
    let g = paint.glyphs;
    let say = |words: String, style: Style, lines: &mut Lines<'a>| {
        lines.extend(paint.paragraph(&words, width).into_iter().map(|l| vec![bit(l, style)]));
    };
    let cell_text = |text: &str| cell::shown(model, paint, text).into_owned();
    let mine = |lines: &mut Lines<'a>| {
        labelled(paint, "mine", &cell_text(view.mine), t.mine(), width, lines);
    };
    let theirs = |v: Option<&crate::domain::Value>, lines: &mut Lines<'a>| match v {
        Some(v) => labelled(paint, "theirs", &cell_text(v.as_str()), t.theirs(), width, lines),
        None => labelled(paint, "theirs", "absent", t.quiet(), width, lines),
    };
    match &view.state {
        EditState::Draft => {
            let key = if view.marked { "marked for the next review" } else { "draft, not sent" };
            lines.push(vec![bit(format!("{} {key}", g.draft), t.mine())]);
            mine(lines);
            if let Some(earlier) = view.earlier {
                say(earlier.got.sentence().to_owned(), t.warn(), lines);
                if let Some(at) = earlier.at {
                    say(format!("left by an earlier run, {}", times::moment_of(model, at)), t.quiet(), lines);
                }
            }
        }
        EditState::Held { .. } => {
            lines.push(vec![bit(format!("{} held until the flow has ended", g.pending), t.pending())]);
            mine(lines);
        }
        EditState::Checking { since } => {
            let waited = model.now.mono.saturating_sub(*since);
            let silence = (waited >= LONG).then(|| format!(": no answer for {} s", waited.as_secs()));
            say(format!("{} checking{}", g.pending, silence.unwrap_or_default()), t.pending(), lines);
            mine(lines);
        }
        EditState::Accepted { since, status, .. } => {
            let waited = model.now.mono.saturating_sub(since.mono).as_millis();
            let status = status.map(|s| format!(" {s}")).unwrap_or_default();
            lines.push(vec![bit(format!("{} accepted{status}, not seen yet ({waited} ms)", g.pending), t.pending())]);
            mine(lines);
        }
        EditState::Seen { after, by, .. } => {
            let words = format!("{} seen after {} ms, by {}", g.seen, after.as_millis(), source(*by));
            lines.push(vec![bit(words, t.seen())]);
        }
        EditState::Conflict { theirs: v, maybe_applied } => {
            let sent = if *maybe_applied { "a lost try may have been written" } else { "nothing was sent" };
            say(format!("{} changed meanwhile: {sent}", g.alarm), t.alarm(), lines);
            theirs(v.as_ref(), lines);
            mine(lines);
        }
        EditState::Failed(failure) => {
            say(format!("{} {}", g.alarm, failure.reason), t.alarm(), lines);
            mine(lines);
        }
        EditState::Unseen(alarm) => {
            let status = alarm.status.map(|s| format!(" ({s})")).unwrap_or_default();
            let words = format!("{} accepted{status} but not seen in {} s", g.alarm, alarm.waited.as_secs());
            lines.push(vec![bit(words, t.alarm())]);
            theirs(alarm.read_back.as_ref(), lines);
            mine(lines);
            for cause in &alarm.causes {
                say(format!("{} {}", g.dot, cause.text()), t.text(), lines);
            }
            if let Some(request) = copy::sent(model, &cell.target(), alarm.write) {
                let keys = if request.body.len() == 1 { "key" } else { "keys" };
                say(format!("PATCH {}, {} {keys} in the body", request.path(), request.body.len()), t.quiet(), lines);
            }
            if let Some(id) = &alarm.correlation_id {
                say(format!("correlation id {id}"), t.quiet(), lines);
            }
        }
        EditState::Overwritten { theirs: v, .. } => {
            lines.push(vec![bit(format!("{} another value is there now", g.alarm), t.alarm())]);
            theirs(v.as_ref(), lines);
            mine(lines);
        }
        EditState::Armed { id } => {
            let armed = model.outbox.armed().iter().find(|a| a.id == *id);
            let when = armed.map(|a| a.when.to_string()).unwrap_or_default();
            lines.push(vec![bit(format!("{} armed: sent once when", g.pending), t.pending())]);
            say(format!("        {when}"), t.strong(), lines);
            mine(lines);
        }
        state => {
            lines.push(vec![bit(format!("{} {}", g.pending, state.word()), t.pending())]);
            mine(lines);
        }
    }
}

fn source(by: Source) -> &'static str {
    match by {
        Source::Stream => "the stream",
        Source::Read => "a read",
        Source::Event => "the attributes event",
        Source::You => "you",
    }
}

/// What happened to the key, newest last, with the writes of this operator among it.
fn history<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    entry: &'a Entry,
    p: &'a Participant,
    key: &'a str,
    lines: &mut Lines<'a>,
) {
    let t = paint.theme;
    lines.push(vec![bit("History", t.quiet())]);
    let before = lines.len();
    for change in entry.history.of(&p.id, key) {
        let mut line = vec![bit(times::time_of(model, change.at.wall), t.text()), bit("  ", t.text())];
        line.extend(old_to_new(paint, model, change));
        line.push(bit(format!("  {}", change.source.as_str()), t.quiet()));
        lines.push(line);
        if change.source == Source::You
            && let Some(sent) = sent_of(model, change, key)
        {
            let status = sent.status.map(|s| format!(" {s}")).unwrap_or_default();
            lines.push(vec![bit(format!("          {} accepted{status}", paint.glyphs.seen), t.quiet())]);
            if let Some((after, by)) = sent.seen {
                let words =
                    format!("          {} seen after {} ms ({})", paint.glyphs.seen, after.as_millis(), by.as_str());
                lines.push(vec![bit(words, t.seen())]);
            }
        }
    }
    if lines.len() == before {
        let since = times::time_of(model, p.first_seen);
        lines.push(vec![bit(format!("unchanged since it was first seen, {since}"), t.quiet())]);
    }
    // What the history does not hold is said with it.
    let (evicted, skipped) = (entry.history.evicted(), entry.skipped);
    if evicted > 0 {
        lines.push(vec![bit(format!("{evicted} older changes of this call were not kept"), t.quiet())]);
    }
    if skipped > 0 {
        lines.push(vec![bit(format!("{skipped} intermediate states of this call were skipped"), t.quiet())]);
    }
}

/// The write behind a change that is ours.
fn sent_of<'a>(model: &'a Model, change: &HistoryEntry, key: &str) -> Option<&'a Sent> {
    let new = change.new.as_ref()?;
    let ours = |s: &&Sent| {
        s.target.participant == change.participant
            && s.changes.iter().any(|(k, _, v)| k.as_str() == key && v == new)
            && s.at.mono <= change.at.mono + std::time::Duration::from_secs(2)
    };
    model.outbox.log().rev().find(ours)
}

/// `old → new`, masked if wished, with words for what is not there.
fn old_to_new<'a>(paint: &Paint<'_>, model: &Model, change: &'a HistoryEntry) -> Vec<Bit<'a>> {
    let t = paint.theme;
    let short = |v: &'a crate::domain::Value| {
        let text = cell::shown(model, paint, v.as_str());
        let text = if text.is_empty() { "(blank)".into() } else { text };
        crate::domain::text::cut_in(&text, 28, paint.charset()).into_owned()
    };
    let old = change.old.as_ref().map_or(bit("absent", t.quiet()), |v| bit(short(v), t.text()));
    let new = change.new.as_ref().map_or(bit("gone", t.alarm()), |v| bit(short(v), t.strong()));
    vec![old, bit(format!(" {} ", paint.glyphs.to), t.quiet()), new]
}

fn participant<'a>(paint: &Paint<'_>, model: &Model, p: &'a Participant, lines: &mut Lines<'a>) {
    let t = paint.theme;
    lines.push(vec![bit(p.purpose.as_str(), t.strong()), bit(name_of(p), t.text())]);
    let connected = p.connected.map(|at| times::time_of(model, at)).unwrap_or_default();
    lines.push(vec![bit(format!("{} since {connected}", p.state.as_str()), t.quiet())]);
    if let Some(address) = &p.address {
        lines.push(vec![bit(address.as_str(), t.text())]);
    }
    lines.push(vec![bit(p.id.as_str(), t.quiet())]);
    lines.push(Vec::new());
    let words = format!("{} Enter adds a key here", paint.glyphs.dot);
    lines.push(vec![bit(words, t.quiet())]);
}
