//! Exit codes, and which error ends the program with which one.

use crate::genesys;
use std::{fmt, io};

/// How the program ends. The numbers are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The network, the server, or a bug.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Not authenticated, not permitted, or refused because read-only.
    Denied = 3,
    /// No such conversation, participant, queue or key.
    NotFound = 4,
    /// The server's value was not the expected one; nothing was sent.
    Conflict = 5,
    /// An expectation was not met: `check`, a timed-out `--until`, an error found by `lint`.
    Unmet = 6,
    /// Accepted by the API but not seen within the confirmation time.
    Unseen = 7,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// Every code with its meaning: the source of the help text and of the documentation.
    pub const ALL: &'static [(Exit, &'static str)] = &[
        (Exit::Done, "done"),
        (Exit::Failed, "failed: the network, the server, or a bug"),
        (Exit::Usage, "wrong usage or configuration"),
        (Exit::Denied, "not authenticated, not permitted, or refused because read-only"),
        (Exit::NotFound, "no such conversation, participant, queue or key"),
        (Exit::Conflict, "conflict: the server's value was not the expected one, nothing was sent"),
        (Exit::Unmet, "expectation not met (check; --until timed out; lint found an error)"),
        (Exit::Unseen, "accepted by the API, but not seen within the confirmation time"),
        (Exit::Interrupted, "interrupted (SIGINT)"),
        (Exit::Terminated, "terminated (SIGTERM)"),
    ];

    /// The number handed to the operating system.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// An error that ends the program with this code. `remedy` says what to do; it is printed on a line of its own.
    pub fn because(self, message: impl Into<String>) -> Failure {
        Failure { exit: self, message: message.into(), remedy: None }
    }

    /// The code that an error stands for: the first cause in its chain that knows one, else [`Exit::Failed`].
    /// A closed stdout is no error: the reader has seen enough.
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                return failure.exit;
            }
            if let Some(error) = cause.downcast_ref::<genesys::Error>() {
                return Self::of_request(error);
            }
            if cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
                return Self::Done;
            }
        }
        Self::Failed
    }

    /// The code of a request that failed.
    pub fn of_request(error: &genesys::Error) -> Self {
        match error.exit_code() {
            2 => Self::Usage,
            3 => Self::Denied,
            4 => Self::NotFound,
            5 => Self::Conflict,
            _ => Self::Failed,
        }
    }
}

impl From<genesys::Error> for Failure {
    fn from(error: genesys::Error) -> Self {
        Exit::of_request(&error).because(error.to_string())
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that knows its exit code and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    message: String,
    remedy: Option<String>,
}

impl Failure {
    /// Adds what the operator can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// What the operator can do, where it is known.
    pub fn advice(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_code_is_found_below_added_context() {
        let error = anyhow::Error::from(Exit::NotFound.because("no queue Bilings")).context("starting to watch");
        assert_eq!(Exit::of(&error), Exit::NotFound);
        assert_eq!(Exit::of(&anyhow::anyhow!("something else")), Exit::Failed);
    }

    #[test]
    fn a_closed_stdout_is_not_an_error() {
        let closed: io::Result<()> = Err(io::ErrorKind::BrokenPipe.into());
        assert_eq!(Exit::of(&closed.context("writing").unwrap_err()), Exit::Done);
        let refused: io::Result<()> = Err(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(Exit::of(&refused.context("connecting").unwrap_err()), Exit::Failed);
    }

    #[test]
    fn every_code_is_listed_once_and_in_order() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 130, 143]);
    }
}
