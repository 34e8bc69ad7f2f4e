//! Filter expressions: one grammar for `/` in the UI, `--filter`, `--until`, alerts and `when` of expectations.
//!
//! An expression is parsed once, with positions for the caret under a mistake, and judged on calls often: judging does
//! not allocate.
//!
//! ```
//! use sidetone::domain::filter::Filter;
//! let filter: Filter = "queue:billing !customer_tier age>2m | ivr_choice=1".parse().unwrap();
//! assert_eq!(filter.to_string(), "queue:billing !customer_tier age>2m | ivr_choice=1");
//! let mistake = "customer_tier~[".parse::<Filter>().unwrap_err();
//! assert_eq!(mistake.span, 14..15);
//! ```

mod ast;
mod changes;
mod display;
mod needle;
mod parse;

#[cfg(test)]
mod tests;

use super::{At, Conversation, FlowRun, Names, Participant};
use ast::{Node, Term};
pub use changes::{ChangeFacts, ChangeFilter};
pub use display::Quoted;
pub use parse::Mistake;
use std::{collections::BTreeSet, time::Duration};

/// What an expression is judged on.
#[derive(Clone, Copy, Debug)]
pub struct CallFacts<'a> {
    /// The call.
    pub conversation: &'a Conversation,
    /// Names of queues.
    pub names: &'a Names,
    /// Now, for ages.
    pub now: At,
}

/// A parsed expression. The empty one holds for every call.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Filter {
    root: Option<Node>,
}

impl Filter {
    /// True without any condition.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Time alone can change the verdict: the expression has an age in it.
    pub fn depends_on_time(&self) -> bool {
        fn timed(node: &Node) -> bool {
            match node {
                Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(timed),
                Node::Not(node) => timed(node),
                Node::Term(term) => matches!(term, Term::Age(..)),
            }
        }
        self.root.as_ref().is_some_and(timed)
    }

    /// The keys that it names, in its order.
    pub fn keys(&self) -> Vec<&str> {
        fn collect<'a>(node: &'a Node, into: &mut Vec<&'a str>) {
            match node {
                Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|n| collect(n, into)),
                Node::Not(node) => collect(node, into),
                Node::Term(
                    Term::Equals(key, _)
                    | Term::Differs(key, _)
                    | Term::Matches(key, _)
                    | Term::Present(key)
                    | Term::Absent(key)
                    | Term::Number(key, ..),
                ) => into.push(key),
                Node::Term(_) => {}
            }
        }
        let mut keys = Vec::new();
        self.root.iter().for_each(|root| collect(root, &mut keys));
        keys
    }

    /// Names of flows in it that none of these is called by or like, each with its id and its name.
    pub fn unknown_flows(&self, flows: &[(&str, &str)]) -> Vec<&str> {
        fn collect<'a>(node: &'a Node, flows: &[(&str, &str)], into: &mut Vec<&'a str>) {
            match node {
                Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|n| collect(n, flows, into)),
                Node::Not(node) => collect(node, flows, into),
                Node::Term(Term::Flow(word, _)) if !flows.iter().any(|(id, name)| word.is(id) || word.is_in(name)) => {
                    into.push(word.as_str());
                }
                Node::Term(_) => {}
            }
        }
        let mut unknown = Vec::new();
        self.root.iter().for_each(|root| collect(root, flows, &mut unknown));
        unknown
    }

    /// The `flow:NAME@VERSION` in it whose flow was run by some of these calls, and in that version by none: name and version, and the
    /// versions that were.
    pub fn versions_not_run<'a>(
        &'a self,
        calls: &[(&Conversation, &Names)],
    ) -> Vec<(&'a str, &'a str, BTreeSet<String>)> {
        fn collect<'a>(node: &'a Node, into: &mut Vec<(&'a needle::Needle, &'a str)>) {
            match node {
                Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|n| collect(n, into)),
                Node::Not(node) => collect(node, into),
                Node::Term(Term::Flow(word, Some(version))) => into.push((word, version)),
                Node::Term(_) => {}
            }
        }
        let mut named = Vec::new();
        self.root.iter().for_each(|root| collect(root, &mut named));
        let with_runs = named.into_iter().map(|(word, version)| {
            let is_named = |run: &FlowRun, names: &Names| {
                word.is(run.id.as_str()) || run.name(names).is_some_and(|name| word.is_in(name))
            };
            let runs = calls.iter().flat_map(|(call, names)| call.flows.iter().filter(|run| is_named(run, names)));
            (word.as_str(), version, runs.filter_map(FlowRun::version).map(str::to_owned).collect::<BTreeSet<_>>())
        });
        with_runs.filter(|(_, version, seen)| !seen.is_empty() && !seen.contains(*version)).collect()
    }

    /// Judges a call. What cannot be decided does not hold.
    pub fn holds(&self, facts: CallFacts<'_>) -> bool {
        self.verdict(facts) == Some(true)
    }

    /// Judges a call; `None` when it cannot be decided, because the flow of the call is not known.
    pub fn verdict(&self, facts: CallFacts<'_>) -> Option<bool> {
        self.root.as_ref().map_or(Some(true), |root| verdict(root, facts))
    }
}

/// Of three values: what is undecided decides nothing, and is decided by the rest where that is enough.
fn verdict(node: &Node, facts: CallFacts<'_>) -> Option<bool> {
    match node {
        Node::All(nodes) => first_or_undecided(nodes, false, facts),
        Node::Any(nodes) => first_or_undecided(nodes, true, facts),
        Node::Not(node) => verdict(node, facts).map(|holds| !holds),
        Node::Term(Term::Flow(word, version)) => in_flow(word, version.as_deref(), facts),
        Node::Term(term) => Some(met(term, facts)),
    }
}

/// `decisive` as soon as one node says so; else undecided if one of them is.
fn first_or_undecided(nodes: &[Node], decisive: bool, facts: CallFacts<'_>) -> Option<bool> {
    let mut all = Some(!decisive);
    for node in nodes {
        match verdict(node, facts) {
            Some(verdict) if verdict == decisive => return Some(decisive),
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

fn in_flow(word: &needle::Needle, version: Option<&str>, facts: CallFacts<'_>) -> Option<bool> {
    let call = facts.conversation;
    let mut open = !call.knows_its_flows();
    for run in &call.flows {
        let named = match run.name(facts.names) {
            _ if word.is(run.id.as_str()) => true,
            Some(name) => word.is_in(name),
            None => {
                open = true;
                continue;
            }
        };
        match (version, run.version()) {
            _ if !named => {}
            (None, _) => return Some(true),
            (Some(_), None) => open = true,
            (Some(wanted), Some(version)) if wanted == version => return Some(true),
            _ => {}
        }
    }
    (!open).then_some(false)
}

fn met(term: &Term, facts: CallFacts<'_>) -> bool {
    let call = facts.conversation;
    let participants = &call.participants;
    let queues = |found: &dyn Fn(&str) -> bool| {
        participants.iter().filter_map(|p| p.queue_id.as_ref()).any(|id| facts.names.queue(id).is_some_and(found))
    };
    let values =
        |key: &str, found: &dyn Fn(&str) -> bool| participants.iter().filter_map(|p| p.attributes.text(key)).any(found);
    match term {
        Term::Word(word) => {
            word.is_in(call.id.as_str())
                || call.address.as_deref().is_some_and(|a| word.is_in_address(a))
                || participants.iter().any(|p| {
                    let texts = [p.address.as_deref(), p.dnis.as_deref()];
                    texts.into_iter().flatten().any(|a| word.is_in_address(a))
                        || p.name.as_deref().is_some_and(|n| word.is_in(n))
                        || p.attributes.iter().any(|a| word.is_in(a.key.as_str()) || word.is_in(a.value.as_str()))
                })
                || queues(&|name| word.is_in(name))
                || call.flows.iter().filter_map(|run| run.name(facts.names)).any(|name| word.is_in(name))
        }
        Term::Equals(key, value) => values(key, &|v| v == value.as_str()),
        Term::Differs(key, value) => values(key, &|v| v != value.as_str()),
        Term::Matches(key, pattern) => values(key, &|v| pattern.is_match(v)),
        Term::Present(key) => values(key, &|_| true),
        Term::Absent(key) => !values(key, &|_| true),
        Term::Queue(word) => {
            queues(&|name| word.is_in(name))
                || participants.iter().filter_map(|p| p.queue_id.as_ref()).any(|id| word.is(id.as_str()))
        }
        Term::Flow(word, version) => in_flow(word, version.as_deref(), facts) == Some(true),
        Term::State(word) => {
            word.is(call.call_state().as_str())
                || participants.iter().filter(|p| p.is_connected()).any(|p| in_state(p, word))
        }
        Term::Purpose(word) => participants.iter().any(|p| word.is(p.purpose.as_str())),
        Term::Media(word) => word.is(call.media.as_str()) || participants.iter().any(|p| word.is(p.media.as_str())),
        Term::From(word) => call.from().is_some_and(|a| word.is_in_address(a)),
        Term::To(word) => {
            let dialled = call.caller().and_then(|p| p.dnis.as_deref());
            [call.address.as_deref(), dialled].into_iter().flatten().any(|a| word.is_in_address(a))
        }
        Term::Id(word) => word.is_in(call.id.as_str()) || participants.iter().any(|p| word.is(p.id.as_str())),
        Term::Number(key, ago, number) => values(key, &|v| v.trim().parse().is_ok_and(|v: f64| ago.holds(v, *number))),
        // Only read where changes are filtered.
        Term::Change(_) => false,
        Term::Age(ago, limit) => {
            let age = age(call, facts.now);
            ago.holds(age, *limit)
        }
    }
}

fn in_state(participant: &Participant, word: &needle::Needle) -> bool {
    word.is(participant.state.as_str()) || (participant.held && word.is("held"))
}

/// How old a call is, or was when it ended. A start that lies ahead (clocks differ) is an age of zero.
pub fn age(call: &Conversation, now: At) -> Duration {
    let start = call.started.unwrap_or(call.first_seen.wall);
    let end = call.ended.unwrap_or(now.wall);
    Duration::try_from(end.duration_since(start)).unwrap_or_default()
}
