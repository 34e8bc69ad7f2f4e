//! `sidetone replay`: a recording played again, on the screen or as the lines that `watch` printed.

pub(super) mod failing;
mod scenario;
mod story;

use super::{
    Context,
    ansi::Ansi,
    expectations,
    follow::{Follow, FollowPlan, OutputForm},
    note, stdout, ui, watch,
};
use crate::{
    app::replay::Speed,
    domain::{expect::Expectation, filter::Filter, outbox::ReadOnly},
    exit::{Exit, Failure},
    genesys::{self, Auth, Client},
    recording::{
        CreateError, RecordingLine, RecordingReader, Tail, create_private,
        playback::{Playback, Played},
    },
    shell::{self, BackendSetup, Player},
};
use clap::Args;
use jiff::tz::TimeZone;
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// Output is written at the latest when this much has gathered.
const FLUSH: usize = 64 * 1024;

/// Options of `replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How fast: a factor, or max
    #[arg(
        long,
        value_name = "X|max",
        long_help = "How fast: a factor (0.5, 1, 16) or max. On the screen the default is 1, without it max."
    )]
    speed: Option<Speed>,
    /// Print what 'watch' would have printed, instead of opening the screen
    #[arg(long)]
    headless: bool,
    /// Print one JSON object a line (docs/ndjson.md)
    #[arg(long, requires = "headless")]
    json: bool,
    /// Report only the calls that match this filter
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// Keys that calls should have, as for 'check'
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Write the calls on which something was found as a scenario for 'sim' and 'demo'
    #[arg(
        long,
        value_name = "OUT",
        conflicts_with = "headless",
        long_help = "Write the calls on which something was found (without such, all) as a scenario for 'sim' and \
                     'demo'; --filter chooses among them. Names, addresses and personal data are replaced."
    )]
    to_scenario: Option<PathBuf>,
    /// Write the expectations that these calls broke, for 'check --expect'
    #[arg(long, value_name = "OUT", conflicts_with = "headless")]
    to_expect: Option<PathBuf>,
    /// Leave personal data as it is in the scenario
    #[arg(long, requires = "to_scenario")]
    exact: bool,
    /// Replace OUT when it is there
    #[arg(long)]
    force: bool,
}

/// Plays it.
pub async fn run(args: ReplayArgs, context: &Context) -> anyhow::Result<Exit> {
    let reader = RecordingReader::open(&args.file).map_err(Failure::from)?;
    let filter = watch::expression("--filter", args.filter.as_deref())?.unwrap_or_default();
    let expectations = args.expect.as_deref().map(expectations::load).transpose()?.unwrap_or_default();
    if args.to_scenario.is_some() || args.to_expect.is_some() {
        return make(&args, &filter, &expectations, context);
    }
    if !args.headless {
        return on_screen(&args, filter, expectations, context).await;
    }
    let form = if args.json { OutputForm::Json } else { OutputForm::Text(Ansi::of(context), TimeZone::system()) };
    let tuning = context.settings()?.tuning;
    let mut follow = Follow::new(FollowPlan { filter, tuning, expectations, ..FollowPlan::everything(form) });
    headless(reader, &mut follow, args.speed.unwrap_or(Speed::Max)).await
}

/// The UI on the recording: nothing is asked of anybody, and nothing can be edited.
async fn on_screen(
    args: &ReplayArgs,
    filter: Filter,
    expectations: Vec<Expectation>,
    context: &Context,
) -> anyhow::Result<Exit> {
    ui::need_terminal()?;
    let player = Player::open(&args.file, args.speed.unwrap_or(Speed::Times(1.0))).map_err(Failure::from)?;
    let mut options = ui::options(&context.settings()?, context)?;
    options.settings.org = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    options.settings.region = String::new();
    options.settings.production = None;
    options.settings.expectations = expectations;
    options.settings.filter = args.filter.clone().filter(|_| !filter.is_empty()).unwrap_or_default();
    options.settings.policy.read_only = Some(ReadOnly { why: "this is a recording".into() });
    // Never asked anything.
    let nowhere = genesys::Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", Auth::SignedOut)?;
    let client = Client::new(nowhere);
    let connect: shell::Connect = Box::new(|| Box::pin(std::future::pending()));
    let connection = BackendSetup { client, player: Some(player), connect, failures: None };
    Ok(ui::ended(shell::run(options, connection).await?))
}

/// A scenario and the expectations that its calls broke.
fn make(args: &ReplayArgs, filter: &Filter, expectations: &[Expectation], context: &Context) -> anyhow::Result<Exit> {
    let tuning = context.settings()?.tuning;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let failing = failing::choose(&args.file, filter, &tuning, expectations)?;
    if failing.stories.is_empty() {
        return Err(Exit::NotFound.because("no call of the recording matches the filter").into());
    }
    if failing.all {
        note("nothing was found on these calls, so all of them are taken");
    }
    if let Some(out) = &args.to_scenario {
        let written = scenario::write(&failing.stories, args.exact, &name);
        // What is written here is read elsewhere: it is tried before anybody relies on it.
        crate::sim::scenario::parse(&written.text).map_err(|e| anyhow::anyhow!("the scenario does not read: {e:#}"))?;
        put(out, &written.text, args.force)?;
        let calls = failing.stories.len();
        let replaced = match (args.exact, written.replaced) {
            (true, _) => "; it holds the values of the recording as they are".to_owned(),
            (false, 0) => String::new(),
            (false, n) => format!("; {n} personal values were replaced"),
        };
        note(format_args!("wrote {}: {calls} call{}{replaced}", out.display(), if calls == 1 { "" } else { "s" }));
        let left: usize = failing.stories.values().map(|s| s.left_out.len()).sum();
        if left > 0 {
            note(format_args!("{left} things that a scenario cannot express are named in its comments"));
        }
    }
    if let Some(out) = &args.to_expect {
        let broken = failing::broken(&args.file, &tuning, expectations, &failing)?;
        put(out, &failing::write(&broken, &name), args.force)?;
        note(format_args!(
            "wrote {}: {} expectation{}",
            out.display(),
            broken.len(),
            if broken.len() == 1 { "" } else { "s" }
        ));
    }
    Ok(Exit::Done)
}

/// Writes a new file for its owner alone; one that is there goes only when `replace` says so.
fn put(file: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    create_private(file, replace)
        .and_then(|mut out| out.write_all(text.as_bytes()).map_err(|e| CreateError::Io(file.to_owned(), e)))
        .map_err(Failure::from)
}

async fn headless(mut reader: RecordingReader, follow: &mut Follow, speed: Speed) -> anyhow::Result<Exit> {
    let mut playback = Playback::new();
    let began = Instant::now();
    let first = Duration::from_micros(reader.header().started_us);
    let (mut malformed, mut lost) = (0_u64, 0);
    let mut last = None;
    for line in reader.by_ref() {
        let line = line.map_err(Failure::from)?;
        last = Some(line.at);
        if let Speed::Times(times) = speed {
            write(follow)?;
            let recorded = line.at.mono.saturating_sub(first).as_secs_f64();
            let due = Duration::try_from_secs_f64(recorded / times).unwrap_or(Duration::MAX);
            if let Some(due) = began.checked_add(due) {
                sleep_until(due).await;
            }
        }
        match tell(follow, &mut playback, &line) {
            Played::Malformed(_) => malformed += 1,
            Played::Lost(count) => lost += count,
            _ => {}
        }
        if follow.output().len() >= FLUSH {
            write(follow)?;
        }
    }
    if let Some(end) = last {
        // Nobody asks for more lines: it is over.
        _ = follow.tick(end, &playback);
    }
    write(follow)?;
    if malformed > 0 {
        note(format_args!("{malformed} messages in the recording could not be understood"));
    }
    if lost > 0 {
        note(format_args!("{lost} lines are missing: the disk was too slow when it was recorded"));
    }
    if reader.skipped() > 0 {
        note(format_args!("{} lines of kinds that a newer program writes were skipped", reader.skipped()));
    }
    if let Some(Tail::Torn(why)) = reader.tail() {
        note(format_args!("the recording ends early: {why}"));
    }
    Ok(Exit::Done)
}

/// Plays one line to a reader; what is not for the reader comes back.
pub(super) fn tell(follow: &mut Follow, playback: &mut Playback, line: &RecordingLine) -> Played {
    let at = line.at;
    let played = playback.play(at, &line.record, &follow.monitor.board);
    match played {
        Played::Update(update) => {
            let gone = follow.apply(at, update, playback).gone;
            playback.forget(&gone);
        }
        Played::Link(link) => drop(follow.link(at, &link, playback)),
        Played::Queue(id, name) => follow.monitor.board.names.learn_queue(id, &name),
        Played::User(id, name) => follow.monitor.board.names.learn_user(id, &name),
        Played::Flow(id, name) => follow.monitor.board.names.learn_flow(id, &name),
        Played::Tick => {
            let gone = follow.tick(at, playback).gone;
            playback.forget(&gone);
        }
        Played::Lost(_) => {
            follow.missed(at, playback);
            return played;
        }
        Played::Malformed(_) | Played::Unread(_) | Played::Edit | Played::Other => return played,
    }
    Played::Other
}

fn write(follow: &mut Follow) -> std::io::Result<()> {
    let waiting = follow.output();
    if !waiting.is_empty() {
        let mut out = stdout();
        out.write_all(waiting)?;
        out.flush()?;
        waiting.clear();
    }
    Ok(())
}
