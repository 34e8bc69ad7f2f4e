//! The view: [`view`] draws the model. It changes nothing and cannot fail.

mod call;
mod calls;
mod cell;
mod diagnose;
mod flow;
mod footer;
mod header;
mod paint;
mod popups;
mod replay;
mod since;
#[cfg(test)]
mod tests;
mod theme;
mod timeline;
mod times;
mod why;

use crate::app::{Model, layout, popups::Overlay, screen::Screen};
use paint::Paint;
use ratatui::{buffer::Buffer, layout::Rect};
pub use theme::{ASCII, Glyphs, SYMBOLS, Theme};

/// Draws the model; the cursor's place, if one is to be shown.
pub fn view(model: &Model, theme: Theme, buf: &mut Buffer) -> Option<(u16, u16)> {
    let terminal = buf.area;
    let size = layout::screen(terminal, model.replay.is_some());
    buf.set_style(terminal, theme.background());
    let mut paint = Paint::new(buf, theme, model.settings.ascii);
    if layout::too_small(size) {
        too_small(&mut paint, terminal, model.replay.is_some());
        return None;
    }
    let frame = layout::frame(size);
    header::header(&mut paint, model, frame.header);
    header::rule(&mut paint, model, frame.rule);
    paint.rule(frame.foot_rule);
    match model.screen {
        Screen::Calls => calls::draw(&mut paint, model),
        Screen::Call => call::draw(&mut paint, model),
        Screen::Timeline => timeline::draw(&mut paint, model),
        Screen::Diagnose => diagnose::draw(&mut paint, model),
        Screen::Flow => flow::draw(&mut paint, model),
        Screen::Why => why::draw(&mut paint, model),
        Screen::Since => since::draw(&mut paint, model),
    }
    header::reason(&mut paint, model, frame.rule);
    footer::footer(&mut paint, model, frame.footer);
    if let Some(replay) = &model.replay {
        replay::bar(&mut paint, model, replay, layout::bar(size));
    }
    let mut cursor = None;
    for overlay in &model.overlays {
        cursor = match overlay {
            Overlay::Help(popup) => popups::help::draw(&mut paint, model, popup),
            Overlay::Palette(popup) => popups::palette::draw(&mut paint, model, popup),
            Overlay::Columns(popup) => popups::columns::draw(&mut paint, model, popup),
            Overlay::Filter(popup) => popups::filter::draw(&mut paint, model, popup),
            Overlay::Topics(popup) => popups::topics::draw(&mut paint, model, popup),
            Overlay::Trap(popup) => popups::trap::draw(&mut paint, model, popup),
            Overlay::Compare(popup) => popups::compare::draw(&mut paint, model, popup),
            Overlay::Alerts(popup) => popups::alerts::draw(&mut paint, model, popup),
            Overlay::AlertPrompt(popup) => popups::alert_prompt::draw(&mut paint, model, popup),
            Overlay::Answer(popup) => popups::answer::draw(&mut paint, model, popup),
            Overlay::Expected(popup) => popups::expected::draw(&mut paint, model, popup),
            Overlay::SaveView(popup) => popups::save_view::draw(&mut paint, model, popup),
            Overlay::Export(popup) => popups::export::draw(&mut paint, model, popup),
            Overlay::Since(popup) => popups::since::draw(&mut paint, model, popup),
            Overlay::Find(popup) => popups::find::draw(&mut paint, model, popup),
            Overlay::GoTo(popup) => popups::go_to::draw(&mut paint, model, popup),
            Overlay::Pick(popup) => popups::pick::draw(&mut paint, model, popup),
            Overlay::Editor(editor) => popups::cell_editor::draw(&mut paint, model, editor),
            Overlay::AddKey(add) => popups::add_key::draw(&mut paint, model, add),
            // By its row, drawn with the table.
            Overlay::Commit(_) | Overlay::Conflict(_) if model.asks_about_the_cell() => None,
            Overlay::Commit(commit) => popups::commit::draw(&mut paint, model, commit),
            Overlay::Conflict(conflict) => popups::conflict::draw(&mut paint, model, conflict),
            Overlay::Drafts(list) => popups::lists::drafts::draw(&mut paint, model, list),
            Overlay::Copying(list) => popups::lists::copy::draw(&mut paint, model, list),
            Overlay::History(list) => popups::lists::history::draw(&mut paint, model, list),
            Overlay::Losses(list) => popups::lists::losses::draw(&mut paint, model, list),
            Overlay::Onto(list) => popups::lists::onto::draw(&mut paint, model, list),
            Overlay::Removed(list) => popups::lists::removed::draw(&mut paint, model, list),
            Overlay::Bulk(paste) => popups::bulk::draw(&mut paint, model, paste),
            Overlay::Quit(_) => popups::quit::draw(&mut paint, model),
            Overlay::When(popup) => popups::when::draw(&mut paint, model, popup),
            Overlay::SignIn(prompt) => popups::sign_in::draw(&mut paint, model, prompt),
        };
    }
    footer::notice(&mut paint, model, frame.foot_rule);
    cursor
}

fn too_small(paint: &mut Paint<'_>, size: Rect, replay: bool) {
    let strong = paint.theme.strong();
    let quiet = paint.theme.quiet();
    let need = format!("at least {}x{}", layout::MIN_WIDTH, layout::MIN_HEIGHT + if replay { layout::BAR } else { 0 });
    let have = format!("this is {}x{}", size.width, size.height);
    paint.put(0, 0, size.width, "Sidetone needs", strong);
    paint.put(0, 1, size.width, &need, strong);
    paint.put(0, 2, size.width, &have, quiet);
    paint.put(0, 3, size.width, "q quits", quiet);
}
