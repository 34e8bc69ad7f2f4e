//! `sidetone audit show|prune`: what was written to the organisation, and letting go of old lines.

use crate::{
    audit,
    commands::{Context, note, stdout},
    config::Settings,
    domain::text::visible,
    exit::Exit,
};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::io::Write;

/// Options of `audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    #[command(subcommand)]
    action: AuditCommand,
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    /// Print the lines, oldest first
    Show {
        /// Only those of this conversation
        #[arg(long, value_name = "ID")]
        conversation: Option<String>,
        /// Print the lines as they stand in the file, JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove old lines
    Prune {
        /// Older than this many days, instead of [audit] keep_days
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Also lines that cannot be read, so that their age is unknown
        #[arg(long)]
        unreadable: bool,
    },
}

/// Shows or prunes.
pub fn run(args: AuditArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.action {
        AuditCommand::Show { conversation, json } => show(context, conversation.as_deref(), json),
        AuditCommand::Prune { older_than, unreadable } => {
            let days = match older_than {
                Some(days) => days,
                None => context.settings()?.audit_days,
            };
            let pruned = audit::prune(&context.paths.state, ago(days), unreadable)
                .map_err(|e| Exit::Failed.because(format!("the audit file could not be pruned: {e}")))?;
            let old = pruned.gone - pruned.unreadable;
            note(format_args!("{old} lines older than {days} days are gone, {} stay", pruned.left));
            if unreadable {
                note(format_args!("{} lines that could not be read are gone", pruned.unreadable));
            }
            Ok(Exit::Done)
        }
    }
}

fn show(context: &Context, conversation: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let path = context.paths.state.join(audit::FILE);
    let text = audit::read(&context.paths.state)
        .map_err(|e| Exit::Failed.because(format!("the audit file cannot be read: {e}")))?;
    let mut out = stdout();
    let mut unread = 0;
    for line in text.lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else {
            unread += 1;
            continue;
        };
        if conversation.is_some_and(|id| entry["conversationId"] != id) {
            continue;
        }
        if json {
            crate::ndjson::print(&mut out, &entry)?;
        } else {
            writeln!(out, "{}", visible(&sentence(&entry)))?;
        }
    }
    if unread > 0 {
        let path = path.display();
        note(format_args!("{unread} lines of {path} cannot be read; 'sidetone audit prune --unreadable' removes them"));
    }
    Ok(Exit::Done)
}

/// `2026-11-20T14:02:11.120Z accepted (202) by client x at us-east-1: conversation c, participant p: tier "a" -> "b"`.
fn sentence(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or("?").to_owned();
    let status = entry["status"].as_u64().map(|status| format!(" ({status})")).unwrap_or_default();
    let changes: Vec<String> = entry["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|change| format!("{} {} -> {}", change["key"].as_str().unwrap_or("?"), change["old"], change["new"]))
        .collect();
    format!(
        "{} {}{status} by {} at {}: conversation {}, participant {}: {}",
        text("time"),
        text("outcome"),
        text("who"),
        text("org"),
        text("conversationId"),
        text("participantId"),
        changes.join(", ")
    )
}

/// Lets go of what is too old before a program writes; a file that cannot be pruned is written to all the same.
pub(crate) fn age(context: &Context, settings: &Settings) {
    if let Err(error) = audit::prune(&context.paths.state, ago(settings.audit_days), false) {
        tracing::warn!(%error, "old lines of the audit file could not be removed");
    }
}

/// So many days before now.
fn ago(days: u32) -> Timestamp {
    let now = Timestamp::now();
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
}
