//! `sidetone export`: a call, or every call there is, to be handed on.

use super::{Context, expectations, lookup, note, options::nothing_to_watch, stdout};
use crate::{
    commands::options::WatchOptions,
    config,
    domain::{
        At, BoardEntry,
        findings::Finding,
        monitor::{Monitor, MonitorOptions},
    },
    exit::{Exit, Failure},
    export::{self, Counts, ExportOptions, ExportedCall},
    genesys::{Client, discover::conversation_id},
    live::targets::Targets,
    recording::{RecordingReader, playback::Playback},
};
use clap::{Args, ValueEnum};
use std::{
    cmp::Reverse,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// Options of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// One conversation: its id, or the address of its page in the admin interface
    #[arg(id = "call", value_name = "CONVERSATION")]
    call: Option<String>,
    /// The format; without it, the one that the name of --out says, else md for one call and csv for several
    #[arg(long, value_name = "FORM", value_enum)]
    format: Option<Format>,
    /// Write to this file, readable by its owner only, instead of to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file when it is there
    #[arg(long, requires = "out")]
    force: bool,
    /// Mask nothing: card numbers, national ids, e-mail addresses and telephone numbers stay readable
    #[arg(long)]
    unmasked: bool,
    /// Take the calls from this recording, with their histories, instead of from the organisation
    #[arg(long, value_name = "FILE", conflicts_with_all = ["queue", "user", "flow", "all_queues", "conversation"])]
    recording: Option<PathBuf>,
    /// Say what calls lack of what this expectation file says (docs/findings.md)
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    #[command(flatten)]
    watch: WatchOptions,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For programs
    Json,
    /// For a spreadsheet, safe from formulas
    Csv,
    /// For a ticket
    Md,
    /// A report of one call that needs no network
    Html,
}

impl Format {
    /// By the end of a file's name.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "md" | "markdown" => Some(Self::Md),
            "html" | "htm" => Some(Self::Html),
            _ => None,
        }
    }
}

/// Reads or plays, and writes.
pub async fn run(args: ExportArgs, context: &Context) -> anyhow::Result<Exit> {
    let expectations = args.expect.as_deref().map(expectations::load).transpose()?.unwrap_or_default();
    let settings = context.settings()?;
    let mut watched = args.watch.clone();
    let mut one = None;
    if let Some(call) = &args.call {
        let id = conversation_id(call)?;
        watched.conversation.push(call.clone());
        one = Some(id);
    }
    let tuning = settings.tuning.clone();
    let mut monitor = Monitor::new(MonitorOptions { tuning, expectations, ..MonitorOptions::default() });
    let at = match &args.recording {
        Some(file) => play(file, &mut monitor)?,
        None if watched.is_empty() => return Err(nothing_to_watch().into()),
        None => {
            let client = lookup::client(&settings)?;
            read(&client, &watched, &mut monitor).await?;
            client.clock().now()
        }
    };
    // Only the conversation, unless others were named beside it.
    let alone = one.filter(|_| args.watch.is_empty());
    let entries: Vec<&BoardEntry> = match &alone {
        Some(id) => vec![monitor.board.get(id.as_str()).ok_or_else(|| {
            let place = if args.recording.is_some() { "the recording" } else { "the answer" };
            Exit::NotFound.because(format!("conversation {id} is not in {place}"))
        })?],
        None => monitor.board.iter().collect(),
    };
    let options = ExportOptions { mask: !args.unmasked, now: at.wall };
    let findings: Vec<Vec<Finding>> = entries.iter().map(|entry| findings(&monitor, entry)).collect();
    let calls: Vec<ExportedCall<'_>> = entries
        .iter()
        .zip(&findings)
        .map(|(entry, findings)| ExportedCall { entry, names: &monitor.board.names, findings })
        .collect();
    let format = args.format.or_else(|| args.out.as_deref().and_then(Format::of)).unwrap_or(if alone.is_some() {
        Format::Md
    } else {
        Format::Csv
    });
    let text = match (calls.as_slice(), alone.is_some(), format) {
        ([call], _, Format::Html) => export::call_html(*call, options),
        ([call], true, Format::Md) => export::call_markdown(*call, options),
        ([call], true, Format::Json) => export::call_json(*call, options)?,
        (calls, _, Format::Csv) => export::board_csv(calls, options)?,
        (calls, _, Format::Md) => export::board_markdown(calls, options),
        (calls, _, Format::Json) => export::board_json(calls, options)?,
        (calls, _, Format::Html) => {
            let failure = Exit::Usage.because(format!("html is a report of one call, and there are {}", calls.len()));
            return Err(failure.remedy("name a conversation, or take csv, md or json").into());
        }
    };
    let words = Counts::of(&calls, options).words(options);
    match &args.out {
        None => {
            stdout().write_all(text.as_bytes())?;
            note(words);
        }
        Some(path) => {
            config::write_private(path, text.as_bytes(), args.force).map_err(|e| match e.kind() {
                ErrorKind::AlreadyExists => {
                    Exit::Usage.because(format!("{} is there already", path.display())).remedy("--force replaces it")
                }
                kind => {
                    let exit = if kind == ErrorKind::InvalidInput { Exit::Usage } else { Exit::Failed };
                    exit.because(format!("{} could not be written: {e}", path.display()))
                }
            })?;
            note(format_args!("wrote {}: {words}", path.display()));
        }
    }
    Ok(Exit::Done)
}

/// The findings of a call, the worst first.
fn findings(monitor: &Monitor, entry: &BoardEntry) -> Vec<Finding> {
    let mut findings: Vec<Finding> = monitor.examiner.of(entry.conversation.id.as_str()).collect();
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
}

/// Every call once, as it is now.
async fn read(client: &Client, watched: &WatchOptions, monitor: &mut Monitor) -> anyhow::Result<()> {
    let targets = Targets::resolve(client, &watched.wanted()).await?;
    targets.teach(&mut monitor.board.names);
    lookup::read_all(client, &targets, |at, update| {
        // What is exported is the state at the end; every call was read whole.
        _ = monitor.update(at, update, &());
        Ok(())
    })
    .await?;
    Ok(())
}

/// The calls of a recording as they were at its end; when that was.
pub(super) fn play(file: &Path, monitor: &mut Monitor) -> anyhow::Result<At> {
    let reader = RecordingReader::open(file).map_err(Failure::from)?;
    let mut playback = Playback::new();
    let mut last = None;
    for line in reader {
        let line = line.map_err(Failure::from)?;
        last = Some(line.at);
        // The same; and nothing can be read again in a recording.
        _ = playback.feed(line.at, &line.record, monitor);
    }
    last.ok_or_else(|| Exit::Failed.because("the recording holds nothing").into())
}
