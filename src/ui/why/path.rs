//! The flow's path as one trunk: heavy where the call went, dim where it did not, red where the key would have been set.

use super::since;
use crate::app::why::ShownAnswer;
use crate::domain::{plain_version, text};
use crate::ui::paint::{Bits, Paint, bit};
use crate::why::{
    Certainty, Verdict,
    trunk::{TrunkLine, TrunkPart},
};
use jiff::Timestamp;

/// Columns of the times.
const TIME: usize = 6;

/// `folded`: only what decides about the key, for a screen of few lines.
pub(in crate::ui) fn lines<'a>(
    paint: &Paint<'_>,
    shown: &ShownAnswer,
    began: Timestamp,
    width: u16,
    folded: bool,
) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let g = paint.glyphs;
    let flow = shown.answer.flow.as_ref();
    let mut title = vec![bit("Path", t.strong())];
    if let Some(flow) = flow {
        let version =
            if flow.version.is_empty() { String::new() } else { format!(" v{}", plain_version(&flow.version)) };
        title.push(bit(" through ", t.quiet()));
        title.push(bit(format!("{}{version}", flow.name), t.text()));
    }
    let recorded = shown.trunk.iter().any(|line| line.taken.is_some());
    let legend = if recorded {
        vec![
            bit(format!("{} ", g.trunk), t.strong()),
            bit("taken  ", t.quiet()),
            bit(format!("{} not taken", g.wall), t.quiet()),
        ]
    } else {
        vec![bit("paths to the key", t.quiet())]
    };
    let used = paint.bits_width(&title) + paint.bits_width(&legend);
    if !shown.trunk.is_empty() && used + 2 <= width {
        title.push(bit(" ".repeat(usize::from(width - used)), t.text()));
        title.extend(legend);
    }
    let mut lines = vec![title, Vec::new()];
    if shown.trunk.is_empty() {
        let words = match shown.reading {
            true => "The flow is being read…",
            false => match &shown.ran {
                Some(flow) => {
                    let run = match shown.is_recent {
                        true => format!("The record of its run of {flow} is not available yet"),
                        false => format!("Its run of {flow} is not recorded"),
                    };
                    match shown.defined {
                        true => &format!("{run}. No action of {flow} is known to set {}.", shown.answer.key),
                        false => &format!("{run}, and the definition of {flow} was not read."),
                    }
                }
                None => "The flow that this call ran, or its definition, is not known.",
            },
        };
        lines.extend(paint.paragraph(words, width).into_iter().map(|l| vec![bit(l, t.quiet())]));
        return lines;
    }
    // Names get what the longest needs, as long as the keys have a place.
    let widest = shown.trunk.iter().map(|l| text::width(&l.name) + indent(l)).max().unwrap_or(0);
    let names = widest.clamp(12, usize::from(width / 2).max(12));
    let last = shown.trunk.iter().rposition(|line| line.taken == Some(true) && line.part == TrunkPart::Action);
    let left_out = if folded { away_from_key(&shown.trunk) } else { Vec::new() };
    for (i, line) in shown.trunk.iter().enumerate().filter(|(i, _)| !left_out.contains(i)) {
        lines.push(one(paint, line, &shown.answer.key, began, names, width));
        if Some(i) == last
            && matches!((shown.answer.verdict, shown.answer.certainty), (Verdict::Missing, Certainty::Executed))
            && shown.trunk[i].sets.is_empty()
            && let Some(bits) = lines.last_mut()
        {
            bits.push(bit("flow end: not set", t.alarm()));
        }
    }
    if !left_out.is_empty() {
        let (count, key) = (left_out.len(), &shown.answer.key);
        let words = format!("{count} other rows of the path, without {key}, are shown on a wider screen");
        lines.push(vec![bit(words, t.quiet())]);
    }
    lines
}

/// The rows that say nothing of the key: outputs that were not taken and do not lead to it, with what is behind them, and what the
/// call passed before the action that decided. None where the run is not recorded, or nothing sets the key.
fn away_from_key(trunk: &[TrunkLine]) -> Vec<usize> {
    let Some(first) = trunk.iter().position(|line| line.sets_key) else { return Vec::new() };
    if trunk.iter().all(|line| line.taken.is_none()) {
        return Vec::new();
    }
    let mut away = Vec::new();
    for (i, line) in trunk.iter().enumerate() {
        let behind = trunk[i + 1..].iter().take_while(|next| next.depth > line.depth).count();
        match line.part {
            TrunkPart::Output if line.taken == Some(false) && !trunk[i..=i + behind].iter().any(|l| l.sets_key) => {
                away.extend(i..=i + behind);
            }
            TrunkPart::Action if i < first => {
                let decides = trunk.get(i + 1).is_some_and(|next| next.part == TrunkPart::Output);
                if !decides && !line.sets_key {
                    away.push(i);
                }
            }
            TrunkPart::Container if i < first => away.push(i),
            _ => {}
        }
    }
    away.sort_unstable();
    away.dedup();
    away
}

/// Columns of the trunk before a name.
fn indent(line: &TrunkLine) -> usize {
    2 + 2 * line.depth + usize::from(line.part == TrunkPart::Output)
}

fn one<'a>(paint: &Paint<'_>, line: &TrunkLine, key: &str, began: Timestamp, names: usize, width: u16) -> Bits<'a> {
    let t = paint.theme;
    let g = paint.glyphs;
    let went = line.taken == Some(true);
    let (trunk, style) = match line.taken {
        Some(true) => (g.trunk, t.text()),
        Some(false) => (g.wall, t.quiet()),
        // Not recorded: heavy would say that the call went there.
        None => (g.wall, t.text()),
    };
    let main = if line.taken.is_none() { g.wall } else { g.trunk };
    let mut bits = vec![bit(if line.depth > 0 || line.part != TrunkPart::Container { main } else { " " }, t.text())];
    for level in 0..line.depth {
        let inner = level + 1 == line.depth;
        bits.push(bit(format!(" {}", if inner { trunk } else { " " }), style));
    }
    let name_style = match (line.part, line.taken) {
        (_, Some(false)) => t.quiet(),
        (TrunkPart::Output | TrunkPart::Container, _) => t.strong(),
        (TrunkPart::Action, _) => t.text(),
    };
    bits.push(bit(if line.part == TrunkPart::Output { format!("{} ", g.branch) } else { " ".to_owned() }, style));
    let room = names.saturating_sub(indent(line).saturating_sub(1));
    bits.push(bit(text::fit_in(&line.name, room, text::Align::Left, paint.charset()).into_owned(), name_style));
    let time = match (line.at, line.taken, line.part) {
        (Some(at), ..) => since(began, at),
        (None, Some(false), TrunkPart::Action) => if paint.is_ascii() { "-" } else { "—" }.to_owned(),
        _ => String::new(),
    };
    bits.push(bit(format!(" {time:>TIME$}  "), if went { t.text() } else { t.quiet() }));
    let used = paint.bits_width(&bits);
    let room = usize::from(width.saturating_sub(used));
    match line.part {
        TrunkPart::Output if went => bits.push(bit("taken", t.strong())),
        TrunkPart::Output if line.taken == Some(false) => bits.push(bit("not taken", t.quiet())),
        _ => {}
    }
    if line.sets_key {
        let lost = line.taken == Some(false);
        let others: Vec<&str> = line.sets.iter().map(String::as_str).filter(|set| *set != key).collect();
        bits.push(bit(key.to_owned(), if lost { t.alarm() } else { t.seen() }));
        if line.only {
            bits.push(bit(if paint.is_ascii() { " <- only here" } else { " ← only here" }, t.strong()));
        }
        if !others.is_empty() {
            let left = room.saturating_sub(usize::from(paint.bits_width(&bits).saturating_sub(used)) + 2);
            let all = others.join(", ");
            let words = if text::width(&all) <= left { all } else { format!("+{}", others.len()) };
            if text::width(&words) <= left {
                bits.push(bit(format!("  {words}"), t.quiet()));
            }
        }
    } else if !line.sets.is_empty() {
        bits.push(bit(text::cut_in(&line.sets.join(", "), room, paint.charset()).into_owned(), t.quiet()));
    }
    bits
}
