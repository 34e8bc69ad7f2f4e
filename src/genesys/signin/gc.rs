//! Profiles of the platform's own command-line tool (`~/.gc/config.toml`), read and never written.

use crate::genesys::{Error, ErrorKind, Region};
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// One profile of that tool.
#[derive(Clone, Debug)]
pub struct GcProfile {
    /// Its name.
    pub name: String,
    /// The region it is for.
    pub region: Option<Region>,
    /// Domain or region as written.
    pub environment: String,
    /// OAuth client id.
    pub client_id: Option<String>,
    /// The client's secret.
    pub secret: Option<SecretString>,
}

#[derive(Deserialize, Default)]
struct Wire {
    #[serde(default)]
    environment: String,
    #[serde(default)]
    client_credentials: String,
    #[serde(default)]
    client_secret: String,
}

/// Where that tool keeps its file.
pub fn path(home: &Path) -> PathBuf {
    home.join(".gc").join("config.toml")
}

/// Its profiles, by name.
///
/// # Errors
/// [`ErrorKind::Setup`] when the file cannot be read or is not TOML.
pub fn profiles(file: &Path) -> Result<Vec<GcProfile>, Error> {
    let trouble = |message: String| Error::new(ErrorKind::Setup, file.display().to_string(), message);
    let text = std::fs::read_to_string(file).map_err(|e| trouble(format!("it cannot be read: {e}")))?;
    // The parser's own words quote the line, which may hold a secret.
    let tables: BTreeMap<String, toml::Value> = toml::from_str(&text).map_err(|_| trouble("it is not TOML".into()))?;
    let filled = |text: String| (!text.is_empty()).then_some(text);
    Ok(tables
        .into_iter()
        .filter_map(|(name, value)| {
            let wire: Wire = value.try_into().ok()?;
            Some(GcProfile {
                name,
                region: Region::find(&wire.environment),
                environment: wire.environment,
                client_id: filled(wire.client_credentials),
                secret: filled(wire.client_secret).map(Into::into),
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_profiles_and_shows_no_secret() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        let text = "[default]\nenvironment = \"mypurecloud.de\"\nclient_credentials = \"id-1\"\nclient_secret = \"sesame\"\n\n[other]\nenvironment = \"us-east-1\"\ngrant_type = \"3\"\n";
        std::fs::write(&file, text).unwrap();
        let profiles = profiles(&file).unwrap();
        assert_eq!(profiles[0].region.unwrap().key, "eu_central_1");
        assert_eq!(profiles[0].client_id.as_deref(), Some("id-1"));
        assert_eq!((profiles[1].name.as_str(), profiles[1].client_id.is_none()), ("other", true));
        assert!(!format!("{profiles:?}").contains("sesame"));
        std::fs::write(&file, "secret = \"sesame").unwrap();
        assert!(!super::profiles(&file).unwrap_err().to_string().contains("sesame"));
    }
}
