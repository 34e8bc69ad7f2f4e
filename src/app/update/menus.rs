//! Help, palette and pickers.

use super::{
    bulk, choose, compare, diagnose, edit, export, flow, keys, quit, replay, signin, topics, trap, views, watchpoint,
    when,
};
use crate::app::{
    Effect, Model, calls,
    editor::Editor,
    key::Key,
    keymap::{self, BINDINGS, Command, Scope},
    overlay::{Columns, FilterPrompt, Overlay, Palette},
};
use crate::domain::filter::Filter;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// A key that no binding takes: text, where text is typed.
pub(super) fn typed(model: &mut Model, key: Key) {
    match model.overlays.last_mut() {
        Some(Overlay::Palette(palette)) => {
            palette.query.key(key);
            search(palette);
        }
        Some(Overlay::Columns(columns)) => {
            columns.query.key(key);
            columns.selected = 0;
        }
        Some(Overlay::Filter(prompt)) => {
            if prompt.text.key(key) {
                refilter(model);
            }
        }
        Some(Overlay::Topics(topics)) => {
            if topics.query.key(key) {
                topics.selected = 0;
            }
        }
        Some(Overlay::Trap(prompt)) => {
            if prompt.text.key(key) {
                trap::typed(prompt);
            }
        }
        Some(Overlay::WatchPrompt(prompt)) => {
            if prompt.text.key(key) {
                watchpoint::typed(model);
            }
        }
        Some(Overlay::Answer(prompt)) => {
            if prompt.text.key(key) {
                flow::typing(prompt);
            }
        }
        Some(Overlay::SignIn(prompt)) => {
            prompt.text.key(key);
        }
        Some(Overlay::AddKey(add)) => {
            add.text.key(key);
        }
        Some(Overlay::Export(menu)) => export::typed(menu, key),
        Some(Overlay::SaveView(name)) => {
            name.key(key);
        }
        Some(Overlay::GoTo(prompt)) => {
            if prompt.text.key(key) {
                prompt.mistake = None;
            }
        }
        Some(Overlay::Bulk(bulk)) => {
            if bulk.text.key(key) {
                bulk.explain();
            }
        }
        Some(Overlay::When(prompt)) => {
            if prompt.text.key(key) {
                when::typed(prompt);
            }
        }
        Some(Overlay::Editor(editor)) => {
            if editor.text.key(key) {
                edit::typed(model);
            }
        }
        Some(
            Overlay::Help(_)
            | Overlay::Commit(_)
            | Overlay::Conflict(_)
            | Overlay::Choose(_)
            | Overlay::Pick(_)
            | Overlay::Compare(_)
            | Overlay::Watchpoints(_)
            | Overlay::Expected(_)
            | Overlay::Quit,
        )
        | None => {}
    }
}

/// What was typed takes effect as soon as it can be understood.
fn refilter(model: &mut Model) {
    let Some(Overlay::Filter(prompt)) = model.overlays.last_mut() else { return };
    let text = prompt.text.text();
    match text.parse::<Filter>() {
        Ok(filter) => {
            prompt.mistake = None;
            model.calls.filter = filter;
            model.calls.filter_text = text.trim().to_owned();
            model.stale = true;
        }
        Err(mistake) => prompt.mistake = Some(mistake),
    }
}

/// Opens the filter prompt on the present filter.
pub(super) fn open_filter(model: &mut Model) {
    let text = model.calls.filter_text.clone();
    let before = (text.clone(), model.calls.filter.clone());
    model.overlays.push(Overlay::Filter(FilterPrompt { text: Editor::new(&text, false), mistake: None, before }));
}

/// Pasted text; false where none is typed.
pub(super) fn paste(model: &mut Model, text: &str) -> bool {
    match model.overlays.last_mut() {
        Some(Overlay::Palette(palette)) => {
            palette.query.paste(text);
            search(palette);
        }
        Some(Overlay::Columns(columns)) => {
            columns.query.paste(text);
            columns.selected = 0;
        }
        Some(Overlay::Filter(prompt)) => {
            prompt.text.paste(text);
            refilter(model);
        }
        Some(Overlay::Topics(topics)) => {
            topics.query.paste(text);
            topics.selected = 0;
        }
        Some(Overlay::Trap(prompt)) => {
            prompt.text.paste(text);
            trap::typed(prompt);
        }
        Some(Overlay::WatchPrompt(prompt)) => {
            prompt.text.paste(text);
            watchpoint::typed(model);
        }
        Some(Overlay::Answer(prompt)) => {
            prompt.text.paste(text);
            flow::typing(prompt);
        }
        Some(Overlay::SignIn(prompt)) => prompt.text.paste(text),
        Some(Overlay::AddKey(add)) => add.text.paste(text),
        Some(Overlay::SaveView(name)) => name.paste(text),
        Some(Overlay::Export(menu)) => {
            menu.path.paste(text);
            menu.typed();
        }
        Some(Overlay::GoTo(prompt)) => {
            prompt.text.paste(text);
            prompt.mistake = None;
        }
        Some(Overlay::Bulk(bulk)) => {
            bulk.text.paste(text);
            bulk.explain();
        }
        Some(Overlay::When(prompt)) => {
            prompt.text.paste(text);
            when::typed(prompt);
        }
        Some(Overlay::Editor(editor)) => {
            editor.text.paste(text);
            edit::typed(model);
        }
        Some(
            Overlay::Help(_)
            | Overlay::Commit(_)
            | Overlay::Conflict(_)
            | Overlay::Choose(_)
            | Overlay::Pick(_)
            | Overlay::Compare(_)
            | Overlay::Watchpoints(_)
            | Overlay::Expected(_)
            | Overlay::Quit,
        )
        | None => return false,
    }
    true
}

/// A command while an overlay has the keyboard.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    match model.overlays.last_mut() {
        Some(Overlay::Help(help)) => {
            match command {
                Command::Up => help.scroll = help.scroll.saturating_sub(1),
                Command::Down => help.scroll += 1,
                Command::PageUp => help.scroll = help.scroll.saturating_sub(page),
                Command::PageDown => help.scroll += page,
                _ => {
                    model.overlays.pop();
                    return Vec::new();
                }
            }
            let rows = help_rows(&help.scopes);
            help.scroll = help.scroll.min(rows.saturating_sub(page / 2));
        }
        Some(Overlay::Palette(palette)) => match command {
            Command::Up => {
                palette.selected = palette.selected.checked_sub(1).unwrap_or(palette.found.len().saturating_sub(1))
            }
            Command::Down => palette.selected = (palette.selected + 1) % palette.found.len().max(1),
            Command::Accept => {
                let chosen = palette.found.get(palette.selected).map(|i| &BINDINGS[*i]);
                model.overlays.pop();
                if let Some(binding) = chosen.filter(|b| (b.when)(model)) {
                    return keys::command(model, binding.command);
                }
            }
            _ => {
                model.overlays.pop();
            }
        },
        Some(Overlay::Columns(columns)) => match command {
            Command::Up => columns.selected = columns.selected.saturating_sub(1),
            Command::Down => columns.selected = (columns.selected + 1).min(columns.shown().len().saturating_sub(1)),
            Command::Toggle => {
                if let Some(key) = columns.shown().get(columns.selected).map(|(k, _)| k.clone()) {
                    match columns.picked.iter().position(|k| *k == key) {
                        Some(i) => drop(columns.picked.remove(i)),
                        None => columns.picked.push(key),
                    }
                }
            }
            Command::Accept => {
                model.calls.picked = Some(std::mem::take(&mut columns.picked));
                model.stale = true;
                model.overlays.pop();
            }
            Command::Automatic => {
                model.calls.choose_again();
                model.stale = true;
                model.overlays.pop();
            }
            _ => {
                model.overlays.pop();
            }
        },
        Some(Overlay::Filter(prompt)) => {
            if command == Command::Accept {
                if prompt.mistake.is_none() {
                    model.overlays.pop();
                }
            } else if command == Command::SaveView {
                if prompt.mistake.is_none() {
                    views::ask(model);
                }
            } else {
                let (text, filter) = prompt.before.clone();
                model.calls.filter_text = text;
                model.calls.filter = filter;
                model.overlays.pop();
                model.stale = true;
            }
        }
        Some(Overlay::Trap(_)) => trap::command(model, command),
        Some(Overlay::Topics(_)) => return topics::command(model, command),
        Some(Overlay::Editor(_)) => return edit::editor(model, command),
        Some(Overlay::AddKey(_)) => return edit::prompt(model, command),
        Some(Overlay::Commit(_)) => return edit::commit(model, command),
        Some(Overlay::Conflict(_)) => return edit::conflict(model, command),
        Some(Overlay::Choose(_)) => return choose::command(model, command),
        Some(Overlay::Bulk(_)) => return bulk::command(model, command),
        Some(Overlay::When(_)) => return when::command(model, command),
        Some(Overlay::Compare(_)) => return compare::command(model, command),
        Some(Overlay::Watchpoints(_)) => return watchpoint::command(model, command),
        Some(Overlay::WatchPrompt(_)) => return watchpoint::prompt(model, command),
        Some(Overlay::Expected(_)) => diagnose::expected(model, command),
        Some(Overlay::Quit) => quit::command(model, command),
        Some(Overlay::Answer(_)) => return flow::answer(model, command),
        Some(Overlay::Export(_)) => return export::command(model, command),
        Some(Overlay::SaveView(_)) => return views::prompt(model, command),
        Some(Overlay::SignIn(_)) => return signin::command(model, command),
        Some(Overlay::GoTo(_)) => return replay::prompt(model, command),
        Some(Overlay::Pick(pick)) => match command {
            Command::Up => pick.selected = pick.selected.saturating_sub(1),
            Command::Down => pick.selected = (pick.selected + 1).min(pick.choices.len().saturating_sub(1)),
            _ => {
                let chosen = pick.choices.get(pick.selected).map(|(_, _, choice)| choice.clone());
                model.overlays.pop();
                if let Some(choice) = chosen.filter(|_| command == Command::Accept) {
                    return flow::picked(model, choice);
                }
            }
        },
        None => {}
    }
    Vec::new()
}

fn help_rows(scopes: &[Scope]) -> usize {
    BINDINGS.iter().filter(|b| scopes.contains(&b.scope)).count()
}

/// Opens the palette over the actions of this screen.
pub(super) fn open_palette(model: &mut Model) {
    let scopes = keymap::screen_scopes(model);
    let mut palette = Palette { query: Editor::new("", false), found: Vec::new(), selected: 0, scopes };
    search(&mut palette);
    model.overlays.push(Overlay::Palette(palette));
}

/// Fuzzy search over what the actions are called and what they do.
fn search(palette: &mut Palette) {
    let query = palette.query.text();
    let rows =
        BINDINGS.iter().enumerate().filter(|(_, b)| palette.scopes.contains(&b.scope) && b.command != Command::Palette);
    let pattern = Pattern::parse(&query, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut scratch = Vec::new();
    let mut found: Vec<(u32, usize)> = rows
        .filter_map(|(i, b)| {
            let text = format!("{} {}", b.action, b.help);
            pattern.score(Utf32Str::new(&text, &mut scratch), &mut matcher).map(|score| (score, i))
        })
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    palette.found = found.into_iter().map(|(_, i)| i).collect();
    palette.selected = 0;
}

/// Opens the column picker with the present columns picked.
pub(super) fn open_columns(model: &mut Model) {
    let shown = |c: &&calls::Column| matches!(c.show, calls::Show::Attribute(_));
    let on_screen = model.calls.columns.iter().filter(shown).count();
    let picked =
        model.calls.picked.clone().unwrap_or_else(|| model.calls.keys.iter().take(on_screen).cloned().collect());
    let mut keys = calls::keys_with_counts(&model.monitor.board);
    keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    model.overlays.push(Overlay::Columns(Columns { keys, picked, query: Editor::new("", false), selected: 0 }));
}
