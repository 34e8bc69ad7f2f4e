//! Pictures of the short lists: rows, the selection in them, and a line that says what they are about.

pub(in crate::ui) mod copy;
pub(in crate::ui) mod drafts;
pub(in crate::ui) mod history;
pub(in crate::ui) mod losses;
pub(in crate::ui) mod onto;
pub(in crate::ui) mod removed;

use super::{Cursor, drawer, more_below};
use crate::{
    app::{Model, rows},
    domain::{Conversation, ConversationId, Key, outbox::PatchTarget, text},
    ui::{
        cell,
        paint::{Bit, Bits, Paint, bit, count},
    },
};
use ratatui::{layout::Rect, style::Style};

/// Rows that a list shows at most.
const MOST: u16 = 14;

/// A list as it is drawn.
#[derive(Default)]
struct List<'a> {
    title: String,
    /// What it is about.
    remark: &'static str,
    rows: Vec<Bits<'a>>,
    selected: usize,
    /// What else there is to know of the selected row.
    foot: Vec<Bits<'a>>,
}

fn draw(paint: &mut Paint<'_>, model: &Model, list: &List<'_>) -> Cursor {
    let t = paint.theme;
    let head = u16::from(!list.remark.is_empty());
    let foot_height = if list.foot.is_empty() { 0 } else { count(list.foot.len()) + 1 };
    let height = count(list.rows.len()).min(MOST) + head + foot_height;
    let inner = drawer(paint, model, &list.title, height);
    paint.put(inner.x, inner.y, inner.right(), list.remark, t.quiet());
    let room = usize::from(inner.height.saturating_sub(head + foot_height));
    for (i, line) in list.foot.iter().enumerate() {
        let y = inner.bottom().saturating_sub((list.foot.len() - i) as u16);
        paint.bits(inner.x + 2, y, inner.right(), line);
    }
    let skip = (list.selected + 1).saturating_sub(room);
    for (i, line) in list.rows.iter().enumerate().skip(skip).take(room) {
        let y = inner.y + head + (i - skip) as u16;
        paint.bits(inner.x + 2, y, inner.right(), line);
        if i == list.selected {
            paint.put(inner.x, y, inner.x + 1, paint.glyphs.selection, t.accent());
            paint.tint(Rect { y, height: 1, ..inner }, |s| t.selected(s));
        }
    }
    more_below(paint, inner, list.rows.len().saturating_sub(skip + room));
    None
}

fn key<'a>(paint: &Paint<'_>, key: &'a Key) -> Bit<'a> {
    bit(format!("{}  ", text::fit_in(key.as_str(), 20, text::Align::Left, paint.charset())), paint.theme.strong())
}

fn short<'a>(paint: &Paint<'_>, model: &Model, value: &str, width: usize, style: Style) -> Bit<'a> {
    if value.is_empty() {
        return bit("(empty)", paint.theme.quiet());
    }
    let shown = cell::shown(model, paint, value);
    bit(text::cut_in(&shown, width, paint.charset()).into_owned(), style)
}

fn call_of<'a>(model: &'a Model, conversation: &ConversationId) -> Option<&'a Conversation> {
    model.monitor.board.get(conversation.as_str()).map(|e| &e.conversation)
}

fn purpose(model: &Model, target: &PatchTarget) -> String {
    let p = call_of(model, &target.conversation).and_then(|c| c.participant(target.participant.as_str()));
    p.map(|p| p.purpose.as_str().to_owned()).unwrap_or_else(|| "a participant that is not here".into())
}

/// `on customer of +1 555 010 2231`, or the id of a call that is not here.
fn place<'a>(paint: &Paint<'_>, model: &'a Model, target: &PatchTarget) -> Bits<'a> {
    let t = paint.theme;
    match call_of(model, &target.conversation) {
        Some(c) => vec![
            bit("  on ", t.quiet()),
            bit(purpose(model, target), t.text()),
            bit(" of ", t.quiet()),
            bit(rows::from(c), t.text()),
        ],
        None => {
            let id = text::shorten_id_in(target.conversation.as_str(), 12, paint.charset()).into_owned();
            vec![bit("  call ", t.quiet()), bit(id, t.text()), bit(" is not here", t.warn())]
        }
    }
}
