//! Events per second of one client after the other, in turn, several times.

use crate::{
    check::{self, Teller},
    event,
    frames::{Rendered, What},
    mix::Size,
    process::{beside, children_cpu, cpu, environment, median, peak_kb, sidetone},
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
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const NODE: &str = include_str!("clients/node.js");
const PYTHON: &str = include_str!("clients/client.py");

/// What to compare.
#[derive(clap::Args, Clone)]
pub struct Args {
    /// Events after the first sight of each conversation.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Conversations.
    #[arg(long, default_value_t = 1_000)]
    conversations: usize,
    /// Bytes of an event; of the mix, on average.
    #[arg(long, default_value_t = 4_000)]
    size: usize,
    /// Lives of calls: what is promised is promised for these.
    #[arg(long, conflicts_with = "one_value")]
    mix: bool,
    /// Repeat the previous event of each conversation with one value changed, in place of the mix.
    #[arg(long)]
    one_value: bool,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Folder whose node_modules hold `ws`.
    #[arg(long)]
    node_path: Option<PathBuf>,
    /// A Python that has `websockets`, and `orjson` if that is to take part.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Only these: read-and-drop, watch, ui, plain, node, node-parse, python, python-parse, orjson, orjson-parse. Those with
    /// `-parse` parse each event and keep nothing; the others do the work of `plain`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

impl Args {
    fn what(&self) -> What {
        if self.one_value { What::OneValue(self.size) } else { What::Mix(Size::Bytes(self.size)) }
    }

    /// The clients that take part.
    fn clients(&self) -> Vec<&'static str> {
        let mut names = vec!["read-and-drop", "watch", "ui", "plain"];
        if self.node_path.is_some() {
            names.extend(["node", "node-parse"]);
        }
        if self.python.is_some() {
            names.extend(["python", "python-parse", "orjson", "orjson-parse"]);
        }
        names.retain(|n| self.only.is_empty() || self.only.iter().any(|o| o == n));
        names
    }
}

#[derive(Default)]
struct Figures {
    rate: Vec<f64>,
    cpu: Vec<f64>,
    peak_mb: f64,
}

/// The comparison in the mix, the same with large events, and the flood of single values; each with its own reference.
pub fn all(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let mut figures = measure(runtime, program, args)?;
    let three: Vec<String> = ["read-and-drop", "watch", "plain"].map(String::from).into();
    let large = Args { size: 13_000, events: args.events / 3, only: three.clone(), ..args.clone() };
    figures.extend(measure(runtime, program, &large)?);
    let one = Args { one_value: true, only: three, ..args.clone() };
    figures.extend(measure(runtime, program, &one)?);
    Ok(figures)
}

/// Runs the comparison and prints a table; the figures that were promised.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let rendered = Arc::new(Rendered::new(args.what(), args.conversations, args.events));
    let what = if args.one_value { "one value changed in each" } else { "lives of calls" };
    let load = format!("{what}, {} bytes, {} calls at a time", rendered.mean(), args.conversations);
    println!("{load}, {} events, {} runs", rendered.events, args.runs);
    let names = args.clients();
    let mut figures: HashMap<&str, Figures> = HashMap::new();
    for round in 1..=args.runs {
        for name in &names {
            let measured =
                one(runtime, program, args, &rendered, name).with_context(|| format!("{name}, run {round}"))?;
            let rate = rendered.events as f64 / measured.took.as_secs_f64();
            eprintln!("run {round}: {name} {rate:.0} events/s");
            let f = figures.entry(name).or_default();
            f.rate.push(rate);
            f.cpu.push(measured.cpu.as_secs_f64() / rendered.events as f64 * 1e6);
            f.peak_mb = f.peak_mb.max(measured.peak_kb as f64 / 1024.0);
        }
    }
    println!(
        "| client | events/s | of read-and-drop | `watch` times it | CPU, µs an event | peak MB |\n|---|---|---|---|---|---|"
    );
    let mut rates: HashMap<&str, Vec<f64>> = HashMap::new();
    for name in &names {
        let Some(f) = figures.get_mut(name) else { continue };
        rates.insert(name, f.rate.clone());
    }
    for name in &names {
        let Some(f) = figures.get_mut(name) else { continue };
        let (rate, spent) = (median(&mut f.rate), median(&mut f.cpu));
        let of = |other: &str| ratio(&rates, name, other).map_or("".to_owned(), |r| format!("{r:.3}"));
        let times = ratio(&rates, "watch", name).map_or("".to_owned(), |r| format!("{r:.2}"));
        println!("| {name} | {rate:.0} | {} | {times} | {spent:.1} | {:.0} |", of("read-and-drop"), f.peak_mb);
    }
    Ok(promised(&rates, args, &load))
}

/// The middle of the ratios of each round: what is next to each other in time had the same neighbours.
fn ratio(rates: &HashMap<&str, Vec<f64>>, ours: &str, theirs: &str) -> Option<f64> {
    let mut ratios: Vec<f64> = rates.get(ours)?.iter().zip(rates.get(theirs)?).map(|(a, b)| a / b).collect();
    Some(median(&mut ratios))
}

/// What was promised about these rates, as far as they were measured.
fn promised(rates: &HashMap<&str, Vec<f64>>, args: &Args, load: &str) -> Vec<Figure> {
    let pairs: &[(&str, &str, &str, f64)] = &[
        ("`watch --json`, of read-and-drop", "watch", "read-and-drop", 0.2),
        ("`watch --json`, times the straightforward client", "watch", "plain", 2.5),
        ("`watch --json`, times Node", "watch", "node", 8.0),
        ("`watch --json`, times Python's json", "watch", "python", 15.0),
        ("the UI in a flood, of read-and-drop", "ui", "read-and-drop", 0.4),
    ];
    let suffix = match args.what() {
        What::Mix(Size::Bytes(4_000)) => String::new(),
        What::OneValue(_) => ": one value changed".to_owned(),
        _ => format!(": {} kB", args.size / 1000),
    };
    let figure = |(what, ours, theirs, least): &(&str, &str, &str, f64)| {
        let ratio = ratio(rates, ours, theirs)?;
        Some(Figure::new(format!("{what}{suffix}"), ratio, Needed::AtLeast(*least), load))
    };
    pairs.iter().filter_map(figure).collect()
}

/// What an event costs with 10,000 conversations against what it costs with 100: CPU of `watch`, that of first sight
/// taken off. Three times as many rounds as elsewhere, for a ratio of two differences is the noisiest of all figures.
pub fn growth(runtime: &Runtime, program: &Path, runs: usize) -> Result<Vec<Figure>> {
    const EVENTS: u64 = 100_000;
    let size = 4_000;
    let args = Args {
        events: EVENTS,
        conversations: 100,
        size,
        mix: true,
        one_value: false,
        runs,
        node_path: None,
        python: None,
        only: Vec::new(),
    };
    let rounds = 3 * runs;
    let loads = [100, 10_000].map(|conversations| {
        let render = |events| Arc::new(Rendered::new(What::Mix(Size::Bytes(size)), conversations, events));
        (Args { conversations, ..args.clone() }, render(0), render(EVENTS))
    });
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for ((args, first, all), costs) in loads.iter().zip(&mut costs) {
            let first = one(runtime, program, &Args { events: 0, ..args.clone() }, first, "watch")?.cpu;
            let all = one(runtime, program, args, all, "watch")?.cpu;
            costs.push(all.saturating_sub(first).as_secs_f64() / EVENTS as f64 * 1e6);
        }
    }
    let [few, many] = costs.map(|mut costs| median(&mut costs));
    let behind = format!("{many:.2} and {few:.2} µs of CPU an event, reading and writing included; {rounds} rounds");
    Ok(vec![Figure::new("an event at 10,000 calls, times one at 100", many / few, Needed::AtMost(1.3), behind)])
}

struct Measured {
    took: Duration,
    cpu: Duration,
    peak_kb: u64,
}

fn one(runtime: &Runtime, program: &Path, args: &Args, rendered: &Arc<Rendered>, name: &str) -> Result<Measured> {
    let mut server = runtime.block_on(server::start(Load::Rendered(rendered.clone())))?;
    let home = tempfile::tempdir()?;
    let socket = format!("ws://{}{}", server.addr, server::CLOSING);
    let served = |server: &mut server::Server| -> Result<Served> {
        runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(300), server.served.recv())
                .await
                .context("the client did not read everything within five minutes")?
                .context("the server ended")
        })
    };
    if name == "ui" {
        return ui(program, &mut server, home.path(), served);
    }
    let out = home.path().join("out.ndjson");
    let script = home.path().join("client");
    let python = args.python.as_deref().unwrap_or(Path::new("python3"));
    let (client, how) = name.strip_suffix("-parse").map_or((name, "lines"), |client| (client, "parse"));
    let mut command = match client {
        "read-and-drop" => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["read-and-drop", &socket]);
            command
        }
        "watch" => {
            let mut command = sidetone(program, server.addr, home.path());
            command.args(["watch", "--json", "--queue", event::QUEUE, "--count", &rendered.attributes.to_string()]);
            command.stdout(File::create(&out)?);
            command
        }
        "plain" => {
            let mut command = Command::new(beside("examples/plain_client")?);
            command.arg(&socket).stdout(File::create(&out)?);
            command
        }
        "node" => {
            std::fs::write(&script, NODE)?;
            let modules = args.node_path.as_deref().unwrap_or(Path::new("")).join("node_modules");
            let mut command = Command::new("node");
            command.arg(&script).args([&*socket, how]).env("NODE_PATH", modules).stdout(File::create(&out)?);
            command
        }
        "python" | "orjson" => {
            std::fs::write(&script, PYTHON)?;
            let mut command = Command::new(python);
            command.arg(&script).args([&*socket, if client == "python" { "json" } else { client }, how]);
            command.stdout(File::create(&out)?);
            command
        }
        other => bail!("no client is called {other}"),
    };
    let before = children_cpu();
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting {command:?}"))?;
    let mut took = served(&mut server)?.took;
    let peak = peak_kb(child.id()).unwrap_or(0);
    let after_read = Instant::now();
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "it ended with {status}");
    if how == "lines" && name != "read-and-drop" {
        // Reading is not telling: the time counts until the last line is written.
        took += after_read.elapsed();
        check(&out, name, args)?;
    }
    let cpu = children_cpu().saturating_sub(before);
    Ok(Measured { took, cpu, peak_kb: peak })
}

/// Every change must have been told, in order.
fn check(out: &Path, name: &str, args: &Args) -> Result<()> {
    let lines = BufReader::new(File::open(out)?);
    match args.what() {
        What::Mix(size) => {
            let teller = if name == "watch" { Teller::Watch } else { Teller::Plain };
            check::mix(lines, teller, size, args.conversations, args.events).map(drop)
        }
        _ => check_order(lines, args.conversations as u64, args.events),
    }
}

/// Every change of the one value must have been told, each conversation's in order.
fn check_order(lines: impl BufRead, conversations: u64, events: u64) -> Result<()> {
    let marker = format!("\"key\":\"{}\"", event::KEY);
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut seen = 0u64;
    for line in lines.lines() {
        let line = line?;
        if !line.contains(&marker) {
            continue;
        }
        let value: serde_json::Value = serde_json::from_str(&line)?;
        let id = value["conversationId"].as_str().context("a line without conversation")?;
        let new: u64 = value["new"].as_str().context("a line without a new value")?.parse()?;
        if let Some(before) = last.insert(id.to_owned(), new) {
            anyhow::ensure!(new == before + conversations, "{id}: {new} was told after {before}");
        }
        seen += 1;
    }
    let expected = conversations + events;
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
