//! The Flow screen: keys against calls, and the run.

use super::{
    cell,
    paint::{Bit, Paint, bit},
};
use crate::app::{
    Model,
    flow::{Reading, Row, Show, Standing, Waits},
    layout, rows,
};
use crate::domain::text::Align;
use crate::flow::{keys::When, model::display_name, run::Step};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let f = &model.flow;
    let areas = layout::flow(model.size, f.show.is_some());
    title(paint, model, areas.title);
    match &f.reading {
        Reading::Here(_) if !f.rows.is_empty() => {
            heads(paint, f.show.is_some(), areas.heads);
            for (y, row) in f.rows.iter().skip(f.scroll).take(usize::from(areas.table.height)).enumerate() {
                line(paint, model, row, areas.table, areas.table.y + y as u16);
            }
        }
        _ => nothing(paint, model, areas.table),
    }
    if areas.beside {
        paint.wall(areas.detail);
    } else {
        paint.rule(areas.detail);
    }
    let inside = layout::inside(areas.detail, areas.beside);
    match &f.show {
        Some(show) => run(paint, model, show, inside),
        None => detail(paint, model, inside),
    }
}

fn title(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let f = &model.flow;
    let mut bits = vec![bit("Flow", t.strong())];
    if let Some(name) = &f.name {
        bits.push(bit(format!(" {} ", paint.glyphs.then), t.quiet()));
        bits.push(bit(name.as_str(), t.strong()));
    }
    let x = paint.bits(area.x + 1, area.y, area.right(), &bits);
    if f.definition().is_some() {
        let (all, inside) = f.calls;
        let calls = if all == 1 { "1 call".to_owned() } else { format!("{all} calls, {inside} in it now") };
        let keys = if f.rows.len() == 1 { "1 key".to_owned() } else { format!("{} keys", f.rows.len()) };
        let note = format!("sets {keys}   {calls}");
        paint.bits_right(x + 2, area.y, area.right().saturating_sub(1), &[bit(note, t.quiet())]);
    }
}

fn nothing(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let f = &model.flow;
    let (first, second, style) = match &f.reading {
        Reading::None => {
            let none = "No call here is or was in a flow.";
            let first = if model.monitor.board.is_empty() { none } else { "No flow is chosen." };
            (first.to_owned(), "c chooses one of the flows that calls were seen in.".to_owned(), t.strong())
        }
        Reading::Asked => ("Reading the flow's configuration".to_owned(), String::new(), t.strong()),
        Reading::Failed(why) => ("The flow's configuration cannot be had.".to_owned(), why.clone(), t.alarm()),
        Reading::Here(_) => {
            ("This flow sets no key by name.".to_owned(), "space runs it step by step anyway.".to_owned(), t.strong())
        }
    };
    let y = area.y + area.height / 4;
    let width = area.width.saturating_sub(4);
    let mut lines: Vec<(String, Style)> = paint.paragraph(&first, width).into_iter().map(|l| (l, style)).collect();
    lines.extend(paint.paragraph(&second, width).into_iter().map(|l| (l, t.quiet())));
    for (i, (text, style)) in lines.iter().enumerate() {
        let y = y + i as u16;
        if y < area.bottom() {
            paint.put(area.x + 2, y, area.right(), text, *style);
        }
    }
}

/// Columns of the table from the right: how the calls stand.
struct Columns {
    key: u16,
    when: u16,
}

fn columns(area: Rect) -> Columns {
    let counts = (area.width / 2).clamp(30, 44);
    let when = 13;
    let key = area.width.saturating_sub(4 + when + counts).clamp(8, 32);
    Columns { key, when }
}

fn heads(paint: &mut Paint<'_>, running: bool, area: Rect) {
    let t = paint.theme;
    let c = columns(area);
    let x = area.x + 3;
    paint.put(x, area.y, x + c.key, "KEY", t.quiet());
    let x = x + c.key + 1;
    if running {
        paint.put(x, area.y, area.right(), "IN THIS RUN", t.quiet());
        return;
    }
    paint.put(x, area.y, x + c.when, "SET", t.quiet());
    paint.put(x + c.when, area.y, area.right(), "CALLS", t.quiet());
}

fn line(paint: &mut Paint<'_>, model: &Model, row: &Row, area: Rect, y: u16) {
    let t = paint.theme;
    let c = columns(area);
    let end = area.right().saturating_sub(1);
    let x = area.x + 3;
    let here = model.flow.hand.as_deref() == Some(row.key.as_str());
    paint.cell(x, y, c.key, &row.key, Align::Left, t.strong());
    let x = x + c.key + 1;
    if let Some(show) = &model.flow.show {
        let attributes = show.attributes();
        match attributes.iter().find(|(key, _, _)| *key == row.key) {
            Some((_, value, fresh)) => {
                let value = cell::shown(model, paint, value);
                let (mark, style) =
                    if *fresh { (paint.glyphs.fresh, t.fresh()) } else { (paint.glyphs.seen, t.seen()) };
                paint.put(x, y, x + 1, mark, style);
                paint.put(x + 2, y, end, &value, if *fresh { t.flash() } else { t.text() });
            }
            None => {
                paint.put(x, y, x + 1, paint.glyphs.absent, t.quiet());
            }
        }
    } else {
        paint.cell(x, y, c.when - 1, row.when.word(), Align::Left, t.quiet());
        paint.bits(x + c.when, y, end, &tally(paint, row));
    }
    if here {
        paint.put(area.x + 1, y, area.x + 2, paint.glyphs.hand, t.text());
        paint.tint(Rect { y, height: 1, ..area }, |style| t.under_hand(style));
    }
}

/// How the calls stand, the good first; each with its word.
fn tally<'a>(paint: &Paint<'_>, row: &Row) -> Vec<Bit<'a>> {
    let t = paint.theme;
    let n = row.counts;
    // What a flow sets on some ways only may well be absent.
    let absent = if row.when == When::Always { t.alarm() } else { t.quiet() };
    let share = n.share().map_or_else(|| "  – ".to_owned(), |share| format!("{share:>3}%"));
    let share = if paint.is_ascii() { share.replace('–', "-") } else { share };
    let mut bits = vec![bit(share, t.text()), bit(format!("  {} set", n.set), t.seen())];
    for (count, word, style) in [
        (n.missing, "missing", absent),
        (n.elsewhere, "wrong participant", t.alarm()),
        (n.spelling, "other spelling", t.alarm()),
        (n.late, "late", t.warn()),
        (n.waiting, "not yet", t.quiet()),
    ] {
        if count > 0 {
            bits.push(bit(format!("  {count} {word}"), style));
        }
    }
    bits
}

/// Who sets the key under the hand, where, and which calls lack it.
fn detail(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let (Some(row), Some(definition)) = (model.flow.row(), model.flow.definition()) else { return };
    let t = paint.theme;
    let flow = definition.shown();
    let mut lines: Vec<Vec<Bit<'_>>> = vec![vec![bit(row.key.clone(), t.strong())]];
    for used in &row.set {
        let action = &flow.actions[used.action];
        let mut head = vec![bit("by ", t.quiet()), bit(display_name(action).to_owned(), t.text())];
        if let Some(number) = &action.tracking {
            head.push(bit(format!(" #{number}"), t.quiet()));
        }
        head.push(bit(format!("  {}", used.when.word()), t.quiet()));
        lines.push(head);
        if let Some(value) = &used.value {
            let value_text = cell::shown(model, paint, value.text()).into_owned();
            lines.push(vec![bit(format!("   {} ", value.how()), t.quiet()), bit(value_text, t.text())]);
        }
        if !used.path.is_empty() {
            lines.extend(paint.paragraph(&used.path, area.width.saturating_sub(3)).into_iter().map(|l| {
                let indented = format!("   {l}");
                vec![bit(indented, t.quiet())]
            }));
        }
    }
    let lacking = row.lacking.len();
    if lacking == 0 {
        lines.push(vec![bit("Every call of this flow carries it.", t.seen())]);
    } else {
        lines.push(Vec::new());
        let word = if lacking == 1 { "call lacks it" } else { "calls lack it" };
        lines.push(vec![bit(format!("{lacking} {word}"), t.strong()), bit("  enter lists and jumps", t.quiet())]);
        for (id, standing) in row.lacking.iter().take(usize::from(area.height)) {
            let Some(entry) = model.monitor.board.get(id.as_str()) else { continue };
            let what = match standing {
                Standing::Elsewhere(purpose, _) => format!("{}: {purpose}", standing.word()),
                Standing::Spelling(key, _) => format!("{}: {key}", standing.word()),
                _ => standing.word().to_owned(),
            };
            let from = rows::from(&entry.conversation).into_owned();
            lines.push(vec![bit(format!("  {from}  "), t.text()), bit(what, t.quiet())]);
        }
    }
    put(paint, &lines, area);
}

fn put(paint: &mut Paint<'_>, lines: &[Vec<Bit<'_>>], area: Rect) {
    for (y, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        paint.bits(area.x, area.y + y as u16, area.right(), line);
    }
}

/// The run: the steps done, the one that comes, and what it waits for.
fn run(paint: &mut Paint<'_>, model: &Model, show: &Show, area: Rect) {
    let t = paint.theme;
    let flow = show.flow();
    let where_ = match (&show.call, show.staged) {
        (Some(_), _) => "on a simulated call; enter goes to it",
        (None, true) => "on a simulated call",
        (None, false) => "runs here, not on the platform",
    };
    let mut head = vec![bit("Run", t.strong()), bit(format!("  {where_}"), t.quiet())];
    if let Some(next) = show.chosen() {
        head.push(bit("   next lookup ", t.quiet()));
        head.push(bit(next.word(), t.accent()));
    } else if let Some(outcome) = &show.outcome {
        head.push(bit("   lookup ", t.quiet()));
        head.push(bit(outcome.word(), if outcome.word() == "ok" { t.seen() } else { t.warn() }));
    }
    let mut below: Vec<Vec<Bit<'_>>> = Vec::new();
    if let Some(end) = show.end() {
        let style = if end.complete() { t.seen() } else { t.alarm() };
        let text = format!("End: {end}.");
        below.extend(paint.paragraph(&text, area.width).into_iter().map(|l| vec![bit(l, style)]));
        below.push(vec![bit("r", t.strong()), bit(" runs it again", t.quiet())]);
    } else if let Some(waits) = show.waits() {
        below.extend(waiting(paint, &waits));
    } else if let Some(next) = show.next() {
        let action = &flow.actions[next];
        below.push(vec![
            bit(format!("{} ", paint.glyphs.hand), t.accent()),
            bit(display_name(action).to_owned(), t.text()),
            bit(format!("  {}", action.type_name), t.quiet()),
            bit("   space", t.strong()),
            bit(" runs it", t.quiet()),
        ]);
    }
    // The newest steps, as many as there is room for; what comes is always in sight.
    let room = usize::from(area.height).saturating_sub(1 + below.len());
    let mut done: Vec<Vec<Bit<'_>>> = Vec::new();
    for step in show.steps.iter().rev() {
        let lines = step_lines(paint, model, show, step, area.width);
        if done.len() + lines.len() > room {
            break;
        }
        done.splice(0..0, lines);
    }
    let mut lines = vec![head];
    lines.extend(done);
    lines.extend(below);
    put(paint, &lines, area);
}

fn step_lines<'a>(paint: &Paint<'_>, model: &Model, show: &Show, step: &Step, width: u16) -> Vec<Vec<Bit<'a>>> {
    let t = paint.theme;
    let action = &show.flow().actions[step.action];
    let last = show.steps.last().is_some_and(|s| s.number == step.number);
    let mark = if step.interpreted { paint.glyphs.seen } else { paint.glyphs.alarm };
    let mut head = vec![
        bit(format!("{:>3} {mark} ", step.number), if step.interpreted { t.seen() } else { t.warn() }),
        bit(display_name(action).to_owned(), if last { t.strong() } else { t.text() }),
    ];
    if let Some(output) = &step.output {
        head.push(bit(format!(" {} {output}", paint.glyphs.to), t.accent()));
    }
    head.push(bit(format!("  {}", action.type_name), t.quiet()));
    let mut lines = vec![head];
    for set in &step.set {
        let key = set.key.clone().unwrap_or_else(|| "?".into());
        let value = set.value.to_string();
        let value = cell::shown(model, paint, &value).into_owned();
        lines.push(vec![
            bit("      ", t.text()),
            bit(key, t.strong()),
            bit(" = ", t.quiet()),
            bit(value, if last { t.fresh() } else { t.text() }),
        ]);
    }
    for note in &step.notes {
        let note = paint.paragraph(note, width.saturating_sub(6));
        lines.extend(note.into_iter().map(|l| vec![bit(format!("      {l}"), t.quiet())]));
    }
    lines
}

fn waiting<'a>(paint: &Paint<'_>, waits: &Waits) -> Vec<Vec<Bit<'a>>> {
    let t = paint.theme;
    let hand = bit(format!("{} ", paint.glyphs.hand), t.accent());
    let key = |key: &'static str| bit(key, t.strong());
    let quiet = |words: &'static str| bit(words, t.quiet());
    match waits {
        Waits::Lookup(name) => vec![
            vec![hand, bit(format!("{name} is asked"), t.text()), quiet("  what does it answer?")],
            vec![
                key("    o"),
                quiet(" ok   "),
                key("t"),
                quiet(" timeout   "),
                key("e"),
                quiet(" error   "),
                key("i"),
                quiet(" JSON of yours"),
            ],
        ],
        Waits::Digit(menu, choices) if choices.is_empty() => {
            vec![vec![hand, bit(format!("{menu} waits for the caller"), t.text()), quiet("  press digits")]]
        }
        Waits::Digit(menu, choices) => vec![
            vec![hand, bit(format!("{menu} waits for the caller"), t.text())],
            vec![quiet("    press "), bit(choices.join("   "), t.strong())],
        ],
        Waits::Output(action, outputs) => {
            let outputs: Vec<String> = outputs.iter().enumerate().map(|(i, o)| format!("{} {o}", i + 1)).collect();
            vec![
                vec![hand, bit(action.clone(), t.text()), quiet(" is not interpreted here; which output?")],
                vec![bit(format!("    {}", outputs.join("   ")), t.strong())],
            ]
        }
    }
}
