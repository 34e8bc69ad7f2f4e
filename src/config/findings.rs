//! `[findings]` and `[profile.NAME.findings]`: which rules are applied, and how heavily they weigh.

use super::problem::{Problem, check_keys, line_of, nearest};
use crate::domain::findings::{RULES, RuleId, Severity, Tuning};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// The one key of the table that is no rule.
const IGNORE: &str = "ignore";

/// What a rule may be set to.
const WEIGHTS: [&str; 4] = ["off", "info", "warn", "error"];

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FindingsTable {
    /// Keys that no rule looks at; `*` at the end stands for anything.
    pub ignore: Vec<String>,
    /// Rules by name.
    #[serde(flatten)]
    pub rules: BTreeMap<String, Weight>,
}

/// What becomes of the findings of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// There are none.
    Off,
    /// Worth knowing.
    Info,
    /// Probably wrong.
    Warn,
    /// Wrong.
    Error,
}

impl FindingsTable {
    /// Lays this table over what holds without it.
    pub(super) fn apply(&self, tuning: &mut Tuning) {
        tuning.ignored_keys.extend(self.ignore.iter().map(|key| key.as_str().into()));
        // The file was checked when it was read: every name is that of a rule.
        for (rule, weight) in self.rules.iter().filter_map(|(name, weight)| Some((RuleId::named(name)?, weight))) {
            let severity = match weight {
                Weight::Off => None,
                Weight::Info => Some(Severity::Info),
                Weight::Warn => Some(Severity::Warn),
                Weight::Error => Some(Severity::Error),
            };
            tuning.switch(rule, severity.is_some());
            if let Some(severity) = severity {
                tuning.weigh(rule, severity);
            }
        }
    }
}

/// Names unknown rules and wrong values, each with its line.
pub(super) fn problems(text: &str, table: &DeTable<'_>, section: &str, problems: &mut Vec<Problem>) {
    let known: Vec<&str> = [IGNORE].into_iter().chain(RULES.iter().map(|rule| rule.name)).collect();
    check_keys(text, table, &known, section, problems);
    for (name, value) in
        table.iter().filter(|(name, _)| name.get_ref() != IGNORE && known.contains(&name.get_ref().as_ref()))
    {
        let given = match value.get_ref() {
            DeValue::String(given) if WEIGHTS.contains(&given.as_ref()) => continue,
            DeValue::String(given) => format!("{given:?}"),
            _ => "that".to_owned(),
        };
        let near = nearest(&given, WEIGHTS.into_iter()).map(|near| format!("; did you mean {near:?}?"));
        let message = format!(
            "{}{section} cannot be {given}; known are {}{}",
            name.get_ref(),
            WEIGHTS.join(", "),
            near.unwrap_or_default()
        );
        problems.push(Problem { line: line_of(text, value.span().start), message });
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::File;
    use super::*;

    #[test]
    fn the_profile_is_laid_over_the_common_table() {
        let text = "[findings]\nblank = 'off'\nlate = 'error'\nignore = ['trace_*']\n\
                    [profile.a.findings]\nblank = 'warn'\nignore = ['scratch']\n";
        let file = File::parse(text).unwrap();
        let mut tuning = Tuning::default();
        file.findings.apply(&mut tuning);
        assert!(!tuning.is_on(RuleId::Blank) && tuning.is_on(RuleId::Late));
        assert_eq!(tuning.severity(RuleId::Late, Severity::Warn), Severity::Error);
        file.profile["a"].findings.apply(&mut tuning);
        assert!(tuning.is_on(RuleId::Blank));
        assert_eq!(tuning.severity(RuleId::Blank, Severity::Info), Severity::Warn);
        assert!(tuning.ignores("trace_id") && tuning.ignores("scratch") && !tuning.ignores("scratch2"));
    }

    #[test]
    fn unknown_rules_and_weights_are_named_with_line_and_remedy() {
        let text = "[findings]\nmising = 'off'\nlate = 'wrn'\nblank = false\n[profile.a.findings]\nflaping = 'off'\n";
        let problems = File::parse(text).unwrap_err();
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 4, 6], "{problems:?}");
        assert!(problems[0].message.contains("did you mean \"missing\"?"), "{problems:?}");
        assert!(problems[1].message.contains("off, info, warn, error"), "{problems:?}");
        assert!(problems[3].message.contains("[profile.a.findings]") && problems[3].message.contains("\"flapping\""));
    }

    #[test]
    fn keys_to_ignore_are_texts() {
        assert!(File::parse("[findings]\nignore = [3]\n").is_err());
        assert!(File::parse("[findings]\nignore = 'x'\n").is_err());
    }
}
