//! Expressions against an oracle that shares no code with them: sources are written together with what they come to, in
//! Rust's own integers, booleans and texts.

use super::{eval, parse};
use crate::flow::value::Val;
use proptest::prelude::*;

/// What a written expression comes to.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Int(i64),
    Bool(bool),
    Text(String),
}

/// A source, how tightly its outermost operator binds (6 for what needs no brackets), and its value.
struct Made {
    source: String,
    binds: u8,
    value: Known,
}

/// Variables that the sources may name, in any case, and their values.
const VARIABLES: [(&str, i64); 2] = [("Flow.Seven", 7), ("Task.Two", 2)];

struct SourceWriter(fastrand::Rng);

impl SourceWriter {
    fn space(&mut self) -> &'static str {
        ["", " ", "\n  ", "\t"][self.0.usize(..4)]
    }

    /// A name in one of its cases.
    fn case(&mut self, name: &str) -> String {
        match self.0.u8(..3) {
            0 => name.to_ascii_lowercase(),
            1 => name.to_ascii_uppercase(),
            _ => name.to_owned(),
        }
    }

    /// Brackets where the place binds tighter than the part, and sometimes where they are not needed.
    fn within(&mut self, part: &Made, place: u8) -> String {
        if part.binds < place || self.0.u8(..6) == 0 { format!("({})", part.source) } else { part.source.clone() }
    }

    fn infix(&mut self, left: &Made, operator: &str, right: &Made, level: u8, value: Known) -> Made {
        // Left-associative: the same level may stand on the left, not on the right.
        let (left, right) = (self.within(left, level), self.within(right, level + 1));
        let word = operator.starts_with(char::is_alphabetic);
        let (before, after) = if word { (" ", " ") } else { (self.space(), self.space()) };
        let operator = if word { self.case(operator) } else { operator.to_owned() };
        Made { source: format!("{left}{before}{operator}{after}{right}"), binds: level, value }
    }

    fn call(&mut self, name: &str, arguments: &[&Made], value: Known) -> Made {
        let name = self.case(name);
        let list: Vec<String> =
            arguments.iter().map(|one| format!("{}{}{}", self.space(), one.source, self.space())).collect();
        Made { source: format!("{name}({})", list.join(",")), binds: 6, value }
    }

    fn int(&mut self, depth: u8) -> Made {
        if depth == 0 || self.0.u8(..4) == 0 {
            return match self.0.usize(..4) {
                0 => {
                    let (name, value) = VARIABLES[self.0.usize(..2)];
                    Made { source: self.case(name), binds: 6, value: Known::Int(value) }
                }
                _ => {
                    let value = self.0.i64(0..1_000);
                    Made { source: value.to_string(), binds: 6, value: Known::Int(value) }
                }
            };
        }
        match self.0.u8(..6) {
            0 => {
                let text = self.text(depth - 1);
                let Known::Text(value) = &text.value else { unreachable!() };
                let length = value.chars().count() as i64;
                self.call("Length", &[&text], Known::Int(length))
            }
            1 => {
                let condition = self.bool(depth - 1);
                let (yes, no) = (self.int(depth - 1), self.int(depth - 1));
                let value = if condition.value == Known::Bool(true) { yes.value.clone() } else { no.value.clone() };
                self.call("If", &[&condition, &yes, &no], value)
            }
            2 => {
                let value = self.0.i64(0..1_000_000);
                let text = Made { source: format!("\"{value}\""), binds: 6, value: Known::Text(value.to_string()) };
                self.call("ToInt", &[&text], Known::Int(value))
            }
            _ => {
                let (left, right) = (self.int(depth - 1), self.int(depth - 1));
                let (Known::Int(one), Known::Int(two)) = (&left.value, &right.value) else { unreachable!() };
                let (operator, level, value) = match self.0.u8(..4) {
                    0 => ("+", 4, one + two),
                    1 => ("-", 4, one - two),
                    2 if *two != 0 && one % two == 0 => ("/", 5, one / two),
                    _ if one.abs() < 10_000 && two.abs() < 10_000 => ("*", 5, one * two),
                    _ => ("+", 4, one + two),
                };
                self.infix(&left, operator, &right, level, Known::Int(value))
            }
        }
    }

    fn bool(&mut self, depth: u8) -> Made {
        if depth == 0 || self.0.u8(..5) == 0 {
            let value = self.0.bool();
            return Made { source: self.case(&value.to_string()), binds: 6, value: Known::Bool(value) };
        }
        match self.0.u8(..7) {
            0 => {
                let inner = self.bool(depth - 1);
                let Known::Bool(value) = inner.value else { unreachable!() };
                Made { source: format!("!{}", self.within(&inner, 6)), binds: 6, value: Known::Bool(!value) }
            }
            1 => {
                let text = self.text(depth - 1);
                let value = text.value == Known::Text(String::new());
                self.call("IsNotSetOrEmpty", &[&text], Known::Bool(value))
            }
            2 => {
                let (text, part) = (self.text(depth - 1), self.text(0));
                let (Known::Text(one), Known::Text(two)) = (&text.value, &part.value) else { unreachable!() };
                let value = one.contains(two.as_str());
                self.call("Contains", &[&text, &part], Known::Bool(value))
            }
            3 | 4 => {
                let (left, right) = (self.int(depth - 1), self.int(depth - 1));
                let (Known::Int(one), Known::Int(two)) = (&left.value, &right.value) else { unreachable!() };
                let (operator, value) = match self.0.u8(..6) {
                    0 => ("<", one < two),
                    1 => ("<=", one <= two),
                    2 => (">", one > two),
                    3 => (">=", one >= two),
                    4 => ("==", one == two),
                    _ => ("!=", one != two),
                };
                self.infix(&left, operator, &right, 3, Known::Bool(value))
            }
            _ => {
                let (left, right) = (self.bool(depth - 1), self.bool(depth - 1));
                let (Known::Bool(one), Known::Bool(two)) = (&left.value, &right.value) else { unreachable!() };
                let (one, two) = (*one, *two);
                let (operator, level, value) =
                    if self.0.bool() { ("and", 2, one && two) } else { ("or", 1, one || two) };
                self.infix(&left, operator, &right, level, Known::Bool(value))
            }
        }
    }

    fn text(&mut self, depth: u8) -> Made {
        if depth == 0 || self.0.u8(..5) == 0 {
            // Lower case only: what case decides is unknown on purpose.
            let count = self.0.usize(..4);
            let value: String = (0..count).map(|_| ['a', 'b', '"', '\n', '\\', ' ', 'é'][self.0.usize(..7)]).collect();
            let written = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n");
            return Made { source: format!("\"{written}\""), binds: 6, value: Known::Text(value) };
        }
        match self.0.u8(..6) {
            0 => {
                let (left, right) = (self.text(depth - 1), self.text(depth - 1));
                let (Known::Text(one), Known::Text(two)) = (&left.value, &right.value) else { unreachable!() };
                let value = format!("{one}{two}");
                self.infix(&left, "+", &right, 4, Known::Text(value))
            }
            1 => {
                let (one, two, three) = (self.text(depth - 1), self.int(depth - 1), self.bool(depth - 1));
                let (Known::Text(text), Known::Int(int), Known::Bool(bool)) = (&one.value, &two.value, &three.value)
                else {
                    unreachable!()
                };
                let value = format!("{text}{int}{bool}");
                self.call("Append", &[&one, &two, &three], Known::Text(value))
            }
            2 => {
                let int = self.int(depth - 1);
                let Known::Int(value) = int.value else { unreachable!() };
                self.call("ToString", &[&int], Known::Text(value.to_string()))
            }
            3 => {
                let text = self.text(depth - 1);
                let Known::Text(value) = &text.value else { unreachable!() };
                let value = value.trim().to_owned();
                self.call("Trim", &[&text], Known::Text(value))
            }
            4 => {
                let text = self.text(depth - 1);
                let Known::Text(value) = &text.value else { unreachable!() };
                let characters: Vec<char> = value.chars().collect();
                let start = self.0.usize(..=characters.len());
                let count = self.0.usize(..=characters.len() - start);
                let value = characters[start..start + count].iter().collect();
                let number =
                    |n: usize| Made { source: n.to_string(), binds: 6, value: Known::Int(i64::try_from(n).unwrap()) };
                self.call("Substring", &[&text, &number(start), &number(count)], Known::Text(value))
            }
            _ => {
                let condition = self.bool(depth - 1);
                let (yes, no) = (self.text(depth - 1), self.text(depth - 1));
                let value = if condition.value == Known::Bool(true) { yes.value.clone() } else { no.value.clone() };
                self.call("If", &[&condition, &yes, &no], value)
            }
        }
    }
}

fn lookup(name: &str) -> Val {
    let found = VARIABLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or_else(|| Val::unknown(format!("{name} has no value")), |(_, value)| Val::Number(*value as f64))
}

/// A source of any shape, often ill-typed, in which `Flow.U` stands here and there.
fn wild(rng: &mut fastrand::Rng, depth: u8) -> String {
    if depth == 0 || rng.u8(..4) == 0 {
        return match rng.u8(..10) {
            0..4 => "Flow.U".to_owned(),
            4 => "NOT_SET".to_owned(),
            5 => rng.u8(..4).to_string(),
            6 => rng.bool().to_string(),
            7 => "\"\"".to_owned(),
            8 => "MakeList(1, \"a\")".to_owned(),
            _ => "\"a\"".to_owned(),
        };
    }
    let mut part = || wild(rng, depth - 1);
    let (one, two, three) = (part(), part(), part());
    let operators = ["+", "-", "*", "/", "==", "!=", "<", ">=", "and", "or"];
    match rng.u8(..8) {
        0..3 => format!("({one} {} {two})", operators[rng.usize(..operators.len())]),
        3 => format!("!({one})"),
        4 => format!("If({one}, {two}, {three})"),
        5 => format!("({one})[{two}]"),
        _ => {
            let names = super::EVALUATED;
            match (names[rng.usize(..names.len())], rng.u8(..3)) {
                (name, 0) => format!("{name}({one})"),
                (name, 1) => format!("{name}({one}, {two})"),
                (name, _) => format!("{name}({one}, {two}, {three})"),
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_found(seed: u64, depth in 0_u8..5) {
        let mut writer = SourceWriter(fastrand::Rng::with_seed(seed));
        let made = match writer.0.u8(..3) {
            0 => writer.int(depth),
            1 => writer.bool(depth),
            _ => writer.text(depth),
        };
        let found = eval(&parse(&made.source).unwrap(), &lookup);
        let expected = match made.value {
            Known::Int(value) => Val::Number(value as f64),
            Known::Bool(value) => Val::Bool(value),
            Known::Text(value) => Val::Text(value),
        };
        prop_assert_eq!(found, expected, "{}", made.source);
    }

    #[test]
    fn a_value_for_what_is_unknown_never_contradicts_what_was_certain(seed: u64) {
        let source = wild(&mut fastrand::Rng::with_seed(seed), 4);
        let parsed = parse(&source).unwrap();
        let certain = eval(&parsed, &|_| Val::by("X"));
        if !certain.is_unknown() {
            let values = [
                Val::NotSet, Val::Text(String::new()), Val::Text("a".into()), Val::Text("A".into()), Val::Text("1".into()),
                Val::Number(0.0), Val::Number(1.0), Val::Number(-2.5), Val::Bool(true), Val::Bool(false),
                Val::Duration(0), Val::Data(serde_json::json!(["a", 1])), Val::Data(serde_json::json!({"a": 1})),
            ];
            for value in values {
                let found = eval(&parsed, &|_| value.clone());
                prop_assert!(found.is_unknown() || found == certain, "{}: {} with {}, {}", source, found, value, certain);
            }
        }
    }
}

fn run(text: &str) -> Val {
    eval(&parse(text).unwrap(), &|name| match name.to_ascii_lowercase().as_str() {
        "flow.tier" => Val::Text("gold".into()),
        "flow.none" => Val::NotSet,
        "flow.n" => Val::Number(3.0),
        "flow.list" => Val::Data(serde_json::json!(["a", "b"])),
        "flow.json" => Val::Data(serde_json::json!({"a": {"b": 1}, "n": null})),
        "call.ani" => Val::Text("tel:+15550100101".into()),
        "getcurrentdatetimeutc" => Val::Text("2026-11-29T12:00:00Z".into()),
        "flow.bot" => Val::by("Call Bot Flow"),
        _ => Val::unknown(format!("{name} has no value")),
    })
}

#[test]
fn evaluates_what_it_knows() {
    for (text, value) in [
        ("\"a\" + Flow.Tier", "agold"),
        ("Append(\"Hi \", Flow.Tier, \", \", 3)", "Hi gold, 3"),
        ("If(Flow.Tier == \"gold\", \"yes\", Flow.Missing)", "yes"),
        ("If(Flow.Missing, \"same\", \"same\")", "same"),
        ("IsSet(Flow.None)", "false"),
        // Resource Center, "Use NOT_SET in expressions".
        ("Flow.None == \"x\"", "false"),
        ("Flow.None != \"x\"", "true"),
        ("isNotSetOrEmpty(\"\")", "true"),
        ("Upper(Lower(\"ÄbC\"))", "ÄBC"),
        ("ToString(Flow.N * 2 + 0.5)", "6.5"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("Flow.N >= 3 and !(Flow.N == 4)", "true"),
        ("flow.LIST[1]", "b"),
        ("GetAt(Flow.List, 0)", "a"),
        ("count(Flow.List)", "2"),
        ("FindFirst(Flow.List, \"b\")", "1"),
        ("FindFirst(Flow.List, \"c\") >= 0", "false"),
        ("FindString(\"hello\", \"l\")", "2"),
        ("Substring(\"hello\", 1, 3)", "ell"),
        ("Left(\"hello\", 2)", "he"),
        ("right(\"hello\", 2)", "lo"),
        ("Replace(Call.Ani, \"tel:\", \"\")", "+15550100101"),
        ("ToPhoneNumber(call.ani).e164", "+15550100101"),
        ("Split(\"a,b\", \",\")[1]", "b"),
        ("Count(AddItem(MakeList(1, 2), 3))", "3"),
        ("Flow.Missing or 1 == 1", "true"),
        ("false AND Flow.Missing", "false"),
        ("ToInt(\"42\")", "42"),
        ("RoundUp(1.2)", "2"),
        ("Contains(Flow.Tier, \"ol\")", "true"),
        ("AreEqual(Flow.Tier, \"gold\")", "true"),
        ("GetJsonObjectProperty(JsonParse(\"{\\\"k\\\": \\\"v\\\"}\"), \"k\")", "v"),
        ("GetJsonObjectProperty(Flow.Json, \"a\").b", "1"),
        ("IsSet(GetJsonObjectProperty(Flow.Json, \"n\"))", "false"),
        ("AddHours(GetCurrentDateTimeUtc(), 2) > ToDateTime(\"2026-11-29T13:59:59Z\")", "true"),
        ("MakeDuration(0, 1, 0, 0) == MakeDuration(0, 0, 60, 0, 0)", "true"),
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
        "MakeCommunication(\"x\")",
        "ToAudioTTS(Flow.Tier)",
        "FindQueue(\"Support\")",
        "1 / 0",
        "Flow.List[7]",
        "Flow.Tier.id",
        "If(Flow.Tier, 1, 2)",
        "ToString(Flow.None)",
        "ToString(MakeDuration(0, 0, 0, 1))",
        "ToString(1 / 3)",
        "ToInt(1.5)",
        "FindString(\"hello\", \"x\")",
        "Substring(\"hello\", 3, 9)",
        "MakeDuration(0, 0, 0, 0, 5)",
        "Replace(\"aA\", \"a\", \"b\")",
        "ToString(123456789.123456789)",
        "123456789.123456789 == 123456789.123457",
        "ToString(123456789.1 * 1.00000001)",
        "Upper(\"straße\")",
        "Lower(\"ΟΔΟΣ\")",
        "Upper(\"ıi\")",
        "\"straße\" == \"STRASSE\"",
        "\"caf\u{e9}\" == \"cafe\u{301}\"",
        "Contains(\"Straße\", \"ss\")",
        "Trim(\"\u{a0}a\")",
        "ToBool(\"TRUE\")",
        "ToInt(\" 4\")",
        "DateTimeDiff(GetCurrentDateTimeUtc(), GetCurrentDateTimeUtc())",
    ] {
        assert!(run(text).is_unknown(), "{text} gave {}", run(text));
    }
    assert_eq!(run("IsNotSetOrEmpty(Trim(Flow.Bot))"), Val::by("Call Bot Flow"));
}
