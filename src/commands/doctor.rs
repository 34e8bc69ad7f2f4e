//! `sidetone doctor`: what works, what does not, and what to do about it.

mod checks;
mod execution;
mod probe;
mod topics;

use super::{
    Context,
    ansi::{Ansi, Role},
    lookup, stdout,
};
use crate::{
    domain::text,
    exit::Exit,
    genesys::{Client, Error, ErrorKind},
    ndjson,
};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

/// Options of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Find out, on keys of its own of this conversation, whether PATCH merges or replaces, and how fast writes come back
    #[arg(
        long,
        value_name = "CONVERSATION",
        long_help = "Find out whether this organisation's PATCH merges into the attributes or replaces them, and how fast \
                     writes come back. Writes the keys sidetone.probe.1 and sidetone.probe.2 on the customer participant \
                     of this conversation, asks before it does, and undoes them as far as the platform allows."
    )]
    probe: Option<String>,
    /// Do not ask before the probe writes
    #[arg(long, requires = "probe")]
    yes: bool,
}

/// The widest name of a check.
const NAMES: usize = "flow observations".len();

/// The permission that each check tries, where one is documented (api-facts 1.3, flow-execution 1).
const NEEDS: &[(&str, &str)] = &[
    ("conversations", "conversation:communication:view"),
    ("queues", "routing:queue:view"),
    ("observations", "analytics:queueObservation:view"),
    ("details", "analytics:conversationDetail:view"),
    ("flow activity", "analytics:flowObservation:view"),
    ("flow observations", "analytics:flowObservation:view"),
    ("flows", "architect:flow:view"),
    ("execution data", "architect:flowinstanceexecutiondata:view"),
    ("execution level", "architect:flowLogLevelDefault:view"),
    ("flow instances", "architect:flowInstance:search"),
    ("flow records", "architect:flowInstance:view"),
];

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckStatus {
    /// As it should be.
    Pass,
    /// It works, but something will not.
    Warn,
    /// It does not work.
    Fail,
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    status: CheckStatus,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Check {
    pub(super) fn pass(name: &'static str, message: impl Into<String>) -> Self {
        Self { kind: "check", name, status: CheckStatus::Pass, message: message.into(), remedy: None, exit: Exit::Done }
    }

    pub(super) fn warn(name: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { status: CheckStatus::Warn, remedy: Some(remedy.into()), ..Self::pass(name, message) }
    }

    /// What could not be tried, because of what failed before.
    pub(super) fn not_tried(name: &'static str, why: &str) -> Self {
        Self { status: CheckStatus::Warn, ..Self::pass(name, format!("not tried: {why}")) }
    }

    /// It is set up wrongly.
    pub(super) fn wrong(name: &'static str, message: impl Into<String>, remedy: &str) -> Self {
        Self {
            status: CheckStatus::Fail,
            remedy: Some(remedy.to_owned()),
            exit: Exit::Usage,
            ..Self::pass(name, message)
        }
    }

    /// It does not work, for a reason that no request tells.
    pub(super) fn broken(
        name: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
        exit: Exit,
    ) -> Self {
        Self { status: CheckStatus::Fail, remedy: Some(remedy.into()), exit, ..Self::pass(name, message) }
    }

    pub(super) fn fail(name: &'static str, error: &Error) -> Self {
        let told = error.remedy();
        // The remedy has a line of its own.
        let whole = error.to_string();
        let message = whole.strip_suffix(&told).unwrap_or(&whole).trim_end().to_owned();
        let remedy = match error.kind() {
            ErrorKind::Permission { missing } if missing.is_empty() => unnamed_permission(name),
            _ => told,
        };
        let exit = Exit::of_request(error);
        Self { status: CheckStatus::Fail, remedy: Some(remedy), exit, ..Self::pass(name, message) }
    }

    /// A failure that only costs a feature.
    pub(super) fn lacking(name: &'static str, error: &Error, without: &str) -> Self {
        let failed = Self::fail(name, error);
        Self {
            status: CheckStatus::Warn,
            message: format!("{} Without it: {without}.", failed.message),
            exit: Exit::Done,
            ..failed
        }
    }
}

/// What to ask for where the platform refuses and does not say what is missing.
pub(super) fn unnamed_permission(check: &str) -> String {
    match NEEDS.iter().find(|(name, _)| *name == check) {
        Some((_, permission)) => format!("Ask an administrator for {permission}."),
        None => "No permission is documented for this: ask an administrator about the roles and divisions of this user or client."
            .to_owned(),
    }
}

/// Where lines go as soon as they are known.
pub(super) struct DoctorReport {
    json: bool,
    paint: Ansi,
    exit: Exit,
    /// Checks so far: passed, with a warning, failed.
    counts: [usize; 3],
}

impl DoctorReport {
    pub(super) fn tell(&mut self, check: &Check) -> io::Result<()> {
        if check.status == CheckStatus::Fail && self.exit == Exit::Done {
            self.exit = if check.exit == Exit::Done { Exit::Failed } else { check.exit };
        }
        self.counts[match check.status {
            CheckStatus::Pass => 0,
            CheckStatus::Warn => 1,
            CheckStatus::Fail => 2,
        }] += 1;
        let mut out = stdout();
        if self.json {
            let mut line = Vec::new();
            ndjson::write(&mut line, check)?;
            return out.write_all(&line);
        }
        let (word, role) = match check.status {
            CheckStatus::Pass => ("pass", Role::Good),
            CheckStatus::Warn => ("WARN", Role::Warning),
            CheckStatus::Fail => ("FAIL", Role::Bad),
        };
        let (word, name, arrow) = (self.paint.own(role, word), check.name, if self.paint.ascii { "->" } else { "→" });
        writeln!(out, "{word}  {name:<NAMES$} {}", text::visible(&check.message))?;
        match &check.remedy {
            Some(remedy) => writeln!(out, "      {:NAMES$} {arrow} {}", "", text::visible(remedy)),
            None => Ok(()),
        }
    }

    /// The last line, for people.
    fn sum(&self) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let [passed, warnings, failed] = self.counts;
        let mut words = format!("{passed} passed");
        if warnings > 0 {
            words += &format!(", {warnings} {}", if warnings == 1 { "warning" } else { "warnings" });
        }
        if failed > 0 {
            words += &format!(", {failed} failed");
        }
        writeln!(stdout(), "\n{words}")
    }
}

/// Checks everything, from the bottom up; what depends on a check that failed is not tried.
pub async fn run(args: DoctorArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let mut report = DoctorReport { json: args.json, paint: Ansi::of(context), exit: Exit::Done, counts: [0; 3] };
    // Without the check of the proxy: that is a line of the report.
    let client = Client::with_options(settings.connection()?, lookup::one_shot());
    checks::run(&client, &mut report).await?;
    if let Some(conversation) = &args.probe {
        if !settings.read_only.is_empty() {
            return Err(Exit::Denied.because("the probe writes attributes, and this session is read-only").into());
        }
        if report.exit == Exit::Done {
            probe::run(&client, &settings, conversation, args.yes, &mut report).await?;
        }
    }
    report.sum()?;
    Ok(report.exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_readme_has_every_permission() {
        let readme = include_str!("../../README.md");
        for (check, permission) in NEEDS {
            assert!(readme.contains(&format!("`{permission}`")), "{check}: {permission}");
            assert!(check.len() <= NAMES, "{check}");
        }
    }
}
