//! `sidetone flow`: read, edit and run flow definitions. All of it happens on this machine; no organisation is asked.

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
    /// Insert a Set Participant Data action into a flow file
    #[command(after_long_help = set_data::HELP)]
    SetData(SetDataArgs),
    /// Run a flow on this machine, step by step
    #[command(after_long_help = simulate::HELP)]
    Simulate(SimulateArgs),
}

/// Runs it.
pub fn run(args: FlowArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.command {
        FlowCommand::Keys(args) => keys::run(args, context),
        FlowCommand::SetData(args) => set_data::run(args),
        FlowCommand::Simulate(args) => simulate::run(args, context),
    }
}

/// The text of a file, or of stdin for `-`.
fn text(file: &Path) -> anyhow::Result<String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("reading stdin")?;
        bytes
    } else {
        std::fs::read(file).map_err(|error| Exit::Usage.because(format!("{}: {error}", file.display())))?
    };
    String::from_utf8(bytes).map_err(|_| Exit::Usage.because(format!("{} is not UTF-8 text", file.display())).into())
}

fn load(file: &Path) -> anyhow::Result<Flow> {
    flow::read(&text(file)?).map_err(|error| {
        Exit::Usage
            .because(format!("{}: {error}", file.display()))
            .remedy("a flow is the platform's latestconfiguration JSON, Archy YAML, or the plain JSON of tutorials")
            .into()
    })
}
