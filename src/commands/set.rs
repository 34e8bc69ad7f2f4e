//! `sidetone set`: one merged PATCH, then the proof that the values are there.

mod report;
mod request;
mod write;

use super::{
    Context,
    ansi::Ansi,
    lookup::{self, FoundParticipant},
    note, stdout,
};
use crate::{
    audit::{self, Audit},
    domain::{
        ConversationId,
        outbox::{Policy, WriteOutcome},
    },
    exit::{Exit, Failure},
    genesys::{client::Priority, discover::conversation_id},
};
use clap::Args;
use report::SetReport;
use request::SetRequest;
use std::{io::Write as _, path::PathBuf};

/// Options of `set`.
#[derive(Args, Debug)]
pub struct SetArgs {
    /// The conversation: its id, or the address of its page in the admin interface
    #[arg(value_name = "CONVERSATION")]
    conversation: String,
    /// Keys and their new values; everything after the first = is the value
    #[arg(value_name = "KEY=VALUE")]
    pairs: Vec<String>,
    /// Whose attributes, by id or purpose
    #[arg(
        long,
        value_name = "P",
        default_value = "customer",
        long_help = "Whose attributes: a participant id, or a purpose (customer, agent, …); of several with one purpose \
                     the newest that is connected."
    )]
    participant: String,
    /// Set this key to empty; there is no documented way to remove one. May be repeated
    #[arg(long, value_name = "KEY")]
    blank: Vec<String>,
    /// Take keys and values from a JSON file, or - for stdin
    #[arg(
        long,
        value_name = "FILE|-",
        long_help = "Take keys and values from a JSON file, or - for stdin: a flat object, {\"attributes\":{…}}, \
                     {\"data\":{…}} or {\"participantId\":…,\"data\":{…}}. Says what was unwrapped; numbers and booleans \
                     become strings with a note, null and nested values are refused."
    )]
    from: Option<PathBuf>,
    /// Send only if the key still has this value (!KEY: is absent), else exit 5. May be repeated
    #[arg(long = "if", value_name = "KEY=OLD")]
    only_if: Vec<String>,
    /// What becomes of untouched values that are not text: a PATCH can send text only
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        long_help = "What becomes of untouched values that are not text (numbers, booleans, null, nested), as a merged PATCH can send \
                     text only. omit: leave them out, which is right where the server merges; where it replaces, they vanish. \
                     convert: send them as text. Without it, set refuses to write to a participant that has such values."
    )]
    non_text: Option<NonTextArg>,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Wait for the stream alone to show the values, not for reads
    #[arg(long)]
    no_confirm_read: bool,
    /// Print JSON for every outcome (docs/ndjson.md)
    #[arg(long)]
    json: bool,
}

/// `--non-text`.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum NonTextArg {
    Omit,
    Convert,
}

/// Sends and waits for the proof. A `signal` ends it with what is known by then.
pub async fn run(args: SetArgs, context: &Context, signal: impl Future<Output = Exit>) -> anyhow::Result<Exit> {
    let request = SetRequest::of(&args)?;
    for remark in &request.notes {
        note(remark);
    }
    let id = conversation_id(&args.conversation)?;
    let paint = Ansi::of(context);
    let result = attempt(&args, &request, &id, context, signal).await;
    let report = match result {
        Ok(report) => report,
        Err(error) if args.json => {
            // Printed for every outcome; the error itself goes to stderr as ever.
            SetReport::failed(&id, &request, &error).print(true, paint)?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    report.print(args.json, paint)?;
    if let Some(error) = report.error().filter(|_| args.json) {
        note(error);
    }
    for warning in &report.warnings {
        note(warning);
    }
    Ok(report.exit)
}

async fn attempt(
    args: &SetArgs,
    request: &SetRequest,
    id: &ConversationId,
    context: &Context,
    signal: impl Future<Output = Exit>,
) -> anyhow::Result<SetReport> {
    let settings = context.settings()?;
    let mut policy = Policy { confirm_reads: !args.no_confirm_read, ..settings.policy() };
    if let Some(read_only) = policy.read_only.take_if(|_| !args.dry_run) {
        let message = format!("read-only (by {}): nothing was sent", read_only.why);
        return Err(Exit::Denied.because(message).remedy("to look at what would be sent: --dry-run").into());
    }
    let client = lookup::client(&settings)?;
    let mut signal = std::pin::pin!(signal);
    if args.dry_run {
        let board = lookup::read_one(&client, id, Priority::Interactive).await?;
        let call = lookup::known(&board, id)?;
        let participant = lookup::participant(call, Some(&args.participant))?;
        write::name_participant(call, participant, &args.participant);
        return Ok(write::preview(&board, FoundParticipant { call, participant }, request, policy));
    }
    let mut writer = tokio::select! {
        writer = write::SetWriter::prepare(client, id, &args.participant, request, policy) => writer?,
        exit = &mut signal => return Err(exit.because("interrupted: nothing was sent").into()),
    };
    super::audit::age(context, &settings);
    match Audit::open(&context.paths.state, &settings.who(), &settings.organisation()) {
        Ok(audit) => writer.audit = Some((audit, settings.ui.mask)),
        // Every write is in it: one that cannot be there is not made.
        Err(error) => {
            let message = format!("nothing was sent, for the audit file cannot be written: {error}");
            let path = context.paths.state.join(audit::FILE);
            return Err(Exit::Failed.because(message).remedy(format!("put {} right", path.display())).into());
        }
    }
    writer.run(signal).await
}

/// The exit code of an outcome.
fn exit_of(outcome: WriteOutcome) -> Exit {
    match outcome {
        WriteOutcome::Confirmed => Exit::Done,
        WriteOutcome::Accepted => Exit::Unseen,
        WriteOutcome::Conflict => Exit::Conflict,
        WriteOutcome::Failed | WriteOutcome::Sending => Exit::Failed,
    }
}

/// Prints a line of result.
fn print(text: &[u8]) -> std::io::Result<()> {
    stdout().write_all(text)
}

/// A usage error of this command.
fn usage(message: impl Into<String>) -> Failure {
    Exit::Usage.because(message)
}
