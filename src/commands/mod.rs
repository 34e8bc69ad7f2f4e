//! The commands, one file each, and what they share: settings, output, signals, the way errors are told.
//!
//! A command is `pub struct XArgs` (its options) and `pub async fn run(args, &Context) -> anyhow::Result<Exit>`.
//! Errors find their exit code through [`crate::exit::Exit::of`].

use crate::{
    config::{Env, Overrides, Paths, Settings},
    domain::text::visible_lines,
    exit::{Exit, Failure},
};
use options::GlobalOptions;
use std::io::{self, IsTerminal, StdoutLock, Write};

pub(crate) mod ansi;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod collect;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
#[cfg(test)]
mod ends_tests;
mod expectations;
pub(crate) mod export;
pub(crate) mod flow;
pub mod follow;
pub(crate) mod get;
mod history;
pub(crate) mod info;
pub(crate) mod lint;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod lookup;
pub(crate) mod man;
mod observer;
pub mod options;
mod printer;
pub(crate) mod record;
mod recorder;
pub(crate) mod redact;
pub(crate) mod replay;
pub(crate) mod set;
pub(crate) mod sim;
pub(crate) mod since;
pub(crate) mod store;
pub(crate) mod terminal_env;
pub(crate) mod ui;
pub(crate) mod watch;
pub(crate) mod why;

/// What every command is given.
pub struct Context {
    /// Options of every command.
    pub global: GlobalOptions,
    /// The environment.
    pub env: Env,
    /// Where files are.
    pub paths: Paths,
}

impl Context {
    /// Reads and resolves the configuration. Commands that need none do not call this, so that a broken file does not
    /// stop them.
    pub fn settings(&self) -> Result<Settings, Failure> {
        if self.global.profile.len() > 1 {
            let message = "this command is for one organisation, and several profiles were named";
            return Err(Exit::Usage.because(message).remedy("name one --profile; 'sidetone collect' takes several"));
        }
        Settings::load(&self.global.overrides(), &self.env, &self.paths)
    }

    /// The settings of each profile that was named; of none, those that hold without a name.
    pub fn settings_of_each(&self) -> Result<Vec<Settings>, Failure> {
        let overrides = self.global.overrides();
        if self.global.profile.is_empty() {
            return Ok(vec![Settings::load(&overrides, &self.env, &self.paths)?]);
        }
        let named = self.global.profile.iter();
        let of = |name: &String| Overrides { profile: Some(name.clone()), ..overrides.clone() };
        named.map(|name| Settings::load(&of(name), &self.env, &self.paths)).collect()
    }

    /// Whether stdout takes colour.
    pub fn color(&self) -> bool {
        self.global.color.allows(io::stdout().is_terminal(), self.env.get("NO_COLOR").is_some())
    }
}

/// Stdout, locked for one command's output. Use `writeln!(out, …)?`: a closed stdout then ends the program quietly.
pub fn stdout() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// A remark to the operator; stdout is for results. What would control the terminal is made visible here, whoever says
/// it: names of files, messages of servers.
pub fn note(message: impl std::fmt::Display) {
    _ = writeln!(io::stderr().lock(), "sidetone: {}", visible_lines(&message.to_string()));
}
