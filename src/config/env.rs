//! The environment variables that the program reads, captured once.

use std::{collections::BTreeMap, fmt};

/// A variable and what it is for.
#[derive(Debug)]
pub struct EnvVariable {
    /// Its name.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// Its value must never be shown.
    pub secret: bool,
}

const fn plain(name: &'static str, help: &'static str) -> EnvVariable {
    EnvVariable { name, help, secret: false }
}

const fn secret(name: &'static str, help: &'static str) -> EnvVariable {
    EnvVariable { name, help, secret: true }
}

/// All of them, in the order of the help text. Of those that mean the same, the first set wins.
pub const VARIABLES: &[EnvVariable] = &[
    plain("GENESYS_CLIENT_ID", "OAuth client id; also GENESYSCLOUD_OAUTHCLIENT_ID"),
    secret("GENESYS_CLIENT_SECRET", "OAuth client secret; also GENESYSCLOUD_OAUTHCLIENT_SECRET"),
    plain("GENESYS_REGION", "region key (us-east-1, us_east_1) or domain (mypurecloud.com); also GENESYSCLOUD_REGION"),
    plain("GENESYS_ENV", "domain of the region, if GENESYS_REGION is not set"),
    secret("GENESYS_ACCESS_TOKEN", "a ready access token, used instead of a client; also GENESYSCLOUD_ACCESS_TOKEN"),
    plain("GENESYSCLOUD_OAUTHCLIENT_ID", "same as GENESYS_CLIENT_ID"),
    secret("GENESYSCLOUD_OAUTHCLIENT_SECRET", "same as GENESYS_CLIENT_SECRET"),
    plain("GENESYSCLOUD_REGION", "same as GENESYS_REGION"),
    secret("GENESYSCLOUD_ACCESS_TOKEN", "same as GENESYS_ACCESS_TOKEN"),
    plain("SIDETONE_API_URL", "address of the API, instead of a region"),
    plain("SIDETONE_LOGIN_URL", "address of the login server, instead of a region"),
    plain("SIDETONE_PROFILE", "profile of the configuration file"),
    plain("SIDETONE_CONFIG", "configuration file"),
    plain("SIDETONE_READ_ONLY", "1 refuses every edit"),
    secret(
        "SIDETONE_STORE_PASSWORD",
        "password of the history store's server, beside [store] url or --store postgres://…",
    ),
    plain("SIDETONE_HOME", "directory for every file of this program: configuration, state, log, cache"),
    plain("NO_COLOR", "set to anything: no colour"),
    plain("VISUAL", "editor for values, before EDITOR"),
    plain("EDITOR", "editor for values"),
];

/// Takes what is secret out of the environment that a child will get: an editor, a browser, the clipboard's tool, a hook. The
/// variables of the table that are, whatever else of the platform's tools sounds like one, and the name and the password of a
/// proxy, whose address stays.
pub(crate) fn without_secrets(command: &mut std::process::Command) -> &mut std::process::Command {
    std::env::vars_os().fold(command, |command, (name, value)| {
        let text = name.to_string_lossy();
        if is_secret(&text) {
            return command.env_remove(name);
        }
        if !text.to_ascii_lowercase().ends_with("_proxy") {
            return command;
        }
        match (value.to_str(), value.to_str().and_then(without_user_info)) {
            (_, Some(bare)) => command.env(name, bare),
            (Some(_), None) => command,
            // Not text: whatever it holds.
            (None, _) => command.env_remove(name),
        }
    })
}

/// What a hook gets of the environment beside the variables of this program that are no secrets: what a program needs to
/// run and to write in the operator's language.
const FOR_HOOKS: [&str; 12] =
    ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "SYSTEMROOT", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "COMSPEC"];

/// Leaves a hook a short list of the environment: other programs keep secrets there whose names nobody knows here.
pub(crate) fn with_little(command: &mut std::process::Command) -> &mut std::process::Command {
    command.env_clear();
    let passed = std::env::vars_os().filter(|(name, _)| is_for_hooks(&name.to_string_lossy()));
    command.envs(passed)
}

fn is_for_hooks(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    FOR_HOOKS.contains(&name.as_str())
        || name.starts_with("LC_")
        || name.starts_with("SIDETONE_") && VARIABLES.iter().any(|v| v.name == name && !v.secret)
}

/// The address of a proxy without who signs in there; `None` where it names nobody.
fn without_user_info(address: &str) -> Option<String> {
    let start = address.find("://").map_or(0, |colon| colon + 3);
    // A password may hold what ends a host elsewhere, so that the last sign decides.
    let at = address[start..].rfind('@')?;
    Some(format!("{}{}", &address[..start], &address[start + at + 1..]))
}

/// The name of a variable whose value is nobody else's to see.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let ours = name.starts_with("GENESYS") || name.starts_with("SIDETONE");
    let sounds = ["SECRET", "TOKEN", "PASSWORD", "PASSWD"].iter().any(|word| name.contains(word));
    VARIABLES.iter().any(|v| v.secret && v.name == name) || ours && sounds
}

/// The values of [`VARIABLES`]; an empty value counts as not set.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<&'static str, String>);

impl Env {
    /// Captures the variables of this process. One that is not UTF-8 counts as not set.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// Captures the variables that `lookup` knows.
    pub fn new(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |v: &EnvVariable| lookup(v.name).filter(|value| !value.is_empty()).map(|value| (v.name, value));
        Self(VARIABLES.iter().filter_map(set).collect())
    }

    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(VARIABLES.iter().any(|v| v.name == name), "{name} is not in the table");
        self.0.get(name).map(String::as_str)
    }

    /// The first of several variables that is set, with its name.
    pub fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| self.get(name).map(|value| (*name, value)))
    }

    /// The names of the variables that are set.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_no_secret() {
        for v in VARIABLES {
            assert_eq!(is_secret(v.name), v.secret, "{}", v.name);
        }
        for passed in ["PATH", "LC_ALL", "SIDETONE_HOME", "Path"] {
            assert!(is_for_hooks(passed), "{passed}");
        }
        for withheld in ["VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "SIDETONE_STORE_PASSWORD", "SIDETONE_X", "HTTPS_PROXY"]
        {
            assert!(!is_for_hooks(withheld), "{withheld}");
        }
        assert!(is_secret("GENESYS_REFRESH_TOKEN") && is_secret("GenesysCloud_Password") && !is_secret("TOKEN"));
    }

    #[test]
    fn the_address_of_a_proxy_loses_who_signs_in() {
        for (address, bare) in [
            ("http://u:p@proxy.test:3128", Some("http://proxy.test:3128")),
            ("http://u:p%40@w/x@proxy.test:3128/", Some("http://proxy.test:3128/")),
            ("u:p@proxy.test", Some("proxy.test")),
            ("http://proxy.test:3128", None),
            ("localhost,.internal", None),
        ] {
            assert_eq!(without_user_info(address).as_deref(), bare, "{address}");
        }
    }

    #[test]
    fn empty_counts_as_not_set_and_values_stay_out_of_debug() {
        let env = Env::new(|name| match name {
            "GENESYS_CLIENT_SECRET" => Some("sample-value".to_owned()),
            "GENESYS_REGION" => Some(String::new()),
            "GENESYSCLOUD_REGION" => Some("eu_west_1".to_owned()),
            _ => None,
        });
        assert_eq!(env.get("GENESYS_REGION"), None);
        assert_eq!(env.first(&["GENESYS_REGION", "GENESYSCLOUD_REGION"]), Some(("GENESYSCLOUD_REGION", "eu_west_1")));
        assert!(!format!("{env:?}").contains("sample-value"));
    }
}
