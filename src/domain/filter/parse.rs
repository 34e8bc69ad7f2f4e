//! From text, with the place and the reason of every mistake.

use super::Filter;
use super::ast::{Ago, ChangeTerm, Node, Pattern, Term, ValueTest};
use super::needle::Needle;
use crate::domain::{CallState, PURPOSES, duration, plain_version, text};
use compact_str::CompactString;
use regex::RegexBuilder;
use std::ops::Range;
use std::str::FromStr;

/// What may stand before a colon.
const FIELDS: [&str; 8] = ["queue", "flow", "state", "purpose", "media", "from", "to", "id"];

/// What may stand before a colon as well, where changes are filtered.
const CHANGE_FIELDS: [&str; 3] = ["key", "on", "source"];

/// By what a change may be observed.
const SOURCES: [&str; 4] = ["stream", "read", "event", "you"];

/// What a participant's state may be (api-facts 2.5), beside the words for where a call is.
const STATES: [&str; 14] = [
    "alerting",
    "connected",
    "contacting",
    "converting",
    "dialing",
    "disconnected",
    "held",
    "none",
    "offering",
    "parked",
    "scheduled",
    "terminated",
    "transmitting",
    "uploading",
];

/// Kinds of media.
const MEDIA: [&str; 11] = [
    "call",
    "callback",
    "chat",
    "cobrowse",
    "email",
    "internalmessage",
    "message",
    "screenshare",
    "social",
    "unknown",
    "video",
];

/// Before a colon they begin an address or an id, and no key that was meant.
const SCHEMES: [&str; 8] = ["tel", "sip", "sips", "http", "https", "mailto", "urn", "uuid"];

/// Groups within groups; more is a mistake and not a question.
const DEPTH: usize = 64;

/// Bytes of an expression; it is read anew with every key that is typed.
const MAX_LENGTH: usize = 4096;

/// Patterns in an expression: each is compiled.
const MAX_PATTERNS: usize = 8;

/// Bytes that a pattern may take when it is compiled; `\w{36}` takes a little over one million.
const MAX_COMPILED: usize = 4 << 20;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes of the expression that the message is about; empty where something is missing.
    pub span: Range<usize>,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Mistake {
    /// The caret line to stand under the expression as [`text::visible`] draws it.
    pub fn pointer(&self, expression: &str) -> String {
        let before = expression.get(..self.span.start).map_or(0, text::width);
        let under = expression.get(self.span.clone()).map_or(0, text::width);
        format!("{}{}", " ".repeat(before), "^".repeat(under.max(1)))
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl FromStr for Filter {
    type Err = Mistake;

    fn from_str(expression: &str) -> Result<Self, Mistake> {
        parse(Parser { text: expression, at: 0, depth: 0, patterns: 0, changes: false })
    }
}

/// An expression about changes.
pub(super) fn parse_changes(expression: &str) -> Result<Filter, Mistake> {
    parse(Parser { text: expression, at: 0, depth: 0, patterns: 0, changes: true })
}

fn parse(mut parser: Parser<'_>) -> Result<Filter, Mistake> {
    let expression = parser.text;
    if expression.len() > MAX_LENGTH {
        let message = format!("an expression may have {MAX_LENGTH} bytes; this one has {}", expression.len());
        return Err(Mistake { span: 0..0, message });
    }
    parser.skip_blanks();
    if parser.rest().is_empty() {
        return Ok(Filter::default());
    }
    let root = parser.any()?;
    if parser.rest().starts_with(')') {
        return Err(parser.here(1, "this ) closes nothing; put text that holds parentheses in quotes"));
    }
    Ok(Filter { root: Some(root) })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    patterns: usize,
    /// Changes are filtered, not calls.
    changes: bool,
}

/// A stretch of text, without its quotes.
struct Piece {
    text: String,
    span: Range<usize>,
    quoted: bool,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn here(&self, length: usize, message: impl Into<String>) -> Mistake {
        Mistake { span: self.at..self.at + length, message: message.into() }
    }

    fn any(&mut self) -> Result<Node, Mistake> {
        let mut nodes = vec![self.all()?];
        while self.rest().starts_with('|') {
            self.at += 1;
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, Mistake> {
        let mut nodes = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some('|' | ')') if nodes.is_empty() => return Err(self.here(0, "a condition is missing here")),
                None | Some('|' | ')') => return Ok(one_or(nodes, Node::All)),
                Some(_) => nodes.push(self.one()?),
            }
        }
    }

    fn one(&mut self) -> Result<Node, Mistake> {
        match self.peek() {
            Some('(') => self.group(),
            Some('!') => {
                self.at += 1;
                if self.peek().is_none_or(|c| c.is_whitespace() || matches!(c, '|' | ')' | '=')) {
                    return Err(self.here(0, "a key is missing after !"));
                }
                self.deeper(|parser| {
                    let grouped = parser.rest().starts_with('(');
                    Ok(match parser.one()? {
                        Node::Term(Term::Word(key)) if !grouped => Node::Term(Term::Absent(key.as_str().into())),
                        Node::Term(Term::Absent(key)) => Node::Term(Term::Present(key)),
                        Node::Term(Term::Present(key)) => Node::Term(Term::Absent(key)),
                        Node::Not(node) => *node,
                        node => Node::Not(Box::new(node)),
                    })
                })
            }
            _ => self.term().map(Node::Term),
        }
    }

    fn group(&mut self) -> Result<Node, Mistake> {
        let open = self.at;
        self.at += 1;
        let node = self.deeper(Self::any)?;
        if !self.rest().starts_with(')') {
            return Err(Mistake { span: open..open + 1, message: "this ( is not closed".into() });
        }
        self.at += 1;
        Ok(node)
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<Node, Mistake>) -> Result<Node, Mistake> {
        if self.depth == DEPTH {
            return Err(self.here(0, "too many groups within groups"));
        }
        self.depth += 1;
        let node = parse(self);
        self.depth -= 1;
        node
    }

    fn term(&mut self) -> Result<Term, Mistake> {
        let left = self.left()?;
        let key = CompactString::from(left.text.as_str());
        let operator = match self.rest().as_bytes() {
            [b'!', b'=', ..] => "!=",
            [b'>', b'=', ..] => ">=",
            [b'<', b'=', ..] => "<=",
            [b'=', ..] => "=",
            [b'~', ..] => "~",
            [b'>', ..] => ">",
            [b'<', ..] => "<",
            [b'?', ..] => "?",
            [b':', ..] => ":",
            _ => return self.word(left),
        };
        if left.span.is_empty() {
            let spaced = self.text[..self.at].ends_with(char::is_whitespace) && !self.text[..self.at].trim().is_empty();
            let before = self.text[..self.at].trim_end();
            let word =
                before.rsplit(|c: char| c.is_whitespace() || matches!(c, '|' | '(' | '!')).next().unwrap_or_default();
            let message = match spaced {
                true if operator == "=" && FIELDS.contains(&word) => {
                    let rest = self.text[self.at + 1..].trim_start();
                    let value =
                        rest.split(|c: char| c.is_whitespace() || matches!(c, '|' | ')')).next().unwrap_or_default();
                    let value = if value.is_empty() { "WORD" } else { value };
                    format!("{word} is a field, not a key: write {word}:{value}")
                }
                true => format!("no space before {operator}: write {word}{operator}value"),
                false => format!("a key is missing before {operator}"),
            };
            return Err(self.here(operator.len(), message));
        }
        // A value that begins like that is put in quotes.
        if matches!(operator, "=" | "!=") && self.rest()[operator.len()..].starts_with('=') {
            let value = self.rest()[operator.len() + 1..].trim_start();
            let value = value.split(|c: char| c.is_whitespace() || matches!(c, '|' | ')')).next().unwrap_or_default();
            let message = format!("{operator}= is no operator: write {key}{operator}{value}");
            return Err(self.here(operator.len() + 1, message));
        }
        if !left.quoted && matches!(operator, ">" | "<" | ">=" | "<=") && FIELDS.contains(&key.as_str()) {
            let value = self.rest()[operator.len()..].trim_start();
            let value = value.split(|c: char| c.is_whitespace() || matches!(c, '|' | ')')).next().unwrap_or_default();
            let value = if value.is_empty() { "WORD" } else { value };
            let message =
                format!("{key} is a field: {key}:{value}; a key of that name is written \"{key}\"{operator}{value}");
            return Err(self.here(operator.len(), message));
        }
        self.at += operator.len();
        if self.changes && !left.quoted && operator != ":" && matches!(left.text.as_str(), "new" | "old") {
            let test = self.value_test(operator)?;
            let term = if left.text == "new" { ChangeTerm::New(test) } else { ChangeTerm::Old(test) };
            return Ok(Term::Change(term));
        }
        match operator {
            "?" => Ok(Term::Present(key)),
            "=" => Ok(Term::Equals(key, self.after(operator)?.into())),
            "!=" => Ok(Term::Differs(key, self.after(operator)?.into())),
            "~" => Ok(Term::Matches(key, self.pattern()?)),
            ":" => self.field(&key),
            _ if left.quoted || left.text != "age" => self.number(key, operator),
            _ => self.age(operator),
        }
    }

    fn value_test(&mut self, operator: &str) -> Result<ValueTest, Mistake> {
        Ok(match operator {
            "?" => ValueTest::Present,
            "=" => ValueTest::Equals(self.after(operator)?.into()),
            "!=" => ValueTest::Differs(self.after(operator)?.into()),
            "~" => ValueTest::Matches(self.pattern()?),
            _ => match self.number(CompactString::default(), operator)? {
                Term::Number(_, ago, number) => ValueTest::Number(ago, number),
                _ => ValueTest::Present,
            },
        })
    }

    /// What stands after `=`. With a space there, and more behind it, the value was meant.
    fn after(&mut self, operator: &str) -> Result<String, Mistake> {
        let value = self.value(false)?;
        let rest = self.rest();
        let spaced = rest.starts_with(char::is_whitespace) && !rest.trim_start().is_empty();
        let more = !rest.trim_start().starts_with(['|', ')', '!', '(']);
        if value.span.is_empty() && spaced && more {
            return Err(self.here(1, format!("no space after {operator}; the empty value is written \"\"")));
        }
        Ok(value.text)
    }

    fn number(&mut self, key: CompactString, operator: &str) -> Result<Term, Mistake> {
        let value = self.value(false)?;
        match value.text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Term::Number(key, ago(operator), number)),
            _ if value.text.is_empty() => Err(self.here(0, format!("a number is missing after {operator}"))),
            _ => Err(Mistake {
                span: value.span,
                message: format!("{operator} compares numbers; for text write key=value or key~pattern"),
            }),
        }
    }

    fn word(&self, left: Piece) -> Result<Term, Mistake> {
        let span = left.span.clone();
        let meant = match left.text.as_str() {
            _ if left.quoted => None,
            "AND" => Some("a space means and"),
            "OR" => Some("write | for or"),
            "NOT" => Some("write ! for not: !key, !(state:queue)"),
            _ => None,
        };
        if let Some(meant) = meant {
            return Err(Mistake { span, message: format!("{}: {meant}", left.text) });
        }
        if let (false, Some((prefix, _))) = (left.quoted, left.text.split_once(':')) {
            let near = FIELDS.iter().find(|f| prefix.len() > 2 && strsim::osa_distance(f, prefix) == 1);
            if let Some(near) = near {
                return Err(Mistake {
                    span: left.span.start..left.span.start + prefix.len(),
                    message: format!("no field {prefix}; did you mean {near}:"),
                });
            }
        }
        if let (false, Some((key, value))) = (left.quoted, left.text.split_once(':')) {
            let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
                && !SCHEMES.contains(&key.to_ascii_lowercase().as_str());
            if is_key && !value.starts_with([':', '/', '\\']) {
                let message = format!("{key} is not a field; an attribute is written {key}={value}");
                return Err(Mistake { span, message });
            }
        }
        Ok(Term::Word(Needle::new(&left.text)))
    }

    fn field(&mut self, name: &str) -> Result<Term, Mistake> {
        let value = self.value(false)?;
        if value.text.is_empty() {
            return Err(self.here(0, format!("a word is missing after {name}:")));
        }
        let lower = value.text.to_lowercase();
        let closed: Option<Vec<&str>> = match name {
            "state" => Some(CallState::ALL.iter().map(|s| s.as_str()).chain(STATES).collect()),
            "media" => Some(MEDIA.to_vec()),
            _ => None,
        };
        if let Some(known) = closed.filter(|known| !known.contains(&lower.as_str())) {
            let near = known.iter().map(|word| (strsim::osa_distance(word, &lower), *word)).min();
            let meant = match near.filter(|(distance, _)| *distance <= 2) {
                Some((_, near)) => format!("did you mean {near}?"),
                None if name == "state" => "try ivr, queue, alerting, agent, hold, acw, ended".to_owned(),
                None => "try call, callback, chat, email, message".to_owned(),
            };
            return Err(Mistake { span: value.span, message: format!("not a {name}; {meant}") });
        }
        if matches!(name, "purpose" | "on")
            && !value.quoted
            && !PURPOSES.iter().any(|known| known.contains(lower.as_str()))
        {
            let near = PURPOSES.iter().map(|known| (strsim::osa_distance(known, &lower), *known)).min();
            if let Some((1..=2, near)) = near.filter(|_| lower.chars().count() > 3) {
                let message = format!("not a purpose of the platform; did you mean {near}? Else put it in quotes");
                return Err(Mistake { span: value.span, message });
            }
        }
        if name == "source" && !SOURCES.contains(&lower.as_str()) {
            let message = "not a source; changes are observed by stream, read, event or you".to_owned();
            return Err(Mistake { span: value.span, message });
        }
        let word = Needle::new(&value.text);
        Ok(match name {
            "key" => Term::Change(ChangeTerm::Key(value.text.into())),
            "on" => Term::Change(ChangeTerm::On(word)),
            "source" => Term::Change(ChangeTerm::Source(word)),
            "queue" => Term::Queue(word),
            "flow" => match value.text.rsplit_once('@') {
                Some((flow, version)) if !flow.is_empty() && is_version(version) => {
                    Term::Flow(Needle::new(flow), Some(plain_version(version).into()))
                }
                _ => Term::Flow(word, None),
            },
            "state" => Term::State(word),
            "purpose" => Term::Purpose(word),
            "media" => Term::Media(word),
            "from" => Term::From(word),
            "to" => Term::To(word),
            _ => Term::Id(word),
        })
    }

    fn age(&mut self, operator: &str) -> Result<Term, Mistake> {
        let ago = ago(operator);
        let value = self.value(false)?;
        match duration::parse(&value.text) {
            Some(limit) => Ok(Term::Age(ago, limit)),
            None => Err(Mistake { span: value.span, message: duration::FORMS.into() }),
        }
    }

    fn pattern(&mut self) -> Result<Pattern, Mistake> {
        let piece = self.value(true)?;
        if piece.text.is_empty() {
            return Err(Mistake { span: piece.span, message: "a pattern is missing after ~".into() });
        }
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            let message = format!("an expression may have {MAX_PATTERNS} patterns");
            return Err(Mistake { span: piece.span, message });
        }
        // The limit bounds what a pattern may cost in memory and time; matching is linear in any case.
        match RegexBuilder::new(&piece.text).size_limit(MAX_COMPILED).build() {
            Ok(regex) => Ok(Pattern(regex)),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                Err(Mistake { span: piece.span, message: format!("not a regular expression: {reason}") })
            }
        }
    }

    /// What stands before an operator, or a whole word.
    fn left(&mut self) -> Result<Piece, Mistake> {
        self.piece(|parser, so_far, quoted| match parser.rest().as_bytes() {
            [b'=' | b'~' | b'<' | b'>', ..] | [b'!', b'=', ..] => true,
            [b'?', after @ ..] => after.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'|' | b')')),
            [b':', ..] => !quoted && (FIELDS.contains(&so_far) || parser.changes && CHANGE_FIELDS.contains(&so_far)),
            _ => false,
        })
    }

    /// What stands after an operator. A pattern may hold blanks, `|` and `)` within its own parentheses and brackets.
    fn value(&mut self, pattern: bool) -> Result<Piece, Mistake> {
        if !pattern {
            return self.piece(|_, _, _| false);
        }
        if self.rest().starts_with('"') {
            return self.piece(|_, _, _| false);
        }
        let start = self.at;
        let (mut depth, mut class, mut escaped) = (0usize, false, false);
        let end = self.rest().char_indices().find_map(|(at, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                ']' => class = false,
                _ if class => {}
                '[' => class = true,
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' => return Some(at),
                '|' if depth == 0 => return Some(at),
                _ if c.is_whitespace() && depth == 0 => return Some(at),
                _ => {}
            }
            None
        });
        self.at = end.map_or(self.text.len(), |end| start + end);
        Ok(Piece { text: self.text[start..self.at].to_owned(), span: start..self.at, quoted: false })
    }

    /// Reads until a blank, `|`, a parenthesis, or where `stop` says so. Quotes may begin and end anywhere in it.
    fn piece(&mut self, stop: impl Fn(&Self, &str, bool) -> bool) -> Result<Piece, Mistake> {
        let start = self.at;
        let (mut text, mut quoted) = (String::new(), false);
        while let Some(c) = self.peek() {
            if c.is_whitespace() || matches!(c, '|' | '(' | ')') || stop(self, &text, quoted) {
                break;
            }
            if c == '"' {
                self.quotation(&mut text)?;
                quoted = true;
            } else {
                text.push(c);
                self.at += c.len_utf8();
            }
        }
        Ok(Piece { text, span: start..self.at, quoted })
    }

    fn quotation(&mut self, text: &mut String) -> Result<(), Mistake> {
        let open = self.at;
        self.at += 1;
        loop {
            let mut chars = self.rest().chars();
            match (chars.next(), chars.next()) {
                (None, _) => return Err(Mistake { span: open..open + 1, message: "this quote is not closed".into() }),
                (Some('"'), _) => {
                    self.at += 1;
                    return Ok(());
                }
                (Some('\\'), Some(c @ ('"' | '\\'))) => {
                    text.push(c);
                    self.at += 2;
                }
                (Some(c), _) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }
}

fn ago(operator: &str) -> Ago {
    match operator {
        ">" => Ago::More,
        ">=" => Ago::AtLeast,
        "<" => Ago::Less,
        _ => Ago::AtMost,
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() == 1 { nodes.swap_remove(0) } else { many(nodes) }
}

/// A version as the platform and people write it: `42`, `42.0`.
fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}
