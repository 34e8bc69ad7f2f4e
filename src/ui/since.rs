//! The Since screen: the verdict in one sentence, the calls at the fall, presence by day and by flow version, and what is known of
//! the calls without the key.

mod days;
mod known;
mod record;
mod verdict;
mod versions;

use super::{
    paint::{Paint, bit},
    times,
};
use crate::app::{
    Model, layout, rows,
    since::{CallRef, LiveWithout, SinceLine, SinceQuestion, SinceReport, SinceState, StoredCalls},
};
use crate::domain::text::tell_apart;
use jiff::Timestamp;
use ratatui::layout::Rect;
use std::time::Duration;
pub(super) use versions::share;

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let body = layout::frame(model.size).body;
    let area = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    if let Some(call) = &model.since.call {
        record::draw(paint, call, area);
        return;
    }
    match &model.since.reading {
        SinceState::Here(report) => report_of(paint, model, report, area, body),
        other => nothing(paint, model, other, area),
    }
}

/// Why there is nothing to see, and what to do.
fn nothing(paint: &mut Paint<'_>, model: &Model, reading: &SinceState, area: Rect) {
    let t = paint.theme;
    let (first, rest, style) = match reading {
        SinceState::None | SinceState::Asked => ("Asking the history store".to_owned(), String::new(), t.strong()),
        SinceState::NoStore => (
            "No history is kept yet.".to_owned(),
            "sidetone collect follows calls for days without a screen and keeps which keys they had, by flow version; \
             values only for keys that you name. [store] enabled = true in the configuration switches it on here."
                .to_owned(),
            t.strong(),
        ),
        SinceState::Never => {
            let (first, rest) = never(model);
            (first, rest, t.strong())
        }
        SinceState::Failed(why) if model.replay.is_some() => (why.clone(), String::new(), t.strong()),
        SinceState::Failed(why) => ("The history store cannot be asked.".to_owned(), why.clone(), t.alarm()),
        SinceState::Here(_) => return,
    };
    let width = area.width.saturating_sub(4).min(90);
    let mut y = area.y + area.height / 4;
    let lines = paint.paragraph(&first, width).into_iter().map(|l| (l, style));
    let rest = paint.paragraph(&rest, width).into_iter().map(|l| (l, t.quiet()));
    for (line, style) in lines.chain(rest).collect::<Vec<_>>() {
        if y < area.bottom() {
            paint.put(area.x + 2, y, area.right(), &line, style);
            y += 1;
        }
    }
}

/// No stored call had the key: which stored calls there are, whether calls have it now, or it may be written otherwise, and what to
/// do.
fn never(model: &Model) -> (String, String) {
    let (since, live) = (&model.since, model.live_with());
    let SinceQuestion { key, on, .. } = &since.question;
    let filter = since.question.filter();
    let with = if filter.is_empty() { String::new() } else { format!(" with {filter}") };
    let next = match since.has_own_filter() {
        true => "/ changes the filter, esc clears it.",
        false => "c chooses another key, / changes the filter.",
    };
    let others = live.calls - usize::from(live.here);
    let calls = if others == 1 { "1 other call".to_owned() } else { format!("{others} other calls") };
    let now = match (live.here, others) {
        (true, 0) => Some("this call".to_owned()),
        (true, _) => Some(format!("this call and on {calls}")),
        (false, 0) => None,
        (false, _) => Some(calls.replacen(" other", "", 1)),
    };
    let is_now = now.as_ref().map(|now| format!("{key} is on {now} now. ")).unwrap_or_default();
    if let Some(stored) = since.stored.as_ref().filter(|stored| stored.calls == 0) {
        let (first, then) = none_stored(&since.question, stored);
        return (first, format!("{then} {is_now}{next}"));
    }
    let Some(now) = now else {
        let first = format!("No stored call{with} had {key} on {on}.");
        return match live.near {
            Some(near) => (first, format!("Calls here have {near}: keys are case-sensitive. {next}")),
            None => (first, next.to_owned()),
        };
    };
    let Some(stored) = &since.stored else {
        return (format!("{key} is on {now}, and was on no stored call{with}."), next.to_owned());
    };
    let all = match stored.calls {
        1 => format!("was not on the 1 stored call{with} when its flow"),
        n => format!("was on none of {} stored calls{with} when their flow", grouped(n)),
    };
    let others = if others > 0 { format!("It is on {calls} now. ") } else { String::new() };
    let here = match live.came {
        Some(came) if came.is_after_flow() => {
            let [after, end] = [came.after, came.flow_end].map(|time| times::offset(time.unwrap_or_default()));
            format!("Here it appeared at {after}, after the flow end ({end}). {others}")
        }
        Some(came) if came.in_flow => format!("Here it is, and the flow has not ended. {others}"),
        _ => is_now,
    };
    (
        format!("{key} {all} ended."),
        format!("{here}A call counts with what it had when its flow ended. r asks again, {next}"),
    )
}

/// No stored call meets the conditions: which one is met by none, and which would be.
fn none_stored(question: &SinceQuestion, stored: &StoredCalls) -> (String, String) {
    let named = |what: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("{what} of stored calls: {}.", names.join(", ")),
    };
    let of_flow = question.flow.as_ref().map(|flow| format!(" of {flow}")).unwrap_or_default();
    match (&question.flow, &question.queue) {
        _ if stored.flows.is_empty() => {
            ("No call is stored yet.".to_owned(), "A call is, once its flow has ended in view.".to_owned())
        }
        // An id names a flow, too.
        (Some(flow), _) if stored.queues.is_empty() && !stored.flows.contains(flow) => {
            (format!("No stored call ran {flow}."), named("Flows", &stored.flows))
        }
        (_, Some(queue)) if !stored.queues.contains(queue) => {
            (format!("No stored call{of_flow} was last in queue {queue}."), named("Queues", &stored.queues))
        }
        _ => (
            format!("No call with {} is stored.", question.filter()),
            "A call is, once its flow has ended in view.".to_owned(),
        ),
    }
}

/// Rows of the chart from which on what is known of the calls has room below.
const CHART: u16 = 12;

fn report_of(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, area: Rect, body: Rect) {
    let mut y = area.y;
    for line in verdict::lines(paint, model, report, area.width) {
        paint.line(area.x, y, area.right(), &line);
        y += 1;
    }
    let airy = area.height >= 26;
    y += u16::from(airy);
    let listed = model.since.listed();
    let above = listed.iter().take_while(|line| !matches!(line, SinceLine::Version(_))).count();
    for (i, line) in listed.iter().enumerate().take(above) {
        let row = Rect { y, height: 1, ..area };
        match line {
            SinceLine::Call { missing, call } => witness(paint, model, report, (*missing, call), row),
            SinceLine::Live => live(paint, model, row),
            SinceLine::Version(_) => {}
        }
        select(paint, model, i, row);
        y += 1;
    }
    y += u16::from(airy && above > 0);
    // From the bottom: what is known of the calls, the versions, the days.
    let versions = report.versions.len().min(usize::from(area.height / 4).max(2)) as u16;
    let left = area.bottom().saturating_sub(y + versions + 3);
    // A rule above what is known, then the list of calls in half of what is left over.
    let spare = usize::from(left.saturating_sub(CHART));
    let mut known = known::facts(paint, model, report, area.width);
    known.truncate(spare.saturating_sub(1));
    let list = (spare / 2).saturating_sub(known.len() + 1);
    known.extend(known::newest(paint, model, report, list));
    let below = if known.is_empty() { 0 } else { known.len() as u16 + 1 };
    let chart = Rect { y: y + 1, height: left - below, ..area };
    paint.rule(Rect { y, height: 1, ..body });
    let used = if chart.height >= 6 {
        days::draw(paint, model, report, chart)
    } else {
        days::brief(paint, report, chart);
        chart.height
    };
    let table = Rect { y: chart.y + used + 1, height: versions + 1, ..area };
    paint.rule(Rect { y: table.y.saturating_sub(1), height: 1, ..body });
    versions::draw(paint, model, report, table, above);
    if !known.is_empty() {
        paint.rule(Rect { y: table.bottom(), height: 1, ..body });
        for (y, line) in (table.bottom() + 1..area.bottom()).zip(&known) {
            paint.line(area.x, y, area.right(), line);
        }
    }
}

/// Marks the line of this number where it is selected.
fn select(paint: &mut Paint<'_>, model: &Model, line: usize, row: Rect) {
    if line == model.since.selected {
        let t = paint.theme;
        paint.put(row.x, row.y, row.x + 1, paint.glyphs.selection, t.text());
        paint.tint(row, |s| t.selected(s));
    }
}

/// Columns of the label of a line.
const LABEL: usize = 15;

/// One of the two calls at the fall.
fn witness(paint: &mut Paint<'_>, model: &Model, report: &SinceReport, (missing, call): (bool, &CallRef), area: Rect) {
    let t = paint.theme;
    let from = model.monitor.board.get(call.conversation.as_str()).map(|e| rows::from(&e.conversation).into_owned());
    let id = apart(paint, report, call);
    let version = if call.version.is_empty() { String::new() } else { format!("v{}  ", call.version) };
    let label = if missing { "First missing" } else { "Last good" };
    let mut bits = vec![
        bit("  ", t.text()),
        bit(format!("{label:<LABEL$}"), t.quiet()),
        bit(format!("{}  ", moment(model, call.started)), t.text()),
        bit(version, t.strong()),
        bit(from.map(|from| format!("{from}  ")).unwrap_or_default(), t.text()),
        bit(format!("call {id}"), t.quiet()),
    ];
    if let Some(words) = beside(report, missing, call) {
        let words = bit(format!("  {words}"), t.quiet());
        if paint.bits_width(&bits) + paint.width(&words.0) <= area.width {
            bits.push(words);
        }
    }
    paint.line(area.x, area.y, area.right(), &bits);
}

/// The id of a call as it is told from the others that are named here.
fn apart(paint: &Paint<'_>, report: &SinceReport, call: &CallRef) -> String {
    let fall = report.first_missing.iter().chain(&report.last_present);
    let all = fall.chain(report.missing.iter().map(|row| &row.call)).map(|call| call.conversation.as_str());
    tell_apart(call.conversation.as_str(), all, 9, paint.charset()).into_owned()
}

/// How soon after the first call of the version; how long before the first call without the key.
fn beside(report: &SinceReport, missing: bool, call: &CallRef) -> Option<String> {
    let between = |from: i64, to: i64| Some(Duration::from_millis(u64::try_from(to - from).ok()?));
    if missing {
        let (fallen, _) = report.fall()?;
        let after = between(fallen.first, call.started)?;
        let version = Some(&fallen.version).filter(|version| !version.is_empty())?;
        return Some(match after.as_secs() {
            0 => format!("the first call of v{version}"),
            _ => format!("{} after the first call of v{version}", span(after)),
        });
    }
    let first = report.first_missing.as_ref()?;
    Some(format!("{} before it", span(between(call.started, first.started)?)))
}

/// `4 min`, in the largest unit.
fn span(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}

/// The live calls without the key that are not counted.
fn live(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let of = |call: &LiveWithout| Some(&call.conversation) == model.since.from.as_ref();
    let all = &model.since.live;
    let (here, others) = (all.iter().any(of), all.iter().filter(|call| !of(call)).count());
    let others = match (here, others) {
        (true, 0) => "this call lacks it".to_owned(),
        (true, 1) if area.width < 100 => "this call and 1 other lack it".to_owned(),
        (true, 1) => "this call and 1 other live call lack it".to_owned(),
        (true, n) if area.width < 100 => format!("this call and {n} others lack it"),
        (true, n) => format!("this call and {n} other live calls lack it"),
        (false, 1) => "1 live call lacks it".to_owned(),
        (false, n) => format!("{n} live calls lack it"),
    };
    let bits = [
        bit("  ", t.text()),
        bit(format!("{:<LABEL$}", "Not counted"), t.quiet()),
        bit(format!("{} {others}", paint.glyphs.alarm), t.warn()),
        bit(": not watched at flow end", t.quiet()),
    ];
    paint.line(area.x, area.y, area.right(), &bits);
}

/// `Fri 27 Nov 09:14:06` in the operator's zone.
fn moment(model: &Model, milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    time.to_zoned(model.settings.zone.clone()).strftime("%a %d %b %H:%M:%S").to_string()
}

fn short_moment(model: &Model, milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    time.to_zoned(model.settings.zone.clone()).strftime("%d %b %H:%M").to_string()
}

/// A number with its thousands apart: `15 114`.
fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = if n < 0 { "-".to_owned() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown = [0, 7, 402, 1_000, 15_114, 1_234_567, -1_234].map(grouped);
        assert_eq!(shown, ["0", "7", "402", "1 000", "15 114", "1 234 567", "-1 234"]);
    }
}
