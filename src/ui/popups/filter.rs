//! The filter prompt, with a caret under a mistake.

use super::{Cursor, drawer, prompt as line};
use crate::{
    app::{
        Model,
        popups::{FilterPrompt, Filtered},
    },
    ui::paint::Paint,
};
use ratatui::layout::Rect;

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, prompt: &FilterPrompt) -> Cursor {
    let t = paint.theme;
    let room = usize::from(model.size.width.saturating_sub(8));
    let long = prompt.mistake.as_ref().is_some_and(|m| m.pointer(&prompt.text.text()).len() + m.message.len() > room);
    let height = if long { 3 } else { 2 };
    let title = match prompt.of {
        Filtered::Calls => "Filter",
        Filtered::Changes => "Filter changes",
        Filtered::Findings => "Filter findings",
    };
    let inner = drawer(paint, model, title, height);
    let cursor = line(paint, "/", &prompt.text, inner.x, inner.y, inner.right());
    let x = inner.x + 2;
    let under = Rect { y: inner.y + 1, height: 1, ..inner };
    match &prompt.mistake {
        Some(mistake) => {
            let under = Rect { x, width: inner.right().saturating_sub(x), height: height - 1, ..under };
            super::mistake(paint, mistake, &prompt.text.text(), under);
        }
        None => {
            let d = &model.diagnose;
            let (shown, all, what) = match prompt.of {
                Filtered::Calls => (model.calls.rows.len(), model.monitor.board.len(), "calls"),
                Filtered::Changes => (model.timeline.rows.len(), model.timeline.len(), "changes"),
                Filtered::Findings => (d.found().len(), d.found().len() + d.hidden(), "findings"),
            };
            let words = match prompt.text.text().trim() {
                "" if prompt.of == Filtered::Findings => {
                    "missing  key:NAME  on:ivr  from:555  queue:billing  state:agent  !wrong  | or".to_owned()
                }
                "" if prompt.of == Filtered::Changes => {
                    "key:NAME  new~^g  old=value  !new?  from:555  on:agent  source:you  | or".to_owned()
                }
                "" => "gold  key=value  !key  key~regex  queue:billing  state:ivr  age>2m  |".to_owned(),
                _ => format!("{shown} of {all} {what}"),
            };
            paint.put(x, under.y, under.right(), &words, t.quiet());
        }
    }
    cursor
}
