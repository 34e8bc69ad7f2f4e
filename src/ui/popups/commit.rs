//! The question before sending.

use super::{Cursor, drawer, shown};
use crate::{
    app::{Model, popups::CommitQuestion, rows},
    domain::{
        Value,
        outbox::{Base, Cell, Preview, WriteMode},
        text,
    },
    ui::{
        paint::{Bits, Paint, bit, count},
        times,
    },
};
use ratatui::style::Style;

/// What a change costs that is sent although it cannot be written down.
pub(in crate::ui) const LEAVES_NO_TRACE: &str = "If it is sent anyway, this change leaves no trace on this computer.";

/// What is about to be sent, exactly.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, commit: &CommitQuestion) -> Cursor {
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
    let inner = drawer(paint, model, &title, count(height));
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

fn title(model: &Model, commit: &CommitQuestion) -> String {
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
        head.push(bit(rows::from(c), t.text()));
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
            .map(|v| shown(model, paint, v))
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
pub(in crate::ui) fn carries(model: &Model, preview: &Preview) -> String {
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
