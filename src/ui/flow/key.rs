//! Below the keys: the branches that decide the selected one, what changed between versions, which calls lack it, who sets it.

use super::super::{
    cell,
    paint::{Bits, Paint, bit},
};
use crate::app::{
    Model,
    flow::{Decision, FlowKeyRow, FlowKeyStatus, LookupOutcome, Show},
    rows,
};
use crate::flow::{diff::KeyAccess, keys::SetWhen, model::display_name};
use crate::why::Leads;
use ratatui::layout::Rect;

/// Branches, what changed, the last run.
pub(super) fn left<'a>(paint: &Paint<'_>, model: &Model, row: &FlowKeyRow, area: Rect) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let mut lines: Vec<Bits<'a>> = Vec::new();
    let decisions = &model.flow.decisions;
    let known: usize = decisions.iter().map(|d| d.calls + d.unknown).max().unwrap_or(0);
    let calls = match known {
        0 => "no run is known yet".to_owned(),
        1 => "1 recorded run".to_owned(),
        n => format!("{n} recorded runs"),
    };
    if decisions.is_empty() {
        let words = match row.when {
            _ if row.gone => "is set nowhere in this version",
            SetWhen::Always => "is set on every path: no branch decides it",
            _ => "is decided by no branch",
        };
        lines.push(vec![bit(row.key.clone(), t.strong()), bit(format!(" {words}"), t.quiet())]);
    } else {
        lines.push(vec![
            bit(format!("Branches that decide {}", row.key), t.strong()),
            bit(format!("  {calls}"), t.quiet()),
        ]);
        lines.push(Vec::new());
    }
    // One width for all: the bars of all actions begin in one column.
    let labels = decisions.iter().flat_map(|d| &d.outputs).map(|o| paint.width(&o.label));
    let widest = labels.max().unwrap_or(0).clamp(6, 20);
    for decision in decisions {
        lines.push(vec![bit(decision.action.clone(), t.text()), bit(unknown(decision), t.quiet())]);
        lines.extend(outputs(paint, decision, widest, area.width));
    }
    lines.extend(changed(paint, model, row));
    lines
}

/// Of how many recorded runs it is not known which output they took.
fn unknown(decision: &Decision) -> String {
    match (decision.calls, decision.unknown) {
        (_, 0) => String::new(),
        (0, _) => "  the records do not say which".to_owned(),
        (_, 1) => "  unknown of 1 run".to_owned(),
        (_, n) => format!("  unknown of {n} runs"),
    }
}

/// A line for each output: how many took it, and whether it leads to the key.
fn outputs<'a>(paint: &Paint<'_>, decision: &Decision, widest: u16, width: u16) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    // Beside the label and the count, and what is said of an output that none took.
    let bar = usize::from(width.saturating_sub(widest + 41).min(24));
    let line = |output: &crate::app::flow::OutputCount| {
        let label = crate::domain::text::fit_in(
            &output.label,
            usize::from(widest),
            crate::domain::text::Align::Left,
            paint.charset(),
        );
        let mut bits = vec![bit(format!("{} ", g.wall), t.quiet()), bit(label.into_owned(), t.text())];
        bits.push(bit(format!(" {:>4} ", output.calls), if output.calls > 0 { t.text() } else { t.quiet() }));
        let full = (bar * output.calls).checked_div(decision.calls).unwrap_or_default();
        let full = if output.calls > 0 { full.max(1) } else { 0 };
        let (mark, style) = match output.leads {
            Leads::Surely => (g.lane, t.seen()),
            Leads::Perhaps => (g.lane, t.text()),
            Leads::Nowhere => (g.missing, t.alarm()),
        };
        bits.push(bit(mark.repeat(full), style));
        bits.push(bit(g.rule.repeat(bar - full), t.quiet()));
        let (mark, words, style) = match (output.leads, output.calls) {
            (Leads::Surely, 1..) => (g.seen, "sets it", t.seen()),
            (Leads::Nowhere, 1..) => (g.missing, "does not set it", t.alarm()),
            (Leads::Surely, 0) => (g.absent, "sets it", t.quiet()),
            (Leads::Nowhere, 0) => (g.absent, "does not set it", t.quiet()),
            (Leads::Perhaps, 0) => (g.absent, "may set it", t.quiet()),
            (Leads::Perhaps, 1..) => (g.absent, "may set it", t.text()),
        };
        // That none took it is known only where each run says which output it took.
        let never = output.calls == 0 && decision.calls > 0 && decision.unknown == 0;
        let words = if never { format!("{words}, not taken") } else { words.to_owned() };
        bits.push(bit(format!("  {mark} {words}"), style));
        if output.loses > 0 {
            let (keys, verb) = (output.loses, if output.leads == Leads::Nowhere { "and loses" } else { "loses" });
            let more = bit(format!(", {verb} {keys} other{}", if keys == 1 { "" } else { "s" }), t.quiet());
            if paint.bits_width(&bits) + paint.width(&more.0) <= width {
                bits.push(more);
            }
        }
        bits
    };
    decision.outputs.iter().map(line).collect()
}

/// What is different from the version before, for this key, and how many others.
fn changed<'a>(paint: &Paint<'_>, model: &Model, row: &FlowKeyRow) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let Some(definition) = model.flow.definition() else { return Vec::new() };
    let Some((before, _)) = &definition.before else { return Vec::new() };
    let now = definition.version.as_deref().unwrap_or("now");
    let title = format!("v{before} {} v{now}", g.to);
    let mut lines = vec![Vec::new(), vec![bit(title, t.strong()), bit(" what changed for this key", t.quiet())]];
    let own = model.flow.changes.iter().filter(|d| d.key == row.key && d.does == KeyAccess::Set);
    let mut any = false;
    for difference in own {
        any = true;
        if difference.before != difference.after {
            let style = match difference.is_loss() {
                _ if row.gone => t.alarm(),
                true => t.warn(),
                false => t.text(),
            };
            let words = format!("{} {} {} {}", row.key, difference.before.word(), g.to, difference.after.word());
            lines.push(vec![bit(format!("{} ", g.alarm), style), bit(words, style)]);
        }
        for place in &difference.gone {
            lines.push(vec![
                bit("- ", t.alarm()),
                bit(place.action.clone(), t.text()),
                bit(format!("  {}", place.path), t.quiet()),
            ]);
        }
        for place in &difference.new {
            lines.push(vec![
                bit("+ ", t.seen()),
                bit(place.action.clone(), t.text()),
                bit(format!("  {}", place.path), t.quiet()),
            ]);
        }
    }
    if !any {
        lines.push(vec![bit("nothing", t.quiet())]);
    }
    let others = model.flow.changes.iter().filter(|d| d.key != row.key && d.does == KeyAccess::Set).count();
    if others > 0 {
        let words = if others == 1 {
            "1 other key is set differently".to_owned()
        } else {
            format!("{others} other keys are set differently")
        };
        lines.push(vec![bit(format!("  {words}"), t.quiet())]);
    }
    lines
}

/// Which calls lack the key, and who sets it.
pub(super) fn right<'a>(paint: &Paint<'_>, model: &Model, row: &FlowKeyRow, area: Rect) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let Some(definition) = model.flow.definition() else { return Vec::new() };
    let flow = definition.shown();
    let (all, _) = model.flow.calls;
    let lacking: Vec<_> =
        row.lacking.iter().filter(|(_, s)| !matches!(s, FlowKeyStatus::Waiting | FlowKeyStatus::Late)).collect();
    let mut lines: Vec<Bits<'a>> = Vec::new();
    if lacking.is_empty() {
        lines.push(vec![bit(format!("{} Every call of this flow has {}.", paint.glyphs.seen, row.key), t.seen())]);
    } else {
        let head = format!("Calls without {}", row.key);
        lines.push(vec![bit(head, t.strong()), bit(format!("  {} of {all}", lacking.len()), t.quiet())]);
    }
    // Who sets it has its place below, however many calls lack it.
    let setters = row.set.len() * 3 + 2;
    let room = usize::from(area.height).saturating_sub(setters + 1).max(2);
    for (id, standing) in lacking.iter().take(room) {
        let Some(entry) = model.monitor.board.get(id.as_str()) else { continue };
        let what = match standing {
            FlowKeyStatus::Elsewhere(..) => format!("on {}", standing.place().unwrap_or_default()),
            FlowKeyStatus::Spelling(key, _) => format!("as {key}"),
            _ if row.is_expected() => "missing".to_owned(),
            _ => "absent".to_owned(),
        };
        let style = match standing {
            FlowKeyStatus::Missing if row.is_expected() => t.alarm(),
            FlowKeyStatus::Missing => t.quiet(),
            _ => t.warn(),
        };
        let from = rows::from(&entry.conversation).into_owned();
        let at = rows::at(&entry.conversation, model.now).into_owned();
        lines.push(vec![bit(format!("{from:<17}"), t.text()), bit(format!("{at:<14}"), t.quiet()), bit(what, style)]);
    }
    if lacking.len() > room {
        lines.push(vec![bit(
            format!("{} {} more: enter lists them", paint.glyphs.below, lacking.len() - room),
            t.quiet(),
        )]);
    }
    lines.push(Vec::new());
    if row.gone {
        let now = definition.version.as_deref().unwrap_or("now");
        lines.push(vec![bit(row.key.clone(), t.strong()), bit(format!(" is set by no action of v{now}"), t.alarm())]);
    } else {
        lines.push(vec![bit(row.key.clone(), t.strong()), bit(" is set by", t.quiet())]);
    }
    for used in &row.set {
        let action = &flow.actions[used.action];
        let number = action.tracking.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
        let mut head = vec![bit(display_name(action).to_owned(), t.text()), bit(number, t.quiet())];
        if let Some(value) = &used.value {
            let text = cell::shown(model, paint, value.text()).into_owned();
            head.push(bit(format!("   {} ", value.how()), t.quiet()));
            head.push(bit(text, t.text()));
        }
        lines.push(head);
        let path = if used.path.is_empty() {
            used.when.word().to_owned()
        } else {
            format!("{}, {}", used.when.word(), used.path)
        };
        lines.extend(
            paint
                .paragraph(&path, area.width.saturating_sub(2))
                .into_iter()
                .map(|l| vec![bit(format!("  {l}"), t.quiet())]),
        );
    }
    lines
}

/// Whether the run lacks a key that calls should have.
pub(super) fn lacks_expected(model: &Model, show: &Show) -> bool {
    let set = show.attributes();
    let lacks = |key: &str| !set.iter().any(|(there, ..)| *there == key);
    let expected = model.monitor.examiner.expectations();
    model.flow.rows.iter().any(|row| lacks(&row.key) && expected.iter().any(|e| e.key == row.key))
}

/// At the end of a run: what it never set and why, and what it set. Keys that calls should have have a line each, the others one together.
pub(super) fn result<'a>(paint: &Paint<'_>, model: &Model, width: u16) -> Vec<Bits<'a>> {
    /// Lines of keys that are named with the cause.
    const NAMED: usize = 4;
    let t = paint.theme;
    let g = paint.glyphs;
    let Some(show) = model.flow.show.as_ref().filter(|show| show.end().is_some()) else { return Vec::new() };
    let set = show.attributes();
    let causes = show.outcomes.iter().filter_map(|(asked, answer)| match answer {
        LookupOutcome::Timeout => Some(format!("{asked} timed out")),
        LookupOutcome::Error => Some(format!("{asked} failed")),
        LookupOutcome::Ok | LookupOutcome::Given(_) => None,
    });
    let causes = causes.collect::<Vec<_>>().join(", ");
    let why = if causes.is_empty() { causes } else { format!(": {causes}") };
    let is_expected = |key: &str| model.monitor.examiner.expectations().iter().any(|e| e.key.as_str() == key);
    let mut never: Vec<&str> = model.flow.rows.iter().map(|row| row.key.as_str()).collect();
    never.retain(|key| !set.iter().any(|(there, ..)| there == key));
    never.sort_by_key(|key| !is_expected(key));
    let expected = never.iter().filter(|key| is_expected(key)).count();
    let named = never.len().min(if expected == 0 { NAMED } else { expected.min(NAMED) });
    let mut lines: Vec<Bits<'a>> = never[..named]
        .iter()
        .map(|key| vec![bit(format!("{} {key} never set", g.missing), t.alarm()), bit(why.clone(), t.text())])
        .collect();
    if let Some(others) = never.get(named..).filter(|others| !others.is_empty()) {
        let words = if others.len() == 1 { "1 other key".to_owned() } else { format!("{} other keys", others.len()) };
        let words = format!("{} {words} never set: {}", g.absent, others.join(", "));
        lines.extend(paint.paragraph(&words, width).into_iter().map(|line| vec![bit(line, t.quiet())]));
    }
    let there = model.flow.rows.iter().filter(|row| set.iter().any(|(key, ..)| *key == row.key)).count();
    let words = if there == 1 { "1 key set".to_owned() } else { format!("{there} keys set") };
    lines.push(vec![bit(format!("{} {words}", g.seen), t.seen())]);
    lines
}
