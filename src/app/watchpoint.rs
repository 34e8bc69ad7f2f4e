//! Watchpoints: what is to ring the bell when it happens.

use super::call::Hand;
use crate::domain::{
    At, Board, Change, ConversationId, Entry, Key, Names,
    filter::{CallFacts, Filter},
    findings::{Finding, RuleId},
    text,
};
use rustc_hash::FxHashSet;
use std::time::Duration;

/// Least time between two rings: many calls may fire at one moment.
const QUIET: Duration = Duration::from_secs(1);
/// Columns that a key, a value or an expression takes in a notification.
const SHOWN: usize = 40;

/// What is waited for.
#[derive(Clone, Debug)]
pub enum Point {
    /// This key changes on any call.
    Key(Key),
    /// A call comes to satisfy this expression.
    Filter {
        /// As it was typed.
        text: String,
        /// As it is judged.
        filter: Filter,
        /// Calls that satisfy it now: each fires once, until it did not satisfy it in between.
        holds: FxHashSet<ConversationId>,
    },
    /// An expected key is not there at its milestone, or came after it.
    Missed,
}

/// What fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// When.
    pub at: At,
    /// On which call.
    pub call: ConversationId,
    /// At which cell, where it is about one.
    pub hand: Option<Hand>,
    /// What happened. It holds no value of a caller.
    pub words: String,
}

/// One watchpoint.
#[derive(Clone, Debug)]
pub struct Watchpoint {
    /// What is waited for.
    pub point: Point,
    /// How often it fired.
    pub count: u32,
    /// The last time.
    pub last: Option<Fired>,
}

impl Watchpoint {
    /// What it waits for, in words.
    pub fn words(&self) -> String {
        match &self.point {
            Point::Key(key) => format!("{key} changes"),
            Point::Filter { text, .. } => format!("a call satisfies {text}"),
            Point::Missed => "an expected key is missing or late".into(),
        }
    }
}

/// All watchpoints.
#[derive(Clone, Debug, Default)]
pub struct Watchpoints {
    /// In the order in which they were set.
    pub list: Vec<Watchpoint>,
    /// What fired last.
    pub last: Option<Fired>,
    /// What fired and was not told yet.
    pending: Option<String>,
    /// When the bell rang last, on the monotonic clock.
    rang: Option<Duration>,
}

impl Watchpoints {
    /// Sets one on a key, or removes the one that is there; whether it is set now.
    pub fn toggle_key(&mut self, key: &Key) -> bool {
        let here = self.list.iter().position(|w| matches!(&w.point, Point::Key(k) if k == key));
        self.toggle(here, Point::Key(key.clone()))
    }

    /// Sets the one on missed milestones, or removes it; whether it is set now.
    pub fn toggle_missed(&mut self) -> bool {
        let here = self.list.iter().position(|w| matches!(w.point, Point::Missed));
        self.toggle(here, Point::Missed)
    }

    fn toggle(&mut self, here: Option<usize>, point: Point) -> bool {
        match here {
            Some(i) => drop(self.list.remove(i)),
            None => self.list.push(Watchpoint { point, count: 0, last: None }),
        }
        here.is_none()
    }

    /// Sets one on an expression. Calls that satisfy it already do not fire.
    pub fn add_filter(&mut self, text: &str, filter: Filter, board: &Board, at: At) {
        let facts = |e: &Entry| filter.holds(CallFacts { conversation: &e.conversation, names: &board.names, now: at });
        let holds = board.iter().filter(|e| facts(e)).map(|e| e.conversation.id.clone()).collect();
        let point = Point::Filter { text: text.to_owned(), filter, holds };
        self.list.push(Watchpoint { point, count: 0, last: None });
    }

    /// A call changed.
    pub fn changed(&mut self, entry: &Entry, names: &Names, changes: &[Change], at: At) {
        let call = &entry.conversation;
        let mut fired = None;
        for watch in &mut self.list {
            let what = match &mut watch.point {
                Point::Key(key) => key_changed(key, changes),
                Point::Filter { text, filter, holds } => {
                    comes_to_hold(text, filter, holds, entry, names, at).map(|words| (words, None))
                }
                Point::Missed => None,
            };
            if let Some((words, hand)) = what {
                fired = Some(fire(watch, Fired { at, call: call.id.clone(), hand, words }));
            }
        }
        self.keep(fired);
    }

    /// Time passed: expressions with an age in them may hold now.
    pub fn time(&mut self, board: &Board, at: At) {
        let mut fired = None;
        for watch in &mut self.list {
            let Point::Filter { text, filter, holds } = &mut watch.point else { continue };
            if !filter.depends_on_time() {
                continue;
            }
            let mut found = Vec::new();
            for entry in board.iter() {
                if let Some(words) = comes_to_hold(text, filter, holds, entry, &board.names, at) {
                    found.push(Fired { at, call: entry.conversation.id.clone(), hand: None, words });
                }
            }
            for one in found {
                fired = Some(fire(watch, one));
            }
        }
        self.keep(fired);
    }

    /// Something was found: fires if it is a missed milestone.
    pub fn found(&mut self, finding: &Finding, at: At) {
        let missed = matches!(finding.rule, RuleId::Missing | RuleId::Late);
        let Some(watch) = self.list.iter_mut().find(|w| missed && matches!(w.point, Point::Missed)) else { return };
        let key = finding.key.as_ref().map_or("a key", |k| k.as_str());
        let words = format!("{}: {}", short(key), finding.rule.rule().title);
        let hand = finding.participant.clone().map(|participant| Hand { participant, key: finding.key.clone() });
        let fired = fire(watch, Fired { at, call: finding.conversation.clone(), hand, words });
        self.keep(Some(fired));
    }

    /// A call has left the board.
    pub fn forget(&mut self, call: &ConversationId) {
        for watch in &mut self.list {
            if let Point::Filter { holds, .. } = &mut watch.point {
                holds.remove(call);
            }
        }
    }

    /// Whether to make a noise now: not more than once a second.
    pub fn rings(&mut self, at: At) -> bool {
        let rings = self.rang.is_none_or(|rang| at.mono >= rang + QUIET);
        if rings {
            self.rang = Some(at.mono);
        }
        rings
    }

    /// What fired and was not told yet.
    pub fn take(&mut self) -> Option<String> {
        self.pending.take()
    }

    fn keep(&mut self, fired: Option<Fired>) {
        let Some(fired) = fired else { return };
        self.pending = Some(fired.words.clone());
        self.last = Some(fired);
    }
}

fn fire(watch: &mut Watchpoint, fired: Fired) -> Fired {
    watch.count += 1;
    watch.last = Some(fired.clone());
    fired
}

fn short(text: &str) -> String {
    text::cut(text, SHOWN).into_owned()
}

/// What was there when a participant was seen first did not change.
fn key_changed(key: &Key, changes: &[Change]) -> Option<(String, Option<Hand>)> {
    changes.iter().rev().find_map(|change| match change {
        Change::Attribute { key: k, participant, old, new, first_sight: false, .. } if k == key => {
            let what = match (old, new) {
                (None, _) => "appeared",
                (_, None) => "vanished",
                _ => "changed",
            };
            let hand = Hand { participant: participant.clone(), key: Some(key.clone()) };
            Some((format!("{} {what}", short(key.as_str())), Some(hand)))
        }
        _ => None,
    })
}

fn comes_to_hold(
    text: &str,
    filter: &Filter,
    holds: &mut FxHashSet<ConversationId>,
    entry: &Entry,
    names: &Names,
    at: At,
) -> Option<String> {
    let call = &entry.conversation;
    if !filter.holds(CallFacts { conversation: call, names, now: at }) {
        holds.remove(&call.id);
        return None;
    }
    holds.insert(call.id.clone()).then(|| format!("a call satisfies {}", short(text)))
}

#[cfg(test)]
mod tests;
