//! How many of the live calls have each key: a bar a key. Beside a wide table, the alerts and the changes of all calls as well.

use super::super::{
    cell,
    paint::{Bits, Paint, bit},
};
use crate::{
    app::{Model, calls::KeyTally, fresh, keymap::Command, layout, rows, timeline::TimelineItem},
    domain::{
        Source,
        text::{self, Align},
    },
};
use ratatui::{layout::Rect, style::Style};

/// Rows of the alerts, at most.
const ALERTS: usize = 3;
/// Columns that a value has beside its key, at least.
const VALUE: u16 = 9;

/// Right of the table.
pub(super) fn beside(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    paint.wall(area);
    let (x, end) = (area.x + 2, area.right().saturating_sub(1));
    title(paint, model, x, area.y, end);
    legend(paint, x, area.y + 1, end);
    let keys = model.calls.keys.len();
    let step = layout::bar_rows(true, area, keys);
    let brevity = brevity(paint, &model.calls.coverage.tallies, end - x);
    let mut y = layout::bars_from(area, true);
    for (n, (key, tally)) in model.calls.keys.iter().zip(&model.calls.coverage.tallies).enumerate() {
        if y + 1 >= area.bottom() {
            return;
        }
        let percent = tally.percent().map_or_else(String::new, |n| format!("{n} %"));
        let at = paint.bits_right(x, y, end, &[bit(percent, t.text())]);
        paint.put(x, y, at.saturating_sub(1), key.as_str(), t.strong());
        bar(paint, tally, x, y + 1, end - x);
        if step >= 4 {
            paint.bits(x, y + 2, end, &counted(paint, tally, brevity));
        }
        selection(paint, model, n, Rect { x: area.x + 1, y, width: area.width - 1, height: 1 });
        y += step;
    }
    if !model.calls.coverage.focus {
        let hint = [bit(model.key_label(Command::Coverage), t.strong()), bit(" filter by a bar, or close", t.quiet())];
        if y < area.bottom() {
            paint.bits(x, y, end, &hint);
        }
        y += 1;
    }
    let below = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area };
    let y = alerts(paint, model, below);
    changes(paint, model, Rect { y, height: area.bottom().saturating_sub(y), ..area });
}

/// Below the table: a line a key.
pub(super) fn below(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    paint.rule(area);
    let (x, end) = (area.x + MARGIN, area.right().saturating_sub(1));
    paint.put(area.x + 1, area.y, area.x + 2, " ", t.text());
    let title = title(paint, model, area.x + 2, area.y, end);
    paint.put(title, area.y, title + 1, " ", t.text());
    let keys = &model.calls.keys;
    let name = keys.iter().map(|key| paint.width(key.as_str())).max().unwrap_or(0).clamp(8, 24);
    // Percent, then the bar, then the counts, which have the room that they need.
    let tallies = &model.calls.coverage.tallies;
    let bar_at = x + name + 8;
    let brevity = brevity(paint, tallies, end.saturating_sub(bar_at + 2 + SHORTEST));
    let needed = tallies.iter().map(|tally| paint.bits_width(&counted(paint, tally, brevity))).max().unwrap_or(0);
    let width = end.saturating_sub(bar_at + 2 + needed).max(SHORTEST);
    let top = layout::bars_from(area, false);
    let skip = (model.calls.coverage.selected + 1).saturating_sub(usize::from(area.bottom().saturating_sub(top)));
    let all = keys.iter().zip(&model.calls.coverage.tallies).enumerate().skip(skip);
    for (y, (n, (key, tally))) in (top..area.bottom()).zip(all) {
        paint.cell(x, y, name, key.as_str(), Align::Left, t.text());
        let percent = tally.percent().map_or_else(String::new, |n| format!("{n} %"));
        paint.cell(x + name + 1, y, 5, &percent, Align::Right, t.text());
        bar(paint, tally, bar_at, y, width);
        let from = bar_at + width + 2;
        paint.bits(from, y, end, &counted(paint, tally, brevity));
        selection(paint, model, n, Rect { x: area.x, y, width: area.width, height: 1 });
    }
}

/// The shortest bar below the table.
const SHORTEST: u16 = 9;
/// Columns left of the bars, where the selection is marked.
const MARGIN: u16 = 3;

fn title(paint: &mut Paint<'_>, model: &Model, x: u16, y: u16, end: u16) -> u16 {
    let t = paint.theme;
    let calls = model.calls.coverage.calls;
    let of = if calls == 1 { "of 1 live call".to_owned() } else { format!("of {calls} live calls") };
    paint.bits(x, y, end, &[bit("Coverage ", t.strong()), bit(of, t.quiet())])
}

fn legend(paint: &mut Paint<'_>, x: u16, y: u16, end: u16) {
    let (t, g) = (paint.theme, paint.glyphs);
    let parts = [
        (g.bar_set, t.seen(), "set"),
        (g.bar_wrong, t.warn(), "wrong"),
        (g.missing, t.alarm(), "missing"),
        (g.absent, t.quiet(), "absent"),
    ];
    let legend = |gap: &str| -> Bits<'_> {
        parts
            .iter()
            .flat_map(|(mark, style, word)| [bit(*mark, *style), bit(format!(" {word}{gap}"), t.quiet())])
            .collect()
    };
    let wide = legend("  ");
    let bits = if paint.bits_width(&wide) <= end.saturating_sub(x) + 2 { wide } else { legend(" ") };
    paint.bits(x, y, end, &bits);
}

fn selection(paint: &mut Paint<'_>, model: &Model, n: usize, row: Rect) {
    if model.calls.coverage.focus && model.calls.coverage.selected == n {
        let t = paint.theme;
        paint.put(row.x, row.y, row.x + 1, paint.glyphs.selection, t.text());
        paint.tint(row, |style| t.selected(style));
    }
}

/// The parts of a bar of this width: every part that is not empty has a column at least.
fn parts(tally: &KeyTally, width: u16) -> [u16; 4] {
    let counts = [tally.set, tally.wrong, tally.missing, tally.rest];
    let all: usize = counts.iter().sum();
    if all == 0 || width < 4 {
        return [0, 0, 0, width];
    }
    let mut parts = counts.map(|n| match n {
        0 => 0,
        n => u16::try_from(n * usize::from(width) / all).unwrap_or(width).max(1),
    });
    // What rounding took or gave is the largest part's.
    let used: u16 = parts.iter().sum();
    let largest = (0..4).max_by_key(|i| counts[*i]).unwrap_or(0);
    parts[largest] = (parts[largest] + width).saturating_sub(used);
    parts
}

fn bar(paint: &mut Paint<'_>, tally: &KeyTally, x: u16, y: u16, width: u16) {
    let (t, g) = (paint.theme, paint.glyphs);
    let looks: [(&str, Style); 4] =
        [(g.bar_set, t.seen()), (g.bar_wrong, t.warn()), (g.missing, t.alarm()), (g.bar_rest, t.quiet())];
    let mut x = x;
    for (part, (glyph, style)) in parts(tally, width).into_iter().zip(looks) {
        x = paint.put(x, y, x + part, &glyph.repeat(usize::from(part)), style);
    }
}

/// How wordy the counts of all bars are in this room: a word is said of all of them or of none.
fn brevity(paint: &Paint<'_>, tallies: &[KeyTally], room: u16) -> u8 {
    let fits = |brevity: &u8| tallies.iter().all(|t| paint.bits_width(&counted(paint, t, *brevity)) <= room);
    (0..BRIEFEST).find(fits).unwrap_or(BRIEFEST)
}

const BRIEFEST: u8 = 5;

/// 0: with words; 2: without what is absent, which is what is left of the bar; 4: by the marks of the legend alone. Each odd one has
/// less space between.
fn counted<'a>(paint: &Paint<'_>, tally: &KeyTally, brevity: u8) -> Bits<'a> {
    let (t, g) = (paint.theme, paint.glyphs);
    let wordy = brevity < 4;
    let gap = if brevity.is_multiple_of(2) { "  " } else { " " };
    let word = |word: &str| if wordy { format!(" {word}") } else { String::new() };
    let wrong = if wordy { g.alarm } else { g.bar_wrong };
    let set = if wordy { tally.set.to_string() } else { format!("{} {}", g.bar_set, tally.set) };
    let mut bits = vec![bit(set, t.text()), bit(word("set"), t.quiet())];
    if tally.wrong > 0 {
        bits.push(bit(format!("{gap}{wrong} {}{}", tally.wrong, word("wrong")), t.warn()));
    }
    if tally.missing > 0 {
        bits.push(bit(format!("{gap}{} {}{}", g.missing, tally.missing, word("missing")), t.alarm()));
    }
    if tally.rest > 0 && !matches!(brevity, 2 | 3) {
        bits.push(bit(format!("{gap}{} {}{}", g.absent, tally.rest, word("absent")), t.quiet()));
    }
    bits
}

/// What fired last; the row after it.
fn alerts(paint: &mut Paint<'_>, model: &Model, area: Rect) -> u16 {
    let t = paint.theme;
    let set = &model.monitor.alerts.list;
    let mut fired: Vec<_> = set.iter().filter_map(|alert| Some((alert.last.as_ref()?, alert.words()))).collect();
    if area.height < if set.is_empty() { 14 } else { 4 } {
        return area.y;
    }
    fired.sort_by_key(|(fired, _)| std::cmp::Reverse(fired.at.mono));
    rule(paint, area);
    let (x, end) = (area.x + 2, area.right().saturating_sub(1));
    paint.put(x, area.y + 1, end, "Alerts", t.strong());
    let mut y = area.y + 2;
    for (fired, words) in fired.iter().take(ALERTS) {
        let time = super::super::times::time_of(model, fired.at.wall);
        let from = who(model, fired.call.as_str());
        let words = text::cut_in(words, usize::from(end.saturating_sub(x + 16)), paint.charset()).into_owned();
        paint.bits(x, y, end, &[bit(time, t.quiet()), bit(format!("  {from:>4}  "), t.text()), bit(words, t.text())]);
        y += 1;
    }
    if set.is_empty() {
        let key = model.key_label(Command::Alerts);
        paint.bits(x, y, end, &[bit("none set  ", t.quiet()), bit(key, t.strong()), bit(" alerts", t.quiet())]);
        y += 1;
    } else if fired.is_empty() {
        let words = if set.len() == 1 {
            "1 set, not fired yet".to_owned()
        } else {
            format!("{} set, none fired yet", set.len())
        };
        paint.put(x, y, end, &words, t.quiet());
        y += 1;
    }
    y + 1
}

/// The last four of the caller's number, or the first name.
fn who(model: &Model, call: &str) -> String {
    let Some(entry) = model.monitor.board.get(call) else { return String::new() };
    let from = rows::from(&entry.conversation);
    short_name(&from)
}

fn short_name(from: &str) -> String {
    let digits = from.starts_with('+') && from.len() > 4 && from.is_ascii();
    let first = from.split_whitespace().next().unwrap_or(from);
    if digits { from[from.len() - 4..].to_owned() } else { text::cut(first, 8).into_owned() }
}

/// The changes of all calls, newest first.
fn changes(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    if area.height < 5 {
        return;
    }
    rule(paint, area);
    let (x, end) = (area.x + 2, area.right().saturating_sub(1));
    paint.bits(x, area.y + 1, end, &[bit("Changes ", t.strong()), bit("of all calls", t.quiet())]);
    let rows = usize::from(area.height - 2);
    let newest: Vec<&TimelineItem> =
        model.timeline.newest().filter(|item| !item.from.is_empty()).take(rows.saturating_sub(2)).collect();
    let from = newest.iter().map(|item| paint.width(&short_name(&item.from))).max().unwrap_or(0);
    let at = x + 7 + from;
    // The keys in one column, the values in another: a key is cut where the values want the room.
    let keys = newest.iter().map(|item| paint.width(item.key.as_str())).max().unwrap_or(0);
    let keys = keys.min(end.saturating_sub(at + 1 + VALUE));
    let mut y = area.y + 2;
    for item in newest {
        let ago = model.now.mono.saturating_sub(item.at.mono);
        let seconds = ago.as_secs();
        let age = if seconds < 100 { format!("{seconds} s") } else { rows::clock_age(ago) };
        let style = match () {
            () if item.source == Source::You => t.my_value(),
            () if item.new.is_none() => t.alarm(),
            () if ago < fresh::FLASH => t.flash(),
            () if ago < fresh::FRESH => t.fresh(),
            () => t.text(),
        };
        let value = match &item.new {
            None => "absent".into(),
            Some(v) if v.as_str().is_empty() => "(empty)".into(),
            Some(v) => cell::shown(model, paint, v.as_str()).into_owned(),
        };
        paint.cell(x, y, 5, &age, Align::Right, t.quiet());
        paint.cell(x + 6, y, from, &short_name(&item.from), Align::Left, t.quiet());
        paint.cell(at, y, keys, item.key.as_str(), Align::Left, t.text());
        paint.put(at + 1 + keys, y, end, &value, style);
        y += 1;
    }
    if y == area.y + 2 {
        paint.put(x, y, end, "Nothing has changed yet.", t.quiet());
        return;
    }
    let hint = [bit(model.key_label(Command::Timeline), t.strong()), bit(" timeline", t.quiet())];
    paint.bits(x, area.bottom() - 1, end, &hint);
}

/// A rule from the wall to the edge.
fn rule(paint: &mut Paint<'_>, area: Rect) {
    let quiet = paint.theme.quiet();
    paint.rule(Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area });
    paint.put(area.x, area.y, area.x + 1, paint.glyphs.tee_right, quiet);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No count and no word is cut, however large the numbers are: beside the table there are 33 columns, below a narrow one 27.
        #[test]
        fn counts_are_whole(set in 0usize..9_999, wrong in 0usize..9_999, missing in 0usize..9_999, rest in 0usize..9_999, room in 27u16..60) {
            let tally = KeyTally { set, wrong, missing, rest };
            let mut buf = ratatui::buffer::Buffer::empty(Rect::new(0, 0, 1, 1));
            let paint = Paint::new(&mut buf, crate::ui::Theme::Terminal, false);
            let words = counted(&paint, &tally, brevity(&paint, std::slice::from_ref(&tally), room));
            prop_assert!(paint.bits_width(&words) <= room, "{words:?}");
            let said = [(set.max(1), set, "set"), (wrong, wrong, "wrong"), (missing, missing, "missing")];
            let all: String = words.iter().map(|(text, _)| text.as_ref()).collect();
            let worded = all.contains(" set");
            for (there, count, word) in said.into_iter().filter(|(there, ..)| *there > 0) {
                prop_assert!(there == 0 || all.contains(&count.to_string()), "{all}");
                prop_assert_eq!(all.contains(word), worded, "all words or none: {}", all);
            }
            // What is absent is the rest of the bar: with its word, with its mark, or not at all.
            let absent = format!("{rest}{}", if worded { " absent" } else { "" });
            prop_assert!(rest == 0 || !all.contains("absent") || all.ends_with(&absent), "{all}");
            prop_assert!(worded || rest == 0 || all.ends_with(&absent), "{all}");
        }

        /// A bar is as wide as it is said to be, and nothing that is there goes unseen.
        #[test]
        fn every_part_of_a_bar_is_seen(set in 0usize..20_000, wrong in 0usize..300, missing in 0usize..300, rest in 0usize..300, width in 4u16..90) {
            let tally = KeyTally { set, wrong, missing, rest };
            let parts = parts(&tally, width);
            prop_assert_eq!(parts.iter().sum::<u16>(), width);
            if set + wrong + missing + rest > 0 {
                for (part, count) in parts.into_iter().zip([set, wrong, missing, rest]) {
                    prop_assert_eq!(part > 0, count > 0, "{:?}", parts);
                }
            }
        }
    }
}
