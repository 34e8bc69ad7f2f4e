//! Values while a flow runs, and what an expression makes of them. What cannot be known is [`Val::Unknown`] with the
//! reason, and whatever is computed from it is unknown too: nothing is guessed.

use super::expr::{Binary, Expr, Unary};
use serde_json::Value as Json;
use std::fmt;

/// A value in a running flow.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// `NOT_SET`.
    NotSet,
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Bool(bool),
    /// A list or an object, as a data action returns them.
    Data(Json),
    /// Not evaluated, and why.
    Unknown(String),
}

impl Val {
    /// A value from JSON; `null` is not set.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::NotSet,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_f64().map_or_else(|| Self::Text(number.to_string()), Self::Number),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(_) | Json::Object(_) => Self::Data(json.clone()),
        }
    }

    /// The text form, when there is one: what `ToString` gives.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(value) => Some(value.to_string()),
            Self::NotSet | Self::Data(_) | Self::Unknown(_) => None,
        }
    }

    /// The member at a dotted path below this value.
    pub fn below(&self, path: &str) -> Self {
        let mut here = match self {
            Self::Data(json) => json,
            Self::Unknown(why) => return Self::Unknown(why.clone()),
            _ => return Self::Unknown(format!("it has no member {path}")),
        };
        for part in path.split('.') {
            let next = match here {
                Json::Array(items) => part.parse().ok().and_then(|index: usize| items.get(index)),
                _ => here.get(part),
            };
            match next {
                Some(next) => here = next,
                None => return Self::Unknown(format!("the result has no {path}")),
            }
        }
        Self::from_json(here)
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet => f.write_str("not set"),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Data(json) => write!(f, "{json}"),
            Self::Unknown(why) => write!(f, "unevaluated: {why}"),
        }
    }
}

/// Evaluates an expression; `lookup` gives a variable's value.
pub fn eval(expr: &Expr, lookup: &dyn Fn(&str) -> Val) -> Val {
    match expr {
        Expr::Text(text) => Val::Text(text.clone()),
        Expr::Number(number) => Val::Number(*number),
        Expr::Bool(value) => Val::Bool(*value),
        Expr::NotSet => Val::NotSet,
        Expr::Var(name) => lookup(name),
        Expr::Unary(operator, inner) => match (operator, eval(inner, lookup)) {
            (_, Val::Unknown(why)) => Val::Unknown(why),
            (Unary::Not, Val::Bool(value)) => Val::Bool(!value),
            (Unary::Minus, Val::Number(number)) => Val::Number(-number),
            (_, other) => Val::Unknown(format!("the operator does not apply to {other}")),
        },
        Expr::Index(list, index) => match (eval(list, lookup), eval(index, lookup)) {
            (Val::Unknown(why), _) | (_, Val::Unknown(why)) => Val::Unknown(why),
            (Val::Data(Json::Array(items)), Val::Number(at)) if at >= 0.0 && at.fract() == 0.0 => items
                .get(at as usize)
                .map_or_else(|| Val::Unknown(format!("the list has no item {at}")), Val::from_json),
            _ => Val::Unknown("only a list has items".into()),
        },
        Expr::Binary(Binary::And, left, right) => logic(left, right, lookup, false),
        Expr::Binary(Binary::Or, left, right) => logic(left, right, lookup, true),
        Expr::Binary(operator, left, right) => binary(*operator, eval(left, lookup), eval(right, lookup)),
        Expr::Call(name, arguments) => call(name, arguments, lookup),
    }
}

/// `and` and `or`: one side can settle it whatever the other is.
fn logic(left: &Expr, right: &Expr, lookup: &dyn Fn(&str) -> Val, settles: bool) -> Val {
    let (left, right) = (eval(left, lookup), eval(right, lookup));
    match (&left, &right) {
        (Val::Bool(side), _) | (_, Val::Bool(side)) if *side == settles => Val::Bool(settles),
        (Val::Bool(left), Val::Bool(right)) if settles => Val::Bool(*left || *right),
        (Val::Bool(left), Val::Bool(right)) => Val::Bool(*left && *right),
        (Val::Unknown(why), _) | (_, Val::Unknown(why)) => Val::Unknown(why.clone()),
        _ => Val::Unknown("and, or need true or false on both sides".into()),
    }
}

fn binary(operator: Binary, left: Val, right: Val) -> Val {
    let (left, right) = match (left, right) {
        (Val::Unknown(why), _) | (_, Val::Unknown(why)) => return Val::Unknown(why),
        (Val::NotSet, other) | (other, Val::NotSet) => {
            return Val::Unknown(format!(
                "what an operator makes of a value that is not set is not known (beside {other})"
            ));
        }
        both => both,
    };
    match (operator, &left, &right) {
        (Binary::Add, Val::Number(left), Val::Number(right)) => Val::Number(left + right),
        (Binary::Subtract, Val::Number(left), Val::Number(right)) => Val::Number(left - right),
        (Binary::Multiply, Val::Number(left), Val::Number(right)) => Val::Number(left * right),
        (Binary::Divide | Binary::Remainder, _, Val::Number(0.0)) => Val::Unknown("division by zero".into()),
        (Binary::Divide, Val::Number(left), Val::Number(right)) => Val::Number(left / right),
        (Binary::Remainder, Val::Number(left), Val::Number(right)) => Val::Number(left % right),
        (Binary::Add, Val::Text(left), Val::Text(right)) => Val::Text(format!("{left}{right}")),
        (Binary::Equal, _, _) => equal(&left, &right),
        (Binary::NotEqual, _, _) => match equal(&left, &right) {
            Val::Bool(same) => Val::Bool(!same),
            other => other,
        },
        (Binary::Less, Val::Number(left), Val::Number(right)) => Val::Bool(left < right),
        (Binary::LessEqual, Val::Number(left), Val::Number(right)) => Val::Bool(left <= right),
        (Binary::Greater, Val::Number(left), Val::Number(right)) => Val::Bool(left > right),
        (Binary::GreaterEqual, Val::Number(left), Val::Number(right)) => Val::Bool(left >= right),
        _ => Val::Unknown(format!("the operator does not apply to {left} and {right}")),
    }
}

fn equal(left: &Val, right: &Val) -> Val {
    match (left, right) {
        (Val::Text(left), Val::Text(right)) => alike(left == right, left, right),
        (Val::Number(left), Val::Number(right)) => Val::Bool(left == right),
        (Val::Bool(left), Val::Bool(right)) => Val::Bool(left == right),
        _ => Val::Unknown(format!("{left} and {right} are of different types")),
    }
}

/// The answer of a comparison, unless the two differ in case alone: whether Architect minds is not verified.
fn alike(answer: bool, left: &str, right: &str) -> Val {
    if !answer && left.to_lowercase() == right.to_lowercase() {
        return Val::Unknown(format!(
            "{left:?} and {right:?} differ only in case, and whether Architect minds is not verified"
        ));
    }
    Val::Bool(answer)
}

fn call(name: &str, arguments: &[Expr], lookup: &dyn Fn(&str) -> Val) -> Val {
    let lower = name.to_ascii_lowercase();
    // `If` must not fail because of the side that is not taken.
    if let ("if", [condition, yes, no]) = (lower.as_str(), arguments) {
        return match eval(condition, lookup) {
            Val::Bool(true) => eval(yes, lookup),
            Val::Bool(false) => eval(no, lookup),
            Val::Unknown(why) => Val::Unknown(why),
            other => Val::Unknown(format!("{other} is neither true nor false")),
        };
    }
    let values: Vec<Val> = arguments.iter().map(|argument| eval(argument, lookup)).collect();
    if let Some(Val::Unknown(why)) = values.iter().find(|value| matches!(value, Val::Unknown(_))) {
        return Val::Unknown(why.clone());
    }
    match (lower.as_str(), values.as_slice()) {
        ("isset", [value]) => Val::Bool(*value != Val::NotSet),
        ("isnotset", [value]) => Val::Bool(*value == Val::NotSet),
        ("isnotsetorempty", [value]) => Val::Bool(matches!(value, Val::NotSet) || *value == Val::Text(String::new())),
        ("issetandnotempty", [value]) => Val::Bool(!matches!(value, Val::NotSet) && *value != Val::Text(String::new())),
        ("append", values) if values.len() >= 2 => {
            let parts: Option<Vec<String>> = values.iter().map(Val::text).collect();
            parts.map_or_else(
                || Val::Unknown("Append of something that has no text".into()),
                |parts| Val::Text(parts.concat()),
            )
        }
        ("tostring", [value]) => value.text().map_or_else(|| Val::Unknown(format!("{value} has no text")), Val::Text),
        ("tobool" | "tobit", [Val::Bool(value)]) => Val::Bool(*value),
        ("tonumber" | "toint" | "todecimal" | "tointeger", [value]) => {
            number(value, lower == "toint" || lower == "tointeger")
        }
        ("upper", [Val::Text(text)]) => Val::Text(text.to_uppercase()),
        ("lower", [Val::Text(text)]) => Val::Text(text.to_lowercase()),
        ("trim", [Val::Text(text)]) => Val::Text(text.trim().into()),
        ("length", [Val::Text(text)]) => Val::Number(text.chars().count() as f64),
        ("count", [Val::Data(Json::Array(items))]) => Val::Number(items.len() as f64),
        ("substring", [Val::Text(text), Val::Number(start), Val::Number(length)])
            if *start >= 0.0 && *length >= 0.0 =>
        {
            Val::Text(text.chars().skip(*start as usize).take(*length as usize).collect())
        }
        ("contains", [Val::Text(text), Val::Text(part)]) => found(text, part, |text, part| text.contains(part)),
        ("startswith", [Val::Text(text), Val::Text(part)]) => found(text, part, |text, part| text.starts_with(part)),
        ("endswith", [Val::Text(text), Val::Text(part)]) => found(text, part, |text, part| text.ends_with(part)),
        ("replace", [Val::Text(text), Val::Text(from), Val::Text(to)]) if !from.is_empty() => {
            Val::Text(text.replace(from, to))
        }
        _ => Val::Unknown(format!("the function {name} with these arguments is not evaluated here")),
    }
}

/// A search that is only answered when case does not decide it.
fn found(text: &str, part: &str, search: fn(&str, &str) -> bool) -> Val {
    let exact = search(text, part);
    if exact == search(&text.to_lowercase(), &part.to_lowercase()) {
        Val::Bool(exact)
    } else {
        Val::Unknown("case decides this search, and whether Architect minds is not verified".into())
    }
}

fn number(value: &Val, whole: bool) -> Val {
    let number = match value {
        Val::Number(number) => Some(*number),
        Val::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    };
    match number {
        Some(number) if whole && number.fract() != 0.0 => {
            Val::Unknown(format!("how {number} is rounded is not verified"))
        }
        Some(number) => Val::Number(number),
        None => Val::Unknown(format!("{value} is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::parse;
    use super::*;

    fn run(text: &str) -> Val {
        eval(&parse(text).unwrap(), &|name| match name {
            "Flow.Tier" => Val::Text("gold".into()),
            "Flow.None" => Val::NotSet,
            "Flow.N" => Val::Number(3.0),
            "Flow.List" => Val::Data(serde_json::json!(["a", "b"])),
            _ => Val::Unknown(format!("{name} has no value")),
        })
    }

    #[test]
    fn evaluates_what_it_knows() {
        for (text, value) in [
            ("\"a\" + Flow.Tier", "agold"),
            ("Append(\"Hi \", Flow.Tier, \", \", 3)", "Hi gold, 3"),
            ("If(Flow.Tier == \"gold\", \"yes\", Flow.Missing)", "yes"),
            ("IsSet(Flow.None)", "false"),
            ("IsNotSetOrEmpty(\"\")", "true"),
            ("Upper(Lower(\"ÄbC\"))", "ÄBC"),
            ("ToString(Flow.N * 2 + 0.5)", "6.5"),
            ("Flow.N >= 3 and !(Flow.N == 4)", "true"),
            ("Flow.List[1]", "b"),
            ("Count(Flow.List)", "2"),
            ("Substring(\"hello\", 1, 3)", "ell"),
            ("Flow.Missing or 1 == 1", "true"),
            ("false and Flow.Missing", "false"),
            ("ToInt(\"42\")", "42"),
            ("Contains(Flow.Tier, \"ol\")", "true"),
        ] {
            assert_eq!(run(text).to_string(), value, "{text}");
        }
    }

    #[test]
    fn never_guesses() {
        for text in [
            "Flow.Missing",
            "Append(\"a\", Flow.Missing)",
            "Flow.Tier == \"Gold\"",
            "Contains(Flow.Tier, \"OL\")",
            "Flow.Tier == 1",
            "Flow.None == \"x\"",
            "MakeCommunication(\"x\")",
            "1 / 0",
            "Flow.List[7]",
            "If(Flow.Tier, 1, 2)",
            "ToString(Flow.None)",
            "ToInt(1.5)",
        ] {
            assert!(matches!(run(text), Val::Unknown(_)), "{text} gave {}", run(text));
        }
    }

    #[test]
    fn reaches_into_results() {
        let data = Val::Data(serde_json::json!({"customer": {"tier": "gold", "tags": ["x"]}}));
        assert_eq!(data.below("customer.tier"), Val::Text("gold".into()));
        assert_eq!(data.below("customer.tags.0"), Val::Text("x".into()));
        assert!(matches!(data.below("customer.nope"), Val::Unknown(_)));
    }
}
