//! Editing: the cell that became an editor, the panel before sending, the panel of two values.

use super::{
    paint::{Bits, Paint, bit, count},
    popups::{self, Cursor},
    times,
};
use crate::app::{
    Model,
    popups::{AddKey, CellEditor, Commit},
};
use crate::domain::{
    Value,
    outbox::{Base, Cell, EditState, Preview, WriteMode},
    text::{self, Units},
};
use ratatui::{layout::Rect, style::Style};

/// Lines of a value that are shown while it is edited.
const MOST_LINES: u16 = 8;
/// An editor is at least this wide.
const LEAST_WIDTH: u16 = 24;

/// What a change costs that is sent although it cannot be written down.
pub(super) const LEAVES_NO_TRACE: &str = "If it is sent anyway, this change leaves no trace on this computer.";

/// The selected cell, turned into an editor. The table stays live around it.
pub(super) fn editor(paint: &mut Paint<'_>, model: &Model, editor: &CellEditor) -> Cursor {
    let t = paint.theme;
    // The question before sending stands in its place.
    if model.asks_about_the_cell() {
        return None;
    }
    let call = model.call.as_ref()?;
    let place = call.place_of_selection()?;
    let table = call.areas.table;
    let lines = editor.text.lines();
    let widest = lines.iter().map(|l| paint.width(l)).max().unwrap_or(0);
    let room = table.right().saturating_sub(1).saturating_sub(place.x);
    // What is on the server meanwhile stands on the same row: below it would be read as the value of the next key.
    let meanwhile = meanwhile(paint, model, editor);
    let beside =
        meanwhile.as_ref().map_or(0, |bits| (paint.bits_width(bits) + 1).min(room.saturating_sub(LEAST_WIDTH)));
    let room = room - beside;
    let width = place.width.max(widest.saturating_add(2)).max(LEAST_WIDTH).min(room.max(place.width));
    let height = count(lines.len()).clamp(1, MOST_LINES).min(table.bottom().saturating_sub(place.y));
    let area = Rect { width, height, ..place };
    paint.clear(area);
    paint.tint(area, |s| s.patch(t.field()));
    let (row, _) = editor.text.cursor();
    let first = row.saturating_sub(usize::from(height) - 1);
    let mut cursor = None;
    for (i, line) in lines.iter().enumerate().skip(first).take(usize::from(height)) {
        let y = area.y + (i - first) as u16;
        let at = editor_line(paint, editor, i, line, Rect { y, height: 1, ..area });
        if i == row {
            cursor = Some((at, y));
        }
    }
    if let Some(bits) = meanwhile {
        let beside = Rect { x: area.right(), width: table.right().saturating_sub(area.right()), height: 1, ..area };
        paint.clear(beside);
        paint.line(beside.x + 1, beside.y, beside.right(), &bits);
    }
    cursor
}

/// One line of the text with the selection in it, scrolled so that the cursor is visible; the cursor's column.
fn editor_line(paint: &mut Paint<'_>, editor: &CellEditor, index: usize, line: &str, area: Rect) -> u16 {
    let t = paint.theme;
    let (row, column) = editor.text.cursor();
    let room = usize::from(area.width);
    let split = |chars: usize| line.char_indices().nth(chars).map_or(line.len(), |(i, _)| i);
    // A text may be wider than any screen.
    let before = if row == index { text::width_in(&line[..split(column)], paint.charset()) } else { 0 };
    let skip = (before + 1).saturating_sub(room);
    let selected = editor.text.selection().map(|(start, end)| {
        let from = if start.0 < index {
            0
        } else if start.0 == index {
            split(start.1)
        } else {
            line.len()
        };
        let to = if end.0 > index {
            line.len()
        } else if end.0 == index {
            split(end.1)
        } else {
            0
        };
        from..to
    });
    let pieces = match selected.filter(|s| s.start < s.end) {
        Some(s) => vec![(&line[..s.start], false), (&line[s.clone()], true), (&line[s.end..], false)],
        None => vec![(line, false)],
    };
    let (mut at, mut x) = (0, area.x);
    for (piece, selected) in pieces {
        for unit in Units::new(piece, paint.charset()) {
            if x >= area.right() {
                break;
            }
            let width = count(unit.width);
            if at >= skip && x + width <= area.right() {
                let style = if selected {
                    t.selected(t.field())
                } else if unit.is_drawn() {
                    t.field().patch(t.quiet())
                } else {
                    t.field()
                };
                paint.put(x, area.y, area.right(), &unit, style);
                x += width;
            }
            at += unit.width;
        }
    }
    area.x + count((before - skip).min(room.saturating_sub(1)))
}

/// What is on the server meanwhile, if it is not what the edit began with.
fn meanwhile<'a>(paint: &Paint<'_>, model: &'a Model, editor: &CellEditor) -> Option<Bits<'a>> {
    let t = paint.theme;
    let now = on_board(model, &editor.cell);
    let changed = match &editor.base {
        Base::Saw(saw) => saw.as_ref() != now && !model.outbox.explains(&editor.cell, now),
        Base::Any => false,
    };
    if !changed {
        return None;
    }
    let value = now.map_or("absent", Value::as_str);
    Some(vec![bit(format!("{} now ", paint.glyphs.alarm), t.alarm()), bit(value, t.theirs())])
}

fn on_board<'a>(model: &'a Model, cell: &Cell) -> Option<&'a Value> {
    let entry = model.monitor.board.get(cell.conversation.as_str())?;
    let p = entry.conversation.participant(cell.participant.as_str())?;
    p.attributes.get(cell.key.as_str()).map(|a| &a.value)
}

/// The name of a new key, with a word about names like it.
pub(super) fn add_key(paint: &mut Paint<'_>, model: &Model, add: &AddKey) -> Cursor {
    let t = paint.theme;
    let entry = model.monitor.board.get(add.target.conversation.as_str());
    let c = entry.map(|e| &e.conversation);
    let p = c.and_then(|c| c.participant(add.target.participant.as_str()));
    let title = format!("New key on {}", p.map_or("", |p| p.purpose.as_str()));
    let inner = popups::drawer(paint, model, &title, 4);
    let cursor = popups::prompt(paint, "+", &add.text, inner.x + 1, inner.y + 1, inner.right());
    let name = add.text.text();
    let all = c.into_iter().flat_map(|c| &c.participants).flat_map(|p| &p.attributes);
    let mut remark: Bits<'_> = vec![bit("Case matters.", t.quiet())];
    for a in all {
        let key = a.key.as_str();
        if key == name && p.is_some_and(|p| p.attributes.get(key).is_some()) {
            remark = vec![bit(format!("{} this key exists here: its value is next", paint.glyphs.dot), t.warn())];
            break;
        }
        if key != name && key.eq_ignore_ascii_case(&name) {
            remark = vec![bit(format!("{} differs only in case from {key}", paint.glyphs.alarm), t.alarm())];
        }
    }
    if name.trim() != name {
        remark = vec![bit(format!("{} the name begins or ends with a space", paint.glyphs.alarm), t.alarm())];
    }
    paint.bits(inner.x + 1, inner.y + 3, inner.right(), &remark);
    cursor
}

/// What is about to be sent, exactly.
pub(super) fn commit(paint: &mut Paint<'_>, model: &Model, commit: &Commit) -> Cursor {
    let t = paint.theme;
    let previews = model.outbox.preview(&model.monitor.board, &commit.cells);
    let mut lines: Vec<Bits<'_>> = Vec::new();
    for preview in &previews {
        lines.extend(one_patch(paint, model, preview));
    }
    let mut warnings: Vec<Bits<'_>> = Vec::new();
    if let Some(undo) = &commit.undo {
        if !undo.blanked.is_empty() {
            let names: Vec<&str> = undo.blanked.iter().map(|c| c.key.as_str()).collect();
            let words = format!(
                "{} was absent before: it is set to empty, as deleting a key is not documented",
                names.join(", ")
            );
            warnings.extend(wrapped(paint, model, paint.glyphs.dot, &words, t.text()));
        }
        if !undo.busy.is_empty() {
            let names: Vec<&str> = undo.busy.iter().map(|c| c.key.as_str()).collect();
            let words = format!("{}: something newer is typed there", names.join(", "));
            warnings.extend(wrapped(paint, model, paint.glyphs.alarm, &words, t.warn()));
        }
    }
    if let Some(flow) = previews.iter().find_map(|p| p.running_flow.as_deref()) {
        let words = format!("{flow} is running: it may write its own values back when it ends");
        warnings.extend(wrapped(paint, model, paint.glyphs.alarm, &words, t.warn()));
    }
    if let Some(words) = model.unkept.words() {
        let width = model.size.width.saturating_sub(6);
        let words = format!("{} {words}. {LEAVES_NO_TRACE}", paint.glyphs.alarm);
        warnings.extend(paint.paragraph(&words, width).into_iter().map(|l| vec![bit(l, t.alarm())]));
    }
    if let Some(doubt) = &commit.doubt {
        warnings.extend(wrapped(paint, model, paint.glyphs.alarm, &doubt.to_string(), t.alarm()));
        let words = if commit.sure { "Press once more to send it anyway." } else { "This is asked twice." };
        warnings.push(vec![bit(format!("  {words}"), t.strong())]);
    }
    let height = lines.len() + warnings.len() + usize::from(!warnings.is_empty());
    let title = match &model.settings.production {
        Some(label) => format!("{}: {}", label.word, title(model, commit)),
        None => title(model, commit),
    };
    let inner = popups::drawer(paint, model, &title, count(height));
    let room = usize::from(inner.height).saturating_sub(warnings.len() + usize::from(!warnings.is_empty()));
    let scroll = (commit.scroll * 2).min(lines.len().saturating_sub(room));
    for (y, line) in lines.iter().skip(scroll).take(room).enumerate() {
        paint.bits(inner.x + 1, inner.y + y as u16, inner.right(), line);
    }
    let below = lines.len().saturating_sub(scroll + room);
    if below > 0 {
        let more = format!(" {} {below} more lines ", paint.glyphs.below);
        paint.bits_right(inner.x, inner.y.saturating_sub(1), inner.right(), &[bit(more, t.quiet())]);
    }
    for (i, line) in warnings.iter().enumerate() {
        let y = inner.bottom().saturating_sub(count(warnings.len() - i));
        paint.bits(inner.x + 1, y, inner.right(), line);
    }
    None
}

/// A warning after its mark, in as many lines as it needs.
fn wrapped<'a>(paint: &Paint<'_>, model: &Model, mark: &str, words: &str, style: Style) -> Vec<Bits<'a>> {
    let lines = paint.paragraph(&format!("{mark} {words}"), model.size.width.saturating_sub(6));
    lines.into_iter().map(|line| vec![bit(line, style)]).collect()
}

fn title(model: &Model, commit: &Commit) -> String {
    let Some(undo) = &commit.undo else {
        return match commit.cells.len() {
            1 => "Send this change?".to_owned(),
            n => format!("Send these {n} changes?"),
        };
    };
    let here = model.call.as_ref().map(|c| &c.id);
    let elsewhere = undo.cells.first().is_some_and(|c| Some(&c.conversation) != here);
    let place = if elsewhere { " on another call" } else { "" };
    let earlier = match undo.earlier {
        0 => String::new(),
        1 => " 1 earlier one after that.".to_owned(),
        n => format!(" {n} earlier ones after that."),
    };
    format!("Undo what was sent{place} at {}?{earlier}", times::time_of(model, undo.at.wall))
}

/// Whom it is for, each key with what is there and what is to be, and what the body carries.
fn one_patch<'a>(paint: &Paint<'_>, model: &'a Model, preview: &Preview) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let mut lines = Vec::new();
    let target = &preview.request.target;
    let entry = model.monitor.board.get(target.conversation.as_str());
    let c = entry.map(|e| &e.conversation);
    let p = c.and_then(|c| c.participant(target.participant.as_str()));
    let mut head = vec![bit("on ", t.quiet()), bit(p.map_or("", |p| p.purpose.as_str()), t.text())];
    if preview.participant_ended && !preview.conversation_ended {
        head.push(bit(", who has left,", t.warn()));
    }
    if let Some(c) = c {
        head.push(bit(" of ", t.quiet()));
        head.push(bit(crate::app::rows::from(c), t.text()));
    }
    if preview.conversation_ended {
        head.push(bit(", which has ended", t.warn()));
    }
    lines.push(head);
    let width = usize::from(model.size.width.saturating_sub(14) / 2);
    for (key, old, new) in &preview.changes {
        let view = model.outbox.view(&Cell::new(target, key.clone()));
        // What is shown is not what the edit began with: sending would stop.
        let saw = view.filter(|v| v.beneath.is_none()).and_then(|v| match v.base {
            Base::Saw(saw) if saw != *old && old.as_ref().is_none_or(|old| old.as_str() != new) => Some(saw),
            _ => None,
        });
        let values = [old.as_ref(), saw.as_ref().and_then(Option::as_ref)];
        let texts: Vec<String> = values
            .into_iter()
            .flatten()
            .map(Value::as_str)
            .chain([new.as_str()])
            .map(|v| blank(model, paint, v))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut shown = text::apart(&texts, width, paint.charset()).into_iter();
        let there = match old {
            None => bit("absent", t.quiet()),
            Some(_) => bit(shown.next().unwrap_or_default(), t.theirs()),
        };
        let saw = saw.map(|saw| saw.map_or("absent".to_owned(), |_| shown.next().unwrap_or_default()));
        lines.push(vec![bit("  ", t.text()), bit(key.as_str().to_owned(), t.strong())]);
        let arrow = bit(format!(" {} ", paint.glyphs.to), t.quiet());
        lines.push(vec![bit("    ", t.text()), there, arrow, bit(shown.next().unwrap_or_default(), t.mine())]);
        if let Some(saw) = saw {
            let words =
                format!("    {} you saw {saw}: it changed since, so this stops as a conflict", paint.glyphs.alarm);
            lines.push(vec![bit(words, t.warn())]);
        }
    }
    lines.push(vec![bit(format!("  {}", carries(model, preview)), t.quiet())]);
    lines
}

/// What a PATCH carries: `1 PATCH: 17 current attributes + 1 change`.
pub(super) fn carries(model: &Model, preview: &Preview) -> String {
    let changes = preview.changes.len();
    let kept = preview.request.body.len().saturating_sub(changes);
    let change = if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") };
    match (model.outbox.policy().mode, kept) {
        (WriteMode::Changed, _) => format!("1 PATCH: only the {change}"),
        (WriteMode::Merged, 0) => format!("1 PATCH: {change}"),
        (WriteMode::Merged, 1) => format!("1 PATCH: 1 current attribute + {change}"),
        (WriteMode::Merged, n) => format!("1 PATCH: {n} current attributes + {change}"),
    }
}

fn blank(model: &Model, paint: &Paint<'_>, value: &str) -> String {
    match value {
        "" => "(empty)".to_owned(),
        value => super::cell::shown(model, paint, value).into_owned(),
    }
}

/// Base, theirs and mine of one cell.
pub(super) fn conflict(paint: &mut Paint<'_>, model: &Model, cell: &Cell) -> Cursor {
    let t = paint.theme;
    let view = model.outbox.view(cell)?;
    let (words, theirs) = match &view.state {
        EditState::Conflict { theirs, maybe_applied: false } => {
            ("changed on the server since you looked: nothing was sent", theirs.clone())
        }
        EditState::Conflict { theirs, maybe_applied: true } => {
            ("changed after a try whose answer was lost: that one may have been written", theirs.clone())
        }
        EditState::Overwritten { theirs, .. } => ("holds another value than the one you sent", theirs.clone()),
        EditState::Unseen(alarm) => ("was accepted but is not there", alarm.read_back.clone()),
        _ => ("", on_board(model, cell).cloned()),
    };
    let inner = popups::drawer(paint, model, "Two values", 7);
    let (x, end) = (inner.x + 1, inner.right());
    let head = [bit(cell.key.as_str(), t.strong()), bit(format!(" {words}"), t.alarm())];
    paint.bits(x, inner.y, end, &head);
    let base = match &view.base {
        Base::Any => ("not looked at".to_owned(), t.quiet()),
        Base::Saw(None) => ("absent".to_owned(), t.quiet()),
        Base::Saw(Some(v)) => (blank(model, paint, v.as_str()), t.text()),
    };
    let theirs = theirs.map_or(("absent".to_owned(), t.quiet()), |v| (blank(model, paint, v.as_str()), t.theirs()));
    let mine = (blank(model, paint, view.mine), t.mine());
    let rows = [("you saw", base), ("theirs", theirs), ("mine", mine)];
    let texts = rows.each_ref().map(|(_, (value, _))| value.as_str());
    let shown = text::apart(&texts, usize::from(end.saturating_sub(x + 12)), paint.charset());
    for (i, ((label, (_, style)), value)) in rows.iter().zip(shown).enumerate() {
        let y = inner.y + 2 + i as u16;
        paint.put(x + 2, y, end, label, t.quiet());
        paint.put(x + 12, y, end, &value, *style);
    }
    if let EditState::Unseen(alarm) = &view.state
        && let Some(cause) = alarm.causes.first()
    {
        paint.put(x, inner.y + 6, end, &cause.text(), t.warn());
    }
    None
}
