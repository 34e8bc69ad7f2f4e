//! Filters of changes, for the Timeline: `key:customer_tier`, `new~^g`, `old=silver`, `on:agent`, `source:you`, and the grammar of
//! calls. A word is looked for in the change itself.

use super::{
    CallFacts, Filter, Mistake,
    ast::{ChangeTerm, Node, Term, ValueTest},
    met,
    parse::parse_changes,
};
use std::str::FromStr;

/// What a filter of changes is judged on.
#[derive(Clone, Copy, Debug)]
pub struct ChangeFacts<'a> {
    /// The key that changed.
    pub key: &'a str,
    /// Before; `None` when absent.
    pub old: Option<&'a str>,
    /// After; `None` when it vanished.
    pub new: Option<&'a str>,
    /// The purpose of the participant.
    pub on: &'a str,
    /// Who is calling.
    pub from: &'a str,
    /// By what it was observed: `stream`, `read`, `event`, `you`.
    pub source: &'a str,
    /// The call, while it is listed.
    pub call: Option<CallFacts<'a>>,
}

/// A parsed filter of changes. The empty one matches every change.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ChangeFilter(Filter);

impl FromStr for ChangeFilter {
    type Err = Mistake;

    fn from_str(expression: &str) -> Result<Self, Mistake> {
        parse_changes(expression).map(Self)
    }
}

impl ChangeFilter {
    /// True without any condition.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Judges a change.
    pub fn matches(&self, facts: &ChangeFacts<'_>) -> bool {
        self.0.root.as_ref().is_none_or(|root| matches(root, facts))
    }
}

fn matches(node: &Node, facts: &ChangeFacts<'_>) -> bool {
    match node {
        Node::All(nodes) => nodes.iter().all(|n| matches(n, facts)),
        Node::Any(nodes) => nodes.iter().any(|n| matches(n, facts)),
        Node::Not(node) => !matches(node, facts),
        Node::Term(term) => matches_term(term, facts),
    }
}

fn matches_term(term: &Term, facts: &ChangeFacts<'_>) -> bool {
    match term {
        Term::Change(ChangeTerm::Key(key)) => facts.key == key,
        Term::Change(ChangeTerm::On(word)) => word.is(facts.on),
        Term::Change(ChangeTerm::Source(word)) => word.is(facts.source),
        Term::Change(ChangeTerm::Old(test)) => passes(test, facts.old),
        Term::Change(ChangeTerm::New(test)) => passes(test, facts.new),
        Term::Word(word) => {
            word.is_in(facts.key)
                || [facts.old, facts.new].into_iter().flatten().any(|value| word.is_in(value))
                || word.is_in_address(facts.from)
                || facts.call.is_some_and(|call| word.is_in(call.conversation.id.as_str()))
        }
        // Written in groups or not.
        Term::From(word) => {
            word.is_in_address(facts.from)
                || word.is_in(&facts.from.replace(' ', ""))
                || facts.call.is_some_and(|call| met(term, call))
        }
        // A call that is no longer listed cannot be judged.
        term => facts.call.is_some_and(|call| met(term, call)),
    }
}

fn passes(test: &ValueTest, value: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    match test {
        ValueTest::Present => true,
        ValueTest::Equals(wanted) => value == wanted,
        ValueTest::Differs(wanted) => value != wanted,
        ValueTest::Matches(pattern) => pattern.is_match(value),
        ValueTest::Number(ago, number) => value.trim().parse().is_ok_and(|v: f64| ago.holds(v, *number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(filter: &str, key: &str, old: Option<&str>, new: Option<&str>) -> bool {
        let filter: ChangeFilter = filter.parse().unwrap_or_else(|e: Mistake| panic!("{filter}: {e}"));
        let facts =
            ChangeFacts { key, old, new, on: "customer", from: "+1 555 010 2231", source: "stream", call: None };
        filter.matches(&facts)
    }

    #[test]
    fn changes_are_found_by_key_value_participant_source_and_caller() {
        for (filter, found) in [
            ("", true),
            ("key:tier", true),
            ("key:Tier", false),
            ("key:tie", false),
            ("new~^g", true),
            ("new=silver", false),
            ("old=silver", true),
            ("old!=silver", false),
            ("!new?", false),
            ("from:0102231", true),
            ("from:9999", false),
            ("on:customer source:stream", true),
            ("on:agent", false),
            ("gol", true),
            ("platinum", false),
            ("key:tier (new=x | old=silver)", true),
            ("new>5", false),
        ] {
            assert_eq!(judge(filter, "tier", Some("silver"), Some("gold")), found, "{filter}");
        }
        assert!(judge("!new?", "tier", Some("gold"), None), "a key that vanished");
        assert!(judge("key:\"a b\" new>5", "a b", None, Some("7")));
        // A call that is gone matches nothing that is asked about calls.
        assert!(!judge("state:ivr", "tier", None, None) && !judge("tier=gold", "tier", None, None));
    }

    #[test]
    fn what_is_written_is_read_back_and_mistakes_are_named() {
        for text in ["key:tier new~^g", "old=\"a b\" | !new?", "on:agent source:you new>5"] {
            let filter: ChangeFilter = text.parse().unwrap();
            assert_eq!(filter.0.to_string().parse::<ChangeFilter>().as_ref(), Ok(&filter), "{text}");
        }
        let mistake = |text: &str| text.parse::<ChangeFilter>().unwrap_err().message;
        assert!(mistake("source:me").contains("stream, read, event or you"), "{}", mistake("source:me"));
        // On calls they are words like others.
        assert!("new=1".parse::<Filter>().is_ok_and(|f| f.to_string() == "new=1"));
        assert!("key:x".parse::<Filter>().is_err());
    }
}
