//! A recording on the screen: the bar at the bottom, what the header says of it, and the prompt for a moment.

use super::{
    paint::{Bits, Paint, bit},
    theme::Theme,
    times,
};
use crate::app::{
    Model, layout,
    replay::{IndexedEvent, Replay, Speed, TimelineMark},
    rows,
};
use crate::domain::{findings::Severity, text::Align};
use ratatui::{layout::Rect, style::Style};
use std::time::Duration;

/// State, speed and time of day.
const LEFT: u16 = 13;
/// Where it stands, and the end.
const RIGHT: u16 = 14;

/// What the header says in the place of the link: what is shown was so then, and when that was.
pub(super) fn header<'a>(paint: &Paint<'_>, model: &Model, replay: &Replay) -> Bits<'a> {
    let t = paint.theme;
    let local = model.now.wall.to_zoned(model.settings.zone.clone());
    let mark = if replay.playing.paused { paint.glyphs.pause } else { paint.glyphs.play };
    vec![
        bit(format!("{mark} replay "), t.accent()),
        bit(local.strftime("%Y-%m-%d ").to_string(), t.quiet()),
        bit(local.strftime("%H:%M:%S").to_string(), t.strong()),
        bit(format!(" {}", speed(paint, replay.playing.speed)), t.text()),
    ]
}

/// `×4`, or `max`.
fn speed(paint: &Paint<'_>, speed: Speed) -> String {
    match speed {
        Speed::Max => "max".into(),
        Speed::Times(x) => format!("{}{}", paint.glyphs.times, (x * 100.0).round() / 100.0),
    }
}

/// What happened within one column of the bar.
#[derive(Clone, Copy, Default)]
struct Column {
    changes: u32,
    worst: Option<Severity>,
    gap: bool,
    edit: bool,
}

impl Column {
    fn add(&mut self, mark: &TimelineMark) {
        match &mark.what {
            IndexedEvent::Change { .. } => self.changes += 1,
            IndexedEvent::Finding(finding) => self.worst = self.worst.max(Some(finding.severity)),
            IndexedEvent::Gap => self.gap = true,
            IndexedEvent::Edit => self.edit = true,
            IndexedEvent::Start(_) => {}
        }
    }

    /// The most important thing that happened in it. `most`: changes in the busiest column.
    fn drawn(self, paint: &Paint<'_>, most: u32) -> Option<(&'static str, Style)> {
        let (t, g) = (paint.theme, paint.glyphs);
        match (self.worst, self.gap, self.edit, self.changes) {
            (Some(Severity::Error), ..) => Some((g.alarm, t.alarm())),
            (_, true, ..) => Some((g.gap, t.stale())),
            (_, _, true, _) => Some((g.draft, t.mine())),
            (Some(Severity::Warn), ..) => Some((g.alarm, t.warn())),
            (.., 0) => None,
            (.., n) => Some((g.bars[(n * 7).div_ceil(most.max(8)).min(7) as usize], t.text())),
        }
    }
}

/// The bar: where things happened above, where it stands below.
pub(super) fn bar(paint: &mut Paint<'_>, model: &Model, replay: &Replay, area: Rect) {
    if area.height < 2 {
        return;
    }
    let t = paint.theme;
    let g = paint.glyphs;
    let track = layout::track(area);
    let (began, end) = (replay.began, replay.index.end());
    let length = end.mono.saturating_sub(began.mono);
    let passed = model.now.mono.saturating_sub(began.mono).min(length);
    let column = |passed: Duration| match length.is_zero() {
        true => 0,
        false => {
            (passed.as_secs_f64() / length.as_secs_f64() * f64::from(track.width.saturating_sub(1))).round() as u16
        }
    };
    let here = column(passed);

    let mut columns = vec![Column::default(); usize::from(track.width)];
    for mark in replay.index.marks() {
        if let Some(column) = columns.get_mut(usize::from(column(mark.at.saturating_sub(began.mono)))) {
            column.add(mark);
        }
    }
    let most = columns.iter().map(|c| c.changes).max().unwrap_or(0);
    for (x, column) in (track.x..track.right()).zip(&columns) {
        if let Some((symbol, style)) = column.drawn(paint, most) {
            paint.put(x, area.y, x + 1, symbol, later(t, style, x > track.x + here));
        }
        let (symbol, style) = match x.cmp(&(track.x + here)) {
            std::cmp::Ordering::Less => (g.played, t.accent()),
            std::cmp::Ordering::Equal => (g.live, t.strong()),
            std::cmp::Ordering::Greater => (g.rule, t.quiet()),
        };
        paint.put(x, area.y + 1, x + 1, symbol, style);
    }

    let playing = replay.playing;
    let x = area.x + 1;
    let (mark, word, style) = match playing {
        p if p.seeking => (g.fast, "seeking".to_owned(), t.warn()),
        p if p.at_end => (g.end, "end".to_owned(), t.strong()),
        p if p.paused => (g.pause, format!("held {}", speed(paint, p.speed)), t.warn()),
        p => (g.play, speed(paint, p.speed), t.accent()),
    };
    paint.bits(x, area.y, x + LEFT, &[bit(mark, style), bit(" ", t.text()), bit(word, style)]);
    paint.put(x, area.y + 1, x + LEFT, &times::clock(model, model.now), t.strong());

    let right = area.right() - 1;
    let position = format!("{}/{}", rows::clock_age(passed), rows::clock_age(length));
    paint.cell(right - RIGHT + 1, area.y, RIGHT - 1, &position, Align::Right, t.text());
    let (last, style) = match (replay.index.reading(), replay.index.torn()) {
        (Some(part), _) => (format!("reading {part} %"), t.warn()),
        (None, Some(_)) => (format!("torn {}", times::clock(model, end)), t.warn()),
        (None, None) => (times::clock(model, end), t.quiet()),
    };
    paint.cell(right - RIGHT + 1, area.y + 1, RIGHT - 1, &last, Align::Right, style);
}

/// What is still to come is quieter.
fn later(theme: Theme, style: Style, is_later: bool) -> Style {
    if is_later { style.patch(theme.quiet()) } else { style }
}
