//! A payload before it becomes drafts: the text, how it reads, and what each key would be set to.

use super::{Cursor, drawer};
use crate::{
    app::{Model, popups::Bulk},
    domain::{Conversation, Participant, text},
    payload::{Explained, Pair, Was},
    ui::{
        cell,
        paint::{Bits, Paint, bit},
    },
};
use std::collections::HashSet;

/// Lines of the text that are shown.
const LINES: usize = 5;

/// The text and its explanation.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, bulk: &Bulk) -> Cursor {
    let t = paint.theme;
    let entry = model.monitor.board.get(bulk.target.conversation.as_str());
    let c = entry.map(|e| &e.conversation);
    let p = c.and_then(|c| c.participant(bulk.target.participant.as_str()));
    let explanation = explanation(paint, model, bulk, c, p);
    let lines = bulk.text.lines();
    let shown = lines.len().clamp(1, LINES);
    let title = format!("Paste onto {}", p.map_or("a participant that is not here", |p| p.purpose.as_str()));
    let inner = drawer(paint, model, &title, (shown + 1 + explanation.len().max(1)).min(60) as u16);
    let (row, column) = bulk.text.cursor();
    let first = (row + 1).saturating_sub(shown);
    let mut cursor = None;
    for (i, line) in lines.iter().enumerate().skip(first).take(shown) {
        let y = inner.y + (i - first) as u16;
        paint.put(inner.x, y, inner.x + 1, if i == 0 { ">" } else { " " }, t.accent());
        let x = inner.x + 2;
        let before: String = line.chars().take(if i == row { column } else { 0 }).collect();
        let room = inner.right().saturating_sub(x + 1);
        // A line that is longer than the screen is shown from where the cursor is.
        let (from, at) = if paint.width(&before) < room { ("", before.as_str()) } else { (before.as_str(), "") };
        let rest = line.strip_prefix(from).unwrap_or(line);
        paint.put(x, y, inner.right(), rest, t.field());
        if i == row {
            cursor = Some((x + paint.width(at), y));
        }
    }
    if lines.len() > shown {
        let more = format!(" {} lines ", lines.len());
        paint.bits_right(inner.x, inner.y.saturating_sub(1), inner.right(), &[bit(more, t.quiet())]);
    }
    let top = inner.y + shown as u16 + 1;
    let room = usize::from(inner.bottom().saturating_sub(top));
    let scroll = bulk.scroll.min(explanation.len().saturating_sub(room));
    for (i, line) in explanation.iter().skip(scroll).take(room).enumerate() {
        paint.bits(inner.x, top + i as u16, inner.right(), line);
    }
    let below = explanation.len().saturating_sub(scroll + room);
    if below > 0 {
        let more = format!(" {} {below} more ", paint.glyphs.below);
        paint.bits_right(inner.x, top.saturating_sub(1), inner.right(), &[bit(more, t.quiet())]);
    }
    cursor.filter(|(_, y)| *y < inner.bottom())
}

fn explanation<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    bulk: &'a Bulk,
    c: Option<&'a Conversation>,
    p: Option<&'a Participant>,
) -> Vec<Bits<'a>> {
    let t = paint.theme;
    if let Some(path) = bulk.path() {
        return vec![vec![bit("A file: Enter reads ", t.quiet()), bit(path, t.strong())]];
    }
    match &bulk.explained {
        None => {
            let words = "Paste JSON, KEY=VALUE lines or a CSV header with one row, or name a file. Nothing is sent.";
            let lines = paint.paragraph(words, model.size.width.saturating_sub(6));
            lines.into_iter().map(|line| vec![bit(line, t.quiet())]).collect()
        }
        Some(Err(why)) => vec![vec![bit(format!("{} {why}", paint.glyphs.alarm), t.alarm())]],
        Some(Ok(explained)) => {
            let mut lines = vec![form(paint, explained)];
            if let Err(problems) = explained.settable() {
                let alarm = |why| vec![bit(format!("{} {why}", paint.glyphs.alarm), t.alarm())];
                lines.extend(problems.into_iter().map(alarm));
            }
            if let Some(id) = explained.participant.as_deref().filter(|id| p.is_none_or(|p| p.id.as_str() != *id)) {
                let shown = text::shorten_id_in(id, 12, paint.charset());
                let words =
                    format!("{} it names participant {shown}, which is not the selected one", paint.glyphs.alarm);
                lines.push(vec![bit(words, t.warn())]);
            }
            let mut seen = HashSet::new();
            for pair in &explained.pairs {
                let again = !seen.insert(pair.key.as_str());
                lines.push(row(paint, model, pair, again, p));
                if let Some(twin) = twin(explained, pair, c) {
                    let words = format!("    {} differs only in case from {twin}", paint.glyphs.alarm);
                    lines.push(vec![bit(words, t.warn())]);
                }
            }
            lines
        }
    }
}

/// How it reads, and what was taken off.
fn form<'a>(paint: &Paint<'_>, explained: &Explained) -> Bits<'a> {
    let t = paint.theme;
    let keys = match explained.pairs.len() {
        1 => "1 key".to_owned(),
        n => format!("{n} keys"),
    };
    let mut line = vec![
        bit("Reads as ", t.quiet()),
        bit(explained.form.to_string(), t.text()),
        bit(format!(", {keys}"), t.quiet()),
    ];
    if !explained.unwrapped.is_empty() {
        line.push(bit(format!("; taken off: {}", explained.unwrapped.join(", ")), t.quiet()));
    }
    line
}

fn row<'a>(paint: &Paint<'_>, model: &Model, pair: &'a Pair, again: bool, p: Option<&Participant>) -> Bits<'a> {
    let t = paint.theme;
    let key = text::fit_in(&pair.key, 22, text::Align::Left, paint.charset()).into_owned();
    let short = |value: &str| match value {
        "" => "(empty)".to_owned(),
        value => text::cut_in(&cell::shown(model, paint, value), 28, paint.charset()).into_owned(),
    };
    let now = p.and_then(|p| p.attributes.text(&pair.key));
    let mut line = vec![bit("  ", t.text()), bit(key, t.strong()), bit(" ", t.text())];
    match now {
        Some(now) if now == pair.value => line.push(bit(short(now), t.quiet())),
        now => {
            line.push(now.map_or(bit("absent", t.quiet()), |now| bit(short(now), t.theirs())));
            line.push(bit(format!(" {} ", paint.glyphs.to), t.quiet()));
            line.push(bit(short(&pair.value), t.mine()));
        }
    }
    let (note, style) = match pair.was {
        Was::Text if now == Some(pair.value.as_str()) => ("  is there already", t.quiet()),
        Was::Text => ("", t.quiet()),
        Was::Number => ("  a number: sent as this text", t.warn()),
        Was::Bool => ("  a boolean: sent as this text", t.warn()),
        Was::Null => ("  null: cannot be sent", t.alarm()),
        Was::Nested => ("  nested: cannot be sent as it is", t.alarm()),
        Was::Expression => ("  an expression: cannot be sent", t.alarm()),
        Was::ComputedKey => ("  its key is computed: cannot be sent", t.alarm()),
    };
    line.push(bit(note, style));
    if again {
        line.push(bit("  again", t.warn()));
    }
    line
}

/// A key of the payload or of the call that differs from this one in case only.
fn twin<'a>(explained: &'a Explained, pair: &Pair, c: Option<&'a Conversation>) -> Option<&'a str> {
    let folded = pair.key.to_lowercase();
    let here = c.into_iter().flat_map(|c| &c.participants).flat_map(|p| &p.attributes).map(|a| a.key.as_str());
    let mut all = explained.pairs.iter().map(|other| other.key.as_str()).chain(here);
    all.find(|other| *other != pair.key && other.to_lowercase() == folded)
}
