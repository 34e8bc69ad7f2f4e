//! Keys that were taken out of the map in the editor.

use super::{List, key, short};
use crate::{
    app::{Model, popups::RemovedList},
    ui::{
        paint::{Paint, bit},
        popups::Cursor,
    },
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &RemovedList) -> Cursor {
    let t = paint.theme;
    let title = format!("Keys that you took out {}", list.cells.len());
    let remark = "There is no documented way to delete a key. Each can be set to the empty text instead, or left.";
    let rows = list.cells.iter().map(|(cell, was)| {
        vec![key(paint, &cell.key), bit("was ", t.quiet()), short(paint, model, was.as_str(), 40, t.text())]
    });
    let rows = rows.collect();
    super::draw(paint, model, &List { title, remark, rows, selected: list.selected, ..List::default() })
}
