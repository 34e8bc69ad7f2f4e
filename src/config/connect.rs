//! From settings to a connection: which addresses, which credentials.

use super::{
    Address, Credentials, Settings,
    region::{invalid_region, known_regions},
    without_secrets,
};
use crate::{
    exit::{Exit, Failure},
    genesys::{self, Auth, Connection, Region, Renewed, signin::store::KeptSignIn},
};
use secrecy::SecretString;
use std::{
    process::{Command, Stdio},
    sync::Arc,
};

impl Settings {
    /// What to connect to and as whom.
    ///
    /// # Errors
    /// [`Exit::Usage`] when something is missing or wrong; nothing was sent.
    pub fn connection(&self) -> Result<Connection, Failure> {
        let (api, login) = self.urls()?;
        if let Some(astray) = &self.astray {
            astray.confirm()?;
        }
        let auth = self.auth(&login)?;
        Connection::to_urls(&api, &login, auth).map_err(|e| {
            let details = e.details();
            let what = details.message.as_deref().unwrap_or("it is not an address");
            Exit::Usage.because(format!("{}: {what}", details.tried)).remedy("check --api-url, --login-url, --region")
        })
    }

    /// Addresses of the API and of the login server.
    pub fn urls(&self) -> Result<(String, String), Failure> {
        let (api, login) = match &self.address {
            None => return Err(unconfigured("where the organisation is")),
            Some((Address::Region(text), _)) if text.contains('@') => return Err(user_info()),
            Some((Address::Region(text), from)) => {
                let region = Region::find(text).ok_or_else(|| unknown_region(text, from))?;
                (region.api_url(), region.login_url())
            }
            // As the platform's own SDKs do it: the login server beside the API.
            Some((Address::Api(url), _)) => (url.clone(), url.replacen("//api.", "//login.", 1)),
        };
        let login = self.login_url.as_ref().map_or(login, |(url, _)| url.clone());
        for url in [&api, &login] {
            if genesys::has_user_info(url) {
                return Err(user_info());
            }
        }
        Ok((api, login))
    }

    fn auth(&self, login_url: &str) -> Result<Auth, Failure> {
        Ok(match &self.credentials {
            Credentials::None => return Err(unconfigured("how to sign in")),
            Credentials::Token(token) => Auth::Token(token.clone()),
            Credentials::Client { id, secret } => Auth::ClientCredentials { id: id.clone(), secret: secret.clone() },
            Credentials::Command { id, command } => {
                Auth::ClientCredentials { id: id.clone(), secret: secret_of(command)? }
            }
            Credentials::Stored { id, .. } => self.stored(login_url, id)?,
        })
    }

    /// What `sidetone login` kept for this client.
    fn stored(&self, login_url: &str, id: &str) -> Result<Auth, Failure> {
        let store = self.sign_ins.clone();
        let kept = match &store {
            Some(store) => store.load(login_url, id)?.unwrap_or_default(),
            None => KeptSignIn::default(),
        };
        match (kept, store) {
            (KeptSignIn { secret: Some(secret), .. }, _) => Ok(Auth::ClientCredentials { id: id.to_owned(), secret }),
            (KeptSignIn { tokens: Some(tokens), .. }, Some(store)) => {
                let (login, client_id) = (login_url.to_owned(), id.to_owned());
                let renewed: Renewed = Arc::new(move |tokens| {
                    let kept = KeptSignIn { tokens: Some(tokens.clone()), secret: None };
                    // The session goes on with the tokens it has; only the next start would miss them.
                    if let Err(error) = store.save(&login, &client_id, &kept) {
                        tracing::warn!(%error, "the renewed sign-in could not be kept");
                    }
                });
                Ok(Auth::Pkce { client_id: id.to_owned(), tokens, renewed: Some(renewed) })
            }
            _ => Err(Exit::Usage
                .because(format!("client {id:?} is not signed in"))
                .remedy("sign in with `sidetone login`, or set GENESYS_CLIENT_SECRET")),
        }
    }
}

/// The first line of what the command prints. Its errors go to the terminal, where a prompt may be answered; its output
/// is never shown.
fn secret_of(command: &str) -> Result<SecretString, Failure> {
    let failed = |why: String| Exit::Usage.because(format!("client_secret_command {command:?} {why}"));
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    // Its own tools' secrets stay; those of this program (an access token, the store's password) it has no use for.
    let output = without_secrets(Command::new(shell).args([option, command]))
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| failed(format!("could not be run: {e}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("printed something that is not text".to_owned()))?;
    match text.lines().next().map(str::trim_end) {
        Some(secret) if !secret.is_empty() => Ok(secret.into()),
        _ => Err(failed("printed nothing".to_owned())),
    }
}

/// The address itself is not shown, for it holds a password.
fn user_info() -> Failure {
    let message = "an address holds a name or a password (before the @); the platform knows none";
    Exit::Usage.because(message).remedy("check --region, --api-url, --login-url and the profile")
}

fn unknown_region(text: &str, from: &super::From) -> Failure {
    Exit::Usage.because(format!("{} (from {from})", invalid_region(text))).remedy(known_regions(text))
}

/// What to say when nothing is known to connect to.
fn unconfigured(what: &str) -> Failure {
    Exit::Usage.because(format!("no connection is configured: nothing says {what}")).remedy(
        "set GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION, or write a profile ('sidetone config init')\n\
         without an organisation: 'sidetone demo' shows everything on a simulated one",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, File, Overrides};
    use secrecy::ExposeSecret;

    fn settings(file: &str, variables: &[(&str, &str)]) -> Settings {
        let env = Env::new(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
        Settings::resolve(&Overrides::default(), &env, File::parse(file).unwrap()).unwrap()
    }

    #[test]
    fn a_region_in_any_spelling_gives_both_addresses() {
        for region in ["eu-west-1", "eu_west_1", "mypurecloud.ie"] {
            let urls = settings("", &[("GENESYS_REGION", region)]).urls().unwrap();
            assert_eq!(urls, ("https://api.mypurecloud.ie".to_owned(), "https://login.mypurecloud.ie".to_owned()));
        }
        let near = settings("", &[("GENESYS_ENV", "mypurecloud.i")]).urls().unwrap_err();
        assert!(near.advice().unwrap().contains("mypurecloud.ie"), "{near:?}");
    }

    #[test]
    fn a_login_address_is_found_beside_the_api_or_given() {
        let derived = settings("", &[("SIDETONE_API_URL", "https://api.example.com")]).urls().unwrap();
        assert_eq!(derived.1, "https://login.example.com");
        let given = [("SIDETONE_API_URL", "http://127.0.0.1:1"), ("SIDETONE_LOGIN_URL", "http://127.0.0.1:2")];
        assert_eq!(settings("", &given).urls().unwrap().1, "http://127.0.0.1:2");
    }

    #[test]
    fn what_is_missing_is_named_with_a_way_out() {
        let nothing = settings("", &[]).connection().unwrap_err();
        assert!(nothing.advice().unwrap().contains("GENESYS_CLIENT_ID"));
        let half =
            settings("", &[("GENESYS_REGION", "us-east-1"), ("GENESYS_CLIENT_ID", "x")]).connection().unwrap_err();
        assert!(half.advice().unwrap().contains("GENESYS_CLIENT_SECRET"));
        let plain = [("SIDETONE_API_URL", "http://api.example.com"), ("GENESYS_ACCESS_TOKEN", "sample")];
        assert!(settings("", &plain).connection().unwrap_err().to_string().contains("without encryption"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_may_hold_the_secret() {
        assert_eq!(secret_of("printf 'sample\\nmore\\n'").unwrap().expose_secret(), "sample");
        assert!(secret_of("echo hidden; false").unwrap_err().to_string().contains("failed"));
        assert!(secret_of("true").is_err());
    }
}
