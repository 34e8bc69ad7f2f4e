//! The command line: commands and options under the names of the contract.
//!
//! Environment variables are read by [`crate::config`], not here: a parser that knows them prints their values in help
//! texts, and some of them are secrets.

use crate::commands::{
    self,
    options::{GlobalOptions, UiOptions, WatchOptions},
};
use clap::{Parser, Subcommand};

mod run;
mod text;

pub use run::{main, usage};

/// A live participant inspector for Genesys Cloud, in the terminal.
#[derive(Parser, Debug)]
#[command(
    name = "sidetone",
    version,
    about = "Watch the participant attributes of live Genesys Cloud conversations, and edit them in place",
    long_about = text::ABOUT,
    after_help = "Run 'sidetone --help' for the manual, 'sidetone COMMAND --help' for one command.",
    after_long_help = text::after_long_help(),
    disable_help_subcommand = true,
    max_term_width = 100,
)]
pub struct Cli {
    /// What to do; without a command, the terminal UI.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
    /// What to watch in the terminal UI.
    #[command(flatten)]
    pub watch: WatchOptions,
    /// What else the terminal UI is to show.
    #[command(flatten)]
    pub ui: UiOptions,
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalOptions,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum CliCommand {
    /// Look around: the terminal UI on a simulated contact centre
    #[command(long_about = text::DEMO)]
    Demo(commands::demo::DemoArgs),
    /// Run a simulated contact centre to try things on
    #[command(after_long_help = commands::sim::help())]
    Sim(commands::sim::SimArgs),
    /// Follow changes on stdout, as text or NDJSON
    #[command(long_about = text::WATCH)]
    Watch(commands::watch::WatchArgs),
    /// Read one conversation and print it
    #[command(long_about = text::GET)]
    Get(commands::get::GetArgs),
    /// Edit attributes of one participant, and wait until the values are seen
    #[command(long_about = text::SET)]
    Set(commands::set::SetArgs),
    /// Find what is wrong with the attributes of live calls
    #[command(long_about = text::CHECK)]
    Check(commands::check::CheckArgs),
    /// Explain what is wrong with a participant-data payload
    #[command(long_about = text::LINT)]
    Lint(commands::lint::LintArgs),
    /// Read, edit and run flow definitions, on this machine
    #[command(long_about = text::FLOW)]
    Flow(commands::flow::FlowArgs),
    /// Hand a call or all calls on: JSON, CSV, Markdown, HTML
    #[command(long_about = text::EXPORT)]
    Export(commands::export::ExportArgs),
    /// Keep a session in a file, to be played again
    #[command(long_about = text::RECORD)]
    Record(commands::record::RecordArgs),
    /// Play a recording again
    #[command(long_about = text::REPLAY)]
    Replay(commands::replay::ReplayArgs),
    /// Say why a key is there, missing or changed on a call
    #[command(long_about = text::WHY)]
    Why(commands::why::WhyArgs),
    /// Follow for days without a screen, and keep what was seen
    #[command(long_about = text::COLLECT)]
    Collect(commands::collect::CollectArgs),
    /// Say since when a key is present, missing or changed
    #[command(long_about = text::SINCE)]
    Since(commands::since::SinceArgs),
    /// Show what the history store keeps, or remove it
    #[command(long_about = text::STORE)]
    Store(commands::store::StoreArgs),
    /// Copy a recording without personal values, to hand on
    #[command(long_about = text::REDACT)]
    Redact(commands::redact::RedactArgs),
    /// Show what was written to the organisation, or remove old lines
    #[command(long_about = text::AUDIT)]
    Audit(commands::audit::AuditArgs),
    /// Sign in with the browser, or keep a client's secret
    #[command(long_about = text::LOGIN)]
    Login(commands::login::LoginArgs),
    /// Forget what login kept
    Logout(commands::logout::LogoutArgs),
    /// Check connection, sign-in, permissions, topics and limits
    Doctor(commands::doctor::DoctorArgs),
    /// Create, check or locate the configuration file
    #[command(long_about = text::CONFIG)]
    Config(commands::config::ConfigArgs),
    /// Print version, paths and what is configured, without secrets
    #[command(long_about = text::INFO)]
    Info(commands::info::InfoArgs),
    /// Print a completion script for a shell
    #[command(long_about = text::COMPLETIONS)]
    Completions(commands::completions::CompletionsArgs),
    /// Print the manual page, or write one for every command
    #[command(long_about = text::MAN)]
    Man(commands::man::ManArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_are_taken_before_and_after_the_command() {
        for args in [["sidetone", "--read-only", "info"], ["sidetone", "info", "--read-only"]] {
            assert!(Cli::try_parse_from(args).unwrap().global.read_only, "{args:?}");
        }
    }
}
