//! `sidetone completions SHELL`.

use crate::{commands::stdout, exit::Exit};
use clap::{Args, Command};
use clap_complete::Shell;
use std::io::Write;

/// Options of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for this command line.
pub fn run(args: CompletionsArgs, mut command: Command) -> anyhow::Result<Exit> {
    // The generator panics on a closed stdout, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "sidetone", &mut script);
    stdout().write_all(&script)?;
    Ok(Exit::Done)
}
