//! The header: where one is and how one came there, connection, load, clock.

use super::{
    paint::{Bits, Paint, bit},
    times::{self, clock},
};
use crate::app::{Model, keymap::Command, places::Place, rows, screen::Screen};
use crate::domain::{
    Conversation, Link,
    expect::{Milestone, Passed},
    findings::RuleId,
    outbox::Unsettled,
    text,
};
use ratatui::layout::Rect;

/// A token that cannot be renewed is counted down from here.
const TOKEN_SHOWN: std::time::Duration = std::time::Duration::from_secs(900);

/// Where one is on the left; connection, load and clock on the right, the least important left out first. The state of the link and the
/// alarms always have room: the left gives way to them, and then the number of the try.
pub(super) fn header(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    // How brief the link is, and how brief the left may become for it.
    // What the call has to say is worth its id, and no more.
    const STEPS: [(u8, u8, u8); 4] = [(0, 1, WORTH), (0, 3, ALWAYS), (1, 3, ALWAYS), (2, BRIEFEST, ALWAYS)];
    for (brevity, most, least) in STEPS {
        let parts = parts(paint, model, area, brevity);
        let must: Vec<HeaderPart<'_>> = parts.iter().filter(|(importance, _)| *importance >= least).cloned().collect();
        let room = area.width.saturating_sub(paint.bits_width(&joined(paint, &must)) + 3);
        let fitting =
            (0..=most).map(|brief| left(paint, model, area, brief)).find(|left| paint.bits_width(left) <= room);
        let left = match fitting {
            Some(left) => left,
            None if most < BRIEFEST => continue,
            None => left(paint, model, area, BRIEFEST),
        };
        let x = paint.bits(area.x, area.y, area.x + room, &left);
        right(paint, area, x + 2, parts);
        return;
    }
}

/// How brief the left can be.
const BRIEFEST: u8 = 4;

/// Where one is and how one came there: 0 with everything, then without the flow and the id, with one place of the way, without the way,
/// and with the least that names it.
fn left<'a>(paint: &Paint<'_>, model: &Model, area: Rect, brevity: u8) -> Bits<'a> {
    let t = paint.theme;
    let s = &model.settings;
    let mut left: Bits<'_> = Vec::new();
    let then = format!(" {} ", paint.glyphs.then);
    let cut = |text: &str, most: usize| text::cut_in(text, most, paint.charset()).into_owned();
    if let Some(label) = &s.production {
        left.push(bit(" ", t.text()));
        left.push(bit(format!(" {} ", label.word), t.band(label.band)));
    }
    left.push(bit(" ", t.text()));
    let way = model.way_here();
    let home = matches!(way, [] | [crate::app::places::Place::Calls(_)]) && model.screen != Screen::Call;
    if home && brevity < BRIEFEST {
        let org = if s.org.is_empty() { "sidetone" } else { s.org.as_str() };
        let most = if brevity < 2 { usize::from(area.width / 3) } else { 16 };
        left.push(bit(cut(org, most), t.text()));
        if !s.region.is_empty() && brevity == 0 {
            left.push(bit(format!(" {}", s.region), t.quiet()));
        }
        left.push(bit(then.clone(), t.quiet()));
    } else if !home {
        // Whose calls these are, on every screen: it stands for the home screen.
        if brevity < 2 && !s.org.is_empty() {
            left.push(bit(cut(&s.org, 16), t.quiet()));
            left.push(bit(then.clone(), t.quiet()));
        }
        let named = |place: &&Place| brevity >= 2 || s.org.is_empty() || !matches!(place, Place::Calls(_));
        // The last places of the way.
        let (places, most) = [(2, 20), (2, 20), (1, 12), (0, 0), (0, 0)][usize::from(brevity.min(BRIEFEST))];
        for place in way[way.len().saturating_sub(places)..].iter().filter(named) {
            left.push(bit(cut(&model.title_of(place), most), t.quiet()));
            left.push(bit(then.clone(), t.quiet()));
        }
    }
    left.extend(here(paint, model, area, brevity));
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
    left
}

/// The name of what is shown: a call, a key, a flow, or a screen.
fn here<'a>(paint: &Paint<'_>, model: &Model, area: Rect, brevity: u8) -> Bits<'a> {
    let t = paint.theme;
    let names = &model.monitor.board.names;
    let call = match (model.screen, &model.call) {
        (Screen::Call, Some(call)) => call,
        (Screen::Why, _) => {
            let Some(cell) = &model.why.cell else { return vec![bit("Why", t.strong())] };
            let entry = model.monitor.board.get(cell.conversation.as_str());
            let on = entry.and_then(|e| e.conversation.participant(cell.participant.as_str()));
            let mut bits = vec![bit(format!("Why {}", text::key_label(cell.key.as_str())), t.strong())];
            if let Some(on) = on.filter(|_| brevity < 2) {
                bits.extend([bit(" on ", t.quiet()), bit(on.purpose.as_str().to_owned(), t.text())]);
            }
            // From the call itself, the call stands before it.
            let from_call = matches!(model.way_here().last(), Some(Place::Call(id, _)) if *id == cell.conversation);
            if let Some(entry) = entry.filter(|_| !from_call && brevity < 3) {
                let from = rows::from(&entry.conversation).into_owned();
                bits.extend([bit(" of ", t.quiet()), bit(from, t.strong())]);
                if brevity == 0 {
                    let id = text::shorten_id_in(cell.conversation.as_str(), 8, paint.charset()).into_owned();
                    bits.push(bit(format!(" {id}"), t.quiet()));
                }
            }
            return bits;
        }
        (Screen::Since, _) => return vec![bit(format!("Since {}", model.since.question.key), t.strong())],
        (Screen::Flow, _) => {
            let name = model.flow.name.as_deref().map(|name| format!("Flow {name}"));
            return vec![bit(name.unwrap_or_else(|| "Flow".to_owned()), t.strong())];
        }
        (screen, _) => return vec![bit(screen.title(), t.strong())],
    };
    let Some(c) = call.conversation(&model.monitor.board) else { return vec![bit("gone", t.quiet())] };
    let mut bits = vec![bit(rows::from(c).into_owned(), t.strong())];
    let to = rows::to(c, names);
    // Without room for both, the state is more than the flow.
    let flow = rows::flow(c, names).filter(|flow| *flow != to && brevity == 0 && area.width >= 110);
    let flow = flow.map(|flow| {
        let words = match c.flow() {
            Some(run) => super::call::flow_words(run, names),
            None => flow.into_owned(),
        };
        bit(format!("  {words}{}", flow_end(model, c)), t.quiet())
    });
    if brevity < BRIEFEST {
        bits.push(bit(format!(" {} ", paint.glyphs.to), t.quiet()));
        bits.push(bit(to.into_owned(), t.text()));
        bits.extend(flow);
    }
    bits.push(bit(format!("  {}", rows::clock_age(rows::age(c, model.now))), t.text()));
    if brevity == 0 && area.width >= 100 {
        bits.push(bit(format!("  {} ", c.media.as_str()), t.quiet()));
        bits.push(bit(text::shorten_id_in(call.id.as_str(), 8, paint.charset()).into_owned(), t.quiet()));
    }
    bits
}

/// ` ended 0:23`, where that was seen.
fn flow_end(model: &Model, c: &Conversation) -> String {
    let passed = model.monitor.examiner.milestones(c.id.as_str());
    match passed.and_then(|passed| passed.passed(Milestone::FlowEnd, model.now)) {
        Some(Passed::At(at)) => format!(" ended {}", times::offset(rows::between(rows::began(c), at.wall))),
        _ => String::new(),
    }
}

/// Lines of the reason at most, below each other.
const REASON: usize = 3;

/// Why the link is down, in the rule below the header: on every screen, whole, and nothing moves. A longer one grows downward. Where it
/// stands in the middle of the screen, it is not said twice.
pub(super) fn reason(paint: &mut Paint<'_>, model: &Model, rule: Rect) {
    if model.screen == Screen::Calls && super::calls::says_why_not_connected(model) {
        return;
    }
    let t = paint.theme;
    let (reason, style) = match &model.link {
        Link::Reconnecting { reason, .. } => (reason.as_str(), t.warn()),
        Link::Offline { reason, .. } | Link::SignedOut { reason } => (reason.as_str(), t.alarm()),
        Link::Live | Link::Gap { .. } => match &model.sign_in_needed {
            Some(reason) => (reason.as_str(), t.alarm()),
            None => return,
        },
        Link::Connecting | Link::Closed => return,
    };
    let mut lines = paint.paragraph(reason, rule.width.saturating_sub(4));
    if lines.len() > REASON {
        lines.truncate(REASON);
        let most = usize::from(rule.width.saturating_sub(5));
        if let Some(last) = lines.last_mut() {
            let ellipsis = paint.charset().ellipsis();
            *last = format!("{}{ellipsis}", text::cut_in(last, most, paint.charset()));
        }
    }
    paint.clear(Rect { y: rule.y + 1, height: (lines.len() as u16).saturating_sub(1), ..rule });
    for (y, line) in (rule.y..).zip(&lines) {
        paint.bits(rule.x + 1, y, rule.right(), &[bit(" ", style), bit(line.as_str(), style), bit(" ", style)]);
    }
}

/// The rule below the header; that of an organisation that no one may mistake is heavy and in its colour.
pub(super) fn rule(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    match &model.settings.production {
        Some(label) => paint.marks(area, paint.glyphs.heavy, paint.theme.band_rule(label.band)),
        None => paint.rule(area),
    }
}

/// What the Call screen has to say beside the link.
fn call_part<'a>(paint: &Paint<'_>, model: &'a Model) -> Option<Bits<'a>> {
    let call = model.call.as_ref().filter(|_| model.screen == Screen::Call)?;
    let c = call.conversation(&model.monitor.board)?;
    let t = paint.theme;
    if c.is_over() {
        return Some(vec![bit("call ended", t.quiet())]);
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

/// Importance and bits: drawn in the order of the list, dropped by importance.
type HeaderPart<'a> = (u8, Bits<'a>);
/// What is at least so important has room before the id of the call on the left.
const WORTH: u8 = 8;
/// What is at least so important has room before the left.
const ALWAYS: u8 = 9;

/// The link and, as far as there is room, the rest.
fn parts<'a>(paint: &Paint<'_>, model: &'a Model, area: Rect, brevity: u8) -> Vec<HeaderPart<'a>> {
    let t = paint.theme;
    let mut parts: Vec<HeaderPart<'_>> = Vec::new();
    match &model.replay {
        Some(replay) => {
            parts.push((10, super::replay::header(paint, model, replay)));
            if !model.link.is_live() {
                let then = link(paint, model, brevity);
                parts.push((8, std::iter::once(bit("link then: ", t.quiet())).chain(then).collect()));
            }
        }
        None => parts.push((10, link(paint, model, brevity))),
    }
    if matches!(&model.link, Link::Reconnecting { until, .. } if until.mono > model.now.mono) && model.replay.is_none()
    {
        parts.push((5, vec![bit(format!("{} connects now", model.key_label(Command::Reread)), t.quiet())]));
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
    let Unsettled { drafts, waiting, sending, alarms, .. } = model.outbox.unsettled();
    if drafts > 0 {
        // What the operator typed is not to be forgotten while there is no link.
        parts.push((ALWAYS, vec![bit(format!("{} {drafts} unsent", paint.glyphs.draft), t.mine())]));
    }
    for (count, word) in [(waiting, "waiting"), (sending, "sending")].into_iter().filter(|(count, _)| *count > 0) {
        parts.push((7, vec![bit(format!("{} {count} {word}", paint.glyphs.pending), t.pending())]));
    }
    if alarms > 0 {
        let word = if alarms == 1 { "alarm" } else { "alarms" };
        parts.push((ALWAYS, vec![bit(format!("{} {alarms} {word}", paint.glyphs.missing), t.alarm())]));
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
    parts
}

fn joined<'a>(paint: &Paint<'_>, parts: &[HeaderPart<'a>]) -> Bits<'a> {
    let mut line: Bits<'_> = Vec::new();
    for (_, part) in parts {
        if !line.is_empty() {
            line.push(bit("  ", paint.theme.text()));
        }
        line.extend(part.iter().cloned());
    }
    line
}

fn right(paint: &mut Paint<'_>, area: Rect, from: u16, mut parts: Vec<HeaderPart<'_>>) {
    let end = area.right().saturating_sub(1);
    loop {
        let line = joined(paint, &parts);
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

/// The state of the link: mark, word, and what the operator should know: 0 all of it, then without the number of the try, then without
/// the wait.
fn link<'a>(paint: &Paint<'_>, model: &Model, brevity: u8) -> Bits<'a> {
    let t = paint.theme;
    let g = paint.glyphs;
    let mark = |mark: &'static str, style| bit(format!("{mark} "), style);
    match &model.link {
        Link::Connecting => vec![mark(g.working, t.warn()), bit("connecting", t.text())],
        // Events need no token once they are subscribed.
        Link::Live | Link::Gap { .. } if model.sign_in_needed.is_some() => {
            let more = if brevity == 0 { ", events continue" } else { "" };
            vec![mark(g.off, t.alarm()), bit("signed out", t.alarm()), bit(more, t.quiet())]
        }
        Link::Live => vec![mark(g.live, t.seen()), bit("live", t.text())],
        Link::Gap { .. } => vec![mark(g.working, t.warn()), bit("reading what was missed", t.warn())],
        Link::Reconnecting { until, attempt, .. } => {
            let wait = until.mono.saturating_sub(model.now.mono).as_secs_f32().ceil() as u32;
            let tries =
                if *attempt < 2 || brevity > 0 { String::new() } else { format!(" ({} try)", ordinal(*attempt)) };
            let words = match wait {
                _ if brevity > 1 => "reconnecting".to_owned(),
                0 => format!("reconnecting{tries}"),
                _ => format!("reconnecting in {wait} s{tries}"),
            };
            vec![mark(g.working, t.alarm()), bit(words, t.warn())]
        }
        Link::Offline { .. } => vec![mark(g.off, t.alarm()), bit("offline", t.alarm())],
        Link::SignedOut { .. } => vec![mark(g.off, t.alarm()), bit("signed out", t.alarm())],
        Link::Closed => vec![mark(g.off, t.quiet()), bit("closed", t.quiet())],
    }
}

/// `21st`, `12th`.
fn ordinal(n: u32) -> String {
    let end = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

/// The last seconds as bars.
fn spark(paint: &Paint<'_>, model: &Model) -> String {
    let recent = model.rate.recent(model.now);
    let most = recent.iter().copied().max().unwrap_or(0).max(8);
    let bar = |n: u32| match n {
        0 => paint.glyphs.bars[0],
        n => paint.glyphs.bars[(n * 7).div_ceil(most).min(7) as usize],
    };
    recent[recent.len() - 10..].iter().map(|n| bar(*n)).collect()
}
