//! The mouse: click selects, double click opens or edits, wheel scrolls, a click on a head sorts. Shift-drag stays the terminal's.

use super::keys;
use crate::app::{Effect, Model, call::Mode, calls::ColumnShows, keymap::Command, layout, msg::Mouse, screen::Screen};
use ratatui::layout::{Position, Rect};
use std::time::Duration;

/// Two clicks within this time on one place are a double click.
const DOUBLE: Duration = Duration::from_millis(400);
/// Rows that one notch of the wheel moves.
const NOTCH: usize = 3;

pub(super) fn mouse(model: &mut Model, mouse: Mouse, x: u16, y: u16) -> Vec<Effect> {
    if layout::too_small(model.size) {
        return Vec::new();
    }
    let wheel = |model: &mut Model, command| (0..NOTCH).flat_map(|_| keys::command(model, command)).collect();
    match mouse {
        Mouse::Up => wheel(model, Command::Up),
        Mouse::Down => wheel(model, Command::Down),
        Mouse::Click if model.replay.is_some() && layout::bar(model.size).contains(Position { x, y }) => {
            let track = layout::track(layout::bar(model.size));
            let part = f64::from(x.saturating_sub(track.x)) / f64::from(track.width.saturating_sub(1).max(1));
            super::replay::clicked(model, part)
        }
        // What lies over a screen is worked by keys.
        Mouse::Click if model.overlays.is_empty() => {
            let now = model.now.mono;
            let double = model.clicked.take().is_some_and(|(at, place)| place == (x, y) && now - at < DOUBLE);
            let hit = click(model, Position { x, y });
            if hit && double {
                let open = match model.screen {
                    Screen::Call => Command::Edit,
                    Screen::Calls if model.calls.coverage.focus => Command::Accept,
                    _ => Command::Open,
                };
                return keys::command(model, open);
            }
            if hit {
                model.clicked = Some((now, (x, y)));
            }
            Vec::new()
        }
        Mouse::Click => Vec::new(),
    }
}

/// Puts the selection where it was clicked; true when there is something.
fn click(model: &mut Model, at: Position) -> bool {
    let page = model.page();
    match model.screen {
        Screen::Calls => calls(model, at),
        Screen::Call => call(model, at),
        Screen::Timeline => {
            let areas = layout::timeline(model.size);
            let t = &mut model.timeline;
            let Some(row) = row(areas.table, at, t.scroll).filter(|r| *r < t.rows.len()) else { return false };
            t.go(row, page);
            true
        }
        Screen::Flow => {
            let areas = model.flow_areas();
            let f = &mut model.flow;
            f.moved = true;
            let Some(row) = row(areas.table, at, f.scroll).filter(|r| *r < f.rows.len()) else { return false };
            f.go(row, page);
            true
        }
        Screen::Why | Screen::Since => false,
        Screen::Diagnose => {
            let areas = layout::diagnose(model.size);
            let d = &mut model.diagnose;
            let Some(row) = row(areas.table, at, d.scroll).filter(|r| *r < d.rows.len()) else { return false };
            d.go(row, page);
            true
        }
    }
}

/// The row of a list that was clicked.
fn row(table: Rect, at: Position, scroll: usize) -> Option<usize> {
    table.contains(at).then(|| scroll + usize::from(at.y - table.y))
}

fn calls(model: &mut Model, at: Position) -> bool {
    let areas = model.calls.areas(model.size);
    let page = model.page();
    if let Some(row) = row(areas.table, at, model.calls.scroll) {
        let there = row < model.calls.rows.len();
        if there {
            model.calls.go(row, page);
            model.calls.following = false;
            model.calls.coverage.focus = false;
            model.touch();
        }
        return there;
    }
    let under = |c: &&crate::app::calls::Column| (c.x..c.x + c.width).contains(&at.x);
    if areas.heads.contains(at)
        && let Some(column) = model.calls.columns.iter().find(under)
    {
        let sort = match column.show {
            ColumnShows::Fact(fixed) => Some(fixed.sort()),
            ColumnShows::Attribute(n) => model.calls.keys.get(n).cloned().map(crate::app::calls::Sort::Attribute),
        };
        sort.into_iter().for_each(|sort| model.calls.sort_by(sort));
        model.touch();
    }
    if let Some(pane) = areas.coverage().filter(|pane| pane.contains(at))
        && let Some(bar) = layout::bar_at(pane, areas.side.is_some(), at, model.calls.keys.len())
    {
        model.calls.coverage.selected = bar;
        model.calls.coverage.focus = true;
        return true;
    }
    false
}

fn call(model: &mut Model, at: Position) -> bool {
    let page = model.page();
    let Some(call) = &mut model.call else { return false };
    let areas = call.areas;
    if areas.heads.contains(at) && call.mode == Mode::Table {
        call.order = call.order.next();
        model.touch();
        return false;
    }
    let Some(row) = row(areas.table, at, call.scroll).filter(|r| *r <= call.rows.len()) else { return false };
    call.go(row, page);
    let column = call.columns.iter().find(|c| (c.x..c.x + c.width).contains(&at.x)).map(|c| c.participant.clone());
    if let (Mode::Matrix, Some(participant), Some(selection)) = (call.mode, column, &mut call.selection) {
        selection.participant = participant;
    }
    model.touch();
    true
}
