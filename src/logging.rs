//! The log file: a new one each day, the last seven kept, in the state directory.
//!
//! Only this program's own events are written below `warn`: HTTP and websocket libraries log headers and bodies at
//! their finer levels, and those carry tokens. Our own events never name one: secrets are [`secrecy::SecretString`].

use crate::{
    cli::LogLevel,
    config::{self, Paths},
};
use tracing::Level;
use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How many days of log are kept.
const FILES: usize = 7;

/// Starts logging; what was logged is written when the guard is dropped. A log that cannot be written is no reason not
/// to work: the reason comes back for a notice.
pub(crate) fn start(level: LogLevel, paths: &Paths) -> Result<WorkerGuard, String> {
    let fail = |e: &dyn std::fmt::Display| format!("no log is written to {}: {e}", paths.log.display());
    config::create_private(&paths.log).map_err(|e| fail(&e))?;
    let file = rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("sidetone")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(&paths.log)
        .map_err(|e| fail(&e))?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let level = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let filter = Targets::new().with_target("sidetone", level).with_default(level.min(Level::WARN));
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    // A test in the same process may have been first; the first one stays.
    _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Ok(guard)
}
