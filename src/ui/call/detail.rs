//! The selected key in full: value, edit, history on every participant, findings.

use super::{put, since_begin};
use crate::app::{Model, call::CallScreen, copy, diagnose::Diagnose, keymap::Scope, rows};
use crate::domain::{
    BoardEntry, Conversation, HistoryEntry, JsonKind, Participant, Source, Value,
    findings::{Finding, RuleId, Severity},
    outbox::{Cell, EditState, EditView, Sent},
};
use crate::ui::{
    cell, diagnose,
    paint::{Bits, Paint, bit},
    times, why,
};
use ratatui::{layout::Rect, style::Style};

/// Up to this height no line is left empty.
const LOW: u16 = 6;

/// The selected key, from the top as far as there is room; the rest scrolls.
pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, entry: &BoardEntry, area: Rect) {
    let t = paint.theme;
    let Some(selection) = &call.selection else { return };
    let c = &entry.conversation;
    let Some(p) = c.participant(selection.participant.as_str()) else { return };
    let mut lines: Vec<Bits<'_>> = Vec::new();
    match &selection.key {
        Some(key) => {
            let cell = Cell { conversation: c.id.clone(), participant: p.id.clone(), key: key.clone() };
            lines.push(vec![
                bit(key.as_str(), t.strong()),
                bit(" on ", t.quiet()),
                bit(p.purpose.as_str(), t.text()),
                bit(name_of(p), t.quiet()),
            ]);
            let low = area.height <= LOW;
            if !low {
                value(paint, model, entry, p, key.as_str(), area.width, &mut lines);
            }
            if let Some(view) = model.outbox.view(&cell) {
                lines.push(Vec::new());
                edit(paint, model, &cell, &view, area.width, &mut lines);
            }
            // What is wrong comes before what was; where there is room for both, in the order of time.
            let mut found = Vec::new();
            findings(paint, model, &cell, area.width, &mut found);
            let mut was = vec![Vec::new()];
            history(paint, model, entry, key.as_str(), area.width, &mut was);
            let fits = lines.len() + found.len() + was.len() <= usize::from(area.height);
            let [first, second] = if fits { [was, found] } else { [found, was] };
            lines.extend(first);
            if low {
                // What is done and what is wrong come first, then the value that did not fit.
                value(paint, model, entry, p, key.as_str(), area.width, &mut lines);
            }
            lines.extend(second);
            if low {
                lines.retain(|line| !line.is_empty());
            }
            if let Some(shown) = call.path() {
                let mut path = vec![
                    Vec::new(),
                    vec![
                        bit("Why", t.strong()),
                        bit(" certainty ", t.quiet()),
                        bit(shown.answer.certainty.as_str(), t.text()),
                    ],
                ];
                path.extend(why::path::lines(paint, shown, rows::began(c), area.width, false));
                // A part of a way says nothing: W shows all of it.
                if lines.len() + path.len() <= usize::from(area.height) {
                    lines.extend(path);
                }
            }
        }
        None => participant(paint, model, p, &mut lines),
    }
    // While a value is typed, the key is a letter of it.
    let key = if model.editor().is_some() { None } else { Some("J") };
    put(paint, &lines, area, call.detail_scroll, key);
}

/// Something has to be said of the selected key that its row does not say: an edit of it, a finding beside its absence, or a value
/// that does not fit.
pub(super) fn has_something_to_say(paint: &Paint<'_>, model: &Model, call: &CallScreen, c: &Conversation) -> bool {
    let Some(cell) = call.cell() else { return false };
    let state = model.outbox.view(&cell).map(|v| v.state);
    if state.is_some_and(|s| !matches!(s, EditState::Seen { .. })) {
        return true;
    }
    let found = Diagnose::of_cell(model, cell.conversation.as_str(), cell.participant.as_str(), cell.key.as_str());
    if found.iter().any(|f| f.severity > Severity::Info && f.rule != RuleId::Missing) {
        return true;
    }
    let attribute = c.participant(cell.participant.as_str()).and_then(|p| p.attributes.get(cell.key.as_str()));
    let room = call.place_of_selection().map_or(0, |place| place.width);
    attribute.is_some_and(|a| paint.width(a.value.as_str()) > room || a.value.as_str().contains('\n'))
}

/// What is wrong with the cell, and what to do about it.
fn findings<'a>(paint: &Paint<'_>, model: &'a Model, cell: &Cell, width: u16, lines: &mut Vec<Bits<'a>>) {
    let t = paint.theme;
    let found = Diagnose::of_cell(model, cell.conversation.as_str(), cell.participant.as_str(), cell.key.as_str());
    for finding in found {
        lines.push(Vec::new());
        let style = diagnose::severity(paint, finding.severity);
        let title = diagnose::capital(finding.rule.rule().title);
        lines.push(vec![bit(format!("{} {title}", diagnose::mark(paint, finding.severity)), style)]);
        // Why it is missing, where that was found out, says more than that it is, and what to do about that more than what to do
        // about any key.
        let cause = model.cause(&finding);
        let words = cause.map_or(&*finding.message, |cause| cause.words.as_str());
        lines.extend(paint.paragraph(words, width).into_iter().map(|l| vec![bit(l, t.text())]));
        let fix = match (finding.rule, cause.and_then(|cause| cause.remedy.as_deref())) {
            (RuleId::PresenceDrop, _) => diagnose::after_fall(model, Scope::Call),
            (_, None) if model.monitor.examiner.is_lost(&finding) => diagnose::after_fall(model, Scope::Call),
            (_, Some(remedy)) => format!("{}.", diagnose::capital(remedy)),
            (_, None) => finding.remedy().to_owned(),
        };
        lines.extend(paint.paragraph(&fix, width).into_iter().map(|l| vec![bit(l, t.quiet())]));
    }
}

fn name_of(p: &Participant) -> String {
    match p.name.as_deref() {
        Some(name) if !name.is_empty() => format!(" {name}"),
        _ => String::new(),
    }
}

fn value<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    entry: &BoardEntry,
    p: &'a Participant,
    key: &str,
    width: u16,
    lines: &mut Vec<Bits<'a>>,
) {
    let t = paint.theme;
    let c = &entry.conversation;
    let Some(a) = p.attributes.get(key) else {
        let found = Diagnose::of_cell(model, c.id.as_str(), p.id.as_str(), key);
        let is_missing = |f: &&Finding| matches!(f.rule, RuleId::Missing | RuleId::PresenceDrop);
        lines.push(match found.iter().find(is_missing) {
            Some(finding) => {
                vec![bit(format!("{} missing", paint.glyphs.missing), diagnose::severity(paint, finding.severity))]
            }
            None => vec![bit("absent", t.quiet())],
        });
        return;
    };
    let text = cell::shown(model, paint, a.value.as_str());
    if a.value.as_str().is_empty() {
        lines.push(vec![bit("(empty)", t.quiet())]);
    }
    lines.extend(paint.wrap(&text, width, 400).into_iter().map(|l| vec![bit(l, t.text())]));
    let kind = match a.value.kind() {
        JsonKind::Text => "",
        JsonKind::Number => "sent as a number, not a string",
        JsonKind::Bool => "sent as a boolean, not a string",
        JsonKind::Null => "sent as null, not a string",
        JsonKind::Nested => "sent as nested JSON, not a string",
    };
    let chars = a.value.as_str().chars().count();
    let unit = if chars == 1 { "character" } else { "characters" };
    let since = since_begin(c, a.changed.timestamp());
    let age = times::offset(rows::between(a.changed.timestamp(), model.now.wall));
    let dot = paint.glyphs.dot;
    // When it was set is not known of what was there before anybody looked.
    let words = match rows::was_there(entry, p, a) {
        true => format!("there when first seen {since}, unchanged >{age}"),
        false => format!("set {since}, unchanged {age}"),
    };
    let mut facts = vec![bit(format!("{chars} {unit} {dot} {words}"), t.quiet())];
    if model.monitor.alerts.on_key(key) {
        facts.push(bit(format!(" {dot} alert set"), t.accent()));
    }
    if !kind.is_empty() {
        facts.push(bit(format!(" {dot} {kind}"), t.alarm()));
    }
    lines.push(facts);
}

/// A value after a word in a column of its own, over as many lines as it needs.
fn labelled<'a>(
    paint: &Paint<'_>,
    label: &'static str,
    text: &str,
    style: Style,
    width: u16,
    lines: &mut Vec<Bits<'a>>,
) {
    const COLUMN: u16 = 8;
    let quiet = paint.theme.quiet();
    let text = if text.is_empty() { "(empty)" } else { text };
    let column = usize::from(COLUMN);
    for (i, line) in paint.wrap(text, width.saturating_sub(COLUMN), 100).into_iter().enumerate() {
        let head = if i == 0 { format!("{label:column$}") } else { " ".repeat(column) };
        lines.push(vec![bit(head, quiet), bit(line, style)]);
    }
}

/// A read that takes longer than this is worth a word.
const LONG: std::time::Duration = std::time::Duration::from_secs(2);

/// What is being done to the cell.
fn edit<'a>(paint: &Paint<'_>, model: &Model, cell: &Cell, view: &EditView<'a>, width: u16, lines: &mut Vec<Bits<'a>>) {
    let t = paint.theme;
    let g = paint.glyphs;
    let say = |words: String, style: Style, lines: &mut Vec<Bits<'a>>| {
        lines.extend(paint.paragraph(&words, width).into_iter().map(|l| vec![bit(l, style)]));
    };
    let cell_text = |text: &str| cell::shown(model, paint, text).into_owned();
    let mine = |lines: &mut Vec<Bits<'a>>| {
        labelled(paint, "mine", &cell_text(view.mine), t.mine(), width, lines);
    };
    let theirs = |v: Option<&crate::domain::Value>, lines: &mut Vec<Bits<'a>>| match v {
        Some(v) => labelled(paint, "theirs", &cell_text(v.as_str()), t.theirs(), width, lines),
        None => labelled(paint, "theirs", "absent", t.quiet(), width, lines),
    };
    match &view.state {
        EditState::Draft => {
            let key = if view.marked { "marked for the next review" } else { "draft, not sent" };
            lines.push(vec![bit(format!("{} {key}", g.draft), t.mine())]);
            mine(lines);
            if let Some(earlier) = view.earlier {
                say(earlier.got.sentence().to_owned(), t.warn(), lines);
                if let Some(at) = earlier.at {
                    say(format!("left by an earlier run, {}", times::moment_of(model, at)), t.quiet(), lines);
                }
            }
        }
        EditState::Held { .. } => {
            lines.push(vec![bit(format!("{} held until the flow has ended", g.pending), t.pending())]);
            mine(lines);
        }
        EditState::Checking { since, .. } => {
            let waited = model.now.mono.saturating_sub(*since);
            let silence = (waited >= LONG).then(|| format!(": no answer for {} s", waited.as_secs()));
            say(format!("{} checking{}", g.pending, silence.unwrap_or_default()), t.pending(), lines);
            mine(lines);
        }
        EditState::Accepted { since, status, .. } => {
            let waited = model.now.mono.saturating_sub(since.mono).as_millis();
            let status = status.map(|s| format!(" {s}")).unwrap_or_default();
            lines.push(vec![bit(format!("{} accepted{status}, not seen yet ({waited} ms)", g.pending), t.pending())]);
            mine(lines);
        }
        EditState::Seen { after, by, .. } => {
            let words = format!("{} seen after {} ms, by {}", g.seen, after.as_millis(), source(*by));
            lines.push(vec![bit(words, t.seen())]);
        }
        EditState::Conflict { theirs: v, maybe_applied } => {
            let sent = if *maybe_applied { "a lost try may have been written" } else { "nothing was sent" };
            say(format!("{} changed since you started editing: {sent}", g.alarm), t.alarm(), lines);
            theirs(v.as_ref(), lines);
            mine(lines);
        }
        EditState::Failed(failure) => {
            say(format!("{} {}", g.alarm, failure.reason), t.alarm(), lines);
            mine(lines);
        }
        EditState::Unseen(alarm) => {
            let status = alarm.status.map(|s| format!(" ({s})")).unwrap_or_default();
            let words = format!("{} accepted{status} but not seen in {} s", g.alarm, alarm.waited.as_secs());
            lines.push(vec![bit(words, t.alarm())]);
            theirs(alarm.read_back.as_ref(), lines);
            mine(lines);
            for cause in &alarm.causes {
                say(format!("{} {}", g.dot, cause.text()), t.text(), lines);
            }
            if let Some(request) = copy::sent(model.copy_source(), &cell.target(), alarm.write) {
                let keys = if request.body.len() == 1 { "key" } else { "keys" };
                say(format!("PATCH {}, {} {keys} in the body", request.path(), request.body.len()), t.quiet(), lines);
            }
            if let Some(id) = &alarm.correlation_id {
                say(format!("correlation id {id}"), t.quiet(), lines);
            }
        }
        EditState::Overwritten { theirs: v, .. } => {
            lines.push(vec![bit(format!("{} another value is there now", g.alarm), t.alarm())]);
            theirs(v.as_ref(), lines);
            mine(lines);
        }
        EditState::Armed { id } => {
            let armed = model.outbox.armed().iter().find(|a| a.id == *id);
            let when = armed.map(|a| a.when.to_string()).unwrap_or_default();
            lines.push(vec![bit(format!("{} armed: sent once when", g.pending), t.pending())]);
            say(format!("        {when}"), t.strong(), lines);
            mine(lines);
        }
        state => {
            lines.push(vec![bit(format!("{} {}", g.pending, state.word()), t.pending())]);
            mine(lines);
        }
    }
}

fn source(by: Source) -> &'static str {
    match by {
        Source::Stream => "the stream",
        Source::Read => "a read",
        Source::Event => "the attributes event",
        Source::You => "you",
    }
}

/// What happened to the key on every participant, newest last, with the operator's own edits among it.
fn history<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    entry: &'a BoardEntry,
    key: &'a str,
    width: u16,
    lines: &mut Vec<Bits<'a>>,
) {
    let t = paint.theme;
    let c = &entry.conversation;
    lines.push(vec![bit("History", t.strong()), bit(" on every participant", t.quiet())]);
    let before = lines.len();
    for change in entry.history.iter().filter(|h| h.key.as_str() == key) {
        let purpose = c.participant(change.participant.as_str()).map_or("", |p| p.purpose.as_str());
        let at = since_begin(c, change.event_time.map_or(change.at.wall, crate::domain::Moment::timestamp));
        let mut line = vec![bit(format!("{at:>6}  "), t.quiet()), bit(format!("{purpose:<9}"), t.quiet())];
        let sent = (change.source == Source::You).then(|| sent_of(model, change, key)).flatten();
        let mut by = match change.source {
            Source::You => vec![bit("  you", t.mine())],
            source => vec![bit(format!("  {}", source.as_str()), t.quiet())],
        };
        if let Some((after, seen)) = sent.and_then(|s| s.seen) {
            by.push(bit(format!("  {} seen {} ms, {}", paint.glyphs.seen, after.as_millis(), seen.as_str()), t.seen()));
        } else if let Some(status) = sent.and_then(|s| s.status) {
            by.push(bit(format!("  accepted {status}"), t.pending()));
        }
        let used = paint.bits_width(&line) + paint.bits_width(&by);
        line.extend(old_to_new(paint, model, change, width.saturating_sub(used), false));
        line.extend(by);
        lines.push(line);
    }
    if lines.len() == before {
        let there = c.participants.iter().any(|p| p.attributes.get(key).is_some());
        let words = if there { "unchanged since the call was first seen" } else { "never seen on this call" };
        lines.push(vec![bit(words, t.quiet())]);
    }
    // What the history does not hold is said with it.
    let (evicted, skipped) = (entry.history.evicted(), entry.skipped);
    if evicted > 0 {
        lines.push(vec![bit(format!("{evicted} older changes of this call were not kept"), t.quiet())]);
    }
    if skipped > 0 {
        lines.push(vec![bit(format!("{skipped} intermediate states of this call were skipped"), t.quiet())]);
    }
}

/// The write behind a change that is ours.
pub(super) fn sent_of<'a>(model: &'a Model, change: &HistoryEntry, key: &str) -> Option<&'a Sent> {
    let new = change.new.as_ref()?;
    let ours = |s: &&Sent| {
        s.target.participant == change.participant
            && s.changes.iter().any(|(k, _, v)| k.as_str() == key && v == new)
            && s.at.mono <= change.at.mono + std::time::Duration::from_secs(2)
    };
    model.outbox.log().rev().find(ours)
}

/// `old → new` in so many columns, masked if wished, with a dash for what is not there.
pub(super) fn old_to_new<'a>(
    paint: &Paint<'_>,
    model: &Model,
    change: &'a HistoryEntry,
    room: u16,
    fresh: bool,
) -> Bits<'a> {
    let t = paint.theme;
    let arrow = format!(" {} ", paint.glyphs.to);
    let shown = |v: Option<&Value>| match v {
        None => "absent".to_owned(),
        Some(v) if v.as_str().is_empty() => "(empty)".to_owned(),
        Some(v) => cell::shown(model, paint, v.as_str()).into_owned(),
    };
    let (old, new) = (shown(change.old.as_ref()), shown(change.new.as_ref()));
    let room = usize::from(room.saturating_sub(paint.width(&arrow)));
    // The new value has what the old one leaves, and at least half.
    let old_width =
        usize::from(paint.width(&old)).min(room.saturating_sub(usize::from(paint.width(&new))).max(room / 2));
    let cut = |text: &str, width: usize| crate::domain::text::cut_in(text, width, paint.charset()).into_owned();
    let style = match (change.source, change.new.is_some()) {
        (_, false) => t.warn(),
        (Source::You, true) => t.mine(),
        (_, true) if fresh => t.fresh(),
        (_, true) => t.text(),
    };
    vec![
        bit(cut(&old, old_width), if change.old.is_some() { t.text() } else { t.quiet() }),
        bit(arrow, t.quiet()),
        bit(cut(&new, room.saturating_sub(old_width)), style),
    ]
}

fn participant<'a>(paint: &Paint<'_>, model: &Model, p: &'a Participant, lines: &mut Vec<Bits<'a>>) {
    let t = paint.theme;
    lines.push(vec![bit(p.purpose.as_str(), t.strong()), bit(name_of(p), t.text())]);
    let connected = p.connected.map(|at| times::time_of(model, at)).unwrap_or_default();
    lines.push(vec![bit(format!("{} since {connected}", p.state.as_str()), t.quiet())]);
    if let Some(address) = &p.address {
        lines.push(vec![bit(address.as_str(), t.text())]);
    }
    lines.push(vec![bit(p.id.as_str(), t.quiet())]);
    lines.push(Vec::new());
    let words = format!("{} Enter adds a key here", paint.glyphs.dot);
    lines.push(vec![bit(words, t.quiet())]);
}
