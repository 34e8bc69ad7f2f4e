//! Files for the operator: a text in their own editor, a payload that was named by its path.

use crate::{
    app::{calls::Sort, external::External, views::CallsView},
    config::{self, SortBy, own_private},
};
use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::process::Command;

/// A file that is larger is no payload.
const LIMIT: u64 = 1 << 20;
/// Nobody edits one value for longer.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// A directory without its lock is one that is being made, for so long.
const BEING_MADE: Duration = Duration::from_secs(60);

/// Opens the text in `$VISUAL`, else `$EDITOR`, and waits for its end. The file is in a directory of its own in the state
/// directory, readable by its owner only, and removed afterwards. The terminal must have been given back.
///
/// Where this is dropped before the editor has ended, as this program was told to end, the editor goes on with its file: it
/// may hold what nobody has saved yet. [`sweep`] looks after it at a later start.
///
/// # Errors
/// What went wrong, in words; an editor that ends with another code than 0 (`:cq`) takes its text back.
pub(super) async fn edit(state: PathBuf, external: &External) -> Result<String, String> {
    let mut file =
        EditFile::new(&state, external).map_err(|e| format!("No file for the editor in {}: {e}", state.display()))?;
    let editor = editor();
    file.dir.disable_cleanup(true);
    let ended = run(&editor, &file.path).await;
    file.dir.disable_cleanup(false);
    let status = ended.map_err(|e| format!("{editor} could not be started: {e}"))?;
    if !status.success() {
        return Err(format!("{editor} ended with {status}"));
    }
    // Some editors put a new file in its place: it is read by its name.
    std::fs::read_to_string(&file.path).map_err(|e| format!("The edited file could not be read: {e}"))
}

/// How the directories of edited texts begin.
const EDITS: &str = "edit-";
/// The file in such a directory that is locked while it is in use. It holds the text that the editor was given.
const LOCK: &str = "lock";
/// How the text in such a directory is called, without its suffix.
const TEXT: &str = "text";

/// A text in the operator's editor.
struct EditFile {
    /// The text.
    path: PathBuf,
    /// The editor inherits the lock: as long as it runs, nobody removes its file, even if this program was killed.
    _lock: File,
    dir: TempDir,
}

impl EditFile {
    fn new(state: &Path, external: &External) -> io::Result<Self> {
        own_private(state)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(EDITS);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let dir = builder.tempdir_in(state)?;
        let mut lock = File::create(dir.path().join(LOCK))?;
        lock.write_all(external.text().as_bytes())?;
        #[cfg(unix)]
        {
            rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
            rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())?;
        }
        let path = dir.path().join(format!("{TEXT}{}", external.suffix()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?.write_all(external.text().as_bytes())?;
        Ok(Self { path, _lock: lock, dir })
    }
}

/// Removes the texts of editors that are gone together with the program that had opened them: they hold customers' data. Those
/// that were saved with another text stay; their names.
pub(super) fn sweep(state: &Path) -> Vec<PathBuf> {
    let mut saved = Vec::new();
    let Ok(entries) = std::fs::read_dir(state) else { return saved };
    for entry in entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(EDITS)) {
        let path = entry.path();
        // Whatever stays is the owner's alone.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_in_use(&path.join(LOCK)) => match changed(&path) {
                Some(text) => {
                    saved.push(text);
                    None
                }
                None => std::fs::remove_dir_all(&path).ok(),
            },
            // As earlier programs left them.
            Ok(kind) if kind.is_file() => std::fs::remove_file(&path).ok(),
            _ => None,
        };
    }
    saved
}

/// The text in the directory of an editor that has ended, if it is another one than the editor was given.
fn changed(dir: &Path) -> Option<PathBuf> {
    let given = std::fs::read(dir.join(LOCK)).ok()?;
    let names = std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    let text = names.filter(|path| path.file_stem().is_some_and(|stem| stem == TEXT)).find(|path| path.is_file())?;
    (std::fs::read(&text).ok()? != given).then_some(text)
}

/// Somebody holds the lock, or is about to: its directory has just been made.
fn is_in_use(lock: &Path) -> bool {
    let Ok(meta) = lock.symlink_metadata() else {
        let made = lock.parent().and_then(|dir| dir.metadata().ok()).and_then(|m| m.modified().ok());
        return made.and_then(|at| at.elapsed().ok()).is_none_or(|age| age < BEING_MADE);
    };
    #[cfg(unix)]
    if meta.is_file() {
        let locked = |f: File| rustix::fs::flock(f, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err();
        return File::open(lock).is_ok_and(locked);
    }
    // Where there are no such locks, nobody edits one value for longer.
    !cfg!(unix) && meta.modified().ok().and_then(|at| at.elapsed().ok()).is_none_or(|age| age < STALE)
}

fn editor() -> String {
    let of = |name: &str| env::var(name).ok().filter(|v| !v.trim().is_empty());
    let plain = if cfg!(windows) { "notepad" } else { "vi" };
    of("VISUAL").or_else(|| of("EDITOR")).unwrap_or_else(|| plain.to_owned())
}

async fn run(editor: &str, path: &Path) -> io::Result<ExitStatus> {
    // The variable may hold options (`code --wait`) and quotes, which are the shell's to read.
    let mut command = if cfg!(windows) {
        let mut words = editor.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("notepad"));
        command.args(words).arg(path);
        command
    } else {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path);
        command
    };
    config::without_secrets(command.as_std_mut());
    command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    command.spawn()?.wait().await
}

/// Keeps a view.
///
/// # Errors
/// What went wrong, in words.
pub(super) fn save_view(state: &Path, view: CallsView) -> Result<(), String> {
    let name = view.name.clone();
    config::save_view(state, &name, kept(view))
        .map_err(|e| format!("The view holds for this session only; it could not be kept in {}: {e}", state.display()))
}

/// Removes a view.
///
/// # Errors
/// What went wrong, in words.
pub(super) fn delete_view(state: &Path, name: &str) -> Result<(), String> {
    config::delete_view(state, name)
        .map_err(|e| format!("View {name} could not be removed from {}: {e}", state.display()))
}

/// Keeps how the Calls screen looks under the name of a profile.
///
/// # Errors
/// What went wrong, in words.
pub(super) fn remember(state: &Path, profile: &str, view: CallsView) -> Result<(), String> {
    config::remember(state, profile, kept(view))
        .map_err(|e| format!("How the screen looks could not be kept in {}: {e}", state.display()))
}

fn kept(view: CallsView) -> config::View {
    let (sort, key) = match view.sort {
        Sort::Age => (SortBy::Age, None),
        Sort::Attribute(key) => (SortBy::Age, Some(key.to_string())),
        Sort::Activity => (SortBy::Activity, None),
        Sort::At => (SortBy::At, None),
        Sort::To => (SortBy::To, None),
        Sort::From => (SortBy::From, None),
        Sort::Media => (SortBy::Media, None),
    };
    config::View {
        filter: Some(view.filter).filter(|filter| !filter.is_empty()),
        columns: view.columns,
        sort: Some(sort).filter(|_| key.is_none()),
        sort_key: key,
        reverse: Some(view.reverse),
        hide_ended: Some(view.hides_ended).filter(|hides| *hides),
        widths: Some(view.widths).filter(|widths| !widths.is_empty()),
    }
}

/// The path that the operator typed; `~/` is the home directory.
pub(super) fn from_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Reads a file that the operator named; `~/` is the home directory.
///
/// # Errors
/// What went wrong, in words.
pub(super) fn load(path: &str) -> Result<String, String> {
    let path = from_home(path);
    let told = |e: io::Error| e.to_string();
    let meta = std::fs::metadata(&path).map_err(told)?;
    if !meta.is_file() {
        return Err("it is not a file".into());
    }
    if meta.len() > LIMIT {
        return Err("it is larger than 1 MiB".into());
    }
    let mut text = String::new();
    std::fs::File::open(&path).and_then(|f| f.take(LIMIT).read_to_string(&mut text)).map_err(told)?;
    Ok(text)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::domain::outbox::{Base, Cell};
    use std::os::unix::fs::PermissionsExt;

    fn value(text: &str) -> External {
        let cell = Cell { conversation: "c".into(), participant: "p".into(), key: "k".into() };
        External::Value { cell, base: Base::Any, text: text.into() }
    }

    #[test]
    fn the_file_is_the_owners_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let file = EditFile::new(&state, &value("gold")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(file.path.parent().unwrap()), mode(&file.path)), (0o700, 0o700, 0o600));
        assert_eq!(std::fs::read_to_string(&file.path).unwrap(), "gold", "not a byte more");
        drop(file);
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_program_left_goes_and_what_is_being_edited_stays() {
        let dir = tempfile::tempdir().unwrap();
        let here = EditFile::new(dir.path(), &value("here")).unwrap();
        let gone = EditFile::new(dir.path(), &value("gone")).unwrap();
        // Killed: no destructor runs, and the system closes what it had open.
        let gone = std::mem::ManuallyDrop::new(gone);
        rustix::fs::flock(&gone._lock, rustix::fs::FlockOperation::Unlock).unwrap();
        std::fs::write(dir.path().join("edit-of-an-earlier-program.txt"), "x").unwrap();
        std::fs::write(dir.path().join("audit.jsonl"), "x").unwrap();
        let saved = std::mem::ManuallyDrop::new(EditFile::new(dir.path(), &value("before")).unwrap());
        rustix::fs::flock(&saved._lock, rustix::fs::FlockOperation::Unlock).unwrap();
        std::fs::write(&saved.path, "saved").unwrap();
        assert_eq!(sweep(dir.path()), std::slice::from_ref(&saved.path), "what was saved is named, and stays");
        assert_eq!(std::fs::read_to_string(&saved.path).unwrap(), "saved");
        assert_eq!(std::fs::read_to_string(&here.path).unwrap(), "here");
        assert!(!gone.path.exists());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[tokio::test]
    async fn an_editor_gets_its_options_and_its_code_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a file");
        std::fs::write(&path, "gold").unwrap();
        assert!(run("printf silver > \"$1\"; true", &path).await.unwrap().success());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "silver");
        assert!(!run("false", &path).await.unwrap().success());
    }

    #[test]
    fn only_a_file_of_sense_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.json");
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(load(&path.to_string_lossy()), Ok("{}".into()));
        assert!(load(&dir.path().to_string_lossy()).is_err());
        assert!(load("/dev/zero").is_err());
    }
}
