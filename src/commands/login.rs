//! `sidetone login`: sign in with the browser, or keep a client's secret.

use super::{Context, lookup, note, stdout};
use crate::{
    config::{self, Address, Credentials, Settings},
    exit::{Exit, Failure},
    format::toml,
    genesys::{
        Auth, Connection, Region,
        client::ClientOptions,
        signin::{
            SignIn, gc,
            store::{KeptSignIn, SignInLocation},
        },
    },
};
use clap::Args;
use secrecy::SecretString;
use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
};

/// Options of `login`.
#[derive(Args, Debug)]
pub struct LoginArgs {
    /// OAuth client to sign in with; a "Code Authorization" client with the redirect http://localhost
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Do not open a browser: print the address, and take the address that it ended on from stdin
    #[arg(long)]
    no_browser: bool,
    /// OAuth scopes to ask for, where the organisation enforces them; none unless given
    #[arg(long, value_name = "SCOPES", conflicts_with = "secret")]
    scope: Option<String>,
    /// Ask for the secret of a client-credentials client and keep it, instead of signing in as a user
    #[arg(long, conflicts_with = "no_browser")]
    secret: bool,
    /// Take region, client id and secret from a profile of the platform's own command-line tool (~/.gc/config.toml)
    #[arg(long, value_name = "PROFILE", num_args = 0..=1, default_missing_value = "default")]
    from_gc: Option<String>,
}

/// Signs in and keeps what came of it.
pub async fn run(args: LoginArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let store = context.paths.sign_ins();
    let imported = args.from_gc.as_deref().map(import).transpose()?;
    let (api, login) = addresses(&settings, imported.as_ref())?;
    let id = client_id(&args, &settings, imported.as_ref())?;
    // Before anything is asked or opened: a proxy that cannot be used.
    lookup::client_of(Connection::to_urls(&api, &login, Auth::SignedOut)?)?;
    let mut kept = KeptSignIn::default();
    if let Some(secret) = imported.as_ref().and_then(|p| p.secret.clone()) {
        kept.secret = Some(secret);
    } else if args.secret {
        kept.secret = Some(ask_secret(&id).await?);
    }
    match &kept.secret {
        Some(secret) => {
            let auth = Auth::ClientCredentials { id: id.clone(), secret: secret.clone() };
            lookup::client_of(Connection::to_urls(&api, &login, auth)?)?.sign_in().await?;
        }
        None => {
            let sign_in =
                SignIn::begin(&api, &login, &id, ClientOptions { scope: args.scope.clone(), ..lookup::one_shot() })
                    .await?;
            invite(&sign_in, args.no_browser);
            kept.tokens = Some(sign_in.finish(pasted()).await?);
        }
    }
    let place = store.save(&login, &id, &kept)?;
    let what = if kept.secret.is_some() { "The client's secret is" } else { "The sign-in is" };
    let file = store.path().display();
    match place {
        SignInLocation::Keyring => note(format!("{what} kept in the system's keyring. `sidetone logout` forgets it.")),
        SignInLocation::File { why } => {
            if let Some(why) = why {
                note(format!("The system's keyring cannot be used: {why}."));
            }
            note(format!("{what} kept in {file}, which only you can read. `sidetone logout` forgets it."));
        }
    }
    if !matches!(&settings.credentials, Credentials::Stored { id: known, .. } if *known == id)
        || settings.address.is_none()
    {
        configure(&context.paths.config, &profile(&settings, imported.as_ref(), &id, kept.secret.is_none()))?;
    }
    writeln!(stdout(), "signed in to {login} with client {id}")?;
    Ok(Exit::Done)
}

fn import(name: &str) -> Result<gc::GcProfile, Failure> {
    let home = directories::BaseDirs::new()
        .ok_or_else(|| Exit::Usage.because("this account has no home directory to look for ~/.gc in"))?;
    let file = gc::path(home.home_dir());
    let mut profiles = gc::profiles(&file)?;
    match profiles.iter().position(|p| p.name == name) {
        Some(place) => Ok(profiles.swap_remove(place)),
        None => {
            let there: Vec<&str> = profiles.iter().map(|p| p.name.as_str()).collect();
            let failure = Exit::Usage.because(format!("{} has no profile {name:?}", file.display()));
            Err(failure.remedy(format!("it has: {}", there.join(", "))))
        }
    }
}

fn addresses(settings: &Settings, imported: Option<&gc::GcProfile>) -> Result<(String, String), Failure> {
    match imported {
        Some(profile) => match profile.region {
            Some(region) => Ok((region.api_url(), region.login_url())),
            None => {
                Err(Exit::Usage.because(format!("{:?} is not a valid region of the platform", profile.environment)))
            }
        },
        None => settings.urls(),
    }
}

fn client_id(args: &LoginArgs, settings: &Settings, imported: Option<&gc::GcProfile>) -> Result<String, Failure> {
    let configured = || match &settings.credentials {
        Credentials::Client { id, .. } | Credentials::Command { id, .. } | Credentials::Stored { id, .. } => {
            Some(id.clone())
        }
        Credentials::None | Credentials::Token(_) => None,
    };
    args.client_id.clone().or_else(|| imported.and_then(|p| p.client_id.clone())).or_else(configured).ok_or_else(|| {
        Exit::Usage.because("no OAuth client to sign in with was named").remedy("name it with --client-id")
    })
}

fn invite(sign_in: &SignIn, no_browser: bool) {
    let url = sign_in.url();
    let opened = !no_browser && config::open_browser(url.as_str());
    if opened {
        note("A browser was opened to sign in. If none appears, open this address:");
    } else {
        note("Open this address in a browser, on this machine or another:");
    }
    note(url);
    note("If the browser cannot come back to this machine, paste the address that it ended on here, and press Enter.");
}

async fn pasted() -> Option<String> {
    line().await.filter(|text| !text.trim().is_empty())
}

/// A line from stdin, read on a thread of its own, which ends with the program: whoever waits for it can be interrupted.
async fn line() -> Option<String> {
    let (told, line) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        // Nobody may be waiting any more.
        _ = told.send(io::stdin().lock().read_line(&mut text).ok().filter(|n| *n > 0).map(|_| text));
    });
    line.await.ok().flatten()
}

async fn ask_secret(id: &str) -> Result<SecretString, Failure> {
    if io::stdin().is_terminal() {
        _ = write!(io::stderr(), "Secret of client {id} (it is not shown): ");
        _ = io::stderr().flush();
    }
    // Dropped on every way out, an interruption included, so that the terminal shows again what is typed.
    let quiet = Quiet::start();
    let text = line().await.unwrap_or_default();
    drop(quiet);
    if io::stdin().is_terminal() {
        _ = writeln!(io::stderr());
    }
    let secret = text.trim().to_owned();
    if secret.is_empty() {
        return Err(Exit::Usage.because("no secret was given"));
    }
    Ok(secret.into())
}

/// Keeps the terminal from showing what is typed, as long as it lives.
struct Quiet {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Quiet {
    #[cfg(unix)]
    fn start() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            _ = tcsetattr(io::stdin(), OptionalActions::Now, &quiet);
        }
        Self { before }
    }

    #[cfg(not(unix))]
    fn start() -> Self {
        Self {}
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(before) = &self.before {
            _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, before);
        }
    }
}

/// The lines of the configuration that make the next start use this sign-in.
fn profile(settings: &Settings, imported: Option<&gc::GcProfile>, id: &str, user: bool) -> String {
    let mut lines = vec![format!("[profile.{}]", toml::key(settings.profile.as_deref().unwrap_or("default")))];
    match (imported.and_then(|p| p.region), &settings.address) {
        (Some(region), _) => lines.push(format!("region = {}", toml::string(&region.dashed()))),
        (None, Some((Address::Region(text), _))) => {
            let text = Region::find(text).map_or_else(|| text.clone(), Region::dashed);
            lines.push(format!("region = {}", toml::string(&text)));
        }
        (None, Some((Address::Api(url), _))) => {
            lines.push(format!("api_url = {}", toml::string(url)));
            if let Some((login, _)) = &settings.login_url {
                lines.push(format!("login_url = {}", toml::string(login)));
            }
        }
        (None, None) => {}
    }
    lines.push(format!("client_id = {}", toml::string(id)));
    lines.push(format!("grant = {}", toml::string(if user { "pkce" } else { "client-credentials" })));
    lines.join("\n") + "\n"
}

/// Writes the configuration where there is none; else says what belongs in it, for the file is the operator's.
fn configure(file: &Path, profile: &str) -> io::Result<()> {
    if file.exists() {
        note(format!("To use it without options, {} needs:\n\n{profile}", file.display()));
        return Ok(());
    }
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(file, profile)?;
    note(format!("Wrote {}, so that the next start uses it.", file.display()));
    Ok(())
}
