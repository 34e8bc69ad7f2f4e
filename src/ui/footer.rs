//! The footer: the hints of whatever has the keyboard, and the notice above them.

use super::paint::{Bit, Paint, bit};
use crate::app::{Model, keymap::Command, notice::NoticeLevel, screen::Screen};
use ratatui::layout::Rect;

/// The notice, in the rule above the hints: nothing moves when it comes or goes. A longer one grows upward; over a drawer, where it would
/// hide what is asked and typed there, it stands above that if there is room.
pub(super) fn notice(paint: &mut Paint<'_>, model: &Model, rule: Rect) {
    let Some(notice) = &model.notice else { return };
    let t = paint.theme;
    let (mark, of_mark, style) = match notice.level {
        NoticeLevel::Done => (paint.glyphs.seen, t.seen(), t.strong()),
        NoticeLevel::Info => (paint.glyphs.dot, t.strong(), t.strong()),
        NoticeLevel::Alarm => (paint.glyphs.alarm, t.alarm(), t.alarm()),
    };
    let width = rule.width.saturating_sub(6);
    let mut lines = Vec::new();
    // Several things that are said are a paragraph each.
    for text in notice.text.lines() {
        let mut part = paint.paragraph(text, width);
        // No word is left alone on the last line: the lines are about as long as one another.
        if part.len() > 1 {
            let narrower = (width / 2..width).map(|width| paint.paragraph(text, width));
            part = narrower.into_iter().find(|other| other.len() == part.len()).unwrap_or(part);
        }
        lines.append(&mut part);
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let drawer = paint.drawer.filter(|top| height > 1 && height + 2 <= *top);
    let rule = drawer.map_or(rule, |top| Rect { y: top - 1, ..rule });
    let above = height.saturating_sub(1).min(rule.y.saturating_sub(2));
    let top = rule.y - above;
    // Of several lines none is followed by a rest of the rule, which would look like the end of the screen's width.
    let cleared = if above > 0 { above + 1 } else { 0 };
    paint.clear(Rect { y: top, height: cleared, ..rule });
    for (y, line) in (top..=rule.y).zip(&lines) {
        let mark = if y == top { mark } else { " " };
        let shown = [bit(format!(" {mark} "), of_mark), bit(line.as_str(), style), bit(" ", t.text())];
        // Nothing of the rule's own style is left below the words: all lines look alike.
        paint.clear(Rect {
            x: rule.x + 1,
            y,
            width: paint.bits_width(&shown).min(rule.width.saturating_sub(1)),
            height: 1,
        });
        paint.bits(rule.x + 1, y, rule.right(), &shown);
    }
}

/// It leads to the screen that is shown.
fn is_here(model: &Model, command: Command) -> bool {
    matches!(
        (model.screen, command),
        (Screen::Diagnose, Command::Diagnose)
            | (Screen::Timeline, Command::Timeline)
            | (Screen::Flow, Command::Flow)
            | (Screen::Why, Command::Why)
            | (Screen::Since, Command::Since)
    )
}

/// What a recording refuses: there is nothing to send to, and nobody to ask.
fn is_refused_in_replay(command: Command) -> bool {
    use Command as C;
    matches!(
        command,
        C::Edit
            | C::Add
            | C::Blank
            | C::Undo
            | C::Mark
            | C::Review
            | C::Discard
            | C::Paste
            | C::EditOutside
            | C::MapOutside
            | C::Since
            | C::Simulate
            | C::Topics
    )
}

/// What is refused where nothing may be written. Texts of an earlier run can still be looked at and discarded.
fn is_refused_in_read_only(command: Command) -> bool {
    use Command as C;
    matches!(command, C::Edit | C::Add | C::Blank | C::Undo | C::Paste | C::EditOutside | C::MapOutside | C::Review)
}

/// The hints of whatever has the keyboard.
pub(super) fn footer(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let x = area.x + 1;
    let scopes = model.scopes();
    let hints = model.keymap.rows(&scopes).filter(|(_, b, keys)| {
        let is_refused = model.replay.is_some() && is_refused_in_replay(b.command)
            || model.outbox.policy().read_only.is_some() && is_refused_in_read_only(b.command);
        let offered = !is_refused && !is_here(model, b.command);
        offered && !b.hint.is_empty() && !keys.is_empty() && model.meets(b.when)
    });
    let mut hints: Vec<(Command, [Bit<'_>; 3], u16)> = hints
        .map(|(index, binding, keys)| {
            let label = |keys: &[crate::app::key::Key]| keys.first().map(|key| key.label(model.settings.ascii));
            let beside = if binding.pair { label(model.keymap.keys(index + 1)) } else { None };
            let key = [label(keys), beside].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let bits = [bit(key, t.strong()), bit(" ", t.text()), bit(model.hint(binding), t.quiet())];
            let width = paint.bits_width(&bits);
            (binding.command, bits, width)
        })
        .collect();
    // Why a key is as it is, is what a call is opened for.
    let why = hints.iter().position(|(command, ..)| *command == Command::Why);
    if let Some(why) = why.filter(|why| model.screen == Screen::Call && model.overlays.is_empty() && *why > 2) {
        let why = hints.remove(why);
        hints.insert(2, why);
    }
    // Whatever has no room: how to see all of them has.
    let help = hints.iter().find(|(command, ..)| *command == Command::Help).map_or(0, |(.., width)| *width + 2);
    let mut x = x;
    let mut reserved = help;
    for (command, bits, width) in &hints {
        if *command == Command::Help {
            reserved = 0;
        }
        if x + width + reserved < area.right() {
            x = paint.bits(x, area.y, area.right(), bits) + 2;
        }
    }
}
