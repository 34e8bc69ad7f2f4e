//! The prompt for signing in again.

use super::{Cursor, drawer};
use crate::{
    app::{
        Model,
        signin::{How, SignIn, SignInStage},
    },
    ui::paint::{Paint, bit},
};

/// Rows that the address in the browser may take.
const ADDRESS_ROWS: usize = 8;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &SignIn) -> Cursor {
    let t = paint.theme;
    let width = crate::app::layout::frame(model.size).body.width.saturating_sub(4);
    let mut lines: Vec<(String, ratatui::style::Style)> = Vec::new();
    let mut say = |paint: &Paint<'_>, text: &str, style| {
        lines.extend(paint.paragraph(text, width).into_iter().take(3).map(|line| (line, style)));
    };
    say(paint, &prompt.reason, if model.sign_in_needed.is_some() { t.alarm() } else { t.text() });
    if model.sign_in_needed.is_some() {
        let now = match model.link.is_live() {
            true => "Events continue for a while; nothing is read or sent.",
            false => "Nothing on the screen is live now.",
        };
        say(paint, &format!("{now} Your drafts are kept and are sent when you send them."), t.quiet());
    }
    if let Some(trouble) = &prompt.trouble {
        say(paint, trouble, t.alarm());
    }
    let (mark, ask) = match (&prompt.stage, prompt.how) {
        (SignInStage::Trying, _) => ("", "Asking the platform…"),
        (SignInStage::Asked, How::Browser) => ("", "Enter opens the browser to sign in."),
        (SignInStage::Waiting { opened: true, .. }, _) => {
            (">", "A browser was opened. If it cannot come back here, paste the address it ended on and press Enter.")
        }
        (SignInStage::Waiting { opened: false, .. }, _) => {
            (">", "Open this address in a browser, on any machine; then paste the address it ended on and press Enter.")
        }
        (SignInStage::Asked, How::Secret) => {
            (">", "Enter tries the known secret again. Or type the client's new secret; it is used until you leave.")
        }
        (SignInStage::Asked, _) => (">", "Paste a new access token and press Enter; it is used until you leave."),
    };
    let ask = if paint.is_ascii() { ask.replace('…', "...") } else { ask.to_owned() };
    say(paint, &ask, t.text());
    if let SignInStage::Waiting { url, .. } = &prompt.stage {
        lines.extend(paint.wrap(url, width, ADDRESS_ROWS).into_iter().map(|line| (line, t.accent())));
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX) + u16::from(!mark.is_empty());
    let inner = drawer(paint, model, "Sign in", rows);
    for (y, (line, style)) in (inner.y..inner.bottom()).zip(&lines) {
        paint.put(inner.x, y, inner.right(), line, *style);
    }
    if mark.is_empty() {
        return None;
    }
    let y = inner.bottom().saturating_sub(1);
    if !prompt.hides() {
        return super::prompt(paint, mark, &prompt.text, inner.x, y, inner.right());
    }
    // As many marks as letters, so that a paste is seen to have arrived.
    let typed = prompt.text.text().chars().count();
    let dot = if paint.is_ascii() { "*" } else { "•" };
    let room = usize::from(inner.width.saturating_sub(4));
    let x = paint.bits(inner.x, y, inner.right(), &[bit(mark, t.accent()), bit(" ", t.text())]);
    let x = paint.put(x, y, inner.right(), &dot.repeat(typed.min(room)), t.text());
    Some((x, y))
}
