//! Alerts: what is reported loudly when it happens, on a screen and in `watch`.

use super::{
    At, Board, BoardEntry, Change, ConversationId, Key, Names, ParticipantId,
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

/// What an alert waits for.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// This key changes on any call.
    Key(Key),
    /// A call starts matching this filter.
    Filter {
        /// The filter as it was typed.
        text: String,
        /// The filter.
        filter: Filter,
        /// Calls that match it now: each fires once, until it did not match in between.
        matching: FxHashSet<ConversationId>,
    },
    /// A key of an expectation is missing at its milestone, or came after it. Keys that a flow version lost are not meant.
    Missed,
}

/// An alert that fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// When it fired.
    pub at: At,
    /// On which call.
    pub call: ConversationId,
    /// On which participant, where it is about one.
    pub participant: Option<ParticipantId>,
    /// About which key, where it is about one.
    pub key: Option<Key>,
    /// The kind of alert: `key`, `filter` or `missed`.
    pub by: &'static str,
    /// What happened. It holds no value of a caller.
    pub words: String,
}

/// One alert.
#[derive(Clone, Debug)]
pub struct Alert {
    /// What it waits for.
    pub trigger: Trigger,
    /// How often it fired.
    pub count: u32,
    /// The last time.
    pub last: Option<Fired>,
}

impl Alert {
    /// It has to be asked as time passes, too.
    fn is_timed(&self) -> bool {
        matches!(&self.trigger, Trigger::Filter { filter, .. } if filter.depends_on_time())
    }

    /// What it waits for, in words.
    pub fn words(&self) -> String {
        match &self.trigger {
            Trigger::Key(key) => format!("{key} changes"),
            Trigger::Filter { text, .. } => format!("a call starts matching {text}"),
            Trigger::Missed => "an expected key is missing or late".into(),
        }
    }
}

/// All alerts that are set.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// In the order in which they were set.
    pub list: Vec<Alert>,
    /// What fired last.
    pub last: Option<Fired>,
    /// What fired and was not told yet, in order.
    pending: Vec<Fired>,
    /// When the bell rang last, on the monotonic clock.
    rang: Option<Duration>,
}

impl Alerts {
    /// Sets one on a key, or removes the one that is there; whether it is set now.
    pub fn toggle_key(&mut self, key: &Key) -> bool {
        let here = self.list.iter().position(|a| matches!(&a.trigger, Trigger::Key(k) if k == key));
        self.toggle(here, Trigger::Key(key.clone()))
    }

    /// Sets the one on missed milestones, or removes it; whether it is set now.
    pub fn toggle_missed(&mut self) -> bool {
        let here = self.list.iter().position(|a| matches!(a.trigger, Trigger::Missed));
        self.toggle(here, Trigger::Missed)
    }

    fn toggle(&mut self, here: Option<usize>, trigger: Trigger) -> bool {
        match here {
            Some(i) => drop(self.list.remove(i)),
            None => self.list.push(Alert { trigger, count: 0, last: None }),
        }
        here.is_none()
    }

    /// One is set on this key.
    pub fn on_key(&self, key: &str) -> bool {
        self.list.iter().any(|a| matches!(&a.trigger, Trigger::Key(k) if k.as_str() == key))
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// At least one has to be asked as time passes, too.
    pub fn are_timed(&self) -> bool {
        self.list.iter().any(Alert::is_timed)
    }

    /// Sets one on an expression. Calls that satisfy it already do not fire.
    pub fn add_filter(&mut self, text: &str, filter: Filter, board: &Board, at: At) {
        let facts =
            |e: &BoardEntry| filter.holds(CallFacts { conversation: &e.conversation, names: &board.names, now: at });
        let matching = board.iter().filter(|e| facts(e)).map(|e| e.conversation.id.clone()).collect();
        let trigger = Trigger::Filter { text: text.to_owned(), filter, matching };
        self.list.push(Alert { trigger, count: 0, last: None });
    }

    /// Sets one on an expression before any call is known, so that one that satisfies it at first sight fires.
    pub fn watch_filter(&mut self, text: &str, filter: Filter) {
        let trigger = Trigger::Filter { text: text.to_owned(), filter, matching: FxHashSet::default() };
        self.list.push(Alert { trigger, count: 0, last: None });
    }

    /// A call changed.
    pub fn changed(&mut self, entry: &BoardEntry, names: &Names, changes: &[Change], at: At) {
        let call = &entry.conversation;
        let mut fired = Vec::new();
        for alert in &mut self.list {
            let (by, what) = match &mut alert.trigger {
                Trigger::Key(key) => ("key", key_changed(key, changes)),
                Trigger::Filter { text, filter, matching } => {
                    let words = starts_matching(text, filter, matching, entry, names, at);
                    ("filter", words.map(|words| (words, None, None)))
                }
                Trigger::Missed => continue,
            };
            if let Some((words, participant, key)) = what {
                fired.push(fire(alert, Fired { at, call: call.id.clone(), participant, key, by, words }));
            }
        }
        self.keep(fired);
    }

    /// Time passed: filters with an age in them may match this call now.
    pub fn time(&mut self, entry: &BoardEntry, names: &Names, at: At) {
        let mut fired = Vec::new();
        for alert in self.list.iter_mut().filter(|a| a.is_timed()) {
            let Trigger::Filter { text, filter, matching } = &mut alert.trigger else { continue };
            if let Some(words) = starts_matching(text, filter, matching, entry, names, at) {
                let call = entry.conversation.id.clone();
                fired.push(fire(alert, Fired { at, call, participant: None, key: None, by: "filter", words }));
            }
        }
        self.keep(fired);
    }

    /// Something was found: fires if it is a missed milestone.
    pub fn found(&mut self, finding: &Finding, at: At) {
        let missed = matches!(finding.rule, RuleId::Missing | RuleId::Late);
        let Some(alert) = self.list.iter_mut().find(|a| missed && matches!(a.trigger, Trigger::Missed)) else { return };
        let key = finding.key.as_ref().map_or("a key", |k| k.as_str());
        let words = format!("{}: {}", short(key), finding.rule.rule().title);
        let (participant, key) = (finding.participant.clone(), finding.key.clone());
        let call = finding.conversation.clone();
        let fired = fire(alert, Fired { at, call, participant, key, by: "missed", words });
        self.keep(vec![fired]);
    }

    /// A call has left the board.
    pub fn forget(&mut self, call: &ConversationId) {
        for alert in &mut self.list {
            if let Trigger::Filter { matching, .. } = &mut alert.trigger {
                matching.remove(call);
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

    /// What fired and was not told yet, in order.
    pub fn take(&mut self) -> Vec<Fired> {
        std::mem::take(&mut self.pending)
    }

    fn keep(&mut self, fired: Vec<Fired>) {
        if let Some(last) = fired.last() {
            self.last = Some(last.clone());
            self.pending.extend(fired);
        }
    }
}

fn fire(alert: &mut Alert, fired: Fired) -> Fired {
    alert.count += 1;
    alert.last = Some(fired.clone());
    fired
}

fn short(text: &str) -> String {
    text::cut(text, SHOWN).into_owned()
}

/// What was there when a participant was seen first did not change.
fn key_changed(key: &Key, changes: &[Change]) -> Option<(String, Option<ParticipantId>, Option<Key>)> {
    changes.iter().rev().find_map(|change| match change {
        Change::Attribute { key: k, participant, old, new, first_sight: false, .. } if k == key => {
            let what = match (old, new) {
                (None, _) => "appeared",
                (_, None) => "vanished",
                _ => "changed",
            };
            Some((format!("{} {what}", short(key.as_str())), Some(participant.clone()), Some(key.clone())))
        }
        _ => None,
    })
}

fn starts_matching(
    text: &str,
    filter: &Filter,
    matching: &mut FxHashSet<ConversationId>,
    entry: &BoardEntry,
    names: &Names,
    at: At,
) -> Option<String> {
    let call = &entry.conversation;
    if !filter.holds(CallFacts { conversation: call, names, now: at }) {
        matching.remove(&call.id);
        return None;
    }
    matching.insert(call.id.clone()).then(|| format!("a call matches {}", short(text)))
}
