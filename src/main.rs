//! The `sidetone` program.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    if sidetone::cli::asks_for_version_alone(std::env::args_os()) {
        return sidetone::commands::version().into();
    }
    match sidetone::cli::Cli::try_parse() {
        Ok(cli) => sidetone::commands::main(cli).into(),
        Err(error) => sidetone::commands::usage(&error).into(),
    }
}
