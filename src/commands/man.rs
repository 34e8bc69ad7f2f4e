//! `sidetone man`.

use crate::{commands::stdout, exit::Exit};
use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;
use std::{io::Write, path::PathBuf};

/// Options of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Write the pages of all commands into this directory instead
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the page of this command line, or writes those of all its commands.
pub fn run(args: ManArgs, command: Command) -> anyhow::Result<Exit> {
    let Some(dir) = args.out else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        stdout().write_all(&page)?;
        return Ok(Exit::Done);
    };
    let failed = || format!("writing manual pages to {}", dir.display());
    std::fs::create_dir_all(&dir).with_context(failed)?;
    // Beside their places, then put there: a link in one of them is replaced, not written through.
    let made = tempfile::tempdir_in(&dir).with_context(failed)?;
    clap_mangen::generate_to(command, made.path()).with_context(failed)?;
    for page in std::fs::read_dir(made.path()).with_context(failed)? {
        let page = page.with_context(failed)?;
        std::fs::rename(page.path(), dir.join(page.file_name())).with_context(failed)?;
    }
    Ok(Exit::Done)
}
