//! Back to text, so that a saved filter reads as it was meant. What is written parses to the same expression.

use super::Filter;
use super::ast::{ChangeTerm, Node, Term, ValueTest};
use crate::domain::duration;
use std::fmt::{self, Display, Formatter};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| write_node(f, root, Tightness::Any))
    }
}

/// What may stand here without parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Tightness {
    Any,
    All,
    One,
}

fn write_node(f: &mut Formatter<'_>, node: &Node, room: Tightness) -> fmt::Result {
    let (nodes, joint, own) = match node {
        Node::All(nodes) => (nodes, " ", Tightness::All),
        Node::Any(nodes) => (nodes, " | ", Tightness::Any),
        Node::Not(node) => {
            f.write_str("!")?;
            return match **node {
                // `!word` would say that the key is absent.
                Node::Term(Term::Word(_)) => parenthesised(f, node),
                _ => write_node(f, node, Tightness::One),
            };
        }
        Node::Term(term) => return write_term(f, term),
    };
    if own < room {
        return parenthesised(f, node);
    }
    let inner = if own == Tightness::Any { Tightness::All } else { Tightness::One };
    for (i, node) in nodes.iter().enumerate() {
        if i > 0 {
            f.write_str(joint)?;
        }
        write_node(f, node, inner)?;
    }
    Ok(())
}

fn parenthesised(f: &mut Formatter<'_>, node: &Node) -> fmt::Result {
    f.write_str("(")?;
    write_node(f, node, Tightness::Any)?;
    f.write_str(")")
}

fn write_term(f: &mut Formatter<'_>, term: &Term) -> fmt::Result {
    let field = |f: &mut Formatter<'_>, name: &str, text: &str| write!(f, "{name}:{}", Quoted(text));
    match term {
        Term::Word(word) => write!(f, "{}", Quoted(word.as_str())),
        Term::Equals(key, value) => write!(f, "{}={}", Quoted(key), Quoted(value)),
        Term::Differs(key, value) => write!(f, "{}!={}", Quoted(key), Quoted(value)),
        Term::Matches(key, pattern) => write!(f, "{}~{}", Quoted(key), Quoted(pattern.0.as_str())),
        Term::Present(key) => write!(f, "{}?", Quoted(key)),
        Term::Absent(key) => write!(f, "!{}", Quoted(key)),
        Term::Queue(word) => field(f, "queue", word.as_str()),
        Term::Flow(word, None) => field(f, "flow", word.as_str()),
        Term::Flow(word, Some(version)) => field(f, "flow", &format!("{}@{version}", word.as_str())),
        Term::State(word) => field(f, "state", word.as_str()),
        Term::Purpose(word) => field(f, "purpose", word.as_str()),
        Term::Media(word) => field(f, "media", word.as_str()),
        Term::From(word) => field(f, "from", word.as_str()),
        Term::To(word) => field(f, "to", word.as_str()),
        Term::Id(word) => field(f, "id", word.as_str()),
        Term::Number(key, ago, number) => write!(f, "{}{}{number}", Quoted(key), ago.as_str()),
        Term::Change(ChangeTerm::Key(key)) => field(f, "key", key),
        Term::Change(ChangeTerm::On(word)) => field(f, "on", word.as_str()),
        Term::Change(ChangeTerm::Source(word)) => field(f, "source", word.as_str()),
        Term::Change(ChangeTerm::Old(test)) => write_test(f, "old", test),
        Term::Change(ChangeTerm::New(test)) => write_test(f, "new", test),
        Term::Age(ago, limit) => write!(f, "age{}{}", ago.as_str(), duration::DisplayDuration(*limit)),
    }
}

fn write_test(f: &mut Formatter<'_>, side: &str, test: &ValueTest) -> fmt::Result {
    match test {
        ValueTest::Present => write!(f, "{side}?"),
        ValueTest::Equals(value) => write!(f, "{side}={}", Quoted(value)),
        ValueTest::Differs(value) => write!(f, "{side}!={}", Quoted(value)),
        ValueTest::Matches(pattern) => write!(f, "{side}~{}", Quoted(pattern.0.as_str())),
        ValueTest::Number(ago, number) => write!(f, "{side}{}{number}", ago.as_str()),
    }
}

/// A text as the grammar takes it: in quotes where it needs them.
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A colon could make a field of it.
        let special = |c: char| c.is_whitespace() || "|()\"=~<>!?\\:".contains(c);
        // In quotes they are no words of other languages' grammar.
        let joins = matches!(self.0, "AND" | "OR" | "NOT");
        if !self.0.is_empty() && !self.0.contains(special) && !joins {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}
