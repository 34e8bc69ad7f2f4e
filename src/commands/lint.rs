//! `sidetone lint`: explains a participant-data payload.

use crate::{
    commands::{
        Context,
        ansi::{Ansi, Role},
        note, stdout,
    },
    domain::text::visible,
    exit::Exit,
    localfile, ndjson,
    payload::{Explained, LeftOut, PayloadFinding, PayloadForm, PayloadTarget, Severity, explain, judge},
};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::Write;

/// Options of `lint`.
#[derive(Args, Debug)]
pub struct LintArgs {
    /// The payload: a file, - for stdin, or the JSON itself
    #[arg(value_name = "PAYLOAD")]
    pub payload: String,
    /// Whom it is for
    #[arg(long = "for", value_name = "TARGET", value_enum, default_value_t)]
    pub target: For,
    /// Print the payload as it is right
    #[arg(long)]
    pub fix: bool,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Count warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// `--for`.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum For {
    /// The body of the API's PATCH
    Api,
    /// Architect's Set Participant Data
    Architect,
    /// A CXone script; nothing about it is verified
    Cxone,
    /// The API or Architect, saying for which
    #[default]
    Any,
}

impl From<For> for PayloadTarget {
    fn from(target: For) -> Self {
        match target {
            For::Api => Self::Api,
            For::Architect => Self::Architect,
            For::Cxone => Self::Cxone,
            For::Any => Self::Any,
        }
    }
}

/// Prints what is to be said; 6 when something is wrong.
pub fn run(args: LintArgs, context: &Context) -> anyhow::Result<Exit> {
    let text = text(&args.payload)?;
    let target = PayloadTarget::from(args.target);
    let (payload, findings) = match explain(&text) {
        Ok(payload) => {
            let findings = judge(&payload, target);
            (Some(payload), findings)
        }
        Err(error) => {
            let remedy = error.hint.unwrap_or_else(|| "a payload is {\"key\":\"value\"}".into());
            let finding = PayloadFinding {
                rule: "not-json",
                severity: Severity::Error,
                path: String::new(),
                key: None,
                message: error.message,
                remedy,
            };
            (None, vec![finding])
        }
    };
    let paint = Ansi::of(context);
    let mut lines: Vec<u8> = Vec::new();
    for finding in &findings {
        tell(&mut lines, paint, finding, args.json)?;
    }
    if !args.json {
        writeln!(lines, "{}", verdict(&findings, target, payload.as_ref()))?;
    }
    if args.fix {
        std::io::stderr().lock().write_all(&lines)?;
        if let Some(payload) = &payload
            && !fix(payload, target)?
        {
            return Ok(Exit::Unmet);
        }
    } else {
        stdout().write_all(&lines)?;
    }
    let limit = if args.strict { Severity::Warn } else { Severity::Error };
    let bad = findings.iter().any(|finding| finding.severity >= limit);
    Ok(if bad { Exit::Unmet } else { Exit::Done })
}

/// The last line for people: whether it can be sent as it is, and what to do if not.
fn verdict(findings: &[PayloadFinding], target: PayloadTarget, payload: Option<&Explained>) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let several = |n: usize, word: &str| match n {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let counts: Vec<String> = [several(count(Severity::Error), "error"), several(count(Severity::Warn), "warning")]
        .into_iter()
        .flatten()
        .collect();
    let whom = match target {
        PayloadTarget::Api => "the API",
        PayloadTarget::Architect => "Architect",
        PayloadTarget::Cxone => "CXone",
        PayloadTarget::Any => "the API and Architect",
    };
    let all = payload.map_or(0, |payload| payload.pairs.len());
    let computed = payload.map_or(0, |payload| payload.pairs.iter().filter(|pair| pair.computed()).count());
    let fixes = payload.is_some_and(|payload| !payload.flat().0.is_empty());
    match (target, counts.is_empty()) {
        (PayloadTarget::Cxone, _) => "Nothing about CXone is verified: all of this is information.".into(),
        (_, true) if payload.is_some_and(Explained::sends_unknown) => "What it sends is not known here.".into(),
        (_, true) if payload.is_some_and(|payload| payload.pairs.is_empty()) => "No payload in it.".into(),
        (PayloadTarget::Api, true) if computed > 0 => {
            format!(
                "Right for {whom} as far as it is known: {computed} of {all} are computed, and what they hold is not known here."
            )
        }
        (PayloadTarget::Any, true) => "Nothing is wrong with it, for a target that takes this format.".into(),
        (_, true) => format!("Right for {whom}."),
        (_, false) => {
            let fix = if fixes { "; --fix prints the keys and values as they should be" } else { "" };
            format!("{} for {whom}{fix}.", counts.join(", "))
        }
    }
}

fn text(payload: &str) -> anyhow::Result<String> {
    if payload.trim_start().starts_with(['{', '[', '"']) {
        return Ok(payload.to_owned());
    }
    let bytes = if payload == "-" {
        localfile::all(std::io::stdin().lock(), localfile::SMALL).context("reading stdin")?
    } else {
        localfile::read(payload.as_ref(), localfile::SMALL).map_err(|error| {
            // What is written like a pair is none of a file that happens not to be there.
            let remedy = match payload.contains('=') {
                true => "KEY=VALUE lines are read from a file or from stdin: echo KEY=VALUE | sidetone lint -",
                false => "PAYLOAD is a file, - for stdin, or JSON that begins with { [ or \"",
            };
            Exit::Usage.because(format!("{}: {error}", visible(payload))).remedy(remedy)
        })?
    };
    String::from_utf8(bytes).map_err(|_| Exit::Usage.because(format!("{} is not UTF-8 text", visible(payload))).into())
}

fn tell(out: &mut Vec<u8>, paint: Ansi, finding: &PayloadFinding, as_json: bool) -> std::io::Result<()> {
    if as_json {
        let line = json!({
            "type": "finding",
            "rule": finding.rule,
            "severity": finding.severity.as_str(),
            "key": finding.key,
            "message": finding.message,
            "remedy": finding.remedy,
            "path": finding.path,
        });
        return ndjson::print(out, &line);
    }
    let role = match finding.severity {
        Severity::Error => Role::Bad,
        Severity::Warn => Role::Warning,
        Severity::Info => Role::Quiet,
    };
    let place = if finding.path.is_empty() { String::new() } else { format!(" at {}", finding.path) };
    writeln!(
        out,
        "{} {}{}\n    {}\n    {} {}",
        paint.own(role, finding.severity.as_str()),
        paint.own(Role::Name, finding.rule),
        paint.foreign(Role::Quiet, &place),
        paint.foreign(Role::Name, &finding.message),
        paint.own(Role::Quiet, paint.arrow()),
        paint.foreign(Role::Quiet, &finding.remedy),
    )
}

/// Prints the keys and values as texts, in the target's form. False when none of them has a text: an empty map in place of
/// a full one would be taken for the answer, so nothing is printed.
fn fix(payload: &Explained, target: PayloadTarget) -> anyhow::Result<bool> {
    let (flat, left_out) = payload.flat();
    let map = !matches!(
        payload.form,
        PayloadForm::Flow(_) | PayloadForm::DataAction | PayloadForm::Conversation | PayloadForm::Prose
    );
    // What a program takes out again is no empty payload either.
    let program = payload.unwrapped.iter().any(|what| what.starts_with("the text around"));
    if flat.is_empty() && (!left_out.is_empty() || !map || program) {
        let what = match left_out.is_empty() {
            true if map => "the payload sets nothing".to_owned(),
            true => payload.form.to_string(),
            false => listed(&left_out),
        };
        note(format_args!("nothing to print: there is no key with a text in it ({})", visible(&what)));
        return Ok(false);
    }
    let fixed = match target {
        PayloadTarget::Api => json!({ "attributes": flat }),
        PayloadTarget::Architect | PayloadTarget::Cxone | PayloadTarget::Any => flat.into(),
    };
    ndjson::print(&mut stdout(), &fixed)?;
    if !left_out.is_empty() {
        note(format_args!("left out: {}", visible(&listed(&left_out))));
    }
    Ok(true)
}

fn listed(left_out: &[LeftOut]) -> String {
    left_out.iter().map(LeftOut::to_string).collect::<Vec<_>>().join("; ")
}
