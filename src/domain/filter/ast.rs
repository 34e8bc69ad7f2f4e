//! The parsed form.

use super::needle::Needle;
use compact_str::CompactString;
use regex::Regex;
use std::time::Duration;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Two or more, joined by a space.
    All(Vec<Node>),
    /// Two or more, joined by `|`.
    Any(Vec<Node>),
    /// `!` before anything that is not a bare key.
    Not(Box<Node>),
    Term(Term),
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Word(Needle),
    Equals(CompactString, CompactString),
    Differs(CompactString, CompactString),
    Matches(CompactString, Pattern),
    Present(CompactString),
    Absent(CompactString),
    Queue(Needle),
    /// Name or id of a flow, and its version.
    Flow(Needle, Option<CompactString>),
    State(Needle),
    Purpose(Needle),
    Media(Needle),
    From(Needle),
    To(Needle),
    Id(Needle),
    Age(Ago, Duration),
    /// The value is a number, and compares so.
    Number(CompactString, Ago, f64),
    /// About a change, where changes are filtered.
    Change(ChangeTerm),
}

/// One condition on a change.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ChangeTerm {
    Key(CompactString),
    On(Needle),
    Source(Needle),
    Old(ValueTest),
    New(ValueTest),
}

/// What the value before or after a change is to be like. An absent one passes none of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ValueTest {
    Present,
    Equals(CompactString),
    Differs(CompactString),
    Matches(Pattern),
    Number(Ago, f64),
}

/// How an age or a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ago {
    More,
    AtLeast,
    Less,
    AtMost,
}

impl Ago {
    /// Whether `left` compares so with `right`.
    pub(super) fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::AtMost => "<=",
        }
    }
}

/// A compiled regular expression that compares by its source.
#[derive(Clone, Debug)]
pub(super) struct Pattern(pub(super) Regex);

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}
