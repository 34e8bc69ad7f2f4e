//! The alerts of `watch`, and how they are made heard.

use super::expression;
use crate::{
    commands::expectations,
    domain::{Key, alert::Alerts, expect::Expectation},
    exit::{Exit, Failure},
    shell,
};
use clap::{Args, ValueEnum};
use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

/// Alerts of `watch` and `collect`: those of the terminal UI, as options.
#[derive(Args, Debug)]
#[command(next_help_heading = "Alerts")]
pub(in crate::commands) struct BellArgs {
    /// Alert when this key changes on any call that is reported; may be repeated
    #[arg(
        long = "alert-key",
        alias = "bell-key",
        value_name = "KEY",
        long_help = "Alert when this key changes on any call that is reported: when it appears, gets another value or \
                     vanishes. What is there when a call is first seen did not change. May be repeated."
    )]
    bell_key: Vec<String>,
    /// Alert when a call starts matching this filter; may be repeated
    #[arg(
        long = "alert-filter",
        alias = "bell-filter",
        value_name = "EXPR",
        long_help = "Alert when a call starts matching this filter, once for each call until it stopped matching in \
                     between. A call that matches when it is first seen counts, too. May be repeated."
    )]
    bell_filter: Vec<String>,
    /// Alert when an expected key is missing at its milestone, or late
    #[arg(long = "alert-missed", alias = "bell-missed", requires = "expect")]
    bell_missed: bool,
    /// Judge calls by this expectation file (docs/findings.md)
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Whether an alert sounds the terminal's bell; its line is printed in any case
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        long_help = "Whether an alert sounds the terminal's bell: 'auto' where stderr is a terminal, 'always' writes \
                     it to stderr whatever that is, 'never' does not. Once a second at most. The line is printed in any \
                     case."
    )]
    bell: Bell,
    /// Have the terminal notify as well (OSC 9), as [ui] notify does
    #[arg(long)]
    notify: bool,
}

/// `--bell`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Bell {
    /// Where stderr is a terminal
    #[default]
    Auto,
    /// Whatever stderr is
    Always,
    /// Not at all
    Never,
}

impl BellArgs {
    /// The alerts that are asked for.
    ///
    /// # Errors
    /// An expression or a key that cannot be; usage.
    pub(in crate::commands) fn alerts(&self) -> Result<Alerts, Failure> {
        let mut points = Alerts::default();
        for key in &self.bell_key {
            if key.is_empty() {
                return Err(Exit::Usage.because("--alert-key: a key is not empty"));
            }
            // Twice the same is once.
            if !points.toggle_key(&Key::new(key.as_str())) {
                points.toggle_key(&Key::new(key.as_str()));
            }
        }
        for text in &self.bell_filter {
            match expression("--alert-filter", Some(text))? {
                Some(filter) if !filter.is_empty() => points.watch_filter(text, filter),
                _ => return Err(Exit::Usage.because("--alert-filter: an empty filter matches every call")),
            }
        }
        if self.bell_missed {
            points.toggle_missed();
        }
        Ok(points)
    }

    /// The expectations that are given.
    ///
    /// # Errors
    /// The file cannot be read or does not read.
    pub(in crate::commands) fn expectations(&self) -> Result<Vec<Expectation>, Failure> {
        Ok(self.expect.as_deref().map(expectations::load).transpose()?.unwrap_or_default())
    }

    /// How it rings. `configured`: the configuration wants the terminal to notify.
    pub(in crate::commands) fn ringer(&self, configured: bool) -> Ringer {
        let on = match self.bell {
            Bell::Auto => io::stderr().is_terminal(),
            Bell::Always => true,
            Bell::Never => false,
        };
        Ringer { on, notify: self.notify || configured }
    }
}

/// Rings the terminal that stderr is.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::commands) struct Ringer {
    on: bool,
    notify: bool,
}

impl Ringer {
    /// Rings. A terminal that is gone is no reason to end.
    pub(in crate::commands) fn ring(self, words: &str) {
        if !self.on {
            return;
        }
        let mut sequence = "\x07".to_owned();
        if self.notify {
            sequence += &shell::notification(words);
        }
        _ = io::stderr().lock().write_all(sequence.as_bytes());
    }
}
