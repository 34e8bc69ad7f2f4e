//! What the terminal UI costs while nothing happens: processor time and bytes written.

use crate::{
    event,
    frames::What,
    process::{cpu_of_threads, environment},
    pty::OnPty,
    report::{Figure, Needed},
    server::{self, Load},
};
use anyhow::Result;
use portable_pty::CommandBuilder;
use std::{path::Path, time::Duration};
use tokio::runtime::Runtime;

/// How long.
#[derive(clap::Args)]
pub struct Args {
    /// Seconds that are measured.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Conversations on the board.
    #[arg(long, default_value_t = 100)]
    conversations: usize,
}

/// Lets it stand.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let load = Load::first_sight(What::OneValue(3_072), args.conversations);
    let server = runtime.block_on(server::start(load))?;
    let home = tempfile::tempdir()?;
    let mut command = CommandBuilder::new(program);
    command.args(["--queue", event::QUEUE]);
    command.env_clear();
    for (name, value) in environment(&format!("http://{}", server.addr), home.path()) {
        command.env(name, value);
    }
    let mut on = OnPty::start(command, 120, 36)?;
    let all = format!(" {} live", args.conversations);
    on.until(|screen| screen.contains(&all))?;
    on.follow(Duration::from_secs(3));
    let (cpu, written) = (cpu_of_threads(on.pid()), on.written);
    on.follow(Duration::from_secs(args.seconds));
    let spent = cpu_of_threads(on.pid()).saturating_sub(cpu).as_secs_f64();
    let (bytes, writes) = (on.written.0 - written.0, on.written.1 - written.1);
    on.end()?;
    let seconds = args.seconds as f64;
    let behind = format!("{:.1} ms of CPU in {seconds} s, {} calls shown", spent * 1e3, args.conversations);
    let each = format!("{:.0} bytes a second", bytes as f64 / seconds);
    Ok(vec![
        Figure::new("idle: % of a core", spent / seconds * 100.0, Needed::AtMost(0.5), behind),
        Figure::new("idle: writes a second", writes as f64 / seconds, Needed::AtMost(1.1), each),
    ])
}
