//! Every promise in one run, as one table.

use crate::{idle, latency, memory, report, start, throughput};
use anyhow::Result;
use std::path::Path;
use tokio::runtime::Runtime;

/// Everything that the single measurements take.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    throughput: throughput::Args,
    /// Leave out what takes longest: growth and memory.
    #[arg(long)]
    short: bool,
}

/// Measures one thing after the other.
pub fn run(runtime: &Runtime, program: &Path, args: &Args) -> Result<()> {
    let defaults = Defaults::new();
    let mut figures = throughput::all(runtime, program, &args.throughput)?;
    figures.extend(latency::measure(runtime, program, &defaults.latency)?);
    figures.extend(start::measure(runtime, program, &defaults.start)?);
    figures.extend(idle::measure(runtime, program, &defaults.idle)?);
    if !args.short {
        figures.extend(throughput::growth(runtime, program, args.throughput.runs)?);
        figures.extend(memory::measure(runtime, program, &defaults.memory)?);
    }
    println!();
    report::print(&figures);
    Ok(())
}

/// The single measurements as they are without options.
struct Defaults {
    latency: latency::Args,
    start: start::Args,
    idle: idle::Args,
    memory: memory::Args,
}

impl Defaults {
    fn new() -> Self {
        Self { latency: parsed(), start: parsed(), idle: parsed(), memory: parsed() }
    }
}

fn parsed<A: clap::Args>() -> A {
    let matches = A::augment_args(clap::Command::new("defaults")).get_matches_from(["defaults"]);
    A::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}
