//! The keys of a flow: how surely they are set, their presence by the last versions, and how the live calls stand.

use super::super::{
    cell,
    paint::{Bit, Bits, Paint, bit, count},
    since,
};
use crate::app::{
    Model,
    flow::{FlowHistory, FlowKeyRow},
    since::KeyShare,
};
use crate::domain::text::{self, Align};
use crate::flow::keys::SetWhen;
use ratatui::layout::Rect;

/// Columns of the table.
struct KeyColumns {
    key: u16,
    when: u16,
    /// Width of one version, and how many of them there are.
    version: (u16, usize),
    /// A bar is drawn beside the percent.
    bars: bool,
    /// How the live calls stand is in columns, with the words at their heads: beside each number they have no room.
    counts: bool,
    /// Some calls got a key late.
    late: bool,
}

/// Columns of one count and its mark.
const COUNT: u16 = 9;

fn columns(paint: &Paint<'_>, model: &Model, area: Rect) -> KeyColumns {
    let widest = model.flow.rows.iter().map(|r| text::width(&r.key)).max().unwrap_or(8);
    let key = (count(widest) + 2).clamp(10, (area.width / 3).max(10)).min(32);
    let when = 15;
    let known = model.flow.history.as_ref().map_or(0, |h| h.versions.len());
    let rows = &model.flow.rows;
    let late = rows.iter().any(|row| row.counts.late > 0);
    let words = rows.iter().map(|row| paint.bits_width(&tally(paint, row))).max().unwrap_or(0);
    // In steps: a call more or less moves no column.
    let words = words.next_multiple_of(12).max(24);
    let in_columns = COUNT * (4 + u16::from(late));
    // How the live calls stand is never given up for what was: with a word beside each number, else with the words above them.
    let all = area.width.saturating_sub(3 + key + when + 1);
    let spare = |tally: u16| all.saturating_sub(tally);
    // What has room beside it: bars, and how many versions.
    let versions = |room: u16| {
        let bars = room >= 44;
        let most = usize::from(room / if bars { 22 } else { 8 });
        (bars && known > 0, known.min(3).min(most))
    };
    let counts = in_columns < words && (words > all || versions(spare(in_columns)) > versions(spare(words)));
    let room = spare(if counts { in_columns } else { words });
    let (version, bars) = if room >= 44 { (22, true) } else { (8, false) };
    let shown = known.min(3).min(usize::from(room / version));
    KeyColumns { key, when, version: (version, shown), bars, counts, late }
}

/// The versions that are shown, the oldest first, with their places in the history.
fn shown<'h>(history: Option<&'h FlowHistory>, columns: &KeyColumns) -> Vec<(usize, &'h (String, i64))> {
    let Some(history) = history else { return Vec::new() };
    let skip = history.versions.len().saturating_sub(columns.version.1);
    history.versions.iter().enumerate().skip(skip).collect()
}

pub(super) fn heads(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let c = columns(paint, model, area);
    let mut x = area.x + 3;
    paint.put(x, area.y, x + c.key, "key", t.quiet());
    x += c.key;
    if model.flow.show.is_some() {
        paint.put(x, area.y, area.right(), "in this run", t.quiet());
        return;
    }
    let version = model.flow.definition().and_then(|d| d.version.as_deref());
    let set = version.map_or("set".to_owned(), |v| format!("set on v{v}"));
    paint.put(x, area.y, x + c.when - 1, &set, t.quiet());
    x += c.when;
    let versions = shown(model.flow.history.as_ref(), &c);
    let last = versions.len().saturating_sub(1);
    for (i, (_, (version, calls))) in versions.iter().enumerate() {
        let end = x + c.version.0 - 1;
        let name = if version.is_empty() { "?".to_owned() } else { format!("v{version}") };
        let after = paint.put(x, area.y, end, &name, if i == last { t.strong() } else { t.quiet() });
        if c.bars {
            paint.put(after + 1, area.y, end, &format!("{calls} calls"), t.quiet());
        }
        x += c.version.0;
    }
    if c.counts {
        for head in COUNTS.iter().filter(|head| c.late || **head != "late") {
            paint.cell(x, area.y, COUNT - 1, head, Align::Right, t.quiet());
            x += COUNT;
        }
        return;
    }
    let (all, _) = model.flow.calls;
    let live = if all == 1 { "1 live call".to_owned() } else { format!("{all} live calls") };
    paint.put(x, area.y, area.right(), &live, t.quiet());
}

pub(super) fn line(paint: &mut Paint<'_>, model: &Model, row: &FlowKeyRow, area: Rect, y: u16) {
    let t = paint.theme;
    let c = columns(paint, model, area);
    let end = area.right().saturating_sub(1);
    let mut x = area.x + 3;
    let here = model.flow.selection.as_deref() == Some(row.key.as_str());
    paint.cell(x, y, c.key - 1, &row.key, Align::Left, if here { t.strong() } else { t.text() });
    x += c.key;
    if let Some(show) = &model.flow.show {
        let attributes = show.attributes();
        match attributes.iter().find(|(key, _, _)| *key == row.key) {
            Some((_, value, fresh)) => {
                let value = cell::shown(model, paint, value);
                let (mark, style) =
                    if *fresh { (paint.glyphs.fresh, t.fresh()) } else { (paint.glyphs.seen, t.seen()) };
                paint.put(x, y, x + 1, mark, style);
                paint.put(x + 2, y, end, &value, if *fresh { t.flash() } else { t.text() });
            }
            None if show.end().is_some() => {
                paint.put(x, y, end, &format!("{} never set", paint.glyphs.missing), t.alarm());
            }
            None => {
                paint.put(x, y, x + 1, paint.glyphs.absent, t.quiet());
            }
        }
    } else {
        let lost = row.lost;
        let (words, style) = match row.when {
            SetWhen::Conditional if lost => (format!("{} {}", paint.glyphs.alarm, row.when.word()), t.warn()),
            SetWhen::Never if row.gone => (format!("{} never set", paint.glyphs.missing), t.alarm()),
            SetWhen::Never => (format!("{} {}", paint.glyphs.alarm, row.when.word()), t.warn()),
            when => (when.word().to_owned(), t.quiet()),
        };
        paint.put(x, y, x + c.when - 1, &words, style);
        x += c.when;
        if let Some(history) = &model.flow.history {
            let shares = history.of(&row.key);
            for (at, _) in shown(Some(history), &c) {
                let of = |at: usize| shares.and_then(|s| s.get(at)).copied().flatten();
                // Of many keys it is right that not every call has them: only a fall is an alarm.
                let has_fallen = |share: KeyShare| {
                    at.checked_sub(1).and_then(of).is_some_and(|before| share.has_fallen_from(before))
                };
                match of(at) {
                    Some(share) if c.bars => {
                        since::share(paint, Rect { x, y, width: 13, height: 1 }, share, has_fallen(share));
                    }
                    Some(share) => {
                        let percent = share.percent();
                        let words = percent.map_or("  –".to_owned(), |p| format!("{p:>3} %"));
                        let style = if has_fallen(share) { t.alarm() } else { t.text() };
                        paint.put(x, y, x + c.version.0 - 1, &words, style);
                    }
                    None => drop(paint.put(x, y, x + 3, paint.glyphs.absent, t.quiet())),
                }
                x += c.version.0;
            }
        }
        if c.counts {
            for count in counts(paint, row).into_iter().enumerate().filter(|(i, _)| c.late || *i != 2).map(|(_, n)| n) {
                paint.cell(x, y, COUNT - 1, &count.0, Align::Right, count.1);
                x += COUNT;
            }
        } else {
            paint.line(x, y, end, &tally(paint, row));
        }
    }
    if here {
        paint.put(area.x + 1, y, area.x + 2, paint.glyphs.selection, t.text());
        paint.tint(Rect { y, height: 1, ..area }, |style| t.selected(style));
    }
}

/// The heads of the columns in which the calls are counted.
const COUNTS: [&str; 5] = ["missing", "wrong", "late", "set", "not yet"];

/// How the calls stand, for each of [`COUNTS`]. Green is for good only.
fn counts<'a>(paint: &Paint<'_>, row: &FlowKeyRow) -> [Bit<'a>; 5] {
    let t = paint.theme;
    let g = paint.glyphs;
    let n = row.counts;
    let (mark, style) = if row.is_expected() { (g.missing, t.alarm()) } else { (g.absent, t.quiet()) };
    let of = |count: usize, mark: &str, style| match count {
        0 => bit("", t.quiet()),
        count => bit(format!("{mark} {count}"), style),
    };
    [
        of(n.missing, mark, style),
        of(n.elsewhere + n.spelling, g.alarm, t.warn()),
        of(n.late, g.alarm, t.warn()),
        of(n.set, g.seen, t.seen()),
        of(n.waiting, g.absent, t.quiet()),
    ]
}

/// How the calls stand, the worst first, each with its word. Green is for good only.
fn tally<'a>(paint: &Paint<'_>, row: &FlowKeyRow) -> Bits<'a> {
    let t = paint.theme;
    let g = paint.glyphs;
    let n = row.counts;
    let (mark, word, style) =
        if row.is_expected() { (g.missing, "missing", t.alarm()) } else { (g.absent, "absent", t.quiet()) };
    let mut bits = Vec::new();
    for (count, mark, word, style) in [
        (n.missing, mark, word, style),
        (n.elsewhere, g.alarm, "elsewhere", t.warn()),
        (n.spelling, g.alarm, "misspelt", t.warn()),
        (n.late, g.alarm, "late", t.warn()),
        (n.set, g.seen, "set", t.seen()),
        (n.waiting, g.absent, "not yet", t.quiet()),
    ] {
        if count > 0 {
            let gap = if bits.is_empty() { "" } else { "  " };
            bits.push(bit(format!("{gap}{mark} {count} {word}"), style));
        }
    }
    if bits.is_empty() {
        bits.push(bit("no calls", t.quiet()));
    }
    bits
}
