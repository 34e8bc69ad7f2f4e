//! Floods the real program over a loopback websocket and prints what came through, as ratios within one run.
//!
//! ```text
//! cargo build --release --bin sidetone --examples && cargo run --release --example flood -- throughput
//! cargo run --release --example flood -- latency
//! ```
//!
//! What is sent are lives of calls ([`mix`]). `throughput` compares `sidetone watch --json` and the terminal UI on a pty with
//! a tokio-tungstenite client that reads and drops, with the straightforward client beside this one (`plain_client`), and
//! with Node and Python clients that parse each event, where those are installed (`npm install ws`, `pip install
//! websockets orjson` in a folder of your own; name it with `--node-path` and `--python`). `latency` measures event to
//! screen and key to screen under a steady load; `start`, `idle` and `memory` measure what their names say; `all` does all
//! of it and prints one table of what was promised; `kept` compares `watch` with the history store and without; `path` is for a profiler. Everything stays on 127.0.0.1 and ends by
//! itself.

mod all;
mod check;
mod event;
mod frames;
mod idle;
mod kept;
mod latency;
mod memory;
mod mix;
mod path;
mod process;
mod pty;
mod report;
mod server;
mod start;
mod throughput;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Floods sidetone over a loopback websocket and measures it")]
struct Cli {
    /// The program to measure; default: `sidetone` beside this example's own folder.
    #[arg(long, global = true)]
    sidetone: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Events per second, CPU and memory, against reference clients.
    Throughput(throughput::Args),
    /// Event to screen and key to screen.
    Latency(latency::Args),
    /// The first frame, the data of the demo and `--version`, against htop and `true`.
    Start(start::Args),
    /// Processor time and bytes written while nothing happens.
    Idle(idle::Args),
    /// Resident memory of many conversations, before and after many events.
    Memory(memory::Args),
    /// What an event costs with many conversations, against few.
    Growth {
        /// Rounds; the median counts.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// `watch --json` that keeps a history, against one that does not.
    Kept(kept::Args),
    /// From text to lines in one process, for a profiler.
    Path(path::Args),
    /// All of it, one after the other, and one table.
    All(all::Args),
    /// The reference client (started by `throughput`): reads everything, keeps nothing.
    #[command(hide = true)]
    ReadAndDrop {
        /// Websocket address.
        url: String,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // The reference client needs no program beside it.
    let drops = matches!(cli.command, Command::ReadAndDrop { .. } | Command::Path(_));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sidetone = match cli.sidetone {
        Some(path) => path,
        None if drops => PathBuf::new(),
        None => process::beside("sidetone")?,
    };
    let figures = match cli.command {
        Command::ReadAndDrop { url } => return runtime.block_on(throughput::read_and_drop(&url)),
        Command::Path(args) => return path::run(&args),
        Command::All(args) => return all::run(&runtime, &sidetone, &args),
        Command::Throughput(args) => throughput::measure(&runtime, &sidetone, &args),
        Command::Latency(args) => latency::measure(&runtime, &sidetone, &args),
        Command::Start(args) => start::measure(&runtime, &sidetone, &args),
        Command::Idle(args) => idle::measure(&runtime, &sidetone, &args),
        Command::Memory(args) => memory::measure(&runtime, &sidetone, &args),
        Command::Kept(args) => kept::measure(&runtime, &sidetone, &args),
        Command::Growth { runs } => throughput::growth(&runtime, &sidetone, runs),
    }?;
    println!();
    report::print(&figures);
    Ok(())
}
