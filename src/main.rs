//! The `sidetone` program.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    sidetone::shell::beside_faults(|| match sidetone::cli::Cli::try_parse() {
        Ok(cli) => sidetone::cli::main(cli).code(),
        Err(error) => sidetone::cli::usage(&error).code(),
    })
    .into()
}
