//! What the history store has of one call, to be read and not to be changed.

use crate::app::since::HistoryCall;
use crate::domain::text::{Align, cut_in};
use crate::ui::{
    paint::{Paint, bit},
    times,
};
use ratatui::layout::Rect;
use std::time::Duration;

pub(super) fn draw(paint: &mut Paint<'_>, call: &HistoryCall, area: Rect) {
    let t = paint.theme;
    let title = [
        bit("HISTORY", t.replay()),
        bit(format!("  call {}", call.conversation), t.strong()),
        bit("  from the history store: read-only", t.quiet()),
    ];
    paint.line(area.x, area.y, area.right(), &title);
    let mut y = area.y + 2;
    for (name, value) in &call.facts {
        paint.bits(area.x, y, area.right(), &[bit(format!("{name:<12}"), t.quiet()), bit(value.as_str(), t.text())]);
        y += 1;
    }
    let mut milestones = vec![bit(format!("{:<12}", "milestones"), t.quiet())];
    for (name, after) in &call.milestones {
        let after = Duration::from_millis(u64::try_from(*after).unwrap_or_default());
        milestones.extend([
            bit(format!("{} ", name.replace('-', " ")), t.quiet()),
            bit(format!("{}   ", times::offset(after)), t.text()),
        ]);
    }
    paint.bits(area.x, y, area.right(), &milestones);
    y += 1;
    if call.incomplete {
        let words = format!("{} a part of it was not observed: absence proves nothing", paint.glyphs.alarm);
        paint.put(area.x, y, area.right(), &words, t.warn());
        y += 1;
    }
    y += 1;
    let room = usize::from(area.bottom().saturating_sub(y + 1));
    for (i, (key, purpose, state)) in call.keys.iter().take(room).enumerate() {
        let y = y + i as u16;
        paint.cell(area.x, y, 28, key, Align::Left, t.strong());
        paint.cell(area.x + 29, y, 11, purpose, Align::Left, t.quiet());
        let state = cut_in(state, usize::from(area.width.saturating_sub(41)), paint.charset()).into_owned();
        paint.put(area.x + 41, y, area.right(), &state, t.text());
    }
    if call.keys.len() > room {
        let words = format!("{} {} more", paint.glyphs.below, call.keys.len() - room);
        paint.put(area.x, area.bottom() - 1, area.right(), &words, t.quiet());
    }
}
