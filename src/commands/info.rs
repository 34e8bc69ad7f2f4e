//! `sidetone info`: what is configured and where it came from, without secrets.

use crate::{
    commands::{
        Context, stdout,
        terminal_env::{Background, TerminalEnv},
    },
    config::{Address, Credentials, Grant, RouteSetting, Settings, VARIABLES, WriteSetting},
    domain::{duration::DisplayDuration, text::visible_lines},
    exit::Exit,
    genesys, shell,
};
use clap::Args;
use std::io::{self, IsTerminal, Write};

/// Options of `info`.
#[derive(Args, Debug)]
pub struct InfoArgs {
    /// Show how this terminal draws colours, marks and wide letters, and what keys arrive as
    #[arg(long)]
    terminal: bool,
}

/// Prints it. A configuration that does not read is part of the information, not a failure.
pub fn run(args: InfoArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.terminal {
        let ascii = context.settings().map_or(context.global.ascii, |settings| settings.ui.ascii)
            || !TerminalEnv::of_process().utf8;
        shell::look(shell::LookOptions { color: context.color(), ascii })?;
        return Ok(Exit::Done);
    }
    let mut lines = vec![
        (
            "version",
            format!("sidetone {} ({}, {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH),
        ),
        ("config file", path(&context.paths.config)),
        ("state", path(&context.paths.state)),
        ("log", path(&context.paths.log)),
        ("cache", path(&context.paths.cache)),
        ("terminal", terminal(context)),
        ("environment", environment(context)),
    ];
    match context.settings() {
        Ok(settings) => describe(&settings, &mut lines),
        Err(e) => lines.push(("configuration", e.to_string())),
    }
    let mut out = stdout();
    for (name, value) in lines {
        writeln!(out, "{name:<14} {}", visible_lines(&value).replace('\n', "\n               "))?;
    }
    Ok(Exit::Done)
}

fn path(path: &std::path::Path) -> String {
    let there = if path.exists() { "" } else { " (not there)" };
    format!("{}{there}", path.display())
}

fn terminal(context: &Context) -> String {
    let is = |yes: bool| if yes { "a terminal" } else { "not a terminal" };
    let around = TerminalEnv::of_process();
    let told = |text: &str| if text.is_empty() { "not set".to_owned() } else { format!("{text:?}") };
    let colors = match (context.color(), around.has_256()) {
        (false, _) => "none",
        (true, true) => "256",
        (true, false) => "16",
    };
    let background = match around.background() {
        Some(Background::Light) => "light, by COLORFGBG",
        Some(Background::Dark) => "dark, by COLORFGBG",
        None if around.can_be_asked() => "asked of the terminal at the start",
        None => "not known",
    };
    let size = match shell::size() {
        Some((columns, rows)) => format!("{columns}x{rows}"),
        None => "not known".to_owned(),
    };
    let inside = match (around.multiplexer, around.ssh) {
        (None, false) => "not inside tmux, screen or ssh".to_owned(),
        (inside, ssh) => {
            let all: Vec<_> = [inside, ssh.then_some("ssh")].into_iter().flatten().collect();
            format!("inside {}", all.join(", "))
        }
    };
    format!(
        "stdin {}, stdout {}, {size}\nTERM {}, COLORTERM {}, TERM_PROGRAM {}, {inside}\n\
         colours {colors}, background {background}, {}\nsidetone info --terminal tries it out",
        is(io::stdin().is_terminal()),
        is(io::stdout().is_terminal()),
        told(&around.term),
        told(&around.colorterm),
        told(&around.program),
        if around.utf8 { "UTF-8" } else { "no UTF-8 locale: ASCII characters are drawn" },
    )
}

fn environment(context: &Context) -> String {
    let set: Vec<String> = VARIABLES
        .iter()
        .filter_map(|v| {
            let value = context.env.get(v.name)?;
            Some(if v.secret {
                format!("{} (set, not shown)", v.name)
            } else {
                format!("{}={:?}", v.name, genesys::shown(value))
            })
        })
        .collect();
    if set.is_empty() { "nothing of ours is set".to_owned() } else { set.join("\n") }
}

fn describe(settings: &Settings, lines: &mut Vec<(&'static str, String)>) {
    let none = || "none".to_owned();
    lines.push(("profile", settings.profile.clone().unwrap_or_else(none)));
    let address = settings.address.as_ref().map(|(address, from)| match address {
        Address::Region(region) => format!("region {:?}, from {from}", genesys::shown(region)),
        Address::Api(url) => format!("{:?}, from {from}", genesys::shown(url)),
    });
    lines.push(("organisation", address.unwrap_or_else(none)));
    if let Some((url, from)) = &settings.login_url {
        lines.push(("login server", format!("{:?}, from {from}", genesys::shown(url))));
    }
    let credentials = match &settings.credentials {
        Credentials::None => none(),
        Credentials::Token(_) => "an access token".to_owned(),
        Credentials::Client { id, .. } => format!("client {id:?} with its secret"),
        Credentials::Command { id, .. } => format!("client {id:?}, secret from a command"),
        Credentials::Stored { id, grant: Grant::Pkce } => format!("client {id:?}, signed in with the browser"),
        Credentials::Stored { id, grant: Grant::ClientCredentials } => format!("client {id:?}, secret not given"),
    };
    let from = settings.credentials_from.as_ref().map(|from| format!(", from {from}")).unwrap_or_default();
    lines.push(("credentials", credentials + &from));
    lines.push((
        "screen",
        format!(
            "theme {}, mouse {}, ASCII marks {}, personal data {}, {} keys rebound{}",
            settings.ui.theme.as_deref().unwrap_or("auto"),
            if settings.ui.mouse { "on" } else { "off" },
            if settings.ui.ascii { "on" } else { "off" },
            if settings.ui.mask { "masked" } else { "unmasked" },
            settings.keys.len(),
            settings.ui.label.as_ref().map(|label| format!(", label {label:?}")).unwrap_or_default(),
        ),
    ));
    let by: Vec<String> = settings.read_only.iter().map(ToString::to_string).collect();
    lines.push(("read-only", if by.is_empty() { "no".to_owned() } else { format!("yes, by {}", by.join(", ")) }));
    lines.push((
        "edits",
        format!(
            "{}, sent to {}, confirmed within {}",
            match settings.write {
                WriteSetting::Merged => "current attributes and the changes (write = \"merged\")",
                WriteSetting::Changed => "only the changed keys (write = \"changed\")",
            },
            match settings.route {
                RouteSetting::Attributes => "…/participants/ID/attributes",
                RouteSetting::Participant => "…/participants/ID",
                RouteSetting::Media => "…/calls/ID/participants/ID/attributes, by medium",
            },
            DisplayDuration(settings.confirm),
        ),
    ));
}
