//! On a low screen: what is missing spelled out, what is met as a count, the last changes; or what has to be said of the selected key.

use super::{changes, detail, expected, put};
use crate::app::{
    Model,
    call::{CallScreen, expected::KeyStatus},
};
use crate::domain::BoardEntry;
use crate::ui::paint::{Bits, Paint, bit};
use ratatui::layout::Rect;

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, entry: &BoardEntry, area: Rect) {
    if detail::has_something_to_say(paint, model, call, &entry.conversation) {
        detail::draw(paint, model, call, entry, area);
        return;
    }
    let t = paint.theme;
    let g = paint.glyphs;
    let mut lines: Vec<Bits<'_>> = Vec::new();
    let items = || call.expected.iter().flat_map(|group| &group.items);
    if let Some(group) =
        call.expected.iter().find(|g| g.items.iter().any(|i| i.standing.is_bad())).or(call.expected.first())
    {
        let title = expected::title(paint, &model.monitor.board.names, entry, group, true);
        let bad = items().filter(|i| i.standing.is_bad()).count();
        let met = items().filter(|i| matches!(i.standing, KeyStatus::Met(_))).count();
        let open = items().filter(|i| matches!(i.standing, KeyStatus::Open)).count();
        let mut counts = Vec::new();
        if bad > 0 {
            counts.push(bit(format!("{} {bad}  ", g.missing), t.alarm()));
        }
        if open > 0 {
            counts.push(bit(format!("{} {open} not yet  ", g.absent), t.quiet()));
        }
        counts.push(bit(format!("{} {met}", g.seen), t.seen()));
        let x = paint.bits(area.x, area.y, area.right(), &title);
        paint.bits_right(x + 2, area.y, area.right(), &counts);
        // Its line is drawn already.
        lines.push(Vec::new());
    }
    let keys = expected::key_width(call, area);
    // The last changes have at least one line.
    let room = usize::from(area.height).saturating_sub(2);
    for item in items().filter(|i| i.standing.is_bad()) {
        let said = expected::line(paint, call, item, keys, area.width, false);
        if lines.len() + said.len() > room + 1 {
            break;
        }
        lines.extend(said);
    }
    let left = usize::from(area.height).saturating_sub(lines.len());
    for (i, row) in changes::newest(entry).take(left).enumerate() {
        lines.push(changes::line(paint, model, entry, row, if i == 0 { "Changes" } else { "" }, true, area.width));
    }
    if left > 0 && changes::newest(entry).next().is_none() {
        lines.push(vec![bit("Changes  ", t.strong()), bit("none since the call was first seen", t.quiet())]);
    }
    put(paint, &lines, area, 0, None);
}
