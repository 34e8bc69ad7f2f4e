//! A secret of the environment belongs to the client that the environment names. A configuration file that somebody handed
//! over could name another address, and the secret would be sent there.

use super::{Address, Credentials, Env, From, file::Profile};
use crate::exit::{Exit, Failure};
use std::{
    io::{IsTerminal, Write},
    sync::{Arc, OnceLock},
};

/// A secret that would leave for an address of a named file, which names another client beside it.
#[derive(Clone, Debug)]
pub(super) struct Astray {
    variable: &'static str,
    address: String,
    client: String,
    answer: Arc<OnceLock<bool>>,
}

impl Astray {
    /// Looks whether it would.
    pub(super) fn of(
        env: &Env,
        profile: &Profile,
        address: Option<&(Address, From)>,
        credentials: &Credentials,
    ) -> Option<Self> {
        let (address, From::Profile) = address? else { return None };
        let client = profile.client_id.clone()?;
        let (variable, _) = match credentials {
            Credentials::Token(_) => env.first(&["GENESYS_ACCESS_TOKEN", "GENESYSCLOUD_ACCESS_TOKEN"]),
            Credentials::Client { .. } => env.first(&["GENESYS_CLIENT_SECRET", "GENESYSCLOUD_OAUTHCLIENT_SECRET"]),
            _ => None,
        }?;
        let own = env.first(&["GENESYS_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID"]);
        if own.is_some_and(|(_, id)| id == client) {
            return None;
        }
        let (Address::Region(address) | Address::Api(address)) = address;
        Some(Self { variable, address: address.clone(), client, answer: Arc::default() })
    }

    /// Asks once, where there is somebody to ask.
    ///
    /// # Errors
    /// [`Exit::Usage`] without a terminal, or when the answer is no; nothing was sent.
    pub(super) fn confirm(&self) -> Result<(), Failure> {
        let what = format!(
            "the named configuration would send {} to {:?}, which it names for another client ({})",
            self.variable, self.address, self.client
        );
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if terminal && *self.answer.get_or_init(|| ask(&what)) {
            return Ok(());
        }
        Err(Exit::Usage
            .because(what)
            .remedy(format!("set GENESYS_CLIENT_ID to that client if the secret is its, or unset {}", self.variable)))
    }
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
    fn only_an_address_of_the_file_with_another_client_is_astray() {
        let file = "[profile.x]\napi_url = 'https://api.evil.example'\nclient_id = 'theirs'";
        let (id, secret) = (("GENESYS_CLIENT_ID", "mine"), ("GENESYS_CLIENT_SECRET", "s"));
        assert!(astray(file, &[id, secret]));
        assert!(astray(file, &[secret]));
        assert!(astray(file, &[("GENESYS_ACCESS_TOKEN", "t")]));
        assert!(!astray(file, &[("GENESYS_CLIENT_ID", "theirs"), secret]));
        assert!(!astray(file, &[id, secret, ("GENESYS_REGION", "us-east-1")]));
        assert!(!astray("[profile.x]\nregion = 'us-east-1'", &[id, secret]));
        assert!(!astray(file, &[]));
    }
}
