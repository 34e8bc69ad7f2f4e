//! The mouse on the Calls screen: click selects, wheel scrolls, a click on a head sorts.

use crate::app::{
    Effect, Model,
    calls::{Show, Sort},
    layout,
    msg::Mouse,
};
use ratatui::layout::Position;

pub(super) fn mouse(model: &mut Model, mouse: Mouse, x: u16, y: u16) -> Vec<Effect> {
    if !model.overlays.is_empty() || layout::too_small(model.size) {
        return Vec::new();
    }
    let page = model.page();
    let here = model.calls.position().unwrap_or(0);
    match mouse {
        Mouse::Up => model.calls.go(here.saturating_sub(3), page),
        Mouse::Down => model.calls.go(here + 3, page),
        Mouse::Click => click(model, x, y),
    }
    Vec::new()
}

fn click(model: &mut Model, x: u16, y: u16) {
    let areas = layout::calls(model.size);
    let at = Position { x, y };
    if areas.table.contains(at) {
        let row = model.calls.scroll + usize::from(y - areas.table.y);
        if row < model.calls.rows.len() {
            model.calls.go(row, model.page());
            model.calls.following = false;
        }
    } else if areas.heads.contains(at)
        && let Some(column) = model.calls.columns.iter().find(|c| (c.x..c.x + c.width).contains(&x))
    {
        let sort = match column.show {
            Show::Age => Sort::Age,
            Show::Media => Sort::Media,
            Show::From => Sort::From,
            Show::To => Sort::To,
            Show::At => Sort::At,
            Show::Attribute(n) => Sort::Attribute(n),
        };
        model.calls.reverse = model.calls.sort == sort && !model.calls.reverse;
        model.calls.sort = sort;
        model.stale = true;
    }
}
