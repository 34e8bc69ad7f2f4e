//! A secret of the environment belongs to the client that the environment names. A configuration file that somebody handed
//! over could name another address, and the secret would be sent there.

use super::{Address, Credentials, Env, From, file::Profile};
use crate::exit::{Exit, Failure};
use std::{
    io::{IsTerminal, Write},
    sync::{Arc, OnceLock},
};

/// A secret that would leave for an address of a named file.
#[derive(Clone, Debug)]
pub(super) struct Astray {
    variable: &'static str,
    address: String,
    /// Another client than the environment's, if the file names one.
    client: Option<String>,
    answer: Arc<OnceLock<bool>>,
}

impl Astray {
    /// Looks whether it would: to an address that the file gives in words of its own whatever client it names, for ids of clients
    /// are no secret; to a region of the platform only where the file names another client.
    pub(super) fn of(
        env: &Env,
        profile: &Profile,
        address: Option<&(Address, From)>,
        login_url: Option<&(String, From)>,
        credentials: &Credentials,
    ) -> Option<Self> {
        let (variable, _) = match credentials {
            Credentials::Token(_) => env.first(&["GENESYS_ACCESS_TOKEN", "GENESYSCLOUD_ACCESS_TOKEN"]),
            Credentials::Client { .. } => env.first(&["GENESYS_CLIENT_SECRET", "GENESYSCLOUD_OAUTHCLIENT_SECRET"]),
            _ => None,
        }?;
        let own = env.first(&["GENESYS_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID"]);
        let client = profile.client_id.clone().filter(|client| own.is_none_or(|(_, id)| id != client));
        let address = match (address, login_url) {
            (Some((Address::Api(url), From::Profile)), _) | (_, Some((url, From::Profile))) => url,
            (Some((Address::Region(region), From::Profile)), _) if client.is_some() => region,
            _ => return None,
        };
        Some(Self { variable, address: address.clone(), client, answer: Arc::default() })
    }

    /// Asks once, where there is somebody to ask.
    ///
    /// # Errors
    /// [`Exit::Usage`] without a terminal, or when the answer is no; nothing was sent.
    pub(super) fn confirm(&self) -> Result<(), Failure> {
        let client = match &self.client {
            Some(client) => format!("which it names for another client ({client})"),
            None => "an address of its own".to_owned(),
        };
        let what = format!("the named configuration would send {} to {:?}, {client}", self.variable, self.address);
        if is_terminal() && *self.answer.get_or_init(|| ask(&what)) {
            return Ok(());
        }
        let variable = self.variable;
        Err(Exit::Usage.because(what).remedy(format!(
            "if that is right, name it yourself (SIDETONE_API_URL and SIDETONE_LOGIN_URL, or --api-url and --login-url); else unset \
             {variable}"
        )))
    }
}

/// The password of the history store would leave for a server that a named file names: asks, where there is somebody to ask.
///
/// # Errors
/// [`Exit::Usage`] without a terminal, or when the answer is no; nothing was sent.
pub(crate) fn confirm_password(variable: &str, address: &str) -> Result<(), Failure> {
    let what = format!("the named configuration would send {variable} to {address:?}");
    if is_terminal() && ask(&what) {
        return Ok(());
    }
    Err(Exit::Usage.because(what).remedy(format!("if that is right, name it with --store; else unset {variable}")))
}

fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(what: &str) -> bool {
    let shown = crate::domain::text::visible(what).into_owned();
    _ = write!(std::io::stderr().lock(), "sidetone: {shown}.\nSend it there? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

#[cfg(test)]
mod tests {
    use crate::config::{Env, File, Overrides, Settings};

    fn astray(file: &str, variables: &[(&str, &str)]) -> bool {
        let env = Env::new(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
        Settings::resolve(&Overrides::default(), &env, File::parse(file).unwrap()).unwrap().astray.is_some()
    }

    #[test]
    fn an_address_of_the_file_itself_is_astray_whatever_client_it_names() {
        let file = "[profile.x]\napi_url = 'https://api.evil.example'\nclient_id = 'theirs'";
        let (id, secret) = (("GENESYS_CLIENT_ID", "mine"), ("GENESYS_CLIENT_SECRET", "s"));
        let theirs = ("GENESYS_CLIENT_ID", "theirs");
        assert!(astray(file, &[id, secret]));
        assert!(astray(file, &[secret]));
        assert!(astray(file, &[("GENESYS_ACCESS_TOKEN", "t")]));
        assert!(astray(file, &[theirs, secret]), "an id is no secret");
        assert!(!astray(file, &[id, secret, ("GENESYS_REGION", "us-east-1")]));
        assert!(
            !astray(file, &[id, secret, ("SIDETONE_API_URL", "https://api.evil.example")]),
            "named by the operator"
        );
        assert!(!astray(file, &[]));
        let bare = "[profile.x]\napi_url = 'https://api.evil.example'\nlogin_url = 'https://login.evil.example'";
        assert!(astray(bare, &[id, secret]) && astray(bare, &[("GENESYS_ACCESS_TOKEN", "t")]));
        let login = "[profile.x]\nregion = 'us-east-1'\nlogin_url = 'https://login.evil.example'";
        assert!(astray(login, &[id, secret]));
        // The platform itself is nobody else's address.
        assert!(!astray("[profile.x]\nregion = 'us-east-1'", &[id, secret]));
        assert!(astray("[profile.x]\nregion = 'us-east-1'\nclient_id = 'theirs'", &[id, secret]));
        assert!(!astray("[profile.x]\nregion = 'us-east-1'\nclient_id = 'theirs'", &[theirs, secret]));
    }
}
