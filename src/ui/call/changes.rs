//! The last changes of the call, newest first, with what became of the operator's own.

use super::{detail, put};
use crate::app::{Model, rows};
use crate::domain::{At, BoardEntry, HistoryEntry, Source, text};
use crate::ui::{
    paint::{Bits, Paint, bit},
    times,
};
use ratatui::layout::Rect;
use std::time::Duration;

/// A change is fresh for so long.
const FRESH: Duration = Duration::from_secs(10);

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, entry: &BoardEntry, area: Rect) {
    let t = paint.theme;
    let narrow = area.height <= 4;
    let mut lines: Vec<Bits<'_>> = Vec::new();
    if !narrow {
        lines.push(vec![bit("Changes", t.strong()), bit("  newest first", t.quiet())]);
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    let rows = newest(entry).take(room).enumerate();
    lines.extend(rows.map(|(i, row)| {
        let head = if narrow && i == 0 { "Changes" } else { "" };
        line(paint, model, entry, row, head, narrow, area.width)
    }));
    if room > 0 && newest(entry).next().is_none() {
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

/// One thing that happened to the attributes of a call.
#[derive(Clone, Copy)]
pub(super) enum ChangeRow<'a> {
    /// One of them changed.
    Change(&'a HistoryEntry),
    /// Nobody saw what happened to them, until then or now.
    Gap { from: At, to: Option<At> },
}

impl ChangeRow<'_> {
    /// When it was seen; `None`: it goes on.
    fn seen(&self) -> Option<At> {
        match self {
            Self::Change(change) => Some(change.at),
            Self::Gap { to, .. } => *to,
        }
    }
}

/// What happened to the attributes of a call, newest first. What came with the end of a gap stands above it.
pub(super) fn newest(entry: &BoardEntry) -> impl Iterator<Item = ChangeRow<'_>> {
    let mut changes = entry.history.iter().rev().peekable();
    let open = entry.unobserved().map(|from| ChangeRow::Gap { from, to: None });
    let over = entry.gaps().iter().rev().map(|gap| ChangeRow::Gap { from: gap.from, to: Some(gap.to) });
    let mut gaps = open.into_iter().chain(over).peekable();
    std::iter::from_fn(move || {
        let until = gaps.peek().map(|gap| gap.seen().map(|at| at.mono));
        let is_newer = |change: &&HistoryEntry| until.is_none_or(|until| until.is_some_and(|at| change.at.mono >= at));
        changes.next_if(is_newer).map(ChangeRow::Change).or_else(|| gaps.next())
    })
}

/// `26 s  customer  customer_tier  — → gold  you ✓ 165 ms`, or `26 s  ◷ gap: 15 s not observed`.
pub(super) fn line<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    entry: &BoardEntry,
    row: ChangeRow<'a>,
    head: &'static str,
    headed: bool,
    width: u16,
) -> Bits<'a> {
    let t = paint.theme;
    let age = row.seen().map(|at| rows::between(at.wall, model.now.wall)).unwrap_or_default();
    let mut bits = Vec::new();
    if headed {
        bits.push(bit(format!("{head:<9}"), t.strong()));
    }
    bits.push(bit(format!("{:>6}  ", short(age)), t.quiet()));
    let change = match row {
        ChangeRow::Change(change) => change,
        ChangeRow::Gap { from, to } => {
            let long = rows::between(from.wall, to.map_or(model.now.wall, |to| to.wall));
            let long = if long.as_secs() == 0 { "less than a second".to_owned() } else { short(long) };
            bits.push(bit(format!("{} gap: {long} not observed", paint.glyphs.stale), t.warn()));
            return bits;
        }
    };
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

/// `26 s`, from a minute on `1:26`.
fn short(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..60 => format!("{s} s"),
        _ => times::offset(time),
    }
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
