//! The last changes of the call, newest first, with what became of the operator's own.

use super::{detail, put};
use crate::app::{Model, rows};
use crate::domain::{BoardEntry, HistoryEntry, Source, text};
use crate::ui::{
    paint::{Bits, Paint, bit},
    times,
};
use ratatui::layout::Rect;

/// A change is fresh for so long.
const FRESH: std::time::Duration = std::time::Duration::from_secs(10);

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, entry: &BoardEntry, area: Rect) {
    let t = paint.theme;
    let narrow = area.height <= 4;
    let mut lines: Vec<Bits<'_>> = Vec::new();
    if !narrow {
        lines.push(vec![bit("Changes", t.strong()), bit("  newest first", t.quiet())]);
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    let all = entry.history.len();
    for (i, change) in entry.history.iter().rev().take(room).enumerate() {
        let head = if narrow && i == 0 { "Changes" } else { "" };
        lines.push(line(paint, model, entry, change, if narrow { head } else { "" }, narrow, area.width));
    }
    if all == 0 {
        let words = "nothing has changed since the call was first seen";
        let head = if narrow { "Changes  " } else { "" };
        let said = paint.paragraph(words, area.width.saturating_sub(paint.width(head)));
        lines.extend(said.into_iter().enumerate().map(|(n, line)| {
            let head = if n == 0 { bit(head, t.strong()) } else { bit(" ".repeat(head.len()), t.text()) };
            vec![head, bit(line, t.quiet())]
        }));
    }
    put(paint, &lines, area, 0, None);
}

/// `26 s  customer  customer_tier  — → gold  you ✓ 165 ms`.
pub(super) fn line<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    entry: &BoardEntry,
    change: &'a HistoryEntry,
    head: &'static str,
    headed: bool,
    width: u16,
) -> Bits<'a> {
    let t = paint.theme;
    let age = rows::between(change.at.wall, model.now.wall);
    let mut bits = Vec::new();
    if headed {
        bits.push(bit(format!("{head:<9}"), t.strong()));
    }
    let age_text = match age.as_secs() {
        s @ 0..60 => format!("{s} s"),
        _ => times::offset(age),
    };
    bits.push(bit(format!("{age_text:>6}  "), t.quiet()));
    let purpose = entry.conversation.participant(change.participant.as_str()).map_or("", |p| p.purpose.as_str());
    let fit = |text: &str, width: usize| text::fit_in(text, width, text::Align::Left, paint.charset()).into_owned();
    bits.push(bit(fit(purpose, 9), t.quiet()));
    let keys = entry.history.iter().rev().take(40).map(|h| text::width(h.key.as_str())).max().unwrap_or(0);
    bits.push(bit(fit(change.key.as_str(), keys.clamp(8, usize::from(width / 4).max(8)) + 1), t.text()));
    bits.push(bit(" ", t.text()));
    let by = by(paint, model, change);
    let used = paint.bits_width(&bits) + paint.bits_width(&by) + 2;
    let room = width.saturating_sub(used);
    bits.extend(detail::old_to_new(paint, model, change, room, age < FRESH));
    bits.push(bit("  ", t.text()));
    bits.extend(by);
    bits
}

/// By what it was observed; of the operator's own edits, what became of them.
fn by<'a>(paint: &Paint<'_>, model: &Model, change: &HistoryEntry) -> Bits<'a> {
    let t = paint.theme;
    let g = paint.glyphs;
    if change.source != Source::You {
        let vanished = (change.new.is_none()).then(|| bit(format!("{} vanished  ", g.alarm), t.warn()));
        return vanished.into_iter().chain([bit(change.source.as_str(), t.quiet())]).collect();
    }
    let sent = detail::sent_of(model, change, change.key.as_str());
    let seen = sent.and_then(|s| s.seen);
    match seen {
        Some((after, _)) => {
            vec![bit("you ", t.mine()), bit(format!("{} {} ms", g.seen, after.as_millis()), t.seen())]
        }
        None => vec![bit("you", t.mine())],
    }
}
