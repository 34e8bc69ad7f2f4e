//! Events per second of one client after the other, in turn, several times.

use crate::{
    event,
    process::{children_cpu, cpu, environment, median, peak_kb, sidetone},
    report::{Figure, Needed},
    server::{self, Load, Served},
};
use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const NODE: &str = r#"
const WebSocket = require('ws');
const socket = new WebSocket(process.argv[1]);
let last = '';
socket.on('message', data => { last = JSON.parse(data).topicName; });
socket.on('close', () => process.exit(0));
"#;

const PYTHON: &str = r#"
import asyncio, json, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], max_size=None, ping_interval=None, compression=None) as socket:
        async for data in socket:
            json.loads(data)["topicName"]
asyncio.run(main())
"#;

/// What to compare.
#[derive(clap::Args)]
pub struct Args {
    /// Events after the first sight of each conversation.
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Conversations.
    #[arg(long, default_value_t = 1_000)]
    conversations: usize,
    /// Bytes of an event.
    #[arg(long, default_value_t = 3_072)]
    size: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 5)]
    pub runs: usize,
    /// Folder whose node_modules hold `ws`.
    #[arg(long)]
    node_path: Option<PathBuf>,
    /// A Python that has `websockets`.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Only these: read-and-drop, watch, ui, node, python.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

#[derive(Default)]
struct Figures {
    rate: Vec<f64>,
    cpu: Vec<f64>,
    peak_mb: f64,
}

/// Runs the comparison and prints a table; the figures that were promised.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let load = Load { conversations: args.conversations, size: args.size, each: None, events: args.events, rate: None };
    let payload = event::Event::new(0, args.size).payload();
    println!("{} conversations, {} events of {payload} bytes, {} runs", args.conversations, args.events, args.runs);
    let mut names = vec!["read-and-drop", "watch", "ui"];
    if args.node_path.is_some() {
        names.push("node");
    }
    if args.python.is_some() {
        names.push("python");
    }
    names.retain(|n| args.only.is_empty() || args.only.iter().any(|o| o == n));
    let mut figures: HashMap<&str, Figures> = HashMap::new();
    for round in 1..=args.runs {
        for name in &names {
            let measured = one(runtime, program, args, load, name).with_context(|| format!("{name}, run {round}"))?;
            let total = (load.conversations as u64 + load.events) as f64;
            let rate = total / measured.took.as_secs_f64();
            eprintln!("run {round}: {name} {rate:.0} events/s");
            let f = figures.entry(name).or_default();
            f.rate.push(rate);
            f.cpu.push(measured.cpu.as_secs_f64() / total * 100_000.0);
            f.peak_mb = f.peak_mb.max(measured.peak_kb as f64 / 1024.0);
        }
    }
    let reference = figures.get_mut("read-and-drop").map(|f| median(&mut f.rate));
    println!("| client | events/s | against read-and-drop | CPU-s per 100,000 | peak MB |\n|---|---|---|---|---|");
    let mut rates: HashMap<&str, f64> = HashMap::new();
    for name in names {
        let Some(f) = figures.get_mut(name) else { continue };
        let rate = median(&mut f.rate);
        let ratio = reference.map_or(f64::NAN, |r| rate / r);
        rates.insert(name, rate);
        println!("| {name} | {rate:.0} | {ratio:.2} | {:.2} | {:.0} |", median(&mut f.cpu), f.peak_mb);
    }
    Ok(promised(&rates))
}

/// What was promised about these rates, as far as they were measured.
fn promised(rates: &HashMap<&str, f64>) -> Vec<Figure> {
    let pairs = [
        ("`watch --json`, of read-and-drop", "watch", "read-and-drop", 0.2),
        ("`watch --json`, times Node", "watch", "node", 4.0),
        ("`watch --json`, times Python", "watch", "python", 5.0),
        ("the UI in a flood, of read-and-drop", "ui", "read-and-drop", 0.5),
    ];
    let figure = |(what, ours, theirs, least): (&str, &str, &str, f64)| {
        let (ours, theirs) = (*rates.get(ours)?, *rates.get(theirs)?);
        let behind = format!("{ours:.0} and {theirs:.0} events/s");
        Some(Figure::new(what, ours / theirs, Needed::AtLeast(least), behind))
    };
    pairs.into_iter().filter_map(figure).collect()
}

/// What an event costs with 10,000 conversations against what it costs with 100: CPU of `watch`, that of first sight
/// taken off. Three times as many rounds as elsewhere, for a ratio of two differences is the noisiest of all figures.
pub fn growth(runtime: &Runtime, program: &Path, runs: usize) -> Result<Vec<Figure>> {
    const EVENTS: u64 = 300_000;
    let args =
        Args { events: EVENTS, conversations: 100, size: 3_072, runs, node_path: None, python: None, only: Vec::new() };
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let rounds = 3 * runs;
    for _ in 0..rounds {
        for (conversations, costs) in [(100, &mut few), (10_000, &mut many)] {
            let load = |events| Load { conversations, size: 3_072, each: None, events, rate: None };
            let first = one(runtime, program, &args, load(0), "watch")?.cpu;
            let all = one(runtime, program, &args, load(EVENTS), "watch")?.cpu;
            costs.push(all.saturating_sub(first).as_secs_f64() / EVENTS as f64 * 1e6);
        }
    }
    let (few, many) = (median(&mut few), median(&mut many));
    let behind = format!("{many:.2} and {few:.2} µs of CPU an event, reading and writing included; {rounds} rounds");
    Ok(vec![Figure::new("an event at 10,000 calls, times one at 100", many / few, Needed::AtMost(1.2), behind)])
}

struct Measured {
    took: Duration,
    cpu: Duration,
    peak_kb: u64,
}

fn one(runtime: &Runtime, program: &Path, args: &Args, load: Load, name: &str) -> Result<Measured> {
    let mut server = runtime.block_on(server::start(load))?;
    let home = tempfile::tempdir()?;
    let socket = format!("ws://{}/channels/flood", server.addr);
    let served = |server: &mut server::Server| -> Result<Served> {
        runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(120), server.served.recv())
                .await
                .context("the client did not read everything within two minutes")?
                .context("the server ended")
        })
    };
    if name == "ui" {
        return ui(program, &mut server, home.path(), served);
    }
    let lines = load.conversations as u64 * event::attributes_of(load.size) as u64 + load.events;
    let out = home.path().join("out.ndjson");
    let mut command = match name {
        "read-and-drop" => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["read-and-drop", &socket]);
            command
        }
        "watch" => {
            let mut command = sidetone(program, server.addr, home.path());
            command.args(["watch", "--json", "--queue", event::QUEUE, "--count", &lines.to_string()]);
            command.stdout(File::create(&out)?);
            command
        }
        "node" => {
            let mut command = Command::new("node");
            command.args(["-e", NODE, &socket]).env("NODE_PATH", args.node_path.as_deref().unwrap_or(Path::new("")));
            command
        }
        "python" => {
            let mut command = Command::new(args.python.as_deref().unwrap_or(Path::new("python3")));
            command.args(["-c", PYTHON, &socket]);
            command
        }
        other => bail!("no client is called {other}"),
    };
    let before = children_cpu();
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting {command:?}"))?;
    let begin_serving = served(&mut server)?;
    let mut took = begin_serving.took;
    let peak = peak_kb(child.id()).unwrap_or(0);
    let after_read = Instant::now();
    if name == "watch" {
        // Reading is not telling: the time counts until the last line is written.
        let status = child.wait()?;
        anyhow::ensure!(status.success(), "watch ended with {status}");
        took += after_read.elapsed();
    } else {
        child.kill()?;
        child.wait()?;
    }
    let cpu = children_cpu().saturating_sub(before);
    if name == "watch" {
        check_order(&out, load)?;
    }
    Ok(Measured { took, cpu, peak_kb: peak })
}

/// Every change must have been told, each conversation's in order.
fn check_order(out: &Path, load: Load) -> Result<()> {
    let marker = format!("\"key\":\"{}\"", event::KEY);
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut seen = 0u64;
    for line in BufReader::new(File::open(out)?).lines() {
        let line = line?;
        if !line.contains(&marker) {
            continue;
        }
        let value: serde_json::Value = serde_json::from_str(&line)?;
        let id = value["conversationId"].as_str().context("a line without conversation")?;
        let new: u64 = value["new"].as_str().context("a line without a new value")?.parse()?;
        if let Some(before) = last.insert(id.to_owned(), new) {
            anyhow::ensure!(new == before + load.conversations as u64, "{id}: {new} was told after {before}");
        }
        seen += 1;
    }
    let expected = load.conversations as u64 + load.events;
    anyhow::ensure!(seen == expected, "{seen} changes were told of {expected}");
    Ok(())
}

fn ui(
    program: &Path,
    server: &mut server::Server,
    home: &Path,
    served: impl Fn(&mut server::Server) -> Result<Served>,
) -> Result<Measured> {
    let pty = native_pty_system().openpty(PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 })?;
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in environment(&format!("http://{}", server.addr), home) {
        command.env(name, value);
    }
    command.args(["--queue", event::QUEUE]);
    let mut child = pty.slave.spawn_command(command)?;
    let mut reader = pty.master.try_clone_reader()?;
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while matches!(reader.read(&mut buffer), Ok(n) if n > 0) {}
    });
    let result = served(server);
    let pid = child.process_id().unwrap_or(0);
    let measured = (cpu(pid), peak_kb(pid).unwrap_or(0));
    child.kill()?;
    child.wait()?;
    Ok(Measured { took: result?.took, cpu: measured.0, peak_kb: measured.1 })
}

/// The limit: a client that reads everything and keeps nothing.
pub async fn read_and_drop(url: &str) -> Result<()> {
    anyhow::ensure!(url.starts_with("ws://127.0.0.1:"), "the reference client talks to loopback only");
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, None, true).await?;
    while let Some(message) = socket.next().await {
        std::hint::black_box(message?);
    }
    Ok(())
}
