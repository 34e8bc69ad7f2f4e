//! Sidetone: a live participant inspector for Genesys Cloud, in the terminal.
// A closed stdout must end the program quietly: `print!` panics there, `commands::stdout` does not.
#![warn(clippy::print_stdout)]

pub mod app;
mod audit;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod exit;
pub mod expectfile;
pub mod export;
pub mod flow;
mod format;
pub mod genesys;
mod hooks;
mod journal;
pub mod live;
mod localfile;
mod logging;
mod metrics;
mod ndjson;
pub mod payload;
pub mod recording;
pub mod shell;
pub mod sim;
pub mod store;
#[cfg(test)]
mod testing;
mod tree;
pub mod ui;
mod why;
