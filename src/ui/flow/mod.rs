//! The Flow screen: keys against calls, and the run.

mod key;
mod table;

use super::{
    cell,
    paint::{Bits, Paint, bit},
};
use crate::app::{
    Model,
    flow::{LookupOutcome, Reading, Show, Waits},
    layout,
};
use crate::flow::{model::display_name, run::ActionRun};
use ratatui::{layout::Rect, style::Style};

pub(super) fn draw(paint: &mut Paint<'_>, model: &Model) {
    let f = &model.flow;
    let areas = model.flow_areas();
    title(paint, model, areas.title);
    match &f.reading {
        Reading::Here(_) if !f.rows.is_empty() => {
            table::heads(paint, model, areas.heads);
            for (y, row) in f.rows.iter().skip(f.scroll).take(usize::from(areas.table.height)).enumerate() {
                table::line(paint, model, row, areas.table, areas.table.y + y as u16);
            }
        }
        _ => nothing(paint, model, areas.table),
    }
    if areas.beside {
        paint.wall(areas.detail);
    } else {
        let body = layout::frame(model.size).body;
        paint.rule(Rect { x: body.x, width: body.width, ..areas.detail });
    }
    let inside = layout::inside(areas.detail, areas.beside);
    let row = f.row();
    match (&f.show, row) {
        (Some(show), _) => run(paint, model, show, inside),
        (None, Some(row)) => {
            let mut lines = key::left(paint, model, row, inside);
            match areas.second {
                Some(second) => {
                    paint.wall(second);
                    let right = Rect { x: second.x + 2, width: second.width.saturating_sub(3), ..second };
                    let own = key::right(paint, model, row, right);
                    put(paint, &own, right);
                }
                None => {
                    lines.push(Vec::new());
                    lines.extend(key::right(paint, model, row, inside));
                }
            }
            put(paint, &lines, inside);
        }
        (None, None) => {}
    }
}

fn title(paint: &mut Paint<'_>, model: &Model, area: Rect) {
    let t = paint.theme;
    let f = &model.flow;
    let mut bits = vec![bit(f.name.as_deref().unwrap_or("Flow"), t.strong())];
    let dot = paint.glyphs.dot;
    if let Some(definition) = f.definition() {
        let (all, inside) = f.calls;
        let keys = if f.rows.len() == 1 { "1 key".to_owned() } else { format!("{} keys", f.rows.len()) };
        let calls = if all == 1 { "1 call".to_owned() } else { format!("{all} calls") };
        let ended = if f.ended > 0 { format!(", {} ended", f.ended) } else { String::new() };
        // What has no room is left out, the least important first: nothing is cut in the middle.
        let parts = [
            vec![bit(format!(" sets {keys}"), t.quiet())],
            vec![bit(format!(" {dot} "), t.quiet()), bit(format!("{calls} live, {inside} in it now{ended}"), t.text())],
            versions(paint, model, definition.version.as_deref()),
        ];
        for part in parts {
            if paint.bits_width(&bits) + paint.bits_width(&part) < area.width.saturating_sub(1) {
                bits.extend(part);
            }
        }
    }
    let x = paint.line(area.x + 1, area.y, area.right(), &bits);
    let by = if f.history.is_some() { "by flow end, from the history store" } else { "" };
    paint.bits_right(x + 2, area.y, area.right().saturating_sub(1), &[bit(by, t.quiet())]);
}

/// The published version, and which others the live calls run.
fn versions<'a>(paint: &Paint<'_>, model: &Model, published: Option<&str>) -> Bits<'a> {
    let t = paint.theme;
    let dot = paint.glyphs.dot;
    let Some(published) = published else { return Vec::new() };
    let mut bits = vec![bit(format!(" {dot} "), t.quiet()), bit(format!("v{published} published"), t.quiet())];
    for (version, calls) in model.flow.live_versions.iter().filter(|(version, _)| version != published) {
        let words = if *calls == 1 { "1 call runs".to_owned() } else { format!("{calls} calls run") };
        bits.push(bit(format!("  {} {words} v{version}", paint.glyphs.alarm), t.warn()));
    }
    bits
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
        Reading::Failed(why) => ("The flow's configuration could not be read.".to_owned(), why.clone(), t.alarm()),
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

fn put(paint: &mut Paint<'_>, lines: &[Bits<'_>], area: Rect) {
    // How much more there is has a line of its own.
    let all = usize::from(area.height);
    let page = if lines.len() > all && all > 2 { all - 1 } else { all };
    for (y, line) in lines.iter().take(page).enumerate() {
        paint.line(area.x, area.y + y as u16, area.right(), line);
    }
    let below = lines.len().saturating_sub(page);
    if below > 0 && area.height > 0 {
        let words = format!(" {} {below} more", paint.glyphs.below);
        let quiet = paint.theme.quiet();
        paint.bits_right(area.x, area.bottom() - 1, area.right(), &[bit(words, quiet)]);
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
    let mut head = vec![bit("Run", t.strong())];
    if let Some(next) = show.chosen() {
        head.push(bit("  next lookup ", t.quiet()));
        head.push(bit(next.word(), t.accent()));
    } else {
        // The newest answers, as many as have room.
        let mut answers: Vec<Bits<'_>> = Vec::new();
        for (asked, outcome) in show.outcomes.iter().rev() {
            let style = if *outcome == LookupOutcome::Ok { t.seen() } else { t.warn() };
            let answer = vec![bit(format!("  {asked} "), t.quiet()), bit(outcome.word(), style)];
            let used: u16 = answers.iter().map(|bits| paint.bits_width(bits)).sum();
            if paint.bits_width(&head) + used + paint.bits_width(&answer) > area.width {
                break;
            }
            answers.insert(0, answer);
        }
        head.extend(answers.into_iter().flatten());
    }
    // Where it runs is said as far as there is room beside what the lookup answered.
    let words = bit(format!("  {where_}"), t.quiet());
    let short = bit(format!("  {}", where_.split([';', ',']).next().unwrap_or_default()), t.quiet());
    let room = area.width.saturating_sub(paint.bits_width(&head));
    head.extend([words, short].into_iter().find(|words| paint.width(&words.0) <= room));
    let mut below: Vec<Bits<'_>> = Vec::new();
    if let Some(end) = show.end() {
        // Where the call was to go is no success while keys that calls should have are not set.
        let style = match (end.complete(), key::lacks_expected(model, show)) {
            (true, false) => t.seen(),
            (true, true) => t.text(),
            (false, _) => t.alarm(),
        };
        let text = format!("End: {end}.");
        below.extend(paint.paragraph(&text, area.width).into_iter().map(|l| vec![bit(l, style)]));
        below.push(Vec::new());
        below.extend(key::result(paint, model, area.width));
        below.push(vec![bit("r", t.strong()), bit(" runs it again", t.quiet())]);
    } else if let Some(waits) = show.waits() {
        below.extend(waiting(paint, show, &waits));
    } else if let Some(next) = show.next() {
        let action = &flow.actions[next];
        below.push(vec![
            bit(format!("{} ", paint.glyphs.selection), t.accent()),
            bit(display_name(action).to_owned(), t.text()),
            bit(format!("  {}", action.type_name), t.quiet()),
            bit("   space", t.strong()),
            bit(" runs it", t.quiet()),
        ]);
    }
    // The newest steps, as many as there is room for; what comes is always in sight.
    let room = usize::from(area.height).saturating_sub(1 + below.len());
    let mut done: Vec<Bits<'_>> = Vec::new();
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

fn step_lines<'a>(paint: &Paint<'_>, model: &Model, show: &Show, step: &ActionRun, width: u16) -> Vec<Bits<'a>> {
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

fn waiting<'a>(paint: &Paint<'_>, show: &Show, waits: &Waits) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let selection = bit(format!("{} ", paint.glyphs.selection), t.accent());
    let key = |key: &'static str| bit(key, t.strong());
    let quiet = |words: &'static str| bit(words, t.quiet());
    match waits {
        Waits::Lookup(name) => vec![
            vec![
                selection,
                bit(
                    match show.asks().filter(|asks| asks != name) {
                        Some(asks) => format!("{asks} asks {name}:"),
                        None => format!("{name} is asked:"),
                    },
                    t.text(),
                ),
                quiet(" what does it answer?"),
            ],
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
            vec![vec![selection, bit(format!("{menu} waits for the caller"), t.text()), quiet("  press digits")]]
        }
        Waits::Digit(menu, choices) => vec![
            vec![selection, bit(format!("{menu} waits for the caller"), t.text())],
            vec![quiet("    press "), bit(choices.join("   "), t.strong())],
        ],
        Waits::Output(action, outputs) => {
            let outputs: Vec<String> = outputs.iter().enumerate().map(|(i, o)| format!("{} {o}", i + 1)).collect();
            vec![
                vec![selection, bit(action.clone(), t.text()), quiet(" is not interpreted here; which output?")],
                vec![bit(format!("    {}", outputs.join("   ")), t.strong())],
            ]
        }
    }
}
