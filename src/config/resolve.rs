//! The one resolver: flags, environment, profile, defaults.

use super::astray::Astray;
use super::{
    Address, Credentials, Env, From, Overrides, Paths, Views,
    file::{File, Grant, Keys, LabelColor, Profile, ProfileName, RouteSetting, WriteSetting, describe},
    history::{HistorySettings, HookPlan},
    problem::Problem,
};
use crate::genesys::signin::store::SignInStore;
use crate::localfile;
use crate::{
    domain::{
        findings::Tuning,
        outbox::{self, Policy, ReadOnly, WriteMode},
    },
    exit::{Exit, Failure},
};
use std::{collections::BTreeMap, time::Duration};

/// Confirmation time when nothing else is said.
const CONFIRM: Duration = Duration::from_secs(10);

/// Settings of the terminal UI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ui {
    /// Name of the theme.
    pub theme: Option<String>,
    /// Attribute keys shown as columns; `None`: chosen from the keys of the calls.
    pub columns: Option<Vec<String>>,
    /// Use the mouse.
    pub mouse: bool,
    /// Ask before an edit is sent.
    pub confirm: bool,
    /// Mask values that look personal.
    pub mask: bool,
    /// Watchpoints notify through the terminal.
    pub notify: bool,
    /// ASCII characters only.
    pub ascii: bool,
    /// Word for the header.
    pub label: Option<String>,
    /// The colour under it.
    pub label_color: LabelColor,
}

/// Everything that is configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The profile in use.
    pub profile: Option<ProfileName>,
    /// Where the organisation is.
    pub address: Option<(Address, From)>,
    /// The login server, where it is not told by the address.
    pub login_url: Option<(String, From)>,
    /// What to sign in with, and where it came from.
    pub credentials: Credentials,
    /// Where the credentials came from.
    pub credentials_from: Option<From>,
    /// What made this read-only; empty when edits are allowed.
    pub read_only: Vec<From>,
    /// What an edit sends.
    pub write: WriteSetting,
    /// Where an edit goes.
    pub route: RouteSetting,
    /// How long to wait for a value to be seen.
    pub confirm: Duration,
    /// The terminal UI.
    pub ui: Ui,
    /// How the rules are applied.
    pub tuning: Tuning,
    /// Views of the configuration file.
    pub views: Views,
    /// Key bindings that differ from the default.
    pub keys: Keys,
    /// On which line of the file each of them stands, from 1.
    pub key_lines: BTreeMap<String, usize>,
    /// Stored sign-ins, where there are any to look in.
    pub sign_ins: Option<SignInStore>,
    /// Days after which a line of the audit file is let go of.
    pub audit_days: u32,
    /// What is kept of calls, and where.
    pub history: HistorySettings,
    /// What is started when something is found.
    pub hooks: Option<HookPlan>,
    /// There are hooks, but in a file that was named, and nobody allowed that.
    pub hooks_withheld: bool,
    /// A secret of the environment that a named file would send elsewhere, until it is confirmed.
    pub(super) astray: Option<Astray>,
}

impl Settings {
    /// The identity that signs in, for the audit file: never a secret.
    pub fn who(&self) -> String {
        match &self.credentials {
            Credentials::None => "nobody".to_owned(),
            Credentials::Token(_) => "access token".to_owned(),
            Credentials::Client { id, .. } | Credentials::Command { id, .. } | Credentials::Stored { id, .. } => {
                format!("client {id}")
            }
        }
    }

    /// Which organisation it is, as far as the settings tell: where it is reached, and the profile.
    pub fn organisation(&self) -> String {
        let address = match &self.address {
            Some((Address::Region(text) | Address::Api(text), _)) => text.as_str(),
            None => "",
        };
        let profile = self.profile.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{address} {profile}").trim().to_owned()
    }

    /// Reads the configuration file, if there is one, and resolves everything.
    pub fn load(flags: &Overrides, env: &Env, paths: &Paths) -> Result<Self, Failure> {
        let resolved = Self::resolve(flags, env, read(paths)?)?;
        // The file in its usual place is the operator's own.
        let astray = resolved.astray.filter(|_| paths.config_named);
        // A file that somebody handed over must not start programs.
        let hooks_withheld = resolved.hooks.is_some() && paths.config_named && !flags.allow_hooks;
        let hooks = resolved.hooks.filter(|_| !hooks_withheld);
        Ok(Self { sign_ins: Some(paths.sign_ins()), astray, hooks, hooks_withheld, ..resolved })
    }

    /// Resolves flags, environment and a file that was read.
    pub fn resolve(flags: &Overrides, env: &Env, mut file: File) -> Result<Self, Failure> {
        let name = choose_profile(flags, env, &file)?;
        let profile = name.as_ref().and_then(|n| file.profile.remove(n)).unwrap_or_default();
        let (address, login_url) = address(flags, env, &profile);
        let (credentials, credentials_from) = credentials(env, &profile);
        let astray = Astray::of(env, &profile, address.as_ref(), login_url.as_ref(), &credentials);
        let ui = file.ui;
        let theme = profile.theme.clone().or(ui.theme);
        let mut tuning = Tuning::default();
        file.findings.apply(&mut tuning);
        profile.findings.apply(&mut tuning);
        Ok(Self {
            address,
            login_url,
            credentials,
            credentials_from,
            read_only: read_only(flags, env, &profile)?,
            write: profile.write.unwrap_or_default(),
            route: profile.route.unwrap_or_default(),
            confirm: profile.confirm_ms.map_or(CONFIRM, Duration::from_millis),
            ui: Ui {
                label: profile
                    .label
                    .or_else(|| (theme.as_deref() == Some("production")).then(|| "PRODUCTION".to_owned())),
                label_color: profile.label_color.unwrap_or_default(),
                theme,
                columns: ui.columns,
                mouse: !flags.no_mouse && ui.mouse.unwrap_or(true),
                confirm: ui.confirm.unwrap_or(true),
                mask: match (ui.mask, profile.mask) {
                    (None, None) => true,
                    (ui, profile) => ui == Some(true) || profile == Some(true),
                },
                notify: ui.notify.unwrap_or(false),
                ascii: flags.ascii || ui.ascii.unwrap_or(false),
            },
            tuning,
            views: file.view,
            keys: file.keys,
            key_lines: file.key_lines,
            sign_ins: None,
            audit_days: file.audit.keep_days.unwrap_or(365),
            history: file.store.resolve()?,
            hooks: file.hooks.resolve(),
            hooks_withheld: false,
            astray,
            profile: name,
        })
    }
}

impl Settings {
    /// The rules by which edits are sent and judged.
    pub fn policy(&self) -> Policy {
        let why: Vec<String> = self.read_only.iter().map(ToString::to_string).collect();
        Policy {
            mode: match self.write {
                WriteSetting::Merged => WriteMode::Merged,
                WriteSetting::Changed => WriteMode::Changed,
            },
            route: match self.route {
                RouteSetting::Attributes => outbox::Route::Attributes,
                RouteSetting::Participant => outbox::Route::Participant,
                RouteSetting::Media => outbox::Route::Media,
            },
            confirm: self.confirm,
            read_only: (!why.is_empty()).then(|| ReadOnly { why: why.join(", ") }),
            ..Policy::default()
        }
    }
}

/// Reads the file. One that was not named and is not there is empty.
fn read(paths: &Paths) -> Result<File, Failure> {
    let Some(text) = text_of(paths)? else { return Ok(File::default()) };
    File::parse(&text).map_err(|problems| Exit::Usage.because(describe(&paths.config, &problems)))
}

/// The text of the configuration file; `None` without one in the usual place.
fn text_of(paths: &Paths) -> Result<Option<String>, Failure> {
    let path = &paths.config;
    match localfile::read_plain(path, localfile::SMALL) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !paths.config_named => Ok(None),
        Err(e) => Err(Exit::Usage.because(format!("cannot read the configuration file {}: {e}", path.display()))),
    }
}

/// Reads the configuration file and names everything that is wrong in it, by line. `judge`: what only the parts that use it can tell.
///
/// # Errors
/// [`Exit::Usage`] with all of it.
pub(crate) fn check_file(paths: &Paths, judge: impl FnOnce(&File) -> Vec<Problem>) -> Result<(), Failure> {
    let Some(text) = text_of(paths)? else { return Ok(()) };
    let (file, mut problems) = File::survey(&text);
    problems.extend(File::bad_regions(&text));
    problems.extend(File::bad_default(&text, &file));
    problems.extend(judge(&file));
    problems.sort_by_key(|problem| problem.line);
    problems.dedup();
    if problems.is_empty() { Ok(()) } else { Err(Exit::Usage.because(describe(&paths.config, &problems))) }
}

fn choose_profile(flags: &Overrides, env: &Env, file: &File) -> Result<Option<ProfileName>, Failure> {
    let asked = flags
        .profile
        .as_deref()
        .or(env.get("SIDETONE_PROFILE"))
        .or(file.default_profile.as_deref())
        .or_else(|| if file.profile.len() == 1 { file.profile.keys().next().map(String::as_str) } else { None });
    let Some(name) = asked else { return Ok(None) };
    if file.profile.contains_key(name) {
        return Ok(Some(name.to_owned()));
    }
    Err(Exit::Usage.because(format!("no profile {name:?}")).remedy(file.profiles_there(name)))
}

type FoundSetting<T> = Option<(T, From)>;

/// The first level that tells an address tells all of it: a login address from a lower level would belong to another
/// organisation, and credentials would be sent there.
fn address(flags: &Overrides, env: &Env, profile: &Profile) -> (FoundSetting<Address>, FoundSetting<String>) {
    let flag = |value: &Option<String>, name| value.clone().map(|v| (v, From::Flag(name)));
    let variable = |names: &[&'static str]| env.first(names).map(|(name, v)| (v.to_owned(), From::Variable(name)));
    let own = |value: &Option<String>| value.clone().map(|v| (v, From::Profile));
    let levels = [
        (flag(&flags.api_url, "--api-url"), flag(&flags.region, "--region"), flag(&flags.login_url, "--login-url")),
        (
            variable(&["SIDETONE_API_URL"]),
            variable(&["GENESYS_REGION", "GENESYSCLOUD_REGION", "GENESYS_ENV"]),
            variable(&["SIDETONE_LOGIN_URL"]),
        ),
        (own(&profile.api_url), own(&profile.region), own(&profile.login_url)),
    ];
    let mut login = None;
    for (api, region, level_login) in levels {
        login = login.or(level_login);
        let found = api.map(|(v, from)| (Address::Api(v), from));
        if let Some(found) = found.or(region.map(|(v, from)| (Address::Region(v), from))) {
            return (Some(found), login);
        }
    }
    (None, login)
}

fn credentials(env: &Env, profile: &Profile) -> (Credentials, Option<From>) {
    if let Some((name, token)) = env.first(&["GENESYS_ACCESS_TOKEN", "GENESYSCLOUD_ACCESS_TOKEN"]) {
        return (Credentials::Token(token.into()), Some(From::Variable(name)));
    }
    let own = profile.client_id.as_deref();
    let (id, from) = match env.first(&["GENESYS_CLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_ID"]) {
        Some((name, id)) => (id, From::Variable(name)),
        None => match own {
            Some(id) => (id, From::Profile),
            None => return (Credentials::None, None),
        },
    };
    // What the profile says belongs to the profile's own client, not to one that the environment names.
    let ours = own == Some(id);
    let grant = profile.grant.filter(|_| ours).unwrap_or_default();
    let id = id.to_owned();
    let secret = env.first(&["GENESYS_CLIENT_SECRET", "GENESYSCLOUD_OAUTHCLIENT_SECRET"]);
    let found = match (grant, secret, profile.client_secret_command.as_ref().filter(|_| ours)) {
        (Grant::ClientCredentials, Some((_, secret)), _) => Credentials::Client { id, secret: secret.into() },
        (Grant::ClientCredentials, None, Some(command)) => Credentials::Command { id, command: command.clone() },
        (grant, _, _) => Credentials::Stored { id, grant },
    };
    (found, Some(from))
}

fn read_only(flags: &Overrides, env: &Env, profile: &Profile) -> Result<Vec<From>, Failure> {
    let mut by = Vec::new();
    if flags.read_only {
        by.push(From::Flag("--read-only"));
    }
    if check_switches(env)? {
        by.push(From::Variable("SIDETONE_READ_ONLY"));
    }
    if profile.read_only == Some(true) {
        by.push(From::Profile);
    }
    Ok(by)
}

/// Whether SIDETONE_READ_ONLY is on. Looked at before any command, for a word that is none is a mistake whatever is done.
///
/// # Errors
/// [`Exit::Usage`] for an unknown word.
pub(crate) fn check_switches(env: &Env) -> Result<bool, Failure> {
    match env.get("SIDETONE_READ_ONLY").map(str::to_ascii_lowercase).as_deref() {
        None | Some("0" | "false" | "no" | "off") => Ok(false),
        Some("1" | "true" | "yes" | "on") => Ok(true),
        // Guessing either way would be wrong once: edits that were to be refused, or a puzzled operator.
        Some(other) => {
            let message = format!("SIDETONE_READ_ONLY is {other:?}");
            Err(Exit::Usage.because(message).remedy("set it to 1 or 0, or unset it"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const FILE: &str = "
        [profile.acme]
        region = 'us-east-1'
        client_id = 'profile-client'
        client_secret_command = 'print-secret'
        login_url = 'https://login.profile.example'
        read_only = true
        write = 'changed'
        confirm_ms = 250
        [profile.lab]
        api_url = 'https://api.lab.example'
        grant = 'pkce'
        client_id = 'lab-client'
    ";

    fn env(variables: &[(&str, &str)]) -> Env {
        Env::new(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    fn resolve(flags: Overrides, variables: &[(&str, &str)]) -> Result<Settings, Failure> {
        Settings::resolve(&flags, &env(variables), File::parse(FILE).unwrap())
    }

    fn acme() -> Overrides {
        Overrides { profile: Some("acme".into()), ..Overrides::default() }
    }

    #[test]
    fn flag_then_environment_then_profile() {
        let variables = [("GENESYS_REGION", "eu_west_1"), ("SIDETONE_API_URL", "https://api.env.example")];
        let of = |s: Settings| s.address.unwrap();
        let all = Overrides { region: Some("mypurecloud.jp".into()), ..acme() };
        assert_eq!(
            of(resolve(all, &variables).unwrap()),
            (Address::Region("mypurecloud.jp".into()), From::Flag("--region"))
        );
        assert_eq!(
            of(resolve(acme(), &variables).unwrap()),
            (Address::Api("https://api.env.example".into()), From::Variable("SIDETONE_API_URL"))
        );
        assert_eq!(of(resolve(acme(), &[]).unwrap()), (Address::Region("us-east-1".into()), From::Profile));
    }

    #[test]
    fn a_login_address_of_a_lower_level_is_not_used() {
        assert!(resolve(acme(), &[]).unwrap().login_url.is_some());
        assert_eq!(resolve(acme(), &[("GENESYS_REGION", "eu_west_1")]).unwrap().login_url, None);
        let flags = Overrides { login_url: Some("https://login.flag.example".into()), ..acme() };
        let settings = resolve(flags, &[("GENESYS_REGION", "eu_west_1")]).unwrap();
        assert_eq!(settings.login_url.unwrap().0, "https://login.flag.example");
    }

    #[test]
    fn both_families_of_variables_and_the_first_set_wins() {
        let ecosystem = [
            ("GENESYSCLOUD_OAUTHCLIENT_ID", "b"),
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "sample-b"),
            ("GENESYS_ENV", "x"),
        ];
        let Credentials::Client { id, secret } = resolve(acme(), &ecosystem).unwrap().credentials else { panic!() };
        assert_eq!((id.as_str(), secret.expose_secret()), ("b", "sample-b"));
        let both = [&ecosystem[..], &[("GENESYS_CLIENT_ID", "a"), ("GENESYS_CLIENT_SECRET", "sample-a")]].concat();
        let Credentials::Client { id, .. } = resolve(acme(), &both).unwrap().credentials else { panic!() };
        assert_eq!(id, "a");
        let token = [&both[..], &[("GENESYSCLOUD_ACCESS_TOKEN", "sample-t")]].concat();
        assert!(matches!(resolve(acme(), &token).unwrap().credentials, Credentials::Token(_)));
    }

    #[test]
    fn the_profiles_secret_is_not_used_for_a_client_of_the_environment() {
        assert!(matches!(resolve(acme(), &[]).unwrap().credentials, Credentials::Command { .. }));
        let other = resolve(acme(), &[("GENESYS_CLIENT_ID", "other")]).unwrap().credentials;
        assert!(matches!(other, Credentials::Stored { grant: Grant::ClientCredentials, .. }));
        let lab = Overrides { profile: Some("lab".into()), ..Overrides::default() };
        let stored = resolve(lab, &[]).unwrap().credentials;
        assert!(matches!(stored, Credentials::Stored { grant: Grant::Pkce, .. }));
    }

    #[test]
    fn read_only_from_anywhere_is_read_only() {
        let lab = || Overrides { profile: Some("lab".into()), ..Overrides::default() };
        assert!(resolve(lab(), &[]).unwrap().read_only.is_empty());
        assert_eq!(resolve(acme(), &[("SIDETONE_READ_ONLY", "0")]).unwrap().read_only, [From::Profile]);
        assert_eq!(resolve(lab(), &[("SIDETONE_READ_ONLY", "1")]).unwrap().read_only.len(), 1);
        assert_eq!(resolve(Overrides { read_only: true, ..lab() }, &[]).unwrap().read_only.len(), 1);
        assert!(resolve(lab(), &[("SIDETONE_READ_ONLY", "maybe")]).is_err());
    }

    #[test]
    fn masking_is_on_unless_switched_off_everywhere() {
        let mask = |file: &str| {
            let flags = Overrides::default();
            Settings::resolve(&flags, &Env::default(), File::parse(file).unwrap()).unwrap().ui.mask
        };
        assert!(mask(""));
        assert!(!mask("[ui]\nmask = false"));
        assert!(mask("[ui]\nmask = false\n[profile.a]\nmask = true"));
        assert!(mask("[ui]\nmask = true\n[profile.a]\nmask = false"));
        assert!(!mask("[profile.a]\nmask = false"));
    }

    #[test]
    fn the_theme_of_the_profile_wins_and_production_has_its_word() {
        let ui = |file: &str| {
            Settings::resolve(&Overrides::default(), &Env::default(), File::parse(file).unwrap()).unwrap().ui
        };
        let of_profile = ui("[ui]\ntheme = 'dark'\n[profile.a]\ntheme = 'production'\nlabel_color = 'yellow'");
        assert_eq!(
            (of_profile.theme.as_deref(), of_profile.label.as_deref()),
            (Some("production"), Some("PRODUCTION"))
        );
        assert_eq!(of_profile.label_color, LabelColor::Yellow);
        let own = ui("[profile.a]\ntheme = 'production'\nlabel = 'LIVE'");
        assert_eq!(own.label.as_deref(), Some("LIVE"));
        assert_eq!(ui("[ui]\ntheme = 'dark'\n[profile.a]").theme.as_deref(), Some("dark"));
    }

    #[test]
    fn profiles_are_chosen_by_name_and_a_wrong_one_is_told() {
        assert_eq!(resolve(Overrides::default(), &[]).unwrap().profile, None, "two, and none asked for");
        assert_eq!(
            resolve(Overrides::default(), &[("SIDETONE_PROFILE", "lab")]).unwrap().profile.as_deref(),
            Some("lab")
        );
        let wrong = Overrides { profile: Some("acmee".into()), ..Overrides::default() };
        assert_eq!(resolve(wrong, &[]).unwrap_err().advice(), Some("did you mean \"acme\"?"));
        let one = File::parse("[profile.only]\nwrite = 'changed'").unwrap();
        let settings = Settings::resolve(&Overrides::default(), &Env::default(), one).unwrap();
        assert_eq!((settings.profile.as_deref(), settings.write), (Some("only"), WriteSetting::Changed));
    }

    #[test]
    fn nothing_secret_in_debug() {
        let variables = [("GENESYS_CLIENT_ID", "a"), ("GENESYS_CLIENT_SECRET", "sample-hidden")];
        assert!(!format!("{:?}", resolve(acme(), &variables).unwrap()).contains("sample-hidden"));
    }
}
