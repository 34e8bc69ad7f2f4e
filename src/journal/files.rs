//! The journal files of a state directory: which there are, whose they are, and a new one.
//!
//! A file belongs to the program that holds its lock; the lock goes with the program, however that ends. Anything in the
//! place of a journal that is not a plain file (a FIFO, a directory, a link) is left alone.

use crate::config::own_private;
use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

const PREFIX: &str = "drafts-";
const SUFFIX: &str = ".jsonl";
/// While it is being made: it gets its real name together with its lock.
const NEW: &str = ".new";
/// A file of which not all could be read keeps this behind its name, and is not looked at again.
const DAMAGED: &str = ".damaged";
/// Another program may take a file for one that was left, before it is locked.
const TRIES: u32 = 5;

/// The journals that are there, oldest first. A directory that is not there has none.
pub(super) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = named(dir, SUFFIX)?;
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn named(dir: &Path, suffix: &str) -> io::Result<Vec<(Option<std::time::SystemTime>, PathBuf)>> {
    let entries = match std::fs::read_dir(dir) {
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(suffix) {
            found.push((entry.metadata().and_then(|m| m.modified()).ok(), entry.path()));
        }
    }
    Ok(found)
}

/// The file of a program that is gone, locked: nobody else takes it. `None` when a running program holds it, when another
/// one has just taken it, or when it is no plain file.
pub(super) fn adopt(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // A FIFO would be waited for, and a link may lead anywhere.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW).bits() as i32,
    );
    let file = options.open(path).ok()?;
    if !file.metadata().ok()?.is_file() || !lock(&file) {
        return None;
    }
    // Whoever held it before may have removed it while we opened it: then its edits are offered there.
    is_at(&file, path).then_some(file)
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let here = file.metadata().map(|m| (m.dev(), m.ino()));
    let there = path.symlink_metadata().map(|m| (m.dev(), m.ino()));
    matches!((here, there), (Ok(here), Ok(there)) if here == there)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.is_file()
}

/// True if nobody else holds it.
pub(super) fn lock(file: &File) -> bool {
    #[cfg(unix)]
    return rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok();
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// A new journal with this text, locked.
pub(super) fn create(dir: &Path, text: &[u8]) -> io::Result<(PathBuf, File)> {
    own_private(dir)?;
    for _ in 0..TRIES {
        let path = dir.join(format!("{PREFIX}{}{SUFFIX}", uuid::Uuid::new_v4().simple()));
        if let Some(file) = begin(&path, text, false)? {
            return Ok((path, file));
        }
    }
    Err(io::Error::other(format!("another program takes every new file in {}", dir.display())))
}

/// Puts a new file with this text in the place of `path`, locked. `None`: another program has taken it away before it was
/// locked. `durable`: it is on the disk first, as what it replaces may be.
pub(super) fn begin(path: &Path, text: &[u8], durable: bool) -> io::Result<Option<File>> {
    use io::Write;
    let new = path.with_extension(&NEW[1..]);
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    if !lock(&file) {
        return Ok(None);
    }
    let written = file.write_all(text).and_then(|()| if durable { file.sync_data() } else { Ok(()) });
    let placed = written.and_then(|()| std::fs::rename(&new, path));
    match placed {
        Ok(()) => Ok(Some(file)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => {
            // Half a file helps nobody.
            std::fs::remove_file(&new).ok();
            Err(e)
        }
    }
}

/// The files that were set aside and are still there, in the order of their names.
pub(super) fn damaged(dir: &Path) -> Vec<PathBuf> {
    let found = named(dir, &format!("{SUFFIX}{DAMAGED}")).unwrap_or_default();
    let mut paths: Vec<PathBuf> = found.into_iter().map(|(_, path)| path).filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}

/// The name of a damaged file once it is set aside.
pub(super) fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(DAMAGED);
    PathBuf::from(name)
}

/// Removes what a program was making when it was killed: the file that it was to replace is still there.
pub(super) fn sweep(dir: &Path) {
    for (_, path) in named(dir, NEW).unwrap_or_default() {
        if adopt(&path).is_some() {
            std::fs::remove_file(&path).ok();
        }
    }
}

/// A name is on the disk when its directory is; not every system can be asked for that.
pub(super) fn sync_names(dir: &Path) {
    File::open(dir).and_then(|dir| dir.sync_all()).ok();
}
