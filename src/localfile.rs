//! Files that the operator names, read up to a limit: one that is larger is a mistake, and is told before memory is full.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::mpsc::{RecvTimeoutError, channel},
    time::Duration,
};

/// The largest configuration, expectation file, payload or scenario, in bytes.
pub(crate) const SMALL: u64 = 16 << 20;

/// The bytes of a file.
///
/// # Errors
/// When it cannot be read, or is larger than `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    all(open(path)?, limit)
}

/// How long a pipe may wait for whoever writes to it before that is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens a file as `cat` does. A pipe with a name is waited for until something writes to it, as in a shell's `<(…)`, which
/// writes at once; one that nothing writes to is told on stderr.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if !is_pipe(path) {
        return File::open(path);
    }
    let (opened, waiting) = channel::<()>();
    let name = path.display().to_string();
    std::thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let name = name.escape_debug();
            _ = writeln!(io::stderr(), "sidetone: waiting for {name}: it is a pipe, and nothing writes to it yet");
        }
    });
    let file = File::open(path);
    drop(opened);
    file
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// As [`read_to_string`], of a plain file: a FIFO would be waited for without end, and a device has none.
///
/// # Errors
/// Those of [`read_to_string`], and when it is anything else.
pub(crate) fn read_plain(path: &Path, limit: u64) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    read_to_string(path, limit)
}

/// As [`read`], as text.
///
/// # Errors
/// Those of [`read`], and when it is not UTF-8.
pub(crate) fn read_to_string(path: &Path, limit: u64) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    String::from_utf8(read(path, limit)?).map_err(not_text)
}

/// Everything that comes from `input`.
///
/// # Errors
/// When it cannot be read, or is more than `limit`.
pub(crate) fn all(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let size = format!("it is larger than {} MiB", limit >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, size));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_limit_is_refused_before_it_is_kept() {
        assert_eq!(all(&b"four"[..], 4).unwrap(), b"four");
        assert!(all(io::repeat(0), SMALL).unwrap_err().to_string().contains("larger than 16 MiB"));
        assert!(read_to_string(Path::new("/dev/zero"), SMALL).is_err() || cfg!(not(unix)));
    }
}
