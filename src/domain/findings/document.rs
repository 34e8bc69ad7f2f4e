//! The table of rules as a page of the documentation.

use super::RULES;
use std::fmt::Write as _;

/// docs/findings.md, whole.
pub fn document() -> String {
    let mut out = String::from(
        "# Findings\n\n\
         What `sidetone check`, `watch --json` and the Diagnose screen report. This page is printed from the table of rules in \
         `src/domain/findings/rules.rs`; `sidetone check --rules` prints the same.\n\n\
         A false alarm is worse than silence: a rule fires on what was seen, never on what might have been. The severity is the \
         usual one; an expectation can make a finding worse (an empty value of a required key is an error), and e-mail addresses \
         and telephone numbers that are not masked are `info`.\n\n\
         In the configuration file, `[findings]` (for one profile `[profile.NAME.findings]`) turns a rule off, gives it another \
         severity, or names keys that no rule looks at: `blank = \"off\"`, `late = \"error\"`, `ignore = [\"trace_*\"]`.\n\n\
         | rule | severity | what it means |\n|---|---|---|\n",
    );
    for rule in RULES {
        // Writing to a string does not fail.
        _ = writeln!(out, "| [`{}`](#{}) | {} | {} |", rule.name, rule.name, rule.severity.as_str(), rule.title);
    }
    for rule in RULES {
        _ = write!(
            out,
            "\n## {}\n\n**{}** ({}). {}\n\n- Impact: {}\n- Fix: {}\n- Source: {}.\n",
            rule.name,
            capital(rule.title),
            rule.severity.as_str(),
            rule.what,
            rule.why,
            rule.remedy,
            rule.source
        );
    }
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
