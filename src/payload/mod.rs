//! Participant-data payloads: what people send, paste and read about, taken apart and explained.
//!
//! One core for `lint`, for `set --from` and for what is pasted into the UI. Pure: text in, answers out. It knows
//! `tree` (where things stand, members that occur twice), [`crate::flow`] for flow snippets, and the domain's
//! idea of hidden characters; nothing above. The domain cannot hold it, because the domain reads no JSON.

pub mod claims;
mod code;
mod command;
mod embedded;
mod joined;
mod judge;
mod members;
mod sent;
mod shapes;
mod shell;
mod texts;
mod uses;

pub use judge::{LintRule, PayloadFinding, PayloadTarget, RULES, Severity, judge};

use shapes::blank;
use std::fmt;

/// What a payload looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadForm {
    /// `{"key":"value"}`.
    Flat,
    /// `{"attributes":{…}}`, the body of the API's PATCH.
    Attributes,
    /// `{"data":{…}}`.
    Data,
    /// `{"participantId":…,"data":{…}}`.
    ParticipantData,
    /// `[{"key":…,"value":…}]`.
    PairList,
    /// A Set Participant Data action, or a flow, in this form.
    Flow(crate::flow::model::FlowFileForm),
    /// `KEY=VALUE` lines.
    Lines,
    /// A CSV header and one row.
    Csv,
    /// A data action as it is exported: a request that the platform sends, with its contract.
    DataAction,
    /// A conversation as the API reads it, or a notification about one.
    Conversation,
    /// No pairs at all: only text that says something about payloads.
    Prose,
}

impl fmt::Display for PayloadForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => f.write_str("a flat object"),
            Self::Attributes => f.write_str("an object in \"attributes\""),
            Self::Data => f.write_str("an object in the wrapper \"data\""),
            Self::ParticipantData => f.write_str("\"participantId\" beside an object in the wrapper \"data\""),
            Self::PairList => f.write_str("a list of key and value"),
            Self::Flow(form) => write!(f, "a flow snippet ({form})"),
            Self::Lines => f.write_str("KEY=VALUE lines"),
            Self::Csv => f.write_str("a CSV header and a row"),
            Self::DataAction => f.write_str("an exported data action"),
            Self::Conversation => f.write_str("a conversation as the API reads it"),
            Self::Prose => f.write_str("text without a payload"),
        }
    }
}

/// What carried a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Was {
    /// A string, or plain text.
    Text,
    /// A number; the value is its text as written.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
    /// An object or a list; the value is the JSON as written.
    Nested,
    /// An expression of a flow, code of a program, or a data action's placeholder: what it holds is not known here.
    Expression,
    /// Whatever it is, its key is code of a program (here in brackets) or an expression of a flow: what it is called is not
    /// known here.
    ComputedKey,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key, verbatim.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// What carried it.
    pub was: Was,
    /// Where it stands: a JSON pointer; `/` and a line number for lines.
    pub path: String,
}

impl Pair {
    /// Its value, or its key, is not known here.
    pub fn computed(&self) -> bool {
        matches!(self.was, Was::Expression | Was::ComputedKey)
    }
}

/// A pair, or a member beside the pairs, that has no place in a flat map of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stands, as [`Pair::path`].
    pub path: String,
    /// Its key.
    pub key: String,
    /// Why, as a clause.
    pub why: &'static str,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.path, self.key, self.why)
    }
}

/// A payload taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What it looks like.
    pub form: PayloadForm,
    /// Its pairs in the order of the text; a key may occur twice.
    pub pairs: Vec<Pair>,
    /// What was taken off around the pairs, outermost first, in words.
    pub unwrapped: Vec<String>,
    /// `participantId` in the payload.
    pub participant: Option<String>,
    /// Members beside the map that the pairs are in: path and name.
    pub beside: Vec<(String, String)>,
    /// The payload was a JSON string with JSON in it.
    pub encoded: bool,
    /// Text around the payload: a request line, a command, a post.
    pub around: String,
    /// What is wrong with the way in which it is sent.
    pub troubles: Vec<Trouble>,
}

/// What is wrong with the way in which a payload is sent, or with the text that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One of [`RULES`].
    pub rule: &'static str,
    /// How grave.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Trouble {
    fn error(rule: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { rule, severity: Severity::Error, message: message.into(), remedy: remedy.into() }
    }

    /// Several payloads that differ.
    fn several(count: usize, what: &str) -> Self {
        let message = format!("{count} {what} send different payloads here, and the first is the one that is judged");
        Self::error("several-payloads", message, "give them one at a time")
    }

    /// A method that the route does not have; `said` says what sends which.
    fn method(severity: Severity, said: &str) -> Self {
        let message = format!("{said}; attributes are taken by PATCH alone");
        let remedy = "PATCH /api/v2/conversations/{conversationId}/participants/{participantId}/attributes".into();
        Self { rule: "wrong-method", severity, message, remedy }
    }

    /// JSON that is made to a text once more than it should be.
    fn encoded(message: impl Into<String>) -> Self {
        Self::error("double-encoded", message, "send the JSON itself; do not stringify it twice")
    }
}

/// What of a payload can be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settable {
    /// Keys and values, each key once.
    pub pairs: Vec<(String, String)>,
    /// What was taken off and turned into text, for people.
    pub notes: Vec<String>,
}

/// Why a text is no payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPayload {
    /// What is wrong and where.
    pub message: String,
    /// What likely caused it, and what would be right.
    pub hint: Option<String>,
}

impl fmt::Display for NoPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for NoPayload {}

/// Takes a payload apart: JSON in any of its shapes, a flow snippet, `KEY=VALUE` lines, a CSV header with one row, or one
/// JSON object with text around it, such as a request.
///
/// # Errors
/// When nothing of the kind is found.
pub fn explain(text: &str) -> Result<Explained, NoPayload> {
    let body = text.trim_start_matches('\u{feff}').trim();
    if body.is_empty() {
        return Err(NoPayload { message: "there is nothing".into(), hint: None });
    }
    if body.starts_with(['{', '[', '"']) {
        // A program may begin with a text of its own: a docstring, "use strict".
        let program = ["\"\"\"", "\"use strict\""].iter().any(|begin| body.starts_with(begin));
        if let Some(found) = program.then(|| embedded::payload(body)).flatten() {
            return found;
        }
        shapes::json(body).or_else(|error| embedded::rescue(body, error))
    } else {
        texts::explain(body)
    }
}

impl Explained {
    /// It sends something of which nothing is known here.
    pub fn sends_unknown(&self) -> bool {
        self.pairs.is_empty() && self.troubles.iter().any(|trouble| trouble.rule == "code-value")
    }

    /// Pairs that can be written: texts, with numbers and booleans turned into texts; and what was done, for people.
    ///
    /// # Errors
    /// All reasons why not: null and nested values, a key twice with different values, a flow's expressions.
    pub fn settable(&self) -> Result<Settable, Vec<String>> {
        let mut notes: Vec<String> = self.unwrapped.iter().map(|what| format!("took off {what}")).collect();
        if let Some(id) = &self.participant {
            notes.push(format!(
                "participantId {id} in the payload says nothing about where this goes; --participant does"
            ));
        }
        let mut problems = Vec::new();
        if matches!(
            self.form,
            PayloadForm::Flow(_) | PayloadForm::DataAction | PayloadForm::Conversation | PayloadForm::Prose
        ) {
            problems.push(format!("this is {}, not a payload", self.form));
        }
        for (path, name) in &self.beside {
            problems.push(format!("{path}: {name} stands beside the attributes and would be lost"));
        }
        let grave = self.troubles.iter().filter(|trouble| trouble.severity == Severity::Error);
        problems.extend(grave.map(|trouble| trouble.message.clone()));
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in &self.pairs {
            match pair.was {
                Was::Text => {}
                Was::Number | Was::Bool => {
                    notes.push(format!("{}: {} is sent as the text \"{}\"", pair.path, pair.value, pair.value))
                }
                Was::Null => problems.push(format!(
                    "{}: {} is null, and there is no documented way to remove a key",
                    pair.path, pair.key
                )),
                Was::Nested => {
                    problems.push(format!("{}: {} holds an object or a list; a value is one text", pair.path, pair.key))
                }
                Was::Expression => problems.push(format!(
                    "{}: {} is computed ({}), and what it holds is not known here",
                    pair.path, pair.key, pair.value
                )),
                Was::ComputedKey => problems.push(format!(
                    "{}: the key {} is computed, and what it is called is not known here",
                    pair.path, pair.key
                )),
            }
            if pair.key.is_empty() {
                problems.push(format!("{}: the key is empty", pair.path));
            }
            match pairs.iter().find(|(key, _)| *key == pair.key) {
                Some((_, value)) if *value == pair.value => {}
                Some(_) => problems.push(format!("{}: {} occurs twice with different values", pair.path, pair.key)),
                None => pairs.push((pair.key.clone(), pair.value.clone())),
            }
        }
        if problems.is_empty() { Ok(Settable { pairs, notes }) } else { Err(problems) }
    }

    /// The flat map of texts that comes nearest: numbers and booleans as texts. The second part is what was left out, and why.
    /// Of a key that occurs twice the last value counts, as most parsers have it; but in a flow each may be set on a way of
    /// its own, so that one which is set to several values has none.
    pub fn flat(&self) -> (serde_json::Map<String, serde_json::Value>, Vec<LeftOut>) {
        let mut map = serde_json::Map::new();
        let mut left_out = Vec::new();
        let flow = matches!(self.form, PayloadForm::Flow(_));
        for pair in &self.pairs {
            let twin = |other: &&Pair| other.key == pair.key && (&other.value, other.was) != (&pair.value, pair.was);
            let why = match pair.was {
                Was::ComputedKey => "its key is computed",
                Was::Null => "it has no value",
                Was::Nested => "it holds an object or a list, and a value is one text",
                Was::Expression => "its value is computed",
                Was::Text | Was::Number | Was::Bool if pair.key.is_empty() => "its key has no name",
                _ if flow && self.pairs.iter().any(|other| twin(&other)) => {
                    "the flow sets it to several values, each on a way of its own"
                }
                Was::Text | Was::Number | Was::Bool => {
                    map.insert(pair.key.clone(), pair.value.clone().into());
                    continue;
                }
            };
            left_out.push(LeftOut { path: pair.path.clone(), key: pair.key.clone(), why });
        }
        let beside = |(path, name): &(String, String)| LeftOut {
            path: path.clone(),
            key: name.clone(),
            why: "it stands beside the attributes",
        };
        left_out.extend(self.beside.iter().map(beside));
        (map, left_out)
    }
}

/// A member's JSON pointer below another (RFC 6901).
fn pointer(base: &str, name: &str) -> String {
    format!("{base}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod sending_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unknown_tests;
