//! The header: where one is and how one came there, connection, load, clock.

use super::{
    paint::{Bit, Paint, bit},
    times::clock,
};
use crate::app::{Model, rows, screen::Screen};
use crate::domain::{Link, findings::RuleId, text};
use ratatui::layout::Rect;

/// A token that cannot be renewed is counted down from here.
const TOKEN_SHOWN: std::time::Duration = std::time::Duration::from_secs(900);

/// Product and organisation on the left; connection, load and clock on the right, the least important left out first.
pub(super) fn header(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let s = &model.settings;
    let mut left: Vec<Bit<'_>> = Vec::new();
    let then = format!(" {} ", paint.glyphs.then);
    // Where a link is down there is more to say about it than about where it goes.
    let brief = area.width < 100 && !model.link.is_live();
    if let Some(label) = &s.production {
        left.push(bit(" ", t.text()));
        left.push(bit(format!(" {} ", label.word), t.band(label.band)));
    }
    left.push(bit(" ", t.text()));
    let way = model.way_here();
    match (model.screen, model.call.as_ref()) {
        (Screen::Call, Some(call)) => {
            // The way here, as far as there is room: the last places.
            for place in &way[way.len().saturating_sub(2)..] {
                left.push(bit(text::cut_in(&place.title(model), 20, paint.charset()).into_owned(), t.quiet()));
                left.push(bit(then.clone(), t.quiet()));
            }
            if let Some(c) = call.conversation(&model.monitor.board) {
                left.push(bit(rows::from(c), t.strong()));
                left.push(bit(format!(" {} ", paint.glyphs.to), t.quiet()));
                let to = rows::to(c, &model.monitor.board.names);
                // Without room for both, the link is more than the flow.
                let flow = rows::flow(c, &model.monitor.board.names).filter(|flow| *flow != to && area.width >= 110);
                left.push(bit(to, t.text()));
                if let Some(flow) = flow {
                    left.push(bit(format!("  flow {flow}"), t.quiet()));
                }
                left.push(bit(format!("  {}", rows::clock_age(rows::age(c, model.now))), t.text()));
                if !brief && area.width >= 100 {
                    left.push(bit(format!("  {} ", c.media.as_str()), t.quiet()));
                    left.push(bit(text::shorten_id_in(call.id.as_str(), 8, paint.charset()).into_owned(), t.quiet()));
                }
            } else {
                left.push(bit("gone", t.quiet()));
            }
        }
        (screen, _) => {
            let most = if brief { 16 } else { usize::from(area.width / 3) };
            let org = if s.org.is_empty() { "sidetone" } else { s.org.as_str() };
            left.push(bit(text::cut_in(org, most, paint.charset()).into_owned(), t.text()));
            if !s.region.is_empty() && !brief {
                left.push(bit(format!(" {}", s.region), t.quiet()));
            }
            left.push(bit(then.clone(), t.quiet()));
            let home = matches!(way, [crate::app::places::Place::Calls(_)]);
            for place in way[way.len().saturating_sub(1)..].iter().filter(|_| !home) {
                left.push(bit(text::cut_in(&place.title(model), 20, paint.charset()).into_owned(), t.quiet()));
                left.push(bit(then.clone(), t.quiet()));
            }
            left.push(bit(screen.title(), t.strong()));
        }
    }
    if let Some(replay) = &model.replay {
        left.push(bit("  ", t.text()));
        left.push(bit(" REPLAY ", t.replay()));
        if replay.redacted {
            left.push(bit("  redacted", t.quiet()));
        }
    } else if model.outbox.policy().read_only.is_some() {
        left.push(bit("  read-only", t.warn()));
    }
    if s.mask {
        left.push(bit("  masked", t.quiet()));
    }
    let x = paint.bits(area.x, area.y, area.right(), &left);
    right(paint, model, area, x + 2);
}

/// The rule below the header; that of an organisation that no one may mistake is heavy and in its colour.
pub(super) fn rule(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    match &model.settings.production {
        Some(label) => paint.marks(area, paint.glyphs.heavy, paint.theme.band_rule(label.band)),
        None => paint.rule(area),
    }
}

/// What the Call screen has to say beside the link.
fn call_part<'a>(paint: &Paint<'_>, model: &Model) -> Option<Vec<Bit<'a>>> {
    let call = model.call.as_ref().filter(|_| model.screen == Screen::Call)?;
    let c = call.conversation(&model.monitor.board)?;
    let t = paint.theme;
    if c.is_over() {
        return Some(vec![bit("ended", t.quiet())]);
    }
    let armed = model.outbox.armed().iter().find(|a| a.conversation == c.id);
    if let Some(armed) = armed {
        let when = armed.when.to_string();
        let when = text::cut_in(&when, 28, paint.charset()).into_owned();
        return Some(vec![bit(format!("{} armed: when ", paint.glyphs.pending), t.pending()), bit(when, t.strong())]);
    }
    if !c.left.is_empty() {
        let left = c.left.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let left = text::cut_in(&left, 28, paint.charset()).into_owned();
        return Some(vec![bit("left ", t.warn()), bit(left, t.strong()), bit(": read every 10 s", t.quiet())]);
    }
    c.running_flow()?;
    Some(vec![bit("flow running: it may write back", t.warn())])
}

/// Expected keys that the open call lacks.
fn missing(model: &Model) -> usize {
    let call = model.call.as_ref().filter(|_| model.screen == Screen::Call);
    let of = |id: &str| model.monitor.examiner.of(id).filter(|f| f.rule == RuleId::Missing).count();
    call.map_or(0, |call| of(call.id.as_str()))
}

/// The link and, as far as there is room, the rest.
fn right(paint: &mut Paint<'_>, model: &Model, area: Rect, from: u16) {
    let t = paint.theme;
    // (importance, bits): drawn in this order, dropped by importance.
    let mut parts: Vec<(u8, Vec<Bit<'_>>)> = Vec::new();
    match &model.replay {
        Some(replay) => {
            parts.push((9, super::replay::header(paint, model, replay)));
            if !model.link.is_live() {
                parts.push((8, std::iter::once(bit("link then: ", t.quiet())).chain(link(paint, model)).collect()));
            }
        }
        None => parts.push((9, link(paint, model))),
    }
    if let Some(recording) = &model.recording {
        let lost = if recording.lost > 0 { format!(", {} lost", recording.lost) } else { String::new() };
        let name = recording.name();
        let name = name.strip_suffix(".sidetone").unwrap_or(&name).to_owned();
        let size = crate::app::recording::size(recording.bytes);
        let rec = |words: String| vec![bit(format!("{} REC", paint.glyphs.live), t.alarm()), bit(words, t.text())];
        // The name goes first where there is no room for it, the sign never.
        let wide = area.width >= 140;
        parts.push((9, rec(if wide { format!(" {name} {size}{lost}") } else { format!(" {size}{lost}") })));
    }
    if let Some(part) = call_part(paint, model) {
        parts.push((8, part));
    } else if model.link.is_live() {
        let topics = model.usage.topics;
        if topics > 0 {
            let word = if topics == 1 { "topic" } else { "topics" };
            parts.push((2, vec![bit(format!("{topics} {word}"), t.quiet())]));
        }
        parts.push((4, vec![bit(format!("{:>3} ev/s", model.rate.now(model.now)), t.text())]));
        parts.push((1, vec![bit(spark(paint, model), t.quiet())]));
    }
    if model.bad_frames > 0 {
        parts.push((7, vec![bit(format!("{} {} unreadable", paint.glyphs.alarm, model.bad_frames), t.alarm())]));
    }
    let missing = missing(model);
    if missing > 0 {
        parts.push((7, vec![bit(format!("{} {missing} missing", paint.glyphs.missing), t.alarm())]));
    }
    let alarms = model.outbox.unsettled().alarms;
    let drafts = model.outbox.unsettled().drafts;
    if drafts > 0 {
        parts.push((7, vec![bit(format!("{} {drafts} unsent", paint.glyphs.draft), t.mine())]));
    }
    if alarms > 0 {
        let word = if alarms == 1 { "alarm" } else { "alarms" };
        parts.push((8, vec![bit(format!("{} {alarms} {word}", paint.glyphs.missing), t.alarm())]));
    }
    if !model.outbox.losses().is_empty() {
        let losses = model.outbox.losses().len();
        let word = if losses == 1 { "side effect" } else { "side effects" };
        parts.push((8, vec![bit(format!("{} {losses} {word}", paint.glyphs.alarm), t.warn())]));
    }
    if model.coalesced > 0 {
        parts.push((5, vec![bit(format!("{} skipped", model.coalesced), t.quiet())]));
    }
    if let Some(ends) = model.token_ends {
        let left = ends.saturating_sub(model.now.mono);
        if left <= TOKEN_SHOWN && !left.is_zero() {
            parts.push((8, vec![bit(format!("sign-in ends in {}", rows::clock_age(left)), t.warn())]));
        }
    }
    let pause = model.usage.paused_until.map(|until| until.saturating_sub(model.now.mono).as_secs_f32().ceil() as u32);
    if let Some(wait @ 1..) = pause {
        parts.push((8, vec![bit(format!("api waits {wait} s"), t.warn())]));
    } else if model.usage.limit > 0 {
        let spent = model.usage.spent.to_string();
        let style = if model.usage.spent * 10 > model.usage.limit * 9 { t.alarm() } else { t.text() };
        let limit = format!("/{}", model.usage.limit);
        parts.push((3, vec![bit("api ", t.quiet()), bit(spent, style), bit(limit, t.quiet())]));
    }
    if model.replay.is_none() {
        parts.push((6, vec![bit(clock(model, model.now), t.quiet())]));
    }
    let end = area.right().saturating_sub(1);
    loop {
        let mut line: Vec<Bit<'_>> = Vec::new();
        for (_, part) in &parts {
            if !line.is_empty() {
                line.push(bit("  ", t.text()));
            }
            line.extend(part.iter().cloned());
        }
        let fits = paint.bits_width(&line) <= end.saturating_sub(from);
        if fits || parts.len() == 1 {
            if fits {
                paint.bits_right(from.min(end), area.y, end, &line);
            } else {
                // The state of the link is cut rather than left out: without it the screen would look live.
                paint.bits(from.min(end), area.y, end, &line);
            }
            return;
        }
        if let Some(least) = parts.iter().enumerate().min_by_key(|(_, (importance, _))| *importance).map(|(i, _)| i) {
            parts.remove(least);
        }
    }
}

/// The state of the link: mark, word, and what the operator should know.
fn link<'a>(paint: &Paint<'_>, model: &Model) -> Vec<Bit<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let mark = |mark: &'static str, style| bit(format!("{mark} "), style);
    match &model.link {
        Link::Connecting => vec![mark(g.working, t.warn()), bit("connecting", t.text())],
        Link::Live => vec![mark(g.live, t.seen()), bit("live", t.text())],
        Link::Gap { .. } => vec![mark(g.working, t.warn()), bit("reading what was missed", t.warn())],
        Link::Reconnecting { until, attempt, reason } => {
            let wait = until.mono.saturating_sub(model.now.mono).as_secs_f32().ceil() as u32;
            let tries = match attempt {
                0 | 1 => String::new(),
                2 => " (2nd try)".into(),
                3 => " (3rd try)".into(),
                n => format!(" ({n}th try)"),
            };
            let words = match wait {
                0 => format!("reconnecting{tries}: {reason}"),
                _ => format!("reconnecting in {wait} s{tries}: {reason}"),
            };
            vec![mark(g.working, t.alarm()), bit(words, t.warn())]
        }
        Link::Offline { reason } => vec![mark(g.off, t.alarm()), bit(format!("offline: {reason}"), t.alarm())],
        Link::SignedOut { reason } => vec![mark(g.off, t.alarm()), bit(format!("signed out: {reason}"), t.alarm())],
        Link::Closed => vec![mark(g.off, t.quiet()), bit("closed", t.quiet())],
    }
}

/// The last seconds as bars.
fn spark(paint: &Paint<'_>, model: &Model) -> String {
    let recent = model.rate.recent(model.now);
    let most = recent.iter().copied().max().unwrap_or(0).max(8);
    let bar = |n: u32| match n {
        0 => " ",
        n => paint.glyphs.bars[(n * 7).div_ceil(most).min(7) as usize],
    };
    recent[recent.len() - 10..].iter().map(|n| bar(*n)).collect()
}
