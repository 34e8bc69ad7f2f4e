//! The `sidetone` program.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    sidetone::shell::beside_faults(|| match sidetone::cli::Cli::try_parse() {
        Ok(cli) => sidetone::cli::main(cli),
        Err(error) => sidetone::cli::usage(&error),
    })
    .into()
}
