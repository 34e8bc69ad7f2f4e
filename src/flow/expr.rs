//! Architect expressions, as far as they can be read without Architect: literals, variable references, operators, calls.

mod eval;
#[cfg(test)]
mod oracle;
pub mod types;

pub use eval::EVALUATED;
pub use eval::{equal, eval};

use std::fmt;

/// How deep an expression may nest. Far above what people write, far below what would exhaust the stack.
const DEPTH: u32 = 200;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A quoted text.
    Text(String),
    /// A number; not a number when it is written with more digits than are computed with.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `NOT_SET`.
    NotSet,
    /// A variable, dots included: `Flow.Tier`.
    Var(String),
    /// `Name(arguments)`.
    Call(String, Vec<Expr>),
    /// `!x`, `not x`, `-x`.
    Unary(Unary, Box<Expr>),
    /// `a + b` and the like.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `list[0]`.
    Index(Box<Expr>, Box<Expr>),
    /// `ToPhoneNumber(x).e164`, `list[0].name`: a member of what is no plain name. May have dots.
    Member(Box<Expr>, String),
}

/// Operators with one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// Logical.
    Not,
    /// Arithmetic.
    Minus,
}

/// Operators with two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// The byte where it went wrong.
    pub at: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.what, self.at + 1)
    }
}

impl std::error::Error for ExprError {}

/// Parses one expression.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expr = parser.binary(0)?;
    parser.space();
    match parser.rest().chars().next() {
        None => Ok(expr),
        Some(other) => Err(parser.fault(format!("unexpected {other:?}"))),
    }
}

impl Expr {
    /// Calls `each` for every variable that is read, in order, repeats included.
    pub fn references<'e>(&'e self, each: &mut impl FnMut(&'e str)) {
        match self {
            Self::Var(name) => each(name),
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.references(each)),
            Self::Unary(_, inner) | Self::Member(inner, _) => inner.references(each),
            Self::Binary(_, left, right) | Self::Index(left, right) => {
                left.references(each);
                right.references(each);
            }
            Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::NotSet => {}
        }
    }
}

impl Expr {
    /// The same with texts that `means` picks taken for names of variables: placeholders within quotes.
    #[must_use]
    pub fn texts_as_variables(self, means: &dyn Fn(&str) -> bool) -> Self {
        let deeper = |inner: Box<Self>| Box::new(inner.texts_as_variables(means));
        match self {
            Self::Text(text) if means(&text) => Self::Var(text),
            Self::Call(name, list) => {
                Self::Call(name, list.into_iter().map(|one| one.texts_as_variables(means)).collect())
            }
            Self::Unary(operator, inner) => Self::Unary(operator, deeper(inner)),
            Self::Binary(operator, left, right) => Self::Binary(operator, deeper(left), deeper(right)),
            Self::Index(list, index) => Self::Index(deeper(list), deeper(index)),
            Self::Member(base, name) => Self::Member(deeper(base), name),
            other => other,
        }
    }
}

/// Quotes a text as Architect writes text literals.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

/// Operators by strength, weakest first. Longer spellings come before their prefixes.
const LEVELS: &[&[(&str, Binary)]] = &[
    &[("||", Binary::Or), ("or", Binary::Or)],
    &[("&&", Binary::And), ("and", Binary::And)],
    &[
        ("==", Binary::Equal),
        ("!=", Binary::NotEqual),
        ("<=", Binary::LessEqual),
        (">=", Binary::GreaterEqual),
        ("<", Binary::Less),
        (">", Binary::Greater),
    ],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)],
];

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn fault(&self, what: impl Into<String>) -> ExprError {
        ExprError { at: self.at, what: what.into() }
    }

    fn deeper(&mut self) -> Result<(), ExprError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.fault(format!("nested more than {DEPTH} deep")));
        }
        Ok(())
    }

    /// The operator that stands here and binds at least as tightly as `least`, with its level.
    fn operator(&mut self, least: usize) -> Option<(usize, Binary)> {
        self.space();
        let rest = self.rest();
        let stands = |spelling: &str| {
            let word = spelling.as_bytes()[0].is_ascii_alphabetic();
            match rest.get(..spelling.len()) {
                // `and`, `or` in any case, and not as the start of a longer name.
                Some(head) if word => {
                    head.eq_ignore_ascii_case(spelling) && !rest[spelling.len()..].starts_with(name_character)
                }
                Some(head) => head == spelling,
                None => false,
            }
        };
        let mut all = LEVELS.iter().enumerate().flat_map(|(level, list)| list.iter().map(move |one| (level, one)));
        let (level, (spelling, operator)) = all.find(|(_, (spelling, _))| stands(spelling))?;
        if level < least {
            return None;
        }
        self.at += spelling.len();
        Some((level, *operator))
    }

    /// A value, and the operators behind it that bind at least as tightly as `least`.
    fn binary(&mut self, least: usize) -> Result<Expr, ExprError> {
        let mut left = self.unary()?;
        // A long chain `a + b + c …` leans to the left, as deep as it is long, so it counts as nesting.
        let before = self.depth;
        while let Some((level, operator)) = self.operator(least) {
            self.deeper()?;
            let right = self.binary(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth = before;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, ExprError> {
        self.space();
        let rest = self.rest();
        let not = rest.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("not"))
            && rest[3..].starts_with(|next: char| next.is_whitespace() || next == '(');
        let (length, operator) = match rest.as_bytes().first() {
            Some(b'!') if !rest.starts_with("!=") => (1, Unary::Not),
            Some(b'-') => (1, Unary::Minus),
            _ if not => (3, Unary::Not),
            _ => return self.postfix(),
        };
        self.at += length;
        self.deeper()?;
        let inner = self.unary()?;
        self.depth -= 1;
        Ok(Expr::Unary(operator, Box::new(inner)))
    }

    fn postfix(&mut self) -> Result<Expr, ExprError> {
        let mut expr = self.primary()?;
        let before = self.depth;
        loop {
            let after = self.at;
            self.space();
            match self.rest().as_bytes().first() {
                Some(b'[') => {
                    self.at += 1;
                    self.deeper()?;
                    let index = self.binary(0)?;
                    self.close(']')?;
                    expr = Expr::Index(Box::new(expr), Box::new(index));
                }
                Some(b'.') => {
                    self.at += 1;
                    self.space();
                    self.deeper()?;
                    let name = self.name()?;
                    if name.is_empty() {
                        return Err(self.fault("a name is missing beside a dot"));
                    }
                    expr = Expr::Member(Box::new(expr), name.into());
                }
                _ => {
                    self.at = after;
                    break;
                }
            }
        }
        self.depth = before;
        Ok(expr)
    }

    fn close(&mut self, bracket: char) -> Result<(), ExprError> {
        self.space();
        if !self.rest().starts_with(bracket) {
            return Err(self.fault(format!("{bracket:?} is missing")));
        }
        self.at += 1;
        Ok(())
    }

    fn primary(&mut self) -> Result<Expr, ExprError> {
        self.space();
        let rest = self.rest();
        match rest.chars().next() {
            None => Err(self.fault("a value is missing")),
            Some('"') => self.quoted(),
            Some('(') => {
                self.at += 1;
                self.deeper()?;
                let inner = self.binary(0)?;
                self.close(')')?;
                self.depth -= 1;
                Ok(inner)
            }
            Some(digit) if digit.is_ascii_digit() => {
                let length = rest.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(rest.len());
                let number = super::value::decimal(&rest[..length]).ok_or_else(|| self.fault("this is no number"))?;
                self.at += length;
                if self.rest().starts_with(name_character) {
                    return Err(self.fault("a name cannot begin with a digit"));
                }
                Ok(Expr::Number(number))
            }
            Some(start) if start.is_alphabetic() || start == '_' => self.named(),
            Some('{') => Err(self.fault("braces mean nothing in an Architect expression")),
            Some('\'') => Err(self.fault("text is quoted with \"…\", not with '…'")),
            Some(other) => Err(self.fault(format!("unexpected {other:?}"))),
        }
    }

    fn quoted(&mut self) -> Result<Expr, ExprError> {
        let start = self.at;
        let mut text = String::new();
        let mut characters = self.text[start + 1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = start + 1 + at + 1;
                    return Ok(Expr::Text(text));
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, other @ ('"' | '\\'))) => text.push(other),
                    Some((place, other)) => {
                        self.at = start + 1 + place;
                        return Err(self.fault(format!("what \\{other} means in a text is not verified")));
                    }
                    None => break,
                },
                _ => text.push(character),
            }
        }
        self.at = start;
        Err(self.fault("this quote is never closed"))
    }

    fn name(&mut self) -> Result<&'t str, ExprError> {
        let rest = self.rest();
        let length = rest.find(|next| !name_character(next)).unwrap_or(rest.len());
        let name = &rest[..length];
        if name.ends_with('.') || name.contains("..") {
            return Err(self.fault("a name is missing beside a dot"));
        }
        self.at += length;
        Ok(name)
    }

    fn named(&mut self) -> Result<Expr, ExprError> {
        let name = self.name()?;
        let after = self.at;
        self.space();
        if self.rest().starts_with('(') {
            self.at += 1;
            self.deeper()?;
            let mut arguments = Vec::new();
            self.space();
            if self.rest().starts_with(')') {
                self.at += 1;
            } else {
                loop {
                    arguments.push(self.binary(0)?);
                    self.space();
                    if self.rest().starts_with(',') {
                        self.at += 1;
                    } else {
                        self.close(')')?;
                        break;
                    }
                }
            }
            self.depth -= 1;
            return Ok(Expr::Call(name.into(), arguments));
        }
        self.at = after;
        Ok(match name {
            _ if name.eq_ignore_ascii_case("true") => Expr::Bool(true),
            _ if name.eq_ignore_ascii_case("false") => Expr::Bool(false),
            _ if name.eq_ignore_ascii_case("NOT_SET") => Expr::NotSet,
            _ => Expr::Var(name.into()),
        })
    }
}

fn name_character(next: char) -> bool {
    next.is_alphanumeric() || next == '_' || next == '.'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        fn walk(expr: &Expr) -> String {
            match expr {
                Expr::Text(text) => format!("{text:?}"),
                Expr::Number(number) => number.to_string(),
                Expr::Bool(value) => value.to_string(),
                Expr::NotSet => "NOT_SET".into(),
                Expr::Var(name) => name.clone(),
                Expr::Call(name, list) => format!("{name}({})", list.iter().map(walk).collect::<Vec<_>>().join(",")),
                Expr::Unary(operator, inner) => format!("{operator:?}[{}]", walk(inner)),
                Expr::Binary(operator, left, right) => format!("{operator:?}[{} {}]", walk(left), walk(right)),
                Expr::Index(list, index) => format!("{}@{}", walk(list), walk(index)),
                Expr::Member(base, name) => format!("{}~{name}", walk(base)),
            }
        }
        parse(text).map_or_else(|error| error.to_string(), |expr| walk(&expr))
    }

    #[test]
    fn reads_what_flows_hold() {
        for (text, tree) in [
            ("\"gold\"", "\"gold\""),
            (r#""a\"b\\""#, r#""a\"b\\""#),
            ("State.TheIntent==\"Check\"", "Equal[State.TheIntent \"Check\"]"),
            ("If(IsSet(Flow.A), Flow.A, \"none\")", "If(IsSet(Flow.A),Flow.A,\"none\")"),
            ("1 + 2 * 3 - 4", "Subtract[Add[1 Multiply[2 3]] 4]"),
            ("!a and not (b OR c)", "And[Not[a] Not[Or[b c]]]"),
            ("Flow.Orders[0] >= -1.5", "GreaterEqual[Flow.Orders@0 Minus[1.5]]"),
            ("Append(\n  \"Hi \",\n  ordinal)", "Append(\"Hi \",ordinal)"),
            ("NOT_SET", "NOT_SET"),
            ("Now()", "Now()"),
            ("ToPhoneNumber(Call.Ani).e164", "ToPhoneNumber(Call.Ani)~e164"),
            ("Flow.list[0] . a.b[1]", "Flow.list@0~a.b@1"),
            ("(Flow.x).y", "Flow.x~y"),
            ("a and !b == c", "And[a Equal[Not[b] c]]"),
            ("1 - 2 - 3", "Subtract[Subtract[1 2] 3]"),
            ("8 / 2 * 3 < 4 AND true", "And[Less[Multiply[Divide[8 2] 3] 4] true]"),
            ("\"a\\nb\"\n\t+ x", "Add[\"a\\nb\" x]"),
        ] {
            assert_eq!(shown(text), tree, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, message) in [
            ("", "a value is missing at character 1"),
            ("\"gold", "this quote is never closed at character 1"),
            ("If(Flow.A", "')' is missing at character 10"),
            ("{{lookup_result.tier}}", "braces mean nothing in an Architect expression at character 1"),
            ("'gold'", "text is quoted with \"…\", not with '…' at character 1"),
            ("Flow. + 1", "a name is missing beside a dot at character 1"),
            ("a b", "unexpected 'b' at character 3"),
            ("1a", "a name cannot begin with a digit at character 2"),
            ("a ==", "a value is missing at character 5"),
            ("f(x).", "a name is missing beside a dot at character 6"),
            (r#""a\d""#, "what \\d means in a text is not verified at character 4"),
        ] {
            assert_eq!(shown(text), message, "{text}");
        }
    }

    #[test]
    fn depth_is_refused_not_suffered() {
        for text in [
            "(".repeat(100_000),
            "!".repeat(100_000),
            "a+".repeat(100_000),
            "f(".repeat(100_000),
            "a[".repeat(100_000),
            format!("a[0]{}", ".b[0]".repeat(100_000)),
        ] {
            assert!(parse(&text).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[a-zA-Z0-9_.\"\\\\()!=<>+*/,\\[\\] éß{}'-]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn quoting_round_trips(text in ".{0,20}") {
            proptest::prop_assert_eq!(parse(&quote(&text)), Ok(Expr::Text(text)));
        }
    }
}
