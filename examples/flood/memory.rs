//! What many conversations take: resident memory of the terminal UI and of `watch`, at first, after some events (when
//! every history is as full as it may be) and after many.

use crate::{
    event,
    frames::What,
    mix::{Change, Mix, Size},
    process::{environment, resident_kb, sidetone},
    pty::OnPty,
    report::{Figure, Needed},
    server::{self, Load},
};
use anyhow::{Context, Result};
use portable_pty::CommandBuilder;
use std::{path::Path, process::Stdio, time::Duration};
use tokio::runtime::Runtime;

/// How many.
#[derive(clap::Args)]
pub struct Args {
    /// Conversations.
    #[arg(long, default_value_t = 10_000)]
    conversations: usize,
    /// Attributes on each of four participants.
    #[arg(long, default_value_t = 30)]
    attributes: usize,
    /// Events after the first sight of each conversation; calls end and others begin in their place.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Only these: ui, watch.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// How many of the events fill what is bounded.
const FILLED: u64 = 5;

/// Measures both, without events, with a part of them and with all.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let (conversations, size) = (args.conversations, Size::Full(args.attributes));
    let values = bytes_of_values(conversations, size) as f64 / 1e6;
    let load = |events| Load::Made { what: What::Mix(size), conversations, events, rate: None };
    let mut figures = Vec::new();
    for (word, name, run) in [("ui", "the UI", ui as fn(_, _, _) -> _), ("watch", "`watch --json`", watch)] {
        if !args.only.is_empty() && !args.only.iter().any(|only| only == word) {
            continue;
        }
        let first = run(runtime, program, load(0))?;
        let filled = run(runtime, program, load(args.events / FILLED))?;
        let then = run(runtime, program, load(args.events))?;
        let what = format!("{name}: MB for {} calls × 4 × {}", args.conversations, args.attributes);
        let each = first * 1e3 / args.conversations as f64;
        let behind = format!("{:.1} times the {values:.1} MB of the values; {each:.1} kB a call", first / values);
        figures.push(Figure::new(what, first, Needed::AtMost(120.0), behind));
        let what = format!("{name}: MB after {} events", args.events);
        let behind = format!("{:.2} times what it was without any", then / first);
        figures.push(Figure::new(what, then, Needed::AtMost(150.0), behind));
        let what = format!("{name}: MB after that, times after a {FILLED}th of it");
        let behind = format!("{then:.1} and {filled:.1} MB");
        figures.push(Figure::new(what, then / filled, Needed::AtMost(1.05), behind));
    }
    Ok(figures)
}

/// Resident MB once everything was read.
fn ui(runtime: &Runtime, program: &Path, load: Load) -> Result<f64> {
    let mut server = runtime.block_on(server::start(load))?;
    let home = tempfile::tempdir()?;
    let mut command = CommandBuilder::new(program);
    command.args(["--queue", event::QUEUE]);
    command.env_clear();
    for (name, value) in environment(&format!("http://{}", server.addr), home.path()) {
        command.env(name, value);
    }
    let mut on = OnPty::start(command, 120, 36)?;
    read(runtime, &mut server)?;
    on.follow(Duration::from_secs(2));
    let resident = resident_kb(on.pid()).context("the program is gone")?;
    on.end()?;
    Ok(resident as f64 / 1e3)
}

fn watch(runtime: &Runtime, program: &Path, load: Load) -> Result<f64> {
    let mut server = runtime.block_on(server::start(load))?;
    let home = tempfile::tempdir()?;
    let mut command = sidetone(program, server.addr, home.path());
    command.args(["watch", "--json", "--queue", event::QUEUE]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn()?;
    read(runtime, &mut server)?;
    std::thread::sleep(Duration::from_secs(2));
    let resident = resident_kb(child.id()).context("the program is gone")?;
    child.kill()?;
    child.wait()?;
    Ok(resident as f64 / 1e3)
}

fn read(runtime: &Runtime, server: &mut server::Server) -> Result<()> {
    runtime.block_on(async {
        let read = tokio::time::timeout(Duration::from_secs(600), server.served.recv()).await;
        read.context("the program did not read everything within ten minutes")?.context("the server ended")?;
        Ok(())
    })
}

/// Bytes of the attribute values at first sight.
fn bytes_of_values(conversations: usize, size: Size) -> usize {
    let mut mix = Mix::new(crate::frames::SEED, conversations, size);
    let values = |change: &Change| match change {
        Change::Attribute { new: Some(new), .. } => new.len(),
        _ => 0,
    };
    (0..conversations).map(|_| mix.next().changes.iter().map(values).sum::<usize>()).sum()
}
