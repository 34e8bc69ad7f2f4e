//! The log files, in the state directory: a new one each day and whenever one grows large, and only the newest are kept.
//!
//! Only this program's own events are written below `warn`: HTTP and websocket libraries log headers and bodies at
//! their finer levels, and those carry tokens. Our own events never name one: secrets are [`secrecy::SecretString`].

use crate::config::{self, Paths};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tracing_appender::{
    non_blocking::{NonBlockingBuilder, WorkerGuard},
    rolling::{self, RollingFileAppender},
};
use tracing_subscriber::{filter::Targets, fmt as lines, layer::SubscriberExt, util::SubscriberInitExt};

/// How many files are kept: a week, if none of its days was loud.
const FILES: usize = 7;
/// A file of this many bytes is put aside.
const LARGEST: u64 = 5 << 20;
/// Lines that may wait to be written; more are dropped. Room for all of them is taken at the start: for as many as the
/// library would have, it is 4 MB.
const WAITING: usize = 8192;

/// How much is written to the log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Failures only.
    Error,
    /// And what may become one.
    Warn,
    /// And what was done.
    Info,
    /// And why.
    Debug,
    /// And every frame's topic.
    Trace,
}

/// Starts logging; what was logged is written when the guard is dropped. A log that cannot be written is no reason not
/// to work: the reason comes back for a notice.
pub(crate) fn start(level: Level, paths: &Paths) -> Result<WorkerGuard, String> {
    let fail = |e: &dyn std::fmt::Display| format!("no log is written to {}: {e}", paths.log.display());
    config::own_private_inside(&paths.log).and_then(|()| tidy(&paths.log)).map_err(|e| fail(&e))?;
    let file = Rotating::open(&paths.log, LARGEST).map_err(|e| fail(&e))?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(WAITING).finish(file);
    let level = match level {
        Level::Error => tracing::Level::ERROR,
        Level::Warn => tracing::Level::WARN,
        Level::Info => tracing::Level::INFO,
        Level::Debug => tracing::Level::DEBUG,
        Level::Trace => tracing::Level::TRACE,
    };
    let filter = Targets::new().with_target("sidetone", level).with_default(level.min(tracing::Level::WARN));
    let lines = lines::layer().with_writer(writer).with_ansi(false);
    // A test in the same process may have been first; the first one stays.
    _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Ok(guard)
}

/// Files of earlier runs become their owner's alone; a link in their place is refused, for the appender would follow it.
fn tidy(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    for entry in fs::read_dir(dir)?.flatten() {
        use std::os::unix::fs::PermissionsExt as _;
        let (path, meta) = (entry.path(), entry.metadata()?);
        if meta.is_symlink() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} is a link", path.display())));
        }
        if meta.is_file() && meta.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// The appender, which turns to a new file each day, with a limit to the size of one.
struct Rotating {
    dir: PathBuf,
    file: RollingFileAppender,
    largest: u64,
    /// Bytes that may be written before the size is looked at.
    left: u64,
}

impl Rotating {
    fn open(dir: &Path, largest: u64) -> io::Result<Self> {
        let mut rotating = Self { dir: dir.to_owned(), file: appender(dir)?, largest, left: 0 };
        rotating.measure();
        Ok(rotating)
    }

    fn measure(&mut self) {
        let size = current(&self.dir).and_then(|path| fs::metadata(path).ok()).map_or(0, |meta| meta.len());
        self.left = self.largest.saturating_sub(size);
    }

    /// Puts the file aside if it is large indeed: another process may have done so, or a day may have ended.
    fn turn(&mut self) -> io::Result<()> {
        if let Some(path) = current(&self.dir)
            && fs::metadata(&path)?.len() >= self.largest / 2
        {
            let stem = path.with_extension("");
            let aside = |n: u32| PathBuf::from(format!("{}.{n}.log", stem.display()));
            if let Some(free) = (1..1000).map(aside).find(|path| !path.exists()) {
                fs::rename(&path, free)?;
            }
        }
        self.file = appender(&self.dir)?;
        Ok(())
    }
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (bytes.len() as u64) > self.left {
            // One that cannot be turned is written on: a large log is better than none.
            _ = self.turn();
            self.measure();
            self.left = self.left.max(self.largest / 2);
        }
        let written = self.file.write(bytes)?;
        self.left = self.left.saturating_sub(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn appender(dir: &Path) -> io::Result<RollingFileAppender> {
    rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("sidetone")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(dir)
        .map_err(io::Error::other)
}

/// The file that is written now: the newest day without a number.
fn current(dir: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    // `sidetone.2026-11-20.log`
    let whole =
        |name: &String| name.starts_with("sidetone.") && name.ends_with(".log") && name.matches('.').count() == 2;
    names.filter(whole).max().map(|name| dir.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_put_aside_and_few_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Rotating::open(dir.path(), 1000).unwrap();
        for _ in 0..200 {
            log.write_all(&[b'x'; 99]).unwrap();
        }
        let sizes: Vec<u64> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).collect();
        assert!((2..=FILES).contains(&sizes.len()), "{sizes:?}");
        assert!(sizes.iter().all(|size| *size <= 1000), "{sizes:?}");
        // The next run goes on where this one stopped.
        let left = log.left;
        assert_eq!(Rotating::open(dir.path(), 1000).unwrap().left, left);
    }
}
