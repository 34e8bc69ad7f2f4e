//! The short lists, and the prompt for a condition.

use super::{
    cell,
    paint::{Bit, Bits, Paint, bit, count},
    popups::{self, Cursor},
    times,
};
use crate::app::{
    Model,
    choose::{ChoiceList, Choose, Onto, Past},
    copy::Copyable,
    popups::When,
    rows,
};
use crate::domain::{
    Conversation, Key, Value,
    filter::{CallFacts, Filter},
    outbox::{Cell, EditState, JournalEdit, Loss, Target},
    text,
};
use ratatui::layout::Rect;

/// Rows that a list shows at most.
const MOST: u16 = 14;

/// A list, the selection in it, and a line that says what it is about.
pub(super) fn choose(paint: &mut Paint<'_>, model: &Model, list: &Choose) -> Cursor {
    let t = paint.theme;
    let (title, remark) = heading(model, &list.what);
    let lines: Vec<Bits<'_>> = (0..list.what.len()).map(|i| row(paint, model, &list.what, i)).collect();
    let head = u16::from(!remark.is_empty());
    let below = foot(paint, model, list);
    let foot_height = if below.is_empty() { 0 } else { count(below.len()) + 1 };
    let height = count(lines.len()).min(MOST) + head + foot_height;
    let inner = popups::drawer(paint, model, &title, height);
    paint.put(inner.x, inner.y, inner.right(), &remark, t.quiet());
    let room = usize::from(inner.height.saturating_sub(head + foot_height));
    for (i, line) in below.iter().enumerate() {
        let y = inner.bottom().saturating_sub((below.len() - i) as u16);
        paint.bits(inner.x + 2, y, inner.right(), line);
    }
    let skip = (list.selected + 1).saturating_sub(room);
    for (i, line) in lines.iter().enumerate().skip(skip).take(room) {
        let y = inner.y + head + (i - skip) as u16;
        paint.bits(inner.x + 2, y, inner.right(), line);
        if i == list.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.accent());
            paint.tint(Rect { y, height: 1, ..inner }, |s| t.selected(s));
        }
    }
    popups::more_below(paint, inner, lines.len().saturating_sub(skip + room));
    None
}

fn heading(model: &Model, what: &ChoiceList) -> (String, String) {
    let on = |target: &Target| purpose(model, target);
    match what {
        ChoiceList::Drafts { earlier: true, .. } => {
            let edits = if what.len() == 1 { "unsent edit" } else { "unsent edits" };
            let remark = "Left by an earlier run, now drafts. Nothing was sent since, and nothing is sent unasked.";
            (format!("Kept: {} {edits}", what.len()), remark.into())
        }
        ChoiceList::Drafts { cells, .. } => {
            let is_busy = |cell: &&Cell| model.outbox.view(cell).is_some_and(|view| view.state.is_busy());
            let busy = cells.iter().filter(is_busy).count();
            let title = match what.len() - busy {
                0 => format!("Being sent {busy}"),
                drafts if busy == 0 => format!("Drafts {drafts}"),
                drafts => format!("Drafts {drafts}, being sent {busy}"),
            };
            (title, String::new())
        }
        ChoiceList::Copy(target, key) => {
            let key = key.as_ref().map(|k| format!("{k} on ")).unwrap_or_default();
            (format!("Copy from {key}{}", on(target)), String::new())
        }
        ChoiceList::History(cell, _) => (
            format!("Values of {} on {}", cell.key, on(&cell.target())),
            "Restoring makes a draft; nothing is sent.".into(),
        ),
        ChoiceList::Losses(losses) => (
            format!("Side effects {}", losses.len()),
            "They were there, you did not touch them, and after a write of yours they are not.".into(),
        ),
        ChoiceList::Onto(from, _) => (format!("Copy keys from {} to", on(from)), String::new()),
        ChoiceList::Removed(cells) => (
            format!("Keys that you took out {}", cells.len()),
            "There is no documented way to delete a key. Each can be set to the empty text instead, or left.".into(),
        ),
    }
}

fn row<'a>(paint: &Paint<'_>, model: &'a Model, what: &'a ChoiceList, i: usize) -> Bits<'a> {
    match what {
        ChoiceList::Drafts { cells, others, .. } => match cells.get(i) {
            Some(cell) => draft(paint, model, cell),
            None => second(paint, model, &others[i - cells.len()]),
        },
        ChoiceList::Copy(target, key) => copy(paint, model, target, key.as_ref(), Copyable::ALL[i]),
        ChoiceList::History(_, values) => past(paint, model, &values[i], i + 1 == values.len()),
        ChoiceList::Losses(losses) => loss(paint, model, &losses[i]),
        ChoiceList::Onto(_, rows) => onto(paint, model, &rows[i]),
        ChoiceList::Removed(cells) => {
            let (cell, was) = &cells[i];
            let t = paint.theme;
            vec![key(paint, &cell.key), bit("was ", t.quiet()), short(paint, model, was.as_str(), 40, t.text())]
        }
    }
}

fn key<'a>(paint: &Paint<'_>, key: &'a Key) -> Bit<'a> {
    bit(format!("{}  ", text::fit_in(key.as_str(), 20, text::Align::Left, paint.charset())), paint.theme.strong())
}

fn short<'a>(paint: &Paint<'_>, model: &Model, value: &str, width: usize, style: ratatui::style::Style) -> Bit<'a> {
    if value.is_empty() {
        return bit("(empty)", paint.theme.quiet());
    }
    let shown = cell::shown(model, paint, value);
    bit(text::cut_in(&shown, width, paint.charset()).into_owned(), style)
}

fn call_of<'a>(model: &'a Model, conversation: &crate::domain::ConversationId) -> Option<&'a Conversation> {
    model.monitor.board.get(conversation.as_str()).map(|e| &e.conversation)
}

fn purpose(model: &Model, target: &Target) -> String {
    let p = call_of(model, &target.conversation).and_then(|c| c.participant(target.participant.as_str()));
    p.map(|p| p.purpose.as_str().to_owned()).unwrap_or_else(|| "a participant that is not here".into())
}

/// `on customer of +1 555 010 2231`, or the id of a call that is not here.
fn place<'a>(paint: &Paint<'_>, model: &'a Model, target: &Target) -> Bits<'a> {
    let t = paint.theme;
    match call_of(model, &target.conversation) {
        Some(c) => vec![
            bit("  on ", t.quiet()),
            bit(purpose(model, target), t.text()),
            bit(" of ", t.quiet()),
            bit(rows::from(c), t.text()),
        ],
        None => {
            let id = text::shorten_id_in(target.conversation.as_str(), 12, paint.charset()).into_owned();
            vec![bit("  call ", t.quiet()), bit(id, t.text()), bit(" is not here", t.warn())]
        }
    }
}

/// Key, text and how far it got, then where it is as far as there is room; the foot says the rest of the one under the
/// selection.
fn draft<'a>(paint: &Paint<'_>, model: &'a Model, cell: &'a Cell) -> Bits<'a> {
    let t = paint.theme;
    let mut line = vec![key(paint, &cell.key)];
    let width = if model.size.width < 100 { 16 } else { 36 };
    match model.outbox.view(cell) {
        Some(view) => {
            let text = cell::shown(model, paint, view.mine);
            let (text, style) = if text.is_empty() { ("(empty)".into(), t.quiet()) } else { (text, t.mine()) };
            line.push(bit(text::fit_in(&text, width, text::Align::Left, paint.charset()).into_owned(), style));
            let (words, style) = match view.earlier {
                Some(earlier) if earlier.got.had_left() => (earlier.got.remark(), t.warn()),
                Some(earlier) => (earlier.got.remark(), t.quiet()),
                None if view.marked => ("marked", t.mine()),
                None if view.state.needs_attention() => (view.state.word(), t.alarm()),
                None if view.state.is_busy() => (on_its_way(&view.state), t.pending()),
                None => (view.state.word(), t.quiet()),
            };
            line.push(bit(format!("  {}", text::fit_in(words, 21, text::Align::Left, paint.charset())), style));
        }
        None => line.push(bit("no longer a draft", t.quiet())),
    }
    // The foot has the whole of the place of the selected one.
    let mut place = place(paint, model, &cell.target());
    if paint.bits_width(&line) + paint.bits_width(&place) > model.size.width.saturating_sub(4) {
        place.truncate(2);
    }
    line.extend(place);
    line
}

/// How far something got that is being sent.
fn on_its_way(state: &EditState) -> &'static str {
    match state {
        EditState::Accepted { .. } => "accepted, not seen",
        state if state.has_left() => "sent, outcome unknown",
        _ => "waiting, not sent yet",
    }
}

/// A second text for a cell that has a draft.
fn second<'a>(paint: &Paint<'_>, model: &'a Model, other: &'a JournalEdit) -> Bits<'a> {
    let t = paint.theme;
    let width = if model.size.width < 100 { 22 } else { 36 };
    let shown = cell::shown(model, paint, &other.mine);
    let text = text::fit_in(&shown, width, text::Align::Left, paint.charset()).into_owned();
    let style = if other.got.had_left() { t.warn() } else { t.quiet() };
    let is_loose = other.got.is_loose();
    let words = if is_loose { other.got.remark().to_owned() } else { format!("second text, {}", other.got.remark()) };
    let name = if is_loose { bit(" ".repeat(22), t.quiet()) } else { key(paint, &other.cell.key) };
    let mut line = vec![name, bit(text, t.mine())];
    line.push(bit(format!("  {}", text::fit_in(&words, 33, text::Align::Left, paint.charset())), style));
    line.extend(place(paint, model, &other.cell.target()));
    line
}

/// What else there is to know of the selected draft: where it is, since when, how far it got, and what is there.
fn foot<'a>(paint: &Paint<'_>, model: &'a Model, list: &'a Choose) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let ChoiceList::Drafts { cells, others, .. } = &list.what else { return Vec::new() };
    let Some(cell) = cells.get(list.selected) else {
        if let Some(loose) = others.get(list.selected - cells.len()).filter(|other| other.got.is_loose()) {
            return vec![vec![bit(loose.got.sentence(), t.text())]];
        }
        let words = "Two texts were kept for this cell. Enter makes this one the draft; the other one stays listed.";
        return vec![vec![bit(words, t.text())]];
    };
    let Some(view) = model.outbox.view(cell) else { return Vec::new() };
    let call = call_of(model, &cell.conversation);
    let there = call.and_then(|c| c.participant(cell.participant.as_str()));
    let mut first = vec![bit(cell.key.as_str(), t.strong())];
    first.extend(place(paint, model, &cell.target()));
    let over = match (call, there) {
        (Some(c), _) if c.is_over() => ", which has ended",
        (_, Some(p)) if !p.is_connected() => ", who has left",
        _ => "",
    };
    first.push(bit(over, t.warn()));
    if let Some(at) = view.earlier.and_then(|e| e.at) {
        first.push(bit(format!(" {} {}", paint.glyphs.dot, times::moment_of(model, at)), t.quiet()));
    }
    let mut second: Bits<'a> = Vec::new();
    match (&view.earlier, &view.state) {
        (Some(earlier), _) => {
            second.push(bit(earlier.got.sentence(), t.text()));
            if let Some(when) = &earlier.when {
                second.push(bit(format!(" It was armed for: {when}"), t.quiet()));
            }
            if let Some(note) = &earlier.note {
                second.push(bit(format!(" ({note})"), t.quiet()));
            }
        }
        (None, EditState::Failed(failure)) => second.push(bit(failure.reason.clone(), t.alarm())),
        (None, EditState::Conflict { .. }) => {
            second.push(bit("The key had changed on the server, so nothing was sent.", t.text()));
        }
        (None, EditState::Accepted { .. }) => {
            second.push(bit("The API accepted it, and it was not seen yet.", t.text()))
        }
        (None, state) if state.has_left() => {
            second.push(bit("It was sent, and what came of it is not known yet.", t.text()));
        }
        (None, state) if state.is_busy() => {
            let down = if model.link.is_live() { "" } else { " The link is down." };
            second.push(bit(format!("It waits, and nothing of it has been sent.{down}"), t.text()));
        }
        (None, _) => {}
    }
    if view.beneath.as_ref().is_some_and(EditState::is_busy) {
        second.push(bit(" An earlier text of this cell is being sent.", t.warn()));
    }
    let mut lines = vec![first];
    if !second.is_empty() {
        lines.push(second);
    }
    lines.push(match there {
        None => vec![bit("What the call has now is not known: it is not on the list.", t.quiet())],
        Some(p) => match p.attributes.text(cell.key.as_str()) {
            Some(now) if now == view.mine => {
                vec![bit("The call has this text now: there is nothing left to send.", t.seen())]
            }
            Some(now) => vec![bit("now  ", t.quiet()), short(paint, model, now, 50, t.theirs())],
            None => vec![bit("now  ", t.quiet()), bit("absent", t.quiet())],
        },
    });
    lines
}

fn copy<'a>(paint: &Paint<'_>, model: &Model, target: &Target, key: Option<&Key>, item: Copyable) -> Bits<'a> {
    let t = paint.theme;
    let text = item.text(model, target, key.map(Key::as_str));
    let label = text::fit_in(item.label(), 32, text::Align::Left, paint.charset()).into_owned();
    match text {
        Some(text) => vec![bit(label, t.strong()), bit("  ", t.quiet()), short(paint, model, &text, 60, t.quiet())],
        None => vec![bit(label, t.quiet()), bit(format!("  {}", item.lacking()), t.quiet())],
    }
}

fn past<'a>(paint: &Paint<'_>, model: &Model, past: &Past, last: bool) -> Bits<'a> {
    let t = paint.theme;
    let since = past.since.map(|at| times::time_of(model, at.wall)).unwrap_or_else(|| "before  ".into());
    let value = match &past.value {
        Some(value) => short(paint, model, value.as_str(), 48, t.text()),
        None => bit("absent", t.quiet()),
    };
    let now = if last { "  the last one" } else { "" };
    vec![bit(format!("{since}  "), t.quiet()), value, bit(format!("  {}{now}", past.by), t.quiet())]
}

fn loss<'a>(paint: &Paint<'_>, model: &'a Model, loss: &'a Loss) -> Bits<'a> {
    let t = paint.theme;
    let mut line = vec![key(paint, &loss.cell.key), short(paint, model, loss.theirs.as_str(), 30, t.theirs())];
    match &loss.ours {
        Some(ours) => {
            line.push(bit(" reverted to ", t.quiet()));
            line.push(short(paint, model, ours.as_str(), 20, t.text()));
        }
        None => line.push(bit(" vanished", t.alarm())),
    }
    line.extend(place(paint, model, &loss.cell.target()));
    line
}

fn onto<'a>(paint: &Paint<'_>, model: &'a Model, onto: &'a Onto) -> Bits<'a> {
    let t = paint.theme;
    let c = call_of(model, &onto.target.conversation);
    let p = c.and_then(|c| c.participant(onto.target.participant.as_str()));
    let what = match onto.pairs.as_slice() {
        [(key, _)] if !onto.all => key.to_string(),
        pairs => format!("all {} keys", pairs.len()),
    };
    let there =
        |(k, v): &(Key, Value)| p.and_then(|p| p.attributes.text(k.as_str())).is_some_and(|now| now != v.as_str());
    let over = onto.pairs.iter().filter(|pair| there(pair)).count();
    let mut line = vec![
        bit(text::cut_in(&what, 28, paint.charset()).into_owned(), t.strong()),
        bit(format!(" {} ", paint.glyphs.to), t.quiet()),
        bit(purpose(model, &onto.target), t.text()),
    ];
    if let Some(name) = p.and_then(|p| p.name.as_deref()) {
        line.push(bit(format!(" {}", text::cut_in(name, 24, paint.charset())), t.quiet()));
    }
    if over > 0 {
        line.push(bit(format!("  over {over} of its own"), t.warn()));
    }
    line
}

/// The prompt for a condition: what waits for it, and whether it holds already.
pub(super) fn when(paint: &mut Paint<'_>, model: &Model, prompt: &When) -> Cursor {
    let t = paint.theme;
    let title = match prompt.cells.as_slice() {
        [cell] => format!("Send {} when", cell.key),
        cells => format!("Send {} drafts when", cells.len()),
    };
    let inner = popups::drawer(paint, model, &title, 4);
    let (x, end) = (inner.x + 1, inner.right());
    let cursor = popups::prompt(paint, "?", &prompt.text, x, inner.y + 1, end);
    let typed = prompt.text.text();
    let under = match &prompt.mistake {
        Some(mistake) => {
            vec![bit(mistake.pointer(&typed), t.alarm()), bit(" ", t.text()), bit(mistake.message.as_str(), t.alarm())]
        }
        None => vec![bit("ivr_choice?   key=value   state:queue   age>2m   | or   ( )", t.quiet())],
    };
    paint.bits(x + 2, inner.y + 2, end, &under);
    let call = prompt.cells.first().and_then(|c| call_of(model, &c.conversation));
    let holds = |f: &Filter| {
        !f.is_empty()
            && call.is_some_and(|conversation| {
                f.holds(CallFacts { conversation, names: &model.monitor.board.names, now: model.now })
            })
    };
    let last = match typed.trim().parse::<Filter>() {
        Ok(filter) if holds(&filter) => {
            bit(format!("{} holds already: it is sent at once", paint.glyphs.alarm), t.warn())
        }
        _ => bit("Sent once, checked like any edit. Losing the connection disarms it.", t.quiet()),
    };
    paint.bits(x + 2, inner.y + 3, end, &[last]);
    cursor
}
