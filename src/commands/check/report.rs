//! What `check` prints.

use super::{
    causes::{CausedFinding, Causes},
    expected,
    judge::Judge,
};
use crate::{
    commands::{
        ansi::{Ansi, Role},
        follow::{causes, severity_role},
        stdout,
    },
    domain::{
        findings::{Finding, RULES, Severity},
        text,
    },
    ndjson,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// The longest name of a rule.
const RULE_COLUMNS: usize = 24;

/// Text is broken at this width.
const WIDTH: usize = 96;

/// The rules, for people.
pub(super) fn rules(paint: Ansi) -> String {
    let mut out = String::new();
    for rule in RULES {
        let severity = rule.severity.as_str();
        // Writing to a string does not fail.
        _ = writeln!(
            out,
            "{}  {}  {}",
            paint.column(Role::Name, rule.name, RULE_COLUMNS),
            paint.column(severity_role(severity), severity, 5),
            rule.title
        );
        for (label, text) in [("Looks at", rule.what), ("Impact", rule.why), ("Fix", rule.remedy)] {
            for (i, line) in paragraph(&plain(text), WIDTH - 12).into_iter().enumerate() {
                let label = if i == 0 { label } else { "" };
                _ = writeln!(out, "  {}  {line}", paint.column(Role::Quiet, label, 8));
            }
        }
        out.push('\n');
    }
    out.push_str("[findings] in the configuration switches rules off or changes their severity.\n");
    out
}

/// The text of a rule without the marks of the documentation.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Text in lines of at most `width` columns.
fn paragraph(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is one from the beginning");
        if !line.is_empty() && text::width(line) + 1 + text::width(word) > width {
            lines.push(word.to_owned());
        } else {
            let gap = if line.is_empty() { "" } else { " " };
            _ = write!(line, "{gap}{word}");
        }
    }
    lines
}

/// Prints findings as they come, and sums up.
pub(super) struct CheckReport {
    json: bool,
    /// Stdout is for something else.
    aside: bool,
    paint: Ansi,
    /// By conversation, participant, key and rule: how bad it was at its worst.
    told: BTreeMap<(String, String, String, &'static str), Severity>,
}

impl CheckReport {
    pub(super) fn new(json: bool, aside: bool, paint: Ansi) -> Self {
        Self { json, aside, paint, told: BTreeMap::new() }
    }

    /// Tells what the judge has found since; findings whose cause is looked up are told when that is done.
    pub(super) fn tell(&mut self, judge: &mut Judge, causes: &mut Causes) -> io::Result<()> {
        let mut out = Vec::new();
        for (at, finding) in judge.found() {
            let id = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let identity = (
                finding.conversation.as_str().to_owned(),
                id(finding.participant.as_ref().map(|p| p.as_str())),
                id(finding.key.as_ref().map(|k| k.as_str())),
                finding.rule.as_str(),
            );
            let before = self.told.get(&identity).copied();
            if before.is_some_and(|worst| worst >= finding.severity) {
                continue;
            }
            self.told.insert(identity, finding.severity);
            let call = judge.monitor.board.get(finding.conversation.as_str());
            if finding.severity == Severity::Info || self.aside || !causes.ask(at, &finding, call) {
                self.one(&mut out, judge, &CausedFinding { at, finding, answer: None })?;
            }
        }
        self.write(&out)
    }

    /// Tells findings whose cause was looked up.
    pub(super) fn late(&mut self, judge: &Judge, told: &[CausedFinding]) -> io::Result<()> {
        let mut out = Vec::new();
        told.iter().try_for_each(|one| self.one(&mut out, judge, one))?;
        self.write(&out)
    }

    fn one(&self, out: &mut Vec<u8>, judge: &Judge, told: &CausedFinding) -> io::Result<()> {
        let CausedFinding { at, finding, answer } = told;
        if self.json {
            let cause = answer.as_ref().map(causes::told);
            let line = ndjson::finding_with(ndjson::stamp(*at), &judge.monitor.board, finding, cause);
            line.write(out);
            return Ok(());
        }
        out.extend_from_slice(self.human(judge, finding).as_bytes());
        if let Some(answer) = answer {
            let line = format!("why: {} ({})", answer.cause, answer.certainty.as_str());
            writeln!(out, "       {}", self.paint.foreign(Role::Quiet, &line))?;
        }
        Ok(())
    }

    fn write(&self, out: &[u8]) -> io::Result<()> {
        if self.aside { io::stderr().lock().write_all(out) } else { stdout().write_all(out) }
    }

    fn human(&self, judge: &Judge, finding: &Finding) -> String {
        let call = judge.monitor.board.get(finding.conversation.as_str()).map(|e| &e.conversation);
        let who = match call.and_then(|c| c.from()) {
            Some(from) => from.strip_prefix("tel:").unwrap_or(from).to_owned(),
            None => String::new(),
        };
        let id = finding.conversation.as_str();
        let severity = finding.severity.as_str();
        let paint = &self.paint;
        format!(
            "{}  {}  {}  {}  {}\n",
            paint.column(severity_role(severity), severity, 5),
            paint.column(Role::Name, finding.rule.as_str(), RULE_COLUMNS),
            paint.column(Role::Quiet, &who, 14),
            paint.foreign(Role::Quiet, id),
            text::visible_in(&finding.message, paint.charset()),
        )
    }

    /// How bad the worst finding was.
    pub(super) fn worst(&self) -> Option<Severity> {
        self.told.values().copied().max()
    }

    /// What to do about each rule that fired, and what was looked at.
    pub(super) fn end(&self, judge: &Judge, what: &str) -> io::Result<()> {
        let mut out = String::new();
        let count = |severity| self.told.values().filter(|s| **s == severity).count();
        let calls = judge.monitor.board.len();
        let what = text::visible_in(what, self.paint.charset());
        let stale = match judge.monitor.unobserved().count() {
            0 => String::new(),
            stale => format!(", {stale} of them not since the link was lost"),
        };
        // Writing to a string does not fail.
        _ = write!(out, "looked at {calls} call{} ({what}){stale}: ", if calls == 1 { "" } else { "s" });
        out += &match (count(Severity::Error), count(Severity::Warn), count(Severity::Info)) {
            (0, 0, 0) => "nothing found\n".to_owned(),
            (errors, warnings, notes) => {
                let several = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
                format!("{}, {}, {}\n", several(errors, "error"), several(warnings, "warning"), several(notes, "note"))
            }
        };
        for line in expected::summary(&judge.monitor.examiner, &judge.monitor.board) {
            _ = writeln!(out, "{}", text::visible_in(&line, self.paint.charset()));
        }
        if self.json {
            // Stdout is for findings.
            return io::stderr().lock().write_all(format!("sidetone: {out}").as_bytes());
        }
        let mut remedies = String::new();
        for rule in RULES.iter().filter(|r| self.told.keys().any(|(_, _, _, rule)| *rule == r.name)) {
            _ = writeln!(
                remedies,
                "{}: {}\n  Impact: {}\n  Fix: {}\n",
                self.paint.own(Role::Name, rule.name),
                rule.title,
                rule.why,
                rule.remedy
            );
        }
        let gap = if remedies.is_empty() { "" } else { "\n" };
        self.write(format!("{gap}{remedies}{out}").as_bytes())
    }
}
