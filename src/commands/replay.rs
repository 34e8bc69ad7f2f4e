//! `sidetone replay`: a recording played again, on the screen or as the lines that `watch` printed.

use super::{
    Context,
    follow::{Follow, Form, Plan},
    note,
    paint::Paint,
    stdout, ui, watch,
};
use crate::{
    domain::outbox::ReadOnly,
    exit::{Exit, Failure},
    genesys::{self, Auth, Client, client::Options as ClientOptions},
    recording::{
        Reader, Tail,
        playback::{Playback, Played},
    },
    shell::{self, Connection, Player},
};
use clap::Args;
use jiff::tz::TimeZone;
use std::{io::Write, path::PathBuf, str::FromStr, time::Duration};
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
    /// Tell only the calls that satisfy this filter expression
    #[arg(long, value_name = "EXPR", requires = "headless")]
    filter: Option<String>,
}

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// This many times as fast as it happened.
    Times(f64),
    /// Without waiting.
    Max,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("max") {
            return Ok(Self::Max);
        }
        let number = text.trim_start_matches(['x', '×']).parse::<f64>().ok();
        number
            .filter(|x| x.is_finite() && *x > 0.0)
            .map(Self::Times)
            .ok_or_else(|| "a number above 0 (0.5, 1, 16), or max".to_owned())
    }
}

impl Speed {
    /// How long after the start of playing something is due that came this long after the start of recording.
    pub fn due(self, recorded: Duration) -> Option<Duration> {
        match self {
            Self::Max => None,
            Self::Times(x) => Some(Duration::try_from_secs_f64(recorded.as_secs_f64() / x).unwrap_or(Duration::MAX)),
        }
    }
}

/// Plays it.
pub async fn run(args: ReplayArgs, context: &Context) -> anyhow::Result<Exit> {
    let reader = Reader::open(&args.file).map_err(Failure::from)?;
    if !args.headless {
        return on_screen(&args, context).await;
    }
    let filter = watch::expression("--filter", args.filter.as_deref())?.unwrap_or_default();
    let form = if args.json { Form::Json } else { Form::Text(Paint::of(context), TimeZone::system()) };
    let tuning = context.settings()?.tuning;
    let mut follow = Follow::new(Plan { filter, tuning, ..Plan::everything(form) });
    headless(reader, &mut follow, args.speed.unwrap_or(Speed::Max)).await
}

/// The UI on the recording: nothing is asked of anybody, and nothing can be edited.
async fn on_screen(args: &ReplayArgs, context: &Context) -> anyhow::Result<Exit> {
    ui::need_terminal()?;
    let speed = match args.speed {
        Some(Speed::Max) => None,
        Some(Speed::Times(x)) => Some(x),
        None => Some(1.0),
    };
    let player = Player::open(&args.file, speed).map_err(Failure::from)?;
    let mut options = ui::options(&context.settings()?, context)?;
    options.settings.org = "replay".into();
    options.settings.region = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    options.settings.production = None;
    options.settings.policy.read_only = Some(ReadOnly { why: "this is a recording".into() });
    // Never asked anything: it lends the clock.
    let nowhere = genesys::Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", Auth::SignedOut)?;
    let client_options = ClientOptions { clock: player.clock(), ..ClientOptions::default() };
    let client = Client::with_options(nowhere, client_options);
    let connection = Connection { client, player: Some(player), connect: Box::pin(std::future::pending()) };
    Ok(ui::ended(shell::run(options, connection).await?))
}

async fn headless(mut reader: Reader, follow: &mut Follow, speed: Speed) -> anyhow::Result<Exit> {
    let mut playback = Playback::new();
    let began = Instant::now();
    let first = Duration::from_micros(reader.header().started_us);
    let (mut malformed, mut lost) = (0_u64, 0);
    for line in reader.by_ref() {
        let line = line.map_err(Failure::from)?;
        if let Some(due) = speed.due(line.at.mono.saturating_sub(first)) {
            write(follow)?;
            if let Some(due) = began.checked_add(due) {
                sleep_until(due).await;
            }
        }
        match playback.play(line.at, &line.record, &follow.board) {
            Played::Update(update) => {
                follow.apply(line.at, update, &playback);
            }
            Played::Link(link) => follow.link(line.at, &link),
            Played::Queue(id, name) => follow.board.names.learn_queue(id, &name),
            Played::User(id, name) => follow.board.names.learn_user(id, &name),
            Played::Tick => {
                follow.tick(line.at);
            }
            Played::Malformed(_) => malformed += 1,
            Played::Lost(count) => lost += count,
            Played::Unread(_) | Played::Other => {}
        }
        if follow.output().len() >= FLUSH {
            write(follow)?;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_factors_above_nothing_or_max() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("0.25".parse(), Ok(Speed::Times(0.25)));
        assert_eq!("×16".parse(), Ok(Speed::Times(16.0)));
        for wrong in ["0", "-1", "nan", "inf", "fast", ""] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
        assert_eq!(Speed::Times(4.0).due(Duration::from_secs(2)), Some(Duration::from_millis(500)));
        assert_eq!(Speed::Times(1e-300).due(Duration::from_secs(2)), Some(Duration::MAX));
        assert_eq!(Speed::Max.due(Duration::from_secs(2)), None);
    }
}
