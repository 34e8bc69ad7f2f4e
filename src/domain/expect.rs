//! What a call should carry: which key, on whom, by when, and what its value may be.

mod milestone;

#[cfg(test)]
mod tests;

use super::filter::Filter;
use super::{json, typed};
use compact_str::CompactString;
pub use milestone::{Milestone, Milestones, Passed};
use regex::Regex;
use std::fmt;

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The key, verbatim.
    pub key: CompactString,
    /// The purpose of the participant that shall carry it.
    pub on: CompactString,
    /// By when it shall be there.
    pub by: Milestone,
    /// Its absence is an error. One that is not required is judged by its value only.
    pub required: bool,
    /// What its value may be; all that is given holds.
    pub allowed: Allowed,
    /// For which calls; none means every call.
    pub when: Option<Filter>,
    /// Where it comes from, in the words of whoever wrote the expectation.
    pub note: Option<String>,
}

impl Expectation {
    /// A required key on the customer by the end of the flow, with any value: what a bare `key = "…"` means.
    pub fn new(key: &str) -> Self {
        Self {
            key: key.into(),
            on: "customer".into(),
            by: Milestone::FlowEnd,
            required: true,
            allowed: Allowed::default(),
            when: None,
            note: None,
        }
    }
}

/// What a value may be. The empty one allows any text.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// One of these, exactly.
    pub one_of: Option<Vec<String>>,
    /// Matched by this, anywhere in the value unless anchored.
    pub matches: Option<Regex>,
    /// Written as this.
    pub kind: Option<ValueType>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A decimal number.
    Number,
    /// `true` or `false`, in any case (Architect writes both).
    Boolean,
    /// A date, or a date with a time, as ISO 8601 has it.
    Date,
    /// A JSON object or array.
    Json,
}

impl ValueType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Number, Self::Boolean, Self::Date, Self::Json];

    /// The word of the expectation file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Json => "json",
        }
    }

    /// The text is written like this.
    pub fn fits(self, text: &str) -> bool {
        // `checkbox:true`, `date:2026-11-20`: the type that the agent's panel reads may stand before the value.
        let text = match (self, typed::split(text)) {
            (Self::Boolean, Some(("checkbox", rest))) | (Self::Date, Some(("date" | "datetime", rest))) => rest,
            _ => text,
        };
        match self {
            Self::Number => typed::number(text).is_some(),
            Self::Boolean => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
            Self::Date => is_date(text),
            Self::Json => matches!(json::shape(text), Some(json::Shape::Object | json::Shape::Array)),
        }
    }
}

fn is_date(text: &str) -> bool {
    // jiff accepts a date within a time too; a bare number like 20261120 is no date that a script would read as one.
    text.len() >= 10
        && text.as_bytes()[4] == b'-'
        && (text.parse::<jiff::civil::Date>().is_ok()
            || text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok())
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing in it.
    Blank,
    /// Not written as the type asked for.
    Type(ValueType),
    /// None of the allowed values. With the one that it would be in another case or without blanks around it, if any.
    NotAllowed(Option<String>),
    /// Does not match the pattern.
    NoMatch(String),
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        if let Some(kind) = self.kind {
            words.push(match kind {
                ValueType::Json => "JSON".to_owned(),
                kind => format!("a {}", kind.as_str()),
            });
        }
        if let Some(all) = &self.one_of {
            words.push(all.join(" | "));
        }
        if let Some(pattern) = &self.matches {
            words.push(format!("~{pattern}"));
        }
        f.write_str(&if words.is_empty() { "any text".to_owned() } else { words.join(", ") })
    }
}

impl Allowed {
    /// Judges a value.
    pub fn judge(&self, text: &str) -> Result<(), Wrong> {
        let listed = self.one_of.as_ref().is_some_and(|all| all.iter().any(|v| v == text));
        if text.trim().is_empty() && !listed {
            return Err(Wrong::Blank);
        }
        if let Some(kind) = self.kind
            && !kind.fits(text)
        {
            return Err(Wrong::Type(kind));
        }
        if let Some(all) = &self.one_of
            && !listed
        {
            let near = all.iter().find(|v| v.trim().to_lowercase() == text.trim().to_lowercase());
            return Err(Wrong::NotAllowed(near.cloned()));
        }
        match &self.matches {
            Some(pattern) if !pattern.is_match(text) => Err(Wrong::NoMatch(pattern.as_str().to_owned())),
            _ => Ok(()),
        }
    }
}
