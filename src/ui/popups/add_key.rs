//! The name of a new key.

use super::{Cursor, drawer, prompt};
use crate::{
    app::{Model, popups::AddKey},
    ui::paint::{Bits, Paint, bit},
};

/// The name of a new key, with a word about names like it.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, add: &AddKey) -> Cursor {
    let t = paint.theme;
    let entry = model.monitor.board.get(add.target.conversation.as_str());
    let c = entry.map(|e| &e.conversation);
    let p = c.and_then(|c| c.participant(add.target.participant.as_str()));
    let title = format!("New key on {}", p.map_or("", |p| p.purpose.as_str()));
    let inner = drawer(paint, model, &title, 4);
    let cursor = prompt(paint, "+", &add.text, inner.x + 1, inner.y + 1, inner.right());
    let name = add.text.text();
    let all = c.into_iter().flat_map(|c| &c.participants).flat_map(|p| &p.attributes);
    let mut remark: Bits<'_> = vec![bit("Case matters.", t.quiet())];
    for a in all {
        let key = a.key.as_str();
        if key == name && p.is_some_and(|p| p.attributes.get(key).is_some()) {
            remark = vec![bit(format!("{} this key exists here: its value is next", paint.glyphs.dot), t.warn())];
            break;
        }
        if key != name && key.eq_ignore_ascii_case(&name) {
            remark = vec![bit(format!("{} differs only in case from {key}", paint.glyphs.alarm), t.alarm())];
        }
    }
    if name.trim() != name {
        remark = vec![bit(format!("{} the name begins or ends with a space", paint.glyphs.alarm), t.alarm())];
    }
    paint.bits(inner.x + 1, inner.y + 3, inner.right(), &remark);
    cursor
}
