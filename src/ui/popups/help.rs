//! The keys of a screen: in two or three columns where there is width, nothing cut.

use super::{Cursor, drawer, prompt};
use crate::{
    app::{Model, layout, popups::Help},
    domain::text::Align,
    ui::paint::Paint,
};

/// A column of the help is at least this wide.
const HELP_WIDTH: u16 = 56;
/// Columns that keys take, at most; longer ones have a line of their own.
const KEYS_WIDTH: u16 = 10;

/// A line as it is drawn.
#[derive(Debug, PartialEq, Eq)]
enum HelpLine {
    Heading(String),
    Text(String, String),
    Blank,
}

/// The keys of this screen.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, help: &Help) -> Cursor {
    let t = paint.theme;
    let body = layout::frame(model.size).body;
    let columns = body.width.saturating_sub(4).checked_div(HELP_WIDTH).unwrap_or(1).clamp(1, 3);
    let width = body.width.saturating_sub(4) / columns;
    let lines = lines(paint, model, help, width.saturating_sub(2));
    let searched = help.typing || !help.query.text().is_empty();
    let top = u16::from(searched) * 2;
    let columns = usize::from(columns);
    let most = usize::from(body.height.saturating_sub(1 + top));
    let columned = split(&lines, columns);
    let height = columned.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let inner = drawer(paint, model, "Keys", u16::try_from(height).unwrap_or(u16::MAX).saturating_add(top));
    let mut cursor = None;
    if searched {
        let place = prompt(paint, "/", &help.query, inner.x, inner.y, inner.right());
        cursor = place.filter(|_| help.typing);
    }
    if lines.is_empty() {
        paint.put(inner.x, inner.y + top, inner.right(), "No key matches.", t.quiet());
        return cursor;
    }
    // Without room for all, the columns scroll as one.
    let scroll = help.scroll.min(height.saturating_sub(most));
    for (column, lines) in columned.iter().enumerate() {
        let x = inner.x + column as u16 * width;
        let end = (x + width).saturating_sub(2);
        for (y, line) in (inner.y + top..inner.bottom()).zip(lines.iter().skip(scroll)) {
            match line {
                HelpLine::Heading(title) => {
                    paint.put(x, y, end, title, t.strong());
                }
                HelpLine::Text(keys, text) => {
                    paint.cell(x, y, KEYS_WIDTH.max(paint.width(keys)), keys, Align::Right, t.strong());
                    paint.put(x + KEYS_WIDTH + 2, y, end, text, t.text());
                }
                HelpLine::Blank => {}
            }
        }
    }
    super::more_below(paint, inner, height.saturating_sub(scroll + most));
    cursor
}

/// The rows of the help in lines of at most `width` columns.
fn lines(paint: &Paint<'_>, model: &Model, help: &Help, width: u16) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    for row in help.rows(model) {
        if row.keys.is_empty() && row.text.starts_with(char::is_uppercase) {
            if !lines.is_empty() {
                lines.push(HelpLine::Blank);
            }
            lines.push(HelpLine::Heading(row.text));
            continue;
        }
        let mut keys = row.keys;
        if paint.width(&keys) > KEYS_WIDTH {
            lines.push(HelpLine::Text(std::mem::take(&mut keys), String::new()));
        }
        for text in paint.paragraph(&row.text, width.saturating_sub(KEYS_WIDTH + 2)) {
            lines.push(HelpLine::Text(std::mem::take(&mut keys), text));
        }
    }
    lines
}

/// The lines in so many columns of about one height; no column begins with a blank line or ends with a heading.
fn split(lines: &[HelpLine], columns: usize) -> Vec<Vec<&HelpLine>> {
    let height = lines.len().div_ceil(columns).max(1);
    let mut out: Vec<Vec<&HelpLine>> = vec![Vec::new()];
    let last = |column: &[&HelpLine]| matches!(column.last(), Some(HelpLine::Heading(_)));
    for (i, line) in lines.iter().enumerate() {
        let column = out.len() - 1;
        let ends = matches!(line, HelpLine::Heading(_)) && out[column].len() + 1 >= height && i + 1 < lines.len();
        if out.len() < columns && (out[column].len() >= height || ends) && !last(&out[column]) {
            out.push(Vec::new());
        }
        let column = out.len() - 1;
        if !(out[column].is_empty() && *line == HelpLine::Blank) {
            out[column].push(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{key::Key, keymap::BINDINGS, testing::Desk};
    use crate::domain::text;
    use crate::ui::{Theme, view};
    use ratatui::buffer::Buffer;

    /// Every help text is on the screen whole, words and keys, at every width; and where it is wide it needs no scrolling.
    #[test]
    fn no_line_of_the_help_is_cut_at_80_120_and_200_columns() {
        for (width, height) in [(80, 24), (120, 36), (200, 60)] {
            for keys in ["?", "<enter>?", "<tab>?", "d?", "F?"] {
                let mut desk = Desk::busy(width, height);
                desk.keys(keys);
                let mut seen = String::new();
                for scroll in 0..8 {
                    desk.model.prepare(desk.at);
                    let mut buf = Buffer::empty(desk.model.size);
                    view(&desk.model, Theme::Terminal, &mut buf);
                    let text: String = buf.content.iter().map(ratatui::buffer::Cell::symbol).collect();
                    assert!(scroll > 0 || width < 120 || !text.contains(" more "), "{width} {keys}: it scrolls");
                    seen.push_str(&text);
                    desk.keys("<pagedown>");
                }
                let scopes = desk.model.screen_scopes();
                for binding in BINDINGS.iter().filter(|b| scopes.contains(&b.scope) && !b.keys.is_empty()) {
                    for word in binding.help.split_whitespace() {
                        let movement =
                            matches!(binding.action, "up" | "down" | "page-up" | "page-down" | "first" | "last");
                        assert!(movement || seen.contains(word), "{width} {keys}: {word} of {}", binding.help);
                    }
                }
            }
        }
    }

    #[test]
    fn keys_have_room_in_their_column_or_a_line_of_their_own() {
        for binding in BINDINGS {
            let label = |key: &&str| key.parse::<Key>().map(|key| key.label(true)).unwrap_or_default();
            let keys: Vec<String> = binding.keys.iter().map(label).collect();
            assert!(text::width(&keys.join(" ")) <= usize::from(HELP_WIDTH) - 6, "{keys:?}");
        }
    }
}
