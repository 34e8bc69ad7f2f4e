//! `sidetone flow`: read, edit and run flow definitions. All of it happens on this machine, but for
//! `flow diff` of versions that the organization has.

mod diff;
mod expectations;
mod judge;
mod keys;
mod set_data;
mod simulate;

use crate::{
    commands::Context,
    exit::Exit,
    flow::{self, model::Flow},
};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::{io::Read, path::Path};

pub use diff::DiffArgs;
pub use keys::KeysArgs;
pub use set_data::SetDataArgs;
pub use simulate::SimulateArgs;

/// Options of `flow`.
#[derive(Args, Debug)]
pub struct FlowArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: FlowCommand,
}

/// The commands of `flow`.
#[derive(Subcommand, Debug)]
pub enum FlowCommand {
    /// List the attributes a flow sets and reads, by which action and on which path
    Keys(KeysArgs),
    /// Compare the keys that two versions of a flow set and read
    #[command(after_long_help = diff::HELP)]
    Diff(DiffArgs),
    /// Insert a Set Participant Data action into a flow file
    #[command(after_long_help = set_data::HELP)]
    SetData(SetDataArgs),
    /// Run a flow on this machine, step by step
    #[command(after_long_help = simulate::HELP)]
    Simulate(SimulateArgs),
}

/// Runs it.
pub async fn run(args: FlowArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.command {
        FlowCommand::Diff(args) => diff::run(args, context).await,
        FlowCommand::Keys(args) => keys::run(args, context),
        FlowCommand::SetData(args) => set_data::run(args),
        FlowCommand::Simulate(args) => simulate::run(args, context),
    }
}

/// The largest flow file that is read, in bytes.
const LIMIT: u64 = 256 << 20;

/// The text of a file, or of stdin for `-`.
fn text(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes).context("reading stdin")?
    } else {
        let failed = |error| Exit::Usage.because(format!("{}: {error}", file.display()));
        let file = crate::localfile::open(file).map_err(failed)?;
        bytes.reserve(file.metadata().map_or(0, |about| about.len().min(LIMIT)) as usize);
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?
    };
    if read as u64 > LIMIT {
        let what = format!("{} is larger than 256 MB, the most that is read of a flow", file.display());
        return Err(Exit::Usage.because(what).into());
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x1f\x8b") {
        return Err(Exit::Usage.because(format!("{} is an archive; unpack the flow first", file.display())).into());
    }
    // What PowerShell's `>` writes.
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let what = format!("{} is UTF-16 text; save it as UTF-8", file.display());
        return Err(Exit::Usage.because(what).into());
    }
    String::from_utf8(bytes).map_err(|_| Exit::Usage.because(format!("{} is not UTF-8 text", file.display())).into())
}

fn load(file: &Path) -> anyhow::Result<Flow> {
    read(&text(file)?, &file.display().to_string())
}

/// A flow from its text; `name` says whose it is.
fn read(text: &str, name: &str) -> anyhow::Result<Flow> {
    flow::read(text).map_err(|error| {
        Exit::Usage
            .because(format!("{name}: {error}"))
            .remedy(
                "a flow is the platform's latestconfiguration JSON, an Architect export (.i3InboundFlow …), Archy YAML, or the \
                 plain JSON of tutorials",
            )
            .into()
    })
}
