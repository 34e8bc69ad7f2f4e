//! `sidetone sim`: the simulator alone.

use crate::{
    commands::stdout,
    exit::Exit,
    localfile,
    sim::{self, AttributeEvents, Fault, Running, Scenario, Semantics, SimOptions, scenario},
};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::{io::Write, net::SocketAddr, path::PathBuf};

/// The seed of a run for which none was given.
pub const SEED: u64 = 1;

/// So much later than in the demo, in milliseconds, the built-in scenario publishes its versions: a collector that is started beside it
/// has no past, and needs calls of the version before that it followed from their start.
const PUBLISHES_LATER: i64 = 105_000;

/// Options of `sim`.
#[derive(Args, Clone, Debug)]
pub struct SimArgs {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Scenario to play, TOML or JSON; a company of several queues if not given
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Calls alive at the start and from then on; the scenario's own number if not given
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub calls: Option<usize>,
    /// How many times faster than the scenario says
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Repeats a run: the same ids, callers, values, client secret and tokens; without it the secret is new at each start
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// What a PATCH of attributes does to the keys it does not name; the platform does not document it
    #[arg(long, value_enum, default_value_t = Writes::Merge)]
    pub semantics: Writes,
    /// What the attributes event of a conversation holds; the platform does not document it
    #[arg(long, value_enum, default_value_t = Holds::Full)]
    pub attribute_events: Holds,
    /// Also serve the routes that tutorials in circulation use
    #[arg(long)]
    pub tutorial_routes: bool,
    /// What breaks
    #[arg(
        long = "fault",
        value_name = "SPEC",
        help = "Break something: KIND[=ARG][@WHEN]; may be repeated, see 'sidetone sim --help'",
        long_help = "Break something: KIND[=ARG][@WHEN]; may be repeated, see below"
    )]
    pub faults: Vec<Fault>,
}

/// What a PATCH does to the keys it does not name.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// They stay
    Merge,
    /// They go
    Replace,
}

/// What the attributes event of a conversation holds.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// All attributes of the participant
    Full,
    /// The keys that were written
    Written,
}

/// The long help after the options.
pub fn help() -> String {
    let table = sim::faults::HELP.replace('`', "").replace("- ", "  ");
    format!(
        "Faults are KIND[=ARG][@WHEN]. WHEN is an offset from the start (10s), a window (10s..20s) or an offset with a \
         period (10s/30s). Without it, an event happens after 1 s and a state lasts for the whole run.\n\n{table}"
    )
}

/// Reads a speed: any number above 0.
pub fn speed(text: &str) -> Result<f64, String> {
    let speed: Option<f64> = text.parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0);
    speed.ok_or_else(|| "a number above 0".to_owned())
}

/// The scenario of a file, or the one built in.
///
/// # Errors
/// A file that does not read is a usage error.
pub fn scenario(file: Option<&PathBuf>) -> anyhow::Result<Scenario> {
    let Some(file) = file else { return Ok(Scenario::embedded()) };
    let read = || {
        let text = localfile::read_to_string(file, localfile::SMALL)?;
        scenario::parse(&text)
    };
    read().map_err(|e: anyhow::Error| Exit::Usage.because(format!("scenario {}: {e:#}", file.display())).into())
}

/// Starts a simulator, prints how to reach it, and runs until a signal ends the program.
pub async fn run(args: SimArgs) -> anyhow::Result<Exit> {
    if !args.listen.ip().is_loopback() {
        eprintln!(
            "Warning: {} can be reached from other machines. Anyone who knows the client secret can read and change this simulator.",
            args.listen
        );
    }
    let running = start(args).await?;
    let mut out = stdout();
    writeln!(out, "{}", running.connection_line())?;
    out.flush()?;
    drop(out);
    // A signal ends the command by dropping it here, and the simulator with it.
    std::future::pending().await
}

async fn start(args: SimArgs) -> anyhow::Result<Running> {
    let mut scenario = scenario(args.scenario.as_ref())?;
    if args.scenario.is_none() {
        let published = scenario.flows.iter_mut().flat_map(|flow| flow.versions.iter_mut().skip(1));
        published.for_each(|version| version.from += PUBLISHES_LATER);
    }
    let options = SimOptions {
        listen: args.listen,
        scenario,
        seed: args.seed.unwrap_or(SEED),
        fresh: args.seed.is_none(),
        calls: args.calls,
        speed: args.speed,
        semantics: match args.semantics {
            Writes::Merge => Semantics::Merge,
            Writes::Replace => Semantics::Replace,
        },
        attribute_events: match args.attribute_events {
            Holds::Full => AttributeEvents::Full,
            Holds::Written => AttributeEvents::Written,
        },
        tutorial_routes: args.tutorial_routes,
        faults: args.faults,
        ..SimOptions::default()
    };
    sim::start(options).await.context("the simulator did not start")
}
