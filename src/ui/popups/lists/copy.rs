//! What can be copied.

use super::{List, purpose, short};
use crate::{
    app::{Model, copy::Copyable, popups::CopyList},
    domain::{Key, outbox::PatchTarget, text},
    ui::{
        paint::{Bits, Paint, bit},
        popups::Cursor,
    },
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &CopyList) -> Cursor {
    let CopyList { target, key, selected } = list;
    let on = key.as_ref().map(|k| format!("{k} on ")).unwrap_or_default();
    let title = format!("Copy from {on}{}", purpose(model, target));
    let rows = Copyable::ALL.iter().map(|item| row(paint, model, target, key.as_ref(), *item)).collect();
    super::draw(paint, model, &List { title, rows, selected: *selected, ..List::default() })
}

fn row<'a>(paint: &Paint<'_>, model: &Model, target: &PatchTarget, key: Option<&Key>, item: Copyable) -> Bits<'a> {
    let t = paint.theme;
    let text = item.text(model.copy_source(), target, key.map(Key::as_str));
    let label = text::fit_in(item.label(), 32, text::Align::Left, paint.charset()).into_owned();
    match text {
        Some(text) => vec![bit(label, t.strong()), bit("  ", t.quiet()), short(paint, model, &text, 60, t.quiet())],
        None => vec![bit(label, t.quiet()), bit(format!("  {}", item.lacking()), t.quiet())],
    }
}
