//! The question before the program ends: what is not done, and what becomes of it.

use super::{Cursor, drawer};
use crate::{
    app::Model,
    ui::paint::{Paint, count},
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model) -> Cursor {
    let t = paint.theme;
    let lines = lines(model);
    let unkept: Vec<String> = match &model.unkept.drafts {
        Some(why) if model.settings.keeps => {
            let words = format!(
                "{} Drafts cannot be kept on disk: {why}. Their texts are printed on the terminal when the program ends, and \
                 nothing else has them then.",
                paint.glyphs.alarm
            );
            paint.paragraph(&words, model.size.width.saturating_sub(8))
        }
        _ => Vec::new(),
    };
    let inner = drawer(paint, model, "Quit?", count(lines.len() + unkept.len()).max(1));
    for (y, line) in (inner.y + count(lines.len())..inner.bottom()).zip(&unkept) {
        paint.put(inner.x + 2, y, inner.right(), line, t.alarm());
    }
    let wide = lines.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
    for (y, (what, becomes)) in (inner.y..inner.bottom()).zip(&lines) {
        let x = paint.put(inner.x + 2, y, inner.right(), what, t.strong());
        let column = inner.x + 2 + count(wide) + 2;
        paint.put(column.max(x), y, inner.right(), becomes, t.text());
    }
    None
}

/// What there is, and what becomes of it. Everything may have settled while the question stood.
fn lines(model: &Model) -> Vec<(String, &'static str)> {
    let found = model.outbox.unsettled();
    let kept = model.settings.keeps;
    let unkept = model.unkept.drafts.is_some();
    let or_lost = |words: &'static str| match () {
        () if !kept => "will be lost: a demo keeps nothing",
        () if unkept => "NOT kept",
        () => words,
    };
    let all = [
        (found.drafts, "draft", "drafts", "kept: offered again at the next start"),
        (found.held, "held edit", "held edits", "not sent when the flow ends; kept as a draft"),
        (found.armed, "armed edit", "armed edits", "not sent when its condition is met; kept as a draft"),
        (found.waiting, "edit waiting to be sent", "edits waiting to be sent", "not sent; kept as a draft"),
        (found.sending, "edit being sent", "edits being sent", "may still be written; listed at the next start"),
        (found.alarms - found.unsent, "alarm", "alarms", "kept until dismissed"),
        (found.unsent, "alarm with an unsent text", "alarms with unsent texts", "kept until dismissed"),
        (
            found.reverted,
            "vanished or reverted key",
            "vanished or reverted keys",
            "kept with the old value until dismissed",
        ),
    ];
    let line = |(n, one, many, kept)| (format!("{n} {}", if n == 1 { one } else { many }), or_lost(kept));
    let mut lines: Vec<_> = all.into_iter().filter(|(n, ..)| *n > 0).map(line).collect();
    if lines.is_empty() {
        lines.push(("Everything is done.".into(), ""));
    }
    lines
}
