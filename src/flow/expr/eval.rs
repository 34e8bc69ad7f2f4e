//! What an expression comes to. What cannot be known is unknown with the reason; a part that is unknown makes the whole
//! unknown, except where the whole does not depend on it (`false and x`, `If(true, y, x)`).
//!
//! The rules are those of `flow-formats.md` 5, counted over real flows. Where nothing verified says what the platform does
//! (a comparison that case decides, an operator on `NOT_SET`, rounding), the result is unknown.

mod functions;

pub use functions::EVALUATED;

use self::functions::call;
use super::{Binary, Expr, Unary};
use crate::flow::value::{Val, Why};
use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

/// Evaluates an expression; `lookup` gives a variable's value.
pub fn eval(expr: &Expr, lookup: &dyn Fn(&str) -> Val) -> Val {
    match expr {
        Expr::Text(text) => Val::Text(text.clone()),
        Expr::Number(number) => Val::number(*number),
        Expr::Bool(value) => Val::Bool(*value),
        Expr::NotSet => Val::NotSet,
        Expr::Var(name) => lookup(name),
        Expr::Unary(operator, inner) => match (operator, eval(inner, lookup)) {
            (_, Val::Unknown(why)) => Val::Unknown(why),
            (Unary::Not, Val::Bool(value)) => Val::Bool(!value),
            (Unary::Minus, Val::Number(number)) => Val::number(-number),
            (_, other) => Val::unknown(format!("the operator does not apply to {other}")),
        },
        Expr::Index(list, index) => item(&eval(list, lookup), &eval(index, lookup)),
        Expr::Member(base, name) => eval(base, lookup).below(name),
        Expr::Binary(Binary::And, left, right) => logic(left, right, lookup, false),
        Expr::Binary(Binary::Or, left, right) => logic(left, right, lookup, true),
        // `x == NOT_SET` asks whether it is set.
        Expr::Binary(operator @ (Binary::Equal | Binary::NotEqual), left, right)
            if matches!(**left, Expr::NotSet) || matches!(**right, Expr::NotSet) =>
        {
            let other = if matches!(**left, Expr::NotSet) { right } else { left };
            match eval(other, lookup) {
                Val::Unknown(why) => Val::Unknown(why),
                value => Val::Bool((value == Val::NotSet) == (*operator == Binary::Equal)),
            }
        }
        Expr::Binary(operator, left, right) => binary(*operator, eval(left, lookup), eval(right, lookup)),
        Expr::Call(name, arguments) => call(name, arguments, lookup),
    }
}

/// An item of a list, counted from 0.
pub fn item(list: &Val, index: &Val) -> Val {
    match (list, index) {
        (Val::Unknown(why), _) | (_, Val::Unknown(why)) => Val::Unknown(why.clone()),
        (Val::Data(Json::Array(items)), Val::Number(at)) if *at >= 0.0 && at.fract() == 0.0 => {
            items.get(*at as usize).map_or_else(|| Val::unknown(format!("the list has no item {at}")), Val::from_json)
        }
        _ => Val::unknown("only a list has items, by number"),
    }
}

/// `and` and `or`: one side can settle it whatever the other is.
fn logic(left: &Expr, right: &Expr, lookup: &dyn Fn(&str) -> Val, settles: bool) -> Val {
    let (left, right) = (eval(left, lookup), eval(right, lookup));
    match (&left, &right) {
        (Val::Bool(side), _) | (_, Val::Bool(side)) if *side == settles => Val::Bool(settles),
        // Neither side settles it.
        (Val::Bool(_), Val::Bool(_)) => Val::Bool(!settles),
        (Val::Unknown(why), _) | (_, Val::Unknown(why)) => Val::Unknown(why.clone()),
        _ => Val::unknown("and, or need true or false on both sides"),
    }
}

fn binary(operator: Binary, left: Val, right: Val) -> Val {
    let (left, right) = match (left, right) {
        (Val::Unknown(why @ Why::By(_)), _) | (_, Val::Unknown(why @ Why::By(_))) => return Val::Unknown(why),
        (Val::Unknown(why), _) | (_, Val::Unknown(why)) => return Val::Unknown(why),
        // A text that is not set equals none, the empty one included (Resource Center, "Use NOT_SET in expressions").
        (left @ Val::NotSet, right @ Val::Text(_)) | (left @ Val::Text(_), right @ Val::NotSet)
            if matches!(operator, Binary::Equal | Binary::NotEqual) =>
        {
            (left, right)
        }
        (Val::NotSet, other) | (other, Val::NotSet) => {
            return Val::unknown(format!(
                "what an operator makes of a value that is not set is not verified (beside {other})"
            ));
        }
        both => both,
    };
    match (operator, &left, &right) {
        (Binary::Add, Val::Number(left), Val::Number(right)) => Val::number(left + right),
        (Binary::Subtract, Val::Number(left), Val::Number(right)) => Val::number(left - right),
        (Binary::Multiply, Val::Number(left), Val::Number(right)) => Val::number(left * right),
        (Binary::Divide | Binary::Remainder, Val::Number(_), Val::Number(0.0)) => Val::unknown("division by zero"),
        (Binary::Divide, Val::Number(left), Val::Number(right)) => Val::number(left / right),
        (Binary::Remainder, Val::Number(left), Val::Number(right)) if *left >= 0.0 && *right > 0.0 => {
            Val::number(left % right)
        }
        (Binary::Add, Val::Text(left), Val::Text(right)) => Val::Text(format!("{left}{right}")),
        (Binary::Equal, _, _) => equal(&left, &right),
        (Binary::NotEqual, _, _) => match equal(&left, &right) {
            Val::Bool(same) => Val::Bool(!same),
            other => other,
        },
        (Binary::Less, _, _) => order(&left, &right, std::cmp::Ordering::is_lt),
        (Binary::LessEqual, _, _) => order(&left, &right, std::cmp::Ordering::is_le),
        (Binary::Greater, _, _) => order(&left, &right, std::cmp::Ordering::is_gt),
        (Binary::GreaterEqual, _, _) => order(&left, &right, std::cmp::Ordering::is_ge),
        _ => Val::unknown(format!("the operator does not apply to {left} and {right}")),
    }
}

fn order(left: &Val, right: &Val, holds: fn(std::cmp::Ordering) -> bool) -> Val {
    let ordering = match (left, right) {
        (Val::Number(left), Val::Number(right)) => left.partial_cmp(right),
        (Val::Duration(left), Val::Duration(right)) => Some(left.cmp(right)),
        (Val::Time(left), Val::Time(right)) => Some(left.cmp(right)),
        _ => None,
    };
    ordering.map_or_else(
        || Val::unknown(format!("{left} and {right} have no order here")),
        |ordering| Val::Bool(holds(ordering)),
    )
}

/// A text without what some comparisons pass over: case, `ß` for `ss`, composed letters for decomposed ones.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether two values are the same.
pub fn equal(left: &Val, right: &Val) -> Val {
    match (left, right) {
        (Val::Unknown(why), _) | (_, Val::Unknown(why)) => Val::Unknown(why.clone()),
        (Val::Text(left), Val::Text(right)) if left != right && folded(left) == folded(right) => Val::unknown(format!(
            "{left:?} and {right:?} differ only in case or in how letters are encoded, and whether Architect minds is not \
             verified"
        )),
        (Val::Text(left), Val::Text(right)) => Val::Bool(left == right),
        (Val::NotSet, Val::Text(_)) | (Val::Text(_), Val::NotSet) => Val::Bool(false),
        (Val::Number(left), Val::Number(right)) => Val::Bool(left == right),
        (Val::Bool(left), Val::Bool(right)) => Val::Bool(left == right),
        (Val::Duration(left), Val::Duration(right)) => Val::Bool(left == right),
        (Val::Time(left), Val::Time(right)) => Val::Bool(left == right),
        _ => Val::unknown(format!("{left} and {right} are of different types")),
    }
}
