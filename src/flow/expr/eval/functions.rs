//! Functions of expressions. Their names are case-insensitive. Evaluated are those that depend on nothing but their
//! arguments and whose result is verified; of the rest, the reason why they are not is given.

use super::{equal, eval, folded, item};
use crate::flow::{
    expr::Expr,
    value::{Val, decimal},
};
use serde_json::Value as Json;

/// Functions that are evaluated here, as Architect spells them.
pub const EVALUATED: &[&str] = &[
    "AddDays",
    "AddHours",
    "AddItem",
    "AddMinutes",
    "AddSeconds",
    "Append",
    "AreEqual",
    "Contains",
    "Count",
    "EndsWith",
    "FindFirst",
    "FindString",
    "GetAt",
    "GetJsonObjectProperty",
    "If",
    "IsNotSet",
    "IsNotSetOrEmpty",
    "IsSet",
    "IsSetAndNotEmpty",
    "JsonParse",
    "Left",
    "Length",
    "Lower",
    "MakeDuration",
    "MakeList",
    "Replace",
    "Right",
    "RoundUp",
    "Split",
    "StartsWith",
    "Substring",
    "ToBool",
    "ToDateTime",
    "ToDecimal",
    "ToInt",
    "ToNumber",
    "ToPhoneNumber",
    "ToString",
    "Trim",
    "Upper",
];

/// Beginnings of names whose result only prompts and messages take.
const PROMPTS: &[&str] =
    &["toaudio", "audioplaybackoptions", "makecommunication", "tocommunication", "todisplaystring", "tocurrency"];

/// Beginnings of names whose result only the organisation can give.
const ASKS: &[&str] = &["find", "resolveslot", "get", "toschedule", "makelistagentscore"];

/// Evaluates a call.
pub fn call(name: &str, arguments: &[Expr], lookup: &dyn Fn(&str) -> Val) -> Val {
    let lower = name.to_ascii_lowercase();
    if let ("if", [condition, yes, no]) = (lower.as_str(), arguments) {
        // Only the side that is taken counts; when it is not known which, both may come to the same.
        return match eval(condition, lookup) {
            Val::Bool(true) => eval(yes, lookup),
            Val::Bool(false) => eval(no, lookup),
            Val::Unknown(why) => match (eval(yes, lookup), eval(no, lookup)) {
                (yes, no) if yes == no && !yes.is_unknown() => yes,
                _ => Val::Unknown(why),
            },
            other => Val::unknown(format!("{other} is neither true nor false")),
        };
    }
    if let ("getcurrentdatetimeutc", []) = (lower.as_str(), arguments) {
        return match lookup(name).typed(crate::flow::value::Type::Time) {
            time @ Val::Time(_) => time,
            _ => Val::unknown("the time is not given (GetCurrentDateTimeUtc in --input)"),
        };
    }
    let values: Vec<Val> = arguments.iter().map(|argument| eval(argument, lookup)).collect();
    // The reason why a whole kind of function is not evaluated says more than that its argument is unknown.
    let known = EVALUATED.iter().any(|evaluated| evaluated.eq_ignore_ascii_case(name));
    if known && let Some(Val::Unknown(why)) = values.iter().find(|value| value.is_unknown()) {
        return Val::Unknown(why.clone());
    }
    let result = apply(&lower, &values);
    result.unwrap_or_else(|| Val::unknown(reason(name, &lower, known)))
}

fn reason(name: &str, lower: &str, known: bool) -> String {
    let begins = |list: &[&str]| list.iter().any(|start| lower.starts_with(start));
    if known {
        format!("{name} with these arguments: what it gives is not verified")
    } else if begins(PROMPTS) {
        format!("{name} feeds prompts and messages and is not evaluated here")
    } else if begins(ASKS) {
        format!("{name} asks the organisation")
    } else {
        format!("the function {name} is not evaluated here")
    }
}

/// The result, where it is certain.
fn apply(name: &str, values: &[Val]) -> Option<Val> {
    Some(match (name, values) {
        ("isset", [value]) => Val::Bool(*value != Val::NotSet),
        ("isnotset", [value]) => Val::Bool(*value == Val::NotSet),
        ("isnotsetorempty", [value]) => Val::Bool(empty(value)),
        ("issetandnotempty", [value]) => Val::Bool(!empty(value)),
        ("areequal", [left, right]) if *left != Val::NotSet && *right != Val::NotSet => equal(left, right),
        ("append", [_, _, ..]) => Val::Text(values.iter().map(Val::text).collect::<Option<Vec<_>>>()?.concat()),
        ("tostring", [value]) => Val::Text(value.text()?),
        ("tobool", [Val::Bool(value)]) => Val::Bool(*value),
        // Of other spellings nothing verified says what they are.
        ("tobool", [Val::Text(text)]) => Val::Bool(text.parse().ok()?),
        ("toint" | "todecimal" | "tonumber", [value]) => number(value, name == "toint")?,
        ("roundup", [Val::Number(number)]) if *number >= 0.0 || number.fract() == 0.0 => Val::number(number.ceil()),
        ("makelist", items) => Val::Data(Json::Array(items.iter().map(Val::to_json).collect::<Option<_>>()?)),
        ("additem", [Val::Data(Json::Array(items)), item]) => {
            let mut items = items.clone();
            items.push(item.to_json()?);
            Val::Data(Json::Array(items))
        }
        ("count", [Val::Data(Json::Array(items))]) => Val::Number(items.len() as f64),
        ("getat", [list, index]) => item(list, index),
        ("findfirst", [Val::Data(Json::Array(items)), wanted]) => find_first(items, wanted)?,
        ("jsonparse", [Val::Text(text)]) => Val::from_json(&serde_json::from_str(text).ok()?),
        ("getjsonobjectproperty", [Val::Data(Json::Object(members)), Val::Text(name)]) => {
            Val::from_json(members.get(name)?)
        }
        ("tophonenumber", [Val::Text(text)]) => phone(text)?,
        ("todatetime", [value]) => match value.clone().typed(crate::flow::value::Type::Time) {
            value @ Val::Time(_) => value,
            _ => return None,
        },
        ("makeduration", parts) => duration(parts)?,
        ("adddays", [Val::Time(time), Val::Number(count)]) => later(*time, *count, 86_400)?,
        ("addhours", [Val::Time(time), Val::Number(count)]) => later(*time, *count, 3_600)?,
        ("addminutes", [Val::Time(time), Val::Number(count)]) => later(*time, *count, 60)?,
        ("addseconds", [Val::Time(time), Val::Number(count)]) => later(*time, *count, 1)?,
        (_, [Val::Text(text), rest @ ..]) => text_function(name, text, rest)?,
        _ => return None,
    })
}

/// Functions of texts. Places count from 0, in characters; of characters outside the basic plane, which some platforms
/// count twice, nothing is said.
fn text_function(name: &str, text: &str, rest: &[Val]) -> Option<Val> {
    let plain = text.chars().all(|character| u32::from(character) <= 0xFFFF);
    let length = text.chars().count();
    let cut = |start: usize, count: usize| Val::Text(text.chars().skip(start).take(count).collect());
    Some(match (name, rest) {
        ("upper", []) => Val::Text(text.chars().map(|c| paired(c).map(|(upper, _)| upper)).collect::<Option<_>>()?),
        ("lower", []) => Val::Text(text.chars().map(|c| paired(c).map(|(_, lower)| lower)).collect::<Option<_>>()?),
        ("trim", []) => {
            let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
            // Which other blanks are taken off is not verified.
            let other = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
            if trimmed.starts_with(other) || trimmed.ends_with(other) {
                return None;
            }
            Val::Text(trimmed.into())
        }
        ("length", []) if plain => Val::Number(length as f64),
        ("substring", [start, count]) if plain => {
            let (start, count) = (place(start)?, place(count)?);
            // What the platform makes of a piece that reaches beyond the end is not verified.
            if start + count > length {
                return None;
            }
            cut(start, count)
        }
        ("left", [count]) if plain => cut(0, place(count).filter(|count| *count <= length)?),
        ("right", [count]) if plain => {
            let count = place(count).filter(|count| *count <= length)?;
            cut(length - count, count)
        }
        ("contains", [Val::Text(part)]) => found(text, part, |text, part| text.contains(part))?,
        ("startswith", [Val::Text(part)]) => found(text, part, |text, part| text.starts_with(part))?,
        ("endswith", [Val::Text(part)]) => found(text, part, |text, part| text.ends_with(part))?,
        ("findstring", [Val::Text(part)]) if plain && !part.is_empty() => {
            let at = text.find(part.as_str())?;
            let earlier = folded(text).find(&folded(part))?;
            // Counted in characters on both sides, for folding may change the length in bytes.
            let at = text[..at].chars().count();
            (folded(text).get(..earlier)?.chars().count() == at).then_some(Val::Number(at as f64))?
        }
        ("replace", [Val::Text(from), Val::Text(to)]) if !from.is_empty() => {
            let hits = text.matches(from.as_str()).count();
            if hits != folded(text).matches(&folded(from)).count() {
                return None;
            }
            Val::Text(text.replace(from.as_str(), to))
        }
        ("split", [Val::Text(separator)]) if separator.chars().count() == 1 => {
            let parts: Vec<&str> = text.split(separator.as_str()).collect();
            // Whether empty pieces are kept is not verified.
            if parts.iter().any(|part| part.is_empty()) {
                return None;
            }
            Val::Data(parts.into())
        }
        _ => return None,
    })
}

fn empty(value: &Val) -> bool {
    match value {
        Val::NotSet => true,
        Val::Text(text) => text.is_empty(),
        Val::Data(Json::Array(items)) => items.is_empty(),
        _ => false,
    }
}

fn place(value: &Val) -> Option<usize> {
    match value {
        Val::Number(number) if *number >= 0.0 && number.fract() == 0.0 => Some(*number as usize),
        _ => None,
    }
}

/// A search that is only answered when case does not decide it.
fn found(text: &str, part: &str, search: fn(&str, &str) -> bool) -> Option<Val> {
    let exact = search(text, part);
    (exact == search(&folded(text), &folded(part))).then_some(Val::Bool(exact))
}

/// A letter in upper and in lower case, where both are one letter, and each is the other's: `ß`, `ı` and the like are not.
fn paired(c: char) -> Option<(char, char)> {
    let one = |letters: &mut dyn Iterator<Item = char>| letters.next().filter(|_| letters.next().is_none());
    let (upper, lower) = (one(&mut c.to_uppercase())?, one(&mut c.to_lowercase())?);
    let back = one(&mut upper.to_lowercase())? == lower && one(&mut lower.to_uppercase())? == upper;
    // A sigma depends on where it stands.
    (back && !matches!(c, 'Σ' | 'σ' | 'ς')).then_some((upper, lower))
}

/// The place of the first item that equals; −1 when none does.
fn find_first(items: &[Json], wanted: &Val) -> Option<Val> {
    for (at, item) in items.iter().enumerate() {
        match equal(&Val::from_json(item), wanted) {
            Val::Bool(true) => return Some(Val::Number(at as f64)),
            Val::Bool(false) => {}
            _ => return None,
        }
    }
    Some(Val::Number(-1.0))
}

fn number(value: &Val, whole: bool) -> Option<Val> {
    let number = match value {
        Val::Number(number) => *number,
        // What blanks and other signs do is not verified.
        Val::Text(text)
            if text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
                && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) =>
        {
            decimal(text)?
        }
        _ => return None,
    };
    // How a fraction is rounded is not verified.
    (!whole || number.is_nan() || number.fract() == 0.0).then(|| Val::number(number))
}

/// `MakeDuration(days, hours, minutes, seconds)`; what a fifth part counts is not verified.
fn duration(parts: &[Val]) -> Option<Val> {
    let mut total = 0.0;
    for (part, length) in parts.iter().zip([86_400_000.0, 3_600_000.0, 60_000.0, 1_000.0, f64::NAN]) {
        match part {
            Val::Number(number) if *number == 0.0 => {}
            Val::Number(number) => total += number * length,
            _ => return None,
        }
    }
    ((4..=5).contains(&parts.len()) && f64::abs(total) < 1e15).then_some(Val::Duration(total as i64))
}

fn later(time: jiff::Timestamp, count: f64, seconds: i64) -> Option<Val> {
    if count.fract() != 0.0 || count.abs() > 1e9 {
        return None;
    }
    let span = jiff::SignedDuration::from_secs((count as i64).checked_mul(seconds)?);
    time.checked_add(span).ok().map(Val::Time)
}

/// A number that is in E.164 already, `tel:` before it or not. Others depend on the organisation's country.
fn phone(text: &str) -> Option<Val> {
    let bare = text.strip_prefix("tel:").unwrap_or(text);
    let digits = bare.strip_prefix('+')?;
    let plausible = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plausible.then(|| Val::Data(serde_json::json!({ "e164": bare })))
}
