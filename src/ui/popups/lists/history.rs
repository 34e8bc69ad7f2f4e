//! The values that a cell had.

use super::{List, purpose, short};
use crate::{
    app::{
        Model,
        popups::{HistoryList, PastValue},
    },
    ui::{
        paint::{Bits, Paint, bit},
        popups::Cursor,
        times,
    },
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &HistoryList) -> Cursor {
    let HistoryList { cell, values, selected } = list;
    let title = format!("Values of {} on {}", cell.key, purpose(model, &cell.target()));
    let remark = "Restoring makes a draft; nothing is sent.";
    let rows = values.iter().enumerate().map(|(i, past)| row(paint, model, past, i + 1 == values.len())).collect();
    super::draw(paint, model, &List { title, remark, rows, selected: *selected, ..List::default() })
}

fn row<'a>(paint: &Paint<'_>, model: &Model, past: &PastValue, last: bool) -> Bits<'a> {
    let t = paint.theme;
    let since = past.since.map(|at| times::time_of(model, at.wall)).unwrap_or_else(|| "before  ".into());
    let value = match &past.value {
        Some(value) => short(paint, model, value.as_str(), 48, t.text()),
        None => bit("absent", t.quiet()),
    };
    let now = if last { "  the last one" } else { "" };
    vec![bit(format!("{since}  "), t.quiet()), value, bit(format!("  {}{now}", past.by), t.quiet())]
}
