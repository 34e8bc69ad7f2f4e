//! `sidetone logout`: forget what `login` kept.

use super::{Context, stdout};
use crate::{config::Credentials, exit::Exit};
use clap::Args;
use std::io::Write;

/// Options of `logout`.
#[derive(Args, Debug)]
pub struct LogoutArgs {
    /// Forget every sign-in and secret, not only that of the profile in use
    #[arg(long)]
    all: bool,
}

/// Forgets.
pub fn run(args: &LogoutArgs, context: &Context) -> anyhow::Result<Exit> {
    let store = context.paths.sign_ins();
    let forgotten = if args.all {
        if let Err(error) = store.forget(None) {
            // A damaged file cannot be read, but it can be removed.
            std::fs::remove_file(store.path()).map_err(|_| error)?;
        }
        "every sign-in".to_owned()
    } else {
        let settings = context.settings()?;
        let Credentials::Stored { id, .. } = &settings.credentials else {
            writeln!(stdout(), "no sign-in is in use that was kept by `sidetone login`")?;
            return Ok(Exit::Done);
        };
        let (_, login) = settings.urls()?;
        match store.forget(Some((&login, id)))? {
            0 => {
                writeln!(stdout(), "client {id} was not signed in")?;
                return Ok(Exit::Done);
            }
            _ => format!("the sign-in of client {id}"),
        }
    };
    writeln!(stdout(), "forgot {forgotten}")?;
    Ok(Exit::Done)
}
