//! Values that were lost while an edit of ours was under way.

use super::{List, key, place, short};
use crate::{
    app::{Model, popups::LossList},
    domain::outbox::Loss,
    ui::{
        paint::{Bits, Paint, bit},
        popups::Cursor,
    },
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &LossList) -> Cursor {
    let title = format!("Side effects {}", list.losses.len());
    let remark = "They were there, you did not touch them, and after a write of yours they are not.";
    let rows = list.losses.iter().map(|loss| row(paint, model, loss)).collect();
    super::draw(paint, model, &List { title, remark, rows, selected: list.selected, ..List::default() })
}

fn row<'a>(paint: &Paint<'_>, model: &'a Model, loss: &'a Loss) -> Bits<'a> {
    let t = paint.theme;
    let mut line = vec![key(paint, &loss.cell.key), short(paint, model, loss.theirs.as_str(), 30, t.theirs())];
    // Should messages have been late, it was one of these.
    for value in loss.before.iter().rev() {
        line.push(bit(" or ", t.quiet()));
        line.push(short(paint, model, value.as_str(), 20, t.theirs()));
    }
    match &loss.ours {
        Some(ours) => {
            line.push(bit(" reverted to ", t.quiet()));
            line.push(short(paint, model, ours.as_str(), 20, t.text()));
        }
        None => line.push(bit(" vanished", t.alarm())),
    }
    line.extend(place(paint, model, &loss.cell.target()));
    line
}
