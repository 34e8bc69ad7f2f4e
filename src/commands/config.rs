//! `sidetone config init|check|path`.

use crate::{
    commands::{Context, note, stdout},
    config,
    domain::text::visible,
    exit::Exit,
    genesys,
};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::io::{ErrorKind, Write};

/// Options of `config`.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    #[command(subcommand)]
    action: ConfigCommand,
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Write a commented file with every setting; an existing one is kept
    Init,
    /// Read the file and name everything wrong in it
    Check,
    /// Print where the file is, or would be
    Path,
}

/// Runs the action.
pub fn run(args: ConfigArgs, context: &Context) -> anyhow::Result<Exit> {
    let path = &context.paths.config;
    let name = path.display().to_string();
    let shown = visible(&name);
    match args.action {
        ConfigCommand::Path => writeln!(stdout(), "{shown}")?,
        ConfigCommand::Init => init(path)?,
        ConfigCommand::Check => {
            let there = path.try_exists().unwrap_or(true);
            config::check_file(&context.paths, super::ui::problems)?;
            let settings = context.settings()?;
            let mut wrong = Vec::new();
            if settings.address.is_some() {
                match settings.urls() {
                    Ok((api, login)) => {
                        let flawed = [api, login].into_iter().filter_map(|url| Some((genesys::flaw(&url)?, url)));
                        wrong.extend(flawed.map(|(flaw, url)| {
                            format!("the address {url:?}: {flaw} (check --api-url, --login-url, --region)")
                        }));
                    }
                    // Alone it says what to write instead.
                    Err(e) if wrong.is_empty() => return Err(e.into()),
                    Err(e) => wrong.push(e.to_string()),
                }
            }
            wrong.dedup();
            if !wrong.is_empty() {
                return Err(Exit::Usage.because(wrong.join("\n")).into());
            }
            match (there, settings.profile) {
                (false, _) => writeln!(stdout(), "{shown}: not there; defaults and the environment hold")?,
                (true, Some(profile)) => writeln!(stdout(), "{shown}: ok, profile {}", visible(&profile))?,
                (true, None) => writeln!(stdout(), "{shown}: ok, no profile in use")?,
            }
        }
    }
    Ok(Exit::Done)
}

fn init(path: &std::path::Path) -> anyhow::Result<()> {
    let failed = || format!("writing {}", path.display());
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        config::create_private(dir).with_context(failed)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => file.write_all(config::template().as_bytes()).with_context(failed)?,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            let message = format!("{} is there already and was left as it is", path.display());
            return Err(Exit::Usage.because(message).remedy("check it with 'sidetone config check'").into());
        }
        Err(e) => return Err(e).with_context(failed),
    }
    note(format_args!("wrote {}", path.display()));
    Ok(())
}
