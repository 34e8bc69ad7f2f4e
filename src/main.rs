//! The `sidetone` program.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match sidetone::cli::Cli::try_parse() {
        Ok(cli) => sidetone::cli::main(cli).into(),
        Err(error) => sidetone::cli::usage(&error).into(),
    }
}
