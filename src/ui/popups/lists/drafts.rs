//! Everything typed and not sent, then what is being sent, over all calls.

use super::{List, call_of, key, place, short};
use crate::{
    app::{Model, popups::DraftList},
    domain::{
        outbox::{Cell, EditState, Got, JournalEdit},
        text,
    },
    ui::{
        cell,
        paint::{Bits, Paint, bit},
        popups::Cursor,
        times,
    },
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &DraftList) -> Cursor {
    let cells = list.cells.iter().map(|cell| draft(paint, model, cell));
    let rows = cells.chain(list.others.iter().map(|other| second(paint, model, other))).collect();
    let foot = foot(paint, model, list);
    let (title, remark) = heading(model, list);
    super::draw(paint, model, &List { title, remark, rows, selected: list.selected, foot })
}

fn heading(model: &Model, list: &DraftList) -> (String, &'static str) {
    if list.earlier && list.cells.is_empty() && list.others.iter().all(|other| other.got == Got::GivenUp) {
        return (format!("Given up: {}", list.rows()), "In an earlier run you kept theirs. Nothing is sent unasked.");
    }
    if list.earlier {
        let edits = if list.rows() == 1 { "unsent edit" } else { "unsent edits" };
        let remark = "Left by an earlier run, now drafts. Nothing was sent since, and nothing is sent unasked.";
        return (format!("Kept: {} {edits}", list.rows()), remark);
    }
    let is_busy = |cell: &&Cell| model.outbox.view(cell).is_some_and(|view| view.state.is_busy());
    let busy = list.cells.iter().filter(is_busy).count();
    let title = match list.rows() - busy {
        0 => format!("Being sent {busy}"),
        drafts if busy == 0 => format!("Drafts {drafts}"),
        drafts => format!("Drafts {drafts}, being sent {busy}"),
    };
    (title, "")
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
    let style = match other.got {
        got if got.is_alarm() => t.alarm(),
        got if got.had_left() => t.warn(),
        _ => t.quiet(),
    };
    let is_loose = other.got.is_loose();
    let is_second = !is_loose && other.got != Got::GivenUp;
    let words = if is_second { format!("second text, {}", other.got.remark()) } else { other.got.remark().to_owned() };
    let name = if is_loose { bit(" ".repeat(22), t.quiet()) } else { key(paint, &other.cell.key) };
    let mut line = vec![name, bit(text, t.mine())];
    line.push(bit(format!("  {}", text::fit_in(&words, 33, text::Align::Left, paint.charset())), style));
    line.extend(place(paint, model, &other.cell.target()));
    line
}

/// What else there is to know of the selected draft: where it is, since when, how far it got, and what is there.
fn foot<'a>(paint: &Paint<'_>, model: &'a Model, list: &'a DraftList) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let Some(cell) = list.cells.get(list.selected) else {
        let Some(other) = list.other(list.selected) else { return Vec::new() };
        if other.got == Got::GivenUp {
            let words = format!("{} Enter makes it a draft again; nothing is sent.", other.got.sentence());
            return vec![vec![bit(words, t.text())]];
        }
        if other.got.is_loose() {
            return vec![vec![bit(other.got.sentence(), t.text())]];
        }
        let words = "Two texts were kept for this cell. Enter makes this one the draft; the other one stays listed.";
        let mut lines = vec![vec![bit(words, t.text())]];
        if other.got.is_alarm() {
            let note = other.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            lines.push(vec![bit(other.got.sentence(), t.alarm()), bit(note, t.quiet())]);
        }
        return lines;
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
