//! What rings the bell of `watch`, and the ringing.

use super::expression;
use crate::{
    commands::check,
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
#[command(next_help_heading = "Watchpoints")]
pub(in crate::commands) struct BellArgs {
    /// Ring the bell when this key changes on any call that is told; may be repeated
    #[arg(
        long,
        value_name = "KEY",
        long_help = "Ring the bell when this key changes on any call that is told: when it appears, gets another value or \
                     vanishes. What is there at first sight did not change. May be repeated."
    )]
    bell_key: Vec<String>,
    /// Ring the bell when a call comes to satisfy this filter expression; may be repeated
    #[arg(
        long,
        value_name = "EXPR",
        long_help = "Ring the bell when a call comes to satisfy this filter expression, once for each call until it did \
                     not satisfy it in between. A call that satisfies it at first sight rings, too. May be repeated."
    )]
    bell_filter: Vec<String>,
    /// Ring the bell when an expected key is missing at its milestone, or late
    #[arg(long, requires = "expect")]
    bell_missed: bool,
    /// Judge calls by this expectation file (docs/findings.md)
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Whether the terminal is rung at a watchpoint; the line is printed in any case
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        long_help = "Whether the terminal is rung at a watchpoint: 'auto' rings where stderr is a terminal, 'always' writes \
                     the bell to stderr whatever it is, 'never' does not. Once a second at most. The line is printed in \
                     any case."
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
                return Err(Exit::Usage.because("--bell-key: a key is not empty"));
            }
            // Twice the same is once.
            if !points.toggle_key(&Key::new(key.as_str())) {
                points.toggle_key(&Key::new(key.as_str()));
            }
        }
        for text in &self.bell_filter {
            match expression("--bell-filter", Some(text))? {
                Some(filter) if !filter.is_empty() => points.watch_filter(text, filter),
                _ => return Err(Exit::Usage.because("--bell-filter: an empty expression holds for every call")),
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
        Ok(self.expect.as_deref().map(check::load).transpose()?.unwrap_or_default())
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
