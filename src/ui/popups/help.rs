//! The keys of a screen.

use super::{Cursor, drawer};
use crate::{
    app::{Model, layout, popups::Help},
    domain::text::Align,
    ui::paint::{Paint, bit},
};

/// A column of the help is at least this wide.
const HELP_WIDTH: u16 = 78;

/// Columns of the keys.
const KEYS_WIDTH: u16 = 17;

/// The keys of this screen.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, help: &Help) -> Cursor {
    let t = paint.theme;
    let mut lines: Vec<(&str, String, &str)> = Vec::new();
    for scope in &help.scopes {
        lines.push((scope.title(), String::new(), ""));
        for (_, binding, keys) in model.keymap.rows(std::slice::from_ref(scope)) {
            let keys: Vec<String> = keys.iter().map(|k| k.label(model.settings.ascii)).collect();
            lines.push(("", keys.join("  "), binding.help));
        }
        lines.push(("", String::new(), ""));
    }
    lines.pop();
    let body = layout::frame(model.size).body;
    let columns = usize::from(body.width / HELP_WIDTH).clamp(1, 3);
    let per_column = lines.len().div_ceil(columns);
    let inner = drawer(paint, model, "Keys", u16::try_from(per_column).unwrap_or(u16::MAX));
    // Without room for all, one column scrolls.
    let (columns, per_column) = match per_column <= usize::from(inner.height) {
        true => (columns, per_column),
        false => (columns, usize::from(inner.height)),
    };
    let scroll = help.scroll.min(lines.len().saturating_sub(per_column * columns));
    for (i, (head, keys, text)) in lines.iter().skip(scroll).take(per_column * columns).enumerate() {
        let y = inner.y + (i % per_column) as u16;
        let x = inner.x + (i / per_column) as u16 * (inner.width / columns as u16);
        let end = x + inner.width / columns as u16 - 2;
        if !head.is_empty() {
            paint.put(x, y, end, head, t.quiet());
            continue;
        }
        paint.cell(x, y, KEYS_WIDTH, keys, Align::Right, t.strong());
        paint.put(x + KEYS_WIDTH + 2, y, end, text, t.text());
    }
    let below = lines.len().saturating_sub(scroll + per_column * columns);
    if below > 0 {
        let more = format!(" {} {below} more ", paint.glyphs.below);
        paint.bits_right(inner.x, inner.y - 1, inner.right(), &[bit(more, t.quiet())]);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{key::Key, keymap::BINDINGS};
    use crate::domain::text;

    /// The narrowest column of any size: at 80 columns there is one, at 120 one, at 200 two.
    #[test]
    fn no_line_of_the_help_is_cut_at_80_120_and_200_columns() {
        for width in [80_u16, 120, 200] {
            let columns = (width / HELP_WIDTH).clamp(1, 3);
            let room = usize::from((width - 4) / columns - 2 - KEYS_WIDTH - 2);
            for binding in BINDINGS {
                assert!(text::width(binding.help) <= room, "{width}: {} is cut", binding.help);
                let label = |key: &&str| key.parse::<Key>().map(|key| key.label(true)).unwrap_or_default();
                let keys: Vec<String> = binding.keys.iter().map(label).collect();
                let screen = matches!(binding.scope.title(), "Calls" | "Call" | "Everywhere" | "Replay" | "Flow");
                assert!(!screen || keys.join("  ").len() <= usize::from(KEYS_WIDTH), "{keys:?} are cut");
            }
        }
    }
}
