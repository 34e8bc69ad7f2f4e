//! The keyring of the operating system, where there is one: Secret Service on Linux, the login keychain on macOS, the
//! Credential Manager on Windows.

use secrecy::{ExposeSecret, SecretString};
use std::{fmt::Debug, sync::mpsc, time::Duration};

/// A place for secrets. Errors are in words for the operator, and hold no secret.
pub trait Vault: Debug + Send + Sync {
    /// What is kept under this name; `None` when nothing is.
    ///
    /// # Errors
    /// It cannot be reached, or does not open.
    fn get(&self, name: &str) -> Result<Option<SecretString>, String>;
    /// Keeps a text under this name, in place of what was there.
    ///
    /// # Errors
    /// As [`Vault::get`].
    fn set(&self, name: &str, text: SecretString) -> Result<(), String>;
    /// Forgets what is kept under this name, if anything is.
    ///
    /// # Errors
    /// As [`Vault::get`].
    fn remove(&self, name: &str) -> Result<(), String>;
}

/// What the entries belong to.
const SERVICE: &str = "sidetone";
/// How long the keyring may take: it may ask the operator to unlock it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The system's own keyring. It is not touched before it is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Vault for System {
    fn get(&self, name: &str) -> Result<Option<SecretString>, String> {
        match entry(name, |entry| entry.get_password())? {
            Ok(text) => Ok(Some(text.into())),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(words(&error)),
        }
    }

    fn set(&self, name: &str, text: SecretString) -> Result<(), String> {
        entry(name, move |entry| entry.set_password(text.expose_secret()))?.map_err(|e| words(&e))
    }

    fn remove(&self, name: &str) -> Result<(), String> {
        match entry(name, |entry| entry.delete_credential())? {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
            Err(error) => Err(words(&error)),
        }
    }
}

/// Works on one entry, on a thread of its own: a keyring that waits for a person must not hold the program up for ever.
fn entry<T: Send + 'static>(
    name: &str,
    work: impl FnOnce(keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<keyring_core::Result<T>, String> {
    let name = name.to_owned();
    let (told, answer) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = told.send(open(&name).and_then(work));
    });
    answer.recv_timeout(PATIENCE).map_err(|_| format!("it did not answer within {} s", PATIENCE.as_secs()))
}

fn open(name: &str) -> keyring_core::Result<keyring_core::Entry> {
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    {
        use keyring_core::api::CredentialStoreApi;
        #[cfg(target_os = "linux")]
        let store = dbus_secret_service_keyring_store::Store::new()?;
        #[cfg(target_os = "macos")]
        let store = apple_native_keyring_store::keychain::Store::new()?;
        #[cfg(windows)]
        let store = windows_native_keyring_store::Store::new()?;
        store.build(SERVICE, name, None)
    }
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    {
        Err(keyring_core::Error::NotSupportedByStore(format!("no keyring is known for {SERVICE} ({name}) here")))
    }
}

/// What is wrong, without anything that was read.
fn words(error: &keyring_core::Error) -> String {
    use keyring_core::Error as E;
    match error {
        E::BadEncoding(_) | E::BadDataFormat(..) => "what it holds is damaged".to_owned(),
        E::Ambiguous(_) => "it holds the entry more than once".to_owned(),
        other => {
            let text = crate::genesys::error::clean(&other.to_string());
            // How libdbus says that there is no session bus, or nobody on it who keeps secrets.
            let none = ["autolaunch", "ServiceUnknown", "No such file or directory"].iter().any(|w| text.contains(w));
            if none { "none runs in this session".to_owned() } else { text }
        }
    }
}
