//! The list of expectations: what calls should carry, by when, and how many do not.

use super::{Cursor, drawer, more_below};
use crate::app::{
    Model,
    diagnose::{is_judged, is_of, listed},
    popups::ExpectedList,
};
use crate::domain::{
    expect::Expectation,
    findings::{Finding, Judged, RuleId},
    text::Align,
};
use crate::ui::paint::{Bits, Paint, bit};
use ratatui::layout::Rect;

/// Columns of participant and milestone.
const ON: u16 = 10;
const BY: u16 = 9;
/// Columns of what was found.
const FOUND: u16 = 19;
/// Columns of the values at most.
const VALUES: u16 = 60;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &ExpectedList) -> Cursor {
    let t = paint.theme;
    let all = model.monitor.examiner.expectations();
    let height = u16::try_from(all.len()).unwrap_or(u16::MAX).saturating_add(4).clamp(5, 24);
    let inner = drawer(paint, model, "Keys that calls are expected to have", height);
    if all.is_empty() {
        let words = [
            "Nothing is expected yet.",
            "--expect FILE says which keys calls should have; sidetone check --learn proposes a file.",
        ];
        for (i, (text, style)) in words.into_iter().zip([t.strong(), t.quiet()]).enumerate() {
            paint.put(inner.x + 2, inner.y + i as u16, inner.right(), text, style);
        }
        return None;
    }
    let key = (inner.width / 4).clamp(16, 34);
    let (on, by) = (inner.x + 2 + key + 1, inner.x + 2 + key + 1 + ON);
    let value = by + BY + 1;
    // Beside the values, however wide the screen is.
    let found = inner.right().saturating_sub(FOUND).min(value + VALUES);
    for (x, word) in [(inner.x + 2, "key"), (on, "on"), (by, "by"), (value, "value"), (found, "found")] {
        paint.put(x, inner.y, inner.right(), word, t.quiet());
    }
    let rows = usize::from(inner.height.saturating_sub(4)).max(1);
    let selected = list.selected.min(all.len() - 1);
    let skip = (selected + 1).saturating_sub(rows);
    more_below(paint, inner, all.len().saturating_sub(skip + rows));
    let order = listed(&model.monitor.examiner);
    for (i, expectation) in order.iter().map(|place| &all[*place]).enumerate().skip(skip).take(rows) {
        let y = inner.y + 1 + (i - skip) as u16;
        let style = if expectation.required { t.strong() } else { t.text() };
        paint.cell(inner.x + 2, y, key, &expectation.key, Align::Left, style);
        paint.cell(on, y, ON - 1, &expectation.on, Align::Left, t.quiet());
        paint.cell(by, y, BY, &expectation.by.to_string(), Align::Left, t.quiet());
        let allowed = expectation.allowed.to_string();
        paint.cell(value, y, found.saturating_sub(value + 1), &allowed, Align::Left, t.text());
        paint.bits(found, y, inner.right(), &tally(paint, model, order[i], expectation));
        if i == selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(Rect { y, height: 1, ..inner }, |s| t.selected(s));
        }
    }
    below(paint, &all[order[selected]], Rect { y: inner.bottom().saturating_sub(3), height: 3, ..inner });
    None
}

/// How many live calls are not as expected.
fn tally<'a>(paint: &Paint<'_>, model: &Model, place: usize, expectation: &Expectation) -> Bits<'a> {
    let t = paint.theme;
    let is_live = |f: &Finding| {
        let entry = model.monitor.board.get(f.conversation.as_str());
        entry.is_some_and(|entry| !entry.conversation.is_over())
    };
    let found = |is: fn(&Finding) -> bool| {
        model.monitor.examiner.all_by(is_judged).filter(|f| is_of(f, expectation) && is(f) && is_live(f)).count()
    };
    let missing = found(|f| f.rule == RuleId::Missing);
    let late = found(|f| f.rule == RuleId::Late);
    let wrong = found(|f| !matches!(f.rule, RuleId::Missing | RuleId::Late));
    let mut bits = Vec::new();
    let undecided = model.monitor.examiner.judged(place).filter(|(_, judged)| *judged == Judged::Undecided).count();
    for (count, word, style) in [
        (missing, "missing", t.alarm()),
        (wrong, "wrong", t.alarm()),
        (undecided, "flow not known", t.warn()),
        (late, "late", t.warn()),
    ] {
        if count > 0 {
            bits.push(bit(format!("{count} {word}  "), style));
        }
    }
    if bits.is_empty() {
        bits.push(bit(paint.glyphs.seen, t.seen()));
    }
    bits
}

/// What the table has no room for.
fn below(paint: &mut Paint<'_>, expectation: &Expectation, area: Rect) {
    let t = paint.theme;
    let need = if expectation.required { "required" } else { "optional: only its value is judged" };
    let when = match &expectation.when {
        Some(filter) => format!("on calls that match {filter}"),
        None => "on every call".to_owned(),
    };
    let bits = [bit(need, t.text()), bit(format!("  {when}"), t.quiet())];
    paint.bits(area.x + 2, area.y + 1, area.right(), &bits);
    if let Some(note) = &expectation.note {
        paint.put(area.x + 2, area.y + 2, area.right(), note, t.quiet());
    }
}
