//! The Why screen: the answer first, then what to do; the flow's path as one trunk, the evidence, how sure it is, and who else is
//! concerned.

pub(super) mod path;

use super::{
    paint::{Bit, Bits, Paint, bit, count},
    times,
};
use crate::app::{
    Model,
    keymap::{Command, Scope},
    layout, rows,
    why::{Other, ShownAnswer},
};
use crate::domain::findings::{RuleId, Severity};
use crate::why::{Certainty, NO_RUN, Verdict};
use jiff::Timestamp;
use ratatui::{layout::Rect, style::Style};

/// From this width on path and evidence stand side by side.
const BESIDE: u16 = 100;

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let t = paint.theme;
    let body = layout::frame(model.size).body;
    let area = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    let cell = model.why.cell.as_ref();
    let (Some(cell), Some(shown)) = (cell, &model.why.shown) else {
        paint.put(area.x + 2, area.y + 1, area.right(), "This call is no longer listed.", t.strong());
        return;
    };
    let began = model.monitor.board.get(cell.conversation.as_str()).map(|e| rows::began(&e.conversation));
    let began = began.unwrap_or(model.now.wall);
    let head = answer(paint, model, shown, area.width);
    let low = body.height < 26;
    let foot = foot(paint, shown, area.width, (low, model.replay.is_some()));
    let head_height = count(head.len()).min(body.height / 3);
    // The rules above and below the middle.
    let foot_height = count(foot.len()).min(body.height / 3);
    put(paint, &head, Rect { height: head_height, ..area }, 0);
    let middle =
        Rect { y: body.y + head_height + 1, height: body.height.saturating_sub(head_height + foot_height + 2), ..body };
    paint.rule(Rect { y: middle.y - 1, height: 1, ..body });
    let rule = Rect { y: middle.bottom(), height: 1, ..body };
    let beside = body.width >= BESIDE;
    let evidence_width = if beside { (body.width - body.width / 2).saturating_sub(3) } else { area.width };
    let evidence = evidence(paint, model, shown, evidence_width);
    let scroll = model.why.scroll;
    if beside {
        let left = Rect { width: body.width / 2, ..middle };
        let right = Rect { x: left.right(), width: body.width - left.width, ..middle };
        paint.rule(rule);
        paint.wall(right);
        let path = path::lines(paint, shown, began, left.width.saturating_sub(2), false);
        put(paint, &path, Rect { x: left.x + 1, width: left.width.saturating_sub(2), ..left }, scroll);
        let inside = Rect { x: right.x + 2, width: right.width.saturating_sub(3), ..right };
        put(paint, &evidence, inside, scroll.saturating_sub(path.len().saturating_sub(evidence.len())));
    } else {
        let mut lines = path::lines(paint, shown, began, area.width, true);
        // No line is spent on air where there are few.
        if low && lines.len() > 1 {
            lines.remove(1);
        }
        lines.push(Vec::new());
        lines.extend(evidence);
        put(paint, &lines, Rect { x: area.x, width: area.width, ..middle }, scroll);
        paint.rule(rule);
    }
    put(paint, &foot, Rect { y: rule.y + 1, height: foot_height, ..area }, 0);
}

/// Lines from `scroll` on; how many there are above and below is marked.
fn put(paint: &mut Paint<'_>, lines: &[Bits<'_>], area: Rect, scroll: usize) {
    // Whatever is cut: the note of how much more there is has a line of its own.
    let all = usize::from(area.height);
    let page = if lines.len() > all && all > 2 { all - 1 } else { all };
    let scroll = scroll.min(lines.len().saturating_sub(page));
    for (y, line) in lines.iter().skip(scroll).take(page).enumerate() {
        paint.line(area.x, area.y + y as u16, area.right(), line);
    }
    let quiet = paint.theme.quiet();
    if scroll > 0 {
        let words = format!(" {} {scroll} more", paint.glyphs.above);
        paint.bits_right(area.x, area.y, area.right(), &[bit(words, quiet)]);
    }
    let below = lines.len().saturating_sub(scroll + page);
    if below > 0 && area.height > 0 {
        let words = format!(" {} {below} more: J", paint.glyphs.below);
        paint.bits_right(area.x, area.bottom() - 1, area.right(), &[bit(words, quiet)]);
    }
}

/// Columns of a label.
const LABEL: usize = 11;

/// What a finding makes of a key, in a word.
fn word_of(rule: RuleId) -> &'static str {
    match rule {
        RuleId::Missing => "missing",
        RuleId::Late => "late",
        RuleId::WrongParticipant => "wrong participant",
        RuleId::CaseMismatch | RuleId::NearMiss => "misspelt",
        RuleId::WrongType | RuleId::NotAllowedValue => "wrong value",
        RuleId::LostOnTransfer => "vanished",
        RuleId::FlowWroteBack => "reverted",
        RuleId::Overwritten => "overwritten",
        RuleId::PersonalDataInClear => "personal data",
        RuleId::AcceptedButUnseen => "not seen",
        RuleId::SetAfterEnd => "after the end",
        RuleId::Flapping => "flapping",
        RuleId::UnresolvedTemplate => "template",
        RuleId::WrappedPayload => "wrapped",
        RuleId::Blank => "empty",
        _ => "found",
    }
}

/// A word in a column of its own, then a paragraph.
fn labelled<'a>(paint: &Paint<'_>, label: Bit<'a>, text: &str, style: Style, width: u16, lines: &mut Vec<Bits<'a>>) {
    let column = LABEL.max(usize::from(paint.width(&label.0)) + 2);
    for (i, line) in paint.paragraph(text, width.saturating_sub(column as u16)).into_iter().enumerate() {
        let head = if i == 0 { label.0.to_string() } else { String::new() };
        let pad = column.saturating_sub(usize::from(paint.width(&head)));
        lines.push(vec![bit(format!("{head}{}", " ".repeat(pad)), label.1), bit(line, style)]);
    }
}

/// The verdict in one sentence, the fix, the keys that help now.
fn answer<'a>(paint: &Paint<'_>, model: &Model, shown: &ShownAnswer, width: u16) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let answer = &shown.answer;
    let (mark, word, style) = match answer.verdict {
        Verdict::Present => (g.seen, "set", t.seen()),
        Verdict::Missing => (g.missing, "missing", t.alarm()),
        Verdict::Overwritten => (g.alarm, "replaced", t.warn()),
        Verdict::WrongParticipant => (g.alarm, "elsewhere", t.warn()),
        Verdict::WrongCase => (g.alarm, "other case", t.warn()),
        Verdict::Unknown => (g.alarm, "unknown", t.warn()),
    };
    // What Diagnose lists is what is the matter here too.
    let (mark, word, style) = match &shown.fault {
        Some(fault) => (
            super::diagnose::mark(paint, fault.severity),
            word_of(fault.rule),
            super::diagnose::severity(paint, fault.severity),
        ),
        None => (mark, word, style),
    };
    let (mark, word, style) = if shown.reading { (g.working, "reading…", t.pending()) } else { (mark, word, style) };
    let mut lines = Vec::new();
    labelled(paint, bit(format!("{mark} {word}"), style), &answer.cause, t.strong(), width, &mut lines);
    if let Some(remedy) = &answer.remedy {
        let mut remedy = remedy.clone();
        if let Some(first) = remedy.chars().next() {
            remedy.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
        }
        labelled(paint, bit("Fix", t.quiet()), &format!("{remedy}."), t.text(), width, &mut lines);
    }
    let key = |command| {
        let scopes = [Scope::Why];
        let label = model.keymap.rows(&scopes).find(|(_, b, k)| b.command == command && !k.is_empty());
        label.map(|(_, _, keys)| keys[0].label(model.settings.ascii)).unwrap_or_default()
    };
    let set = if answer.verdict == Verdict::Present { " change it on this call   " } else { " set it on this call   " };
    let mut now = vec![bit(format!("{:<11}", "Now"), t.quiet())];
    if model.outbox.policy().read_only.is_none() {
        now.extend([bit(key(Command::Edit), t.strong()), bit(set, t.quiet())]);
    }
    now.extend([bit(key(Command::Since), t.strong()), bit(" since when   ", t.quiet())]);
    now.extend([bit(key(Command::Simulate), t.strong()), bit(" simulate", t.quiet())]);
    // A recording refuses all of them.
    if model.replay.is_none() {
        lines.push(now);
    }
    lines
}

/// What the answer rests on, in the order of time, then what the simulation came to.
fn evidence<'a>(paint: &Paint<'_>, model: &Model, shown: &ShownAnswer, width: u16) -> Vec<Bits<'a>> {
    const BEFORE: u16 = 21;
    let t = paint.theme;
    let room = width.saturating_sub(BEFORE);
    let mut lines = vec![vec![bit("Evidence", t.strong()), bit(" in time order", t.quiet())], Vec::new()];
    let (timed, always): (Vec<_>, Vec<_>) = shown.answer.evidence.iter().partition(|e| e.time.is_some());
    for evidence in timed.into_iter().chain(always) {
        let time = evidence.time.as_ref().and_then(|time| time.parse::<Timestamp>().ok());
        // What a definition says holds at any time, and names its version itself.
        let time = time.map(|time| times::time_of(model, time)).unwrap_or_default();
        for (i, text) in paint.paragraph(&evidence.text, room).into_iter().enumerate() {
            let (time, source) = if i == 0 { (time.as_str(), evidence.source.as_str()) } else { ("", "") };
            lines.push(vec![bit(format!("{time:<10}{source:<11}"), t.quiet()), bit(text, t.text())]);
        }
    }
    let cell = model.why.cell.as_ref();
    let gathering = cell.and_then(|cell| model.gathered.get(&cell.conversation));
    match gathering {
        Some(known) if known.pending => {
            let waited = model.now.since(known.at).as_secs();
            lines.push(vec![
                bit(format!("{} reading what the flow did", paint.glyphs.working), t.pending()),
                bit(format!("  {waited} s"), t.quiet()),
            ]);
        }
        Some(known) => {
            for note in known.what.iter().flat_map(|what| &what.notes) {
                // Why there is none need not be asked while it may still come.
                let note = match note.as_str() {
                    NO_RUN if shown.is_recent => {
                        "the record of this run is not available yet: it comes some time after the flow has ended, and is asked for again"
                    }
                    note => note,
                };
                let note = paint.paragraph(note, width.saturating_sub(2));
                for (i, line) in note.into_iter().enumerate() {
                    let mark = if i == 0 { paint.glyphs.dot } else { " " };
                    lines.push(vec![bit(format!("{mark} {line}"), t.quiet())]);
                }
            }
        }
        None => {}
    }
    if !model.why.simulated.is_empty() {
        lines.push(Vec::new());
    }
    for run in &model.why.simulated {
        let mut line = vec![
            bit("Simulated", t.strong()),
            bit(" lookup answers ", t.quiet()),
            bit(format!("{:<9}", run.lookups), t.text()),
        ];
        match (&run.value, &run.stopped) {
            (Some(value), _) => {
                let value = super::cell::shown(model, paint, value).into_owned();
                line.push(bit(format!("{} {value}", paint.glyphs.seen), t.seen()));
            }
            (None, None) => line.push(bit(format!("{} never set", paint.glyphs.missing), t.alarm())),
            (None, Some(_)) => line.push(bit(format!("{} undecided", paint.glyphs.absent), t.quiet())),
        }
        lines.push(line);
        if let (None, Some(why)) = (&run.value, &run.stopped) {
            let said = paint.paragraph(&format!("it stopped: {why}"), width.saturating_sub(10));
            lines.extend(said.into_iter().map(|l| vec![bit(format!("          {l}"), t.quiet())]));
        }
    }
    lines
}

/// How sure it is, the other keys, the other calls.
fn foot<'a>(paint: &Paint<'_>, shown: &ShownAnswer, width: u16, (low, replay): (bool, bool)) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let mut lines = Vec::new();
    let mut line = vec![bit("Certainty  ", t.strong())];
    for certainty in [Certainty::Observed, Certainty::Executed, Certainty::Static, Certainty::Unknown] {
        let here = certainty == shown.answer.certainty && !shown.reading;
        let mark = match (paint.is_ascii(), here) {
            (true, true) => "(x)",
            (true, false) => "( )",
            (false, true) => g.on,
            (false, false) => g.not,
        };
        line.push(bit(format!("{mark} {}   ", certainty.as_str()), if here { t.strong() } else { t.quiet() }));
    }
    lines.push(line);
    let words = match shown.answer.certainty {
        _ if shown.reading => "Reading the flow and the record of its run…",
        Certainty::Observed => "The stream or a read showed it.",
        Certainty::Executed => "The platform's record of this run names the output that it took.",
        Certainty::Static => "The definition says what the flow can do, not what it did.",
        Certainty::Unknown => "Nothing read so far shows it.",
    };
    if !low {
        lines.extend(
            paint
                .paragraph(words, width.saturating_sub(11))
                .into_iter()
                .map(|l| vec![bit("           ", t.text()), bit(l, t.text())]),
        );
        let all =
            "observed: by stream or read · executed: the platform's record of the run · static: the definition only";
        let all = if paint.is_ascii() { all.replace('·', "-") } else { all.to_owned() };
        if paint.width(&all) + 11 <= width {
            lines.push(vec![bit("           ", t.text()), bit(all, t.quiet())]);
        }
        lines.push(Vec::new());
    }
    let (keys, there) = &shown.keys;
    let mut others = vec![bit("Other keys ", t.strong())];
    others.extend(few(paint, keys, width / 2, Severity::Error));
    others.push(bit(format!("{} {there} set", g.seen), t.seen()));
    lines.push(others);
    let mut calls = vec![bit("Other calls", t.strong()), bit(" ", t.text())];
    if shown.calls.is_empty() {
        let words = match (&shown.fault, shown.answer.verdict) {
            (Some(_), _) if replay => "this was found on no other call at this moment",
            (Some(_), _) => "this was found on no other live call",
            (None, Verdict::Present) => "nothing is wrong with it here",
            (None, _) if replay => "no other call at this moment is known to lack it by the same cause",
            (None, _) => "no other live call is known to lack it by the same cause",
        };
        calls.push(bit(words, t.quiet()));
    } else {
        let severity = shown.fault.as_ref().map_or(Severity::Error, |fault| fault.severity);
        calls.extend(few(paint, &shown.calls, width.saturating_sub(34), severity));
        let same = shown.fault.is_none() && shown.calls.iter().all(|call| call.same);
        let now = if replay { "at this moment" } else { "live now" };
        let words = match (same, &shown.fault) {
            (true, _) => format!("same output, {now}"),
            (false, None) => format!("lack it too, {now}"),
            (false, Some(_)) => now.to_owned(),
        };
        calls.push(bit(words, t.quiet()));
    }
    lines.push(calls);
    lines
}

/// As many as there is room for, and how many more.
fn few<'a>(paint: &Paint<'_>, others: &[Other], room: u16, severity: Severity) -> Bits<'a> {
    let t = paint.theme;
    let mut bits: Bits<'a> = Vec::new();
    for (i, other) in others.iter().enumerate() {
        let mut next = vec![
            bit(format!("{} ", super::diagnose::mark(paint, severity)), super::diagnose::severity(paint, severity)),
            bit(crate::domain::text::cut_in(&other.name, 30, paint.charset()).into_owned(), t.text()),
        ];
        if other.same {
            next.push(bit(" same output", t.quiet()));
        }
        next.push(bit("   ", t.text()));
        if paint.bits_width(&bits) + paint.bits_width(&next) > room && i > 0 {
            bits.push(bit(format!("+{} ", others.len() - i), t.quiet()));
            break;
        }
        bits.extend(next);
    }
    bits
}

/// A moment of the call, counted from its begin.
fn since(began: Timestamp, at: Timestamp) -> String {
    times::offset(rows::between(began, at))
}
