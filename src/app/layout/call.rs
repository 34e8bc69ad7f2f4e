//! Areas of the Call screen: the matrix, and below it as much of Expected, Journey and Changes as the height allows.

use super::{frame, rows, split_right};
use ratatui::layout::Rect;

/// What there is to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Rows of the matrix, the line that adds a key included.
    pub rows: usize,
    /// Lines of Expected; 0 without an expectation or a flow.
    pub expected: usize,
    /// Columns of its widest line, were it not wrapped.
    pub expected_columns: u16,
    /// Lines of the other keys of the flow, which have room where there is plenty.
    pub also: usize,
    /// Lines of the journey.
    pub lanes: usize,
    /// Changes of the call.
    pub changes: usize,
    /// A question stands by its row: the table has all the room.
    pub question: bool,
}

/// A pane: the area inside, and the rules that it is drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pane {
    /// Without rules.
    pub area: Rect,
    /// Along its upper edge; empty where a neighbour has it.
    pub rule: Rect,
    /// Along its left edge; empty without one.
    pub wall: Rect,
}

/// Areas of the Call screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallAreas {
    /// Column heads: purposes and names, and what is known of them below.
    pub heads: Rect,
    /// The rows of one page.
    pub table: Rect,
    /// The line below them that says how many more there are.
    pub more: Option<Rect>,
    /// The selected key in full, to the right.
    pub detail: Option<Pane>,
    /// What the call should carry.
    pub expected: Option<Pane>,
    /// Who took part when.
    pub journey: Option<Pane>,
    /// The last changes; where there is no pane for the selected key, also what has to be said of that.
    pub changes: Option<Pane>,
    /// On a low screen: the most important of all that in a few lines.
    pub brief: Option<Pane>,
}

/// From this width on Expected and Journey stand side by side.
const BESIDE: u16 = 100;
/// From this width and height on the selected key has a pane of its own.
const LARGE: (u16, u16) = (150, 32);
/// From this height of the body on a narrow screen has its panes one below the other.
const STACKED: u16 = 30;

/// The areas of the Call screen.
pub fn call(size: Rect, need: Need) -> CallAreas {
    let body = frame(size).body;
    let large = body.width >= LARGE.0 && body.height >= LARGE.1;
    let mut areas = if need.question {
        matrix(body, need.rows)
    } else if large {
        self::large(body, need)
    } else if body.width >= BESIDE && body.height >= 22 {
        medium(body, need)
    } else if body.height >= STACKED {
        stacked(body, need)
    } else {
        let lines = (body.height * 5 / 18).clamp(3, 6).min(body.height.saturating_sub(5));
        let (upper, lower) = split(body, lines);
        CallAreas { brief: Some(lower), ..matrix(upper, need.rows) }
    };
    // The heads and rows of a large screen end where the pane of the selected key begins.
    if let Some(pane) = areas.detail {
        let width = pane.wall.x.saturating_sub(body.x);
        areas.heads.width = width;
        areas.table.width = width;
        areas.more = areas.more.map(|more| Rect { width, ..more });
    }
    areas
}

/// Rows of the matrix that the panes below it leave free, however few a call has.
const LEAST_ROWS: u16 = 3;

/// Heads and rows.
fn matrix(area: Rect, count: usize) -> CallAreas {
    let heads = rows(area, 0, 2);
    let rest = rows(area, 2, area.height.saturating_sub(2));
    let fits = count <= usize::from(rest.height);
    let page = if fits { rest.height } else { rest.height.saturating_sub(1) };
    let more = (!fits).then(|| rows(rest, page, 1));
    CallAreas { heads, table: rows(rest, 0, page), more, ..CallAreas::default() }
}

/// So many lines at the bottom, and the rule above them.
fn split(area: Rect, lines: u16) -> (Rect, Pane) {
    let lines = lines.min(area.height.saturating_sub(1));
    let upper = rows(area, 0, area.height - lines - 1);
    let pane = Pane {
        rule: rows(area, upper.height, 1),
        area: padded(rows(area, upper.height + 1, lines)),
        wall: Rect::default(),
    };
    (upper, pane)
}

/// One column free on both sides.
fn padded(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// The pane to the right of a wall, both split off `pane`.
fn beside(pane: &mut Pane, width: u16) -> Pane {
    let whole = Rect { x: pane.area.x.saturating_sub(1), width: pane.area.width + 2, ..pane.area };
    let (left, right) = split_right(whole, width);
    let right = right.unwrap_or_default();
    pane.area = padded(left);
    let wall = Rect { width: 1, ..right };
    Pane { area: Rect { x: right.x + 2, width: right.width.saturating_sub(3), ..right }, rule: Rect::default(), wall }
}

fn lines(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Columns that the pane of Expected has, its walls included: what its longest line wants, as far as the others keep theirs.
fn expected_pane(body: Rect, columns: u16) -> u16 {
    let percent = |n: u32| u16::try_from(u32::from(body.width) * n / 100).unwrap_or(u16::MAX);
    let (least, most) = match (body.width, body.height) {
        (w, h) if w >= LARGE.0 && h >= LARGE.1 => (percent(27), percent(44)),
        (120.., _) => (percent(42), percent(60)),
        (BESIDE.., _) => (percent(44), percent(54)),
        _ => (body.width, body.width),
    };
    columns.saturating_add(2).clamp(least, most)
}

/// Columns that Expected has on a screen of this size for its text, where its longest line wants so many.
pub fn expected_width(size: Rect, columns: u16) -> u16 {
    expected_pane(frame(size).body, columns).saturating_sub(2)
}

/// Three panes beside one another below the matrix, the selected key to its right.
fn large(body: Rect, need: Need) -> CallAreas {
    const LEAST: u16 = 12;
    let most = body.height - LEAST - 1;
    // Below it: the times, the legend and the milestones of the journey take 10 lines.
    let below = lines(need.expected + need.also).max(lines(need.lanes).saturating_add(10)).max(lines(need.changes));
    let spare = body.height.saturating_sub(below.saturating_add(2));
    let wanted = lines(need.rows).saturating_add(3).max(spare).clamp(20.min(most), most);
    let (upper, mut expected) = split(body, body.height - wanted - 1);
    // Without Expected the other two have all of it.
    let first = if need.expected == 0 { 0 } else { expected_pane(body, need.expected_columns) };
    let half = (body.width - first) / 2;
    if first == 0 {
        let changes = beside(&mut expected, half);
        let detail = detail(body, upper);
        return CallAreas { detail, journey: Some(expected), changes: Some(changes), ..matrix(upper, need.rows) };
    }
    let mut rest = beside(&mut expected, body.width - first);
    let changes = beside(&mut rest, half);
    CallAreas {
        detail: detail(body, upper),
        expected: Some(expected),
        journey: Some(rest),
        changes: Some(changes),
        ..matrix(upper, need.rows)
    }
}

/// The selected key, to the right of the matrix.
fn detail(body: Rect, upper: Rect) -> Option<Pane> {
    let width = (body.width * 36 / 100).clamp(50, 84);
    Some(beside(&mut Pane { area: padded(upper), ..Pane::default() }, width))
}

/// Expected and Journey side by side, Changes below them.
fn medium(body: Rect, need: Need) -> CallAreas {
    let mut last = if body.height >= 28 { 2 } else { 1 };
    let wish = lines(need.expected.max(need.lanes + 2)).saturating_add(1);
    let mut middle = wish.clamp(4, if body.height >= 28 { 8 } else { 6 });
    if need.expected == 0 {
        middle = middle.min(lines(need.lanes + 2));
    }
    // What the matrix does not need goes to the panes below it.
    let matrix_rows = lines(need.rows).max(LEAST_ROWS).saturating_add(2);
    let mut spare = body.height.saturating_sub(middle + last + 2).saturating_sub(matrix_rows);
    let more = spare.min(wish.saturating_sub(middle).min(8));
    middle += more;
    spare -= more;
    last += spare.min(8);
    if body.height >= 26 {
        // What has to be said of the selected key needs a line more than its name and its value.
        last = last.max(3);
    }
    let (rest, changes) = split(body, last);
    let (upper, mut expected) = split(rest, middle);
    let areas = matrix(upper, need.rows);
    if need.expected == 0 {
        return CallAreas { journey: Some(expected), changes: Some(changes), ..areas };
    }
    let journey = beside(&mut expected, body.width - expected_pane(body, need.expected_columns));
    CallAreas { expected: Some(expected), journey: Some(journey), changes: Some(changes), ..areas }
}

/// One below the other.
fn stacked(body: Rect, need: Need) -> CallAreas {
    let (rest, changes) = split(body, 4);
    let (rest, journey) = split(rest, (lines(need.lanes) + 1).min(7));
    if need.expected == 0 {
        return CallAreas { journey: Some(journey), changes: Some(changes), ..matrix(rest, need.rows) };
    }
    let (upper, expected) = split(rest, (lines(need.expected) + 1).min(8).min(rest.height / 3));
    CallAreas { expected: Some(expected), journey: Some(journey), changes: Some(changes), ..matrix(upper, need.rows) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_call_of_one_row_keeps_the_room_of_its_matrix() {
        let need = Need { rows: 1, expected: 0, expected_columns: 0, also: 0, lanes: 4, changes: 1, question: false };
        assert_eq!(call(Rect::new(0, 0, 100, 26), need).table.height, 3);
    }

    proptest! {
        #[test]
        fn areas_stay_inside_and_apart_at_every_size(
            w in 60u16..260, h in 16u16..90, rows in 1usize..80, expected in 0usize..30, expected_columns in 0u16..300, lanes in 1usize..9, question: bool,
        ) {
            let size = Rect::new(0, 0, w, h);
            let body = frame(size).body;
            let c = call(size, Need { rows, expected, expected_columns, also: expected, lanes, changes: rows, question });
            let mut all = vec![c.heads, c.table];
            all.extend(c.more);
            for pane in [c.detail, c.expected, c.journey, c.changes, c.brief].into_iter().flatten() {
                prop_assert!(pane.area.area() > 0, "{c:?}");
                all.push(pane.area);
                all.extend([pane.rule, pane.wall].into_iter().filter(|r| r.area() > 0));
            }
            prop_assert!(c.table.height >= 3, "{c:?}");
            for (i, a) in all.iter().enumerate() {
                prop_assert_eq!(a.intersection(body), *a, "{:?}", c);
                for b in &all[i + 1..] {
                    prop_assert!(!a.intersects(*b), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
