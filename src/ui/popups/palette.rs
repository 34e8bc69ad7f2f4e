//! The command line: what is typed, what is wrong with it, and what matches.

use super::{Cursor, drawer, more_below, prompt};
use crate::{
    app::{
        Model,
        keymap::{BINDINGS, Condition},
        popups::CommandPalette,
        popups::command_line::{CommandEntry, Hit},
    },
    domain::text::Align,
    ui::paint::{Bits, Paint, bit},
};
use ratatui::{layout::Rect, style::Style};

/// Columns of the names at least, and of names and synonyms at most.
const NAMES: (u16, u16) = (24, 44);

/// A name with the synonym that matched, or the argument that it takes. Words that the program used before are understood, not shown.
fn label<'a>(paint: &Paint<'_>, hit: &Hit, name: Style) -> Bits<'a> {
    let t = paint.theme;
    let mut label = vec![bit(hit.entry.name(), name)];
    match (hit.synonym.filter(|word| !word.starts_with("bell")), hit.entry.argument()) {
        (Some(word), _) => label.push(bit(format!(" ({word})"), t.accent())),
        (None, Some(argument)) => label.push(bit(format!(" {argument}"), t.quiet())),
        (None, None) => {}
    }
    label
}

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, palette: &CommandPalette) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Command", 14);
    let cursor = prompt(paint, ":", &palette.query, inner.x, inner.y, inner.right());
    let under = inner.y + 1;
    if let Some(mistake) = &palette.mistake {
        paint.put(inner.x + 2, under, inner.right(), mistake, t.alarm());
    } else if palette.found.is_empty() {
        paint.put(inner.x + 2, under, inner.right(), &palette.no_match(), t.alarm());
    } else if palette.found[0].elsewhere.is_some() {
        paint.put(inner.x + 2, under, inner.right(), "It works on another screen.", t.quiet());
    } else if palette.selected.is_none() {
        paint.put(inner.x + 2, under, inner.right(), "Type the whole name, or select it.", t.quiet());
    }
    let widest = palette.found.iter().map(|hit| paint.bits_width(&label(paint, hit, t.text()))).max().unwrap_or(0);
    // The descriptions keep half of the line.
    let names = (widest + 1).clamp(NAMES.0, NAMES.1).min((inner.width / 2).max(NAMES.0));
    let rows = usize::from(inner.height.saturating_sub(2));
    let skip = palette.selected.map_or(0, |at| (at + 1).saturating_sub(rows));
    more_below(paint, inner, palette.found.len().saturating_sub(skip + rows));
    for (i, hit) in palette.found.iter().enumerate().skip(skip).take(rows) {
        let y = inner.y + 2 + (i - skip) as u16;
        let row = Rect { y, height: 1, width: inner.width.min(110), ..inner };
        let (when, keys) = match hit.entry {
            CommandEntry::Action(index) => {
                let keys: Vec<String> =
                    model.keymap.keys(index).iter().map(|k| k.label(model.settings.ascii)).collect();
                (BINDINGS[index].when, keys.join(" "))
            }
            CommandEntry::Verb(_) => (Condition::Always, String::new()),
        };
        let (name, text) =
            if model.meets(when) && hit.elsewhere.is_none() { (t.strong(), t.text()) } else { (t.quiet(), t.quiet()) };
        paint.bits(inner.x + 2, y, inner.x + 2 + names, &label(paint, hit, name));
        let keys_width = paint.width(&keys) + 2;
        let help_end = row.right().saturating_sub(keys_width);
        paint.cell(
            inner.x + 3 + names,
            y,
            help_end.saturating_sub(inner.x + 3 + names),
            &match hit.elsewhere {
                Some(scope) => {
                    let (place, help) = (format!("on the {} screen", scope.title()), hit.entry.help());
                    let whole = format!("{place}: {help}");
                    let room = help_end.saturating_sub(inner.x + 3 + names);
                    // Where there is no room for both, what it does is on its screen.
                    if paint.width(&whole) <= room { whole } else { place }
                }
                None => match hit.entry {
                    CommandEntry::Action(index) => model.help_of(&BINDINGS[index]).to_owned(),
                    CommandEntry::Verb(_) => hit.entry.help().to_owned(),
                },
            },
            Align::Left,
            text,
        );
        paint.bits_right(help_end, y, row.right() - 1, &[bit(keys, t.quiet())]);
        if Some(i) == palette.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.text());
            paint.tint(row, |s| t.selected(s));
        }
    }
    cursor
}
