//! Where this program keeps its files.

use super::Env;
use crate::{
    exit::{Exit, Failure},
    genesys::signin::store::SignInStore,
};
use directories::ProjectDirs;
use std::path::{Path, PathBuf};

/// Directories and files. Nothing is created before it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file.
    pub config: PathBuf,
    /// True when the file was named by the operator and so must exist.
    pub config_named: bool,
    /// Drafts, the audit file, stored sign-ins.
    pub state: PathBuf,
    /// Sign-ins may go to the system's keyring; not when SIDETONE_HOME says that everything is in one directory.
    pub keyring: bool,
    /// Log files.
    pub log: PathBuf,
    /// What can be fetched again.
    pub cache: PathBuf,
}

impl Paths {
    /// `flag` is `--config`; then SIDETONE_CONFIG, SIDETONE_HOME, and the platform's directories.
    pub fn new(flag: Option<&Path>, env: &Env) -> Result<Self, Failure> {
        let mut paths = match env.get("SIDETONE_HOME") {
            Some(home) => Self::under(Path::new(home)),
            None => Self::of_platform(&ProjectDirs::from("", "", "sidetone").ok_or_else(|| {
                Exit::Usage
                    .because("this account has no home directory to keep files in")
                    .remedy("set SIDETONE_HOME to a directory")
            })?),
        };
        if let Some(file) = flag.or(env.get("SIDETONE_CONFIG").map(Path::new)) {
            paths.config = file.to_owned();
            paths.config_named = true;
        }
        Ok(paths)
    }

    /// Makes the state directory and what is in it its owner's alone again, where that is there: whatever a command is for, it
    /// leaves no customers' data for others to read. Links are left as they are; who opens one of ours refuses it.
    pub(crate) fn repair(&self) {
        #[cfg(unix)]
        for dir in [&self.state, &self.state.join(RECORDINGS), &self.log] {
            use std::os::unix::fs::PermissionsExt as _;
            let is_link = dir.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
            let inside = dir != &self.state;
            if !dir.exists() || (inside && is_link) || own_private(dir).is_err() {
                continue;
            }
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                // Of the entry itself, not of what a link leads to.
                let open = entry.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o077 != 0);
                if open {
                    // One that another user put there stays what it is, and is refused when it is opened.
                    _ = open_private(std::fs::OpenOptions::new().read(true), &entry.path());
                }
            }
        }
    }

    /// The sign-ins of earlier runs.
    pub fn sign_ins(&self) -> SignInStore {
        if self.keyring { SignInStore::with_keyring(&self.state) } else { SignInStore::within(&self.state) }
    }

    fn under(home: &Path) -> Self {
        Self {
            config: home.join("config.toml"),
            config_named: false,
            state: home.join("state"),
            keyring: false,
            log: home.join("log"),
            cache: home.join("cache"),
        }
    }

    fn of_platform(dirs: &ProjectDirs) -> Self {
        // Only Linux has a state directory of its own.
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
        Self {
            config: dirs.config_dir().join("config.toml"),
            config_named: false,
            state: state.to_owned(),
            keyring: true,
            log: state.join("log"),
            cache: dirs.cache_dir().to_owned(),
        }
    }
}

/// Where recordings are kept that the screens make, in the state directory.
pub(crate) const RECORDINGS: &str = "recordings";

/// Creates a directory that only its owner can read; what is kept there is customers' data or about them.
pub(crate) fn create_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// As [`create_private`], for a directory that is this program's own: one that others can read or write is repaired, and one
/// that belongs to somebody else is refused.
pub(crate) fn own_private(dir: &Path) -> std::io::Result<()> {
    create_private(dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let meta = std::fs::metadata(dir)?;
        let refuse =
            |why: &str| Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, format!("the directory {why}")));
        if !meta.is_dir() {
            return refuse("is a file");
        }
        let me = rustix::process::geteuid().as_raw();
        // Of a link, too: whoever made it could lead it elsewhere at any time.
        if meta.uid() != me || std::fs::symlink_metadata(dir)?.uid() != me {
            return refuse("belongs to another user");
        }
        if meta.permissions().mode() & 0o077 != 0 {
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// As [`own_private`], for a directory within the state directory, or beside it: a link in its place is refused. The state
/// directory as a whole may be one, for only its owner can have made it.
pub(crate) fn own_private_inside(dir: &Path) -> std::io::Result<()> {
    if dir.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        let why = format!("{} is a link", dir.display());
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why));
    }
    own_private(dir)
}

/// Opens a file of a directory of our own; a link is not followed, a FIFO in its place not waited for, and nobody
/// else may read it afterwards.
pub(crate) fn open_private(options: &mut std::fs::OpenOptions, path: &Path) -> std::io::Result<std::fs::File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600).custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32);
        let denied =
            |why: &str| std::io::Error::new(std::io::ErrorKind::PermissionDenied, format!("{} {why}", path.display()));
        let file = options.open(path).map_err(|error| match std::fs::symlink_metadata(path) {
            Ok(meta) if meta.is_symlink() => denied("is a link"),
            _ => error,
        })?;
        let meta = file.metadata()?;
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(denied("belongs to another user"));
        }
        if meta.is_file() && meta.nlink() > 1 {
            return Err(denied("has a second name, under which others may see it"));
        }
        if meta.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Writes a file that only its owner can read. One that is there is an error of kind `AlreadyExists` unless it is to be
/// replaced; then the old one is whole until the new one is. What is no plain file is never replaced.
pub(crate) fn write_private(path: &Path, bytes: &[u8], replace: bool) -> std::io::Result<()> {
    use std::io::Write as _;
    // Also where a link leads to one: `/dev/stdout` is a link.
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        let words = "it is not a plain file, and is left alone";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, words));
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are their owner's alone.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    let put = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    put.map(drop).map_err(|e| e.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_directory_holds_everything_when_asked() {
        let env = Env::new(|name| (name == "SIDETONE_HOME").then(|| "/h".to_owned()));
        let paths = Paths::new(None, &env).unwrap();
        for path in [&paths.config, &paths.state, &paths.log, &paths.cache] {
            assert!(path.starts_with("/h"), "{path:?}");
        }
        let named = Paths::new(Some(Path::new("other.toml")), &env).unwrap();
        assert_eq!((named.config.as_path(), named.config_named), (Path::new("other.toml"), true));
        assert!(named.state.starts_with("/h"));
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_others_can_use_is_repaired_and_no_link_is_followed() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::create_dir(&state).unwrap();
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o777)).unwrap();
        own_private(&state).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state), 0o700);
        let elsewhere = dir.path().join("elsewhere");
        std::fs::write(&elsewhere, "precious").unwrap();
        std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o644)).unwrap();
        let append = |path: &Path| open_private(std::fs::OpenOptions::new().append(true).create(true), path);
        std::os::unix::fs::symlink(&elsewhere, state.join("link")).unwrap();
        assert!(append(&state.join("link")).unwrap_err().to_string().contains("is a link"));
        std::fs::rename(&elsewhere, state.join("file")).unwrap();
        append(&state.join("file")).unwrap();
        assert_eq!(
            (mode(&state.join("file")), std::fs::read(state.join("file")).unwrap()),
            (0o600, b"precious".to_vec())
        );
        assert!(own_private(&state.join("file")).is_err());
        // A link in the place of a directory within it, and a second name of a file.
        std::os::unix::fs::symlink(dir.path(), state.join("recordings")).unwrap();
        assert!(own_private_inside(&state.join("recordings")).unwrap_err().to_string().contains("is a link"));
        std::fs::hard_link(state.join("file"), dir.path().join("second")).unwrap();
        assert!(append(&state.join("file")).unwrap_err().to_string().contains("second name"));
        std::fs::remove_file(dir.path().join("second")).unwrap();
        // Replacing puts a new file in the place of a link; what it led to stays.
        let target = dir.path().join("target");
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, dir.path().join("out.md")).unwrap();
        assert!(write_private(&dir.path().join("out.md"), b"x", false).is_err());
        write_private(&dir.path().join("out.md"), b"x", true).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn a_file_is_replaced_only_when_that_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("call.md");
        write_private(&path, b"one", false).unwrap();
        let kind = write_private(&path, b"two", false).unwrap_err().kind();
        assert_eq!((kind, std::fs::read(&path).unwrap()), (std::io::ErrorKind::AlreadyExists, b"one".to_vec()));
        write_private(&path, b"two", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert!(write_private(dir.path(), b"x", true).is_err(), "a directory");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_never_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (fifo, link) = (dir.path().join("fifo"), dir.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        std::os::unix::fs::symlink(&fifo, &link).unwrap();
        for path in [&fifo, &link] {
            let error = write_private(path, b"x", true).unwrap_err().to_string();
            assert!(error.contains("not a plain file"), "{error}");
        }
        assert!(std::fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
