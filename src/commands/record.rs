//! `sidetone record`: a session kept in a file.

use super::{
    Context,
    follow::{Follow, Form, Plan},
    lookup, note,
    recorder::{reserve, start},
    watch,
};
use crate::{
    commands::options::{self, WatchOptions},
    exit::Exit,
    genesys::feed::FeedOptions,
    live::{self, Live, targets::Targets},
};
use clap::Args;
use std::{path::PathBuf, time::Duration};

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
    #[arg(long, value_name = "DUR", value_parser = options::duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Records until interrupted or the time is over.
pub async fn run(args: RecordArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.watch.is_empty() {
        return Err(watch::nothing_to_watch().into());
    }
    let client = lookup::lasting_client(&context.settings()?, true)?;
    let file = reserve(&args.file, Some(args.force))?;
    let targets = Targets::resolve(&client, &args.watch.wanted()).await?;
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
