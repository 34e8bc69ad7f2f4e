//! Pictures of the popups: each in the file of the same name as its state and keys in `app::popups`.

pub(super) mod add_key;
pub(super) mod alert_prompt;
pub(super) mod alerts;
pub(super) mod answer;
pub(super) mod bulk;
pub(super) mod cell_editor;
pub(super) mod columns;
pub(super) mod commit;
pub(super) mod compare;
pub(super) mod conflict;
pub(super) mod expected;
pub(super) mod export;
pub(super) mod filter;
pub(super) mod find;
pub(super) mod go_to;
pub(super) mod help;
pub(super) mod lists;
pub(super) mod palette;
pub(super) mod pick;
pub(super) mod quit;
pub(super) mod save_view;
pub(super) mod sign_in;
pub(super) mod since;
pub(super) mod topics;
pub(super) mod trap;
pub(super) mod when;

use super::{
    cell,
    paint::{Paint, bit},
};
use crate::{
    app::{Model, editor::Editor, layout},
    domain::{filter::Mistake, text::Units},
};
use ratatui::layout::Rect;

/// Where the terminal's cursor is to be shown.
pub(super) type Cursor = Option<(u16, u16)>;

/// A drawer over the lower part of the screen, under a rule with a title, as high as what is in it; the area inside.
pub(super) fn drawer(paint: &mut Paint<'_>, model: &Model, title: &str, height: u16) -> Rect {
    let frame = layout::frame(model.size);
    let height = height.saturating_add(1).min(frame.body.height);
    let outer = Rect { y: frame.body.bottom() - height, height, ..frame.body };
    paint.drawer = Some(outer.y);
    paint.clear(outer);
    paint.rule(frame.foot_rule);
    paint.rule(outer);
    paint.join_above(outer);
    let strong = paint.theme.strong();
    paint.put(outer.x + 1, outer.y, outer.right(), &format!(" {title} "), strong);
    Rect {
        x: outer.x + 2,
        y: outer.y + 1,
        width: outer.width.saturating_sub(4),
        height: outer.height.saturating_sub(1),
    }
}

/// How many rows of a list are below those in sight, in the rule over it: all lists of popups say so there.
pub(super) fn more_below(paint: &mut Paint<'_>, inner: Rect, below: usize) {
    if below > 0 {
        let quiet = paint.theme.quiet();
        let words = format!(" {} {below} more ", paint.glyphs.below);
        paint.bits_right(inner.x, inner.y.saturating_sub(1), inner.right(), &[bit(words, quiet)]);
    }
}

/// What is wrong with an expression, with a caret under its place. Where the message has no room behind the caret it has lines of
/// its own; it is never cut.
pub(super) fn mistake(paint: &mut Paint<'_>, mistake: &Mistake, typed: &str, under: Rect) {
    let t = paint.theme;
    let pointer = mistake.pointer(typed);
    if paint.width(&pointer) + 1 + paint.width(&mistake.message) <= under.width {
        let bits = [bit(pointer, t.alarm()), bit(" ", t.text()), bit(mistake.message.as_str(), t.alarm())];
        paint.bits(under.x, under.y, under.right(), &bits);
        return;
    }
    let lines = paint.paragraph(&mistake.message, under.width);
    for (y, line) in (under.y..under.bottom()).zip(&lines) {
        paint.put(under.x, y, under.right(), line, t.alarm());
    }
}

/// A line being typed; the cursor's place.
pub(super) fn prompt(paint: &mut Paint<'_>, mark: &str, editor: &Editor, x: u16, y: u16, end: u16) -> Cursor {
    let t = paint.theme;
    let x = paint.bits(x, y, end, &[bit(mark, t.accent()), bit(" ", t.text())]);
    let text = editor.text();
    // A paste may be wider than any screen.
    let width = |text: &str| Units::new(text, paint.charset()).map(|unit| unit.width).sum::<usize>();
    let before = width(&text[..editor.offset().min(text.len())]);
    let skip = before.saturating_sub(usize::from(end.saturating_sub(x + 1)));
    let mut skipped = 0;
    let shown: String = Units::new(&text, paint.charset())
        .skip_while(|unit| {
            let hide = skipped < skip;
            skipped += unit.width;
            hide
        })
        .map(|unit| unit.to_string())
        .collect();
    paint.put(x, y, end, &shown, t.text());
    Some((x + (before - skip) as u16, y))
}

/// A value as it is drawn, an empty one in words.
fn shown(model: &Model, paint: &Paint<'_>, value: &str) -> String {
    match value {
        "" => "(empty)".to_owned(),
        value => cell::shown(model, paint, value).into_owned(),
    }
}
