//! Where sign-ins are kept between runs: in the system's keyring where there is one, else in a file that only its owner
//! can read. The file also says which ones are in the keyring, so that it is not asked without need.

use super::keyring::{System, Vault};
use crate::genesys::{Error, ErrorKind, Tokens};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is kept for one login service and client.
#[derive(Clone, Default)]
pub struct KeptSignIn {
    /// Tokens of a user.
    pub tokens: Option<Tokens>,
    /// The secret of the client.
    pub secret: Option<SecretString>,
}

/// Where a sign-in was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInLocation {
    /// In the system's keyring.
    Keyring,
    /// In the file. `why`: what kept it from the keyring, if that was tried.
    File {
        /// In words.
        why: Option<String>,
    },
}

/// The sign-ins of earlier runs.
#[derive(Clone, Debug)]
pub struct SignInStore {
    path: PathBuf,
    vault: Option<Arc<dyn Vault>>,
}

#[derive(Serialize, Deserialize, Default)]
struct Wire {
    #[serde(default)]
    sign_ins: Vec<SignInEntry>,
}

#[derive(Serialize, Deserialize, Default)]
struct SignInEntry {
    login: String,
    client_id: String,
    /// The rest is in the keyring.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keyring: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<jiff::Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl SignInStore {
    /// A store in a file of this directory alone; nothing is read or made yet.
    pub fn within(directory: &Path) -> Self {
        Self { path: directory.join("sign-ins.json"), vault: None }
    }

    /// With the system's keyring in front of the file.
    pub fn with_keyring(directory: &Path) -> Self {
        Self { vault: Some(Arc::new(System)), ..Self::within(directory) }
    }

    #[cfg(test)]
    fn with_vault(directory: &Path, vault: Arc<dyn Vault>) -> Self {
        Self { vault: Some(vault), ..Self::within(directory) }
    }

    /// The file it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept for this login service and client.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] when the file is there and cannot be read, or can be read by others.
    pub fn load(&self, login_url: &str, client_id: &str) -> Result<Option<KeptSignIn>, Error> {
        let wire = self.read()?;
        let mut entry = wire.sign_ins.into_iter().find(|e| e.login == trim(login_url) && e.client_id == client_id);
        if entry.as_ref().is_some_and(|entry| entry.keyring) {
            let closed = |why: String| {
                Error::new(ErrorKind::Setup, "the system's keyring", why)
                    .with_remedy("Unlock it, or sign in again with `sidetone login`.")
            };
            let vault = self.vault.as_ref().ok_or_else(|| closed("it is not used with SIDETONE_HOME".into()))?;
            let text = vault.get(&name(login_url, client_id)).map_err(closed)?;
            // The parser's own words may quote a token.
            let parsed = text.map(|text| serde_json::from_str(text.expose_secret()));
            entry = parsed.transpose().map_err(|_| closed("what it holds is damaged".into()))?;
        }
        Ok(entry.map(|entry| KeptSignIn {
            tokens: entry.access.map(|access| Tokens {
                access: access.into(),
                refresh: entry.refresh.map(Into::into),
                expires: entry.expires,
            }),
            secret: entry.secret.map(Into::into),
        }))
    }

    /// Keeps it, in place of what was kept before. Says where.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] when it cannot be written.
    pub fn save(&self, login_url: &str, client_id: &str, kept: &KeptSignIn) -> Result<SignInLocation, Error> {
        let mut wire = self.read()?;
        let before = wire.sign_ins.iter().position(|e| e.login == trim(login_url) && e.client_id == client_id);
        let before = before.map(|place| wire.sign_ins.swap_remove(place));
        let exposed = |secret: &SecretString| secret.expose_secret().to_owned();
        let whole = SignInEntry {
            keyring: false,
            login: trim(login_url).to_owned(),
            client_id: client_id.to_owned(),
            access: kept.tokens.as_ref().map(|t| exposed(&t.access)),
            refresh: kept.tokens.as_ref().and_then(|t| t.refresh.as_ref()).map(exposed),
            expires: kept.tokens.as_ref().and_then(|t| t.expires),
            secret: kept.secret.as_ref().map(exposed),
        };
        let put = |vault: &Arc<dyn Vault>| {
            let text = serde_json::to_string(&whole).map_err(|e| e.to_string())?;
            vault.set(&name(login_url, client_id), text.into())
        };
        let place = match self.vault.as_ref().map(put) {
            Some(Ok(())) => SignInLocation::Keyring,
            Some(Err(why)) => SignInLocation::File { why: Some(why) },
            None => SignInLocation::File { why: None },
        };
        wire.sign_ins.push(match place {
            SignInLocation::Keyring => {
                SignInEntry { keyring: true, login: whole.login, client_id: whole.client_id, ..SignInEntry::default() }
            }
            SignInLocation::File { .. } => whole,
        });
        self.write(&wire).map_err(|e| self.trouble("it cannot be written", &e))?;
        if let (SignInLocation::File { .. }, Some(SignInEntry { keyring: true, .. }), Some(vault)) =
            (&place, before, &self.vault)
        {
            // What is in there is older than what was kept now, and is not looked at any more.
            let _ = vault.remove(&name(login_url, client_id));
        }
        Ok(place)
    }

    /// Forgets one; every one without a client id. Returns how many there were.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] when the file cannot be read or written.
    pub fn forget(&self, which: Option<(&str, &str)>) -> Result<usize, Error> {
        let mut wire = self.read()?;
        let wanted = |e: &SignInEntry| which.is_none_or(|(login, id)| e.login == trim(login) && e.client_id == id);
        let (gone, stay): (Vec<SignInEntry>, Vec<SignInEntry>) = wire.sign_ins.into_iter().partition(wanted);
        for entry in gone.iter().filter(|entry| entry.keyring) {
            let why = match &self.vault {
                Some(vault) => vault.remove(&name(&entry.login, &entry.client_id)).err(),
                None => Some("it is not used with SIDETONE_HOME".to_owned()),
            };
            if let Some(why) = why {
                return Err(
                    Error::new(ErrorKind::Setup, "the system's keyring", why).with_remedy("Unlock it and try again.")
                );
            }
        }
        wire = Wire { sign_ins: stay };
        let gone = gone.len();
        let done = if !wire.sign_ins.is_empty() {
            self.write(&wire)
        } else if self.path.exists() {
            std::fs::remove_file(&self.path)
        } else {
            Ok(())
        };
        done.map(|()| gone).map_err(|e| self.trouble("it cannot be changed", &e))
    }

    fn read(&self) -> Result<Wire, Error> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true);
        // A link could lead to a file that somebody else writes; a FIFO would be waited for.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32,
        );
        let mut file = match options.open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Wire::default()),
            Err(e) if self.path.is_symlink() => return Err(self.trouble("it is a link, which is not followed", &e)),
            Err(e) => return Err(self.trouble("it cannot be read", &e)),
        };
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|e| self.trouble("it cannot be read", &e))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().map_err(|e| self.trouble("it cannot be read", &e))?.permissions().mode();
            if mode & 0o077 != 0 {
                let message = format!("others can read it (mode {:o})", mode & 0o777);
                return Err(Error::new(ErrorKind::Setup, self.path.display().to_string(), message)
                    .with_remedy("Make it private with chmod 600, and sign in anew if it was open for long."));
            }
        }
        // The parser's own words may quote a token.
        serde_json::from_slice(&text).map_err(|_| {
            Error::new(ErrorKind::Setup, self.path.display().to_string(), "it is damaged")
                .with_remedy("Remove it with `sidetone logout --all`, and sign in again.")
        })
    }

    fn write(&self, wire: &Wire) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let mut private = std::fs::DirBuilder::new();
        private.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
        private.create(directory)?;
        // Made with mode 0600, and in place of the old one at once or not at all.
        let mut file = tempfile::Builder::new().prefix(".sign-ins").tempfile_in(directory)?;
        serde_json::to_writer_pretty(&mut file, wire)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn trouble(&self, what: &str, error: &io::Error) -> Error {
        Error::new(ErrorKind::Setup, self.path.display().to_string(), format!("{what}: {error}"))
    }
}

/// What it is called in the keyring.
fn name(login_url: &str, client_id: &str) -> String {
    format!("{client_id} at {}", trim(login_url))
}

fn trim(url: &str) -> &str {
    url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn stored_sign_ins_are_not_read_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let store = SignInStore::within(&directory.path().join("state"));
        std::fs::create_dir(directory.path().join("state")).unwrap();
        std::fs::write(directory.path().join("theirs"), "{}").unwrap();
        std::os::unix::fs::symlink(directory.path().join("theirs"), store.path()).unwrap();
        let Err(error) = store.load("https://login.example.com", "c") else { panic!("it was read") };
        assert!(error.to_string().contains("is a link"), "{error}");
    }

    #[test]
    fn keeps_forgets_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let store = SignInStore::within(&directory.path().join("state"));
        assert!(store.load("https://l", "a").unwrap().is_none());
        let tokens = Tokens { access: "sample-a".into(), refresh: Some("sample-r".into()), expires: None };
        store.save("https://l/", "a", &KeptSignIn { tokens: Some(tokens), secret: None }).unwrap();
        store.save("https://l", "b", &KeptSignIn { tokens: None, secret: Some("sample-s".into()) }).unwrap();
        let kept = store.load("https://l", "a").unwrap().unwrap();
        assert_eq!(kept.tokens.unwrap().refresh.unwrap().expose_secret(), "sample-r");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(store.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let state = std::fs::metadata(directory.path().join("state")).unwrap().permissions().mode();
            assert_eq!(state & 0o777, 0o700);
            std::fs::set_permissions(store.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(store.load("https://l", "a").err().unwrap().exit_code(), 2);
            std::fs::set_permissions(store.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(store.forget(Some(("https://l", "a"))).unwrap(), 1);
        assert_eq!(store.forget(None).unwrap(), 1);
        assert!(!store.path().exists());
        assert_eq!(store.forget(None).unwrap(), 0);
    }

    /// A keyring in memory, which may be closed.
    #[derive(Debug, Default)]
    struct Memory {
        held: std::sync::Mutex<std::collections::BTreeMap<String, String>>,
        closed: std::sync::atomic::AtomicBool,
    }

    impl Memory {
        fn held(&self) -> Result<std::sync::MutexGuard<'_, std::collections::BTreeMap<String, String>>, String> {
            match self.closed.load(std::sync::atomic::Ordering::Relaxed) {
                true => Err("it is locked".into()),
                false => Ok(self.held.lock().unwrap()),
            }
        }
    }

    impl Vault for Memory {
        fn get(&self, name: &str) -> Result<Option<SecretString>, String> {
            Ok(self.held()?.get(name).map(|text| text.as_str().into()))
        }
        fn set(&self, name: &str, text: SecretString) -> Result<(), String> {
            self.held()?.insert(name.to_owned(), text.expose_secret().to_owned());
            Ok(())
        }
        fn remove(&self, name: &str) -> Result<(), String> {
            self.held()?.remove(name);
            Ok(())
        }
    }

    fn sample(secret: &str) -> KeptSignIn {
        KeptSignIn { tokens: None, secret: Some(secret.into()) }
    }

    fn secret(store: &SignInStore, id: &str) -> Option<String> {
        let kept = store.load("https://l", id).unwrap()?;
        kept.secret.map(|s| s.expose_secret().to_owned())
    }

    #[test]
    fn a_keyring_is_preferred_and_the_file_holds_no_secret_then() {
        let (directory, memory) = (tempfile::tempdir().unwrap(), Arc::new(Memory::default()));
        let store = SignInStore::with_vault(directory.path(), memory.clone());
        assert_eq!(store.save("https://l/", "a", &sample("sample-s")).unwrap(), SignInLocation::Keyring);
        assert!(!std::fs::read_to_string(store.path()).unwrap().contains("sample-s"));
        assert_eq!(secret(&store, "a").as_deref(), Some("sample-s"));
        assert_eq!(store.forget(Some(("https://l", "a"))).unwrap(), 1);
        assert!(memory.held().unwrap().is_empty(), "forgotten in both");
        assert_eq!(secret(&store, "a"), None);
    }

    #[test]
    fn a_keyring_that_does_not_open_leaves_the_file_and_says_why() {
        let (directory, memory) = (tempfile::tempdir().unwrap(), Arc::new(Memory::default()));
        let store = SignInStore::with_vault(directory.path(), memory.clone());
        store.save("https://l", "a", &sample("sample-old")).unwrap();
        memory.closed.store(true, std::sync::atomic::Ordering::Relaxed);
        let error = store.load("https://l", "a").err().unwrap().to_string();
        assert!(error.contains("it is locked") && error.contains("Unlock it"), "{error}");
        assert!(store.forget(None).is_err(), "nothing is said to be forgotten that is not");
        let place = store.save("https://l", "a", &sample("sample-new")).unwrap();
        assert_eq!(place, SignInLocation::File { why: Some("it is locked".into()) });
        assert_eq!(secret(&store, "a").as_deref(), Some("sample-new"), "the newer one counts");
        memory.closed.store(false, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(store.save("https://l", "a", &sample("sample-last")).unwrap(), SignInLocation::Keyring);
        assert_eq!(secret(&store, "a").as_deref(), Some("sample-last"));
    }

    #[test]
    fn a_damaged_file_is_told_without_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let store = SignInStore::within(directory.path());
        store.save("l", "a", &KeptSignIn::default()).unwrap();
        std::fs::write(store.path(), "{\"sign_ins\": \"sample-secret").unwrap();
        let error = store.load("l", "a").err().unwrap();
        assert!(!error.to_string().contains("sample-secret"), "{error}");
    }
}
