//! The expectation file (TOML): what calls should carry. Read for `check --expect`, written by `check --learn`.

use crate::config::{Problem, check_keys, line_of, nearest};
use crate::domain::expect::{Allowed, Expectation, Milestone, ValueType};
use crate::domain::filter::Filter;
use crate::format::toml as format;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of `[[expect]]`, in the order in which they are written.
const KEYS: [&str; 9] = ["key", "on", "by", "required", "one_of", "matches", "type", "when", "note"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    expect: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    key: Spanned<String>,
    on: Option<Spanned<String>>,
    by: Option<Spanned<String>>,
    required: Option<bool>,
    one_of: Option<Spanned<Vec<String>>>,
    matches: Option<Spanned<String>>,
    #[serde(rename = "type")]
    kind: Option<Spanned<String>>,
    when: Option<Spanned<String>>,
    note: Option<String>,
}

/// Reads the text of a file.
///
/// # Errors
/// All mistakes of one kind together, each with its line: misspelt keys with the nearest right one; else syntax and
/// types; else milestones, patterns and filters that say nothing.
pub fn parse(text: &str) -> Result<Vec<Expectation>, Vec<Problem>> {
    let error = |e: &toml::de::Error| {
        let line = e.span().map_or(1, |span| line_of(text, span.start));
        vec![Problem { line, message: e.message().trim_end().replace('\n', "; ") }]
    };
    let table = DeTable::parse(text).map_err(|e| error(&e))?;
    let problems = unknown_keys(text, table.get_ref());
    if !problems.is_empty() {
        return Err(problems);
    }
    let document: Document = toml::from_str(text).map_err(|e| error(&e))?;
    let mut problems = Vec::new();
    let mut expectations = Vec::with_capacity(document.expect.len());
    for table in document.expect {
        expectations.push(expectation(text, table, &mut problems));
    }
    if problems.is_empty() { Ok(expectations) } else { Err(problems) }
}

fn unknown_keys(text: &str, root: &DeTable<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_keys(text, root, &["expect"], "", &mut problems);
    for (name, value) in root {
        if name.get_ref() == "expect"
            && let DeValue::Array(tables) = value.get_ref()
        {
            for table in tables {
                if let DeValue::Table(table) = table.get_ref() {
                    check_keys(text, table, &KEYS, " in [[expect]]", &mut problems);
                }
            }
        }
    }
    problems.sort_by_key(|p| p.line);
    problems
}

fn expectation(text: &str, table: Table, problems: &mut Vec<Problem>) -> Expectation {
    let mut expectation = Expectation::new(table.key.get_ref());
    let mut wrong = |at: usize, message: String| problems.push(Problem { line: line_of(text, at), message });
    if table.key.get_ref().is_empty() {
        wrong(table.key.span().start, "the key is empty".into());
    }
    if let Some(on) = table.on {
        expectation.on = on.into_inner().into();
    }
    if let Some(by) = table.by {
        match by.get_ref().parse::<Milestone>() {
            Ok(milestone) => expectation.by = milestone,
            Err(message) => wrong(by.span().start, format!("by = {:?}: {message}", by.get_ref())),
        }
    }
    expectation.required = table.required.unwrap_or(true);
    let mut allowed = Allowed::default();
    if let Some(one_of) = table.one_of {
        if one_of.get_ref().is_empty() {
            wrong(one_of.span().start, "one_of allows no value at all; leave it out to allow any".into());
        }
        allowed.one_of = Some(one_of.into_inner());
    }
    if let Some(matches) = table.matches {
        match regex::RegexBuilder::new(matches.get_ref()).size_limit(1 << 20).build() {
            Ok(regex) => allowed.matches = Some(regex),
            Err(e) => {
                let reason = e.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                wrong(matches.span().start, format!("matches is not a regular expression: {reason}"));
            }
        }
    }
    if let Some(kind) = table.kind {
        match ValueType::ALL.into_iter().find(|t| t.as_str() == kind.get_ref()) {
            Some(kind) => allowed.kind = Some(kind),
            None => {
                let known = ValueType::ALL.map(ValueType::as_str);
                let remedy = match nearest(kind.get_ref(), known.into_iter()) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("known are {}", known.join(", ")),
                };
                wrong(kind.span().start, format!("unknown type {:?}; {remedy}", kind.get_ref()));
            }
        }
    }
    expectation.allowed = allowed;
    if let Some(when) = table.when {
        match when.get_ref().parse::<Filter>() {
            Ok(filter) => expectation.when = Some(filter).filter(|f| !f.is_empty()),
            Err(mistake) => {
                let at = when.get_ref().get(mistake.span.start..).unwrap_or_default();
                let place = if at.is_empty() { "at its end".to_owned() } else { format!("at {at:?}") };
                wrong(when.span().start, format!("when is not a filter: {mistake} ({place})"));
            }
        }
    }
    expectation.note = table.note;
    expectation
}

/// Writes one expectation as the file has it, with comment lines before it. What is the default is left out.
pub fn write(out: &mut String, expectation: &Expectation, comment: &str) {
    let plain = Expectation::new("");
    let text = |s: &str| Some(format::string(s));
    let allowed = &expectation.allowed;
    let values = [
        text(&expectation.key),
        text(&expectation.on).filter(|_| expectation.on != plain.on),
        text(&expectation.by.to_string()).filter(|_| expectation.by != plain.by),
        Some("false".to_owned()).filter(|_| !expectation.required),
        allowed.one_of.as_ref().map(|all| format::list(all.iter().map(String::as_str))),
        allowed.matches.as_ref().and_then(|m| text(m.as_str())),
        allowed.kind.and_then(|t| text(t.as_str())),
        expectation.when.as_ref().and_then(|w| text(&w.to_string())),
        expectation.note.as_ref().and_then(|n| text(n)),
    ];
    for line in comment.lines() {
        out.extend(["# ", &format::comment(line), "\n"]);
    }
    out.push_str("[[expect]]\n");
    for (key, value) in KEYS.iter().zip(values) {
        if let Some(value) = value {
            out.extend([key, " = ", &value, "\n"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SAMPLE: &str = r#"
[[expect]]
key = "customer_tier"
on = "customer"
by = "flow-end"
required = true
one_of = ["gold", "silver"]
when = "queue:billing"
note = "set by MainIVR, Lookup"

[[expect]]
key = "balance"
by = "10s"
type = "number"
required = false

[[expect]]
key = "country"
on = "agent"
by = "agent"
matches = "^[A-Z]{2}$"
"#;

    #[test]
    fn the_contracts_example_is_read() {
        let all = parse(SAMPLE).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(
            (all[0].key.as_str(), all[0].on.as_str(), all[0].by),
            ("customer_tier", "customer", Milestone::FlowEnd)
        );
        assert_eq!(all[0].allowed.one_of.as_deref(), Some(&["gold".to_owned(), "silver".to_owned()][..]));
        assert_eq!(all[0].when.as_ref().unwrap().to_string(), "queue:billing");
        assert_eq!(all[1].by, Milestone::After(Duration::from_secs(10)));
        assert!(!all[1].required && all[2].required);
        assert_eq!(all[1].allowed.kind, Some(ValueType::Number));
        assert_eq!(all[2].on, "agent");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = parse(SAMPLE).unwrap();
        let mut text = String::new();
        for expectation in &all {
            write(&mut text, expectation, "12 of 12 calls\nseen with 2 values");
        }
        let again = parse(&text).unwrap();
        assert_eq!(format!("{again:?}"), format!("{all:?}"), "{text}");
        assert!(text.contains("# seen with 2 values\n[[expect]]\nkey = \"customer_tier\"\n"), "{text}");
        assert!(!text.contains("on = \"customer\""), "defaults are left out");
    }

    #[test]
    fn hostile_keys_survive_the_file() {
        let mut text = String::new();
        let mut expectation = Expectation::new("a\"b\\\n\u{1b}[31m");
        expectation.note = Some("# no \u{7f} comment\n[[expect]]".into());
        write(&mut text, &expectation, "");
        let again = parse(&text).unwrap();
        assert_eq!((again.len(), again[0].key.as_str()), (1, "a\"b\\\n\u{1b}[31m"));
        assert_eq!(again[0].note, expectation.note);
    }

    #[test]
    fn mistakes_name_their_line_and_what_is_right() {
        for (text, line, words) in [
            ("[[expect]]\nkey = \"a\"\nrequird = true\n", 3, "\"required\""),
            ("[[expects]]\nkey = \"a\"\n", 1, "\"expect\""),
            ("[[expect]]\nkey = \"a\"\nby = \"flowend\"\n", 3, "flow-end"),
            ("[[expect]]\nkey = \"a\"\nby = \"10\"\n", 3, "10s"),
            ("[[expect]]\nkey = \"a\"\ntype = \"bool\"\n", 3, "\"boolean\""),
            ("[[expect]]\nkey = \"a\"\nmatches = \"[\"\n", 3, "unclosed"),
            ("[[expect]]\nkey = \"a\"\n\nwhen = \"queue:\"\n", 4, "at its end"),
            ("[[expect]]\nkey = \"a\"\none_of = []\n", 3, "allows no value"),
            ("[[expect]]\nkey = \"\"\n", 2, "empty"),
            ("[[expect]]\non = \"customer\"\n", 1, "key"),
            ("[[expect]]\nkey = 3\n", 2, "string"),
            ("[[expect]\n", 1, ""),
            ("expect = 3\n", 1, ""),
        ] {
            let problems = parse(text).map(|_| ()).expect_err(text);
            assert_eq!(problems[0].line, line, "{text}: {problems:?}");
            assert!(problems[0].message.contains(words), "{text}: {problems:?}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "[[expect]]\nkey = \"a\"\nby = \"x\"\n[[expect]]\nkey = \"b\"\ntype = \"x\"\n";
        assert_eq!(parse(text).unwrap_err().iter().map(|p| p.line).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(parse("").unwrap().len(), 0);
    }
}
