//! Where sign-ins are kept between runs: a file that only its owner can read.

use crate::genesys::{Error, Kind, Tokens};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What is kept for one login service and client.
#[derive(Clone, Default)]
pub struct Kept {
    /// Tokens of a user.
    pub tokens: Option<Tokens>,
    /// The secret of the client.
    pub secret: Option<SecretString>,
}

/// The file of sign-ins.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

#[derive(Serialize, Deserialize, Default)]
struct Wire {
    #[serde(default)]
    sign_ins: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    login: String,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<jiff::Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Store {
    /// The store in this directory; nothing is read or made yet.
    pub fn within(directory: &Path) -> Self {
        Self { path: directory.join("sign-ins.json") }
    }

    /// The file it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept for this login service and client.
    ///
    /// # Errors
    /// [`Kind::Setup`] when the file is there and cannot be read, or can be read by others.
    pub fn load(&self, login_url: &str, client_id: &str) -> Result<Option<Kept>, Error> {
        let wire = self.read()?;
        let entry = wire.sign_ins.into_iter().find(|e| e.login == trim(login_url) && e.client_id == client_id);
        Ok(entry.map(|entry| Kept {
            tokens: entry.access.map(|access| Tokens {
                access: access.into(),
                refresh: entry.refresh.map(Into::into),
                expires: entry.expires,
            }),
            secret: entry.secret.map(Into::into),
        }))
    }

    /// Keeps it, in place of what was kept before.
    ///
    /// # Errors
    /// [`Kind::Setup`] when it cannot be written.
    pub fn save(&self, login_url: &str, client_id: &str, kept: &Kept) -> Result<(), Error> {
        let mut wire = self.read()?;
        wire.sign_ins.retain(|e| !(e.login == trim(login_url) && e.client_id == client_id));
        let exposed = |secret: &SecretString| secret.expose_secret().to_owned();
        wire.sign_ins.push(Entry {
            login: trim(login_url).to_owned(),
            client_id: client_id.to_owned(),
            access: kept.tokens.as_ref().map(|t| exposed(&t.access)),
            refresh: kept.tokens.as_ref().and_then(|t| t.refresh.as_ref()).map(exposed),
            expires: kept.tokens.as_ref().and_then(|t| t.expires),
            secret: kept.secret.as_ref().map(exposed),
        });
        self.write(&wire).map_err(|e| self.trouble("it cannot be written", &e))
    }

    /// Forgets one; every one without a client id. Returns how many there were.
    ///
    /// # Errors
    /// [`Kind::Setup`] when the file cannot be read or written.
    pub fn forget(&self, which: Option<(&str, &str)>) -> Result<usize, Error> {
        let mut wire = self.read()?;
        let before = wire.sign_ins.len();
        match which {
            Some((login, id)) => wire.sign_ins.retain(|e| !(e.login == trim(login) && e.client_id == id)),
            None => wire.sign_ins.clear(),
        }
        let gone = before - wire.sign_ins.len();
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
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Wire::default()),
            Err(e) => return Err(self.trouble("it cannot be read", &e)),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode =
                std::fs::metadata(&self.path).map_err(|e| self.trouble("it cannot be read", &e))?.permissions().mode();
            if mode & 0o077 != 0 {
                let message = format!("others can read it (mode {:o})", mode & 0o777);
                return Err(Error::new(Kind::Setup, self.path.display().to_string(), message)
                    .with_remedy("Make it private with chmod 600, and sign in anew if it was open for long."));
            }
        }
        // The parser's own words may quote a token.
        serde_json::from_slice(&text).map_err(|_| {
            Error::new(Kind::Setup, self.path.display().to_string(), "it is damaged")
                .with_remedy("Remove it with `sidetone logout --all`, and sign in again.")
        })
    }

    fn write(&self, wire: &Wire) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        // Made with mode 0600, and in place of the old one at once or not at all.
        let mut file = tempfile::Builder::new().prefix(".sign-ins").tempfile_in(directory)?;
        serde_json::to_writer_pretty(&mut file, wire)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn trouble(&self, what: &str, error: &io::Error) -> Error {
        Error::new(Kind::Setup, self.path.display().to_string(), format!("{what}: {error}"))
    }
}

fn trim(url: &str) -> &str {
    url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_forgets_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::within(&directory.path().join("state"));
        assert!(store.load("https://l", "a").unwrap().is_none());
        let tokens = Tokens { access: "sample-a".into(), refresh: Some("sample-r".into()), expires: None };
        store.save("https://l/", "a", &Kept { tokens: Some(tokens), secret: None }).unwrap();
        store.save("https://l", "b", &Kept { tokens: None, secret: Some("sample-s".into()) }).unwrap();
        let kept = store.load("https://l", "a").unwrap().unwrap();
        assert_eq!(kept.tokens.unwrap().refresh.unwrap().expose_secret(), "sample-r");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(store.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            std::fs::set_permissions(store.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(store.load("https://l", "a").err().unwrap().exit_code(), 2);
            std::fs::set_permissions(store.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(store.forget(Some(("https://l", "a"))).unwrap(), 1);
        assert_eq!(store.forget(None).unwrap(), 1);
        assert!(!store.path().exists());
        assert_eq!(store.forget(None).unwrap(), 0);
    }

    #[test]
    fn a_damaged_file_is_told_without_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::within(directory.path());
        store.save("l", "a", &Kept::default()).unwrap();
        std::fs::write(store.path(), "{\"sign_ins\": \"sample-secret").unwrap();
        let error = store.load("l", "a").err().unwrap();
        assert!(!error.to_string().contains("sample-secret"), "{error}");
    }
}
