//! Where a value comes from: literals, variables, expressions, and what is not read.

use crate::flow::expr;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// This very text. Quotation marks in it belong to it. In Archy YAML it may hold [placeholders](Operand::placeholder).
    Literal(String),
    /// A literal of another type: `type` as the form spells it (`int`, `bln`, `dur`, `que`), the text, and for queues and
    /// the like the object's id.
    Typed {
        /// What it is.
        kind: LiteralType,
        /// As it is written or shown.
        text: String,
        /// The id of the queue, skill, user … that the text names.
        id: Option<String>,
    },
    /// The value of a variable of the flow, scope included.
    Variable(String),
    /// The value of a built-in variable: `Call.Ani`.
    BuiltIn(String),
    /// An Architect expression, as it is written.
    Expression(String),
    /// Text with `{{…}}` or `${…}` in it, which only the tutorials' form gives a meaning. In other forms a value in a shape that
    /// is not read: the name of a variable that is neither `lit` nor `exp`; empty when none is there.
    Template(String),
    /// `NOT_SET`, written out.
    NotSet,
    /// Nothing was given.
    Unset,
}

/// Types of literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiteralType {
    /// An integer or decimal.
    Number,
    /// `true` or `false`.
    Bool,
    /// A duration: `P0D0H1M0S0F` in JSON, `60s` or the like in YAML.
    Duration,
    /// A queue, skill, user, prompt or anything else that is named.
    Object,
}

impl Operand {
    /// What a source text comes to: a text literal for what is a quoted text and nothing else, a variable for what is a name
    /// with its scope and nothing else, an expression for the rest.
    pub fn expression(text: &str) -> Self {
        match expr::parse(text) {
            Ok(expr::Expr::Text(literal)) => Self::Literal(literal),
            Ok(expr::Expr::NotSet) => Self::NotSet,
            _ if text.trim().is_empty() => Self::Unset,
            Ok(expr::Expr::Var(name)) => match scope(&name) {
                Some(true) => Self::Variable(text.trim().to_owned()),
                Some(false) => Self::BuiltIn(text.trim().to_owned()),
                None => Self::Expression(text.to_owned()),
            },
            _ => Self::Expression(text.to_owned()),
        }
    }

    /// The same as a key or value of participant data, which is a text even if its literal looks like a number or a boolean.
    pub(in crate::flow) fn into_text(self) -> Self {
        match self {
            Self::Typed { kind: LiteralType::Number | LiteralType::Bool, text, .. } => Self::Literal(text),
            other => other,
        }
    }

    /// The word for how the value is given.
    pub fn how(&self) -> &'static str {
        match self {
            Self::Literal(_) | Self::Typed { .. } => "literal",
            Self::Variable(_) | Self::BuiltIn(_) | Self::Expression(_) => "expression",
            Self::Template(_) => "template",
            Self::NotSet | Self::Unset => "unset",
        }
    }

    /// The word for what it is, finer than [`Operand::how`].
    pub fn word(&self) -> &'static str {
        match self {
            Self::Literal(_) | Self::Typed { .. } => "literal",
            Self::Variable(_) => "variable",
            Self::BuiltIn(_) => "built-in",
            Self::Expression(_) => "expression",
            Self::Template(_) => "template",
            Self::NotSet => "not set",
            Self::Unset => "none",
        }
    }

    /// The literal, expression or template; empty when unset.
    pub fn text(&self) -> &str {
        match self {
            Self::Literal(text)
            | Self::Typed { text, .. }
            | Self::Variable(text)
            | Self::BuiltIn(text)
            | Self::Expression(text)
            | Self::Template(text) => text,
            Self::NotSet => "NOT_SET",
            Self::Unset => "",
        }
    }

    /// Whether only a run can tell what it comes to.
    pub fn computed(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::BuiltIn(_) | Self::Expression(_) | Self::Template(_))
    }

    /// Whether it holds `{{…}}` or `${…}`, which a tool substitutes before the file is published.
    pub fn placeholder(&self) -> bool {
        let text = self.text();
        let after = |open: &str, close: &str| text.find(open).is_some_and(|at| text[at + open.len()..].contains(close));
        after("{{", "}}") || after("${", "}")
    }
}

/// Whether a name is that of a variable of the flow (`Flow.Tier`) or a built-in one (`Call.Ani`); `None` for members of
/// either (`Flow.Order.id`), which are expressions.
fn scope(name: &str) -> Option<bool> {
    let mut parts = name.split('.');
    let (Some(scope), Some(_), None) = (parts.next(), parts.next(), parts.next()) else { return None };
    Some(OWN.contains(&scope.to_ascii_lowercase().as_str()))
}

/// The variable of the flow that a text names, members left out, when it is a name and nothing else: `Flow.Order` of
/// `Flow.Order.id`.
pub(in crate::flow) fn own_variable(text: &str) -> Option<&str> {
    let text = text.trim();
    let (first, rest) = text.split_once('.')?;
    if !OWN.iter().any(|own| own.eq_ignore_ascii_case(first)) {
        return None;
    }
    let name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    let length = first.len() + 1 + rest.split('.').next().map_or(0, str::len);
    rest.split('.').all(name).then(|| &text[..length])
}

/// Scopes of a flow's own variables.
const OWN: [&str; 5] = ["flow", "task", "state", "slot", "common"];
