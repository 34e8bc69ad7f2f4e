//! The journey of the call on one time axis: a line for each participant, with changes, the operator's edits, and the flow's end.

use super::{put, since_begin};
use crate::app::{Model, call::CallScreen, rows};
use crate::domain::{
    BoardEntry, Conversation, Freshness,
    expect::{Milestone, Passed},
    findings::RuleId,
    journey::{Journey, JourneyLane},
    text,
};
use crate::ui::{
    paint::{Bits, Paint, bit, count},
    times,
};
use ratatui::{layout::Rect, style::Style};

/// A change is fresh for so long.
const FRESH: std::time::Duration = std::time::Duration::from_secs(10);
/// Columns of the purposes.
const LABEL: u16 = 10;

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, entry: &BoardEntry, area: Rect) {
    let t = paint.theme;
    let journey = Journey::of(entry, model.now.wall);
    let axis = Rect { x: area.x + LABEL, width: area.width.saturating_sub(LABEL + 2), ..area };
    if axis.width < 8 {
        return;
    }
    paint.put(area.x, area.y, area.x + LABEL, "Journey", t.strong());
    for tick in journey.ticks(axis.width, 10) {
        let x = axis.x
            + journey.column(journey.from + jiff::SignedDuration::try_from(tick).unwrap_or_default(), axis.width);
        let words = times::offset(tick);
        if x + paint.width(&words) <= area.right() {
            paint.put(x, area.y, area.right(), &words, t.quiet());
        }
    }
    let room = usize::from(area.height.saturating_sub(1));
    // The caller's line and the last ones: what was between them is told by a number.
    let mut lanes: Vec<&JourneyLane> = journey.lanes.iter().collect();
    let hidden = lanes.len().saturating_sub(room);
    if hidden > 0 && room > 1 {
        lanes.drain(1..=hidden.min(lanes.len() - 1));
    }
    for (i, lane) in lanes.iter().take(room).enumerate() {
        let y = area.y + 1 + i as u16;
        self::lane(paint, model, entry, &journey, lane, Rect { y, height: 1, ..axis }, area.right());
    }
    if hidden > 0 {
        let words = format!("+{hidden} earlier");
        paint.bits_right(area.x, area.y, area.right(), &[bit(words, t.quiet())]);
    }
    below(paint, model, call, entry, &journey, lanes.len().min(room), area);
}

/// The legend, and on a large screen the milestones.
fn below(
    paint: &mut Paint<'_>,
    model: &Model,
    call: &CallScreen,
    entry: &BoardEntry,
    journey: &Journey,
    lanes: usize,
    area: Rect,
) {
    let t = paint.theme;
    let g = paint.glyphs;
    let mut y = area.y + 1 + count(lanes);
    let left = area.bottom().saturating_sub(y);
    if left == 0 {
        return;
    }
    if left > 1 {
        y += 1;
    }
    let marks = [(g.change, t.text(), " change"), (g.mine, t.mine(), " your edit")];
    let live = Some(goes_on(paint, entry)).filter(|_| journey.is_live).map(|(style, word)| (g.goes_on, style, word));
    let fresh = (g.change, t.fresh(), " in the last 10 s");
    let gap = (g.gap, t.stale(), " not observed");
    let gap = (!journey.gaps.is_empty()).then_some(gap);
    // Without room for all of it, what the colour says by itself goes first.
    let legends = [vec![marks[0], fresh, marks[1]], marks.to_vec(), Vec::new()];
    let legend = legends.into_iter().map(|marks| {
        let marks = marks.into_iter().chain(gap).chain(live).enumerate();
        let bits = |(n, (mark, style, word)): (usize, (&'static str, Style, &'static str))| {
            [bit(if n > 0 { "  " } else { "" }, t.text()), bit(mark, style), bit(word, t.quiet())]
        };
        marks.flat_map(bits).collect::<Vec<_>>()
    });
    if let Some(legend) = legend.into_iter().find(|legend| paint.bits_width(legend) <= area.width) {
        paint.bits(area.x, y, area.right(), &legend);
    }
    let area = Rect { y: y + 2, height: area.bottom().saturating_sub(y + 2), ..area };
    if area.height >= 4 {
        let mut lines = milestones(paint, model, call, entry);
        lines.insert(0, vec![bit("Milestones", t.strong())]);
        put(paint, &lines, area, 0, None);
    }
}

/// The end of a line that goes on, and what it means: of a stale call it is as far as it was seen.
fn goes_on(paint: &Paint<'_>, entry: &BoardEntry) -> (Style, &'static str) {
    match entry.conversation.freshness {
        Freshness::Live => (paint.theme.seen(), " live"),
        Freshness::Stale => (paint.theme.stale(), " last seen"),
    }
}

/// When the call passed what, and how the keys stood that were expected by then.
fn milestones<'a>(paint: &Paint<'_>, model: &Model, call: &CallScreen, entry: &BoardEntry) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let c = &entry.conversation;
    let known = model.monitor.examiner.milestones(c.id.as_str());
    let mut lines = Vec::new();
    for milestone in Milestone::NAMED {
        let Some(passed) = known.and_then(|m| m.passed(milestone, model.now)) else { continue };
        let at = match passed {
            // However late it was seen first, it started when it began.
            _ if milestone == Milestone::Start => since_begin(c, rows::began(c)),
            Passed::At(at) => since_begin(c, at.wall),
            Passed::Before => before(c, milestone).map_or_else(|| "before".to_owned(), |at| since_begin(c, at)),
        };
        let word = milestone.to_string().replace('-', " ");
        let what = match milestone {
            Milestone::Start => rows::from(c).into_owned(),
            Milestone::FlowEnd => {
                c.flow().map(|run| super::expected::flow_words(run, &model.monitor.board.names)).unwrap_or_default()
            }
            Milestone::Queue => {
                c.queue().and_then(|q| model.monitor.board.names.queue(q)).unwrap_or_default().to_owned()
            }
            Milestone::Agent => c.newest("agent").and_then(|p| p.name.as_deref()).unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let mut line =
            vec![bit(format!("{at:>6}  "), t.text()), bit(format!("{word:<10}"), t.quiet()), bit(what, t.text())];
        if let Some(group) = call.expected.iter().find(|g| g.by == Some(milestone)) {
            let bad = group.items.iter().filter(|i| i.standing.is_bad()).count();
            let good = group.items.len() - bad;
            if bad > 0 {
                line.push(bit(format!("  {} {bad} missing", paint.glyphs.missing), t.alarm()));
            }
            if good > 0 {
                line.push(bit(format!("  {} {good}", paint.glyphs.seen), t.seen()));
            }
        }
        lines.push(line);
    }
    lines
}

/// When a call passed a milestone that it had passed before this program saw it, as far as its participants say.
fn before(c: &Conversation, milestone: Milestone) -> Option<jiff::Timestamp> {
    let legs = |purpose: &'static str| c.participants.iter().filter(move |p| p.purpose.as_str() == purpose);
    match milestone {
        Milestone::Start => Some(rows::began(c)),
        Milestone::FlowEnd => c.participants.iter().filter(|p| p.is_flow()).filter_map(|p| p.ended).max(),
        Milestone::Queue => legs("acd").filter_map(|p| p.connected).min(),
        Milestone::Agent => legs("agent").filter_map(|p| p.connected).min(),
        Milestone::End => c.ended,
        Milestone::After(_) => None,
    }
}

/// One line: where it was there, what changed, and what there is to say beside it.
fn lane(
    paint: &mut Paint<'_>,
    model: &Model,
    entry: &BoardEntry,
    journey: &Journey,
    lane: &JourneyLane,
    axis: Rect,
    end: u16,
) {
    let t = paint.theme;
    let g = paint.glyphs;
    let customer = lane.purpose == "customer";
    paint.cell(axis.x - LABEL, axis.y, LABEL - 1, &lane.purpose, text::Align::Left, t.text());
    let (mut first, mut last) = (axis.right(), axis.x);
    for span in &lane.spans {
        let from = axis.x + journey.column(span.from, axis.width);
        let to = axis.x + journey.column(span.to.unwrap_or(journey.to), axis.width);
        (first, last) = (first.min(from), last.max(to));
        for x in from..=to {
            paint.put(x, axis.y, end, g.lane, t.quiet());
        }
        for gap in &journey.gaps {
            let of = |at| axis.x + journey.column(at, axis.width);
            for x in of(gap.from).max(from)..=of(gap.to.unwrap_or(journey.to)).min(to) {
                paint.put(x, axis.y, end, g.gap, t.stale());
            }
        }
        if !customer && from < to {
            paint.put(from, axis.y, end, g.lane_from, t.quiet());
        }
        match span.to {
            None if journey.is_live => paint.put(to, axis.y, end, g.goes_on, goes_on(paint, entry).0),
            _ => paint.put(to, axis.y, end, g.lane_to, t.quiet()),
        };
    }
    for mark in &lane.marks {
        let x = axis.x + journey.column(mark.at, axis.width);
        let fresh = rows::between(mark.at, model.now.wall) < FRESH;
        let (mark, style): (&str, Style) = match (mark.is_mine, fresh) {
            (true, _) => (g.mine, t.mine()),
            (false, true) => (g.change, t.fresh()),
            (false, false) => (g.change, t.text()),
        };
        paint.put(x, axis.y, end, mark, style);
    }
    let words = beside(paint, model, entry, lane);
    let width = paint.bits_width(&words);
    if words.is_empty() {
    } else if last + 2 + width <= end {
        paint.bits(last + 2, axis.y, end, &words);
    } else if first > axis.x + width {
        paint.bits(first - width - 1, axis.y, first, &words);
    }
}

/// What the end of a flow brought, how long a queue took, who the agent is.
fn beside<'a>(paint: &Paint<'_>, model: &Model, entry: &BoardEntry, lane: &JourneyLane) -> Bits<'a> {
    let t = paint.theme;
    let c = &entry.conversation;
    let took = lane.from().zip(lane.to()).map(|(from, to)| times::offset(rows::between(from, to)));
    let name = lane.name.clone().unwrap_or_default();
    match lane.purpose.as_str() {
        "customer" => Vec::new(),
        "ivr" if lane.to().is_some() => {
            let missing = model.monitor.examiner.of(c.id.as_str()).filter(|f| f.rule == RuleId::Missing);
            let keys: Vec<String> = missing.filter_map(|f| f.key.as_ref().map(ToString::to_string)).collect();
            match keys.as_slice() {
                [] => vec![bit("flow end", t.quiet())],
                [key] => {
                    vec![bit("flow end: ", t.text()), bit(format!("{} {key} not set", paint.glyphs.missing), t.alarm())]
                }
                keys => {
                    vec![
                        bit("flow end: ", t.text()),
                        bit(format!("{} {} keys not set", paint.glyphs.missing, keys.len()), t.alarm()),
                    ]
                }
            }
        }
        "acd" => vec![bit(name, t.quiet()), bit(format!(" {}", took.unwrap_or_default()), t.text())],
        _ => vec![bit(name, t.text())],
    }
}
