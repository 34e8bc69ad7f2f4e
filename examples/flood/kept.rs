//! What it costs `watch --json` to keep what it sees in the history store: the same lives of calls at a steady pace, with the store
//! and without, in turn. Every change must have been told, in order, and every call must be in the store.

use crate::{
    check::{self, Teller},
    event,
    frames::{Frames, What},
    mix::Size,
    process::{children_cpu, median, sidetone},
    report::{Figure, Needed},
    server::{self, Load},
};
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::BufReader,
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime},
};
use tokio::runtime::Runtime;

/// How long and how hard.
#[derive(clap::Args)]
pub struct Args {
    /// Changes of attributes a second; 0 for as many as are taken.
    #[arg(long, default_value_t = 20_000.0)]
    changes: f64,
    /// Seconds of load; as many changes where they come as fast as they are taken.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Conversations at a time.
    #[arg(long, default_value_t = 1_000)]
    conversations: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

const SIZE: Size = Size::Bytes(4_000);

/// The load, and how many attributes it changes.
struct Flood {
    load: Load,
    conversations: usize,
    events: u64,
    attributes: u64,
}

impl Flood {
    fn new(args: &Args) -> Self {
        let (what, conversations) = (What::Mix(SIZE), args.conversations);
        let pace = if args.changes > 0.0 { args.changes } else { 20_000.0 };
        let wanted = (pace * args.seconds as f64) as u64;
        let (mut frames, mut out) = (Frames::new(what, conversations), Vec::new());
        let (mut seq, mut changed, mut first) = (0, 0, 0);
        while seq < conversations as u64 || changed - first < wanted {
            changed += frames.append(seq, &mut out);
            out.clear();
            seq += 1;
            if seq == conversations as u64 {
                first = changed;
            }
        }
        let events = seq - conversations as u64;
        let rate = (args.changes > 0.0).then(|| events as f64 / args.seconds as f64);
        let load = Load::Made { what, conversations, events, rate };
        Self { load, conversations, events, attributes: changed }
    }
}

/// Measures both in turn and prints what came of it.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let flood = Flood::new(args);
    let (mut plain, mut kept, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.runs {
        let without = one(runtime, program, &flood, false)?;
        let with = one(runtime, program, &flood, true)?;
        let shown = |(took, cpu): (Duration, Duration)| format!("{took:.2?}, {cpu:.2?} of CPU");
        eprintln!("run {round}: without the store {}; with it {}", shown(without), shown(with));
        ratios.push(with.0.as_secs_f64() / without.0.as_secs_f64());
        plain.push(without.1.as_secs_f64());
        kept.push(with.1.as_secs_f64());
    }
    let pace =
        if args.changes > 0.0 { format!("{} changes/s", args.changes) } else { "as fast as they are taken".into() };
    let behind = format!(
        "{pace}, {} changes of {} calls at a time; {:.2} s of CPU, and {:.2} s without the store",
        flood.attributes,
        flood.conversations,
        median(&mut kept),
        median(&mut plain)
    );
    Ok(vec![Figure::new(
        "`watch --json` that keeps a history, times as long",
        median(&mut ratios),
        Needed::AtMost(1.1),
        behind,
    )])
}

/// From the first byte that was sent until the last line was written, and the processor's time in all.
fn one(runtime: &Runtime, program: &Path, flood: &Flood, keeps: bool) -> Result<(Duration, Duration)> {
    let server = runtime.block_on(server::start(flood.load.clone()))?;
    let home = tempfile::tempdir()?;
    if keeps {
        std::fs::write(home.path().join("config.toml"), "[store]\nenabled = true\n")?;
    }
    let (out, said) = (home.path().join("out.ndjson"), home.path().join("said.txt"));
    let mut command = sidetone(program, server.addr, home.path());
    command.args(["watch", "--json", "--queue", event::QUEUE, "--count", &flood.attributes.to_string()]);
    command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&said)?);
    let before = children_cpu();
    let status = command.status()?;
    let cpu = children_cpu().saturating_sub(before);
    let said = std::fs::read_to_string(&said)?;
    anyhow::ensure!(status.success() && !said.contains("stored") && !said.contains("lost"), "{status}: {said}");
    let began = server.began.get().context("nothing was sent")?;
    let began = SystemTime::now() - began.elapsed();
    let took = out.metadata()?.modified()?.duration_since(began)?;
    let lines = BufReader::new(File::open(&out)?);
    check::mix(lines, Teller::Watch, SIZE, flood.conversations, flood.events)?;
    if keeps {
        let info = sidetone(program, server.addr, home.path()).args(["store", "info", "--json"]).output()?;
        let info: serde_json::Value = serde_json::from_slice(&info.stdout).context("no store was made")?;
        let calls = info["calls"].as_u64().unwrap_or(0);
        anyhow::ensure!(calls >= flood.conversations as u64, "{calls} calls are in the store");
    }
    Ok((took, cpu))
}
