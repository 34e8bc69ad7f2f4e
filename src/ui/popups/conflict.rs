//! Two values for one cell: base, theirs, mine.

use super::{Cursor, drawer, shown};
use crate::{
    app::{Model, popups::ConflictQuestion},
    domain::{
        outbox::{Base, EditState},
        text,
    },
    ui::paint::{Paint, bit},
};

/// Base, theirs and mine of one cell.
pub(in crate::ui) fn draw(
    paint: &mut Paint<'_>,
    model: &Model,
    ConflictQuestion { cell }: &ConflictQuestion,
) -> Cursor {
    let t = paint.theme;
    let view = model.outbox.view(cell)?;
    let (words, theirs) = match &view.state {
        EditState::Conflict { theirs, maybe_applied: false } => {
            ("changed on the server since you looked: nothing was sent", theirs.clone())
        }
        EditState::Conflict { theirs, maybe_applied: true } => {
            ("changed after a try whose answer was lost: that one may have been written", theirs.clone())
        }
        EditState::Overwritten { theirs, .. } => ("holds another value than the one you sent", theirs.clone()),
        EditState::Unseen(alarm) => ("was accepted but is not there", alarm.read_back.clone()),
        _ => ("", model.value_of(cell)),
    };
    let inner = drawer(paint, model, "Two values", 7);
    let (x, end) = (inner.x + 1, inner.right());
    let head = [bit(cell.key.as_str(), t.strong()), bit(format!(" {words}"), t.alarm())];
    paint.bits(x, inner.y, end, &head);
    let base = match &view.base {
        Base::Any => ("not looked at".to_owned(), t.quiet()),
        Base::Saw(None) => ("absent".to_owned(), t.quiet()),
        Base::Saw(Some(v)) => (shown(model, paint, v.as_str()), t.text()),
    };
    let theirs = theirs.map_or(("absent".to_owned(), t.quiet()), |v| (shown(model, paint, v.as_str()), t.theirs()));
    let mine = (shown(model, paint, view.mine), t.mine());
    let rows = [("you saw", base), ("theirs", theirs), ("mine", mine)];
    let texts = rows.each_ref().map(|(_, (value, _))| value.as_str());
    let values = text::apart(&texts, usize::from(end.saturating_sub(x + 12)), paint.charset());
    for (i, ((label, (_, style)), value)) in rows.iter().zip(values).enumerate() {
        let y = inner.y + 2 + i as u16;
        paint.put(x + 2, y, end, label, t.quiet());
        paint.put(x + 12, y, end, &value, *style);
    }
    if let EditState::Unseen(alarm) = &view.state
        && let Some(cause) = alarm.causes.first()
    {
        paint.put(x, inner.y + 6, end, &cause.text(), t.warn());
    }
    None
}
