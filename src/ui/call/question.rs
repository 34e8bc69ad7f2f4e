//! The question before sending, and the one about two values: by its row, between two rules, its values below those of the row.

use crate::app::{
    Model,
    call::CallScreen,
    keymap::Scope,
    popups::{CommitQuestion, Overlay},
};
use crate::domain::{
    BoardEntry, Freshness, HistoryEntry, Participant, Source, Value,
    outbox::{Base, Cell, EditState, Preview, WriteMode},
    text::apart,
};
use crate::ui::{
    cell as shown,
    paint::{Bit, Bits, Paint, bit, count},
    popups::commit::{LEAVES_NO_TRACE, carries},
    times,
};
use ratatui::{layout::Rect, style::Style};

/// One line; in the first column a label, the rest below the values.
enum QuestionLine<'a> {
    /// Beside a label.
    Value(Bit<'a>, Bits<'a>),
    /// From the left.
    Text(Bits<'a>),
}

struct Question<'a> {
    title: Bits<'a>,
    rule: Style,
    lines: Vec<QuestionLine<'a>>,
}

/// How many lines the question takes from the table below its row, rules included; `None` without one.
pub(super) fn gap(paint: &Paint<'_>, model: &Model, call: &CallScreen) -> Option<u16> {
    let entry = model.monitor.board.get(call.id.as_str())?;
    let place = call.place_of_selection().filter(|_| model.asks_about_the_cell())?;
    let question = question(paint, model, call, entry)?;
    let room = bottom(call).saturating_sub(place.y + 1);
    Some((count(question.lines.len()) + 2).min(room))
}

fn bottom(call: &CallScreen) -> u16 {
    call.areas.more.unwrap_or(call.areas.table).bottom()
}

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model, call: &CallScreen, entry: &BoardEntry) {
    let Some(gap) = gap(paint, model, call) else { return };
    let (Some(place), Some(question)) = (call.place_of_selection(), question(paint, model, call, entry)) else {
        return;
    };
    let table = call.areas.table;
    let x = call.keys.x;
    let area = Rect { x: table.x, y: place.y + 1, width: table.width, height: gap };
    paint.clear(area);
    let end = table.right().saturating_sub(1);
    for y in [area.y, area.bottom().saturating_sub(1)] {
        for x in x..end {
            paint.put(x, y, end, paint.glyphs.rule, question.rule);
        }
    }
    let mut title = vec![bit(" ", question.rule)];
    title.extend(question.title);
    title.push(bit(" ", question.rule));
    paint.bits(x + 2, area.y, end, &title);
    let value_x = value_column(call, place);
    for (i, line) in question.lines.iter().take(usize::from(gap).saturating_sub(2)).enumerate() {
        let y = area.y + 1 + i as u16;
        match line {
            QuestionLine::Text(bits) => {
                paint.bits(x + 2, y, end, bits);
            }
            QuestionLine::Value(label, bits) => {
                paint.bits(x + 2, y, value_x.saturating_sub(1), std::slice::from_ref(label));
                paint.bits(value_x, y, end, bits);
            }
        }
    }
}

/// The column of the selected value; the first one where that leaves too little room.
fn value_column(call: &CallScreen, place: Rect) -> u16 {
    let first = call.columns.first().map_or(place.x, |c| c.x);
    if call.areas.table.right().saturating_sub(place.x) < 44 { first.min(place.x) } else { place.x }
}

fn question<'a>(paint: &Paint<'_>, model: &'a Model, call: &CallScreen, entry: &'a BoardEntry) -> Option<Question<'a>> {
    match model.overlays.last()? {
        Overlay::Commit(commit) => send(paint, model, call, entry, commit),
        Overlay::Conflict(asked) => conflict(paint, model, call, entry, &asked.cell),
        _ => None,
    }
}

/// What the text may take.
fn width(call: &CallScreen) -> u16 {
    call.areas.table.width.saturating_sub(call.keys.x - call.areas.table.x + 4)
}

fn room(call: &CallScreen) -> u16 {
    let place = call.place_of_selection().unwrap_or_default();
    call.areas.table.right().saturating_sub(value_column(call, place) + 2)
}

fn paragraph<'a>(paint: &Paint<'_>, call: &CallScreen, text: &str, style: Style) -> Vec<QuestionLine<'a>> {
    paint.paragraph(text, width(call)).into_iter().map(|l| QuestionLine::Text(vec![bit(l, style)])).collect()
}

/// Values beneath one another; of long ones, what is around the places where they differ.
fn values<'a, const N: usize>(
    paint: &Paint<'_>,
    model: &Model,
    values: [(Option<&str>, Style); N],
    room: u16,
) -> [Bit<'a>; N] {
    let texts: Vec<_> = values
        .iter()
        .filter_map(|(value, _)| value.filter(|v| !v.is_empty()))
        .map(|v| shown::shown(model, paint, v))
        .collect();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let mut shown = apart(&texts, usize::from(room), paint.charset()).into_iter();
    values.map(|(value, style)| match value {
        None => bit("absent", paint.theme.quiet()),
        Some("") => bit("(empty)", style),
        Some(_) => bit(shown.next().unwrap_or_default(), style),
    })
}

/// `Send this change?`
fn send<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    call: &CallScreen,
    entry: &'a BoardEntry,
    commit: &CommitQuestion,
) -> Option<Question<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let preview = model.outbox.preview(&model.monitor.board, &commit.cells).into_iter().next()?;
    let (key, old, new) = preview.changes.first()?.clone();
    let p = entry.conversation.participant(preview.request.target.participant.as_str())?;
    let mut lines = Vec::new();
    let room = room(call);
    lines.push(QuestionLine::Text(Vec::new()));
    let there = if entry.conversation.freshness == Freshness::Stale { "last seen" } else { "now" };
    // What is shown is not what the edit began with: sending would stop.
    let view = model.outbox.view(&commit.cells[0]);
    let base = view.filter(|v| v.beneath.is_none()).and_then(|v| match v.base {
        Base::Saw(saw) if saw != old && old.as_ref().is_none_or(|old| old.as_str() != new) => Some(saw),
        _ => None,
    });
    let was = base.as_ref().unwrap_or(&old).as_ref().map(Value::as_str);
    let shown = [(old.as_ref().map(Value::as_str), t.text()), (Some(new.as_str()), t.mine()), (was, t.quiet())];
    let [now, new_value, was] = values(paint, model, shown, room);
    lines.push(QuestionLine::Value(bit(there, t.quiet()), vec![now]));
    lines.push(QuestionLine::Value(bit("mine", t.mine()), vec![new_value]));
    if base.is_some() {
        lines.push(QuestionLine::Value(bit("base", t.quiet()), vec![was]));
        let words = format!("{} It has changed since you started editing: this stops as a conflict.", g.alarm);
        lines.extend(paragraph(paint, call, &words, t.warn()));
    }
    lines.push(QuestionLine::Text(Vec::new()));
    lines.push(QuestionLine::Text(patch(paint, model, &preview, p, width(call))));
    lines.extend(flow(paint, call, entry, preview.running_flow.as_deref()));
    if let Some(undo) = &commit.undo {
        if !undo.blanked.is_empty() {
            let words = format!("{key} was absent before: it is set to empty, as deleting a key is not documented.");
            lines.extend(paragraph(paint, call, &words, t.text()));
        }
        if !undo.busy.is_empty() {
            let words = format!("{} Something newer is typed there.", g.alarm);
            lines.extend(paragraph(paint, call, &words, t.warn()));
        }
    }
    if let Some(words) = model.unkept.words() {
        let words = format!("{} {words}. {LEAVES_NO_TRACE}", g.alarm);
        lines.extend(paragraph(paint, call, &words, t.alarm()));
    }
    if let Some(doubt) = &commit.doubt {
        lines.extend(paragraph(paint, call, &format!("{} {doubt}", g.alarm), t.alarm()));
        let words = if commit.sure { "Press once more to send it anyway." } else { "This is asked twice." };
        lines.push(QuestionLine::Text(vec![bit(words, t.strong())]));
    }
    lines.push(QuestionLine::Text(Vec::new()));
    lines.push(QuestionLine::Text(hints(paint, model, Scope::Commit)));
    let words = match (&commit.undo, &model.settings.production) {
        (Some(undo), _) => {
            let more = if undo.earlier > 0 {
                format!(" {} earlier can be undone after that.", undo.earlier)
            } else {
                String::new()
            };
            format!("Undo what was sent at {}?{more}", times::time_of(model, undo.at.wall))
        }
        (None, Some(label)) => format!("{}: send this change?", label.word),
        (None, None) => "Send this change?".to_owned(),
    };
    Some(Question {
        title: vec![bit(words, t.strong())],
        rule: t.mine().remove_modifier(ratatui::style::Modifier::all()),
        lines,
    })
}

/// `Sends 1 PATCH: 17 current attributes + 1 change, on customer Dana Whitlock.`
fn patch<'a>(paint: &Paint<'_>, model: &Model, preview: &Preview, p: &Participant, width: u16) -> Bits<'a> {
    let t = paint.theme;
    let name = p.name.as_deref().filter(|n| !n.is_empty()).map(|n| format!(" {n}")).unwrap_or_default();
    let left = if preview.participant_ended && !preview.conversation_ended { ", who has left" } else { "" };
    let line = |name: &str| {
        vec![
            bit("Sends ", t.text()),
            bit(carries(model, preview), t.strong()),
            bit(format!(", on {}{name}{left}.", p.purpose.as_str()), t.text()),
        ]
    };
    // The name stands in the head of the column: without room for both, the purpose says who it is.
    let whole = line(&name);
    if paint.bits_width(&whole) <= width { whole } else { line("") }
}

/// Whether a flow may write its own value back. Of a call that is stale nobody knows what runs.
fn flow<'a>(paint: &Paint<'_>, call: &CallScreen, entry: &BoardEntry, running: Option<&str>) -> Vec<QuestionLine<'a>> {
    let t = paint.theme;
    if entry.conversation.freshness == Freshness::Stale {
        let words = format!(
            "{} The call is stale: what is there, and whether a flow is running, is read before anything is sent.",
            paint.glyphs.stale
        );
        return paragraph(paint, call, &words, t.warn());
    }
    match running {
        Some(flow) => {
            let words =
                format!("{} {flow} is running: it may write its own value back when it ends.", paint.glyphs.alarm);
            paragraph(paint, call, &words, t.warn())
        }
        None => {
            paragraph(paint, call, "No flow is running on this call: nothing writes its own value back.", t.quiet())
        }
    }
}

/// Base, theirs and mine, as they are now.
fn conflict<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    call: &CallScreen,
    entry: &'a BoardEntry,
    cell: &Cell,
) -> Option<Question<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let view = model.outbox.view(cell)?;
    let p = entry.conversation.participant(cell.participant.as_str())?;
    let there = p.attributes.get(cell.key.as_str());
    let words = match &view.state {
        EditState::Conflict { maybe_applied: true, .. } => {
            "changed after a try whose answer was lost: that one may have been written."
        }
        EditState::Overwritten { .. } => "has another value than the one you sent.",
        EditState::Unseen(_) => "was accepted, but never appeared.",
        _ => "changed since you started editing. Nothing was sent.",
    };
    let key = format!("{} {}", g.missing, cell.key);
    let title = vec![bit(key, t.alarm()), bit(format!(" {words}"), t.text())];
    let room = room(call).saturating_sub(34);
    let now = there.map(|a| a.value.as_str());
    let seen = view.base.value().map(Value::as_str);
    let shown = [(seen, t.text()), (now, t.theirs()), (Some(view.mine), t.mine())];
    let [seen, now, mine] = values(paint, model, shown, room);
    let base = if view.base == Base::Any { bit("not looked at", t.quiet()) } else { seen };
    let mut lines = vec![QuestionLine::Text(Vec::new())];
    lines.push(QuestionLine::Value(bit("base", t.quiet()), vec![base, bit("   when you started editing", t.quiet())]));
    let last: Option<&HistoryEntry> = entry.history.of(&p.id, cell.key.as_str()).next_back();
    let mut theirs = vec![now];
    if let Some(last) = last {
        let ago = crate::app::rows::between(last.at.wall, model.now.wall).as_secs();
        let by = if last.source == Source::You { "you" } else { last.source.as_str() };
        let ago = if ago < 60 { format!("{ago} s") } else { times::offset(std::time::Duration::from_secs(ago)) };
        theirs.push(bit(format!("   {}  {by}, {ago} ago", times::time_of(model, last.at.wall)), t.quiet()));
    }
    lines.push(QuestionLine::Value(bit("theirs", t.theirs()), theirs));
    let sent = match &view.state {
        EditState::Overwritten { .. } | EditState::Unseen(_) => "   sent by you",
        _ => "   typed by you, not sent",
    };
    lines.push(QuestionLine::Value(bit("mine", t.mine()), vec![mine, bit(sent, t.quiet())]));
    lines.push(QuestionLine::Text(Vec::new()));
    if let EditState::Unseen(alarm) = &view.state
        && let Some(cause) = alarm.causes.first()
    {
        lines.extend(paragraph(paint, call, &cause.text(), t.warn()));
    }
    let others = p.attributes.iter().filter(|a| *a.key != cell.key).count();
    let kept = if others == 1 { "1 current attribute".to_owned() } else { format!("{others} current attributes") };
    let body = match model.outbox.policy().mode {
        WriteMode::Merged => format!("1 PATCH: {kept} + 1 change"),
        WriteMode::Changed => "1 PATCH: only the 1 change".to_owned(),
    };
    lines.push(QuestionLine::Text(vec![
        bit("Overwriting sends ", t.text()),
        bit(body, t.strong()),
        bit(".", t.text()),
    ]));
    let names = &model.monitor.board.names;
    let running = entry.conversation.running_flow();
    let flow = running.map(|_| entry.conversation.running_flow_name(Some(names)).unwrap_or("A flow"));
    lines.extend(self::flow(paint, call, entry, flow));
    lines.push(QuestionLine::Text(Vec::new()));
    let mut keys = hints(paint, model, Scope::Conflict);
    keys.push(bit("(stays an alarm)", t.quiet()));
    lines.push(QuestionLine::Text(keys));
    Some(Question { title, rule: t.alarm(), lines })
}

/// The keys of a question, as in the footer.
fn hints<'a>(paint: &Paint<'_>, model: &Model, scope: Scope) -> Bits<'a> {
    let t = paint.theme;
    let scopes = [scope];
    let rows =
        model.keymap.rows(&scopes).filter(|(_, b, keys)| !b.hint.is_empty() && !keys.is_empty() && model.meets(b.when));
    rows.flat_map(|(_, b, keys)| {
        [bit(keys[0].label(model.settings.ascii), t.strong()), bit(format!(" {}   ", b.hint), t.quiet())]
    })
    .collect()
}
