//! The prompt for a condition.

use super::{Cursor, drawer, prompt};
use crate::{
    app::{Model, popups::WhenPrompt},
    domain::filter::{CallFacts, Filter},
    ui::paint::{Paint, bit},
};

/// The prompt for a condition: what waits for it, and whether it holds already.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, popup: &WhenPrompt) -> Cursor {
    let t = paint.theme;
    let title = match popup.cells.as_slice() {
        [cell] => format!("Send {} when", cell.key),
        cells => format!("Send {} drafts when", cells.len()),
    };
    let inner = drawer(paint, model, &title, 4);
    let (x, end) = (inner.x + 1, inner.right());
    let cursor = prompt(paint, "?", &popup.text, x, inner.y + 1, end);
    let typed = popup.text.text();
    let under = match &popup.mistake {
        Some(mistake) => {
            vec![bit(mistake.pointer(&typed), t.alarm()), bit(" ", t.text()), bit(mistake.message.as_str(), t.alarm())]
        }
        None => vec![bit("ivr_choice?   key=value   state:queue   age>2m   | or   ( )", t.quiet())],
    };
    paint.bits(x + 2, inner.y + 2, end, &under);
    let call =
        popup.cells.first().and_then(|c| model.monitor.board.get(c.conversation.as_str())).map(|e| &e.conversation);
    let holds = |f: &Filter| {
        !f.is_empty()
            && call.is_some_and(|conversation| {
                f.holds(CallFacts { conversation, names: &model.monitor.board.names, now: model.now })
            })
    };
    let last = match typed.trim().parse::<Filter>() {
        Ok(filter) if holds(&filter) => {
            bit(format!("{} holds already: it is sent at once", paint.glyphs.alarm), t.warn())
        }
        _ => bit("Sent once, checked like any edit. Losing the connection disarms it.", t.quiet()),
    };
    paint.bits(x + 2, inner.y + 3, end, &[last]);
    cursor
}
