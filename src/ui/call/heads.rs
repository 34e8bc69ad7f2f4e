//! The heads of the matrix: whose column it is, for how long they have been there, and who has nothing to show.

use super::presence;
use crate::app::{call::CallScreen, rows};
use crate::domain::{Conversation, Freshness, Participant, text};
use crate::ui::{
    paint::{Paint, bit},
    times,
};
use jiff::Timestamp;

pub(super) fn draw(paint: &mut Paint<'_>, now: Timestamp, call: &CallScreen, c: &Conversation) {
    let t = paint.theme;
    let heads = call.areas.heads;
    let keys_end = call.keys.x + call.keys.width;
    // That the values are old goes before their number.
    let (words, style) = match (c.freshness, call.rows.len()) {
        (Freshness::Stale, _) => (format!("{} stale", paint.glyphs.stale), t.stale()),
        (Freshness::Live, 1) => ("1 key".to_owned(), t.quiet()),
        (Freshness::Live, n) => (format!("{n} keys"), t.quiet()),
    };
    paint.put(call.keys.x, heads.y, keys_end, &words, style);
    if call.scroll > 0 {
        let more = format!("{} {} more", paint.glyphs.above, call.scroll);
        paint.put(call.keys.x, heads.y + 1, keys_end, &more, t.quiet());
    }
    let selection = call.selection.as_ref();
    let mut used = [keys_end; 2];
    for column in &call.columns {
        let Some(p) = c.participant(column.participant.as_str()) else { continue };
        let last = call.columns.last() == Some(column);
        // The last head may use what is free to its right.
        let end = if last { heads.right().saturating_sub(1) } else { column.x + column.width };
        let here = selection.is_some_and(|h| h.participant == column.participant);
        let purpose = if here { t.strong() } else { presence(paint, p) };
        let mut head = vec![bit(p.purpose.as_str(), purpose)];
        if let Some(name) = p.name.as_deref().filter(|n| !n.is_empty()) {
            head.push(bit(format!(" {name}"), presence(paint, p)));
        }
        used[0] = paint.line(column.x, heads.y, end, &head);
        used[1] = paint.bits(column.x, heads.y + 1, end, &[bit(state(paint, now, c, p), t.quiet())]);
    }
    around(paint, call, c, used);
}

/// `connected 1:44 · 16 attributes`.
fn state(paint: &Paint<'_>, now: Timestamp, c: &Conversation, p: &Participant) -> String {
    let until = p.ended.or(c.ended).unwrap_or(now);
    let time = p.connected.map(|at| times::offset(rows::between(at, until))).unwrap_or_default();
    let state = match (p.is_connected(), p.state.as_str()) {
        (true, "") => "connected",
        (true, state) => state,
        (false, _) => "left",
    };
    let count = match p.attributes.len() {
        0 => "no attributes".to_owned(),
        1 => "1 attribute".to_owned(),
        n => format!("{n} attributes"),
    };
    let left = if p.is_connected() { time } else { p.ended.map(|at| super::since_begin(c, at)).unwrap_or_default() };
    format!("{state} {left} {} {count}", paint.glyphs.dot)
}

/// What scrolls in from the sides, and who has no attributes, where the heads leave room.
fn around(paint: &mut Paint<'_>, call: &CallScreen, c: &Conversation, used: [u16; 2]) {
    let t = paint.theme;
    let heads = call.areas.heads;
    let end = heads.right().saturating_sub(1);
    if call.hidden > 0 {
        let more = format!(" +{} {}", call.hidden, paint.glyphs.then);
        let x = end.saturating_sub(paint.width(&more));
        paint.bits(x, heads.y, heads.right(), &[bit(more, t.strong())]);
    }
    if call.first > 0 {
        let more = format!("{} {} ", if paint.is_ascii() { "<" } else { "‹" }, call.first);
        let x = (call.keys.x + call.keys.width + 2).saturating_sub(paint.width(&more));
        paint.bits(x, heads.y, heads.right(), &[bit(more, t.strong())]);
    }
    let mut folded: Vec<&str> = Vec::new();
    for p in call.folded().filter_map(|id| c.participant(id.as_str())) {
        if !folded.contains(&p.purpose.as_str()) {
            folded.push(p.purpose.as_str());
        }
    }
    if folded.is_empty() {
        return;
    }
    let words = format!("{}: no attributes", folded.join(", "));
    let width = paint.width(&words);
    let places = [(used[0], heads.y, call.hidden == 0), (used[1], heads.y + 1, true)];
    let free = places.into_iter().find(|(used, _, free)| *free && used + 3 + width <= end);
    // Else at the end of the last line of the table: what stands there is seldom that long.
    let (from, y) = match free {
        Some((used, y, _)) => (used, y),
        None => (call.keys.x, call.areas.more.map_or(call.areas.table.bottom().saturating_sub(1), |more| more.y)),
    };
    let words = text::cut_in(&words, usize::from(end.saturating_sub(from)), paint.charset()).into_owned();
    paint.bits_right(from, y, end, &[bit(words, t.quiet())]);
}
