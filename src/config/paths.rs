//! Where this program keeps its files.

use super::Env;
use crate::exit::{Exit, Failure};
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

    fn under(home: &Path) -> Self {
        Self {
            config: home.join("config.toml"),
            config_named: false,
            state: home.join("state"),
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
            log: state.join("log"),
            cache: dirs.cache_dir().to_owned(),
        }
    }
}

/// Creates a directory that only its owner can read; what is kept there is customers' data or about them.
pub(crate) fn create_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
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
}
