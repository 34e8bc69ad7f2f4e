//! Whether a client told every change, in order.

use super::{
    frames::SEED,
    mix::{Change, Mix, Size},
};
use anyhow::{Context, Result, ensure};
use std::io::BufRead;

/// Which client's lines they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// `watch --json --count`: ends with the last attribute.
    Watch,
    /// The straightforward client: within an event it tells attributes in an order of its own.
    Plain,
}

/// Compares the lines of a client with what the events of the mix change; how many there are.
pub fn mix(lines: impl BufRead, teller: Teller, size: Size, conversations: usize, events: u64) -> Result<u64> {
    let total = conversations as u64 + events;
    let last = (teller == Teller::Watch).then(|| last_attribute(size, conversations, total)).flatten();
    let mut mix = Mix::new(SEED, conversations, size);
    let mut lines = lines.lines();
    let mut told = 0;
    for event in 0..last.map_or(total, |(event, _)| event + 1) {
        let mut expected = mix.next().changes;
        if let Some((_, place)) = last.filter(|(last, _)| *last == event) {
            expected.truncate(place + 1);
        }
        let mut seen = Vec::with_capacity(expected.len());
        while seen.len() < expected.len() {
            let line = lines.next().with_context(|| format!("event {event} was not told whole: {expected:?}"))??;
            seen.extend(change(&line));
        }
        told += seen.len() as u64;
        if teller == Teller::Plain {
            expected.sort();
            seen.sort();
        }
        ensure!(expected == seen, "event {event}: expected {expected:#?}, told were {seen:#?}");
    }
    for line in lines {
        let line = line?;
        ensure!(change(&line).is_none(), "told and never happened: {line}");
    }
    Ok(told)
}

/// The change that a line tells. Findings and the like, and what became of a conversation's facts, are the program's own.
fn change(line: &str) -> Option<Change> {
    let change = serde_json::from_str(line).ok()?;
    let own = matches!(&change, Change::Conversation { change, .. } if change == "updated");
    (!own).then_some(change)
}

/// The event with the last change of an attribute, and which of its changes that is.
fn last_attribute(size: Size, conversations: usize, total: u64) -> Option<(u64, usize)> {
    let mut mix = Mix::new(SEED, conversations, size);
    let place = |changes: &[Change]| changes.iter().rposition(|c| matches!(c, Change::Attribute { .. }));
    (0..total).filter_map(|event| Some((event, place(&mix.next().changes)?))).last()
}
