//! What type of value an expression has, as far as that follows from how it is written.

use super::{Binary, Expr, Unary};
use crate::flow::value::Type;

/// Functions with the fewest arguments that they take and the type of what they give.
const GIVES: &[(&str, usize, Type)] = &[
    ("adddays", 2, Type::Time),
    ("addhours", 2, Type::Time),
    ("additem", 2, Type::List),
    ("addminutes", 2, Type::Time),
    ("addseconds", 2, Type::Time),
    ("append", 1, Type::Text),
    ("areequal", 2, Type::Bool),
    ("contains", 2, Type::Bool),
    ("count", 1, Type::Integer),
    ("datetimediff", 2, Type::Duration),
    ("endswith", 2, Type::Bool),
    ("findfirst", 2, Type::Integer),
    ("findstring", 2, Type::Integer),
    ("getat", 2, Type::Other),
    ("getcurrentdatetimeutc", 0, Type::Time),
    ("getjsonobjectproperty", 2, Type::Other),
    ("if", 3, Type::Other),
    ("isnotset", 1, Type::Bool),
    ("isnotsetorempty", 1, Type::Bool),
    ("isset", 1, Type::Bool),
    ("issetandnotempty", 1, Type::Bool),
    ("jsonparse", 1, Type::Json),
    ("left", 2, Type::Text),
    ("length", 1, Type::Integer),
    ("lower", 1, Type::Text),
    ("makeduration", 1, Type::Duration),
    ("makelist", 0, Type::List),
    ("replace", 3, Type::Text),
    ("resolveslot", 1, Type::Other),
    ("right", 2, Type::Text),
    ("roundup", 1, Type::Number),
    ("split", 2, Type::List),
    ("startswith", 2, Type::Bool),
    ("substring", 2, Type::Text),
    ("todatetime", 1, Type::Time),
    ("todecimal", 1, Type::Number),
    ("toduration", 1, Type::Duration),
    ("toint", 1, Type::Integer),
    ("tonumber", 1, Type::Number),
    ("tobool", 1, Type::Bool),
    ("tophonenumber", 1, Type::Object),
    ("tostring", 1, Type::Text),
    ("trim", 1, Type::Text),
    ("upper", 1, Type::Text),
];

/// Beginnings of functions that give what is played, sent or found, and no text.
const OBJECTS: &[&str] = &[
    "toaudio",
    "audioplaybackoptions",
    "makecommunication",
    "tocommunication",
    "findqueue",
    "finduser",
    "findskill",
    "findgroup",
    "findschedule",
    "findemergencygroup",
    "findlanguage",
    "maketimeslot",
    "makelistagentscorepair",
    "toschedule",
];

/// Other functions that flows were seen to use.
const SEEN: &[&str] = &["todisplaystring", "tocurrency"];

/// What is wrong with a call, whatever its arguments are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It has fewer arguments than the function takes: the name, and how many.
    Arguments(String, usize),
    /// A function of this name is not known here.
    Function(String),
}

/// The type of an expression; [`Type::Other`] where it does not follow. `variable` gives the type of a variable.
pub fn of(expr: &Expr, variable: &dyn Fn(&str) -> Type) -> Type {
    match expr {
        Expr::Text(_) => Type::Text,
        Expr::Number(_) => Type::Number,
        Expr::Bool(_) => Type::Bool,
        Expr::NotSet | Expr::Index(..) => Type::Other,
        Expr::Var(name) => variable(name),
        Expr::Member(base, name) => match &**base {
            Expr::Call(function, _)
                if function.eq_ignore_ascii_case("ToPhoneNumber") && name.eq_ignore_ascii_case("e164") =>
            {
                Type::Text
            }
            _ => Type::Other,
        },
        Expr::Unary(Unary::Not, _) => Type::Bool,
        Expr::Unary(Unary::Minus, _) => Type::Number,
        Expr::Binary(Binary::Add, left, right) => match (of(left, variable), of(right, variable)) {
            (Type::Text, _) | (_, Type::Text) => Type::Text,
            (Type::Other, _) | (_, Type::Other) => Type::Other,
            (left, _) => left,
        },
        Expr::Binary(Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder, left, right) => {
            match (of(left, variable), of(right, variable)) {
                (Type::Time, Type::Time) => Type::Duration,
                (Type::Time, _) => Type::Time,
                (Type::Duration, _) => Type::Duration,
                _ => Type::Number,
            }
        }
        Expr::Binary(..) => Type::Bool,
        Expr::Call(name, arguments) => {
            let lower = name.to_ascii_lowercase();
            if let ("if", [_, yes, no]) = (lower.as_str(), arguments.as_slice()) {
                // One side that is no text is enough to be wrong.
                return match (of(yes, variable), of(no, variable)) {
                    (Type::Text, other) | (Type::Other, other) => other,
                    (other, _) => other,
                };
            }
            match known(&lower) {
                Some((_, _, kind)) => *kind,
                None if OBJECTS.iter().any(|begin| lower.starts_with(begin)) => Type::Object,
                None => Type::Other,
            }
        }
    }
}

/// Functions of a text, each with how many of the arguments behind it are numbers.
const OF_TEXT: [(&str, usize); 6] =
    [("left", 1), ("right", 1), ("substring", 2), ("upper", 0), ("lower", 0), ("trim", 0)];

/// The first part of an expression whose types do not go together, as a clause.
pub fn clash(expr: &Expr, variable: &dyn Fn(&str) -> Type) -> Option<String> {
    let kind = |expr: &Expr| of(expr, variable);
    let is_number = |kind: Type| matches!(kind, Type::Integer | Type::Number);
    let own = match expr {
        Expr::Binary(Binary::Add, left, right) => match (kind(left), kind(right)) {
            (Type::Text, other) | (other, Type::Text) if is_number(other) || other == Type::Bool => {
                Some(format!("+ does not apply to a text and {}; give ToString(…) of that", other.word()))
            }
            _ => None,
        },
        Expr::Call(name, arguments) => {
            let lower = name.to_ascii_lowercase();
            let numbers = OF_TEXT.iter().find(|(own, _)| *own == lower).map(|(_, numbers)| *numbers);
            let fits = |(at, argument): (usize, &Expr)| match (at, kind(argument)) {
                (_, Type::Other | Type::Json) | (0, Type::Text) => true,
                (at, other) => at > 0 && numbers.is_none_or(|numbers| at > numbers || is_number(other)),
            };
            let wrong = arguments.iter().enumerate().find(|one| numbers.is_some() && !fits(*one));
            wrong.map(|(at, argument)| {
                let wanted = if at == 0 { "a text" } else { "a number" };
                format!("argument {} of {name} is {wanted}, and not {}", at + 1, kind(argument).word())
            })
        }
        _ => None,
    };
    own.or_else(|| match expr {
        Expr::Call(_, arguments) => arguments.iter().find_map(|one| clash(one, variable)),
        Expr::Unary(_, inner) | Expr::Member(inner, _) => clash(inner, variable),
        Expr::Binary(_, left, right) | Expr::Index(left, right) => {
            clash(left, variable).or_else(|| clash(right, variable))
        }
        _ => None,
    })
}

fn known(lower: &str) -> Option<&'static (&'static str, usize, Type)> {
    GIVES.iter().find(|(own, ..)| *own == lower)
}

/// The first flaw of the calls in an expression.
pub fn flaw(expr: &Expr) -> Option<Flaw> {
    match expr {
        Expr::Call(name, arguments) => {
            let lower = name.to_ascii_lowercase();
            let own = match known(&lower) {
                Some((_, least, _)) => (arguments.len() < *least).then(|| Flaw::Arguments(name.clone(), *least)),
                None if OBJECTS.iter().chain(SEEN).any(|begin| lower.starts_with(begin)) => None,
                None => Some(Flaw::Function(name.clone())),
            };
            own.or_else(|| arguments.iter().find_map(flaw))
        }
        Expr::Unary(_, inner) | Expr::Member(inner, _) => flaw(inner),
        Expr::Binary(_, left, right) | Expr::Index(left, right) => flaw(left).or_else(|| flaw(right)),
        Expr::Text(_) | Expr::Number(_) | Expr::Bool(_) | Expr::NotSet | Expr::Var(_) => None,
    }
}
