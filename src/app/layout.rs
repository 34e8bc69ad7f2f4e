//! From a terminal's size to areas. Pure and shared: update knows the page size and what was clicked, the view where to draw.

mod call;
mod share;

pub use call::{CallAreas, Need, Pane, call, expected_width};
use ratatui::layout::{Position, Rect};
pub use share::share;

/// The smallest terminal that is drawn on.
pub const MIN_WIDTH: u16 = 60;
/// The smallest terminal that is drawn on.
pub const MIN_HEIGHT: u16 = 16;
/// From this width the coverage is beside the calls by itself.
const WIDE: u16 = 160;
/// The coverage beside the calls, its rule included.
const COVERAGE: u16 = 36;

/// Areas that all screens share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLayout {
    /// Product, organisation, connection.
    pub header: Rect,
    /// The rule below it.
    pub rule: Rect,
    /// What the screen itself has.
    pub body: Rect,
    /// The rule above the hints.
    pub foot_rule: Rect,
    /// Hints, or a notice.
    pub footer: Rect,
}

/// True when the terminal is too small to draw on.
pub fn too_small(size: Rect) -> bool {
    size.width < MIN_WIDTH || size.height < MIN_HEIGHT
}

/// The areas of any screen. Of a terminal that is too small, some are empty.
pub fn frame(size: Rect) -> FrameLayout {
    let row = |y: u16, h: u16| rows(size, y, h);
    let last = size.height.saturating_sub(1);
    FrameLayout {
        header: row(0, 1),
        rule: row(1, 1),
        body: row(2, size.height.saturating_sub(4)),
        foot_rule: row(last.saturating_sub(1), 1),
        footer: row(last, 1),
    }
}

/// Rows that the bar of a recording takes, below everything else.
pub const BAR: u16 = 2;

/// The part of the terminal that the screens have; `replay`: the bar of a recording has the rest.
pub fn screen(terminal: Rect, replay: bool) -> Rect {
    let bar = if replay { BAR } else { 0 };
    Rect { height: terminal.height.saturating_sub(bar), ..terminal }
}

/// The bar of a recording, below the screen.
pub fn bar(screen: Rect) -> Rect {
    Rect { y: screen.bottom(), height: BAR, ..screen }
}

/// The part of the bar that is time: it leaves room for state and times on both sides.
pub fn track(bar: Rect) -> Rect {
    Rect { x: bar.x + 15, width: bar.width.saturating_sub(15 + 15).max(1), ..bar }
}

/// Whether a pane that gives way on small screens is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PaneShown {
    /// Where there is room for it.
    #[default]
    Auto,
    /// Always.
    Open,
    /// Never.
    Closed,
}

/// Areas of the Calls screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallsLayout {
    /// How many calls, sorted how, which filter.
    pub title: Rect,
    /// Column heads.
    pub heads: Rect,
    /// The rows.
    pub table: Rect,
    /// The rule above the strip.
    pub strip_rule: Rect,
    /// The path, the findings and the last change of the selected call.
    pub strip: Rect,
    /// Coverage, alerts and changes beside the table; with the rule to its left.
    pub side: Option<Rect>,
    /// Coverage below the table; with the rule above it.
    pub below: Option<Rect>,
}

impl CallsLayout {
    /// Where the coverage is, beside or below.
    pub fn coverage(&self) -> Option<Rect> {
        self.side.or(self.below)
    }
}

/// The areas of the Calls screen with a coverage of so many keys.
pub fn calls(size: Rect, coverage: PaneShown, keys: usize) -> CallsLayout {
    let body = frame(size).body;
    let wide = body.width >= WIDE;
    let (left, side) = split_right(body, if wide && coverage != PaneShown::Closed { COVERAGE } else { 0 });
    let strip_height = match body.height {
        40.. => 4,
        26..40 => 3,
        _ => 1,
    };
    let room = body.height.saturating_sub(3 + strip_height);
    let keys = u16::try_from(keys).unwrap_or(u16::MAX).saturating_add(2);
    let below_height =
        if !wide && coverage == PaneShown::Open { keys.clamp(3, (room / 2).max(3)).min(room) } else { 0 };
    let table_height = room - below_height;
    let row = |y, h| rows(left, y, h);
    CallsLayout {
        title: row(0, 1),
        heads: row(1, 1),
        table: row(2, table_height),
        strip_rule: row(2 + room, 1),
        strip: row(3 + room, strip_height),
        side,
        below: (below_height > 0).then(|| row(2 + table_height, below_height)),
    }
}

/// Rows of a bar of the coverage, beside the table and below it.
pub fn bar_rows(beside: bool, pane: Rect, keys: usize) -> u16 {
    match beside {
        true if usize::from(pane.height) >= 4 * keys + 3 => 4,
        true => 2,
        false => 1,
    }
}

/// The first row of the bars in the coverage, below its title.
pub fn bars_from(pane: Rect, beside: bool) -> u16 {
    pane.y + if beside { 3 } else { 1 }
}

/// The bar of the coverage at a place.
pub fn bar_at(pane: Rect, beside: bool, at: Position, keys: usize) -> Option<usize> {
    let down = at.y.checked_sub(bars_from(pane, beside))?;
    let bar = usize::from(down / bar_rows(beside, pane, keys));
    (bar < keys).then_some(bar)
}

/// Areas of the Timeline screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineLayout {
    /// How many changes, following or paused.
    pub title: Rect,
    /// Column heads.
    pub heads: Rect,
    /// The rows.
    pub table: Rect,
}

/// The areas of the Timeline screen.
pub fn timeline(size: Rect) -> TimelineLayout {
    let body = frame(size).body;
    TimelineLayout {
        title: rows(body, 0, 1),
        heads: rows(body, 1, 1),
        table: rows(body, 2, body.height.saturating_sub(2)),
    }
}

/// The areas of the Diagnose screen: title, heads, rows, and what is known of the selected finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiagnoseLayout {
    /// How many findings.
    pub title: Rect,
    /// Column heads.
    pub heads: Rect,
    /// Headings and findings.
    pub table: Rect,
    /// The selected finding; with a rule along its left or upper edge.
    pub detail: Rect,
    /// The detail is beside the table, not below it.
    pub beside: bool,
}

/// Rows of the finding in full below the table, the rule included.
const FINDING: u16 = 10;

/// The areas of the Diagnose screen.
pub fn diagnose(size: Rect) -> DiagnoseLayout {
    let body = frame(size).body;
    let beside = body.width >= WIDE;
    let (left, detail) = if beside {
        let (left, side) = split_right(body, (u32::from(body.width) * 3 / 10).clamp(46, 72) as u16);
        (left, side.unwrap_or_default())
    } else {
        let height = FINDING.min(body.height / 2);
        (rows(body, 0, body.height - height), rows(body, body.height - height, height))
    };
    let table = rows(left, 2, left.height.saturating_sub(2));
    DiagnoseLayout { title: rows(left, 0, 1), heads: rows(left, 1, 1), table, detail, beside }
}

/// The areas of the Flow screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowAreas {
    /// Which flow, how many calls.
    pub title: Rect,
    /// Column heads.
    pub heads: Rect,
    /// The keys.
    pub table: Rect,
    /// Of the selected key, or the run; with a rule along its left or upper edge.
    pub detail: Rect,
    /// The detail is beside the table, not below it.
    pub beside: bool,
    /// To the right of the detail, with a wall along its left edge; none where a run is shown, or the screen is narrow.
    pub second: Option<Rect>,
}

/// From this width the detail of the Flow screen is beside its table.
const BESIDE: u16 = 100;

/// The areas of the Flow screen; `running`: the run needs more room than the selected key, `keys`: rows of the table.
pub fn flow(size: Rect, running: bool, keys: usize) -> FlowAreas {
    let body = frame(size).body;
    let wide = body.width >= BESIDE;
    let beside = running && body.width >= BESIDE + 10;
    let (upper, detail) = if beside {
        let (left, side) = split_right(body, (body.width / 2).clamp(44, 90));
        (left, side.unwrap_or_default())
    } else {
        // The keys have what they need, the selected one at least a third.
        let wanted = u16::try_from(keys).unwrap_or(u16::MAX).saturating_add(3);
        let most = if running { body.height * 2 / 5 } else { body.height * 3 / 5 };
        let upper = wanted.clamp(body.height.min(6), most.max(6)).min(body.height);
        (rows(body, 0, upper), rows(body, upper, body.height - upper))
    };
    let (detail, second) = match (running, wide) {
        (false, true) => {
            let (left, right) = split_right(detail, detail.width / 2);
            // The rule above both belongs to the whole width: it is drawn along the detail.
            let right = right.map(|r| Rect { y: r.y + 1, height: r.height.saturating_sub(1), ..r });
            (Rect { width: left.width, ..detail }, right)
        }
        _ => (detail, None),
    };
    FlowAreas {
        title: rows(upper, 0, 1),
        heads: rows(upper, 1, 1),
        table: rows(upper, 2, upper.height.saturating_sub(2)),
        detail,
        beside,
        second,
    }
}

/// The part of a pane that is inside its rule.
pub fn inside(pane: Rect, beside: bool) -> Rect {
    if beside {
        Rect { x: pane.x + 2, width: pane.width.saturating_sub(3), ..pane }
    } else {
        Rect {
            x: pane.x + 1,
            y: pane.y + 1,
            width: pane.width.saturating_sub(2),
            height: pane.height.saturating_sub(1),
        }
    }
}

/// Splits `width` columns off the right; the rule between takes one column of them.
pub fn split_right(area: Rect, width: u16) -> (Rect, Option<Rect>) {
    if width == 0 || width >= area.width {
        return (area, None);
    }
    let left = Rect { width: area.width - width, ..area };
    (left, Some(Rect { x: left.right(), width, ..area }))
}

/// `h` rows from row `y` of `area`, as far as there are any.
pub fn rows(area: Rect, y: u16, h: u16) -> Rect {
    let y = y.min(area.height);
    Rect { y: area.y + y, height: h.min(area.height - y), ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_stay_inside_and_apart_at_every_size() {
        for (w, h) in (0..220u16).step_by(7).flat_map(|w| (0..70u16).map(move |h| (w, h))) {
            let size = Rect::new(0, 0, w, h);
            let f = frame(size);
            let c = calls(
                size,
                [PaneShown::Auto, PaneShown::Open, PaneShown::Closed][usize::from(w + h) % 3],
                usize::from(h % 12),
            );
            let mut all =
                vec![f.header, f.rule, c.title, c.heads, c.table, c.strip_rule, c.strip, f.foot_rule, f.footer];
            all.extend(c.side);
            all.extend(c.below);
            for area in &all {
                assert_eq!(area.intersection(size).area(), area.area(), "{w}x{h} {area:?}");
            }
            if !too_small(size) {
                for (i, a) in all.iter().enumerate() {
                    assert!(a.area() > 0, "{w}x{h} {i}");
                    for b in &all[i + 1..] {
                        assert!(!a.intersects(*b), "{w}x{h} {a:?} {b:?}");
                    }
                }
            }
        }
    }
}
