//! `sidetone record`: a session kept in a file.

use super::{
    Context,
    follow::{Follow, Form, Plan},
    note, one, watch,
};
use crate::{
    cli::{self, WatchOptions},
    domain::At,
    exit::{Exit, Failure},
    genesys::feed::FeedOptions,
    live::{self, Live, targets::Targets},
    recording::{CreateError, Header, Progress, Recorder, Reserved},
};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Options of `record`.
#[derive(Args, Debug)]
pub struct RecordArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE when it is there
    #[arg(long)]
    force: bool,
    /// End after this time
    #[arg(long, value_name = "DUR", value_parser = cli::duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Records until interrupted or the time is over.
pub async fn run(args: RecordArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.watch.is_empty() {
        return Err(watch::nothing_to_watch().into());
    }
    let client = one::client(&context.settings()?)?;
    let file = reserve(&args.file, Some(args.force))?;
    let targets = Targets::resolve(&client, &args.watch).await?;
    let at = client.clock().now();
    let (recorder, _closing) = start(file, &args.file, &targets, at)?;
    let mut follow = Follow::new(Plan::everything(Form::Silent));
    live::learn(&mut follow.monitor.board.names, &targets);
    note(format_args!("recording {} into {}; Ctrl-C ends it", targets.label(), args.file.display()));
    let mut live = Live::start(client, &targets, FeedOptions::default());
    live.start_recording(recorder, &follow.monitor.board, None);
    let recording = watch::Watch::new(follow, live, targets).run();
    match args.timeout {
        Some(timeout) => match tokio::time::timeout(timeout, recording).await {
            Ok(result) => result,
            Err(_) => Ok(Exit::Done),
        },
        None => recording.await,
    }
}

/// Takes the place for a recording, before anything is connected. `force` is `None` for commands without that option.
pub(super) fn reserve(file: &Path, force: Option<bool>) -> Result<Reserved, Failure> {
    Reserved::new(file, force.unwrap_or(false)).map_err(|error| {
        let failure = Exit::Usage.because(error.to_string());
        match error {
            CreateError::Exists(_) if force.is_none() => failure.remedy("remove it first, or choose another name"),
            CreateError::Exists(_) => failure.remedy("--force replaces it"),
            CreateError::Io(..) => failure.remedy("choose a file that can be written"),
        }
    })
}

/// Begins a recording. The second part says what became of it when it is dropped: on every way out, an interruption
/// included. It has to live longer than the first.
pub(super) fn start(
    reserved: Reserved,
    file: &Path,
    targets: &Targets,
    at: At,
) -> Result<(Recorder, Closing), Failure> {
    let recorder = reserved.begin(&Header::new(at, targets.lines()), at)?;
    let closing = Closing { file: file.to_owned(), progress: recorder.progress() };
    Ok((recorder, closing))
}

/// Tells the figures of a recording at its end.
pub(super) struct Closing {
    file: PathBuf,
    progress: Progress,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let status = self.progress.status();
        let lost = match status.lost {
            0 => String::new(),
            lost => format!(", {lost} lines lost because the disk was too slow"),
        };
        note(format_args!("{}: {} lines, {} bytes{lost}", self.file.display(), status.lines, status.bytes));
    }
}
